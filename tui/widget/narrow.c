#include "widget/narrow.h"

#include "base/vec.h"
#include "loop/loop.h"
#include "widget/picker.h"

#include <stdlib.h>

/* Entries looked at between two looks at the clock. */
enum { SLICE = 64 };

struct best {
    int score;
    size_t index;
};

struct indices {
    size_t *items;
    size_t len, cap;
};

struct narrow {
    struct narrow_source source;
    size_t count;
    struct buf needle;
    uint64_t needed; /* characters of the needle */
    struct {
        uint64_t *items; /* characters of each entry; 0: not looked at yet */
        size_t len, cap;
    } sets;
    struct indices matches; /* of the needle so far, in their own order */
    struct indices from;    /* what is looked at: the matches of a shorter needle */
    bool from_all;          /* everything is looked at */
    size_t at;              /* place in it */
    bool done;
    /* A heap with the worst on top while looking; sorted into `list` when asked for. */
    struct {
        struct best *items;
        size_t len, cap;
    } best;
    struct indices list;
    bool listed;
};

struct narrow *narrow_new(struct narrow_source source)
{
    struct narrow *narrow = MEM_NEW(struct narrow);
    narrow->source = source;
    narrow->from_all = true;
    narrow->done = true;
    return narrow;
}

void narrow_free(struct narrow *narrow)
{
    if (narrow == NULL) {
        return;
    }
    buf_free(&narrow->needle);
    VEC_FREE(&narrow->sets);
    VEC_FREE(&narrow->matches);
    VEC_FREE(&narrow->from);
    VEC_FREE(&narrow->best);
    VEC_FREE(&narrow->list);
    free(narrow);
}

/* One bit for each letter (case folded), digit and kind of other character. Never 0. */
static uint64_t characters(struct str text)
{
    uint64_t set = (uint64_t)1 << 63;
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c >= 'A' && c <= 'Z') {
            c = (unsigned char)(c - 'A' + 'a');
        }
        unsigned bit = c >= 'a' && c <= 'z'   ? c - (unsigned)'a'
                       : c >= '0' && c <= '9' ? 26u + (c - (unsigned)'0')
                                              : 36u + c % 26u;
        set |= (uint64_t)1 << bit;
    }
    return set;
}

static uint64_t needed_by(struct str needle)
{
    uint64_t blank = characters(STR_LIT(" ")) & ~((uint64_t)1 << 63);
    /* A blank only parts words. Another character on the same bit is then not asked for: it rules
     * less out, nothing wrongly. */
    return characters(needle) & ~blank;
}

static void start(struct narrow *narrow)
{
    narrow->matches.len = 0;
    narrow->best.len = 0;
    narrow->list.len = 0;
    narrow->listed = false;
    narrow->at = 0;
    narrow->done = narrow->needle.len == 0;
}

void narrow_reset(struct narrow *narrow, size_t count)
{
    narrow->count = count;
    narrow->sets.len = 0;
    narrow->from_all = true;
    start(narrow);
}

void narrow_set(struct narrow *narrow, struct str needle)
{
    needle = str_trim(needle);
    if (str_equal(needle, buf_str(&narrow->needle))) {
        return;
    }
    /* What matches a longer needle matches its beginning, unless a capital made it exact: then it
     * matched before as well. */
    bool narrower =
        narrow->needle.len > 0 && narrow->done && str_starts(needle, narrow->needle.ptr);
    if (narrower) {
        struct indices old = narrow->from;
        narrow->from = narrow->matches;
        narrow->matches = old;
    }
    narrow->from_all = !narrower;
    buf_clear(&narrow->needle);
    buf_append_str(&narrow->needle, needle);
    narrow->needed = needed_by(needle);
    start(narrow);
}

static bool worse(struct best a, struct best b)
{
    return a.score != b.score ? a.score < b.score : a.index > b.index;
}

static void swap(struct best *a, struct best *b)
{
    struct best was = *a;
    *a = *b;
    *b = was;
}

static void sift_down(struct best *heap, size_t len)
{
    size_t at = 0;
    for (;;) {
        size_t worst = at;
        for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < len; child++) {
            if (worse(heap[child], heap[worst])) {
                worst = child;
            }
        }
        if (worst == at) {
            return;
        }
        swap(&heap[at], &heap[worst]);
        at = worst;
    }
}

static void keep_best(struct narrow *narrow, struct best entry)
{
    if (narrow->best.len == NARROW_SHOWN) {
        if (worse(narrow->best.items[0], entry)) {
            narrow->best.items[0] = entry;
            sift_down(narrow->best.items, narrow->best.len);
        }
        return;
    }
    VEC_PUSH(&narrow->best, entry);
    struct best *heap = narrow->best.items;
    for (size_t at = narrow->best.len - 1; at > 0 && worse(heap[at], heap[(at - 1) / 2]);
         at = (at - 1) / 2) {
        swap(&heap[at], &heap[(at - 1) / 2]);
    }
}

static uint64_t set_of(struct narrow *narrow, size_t index, struct str text)
{
    while (narrow->sets.len <= index) {
        VEC_PUSH(&narrow->sets, 0);
    }
    uint64_t *set = &narrow->sets.items[index];
    if (*set == 0) {
        *set = characters(text);
    }
    return *set;
}

static void look_at(struct narrow *narrow, size_t index)
{
    bool known = index < narrow->sets.len && narrow->sets.items[index] != 0;
    if (known && (narrow->sets.items[index] & narrow->needed) != narrow->needed) {
        return;
    }
    struct str text = narrow->source.text(narrow->source.data, index);
    if ((set_of(narrow, index, text) & narrow->needed) != narrow->needed) {
        return;
    }
    int score = fuzzy_score(text, buf_str(&narrow->needle), NULL);
    if (score < 0) {
        return;
    }
    if (narrow->source.bonus != NULL) {
        score += narrow->source.bonus(narrow->source.data, index) * 256;
    }
    VEC_PUSH(&narrow->matches, index);
    keep_best(narrow, (struct best){score, index});
}

bool narrow_step(struct narrow *narrow, uint64_t budget_us)
{
    uint64_t end = budget_us == 0 ? UINT64_MAX : loop_now_us() + budget_us;
    size_t count = narrow->from_all ? narrow->count : narrow->from.len;
    while (!narrow->done) {
        size_t stop = narrow->at + SLICE < count ? narrow->at + SLICE : count;
        for (; narrow->at < stop; narrow->at++) {
            look_at(narrow, narrow->from_all ? narrow->at : narrow->from.items[narrow->at]);
        }
        narrow->listed = false;
        narrow->done = narrow->at >= count;
        if (loop_now_us() >= end) {
            break;
        }
    }
    return narrow->done;
}

bool narrow_is_done(const struct narrow *narrow)
{
    return narrow->done;
}

size_t narrow_matches(const struct narrow *narrow)
{
    return narrow->needle.len == 0 ? narrow->count : narrow->matches.len;
}

size_t narrow_count(const struct narrow *narrow)
{
    return narrow->needle.len == 0 ? narrow->count : narrow->best.len;
}

static int best_first(const void *a, const void *b)
{
    const struct best *left = a;
    const struct best *right = b;
    return worse(*left, *right) ? 1 : worse(*right, *left) ? -1 : 0;
}

/* Asked for again after each step: the heap stays a heap, the list is a sorted copy. */
static void make_list(struct narrow *narrow)
{
    size_t count = narrow->best.len;
    struct best *sorted = mem_realloc_array(NULL, count, sizeof *sorted);
    memcpy(sorted, narrow->best.items, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, best_first);
    narrow->list.len = 0;
    for (size_t i = 0; i < count; i++) {
        VEC_PUSH(&narrow->list, sorted[i].index);
    }
    free(sorted);
    narrow->listed = true;
}

size_t narrow_at(const struct narrow *narrow, size_t place)
{
    if (narrow->needle.len == 0) {
        return place;
    }
    if (!narrow->listed && narrow->best.len > 0) {
        make_list((struct narrow *)narrow); /* what is cached changes, what it says does not */
    }
    return narrow->list.items[place];
}
