/* Keeps the pieces of a text and their trees: splitting, edits, parsing within a budget. */
#include "syntax/internal.h"

#include "base/vec.h"
#include "loop/loop.h"
#include "syntax/parsing.h"

#include <time.h>

/* Text whose trees are kept; beyond it those not asked for last are dropped (a tree takes about 40
 * times its text). */
#define KEEP_BYTES ((size_t)512 << 10)
/* What has no tree yet is parsed within a frame up to this size. */
#define SOON_BYTES ((size_t)32 << 10)
/* The least a parse gets, so that it makes way also with a tiny budget. */
#define SLICE_US 200

struct source_window piece_window(const struct syntax *syntax, const struct piece *piece)
{
    return (struct source_window){&syntax->source, piece->start, piece->len};
}

static void drop_tree(struct syntax *syntax, struct piece *piece)
{
    if (piece->tree != NULL) {
        ts_tree_delete(piece->tree);
        piece->tree = NULL;
        syntax->tree_bytes -= piece->len < syntax->tree_bytes ? piece->len : syntax->tree_bytes;
    }
    piece->stale = false;
    injections_clear(piece);
}

static void drop_index(struct piece *piece)
{
    outline_free(&piece->outline);
    VEC_FREE(&piece->errors);
    piece->indexed = false;
}

void piece_free(struct piece *piece)
{
    if (piece->tree != NULL) {
        ts_tree_delete(piece->tree);
    }
    injections_clear(piece);
    drop_index(piece);
}

void syntax_forget_pending(struct syntax *syntax)
{
    if (syntax->pending_piece != SIZE_MAX) {
        ts_parser_reset(syntax->parser);
        syntax->pending_piece = SIZE_MAX;
    }
}

static void mark_changed(struct syntax *syntax, size_t from, size_t to)
{
    if (!syntax->changed) {
        syntax->changed_from = from;
        syntax->changed_to = to;
        syntax->changed = true;
        return;
    }
    syntax->changed_from = from < syntax->changed_from ? from : syntax->changed_from;
    syntax->changed_to = to > syntax->changed_to ? to : syntax->changed_to;
}

bool syntax_take_changed_rows(struct syntax *syntax, size_t *from, size_t *to)
{
    bool changed = syntax->changed;
    *from = syntax->changed_from;
    *to = syntax->changed_to;
    syntax->changed = false;
    return changed;
}

struct syntax *syntax_new(const struct language *language, struct syntax_source source)
{
    struct syntax *syntax = MEM_NEW(struct syntax);
    syntax->source = source;
    syntax->parser = mem_require(ts_parser_new());
    ts_parser_set_cancellation_flag(syntax->parser, parsing_flag());
    syntax->cursor = mem_require(ts_query_cursor_new());
    ts_query_cursor_set_match_limit(syntax->cursor, 1024);
    syntax->pending_piece = SIZE_MAX;
    syntax_set_language(syntax, language);
    return syntax;
}

static void clear(struct syntax *syntax)
{
    shown_clear(syntax);
    syntax_forget_pending(syntax);
    VEC_FOREACH (struct piece, piece, &syntax->pieces) {
        piece_free(piece);
    }
    syntax->pieces.len = 0;
    syntax->tree_bytes = 0;
}

void syntax_free(struct syntax *syntax)
{
    if (syntax == NULL) {
        return;
    }
    clear(syntax);
    VEC_FREE(&syntax->pieces);
    ts_query_cursor_delete(syntax->cursor);
    ts_parser_delete(syntax->parser);
    free(syntax);
}

void syntax_reset(struct syntax *syntax)
{
    clear(syntax);
    size_t size = syntax->source.size(syntax->source.data);
    if (syntax->language != NULL && size < SYNTAX_TEXT_MAX) {
        split_text(syntax->language, &syntax->source, 0, size, 0, &syntax->pieces);
    }
    mark_changed(syntax, 0, SIZE_MAX);
}

void syntax_set_language(struct syntax *syntax, const struct language *language)
{
    syntax->language = language;
    syntax_reset(syntax);
}

const struct language *syntax_language(const struct syntax *syntax)
{
    return syntax->language;
}

size_t piece_at(const struct syntax *syntax, size_t offset)
{
    size_t low = 0;
    size_t high = syntax->pieces.len;
    while (high - low > 1) {
        size_t mid = low + (high - low) / 2;
        if (syntax->pieces.items[mid].start <= offset) {
            low = mid;
        } else {
            high = mid;
        }
    }
    return low;
}

static void edit_piece(struct syntax *syntax, struct piece *piece, const TSInputEdit *edit)
{
    TSInputEdit local = *edit;
    local.start_byte -= (uint32_t)piece->start;
    local.old_end_byte -= (uint32_t)piece->start;
    local.new_end_byte -= (uint32_t)piece->start;
    local.start_point.row -= (uint32_t)piece->row;
    local.old_end_point.row -= (uint32_t)piece->row;
    local.new_end_point.row -= (uint32_t)piece->row;
    if (piece->tree != NULL) {
        ts_tree_edit(piece->tree, &local);
        syntax->tree_bytes += local.new_end_byte;
        syntax->tree_bytes -= local.old_end_byte < syntax->tree_bytes ? local.old_end_byte : 0;
        piece->stale = true;
    }
    piece->spent_us = 0;
    inject_edit(piece, &local);
    drop_index(piece);
}

/* What an old piece has become, if it is the fresh one: same beginning and end, seen through the
 * edit. */
enum fate { FATE_GONE, FATE_SAME, FATE_EDITED };

static enum fate fate_of(
    const struct piece *old, const struct piece *fresh, const TSInputEdit *edit, size_t old_size)
{
    size_t old_end = old->start + old->len;
    size_t fresh_end = fresh->start + fresh->len;
    /* Positions from the text's end do not move. */
    size_t new_size = old_size - edit->old_end_byte + edit->new_end_byte;
    bool same_start = old->start == fresh->start;
    bool same_tail = old_size - old_end == new_size - fresh_end;
    if (old->continued != fresh->continued) {
        return FATE_GONE;
    }
    if (old_end <= edit->start_byte && same_start && old->len == fresh->len) {
        return FATE_SAME;
    }
    if (old->start <= edit->start_byte && edit->old_end_byte <= old_end && same_start &&
        same_tail) {
        return FATE_EDITED;
    }
    if (old->start >= edit->old_end_byte && old->len == fresh->len && same_tail) {
        return FATE_SAME;
    }
    return FATE_GONE;
}

/* Bytes behind it. */
static size_t tail_of(const struct piece *piece, size_t size)
{
    return size - piece->start - piece->len;
}

/* The fresh piece takes what the old one had. */
static void live_on(struct piece *old, struct piece *fresh)
{
    struct piece kept = *old;
    kept.start = fresh->start;
    kept.len = fresh->len;
    kept.row = fresh->row;
    kept.rows = fresh->rows;
    *fresh = kept;
    *old = (struct piece){0};
}

/* Puts the fresh pieces in the place of [first, last], keeping the trees of those that live on. An
   old piece that does has its beginning or its end where the fresh one has it: both lists are in
   order, so that one way along the old ones by their beginnings and one by their ends find it, also
   where an edit went through a hundred thousand of them. */
static void replace_pieces(struct syntax *syntax, size_t first, size_t last, struct pieces *fresh,
    const TSInputEdit *edit, size_t old_size)
{
    struct pieces *all = &syntax->pieces;
    size_t by_start = first, by_tail = first;
    size_t new_size = old_size - edit->old_end_byte + edit->new_end_byte;
    for (size_t i = 0; i < fresh->len; i++) {
        struct piece *now = &fresh->items[i];
        while (by_start <= last && all->items[by_start].start < now->start) {
            by_start++;
        }
        while (
            by_tail <= last && tail_of(&all->items[by_tail], old_size) > tail_of(now, new_size)) {
            by_tail++;
        }
        size_t candidates[] = {by_start, by_tail};
        for (size_t k = 0; k < ARRAY_LEN(candidates); k++) {
            struct piece *old = candidates[k] <= last ? &all->items[candidates[k]] : NULL;
            enum fate fate = old == NULL ? FATE_GONE : fate_of(old, now, edit, old_size);
            if (fate == FATE_EDITED) {
                edit_piece(syntax, old, edit);
            }
            if (fate != FATE_GONE) {
                live_on(old, now);
                break;
            }
        }
    }
    for (size_t k = first; k <= last; k++) {
        drop_tree(syntax, &all->items[k]);
        piece_free(&all->items[k]);
    }
    size_t removed = last + 1 - first;
    if (fresh->len > removed) {
        VEC_RESERVE(all, fresh->len - removed);
    }
    memmove(all->items + first + fresh->len, all->items + last + 1,
        (all->len - last - 1) * sizeof *all->items);
    memcpy(all->items + first, fresh->items, fresh->len * sizeof *fresh->items);
    all->len = all->len - removed + fresh->len;
}

static size_t rows_of(const struct piece *pieces, size_t count)
{
    size_t rows = 0;
    for (size_t i = 0; i < count; i++) {
        rows += pieces[i].rows;
    }
    return rows;
}

static void edit_documents(struct syntax *syntax, const TSInputEdit *edit, size_t old_size)
{
    struct pieces *all = &syntax->pieces;
    size_t first = piece_at(syntax, edit->start_byte);
    size_t last = piece_at(syntax, edit->old_end_byte);
    /* A neighbour may be joined to, or give up a line. */
    first -= first > 0;
    last += last + 1 < all->len;
    while (first > 0 && all->items[first].continued) {
        first--;
    }
    while (last + 1 < all->len && all->items[last + 1].continued) {
        last++;
    }
    struct pieces fresh = {0};
    size_t end =
        all->items[last].start + all->items[last].len - edit->old_end_byte + edit->new_end_byte;
    split_text(syntax->language, &syntax->source, all->items[first].start, end,
        all->items[first].row, &fresh);
    size_t rows_before = rows_of(all->items + first, last + 1 - first);
    size_t rows_after = rows_of(fresh.items, fresh.len);
    replace_pieces(syntax, first, last, &fresh, edit, old_size);
    for (size_t i = first + fresh.len; i < all->len; i++) {
        struct piece *piece = &all->items[i];
        piece->start = piece->start - edit->old_end_byte + edit->new_end_byte;
        piece->row = piece->row - rows_before + rows_after;
    }
    VEC_FREE(&fresh);
}

void syntax_edit(struct syntax *syntax, const TSInputEdit *edit)
{
    struct pieces *all = &syntax->pieces;
    if (syntax->language == NULL) {
        return;
    }
    syntax_forget_pending(syntax);
    size_t new_size = syntax->source.size(syntax->source.data);
    size_t old_size =
        all->len == 0 ? 0 : all->items[all->len - 1].start + all->items[all->len - 1].len;
    if (all->len == 0 || new_size >= SYNTAX_TEXT_MAX || edit->start_byte > edit->old_end_byte ||
        edit->start_byte > edit->new_end_byte || edit->old_end_byte > old_size ||
        old_size - edit->old_end_byte + edit->new_end_byte != new_size) {
        syntax_reset(syntax);
        return;
    }
    shown_edit(syntax, edit);
    if (syntax->language->documents) {
        edit_documents(syntax, edit, old_size);
    } else {
        struct piece *piece = &all->items[0];
        edit_piece(syntax, piece, edit);
        piece->len = new_size;
        piece->rows = piece->rows - edit->old_end_point.row + edit->new_end_point.row;
    }
}

bool syntax_out_of_time(const struct syntax *syntax)
{
    return syntax->deadline_us != 0 && loop_now_us() >= syntax->deadline_us;
}

struct reader {
    struct source_window window;
    char joined[64];
};

static const char *read_for_parser(
    void *payload, uint32_t byte_index, TSPoint position, uint32_t *bytes_read)
{
    struct reader *reader = payload;
    (void)position;
    struct str chunk = source_read(&reader->window, byte_index);
    if (chunk.len < 4 && chunk.len > 0) {
        /* Perhaps a character cut by the end of a chunk: join it with what follows. */
        struct buf joined = BUF_INIT;
        source_append(&reader->window, byte_index, byte_index + sizeof reader->joined, &joined);
        memcpy(reader->joined, joined.ptr, joined.len);
        chunk = str_make(reader->joined, joined.len);
        buf_free(&joined);
    }
    *bytes_read = chunk.len > UINT32_MAX ? UINT32_MAX : (uint32_t)chunk.len;
    return chunk.ptr;
}

TSTree *syntax_run_parser(struct syntax *syntax, size_t piece, size_t injection,
    const struct language *language, const struct ranges *ranges, const TSTree *old)
{
    TSParser *parser = syntax->parser;
    bool resumed = syntax->pending_piece == piece && syntax->pending_injection == injection;
    if (!resumed) {
        ts_parser_reset(parser);
        syntax->pending_piece = SIZE_MAX;
        if (!ts_parser_set_language(parser, language->grammar()) ||
            !ts_parser_set_included_ranges(parser, ranges == NULL ? NULL : ranges->items,
                ranges == NULL ? 0 : (uint32_t)ranges->len)) {
            return NULL;
        }
    }
    uint64_t timeout = 0;
    if (syntax->deadline_us != 0) {
        uint64_t now = loop_now_us();
        timeout = now + SLICE_US < syntax->deadline_us ? syntax->deadline_us - now : SLICE_US;
    }
    ts_parser_set_timeout_micros(parser, timeout);
    struct reader reader = {.window = piece_window(syntax, &syntax->pieces.items[piece])};
    TSInput input = {&reader, read_for_parser, TSInputEncodingUTF8};
    TSTree *tree = ts_parser_parse(parser, old, input);
    if (tree == NULL && timeout != 0 && !parsing_is_stopped()) {
        syntax->pending_piece = piece;
        syntax->pending_injection = injection;
    } else {
        syntax->pending_piece = SIZE_MAX;
    }
    return tree;
}

static void note_changes(
    struct syntax *syntax, const struct piece *piece, const TSTree *old, const TSTree *tree)
{
    if (old == NULL) {
        shown_mark(syntax, piece->start, piece->start + piece->len);
        mark_changed(syntax, piece->row, piece->row + piece->rows + 1);
        return;
    }
    uint32_t count;
    TSRange *ranges = ts_tree_get_changed_ranges(old, tree, &count);
    for (uint32_t i = 0; i < count; i++) {
        size_t end = ranges[i].end_byte < piece->len ? ranges[i].end_byte : piece->len;
        shown_mark(syntax, piece->start + ranges[i].start_byte, piece->start + end);
        mark_changed(syntax, piece->row + ranges[i].start_point.row,
            piece->row + ranges[i].end_point.row + 1);
    }
    free(ranges);
}

/* Processor time: what others take of a busy machine is not the grammar's fault. */
static uint64_t thread_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

bool syntax_parse_piece(struct syntax *syntax, size_t index)
{
    struct piece *piece = &syntax->pieces.items[index];
    if (piece->tree != NULL && !piece->stale) {
        return true;
    }
    if (piece->spent_us > PARSING_MOST_US) {
        return true; /* given up: shown as it was before */
    }
    uint64_t begun = thread_us();
    TSTree *tree = syntax_run_parser(syntax, index, SIZE_MAX, syntax->language, NULL, piece->tree);
    piece->spent_us = tree != NULL ? 0 : piece->spent_us + thread_us() - begun;
    if (tree == NULL && piece->spent_us > PARSING_MOST_US) {
        syntax_forget_pending(syntax);
    }
    if (tree == NULL) {
        /* A grammar that refuses leaves plain text; it must not be asked for ever. */
        return syntax->pending_piece == SIZE_MAX;
    }
    note_changes(syntax, piece, piece->tree, tree);
    if (piece->tree != NULL) {
        ts_tree_delete(piece->tree);
    } else {
        syntax->tree_bytes += piece->len;
    }
    piece->tree = tree;
    piece->stale = false;
    return true;
}

/* Drops the trees nobody asked for in this call when there are too many. */
static void drop_unused(struct syntax *syntax)
{
    if (syntax->tree_bytes <= KEEP_BYTES) {
        return;
    }
    syntax->tree_bytes = 0;
    for (size_t i = 0; i < syntax->pieces.len; i++) {
        struct piece *piece = &syntax->pieces.items[i];
        if (piece->tree != NULL && piece->used != syntax->clock && i != syntax->pending_piece) {
            drop_tree(syntax, piece);
        } else if (piece->tree != NULL) {
            syntax->tree_bytes += piece->len;
        }
    }
}

static void begin(struct syntax *syntax, uint64_t budget_us)
{
    syntax->clock++;
    syntax->asked_us = 0;
    syntax->deadline_us = budget_us == 0 ? 0 : loop_now_us() + budget_us;
}

bool syntax_parse_range(struct syntax *syntax, size_t from, size_t to)
{
    bool done = true;
    if (syntax->pieces.len == 0) {
        return true;
    }
    for (size_t i = piece_at(syntax, from); i < syntax->pieces.len && done; i++) {
        struct piece *piece = &syntax->pieces.items[i];
        if (piece->start >= to && piece->start > from) {
            break;
        }
        piece->used = syntax->clock;
        size_t low = from > piece->start ? from - piece->start : 0;
        size_t high = to - piece->start < piece->len ? to - piece->start : piece->len;
        done = syntax_parse_piece(syntax, i) &&
               inject_refresh(syntax, i, (uint32_t)low, (uint32_t)high);
    }
    return done;
}

bool syntax_parse(struct syntax *syntax, size_t from, size_t to, uint64_t budget_us)
{
    begin(syntax, budget_us);
    bool done = syntax_parse_range(syntax, from, to);
    drop_unused(syntax);
    return done;
}

bool syntax_is_edited(const struct syntax *syntax, size_t from, size_t to)
{
    bool edited = false;
    for (size_t i = syntax->pieces.len > 0 ? piece_at(syntax, from) : 0; i < syntax->pieces.len;
         i++) {
        const struct piece *piece = &syntax->pieces.items[i];
        if (piece->start >= to && piece->start > from) {
            break;
        }
        if (piece->tree == NULL && piece->len < SOON_BYTES) {
            return false;
        }
        edited = edited || piece->stale || piece->tree == NULL;
    }
    return edited;
}

bool syntax_gave_up(const struct syntax *syntax, size_t offset)
{
    return syntax->pieces.len > 0 &&
           syntax->pieces.items[piece_at(syntax, offset)].spent_us > PARSING_MOST_US;
}

bool syntax_go_on(struct syntax *syntax, uint64_t budget_us)
{
    if (syntax->pending_piece == SIZE_MAX || syntax->pending_injection != SIZE_MAX) {
        return true;
    }
    syntax->deadline_us = loop_now_us() + budget_us;
    (void)syntax_parse_piece(syntax, syntax->pending_piece);
    return syntax->pending_piece == SIZE_MAX;
}

void syntax_hold(struct syntax *syntax, bool hold)
{
    syntax->held = hold;
}

bool syntax_index(struct syntax *syntax, uint64_t budget_us)
{
    begin(syntax, budget_us);
    bool done = true;
    for (size_t i = 0; i < syntax->pieces.len && done; i++) {
        struct piece *piece = &syntax->pieces.items[i];
        if (piece->indexed) {
            continue;
        }
        bool had_tree = piece->tree != NULL;
        done = !syntax_out_of_time(syntax) && syntax_parse_piece(syntax, i) &&
               (!syntax->language->documents || inject_refresh(syntax, i, 0, (uint32_t)piece->len));
        if (done && piece->tree != NULL) {
            outline_index(syntax, piece);
        }
        if (done) {
            piece->indexed = true;
            /* A whole stream's trees would not fit; its first screen's were there before. */
            if (!had_tree && syntax->tree_bytes > KEEP_BYTES && syntax->pieces.len > 1) {
                drop_tree(syntax, piece);
            }
        }
    }
    return done;
}
