#include "policy/guard/guard_private.h"

#include "base/file.h"
#include "base/path.h"
#include "policy/template_files.h"

#include <stdlib.h>

#define TEXT_MAX ((size_t)4 << 20)

/* The workspace's files, this one as it is on the screen. */
static bool read_file(void *data, const char *path, struct patch_file *file, struct err *err)
{
    const struct guard_file *shown = data;
    if (strcmp(path, shown->path) == 0) {
        buf_append_str(&file->bytes, shown->text);
        file->found = PATCH_FILE;
        return true;
    }
    struct err why = {0};
    char *full = path_join(shown->index->root, path);
    const struct buf *text = policy_index_text(shown->index, path);
    bool ok = true;
    if (text != NULL) {
        buf_append_str(&file->bytes, buf_str(text));
        file->found = PATCH_FILE;
    } else if (file_read(full, TEXT_MAX, &file->bytes, &why)) {
        file->found = PATCH_FILE;
    } else if (why.kind != ERR_NOT_FOUND) {
        ok = err_set(err, why.kind, "%s", why.text);
    }
    free(full);
    return ok;
}

static void tell(struct guard_file *file, const struct template_layout *layout,
    const struct template_difference *difference)
{
    bool is_template = strcmp(file->path, layout->template) == 0;
    bool is_source = strcmp(file->path, difference->source) == 0;
    unsigned row = is_template ? difference->row : difference->source_row;
    if (!is_template && !is_source) {
        return;
    }
    struct position at = {row == 0 ? 1 : row, 1};
    struct finding *finding;
    if (difference->row == 0) {
        finding = guard_find_at(
            file, at, at, "the template %s that is made of this is not there", layout->template);
    } else {
        finding = guard_find_at(file, at, at, "%s:%u says something else from this line on",
            is_template ? difference->source : layout->template,
            is_template ? difference->source_row : difference->row);
    }
    finding->fix = mem_strdup(difference->row == 0
                                  ? "assemble the template"
                                  : "assemble the template from its files, or take its Rego over "
                                    "into them (split)");
}

static void compare(
    struct guard_file *file, const struct template_tree *tree, const struct template_layout *layout)
{
    struct template_differences differences = {0};
    struct err err;
    if (!template_check(tree, layout, &differences, &err)) {
        if (strcmp(file->path, layout->template) == 0) {
            struct position top = {1, 1};
            guard_find_at(file, top, top, "cannot be compared with its files: %s", err.text);
        }
    }
    VEC_FOREACH (const struct template_difference, difference, &differences) {
        tell(file, layout, difference);
    }
    template_differences_free(&differences);
}

static void check(struct guard_file *file)
{
    if (file->index == NULL || file->manifests == NULL) {
        return;
    }
    struct template_tree tree = {file->index, file->manifests, {read_file, file}, NULL};
    if (!file->is_rego) {
        struct template_layout layout;
        if (template_layout_of(&tree, file->path, &layout)) {
            compare(file, &tree, &layout);
            template_layout_free(&layout);
        }
        return;
    }
    struct template_layouts layouts = {0};
    template_layouts_near(&tree, file->path, &layouts);
    VEC_FOREACH (const struct template_layout, layout, &layouts) {
        compare(file, &tree, layout);
    }
    template_layouts_free(&layouts);
}

const struct guard guard_template_source = {
    .id = "template-source",
    .no_fix = "by command, for it writes files: `bylaw template assemble` or `bylaw template "
              "split`, whichever side is right.",
    .languages = GUARD_REGO | GUARD_YAML,
    .severity = SEVERITY_WARNING,
    .summary = "a ConstraintTemplate and the files its Rego is kept in differ",
    .explanation =
        "The tests run the file, Gatekeeper runs the template: where they differ, what is tested "
        "is not what is enforced. Told at the first line that differs, of a template that a "
        "constraint.tmpl makes and of one with its .rego files beside it. `bylaw template "
        "assemble` writes the template from its files, `bylaw template split` the files from the "
        "template.",
    .check = check,
};
