/* Answers that name files: places and edits, in this document and others. Other files have to be
 * read to know what a column means there and what an edit makes of them, so this runs on a worker;
 * what is open in the editor is handed along as it stands there, unsaved.
 *
 * Edits never reach the disk from here: they become struct changes, for review. */
#ifndef BYLAW_LSP_GATHER_H
#define BYLAW_LSP_GATHER_H

#include "lsp/answer.h"

enum { LSP_FILES_MAX = 500, LSP_FILE_BYTES = 16 << 20 };

/* A document open in the editor, copied. */
struct lsp_open_text {
    char *path;
    struct buf text;
    long long version; /* as the server was last told */
};

struct lsp_gather {
    char *root; /* of the workspace, absolute */
    enum lsp_encoding encoding;
    struct {
        struct lsp_open_text *items;
        size_t len, cap;
    } open;
};

void lsp_gather_free(struct lsp_gather *gather);

/* Location, Location[] or LocationLink[]. */
void lsp_gather_places(
    const struct lsp_gather *gather, const cJSON *result, struct lsp_places *places);
/* TextEdit[] for one text. */
bool lsp_gather_edits(struct str text, enum lsp_encoding encoding, const cJSON *edits,
    struct text_edits *out, struct err *err) MUST_USE;
/* A WorkspaceEdit. All or nothing: one that names a file outside the workspace, an older version of
 * an open document, overlapping ranges or an operation we do not know is refused as a whole. */
bool lsp_gather_changes(const struct lsp_gather *gather, const cJSON *edit, struct changes *changes,
    struct err *err) MUST_USE;

#endif
