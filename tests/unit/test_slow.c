/* Long work in slices (base/slow.h): it is held and goes on, can be told to stop, and gives way to
 * whoever is about to change what it works on. */
#include "test.h"

#include "base/slow.h"
#include "text/text.h"

#define STEPS 100000

struct count {
    size_t steps, turns;
    bool stopped;
    struct text *text; /* or NULL: gets a letter at each step */
};

static void count(void *data)
{
    struct count *count = data;
    for (size_t i = 0; i < STEPS; i++) {
        if (!slow_breathe(i, STEPS)) {
            count->stopped = true;
            return;
        }
        assert_true(slow_is_within());
        assert_false(slow_is_held());
        count->steps++;
        if (count->text != NULL) {
            assert_true(text_insert(count->text, 0, STR_LIT("x"), NULL));
        }
    }
}

static void test_slices(void **state)
{
    (void)state;
    struct count counted = {0};
    size_t done, total, before = 0;
    assert_true(slow_breathe(1, 2)); /* outside of any work */
    assert_false(slow_is_within());
    bool ended = slow_run(count, &counted, NULL, 0);
    assert_false(ended);
    while (!ended) {
        assert_true(slow_is_held());
        slow_progress(&done, &total);
        assert_int_equal(total, STEPS);
        assert_in_range(done, before, STEPS);
        assert_true(counted.steps <= done);
        before = done;
        counted.turns++;
        ended = slow_go_on(0);
    }
    assert_int_equal(counted.steps, STEPS);
    assert_true(counted.turns > 100);
    assert_false(counted.stopped);
    assert_false(slow_is_held());
    assert_true(slow_go_on(0));
    counted = (struct count){0};
    assert_true(slow_run(count, &counted, NULL, UINT64_MAX / 2));
    assert_int_equal(counted.steps, STEPS);
}

static void test_stop(void **state)
{
    (void)state;
    struct count first = {0}, second = {0};
    assert_false(slow_run(count, &first, NULL, 0));
    slow_cancel();
    assert_true(slow_go_on(0));
    assert_true(first.stopped);
    assert_true(first.steps < STEPS);
    first = (struct count){0};
    assert_false(slow_run(count, &first, NULL, 0));
    assert_false(slow_run(count, &second, NULL, 0)); /* stops the first */
    assert_true(first.stopped);
    assert_false(second.stopped);
    slow_stop();
    assert_true(second.stopped);
    slow_stop();
}

static void test_let_go(void **state)
{
    (void)state;
    struct text *text = text_new(STR_LIT("")), *other = text_new(STR_LIT(""));
    struct count counted = {.text = text};
    assert_false(slow_run(count, &counted, text, 0));
    assert_true(text_insert(other, 0, STR_LIT("y"), NULL)); /* not what it works on */
    assert_true(slow_is_held());
    assert_true(text_insert(text, 0, STR_LIT("y"), NULL));
    assert_false(slow_is_held());
    assert_true(counted.stopped);
    assert_int_equal(text_length(text), counted.steps + 1);
    assert_int_equal(text_byte(text, 0), 'y');
    text_free(text);
    text_free(other);
}

struct undoing {
    struct text *text;
    bool done;
};

static void undo(void *data)
{
    struct undoing *undoing = data;
    undoing->done = text_undo(undoing->text, NULL);
}

static void redo(void *data)
{
    struct undoing *undoing = data;
    undoing->done = text_redo(undoing->text, NULL);
}

/* A step of many edits that is stopped half-way is as it was. */
static void test_undo_is_whole(void **state)
{
    (void)state;
    struct text *text = text_new(STR_LIT("begin"));
    text_begin(text);
    for (size_t i = 0; i < 10000; i++) {
        assert_true(text_insert(text, i % 5, STR_LIT("ab"), NULL));
    }
    text_end(text);
    struct undoing undoing = {text, true};
    size_t length = text_length(text);
    assert_false(slow_run(undo, &undoing, text, 0));
    assert_true(text_length(text) < length);
    slow_cancel();
    while (!slow_go_on(0)) {
    }
    assert_false(undoing.done);
    assert_int_equal(text_length(text), length);
    assert_true(slow_run(undo, &undoing, text, UINT64_MAX / 2));
    assert_true(undoing.done);
    assert_true(text_equals(text, STR_LIT("begin")));
    assert_false(slow_run(redo, &undoing, text, 0));
    slow_stop();
    assert_false(undoing.done);
    assert_true(text_equals(text, STR_LIT("begin")));
    assert_true(text_redo(text, NULL));
    assert_int_equal(text_length(text), length);
    text_free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_slices),
        cmocka_unit_test(test_stop),
        cmocka_unit_test(test_let_go),
        cmocka_unit_test(test_undo_is_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
