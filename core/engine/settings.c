#include "engine/settings.h"

#include "base/file.h"
#include "base/path.h"
#include "base/safe.h"
#include "base/vec.h"
#include "workspace/ignore.h"

#include <stdlib.h>
#include <unistd.h>

enum { SAID_MAX = 200 };
#define TOML_MAX_BYTES ((size_t)1 << 20)

struct toml *settings_read(const char *root, const char *path)
{
    struct buf text = BUF_INIT;
    char *full = path_join(root, path);
    struct toml *toml = file_read(full, TOML_MAX_BYTES, &text, NULL)
                            ? toml_parse(buf_str(&text), path, NULL)
                            : NULL;
    buf_free(&text);
    free(full);
    return toml;
}

/* ":3" */
static unsigned take_number(const char **text)
{
    char *end = NULL;
    unsigned long number = **text == ':' ? strtoul(*text + 1, &end, 10) : 0;
    *text = number > 0 ? end : *text;
    return (unsigned)number;
}

/* "PATH:3:7: what is wrong" */
static void add_mistake(const char *path, const char *said, struct findings *findings)
{
    struct position at = {0};
    size_t len = strlen(path);
    if (strncmp(said, path, len) == 0) {
        const char *rest = said + len;
        at.row = take_number(&rest);
        at.col = take_number(&rest);
        said = at.row > 0 && strncmp(rest, ": ", 2) == 0 ? rest + 2 : said;
    }
    VEC_PUSH(findings, ((struct finding){.rule = mem_strdup("settings"),
                           .severity = SEVERITY_ERROR,
                           .file = mem_strdup(path),
                           .at = at,
                           .message = mem_printf("%s: none of its settings hold", said),
                           .fix = mem_strdup("mend it: what it adds to the tests is not run")}));
}

void settings_note(const char *root, const char *path, struct findings *findings)
{
    struct buf text = BUF_INIT;
    struct err err;
    char *full = path_join(root, path);
    bool is_there = access(full, F_OK) == 0;
    struct toml *toml = is_there && file_read(full, TOML_MAX_BYTES, &text, &err)
                            ? toml_parse(buf_str(&text), path, &err)
                            : NULL;
    if (is_there && toml == NULL) {
        add_mistake(path, err.text, findings);
    }
    toml_free(toml);
    buf_free(&text);
    free(full);
}

/* ---- patterns ---- */

bool settings_name(const char *pattern, const char *path)
{
    return plan_path_wanted(path, pattern) || ignore_glob(str_of(pattern), str_of(path), false);
}

struct unmatched {
    const struct policy_index *index;
    const char *file, *key;
    bool (*names)(const char *pattern, const char *path);
    struct findings *findings;
};

static bool names_any(const struct unmatched *u, const char *pattern)
{
    bool any = false;
    for (size_t i = 0; i < u->index->files.len && !any; i++) {
        any = u->names(pattern, u->index->files.items[i].path);
    }
    for (size_t i = 0; i < u->index->others.len && !any; i++) {
        any = u->names(pattern, u->index->others.items[i]);
    }
    return any;
}

static void note_unmatched(const struct unmatched *u, const struct toml *value)
{
    if (value->kind != TOML_STRING || names_any(u, value->text)) {
        return;
    }
    char *shown = safe_dup(str_of(value->text), SAFE_ONE_LINE, SAID_MAX);
    VEC_PUSH(u->findings,
        ((struct finding){.rule = mem_strdup("settings"),
            .severity = SEVERITY_ERROR,
            .file = mem_strdup(u->file),
            .at = {value->row, value->col},
            .message =
                mem_printf("%s: there is no file %s, so nothing is asked about it", u->key, shown),
            .fix = mem_strdup("name what is there, or take it out")}));
    free(shown);
}

void settings_note_unmatched(const struct policy_index *index, const char *file,
    const struct toml *value, bool (*names)(const char *pattern, const char *path),
    struct findings *findings)
{
    struct unmatched u = {index, file, value == NULL ? "" : value->key, names, findings};
    if (value != NULL && value->kind != TOML_ARRAY) {
        note_unmatched(&u, value);
    }
    for (size_t i = 0; value != NULL && value->kind == TOML_ARRAY && i < value->len; i++) {
        note_unmatched(&u, value->items[i]);
    }
}

void settings_words(const struct toml *value, struct plan_words *out)
{
    if (value != NULL && value->kind == TOML_STRING) {
        VEC_PUSH(out, mem_strdup(value->text));
    }
    for (size_t i = 0; value != NULL && value->kind == TOML_ARRAY && i < value->len; i++) {
        if (value->items[i]->kind == TOML_STRING) {
            VEC_PUSH(out, mem_strdup(value->items[i]->text));
        }
    }
}
