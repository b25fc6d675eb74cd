/* Which model answers: chosen in the background, so that the screen is there at once. */
#include "agent/workbench_private.h"

#include "base/log.h"
#include "base/path.h"
#include "model/live.h"
#include "model/recorder.h"
#include "model/recording.h"
#include "model/select.h"

#include <stdlib.h>

static void begin_recording(struct workbench *wb)
{
    struct err err;
    if (wb->options.record_to == NULL) {
        return;
    }
    if (wb->recorder != NULL) { /* another model was chosen since */
        live_record(wb->provider, wb->recorder);
        return;
    }
    if (!live_record(wb->provider, NULL)) {
        workbench_problem(wb, "Nothing is recorded: there is no live model.");
        return;
    }
    wb->recorder = recorder_open(wb->options.record_to, &err);
    if (wb->recorder == NULL) {
        workbench_problem(wb, "Nothing is recorded: %s", err.text);
        return;
    }
    live_record(wb->provider, wb->recorder);
}

static void on_selected(void *data, struct selection *selection)
{
    struct workbench *wb = data;
    wb->select = NULL;
    wb->provider = selection->provider;
    wb->answers = selection->answers;
    if (selection->problem != NULL) {
        workbench_problem(wb, "%s", selection->problem);
    }
    if (selection->why != NULL) {
        workbench_note(wb, "%s", selection->why);
    }
    begin_recording(wb);
    free(wb->model);
    free(wb->effort);
    free(wb->label);
    wb->label = mem_strdup(selection->label);
    wb->model = mem_strdup(selection->model);
    wb->effort = mem_strdup(selection->effort);
    selection_clear(selection);
    workbench_give_provider(wb);
    workbench_look_at_trust(wb);
    workbench_tell(wb, WORKBENCH_PROVIDER);
}

static const struct changes *proposed_changes(void *data)
{
    struct workbench *wb = data;
    const struct proposal *open = proposals_open(wb->proposals);
    return open == NULL ? NULL : &open->changes;
}

/* What an agent had written when its turn ended early, or before its next patch. */
static bool take_late(void *data, struct str patch, const char *why)
{
    struct workbench *wb = data;
    struct buf answer = BUF_INIT;
    struct entry entry = {.kind = ENTRY_NOTICE, .status = ENTRY_DONE};
    bool ok = workbench_take_patch(wb, patch, &answer);
    buf_printf(&entry.text, "The agent %s: what it had changed until then %s%s", why,
        ok ? "is in the proposal" : "was not taken: ", ok ? "" : answer.ptr);
    session_add_entry(wb->session, entry);
    buf_free(&answer);
    if (ok && session_state(wb->session) == SESSION_IDLE) {
        workbench_show_proposal(wb);
    }
    return ok;
}

static void begin_choosing(struct workbench *wb)
{
    free(wb->provider_wanted);
    wb->provider_wanted = mem_strdup(config_string(wb->config, "model_provider"));
    struct select_setup setup = {
        .acp = &wb->acp,
        .codex = &wb->codex,
        .loop = wb->options.loop,
        .http = wb->http,
        .config = wb->config,
        .workspace = workspace_root(wb->workspace),
    };
    wb->select = select_start(&setup, on_selected, wb);
}

void workbench_choose_provider(struct workbench *wb)
{
    wb->program = wb->options.is_program ? path_own_program() : NULL;
    wb->http = http_new(wb->options.loop);
    wb->codex = (struct codex_host){.data = wb,
        .workspace = wb->workspace,
        .changes = proposed_changes,
        .take = take_late,
        .approval = workbench_codex_approval,
        .tools = wb->program};
    wb->acp = (struct acp_host){.data = wb,
        .workspace = wb->workspace,
        .changes = proposed_changes,
        .take = take_late,
        .tools = wb->program};
    begin_choosing(wb);
}

/* What answered so far says nothing more: no turn runs. */
void workbench_choose_again(struct workbench *wb)
{
    wb->choose_again = false;
    if (wb->http == NULL) { /* the first one is yet to be chosen */
        return;
    }
    if (wb->select != NULL) {
        workbench_stop_choosing(wb);
    }
    if (wb->provider != NULL) {
        session_set_provider(wb->session, NULL, NULL, NULL);
        live_record(wb->provider, NULL);
        provider_free(wb->provider);
        wb->provider = NULL;
        wb->answers = ANSWERS_NOBODY;
    }
    begin_choosing(wb);
}

void workbench_stop_choosing(struct workbench *wb)
{
    select_cancel(wb->select);
    wb->select = NULL;
}

void workbench_free_provider(struct workbench *wb)
{
    if (wb->recorder != NULL) {
        struct err err;
        live_record(wb->provider, NULL);
        if (!recorder_close(wb->recorder, &err)) {
            log_write("workbench", "%s", err.text);
        }
    }
    provider_free(wb->provider);
    http_free(wb->http);
    prices_free(wb->prices);
    free(wb->program);
    free(wb->model_shown);
    free(wb->model);
    free(wb->effort);
    free(wb->label);
    free(wb->provider_wanted);
    free(wb->unbounded_said);
    routing_clear(&wb->routing);
}

bool workbench_is_recording(const struct workbench *wb)
{
    return wb->provider != NULL && wb->provider->is_recording;
}

bool workbench_has_model(const struct workbench *wb)
{
    return wb->provider != NULL && wb->answers != ANSWERS_NOBODY;
}

bool workbench_has_chosen(const struct workbench *wb)
{
    return wb->provider != NULL;
}

bool workbench_is_recorded(const struct workbench *wb)
{
    return wb->recorder != NULL;
}

const char *workbench_recorded_prompt(const struct workbench *wb, size_t index)
{
    return workbench_is_recording(wb) ? recording_prompt(wb->provider, index) : NULL;
}
