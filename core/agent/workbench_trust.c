/* What the repository brings for the agent and nobody has answered about. */
#include "agent/workbench_private.h"

#include "acp/agents.h"
#include "hooks/scripts.h"
#include "workspace/agent_settings.h"

#include <stdlib.h>

const char *workbench_waiting(const struct workbench *wb)
{
    return wb->waiting;
}

/* An agent of its own answers, or will as soon as it is chosen. */
static bool is_for_agent(const struct workbench *wb)
{
    const char *name = config_string(wb->config, "model_provider");
    return wb->answers == ANSWERS_AGENT || (wb->provider == NULL && acp_agent_of(name) != NULL);
}

void workbench_vetting(struct workbench *wb, struct vetting *out)
{
    vetting_read(wb->git_root, workspace_root(wb->workspace), out);
    if (is_for_agent(wb)) { /* nobody else takes anything from them */
        vetting_add_settings(out, workspace_fd(wb->workspace), workspace_files(wb->workspace));
    }
}

void workbench_look_at_trust(struct workbench *wb)
{
    struct vetting vetting;
    if (is_for_agent(wb) && workspace_generation(wb->workspace) == 0) {
        return; /* the first listing of the files looks: all is told at once */
    }
    workbench_vetting(wb, &vetting);
    char *line = vetting_line(&vetting);
    vetting_free(&vetting);
    bool same =
        line == NULL || wb->waiting == NULL ? line == wb->waiting : strcmp(line, wb->waiting) == 0;
    free(wb->waiting);
    wb->waiting = line;
    if (!same) {
        workbench_tell(wb, WORKBENCH_TRUST);
    }
}

static bool is_policy(const char *path)
{
    return agent_setting_root(path) == 0 && !scripts_may_have(path);
}

/* Also a script that a hook names: whatever changes beside the policies. */
void workbench_trust_files(struct workbench *wb, const struct workspace_event *event)
{
    bool look = event->first && is_for_agent(wb);
    for (size_t i = 0; i < event->changed_count && !look; i++) {
        look = !is_policy(event->changed[i].path);
    }
    if (look) {
        workbench_look_at_trust(wb);
    }
}
