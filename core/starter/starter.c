#include "starter/starter.h"

#include "agent/proposal.h"
#include "base/json.h"
#include "base/vec.h"
#include "embedded.h"
#include "trust/vetting.h"
#include "workspace/beneath.h"

#include <stdlib.h>

#define KEPT_MAX_BYTES ((size_t)1 << 20) /* a larger file of such a name is not ours */

/* ---- what a file holds ---- */

static const struct embedded *find_part(unsigned framework, struct str name)
{
    char *path = mem_printf("parts/%s/%.*s", frameworks[framework].name, STR_FMT(name));
    const struct embedded *part = builtin_starter;
    while (part->name != NULL && strcmp(part->name, path) != 0) {
        part++;
    }
    free(path);
    return part->name == NULL ? NULL : part;
}

static void append_parts(unsigned set, struct str name, bool first, struct buf *out)
{
    for (unsigned i = 0; i < FRAMEWORK_COUNT; i++) {
        const struct embedded *part = (set & 1U << i) != 0 ? find_part(i, name) : NULL;
        if (part != NULL) {
            buf_append(out, part->bytes, part->len);
            if (first) {
                return;
            }
        }
    }
}

/* Each program once, in the order of the frameworks. */
static void append_engines(unsigned set, struct buf *out)
{
    size_t from = out->len;
    for (unsigned i = 0; i < FRAMEWORK_COUNT; i++) {
        struct str rest = (set & 1U << i) != 0 ? str_of(frameworks[i].engines) : str_of("");
        while (rest.len > 0) {
            size_t end = str_find_char(rest, ' ', 0);
            struct str word = str_slice(rest, 0, end < rest.len ? end : rest.len);
            rest = str_from(rest, end < rest.len ? end + 1 : rest.len);
            if (str_find(str_from(buf_str(out), from), word, 0) == SIZE_MAX) {
                buf_printf(out, "%s%.*s", out->len > from ? " " : "", STR_FMT(word));
            }
        }
    }
}

static void append_titles(unsigned set, struct buf *out)
{
    bool any = false;
    for (unsigned i = 0; i < FRAMEWORK_COUNT; i++) {
        if ((set & 1U << i) != 0) {
            bool last = set >> (i + 1) == 0;
            buf_printf(out, "%s%s", !any ? "" : last ? " and " : ", ", frameworks[i].title);
            any = true;
        }
    }
}

static bool takes_mark(struct str *line, const char *mark)
{
    if (!str_starts(*line, mark)) {
        return false;
    }
    *line = str_from(*line, strlen(mark));
    return true;
}

static void append_line(unsigned set, struct str line, struct buf *out)
{
    while (line.len > 0) {
        if (takes_mark(&line, "@engines@")) {
            append_engines(set, out);
        } else if (takes_mark(&line, "@frameworks@")) {
            append_titles(set, out);
        } else {
            buf_append_char(out, line.ptr[0]);
            line = str_from(line, 1);
        }
    }
    buf_append_char(out, '\n');
}

/* A JSON string is a TOML one. */
static void append_requirements(const struct starter_wish *wish, struct buf *out)
{
    if (wish->requirements != NULL) {
        buf_append_c(out, "requirements = ");
        json_append_quoted(out, str_of(wish->requirements));
        buf_append_char(out, '\n');
    }
}

static void fill_in(const struct starter_wish *wish, struct str text, struct buf *out)
{
    unsigned set = wish->set;
    struct str line;
    while (str_next_line(&text, &line)) {
        struct str name = line;
        bool first = takes_mark(&name, "@first ");
        if ((first || takes_mark(&name, "@part ")) && str_ends(name, "@")) {
            append_parts(set, str_slice(name, 0, name.len - 1), first, out);
        } else if (str_equal_c(line, "@requirements@")) {
            append_requirements(wish, out);
        } else {
            append_line(set, line, out);
        }
    }
}

/* ---- what is there ---- */

static void compare(const struct workspace *workspace, struct starter_file *file)
{
    struct err err;
    struct file_stamp stamp = {0};
    struct change *change = &file->change;
    struct stat st;
    if (!beneath_stat(workspace_fd(workspace), change->path, &st, &err) &&
        err.kind == ERR_NOT_FOUND) {
        change_count_lines(change, &file->added, &file->removed);
        return;
    }
    if (!beneath_read(
            workspace_fd(workspace), change->path, KEPT_MAX_BYTES, &change->base, &stamp, &err)) {
        file->state = STARTER_IN_THE_WAY;
        file->trouble = mem_strdup(err.text);
        return;
    }
    bool same = str_equal(buf_str(&change->base), buf_str(&change->content));
    file->state = same ? STARTER_SAME : STARTER_DIFFERS;
    change->kind = CHANGE_UPDATE;
    change->base_exists = true;
    change->mode = stamp.mode;
    change_count_lines(change, &file->added, &file->removed);
}

/* The path a text is written to, or NULL when it is not among what was chosen. */
static const char *path_of(const struct embedded *text, const struct starter_wish *wish)
{
    struct str name = str_of(text->name);
    unsigned set = wish->set;
    if (takes_mark(&name, "common/")) {
        return wish->requirements != NULL && str_starts(name, "requirements/") ? NULL : name.ptr;
    }
    for (unsigned i = 0; i < FRAMEWORK_COUNT; i++) {
        size_t len = strlen(frameworks[i].name);
        if ((set & 1U << i) != 0 && str_starts(name, frameworks[i].name) && name.ptr[len] == '/') {
            const char *path = name.ptr + len + 1;
            return !wish->no_policy || strncmp(path, "policies/", 9) != 0 ? path : NULL;
        }
    }
    return NULL;
}

static int by_path(const void *a, const void *b)
{
    const struct starter_file *x = a;
    const struct starter_file *y = b;
    return strcmp(x->change.path, y->change.path);
}

void starter_read(
    const struct workspace *workspace, const struct starter_wish *wish, struct starter_plan *out)
{
    for (const struct embedded *text = builtin_starter; text->name != NULL; text++) {
        const char *path = path_of(text, wish);
        if (path == NULL) {
            continue;
        }
        struct str bytes = str_make(text->bytes, text->len);
        struct starter_file file = {.change = {.kind = CHANGE_ADD,
                                        .path = mem_strdup(path),
                                        .mode = str_starts(bytes, "#!") ? 0755 : 0644}};
        if (str_starts(str_of(text->name), "common/")) {
            fill_in(wish, bytes, &file.change.content);
        } else {
            buf_append_str(&file.change.content, bytes);
        }
        compare(workspace, &file);
        VEC_PUSH(out, file);
    }
    qsort(out->items, out->len, sizeof *out->items, by_path);
}

void starter_plan_free(struct starter_plan *plan)
{
    VEC_FOREACH (struct starter_file, file, plan) {
        change_free(&file->change);
        free(file->trouble);
    }
    VEC_FREE(plan);
}

size_t starter_count(const struct starter_plan *plan, enum starter_state state)
{
    size_t count = 0;
    VEC_FOREACH (const struct starter_file, file, plan) {
        count += file->state == state;
    }
    return count;
}

/* ---- trust ---- */

#define HOOK_FILES ".codex/hooks" /* hooks.json, and the scripts it names */

/* Every file of our hooks says what we would write. */
static bool hooks_are_ours(const struct starter_plan *plan, const struct changes *written)
{
    VEC_FOREACH (const struct starter_file, file, plan) {
        if (str_starts(str_of(file->change.path), HOOK_FILES) && file->state != STARTER_SAME &&
            changes_find(written, file->change.path) == NULL) {
            return false;
        }
    }
    return true;
}

static bool is_ours(
    const struct vetted *item, const struct starter_plan *plan, const struct changes *written)
{
    const struct change *change = changes_find(written, item->file);
    if (change == NULL) {
        return false;
    }
    return item->kind == VETTED_HOOK ? hooks_are_ours(plan, written)
                                     : str_equal_c(buf_str(&change->content), item->content);
}

bool starter_trust(const struct workspace *workspace, const struct starter_plan *plan,
    const struct changes *written, struct err *err)
{
    struct vetting vetting;
    bool ok = true;
    vetting_read(NULL, workspace_root(workspace), &vetting);
    for (size_t i = 0; i < vetting.len && ok; i++) {
        if (is_ours(&vetting.items[i], plan, written)) {
            ok = vetting_answer(&vetting, i, TRUST_YES, err);
        }
    }
    vetting_free(&vetting);
    return ok;
}
