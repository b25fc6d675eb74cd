/* bylaw guards: what the guards say, without a screen; and their table. */
#include "command/command.h"

#include "base/json.h"
#include "base/path.h"
#include "base/safe.h"
#include "base/vec.h"
#include "policy/guard.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *languages_name(unsigned languages)
{
    if ((languages & GUARD_YAML) != 0) {
        return (languages & GUARD_REGO) != 0 ? "Rego, YAML" : "YAML";
    }
    return (languages & GUARD_TEMPLATE) != 0 ? "Rego, templates" : "Rego";
}

static void print_list(void)
{
    for (size_t i = 0; guards[i] != NULL; i++) {
        printf("%-28s %-8s %-15s %s\n", guards[i]->id, severity_name(guards[i]->severity),
            languages_name(guards[i]->languages), guards[i]->summary);
    }
}

static void print_markdown(void)
{
    puts("| Guard | Severity | In | What it finds |");
    puts("| --- | --- | --- | --- |");
    for (size_t i = 0; guards[i] != NULL; i++) {
        printf("| `%s` | %s | %s | %s. %s |\n", guards[i]->id, severity_name(guards[i]->severity),
            languages_name(guards[i]->languages), guards[i]->summary, guards[i]->explanation);
    }
}

static void set_position(cJSON *object, const char *row, const char *col, struct position at)
{
    json_set_int(object, row, at.row);
    json_set_int(object, col, at.col);
}

static void print_finding_json(const struct finding *finding)
{
    cJSON *object = mem_require(cJSON_CreateObject());
    json_set_string(object, "rule", finding->rule);
    json_set_string(object, "severity", severity_name(finding->severity));
    json_set_string(object, "file", finding->file);
    set_position(object, "row", "col", finding->at);
    set_position(object, "end_row", "end_col", finding->end);
    json_set_string(object, "message", finding->message);
    if (finding->edit.from.row > 0) {
        cJSON *edit = mem_require(cJSON_CreateObject());
        json_set_string(edit, "title", finding->edit.title);
        set_position(edit, "row", "col", finding->edit.from);
        set_position(edit, "end_row", "end_col", finding->edit.to);
        json_set_string(edit, "with", finding->edit.with);
        cJSON_AddItemToObject(object, "edit", edit);
    }
    char *line = json_print(object);
    puts(line);
    free(line);
    cJSON_Delete(object);
}

static void print_finding(const struct finding *finding)
{
    char *path = safe_dup(str_of(finding->file), SAFE_ONE_LINE, 4096);
    printf("%s:%u:%u: %s: %s [%s]\n", path, finding->at.row, finding->at.col,
        severity_name(finding->severity), finding->message, finding->rule);
    free(path);
}

/* The paths of the command line, below the root; the caller frees. False: one does not lie there.
 */
static bool read_paths(const struct args *args, const char *root, char **wanted, struct err *err)
{
    for (int i = 0; i < args->count; i++) {
        char resolved[PATH_MAX];
        if (realpath(args->rest[i], resolved) == NULL) {
            return err_set_errno(err, errno, "cannot find %s", args->rest[i]);
        }
        size_t len = strlen(root);
        if (strncmp(resolved, root, len) != 0 || (resolved[len] != '\0' && resolved[len] != '/')) {
            return err_set(
                err, ERR_INVALID, "%s does not lie in %s (see --dir)", args->rest[i], root);
        }
        wanted[i] = mem_strdup(resolved[len] == '\0' ? "" : resolved + len + 1);
    }
    return true;
}

static int run_checks(const struct args *args, const char *root, char **wanted)
{
    struct err err;
    struct findings findings = {0};
    size_t files = 0;
    size_t errors = 0;
    if (!read_paths(args, root, wanted, &err) ||
        !guards_check_folder(root, wanted, (size_t)args->count, &findings, &files, &err)) {
        return command_fail(args, "%s", err.text);
    }
    VEC_FOREACH (const struct finding, finding, &findings) {
        errors += finding->severity == SEVERITY_ERROR;
        if (args_has(args, "json")) {
            print_finding_json(finding);
        } else {
            print_finding(finding);
        }
    }
    if (!args_has(args, "json")) {
        fprintf(stderr, "%zu findings, %zu of them errors, in %zu files\n", findings.len, errors,
            files);
    }
    findings_free(&findings);
    return errors > 0 ? EXIT_NO : EXIT_YES;
}

static int run_guards(const struct args *args)
{
    if (args_has(args, "list") || args_has(args, "markdown")) {
        args_has(args, "list") ? print_list() : print_markdown();
        return EXIT_YES;
    }
    const char *dir = args_get(args, "dir");
    char root[PATH_MAX];
    if (realpath(dir == NULL ? "." : dir, root) == NULL) {
        return command_fail(args, "cannot open the folder %s", dir == NULL ? "." : dir);
    }
    char **wanted = mem_zalloc(((size_t)args->count + 1) * sizeof *wanted);
    int code = run_checks(args, root, wanted);
    for (int i = 0; i < args->count; i++) {
        free(wanted[i]);
    }
    free(wanted);
    return code;
}

const struct command command_guards = {
    .name = "guards",
    .summary = "find what goes wrong in policies again and again and no engine minds",
    .usage = "[--json] [--dir DIR] [PATH…] | --list | --markdown",
    .options =
        {
            {"json", 'j', NULL, "one JSON object a finding"},
            {"dir", 'd', "DIR", "the workspace the paths lie in (default: the current folder)"},
            {"list", 'l', NULL, "the guards: id, severity, language, what they find"},
            {"markdown", '\0', NULL, "the same as a Markdown table, with explanations"},
        },
    .description =
        "Reads the Rego and YAML files of the workspace (or those at and below PATH) and prints "
        "what the guards find: file:line:column: severity: message [guard]. They look at syntax "
        "trees and at what refers to what; no policy is run.\n\n"
        "A comment `# bylaw:ignore GUARD reason` silences a guard in its line and the next.\n\n"
        "Exit code: 0 no finding is an error, 1 one is, 2 it could not run.",
    .run = run_guards,
};
