/* Unified diffs, plain and git's: parser, applier and writer.
 *
 * Read are "--- / +++" headers with or without a/ b/ (and git's other prefixes), /dev/null, quoted
 * names, timestamps, git's extended headers (new, deleted, rename, copy, mode), several files in
 * one text, and text around them (a commit message, a mail). A hunk is looked for where its header
 * says, then ever farther from there, with all of its context; a file's CR LF endings and a missing
 * final newline are kept when the patch shows none. Hunk headers whose counts or line numbers are
 * wrong, as models often write them, are recounted; the lines themselves must be in the file.
 *
 * Refused with a reason: binary patches, symbolic links and submodules, paths that leave the
 * workspace, a new file that exists already, a change of an existing file's permissions, a hunk
 * that is not found. All or nothing. */
#ifndef BYLAW_PATCH_UNIFIED_H
#define BYLAW_PATCH_UNIFIED_H

#include "patch/change.h"
#include "patch/source.h"

enum { UNIFIED_MAX_BYTES = 64 * 1024 * 1024 };

/* Whether text holds a unified diff: a "--- "/"+++ " pair with a hunk, or a "diff --git" line. */
bool unified_detect(struct str text);

/* As apply_patch_apply (apply_patch.h): changes on success, a report for the model on failure. */
bool unified_apply(struct str text, const struct patch_source *source, struct changes *out,
    struct buf *report, struct err *err) MUST_USE;

/* What of a patch could not be taken. */
struct unified_problem {
    char *path;  /* as the patch has it; NULL: of the patch as a whole */
    size_t line; /* of the patch, from 1 */
    char *text;  /* one sentence: why */
};

struct unified_problems {
    struct unified_problem *items;
    size_t len, cap;
};

void unified_problems_free(struct unified_problems *problems);

/* As much of it as there is: hunks and files that do not fit or cannot be taken are told in
 * *problems, all else is in *out. Modes are changed as the patch says (struct change's git_to), and
 * links are what they point to. False: it is no patch at all. */
bool unified_apply_most(struct str text, const struct patch_source *source, struct changes *out,
    struct unified_problems *problems, struct err *err) MUST_USE;

/* Appends the changes as git prints them: `git apply` and unified_apply take it back. Binary
 * content is named ("Binary files … differ"), not printed. */
void unified_write(const struct changes *changes, size_t context, struct buf *out);
/* The same with binary content as "GIT binary patch", for git apply. */
void unified_write_all(const struct changes *changes, size_t context, struct buf *out);

#endif
