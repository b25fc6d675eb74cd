/* What the cedar program prints, read. Formats as of cedar-policy-cli 4.14:
 *
 * - errors with `--error-format json`: one JSON object on a line (miette's): {message, severity,
 *   causes[], help, labels[]{label, span{offset, length}}, related[]}; what validation finds is in
 *   `related`. Offsets are bytes of the policy text or the schema.
 * - `cedar run-tests`: "running N test(s)", for each "  test NAME ... ok", "… fail: WHY" or
 *   "… error:" and the error on the next line; "results: N passed, N failed".
 * - `cedar authorize -v`: ALLOW or DENY, a line for each policy that could not be evaluated, and
 *   "note: …" with an id a line.
 *
 * All input here is untrusted bytes. */
#ifndef BYLAW_ENGINE_CEDAR_PARSE_H
#define BYLAW_ENGINE_CEDAR_PARSE_H

#include "engine/plan.h"

struct cedar_diagnostic {
    enum severity severity;
    char *message; /* one line, its causes with it */
    char *help;    /* or NULL */
    bool has_span, in_schema;
    size_t offset, length;
    unsigned row, col; /* of JSON that does not parse, which says it in words; else 0 */
};

struct cedar_diagnostics {
    struct cedar_diagnostic *items;
    size_t len, cap;
};

/* Appends those of every line that is such an object. */
void cedar_parse_diagnostics(struct str text, struct cedar_diagnostics *out);
void cedar_diagnostics_free(struct cedar_diagnostics *diagnostics);

/* One test of a file for `cedar run-tests`. */
struct cedar_test {
    char *name;    /* "unnamed 3" where it has none */
    size_t offset; /* of its object */
    char *
        expected; /* "allow", "deny\nreason: a, b", "deny\n1 error"; "" where it says no decision */
    char *reason; /* the first id of its reason, or NULL */
    char *entities; /* the file it names, or NULL: they stand in it */
};

struct cedar_tests {
    struct cedar_test *items;
    size_t len, cap;
};

/* False: it is no array of objects (those before are there). */
bool cedar_parse_tests(struct str json, struct cedar_tests *out);
void cedar_tests_free(struct cedar_tests *tests);

struct cedar_outcome {
    enum result_status status; /* PASS, FAIL or ERROR */
    char *message;             /* or NULL */
};

struct cedar_outcomes {
    struct cedar_outcome *items;
    size_t len, cap;
};

/* The outcomes in the order of the file. False: they are not as many as it says it runs. */
bool cedar_parse_outcomes(struct str text, struct cedar_outcomes *out, struct err *err) MUST_USE;
void cedar_outcomes_free(struct cedar_outcomes *outcomes);

struct cedar_answer {
    bool decided, allow;
    struct plan_words reason; /* ids */
    struct plan_words errors; /* what could not be evaluated, a line each */
};

/* `decided` is false when it says no decision. */
void cedar_parse_answer(struct str text, struct cedar_answer *out);
/* The decision is whole: it goes with the exit code (0 allow, 2 deny), and what is allowed is so by
 * some policy. */
bool cedar_answer_holds(const struct cedar_answer *answer, int exit_code);
void cedar_answer_free(struct cedar_answer *answer);

#endif
