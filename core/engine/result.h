/* What every engine reports, in one shape: the browser, the reports, the gate and the agent's
 * feedback read only these types. */
#ifndef BYLAW_ENGINE_RESULT_H
#define BYLAW_ENGINE_RESULT_H

#include "base/str.h"

#include <stdint.h>

/* Different things everywhere. Green is earned: only RESULT_PASS is. */
enum result_status {
    RESULT_NOT_EVALUATED, /* no test ran, nothing matched, the engine was silent */
    RESULT_PASS,
    RESULT_FAIL,
    RESULT_ERROR, /* could not be evaluated: compile error, built-in error, timeout, crash */
    RESULT_SKIPPED,
    RESULT_WARNING, /* evaluated, and the engine warns: no failure, and not green */
    RESULT_STATUSES
};

/* "pass", "fail", "error", "skipped", "warning", "not evaluated". */
const char *result_status_name(enum result_status status);

/* A place in a file. Rows and columns count from 1; 0 means not known. Columns are in bytes. */
struct position {
    unsigned row;
    unsigned col;
};

struct result {
    const char *engine; /* static: "opa" */
    char *suite;        /* package or file: "k8s.latest_tag_test" */
    char *name;         /* "test_deny_no_tag"; a sub-test is "test_x/case/inner" */
    enum result_status status;
    unsigned count; /* how many the row stands for where an engine gives only a number (the rules
                     * that hold); 0 and 1: itself */
    unsigned depth; /* 0 a test, 1 and more its sub-tests, which follow it */
    uint64_t duration_us;
    bool cached;  /* of an earlier run: nothing it depends on has changed since */
    bool unasked; /* not evaluated, and no fault of its own: its engine is not there, a text is not
                   * saved */
    char *file;   /* relative to the workspace, or NULL */
    struct position at;
    char *message; /* one line for the row, or NULL */
    char *detail;  /* many lines: explanation, trace; or NULL until asked for */
    char *output;  /* print() output, or NULL */
    /* What explains it, each NULL when not known. Paths are relative to the workspace. */
    char *policy_file; /* the rule that it tests */
    struct position policy_at;
    char *input_file; /* the fixture: what the policy was applied to */
    struct position input_at;
    char *expected, *got; /* to be shown side by side: a word, JSON or YAML, many lines */
};

struct results {
    struct result *items;
    size_t len, cap;
};

void result_free(struct result *result);
void results_free(struct results *results);
/* Deep copy. */
struct result result_copy(const struct result *result) MUST_USE;

enum severity { SEVERITY_NOTE, SEVERITY_WARNING, SEVERITY_ERROR };

const char *severity_name(enum severity severity);

/* A change of the finding's file that mends it, safe to make without thinking. */
struct finding_edit {
    struct position from, to; /* from.row 0: there is none */
    char *with;
    char *title; /* what it does, for a menu: "delete the import" */
};

struct finding {
    char *rule; /* "rego_parse_error", "package-folder"; the id one suppresses it by */
    enum severity severity;
    char *file; /* relative to the workspace, or NULL */
    struct position at;
    struct position end;
    char *message;
    char *fix;    /* what to do, or NULL */
    char *source; /* who says so: "opa", "guard", a language server's name; or NULL */
    struct finding_edit edit;
};

struct findings {
    struct finding *items;
    size_t len, cap;
};

void finding_free(struct finding *finding);
/* Deep copy. */
struct finding finding_copy(const struct finding *finding) MUST_USE;
void findings_free(struct findings *findings);
/* Adds a copy unless the same message at the same place is there already; false: it was. */
bool findings_add(struct findings *findings, const struct finding *finding);

/* How many results of each status, as opa counts: sub-tests count, a test with sub-tests does not,
 * unless it ended with an error or failed where none of its sub-tests did. */
struct tally {
    size_t count[RESULT_STATUSES];
};

struct tally results_tally(const struct results *results);
/* Whether the row speaks for itself and its sub-tests, as they are counted; *next is the row to go
 * on with: behind its sub-tests, or (false) the first of them. */
bool results_row_counts(const struct results *results, size_t at, size_t *next);

/* The verdict of a whole run, the same in the workbench, `bylaw test` and CI: an error beats a
 * failure beats "not evaluated" beats a pass; skipped alone is not evaluated; a warning is a pass
 * here, as for the engines. */
enum result_status tally_verdict(const struct tally *tally);

#endif
