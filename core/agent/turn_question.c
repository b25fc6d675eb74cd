/* What an agent may not do without the engineer: the provider's own (Codex's commands) and those of
 * our tools. One is asked at a time; what a provider asks meanwhile waits. */
#include "agent/approvals.h"
#include "agent/session_private.h"

#include "base/safe.h"
#include "base/vec.h"

#include <stdlib.h>

enum { WHAT_MAX = 16 * 1024, WHY_MAX = 1000, SAID_MAX = 100, WAITING_MAX = 32 };

static void question_clear(struct question *question)
{
    free(question->what);
    free(question->why);
    free(question->terms);
    free(question->folder);
    free(question->rule);
    free(question->no_rule);
    free(question->answer);
    free(question->choices);
    *question = (struct question){0};
}

/* The question is answered, or nobody wants the answer any more. */
static void end_question(struct session *session, enum entry_status status)
{
    if (session->asked.question.what == NULL) {
        return;
    }
    session_end_entry(session, session->asked.entry, status);
    question_clear(&session->asked.question);
    free(session->asked.id);
    session->asked.id = NULL;
    session->asked.face = (struct question_face){0};
}

static void free_waiting(struct waiting_question *waiting)
{
    question_clear(&waiting->question);
    free(waiting->id);
    free(waiting);
}

void turn_forget_questions(struct session *session, enum entry_status status)
{
    while (session->asked.waiting != NULL) {
        struct waiting_question *first = session->asked.waiting;
        session->asked.waiting = first->next;
        free_waiting(first);
    }
    end_question(session, status);
}

bool question_choice(
    const struct question *question, size_t index, struct str *words, struct str *about)
{
    struct str rest = str_of(question->choices == NULL ? "" : question->choices);
    struct str line;
    while (str_next_line(&rest, &line)) {
        if (index-- == 0) {
            size_t tab = str_find_char(line, '\t', 0);
            *words = str_slice(line, 0, tab == SIZE_MAX ? line.len : tab);
            *about = tab == SIZE_MAX ? (struct str){0} : str_from(line, tab + 1);
            return true;
        }
    }
    return false;
}

/* All that is decided about, in sight: a command that is cut could hide its end. No line of it can
 * be taken for one of ours. */
static unsigned begin_entry(struct session *session, const struct question *question)
{
    struct entry entry = {.kind = ENTRY_TOOL, .status = ENTRY_OPEN, .name = mem_strdup("asks")};
    entry.detail = question->why == NULL ? mem_strdup(question->what)
                                         : mem_printf("%s  (%s)", question->what, question->why);
    if (question->why != NULL) {
        char *why = safe_dup(str_of(question->why), SAFE_ONE_LINE, WHY_MAX);
        buf_printf(&entry.text, "why: %s\n", why);
        free(why);
    }
    if (question->terms != NULL) {
        buf_printf(&entry.text, "%s\n", question->terms);
    }
    struct str rest = str_of(question->what);
    struct str line;
    for (const char *mark = question->choices == NULL ? "$ " : "? "; str_next_line(&rest, &line);
         mark = "> ") {
        buf_printf(&entry.text, "%s%.*s\n", mark, STR_FMT(line));
    }
    struct str words;
    struct str about;
    for (size_t i = 0; question_choice(question, i, &words, &about); i++) {
        buf_printf(&entry.text, "%zu %.*s%s%.*s\n", i + 1, STR_FMT(words),
            about.len == 0 ? "" : ": ", STR_FMT(about));
    }
    return session_begin_entry(session, entry);
}

bool session_ask(
    struct session *session, struct question *question, const struct question_face *face)
{
    if (session->asked.question.what != NULL) {
        return false;
    }
    session->asked.question = *question;
    session->asked.face = *face;
    *question = (struct question){0};
    session->asked.entry = begin_entry(session, &session->asked.question);
    return true;
}

/* The first of those that came while another waited. */
static void ask_next(struct session *session)
{
    struct waiting_question *first = session->asked.waiting;
    if (session->asked.question.what != NULL || first == NULL) {
        return;
    }
    session->asked.waiting = first->next;
    session->asked.question = first->question;
    session->asked.id = first->id;
    free(first);
    session->asked.entry = begin_entry(session, &session->asked.question);
}

void session_unask(struct session *session, const void *data)
{
    if (session->asked.id == NULL && session->asked.face.data == data) {
        end_question(session, ENTRY_STOPPED);
        ask_next(session);
        session_changed(session);
    }
}

const struct question *session_question(const struct session *session)
{
    return session->asked.question.what == NULL ? NULL : &session->asked.question;
}

const char *session_approval(const struct session *session)
{
    return session->asked.question.what;
}

static void add_notice(struct session *session, const struct question *question,
    enum approval approval, struct str text)
{
    static const char *const words[] = {[APPROVAL_ONCE] = "Approved once",
        [APPROVAL_SESSION] = "Approved for this session",
        [APPROVAL_DECLINED] = "Declined",
        [APPROVAL_ALWAYS] = "Approved, and from now on"};
    struct entry said = {.kind = ENTRY_NOTICE, .status = ENTRY_DONE};
    if (question->answer != NULL) {
        buf_printf(&said.text, "Answered: %s%s %.*s", question->what,
            str_ends(str_of(question->what), "?") ? "" : ".",
            STR_FMT(approval == APPROVAL_DECLINED ? text : str_of(question->answer)));
    } else if (approval == APPROVAL_ALWAYS) {
        char *file = approvals_file();
        buf_printf(&said.text, "%s all that begins with: %.*s (a line of %s)", words[approval],
            STR_FMT(text), file == NULL ? "the allow-list" : file);
        free(file);
    } else {
        char *what = safe_dup(str_of(question->what), SAFE_ONE_LINE, SAID_MAX);
        buf_printf(&said.text, "%s: %s%s%.*s", words[approval], what, text.len > 0 ? ". " : "",
            STR_FMT(text));
        free(what);
    }
    session_add_entry(session, said);
}

bool session_decide(
    struct session *session, enum approval approval, struct str text, struct err *err)
{
    const struct question *question = &session->asked.question;
    if (question->what == NULL) {
        return err_set(err, ERR_NOT_FOUND, "Nothing waits for an approval.");
    }
    if (approval == APPROVAL_ALWAYS && question->rule == NULL) {
        return err_set(err, ERR_UNSUPPORTED, "%s",
            question->no_rule == NULL ? "This cannot be allowed always: approve it once, or for "
                                        "this session."
                                      : question->no_rule);
    }
    struct question_face face = session->asked.face;
    bool words = question->answer != NULL;
    if (session->asked.id == NULL && !face.answer(face.data, approval, text, err)) {
        return false;
    }
    add_notice(session, question, approval, text);
    char *id = mem_strdup(session->asked.id);
    if (question->kept && approval == APPROVAL_SESSION) { /* which may end before the agent does */
        session->setup.keep(session->setup.data, question);
        approval = APPROVAL_ONCE;
    }
    bool refused = approval == APPROVAL_DECLINED && (!words || text.len == 0);
    end_question(session, refused ? ENTRY_FAILED : ENTRY_DONE);
    if (id != NULL) { /* which may ask the next thing at once */
        provider_decide(session->stream_provider, session->stream, id, approval, text);
    }
    free(id);
    ask_next(session);
    session_changed(session);
    return true;
}

/* What the engineer need not be asked: refused with a reason, or approved before. */
static void decide_unasked(struct session *session, const struct event *event,
    struct question *question, const char *reason)
{
    bool granted = reason == NULL;
    unsigned entry = begin_entry(session, question);
    add_notice(session, question, granted ? APPROVAL_SESSION : APPROVAL_DECLINED, str_of(reason));
    session_end_entry(session, entry, granted ? ENTRY_DONE : ENTRY_FAILED);
    question_clear(question);
    provider_decide(session->stream_provider, session->stream, event->call_id,
        granted ? APPROVAL_ONCE : APPROVAL_DECLINED, str_of(reason));
}

static bool add_waiting(struct session *session, const char *id, const struct question *question)
{
    struct waiting_question **last = &session->asked.waiting;
    for (size_t count = 0; *last != NULL; last = &(*last)->next) {
        if (++count == WAITING_MAX) {
            return false;
        }
    }
    *last = MEM_NEW(struct waiting_question);
    (*last)->id = mem_strdup(id);
    (*last)->question = *question;
    return true;
}

void turn_ask(struct session *session, const struct event *event)
{
    struct question question = {.what = str_dup(str_slice(event->text, 0, WHAT_MAX)),
        .why = mem_strdup(event->opaque),
        .terms = mem_strdup(event->terms),
        .folder = mem_strdup(event->folder),
        .answer = mem_strdup(event->answer),
        .choices = mem_strdup(event->choices)};
    const char *refused = event->text.len > WHAT_MAX
                              ? "The command is too long to be read: shorten it."
                          /* How to log in, approval_policy has no say in. */
                          : session->setup.complete == NULL || event->choices != NULL
                              ? NULL
                              : session->setup.complete(session->setup.data, &question);
    if (refused == NULL && !question.granted && !add_waiting(session, event->call_id, &question)) {
        refused = "Too many questions wait: ask again when they are answered.";
    }
    if (refused != NULL || question.granted) {
        decide_unasked(session, event, &question, refused);
    } else {
        ask_next(session);
    }
}

void turn_unask(struct session *session, const char *id)
{
    for (struct waiting_question **at = &session->asked.waiting; *at != NULL; at = &(*at)->next) {
        struct waiting_question *waiting = *at;
        if (strcmp(waiting->id, id) == 0) {
            *at = waiting->next;
            free_waiting(waiting);
            return;
        }
    }
    if (session->asked.id != NULL && strcmp(session->asked.id, id) == 0) {
        end_question(session, ENTRY_STOPPED);
        ask_next(session);
        session_changed(session);
    }
}
