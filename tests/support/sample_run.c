#include "sample_run.h"

#include "base/path.h"

#include <stdlib.h>

const char sample_helpers_decided[] =
    "# METADATA\n# title: Kubernetes helpers\n# description: What several policies ask of a "
    "workload.\n"
    "package lib.k8s\n\n"
    "workload_kinds := {\"Deployment\", \"StatefulSet\", \"DaemonSet\", \"Job\"}\n\n"
    "# The pod template of a workload, or the pod itself.\n"
    "pod_spec := input.spec if input.kind == \"Pod\"\n\n"
    "pod_spec := input.spec.template.spec if input.kind in workload_kinds\n\n"
    "# Started by hand with kubectl debug: they run an image like any other.\n"
    "containers contains c if some c in pod_spec.ephemeralContainers\n\n"
    "containers contains c if some c in pod_spec.containers\n\n"
    "containers contains c if some c in pod_spec.initContainers\n\n"
    "resource := sprintf(\"%s/%s\", [input.kind, input.metadata.name])\n\n"
    "namespace := object.get(input.metadata, \"namespace\", \"default\")\n\n"
    "is_production if namespace == \"production\"\n\n"
    "is_production if input.metadata.labels.env == \"production\"\n# Decided in review.\n";

struct sample_run *sample_run_new(void)
{
    struct sample_run *run = MEM_NEW(struct sample_run);
    run->dir = test_dir_make();
    run->state = test_dir_make();
    run->xdg_state = mem_printf("XDG_STATE_HOME=%s", run->state);
    char *sample = test_source_path("tests/workspaces/sample/.");
    const char *copy[] = {"cp", "-R", sample, run->dir, NULL};
    free(test_run(NULL, copy));
    free(sample);
    return run;
}

void sample_run_free(struct sample_run *run)
{
    term_free(run->term);
    test_dir_remove(run->dir);
    test_dir_remove(run->state);
    free(run->xdg_state);
    free(run);
}

void sample_run_sh(struct sample_run *run, const char *script, const char *want)
{
    char *whole =
        mem_printf("export GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null "
                   "GIT_AUTHOR_NAME=Engineer GIT_AUTHOR_EMAIL=e@example.invalid "
                   "GIT_COMMITTER_NAME=Engineer GIT_COMMITTER_EMAIL=e@example.invalid\n%s",
            script);
    const char *argv[] = {"sh", "-ec", whole, NULL};
    char *got = test_run(run->dir, argv);
    if (want != NULL) {
        assert_string_equal(got, want);
    }
    free(got);
    free(whole);
}

void sample_run_init(struct sample_run *run)
{
    sample_run_sh(run,
        "git init -q -b main; git config user.name Engineer\n"
        "git config user.email e@example.invalid; git add -A; git commit -qm start",
        NULL);
}

void sample_run_start(struct sample_run *run, int rows, int cols)
{
    char *path = mem_printf("PATH=%s", getenv("PATH"));
    char *program = mem_printf("%s/bylaw", getenv("BYLAW_BINARY_DIR"));
    const char *argv[] = {program, run->dir, NULL};
    const char *env[] = {
        run->xdg_state, path, "BYLAW_PROVIDER=recording", "BYLAW_RECORDING_SPEED=0", NULL};
    struct term_options options = {.argv = argv, .env = env, .rows = rows, .cols = cols};
    term_free(run->term);
    run->term = term_start(&options);
    free(program);
    free(path);
}

void sample_run_propose(struct sample_run *run)
{
    term_expect(run->term, "RECORDING");
    term_type(run->term, SAMPLE_PROMPT);
    term_key(run->term, "enter");
    term_expect(run->term, "✎ proposal 1");
}
