/* Files as windows of numbered lines. */
#include "plain/plain_private.h"

#include "base/path.h"

#include <stdint.h>
#include <stdlib.h>

enum { FIND_MAX = 50 };

/* ASCII case does not count unless the needle has capitals. */
static bool contains(struct str text, struct str needle)
{
    bool exact = false;
    for (size_t i = 0; i < needle.len; i++) {
        exact = exact || (needle.ptr[i] >= 'A' && needle.ptr[i] <= 'Z');
    }
    if (exact || needle.len > text.len) {
        return str_find(text, needle, 0) != SIZE_MAX;
    }
    struct buf folded = BUF_INIT;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        buf_append_char(&folded, c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c);
    }
    bool found = str_find(buf_str(&folded), needle, 0) != SIZE_MAX;
    buf_free(&folded);
    return found;
}

bool plain_files(struct plain *plain, struct str args, struct err *err)
{
    (void)err;
    const struct files *files = workspace_files(workbench_workspace(plain->wb));
    size_t count = 0;
    VEC_FOREACH (const struct file_entry, entry, files) {
        if (args.len > 0 && !contains(str_of(entry->path), args)) {
            continue;
        }
        if (++count <= PLAIN_LIST_MAX) {
            plain_say(plain, "%s%s%s", entry->path, entry->is_link ? ", a link to " : "",
                entry->is_link ? entry->target : "");
        }
    }
    char *all = plain_count(count, "file");
    plain_say(plain, "%s%s%s.", all,
        count > PLAIN_LIST_MAX ? "; not all were said, type files and a part of the name" : "",
        files->truncated ? "; the folder has more than are listed" : "");
    free(all);
    return true;
}

char *plain_file_named(struct plain *plain, struct str name, struct err *err)
{
    const struct files *files = workspace_files(workbench_workspace(plain->wb));
    char *path = str_dup(name);
    if (files_find(files, path) != NULL) {
        return path;
    }
    const struct file_entry *found = NULL;
    size_t count = 0;
    VEC_FOREACH (const struct file_entry, entry, files) {
        bool same_name = str_equal_c(name, path_base(entry->path));
        if (same_name || (contains(str_of(entry->path), name) && !entry->odd_name)) {
            count++;
            found = entry;
        }
    }
    free(path);
    if (count == 1) {
        return mem_strdup(found->path);
    }
    err_set(err, ERR_NOT_FOUND,
        count == 0 ? "No file is named %.*s; type files for all."
                   : "More than one file is named so: type files %.*s to hear which.",
        STR_FMT(name));
    return NULL;
}

bool plain_load(struct plain *plain, const char *path, struct err *err)
{
    struct buf text = BUF_INIT;
    struct file_stamp stamp;
    if (!workspace_read(workbench_workspace(plain->wb), path, &text, &stamp, err)) {
        buf_free(&text);
        return false;
    }
    if (plain->path == NULL || strcmp(plain->path, path) != 0) {
        free(plain->path);
        plain->path = mem_strdup(path);
        plain->row = 0;
        checker_touch(plain->checker, CHECK_SAVED_MS);
    }
    buf_free(&plain->text);
    plain->text = text;
    plain->stamp = stamp;
    return true;
}

static size_t count_rows(const struct plain *plain)
{
    size_t count = 0;
    struct str rest = buf_str(&plain->text);
    struct str line;
    while (str_next_line(&rest, &line)) {
        count++;
    }
    return count;
}

static void say_window(struct plain *plain, size_t from)
{
    size_t count = count_rows(plain);
    struct str rest = buf_str(&plain->text);
    struct str line;
    from = from < count ? from : count == 0 ? 0 : count - 1;
    plain->row = from;
    plain_say(plain, "%s, lines %zu to %zu of %zu.", plain->path, count == 0 ? 0 : from + 1,
        from + PLAIN_PAGE < count ? from + PLAIN_PAGE : count, count);
    for (size_t row = 0; str_next_line(&rest, &line) && row < from + PLAIN_PAGE; row++) {
        if (row >= from) {
            char *what = mem_printf("line %zu", row + 1);
            plain_code(plain, what, line);
            free(what);
        }
    }
}

/* The open file as it is on disk now. */
static bool again(struct plain *plain, struct err *err)
{
    if (plain->path == NULL) {
        return err_set(err, ERR_NOT_FOUND, "No file is open: type open and its name.");
    }
    char *path = mem_strdup(plain->path);
    bool ok = plain_load(plain, path, err);
    free(path);
    return ok;
}

bool plain_open(struct plain *plain, struct str args, struct err *err)
{
    size_t cut;
    size_t line;
    bool has_line = path_cut_line(args, &cut, &line);
    char *path = plain_file_named(plain, str_slice(args, 0, cut), err);
    bool ok = path != NULL && plain_load(plain, path, err);
    free(path);
    if (ok) {
        say_window(plain, has_line && line > 0 ? line - 1 : 0);
    }
    return ok;
}

bool plain_next(struct plain *plain, struct str args, struct err *err)
{
    (void)args;
    if (!again(plain, err)) {
        return false;
    }
    if (plain->row + PLAIN_PAGE >= count_rows(plain)) {
        return err_set(err, ERR_NOT_FOUND, "This is the end of %s.", plain->path);
    }
    say_window(plain, plain->row + PLAIN_PAGE);
    return true;
}

bool plain_previous(struct plain *plain, struct str args, struct err *err)
{
    (void)args;
    if (!again(plain, err)) {
        return false;
    }
    if (plain->row == 0) {
        return err_set(err, ERR_NOT_FOUND, "This is the beginning of %s.", plain->path);
    }
    say_window(plain, plain->row > PLAIN_PAGE ? plain->row - PLAIN_PAGE : 0);
    return true;
}

bool plain_go_line(struct plain *plain, struct str args, struct err *err)
{
    size_t number = plain_number(args);
    if (!again(plain, err)) {
        return false;
    }
    size_t count = count_rows(plain);
    if (number == 0 || number > count) {
        return err_set(err, ERR_INVALID, "%s has the lines 1 to %zu.", plain->path, count);
    }
    say_window(plain, number - 1);
    return true;
}

/* All that match, or (alone) the window from the next match on. */
bool plain_find(struct plain *plain, struct str args, struct err *err)
{
    if (!again(plain, err)) {
        return false;
    }
    if (args.len == 0 && plain->needle == NULL) {
        return err_set(err, ERR_INVALID, "Type find and a text.");
    }
    if (args.len > 0) {
        free(plain->needle);
        plain->needle = str_dup(args);
    }
    struct str rest = buf_str(&plain->text);
    struct str line;
    size_t count = 0;
    for (size_t row = 0; str_next_line(&rest, &line); row++) {
        if (!contains(line, str_of(plain->needle))) {
            continue;
        }
        count++;
        if (args.len == 0 && row > plain->row) {
            say_window(plain, row);
            return true;
        }
        if (args.len > 0 && count <= FIND_MAX) {
            char *what = mem_printf("line %zu", row + 1);
            plain_code(plain, what, line);
            free(what);
        }
    }
    if (count == 0 || args.len == 0) {
        return err_set(err, ERR_NOT_FOUND, "%s does not have %s%s.", plain->path, plain->needle,
            count > 0 ? " below this line" : "");
    }
    char *lines = plain_count(count, "line");
    plain_say(plain, "%s%s.", lines, count > FIND_MAX ? "; not all were said" : "");
    free(lines);
    return true;
}
