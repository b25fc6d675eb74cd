/* run_command: asked for, laid out, run confined, its output shown as it comes; what it wrote joins
 * the proposal where it may write at all. */
#include "agent/command_words.h"
#include "agent/output_shown.h"
#include "agent/tools_private.h"

#include "base/path.h"
#include "base/safe.h"
#include "base/vec.h"
#include "sandbox/confined.h"

#include <stdlib.h>

enum {
    COMMAND_MAX = 16 * 1024,
    TIMEOUT_S = 120,
    TIMEOUT_MAX_S = 600,
    OUTPUT_MAX = 4 << 20,
};

struct command_run {
    char *line;
    char *reason;
    bool network;
    long long timeout_s;
    struct command_words words; /* empty: a shell reads the line */
    struct confined *confined;
    struct output_shown *output;
    bool may_write;
    bool failed;
};

static const struct command_host *host_of(const struct tool_run *run)
{
    return run->tools->setup.commands;
}

static void stop(struct tool_run *run)
{
    struct command_run *command = run->state;
    host_of(run)->drop(run->tools->setup.data, run);
    confined_free(command->confined);
    output_shown_free(command->output);
    command_words_free(&command->words);
    free(command->line);
    free(command->reason);
    free(command);
}

/* ---- its output while it runs ---- */

static void show(void *data, struct str text)
{
    struct tool_run *run = data;
    if (run->part != NULL) {
        run->part(run->done_data, text);
    }
}

static void on_data(void *data, enum process_stream stream, struct str bytes)
{
    (void)stream;
    struct command_run *command = ((struct tool_run *)data)->state;
    output_shown_add(command->output, bytes);
}

/* ---- its end ---- */

static void finish(struct tool_run *run, struct str told)
{
    struct command_run *command = run->state;
    if (told.len > 0) {
        buf_append_str(&run->output, told);
        buf_append_char(&run->output, '\n');
    }
    safe_append(&run->output, output_shown_text(command->output), SAFE_KEEP_LINES);
    tool_finish(run, command->failed);
}

static void on_took(void *data, struct str told)
{
    finish(data, told);
}

static void on_exit_of_it(void *data, const struct confined_result *result)
{
    struct tool_run *run = data;
    struct command_run *command = run->state;
    confined_free(command->confined);
    command->confined = NULL;
    if (result->refused != NULL) {
        tool_fail(run, "It was not run: %s.", result->refused);
        return;
    }
    output_shown_end(&run->output, result, command->timeout_s, OUTPUT_MAX);
    buf_append_c(&run->output,
        output_shown_text(command->output).len == 0 ? " It printed nothing.\n" : "\n");
    command->failed =
        result->process.exit_code != 0 || result->process.timed_out || result->process.truncated;
    if (command->may_write) {
        host_of(run)->took(run->tools->setup.data, on_took, run);
    } else {
        finish(run, (struct str){0});
    }
}

/* ---- its beginning ---- */

static void on_place(void *data, const struct command_place *place)
{
    struct tool_run *run = data;
    struct command_run *command = run->state;
    struct err err;
    if (place->root == NULL) {
        tool_fail(run, "There is no place to run it in: %s.", place->err->text);
        return;
    }
    const char *by_shell[] = {"sh", "-c", command->line, NULL};
    command->may_write = place->may_write;
    struct confined_options options = {
        .argv = command->words.len > 0 ? (const char *const *)command->words.items : by_shell,
        .cwd = place->root,
        .writable = place->may_write ? place->root : NULL,
        .env = output_plain_env(),
        .network = command->network,
        .timeout_ms = (uint64_t)command->timeout_s * 1000,
        .max_output = OUTPUT_MAX,
        .on_data = on_data,
        .on_exit = on_exit_of_it,
        .data = run,
    };
    command->confined = confined_start(run->tools->setup.loop, &options, &err);
    if (command->confined == NULL) {
        tool_fail(run, "It was not run: %s.", err.text);
    }
}

static void on_answered(void *data, bool allowed, struct str reason)
{
    struct tool_run *run = data;
    if (!allowed) {
        tool_fail(run, "It was not run. %.*s", STR_FMT(reason));
        return;
    }
    host_of(run)->place(run->tools->setup.data, on_place, run);
}

static bool take_network(struct tool_run *run, const cJSON *args, bool *out)
{
    const cJSON *item = json_get(args, "network");
    *out = cJSON_IsTrue(item);
    if (item != NULL && !cJSON_IsNull(item) && !cJSON_IsBool(item)) {
        tool_fail(run, "The argument \"network\" must be true, false or null.");
        return false;
    }
    return true;
}

void tool_command_start(struct tool_run *run, const cJSON *args)
{
    const char *line;
    const char *reason;
    bool network;
    long long timeout_s;
    struct err err;
    if (!tool_text(run, args, "command", &line) || !tool_text(run, args, "reason", &reason) ||
        !take_network(run, args, &network) ||
        !tool_number(run, args, "timeout_s", 1, TIMEOUT_MAX_S, TIMEOUT_S, &timeout_s)) {
        return;
    }
    struct str text = str_trim(str_of(line == NULL ? "" : line));
    if (text.len == 0 || text.len > COMMAND_MAX) {
        tool_fail(run, "run_command needs a command of at most %d bytes.", COMMAND_MAX);
        return;
    }
    struct command_run *command = MEM_NEW(struct command_run);
    command->line = str_dup(text);
    command->reason = mem_strdup(reason);
    command->network = network;
    command->timeout_s = timeout_s;
    command->output = output_shown_new(run->tools->setup.loop, show, run);
    if (!command_words_read(text, &command->words, &err)) {
        command->words = (struct command_words){0};
    }
    char *program = command->words.len == 0 ? NULL : path_find_program(command->words.items[0]);
    if (program == NULL) { /* a shell's own ("command -v opa"), which reads the same words */
        command_words_free(&command->words);
    }
    free(program);
    run->state = command;
    run->stop = stop;
    struct command_wish wish = {
        .line = command->line, .reason = command->reason, .network = network};
    host_of(run)->ask(run->tools->setup.data, &wish, on_answered, run);
}
