/* From accepting a hunk of a proposal to the first result of a test that it can reach, in a folder
 * of policies made by gen_repo.py.
 *
 *     bench-accept FOLDER [DECISIONS]
 *
 * The proposal adds a rule to policies (and, one in ten, to libraries). One hunk is accepted or
 * opened again at a time, as the review's keys do, once the one before is answered to its end.
 * Prints a row of a table: files, median and 95th percentile of the time to the first result and to
 * the last of what the hunk reaches, the tests that are, and the processor time of our own. */
#include "agent/workbench.h"
#include "base/file.h"
#include "base/path.h"
#include "base/vec.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

enum { PROPOSED = 40 };

struct bench {
    const char *folder;
    struct loop *loop;
    struct workbench *wb;
    size_t files;
    struct numbers {
        double *items;
        size_t len, cap;
    } first, last, tests, own;
};

static int by_number(const void *a, const void *b)
{
    const double *x = a;
    const double *y = b;
    return *x < *y ? -1 : *x > *y;
}

static double at(struct numbers *numbers, double share)
{
    qsort(numbers->items, numbers->len, sizeof *numbers->items, by_number);
    return numbers->items[(size_t)((double)(numbers->len - 1) * share)];
}

/* Processor time of this process, its workers included, opa not. */
static uint64_t own_us(void)
{
    struct rusage usage;
    (void)getrusage(RUSAGE_SELF, &usage);
    return (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000 +
           (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

static bool add_change(struct bench *b, struct changes *set, const char *path)
{
    struct err err;
    struct change change = {
        .kind = CHANGE_UPDATE, .path = mem_strdup(path), .mode = 0644, .base_exists = true};
    char *full = path_join(b->folder, path);
    bool ok = file_read(full, (size_t)1 << 20, &change.base, &err);
    buf_append_str(&change.content, buf_str(&change.base));
    buf_append_c(&change.content, "\nadded_by_a_model if true\n");
    free(full);
    VEC_PUSH(set, change);
    return ok;
}

static bool propose(struct bench *b)
{
    struct err err = {0};
    struct changes set = {0};
    size_t policies = 0;
    char *full = path_join(b->folder, "pol");
    for (bool there = true; there; policies += there) {
        char *path = mem_printf("%s/g%zu/p%zu.rego", full, policies / 20, policies);
        struct buf text = BUF_INIT;
        there = file_read(path, (size_t)1 << 20, &text, &err);
        buf_free(&text);
        free(path);
    }
    free(full);
    size_t libraries = policies / 20 + 1;
    b->files = policies * 2 + libraries;
    bool ok = policies > PROPOSED * 2;
    for (size_t i = 0; i < PROPOSED && ok; i++) {
        size_t number = i * (policies / PROPOSED);
        char *path = i % 10 == 9 ? mem_printf("lib/l%zu.rego", i * (libraries - 1) / PROPOSED)
                                 : mem_printf("pol/g%zu/p%zu.rego", number / 20, number);
        ok = add_change(b, &set, path);
        free(path);
    }
    ok = ok && workbench_propose(b->wb, &set, "bench", &err);
    changes_free(&set);
    if (!ok) {
        fprintf(stderr, "bench-accept: %s\n", err.text);
    }
    return ok;
}

static void turn(struct bench *b)
{
    loop_run_once(b->loop, 1000);
}

/* One decision: the first row that is told, the end of the part, then all the rest unmeasured. */
static bool decide(struct bench *b, size_t number)
{
    struct err err;
    struct review *review = proposals_review(workbench_proposals(b->wb));
    const struct checks *tried = workbench_tried(b->wb);
    size_t file = number * 7 % PROPOSED;
    size_t items = review_file(review, file)->items.len;
    enum review_decision decision = number / PROPOSED % 2 == 0 ? REVIEW_ACCEPTED : REVIEW_OPEN;
    uint64_t own = own_us();
    uint64_t started = loop_now_us();
    if (!review_decide(review, file, 0, items, decision, (struct str){0}, &err)) {
        return false;
    }
    if (!workbench_try_accepted(b->wb)) {
        return true; /* nothing is left accepted, or all is */
    }
    while (checks_state(tried) != CHECKS_RUNNING ||
           checks_results(tried)->len == checks_told_from(tried)) {
        turn(b);
    }
    double first = (double)(loop_now_us() - started) / 1e3;
    while (checks_ended(tried) < checks_total(tried)) {
        turn(b);
    }
    VEC_PUSH(&b->first, first);
    VEC_PUSH(&b->last, (double)(loop_now_us() - started) / 1e3);
    VEC_PUSH(&b->tests, (double)checks_total(tried));
    VEC_PUSH(&b->own, (double)(own_us() - own) / 1e3);
    while (checks_state(tried) != CHECKS_DONE) {
        turn(b);
    }
    return true;
}

int main(int argc, char **argv)
{
    struct err err = {0};
    size_t decisions = argc > 2 ? strtoul(argv[2], NULL, 10) : 100;
    struct bench b = {.folder = argv[argc > 1], .loop = loop_new(&err)};
    if (argc < 2 || decisions == 0 || b.loop == NULL) {
        fprintf(stderr, "usage: bench-accept FOLDER [DECISIONS]\n");
        return 2;
    }
    struct workbench_options options = {
        .loop = b.loop, .folder = b.folder, .provider = "recording"};
    b.wb = workbench_new(&options, &err);
    bool ok = b.wb != NULL && propose(&b);
    while (ok && !checks_is_settled(workbench_evidence(b.wb))) {
        turn(&b);
    }
    if (ok) { /* as the review does when it is opened; then all runs once */
        workbench_prepare_try(b.wb);
        workbench_try(b.wb, SIZE_MAX, SIZE_MAX);
        while (checks_state(workbench_tried(b.wb)) != CHECKS_DONE) {
            turn(&b);
        }
    }
    for (size_t i = 0; i < decisions && ok; i++) {
        ok = decide(&b, i);
    }
    if (ok && b.first.len > 0) {
        printf("| %zu | %.0f | %.0f | %.0f | %.0f | %.0f | %.1f |\n", b.files, at(&b.first, 0.5),
            at(&b.first, 0.95), at(&b.last, 0.5), at(&b.last, 0.95), at(&b.tests, 0.5),
            at(&b.own, 0.5));
    }
    workbench_free(b.wb);
    VEC_FREE(&b.first);
    VEC_FREE(&b.last);
    VEC_FREE(&b.tests);
    VEC_FREE(&b.own);
    loop_free(b.loop);
    return ok ? 0 : 1;
}
