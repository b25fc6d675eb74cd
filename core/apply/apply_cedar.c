/* Sets of Cedar policies applied to their requests by `cedar authorize` (engine/cedar_apply.h). */
#include "apply/apply.h"

#include "base/path.h"
#include "base/vec.h"
#include "engine/cedar_apply.h"
#include "engine/cedar_set.h"

#include <stdlib.h>

enum { FIXTURES_OF_JOB = 200 };
#define FILE_MAX_BYTES ((size_t)4 << 20)

/* Files of a set: where each is in the folder. */
struct cedar_own {
    struct plan_words policies, requests;
    char *schema, *entities, *links;
};

static void own_free(void *own)
{
    struct cedar_own *set = own;
    plan_words_free(&set->policies);
    plan_words_free(&set->requests);
    free(set->schema);
    free(set->entities);
    free(set->links);
    free(set);
}

/* ---- finding ---- */

static void copy_words(const struct plan_words *from, struct plan_words *to)
{
    VEC_FOREACH (char *, word, from) {
        VEC_PUSH(to, mem_strdup(*word));
    }
}

static bool is_there(const struct apply_set *set, size_t from, const char *path)
{
    for (size_t i = from; i < set->fixtures.len; i++) {
        if (strcmp(set->fixtures.items[i].file, path) == 0) {
            return true;
        }
    }
    return false;
}

static void add_request(struct apply_set *set, size_t from, const char *path)
{
    struct buf text = BUF_INIT;
    if (is_there(set, from, path) || !apply_read(set, path, FILE_MAX_BYTES, &text, NULL)) {
        buf_free(&text);
        return;
    }
    VEC_PUSH(&set->fixtures, (struct apply_fixture){.id = mem_printf("request %s", path),
                                 .name = mem_strdup(path_base(path)),
                                 .file = mem_strdup(path),
                                 .at = {1, 1},
                                 .kind = APPLY_REQUEST,
                                 .only = "cedar",
                                 .json = true,
                                 .text = text,
                                 .api_version = mem_strdup(""),
                                 .object_kind = mem_strdup(""),
                                 .object_name = mem_strdup(""),
                                 .space = mem_strdup("")});
}

static void add_set(struct apply_set *set, size_t from, const struct cedar_set *of)
{
    struct cedar_own *own = MEM_NEW(struct cedar_own);
    copy_words(&of->policies, &own->policies);
    copy_words(&of->requests, &own->requests);
    own->schema = mem_strdup(of->schema);
    own->entities = mem_strdup(of->entities);
    own->links = mem_strdup(of->links);
    VEC_FOREACH (char *, path, &own->requests) {
        add_request(set, from, *path);
    }
    VEC_PUSH(&set->policies, (struct apply_policy){.engine = "cedar",
                                 .id = mem_printf("cedar %s", of->label),
                                 .name = mem_strdup(of->label),
                                 .file = mem_strdup(of->policies.items[0]),
                                 .at = {1, 1},
                                 .own = own,
                                 .own_free = own_free});
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void find(struct apply_set *set, const atomic_bool *cancel)
{
    struct plan_words paths = {0};
    struct cedar_sets sets = {0};
    bool some = false;
    (void)cancel;
    for (size_t i = 0; i < set->index->files.len; i++) {
        VEC_PUSH(&paths, mem_strdup(set->index->files.items[i].path));
    }
    for (size_t i = 0; i < set->index->others.len; i++) {
        VEC_PUSH(&paths, mem_strdup(set->index->others.items[i]));
        some = some || strstr(set->index->others.items[i], ".cedar") != NULL;
    }
    if (some) {
        qsort(paths.items, paths.len, sizeof *paths.items, by_text);
        cedar_sets_find(set->root, &paths, &sets);
    }
    size_t from = set->fixtures.len;
    for (size_t i = 0; i < sets.len; i++) {
        if (sets.items[i].requests.len > 0) {
            add_set(set, from, &sets.items[i]);
        }
    }
    cedar_sets_free(&sets);
    plan_words_free(&paths);
}

static bool takes(const struct apply_policy *policy, const struct apply_fixture *fixture)
{
    const struct cedar_own *own = policy->own;
    VEC_FOREACH (char *, path, &own->requests) {
        if (fixture->kind == APPLY_REQUEST && strcmp(*path, fixture->file) == 0) {
            return true;
        }
    }
    return false;
}

/* ---- asking ---- */

/* The file as it is read: in the folder, or as it stands unsaved in the editor. */
static char *lay(struct apply_job *job, const char *path, struct err *err)
{
    for (size_t i = 0; i < job->set->text_count; i++) {
        if (strcmp(job->set->texts[i].path, path) == 0) {
            return apply_scratch(job, path, job->set->texts[i].text, err);
        }
    }
    return path_join(job->set->root, path);
}

struct laid {
    struct apply_words policies, requests;
    char *schema, *entities, *links;
};

static void laid_free(void *own)
{
    struct laid *laid = own;
    apply_words_free(&laid->policies);
    apply_words_free(&laid->requests);
    free(laid->schema);
    free(laid->entities);
    free(laid->links);
    free(laid);
}

static bool lay_optional(struct apply_job *job, const char *path, char **out, struct err *err)
{
    *out = path == NULL ? NULL : lay(job, path, err);
    return path == NULL || *out != NULL;
}

static bool write_files(struct apply_job *job, struct apply_command *command, struct err *err)
{
    const struct cedar_own *own = job->set->policies.items[job->policies[0]].own;
    struct laid *laid = MEM_NEW(struct laid);
    bool ok = lay_optional(job, own->schema, &laid->schema, err) &&
              lay_optional(job, own->entities, &laid->entities, err) &&
              lay_optional(job, own->links, &laid->links, err);
    (void)command;
    for (size_t i = 0; ok && i < own->policies.len; i++) {
        char *path = lay(job, own->policies.items[i], err);
        ok = path != NULL;
        if (ok) {
            VEC_PUSH(&laid->policies, path);
        }
    }
    for (size_t i = 0; ok && i < job->fixture_count; i++) {
        char *path = lay(job, job->set->fixtures.items[job->fixtures[i]].file, err);
        ok = path != NULL;
        if (ok) {
            VEC_PUSH(&laid->requests, path);
        }
    }
    job->own = laid;
    job->own_free = laid_free;
    return ok;
}

struct asked {
    struct apply_job *job;
    struct cedar_apply *apply;
    void (*done)(void *data, enum apply_read read, const struct err *err);
    void *data;
};

/* The program names files as it was given them: where they are below the root says enough. */
static char *without_root(const struct apply_set *set, const char *message)
{
    struct buf text = BUF_INIT;
    char *root = mem_printf("%s/", set->root);
    struct str rest = str_of(message);
    for (size_t at; (at = str_find(rest, str_of(root), 0)) != SIZE_MAX;) {
        buf_append_str(&text, str_slice(rest, 0, at));
        rest = str_from(rest, at + strlen(root));
    }
    buf_append_str(&text, rest);
    free(root);
    return buf_take(&text);
}

static void decided(void *data, const struct cedar_decision *decision)
{
    struct asked *asked = data;
    static const enum apply_verdict verdicts[] = {
        [CEDAR_ALLOW] = APPLY_ALLOW, [CEDAR_DENY] = APPLY_DENY, [CEDAR_ERROR] = APPLY_ERROR};
    if (decision->request >= asked->job->fixture_count) {
        return;
    }
    struct apply_cell *cell = apply_job_cell(asked->job, 0, decision->request);
    apply_cell_add(
        cell, verdicts[decision->verdict], without_root(asked->job->set, decision->message));
    if (decision->detail != NULL && cell->detail == NULL) {
        cell->detail = mem_strdup(decision->detail);
    }
}

static void on_done(void *data, const struct cedar_decisions *decisions)
{
    struct asked *asked = data;
    struct asked copy = *asked;
    struct err err = {0};
    (void)decisions; /* told one by one */
    free(asked);
    copy.done(copy.data, APPLY_READ_DONE, &err);
}

static void *start(struct apply_job *job, struct loop *loop, bool offline,
    void (*done)(void *data, enum apply_read read, const struct err *err), void *data)
{
    struct asked *asked = MEM_NEW(struct asked);
    struct laid *laid = job->own;
    struct cedar_apply_set of = {.policies = (const char *const *)laid->policies.items,
        .policy_count = laid->policies.len,
        .schema = laid->schema,
        .entities = laid->entities,
        .links = laid->links};
    struct cedar_apply_options options = {.program = job->program,
        .dir = job->set->root,
        .sets = &of,
        .set_count = 1,
        .requests = (const char *const *)laid->requests.items,
        .request_count = laid->requests.len,
        .offline = offline};
    *asked = (struct asked){.job = job, .done = done, .data = data};
    asked->apply = cedar_apply_start(loop, &options, decided, on_done, asked);
    return asked;
}

static void stop(void *started)
{
    struct asked *asked = started;
    cedar_apply_cancel(asked->apply);
    free(asked);
}

const struct apply_engine apply_engine_cedar = {
    .engine = &engine_cedar,
    .policies_max = 1,
    .fixtures_max = FIXTURES_OF_JOB,
    .find = find,
    .takes = takes,
    .command = write_files,
    .start = start,
    .stop = stop,
};
