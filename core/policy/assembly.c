#include "policy/assembly.h"

#include "base/vec.h"
#include "policy/yaml_tree.h"

#include <stdlib.h>

struct reader {
    struct str text;
    char *name;
    size_t policy;
    struct assembly_blocks *out;
};

void assembly_blocks_free(struct assembly_blocks *blocks)
{
    VEC_FOREACH (struct assembly_block, block, blocks) {
        free(block->name);
        buf_free(&block->text);
    }
    VEC_FREE(blocks);
}

/* ---- lines ---- */

static struct str without_cr(struct str line)
{
    bool cr = line.len > 0 && line.ptr[line.len - 1] == '\r';
    return str_slice(line, 0, line.len - cr);
}

static size_t blanks_of(struct str line)
{
    size_t blanks = 0;
    while (blanks < line.len && line.ptr[blanks] == ' ') {
        blanks++;
    }
    return blanks;
}

static size_t line_after(struct str text, size_t at)
{
    size_t lf = str_find_char(text, '\n', at);
    return lf == SIZE_MAX ? text.len : lf + 1;
}

/* Without the lines at its end that hold blanks only. */
static struct str without_end(struct str text)
{
    size_t end = str_trim_right(text).len;
    size_t lf = str_find_char(text, '\n', end);
    return lf == SIZE_MAX ? text : without_cr(str_slice(text, 0, lf));
}

bool assembly_same(struct str a, struct str b, unsigned *row)
{
    struct str x;
    struct str y;
    a = without_end(a);
    b = without_end(b);
    for (unsigned i = 1;; i++) {
        bool more_a = str_next_line(&a, &x);
        bool more_b = str_next_line(&b, &y);
        if (!more_a && !more_b) {
            return true;
        }
        if (more_a != more_b || !str_equal(without_cr(x), without_cr(y))) {
            if (row != NULL) {
                *row = i;
            }
            return false;
        }
    }
}

/* ---- reading ---- */

/* The lines at `from` that are indented by more than `floor`: YAML's rule for a block. */
static void take_lines(struct reader *r, size_t from, size_t floor, struct assembly_block *block)
{
    size_t at = from;
    block->start = block->end = from;
    while (at < r->text.len) {
        size_t next = line_after(r->text, at);
        size_t end = next > at && r->text.ptr[next - 1] == '\n' ? next - 1 : next;
        struct str line = without_cr(str_slice(r->text, at, end));
        size_t blanks = blanks_of(line);
        if (blanks < line.len && block->indent == 0 && blanks > floor) {
            block->indent = (unsigned)blanks;
        }
        if (blanks < line.len && (block->indent == 0 || blanks < block->indent)) {
            break;
        }
        block->end = blanks < line.len ? next : block->end;
        at = next;
    }
    size_t last = from;
    while (last < block->end) {
        size_t next = line_after(r->text, last);
        size_t end = next > last && r->text.ptr[next - 1] == '\n' ? next - 1 : next;
        struct str line = str_slice(r->text, last, end);
        block->crlf = block->crlf || without_cr(line).len < line.len;
        buf_append_str(&block->text, str_from(without_cr(line), block->indent));
        buf_append_char(&block->text, '\n');
        last = next;
    }
}

/* Column of the key or of the dash before a node: what the lines of its block must exceed. */
static size_t floor_of(TSNode node)
{
    for (TSNode up = ts_node_parent(node); !ts_node_is_null(up); up = ts_node_parent(up)) {
        const char *type = ts_node_type(up);
        if (strcmp(type, "block_mapping_pair") == 0 || strcmp(type, "block_sequence_item") == 0) {
            return ts_node_start_point(up).column;
        }
    }
    return 0;
}

static void read_literal(struct reader *r, TSNode node, struct assembly_block *block)
{
    size_t at = ts_node_start_byte(node);
    struct str head = str_slice(r->text, at, line_after(r->text, at));
    size_t end = 1;
    while (end < head.len && strchr("+-0123456789", head.ptr[end]) != NULL) {
        block->fixed = head.ptr[end] >= '0' && head.ptr[end] <= '9'
                           ? "a block with an indentation of its own"
                           : block->fixed;
        end++;
    }
    take_lines(r, at + head.len, floor_of(node), block);
    block->row = ts_node_start_point(node).row + 2;
}

static void add_scalar(
    struct reader *r, TSNode node, enum assembly_kind kind, bool v1, size_t library)
{
    struct assembly_block block = {.kind = kind,
        .v1 = v1,
        .policy = r->policy,
        .library = library,
        .key_row = ts_node_start_point(node).row + 1};
    if (!yaml_is_scalar(node)) {
        return;
    }
    size_t start = ts_node_start_byte(node);
    char first = start < r->text.len ? r->text.ptr[start] : '\0';
    if (first == '|') {
        read_literal(r, node, &block);
    } else {
        block.row = block.key_row;
        block.fixed = first == '>' ? "a folded scalar" : "no literal block (|)";
        yaml_scalar(r->text, node, &block.text);
        block.start = start;
        block.end = ts_node_end_byte(node);
    }
    block.name = mem_strdup(r->name);
    VEC_PUSH(r->out, block);
}

/* `holder` has the keys rego and libs. */
static void add_policy(struct reader *r, TSNode holder, bool v1)
{
    TSNode rego = yaml_get(r->text, holder, "rego", NULL);
    if (!yaml_is_scalar(rego)) {
        return;
    }
    add_scalar(r, rego, ASSEMBLY_REGO, v1, 0);
    TSNode libs = yaml_get(r->text, holder, "libs", NULL);
    TSNode lib;
    size_t count = 0;
    for (uint32_t at = 0; yaml_next_item(libs, &at, &lib);) {
        add_scalar(r, lib, ASSEMBLY_LIB, v1, count++);
    }
    r->policy++;
}

static void add_cel(struct reader *r, TSNode key, TSNode source)
{
    if (!yaml_is_mapping(source) || ts_node_is_null(key) ||
        ts_node_start_point(source).row == ts_node_start_point(key).row) {
        return;
    }
    struct assembly_block block = {.kind = ASSEMBLY_CEL,
        .policy = r->policy++,
        .key_row = ts_node_start_point(key).row + 1,
        .row = ts_node_start_point(key).row + 2,
        .name = mem_strdup(r->name)};
    take_lines(
        r, line_after(r->text, ts_node_end_byte(key)), ts_node_start_point(key).column, &block);
    VEC_PUSH(r->out, block);
}

static void read_target(struct reader *r, TSNode target)
{
    add_policy(r, target, false);
    TSNode code = yaml_get(r->text, target, "code", NULL);
    TSNode entry;
    for (uint32_t at = 0; yaml_next_item(code, &at, &entry);) {
        TSNode key = {0};
        TSNode source = yaml_get(r->text, entry, "source", &key);
        TSNode engine = yaml_get(r->text, entry, "engine", NULL);
        if (yaml_equals(r->text, engine, "Rego")) {
            TSNode version = yaml_get(r->text, source, "version", NULL);
            add_policy(r, source, yaml_equals(r->text, version, "v1"));
        } else if (yaml_equals(r->text, engine, "K8sNativeValidation")) {
            add_cel(r, key, source);
        }
    }
}

static int by_place(const void *a, const void *b)
{
    const struct assembly_block *x = a;
    const struct assembly_block *y = b;
    return x->start < y->start ? -1 : x->start > y->start;
}

void assembly_read(struct str yaml, struct assembly_blocks *out)
{
    TSTree *tree =
        str_find(yaml, STR_LIT("ConstraintTemplate"), 0) == SIZE_MAX ? NULL : yaml_tree_parse(yaml);
    if (tree == NULL) {
        return;
    }
    struct reader r = {.text = yaml, .out = out};
    TSNode content;
    for (uint32_t at = 0; yaml_next_document(ts_tree_root_node(tree), &at, &content);) {
        if (yaml_equals(yaml, yaml_get(yaml, content, "kind", NULL), "ConstraintTemplate")) {
            r.name = yaml_string(yaml, content, "metadata/name");
            TSNode targets = yaml_get_path(yaml, content, "spec/targets");
            TSNode target;
            for (uint32_t i = 0; yaml_next_item(targets, &i, &target);) {
                read_target(&r, target);
            }
            free(r.name);
        }
    }
    ts_tree_delete(tree);
    if (out->len > 1) {
        qsort(out->items, out->len, sizeof *out->items, by_place);
    }
}

/* ---- writing ---- */

/* What no literal block can hold, or not as it stands. */
static bool check_text(struct str text, struct err *err)
{
    struct str line;
    bool first = true;
    for (unsigned row = 1; str_next_line(&text, &line); row++) {
        line = without_cr(line);
        if (first && line.len > 0 && line.ptr[0] == ' ') {
            return err_set(err, ERR_INVALID,
                "line %u begins with blanks: YAML would take them for the block's indentation",
                row);
        }
        first = first && line.len == 0;
        for (size_t i = 0; i < line.len; i++) {
            unsigned char c = (unsigned char)line.ptr[i];
            if ((c < ' ' && c != '\t') || c == 0x7f) {
                return err_set(err, ERR_INVALID,
                    "line %u has the control character 0x%02x, which YAML does not allow", row, c);
            }
        }
    }
    return !first || err_set(err, ERR_INVALID, "it is empty");
}

static void put_lines(const struct assembly_block *block, struct str text, struct buf *out)
{
    struct str line;
    text = without_end(text);
    while (str_next_line(&text, &line)) {
        line = without_cr(line);
        buf_append_repeat(out, ' ', line.len > 0 ? block->indent : 0);
        buf_append_str(out, line);
        buf_append_c(out, block->crlf ? "\r\n" : "\n");
    }
}

static bool put_block(struct str yaml, const struct assembly_block *block, struct str text,
    struct buf *out, struct err *err)
{
    if (text.ptr == NULL || assembly_same(text, buf_str(&block->text), NULL)) {
        buf_append_str(out, str_slice(yaml, block->start, block->end));
        return true;
    }
    if (block->fixed != NULL) {
        return err_set(err, ERR_INVALID, "the Rego at line %u is %s: write it as one",
            block->key_row, block->fixed);
    }
    if (block->indent == 0) {
        return err_set(err, ERR_INVALID,
            "the block at line %u is empty: give it a first line, which says how far it is "
            "indented",
            block->key_row);
    }
    if (!check_text(text, err)) {
        return false;
    }
    put_lines(block, text, out);
    if (block->end == yaml.len && yaml.len > 0 && yaml.ptr[yaml.len - 1] != '\n') {
        out->len -= block->crlf ? 2 : 1; /* the file ends without a newline, and keeps to that */
    }
    return true;
}

/* What is read from the result is what was to be written: not so where the YAML has errors. */
static bool reads_back(
    struct str whole, const struct assembly_blocks *blocks, const struct str *texts)
{
    struct assembly_blocks now = {0};
    assembly_read(whole, &now);
    bool same = now.len == blocks->len;
    for (size_t i = 0; same && i < now.len; i++) {
        struct str wanted = texts[i].ptr != NULL ? texts[i] : buf_str(&blocks->items[i].text);
        same = assembly_same(buf_str(&now.items[i].text), wanted, NULL);
    }
    assembly_blocks_free(&now);
    return same;
}

bool assembly_put(struct str yaml, const struct assembly_blocks *blocks, const struct str *texts,
    struct buf *out, struct err *err)
{
    size_t at = 0;
    for (size_t i = 0; i < blocks->len; i++) {
        const struct assembly_block *block = &blocks->items[i];
        if (block->start < at) {
            return err_set(err, ERR_INVALID, "line %u: blocks lie in each other", block->row);
        }
        buf_append_str(out, str_slice(yaml, at, block->start));
        if (!put_block(yaml, block, texts[i], out, err)) {
            return false;
        }
        at = block->end;
    }
    buf_append_str(out, str_from(yaml, at));
    return str_equal(buf_str(out), yaml) || reads_back(buf_str(out), blocks, texts) ||
           err_set(err, ERR_INVALID, "its YAML has errors: mend them first");
}
