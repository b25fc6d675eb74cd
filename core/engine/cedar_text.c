#include "engine/cedar_text.h"

#include "base/bytes.h"
#include "base/file.h"
#include "base/json_scan.h"
#include "base/path.h"
#include "base/vec.h"

#include <ctype.h>
#include <stdlib.h>

enum { POLICIES_MAX = 100000, ID_MAX_BYTES = 1000 };

struct lexer {
    struct str text;
    size_t at;
};

/* Past blanks and comments. */
static void skip_blanks(struct lexer *l)
{
    while (l->at < l->text.len) {
        char c = l->text.ptr[l->at];
        if (c == '/' && l->at + 1 < l->text.len && l->text.ptr[l->at + 1] == '/') {
            size_t end = str_find_char(l->text, '\n', l->at);
            l->at = end == SIZE_MAX ? l->text.len : end;
        } else if (isspace((unsigned char)c)) {
            l->at++;
        } else {
            return;
        }
    }
}

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

/* A word, a string, or one other byte; empty at the end. */
static struct str next_token(struct lexer *l)
{
    skip_blanks(l);
    size_t from = l->at;
    if (from >= l->text.len) {
        return str_make("", 0);
    }
    char first = l->text.ptr[l->at++];
    while (is_word(first) && l->at < l->text.len && is_word(l->text.ptr[l->at])) {
        l->at++;
    }
    if (first == '"') {
        while (l->at < l->text.len && l->text.ptr[l->at] != '"') {
            l->at += l->text.ptr[l->at] == '\\' && l->at + 1 < l->text.len ? 2 : 1;
        }
        l->at = l->at < l->text.len ? l->at + 1 : l->text.len;
    }
    return str_slice(l->text, from, l->at);
}

static bool is_char(struct str token, char c)
{
    return token.len == 1 && token.ptr[0] == c;
}

/* Behind `@`: the text of `id("…")`; else NULL. The caller frees. */
static char *read_annotation(struct lexer *l)
{
    struct str name = next_token(l);
    struct lexer ahead = *l;
    if (!is_char(next_token(&ahead), '(')) {
        return NULL;
    }
    struct str value = next_token(&ahead);
    if (value.len < 2 || value.ptr[0] != '"' || !is_char(next_token(&ahead), ')')) {
        return NULL;
    }
    *l = ahead;
    return str_equal_c(name, "id") && value.len < ID_MAX_BYTES
               ? json_unescape_dup(str_slice(value, 1, value.len - 1))
               : NULL;
}

/* To the end of a policy, its `;`. */
static void skip_policy(struct lexer *l)
{
    struct str token = next_token(l);
    while (token.len > 0 && !is_char(token, ';')) {
        token = next_token(l);
    }
}

void cedar_text_policies(struct str text, struct cedar_policies *out)
{
    struct lexer lexer = {text, 0};
    char *id = NULL;
    for (struct str token = next_token(&lexer); token.len > 0 && out->len < POLICIES_MAX;
         token = next_token(&lexer)) {
        bool forbid = str_equal_c(token, "forbid");
        if (is_char(token, '@')) {
            char *read = read_annotation(&lexer);
            if (read != NULL) {
                free(id);
                id = read;
            }
        } else if (forbid || str_equal_c(token, "permit")) {
            char *own = id != NULL ? id : mem_printf("policy%zu", out->len);
            VEC_PUSH(out, (struct cedar_policy){own, forbid, (size_t)(token.ptr - text.ptr)});
            id = NULL;
            skip_policy(&lexer);
        }
    }
    free(id);
}

void cedar_policies_free(struct cedar_policies *policies)
{
    VEC_FOREACH (struct cedar_policy, policy, policies) {
        free(policy->id);
    }
    VEC_FREE(policies);
}

static bool append_file(const char *root, const char *path, const struct policy_text *texts,
    size_t text_count, struct buf *out)
{
    for (size_t i = 0; i < text_count; i++) {
        if (strcmp(texts[i].path, path) == 0) {
            buf_append_str(out, texts[i].text);
            return out->len <= CEDAR_SOURCE_MAX;
        }
    }
    char *full = path_join(root, path);
    bool read = file_read(full, CEDAR_SOURCE_MAX - out->len, out, NULL);
    free(full);
    return read;
}

bool cedar_source_read_laid(const char *root, char *const *paths, size_t count,
    const struct policy_text *texts, size_t text_count, struct cedar_source *out)
{
    bool all = true;
    *out = (struct cedar_source){.files = mem_alloc(count * sizeof *out->files)};
    for (size_t i = 0; i < count; i++) {
        size_t from = out->text.len;
        if (from <= CEDAR_SOURCE_MAX &&
            append_file(root, paths[i], texts, text_count, &out->text)) {
            out->files[out->count++] = (struct cedar_source_file){paths[i], from};
            bool ended = out->text.len == from || out->text.ptr[out->text.len - 1] == '\n';
            buf_append_c(&out->text, ended ? "" : "\n");
        } else {
            all = false;
        }
    }
    return all;
}

bool cedar_source_read(const char *root, char *const *paths, size_t count, struct cedar_source *out)
{
    return cedar_source_read_laid(root, paths, count, NULL, 0, out);
}

void cedar_source_free(struct cedar_source *source)
{
    buf_free(&source->text);
    free(source->files);
}

struct position cedar_source_place(
    const struct cedar_source *source, size_t offset, const char **path)
{
    size_t file = 0;
    *path = source->count == 0 ? NULL : source->files[0].path;
    if (source->count == 0) {
        return (struct position){0};
    }
    while (file + 1 < source->count && source->files[file + 1].from <= offset) {
        file++;
    }
    size_t from = source->files[file].from;
    size_t end = file + 1 < source->count ? source->files[file + 1].from : source->text.len;
    size_t at = offset < end ? offset : end;
    size_t line = at;
    while (line > from && source->text.ptr[line - 1] != '\n') {
        line--;
    }
    *path = source->files[file].path;
    size_t rows = at == from ? 0 : bytes_count_newlines(source->text.ptr + from, at - from);
    return (struct position){(unsigned)rows + 1, (unsigned)(at - line) + 1};
}

bool cedar_source_policy(const struct cedar_source *source, const char *id, const char **path,
    struct position *at, bool *forbid)
{
    struct cedar_policies policies = {0};
    bool found = false;
    cedar_text_policies(buf_str(&source->text), &policies);
    for (size_t i = 0; i < policies.len && !found; i++) {
        found = strcmp(policies.items[i].id, id) == 0;
        if (found) {
            *at = cedar_source_place(source, policies.items[i].offset, path);
        }
        if (found && forbid != NULL) {
            *forbid = policies.items[i].forbid;
        }
    }
    cedar_policies_free(&policies);
    return found;
}
