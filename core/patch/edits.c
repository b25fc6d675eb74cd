#include "patch/edits.h"

#include "base/vec.h"
#include "patch/diff.h"

void text_edits_free(struct text_edits *edits)
{
    VEC_FOREACH (struct text_edit, edit, edits) {
        buf_free(&edit->with);
    }
    VEC_FREE(edits);
}

static bool is_continuation(char c)
{
    return ((unsigned char)c & 0xC0) == 0x80;
}

/* Adds the replacement of [from, to) of before by `with`, without what both have in common at their
 * ends. */
static void add_trimmed(
    struct text_edits *edits, struct str before, size_t from, size_t to, struct str with)
{
    size_t same = 0;
    size_t least = to - from < with.len ? to - from : with.len;
    while (same < least && before.ptr[from + same] == with.ptr[same]) {
        same++;
    }
    while (same > 0 && ((from + same < to && is_continuation(before.ptr[from + same])) ||
                           (same < with.len && is_continuation(with.ptr[same])))) {
        same--;
    }
    from += same;
    with = str_from(with, same);
    least = to - from < with.len ? to - from : with.len;
    same = 0;
    while (same < least && before.ptr[to - 1 - same] == with.ptr[with.len - 1 - same]) {
        same++;
    }
    while (same > 0 && is_continuation(before.ptr[to - same])) {
        same--;
    }
    to -= same;
    with.len -= same;
    if (from == to && with.len == 0) {
        return;
    }
    struct text_edit edit = {.from = from, .to = to};
    buf_append_str(&edit.with, with);
    VEC_PUSH(edits, edit);
}

static size_t offset_of(const struct lines *lines, size_t line, struct str all)
{
    return line < lines->len ? (size_t)(lines->items[line].text.ptr - all.ptr) : all.len;
}

/* What a formatter puts between words: blanks, and signs that it adds or takes away at ends of
 * lines. */
static size_t filler_end(struct str text, size_t at)
{
    while (at < text.len && text.ptr[at] != '\0' && strchr(" \t\r\n;,", text.ptr[at]) != NULL) {
        at++;
    }
    return at;
}

/* Where the same words stand in both, only what is between them is edited: whoever is in a word
 * stays there. `from` is where `old` stands in the text. False: the words differ. */
static bool add_between_words(
    struct text_edits *edits, struct str before, size_t from, struct str old, struct str new)
{
    size_t kept = edits->len;
    size_t i = 0;
    size_t k = 0;
    while (i < old.len || k < new.len) {
        size_t old_end = filler_end(old, i);
        size_t new_end = filler_end(new, k);
        add_trimmed(edits, before, from + i, from + old_end, str_slice(new, k, new_end));
        for (i = old_end, k = new_end;
             i < old.len && k < new.len &&old.ptr[i] == new.ptr[k] && filler_end(old, i) == i;
             i++, k++) {
        }
        bool both_end = i == old.len && k == new.len;
        if (!both_end && (filler_end(old, i) == i && filler_end(new, k) == k)) {
            break; /* neither goes on with filler */
        }
    }
    bool same = i == old.len && k == new.len;
    while (!same && edits->len > kept) {
        buf_free(&edits->items[--edits->len].with);
    }
    return same;
}

void text_edits_between(struct str before, struct str after, struct text_edits *edits)
{
    struct lines a = {0};
    struct lines b = {0};
    struct diff diff = {0};
    lines_split(before, LINES_LF, &a);
    lines_split(after, LINES_LF, &b);
    diff_lines(&a, &b, &diff);
    VEC_FOREACH (struct diff_run, run, &diff) {
        size_t old_from = offset_of(&a, run->a, before);
        struct str old = str_slice(before, old_from, offset_of(&a, run->a + run->a_len, before));
        struct str new = str_slice(
            after, offset_of(&b, run->b, after), offset_of(&b, run->b + run->b_len, after));
        if (old.len > 0 && new.len > 0 && add_between_words(edits, before, old_from, old, new)) {
            continue;
        }
        /* Lines that pair off are edited one by one; what is left over goes with the last. */
        size_t pairs = run->a_len < run->b_len ? run->a_len : run->b_len;
        size_t single = pairs == 0 || run->a_len == run->b_len ? pairs : pairs - 1;
        for (size_t i = 0; i < single; i++) {
            add_trimmed(edits, before, offset_of(&a, run->a + i, before),
                offset_of(&a, run->a + i + 1, before), line_whole(b.items[run->b + i]));
        }
        size_t from = offset_of(&b, run->b + single, after);
        size_t to = offset_of(&b, run->b + run->b_len, after);
        add_trimmed(edits, before, offset_of(&a, run->a + single, before),
            offset_of(&a, run->a + run->a_len, before), str_slice(after, from, to));
    }
    diff_free(&diff);
    lines_free(&a);
    lines_free(&b);
}

/* Insertion sort by hand would be quadratic; qsort is not stable: ties go by the place in the list.
 */
struct keyed {
    struct text_edit edit;
    size_t at;
};

static int compare(const void *x, const void *y)
{
    const struct keyed *a = x;
    const struct keyed *b = y;
    if (a->edit.from != b->edit.from) {
        return a->edit.from < b->edit.from ? -1 : 1;
    }
    if (a->edit.to != b->edit.to) {
        return a->edit.to < b->edit.to ? -1 : 1;
    }
    return a->at < b->at ? -1 : 1;
}

bool text_edits_sort(struct text_edits *edits, size_t length)
{
    struct keyed *keyed = mem_alloc(edits->len * sizeof *keyed + 1);
    for (size_t i = 0; i < edits->len; i++) {
        keyed[i] = (struct keyed){edits->items[i], i};
    }
    qsort(keyed, edits->len, sizeof *keyed, compare);
    bool fits = true;
    size_t end = 0;
    for (size_t i = 0; i < edits->len; i++) {
        edits->items[i] = keyed[i].edit;
        fits = fits && keyed[i].edit.from >= end && keyed[i].edit.to >= keyed[i].edit.from &&
               keyed[i].edit.to <= length;
        end = keyed[i].edit.to;
    }
    free(keyed);
    return fits;
}

void text_edits_apply(const struct text_edits *edits, struct str before, struct buf *after)
{
    size_t at = 0;
    VEC_FOREACH (const struct text_edit, edit, edits) {
        buf_append_str(after, str_slice(before, at, edit->from));
        buf_append_str(after, buf_str(&edit->with));
        at = edit->to;
    }
    buf_append_str(after, str_from(before, at));
}

bool text_edits_apply_text(const struct text_edits *edits, struct text *text, struct err *err)
{
    size_t grows = 0;
    VEC_FOREACH (const struct text_edit, edit, edits) {
        grows += edit->with.len;
    }
    if (text_length(text) + grows > TEXT_MAX) {
        return err_set(err, ERR_LIMIT, "the text would be larger than %zu MiB", TEXT_MAX >> 20);
    }
    bool ok = true;
    text_begin(text);
    for (size_t i = edits->len; i-- > 0;) {
        const struct text_edit *edit = &edits->items[i];
        ok = text_replace(text, edit->from, edit->to - edit->from, buf_str(&edit->with), err) && ok;
    }
    text_end(text);
    return ok;
}
