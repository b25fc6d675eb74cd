/* What the conftest files share; others use engine_conftest (engine/engine.h).
 *
 * A folder with a conftest.toml is Conftest's: what `conftest verify` does there runs its tests,
 * and all of Conftest's own settings (policy, namespace, data, combine, …) are read by Conftest
 * from that file. Settings say what no conftest.toml can, in the workspace's .bylaw/config.toml:
 *
 *     [engines.conftest]
 *     inputs = ["deploy/", "Dockerfile*"]      # what `conftest test` is given (paths below the
 *                                                # workspace, as in .gitignore); each goes to the
 *                                                # nearest of Conftest's folders above it; a
 *                                                # Chart.yaml or kustomization.yaml stands for what
 *                                                # its folder renders to (renderer.h)
 *     folders = ["terraform"]                    # Conftest's although they have no conftest.toml
 *
 * Formats as of Conftest 0.71 (output/json.go, runner/verify.go): an array of {filename, namespace,
 * successes: N, skipped, warnings, failures, exceptions: [{msg, loc, metadata: {query}, outputs}]}.
 * All input here is untrusted bytes. */
#ifndef BYLAW_ENGINE_CONFTEST_H
#define BYLAW_ENGINE_CONFTEST_H

#include "engine/engine.h"
#include "engine/renderer.h"

void conftest_extend(struct run_plan *plan, const struct policy_index *index, enum run_scope scope,
    const char *const *wanted, size_t count);

/* What a unit keeps whose documents are rendered first: `own`. */
struct conftest_rendered {
    enum renderer renderer;
    char *target; /* below the unit's folder */
    bool combine;
};

/* One entry of the array. */
struct conftest_finding {
    char *rule;    /* "main.deny_latest", "exception main.no_root" */
    char *message; /* one line */
    char *detail;  /* its metadata and what it printed, or NULL */
    char *file;    /* where it says it stands, or NULL */
    unsigned row;
    enum result_status status; /* FAIL, WARNING or SKIPPED */
};

struct conftest_entry {
    char *file;  /* as Conftest was given it; "Combined" */
    char *space; /* namespace; "" for verify */
    unsigned successes;
    struct {
        struct conftest_finding *items;
        size_t len, cap;
    } findings; /* failures, warnings, exceptions, skipped: in that order */
};

struct conftest_report {
    struct conftest_entry *items;
    size_t len, cap;
};

/* `null` and `[]` are reports of nothing. */
bool conftest_parse(struct str json, struct conftest_report *report, struct err *err) MUST_USE;
void conftest_report_free(struct conftest_report *report);
/* What conftest says on its error stream when it runs nothing: places in Rego files as findings
 * (paths below `dir`), and one line for rows in *message (never NULL). */
void conftest_parse_refusal(
    struct str text, const char *dir, struct findings *findings, char **message);

#endif
