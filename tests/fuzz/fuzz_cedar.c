/* What cedar prints, the files of tests it runs and the text of policies are read. */
#include "engine/cedar_parse.h"
#include "engine/cedar_text.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = str_make((const char *)data, size);
    struct cedar_policies policies = {0};
    cedar_text_policies(text, &policies);
    for (size_t i = 0; i < policies.len; i++) {
        check(policies.items[i].id != NULL && policies.items[i].offset < size);
        check(i == 0 || policies.items[i].offset > policies.items[i - 1].offset);
    }
    cedar_policies_free(&policies);

    struct cedar_tests tests = {0};
    (void)!cedar_parse_tests(text, &tests);
    for (size_t i = 0; i < tests.len; i++) {
        check(tests.items[i].name[0] != '\0' && tests.items[i].offset < size);
    }
    cedar_tests_free(&tests);

    struct err err;
    struct cedar_outcomes outcomes = {0};
    bool whole = cedar_parse_outcomes(text, &outcomes, &err);
    for (size_t i = 0; i < outcomes.len; i++) {
        check(outcomes.items[i].status != RESULT_PASS || outcomes.items[i].message == NULL);
    }
    check(whole || err.text[0] != '\0');
    cedar_outcomes_free(&outcomes);

    struct cedar_diagnostics diagnostics = {0};
    cedar_parse_diagnostics(text, &diagnostics);
    cedar_diagnostics_free(&diagnostics);

    struct cedar_answer answer = {0};
    cedar_parse_answer(text, &answer);
    check(answer.decided || !answer.allow);
    cedar_answer_free(&answer);
    return 0;
}
