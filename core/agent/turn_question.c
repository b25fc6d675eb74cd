/* What an agent may not do without the engineer: the provider's own (Codex's commands) and those of
 * our tools. One is asked at a time; what a provider asks meanwhile waits. */
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
    free(question->rule);
    free(question->no_rule);
    free(question->answer);
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

void turn_forget_questions(struct session *session, enum entry_status status)
{
    VEC_FOREACH (struct waiting_question, waiting, &session->asked.waiting) {
        question_clear(&waiting->question);
        free(waiting->id);
    }
    VEC_FREE(&session->asked.waiting);
    end_question(session, status);
}

/* All that is decided about, in sight: a command that is cut could hide its end. No line of it can
 * be taken for one of ours. */
static void begin_entry(struct session *session)
{
    const struct question *question = &session->asked.question;
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
    for (const char *mark = "$ "; str_next_line(&rest, &line); mark = "> ") {
        buf_printf(&entry.text, "%s%.*s\n", mark, STR_FMT(line));
    }
    session->asked.entry = session_begin_entry(session, entry);
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
    begin_entry(session);
    return true;
}

static bool begin_question(struct session *session, struct waiting_question *next);

/* Those that came while another waited, in their order, up to one that is the engineer's. */
static void ask_next(struct session *session)
{
    while (session->asked.question.what == NULL && session->asked.waiting.len > 0) {
        struct waiting_question next = session->asked.waiting.items[0];
        VEC_REMOVE(&session->asked.waiting, 0);
        if (begin_question(session, &next)) {
            return;
        }
    }
}

void session_unask(struct session *session, const void *data)
{
    if (session->asked.id == NULL && session->asked.face.data == data) {
        end_question(session, ENTRY_STOPPED);
        ask_next(session);
        session_changed(session);
    }
}

/* False: it was answered at once. */
static bool begin_question(struct session *session, struct waiting_question *next)
{
    struct err err;
    session->asked.question = next->question;
    session->asked.id = next->id;
    const char *refused =
        session->setup.complete == NULL
            ? NULL
            : session->setup.complete(session->setup.data, &session->asked.question);
    begin_entry(session);
    if (refused != NULL && !session_decide(session, APPROVAL_DECLINED, str_of(refused), &err)) {
        end_question(session, ENTRY_FAILED); /* it was taken back meanwhile */
    }
    return refused == NULL;
}

void turn_ask(struct session *session, const struct event *event)
{
    bool too_long = event->text.len > WHAT_MAX;
    if (too_long || session->asked.waiting.len >= WAITING_MAX) {
        provider_decide(session->stream_provider, session->stream, event->call_id,
            APPROVAL_DECLINED,
            too_long ? STR_LIT("The command is too long to be read: shorten it.")
                     : STR_LIT("Too many questions wait: ask again when they are answered."));
        return;
    }
    struct waiting_question next = {.id = mem_strdup(event->call_id),
        .question = {.what = str_dup(event->text),
            .why = mem_strdup(event->opaque),
            .terms = mem_strdup(event->terms),
            .answer = mem_strdup(event->answer)}};
    VEC_PUSH(&session->asked.waiting, next);
    ask_next(session);
}

const struct question *session_question(const struct session *session)
{
    return session->asked.question.what == NULL ? NULL : &session->asked.question;
}

const char *session_approval(const struct session *session)
{
    return session->asked.question.what;
}

static void add_notice(struct session *session, enum approval approval, struct str text)
{
    static const char *const words[] = {[APPROVAL_ONCE] = "Approved once",
        [APPROVAL_SESSION] = "Approved for this session",
        [APPROVAL_DECLINED] = "Declined",
        [APPROVAL_ALWAYS] = "Approved, and from now on"};
    struct entry said = {.kind = ENTRY_NOTICE, .status = ENTRY_DONE};
    const struct question *question = &session->asked.question;
    if (question->answer != NULL) {
        buf_printf(&said.text, "Answered: %s. %.*s", question->what,
            STR_FMT(approval == APPROVAL_DECLINED ? text : str_of(question->answer)));
    } else if (approval == APPROVAL_ALWAYS) {
        buf_printf(&said.text, "%s all that begins with: %.*s", words[approval], STR_FMT(text));
    } else {
        char *what = safe_dup(str_of(session->asked.question.what), SAFE_ONE_LINE, SAID_MAX);
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
    if (session->asked.id == NULL && !face.answer(face.data, approval, text, err)) {
        return false;
    }
    add_notice(session, approval, text);
    char *id = mem_strdup(session->asked.id);
    end_question(session, approval == APPROVAL_DECLINED ? ENTRY_FAILED : ENTRY_DONE);
    if (id != NULL) { /* which may ask the next thing at once */
        provider_decide(session->stream_provider, session->stream, id, approval, text);
    }
    free(id);
    ask_next(session);
    session_changed(session);
    return true;
}
