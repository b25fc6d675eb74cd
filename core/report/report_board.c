#include "report/report_board.h"

#include "base/path.h"
#include "base/vec.h"
#include "repo/repo.h"

#include <stdlib.h>
#include <time.h>

/* As the board has it: an explanation stands with the test and not in its row. */
static void add_test(struct report *report, const struct board_test *test)
{
    if (test->pending || test->count == 0) {
        struct result none = {.engine = test->engine,
            .suite = test->suite,
            .name = test->name,
            .status = RESULT_NOT_EVALUATED,
            .file = test->file,
            .at = test->at};
        report_add(report, &none, 1);
        return;
    }
    size_t first = report->results.len;
    report_add(report, test->rows, test->count);
    struct result *row = &report->results.items[first];
    if (test->message != NULL) {
        free(row->message);
        row->message = mem_strdup(test->message);
    }
    if (test->detail != NULL) {
        free(row->detail);
        row->detail = mem_strdup(test->detail);
    }
}

bool report_of_board(
    struct board *board, double threshold, const char *opa, struct report *out, struct err *err)
{
    if (board_count(board) == 0 && board_trouble(board) == NULL) {
        return err_set(err, ERR_NOT_FOUND, "no test has run: there is nothing to report");
    }
    for (size_t i = 0; i < board_count(board); i++) {
        add_test(out, board_at(board, i));
    }
    VEC_FOREACH (const struct finding, finding, board_findings(board)) {
        VEC_PUSH(&out->findings, finding_copy(finding));
    }
    out->tally = results_tally(&out->results);
    out->verdict = board_verdict(board);
    out->wall_us = board_wall_us(board);
    out->opa = mem_strdup(opa);
    out->trouble = mem_strdup(board_trouble(board));
    const struct coverage *coverage = board_coverage(board);
    if (coverage != NULL && !board_coverage_is_old(board)) {
        report_set_coverage(out, coverage, threshold);
    }
    return true;
}

/* The way from the top of the repository that holds the folder: CI looks files up from there. */
static void put_below_top(struct report *report, const char *root)
{
    char *top = path_git_root(root);
    size_t len = top == NULL ? 0 : strlen(top);
    if (top != NULL && strncmp(root, top, len) == 0 && root[len] == '/') {
        report_put_below(report, root + len + 1);
    }
    free(top);
}

void report_add_folder(struct report *report, const char *root)
{
    const char *name = path_base(root);
    report->folder = mem_strdup(name[0] == '\0' ? root : name);
    report->bylaw = mem_strdup(BYLAW_VERSION);
    report->ended = (long long)time(NULL);
    struct repo_status status;
    repo_status_read(root, &status);
    if (status.kind == REPO_READY && status.head[0] != '\0') {
        struct buf text = BUF_INIT;
        buf_printf(&text, "%s%s", status.head, status.changed > 0 ? " with changes" : "");
        report->revision = buf_take(&text);
    }
    repo_status_free(&status);
    put_below_top(report, root);
}

bool report_read_wish(struct str words, enum report_format *format, char **file, struct err *err)
{
    size_t blank = str_find_char(words, ' ', 0);
    struct str name = blank == (size_t)-1 ? words : str_slice(words, 0, blank);
    struct str rest = blank == (size_t)-1 ? (struct str){0} : str_trim(str_from(words, blank));
    if (!report_format_find(name, format, err)) {
        return false;
    }
    if (rest.len == 0) {
        return err_set(
            err, ERR_INVALID, "name the file, too: %s FILE", report_format_name(*format));
    }
    *file = str_dup(rest);
    return true;
}
