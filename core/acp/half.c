/* What the agent has written in the prompt that runs, kept in a file as it comes: where we are
 * killed, or end, before its turn does, it joins the proposal when that session is open again. The
 * file goes with the end of the turn. */
#include "acp/acp_private.h"
#include "base/file.h"
#include "base/log.h"
#include "base/path.h"

#include <stdlib.h>
#include <unistd.h>

enum { KEEP_MS = 1000 };

/* NULL: there is no place for it. The caller frees. */
static char *file_of(const struct acp *acp, const char *session)
{
    char *state = path_home_dir(PATH_STATE, NULL);
    char *clean = NULL;
    char *file = NULL;
    if (state != NULL && session != NULL && path_check_relative(str_of(session), &clean, NULL)) {
        file = mem_printf("%s/acp/%s/half/%s.patch", state, acp->agent.name, clean);
    }
    free(clean);
    free(state);
    return file;
}

void acp_half_write(struct acp *acp, struct str patch)
{
    struct err err;
    char *file = file_of(acp, acp->half.session);
    char *folder = file == NULL ? NULL : path_dir(file);
    if (file != NULL && patch.len == 0) {
        (void)unlink(file); /* most often there is none */
    } else if (file != NULL &&
               !(path_make_dirs(folder, &err) && file_write(file, patch, 0600, &err))) {
        log_write("acp", "what the agent has written so far is not kept: %s", err.text);
    }
    free(folder);
    free(file);
}

static void on_half(void *data, const struct lent_found *found)
{
    struct acp *acp = data;
    acp->half.looking = false;
    if (found->err == NULL) {
        acp_half_write(acp, found->patch);
    }
    if (acp->collecting) { /* the turn is over meanwhile */
        acp_collect(acp);
    }
}

void acp_half_look(struct acp *acp)
{
    if (acp->lent != NULL && !acp->half.looking && !lent_is_busy(acp->lent)) {
        acp->half.looking = true;
        lent_collect(acp->lent, on_half, acp);
    }
}

static void on_time(void *data)
{
    struct acp *acp = data;
    acp->half.waits = false;
    if (acp->prompting) {
        acp_half_look(acp);
    }
}

void acp_half_init(struct acp *acp)
{
    acp->half.timer = loop_timer_new(acp->loop, on_time, acp);
}

void acp_half_free(struct acp *acp)
{
    loop_timer_free(acp->half.timer);
    free(acp->half.session);
}

void acp_half_later(struct acp *acp)
{
    if (!acp->half.waits) {
        acp->half.waits = true;
        loop_timer_start(acp->half.timer, KEEP_MS, 0);
    }
}

void acp_half_take(struct acp *acp, const char *session)
{
    struct buf patch = BUF_INIT;
    char *file = file_of(acp, session);
    if (file != NULL && file_read(file, LENT_PATCH_MAX, &patch, NULL) && patch.len > 0 &&
        acp->host.take(acp->host.data, buf_str(&patch), "was cut short")) {
        (void)unlink(file);
        acp_note(acp, "Your last turn was cut short. What you had changed in it is in the "
                      "proposal.");
    }
    buf_free(&patch);
    free(file);
}
