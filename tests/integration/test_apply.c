/* Every policy applied to every fixture with the real engines, against what their own command lines
 * say; and what comes of policies that do not load, of documents that spoil a batch, of unsaved
 * texts and of tools that are not there. */
#include "test.h"

#include "apply/matrix.h"
#include "base/json.h"
#include "base/path.h"
#include "base/vec.h"
#include "engine/conftest.h"
#include "loop/process.h"
#include "sandbox/confined.h"
#include "sandbox/sandbox.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct fixture {
    struct loop *loop;
    struct apply_run *run;
    struct matrix *matrix;
    const struct apply_set *set;
    unsigned generation;
    size_t cells;
    bool done;
    char *trouble;
};

static void on_planned(void *data, unsigned generation, const struct apply_set *set)
{
    struct fixture *f = data;
    assert_int_equal(generation, f->generation);
    f->set = set;
    matrix_plan(f->matrix, MATRIX_NOW, set);
}

static void on_cell(
    void *data, unsigned generation, size_t policy, size_t fixture, struct apply_cell *cell)
{
    struct fixture *f = data;
    assert_int_equal(generation, f->generation);
    f->cells++;
    matrix_set(f->matrix, MATRIX_NOW, policy, fixture, cell);
}

static void on_done(void *data, unsigned generation, const char *trouble)
{
    struct fixture *f = data;
    assert_int_equal(generation, f->generation);
    f->done = true;
    f->trouble = mem_strdup(trouble);
}

static void begin(struct fixture *f)
{
    struct err err;
    *f = (struct fixture){0};
    f->loop = loop_new(&err);
    f->matrix = matrix_new();
    struct apply_events events = {
        .data = f, .planned = on_planned, .cell = on_cell, .done = on_done};
    f->run = apply_run_new(f->loop, &events);
}

static void end(struct fixture *f)
{
    apply_run_free(f->run);
    matrix_free(f->matrix);
    loop_free(f->loop);
    free(f->trouble);
}

static void start(
    struct fixture *f, const char *root, const struct policy_text *texts, size_t count)
{
    struct apply_options options = {.root = root, .texts = texts, .text_count = count};
    f->done = false;
    f->cells = 0;
    free(f->trouble);
    f->trouble = NULL;
    f->generation++;
    assert_int_equal(apply_run_start(f->run, &options), f->generation);
}

/* Each cell is told exactly once, and none is left waiting. */
static void finish(struct fixture *f)
{
    assert_true(loop_run_until(f->loop, &f->done, 240000));
    if (f->trouble != NULL) {
        fail_msg("%s", f->trouble);
    }
    assert_int_equal(f->cells, f->set->policies.len * f->set->fixtures.len);
    assert_int_equal(matrix_count(f->matrix).of[APPLY_WAITING], 0);
    assert_false(apply_run_is_running(f->run));
}

static void apply(struct fixture *f, const char *root)
{
    start(f, root, NULL, 0);
    finish(f);
}

static const struct apply_cell *cell(struct fixture *f, const char *policy, const char *fixture)
{
    for (size_t p = 0; p < matrix_policies(f->matrix); p++) {
        for (size_t k = 0; k < matrix_fixtures(f->matrix); k++) {
            if (strcmp(matrix_policy(f->matrix, p)->name, policy) == 0 &&
                strcmp(matrix_fixture(f->matrix, k)->id, fixture) == 0) {
                return matrix_cell(f->matrix, MATRIX_NOW, p, k);
            }
        }
    }
    fail_msg("there is no cell of %s and %s", policy, fixture);
    return NULL;
}

static void assert_cell(struct fixture *f, const char *policy, const char *fixture,
    enum apply_verdict verdict, const char *message)
{
    const struct apply_cell *found = cell(f, policy, fixture);
    if (found->verdict != verdict) {
        fail_msg("%s on %s: %s (%s), not %s", policy, fixture, apply_verdict_name(found->verdict),
            found->message == NULL ? "" : found->message, apply_verdict_name(verdict));
    }
    if (message != NULL && (found->message == NULL || strstr(found->message, message) == NULL)) {
        fail_msg("%s on %s says %s, not %s", policy, fixture,
            found->message == NULL ? "nothing" : found->message, message);
    }
}

static char *workspace(const char *name)
{
    char *relative = mem_printf("tests/workspaces/%s", name);
    char *root = test_source_path(relative);
    free(relative);
    return root;
}

static void need(const struct engine *engine)
{
    struct err err;
    char *program = engine_find(engine, &err);
    if (program == NULL) {
        print_message("skipped: %s\n", err.text);
        skip();
    }
    free(program);
}

/* What a program prints, whatever it ends with. */
static char *ask(struct fixture *f, const char *dir, const char *const *argv)
{
    struct err err;
    struct buf out = BUF_INIT;
    struct process_result ended;
    struct process_options options = {.argv = argv, .cwd = dir, .timeout_ms = 240000};
    assert_ok(process_run(f->loop, &options, &out, NULL, &ended, &err), err);
    return buf_take(&out);
}

/* ---- opa ---- */

static void compare_opa(struct fixture *f, const char *root, const char *opa, size_t fixture)
{
    const char *path = matrix_fixture(f->matrix, fixture)->id;
    for (size_t p = 0; p < matrix_policies(f->matrix); p++) {
        const struct matrix_head *policy = matrix_policy(f->matrix, p);
        if (strcmp(policy->engine, "opa") != 0) {
            continue;
        }
        char *query = mem_printf("data.%s.deny", policy->name);
        const char *argv[] = {opa, "eval", "--format=raw", "-d", "policies/lib/k8s/k8s.rego", "-d",
            "policies/k8s/privileged/privileged.rego", "-d",
            "policies/k8s/required_labels/required_labels.rego", "-d",
            "conftest/terraform/terraform.rego", "--input", path, query, NULL};
        char *said = ask(f, root, argv);
        cJSON *messages = json_parse(str_of(said), NULL);
        const struct apply_cell *shown = matrix_cell(f->matrix, MATRIX_NOW, p, fixture);
        assert_int_equal(
            shown->verdict, cJSON_GetArraySize(messages) > 0 ? APPLY_DENY : APPLY_ALLOW);
        const cJSON *message;
        cJSON_ArrayForEach(message, messages)
        {
            assert_non_null(strstr(shown->message, message->valuestring));
        }
        cJSON_Delete(messages);
        free(said);
        free(query);
    }
}

static void opa_decides_as_on_its_command_line(void **state)
{
    struct fixture f;
    struct err err;
    (void)state;
    need(&engine_opa);
    begin(&f);
    char *opa = engine_find(&engine_opa, &err);
    char *root = workspace("sample");
    apply(&f, root);
    assert_true(matrix_policies(f.matrix) >= 3);
    assert_int_equal(matrix_fixtures(f.matrix), 9);
    for (size_t i = 0; i < matrix_fixtures(f.matrix); i++) {
        compare_opa(&f, root, opa, i);
    }
    assert_true(matrix_count(f.matrix).of[APPLY_DENY] > 0);
    free(root);
    free(opa);
    end(&f);
}

/* A folder with a policy of each kind of rule, and documents that are not all well. */
static char *make_workspace(void)
{
    char *dir = test_dir_make();
    test_write(dir, "policy/rules.rego",
        "package rules\n\n"
        "deny contains \"no\" if input.no\n\n"
        "warn contains {\"msg\": \"look\"} if input.look\n");
    test_write(
        dir, "policy/gate.rego", "package gate\n\ndefault allow := false\n\nallow if input.ok\n");
    test_write(dir, "policy/silent.rego", "package silent\n\nallow if input.ok\n");
    test_write(dir, "policy/clash.rego",
        "package clash\n\ndeny := \"a\" if input.clash\n\ndeny := \"b\" if input.clash\n");
    test_write(dir, "policy/old.rego", "package old\n\ndeny[msg] { input.no; msg := \"old\" }\n");
    test_write(dir, "policy/broken.rego", "package broken\n\ndeny contains x if nothing(x)\n");
    test_write(dir, "testdata/some.yaml", "no: true\n---\nlook: true\n---\nok: true\n");
    test_write(dir, "testdata/clash.yaml", "clash: true\n");
    test_write(dir, "testdata/bad.yaml", "a: [\n");
    test_write(dir, "testdata/plain.json", "{\"ok\": true}");
    return dir;
}

static void each_rule_means_what_its_name_says(void **state)
{
    struct fixture f;
    (void)state;
    need(&engine_opa);
    begin(&f);
    char *dir = make_workspace();
    apply(&f, dir);
    assert_cell(&f, "rules", "testdata/some.yaml#1", APPLY_DENY, "no");
    assert_cell(&f, "rules", "testdata/some.yaml#2", APPLY_WARN, "look");
    assert_cell(&f, "rules", "testdata/some.yaml#3", APPLY_ALLOW, NULL);
    assert_cell(&f, "gate", "testdata/some.yaml#1", APPLY_DENY, "allow is false");
    assert_cell(&f, "gate", "testdata/plain.json", APPLY_ALLOW, NULL);
    assert_cell(&f, "silent", "testdata/some.yaml#1", APPLY_DENY, "allow is undefined");
    assert_cell(&f, "old", "testdata/some.yaml#1", APPLY_DENY, "old");
    /* One document that spoils a process spoils no other. */
    assert_cell(&f, "clash", "testdata/clash.yaml", APPLY_ERROR, "eval_conflict_error");
    assert_cell(&f, "clash", "testdata/some.yaml#1", APPLY_ALLOW, NULL);
    assert_cell(&f, "broken", "testdata/some.yaml#1", APPLY_ERROR, "policy/broken.rego:3");
    assert_cell(&f, "rules", "testdata/bad.yaml", APPLY_ERROR, "cannot read");
    test_dir_remove(dir);
    end(&f);
}

static void unsaved_texts_are_applied_as_they_are(void **state)
{
    struct fixture f;
    (void)state;
    need(&engine_opa);
    begin(&f);
    char *dir = make_workspace();
    const struct policy_text texts[] = {
        {"policy/rules.rego", STR_LIT("package rules\n\ndeny contains \"new\" if input.ok\n")},
        {"testdata/plain.json", STR_LIT("{\"ok\": true, \"look\": true}")}};
    start(&f, dir, texts, ARRAY_LEN(texts));
    finish(&f);
    assert_cell(&f, "rules", "testdata/plain.json", APPLY_DENY, "new");
    assert_cell(&f, "rules", "testdata/some.yaml#1", APPLY_ALLOW, NULL);
    test_dir_remove(dir);
    end(&f);
}

/* What was started before tells nothing any more; a stopped run leaves nothing behind. */
static void an_older_run_is_dropped(void **state)
{
    struct fixture f;
    (void)state;
    need(&engine_opa);
    begin(&f);
    char *dir = make_workspace();
    for (int turns = 0; turns < 12; turns++) {
        start(&f, dir, NULL, 0);
        for (int i = 0; i < turns; i++) {
            loop_run_once(f.loop, 20);
        }
    }
    apply(&f, dir);
    start(&f, dir, NULL, 0);
    loop_run_once(f.loop, 50);
    apply_run_cancel(f.run);
    assert_false(apply_run_is_running(f.run));
    test_dir_remove(dir);
    end(&f);
}

/* What opa keeps to itself is told beside the verdict. */
static void a_built_in_error_is_told(void **state)
{
    struct fixture f;
    (void)state;
    need(&engine_opa);
    begin(&f);
    char *dir = test_dir_make();
    test_write(dir, "policy/limit.rego",
        "package limit\n\ndeny contains \"too much\" if to_number(input.size) > 3\n");
    test_write(dir, "testdata/bad.yaml", "size: many\n");
    apply(&f, dir);
    assert_cell(&f, "limit", "testdata/bad.yaml", APPLY_ALLOW, NULL);
    const struct apply_cell *found = cell(&f, "limit", "testdata/bad.yaml");
    assert_non_null(found->detail);
    assert_non_null(strstr(found->detail, "policy/limit.rego:3: to_number"));
    test_dir_remove(dir);
    end(&f);
}

/* ---- the command ---- */

static int run_command(struct fixture *f, const char *const *words, char **said)
{
    struct err err;
    struct buf out = BUF_INIT;
    struct process_result ended;
    char *program = mem_printf("%s/bylaw", getenv("BYLAW_BINARY_DIR"));
    const char *argv[8] = {program, "apply"};
    for (size_t i = 0; words[i] != NULL; i++) {
        argv[i + 2] = words[i];
    }
    struct process_options options = {.argv = argv, .timeout_ms = 240000};
    assert_ok(process_run(f->loop, &options, &out, NULL, &ended, &err), err);
    *said = buf_take(&out);
    free(program);
    return ended.exit_code;
}

static char *make_gate(const char *rule)
{
    char *dir = test_dir_make();
    test_write(dir, "policy/gate.rego", rule);
    test_write(dir, "testdata/ok.yaml", "ok: true\n");
    return dir;
}

/* 0: nothing is denied, or nothing is decided otherwise; 1: something is; 2: it could not run. */
static void the_command_says_what_changed(void **state)
{
    struct fixture f;
    char *said;
    (void)state;
    need(&engine_opa);
    begin(&f);
    char *before = make_gate("package gate\n\ndeny contains \"no\" if not input.ok\n");
    char *after = make_gate("package gate\n\ndeny contains \"no\" if input.ok\n");
    assert_int_equal(run_command(&f, (const char *[]){before, NULL}, &said), 0);
    assert_non_null(strstr(said, "1 policies, 1 documents: 1 allow, 0 changed"));
    free(said);
    assert_int_equal(run_command(&f, (const char *[]){after, NULL}, &said), 1);
    free(said);
    assert_int_equal(
        run_command(&f, (const char *[]){"--against", before, before, NULL}, &said), 0);
    free(said);
    assert_int_equal(
        run_command(&f, (const char *[]){"--json", "--against", before, after, NULL}, &said), 1);
    assert_non_null(strstr(said, "\"changed\":true"));
    assert_non_null(strstr(said, "\"before\":\"allow\""));
    free(said);
    assert_int_equal(run_command(&f, (const char *[]){"no/such/folder", NULL}, &said), 2);
    free(said);
    test_dir_remove(before);
    test_dir_remove(after);
    end(&f);
}

/* ---- Conftest ---- */

/* The worst that conftest says of a file in a namespace. */
static enum apply_verdict said_of(
    const struct conftest_report *report, const char *file, const char *space)
{
    struct apply_cell worst = {0};
    VEC_FOREACH (const struct conftest_entry, entry, report) {
        if (strcmp(entry->file, file) != 0 || strcmp(entry->space, space) != 0) {
            continue;
        }
        apply_cell_add(&worst, entry->successes > 0 ? APPLY_ALLOW : APPLY_NOT_EVALUATED, NULL);
        VEC_FOREACH (const struct conftest_finding, finding, &entry->findings) {
            apply_cell_add(&worst,
                finding->status == RESULT_FAIL      ? APPLY_DENY
                : finding->status == RESULT_WARNING ? APPLY_WARN
                                                    : APPLY_EXCEPTED,
                NULL);
        }
    }
    return worst.verdict;
}

static void compare_conftest(struct fixture *f, const char *root, const char *space,
    const char *const *files, const enum apply_verdict *expected)
{
    struct err err;
    char *conftest = engine_find(&engine_conftest, &err);
    for (size_t i = 0; files[i] != NULL; i++) {
        const char *argv[] = {conftest, "test", "--output=json", files[i], NULL};
        char *said = ask(f, root, argv);
        struct conftest_report report = {0};
        assert_ok(conftest_parse(str_of(said), &report, &err), err);
        assert_int_equal(said_of(&report, files[i], space), expected[i]);
        assert_cell(f, space, files[i], expected[i], NULL);
        conftest_report_free(&report);
        free(said);
    }
    free(conftest);
}

static void conftest_decides_as_on_its_command_line(void **state)
{
    struct fixture f;
    (void)state;
    need(&engine_conftest);
    begin(&f);
    char *root = workspace("conftest-failing");
    static const char *const files[] = {"deploy/good.yaml", "deploy/latest.yaml",
        "deploy/warned.yaml", "deploy/excused.yaml", NULL};
    static const enum apply_verdict expected[] = {
        APPLY_ALLOW, APPLY_DENY, APPLY_WARN, APPLY_EXCEPTED};
    apply(&f, root);
    compare_conftest(&f, root, "main", files, expected);
    /* What cannot be parsed is an error of its own and of nothing else. */
    assert_cell(&f, "main", "deploy/cut_off.yaml", APPLY_ERROR, NULL);
    assert_cell(
        &f, "names in combined", "combined combined", APPLY_WARN, "two files have one name");
    assert_cell(&f, "main", "combined combined", APPLY_NO_MATCH, NULL);
    free(root);
    end(&f);
}

static void a_namespace_without_rules_is_not_evaluated(void **state)
{
    struct fixture f;
    (void)state;
    need(&engine_conftest);
    begin(&f);
    char *root = workspace("conftest-none");
    apply(&f, root);
    assert_int_equal(matrix_count(f.matrix).of[APPLY_ALLOW], 0);
    assert_true(matrix_count(f.matrix).of[APPLY_NOT_EVALUATED] > 0);
    free(root);
    end(&f);
}

/* ---- Gatekeeper, Kyverno, Cedar ---- */

static void gator_decides_as_on_its_command_line(void **state)
{
    struct fixture f;
    struct err err;
    (void)state;
    need(&engine_gator);
    begin(&f);
    char *gator = engine_find(&engine_gator, &err);
    char *root = workspace("gator");
    static const char *const files[] = {"owner/ok.yaml", "owner/bad.yaml", NULL};
    apply(&f, root);
    for (size_t i = 0; files[i] != NULL; i++) {
        const char *argv[] = {gator, "test", "-o", "json", "-f", "owner/template.yaml", "-f",
            "owner/constraint.yaml", "-f", files[i], NULL};
        char *said = ask(&f, root, argv);
        cJSON *violations = json_parse(str_of(said), NULL);
        bool denied = cJSON_GetArraySize(violations) > 0;
        assert_int_equal(denied, i == 1);
        assert_cell(&f, "K8sOwner/owner", files[i], denied ? APPLY_DENY : APPLY_ALLOW,
            denied ? "no owner" : NULL);
        cJSON_Delete(violations);
        free(said);
    }
    free(root);
    free(gator);
    end(&f);
}

static void kyverno_decides_as_on_its_command_line(void **state)
{
    struct fixture f;
    struct err err;
    (void)state;
    need(&engine_kyverno);
    begin(&f);
    char *kyverno = engine_find(&engine_kyverno, &err);
    char *root = workspace("sample");
    apply(&f, root);
    for (size_t i = 0; i < 4; i++) { /* each asks Kyverno anew, which takes it seconds */
        const char *path = matrix_fixture(f.matrix, i)->id;
        if (strcmp(path_ext(path), ".yaml") != 0) {
            assert_cell(&f, "require-limits", path, APPLY_NO_MATCH, NULL);
            continue;
        }
        const char *argv[] = {kyverno, "apply", "kyverno/require-limits.yaml", "-r", path, NULL};
        char *said = ask(&f, root, argv);
        const char *fails = strstr(said, "fail: ");
        assert_non_null(fails);
        /* The policy only audits: what breaks it is warned of. */
        assert_cell(&f, "require-limits", path, fails[6] == '0' ? APPLY_ALLOW : APPLY_WARN, NULL);
        free(said);
    }
    free(root);
    free(kyverno);
    end(&f);
}

/* Of what one policy makes Kyverno panic at, all else is decided, and the panic is told. */
static void a_panic_is_of_one_policy_and_document(void **state)
{
    struct fixture f;
    (void)state;
    need(&engine_kyverno);
    begin(&f);
    char *root = workspace("kyverno-panics");
    apply(&f, root);
    assert_cell(&f, "unique-routes", "objects.yaml#1", APPLY_ERROR, "kyverno apply: panic: ");
    assert_cell(&f, "unique-routes", "objects.yaml#2", APPLY_NO_MATCH, NULL);
    assert_cell(&f, "labels", "objects.yaml#1", APPLY_DENY, "owner");
    assert_cell(&f, "labels", "objects.yaml#2", APPLY_ALLOW, NULL);
    free(root);
    end(&f);
}

/* What one policy makes of an object is not what another is asked about, and what a policy looks up
 * is what its own file holds, whoever else is asked at the same time. */
static void policies_of_kyverno_are_asked_apart(void **state)
{
    struct fixture f;
    (void)state;
    need(&engine_kyverno);
    begin(&f);
    char *root = workspace("kyverno-company");
    apply(&f, root);
    assert_cell(&f, "add-owner", "a.yaml", APPLY_MUTATE, NULL);
    assert_cell(&f, "require-owner", "a.yaml", APPLY_DENY, "an owner is needed");
    assert_cell(&f, "only-one", "a.yaml", APPLY_ALLOW, NULL);
    assert_cell(&f, "only-one", "two.yaml#1", APPLY_DENY, "there are others");
    assert_cell(&f, "only-one", "two.yaml#2", APPLY_DENY, "there are others");
    free(root);
    end(&f);
}

static void cedar_decides_as_on_its_command_line(void **state)
{
    struct fixture f;
    struct err err;
    (void)state;
    need(&engine_cedar);
    begin(&f);
    char *cedar = engine_find(&engine_cedar, &err);
    char *root = workspace("cedar");
    static const char *const files[] = {"photos/ALLOW/ann_view.json", "photos/DENY/bob_view.json",
        "photos/DENY/ann_delete.json", NULL};
    apply(&f, root);
    for (size_t i = 0; files[i] != NULL; i++) {
        const char *argv[] = {cedar, "authorize", "--policies", "photos/photos.cedar", "--schema",
            "photos/photos.cedarschema", "--entities", "photos/photos.cedarentities.json",
            "--request-json", files[i], NULL};
        char *said = ask(&f, root, argv);
        char *id = mem_printf("request %s", files[i]);
        bool allowed = strstr(said, "ALLOW") != NULL;
        assert_int_equal(allowed, i == 0);
        assert_cell(&f, "photos/photos.cedar", id, allowed ? APPLY_ALLOW : APPLY_DENY, NULL);
        assert_cell(&f, "bare/bare.cedar", id, APPLY_NO_MATCH, NULL);
        free(id);
        free(said);
    }
    assert_cell(&f, "photos/photos.cedar", "request photos/DENY/misspelt.json", APPLY_ERROR,
        "a context from photos/DENY/misspelt.json");
    free(root);
    free(cedar);
    end(&f);
}

/* ---- what is rendered ---- */

static const char chart_values[] = "replicas: 2\n";
static const char chart_template[] =
    "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {{ .Release.Name }}\nspec:\n"
    "  replicas: {{ .Values.replicas }}\n";

/* A folder with a chart, an overlay and a plan file, and a program for each that prints what the
 * real one would; where `tools` is false there is none of them. */
static char *make_rendered(bool tools)
{
    char *dir = test_dir_make();
    test_write(dir, "policy/rules.rego",
        "package rules\n\ndeny contains input.metadata.name if input.kind == \"Deployment\"\n\n"
        "deny contains \"plan\" if input.resource_changes\n");
    test_write(dir, "charts/web/Chart.yaml", "apiVersion: v2\nname: web\nversion: 0.1.0\n");
    test_write(dir, "charts/web/values.yaml", chart_values);
    test_write(dir, "charts/web/templates/web.yaml", chart_template);
    test_write(dir, "charts/web/charts/inner/Chart.yaml", "apiVersion: v2\nname: inner\n");
    test_write(dir, "overlay/kustomization.yaml", "resources: [pod.yaml]\nnamePrefix: over-\n");
    test_write(dir, "overlay/pod.yaml",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: base\n");
    test_write(dir, "infra/main.tfplan", "\1\2\3");
    if (tools) {
        test_write(dir, "bin/helm",
            "#!/bin/sh\ntest \"$1 $3\" = 'template ./charts/web' || exit 9\n"
            "printf 'apiVersion: apps/v1\\nkind: Deployment\\nmetadata:\\n  name: %s\\n' \"$2\"\n");
        test_write(dir, "bin/kustomize",
            "#!/bin/sh\n(: >written) 2>/dev/null && exit 8\n"
            "printf 'apiVersion: apps/v1\\nkind: Deployment\\nmetadata:\\n  name: over-base\\n'\n");
        test_write(dir, "bin/terraform", "#!/bin/sh\necho \"no such plan: $*\" >&2; exit 1\n");
        const char *argv[] = {"chmod", "+x", "bin/helm", "bin/kustomize", "bin/terraform", NULL};
        free(test_run(dir, argv));
    }
    return dir;
}

/* PATH with the folder's programs only, opa beside them, and a cache with none. */
struct programs {
    char *path, *cache_home, *cache;
};

static struct programs use_programs(const char *dir)
{
    struct err err;
    const char *cache = getenv("XDG_CACHE_HOME");
    struct programs kept = {
        mem_strdup(getenv("PATH")), cache == NULL ? NULL : mem_strdup(cache), test_dir_make()};
    char *opa = engine_find(&engine_opa, &err);
    test_write(dir, "bin/.keep", "");
    char *link = mem_printf("%s/bin/opa", dir);
    char *path = mem_printf("%s/bin", dir);
    assert_int_equal(symlink(opa, link), 0);
    assert_int_equal(setenv("PATH", path, 1), 0);
    assert_int_equal(setenv("XDG_CACHE_HOME", kept.cache, 1), 0);
    free(path);
    free(link);
    free(opa);
    return kept;
}

static void use_all_again(struct programs *kept)
{
    assert_int_equal(setenv("PATH", kept->path, 1), 0);
    if (kept->cache_home == NULL) {
        unsetenv("XDG_CACHE_HOME");
    } else {
        assert_int_equal(setenv("XDG_CACHE_HOME", kept->cache_home, 1), 0);
    }
    test_dir_remove(kept->cache);
    free(kept->cache_home);
    free(kept->path);
}

static bool has_note(const struct fixture *f, const char *text)
{
    VEC_FOREACH (const struct finding, note, &f->set->notes) {
        if (strstr(note->message, text) != NULL) {
            return true;
        }
    }
    return false;
}

static bool can_confine(void)
{
    struct err err;
    char *kernel = NULL;
    bool can = sandbox_probe(&kernel, &err);
    if (!can) {
        print_message("skipped: %s\n", err.text);
    }
    free(kernel);
    return can;
}

static void charts_and_overlays_are_rendered(void **state)
{
    struct fixture f;
    (void)state;
    need(&engine_opa);
    if (!can_confine()) {
        skip();
    }
    begin(&f);
    char *dir = make_rendered(true);
    struct programs kept = use_programs(dir);
    apply(&f, dir);
    use_all_again(&kept);
    assert_cell(&f, "rules", "charts/web/Chart.yaml (helm template charts/web) Deployment web",
        APPLY_DENY, "web");
    assert_cell(&f, "rules",
        "overlay/kustomization.yaml (kustomize build overlay) Deployment over-base", APPLY_DENY,
        "over-base");
    /* What stands in the overlay's folder is a document too; the chart's template is none. */
    assert_cell(&f, "rules", "overlay/pod.yaml", APPLY_DENY, "base");
    assert_int_equal(matrix_fixtures(f.matrix), 3);
    assert_true(has_note(&f, "terraform show -json -no-color infra/main.tfplan: no such plan"));
    test_dir_remove(dir);
    end(&f);
}

/* Not evaluated is no error: it is said once, with how to get the tool. */
static void without_tools_nothing_is_rendered(void **state)
{
    struct fixture f;
    (void)state;
    need(&engine_opa);
    begin(&f);
    char *dir = make_rendered(false);
    struct programs kept = use_programs(dir);
    apply(&f, dir);
    use_all_again(&kept);
    assert_int_equal(matrix_fixtures(f.matrix), 1);
    assert_int_equal(f.set->notes.len, 3);
    assert_true(has_note(&f, "1 Helm charts here are not rendered, so not evaluated: helm is not"));
    assert_true(has_note(&f, "kustomize is not on PATH"));
    assert_true(has_note(&f, "terraform is not on PATH"));
    assert_non_null(strstr(f.set->notes.items[0].fix, "scripts/setup --engines helm"));
    test_dir_remove(dir);
    end(&f);
}

/* A plan as JSON is a document wherever it stands. */
static void a_terraform_plan_is_read(void **state)
{
    struct fixture f;
    (void)state;
    need(&engine_opa);
    begin(&f);
    char *dir = test_dir_make();
    test_write(dir, "policy/rules.rego",
        "package rules\n\ndeny contains c.address if some c in input.resource_changes\n");
    test_write(dir, "infra/plan.json",
        "{\"format_version\": \"1.2\", \"resource_changes\": [{\"address\": \"aws_s3.b\"}]}");
    test_write(dir, "infra/package.json", "{\"name\": \"no fixture\"}");
    apply(&f, dir);
    assert_int_equal(matrix_fixtures(f.matrix), 1);
    assert_cell(&f, "rules", "infra/plan.json", APPLY_DENY, "aws_s3.b");
    test_dir_remove(dir);
    end(&f);
}

int main(void)
{
    char *program = mem_printf("%s/bylaw", getenv("BYLAW_BINARY_DIR"));
    confined_use_program(program);
    free(program);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opa_decides_as_on_its_command_line),
        cmocka_unit_test(each_rule_means_what_its_name_says),
        cmocka_unit_test(unsaved_texts_are_applied_as_they_are),
        cmocka_unit_test(an_older_run_is_dropped),
        cmocka_unit_test(a_built_in_error_is_told),
        cmocka_unit_test(the_command_says_what_changed),
        cmocka_unit_test(conftest_decides_as_on_its_command_line),
        cmocka_unit_test(a_namespace_without_rules_is_not_evaluated),
        cmocka_unit_test(gator_decides_as_on_its_command_line),
        cmocka_unit_test(kyverno_decides_as_on_its_command_line),
        cmocka_unit_test(a_panic_is_of_one_policy_and_document),
        cmocka_unit_test(policies_of_kyverno_are_asked_apart),
        cmocka_unit_test(cedar_decides_as_on_its_command_line),
        cmocka_unit_test(charts_and_overlays_are_rendered),
        cmocka_unit_test(without_tools_nothing_is_rendered),
        cmocka_unit_test(a_terraform_plan_is_read),
    };
    int code = cmocka_run_group_tests(tests, NULL, NULL);
    confined_use_program(NULL);
    return code;
}
