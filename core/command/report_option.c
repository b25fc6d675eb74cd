#include "command/report_option.h"

#include "base/file.h"
#include "report/report_board.h"

#include <stdlib.h>

bool report_wishes_read(const struct args *args, struct report_wishes *wishes)
{
    *wishes = (struct report_wishes){.count = 0};
    const char *text;
    for (int i = 0; (text = args_get_at(args, "report", i)) != NULL; i++) {
        struct err err;
        if (wishes->count == REPORT_WISHES_MAX) {
            command_fail(args, "more than %d reports", REPORT_WISHES_MAX);
            return false;
        }
        size_t name = strcspn(text, "=");
        enum report_format format;
        if (!report_format_find(str_make(text, name), &format, &err)) {
            command_fail(args, "--report: %s", err.text);
            return false;
        }
        const char *file =
            text[name] == '\0' || strcmp(text + name + 1, "-") == 0 ? NULL : text + name + 1;
        if (file != NULL && file[0] == '\0') {
            command_fail(args, "--report %s names no file", text);
            return false;
        }
        if (file == NULL && wishes->to_stdout) {
            command_fail(args, "only one report can go to the standard output: name a file with "
                               "--report FORMAT=FILE");
            return false;
        }
        wishes->to_stdout = wishes->to_stdout || file == NULL;
        wishes->items[wishes->count].format = format;
        wishes->items[wishes->count++].file = file;
    }
    return true;
}

bool report_wishes_put(
    const struct args *args, const struct report_wishes *wishes, const struct report *report)
{
    bool ok = true;
    for (int i = 0; i < wishes->count; i++) {
        struct buf text = BUF_INIT;
        struct err err;
        report_write(report, wishes->items[i].format, &text);
        if (wishes->items[i].file == NULL) {
            fwrite(text.ptr, 1, text.len, stdout); /* command_run says so if it fails */
        } else if (!file_write(wishes->items[i].file, buf_str(&text), 0666, &err)) {
            command_fail(args, "the %s report was not written: %s",
                report_format_name(wishes->items[i].format), err.text);
            ok = false;
        }
        buf_free(&text);
    }
    return ok;
}

bool report_wishes_write(const struct args *args, const struct report_wishes *wishes,
    struct report *report, const char *root)
{
    report_add_folder(report, root);
    return report_wishes_put(args, wishes, report);
}
