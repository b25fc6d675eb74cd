#include "gate/gate_static.h"

#include "base/path.h"
#include "base/vec.h"
#include "policy/guard.h"
#include "policy/template_files.h"
#include "workspace/workspace.h"

#include <stdlib.h>
#include <unistd.h>

#define TEMPLATE_MAX_BYTES ((size_t)16 << 20)

static void free_paths(struct gate_paths *paths)
{
    VEC_FOREACH (char *, path, paths) {
        free(*path);
    }
    VEC_FREE(paths);
}

static void find(
    struct gate_static *out, const struct template_layout *layout, unsigned row, char *message)
{
    struct finding finding = {.rule = mem_strdup(GATE_TEMPLATE_RULE),
        .severity = SEVERITY_ERROR,
        .file = mem_strdup(layout->template),
        .at = {row, row > 0},
        .message = message,
        .fix = mem_strdup("bylaw template assemble --write makes it of its files"),
        .source = mem_strdup("bylaw")};
    VEC_PUSH(&out->templates, finding);
}

static void compare(
    const struct template_tree *tree, const struct template_layout *layout, struct gate_static *out)
{
    struct template_differences differences = {0};
    struct err err;
    VEC_PUSH(&out->layouts, mem_strdup(layout->template));
    if (!template_check(tree, layout, &differences, &err)) {
        out->uncompared++;
        find(out, layout, 0, mem_printf("cannot be compared with its files: %s", err.text));
    }
    VEC_FOREACH (const struct template_difference, difference, &differences) {
        find(out, layout, difference->row,
            difference->row == 0
                ? mem_printf("is not there: %s makes it", difference->source)
                : mem_printf("differs from %s:%u", difference->source, difference->source_row));
    }
    template_differences_free(&differences);
}

/* The folder is a part of a repository: what its templates are made as may lie beside it, and the
 * paths in what makes them start from the repository's top. */
static bool is_part(const char *root)
{
    char *top = path_git_root(root);
    bool part = top != NULL && strcmp(top, root) != 0;
    free(top);
    return part;
}

static bool is_there(const char *root, const char *path)
{
    char *full = path_join(root, path);
    bool there = access(full, F_OK) == 0;
    free(full);
    return there;
}

static void name_files(const struct policy_index *index, struct gate_static *out)
{
    VEC_FOREACH (const struct policy_file, file, &index->files) {
        const char *ext = path_ext(file->path);
        if (file->kind == POLICY_REGO || strcmp(ext, ".yaml") == 0 || strcmp(ext, ".yml") == 0) {
            VEC_PUSH(&out->files, mem_strdup(file->path));
        }
    }
}

static bool is_cancelled(const atomic_bool *cancel)
{
    return cancel != NULL && atomic_load(cancel);
}

static bool read_templates(struct policy_index *index, const struct manifests *manifests,
    const char *root, const atomic_bool *cancel, struct gate_static *out, struct err *err)
{
    struct workspace *workspace = workspace_open(root, err);
    struct template_layouts layouts = {0};
    if (workspace == NULL) {
        return false;
    }
    name_files(index, out);
    struct patch_folder folder = {workspace_fd(workspace), TEMPLATE_MAX_BYTES};
    struct template_tree tree = {index, manifests, {patch_folder_read, &folder}, cancel};
    template_layouts_find(&tree, NULL, &layouts);
    bool part = is_part(root);
    VEC_FOREACH (const struct template_layout, layout, &layouts) {
        if (!is_cancelled(cancel) && (!part || is_there(root, layout->template))) {
            compare(&tree, layout, out);
        }
    }
    template_layouts_free(&layouts);
    workspace_free(workspace);
    return true;
}

bool gate_static_read(struct policy_index *index, const char *root, const char *before,
    const atomic_bool *cancel, struct gate_static *out, struct err *err)
{
    struct manifests manifests = {0};
    const struct guards_wish wish = {.other = before, .cancel = cancel};
    size_t files = 0;
    *out = (struct gate_static){0};
    bool ok = policy_index_scan(index, root, cancel, err);
    if (ok) {
        manifests_update(&manifests, index, cancel);
        guards_check_index(index, &manifests, &wish, &out->guards, &files);
        ok = read_templates(index, &manifests, root, cancel, out, err);
    }
    manifests_free(&manifests);
    return ok;
}

/* ---- before a change ---- */

/* The unchanged files that something is said of. True: all have to be read, for it is said of
 * several at once. */
static bool list_said(const struct findings *findings,
    bool (*changed)(void *data, const char *path), void *data, struct gate_paths *out)
{
    bool all = false;
    VEC_FOREACH (const struct finding, finding, findings) {
        const struct guard *guard = guard_by_id(str_of(finding->rule));
        if (!changed(data, finding->file)) {
            all = all || finding->file == NULL || (guard != NULL && guard->finish != NULL);
            if (finding->file != NULL &&
                (out->len == 0 || strcmp(out->items[out->len - 1], finding->file) != 0)) {
                VEC_PUSH(out, mem_strdup(finding->file));
            }
        }
    }
    return all;
}

bool gate_static_read_before(struct policy_index *index, const char *root, const char *after,
    const struct gate_static *now, bool (*changed)(void *data, const char *path), void *data,
    const atomic_bool *cancel, struct gate_static *out, struct err *err)
{
    struct manifests manifests = {0};
    struct gate_paths guarded = {0};
    struct gate_paths templates = {0};
    size_t files = 0;
    *out = (struct gate_static){0};
    bool all = list_said(&now->guards, changed, data, &guarded);
    (void)list_said(&now->templates, changed, data, &templates);
    bool asked = guarded.len > 0 || templates.len > 0 || all;
    bool ok = !asked || policy_index_scan(index, root, cancel, err);
    if (asked && ok) {
        manifests_update(&manifests, index, cancel);
    }
    if (ok && (all || guarded.len > 0)) {
        const struct guards_wish wish = {guarded.items, all ? 0 : guarded.len, after, cancel};
        guards_check_index(index, &manifests, &wish, &out->guards, &files);
    }
    if (ok && templates.len > 0) {
        ok = read_templates(index, &manifests, root, cancel, out, err);
    }
    free_paths(&guarded);
    free_paths(&templates);
    manifests_free(&manifests);
    return ok;
}

void gate_static_free(struct gate_static *read)
{
    free_paths(&read->files);
    free_paths(&read->layouts);
    findings_free(&read->guards);
    findings_free(&read->templates);
}

void gate_static_keep(
    struct findings *findings, bool (*keep)(void *data, const char *path), void *data)
{
    size_t kept = 0;
    for (size_t i = 0; i < findings->len; i++) {
        if (keep(data, findings->items[i].file)) {
            findings->items[kept++] = findings->items[i];
        } else {
            finding_free(&findings->items[i]);
        }
    }
    findings->len = kept;
}

static int compare_texts(const char *a, const char *b)
{
    return strcmp(a == NULL ? "" : a, b == NULL ? "" : b);
}

static int by_content(const void *a, const void *b)
{
    const struct finding *x = *(const struct finding *const *)a;
    const struct finding *y = *(const struct finding *const *)b;
    int order = compare_texts(x->file, y->file);
    order = order != 0 ? order : compare_texts(x->rule, y->rule);
    return order != 0 ? order : compare_texts(x->message, y->message);
}

void gate_static_subtract(struct findings *findings, const struct findings *before,
    bool (*changed)(void *data, const char *path), void *data)
{
    size_t kept = 0;
    const struct finding **known = mem_alloc((before->len + 1) * sizeof *known);
    for (size_t i = 0; i < before->len; i++) {
        known[i] = &before->items[i];
    }
    qsort(known, before->len, sizeof *known, by_content);
    for (size_t i = 0; i < findings->len; i++) {
        struct finding *finding = &findings->items[i];
        const struct finding *key = finding;
        bool was = bsearch(&key, known, before->len, sizeof *known, by_content) != NULL;
        if (!was || changed(data, finding->file)) {
            findings->items[kept++] = *finding;
        } else {
            finding_free(finding);
        }
    }
    findings->len = kept;
    free(known);
}
