/* Life of the engine, its keys, and what it tells its host. */
#include "vi/vi_private.h"

#include <stdio.h>

#define MACRO_DEPTH  100
#define MACRO_BUDGET 400000 /* keys that one typed key may lead to */

struct vi *vi_new(const struct vi_host *host, void *data)
{
    struct vi *vi = MEM_NEW(struct vi);
    vi->host = host;
    vi->data = data;
    vi->unnamed = '0';
    vi->cmd.count = 1;
    vi->search.forward = true;
    vi->screen.at.line = SIZE_MAX;
    vi->options = (struct vi_options){.number = true,
        .wrapscan = true,
        .hlsearch = true,
        .incsearch = true,
        .ignorecase = true,
        .smartcase = true,
        .autoindent = true,
        .expandtab = true,
        .startofline = true,
        .tabstop = 8,
        .shiftwidth = 4,
        .softtabstop = 4};
    vi_bind_all(vi);
    return vi;
}

static void free_history(struct vi_history *history)
{
    VEC_FOREACH (char *, line, &history->lines) {
        free(*line);
    }
    VEC_FREE(&history->lines);
}

static void free_bufs(struct vi *vi)
{
    struct buf *bufs[] = {&vi->pending, &vi->last_command, &vi->last_search, &vi->last_inserted,
        &vi->recorded, &vi->search.offset, &vi->compiled_from, &vi->substitute.with,
        &vi->substitute.flags, &vi->substitute.pattern, &vi->repeat.inserted, &vi->insert.keys,
        &vi->insert.code, &vi->insert.complete, &vi->ask.pattern, &vi->gather.out};
    for (size_t i = 0; i < ARRAY_LEN(bufs); i++) {
        buf_free(bufs[i]);
    }
    for (size_t i = 0; i < ARRAY_LEN(vi->lines); i++) {
        buf_free(&vi->lines[i]);
    }
}

void vi_free(struct vi *vi)
{
    if (vi == NULL) {
        return;
    }
    if (vi->text != NULL) {
        vi_reset(vi);
    }
    VEC_FOREACH (struct vi_file *, file, &vi->files) {
        vi_file_free(*file);
    }
    VEC_FREE(&vi->files);
    VEC_FREE(&vi->bindings);
    for (size_t i = 0; i < ARRAY_LEN(vi->registers); i++) {
        vi_register_free(&vi->registers[i]);
    }
    VEC_FOREACH (struct vi_mark, jump, &vi->jumps) {
        free(jump->path);
    }
    VEC_FREE(&vi->jumps);
    for (size_t i = 0; i < ARRAY_LEN(vi->globals); i++) {
        free(vi->globals[i].path);
    }
    VEC_FOREACH (struct str, over, &vi->insert.over) {
        free((char *)over->ptr);
    }
    VEC_FREE(&vi->insert.over);
    vi_typing_free(vi);
    free_history(&vi->commands);
    free_history(&vi->searches);
    vi_cmd_free(&vi->cmd);
    vi_cmd_free(&vi->repeat.cmd);
    search_free(vi->compiled);
    free_bufs(vi);
    free(vi);
}

void vi_attach(struct vi *vi, struct text *text, size_t offset)
{
    if (vi->text != NULL && vi->text != text) {
        vi_reset(vi);
        vi->file->cursor = vi->cursor;
    }
    vi->text = text;
    vi->file = vi_file_of(vi, text);
    vi->cursor = vi_pos_of(vi, offset);
    vi_clamp(vi);
    vi_set_want(vi);
}

void vi_forget(struct vi *vi, struct text *text)
{
    if (vi->text == text && text != NULL) {
        vi_reset(vi);
        vi->text = NULL;
        vi->file = NULL;
    }
    for (size_t i = 0; i < vi->files.len; i++) {
        if (vi->files.items[i]->text == text) {
            vi_file_free(vi->files.items[i]);
            VEC_REMOVE(&vi->files, i);
            return;
        }
    }
}

struct vi_options *vi_options(struct vi *vi)
{
    return &vi->options;
}

enum vi_mode vi_mode(const struct vi *vi)
{
    return vi->mode;
}

bool vi_is_pending(const struct vi *vi)
{
    return vi->pending.len > 0 || vi->insert.prefix != 0;
}

size_t vi_cursor(const struct vi *vi)
{
    return vi->text == NULL ? 0 : vi_offset(vi, vi->cursor);
}

bool vi_fail(struct vi *vi)
{
    vi->failed = true;
    return false;
}

bool vi_say(struct vi *vi, bool error, const char *fmt, ...)
{
    struct buf text = BUF_INIT;
    va_list args;
    va_start(args, fmt);
    buf_vprintf(&text, fmt, args);
    va_end(args);
    if (vi->host->message != NULL) {
        vi->host->message(vi->data, error, text.ptr == NULL ? "" : text.ptr);
    }
    buf_free(&text);
    return error ? vi_fail(vi) : true;
}

bool vi_act(struct vi *vi, const char *what, struct str argument, bool bang, size_t count)
{
    struct err err = {0};
    if (vi->host->act == NULL) {
        return vi_say(vi, true, "%s: not available here", what);
    }
    if (!vi->host->act(vi->data, what, argument, bang, count, &err)) {
        return vi_say(vi, true, "%s", err.text);
    }
    return true;
}

void vi_append_key(struct buf *out, int32_t key)
{
    char bytes[4];
    buf_append(out, bytes, utf8_encode(key, bytes));
}

int32_t vi_take_key(struct str *keys)
{
    size_t len;
    int32_t key = utf8_decode(*keys, &len);
    *keys = str_from(*keys, len);
    return key;
}

/* One key, wherever it comes from. */
void vi_dispatch(struct vi *vi, int32_t key)
{
    if (vi->text == NULL || key < 0) {
        return;
    }
    switch (vi->mode) {
    case VI_INSERT:
    case VI_REPLACE:
        vi_insert_key(vi, key);
        break;
    case VI_COMMAND:
        vi_typing_key(vi, key);
        break;
    default:
        vi_normal_key(vi, key);
        break;
    }
    if (vi->text != NULL && vi->mode != VI_INSERT && vi->mode != VI_REPLACE && vi->depth == 0 &&
        vi->mode != VI_COMMAND) {
        vi_change_close(vi);
    }
    if (vi->text != NULL) {
        vi_clamp(vi);
    }
}

bool vi_enter(struct vi *vi)
{
    if (vi->depth >= MACRO_DEPTH) {
        return vi_say(vi, true, "a macro that runs itself without end was stopped");
    }
    vi->depth++;
    return true;
}

bool vi_goes_on(struct vi *vi)
{
    if (vi->failed || vi->text == NULL) {
        return false;
    }
    if (slow_is_within()) {
        return slow_breathe(0, 0) || vi_fail(vi); /* the person stops it, not a bound */
    }
    if (vi->budget == 0) {
        return vi_say(vi, true, "the macro was stopped after %d keys", MACRO_BUDGET);
    }
    vi->budget--;
    return true;
}

void vi_feed(struct vi *vi, struct str keys)
{
    struct buf copy = BUF_INIT;
    buf_append_str(&copy, keys);
    struct str rest = buf_str(&copy);
    if (vi_enter(vi)) {
        while (rest.len > 0 && vi_goes_on(vi)) {
            vi_dispatch(vi, vi_take_key(&rest));
        }
        vi->depth--;
    }
    buf_free(&copy);
}

void vi_key(struct vi *vi, int32_t key)
{
    vi->failed = false;
    vi->budget = MACRO_BUDGET;
    bool was_recording = vi->recording != 0;
    size_t before = vi->recorded.len;
    if (was_recording) {
        vi_append_key(&vi->recorded, key);
    }
    vi_dispatch(vi, key);
    if (was_recording && vi->recording == 0) {
        /* The q that ended it is no part of it. */
        vi->recorded.len = before < vi->recorded.len ? before : vi->recorded.len;
        int unnamed = vi->unnamed;
        vi_register_record(vi, vi->last_macro_recorded, buf_str(&vi->recorded));
        vi->unnamed = unnamed;
        buf_clear(&vi->recorded);
    }
}

void vi_keys(struct vi *vi, struct str keys)
{
    while (keys.len > 0) {
        vi_key(vi, vi_take_key(&keys));
    }
}

void vi_paste(struct vi *vi, struct str text)
{
    if (vi->text == NULL || text.len == 0) {
        return;
    }
    if (vi->mode == VI_COMMAND) {
        vi_typing_paste(vi, text);
        return;
    }
    bool normal = vi->mode != VI_INSERT && vi->mode != VI_REPLACE;
    if (normal) {
        vi_reset(vi);
    }
    size_t at = vi_offset(vi, vi->cursor);
    if (vi_change(vi, at, at, text)) {
        vi->cursor = vi_pos_of(vi, at + text.len);
    }
    if (normal) {
        vi_change_close(vi);
    }
    vi_clamp(vi);
    vi_set_want(vi);
}

void vi_reset(struct vi *vi)
{
    for (int i = 0; i < 4 && (vi->mode != VI_NORMAL || vi_is_pending(vi)); i++) {
        vi_dispatch(vi, VI_ESC);
    }
    vi_cmd_clear(vi);
    vi_change_close(vi);
}

void vi_click(struct vi *vi, size_t offset, bool select)
{
    if (vi->text == NULL) {
        return;
    }
    if (vi->mode == VI_COMMAND || (vi_is_visual(vi) && !select)) {
        vi_reset(vi);
    }
    struct vi_pos to = vi_pos_of(vi, offset);
    if (select && !vi_is_visual(vi)) {
        vi_reset(vi);
        vi->anchor = vi->cursor;
        vi->mode = VI_VISUAL;
    } else if (vi->mode == VI_INSERT || vi->mode == VI_REPLACE) {
        vi_insert_moved(vi);
    }
    vi_cmd_clear(vi);
    vi->cursor = to;
    vi_clamp(vi);
    vi_set_want(vi);
}
