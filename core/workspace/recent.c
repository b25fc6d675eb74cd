#include "workspace/recent.h"

#include "base/file.h"
#include "base/path.h"
#include "base/vec.h"

#include <stdlib.h>

enum { FILE_MAX = RECENT_MAX * 8192 };

struct recent {
    struct loop *loop;
    char *file; /* NULL: no home to keep it in */
    struct {
        char **items;
        size_t len, cap;
    } paths;
    bool writing, again;
};

struct writing {
    struct recent *recent;
    char *file;
    struct buf text; /* one path a line, newest first */
};

static char *file_of(const char *root)
{
    struct err err;
    char *state = path_home_dir(PATH_STATE, &err);
    char *file = state == NULL ? NULL
                               : mem_printf("%s/recent/%s-%08llx", state, path_base(root),
                                     str_hash(str_of(root)) & 0xffffffffu);
    free(state);
    return file;
}

struct recent *recent_new(struct loop *loop, const char *root)
{
    struct recent *recent = MEM_NEW(struct recent);
    recent->loop = loop;
    recent->file = file_of(root);
    struct buf text = BUF_INIT;
    struct err err;
    if (recent->file != NULL && file_read(recent->file, FILE_MAX, &text, &err)) {
        struct str rest = buf_str(&text);
        struct str line;
        while (recent->paths.len < RECENT_MAX && str_next_line(&rest, &line)) {
            char *path;
            if (path_check_relative(line, &path, &err)) {
                VEC_PUSH(&recent->paths, path);
            }
        }
    }
    buf_free(&text);
    return recent;
}

static void write_file(void *data)
{
    struct writing *writing = data;
    struct err err;
    char *dir = path_dir(writing->file);
    if (path_make_dirs(dir, &err)) {
        (void)!file_write(writing->file, buf_str(&writing->text), 0600, &err);
    }
    free(dir);
}

static void start_writing(struct recent *recent);

static void written(void *data, bool cancelled)
{
    (void)cancelled;
    struct writing *writing = data;
    struct recent *recent = writing->recent;
    buf_free(&writing->text);
    free(writing->file);
    free(writing);
    recent->writing = false;
    if (recent->again) {
        recent->again = false;
        start_writing(recent);
    }
}

static void start_writing(struct recent *recent)
{
    if (recent->file == NULL) {
        return;
    }
    if (recent->writing) {
        recent->again = true;
        return;
    }
    struct writing *writing = MEM_NEW(struct writing);
    writing->recent = recent;
    writing->file = mem_strdup(recent->file);
    VEC_FOREACH (char *, path, &recent->paths) {
        buf_printf(&writing->text, "%s\n", *path);
    }
    recent->writing = true;
    loop_work_start(recent->loop, write_file, written, writing);
}

void recent_note(struct recent *recent, const char *path)
{
    struct err err;
    char *clean;
    if (!path_check_relative(str_of(path), &clean, &err)) {
        return;
    }
    if (recent->paths.len > 0 && strcmp(recent->paths.items[0], clean) == 0) {
        free(clean);
        return;
    }
    for (size_t i = 0; i < recent->paths.len; i++) {
        if (strcmp(recent->paths.items[i], clean) == 0) {
            free(recent->paths.items[i]);
            VEC_REMOVE(&recent->paths, i);
            break;
        }
    }
    VEC_INSERT(&recent->paths, 0, clean);
    while (recent->paths.len > RECENT_MAX) {
        free(recent->paths.items[--recent->paths.len]);
    }
    start_writing(recent);
}

size_t recent_count(const struct recent *recent)
{
    return recent->paths.len;
}

const char *recent_at(const struct recent *recent, size_t index)
{
    return recent->paths.items[index];
}

void recent_free(struct recent *recent)
{
    if (recent == NULL) {
        return;
    }
    while (recent->writing) {
        loop_run_once(recent->loop, 100);
    }
    VEC_FOREACH (char *, path, &recent->paths) {
        free(*path);
    }
    VEC_FREE(&recent->paths);
    free(recent->file);
    free(recent);
}
