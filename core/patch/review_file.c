/* One file under review: its items and hunks, and the decisions on them. */
#include "patch/review_internal.h"

#include "base/vec.h"
#include "patch/diff.h"

#include <stdint.h>

enum { HUNK_GAP = 6 }; /* equal lines between items that part two hunks: two contexts of three */

struct review_text *review_text_new(struct str bytes)
{
    struct review_text *text = MEM_NEW(struct review_text);
    text->refs = 1;
    text->hash = str_hash(bytes);
    buf_append_str(&text->bytes, bytes);
    lines_split(buf_str(&text->bytes), LINES_LF, &text->lines);
    return text;
}

struct review_text *review_text_ref(struct review_text *text)
{
    text->refs++;
    return text;
}

void review_text_unref(struct review_text *text)
{
    if (text != NULL && --text->refs == 0) {
        lines_free(&text->lines);
        buf_free(&text->bytes);
        free(text);
    }
}

static bool has_nul(const struct review_text *text)
{
    size_t look = text->bytes.len < 8000 ? text->bytes.len : 8000;
    return look > 0 && memchr(text->bytes.ptr, '\0', look) != NULL;
}

static const char *whole_because(const struct review_file *file)
{
    if (change_special(file->change) != NULL) {
        return change_special(file->change);
    }
    if (has_nul(file->base) || has_nul(file->proposed)) {
        return "binary";
    }
    if (file->base->bytes.len > REVIEW_MAX_BYTES || file->proposed->bytes.len > REVIEW_MAX_BYTES) {
        return "too large to review by line";
    }
    return NULL;
}

static bool is_deletion(const struct review_file *file)
{
    return file->change->kind == CHANGE_DELETE;
}

/* Whether there is something to decide that no line stands for. */
static bool needs_whole_item(const struct review_file *file)
{
    bool same = str_equal(buf_str(&file->base->bytes), buf_str(&file->proposed->bytes));
    if (!is_deletion(file) && (file->change->moved_from != NULL || change_has_mode(file->change))) {
        return true;
    }
    if (is_deletion(file)) {
        return file->base_exists && (file->base->bytes.len == 0 || file->whole_because != NULL);
    }
    if (!file->base_exists && file->proposed->bytes.len == 0) {
        return true;
    }
    return file->whole_because != NULL && (!same || !file->base_exists);
}

void review_file_group(struct review_file *file)
{
    file->hunks.len = 0;
    for (size_t i = 0; i < file->items.len; i++) {
        const struct review_item *item = &file->items.items[i];
        const struct review_item *before = i > 0 ? item - 1 : NULL;
        size_t end = before == NULL ? 0 : before->a + (before->kind == REVIEW_DEL);
        bool apart = before == NULL || before->kind == REVIEW_WHOLE || item->a - end > HUNK_GAP;
        if (apart) {
            VEC_PUSH(&file->hunks, (struct review_hunk){.first = i});
        }
        file->hunks.items[file->hunks.len - 1].count++;
    }
}

void review_file_build(struct review_file *file)
{
    file->whole_because = whole_because(file);
    file->items.len = 0;
    if (needs_whole_item(file)) {
        VEC_PUSH(&file->items, (struct review_item){.kind = REVIEW_WHOLE});
    }
    if (file->whole_because == NULL) {
        struct diff diff = {0};
        diff_lines(&file->base->lines, &file->proposed->lines, &diff);
        VEC_FOREACH (struct diff_run, run, &diff) {
            for (size_t i = 0; i < run->a_len; i++) {
                VEC_PUSH(&file->items, (struct review_item){REVIEW_DEL, 0, run->a + i, run->b, 0});
            }
            for (size_t i = 0; i < run->b_len; i++) {
                VEC_PUSH(&file->items,
                    (struct review_item){REVIEW_ADD, 0, run->a + run->a_len, run->b + i, 0});
            }
        }
        diff_free(&diff);
    }
    review_file_group(file);
}

struct review_file review_file_new(const struct change *change)
{
    struct review_file file = {.change = change, .base_exists = change->base_exists};
    file.base = review_text_new(buf_str(&change->base));
    file.proposed = review_text_new(
        change->kind == CHANGE_DELETE ? (struct str){"", 0} : buf_str(&change->content));
    review_file_build(&file);
    return file;
}

#define COPY_ARRAY(to, from)                                                                       \
    do {                                                                                           \
        (to)->items = NULL;                                                                        \
        (to)->cap = (to)->len = (from)->len;                                                       \
        if ((from)->len > 0) {                                                                     \
            (to)->items = mem_dup((from)->items, (from)->len * sizeof *(from)->items);             \
        }                                                                                          \
    } while (0)

struct review_file review_file_copy(const struct review_file *file)
{
    struct review_file copy = *file;
    review_text_ref(copy.base);
    review_text_ref(copy.proposed);
    COPY_ARRAY(&copy.items, &file->items);
    COPY_ARRAY(&copy.hunks, &file->hunks);
    COPY_ARRAY(&copy.comments, &file->comments);
    VEC_FOREACH (struct review_comment, comment, &copy.comments) {
        comment->text = mem_strdup(comment->text);
        comment->excerpt = mem_strdup(comment->excerpt);
    }
    COPY_ARRAY(&copy.edits, &file->edits);
    VEC_FOREACH (struct review_edit, edit, &copy.edits) {
        edit->before = mem_strdup(edit->before);
        edit->after = mem_strdup(edit->after);
    }
    COPY_ARRAY(&copy.reasons, &file->reasons);
    VEC_FOREACH (char *, reason, &copy.reasons) {
        *reason = mem_strdup(*reason);
    }
    return copy;
}

void review_file_free(struct review_file *file)
{
    review_text_unref(file->base);
    review_text_unref(file->proposed);
    VEC_FREE(&file->items);
    VEC_FREE(&file->hunks);
    VEC_FOREACH (struct review_comment, comment, &file->comments) {
        free(comment->text);
        free(comment->excerpt);
    }
    VEC_FREE(&file->comments);
    VEC_FOREACH (struct review_edit, edit, &file->edits) {
        free(edit->before);
        free(edit->after);
    }
    VEC_FREE(&file->edits);
    VEC_FOREACH (char *, reason, &file->reasons) {
        free(*reason);
    }
    VEC_FREE(&file->reasons);
}

unsigned long long review_file_check(const struct review_file *file)
{
    unsigned long long check = file->base->hash * 31 + file->proposed->hash;
    check = check * 31 + file->items.len;
    VEC_FOREACH (struct review_hunk, hunk, &file->hunks) {
        check = check * 31 + hunk->first;
    }
    return check;
}

static int add_reason(struct review_file *file, struct str text)
{
    for (size_t i = 0; i < file->reasons.len; i++) {
        if (str_equal_c(text, file->reasons.items[i])) {
            return (int)i + 1;
        }
    }
    VEC_PUSH(&file->reasons, str_dup(text));
    return (int)file->reasons.len;
}

bool review_file_decide(struct review_file *file, const struct review_op *op, struct err *err)
{
    if (op->from >= op->to || op->to > file->items.len) {
        return err_set(err, ERR_INVALID, "there is nothing to decide here");
    }
    struct str text = str_trim(op->text);
    int reason = op->decision == REVIEW_DECLINED && text.len > 0 ? add_reason(file, text) : 0;
    for (size_t i = op->from; i < op->to; i++) {
        struct review_item *item = &file->items.items[i];
        if (!op->only_open || item->decision == REVIEW_OPEN) {
            item->decision = op->decision;
            item->reason = reason;
        }
    }
    return true;
}

size_t review_hunk_of(const struct review_file *file, size_t item)
{
    size_t low = 0;
    size_t high = file->hunks.len;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (file->hunks.items[middle].first <= item) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low;
}

bool review_file_split(struct review_file *file, const struct review_op *op, struct err *err)
{
    size_t at = op->from;
    if (at >= file->items.len) {
        return err_set(err, ERR_INVALID, "there is no such line to split at");
    }
    size_t h = review_hunk_of(file, at);
    struct review_hunk *hunk = &file->hunks.items[h];
    if (hunk->first == at) {
        return err_set(err, ERR_INVALID,
            "the hunk begins here: put the cursor on the line that is to begin the second part");
    }
    struct review_hunk second = *hunk;
    second.first = at;
    second.count = hunk->first + hunk->count - at;
    hunk->count = at - hunk->first;
    VEC_INSERT(&file->hunks, h + 1, second);
    return true;
}

struct review_span review_hunk_span(const struct review_file *file, size_t hunk)
{
    const struct review_hunk *h = &file->hunks.items[hunk];
    const struct review_item *first = &file->items.items[h->first];
    const struct review_item *last = first + h->count - 1;
    return (struct review_span){first->a, last->a + (last->kind == REVIEW_DEL), first->b,
        last->b + (last->kind == REVIEW_ADD)};
}

struct str review_hunk_text(const struct review_file *file, size_t hunk)
{
    struct review_span span = review_hunk_span(file, hunk);
    return lines_range(&file->proposed->lines, span.b_from, span.b_to);
}

char *review_hunk_lines(const struct review_file *file, size_t hunk, struct review_endings *endings)
{
    struct str text = review_hunk_text(file, hunk);
    struct buf out = BUF_INIT;
    struct str line;
    endings->crlf = str_find(text, STR_LIT("\r\n"), 0) != SIZE_MAX;
    endings->open_end = text.len > 0 && text.ptr[text.len - 1] != '\n';
    while (str_next_line(&text, &line)) {
        if (endings->crlf && str_ends(line, "\r")) {
            line.len--;
        }
        buf_append_str(&out, line);
        buf_append_char(&out, '\n');
    }
    return buf_take(&out);
}

void review_lines_text(struct str lines, struct review_endings endings, struct buf *out)
{
    struct str line;
    while (str_next_line(&lines, &line)) {
        buf_append_str(out, line);
        if (lines.len > 0 || !endings.open_end) {
            buf_append_c(out, endings.crlf ? "\r\n" : "\n");
        }
    }
}

size_t review_hunk_gap(const struct review_file *file, size_t hunk)
{
    const struct review_hunk *h = &file->hunks.items[hunk];
    for (size_t i = h->first + 1; i < h->first + h->count; i++) {
        const struct review_item *before = &file->items.items[i - 1];
        size_t end = before->a + (before->kind == REVIEW_DEL);
        if (file->items.items[i].a > end) {
            return i;
        }
    }
    return SIZE_MAX;
}

struct review_counts review_count(const struct review_file *file, size_t from, size_t to)
{
    struct review_counts counts = {0};
    for (size_t i = from; i < to && i < file->items.len; i++) {
        const struct review_item *item = &file->items.items[i];
        counts.accepted += item->decision == REVIEW_ACCEPTED;
        counts.declined += item->decision == REVIEW_DECLINED;
        counts.open += item->decision == REVIEW_OPEN;
        counts.added += item->kind == REVIEW_ADD;
        counts.removed += item->kind == REVIEW_DEL;
    }
    return counts;
}

enum review_mark review_mark_of(struct review_counts counts)
{
    size_t all = counts.accepted + counts.declined + counts.open;
    if (counts.open == all) {
        return all == 0 ? REVIEW_MARK_ACCEPTED : REVIEW_MARK_OPEN;
    }
    return counts.accepted == all   ? REVIEW_MARK_ACCEPTED
           : counts.declined == all ? REVIEW_MARK_DECLINED
                                    : REVIEW_MARK_PART;
}

enum review_mark review_file_mark(const struct review_file *file)
{
    return review_mark_of(review_count(file, 0, file->items.len));
}

enum review_mark review_hunk_mark(const struct review_file *file, size_t hunk)
{
    const struct review_hunk *h = &file->hunks.items[hunk];
    return review_mark_of(review_count(file, h->first, h->first + h->count));
}

/* A line without an ending gets one when another follows it. */
static void emit(struct buf *out, struct str line, struct str ending)
{
    if (line.len == 0) {
        return;
    }
    if (out->len > 0 && out->ptr[out->len - 1] != '\n') {
        buf_append_str(out, ending);
    }
    buf_append_str(out, line);
}

static struct str usual_ending(const struct review_file *file)
{
    const struct lines *lines =
        file->base->lines.len > 0 ? &file->base->lines : &file->proposed->lines;
    return lines->len > 0 && str_ends(lines->items[0].text, "\r") ? STR_LIT("\r\n") : STR_LIT("\n");
}

void review_file_compose(const struct review_file *file, size_t also, struct buf *out)
{
    size_t also_from = 0;
    size_t also_to = 0;
    if (also < file->hunks.len) {
        also_from = file->hunks.items[also].first;
        also_to = also_from + file->hunks.items[also].count;
    }
    struct str ending = usual_ending(file);
    const struct lines *base = &file->base->lines;
    size_t at = 0;
    bool whole = false;
    for (size_t i = 0; i < file->items.len; i++) {
        const struct review_item *item = &file->items.items[i];
        bool taken = item->decision == REVIEW_ACCEPTED || (i >= also_from && i < also_to);
        if (item->kind == REVIEW_WHOLE) {
            whole = taken;
            continue;
        }
        emit(out, lines_range(base, at, item->a), ending);
        at = item->a;
        if (item->kind == REVIEW_DEL) {
            if (!taken) {
                emit(out, line_whole(base->items[at]), ending);
            }
            at++;
        } else if (taken) {
            emit(out, line_whole(file->proposed->lines.items[item->b]), ending);
        }
    }
    if (file->whole_because != NULL) {
        buf_append_str(out, buf_str(whole ? &file->proposed->bytes : &file->base->bytes));
        return;
    }
    emit(out, lines_range(base, at, base->len), ending);
}

void review_file_describe(const struct review_file *file, struct buf *out)
{
    const struct change *change = file->change;
    size_t before = out->len;
    if (file->whole_because != NULL) {
        buf_printf(out, "%s: %zu bytes become %zu, taken or left as a whole", file->whole_because,
            file->base->bytes.len, file->proposed->bytes.len);
    } else if (change->kind == CHANGE_DELETE) {
        buf_append_c(out, "the empty file is deleted");
    } else if (change->moved_from != NULL) {
        buf_printf(out, "moved here from %s", change->moved_from);
    } else if (!file->base_exists) {
        buf_append_c(out, "an empty file is created");
    }
    if (change_has_mode(change)) {
        buf_printf(out, "%sits mode becomes %06o, it was %06o", out->len > before ? "; " : "",
            change->git_to, change->git_from);
    }
}
