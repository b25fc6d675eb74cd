#include "test.h"

#include "base/vec.h"
#include "policy/coverage.h"
#include "policy/index.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

static struct policy_facts *facts_of(const char *text)
{
    return policy_facts_parse(str_of(text));
}

static bool has_ref(const struct policy_facts *facts, const char *path)
{
    VEC_FOREACH (struct policy_ref, ref, &facts->refs) {
        if (strcmp(ref->path, path) == 0) {
            return true;
        }
    }
    return false;
}

static void names_what_a_file_has(void **state)
{
    (void)state;
    struct policy_facts *facts = facts_of("package a.b[\"c-d\"]\n"
                                          "import data.lib.k8s\n"
                                          "import data.lib as everything\n"
                                          "import input.x\n"
                                          "default allow := false\n"
                                          "allow if k8s.is_pod(input) with data.inventory as {}\n"
                                          "deny contains m if m := everything[\"x y\"].msg\n"
                                          "f(x) := data.z[x].q\n"
                                          "test_one if allow\n"
                                          "todo_test_two if true\n"
                                          "cases.test_three if every x in [1] { x == 1 }\n"
                                          "test_cases[n] := true if some n in [\"a\"]\n");
    assert_false(facts->has_errors);
    assert_string_equal(facts->package, "a/b/c-d");
    assert_true(has_ref(facts, "lib/k8s/is_pod"));
    assert_true(has_ref(facts, "lib/x y/msg"));
    assert_true(has_ref(facts, "inventory"));
    assert_true(has_ref(facts, "z"));
    assert_int_equal(facts->refs.len, 4);
    assert_int_equal(facts->tests.len, 4);
    assert_string_equal(facts->tests.items[0].name, "test_one");
    assert_int_equal(facts->tests.items[0].row, 9);
    assert_true(facts->tests.items[1].todo);
    assert_string_equal(facts->tests.items[2].name, "cases.test_three");
    assert_string_equal(facts->tests.items[3].name, "test_cases");
    assert_int_equal(facts->dialect, DIALECT_V1);
    policy_facts_release(facts);
    char *shown = policy_path_show("a/b/c-d");
    assert_string_equal(shown, "a.b[\"c-d\"]");
    free(shown);
}

static void tells_v0_from_v1(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum policy_dialect want;
    } cases[] = {
        {"package p\nallow { input.x }", DIALECT_V0},
        {"package p\ndeny[m] { m := 1 }", DIALECT_V0},
        {"package p\ndeny[\"x\"]", DIALECT_V0},
        {"package p\np = 1 { true } else = 2 { true }", DIALECT_V0},
        {"package p\nallow if input.x", DIALECT_V1},
        {"package p\ndeny contains 1", DIALECT_V1},
        {"package p\nx := [y | some y in input.l]", DIALECT_V1},
        {"package p\nx := 1 in input.l", DIALECT_V1},
        {"package p\nimport rego.v1\nallow if input.x", DIALECT_EITHER},
        {"package p\nimport future.keywords\nallow if input.x", DIALECT_EITHER},
        {"package p\nimport future.keywords.if\nallow if input.x", DIALECT_EITHER},
        {"package p\nimport future.keywords.in\nallow { 1 in input.x }", DIALECT_V0},
        {"package p\nx := 1", DIALECT_EITHER},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct policy_facts *facts = facts_of(cases[i].text);
        if (facts->dialect != cases[i].want) {
            fail_msg("%s: %s", cases[i].text, policy_dialect_name(facts->dialect));
        }
        policy_facts_release(facts);
    }
}

static void check_closure(struct policy_index *index, const char *seed, const char *want)
{
    struct policy_set seeds = {0};
    struct policy_set closure = {0};
    size_t place = policy_index_find(index, seed);
    assert_int_not_equal(place, SIZE_MAX);
    VEC_PUSH(&seeds, place);
    policy_closure(index, &seeds, &closure);
    struct buf names = BUF_INIT;
    VEC_FOREACH (size_t, item, &closure) {
        buf_printf(&names, "%s ", index->files.items[*item].path);
    }
    assert_string_equal(names.ptr, want);
    buf_free(&names);
    VEC_FREE(&seeds);
    VEC_FREE(&closure);
}

static void closure_takes_what_is_needed(void **state)
{
    (void)state;
    struct err err;
    char *dir = test_dir_make();
    test_write(dir, "a.rego", "package a\nimport data.lib.x\np if x.f(data.conf.limit)\n");
    test_write(dir, "a_more.rego", "package a\nq := 1\n");
    test_write(dir, "b.rego", "package b\np if data.lib[input.name].g\n");
    test_write(dir, "c.rego", "package c\np if data.people.names\n");
    test_write(dir, "d.rego", "package d\np if data.e.f.rule\n");
    test_write(dir, "e.rego", "package e\nf.rule := 1\n");
    test_write(dir, "ef.rego", "package e.f\nother := 1\n");
    test_write(dir, "lib/x.rego", "package lib.x\nf(n) := data.lib.y.z\n");
    test_write(dir, "lib/y.rego", "package lib.y\nz := 1\n");
    test_write(dir, "conf/data.json", "{\"limit\": 3}");
    test_write(dir, "people/list.yaml", "names: [me]\nages: [1]\n");
    test_write(dir, "people/pod.yaml", "kind: Pod\n---\nnames: x\n");
    test_write(dir, ".git/x.rego", "package hidden\n");
    struct policy_index *index = policy_index_new();
    assert_ok(policy_index_scan(index, dir, NULL, &err), err);
    assert_int_equal(policy_index_find(index, ".git/x.rego"), SIZE_MAX);
    check_closure(index, "a.rego", "a.rego a_more.rego conf/data.json lib/x.rego lib/y.rego ");
    check_closure(index, "b.rego", "b.rego lib/x.rego lib/y.rego ");
    check_closure(index, "c.rego", "c.rego people/list.yaml ");
    check_closure(index, "d.rego", "d.rego e.rego ef.rego ");
    /* Scanned again, only what changed is parsed again. */
    size_t place = policy_index_find(index, "b.rego");
    struct policy_facts *before = policy_facts_share(index->files.items[place].facts);
    test_write(dir, "a.rego", "package a\np := 1\n");
    test_write(dir, "0_first.rego", "package zero\n");
    assert_ok(policy_index_scan(index, dir, NULL, &err), err);
    check_closure(index, "a.rego", "a.rego a_more.rego ");
    assert_ptr_equal(index->files.items[policy_index_find(index, "b.rego")].facts, before);
    policy_facts_release(before);
    atomic_bool stop = true;
    assert_false(policy_index_scan(index, dir, &stop, &err));
    assert_int_equal(err.kind, ERR_CANCELLED);
    policy_index_free(index);
    test_dir_remove(dir);
}

/* What the settings declare is data wherever it lies, and stands where opa would put it. */
static void settings_declare_data(void **state)
{
    (void)state;
    struct err err;
    char *dir = test_dir_make();
    test_write(dir, "a.rego", "package a\np if data.limit > data.deep.er.n\n");
    test_write(dir, "b.rego", "package b\np if data.lib.limits.cpu\n");
    test_write(dir, "c.rego", "package c\np if data.other\n");
    test_write(dir, "d.rego", "package d\np if data.rules.x\n");
    test_write(dir, "rules.rego", "package rules\nx := 1\n");
    test_write(dir, "ex/one.yml", "# the limits\n\"limit\": 3\nunused: 1\n");
    test_write(dir, "ex/many/deep/er.json", "{\"er\": {\"n\": 1}}");
    test_write(dir, "ex/many/flow.yaml", "{limit: 3}\n");
    test_write(dir, "ex/many/clash.yaml", "rules:\n  x: 2\n");
    test_write(dir, "conf/cpu.json", "{\"cpu\": 1}");
    test_write(dir, "conf/data.json", "{\"cpu\": 1}");
    struct policy_index *index = policy_index_new();
    assert_ok(policy_index_scan(index, dir, NULL, &err), err);
    check_closure(index, "a.rego", "a.rego ");
    check_closure(index, "b.rego", "b.rego ");
    test_write(dir, ".bylaw/config.toml",
        "[engines.opa]\ndata = [\"ex/one.yml\", \"./ex/many/\", \"lib.limits:conf/cpu.json\", "
        "\"../up\", \"/root\", \"gone\", 3]\n");
    const char *settings = ".bylaw/config.toml";
    struct policy_moves moves = {0};
    assert_false(policy_index_update(index, &settings, 1, NULL, 0, &moves)); /* a scan is needed */
    policy_moves_free(&moves);
    assert_ok(policy_index_scan(index, dir, NULL, &err), err);
    check_closure(index, "a.rego", "a.rego ex/many/deep/er.json ex/many/flow.yaml ex/one.yml ");
    check_closure(index, "b.rego", "b.rego conf/cpu.json ex/many/flow.yaml ");
    check_closure(index, "c.rego", "c.rego ex/many/flow.yaml "); /* its keys are not told apart */
    check_closure(index, "d.rego", "d.rego ex/many/clash.yaml ex/many/flow.yaml rules.rego ");
    static const struct {
        const char *path, *mount;
    } mounts[] = {{"ex/one.yml", ""}, {"ex/many/flow.yaml", ""}, {"ex/many/deep/er.json", "deep"},
        {"conf/cpu.json", "lib/limits"}, {"conf/data.json", "conf"}};
    for (size_t i = 0; i < ARRAY_LEN(mounts); i++) {
        size_t place = policy_index_find(index, mounts[i].path);
        assert_string_equal(index->files.items[place].mount, mounts[i].mount);
    }
    assert_int_equal(index->roots.len, 6);
    assert_true(index->roots.items[3].is_outside && index->roots.items[4].is_outside);
    assert_false(index->roots.items[5].is_outside);
    policy_index_free(index);
    test_dir_remove(dir);
}

static void contradicting_folders_are_apart(void **state)
{
    (void)state;
    struct err err;
    char *dir = test_dir_make();
    for (const char *name = "xy"; *name != '\0'; name++) {
        char path[32];
        snprintf(path, sizeof path, "%c/lib.rego", *name);
        test_write(dir, path, "package lib\nf(n) := n\n");
        snprintf(path, sizeof path, "%c/p.rego", *name);
        char *text = mem_printf("package p.%c\nr := data.lib.f(1)\n", *name);
        test_write(dir, path, text);
        free(text);
        snprintf(path, sizeof path, "%c/main.rego", *name);
        test_write(dir, path, "package main\ndeny contains 1\n"); /* one set, in two folders */
    }
    struct policy_index *index = policy_index_new();
    assert_ok(policy_index_scan(index, dir, NULL, &err), err);
    check_closure(index, "x/p.rego", "x/lib.rego x/p.rego ");
    check_closure(index, "y/p.rego", "y/lib.rego y/p.rego ");
    check_closure(index, "x/main.rego", "x/main.rego y/main.rego ");
    policy_index_free(index);
    test_dir_remove(dir);
}

static void coverage_counts_as_opa(void **state)
{
    (void)state;
    struct coverage first = {0};
    struct coverage second = {0};
    coverage_add(&first, STR_LIT("p.rego"), (struct coverage_range){3, 1, 3, 5}, true);
    coverage_add(&first, STR_LIT("p.rego"), (struct coverage_range){3, 9, 3, 12}, false);
    coverage_add(&first, STR_LIT("p.rego"), (struct coverage_range){5, 2, 7, 3}, false);
    coverage_add(&first, STR_LIT("q.rego"), (struct coverage_range){1, 1, 1, 2}, false);
    coverage_finish(&first);
    assert_int_equal(first.covered_rows, 1);
    assert_int_equal(first.missed_rows, 5);
    assert_int_equal(coverage_line(coverage_find(&first, "p.rego"), 3), LINE_PARTLY);
    coverage_add(&second, STR_LIT("p.rego"), (struct coverage_range){5, 2, 7, 3}, true);
    coverage_add(&second, STR_LIT("p.rego"), (struct coverage_range){3, 9, 3, 12}, true);
    coverage_finish(&second);
    coverage_merge(&first, &second);
    coverage_finish(&first);
    coverage_finish(&first);
    assert_int_equal(first.covered_rows, 4);
    assert_int_equal(first.missed_rows, 1);
    assert_true(coverage_percent(&first) == 80.0);
    assert_true(coverage_meets(&first, 80));
    assert_false(coverage_meets(&first, 90));
    first.incomplete = true;
    assert_false(coverage_meets(&first, 80));
    char *shown = coverage_show(89.9999);
    assert_string_equal(shown, "89.99");
    free(shown);
    shown = coverage_show(92.3);
    assert_string_equal(shown, "92.30");
    free(shown);
    coverage_free(&first);
    coverage_free(&second);
    assert_false(coverage_meets(&first, 0));
}

/* Parses, shares and lets go of texts that the other threads have too. */
static void *hold_facts(void *data)
{
    enum { TEXTS = 300, TURNS = 3 };
    const size_t *step = data;
    size_t wrong = 0;
    for (size_t turn = 0; turn < TURNS; turn++) {
        struct policy_facts *held[TEXTS];
        for (size_t i = 0; i < TEXTS; i++) {
            size_t number = (i * *step) % TEXTS;
            char *text = mem_printf("package p%zu\n", number);
            char *name = mem_printf("p%zu", number);
            struct policy_facts *facts = facts_of(text);
            wrong += strcmp(facts->package, name) != 0;
            held[i] = policy_facts_share(facts);
            policy_facts_release(facts);
            free(name);
            free(text);
        }
        for (size_t i = 0; i < TEXTS; i++) {
            policy_facts_release(held[i]);
        }
    }
    return wrong == 0 ? NULL : data;
}

static void a_text_has_facts_once(void **state)
{
    (void)state;
    struct policy_facts *one = facts_of("package a\n");
    struct policy_facts *same = facts_of("package a\n");
    struct policy_facts *other = facts_of("package b\n");
    assert_ptr_equal(one, same);
    assert_ptr_not_equal(one, other);
    policy_facts_release(one);
    assert_string_equal(same->package, "a");
    policy_facts_release(same);
    policy_facts_release(other);
    static size_t steps[] = {1, 7, 11, 299};
    pthread_t threads[ARRAY_LEN(steps)];
    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, hold_facts, &steps[i]), 0);
    }
    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        void *wrong = &steps[i];
        assert_int_equal(pthread_join(threads[i], &wrong), 0);
        assert_null(wrong);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_what_a_file_has),
        cmocka_unit_test(tells_v0_from_v1),
        cmocka_unit_test(closure_takes_what_is_needed),
        cmocka_unit_test(settings_declare_data),
        cmocka_unit_test(contradicting_folders_are_apart),
        cmocka_unit_test(coverage_counts_as_opa),
        cmocka_unit_test(a_text_has_facts_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
