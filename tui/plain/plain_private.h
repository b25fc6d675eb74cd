/* What the files of the plain mode share: plain.c (life, input, events), plain_out.c (lines out,
 * the prompt), plain_command.c (the table and what is typed), plain_chat.c (the session),
 * plain_review.c and plain_decide.c (the review), plain_finish.c (the road to a commit),
 * plain_sessions.c (which session), plain_tests.c, plain_files.c (files, symbols, windows of
 * lines), plain_browse.c (the tests by group), plain_edit.c ($EDITOR), plain_eval.c, plain_init.c,
 * plain_model.c and plain_trust.c. Nobody else includes it. */
#ifndef BYLAW_PLAIN_PRIVATE_H
#define BYLAW_PLAIN_PRIVATE_H

#include "agent/workbench.h"
#include "apply/comparison_run.h"
#include "base/vec.h"
#include "check/check.h"
#include "check/problems.h"
#include "engine/board.h"
#include "engine/opa_eval.h"
#include "plain/plain.h"
#include "repo/commit.h"
#include "repo/repo.h"
#include "starter/choice.h"
#include "tally.h"
#include "workspace/beneath.h"

/* Which commands can be given; the word before the prompt says it. */
enum plain_mode { PLAIN_MAIN = 1, PLAIN_REVIEW = 2, PLAIN_COMMIT = 4, PLAIN_ANY = 7 };

struct plain;

/* A command: the same row dispatches it, explains it and stands in the README. */
struct plain_command {
    const char *name;
    const char *args; /* "" none; "[X]" may be left out; else needed */
    const char *help; /* one line */
    unsigned modes;
    /* `args` is trimmed. False with a sentence: nothing was done. */
    bool (*run)(struct plain *plain, struct str args, struct err *err);
};

extern const struct plain_command plain_commands[];
extern const size_t plain_command_count;

/* What is printed of an entry of the transcript. */
struct plain_entry {
    size_t printed; /* bytes of its text */
    bool begun, done, in_code;
};

struct plain {
    struct loop *loop;
    struct workbench *wb;
    enum plain_mode mode;
    int code;
    bool quitting;

    /* Lines out. */
    bool is_terminal;  /* the input is: a person types */
    bool prompt_shown; /* and nothing was typed yet */
    bool broken;       /* nobody reads the output any more */

    /* Lines in. */
    int input; /* descriptor */
    struct loop_poll *poll;
    struct loop_timer *read_timer; /* for what cannot be polled: a regular file */
    struct buf pending;
    bool at_end, input_gone;
    bool skipping;         /* the rest of a line that was too long */
    bool waiting;          /* `wait`: no line is taken before all is quiet */
    uint64_t wait_ends_ms; /* on the loop's clock */
    const char *doing;     /* a command that has more to say, in words; NULL: none */
    bool listed, started;  /* the workspace was listed and a model looked for */
    uint64_t start_ends_ms;
    struct loop_timer *tick;
    uv_signal_t *signals[3];
    uint64_t interrupted_ms; /* when Ctrl-C was pressed last with nothing to stop */
    char *refused;           /* a line that was no good as a command: `say` sends it */
    void (*answer)(struct plain *plain, struct str line); /* a question is open: takes the line */
    char *answer_word;                                    /* of its prompt */

    /* The session. */
    struct {
        struct plain_entry *items;
        size_t len, cap;
    } entries; /* by place in the transcript */
    size_t notices;
    bool was_busy;
    bool asked; /* an approval waits, and was told */
    size_t queued;
    size_t sent_now; /* user entries that were typed just now and need not be repeated */

    /* The repository. */
    char *branch, *operation;
    size_t changed_files;
    bool repo_asked, repo_again, repo_known;

    /* The review. */
    unsigned review_generation; /* of the proposals, at the last command */
    size_t file, hunk;
    bool trying;
    bool try_told, evidence_told;
    unsigned told_proposal, told_revision;

    /* The road to a commit. */
    struct plain_finish *finish; /* NULL: not on it */

    /* Tests. */
    struct board *board;
    struct runner *runner;
    struct history_store *history; /* of the workspace's tests */
    struct runner_events to_board;
    unsigned tested_proposal;
    char *tested_root;
    bool asked_run;    /* by a command: results are told as they come */
    bool run_later;    /* all of them, unasked, once what a command asked for has ended */
    bool say_passes;   /* also those that pass */
    char *told;        /* of the last run */
    size_t explaining; /* test that `explain` waits for, or SIZE_MAX */
    struct problems *problems;
    struct checker *checker;
    bool check_asked; /* its end is told */

    /* The open file. */
    char *path;
    struct buf text;
    struct file_stamp stamp;
    size_t row; /* first line of the window */
    char *needle;

    struct {
        struct choice choice;
        enum choice_question question;
    } init; /* the questions of `init` */

    struct evaluator *evaluator;
    struct plain_apply *apply;         /* NULL: not asked yet */
    struct comparison_run *comparison; /* NULL: not asked yet */
};

enum { PLAIN_PAGE = 20, PLAIN_LIST_MAX = 200 };

/* ---- plain_out.c ---- */
/* One line; what it holds of control characters is made visible, a TAB is four blanks. */
void plain_say(struct plain *plain, const char *fmt, ...) PRINTF_LIKE(2, 3);
void plain_line(struct plain *plain, struct str line);
/* Each line of a text with `prefix` before it. */
void plain_lines(struct plain *plain, const char *prefix, struct str text);
/* "WHAT: TEXT" for a line of a file; one without text is said to be empty, a very long one is cut.
 */
void plain_code(struct plain *plain, const char *what, struct str text);
/* "1 file", "3 files": the caller frees. */
char *plain_count(size_t count, const char *noun) MUST_USE;
/* The prompt, when it is not there. */
void plain_show_prompt(struct plain *plain);
/* The line that was typed has ended the prompt's line; where nobody types it is printed. */
void plain_take_prompt(struct plain *plain, struct str line);

/* ---- plain.c ---- */
/* Something runs that will tell more. */
bool plain_is_busy(const struct plain *plain);
/* The next line is an answer to a question. `word` is its prompt's; copied. */
void plain_ask(
    struct plain *plain, const char *word, void (*answer)(struct plain *plain, struct str line));
bool plain_quit(struct plain *plain, struct str args, struct err *err);
bool plain_wait(struct plain *plain, struct str args, struct err *err);
bool plain_status(struct plain *plain, struct str args, struct err *err);
void plain_ask_repo(struct plain *plain);

/* ---- plain_command.c ---- */
void plain_dispatch(struct plain *plain, struct str line);
bool plain_help(struct plain *plain, struct str args, struct err *err);
/* Cuts the next word off *rest; empty when there is none. */
struct str plain_word(struct str *rest);
/* A number from 1 that is all of the word; 0: it is none. */
size_t plain_number(struct str word);

/* ---- plain_chat.c ---- */
void plain_chat_changed(struct plain *plain);
/* Entries of an earlier run are not told again. */
void plain_chat_skip(struct plain *plain);
bool plain_prompt(struct plain *plain, struct str text, struct err *err);
bool plain_say_prompt(struct plain *plain, struct str args, struct err *err);
bool plain_stop(struct plain *plain, struct str args, struct err *err);
bool plain_shell(struct plain *plain, struct str args, struct err *err);
bool plain_allow(struct plain *plain, struct str args, struct err *err);
bool plain_refuse(struct plain *plain, struct str args, struct err *err);
bool plain_retry(struct plain *plain, struct str args, struct err *err);
bool plain_queue(struct plain *plain, struct str args, struct err *err);
bool plain_take_back(struct plain *plain, struct str args, struct err *err);
bool plain_answer(struct plain *plain, struct str args, struct err *err);
bool plain_reasoning(struct plain *plain, struct str args, struct err *err);
bool plain_prompts(struct plain *plain, struct str args, struct err *err);

/* ---- plain_sessions.c ---- */
bool plain_new(struct plain *plain, struct str args, struct err *err);
bool plain_reviews(struct plain *plain, struct str args, struct err *err);
bool plain_sessions(struct plain *plain, struct str args, struct err *err);
bool plain_compact(struct plain *plain, struct str args, struct err *err);
bool plain_cost(struct plain *plain, struct str args, struct err *err);
bool plain_diff(struct plain *plain, struct str args, struct err *err);
bool plain_export(struct plain *plain, struct str args, struct err *err);
bool plain_fork(struct plain *plain, struct str args, struct err *err);
bool plain_transcript(struct plain *plain, struct str args, struct err *err);
void plain_sessions_switched(struct plain *plain);

/* ---- plain_review.c: what is shown ---- */
struct review *plain_review_of(struct plain *plain, struct err *err);
const struct review_file *plain_review_file(struct plain *plain, struct err *err);
bool plain_review(struct plain *plain, struct str args, struct err *err);
bool plain_leave(struct plain *plain, struct str args, struct err *err);
bool plain_show(struct plain *plain, struct str args, struct err *err);
bool plain_evidence(struct plain *plain, struct str args, struct err *err);
bool plain_hunk_next(struct plain *plain, struct str args, struct err *err);
bool plain_hunk_back(struct plain *plain, struct str args, struct err *err);
bool plain_file(struct plain *plain, struct str args, struct err *err);
bool plain_list(struct plain *plain, struct str args, struct err *err);
void plain_show_hunk(struct plain *plain);
void plain_review_changed(struct plain *plain);
void plain_evidence_changed(struct plain *plain);
/* "12 accepted, 2 declined, 3 open" */
void plain_say_counts(struct plain *plain);
/* "open", "accepted", …: an item, several. */
const char *plain_decision(enum review_decision decision);
const char *plain_mark(enum review_mark mark);

/* ---- plain_decide.c: what is decided ---- */
/* Goes to the next hunk with something open, from here on and around; false: all is decided. */
bool plain_find_open(struct plain *plain);
bool plain_accept(struct plain *plain, struct str args, struct err *err);
bool plain_decline(struct plain *plain, struct str args, struct err *err);
bool plain_reopen(struct plain *plain, struct str args, struct err *err);
bool plain_accept_rest(struct plain *plain, struct str args, struct err *err);
bool plain_decline_rest(struct plain *plain, struct str args, struct err *err);
bool plain_hunk_edit(struct plain *plain, struct str args, struct err *err);
bool plain_comment(struct plain *plain, struct str args, struct err *err);
bool plain_question(struct plain *plain, struct str args, struct err *err);
bool plain_uncomment(struct plain *plain, struct str args, struct err *err);
bool plain_split(struct plain *plain, struct str args, struct err *err);
bool plain_try(struct plain *plain, struct str args, struct err *err);
bool plain_undo(struct plain *plain, struct str args, struct err *err);
bool plain_redo(struct plain *plain, struct str args, struct err *err);

/* ---- plain_finish.c ---- */
bool plain_finish(struct plain *plain, struct str args, struct err *err);
bool plain_commit(struct plain *plain, struct str args, struct err *err);
bool plain_message(struct plain *plain, struct str args, struct err *err);
bool plain_message_edit(struct plain *plain, struct str args, struct err *err);
bool plain_feedback(struct plain *plain, struct str args, struct err *err);
bool plain_finish_back(struct plain *plain, struct str args, struct err *err);
bool plain_undo_commit(struct plain *plain, struct str args, struct err *err);
void plain_finish_evidence(struct plain *plain);
/* Files are being written or committed. */
bool plain_finish_is_running(const struct plain *plain);
void plain_finish_cancel(struct plain *plain);
void plain_finish_free(struct plain *plain);

/* ---- plain_tests.c ---- */
void plain_tests_make(struct plain *plain);
void plain_tests_free(struct plain *plain);
/* Unasked, it waits for a run that was asked for. */
void plain_tests_run_all(struct plain *plain, bool asked);
/* What had to wait, if it need not any more. */
void plain_tests_run_later(struct plain *plain);
bool plain_tests_choose_root(struct plain *plain, struct err *err);
void plain_tests_start(
    struct plain *plain, enum run_scope scope, const char *const *wanted, size_t count, bool asked);
/* By its whole name or a part that only one has; NULL with a sentence. */
struct board_test *plain_test_named(struct plain *plain, struct str name, struct err *err);
bool plain_tests(struct plain *plain, struct str args, struct err *err);
bool plain_test(struct plain *plain, struct str args, struct err *err);
bool plain_failures(struct plain *plain, struct str args, struct err *err);
bool plain_explain(struct plain *plain, struct str args, struct err *err);
bool plain_problems(struct plain *plain, struct str args, struct err *err);
bool plain_coverage(struct plain *plain, struct str args, struct err *err);
/* "FILE, line 12: error, RULE: MESSAGE" */
void plain_say_finding(struct plain *plain, size_t number, const struct finding *finding);

/* ---- plain_browse.c ---- */
bool plain_groups(struct plain *plain, struct str args, struct err *err);
bool plain_history(struct plain *plain, struct str args, struct err *err);
bool plain_reproduce(struct plain *plain, struct str args, struct err *err);
bool plain_report(struct plain *plain, struct str args, struct err *err);
/* plain_init.c */
bool plain_init(struct plain *plain, struct str args, struct err *err);
bool plain_rerun(struct plain *plain, struct str args, struct err *err);
/* What was expected of a failed test beside what came, a line each. */
void plain_say_diff(struct plain *plain, struct board_test *test);

/* ---- plain_files.c ---- */
bool plain_files(struct plain *plain, struct str args, struct err *err);
bool plain_open(struct plain *plain, struct str args, struct err *err);
bool plain_next(struct plain *plain, struct str args, struct err *err);
bool plain_previous(struct plain *plain, struct str args, struct err *err);
bool plain_go_line(struct plain *plain, struct str args, struct err *err);
bool plain_find(struct plain *plain, struct str args, struct err *err);
/* Finds the file of the workspace that is meant: its path, or a part that only one has. The caller
 * frees. */
char *plain_file_named(struct plain *plain, struct str name, struct err *err);
/* Reads the file and makes it the open one. */
bool plain_load(struct plain *plain, const char *path, struct err *err);

/* ---- plain_symbols.c ---- */
bool plain_symbols(struct plain *plain, struct str args, struct err *err);
bool plain_definition(struct plain *plain, struct str args, struct err *err);
bool plain_references(struct plain *plain, struct str args, struct err *err);
/* The definition with this name ("deny", "k8s.tag.deny"), the open file's first; false: none. */
bool plain_symbol_find(
    struct plain *plain, struct str name, struct catalog_place *out, struct err *err);
void plain_place_free(struct catalog_place *place);

/* ---- plain_edit.c ---- */
bool plain_edit(struct plain *plain, struct str args, struct err *err);
/* $EDITOR on a text (in a private folder, under that name); false: nothing came of it. */
bool plain_edit_text(struct plain *plain, const char *name, struct str text, size_t row,
    struct buf *out, struct err *err);

/* ---- plain_eval.c ---- */
bool plain_eval(struct plain *plain, struct str args, struct err *err);
bool plain_bench(struct plain *plain, struct str args, struct err *err);

/* ---- plain_apply.c ---- */
bool plain_apply(struct plain *plain, struct str args, struct err *err);
/* False: nothing runs. */
bool plain_apply_stop(struct plain *plain);
void plain_apply_free(struct plain_apply *apply); /* NULL is fine */

/* ---- plain_compare.c ---- */
bool plain_compare(struct plain *plain, struct str args, struct err *err);

/* ---- plain_model.c ---- */

/* The model with its reason, and the profile in force. */
void plain_say_model(struct plain *plain);
bool plain_profile(struct plain *plain, struct str args, struct err *err);
bool plain_model(struct plain *plain, struct str args, struct err *err);
bool plain_mode(struct plain *plain, struct str args, struct err *err);

/* ---- plain_trust.c ---- */
/* What the repository brings waits for an answer. */
void plain_say_waiting(struct plain *plain);
bool plain_trust(struct plain *plain, struct str args, struct err *err);
bool plain_skills(struct plain *plain, struct str args, struct err *err);
bool plain_skill(struct plain *plain, struct str args, struct err *err);

#endif
