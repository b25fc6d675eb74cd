/* bylaw trace: from each control to what implements it, and back. */
#include "command/command.h"
#include "command/controls_option.h"
#include "command/folder_index.h"
#include "command/progress_line.h"

#include "base/file.h"
#include "base/path.h"
#include "base/vec.h"
#include "control/lineage.h"

#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum form { FORM_CSV, FORM_MARKDOWN, FORM_JSON, FORM_HTML, FORM_OSCAL, FORM_COUNT };

static const char *const forms[FORM_COUNT] = {"csv", "markdown", "json", "html", "oscal"};

/* FORM_COUNT: no such form. */
static enum form form_of(const struct args *args)
{
    const char *name = args_get(args, "format");
    size_t form = 0;
    if (args_has(args, "json")) {
        return FORM_JSON;
    }
    if (name == NULL) {
        return isatty(STDOUT_FILENO) && args_get(args, "out") == NULL ? FORM_MARKDOWN : FORM_CSV;
    }
    while (form < FORM_COUNT && strcmp(forms[form], name) != 0) {
        form++;
    }
    return (enum form)form;
}

static void write_form(
    const struct lineage *lineage, enum form form, const char *root, struct buf *out)
{
    const char *name = path_base(root);
    char *title = mem_printf("Controls of %s", name);
    switch (form) {
    case FORM_MARKDOWN:
        lineage_write_markdown(lineage, out);
        break;
    case FORM_JSON:
        lineage_write_json(lineage, out);
        break;
    case FORM_HTML:
        lineage_write_html(lineage, title, out);
        break;
    case FORM_OSCAL:
        lineage_write_oscal(lineage, name, (int64_t)time(NULL), out);
        break;
    case FORM_CSV:
    case FORM_COUNT:
        lineage_write_csv(lineage, out);
        break;
    }
    free(title);
}

static bool put_out(const struct args *args, const struct buf *out, struct err *err)
{
    const char *file = args_get(args, "out");
    if (file != NULL) {
        return file_write(file, buf_str(out), 0644, err);
    }
    fwrite(out->ptr, 1, out->len, stdout); /* command_run says so if it fails */
    return true;
}

/* As gap does: what nobody says to be checkable counts for itself. */
static void sum_up(const struct lineage *lineage)
{
    struct buf text = BUF_INIT;
    size_t known = lineage->requirements->len - lineage->unknown_count;
    if (known > 0 || lineage->unknown_count == 0) {
        buf_printf(&text, "%zu controls: ", known);
        lineage_append_figure(lineage, false, &text);
        buf_append_char(&text, '\n');
    }
    if (lineage->unknown_count > 0) {
        buf_printf(&text, "%zu %scontrols: ", lineage->unknown_count, known > 0 ? "more " : "");
        lineage_append_figure(lineage, true, &text);
        buf_printf(&text, "; %s\n", gap_unknown_says());
    }
    buf_printf(&text, "%zu rules of policies that no control asks for\n",
        lineage->counts[LINEAGE_ORPHANED]);
    fputs(text.ptr, stderr);
    buf_free(&text);
}

/* Without a repository there are no commits, and no failure either. */
static void add_commits(struct lineage *lineage, const char *root, struct progress_line *line)
{
    struct err err;
    progress_line_say(line, "looking the last commits up");
    bool read = lineage_read_commits(lineage, root, NULL, &err);
    progress_line_clear(line);
    if (!read) {
        if (err.kind != ERR_NOT_FOUND) {
            fprintf(stderr, "no commits: %s\n", err.text);
        }
    } else if (!lineage->commits_complete) {
        fputs("some files are in no commit, or in one before the 50,000 last\n", stderr);
    }
}

static int trace_folder(
    const struct args *args, const char *root, struct controls *controls, enum form form)
{
    struct folder_index index;
    struct cover_map map = {0};
    struct lineage lineage = {0};
    struct buf out = BUF_INIT;
    struct err err;
    struct progress_line line;
    int code = EXIT_COULD_NOT;
    progress_line_begin(&line, form == FORM_JSON, "reading the folder");
    bool ok = folder_index_open(&index, root, &err);
    if (ok) {
        progress_line_say(&line, "following the controls");
        cover_map_build(index.catalog, &controls->list, &map);
        struct lineage_maker *maker =
            lineage_begin(index.catalog, &controls->list, &map, controls->benchmark);
        while (!lineage_step(maker, 1000)) {
        }
        lineage_finish(maker, &lineage);
        if (!args_has(args, "no-commits")) {
            add_commits(&lineage, root, &line);
        }
        progress_line_clear(&line);
        write_form(&lineage, form, root, &out);
        ok = put_out(args, &out, &err);
    }
    progress_line_clear(&line);
    if (ok) {
        sum_up(&lineage);
        bool all = lineage.controls[LINEAGE_UNCOVERED] + lineage.controls[LINEAGE_UNTESTED] +
                       lineage.controls[LINEAGE_PARTLY] ==
                   0;
        code = all ? EXIT_YES : EXIT_NO;
    } else {
        command_fail(args, "%s", err.text);
    }
    folder_index_close(&index);
    lineage_free(&lineage);
    cover_map_free(&map);
    buf_free(&out);
    return code;
}

static int run_trace(const struct args *args)
{
    const char *dir = args_get(args, "dir");
    char root[PATH_MAX];
    struct controls controls;
    struct err err;
    enum form form = form_of(args);
    if (args->count > 0) {
        return command_fail(args, "takes no arguments: see --help");
    }
    if (form == FORM_COUNT) {
        return command_fail(args, "--format is csv, markdown, json, html or oscal");
    }
    if (realpath(dir == NULL ? "." : dir, root) == NULL) {
        return command_fail(args, "cannot open the folder %s", dir == NULL ? "." : dir);
    }
    if (!controls_option_open(args, root, args_get(args, "only"), &controls, &err)) {
        return command_fail(args, "%s", err.text);
    }
    int code = trace_folder(args, root, &controls, form);
    controls_free(&controls);
    return code;
}

const struct command command_trace = {
    .name = "trace",
    .summary = "from each control to its policy, rule, tests, fixtures and commit, and back",
    .usage = "[--requirements FILE] [--format csv|markdown|json|html|oscal] [--out FILE]",
    .options =
        {
            CONTROLS_OPTIONS,
            {"format", 'f', "FORM", "csv, markdown, json, html or oscal"},
            {"json", 'j', NULL, "as --format json"},
            {"out", 'O', "FILE", "write it there instead of to the standard output"},
            {"no-commits", '\0', NULL, "do not look the last commits up"},
            {"dir", 'd', "DIR", "the workspace (default: the current folder)"},
        },
    .description =
        "Follows every control of the requirements (see bylaw gap, which says where they are "
        "looked "
        "for) to the policies that name it, their rules, the tests that reach these, the fixtures "
        "beside them, and the last commit of the rule's file; a row for each rule. What is missing "
        "stands first: controls without a policy (uncovered), rules that no test reaches "
        "(untested), policies that name no control or one that nobody asks for (orphaned). "
        "Controls of which nothing says whether an admission policy can check them count for "
        "themselves, as for bylaw gap.\n\n"
        "csv is RFC 4180 and what goes to a pipe; markdown is what a terminal gets; html is one "
        "page with filters that needs nothing from elsewhere; oscal is a component definition "
        "(1.1.2) with a component for each policy. There a control's id begins with a letter: "
        "5.2.2 "
        "is c-5.2.2, and its label 5.2.2.\n\n"
        "Whether the tests pass is not looked at: bylaw check does that.\n\n"
        "Exit code: 0 every control that can be checked has a policy that names it and a test, 1 "
        "some have not, 2 it could not run.",
    .run = run_trace,
};
