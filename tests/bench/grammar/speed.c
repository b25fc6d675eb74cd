/* Megabytes a second from nothing, and the time of one keystroke in a large file. */
#include "bench.h"

#include "base/vec.h"

#include <stdio.h>

struct sources {
    struct buf *items;
    size_t len, cap;
};

static size_t load(const struct files *files, struct sources *sources)
{
    size_t bytes = 0;
    VEC_FOREACH (char *, name, files) {
        struct buf source = BUF_INIT;
        if (bench_read(*name, &source)) {
            bytes += source.len;
            VEC_PUSH(sources, source);
        }
    }
    return bytes;
}

static void unload(struct sources *sources)
{
    VEC_FOREACH (struct buf, source, sources) {
        buf_free(source);
    }
    VEC_FREE(sources);
}

int bench_speed(const struct files *files)
{
    struct sources sources = {0};
    size_t bytes = load(files, &sources);
    TSParser *parser = bench_parser();
    double best = 0;
    for (int round = 0; round < 5; round++) {
        double start = bench_seconds();
        VEC_FOREACH (struct buf, source, &sources) {
            ts_tree_delete(bench_parse(parser, NULL, buf_str(source)));
        }
        double took = bench_seconds() - start;
        best = round == 0 || took < best ? took : best;
    }
    printf("= files %zu bytes %zu seconds %.3f MB/s %.2f\n", sources.len, bytes, best,
        (double)bytes / 1e6 / best);
    ts_parser_delete(parser);
    unload(&sources);
    return 0;
}

enum { LARGE = 1 << 20, KEYS = 300 };

/* Appends the rules of a file, without what comes before the first. */
static void append_rules(struct buf *out, TSParser *parser, struct str source)
{
    TSTree *tree = bench_parse(parser, NULL, source);
    TSNode root = ts_tree_root_node(tree);
    uint32_t count = ts_node_has_error(root) ? 0 : ts_node_named_child_count(root);
    for (uint32_t i = 0; i < count; i++) {
        TSNode node = ts_node_named_child(root, i);
        if (strcmp(ts_node_type(node), "rule") == 0) {
            buf_append_str(out, str_from(source, ts_node_start_byte(node)));
            buf_append_char(out, '\n');
            break;
        }
    }
    ts_tree_delete(tree);
}

static TSPoint point_at(struct str text, size_t offset)
{
    TSPoint point = {0, 0};
    for (size_t i = 0; i < offset; i++) {
        if (text.ptr[i] == '\n') {
            point.row++;
            point.column = 0;
        } else {
            point.column++;
        }
    }
    return point;
}

/* Types (or takes back) one character; returns the seconds the parse took. */
static double keystroke(
    TSParser *parser, TSTree **tree, struct buf *text, size_t at, const char *typed)
{
    TSPoint start = point_at(buf_str(text), at), after = start;
    after.column++;
    bool insert = typed != NULL;
    if (insert) {
        buf_insert(text, at, typed, 1);
    } else {
        buf_remove(text, at, 1);
    }
    TSInputEdit edit = {(uint32_t)at, (uint32_t)(at + !insert), (uint32_t)(at + insert), start,
        insert ? start : after, insert ? after : start};
    double begin = bench_seconds();
    ts_tree_edit(*tree, &edit);
    TSTree *next = bench_parse(parser, *tree, buf_str(text));
    double took = bench_seconds() - begin;
    ts_tree_delete(*tree);
    *tree = next;
    return took;
}

static int by_size(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return left < right ? -1 : left > right;
}

int bench_keystroke(const struct files *files)
{
    static const char *const keys[] = {"x", "_", " ", "{", "\"", ".", "["};
    struct sources sources = {0};
    load(files, &sources);
    TSParser *parser = bench_parser();
    struct buf text = BUF_INIT;
    buf_append_c(&text, "package large\n");
    for (size_t i = 0; sources.len > 0 && text.len < LARGE && i < 100 * sources.len; i++) {
        append_rules(&text, parser, buf_str(&sources.items[i % sources.len]));
    }
    TSTree *tree = bench_parse(parser, NULL, buf_str(&text));
    double times[2 * KEYS];
    unsigned long long seed = 20;
    for (int i = 0; i < KEYS; i++) {
        seed = seed * 6364136223846793005ull + 1442695040888963407ull;
        size_t at = (size_t)(seed >> 33) % text.len;
        times[2 * i] = keystroke(parser, &tree, &text, at, keys[i % 7]);
        times[2 * i + 1] = keystroke(parser, &tree, &text, at, NULL);
    }
    qsort(times, 2 * KEYS, sizeof *times, by_size);
    printf("= bytes %zu keystrokes %d median-ms %.3f p90-ms %.3f p99-ms %.3f max-ms %.3f\n",
        text.len, 2 * KEYS, times[KEYS] * 1e3, times[2 * KEYS * 9 / 10] * 1e3,
        times[2 * KEYS * 99 / 100] * 1e3, times[2 * KEYS - 1] * 1e3);
    ts_tree_delete(tree);
    ts_parser_delete(parser);
    buf_free(&text);
    unload(&sources);
    return 0;
}
