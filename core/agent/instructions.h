/* What the model is told before the conversation: our own text, then the workspace's AGENTS.md
 * files.
 *
 * Discovery as in Codex CLI: the user's own ($CODEX_HOME, else ~/.codex) first, which does not
 * count towards the bound; then from the git root (or the nearest folder above with one of
 * project_root_markers of the user's Codex config; the workspace where there is none) down to
 * the workspace, one file a folder, AGENTS.override.md before AGENTS.md before the names that
 * project_doc_fallback_filenames gives there; joined root first; at most project_doc_max_bytes of
 * it (32 KiB) in all, cut at a character with a note. None of a folder that Codex was told is
 * untrusted. Other than there, a link is followed within that root only. */
#ifndef BYLAW_AGENT_INSTRUCTIONS_H
#define BYLAW_AGENT_INSTRUCTIONS_H

#include "base/err.h"
#include "base/str.h"

enum { INSTRUCTIONS_MAX_BYTES = 32768 };

struct instructions {
    struct buf text; /* all of it */
    struct {
        char **items; /* absolute paths of the files taken, root first */
        size_t len, cap;
    } sources;
    size_t own; /* bytes of `text` that are ours, before the first file's */
    bool cut;   /* the files held more than the cap */
};

/* `git_root` is NULL where there is no repository; `root` is the workspace's, absolute. A file that
 * cannot be read is named in the text's place and in *problem (one line, may be NULL), never
 * silently left out. */
void instructions_read(
    const char *git_root, const char *root, struct instructions *out, struct buf *problem);
void instructions_free(struct instructions *instructions);

#endif
