/* Takes memory or disk, as much as it is told, and then waits to be ended: fill HOW MB [FOLDER].
 * Exit code 0: nobody ended it; 1: it could not take so much; 2: no such way. */
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PART = 4 << 20, PATIENCE_S = 300 };

static char part[PART];

static bool take_memory(long parts)
{
    for (long i = 0; i < parts; i++) {
        char *more = mmap(NULL, PART, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (more == MAP_FAILED) {
            return false;
        }
        memset(more, 1, PART);
    }
    return true;
}

static bool fill_memory(long parts, const char *folder)
{
    (void)folder;
    return take_memory(parts);
}

/* No process of its own has more than a part. */
static bool fill_together(long parts, const char *folder)
{
    (void)folder;
    for (long i = 0; i < parts; i++) {
        pid_t pid = fork();
        if (pid == 0) {
            (void)take_memory(1);
            pause();
        }
        if (pid < 0) {
            return false;
        }
    }
    return true;
}

/* Reserved and not used, as programs in Go or with V8 begin. */
static bool fill_nothing(long parts, const char *folder)
{
    (void)folder;
    return mmap(NULL, (size_t)parts * PART, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) !=
           MAP_FAILED;
}

static bool write_part(int fd)
{
    return fd >= 0 && write(fd, part, PART) == PART;
}

static bool fill_memfd(long parts, const char *folder)
{
    (void)folder;
    for (long i = 0; i < parts; i++) {
        if (!write_part(memfd_create("fill", 0))) {
            return false;
        }
    }
    return true;
}

static bool fill_files(long parts, const char *folder, bool keep)
{
    for (long i = 0; i < parts; i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%ld", folder, i);
        int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        bool done = write_part(fd);
        if (keep) {
            close(fd);
        } else {
            done = unlink(path) == 0 && done;
        }
        if (!done) {
            return false;
        }
    }
    return true;
}

static bool fill_disk(long parts, const char *folder)
{
    return fill_files(parts, folder, true);
}

/* Files that are open and have no name any more. */
static bool fill_nameless(long parts, const char *folder)
{
    return fill_files(parts, folder, false);
}

/* A folder that nobody may list. */
static bool fill_hidden(long parts, const char *folder)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/hidden", folder);
    return mkdir(path, 0300) == 0 && fill_files(parts, path, true);
}

/* Nor may others of the user look into the process. */
static bool fill_unseen(long parts, const char *folder)
{
    return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 && fill_files(parts, folder, false);
}

static const struct way {
    const char *name;
    bool (*go)(long parts, const char *folder);
} ways[] = {
    {"memory", fill_memory},
    {"together", fill_together},
    {"nothing", fill_nothing},
    {"memfd", fill_memfd},
    {"disk", fill_disk},
    {"nameless", fill_nameless},
    {"hidden", fill_hidden},
    {"unseen", fill_unseen},
};

int main(int argc, char **argv)
{
    for (size_t i = 0; argc == 4 && i < sizeof ways / sizeof ways[0]; i++) {
        if (strcmp(ways[i].name, argv[1]) == 0) {
            long mb = strtol(argv[2], NULL, 10);
            if (!ways[i].go(mb / (PART >> 20), argv[3])) {
                perror(argv[1]);
                return 1;
            }
            sleep(ways[i].go == fill_nothing ? 0 : PATIENCE_S);
            return 0;
        }
    }
    fprintf(stderr, "fill HOW MB FOLDER\n");
    return 2;
}
