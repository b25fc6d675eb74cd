#include "test.h"

#include "base/vec.h"
#include "patch/review.h"
#include "patch/review_internal.h"

#include <stdio.h>
#include <stdlib.h>

static struct change make(
    enum change_kind kind, const char *path, const char *base, const char *content)
{
    struct change change = {.kind = kind, .path = mem_strdup(path), .mode = 0644};
    change.base_exists = base != NULL;
    buf_append_c(&change.base, base == NULL ? "" : base);
    buf_append_c(&change.content, content == NULL ? "" : content);
    return change;
}

static struct review *review_of(struct change change)
{
    struct changes changes = {0};
    VEC_PUSH(&changes, change);
    struct review *review = review_new(&changes);
    changes_free(&changes);
    return review;
}

static char *selected(const struct review *review, size_t file)
{
    struct changes out = {0};
    review_selected(review, SIZE_MAX, SIZE_MAX, &out);
    const struct review_file *f = review_file(review, file);
    char *text = NULL;
    VEC_FOREACH (struct change, change, &out) {
        if (strcmp(change->path, f->change->path) == 0) {
            text = change->kind == CHANGE_DELETE ? mem_strdup("<deleted>")
                                                 : str_dup(buf_str(&change->content));
        }
    }
    changes_free(&out);
    return text;
}

static void expect_selected(const struct review *review, const char *expected)
{
    char *text = selected(review, 0);
    if (expected == NULL) {
        assert_null(text);
    } else {
        assert_non_null(text);
        assert_string_equal(text, expected);
    }
    free(text);
}

#define DECIDE(review, from, to, what)                                                             \
    assert_ok(review_decide(review, 0, from, to, what, STR_LIT(""), &err), err)

static void lines_are_chosen(void **state)
{
    (void)state;
    struct err err = {0};
    struct review *r = review_of(make(CHANGE_UPDATE, "f", "a\nb\nc\nd\n", "a\nB1\nB2\nc\nd\ne\n"));
    const struct review_file *f = review_file(r, 0);
    assert_int_equal(f->items.len, 4);
    assert_int_equal(f->hunks.len, 1);
    expect_selected(r, NULL);
    DECIDE(r, 1, 2, REVIEW_ACCEPTED);
    expect_selected(r, "a\nb\nB1\nc\nd\n");
    DECIDE(r, 0, 1, REVIEW_ACCEPTED);
    expect_selected(r, "a\nB1\nc\nd\n");
    assert_int_equal(review_file_mark(f), REVIEW_MARK_PART);
    assert_ok(review_decide_rest(r, 0, REVIEW_DECLINED, STR_LIT("no"), &err), err);
    assert_int_equal(review_count_all(r).declined, 2);
    assert_int_equal(review_count_all(r).accepted, 2);
    assert_false(review_decide_rest(r, 0, REVIEW_ACCEPTED, STR_LIT(""), &err));
    assert_ok(review_toggle(r, 0, 0, 4, &err), err);
    expect_selected(r, "a\nB1\nB2\nc\nd\ne\n");
    assert_ok(review_toggle(r, 0, 0, 4, &err), err);
    expect_selected(r, NULL);
    assert_int_equal(review_undo_count(r), 5);
    struct review_op undo = {.verb = REVIEW_UNDO};
    struct review_op redo = {.verb = REVIEW_REDO};
    assert_ok(review_do(r, &undo, &err), err);
    assert_ok(review_do(r, &undo, &err), err);
    assert_int_equal(review_count_all(r).declined, 2);
    assert_ok(review_do(r, &redo, &err), err);
    assert_int_equal(review_count_all(r).accepted, 4);
    assert_false(review_decide(r, 0, 3, 9, REVIEW_OPEN, STR_LIT(""), &err));
    review_free(r);
}

static void try_adds_one_hunk(void **state)
{
    (void)state;
    struct err err = {0};
    struct review *r = review_of(
        make(CHANGE_UPDATE, "f", "a\n1\n2\n3\n4\n5\n6\n7\nz\n", "A\n1\n2\n3\n4\n5\n6\n7\nZ\n"));
    assert_int_equal(review_file(r, 0)->hunks.len, 2);
    DECIDE(r, 0, 2, REVIEW_ACCEPTED);
    struct changes out = {0};
    review_selected(r, 0, 1, &out);
    assert_string_equal(out.items[0].content.ptr, "A\n1\n2\n3\n4\n5\n6\n7\nZ\n");
    changes_free(&out);
    expect_selected(r, "A\n1\n2\n3\n4\n5\n6\n7\nz\n");
    review_free(r);
}

static void final_newlines_and_crlf(void **state)
{
    (void)state;
    struct err err = {0};
    struct review *r = review_of(make(CHANGE_UPDATE, "f", "a\r\nb", "a\r\nb\r\nc"));
    const struct review_file *f = review_file(r, 0);
    assert_int_equal(f->items.len, 3); /* -b, +b CR LF, +c */
    DECIDE(r, 0, 3, REVIEW_ACCEPTED);
    expect_selected(r, "a\r\nb\r\nc");
    DECIDE(r, 0, 1, REVIEW_OPEN);
    expect_selected(r, "a\r\nb\r\nb\r\nc");
    DECIDE(r, 0, 3, REVIEW_DECLINED);
    expect_selected(r, NULL);
    review_free(r);
}

static void files_come_and_go(void **state)
{
    (void)state;
    struct err err = {0};
    struct review *r = review_of(make(CHANGE_ADD, "n", NULL, "x\ny\n"));
    expect_selected(r, NULL);
    DECIDE(r, 0, 1, REVIEW_ACCEPTED);
    expect_selected(r, "x\n");
    review_free(r);

    r = review_of(make(CHANGE_ADD, "n", NULL, ""));
    assert_int_equal(review_file(r, 0)->items.len, 1);
    DECIDE(r, 0, 1, REVIEW_ACCEPTED);
    expect_selected(r, "");
    review_free(r);

    r = review_of(make(CHANGE_DELETE, "n", "x\ny\n", NULL));
    DECIDE(r, 0, 1, REVIEW_ACCEPTED);
    expect_selected(r, "y\n");
    DECIDE(r, 1, 2, REVIEW_ACCEPTED);
    expect_selected(r, "<deleted>");
    review_free(r);

    struct change moved = make(CHANGE_UPDATE, "new", "x\n", "x\ny\n");
    moved.moved_from = mem_strdup("old");
    r = review_of(moved);
    assert_int_equal(review_file(r, 0)->hunks.len, 2);
    DECIDE(r, 1, 2, REVIEW_ACCEPTED);
    struct changes out = {0};
    review_selected(r, SIZE_MAX, SIZE_MAX, &out);
    assert_string_equal(out.items[0].path, "old");
    assert_null(out.items[0].moved_from);
    changes_free(&out);
    DECIDE(r, 0, 1, REVIEW_ACCEPTED);
    review_selected(r, SIZE_MAX, SIZE_MAX, &out);
    assert_string_equal(out.items[0].path, "new");
    assert_string_equal(out.items[0].moved_from, "old");
    changes_free(&out);
    review_free(r);
}

static void binary_is_one_unit(void **state)
{
    (void)state;
    struct err err = {0};
    struct change change = make(CHANGE_UPDATE, "b", "x", "y");
    buf_append(&change.content, "\0z", 2);
    struct review *r = review_of(change);
    const struct review_file *f = review_file(r, 0);
    assert_string_equal(f->whole_because, "binary");
    assert_int_equal(f->items.len, 1);
    struct review_op edit = {.verb = REVIEW_EDIT, .text = STR_LIT("q")};
    assert_false(review_do(r, &edit, &err));
    DECIDE(r, 0, 1, REVIEW_ACCEPTED);
    struct changes out = {0};
    review_selected(r, SIZE_MAX, SIZE_MAX, &out);
    assert_int_equal(out.items[0].content.len, 3);
    changes_free(&out);
    review_free(r);
}

static void hunks_are_split_and_edited(void **state)
{
    (void)state;
    struct err err = {0};
    struct review *r = review_of(make(CHANGE_ADD, "n", NULL, "1\n2\n3\n4\n"));
    struct review_op split = {.verb = REVIEW_SPLIT, .from = 2};
    assert_ok(review_do(r, &split, &err), err);
    assert_false(review_do(r, &split, &err));
    const struct review_file *f = review_file(r, 0);
    assert_int_equal(f->hunks.len, 2);
    struct review_op edit = {.verb = REVIEW_EDIT, .from = 0, .text = STR_LIT("one\n2\nextra")};
    assert_ok(review_do(r, &edit, &err), err);
    assert_int_equal(f->hunks.len, 2);
    assert_true(f->hunks.items[0].edited);
    expect_selected(r, "one\n2\nextra\n");
    DECIDE(r, 3, 5, REVIEW_ACCEPTED);
    expect_selected(r, "one\n2\nextra\n3\n4\n");
    edit.text = STR_LIT("");
    assert_ok(review_do(r, &edit, &err), err);
    assert_int_equal(f->hunks.len, 1);
    expect_selected(r, "3\n4\n");
    struct review_op undo = {.verb = REVIEW_UNDO};
    assert_ok(review_do(r, &undo, &err), err);
    expect_selected(r, "one\n2\nextra\n3\n4\n");
    review_free(r);
}

static void a_new_base_is_merged(void **state)
{
    (void)state;
    struct err err = {0};
    struct review *r = review_of(make(CHANGE_UPDATE, "f", "a\nb\nc\n1\n2\n3\n4\n5\n6\n7\nx\ny\nz\n",
        "a\nB\nc\n1\n2\n3\n4\n5\n6\n7\nx\nY\nz\n"));
    const struct review_file *f = review_file(r, 0);
    assert_int_equal(f->hunks.len, 2);
    DECIDE(r, 0, 2, REVIEW_ACCEPTED);
    DECIDE(r, 2, 4, REVIEW_DECLINED);
    /* Elsewhere: decisions stay. */
    assert_ok(
        review_rebase(r, 0, true, STR_LIT("a\nb\nc\n1\n2\n3\nmine\n4\n5\n6\n7\nx\ny\nz\n"), &err),
        err);
    expect_selected(r, "a\nB\nc\n1\n2\n3\nmine\n4\n5\n6\n7\nx\ny\nz\n");
    assert_int_equal(review_count_all(r).declined, 2);
    assert_false(f->hunks.items[0].conflict);
    /* On the accepted line: the proposal stands against the new text, open again. */
    assert_ok(review_rebase(
                  r, 0, true, STR_LIT("a\nmine\nc\n1\n2\n3\nmine\n4\n5\n6\n7\nx\ny\nz\n"), &err),
        err);
    expect_selected(r, NULL);
    assert_true(f->hunks.items[0].conflict);
    assert_int_equal(review_count_all(r).open, 2);
    assert_int_equal(review_count_all(r).declined, 2);
    /* The engineer wrote what was proposed: nothing is left of that hunk. */
    assert_ok(
        review_rebase(r, 0, true, STR_LIT("a\nB\nc\n1\n2\n3\nmine\n4\n5\n6\n7\nx\ny\nz\n"), &err),
        err);
    assert_int_equal(f->hunks.len, 1);
    /* Deleted underneath. */
    assert_ok(review_rebase(r, 0, false, STR_LIT(""), &err), err);
    assert_non_null(f->conflict_note);
    assert_int_equal(review_count_all(r).accepted + review_count_all(r).declined, 0);
    review_free(r);
}

static void undo_reaches_over_a_rebase(void **state)
{
    (void)state;
    struct err err = {0};
    struct review *r = review_of(make(CHANGE_UPDATE, "f", "a\nb\nc\n", "a\nB\nc\n"));
    struct review_op edit = {.verb = REVIEW_EDIT, .from = 0, .text = STR_LIT("edited\n")};
    assert_ok(review_do(r, &edit, &err), err);
    assert_ok(review_rebase(r, 0, true, STR_LIT("top\na\nb\nc\n"), &err), err);
    expect_selected(r, "top\na\nedited\nc\n");
    struct review_op undo = {.verb = REVIEW_UNDO};
    assert_ok(review_do(r, &undo, &err), err);
    expect_selected(r, NULL);
    assert_string_equal(review_file(r, 0)->base->bytes.ptr, "top\na\nb\nc\n");
    DECIDE(r, 0, 2, REVIEW_ACCEPTED);
    expect_selected(r, "top\na\nB\nc\n");
    assert_ok(review_do(r, &undo, &err), err);
    assert_false(review_do(r, &undo, &err));
    struct review_op redo = {.verb = REVIEW_REDO};
    assert_ok(review_do(r, &redo, &err), err);
    expect_selected(r, "top\na\nB\nc\n");
    review_free(r);
}

static void feedback_says_it_all(void **state)
{
    (void)state;
    struct err err = {0};
    struct review *r = review_of(
        make(CHANGE_UPDATE, "p.rego", "package p\n\ndeny if false\n1\n2\n3\n4\n5\n6\n7\nend\n",
            "package p\n\ndeny if true\n1\n2\n3\n4\n5\n6\n7\nEND\n"));
    struct buf out = BUF_INIT;
    DECIDE(r, 0, 4, REVIEW_ACCEPTED);
    review_feedback(r, &out);
    assert_int_equal(out.len, 0);
    assert_ok(review_decide(r, 0, 0, 2, REVIEW_DECLINED, STR_LIT("too broad\nreally"), &err), err);
    struct review_op comment = {.verb = REVIEW_COMMENT,
        .from = 10,
        .side = REVIEW_PROPOSED,
        .question = true,
        .text = STR_LIT("why upper case?")};
    assert_ok(review_do(r, &comment, &err), err);
    struct review_op edit = {.verb = REVIEW_EDIT, .from = 1, .text = STR_LIT("The end\n")};
    assert_ok(review_do(r, &edit, &err), err);
    review_feedback(r, &out);
    assert_non_null(strstr(out.ptr, "change of `p.rego`: taken in part: 2 of 4"));
    assert_null(strstr(out.ptr, "changed nothing"));
    assert_non_null(strstr(out.ptr, "-deny if false\n+deny if true\n"));
    assert_non_null(strstr(out.ptr, "> too broad\n> really\n"));
    assert_non_null(strstr(out.ptr, "Question (answer it"));
    assert_non_null(strstr(out.ptr, "(the line changed since)\n```\nEND\n```\n> why upper case?"));
    assert_non_null(strstr(out.ptr, "-END\n+The end\n"));
    buf_free(&out);
    review_free(r);
}

/* Around what was declined stands what is in the file now: what was taken of it, and no more. */
static void feedback_shows_the_file_as_it_is(void **state)
{
    (void)state;
    struct err err = {0};
    struct buf out = BUF_INIT;
    struct review *r = review_of(
        make(CHANGE_UPDATE, "f", "a\nb\nold\nd\ne\nf\n", "a\nnew first\nnew last\nd\nE\nf\n"));
    /* -b -old +new first +new last … -e +E */
    DECIDE(r, 0, 4, REVIEW_ACCEPTED);
    assert_ok(review_decide(r, 0, 3, 4, REVIEW_DECLINED, STR_LIT("no"), &err), err);
    assert_ok(review_decide(r, 0, 4, 5, REVIEW_DECLINED, STR_LIT("stays"), &err), err);
    review_feedback(r, &out);
    assert_non_null(
        strstr(out.ptr, "```diff\n a\n new first\n+new last\n d\n e\n```\nReason:\n> no"));
    assert_non_null(strstr(out.ptr, "```diff\n new first\n d\n-e\n f\n```\nReason:\n> stays"));
    buf_free(&out);
    review_free(r);
}

static void feedback_says_that_nothing_was_taken(void **state)
{
    (void)state;
    struct err err = {0};
    struct buf out = BUF_INIT;
    struct review *r = review_of(make(CHANGE_UPDATE, "f", "a\nb\n", "A\nb\n"));
    DECIDE(r, 0, 2, REVIEW_DECLINED);
    review_feedback(r, &out);
    assert_non_null(strstr(out.ptr, "your turn changed nothing"));
    buf_clear(&out);
    struct review_op edit = {.verb = REVIEW_EDIT, .from = 0, .text = STR_LIT("mine\n")};
    assert_ok(review_do(r, &edit, &err), err);
    review_feedback(r, &out);
    assert_null(strstr(out.ptr, "changed nothing"));
    buf_free(&out);
    review_free(r);
}

static bool refuse(void *data, const cJSON *op, struct err *err)
{
    (void)op;
    ++*(int *)data;
    return err_set(err, ERR_IO, "disk full");
}

static void a_refused_log_changes_nothing(void **state)
{
    (void)state;
    struct err err = {0};
    int calls = 0;
    struct review *r = review_of(make(CHANGE_UPDATE, "f", "a\n", "b\n"));
    review_set_log(r, refuse, &calls);
    assert_false(review_decide(r, 0, 0, 2, REVIEW_ACCEPTED, STR_LIT(""), &err));
    assert_string_equal(err.text, "disk full");
    assert_int_equal(review_count_all(r).open, 2);
    assert_int_equal(review_undo_count(r), 0);
    assert_int_equal(calls, 1);
    review_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_chosen),
        cmocka_unit_test(try_adds_one_hunk),
        cmocka_unit_test(final_newlines_and_crlf),
        cmocka_unit_test(files_come_and_go),
        cmocka_unit_test(binary_is_one_unit),
        cmocka_unit_test(hunks_are_split_and_edited),
        cmocka_unit_test(a_new_base_is_merged),
        cmocka_unit_test(undo_reaches_over_a_rebase),
        cmocka_unit_test(feedback_says_it_all),
        cmocka_unit_test(feedback_shows_the_file_as_it_is),
        cmocka_unit_test(feedback_says_that_nothing_was_taken),
        cmocka_unit_test(a_refused_log_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
