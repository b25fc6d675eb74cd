#include "engine/calls.h"

#include "base/vec.h"
#include "loop/process.h"

#include <ctype.h>
#include <stdlib.h>

enum { ANSWER_MS = 20000, ANSWER_MAX = 1 << 20 };

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || strchr("_-./", c) != NULL;
}

/* The word that ends before `end`; empty: there is none. */
static struct str word_before(struct str text, size_t end)
{
    size_t from = end;
    while (from > 0 && is_word(text.ptr[from - 1])) {
        from--;
    }
    return str_slice(text, from, end);
}

static size_t skip_blanks_back(struct str text, size_t at)
{
    while (at > 0 && (text.ptr[at - 1] == ' ' || text.ptr[at - 1] == '\t')) {
        at--;
    }
    return at;
}

/* A shell reads a command's name at `at`: first of all, behind what ends a command, behind a word
 * that one follows, and first in the text that another shell is given. */
static bool is_command_place(struct str text, size_t at)
{
    static const char *const before[] = {"then", "do", "else", "elif", "if", "while", "until",
        "exec", "time", "command", "env", "sudo", "xargs"};
    size_t end = skip_blanks_back(text, at);
    if (end == 0 || strchr(";&|(`{!\n", text.ptr[end - 1]) != NULL) {
        return true;
    }
    if (end == at && strchr("'\"", text.ptr[end - 1]) != NULL) {
        struct str option = word_before(text, skip_blanks_back(text, end - 1));
        return option.len > 1 && option.ptr[0] == '-' && option.ptr[option.len - 1] == 'c';
    }
    struct str word = word_before(text, end);
    for (size_t i = 0; end < at && i < ARRAY_LEN(before); i++) {
        if (str_equal_c(word, before[i])) {
            return true;
        }
    }
    return false;
}

/* The word behind the name; empty: no plain one. */
static struct str word_behind(struct str text, size_t at)
{
    size_t from = at;
    while (from < text.len && (text.ptr[from] == ' ' || text.ptr[from] == '\t')) {
        from++;
    }
    size_t end = from;
    while (end < text.len && (islower((unsigned char)text.ptr[end]) || text.ptr[end] == '-')) {
        end++;
    }
    bool ends = end == text.len || strchr(" \t\n;&|)`'\"<>", text.ptr[end]) != NULL;
    bool is_plain = from > at && end > from && ends && text.ptr[from] != '-';
    return is_plain ? str_slice(text, from, end) : (struct str){0};
}

static void add(struct engine_calls *calls, const struct engine *engine, struct str word)
{
    VEC_FOREACH (const struct engine_call, call, calls) {
        if (call->engine == engine && str_equal_c(word, call->word)) {
            return;
        }
    }
    VEC_PUSH(calls, (struct engine_call){engine, str_dup(word)});
}

void engine_calls_find(struct str text, struct engine_calls *out)
{
    for (size_t i = 0; engines[i] != NULL; i++) {
        struct str name = str_of(engines[i]->program);
        for (size_t at = str_find(text, name, 0); at != SIZE_MAX;
             at = str_find(text, name, at + 1)) {
            struct str word = word_behind(text, at + name.len);
            if (word.len > 0 && is_command_place(text, at)) {
                add(out, engines[i], word);
            }
        }
    }
}

void engine_calls_free(struct engine_calls *calls)
{
    VEC_FOREACH (struct engine_call, call, calls) {
        free(call->word);
    }
    VEC_FREE(calls);
}

bool engine_call_is_unknown(struct loop *loop, const struct engine_call *call)
{
    /* What those say that are written with Go's and with Rust's usual library for it. */
    static const char *const refusals[] = {
        "Unknown help topic", "unknown command", "unrecognized subcommand"};
    struct buf out = BUF_INIT;
    char *program = engine_find(call->engine, NULL);
    const char *argv[] = {program, "help", call->word, NULL};
    struct process_options options = {
        .argv = argv, .timeout_ms = ANSWER_MS, .max_output = ANSWER_MAX};
    bool unknown = false;
    if (program != NULL && process_run(loop, &options, &out, &out, NULL, NULL)) {
        for (size_t i = 0; i < ARRAY_LEN(refusals); i++) {
            unknown = unknown || str_find(buf_str(&out), str_of(refusals[i]), 0) != SIZE_MAX;
        }
    }
    buf_free(&out);
    free(program);
    return unknown;
}
