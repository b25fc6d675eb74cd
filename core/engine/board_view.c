#include "engine/board_view_internal.h"

#include "base/vec.h"

#include <stdlib.h>

enum {
    TEXT_LINES_MAX = 400, /* shown of one test */
    SMALL_TREE = 40,      /* so few tests are all shown at first */
    GROUPS_DEEP = 4
};

enum { MATCH_UNKNOWN, MATCH_NO, MATCH_YES };

const char *board_order_name(enum board_order order)
{
    static const char *const names[ORDER_COUNT] = {
        "by file", "failed first", "slowest first", "flaky first"};
    return names[order];
}

static void free_words(struct board_view *view)
{
    VEC_FOREACH (char *, word, &view->words) {
        free(*word);
    }
    view->words.len = 0;
}

void board_view_free(struct board_view *view)
{
    free(view->filter);
    free_words(view);
    VEC_FREE(&view->words);
    VEC_FOREACH (struct view_group, group, &view->groups) {
        VEC_FREE(&group->shown);
        VEC_FREE(&group->ends);
    }
    VEC_FREE(&view->groups);
    VEC_FREE(&view->matches);
    free(view->slots);
    *view = (struct board_view){0};
}

void board_view_forget(struct board_view *view)
{
    view->seen = false;
    view->matches.len = 0;
    view->matched_to = 0;
    VEC_FOREACH (struct view_group, group, &view->groups) {
        group->seen = 0;
        group->shown.len = group->ends.len = 0;
        group->rows = group->matched = 0;
    }
}

/* ---- filter ---- */

static inline char fold(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static unsigned status_word(struct str word)
{
    static const struct {
        const char *word;
        unsigned bits;
    } words[] = {{"@pass", 1U << RESULT_PASS}, {"@fail", 1U << RESULT_FAIL}, {"@failed", BOARD_RED},
        {"@error", 1U << RESULT_ERROR}, {"@skipped", 1U << RESULT_SKIPPED},
        {"@warning", 1U << RESULT_WARNING}, {"@not-evaluated", 1U << RESULT_NOT_EVALUATED},
        {"@flaky", BOARD_FLAKY}};
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (str_equal_c(word, words[i].word)) {
            return words[i].bits;
        }
    }
    return 0;
}

static void add_word(struct board_view *view, struct str word)
{
    char *folded = str_dup(word);
    for (char *c = folded; *c != '\0'; c++) {
        *c = fold(*c);
    }
    unsigned bits = status_word(str_of(folded));
    view->at_words |= bits;
    if (bits == 0) {
        VEC_PUSH(&view->words, folded);
    } else {
        free(folded);
    }
}

/* While something is typed behind it, what did not match before does not now. */
static void forget_matches(struct board_view *view, bool narrower)
{
    VEC_FOREACH (unsigned char, match, &view->matches) {
        *match = narrower && *match == MATCH_NO ? MATCH_NO : MATCH_UNKNOWN;
    }
    view->matched_to = 0;
}

void board_view_set_filter(struct board_view *view, struct str text)
{
    struct str old = str_of(view->filter);
    bool narrower = old.len > 0 && text.len > old.len && memcmp(text.ptr, old.ptr, old.len) == 0 &&
                    str_find_char(text, '@', 0) == (size_t)-1;
    free_words(view);
    view->at_words = 0;
    for (size_t i = 0; i < text.len;) {
        size_t from = i;
        while (i < text.len && text.ptr[i] != ' ') {
            i++;
        }
        if (i > from) {
            add_word(view, str_slice(text, from, i));
        }
        i++;
    }
    char *copy = text.len == 0 ? NULL : str_dup(text);
    free(view->filter);
    view->filter = copy;
    forget_matches(view, narrower);
    view->stale = true;
}

void board_view_set_statuses(struct board_view *view, unsigned statuses)
{
    view->statuses = statuses;
    view->stale = true;
}

void board_view_set_order(struct board_view *view, enum board_order order, bool flat)
{
    view->order = order;
    view->flat = flat;
    view->stale = true;
}

void board_view_set_narrow(struct board_view *view, bool narrow)
{
    view->stale = view->stale || view->narrow != narrow;
    view->narrow = narrow;
}

bool board_view_is_filtered(const struct board_view *view)
{
    return view->words.len > 0 || view->at_words != 0 || view->statuses != 0;
}

static bool has_words(
    const struct board_view *view, const struct board_test *test, struct buf *text)
{
    buf_clear(text);
    buf_append_c(text, test->suite);
    buf_append_char(text, '.');
    buf_append_c(text, test->name);
    buf_append_char(text, ' ');
    buf_append_c(text, test->file == NULL ? "" : test->file);
    buf_append_char(text, ' ');
    buf_append_c(text, test->engine);
    for (size_t i = 0; i < text->len; i++) {
        text->ptr[i] = fold(text->ptr[i]);
    }
    for (size_t i = 0; i < view->words.len; i++) {
        if (strstr(text->ptr, view->words.items[i]) == NULL) {
            return false;
        }
    }
    return true;
}

static bool has_status(unsigned bits, const struct board_test *test)
{
    return bits == 0 || (bits >> board_status(test) & 1) != 0 ||
           ((bits & BOARD_FLAKY) != 0 && test->flaky);
}

static bool is_shown(const struct board_view *view, size_t index, const struct board_test *test)
{
    return view->matches.items[index] == MATCH_YES && has_status(view->statuses, test) &&
           has_status(view->at_words, test);
}

/* The groups a test is in are to be made again. */
static void mark_group(struct board_view *view, const struct board_tree *tree, size_t group)
{
    if (view->flat) {
        view->groups.items[0].seen = 0;
        return;
    }
    for (; view->groups.items[group].seen != 0; group = tree->items[group].parent) {
        view->groups.items[group].seen = 0;
        if (group == 0) {
            return;
        }
    }
}

/* As many tests as one refresh may take. */
static void match_tests(struct board_view *view, struct board *board)
{
    size_t count = board_count(board);
    struct buf text = BUF_INIT;
    size_t done = 0;
    for (; view->matched_to < count; view->matched_to++) {
        unsigned char *match = &view->matches.items[view->matched_to];
        if (*match != MATCH_UNKNOWN) {
            continue;
        }
        if (view->budget != 0 && view->words.len > 0 && done == view->budget) {
            break;
        }
        const struct board_test *test = board_at(board, view->matched_to);
        *match = view->words.len == 0 || has_words(view, test, &text) ? MATCH_YES : MATCH_NO;
        mark_group(view, board_tree(board), test->group);
        done++;
    }
    view->work += done;
    view->unfinished = view->matched_to < count;
    buf_free(&text);
}

/* ---- order ---- */

/* The smaller the earlier. */
static uint64_t key_of(const struct board_view *view, size_t index, const struct board_test *test)
{
    static const unsigned char ranks[RESULT_STATUSES] = {[RESULT_ERROR] = 0,
        [RESULT_FAIL] = 1,
        [RESULT_WARNING] = 2,
        [RESULT_NOT_EVALUATED] = 3,
        [RESULT_SKIPPED] = 5,
        [RESULT_PASS] = 6};
    switch (view->order) {
    case ORDER_FAILED:
        return test->count == 0 ? 4 : ranks[board_status(test)];
    case ORDER_SLOWEST:
        return UINT64_MAX - (test->count == 0 ? 0 : test->rows[0].duration_us);
    case ORDER_FLAKY:
        return test->flaky ? 0 : 1;
    default:
        return index;
    }
}

/* With its key, so that comparing two looks at nothing else. */
struct sorted {
    uint64_t key;
    size_t then; /* of equal keys the smaller first */
    size_t item;
};

static int compare_sorted(const void *a, const void *b)
{
    const struct sorted *x = a;
    const struct sorted *y = b;
    if (x->key != y->key) {
        return x->key < y->key ? -1 : 1;
    }
    return x->then < y->then ? -1 : x->then > y->then;
}

static void sort_shown(
    const struct board_view *view, struct board *board, struct policy_set *shown, bool groups)
{
    struct sorted *sorted = mem_alloc((shown->len + 1) * sizeof *sorted);
    bool in_order = true;
    for (size_t i = 0; i < shown->len; i++) {
        size_t item = shown->items[i];
        const struct view_group *group = groups ? &view->groups.items[item] : NULL;
        sorted[i] = groups ? (struct sorted){group->key, group->first, item}
                           : (struct sorted){key_of(view, item, board_at(board, item)), item, item};
        in_order = in_order && (i == 0 || compare_sorted(&sorted[i - 1], &sorted[i]) <= 0);
    }
    if (!in_order) {
        qsort(sorted, shown->len, sizeof *sorted, compare_sorted);
    }
    for (size_t i = 0; i < shown->len; i++) {
        shown->items[i] = sorted[i].item;
    }
    free(sorted);
}

/* ---- groups ---- */

bool board_view_is_joined(const struct board_tree *tree, size_t group)
{
    size_t engine = board_tree_only(tree, 0);
    switch (tree->items[group].kind) {
    case GROUP_ROOT:
        return true;
    case GROUP_ENGINE:
        return engine == group || board_tree_only(tree, group) != 0;
    case GROUP_FOLDER:
        return board_tree_only(tree, group) != 0 ||
               (engine != 0 && board_tree_only(tree, engine) == group);
    default:
        return false;
    }
}

bool board_view_is_open(const struct board_view *view, const struct board *board, size_t group)
{
    const struct board_tree *tree = board_tree((struct board *)(uintptr_t)board);
    const struct board_group *known = &tree->items[group];
    if (board_view_is_joined(tree, group)) {
        return true;
    }
    if (board_view_is_filtered(view)) {
        return !known->shut;
    }
    if (known->open >= 0) {
        return known->open == 1;
    }
    return known->kind == GROUP_ENGINE || known->sum.attention > 0 ||
           tree->items[0].sum.tests <= SMALL_TREE;
}

void board_view_open(struct board_view *view, struct board *board, size_t group, bool open)
{
    struct board_group *known = &board_tree(board)->items[group];
    if (board_view_is_filtered(view)) {
        known->shut = !open;
    }
    if (!board_view_is_filtered(view) || open) {
        known->open = open ? 1 : 0;
    }
    board_tree_touch(board_tree(board), group);
}

void board_view_reveal(struct board_view *view, struct board *board, size_t test)
{
    for (size_t group = board_at(board, test)->group; group != 0;
         group = board_tree(board)->items[group].parent) {
        if (!board_view_is_open(view, board, group)) {
            board_view_open(view, board, group, true);
        }
    }
}

static size_t test_rows(const struct board_view *view, struct board *board, struct board_test *test)
{
    if (!test->expanded) {
        return 1;
    }
    size_t rows = (test->count > 1 ? test->count : 1) + board_view_diff_rows(view, test);
    struct str rest = str_of(board_text(board, test));
    struct str line;
    for (size_t i = 0; i < TEXT_LINES_MAX && str_next_line(&rest, &line); i++) {
        rows++;
    }
    return rows;
}

static void list_tests(struct board_view *view, struct board *board, struct view_group *out,
    const struct policy_set *tests)
{
    view->work += tests->len;
    for (size_t i = 0; i < tests->len; i++) {
        if (is_shown(view, tests->items[i], board_at(board, tests->items[i]))) {
            VEC_PUSH(&out->shown, tests->items[i]);
        }
    }
    sort_shown(view, board, &out->shown, false);
    out->matched = out->shown.len;
    for (size_t i = 0; i < out->shown.len; i++) {
        size_t index = out->shown.items[i];
        uint64_t key = key_of(view, index, board_at(board, index));
        out->key = key < out->key ? key : out->key;
        out->first = index < out->first ? index : out->first;
        out->rows += test_rows(view, board, board_at(board, index));
        VEC_PUSH(&out->ends, out->rows);
        view->slots[index] = i;
    }
}

static size_t rows_as_child(const struct board_view *view, struct board *board, size_t group)
{
    size_t rows = board_view_is_joined(board_tree(board), group) ? 0 : 1;
    return board_view_is_open(view, board, group) ? rows + view->groups.items[group].rows : rows;
}

static void begin_group(struct board_view *view, size_t group)
{
    struct view_group *out = &view->groups.items[group];
    out->shown.len = out->ends.len = 0;
    out->rows = out->matched = 0;
    out->key = UINT64_MAX;
    out->first = (size_t)-1;
}

static bool is_old(const struct board_view *view, const struct board_tree *tree, size_t group)
{
    uint64_t seen = view->groups.items[group].seen;
    return seen == 0 || seen < tree->items[group].changed;
}

static void make_group(struct board_view *view, struct board *board, size_t group, unsigned deep)
{
    struct board_tree *tree = board_tree(board);
    const struct policy_set *groups = &tree->items[group].groups;
    view->work += groups->len;
    for (size_t i = 0; i < groups->len && deep < GROUPS_DEEP; i++) {
        if (is_old(view, tree, groups->items[i])) {
            make_group(view, board, groups->items[i], deep + 1);
        }
    }
    begin_group(view, group);
    struct view_group *out = &view->groups.items[group];
    out->seen = tree->stamp;
    if (tree->items[group].kind == GROUP_SUITE) {
        list_tests(view, board, out, &tree->items[group].tests);
        return;
    }
    for (size_t i = 0; i < groups->len; i++) {
        const struct view_group *child = &view->groups.items[groups->items[i]];
        if (child->matched > 0) {
            VEC_PUSH(&out->shown, groups->items[i]);
            out->matched += child->matched;
            out->key = child->key < out->key ? child->key : out->key;
            out->first = child->first < out->first ? child->first : out->first;
        }
    }
    sort_shown(view, board, &out->shown, true);
    for (size_t i = 0; i < out->shown.len; i++) {
        view->groups.items[out->shown.items[i]].slot = i;
        out->rows += rows_as_child(view, board, out->shown.items[i]);
        VEC_PUSH(&out->ends, out->rows);
    }
}

/* All tests together, in the root. */
static void make_flat(struct board_view *view, struct board *board)
{
    struct policy_set all = {0};
    VEC_RESERVE(&all, board_count(board));
    for (size_t i = 0; i < board_count(board); i++) {
        VEC_PUSH(&all, i);
    }
    begin_group(view, 0);
    list_tests(view, board, &view->groups.items[0], &all);
    view->groups.items[0].seen = board_tree(board)->stamp;
    VEC_FREE(&all);
}

/* Room for what is new; after a plan nothing of before holds. */
static void take_size(struct board_view *view, struct board *board)
{
    const struct board_tree *tree = board_tree(board);
    while (view->groups.len < tree->len) {
        VEC_PUSH(&view->groups, (struct view_group){0});
    }
    if (view->plans != board_plans(board)) {
        view->plans = board_plans(board);
        view->matches.len = 0;
        view->matched_to = 0;
    }
    size_t count = board_count(board);
    while (view->matches.len < count) {
        VEC_PUSH(&view->matches, MATCH_UNKNOWN);
    }
    if (view->slot_count < count) {
        view->slot_count = count + count / 2;
        view->slots = mem_realloc_array(view->slots, view->slot_count, sizeof *view->slots);
    }
}

bool board_view_refresh(struct board_view *view, struct board *board)
{
    const struct board_tree *tree = board_tree(board);
    if (view->seen && !view->stale && !view->unfinished && view->version == board_version(board) &&
        view->stamp == tree->stamp) {
        return false;
    }
    take_size(view, board);
    if (view->stale || !view->seen) {
        VEC_FOREACH (struct view_group, group, &view->groups) {
            group->seen = 0;
        }
    }
    match_tests(view, board);
    if (is_old(view, tree, 0)) {
        if (view->flat) {
            make_flat(view, board);
        } else {
            make_group(view, board, 0, 0);
        }
    }
    view->matched = view->groups.items[0].matched;
    view->seen = true;
    view->stale = false;
    view->version = board_version(board);
    view->stamp = tree->stamp;
    return true;
}

size_t board_view_matched(const struct board_view *view, size_t group)
{
    return group < view->groups.len ? view->groups.items[group].matched : 0;
}
