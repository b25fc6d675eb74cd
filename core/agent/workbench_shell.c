/* A command of the engineer's own, typed into the prompt after a "!": confined as the agent's are,
 * over the workspace or (after "!!") over the proposal, and writing nowhere. */
#include "agent/workbench_private.h"

#include "agent/output_shown.h"
#include "base/safe.h"

#include <stdlib.h>

enum { TIMEOUT_S = 600, OUTPUT_MAX = 8 << 20, TOLD_MAX = 16 * 1024 };

static void end(struct workbench *wb, enum entry_status status)
{
    session_end_aside(wb->session, status);
    confined_free(wb->shell.confined);
    output_shown_free(wb->shell.output);
    free(wb->shell.line);
    wb->shell.confined = NULL;
    wb->shell.output = NULL;
    wb->shell.line = NULL;
    wb->shell.laying_out = false;
}

/* The beginning and the end of what it printed. */
static void tell(struct workbench *wb, const char *ended)
{
    struct buf note = BUF_INIT;
    struct str all = output_shown_text(wb->shell.output);
    buf_printf(&note, "[The engineer ran this command%s: %s]\n%s\n",
        wb->shell.over_proposal ? " over your proposal" : "", wb->shell.line, ended);
    if (all.len <= TOLD_MAX) {
        safe_append(&note, all, SAFE_KEEP_LINES);
    } else {
        safe_append(&note, str_slice(all, 0, TOLD_MAX * 3 / 4), SAFE_KEEP_LINES);
        buf_printf(&note, "\n[… %zu bytes cut here …]\n", all.len - TOLD_MAX);
        safe_append(&note, str_from(all, all.len - TOLD_MAX / 4), SAFE_KEEP_LINES);
    }
    buf_append_char(&note, '\n');
    session_add_note(wb->session, buf_str(&note));
    buf_free(&note);
}

static void on_exit_of_it(void *data, const struct confined_result *result)
{
    struct workbench *wb = data;
    const struct process_result *process = &result->process;
    bool well = process->exit_code == 0 && !process->timed_out && !process->truncated;
    struct buf ended = BUF_INIT;
    output_shown_flush(wb->shell.output);
    if (result->refused != NULL) {
        buf_printf(&ended, "It was not run: %s.", result->refused);
        well = false;
    } else {
        output_shown_end(&ended, result, TIMEOUT_S, OUTPUT_MAX);
    }
    tell(wb, ended.ptr);
    if (!well || output_shown_text(wb->shell.output).len == 0) {
        buf_append_char(&ended, '\n');
        struct str text = output_shown_text(wb->shell.output);
        if (text.len > 0 && !str_ends(text, "\n")) {
            session_grow_aside(wb->session, STR_LIT("\n"));
        }
        session_grow_aside(wb->session, buf_str(&ended));
    }
    buf_free(&ended);
    end(wb, well ? ENTRY_DONE : ENTRY_FAILED);
}

static void on_data(void *data, enum process_stream stream, struct str bytes)
{
    (void)stream;
    output_shown_add(((struct workbench *)data)->shell.output, bytes);
}

static void show(void *data, struct str text)
{
    session_grow_aside(((struct workbench *)data)->session, text);
}

static void fail(struct workbench *wb, const struct err *err)
{
    struct buf text = BUF_INIT;
    buf_printf(&text, "It was not run: %s.\n", err->text);
    session_grow_aside(wb->session, buf_str(&text));
    buf_free(&text);
    end(wb, ENTRY_FAILED);
}

static void run_in(struct workbench *wb, const char *root)
{
    struct err err;
    const char *argv[] = {"sh", "-c", wb->shell.line, NULL};
    struct confined_options options = {
        .argv = argv,
        .cwd = root,
        .env = output_plain_env(),
        .timeout_ms = (uint64_t)TIMEOUT_S * 1000,
        .max_output = OUTPUT_MAX,
        .on_data = on_data,
        .on_exit = on_exit_of_it,
        .data = wb,
    };
    wb->shell.confined = confined_start(wb->options.loop, &options, &err);
    if (wb->shell.confined == NULL) {
        fail(wb, &err);
    }
}

static void on_laid(void *data, const char *root, const struct err *err)
{
    struct workbench *wb = *(struct workbench **)data;
    wb->shell.laying_out = false;
    if (root == NULL) {
        fail(wb, err);
    } else {
        run_in(wb, root);
    }
}

static void stop(void *data)
{
    struct workbench *wb = data;
    if (wb->shell.laying_out) {
        workbench_unwant_layout(wb, &wb->shell);
    }
    session_grow_aside(wb->session, STR_LIT("[stopped]\n"));
    end(wb, ENTRY_STOPPED);
}

bool workbench_shell(struct workbench *wb, struct str line, struct err *err)
{
    line = str_trim(line);
    bool over_proposal = str_starts(line, "!");
    line = str_trim(str_from(line, over_proposal ? 1 : 0));
    if (line.len == 0) {
        return err_set(err, ERR_INVALID,
            "Type a command after the !, as !git status; !! runs it over the proposal.");
    }
    if (wb->shell.line != NULL) {
        return err_set(err, ERR_CONFLICT, "A command of yours runs: Esc stops it.");
    }
    wb->shell.wb = wb;
    wb->shell.line = str_dup(line);
    wb->shell.over_proposal = over_proposal;
    wb->shell.output = output_shown_new(wb->options.loop, show, wb);
    session_begin_aside(wb->session, over_proposal ? "!!" : "!", line, stop, wb);
    if (over_proposal) {
        wb->shell.laying_out = true;
        workbench_want_layout(wb, on_laid, &wb->shell);
    } else {
        run_in(wb, workspace_root(wb->workspace));
    }
    return true;
}

void workbench_stop_shell(struct workbench *wb)
{
    if (wb->shell.line != NULL) {
        stop(wb);
    }
}
