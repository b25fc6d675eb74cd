#include "desk_rollout.h"

#include "base/path.h"
#include "base/vec.h"
#include "desk_private.h"
#include "gate/gate.h"
#include "rollout/promote.h"
#include "widget/dialog.h"
#include "widget/picker.h"

#include <stdlib.h>
#include <time.h>

/* What is being gathered, for the list or for one policy: a worker's while `busy`. */
struct gathering {
    struct rollout all;
    struct rollout_since *since; /* one each, for the list */
    char *path;                  /* where the cursor is, for a promotion */
    unsigned row;
    const struct rollout_policy *policy;
    enum rollout_stage stages[STAGE_COUNT]; /* it can be brought to */
    size_t stage_count;
    enum rollout_stage stage; /* that is wanted */
    struct rollout_case evidence;
    struct changes changes;
    struct err err;
    bool ok;
};

struct desk_rollout {
    struct desk *desk;
    bool busy; /* something is gathered, or shown */
    struct gathering now;
    struct gate *gate;
    struct buf text, detail; /* of the item that is shown */
};

struct desk_rollout *desk_rollout_new(struct desk *desk)
{
    struct desk_rollout *rollout = MEM_NEW(struct desk_rollout);
    rollout->desk = desk;
    return rollout;
}

static void forget(struct desk_rollout *r)
{
    for (size_t i = 0; r->now.since != NULL && i < r->now.all.len; i++) {
        rollout_since_free(&r->now.since[i]);
    }
    free(r->now.since);
    rollout_free(&r->now.all);
    rollout_case_free(&r->now.evidence);
    changes_free(&r->now.changes);
    free(r->now.path);
    r->now = (struct gathering){0};
}

void desk_rollout_free(struct desk_rollout *rollout)
{
    if (rollout != NULL) {
        gate_free(rollout->gate);
        forget(rollout);
        buf_free(&rollout->text);
        buf_free(&rollout->detail);
        free(rollout);
    }
}

static const char *root_of(const struct desk_rollout *r)
{
    return workspace_root(workbench_workspace(r->desk->workbench));
}

/* ---- the list ---- */

static void show_item(void *data, size_t index, struct picker_item *out)
{
    struct desk_rollout *r = data;
    const struct rollout_policy *policy = &r->now.all.items[index];
    const struct rollout_since *since = &r->now.since[index];
    buf_clear(&r->text);
    buf_clear(&r->detail);
    buf_printf(
        &r->text, "%-8s %s/%s", rollout_stage_name(policy->stage), policy->kind, policy->name);
    if (since->known) {
        buf_printf(&r->detail, "%s%lld days  ", since->at_least ? "≥" : "",
            (long long)(((int64_t)time(NULL) - since->time) / 86400));
    }
    buf_printf(&r->detail, "%s:%u", policy->file, policy->row);
    out->text = buf_str(&r->text);
    out->detail = buf_str(&r->detail);
}

static void chosen(void *data, size_t index, struct str query)
{
    struct desk_rollout *r = data;
    (void)query;
    if (index < r->now.all.len) {
        const struct rollout_policy *policy = &r->now.all.items[index];
        desk_show(r->desk, policy->file, policy->row, 1);
    }
}

static void list_closed(void *data)
{
    struct desk_rollout *r = data;
    r->busy = false;
}

static void list_work(void *data)
{
    struct desk_rollout *r = data;
    struct gathering *now = &r->now;
    now->ok = rollout_find(root_of(r), &now->all, &now->err);
    now->since = mem_zalloc((now->all.len + 1) * sizeof *now->since);
    rollout_since_read(root_of(r), now->all.items, now->all.len, now->since);
}

static void list_done(void *data, bool cancelled)
{
    struct desk_rollout *r = data;
    struct app *app = r->desk->app;
    r->desk->exporting--;
    r->busy = false;
    if (cancelled || r->desk->closing) {
        return;
    }
    if (!r->now.ok) {
        app_message(app, MESSAGE_ERROR, "%s", r->now.err.text);
    } else if (r->now.all.len == 0) {
        app_message(app, MESSAGE_INFO, "No policy here has a stage.");
    } else {
        char *title = mem_printf(
            "%zu %s by stage", r->now.all.len, r->now.all.len == 1 ? "policy" : "policies");
        picker_open(app, &(struct picker_options){.title = title,
                             .hint = "Enter opens it; Alt-E there brings it to another stage",
                             .count = r->now.all.len,
                             .item = show_item,
                             .chosen = chosen,
                             .destroy = list_closed,
                             .data = r});
        free(title);
        r->busy = true;
    }
    app_redraw(app);
}

static void start(
    struct desk_rollout *r, void (*work)(void *data), void (*done)(void *data, bool cancelled))
{
    r->busy = true;
    r->desk->exporting++;
    loop_work_start(r->desk->loop, work, done, r);
}

static unsigned list(void *data)
{
    struct desk_rollout *r = data;
    forget(r);
    start(r, list_work, list_done);
    return UI_DONE;
}

/* ---- a promotion ---- */

static void end(struct desk_rollout *r)
{
    forget(r);
    r->busy = false;
}

static void propose(struct desk_rollout *r)
{
    struct desk *desk = r->desk;
    struct err err;
    char *origin = mem_printf("%s %s: %s to %s",
        rollout_is_promotion(r->now.policy->stage, r->now.stage) ? "promote" : "take back",
        r->now.policy->name, rollout_stage_name(r->now.policy->stage),
        rollout_stage_name(r->now.stage));
    if (workbench_propose(desk->workbench, &r->now.changes, origin, &err)) {
        desk_open_review(desk);
        app_message(desk->app, MESSAGE_INFO, "%s, nothing is written yet", origin);
    } else {
        app_message(desk->app, MESSAGE_ERROR, "%s", err.text);
    }
    free(origin);
    end(r);
}

static void answered(void *data, int choice)
{
    struct desk_rollout *r = data;
    if (choice == 0 && rollout_case_holds(&r->now.evidence)) {
        propose(r);
    } else {
        end(r);
    }
}

static void show_case(struct desk_rollout *r)
{
    static const struct dialog_choice offer[] = {{'p', "Propose it"}};
    static const struct dialog_choice close[] = {{'c', "Close"}};
    const struct rollout_case *evidence = &r->now.evidence;
    bool holds = rollout_case_holds(evidence);
    struct buf text = BUF_INIT;
    buf_printf(&text, "%s/%s: %s to %s\n\n", r->now.policy->kind, r->now.policy->name,
        rollout_stage_name(r->now.policy->stage), rollout_stage_name(r->now.stage));
    for (size_t i = 0; i < evidence->len; i++) {
        const struct rollout_evidence *piece = &evidence->items[i];
        buf_printf(
            &text, "%s: %s: %s\n", piece->what, evidence_state_name(piece->state), piece->said);
    }
    if (!holds) {
        buf_append_c(&text, "\nNothing is proposed: each piece of evidence has to pass.\n");
    }
    dialog_choose(r->desk->app, holds ? "Its evidence holds" : "Its evidence does not hold",
        buf_str(&text), holds ? offer : close, 1, answered, r);
    buf_free(&text);
}

static void checked(void *data, struct report *report)
{
    struct desk_rollout *r = data;
    rollout_case_checks(&r->now.evidence, report);
    show_case(r);
    app_redraw(r->desk->app);
}

/* The policy that the cursor is in: the last that begins before it. */
static const struct rollout_policy *policy_at(const struct gathering *now)
{
    const struct rollout_policy *found = NULL;
    VEC_FOREACH (const struct rollout_policy, policy, &now->all) {
        bool here = strcmp(policy->file, now->path) == 0;
        if (here && (found == NULL || (policy->row <= now->row && policy->row >= found->row))) {
            found = policy;
        }
    }
    return found;
}

static void find_work(void *data)
{
    struct desk_rollout *r = data;
    struct gathering *now = &r->now;
    now->ok = rollout_find(root_of(r), &now->all, &now->err);
    now->policy = now->ok ? policy_at(now) : NULL;
    if (now->ok && now->policy == NULL) {
        now->ok = err_set(&now->err, ERR_NOT_FOUND, "%s holds no policy with a stage.", now->path);
        return;
    }
    now->stage_count = now->ok ? rollout_stages_for(root_of(r), now->policy, now->stages) : 0;
    if (now->ok && now->stage_count == 0) {
        now->ok = err_set(&now->err, ERR_INVALID, "%s has no other stage: it is at %s.",
            now->policy->name, rollout_stage_name(now->policy->stage));
    }
}

/* The change, and for a step towards refusing what can be read of its evidence. */
static void promote_work(void *data)
{
    struct desk_rollout *r = data;
    struct gathering *now = &r->now;
    now->ok = rollout_change(root_of(r), now->policy, now->stage, &now->changes, &now->err) &&
              (!rollout_is_promotion(now->policy->stage, now->stage) ||
                  rollout_case_gather(&now->evidence, root_of(r), now->policy, NULL, &now->err));
}

/* A worker has ended; false: it is over, and why was said. */
static bool goes_on(struct desk_rollout *r, bool cancelled)
{
    struct desk *desk = r->desk;
    desk->exporting--;
    if (!cancelled && !desk->closing && r->now.ok) {
        return true;
    }
    r->busy = false;
    if (!cancelled && !desk->closing) {
        app_message(desk->app, MESSAGE_ERROR, "%s", r->now.err.text);
        app_redraw(desk->app);
    }
    return false;
}

static void promote_done(void *data, bool cancelled)
{
    struct desk_rollout *r = data;
    struct desk *desk = r->desk;
    if (!goes_on(r, cancelled)) {
        return;
    }
    if (!rollout_is_promotion(r->now.policy->stage, r->now.stage)) {
        propose(r);
        app_redraw(desk->app);
        return;
    }
    const struct config *config = workbench_config(desk->workbench);
    struct gate_options options = {.root = root_of(r),
        .threshold = (double)config_integer(config, "coverage_threshold"),
        .fails = SEVERITY_ERROR};
    gate_free(r->gate);
    r->gate = gate_start(desk->loop, &options, &(struct gate_events){.data = r, .done = checked});
    app_message(desk->app, MESSAGE_INFO, "running all checks, for the evidence of %s…",
        r->now.policy->name);
    app_redraw(desk->app);
}

static void stage_chosen(void *data, int choice)
{
    struct desk_rollout *r = data;
    if (choice < 0) {
        end(r);
        return;
    }
    r->now.stage = r->now.stages[choice];
    start(r, promote_work, promote_done);
}

static void ask_stage(struct desk_rollout *r)
{
    static const struct dialog_choice labels[] = {[STAGE_AUDIT] = {'a', "audit"},
        [STAGE_WARN] = {'w', "warn"},
        [STAGE_ENFORCE] = {'e', "enforce"}};
    struct dialog_choice choices[STAGE_COUNT];
    for (size_t i = 0; i < r->now.stage_count; i++) {
        choices[i] = labels[r->now.stages[i]];
    }
    const struct rollout_policy *policy = r->now.policy;
    char *text = mem_printf("%s/%s is at %s. To which stage?\n\nA step towards refusing needs its "
                            "evidence, a step back does not.",
        policy->kind, policy->name, rollout_stage_name(policy->stage));
    dialog_choose(
        r->desk->app, "Stage", str_of(text), choices, r->now.stage_count, stage_chosen, r);
    free(text);
}

static void find_done(void *data, bool cancelled)
{
    struct desk_rollout *r = data;
    if (goes_on(r, cancelled)) {
        ask_stage(r);
        app_redraw(r->desk->app);
    }
}

static unsigned promote(void *data)
{
    struct desk_rollout *r = data;
    struct position at = {0};
    const char *path = desk_cursor(r->desk, &at);
    if (path == NULL) {
        return UI_IGNORED;
    }
    forget(r);
    r->now.path = mem_strdup(path);
    r->now.row = at.row;
    start(r, find_work, find_done);
    return UI_DONE;
}

static const char *why_not_list(void *data)
{
    const struct desk_rollout *r = data;
    return r->busy ? "Stages are being read." : NULL;
}

static const char *why_not_promote(void *data)
{
    const struct desk_rollout *r = data;
    const char *path = editor_path(r->desk->editor);
    const char *ext = path == NULL ? "" : path_ext(path);
    bool may_be =
        strcmp(ext, ".yaml") == 0 || strcmp(ext, ".yml") == 0 || strcmp(ext, ".rego") == 0;
    return !may_be   ? "Open a policy: a constraint, a Kyverno policy or a rule of Conftest."
           : r->busy ? "Its evidence is being gathered."
                     : NULL;
}

static const struct action actions[] = {
    {"rollout.show", "stages",
        "List how far each policy is rolled out: audit, warn or enforce, and since when", "alt-S",
        NULL, 0, list, why_not_list},
    {"rollout.promote", "promote",
        "Bring the policy under the cursor to another stage: gather its evidence, and propose it",
        "alt-E", NULL, 0, promote, why_not_promote},
};

const struct action_set rollout_actions = ACTION_SET("rollout", "Stages", actions);
