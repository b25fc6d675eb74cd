/* From controls to commits: rows of a small workspace in a repository of its own, and what is
 * written of them. */
#include "test.h"

#include "base/json.h"
#include "base/vec.h"
#include "control/csv.h"
#include "control/lineage.h"

#include <stdlib.h>

struct world {
    char *dir;
    struct catalog *catalog;
    struct requirements list;
    struct benchmark *benchmark;
    struct cover_map map;
    struct lineage lineage;
};

static void put(struct world *world, const char *path, const char *text)
{
    test_write(world->dir, path, text);
    catalog_put(world->catalog, path, policy_symbols_parse(path, str_of(text)));
}

static void git(const struct world *world, const char *script)
{
    const char *argv[] = {"sh", "-ec", script, NULL};
    free(test_run(world->dir, argv));
}

static void make(struct world *world)
{
    *world = (struct world){.dir = test_dir_make(), .catalog = catalog_new()};
    put(world, "p/a.rego",
        "# METADATA\n# title: A\n# custom:\n#   control: A-1\npackage p.a\n\n"
        "deny contains \"x\" if input.x\n\ndeny contains \"y\" if input.y\n\nhelper if input.z\n");
    put(world, "p/a_test.rego",
        "package p.a_test\n\nimport data.p.a\n\ntest_x if count(a.deny) == 1 with input as {}\n");
    put(world, "p/testdata/x.yaml", "kind: Pod\nmetadata: {name: <x>}\n");
    put(world, "q/b.rego",
        "# METADATA\n# custom:\n#   control: A-2\npackage q.b\n\ndeny contains \"x\" if input.x\n");
    put(world, "q/c.rego", "package q.c\n\ndeny contains \"x\" if input.x\n");
    put(world, "q/d.rego",
        "# METADATA\n# custom:\n#   control: Z-9\npackage q.d\n\ndeny contains \"x\" if input.x\n");
    put(world, "q/lib.rego", "package q.lib\n\nused(x) if x.y\n");
    put(world, "g/template.yaml",
        "apiVersion: templates.gatekeeper.sh/v1\nkind: ConstraintTemplate\nmetadata:\n"
        "  name: k8sthing\nspec:\n  crd: {spec: {names: {kind: K8sThing}}}\n  targets: []\n");
    put(world, "g/constraint.yaml",
        "apiVersion: constraints.gatekeeper.sh/v1beta1\nkind: K8sThing\nmetadata:\n  name: thing\n"
        "  annotations:\n    control: A-4\n");
    git(world,
        "git init -q -b main .; git config user.name Ann; git config user.email a@example.org\n"
        "git add -A; git reset -q q; git commit -qm 'First <b>policies</b>'\n"
        "git add q/b.rego q/d.rego; git commit -qm 'Second'\n"
        "git checkout -q -b side; echo '# more' >>q/b.rego; git commit -qam 'Beside'\n"
        "git checkout -q main; echo '# x' >>p/a_test.rego; git commit -qam 'Other'\n"
        "git merge -q -m 'Merge' side; echo '# changed' >>q/d.rego");
}

static void trace(struct world *world)
{
    struct err err;
    assert_ok(requirements_parse(STR_LIT("id,text\nA-1,One <script>\nA-2,Two\nA-3,\"Three, |3|\"\n"
                                         "A-4,Four\n"),
                  "r.csv", NULL, WANT_TEXT, &world->list, &err),
        err);
    world->benchmark = benchmark_builtin();
    cover_take_benchmark(&world->list, world->benchmark);
    cover_map_build(world->catalog, &world->list, &world->map);
    struct lineage_maker *maker =
        lineage_begin(world->catalog, &world->list, &world->map, world->benchmark);
    while (!lineage_step(maker, 0)) {
    }
    lineage_finish(maker, &world->lineage);
    assert_ok(lineage_read_commits(&world->lineage, world->dir, NULL, &err), err);
}

static void end(struct world *world)
{
    lineage_free(&world->lineage);
    cover_map_free(&world->map);
    requirements_free(&world->list);
    benchmark_free(world->benchmark);
    catalog_free(world->catalog);
    test_dir_remove(world->dir);
}

static void rows(void **state)
{
    (void)state;
    struct world world;
    struct buf have = BUF_INIT;
    make(&world);
    trace(&world);
    VEC_FOREACH (const struct lineage_row, row, &world.lineage.rows) {
        const struct last_commit *commit = row->commit;
        buf_printf(&have, "%s %s %s/%s %s:%u tests %zu fixtures %zu %s%s %s\n",
            lineage_state_name(row->state), lineage_control_id(&world.lineage, row), row->policy,
            row->rule.name, row->rule.path, row->rule.row + 1, row->tests.len, row->fixtures.len,
            commit == NULL || commit->subject == NULL ? "-" : commit->subject,
            commit != NULL && commit->is_changed ? "*" : "", row->note);
    }
    assert_string_equal(have.ptr,
        "uncovered A-3 / :1 tests 0 fixtures 0 - no policy names it, and none reads like it\n"
        "untested A-2 q.b/deny q/b.rego:6 tests 0 fixtures 0 Beside \n"
        "untested A-4 thing/K8sThing g/template.yaml:6 tests 0 fixtures 0 First <b>policies</b> \n"
        "orphaned  q.c/deny q/c.rego:3 tests 0 fixtures 0 -* names no control\n"
        "orphaned  q.d/deny q/d.rego:6 tests 0 fixtures 0 Second* names Z-9, which nobody asks "
        "for\n"
        "traced A-1 p.a/deny p/a.rego:7 tests 1 fixtures 1 First <b>policies</b> \n");
    assert_int_equal(world.lineage.controls[LINEAGE_TRACED], 1);
    assert_int_equal(world.lineage.controls[LINEAGE_UNTESTED], 2);
    assert_int_equal(world.lineage.controls[LINEAGE_UNCOVERED], 1);
    assert_int_equal(world.lineage.counts[LINEAGE_ORPHANED], 2);
    /* q/c.rego is in no commit. */
    assert_false(world.lineage.commits_complete);
    buf_free(&have);
    end(&world);
}

static bool count_cells(void *data, const struct csv_row *row, struct err *err)
{
    (void)err;
    assert_int_equal(row->len, 12);
    ++*(size_t *)data;
    return true;
}

static void written(void **state)
{
    (void)state;
    struct world world;
    struct buf out = BUF_INIT;
    struct err err;
    size_t count = 0;
    make(&world);
    trace(&world);

    lineage_write_csv(&world.lineage, &out);
    assert_true(csv_read_text(buf_str(&out), "t.csv", count_cells, &count, &err));
    assert_int_equal(count, 7);
    assert_non_null(strstr(out.ptr, "test_x p/a_test.rego:5"));
    buf_clear(&out);

    lineage_write_json(&world.lineage, &out);
    cJSON *json = json_parse(buf_str(&out), &err);
    assert_int_equal(cJSON_GetArraySize(json_get(json, "rows")), 6);
    assert_int_equal(json_int_or(json, "orphaned", 0), 2);
    cJSON_Delete(json);
    buf_clear(&out);

    lineage_write_markdown(&world.lineage, &out);
    assert_non_null(strstr(out.ptr, "Three, \\|3\\|"));
    assert_non_null(strstr(out.ptr, "One \\<script\\>"));
    buf_clear(&out);

    lineage_write_html(&world.lineage, "Ours & <yours>", &out);
    assert_non_null(strstr(out.ptr, "<title>Ours &amp; &lt;yours&gt;</title>"));
    assert_non_null(strstr(out.ptr, "One &lt;script&gt;"));
    assert_non_null(strstr(out.ptr, "First &lt;b&gt;policies&lt;/b&gt;"));
    assert_null(strstr(out.ptr, "One <script>"));
    assert_null(strstr(out.ptr, "//"));
    assert_null(strstr(out.ptr, "src="));
    assert_non_null(strstr(out.ptr, "default-src 'none'"));
    buf_free(&out);
    end(&world);
}

/* The required members and the forms of OSCAL 1.1.2; integration/trace has the published schema. */
static void component_definition(void **state)
{
    (void)state;
    struct world world;
    struct buf out = BUF_INIT;
    struct err err;
    make(&world);
    trace(&world);
    lineage_write_oscal(&world.lineage, "ours", 1795739345, &out);
    cJSON *json = json_parse(buf_str(&out), &err);
    const cJSON *definition = json_get(json, "component-definition");
    const char *uuid = json_string(definition, "uuid");
    assert_int_equal(strlen(uuid), 36);
    assert_int_equal(uuid[14], '5');
    assert_int_equal(uuid[19], 'a');
    assert_string_equal(
        json_string(json_get(definition, "metadata"), "last-modified"), "2026-11-27T00:29:05Z");
    const cJSON *components = json_get(definition, "components");
    assert_int_equal(cJSON_GetArraySize(components), 3);
    const cJSON *last = cJSON_GetArrayItem(components, 1);
    assert_string_equal(json_string(last, "title"), "p.a");
    assert_string_equal(json_string(last, "type"), "policy");
    const cJSON *implementation = cJSON_GetArrayItem(json_get(last, "control-implementations"), 0);
    assert_string_equal(json_string(implementation, "source"), "r.csv");
    const cJSON *implemented =
        cJSON_GetArrayItem(json_get(implementation, "implemented-requirements"), 0);
    assert_string_equal(json_string(implemented, "control-id"), "A-1");
    cJSON_Delete(json);
    buf_free(&out);
    end(&world);
}

static void without_repository(void **state)
{
    (void)state;
    struct err err;
    struct last_commit item = {.path = (char *)"a"};
    bool complete = true;
    char *dir = test_dir_make();
    assert_false(last_commits_read(dir, &item, 1, 10, NULL, &complete, &err));
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    assert_false(complete);
    test_dir_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows),
        cmocka_unit_test(written),
        cmocka_unit_test(component_definition),
        cmocka_unit_test(without_repository),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
