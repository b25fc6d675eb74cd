#include "engine/test_history.h"

#include "base/vec.h"

#include <stdlib.h>

static const char head[] = "bylaw test history 1\n";
static const size_t name_max = 2000; /* of all parts of a name together */

struct known_test {
    char *key; /* the parts of the name, escaped, with a TAB behind each */
    struct test_past past;
};

struct test_history {
    struct known_test *items;
    size_t len, cap;
    size_t *slots; /* place + 1, 0: free */
    size_t slot_count;
};

struct test_history *test_history_new(void)
{
    return MEM_NEW(struct test_history);
}

void test_history_free(struct test_history *history)
{
    if (history == NULL) {
        return;
    }
    VEC_FOREACH (struct known_test, test, history) {
        free(test->key);
    }
    VEC_FREE(history);
    free(history->slots);
    free(history);
}

size_t test_history_count(const struct test_history *history)
{
    return history->len;
}

static size_t slot_of(const struct test_history *history, struct str key)
{
    size_t slot = (size_t)str_hash(key) & (history->slot_count - 1);
    while (history->slots[slot] != 0 &&
           !str_equal_c(key, history->items[history->slots[slot] - 1].key)) {
        slot = (slot + 1) & (history->slot_count - 1);
    }
    return slot;
}

static void grow_slots(struct test_history *history)
{
    if (history->len * 2 < history->slot_count) {
        return;
    }
    free(history->slots);
    history->slot_count = history->slot_count == 0 ? 64 : history->slot_count * 2;
    history->slots = mem_zalloc(history->slot_count * sizeof *history->slots);
    for (size_t i = 0; i < history->len; i++) {
        history->slots[slot_of(history, str_of(history->items[i].key))] = i + 1;
    }
}

static struct test_past *past_of(struct test_history *history, struct str key)
{
    grow_slots(history);
    size_t slot = slot_of(history, key);
    if (history->slots[slot] == 0) {
        VEC_PUSH(history, (struct known_test){.key = str_dup(key)});
        history->slots[slot] = history->len;
    }
    return &history->items[history->slots[slot] - 1].past;
}

static void append_part(struct buf *key, const char *part)
{
    for (; part != NULL && *part != '\0'; part++) {
        if ((unsigned char)*part < ' ' || *part == '%' || *part == 0x7f) {
            buf_printf(key, "%%%02X", (unsigned char)*part);
        } else {
            buf_append_char(key, *part);
        }
    }
    buf_append_char(key, '\t');
}

/* False: a name so long is not kept. */
static bool make_key(const struct test_name *name, struct buf *key)
{
    append_part(key, name->engine);
    append_part(key, name->file);
    append_part(key, name->suite);
    append_part(key, name->name);
    return key->len <= name_max;
}

const struct test_past *test_history_find(
    const struct test_history *history, const struct test_name *name)
{
    struct buf key = BUF_INIT;
    const struct test_past *found = NULL;
    if (history->slot_count > 0 && make_key(name, &key)) {
        size_t place = history->slots[slot_of(history, buf_str(&key))];
        found = place == 0 ? NULL : &history->items[place - 1].past;
    }
    buf_free(&key);
    return found;
}

static bool same_run(const struct test_run *a, const struct test_run *b)
{
    return a->when == b->when && a->inputs == b->inputs && a->status == b->status &&
           a->duration_us == b->duration_us;
}

static void add_run(struct test_past *past, const struct test_run *run)
{
    unsigned at = past->count;
    while (at > 0 && past->runs[at - 1].when > run->when) {
        at--;
    }
    for (unsigned i = at; i > 0 && past->runs[i - 1].when == run->when; i--) {
        if (same_run(&past->runs[i - 1], run)) {
            return;
        }
    }
    if (past->count == HISTORY_RUNS) {
        if (at == 0) {
            return; /* older than all that are kept */
        }
        memmove(past->runs, past->runs + 1, (HISTORY_RUNS - 1) * sizeof *past->runs);
        past->count--;
        at--;
    }
    memmove(past->runs + at + 1, past->runs + at, (past->count - at) * sizeof *past->runs);
    past->runs[at] = *run;
    past->count++;
}

void test_history_add(
    struct test_history *history, const struct test_name *name, const struct test_run *run)
{
    struct buf key = BUF_INIT;
    if (run->status < RESULT_STATUSES && make_key(name, &key)) {
        add_run(past_of(history, buf_str(&key)), run);
    }
    buf_free(&key);
}

void test_history_merge(struct test_history *into, const struct test_history *from)
{
    VEC_FOREACH (const struct known_test, test, from) {
        struct test_past *past = past_of(into, str_of(test->key));
        for (unsigned i = 0; i < test->past.count; i++) {
            add_run(past, &test->past.runs[i]);
        }
    }
}

/* ---- the file ---- */

static bool take_number(struct str *rest, unsigned base, uint64_t *number)
{
    *number = 0;
    size_t i = 0;
    for (; i < rest->len && rest->ptr[i] != ',' && rest->ptr[i] != '\t'; i++) {
        char c = rest->ptr[i];
        unsigned digit = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
                         : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10
                                                : base;
        if (digit >= base || i >= 16) {
            return false;
        }
        *number = *number * base + digit;
    }
    bool any = i > 0;
    *rest = str_from(*rest, i < rest->len && rest->ptr[i] == ',' ? i + 1 : i);
    return any;
}

static bool take_status(struct str *rest, unsigned char *status)
{
    size_t end = str_find_char(*rest, ',', 0);
    struct str word = str_slice(*rest, 0, end == (size_t)-1 ? rest->len : end);
    for (unsigned i = 0; i < RESULT_STATUSES; i++) {
        if (str_equal_c(word, result_status_name((enum result_status)i))) {
            *status = (unsigned char)i;
            *rest = str_from(*rest, word.len + 1);
            return true;
        }
    }
    return false;
}

static bool read_run(struct str text, struct test_run *run)
{
    uint64_t when;
    uint64_t duration;
    *run = (struct test_run){0};
    if (!take_status(&text, &run->status) || !take_number(&text, 10, &when) ||
        !take_number(&text, 10, &duration) || !take_number(&text, 16, &run->inputs) ||
        text.len > 0 || when > UINT32_MAX || duration > UINT32_MAX) {
        return false;
    }
    run->when = (uint32_t)when;
    run->duration_us = (uint32_t)duration;
    return true;
}

static bool is_key(struct str key)
{
    for (size_t i = 0; i < key.len; i++) {
        unsigned char c = (unsigned char)key.ptr[i];
        if ((c < ' ' && c != '\t') || c == 0x7f) {
            return false;
        }
    }
    return key.len <= name_max;
}

static void read_line(struct test_history *history, struct str line)
{
    size_t end = 0;
    for (unsigned part = 0; part < 4; part++) {
        size_t tab = str_find_char(line, '\t', end);
        if (tab == (size_t)-1) {
            return;
        }
        end = tab + 1;
    }
    struct str key = str_slice(line, 0, end);
    if (!is_key(key)) {
        return;
    }
    struct test_past *past = NULL;
    for (unsigned i = 0; end < line.len && i < HISTORY_RUNS; i++) {
        size_t tab = str_find_char(line, '\t', end);
        size_t to = tab == (size_t)-1 ? line.len : tab;
        struct test_run run;
        if (read_run(str_slice(line, end, to), &run)) {
            past = past == NULL ? past_of(history, key) : past;
            add_run(past, &run);
        }
        end = to + 1;
    }
}

bool test_history_read(struct test_history *history, struct str text, struct err *err)
{
    if (!str_starts(text, head)) {
        return err_set(err, ERR_INVALID, "this is no history of tests that bylaw wrote");
    }
    struct str rest = str_from(text, strlen(head));
    struct str line;
    while (history->len < HISTORY_TESTS_MAX && str_next_line(&rest, &line)) {
        read_line(history, line);
    }
    return true;
}

static uint32_t last_of(const struct known_test *test)
{
    return test->past.count == 0 ? 0 : test->past.runs[test->past.count - 1].when;
}

static int newest_first(const void *a, const void *b)
{
    const struct known_test *x = *(const struct known_test *const *)a;
    const struct known_test *y = *(const struct known_test *const *)b;
    if (last_of(x) != last_of(y)) {
        return last_of(x) > last_of(y) ? -1 : 1;
    }
    return strcmp(x->key, y->key);
}

void test_history_write(const struct test_history *history, struct buf *out)
{
    const struct known_test **order = mem_alloc((history->len + 1) * sizeof *order);
    for (size_t i = 0; i < history->len; i++) {
        order[i] = &history->items[i];
    }
    qsort(order, history->len, sizeof *order, newest_first);
    buf_append_c(out, head);
    for (size_t i = 0; i < history->len && i < HISTORY_TESTS_MAX; i++) {
        size_t before = out->len;
        buf_append_c(out, order[i]->key);
        for (unsigned k = 0; k < order[i]->past.count; k++) {
            const struct test_run *run = &order[i]->past.runs[k];
            buf_printf(out, "%s%s,%u,%u,%llx", k > 0 ? "\t" : "",
                result_status_name((enum result_status)run->status), run->when, run->duration_us,
                (unsigned long long)run->inputs);
        }
        buf_append_char(out, '\n');
        if (out->len > HISTORY_BYTES_MAX) {
            out->len = before;
            break;
        }
    }
    free(order);
}

/* ---- what it says ---- */

/* A verdict: what says nothing of the test does not make it flaky. */
static bool is_verdict(unsigned char status)
{
    return status != RESULT_NOT_EVALUATED && status != RESULT_SKIPPED;
}

bool test_past_is_flaky(const struct test_past *past)
{
    for (unsigned i = 0; i < past->count; i++) {
        for (unsigned k = i + 1; k < past->count; k++) {
            const struct test_run *a = &past->runs[i];
            const struct test_run *b = &past->runs[k];
            if (a->inputs != 0 && a->inputs == b->inputs && a->status != b->status &&
                is_verdict(a->status) && is_verdict(b->status)) {
                return true;
            }
        }
    }
    return false;
}

static const char *const signs[RESULT_STATUSES] = {[RESULT_NOT_EVALUATED] = "—",
    [RESULT_PASS] = "▁",
    [RESULT_FAIL] = "✗",
    [RESULT_ERROR] = "!",
    [RESULT_SKIPPED] = "○",
    [RESULT_WARNING] = "▲"};
static const char letters[RESULT_STATUSES] = {[RESULT_NOT_EVALUATED] = 'n',
    [RESULT_PASS] = 'p',
    [RESULT_FAIL] = 'F',
    [RESULT_ERROR] = 'E',
    [RESULT_SKIPPED] = 's',
    [RESULT_WARNING] = 'W'};

void test_past_draw(const struct test_past *past, unsigned max, bool ascii, struct buf *out)
{
    static const char *const bars[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    unsigned first = past->count > max ? past->count - max : 0;
    uint32_t longest = 1;
    for (unsigned i = first; i < past->count; i++) {
        longest = past->runs[i].duration_us > longest ? past->runs[i].duration_us : longest;
    }
    for (unsigned i = first; i < past->count; i++) {
        const struct test_run *run = &past->runs[i];
        if (ascii) {
            buf_append_char(out, letters[run->status]);
        } else if (run->status == RESULT_PASS) {
            uint64_t bar = (uint64_t)run->duration_us * (ARRAY_LEN(bars) - 1) / longest;
            buf_append_c(out, bars[bar]);
        } else {
            buf_append_c(out, signs[run->status]);
        }
    }
}

void test_past_say(const struct test_past *past, struct buf *out)
{
    for (unsigned i = 0; i < past->count; i++) {
        buf_printf(out, "%s%s", i > 0 ? ", " : "",
            result_status_name((enum result_status)past->runs[i].status));
    }
}

static int by_size(const void *a, const void *b)
{
    const uint32_t *x = a;
    const uint32_t *y = b;
    return *x < *y ? -1 : *x > *y;
}

double test_past_trend(const struct test_past *past)
{
    uint32_t before[HISTORY_RUNS];
    unsigned count = 0;
    for (unsigned i = 0; i + 1 < past->count; i++) {
        if (past->runs[i].duration_us > 0) {
            before[count++] = past->runs[i].duration_us;
        }
    }
    if (count < 2 || past->runs[past->count - 1].duration_us == 0) {
        return 0;
    }
    qsort(before, count, sizeof *before, by_size);
    uint32_t median = before[count / 2];
    return (double)past->runs[past->count - 1].duration_us / (double)median;
}
