/* From each control to what implements it and back: control, policy, rule, tests, fixtures and the
 * last commit of the rule's file, a row for each rule. What is missing comes first: controls
 * without a policy, rules that no test reaches, policies that name no control or one that nobody
 * asks for.
 *
 * Tests and fixtures are those of the catalog (by references and suites): whether a test passes is
 * the engines' business. All texts are as the files have them; paths are relative to the workspace.
 * Making it is for the loop thread, as the catalog; the rest for any one thread. */
#ifndef BYLAW_CONTROL_LINEAGE_H
#define BYLAW_CONTROL_LINEAGE_H

#include "control/gap.h"
#include "repo/last_commit.h"

enum lineage_state {
    LINEAGE_UNCOVERED,     /* no policy */
    LINEAGE_UNTESTED,      /* no test reaches the rule */
    LINEAGE_ORPHANED,      /* a policy without a control, or with one that nobody asks for */
    LINEAGE_PARTLY,        /* as gap.h */
    LINEAGE_TRACED,        /* named and tested */
    LINEAGE_NOT_CHECKABLE, /* no admission policy sees it */
    LINEAGE_STATES
};
const char *lineage_state_name(enum lineage_state state); /* "uncovered", … */

struct lineage_place {
    char *name, *path;
    uint32_t row, col; /* from 0 */
};
struct lineage_places {
    struct lineage_place *items;
    size_t len, cap;
};

struct lineage_row {
    enum lineage_state state;
    size_t control; /* into the requirements; SIZE_MAX: an orphan */
    enum gap_status status;
    char *policy;              /* "k8s.privileged"; "" when uncovered */
    struct lineage_place rule; /* name "deny"; path "" when uncovered */
    struct lineage_places tests, fixtures;
    const struct last_commit *commit; /* of the rule's file; NULL: none known */
    char *note;                       /* evidence, what is wrong; "" else */
};

struct lineage {
    const struct requirements *requirements; /* borrowed, as long as the trace */
    struct lineage_rows {
        struct lineage_row *items;
        size_t len, cap;
    } rows;                          /* by state, then in the order of the controls, then by path */
    size_t counts[LINEAGE_STATES];   /* rows */
    size_t controls[LINEAGE_STATES]; /* controls, by the best of their rows */
    size_t unknown[LINEAGE_STATES];  /* of these, what gaps.unknown counts (gap.h) */
    size_t unknown_count;            /* all of them */
    struct last_commit *commits;
    size_t commit_count;
    bool commits_complete;
};

/* A work in slices: begin, step until it says that it is done (or at once with UINT64_MAX). The
 * catalog must not change in between (its generation tells), and the map not either. */
struct lineage_maker;
struct lineage_maker *lineage_begin(struct catalog *catalog,
    const struct requirements *requirements, const struct cover_map *map,
    struct benchmark *benchmark) MUST_USE;
/* True: done. Takes about `ms`. */
bool lineage_step(struct lineage_maker *maker, uint64_t ms) MUST_USE;
/* Hands the trace over, sorted, and frees the maker. */
void lineage_finish(struct lineage_maker *maker, struct lineage *out);
void lineage_cancel(struct lineage_maker *maker); /* NULL is fine */
void lineage_free(struct lineage *lineage);

/* Looks up the last commit of each rule's file. Blocks. ERR_NOT_FOUND: no repository, and none of
 * them has one. */
bool lineage_read_commits(
    struct lineage *lineage, const char *root, const atomic_bool *cancel, struct err *err) MUST_USE;

/* What a row's control is called: id and words; "" for an orphan. Borrowed / the caller frees. */
const char *lineage_control_id(const struct lineage *lineage, const struct lineage_row *row);
char *lineage_control_words(const struct lineage *lineage, const struct lineage_row *row) MUST_USE;

/* ---- written (lineage_write.c, lineage_html.c, lineage_oscal.c) ---- */

/* "4 traced, 0 partly, 0 untested, 28 uncovered", and "98 not checkable" where some may be: of
 * controls of which it is known, or not known, whether an admission policy sees them. */
void lineage_append_figure(const struct lineage *lineage, bool unknown, struct buf *out);
/* RFC 4180; tests and fixtures are joined by "; ". */
void lineage_write_csv(const struct lineage *lineage, struct buf *out);
void lineage_write_markdown(const struct lineage *lineage, struct buf *out);
/* {"controls": {STATE: N, …}, "unknown": {of these, STATE: N, …}, "orphaned": N, "rows": […]} */
void lineage_write_json(const struct lineage *lineage, struct buf *out);
/* One page that needs nothing else: no script or style from elsewhere, works from a file. */
void lineage_write_html(const struct lineage *lineage, const char *title, struct buf *out);
/* An OSCAL component definition (1.1.2): a component for each policy, with what it implements.
 * `name` is the workspace's. UUIDs are made from what they name, so that the same workspace gives
 * the same document; `now` in seconds since 1970 is its last-modified. */
void lineage_write_oscal(
    const struct lineage *lineage, const char *name, int64_t now, struct buf *out);

#endif
