/* Everything Conftest prints goes through these readers. */
#include "engine/conftest.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = str_make((const char *)data, size);
    struct err err;
    struct conftest_report report = {0};
    struct findings findings = {0};
    char *message = NULL;
    if (conftest_parse(text, &report, &err) && report.len > 0 && report.items[0].file == NULL) {
        abort();
    }
    conftest_parse_refusal(text, "policies", &findings, &message);
    if (message == NULL || message[0] == '\0') {
        abort();
    }
    for (size_t i = 0; i < findings.len; i++) {
        if (findings.items[i].at.row == 0 || findings.items[i].file == NULL) {
            abort();
        }
    }
    free(message);
    findings_free(&findings);
    conftest_report_free(&report);
    return 0;
}
