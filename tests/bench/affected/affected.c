/* From a changed text to the first result of a test it can reach, in a folder of policies.
 *
 *     bench-affected FOLDER [EDITS]
 *
 * Each edit is of a policy (or of a library, one time in ten), not saved, and begins when the
 * pause in typing is over. Prints a row of a table: files, median and 95th percentile of the time
 * to the first result and to the last one of the part, the tests a part had, and the processor time
 * that was our own. */
#include "base/file.h"
#include "base/path.h"
#include "base/vec.h"
#include "engine/runner.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

struct bench {
    struct loop *loop;
    bool settled;
    uint64_t started_us, first_us, own_us;
    size_t results;
    struct {
        char **items;
        size_t len, cap;
    } policies, libraries;
};

static void planned(void *data, unsigned generation, const struct run_plan *plan)
{
    (void)generation;
    struct bench *bench = data;
    for (size_t i = 0; i < plan->files.len && bench->policies.len == 0; i++) {
        const char *path = plan->files.items[i].path;
        if (strncmp(path, "lib/", 4) == 0) {
            VEC_PUSH(&bench->libraries, mem_strdup(path));
        }
    }
    for (size_t i = 0; i < plan->files.len; i++) {
        const char *path = plan->files.items[i].path;
        if (strncmp(path, "pol/", 4) == 0 && strstr(path, "_test.rego") == NULL) {
            VEC_PUSH(&bench->policies, mem_strdup(path));
        }
    }
}

static void part(void *data, unsigned generation, const struct run_plan *plan)
{
    (void)data;
    (void)generation;
    (void)plan;
}

static void result(
    void *data, unsigned generation, size_t test, const struct result *rows, size_t count)
{
    (void)generation;
    (void)test;
    (void)rows;
    (void)count;
    struct bench *bench = data;
    bench->first_us = bench->results++ == 0 ? loop_now_us() : bench->first_us;
}

static void settled(void *data, unsigned generation)
{
    (void)generation;
    ((struct bench *)data)->settled = true;
}

static int by_number(const void *a, const void *b)
{
    const double *x = a;
    const double *y = b;
    return *x < *y ? -1 : *x > *y;
}

static double at(double *numbers, size_t count, double share)
{
    qsort(numbers, count, sizeof *numbers, by_number);
    return numbers[(size_t)((double)(count - 1) * share)];
}

/* Processor time of this process, its workers included, opa not. */
static uint64_t own_us(void)
{
    struct rusage usage;
    (void)getrusage(RUSAGE_SELF, &usage);
    return (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000 +
           (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

/* One edit: a comment more at the end of a policy's text. */
static bool edit(struct bench *bench, struct runner *runner, const char *root, size_t number)
{
    bool library = number % 10 == 9;
    const char *path = library ? bench->libraries.items[number * 7 % bench->libraries.len]
                               : bench->policies.items[number * 7919 % bench->policies.len];
    char *full = path_join(root, path);
    struct buf text = BUF_INIT;
    struct err err;
    bool ok = file_read(full, (size_t)1 << 20, &text, &err);
    buf_printf(&text, "\n# edit %zu\n", number);
    struct policy_text unsaved = {path, buf_str(&text)};
    /* The edit before this one is taken back first, which is not measured. */
    struct run_options options = {.root = root, .scope = RUN_AFFECTED};
    bench->settled = false;
    (void)runner_start(runner, &options);
    ok = ok && loop_run_until(bench->loop, &bench->settled, 120000);
    options.texts = &unsaved;
    options.text_count = 1;
    bench->settled = false;
    bench->own_us = own_us();
    bench->results = 0;
    bench->started_us = loop_now_us();
    (void)runner_start(runner, &options);
    ok = ok && loop_run_until(bench->loop, &bench->settled, 120000) && bench->results > 0;
    bench->own_us = own_us() - bench->own_us;
    buf_free(&text);
    free(full);
    return ok;
}

int main(int argc, char **argv)
{
    struct err err;
    struct bench bench = {.loop = loop_new(&err)};
    size_t edits = argc > 2 ? strtoul(argv[2], NULL, 10) : 100;
    if (argc < 2 || edits == 0 || bench.loop == NULL) {
        fprintf(stderr, "usage: bench-affected FOLDER [EDITS]\n");
        return 2;
    }
    struct runner_events events = {.data = &bench,
        .planned = planned,
        .planned_part = part,
        .result = result,
        .settled = settled};
    struct runner *runner = runner_new(bench.loop, &engine_opa, &events);
    struct run_options all = {.root = argv[1], .scope = RUN_ALL};
    (void)runner_start(runner, &all);
    bool ok = loop_run_until(bench.loop, &bench.settled, 600000) && bench.policies.len > 0 &&
              bench.libraries.len > 0;
    double *first = mem_zalloc(edits * sizeof *first);
    double *last = mem_zalloc(edits * sizeof *last);
    double *tests = mem_zalloc(edits * sizeof *tests);
    double *own = mem_zalloc(edits * sizeof *own);
    size_t files = bench.policies.len * 2 + bench.libraries.len;
    for (size_t i = 0; i < edits && ok; i++) {
        ok = edit(&bench, runner, argv[1], i);
        first[i] = (double)(bench.first_us - bench.started_us) / 1e3;
        last[i] = (double)(loop_now_us() - bench.started_us) / 1e3;
        tests[i] = (double)bench.results;
        own[i] = (double)bench.own_us / 1e3;
    }
    if (ok) {
        printf("| %zu | %.0f | %.0f | %.0f | %.0f | %.0f | %.1f |\n", files, at(first, edits, 0.5),
            at(first, edits, 0.95), at(last, edits, 0.5), at(last, edits, 0.95),
            at(tests, edits, 0.5), at(own, edits, 0.5));
    } else {
        fprintf(stderr, "an edit got no result: is %s made by gen_repo.py?\n", argv[1]);
    }
    runner_free(runner);
    VEC_FOREACH (char *, path, &bench.policies) {
        free(*path);
    }
    VEC_FOREACH (char *, path, &bench.libraries) {
        free(*path);
    }
    VEC_FREE(&bench.policies);
    VEC_FREE(&bench.libraries);
    free(first);
    free(last);
    free(tests);
    free(own);
    loop_free(bench.loop);
    return ok ? 0 : 1;
}
