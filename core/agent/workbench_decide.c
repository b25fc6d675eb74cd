/* From decisions to a commit: what will be written, what the message says, what goes back. */
#include "agent/workbench_private.h"

#include "base/safe.h"
#include "base/utf8.h"
#include "base/vec.h"

#include <stdio.h>
#include <stdlib.h>

enum { SUBJECT_MAX = 72 };

void outcome_free(struct outcome *outcome)
{
    changes_free(&outcome->accepted);
    buf_free(&outcome->feedback);
    *outcome = (struct outcome){0};
}

char *outcome_describe_evidence(const struct outcome *outcome, bool running)
{
    const size_t *count = outcome->tally.count;
    if (running) {
        return mem_strdup("the tests run on exactly this selection");
    }
    if (!outcome->tested) {
        return mem_strdup("not evaluated: no test ran on exactly this selection");
    }
    char *coverage =
        outcome->coverage < 0 ? mem_strdup("not known") : coverage_show(outcome->coverage);
    char *text = mem_printf(
        "%zu passed, %zu failed, %zu errors, %zu skipped, %zu not evaluated; coverage %s%s",
        count[RESULT_PASS], count[RESULT_FAIL], count[RESULT_ERROR], count[RESULT_SKIPPED],
        count[RESULT_NOT_EVALUATED], coverage, outcome->coverage < 0 ? "" : " %");
    free(coverage);
    return text;
}

static void take_evidence(struct outcome *out, const struct checks *checks)
{
    out->tested = true;
    out->tally = checks_tally(checks);
    const struct coverage *coverage = checks_coverage(checks);
    bool known = coverage != NULL && !coverage->incomplete && !coverage_is_empty(coverage);
    out->coverage = known ? coverage_percent(coverage) : -1;
}

bool workbench_outcome(struct workbench *wb, struct outcome *out, struct err *err)
{
    struct review *review = proposals_review(wb->proposals);
    *out = (struct outcome){.coverage = -1};
    if (review == NULL) {
        return err_set(err, ERR_NOT_FOUND, "there is no open proposal to finish");
    }
    review_selected(review, (size_t)-1, (size_t)-1, &out->accepted);
    const struct proposal *open = proposals_open(wb->proposals);
    if (open->origin == NULL) { /* else it was not the agent's */
        review_feedback(review, &out->feedback);
    }
    out->counts = review_count_all(review);
    out->hash = changes_hash(&out->accepted);
    if (checks_state(wb->evidence) == CHECKS_DONE && out->hash == changes_hash(&open->changes)) {
        take_evidence(out, wb->evidence);
    } else {
        workbench_outcome_evidence(wb, out);
    }
    return true;
}

bool workbench_outcome_evidence(struct workbench *wb, struct outcome *out)
{
    if (out->tested) {
        return false;
    }
    if (wb->try_overlay != NULL && overlay_is_busy(wb->try_overlay)) {
        return out->hash == wb->trying_hash;
    }
    if (out->hash != wb->tried_hash) {
        return false;
    }
    if (checks_state(wb->tried) == CHECKS_DONE) {
        take_evidence(out, wb->tried);
    }
    return checks_state(wb->tried) == CHECKS_RUNNING;
}

/* The subject: the beginning of what was asked for, as one line that ends with a whole word. */
static void add_subject(struct buf *message, struct workbench *wb, const struct outcome *outcome)
{
    const struct proposal *open = proposals_open(wb->proposals);
    char *title = open != NULL && open->origin != NULL
                      ? safe_dup(str_of(open->origin), SAFE_ONE_LINE, 400)
                      : session_asked_for(wb->session, open == NULL ? 0 : open->number);
    struct str text = str_trim(str_of(title));
    size_t sentence = str_find(text, STR_LIT(". "), 0);
    if (sentence != (size_t)-1 && sentence >= 10) {
        text = str_slice(text, 0, sentence);
    }
    if (text.len > SUBJECT_MAX) {
        size_t end = SUBJECT_MAX;
        while (end > 0 && text.ptr[end] != ' ') {
            end--;
        }
        text = str_trim_right(end > 0 ? str_slice(text, 0, end) : utf8_fit(text, SUBJECT_MAX));
    }
    while (text.len > 0 && strchr(".,;:", text.ptr[text.len - 1]) != NULL) {
        text.len--;
    }
    if (text.len > 0) {
        buf_append_str(message, text);
    } else if (outcome->accepted.len == 1) {
        buf_printf(message, "Change %s", outcome->accepted.items[0].path);
    } else {
        buf_printf(message, "Change %zu policies", outcome->accepted.len);
    }
    free(title);
}

static void add_trailers(struct buf *message, struct workbench *wb, const struct outcome *outcome)
{
    char *model = safe_dup(str_of(workbench_model(wb)), SAFE_ONE_LINE, 80);
    const struct proposal *open = proposals_open(wb->proposals);
    if (open == NULL || open->origin == NULL) {
        buf_printf(message, "Assisted-by: %s\n", model);
    }
    buf_printf(message, "Bylaw-Session: %s\n", session_id(wb->session));
    buf_printf(message, "Bylaw-Proposal: %u\n", open == NULL ? 0 : open->number);
    buf_printf(message, "Bylaw-Review: %zu lines accepted, %zu declined, %zu left open\n",
        outcome->counts.accepted, outcome->counts.declined, outcome->counts.open);
    if (outcome->tested) {
        const size_t *count = outcome->tally.count;
        buf_printf(message,
            "Bylaw-Tests: %zu passed, %zu failed, %zu errors, %zu skipped, %zu not evaluated\n",
            count[RESULT_PASS], count[RESULT_FAIL], count[RESULT_ERROR], count[RESULT_SKIPPED],
            count[RESULT_NOT_EVALUATED]);
    } else {
        buf_append_c(message, "Bylaw-Tests: not run on exactly this selection\n");
    }
    if (outcome->coverage >= 0) {
        char *shown = coverage_show(outcome->coverage);
        buf_printf(message, "Bylaw-Coverage: %s %%\n", shown);
        free(shown);
    }
    free(model);
}

char *workbench_message(struct workbench *wb, const struct outcome *outcome)
{
    struct buf message = BUF_INIT;
    add_subject(&message, wb, outcome);
    buf_append_c(&message, "\n\n");
    add_trailers(&message, wb, outcome);
    return buf_take(&message);
}

void workbench_hold(struct workbench *wb, bool hold)
{
    if (wb->held && !hold) {
        wb->held = false;
        workbench_rebase(wb);
        workbench_lay_out(wb);
    }
    wb->held = hold;
}

void workbench_decided(struct workbench *wb, const struct outcome *outcome, const char *subject,
    const char *commit, bool send)
{
    struct err err;
    const struct proposal *open = proposals_open(wb->proposals);
    unsigned number = open == NULL ? 0 : open->number;
    cJSON *record = cJSON_CreateObject();
    json_set_int(record, "number", number);
    json_set_string(record, "commit", commit);
    session_record(wb->session, "decided", record, true);
    proposals_close(wb->proposals);
    wb->held = false;
    workbench_changed(wb);
    struct entry entry = {.kind = ENTRY_COMMIT,
        .status = ENTRY_DONE,
        .proposal = number,
        .detail = mem_strdup(commit),
        .files = (unsigned)outcome->accepted.len};
    buf_append_c(
        &entry.text, subject != NULL ? subject : "Nothing was accepted; nothing is written.");
    session_add_entry(wb->session, entry);
    if (outcome->feedback.len > 0 &&
        (!send || !session_send_feedback(wb->session, buf_str(&outcome->feedback), &err))) {
        session_note_feedback(wb->session, buf_str(&outcome->feedback));
    }
    workspace_refresh(wb->workspace);
    workbench_tell(wb, WORKBENCH_PROPOSAL);
    workbench_lay_out(wb);
}
