/* read_skill: the text of a skill that the engineer trusts. */
#include "agent/skills.h"
#include "agent/tools_private.h"

void tool_skill_start(struct tool_run *run, const cJSON *args)
{
    struct err err;
    const char *name;
    const struct tools_setup *setup = &run->tools->setup;
    if (!tool_text(run, args, "name", &name)) {
        return;
    }
    const struct skills *skills = setup->skills == NULL ? NULL : setup->skills(setup->data);
    const struct skill *skill =
        skills == NULL || name == NULL ? NULL : skills_find(skills, str_of(name), &err);
    if (skill == NULL) {
        tool_fail(
            run, "%s.", skills == NULL || name == NULL ? "read_skill needs a name" : err.text);
        return;
    }
    buf_append_str(&run->output, buf_str(&skill->text));
    tool_finish(run, false);
}
