/* Kyverno's suites: YAML documents of the kind Test (cli.kyverno.io), run by `kyverno test`. As for
 * Kyverno a file is one by its name: kyverno-test.yaml, or what the workspace's .bylaw/config.toml
 * names beside it:
 *
 *     [engines.kyverno]
 *     suites = ["test.yaml"]
 *
 * Each resource that a results entry names is a test; Kyverno's output has rows (one of each rule
 * it made of the one named, and each object of that name), in another order than the file, some of
 * them twice, and passes what it did not evaluate. What Kyverno's files share; others use
 * engine_kyverno (engine/engine.h) and kyverno_apply.h.
 *
 * Format of `kyverno test -o json --detailed-results` as of 1.19
 * (cmd/cli/kubectl-kyverno/commands/test): for each document of a suite that has results
 *
 *     Loading test  ( a/kyverno-test.yaml ) ...
 *       Loading policies ...
 *       ERROR: a/policy.yaml: failed to parse document (…)
 *       Checking results ...
 *
 *     [
 *       {"ID": 1, "POLICY": …, "RULE": …, "RESOURCE": "v1/Pod/default/web", "RESULT": "Pass",
 *        "REASON": "Ok", "Message": …},
 *     ]
 *
 * The first suite that cannot be run ends it ("Error: failed to run test (…)" on the error stream);
 * files that do not load are all named before the first is run ("  Path: …", "    Error: …").
 * All input here is untrusted bytes. */
#ifndef BYLAW_ENGINE_KYVERNO_H
#define BYLAW_ENGINE_KYVERNO_H

#include "engine/engine.h"
#include "policy/yaml_tree.h"
#include "workspace/scratch.h"

/* ---- a suite as it is written (kyverno_suite.c, kyverno_plan.c) ---- */

/* A document that a policy is applied to. */
struct kyverno_object {
    size_t file; /* into plan->files */
    char *kind, *space, *name;
    struct position at;
};

enum kyverno_task { KYVERNO_VALIDATES, KYVERNO_MUTATES, KYVERNO_GENERATES, KYVERNO_DELETES };

/* A policy (rule "") or a rule of one. */
struct kyverno_rule {
    size_t file; /* into plan->files */
    char *policy, *rule;
    struct position at;
    enum kyverno_task task;
    bool audits; /* what breaks it is let through */
};

/* An entry of `results`. */
struct kyverno_entry {
    char *policy, *rule, *kind, *expected; /* "" where it does not say */
    char *produces; /* path of the resource it must patch or generate, or NULL */
    bool generates;
    size_t document;     /* of the file: the how manieth of those with results */
    size_t first, tests; /* into resources, which are the unit's tests in that order */
};

struct kyverno_suite {
    char *path;
    struct {
        struct kyverno_entry *items;
        size_t len, cap;
    } entries;
    struct {
        char **items; /* "name" or "space/name"; NULL: the entry names none and means all */
        size_t len, cap;
    } resources;
    size_t documents;
    struct policy_set policy_files, object_files; /* into plan->files */
    /* Read when the suite is going to be run. */
    struct {
        struct kyverno_object *items;
        size_t len, cap;
    } objects;
    struct {
        struct kyverno_rule *items;
        size_t len, cap;
    } rules;
    struct scratch beside; /* where it is run by itself, once it was (kyverno_beside) */
};

/* Worker thread: the suites of a workspace become units of the plan, whose `own` is a struct
 * kyverno_suite. */
void kyverno_extend(struct run_plan *plan, const struct policy_index *index, enum run_scope scope,
    const char *const *wanted, size_t count);
/* Policies that no suite loads become units too, which are only checked. */
void kyverno_check_extend(struct run_plan *plan, const struct policy_index *index);
bool kyverno_check_command(
    const struct engine_question *q, const char *program, struct engine_command *command);
void kyverno_check_parse(const struct engine_question *q, struct str out, struct str errout,
    struct engine_answer *answer);
/* Fills objects and rules. */
void kyverno_suite_look(struct kyverno_suite *suite, const struct run_plan *plan);
void kyverno_suite_free(void *data);
/* Makes a folder in which the suite is called as in the workspace, without the test files below its
 * own: it lives as long as the suite does. False: it could not be made. */
bool kyverno_beside(struct kyverno_suite *suite, const char *root, struct err *err) MUST_USE;
/* What a text has of either; places in it only. Appended. */
void kyverno_read_objects(struct str text, size_t file, struct kyverno_suite *suite);
void kyverno_read_rules(struct str text, size_t file, struct kyverno_suite *suite);
/* NULL: none of that name; kind and space "" are any. */
const struct kyverno_object *kyverno_find_object(
    const struct kyverno_suite *suite, const char *kind, const char *space, const char *name);
/* The rule, else its policy, else NULL. A rule that Kyverno made of another is that one. */
const struct kyverno_rule *kyverno_find_rule(
    const struct kyverno_suite *suite, const char *policy, const char *rule);
/* "autogen-cronjob-x" and "autogen-x" are made of "x"; borrowed. */
const char *kyverno_rule_written(const char *rule);
/* A name without the namespace before it; borrowed. */
const char *kyverno_base_name(const char *policy);
/* The documents of a text, and the items of those that are lists of them. */
void kyverno_each(struct str text, void (*each)(void *data, TSNode object), void *data);
/* Where "spec/containers/0/image" leads from a node, as far as it is there; *key (may be NULL) is
 * the key that it ends at, if any. */
TSNode kyverno_walk(struct str text, TSNode node, struct str pointer, TSNode *key);
struct position kyverno_place_of(TSNode node);
/* Where "/spec/containers/0/image/" leads in the document of this kind and name, as far as it is
 * there; row 0: no such document. */
struct position kyverno_place(
    struct str text, const char *kind, const char *space, const char *name, struct str pointer);
/* "… failed at path /spec/x/": "/spec/x/", or empty. */
struct str kyverno_path_in(struct str message);

/* ---- why a policy is not evaluated (kyverno_diagnose.c) ---- */

/* A finding of what Kyverno says of one of these policy files (below root): a field that does not
 * exist, CEL or JMESPath that does not compile, with the place in the YAML. False: it speaks of
 * none of them. Reads files. */
bool kyverno_diagnose(struct str error, const char *root, const char *const *paths, size_t count,
    struct finding *finding) MUST_USE;

/* ---- what a resource is after a policy, and what it should be (kyverno_diff.c) ---- */

struct kyverno_diff {
    char *kind, *name;
    char *expected, *got; /* YAML */
    bool taken;
};

struct kyverno_diffs {
    struct kyverno_diff *items;
    size_t len, cap;
};

/* From the error stream of a run with -v 4. */
void kyverno_read_diffs(struct str log, struct kyverno_diffs *diffs);
/* The next of this kind ("" any) and name; each is found once. */
const struct kyverno_diff *kyverno_find_diff(
    struct kyverno_diffs *diffs, const char *kind, const char *name);
void kyverno_diffs_free(struct kyverno_diffs *diffs);
/* Appends the text without its terminal colours. */
void kyverno_strip_colours(struct str text, struct buf *out);

/* ---- what `kyverno test` prints (kyverno_parse.c) ---- */

enum kyverno_outcome { KYVERNO_PASSED, KYVERNO_FAILED, KYVERNO_SKIPPED };

struct kyverno_line {
    char *policy, *rule, *resource, *reason, *message; /* of one line, never NULL */
    enum kyverno_outcome outcome;
};

/* One document of a suite. */
struct kyverno_block {
    char *path;
    bool ended; /* its rows were printed */
    struct {
        struct kyverno_line *items;
        size_t len, cap;
    } lines;
    struct kyverno_complaints {
        struct kyverno_complaint {
            char *path, *text; /* one line each */
        } * items;
        size_t len, cap;
    } complaints; /* policies it left out */
};

struct kyverno_report {
    struct {
        struct kyverno_block *items;
        size_t len, cap;
    } blocks;
    struct kyverno_complaints unloaded; /* test files */
    bool summed_up;                     /* it came to its end */
    char *error;                        /* what it ended with, all lines of it; or NULL */
};

/* False: rows that are no JSON (err). */
bool kyverno_parse(
    struct str out, struct str errout, struct kyverno_report *report, struct err *err) MUST_USE;
void kyverno_report_free(struct kyverno_report *report);

/* ---- rows of both (kyverno_align.c, kyverno_rows.c) ---- */

/* What Kyverno printed about one test. */
struct kyverno_claim {
    struct {
        const struct kyverno_line **items; /* borrowed from the report; never two of one rule and
                                              object */
        size_t len, cap;
    } lines;
    size_t strays; /* lines of other objects: it found none of the named and took all */
};

/* One for each of the suite's tests; the caller frees with kyverno_claims_free. Lines go to the
 * entry they stand behind in the order of the file, for the output does not say whose they are. */
struct kyverno_claim *kyverno_align(
    const struct kyverno_suite *suite, const struct kyverno_report *report) MUST_USE;
void kyverno_claims_free(struct kyverno_claim *claims, const struct kyverno_suite *suite);
/* The line is about this resource ("name" or "space/name"). */
bool kyverno_line_names(const struct kyverno_line *line, const char *resource);

/* Rows of a unit's tests. */
void kyverno_rows(const struct engine_question *q, size_t unit, const struct kyverno_report *report,
    struct kyverno_diffs *diffs, struct results *out);
/* The line says that a resource is not what the suite says. */
bool kyverno_line_differs(const struct kyverno_line *line);

#endif
