#include "policy/guard/guard_private.h"

#include <stdlib.h>

struct look {
    struct guard_file *file;
    struct guard_names given; /* what `with` puts there */
};

static bool note_given(void *data, TSNode node)
{
    struct look *look = data;
    struct buf path = BUF_INIT;
    if (rego_node_is(node, "with_modifier")) {
        (void)guard_resolve(look->file, rego_node_field(node, "target"), &path);
    }
    if (path.len > 0) {
        VEC_PUSH(&look->given, buf_take(&path));
    }
    buf_free(&path);
    return true;
}

static bool is_known(const struct look *look, const char *path)
{
    VEC_FOREACH (char *, given, &look->given) {
        if (policy_path_below(path, *given) || policy_path_below(*given, path)) {
            return true;
        }
    }
    return policy_names_something(look->file->index, path, look->file->path);
}

static void tell(const struct look *look, TSNode node, const char *path)
{
    char *shown = policy_path_show(path);
    guard_find(look->file, node,
        "there is no data.%s in this workspace: what the test says of it holds of nothing", shown);
    free(shown);
}

/* What an import brings in is told there, once. */
static bool is_told(const struct look *look, TSNode ref)
{
    struct buf path = BUF_INIT;
    bool told = guard_resolve(look->file, rego_node_field(ref, "head"), &path) && path.len > 0 &&
                !is_known(look, path.ptr);
    buf_free(&path);
    return told;
}

static bool look_at(void *data, TSNode node)
{
    const struct look *look = data;
    struct buf path = BUF_INIT;
    if (rego_node_is(node, "import")) {
        rego_path_read(look->file->text, rego_node_field(node, "path"), &path);
        if (path.len > strlen("data/") && str_starts(buf_str(&path), "data/") &&
            !is_known(look, path.ptr + strlen("data/"))) {
            tell(look, rego_node_field(node, "path"), path.ptr + strlen("data/"));
        }
    } else if (rego_node_is(node, "ref")) {
        (void)guard_resolve(look->file, node, &path);
        if (path.len > 0 && !is_known(look, path.ptr) && !is_told(look, node)) {
            tell(look, node, path.ptr);
        }
    }
    buf_free(&path);
    return !rego_node_is(node, "import") && !rego_node_is(node, "package");
}

static void check(struct guard_file *file)
{
    struct look look = {.file = file};
    if (file->index == NULL || file->in_template || !guard_is_test_file(file)) {
        return;
    }
    guard_walk(file->root, note_given, &look);
    guard_walk(file->root, look_at, &look);
    VEC_FOREACH (char *, given, &look.given) {
        free(*given);
    }
    VEC_FREE(&look.given);
}

const struct guard guard_test_unknown_name = {
    .id = "test-unknown-name",
    .no_fix = "what it was renamed to, or whether it is still to be written, is yours to say.",
    .languages = GUARD_REGO,
    .severity = SEVERITY_ERROR,
    .summary = "a test names a rule, package or document that is not there",
    .explanation =
        "What is not there is undefined, and opa does not mind: `not p.deny[\"x\"]` passes since "
        "the "
        "package or the rule was renamed, and shows nothing. Told of test files, where neither a "
        "rule nor a document of the workspace answers and no `with` of the file gives it a value.",
    .check = check,
};
