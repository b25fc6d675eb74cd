/* The last results as a file that other programs read. */
#include "plain/plain_private.h"

#include "agent/export.h"
#include "report/report_board.h"

#include <stdlib.h>

/* Takes the last word off when it is "yes". */
static bool takes_over(char *file)
{
    struct str text = str_of(file);
    bool over = text.len > 4 && str_ends(text, " yes");
    if (over) {
        file[str_trim_right(str_slice(text, 0, text.len - 4)).len] = '\0';
    }
    return over;
}

bool plain_report(struct plain *plain, struct str args, struct err *err)
{
    struct workspace *workspace = workbench_workspace(plain->wb);
    enum report_format format;
    char *file = NULL;
    char *written = NULL;
    struct report report = {0};
    struct buf text = BUF_INIT;
    bool ok = report_read_wish(args, &format, &file, err) &&
              report_of_board(plain->board,
                  (double)config_integer(workbench_config(plain->wb), "coverage_threshold"),
                  runner_engine_version(plain->runner), &report, err);
    if (ok) {
        bool over = takes_over(file);
        report_add_folder(&report, workspace_root(workspace));
        report_write(&report, format, &text);
        ok = export_write(workspace, file, buf_str(&text), over, &written, err);
        if (!ok && err->kind == ERR_EXISTS && !over) {
            (void)err_set(err, ERR_EXISTS, "%s is there: add yes to write over it.", file);
        }
    }
    if (ok) {
        plain_say(plain, "The report is in %s.", written);
    }
    report_free(&report);
    buf_free(&text);
    free(written);
    free(file);
    return ok;
}
