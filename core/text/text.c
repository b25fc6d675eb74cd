/* Memory, editing, lines and copies. Undo is undo.c; the tree is pieces.c. */
#include "text/text_private.h"

#include "base/slow.h"
#include "base/vec.h"

#define PIECE_MAX   ((size_t)4 << 10)
#define CHUNK_MAX   ((size_t)16 << 10)
#define BLOCK_SIZE  ((size_t)64 << 10)
#define ENDING_SCAN ((size_t)1 << 20)
#define NEAR        2 /* lines: further off, the tree finds a line sooner than a walk */

static size_t min_size(size_t a, size_t b)
{
    return a < b ? a : b;
}

static enum text_ending scan_ending(struct str bytes)
{
    bool lf = false, crlf = false;
    bytes.len = min_size(bytes.len, ENDING_SCAN);
    for (size_t at = str_find_char(bytes, '\n', 0); at != SIZE_MAX;
         at = str_find_char(bytes, '\n', at + 1)) {
        if (at > 0 && bytes.ptr[at - 1] == '\r') {
            crlf = true;
        } else {
            lf = true;
        }
        if (lf && crlf) {
            return TEXT_ENDING_MIXED;
        }
    }
    return crlf ? TEXT_ENDING_CRLF : lf ? TEXT_ENDING_LF : TEXT_ENDING_NONE;
}

/* `bytes` must be memory that text owns. */
static void set_up(struct text *text, struct str bytes, size_t piece_max, size_t block_size)
{
    text->piece_max = piece_max;
    text->block_size = block_size;
    text->seed = 0x9e3779b97f4a7c15u;
    text->root = pieces_build(&bytes, 1, piece_max, &text->seed);
    text->ending = scan_ending(bytes);
    text->reading = MEM_NEW(struct reading);
    undo_init(text);
}

struct text *text_new_sized(struct str bytes, size_t piece_max, size_t block_size)
{
    struct text *text = MEM_NEW(struct text);
    text->original = mem_dup(bytes.ptr == NULL ? "" : bytes.ptr, bytes.len);
    set_up(text, str_make(text->original, bytes.len), piece_max, block_size);
    return text;
}

struct text *text_new(struct str bytes)
{
    return text_new_sized(bytes, PIECE_MAX, BLOCK_SIZE);
}

struct text *text_new_take(struct buf *bytes)
{
    struct text *text = MEM_NEW(struct text);
    size_t len = bytes->len;
    text->original = buf_take(bytes);
    set_up(text, str_make(text->original, len), PIECE_MAX, BLOCK_SIZE);
    return text;
}

void text_free(struct text *text)
{
    if (text == NULL) {
        return;
    }
    slow_let_go(text);
    while (text->blocks != NULL) {
        struct block *next = text->blocks->next;
        free(text->blocks);
        text->blocks = next;
    }
    pieces_free(text->root);
    undo_free(text);
    VEC_FREE(&text->listeners);
    free(text->reading);
    free(text->original);
    free(text);
}

/* Copies bytes to where they stay for the life of the text. */
struct str text_keep(struct text *text, struct str bytes)
{
    struct block *block = text->blocks;
    if (block == NULL || block->cap - block->len < bytes.len) {
        size_t cap = bytes.len > text->block_size ? bytes.len : text->block_size;
        block = mem_alloc(sizeof *block + cap);
        block->len = 0;
        block->cap = cap;
        block->next = text->blocks;
        text->blocks = block;
    }
    char *at = block->bytes + block->len;
    memcpy(at, bytes.ptr, bytes.len);
    block->len += bytes.len;
    return str_make(at, bytes.len);
}

void text_apply(struct text *text, size_t at, size_t len, const struct str *runs, size_t count)
{
    struct text_change change = {.start = at,
        .old_end = at + len,
        .start_point = text_point_of(text, at),
        .old_end_point = text_point_of(text, at + len)};
    struct piece *before, *rest, *removed, *after;
    pieces_split(text->root, at, &text->seed, &before, &rest);
    pieces_split(rest, len, &text->seed, &removed, &after);
    pieces_free(removed);
    size_t added = 0;
    for (size_t i = 0; i < count; i++) {
        added += runs[i].len;
    }
    if (count != 1 || !pieces_extend_last(before, runs[0], text->piece_max)) {
        struct piece *middle = pieces_build(runs, count, text->piece_max, &text->seed);
        before = pieces_join(before, middle, &text->seed);
    }
    text->root = pieces_join(before, after, &text->seed);
    text->version++;
    change.new_end = at + added;
    change.new_end_point = text_point_of(text, at + added);
    for (size_t i = 0; i < text->listeners.len; i++) {
        text->listeners.items[i].callback(text->listeners.items[i].data, &change);
    }
}

/* Bytes from `offset` to the end of its piece; empty at the end. */
static struct str run_at(const struct text *text, size_t offset)
{
    struct reading *now = text->reading;
    if (now->run_version != text->version || offset < now->run_start ||
        offset - now->run_start >= now->run.len) {
        now->run = pieces_at(text->root, offset, &now->run_start);
        now->run_version = text->version;
    }
    return now->run.len == 0 ? now->run : str_from(now->run, offset - now->run_start);
}

static struct spans collect_range(const struct text *text, size_t at, size_t len)
{
    struct spans spans = {0};
    while (len > 0) {
        struct str run = run_at(text, at);
        run.len = min_size(run.len, len);
        spans_add(&spans, run);
        at += run.len;
        len -= run.len;
    }
    return spans;
}

bool text_replace(struct text *text, size_t at, size_t len, struct str with, struct err *err)
{
    slow_let_go(text);
    size_t total = text_length(text);
    at = min_size(at, total);
    len = min_size(len, total - at);
    if (with.len > TEXT_MAX || total - len > TEXT_MAX - with.len) {
        return err_set(err, ERR_LIMIT, "the text would become larger than %zu MiB", TEXT_MAX >> 20);
    }
    if (len == 0 && with.len == 0) {
        return true;
    }
    struct spans removed = collect_range(text, at, len);
    struct str added = with.len > 0 ? text_keep(text, with) : str_make("", 0);
    text_apply(text, at, len, &added, added.len > 0 ? 1 : 0);
    undo_record(text, at, &removed, len, added);
    VEC_FREE(&removed);
    return true;
}

bool text_insert(struct text *text, size_t at, struct str with, struct err *err)
{
    return text_replace(text, at, 0, with, err);
}

void text_delete(struct text *text, size_t at, size_t len)
{
    /* Removing cannot pass the limit. */
    (void)!text_replace(text, at, len, str_make("", 0), NULL);
}

static size_t common_start(const struct text *text, struct str bytes)
{
    size_t same = 0;
    for (;;) {
        struct str run = text_chunk(text, same);
        size_t len = min_size(run.len, bytes.len - same);
        if (len == 0) {
            return same;
        }
        if (memcmp(run.ptr, bytes.ptr + same, len) != 0) {
            while (run.ptr[0] == bytes.ptr[same]) {
                run.ptr++;
                same++;
            }
            return same;
        }
        same += len;
    }
}

static size_t common_end(const struct text *text, struct str bytes, size_t limit)
{
    size_t same = 0, length = text_length(text);
    while (same < limit) {
        struct str run = text_chunk_before(text, length - same);
        size_t i = 0, most = min_size(run.len, limit - same);
        while (i < most && run.ptr[run.len - 1 - i] == bytes.ptr[bytes.len - 1 - same - i]) {
            i++;
        }
        same += i;
        if (i < most) {
            break;
        }
    }
    return same;
}

bool text_set(struct text *text, struct str bytes, struct err *err)
{
    slow_let_go(text);
    size_t length = text_length(text);
    size_t start = common_start(text, bytes);
    size_t end = common_end(text, bytes, min_size(length, bytes.len) - start);
    text_begin(text);
    bool ok = text_replace(
        text, start, length - start - end, str_slice(bytes, start, bytes.len - end), err);
    text_end(text);
    return ok;
}

void text_add_listener(
    struct text *text, void (*callback)(void *, const struct text_change *), void *data)
{
    VEC_PUSH(&text->listeners, ((struct listener){callback, data}));
}

void text_remove_listener(
    struct text *text, void (*callback)(void *, const struct text_change *), void *data)
{
    for (size_t i = 0; i < text->listeners.len; i++) {
        struct listener *item = &text->listeners.items[i];
        if (item->callback == callback && item->data == data) {
            VEC_REMOVE(&text->listeners, i);
            return;
        }
    }
}

uint64_t text_version(const struct text *text)
{
    return text->version;
}

size_t text_length(const struct text *text)
{
    return pieces_bytes(text->root);
}

size_t text_line_count(const struct text *text)
{
    return pieces_newlines(text->root) + 1;
}

/* Where the line behind `line` begins, which begins at offset itself and has a newline: most end
 * within their piece. */
static size_t after_line(const struct text *text, size_t line, size_t offset)
{
    struct str run = run_at(text, offset);
    const char *at = run.len > 0 ? memchr(run.ptr, '\n', run.len) : NULL;
    return at != NULL ? offset + (size_t)(at - run.ptr) + 1
                      : pieces_after_newline(text->root, line + 1);
}

/* As text_line_start, for a line that there is. */
static size_t line_offset(const struct text *text, size_t line)
{
    struct reading *now = text->reading;
    bool near = now->line_version == text->version && line >= now->line && line - now->line <= NEAR;
    if (!near) {
        now->line = line;
        now->line_start = line == 0 ? 0 : pieces_after_newline(text->root, line);
        now->line_version = text->version;
    }
    for (; now->line < line; now->line++) {
        now->line_start = after_line(text, now->line, now->line_start);
    }
    return now->line_start;
}

size_t text_line_start(const struct text *text, size_t line)
{
    return line > pieces_newlines(text->root) ? text_length(text) : line_offset(text, line);
}

/* Offset of the line's LF, or the length. */
static size_t line_break(const struct text *text, size_t line)
{
    return line >= pieces_newlines(text->root)
               ? text_length(text)
               : after_line(text, line, line_offset(text, line)) - 1;
}

size_t text_line_end(const struct text *text, size_t line)
{
    size_t end = line_break(text, line);
    if (end > 0 && end < text_length(text) && text_byte(text, end - 1) == '\r' &&
        end > text_line_start(text, line)) {
        end--;
    }
    return end;
}

size_t text_line_of(const struct text *text, size_t offset)
{
    return pieces_newlines_before(text->root, offset);
}

struct text_point text_point_of(const struct text *text, size_t offset)
{
    offset = min_size(offset, text_length(text));
    size_t row = pieces_newlines_before(text->root, offset);
    return (struct text_point){row, offset - text_line_start(text, row)};
}

size_t text_offset_of(const struct text *text, struct text_point point)
{
    size_t start = text_line_start(text, point.row);
    size_t end = text_line_end(text, point.row);
    return point.column > end - start ? end : start + point.column;
}

size_t text_find_newline(const struct text *text, size_t offset)
{
    for (;;) {
        struct str run = run_at(text, offset);
        const char *at = run.len > 0 ? memchr(run.ptr, '\n', run.len) : NULL;
        if (at != NULL) {
            return offset + (size_t)(at - run.ptr);
        }
        if (run.len == 0) {
            return text_length(text);
        }
        offset += run.len;
    }
}

int text_byte(const struct text *text, size_t offset)
{
    struct str run = run_at(text, offset);
    return run.len == 0 ? -1 : (unsigned char)run.ptr[0];
}

struct str text_chunk_upto(const struct text *text, size_t offset, size_t enough)
{
    struct str chunk = run_at(text, offset);
    /* Pieces that were cut from one block without an edit between them lie together. */
    while (chunk.len > 0 && chunk.len < enough) {
        struct str next = run_at(text, offset + chunk.len);
        if (next.len == 0 || next.ptr != chunk.ptr + chunk.len) {
            break;
        }
        chunk.len += next.len;
    }
    return chunk;
}

struct str text_chunk(const struct text *text, size_t offset)
{
    return text_chunk_upto(text, offset, CHUNK_MAX);
}

struct str text_chunk_before(const struct text *text, size_t offset)
{
    return pieces_before(text->root, min_size(offset, text_length(text)));
}

void text_copy(const struct text *text, size_t from, size_t to, struct buf *out)
{
    to = min_size(to, text_length(text));
    if (from >= to) {
        return;
    }
    buf_reserve(out, to - from);
    while (from < to) {
        struct str run = run_at(text, from);
        run.len = min_size(run.len, to - from);
        buf_append_str(out, run);
        from += run.len;
    }
}

bool text_equals(const struct text *text, struct str bytes)
{
    return text_length(text) == bytes.len && common_start(text, bytes) == bytes.len;
}

struct text_snapshot text_snapshot(const struct text *text)
{
    struct spans spans = {0};
    pieces_collect(text->root, &spans);
    return (struct text_snapshot){spans.items, spans.len, text_length(text)};
}

void text_snapshot_free(struct text_snapshot *snapshot)
{
    free(snapshot->items);
    *snapshot = (struct text_snapshot){NULL, 0, 0};
}

enum text_ending text_ending(const struct text *text)
{
    return text->ending;
}

struct str text_line_ending(const struct text *text, size_t line)
{
    size_t last = pieces_newlines(text->root);
    bool crlf = text->ending == TEXT_ENDING_CRLF;
    if (last > 0) {
        size_t model = line < last ? line : last - 1;
        crlf = text_line_end(text, model) != line_break(text, model);
    }
    return crlf ? STR_LIT("\r\n") : STR_LIT("\n");
}

bool text_has_final_newline(const struct text *text)
{
    size_t length = text_length(text);
    return length > 0 && text_byte(text, length - 1) == '\n';
}
