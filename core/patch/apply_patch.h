/* Codex's apply_patch format: parser and applier.
 *
 *     *** Begin Patch
 *     *** Add File: PATH          then lines with "+"
 *     *** Delete File: PATH
 *     *** Update File: PATH       then perhaps "*** Move to: PATH", then chunks:
 *     @@ a line above the change  (or a bare "@@"; the first chunk needs neither)
 *      context
 *     -old
 *     +new
 *     *** End of File             the chunk stands at the very end
 *     *** End Patch
 *
 * The behaviour is that of `codex --codex-run-as-apply-patch` 0.171.0; tests/integration compares
 * the two on random files and patches. A file's context lines keep their own text where they
 * matched only loosely, inserted lines take the file's first line ending, and a file that is
 * updated ends in a line ending.
 *
 * Where we differ, on purpose:
 *   1. All or nothing: the real one leaves the files changed that came before a failure.
 *   2. Paths stay inside the workspace: an absolute path, "..", .git, a symbolic link on the way
 *      and names with control characters are refused. "./x", "x//y" are cleaned to "x", "x/y".
 *   3. "Move to" the file's own path is an update; the real one deletes the file.
 *   4. A move takes the file's permission bits along; the real one gives those of a new file.
 *   5. A path cannot be a file and a folder at the end of one patch, nor can a patch make a folder
 *      of a file it does not remove; the order of such steps in the patch does not matter.
 *   6. Sizes are bounded (APPLY_PATCH_MAX_BYTES, stage.h).
 *   7. The wording of failures: ours name the patch line and show the nearest match. */
#ifndef BYLAW_PATCH_APPLY_PATCH_H
#define BYLAW_PATCH_APPLY_PATCH_H

#include "patch/change.h"
#include "patch/source.h"

enum { APPLY_PATCH_MAX_BYTES = 16 * 1024 * 1024 };

/* Whether text looks like this format (its first line that is not blank begins the patch). */
bool apply_patch_detect(struct str text);

/* Parses and applies `text` to the files of `source`. On success the changes are appended to *out
 * (none when the patch changes nothing). On failure *out is as it was, err has one sentence, and
 * *report (may be NULL) gets several lines fit to be sent back to the model: what failed, where,
 * and the most similar lines of the file. Nothing is written. */
bool apply_patch_apply(struct str text, const struct patch_source *source, struct changes *out,
    struct buf *report, struct err *err) MUST_USE;

#endif
