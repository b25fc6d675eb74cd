/* Writing of swap files. What a crash left behind is swap_find.c's. */
#include "text/swap.h"

#include "base/file.h"
#include "base/path.h"
#include "base/vec.h"
#include "text/swap_format.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

#define DELAY_MS   300
#define BASE_MS    4 /* between parts of a large base */
#define RETRY_MS   1000
#define BEHIND_MAX ((size_t)64 << 10)
/* Half a megabyte kept a key waiting for 10 ms where the disk was busy. */
#define BASE_PART  ((size_t)64 << 10)
#define NAME_TRIES 1000

struct swap {
    struct swap *next; /* in `all` */
    struct text *text;
    struct loop_timer *timer; /* NULL without a loop */
    char *dir, *path;
    char *file; /* NULL: not made */
    int fd;
    struct text_snapshot base; /* the text at the last save */
    size_t base_run, base_at;  /* the next byte of it to be written */
    struct buf out;            /* records not written yet */
    size_t out_done;           /* bytes of `out` that are written */
    struct err err;            /* kind ERR_NONE: all is well */
};

/* Every swap there is, so that a fatal signal can be answered. */
static struct swap *all;

char *swap_default_dir(struct err *err)
{
    char *home = path_home_dir(PATH_STATE, err);
    char *dir = home == NULL ? NULL : path_join(home, "swap");
    free(home);
    return dir;
}

static void put_base(struct swap *swap, size_t max)
{
    size_t done = 0;
    while (done < max && swap->base_run < swap->base.len) {
        struct str part = str_from(swap->base.items[swap->base_run], swap->base_at);
        part.len = part.len < max - done ? part.len : max - done;
        swap_put_base(&swap->out, part);
        done += part.len;
        swap->base_at += part.len;
        if (swap->base_at == swap->base.items[swap->base_run].len) {
            swap->base_run++;
            swap->base_at = 0;
        }
    }
}

static bool base_is_out(const struct swap *swap)
{
    return swap->base_run == swap->base.len;
}

static bool open_file(struct swap *swap, struct err *err)
{
    static unsigned serial;
    if (!path_make_dirs(swap->dir, err)) {
        return false;
    }
    unsigned long long hash = str_hash(str_of(swap->path));
    for (int i = 0; i < NAME_TRIES; i++) {
        char *file =
            mem_printf("%s/%016llx-%ld-%u.swap", swap->dir, hash, (long)getpid(), serial++);
        int fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0) {
            swap->fd = fd;
            swap->file = file;
            return true;
        }
        int why = errno;
        if (fd >= 0) {
            /* Somebody who looks for leftovers holds it for a moment; they remove empty ones. */
            close(fd);
        }
        free(file);
        if (why != EEXIST && why != EWOULDBLOCK) {
            return err_set_errno(err, why, "cannot make a swap file in %s", swap->dir);
        }
    }
    return err_set(
        err, ERR_EXISTS, "cannot make a swap file in %s: all names are taken", swap->dir);
}

static void begin_records(struct swap *swap)
{
    struct swap_header header = {.pid = (uint32_t)getpid(),
        .time_ms = loop_wall_ms(),
        .base_len = swap->base.bytes,
        .path = str_of(swap->path)};
    buf_clear(&swap->out);
    swap->out_done = 0;
    swap->base_run = swap->base_at = 0;
    swap_put_header(&swap->out, &header);
    put_base(swap, BASE_PART);
}

static bool write_out(struct swap *swap, struct err *err)
{
    while (swap->out_done < swap->out.len) {
        ssize_t put =
            write(swap->fd, swap->out.ptr + swap->out_done, swap->out.len - swap->out_done);
        if (put < 0 && errno == EINTR) {
            continue;
        }
        if (put < 0) {
            return err_set_errno(err, errno, "cannot write the swap file");
        }
        swap->out_done += (size_t)put;
    }
    if (swap->out.cap > BEHIND_MAX * 2) {
        buf_free(&swap->out); /* it held a part of the base */
    }
    buf_clear(&swap->out);
    swap->out_done = 0;
    return true;
}

static bool write_some(struct swap *swap, size_t base_max, struct err *err)
{
    if (swap->out.len == 0 && (swap->file == NULL || base_is_out(swap))) {
        return true;
    }
    if (swap->fd < 0 && !open_file(swap, err)) {
        return false;
    }
    /* What waits goes first: after a full disk it may be much. */
    if (!write_out(swap, err)) {
        return false;
    }
    if (base_max > 0 && !base_is_out(swap)) {
        put_base(swap, base_max);
        return write_out(swap, err);
    }
    return true;
}

static void schedule(struct swap *swap, uint64_t delay)
{
    if (swap->timer != NULL) {
        loop_timer_start(swap->timer, delay, 0);
    }
}

static void write_and_note(struct swap *swap, size_t base_max)
{
    struct err err = {0};
    bool ok = write_some(swap, base_max, &err);
    swap->err = err;
    if (!ok) {
        schedule(swap, RETRY_MS);
    } else if (!base_is_out(swap)) {
        schedule(swap, BASE_MS);
    }
}

static void on_timer(void *data)
{
    write_and_note(data, BASE_PART);
}

static void on_change(void *data, const struct text_change *change)
{
    struct swap *swap = data;
    bool first = swap->file == NULL && swap->out.len == 0;
    if (first) {
        begin_records(swap);
    }
    struct buf added = BUF_INIT;
    text_copy(swap->text, change->start, change->new_end, &added);
    swap_put_edit(&swap->out, change->start, change->old_end - change->start, buf_str(&added));
    buf_free(&added);
    if (swap->err.kind != ERR_NONE) {
        return; /* the retry timer runs */
    }
    if (first || swap->out.len - swap->out_done > BEHIND_MAX) {
        write_and_note(swap, 0);
    } else if (swap->timer != NULL && !loop_timer_is_active(swap->timer)) {
        schedule(swap, DELAY_MS);
    }
}

struct swap *swap_new(struct loop *loop, struct text *text, const char *path, const char *dir)
{
    struct swap *swap = MEM_NEW(struct swap);
    swap->text = text;
    swap->path = mem_strdup(path);
    swap->dir = mem_strdup(dir);
    swap->fd = -1;
    swap->base = text_snapshot(text);
    swap->timer = loop == NULL ? NULL : loop_timer_new(loop, on_timer, swap);
    swap->next = all;
    all = swap;
    text_add_listener(text, on_change, swap);
    return swap;
}

static void drop_file(char **file, int *fd, bool remove)
{
    if (*file != NULL && remove) {
        /* Already gone is as good; nothing else can be done about one that stays. */
        (void)unlink(*file);
    }
    if (*fd >= 0) {
        close(*fd);
    }
    free(*file);
    *file = NULL;
    *fd = -1;
}

void swap_saved(struct swap *swap)
{
    char *old_file = swap->file;
    int old_fd = swap->fd;
    swap->file = NULL;
    swap->fd = -1;
    if (swap->timer != NULL) {
        loop_timer_stop(swap->timer);
    }
    text_snapshot_free(&swap->base);
    swap->base = text_snapshot(swap->text);
    buf_clear(&swap->out);
    swap->out_done = swap->base_run = swap->base_at = 0;
    swap->err = (struct err){0};
    bool kept = true;
    if (text_is_dirty(swap->text)) {
        begin_records(swap);
        kept = swap_flush(swap, NULL);
    }
    /* The old one still holds more than nothing when the new one could not be written. */
    drop_file(&old_file, &old_fd, kept);
}

bool swap_flush(struct swap *swap, struct err *err)
{
    struct err why = {0};
    bool ok = write_some(swap, BASE_PART, &why);
    while (ok && swap->file != NULL && !base_is_out(swap)) {
        ok = write_some(swap, BASE_PART, &why);
    }
    swap->err = why;
    if (!ok) {
        schedule(swap, RETRY_MS);
        if (err != NULL) {
            *err = why;
        }
    }
    return ok;
}

void swap_flush_all(void)
{
    for (struct swap *swap = all; swap != NULL; swap = swap->next) {
        swap_flush(swap, NULL);
    }
}

void swap_flush_crash(void)
{
    for (struct swap *swap = all; swap != NULL; swap = swap->next) {
        while (swap->fd >= 0 && swap->out_done < swap->out.len) {
            ssize_t put =
                write(swap->fd, swap->out.ptr + swap->out_done, swap->out.len - swap->out_done);
            if (put <= 0) {
                break;
            }
            swap->out_done += (size_t)put;
        }
    }
}

const char *swap_error(const struct swap *swap)
{
    return swap->err.kind == ERR_NONE ? NULL : swap->err.text;
}

void swap_free(struct swap *swap, bool remove)
{
    if (swap == NULL) {
        return;
    }
    text_remove_listener(swap->text, on_change, swap);
    if (!remove) {
        swap_flush(swap, NULL);
    }
    drop_file(&swap->file, &swap->fd, remove);
    for (struct swap **at = &all; *at != NULL; at = &(*at)->next) {
        if (*at == swap) {
            *at = swap->next;
            break;
        }
    }
    loop_timer_free(swap->timer);
    text_snapshot_free(&swap->base);
    buf_free(&swap->out);
    free(swap->dir);
    free(swap->path);
    free(swap);
}
