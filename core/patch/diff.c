#include "patch/diff.h"

#include "base/vec.h"

#include <git2.h>
#include <pthread.h>
#include <stdint.h>

enum { DIFF_MARGIN = 100 };

static pthread_once_t git_once = PTHREAD_ONCE_INIT;

static void git_start(void)
{
    /* Counted by libgit2; the process keeps it to its end. */
    git_libgit2_init();
}

static bool same(const struct lines *a, size_t i, const struct lines *b, size_t j)
{
    return str_equal(line_whole(a->items[i]), line_whole(b->items[j]));
}

static void trim_common(const struct lines *a, const struct lines *b, size_t *head, size_t *tail)
{
    size_t shorter = a->len < b->len ? a->len : b->len;
    *head = *tail = 0;
    while (*head < shorter && same(a, *head, b, *head)) {
        (*head)++;
    }
    while (*tail < shorter - *head && same(a, a->len - 1 - *tail, b, b->len - 1 - *tail)) {
        (*tail)++;
    }
}

static int on_hunk(const git_diff_delta *delta, const git_diff_hunk *hunk, void *payload)
{
    (void)delta;
    struct diff *out = payload;
    struct diff_run run = {
        .a_len = (size_t)hunk->old_lines,
        .b_len = (size_t)hunk->new_lines,
    };
    /* A side without lines names the line before it. */
    run.a = (size_t)hunk->old_start - (hunk->old_lines > 0 ? 1 : 0);
    run.b = (size_t)hunk->new_start - (hunk->new_lines > 0 ? 1 : 0);
    VEC_PUSH(out, run);
    return 0;
}

/* xdiff on the middle part. */
static bool diff_middle(struct str a, struct str b, struct diff *out)
{
    pthread_once(&git_once, git_start);
    git_diff_options options;
    git_diff_options_init(&options, GIT_DIFF_OPTIONS_VERSION);
    options.context_lines = 0;
    options.interhunk_lines = 0;
    options.flags = GIT_DIFF_FORCE_TEXT | GIT_DIFF_INDENT_HEURISTIC;
    return git_diff_buffers(a.ptr, a.len, NULL, b.ptr, b.len, NULL, &options, NULL, NULL, on_hunk,
               NULL, out) == 0;
}

/* What is between the runs must be equal; anything else would let a review show one thing and do
 * another. */
static bool is_sound(
    const struct lines *a, const struct lines *b, const struct diff *diff, size_t first)
{
    size_t i = 0;
    size_t j = 0;
    for (size_t r = first; r <= diff->len; r++) {
        struct diff_run end = {a->len, 0, b->len, 0};
        const struct diff_run *run = r < diff->len ? &diff->items[r] : &end;
        if (run->a < i || run->b < j || run->a - i != run->b - j || run->a + run->a_len > a->len ||
            run->b + run->b_len > b->len) {
            return false;
        }
        for (; i < run->a; i++, j++) {
            if (!same(a, i, b, j)) {
                return false;
            }
        }
        i += run->a_len;
        j += run->b_len;
    }
    return true;
}

void diff_lines(const struct lines *a, const struct lines *b, struct diff *out)
{
    struct str all_a = lines_range(a, 0, a->len);
    struct str all_b = lines_range(b, 0, b->len);
    if (str_equal(all_a, all_b)) {
        return;
    }
    size_t first = out->len;
    size_t head;
    size_t tail;
    trim_common(a, b, &head, &tail);
    /* Some equal lines are left on for the heuristic that slides a change to where it reads best.
     */
    size_t skip = head > DIFF_MARGIN ? head - DIFF_MARGIN : 0;
    size_t drop = tail > DIFF_MARGIN ? tail - DIFF_MARGIN : 0;
    struct str middle_a = lines_range(a, skip, a->len - drop);
    struct str middle_b = lines_range(b, skip, b->len - drop);
    if (middle_a.len <= DIFF_MAX_BYTES && middle_b.len <= DIFF_MAX_BYTES &&
        diff_middle(middle_a, middle_b, out)) {
        for (size_t i = first; i < out->len; i++) {
            out->items[i].a += skip;
            out->items[i].b += skip;
        }
        if (is_sound(a, b, out, first)) {
            return;
        }
    }
    out->len = first;
    VEC_PUSH(out, (struct diff_run){head, a->len - head - tail, head, b->len - head - tail});
}

void diff_free(struct diff *diff)
{
    VEC_FREE(diff);
}

/* The last run that begins at or before `line` on that side; runs without lines there count when
 * they stand before it. */
static size_t map(const struct diff *diff, size_t line, bool back)
{
    size_t low = 0;
    size_t high = diff->len;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct diff_run *run = &diff->items[middle];
        if ((back ? run->b : run->a) <= line) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low == 0) {
        return line;
    }
    const struct diff_run *run = &diff->items[low - 1];
    size_t start = back ? run->b : run->a;
    size_t len = back ? run->b_len : run->a_len;
    if (line - start < len) {
        return SIZE_MAX;
    }
    size_t other = back ? run->a + run->a_len : run->b + run->b_len;
    return other + (line - start - len);
}

size_t diff_map(const struct diff *diff, size_t line)
{
    return map(diff, line, false);
}

size_t diff_map_back(const struct diff *diff, size_t line)
{
    return map(diff, line, true);
}
