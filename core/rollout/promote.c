#include "rollout/promote.h"

#include "base/file.h"
#include "base/path.h"
#include "base/vec.h"
#include "catalog/catalog.h"
#include "engine/settings.h"
#include "policy/index.h"
#include "workspace/workspace.h"

#include <stdlib.h>
#include <time.h>

enum { DAYS = 14, SECONDS_OF_DAY = 86400 };
#define TEXT_MAX_BYTES ((size_t)2 << 20)

void rollout_terms_read(const char *root, struct rollout_terms *out)
{
    struct toml *settings = settings_read(root, ".bylaw/config.toml");
    const struct toml *table = settings == NULL ? NULL : toml_get(settings, "rollout");
    *out = (struct rollout_terms){.days = DAYS};
    if (table != NULL) {
        long long days = toml_integer_or(table, "days", DAYS);
        long long most = toml_integer_or(table, "max_violations", 0);
        out->days = days < 0 ? DAYS : days;
        out->max_violations = most < 0 ? 0 : most;
        const char *report = toml_string_or(table, "report", "");
        struct err ignored; /* one that leads out of the folder is none */
        if (!path_check_relative(str_of(report), &out->report, &ignored)) {
            out->report = NULL;
        }
    }
    toml_free(settings);
}

void rollout_terms_free(struct rollout_terms *terms)
{
    free(terms->report);
    *terms = (struct rollout_terms){0};
}

/* ---- what speaks for it ---- */

const char *evidence_state_name(enum evidence_state state)
{
    static const char *const names[] = {
        [EVIDENCE_NOT_KNOWN] = "not known", [EVIDENCE_PASS] = "pass", [EVIDENCE_FAIL] = "fail"};
    return names[state];
}

bool rollout_is_promotion(enum rollout_stage from, enum rollout_stage to)
{
    return from == STAGE_MIXED ? to > STAGE_AUDIT : to > from;
}

enum rollout_stage rollout_next_stage(const struct rollout_policy *policy)
{
    bool warns = policy->engine != ROLLOUT_KYVERNO || str_ends(str_of(policy->kind), "ingPolicy");
    switch (policy->stage) {
    case STAGE_AUDIT:
        return warns ? STAGE_WARN : STAGE_ENFORCE;
    case STAGE_WARN:
    case STAGE_MIXED:
        return STAGE_ENFORCE;
    default:
        return STAGE_NONE;
    }
}

static void add(struct rollout_case *c, const char *what, enum evidence_state state, char *said)
{
    c->items[c->len++] = (struct rollout_evidence){what, state, said};
}

void rollout_case_days(struct rollout_case *c, const struct rollout_terms *terms,
    const struct rollout_since *since, int64_t now_s)
{
    if (!since->known) {
        add(c, "days", EVIDENCE_NOT_KNOWN,
            mem_printf("how long it has stood there is not known: %s",
                since->why == NULL ? "git does not say" : since->why));
        return;
    }
    long long days = now_s > since->time ? (long long)((now_s - since->time) / SECONDS_OF_DAY) : 0;
    bool enough = days >= terms->days;
    enum evidence_state state = enough            ? EVIDENCE_PASS
                                : since->at_least ? EVIDENCE_NOT_KNOWN
                                                  : EVIDENCE_FAIL;
    add(c, "days", state,
        mem_printf("%s%lld day%s at this stage, since %.10s; %lld wanted%s%s",
            since->at_least ? "at least " : "", days, days == 1 ? "" : "s", since->id, terms->days,
            since->why == NULL ? "" : ": ", since->why == NULL ? "" : since->why));
}

void rollout_case_violations(struct rollout_case *c, const struct rollout_terms *terms,
    const struct rollout_violations *violations)
{
    if (violations == NULL || !violations->known) {
        add(c, "violations", EVIDENCE_NOT_KNOWN,
            mem_strdup(violations == NULL
                           ? "no report was given (--report FILE, or report in [rollout])"
                           : violations->why));
        return;
    }
    bool few = violations->count <= (size_t)terms->max_violations;
    add(c, "violations", few ? EVIDENCE_PASS : EVIDENCE_FAIL,
        mem_printf("%zu violation%s in the report%s%s; %lld allowed", violations->count,
            violations->count == 1 ? "" : "s", violations->taken == NULL ? "" : " of ",
            violations->taken == NULL ? "" : violations->taken, terms->max_violations));
}

static bool gather_violations(struct rollout_case *c, const struct rollout_terms *terms,
    const struct rollout_policy *policy, const char *path, struct err *err)
{
    struct buf text = BUF_INIT;
    struct rollout_violations violations;
    struct err why;
    bool ok = file_read(path, ROLLOUT_REPORT_MAX_BYTES, &text, err);
    if (ok && !rollout_violations_read(buf_str(&text), policy, &violations, &why)) {
        ok = err_set(err, ERR_INVALID, "%s: %s", path, why.text);
    } else if (ok) {
        rollout_case_violations(c, terms, &violations);
        rollout_violations_free(&violations);
    }
    buf_free(&text);
    return ok;
}

bool rollout_case_gather(struct rollout_case *c, const char *root,
    const struct rollout_policy *policy, const char *report, struct err *err)
{
    struct rollout_terms terms;
    struct rollout_since since;
    bool ok = true;
    rollout_terms_read(root, &terms);
    rollout_since_read(root, policy, 1, &since);
    rollout_case_days(c, &terms, &since, (int64_t)time(NULL));
    rollout_since_free(&since);
    char *path = report != NULL         ? mem_strdup(report)
                 : terms.report != NULL ? path_join(root, terms.report)
                                        : NULL;
    if (path == NULL) {
        rollout_case_violations(c, &terms, NULL);
    } else {
        ok = gather_violations(c, &terms, policy, path, err);
    }
    free(path);
    rollout_terms_free(&terms);
    return ok;
}

void rollout_case_checks(struct rollout_case *c, const struct report *report)
{
    if (report == NULL) {
        add(c, "checks", EVIDENCE_NOT_KNOWN,
            mem_strdup("bylaw check was not run: what is above does not pass"));
        return;
    }
    struct buf said = BUF_INIT;
    bool ran = report->trouble == NULL && report->has_parts;
    enum evidence_state state =
        !ran || report->verdict == RESULT_NOT_EVALUATED || report->verdict == RESULT_SKIPPED
            ? EVIDENCE_NOT_KNOWN
        : report->verdict == RESULT_PASS ? EVIDENCE_PASS
                                         : EVIDENCE_FAIL;
    buf_printf(
        &said, "bylaw check: %s", ran ? result_status_name(report->verdict) : "could not run");
    for (size_t i = 0; ran && i < REPORT_PARTS; i++) {
        enum result_status status = report->parts[i].status;
        if (status != RESULT_PASS && status != RESULT_SKIPPED) {
            buf_printf(&said, "; %s: %s", report_part_name((enum report_part)i),
                report->parts[i].why == NULL ? result_status_name(status) : report->parts[i].why);
        }
    }
    if (report->trouble != NULL) {
        buf_printf(&said, ": %s", report->trouble);
    }
    add(c, "checks", state, buf_take(&said));
}

bool rollout_case_passes(const struct rollout_case *c)
{
    bool passes = true;
    for (size_t i = 0; i < c->len; i++) {
        passes = passes && c->items[i].state == EVIDENCE_PASS;
    }
    return passes;
}

bool rollout_case_holds(const struct rollout_case *c)
{
    return c->len == ARRAY_LEN(c->items) && rollout_case_passes(c);
}

void rollout_case_free(struct rollout_case *c)
{
    for (size_t i = 0; i < c->len; i++) {
        free(c->items[i].said);
    }
    *c = (struct rollout_case){0};
}

/* ---- the change ---- */

static bool change_text(const char *root, const struct rollout_policy *policy,
    enum rollout_stage stage, struct changes *out, struct err *err)
{
    char *full = path_join(root, policy->file);
    struct change change = {.kind = CHANGE_UPDATE, .base_exists = true, .mode = 0644};
    bool ok = file_read(full, TEXT_MAX_BYTES, &change.base, err) &&
              rollout_set(buf_str(&change.base), policy, stage, &change.content, err);
    if (ok) {
        change.path = mem_strdup(policy->file);
        VEC_PUSH(out, change);
    } else {
        buf_free(&change.base);
        buf_free(&change.content);
    }
    free(full);
    return ok;
}

/* All Rego of the folder, so that every reference is known. */
static bool fill(struct catalog *catalog, const char *root, struct err *err)
{
    struct policy_index *index = policy_index_new();
    bool ok = policy_index_scan(index, root, NULL, err);
    for (size_t i = 0; ok && i < index->files.len; i++) {
        const char *path = index->files.items[i].path;
        struct buf text = BUF_INIT;
        char *full = path_join(root, path);
        if (index->files.items[i].kind == POLICY_REGO &&
            file_read(full, SYMBOLS_MAX_BYTES, &text, NULL)) {
            catalog_put(catalog, path, policy_symbols_parse(path, buf_str(&text)));
        }
        free(full);
        buf_free(&text);
    }
    policy_index_free(index);
    return ok;
}

/* Where the rule's name stands. */
static bool find_rule(const struct catalog *catalog, const struct rollout_policy *policy,
    struct catalog_cursor *cursor)
{
    struct catalog_places places = {0};
    bool found = false;
    catalog_outline(catalog, policy->file, &places);
    VEC_FOREACH (const struct catalog_place, place, &places) {
        if (!found && place->kind == SYMBOL_RULE && strcmp(place->name, policy->name) == 0) {
            *cursor = (struct catalog_cursor){
                .path = policy->file, .row = place->at.row, .col = place->at.col};
            found = true;
        }
    }
    catalog_places_free(&places);
    return found;
}

static bool rename_rule(const char *root, const struct rollout_policy *policy, const char *name,
    struct changes *out, struct err *err)
{
    struct workspace *workspace = workspace_open(root, err);
    struct catalog *catalog = catalog_new();
    struct catalog_cursor cursor;
    struct catalog_rename rename = {0};
    bool ok = workspace != NULL && fill(catalog, root, err);
    if (ok && !find_rule(catalog, policy, &cursor)) {
        ok = err_set(err, ERR_NOT_FOUND, "%s has no rule %s any more", policy->file, policy->name);
    }
    ok = ok && catalog_rename_plan(catalog, &cursor, str_of(name), &rename, err);
    if (ok) {
        struct patch_folder folder = {workspace_fd(workspace), SYMBOLS_MAX_BYTES};
        struct patch_source source = {patch_folder_read, &folder};
        ok = catalog_rename_changes(&rename, &source, out, err);
    }
    catalog_rename_free(&rename);
    catalog_free(catalog);
    if (workspace != NULL) {
        workspace_free(workspace);
    }
    return ok;
}

bool rollout_change(const char *root, const struct rollout_policy *policy, enum rollout_stage stage,
    struct changes *out, struct err *err)
{
    if (policy->stage == stage) {
        return err_set(
            err, ERR_EXISTS, "%s is at %s already", policy->name, rollout_stage_name(stage));
    }
    if (policy->engine != ROLLOUT_CONFTEST) {
        return change_text(root, policy, stage, out, err);
    }
    if (stage != STAGE_WARN && stage != STAGE_ENFORCE) {
        return err_set(
            err, ERR_INVALID, "a rule of Conftest warns or denies: --to warn or enforce");
    }
    char *name = mem_printf(
        "%s%s", stage == STAGE_WARN ? "warn" : "deny", policy->name + strcspn(policy->name, "_"));
    bool ok = rename_rule(root, policy, name, out, err);
    free(name);
    return ok;
}

size_t rollout_stages_for(
    const char *root, const struct rollout_policy *policy, enum rollout_stage out[STAGE_COUNT])
{
    const enum rollout_stage order[] = {
        rollout_next_stage(policy), STAGE_WARN, STAGE_ENFORCE, STAGE_WARN, STAGE_AUDIT};
    size_t count = 0;
    for (size_t i = 0; i < ARRAY_LEN(order); i++) {
        bool known = order[i] == STAGE_NONE || order[i] == policy->stage;
        bool forward = rollout_is_promotion(policy->stage, order[i]);
        for (size_t k = 0; k < count; k++) {
            known = known || out[k] == order[i];
        }
        /* Those towards refusing come first, and the last two are steps back. */
        if (known || forward != (i < ARRAY_LEN(order) - 2)) {
            continue;
        }
        struct changes changes = {0};
        struct err err;
        if (rollout_change(root, policy, order[i], &changes, &err) && changes.len > 0) {
            out[count++] = order[i];
        }
        changes_free(&changes);
    }
    return count;
}
