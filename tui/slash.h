/* Slash commands: what a prompt that begins with "/" does instead of going to the model. One row
 * for each; the completion in the prompt, what Enter does, the ? screen, plain mode and the README
 * are made from the table. Commands of the engineer's own are prompt files (agent/prompts.h). */
#ifndef BYLAW_SLASH_H
#define BYLAW_SLASH_H

#include "base/err.h"
#include "base/str.h"

#include <stdio.h>

struct desk;

struct slash_command {
    const char *name; /* without the slash */
    const char *args; /* "" none; "[NAME]" may be left out; else needed */
    const char *help; /* one line, without a full stop */
    /* On the screen: the action with this id, which takes no arguments (its why_not is the
     * command's), unless `run` is there. */
    const char *action;
    /* `args` is trimmed. False with a sentence: nothing was done, and what was typed stays. */
    bool (*run)(struct desk *desk, struct str args, struct err *err);
    /* In plain mode: the command's word there; NULL: the same name. */
    const char *plain;
};

extern const struct slash_command slash_commands[]; /* in the order people look for them */
extern const size_t slash_command_count;

/* "/name what follows": true, with the name (as typed) and what follows, trimmed. False: a prompt
 * like any other; so are "/etc/passwd is …" and a line with a blank before the slash. */
bool slash_parse(struct str text, struct str *name, struct str *args);
/* NULL: there is none of this name. */
const struct slash_command *slash_find(struct str name);
/* The arguments are such as the command takes; else false with a sentence. */
bool slash_check_args(
    const struct slash_command *command, struct str args, struct err *err) MUST_USE;
/* The name nearest to one that is unknown, among the commands and `more` (NULL-terminated, may be
 * NULL); NULL when none is near. */
const char *slash_nearest(struct str name, const char *const *more);
/* ERR_NOT_FOUND for a name that is none, with the nearest and how to send the text all the same;
 * returns false. */
bool slash_unknown(struct str name, const char *const *more, struct err *err);
/* A name that is not in the table: sends the prompt file of that name (agent/prompts.h), or says
 * why not, as slash_unknown where there is none. */
struct workbench;
bool slash_use_prompt(
    struct workbench *workbench, struct str name, struct str args, struct err *err) MUST_USE;
/* `bylaw --help-slash`: the commands as a Markdown table. */
void slash_print_table(FILE *out);

#endif
