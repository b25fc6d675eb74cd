#include "vi_outcome.h"

#include "base/path.h"
#include "loop/loop.h"
#include "pane/editor_private.h"
#include "pane/editor_vi.h"
#include "term.h"
#include "vi/vi.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>

#define CHUNK 100 /* sequences that one Vim runs */

void vi_outcome_free(struct vi_outcome *result)
{
    free(result->text);
    free(result->reg);
}

static const struct vi_host no_host = {0};

struct view *vi_outcome_view;

static bool wrapped_row(void *data, size_t at, int by, struct vi_screen_row *out)
{
    return editor_vi_row(data, at, by, out);
}

static const struct vi_host wrapped_host = {.screen_row = wrapped_row};

struct text *vi_outcome_text(const struct vi_case *c)
{
    if (!c->wrapped) {
        return text_new(buf_str(&c->text));
    }
    struct text *text = vi_outcome_view->doc->text;
    assert_true(text_replace(text, 0, text_length(text), buf_str(&c->text), NULL));
    return text;
}

void vi_outcome_of_engine(const struct vi_case *c, struct vi_outcome *out)
{
    struct vi *vi = c->wrapped ? vi_new(&wrapped_host, vi_outcome_view) : vi_new(&no_host, NULL);
    struct text *scratch = text_new(str_of("\n"));
    vi_attach(vi, scratch, 0);
    vi_keys(vi, str_of("ix\033:s/zzzz//\rfZ"));
    struct text *text = vi_outcome_text(c);
    vi_options(vi)->wrap = c->wrapped;
    vi_attach(vi, text, 0);
    vi_test_clear(vi);
    for (size_t i = 0; i < c->units.len; i++) {
        vi_keys(vi, str_of(c->units.items[i]));
        vi_reset(vi);
    }
    struct buf bytes = BUF_INIT;
    text_copy(text, 0, text_length(text), &bytes);
    if (bytes.len == 0 || bytes.ptr[bytes.len - 1] != '\n') {
        buf_append_char(&bytes, '\n');
    }
    size_t at = vi_cursor(vi);
    struct text_point point = text_point_of(text, at);
    out->line = (int)point.row + 1;
    out->col = (int)point.column + 1;
    out->text = buf_take(&bytes);
    struct buf reg = BUF_INIT;
    vi_test_register(vi, &reg);
    out->reg = buf_take(&reg);
    vi_forget(vi, text);
    vi_forget(vi, scratch);
    vi_free(vi);
    if (!c->wrapped) {
        text_free(text);
    }
    text_free(scratch);
}

char *vi_outcome_case_json(const struct vi_case *c, bool drop)
{
    cJSON *all = cJSON_CreateArray(), *lines = cJSON_CreateArray(), *units = cJSON_CreateArray();
    struct str rest = buf_str(&c->text), line;
    while (str_next_line(&rest, &line)) {
        char *copy = str_dup(line);
        cJSON_AddItemToArray(lines, cJSON_CreateString(copy));
        free(copy);
    }
    for (size_t i = 0; i < c->units.len; i++) {
        cJSON_AddItemToArray(units, cJSON_CreateString(c->units.items[i]));
    }
    cJSON_AddItemToArray(all, lines);
    cJSON_AddItemToArray(all, units);
    cJSON_AddItemToArray(all, cJSON_CreateBool(drop));
    cJSON_AddItemToArray(all, cJSON_CreateBool(c->wrapped));
    char *text = cJSON_PrintUnformatted(all);
    cJSON_Delete(all);
    return text;
}

static void read_result(const char *json, struct vi_outcome *out)
{
    cJSON *all = cJSON_Parse(json);
    assert_non_null(all);
    struct buf text = BUF_INIT;
    const cJSON *line;
    cJSON_ArrayForEach(line, cJSON_GetArrayItem(all, 0))
    {
        buf_append_c(&text, line->valuestring);
        buf_append_char(&text, '\n');
    }
    out->text = buf_take(&text);
    out->line = cJSON_GetArrayItem(all, 1)->valueint;
    out->col = cJSON_GetArrayItem(all, 2)->valueint;
    out->reg = mem_strdup(cJSON_GetArrayItem(all, 3)->valuestring);
    out->empties = cJSON_GetArrayItem(all, 4)->valueint;
    cJSON_Delete(all);
}

#define STUCK_MS 60000 /* less than a terminal is waited for */
#define STARTS   4

struct progress {
    char *path;
    size_t wanted;
    uint64_t end;
    bool stuck;
};

static bool has_results(struct term *term, void *data)
{
    struct progress *progress = data;
    char bytes[8192];
    size_t lines = 0, len;
    FILE *file = fopen(progress->path, "r");
    (void)term;
    while (file != NULL && (len = fread(bytes, 1, sizeof bytes, file)) > 0) {
        for (size_t i = 0; i < len; i++) {
            lines += bytes[i] == '\n' ? 1 : 0;
        }
    }
    if (file != NULL) {
        fclose(file);
    }
    progress->stuck = lines < progress->wanted && loop_now_ms() >= progress->end;
    return lines >= progress->wanted || progress->stuck;
}

/* Each few sequences have their time, so that a busy machine is just slow. False: nothing came. */
static bool wait_results(struct term *term, const char *dir, size_t count)
{
    struct progress progress = {.path = path_join(dir, "results")};
    while (progress.wanted < count && !progress.stuck) {
        progress.wanted = count - progress.wanted < 5 ? count : progress.wanted + 5;
        progress.end = loop_now_ms() + STUCK_MS;
        term_wait(term, has_results, &progress, "Vim's next results");
    }
    free(progress.path);
    return !progress.stuck;
}

static bool start_vim(const char *dir, size_t count)
{
    char *in = mem_printf("VI_CASES=%s/cases", dir), *to = mem_printf("VI_RESULTS=%s/results", dir);
    char *script = test_source_path("tests/integration/vi_vim.vim");
    /* A terminal that is asked nothing: an answer could come in between the keys. */
    const char *argv[] = {
        "vim", "-T", "ansi", "-u", "NONE", "-i", "NONE", "-N", "-n", "-S", script, NULL};
    const char *env[] = {in, to, NULL};
    struct term *term =
        term_start(&(struct term_options){.argv = argv, .env = env, .rows = 40, .mute = true});
    bool done = wait_results(term, dir, count);
    if (!done) {
        char *screen = term_text(term);
        fprintf(stderr, "a Vim stood still, showing:\n%s", screen);
        free(screen);
    }
    term_free(term);
    free(script);
    free(in);
    free(to);
    return done;
}

/* Runs the cases in Vim, one process for all. Of some hundred Vims one stands still in its first
 * sequence: then another one does all of them. */
static void run_chunk(const struct vi_case *cases, size_t count, bool drop, struct vi_outcome *out)
{
    char *dir = test_dir_make();
    struct buf lines = BUF_INIT;
    for (size_t i = 0; i < count; i++) {
        char *json = vi_outcome_case_json(&cases[i], drop);
        buf_append_c(&lines, json);
        buf_append_char(&lines, '\n');
        free(json);
    }
    test_write(dir, "cases", lines.ptr);
    buf_free(&lines);
    bool done = false;
    for (int starts = 0; !done && starts < STARTS; starts++) {
        test_write(dir, "results", "");
        done = start_vim(dir, count);
    }
    assert_true(done);
    char *results = test_read(dir, "results");
    struct str rest = str_of(results), line;
    for (size_t i = 0; i < count; i++) {
        assert_true(str_next_line(&rest, &line));
        char *copy = str_dup(line);
        read_result(copy, &out[i]);
        free(copy);
    }
    free(results);
    test_dir_remove(dir);
}

void vi_outcome_of_vim(const struct vi_case *cases, size_t count, bool drop, struct vi_outcome *out)
{
    for (size_t at = 0; at < count; at += CHUNK) {
        run_chunk(cases + at, count - at < CHUNK ? count - at : CHUNK, drop, out + at);
    }
}

bool vi_outcome_same(const struct vi_outcome *a, const struct vi_outcome *b)
{
    return strcmp(a->text, b->text) == 0 && a->line == b->line && a->col == b->col &&
           strcmp(a->reg, b->reg) == 0;
}

/* A sequence that differs. */
