#include "test.h"

#include "base/path.h"
#include "base/vec.h"
#include "workspace/grep.h"
#include "workspace/replace.h"
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
    uint64_t end = loop_now_ms() + 240000;
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
    assert_true(loop_run_until(loop, &seen.any, 240000));
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
    assert_true(loop_run_until(loop, &seen.git, 240000));
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
    assert_true(loop_run_until(loop, &health.well, 240000));
    health.well = false;
    assert_int_equal(rename(dir, away), 0);
    workspace_refresh(ws);
    assert_true(loop_run_until(loop, &health.failed, 240000));
    assert_non_null(strstr(health.text, dir));
    /* The last listing stays. */
    assert_int_equal(workspace_files(ws)->len, 1);
    assert_int_equal(rename(away, dir), 0);
    workspace_refresh(ws);
    assert_true(loop_run_until(loop, &health.well, 240000));
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

static char *search_all(const char *dir, const struct grep_options *options, struct err *err)
{
    struct grep_result result;
    int fd = beneath_open_root(dir, err);
    bool ok = grep_run(fd, dir, options, NULL, &result, err);
    close(fd);
    if (!ok) {
        return NULL;
    }
    struct buf out = BUF_INIT;
    VEC_FOREACH (struct grep_hit, hit, &result) {
        buf_printf(&out, "%s:%zu:%zu:%s|", hit->path, hit->line, hit->column, hit->text);
    }
    buf_printf(&out, "%zu files %zu skipped %zu hard%s", result.files, result.skipped,
        result.too_hard, result.truncated ? " truncated" : "");
    grep_result_free(&result);
    return buf_take(&out);
}

static void assert_found(const char *dir, const struct grep_options *options, const char *want)
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
    struct grep_options o = {.pattern = "latest"};
    assert_found(dir, &o,
        "bad.rego:1:4:\xff\xfe latest|sub/b.yaml:2:10:image: x:latest|sub/b.yaml:3:1:latest latest|"
        "4 files 1 skipped 0 hard");
    o = (struct grep_options){.pattern = "LATEST", .ignore_case = true, .glob = "*.rego"};
    assert_found(dir, &o,
        "a.rego:3:21:deny[msg] { msg := \"Latest\" }|bad.rego:1:4:\xff\xfe latest|"
        "2 files 0 skipped 0 hard");
    o = (struct grep_options){.pattern = "^deny\\[", .glob = "**/*.rego"};
    assert_found(dir, &o, "a.rego:3:1:deny[msg] { msg := \"Latest\" }|2 files 0 skipped 0 hard");
    o = (struct grep_options){.pattern = "deny[", .is_literal = true};
    assert_found(dir, &o, "a.rego:3:1:deny[msg] { msg := \"Latest\" }|4 files 1 skipped 0 hard");
    o = (struct grep_options){.pattern = "latest", .max_hits = 2};
    assert_found(dir, &o,
        "bad.rego:1:4:\xff\xfe latest|sub/b.yaml:2:10:image: x:latest|4 files 1 skipped 0 hard "
        "truncated");
    o = (struct grep_options){.pattern = "latest", .max_line = 8, .glob = "*.yaml"};
    assert_found(
        dir, &o, "sub/b.yaml:2:10:…: x:late…|sub/b.yaml:3:1:latest l…|1 files 0 skipped 0 hard");
    o = (struct grep_options){.pattern = "deny["};
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
    struct grep_options o = {.pattern = "^(a|aa)+[bc]$"};
    assert_found(dir, &o, "1 files 0 skipped 1 hard");
    test_dir_remove(dir);
}

struct found {
    bool done;
    size_t hits;
    enum err_kind kind;
};

static void on_found(void *data, const struct grep_result *result, const struct err *err)
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
    struct grep_options o = {.pattern = "o"};
    struct grep_events events = {.done = on_found, .data = &found};
    grep_start(loop, fd, dir, &o, &events);
    assert_true(loop_run_until(loop, &found.done, 240000));
    assert_int_equal(found.hits, 2);
    found = (struct found){0};
    grep_cancel(grep_start(loop, fd, dir, &o, &events));
    assert_true(loop_run_until(loop, &found.done, 240000));
    assert_true(found.kind == ERR_CANCELLED || found.hits == 2);
    loop_free(loop);
    close(fd);
    test_dir_remove(dir);
}

/* ---- streaming, unsaved edits, whole words, replacing ---- */

struct stream {
    bool done;
    struct buf seen;
    size_t calls;
};

static void on_hits(void *data, struct grep_hit *hits, size_t count, size_t files)
{
    struct stream *stream = data;
    (void)files;
    stream->calls++;
    for (size_t i = 0; i < count; i++) {
        buf_printf(&stream->seen, "%s:%zu:%.*s>%s|", hits[i].path, hits[i].line,
            (int)(hits[i].to - hits[i].from), hits[i].text + hits[i].from,
            hits[i].with != NULL ? hits[i].with : "-");
    }
}

static void on_streamed(void *data, const struct grep_result *result, const struct err *err)
{
    struct stream *stream = data;
    stream->done = true;
    if (result == NULL) {
        buf_printf(&stream->seen, "failed: %s", err->text);
    } else {
        assert_int_equal(result->len, 0);
        buf_printf(&stream->seen, "%zu files", result->files);
    }
}

static void assert_streamed(const char *dir, const struct grep_options *options, const char *want)
{
    struct err err;
    struct loop *loop = loop_new(&err);
    int fd = beneath_open_root(dir, &err);
    struct stream stream = {0};
    struct grep_events events = {.hits = on_hits, .done = on_streamed, .data = &stream};
    grep_start(loop, fd, dir, options, &events);
    assert_true(loop_run_until(loop, &stream.done, 240000));
    assert_string_equal(stream.seen.ptr, want);
    buf_free(&stream.seen);
    close(fd);
    loop_free(loop);
}

static void hits_come_as_they_are_found(void **state)
{
    (void)state;
    char *dir = test_dir_make();
    test_write(dir, "a.rego", "tag tags tag\nx := tag\n");
    test_write(dir, "b.rego", "none\n");
    struct grep_options o = {.pattern = "tag", .is_literal = true, .every_match = true};
    assert_streamed(dir, &o, "a.rego:1:tag>-|a.rego:1:tag>-|a.rego:1:tag>-|a.rego:2:tag>-|2 files");
    o.whole_word = true;
    o.with = "$1";
    assert_streamed(dir, &o, "a.rego:1:tag>$1|a.rego:1:tag>$1|a.rego:2:tag>$1|2 files");
    struct grep_unsaved unsaved = {.path = "b.rego"};
    buf_append_c(&unsaved.bytes, "a tag\n");
    o = (struct grep_options){.pattern = "(t)(ag)",
        .with = "${2}-$1$$",
        .every_match = true,
        .glob = "b.*",
        .unsaved = &unsaved,
        .unsaved_count = 1};
    assert_streamed(dir, &o, "b.rego:1:tag>ag-t$|1 files");
    buf_free(&unsaved.bytes);
    o = (struct grep_options){.pattern = "tag", .with = "$x"};
    assert_streamed(
        dir, &o, "failed: in the replacement, $ needs a group ($0 … $9, ${1}) or another $");
    o = (struct grep_options){.pattern = "a.b\\Ec", .is_literal = true, .whole_word = true};
    test_write(dir, "c.txt", "a.b\\Ec axb\\Ec\n");
    assert_streamed(dir, &o, "c.txt:1:a.b\\Ec>-|3 files");
    test_dir_remove(dir);
}

struct replaced {
    bool done;
    struct buf text;
};

static void on_replaced(void *data, struct changes *changes, const struct err *err)
{
    struct replaced *replaced = data;
    replaced->done = true;
    if (changes == NULL) {
        buf_append_c(&replaced->text, err->text);
        return;
    }
    VEC_FOREACH (struct change, change, changes) {
        buf_printf(&replaced->text, "%s=%.*s|", change->path, STR_FMT(buf_str(&change->content)));
    }
}

static void replacing_is_a_change(void **state)
{
    (void)state;
    struct err err;
    char *dir = test_dir_make();
    test_write(dir, "a.rego", "tag tags\r\ntag");
    struct workspace *ws = workspace_open(dir, &err);
    struct loop *loop = loop_new(&err);
    size_t keep[] = {4};
    struct replace_file files[] = {{.path = "a.rego",
        .hash = str_hash(STR_LIT("tag tags\r\ntag")),
        .keep = keep,
        .keep_count = 1}};
    struct grep_options o = {.pattern = "(ta)g", .with = "$1$1", .every_match = true};
    struct replaced replaced = {0};
    replace_start(loop, ws, &o, files, 1, on_replaced, &replaced);
    assert_true(loop_run_until(loop, &replaced.done, 240000));
    assert_string_equal(replaced.text.ptr, "a.rego=tata tags\r\ntata|");
    buf_free(&replaced.text);
    replaced = (struct replaced){0};
    test_write(dir, "a.rego", "tag was edited");
    replace_start(loop, ws, &o, files, 1, on_replaced, &replaced);
    assert_true(loop_run_until(loop, &replaced.done, 240000));
    assert_string_equal(replaced.text.ptr, "a.rego changed since it was searched: search again");
    buf_free(&replaced.text);
    char *text = test_read(dir, "a.rego"); /* nothing is written */
    assert_string_equal(text, "tag was edited");
    free(text);
    loop_free(loop);
    workspace_free(ws);
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
        cmocka_unit_test(hits_come_as_they_are_found),
        cmocka_unit_test(replacing_is_a_change),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
