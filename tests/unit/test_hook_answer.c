/* What a hook's exit code and output mean at each moment. */
#include "test.h"

#include "hooks/hook_answer.h"

#include <stdlib.h>

static struct hook_outcome answer(
    enum moment moment, bool short_form, int exit_code, const char *out, const char *err)
{
    struct handler handler = {
        .moment = moment, .short_form = short_form, .file = (char[]){"hooks.json"}};
    struct hook_end end = {.exit_code = exit_code, .out = str_of(out), .err = str_of(err)};
    struct hook_outcome outcome = {0};
    hook_answer_add(&handler, &end, &outcome);
    return outcome;
}

static bool says(const struct buf *buf, const char *text)
{
    return text == NULL ? buf->len == 0 : str_equal_c(buf_str(buf), text);
}

struct expected {
    enum moment moment;
    bool short_form;
    int exit_code;
    const char *out, *err;
    bool blocked;
    const char *reason, *context, *shown, *failures;
};

#define DENY                                                                                       \
    "{\"hookSpecificOutput\":{\"hookEventName\":\"PreToolUse\",\"permissionDecision\":\"deny\","   \
    "\"permissionDecisionReason\":\"why\"}}"
#define BLOCK "{\"decision\":\"block\",\"reason\":\"r\",\"systemMessage\":\"look\"}"
#define MORE  "{\"hookSpecificOutput\":{\"additionalContext\":\"more\"}}"

static const struct expected table[] = {
    {MOMENT_BEFORE_TOOL, false, 0, DENY, "", true, "why", NULL, NULL, NULL},
    {MOMENT_BEFORE_TOOL, false, 2, "", "no\n", true, "no", NULL, NULL, NULL},
    {MOMENT_BEFORE_TOOL, false, 2, "out", "", true, "the hook of hooks.json gave no reason", NULL,
        NULL, NULL},
    {MOMENT_BEFORE_TOOL, false, 1, "", "oops", false, NULL, NULL, NULL,
        "The PreToolUse hook of hooks.json failed with exit code 1: oops"},
    {MOMENT_BEFORE_TOOL, false, 0, "words", "", false, NULL, NULL, NULL, NULL},
    {MOMENT_BEFORE_TOOL, false, 0, MORE, "", false, NULL, "more", NULL, NULL},
    {MOMENT_AFTER_TOOL, false, 0, "words", "", false, NULL, NULL, NULL, NULL},
    {MOMENT_AFTER_TOOL, true, 0, "words\n", "", false, NULL, "words", NULL, NULL},
    {MOMENT_AFTER_TOOL, true, 1, "bad line", "and", false, NULL, "bad line\nand", NULL,
        "The PostToolUse hook of hooks.json failed with exit code 1"},
    {MOMENT_AFTER_TOOL, false, 0, BLOCK, "", true, "r", NULL, "look", NULL},
    {MOMENT_AFTER_TOOL, false, 0, "{\"decision\":", "", false, NULL, NULL, NULL, ""},
    {MOMENT_PROMPT, false, 0, "context", "", false, NULL, "context", NULL, NULL},
    {MOMENT_PROMPT, false, 2, "", "secret", true, "secret", NULL, NULL, NULL},
    {MOMENT_SESSION_START, false, 0, MORE, "", false, NULL, "more", NULL, NULL},
    {MOMENT_STOP, true, 0, "check (1)", "", false, NULL, NULL, "check (1)", NULL},
    {MOMENT_STOP, false, 0, BLOCK, "", true, "r", NULL, "look", NULL},
    {MOMENT_STOP, false, 2, "", "go on", true, "go on", NULL, NULL, NULL},
};

static void each_row_of_the_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        const struct expected *row = &table[i];
        struct hook_outcome got =
            answer(row->moment, row->short_form, row->exit_code, row->out, row->err);
        bool failures = row->failures != NULL && row->failures[0] == '\0'
                            ? got.failures.len > 0
                            : says(&got.failures, row->failures);
        if (got.blocked != row->blocked || !says(&got.reason, row->reason) ||
            !says(&got.context, row->context) || !says(&got.shown, row->shown) || !failures) {
            fail_msg("row %zu: blocked %d, reason \"%s\", context \"%s\", shown \"%s\", \"%s\"", i,
                got.blocked, got.reason.ptr, got.context.ptr, got.shown.ptr, got.failures.ptr);
        }
        hook_outcome_free(&got);
    }
}

static void an_input_can_be_changed(void **state)
{
    (void)state;
    struct hook_outcome got = answer(MOMENT_BEFORE_TOOL, false, 0,
        "{\"hookSpecificOutput\":{\"permissionDecision\":\"allow\",\"updatedInput\":{\"command\":"
        "\"ls\"}}}",
        "");
    assert_true(got.has_input && says(&got.input, "ls") && !got.blocked);
    hook_outcome_free(&got);
    got = answer(MOMENT_BEFORE_TOOL, false, 0,
        "{\"hookSpecificOutput\":{\"permissionDecision\":\"allow\",\"updatedInput\":{\"path\":"
        "\"a\"}}}",
        "");
    assert_true(got.has_input && says(&got.input, "{\"path\":\"a\"}"));
    hook_outcome_free(&got);
    /* Not without the word, and not at another moment. */
    got = answer(MOMENT_AFTER_TOOL, false, 0,
        "{\"hookSpecificOutput\":{\"permissionDecision\":\"allow\",\"updatedInput\":{\"a\":1}}}",
        "");
    assert_false(got.has_input);
    hook_outcome_free(&got);
}

static void several_hooks_add_up(void **state)
{
    (void)state;
    struct handler handler = {.moment = MOMENT_STOP, .file = (char[]){"a"}};
    struct hook_outcome outcome = {0};
    struct hook_end no = {.exit_code = 2, .err = STR_LIT("one\n")};
    struct hook_end late = {.trouble = "was ended after 1.0 s, as its timeout says"};
    hook_answer_add(&handler, &no, &outcome);
    hook_answer_add(&handler, &no, &outcome);
    hook_answer_add(&handler, &late, &outcome);
    hook_answer_add(&handler, &late, &outcome);
    assert_string_equal(outcome.reason.ptr, "one\none");
    assert_string_equal(
        outcome.failures.ptr, "The Stop hook of a was ended after 1.0 s, as its timeout says");
    hook_outcome_free(&outcome);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_row_of_the_table),
        cmocka_unit_test(an_input_can_be_changed),
        cmocka_unit_test(several_hooks_add_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
