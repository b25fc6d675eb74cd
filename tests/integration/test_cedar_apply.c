/* What sets of policies decide on requests, with the real cedar (tests/workspaces/cedar). */
#include "test.h"

#include "base/path.h"
#include "base/vec.h"
#include "engine/cedar_apply.h"
#include "engine/engine.h"

#include <stdlib.h>
#include <string.h>

struct seen {
    size_t cells;
    bool done;
    bool looks; /* at what was decided */
    size_t count[3];
    struct cedar_apply *apply;
    size_t cancel_at; /* cells; 0: never */
};

static const char *const requests[] = {"photos/ALLOW/ann_view.json", "photos/DENY/ann_delete.json",
    "photos/DENY/bob_view.json", "photos/DENY/misspelt.json"};

static void decided(void *data, const struct cedar_decision *decision)
{
    struct seen *seen = data;
    assert_non_null(decision->message);
    seen->cells++;
    seen->count[decision->verdict]++;
    if (seen->cells == seen->cancel_at) {
        cedar_apply_cancel(seen->apply);
        seen->done = true;
    }
}

static const struct cedar_decision *find(
    const struct cedar_decisions *decisions, size_t set, size_t request)
{
    VEC_FOREACH (const struct cedar_decision, decision, decisions) {
        if (decision->set == set && decision->request == request) {
            return decision;
        }
    }
    fail_msg("nothing is said of set %zu, request %zu", set, request);
    return NULL;
}

static void done(void *data, const struct cedar_decisions *decisions)
{
    struct seen *seen = data;
    assert_false(seen->done);
    seen->done = true;
    assert_int_equal(decisions->len, seen->cells);
    if (!seen->looks) {
        return;
    }
    const struct cedar_decision *cell = find(decisions, 0, 0);
    assert_int_equal(cell->verdict, CEDAR_ALLOW);
    assert_string_equal(cell->message, "permit owner");
    assert_string_equal(cell->policy_file, "photos/photos.cedar");
    assert_int_equal(cell->policy_at.row, 3);
    cell = find(decisions, 0, 1);
    assert_int_equal(cell->verdict, CEDAR_DENY);
    assert_string_equal(cell->message, "forbid locked");
    cell = find(decisions, 0, 2);
    assert_int_equal(cell->verdict, CEDAR_DENY);
    assert_string_equal(cell->message, "no policy applies");
    assert_int_equal(cell->reason.len, 0);
    cell = find(decisions, 0, 3);
    assert_int_equal(cell->verdict, CEDAR_ERROR);
    assert_non_null(strstr(cell->message, "is not defined in the supplied schema"));
    /* Two files, one set; the second policy cannot be evaluated without the entity, and says so. */
    cell = find(decisions, 1, 0);
    assert_int_equal(cell->verdict, CEDAR_ALLOW);
    assert_string_equal(cell->message, "permit a");
    assert_string_equal(cell->policy_file, "split/policies/a.cedar");
    /* Policies that do not parse decide nothing. */
    assert_int_equal(find(decisions, 2, 0)->verdict, CEDAR_ERROR);
    assert_non_null(strstr(find(decisions, 2, 0)->message, "unexpected token"));
}

static void apply_all(struct seen *seen, const char *program, bool cancel_at_once)
{
    static const char *const photos[] = {"photos/photos.cedar"};
    static const char *const split[] = {"split/policies/a.cedar", "split/policies/b.cedar"};
    static const char *const wrong[] = {"wrong/photos.cedar"};
    const struct cedar_apply_set sets[] = {
        {photos, 1, "photos/photos.cedarschema", "photos/photos.cedarentities.json", NULL},
        {split, 2, NULL, NULL, NULL}, {wrong, 1, NULL, NULL, NULL}};
    struct err err;
    struct loop *loop = loop_new(&err);
    char *root = test_source_path("tests/workspaces/cedar");
    struct cedar_apply_options options = {.program = program,
        .dir = root,
        .sets = sets,
        .set_count = ARRAY_LEN(sets),
        .requests = requests,
        .request_count = ARRAY_LEN(requests)};
    seen->apply = cedar_apply_start(loop, &options, decided, done, seen);
    if (cancel_at_once) {
        cedar_apply_cancel(seen->apply);
    } else {
        assert_true(loop_run_until(loop, &seen->done, 240000));
    }
    loop_free(loop);
    free(root);
}

static char *program;

static void every_cell(void **state)
{
    (void)state;
    struct seen seen = {.looks = true};
    apply_all(&seen, program, false);
    assert_int_equal(seen.cells, 12);
    assert_true(seen.count[CEDAR_ERROR] >= 5);
}

static void cancelled(void **state)
{
    (void)state;
    struct seen seen = {.cancel_at = 3};
    apply_all(&seen, program, false);
    assert_int_equal(seen.cells, 3);
    seen = (struct seen){0};
    apply_all(&seen, program, true);
    assert_int_equal(seen.cells, 0);
    assert_false(seen.done);
}

static void no_program(void **state)
{
    (void)state;
    struct seen seen = {0};
    apply_all(&seen, "/nonexistent/cedar", false);
    assert_int_equal(seen.count[CEDAR_ERROR], 12);
}

int main(void)
{
    struct err err;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_cell),
        cmocka_unit_test(cancelled),
        cmocka_unit_test(no_program),
    };
    program = engine_find(&engine_cedar, &err);
    if (program == NULL) {
        print_message("SKIPPED: %s\n", err.text);
        return 77;
    }
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    free(program);
    return failed;
}
