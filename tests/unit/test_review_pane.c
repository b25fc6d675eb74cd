/* The review screen without a terminal: keys in, grid out. */
#include "dice.h"
#include "test.h"

#include "base/vec.h"
#include "pane/review.h"
#include "review_sample.h"

#include <stdio.h>

struct screen {
    struct loop *loop;
    struct app *app;
    struct review *review;
    struct review_pane *pane;
    size_t try_file, try_hunk;
    int finished, closed;
    char *text;
    int rows, cols;
};

static void on_try(void *data, size_t file, size_t hunk)
{
    struct screen *s = data;
    s->try_file = file;
    s->try_hunk = hunk;
}

static void on_finish(void *data)
{
    struct screen *s = data;
    s->finished++;
}

static void on_closed(void *data)
{
    struct screen *s = data;
    s->closed++;
    s->pane = NULL;
}

static struct screen *open_changes(struct changes *changes, int rows, int cols)
{
    struct screen *s = MEM_NEW(struct screen);
    struct err err = {0};
    s->loop = loop_new(&err);
    assert_non_null(s->loop);
    struct app_options options = {.theme = "dark"};
    s->app = app_new(s->loop, &options, &err);
    assert_non_null(s->app);
    s->review = review_new(changes);
    changes_free(changes);
    struct review_pane_options pane = {.title = "proposal 3",
        .review = s->review,
        .try_selection = on_try,
        .finish = on_finish,
        .closed = on_closed,
        .data = s};
    s->pane = review_pane_open(s->app, &pane);
    s->rows = rows;
    s->cols = cols;
    return s;
}

static struct screen *open_screen(int rows, int cols)
{
    struct changes changes = review_sample();
    return open_changes(&changes, rows, cols);
}

static void close_screen(struct screen *s)
{
    app_free(s->app);
    assert_int_equal(s->closed, 1);
    review_free(s->review);
    loop_free(s->loop);
    free(s->text);
    free(s);
}

static const char *text_of(struct screen *s)
{
    struct buf out = BUF_INIT;
    grid_dump_text(app_paint_to_grid(s->app, s->rows, s->cols), &out);
    free(s->text);
    s->text = buf_take(&out);
    return s->text;
}

static void expect(struct screen *s, const char *text)
{
    if (strstr(text_of(s), text) == NULL) {
        fail_msg("\"%s\" is not on the screen:\n%s", text, s->text);
    }
}

static void expect_not(struct screen *s, const char *text)
{
    if (strstr(text_of(s), text) != NULL) {
        fail_msg("\"%s\" is on the screen:\n%s", text, s->text);
    }
}

/* Keys by name, apart by blanks; each with a frame after it. */
static void keys(struct screen *s, const char *names)
{
    struct str rest = str_of(names);
    while (rest.len > 0) {
        size_t end = str_find_char(rest, ' ', 0);
        end = end == SIZE_MAX ? rest.len : end;
        struct key key;
        assert_true(key_parse(str_slice(rest, 0, end), &key));
        app_key(s->app, &key);
        text_of(s);
        rest = str_from(rest, end + 1);
    }
}

static void type(struct screen *s, const char *text)
{
    for (; *text != '\0'; text++) {
        struct key key = key_of_text(str_make(text, 1), 0);
        app_key(s->app, &key);
    }
}

static char *taken(const struct screen *s, const char *path)
{
    struct changes out = {0};
    review_selected(s->review, SIZE_MAX, SIZE_MAX, &out);
    const struct change *change = changes_find(&out, path);
    char *text = change == NULL ? NULL : str_dup(buf_str(&change->content));
    changes_free(&out);
    return text;
}

static void expect_taken(const struct screen *s, const char *path, const char *expected)
{
    char *text = taken(s, path);
    assert_non_null(text);
    assert_string_equal(text, expected);
    free(text);
}

static void it_fits_every_size(void **state)
{
    (void)state;
    struct screen *s = open_screen(40, 120);
    expect(s, "Files 5");
    expect(s, "▶○ …icies/latest_tag.rego +4 −3");
    expect(s, "hunk 1 of 2   rule deny");
    expect(s, "-     endswith(c.image, \":latest\")");
    expect(s, "+     latest(c.image)");
    expect(s, "Evidence");
    expect(s, "tests ○ not run");
    s->rows = 24;
    s->cols = 80;
    expect_not(s, "Files 5");
    expect(s, "1/5 files");
    expect(s, "Evidence");
    s->rows = 10;
    s->cols = 40;
    expect(s, "latest(c.image)");
    expect_not(s, "Evidence");
    for (int rows = 1; rows < 30; rows += 3) {
        for (int cols = 1; cols < 130; cols += 7) {
            s->rows = rows;
            s->cols = cols;
            text_of(s);
        }
    }
    close_screen(s);
}

static void hunks_and_lines_are_decided(void **state)
{
    (void)state;
    struct screen *s = open_screen(40, 120);
    text_of(s);
    keys(s, "a");
    assert_int_equal(review_hunk_mark(review_file(s->review, 0), 0), REVIEW_MARK_ACCEPTED);
    expect(s, "hunk 2 of 2"); /* on to what is open */
    expect(s, "✓ 5 accepted");
    keys(s, "u");
    expect(s, "✓ 0 accepted");
    keys(s, "ctrl-r");
    expect(s, "✓ 5 accepted");
    keys(s, "x");
    expect(s, "Decline this hunk: why?");
    type(s, "not 33");
    keys(s, "enter");
    expect(s, "✗ 2 declined");
    assert_string_equal(review_file(s->review, 0)->reasons.items[0], "not 33");
    expect(s, "this file is decided");
    keys(s, "}");
    expect(s, "hunk 1 of 1");
    keys(s, "v j j a");
    expect(s, "✓ 8 accepted");
    keys(s, "j space");
    expect(s, "✓ 9 accepted");
    keys(s, "A");
    assert_int_equal(review_file_mark(review_file(s->review, 1)), REVIEW_MARK_ACCEPTED);
    keys(s, "} } x esc");
    assert_int_equal(review_count(review_file(s->review, 3), 0, 9).declined, 0);
    keys(s, "D enter } a");
    assert_int_equal(review_file_mark(review_file(s->review, 3)), REVIEW_MARK_DECLINED);
    assert_int_equal(review_file_mark(review_file(s->review, 4)), REVIEW_MARK_ACCEPTED);
    close_screen(s);
}

static void a_hunk_is_edited_in_place(void **state)
{
    (void)state;
    struct screen *s = open_screen(40, 120);
    text_of(s);
    keys(s, "] e");
    expect(s, "Edit what the hunk puts in");
    type(s, "3");
    keys(s, "ctrl-s");
    /* The proposal had no newline at the end; it still has none. */
    char *text = taken(s, "policies/latest_tag.rego");
    assert_non_null(strstr(text, "\nthree := 333"));
    assert_null(strstr(text, "333\n"));
    free(text);
    expect(s, "edited");
    keys(s, "e esc");
    expect(s, "the hunk is unchanged");
    /* CR LF stays. */
    keys(s, "} } ] e ctrl-a");
    type(s, "# ");
    keys(s, "ctrl-s");
    expect_taken(s, "old/deploy.yaml", "kind: Pod\r\n# name: \"\x1b[2J\"\r\n");
    expect_not(s, "\x1b");
    expect(s, "^[[2J");
    close_screen(s);
}

static void it_splits_and_comments(void **state)
{
    (void)state;
    struct screen *s = open_screen(40, 120);
    text_of(s);
    keys(s, "} j j s");
    expect(s, "hunk 2 of 2");
    keys(s, "c");
    expect(s, "Comment on this line");
    type(s, "why this?");
    keys(s, "ctrl-s");
    expect(s, "? why this?");
    assert_true(review_file(s->review, 1)->comments.items[0].question);
    keys(s, "j C");
    expect_not(s, "? why this?");
    keys(s, "u");
    expect(s, "? why this?");
    keys(s, "{ g s");
    assert_int_equal(review_file(s->review, 0)->hunks.len, 2);
    expect(s, "there is no hunk here");
    close_screen(s);
}

static void sides_wrap_and_context(void **state)
{
    (void)state;
    struct screen *s = open_screen(40, 130);
    text_of(s);
    keys(s, "|");
    expect(s, "msg := sprintf(\"%s: pin a digest\"");
    const char *row = strstr(text_of(s), "pin a version");
    assert_non_null(row);
    assert_true(strstr(row, "pin a digest") < strchr(row, '\n')); /* beside each other */
    keys(s, "v a");
    s->cols = 80;
    text_of(s);
    s->cols = 60;
    expect(s, "pin a version");
    keys(s, "w");
    text_of(s);
    keys(s, "w | - - - -");
    expect(s, "0 lines around each hunk");
    keys(s, "+ + + + + + + + +");
    expect(s, "the whole file is shown");
    keys(s, "g");
    expect(s, "package k8s.latest_tag");
    keys(s, "/");
    type(s, "three");
    keys(s, "enter");
    expect(s, "hunk 2 of 2");
    keys(s, "n N right left G g pagedown pageup ctrl-d ctrl-u");
    close_screen(s);
}

/* What differs in blanks only is one row with a ~; a decision there is about both lines, and one
 * about the hunk takes them along. */
static void blanks_are_ignored(void **state)
{
    (void)state;
    struct changes changes = {0};
    struct change change = {
        .kind = CHANGE_UPDATE, .path = mem_strdup("a.rego"), .base_exists = true, .mode = 0644};
    buf_append_c(&change.base, "allow if {\n  input.x\n  input.y\n  input.z\n}\n");
    buf_append_c(&change.content, "allow if {\n    input.x\n    input.other\n    input. z\n}\n");
    VEC_PUSH(&changes, change);
    struct screen *s = open_changes(&changes, 30, 100);
    expect(s, "-   input.x");
    expect(s, "+     input.x");
    keys(s, "W");
    expect(s, "~     input.x");
    expect(s, "-   input.y");
    expect(s, "+     input.other");
    expect(s, "~     input. z");
    assert_null(strstr(text_of(s), "-   input.x"));
    keys(s, "space"); /* on the first row of the hunk */
    const struct review_file *file = review_file(s->review, 0);
    assert_int_equal(file->items.len, 6);
    for (size_t i = 0; i < file->items.len; i++) {
        size_t line = file->items.items[i].kind == REVIEW_DEL ? file->items.items[i].a
                                                              : file->items.items[i].b;
        assert_int_equal(file->items.items[i].decision, line == 1 ? REVIEW_ACCEPTED : REVIEW_OPEN);
    }
    keys(s, "a");
    assert_int_equal(review_count(review_file(s->review, 0), 0, 6).accepted, 6);
    keys(s, "| W");
    s->cols = 140;
    expect(s, "input.other");
    keys(s, "W");
    expect(s, "~");
    close_screen(s);
}

static void tests_are_shown(void **state)
{
    (void)state;
    struct screen *s = open_screen(40, 120);
    struct results results = {0};
    for (int i = 0; i < 3; i++) {
        struct result result = {.engine = "opa",
            .suite = mem_strdup("k8s.latest_tag_test"),
            .name = mem_printf("test_%d", i),
            .status = i == 2 ? RESULT_FAIL : RESULT_PASS,
            .file = mem_strdup("policies/latest_tag_test.rego"),
            .at = {5, 1},
            .message = i == 2 ? mem_strdup("expected deny\x1b[2J") : NULL};
        VEC_PUSH(&results, result);
    }
    struct coverage coverage = {0};
    coverage_add(
        &coverage, STR_LIT("policies/latest_tag.rego"), (struct coverage_range){7, 1, 8, 20}, true);
    coverage_add(&coverage, STR_LIT("policies/latest_tag.rego"),
        (struct coverage_range){9, 1, 9, 20}, false);
    coverage_finish(&coverage);
    struct review_results set = {
        .of = "the proposal", .running = true, .results = &results, .coverage = &coverage};
    review_pane_set_results(s->pane, &set);
    expect(s, "tests … 3");
    set.running = false;
    review_pane_set_results(s->pane, &set);
    expect(s, "tests ✗ 1");
    expect(s, "✗ 1 failed  ✓ 2 passed  the proposal");
    expect(s, "lines 7-8 covered");
    expect(s, "lines 9 not covered");
    expect(s, "✗ k8s.latest_tag_test.test_2");
    expect_not(s, "\x1b");
    set.trouble = "opa is not on PATH";
    review_pane_set_results(s->pane, &set);
    expect(s, "could not run");
    keys(s, "] t enter");
    assert_int_equal(s->try_file, 0);
    assert_int_equal(s->try_hunk, 1);
    assert_int_equal(s->finished, 1);
    results_free(&results);
    coverage_free(&coverage);
    close_screen(s);
}

static void a_change_underneath_is_seen(void **state)
{
    (void)state;
    struct screen *s = open_screen(40, 120);
    struct err err = {0};
    text_of(s);
    keys(s, "] x");
    type(s, "no");
    const struct review_file *file = review_file(s->review, 0);
    char *base = mem_printf("# mine\n%s", file->base->bytes.ptr);
    /* The engineer saved the file while the prompt was open. */
    assert_ok(review_rebase(s->review, 0, true, str_of(base), &err), err);
    keys(s, "enter");
    expect(s, "the proposal changed meanwhile");
    assert_int_equal(review_count_all(s->review).declined, 0);
    free(base);
    assert_ok(
        review_rebase(s->review, 0, true, STR_LIT("package k8s.latest_tag\n\ndeny := 7\n"), &err),
        err);
    struct key key = key_of_text(STR_LIT("a"), 0);
    app_key(s->app, &key); /* before any frame showed it */
    assert_int_equal(review_count_all(s->review).accepted, 0);
    expect(s, "conflict");
    close_screen(s);
}

static uint64_t random_state = 88172645463325252u;

static size_t below(size_t bound)
{
    return (size_t)((dice_roll(&random_state) >> 11) % bound);
}

static void any_keys_at_any_size(void **state)
{
    (void)state;
    static const char *const names[] = {"a", "x", "space", "v", "s", "e", "c", "u", "ctrl-r", "A",
        "D", "]", "[", "}", "{", "|", "w", "W", "+", "-", "j", "k", "g", "G", "C", "y", "t",
        "enter", "esc", "ctrl-s", "ctrl-d", "ctrl-u", "right", "left", "n", "b", "backspace"};
    for (size_t run = 0; run < 12; run++) {
        struct screen *s = open_screen(30, 100);
        struct err err = {0};
        for (size_t i = 0; i < 150; i++) {
            if (below(12) == 0) {
                s->rows = 10 + (int)below(40);
                s->cols = 40 + (int)below(120);
            }
            if (below(20) == 0) {
                size_t file = below(review_file_count(s->review));
                const struct review_file *f = review_file(s->review, file);
                struct buf base = BUF_INIT;
                buf_append_str(&base, buf_str(&f->base->bytes));
                buf_insert(&base, below(base.len + 1), "\nx", 2);
                assert_ok(review_rebase(s->review, file, below(6) != 0, buf_str(&base), &err), err);
                buf_free(&base);
            }
            struct key key;
            assert_true(key_parse(str_of(names[below(ARRAY_LEN(names))]), &key));
            app_key(s->app, &key);
            if (below(3) != 0) {
                text_of(s);
            }
        }
        close_screen(s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_fits_every_size),
        cmocka_unit_test(hunks_and_lines_are_decided),
        cmocka_unit_test(a_hunk_is_edited_in_place),
        cmocka_unit_test(it_splits_and_comments),
        cmocka_unit_test(sides_wrap_and_context),
        cmocka_unit_test(blanks_are_ignored),
        cmocka_unit_test(tests_are_shown),
        cmocka_unit_test(a_change_underneath_is_seen),
        cmocka_unit_test(any_keys_at_any_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
