/* The indentation of a new line of YAML, from the lines above. Internal to core/syntax. */
#ifndef BYLAW_SYNTAX_INDENT_YAML_H
#define BYLAW_SYNTAX_INDENT_YAML_H

#include "syntax/indent.h"
#include "syntax/layer.h"

/* Behind "key:" and "key: |" a level in from the key; behind "- key: value" below the key; behind
 * "- value" below the dash; in the text of a block scalar as the line above. `at` is of the piece.
 */
void indent_yaml(
    const struct layer *layer, size_t at, const struct indent_style *style, struct buf *out);
/* One level, in the style; YAML never takes tabs. */
void indent_add_level(const struct indent_style *style, bool yaml, struct buf *out);

#endif
