/* Which policies say, or seem, to implement which controls: from the catalog, without a model.
 *
 * In this order of how sure it is: a METADATA block's `custom` or an object's annotations name the
 * control's number and its framework; they name the number only; a name has the number in it
 * ("cis-5.2.1-privileged"); they name it as of another version of the framework; nothing names it,
 * but a policy's title and name read like the control (words.h). Only what policies are counts:
 * Rego packages and their rules, templates, constraints, Kyverno policies and their rules, and
 * Kubernetes's own admission policies. Loop thread, as the catalog. */
#ifndef BYLAW_CONTROL_COVER_H
#define BYLAW_CONTROL_COVER_H

#include "catalog/catalog.h"
#include "control/benchmark.h"
#include "control/requirements.h"

enum cover_sure {
    COVER_NAMED,   /* number and framework */
    COVER_NUMBER,  /* the number, and no framework with it */
    COVER_IN_NAME, /* the number as part of a name */
    COVER_VERSION, /* the number as of another version */
    COVER_WORDS    /* it only reads so */
};
struct cover {
    size_t control; /* into the requirements; SIZE_MAX: of none of them (stray) */
    enum cover_sure sure;
    enum symbol_control_source source; /* but for COVER_WORDS */
    char *said;                        /* the framework and number as written; "" for words */
    char *path;
    char *policy;           /* the package's, template's or policy's name */
    enum symbol_kind kind;  /* of what it is written at */
    struct symbol_range at; /* of that definition's name */
    uint32_t row;           /* from 0, where the number is written, else the name's */
};

struct cover_map {
    struct covers {
        struct cover *items;
        size_t len, cap;
    } covers;             /* by control, then the surest first, then by path */
    struct covers strays; /* numbers that no requirement has: by path */
    /* Policies of each engine, for what is usual here. */
    size_t gatekeeper, kyverno, rego;
};

/* Strings are copied: the map outlives the catalog. At most 20 policies that only read like it are
 * kept for a control. */
void cover_map_build(
    const struct catalog *catalog, const struct requirements *requirements, struct cover_map *out);
void cover_map_free(struct cover_map *map);

/* The same in slices, so that keys come in between. Everything given must outlive it, and the
 * catalog must not change in between (its generation tells). */
struct cover_maker;
struct cover_maker *cover_map_begin(
    const struct catalog *catalog, const struct requirements *requirements) MUST_USE;
/* True: done. Takes about `ms`. */
bool cover_map_step(struct cover_maker *maker, uint64_t ms) MUST_USE;
/* Hands the map over and frees the maker. */
void cover_map_finish(struct cover_maker *maker, struct cover_map *out);
void cover_map_cancel(struct cover_maker *maker); /* NULL is fine */

/* The covers of a control; *count may be 0. Borrowed. */
const struct cover *cover_map_of(const struct cover_map *map, size_t control, size_t *count);
/* Appends "policies/a.rego:4 metadata names 5.2.2 (k8s.privileged)". Paths are made visible. */
void cover_append(const struct cover *cover, struct buf *out);

/* The controls of a benchmark are taken for those of the requirements that it knows: what an
 * admission policy sees of them, suggestions and words are filled in where the file has none, and
 * what is wrong with a number is its `note`. */
void cover_take_benchmark(struct requirements *requirements, struct benchmark *benchmark);
/* A sentence on a stray's number, or nothing: as benchmark_explain. */
void cover_explain_stray(const struct cover *stray, struct benchmark *benchmark, struct buf *out);

#endif
