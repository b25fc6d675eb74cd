/* Guards: what goes wrong in policies again and again, most of all in those a model wrote, and what
 * no engine minds. Each is one file in guard/ and one row of the table in guard.c.
 *
 * They read syntax trees and the index, and only say what these show; what a policy means is the
 * engines' business, and those guards that are about what engines decided read their answers
 * (core/evidence). A finding is silenced by a comment in its line or the line above:
 *
 *     # bylaw:ignore package-folder the layout is the vendor's
 *
 * Without a reason the comment is itself a finding.
 *
 * What a workspace asks of its policies it says in its .bylaw/config.toml, which is anybody's text:
 *
 *     [guards]
 *     kyverno = "1.20"     -- the version that its policies must run on
 *     fixtures = 2         -- how many valid ones, and how many invalid ones, a policy must have
 *     decisions = 300000   -- of all policies about documents called valid (evidence/wish.h)
 */
#ifndef BYLAW_POLICY_GUARD_H
#define BYLAW_POLICY_GUARD_H

#include "engine/result.h"
#include "policy/index.h"
#include "policy/manifests.h"

#include <stdatomic.h>
#include <tree_sitter/api.h>

enum guard_language {
    GUARD_REGO = 1,
    GUARD_YAML = 2,
    GUARD_TEMPLATE = 4, /* the Rego inside a ConstraintTemplate, read as a file of its own */
    GUARD_DECIDED = 8   /* not the text: what engines decided (evidence/evidence.h) */
};

/* What a guard that reads decisions needs somebody to have run (struct guard's evidence). */
enum guard_evidence { GUARD_BY_TESTS = 1, GUARD_BY_FIXTURES = 2 };

/* What the findings of a guard in a file depend on. */
enum guard_reads {
    GUARD_READS_WORKSPACE,
    GUARD_READS_OWN_FILE /* its name and text, nothing else: the same wherever the file lies */
};

struct guard_file;
struct guard_world;

struct guard {
    const char *id;     /* "package-folder" */
    unsigned languages; /* enum guard_language, or-ed */
    enum guard_reads reads;
    enum severity severity;
    const char *summary;     /* one line, no full stop */
    const char *explanation; /* for the docs: why it matters, what to do */
    /* For the docs: what its fix does ("deletes the import"), or why it has none ("which of the two
     * is meant is yours to say"): one of the two. A fix may leave out cases it is not sure of. */
    const char *fix, *no_fix;
    unsigned evidence; /* GUARD_DECIDED: enum guard_evidence, or-ed */
    /* Adds findings with guard_find (guard/guard_private.h); NULL: GUARD_DECIDED only. */
    void (*check)(struct guard_file *file);
    /* After all files of a folder: what only all of them show. May be NULL. */
    void (*finish)(struct guard_world *world, struct findings *findings);
};

/* All, ended by NULL. */
extern const struct guard *const guards[];
const struct guard *guard_by_id(struct str id);

/* "Rego, YAML", "templates", "decisions": what it looks at. */
const char *guard_languages_name(unsigned which);

/* Appends "a, b" of the guards that need this evidence (enum guard_evidence, or-ed); how many. */
size_t guards_by_evidence(unsigned evidence, struct buf *out);

/* Which evidence this workspace can give: it has tests; it has fixtures that say what they are, or
 * policies that say what they match. What it cannot give is not missing. */
unsigned guards_evidence(const struct policy_index *index, const struct manifests *manifests);

/* What guards know beside the file they look at. Made once for the files of one state of a
 * workspace; what they find out about all of it is kept in it. Both borrowed; neither may change
 * while it lives. Any thread, one at a time. */
struct guard_world *guard_world_new(
    struct policy_index *index, const struct manifests *manifests) MUST_USE;
/* NULL is fine. */
void guard_world_free(struct guard_world *world);

/* Appends what the guards say of one file with this text (a Rego or YAML file by its name; others:
 * nothing). The world's index and manifests hold the text if it is not saved yet. NULL: only guards
 * that look at nothing else. */
void guards_check(
    struct guard_world *world, const char *path, struct str text, struct findings *findings);

/* Reads the folder and appends what the guards say of its Rego and YAML files, or of those at and
 * below `wanted`
 * ("": all; count 0: all; relative to root). *files grows by those looked at. Any thread; takes a
 * while. */
bool guards_check_folder(const char *root, char *const *wanted, size_t count,
    struct findings *findings, size_t *files, struct err *err) MUST_USE;

struct guards_wish {
    char *const *wanted; /* as above */
    size_t count;
    /* The folder as it was, or will be, or NULL. Of a file that is the same there, findings may be
     * left out that are found there too: what GUARD_READS_OWN_FILE says. For whom only what differs
     * counts. */
    const char *other;
    const atomic_bool *cancel; /* true: what is left is not looked at; may be NULL */
};
/* The same of a folder that has been read. */
void guards_check_index(struct policy_index *index, const struct manifests *manifests,
    const struct guards_wish *wish, struct findings *findings, size_t *files);

/* Takes those out of findings that a comment in their file (below root) silences. Reads files. */
void guards_drop_silenced(const char *root, struct findings *findings);

#endif
