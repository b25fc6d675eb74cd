/* What a language server's answers come down to, read from JSON into plain structs: bounded in
 * number and size, ranges clamped to the text, every text shown made safe. Nothing here knows of
 * connections. Any thread. */
#ifndef BYLAW_LSP_ANSWER_H
#define BYLAW_LSP_ANSWER_H

#include "lsp/position.h"
#include "patch/change.h"
#include "patch/edits.h"

enum {
    LSP_ITEMS_MAX = 1000,
    LSP_PLACES_MAX = 2000,
    LSP_SYMBOLS_MAX = 5000,
    LSP_TEXT_MAX = 64 << 10
};

struct lsp_place {
    char *path; /* relative to the workspace */
    struct position at, end;
};

struct lsp_places {
    struct lsp_place *items;
    size_t len, cap;
    size_t refused; /* places outside the workspace: not shown */
};

/* A completion, or a code action (then only label, kind, detail, doc and raw
 * are set). */
struct lsp_item {
    char *label;
    const char *kind;       /* static: "function", "quickfix"; "" when not told */
    char *detail;           /* one line, or NULL; of a code action: why it is disabled */
    char *doc;              /* lines, or NULL; of a code action: the rule it is about */
    char *sort;             /* what the list is sorted by */
    char *filter;           /* what typed text is matched against */
    size_t from, to;        /* bytes of the document that `text` replaces */
    char *text;             /* plain: a snippet's placeholders became their defaults */
    size_t cursor;          /* where in `text` the cursor goes */
    struct text_edits more; /* further edits (an import), sorted, apart from [from, to] */
    cJSON *raw;             /* to ask the server for the rest */
};

struct lsp_items {
    struct lsp_item *items;
    size_t len, cap;
    bool incomplete; /* ask again when more is typed */
};

struct lsp_symbol {
    char *name;
    const char *kind; /* static */
    unsigned depth;
    struct position at, end;
};

struct lsp_symbols {
    struct lsp_symbol *items;
    size_t len, cap;
};

void lsp_places_free(struct lsp_places *places);
void lsp_item_free(struct lsp_item *item);
struct lsp_item lsp_item_copy(const struct lsp_item *item) MUST_USE;
void lsp_items_free(struct lsp_items *items);
void lsp_symbols_free(struct lsp_symbols *symbols);

/* Hover contents as plain lines, or NULL when there is nothing. The caller frees. */
char *lsp_read_hover(const cJSON *result) MUST_USE;
/* The active signature's label and documentation, or NULL; [*from, *to) is the active parameter in
 * it (equal: none). */
char *lsp_read_signature(const cJSON *result, size_t *from, size_t *to) MUST_USE;
/* Completions for the byte `at` of the mapper's text; `word` is where the word before it begins.
 * Takes the raw items out of `result`. */
void lsp_read_completion(
    struct lsp_mapper *mapper, cJSON *result, size_t word, size_t at, struct lsp_items *items);
/* What completionItem/resolve added. */
void lsp_read_resolved(struct lsp_mapper *mapper, const cJSON *result, struct lsp_item *item);
void lsp_read_actions(cJSON *result, struct lsp_items *items);
void lsp_read_symbols(struct lsp_mapper *mapper, const cJSON *result, struct lsp_symbols *symbols);

/* A snippet in LSP's grammar as plain text: "${1:name}" becomes "name", "$0" and the first
 * placeholder set *cursor. The caller frees. */
char *lsp_plain_snippet(const char *snippet, size_t *cursor) MUST_USE;

#endif
