/* Results from session to session: what a unit's tests depend on is digested as it is on disk, and
 * what they said is kept under that (result_cache.h). */
#include "engine/runner_internal.h"

#include "base/file.h"
#include "base/path.h"
#include "engine/opa.h"

#include <stdlib.h>
#include <sys/stat.h>

enum { CLOCK_GRAIN_NS = 20000000 };
#define DOCUMENT_MAX ((size_t)8 << 20)

static void add_word(struct sha256 *sha, const char *word)
{
    sha256_add(sha, str_make(word, strlen(word) + 1));
}

/* ---- what a unit depends on ---- */

static bool has_text(const struct run *run, const char *path)
{
    VEC_FOREACH (const struct run_text, text, &run->texts) {
        if (strcmp(text->path, path) == 0) {
            return true;
        }
    }
    return false;
}

/* Of the file's content; "": it is not known, or is no file's. */
static void digest_content(const char *root, const char *path, char digest[SHA256_HEX_SIZE])
{
    struct err err;
    struct buf text = BUF_INIT;
    char *full = path_join(root, path);
    digest[0] = '\0';
    if (file_read(full, DOCUMENT_MAX, &text, &err)) {
        sha256_hex(buf_str(&text), digest);
    }
    buf_free(&text);
    free(full);
}

/* Digests of the plan's files by place, made when first asked for. */
typedef char (*digests)[SHA256_HEX_SIZE];

static const char *digest_of(const struct run *run, digests known, size_t place)
{
    const struct plan_file *file = &run->plan->files.items[place];
    if (known[place][0] == '\0' && !has_text(run, file->path)) {
        if (file->is_data) {
            digest_content(run->plan->root, file->path, known[place]);
        } else {
            memcpy(known[place], file->digest, SHA256_HEX_SIZE);
        }
    }
    return known[place];
}

static bool make_key(const struct run *run, digests known, size_t place, char out[SHA256_HEX_SIZE])
{
    const struct plan_unit *unit = &run->plan->units.items[place];
    struct sha256 sha;
    sha256_init(&sha);
    add_word(&sha, unit->label);
    add_word(&sha, policy_dialect_name(unit->dialect));
    sha256_add(&sha, str_make((const char *)&run->plan->declared, sizeof run->plan->declared));
    VEC_FOREACH (char *, arg, &unit->args) {
        add_word(&sha, *arg);
    }
    VEC_FOREACH (size_t, file, &unit->files) {
        const struct plan_file *loaded = &run->plan->files.items[*file];
        const char *digest = digest_of(run, known, *file);
        if (loaded->is_volatile || digest[0] == '\0') {
            return false;
        }
        add_word(&sha, loaded->path);
        add_word(&sha, loaded->load == NULL ? "" : loaded->load);
        add_word(&sha, digest);
    }
    VEC_FOREACH (size_t, test, &unit->tests) {
        add_word(&sha, run->plan->tests.items[*test].name);
    }
    sha256_finish(&sha, out);
    return true;
}

void run_read_cache(struct run *run)
{
    const struct run_plan *plan = run->plan;
    if (run->cache_of == NULL || plan->part) { /* what a change reaches is quicker run than kept */
        return;
    }
    digests known = mem_zalloc((plan->files.len + 1) * sizeof *known);
    run->cache_keys = mem_zalloc((plan->units.len + 1) * sizeof *run->cache_keys);
    for (size_t i = 0; i < plan->units.len && !atomic_load(&run->stop_scan); i++) {
        const struct plan_unit *unit = &plan->units.items[i];
        bool may =
            (unit->included || run->resumes) && run_may_keep(run, unit) && unit->trouble == NULL;
        if (!may || !make_key(run, known, i, run->cache_keys[i])) {
            run->cache_keys[i][0] = '\0';
        }
    }
    free(known);
    if (run->runner->cache == NULL) {
        char *path = result_cache_path(run->cache_of);
        run->cache = result_cache_read(path);
        free(path);
    }
}

void run_take_cache(struct run *run)
{
    struct runner *runner = run->runner;
    if (runner->cache == NULL && run->cache != NULL) {
        runner->cache = run->cache;
        run->cache = NULL;
        runner->cache_path = result_cache_path(run->cache_of);
    }
}

/* With what the program is and how it is called, which is known only when the tests begin. */
static bool finish_key(const struct run *run, size_t unit, char key[SHA256_HEX_SIZE])
{
    const struct runner *runner = run->runner;
    const struct engine *engine = run->plan->units.items[unit].engine;
    const struct companion *other = engine == NULL ? NULL : runner_companion(runner, engine);
    const char *program = engine == NULL ? runner->program : other == NULL ? NULL : other->program;
    const char *version = engine == NULL ? runner->version : other == NULL ? NULL : other->version;
    struct stat st;
    if (run->cache_keys == NULL || run->cache_keys[unit][0] == '\0' || runner->cache == NULL ||
        runner->cache_path == NULL || program == NULL || version == NULL ||
        stat(program, &st) != 0) {
        return false;
    }
    struct sha256 sha;
    sha256_init(&sha);
    add_word(&sha, BYLAW_VERSION);
    add_word(&sha, engine == NULL ? runner->engine->name : engine->name);
    add_word(&sha, program);
    add_word(&sha, version);
    char *how = mem_printf("%llu %lld %ld %u", (unsigned long long)st.st_size,
        (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec, opa_test_timeout());
    add_word(&sha, how);
    free(how);
    add_word(&sha, run->cache_keys[unit]);
    sha256_finish(&sha, key);
    return true;
}

void run_adopt_cached(struct run *run, size_t unit)
{
    char key[SHA256_HEX_SIZE];
    const struct cached_unit *cached =
        finish_key(run, unit, key) ? result_cache_find(run->runner->cache, key) : NULL;
    if (cached != NULL && cached->count == run->plan->units.items[unit].tests.len) {
        run_adopt(run, unit, cached->tests);
    }
}

/* ---- what is kept ---- */

struct write_job {
    char *path, *root;
    int64_t started_ns;
    struct {
        struct kept_file {
            char *path;
            char digest[SHA256_HEX_SIZE]; /* of a policy; "" of a document */
            bool checked, unchanged;
        } * items;
        size_t len, cap;
    } files; /* by place in the plan; path NULL: not needed */
    struct {
        struct kept_unit {
            char key[SHA256_HEX_SIZE];
            struct policy_set files;
            struct results *tests;
            size_t count;
        } * items;
        size_t len, cap;
    } units;
};

static void job_free(struct write_job *job)
{
    VEC_FOREACH (struct kept_file, file, &job->files) {
        free(file->path);
    }
    VEC_FREE(&job->files);
    VEC_FOREACH (struct kept_unit, unit, &job->units) {
        for (size_t i = 0; i < unit->count; i++) {
            results_free(&unit->tests[i]);
        }
        free(unit->tests);
        VEC_FREE(&unit->files);
    }
    VEC_FREE(&job->units);
    free(job->path);
    free(job->root);
    free(job);
}

/* The engine read what the key says only if nothing was written there since before the run. */
static bool is_unchanged(const struct write_job *job, struct kept_file *file)
{
    if (!file->checked) {
        struct stat st;
        char digest[SHA256_HEX_SIZE] = "";
        char *full = path_join(job->root, file->path);
        file->checked = true;
        file->unchanged =
            stat(full, &st) == 0 && (int64_t)st.st_ctim.tv_sec * 1000000000 + st.st_ctim.tv_nsec <
                                        job->started_ns - CLOCK_GRAIN_NS;
        if (file->unchanged && file->digest[0] != '\0') {
            digest_content(job->root, file->path, digest);
            file->unchanged = strcmp(digest, file->digest) == 0;
        }
        free(full);
    }
    return file->unchanged;
}

static void write_work(void *data)
{
    struct write_job *job = data;
    struct err err;
    struct result_cache *more = result_cache_parse(STR_LIT(""));
    VEC_FOREACH (struct kept_unit, unit, &job->units) {
        bool ok = true;
        VEC_FOREACH (size_t, place, &unit->files) {
            ok = ok && is_unchanged(job, &job->files.items[*place]);
        }
        if (ok) {
            (void)!result_cache_put(more, unit->key, unit->tests, unit->count);
        }
    }
    if (result_cache_count(more) > 0) {
        (void)!result_cache_add(job->path, more, &err);
    }
    result_cache_free(more);
}

static void write_done(void *data, bool cancelled)
{
    (void)cancelled;
    job_free(data);
}

static void add_unit(struct write_job *job, const struct run *run, size_t place, const char *key)
{
    const struct plan_unit *unit = &run->plan->units.items[place];
    struct kept_unit kept = {
        .count = unit->tests.len, .tests = mem_zalloc((unit->tests.len + 1) * sizeof *kept.tests)};
    memcpy(kept.key, key, SHA256_HEX_SIZE);
    VEC_FOREACH (size_t, file, &unit->files) {
        const struct plan_file *loaded = &run->plan->files.items[*file];
        struct kept_file *known = &job->files.items[*file];
        VEC_PUSH(&kept.files, *file);
        if (known->path == NULL) {
            known->path = mem_strdup(loaded->path);
            memcpy(known->digest, loaded->is_data ? "" : loaded->digest,
                loaded->is_data ? 1 : SHA256_HEX_SIZE);
        }
    }
    for (size_t i = 0; i < kept.count; i++) {
        const struct results *rows = run_known_rows(run, unit->tests.items[i]);
        for (size_t row = 0; rows != NULL && row < rows->len; row++) {
            VEC_PUSH(&kept.tests[i], result_copy(&rows->items[row]));
        }
    }
    VEC_PUSH(&job->units, kept);
}

void run_write_cache(struct run *run)
{
    struct runner *runner = run->runner;
    if (run_plan_made(run) == NULL || run->cache_keys == NULL || runner->cache_path == NULL) {
        return;
    }
    struct write_job *job = MEM_NEW(struct write_job);
    job->path = mem_strdup(runner->cache_path);
    job->root = mem_strdup(run->plan->root);
    job->started_ns = run->started_ns;
    VEC_RESERVE(&job->files, run->plan->files.len + 1);
    for (size_t i = 0; i < run->plan->files.len; i++) {
        VEC_PUSH(&job->files, (struct kept_file){0});
    }
    for (size_t i = 0; i < run->plan->units.len; i++) {
        char key[SHA256_HEX_SIZE];
        const struct plan_unit *unit = &run->plan->units.items[i];
        if (unit->included && run_may_reuse(run, i) && finish_key(run, i, key) &&
            result_cache_find(runner->cache, key) == NULL) {
            add_unit(job, run, i, key);
        }
    }
    if (job->units.len == 0) {
        job_free(job);
        return;
    }
    loop_work_start(runner->loop, write_work, write_done, job);
}
