#include "policy/template_files_private.h"

#include "base/path.h"
#include "base/vec.h"
#include "policy/yaml_tree.h"

#include <stdlib.h>

bool template_read(
    const struct patch_source *source, const char *path, struct buf *out, struct err *err)
{
    struct patch_file file = {0};
    bool ok = source->read(source->data, path, &file, err);
    if (ok && file.found != PATCH_FILE) {
        ok = err_set(err, ERR_NOT_FOUND, "there is no file %s", path);
    }
    if (ok && file.bytes.len > TEMPLATE_FILE_MAX) {
        ok = err_set(err, ERR_LIMIT, "%s is larger than %zu MiB", path, TEMPLATE_FILE_MAX >> 20);
    }
    if (ok) {
        buf_append_str(out, buf_str(&file.bytes));
    }
    buf_free(&file.bytes);
    return ok;
}

static bool exists(const struct template_tree *tree, const char *path)
{
    struct patch_file file = {0};
    bool found =
        tree->source.read(tree->source.data, path, &file, NULL) && file.found == PATCH_FILE;
    buf_free(&file.bytes);
    return found;
}

char *template_in_folder(const char *folder, const char *name)
{
    return folder[0] == '\0' || strcmp(folder, ".") == 0 ? mem_strdup(name)
                                                         : path_join(folder, name);
}

unsigned template_row_of(struct str text, size_t at)
{
    unsigned row = 1;
    for (size_t i = 0; i < at && i < text.len; i++) {
        row += text.ptr[i] == '\n';
    }
    return row;
}

void template_layout_free(struct template_layout *layout)
{
    free(layout->template);
    free(layout->maker);
    free(layout->base);
    VEC_FOREACH (struct template_link, link, &layout->links) {
        free(link->path);
    }
    VEC_FREE(&layout->links);
    *layout = (struct template_layout){0};
}

void template_layouts_free(struct template_layouts *layouts)
{
    VEC_FOREACH (struct template_layout, layout, layouts) {
        template_layout_free(layout);
    }
    VEC_FREE(layouts);
}

/* ---- made by gomplate ---- */

/* Where the folder `src` of a path begins, or SIZE_MAX. */
static size_t find_src(const char *path)
{
    if (strncmp(path, "src/", 4) == 0) {
        return 0;
    }
    const char *found = strstr(path, "/src/");
    return found == NULL ? SIZE_MAX : (size_t)(found - path) + 1;
}

/* What a .tmpl makes; NULL: nothing we know. */
static char *target_of(const char *maker)
{
    const char *name = path_base(maker);
    size_t len = strlen(maker);
    size_t src = find_src(maker);
    if (str_ends(str_of(name), ".yaml.tmpl") || str_ends(str_of(name), ".yml.tmpl")) {
        return mem_strndup(maker, len - strlen(".tmpl"));
    }
    if (strcmp(name, "constraint.tmpl") != 0 && strcmp(name, "template.tmpl") != 0) {
        return NULL;
    }
    char *dir = path_dir(maker);
    char *target = NULL;
    if (src == SIZE_MAX) {
        target = template_in_folder(dir, "template.yaml");
    } else {
        target = mem_printf("%.*slibrary%s/template.yaml", (int)src, maker, dir + src + 3);
    }
    free(dir);
    return target;
}

/* The folder at which the maker's paths begin: of the folders above it the topmost that has the
 * first of them. */
static char *base_of(const struct template_tree *tree, const char *maker, const char *first)
{
    char *dir = path_dir(maker);
    char *base = mem_strdup("");
    for (size_t at = 0;;) {
        char *path = template_in_folder(base, first);
        bool found = exists(tree, path);
        free(path);
        if (found || strcmp(dir, ".") == 0 || dir[at] == '\0') {
            if (!found) {
                free(base);
                base = mem_strdup("");
            }
            break;
        }
        at += dir[at] == '/';
        at += strcspn(dir + at, "/");
        free(base);
        base = mem_strndup(dir, at);
    }
    free(dir);
    return base;
}

static bool read_nothing(void *data, const char *path, struct patch_file *file, struct err *err)
{
    (void)data;
    (void)path;
    (void)err;
    file->found = PATCH_FILE;
    return true;
}

/* A maker of a ConstraintTemplate that reads files? */
static bool maker_layout(
    const struct template_tree *tree, const char *maker, struct template_layout *out)
{
    struct buf text = BUF_INIT;
    struct gomplate_output output = {0};
    struct patch_source none = {read_nothing, NULL};
    bool ok = template_read(&tree->source, maker, &text, NULL) &&
              str_find(buf_str(&text), STR_LIT("ConstraintTemplate"), 0) != SIZE_MAX;
    if (ok) {
        /* Only for the paths: what it does not know is said when it is asked for the whole. */
        (void)!gomplate_render(buf_str(&text), &none, "", &output, NULL);
        const char *first = NULL;
        VEC_FOREACH (struct gomplate_action, action, &output.actions) {
            first = first == NULL ? action->path : first;
        }
        ok = first != NULL;
        if (ok) {
            *out = (struct template_layout){.template = target_of(maker),
                .maker = mem_strdup(maker),
                .base = base_of(tree, maker, first)};
        }
    }
    gomplate_output_free(&output);
    buf_free(&text);
    return ok;
}

static bool find_maker(
    const struct template_tree *tree, const char *template, struct template_layout *out)
{
    for (size_t i = 0; i < tree->index->others.len; i++) {
        const char *path = tree->index->others.items[i];
        char *target = str_ends(str_of(path), ".tmpl") ? target_of(path) : NULL;
        bool fits = target != NULL && strcmp(target, template) == 0;
        free(target);
        if (fits && maker_layout(tree, path, out)) {
            return true;
        }
    }
    return false;
}

bool template_render(const struct template_tree *tree, const struct template_layout *layout,
    struct gomplate_output *out, struct err *err)
{
    struct buf text = BUF_INIT;
    bool ok = template_read(&tree->source, layout->maker, &text, err);
    if (ok && !gomplate_render(buf_str(&text), &tree->source, layout->base, out, err)) {
        ok = err_prefix(err, "%s", layout->maker);
    }
    buf_free(&text);
    return ok;
}

/* ---- files beside ---- */

/* In the folder, or one just below it. 0: not, 1: below, 2: in it. */
static int nearness(const char *folder, const char *path)
{
    size_t len = strcmp(folder, ".") == 0 ? 0 : strlen(folder);
    if (len > 0 && (strncmp(path, folder, len) != 0 || path[len] != '/')) {
        return 0;
    }
    const char *rest = path + len + (len > 0);
    const char *slash = strchr(rest, '/');
    return slash == NULL ? 2 : strchr(slash + 1, '/') == NULL ? 1 : 0;
}

static char *package_of(const struct assembly_block *block)
{
    struct policy_facts *facts = policy_facts_parse(buf_str(&block->text));
    char *package = mem_strdup(facts->package);
    policy_facts_release(facts);
    return package;
}

static bool is_taken(const struct template_layout *layout, const char *path)
{
    VEC_FOREACH (struct template_link, link, &layout->links) {
        if (strcmp(link->path, path) == 0) {
            return true;
        }
    }
    return false;
}

/* The file that a block's text is kept in, or NULL. */
static const char *file_of_block(const struct template_tree *tree,
    const struct template_layout *layout, const struct assembly_block *block, const char *folder)
{
    char *package = package_of(block);
    const char *best = NULL;
    int best_rank = 0;
    VEC_FOREACH (const struct policy_file, file, &tree->index->files) {
        bool usable = file->kind == POLICY_REGO && file->facts != NULL &&
                      file->facts->tests.len == 0 && !is_taken(layout, file->path);
        int near = usable ? nearness(folder, file->path) : 0;
        bool same = near > 0 && package != NULL && file->facts->package != NULL &&
                    strcmp(package, file->facts->package) == 0;
        bool named = near == 2 && block->kind == ASSEMBLY_REGO &&
                     strcmp(path_base(file->path), "src.rego") == 0;
        int rank = same ? 2 + near : named ? 1 : 0;
        if (rank > best_rank) {
            best = file->path;
            best_rank = rank;
        }
    }
    free(package);
    return best;
}

static void find_beside(const struct template_tree *tree, const struct assembly_blocks *blocks,
    struct template_layout *layout)
{
    char *folder = path_dir(layout->template);
    for (size_t i = 0; i < blocks->len; i++) {
        const struct assembly_block *block = &blocks->items[i];
        const char *path =
            block->kind == ASSEMBLY_CEL ? NULL : file_of_block(tree, layout, block, folder);
        if (path != NULL) {
            VEC_PUSH(&layout->links, (struct template_link){i, mem_strdup(path)});
        }
    }
    free(folder);
}

bool template_layout_of(
    const struct template_tree *tree, const char *path, struct template_layout *out)
{
    struct buf text = BUF_INIT;
    struct assembly_blocks blocks = {0};
    *out = (struct template_layout){0};
    bool ok = template_read(&tree->source, path, &text, NULL);
    if (ok) {
        assembly_read(buf_str(&text), &blocks);
        ok = blocks.len > 0;
    }
    if (ok && !find_maker(tree, path, out)) {
        out->template = mem_strdup(path);
        find_beside(tree, &blocks, out);
    }
    assembly_blocks_free(&blocks);
    buf_free(&text);
    return ok;
}

/* ---- all of a tree ---- */

static bool concerns(const char *wanted, const char *path)
{
    return wanted == NULL || wanted[0] == '\0' || policy_path_below(path, wanted);
}

static bool layout_wanted(
    const struct template_tree *tree, const struct template_layout *layout, const char *wanted)
{
    if (concerns(wanted, layout->template) ||
        (layout->maker != NULL && concerns(wanted, layout->maker))) {
        return true;
    }
    bool found = false;
    VEC_FOREACH (struct template_link, link, &layout->links) {
        found = found || concerns(wanted, link->path);
    }
    struct gomplate_output output = {0};
    if (!found && layout->maker != NULL) {
        (void)!template_render(tree, layout, &output, NULL);
        VEC_FOREACH (struct gomplate_action, action, &output.actions) {
            found = found || (action->path != NULL && concerns(wanted, action->path));
        }
    }
    gomplate_output_free(&output);
    return found;
}

static void take_layout(const struct template_tree *tree, const char *wanted,
    struct template_layout *layout, struct template_layouts *out)
{
    if (layout_wanted(tree, layout, wanted)) {
        VEC_PUSH(out, *layout);
        *layout = (struct template_layout){0};
    }
    template_layout_free(layout);
}

static bool is_made(const struct template_tree *tree, const char *path)
{
    for (size_t i = 0; i < tree->index->others.len; i++) {
        const char *other = tree->index->others.items[i];
        char *target = str_ends(str_of(other), ".tmpl") ? target_of(other) : NULL;
        bool made = target != NULL && strcmp(target, path) == 0;
        free(target);
        if (made) {
            return true;
        }
    }
    return false;
}

static bool has_template(const struct manifest_file *file)
{
    VEC_FOREACH (const struct manifest, m, &file->list) {
        if (strcmp(m->kind, "ConstraintTemplate") == 0) {
            return true;
        }
    }
    return false;
}

static bool is_cancelled(const struct template_tree *tree)
{
    return tree->cancel != NULL && atomic_load(tree->cancel);
}

void template_layouts_find(
    const struct template_tree *tree, const char *wanted, struct template_layouts *out)
{
    struct template_layout layout = {0};
    for (size_t i = 0; i < tree->index->others.len && !is_cancelled(tree); i++) {
        const char *path = tree->index->others.items[i];
        char *target = str_ends(str_of(path), ".tmpl") ? target_of(path) : NULL;
        if (target != NULL && maker_layout(tree, path, &layout)) {
            take_layout(tree, wanted, &layout, out);
        }
        free(target);
    }
    for (size_t i = 0;
         tree->manifests != NULL && i < tree->manifests->files.len && !is_cancelled(tree); i++) {
        const struct manifest_file *file = &tree->manifests->files.items[i];
        if (has_template(file) && !is_made(tree, file->path) &&
            template_layout_of(tree, file->path, &layout)) {
            if (layout.links.len > 0) {
                take_layout(tree, wanted, &layout, out);
            } else {
                template_layout_free(&layout);
            }
        }
    }
}

static bool same_folder(const char *a, const char *b)
{
    size_t len = (size_t)(path_base(a) - a);
    return len == (size_t)(path_base(b) - b) && strncmp(a, b, len) == 0;
}

void template_layouts_near(
    const struct template_tree *tree, const char *path, struct template_layouts *out)
{
    struct template_layout layout = {0};
    for (size_t i = 0; i < tree->index->others.len; i++) {
        const char *other = tree->index->others.items[i];
        char *target =
            str_ends(str_of(other), ".tmpl") && same_folder(other, path) ? target_of(other) : NULL;
        if (target != NULL && maker_layout(tree, other, &layout)) {
            take_layout(tree, path, &layout, out);
        }
        free(target);
    }
    for (size_t i = 0; tree->manifests != NULL && i < tree->manifests->files.len; i++) {
        const struct manifest_file *file = &tree->manifests->files.items[i];
        char *folder = path_dir(file->path);
        if (has_template(file) && nearness(folder, path) > 0 && !is_made(tree, file->path) &&
            template_layout_of(tree, file->path, &layout)) {
            take_layout(tree, path, &layout, out);
        }
        free(folder);
    }
}
