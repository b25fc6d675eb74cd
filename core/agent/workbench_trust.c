/* What the repository brings for the agent and nobody has answered about. */
#include "agent/workbench_private.h"

#include <stdlib.h>

const char *workbench_waiting(const struct workbench *wb)
{
    return wb->waiting;
}

void workbench_vetting(struct workbench *wb, struct vetting *out)
{
    vetting_read(wb->git_root, workspace_root(wb->workspace), out);
}

void workbench_look_at_trust(struct workbench *wb)
{
    struct vetting vetting;
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

/* Also a script that a hook names: whatever changes beside the policies. */
void workbench_trust_files(struct workbench *wb, const struct workspace_event *event)
{
    for (size_t i = 0; i < event->changed_count; i++) {
        struct str path = str_of(event->changed[i].path);
        if (!str_ends(path, ".rego") && !str_ends(path, ".yaml") && !str_ends(path, ".yml")) {
            workbench_look_at_trust(wb);
            return;
        }
    }
}
