/* What a Kyverno policy can be for, and in which company it is applied. */
#include "test.h"

#include "engine/kyverno_scope.h"

#include <stdlib.h>

#define OLD(rules)                                                                                 \
    "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {name: p}\nspec:\n  rules:\n" rules
#define NEW(kind, spec)                                                                            \
    "apiVersion: policies.kyverno.io/v1\nkind: " kind "\nmetadata: {name: p}\nspec:\n" spec
#define CHECK "    validate: {message: m, pattern: {a: b}}\n"
#define RULES(groups, resources)                                                                   \
    "  matchConstraints:\n    resourceRules:\n    - {apiGroups: [" groups                          \
    "], apiVersions: [v1], operations: [CREATE], resources: [" resources "]}\n"

struct row {
    const char *policy;
    const char *taken, *left; /* "apiVersion Kind" parted by ';' */
};

static void expect(const struct kyverno_scope *scope, const char *objects, bool taken)
{
    char *list = mem_strdup(objects);
    char *rest = list;
    for (char *one = strtok_r(list, ";", &rest); one != NULL; one = strtok_r(NULL, ";", &rest)) {
        char *space = strchr(one, ' ');
        *space = '\0';
        if (kyverno_scope_takes(scope, one, space + 1) != taken) {
            fail_msg("%s %s: %s", one, space + 1, taken ? "left out" : "taken");
        }
    }
    free(list);
}

static const struct row rows[] = {
    {OLD("  - name: r\n    match: {any: [{resources: {kinds: [Ingress, 'v1/Service']}}]}\n" CHECK),
        "networking.k8s.io/v1 Ingress;extensions/v1beta1 Ingress;v1 Service;v1 List;v1 PodList",
        "v1 Pod;apps/v1 Deployment;example.com/v1 Services"},
    /* What makes Pods is looked at by a rule for Pods, however it is written. */
    {OLD("  - name: r\n    match: {resources: {kinds: [P?d]}}\n" CHECK),
        "v1 Pod;apps/v1 Deployment;batch/v1 CronJob;batch/v1 Job;apps/v1 DaemonSet",
        "v1 Service;v1 Namespace"},
    {OLD("  - name: r\n    match: {all: [{resources: {kinds: ['apps/v1/Deploy*', "
         "Pod/exec]}}]}\n" CHECK),
        "apps/v1 Deployment", "v1 Pod;v1 ConfigMap"},
    {OLD("  - name: r\n    match: {resources: {kinds: ['v1/Pod.exec', 'a.b/v1/C/d', '*/Node', "
         "'x.y/v1alpha1/Z', '*/*', 'v1beta1/E/*']}}\n" CHECK),
        "v1 Node;x.y/v1alpha1 Z;v1beta1 E;v1 Other", ""},
    {OLD("  - name: r\n    match: {resources: {kinds: ['v1/Pod.exec', 'a.b/v1/C/d', '*/Node', "
         "'x.y/v1alpha1/Z', 'v1beta1/E/*', 'K/*']}}\n" CHECK),
        "v1 Node;x.y/v1alpha1 Z;v1beta1 E;v1 K", "v1 Pod;a.b/v1 C;v1 Other"},
    {OLD("  - name: r\n    match: {resources: {kinds: [Pod/exec]}}\n" CHECK
         "  - name: s\n    match: {resources: {kinds: [Job]}}\n" CHECK),
        "batch/v1 Job;apps/v1 Deployment", "v1 Pod"},
    {OLD("  - name: r\n    match: {resources: {kinds: ['*']}}\n" CHECK), "v1 ConfigMap;a/v1 B", ""},
    {OLD("  - name: r\n    match: {resources: {kinds: ['*/scale']}}\n" CHECK), "", "v1 Pod"},
    /* A second rule, a block without kinds, an alias, a merge key, a variable. */
    {OLD("  - name: r\n    match: {resources: {kinds: [Node]}}\n" CHECK
         "  - name: s\n    match: {resources: {kinds: [Secret]}}\n" CHECK),
        "v1 Node;v1 Secret", "v1 ConfigMap"},
    {OLD("  - name: r\n    match: {any: [{resources: {kinds: [Node]}}, {subjects: []}]}\n" CHECK),
        "v1 ConfigMap", ""},
    {OLD("  - name: r\n    match: {resources: {kinds: &k [Node]}}\n" CHECK
         "  - name: s\n    match: {resources: {kinds: *k}}\n" CHECK),
        "v1 ConfigMap", ""},
    {OLD("  - name: r\n    match: {resources: {kinds: [Node], <<: {}}}\n" CHECK), "v1 Pod", ""},
    {OLD("  - name: r\n    match: {resources: {kinds: ['{{ k }}']}}\n" CHECK), "v1 Pod", ""},
    {OLD("  - name: r\n" CHECK), "v1 Pod", ""},
    {OLD(""), "v1 Pod", ""},
    {NEW("ValidatingPolicy", RULES("''", "pods")), "v1 Pod;apps/v1 Deployment;batch/v1 CronJob",
        "v1 Service;apps/v1 Scale;v1 PodTemplate"},
    {NEW("ValidatingPolicy", RULES("networking.k8s.io", "ingresses, networkpolicies/status")),
        "networking.k8s.io/v1 Ingress;networking.k8s.io/v1 NetworkPolicy",
        "extensions/v1beta1 Ingress;networking.k8s.io/v1 IngressClass;v1 Pod"},
    /* Others call their own as they like. */
    {NEW("ValidatingPolicy", RULES("k8s.cni.cncf.io", "network-attachment-definitions")),
        "k8s.cni.cncf.io/v1 NetworkAttachmentDefinition;k8s.cni.cncf.io/v1 Other",
        "v1 NetworkAttachmentDefinition;v1 Pod"},
    {NEW("MutatingPolicy", RULES("'*'", "'*'")), "v1 Pod;a.b/v1 C;apps/v1 Deployment", ""},
    {NEW("MutatingPolicy", RULES("apps", "'*'")), "apps/v1 Deployment;apps/v1 Scale",
        "v1 Pod;batch/v1 Job"},
    {NEW("ValidatingPolicy", "  evaluation: {mode: JSON}\n" RULES("apps", "deployments")), "v1 Pod",
        ""},
    {NEW("ValidatingPolicy", "  validations: []\n"), "v1 Pod", ""},
    {"not: a policy\n", "v1 Pod", ""},
    {"", "v1 Pod", ""},
    {"{[", "v1 Pod", ""},
};

static void kinds(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct kyverno_scope *scope = kyverno_scope_read(str_of(rows[i].policy));
        expect(scope, rows[i].taken, true);
        expect(scope, rows[i].left, false);
        kyverno_scope_free(scope);
    }
    kyverno_scope_free(NULL);
}

static void company(void **state)
{
    static const struct {
        const char *policy;
        enum kyverno_company company;
    } said[] = {
        {OLD("  - name: r\n    match: {resources: {kinds: [Pod]}}\n" CHECK), KYVERNO_ANY_COMPANY},
        {OLD("  - name: r\n" CHECK "  - name: s\n    mutate: {}\n"), KYVERNO_NO_POLICIES},
        {OLD("  - name: s\n    verifyImages: []\n"), KYVERNO_NO_POLICIES},
        {OLD("  - name: s\n    generate: {data: {}}\n"), KYVERNO_NO_POLICIES},
        {OLD("  - name: s\n    generate: {clone: {name: x}}\n"), KYVERNO_NO_OBJECTS},
        {OLD("  - name: r\n    context: [{name: c, apiCall: {urlPath: /x}}]\n" CHECK),
            KYVERNO_NO_OBJECTS},
        {NEW("ValidatingPolicy", RULES("apps", "deployments")), KYVERNO_OF_ITS_KIND},
        {NEW("MutatingPolicy", RULES("apps", "deployments")), KYVERNO_NO_POLICIES},
        {NEW("ValidatingPolicy",
             RULES("apps", "deployments") "  variables: [{name: v, expression: "
                                          "'resource.List(\"v1\", \"pods\", \"\")'}]\n"),
            KYVERNO_NO_OBJECTS},
        {NEW("DeletingPolicy", RULES("apps", "deployments")), KYVERNO_NO_POLICIES},
        {"", KYVERNO_NO_OBJECTS},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(said); i++) {
        struct kyverno_scope *scope = kyverno_scope_read(str_of(said[i].policy));
        assert_int_equal(kyverno_scope_company(scope), said[i].company);
        kyverno_scope_free(scope);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(kinds), cmocka_unit_test(company)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
