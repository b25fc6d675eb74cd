#include "hooks/hook_run.h"

#include "base/json.h"
#include "base/vec.h"
#include "sandbox/confined.h"
#include "workspace/beneath.h"

#include <stdlib.h>
#include <unistd.h>

enum { PRINTED_MAX = 16 * 1024, OUTPUT_MAX = 4 << 20, LINE_MAX_BYTES = 300 };

struct hook_runner {
    struct hook_runner_setup setup;
    struct handlers handlers;
    size_t running; /* runs that hold handlers */
    unsigned turn;  /* since the program began */
};

/* One start of one program. */
struct job {
    const struct handler *handler;
    char *file; /* CODEX_FILE_PATH, or NULL */
};

struct hook_run {
    struct hook_runner *runner;
    enum moment moment;
    char *tool;
    cJSON *input; /* standard input, but for the folder */
    struct {
        struct job *items;
        size_t len, cap;
    } jobs;
    size_t at;
    char *root; /* where they run */
    bool waits; /* for the folder */
    struct confined *confined;
    struct buf out, err;
    uint64_t started_us;
    struct loop_timer *later;
    struct hook_outcome outcome;
    void (*done)(void *data, struct hook_outcome *outcome);
    void *data;
};

void hook_paths_free(struct hook_paths *paths)
{
    VEC_FOREACH (char *, path, paths) {
        free(*path);
    }
    VEC_FREE(paths);
}

struct hook_runner *hook_runner_new(const struct hook_runner_setup *setup)
{
    struct hook_runner *runner = MEM_NEW(struct hook_runner);
    runner->setup = *setup;
    return runner;
}

void hook_runner_free(struct hook_runner *runner)
{
    if (runner != NULL) {
        handlers_free(&runner->handlers);
        free(runner);
    }
}

void hook_runner_reload(struct hook_runner *runner)
{
    struct buf problems = BUF_INIT;
    struct str line;
    if (runner->running > 0) {
        return;
    }
    struct hook_paths seen = {0};
    runner->turn++;
    runner->setup.touched(runner->setup.data, &seen);
    hook_paths_free(&seen);
    handlers_free(&runner->handlers);
    handlers_read(runner->setup.git_root, runner->setup.root, &runner->handlers, &problems);
    struct str rest = buf_str(&problems);
    while (str_next_line(&rest, &line)) {
        runner->setup.log(runner->setup.data, line);
    }
    buf_free(&problems);
}

/* ---- one run ---- */

static void release(struct hook_run *run)
{
    run->runner->running--;
    confined_free(run->confined);
    loop_timer_free(run->later);
    VEC_FOREACH (struct job, job, &run->jobs) {
        free(job->file);
    }
    VEC_FREE(&run->jobs);
    cJSON_Delete(run->input);
    hook_outcome_free(&run->outcome);
    buf_free(&run->out);
    buf_free(&run->err);
    free(run->tool);
    free(run->root);
    free(run);
}

static void finish(struct hook_run *run)
{
    struct hook_outcome outcome = run->outcome;
    void (*done)(void *, struct hook_outcome *) = run->done;
    void *data = run->data;
    run->outcome = (struct hook_outcome){0};
    release(run);
    done(data, &outcome);
    hook_outcome_free(&outcome);
}

static void log_end(struct hook_run *run, const struct job *job, const struct hook_end *end)
{
    const struct hook_runner_setup *setup = &run->runner->setup;
    struct buf line = BUF_INIT;
    struct str said;
    buf_printf(&line, "hook %s, ", moment_name(run->moment));
    if (end->trouble != NULL) {
        buf_append_c(&line, end->trouble);
    } else {
        buf_printf(&line, "exit code %d after %.1f s", end->exit_code,
            (double)(loop_now_us() - run->started_us) / 1e6);
    }
    buf_printf(&line, ": %s%s%s%s(%s)", run->tool == NULL ? "" : run->tool,
        run->tool == NULL ? "" : " ", job->file == NULL ? "" : job->file,
        job->file == NULL ? "" : " ", job->handler->file);
    setup->log(setup->data, buf_str(&line));
    const struct str printed[] = {end->out, end->err};
    for (size_t i = 0; i < ARRAY_LEN(printed); i++) {
        struct str rest = printed[i];
        while (str_next_line(&rest, &said)) {
            buf_clear(&line);
            buf_printf(&line, "  %.*s",
                STR_FMT(str_slice(said, 0, said.len < LINE_MAX_BYTES ? said.len : LINE_MAX_BYTES)));
            setup->log(setup->data, buf_str(&line));
        }
    }
    buf_free(&line);
}

static void next(struct hook_run *run);

/* `trouble` as in hook_end. */
static void end_job(struct hook_run *run, int exit_code, const char *trouble)
{
    const struct job *job = &run->jobs.items[run->at++];
    struct hook_end end = {
        .exit_code = exit_code,
        .trouble = trouble,
        .out = buf_str(&run->out),
        .err = buf_str(&run->err),
    };
    log_end(run, job, &end);
    hook_answer_add(job->handler, &end, &run->outcome);
    next(run);
}

static void on_data(void *data, enum process_stream stream, struct str bytes)
{
    struct hook_run *run = data;
    struct buf *to = stream == PROCESS_STDOUT ? &run->out : &run->err;
    size_t room = PRINTED_MAX - to->len;
    buf_append(to, bytes.ptr, bytes.len < room ? bytes.len : room);
}

static void on_exit_of_it(void *data, const struct confined_result *result)
{
    struct hook_run *run = data;
    const struct job *job = &run->jobs.items[run->at];
    char *trouble = NULL;
    if (result->refused != NULL) {
        trouble = mem_printf("did not run: %s", result->refused);
    } else if (result->ended != NULL) {
        trouble = mem_printf("was %s", result->ended);
    } else if (result->process.timed_out) {
        trouble = mem_printf(
            "was ended after %.1f s, as its timeout says", (double)job->handler->timeout_ms / 1000);
    } else if (result->process.truncated) {
        trouble = mem_printf("was ended: it printed more than %d bytes", OUTPUT_MAX);
    } else if (result->process.exit_code < 0) {
        trouble = mem_strdup("was ended by a signal");
    }
    int code = result->process.exit_code;
    confined_free(run->confined);
    run->confined = NULL;
    end_job(run, code, trouble);
    free(trouble);
}

/* A script that the proposal changes, or adds where one is looked for, is not what was trusted. The
 * caller frees; NULL: all are. */
static char *other_script(const struct hook_run *run, const struct handler *handler)
{
    struct err err;
    struct scripts now = {0};
    int fd = handler->is_users ? -1 : beneath_open_root(run->root, NULL);
    char *found = NULL;
    if (fd >= 0) {
        bool whole = scripts_find(fd, handler->command, &now, NULL, &err);
        const char *other = scripts_differ(&handler->scripts, &now);
        found = mem_strdup(other != NULL ? other : whole ? NULL : "one of its files");
        close(fd);
    } else if (!handler->is_users) {
        found = mem_strdup("its folder");
    }
    scripts_free(&now);
    return found;
}

static void start_job(struct hook_run *run, const struct job *job)
{
    const struct hook_runner_setup *setup = &run->runner->setup;
    struct err err;
    const char *argv[] = {"/bin/sh", "-c", job->handler->command, NULL};
    char *entries[] = {
        mem_printf("CODEX_HOOK_EVENT=%s", moment_name(run->moment)),
        mem_printf("BYLAW_WORKSPACE=%s", setup->root),
        mem_printf("CODEX_TOOL_NAME=%s", run->tool == NULL ? "" : run->tool),
        mem_printf("CODEX_FILE_PATH=%s", job->file == NULL ? "" : job->file),
        NULL,
    };
    char *input = json_print(run->input);
    buf_clear(&run->out);
    buf_clear(&run->err);
    run->started_us = loop_now_us();
    struct confined_options options = {
        .argv = argv,
        .cwd = run->root,
        .env = (const char *const *)entries,
        .input = str_of(input),
        .timeout_ms = job->handler->timeout_ms,
        .max_output = OUTPUT_MAX,
        .on_data = on_data,
        .on_exit = on_exit_of_it,
        .data = run,
    };
    run->confined = confined_start(setup->loop, &options, &err);
    free(input);
    for (size_t i = 0; i < ARRAY_LEN(entries); i++) {
        free(entries[i]);
    }
    if (run->confined == NULL) {
        char *trouble = mem_printf("did not run: %s", err.text);
        end_job(run, 0, trouble);
        free(trouble);
    }
}

static void next(struct hook_run *run)
{
    if (run->at >= run->jobs.len) {
        finish(run);
        return;
    }
    const struct job *job = &run->jobs.items[run->at];
    char *other = other_script(run, job->handler);
    if (other == NULL) {
        start_job(run, job);
        return;
    }
    buf_clear(&run->out);
    buf_clear(&run->err);
    char *trouble =
        mem_printf("did not run: %s is not what it was when the hook was trusted", other);
    end_job(run, 0, trouble);
    free(trouble);
    free(other);
}

static void on_ready(void *data, const char *root, const struct err *err)
{
    struct hook_run *run = data;
    run->waits = false;
    if (root == NULL) {
        buf_printf(&run->outcome.failures, "No hook ran: %s", err->text);
        finish(run);
        return;
    }
    run->root = mem_strdup(root);
    json_set_string(run->input, "cwd", root);
    next(run);
}

static void begin(void *data)
{
    struct hook_run *run = data;
    run->waits = true;
    run->runner->setup.lay_out(run->runner->setup.data, on_ready, run);
}

/* ---- what runs when ---- */

/* What the tool is called in Codex's hooks. */
static const char *codex_tool(const char *tool)
{
    return tool != NULL && strcmp(tool, "run_command") == 0 ? "Bash" : tool;
}

static void set_tool_input(cJSON *input, const struct hook_event *event)
{
    cJSON *arguments = json_parse(event->input, NULL);
    const char *text = json_string(arguments, "command");
    if (text == NULL) {
        text = json_string(arguments, "input");
    }
    if (text != NULL || !cJSON_IsObject(arguments)) {
        cJSON *object = json_set_object(input, "tool_input");
        json_set_str(object, "command", text != NULL ? str_of(text) : event->input);
        cJSON_Delete(arguments);
    } else {
        cJSON_AddItemToObject(input, "tool_input", arguments);
    }
}

static cJSON *make_input(const struct hook_runner *runner, const struct hook_event *event)
{
    const struct hook_runner_setup *setup = &runner->setup;
    cJSON *input = mem_require(cJSON_CreateObject());
    json_set_string(input, "session_id", setup->session_id(setup->data));
    char *turn = mem_printf("%u", runner->turn);
    json_set_string(input, "turn_id", turn);
    free(turn);
    json_set_string(input, "transcript_path", NULL);
    json_set_string(input, "hook_event_name", moment_name(event->moment));
    json_set_string(input, "model", setup->model(setup->data));
    json_set_string(input, "permission_mode", "default");
    if (event->tool != NULL) {
        json_set_string(input, "tool_name", codex_tool(event->tool));
        json_set_string(input, "tool_use_id", event->call_id);
        set_tool_input(input, event);
    }
    switch (event->moment) {
    case MOMENT_SESSION_START:
        json_set_string(input, "source", event->source);
        break;
    case MOMENT_PROMPT:
        json_set_str(input, "prompt", event->text);
        break;
    case MOMENT_AFTER_TOOL:
        json_set_str(input, "tool_response", event->output);
        break;
    case MOMENT_STOP:
        json_set_bool(input, "stop_hook_active", event->again);
        json_set_str(input, "last_assistant_message", event->text);
        break;
    default:
        break;
    }
    return input;
}

static bool changes_files(const char *tool)
{
    return tool != NULL && (strcmp(tool, "apply_patch") == 0 || strcmp(tool, "run_command") == 0);
}

static void add_jobs(
    struct hook_run *run, const struct handler *handler, const struct hook_paths *files)
{
    bool each_file = handler->short_form && run->moment == MOMENT_AFTER_TOOL;
    if (!each_file || !changes_files(run->tool)) {
        VEC_PUSH(&run->jobs, (struct job){.handler = handler});
        return;
    }
    VEC_FOREACH (char *, file, files) {
        VEC_PUSH(&run->jobs, (struct job){handler, mem_strdup(*file)});
    }
}

struct hook_run *hook_run_start(struct hook_runner *runner, const struct hook_event *event,
    void (*done)(void *data, struct hook_outcome *outcome), void *data)
{
    const struct hook_runner_setup *setup = &runner->setup;
    struct hook_paths files = {0};
    bool is_codex = setup->of_codex(setup->data);
    const char *profile = setup->profile(setup->data);
    if (event->moment == MOMENT_AFTER_TOOL && changes_files(event->tool)) {
        setup->touched(setup->data, &files);
    }
    struct hook_run *run = MEM_NEW(struct hook_run);
    run->runner = runner;
    run->moment = event->moment;
    run->tool = mem_strdup(event->tool);
    run->done = done;
    run->data = data;
    runner->running++;
    bool nothing = event->late && files.len == 0;
    VEC_FOREACH (const struct handler, handler, &runner->handlers) {
        bool theirs = is_codex && handler->of_codex && !handler->short_form;
        bool in_force =
            handler->profile == NULL || (profile != NULL && strcmp(profile, handler->profile) == 0);
        if (!nothing && !theirs && in_force &&
            handler_applies(handler, event->moment, event->tool)) {
            add_jobs(run, handler, &files);
        }
    }
    hook_paths_free(&files);
    if (run->jobs.len == 0) {
        release(run);
        return NULL;
    }
    run->input = make_input(runner, event);
    run->later = loop_timer_new(setup->loop, begin, run);
    loop_timer_start(run->later, 0, 0);
    return run;
}

bool hook_runner_wants(const struct hook_runner *runner, enum moment moment)
{
    VEC_FOREACH (const struct handler, handler, &runner->handlers) {
        if (handler->answer == TRUST_YES && handler->moment == moment) {
            return true;
        }
    }
    return false;
}

void hook_run_cancel(struct hook_run *run)
{
    if (run->waits) {
        run->runner->setup.lay_out_cancel(run->runner->setup.data, run);
    }
    release(run);
}
