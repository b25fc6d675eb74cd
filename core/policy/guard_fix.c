#include "policy/guard_fix.h"

#include "base/file.h"
#include "base/path.h"
#include "base/vec.h"
#include "patch/edits.h"

#include <stdlib.h>
#include <sys/stat.h>

#define TEXT_MAX_BYTES ((size_t)16 << 20)

/* SIZE_MAX: no such place in the text. */
static size_t offset_of(struct str text, struct position at)
{
    size_t line = 0;
    for (unsigned row = 1; row < at.row; row++) {
        size_t end = str_find_char(text, '\n', line);
        if (end == SIZE_MAX) {
            return SIZE_MAX;
        }
        line = end + 1;
    }
    size_t offset = line + at.col - 1;
    return at.row == 0 || at.col == 0 || offset > text.len ? SIZE_MAX : offset;
}

static bool overlaps(const struct text_edits *edits, size_t from, size_t to)
{
    VEC_FOREACH (const struct text_edit, edit, edits) {
        if (from <= edit->to && edit->from <= to) {
            return true;
        }
    }
    return false;
}

static void gather(
    const struct findings *findings, const char *path, struct str text, struct text_edits *edits)
{
    VEC_FOREACH (const struct finding, finding, findings) {
        bool is_here = finding->file != NULL && strcmp(finding->file, path) == 0;
        size_t from = is_here ? offset_of(text, finding->edit.from) : SIZE_MAX;
        size_t to = is_here ? offset_of(text, finding->edit.to) : SIZE_MAX;
        if (from != SIZE_MAX && to != SIZE_MAX && from <= to && !overlaps(edits, from, to)) {
            struct text_edit edit = {from, to, BUF_INIT};
            buf_append_c(&edit.with, finding->edit.with);
            VEC_PUSH(edits, edit);
        }
    }
}

static void fix_file(const char *root, const char *path, const struct findings *findings,
    struct changes *changes, size_t *fixed)
{
    struct change change = {.kind = CHANGE_UPDATE, .base_exists = true, .mode = 0644};
    struct text_edits edits = {0};
    struct stat info;
    char *full = path_join(root, path);
    bool ok = file_read(full, TEXT_MAX_BYTES, &change.base, NULL);
    if (ok) {
        gather(findings, path, buf_str(&change.base), &edits);
        ok = edits.len > 0 && text_edits_sort(&edits, change.base.len);
    }
    if (ok) {
        change.path = mem_strdup(path);
        change.mode = stat(full, &info) == 0 ? (unsigned)info.st_mode & 0777 : 0644;
        text_edits_apply(&edits, buf_str(&change.base), &change.content);
        *fixed += edits.len;
        VEC_PUSH(changes, change);
    } else {
        change_free(&change);
    }
    text_edits_free(&edits);
    free(full);
}

void guards_fix(
    const char *root, const struct findings *findings, struct changes *changes, size_t *fixed)
{
    VEC_FOREACH (const struct finding, finding, findings) {
        bool mends = finding->file != NULL && finding->edit.from.row > 0;
        if (mends && changes_find(changes, finding->file) == NULL) {
            fix_file(root, finding->file, findings, changes, fixed);
        }
    }
}
