/* Failed checks go back to the agent, which mends its proposal before the engineer is asked: at
 * most mend_attempts times for a prompt, never for a proposal that did not change since it was
 * looked at, and never once the engineer has begun to decide. What was not evaluated neither
 * failed nor is it green: then nothing is sent. What fails without the proposal, too, is not the
 * agent's to mend: it is named in one line. */
#include "agent/workbench_private.h"

#include "base/safe.h"
#include "base/vec.h"
#include "model/recording.h"
#include "policy/guard.h"

#include <stdlib.h>

enum { ROWS_MAX = 40, DETAILS_MAX = 6, DETAIL_BYTES = 1500, LINE_BYTES = 600, OLD_MAX = 8 };

/* The guards on the files of the proposal, read on a worker. */
struct mending {
    struct workbench *wb; /* NULL: not wanted any more */
    unsigned stamp;       /* of what is looked at */
    char *root;
    struct {
        char **items;
        size_t len, cap;
    } paths;
    struct findings findings;
    size_t files;
    bool ok;
    bool compares; /* with what fails without the proposal: nobody else holds on to this */
    struct err err;
};

static void free_mending(struct mending *m)
{
    VEC_FOREACH (char *, path, &m->paths) {
        free(*path);
    }
    VEC_FREE(&m->paths);
    findings_free(&m->findings);
    free(m->root);
    free(m);
}

/* ---- what is told ---- */

static size_t count_errors(const struct findings *findings, const struct before *before)
{
    size_t count = 0;
    VEC_FOREACH (const struct finding, finding, findings) {
        count += finding->severity == SEVERITY_ERROR &&
                 (before == NULL || !before_found(before, finding));
    }
    return count;
}

static size_t count_rows(
    const struct workbench *wb, enum result_status status, const struct before *before)
{
    size_t count = 0;
    VEC_FOREACH (const struct result, row, checks_results(wb->evidence)) {
        count += row->status == status && (before == NULL || !before_failed(before, row));
    }
    return count;
}

static void put_line(struct buf *out, const char *text)
{
    char *safe = safe_dup(str_of(text == NULL ? "" : text), SAFE_ONE_LINE, LINE_BYTES);
    buf_append_c(out, safe);
    free(safe);
}

static void put_findings(
    struct buf *out, const struct findings *findings, const struct before *before)
{
    size_t count = 0;
    VEC_FOREACH (const struct finding, finding, findings) {
        if (finding->severity == SEVERITY_NOTE || before_found(before, finding) ||
            count++ >= ROWS_MAX) {
            continue;
        }
        buf_printf(out, "- %s  %s:%u:%u  %s: ", severity_name(finding->severity),
            finding->file == NULL ? "" : finding->file, finding->at.row, finding->at.col,
            finding->rule);
        put_line(out, finding->message);
        buf_append_char(out, '\n');
    }
    if (count > ROWS_MAX) {
        buf_printf(out, "(%zu more)\n", count - ROWS_MAX);
    }
}

static bool is_red(const struct result *row)
{
    return row->status == RESULT_FAIL || row->status == RESULT_ERROR;
}

static void put_results(struct buf *out, const struct results *results, const struct before *before)
{
    size_t count = 0;
    VEC_FOREACH (const struct result, row, results) {
        if (!is_red(row) || before_failed(before, row) || count++ >= ROWS_MAX) {
            continue;
        }
        buf_printf(out, "- %s  %s.%s  %s:%u  ", result_status_name(row->status),
            row->suite == NULL ? "" : row->suite, row->name, row->file == NULL ? "" : row->file,
            row->at.row);
        put_line(out, row->message);
        buf_append_char(out, '\n');
        if (row->detail != NULL && count <= DETAILS_MAX) {
            char *safe = safe_dup(str_of(row->detail), SAFE_KEEP_LINES, DETAIL_BYTES);
            buf_printf(out, "```\n%s\n```\n", safe);
            free(safe);
        }
    }
    if (count > ROWS_MAX) {
        buf_printf(out, "(%zu more)\n", count - ROWS_MAX);
    }
}

/* "p.test_a, q.test_b": what is red now and was so before. The caller frees; "" for none. */
static char *name_old(const struct workbench *wb)
{
    size_t count = 0;
    struct buf out = BUF_INIT;
    VEC_FOREACH (const struct result, row, checks_results(wb->evidence)) {
        if (is_red(row) && before_failed(wb->mend.before, row) && count++ < OLD_MAX) {
            char *name = mem_printf("%s%s%s", row->suite == NULL ? "" : row->suite,
                row->suite == NULL ? "" : ".", row->name);
            buf_append_c(&out, out.len > 0 ? ", " : "");
            put_line(&out, name);
            free(name);
        }
    }
    VEC_FOREACH (const struct finding, finding, checks_findings(wb->evidence)) {
        if (finding->severity == SEVERITY_ERROR && before_found(wb->mend.before, finding) &&
            count++ < OLD_MAX) {
            buf_printf(&out, "%s%s %s:%u", out.len > 0 ? ", " : "", finding->rule,
                finding->file == NULL ? "" : finding->file, finding->at.row);
        }
    }
    if (count > OLD_MAX) {
        buf_printf(&out, " and %zu more", count - OLD_MAX);
    }
    return out.len > 0 ? buf_take(&out) : mem_strdup("");
}

/* "Tests failed", "Checks failed": what the one line says; NULL: nothing did. But for what is known
 * to have failed before. */
static const char *what_failed(
    const struct workbench *wb, const struct mending *m, const struct before *before)
{
    size_t others =
        count_errors(checks_findings(wb->evidence), before) + count_errors(&m->findings, before);
    enum result_status verdict = checks_verdict(wb->evidence);
    bool red = verdict == RESULT_FAIL || verdict == RESULT_ERROR;
    return others > 0                                                   ? "Checks failed"
           : !red                                                       ? NULL
           : count_rows(wb, RESULT_FAIL, before) > 0                    ? "Tests failed"
           : before == NULL || count_rows(wb, RESULT_ERROR, before) > 0 ? "Tests ended with errors"
                                                                        : NULL;
}

static void send_failures(
    struct workbench *wb, const struct mending *m, const char *failed, unsigned most)
{
    struct err err;
    struct buf text = BUF_INIT;
    const size_t *count = checks_tally(wb->evidence).count;
    buf_printf(&text,
        "## %s; the agent mends, %u of %u\n"
        "These are the checks of your proposal as a whole. The engineer has not been asked yet. "
        "Mend it with apply_patch. If a failure is not your proposal's, or the check is wrong, say "
        "so and change nothing: then the engineer decides. Do not weaken a test to pass it.\n\n"
        "Tests: %zu passed, %zu failed, %zu errors, %zu skipped, %zu not evaluated\n",
        failed, wb->mend.tries, most, count[RESULT_PASS], count[RESULT_FAIL], count[RESULT_ERROR],
        count[RESULT_SKIPPED], count[RESULT_NOT_EVALUATED]);
    put_results(&text, checks_results(wb->evidence), wb->mend.before);
    put_findings(&text, checks_findings(wb->evidence), wb->mend.before);
    put_findings(&text, &m->findings, wb->mend.before);
    char *old = name_old(wb);
    if (old[0] != '\0') {
        buf_printf(&text, "Red without your proposal, too, and not yours to mend: %s\n", old);
    }
    free(old);
    if (workbench_is_recording(wb) && !recording_answers(wb->provider, text.ptr)) {
        wb->mend.tries--; /* a recording answers what it knows only */
    } else if (!session_go_on(wb->session, buf_str(&text), &err)) {
        workbench_problem(wb, "The failures did not reach the agent: %s", err.text);
    }
    buf_free(&text);
}

static void say(struct workbench *wb, const char *fmt, ...)
{
    struct entry entry = {.kind = ENTRY_NOTICE, .status = ENTRY_DONE};
    va_list args;
    va_start(args, fmt);
    buf_vprintf(&entry.text, fmt, args);
    va_end(args);
    session_add_entry(wb->session, entry);
}

/* ---- whether it is ---- */

static bool has_decided(struct workbench *wb)
{
    struct review *review = proposals_review(wb->proposals);
    struct review_counts counts = review_count_all(review);
    bool said = counts.accepted + counts.declined > 0;
    for (size_t i = 0; i < review_file_count(review); i++) {
        const struct review_file *file = review_file(review, i);
        said = said || file->comments.len > 0 || file->edits.len > 0;
    }
    return said;
}

static bool may_send(struct workbench *wb, const struct mending *m)
{
    return m->stamp == wb->stamp && !wb->closing && checks_state(wb->evidence) == CHECKS_DONE &&
           proposals_open(wb->proposals) != NULL && session_state(wb->session) == SESSION_IDLE &&
           !has_decided(wb);
}

static void decide(struct workbench *wb, const struct mending *m)
{
    unsigned most = (unsigned)config_integer(wb->config, "mend_attempts");
    const char *failed = what_failed(wb, m, wb->mend.before);
    if (failed == NULL) {
        char *old = name_old(wb);
        say(wb, "Nothing goes back to the agent: what is red is so without the proposal, too (%s).",
            old);
        free(old);
        return;
    }
    if (wb->mend.tries >= most) {
        say(wb, "%s still, after %u attempt%s to mend the proposal. It is for you to decide.",
            failed, most, most == 1 ? "" : "s");
        return;
    }
    wb->mend.tries++;
    send_failures(wb, m, failed, most);
}

static void on_before(void *data)
{
    struct mending *m = data;
    struct workbench *wb = m->wb;
    wb->mend.running = NULL;
    if (may_send(wb, m)) {
        decide(wb, m);
    }
    free_mending(m);
    workbench_tell(wb, WORKBENCH_EVIDENCE);
}

/* Something is red: was it before? */
static void compare(struct workbench *wb, struct mending *m)
{
    if (wb->mend.before == NULL) {
        wb->mend.before = before_new(wb->workspace, wb->options.loop);
    }
    wb->mend.running = m;
    m->compares = true;
    before_look(wb->mend.before, m->paths.items, m->paths.len, on_before, m);
}

static void work(void *data)
{
    struct mending *m = data;
    m->ok = guards_check_folder(
        m->root, m->paths.items, m->paths.len, &m->findings, &m->files, &m->err);
}

static void done(void *data, bool cancelled)
{
    struct mending *m = data;
    struct workbench *wb = m->wb;
    if (wb != NULL) {
        wb->mend.running = NULL;
    }
    if (wb != NULL && !cancelled && may_send(wb, m) && what_failed(wb, m, NULL) != NULL &&
        config_integer(wb->config, "mend_attempts") > 0) {
        compare(wb, m);
    } else {
        free_mending(m);
        if (wb != NULL && !wb->closing) {
            workbench_tell(wb, WORKBENCH_EVIDENCE); /* it is over: nothing was to be mended */
        }
    }
}

static void stop(struct workbench *wb)
{
    struct mending *m = wb->mend.running;
    wb->mend.running = NULL;
    if (m != NULL && m->compares) {
        before_stop(wb->mend.before);
        free_mending(m);
    } else if (m != NULL) {
        m->wb = NULL; /* the worker's */
    }
}

void workbench_mend_look(struct workbench *wb)
{
    const struct proposal *open = proposals_open(wb->proposals);
    if (!wb->mend.armed || open == NULL || !checks_is_settled(wb->evidence) ||
        checks_trouble(wb->evidence) != NULL || wb->laid_stamp != wb->stamp) {
        return;
    }
    wb->mend.armed = false;
    stop(wb);
    struct mending *m = MEM_NEW(struct mending);
    m->wb = wb;
    m->stamp = wb->stamp;
    m->root = mem_strdup(overlay_root(wb->overlay));
    VEC_FOREACH (const struct change, change, &open->changes) {
        if (change->kind != CHANGE_DELETE) {
            VEC_PUSH(&m->paths, mem_strdup(change->path));
        }
    }
    wb->mend.running = m;
    loop_work_start(wb->options.loop, work, done, m);
}

void workbench_mend_arm(struct workbench *wb)
{
    const struct proposal *open = proposals_open(wb->proposals);
    wb->mend.armed = false;
    stop(wb);
    if (open == NULL || open->origin != NULL || !session_ended_well(wb->session)) {
        return;
    }
    unsigned long long hash = changes_hash(&open->changes);
    bool fresh =
        session_prompts(wb->session) != wb->mend.prompts || open->number != wb->mend.number;
    if (fresh) {
        wb->mend.tries = 0;
        wb->mend.prompts = session_prompts(wb->session);
    }
    if (open->number == wb->mend.number && hash == wb->mend.hash) {
        if (!fresh && wb->mend.tries > 0) {
            say(wb, "The agent changed nothing. It is for you to decide.");
        }
        return;
    }
    wb->mend.number = open->number;
    wb->mend.hash = hash;
    wb->mend.armed = true;
}

void workbench_mend_stop(struct workbench *wb)
{
    wb->mend.armed = false;
    stop(wb);
}

void workbench_free_mending(struct workbench *wb)
{
    workbench_mend_stop(wb);
    before_free(wb->mend.before);
    wb->mend.before = NULL;
}

bool workbench_is_mending(const struct workbench *wb)
{
    return wb->mend.armed || wb->mend.running != NULL;
}
