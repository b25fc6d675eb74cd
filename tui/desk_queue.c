/* The proposals that wait for a review in the sessions of the workspace: how many, which, and from
 * one to the next. */
#include "desk_private.h"

#include "agent/journal.h"
#include "agent/review_queue.h"
#include "base/safe.h"
#include "base/vec.h"
#include "keymap.h"
#include "widget/picker.h"

#include <stdlib.h>

enum { WHY_SHOWN = 120, LOOK_MS = 2000, ASK_MS = 250, PATIENCE_MS = 15000 };

/* What other programs propose (bylaw mcp, bylaw exec) while this one runs. */
struct queue_watch {
    struct loop_timer *timer;
    int64_t stamp;  /* of the sessions, when they were read last */
    bool elsewhere; /* one that another program has open was among them: it ends some time */
    char *wanted;   /* the session that its program was asked for; NULL: none */
    uint64_t wanted_until_ms;
    struct {
        char **items;
        size_t len, cap;
    } known; /* sessions that were told, or were there at the start */
};

struct reading {
    struct desk *desk;
    char *root;
    char *here; /* the session that is shown */
    struct review_queue queue;
    struct err err;
    bool ok;
    bool was_errand; /* nobody watched when `here` was made: the next one follows by itself */
    char *detail;    /* of the row asked for last */
};

static void free_reading(void *data)
{
    struct reading *reading = data;
    review_queue_free(&reading->queue);
    free(reading->root);
    free(reading->here);
    free(reading->detail);
    free(reading);
}

static void read_queue(void *data)
{
    struct reading *reading = data;
    struct queue_mark mark;
    reading->ok = review_queue_read(reading->root, &reading->queue, &reading->err);
    reading->was_errand = review_queue_read_mark(reading->root, reading->here, &mark);
    if (reading->was_errand) {
        queue_mark_free(&mark);
    }
}

/* ---- one that another program has open ---- */

static const char *root_of(const struct desk *desk)
{
    return workspace_root(workbench_workspace(desk->workbench));
}

static void stop_asking(struct desk *desk)
{
    struct queue_watch *watch = desk->queue_watch;
    if (watch->wanted != NULL) {
        journal_unwant(root_of(desk), watch->wanted);
        free(watch->wanted);
        watch->wanted = NULL;
        loop_timer_start(watch->timer, LOOK_MS, LOOK_MS);
    }
}

/* bylaw mcp hands it over between two calls of its client. */
static void ask_for(struct desk *desk, const char *session)
{
    struct queue_watch *watch = desk->queue_watch;
    struct err err;
    if (watch == NULL) {
        return; /* the desk is on its way out */
    }
    stop_asking(desk);
    if (session_state(workbench_session(desk->workbench)) != SESSION_IDLE) {
        app_message(
            desk->app, MESSAGE_WARNING, "The agent is at work: wait for it, or Esc interrupts it.");
    } else if (!journal_want(root_of(desk), session, &err)) {
        app_message(desk->app, MESSAGE_ERROR, "%s", err.text);
    } else {
        watch->wanted = mem_strdup(session);
        watch->wanted_until_ms = loop_now_ms() + PATIENCE_MS;
        loop_timer_start(watch->timer, ASK_MS, ASK_MS);
        app_message(
            desk->app, MESSAGE_INFO, "The program that proposes it is asked to hand it over.");
    }
}

/* False: it is asked for still. */
static bool take_over(struct desk *desk)
{
    struct queue_watch *watch = desk->queue_watch;
    struct err err;
    if (workbench_open_session(desk->workbench, watch->wanted, &err)) {
        stop_asking(desk);
        desk_open_review(desk);
        app_message(desk->app, MESSAGE_GOOD,
            "Taken over: what its agent proposes from now on is a change of its own.");
    } else if (err.kind != ERR_CONFLICT || loop_now_ms() >= watch->wanted_until_ms) {
        stop_asking(desk);
        app_message(desk->app, MESSAGE_WARNING,
            "It was not handed over, its program is at work or is no bylaw mcp: %s", err.text);
    } else {
        return false;
    }
    app_redraw(desk->app);
    return true;
}

/* ---- to one of them ---- */

static void go_to(struct desk *desk, const struct review_queue *queue, size_t index)
{
    const struct waiting_review *waiting = &queue->items[index];
    struct err err;
    bool here = strcmp(waiting->session, session_id(workbench_session(desk->workbench))) == 0;
    if (!here && waiting->open) {
        ask_for(desk, waiting->session);
        return;
    }
    if (!here && !workbench_open_session(desk->workbench, waiting->session, &err)) {
        app_message(desk->app, MESSAGE_WARNING, "%s", err.text);
        return;
    }
    desk_open_review(desk);
    char *why = safe_dup(str_of(waiting->why), SAFE_ONE_LINE, WHY_SHOWN);
    app_message(desk->app, why[0] == '\0' ? MESSAGE_INFO : MESSAGE_WARNING,
        "proposal %zu of %zu that wait%s%s", index + 1, queue->len,
        why[0] == '\0' ? "" : "; red: ", why);
    free(why);
}

static void say_count(struct desk *desk, size_t count)
{
    const struct action *action = keymap_action(app_keymap(desk->app), "desk.next-review");
    struct buf line = BUF_INIT;
    buf_printf(&line, "%zu proposal%s for review: ", count, count == 1 ? " waits" : "s wait");
    if (action != NULL) {
        keymap_append_text_key(app_keymap(desk->app), action, &line);
        buf_append_c(&line, " opens the next, ");
    }
    buf_append_c(&line, "/reviews lists them");
    app_message(desk->app, MESSAGE_INFO, "%s", line.ptr);
    buf_free(&line);
}

static void say_elsewhere(struct desk *desk, const char *title)
{
    const struct action *action = keymap_action(app_keymap(desk->app), "desk.next-review");
    struct buf key = BUF_INIT;
    if (action != NULL) {
        keymap_append_text_key(app_keymap(desk->app), action, &key);
    }
    app_message(desk->app, MESSAGE_INFO,
        "Elsewhere a change was proposed; %s takes it over for review%s%s",
        key.len == 0 ? "/reviews" : key.ptr, title[0] == '\0' ? "" : ": ", title);
    buf_free(&key);
}

/* ---- what others propose meanwhile ---- */

static bool is_known(const struct queue_watch *watch, const char *session)
{
    VEC_FOREACH (char *const, known, &watch->known) {
        if (strcmp(*known, session) == 0) {
            return true;
        }
    }
    return false;
}

/* How many came since the last look; `open` is one of another program that may not be reviewed
 * yet, or NULL. */
static size_t count_news(
    struct queue_watch *watch, const struct reading *reading, const struct waiting_review **open)
{
    size_t count = 0;
    watch->elsewhere = false;
    VEC_FOREACH (const struct waiting_review, waiting, &reading->queue) {
        bool here = strcmp(waiting->session, reading->here) == 0;
        /* Told once while its program has it open, and once more when it can be reviewed. */
        char *key = mem_printf("%s%s", waiting->session, waiting->open ? " open" : "");
        bool fresh = !is_known(watch, key);
        if (fresh) {
            VEC_PUSH(&watch->known, key);
        } else {
            free(key);
        }
        watch->elsewhere = watch->elsewhere || (waiting->open && !here);
        if (fresh && !here) {
            count += !waiting->open;
            *open = waiting->open ? waiting : *open;
        }
    }
    return count;
}

static void tell_news(struct desk *desk, const struct reading *reading)
{
    const struct waiting_review *open = NULL;
    size_t count = count_news(desk->queue_watch, reading, &open);
    if (desk->queue_want != QUEUE_NEWS) {
        return; /* what is asked for is about all of them */
    }
    if (count > 0) {
        say_count(desk, reading->queue.len);
    } else if (open != NULL) {
        say_elsewhere(desk, open->title);
    }
    app_redraw(desk->app);
}

static void on_look(void *data)
{
    struct desk *desk = data;
    struct queue_watch *watch = desk->queue_watch;
    if (watch->wanted != NULL && !take_over(desk)) {
        return;
    }
    int64_t stamp = journal_stamp(root_of(desk));
    if (!desk->queue_asked && (stamp != watch->stamp || watch->elsewhere)) {
        watch->stamp = stamp;
        desk_queue(desk, QUEUE_NEWS);
    }
}

void desk_queue_watch(struct desk *desk)
{
    struct queue_watch *watch = MEM_NEW(struct queue_watch);
    desk->queue_watch = watch;
    watch->stamp = journal_stamp(root_of(desk));
    watch->timer = loop_timer_new(desk->loop, on_look, desk);
    desk_queue(desk, QUEUE_COUNT);
    loop_timer_start(watch->timer, LOOK_MS, LOOK_MS);
}

void desk_queue_unwatch(struct desk *desk)
{
    struct queue_watch *watch = desk->queue_watch;
    if (watch != NULL) {
        stop_asking(desk);
        desk->queue_watch = NULL;
        loop_timer_free(watch->timer);
        VEC_FOREACH (char *, known, &watch->known) {
            free(*known);
        }
        VEC_FREE(&watch->known);
        free(watch);
    }
}

/* ---- the list ---- */

static void show_row(void *data, size_t index, struct picker_item *item)
{
    struct reading *reading = data;
    const struct waiting_review *waiting = &reading->queue.items[index];
    bool here = strcmp(waiting->session, reading->here) == 0;
    free(reading->detail);
    reading->detail = mem_printf("%s%s%zu file%s", here ? "this one  " : "",
        waiting->open && !here ? "elsewhere, is asked for  "
        : waiting->why != NULL ? "red  "
                               : "",
        waiting->files, waiting->files == 1 ? "" : "s");
    item->text = waiting->title[0] == '\0' ? STR_LIT("(no prompt)") : str_of(waiting->title);
    item->detail = str_of(reading->detail);
}

static void chosen(void *data, size_t index, struct str query)
{
    struct reading *reading = data;
    if (index >= reading->queue.len) {
        app_message(
            reading->desk->app, MESSAGE_WARNING, "no proposal is called \"%.*s\"", STR_FMT(query));
        return;
    }
    go_to(reading->desk, &reading->queue, index);
}

static void open_list(struct reading *reading)
{
    struct picker_options options = {.title = "Proposals that wait for review",
        .hint = "which control?",
        .count = reading->queue.len,
        .item = show_row,
        .chosen = chosen,
        .destroy = free_reading,
        .data = reading};
    picker_open(reading->desk->app, &options);
    app_redraw(reading->desk->app);
}

/* ---- what was read ---- */

/* The newest, which was told last; NULL: there is none. */
static const struct waiting_review *open_elsewhere(
    const struct review_queue *queue, const char *here)
{
    const struct waiting_review *found = NULL;
    VEC_FOREACH (const struct waiting_review, waiting, queue) {
        found = waiting->open && strcmp(waiting->session, here) != 0 ? waiting : found;
    }
    return found;
}

static void go_on(struct reading *reading)
{
    struct desk *desk = reading->desk;
    const struct review_queue *queue = &reading->queue;
    size_t next = review_queue_next(queue, reading->here);
    bool may = session_state(workbench_session(desk->workbench)) == SESSION_IDLE;
    if (next == SIZE_MAX) {
        const struct waiting_review *elsewhere = open_elsewhere(queue, reading->here);
        if (desk->queue_want == QUEUE_NEXT && elsewhere != NULL) {
            ask_for(desk, elsewhere->session);
        } else if (desk->queue_want == QUEUE_NEXT) {
            app_message(desk->app, MESSAGE_INFO, "No other proposal waits for review.");
        }
    } else if (desk->queue_want == QUEUE_NEXT ||
               (desk->queue_want == QUEUE_AFTER && reading->was_errand && may)) {
        go_to(desk, queue, next);
    } else {
        say_count(desk, queue->len);
    }
    app_redraw(desk->app);
}

static void take_queue(void *data, bool cancelled)
{
    struct reading *reading = data;
    struct desk *desk = reading->desk;
    desk->queue_asked = false;
    if (cancelled || desk->closing) {
        free_reading(reading);
        return;
    }
    if (reading->ok && desk->queue_watch != NULL) {
        tell_news(desk, reading);
    }
    if (desk->queue_want == QUEUE_NEWS) {
        /* it is told; what cannot be read is said to who asks */
    } else if (!reading->ok) {
        desk_say(desk, MESSAGE_ERROR, reading->err.text);
    } else if (desk->queue_want != QUEUE_LIST) {
        go_on(reading);
    } else if (reading->queue.len == 0) {
        app_message(desk->app, MESSAGE_INFO, "No proposal waits for review.");
        app_redraw(desk->app);
    } else {
        open_list(reading);
        return;
    }
    free_reading(reading);
}

void desk_queue(struct desk *desk, enum queue_want want)
{
    if (desk->queue_asked) {
        /* A key that is pressed meanwhile: it says what is to come of it. */
        bool key = want == QUEUE_NEXT || want == QUEUE_LIST;
        desk->queue_want = key ? want : desk->queue_want;
        return;
    }
    struct reading *reading = MEM_NEW(struct reading);
    reading->desk = desk;
    desk->queue_want = want;
    reading->root = mem_strdup(root_of(desk));
    reading->here = mem_strdup(session_id(workbench_session(desk->workbench)));
    desk->queue_asked = true;
    loop_work_start(desk->loop, read_queue, take_queue, reading);
}
