/* A bell, and a word to the desktop, when the agent is done or asks while somebody is elsewhere. */
#include "desk_private.h"

/* The text is ours: nothing of a model's gets into the escape sequence. */
static void notify(struct desk *desk, const char *text)
{
    const char *how = config_string(workbench_config(desk->workbench), "notifications");
    if (app_may_be_away(desk->app) && strcmp(how, "never") != 0) {
        app_notify(desk->app, strcmp(how, "osc9") != 0, strcmp(how, "bell") != 0 ? text : NULL);
    }
}

static bool ended_badly(const struct session *session)
{
    const struct transcript *transcript = session_transcript(session);
    return transcript->len > 0 && transcript->items[transcript->len - 1].kind == ENTRY_ERROR;
}

/* What failed may go back to the agent once the checks have ended: it is not done before. */
static bool is_busy(const struct desk *desk, const struct session *session)
{
    if (session_state(session) != SESSION_IDLE) {
        return true;
    }
    bool stands = ended_badly(session) || session_queue_count(session) > 0;
    return desk->was_busy && !stands && !workbench_is_at_rest(desk->workbench);
}

void desk_notify(struct desk *desk)
{
    const struct session *session = workbench_session(desk->workbench);
    bool busy = is_busy(desk, session);
    bool asks = session_approval(session) != NULL;
    uint64_t now = loop_now_ms();
    uint64_t least =
        (uint64_t)config_integer(workbench_config(desk->workbench), "notify_after") * 1000;
    if (asks && !desk->was_asked) {
        notify(desk, "bylaw: the agent asks for your approval");
    } else if (!busy && desk->was_busy && now - desk->busy_since >= least) {
        notify(desk, ended_badly(session) ? "bylaw: the agent stopped with an error"
                                          : "bylaw: the agent is done");
    }
    desk->busy_since = busy && !desk->was_busy ? now : desk->busy_since;
    desk->was_busy = busy;
    desk->was_asked = asks;
}
