/* What the tests said about the proposal, for the hunk under the cursor. */
#include "pane/review_private.h"

#include "base/vec.h"

#include <stdint.h>

void review_evidence_free(struct review_pane *pane)
{
    free(pane->evidence.of);
    free(pane->evidence.trouble);
    results_free(&pane->evidence.results);
    findings_free(&pane->evidence.findings);
    coverage_free(&pane->evidence.coverage);
    memset(&pane->evidence, 0, sizeof pane->evidence);
}

void review_pane_set_results(struct review_pane *pane, const struct review_results *results)
{
    review_evidence_free(pane);
    pane->evidence.known = true;
    pane->evidence.of = mem_strdup(results->of);
    pane->evidence.trouble = mem_strdup(results->trouble);
    pane->evidence.running = results->running;
    pane->evidence.first = results->first;
    if (results->results != NULL) {
        VEC_FOREACH (struct result, result, results->results) {
            VEC_PUSH(&pane->evidence.results, result_copy(result));
        }
    }
    if (results->findings != NULL) {
        VEC_FOREACH (struct finding, finding, results->findings) {
            VEC_PUSH(&pane->evidence.findings, finding_copy(finding));
        }
    }
    if (results->coverage != NULL) {
        coverage_merge(&pane->evidence.coverage, results->coverage);
        coverage_finish(&pane->evidence.coverage);
    }
    app_redraw(pane->app);
}

static const struct {
    const char *mark;
    const char *word;
    enum style_id style;
} statuses[RESULT_STATUSES] = {
    [RESULT_PASS] = {"✓", "passed", STYLE_PASS},
    [RESULT_FAIL] = {"✗", "failed", STYLE_FAIL},
    [RESULT_ERROR] = {"!", "errors", STYLE_ERROR},
    [RESULT_WARNING] = {"▲", "warnings", STYLE_WARNING},
    [RESULT_SKIPPED] = {"-", "skipped", STYLE_SKIP},
    [RESULT_NOT_EVALUATED] = {"○", "not evaluated", STYLE_NOT_EVALUATED},
};
/* What matters first. */
static const enum result_status order[RESULT_STATUSES] = {
    RESULT_ERROR, RESULT_FAIL, RESULT_NOT_EVALUATED, RESULT_WARNING, RESULT_SKIPPED, RESULT_PASS};

static bool has_errors(const struct review_pane *pane)
{
    VEC_FOREACH (struct finding, finding, &pane->evidence.findings) {
        if (finding->severity == SEVERITY_ERROR) {
            return true;
        }
    }
    return false;
}

static enum result_status verdict(const struct review_pane *pane)
{
    struct tally tally = results_tally(&pane->evidence.results);
    return has_errors(pane) ? RESULT_ERROR : tally_verdict(&tally);
}

struct style review_evidence_summary(const struct review_pane *pane, struct buf *out)
{
    if (!pane->evidence.known) {
        buf_append_c(out, "tests ○ not run");
        return STYLE(NOT_EVALUATED);
    }
    if (pane->evidence.trouble != NULL) {
        buf_append_c(out, "tests ! could not run");
        return STYLE(ERROR);
    }
    struct tally tally = results_tally(&pane->evidence.results);
    if (pane->evidence.running) {
        buf_printf(out, "tests … %zu", pane->evidence.results.len);
        return STYLE(RUNNING);
    }
    enum result_status status = verdict(pane);
    buf_printf(out, "tests %s %zu", statuses[status].mark, tally.count[status]);
    return style_of(statuses[status].style);
}

static int draw_tally(const struct review_pane *pane, struct region region, int row)
{
    struct tally tally = results_tally(&pane->evidence.results);
    int col = 1;
    for (size_t i = 0; i < RESULT_STATUSES; i++) {
        enum result_status status = order[i];
        if (tally.count[status] > 0) {
            col += grid_printf(region, row, col, style_of(statuses[status].style), "%s %zu %s",
                       statuses[status].mark, tally.count[status], statuses[status].word) +
                   2;
        }
    }
    if (col == 1) {
        col +=
            grid_put_c(region, row, col, pane->evidence.running ? "no result yet" : "○ no test ran",
                STYLE(NOT_EVALUATED)) +
            2;
    }
    if (pane->evidence.running) {
        col += grid_put_c(region, row, col,
                   pane->evidence.first ? "what it reaches; the rest runs" : "running",
                   STYLE(RUNNING)) +
               2;
    }
    if (pane->evidence.of != NULL && pane->evidence.of[0] != '\0') {
        grid_put_fit(
            region, row, col, region_cols(region) - col, str_of(pane->evidence.of), STYLE(DIM));
    }
    return row + 1;
}

static int draw_coverage(struct review_pane *pane, struct region region, int row, size_t hunk)
{
    const struct review_file *file = review_pane_file(pane);
    const struct coverage_file *known = coverage_find(&pane->evidence.coverage, file->change->path);
    if (known == NULL || hunk == NONE) {
        return row;
    }
    struct review_span span = review_hunk_span(file, hunk);
    struct buf covered = BUF_INIT;
    struct buf missed = BUF_INIT;
    bool any = coverage_append_rows(&covered, known, span.b_from, span.b_to, true);
    bool gap = coverage_append_rows(&missed, known, span.b_from, span.b_to, false);
    int col = 1;
    if (any) {
        col += grid_printf(region, row, col, STYLE(PASS), "lines %s covered", covered.ptr) + 2;
    }
    if (gap) {
        col += grid_printf(region, row, col, STYLE(FAIL), "lines %s not covered", missed.ptr) + 2;
    }
    if (!any && !gap) {
        grid_put_c(region, row, col, "nothing in this hunk can be covered", STYLE(DIM));
    }
    buf_free(&covered);
    buf_free(&missed);
    return row + 1;
}

static int draw_hunk_notes(struct review_pane *pane, struct region region, int row, size_t hunk)
{
    if (hunk == NONE) {
        return row;
    }
    const struct review_hunk *h = &review_pane_file(pane)->hunks.items[hunk];
    if (h->conflict) {
        grid_put_fit(region, row++, 1, region_cols(region) - 2,
            STR_LIT("! conflict: you changed the same lines; accepting puts the proposal's in"),
            STYLE(WARNING));
    } else if (h->drifted) {
        grid_put_fit(region, row++, 1, region_cols(region) - 2,
            STR_LIT("! the file changed here since the proposal was made"), STYLE(WARNING));
    }
    return row;
}

static int draw_findings(struct review_pane *pane, struct region region, int row)
{
    const char *path = review_pane_file(pane)->change->path;
    VEC_FOREACH (struct finding, finding, &pane->evidence.findings) {
        if (row >= region_rows(region)) {
            return row;
        }
        bool here = finding->file != NULL && strcmp(finding->file, path) == 0;
        if (!here && finding->severity != SEVERITY_ERROR) {
            continue;
        }
        struct buf line = BUF_INIT;
        if (!here && finding->file != NULL) {
            buf_printf(&line, "%s:", finding->file);
        }
        buf_printf(&line, "%u  %s: %s", finding->at.row, finding->rule, finding->message);
        grid_put_c(region, row, 1, "!", STYLE(WARNING));
        grid_put_fit(region, row, 3, region_cols(region) - 4, buf_str(&line),
            finding->severity == SEVERITY_ERROR ? STYLE(ERROR) : STYLE(WARNING));
        buf_free(&line);
        row++;
    }
    return row;
}

static int draw_results(struct review_pane *pane, struct region region, int row)
{
    for (size_t i = 0; i < RESULT_STATUSES && order[i] != RESULT_SKIPPED; i++) {
        VEC_FOREACH (struct result, result, &pane->evidence.results) {
            if (result->status != order[i]) {
                continue;
            }
            if (row >= region_rows(region)) {
                return row;
            }
            struct buf line = BUF_INIT;
            buf_printf(&line, "%s.%s", result->suite, result->name);
            if (result->file != NULL) {
                buf_printf(&line, "  %s:%u", result->file, result->at.row);
            }
            if (result->message != NULL) {
                buf_printf(&line, "  %s", result->message);
            }
            grid_put_c(region, row, 1, statuses[order[i]].mark, style_of(statuses[order[i]].style));
            grid_put_fit(region, row, 3, region_cols(region) - 4, buf_str(&line), STYLE(TEXT));
            buf_free(&line);
            row++;
        }
    }
    return row;
}

int review_evidence_rows(const struct review_pane *pane, int most)
{
    struct tally tally = results_tally(&pane->evidence.results);
    size_t rows = 3; /* a note on the hunk, the counts, the coverage */
    if (pane->evidence.known) {
        rows += pane->evidence.findings.len + tally.count[RESULT_FAIL] + tally.count[RESULT_ERROR] +
                tally.count[RESULT_NOT_EVALUATED];
    } else {
        rows = 2;
    }
    return rows < (size_t)most ? (int)rows : most;
}

void review_evidence_draw(struct review_pane *pane, struct region region)
{
    size_t hunk = pane->cursor < pane->rows.len ? pane->rows.items[pane->cursor].hunk : NONE;
    int row = draw_hunk_notes(pane, region, 0, hunk);
    if (!pane->evidence.known) {
        grid_put_fit(region, row, 1, region_cols(region) - 2,
            STR_LIT("○ no test ran on this proposal"), STYLE(NOT_EVALUATED));
        return;
    }
    if (pane->evidence.trouble != NULL) {
        grid_put_c(region, row, 1, "!", STYLE(ERROR));
        grid_put_fit(
            region, row, 3, region_cols(region) - 4, str_of(pane->evidence.trouble), STYLE(ERROR));
        row++;
    } else {
        row = draw_tally(pane, region, row);
    }
    row = draw_coverage(pane, region, row, hunk);
    row = draw_findings(pane, region, row);
    draw_results(pane, region, row);
}
