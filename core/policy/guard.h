/* Guards: what goes wrong in policies again and again, most of all in those a model wrote, and what
 * no engine minds. Each is one file in guard/ and one row of the table in guard.c.
 *
 * They read syntax trees and the index, and only say what these show; what a policy means is the
 * engines' business. A finding is silenced by a comment in its line or the line above:
 *
 *     # bylaw:ignore package-folder the layout is the vendor's
 *
 * Without a reason the comment is itself a finding. */
#ifndef BYLAW_POLICY_GUARD_H
#define BYLAW_POLICY_GUARD_H

#include "engine/result.h"
#include "policy/index.h"
#include "policy/manifests.h"

#include <tree_sitter/api.h>

enum guard_language {
    GUARD_REGO = 1,
    GUARD_YAML = 2,
    GUARD_TEMPLATE = 4 /* the Rego inside a ConstraintTemplate, read as a file of its own */
};

struct guard_file;

struct guard {
    const char *id;     /* "package-folder" */
    unsigned languages; /* enum guard_language, or-ed */
    enum severity severity;
    const char *summary;     /* one line, no full stop */
    const char *explanation; /* for the docs: why it matters, what to do */
    /* Adds findings with guard_find (guard/guard_private.h). */
    void (*check)(struct guard_file *file);
};

/* All, ended by NULL. */
extern const struct guard *const guards[];
const struct guard *guard_by_id(struct str id);

/* Appends what the guards say of one file with this text (a Rego or YAML file by its name; others:
 * nothing). `index` and `manifests` are of the workspace, and hold the text if it is not saved yet;
 * NULL: only guards that look at nothing else. Any thread that has the index to itself. */
void guards_check(struct policy_index *index, const struct manifests *manifests, const char *path,
    struct str text, struct findings *findings);

/* Reads the folder and appends what the guards say of its Rego and YAML files, or of those at and
 * below `wanted`
 * ("": all; count 0: all; relative to root). *files grows by those looked at. Any thread; takes a
 * while. */
bool guards_check_folder(const char *root, char *const *wanted, size_t count,
    struct findings *findings, size_t *files, struct err *err) MUST_USE;

#endif
