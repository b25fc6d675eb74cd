/* bylaw init: what a policy repository begins with. */
#include "base/path.h"
#include "base/vec.h"
#include "command/command.h"
#include "embedded.h"
#include "trust/vetting.h"
#include "workspace/beneath.h"
#include "workspace/door.h"

#include <stdlib.h>

/* ERR_NOT_FOUND in err: it is free. */
static bool is_there(const struct workspace *workspace, const char *path, struct err *err)
{
    struct stat st;
    return beneath_stat(workspace_fd(workspace), path, &st, err);
}

static void gather(const struct workspace *workspace, struct changes *changes)
{
    for (const struct embedded *file = builtin_starter; file->name != NULL; file++) {
        struct err err;
        if (is_there(workspace, file->name, &err) || err.kind != ERR_NOT_FOUND) {
            printf("left   %s, which is there already\n", file->name);
            continue;
        }
        struct change change = {.kind = CHANGE_ADD, .path = mem_strdup(file->name), .mode = 0644};
        buf_append(&change.content, file->bytes, file->len);
        VEC_PUSH(changes, change);
    }
}

/* The engineer has asked for exactly these: nobody else's text is trusted by this. */
static bool trust_own(
    const struct workspace *workspace, const struct changes *changes, struct err *err)
{
    struct vetting vetting;
    bool ok = true;
    vetting_read(NULL, workspace_root(workspace), &vetting);
    for (size_t i = 0; i < vetting.len && ok; i++) {
        VEC_FOREACH (const struct change, change, changes) {
            struct vetted *item = &vetting.items[i];
            bool ours = item->kind == VETTED_SKILL && strcmp(item->file, change->path) == 0 &&
                        str_equal_c(buf_str(&change->content), item->content);
            ok = ok && (!ours || vetting_answer(&vetting, i, TRUST_YES, err));
        }
    }
    vetting_free(&vetting);
    return ok;
}

static int write_all(const struct args *args, const struct workspace *workspace)
{
    struct err err;
    struct changes changes = {0};
    gather(workspace, &changes);
    bool ok = changes.len == 0 ||
              (door_write(workspace, &changes, &err) && trust_own(workspace, &changes, &err));
    int code = EXIT_YES;
    if (!ok) {
        code = command_fail(args, "%s", err.text);
    } else {
        VEC_FOREACH (const struct change, change, &changes) {
            printf("wrote  %s\n", change->path);
        }
        puts(changes.len == 0 ? "There was nothing to write."
                              : "Read them, change what is not yours, and commit them: they are "
                                "told to the agent with its next turn.");
    }
    changes_free(&changes);
    return code;
}

static int run(const struct args *args)
{
    struct err err;
    if (args->count > 1) {
        return command_fail(args, "takes at most one folder");
    }
    struct workspace *workspace = workspace_open(args->count == 1 ? args->rest[0] : ".", &err);
    if (workspace == NULL) {
        return command_fail(args, "%s", err.text);
    }
    int code = write_all(args, workspace);
    workspace_free(workspace);
    return code;
}

const struct command command_init = {
    .name = "init",
    .summary = "write AGENTS.md and the skills a policy repository begins with",
    .usage = "[FOLDER]",
    .description =
        "Writes AGENTS.md (the conventions the agent is told) and five skills below "
        ".codex/skills, in the form that the Codex CLI reads too: policy-gen, kyverno-gen, "
        "conftest-gen, policy-review, rego-v1-migrate. What is there already is left as it is, "
        "and named. The skills it wrote are trusted for you in this folder; whoever clones the "
        "repository is asked.\n\n"
        "Exit code 0: all that was missing is written; 2: it could not be.",
    .run = run,
};
