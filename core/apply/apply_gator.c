/* Gatekeeper's constraints applied to Kubernetes objects by `gator test` (engine/gator_apply.h). */
#include "apply/apply.h"

#include "apply/fixtures.h"
#include "base/path.h"
#include "base/vec.h"
#include "engine/gator_apply.h"
#include "engine/gator_suite.h"

#include <stdlib.h>

enum { POLICIES_OF_JOB = 100, FIXTURES_OF_JOB = 500 };

/* A constraint, with the template that makes its kind. */
struct constraint {
    char *kind, *name;
    struct buf text;
    struct buf template; /* empty: there is none */
};

/* What a set's documents say, before constraints and templates are brought together. */
struct gathering {
    struct apply_set *set;
    size_t first; /* policy of this engine */
    struct {
        struct template_document {
            char *path, *kind; /* that it makes */
            struct buf text;
        } * items;
        size_t len, cap;
    } templates;
};

static void constraint_free(void *own)
{
    struct constraint *constraint = own;
    free(constraint->kind);
    free(constraint->name);
    buf_free(&constraint->text);
    buf_free(&constraint->template);
    free(constraint);
}

/* ---- finding ---- */

static void add_constraint(struct gathering *g, const char *path, unsigned row,
    const struct fixture_head *head, struct str document)
{
    struct constraint *own = MEM_NEW(struct constraint);
    own->kind = mem_strdup(head->kind);
    own->name = mem_strdup(head->name);
    buf_append_str(&own->text, document);
    char *name = mem_printf("%s/%s", own->kind, own->name);
    VEC_PUSH(&g->set->policies, (struct apply_policy){.engine = "gator",
                                    .id = mem_printf("gator %s %s", name, path),
                                    .name = name,
                                    .file = mem_strdup(path),
                                    .at = {row, 1},
                                    .own = own,
                                    .own_free = constraint_free});
}

static void found(void *data, const char *path, unsigned row, const struct fixture_head *head,
    struct str document)
{
    struct gathering *g = data;
    if (str_starts(str_of(head->api_version), "constraints.gatekeeper.sh/") &&
        head->name[0] != '\0') {
        add_constraint(g, path, row, head, document);
    } else if (str_starts(str_of(head->api_version), "templates.gatekeeper.sh/")) {
        struct template_document made = {.path = mem_strdup(path), .kind = mem_strdup(head->makes)};
        buf_append_str(&made.text, document);
        VEC_PUSH(&g->templates, made);
    }
}

static size_t shared_folders(const char *a, const char *b)
{
    size_t shared = 0;
    for (size_t i = 0; a[i] != '\0' && a[i] == b[i]; i++) {
        shared = a[i] == '/' ? i + 1 : shared;
    }
    return shared;
}

/* The template of the constraint's kind that stands nearest: a repository may have several. */
static void choose_template(const struct gathering *g, struct apply_policy *policy)
{
    struct constraint *own = policy->own;
    const struct template_document *best = NULL;
    size_t most = 0;
    VEC_FOREACH (const struct template_document, made, &g->templates) {
        size_t shared = shared_folders(made->path, policy->file);
        if (strcmp(made->kind, own->kind) == 0 && (best == NULL || shared > most)) {
            best = made;
            most = shared;
        }
    }
    if (best == NULL) {
        policy->trouble = mem_printf("no ConstraintTemplate here makes the kind %s", own->kind);
    } else {
        policy->beside = mem_strdup(best->path);
        buf_append_str(&own->template, buf_str(&best->text));
    }
}

static void find(struct apply_set *set, const atomic_bool *cancel)
{
    struct gathering g = {.set = set, .first = set->policies.len};
    fixtures_each(set, cancel, found, &g);
    for (size_t i = g.first; i < set->policies.len; i++) {
        choose_template(&g, &set->policies.items[i]);
    }
    VEC_FOREACH (struct template_document, made, &g.templates) {
        free(made->path);
        free(made->kind);
        buf_free(&made->text);
    }
    VEC_FREE(&g.templates);
}

static bool takes(const struct apply_policy *policy, const struct apply_fixture *fixture)
{
    (void)policy;
    return fixture->kind == APPLY_OBJECT;
}

static bool same_text(const struct buf *a, const struct buf *b)
{
    return str_equal(buf_str(a), buf_str(b));
}

static bool looks_around(const struct constraint *constraint)
{
    return str_find(buf_str(&constraint->template), STR_LIT("data.inventory"), 0) != SIZE_MAX;
}

/* Two templates of one kind, or two constraints of one name, would be taken for each other. Those
 * that look at what else there is take gator as many calls as there are documents of one name
 * (gator_apply_private.h): the others are not held up by them. */
static bool together(const struct apply_policy *a, const struct apply_policy *b)
{
    const struct constraint *x = a->own;
    const struct constraint *y = b->own;
    if (strcmp(x->kind, y->kind) != 0) {
        return looks_around(x) == looks_around(y);
    }
    return strcmp(x->name, y->name) != 0 && same_text(&x->template, &y->template);
}

/* ---- asking ---- */

/* The first of the job's policies with this template: it is written once. */
static size_t template_owner(const struct apply_job *job, size_t policy)
{
    const struct constraint *own = job->set->policies.items[job->policies[policy]].own;
    for (size_t i = 0; i < policy; i++) {
        const struct constraint *other = job->set->policies.items[job->policies[i]].own;
        if (strcmp(other->kind, own->kind) == 0) {
            return i;
        }
    }
    return policy;
}

static bool write_one(
    struct apply_job *job, char letter, size_t number, const struct buf *text, struct err *err)
{
    char *name = mem_printf("%c%zu.yaml", letter, number);
    char *path = apply_scratch(job, name, buf_str(text), err);
    free(name);
    free(path);
    return path != NULL;
}

static bool write_files(struct apply_job *job, struct apply_command *command, struct err *err)
{
    bool ok = true;
    (void)command;
    for (size_t i = 0; ok && i < job->policy_count; i++) {
        const struct constraint *own = job->set->policies.items[job->policies[i]].own;
        ok = write_one(job, 'p', i, &own->text, err) &&
             (template_owner(job, i) != i || write_one(job, 't', i, &own->template, err));
    }
    for (size_t i = 0; ok && i < job->fixture_count; i++) {
        char *path = apply_scratch_fixture(job, i, err);
        ok = path != NULL;
        free(path);
    }
    return ok;
}

struct asked {
    struct apply_job *job;
    struct gator_apply *apply;
    void (*done)(void *data, enum apply_read read, const struct err *err);
    void *data;
};

/* A document without a namespace gets one when it is applied: whether a constraint for some is for
 * it is not known from here. (gator test says that it is not, gator verify that it is.) */
static bool wants_namespace(const struct apply_job *job, size_t policy, size_t fixture)
{
    const struct constraint *own = job->set->policies.items[job->policies[policy]].own;
    const struct apply_fixture *document = &job->set->fixtures.items[job->fixtures[fixture]];
    struct str text = buf_str(&own->text);
    bool by_namespace = str_find(text, STR_LIT("amespace"), 0) != SIZE_MAX ||
                        str_find(text, STR_LIT("scope"), 0) != SIZE_MAX;
    if (document->space[0] != '\0' || !by_namespace) { /* the rest costs two parses */
        return false;
    }
    char *why = gator_never_matches(text, buf_str(&document->text), (struct str){0});
    bool wants = why == NULL || why[0] == '\0'; /* as gator verify sees it */
    free(why);
    return wants;
}

static void take(struct apply_job *job, const struct gator_decision *decision)
{
    static const enum apply_verdict verdicts[] = {[GATOR_NOT_EVALUATED] = APPLY_NOT_EVALUATED,
        [GATOR_ALLOW] = APPLY_ALLOW,
        [GATOR_DENY] = APPLY_DENY,
        [GATOR_WARN] = APPLY_WARN,
        [GATOR_DRYRUN] = APPLY_WARN,
        [GATOR_ERROR] = APPLY_ERROR};
    size_t policy = apply_scratch_number(decision->policy_file, 'p', job->policy_count);
    size_t fixture = apply_scratch_number(decision->resource_file, 'r', job->fixture_count);
    if (policy == SIZE_MAX || fixture == SIZE_MAX) {
        return;
    }
    struct apply_cell *cell = apply_job_cell(job, policy, fixture);
    enum apply_verdict verdict = verdicts[decision->verdict];
    if (verdict == APPLY_NOT_EVALUATED && strstr(decision->message, "does not match") != NULL) {
        verdict = APPLY_NO_MATCH;
    }
    if (verdict == APPLY_NO_MATCH && wants_namespace(job, policy, fixture)) {
        apply_cell_add(cell, APPLY_NOT_EVALUATED,
            mem_strdup("the constraint may be for it once it is in a namespace: write "
                       "metadata.namespace"));
        return;
    }
    bool silent =
        verdict == APPLY_ALLOW || verdict == APPLY_NO_MATCH || decision->message[0] == '\0';
    apply_cell_add(cell, verdict,
        silent                              ? NULL
        : decision->verdict == GATOR_DRYRUN ? mem_printf("dryrun: %s", decision->message)
                                            : mem_strdup(decision->message));
}

static void take_findings(struct apply_job *job, const struct gator_application *application)
{
    for (size_t i = 0; i < application->findings.len; i++) {
        const struct finding *finding = &application->findings.items[i];
        size_t place = apply_scratch_number(finding->file, 'p', job->policy_count);
        size_t made = apply_scratch_number(finding->file, 't', job->policy_count);
        for (size_t p = 0; p < job->policy_count; p++) {
            bool of = p == place || (made != SIZE_MAX && template_owner(job, p) == made);
            for (size_t f = 0; of && f < job->fixture_count; f++) {
                struct apply_cell *cell = apply_job_cell(job, p, f);
                if (cell->verdict == APPLY_WAITING) {
                    apply_cell_add(cell, APPLY_ERROR, mem_strdup(finding->message));
                } else if (cell->detail == NULL) {
                    cell->detail = mem_strdup(finding->message);
                }
            }
        }
    }
}

static void on_done(void *data, const struct gator_application *application)
{
    struct asked *asked = data;
    struct asked copy = *asked;
    struct err err = {0};
    enum apply_read read = APPLY_READ_DONE;
    free(asked);
    if (application->trouble != NULL) {
        err_set(&err, ERR_EXTERNAL, "%s", application->trouble);
        read = APPLY_READ_APART;
    } else {
        for (size_t i = 0; i < application->decisions.len; i++) {
            take(copy.job, &application->decisions.items[i]);
        }
        take_findings(copy.job, application);
    }
    copy.done(copy.data, read, &err);
}

static void *start(struct apply_job *job, struct loop *loop, bool offline,
    void (*done)(void *data, enum apply_read read, const struct err *err), void *data)
{
    struct asked *asked = MEM_NEW(struct asked);
    struct apply_words policies = {0};
    struct apply_words resources = {0};
    (void)offline; /* Gatekeeper's Rego cannot reach a host */
    *asked = (struct asked){.job = job, .done = done, .data = data};
    for (size_t i = 0; i < job->policy_count; i++) {
        if (template_owner(job, i) == i) {
            VEC_PUSH(&policies, mem_printf("t%zu.yaml", i));
        }
        VEC_PUSH(&policies, mem_printf("p%zu.yaml", i));
    }
    for (size_t i = 0; i < job->fixture_count; i++) {
        VEC_PUSH(&resources, apply_scratch_fixture_name(job, i));
    }
    struct gator_apply_options options = {.program = job->program,
        .dir = job->scratch.folder,
        .policies = (const char *const *)policies.items,
        .policy_count = policies.len,
        .resources = (const char *const *)resources.items,
        .resource_count = resources.len};
    asked->apply = gator_apply_start(loop, &options, on_done, asked);
    apply_words_free(&policies);
    apply_words_free(&resources);
    return asked;
}

static void stop(void *started)
{
    struct asked *asked = started;
    gator_apply_cancel(asked->apply);
    free(asked);
}

const struct apply_engine apply_engine_gator = {
    .engine = &engine_gator,
    .policies_max = POLICIES_OF_JOB,
    .fixtures_max = FIXTURES_OF_JOB,
    .find = find,
    .takes = takes,
    .together = together,
    .command = write_files,
    .start = start,
    .stop = stop,
};
