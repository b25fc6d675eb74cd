#define PCRE2_CODE_UNIT_WIDTH 8
#include "hooks/matcher.h"

#include "base/str.h"

#include <pcre2.h>
#include <string.h>

enum { MATCHER_MAX = 1000, STEPS_MAX = 20000, DEPTH_MAX = 200 };

static const struct {
    const char *tool;
    const char *other;
} aliases[] = {{"apply_patch", "Edit"}, {"apply_patch", "Write"}, {"run_command", "Bash"},
    {"run_command", "exec_command"}, {"run_command", "shell"}};

static bool is_exact(const char *matcher)
{
    static const char name[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_|";
    return matcher[strspn(matcher, name)] == '\0';
}

static pcre2_code *compile(const char *matcher, int *code)
{
    size_t at;
    return pcre2_compile(
        (PCRE2_SPTR)matcher, strlen(matcher), PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C, code, &at, NULL);
}

bool matcher_check(const char *matcher, struct err *err)
{
    int code = 0;
    if (strlen(matcher) > MATCHER_MAX) {
        return err_set(err, ERR_LIMIT, "is longer than %d bytes", MATCHER_MAX);
    }
    if (is_exact(matcher)) {
        return true;
    }
    pcre2_code *expression = compile(matcher, &code);
    if (expression == NULL) {
        unsigned char why[160];
        pcre2_get_error_message(code, why, sizeof why);
        return err_set(err, ERR_INVALID, "is no regular expression: %s", (const char *)why);
    }
    pcre2_code_free(expression);
    return true;
}

static bool fits_exact(const char *matcher, const char *tool)
{
    struct str rest = str_of(matcher);
    while (rest.len > 0) {
        size_t bar = str_find_char(rest, '|', 0);
        size_t end = bar == SIZE_MAX ? rest.len : bar;
        if (str_equal_c(str_slice(rest, 0, end), tool)) {
            return true;
        }
        rest = str_from(rest, end + 1);
    }
    return false;
}

static bool fits_expression(const pcre2_code *expression, const char *tool)
{
    pcre2_match_data *data = mem_require(pcre2_match_data_create_from_pattern(expression, NULL));
    pcre2_match_context *context = mem_require(pcre2_match_context_create(NULL));
    pcre2_set_match_limit(context, STEPS_MAX);
    pcre2_set_depth_limit(context, DEPTH_MAX);
    bool fits = pcre2_match(expression, (PCRE2_SPTR)tool, strlen(tool), 0, 0, data, context) >= 0;
    pcre2_match_context_free(context);
    pcre2_match_data_free(data);
    return fits;
}

bool matcher_fits(const char *matcher, const char *tool)
{
    int code;
    bool exact = is_exact(matcher);
    pcre2_code *expression = exact ? NULL : compile(matcher, &code);
    bool fits = false;
    if (tool != NULL && (exact || expression != NULL)) {
        fits = exact ? fits_exact(matcher, tool) : fits_expression(expression, tool);
        for (size_t i = 0; i < ARRAY_LEN(aliases) && !fits; i++) {
            const char *other = strcmp(aliases[i].tool, tool) == 0 ? aliases[i].other : NULL;
            fits = other != NULL &&
                   (exact ? fits_exact(matcher, other) : fits_expression(expression, other));
        }
    }
    pcre2_code_free(expression);
    return fits;
}
