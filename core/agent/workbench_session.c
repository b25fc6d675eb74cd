/* From one session to another while the workbench is open: a new one, an earlier one, a fork. */
#include "agent/workbench_private.h"

#include <stdlib.h>

void workbench_leave_session(struct session *session, const struct proposals *proposals)
{
    if (session_is_empty(session) && proposals_open(proposals) == NULL) {
        session_discard(session);
    } else {
        session_record(session, "closed", NULL, false);
    }
}

static bool may_switch(const struct workbench *wb, struct err *err)
{
    if (session_state(wb->session) != SESSION_IDLE) {
        return err_set(
            err, ERR_CONFLICT, "The agent is at work: wait for it, or Esc interrupts it.");
    }
    if (wb->held) {
        return err_set(err, ERR_CONFLICT, "A commit is being made: finish it first.");
    }
    return true;
}

/* What a fork begins with beside its records. */
struct origin {
    char *id;
    char *draft; /* NULL: none */
};

static bool go_to(
    struct workbench *wb, const char *id, const struct origin *origin, struct err *err)
{
    struct session *old = wb->session;
    struct proposals *old_proposals = wb->proposals;
    unsigned number = wb->shown_number;
    unsigned revision = wb->shown_revision;
    wb->shown_number = wb->shown_revision = 0;
    if (!(id != NULL ? workbench_resume(wb, id, true, err) : workbench_begin(wb, err))) {
        wb->session = old;
        wb->proposals = old_proposals;
        wb->shown_number = number;
        wb->shown_revision = revision;
        return false;
    }
    if (origin != NULL) {
        session_note_fork(wb->session, origin->id);
        session_set_draft(wb->session, str_of(origin->draft));
    }
    session_on_change(wb->session, workbench_on_session_change, wb);
    workbench_tell(wb, WORKBENCH_SWITCHED);
    workbench_leave_session(old, old_proposals);
    session_free(old);
    proposals_free(old_proposals);
    workbench_rebase(wb);
    workbench_changed(wb);
    workbench_lay_out(wb);
    workbench_give_provider(wb);
    workbench_tell(wb, WORKBENCH_PROPOSAL);
    return true;
}

bool workbench_open_session(struct workbench *wb, const char *id, struct err *err)
{
    if (id != NULL && strcmp(id, session_id(wb->session)) == 0) {
        return err_set(err, ERR_CONFLICT, "This is session %s.", id);
    }
    return may_switch(wb, err) && go_to(wb, id, NULL, err);
}

bool workbench_fork(struct workbench *wb, unsigned before, struct err *err)
{
    if (!may_switch(wb, err)) {
        return false;
    }
    if (session_transcript(wb->session)->len == 0) {
        return err_set(err, ERR_NOT_FOUND, "Nothing was said yet: there is nothing to fork.");
    }
    const struct entry *prompt = before == 0 ? NULL : session_entry_at(wb->session, before);
    struct origin origin = {.id = mem_strdup(session_id(wb->session)),
        .draft = prompt == NULL ? NULL : str_dup(buf_str(&prompt->text))};
    char *id = session_fork(wb->session, workspace_root(wb->workspace), before, err);
    if (id != NULL && before == 0 && wb->provider != NULL) {
        provider_fork(wb->provider, origin.id, id);
    }
    bool ok = id != NULL && go_to(wb, id, &origin, err);
    free(id);
    free(origin.id);
    free(origin.draft);
    return ok;
}
