/* Runs `kyverno apply`: again without a policy that makes it give up, until it gets to its end. */
#include "engine/kyverno_apply.h"

#include "engine/kyverno.h"
#include "engine/kyverno_apply_internal.h"

#include "base/file.h"
#include "base/path.h"
#include "base/safe.h"
#include "base/sha256.h"
#include "base/vec.h"
#include "loop/process.h"
#include "sandbox/confined.h"

#include <stdlib.h>

enum { TIMEOUT_MS = 120000, TROUBLE_MAX = 500, PLACES_MAX = 200 };
#define FILE_MAX_BYTES ((size_t)4 << 20)

struct kyverno_apply {
    struct loop *loop;
    char *program, *dir;
    struct plan_words policies, resources;
    bool *out_of_it; /* by policy: it makes Kyverno give up, or is not loaded */
    size_t *rounds;  /* by resource: the run it is part of; Kyverno panics when two are the same */
    size_t *twins;   /* by resource: the first with its text, which is asked about; or itself */
    bool alike_once;
    size_t round, round_count;
    int exit_code;
    char *values, *userinfo;
    bool offline;
    void (*done)(void *data, const struct kyverno_application *application);
    void *data;

    struct process *process;
    struct loop_work *work;
    struct buf out, errout;
    bool again, cancelled;
    struct kyverno_application application;
};

static void apply_free(struct kyverno_apply *apply)
{
    kyverno_application_free(&apply->application);
    plan_words_free(&apply->policies);
    plan_words_free(&apply->resources);
    buf_free(&apply->out);
    buf_free(&apply->errout);
    free(apply->out_of_it);
    free(apply->rounds);
    free(apply->twins);
    free(apply->program);
    free(apply->dir);
    free(apply->values);
    free(apply->userinfo);
    free(apply);
}

static void finish(struct kyverno_apply *apply)
{
    if (!apply->cancelled) {
        apply->done(apply->data, &apply->application);
    }
    apply_free(apply);
}

/* ---- reading an answer, on a worker thread ---- */

static void read_one(const struct kyverno_apply *apply, const struct plan_words *paths, size_t at,
    struct kyverno_suite *into, void (*read)(struct str, size_t, struct kyverno_suite *))
{
    struct buf text = BUF_INIT;
    char *full = path_join(apply->dir, paths->items[at]);
    if (file_read(full, FILE_MAX_BYTES, &text, NULL)) {
        read(buf_str(&text), at, into);
    }
    buf_free(&text);
    free(full);
}

static bool is_same(const struct kyverno_object *a, const struct kyverno_object *b)
{
    const char *x = a->space[0] == '\0' ? "default" : a->space;
    const char *y = b->space[0] == '\0' ? "default" : b->space;
    return strcmp(a->name, b->name) == 0 && strcmp(a->kind, b->kind) == 0 && strcmp(x, y) == 0;
}

/* The first round in which none of the file's objects is another's. */
static size_t round_of(const struct kyverno_apply *apply, const struct kyverno_suite *known,
    size_t first_object, size_t file)
{
    size_t round = 0;
    for (size_t i = first_object; i < known->objects.len; i++) {
        for (size_t k = 0; k < first_object; k++) {
            const struct kyverno_object *other = &known->objects.items[k];
            bool clash = other->file != file && apply->rounds[other->file] == round &&
                         is_same(&known->objects.items[i], other);
            if (clash) {
                round++;
                i = first_object;
                k = SIZE_MAX; /* from the first again */
            }
        }
    }
    return round;
}

struct digest {
    char of[SHA256_HEX_SIZE];
    size_t resource;
};

static int by_digest(const void *a, const void *b)
{
    const struct digest *x = a;
    const struct digest *y = b;
    int order = strcmp(x->of, y->of);
    return order != 0 ? order : (x->resource > y->resource) - (x->resource < y->resource);
}

static void find_twins(struct kyverno_apply *apply)
{
    size_t count = apply->resources.len;
    struct digest *digests = mem_zalloc((count + 1) * sizeof *digests);
    for (size_t i = 0; i < count; i++) {
        struct buf text = BUF_INIT;
        char *full = path_join(apply->dir, apply->resources.items[i]);
        digests[i].resource = apply->twins[i] = i;
        if (apply->alike_once && file_read(full, FILE_MAX_BYTES, &text, NULL)) {
            sha256_hex(buf_str(&text), digests[i].of);
        }
        buf_free(&text);
        free(full);
    }
    qsort(digests, count, sizeof *digests, by_digest);
    for (size_t i = 1; i < count; i++) {
        if (digests[i].of[0] != '\0' && strcmp(digests[i].of, digests[i - 1].of) == 0) {
            apply->twins[digests[i].resource] = apply->twins[digests[i - 1].resource];
        }
    }
    free(digests);
}

/* The decisions about those that were asked about hold for their twins. */
static void tell_twins(struct kyverno_apply *apply)
{
    struct kyverno_application *application = &apply->application;
    size_t asked = application->decisions.len;
    for (size_t i = 0; i < apply->resources.len; i++) {
        for (size_t k = 0; apply->twins[i] != i && k < asked; k++) {
            const struct kyverno_decision *of = &application->decisions.items[k];
            if (of->resource_file != NULL &&
                strcmp(of->resource_file, apply->resources.items[apply->twins[i]]) == 0) {
                struct kyverno_decision copy = kyverno_decision_copy(of);
                free(copy.resource_file);
                copy.resource_file = mem_strdup(apply->resources.items[i]);
                VEC_PUSH(&application->decisions, copy);
            }
        }
    }
}

/* Worker thread. */
static void make_rounds(void *data)
{
    struct kyverno_apply *apply = data;
    struct kyverno_suite *known = MEM_NEW(struct kyverno_suite);
    apply->again = true;
    apply->round_count = 1;
    find_twins(apply);
    for (size_t i = 0; i < apply->resources.len; i++) {
        if (apply->twins[i] != i) {
            apply->rounds[i] = SIZE_MAX;
            continue;
        }
        size_t before = known->objects.len;
        read_one(apply, &apply->resources, i, known, kyverno_read_objects);
        apply->rounds[i] = round_of(apply, known, before, i);
        if (apply->rounds[i] >= apply->round_count) {
            apply->round_count = apply->rounds[i] + 1;
        }
    }
    kyverno_suite_free(known);
}

/* What the policy or rule does turns Kyverno's pass and fail into what happens to the resource.
 * (Kyverno's own --audit-warn calls a ValidatingPolicy that denies a warning.) */
static enum kyverno_verdict decide(const struct kyverno_rule *rule, enum kyverno_verdict reported)
{
    static const enum kyverno_verdict passes[] = {[KYVERNO_VALIDATES] = KYVERNO_ALLOW,
        [KYVERNO_MUTATES] = KYVERNO_MUTATE,
        [KYVERNO_GENERATES] = KYVERNO_GENERATE,
        [KYVERNO_DELETES] = KYVERNO_DELETE};
    if (rule == NULL || (reported != KYVERNO_ALLOW && reported != KYVERNO_DENY)) {
        return reported;
    }
    if (reported == KYVERNO_ALLOW) {
        return passes[rule->task];
    }
    if (rule->task == KYVERNO_DELETES) {
        return KYVERNO_ALLOW;
    }
    return rule->task == KYVERNO_VALIDATES && rule->audits ? KYVERNO_WARN : reported;
}

static void place_resource(const struct kyverno_apply *apply, const struct kyverno_object *object,
    struct kyverno_decision *decision, unsigned *places)
{
    struct str pointer = kyverno_path_in(str_of(decision->message));
    decision->resource_file = mem_strdup(apply->resources.items[object->file]);
    decision->resource_at = object->at;
    if (pointer.len == 0 || *places >= PLACES_MAX) {
        return;
    }
    struct buf text = BUF_INIT;
    char *full = path_join(apply->dir, decision->resource_file);
    ++*places;
    if (file_read(full, FILE_MAX_BYTES, &text, NULL)) {
        struct position at =
            kyverno_place(buf_str(&text), decision->kind, decision->space, decision->name, pointer);
        decision->resource_at = at.row > 0 ? at : decision->resource_at;
    }
    buf_free(&text);
    free(full);
}

/* What is made of it is added; a mutated resource is printed again and again (of the newer kinds
 * twice for each mutation), and the last is what comes of it. */
static void take_text(bool generated, const char *made, struct buf *text)
{
    if (!generated) {
        buf_clear(text);
    }
    buf_printf(text, "%s%s", text->len == 0 ? "" : "---\n", made);
}

/* The texts that Kyverno printed for the decision. */
static void take_texts(struct kyverno_decision *decision, struct kyverno_applied *applied)
{
    char *resource = mem_printf("%s/%s/%s", decision->space, decision->kind, decision->name);
    struct buf text = BUF_INIT;
    VEC_FOREACH (struct kyverno_made, made, &applied->made) {
        if (made->generated == (decision->verdict == KYVERNO_GENERATE) &&
            strcmp(made->resource, resource) == 0 &&
            strcmp(kyverno_base_name(made->policy), decision->policy) == 0) {
            take_text(made->generated, made->text, &text);
        }
    }
    decision->text = text.len == 0 ? NULL : mem_strdup(text.ptr);
    buf_free(&text);
    free(resource);
}

static void complete(const struct kyverno_apply *apply, struct kyverno_applied *applied,
    struct kyverno_application *application)
{
    unsigned places = 0;
    struct kyverno_suite *known = MEM_NEW(struct kyverno_suite);
    for (size_t i = 0; i < apply->policies.len; i++) {
        read_one(apply, &apply->policies, i, known, kyverno_read_rules);
    }
    for (size_t i = 0; i < apply->resources.len; i++) {
        if (apply->rounds[i] == apply->round) {
            read_one(apply, &apply->resources, i, known, kyverno_read_objects);
        }
    }
    VEC_FOREACH (struct kyverno_decision, decision, &application->decisions) {
        const struct kyverno_rule *rule =
            kyverno_find_rule(known, decision->policy, decision->rule);
        const struct kyverno_object *object =
            kyverno_find_object(known, decision->kind, decision->space, decision->name);
        decision->verdict = decide(rule, decision->verdict);
        if (decision->verdict == KYVERNO_NOT_EVALUATED &&
            strcmp(decision->message, "no patches applied") == 0) {
            decision->verdict = KYVERNO_ALLOW; /* it was, and there is nothing to change */
        }
        if (rule != NULL) {
            decision->policy_file = mem_strdup(apply->policies.items[rule->file]);
            decision->policy_at = rule->at;
        }
        if (object != NULL) {
            place_resource(apply, object, decision, &places);
        }
        if (decision->verdict == KYVERNO_MUTATE || decision->verdict == KYVERNO_GENERATE) {
            take_texts(decision, applied);
        }
    }
    kyverno_suite_free(known);
}

/* "panic: …" stands between its log, which names the policy it was busy with, and where in its
 * source it was. Returns that line, or the first where there is none; *before is the log. */
static struct str line_of_panic(struct str said, struct str *before)
{
    struct str rest = said;
    struct str line;
    *before = STR_LIT("");
    while (str_next_line(&rest, &line)) {
        if (str_starts(line, "panic: ") || str_starts(line, "fatal error: ")) {
            *before = str_slice(said, 0, (size_t)(line.ptr - said.ptr));
            return line;
        }
    }
    rest = said;
    return str_next_line(&rest, &line) ? line : said;
}

/* The last "policy.name=" of the log. NULL: it names none. */
static char *policy_in_log(struct str log)
{
    const struct str mark = STR_LIT("policy.name=");
    struct str name = STR_LIT("");
    for (size_t at = str_find(log, mark, 0); at != SIZE_MAX; at = str_find(log, mark, at + 1)) {
        name = str_from(log, at + mark.len);
    }
    size_t len = 0;
    while (len < name.len && (unsigned char)name.ptr[len] > ' ') {
        len++;
    }
    return len == 0 ? NULL : mem_strndup(name.ptr, len);
}

/* Without a report something must have gone wrong, unless nothing matched. NULL: all is well. */
static char *why_nothing(
    const struct kyverno_apply *apply, const struct kyverno_applied *applied, char **suspect)
{
    struct str log;
    struct str said = str_trim(buf_str(&apply->errout));
    if (applied->reported || (applied->fatal == NULL && apply->exit_code == 0) ||
        (applied->fatal == NULL && applied->errors.len > 0 && apply->exit_code == 1)) {
        return NULL;
    }
    if (applied->fatal != NULL) {
        said = str_of(applied->fatal);
    } else {
        said = line_of_panic(said, &log);
        *suspect = policy_in_log(log);
    }
    char *line = safe_dup(said, SAFE_ONE_LINE, TROUBLE_MAX);
    char *why = mem_printf("kyverno apply: %s", line[0] == '\0' ? "it did not say why" : line);
    free(line);
    return why;
}

/* A finding of one error; true when it names a policy that was still in it. */
static bool blame(struct kyverno_apply *apply, const char *error)
{
    struct finding finding = {0};
    bool news = false;
    if (!kyverno_diagnose(str_of(error), apply->dir, (const char *const *)apply->policies.items,
            apply->policies.len, &finding)) {
        return false;
    }
    for (size_t i = 0; i < apply->policies.len; i++) {
        if (strcmp(apply->policies.items[i], finding.file) == 0) {
            news = !apply->out_of_it[i];
            apply->out_of_it[i] = true;
        }
    }
    findings_add(&apply->application.findings, &finding);
    finding_free(&finding);
    return news;
}

static void read_answer(void *data)
{
    struct kyverno_apply *apply = data;
    struct kyverno_applied applied = {0};
    struct kyverno_application answer = {0};
    kyverno_apply_parse(buf_str(&apply->out), buf_str(&apply->errout), &applied, &answer);
    VEC_FOREACH (char *, error, &applied.errors) {
        blame(apply, *error);
    }
    apply->again = applied.fatal != NULL && !applied.reported && blame(apply, applied.fatal);
    if (apply->again) {
        kyverno_application_free(&answer);
    } else {
        complete(apply, &applied, &answer);
        VEC_FOREACH (struct kyverno_decision, decision, &answer.decisions) {
            VEC_PUSH(&apply->application.decisions, *decision);
        }
        VEC_FREE(&answer.decisions);
        apply->application.trouble = why_nothing(apply, &applied, &apply->application.suspect);
        apply->round++;
        apply->again = apply->application.trouble == NULL && apply->round < apply->round_count;
        if (!apply->again && apply->application.trouble == NULL) {
            tell_twins(apply);
        }
    }
    kyverno_applied_free(&applied);
}

/* ---- processes ---- */

static void begin(struct kyverno_apply *apply);

static void answer_read(void *data, bool cancelled)
{
    struct kyverno_apply *apply = data;
    apply->work = NULL;
    if (apply->again && !cancelled && !apply->cancelled) {
        begin(apply);
    } else {
        finish(apply);
    }
}

/* Ends without an answer; `done` is called later. */
static void nothing_to_read(void *data)
{
    struct kyverno_apply *apply = data;
    apply->again = false;
}

static void fail(struct kyverno_apply *apply, const char *why)
{
    free(apply->application.trouble);
    apply->application.trouble = safe_dup(str_of(why), SAFE_ONE_LINE, TROUBLE_MAX);
    apply->work = loop_work_start(apply->loop, nothing_to_read, answer_read, apply);
}

static void on_data(void *data, enum process_stream stream, struct str bytes)
{
    struct kyverno_apply *apply = data;
    buf_append_str(stream == PROCESS_STDOUT ? &apply->out : &apply->errout, bytes);
}

static void process_ended(void *data, const struct process_result *result)
{
    struct kyverno_apply *apply = data;
    apply->process = NULL;
    apply->exit_code = result->exit_code;
    if (result->timed_out) {
        fail(apply, "kyverno apply did not end within two minutes and was stopped");
    } else if (result->truncated) {
        fail(apply, "kyverno apply printed more than we take (64 MiB) and was stopped");
    } else if (result->signal != 0 && !apply->cancelled) {
        fail(apply, "kyverno apply was ended by a signal");
    } else {
        apply->work = loop_work_start(apply->loop, read_answer, answer_read, apply);
    }
}

static void push_pair(struct plan_words *words, const char *option, const char *value)
{
    if (value != NULL) {
        plan_words_push(words, option);
        plan_words_push(words, value);
    }
}

/* False: no policy is left. */
static bool make_words(const struct kyverno_apply *apply, struct plan_words *words)
{
    static const char *const options[] = {
        "--policy-report", "--output-format", "json", "--remove-color", "-v", "3"};
    size_t left = 0;
    plan_words_push(words, apply->program);
    plan_words_push(words, "apply");
    for (size_t i = 0; i < ARRAY_LEN(options); i++) {
        plan_words_push(words, options[i]);
    }
    push_pair(words, "--values-file", apply->values);
    push_pair(words, "--userinfo", apply->userinfo);
    for (size_t i = 0; i < apply->resources.len; i++) {
        push_pair(words, "--resource",
            apply->rounds[i] == apply->round ? apply->resources.items[i] : NULL);
    }
    plan_words_push(words, "--");
    for (size_t i = 0; i < apply->policies.len; i++) {
        if (!apply->out_of_it[i]) {
            plan_words_push(words, apply->policies.items[i]);
            left++;
        }
    }
    VEC_PUSH(words, NULL);
    return left > 0;
}

static bool start(struct kyverno_apply *apply, const char *const *argv, struct err *err)
{
    static const char *const environment[] = {
        "GOMAXPROCS=2", "GOGC=off", "GOMEMLIMIT=600MiB", "NO_COLOR=1", NULL};
    struct confined_cage cage = {0};
    struct confined_words words = {0};
    if (apply->offline && !confined_wrap(&cage, argv, &words, err)) {
        return false;
    }
    struct process_options options = {.argv = apply->offline ? words.items : argv,
        .cwd = apply->dir,
        .env = environment,
        .nice = 5,
        .timeout_ms = TIMEOUT_MS,
        .on_data = on_data,
        .on_exit = process_ended,
        .data = apply};
    apply->process = process_start(apply->loop, &options, err);
    confined_words_free(&words);
    return apply->process != NULL;
}

static void begin(struct kyverno_apply *apply)
{
    struct err err;
    struct plan_words words = {0};
    buf_clear(&apply->out);
    buf_clear(&apply->errout);
    if (!make_words(apply, &words)) {
        fail(apply, apply->policies.len == 0 ? "there is no policy to apply"
                                             : "none of the policies can be applied");
    } else if (!start(apply, (const char *const *)words.items, &err)) {
        fail(apply, err.text);
    }
    plan_words_free(&words);
}

struct kyverno_apply *kyverno_apply_start(struct loop *loop,
    const struct kyverno_apply_options *options,
    void (*done)(void *data, const struct kyverno_application *application), void *data)
{
    struct kyverno_apply *apply = MEM_NEW(struct kyverno_apply);
    *apply = (struct kyverno_apply){.loop = loop,
        .program = mem_strdup(options->program),
        .dir = mem_strdup(options->dir),
        .out_of_it = mem_zalloc(options->policy_count + 1),
        .rounds = mem_zalloc((options->resource_count + 1) * sizeof *apply->rounds),
        .twins = mem_zalloc((options->resource_count + 1) * sizeof *apply->twins),
        .alike_once = options->alike_once,
        .values = mem_strdup(options->values),
        .userinfo = mem_strdup(options->userinfo),
        .offline = options->offline,
        .done = done,
        .data = data};
    for (size_t i = 0; i < options->policy_count; i++) {
        plan_words_push(&apply->policies, options->policies[i]);
    }
    for (size_t i = 0; i < options->resource_count; i++) {
        plan_words_push(&apply->resources, options->resources[i]);
    }
    apply->work = loop_work_start(loop, make_rounds, answer_read, apply);
    return apply;
}

void kyverno_apply_cancel(struct kyverno_apply *apply)
{
    if (apply == NULL) {
        return;
    }
    apply->cancelled = true;
    if (apply->process != NULL) {
        process_cancel(apply->process);
    } else if (apply->work != NULL) {
        loop_work_cancel(apply->work);
    }
}
