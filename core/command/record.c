/* bylaw record: a session with a live model written down, for demos, bug reports and tests. */
#include "command/command.h"
#include "command/entry_line.h"

#include "agent/workbench.h"
#include "base/safe.h"
#include "base/vec.h"
#include "model/recording.h"

#include <stdlib.h>

struct record_run {
    struct loop *loop;
    struct workbench *workbench;
    bool chosen;  /* a model was found, or none */
    size_t shown; /* entries of the transcript that are printed */
    bool failed;  /* the last turn ended with an error */
};

static void on_change(void *data, enum workbench_change what)
{
    struct record_run *run = data;
    run->chosen = run->chosen || what == WORKBENCH_PROVIDER;
}

/* Prints what is closed; true while the turn goes on. */
static bool follow(struct record_run *run)
{
    struct session *session = workbench_session(run->workbench);
    const struct transcript *transcript = session_transcript(session);
    while (run->shown < transcript->len && transcript->items[run->shown].status != ENTRY_OPEN) {
        const struct entry *entry = &transcript->items[run->shown++];
        run->failed = entry->kind == ENTRY_ERROR;
        entry_print(entry, stdout);
    }
    return session_state(session) != SESSION_IDLE;
}

static bool say(struct record_run *run, const char *prompt, struct err *err)
{
    if (!session_prompt(workbench_session(run->workbench), str_of(prompt), err)) {
        return false;
    }
    do {
        loop_run_once(run->loop, 1000);
    } while (follow(run));
    return !run->failed || err_set(err, ERR_EXTERNAL, "the session ended with the error above");
}

static int show(const struct args *args, struct loop *loop, const char *path)
{
    struct err err;
    struct provider *recording = recording_new(loop, path, 0, &err);
    if (recording == NULL) {
        return err.kind == ERR_INVALID ? (command_fail(args, "%s", err.text), EXIT_NO)
                                       : command_fail(args, "%s", err.text);
    }
    const char *const facts[] = {recording_title(recording), recording_model(recording)};
    static const char *const names[] = {"title", "model"};
    for (size_t i = 0; i < ARRAY_LEN(facts); i++) {
        char *shown = safe_dup(str_of(facts[i] == NULL ? "-" : facts[i]), SAFE_ONE_LINE, 200);
        printf("%s: %s\n", names[i], shown);
        free(shown);
    }
    const char *prompt;
    for (size_t i = 0; (prompt = recording_prompt(recording, i)) != NULL; i++) {
        char *shown = safe_dup(str_of(prompt), SAFE_ONE_LINE, 4096);
        printf("prompt: %s\n", shown);
        free(shown);
    }
    provider_free(recording);
    return EXIT_YES;
}

static bool record(
    struct record_run *run, const struct args *args, const char *folder, struct err *err)
{
    struct workbench_options options = {.loop = run->loop,
        .folder = folder,
        .fresh = true,
        .provider = args_get(args, "provider"),
        .profile = args_get(args, "profile"),
        .record_to = args->rest[0],
        .changed = on_change,
        .data = run};
    run->workbench = workbench_new(&options, err);
    if (run->workbench == NULL) {
        return false;
    }
    while (!run->chosen) {
        loop_run_once(run->loop, 1000);
    }
    if (!workbench_is_recorded(run->workbench)) {
        size_t last = 0;
        while (workbench_notice(run->workbench, last + 1) != NULL) {
            last++;
        }
        const char *notice = workbench_notice(run->workbench, last);
        return err_set(err, ERR_EXTERNAL, "%s", notice == NULL ? "no live model" : notice);
    }
    for (int i = 1; i < args->count; i++) {
        if (!say(run, args->rest[i], err)) {
            return false;
        }
    }
    return true;
}

static int run_record(const struct args *args)
{
    struct err err;
    const char *folder = args_get(args, "dir");
    if (args->count == 0 || (args->count == 1) != args_has(args, "show")) {
        return command_fail(args, "takes a FILE and one or more PROMPTs, or --show FILE");
    }
    struct record_run run = {.loop = loop_new(&err)};
    if (run.loop == NULL) {
        return command_fail(args, "%s", err.text);
    }
    int code = EXIT_YES;
    if (args_has(args, "show")) {
        code = show(args, run.loop, args->rest[0]);
    } else {
        if (!record(&run, args, folder == NULL ? "." : folder, &err)) {
            code = command_fail(args, "%s", err.text);
        }
        workbench_free(run.workbench);
    }
    loop_free(run.loop);
    return code;
}

const struct command command_record = {
    .name = "record",
    .summary = "record a session with a live model, or show what a recording holds",
    .usage = "FILE PROMPT… | --show FILE",
    .options =
        {
            {"dir", 'd', "DIR", "the workspace (default: the current folder)"},
            {"provider", 0, "NAME", "a [model_providers] name"},
            {"profile", 'p', "NAME", "a [profiles.NAME]"},
            {"show", 0, NULL, "print the title, model and prompts of a recording"},
        },
    .description =
        "Sends each PROMPT to the configured model in a new session, runs the tools it calls, and "
        "writes the raw answers with their times to FILE, which must not exist. Replay it with "
        "bylaw --recording FILE. To record what you do in the workbench itself, start it with "
        "bylaw --record FILE.\n\n"
        "Known secrets (the key in use and the values of variables whose names say key, token, "
        "secret or password) are replaced by [secret]; an answer in which one is spread over "
        "several events is left out. Prompts and file contents are in the recording: read it "
        "before you give it away.\n\n"
        "What the model proposes is not written to the workspace. Exit codes: 0 recorded, or the "
        "file is a recording; 1 the file shown is not one; 2 no live model, or the session failed.",
    .run = run_record,
};
