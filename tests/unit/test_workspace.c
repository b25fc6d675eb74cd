#include "test.h"

#include "base/path.h"
#include "base/vec.h"
#include "workspace/search.h"
#include "workspace/workspace.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct seen {
    struct buf changes;
    bool any;
    bool git;
    int events;
};

static void on_event(void *data, const struct workspace_event *event)
{
    struct seen *seen = data;
    assert_null(event->failed);
    seen->any = true;
    seen->events++;
    seen->git = seen->git || event->git_changed;
    for (size_t i = 0; i < event->changed_count; i++) {
        buf_printf(
            &seen->changes, "%c%s|", "+~-"[event->changed[i].what], event -> changed[i].path);
    }
}

/* Turns until the changes seen hold `want`. */
static void wait_for(struct loop *loop, struct seen *seen, const char *want)
{
    uint64_t end = loop_now_ms() + 10000;
    while (seen->changes.ptr == NULL || strstr(seen->changes.ptr, want) == NULL) {
        if (loop_now_ms() > end) {
            fail_msg("no %s in %s", want, seen->changes.ptr == NULL ? "" : seen->changes.ptr);
        }
        loop_run_once(loop, 100);
    }
    buf_clear(&seen->changes);
}

static void changes_are_told(void **state)
{
    (void)state;
    struct err err;
    char *dir = test_dir_make();
    const char *init[] = {"git", "init", "-q", NULL};
    free(test_run(dir, init));
    test_write(dir, "a.rego", "a");
    struct loop *loop = loop_new(&err);
    struct workspace *ws = workspace_open(dir, &err);
    struct seen seen = {0};
    workspace_start(ws, loop, on_event, &seen);
    assert_true(loop_run_until(loop, &seen.any, 10000));
    assert_int_equal(workspace_files(ws)->len, 1);
    test_write(dir, "a.rego", "atomic replacement");
    wait_for(loop, &seen, "~a.rego|");
    test_write(dir, "new/deep/b.rego", "b");
    wait_for(loop, &seen, "+new/deep/b.rego|");
    test_write(dir, "new/deep/c.rego", "c");
    wait_for(loop, &seen, "+new/deep/c.rego|");
    const char *move[] = {"mv", "new", "old", NULL};
    free(test_run(dir, move));
    wait_for(loop, &seen, "-new/deep/b.rego|-new/deep/c.rego|+old/deep/b.rego|");
    test_write(dir, "old/deep/b.rego", "after the move");
    wait_for(loop, &seen, "~old/deep/b.rego|");
    test_write(dir, ".gitignore", "*.rego\n");
    wait_for(loop, &seen, "-a.rego|");
    const char *stage[] = {"git", "add", ".gitignore", NULL};
    seen.git = false;
    free(test_run(dir, stage));
    assert_true(loop_run_until(loop, &seen.git, 10000));
    workspace_refresh(ws);
    workspace_stop(ws);
    workspace_free(ws);
    loop_free(loop);
    buf_free(&seen.changes);
    test_dir_remove(dir);
}

struct health {
    bool failed, well;
    int failures;
    char text[1024];
};

static void on_health(void *data, const struct workspace_event *event)
{
    struct health *health = data;
    if (event->failed != NULL) {
        health->failed = true;
        health->failures++;
        snprintf(health->text, sizeof health->text, "%s", event->failed->text);
    } else {
        health->well = true;
    }
}

static void a_folder_that_goes_away_is_told_once(void **state)
{
    (void)state;
    struct err err;
    char *dir = test_dir_make();
    char *away = mem_printf("%s-away", dir);
    test_write(dir, "a.rego", "a");
    struct loop *loop = loop_new(&err);
    struct workspace *ws = workspace_open(dir, &err);
    struct health health = {0};
    workspace_start(ws, loop, on_health, &health);
    assert_true(loop_run_until(loop, &health.well, 10000));
    health.well = false;
    assert_int_equal(rename(dir, away), 0);
    workspace_refresh(ws);
    assert_true(loop_run_until(loop, &health.failed, 10000));
    assert_non_null(strstr(health.text, dir));
    /* The last listing stays. */
    assert_int_equal(workspace_files(ws)->len, 1);
    assert_int_equal(rename(away, dir), 0);
    workspace_refresh(ws);
    assert_true(loop_run_until(loop, &health.well, 10000));
    assert_int_equal(health.failures, 1);
    workspace_stop(ws);
    workspace_free(ws);
    loop_free(loop);
    free(away);
    test_dir_remove(dir);
}

static void names(void **state)
{
    (void)state;
    struct err err;
    char *dir = test_dir_make();
    char *link = mem_printf("%s-link", dir);
    assert_int_equal(symlink(dir, link), 0);
    struct workspace *ws = workspace_open(link, &err);
    assert_string_equal(workspace_root(ws), dir);
    assert_string_equal(workspace_name(ws), path_base(dir));
    workspace_free(ws);
    unlink(link);
    free(link);
    assert_null(workspace_open("/nonexistent/folder", &err));
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    test_dir_remove(dir);
}

static char *search_all(const char *dir, const struct search_options *options, struct err *err)
{
    struct search_result result;
    int fd = beneath_open_root(dir, err);
    bool ok = search_run(fd, dir, options, NULL, &result, err);
    close(fd);
    if (!ok) {
        return NULL;
    }
    struct buf out = BUF_INIT;
    VEC_FOREACH (struct search_hit, hit, &result) {
        buf_printf(&out, "%s:%zu:%zu:%s|", hit->path, hit->line, hit->column, hit->text);
    }
    buf_printf(&out, "%zu files %zu skipped %zu hard%s", result.files, result.skipped,
        result.too_hard, result.truncated ? " truncated" : "");
    search_result_free(&result);
    return buf_take(&out);
}

static void assert_found(const char *dir, const struct search_options *options, const char *want)
{
    struct err err = {0};
    char *got = search_all(dir, options, &err);
    assert_ok(got != NULL, err);
    assert_string_equal(got, want);
    free(got);
}

static void searches(void **state)
{
    (void)state;
    struct err err;
    char *dir = test_dir_make();
    test_write(dir, "a.rego", "package a\r\n\r\ndeny[msg] { msg := \"Latest\" }\r\nallow\r\n");
    test_write(dir, "sub/b.yaml", "kind: Pod\nimage: x:latest\nlatest latest\n");
    test_write(dir, "bad.rego", "\xff\xfe latest\n");
    test_write(dir, ".gitignore", "*.log\n");
    test_write(dir, "x.log", "latest\n");
    char *bin = mem_printf("printf 'latest\\0' > '%s/data.bin'", dir);
    const char *argv[] = {"sh", "-c", bin, NULL};
    free(test_run(NULL, argv));
    free(bin);
    struct search_options o = {.pattern = "latest"};
    assert_found(dir, &o,
        "bad.rego:1:4:\xff\xfe latest|sub/b.yaml:2:10:image: x:latest|sub/b.yaml:3:1:latest latest|"
        "4 files 1 skipped 0 hard");
    o = (struct search_options){.pattern = "LATEST", .ignore_case = true, .glob = "*.rego"};
    assert_found(dir, &o,
        "a.rego:3:21:deny[msg] { msg := \"Latest\" }|bad.rego:1:4:\xff\xfe latest|"
        "2 files 0 skipped 0 hard");
    o = (struct search_options){.pattern = "^deny\\[", .glob = "**/*.rego"};
    assert_found(dir, &o, "a.rego:3:1:deny[msg] { msg := \"Latest\" }|2 files 0 skipped 0 hard");
    o = (struct search_options){.pattern = "deny[", .is_literal = true};
    assert_found(dir, &o, "a.rego:3:1:deny[msg] { msg := \"Latest\" }|4 files 1 skipped 0 hard");
    o = (struct search_options){.pattern = "latest", .max_hits = 2};
    assert_found(dir, &o,
        "bad.rego:1:4:\xff\xfe latest|sub/b.yaml:2:10:image: x:latest|4 files 1 skipped 0 hard "
        "truncated");
    o = (struct search_options){.pattern = "latest", .max_line = 8, .glob = "*.yaml"};
    assert_found(
        dir, &o, "sub/b.yaml:2:10:…: x:late…|sub/b.yaml:3:1:latest l…|1 files 0 skipped 0 hard");
    o = (struct search_options){.pattern = "deny["};
    assert_null(search_all(dir, &o, &err));
    assert_int_equal(err.kind, ERR_INVALID);
    assert_non_null(strstr(err.text, "byte"));
    test_dir_remove(dir);
}

static void hostile_pattern_is_bounded(void **state)
{
    (void)state;
    char *dir = test_dir_make();
    struct buf text = BUF_INIT;
    buf_append_repeat(&text, 'a', 5000);
    test_write(dir, "a.txt", text.ptr);
    buf_free(&text);
    struct search_options o = {.pattern = "^(a|aa)+[bc]$"};
    assert_found(dir, &o, "1 files 0 skipped 1 hard");
    test_dir_remove(dir);
}

struct found {
    bool done;
    size_t hits;
    enum err_kind kind;
};

static void on_found(void *data, const struct search_result *result, const struct err *err)
{
    struct found *found = data;
    found->done = true;
    found->hits = result == NULL ? 0 : result->len;
    found->kind = err == NULL ? ERR_NONE : err->kind;
}

static void searches_on_a_worker(void **state)
{
    (void)state;
    struct err err;
    char *dir = test_dir_make();
    test_write(dir, "a.txt", "one\ntwo\n");
    int fd = beneath_open_root(dir, &err);
    struct loop *loop = loop_new(&err);
    struct found found = {0};
    struct search_options o = {.pattern = "o"};
    search_start(loop, fd, dir, &o, on_found, &found);
    assert_true(loop_run_until(loop, &found.done, 10000));
    assert_int_equal(found.hits, 2);
    found = (struct found){0};
    search_cancel(search_start(loop, fd, dir, &o, on_found, &found));
    assert_true(loop_run_until(loop, &found.done, 10000));
    assert_true(found.kind == ERR_CANCELLED || found.hits == 2);
    loop_free(loop);
    close(fd);
    test_dir_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(changes_are_told),
        cmocka_unit_test(a_folder_that_goes_away_is_told_once),
        cmocka_unit_test(names),
        cmocka_unit_test(searches),
        cmocka_unit_test(hostile_pattern_is_bounded),
        cmocka_unit_test(searches_on_a_worker),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
