#include "sandbox/bounds.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/file.h"

enum {
    DEPTH_MAX = 64,        /* of folders, each of which is held open */
    PROCESSES_SEEN = 8192, /* more than there can be */
    NAMELESS_MAX = 4096,
    FILE_LEAST = 1024, /* an empty file takes room, too */
    PAUSE_LEAST_US = 50 * 1000,
    PAUSE_MOST_US = 1000 * 1000,
    COST_SHARE = 20,                 /* a look takes at most this part of the time */
    WALK_EVERY_US = 60 * 1000 * 1000 /* also where the disk has hardly grown */
};
#define BYTES_A_SECOND (4ULL << 30) /* no program fills memory or a disk faster */
#define MB             (1ULL << 20)

static uint64_t now_us(void)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (uint64_t)at.tv_sec * 1000000 + (uint64_t)at.tv_nsec / 1000;
}

/* A file of the kernel's, which says its length only by its end. False: it is not for us. */
static bool read_text(int dir, const char *path, struct buf *out)
{
    buf_clear(out);
    int fd = openat(dir, path, O_RDONLY | O_CLOEXEC);
    bool ok = fd >= 0 && file_read_fd(fd, path, 1 << 20, out, NULL);
    if (fd >= 0) {
        close(fd);
    }
    return ok;
}

/* "RssAnon:     1234 kB", in bytes; 0: there is no such line. */
static uint64_t field_of(const struct buf *text, const char *name)
{
    size_t len = strlen(name);
    struct str rest = buf_str(text);
    struct str line;
    while (str_next_line(&rest, &line)) {
        if (line.len > len && memcmp(line.ptr, name, len) == 0 && line.ptr[len] == ':') {
            char *number = str_dup(str_from(line, len + 1));
            uint64_t value = strtoull(number, NULL, 10) * 1024;
            free(number);
            return value;
        }
    }
    return 0;
}

static uint64_t sum_of(const struct buf *text, const char *const *names, size_t count)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        sum += field_of(text, names[i]);
    }
    return sum;
}

/* ---- its processes ---- */

struct process_list {
    pid_t *items;
    size_t len, cap;
};

static void add_numbers(struct process_list *list, const struct buf *text)
{
    char *at = text->len == 0 ? NULL : text->ptr;
    for (long pid = at == NULL ? 0 : strtol(at, &at, 10); pid > 0 && list->len < PROCESSES_SEEN;
         pid = strtol(at, &at, 10)) {
        VEC_PUSH(list, (pid_t)pid);
    }
}

static void add_children(struct process_list *list, pid_t pid, struct buf *text)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    DIR *tasks = opendir(path);
    if (tasks == NULL) {
        return; /* it has just ended */
    }
    for (struct dirent *task; (task = readdir(tasks)) != NULL;) {
        char children[sizeof task->d_name + 16];
        snprintf(children, sizeof children, "%s/children", task->d_name);
        if (isdigit((unsigned char)task->d_name[0]) && read_text(dirfd(tasks), children, text)) {
            add_numbers(list, text);
        }
    }
    closedir(tasks);
}

/* All that descend from us. */
static struct process_list find_processes(void)
{
    struct process_list list = {0};
    struct buf text = BUF_INIT;
    add_children(&list, getpid(), &text);
    for (size_t i = 0; i < list.len; i++) {
        add_children(&list, list.items[i], &text);
    }
    buf_free(&text);
    return list;
}

/* ---- what they have ---- */

struct file_id {
    dev_t dev;
    ino_t ino;
};

struct found {
    uint64_t memory, disk;
    struct {
        struct file_id *items;
        size_t len, cap;
    } nameless;  /* counted already: children have what their parent has open */
    bool hidden; /* a process may not be looked into */
};

static bool is_known(struct found *found, const struct stat *st)
{
    VEC_FOREACH (const struct file_id, known, &found->nameless) {
        if (known->dev == st->st_dev && known->ino == st->st_ino) {
            return true;
        }
    }
    if (found->nameless.len < NAMELESS_MAX) {
        VEC_PUSH(&found->nameless, (struct file_id){st->st_dev, st->st_ino});
    }
    return false;
}

static bool is_since(const struct bounds_watch *watch, const struct stat *st)
{
    return st->st_ctim.tv_sec > watch->since.tv_sec ||
           (st->st_ctim.tv_sec == watch->since.tv_sec &&
               st->st_ctim.tv_nsec > watch->since.tv_nsec);
}

/* One that is about to be gone belongs to nobody and has nothing. */
static bool is_alive(pid_t pid)
{
    char path[64];
    struct buf text = BUF_INIT;
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    bool alive = read_text(AT_FDCWD, path, &text) && field_of(&text, "VmSize") > 0;
    buf_free(&text);
    return alive;
}

/* Files that are open and have no name (any more): in memory or on a disk. */
static void add_nameless(const struct bounds_watch *watch, pid_t pid, struct found *found)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
    DIR *dir = opendir(path);
    if (dir == NULL) {
        found->hidden = found->hidden || ((errno == EACCES || errno == EPERM) && is_alive(pid));
        return;
    }
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        struct stat st;
        struct statfs fs;
        char file[sizeof path + sizeof entry->d_name];
        snprintf(file, sizeof file, "%s/%s", path, entry->d_name);
        if (!isdigit((unsigned char)entry->d_name[0]) || stat(file, &st) != 0 ||
            !S_ISREG(st.st_mode) || st.st_nlink > 0 || !is_since(watch, &st) ||
            is_known(found, &st) || statfs(file, &fs) != 0) {
            continue;
        }
        bool in_memory = fs.f_type == TMPFS_MAGIC || fs.f_type == HUGETLBFS_MAGIC;
        *(in_memory ? &found->memory : &found->disk) += (uint64_t)st.st_blocks * 512;
    }
    closedir(dir);
}

/* What several share counts for each of them; `shared_once`: only a part of it for each, which
 * takes the kernel longer to say. */
static uint64_t memory_of(pid_t pid, bool shared_once, struct buf *text)
{
    static const char *const whole[] = {"RssAnon", "RssShmem", "VmSwap"};
    static const char *const parts[] = {"Pss_Anon", "Pss_Shmem", "SwapPss"};
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, shared_once ? "smaps_rollup" : "status");
    if (shared_once && read_text(AT_FDCWD, path, text) && text->len > 0) {
        return sum_of(text, parts, ARRAY_LEN(parts));
    }
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    return read_text(AT_FDCWD, path, text) ? sum_of(text, whole, ARRAY_LEN(whole)) : 0;
}

static uint64_t memory_of_all(const struct process_list *list, bool shared_once)
{
    struct buf text = BUF_INIT;
    uint64_t sum = 0;
    VEC_FOREACH (const pid_t, pid, list) {
        sum += memory_of(*pid, shared_once, &text);
    }
    buf_free(&text);
    return sum;
}

static uint64_t shared_memory(void)
{
    struct buf text = BUF_INIT;
    uint64_t bytes = read_text(AT_FDCWD, "/proc/meminfo", &text) ? field_of(&text, "Shmem") : 0;
    buf_free(&text);
    return bytes;
}

static void look_at_processes(const struct bounds_watch *watch, struct found *found)
{
    struct process_list list = find_processes();
    VEC_FOREACH (const pid_t, pid, &list) {
        add_nameless(watch, *pid, found);
    }
    if (found->hidden) {
        uint64_t shared = shared_memory();
        found->memory += shared > watch->shared_at_start ? shared - watch->shared_at_start : 0;
    }
    uint64_t own = memory_of_all(&list, false);
    if (found->memory + own > watch->memory_max) {
        own = memory_of_all(&list, true);
    }
    found->memory += own;
    VEC_FREE(&list);
}

/* ---- its folders ---- */

static void walk(struct bounds_watch *watch, int dir, const char *name, int depth)
{
    int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *folder = fd < 0 || depth == DEPTH_MAX ? NULL : fdopendir(fd);
    if (folder == NULL) {
        watch->hidden = watch->hidden || fd >= 0 || errno != ENOENT;
        if (fd >= 0) {
            close(fd);
        }
        return;
    }
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        struct stat st;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
            fstatat(fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
            continue;
        }
        if (is_since(watch, &st)) {
            uint64_t bytes = (uint64_t)st.st_blocks * 512;
            watch->written += (bytes < FILE_LEAST ? FILE_LEAST : bytes) /
                              (S_ISDIR(st.st_mode) || st.st_nlink == 0 ? 1 : st.st_nlink);
        }
        if (S_ISDIR(st.st_mode)) {
            walk(watch, fd, entry->d_name, depth + 1);
        }
    }
    closedir(folder);
}

/* What everybody has on the disks of the folders. */
static uint64_t disk_used(const struct paths *folders)
{
    uint64_t used = 0;
    unsigned long known[16];
    size_t count = 0;
    VEC_FOREACH (char *const, folder, folders) {
        struct statvfs fs;
        bool again = false;
        if (statvfs(*folder, &fs) != 0) {
            continue;
        }
        for (size_t i = 0; i < count; i++) {
            again = again || known[i] == fs.f_fsid;
        }
        if (!again) {
            used += (uint64_t)(fs.f_blocks - fs.f_bfree) * fs.f_frsize +
                    (uint64_t)(fs.f_files - fs.f_ffree) * FILE_LEAST;
            if (count < ARRAY_LEN(known)) {
                known[count++] = fs.f_fsid;
            }
        }
    }
    return used;
}

/* Only where much more is there than at the last walk, and now and then, as others may have made
 * room meanwhile. */
static void look_at_folders(struct bounds_watch *watch, uint64_t nameless)
{
    uint64_t used = disk_used(watch->writable);
    uint64_t now = now_us();
    uint64_t known = watch->written + nameless;
    uint64_t left = watch->disk_max > known ? watch->disk_max - known : 0;
    bool grown = used > watch->disk_at_walk && used - watch->disk_at_walk >= left / 4;
    uint64_t rest = watch->walk_cost_us * COST_SHARE;
    if (used == watch->disk_at_walk ||
        now - watch->walked_us < (grown || rest > WALK_EVERY_US ? rest : WALK_EVERY_US)) {
        return;
    }
    watch->written = 0;
    watch->hidden = false;
    VEC_FOREACH (char *const, folder, watch->writable) {
        walk(watch, AT_FDCWD, *folder, 0);
    }
    watch->disk_at_walk = used;
    watch->walked_us = now_us();
    watch->walk_cost_us = watch->walked_us - now;
}

/* ---- both ---- */

void bounds_begin(struct bounds_watch *watch, const struct paths *writable, uint64_t memory_max,
    uint64_t disk_max)
{
    *watch = (struct bounds_watch){.memory_max = memory_max,
        .disk_max = disk_max,
        .writable = writable,
        .disk_at_start = disk_used(writable),
        .shared_at_start = shared_memory(),
        .walked_us = now_us(),
        .look_at_us = now_us() + PAUSE_LEAST_US};
    watch->disk_at_walk = watch->disk_at_start;
    clock_gettime(CLOCK_REALTIME_COARSE, &watch->since); /* the clock of files */
}

/* Until what is left could be used up. */
static uint64_t pause_for(uint64_t max, uint64_t used)
{
    uint64_t left = max > used ? max - used : 0;
    return left / (BYTES_A_SECOND / 1000000);
}

static uint64_t pause_between(uint64_t pause, uint64_t cost)
{
    uint64_t least = cost * COST_SHARE > PAUSE_LEAST_US ? cost * COST_SHARE : PAUSE_LEAST_US;
    pause = pause > PAUSE_MOST_US ? PAUSE_MOST_US : pause;
    return pause < least ? least : pause;
}

uint64_t bounds_pause_us(const struct bounds_watch *watch)
{
    uint64_t now = now_us();
    return watch->look_at_us > now ? watch->look_at_us - now : 0;
}

bool bounds_hold(struct bounds_watch *watch, struct err *err)
{
    uint64_t begun = now_us();
    struct found found = {0};
    look_at_processes(watch, &found);
    look_at_folders(watch, found.disk);
    VEC_FREE(&found.nameless);
    uint64_t disk = watch->written + found.disk;
    if (found.hidden || watch->hidden) {
        uint64_t used = disk_used(watch->writable);
        uint64_t grown = used > watch->disk_at_start ? used - watch->disk_at_start : 0;
        disk = grown > disk ? grown : disk;
    }
    uint64_t memory_pause = pause_for(watch->memory_max, found.memory);
    uint64_t disk_pause = pause_for(watch->disk_max, disk);
    uint64_t now = now_us();
    watch->look_at_us =
        now + pause_between(memory_pause < disk_pause ? memory_pause : disk_pause, now - begun);
    if (found.memory > watch->memory_max) {
        return err_set(err, ERR_LIMIT,
            "ended: it and all it started had %llu MB in memory together, and sandbox_memory "
            "allows "
            "%llu",
            (unsigned long long)(found.memory / MB), (unsigned long long)(watch->memory_max / MB));
    }
    if (disk > watch->disk_max) {
        return err_set(err, ERR_LIMIT,
            "ended: it and all it started had written %llu MB to the disk together, and "
            "sandbox_disk "
            "allows %llu",
            (unsigned long long)(disk / MB), (unsigned long long)(watch->disk_max / MB));
    }
    return true;
}
