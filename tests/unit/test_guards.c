/* Each guard on a text that it must speak of and on one that it must not. */
#include "test.h"

#include "base/vec.h"
#include "loop/loop.h"
#include "policy/guard.h"

#include <stdlib.h>

struct folder {
    char *dir;
    struct policy_index *index;
    struct manifests manifests;
};

static struct folder make_folder(const char *const *files)
{
    struct folder folder = {.dir = test_dir_make(), .index = policy_index_new()};
    struct err err;
    for (size_t i = 0; files[i] != NULL; i += 2) {
        test_write(folder.dir, files[i], files[i + 1]);
    }
    assert_ok(policy_index_scan(folder.index, folder.dir, NULL, &err), err);
    manifests_update(&folder.manifests, folder.index, NULL);
    return folder;
}

static void free_folder(struct folder *folder)
{
    manifests_free(&folder->manifests);
    policy_index_free(folder->index);
    test_dir_remove(folder->dir);
}

/* "3:1 guard-id" of each finding, parted by ", ". */
static char *say_in(const char *const *files, const char *path)
{
    struct folder folder = make_folder(files);
    struct findings findings = {0};
    struct buf out = BUF_INIT;
    char *text = test_read(folder.dir, path);
    struct guard_world *world = guard_world_new(folder.index, &folder.manifests);
    guards_check(world, path, str_of(text), &findings);
    guard_world_free(world);
    VEC_FOREACH (const struct finding, f, &findings) {
        assert_string_equal(f->file, path);
        assert_string_equal(f->source, "guard");
        assert_true(f->end.row > f->at.row || f->end.col >= f->at.col);
        buf_printf(&out, "%s%u:%u %s", out.len > 0 ? ", " : "", f->at.row, f->at.col, f->rule);
    }
    free(text);
    findings_free(&findings);
    free_folder(&folder);
    return buf_take(&out);
}

static void expect_in(const char *const *files, const char *path, const char *expected)
{
    char *said = say_in(files, path);
    assert_string_equal(said, expected);
    free(said);
}

static void expect(const char *path, const char *text, const char *expected)
{
    expect_in((const char *const[]){path, text, NULL}, path, expected);
}

#define TESTED "x_test.rego", "package p_test\n\nimport data.p\n\ntest_x if count(p.deny) == 0\n"

static void rego_denies(void **state)
{
    (void)state;
    const char *good =
        "package p\n\ndeny contains msg if {\n\tsome c in input.containers\n\tmsg := "
        "sprintf(\"%s\", [c.name])\n}\n";
    expect_in((const char *const[]){"p.rego", good, TESTED, NULL}, "p.rego", "");
    expect("p.rego", good, "3:1 deny-untested");
    expect_in((const char *const[]){"p.rego", "package p\n\ndeny if input.x\n", TESTED, NULL},
        "p.rego", "3:1 deny-without-message");
    expect_in((const char *const[]){"p.rego",
                  "package p\n\ndefault deny := false\n\ndeny if input.x\n", TESTED, NULL},
        "p.rego", "");
    expect_in((const char *const[]){"p.rego", "package p\n\ndeny if input.x\n\nallow if not deny\n",
                  TESTED, NULL},
        "p.rego", "");
    expect_in(
        (const char *const[]){"p.rego",
            "package p\n\ndeny contains msg if {\n\tinput.x\n\tmsg := \"\"\n}\n", TESTED, NULL},
        "p.rego", "5:9 deny-without-message");
    expect_in((const char *const[]){"p.rego",
                  "package p\n\ndeny contains {\"details\": {}} if input.x\n", TESTED, NULL},
        "p.rego", "3:15 deny-without-message");
    /* Kubescape's, and one that denies nobody. */
    expect_in((const char *const[]){"p.rego",
                  "package p\n\ndeny contains msga if {\n\tsome c in input\n\tmsga := "
                  "{\"alertMessage\": sprintf(\"%s\", [c.name]), \"alertScore\": 3}\n}\n\n"
                  "deny contains msg if {\n\tsome c in input\n\tmsg := {\"alertObject\": c}\n}\n",
                  TESTED, NULL},
        "p.rego", "");
    expect_in((const char *const[]){"p.rego", "package p\n\ndeny if {\n\tfalse\n}\n", TESTED, NULL},
        "p.rego", "");
    /* A head that is not whole has no text. */
    expect_in((const char *const[]){"p.rego", "package p\n\ndeny contains true if input.x\n",
                  TESTED, NULL},
        "p.rego", "3:15 deny-without-message");
    expect("p.rego", "package p\n\ndeny contains {f(1): 2, \"msg\"} if input.x\n",
        "3:1 deny-untested");
    expect_in(
        (const char *const[]){"p.rego",
            "package p\n\ndeny contains \"no root\" if {\n\tsome c in input.cs\n\tc.root\n}\n",
            TESTED, NULL},
        "p.rego", "3:15 message-without-resource");
    /* The rest of the result says which one. */
    expect_in((const char *const[]){"p.rego",
                  "package p\n\ndeny contains {\"msg\": \"no root\", \"_loc\": c.line} if {\n"
                  "\tsome c in input.cs\n\tc.root\n}\n",
                  TESTED, NULL},
        "p.rego", "");
    expect_in((const char *const[]){"p.rego",
                  "package p\n\ndeny contains \"no root\" if input.root\n", TESTED, NULL},
        "p.rego", "");
    /* v0. */
    expect_in((const char *const[]){"p.rego",
                  "package p\n\ndeny[msg] {\n\tinput.cs[_].root\n\tmsg := \"no root\"\n}\n", TESTED,
                  NULL},
        "p.rego", "5:9 message-without-resource");
}

static void rego_tests(void **state)
{
    (void)state;
    expect("a_test.rego", "package a_test\n\ntest_a if true\n", "3:1 test-asserts-nothing");
    expect("a_test.rego", "package a_test\n\ntest_a := true\n", "3:1 test-asserts-nothing");
    expect("a_test.rego", "package a_test\n\ntest_a if {\n\tx := data.p.deny\n\tprint(x)\n}\n",
        "3:1 test-asserts-nothing, 4:7 test-unknown-name");
    expect("a_test.rego", "package a_test\n\ntest_a if {\n\tx := 1\n\tx == x\n}\n",
        "3:1 test-asserts-nothing");
    static const char *const always[] = {"count(input.x) >= 0", "0 <= count(input.x)",
        "count(input.x) > -1", "-1 != count(input.x)", "not false"};
    static const char *const sometimes[] = {"count(input.x) > 0", "count(input.x) <= 0",
        "0 >= count(input.x)", "input.n >= 0", "count(input.x) >= 10", "not input.f"};
    for (size_t i = 0; i < ARRAY_LEN(always) + ARRAY_LEN(sometimes); i++) {
        bool is_always = i < ARRAY_LEN(always);
        char *text = mem_printf("package a_test\n\ntest_a if %s\n",
            is_always ? always[i] : sometimes[i - ARRAY_LEN(always)]);
        expect("a_test.rego", text, is_always ? "3:1 test-asserts-nothing" : "");
        free(text);
    }
    expect("a_test.rego", "package a_test\n\ntest_a if {\n\tx := 1\n\tx == 2\n}\n", "");
    expect("a_test.rego", "package a_test\n\ntest_a if data.p.allow with input as {}\n",
        "3:11 test-unknown-name");
    expect("a_test.rego", "package a_test\n\ntest_a if not data.p.allow with input as {}\n",
        "3:15 test-unknown-name");
    expect("a_test.rego", "package a_test\n\ntest_a := data.p.allow\n", "3:11 test-unknown-name");
    expect("a_test.rego", "package a_test\n\ntodo_test_a if true\n", "");
    expect("a_test.rego",
        "package a_test\n\ntest_cases[note] if {\n\tsome note, c in {\"a\": 1}\n\tc == 1\n}\n", "");
    expect("a_test.rego",
        "package a_test\n\ntest_a if 1 == input.x\n\ntest_b if input.y\n\ntest_a if input.z\n",
        "7:1 duplicate-test");
}

static void sets_are_always_true(void **state)
{
    (void)state;
    const char *policy = "package p\n\ndeny contains msg if {\n\tinput.x\n\tmsg := input.m\n}\n\n"
                         "allow if input.y\n";
    expect_in((const char *const[]){"p.rego", policy, "p_test.rego",
                  "package p_test\n\nimport data.p\n\ntest_a if {\n\tp.deny with input as {}\n}\n"
                  "\ntest_b if data.p.deny with input as {}\n\ntest_c if p.allow\n\n"
                  "test_d if count(p.deny) == 0\n\ntest_e if p.deny[\"x\"]\n",
                  NULL},
        "p_test.rego", "6:2 test-set-always-true, 9:11 test-set-always-true");
    expect_in((const char *const[]){"p.rego", policy, "p_test.rego",
                  "package p\n\ntest_a if deny with input as {}\n", NULL},
        "p_test.rego", "3:11 test-set-always-true");
}

/* opa passes `not p.deny["x"]` whatever p is called today. */
static void tests_name_what_is_there(void **state)
{
    (void)state;
    const char *policy = "package p\n\ndeny contains \"x\" if input.x\n\nsub.rule := 1\n";
    const char *test =
        "package p_test\n\nimport data.p\nimport data.gone\nimport data.lent as l\n\n"
        "test_a if not p.deny[\"x\"]\n\ntest_b if not p.denied[\"x\"]\n\n"
        "test_c if not gone.deny[\"x\"]\n\ntest_d if not data.q.allow\n\n"
        "test_e if l.x == 1 with data.lent as {\"x\": 1}\n\n"
        "test_f if p.sub.rule == data.there.a\n\ntest_g if count(data.p) > 0\n\n"
        "test_h if not test_a\n";
    expect_in((const char *const[]){"p.rego", policy, "p_test.rego", test, "there/data.json",
                  "{\"a\": 1}\n", NULL},
        "p_test.rego", "4:8 test-unknown-name, 9:15 test-unknown-name, 13:15 test-unknown-name");
    /* What a file defines that cannot be read whole is not known. */
    expect_in((const char *const[]){"p.rego", "package p\n\ndeny contains {\n", "p_test.rego",
                  "package p_test\n\ntest_a if not data.p.deny[\"x\"]\n", NULL},
        "p_test.rego", "");
}

static void rego_versions(void **state)
{
    (void)state;
    const char *v1 = "package q\n\nallow if input.x\n";
    const char *v0 = "package p\n\nallow { input.x }\n";
    const char *import = "package p\n\nimport rego.v1\nimport future.keywords.if\n\nallow if "
                         "input.x\n";
    expect_in((const char *const[]){"q.rego", v1, "p.rego", import, NULL}, "p.rego",
        "3:1 deprecated-import, 4:1 deprecated-import");
    expect("p.rego", import, "");
    expect_in((const char *const[]){"q.rego", v1, "r.rego", "package r\n\na if input.x\n", "p.rego",
                  v0, NULL},
        "p.rego", "3:1 v0-syntax");
    expect("p.rego", v0, "");
}

static void rego_habits(void **state)
{
    (void)state;
    const char *const files[] = {"a/b/x.rego", "package a.b\n", "a/c/x.rego", "package a.c\n",
        "a/d_e/x_test.rego", "package a.d_e_test\n", "f/g/x.rego", "package h\n", "a/main.rego",
        "package main\n", "a/k/lib.rego", "package a.k.lib\n", ".regal/rules/custom/x.rego",
        "package custom.regal.rules.custom[\"x-y\"]\n", "f/h/x.rego",
        "# bylaw:ignore package-folder the vendor's\npackage h\n", "f/i/x.rego",
        "# regal ignore:directory-package-mismatch\npackage h\n", "a/m/x.rego", "package a.m\n",
        "a/n/x.rego", "package a.n\n", "a/o/x.rego", "package a.o\n", "a/p/x.rego", "package a.p\n",
        "a/q/x.rego", "package a.q\n", NULL};
    expect_in(files, "f/g/x.rego", "1:9 package-folder");
    expect_in(files, ".regal/rules/custom/x.rego", ""); /* Regal asks for this name */
    expect_in(files, "f/h/x.rego", "");
    expect_in(files, "f/i/x.rego", "");
    expect_in(files, "a/b/x.rego", "");
    expect_in(files, "a/main.rego", "");
    expect("f/g/x.rego", "package h\n", "");
    /* What may have any name shows no habit: Conftest's `main`, files at the top. */
    const char *const mains[] = {"a/x.rego", "package main\n", "b/x.rego", "package main\n",
        "c/x_test.rego", "package main\n", "y.rego", "package y\n", "z.rego", "package z\n",
        "d/d.rego", "package d\n", "e/e.rego", "package e\n", "f/g/x.rego", "package h\n", NULL};
    expect_in(mains, "f/g/x.rego", "");
    const char *const annotated[] = {"a.rego", "# METADATA\n# title: A\npackage a\n", "b.rego",
        "package b\n\nwarn contains input.m if input.x\n", "b_test.rego",
        "package b_test\n\ntest_b if count(data.b.warn) == 0\n", NULL};
    expect_in(annotated, "b.rego", "3:1 missing-metadata");
    /* One of three is no custom. */
    const char *const once[] = {"a.rego",
        "# METADATA\n# title: A\npackage a\n\nwarn contains input.m "
        "if input.x\n",
        "b.rego", "package b\n\nwarn contains input.m if input.x\n", "c.rego",
        "package c\n\ndeny contains input.m if input.x\n", NULL};
    expect_in(once, "b.rego", "3:1 deny-untested");
}

static void gatekeeper(void **state)
{
    (void)state;
    expect("p.rego",
        "package p\n\na if input.review.object.x == input.request.object.x\n\nb if "
        "input.parameters.y\n",
        "3:37 gatekeeper-input");
    expect("p.rego", "package p\n\na if input.request.object.x\n", "");
    const char *template = "apiVersion: templates.gatekeeper.sh/v1\nkind: ConstraintTemplate\n"
                           "metadata:\n  name: k8sx\nspec:\n  crd:\n    spec:\n      names:\n"
                           "        kind: K8sX\n  targets:\n    - target: t\n      rego: |\n"
                           "        package k8sx\n        violation[{\"msg\": m}] {\n"
                           "          m := input.request.object.m\n        }\n";
    const char *constraint =
        "apiVersion: constraints.gatekeeper.sh/v1beta1\nkind: K8sX\nmetadata:"
        "\n  name: x\nspec:\n  match:\n    kinds:\n      - apiGroups: [\"*\"]\n"
        "        kinds: [\"*\"]\n";
    const char *other = "apiVersion: constraints.gatekeeper.sh/v1beta1\nkind: K8sOther\nmetadata:"
                        "\n  name: y\n";
    const char *const files[] = {
        "t.yaml", template, "c.yaml", constraint, "d/other.yaml", other, NULL};
    expect_in(files, "t.yaml", "15:22 gatekeeper-input");
    expect_in(files, "c.yaml", "9:17 match-too-broad");
    expect_in(files, "d/other.yaml", "2:7 constraint-without-template, 2:7 match-too-broad");
    expect("t.yaml", template, "15:22 gatekeeper-input");
    expect_in((const char *const[]){"t.yaml", template, "d/other.yaml", other, NULL}, "t.yaml",
        "9:15 template-without-constraint, 15:22 gatekeeper-input");
    /* A comment in the Rego silences there, as in a file of its own; without a reason it does not.
     * Libraries are read too, and what has no message. */
    const char *commented =
        "apiVersion: templates.gatekeeper.sh/v1\nkind: ConstraintTemplate\n"
        "metadata:\n  name: k8sx\nspec:\n  crd:\n    spec:\n      names:\n"
        "        kind: K8sX\n  targets:\n    - target: t\n      rego: |\n"
        "        package k8sx\n        violation[{\"msg\": m}] {\n"
        "          # bylaw:ignore gatekeeper-input also loaded as a webhook\n"
        "          m := input.request.object.m\n        }\n\n"
        "        violation[{\"text\": 1}] { true } # bylaw:ignore deny-without-message\n"
        "      libs:\n        - |\n          package lib.x\n          y = input.request.x\n";
    expect_in((const char *const[]){"t.yaml", commented, "c.yaml", constraint, NULL}, "t.yaml",
        "19:19 deny-without-message, 19:41 ignore-reason, 23:21 gatekeeper-input");
}

static void kyverno(void **state)
{
    (void)state;
    expect("p.yaml",
        "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata:\n  name: p\nspec:\n"
        "  validationFailureAction: enforce\n  rules:\n    - name: a\n      match:\n        any:\n"
        "          - resources:\n              kinds: [\"*\"]\n      validate:\n"
        "        failureAction: enforce\n    - name: a\n      match:\n        any:\n"
        "          - resources:\n              kinds: [Pod]\n"
        "              namespaces: [web, kube-system]\n",
        "15:13 duplicate-name, 1:13 kyverno-api, 6:3 kyverno-field, 14:24 kyverno-field, "
        "12:23 match-too-broad, 20:33 match-too-broad");
    /* Only for a system namespace, of kinds it names: that is what it is about. */
    expect("p.yaml",
        "apiVersion: kyverno.io/v2beta1\nkind: ClusterPolicy\nmetadata:\n  name: p\nspec:\n"
        "  rules:\n    - name: a\n      match:\n        any:\n          - resources:\n"
        "              kinds: [DaemonSet]\n              namespaces: [kube-system]\n"
        "    - name: b\n      match:\n        any:\n          - resources:\n"
        "              kinds: [\"*\"]\n              namespaces: [kube-system]\n",
        "1:13 kyverno-api, 18:28 match-too-broad");
    expect("p.yaml",
        "apiVersion: policies.kyverno.io/v1\nkind: ValidatingPolicy\nmetadata:\n  name: p\nspec:\n"
        "  background: true\n",
        "6:3 kyverno-field");
    expect("p.yaml",
        "apiVersion: policies.kyverno.io/v1\nkind: ValidatingPolicy\nmetadata:\n  name: p\n---\n"
        "apiVersion: policies.kyverno.io/v1\nkind: ValidatingPolicy\nmetadata:\n  name: p\n",
        "9:9 duplicate-name");
    expect("p.yaml", "kind: ConfigMap\nmetadata:\n  name: kyverno.io\n", "");
}

static void silenced_with_a_reason(void **state)
{
    (void)state;
    expect("a_test.rego",
        "package a_test\n\n# bylaw:ignore test-asserts-nothing checks that the file loads\n"
        "test_a if true\n",
        "");
    expect("a_test.rego", "package a_test\n\n# bylaw:ignore test-asserts-nothing\ntest_a if true\n",
        "3:1 ignore-reason, 4:1 test-asserts-nothing");
    expect(
        "a_test.rego", "package a_test\n\n# bylaw:ignore no-such because\n", "3:1 ignore-reason");
    expect("p.yaml",
        "apiVersion: kyverno.io/v1 # bylaw:ignore kyverno-api the cluster runs 1.16\n"
        "kind: ClusterPolicy\nmetadata:\n  name: p\n",
        "");
}

/* The text with a finding's edit made. */
static char *mended(const char *const *files, const char *path)
{
    struct folder folder = make_folder(files);
    struct findings findings = {0};
    char *text = test_read(folder.dir, path);
    struct guard_world *world = guard_world_new(folder.index, &folder.manifests);
    guards_check(world, path, str_of(text), &findings);
    guard_world_free(world);
    assert_true(findings.len > 0 && findings.items[0].edit.from.row > 0);
    size_t at[2];
    struct position places[] = {findings.items[0].edit.from, findings.items[0].edit.to};
    for (size_t i = 0; i < 2; i++) {
        const char *line = text;
        for (unsigned row = 1; row < places[i].row; row++) {
            line = strchr(line, '\n') + 1;
        }
        at[i] = (size_t)(line - text) + places[i].col - 1;
    }
    char *result =
        mem_printf("%.*s%s%s", (int)at[0], text, findings.items[0].edit.with, text + at[1]);
    free(text);
    findings_free(&findings);
    free_folder(&folder);
    return result;
}

static void fixes_mend(void **state)
{
    (void)state;
    char *text = mended((const char *const[]){"q.rego", "package q\n\na if input.x\n", "p.rego",
                            "package p\n\nimport rego.v1\n\nb if input.y\n", NULL},
        "p.rego");
    assert_string_equal(text, "package p\n\n\nb if input.y\n");
    free(text);
    text = mended((const char *const[]){"p.rego",
                      "package p\n\na if input.review.x == input.request.x\n", NULL},
        "p.rego");
    assert_string_equal(text, "package p\n\na if input.review.x == input.review.x\n");
    free(text);
}

static void what_cannot_be_seen(void **state)
{
    (void)state;
    expect("a.rego", "package a\n\nx := \"\xE2\x80\xAE\xE2\x81\xA6y\" # \xE2\x80\x8B\n",
        "3:7 hidden-character, 3:18 hidden-character");
    expect("a.yaml", "a: \"\xE2\x81\xA7\"\nb: c\n", "1:5 hidden-character");
    /* A byte order mark at the front, joined emoji, other scripts. */
    expect("a.rego",
        "\xEF\xBB\xBFpackage a\n\nx := \"\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x91\xA7 "
        "\xD7\xA9\xD7\x9C\xD9\x85 \xE6\xBC\xA2\"\n",
        "");
    expect("a.rego",
        "package a\n\n# bylaw:ignore hidden-character Persian needs it\nx := "
        "\"\xD9\x85\xE2\x80\x8C\xD9\x87\"\n",
        "");
    char *text = mended((const char *const[]){"a.rego",
                            "package a\n\nx := \"a\xE2\x80\xAE\xE2\x80\x8B"
                            "b\"\n",
                            NULL},
        "a.rego");
    assert_string_equal(text, "package a\n\nx := \"ab\"\n");
    free(text);
    /* kube-system with a Cyrillic letter; then words all of one script. */
    expect("a.rego", "package a\n\nx := \"kube-syst\xD0\xB5m\"\n", "3:12 mixed-script");
    expect("a.yaml",
        "a: p\xCE\xBF"
        "d\n",
        "1:4 mixed-script");
    expect("a.rego",
        "package a\n\nx := \"\xD0\xB5\xD1\x81 \xCE\xB1 5k\xCE\xA9 caf\xC3\xA9 e\xCC\x81\"\n", "");
}

static void table_is_whole(void **state)
{
    (void)state;
    for (size_t i = 0; guards[i] != NULL; i++) {
        bool decided = guards[i]->languages == GUARD_DECIDED;
        assert_true((guards[i]->check == NULL) == decided);
        assert_string_not_equal(guard_languages_name(guards[i]->languages), "");
        assert_true(strlen(guards[i]->summary) > 10 && strlen(guards[i]->explanation) > 40);
        assert_ptr_equal(guard_by_id(str_of(guards[i]->id)), guards[i]);
        assert_true(i == 0 || strcmp(guards[i - 1]->id, guards[i]->id) < 0);
        assert_true(guards[i]->languages != 0);
    }
}

/* Half a text is what a guard sees most of the time: every beginning of these must do no harm. */
static void torn_texts_do_no_harm(void **state)
{
    (void)state;
    static const char *const texts[] = {"a.rego",
        "package a\nimport data.b as c\ndeny[{\"msg\": m}] { c.d[_]; m := sprintf(\"%s\", [\"x\"]) "
        "} else = 1 { not c.d }\ntest_a[x] if { some x in [1]; c.deny with input as {} }\n",
        "a.yaml",
        "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nspec: {rules: [{name: \"a\", match: {any: "
        "[{resources: {kinds: ['*']}}]}}]}\n---\nkind: ConstraintTemplate\nspec:\n  targets:\n  - "
        "rego: |\n      package x\n      a { input.request.object }\n    libs: [\"package "
        "lib.x\"]\n",
        NULL};
    for (size_t i = 0; texts[i] != NULL; i += 2) {
        struct folder folder = make_folder((const char *const[]){texts[i], texts[i + 1], NULL});
        struct guard_world *world = guard_world_new(folder.index, &folder.manifests);
        for (size_t len = 0; len <= strlen(texts[i + 1]); len++) {
            struct findings findings = {0};
            char *part = mem_strndup(texts[i + 1], len);
            guards_check(world, texts[i], str_of(part), &findings);
            guards_check(NULL, texts[i], str_of(part), &findings);
            findings_free(&findings);
            free(part);
        }
        guard_world_free(world);
        free_folder(&folder);
    }
}

#define TEMPLATE_HEAD                                                                              \
    "apiVersion: templates.gatekeeper.sh/v1\n"                                                     \
    "kind: ConstraintTemplate\n"                                                                   \
    "metadata:\n"                                                                                  \
    "  name: k8sx\n"                                                                               \
    "spec:\n"                                                                                      \
    "  crd: {spec: {names: {kind: K8sX}}}\n"                                                       \
    "  targets:\n"                                                                                 \
    "    - target: admission.k8s.gatekeeper.sh\n"                                                  \
    "      rego: |\n"
#define TEMPLATE_REGO                                                                              \
    "package k8sx\n\nviolation[{\"msg\": msg}] {\n  input.review.object.x\n  msg := \"no\"\n}\n"
#define TEMPLATE_BLOCK                                                                             \
    "        package k8sx\n\n        violation[{\"msg\": msg}] {\n"                                \
    "          input.review.object.x\n          msg := \"no\"\n        }\n"
#define CONSTRAINT                                                                                 \
    "apiVersion: constraints.gatekeeper.sh/v1beta1\nkind: K8sX\nmetadata: {name: a}\n"
#define MAKER                                                                                      \
    TEMPLATE_HEAD                                                                                  \
    "{{ file.Read \"src/a/src.rego\" | strings.Indent 8 | strings.TrimSuffix \"\\n\" }}\n"

static bool speaks_of(const char *const *files, const char *path, const char *what)
{
    char *said = say_in(files, path);
    bool speaks = strstr(said, what) != NULL;
    free(said);
    return speaks;
}

static void rego_behind_cel(void **state)
{
    (void)state;
    const char *files[] = {"t.yaml",
        "kind: ConstraintTemplate\nspec:\n  targets:\n    - code:\n"
        "        - engine: K8sNativeValidation\n          source: {validations: []}\n"
        "        - engine: Rego\n          source: {rego: \"package x\"}\n",
        NULL};
    assert_true(speaks_of(files, "t.yaml", "7:19 dead-rego"));
    files[1] = "kind: ConstraintTemplate\nspec:\n  targets:\n    - rego: x\n      code:\n"
               "        - engine: K8sNativeValidation\n          source: {validations: []}\n";
    assert_true(speaks_of(files, "t.yaml", "4:7 dead-rego"));
    files[1] = "kind: ConstraintTemplate\nspec:\n  targets:\n    - rego: x\n";
    assert_false(speaks_of(files, "t.yaml", "dead-rego"));
}

static void template_source(void **state)
{
    (void)state;
    const char *beside[] = {"t/template.yaml", TEMPLATE_HEAD TEMPLATE_BLOCK, "t/src.rego",
        TEMPLATE_REGO, "t/constraint.yaml", CONSTRAINT, NULL};
    assert_false(speaks_of(beside, "t/template.yaml", "template-source"));
    assert_false(speaks_of(beside, "t/src.rego", "template-source"));
    beside[3] = "package k8sx\n\nviolation[{\"msg\": msg}] {\n  input.review.object.y\n}\n";
    assert_true(speaks_of(beside, "t/template.yaml", "13:1 template-source"));
    assert_true(speaks_of(beside, "t/src.rego", "4:1 template-source"));

    const char *made[] = {"library/a/template.yaml", TEMPLATE_HEAD TEMPLATE_BLOCK, "src/a/src.rego",
        TEMPLATE_REGO, "src/a/constraint.tmpl", MAKER, NULL};
    assert_false(speaks_of(made, "library/a/template.yaml", "template-source"));
    assert_false(speaks_of(made, "src/a/src.rego", "template-source"));
    made[3] = "package k8sx\n\nviolation[{\"msg\": msg}] {\n  input.review.object.y\n}\n";
    assert_true(speaks_of(made, "library/a/template.yaml", "13:1 template-source"));
    assert_true(speaks_of(made, "src/a/src.rego", "4:1 template-source"));
    made[3] = TEMPLATE_REGO;
    made[5] = MAKER "{{ env.Getenv \"X\" }}\n"; /* is not known: said, not guessed */
    assert_true(speaks_of(made, "library/a/template.yaml", "1:1 template-source"));
}

#define KYVERNO_POLICY                                                                             \
    "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {name: limits}\nspec:\n  rules:\n"  \
    "    - name: memory-limit\n      validate: {message: m, pattern: {a: b}}\n"
#define KYVERNO_TEST                                                                               \
    "apiVersion: cli.kyverno.io/v1alpha1\nkind: Test\nmetadata: {name: t}\n"                       \
    "policies: [policy.yaml]\nresources: [res.yaml]\nresults:\n"
#define KYVERNO_PODS                                                                               \
    "apiVersion: v1\nkind: Pod\nmetadata: {name: good}\n---\napiVersion: v1\nkind: Pod\n"          \
    "metadata: {name: bad}\n"

/* The suite's findings beside those of other files. */
static void expect_suite(const char *results, const char *expected)
{
    char *suite = mem_printf(KYVERNO_TEST "%s", results);
    expect_in((const char *const[]){"t/policy.yaml", KYVERNO_POLICY, "t/res.yaml", KYVERNO_PODS,
                  "t/kyverno-test.yaml", suite, NULL},
        "t/kyverno-test.yaml", expected);
    free(suite);
}

static void kyverno_suites(void **state)
{
    (void)state;
    expect_suite(
        "- {policy: limits, rule: memory-limit, kind: Pod, resources: [good], result: pass}\n"
        "- {policy: limits, rule: autogen-memory-limit, resources: [bad], result: fail}\n",
        "");
    expect_suite("- {policy: limits, rule: memory-limits, resources: [good, bad], result: fail}\n"
                 "- {policy: limit, rule: x, resources: [good], result: fail}\n"
                 "- {policy: limits, rule: memory-limit, resources: [bat], result: fail}\n",
        "7:26 suite-unknown-name, 8:12 suite-unknown-name, 9:52 suite-unknown-name");
    expect_suite("# bylaw:ignore suite-unknown-name it comes with the next release\n"
                 "- {policy: limits, rule: memory-limits, resources: [bad], result: fail}\n",
        "");
    /* A file that cannot be read may hold it. */
    expect_in((const char *const[]){"t/kyverno-test.yaml",
                  KYVERNO_TEST "- {policy: x, rule: y, resources: [z], result: fail}\n", NULL},
        "t/kyverno-test.yaml", "");
    expect_suite("- {policy: limits, rule: memory-limit, resources: [good], result: pass}\n",
        "7:26 test-no-deny-case");
    expect_suite("# bylaw:ignore test-no-deny-case it audits only\n"
                 "- {policy: limits, rule: memory-limit, resources: [good], result: pass}\n",
        "");
    expect_suite("  []\n", "2:7 suite-empty");
    char *text = mended((const char *const[]){"policy.yaml", KYVERNO_POLICY, "res.yaml",
                            KYVERNO_PODS, "kyverno-test.yaml",
                            KYVERNO_TEST "- {policy: limits, rule: autogen-memory-limits, "
                                         "resources: [bad], result: fail}\n",
                            NULL},
        "kyverno-test.yaml");
    assert_string_equal(text, KYVERNO_TEST
        "- {policy: limits, rule: autogen-memory-limit, resources: [bad], result: fail}\n");
    free(text);
}

#define GATOR_SUITE "apiVersion: test.gatekeeper.sh/v1alpha1\nkind: Suite\n"

static void gator_suites(void **state)
{
    (void)state;
    expect("suite.yaml", GATOR_SUITE "tests: []\n", "2:7 suite-empty");
    expect("suite.yaml", GATOR_SUITE "tests:\n- name: a\n  template: t.yaml\n", "4:3 suite-empty");
    expect(
        "suite.yaml", GATOR_SUITE "tests:\n- name: a\n  template: t.yaml\n  invalid: true\n", "");
    const char *allowed = GATOR_SUITE "tests:\n- name: a\n  template: t.yaml\n  cases:\n  - "
                                      "object: a.yaml\n    assertions:\n    - "
                                      "violations: no\n";
    expect("suite.yaml", allowed, "5:13 test-no-deny-case");
    char *both = mem_printf("%s- name: b\n  template: t.yaml\n  cases:\n  - object: b.yaml\n    "
                            "assertions:\n    - violations: yes\n",
        allowed);
    expect("suite.yaml", both, "");
    free(both);
    expect("suite.yaml", "kind: Suite\ntests: []\n", "");
}

static void rego_deny_cases(void **state)
{
    (void)state;
    const char *policy = "package p\n\ndeny contains msg if {\n\tinput.x\n\tmsg := input.m\n}\n";
    const char *files[] = {"p.rego", policy, "p_test.rego",
        "package p_test\n\nimport data.p\n\ntest_a if {\n\tcount(p.deny) == 0 with input as {}\n}\n"
        "\ntest_b if {\n\tx := data.p.deny with input as {}\n\tcount(x) == 0\n}\n",
        NULL};
    expect_in(files, "p_test.rego", "6:8 test-no-deny-case");
    files[3] =
        "package p_test\n\nimport data.p\n\ntest_a if {\n\tcount(p.deny) == 0 with input as {}"
        "\n}\n\ntest_b if {\n\tx := p.deny with input as {}\n\tcount(x) == 1\n}\n";
    expect_in(files, "p_test.rego", "");
    files[3] = "package p_test\n\nimport data.p\n\ntest_a if {\n\t# bylaw:ignore test-no-deny-case "
               "b_test.rego has them\n\tcount(p.deny) == 0 with input as {}\n}\n";
    expect_in(files, "p_test.rego", "");
    /* Another file may have the case; a function may stand for it. */
    const char *shared[] = {"p.rego", policy, "p_test.rego",
        "package p_test\n\nimport data.p\n\ntest_a if {\n\tcount(p.deny) == 0 with input as "
        "{}\n}\n",
        "q_test.rego", "package q_test\n\ntest_b if data.p.deny[\"x\"] with input as {}\n", NULL};
    expect_in(shared, "p_test.rego", "");
}

static void fixtures_are_used(void **state)
{
    (void)state;
    const char *files[] = {"t/policy.yaml", KYVERNO_POLICY, "t/res.yaml", KYVERNO_PODS,
        "t/kyverno-test.yaml",
        KYVERNO_TEST "- {policy: limits, rule: memory-limit, resources: [bad], result: fail}\n",
        "t/other.yaml", KYVERNO_PODS, "u/other.yaml", KYVERNO_PODS, "t/valid_1.yaml", KYVERNO_PODS,
        "t/kept.yaml", "# bylaw:ignore fixture-unused read by hand\n" KYVERNO_PODS, NULL};
    expect_in(files, "t/other.yaml", "1:1 fixture-unused");
    expect_in(files, "t/res.yaml", "");
    expect_in(files, "t/kept.yaml", "");
    expect_in(files, "t/valid_1.yaml", "");
    expect_in(files, "u/other.yaml", "");
}

/* What Chainsaw compares with looks like a policy. */
static void expected_documents(void **state)
{
    (void)state;
    const char *half = "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata:\n  name: p\n"
                       "spec:\n  validationFailureAction: enforce\n";
    const char *test = "apiVersion: chainsaw.kyverno.io/v1alpha1\nkind: Test\nspec:\n  steps:\n"
                       "  - try:\n    - apply: {file: applied.yaml}\n"
                       "    - assert: {file: applied.yaml}\n    - assert: {file: ready.yaml}\n";
    const char *files[] = {"t/chainsaw-test.yaml", test, "t/ready.yaml", half, "t/applied.yaml",
        half, "u/ready.yaml", half, "t/odd.yaml", half, NULL};
    expect_in(files, "t/ready.yaml", "");
    expect_in(files, "t/applied.yaml", "4:9 duplicate-name, 1:13 kyverno-api, 6:3 kyverno-field");
    expect_in(files, "u/ready.yaml", "4:9 deny-untested, 1:13 kyverno-api, 6:3 kyverno-field");
    /* An old test of Kyverno's names its fixtures, too. */
    const char *old[] = {"t/kyverno-test.yaml",
        "name: p\npolicies:\n  - p.yaml\nresources:\n  - a.yaml\nresults:\n  - policy: p\n",
        "t/a.yaml", KYVERNO_PODS, "t/b.yaml", KYVERNO_PODS, NULL};
    expect_in(old, "t/a.yaml", "");
    expect_in(old, "t/b.yaml", "1:1 fixture-unused");
}

/* All findings of a folder: "file:row id", parted by ", ". */
static char *say_all(const char *const *files)
{
    struct folder folder = make_folder(files);
    struct findings findings = {0};
    struct buf out = BUF_INIT;
    struct err err;
    size_t looked = 0;
    assert_ok(guards_check_folder(folder.dir, NULL, 0, &findings, &looked, &err), err);
    VEC_FOREACH (const struct finding, f, &findings) {
        buf_printf(&out, "%s%s:%u %s", out.len > 0 ? ", " : "", f->file, f->at.row, f->rule);
    }
    findings_free(&findings);
    free_folder(&folder);
    return out.ptr == NULL ? mem_strdup("") : buf_take(&out);
}

static void expect_all(const char *const *files, const char *expected)
{
    char *said = say_all(files);
    assert_string_equal(said, expected);
    free(said);
}

#define POD_RULE(name, condition)                                                                  \
    "package " name "\n\ndeny contains msg if {\n\tinput.kind == \"Pod\"\n\t" condition            \
    "\n\tmsg := sprintf(\"no %s\", [input.metadata.name])\n}\n"
#define HELD_BY_TEST(name)                                                                         \
    "package " name "_test\n\nimport data." name "\n\ntest_x if count(" name                       \
    ".deny) == 1 with input as {}\n"

static void rules_that_conflict(void **state)
{
    (void)state;
    const char *files[] = {"a.rego", POD_RULE("a", "input.spec.hostNetwork"), "a_test.rego",
        HELD_BY_TEST("a"), "b.rego", POD_RULE("b", "not input.spec.hostNetwork"), "b_test.rego",
        HELD_BY_TEST("b"), NULL};
    expect_all(files, "b.rego:3 rules-conflict");
    files[5] = POD_RULE("b", "not input.spec.hostPID");
    expect_all(files, "");
    files[5] =
        "package b\n\ndeny contains msg if {\n\tinput.kind == \"Job\"\n\tnot input.spec.hostNetwork"
        "\n\tmsg := \"no\"\n}\n";
    expect_all(files, "");
    files[5] =
        "package b\n\n# bylaw:ignore rules-conflict only one of them is ever installed\n"
        "deny contains msg if {\n\tinput.kind == \"Pod\"\n\tnot input.spec.hostNetwork\n\tmsg := "
        "\"no\"\n}\n";
    expect_all(files, "");
    files[1] = POD_RULE("a", "input.team != \"a\"");
    files[5] = POD_RULE("b", "input.team != \"b\"");
    expect_all(files, "b.rego:3 rules-conflict");
    files[5] = POD_RULE("b", "input.team != \"a\"");
    expect_all(files, "");
}

#define PATTERN(name, kinds, more, pattern)                                                        \
    "apiVersion: kyverno.io/v1 # bylaw:ignore kyverno-api the cluster runs 1.18\n"                 \
    "kind: ClusterPolicy\nmetadata: {name: " name                                                  \
    "}\nspec:\n  rules:\n  - name: r\n    match: {any: [{resources: {kinds: [" kinds               \
    "]}}]}\n" more                                                                                 \
    "    validate:\n      message: m\n      pattern:\n        spec:\n          " pattern "\n"

static void patterns_that_conflict(void **state)
{
    (void)state;
    const char *files[] = {"a.yaml", PATTERN("a", "Pod", "", "hostname: \"?*\""), "b.yaml",
        PATTERN("b", "Pod", "", "X(hostname): \"null\""), NULL};
    expect_all(files, "b.yaml:12 rules-conflict");
    files[3] = PATTERN("b", "Job", "", "X(hostname): \"null\"");
    expect_all(files, "");
    files[3] = PATTERN("b", "Pod", "    preconditions: {all: []}\n", "X(hostname): \"null\"");
    expect_all(files, "");
    files[3] = PATTERN("b", "Pod", "", "=(hostname): \"a\"");
    expect_all(files, "");
    files[1] = PATTERN("a", "Pod", "", "hostPID: \"false\"");
    files[3] = PATTERN("b", "Pod", "", "hostPID: \"true\"");
    expect_all(files, "b.yaml:12 rules-conflict");
    files[3] = PATTERN("b", "Pod", "", "hostPID: \"true | false\"");
    expect_all(files, "");
    files[3] = PATTERN("b", "Pod", "",
        "# bylaw:ignore rules-conflict another cluster\n          hostPID: \"true\"");
    expect_all(files, "");
}

static void asked_for_kyverno(void **state)
{
    (void)state;
    const char *files[] = {".bylaw/config.toml", "[guards]\nkyverno = \"1.20\"\n", "p.yaml",
        "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {name: p}\n", "q.yaml",
        "apiVersion: policies.kyverno.io/v1\nkind: ValidatingPolicy\nmetadata: {name: q}\n", NULL};
    struct folder folder = make_folder(files);
    struct findings findings = {0};
    size_t looked = 0;
    struct err err;
    assert_ok(guards_check_folder(folder.dir, NULL, 0, &findings, &looked, &err), err);
    assert_int_equal(findings.len, 1);
    assert_int_equal(findings.items[0].severity, SEVERITY_ERROR);
    assert_string_equal(findings.items[0].file, "p.yaml");
    findings_free(&findings);
    free_folder(&folder);
    files[1] = "[guards]\nkyverno = \"1.16\"\n";
    expect_all(files, "q.yaml:1 kyverno-api");
    files[1] = "[guards]\nkyverno = \"v1.19.1\"\n";
    expect_all(files, "p.yaml:1 kyverno-api");
    files[1] = "[guards]\nkyverno = \"new\"\n"; /* says nothing */
    expect_all(files, "p.yaml:1 kyverno-api");
}

static void enough_fixtures(void **state)
{
    (void)state;
    const char *files[] = {".bylaw/config.toml", "", "a/a.rego", POD_RULE("a", "input.x"),
        "a/a_test.rego", HELD_BY_TEST("a"), "b/b.rego", POD_RULE("b", "input.y"), "b/b_test.rego",
        HELD_BY_TEST("b"), "c/c.rego", POD_RULE("c", "input.z"), "c/c_test.rego", HELD_BY_TEST("c"),
        "a/testdata/valid_1.yaml", "a: 1\n", "a/testdata/valid_2.yaml", "a: 1\n",
        "a/testdata/invalid_1.yaml", "a: 1\n", "a/testdata/invalid_2.yaml", "a: 1\n",
        "b/testdata/valid_1.yaml", "a: 1\n", "b/testdata/valid_2.yaml", "a: 1\n",
        "b/testdata/invalid_1.yaml", "a: 1\n", "b/testdata/invalid_2.yaml", "a: 1\n",
        "c/testdata/invalid_1.yaml", "a: 1\n", NULL};
    expect_all(files, "c/c.rego:3 fixtures-few");
    files[1] = "[guards]\nfixtures = 3\n";
    expect_all(files, "a/a.rego:3 fixtures-few, b/b.rego:3 fixtures-few, c/c.rego:3 fixtures-few");
    files[1] = "[guards]\nfixtures = 1\n";
    files[ARRAY_LEN(files) - 3] = "c/testdata/other.yaml";
    expect_all(files, "c/c.rego:3 fixtures-few");
    files[11] = "package c\n\n# bylaw:ignore fixtures-few they come from the cluster\n"
                "deny contains msg if {\n\tinput.z\n\tmsg := input.m\n}\n";
    expect_all(files, "");
}

#define CONTROL(framework, id)                                                                     \
    "# METADATA\n# title: t\n# custom:\n#   " framework ": [\"" id                                 \
    "\"]\npackage a\n\nallow if input.x\n"

static void control_numbers(void **state)
{
    (void)state;
    expect("a.rego", CONTROL("cis-k8s-1.9", "5.2.2"), "");
    expect("a.rego", CONTROL("cis-k8s-1.9", "9.9.9"), "4:1 control-number");
    expect("a.rego", CONTROL("cis-k8s-1.23", "1.2.13"), "4:1 control-number");
    expect("a.rego", CONTROL("cis-aws-1.4", "9.9.9"), "");
    expect("a.rego",
        "# METADATA\n# title: t\n# custom:\n#   cis-k8s-1.9: [\"9.9.9\"] # bylaw:ignore "
        "control-number x\npackage a\n",
        "4:1 control-number"); /* a comment in a comment silences nothing */
    const char *files[] = {"requirements.csv",
        "control_id,control_description,framework\nK8S-01,No root,house\n", "a.rego",
        CONTROL("control", "K8S-01"), NULL};
    expect_in(files, "a.rego", "");
    files[3] = CONTROL("control", "K8S-77");
    expect_in(files, "a.rego", "4:1 control-number");
    /* The comment has the line above to itself. */
    expect_in(
        (const char *const[]){"p.yaml",
            "apiVersion: policies.kyverno.io/v1\nkind: ValidatingPolicy\nmetadata:\n  name: p\n"
            "  annotations:\n    # bylaw:ignore control-number our own numbering\n"
            "    cis-k8s-1.9: \"9.9.9\"\n",
            NULL},
        "p.yaml", "");
}

#define CONSTRAINT_FOR(id, match)                                                                  \
    "apiVersion: constraints.gatekeeper.sh/v1beta1\nkind: K8sX\nmetadata:\n  name: a\n"            \
    "  annotations: {control: " id "}\nspec:\n  match:\n    kinds: [{apiGroups: [\"\"], kinds: "   \
    "[Pod]}]\n" match

static void more_than_is_required(void **state)
{
    (void)state;
    const char *files[] = {"requirements.csv",
        "control_id,control_description\nK8S-01,Production images are pinned\n"
        "K8S-02,Nothing runs as root; reproductions are kept\n",
        "c.yaml", CONSTRAINT_FOR("K8S-01", ""), NULL};
    expect_in(files, "c.yaml", "8:5 match-requirement");
    files[3] = CONSTRAINT_FOR("K8S-02", "");
    expect_in(files, "c.yaml", "");
    files[3] =
        CONSTRAINT_FOR("K8S-01", "    namespaceSelector: {matchLabels: {env: production}}\n");
    expect_in(files, "c.yaml", "");
    files[3] = "# bylaw:ignore match-requirement the cluster is all production\n" CONSTRAINT_FOR(
        "K8S-01", "");
    expect_in(files, "c.yaml", "9:5 match-requirement"); /* not the line above */
    files[3] = CONSTRAINT_FOR("K8S-01", "    # the kinds\n");
    expect_in(files, "c.yaml", "8:5 match-requirement");
    files[3] = "apiVersion: constraints.gatekeeper.sh/v1beta1\nkind: K8sX\nmetadata:\n  name: a\n"
               "  annotations: {control: K8S-01}\nspec:\n  match: # bylaw:ignore match-requirement "
               "all is production\n    kinds: [{apiGroups: [\"\"], kinds: [Pod]}]\n";
    expect_in(files, "c.yaml", "");
}

#define POLICY_FOR(kinds)                                                                          \
    "apiVersion: kyverno.io/v2beta1 # bylaw:ignore kyverno-api old\nkind: ClusterPolicy\n"         \
    "metadata:\n  name: a\n  annotations:\n    control: K8S-01\nspec:\n  rules:\n"                 \
    "  - name: r\n    match:\n      any:\n      - resources:\n          kinds: " kinds             \
    "\n    exclude: {any: [{resources: {kinds: [Service]}}]}\n"

static void other_kinds_than_required(void **state)
{
    (void)state;
    const char *files[] = {"requirements.csv",
        "control_id,control_description\nK8S-01,Deployments and ingresses have an owner\n"
        "K8S-02,Deployments and other workloads have an owner\n",
        "p.yaml", POLICY_FOR("[Deployment, networking.k8s.io/v1/Ingress, Pod]"), NULL};
    expect_in(files, "p.yaml", "");
    files[3] = POLICY_FOR("[Deployment, ConfigMap]");
    expect_in(files, "p.yaml", "13:31 match-requirement");
    files[3] = POLICY_FOR("[\"*\"] # bylaw:ignore match-requirement an owner is asked of all");
    expect_in(files, "p.yaml", "");
    files[2] = "c.yaml";
    files[3] = "apiVersion: constraints.gatekeeper.sh/v1beta1\nkind: K8sX\nmetadata:\n  name: a\n"
               "  annotations: {control: K8S-01}\nspec:\n  match:\n    kinds:\n"
               "      - apiGroups: [\"\"]\n        kinds: [ConfigMap]\n";
    expect_in(files, "c.yaml", "10:17 match-requirement");
    files[1] =
        "control_id,control_description\nK8S-01,Deployments and other workloads have owners\n";
    expect_in(files, "c.yaml", "");
    files[1] = "control_id,control_description\nK8S-01,Ingresses have owners\n";
    files[3] = "apiVersion: policies.kyverno.io/v1\nkind: ValidatingPolicy\nmetadata:\n  name: a\n"
               "  annotations: {control: K8S-01}\nspec:\n  matchConstraints:\n    resourceRules:\n"
               "    - apiGroups: [apps]\n      resources: [deployments]\n";
    expect_in(files, "c.yaml", "10:19 match-requirement");
}

static void yaml_policies(void **state)
{
    (void)state;
    const char *head = "apiVersion: policies.kyverno.io/v1\nkind: ValidatingPolicy\n";
    char *text = mem_printf("%smetadata: {name: p}\nspec:\n  validations:\n  - expression: a\n"
                            "  - expression: b\n    message: m\n",
        head);
    expect("p.yaml", text, "6:5 deny-without-message");
    free(text);
    text = mem_printf("%smetadata: {name: p}\nspec:\n  validations:\n"
                      "  # bylaw:ignore deny-without-message the expression says it\n"
                      "  - expression: a\n",
        head);
    expect("p.yaml", text, "");
    free(text);
    const char *rule =
        "apiVersion: kyverno.io/v1 # bylaw:ignore kyverno-api 1.18\nkind: "
        "ClusterPolicy\nmetadata: {name: p}\nspec:\n  rules:\n  - name: a\n    "
        "validate:\n      pattern: {a: b}\n  - name: b\n    validate: {podSecurity: {}}\n";
    expect("p.yaml", rule, "8:7 deny-without-message");
    /* As others are: tested, with a title. */
    const char *files[] = {"t/policy.yaml", KYVERNO_POLICY, "t/res.yaml", KYVERNO_PODS,
        "t/kyverno-test.yaml",
        KYVERNO_TEST "- {policy: limits, rule: memory-limit, resources: [bad], result: fail}\n",
        "u/policy.yaml",
        "apiVersion: policies.kyverno.io/v1\nkind: ValidatingPolicy\nmetadata: {name: u}\n", NULL};
    expect_in(files, "u/policy.yaml", "3:18 deny-untested");
    files[7] = "apiVersion: policies.kyverno.io/v1\nkind: ValidatingPolicy\nmetadata:\n"
               "  name: u # bylaw:ignore deny-untested it is tested on a cluster\n";
    expect_in(files, "u/policy.yaml", "");
    const char *titled =
        "apiVersion: policies.kyverno.io/v1\nkind: ValidatingPolicy\nmetadata: {name: "
        "n, annotations: {policies.kyverno.io/title: t}}\n";
    const char *others[] = {
        "a/p.yaml", titled, "b/p.yaml", titled, "c/p.yaml", titled, "d/p.yaml", files[7], NULL};
    expect_in(others, "d/p.yaml", "4:9 missing-metadata");
    expect_in(others, "a/p.yaml", "");
    others[3] = files[7];
    expect_in(others, "d/p.yaml", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rego_denies),
        cmocka_unit_test(rego_tests),
        cmocka_unit_test(sets_are_always_true),
        cmocka_unit_test(tests_name_what_is_there),
        cmocka_unit_test(rego_versions),
        cmocka_unit_test(rego_habits),
        cmocka_unit_test(gatekeeper),
        cmocka_unit_test(kyverno),
        cmocka_unit_test(silenced_with_a_reason),
        cmocka_unit_test(fixes_mend),
        cmocka_unit_test(what_cannot_be_seen),
        cmocka_unit_test(rego_behind_cel),
        cmocka_unit_test(template_source),
        cmocka_unit_test(kyverno_suites),
        cmocka_unit_test(gator_suites),
        cmocka_unit_test(rego_deny_cases),
        cmocka_unit_test(fixtures_are_used),
        cmocka_unit_test(expected_documents),
        cmocka_unit_test(rules_that_conflict),
        cmocka_unit_test(patterns_that_conflict),
        cmocka_unit_test(asked_for_kyverno),
        cmocka_unit_test(enough_fixtures),
        cmocka_unit_test(control_numbers),
        cmocka_unit_test(more_than_is_required),
        cmocka_unit_test(other_kinds_than_required),
        cmocka_unit_test(yaml_policies),
        cmocka_unit_test(table_is_whole),
        cmocka_unit_test(torn_texts_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
