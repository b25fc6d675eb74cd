/* What of a requirements matrix has policies, and what has none, with the evidence.
 *
 * Covered is only what a METADATA block or an annotation names by its number, and of which an
 * admission policy sees all. Partly: it sees a part; or only a name has the number, or it is
 * numbered as in another version, or a policy merely reads like it and nobody said so. What no
 * admission policy sees is not checkable, not a gap (a policy that names it all the same is partly:
 * a manifest can be looked at before it is a flag of a node). */
#ifndef BYLAW_CONTROL_GAP_H
#define BYLAW_CONTROL_GAP_H

#include "control/cover.h"

enum gap_status { GAP_OPEN, GAP_PARTLY, GAP_COVERED, GAP_NOT_CHECKABLE };
const char *gap_status_name(
    enum gap_status status); /* "gap", "partly", "covered", "not checkable" */

struct gap {
    const struct requirement *requirement; /* borrowed */
    size_t control;                        /* its place */
    enum gap_status status;
    const struct cover *covers; /* borrowed from the map */
    size_t cover_count;
    bool only_words;    /* partly: by nothing but words */
    const char *reason; /* why not covered, a sentence without its full stop; NULL when it is */
    const char *type, *complexity; /* suggested; static or borrowed; "" when not checkable */
    const char
        *why; /* a model's reason for the two, one line; NULL: no model was asked; borrowed */
};

struct gaps {
    struct gap *items; /* in the file's order */
    size_t len, cap;
    size_t counts[GAP_NOT_CHECKABLE + 1];
    /* Of these, those of which nothing says whether an admission policy sees them at all
     * (ADMISSION_UNKNOWN: a matrix without that column, a catalogue of OSCAL). */
    size_t unknown[GAP_NOT_CHECKABLE + 1], unknown_words;
    size_t only_words, flagged; /* of partly; numbers with a note */
};

/* Everything given must outlive it. */
void gaps_find(
    const struct requirements *requirements, const struct cover_map *map, struct gaps *out);
void gaps_free(struct gaps *gaps);
/* One of them, but for what is suggested (type and complexity are ""). */
struct gap gap_of(
    const struct requirements *requirements, const struct cover_map *map, size_t control);

/* Appends the evidence in one line, parted by "; ": at most `max` places, then how many more, then
 * what a model said. */
void gap_append_evidence(const struct gap *gap, size_t max, struct buf *out);

/* RFC 4180: control_id, control_description, suggested_policy_type, complexity, evidence, and then
 * status, framework, version, note. */
void gaps_write_csv(const struct gaps *gaps, struct buf *out);
/* One JSON array of objects with the same names; evidence is an array of strings. */
void gaps_write_json(const struct gaps *gaps, struct buf *out);
/* For a terminal this wide; the last lines sum up and name the strays. */
void gaps_write_table(const struct gaps *gaps, size_t columns, struct buf *out);

/* Of controls of which nothing says whether an admission policy sees them, a clause. */
const char *gap_unknown_says(void);

/* What suits a control without asking a model: an engine (what is usual in the workspace, unless
 * the words need another) and how hard it will be. Static strings. */
const char *gap_suggest_type(const struct requirement *requirement, const struct cover_map *map);
const char *gap_suggest_complexity(const struct requirement *requirement);

#endif
