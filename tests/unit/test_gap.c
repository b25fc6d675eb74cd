/* Controls and the policies that name them, or only read like them; and what is said of each. */
#include "test.h"

#include "base/json.h"
#include "base/vec.h"
#include "control/controls.h"
#include "control/csv.h"
#include "control/gap.h"

#include <stdlib.h>

struct world {
    struct catalog *catalog;
    struct requirements list;
    struct benchmark *benchmark;
    struct cover_map map;
    struct gaps gaps;
};

static void put(struct world *world, const char *path, const char *text)
{
    catalog_put(world->catalog, path, policy_symbols_parse(path, str_of(text)));
}

static void begin(struct world *world)
{
    *world = (struct world){.catalog = catalog_new()};
}

static void find(struct world *world, const char *matrix)
{
    struct err err;
    assert_ok(
        requirements_parse(str_of(matrix), "r.csv", NULL, WANT_TEXT, &world->list, &err), err);
    world->benchmark = benchmark_builtin();
    cover_take_benchmark(&world->list, world->benchmark);
    cover_map_build(world->catalog, &world->list, &world->map);
    gaps_find(&world->list, &world->map, &world->gaps);
}

static void end(struct world *world)
{
    gaps_free(&world->gaps);
    cover_map_free(&world->map);
    requirements_free(&world->list);
    benchmark_free(world->benchmark);
    catalog_free(world->catalog);
}

static void expect(const struct world *world, size_t at, const char *want)
{
    struct buf have = BUF_INIT;
    const struct gap *gap = &world->gaps.items[at];
    buf_printf(&have, "%s %s: ", gap->requirement->id, gap_status_name(gap->status));
    gap_append_evidence(gap, 2, &have);
    assert_string_equal(have.ptr, want);
    buf_free(&have);
}

static const char kyverno[] = "apiVersion: kyverno.io/v1\n"
                              "kind: ClusterPolicy\n"
                              "metadata:\n"
                              "  name: no-host-pid\n"
                              "  annotations:\n"
                              "    policies.kyverno.io/title: No host PID\n"
                              "    cis-k8s-1.9: \"5.2.3\"\n"
                              "spec:\n"
                              "  rules: []\n";

static const char template[] = "apiVersion: templates.gatekeeper.sh/v1\n"
                               "kind: ConstraintTemplate\n"
                               "metadata:\n"
                               "  name: k8spspprivilegedcontainer\n"
                               "  annotations:\n"
                               "    metadata.gatekeeper.sh/title: \"Privileged Container\"\n"
                               "spec:\n"
                               "  crd: {spec: {names: {kind: K8sPSPPrivilegedContainer}}}\n"
                               "  targets: []\n";

static void statuses(void **state)
{
    (void)state;
    struct world world;
    begin(&world);
    put(&world, "k/pid.yaml", kyverno);
    put(&world, "g/template.yaml", template);
    put(&world, "p/ipc.rego",
        "# METADATA\n# title: IPC\n# custom:\n#   frameworks:\n#     k8s-cis-1.23:\n"
        "#       - \"5.2.4\"\n#       - \"5.2.99\"\npackage p.ipc\n\ndeny contains \"x\" if "
        "input.x\n");
    put(&world, "p/cis_5_2_5.rego", "package p.cis_5_2_5\n\ndeny contains \"x\" if input.x\n");
    put(&world, "p/own.rego",
        "# METADATA\n# custom:\n#   controls: [k8s-01, \"5.1.1\", \"1.2.1\"]\npackage p.own\n\n"
        "deny contains \"x\" if input.x\n");
    /* A fixture implements nothing. */
    put(&world, "p/testdata/pod.yaml",
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n  annotations:\n    control: 5.2.6\n");
    find(&world, "id,text,framework,version\n"
                 "5.2.3,No host PID namespace,cis-k8s,1.9\n"
                 "5.2.2,,cis-k8s,1.9\n"
                 "5.2.4,Host IPC,cis-k8s,1.9\n"
                 "5.2.5,Host network,cis-k8s,1.9\n"
                 "K8S-01,Ours,internal,\n"
                 "5.1.1,cluster-admin,cis-k8s,1.9\n"
                 "1.2.1,--anonymous-auth,cis-k8s,1.9\n"
                 "1.2.2,--token-auth-file,cis-k8s,1.9\n"
                 "5.2.6,allowPrivilegeEscalation,cis-k8s,1.9\n");
    expect(&world, 0,
        "5.2.3 covered: k/pid.yaml:7 annotation names 5.2.3 of cis-k8s-1.9 (no-host-pid)");
    expect(&world, 1,
        "5.2.2 partly: nothing names it: a policy only reads like it: g/template.yaml:8 reads like "
        "it, and names no control (K8sPSPPrivilegedContainer)");
    expect(&world, 2,
        "5.2.4 partly: numbered as in another version of the framework: p/ipc.rego:6 metadata "
        "names "
        "5.2.4 of k8s-cis-1.23, another version (p.ipc)");
    expect(&world, 3,
        "5.2.5 partly: only a name has the number in it: p/cis_5_2_5.rego:1 has 5.2.5 of cis in "
        "its "
        "name (p.cis_5_2_5)");
    expect(&world, 4, "K8S-01 covered: p/own.rego:3 metadata names k8s-01 (p.own)");
    expect(&world, 5,
        "5.1.1 partly: a policy sees only a part of it: p/own.rego:3 metadata names 5.1.1 (p.own)");
    expect(&world, 6,
        "1.2.1 partly: seen in manifests, not at admission: p/own.rego:3 metadata names "
        "1.2.1 (p.own)");
    expect(&world, 7,
        "1.2.2 not checkable: a file or a flag of a node: no admission request shows it");
    expect(&world, 8, "5.2.6 gap: no policy names it, and none reads like it");
    assert_int_equal(world.map.strays.len, 1);
    assert_string_equal(world.map.strays.items[0].said, "5.2.99 of k8s-cis-1.23");
    struct buf text = BUF_INIT;
    cover_explain_stray(&world.map.strays.items[0], world.benchmark, &text);
    assert_non_null(strstr(text.ptr, "5.2.99 is numbered as in k8s-cis-1.23, not cis-k8s 1.9"));
    buf_free(&text);
    end(&world);
}

static void notes_and_suggestions(void **state)
{
    (void)state;
    struct world world;
    begin(&world);
    find(&world,
        "id,text,framework\n"
        "5.2.2,Minimize sharing the host process ID namespace,CIS Kubernetes Benchmark 1.9\n"
        "5.2.77,No host network,cis-k8s\n"
        "A-1,Buckets of S3 are not public,internal\n"
        "A-2,Images are signed unless they are ours,internal\n");
    assert_string_equal(world.list.items[0].note,
        "5.2.2 is another control in cis-k8s 1.9: these words are those of 5.2.3 (Pod hostPID)");
    assert_non_null(strstr(world.list.items[1].note, "cis-k8s 1.9 has no control 5.2.77"));
    assert_null(world.list.items[2].note);
    assert_int_equal(world.gaps.flagged, 2);
    assert_string_equal(world.gaps.items[0].type, "gatekeeper");
    assert_string_equal(world.gaps.items[0].complexity, "low");
    assert_string_equal(world.gaps.items[2].type, "conftest");
    assert_string_equal(world.gaps.items[3].type, "kyverno");
    assert_string_equal(world.gaps.items[3].complexity, "high");
    end(&world);
    begin(&world);
    put(&world, "k/pid.yaml", kyverno);
    find(&world, "id,text\nA-1,Nobody is root\n");
    assert_string_equal(world.gaps.items[0].type, "kyverno");
    end(&world);
}

/* What is written can be read again, as `bylaw generate` does. */
static void written_and_read(void **state)
{
    (void)state;
    struct world world;
    struct buf out = BUF_INIT;
    struct requirements again;
    struct err err;
    begin(&world);
    find(&world, "id,text\nA-1,\"One, \"\"two\"\"\nthree\"\n5.4.2,x\n");
    gaps_write_csv(&world.gaps, &out);
    assert_true(str_starts(buf_str(&out), "control_id,control_description,suggested_policy_type,"
                                          "complexity,evidence,status,"));
    assert_ok(requirements_parse(buf_str(&out), "gaps.csv", NULL, WANT_TEXT, &again, &err), err);
    assert_string_equal(again.items[0].text, "One, \"two\"\nthree");
    assert_string_equal(again.items[0].policy_type, "gatekeeper");
    assert_string_equal(again.items[0].status, "gap");
    assert_string_equal(again.items[1].status, "not checkable");
    requirements_free(&again);
    buf_clear(&out);
    gaps_write_json(&world.gaps, &out);
    cJSON *json = json_parse(buf_str(&out), &err);
    assert_int_equal(cJSON_GetArraySize(json), 2);
    cJSON_Delete(json);
    buf_clear(&out);
    gaps_write_table(&world.gaps, 80, &out);
    assert_non_null(strstr(out.ptr, "A-1 "));
    buf_free(&out);
    end(&world);
}

/* What is asked for where nobody says it. */
static void found(void **state)
{
    (void)state;
    struct controls controls;
    struct err err;
    char *dir = test_dir_make();
    struct controls_wish wish = {.root = dir};
    assert_false(controls_open(&wish, &controls, &err));
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    test_write(dir, "requirements/ours.csv", "id,text\nA-1,x\nA-2,y\n");
    assert_ok(controls_open(&wish, &controls, &err), err);
    assert_int_equal(controls.list.len, 2);
    controls_free(&controls);
    test_write(dir, "requirements.csv", "id,text\nB-1,x\nB-2,y\n");
    wish.only = "b-2,C*";
    assert_ok(controls_open(&wish, &controls, &err), err);
    assert_int_equal(controls.list.len, 1);
    assert_string_equal(controls.list.items[0].id, "B-2");
    controls_free(&controls);
    wish.only = "Z";
    assert_false(controls_open(&wish, &controls, &err));
    wish = (struct controls_wish){.root = dir, .requirements = "cis-k8s-1.9"};
    assert_ok(controls_open(&wish, &controls, &err), err);
    assert_int_equal(controls.list.len, 130);
    controls_free(&controls);
    test_dir_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statuses),
        cmocka_unit_test(notes_and_suggestions),
        cmocka_unit_test(written_and_read),
        cmocka_unit_test(found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
