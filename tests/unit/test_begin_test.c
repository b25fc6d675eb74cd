/* The beginning of a test: in a new file and at the end of one, in both dialects. */
#include "test.h"

#include "policy/test_begin.h"

#include <stdlib.h>

/* The row that contains `at`. */
static void expect(const char *policy, const char *at, const char *tests, const char *want)
{
    struct buf out = BUF_INIT;
    size_t cursor = 0;
    unsigned row = 1;
    for (const char *c = policy; c < strstr(policy, at); c++) {
        row += *c == '\n';
    }
    bool ok = policy_test_begin(str_of(policy), row, str_of(tests), &out, &cursor);
    assert_int_equal(ok, want != NULL);
    if (ok) {
        buf_append_char(&out, '\0');
        char *marked = mem_printf("%.*s|%s", (int)cursor, out.ptr, out.ptr + cursor);
        assert_string_equal(marked, want);
        free(marked);
    }
    buf_free(&out);
}

static const char V1[] = "package k8s.tags\n\nimport data.lib\n\n"
                         "deny contains msg if {\n\tmsg := lib.x\n}\n\n"
                         "pinned(image) if contains(image, \"@\")\n\n"
                         "allow if count(deny) == 0\n";

static void begins_a_file(void **state)
{
    (void)state;
    expect(V1, "msg := ", "",
        "package k8s.tags_test\n\nimport data.k8s.tags\n\n"
        "test_deny if {\n\tcount(tags.deny) == 1 with input as {|}\n}\n");
    expect(V1, "pinned", " \n",
        "package k8s.tags_test\n\nimport data.k8s.tags\n\n"
        "test_pinned if {\n\ttags.pinned() with input as {|}\n}\n");
    expect("package a\n\nviolation[{\"msg\": m}] {\n  m := 1\n}\n", "m := 1", "",
        "package a\n\ntest_violation {\n\tcount(violation) == 1 with input as {|}\n}\n");
    expect("package a[\"b-c\"]\n\nimport rego.v1\n\nallow if input.x\n", "allow", "",
        "package a[\"b-c\"]\n\ntest_allow if {\n\tallow with input as {|}\n}\n");
}

static void goes_on_in_a_file(void **state)
{
    (void)state;
    expect(V1, "allow", "package k8s.tags_test\n\nimport data.k8s.tags\n\ntest_allow if 1 == 1",
        "\n\ntest_allow_2 if {\n\ttags.allow with input as {|}\n}\n");
    expect(V1, "allow", "package other\n",
        "\ntest_allow if {\n\tdata.k8s.tags.allow with input as {|}\n}\n");
    expect(V1, "allow", "package k8s.tags\n", "\ntest_allow if {\n\tallow with input as {|}\n}\n");
}

static void says_when_there_is_nothing_to_begin(void **state)
{
    (void)state;
    expect(V1, "import", "", NULL);
    expect("allow if true\n", "allow", "", NULL);
    expect("package a\ntest_x if 1 == 1\n", "test_x", "", NULL);
    expect("", "", "", NULL);
    assert_null(policy_test_path("a/b.yaml"));
    assert_null(policy_test_path("a/b_test.rego"));
    char *path = policy_test_path("a/b.rego");
    assert_string_equal(path, "a/b_test.rego");
    free(path);
    char *rule = policy_test_subject(str_of(V1), 6);
    assert_string_equal(rule, "deny");
    free(rule);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(begins_a_file),
        cmocka_unit_test(goes_on_in_a_file),
        cmocka_unit_test(says_when_there_is_nothing_to_begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
