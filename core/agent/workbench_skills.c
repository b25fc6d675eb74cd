/* Skills of the workspace and of the engineer: read with the instructions, told to the model. */
#include "agent/prompts.h"
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

const struct skills *workbench_prompts(struct workbench *wb)
{
    skills_free(&wb->prompts);
    prompts_read(workspace_root(wb->workspace), &wb->prompts, NULL);
    return &wb->prompts;
}

bool workbench_use_prompt(struct workbench *wb, struct str name, struct str args, struct err *err)
{
    const struct skill *prompt = prompts_find(workbench_prompts(wb), name, err);
    if (prompt == NULL) {
        return false;
    }
    struct buf text = BUF_INIT;
    prompt_expand(prompt, args, &text);
    bool ok = session_prompt(wb->session, buf_str(&text), err);
    buf_free(&text);
    return ok;
}
