/* Kyverno's policies applied to Kubernetes objects by `kyverno apply` (engine/kyverno_apply.h). */
#include "apply/apply.h"
#include "apply/apply_jobs.h"

#include "apply/fixtures.h"
#include "base/vec.h"
#include "engine/kyverno.h"
#include "engine/kyverno_apply.h"
#include "engine/kyverno_scope.h"
#include "engine/kyverno_unseen.h"
#include "engine/value_diff.h"

#include <stdlib.h>

enum { POLICIES_OF_JOB = 100, FIXTURES_OF_JOB = 500 };

/* A policy's document. */
struct kyverno_policy {
    char *name;
    struct kyverno_scope *scope;
    struct buf text;
};

static void policy_free(void *own)
{
    struct kyverno_policy *policy = own;
    free(policy->name);
    kyverno_scope_free(policy->scope);
    buf_free(&policy->text);
    free(policy);
}

static bool is_policy(const struct fixture_head *head)
{
    struct str group = str_of(head->api_version);
    bool old = str_starts(group, "kyverno.io/") &&
               (strcmp(head->kind, "ClusterPolicy") == 0 || strcmp(head->kind, "Policy") == 0);
    return old ||
           (str_starts(group, "policies.kyverno.io/") && str_ends(str_of(head->kind), "Policy"));
}

static void found(void *data, const char *path, unsigned row, const struct fixture_head *head,
    struct str document)
{
    struct apply_set *set = data;
    if (!is_policy(head) || head->name[0] == '\0') {
        return;
    }
    struct kyverno_policy *own = MEM_NEW(struct kyverno_policy);
    own->name = mem_strdup(head->name);
    own->scope = kyverno_scope_read(document);
    buf_append_str(&own->text, document);
    VEC_PUSH(&set->policies, (struct apply_policy){.engine = "kyverno",
                                 .id = mem_printf("kyverno %s", own->name),
                                 .name = mem_strdup(own->name),
                                 .file = mem_strdup(path),
                                 .at = {row, 1},
                                 .unseen = kyverno_unseen_needs(document),
                                 .own = own,
                                 .own_free = policy_free});
}

static void find(struct apply_set *set, const atomic_bool *cancel)
{
    fixtures_each(set, cancel, found, set);
}

static bool takes(const struct apply_policy *policy, const struct apply_fixture *fixture)
{
    const struct kyverno_policy *own = policy->own;
    return fixture->kind == APPLY_OBJECT &&
           kyverno_scope_takes(own->scope, fixture->api_version, fixture->object_kind);
}

/* Kyverno knows policies by name: one that overrides another would hide it. What one makes of an
 * object is what those after it are asked about. */
static bool together(const struct apply_policy *a, const struct apply_policy *b)
{
    const struct kyverno_policy *x = a->own;
    const struct kyverno_policy *y = b->own;
    enum kyverno_company company = kyverno_scope_company(x->scope);
    return company == kyverno_scope_company(y->scope) && company <= KYVERNO_OF_ITS_KIND &&
           strcmp(x->name, y->name) != 0;
}

static size_t weight(const struct apply_policy *policy)
{
    const struct kyverno_policy *own = policy->own;
    return kyverno_scope_company(own->scope) == KYVERNO_ANY_COMPANY ? 1 : 20;
}

static bool looks_around(const struct apply_policy *policy)
{
    const struct kyverno_policy *own = policy->own;
    return kyverno_scope_company(own->scope) == KYVERNO_NO_OBJECTS;
}

/* ---- asking ---- */

static bool write_files(struct apply_job *job, struct apply_command *command, struct err *err)
{
    bool ok = true;
    (void)command;
    for (size_t i = 0; ok && i < job->policy_count; i++) {
        const struct kyverno_policy *own = job->set->policies.items[job->policies[i]].own;
        char *name = mem_printf("p%zu.yaml", i);
        char *path = apply_scratch(job, name, buf_str(&own->text), err);
        ok = path != NULL;
        free(path);
        free(name);
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
    struct kyverno_apply *apply;
    void (*done)(void *data, enum apply_read read, const struct err *err);
    void *data;
};

static enum apply_verdict verdict_of(enum kyverno_verdict verdict)
{
    static const enum apply_verdict verdicts[] = {[KYVERNO_NOT_EVALUATED] = APPLY_NOT_EVALUATED,
        [KYVERNO_ALLOW] = APPLY_ALLOW,
        [KYVERNO_DENY] = APPLY_DENY,
        [KYVERNO_WARN] = APPLY_WARN,
        [KYVERNO_MUTATE] = APPLY_MUTATE,
        [KYVERNO_GENERATE] = APPLY_GENERATE,
        [KYVERNO_DELETE] = APPLY_WARN,
        [KYVERNO_ERROR] = APPLY_ERROR};
    return verdicts[verdict];
}

static size_t place_of_name(const struct apply_job *job, const char *name)
{
    size_t place = SIZE_MAX;
    const char *slash = strrchr(name, '/');
    for (size_t i = 0; place == SIZE_MAX && i < job->policy_count; i++) {
        const struct kyverno_policy *own = job->set->policies.items[job->policies[i]].own;
        if (strcmp(own->name, slash == NULL ? name : slash + 1) == 0) {
            place = i;
        }
    }
    return place;
}

static size_t place_of(const struct apply_job *job, const struct kyverno_decision *decision)
{
    size_t place = apply_scratch_number(decision->policy_file, 'p', job->policy_count);
    return place != SIZE_MAX ? place : place_of_name(job, decision->policy);
}

static void append_line(struct buf *out, char sign, unsigned depth, const char *text)
{
    if (text != NULL) {
        buf_printf(out, "%c %*s%s\n", sign, (int)(2 * depth), "", text);
    }
}

/* Kyverno's command line puts what has no namespace into this one: not the policy's doing. */
static bool is_of_the_command_line(const struct value_diff_row *row)
{
    return row->kind == VALUE_RIGHT && row->depth == 1 && row->right != NULL &&
           strcmp(row->right, "\"namespace\": \"default\"") == 0;
}

/* What a mutation changes of the document, as a diff of what the two say. */
static void append_mutation(struct str document, struct str mutated, struct buf *out)
{
    struct value_diff diff = {0};
    value_diff_make(document, mutated, &diff);
    VEC_FOREACH (const struct value_diff_row, row, &diff) {
        if (row->kind == VALUE_SAME) {
            append_line(out, ' ', row->depth, row->left);
            continue;
        }
        if (!is_of_the_command_line(row)) {
            append_line(out, '-', row->depth, row->left);
            append_line(out, '+', row->depth, row->right);
        }
    }
    buf_append_c(out, diff.cut ? "  … and more\n" : "");
    value_diff_free(&diff);
}

static void add_detail(const struct apply_job *job, size_t fixture,
    const struct kyverno_decision *decision, struct apply_cell *cell)
{
    struct buf detail = BUF_INIT;
    buf_append_c(&detail, cell->detail == NULL ? "" : cell->detail);
    buf_append_c(&detail, cell->detail == NULL ? "" : "\n");
    if (decision->verdict == KYVERNO_MUTATE) {
        const struct apply_fixture *document = &job->set->fixtures.items[job->fixtures[fixture]];
        buf_append_c(&detail, "what it changes:\n");
        append_mutation(buf_str(&document->text), str_of(decision->text), &detail);
    } else {
        buf_printf(&detail, "what it generates:\n%s", decision->text);
    }
    free(cell->detail);
    cell->detail = buf_take(&detail);
}

static void take(struct apply_job *job, const struct kyverno_decision *decision)
{
    size_t policy = place_of(job, decision);
    size_t fixture = apply_scratch_number(decision->resource_file, 'r', job->fixture_count);
    if (policy == SIZE_MAX || fixture == SIZE_MAX) {
        return;
    }
    struct apply_cell *cell = apply_job_cell(job, policy, fixture);
    bool deletes = decision->verdict == KYVERNO_DELETE;
    bool silent = decision->verdict == KYVERNO_ALLOW || decision->message[0] == '\0';
    /* Some of the newer kinds call their one rule as the policy. */
    bool unnamed = decision->rule[0] == '\0' ||
                   strcmp(decision->rule, kyverno_base_name(decision->policy)) == 0;
    const char *who = deletes ? "deletes it" : unnamed ? "" : decision->rule;
    char *message = silent && !deletes
                        ? NULL
                        : mem_printf("%s%s%s", who, who[0] == '\0' ? "" : ": ", decision->message);
    apply_cell_add(cell, verdict_of(decision->verdict), message);
    if (decision->text != NULL) {
        add_detail(job, fixture, decision, cell);
    }
}

/* A policy that does not load decides nothing: of it, what is wrong; of the others, what Kyverno
 * does not name no policy matches. */
static void take_findings(struct apply_job *job, const struct findings *findings)
{
    VEC_FOREACH (const struct finding, finding, findings) {
        size_t policy = apply_scratch_number(finding->file, 'p', job->policy_count);
        for (size_t f = 0;
             policy != SIZE_MAX && finding->severity == SEVERITY_ERROR && f < job->fixture_count;
             f++) {
            struct apply_cell *cell = apply_job_cell(job, policy, f);
            if (cell->verdict == APPLY_WAITING) {
                apply_cell_add(cell, APPLY_ERROR, mem_strdup(finding->message));
            }
        }
    }
    for (size_t i = 0; i < job->policy_count * job->fixture_count; i++) {
        if (job->cells[i].verdict == APPLY_WAITING) {
            job->cells[i].verdict = APPLY_NO_MATCH;
        }
    }
}

static void on_done(void *data, const struct kyverno_application *application)
{
    struct asked *asked = data;
    struct asked copy = *asked;
    struct err err = {0};
    enum apply_read read = APPLY_READ_DONE;
    free(asked);
    if (application->trouble != NULL) {
        err_set(&err, ERR_EXTERNAL, "%s", application->trouble);
        read = APPLY_READ_APART;
        copy.job->suspect =
            application->suspect == NULL ? SIZE_MAX : place_of_name(copy.job, application->suspect);
    } else {
        for (size_t i = 0; i < application->decisions.len; i++) {
            take(copy.job, &application->decisions.items[i]);
        }
        take_findings(copy.job, &application->findings);
    }
    copy.done(copy.data, read, &err);
}

static void *start(struct apply_job *job, struct loop *loop, bool offline,
    void (*done)(void *data, enum apply_read read, const struct err *err), void *data)
{
    struct asked *asked = MEM_NEW(struct asked);
    struct apply_words policies = {0};
    struct apply_words resources = {0};
    *asked = (struct asked){.job = job, .done = done, .data = data};
    for (size_t i = 0; i < job->policy_count; i++) {
        VEC_PUSH(&policies, mem_printf("p%zu.yaml", i));
    }
    for (size_t i = 0; i < job->fixture_count; i++) {
        VEC_PUSH(&resources, apply_scratch_fixture_name(job, i));
    }
    struct kyverno_apply_options options = {.program = job->program,
        .dir = job->scratch.folder,
        .policies = (const char *const *)policies.items,
        .policy_count = policies.len,
        .resources = (const char *const *)resources.items,
        .resource_count = resources.len,
        .offline = offline,
        .alike_once = !apply_job_looks_around(job)};
    asked->apply = kyverno_apply_start(loop, &options, on_done, asked);
    apply_words_free(&policies);
    apply_words_free(&resources);
    return asked;
}

static void stop(void *started)
{
    struct asked *asked = started;
    kyverno_apply_cancel(asked->apply);
    free(asked);
}

const struct apply_engine apply_engine_kyverno = {
    .engine = &engine_kyverno,
    .policies_max = POLICIES_OF_JOB,
    .fixtures_max = FIXTURES_OF_JOB,
    .names_once = true,
    .find = find,
    .takes = takes,
    .together = together,
    .looks_around = looks_around,
    .weight = weight,
    .command = write_files,
    .start = start,
    .stop = stop,
};
