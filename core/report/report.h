/* A finished run as files that other programs read: CI, code hosts, dashboards, clusters. One type
 * holds it, each format is a writer of its own over that type, so that no two of them can disagree.
 *
 * Green is earned in every format: a test that was not evaluated is an error where the format has
 * no word for it, never a pass and never "skipped" (which CI shows as harmless).
 *
 * All text that engines and files gave is made visible (base/safe.h) and escaped for the format. */
#ifndef BYLAW_REPORT_REPORT_H
#define BYLAW_REPORT_REPORT_H

#include "base/err.h"
#include "engine/result.h"
#include "policy/coverage.h"

enum report_format {
    REPORT_JUNIT,    /* XML, as Jenkins, GitLab and most CI read it (the "Ant" dialect) */
    REPORT_SARIF,    /* OASIS SARIF 2.1.0: what failed and what was found, by place */
    REPORT_TAP,      /* Test Anything Protocol 14 */
    REPORT_JSON,     /* one object: everything that is known */
    REPORT_GITHUB,   /* workflow commands: annotations beside the changed lines */
    REPORT_MARKDOWN, /* a summary for people: $GITHUB_STEP_SUMMARY, a comment on a merge request */
    REPORT_POLICY,   /* wgpolicyk8s.io/v1alpha2 ClusterPolicyReport (Kubernetes' wg-policy), YAML */
    REPORT_FORMATS
};

/* What a check of everything (gate/gate.h) is made of. */
enum report_part {
    REPORT_TESTS,     /* every engine's */
    REPORT_LOADING,   /* what no test needs loads, too */
    REPORT_STRICT,    /* opa's strict mode */
    REPORT_GUARDS,    /* the fixtures rule among them */
    REPORT_TEMPLATES, /* they say what the files they are made of say */
    REPORT_COVERAGE,
    REPORT_PARTS
};

struct report_part_outcome {
    enum result_status status; /* RESULT_SKIPPED: there is nothing it could be about */
    size_t looked_at;          /* tests, units, files, templates; rows that can be covered */
    char *why;                 /* one line for people, or NULL */
};

/* Which part of the whole folder it is about. */
struct report_scope {
    char *base; /* commit that the rest was compared with, or NULL: everything */
    char *why;  /* "3 of 120 units depend on what changed since …"; NULL without base */
    unsigned shard, count; /* from 1; 0: it is not one of several */
    size_t units, of;      /* of this run, and of all shards together */
    char plan[17];         /* the same in all shards of one whole, hex digits; "" without shards */
    struct report_units {
        char **items;
        size_t len, cap;
    } names; /* of the units of a shard */
};

struct report {
    struct results results;   /* tests, each followed by its sub-tests; `detail` says why */
    struct findings findings; /* what does not compile, and other findings */
    /* Of one of several shards: what is to be said of rules that no shard's tests reach
     * (coverage_misses_head). */
    struct findings awaited;
    struct tally tally;
    enum result_status verdict;
    bool has_coverage, coverage_met, coverage_incomplete;
    bool coverage_empty; /* it was asked for, and there is nothing it could be of: no figure */
    double coverage, threshold; /* percent */
    struct coverage covered;    /* file by file, where it was wanted; else empty */
    bool has_parts;
    struct report_part_outcome parts[REPORT_PARTS];
    struct report_scope scope;
    uint64_t wall_us;
    long long ended; /* seconds since 1970, UTC */
    char *folder;    /* its name, for people; no path of the machine */
    char *revision;  /* commit, or NULL */
    char *opa;       /* version, or NULL */
    char *trouble;   /* why it could not run at all, or NULL */
    char *bylaw;     /* our version */
};

void report_free(struct report *report);
/* Adds copies of a test's rows. */
void report_add(struct report *report, const struct result *rows, size_t count);
/* Puts the explanation to the test of that name which failed. */
void report_explain(struct report *report, const char *suite, const char *name, const char *message,
    const char *detail);

/* "3 failed, 1 not evaluated, 40 passed, 1 finding": what is bad first, nothing that is zero. */
void report_headline(const struct report *report, struct buf *out);
/* "tests", "loading", …. */
const char *report_part_name(enum report_part part);
/* Says how a part came out; `why` is copied. */
void report_set_part(struct report *report, enum report_part part, enum result_status status,
    size_t looked_at, const char *why);
/* The verdict of all parts: an error beats a failure beats "not evaluated" beats a pass. Parts that
 * there was nothing for do not count; when that is all of them, it is skipped. */
enum result_status report_judge(const struct report *report);
/* Sets the figure, the threshold and whether it is met, or that there is no figure. */
void report_set_coverage(struct report *report, const struct coverage *coverage, double threshold);
/* "no rule of Rego could be covered: it is not evaluated, and the threshold of 90 % is not applied"
 */
#define REPORT_COVERAGE_EMPTY                                                                      \
    "no rule of Rego could be covered: it is not evaluated, and the threshold of %g %% is not "    \
    "applied"
/* Takes the coverage over as it is to be judged: the figure, whether it is met, the part, and a
 * finding where it is not. A threshold of 0: it is not asked for. */
void report_judge_coverage(struct report *report, struct coverage *coverage, double threshold);

/* All paths of the report, which are relative to the folder of the run, become relative to a folder
 * above it: `folder` is the way down ("policies/k8s"). */
void report_put_below(struct report *report, const char *folder);

/* "junit", …; NULL for REPORT_FORMATS. */
const char *report_format_name(enum report_format format);
/* False: there is none of that name (err lists them). */
bool report_format_find(struct str name, enum report_format *format, struct err *err) MUST_USE;

/* Appends the report. Cannot fail but for memory. */
void report_write(const struct report *report, enum report_format format, struct buf *out);

#endif
