/* run_command: asked for, laid out, run confined, its output shown as it comes; what it wrote joins
 * the proposal where it may write at all. */
#include "agent/command_words.h"
#include "agent/tools_private.h"

#include "base/safe.h"
#include "base/utf8.h"
#include "base/vec.h"
#include "sandbox/confined.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    COMMAND_MAX = 16 * 1024,
    TIMEOUT_S = 120,
    TIMEOUT_MAX_S = 600,
    OUTPUT_MAX = 4 << 20,
    SHOWN_MAX = 64 * 1024, /* while it runs; the end is shown in any case */
    SHOW_EVERY_MS = 60,
    HELD_MAX = 4096 /* of a line that does not end */
};

struct command_run {
    char *line;
    char *reason;
    bool network;
    long long timeout_s;
    struct command_words words; /* empty: a shell reads the line */
    struct confined *confined;
    struct loop_timer *show;
    struct buf raw; /* all of its output */
    size_t shown;   /* of it */
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
    loop_timer_free(command->show);
    command_words_free(&command->words);
    buf_free(&command->raw);
    free(command->line);
    free(command->reason);
    free(command);
}

/* ---- its output while it runs ---- */

/* Whole lines; of one that does not end, whole characters. */
static void show_some(void *data)
{
    struct tool_run *run = data;
    struct command_run *command = run->state;
    struct str rest = str_from(buf_str(&command->raw), command->shown);
    size_t take = rest.len;
    while (take > 0 && rest.ptr[take - 1] != '\n') {
        take--;
    }
    if (take == 0 && rest.len > HELD_MAX) {
        take = rest.len;
        while (take > rest.len - 4 && ((unsigned char)rest.ptr[take - 1] & 0xC0u) == 0x80u) {
            take--;
        }
        take -= (unsigned char)rest.ptr[take - 1] >= 0xC0u;
    }
    if (take == 0 || command->shown >= SHOWN_MAX || run->part == NULL) {
        return;
    }
    struct buf safe = BUF_INIT;
    safe_append(&safe, str_slice(rest, 0, take), SAFE_KEEP_LINES);
    command->shown += take;
    if (command->shown >= SHOWN_MAX) {
        buf_append_c(&safe, "[more than is shown while it runs]\n");
    }
    run->part(run->done_data, buf_str(&safe));
    buf_free(&safe);
}

static void on_data(void *data, enum process_stream stream, struct str bytes)
{
    (void)stream;
    struct tool_run *run = data;
    struct command_run *command = run->state;
    buf_append_str(&command->raw, bytes);
    if (!loop_timer_is_active(command->show)) {
        loop_timer_start(command->show, SHOW_EVERY_MS, 0);
    }
}

/* ---- its end ---- */

static void print_end(
    struct buf *out, const struct command_run *command, const struct process_result *process)
{
    if (process->timed_out) {
        buf_printf(out, "It was ended after %lld s.", command->timeout_s);
    } else if (process->truncated) {
        buf_printf(out, "It was ended: it printed more than %d bytes.", OUTPUT_MAX);
    } else if (process->exit_code > 128) {
        buf_printf(out, "Signal %d ended it (exit code %d).", process->exit_code - 128,
            process->exit_code);
    } else if (process->exit_code < 0) {
        buf_printf(out, "Signal %d ended it.", process->signal);
    } else {
        buf_printf(out, "Exit code %d.", process->exit_code);
    }
    buf_append_c(out, command->raw.len == 0 ? " It printed nothing.\n" : "\n");
}

static void finish(struct tool_run *run, struct str told)
{
    struct command_run *command = run->state;
    if (told.len > 0) {
        buf_append_str(&run->output, told);
        buf_append_char(&run->output, '\n');
    }
    safe_append(&run->output, buf_str(&command->raw), SAFE_KEEP_LINES);
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
    loop_timer_stop(command->show);
    if (result->refused != NULL) {
        tool_fail(run, "It was not run: %s.", result->refused);
        return;
    }
    print_end(&run->output, command, &result->process);
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
    static const char *const env[] = {
        "NO_COLOR=1", "TERM=dumb", "PAGER=cat", "GIT_PAGER=cat", "GIT_TERMINAL_PROMPT=0", NULL};
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
        .env = env,
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
    command->show = loop_timer_new(run->tools->setup.loop, show_some, run);
    if (!command_words_read(text, &command->words, &err)) {
        command->words = (struct command_words){0};
    }
    run->state = command;
    run->stop = stop;
    struct command_wish wish = {
        .line = command->line, .reason = command->reason, .network = network};
    host_of(run)->ask(run->tools->setup.data, &wish, on_answered, run);
}
