#include "dice.h"
#include "test.h"

#include "base/vec.h"
#include "memory_source.h"
#include "patch/diff.h"
#include "patch/unified.h"

#include <stdio.h>
#include <stdlib.h>

static struct memory_file files[] = {
    {"f", {"a\nb\nc\nd\ne\nf\ng\nh\n", 16}},
    {"crlf", {"a\r\nb\r\nc\r\n", 9}},
    {"open", {"a\nb", 3}},
    {"d/g", {"x\n", 2}},
    {"empty", {"", 0}},
    {"sp ace", {"x\n", 2}},
    {NULL, {NULL, 0}},
};
static const struct patch_source source = {memory_source_read, files};

static void good_patches(void **state)
{
    (void)state;
    static const struct {
        const char *patch;
        const char *path;
        const char *content; /* NULL: deleted */
    } table[] = {
        {"--- a/f\n+++ b/f\n@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n", "f", "a\nB\nc\nd\ne\nf\ng\nh\n"},
        /* no prefixes, a timestamp, text around */
        {"hello\n--- f\t2026-01-01\n+++ f\t2026-01-02\n@@ -2 +2 @@ sect\n-b\n+B\nbye\n", "f",
            "a\nB\nc\nd\ne\nf\ng\nh\n"},
        /* the wrong place */
        {"--- a/f\n+++ b/f\n@@ -1,2 +1,2 @@\n g\n-h\n+H\n", "f", "a\nb\nc\nd\ne\nf\ng\nH\n"},
        /* wrong counts, no line numbers, a bare empty line at the end */
        {"--- a/f\n+++ b/f\n@@ -1,9 +1,9 @@\n a\n-b\n+B\n", "f", "a\nB\nc\nd\ne\nf\ng\nh\n"},
        {"--- a/f\n+++ b/f\n@@ ... @@\n a\n-b\n+B\n\n", "f", "a\nB\nc\nd\ne\nf\ng\nh\n"},
        {"--- a/f\n+++ b/f\n@@ -0,0 +1 @@\n+top\n", "f", "top\na\nb\nc\nd\ne\nf\ng\nh\n"},
        {"--- a/f\n+++ b/f\n@@ -8,0 +9 @@\n+end\n", "f", "a\nb\nc\nd\ne\nf\ng\nh\nend\n"},
        {"--- a/crlf\n+++ b/crlf\n@@ -1,2 +1,2 @@\n a\n-b\n+B\n", "crlf", "a\r\nB\r\nc\r\n"},
        {"--- a/crlf\r\n+++ b/crlf\r\n@@ -1,2 +1,2 @@\r\n a\r\n-b\r\n+B\r\n", "crlf",
            "a\r\nB\r\nc\r\n"},
        {"--- a/open\n+++ b/open\n@@ -2 +2 @@\n-b\n\\ No newline at end of file\n+b\n", "open",
            "a\nb\n"},
        {"--- a/open\n+++ b/open\n@@ -1,2 +1,2 @@\n-a\n+A\n b\n", "open", "A\nb"},
        {"--- a/f\n+++ b/f\n@@ -8 +8 @@\n-h\n+h\n\\ No newline at end of file\n", "f",
            "a\nb\nc\nd\ne\nf\ng\nh"},
        {"--- /dev/null\n+++ b/n/new\n@@ -0,0 +1,2 @@\n+1\n+2\n", "n/new", "1\n2\n"},
        {"--- a/d/g\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n", "d/g", NULL},
        {"diff --git a/none b/none\nnew file mode 100644\nindex 0000000..e69de29\n", "none", ""},
        {"diff --git a/empty b/empty\ndeleted file mode 100644\n", "empty", NULL},
        {"diff --git a/d/g b/d/h\nsimilarity index 50%\nrename from d/g\nrename to d/h\n"
         "--- a/d/g\n+++ b/d/h\n@@ -1 +1 @@\n-x\n+y\n",
            "d/h", "y\n"},
        {"diff --git a/d/g b/copy\ncopy from d/g\ncopy to copy\n", "copy", "x\n"},
        {"--- \"a/sp ace\"\n+++ \"b/sp\\040ace\"\n@@ -1 +1 @@\n-x\n+y\n", "sp ace", "y\n"},
    };
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        struct changes changes = {0};
        struct err err = {0};
        if (!unified_apply(str_of(table[i].patch), &source, &changes, NULL, &err)) {
            fail_msg("%s\n%s", err.text, table[i].patch);
        }
        const struct change *change = changes_find(&changes, table[i].path);
        assert_non_null(change);
        if (table[i].content == NULL) {
            assert_int_equal(change->kind, CHANGE_DELETE);
        } else if (!str_equal_c(buf_str(&change->content), table[i].content)) {
            fail_msg("%s\ngives\n%s", table[i].patch, change->content.ptr);
        }
        changes_free(&changes);
    }
}

static void refusals(void **state)
{
    (void)state;
    static const struct {
        const char *patch;
        enum err_kind kind;
        const char *says;
    } table[] = {
        {"nothing here\n", ERR_INVALID, "no diff"},
        {"--- a/../f\n+++ b/../f\n@@ -1 +1 @@\n-a\n+b\n", ERR_DENIED, "leaves"},
        {"--- /dev/null\n+++ b/.git/config\n@@ -0,0 +1 @@\n+b\n", ERR_DENIED, ".git"},
        {"--- /dev/null\n+++ b/f\n@@ -0,0 +1 @@\n+b\n", ERR_EXISTS, "exists already"},
        {"--- a/none\n+++ b/none\n@@ -1 +1 @@\n-a\n+b\n", ERR_NOT_FOUND, "no such file"},
        {"--- a/f\n+++ b/f\n@@ -1 +1 @@\n-zzz\n+b\n", ERR_CONFLICT, "does not fit"},
        {"--- a/f\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n", ERR_CONFLICT, "does not remove"},
        {"diff --git a/x b/x\nBinary files a/x and b/x differ\n", ERR_UNSUPPORTED, "binary"},
        {"diff --git a/x b/x\nGIT binary patch\nliteral 3\n", ERR_UNSUPPORTED, "binary"},
        {"diff --git a/l b/l\nnew file mode 120000\n--- /dev/null\n+++ b/l\n@@ -0,0 +1 @@\n+/etc\n",
            ERR_UNSUPPORTED, "symbolic links"},
        {"@@ -1 +1 @@\n-a\n+b\n", ERR_INVALID, "without a file header"},
        {"--- /dev/null\n+++ /dev/null\n@@ -1 +1 @@\n-a\n+b\n", ERR_INVALID, "both sides"},
    };
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        struct changes changes = {0};
        struct buf report = BUF_INIT;
        struct err err = {0};
        assert_false(unified_apply(str_of(table[i].patch), &source, &changes, &report, &err));
        if (err.kind != table[i].kind || strstr(err.text, table[i].says) == NULL) {
            fail_msg("%s\nsays %d \"%s\", not \"%s\"", table[i].patch, err.kind, err.text,
                table[i].says);
        }
        assert_int_equal(changes.len, 0);
        assert_true(report.len > 0);
        buf_free(&report);
    }
}

static void modes_of_new_files(void **state)
{
    (void)state;
    struct changes changes = {0};
    struct err err = {0};
    assert_ok(unified_apply(STR_LIT("diff --git a/x b/x\nnew file mode 100755\n--- /dev/null\n"
                                    "+++ b/x\n@@ -0,0 +1 @@\n+#!/bin/sh\n"),
                  &source, &changes, NULL, &err),
        err);
    assert_int_equal(changes.items[0].mode, 0755);
    changes_free(&changes);
    assert_false(unified_apply(STR_LIT("diff --git a/f b/f\nold mode 100644\nnew mode 100755\n"),
        &source, &changes, NULL, &err));
    assert_non_null(strstr(err.text, "chmod"));
}

static uint64_t random_state = 88172645463325252u;

static size_t below(size_t bound)
{
    return (size_t)((dice_roll(&random_state) >> 11) % bound);
}

static void random_text(struct buf *out)
{
    for (size_t i = below(30); i > 0; i--) {
        buf_printf(out, "%c%s", (char)('a' + (char)below(5)), below(9) == 0 ? "\r\n" : "\n");
    }
    if (out->len > 0 && below(5) == 0) {
        buf_remove(out, out->len - 1, 1);
    }
}

static void edit_text(struct str from, struct buf *out)
{
    struct str rest = from;
    struct str line;
    while (str_next_line(&rest, &line)) {
        if (below(6) == 0) {
            buf_printf(out, "new %zu\n", below(3));
        }
        if (below(6) != 0) {
            buf_append_str(out, line);
            buf_append_char(out, '\n');
        }
    }
    if (out->len > 0 && below(4) == 0) {
        buf_remove(out, out->len - 1, 1);
    }
}

static void a_diff_is_taken_back(void **state)
{
    (void)state;
    for (size_t run = 0; run < 2000; run++) {
        struct buf old = BUF_INIT;
        struct buf new = BUF_INIT;
        random_text(&old);
        if (below(10) == 0) {
            random_text(&new);
        } else {
            edit_text(buf_str(&old), &new);
        }
        struct changes changes = {0};
        struct change change = {.kind = CHANGE_UPDATE,
            .path = mem_strdup("t"),
            .base_exists = true,
            .base = old,
            .content = new,
            .mode = 0644};
        VEC_PUSH(&changes, change);
        struct buf text = BUF_INIT;
        unified_write(&changes, below(5), &text);
        struct memory_file table[] = {{"t", buf_str(&old)}, {NULL, {NULL, 0}}};
        struct patch_source from = {memory_source_read, table};
        struct changes back = {0};
        struct err err = {0};
        if (!unified_apply(buf_str(&text), &from, &back, NULL, &err)) {
            fail_msg("%s\n%s", err.text, text.ptr);
        }
        struct str got = back.len > 0 ? buf_str(&back.items[0].content) : buf_str(&old);
        if (!str_equal(got, buf_str(&new))) {
            fail_msg("another result:\n%s", text.ptr);
        }
        buf_free(&text);
        changes_free(&back);
        changes_free(&changes);
    }
}

/* What git makes of our diff is what we meant. */
static void git_takes_our_diff(void **state)
{
    (void)state;
    char *dir = test_dir_make();
    const char *init[] = {"git", "init", "-q", NULL};
    free(test_run(dir, init));
    for (size_t run = 0; run < 25; run++) {
        struct buf old = BUF_INIT;
        struct buf new = BUF_INIT;
        random_text(&old);
        edit_text(buf_str(&old), &new);
        struct changes changes = {0};
        struct change change = {.kind = CHANGE_UPDATE,
            .path = mem_strdup("t ü"),
            .base_exists = true,
            .base = old,
            .content = new,
            .mode = 0644};
        VEC_PUSH(&changes, change);
        struct buf text = BUF_INIT;
        unified_write(&changes, 3, &text);
        test_write(dir, "t ü", old.ptr == NULL ? "" : old.ptr);
        test_write(dir, "p", text.ptr);
        if (!str_equal(buf_str(&old), buf_str(&new))) {
            const char *apply[] = {"git", "apply", "p", NULL};
            free(test_run(dir, apply));
        }
        char *got = test_read(dir, "t ü");
        assert_true(str_equal_c(buf_str(&new), got));
        free(got);
        buf_free(&text);
        changes_free(&changes);
    }
    test_dir_remove(dir);
}

static void lines_are_mapped(void **state)
{
    (void)state;
    for (size_t run = 0; run < 500; run++) {
        struct buf old = BUF_INIT;
        struct buf new = BUF_INIT;
        random_text(&old);
        edit_text(buf_str(&old), &new);
        struct lines a = {0};
        struct lines b = {0};
        struct diff diff = {0};
        lines_split(buf_str(&old), LINES_LF, &a);
        lines_split(buf_str(&new), LINES_LF, &b);
        diff_lines(&a, &b, &diff);
        for (size_t i = 0; i < a.len; i++) {
            size_t to = diff_map(&diff, i);
            if (to != SIZE_MAX) {
                assert_true(str_equal(line_whole(a.items[i]), line_whole(b.items[to])));
                assert_int_equal(diff_map_back(&diff, to), i);
            }
        }
        diff_free(&diff);
        lines_free(&a);
        lines_free(&b);
        buf_free(&old);
        buf_free(&new);
    }
}

static void words_are_marked(void **state)
{
    (void)state;
    struct diff_spans a = {0};
    struct diff_spans b = {0};
    assert_true(diff_words(STR_LIT("  msg := sprintf(\"%s\", [c.image])"),
        STR_LIT("  msg := sprintf(\"%s!\", [c.name])"), &a, &b));
    assert_int_equal(a.len, 1);
    assert_int_equal(a.items[0].from, 26);
    assert_int_equal(a.items[0].to, 31);
    assert_int_equal(b.len, 2);
    assert_int_equal(b.items[0].from, 20);
    VEC_FREE(&a);
    VEC_FREE(&b);
    assert_false(diff_words(STR_LIT("package a"), STR_LIT("deny := true"), &a, &b));
    assert_int_equal(a.len + b.len, 0);
    struct lines old = {0};
    struct lines new = {0};
    size_t partner[3];
    lines_split(STR_LIT("alpha one\nbeta two\ngamma three\n"), LINES_LF, &old);
    lines_split(STR_LIT("something\nbeta 2\ngamma three!\n"), LINES_LF, &new);
    diff_pair(old.items, old.len, new.items, new.len, partner);
    assert_true(partner[0] == SIZE_MAX && partner[1] == 1 && partner[2] == 2);
    lines_free(&old);
    lines_free(&new);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_patches),
        cmocka_unit_test(refusals),
        cmocka_unit_test(modes_of_new_files),
        cmocka_unit_test(a_diff_is_taken_back),
        cmocka_unit_test(git_takes_our_diff),
        cmocka_unit_test(lines_are_mapped),
        cmocka_unit_test(words_are_marked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
