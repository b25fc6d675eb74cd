/* Life of the plain mode: the input's lines, the workbench's events, signals, the end. */
#include "plain/plain_private.h"

#include "base/path.h"
#include "base/safe.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    LINE_BYTES_MAX = 1 << 20,
    READ_BYTES = 65536,
    TICK_MS = 100,
    START_MS = 60000, /* a command that prints the key may take half of it */
    WAIT_S = 600,
    TWICE_MS = 3000
};

static struct session *session_of(const struct plain *plain)
{
    return workbench_session(plain->wb);
}

/* ---- what runs ---- */

static bool evidence_runs(const struct plain *plain)
{
    return proposals_open(workbench_proposals(plain->wb)) != NULL &&
           checks_state(workbench_evidence(plain->wb)) == CHECKS_RUNNING;
}

/* The first run begins when the files are listed; a run knows its tests only after a while. */
static bool tests_run(const struct plain *plain)
{
    return !plain->listed || plain->run_later || runner_is_running(plain->runner) ||
           board_is_busy(plain->board);
}

static bool index_runs(const struct plain *plain)
{
    struct indexer *indexer = workbench_indexer(plain->wb);
    struct indexer_progress progress =
        indexer == NULL ? (struct indexer_progress){0} : indexer_progress(indexer);
    return progress.done < progress.total;
}

bool plain_is_busy(const struct plain *plain)
{
    unsigned proposal;
    return plain->doing != NULL || session_state(session_of(plain)) != SESSION_IDLE ||
           session_has_aside(session_of(plain)) || plain_finish_is_running(plain) ||
           workbench_checked_root(plain->wb, &proposal) == NULL || tests_run(plain) ||
           evidence_runs(plain) || index_runs(plain);
}

/* What a person who reads along waits for: then the prompt does not come between. */
static bool is_streaming(const struct plain *plain)
{
    return plain->doing != NULL || session_state(session_of(plain)) != SESSION_IDLE;
}

/* ---- questions and the end ---- */

void plain_ask(
    struct plain *plain, const char *word, void (*answer)(struct plain *plain, struct str line))
{
    free(plain->answer_word);
    plain->answer_word = mem_strdup(word);
    plain->answer = answer;
}

static void quit_now(struct plain *plain)
{
    plain->quitting = true;
    loop_stop(plain->loop);
}

static void quit_answered(struct plain *plain, struct str line)
{
    if (str_equal_c(line, "yes")) {
        quit_now(plain);
    } else {
        plain_say(plain, "You stay.");
    }
}

bool plain_quit(struct plain *plain, struct str args, struct err *err)
{
    (void)args;
    (void)err;
    bool runs = session_state(session_of(plain)) != SESSION_IDLE;
    bool commits = plain_finish_is_running(plain);
    bool unsaved = !session_is_saved(session_of(plain));
    if (plain->is_terminal && !plain->input_gone && (runs || commits || unsaved)) {
        plain_say(plain, "%s. Type yes to leave all the same, anything else to stay.",
            commits   ? "A commit is being made"
            : unsaved ? "The session could not be written to the disk and would be lost"
                      : "The model works, and would be stopped");
        plain_ask(plain, "leave", quit_answered);
        return true;
    }
    quit_now(plain);
    return true;
}

bool plain_wait(struct plain *plain, struct str args, struct err *err)
{
    size_t seconds = plain_number(args);
    if (args.len > 0 && seconds == 0) {
        return err_set(err, ERR_INVALID, "Type wait, or wait and a number of seconds.");
    }
    plain->waiting = true;
    plain->wait_ends_ms = loop_now_ms() + (seconds == 0 ? WAIT_S : seconds) * 1000;
    return true;
}

/* ---- status ---- */

static void on_repo(void *data, const struct repo_status *status)
{
    struct plain *plain = data;
    plain->repo_asked = false;
    free(plain->branch);
    plain->branch = status->kind == REPO_READY ? mem_strdup(status->branch) : NULL;
    free(plain->operation);
    plain->operation = status->kind == REPO_READY ? mem_strdup(status->operation) : NULL;
    plain->changed_files = status->changed;
    plain->repo_known = true;
    if (plain->repo_again) {
        plain->repo_again = false;
        plain_ask_repo(plain);
    }
}

void plain_ask_repo(struct plain *plain)
{
    plain->repo_again = plain->repo_asked;
    if (!plain->repo_asked) {
        plain->repo_asked = true;
        repo_status_start(
            plain->loop, workspace_root(workbench_workspace(plain->wb)), on_repo, plain);
    }
}

static void say_tests(struct plain *plain)
{
    struct tally tally = board_tally(plain->board);
    struct buf words = BUF_INIT;
    tally_append(&tally, true, &words);
    const char *trouble = board_trouble(plain->board);
    if (trouble != NULL) {
        plain_say(plain, "Tests could not run: %s", trouble);
    } else if (board_is_running(plain->board)) {
        plain_say(plain, "Tests run; so far %s.", words.ptr);
    } else if (board_count(plain->board) == 0) {
        plain_say(plain, "No test is known.");
    } else {
        plain_say(
            plain, "Tests%s: %s.", plain->tested_proposal > 0 ? " of the proposal" : "", words.ptr);
    }
    const struct coverage *coverage = board_coverage(plain->board);
    if (coverage != NULL) {
        char *percent = coverage_show(coverage_percent(coverage));
        plain_say(plain, "Coverage: %s percent%s.", percent,
            board_coverage_is_old(plain->board) ? ", of an older run" : "");
        free(percent);
    }
    buf_free(&words);
}

bool plain_status(struct plain *plain, struct str args, struct err *err)
{
    (void)args;
    (void)err;
    struct workspace *workspace = workbench_workspace(plain->wb);
    plain_say(plain, "Folder %s: %s.", workspace_name(workspace), workspace_root(workspace));
    if (plain->branch != NULL) {
        char *files = plain_count(plain->changed_files, "file");
        plain_say(plain, "Branch %s%s%s; %s changed since the last commit.", plain->branch,
            plain->operation == NULL ? "" : ", in a ",
            plain->operation == NULL ? "" : plain->operation, files);
        free(files);
    } else {
        plain_say(plain, "No git repository: files can be written, not committed.");
    }
    plain_say_model(plain);
    struct buf commands = BUF_INIT;
    workbench_describe_commands(plain->wb, &commands);
    plain_say(plain, "Commands of an agent: %s.", commands.ptr);
    buf_free(&commands);
    say_tests(plain);
    const struct proposal *open = proposals_open(workbench_proposals(plain->wb));
    if (open != NULL) {
        plain_say(plain, "Proposal %u is open%s.", open->number,
            plain->mode == PLAIN_MAIN ? "; type review" : "");
        plain_say_counts(plain);
    } else {
        plain_say(plain, "No proposal is open.");
    }
    if (plain->path != NULL) {
        plain_say(plain, "Open file: %s, line %zu.", plain->path, plain->row + 1);
    }
    if (session_state(session_of(plain)) != SESSION_IDLE) {
        plain_say(
            plain, "The model works; %zu prompts waiting.", session_queue_count(session_of(plain)));
    }
    return true;
}

/* ---- what the workbench tells ---- */

static void say_notices(struct plain *plain)
{
    const char *notice;
    while ((notice = workbench_notice(plain->wb, plain->notices)) != NULL) {
        plain_say(plain, "%s: %s",
            workbench_notice_is_problem(plain->wb, plain->notices++) ? "problem" : "note", notice);
    }
}

static void on_files(struct plain *plain)
{
    plain_ask_repo(plain);
    checker_disk_changed(plain->checker);
    if (proposals_open(workbench_proposals(plain->wb)) == NULL && plain->finish == NULL) {
        plain_tests_run_all(plain, false);
    }
    plain->listed = true;
    plain->started = plain->started || workbench_has_chosen(plain->wb);
}

static void on_change(void *data, enum workbench_change what)
{
    struct plain *plain = data;
    if (plain->wb == NULL || plain->quitting) {
        return; /* still opening: what was missed is asked for, or closing */
    }
    switch (what) {
    case WORKBENCH_SESSION:
        plain_chat_changed(plain);
        break;
    case WORKBENCH_SWITCHED:
        plain_sessions_switched(plain);
        break;
    case WORKBENCH_PROPOSAL:
        plain_review_changed(plain);
        break;
    case WORKBENCH_LAID_OUT:
        plain_tests_run_all(plain, false);
        break;
    case WORKBENCH_EVIDENCE:
        plain_evidence_changed(plain);
        break;
    case WORKBENCH_FILES:
        on_files(plain);
        break;
    case WORKBENCH_PROVIDER:
        plain_say_model(plain);
        plain->started = plain->started || plain->listed;
        break;
    case WORKBENCH_CATALOG:
        break;
    case WORKBENCH_HOOKS: /* what they say stands in the transcript */
        break;
    case WORKBENCH_TRUST:
        plain_say_waiting(plain);
        break;
    }
    say_notices(plain);
}

/* ---- the checker of the open file ---- */

static void gather(void *data, struct check_request *request)
{
    struct plain *plain = data;
    request->focus = mem_strdup(plain->path);
}

static void found(void *data, const char *source, const char *const *paths, size_t path_count,
    const struct findings *findings)
{
    struct plain *plain = data;
    problems_set(plain->problems, source, paths, path_count, findings);
}

static void say_checked(struct plain *plain)
{
    const struct findings *all = problems_all(plain->problems);
    size_t count = 0;
    VEC_FOREACH (const struct finding, finding, all) {
        if (finding->file != NULL && plain->path != NULL &&
            strcmp(finding->file, plain->path) == 0) {
            plain_say_finding(plain, ++count, finding);
        }
    }
    char *words = plain_count(count, "problem");
    plain_say(plain, "Checked %s: %s.", plain->path, words);
    free(words);
}

static void check_changed(void *data)
{
    struct plain *plain = data;
    enum check_state state = checker_state(plain->checker);
    if (!plain->check_asked || state == CHECK_WAITING || state == CHECK_RUNNING) {
        return;
    }
    plain->check_asked = false;
    plain->doing = NULL;
    if (state == CHECK_TROUBLED) {
        const char *trouble = checker_trouble(plain->checker);
        plain_say(plain, "Not checked: %s", trouble == NULL ? "no reason told" : trouble);
    } else if (state == CHECK_DONE) {
        say_checked(plain);
    }
}

/* ---- lines in ---- */

/* No line is taken now. */
static bool is_held(struct plain *plain)
{
    if (!plain->started || !plain->repo_known) {
        return loop_now_ms() < plain->start_ends_ms;
    }
    if (plain->waiting) {
        bool over = loop_now_ms() >= plain->wait_ends_ms;
        if (over) {
            plain_say(plain, "The wait is over; something still runs.");
        }
        /* What the agent asks is answered by what is typed next. */
        plain->waiting =
            !over && plain_is_busy(plain) && session_question(session_of(plain)) == NULL;
        return plain->waiting;
    }
    /* A script reads on when the command before has said all it has to say. */
    return !plain->is_terminal && (plain->doing != NULL || index_runs(plain));
}

static void take_line(struct plain *plain, struct str line)
{
    if (str_ends(line, "\r")) {
        line.len--;
    }
    plain_take_prompt(plain, line);
    plain_dispatch(plain, line);
}

static void end_of_input(struct plain *plain)
{
    struct err err;
    if (plain->is_terminal && plain->answer == NULL && !plain->input_gone) {
        /* Ctrl-D, as if quit was typed; the next one leaves in any case. */
        plain->at_end = false;
        loop_poll_set(plain->poll, UV_READABLE);
        plain_line(plain, STR_LIT(""));
        (void)plain_quit(plain, STR_LIT(""), &err);
    } else if (plain->is_terminal) {
        quit_now(plain);
    } else if (!plain_is_busy(plain) || plain->answer != NULL ||
               session_question(session_of(plain)) != NULL) { /* nobody is there to answer it */
        quit_now(plain);
    }
}

static void take_lines(struct plain *plain)
{
    while (!plain->quitting && !is_held(plain)) {
        size_t end = str_find_char(buf_str(&plain->pending), '\n', 0);
        bool last = end == SIZE_MAX && plain->at_end && plain->pending.len > 0;
        if (end == SIZE_MAX && plain->pending.len > LINE_BYTES_MAX) {
            plain_say(plain, "A line of more than 1 MiB was left out.");
            buf_clear(&plain->pending);
            plain->skipping = true;
        }
        if (end == SIZE_MAX && !last) {
            break;
        }
        end = last ? plain->pending.len : end;
        char *line = mem_strndup(plain->pending.ptr, end);
        buf_remove(&plain->pending, 0, last ? end : end + 1);
        if (!plain->skipping) {
            take_line(plain, str_of(line));
        }
        plain->skipping = false;
        free(line);
    }
    if (plain->at_end && plain->pending.len == 0 && !plain->quitting && !is_held(plain)) {
        end_of_input(plain);
    }
}

static void read_some(struct plain *plain)
{
    char bytes[READ_BYTES];
    ssize_t n = read(plain->input, bytes, sizeof bytes);
    if (n > 0) {
        buf_append(&plain->pending, bytes, (size_t)n);
    } else if (n == 0 || (errno != EINTR && errno != EAGAIN)) {
        plain->at_end = true;
        plain->input_gone = n < 0;
        if (plain->poll != NULL) {
            loop_poll_set(plain->poll, 0);
        }
        loop_timer_stop(plain->read_timer);
    }
}

static void on_readable(void *data, int events)
{
    (void)events;
    read_some(data);
    take_lines(data);
}

static void on_read_timer(void *data)
{
    struct plain *plain = data;
    if (plain->pending.len < LINE_BYTES_MAX) {
        read_some(plain);
    }
    take_lines(plain);
}

/* Time passes for what is waited for. */
static void on_tick(void *data)
{
    struct plain *plain = data;
    if (!plain->started && loop_now_ms() >= plain->start_ends_ms) {
        plain->started = true;
    }
    plain_tests_run_later(plain);
    take_lines(plain);
}

static void on_turn(void *data)
{
    struct plain *plain = data;
    if (plain->quitting || plain->wb == NULL) {
        return;
    }
    bool held = is_held(plain);
    if (!held && (plain->pending.len > 0 || plain->at_end)) {
        take_lines(plain);
    }
    if (!plain->quitting && plain->started && !is_streaming(plain)) {
        plain_show_prompt(plain);
    }
    /* Only while something is waited for does time matter. */
    bool waits = !plain->started || !plain->repo_known || plain->waiting || plain->at_end;
    if (waits != loop_timer_is_active(plain->tick)) {
        waits ? loop_timer_start(plain->tick, TICK_MS, TICK_MS) : loop_timer_stop(plain->tick);
    }
}

/* ---- signals ---- */

static void on_signal(uv_signal_t *handle, int number)
{
    struct plain *plain = handle->data;
    struct err err;
    uint64_t now = loop_now_ms();
    if (number != SIGINT) {
        plain->code = 128 + number;
        quit_now(plain);
        return;
    }
    plain->prompt_shown = plain->is_terminal; /* ^C stands in its line */
    plain->waiting = false;
    if (plain->answer != NULL) {
        plain->answer(plain, STR_LIT(""));
        plain->answer = NULL;
    } else if (now - plain->interrupted_ms < TWICE_MS) {
        quit_now(plain);
    } else if (!plain_stop(plain, STR_LIT(""), &err)) {
        plain_say(plain, "Press Ctrl-C once more to leave.");
    }
    plain->interrupted_ms = now;
}

static void watch_signals(struct plain *plain)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        plain->signals[i] = MEM_NEW(uv_signal_t);
        uv_signal_init(loop_uv(plain->loop), plain->signals[i]);
        plain->signals[i]->data = plain;
        uv_signal_start(plain->signals[i], on_signal, numbers[i]);
        uv_unref((uv_handle_t *)plain->signals[i]);
    }
}

/* One more Ctrl-C on the way out: everything is put away, and it must not change the exit code.
 * libuv gives the signal its default back when the last handle goes, so it is blocked. */
static void ignore_interrupts(void)
{
    sigset_t interrupt;
    sigemptyset(&interrupt);
    sigaddset(&interrupt, SIGINT);
    pthread_sigmask(SIG_BLOCK, &interrupt, NULL);
}

static void free_signal(uv_handle_t *handle)
{
    free(handle);
}

/* ---- life ---- */

static bool open_workbench(
    struct plain *plain, const struct plain_options *options, struct err *err)
{
    struct workbench_options setup = {
        .loop = plain->loop,
        .folder = options->folder,
        .session = options->session,
        .fresh = options->fresh,
        .last = options->last,
        .provider = options->provider,
        .profile = options->profile,
        .recording = options->recording,
        .record_to = options->record_to,
        .is_program = true,
        .changed = on_change,
        .data = plain,
    };
    plain->wb = workbench_new(&setup, err);
    return plain->wb != NULL;
}

static void open_input(struct plain *plain)
{
    struct err err;
    plain->input = STDIN_FILENO;
    plain->is_terminal = isatty(STDIN_FILENO) != 0;
    plain->read_timer = loop_timer_new(plain->loop, on_read_timer, plain);
    plain->tick = loop_timer_new(plain->loop, on_tick, plain);
    plain->poll = loop_poll_new(plain->loop, plain->input, UV_READABLE, on_readable, plain, &err);
    if (plain->poll == NULL) { /* a file: it never makes one wait */
        loop_timer_start(plain->read_timer, 0, 1);
    }
    plain->start_ends_ms = loop_now_ms() + START_MS;
    loop_on_turn(plain->loop, on_turn, plain);
}

static void say_hello(struct plain *plain, const struct plain_options *options)
{
    struct err err;
    struct workspace *workspace = workbench_workspace(plain->wb);
    const struct proposal *open = proposals_open(workbench_proposals(plain->wb));
    plain_say(plain, "bylaw %s, plain mode, in %s. Type help for the commands.", BYLAW_VERSION,
        workspace_name(workspace));
    plain_chat_skip(plain);
    if (open != NULL) {
        plain_say(plain, "Proposal %u is open; type review.", open->number);
    }
    say_notices(plain);
    plain_say_waiting(plain);
    if (options->open != NULL && !plain_open(plain, str_of(options->open), &err)) {
        plain_say(plain, "%s", err.text);
    }
}

static void close_all(struct plain *plain)
{
    loop_on_turn(plain->loop, NULL, NULL);
    plain_finish_free(plain);
    plain->quitting = true;
    while (plain->repo_asked) {
        plain->repo_again = false;
        loop_run_once(plain->loop, 100);
    }
    evaluator_free(plain->evaluator);
    plain_apply_free(plain->apply);
    comparison_run_free(plain->comparison);
    checker_free(plain->checker);
    plain_tests_free(plain);
    history_store_free(plain->history);
    plain->history = NULL;
    problems_free(plain->problems);
    workbench_free(plain->wb);
    plain->wb = NULL;
    loop_poll_free(plain->poll);
    loop_timer_free(plain->read_timer);
    loop_timer_free(plain->tick);
    ignore_interrupts();
    for (size_t i = 0; i < ARRAY_LEN(plain->signals); i++) {
        uv_close((uv_handle_t *)plain->signals[i], free_signal);
    }
    free(plain->tested_root);
    free(plain->branch);
    free(plain->operation);
    free(plain->path);
    free(plain->needle);
    free(plain->refused);
    free(plain->told);
    free(plain->answer_word);
    buf_free(&plain->text);
    buf_free(&plain->pending);
    VEC_FREE(&plain->entries);
}

bool plain_run(const struct plain_options *options, int *code, struct err *err)
{
    struct plain plain = {.mode = PLAIN_MAIN, .loop = loop_new(err)};
    if (plain.loop == NULL) {
        return false;
    }
    if (!open_workbench(&plain, options, err)) {
        loop_free(plain.loop);
        return false;
    }
    const struct check_events events = {
        .data = &plain, .gather = gather, .found = found, .changed = check_changed};
    plain.problems = problems_new();
    plain.checker = checker_new(plain.loop, workspace_root(workbench_workspace(plain.wb)), &events);
    plain_tests_make(&plain);
    watch_signals(&plain);
    open_input(&plain);
    say_hello(&plain, options);
    while (!plain.quitting) {
        loop_run(plain.loop);
    }
    close_all(&plain);
    *code = plain.code;
    loop_free(plain.loop);
    return true;
}
