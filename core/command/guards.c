/* bylaw guards: what the guards say, without a screen; and their table. */
#include "command/command.h"

#include "base/json.h"
#include "base/path.h"
#include "base/safe.h"
#include "base/vec.h"
#include "evidence/decide.h"
#include "patch/unified.h"
#include "policy/guard.h"
#include "policy/guard_fix.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CONTEXT_LINES = 3 };

static void print_list(void)
{
    for (size_t i = 0; guards[i] != NULL; i++) {
        printf("%-28s %-8s %-15s %s\n", guards[i]->id, severity_name(guards[i]->severity),
            guard_languages_name(guards[i]->languages), guards[i]->summary);
    }
}

static const char *fix_begins(const struct guard *guard)
{
    return guard->fix != NULL ? "The fix" : "No fix:";
}

static const char *fix_of(const struct guard *guard)
{
    return guard->fix != NULL ? guard->fix : guard->no_fix;
}

static void print_markdown(void)
{
    puts("| Guard | Severity | In | What it finds |");
    puts("| --- | --- | --- | --- |");
    for (size_t i = 0; guards[i] != NULL; i++) {
        printf("| `%s` | %s | %s | %s. %s %s %s |\n", guards[i]->id,
            severity_name(guards[i]->severity), guard_languages_name(guards[i]->languages),
            guards[i]->summary, guards[i]->explanation, fix_begins(guards[i]), fix_of(guards[i]));
    }
}

/* One guard's page. */
static void print_page(const struct guard *guard)
{
    printf("%s: %s\n\n%s, looks at: %s.\n\n%s\n\n%s %s\n\n", guard->id, guard->summary,
        severity_name(guard->severity), guard_languages_name(guard->languages), guard->explanation,
        fix_begins(guard), fix_of(guard));
    printf("To silence it in one place, say why in its line or the line above:\n\n"
           "    # bylaw:ignore %s REASON\n",
        guard->id);
}

static int explain(const struct args *args, const char *id)
{
    const struct guard *guard = guard_by_id(str_of(id));
    if (guard == NULL) {
        return command_fail(args, "there is no guard %s (see bylaw guards --list)", id);
    }
    print_page(guard);
    return EXIT_YES;
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

/* The fixes as a patch: reviewed and applied by somebody else. */
static void print_patch(const char *root, const struct findings *findings)
{
    struct changes changes = {0};
    struct buf patch = BUF_INIT;
    size_t fixed = 0;
    guards_fix(root, findings, &changes, &fixed);
    unified_write(&changes, CONTEXT_LINES, &patch);
    fwrite(patch.ptr == NULL ? "" : patch.ptr, 1, patch.len, stdout);
    fprintf(stderr, "%zu of %zu findings are mended, in %zu files: nothing is written\n", fixed,
        findings->len, changes.len);
    changes_free(&changes);
    buf_free(&patch);
}

static size_t print_findings(const struct findings *findings, bool json)
{
    size_t errors = 0;
    VEC_FOREACH (const struct finding, finding, findings) {
        errors += finding->severity == SEVERITY_ERROR;
        if (json) {
            print_finding_json(finding);
        } else {
            print_finding(finding);
        }
    }
    return errors;
}

/* ---- what engines decide ---- */

struct deciding {
    struct findings *findings;
    char *const *wanted;
    size_t count;
    bool json;
    bool done;
    size_t gaps; /* of what was decided, that were told */
    bool failed;
};

/* A guard that was asked for and has not looked at everything must not read as one that is
 * content. */
static void print_gap(const struct decided_gap *gap, bool json)
{
    char *why = safe_dup(str_of(gap->why), SAFE_ONE_LINE, 4096);
    if (!json) {
        fprintf(stderr, "bylaw guards: %s not evaluated in full: %s\n", gap->guards.ptr, why);
        free(why);
        return;
    }
    cJSON *object = mem_require(cJSON_CreateObject());
    json_set_string(object, "not_evaluated", gap->guards.ptr);
    json_set_string(object, "why", why);
    char *line = json_print(object);
    puts(line);
    free(line);
    cJSON_Delete(object);
    free(why);
}

static bool is_wanted(const struct deciding *d, const char *path)
{
    for (size_t i = 0; i < d->count; i++) {
        if (d->wanted[i][0] == '\0' || policy_path_below(path, d->wanted[i])) {
            return true;
        }
    }
    return d->count == 0;
}

static void decided(void *data, const struct decided *what)
{
    struct deciding *d = data;
    d->done = true;
    d->failed = what->failed;
    d->gaps = what->gaps.len;
    VEC_FOREACH (const struct decided_gap, gap, &what->gaps) {
        print_gap(gap, d->json);
    }
    VEC_FOREACH (const struct finding, finding, &what->findings) {
        if (is_wanted(d, finding->file)) {
            VEC_PUSH(d->findings, finding_copy(finding));
        }
    }
}

static bool decide(const char *root, struct deciding *d, struct err *err)
{
    struct loop *loop = loop_new(err);
    if (loop == NULL) {
        return false;
    }
    struct decide *running = decide_start(loop, root, decided, d);
    while (!d->done) {
        loop_run_once(loop, 1000);
    }
    decide_free(running);
    loop_free(loop);
    return true;
}

/* What is known is told, whatever is not. */
static int tell(const struct args *args, const char *root, const struct findings *findings,
    size_t files, const struct deciding *deciding)
{
    if (args_has(args, "fix")) {
        print_patch(root, findings);
        return deciding->failed ? EXIT_COULD_NOT : EXIT_YES;
    }
    size_t errors = print_findings(findings, deciding->json);
    if (!deciding->json) {
        fprintf(stderr, "%zu finding%s, %zu error%s among them, in %zu file%s\n", findings->len,
            findings->len == 1 ? "" : "s", errors, errors == 1 ? "" : "s", files,
            files == 1 ? "" : "s");
    }
    return deciding->failed ? EXIT_COULD_NOT : errors + deciding->gaps > 0 ? EXIT_NO : EXIT_YES;
}

static int run_checks(const struct args *args, const char *root, char **wanted)
{
    struct err err;
    struct findings findings = {0};
    size_t files = 0;
    if (!read_paths(args, root, wanted, &err) ||
        !guards_check_folder(root, wanted, (size_t)args->count, &findings, &files, &err)) {
        findings_free(&findings);
        return command_fail(args, "%s", err.text);
    }
    struct deciding deciding = {.findings = &findings,
        .wanted = wanted,
        .count = (size_t)args->count,
        .json = args_has(args, "json")};
    if (args_has(args, "decide") && !decide(root, &deciding, &err)) {
        findings_free(&findings);
        return command_fail(args, "%s", err.text);
    }
    int code = tell(args, root, &findings, files, &deciding);
    findings_free(&findings);
    return code;
}

/* The man page's part: a paragraph a guard. */
static void print_pages(struct buf *out)
{
    for (size_t i = 0; guards[i] != NULL; i++) {
        buf_printf(out, "%s (%s; %s): %s. %s %s %s\n\n", guards[i]->id,
            severity_name(guards[i]->severity), guard_languages_name(guards[i]->languages),
            guards[i]->summary, guards[i]->explanation, fix_begins(guards[i]), fix_of(guards[i]));
    }
}

static int run_guards(const struct args *args)
{
    if (args_has(args, "list") || args_has(args, "markdown")) {
        args_has(args, "list") ? print_list() : print_markdown();
        return EXIT_YES;
    }
    if (args_has(args, "explain")) {
        return explain(args, args_get(args, "explain"));
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
    .usage =
        "[--json | --fix] [--decide] [--dir DIR] [PATH…] | --explain GUARD | --list | --markdown",
    .options =
        {
            {"json", 'j', NULL, "one JSON object a finding"},
            {"dir", 'd', "DIR", "the workspace the paths lie in (default: the current folder)"},
            {"decide", 'D', NULL,
                "let the engines decide first: all policies on all fixtures, all tests with "
                "coverage"},
            {"fix", 'f', NULL, "print a patch that mends what can be mended; nothing is written"},
            {"explain", 'e', "GUARD", "what one guard finds, why it matters and what to do"},
            {"list", 'l', NULL, "the guards: id, severity, language, what they find"},
            {"markdown", '\0', NULL, "the same as a Markdown table, with explanations"},
        },
    .description =
        "Reads the Rego and YAML files of the workspace (or those at and below PATH) and prints "
        "what the guards find: file:line:column: severity: message [guard]. They look at syntax "
        "trees and at what refers to what; no policy is run. With --decide, policies are: every "
        "one "
        "is applied to every fixture and all tests are run, and the guards that are about what "
        "engines decide (`bylaw guards --list` marks them: decisions) speak too.\n\n"
        "A comment `# bylaw:ignore GUARD reason` silences a guard in its line and the next.\n\n"
        "With --fix it prints a patch of the safe fixes for `git apply` or a review; it writes "
        "nothing. What the workspace asks of its policies stands in its .bylaw/config.toml: "
        "`[guards]` with `kyverno = \"1.20\"` (the version they must run on), `fixtures = 2` "
        "(how many valid and how many invalid ones each must have) and `decisions = 300000` "
        "(documents called valid times policies, of which one of Kyverno's that looks for other "
        "objects counts as 1000, one that changes them or is of the newer kinds as 20: where there "
        "are more, each is "
        "held against the policies beside it only, which is told; 0: no more than that is asked "
        "for).\n\n"
        "Where a guard could not look at everything (an engine that is not there or gave no "
        "answer, too many decisions, Rego that does not load, so that coverage is not complete) "
        "what is known is printed all the same, and a line on stderr, or with --json an object "
        "with \"not_evaluated\" and \"why\", says which guards and why.\n\n"
        "Exit code: 0 no finding is an error, and all was evaluated (with --fix: whatever was "
        "found); 1 a finding is an error, or not all was evaluated; 2 it could not run: opa, the "
        "folder or a path is missing.",
    .man = print_pages,
    .run = run_guards,
};
