/* Each guard of single files on a text that it must speak of and on one that it must not. */
#include "guard_folder.h"
#include "test.h"

#include "base/vec.h"
#include "loop/loop.h"

#include <stdlib.h>

#define TESTED "x_test.rego", "package p_test\n\nimport data.p\n\ntest_x if count(p.deny) == 0\n"

static void rego_denies(void **state)
{
    (void)state;
    const char *good =
        "package p\n\ndeny contains msg if {\n\tsome c in input.containers\n\tmsg := "
        "sprintf(\"%s\", [c.name])\n}\n";
    guard_expect((const char *const[]){"p.rego", good, TESTED, NULL}, "p.rego", "");
    guard_expect_text("p.rego", good, "3:1 deny-untested");
    guard_expect((const char *const[]){"p.rego", "package p\n\ndeny if input.x\n", TESTED, NULL},
        "p.rego", "3:1 deny-without-message");
    guard_expect((const char *const[]){"p.rego",
                     "package p\n\ndefault deny := false\n\ndeny if input.x\n", TESTED, NULL},
        "p.rego", "");
    guard_expect((const char *const[]){"p.rego",
                     "package p\n\ndeny if input.x\n\nallow if not deny\n", TESTED, NULL},
        "p.rego", "");
    guard_expect(
        (const char *const[]){"p.rego",
            "package p\n\ndeny contains msg if {\n\tinput.x\n\tmsg := \"\"\n}\n", TESTED, NULL},
        "p.rego", "5:9 deny-without-message");
    guard_expect((const char *const[]){"p.rego",
                     "package p\n\ndeny contains {\"details\": {}} if input.x\n", TESTED, NULL},
        "p.rego", "3:15 deny-without-message");
    /* Kubescape's, and one that denies nobody. */
    guard_expect(
        (const char *const[]){"p.rego",
            "package p\n\ndeny contains msga if {\n\tsome c in input\n\tmsga := "
            "{\"alertMessage\": sprintf(\"%s\", [c.name]), \"alertScore\": 3}\n}\n\n"
            "deny contains msg if {\n\tsome c in input\n\tmsg := {\"alertObject\": c}\n}\n",
            TESTED, NULL},
        "p.rego", "");
    guard_expect(
        (const char *const[]){"p.rego", "package p\n\ndeny if {\n\tfalse\n}\n", TESTED, NULL},
        "p.rego", "");
    /* A head that is not whole has no text. */
    guard_expect((const char *const[]){"p.rego", "package p\n\ndeny contains true if input.x\n",
                     TESTED, NULL},
        "p.rego", "3:15 deny-without-message");
    guard_expect_text("p.rego", "package p\n\ndeny contains {f(1): 2, \"msg\"} if input.x\n",
        "3:1 deny-untested");
    guard_expect(
        (const char *const[]){"p.rego",
            "package p\n\ndeny contains \"no root\" if {\n\tsome c in input.cs\n\tc.root\n}\n",
            TESTED, NULL},
        "p.rego", "3:15 message-without-resource");
    /* The rest of the result says which one. */
    guard_expect((const char *const[]){"p.rego",
                     "package p\n\ndeny contains {\"msg\": \"no root\", \"_loc\": c.line} if {\n"
                     "\tsome c in input.cs\n\tc.root\n}\n",
                     TESTED, NULL},
        "p.rego", "");
    guard_expect((const char *const[]){"p.rego",
                     "package p\n\ndeny contains \"no root\" if input.root\n", TESTED, NULL},
        "p.rego", "");
    /* v0. */
    guard_expect((const char *const[]){"p.rego",
                     "package p\n\ndeny[msg] {\n\tinput.cs[_].root\n\tmsg := \"no root\"\n}\n",
                     TESTED, NULL},
        "p.rego", "5:9 message-without-resource");
}

static void rego_tests(void **state)
{
    (void)state;
    guard_expect_text(
        "a_test.rego", "package a_test\n\ntest_a if true\n", "3:1 test-asserts-nothing");
    guard_expect_text(
        "a_test.rego", "package a_test\n\ntest_a := true\n", "3:1 test-asserts-nothing");
    guard_expect_text("a_test.rego",
        "package a_test\n\ntest_a if {\n\tx := data.p.deny\n\tprint(x)\n}\n",
        "3:1 test-asserts-nothing, 4:7 test-unknown-name");
    guard_expect_text("a_test.rego", "package a_test\n\ntest_a if {\n\tx := 1\n\tx == x\n}\n",
        "3:1 test-asserts-nothing");
    static const char *const always[] = {"count(input.x) >= 0", "0 <= count(input.x)",
        "count(input.x) > -1", "-1 != count(input.x)", "not false"};
    static const char *const sometimes[] = {"count(input.x) > 0", "count(input.x) <= 0",
        "0 >= count(input.x)", "input.n >= 0", "count(input.x) >= 10", "not input.f"};
    for (size_t i = 0; i < ARRAY_LEN(always) + ARRAY_LEN(sometimes); i++) {
        bool is_always = i < ARRAY_LEN(always);
        char *text = mem_printf("package a_test\n\ntest_a if %s\n",
            is_always ? always[i] : sometimes[i - ARRAY_LEN(always)]);
        guard_expect_text("a_test.rego", text, is_always ? "3:1 test-asserts-nothing" : "");
        free(text);
    }
    guard_expect_text("a_test.rego", "package a_test\n\ntest_a if {\n\tx := 1\n\tx == 2\n}\n", "");
    guard_expect_text("a_test.rego", "package a_test\n\ntest_a if data.p.allow with input as {}\n",
        "3:11 test-unknown-name");
    guard_expect_text("a_test.rego",
        "package a_test\n\ntest_a if not data.p.allow with input as {}\n",
        "3:15 test-unknown-name");
    guard_expect_text(
        "a_test.rego", "package a_test\n\ntest_a := data.p.allow\n", "3:11 test-unknown-name");
    guard_expect_text("a_test.rego", "package a_test\n\ntodo_test_a if true\n", "");
    guard_expect_text("a_test.rego",
        "package a_test\n\ntest_cases[note] if {\n\tsome note, c in {\"a\": 1}\n\tc == 1\n}\n", "");
    guard_expect_text("a_test.rego",
        "package a_test\n\ntest_a if 1 == input.x\n\ntest_b if input.y\n\ntest_a if input.z\n",
        "7:1 duplicate-test");
}

static void sets_are_always_true(void **state)
{
    (void)state;
    const char *policy = "package p\n\ndeny contains msg if {\n\tinput.x\n\tmsg := input.m\n}\n\n"
                         "allow if input.y\n";
    guard_expect(
        (const char *const[]){"p.rego", policy, "p_test.rego",
            "package p_test\n\nimport data.p\n\ntest_a if {\n\tp.deny with input as {}\n}\n"
            "\ntest_b if data.p.deny with input as {}\n\ntest_c if p.allow\n\n"
            "test_d if count(p.deny) == 0\n\ntest_e if p.deny[\"x\"]\n",
            NULL},
        "p_test.rego", "6:2 test-set-always-true, 9:11 test-set-always-true");
    guard_expect((const char *const[]){"p.rego", policy, "p_test.rego",
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
    guard_expect((const char *const[]){"p.rego", policy, "p_test.rego", test, "there/data.json",
                     "{\"a\": 1}\n", NULL},
        "p_test.rego", "4:8 test-unknown-name, 9:15 test-unknown-name, 13:15 test-unknown-name");
    /* What a file defines that cannot be read whole is not known. */
    guard_expect((const char *const[]){"p.rego", "package p\n\ndeny contains {\n", "p_test.rego",
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
    guard_expect((const char *const[]){"q.rego", v1, "p.rego", import, NULL}, "p.rego",
        "3:1 deprecated-import, 4:1 deprecated-import");
    guard_expect_text("p.rego", import, "");
    guard_expect((const char *const[]){"q.rego", v1, "r.rego", "package r\n\na if input.x\n",
                     "p.rego", v0, NULL},
        "p.rego", "3:1 v0-syntax");
    guard_expect_text("p.rego", v0, "");
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
    guard_expect(files, "f/g/x.rego", "1:9 package-folder");
    guard_expect(files, ".regal/rules/custom/x.rego", ""); /* Regal asks for this name */
    guard_expect(files, "f/h/x.rego", "");
    guard_expect(files, "f/i/x.rego", "");
    guard_expect(files, "a/b/x.rego", "");
    guard_expect(files, "a/main.rego", "");
    guard_expect_text("f/g/x.rego", "package h\n", "");
    /* What may have any name shows no habit: Conftest's `main`, files at the top. */
    const char *const mains[] = {"a/x.rego", "package main\n", "b/x.rego", "package main\n",
        "c/x_test.rego", "package main\n", "y.rego", "package y\n", "z.rego", "package z\n",
        "d/d.rego", "package d\n", "e/e.rego", "package e\n", "f/g/x.rego", "package h\n", NULL};
    guard_expect(mains, "f/g/x.rego", "");
    const char *const annotated[] = {"a.rego", "# METADATA\n# title: A\npackage a\n", "b.rego",
        "package b\n\nwarn contains input.m if input.x\n", "b_test.rego",
        "package b_test\n\ntest_b if count(data.b.warn) == 0\n", NULL};
    guard_expect(annotated, "b.rego", "3:1 missing-metadata");
    /* One of three is no custom. */
    const char *const once[] = {"a.rego",
        "# METADATA\n# title: A\npackage a\n\nwarn contains input.m "
        "if input.x\n",
        "b.rego", "package b\n\nwarn contains input.m if input.x\n", "c.rego",
        "package c\n\ndeny contains input.m if input.x\n", NULL};
    guard_expect(once, "b.rego", "3:1 deny-untested");
}

static void gatekeeper(void **state)
{
    (void)state;
    guard_expect_text("p.rego",
        "package p\n\na if input.review.object.x == input.request.object.x\n\nb if "
        "input.parameters.y\n",
        "3:37 gatekeeper-input");
    guard_expect_text("p.rego", "package p\n\na if input.request.object.x\n", "");
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
    guard_expect(files, "t.yaml", "15:22 gatekeeper-input");
    guard_expect(files, "c.yaml", "9:17 match-too-broad");
    guard_expect(files, "d/other.yaml", "2:7 constraint-without-template, 2:7 match-too-broad");
    guard_expect_text("t.yaml", template, "15:22 gatekeeper-input");
    guard_expect((const char *const[]){"t.yaml", template, "d/other.yaml", other, NULL}, "t.yaml",
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
    guard_expect((const char *const[]){"t.yaml", commented, "c.yaml", constraint, NULL}, "t.yaml",
        "19:19 deny-without-message, 19:41 ignore-reason, 23:21 gatekeeper-input");
}

static void kyverno(void **state)
{
    (void)state;
    guard_expect_text("p.yaml",
        "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata:\n  name: p\nspec:\n"
        "  validationFailureAction: enforce\n  rules:\n    - name: a\n      match:\n        any:\n"
        "          - resources:\n              kinds: [\"*\"]\n      validate:\n"
        "        failureAction: enforce\n    - name: a\n      match:\n        any:\n"
        "          - resources:\n              kinds: [Pod]\n"
        "              namespaces: [web, kube-system]\n",
        "15:13 duplicate-name, 1:13 kyverno-api, 6:3 kyverno-field, 14:24 kyverno-field, "
        "12:23 match-too-broad, 20:33 match-too-broad");
    /* Only for a system namespace, of kinds it names: that is what it is about. */
    guard_expect_text("p.yaml",
        "apiVersion: kyverno.io/v2beta1\nkind: ClusterPolicy\nmetadata:\n  name: p\nspec:\n"
        "  rules:\n    - name: a\n      match:\n        any:\n          - resources:\n"
        "              kinds: [DaemonSet]\n              namespaces: [kube-system]\n"
        "    - name: b\n      match:\n        any:\n          - resources:\n"
        "              kinds: [\"*\"]\n              namespaces: [kube-system]\n",
        "1:13 kyverno-api, 18:28 match-too-broad");
    guard_expect_text("p.yaml",
        "apiVersion: policies.kyverno.io/v1\nkind: ValidatingPolicy\nmetadata:\n  name: p\nspec:\n"
        "  background: true\n",
        "6:3 kyverno-field");
    guard_expect_text("p.yaml",
        "apiVersion: policies.kyverno.io/v1\nkind: ValidatingPolicy\nmetadata:\n  name: p\n---\n"
        "apiVersion: policies.kyverno.io/v1\nkind: ValidatingPolicy\nmetadata:\n  name: p\n",
        "9:9 duplicate-name");
    guard_expect_text("p.yaml", "kind: ConfigMap\nmetadata:\n  name: kyverno.io\n", "");
}

static void silenced_with_a_reason(void **state)
{
    (void)state;
    guard_expect_text("a_test.rego",
        "package a_test\n\n# bylaw:ignore test-asserts-nothing checks that the file loads\n"
        "test_a if true\n",
        "");
    guard_expect_text("a_test.rego",
        "package a_test\n\n# bylaw:ignore test-asserts-nothing\ntest_a if true\n",
        "3:1 ignore-reason, 4:1 test-asserts-nothing");
    guard_expect_text(
        "a_test.rego", "package a_test\n\n# bylaw:ignore no-such because\n", "3:1 ignore-reason");
    guard_expect_text("p.yaml",
        "apiVersion: kyverno.io/v1 # bylaw:ignore kyverno-api the cluster runs 1.16\n"
        "kind: ClusterPolicy\nmetadata:\n  name: p\n",
        "");
}

static void fixes_mend(void **state)
{
    (void)state;
    char *text = guard_mended((const char *const[]){"q.rego", "package q\n\na if input.x\n",
                                  "p.rego", "package p\n\nimport rego.v1\n\nb if input.y\n", NULL},
        "p.rego");
    assert_string_equal(text, "package p\n\n\nb if input.y\n");
    free(text);
    text = guard_mended((const char *const[]){"p.rego",
                            "package p\n\na if input.review.x == input.request.x\n", NULL},
        "p.rego");
    assert_string_equal(text, "package p\n\na if input.review.x == input.review.x\n");
    free(text);
}

static void what_cannot_be_seen(void **state)
{
    (void)state;
    guard_expect_text("a.rego", "package a\n\nx := \"\xE2\x80\xAE\xE2\x81\xA6y\" # \xE2\x80\x8B\n",
        "3:7 hidden-character, 3:18 hidden-character");
    guard_expect_text("a.yaml", "a: \"\xE2\x81\xA7\"\nb: c\n", "1:5 hidden-character");
    /* A byte order mark at the front, joined emoji, other scripts. */
    guard_expect_text("a.rego",
        "\xEF\xBB\xBFpackage a\n\nx := \"\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x91\xA7 "
        "\xD7\xA9\xD7\x9C\xD9\x85 \xE6\xBC\xA2\"\n",
        "");
    guard_expect_text("a.rego",
        "package a\n\n# bylaw:ignore hidden-character Persian needs it\nx := "
        "\"\xD9\x85\xE2\x80\x8C\xD9\x87\"\n",
        "");
    char *text = guard_mended((const char *const[]){"a.rego",
                                  "package a\n\nx := \"a\xE2\x80\xAE\xE2\x80\x8B"
                                  "b\"\n",
                                  NULL},
        "a.rego");
    assert_string_equal(text, "package a\n\nx := \"ab\"\n");
    free(text);
    /* kube-system with a Cyrillic letter; then words all of one script. */
    guard_expect_text("a.rego", "package a\n\nx := \"kube-syst\xD0\xB5m\"\n", "3:12 mixed-script");
    guard_expect_text("a.yaml",
        "a: p\xCE\xBF"
        "d\n",
        "1:4 mixed-script");
    guard_expect_text("a.rego",
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
        struct guard_folder folder =
            guard_folder_make((const char *const[]){texts[i], texts[i + 1], NULL});
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
        guard_folder_free(&folder);
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
    char *said = guard_say(files, path);
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
        cmocka_unit_test(table_is_whole),
        cmocka_unit_test(torn_texts_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
