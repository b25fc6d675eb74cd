#include "test.h"

#include "base/vec.h"
#include "catalog/builtins.h"
#include "catalog/catalog.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static void put(struct catalog *catalog, const char *path, const char *text)
{
    catalog_put(catalog, path, policy_symbols_parse(path, str_of(text)));
}

/* The cursor on the `nth` (from 0) occurrence of `name` in the text. */
static struct catalog_cursor at(const char *path, const char *text, const char *name, int nth)
{
    struct catalog_cursor cursor = {.path = path, .text = str_of(text)};
    const char *hit = strstr(text, name);
    while (nth-- > 0 && hit != NULL) {
        hit = strstr(hit + 1, name);
    }
    assert_non_null(hit);
    for (const char *c = text; c < hit; c++) {
        cursor.row += *c == '\n';
        cursor.col = *c == '\n' ? 0 : cursor.col + 1;
    }
    return cursor;
}

/* "path:row:col …" (from 1) of all places. */
static char *show(struct catalog_places *places)
{
    struct buf out = BUF_INIT;
    VEC_FOREACH (const struct catalog_place, place, places) {
        buf_printf(&out, "%s%s:%u:%u", out.len > 0 ? " " : "", place->path, place->at.row + 1,
            place->at.col + 1);
    }
    catalog_places_free(places);
    return buf_take(&out);
}

typedef void (*question)(
    struct catalog *catalog, const struct catalog_cursor *cursor, struct catalog_places *out);

static void expect(
    struct catalog *catalog, question ask, struct catalog_cursor cursor, const char *want, int line)
{
    struct catalog_places places = {0};
    ask(catalog, &cursor, &places);
    char *got = show(&places);
    if (strcmp(got, want) != 0) {
        fail_msg("line %d: got %s, want %s", line, got, want);
    }
    free(got);
}
#define EXPECT(ask, cursor, want) expect(catalog, ask, cursor, want, __LINE__)

static const char LIB[] = "package lib.k8s\n"
                          "\n"
                          "# Containers of a pod.\n"
                          "containers contains c if some c in input.spec.containers\n"
                          "is_root(c) if c.user == 0\n"
                          "limits.cpu := 2\n";
static const char POLICY[] = "package k8s.root\n"
                             "import data.lib.k8s\n"
                             "import data.lib.k8s.is_root as rooted\n"
                             "deny contains msg if {\n"
                             "\tsome c in k8s.containers\n"
                             "\trooted(c)\n"
                             "\tnames := [n | some c in input.x; n := c.name]\n"
                             "\tc.cpu > data.lib.k8s.limits.cpu\n"
                             "\tmsg := sprintf(\"%s %v\", [c.name, names])\n"
                             "}\n"
                             "other if count(deny) > 0\n";
static const char TEST[] = "package k8s.root_test\n"
                           "import data.k8s.root\n"
                           "test_deny if root.deny with input as pod\n"
                           "pod := {\"spec\": {}}\n"
                           "test_other if helper\n"
                           "helper if root.other\n";

static struct catalog *sample(void)
{
    struct catalog *catalog = catalog_new();
    put(catalog, "lib/k8s.rego", LIB);
    put(catalog, "k8s/root.rego", POLICY);
    put(catalog, "k8s/root_test.rego", TEST);
    return catalog;
}

static void finds_definitions(void **state)
{
    (void)state;
    struct catalog *catalog = sample();
    const char *p = "k8s/root.rego";
    EXPECT(catalog_definition, at(p, POLICY, "containers", 0), "lib/k8s.rego:4:1");
    EXPECT(catalog_definition, at(p, POLICY, "rooted(c)", 0), "lib/k8s.rego:5:1");
    EXPECT(catalog_definition, at(p, POLICY, "k8s\nimport", 0), "lib/k8s.rego:1:9");
    EXPECT(catalog_definition, at(p, POLICY, "k8s.containers", 0), "lib/k8s.rego:1:9");
    EXPECT(catalog_definition, at(p, POLICY, "limits.cpu", 0), "lib/k8s.rego:6:1");
    EXPECT(catalog_definition, at(p, POLICY, "deny) > 0", 0), "k8s/root.rego:4:1");
    /* Variables: the rule's, and the one of the comprehension that hides it. */
    EXPECT(catalog_definition, at(p, POLICY, "c.cpu", 0), "k8s/root.rego:5:7");
    EXPECT(catalog_definition, at(p, POLICY, "c.name]", 0), "k8s/root.rego:7:21");
    EXPECT(catalog_definition, at(p, POLICY, "msg if", 0), "k8s/root.rego:9:2");
    EXPECT(catalog_definition, at(p, POLICY, "n | some", 0), "k8s/root.rego:7:35");
    /* No definition: a built-in nobody knows here, input, a field. */
    EXPECT(catalog_definition, at(p, POLICY, "sprintf", 0), "");
    EXPECT(catalog_definition, at(p, POLICY, "input", 0), "");
    EXPECT(catalog_definition, at("k8s/root_test.rego", TEST, "root.deny", 0), "k8s/root.rego:1:9");
    EXPECT(catalog_definition, at("k8s/root_test.rego", TEST, "deny with", 0), "k8s/root.rego:4:1");
    catalog_free(catalog);
}

static void finds_references(void **state)
{
    (void)state;
    struct catalog *catalog = sample();
    EXPECT(catalog_references, at("lib/k8s.rego", LIB, "is_root", 0),
        "k8s/root.rego:3:21 k8s/root.rego:3:32 k8s/root.rego:6:2 lib/k8s.rego:5:1");
    EXPECT(catalog_references, at("k8s/root.rego", POLICY, "c in k8s", 0),
        "k8s/root.rego:5:7 k8s/root.rego:6:9 k8s/root.rego:8:2 k8s/root.rego:9:27");
    EXPECT(catalog_references, at("lib/k8s.rego", LIB, "c) if", 0),
        "lib/k8s.rego:5:9 lib/k8s.rego:5:15");
    EXPECT(catalog_callers, at("k8s/root.rego", POLICY, "deny", 0),
        "k8s/root.rego:11:1 k8s/root_test.rego:3:1");
    EXPECT(catalog_callees, at("k8s/root.rego", POLICY, "some c in k8s", 0),
        "lib/k8s.rego:4:1 lib/k8s.rego:5:1 lib/k8s.rego:6:1");
    catalog_free(catalog);
}

static void joins_rules_and_tests(void **state)
{
    (void)state;
    struct catalog *catalog = sample();
    EXPECT(catalog_tests, at("k8s/root.rego", POLICY, "deny", 0),
        "k8s/root_test.rego:3:1 k8s/root_test.rego:5:1");
    EXPECT(catalog_tests, at("lib/k8s.rego", LIB, "is_root", 0),
        "k8s/root_test.rego:3:1 k8s/root_test.rego:5:1");
    EXPECT(catalog_tested, at("k8s/root_test.rego", TEST, "test_other", 0),
        "k8s/root.rego:11:1 k8s/root.rego:4:1 lib/k8s.rego:4:1 lib/k8s.rego:5:1 lib/k8s.rego:6:1 "
        "k8s/root_test.rego:6:1");
    catalog_free(catalog);
}

/* Gatekeeper's tests are in the package they test: a helper beside them is not what they are about.
 */
static void knows_helpers_of_tests(void **state)
{
    (void)state;
    struct catalog *catalog = catalog_new();
    const char *test = "package repos\n"
                       "test_denied if {\n"
                       "\tcount(violation) == 1 with input as helper([1])\n"
                       "}\n"
                       "helper(x) := {\"all\": x}\n";
    put(catalog, "a/src.rego", "package repos\nviolation contains 1 if data.lib.one\n");
    put(catalog, "a/src_test.rego", test);
    put(catalog, "lib/one.rego", "package lib\none := 1\n");
    EXPECT(catalog_tested, at("a/src_test.rego", test, "count", 0),
        "a/src.rego:2:1 lib/one.rego:2:1 a/src_test.rego:5:1");
    catalog_free(catalog);
}

static void follows_a_file_that_changes(void **state)
{
    (void)state;
    struct catalog *catalog = sample();
    const char *p = "k8s/root.rego";
    catalog_remove(catalog, "lib/k8s.rego");
    EXPECT(catalog_definition, at(p, POLICY, "containers", 0), "");
    put(catalog, "lib/other.rego", LIB);
    EXPECT(catalog_definition, at(p, POLICY, "containers", 0), "lib/other.rego:4:1");
    /* Text the catalog does not know yet is read first. */
    char *longer = mem_printf("# a line more\n%s", POLICY);
    EXPECT(catalog_definition, at(p, longer, "c.cpu", 0), "k8s/root.rego:6:7");
    free(longer);
    catalog_free(catalog);
}

static const char TEMPLATE[] = "apiVersion: templates.gatekeeper.sh/v1\n"
                               "kind: ConstraintTemplate\n"
                               "metadata: {name: k8srequired}\n"
                               "spec:\n"
                               "  crd: {spec: {names: {kind: K8sRequired}}}\n"
                               "  targets:\n"
                               "    - target: admission.k8s.gatekeeper.sh\n"
                               "      libs:\n"
                               "        - |\n"
                               "          package lib.helpers\n"
                               "          missing(o) { not o.x }\n"
                               "      rego: |\n"
                               "        package k8srequired\n"
                               "        import data.lib.helpers\n"
                               "        violation[{\"msg\": msg}] {\n"
                               "          helpers.missing(input.review.object)\n"
                               "          msg := \"no\"\n"
                               "        }\n";

static void reads_rego_in_a_template(void **state)
{
    (void)state;
    struct catalog *catalog = catalog_new();
    const char *c = "kind: K8sRequired\n"
                    "apiVersion: constraints.gatekeeper.sh/v1beta1\n"
                    "metadata: {name: all}\n"
                    "spec: {parameters: {labels: [a]}}\n";
    put(catalog, "t/template.yaml", TEMPLATE);
    put(catalog, "t/samples/c.yaml", c);
    EXPECT(catalog_definition, at("t/samples/c.yaml", c, "K8sRequired", 0), "t/template.yaml:5:30");
    EXPECT(catalog_references, at("t/template.yaml", TEMPLATE, "K8sRequired}", 0),
        "t/samples/c.yaml:1:7 t/template.yaml:5:30");
    EXPECT(catalog_definition, at("t/template.yaml", TEMPLATE, "missing(input", 0),
        "t/template.yaml:11:11");
    EXPECT(catalog_references, at("t/template.yaml", TEMPLATE, "msg}", 0),
        "t/template.yaml:15:27 t/template.yaml:17:11");
    catalog_free(catalog);
}

static void reads_kyverno(void **state)
{
    (void)state;
    struct catalog *catalog = catalog_new();
    const char *policy = "---\n"
                         "apiVersion: kyverno.io/v1\n"
                         "kind: ClusterPolicy\n"
                         "metadata:\n"
                         "  name: require-limits\n"
                         "  annotations:\n"
                         "    policies.kyverno.io/cis-k8s: 5.2.1, 5.2.2\n"
                         "spec:\n"
                         "  rules:\n"
                         "    - name: memory-limit\n"
                         "      match: {}\n"
                         "---\n"
                         "{{ a template that is no YAML\n"
                         "---\n"
                         "apiVersion: policies.kyverno.io/v1\n"
                         "kind: ValidatingPolicy\n"
                         "metadata: {name: cel}\n"
                         "spec: {validations: [{expression: \"true\"}]}\n";
    const char *suite = "apiVersion: cli.kyverno.io/v1alpha1\n"
                        "kind: Test\n"
                        "metadata: {name: t}\n"
                        "policies: [../policy.yaml]\n"
                        "results:\n"
                        "  - {policy: require-limits, rule: autogen-memory-limit}\n";
    put(catalog, "p/policy.yaml", policy);
    put(catalog, "p/test/kyverno-test.yaml", suite);
    EXPECT(catalog_definition, at("p/test/kyverno-test.yaml", suite, "require-limits", 0),
        "p/policy.yaml:5:9");
    EXPECT(catalog_definition, at("p/test/kyverno-test.yaml", suite, "memory-limit", 0),
        "p/policy.yaml:10:13");
    EXPECT(catalog_tests, at("p/policy.yaml", policy, "memory-limit", 0),
        "p/test/kyverno-test.yaml:3:18");
    EXPECT(catalog_tested, at("p/test/kyverno-test.yaml", suite, "name: t", 0),
        "p/policy.yaml:5:9 p/policy.yaml:10:13 p/policy.yaml:17:18");
    const struct policy_symbols *symbols = catalog_symbols_of(catalog, "p/policy.yaml");
    assert_int_equal(symbols->controls.len, 2);
    assert_string_equal(symbols->controls.items[1].id, "5.2.2");
    assert_int_equal(symbols->definitions.len, 4);
    assert_true(symbols->has_errors);
    put(catalog, "p/comments.yaml", "# only\n---\n# comments\n---\nkind: Pod\napiVersion: v1\n");
    assert_false(catalog_symbols_of(catalog, "p/comments.yaml")->has_errors);
    symbols = catalog_symbols_of(catalog, "p/policy.yaml");
    assert_string_equal(symbols->definitions.items[3].name, "validation 1");
    catalog_free(catalog);
}

/* ---- what a rename cannot know ---- */

static void tells_what_a_rename_leaves(void **state)
{
    (void)state;
    static const char code[] = "package p\n# my_limit is what one may have\n"
                               "my_limit := 2\nx if my_limit > 1\ny := \"my_limit my_limits\"\n";
    static const char docs[] = "Ask data.p.my_limit, not xp.my_limit or p.my_limits.\n\nmy_limit\n";
    char *dir = test_dir_make();
    test_write(dir, "p.rego", code);
    test_write(dir, "README.md", docs);
    test_write(dir, "other.rego", "package q\n# my_limit of another\n");
    struct catalog *catalog = catalog_new();
    put(catalog, "p.rego", code);
    struct catalog_cursor cursor = at("p.rego", code, "my_limit :=", 0);
    struct catalog_rename rename;
    struct err err;
    assert_ok(catalog_rename_plan(catalog, &cursor, STR_LIT("most"), &rename, &err), err);
    struct patch_folder folder = {open(dir, O_RDONLY | O_DIRECTORY), 1 << 20};
    struct patch_source source = {patch_folder_read, &folder};
    char *paths[] = {"README.md", "gone.md", "other.rego", "p.rego"};
    catalog_rename_mentions(&rename, &source, paths, ARRAY_LEN(paths));
    assert_string_equal(rename.notes.ptr,
        "my_limit also stands in comments, strings or other texts, which stay as they are: "
        "3 places of 2 files (README.md:1, p.rego:2, p.rego:5)\n");
    catalog_rename_free(&rename);
    close(folder.fd);
    catalog_free(catalog);
    test_dir_remove(dir);
}

/* ---- completion ---- */

static const char CAPABILITIES[] =
    "{\"builtins\": ["
    "{\"name\": \"startswith\", \"description\": \"Begins with.\", \"decl\": {\"args\": ["
    "{\"name\": \"search\", \"type\": \"string\"}, {\"name\": \"base\", \"type\": \"string\"}],"
    "\"result\": {\"type\": \"boolean\"}, \"type\": \"function\"}},"
    "{\"name\": \"io.jwt.decode\", \"decl\": {\"args\": [{\"type\": \"string\"}]}},"
    "{\"name\": \"plus\", \"infix\": \"+\"}]}";

/* Completes at the "@" of the text and joins the first labels. */
static void complete(
    struct catalog *catalog, const char *path, const char *marked, const char *want, int line)
{
    const char *bar = strchr(marked, '@');
    struct buf text = BUF_INIT;
    struct catalog_cursor cursor = {.path = path};
    buf_append(&text, marked, (size_t)(bar - marked));
    for (size_t i = 0; i < text.len; i++) {
        cursor.row += text.ptr[i] == '\n';
        cursor.col = text.ptr[i] == '\n' ? 0 : cursor.col + 1;
    }
    buf_append_c(&text, bar + 1);
    cursor.text = buf_str(&text);
    struct completions found;
    catalog_complete(catalog, &cursor, &found);
    struct buf got = BUF_INIT;
    for (size_t i = 0; i < found.len && i < 4; i++) {
        buf_printf(&got, "%s%s", i > 0 ? " " : "", found.items[i].label);
    }
    if (!str_equal_c(buf_str(&got), want)) {
        fail_msg("line %d: got %s, want %s", line, got.ptr, want);
    }
    assert_true(found.replace_from <= cursor.col && found.replace_to == cursor.col);
    completions_free(&found);
    buf_free(&got);
    buf_free(&text);
}
#define COMPLETE(path, marked, want) complete(catalog, path, marked, want, __LINE__)

static void completes_rego(void **state)
{
    (void)state;
    struct catalog *catalog = sample();
    struct err err;
    struct builtins *builtins = builtins_parse(str_of(CAPABILITIES), &err);
    assert_non_null(builtins);
    assert_int_equal(builtins->len, 2);
    catalog_set_builtins(catalog, builtins);
    put(catalog, "testdata/pod.yaml",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: p, labels: {\"app.io/x\": y}}\n"
        "spec: {containers: [{name: c, image: nginx}]}\n");
    put(catalog, "c.yaml",
        "apiVersion: constraints.gatekeeper.sh/v1beta1\nkind: K\nmetadata: {name: k}\n"
        "spec: {parameters: {allowed: [a]}}\n");
    COMPLETE("k8s/new.rego", "package k8s.new\nimport data.@", "k8s lib");
    COMPLETE("k8s/new.rego", "package k8s.new\nimport data.lib.@", "k8s");
    COMPLETE("k8s/new.rego", "package k8s.new\nimport data.lib.k8s\nx if k8s.con@", "containers");
    COMPLETE(
        "k8s/new.rego", "package k8s.new\nx if data.lib.k8s.@", "containers is_root limits.cpu");
    COMPLETE("k8s/new.rego", "package k8s.new\nx if startsw@", "startswith");
    COMPLETE("k8s/new.rego", "package k8s.new\nx if io.jwt.@", "decode");
    COMPLETE("k8s/new.rego", "package k8s.new\nx if { \"startsw@\" }", "");
    COMPLETE("k8s/new.rego", "package k8s.new\nx if { # startsw@", "");
    COMPLETE(
        "k8s/new.rego", "package k8s.new\nmine := 1\nx if {\n\tmile := 2\n\tmi@\n}", "mile mine");
    COMPLETE("k8s/new.rego", "package k8s.new\nx if input.review.object.spec.@", "containers");
    COMPLETE("k8s/new.rego", "package k8s.new\nx if input.spec.containers[_].@", "image name");
    COMPLETE("k8s/new.rego", "package k8s.new\nx if input.parameters.@", "allowed");
    COMPLETE("k8s/new.rego", "package k8s.new\nx if input.review.@", "kind name namespace object");
    COMPLETE("k8s/new.rego", "package k8s.new\nx if {\n\tsome c in input.spec.containers\n\tc.@\n}",
        "image name");
    COMPLETE("k8s/new.rego",
        "package k8s.new\nspec := input.spec\nx if {\n\tsome c in spec.containers\n\tc.i@\n}",
        "image");
    COMPLETE("k8s/new.rego",
        "package k8s.new\nimport data.lib.k8s\nx if {\n\tsome c in k8s.containers\n\tc.@\n}",
        "image name");
    COMPLETE("k8s/new.rego", "package k8s.new\nx if input.metadata.labels.@", "app.io/x");
    COMPLETE("t.yaml",
        "apiVersion: templates.gatekeeper.sh/v1\nkind: ConstraintTemplate\nmetadata: {name: t}\n"
        "spec:\n  targets:\n    - rego: |\n        package t\n"
        "        violation[{\"msg\": m}] {\n          m := input.review.object.metadata.@\n        "
        "}\n",
        "labels name");
    const char *text = "package q\nx if startswith(\"a\", \"b\")\n";
    struct catalog_cursor cursor = at("q.rego", text, "startswith", 0);
    struct catalog_rename rename;
    assert_false(catalog_rename_plan(catalog, &cursor, STR_LIT("y"), &rename, &err));
    assert_non_null(strstr(err.text, "function of the engine"));
    catalog_free(catalog);
    builtins_free(builtins);
}

/* What tests write down as inputs is known too: as a literal, in a variable, a rule, a function,
 * put together of others, and of a part of the input. */
/* A package that stands several times, older copies elsewhere: what stands here is said first, and
 * a head that another one begins with is a head of its own. */
static void hover_begins_with_what_is_near(void **state)
{
    (void)state;
    static const char old[] = "package https\ntls_is_optional(ingress) = true { ingress }\n";
    static const char now[] = "package https\ntls_is_optional { input.x }\n";
    struct catalog *catalog = catalog_new();
    put(catalog, "artifacts/1.0.0/src.rego", old);
    put(catalog, "src/https/src.rego", now);
    struct catalog_cursor cursor = at("src/https/src.rego", now, "tls_is_optional", 0);
    struct buf text = BUF_INIT;
    assert_true(catalog_hover(catalog, &cursor, NULL, NULL, &text));
    const char *head = "```rego\ntls_is_optional\ntls_is_optional(ingress) = true\n";
    assert_true(str_starts(buf_str(&text), head));
    buf_free(&text);
    catalog_free(catalog);
}

static void completes_what_tests_give(void **state)
{
    (void)state;
    struct catalog *catalog = catalog_new();
    put(catalog, "a_test.rego",
        "package a_test\n"
        "pod(name) := {\"kind\": \"Pod\", \"metadata\": {\"name\": name}}\n"
        "base := {\"tier\": \"web\"}\n"
        "test_a if data.a.deny with input as {\"resource\": {\"arn\": \"x\", \"size\": 3}}\n"
        "test_b if {\n\tin := {\"review\": {\"object\": pod(\"p\"), \"operation\": \"CREATE\"},"
        " \"parameters\": {\"allowed\": [\"a\"]}}\n\tcount(data.a.deny) == 0 with input as in\n}\n"
        "test_c if data.a.deny with input as object.union(base, {\"zone\": \"z\"})\n"
        "test_d if data.a.deny with input.user as {\"groups\": [{\"gid\": 1}]}\n"
        "test_e if data.a.deny with input as loop\n"
        "loop := loop\n");
    COMPLETE("a.rego", "package a\nx if input.resource.@", "arn size");
    COMPLETE("a.rego", "package a\nx if input.review.object.metadata.@", "name");
    COMPLETE("a.rego", "package a\nx if input.parameters.@", "allowed");
    COMPLETE("a.rego", "package a\nx if input.ti@", "tier");
    COMPLETE("a.rego", "package a\nx if input.zo@", "zone");
    COMPLETE("a.rego", "package a\nx if input.user.groups[_].@", "gid");
    COMPLETE("a.rego", "package a\nx if {\n\tsome g in input.user.groups\n\tg.@\n}", "gid");
    put(catalog, "a_test.rego", "package a_test\n");
    COMPLETE("a.rego", "package a\nx if input.resource.@", "");
    catalog_free(catalog);
}

static void completes_yaml(void **state)
{
    (void)state;
    struct catalog *catalog = catalog_new();
    put(catalog, "a.yaml",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\n"
        "spec:\n  hostPID: true\n  containers:\n    - name: c\n      image: nginx\n");
    COMPLETE("b.yaml", "apiVersion: v1\nkind: Pod\nspec:\n  h@\n", "hostPID");
    COMPLETE("b.yaml", "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n    - name: x\n      @\n",
        "name image");
    COMPLETE("b.yaml", "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - na@\n", "name");
    catalog_free(catalog);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_definitions),
        cmocka_unit_test(finds_references),
        cmocka_unit_test(joins_rules_and_tests),
        cmocka_unit_test(knows_helpers_of_tests),
        cmocka_unit_test(follows_a_file_that_changes),
        cmocka_unit_test(reads_rego_in_a_template),
        cmocka_unit_test(reads_kyverno),
        cmocka_unit_test(completes_rego),
        cmocka_unit_test(tells_what_a_rename_leaves),
        cmocka_unit_test(hover_begins_with_what_is_near),
        cmocka_unit_test(completes_what_tests_give),
        cmocka_unit_test(completes_yaml),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
