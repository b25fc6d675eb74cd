/* The keys as they are delivered: no two actions of one pane on one key, in neither key set, and
 * every one can be taken away and given another. */
#include "test.h"

#include "desk.h"
#include "keymap.h"

static void test_no_conflicts(void **state)
{
    (void)state;
    for (int vi = 0; vi < 2; vi++) {
        struct keymap *keymap = keymap_new(vi == 1);
        struct buf what = BUF_INIT;
        desk_add_keys(keymap);
        if (keymap_conflict(keymap, NULL, &what)) {
            fail_msg("in key set %d: %s", vi, what.ptr);
        }
        buf_free(&what);
        keymap_free(keymap);
    }
}

static void test_every_key_can_be_unset(void **state)
{
    (void)state;
    struct keymap *keymap = keymap_new(false);
    const struct action_set *const *sets;
    struct err err;
    desk_add_keys(keymap);
    size_t count = keymap_sets(keymap, &sets);
    assert_true(count > 5);
    for (size_t s = 0; s < count; s++) {
        for (size_t i = 0; i < sets[s]->count; i++) {
            const struct action *action = &sets[s]->actions[i];
            struct buf keys = BUF_INIT;
            assert_ok(keymap_remap(keymap, action->id, "", &err), err);
            keymap_append_keys(keymap, action, false, &keys);
            assert_int_equal(keys.len, 0);
            assert_ok(keymap_remap(keymap, action->id, "ctrl-x,ctrl-s", &err), err);
            keymap_append_keys(keymap, action, false, &keys);
            assert_string_equal(keys.ptr, "^X ^S");
            assert_ok(keymap_remap(keymap, action->id, "", &err), err);
            buf_free(&keys);
        }
    }
    keymap_free(keymap);
}

static void test_ids_are_unique(void **state)
{
    (void)state;
    struct keymap *keymap = keymap_new(false);
    const struct action_set *const *sets;
    desk_add_keys(keymap);
    size_t count = keymap_sets(keymap, &sets);
    for (size_t s = 0; s < count; s++) {
        for (size_t i = 0; i < sets[s]->count; i++) {
            assert_ptr_equal(keymap_action(keymap, sets[s]->actions[i].id), &sets[s]->actions[i]);
        }
    }
    keymap_free(keymap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_conflicts),
        cmocka_unit_test(test_every_key_can_be_unset),
        cmocka_unit_test(test_ids_are_unique),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
