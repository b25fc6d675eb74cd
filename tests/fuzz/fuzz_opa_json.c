/* Everything opa prints goes through these readers. */
#include "engine/opa.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = str_make((const char *)data, size);
    struct err err;
    struct engine_answer answer = {0};
    bool failed = false;
    if (opa_parse_tests(text, &answer.results, &err)) {
        struct tally tally = results_tally(&answer.results);
        (void)tally_verdict(&tally);
    }
    if (opa_parse_errors(text, NULL, &answer.findings, &err) && answer.findings.len > 0 &&
        answer.findings.items[0].message == NULL) {
        abort();
    }
    if (opa_parse_coverage(text, &answer.coverage, &failed, &err)) {
        coverage_finish(&answer.coverage);
        double percent = coverage_percent(&answer.coverage);
        if (!(percent >= 0 && percent <= 100)) {
            abort();
        }
    }
    opa_parse_trace(text, &answer.text, &answer.message);
    free(answer.message);
    answer.message = NULL;
    opa_parse_builtin_errors(text, NULL, &answer.text, &answer.message);
    engine_answer_free(&answer);
    return 0;
}
