/* Which session, and what was said in it. */
#include "plain/plain_private.h"

#include "agent/export.h"
#include "agent/journal.h"
#include "agent/review_queue.h"
#include "base/find.h"
#include "repo/changes.h"

#include <stdlib.h>
#include <time.h>

enum { SUMMARY_MAX = 160, DIFF_BYTES_MAX = 256 * 1024 };

static struct session *session_of(const struct plain *plain)
{
    return workbench_session(plain->wb);
}

bool plain_new(struct plain *plain, struct str args, struct err *err)
{
    (void)args;
    if (!workbench_open_session(plain->wb, NULL, err)) {
        return false;
    }
    plain_say(plain, "A new session.");
    return true;
}

static bool say_sessions(struct plain *plain, struct err *err)
{
    struct session_infos list = {0};
    if (!journal_list(workspace_root(workbench_workspace(plain->wb)), &list, err)) {
        return false;
    }
    VEC_FOREACH (const struct session_info, info, &list) {
        time_t seconds = (time_t)(info->changed / 1000);
        struct tm tm;
        char when[32] = "";
        if (localtime_r(&seconds, &tm) != NULL) {
            strftime(when, sizeof when, "%Y-%m-%d %H:%M", &tm);
        }
        bool here = strcmp(info->id, session_id(session_of(plain))) == 0;
        plain_say(plain, "session %s, %s%s: %s", info->id, when,
            here         ? ", this one"
            : info->open ? ", open elsewhere"
                         : "",
            info->title[0] == '\0' ? "no prompt yet" : info->title);
    }
    plain_say(plain, "Type resume and an id to go on with one.");
    session_infos_free(&list);
    return true;
}

static void say_waiting(struct plain *plain, const struct review_queue *queue, const char *here)
{
    VEC_FOREACH (const struct waiting_review, waiting, queue) {
        bool shown = strcmp(waiting->session, here) == 0;
        plain_say(plain, "proposal in session %s, %zu file%s%s%s: %s%s%s", waiting->session,
            waiting->files, waiting->files == 1 ? "" : "s",
            shown           ? ", this one"
            : waiting->open ? ", open elsewhere"
                            : "",
            waiting->why == NULL ? "" : ", red", waiting->title, waiting->why == NULL ? "" : "; ",
            waiting->why == NULL ? "" : waiting->why);
    }
    plain_say(plain, "%zu wait for review; type reviews next for the next one.", queue->len);
}

/* The program that has it open, bylaw mcp, hands it over in a moment. False: there is none. */
static bool ask_elsewhere(
    struct plain *plain, const struct review_queue *queue, const char *here, struct err *err)
{
    VEC_FOREACH (const struct waiting_review, waiting, queue) {
        if (waiting->open && strcmp(waiting->session, here) != 0 &&
            journal_want(workspace_root(workbench_workspace(plain->wb)), waiting->session, err)) {
            plain_say(plain, "The program that proposes it is asked to hand it over; type reviews "
                             "next again in a moment.");
            return true;
        }
    }
    return false;
}

static bool go_to_next(
    struct plain *plain, const struct review_queue *queue, const char *here, struct err *err)
{
    size_t next = review_queue_next(queue, here);
    if (next == SIZE_MAX && ask_elsewhere(plain, queue, here, err)) {
        return true;
    }
    if (next == SIZE_MAX) {
        return err_set(err, ERR_NOT_FOUND, "No other proposal waits for review.");
    }
    if (!workbench_open_session(plain->wb, queue->items[next].session, err)) {
        return false;
    }
    plain_say(
        plain, "Proposal %zu of %zu that wait: %s", next + 1, queue->len, queue->items[next].title);
    return true;
}

bool plain_reviews(struct plain *plain, struct str args, struct err *err)
{
    struct review_queue queue = {0};
    bool next = str_equal_c(args, "next");
    if (args.len > 0 && !next) {
        return err_set(err, ERR_INVALID, "Type reviews, or reviews next.");
    }
    if (!review_queue_read(workspace_root(workbench_workspace(plain->wb)), &queue, err)) {
        return false;
    }
    char *here = mem_strdup(session_id(session_of(plain)));
    bool ok = true;
    if (next) {
        ok = go_to_next(plain, &queue, here, err);
    } else if (queue.len == 0) {
        plain_say(plain, "No proposal waits for review.");
    } else {
        say_waiting(plain, &queue, here);
    }
    free(here);
    review_queue_free(&queue);
    return ok;
}

bool plain_sessions(struct plain *plain, struct str args, struct err *err)
{
    if (args.len == 0) {
        return say_sessions(plain, err);
    }
    char *id = str_dup(args);
    bool ok = workbench_open_session(plain->wb, id, err);
    free(id);
    return ok;
}

bool plain_compact(struct plain *plain, struct str args, struct err *err)
{
    (void)args;
    return session_compact(session_of(plain), err);
}

bool plain_cost(struct plain *plain, struct str args, struct err *err)
{
    (void)args;
    (void)err;
    struct buf text = BUF_INIT;
    workbench_describe_spend(plain->wb, &text);
    struct str rest = buf_str(&text);
    struct str line;
    while (str_next_line(&rest, &line)) { /* "Session      12k tokens": a label and what it says */
        size_t gap = str_find(line, STR_LIT("  "), 0);
        struct str said = str_trim(gap == SIZE_MAX ? line : str_from(line, gap));
        struct str label = str_slice(line, 0, gap == SIZE_MAX ? 0 : gap);
        plain_say(plain, "%.*s%s%.*s.", STR_FMT(label), label.len > 0 ? ": " : "", STR_FMT(said));
    }
    buf_free(&text);
    return true;
}

bool plain_diff(struct plain *plain, struct str args, struct err *err)
{
    struct buf text = BUF_INIT;
    size_t count;
    (void)args;
    bool ok = repo_changes_read(
        workspace_root(workbench_workspace(plain->wb)), DIFF_BYTES_MAX, &text, &count, err);
    if (ok) {
        char *files = plain_count(count, "file");
        plain_say(plain, "Since the last commit: %s.", files);
        plain_lines(plain, "", buf_str(&text));
        free(files);
    }
    buf_free(&text);
    return ok;
}

bool plain_export(struct plain *plain, struct str args, struct err *err)
{
    struct session *session = session_of(plain);
    struct workspace *workspace = workbench_workspace(plain->wb);
    if (session_transcript(session)->len == 0) {
        return err_set(err, ERR_NOT_FOUND, "Nothing was said yet: there is nothing to export.");
    }
    char *target = args.len > 0 ? str_dup(args) : export_default_name(session);
    char *written = NULL;
    struct buf text = BUF_INIT;
    export_markdown(session, workspace_name(workspace), &text);
    bool ok = export_write(workspace, target, buf_str(&text), false, &written, err);
    if (ok) {
        plain_say(plain, "Exported to %s.", written);
    }
    buf_free(&text);
    free(written);
    free(target);
    return ok;
}

bool plain_fork(struct plain *plain, struct str args, struct err *err)
{
    const struct transcript *transcript = session_transcript(session_of(plain));
    size_t number = plain_number(args);
    if (args.len == 0) {
        return workbench_fork(plain->wb, 0, err);
    }
    const struct entry *entry =
        number == 0 || number > transcript->len ? NULL : &transcript->items[number - 1];
    if (entry == NULL || entry->kind != ENTRY_USER) {
        return err_set(err, ERR_NOT_FOUND,
            "Step %.*s is no prompt: type transcript for the numbers.", STR_FMT(args));
    }
    if (!workbench_fork(plain->wb, entry->id, err)) {
        return false;
    }
    free(plain->refused); /* say sends it */
    plain->refused = mem_strdup(session_draft(session_of(plain)));
    plain_say(plain, "Type say to send the prompt again, or another one: %s", plain->refused);
    return true;
}

void plain_sessions_switched(struct plain *plain)
{
    plain->entries.len = 0;
    plain->sent_now = 0;
    plain->was_busy = false;
    plain->mode = PLAIN_MAIN;
    plain_chat_skip(plain);
}

/* ---- what was said ---- */

static const char *kind_word(const struct entry *entry)
{
    switch (entry->kind) {
    case ENTRY_USER:
        return "you";
    case ENTRY_ASSISTANT:
        return "model";
    case ENTRY_REASONING:
        return "reasoning";
    case ENTRY_TOOL:
        return "tool";
    case ENTRY_PROPOSAL:
        return "proposal";
    case ENTRY_NOTICE:
        return "note";
    case ENTRY_ERROR:
        return "error";
    case ENTRY_FEEDBACK:
        return "sent back";
    case ENTRY_COMMIT:
        return entry_commit_word(entry);
    }
    return "";
}

/* The line with the text in it, else the first that says something. */
static struct str line_with(struct str text, struct str wanted)
{
    struct str line;
    struct str first = {"", 0};
    while (str_next_line(&text, &line)) {
        line = str_trim(line);
        first = first.len == 0 ? line : first;
        if (wanted.len > 0 && find_smart(line, wanted, 0) != SIZE_MAX) {
            return str_slice(line, 0, SUMMARY_MAX);
        }
    }
    return str_slice(first, 0, SUMMARY_MAX);
}

bool plain_transcript(struct plain *plain, struct str args, struct err *err)
{
    const struct transcript *transcript = session_transcript(session_of(plain));
    size_t said = 0;
    for (size_t i = 0; i < transcript->len; i++) {
        const struct entry *entry = &transcript->items[i];
        struct str text = buf_str(&entry->text);
        struct str detail = str_of(entry->detail == NULL ? "" : entry->detail);
        bool shown = args.len == 0 || find_smart(text, args, 0) != SIZE_MAX ||
                     find_smart(detail, args, 0) != SIZE_MAX;
        if (!shown) {
            continue;
        }
        struct str line = line_with(text, args);
        plain_say(plain, "step %zu, %s: %s%s%.*s%s%.*s", i + 1, kind_word(entry),
            entry->name == NULL ? "" : entry->name, entry->name == NULL ? "" : " ", STR_FMT(detail),
            detail.len > 0 && line.len > 0 ? ": " : "", STR_FMT(line));
        said++;
    }
    if (said == 0) {
        return args.len > 0 ? err_set(err, ERR_NOT_FOUND, "Nothing in this session has \"%.*s\".",
                                  STR_FMT(args))
                            : err_set(err, ERR_NOT_FOUND, "Nothing was said in this session yet.");
    }
    return true;
}
