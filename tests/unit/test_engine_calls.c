/* Which commands of the engines a hook's text calls. */
#include "test.h"

#include <stdlib.h>

#include "base/mem.h"
#include "engine/calls.h"

static void expect(const char *text, const char *expected)
{
    struct engine_calls calls = {0};
    struct buf out = BUF_INIT;
    engine_calls_find(str_of(text), &calls);
    for (size_t i = 0; i < calls.len; i++) {
        buf_printf(&out, "%s%s %s", i > 0 ? ", " : "", calls.items[i].engine->program,
            calls.items[i].word);
    }
    assert_string_equal(out.len == 0 ? "" : out.ptr, expected);
    buf_free(&out);
    engine_calls_free(&calls);
}

static void commands_are_found_where_they_stand(void **state)
{
    (void)state;
    expect("opa check --strict $CODEX_FILE_PATH", "opa check");
    expect("bash -c 'if [[ \"$F\" == *.yaml ]] && grep -q \"kind: ClusterPolicy\" \"$F\"; then "
           "kyverno validate ./policies/ 2>&1 | tail -5; fi'",
        "kyverno validate");
    expect("sh -lc \"kyverno apply x\"", "kyverno apply");
    expect("cd p;opa fmt -l . && (conftest test x|| opa fmt y)", "opa fmt, conftest test");
    expect("out=$(opa eval x) || exit\n\tgator verify\nenv opa bench",
        "opa eval, opa bench, gator verify");
    expect("opa", "");
    expect("opa --help; opa ./x; opa -v; opa $X; opa 2>x", "");
    /* Words about them. */
    expect("echo \"kyverno policies failed\"; echo opa tests; # kyverno validate is gone", "");
    expect("myopa test; opa-x test; x/opa test; opa=test; ./opa test", "");
    expect("", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commands_are_found_where_they_stand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
