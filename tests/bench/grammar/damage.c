/* Cuts and damages files at random and counts the tokens of untouched rules that keep their colour.
 *
 * Predicates of the query are not evaluated: they look at the text only, which is the same before
 * and after. */
#include "bench.h"

#include "base/vec.h"
#include "embedded.h"

#include <stdio.h>

enum { DAMAGES = 10 };

static unsigned long long state = 20;

static size_t below(size_t bound)
{
    state = state * 6364136223846793005ull + 1442695040888963407ull;
    return bound == 0 ? 0 : (size_t)(state >> 33) % bound;
}

static TSQuery *highlights(void)
{
    for (const struct embedded *file = grammar_queries; file->name != NULL; file++) {
        if (strcmp(file->name, "rego/highlights.scm") == 0) {
            uint32_t offset;
            TSQueryError error;
            TSQuery *query =
                ts_query_new(tree_sitter_rego(), file->bytes, (uint32_t)file->len, &offset, &error);
            if (query == NULL) {
                fprintf(stderr, "bench: highlights.scm: error %d at %u\n", (int)error, offset);
                exit(1);
            }
            return query;
        }
    }
    fprintf(stderr, "bench: no rego/highlights.scm\n");
    exit(1);
}

/* The capture of each byte, 0 for none. The caller frees. */
static unsigned short *paint(const TSQuery *query, const TSTree *tree, size_t len)
{
    unsigned short *colours = mem_zalloc((len + 1) * sizeof *colours);
    TSQueryCursor *cursor = ts_query_cursor_new();
    TSQueryMatch match;
    uint32_t index;
    ts_query_cursor_exec(cursor, query, ts_tree_root_node(tree));
    while (ts_query_cursor_next_capture(cursor, &match, &index)) {
        TSNode node = match.captures[index].node;
        uint32_t end = ts_node_end_byte(node);
        for (uint32_t i = ts_node_start_byte(node); i < end; i++) {
            colours[i] = (unsigned short)(match.captures[index].index + 1);
        }
    }
    ts_query_cursor_delete(cursor);
    return colours;
}

struct edit {
    size_t at, removed, added;
};

static struct edit damage(struct buf *text)
{
    static const char *const typed[] = {"{", "}", "[", "]", "(", ")", "\"", ",", ".", ":=", "=",
        "if", "else", "some x in", "not ", "$\"a {", "every x in xs {", "deny contains msg if {\n",
        "p := [x | ", "x := ", "foo(", "# "};
    struct edit edit = {below(text->len), 0, 0};
    size_t left = text->len - edit.at;
    struct str rest = str_from(buf_str(text), edit.at);
    size_t line_end = str_find_char(rest, '\n', 0);
    switch (below(4)) {
    case 0: /* a few bytes gone */
        edit.removed = 1 + below(left < 20 ? left : 20);
        break;
    case 1: /* the rest of the line gone */
        edit.removed = line_end == SIZE_MAX ? left : line_end;
        break;
    case 2: /* half-typed text */
    {
        const char *insert = typed[below(sizeof typed / sizeof *typed)];
        edit.added = strlen(insert);
        buf_insert(text, edit.at, insert, edit.added);
        return edit;
    }
    default: /* one byte gone */
        edit.removed = 1;
    }
    edit.removed = edit.removed > left ? left : edit.removed;
    buf_remove(text, edit.at, edit.removed);
    return edit;
}

struct tally {
    size_t tokens, kept;
};

static void count_leaves(TSNode node, const unsigned short *before, const unsigned short *after,
    long shift, struct tally *tally)
{
    uint32_t count = ts_node_child_count(node);
    for (uint32_t i = 0; i < count; i++) {
        count_leaves(ts_node_child(node, i), before, after, shift, tally);
    }
    if (count == 0 && ts_node_end_byte(node) > ts_node_start_byte(node)) {
        size_t at = ts_node_start_byte(node);
        tally->tokens++;
        tally->kept += before[at] == after[(size_t)((long)at + shift)];
    }
}

static void measure(const TSTree *tree, const unsigned short *before, const unsigned short *after,
    struct edit edit, struct tally *tally)
{
    TSNode root = ts_tree_root_node(tree);
    uint32_t count = ts_node_child_count(root);
    for (uint32_t i = 0; i < count; i++) {
        TSNode node = ts_node_child(root, i);
        if (ts_node_end_byte(node) < edit.at) {
            count_leaves(node, before, after, 0, tally);
        } else if (ts_node_start_byte(node) > edit.at + edit.removed) {
            count_leaves(node, before, after, (long)edit.added - (long)edit.removed, tally);
        }
    }
}

int bench_damage(const struct files *files)
{
    TSQuery *query = highlights();
    TSParser *parser = bench_parser();
    struct buf source = BUF_INIT;
    struct tally all = {0};
    size_t cuts = 0;
    VEC_FOREACH (char *, name, files) {
        if (!bench_read(*name, &source) || source.len == 0) {
            continue;
        }
        TSTree *tree = bench_parse(parser, NULL, buf_str(&source));
        unsigned short *before = paint(query, tree, source.len);
        for (int i = 0; i < DAMAGES && !ts_node_has_error(ts_tree_root_node(tree)); i++) {
            struct buf broken = BUF_INIT;
            struct tally tally = {0};
            buf_append_str(&broken, buf_str(&source));
            struct edit edit = damage(&broken);
            TSTree *after_tree = bench_parse(parser, NULL, buf_str(&broken));
            unsigned short *after = paint(query, after_tree, broken.len);
            measure(tree, before, after, edit, &tally);
            if (getenv("BENCH_VERBOSE") != NULL && tally.kept * 100 < tally.tokens * 95) {
                printf("%s: byte %zu, %zu removed, added %.*s: %zu of %zu\n", *name, edit.at,
                    edit.removed, (int)edit.added, broken.ptr + edit.at, tally.kept, tally.tokens);
            }
            all.tokens += tally.tokens;
            all.kept += tally.kept;
            cuts++;
            ts_tree_delete(after_tree);
            free(after);
            buf_free(&broken);
        }
        free(before);
        ts_tree_delete(tree);
    }
    printf("= damages %zu tokens %zu kept %zu percent %.3f\n", cuts, all.tokens, all.kept,
        all.tokens == 0 ? 0.0 : 100.0 * (double)all.kept / (double)all.tokens);
    buf_free(&source);
    ts_parser_delete(parser);
    ts_query_delete(query);
    return 0;
}
