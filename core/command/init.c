/* bylaw init: what a policy repository begins with. */
#include "base/json.h"
#include "base/safe.h"
#include "base/vec.h"
#include "command/command.h"
#include "command/init_ask.h"
#include "patch/unified.h"
#include "starter/starter.h"
#include "workspace/beneath.h"
#include "workspace/door.h"

#include <fcntl.h>
#include <stdlib.h>

enum { CONTEXT = 3 };

struct init {
    const struct args *args;
    const struct workspace *workspace;
    unsigned set; /* of frameworks */
    struct starter_plan plan;
    struct changes changes; /* what is to be written */
    bool dry, json;
};

static void add_change(struct init *init, const struct starter_file *file)
{
    VEC_PUSH(&init->changes, change_copy(&file->change));
}

/* As git would show it, made visible. */
static void append_diff(const struct starter_file *file, struct buf *out)
{
    struct buf text = BUF_INIT;
    struct change change = file->change;
    unified_write(&(struct changes){&change, 1, 1}, CONTEXT, &text);
    safe_append(out, buf_str(&text), SAFE_KEEP_LINES);
    buf_free(&text);
}

/* ---- which files ---- */

/* New ones are written; what differs is shown and asked about, where somebody can answer. */
static void choose_files(struct init *init)
{
    enum init_answer rest = init->json || init->dry || !init_can_ask() ? INIT_NONE : INIT_ASK;
    VEC_FOREACH (const struct starter_file, file, &init->plan) {
        if (file->state == STARTER_NEW) {
            add_change(init, file);
        } else if (file->state == STARTER_DIFFERS) {
            enum init_answer answer = rest;
            if (rest == INIT_ASK) {
                struct buf diff = BUF_INIT;
                append_diff(file, &diff);
                answer = init_ask_replace(file->change.path, buf_str(&diff));
                buf_free(&diff);
            }
            if (answer == INIT_ALL || answer == INIT_NONE) {
                rest = answer;
            }
            if (answer == INIT_YES || answer == INIT_ALL) {
                add_change(init, file);
            }
        }
    }
}

static const char *state_of(const struct init *init, const struct starter_file *file)
{
    if (changes_find(&init->changes, file->change.path) != NULL) {
        return file->state == STARTER_DIFFERS ? "replaced" : "written";
    }
    return file->state == STARTER_SAME      ? "same"
           : file->state == STARTER_DIFFERS ? "differs"
                                            : "in-the-way";
}

/* ---- what is said ---- */

static void say_file(const struct init *init, const struct starter_file *file)
{
    const char *path = file->change.path; /* ours */
    if (changes_find(&init->changes, path) != NULL) {
        printf("%s %s\n", init->dry ? "would write" : "wrote ", path);
    } else if (file->state == STARTER_SAME) {
        return; /* counted */
    } else if (file->state == STARTER_DIFFERS) {
        printf("left   %s, which is there already and differs (+%u -%u lines)\n", path, file->added,
            file->removed);
    } else {
        char *why = safe_dup(str_of(file->trouble), SAFE_ONE_LINE, 1024);
        printf("left   %s: %s\n", path, why);
        free(why);
    }
    if (init->dry && file->state == STARTER_DIFFERS) {
        struct buf diff = BUF_INIT;
        append_diff(file, &diff);
        fwrite(diff.ptr, 1, diff.len, stdout);
        buf_free(&diff);
    }
}

static void say_next(const struct init *init)
{
    struct stat st;
    size_t left = starter_count(&init->plan, STARTER_DIFFERS);
    size_t same = starter_count(&init->plan, STARTER_SAME);
    if (same > 0) {
        printf(
            "%zu file%s there as it would be written.\n", same, same == 1 ? " is" : "s are each");
    }
    if (init->changes.len == 0) {
        puts("There was nothing to write.");
    }
    VEC_FOREACH (const struct change, change, &init->changes) {
        left -= change->kind == CHANGE_UPDATE;
    }
    if (left > 0) {
        puts("`bylaw init --dry-run` with the same answers shows how what was left differs.");
    }
    if (init->changes.len == 0) {
        return;
    }
    puts("\nNext:");
    if (fstatat(workspace_fd(init->workspace), ".git", &st, AT_SYMLINK_NOFOLLOW) != 0) {
        puts("  git init                              # for reviews and checks");
    }
    puts("  git config core.hooksPath .githooks   # checks before each commit\n"
         "  bylaw test                            # the first policy, green\n"
         "  git add -A && git commit              # read them first\n"
         "  bylaw                                 # ask for the next one");
}

static void print_json(const struct init *init)
{
    cJSON *root = cJSON_CreateObject();
    cJSON *set = json_set_array(root, "frameworks");
    for (unsigned i = 0; i < FRAMEWORK_COUNT; i++) {
        if ((init->set & 1U << i) != 0) {
            json_push_string(set, frameworks[i].name);
        }
    }
    json_set_bool(root, "dry_run", init->dry);
    cJSON *files = json_set_array(root, "files");
    VEC_FOREACH (const struct starter_file, file, &init->plan) {
        cJSON *item = cJSON_CreateObject();
        cJSON_AddItemToArray(files, item);
        json_set_string(item, "path", file->change.path);
        json_set_string(item, "state", state_of(init, file));
        json_set_optional(item, "reason", file->trouble);
        if (file->state == STARTER_DIFFERS) {
            struct buf diff = BUF_INIT;
            struct change change = file->change;
            unified_write(&(struct changes){&change, 1, 1}, CONTEXT, &diff);
            json_set_str(item, "diff", buf_str(&diff));
            buf_free(&diff);
        }
    }
    char *text = json_print(root);
    puts(text);
    free(text);
    cJSON_Delete(root);
}

static void say_all(const struct init *init)
{
    if (init->json) {
        print_json(init);
        return;
    }
    VEC_FOREACH (const struct starter_file, file, &init->plan) {
        say_file(init, file);
    }
    if (!init->dry) {
        say_next(init);
    }
}

/* ---- all of it ---- */

static bool write_all(struct init *init, struct err *err)
{
    return init->dry || init->changes.len == 0 ||
           (door_write(init->workspace, &init->changes, err) &&
               starter_trust(init->workspace, &init->plan, &init->changes, err));
}

static bool choose_frameworks(struct init *init, struct err *err)
{
    struct choice choice = {0};
    const char *value;
    for (int i = 0; (value = args_get_at(init->args, "framework", i)) != NULL; i++) {
        if (!framework_set_add(str_of(value), &init->set, err)) {
            return false;
        }
    }
    for (int i = 0; (value = args_get_at(init->args, "answers", i)) != NULL; i++) {
        if (!choice_add(&choice, str_of(value), err)) {
            return false;
        }
    }
    for (unsigned i = 0; i < CHOICE_COUNT; i++) {
        if (args_has(init->args, choice_infos[i].name)) {
            choice.answers[i] = CHOICE_YES;
        }
    }
    return init->set != 0 || init_ask_framework(&choice, init->json, &init->set, err);
}

static int run_in(const struct args *args, const struct workspace *workspace)
{
    struct err err;
    struct init init = {.args = args,
        .workspace = workspace,
        .dry = args_has(args, "dry-run"),
        .json = args_has(args, "json")};
    int code = EXIT_YES;
    if (!choose_frameworks(&init, &err)) {
        return command_fail(args, "%s", err.text);
    }
    struct starter_wish wish = {
        init.set, args_has(args, "no-policy"), args_get(args, "requirements")};
    starter_read(workspace, &wish, &init.plan);
    choose_files(&init);
    if (write_all(&init, &err)) {
        say_all(&init);
    } else {
        code = command_fail(args, "%s", err.text);
    }
    changes_free(&init.changes);
    starter_plan_free(&init.plan);
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
    int code = run_in(args, workspace);
    workspace_free(workspace);
    return code;
}

const struct command command_init = {
    .name = "init",
    .summary = "begin a policy repository: conventions, skills, hooks, CI and a first policy",
    .usage = "[--framework NAME]… [--answers LIST] [--requirements FILE] [--no-policy] [--dry-run] "
             "[--json] [FOLDER]",
    .options =
        {
            {"framework", 'f', "NAME",
                "opa, gatekeeper, kyverno, conftest or cedar; several may be said"},
            {"answers", 'a', "LIST",
                "answers to the questions, as kubernetes,no-rego; what is open is asked"},
            {"kubernetes", '\0', NULL, "yes: it is for Kubernetes only"},
            {"rego", '\0', NULL, "yes: the team knows Rego"},
            {"authorisation", '\0', NULL, "yes: it is for authorisation in an application"},
            {"infrastructure", '\0', NULL, "yes: it is for infrastructure as code"},
            {"requirements", 'r', "FILE",
                "the matrix to work from (CSV or OSCAL, in the folder; cis-k8s-1.9 is compiled "
                "in)"},
            {"no-policy", '\0', NULL, "leave the first policy, its tests and fixtures out"},
            {"dry-run", 'n', NULL, "write nothing; say what would be written, and what differs"},
            {"json", 'j', NULL, "one JSON object: each file with what became of it"},
        },
    .description =
        "Asks what the policies are for (Kubernetes only? does the team know Rego? authorisation "
        "in "
        "an application? infrastructure as code?), and writes what a repository for that framework "
        "begins with: AGENTS.md (the conventions the agent is told), skills and hooks below "
        ".codex, .bylaw/config.toml, schemas for `bylaw exec`, a requirements matrix, a first "
        "policy with tests and fixtures, a pre-commit hook in .githooks, and CI for GitHub and "
        "GitLab with the pinned engines of ci/engines.\n\n"
        "The questions are lines on standard output, the answers lines on standard input (y or n), "
        "on a terminal and in a pipe. With --framework nothing is asked.\n\n"
        "A file that is there and differs is never just written over: on a terminal the difference "
        "is shown and asked about, elsewhere the file is left and named; --dry-run shows the "
        "difference. Links are not followed. Run again, it writes what is missing.\n\n"
        "The skills and hooks it wrote are trusted for you in this folder; whoever clones the "
        "repository is asked.\n\n"
        "Exit code 0: what was to be written is written; 2: it could not be, or no framework was "
        "chosen.",
    .run = run,
};
