#include "hooks/hook_answer.h"

#include "base/json.h"

#include <stdint.h>
#include <stdlib.h>

void hook_outcome_free(struct hook_outcome *outcome)
{
    buf_free(&outcome->reason);
    buf_free(&outcome->context);
    buf_free(&outcome->shown);
    buf_free(&outcome->input);
    buf_free(&outcome->failures);
    *outcome = (struct hook_outcome){0};
}

static void add_text(struct buf *out, struct str text)
{
    text = str_trim(text);
    if (text.len > 0) {
        buf_append_c(out, out->len > 0 ? "\n" : "");
        buf_append_str(out, text);
    }
}

/* Once, not for each file or each place where the same hook stands. */
static void add_once(struct buf *out, struct str text)
{
    text = str_trim(text);
    if (text.len > 0 && str_find(buf_str(out), text, 0) == SIZE_MAX) {
        add_text(out, text);
    }
}

static void add_failure(
    const struct handler *handler, struct hook_outcome *outcome, const char *what, struct str why)
{
    struct buf line = BUF_INIT;
    buf_printf(&line, "The %s hook of %s %s", moment_name(handler->moment), handler->file, what);
    why = str_trim(why);
    if (why.len > 0) {
        buf_printf(&line, ": %.*s", STR_FMT(why));
    }
    add_once(&outcome->failures, buf_str(&line));
    buf_free(&line);
}

static void block(const struct handler *handler, struct hook_outcome *outcome, struct str reason)
{
    outcome->blocked = true;
    if (str_trim(reason).len > 0) {
        add_text(&outcome->reason, reason);
    } else {
        char *text = mem_printf("the hook of %s gave no reason", handler->file);
        add_text(&outcome->reason, str_of(text));
        free(text);
    }
}

/* ---- JSON ---- */

/* Some tools' inputs are one text, others whole objects. */
static void take_input(const cJSON *updated, struct hook_outcome *outcome)
{
    const char *command = json_string(updated, "command");
    buf_clear(&outcome->input);
    outcome->has_input = true;
    if (command != NULL) {
        buf_append_c(&outcome->input, command);
    } else {
        char *text = json_print(updated);
        buf_append_c(&outcome->input, text);
        free(text);
    }
}

static void read_json(
    const struct handler *handler, const cJSON *answer, struct hook_outcome *outcome)
{
    const cJSON *specific = json_get(answer, "hookSpecificOutput");
    const char *permission = json_string_or(specific, "permissionDecision", "");
    add_once(&outcome->shown, str_of(json_string(answer, "systemMessage")));
    add_text(&outcome->context, str_of(json_string(specific, "additionalContext")));
    if (strcmp(json_string_or(answer, "decision", ""), "block") == 0) {
        block(handler, outcome, str_of(json_string(answer, "reason")));
    }
    if (handler->moment != MOMENT_BEFORE_TOOL) {
        return;
    }
    const cJSON *updated = json_get(specific, "updatedInput");
    if (strcmp(permission, "deny") == 0) {
        block(handler, outcome, str_of(json_string(specific, "permissionDecisionReason")));
    } else if (strcmp(permission, "allow") == 0 && cJSON_IsObject(updated)) {
        take_input(updated, outcome);
    }
}

/* ---- plain text ---- */

static void read_text(
    const struct handler *handler, const struct hook_end *end, struct hook_outcome *outcome)
{
    switch (handler->moment) {
    case MOMENT_SESSION_START:
    case MOMENT_PROMPT:
        add_text(&outcome->context, end->out);
        break;
    case MOMENT_AFTER_TOOL:
        if (handler->short_form) {
            add_text(&outcome->context, end->out);
        }
        break;
    case MOMENT_STOP:
        add_once(&outcome->shown, end->out);
        break;
    default:
        break;
    }
}

static void read_success(
    const struct handler *handler, const struct hook_end *end, struct hook_outcome *outcome)
{
    struct err err;
    struct str out = str_trim(end->out);
    if (!str_starts(out, "{")) {
        read_text(handler, end, outcome);
        return;
    }
    cJSON *answer = json_parse(out, &err);
    if (cJSON_IsObject(answer)) {
        read_json(handler, answer, outcome);
    } else {
        add_failure(handler, outcome, "printed JSON that cannot be read", str_of(err.text));
    }
    cJSON_Delete(answer);
}

void hook_answer_add(
    const struct handler *handler, const struct hook_end *end, struct hook_outcome *outcome)
{
    if (end->trouble != NULL) {
        add_failure(handler, outcome, end->trouble, end->err);
    } else if (end->exit_code == 0) {
        read_success(handler, end, outcome);
    } else if (end->exit_code == 2) {
        block(handler, outcome, end->err);
    } else {
        char *what = mem_printf("failed with exit code %d", end->exit_code);
        bool feedback = handler->short_form && handler->moment == MOMENT_AFTER_TOOL;
        struct str says = str_trim(end->err).len > 0 ? end->err : end->out;
        add_failure(handler, outcome, what, feedback ? (struct str){0} : says);
        if (feedback) { /* it has looked at a file and says what is wrong */
            add_text(&outcome->context, end->out);
            add_text(&outcome->context, end->err);
        }
        free(what);
    }
}
