/* The session as lines: prompts out, answers in, whole lines as they come. */
#include "plain/plain_private.h"

#include <stdlib.h>

enum { SUMMARY_MAX = 160, PENDING_MAX = 2000 };

static struct session *session_of(const struct plain *plain)
{
    return workbench_session(plain->wb);
}

static bool is_running(const struct plain *plain)
{
    return session_state(session_of(plain)) != SESSION_IDLE;
}

static struct str first_line(struct str text)
{
    struct str line = {"", 0};
    while (str_next_line(&text, &line) && str_trim(line).len == 0) {
    }
    line = str_trim(line);
    return str_slice(line, 0, line.len < SUMMARY_MAX ? line.len : SUMMARY_MAX);
}

static size_t count_lines(struct str text)
{
    size_t count = 0;
    struct str line;
    while (str_next_line(&text, &line)) {
        count++;
    }
    return count;
}

/* ---- entries ---- */

/* Signs of Markdown are no words: without `**` and backticks, but for what is code. */
static void append_words(struct buf *out, struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        bool strong = text.ptr[i] == '*' && i + 1 < text.len && text.ptr[i + 1] == '*';
        i += strong;
        if (!strong && text.ptr[i] != '`') {
            buf_append_char(out, text.ptr[i]);
        }
    }
}

/* "| a | b |" is "row: a; b"; false for the line below a table's heading. */
static bool append_row(struct buf *out, struct str text)
{
    size_t signs = 0;
    while (signs < text.len && strchr("|-: ", text.ptr[signs]) != NULL) {
        signs++;
    }
    if (signs == text.len) {
        return false;
    }
    buf_append_c(out, "row: ");
    struct str rest = str_slice(text, 1, str_ends(text, "|") ? text.len - 1 : text.len);
    while (rest.len > 0) {
        size_t bar = str_find_char(rest, '|', 0);
        append_words(out, str_trim(str_slice(rest, 0, bar == SIZE_MAX ? rest.len : bar)));
        rest = bar == SIZE_MAX ? str_make("", 0) : str_from(rest, bar + 1);
        buf_append_c(out, rest.len > 0 ? "; " : "");
    }
    return true;
}

static void say_markdown(struct plain *plain, struct str line, struct plain_entry *state)
{
    struct str text = str_trim(line);
    struct buf out = BUF_INIT;
    bool said = text.len > 0;
    if (str_starts(text, "```")) {
        struct str name = str_trim(str_from(text, 3));
        buf_printf(&out, state->in_code ? "end of code" : "code%s%.*s:", name.len > 0 ? " in " : "",
            STR_FMT(name));
        state->in_code = !state->in_code;
    } else if (state->in_code) {
        buf_append_str(&out, line);
    } else if (str_starts(text, "#")) {
        while (text.len > 0 && text.ptr[0] == '#') {
            text = str_from(text, 1);
        }
        buf_append_c(&out, "heading: ");
        append_words(&out, str_trim(text));
    } else if (str_starts(text, "|")) {
        said = append_row(&out, text);
    } else {
        append_words(&out, line);
    }
    if (said) {
        plain_say(plain, "%s%.*s", state->begun ? "" : "model: ", STR_FMT(buf_str(&out)));
        state->begun = true;
    }
    buf_free(&out);
}

/* The lines that are whole by now. */
static void say_answer(struct plain *plain, const struct entry *entry, struct plain_entry *state)
{
    struct str all = buf_str(&entry->text);
    bool closed = entry->status != ENTRY_OPEN;
    while (state->printed < all.len) {
        size_t end = str_find_char(all, '\n', state->printed);
        if (end == SIZE_MAX && !closed) {
            return;
        }
        end = end == SIZE_MAX ? all.len : end;
        struct str line = str_slice(all, state->printed, end);
        say_markdown(plain, line, state);
        state->printed = end + 1;
    }
    if (entry->status == ENTRY_STOPPED) {
        plain_say(plain, "The answer was stopped; what came so far stays.");
    }
}

static void say_tool(struct plain *plain, const struct entry *entry)
{
    struct str text = buf_str(&entry->text);
    struct str first = first_line(text);
    char *lines = plain_count(count_lines(text), "line");
    const char *ended = entry->status == ENTRY_FAILED    ? "failed"
                        : entry->status == ENTRY_STOPPED ? "was stopped"
                                                         : "done";
    const char *detail = entry->detail == NULL ? "" : entry->detail;
    if (entry->name != NULL && entry->name[0] == '!') {
        plain_lines(plain, "output: ", text);
        plain_say(plain, "%s %s: %s, %s.", entry->name, detail, ended, lines);
        free(lines);
        return;
    }
    plain_say(plain, "tool %s%s%s: %s, %s%s%.*s", entry->name == NULL ? "" : entry->name,
        detail[0] == '\0' ? "" : " ", detail, ended, lines, first.len > 0 ? ", first: " : "",
        STR_FMT(first));
    free(lines);
}

static void say_reasoning(struct plain *plain, const struct entry *entry)
{
    struct str first = first_line(buf_str(&entry->text));
    while (first.len > 0 && (first.ptr[0] == '*' || first.ptr[0] == '#')) {
        first = str_trim(str_from(first, 1));
    }
    while (first.len > 0 && first.ptr[first.len - 1] == '*') {
        first.len--;
    }
    plain_say(plain, "reasoning: %.*s; type reasoning for all of it", STR_FMT(first));
}

static void say_proposal(struct plain *plain, const struct entry *entry)
{
    char *files = plain_count(entry->files, "file");
    char *added = plain_count(entry->added, "line");
    plain_say(plain, "proposal %u: %s, %s added, %u removed; type review", entry->proposal, files,
        added, entry->removed);
    free(files);
    free(added);
}

static void say_user(struct plain *plain, const struct entry *entry)
{
    if (plain->sent_now > 0) {
        plain->sent_now--;
        return;
    }
    struct str first = first_line(buf_str(&entry->text));
    plain_say(plain, "Sent to the model: %.*s", STR_FMT(first));
}

static void say_closed(struct plain *plain, const struct entry *entry)
{
    struct str text = buf_str(&entry->text);
    switch (entry->kind) {
    case ENTRY_USER:
        say_user(plain, entry);
        break;
    case ENTRY_REASONING:
        say_reasoning(plain, entry);
        break;
    case ENTRY_TOOL:
        if (entry->name == NULL || strcmp(entry->name, "asks") != 0) { /* said when it was asked */
            say_tool(plain, entry);
        }
        break;
    case ENTRY_PROPOSAL:
        say_proposal(plain, entry);
        break;
    case ENTRY_ERROR:
        plain_say(plain, "error: %.*s%s", STR_FMT(str_trim(text)),
            entry->can_retry ? " Type retry to send it again." : "");
        break;
    case ENTRY_FEEDBACK: {
        char *lines = plain_count(count_lines(text), "line");
        struct str first = first_line(text);
        bool review = str_starts(first, "## Outcome of the review");
        first = review ? STR_LIT("the outcome of the review")
                       : str_from(first, str_starts(first, "## ") ? 3 : 0);
        plain_say(plain, "Sent back to the model: %.*s, %s.", STR_FMT(first), lines);
        free(lines);
        break;
    }
    case ENTRY_COMMIT:
        plain_say(plain, "%s%s%s: %.*s", entry_commit_word(entry), entry->detail == NULL ? "" : " ",
            entry->detail == NULL ? "" : entry->detail, STR_FMT(str_trim(text)));
        break;
    case ENTRY_NOTICE:
        plain_lines(plain, "note: ", text);
        break;
    case ENTRY_ASSISTANT:
        break;
    }
}

static void say_entries(struct plain *plain)
{
    const struct transcript *transcript = session_transcript(session_of(plain));
    for (size_t i = 0; i < transcript->len; i++) {
        const struct entry *entry = &transcript->items[i];
        if (i >= plain->entries.len) {
            VEC_PUSH(&plain->entries, (struct plain_entry){0});
        }
        struct plain_entry *state = &plain->entries.items[i];
        if (state->done) {
            continue;
        }
        if (entry->kind == ENTRY_ASSISTANT) {
            say_answer(plain, entry, state);
        } else if (entry->status != ENTRY_OPEN) {
            say_closed(plain, entry);
        }
        state->done = entry->status != ENTRY_OPEN;
    }
}

void plain_chat_skip(struct plain *plain)
{
    const struct transcript *transcript = session_transcript(session_of(plain));
    for (size_t i = 0; i < transcript->len; i++) {
        VEC_PUSH(&plain->entries, ((struct plain_entry){.done = true}));
    }
    if (transcript->len > 0) {
        char *entries = plain_count(transcript->len, "step");
        plain_say(
            plain, "This session goes on, after %s: %s", entries, session_title(session_of(plain)));
        free(entries);
    }
}

static void say_choices(struct plain *plain, const struct question *question)
{
    struct str words;
    struct str about;
    plain_lines(plain, "The model asks: ", str_of(question->what));
    if (question->terms != NULL) {
        plain_say(plain, "terms: %s", question->terms);
    }
    for (size_t i = 0; question_choice(question, i, &words, &about); i++) {
        plain_say(plain, "%zu: %.*s%s%.*s.", i + 1, STR_FMT(words), about.len == 0 ? "" : ", ",
            STR_FMT(about));
    }
    plain_say(plain, "Type allow and a number, or refuse.");
}

static void say_question(struct plain *plain, const struct question *question)
{
    if (question->choices != NULL) {
        say_choices(plain, question);
        return;
    }
    plain_lines(plain, "The model asks to run: ", str_of(question->what));
    if (question->why != NULL) {
        plain_say(plain, "why: %s", question->why);
    }
    if (question->terms != NULL) {
        plain_say(plain, "terms: %s", question->terms);
    }
    plain_say(plain, "Type allow, allow all (in this session)%s%s%s, or refuse and a reason.",
        question->rule == NULL ? "" : ", allow always (what begins with: ",
        question->rule == NULL ? "" : question->rule, question->rule == NULL ? "" : ")");
}

void plain_chat_changed(struct plain *plain)
{
    bool busy = is_running(plain);
    say_entries(plain);
    if (busy && !plain->was_busy) {
        plain_say(plain, "The model works; type stop to interrupt it.");
    } else if (!busy && plain->was_busy) {
        plain_say(plain, "The model has ended.");
    }
    plain->was_busy = busy;
    const struct question *question = session_question(session_of(plain));
    if (question != NULL && !plain->asked) {
        say_question(plain, question);
    }
    plain->asked = question != NULL;
}

/* ---- commands ---- */

bool plain_prompt(struct plain *plain, struct str text, struct err *err)
{
    bool queued = is_running(plain);
    if (!queued) {
        plain->sent_now++;
    }
    if (!session_prompt(session_of(plain), text, err)) {
        plain->sent_now = 0;
        return false;
    }
    if (queued) {
        plain_say(plain, "Queued: it is sent when the model has ended; %zu waiting.",
            session_queue_count(session_of(plain)));
    }
    return true;
}

bool plain_say_prompt(struct plain *plain, struct str args, struct err *err)
{
    if (args.len > 0) {
        return plain_prompt(plain, args, err);
    }
    if (plain->refused == NULL) {
        return err_set(err, ERR_NOT_FOUND, "There is nothing to send: type say and the text.");
    }
    char *text = plain->refused;
    plain->refused = NULL;
    bool ok = plain_prompt(plain, str_of(text), err);
    free(text);
    return ok;
}

bool plain_shell(struct plain *plain, struct str args, struct err *err)
{
    return workbench_shell(plain->wb, args, err);
}

/* One of the answers by its number. */
static bool choose(
    struct plain *plain, const struct question *question, struct str args, struct err *err)
{
    struct str words;
    struct str about;
    char *text = str_dup(args);
    long number = strtol(text, NULL, 10);
    free(text);
    if (number < 1 || !question_choice(question, (size_t)number - 1, &words, &about)) {
        return err_set(err, ERR_INVALID, "allow takes the number of an answer here, as allow 1.");
    }
    char *copy = str_dup(words); /* the question goes with its answer */
    bool ok = session_decide(session_of(plain), APPROVAL_DECLINED, str_of(copy), err);
    free(copy);
    return ok;
}

bool plain_allow(struct plain *plain, struct str args, struct err *err)
{
    const struct question *question = session_question(session_of(plain));
    if (str_equal_c(args, "always") || str_starts(args, "always ")) {
        struct str rule = str_trim(str_from(args, strlen("always")));
        if (rule.len == 0 && question != NULL && question->rule != NULL) {
            rule = str_of(question->rule);
        }
        char *copy = str_dup(rule); /* the question goes with its answer */
        bool ok = session_decide(session_of(plain), APPROVAL_ALWAYS, str_of(copy), err);
        free(copy);
        return ok;
    }
    if (question != NULL && question->choices != NULL) {
        return choose(plain, question, args, err);
    }
    bool all = str_equal_c(args, "all");
    if (args.len > 0 && !all) {
        return err_set(
            err, ERR_INVALID, "allow takes nothing, \"all\", or \"always\" and the words.");
    }
    return session_decide(
        session_of(plain), all ? APPROVAL_SESSION : APPROVAL_ONCE, (struct str){0}, err);
}

bool plain_refuse(struct plain *plain, struct str args, struct err *err)
{
    return session_decide(session_of(plain), APPROVAL_DECLINED, args, err);
}

bool plain_stop(struct plain *plain, struct str args, struct err *err)
{
    (void)args;
    if (is_running(plain) || session_has_aside(session_of(plain))) {
        session_interrupt(session_of(plain));
        return true;
    }
    if (plain_finish_is_running(plain)) {
        plain_finish_cancel(plain);
        return true;
    }
    if (plain->board != NULL && board_is_busy(plain->board)) {
        runner_cancel(plain->runner);
        plain_say(plain, "The tests are stopped.");
        return true;
    }
    if (plain_apply_stop(plain) ||
        (plain->comparison != NULL && comparison_run_cancel(plain->comparison))) {
        plain->doing = NULL;
        plain_say(plain, "Policies are not applied any further.");
        return true;
    }
    if (plain->evaluator != NULL && evaluator_is_running(plain->evaluator)) {
        evaluator_cancel(plain->evaluator);
        plain->doing = NULL;
        plain_say(plain, "The evaluation is stopped.");
        return true;
    }
    return err_set(err, ERR_NOT_FOUND, "Nothing runs that could be stopped.");
}

bool plain_retry(struct plain *plain, struct str args, struct err *err)
{
    (void)args;
    return session_retry(session_of(plain), err);
}

static bool move_queued(struct plain *plain, struct str args, struct err *err)
{
    size_t from = plain_number(plain_word(&args));
    size_t to = plain_number(plain_word(&args));
    if (from == 0 || to == 0 || args.len > 0 ||
        !session_queue_move(session_of(plain), from - 1, to - 1)) {
        return err_set(err, ERR_INVALID, "Type queue and two of its numbers: queue 3 1.");
    }
    return true;
}

bool plain_queue(struct plain *plain, struct str args, struct err *err)
{
    struct session *session = session_of(plain);
    if (str_equal_c(args, "send")) {
        return session_queue_send(session) ||
               err_set(err, ERR_CONFLICT,
                   session_queue_count(session) == 0
                       ? "No prompt is waiting."
                       : "It is sent by itself: when the answer has ended and there is a model.");
    }
    if (args.len > 0 && !move_queued(plain, args, err)) {
        return false;
    }
    size_t count = session_queue_count(session);
    char *prompts = plain_count(count, "prompt");
    plain_say(plain, "%s waiting.", prompts);
    free(prompts);
    for (size_t i = 0; i < count; i++) {
        struct str first = first_line(str_of(session_queue_at(session, i)));
        plain_say(plain, "waiting %zu: %.*s", i + 1, STR_FMT(first));
    }
    return true;
}

bool plain_take_back(struct plain *plain, struct str args, struct err *err)
{
    size_t number = plain_number(args);
    if (args.len > 0 && number == 0) {
        return err_set(err, ERR_INVALID, "Type take-back, or take-back and a number of queue.");
    }
    char *text = number > 0 ? session_queue_take(session_of(plain), number - 1)
                            : session_queue_pop(session_of(plain));
    if (text == NULL) {
        return err_set(err, ERR_NOT_FOUND,
            number > 0 ? "No such prompt is waiting." : "No prompt is waiting.");
    }
    plain_say(plain, "Taken back: %s", text);
    free(plain->refused); /* say sends it after all */
    plain->refused = text;
    return true;
}

static const struct entry *last_of(const struct plain *plain, enum entry_kind kind)
{
    const struct transcript *transcript = session_transcript(session_of(plain));
    for (size_t i = transcript->len; i > 0; i--) {
        if (transcript->items[i - 1].kind == kind) {
            return &transcript->items[i - 1];
        }
    }
    return NULL;
}

static void say_all(struct plain *plain, const struct entry *entry)
{
    struct plain_entry state = {.begun = entry->kind == ENTRY_REASONING};
    struct str rest = buf_str(&entry->text);
    struct str line;
    while (str_next_line(&rest, &line)) {
        say_markdown(plain, line, &state);
    }
}

bool plain_answer(struct plain *plain, struct str args, struct err *err)
{
    (void)args;
    const struct entry *entry = last_of(plain, ENTRY_ASSISTANT);
    if (entry == NULL) {
        return err_set(err, ERR_NOT_FOUND, "The model has said nothing yet.");
    }
    say_all(plain, entry);
    return true;
}

bool plain_reasoning(struct plain *plain, struct str args, struct err *err)
{
    (void)args;
    const struct entry *entry = last_of(plain, ENTRY_REASONING);
    if (entry == NULL) {
        return err_set(err, ERR_NOT_FOUND, "The model has shown no reasoning yet.");
    }
    say_all(plain, entry);
    return true;
}

bool plain_prompts(struct plain *plain, struct str args, struct err *err)
{
    (void)args;
    const char *text;
    size_t count = 0;
    for (size_t i = 0; (text = workbench_recorded_prompt(plain->wb, i)) != NULL; i++) {
        /* What is built from decisions is nothing to type. */
        if (strcmp(text, "Outcome of the review") != 0) {
            plain_say(plain, "recorded prompt %zu: %s", ++count, text);
        }
    }
    return count > 0 ||
           err_set(err, ERR_NOT_FOUND, "There is no recording: any prompt can be sent.");
}
