/* Drives a fuzz target without libFuzzer: runs each corpus file as it is, then a bounded number of
 * random mutations of them. The seed is fixed (or FUZZ_SEED) so that a failure comes again;
 * FUZZ_RUNS runs longer by hand. */
#include "base/file.h"
#include "base/path.h"
#include "base/vec.h"
#include "dice.h"

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t state;

static uint64_t next_random(void)
{
    return dice_roll(&state);
}

static size_t below(size_t bound)
{
    return bound == 0 ? 0 : (size_t)(next_random() % bound);
}

struct corpus {
    struct buf *items;
    size_t len, cap;
};

static void load(struct corpus *corpus, const char *dir)
{
    DIR *handle = opendir(dir);
    struct dirent *entry;
    while (handle != NULL && (entry = readdir(handle)) != NULL) {
        if (entry->d_name[0] == '.') {
            continue;
        }
        char *path = path_join(dir, entry->d_name);
        struct buf data = BUF_INIT;
        if (file_read(path, 1 << 20, &data, NULL)) {
            VEC_PUSH(corpus, data);
        }
        free(path);
    }
    if (handle != NULL) {
        closedir(handle);
    }
}

static void mutate(struct buf *data, const struct corpus *corpus)
{
    static const char *const interesting[] = {"\n", "\r\n", "\0", "\xff", "{", "}", "[", "]", "\"",
        "`", "#", ":", "-", "*** ", "@@", "\\", "0", " "};
    size_t edits = 1 + below(8);
    for (size_t i = 0; i < edits; i++) {
        size_t at = below(data->len + 1);
        switch (below(6)) {
        case 0:
            buf_remove(data, at, below((data->len - at < 64 ? data->len - at : 64) + 1));
            break;
        case 1: {
            const char *text = interesting[below(ARRAY_LEN(interesting))];
            buf_insert(data, at, text, text[0] == '\0' ? 1 : strlen(text));
            break;
        }
        case 2:
            if (at < data->len) {
                data->ptr[at] = (char)next_random();
            }
            break;
        case 3: {
            const struct buf *other = &corpus->items[below(corpus->len)];
            size_t from = below(other->len + 1);
            size_t len = below((other->len - from < 512 ? other->len - from : 512) + 1);
            if (len > 0) {
                char *copy = mem_dup(other->ptr + from, len);
                buf_insert(data, at, copy, len);
                free(copy);
            }
            break;
        }
        case 4: {
            char byte = (char)next_random();
            buf_insert(data, at, &byte, 1);
            break;
        }
        default:
            if (data->len > 0) {
                data->len = at;
            }
        }
    }
}

int main(int argc, char **argv)
{
    struct corpus corpus = {0};
    const char *seed = getenv("FUZZ_SEED");
    const char *runs_text = getenv("FUZZ_RUNS");
    state = seed != NULL ? strtoull(seed, NULL, 10) * 2654435761u + 1 : 88172645463325252u;
    unsigned long long runs = runs_text != NULL ? strtoull(runs_text, NULL, 10) : 3000;
    for (int i = 1; i < argc; i++) {
        load(&corpus, argv[i]);
    }
    if (corpus.len == 0) {
        fprintf(stderr, "fuzz: no corpus: name a folder with at least one file\n");
        return 2;
    }
    VEC_FOREACH (struct buf, item, &corpus) {
        LLVMFuzzerTestOneInput((const uint8_t *)item->ptr, item->len);
    }
    for (unsigned long long i = 0; i < runs; i++) {
        struct buf data = BUF_INIT;
        buf_append_str(&data, buf_str(&corpus.items[below(corpus.len)]));
        mutate(&data, &corpus);
        /* An exact copy, so that AddressSanitizer sees a read one byte past the end. */
        uint8_t *exact = mem_dup(data.ptr, data.len);
        LLVMFuzzerTestOneInput(exact, data.len);
        free(exact);
        buf_free(&data);
    }
    printf("fuzz: %zu corpus files and %llu mutations passed\n", corpus.len, runs);
    VEC_FOREACH (struct buf, item, &corpus) {
        buf_free(item);
    }
    VEC_FREE(&corpus);
    return 0;
}
