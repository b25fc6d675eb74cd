/* bylaw template: ConstraintTemplates and the files their Rego is kept in. */
#include "command/command.h"

#include "base/json.h"
#include "base/path.h"
#include "base/safe.h"
#include "base/vec.h"
#include "command/template_apply.h"
#include "patch/unified.h"
#include "policy/template_files.h"
#include "workspace/door.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

enum { CONTEXT = 3 };

static int run(const struct args *args);

const struct command command_template = {
    .name = "template",
    .summary = "put Gatekeeper templates together from their Rego files, take them apart, compare",
    .usage = "assemble|split|check|test|expand [--write] [--gomplate] [--all] [--json] [--dir DIR] "
             "[PATH…]",
    .options =
        {
            {"write", 'w', NULL, "write the changes (default: show them as a diff)"},
            {"gomplate", '\0', NULL,
                "split: a template without files gets a constraint.tmpl that reads them"},
            {"all", 'a', NULL,
                "test: also what no constraint matches, and each pair that is an error"},
            {"json", 'j', NULL, "one JSON object a template, or a decision"},
            {"dir", 'd', "DIR", "the workspace the paths lie in (default: the current folder)"},
        },
    .description =
        "A ConstraintTemplate holds Rego as a block in YAML; its tests need it as a file. Known "
        "are two ways to keep both: a gomplate template reads the files (src/X/constraint.tmpl "
        "makes library/X/template.yaml; elsewhere constraint.tmpl makes the template.yaml beside, "
        "X.yaml.tmpl makes X.yaml), or the .rego files lie beside the template and have the "
        "packages of its blocks (src.rego, lib_x.rego).\n"
        "\n"
        "check compares every template (or those that have to do with PATH) with its files and "
        "prints the first line that differs. assemble shows what writing the templates from their "
        "files would change, split what writing the files from the templates would; with --write "
        "they do it, all or nothing. What stands outside the Rego stays byte for byte, and "
        "assembling what was split gives the same bytes: what cannot be given back so is "
        "refused.\n"
        "\n"
        "test applies the constraints among the YAML files at and below PATH to the resources "
        "among them, by gator test, and prints a line for each pair that a constraint matches: "
        "file:line: verdict: resource: constraint by CEL or Rego: message. What gator is silent "
        "about is allow only where the constraint matches. A template with both CEL and Rego is "
        "run with each. expand prints what ExpansionTemplates among them generate.\n"
        "\n"
        "Exit code of check: 0 all say the same, 1 one differs, 2 one could not be compared, or "
        "there is none. Of assemble and split: 0 done or shown, 1 one cannot be done, 2 it could "
        "not run. Of test: 0 nothing is denied, 1 something is, or is an error, or nothing was "
        "evaluated, 2 it could not run. Of expand: 0 something is generated, 1 nothing, 2 it could "
        "not run.",
    .run = run,
};

enum verb { ASSEMBLE, SPLIT, CHECK, TEST, EXPAND };

struct work {
    const struct args *args;
    enum verb verb;
    struct workspace *workspace;
    struct patch_folder folder;
    struct policy_index *index;
    struct manifests manifests;
    struct template_tree tree;
    struct template_layouts layouts;
    struct {
        char **items;
        size_t len, cap;
    } paths; /* asked about, below the root; none: all */
    struct changes changes;
    size_t same, differ, failed;
};

/* ---- what was found ---- */

static void print_json(const struct template_layout *layout,
    const struct template_differences *differences, const char *why)
{
    cJSON *object = mem_require(cJSON_CreateObject());
    json_set_string(object, "template", layout->template);
    if (layout->maker != NULL) {
        json_set_string(object, "made_by", layout->maker);
    }
    if (why != NULL) {
        json_set_string(object, "error", why);
    } else {
        json_set_bool(object, "same", differences->len == 0);
        cJSON *list = json_set_array(object, "differences");
        VEC_FOREACH (const struct template_difference, difference, differences) {
            cJSON *one = mem_require(cJSON_CreateObject());
            json_set_string(one, "file", difference->source);
            json_set_int(one, "row", difference->source_row);
            json_set_int(one, "template_row", difference->row);
            cJSON_AddItemToArray(list, one);
        }
    }
    char *line = json_print(object);
    puts(line);
    free(line);
    cJSON_Delete(object);
}

static void print_difference(
    const struct template_layout *layout, const struct template_difference *difference)
{
    char *template = safe_dup(str_of(layout->template), SAFE_ONE_LINE, 4096);
    char *source = safe_dup(str_of(difference->source), SAFE_ONE_LINE, 4096);
    if (difference->row == 0) {
        printf("%s: not there: %s makes it\n", template, source);
    } else {
        printf("%s:%u: differs from %s:%u\n", template, difference->row, source,
            difference->source_row);
    }
    free(source);
    free(template);
}

static void check(struct work *work, const struct template_layout *layout)
{
    struct template_differences differences = {0};
    struct err err;
    bool ok = template_check(&work->tree, layout, &differences, &err);
    if (args_has(work->args, "json")) {
        print_json(layout, &differences, ok ? NULL : err.text);
    } else if (!ok) {
        command_fail(work->args, "%s: %s", layout->template, err.text);
    }
    if (ok && !args_has(work->args, "json")) {
        VEC_FOREACH (const struct template_difference, difference, &differences) {
            print_difference(layout, difference);
        }
    }
    work->failed += !ok;
    work->same += ok && differences.len == 0;
    work->differ += ok && differences.len > 0;
    template_differences_free(&differences);
}

/* ---- what is to be changed ---- */

static void change(struct work *work, const struct template_layout *layout)
{
    struct err err;
    bool ok = work->verb == ASSEMBLE ? template_assemble(&work->tree, layout, &work->changes, &err)
                                     : template_split(&work->tree, layout,
                                           args_has(work->args, "gomplate"), &work->changes, &err);
    if (!ok) {
        command_fail(work->args, "%s: %s", layout->template, err.text);
        work->failed++;
    }
}

static int carry_out(struct work *work)
{
    struct err err;
    bool write = args_has(work->args, "write");
    if (work->failed > 0) {
        fprintf(stderr, "nothing is written\n");
        return EXIT_NO;
    }
    if (work->changes.len == 0) {
        fprintf(stderr, "nothing to change: %zu template%s and their files say the same\n",
            work->layouts.len, work->layouts.len == 1 ? "" : "s");
        return EXIT_YES;
    }
    if (write && !door_write(work->workspace, &work->changes, &err)) {
        return command_fail(work->args, "%s", err.text);
    }
    struct buf text = BUF_INIT;
    struct buf shown = BUF_INIT;
    if (write) {
        VEC_FOREACH (const struct change, c, &work->changes) {
            buf_printf(&text, "%c %s\n", c->base_exists ? 'M' : 'A', c->path);
        }
    } else {
        unified_write(&work->changes, CONTEXT, &text);
    }
    safe_append(&shown, buf_str(&text), SAFE_KEEP_LINES);
    struct buf *out = isatty(STDOUT_FILENO) ? &shown : &text;
    fwrite(out->ptr, 1, out->len, stdout);
    buf_free(&shown);
    buf_free(&text);
    return EXIT_YES;
}

/* ---- what it is about ---- */

/* A path of the command line below the root; the caller frees. NULL: it does not lie there. */
static char *below_root(const char *root, const char *given, struct err *err)
{
    char resolved[PATH_MAX];
    size_t len = strlen(root);
    if (realpath(given, resolved) == NULL) {
        err_set_errno(err, errno, "cannot find %s", given);
        return NULL;
    }
    if (strncmp(resolved, root, len) != 0 || (resolved[len] != '\0' && resolved[len] != '/')) {
        err_set(err, ERR_INVALID, "%s does not lie in %s (see --dir)", given, root);
        return NULL;
    }
    return mem_strdup(resolved[len] == '\0' ? "" : resolved + len + 1);
}

static bool is_known(const struct work *work, const char *template)
{
    VEC_FOREACH (const struct template_layout, layout, &work->layouts) {
        if (strcmp(layout->template, template) == 0) {
            return true;
        }
    }
    return false;
}

/* Each once; a template that is named and has no files yet can be split all the same. */
static void take_path(struct work *work, const char *path)
{
    struct template_layouts found = {0};
    struct template_layout alone;
    template_layouts_find(&work->tree, path, &found);
    VEC_FOREACH (struct template_layout, layout, &found) {
        if (!is_known(work, layout->template)) {
            VEC_PUSH(&work->layouts, *layout);
            *layout = (struct template_layout){0};
        }
    }
    template_layouts_free(&found);
    if (path != NULL && !is_known(work, path) && work->verb == SPLIT &&
        template_layout_of(&work->tree, path, &alone)) {
        VEC_PUSH(&work->layouts, alone);
    }
}

static bool find_layouts(struct work *work, struct err *err)
{
    manifests_update(&work->manifests, work->index, NULL);
    work->folder = (struct patch_folder){workspace_fd(work->workspace), (size_t)16 << 20};
    work->tree = (struct template_tree){
        work->index, &work->manifests, {patch_folder_read, &work->folder}, NULL};
    VEC_FOREACH (char *, path, &work->paths) {
        take_path(work, *path);
    }
    if (work->paths.len == 0) {
        take_path(work, NULL);
    }
    return work->layouts.len > 0 ||
           err_set(err, ERR_NOT_FOUND,
               "no template here has its Rego in files too (see --help for where they are looked "
               "for; split PATH makes them)");
}

static bool read_paths(struct work *work, struct err *err)
{
    const char *root = workspace_root(work->workspace);
    for (int i = 1; i < work->args->count; i++) {
        char *path = below_root(root, work->args->rest[i], err);
        if (path == NULL) {
            return false;
        }
        VEC_PUSH(&work->paths, path);
    }
    return policy_index_scan(work->index, root, NULL, err);
}

static int work_off(struct work *work)
{
    struct err err;
    const char *root = workspace_root(work->workspace);
    if (!read_paths(work, &err)) {
        return command_fail(work->args, "%s", err.text);
    }
    if (work->verb >= TEST) {
        return (work->verb == TEST ? template_apply_test : template_apply_expand)(
            work->args, root, work->index, work->paths.items, work->paths.len);
    }
    if (!find_layouts(work, &err)) {
        return command_fail(work->args, "%s", err.text);
    }
    VEC_FOREACH (const struct template_layout, layout, &work->layouts) {
        work->verb == CHECK ? check(work, layout) : change(work, layout);
    }
    if (work->verb != CHECK) {
        return carry_out(work);
    }
    if (!args_has(work->args, "json")) {
        fprintf(stderr, "%zu of %zu templates say the same as their files\n", work->same,
            work->layouts.len);
    }
    return work->failed > 0 ? EXIT_COULD_NOT : work->differ > 0 ? EXIT_NO : EXIT_YES;
}

static int run(const struct args *args)
{
    static const char *const verbs[] = {"assemble", "split", "check", "test", "expand"};
    size_t verb = 0;
    while (args->count > 0 && verb < ARRAY_LEN(verbs) && strcmp(args->rest[0], verbs[verb]) != 0) {
        verb++;
    }
    if (args->count < 1 || verb == ARRAY_LEN(verbs)) {
        return command_fail(args, "say assemble, split, check, test or expand (see --help)");
    }
    const char *dir = args_get(args, "dir");
    struct err err;
    struct work work = {.args = args,
        .verb = (enum verb)verb,
        .workspace = workspace_open(dir == NULL ? "." : dir, &err)};
    if (work.workspace == NULL) {
        return command_fail(args, "%s", err.text);
    }
    work.index = policy_index_new();
    int code = work_off(&work);
    VEC_FOREACH (char *, path, &work.paths) {
        free(*path);
    }
    VEC_FREE(&work.paths);
    changes_free(&work.changes);
    template_layouts_free(&work.layouts);
    manifests_free(&work.manifests);
    policy_index_free(work.index);
    workspace_free(work.workspace);
    return code;
}
