/* Where gator's errors stand in the YAML, and what a suite's cases can ask at all. */
#include "test.h"

#include "engine/gator_place.h"
#include "engine/gator_suite.h"

#include <stdlib.h>

static const char yaml[] = "apiVersion: templates.gatekeeper.sh/v1\n"
                           "kind: ConstraintTemplate\n"
                           "metadata: {name: k8sx}\n"
                           "spec:\n"
                           "  crd: {spec: {names: {kind: K8sX}}}\n"
                           "  targets:\n"
                           "    - code:\n"
                           "        - engine: K8sNativeValidation\n"
                           "          source: {validations: []}\n"
                           "        - engine: Rego\n"
                           "          source:\n"
                           "            rego: |\n"
                           "              package k8sx\n"
                           "              x := := 2\n"
                           "            libs:\n"
                           "              - |\n"
                           "                package lib.x\n";

static void templates(void **state)
{
    (void)state;
    struct gator_templates found = {0};
    gator_templates_read(str_of(yaml), &found);
    assert_int_equal(found.len, 1);
    assert_string_equal(found.items[0].name, "k8sx");
    assert_string_equal(found.items[0].makes, "K8sX");
    assert_true(found.items[0].cel && found.items[0].rego);
    assert_int_equal(found.items[0].rego_at.row, 13);
    gator_templates_free(&found);
}

static void places(void **state)
{
    (void)state;
    struct position at = gator_error_place(str_of(yaml), NULL, "x: template:2: rego_parse_error");
    assert_int_equal(at.row, 14);
    assert_int_equal(at.col, 15);
    at = gator_error_place(str_of(yaml), "k8sx", "libs[\"lib_0\"]:1: rego_parse_error");
    assert_int_equal(at.row, 17);
    at = gator_error_place(str_of(yaml), NULL, "libs[\"lib_7\"]:1: no such library");
    assert_int_equal(at.row, 0);
    at = gator_error_place(str_of(yaml), NULL, "my-template:2: is another word");
    assert_int_equal(at.row, 0);
    char *said = gator_error_say(str_of(yaml), "t.yaml", NULL,
        "2 errors occurred:\ntemplate:2: rego_parse_error: no\n\tx := := 2\n\t     ^\nend");
    assert_string_equal(said, "2 errors occurred: t.yaml:14: rego_parse_error: no; x := := 2; end");
    free(said);
}

static bool never(const char *match, const char *object)
{
    char *constraint = mem_printf("kind: K8sX\nspec: {match: {kinds: %s}}\n", match);
    char *why = gator_never_matches(str_of(constraint), str_of(object), str_of(""));
    bool is_never = why != NULL;
    free(why);
    free(constraint);
    return is_never;
}

static void what_cannot_match(void **state)
{
    (void)state;
    const char *pod = "apiVersion: v1\nkind: Pod\n";
    const char *review = "apiVersion: admission.k8s.io/v1\nkind: AdmissionReview\n"
                         "request: {object: {apiVersion: apps/v1, kind: Deployment}}\n";
    assert_true(never("[{apiGroups: [\"\"], kinds: [Namespace]}]", pod));
    assert_true(never("[{apiGroups: [apps], kinds: [Pod]}]", pod));
    assert_false(
        never("[{apiGroups: [apps], kinds: [Pod]}, {apiGroups: [\"\"], kinds: [Pod]}]", pod));
    assert_false(never("[{apiGroups: [\"*\"], kinds: [\"*\"]}]", pod));
    assert_false(never("[{kinds: [Pod]}]", pod));
    assert_false(never("[]", pod));
    assert_false(never("[{apiGroups: [apps], kinds: [Deployment]}]", review));
    assert_true(never("[{apiGroups: [apps], kinds: [StatefulSet]}]", review));
    assert_false(never("[{apiGroups: [apps], kinds: [Deployment]}]", "no: object\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(templates),
        cmocka_unit_test(places),
        cmocka_unit_test(what_cannot_match),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
