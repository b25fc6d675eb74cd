/* What one server says about one document, as findings that follow the text while it is edited
 * until the server speaks again. Loop thread. */
#ifndef BYLAW_LSP_DIAGNOSTICS_H
#define BYLAW_LSP_DIAGNOSTICS_H

#include "lsp/position.h"

/* More than this for one document are not kept. */
enum { LSP_DIAGNOSTICS_MAX = 1000 };

struct lsp_diagnostics {
    struct findings findings;
    struct {
        cJSON **items; /* as the server sent them, one for each finding: code actions want them */
        size_t len, cap;
    } raw;
    bool is_cut; /* there were more */
};

void lsp_diagnostics_clear(struct lsp_diagnostics *diagnostics);
/* Replaces all by the list (Diagnostic[]), whose items it takes. `server` is what they are called
 * by when they do not say their source; a finding's rule is "source/code". */
void lsp_diagnostics_read(struct lsp_diagnostics *diagnostics, struct lsp_mapper *mapper,
    cJSON *list, const char *path, const char *server);
/* The text changed: rows below move along. */
void lsp_diagnostics_shift(struct lsp_diagnostics *diagnostics, const struct text_change *change);
/* Appends (copies of) the raw diagnostics whose rows touch [first, last] (from 1) to an array. */
void lsp_diagnostics_within(const struct lsp_diagnostics *diagnostics, struct lsp_mapper *mapper,
    unsigned first, unsigned last, cJSON *array);

#endif
