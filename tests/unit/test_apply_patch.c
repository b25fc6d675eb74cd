#include "test.h"

#include "memory_source.h"
#include "patch/apply_patch.h"

#include <stdlib.h>

static struct memory_file files[] = {
    {"f", {"a\nb\nc\nd\ne\n", 10}},
    {"crlf", {"a\r\nb\r\n", 6}},
    {"open", {"a\nb", 3}},
    {"quotes", {"say “hi”\nz\n", 15}},
    {"d/g", {"package x\n\ndeny contains msg if {\n    input.bad\n}\n", 49}},
    {"latin", {"\xe9\n", 2}},
    {NULL, {NULL, 0}},
};
static const struct patch_source source = {memory_source_read, files};

static bool apply(const char *body, struct changes *out, struct buf *report, struct err *err)
{
    char *patch = mem_printf("*** Begin Patch\n%s*** End Patch\n", body);
    bool ok = apply_patch_apply(str_of(patch), &source, out, report, err);
    free(patch);
    return ok;
}

struct good {
    const char *body;
    const char *path;
    const char *content; /* NULL: deleted */
};

static void good_patches(void **state)
{
    (void)state;
    static const struct good table[] = {
        {"*** Update File: f\n@@ a\n-b\n+B\n", "f", "a\nB\nc\nd\ne\n"},
        {"*** Update File: f\n a\n-b\n+B\n", "f", "a\nB\nc\nd\ne\n"},
        {"*** Update File: f\n@@\n-e\n+E\n*** End of File\n", "f", "a\nb\nc\nd\nE\n"},
        {"*** Update File: f\n@@ c\n+new\n", "f", "a\nb\nc\nd\ne\nnew\n"},
        {"*** Update File: f\n@@\n+end\n@@\n-b\n+B\n", "f", "a\nB\nc\nd\ne\nend\n"},
        {"*** Update File: crlf\n-b\n+B\n+C\n", "crlf", "a\r\nB\r\nC\r\n"},
        {"*** Update File: open\n a\n-b\n+c\n", "open", "a\nc\n"},
        {"*** Update File: quotes\n say \"hi\"\n-z\n+Z\n", "quotes", "say “hi”\nZ\n"},
        {"*** Update File: ./d//g\n@@ deny contains msg if {\n-    input.bad\n+    input.worse\n",
            "d/g", "package x\n\ndeny contains msg if {\n    input.worse\n}\n"},
        {"*** Update File: f\n*** Move to: f\n@@\n-b\n+B\n", "f", "a\nB\nc\nd\ne\n"},
        {"*** Add File: n/new\n+x\n", "n/new", "x\n"},
        {"*** Add File: n\n", "n", ""},
        {"*** Delete File: d/g\n", "d/g", NULL},
        {"*** Add File: n\n+x\n*** Update File: n\n-x\n+y\n", "n", "y\n"},
        {"*** Delete File: f\n*** Add File: f/sub\n+x\n", "f/sub", "x\n"},
    };
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        struct changes changes = {0};
        struct err err = {0};
        assert_ok(apply(table[i].body, &changes, NULL, &err), err);
        const struct change *change = changes_find(&changes, table[i].path);
        assert_non_null(change);
        if (table[i].content == NULL) {
            assert_int_equal(change->kind, CHANGE_DELETE);
        } else {
            assert_true(str_equal_c(buf_str(&change->content), table[i].content));
        }
        changes_free(&changes);
    }
}

static void a_move_is_one_change(void **state)
{
    (void)state;
    struct changes changes = {0};
    struct err err = {0};
    assert_ok(apply("*** Update File: f\n*** Move to: sub/h\n-a\n+A\n", &changes, NULL, &err), err);
    assert_int_equal(changes.len, 1);
    assert_string_equal(changes.items[0].path, "sub/h");
    assert_string_equal(changes.items[0].moved_from, "f");
    assert_int_equal(changes.items[0].kind, CHANGE_UPDATE);
    changes_free(&changes);
    /* Onto a file that exists: that one changes and the old one goes. */
    assert_ok(apply("*** Update File: f\n*** Move to: open\n-a\n+A\n", &changes, NULL, &err), err);
    assert_int_equal(changes.len, 2);
    assert_int_equal(changes_find(&changes, "f")->kind, CHANGE_DELETE);
    assert_int_equal(changes_find(&changes, "open")->kind, CHANGE_UPDATE);
    assert_null(changes_find(&changes, "open")->moved_from);
    changes_free(&changes);
}

static void no_change_is_no_change(void **state)
{
    (void)state;
    struct changes changes = {0};
    struct err err = {0};
    assert_ok(apply("*** Update File: f\n a\n b\n", &changes, NULL, &err), err);
    assert_ok(apply("*** Add File: n\n+x\n*** Delete File: n\n", &changes, NULL, &err), err);
    assert_int_equal(changes.len, 0);
}

static void refusals(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        enum err_kind kind;
        const char *says;
    } table[] = {
        {"*** Add File: /etc/x\n+x\n", ERR_DENIED, "absolute"},
        {"*** Add File: a/../../x\n+x\n", ERR_DENIED, "leaves the workspace"},
        {"*** Add File: .git/hooks/x\n+x\n", ERR_DENIED, ".git"},
        {"*** Update File: f\n*** Move to: ../f\n-a\n+b\n", ERR_DENIED, "leaves"},
        {"*** Add File: x\x1b[2Jy\n+x\n", ERR_INVALID, "control"},
        {"*** Add File: f/x\n+x\n", ERR_EXISTS, "is a file"},
        {"*** Add File: d\n+x\n", ERR_EXISTS, "folder"},
        {"*** Delete File: d\n", ERR_INVALID, "folder"},
        {"*** Delete File: none\n", ERR_NOT_FOUND, "no such file"},
        {"*** Update File: none\n-a\n", ERR_NOT_FOUND, "no such file"},
        {"*** Update File: latin\n-a\n", ERR_UNSUPPORTED, "UTF-8"},
        {"*** Update File: f\n", ERR_INVALID, "no chunks"},
        {"*** Update File: f\n@@\n@@\n-a\n", ERR_INVALID, "no lines"},
        {"*** Update File: f\n@@a\n-b\n", ERR_INVALID, "patch line 3"},
        {"*** Add File: n\nx\n", ERR_INVALID, "begins with '+'"},
        {"", ERR_INVALID, "names no file"},
        {"*** Update File: f\n@@ zzz\n-b\n", ERR_CONFLICT, "zzz"},
        {"*** Update File: f\n@@\n-d\n@@\n-b\n", ERR_CONFLICT, "patch line 5"},
    };
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        struct changes changes = {0};
        struct buf report = BUF_INIT;
        struct err err = {0};
        assert_false(apply(table[i].body, &changes, &report, &err));
        assert_int_equal(err.kind, table[i].kind);
        if (strstr(err.text, table[i].says) == NULL) {
            fail_msg("\"%s\" does not say \"%s\"", err.text, table[i].says);
        }
        assert_int_equal(changes.len, 0);
        assert_true(report.len > 0);
        buf_free(&report);
    }
}

static void the_nearest_match_is_shown(void **state)
{
    (void)state;
    struct changes changes = {0};
    struct buf report = BUF_INIT;
    struct err err = {0};
    assert_false(apply("*** Update File: d/g\n@@\n deny contains msg if {\n-    input.evil\n }\n",
        &changes, &report, &err));
    assert_non_null(strstr(report.ptr, "line 3 (2 of 3 lines"));
    assert_non_null(strstr(report.ptr, "!     4      input.bad\n"));
    assert_non_null(strstr(report.ptr, "      3  deny contains msg if {\n"));
    buf_free(&report);
    assert_false(apply("*** Update File: f\n@@\n-d\n@@\n-b\n", &changes, &report, &err));
    assert_non_null(strstr(report.ptr, "They stand at line 2"));
    buf_free(&report);
}

static void frames(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool ok;
    } table[] = {
        {"\n\n*** Begin Patch\n*** Delete File: f\n*** End Patch  \n\n", true},
        {"<<'EOF'\n*** Begin Patch\n*** Delete File: f\n*** End Patch\nEOF", true},
        {"<<'X'\n*** Begin Patch\n*** Delete File: f\n*** End Patch\nX", false},
        {"*** Begin Patch\r\n*** Delete File: f\r\n*** End Patch\r\n", true},
        {"*** Begin Patch\n*** Environment ID: x\n*** Delete File: f\n*** End Patch", true},
        {"*** Begin Patch\n*** Delete File: f\n", false},
        {"```\n*** Begin Patch\n*** Delete File: f\n*** End Patch\n```", false},
        {"*** Begin Patch\n*** Delete File: f\n*** End Patch\nmore\n*** End Patch", false},
        {"", false},
    };
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        struct changes changes = {0};
        struct err err = {0};
        assert_int_equal(
            apply_patch_apply(str_of(table[i].text), &source, &changes, NULL, &err), table[i].ok);
        changes_free(&changes);
    }
    assert_true(apply_patch_detect(STR_LIT("\n*** Begin Patch\n")));
    assert_false(apply_patch_detect(STR_LIT("--- a/x\n+++ b/x\n")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_patches),
        cmocka_unit_test(a_move_is_one_change),
        cmocka_unit_test(no_change_is_no_change),
        cmocka_unit_test(refusals),
        cmocka_unit_test(the_nearest_match_is_shown),
        cmocka_unit_test(frames),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
