/* What became of each test in its last runs: to tell a test that changes its verdict while nothing
 * it depends on changes (flaky), to draw its last runs and the trend of its duration.
 *
 * As a file it is text, one test a line, made to be read by people too:
 *
 *     bylaw test history 1
 *     opa<TAB>policies/k8s/p_test.rego<TAB>k8s.p_test<TAB>test_deny<TAB>pass,1714060800,412,9c1e…
 *
 * with one such group for each run, oldest first: status, seconds since 1970, µs, hash of the
 * inputs (hex; 0: not known). %, TAB and control characters in names are %XX. Lines that do not
 * read so are left out, and a file that does not begin so is nobody's of ours. Not thread-safe; a
 * history may be handed from one thread to another. */
#ifndef BYLAW_ENGINE_TEST_HISTORY_H
#define BYLAW_ENGINE_TEST_HISTORY_H

#include "base/err.h"
#include "engine/result.h"

enum {
    HISTORY_RUNS = 10,          /* kept of a test */
    HISTORY_TESTS_MAX = 100000, /* kept at all: those that ran last */
    HISTORY_BYTES_MAX = 64 << 20
};

struct test_run {
    uint64_t inputs; /* hash of all the test was run with; 0: not known */
    uint32_t when;   /* s since 1970 */
    uint32_t duration_us;
    unsigned char status; /* enum result_status */
};

struct test_past {
    struct test_run runs[HISTORY_RUNS]; /* oldest first */
    unsigned count;
};

/* Who a test is; all borrowed. `file` relative to the workspace. */
struct test_name {
    const char *engine, *file, *suite, *name;
};

struct test_history;
struct test_history *test_history_new(void) MUST_USE;
void test_history_free(struct test_history *history); /* NULL is fine */
size_t test_history_count(const struct test_history *history);

/* What is known of a test, or NULL. Borrowed until the next add. */
const struct test_past *test_history_find(
    const struct test_history *history, const struct test_name *name);
/* Adds a run after those that are older; one of the same second and inputs twice is one. */
void test_history_add(
    struct test_history *history, const struct test_name *name, const struct test_run *run);

/* Adds what another knows; equal runs are one. */
void test_history_merge(struct test_history *into, const struct test_history *from);
/* Adds what the text says to what is known. ERR_INVALID: it is no such file. */
bool test_history_read(struct test_history *history, struct str text, struct err *err) MUST_USE;
/* Appends at most HISTORY_BYTES_MAX bytes and HISTORY_TESTS_MAX tests. */
void test_history_write(const struct test_history *history, struct buf *out);

/* It passed and did not pass with the same inputs. */
bool test_past_is_flaky(const struct test_past *past);
/* The last runs as one character each, at most `max`, the last at the right: how long it took
 * (▁…█, against the longest of them) where it passed, else ✗ ! ▲ ○ —; in ASCII as letters, p F E W
 * s n. Appended. */
void test_past_draw(const struct test_past *past, unsigned max, bool ascii, struct buf *out);
/* "pass, pass, fail": the same in words, the last one last. Appended. */
void test_past_say(const struct test_past *past, struct buf *out);
/* How many times as long the last run took as runs before (their median); 0: not known. */
double test_past_trend(const struct test_past *past);

#endif
