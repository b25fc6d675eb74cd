/* The status pane: what it does. status_draw.c paints it. */
#include "pane/status_private.h"

#include "base/path.h"
#include "base/vec.h"

#include <stdlib.h>

enum {
    SAVE_DELAY_MS = 100,
    TYPING_DELAY_MS = 150,
    SPINNER_MS = 100,
    EXPLAIN_FIRST = 10,
    FILTER_SLICE = 8000
};

void status_words_free(struct status_words *words)
{
    VEC_FOREACH (char *, word, words) {
        free(*word);
    }
    VEC_FREE(words);
}

static void tell_changed(struct status *s)
{
    s->untold = false;
    s->told_ms = loop_now_ms();
    if (s->options.changed != NULL) {
        s->options.changed(s->options.data);
    }
}

static void board_changed(void *data)
{
    struct status *s = data;
    if (board_is_busy(s->board) && !loop_timer_is_active(s->spinner)) {
        loop_timer_start(s->spinner, SPINNER_MS, SPINNER_MS);
    }
    /* While results stream in not for each of them; the spinner's timer tells the last. */
    if (!board_is_busy(s->board) || loop_now_ms() >= s->told_ms + SPINNER_MS) {
        tell_changed(s);
    } else {
        s->untold = true;
    }
    app_redraw(s->app);
}

static void on_spinner(void *data)
{
    struct status *s = data;
    if (!board_is_busy(s->board)) {
        loop_timer_stop(s->spinner);
    }
    if (s->untold) {
        tell_changed(s);
    }
    app_redraw(s->app);
}

static void history_ready(void *data)
{
    struct status *s = data;
    board_history_ready(s->board);
    app_redraw(s->app);
}

static void history_trouble(void *data, const char *line)
{
    board_log(((struct status *)data)->board, line);
}

static void on_slice(void *data)
{
    app_redraw(((struct status *)data)->app);
}

static const char *root_of(const struct status *s)
{
    return s->now != NULL ? s->now : s->root;
}

/* The texts as a run takes them; the caller frees the array. */
static struct policy_text *view_texts(const struct status_texts *texts)
{
    struct policy_text *view = mem_alloc((texts->len + 1) * sizeof *view);
    for (size_t i = 0; i < texts->len; i++) {
        view[i] = (struct policy_text){texts->items[i].path, buf_str(&texts->items[i].text)};
    }
    return view;
}

static void start(struct status *s)
{
    struct status_texts texts = {0};
    if (s->of == NULL && s->options.unsaved != NULL) {
        s->options.unsaved(s->options.data, &texts);
    }
    struct policy_text *view = view_texts(&texts);
    struct run_options options = {.root = root_of(s),
        .offline = s->of != NULL, /* a proposal: nobody has read it yet */
        .scope = s->scope,
        .cached = s->take_known,
        .cache_of = s->root,
        .wanted = (const char *const *)s->wanted.items,
        .wanted_count = s->wanted.len,
        .texts = view,
        .text_count = texts.len,
        .confirm = true,
        .coverage = s->options.coverage,
        .explain_max = EXPLAIN_FIRST};
    runner_start(s->runner, &options);
    free(view);
    VEC_FOREACH (struct status_text, text, &texts) {
        free(text->path);
        buf_free(&text->text);
    }
    VEC_FREE(&texts);
    app_redraw(s->app);
}

void status_run(struct status *s, enum run_scope scope, const char *const *wanted, size_t count)
{
    struct status_words copy = {0};
    for (size_t i = 0; i < count; i++) {
        VEC_PUSH(&copy, mem_strdup(wanted[i]));
    }
    status_words_free(&s->wanted);
    s->wanted = copy;
    s->scope = scope;
    s->take_known = false;
    start(s);
}

void status_run_changed(struct status *s)
{
    status_words_free(&s->wanted);
    s->scope = RUN_ALL;
    s->take_known = true;
    start(s);
}

static void run_all(struct status *s)
{
    status_run(s, RUN_ALL, NULL, 0);
}

/* Which tests there are is being found out: what changes meanwhile is asked for afterwards. */
static bool is_looking(const struct status *s)
{
    return board_count(s->board) == 0 && runner_is_running(s->runner);
}

/* Saves come in bursts (a commit, a checkout). What an earlier one asked for and is cut short is
 * asked for again with it. */
static void on_save_timer(void *data)
{
    struct status *s = data;
    if (is_looking(s)) {
        loop_timer_start(s->save_timer, SAVE_DELAY_MS, 0);
        return;
    }
    if (board_count(s->board) == 0) {
        status_words_free(&s->saved);
        run_all(s);
        return;
    }
    for (size_t i = 0; board_is_busy(s->board) && s->scope == RUN_AFFECTED && i < s->wanted.len;
         i++) {
        VEC_PUSH(&s->saved, mem_strdup(s->wanted.items[i]));
    }
    status_run(s, RUN_AFFECTED, (const char *const *)s->saved.items, s->saved.len);
    status_words_free(&s->saved);
}

void status_file_changed(struct status *s, const char *path)
{
    VEC_PUSH(&s->saved, mem_strdup(path));
    if (s->watch) {
        loop_timer_start(s->save_timer, SAVE_DELAY_MS, 0);
    }
}

void status_text_changed(struct status *s, const char *path)
{
    if (!s->watch || (board_count(s->board) == 0 && !is_looking(s))) {
        return;
    }
    bool known = s->saved.len > 0 && strcmp(s->saved.items[s->saved.len - 1], path) == 0;
    if (!known) {
        VEC_PUSH(&s->saved, mem_strdup(path));
    }
    loop_timer_start(s->save_timer, TYPING_DELAY_MS, 0);
}

void status_set_watch(struct status *s, bool watch)
{
    s->watch = watch;
    if (watch && s->saved.len > 0) {
        loop_timer_start(s->save_timer, SAVE_DELAY_MS, 0);
    }
    app_redraw(s->app);
}

bool status_is_watching(const struct status *s)
{
    return s->watch;
}

void status_run_last(struct status *s)
{
    start(s);
}

void status_stop(struct status *s)
{
    runner_cancel(s->runner);
}

struct board *status_board(struct status *s)
{
    return s->board;
}

struct runner *status_runner(struct status *s)
{
    return s->runner;
}

void status_log(struct status *s, const char *line)
{
    board_log(s->board, line);
}

static void make_board(struct status *s)
{
    s->board = board_new();
    board_on_change(s->board, board_changed, s);
    board_keep_history(s->board, s->of == NULL ? s->history : NULL);
    struct runner_events events = board_events(s->board);
    s->runner = runner_new(app_loop(s->app), &engine_opa, &events);
    board_view_forget(&s->view);
    s->here = (struct board_row){0};
    s->cover_version = 0;
    s->cover_rows.len = 0;
}

void status_set_root(struct status *s, const char *root, const char *of)
{
    struct board *before = s->board;
    status_forget_questions(s);
    runner_free(s->runner);
    free(s->now);
    free(s->of);
    s->now = mem_strdup(root);
    s->of = mem_strdup(of);
    for (size_t i = 0; i < TAB_COUNT; i++) {
        list_set_count(&s->lists[i], 0);
    }
    make_board(s);
    for (size_t i = 0; i < board_log_count(before); i++) { /* the log goes on */
        board_log(s->board, board_log_at(before, i));
    }
    board_free(before);
    app_redraw(s->app);
}

/* Filter, tabs */

static void set_filter(struct status *s, struct str text)
{
    board_view_set_filter(&s->view, text);
}

static unsigned end_filter(struct status *s)
{
    edit_free(s->filter);
    s->filter = NULL;
    return UI_DONE;
}

unsigned status_show_tab(struct status *s, enum status_tab tab)
{
    s->tab = tab;
    return UI_DONE;
}

void status_set_problems(struct status *s, struct problems *problems)
{
    s->problems = problems;
    app_redraw(s->app);
}

void status_set_check(struct status *s, const char *brief, const char *text, bool is_trouble)
{
    free(s->check_brief);
    free(s->check_text);
    s->check_brief = mem_strdup(brief);
    s->check_text = mem_strdup(text);
    s->check_trouble = is_trouble;
    app_redraw(s->app);
}

void status_set_waiting(struct status *s, size_t count, const char *text)
{
    s->waiting = count;
    free(s->waiting_text);
    s->waiting_text = mem_strdup(text);
    app_redraw(s->app);
}

bool status_has_unrun(const struct status *s)
{
    return s->saved.len > 0;
}

bool status_next_finding(struct status *s, int step)
{
    s->tab = TAB_PROBLEMS;
    status_refresh(s);
    struct list *list = &s->lists[TAB_PROBLEMS];
    if (list->count == 0) {
        app_message(s->app, MESSAGE_INFO, "%s", status_no_problems(s));
        return false;
    }
    /* From where one is: a row of the list, else the cursor in the text. */
    struct position at = {0};
    const char *path = NULL;
    size_t next = SIZE_MAX;
    if (!app_has_focus(s->app, s) && s->options.cursor != NULL) {
        path = s->options.cursor(s->options.data, &at);
    }
    if (path != NULL) {
        next = problems_beside(status_findings(s), path, at, step);
    } else {
        next = (list->cursor + (step > 0 ? 1 : list->count - 1)) % list->count;
    }
    list_set_cursor(list, next);
    status_open_row(s);
    app_redraw(s->app);
    return true;
}

static unsigned next_failure(void *data)
{
    status_next_failure(data, 1);
    return UI_DONE;
}

static unsigned previous_failure(void *data)
{
    status_next_failure(data, -1);
    return UI_DONE;
}

static unsigned next_finding(void *data)
{
    status_next_finding(data, 1);
    return UI_DONE;
}

static unsigned previous_finding(void *data)
{
    status_next_finding(data, -1);
    return UI_DONE;
}

static const struct action global_actions[] = {
    {"tests.next-failure", "next failure", "Go to the next test that failed", "]t", NULL, 0,
        next_failure, NULL},
    {"tests.previous-failure", "previous failure", "Go to the test that failed before", "[t", NULL,
        0, previous_failure, NULL},
    {"tests.next-finding", "next problem", "Go to the next problem", "]d", NULL, 0, next_finding,
        NULL},
    {"tests.previous-finding", "previous problem", "Go to the problem before", "[d", NULL, 0,
        previous_finding, NULL},
};

const struct action_set status_global_actions = ACTION_SET("tests", "Tests", global_actions);

/* Pane */

static unsigned status_key(void *data, const struct key *key)
{
    struct status *s = data;
    if (s->filter != NULL) {
        if (key->code == K_ENTER) {
            return end_filter(s);
        }
        unsigned flags = edit_key(s->filter, key, false);
        if (flags != UI_IGNORED) {
            set_filter(s, edit_text(s->filter));
            return flags;
        }
    }
    status_refresh(s);
    unsigned flags = list_key(&s->lists[s->tab], key, s->filter == NULL);
    status_remember(s);
    if (s->tab == TAB_LOG && flags != UI_IGNORED) {
        s->follow_log = s->lists[TAB_LOG].cursor + 1 >= board_log_count(s->board);
    }
    return flags;
}

static bool status_takes_text(const void *data)
{
    return ((const struct status *)data)->filter != NULL;
}

static unsigned status_paste(void *data, struct str text)
{
    struct status *s = data;
    if (s->filter == NULL) {
        return UI_IGNORED;
    }
    edit_insert(s->filter, text);
    set_filter(s, edit_text(s->filter));
    return UI_DONE;
}

static unsigned status_mouse(void *data, const struct mouse *mouse)
{
    struct status *s = data;
    bool opened = false;
    status_refresh(s);
    unsigned flags = list_mouse(&s->lists[s->tab], mouse, &opened);
    status_remember(s);
    if (s->tab == TAB_LOG && flags != UI_IGNORED) {
        s->follow_log = s->lists[TAB_LOG].cursor + 1 >= board_log_count(s->board);
    }
    return opened ? status_open_row(s) : flags;
}

static unsigned status_escape(void *data)
{
    struct status *s = data;
    if (s->filter != NULL || s->view.filter != NULL) {
        end_filter(s);
        set_filter(s, str_make(NULL, 0));
        return UI_DONE;
    }
    if (s->view.statuses != 0 && s->tab == TAB_TESTS) {
        board_view_set_statuses(&s->view, 0);
        return UI_DONE;
    }
    return UI_IGNORED;
}

static void status_destroy(void *data)
{
    struct status *s = data;
    board_on_change(s->board, NULL, NULL);
    status_forget_questions(s);
    runner_free(s->runner);
    board_free(s->board);
    history_store_free(s->history);
    loop_timer_free(s->save_timer);
    loop_timer_free(s->spinner);
    loop_timer_free(s->slice_timer);
    board_view_free(&s->view);
    edit_free(s->filter);
    VEC_FREE(&s->cover_rows);
    status_words_free(&s->wanted);
    status_words_free(&s->saved);
    free(s->root);
    free(s->now);
    free(s->of);
    free(s->check_brief);
    free(s->check_text);
    free(s->waiting_text);
    free(s->none);
    free(s);
}

static const struct pane_ops status_ops = {.name = "status",
    .actions = &status_actions,
    .draw = status_draw,
    .key = status_key,
    .takes_text = status_takes_text,
    .mouse = status_mouse,
    .paste = status_paste,
    .escape = status_escape,
    .draw_title = status_draw_title,
    .status = status_fold,
    .destroy = status_destroy};

struct pane status_pane_new(const struct status_options *options, struct status **status)
{
    struct status *s = MEM_NEW(struct status);
    s->app = options->app;
    s->options = *options;
    s->root = mem_strdup(options->root);
    s->options.root = s->root;
    s->follow_log = true;
    s->save_timer = loop_timer_new(app_loop(s->app), on_save_timer, s);
    s->spinner = loop_timer_new(app_loop(s->app), on_spinner, s);
    s->slice_timer = loop_timer_new(app_loop(s->app), on_slice, s);
    s->view.budget = FILTER_SLICE;
    s->watch = options->watch;
    if (options->history) {
        s->history =
            history_store_new(app_loop(s->app), s->root, history_ready, history_trouble, s);
    }
    make_board(s);
    *status = s;
    return (struct pane){&status_ops, s};
}
