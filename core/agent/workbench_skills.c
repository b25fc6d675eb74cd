/* Skills of the workspace and of the engineer: read with the instructions, told to the model. */
#include "agent/workbench_private.h"

#include <stdlib.h>

const struct skills *workbench_skills(struct workbench *wb)
{
    skills_free(&wb->skills);
    skills_read(wb->git_root, workspace_root(wb->workspace), &wb->skills, NULL);
    return &wb->skills;
}

const struct skills *workbench_known_skills(void *data)
{
    struct workbench *wb = data;
    return &wb->skills;
}

bool workbench_use_skill(struct workbench *wb, struct str name, struct str task, struct err *err)
{
    const struct skill *skill = skills_find(workbench_skills(wb), name, err);
    if (skill == NULL) {
        return false;
    }
    char *prompt = skill_prompt(skill, task);
    bool ok = session_prompt(wb->session, str_of(prompt), err);
    free(prompt);
    return ok;
}
