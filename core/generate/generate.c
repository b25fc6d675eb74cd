#include "generate/generate.h"

#include "agent/errand.h"
#include "agent/review_queue.h"
#include "base/json.h"
#include "base/safe.h"
#include "base/vec.h"

#include <stdlib.h>

/* So many that could not, one after another: the rest would fail alike. */
enum { IN_A_ROW_MAX = 10, WHY_MAX = 600 };

struct job {
    struct generate *generate;
    const struct generate_task *task;
    struct errand *errand; /* NULL: a free place */
    uint64_t started_ms;
    bool over;
};

struct generate {
    struct generate_setup setup;
    struct job *jobs;
    struct loop_timer *pump;
    size_t next; /* of the tasks, to be looked at */
    uint64_t started_ms;
    char *stopped;
    unsigned in_a_row; /* that could not */
    bool at_budget;    /* that is why it was stopped */
    struct {
        double dollars;
        unsigned requests;
    } ended; /* what those took that run no more */
    bool pumping;
};

static struct ledger_item *item_of(
    const struct generate *generate, const struct generate_task *task)
{
    return ledger_find(generate->setup.ledger, task->key);
}

static void stop(struct generate *generate, const char *fmt, ...) PRINTF_LIKE(2, 3);

static void stop(struct generate *generate, const char *fmt, ...)
{
    if (generate->stopped != NULL) {
        return;
    }
    struct buf text = BUF_INIT;
    va_list args;
    va_start(args, fmt);
    buf_vprintf(&text, fmt, args);
    va_end(args);
    generate->stopped = buf_take(&text);
}

/* ---- the budget ---- */

static const struct session *session_of(const struct job *job)
{
    return job->errand == NULL ? NULL : workbench_session(errand_workbench(job->errand));
}

/* What a request has taken so far, on average; 0: not known, or nothing. */
static double usual_cost(const struct generate *generate)
{
    double dollars = generate->ended.dollars;
    unsigned requests = generate->ended.requests;
    for (unsigned i = 0; i < generate->setup.jobs; i++) {
        const struct session *session = session_of(&generate->jobs[i]);
        if (session != NULL) {
            dollars += session_spend(session)->dollars;
            requests += session_spend(session)->requests;
        }
    }
    return requests == 0 ? 0 : dollars / requests;
}

/* Of whom something is being asked, which costs what nobody has told yet. */
static bool is_asking(const struct job *job)
{
    const struct session *session = session_of(job);
    return session != NULL && session_state(session) != SESSION_IDLE &&
           session_state(session) != SESSION_TOOLS;
}

/* There is no room for a request beside those under way. Eight that each looked at what is spent
 * alone would pass the bound by eight requests. */
static bool is_spent(const struct generate *generate)
{
    const double rounding = 1e-9;
    double budget = generate->setup.budget;
    double usual = usual_cost(generate);
    double spent = generate_totals(generate).dollars;
    for (unsigned i = 0; i < generate->setup.jobs; i++) {
        spent += is_asking(&generate->jobs[i]) ? usual : 0;
    }
    return budget >= 0 && (spent >= budget || spent + usual > budget + rounding);
}

static void stop_at_budget(struct generate *generate)
{
    struct buf text = BUF_INIT;
    double usual = usual_cost(generate);
    buf_append_c(&text, "--max-cost ");
    money_append(&text, generate->setup.budget);
    buf_append_c(&text, " is used up");
    if (usual > 0) {
        buf_append_c(&text, ": a request takes about ");
        money_append(&text, usual);
    }
    stop(generate, "%s", text.ptr);
    generate->at_budget = true;
    buf_free(&text);
}

static void save(struct generate *generate)
{
    struct err err;
    if (!ledger_save(generate->setup.ledger, &err)) {
        stop(generate, "what is done cannot be kept: %s", err.text);
    }
}

/* ---- how one ends ---- */

static void set_why(struct ledger_item *item, const char *fmt, ...) PRINTF_LIKE(2, 3);

static void set_why(struct ledger_item *item, const char *fmt, ...)
{
    struct buf text = BUF_INIT;
    va_list args;
    va_start(args, fmt);
    buf_vprintf(&text, fmt, args);
    va_end(args);
    free(item->why);
    item->why = safe_dup(str_trim(buf_str(&text)), SAFE_ONE_LINE, WHY_MAX);
    buf_free(&text);
}

/* The lines of a list as one: "no tests; no policy". */
static void join_lines(struct str lines, struct buf *out)
{
    struct str line;
    while (str_next_line(&lines, &line)) {
        line = str_starts(line, "- ") ? str_from(line, 2) : line;
        buf_append_c(out, out->len > 0 && line.len > 0 ? "; " : "");
        buf_append_str(out, line);
    }
}

static void judge_proposal(
    const struct job *job, const struct proposal *open, struct ledger_item *item)
{
    struct buf lacks = BUF_INIT;
    struct buf why = BUF_INIT;
    bool met = task_is_met(job->task, &open->changes, &lacks);
    join_lines(buf_str(&lacks), &why);
    struct buf checks = BUF_INIT;
    bool passed = errand_checks_passed(job->errand, &checks);
    buf_printf(
        &why, "%s%s", why.len > 0 && checks.len > 0 ? "; " : "", checks.len > 0 ? checks.ptr : "");
    item->state = LEDGER_PROPOSED;
    item->red = !met || !passed;
    free(item->why);
    item->why = NULL;
    if (item->red) {
        set_why(item, "%s", why.len > 0 ? why.ptr : "not green");
    }
    buf_free(&lacks);
    buf_free(&checks);
    buf_free(&why);
}

static void judge_end(struct job *job, struct ledger_item *item)
{
    struct proposals *proposals = workbench_proposals(errand_workbench(job->errand));
    const struct proposal *open = proposals_open(proposals);
    const char *trouble = errand_trouble(job->errand);
    if (errand_end(job->errand) != ERRAND_FAILED && open != NULL) {
        judge_proposal(job, open, item);
        return;
    }
    item->state = LEDGER_FAILED;
    item->red = false;
    if (errand_end(job->errand) == ERRAND_FAILED) {
        set_why(item, "%s", trouble == NULL ? "it did not end" : trouble);
        proposals_withdraw(proposals); /* half of one is none; its text stays in the session */
    } else {
        struct str answer = str_trim(errand_answer(job->errand));
        set_why(item, "nothing is proposed%s%.*s", answer.len > 0 ? ": " : "", STR_FMT(answer));
    }
}

static void set_spend(struct ledger_item *item, const struct spend *spend)
{
    item->dollars = spend->dollars;
    item->priced = spend->unpriced + spend->uncounted == 0;
    item->tokens = spend_tokens(spend);
}

static void take_spend(struct job *job, struct ledger_item *item)
{
    set_spend(item, session_spend(workbench_session(errand_workbench(job->errand))));
    item->priced = errand_cost_is_known(job->errand);
}

/* The budget was gone before it had ended. */
static void cut_short(struct ledger_item *item)
{
    ledger_item_reset(item);
    set_why(item, "cut short at --max-cost");
}

/* `failed`: it could not, whatever the model would have said. */
static void count_failures(struct generate *generate, const struct ledger_item *item, bool failed)
{
    generate->in_a_row = failed ? generate->in_a_row + 1 : 0;
    if (generate->in_a_row >= IN_A_ROW_MAX) {
        stop(generate, "%u failed one after another, the last: %s", generate->in_a_row, item->why);
    }
}

static void end_job(struct job *job)
{
    struct generate *generate = job->generate;
    struct ledger_item *item = item_of(generate, job->task);
    struct session *session = workbench_session(errand_workbench(job->errand));
    take_spend(job, item);
    generate->ended.dollars += session_spend(session)->dollars;
    generate->ended.requests += session_spend(session)->requests;
    item->ms += (long long)(loop_now_ms() - job->started_ms);
    if (errand_end(job->errand) == ERRAND_SPENT) {
        cut_short(item);
        stop_at_budget(generate);
    } else {
        judge_end(job, item);
        review_queue_mark(session, item->state == LEDGER_PROPOSED ? QUEUE_READY : QUEUE_FAILED,
            job->task->id, item->why);
    }
    save(generate);
    count_failures(generate, item, errand_end(job->errand) == ERRAND_FAILED);
    struct errand *errand = job->errand;
    job->errand = NULL;
    job->over = false;
    errand_free(errand); /* which turns the loop */
    generate->setup.told(generate->setup.data, job->task, item);
}

/* ---- how one begins ---- */

static bool judge(void *data, struct errand *errand, struct buf *told)
{
    const struct job *job = data;
    const struct proposal *open = proposals_open(workbench_proposals(errand_workbench(errand)));
    struct buf lacks = BUF_INIT;
    /* Without any proposal the answer says why: that is an end, too. */
    bool met = open == NULL || task_is_met(job->task, &open->changes, &lacks);
    if (!met) {
        buf_printf(told, "What you propose for this control lacks:\n%s\nAdd it with apply_patch.\n",
            lacks.ptr);
    }
    buf_free(&lacks);
    return met;
}

static void on_done(void *data)
{
    struct job *job = data;
    job->over = true;
    loop_timer_start(job->generate->pump, 0, 0);
}

/* What it ended as before its end was kept in the ledger, by its session; false: it had not. */
static bool take_kept_end(struct generate *generate, struct ledger_item *item)
{
    struct queue_mark mark;
    if (item->session == NULL ||
        !review_queue_read_mark(generate->setup.folder, item->session, &mark)) {
        return false;
    }
    bool ended = mark.state != QUEUE_RUNS;
    if (ended) {
        item->state = mark.state == QUEUE_READY ? LEDGER_PROPOSED : LEDGER_FAILED;
        item->red = mark.state == QUEUE_READY && mark.why != NULL;
        free(item->why);
        item->why = mark.why;
        mark.why = NULL;
    }
    queue_mark_free(&mark);
    return ended;
}

static char *ask_for(const struct generate_task *task, bool again)
{
    struct buf ask = BUF_INIT;
    task_ask(task, &ask);
    if (again) {
        buf_append_c(&ask,
            "\nThis goes on after an interruption. What you proposed before it still "
            "stands, if you did: look at it, and end it.\n");
    }
    return buf_take(&ask);
}

static bool nothing_is_left(void *data)
{
    const struct job *job = data;
    return is_spent(job->generate);
}

static struct errand *start_errand(struct job *job, const char *session, struct err *err)
{
    struct generate *generate = job->generate;
    const struct generate_setup *setup = &generate->setup;
    char *prompt = ask_for(job->task, session != NULL);
    struct errand_setup errand = {.loop = setup->loop,
        .folder = setup->folder,
        .session = session,
        .provider = setup->provider,
        .profile = setup->profile,
        .sandbox = "read-only",
        .is_program = setup->is_program,
        .prompt = prompt,
        .budget = -1, /* max_cost bounds each, and what is left all of them */
        .spent = nothing_is_left,
        .minutes = setup->minutes,
        .tries = setup->tries,
        .judge = judge,
        .gated = true,
        .done = on_done,
        .data = job};
    struct errand *started = errand_start(&errand, err);
    free(prompt);
    return started;
}

static void begin_job(struct job *job, const struct generate_task *task, struct ledger_item *item)
{
    struct generate *generate = job->generate;
    struct err err;
    job->task = task;
    job->started_ms = loop_now_ms();
    job->over = false;
    job->errand = start_errand(job, item->session, &err);
    if (job->errand == NULL && item->session != NULL && err.kind == ERR_NOT_FOUND) {
        job->errand = start_errand(job, NULL, &err); /* the session was removed: begin anew */
    }
    if (job->errand == NULL) {
        item->state = LEDGER_FAILED;
        set_why(item, "%s", err.text);
        save(generate);
        count_failures(generate, item, true);
        generate->setup.told(generate->setup.data, task, item);
        return;
    }
    /* Known before anything is sent: what a kill leaves is found again. */
    struct session *session = workbench_session(errand_workbench(job->errand));
    review_queue_mark(session, QUEUE_RUNS, task->id, NULL);
    char *id = mem_strdup(session_id(session));
    free(item->session);
    item->session = id;
    item->state = LEDGER_RUNS;
    save(generate);
    generate->setup.told(generate->setup.data, task, item);
}

/* ---- all of them ---- */

static struct job *free_place(struct generate *generate)
{
    for (unsigned i = 0; i < generate->setup.jobs; i++) {
        if (generate->jobs[i].errand == NULL) {
            return &generate->jobs[i];
        }
    }
    return NULL;
}

static void begin_next(struct generate *generate)
{
    const struct generate_task *task = &generate->setup.tasks[generate->next++];
    struct ledger_item *item = item_of(generate, task);
    if (item->state == LEDGER_RUNS && take_kept_end(generate, item)) {
        save(generate);
        generate->setup.told(generate->setup.data, task, item);
        return;
    }
    if (item->state == LEDGER_WAITS || item->state == LEDGER_RUNS) {
        begin_job(free_place(generate), task, item);
    }
}

static void end_jobs(struct generate *generate)
{
    for (unsigned i = 0; i < generate->setup.jobs; i++) {
        if (generate->jobs[i].over) {
            end_job(&generate->jobs[i]);
        }
    }
}

static void begin_jobs(struct generate *generate)
{
    if (generate->next >= generate->setup.count || generate->stopped != NULL) {
        return;
    }
    if (is_spent(generate)) {
        stop_at_budget(generate);
    } else if (free_place(generate) != NULL) {
        begin_next(generate);
        loop_timer_start(generate->pump, 0, 0); /* one a turn of the loop */
    }
}

static void pump(void *data)
{
    struct generate *generate = data;
    if (generate->pumping) { /* a job that is being freed turned the loop */
        return;
    }
    generate->pumping = true;
    end_jobs(generate);
    begin_jobs(generate);
    generate->pumping = false;
    for (unsigned i = 0; i < generate->setup.jobs; i++) {
        if (generate->jobs[i].over) {
            loop_timer_start(generate->pump, 0, 0);
        }
    }
}

/* What a kill cut short has cost more than the ledger knows. */
static void take_kept_spend(const struct generate_setup *setup, struct ledger_item *item)
{
    if (item->state == LEDGER_RUNS && item->session != NULL) {
        struct spend spend = session_read_spend(setup->folder, item->session);
        set_spend(item, &spend);
    }
}

struct generate *generate_start(const struct generate_setup *setup, struct err *err)
{
    for (size_t i = 0; i < setup->count; i++) {
        take_kept_spend(setup, ledger_add(setup->ledger, setup->tasks[i].key, setup->tasks[i].id));
    }
    if (!ledger_save(setup->ledger, err)) {
        return NULL;
    }
    struct generate *generate = MEM_NEW(struct generate);
    generate->setup = *setup;
    generate->started_ms = loop_now_ms();
    generate->jobs = mem_zalloc(setup->jobs * sizeof *generate->jobs);
    for (unsigned i = 0; i < setup->jobs; i++) {
        generate->jobs[i].generate = generate;
    }
    generate->pump = loop_timer_new(setup->loop, pump, generate);
    loop_timer_start(generate->pump, 0, 0);
    return generate;
}

void generate_free(struct generate *generate)
{
    if (generate == NULL) {
        return;
    }
    generate->pumping = true; /* freeing turns the loop */
    for (unsigned i = 0; i < generate->setup.jobs; i++) {
        /* Not a running one any more, while the others look at what all have spent. */
        struct errand *errand = generate->jobs[i].errand;
        generate->jobs[i].errand = NULL;
        errand_free(errand);
    }
    loop_timer_free(generate->pump);
    free(generate->jobs);
    free(generate->stopped);
    free(generate);
}

bool generate_is_over(const struct generate *generate)
{
    for (unsigned i = 0; i < generate->setup.jobs; i++) {
        if (generate->jobs[i].errand != NULL) {
            return false;
        }
    }
    return generate->stopped != NULL || generate->next >= generate->setup.count;
}

const char *generate_stopped(const struct generate *generate)
{
    return generate->stopped;
}

static const struct job *job_of(const struct generate *generate, const struct generate_task *task)
{
    for (unsigned i = 0; i < generate->setup.jobs; i++) {
        if (generate->jobs[i].errand != NULL && generate->jobs[i].task == task) {
            return &generate->jobs[i];
        }
    }
    return NULL;
}

struct generate_totals generate_totals(const struct generate *generate)
{
    struct generate_totals totals = {
        .all = generate->setup.count, .priced = true, .at_budget = generate->at_budget};
    totals.wall_ms = loop_now_ms() - generate->started_ms;
    for (size_t i = 0; i < generate->setup.count; i++) {
        const struct generate_task *task = &generate->setup.tasks[i];
        const struct ledger_item *item = item_of(generate, task);
        const struct job *job = job_of(generate, task);
        const struct spend *spend =
            job == NULL ? NULL : session_spend(workbench_session(errand_workbench(job->errand)));
        totals.running += job != NULL;
        totals.waiting +=
            job == NULL && (item->state == LEDGER_WAITS || item->state == LEDGER_RUNS);
        totals.green += item->state == LEDGER_PROPOSED && !item->red;
        totals.red += item->state == LEDGER_PROPOSED && item->red;
        totals.failed += item->state == LEDGER_FAILED;
        totals.dollars += spend == NULL ? item->dollars : spend->dollars;
        totals.tokens += spend == NULL ? item->tokens : spend_tokens(spend);
        totals.priced = totals.priced &&
                        (spend == NULL ? item->priced : spend->unpriced + spend->uncounted == 0);
    }
    return totals;
}
