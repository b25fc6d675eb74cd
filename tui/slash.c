#include "slash.h"

#include "agent/workbench.h"
#include "base/nearest.h"
#include "base/safe.h"
#include "base/vec.h"
#include "desk_slash.h"

#include <stdlib.h>

const struct slash_command slash_commands[] = {
    {"new", "", "Begin a new session", NULL, desk_slash_new, NULL},
    {"resume", "[ID]", "Go on with an earlier session, chosen from a list", NULL, desk_slash_resume,
        NULL},
    {"fork", "", "Go on from here in another session; this one stays as it is", NULL,
        desk_slash_fork, NULL},
    {"compact", "", "Have the model sum up the conversation and go on from that", NULL,
        desk_slash_compact, NULL},
    {"review", "", "Review the open proposal line by line", "desk.review", NULL, NULL},
    {"reviews", "", "Choose among the proposals that wait for review in all sessions", NULL,
        desk_slash_reviews, NULL},
    {"test", "", "Run all tests: of the open proposal, else of the workspace", "desk.test", NULL,
        "tests"},
    {"report", "FORMAT FILE",
        "Write the last results as junit, sarif, tap, json, github, markdown or policyreport", NULL,
        desk_slash_report, NULL},
    {"apply", "", "Apply every policy to every document and show what is decided", "desk.apply",
        NULL, NULL},
    {"diff", "", "What differs from the last commit", NULL, desk_slash_diff, NULL},
    {"commit", "", "Write and commit what the review accepted, after showing it", NULL,
        desk_slash_commit, "finish"},
    {"undo", "", "Undo the last commit made here with a commit that reverts it", "desk.undo-commit",
        NULL, "undo-commit"},
    {"cost", "", "Tokens and money so far, and how full the window is", NULL, desk_slash_cost,
        NULL},
    {"profile", "[NAME]", "Choose the profile: model, effort, approval, sandbox, bounds", NULL,
        desk_slash_profile, NULL},
    {"model", "[NAME [EFFORT]]", "Choose the model by task, with its price and why", NULL,
        desk_slash_model, NULL},
    {"mode", "[NAME]", "Choose the mode that an agent of its own works in: plan, ask, …", NULL,
        desk_slash_mode, NULL},
    {"skill", "[NAME] [TASK]",
        "Have the agent use a skill for a task; without a name all are listed", NULL,
        desk_slash_skill, NULL},
    {"export", "[FILE]", "Write this session as Markdown, to a file that is not there yet", NULL,
        desk_slash_export, NULL},
    {"status", "", "Where things are: folder, model, limits, tests, proposal, cost", NULL,
        desk_slash_status, NULL},
    {"help", "", "These commands, and the keys that work here", "app.help", NULL, NULL},
    {"quit", "", "Leave; session, proposal and decisions are kept", "app.quit", NULL, NULL},
};

const size_t slash_command_count = ARRAY_LEN(slash_commands);

static bool is_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == ':';
}

bool slash_parse(struct str text, struct str *name, struct str *args)
{
    if (!str_starts(text, "/")) {
        return false;
    }
    size_t end = 1;
    while (end < text.len && is_name(text.ptr[end])) {
        end++;
    }
    bool ends = end == text.len || strchr(" \t\r\n", text.ptr[end]) != NULL;
    *name = str_slice(text, 1, end);
    *args = str_trim(str_from(text, end));
    return ends && end > 1;
}

const struct slash_command *slash_find(struct str name)
{
    for (size_t i = 0; i < slash_command_count; i++) {
        if (str_equal_c(name, slash_commands[i].name)) {
            return &slash_commands[i];
        }
    }
    return NULL;
}

bool slash_check_args(const struct slash_command *command, struct str args, struct err *err)
{
    if (command->args[0] == '\0' && args.len > 0) {
        return err_set(err, ERR_INVALID, "Nothing was done: /%s is typed alone.", command->name);
    }
    if (command->args[0] != '\0' && command->args[0] != '[' && args.len == 0) {
        return err_set(
            err, ERR_INVALID, "Nothing was done: type /%s %s.", command->name, command->args);
    }
    return true;
}

static void consider(struct str name, const char *other, const char **best, size_t *least)
{
    size_t far = nearest_distance(name, str_of(other));
    if (name.len >= 2 && strncmp(other, name.ptr, name.len) == 0) {
        far = 1; /* its beginning */
    }
    if (far < *least) {
        *least = far;
        *best = other;
    }
}

const char *slash_nearest(struct str name, const char *const *more)
{
    const char *best = NULL;
    size_t least = name.len / 2 + 1; /* further away it is a guess */
    for (size_t i = 0; i < slash_command_count; i++) {
        consider(name, slash_commands[i].name, &best, &least);
    }
    for (size_t i = 0; more != NULL && more[i] != NULL; i++) {
        consider(name, more[i], &best, &least);
    }
    return best;
}

bool slash_unknown(struct str name, const char *const *more, struct err *err)
{
    const char *near = slash_nearest(name, more);
    char *shown = safe_dup(name, SAFE_ONE_LINE, 40);
    err_set(err, ERR_NOT_FOUND, "No command /%s: %s%s. A blank before it sends it as it is.", shown,
        near == NULL ? "/help lists them" : "the nearest is /", near == NULL ? "" : near);
    free(shown);
    return false;
}

bool slash_use_prompt(
    struct workbench *workbench, struct str name, struct str args, struct err *err)
{
    if (workbench_use_prompt(workbench, name, args, err)) {
        return true;
    }
    if (err->kind != ERR_NOT_FOUND) {
        return false;
    }
    const struct skills *prompts = workbench_prompts(workbench);
    const char *names[SKILLS_MAX + 1] = {NULL};
    size_t count = 0;
    VEC_FOREACH (const struct skill, prompt, prompts) {
        names[count] = prompt->name;
        count += count < SKILLS_MAX;
    }
    names[count] = NULL;
    return slash_unknown(name, names, err);
}

void slash_print_table(FILE *out)
{
    fputs("| Type | What it does |\n| --- | --- |\n", out);
    for (size_t i = 0; i < slash_command_count; i++) {
        const struct slash_command *command = &slash_commands[i];
        fprintf(out, "| `/%s%s%s` | %s |\n", command->name, command->args[0] == '\0' ? "" : " ",
            command->args, command->help);
    }
}
