/* Where a language server means: it counts lines from 0 and columns in code units of the encoding
 * agreed on (UTF-16 unless it takes UTF-8), we count bytes. An invalid byte is sent as U+FFFD, so
 * it counts as that does. What lies outside the text is clamped to it; a column inside a code point
 * is its start.
 *
 * A mapper reads one text; it remembers the line it was last asked about, and it stops mapping
 * columns after LSP_MAP_BUDGET bytes were walked, so that a server cannot buy seconds of work with
 * a list of places in one long line. Not for two threads at once. */
#ifndef BYLAW_LSP_POSITION_H
#define BYLAW_LSP_POSITION_H

#include "base/json.h"
#include "engine/result.h"
#include "text/text.h"

enum lsp_encoding { LSP_UTF16, LSP_UTF8, LSP_UTF32 };

enum { LSP_MAP_BUDGET = 16 << 20 };

/* "utf-16", "utf-8", "utf-32". */
const char *lsp_encoding_name(enum lsp_encoding encoding);
/* Units that the bytes are sent as. */
size_t lsp_units(struct str bytes, enum lsp_encoding encoding);
/* The byte at which unit `unit` of the line stands, at most line.len. */
size_t lsp_byte_at(struct str line, size_t unit, enum lsp_encoding encoding);

struct lsp_mapper {
    enum lsp_encoding encoding;
    const struct text *text; /* or, when NULL: */
    struct str flat;
    struct {
        size_t *items;
        size_t len, cap;
    } starts;   /* of flat's lines */
    size_t row; /* the line that is kept */
    struct buf kept;
    bool has_kept;
    size_t walked;
};

/* Over a live text; both borrow. Zero-cost until asked. */
void lsp_mapper_text(
    struct lsp_mapper *mapper, const struct text *text, enum lsp_encoding encoding);
/* Over bytes, which are cut into lines now. */
void lsp_mapper_flat(struct lsp_mapper *mapper, struct str bytes, enum lsp_encoding encoding);
void lsp_mapper_free(struct lsp_mapper *mapper);
bool lsp_mapper_spent(const struct lsp_mapper *mapper);

/* Byte offset of a JSON position ({"line", "character"}); false when it is none. */
bool lsp_offset_of(struct lsp_mapper *mapper, const cJSON *position, size_t *offset);
/* Both ends of a JSON range, in order. */
bool lsp_range_of(struct lsp_mapper *mapper, const cJSON *range, size_t *from, size_t *to);
/* A JSON position as a place for people (rows and byte columns from 1); zero when it is none. */
struct position lsp_place_of(struct lsp_mapper *mapper, const cJSON *position);
/* The JSON position of a byte offset. */
cJSON *lsp_position_at(struct lsp_mapper *mapper, size_t offset) MUST_USE;
cJSON *lsp_range_at(struct lsp_mapper *mapper, size_t from, size_t to) MUST_USE;

#endif
