/* Which Kyverno policies decide by more than the object that they are given. */
#include "test.h"

#include "engine/kyverno_unseen.h"

#include <stdlib.h>

#define OLD(rule)                                                                                  \
    "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {name: p}\nspec:\n  rules:\n"       \
    "  - name: r\n" rule
#define PODS "    match: {any: [{resources: {kinds: [Pod]}}]}\n"
#define NEW(spec)                                                                                  \
    "apiVersion: policies.kyverno.io/v1\nkind: ValidatingPolicy\nmetadata: {name: "                \
    "p}\nspec:\n" spec
#define RULES(operations)                                                                          \
    "  matchConstraints:\n    resourceRules:\n    - {apiGroups: [''], apiVersions: [v1], "         \
    "operations: [" operations "], resources: [pods]}\n"

static const struct row {
    const char *policy;
    bool needs;
} rows[] = {
    {OLD(PODS "    validate: {message: m, pattern: {spec: {serviceAccountName: '?*'}}}\n"), false},
    {OLD(PODS "    context:\n    - name: c\n      configMap: {name: a, namespace: b}\n"), true},
    {OLD(PODS "    context:\n    - {name: c, apiCall: {urlPath: /api/v1/pods}}\n"), true},
    {OLD(PODS "    context:\n    - {name: c, variable: {value: 1}}\n"), false},
    {OLD(PODS "    validate:\n      foreach:\n      - list: a\n        context:\n"
              "        - name: i\n          imageRegistry: {reference: x}\n"),
        true},
    /* A pattern that names a field so, a message, an annotation. */
    {OLD(PODS
         "    validate: {pattern: {spec: {volumes: [{X(configMap): 'null', configMap: a}]}}}\n"),
        false},
    {OLD(PODS "    validate: {message: not on UPDATE, pattern: {subjects: [{kind: User}]}}\n"),
        false},
    {OLD("    match: {any: [{resources: {kinds: [Pod]}, subjects: [{kind: User, name: a}]}]}\n"),
        true},
    {OLD("    match: {any: [{resources: {kinds: [Pod], operations: [UPDATE, DELETE]}}]}\n"), true},
    {OLD("    match: {any: [{resources: {kinds: [Pod], operations: [UPDATE, CREATE]}}]}\n"), false},
    {OLD(PODS "    exclude: {any: [{clusterRoles: [cluster-admin]}]}\n"), true},
    {OLD(PODS
         "    preconditions: {all: [{key: '{{request.operation}}', operator: NotEquals, value: "
         "DELETE}]}\n"),
        false},
    {OLD(PODS "    preconditions: {all: [{key: '{{request.operation}}', operator: Equals, value: "
              "UPDATE}]}\n"),
        true},
    {OLD(PODS "    validate: {deny: {conditions: [{key: '{{ request.oldObject.a }}'}]}}\n"), true},
    {OLD(PODS "    validate: {deny: {conditions: [{key: '{{ serviceAccountName }}'}]}}\n"), true},
    {NEW(RULES("CREATE, UPDATE") "  validations:\n  - expression: object.spec.x == 1\n"), false},
    {NEW(RULES("UPDATE") "  validations:\n  - expression: object.spec.x == 1\n"), true},
    {NEW(RULES("'*'") "  variables:\n  - {name: n, expression: 'resource.Get(\"v1\", 1)'}\n"),
        true},
    {NEW(RULES("CREATE") "  validations:\n  - expression: >-\n      has(oldObject.a)\n"), true},
    {OLD(PODS "    verifyImages: [{imageReferences: ['*'], required: true}]\n"), true},
    {"apiVersion: policies.kyverno.io/v1\nkind: ImageValidatingPolicy\nspec: {}\n", true},
    {"not: [a policy", false},
    {"", false},
};

static void asked_of_policies(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (kyverno_unseen_needs(str_of(rows[i].policy)) != rows[i].needs) {
            fail_msg("row %zu should be %d:\n%s", i, rows[i].needs, rows[i].policy);
        }
    }
    struct buf deep = BUF_INIT;
    buf_append_c(&deep, "spec: ");
    for (size_t i = 0; i < 5000; i++) {
        buf_append_c(&deep, "[");
    }
    kyverno_unseen_needs(buf_str(&deep)); /* however deep: no fault */
    buf_free(&deep);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(asked_of_policies)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
