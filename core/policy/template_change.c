/* Templates put together and taken apart, as changes. */
#include "policy/template_files_private.h"

#include "base/path.h"
#include "base/vec.h"

#include <stdlib.h>

/* The file with this text, in the line endings it has: nothing when it says the same already. */
static bool add_change(const struct template_tree *tree, const char *path, struct str text,
    struct changes *out, struct err *err)
{
    struct patch_file file = {0};
    if (!tree->source.read(tree->source.data, path, &file, err)) {
        return false;
    }
    bool there = file.found == PATCH_FILE;
    struct str base = buf_str(&file.bytes);
    bool ok = file.found != PATCH_FOLDER || err_set(err, ERR_EXISTS, "%s is a folder", path);
    if (ok && (!there || !assembly_same(base, text, NULL))) {
        size_t lf = str_find_char(base, '\n', 0);
        bool crlf = lf != SIZE_MAX && lf > 0 && base.ptr[lf - 1] == '\r';
        struct change change = {.kind = there ? CHANGE_UPDATE : CHANGE_ADD,
            .path = mem_strdup(path),
            .base = file.bytes,
            .base_exists = there,
            .mode = there ? file.mode : 0644};
        file.bytes = BUF_INIT;
        for (size_t i = 0; i < text.len; i++) {
            bool bare = text.ptr[i] == '\n' && (i == 0 || text.ptr[i - 1] != '\r');
            buf_append_c(&change.content, crlf && bare ? "\r" : "");
            buf_append_char(&change.content, text.ptr[i]);
        }
        VEC_PUSH(out, change);
    }
    buf_free(&file.bytes);
    return ok;
}

/* ---- assembling ---- */

static bool assemble_made(const struct template_tree *tree, const struct template_layout *layout,
    struct changes *out, struct err *err)
{
    struct gomplate_output output = {0};
    bool ok = template_render(tree, layout, &output, err) &&
              add_change(tree, layout->template, buf_str(&output.text), out, err);
    gomplate_output_free(&output);
    return ok;
}

static bool assemble_beside(const struct template_tree *tree, const struct template_layout *layout,
    struct changes *out, struct err *err)
{
    struct buf yaml = BUF_INIT;
    struct buf whole = BUF_INIT;
    struct assembly_blocks blocks = {0};
    bool ok = template_read(&tree->source, layout->template, &yaml, err);
    if (ok) {
        assembly_read(buf_str(&yaml), &blocks);
    }
    struct str *texts = mem_zalloc((blocks.len + 1) * sizeof *texts);
    struct buf *files = mem_zalloc((layout->links.len + 1) * sizeof *files);
    for (size_t i = 0; ok && i < layout->links.len; i++) {
        const struct template_link *link = &layout->links.items[i];
        ok = template_read(&tree->source, link->path, &files[i], err);
        if (ok && link->block < blocks.len) {
            texts[link->block] = files[i].len > 0 ? buf_str(&files[i]) : STR_LIT("");
        }
    }
    ok = ok && assembly_put(buf_str(&yaml), &blocks, texts, &whole, err) &&
         add_change(tree, layout->template, buf_str(&whole), out, err);
    for (size_t i = 0; i < layout->links.len; i++) {
        buf_free(&files[i]);
    }
    free(files);
    free(texts);
    assembly_blocks_free(&blocks);
    buf_free(&whole);
    buf_free(&yaml);
    return ok;
}

bool template_assemble(const struct template_tree *tree, const struct template_layout *layout,
    struct changes *out, struct err *err)
{
    return layout->maker != NULL ? assemble_made(tree, layout, out, err)
                                 : assemble_beside(tree, layout, out, err);
}

/* ---- splitting ---- */

struct split {
    const struct template_tree *tree;
    const struct template_layout *layout;
    struct buf yaml;
    struct assembly_blocks blocks;
    char **paths;     /* by block; NULL: stays in the template */
    struct buf maker; /* its new text */
    struct changes changes;
    struct err *err;
};

/* The tree as it would be with the changes so far; what is not there reads as empty. */
static bool read_ahead(void *data, const char *path, struct patch_file *file, struct err *err)
{
    const struct split *split = data;
    const struct change *change = changes_find(&split->changes, path);
    if (change != NULL) {
        file->found = PATCH_FILE;
        buf_append_str(&file->bytes, buf_str(&change->content));
        return true;
    }
    bool ok = split->tree->source.read(split->tree->source.data, path, file, err);
    file->found = ok && file->found == PATCH_ABSENT ? PATCH_FILE : file->found;
    return ok;
}

static bool write_sources(struct split *split)
{
    bool ok = true;
    for (size_t i = 0; ok && i < split->blocks.len; i++) {
        const struct assembly_block *block = &split->blocks.items[i];
        const char *path = split->paths[i];
        const struct change *known = path == NULL ? NULL : changes_find(&split->changes, path);
        if (path == NULL) {
            continue;
        }
        if (known != NULL &&
            !assembly_same(buf_str(&known->content), buf_str(&block->text), NULL)) {
            ok = err_set(split->err, ERR_INVALID,
                "%s is read in two places, which now say different things (line %u)", path,
                block->row);
        } else if (known == NULL) {
            ok = add_change(split->tree, path, buf_str(&block->text), &split->changes, split->err);
        }
    }
    return ok;
}

/* Renders `maker` over the new files: is it the template, to the byte? */
static bool gives_back(struct split *split, struct str maker, const char *base, struct err *err)
{
    struct gomplate_output output = {0};
    struct patch_source ahead = {read_ahead, split};
    unsigned row = 0;
    bool ok = gomplate_render(maker, &ahead, base, &output, err);
    struct str made = buf_str(&output.text);
    struct str yaml = buf_str(&split->yaml);
    if (ok && !str_equal(made, yaml)) {
        size_t at = 0;
        while (at < made.len && at < yaml.len && made.ptr[at] == yaml.ptr[at]) {
            at++;
        }
        row = template_row_of(yaml, at);
        ok = err_set(err, ERR_INVALID,
            "%s would not be the same again: gomplate would write its line %u otherwise (blanks at "
            "the end of an empty line, CR LF, or an empty line after a block)",
            split->layout->template, row);
    }
    gomplate_output_free(&output);
    return ok;
}

static void append_action(struct split *split, size_t block, const char *base)
{
    const char *path = split->paths[block];
    size_t skip = base[0] == '\0' ? 0 : strlen(base) + 1;
    buf_printf(&split->maker,
        "{{ file.Read \"%s\" | strings.Indent %u | strings.TrimSuffix \"\\n\" }}", path + skip,
        split->blocks.items[block].indent);
}

/* The maker's text from the template's, with an action for each block that has a file. `old` (may
 * be NULL) are the maker's own actions by block. */
static void write_maker(struct split *split, const struct str *old, const char *base)
{
    struct str yaml = buf_str(&split->yaml);
    size_t at = 0;
    buf_clear(&split->maker);
    for (size_t i = 0; i < split->blocks.len; i++) {
        const struct assembly_block *block = &split->blocks.items[i];
        if (split->paths[i] == NULL) {
            continue;
        }
        gomplate_escape(str_slice(yaml, at, block->start), &split->maker);
        if (old != NULL && old[i].ptr != NULL) {
            buf_append_str(&split->maker, old[i]);
        } else {
            append_action(split, i, base);
        }
        bool newline = block->end > block->start && yaml.ptr[block->end - 1] == '\n';
        at = block->end - newline;
    }
    gomplate_escape(str_from(yaml, at), &split->maker);
}

static bool fits_action(const struct assembly_block *block, const char *path)
{
    bool is_cel = strcmp(path_ext(path), ".cel") == 0;
    return is_cel == (block->kind == ASSEMBLY_CEL);
}

/* Which block each action stands for: in order, CEL and Rego each for itself. */
static bool match_actions(
    struct split *split, const struct gomplate_output *output, struct str maker, struct str *old)
{
    size_t next[2] = {0, 0};
    VEC_FOREACH (const struct gomplate_action, action, &output->actions) {
        struct str text = str_slice(maker, action->start, action->end);
        if (action->path == NULL && !str_equal_c(text, "{{ \"{{\" }}")) {
            return err_set(split->err, ERR_INVALID,
                "line %u of %s is more than a file: edit it by hand",
                template_row_of(maker, action->start), split->layout->maker);
        }
        if (action->path == NULL) {
            continue;
        }
        size_t *at = &next[strcmp(path_ext(action->path), ".cel") == 0];
        while (*at < split->blocks.len && !fits_action(&split->blocks.items[*at], action->path)) {
            (*at)++;
        }
        if (*at == split->blocks.len) {
            return err_set(split->err, ERR_INVALID, "%s has no block for %s any more",
                split->layout->template, action->path);
        }
        split->paths[*at] = mem_strdup(action->path);
        old[(*at)++] = text;
    }
    for (size_t i = 0; i < split->blocks.len; i++) {
        const struct assembly_block *block = &split->blocks.items[i];
        bool is_rego = block->kind != ASSEMBLY_CEL;
        if (split->paths[i] == NULL && (is_rego ? next[0] : next[1]) > 0) {
            return err_set(split->err, ERR_INVALID,
                "%s has a block at line %u that %s reads no file for: give it one there",
                split->layout->template, block->row, split->layout->maker);
        }
    }
    return true;
}

static bool has_logic(struct str maker)
{
    return str_find(maker, STR_LIT("{{-"), 0) != SIZE_MAX ||
           str_find(maker, STR_LIT("-}}"), 0) != SIZE_MAX ||
           str_find(maker, STR_LIT("{{/*"), 0) != SIZE_MAX;
}

/* Also the template's own text is other than the maker's: that is taken over. */
static bool take_text(struct split *split, struct str maker, const struct str *old)
{
    struct err err;
    if (has_logic(maker)) {
        return err_set(split->err, ERR_INVALID,
            "%s has comments or trim markers that would be lost: take the changes outside the Rego "
            "of %s over by hand",
            split->layout->maker, split->layout->template);
    }
    write_maker(split, old, split->layout->base);
    if (!gives_back(split, buf_str(&split->maker), split->layout->base, &err)) {
        write_maker(split, NULL, split->layout->base); /* the indentation is another */
        if (!gives_back(split, buf_str(&split->maker), split->layout->base, split->err)) {
            return false;
        }
    }
    return add_change(
        split->tree, split->layout->maker, buf_str(&split->maker), &split->changes, split->err);
}

static bool split_made(struct split *split)
{
    struct buf maker = BUF_INIT;
    struct gomplate_output output = {0};
    struct patch_source ahead = {read_ahead, split};
    struct str *old = mem_zalloc((split->blocks.len + 1) * sizeof *old);
    struct err err;
    bool ok = template_read(&split->tree->source, split->layout->maker, &maker, split->err);
    if (ok && !gomplate_render(buf_str(&maker), &ahead, split->layout->base, &output, split->err)) {
        ok = err_prefix(split->err, "%s", split->layout->maker);
    }
    ok = ok && match_actions(split, &output, buf_str(&maker), old) && write_sources(split) &&
         (gives_back(split, buf_str(&maker), split->layout->base, &err) ||
             take_text(split, buf_str(&maker), old));
    free(old);
    gomplate_output_free(&output);
    buf_free(&maker);
    return ok;
}

/* ---- a template that has no files yet ---- */

static char *last_of_package(const struct assembly_block *block)
{
    struct policy_facts *facts = policy_facts_parse(buf_str(&block->text));
    const char *slash = facts->package == NULL ? NULL : strrchr(facts->package, '/');
    const char *name = slash != NULL ? slash + 1 : facts->package;
    bool plain = name != NULL && name[0] != '\0' &&
                 strspn(name, "abcdefghijklmnopqrstuvwxyz_"
                              "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == strlen(name);
    char *last = plain ? mem_strdup(name) : mem_printf("%zu", block->library);
    policy_facts_release(facts);
    return last;
}

static bool is_in(const struct split *split, const char *path)
{
    for (size_t i = 0; i < split->blocks.len; i++) {
        if (split->paths[i] != NULL && strcmp(split->paths[i], path) == 0) {
            return true;
        }
    }
    return false;
}

/* "src.rego", "lib_exclude_update.rego"; a second one of a name: "src_2.rego". */
static char *name_block(const struct split *split, size_t block, const char *folder)
{
    const struct assembly_block *b = &split->blocks.items[block];
    char *last = b->kind == ASSEMBLY_LIB ? last_of_package(b) : NULL;
    char *stem = b->kind == ASSEMBLY_LIB ? mem_printf("lib_%s", last) : mem_strdup("src");
    const char *ext = b->kind == ASSEMBLY_CEL ? ".cel" : ".rego";
    char *path = NULL;
    for (unsigned i = 1; path == NULL; i++) {
        char *name = i == 1 ? mem_printf("%s%s", stem, ext) : mem_printf("%s_%u%s", stem, i, ext);
        path = template_in_folder(folder, name);
        free(name);
        if (is_in(split, path)) {
            free(path);
            path = NULL;
        }
    }
    free(stem);
    free(last);
    return path;
}

/* A file that is there already and holds something else belongs to somebody. */
static bool check_free(struct split *split, const char *path, const struct assembly_block *block)
{
    struct patch_file file = {0};
    bool ok = split->tree->source.read(split->tree->source.data, path, &file, split->err);
    if (ok && file.found == PATCH_FILE &&
        !assembly_same(buf_str(&file.bytes), buf_str(&block->text), NULL)) {
        ok = err_set(split->err, ERR_EXISTS, "%s is there already and holds another policy", path);
    }
    buf_free(&file.bytes);
    return ok;
}

static bool name_paths(struct split *split, const char *folder, bool with_cel)
{
    VEC_FOREACH (const struct template_link, link, &split->layout->links) {
        if (link->block < split->blocks.len) {
            split->paths[link->block] = mem_strdup(link->path);
        }
    }
    bool ok = true;
    for (size_t i = 0; ok && i < split->blocks.len; i++) {
        const struct assembly_block *block = &split->blocks.items[i];
        if (split->paths[i] != NULL || (block->kind == ASSEMBLY_CEL && !with_cel)) {
            continue;
        }
        if (block->fixed != NULL) {
            ok = err_set(split->err, ERR_INVALID,
                "the Rego at line %u of %s is %s: write it as a literal block (|)", block->key_row,
                split->layout->template, block->fixed);
        } else if (block->indent > 0) {
            split->paths[i] = name_block(split, i, folder);
            ok = check_free(split, split->paths[i], block);
        }
    }
    return ok;
}

/* "library/x/template.yaml" is made by "src/x/constraint.tmpl", others by what lies beside. */
static char *new_maker(const char *template, char **base)
{
    char *dir = path_dir(template);
    const char *found = strncmp(dir, "library/", 8) == 0 ? dir : strstr(dir, "/library/");
    bool typical = found != NULL && strcmp(path_base(template), "template.yaml") == 0;
    size_t at = typical ? (size_t)(found - dir) + (found != dir) : 0;
    char *maker;
    if (typical) {
        maker = mem_printf("%.*ssrc%s/constraint.tmpl", (int)at, dir, dir + at + strlen("library"));
        *base = mem_strndup(dir, at > 0 ? at - 1 : 0);
    } else {
        bool plain = strcmp(path_base(template), "template.yaml") == 0 &&
                     strncmp(dir, "src/", 4) != 0 && strstr(dir, "/src/") == NULL;
        maker =
            plain ? template_in_folder(dir, "constraint.tmpl") : mem_printf("%s.tmpl", template);
        *base = mem_strdup("");
    }
    free(dir);
    return maker;
}

static bool split_anew(struct split *split)
{
    char *base = NULL;
    char *maker = new_maker(split->layout->template, &base);
    char *folder = path_dir(maker);
    struct patch_file file = {0};
    bool ok = split->tree->source.read(split->tree->source.data, maker, &file, split->err);
    if (ok && file.found != PATCH_ABSENT) {
        ok = err_set(
            split->err, ERR_EXISTS, "%s is there already and makes another template", maker);
    }
    ok = ok && name_paths(split, folder, true) && write_sources(split);
    if (ok) {
        write_maker(split, NULL, base);
        ok = gives_back(split, buf_str(&split->maker), base, split->err) &&
             add_change(split->tree, maker, buf_str(&split->maker), &split->changes, split->err);
    }
    buf_free(&file.bytes);
    free(folder);
    free(maker);
    free(base);
    return ok;
}

static bool split_beside(struct split *split)
{
    char *folder = path_dir(split->layout->template);
    bool ok = name_paths(split, folder, false) && write_sources(split);
    free(folder);
    return ok;
}

bool template_split(const struct template_tree *tree, const struct template_layout *layout,
    bool make, struct changes *out, struct err *err)
{
    struct split split = {.tree = tree, .layout = layout, .err = err};
    bool ok = template_read(&tree->source, layout->template, &split.yaml, err);
    if (ok) {
        assembly_read(buf_str(&split.yaml), &split.blocks);
        ok = split.blocks.len > 0 ||
             err_set(err, ERR_INVALID, "%s has no ConstraintTemplate with Rego", layout->template);
    }
    split.paths = mem_zalloc((split.blocks.len + 1) * sizeof *split.paths);
    ok = ok && (layout->maker != NULL ? split_made(&split)
                   : make             ? split_anew(&split)
                                      : split_beside(&split));
    for (size_t i = 0; ok && i < split.changes.len; i++) {
        VEC_PUSH(out, split.changes.items[i]);
        split.changes.items[i] = (struct change){0};
    }
    for (size_t i = 0; i < split.blocks.len; i++) {
        free(split.paths[i]);
    }
    free(split.paths);
    changes_free(&split.changes);
    assembly_blocks_free(&split.blocks);
    buf_free(&split.maker);
    buf_free(&split.yaml);
    return ok;
}
