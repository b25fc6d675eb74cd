/* $VISUAL or $EDITOR: the terminal is its until it ends. */
#include "plain/plain_private.h"

#include "base/file.h"
#include "base/path.h"
#include "external.h"
#include "workspace/scratch.h"

#include <stdlib.h>

enum { EDITED_MAX = 16 << 20 };

static bool run(struct plain *plain, const char *path, size_t row, const char *cwd, struct err *err)
{
    struct external_call call;
    int code = 0;
    plain_say(plain, "%s has the terminal until it ends.", external_program());
    external_call_make(&call, path, row, 1);
    bool ok = external_run(call.argv, cwd, &code, err) && external_ended_well(code, err);
    external_call_free(&call);
    return ok;
}

bool plain_edit_text(struct plain *plain, const char *name, struct str text, size_t row,
    struct buf *out, struct err *err)
{
    struct scratch scratch = {0};
    bool ok = scratch_make(&scratch, err);
    char *path = ok ? path_join(scratch.folder, name) : NULL;
    ok = ok && file_write(path, text, 0600, err) && run(plain, path, row, scratch.folder, err) &&
         file_read(path, EDITED_MAX, out, err);
    free(path);
    scratch_remove(&scratch);
    return ok;
}

/* A file that is there by its name or a part of it, or a new one by its path. */
static char *file_to_edit(struct plain *plain, struct str name, struct err *err)
{
    char *clean = NULL;
    if (name.len == 0) {
        if (plain->path == NULL) {
            err_set(err, ERR_NOT_FOUND, "No file is open: type edit and its name.");
        }
        return mem_strdup(plain->path);
    }
    char *known = plain_file_named(plain, name, err);
    if (known != NULL || err->kind != ERR_NOT_FOUND) {
        return known;
    }
    bool new_file =
        path_ext(path_base(name.ptr))[0] != '\0' && path_check_relative(name, &clean, err);
    return new_file ? clean : NULL;
}

bool plain_edit(struct plain *plain, struct str args, struct err *err)
{
    struct workspace *workspace = workbench_workspace(plain->wb);
    size_t cut;
    size_t line;
    bool has_line = path_cut_line(args, &cut, &line);
    char *name = str_dup(str_slice(args, 0, cut));
    char *path = file_to_edit(plain, str_of(name), err);
    free(name);
    if (path == NULL) {
        return false;
    }
    struct buf before = BUF_INIT;
    struct buf after = BUF_INIT;
    struct err none;
    bool existed = workspace_read(workspace, path, &before, NULL, &none);
    char *full = path_join(workspace_root(workspace), path);
    bool ok = run(plain, full, has_line ? line : plain->row + 1, workspace_root(workspace), err);
    bool exists = workspace_read(workspace, path, &after, NULL, &none);
    if (ok && existed == exists && str_equal(buf_str(&before), buf_str(&after))) {
        plain_say(plain, "%s is unchanged.", path);
    } else if (ok) {
        plain_say(plain, "%s is saved; it is checked.", path);
        workspace_refresh(workspace);
        ok = !exists || plain_load(plain, path, err);
        plain->check_asked = true;
        plain->doing = "the file is checked";
        checker_disk_changed(plain->checker);
        checker_touch(plain->checker, CHECK_SAVED_MS);
    }
    buf_free(&before);
    buf_free(&after);
    free(full);
    free(path);
    return ok;
}
