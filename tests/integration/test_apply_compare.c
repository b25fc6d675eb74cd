/* `bylaw apply --compare` with the real Kyverno: a policy and what it is migrated to decide about
 * the same documents. And what the newer kinds of policies decide. */
#include "test.h"

#include "base/mem.h"
#include "engine/kyverno.h"
#include "loop/process.h"

#include <stdlib.h>
#include <string.h>

static void need_kyverno(void)
{
    struct err err;
    char *program = engine_find(&engine_kyverno, &err);
    if (program == NULL) {
        print_message("skipped: %s\n", err.text);
        skip();
    }
    free(program);
}

/* What `bylaw apply WORDS` ends with, and what it prints. */
static int run_apply(const char *const *words, char **said)
{
    struct err err;
    struct buf out = BUF_INIT;
    struct process_result ended;
    struct loop *loop = loop_new(&err);
    char *program = mem_printf("%s/bylaw", getenv("BYLAW_BINARY_DIR"));
    const char *argv[8] = {program, "apply"};
    for (size_t i = 0; words[i] != NULL; i++) {
        argv[i + 2] = words[i];
    }
    struct process_options options = {.argv = argv, .timeout_ms = 120000};
    assert_ok(process_run(loop, &options, &out, NULL, &ended, &err), err);
    *said = buf_take(&out);
    loop_free(loop);
    free(program);
    return ended.exit_code;
}

/* A policy of Kyverno's and what it is migrated to, which forgets a kind and takes an empty label.
 */
static char *make_migration(void)
{
    char *dir = test_dir_make();
    test_write(dir, "old.yaml",
        "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {name: require-team}\n"
        "spec:\n  rules:\n    - name: team-label\n"
        "      match: {any: [{resources: {kinds: [Pod, ConfigMap]}}]}\n"
        "      validate:\n        failureAction: Enforce\n        message: no team\n"
        "        pattern: {metadata: {labels: {team: \"?*\"}}}\n");
    test_write(dir, "new.yaml",
        "apiVersion: policies.kyverno.io/v1\nkind: ValidatingPolicy\n"
        "metadata: {name: require-team}\nspec:\n  validationActions: [Deny]\n"
        "  matchConstraints:\n    resourceRules:\n"
        "      - {apiGroups: [\"\"], apiVersions: [v1], operations: [CREATE, UPDATE], "
        "resources: [pods]}\n"
        "  validations:\n"
        "    - expression: \"has(object.metadata.labels) && 'team' in object.metadata.labels\"\n"
        "      message: a team is needed\n");
    test_write(dir, "testdata/pods.yaml",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: good, labels: {team: a}}\n---\n"
        "apiVersion: v1\nkind: Pod\nmetadata: {name: bad}\n---\n"
        "apiVersion: v1\nkind: Secret\nmetadata: {name: nobodys}\n");
    return dir;
}

static int compare(const char *dir, char **said)
{
    char *older = mem_printf("%s/old.yaml", dir);
    char *newer = mem_printf("%s/new.yaml", dir);
    int code = run_apply((const char *[]){"--json", "--compare", older, newer, dir, NULL}, said);
    free(newer);
    free(older);
    return code;
}

static void assert_says(const char *said, const char *part)
{
    if (strstr(said, part) == NULL) {
        fail_msg("%s is not in %s", part, said);
    }
}

/* 0: all the same; 1: another verdict, one that only one of them evaluates, nothing evaluated. */
static void a_migrated_policy_is_compared(void **state)
{
    char *said;
    (void)state;
    need_kyverno();
    char *dir = make_migration();
    assert_int_equal(compare(dir, &said), 0);
    assert_says(said, "\"same\":2,\"differs\":0,\"one-sided\":0,\"undecided\":0");
    assert_says(said, "\"neither\":1");
    free(said);
    test_write(dir, "testdata/more.yaml",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: empty, labels: {team: \"\"}}\n---\n"
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: forgotten}\n");
    assert_int_equal(compare(dir, &said), 1);
    assert_says(said, "\"name\":\"Pod empty\",\"result\":\"differs\",\"old\":{\"verdict\":\"deny\","
                      "\"messages\":[\"team-label: ");
    assert_says(said, "\"name\":\"ConfigMap forgotten\",\"result\":\"one-sided\"");
    assert_says(said, "\"new\":{\"verdict\":\"no match\",\"messages\":[]}");
    assert_says(said, "\"same\":2,\"differs\":1,\"one-sided\":1,\"undecided\":0");
    free(said);
    char *older = mem_printf("%s/old.yaml", dir);
    assert_int_equal(run_apply((const char *[]){"--compare", older, dir, NULL}, &said), 1);
    assert_says(said, "differs    require-team  testdata/more.yaml#1  Pod empty  deny -> allow");
    free(said);
    test_write(dir, "new.yaml", "a: b\n");
    assert_int_equal(compare(dir, &said), 2);
    free(said);
    assert_int_equal(run_apply((const char *[]){"--compare", older, dir, NULL}, &said), 2);
    free(said);
    free(older);
    test_dir_remove(dir);
}

#define NEWER(kind, name, resources)                                                               \
    "apiVersion: policies.kyverno.io/v1\nkind: " kind "\nmetadata: {name: " name "}\nspec:\n"      \
    "  matchConstraints:\n    resourceRules:\n"                                                    \
    "      - {apiGroups: [\"\"], apiVersions: [v1], operations: [CREATE, UPDATE], "                \
    "resources: [" resources "]}\n"

static void write_mutation(const char *dir, const char *file, const char *owner)
{
    char *text = mem_printf(
        NEWER("MutatingPolicy", "add-owner",
            "configmaps") "  mutations:\n    - patchType: ApplyConfiguration\n      "
                          "applyConfiguration:\n"
                          "        expression: 'Object{metadata: Object.metadata{labels: "
                          "Object.metadata.labels{owner: \"%s\"}}}'\n",
        owner);
    test_write(dir, file, text);
    free(text);
}

static void assert_decision(const char *said, const char *policy, const char *document,
    const char *verdict, const char *message)
{
    char *part =
        mem_printf("\"policy\":\"%s\",\"fixture\":\"testdata/all.yaml%s\"", policy, document);
    const char *line = strstr(said, part);
    assert_non_null(line);
    char *one = mem_printf("%.*s", (int)strcspn(line, "\n"), line);
    char *decided = mem_printf("\"verdict\":\"%s\",\"messages\":[%s", verdict, message);
    assert_says(one, decided);
    free(decided);
    free(one);
    free(part);
}

/* Kyverno's newer kinds: what each does to a resource is its verdict. */
static void newer_kinds_of_kyverno_are_applied(void **state)
{
    (void)state;
    need_kyverno();
    char *said;
    char *dir = test_dir_make();
    write_mutation(dir, "mutate.yaml", "us");
    test_write(dir, "generate.yaml",
        NEWER("GeneratingPolicy", "make-map",
            "secrets") "  variables:\n    - name: made\n      expression: >-\n"
                       "        [{\"kind\": dyn(\"ConfigMap\"), \"apiVersion\": dyn(\"v1\"), "
                       "\"metadata\": "
                       "dyn({\"name\": \"made\", \"namespace\": \"default\"}), \"data\": "
                       "dyn({\"a\": \"b\"})}]\n"
                       "  generate:\n    - expression: generator.Apply(\"default\", "
                       "variables.made)\n");
    test_write(dir, "delete.yaml",
        NEWER("DeletingPolicy", "drop-map",
            "configmaps") "  schedule: \"0 1 * * *\"\n  conditions:\n    - name: c\n"
                          "      expression: \"object.metadata.name == 'one'\"\n");
    test_write(dir, "images.yaml",
        NEWER("ImageValidatingPolicy", "signed",
            "pods") "  validationActions: [Deny]\n  matchImageReferences: [{glob: "
                    "\"registry.invalid/*\"}]\n"
                    "  attestors:\n    - name: key\n      cosign:\n        key:\n          data: "
                    "|\n"
                    "            -----BEGIN PUBLIC KEY-----\n"
                    "            MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE6QsNef3SKYhJVYSVj+ZfbPwJd0pv\n"
                    "            DLYNHXITZkhIzfE+apcxDjCCkDPcJ3A3zvhPATYOIsCxYPch7Q2JdJLsDQ==\n"
                    "            -----END PUBLIC KEY-----\n"
                    "  validations:\n    - expression: \"size(images.containers) < 2\"\n"
                    "      message: too many images\n");
    test_write(dir, "testdata/all.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: one}\n---\n"
        "apiVersion: v1\nkind: Secret\nmetadata: {name: two}\n---\n"
        "apiVersion: v1\nkind: Pod\nmetadata: {name: three}\n"
        "spec: {containers: [{name: a, image: 'a:1'}]}\n---\n"
        "apiVersion: v1\nkind: Pod\nmetadata: {name: four}\n"
        "spec: {containers: [{name: a, image: 'registry.invalid/a:1'}, {name: b, image: "
        "'registry.invalid/b:1'}]}\n");
    assert_int_equal(run_apply((const char *[]){"--json", dir, NULL}, &said), 1);
    assert_decision(said, "add-owner", "#1", "mutate", "");
    assert_decision(said, "add-owner", "#2", "no match", "");
    assert_decision(said, "make-map", "#2", "generate", "");
    assert_decision(said, "drop-map", "#1", "warn", "\"deletes it: resource matched\"");
    assert_decision(said, "drop-map", "#2", "no match", "");
    assert_decision(said, "signed", "#1", "no match", "");
    assert_decision(said, "signed", "#3", "allow", "");
    /* An image that it is for has to be fetched: without its registry that is an error, no verdict.
     */
    assert_decision(said, "signed", "#4", "error", "\"evaluation: failed to evaluate policy");
    free(said);
    /* Compared with itself in another file a policy makes the same; with another label it does not.
     */
    write_mutation(dir, "again.yaml", "us");
    write_mutation(dir, "other.yaml", "them");
    char *files[] = {mem_printf("%s/mutate.yaml", dir), mem_printf("%s/again.yaml", dir),
        mem_printf("%s/other.yaml", dir)};
    assert_int_equal(
        run_apply((const char *[]){"--compare", files[0], files[1], dir, NULL}, &said), 0);
    assert_says(said, "1 the same, 0 different");
    free(said);
    assert_int_equal(
        run_apply((const char *[]){"--compare", files[0], files[2], dir, NULL}, &said), 1);
    assert_says(said, "ConfigMap one  mutate -> mutate");
    assert_says(said, "+   \"labels\": {\"owner\": \"us\"}\n");
    assert_says(said, "+   \"labels\": {\"owner\": \"them\"}\n");
    assert_null(strstr(said, "namespace\":"));
    free(said);
    for (size_t i = 0; i < 3; i++) {
        free(files[i]);
    }
    test_dir_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_migrated_policy_is_compared),
        cmocka_unit_test(newer_kinds_of_kyverno_are_applied)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
