/* gator test, asked as often as is needed to say of every constraint and resource what holds. */
#include "engine/gator_apply.h"

#include "engine/gator_apply_private.h"

#include <stdlib.h>

enum { TIMEOUT_MS = 120000 };

const char *gator_verdict_name(enum gator_verdict verdict)
{
    static const char *const names[] = {
        "not evaluated", "allow", "deny", "warn", "dryrun", "error"};
    return names[verdict];
}

void gator_application_free(struct gator_application *application)
{
    VEC_FOREACH (struct gator_decision, d, &application->decisions) {
        free(d->policy);
        free(d->policy_file);
        free(d->template_file);
        free(d->kind);
        free(d->space);
        free(d->name);
        free(d->resource_file);
        free(d->action);
        free(d->message);
    }
    VEC_FREE(&application->decisions);
    findings_free(&application->findings);
    free(application->trouble);
    application->trouble = NULL;
}

static void free_paths(struct gator_paths *paths)
{
    VEC_FOREACH (char *, path, paths) {
        free(*path);
    }
    VEC_FREE(paths);
}

static void free_docs(struct gator_apply *apply)
{
    VEC_FOREACH (struct gator_doc, doc, &apply->docs) {
        free(doc->file);
        buf_free(&doc->text);
        if (doc->tree != NULL) {
            ts_tree_delete(doc->tree);
        }
        free(doc->api);
        free(doc->type);
        free(doc->space);
        free(doc->name);
        free(doc->makes);
        free(doc->action);
        free(doc->refused);
        free(doc->rego_refused);
    }
    VEC_FREE(&apply->docs);
}

void gator_apply_release(struct gator_apply *apply)
{
    VEC_FOREACH (struct gator_call, call, &apply->calls) {
        VEC_FREE(&call->resources);
    }
    VEC_FREE(&apply->calls);
    VEC_FOREACH (struct gator_violation, v, &apply->violations) {
        free(v->action);
        free(v->message);
    }
    VEC_FREE(&apply->violations);
    gator_application_free(&apply->application);
    free_docs(apply);
    free_paths(&apply->policies);
    free_paths(&apply->resources);
    scratch_remove(&apply->scratch);
    buf_free(&apply->out);
    buf_free(&apply->errout);
    free(apply->matched);
    free(apply->program);
    free(apply->dir);
    free(apply);
}

static void finish(struct gator_apply *apply)
{
    apply->done(apply->data, &apply->application);
    gator_apply_release(apply);
}

static void fail(struct gator_apply *apply, const char *why)
{
    free(apply->application.trouble);
    apply->application.trouble = mem_strdup(why);
    finish(apply);
}

/* ---- what is to be asked ---- */

static bool has_other(const struct gator_apply *apply, const struct gator_doc *doc, size_t round)
{
    for (size_t i = 0; i < apply->docs.len; i++) {
        const struct gator_doc *other = &apply->docs.items[i];
        if (other->kind == DOC_RESOURCE && other->twin == i && other->round == round &&
            gator_doc_same(doc, other)) {
            return true;
        }
    }
    return false;
}

/* The resources whose round it is. Where a policy looks at what else there is, so are those that
 * are alone with their name. */
static void take_resources(struct gator_apply *apply, struct gator_call *call, bool looks_around)
{
    for (size_t i = 0; i < apply->docs.len; i++) {
        const struct gator_doc *doc = &apply->docs.items[i];
        if (doc->kind == DOC_RESOURCE && doc->twin == i &&
            (doc->round == call->round ||
                (looks_around && doc->round == 0 && !has_other(apply, doc, call->round)))) {
            VEC_PUSH(&call->resources, i);
        }
    }
}

static void add_calls(struct gator_apply *apply)
{
    bool dual = false;
    bool constraints = false;
    bool looks_around = gator_apply_looks_around(apply);
    size_t rounds = 0;
    VEC_FOREACH (const struct gator_doc, doc, &apply->docs) {
        dual = dual || (doc->kind == DOC_TEMPLATE && doc->cel && doc->rego);
        constraints = constraints || doc->kind == DOC_CONSTRAINT;
        rounds = doc->kind == DOC_RESOURCE && doc->round + 1 > rounds ? doc->round + 1 : rounds;
    }
    for (size_t round = constraints ? rounds : 0; round-- > 0;) { /* the last one is made first */
        for (int rego = dual ? 1 : 0; rego >= 0; rego--) {
            struct gator_call call = {.rego = rego == 1, .round = round};
            take_resources(apply, &call, looks_around);
            VEC_PUSH(&apply->calls, call);
        }
    }
}

/* Whether a call is given a document that is no resource. */
static bool is_asked(const struct gator_apply *apply, const struct gator_call *call, size_t number)
{
    const struct gator_doc *doc = &apply->docs.items[number];
    if (doc->refused != NULL || doc->kind == DOC_RESOURCE) {
        return false;
    }
    if (doc->kind == DOC_CONSTRAINT) {
        return doc->template != SIZE_MAX && is_asked(apply, call, doc->template);
    }
    return doc->kind == DOC_OTHER || !call->rego ||
           (doc->cel && doc->rego && doc->rego_refused == NULL);
}

static void drop_last(struct gator_apply *apply)
{
    VEC_FREE(&apply->calls.items[apply->calls.len - 1].resources);
    apply->calls.len--;
}

static void next_call(struct gator_apply *apply);

static void take(void *data)
{
    struct gator_apply *apply = data;
    struct gator_call *call = &apply->calls.items[apply->calls.len - 1];
    bool done = gator_apply_take(apply, call);
    buf_clear(&apply->out);
    buf_clear(&apply->errout);
    if (done) {
        drop_last(apply);
    }
    while (apply->application.trouble != NULL && apply->calls.len > 0) {
        drop_last(apply);
    }
    if (apply->calls.len == 0 && apply->application.trouble == NULL) {
        gator_apply_decide(apply);
    }
}

static void taken(void *data, bool cancelled)
{
    struct gator_apply *apply = data;
    apply->work = NULL;
    if (cancelled || atomic_load(&apply->cancelled)) {
        gator_apply_release(apply);
    } else if (apply->calls.len == 0) {
        finish(apply);
    } else {
        next_call(apply);
    }
}

static void on_data(void *data, enum process_stream stream, struct str bytes)
{
    struct gator_apply *apply = data;
    buf_append_str(stream == PROCESS_STDOUT ? &apply->out : &apply->errout, bytes);
}

static void on_exit_(void *data, const struct process_result *result)
{
    struct gator_apply *apply = data;
    apply->process = NULL;
    if (atomic_load(&apply->cancelled)) {
        gator_apply_release(apply);
    } else if (result->timed_out) {
        fail(apply, "gator test did not end within 2 minutes and was stopped");
    } else if (result->truncated) {
        fail(apply, "gator test printed more than we take and was stopped");
    } else if (result->signal != 0) {
        fail(apply, "gator test was ended by a signal");
    } else {
        apply->exit_code = result->exit_code;
        apply->work = loop_work_start(apply->loop, take, taken, apply);
    }
}

struct words {
    char **items;
    size_t len, cap;
};

static void add_file(struct words *argv, const char *fmt, size_t number)
{
    char *name = fmt == NULL ? mem_strdup("probe.yaml")
                             : mem_printf(fmt[0] == 'p' ? "probe-%zu.yaml" : "%zu.yaml", number);
    VEC_PUSH(argv, mem_strdup("-f"));
    VEC_PUSH(argv, name);
}

static void write_command(struct gator_apply *apply, struct words *argv)
{
    static const char *const head[] = {"test", "--output=json"};
    const struct gator_call *call = &apply->calls.items[apply->calls.len - 1];
    VEC_PUSH(argv, mem_strdup(apply->program));
    for (size_t i = 0; i < ARRAY_LEN(head); i++) {
        VEC_PUSH(argv, mem_strdup(head[i]));
    }
    if (call->rego) {
        VEC_PUSH(argv, mem_strdup("--enable-k8s-native-validation=false"));
    } else {
        add_file(argv, NULL, 0);
    }
    for (size_t i = 0; i < apply->docs.len; i++) {
        if (is_asked(apply, call, i)) {
            add_file(argv, "", i);
            if (apply->docs.items[i].kind == DOC_CONSTRAINT && !call->rego) {
                add_file(argv, "p", i);
            }
        }
    }
    VEC_FOREACH (const size_t, number, &call->resources) {
        if (apply->docs.items[*number].refused == NULL) {
            add_file(argv, "", *number);
        }
    }
    VEC_PUSH(argv, NULL);
}

static void next_call(struct gator_apply *apply)
{
    static const char *const environment[] = {
        "GOMAXPROCS=1", "GOGC=off", "GOMEMLIMIT=400MiB", "NO_COLOR=1", NULL};
    struct words argv = {0};
    write_command(apply, &argv);
    struct process_options options = {.argv = (const char *const *)argv.items,
        .cwd = apply->scratch.folder,
        .env = environment,
        .nice = 5,
        .timeout_ms = TIMEOUT_MS,
        .on_data = on_data,
        .on_exit = on_exit_,
        .data = apply};
    struct err err;
    apply->process = process_start(apply->loop, &options, &err);
    VEC_FOREACH (char *, word, &argv) {
        free(*word);
    }
    VEC_FREE(&argv);
    if (apply->process == NULL) {
        fail(apply, err.text);
    }
}

static void read_work(void *data)
{
    struct gator_apply *apply = data;
    if (!gator_apply_read(apply)) {
        apply->application.trouble = mem_strdup(apply->err.text);
        return;
    }
    add_calls(apply);
    if (apply->calls.len == 0) {
        gator_apply_decide(apply);
    }
}

static void copy_paths(struct gator_paths *paths, const char *const *from, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        VEC_PUSH(paths, mem_strdup(from[i]));
    }
}

struct gator_apply *gator_apply_new(struct loop *loop, const struct gator_apply_options *options)
{
    struct gator_apply *apply = MEM_NEW(struct gator_apply);
    apply->loop = loop;
    apply->program = mem_strdup(options->program);
    apply->dir = mem_strdup(options->dir);
    copy_paths(&apply->policies, options->policies, options->policy_count);
    copy_paths(&apply->resources, options->resources, options->resource_count);
    return apply;
}

struct gator_apply *gator_apply_start(struct loop *loop, const struct gator_apply_options *options,
    void (*done)(void *data, const struct gator_application *application), void *data)
{
    struct gator_apply *apply = gator_apply_new(loop, options);
    apply->done = done;
    apply->data = data;
    apply->work = loop_work_start(loop, read_work, taken, apply);
    return apply;
}

void gator_apply_cancel(struct gator_apply *apply)
{
    if (apply == NULL) {
        return;
    }
    atomic_store(&apply->cancelled, true);
    if (apply->process != NULL) {
        process_cancel(apply->process);
    } else if (apply->work != NULL) {
        loop_work_cancel(apply->work);
    }
}
