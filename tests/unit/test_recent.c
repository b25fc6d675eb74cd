/* Recent files: kept in the state folder, newest first, bounded, and only paths of the workspace.
 */
#include "test.h"

#include "base/path.h"
#include "workspace/recent.h"

#include <stdlib.h>

static void test_kept_from_run_to_run(void **state)
{
    (void)state;
    char *dir = test_dir_make();
    assert_int_equal(setenv("XDG_STATE_HOME", dir, 1), 0);
    struct err err;
    struct loop *loop = loop_new(&err);
    struct recent *recent = recent_new(loop, "/work/policies");
    assert_int_equal(recent_count(recent), 0);
    recent_note(recent, "a.rego");
    recent_note(recent, "b.rego");
    recent_note(recent, "b.rego");
    recent_note(recent, "../outside");
    recent_note(recent, "a.rego");
    recent_free(recent);
    recent = recent_new(loop, "/work/policies");
    assert_int_equal(recent_count(recent), 2);
    assert_string_equal(recent_at(recent, 0), "a.rego");
    assert_string_equal(recent_at(recent, 1), "b.rego");
    for (int i = 0; i < RECENT_MAX + 20; i++) {
        char *path = mem_printf("f%d.rego", i);
        recent_note(recent, path);
        free(path);
    }
    assert_int_equal(recent_count(recent), RECENT_MAX);
    recent_free(recent);
    recent = recent_new(loop, "/elsewhere/policies"); /* another workspace of the same name */
    assert_int_equal(recent_count(recent), 0);
    recent_free(recent);
    recent = recent_new(loop, "/work/policies");
    assert_string_equal(recent_at(recent, 0), "f119.rego");
    recent_free(recent);
    loop_free(loop);
    test_dir_remove(dir);
}

static void test_no_home_is_no_trouble(void **state)
{
    (void)state;
    unsetenv("XDG_STATE_HOME");
    unsetenv("HOME");
    struct err err;
    struct loop *loop = loop_new(&err);
    struct recent *recent = recent_new(loop, "/work");
    recent_note(recent, "a.rego");
    assert_int_equal(recent_count(recent), 1);
    recent_free(recent);
    loop_free(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kept_from_run_to_run),
        cmocka_unit_test(test_no_home_is_no_trouble),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
