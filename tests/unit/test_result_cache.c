/* What is kept of results comes back as it was, and nothing that is not whole and ours does. */
#include "test.h"

#include "base/file.h"
#include "base/path.h"
#include "base/vec.h"
#include "engine/engine.h"
#include "engine/result_cache.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void key_of(unsigned number, char key[SHA256_HEX_SIZE])
{
    char text[16];
    snprintf(text, sizeof text, "%u", number);
    sha256_hex(str_of(text), key);
}

static void push(struct results *rows, const char *name, enum result_status status, unsigned depth)
{
    struct result row = {.engine = engine_opa.name,
        .suite = mem_strdup("a.b_test"),
        .name = mem_strdup(name),
        .status = status,
        .depth = depth,
        .duration_us = 1234,
        .file = mem_strdup("a/b_test.rego"),
        .at = {3, 1},
        .message = status == RESULT_FAIL ? mem_strdup("x == 2") : NULL,
        .output = mem_strdup("printed \"this\"\n\tand that\n")};
    if (depth > 0) { /* of another engine, which says more */
        row.engine = engine_gator.name;
        row.detail = mem_strdup("many\nlines");
        row.policy_file = mem_strdup("t/template.yaml");
        row.policy_at = (struct position){7, 2};
        row.input_file = mem_strdup("t/samples/a.yaml");
        row.input_at = (struct position){1, 9};
        row.expected = mem_strdup("0 violations");
        row.got = mem_strdup("1 violation");
    }
    VEC_PUSH(rows, row);
}

/* Two tests, one of them with a sub-test. */
static void fill(struct results tests[2], enum result_status status)
{
    tests[0] = tests[1] = (struct results){0};
    push(&tests[0], "test_one", RESULT_PASS, 0);
    push(&tests[1], "test_two", status, 0);
    push(&tests[1], "test_two/case", status, 1);
}

static void drop(struct results tests[2])
{
    results_free(&tests[0]);
    results_free(&tests[1]);
}

static struct result_cache *sample(unsigned count)
{
    struct result_cache *cache = result_cache_parse(STR_LIT(""));
    for (unsigned i = 0; i < count; i++) {
        char key[SHA256_HEX_SIZE];
        struct results tests[2];
        key_of(i, key);
        fill(tests, i % 2 == 0 ? RESULT_PASS : RESULT_FAIL);
        assert_true(result_cache_put(cache, key, tests, 2));
        drop(tests);
    }
    return cache;
}

static void assert_text(const char *text, const char *want)
{
    assert_int_equal(text == NULL, want == NULL);
    if (want != NULL) {
        assert_string_equal(text, want);
    }
}

static void assert_row(const struct result *row, const struct result *want)
{
    assert_text(row->detail, want->detail);
    assert_text(row->policy_file, want->policy_file);
    assert_int_equal(row->policy_at.row, want->policy_at.row);
    assert_int_equal(row->policy_at.col, want->policy_at.col);
    assert_text(row->input_file, want->input_file);
    assert_int_equal(row->input_at.row, want->input_at.row);
    assert_int_equal(row->input_at.col, want->input_at.col);
    assert_text(row->expected, want->expected);
    assert_text(row->got, want->got);
    assert_string_equal(row->engine, want->engine);
    assert_string_equal(row->suite, want->suite);
    assert_string_equal(row->name, want->name);
    assert_int_equal(row->status, want->status);
    assert_int_equal(row->depth, want->depth);
    assert_int_equal(row->duration_us, want->duration_us);
    assert_string_equal(row->file, want->file);
    assert_int_equal(row->at.row, want->at.row);
    assert_string_equal(row->output, want->output);
    assert_true((row->message == NULL) == (want->message == NULL));
}

static void it_comes_back(void **state)
{
    (void)state;
    struct result_cache *cache = sample(5);
    struct buf text = BUF_INIT;
    result_cache_print(cache, &text);
    struct result_cache *again = result_cache_parse(buf_str(&text));
    assert_int_equal(result_cache_count(again), 5);
    for (unsigned i = 0; i < 5; i++) {
        char key[SHA256_HEX_SIZE];
        struct results tests[2];
        key_of(i, key);
        fill(tests, i % 2 == 0 ? RESULT_PASS : RESULT_FAIL);
        const struct cached_unit *unit = result_cache_find(again, key);
        assert_non_null(unit);
        assert_int_equal(unit->count, 2);
        assert_int_equal(unit->tests[1].len, 2);
        assert_row(&unit->tests[0].items[0], &tests[0].items[0]);
        assert_row(&unit->tests[1].items[0], &tests[1].items[0]);
        assert_row(&unit->tests[1].items[1], &tests[1].items[1]);
        drop(tests);
    }
    buf_free(&text);
    result_cache_free(again);
    result_cache_free(cache);
}

/* Cut off anywhere, or one bit another: what is left is right, and nothing else comes up. */
static void what_is_broken_is_left_out(void **state)
{
    (void)state;
    struct result_cache *cache = sample(3);
    struct buf text = BUF_INIT;
    result_cache_print(cache, &text);
    for (size_t cut = 0; cut < text.len; cut += 7) {
        struct result_cache *some = result_cache_parse(str_make(text.ptr, cut));
        assert_true(result_cache_count(some) <= 3);
        result_cache_free(some);
    }
    size_t first = str_find_char(buf_str(&text), '\n', 0) + 1;
    for (size_t at = first; at + 1 < text.len; at += 11) {
        if (text.ptr[at] == '\n') {
            continue;
        }
        char was = text.ptr[at];
        text.ptr[at] = was == '1' ? '2' : '1';
        struct result_cache *some = result_cache_parse(buf_str(&text));
        assert_int_equal(result_cache_count(some), 2);
        result_cache_free(some);
        text.ptr[at] = was;
    }
    struct result_cache *none = result_cache_parse(STR_LIT("bylaw-results 2\nx\n"));
    assert_int_equal(result_cache_count(none), 0);
    result_cache_free(none);
    buf_free(&text);
    result_cache_free(cache);
}

static void only_what_ended_is_kept(void **state)
{
    (void)state;
    static const enum result_status others[] = {RESULT_ERROR, RESULT_NOT_EVALUATED, RESULT_WARNING};
    struct result_cache *cache = result_cache_parse(STR_LIT(""));
    char key[SHA256_HEX_SIZE];
    key_of(1, key);
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        struct results tests[2];
        fill(tests, others[i]);
        assert_false(result_cache_put(cache, key, tests, 2));
        drop(tests);
    }
    struct results empty = {0};
    assert_false(result_cache_put(cache, key, &empty, 1));
    assert_int_equal(result_cache_count(cache), 0);
    assert_true(result_cache_put(cache, key, NULL, 0)); /* loaded, no tests */
    assert_int_equal(result_cache_count(cache), 1);
    result_cache_free(cache);
}

static void files_are_bounded_and_added_to(void **state)
{
    (void)state;
    struct err err;
    char *dir = test_dir_make();
    setenv("XDG_CACHE_HOME", dir, 1);
    char *path = result_cache_path("/some/where/policies");
    struct result_cache *cache = sample(2);
    assert_ok(result_cache_add(path, cache, &err), err);
    result_cache_free(cache);
    cache = sample(4);
    assert_ok(result_cache_add(path, cache, &err), err);
    result_cache_free(cache);
    cache = result_cache_read(path);
    assert_int_equal(result_cache_count(cache), 4);
    result_cache_free(cache);
    for (unsigned i = 0; i < 80; i++) {
        char *root = mem_printf("/some/where/%u", i);
        char *other = result_cache_path(root);
        cache = sample(1);
        assert_ok(result_cache_add(other, cache, &err), err);
        result_cache_free(cache);
        free(other);
        free(root);
    }
    const char *count[] = {"sh", "-c", "ls bylaw/results | wc -l", NULL};
    char *files = test_run(dir, count);
    assert_true(strtoul(files, NULL, 10) <= 64);
    free(files);
    /* What stands in its place is no reason to fail. */
    test_write(dir, "foreign", "bylaw\0results");
    char *foreign = path_join(dir, "foreign");
    cache = result_cache_read(foreign);
    assert_int_equal(result_cache_count(cache), 0);
    result_cache_free(cache);
    cache = result_cache_read(dir); /* a folder */
    assert_int_equal(result_cache_count(cache), 0);
    result_cache_free(cache);
    free(foreign);
    free(path);
    test_dir_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_comes_back),
        cmocka_unit_test(what_is_broken_is_left_out),
        cmocka_unit_test(only_what_ended_is_kept),
        cmocka_unit_test(files_are_bounded_and_added_to),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
