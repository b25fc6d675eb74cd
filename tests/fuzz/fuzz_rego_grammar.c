/* The Rego grammar with any bytes: parsing, an edit, and parsing again end, and the tree covers the
 * text. The bound on the size is one on time. */
#include "base/mem.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <tree_sitter/api.h>

const TSLanguage *tree_sitter_rego(void);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const TSTree *tree, size_t size)
{
    TSNode root = ts_tree_root_node(tree);
    if (ts_node_end_byte(root) > size) {
        abort();
    }
    TSTreeCursor cursor = ts_tree_cursor_new(root);
    uint32_t last = 0;
    for (bool more = ts_tree_cursor_goto_first_child(&cursor); more;
         more = ts_tree_cursor_goto_next_sibling(&cursor)) {
        TSNode node = ts_tree_cursor_current_node(&cursor);
        if (ts_node_start_byte(node) < last || ts_node_end_byte(node) < ts_node_start_byte(node)) {
            abort();
        }
        last = ts_node_end_byte(node);
    }
    ts_tree_cursor_delete(&cursor);
}

/* The byte the edit takes away is in the middle; its point counts as the parser does. */
static TSInputEdit cut(const uint8_t *data, size_t at)
{
    TSPoint start = {0, 0};
    for (size_t i = 0; i < at; i++) {
        start.column = data[i] == '\n' ? 0 : start.column + 1;
        start.row += data[i] == '\n';
    }
    TSPoint end =
        data[at] == '\n' ? (TSPoint){start.row + 1, 0} : (TSPoint){start.row, start.column + 1};
    return (TSInputEdit){(uint32_t)at, (uint32_t)at + 1, (uint32_t)at, start, end, start};
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 200000) {
        return 0;
    }
    TSParser *parser = ts_parser_new();
    if (!ts_parser_set_language(parser, tree_sitter_rego())) {
        abort();
    }
    TSTree *tree = ts_parser_parse_string(parser, NULL, (const char *)data, (uint32_t)size);
    check(tree, size);
    if (size > 0) {
        size_t at = size / 2;
        TSInputEdit edit = cut(data, at);
        char *shorter = mem_dup(data, size);
        memmove(shorter + at, shorter + at + 1, size - at - 1);
        ts_tree_edit(tree, &edit);
        TSTree *next = ts_parser_parse_string(parser, tree, shorter, (uint32_t)size - 1);
        check(next, size - 1);
        ts_tree_delete(next);
        free(shorter);
    }
    ts_tree_delete(tree);
    ts_parser_delete(parser);
    return 0;
}
