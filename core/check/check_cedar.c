/* Cedar's part of a check: what `cedar validate` says of the texts on the screen, by the set of
 * policies they belong to (engine/cedar_set.h). Without a schema they are only parsed. */
#include "check/check_private.h"

#include "base/path.h"
#include "engine/cedar.h"

#include <stdlib.h>

enum { ANSWER_TIMEOUT_MS = 10000, SETS_MAX = 8 };
#define MEMORY_MAX_BYTES ((uint64_t)1 << 30)

/* One set, or a schema that belongs to none. */
struct cedar_check {
    struct plan_words paths; /* of its policies */
    char *schema;            /* or NULL */
    struct cedar_source policies, schema_text;
    struct plan_words args;
    struct check_job *job; /* while it is asked */
    struct buf out, errout;
};

bool check_is_cedar(const char *path)
{
    const char *ext = path_ext(path);
    return strcmp(ext, ".cedar") == 0 || strcmp(ext, ".cedarschema") == 0;
}

void check_cedar_free(struct cedar_check *check)
{
    plan_words_free(&check->paths);
    plan_words_free(&check->args);
    cedar_source_free(&check->policies);
    cedar_source_free(&check->schema_text);
    buf_free(&check->out);
    buf_free(&check->errout);
    free(check->schema);
    free(check);
}

/* ---- preparing ---- */

struct texts {
    struct policy_text *items;
    size_t len, cap;
};

static bool push_file(struct check_job *job, struct cedar_check *check, const char *flag,
    const char *path, struct str text)
{
    const char *load = check_lay(job, path, path_ext(path), text);
    if (load == NULL) {
        return false;
    }
    plan_words_push(&check->args, flag);
    plan_words_push(&check->args, load);
    return true;
}

static bool push_schema(struct check_job *job, struct cedar_check *check, const struct texts *texts)
{
    const char *root = job->checker->root;
    if (!cedar_source_read_laid(
            root, &check->schema, 1, texts->items, texts->len, &check->schema_text)) {
        job->trouble = mem_printf("%s cannot be read", check->schema);
        return false;
    }
    bool ok = push_file(job, check, "-s", check->schema, buf_str(&check->schema_text.text));
    if (ok && strcmp(path_ext(check->schema), ".json") == 0) {
        plan_words_push(&check->args, "--schema-format");
        plan_words_push(&check->args, "json");
    }
    check_cover(job, check->schema);
    return ok;
}

static bool push_policies(
    struct check_job *job, struct cedar_check *check, const struct texts *texts)
{
    if (!cedar_source_read_laid(job->checker->root, check->paths.items, check->paths.len,
            texts->items, texts->len, &check->policies)) {
        job->trouble = mem_printf("the policies of %s cannot all be read, or are too large to "
                                  "check as you type (up to %d MB)",
            job->request.focus, (int)(CEDAR_SOURCE_MAX >> 20));
        return false;
    }
    VEC_FOREACH (char *, path, &check->paths) {
        check_cover(job, *path);
    }
    return push_file(job, check, "-p", check->paths.items[0], buf_str(&check->policies.text));
}

static void push_check(
    struct check_job *job, struct cedar_check *check, long long level, const struct texts *texts)
{
    bool validates = check->schema != NULL && check->paths.len > 0;
    VEC_PUSH(&job->cedar, check);
    plan_words_push(&check->args, "");
    plan_words_push(&check->args, validates ? "validate" : "check-parse");
    plan_words_push(&check->args, "--error-format");
    plan_words_push(&check->args, "json");
    bool ok = (check->schema == NULL || push_schema(job, check, texts)) &&
              (check->paths.len == 0 || push_policies(job, check, texts));
    if (ok && validates && level >= 0) {
        plan_words_push(&check->args, "--level");
        VEC_PUSH(&check->args, mem_printf("%lld", level));
    }
}

/* Policies as JSON are not typed by hand, and have no places. */
static bool is_about(const struct cedar_set *set, const char *focus)
{
    bool json = strcmp(path_ext(set->policies.items[0]), ".json") == 0;
    return !json && (plan_words_have(&set->policies, focus) ||
                        (set->schema != NULL && strcmp(set->schema, focus) == 0));
}

static void add_sets(
    struct check_job *job, const struct cedar_sets *sets, const struct texts *texts)
{
    const char *focus = job->request.focus;
    for (size_t i = 0; i < sets->len && job->trouble == NULL; i++) {
        const struct cedar_set *set = &sets->items[i];
        if (!is_about(set, focus)) {
            continue;
        }
        if (job->cedar.len >= SETS_MAX) {
            job->unchecked++;
            continue;
        }
        struct cedar_check *check = MEM_NEW(struct cedar_check);
        VEC_FOREACH (char *, path, &set->policies) {
            plan_words_push(&check->paths, *path);
        }
        check->schema = mem_strdup(set->schema);
        push_check(job, check, set->level, texts);
    }
    if (job->cedar.len == 0 && job->trouble == NULL) {
        struct cedar_check *alone = MEM_NEW(struct cedar_check);
        bool is_schema = strcmp(path_ext(focus), ".cedarschema") == 0;
        if (is_schema) {
            alone->schema = mem_strdup(focus);
        } else {
            plan_words_push(&alone->paths, focus);
        }
        push_check(job, alone, -1, texts);
    }
}

void check_cedar_prepare(struct check_job *job)
{
    if (!check_bring_up_to_date(job) || atomic_load(&job->cancelled)) {
        return;
    }
    const struct policy_index *index = job->checker->index;
    struct plan_words paths = {0};
    struct texts texts = {0};
    struct cedar_sets sets = {0};
    size_t file = 0;
    size_t other = 0;
    while (file < index->files.len || other < index->others.len) {
        const char *a = file < index->files.len ? index->files.items[file].path : NULL;
        const char *b = other < index->others.len ? index->others.items[other] : NULL;
        bool first = b == NULL || (a != NULL && strcmp(a, b) < 0);
        plan_words_push(&paths, first ? a : b);
        file += first;
        other += !first;
    }
    VEC_FOREACH (const struct check_text, text, &job->request.texts) {
        if (!text->too_large) {
            VEC_PUSH(&texts, (struct policy_text){text->path, buf_str(&text->text)});
        }
    }
    check_cover(job, job->request.focus);
    cedar_sets_find(job->checker->root, &paths, &sets);
    add_sets(job, &sets, &texts);
    cedar_sets_free(&sets);
    plan_words_free(&paths);
    VEC_FREE(&texts);
    job->prepared = job->trouble == NULL && !atomic_load(&job->cancelled);
}

/* ---- asking ---- */

static void take(struct cedar_check *check, const struct process_result *result)
{
    struct check_job *job = check->job;
    const char *first = check->paths.len > 0 ? check->paths.items[0] : check->schema;
    struct cedar_diagnostics diagnostics = {0};
    cedar_parse_diagnostics(buf_str(&check->out), &diagnostics);
    VEC_FOREACH (struct cedar_diagnostic, diagnostic, &diagnostics) {
        bool in_schema = diagnostic->in_schema || check->paths.len == 0;
        struct cedar_diagnostic placed = *diagnostic;
        placed.in_schema = in_schema;
        struct finding finding = cedar_finding(&placed, &check->policies,
            check->schema == NULL ? NULL : &check->schema_text,
            in_schema && check->schema != NULL ? check->schema : first);
        findings_add(&job->answers, &finding);
        finding_free(&finding);
    }
    if (diagnostics.len == 0 && result->exit_code != 0) {
        struct str said = str_trim(buf_str(check->errout.len > 0 ? &check->errout : &check->out));
        job->trouble =
            result->timed_out ? mem_strdup("cedar did not answer within 10 s and was stopped")
            : result->too_large
                ? mem_strdup("cedar needed more than 1 GB of memory")
                : mem_printf("cedar ended with exit code %d: %.*s", result->exit_code,
                      (int)(said.len < 300 ? said.len : 300), said.ptr == NULL ? "" : said.ptr);
    }
    cedar_diagnostics_free(&diagnostics);
}

static void on_data(void *data, enum process_stream stream, struct str bytes)
{
    struct cedar_check *check = data;
    buf_append_str(stream == PROCESS_STDOUT ? &check->out : &check->errout, bytes);
}

static void on_exit_(void *data, const struct process_result *result)
{
    struct cedar_check *check = data;
    struct check_job *job = check->job;
    check_process_ended(job, check);
    if (!atomic_load(&job->cancelled)) {
        take(check, result);
        job->asked++;
        check_cedar_ask(job);
    }
    check_release(job);
}

static void start(struct check_job *job, struct cedar_check *check, struct err *err)
{
    static const char *const environment[] = {"NO_COLOR=1", NULL};
    char *program = engine_find(&engine_cedar, err);
    if (program == NULL) {
        return;
    }
    free(check->args.items[0]);
    check->args.items[0] = program;
    VEC_PUSH(&check->args, NULL);
    check->job = job;
    struct process_options options = {.argv = (const char *const *)check->args.items,
        .cwd = job->checker->root,
        .env = environment,
        .nice = 5, /* keys first */
        .timeout_ms = ANSWER_TIMEOUT_MS,
        .memory_max = MEMORY_MAX_BYTES,
        .on_data = on_data,
        .on_exit = on_exit_,
        .data = check};
    struct process *process = process_start(job->checker->loop, &options, err);
    check->args.len--;
    if (process != NULL) {
        job->references++;
        check_process_began(job, check, process);
    }
}

/* The next of the sets; behind the last, what all said is told. */
void check_cedar_ask(struct check_job *job)
{
    struct err err = {0};
    if (job->trouble == NULL && job->asked < job->cedar.len) {
        start(job, job->cedar.items[job->asked], &err);
        if (err.kind == ERR_NONE) {
            return;
        }
        job->trouble = mem_strdup(err.text);
    }
    if (job->trouble == NULL) {
        check_tell(job, "cedar", &job->answers);
    }
    check_finish(job);
}
