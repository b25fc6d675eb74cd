/* The worker's part before opa is asked: the index as the screen has it, the guards, and which
 * files opa is to be given. */
#include "check/check_private.h"

#include "base/file.h"
#include "base/path.h"
#include "engine/opa.h"
#include "policy/guard.h"
#include "policy/template.h"
#include "policy/yaml_tree.h"

#include <stdlib.h>
#include <unistd.h>

#define MEGABYTES(bytes) ((double)(bytes) / (1 << 20))

static bool is_too_large(const struct check_text *text)
{
    return text->too_large || text->text.len > CHECK_REGO_MAX;
}

static bool is_cancelled(const struct check_job *job)
{
    return atomic_load(&job->cancelled);
}

static const struct check_text *find_text(const struct check_job *job, const char *path)
{
    VEC_FOREACH (const struct check_text, text, &job->request.texts) {
        if (strcmp(text->path, path) == 0) {
            return text;
        }
    }
    return NULL;
}

/* True when a text laid into the index before is saved or dropped now. */
static bool laid_is_stale(const struct check_job *job)
{
    VEC_FOREACH (char *, path, &job->checker->laid) {
        if (find_text(job, *path) == NULL) {
            return true;
        }
    }
    return false;
}

static void forget_laid(struct checker *checker)
{
    VEC_FOREACH (char *, path, &checker->laid) {
        free(*path);
    }
    checker->laid.len = 0;
}

bool check_bring_up_to_date(struct check_job *job)
{
    struct checker *checker = job->checker;
    struct err err;
    bool changed = atomic_exchange(&checker->disk_changed, false);
    if (!checker->scanned || changed || laid_is_stale(job)) {
        checker->scanned = policy_index_scan(checker->index, checker->root, &job->cancelled, &err);
        forget_laid(checker);
        manifests_update(&checker->manifests, checker->index, &job->cancelled);
        if (!checker->scanned) {
            job->trouble = mem_strdup(err.text);
            return false;
        }
    }
    struct {
        struct policy_text *items;
        size_t len, cap;
    } texts = {0};
    forget_laid(checker);
    VEC_FOREACH (struct check_text, text, &job->request.texts) {
        if (is_too_large(text)) {
            continue; /* as the index has it from the disk */
        }
        VEC_PUSH(&texts, (struct policy_text){text->path, buf_str(&text->text)});
        VEC_PUSH(&checker->laid, mem_strdup(text->path));
    }
    policy_index_lay(checker->index, texts.items, texts.len);
    VEC_FOREACH (struct policy_text, text, &texts) {
        manifests_lay(&checker->manifests, text->path, text->text);
    }
    VEC_FREE(&texts);
    return true;
}

/* Writes a text for opa to read and remembers what it stands for. Takes `text` and `injection`
 * over.
 */
static bool stand_in(struct check_job *job, const char *path, const char *ext, struct buf *text,
    struct syntax_injection *injection, char **load)
{
    struct checker *checker = job->checker;
    struct err err;
    struct stand_in entry = {.path = mem_strdup(path), .text = *text};
    *text = BUF_INIT;
    if (injection != NULL) {
        entry.injection = *injection;
        injection->ranges = NULL;
        injection->range_count = 0;
    }
    checker->has_scratch = checker->has_scratch || scratch_make(&checker->scratch, &err);
    bool ok = checker->has_scratch;
    if (ok) {
        entry.load = mem_printf("%s/%u%s", checker->scratch.folder, checker->written++, ext);
        ok = file_write(entry.load, buf_str(&entry.text), 0600, &err);
    } else {
        entry.load = mem_strdup("");
    }
    if (!ok && job->trouble == NULL) {
        job->trouble = mem_printf("the unsaved text cannot be handed on: %s", err.text);
    }
    *load = entry.load;
    VEC_PUSH(&job->stand_ins, entry);
    return ok;
}

const char *check_lay(struct check_job *job, const char *path, const char *ext, struct str text)
{
    struct buf copy = BUF_INIT;
    char *load = NULL;
    buf_append_str(&copy, text);
    return stand_in(job, path, ext, &copy, NULL, &load) ? load : NULL;
}

/* The unsaved texts among the files of a plan's units are read from the scratch folder. */
static bool lay_out(struct check_job *job, struct run_plan *plan)
{
    bool *needed = mem_zalloc(plan->files.len + 1);
    VEC_FOREACH (struct plan_unit, unit, &plan->units) {
        VEC_FOREACH (size_t, place, &unit->files) {
            needed[*place] = true;
        }
    }
    bool ok = true;
    for (size_t i = 0; i < plan->files.len && ok; i++) {
        struct plan_file *file = &plan->files.items[i];
        const struct check_text *text =
            needed[i] && !file->is_data ? find_text(job, file->path) : NULL;
        if (text == NULL) {
            continue;
        }
        struct buf copy = BUF_INIT;
        char *load = NULL;
        buf_append_str(&copy, buf_str(&text->text));
        ok = stand_in(job, file->path, ".rego", &copy, NULL, &load);
        free(file->load);
        file->load = mem_strdup(load);
    }
    free(needed);
    return ok;
}

static void add_trouble_finding(struct check_job *job, const char *path, const char *message)
{
    struct finding finding = {.rule = mem_strdup("opa-cannot-load"),
        .severity = SEVERITY_ERROR,
        .file = mem_strdup(path),
        .message = mem_strdup(message),
        .source = mem_strdup("opa")};
    VEC_PUSH(&job->answers, finding);
}

static void add_plan(struct check_job *job, struct run_plan *plan)
{
    VEC_PUSH(&job->plans, plan);
    for (size_t i = 0; i < plan->units.len; i++) {
        VEC_PUSH(&job->runs, (struct check_run){.plan = plan, .unit = i});
    }
}

/* Of all the Rego that opa would load for a unit. */
static uint64_t unit_bytes(
    const struct check_job *job, const struct run_plan *plan, const struct plan_unit *unit)
{
    const struct policy_index *index = job->checker->index;
    uint64_t bytes = 0;
    VEC_FOREACH (size_t, place, &unit->files) {
        const struct plan_file *file = &plan->files.items[*place];
        const struct check_text *text = find_text(job, file->path);
        size_t at = file->is_data ? SIZE_MAX : policy_index_find(index, file->path);
        bytes += text != NULL     ? (is_too_large(text) ? CHECK_REGO_MAX + 1 : text->text.len)
                 : at == SIZE_MAX ? 0
                                  : index->files.items[at].size;
    }
    return bytes;
}

/* What is too large for opa is not asked: the unit of the focus is told, of what refers to it the
 * number. */
static void bound_units(struct check_job *job, struct run_plan *plan)
{
    for (size_t i = 0; i < plan->units.len; i++) {
        struct plan_unit *unit = &plan->units.items[i];
        uint64_t bytes = unit_bytes(job, plan, unit);
        if (bytes <= CHECK_REGO_MAX) {
            continue;
        }
        free(unit->trouble);
        unit->trouble =
            mem_printf("%s needs %.0f MB of Rego", job->request.focus, MEGABYTES(bytes));
        job->unchecked += i > 0;
        if (i == 0 && job->trouble == NULL) {
            job->trouble = mem_printf("%s with what it needs has %.0f MB of Rego: too large to "
                                      "check as you type (up to %.0f MB)",
                job->request.focus, MEGABYTES(bytes), MEGABYTES(CHECK_REGO_MAX));
        }
    }
}

static void plan_rego(struct check_job *job)
{
    const char *focus = job->request.focus;
    struct run_plan *plan =
        opa_plan_check(job->checker->index, focus, &job->unchecked, &job->cancelled);
    if (plan == NULL) {
        if (!is_cancelled(job) && job->trouble == NULL) {
            job->trouble = mem_printf("%s is not among the policies of this folder", focus);
        }
        return;
    }
    bound_units(job, plan);
    if (job->trouble != NULL || !lay_out(job, plan)) {
        run_plan_free(plan);
        return;
    }
    if (plan->units.items[0].trouble != NULL) {
        add_trouble_finding(job, focus, plan->units.items[0].trouble);
    }
    add_plan(job, plan);
    job->focus_runs = 1;
}

/* Each template's Rego is a policy of its own: its source and its libraries, nothing else. */
static void plan_template(struct check_job *job, struct template_policy *policy)
{
    const char *focus = job->request.focus;
    struct run_plan *plan = MEM_NEW(struct run_plan);
    plan->root = mem_strdup(job->checker->root);
    struct plan_unit unit = {
        .label = mem_strdup(focus), .dialect = policy->v1 ? DIALECT_V1 : DIALECT_V0};
    bool ok = true;
    VEC_FOREACH (struct template_source, source, &policy->sources) {
        struct buf text = source->text;
        char *load = NULL;
        source->text = BUF_INIT;
        ok = ok && stand_in(job, focus, ".rego", &text, &source->injection, &load);
        buf_free(&text);
        struct plan_file file = {.path = mem_strdup(focus), .load = mem_strdup(load)};
        VEC_PUSH(&unit.files, plan->files.len);
        VEC_PUSH(&plan->files, file);
    }
    VEC_PUSH(&plan->units, unit);
    if (ok) {
        add_plan(job, plan);
        job->focus_runs = job->runs.len;
    } else {
        run_plan_free(plan);
    }
}

static void plan_yaml(struct check_job *job, struct str text)
{
    struct template_policies policies = {0};
    template_policies_read(text, &policies);
    VEC_FOREACH (struct template_policy, policy, &policies) {
        if (!is_cancelled(job)) {
            plan_template(job, policy);
        }
    }
    template_policies_free(&policies);
}

void check_cover(struct check_job *job, const char *path)
{
    VEC_FOREACH (char *, known, &job->covered) {
        if (strcmp(*known, path) == 0) {
            return;
        }
    }
    VEC_PUSH(&job->covered, mem_strdup(path));
}

static char *too_large(const char *focus)
{
    return mem_printf(
        "%s is too large to check as you type (up to %.0f MB)", focus, MEGABYTES(CHECK_REGO_MAX));
}

static void prepare(struct check_job *job)
{
    const char *focus = job->request.focus;
    bool is_rego = strcmp(path_ext(focus), ".rego") == 0;
    struct buf disk = BUF_INIT;
    if (check_is_cedar(focus)) {
        check_cedar_prepare(job);
        return;
    }
    if (!check_bring_up_to_date(job) || is_cancelled(job)) {
        return;
    }
    const struct check_text *text = find_text(job, focus);
    struct err err;
    if (text == NULL) {
        char *path = path_join(job->checker->root, focus);
        if (!file_read(path, is_rego ? CHECK_REGO_MAX : YAML_TREE_MAX, &disk, &err)) {
            job->nothing = !is_rego && err.kind == ERR_LIMIT;
            job->trouble = err.kind == ERR_LIMIT ? too_large(focus) : mem_strdup(err.text);
        }
        free(path);
    }
    struct str content = text != NULL ? buf_str(&text->text) : buf_str(&disk);
    job->nothing = job->nothing ||
                   (!is_rego && (content.len > YAML_TREE_MAX || (text != NULL && text->too_large)));
    if (job->trouble == NULL && is_rego && text != NULL && is_too_large(text)) {
        job->trouble = too_large(focus);
    }
    if (job->trouble == NULL && !job->nothing) {
        struct guard_world *world = guard_world_new(job->checker->index, &job->checker->manifests);
        guards_check(world, focus, content, &job->guards);
        guard_world_free(world);
        job->evidence = guards_evidence(job->checker->index, &job->checker->manifests);
        check_cover(job, focus);
        if (is_rego) {
            plan_rego(job);
        } else {
            plan_yaml(job, content);
        }
    }
    buf_free(&disk);
    job->prepared = job->trouble == NULL && !is_cancelled(job);
}

/* Of the unsaved texts, which may be large, what opa reads is laid out now and the guards are
 * through: the last job stays until the next, its texts need not. */
void check_prepare(struct check_job *job)
{
    prepare(job);
    policy_index_forget_texts(job->checker->index);
    check_free_texts(&job->request);
}
