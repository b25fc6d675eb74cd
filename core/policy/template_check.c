/* Whether templates and their files say the same, and what a row is made from. */
#include "policy/template_files_private.h"

#include "base/vec.h"

#include <stdlib.h>

void template_differences_free(struct template_differences *differences)
{
    VEC_FOREACH (struct template_difference, difference, differences) {
        free(difference->source);
    }
    VEC_FREE(differences);
}

static size_t start_of_row(struct str text, unsigned row)
{
    size_t at = 0;
    for (; row > 1; row--) {
        size_t lf = str_find_char(text, '\n', at);
        if (lf == SIZE_MAX) {
            return text.len;
        }
        at = lf + 1;
    }
    return at;
}

/* The file and its row that a byte of the output stands for, or NULL: an action's. Else the maker's
 * own row. */
static char *place_of(const struct gomplate_output *output, struct str maker_text,
    const char *maker, size_t at, unsigned *row)
{
    const struct gomplate_action *before = NULL;
    VEC_FOREACH (const struct gomplate_action, action, &output->actions) {
        if (at >= action->out_start && at < action->out_end && action->path != NULL) {
            struct str out = buf_str(&output->text);
            *row = template_row_of(out, at) - template_row_of(out, action->out_start) + 1;
            return mem_strdup(action->path);
        }
        before = action->out_end <= at ? action : before;
    }
    size_t place = before == NULL ? at : before->end + (at - before->out_end);
    *row = template_row_of(maker_text, place);
    return mem_strdup(maker);
}

static bool check_made(const struct template_tree *tree, const struct template_layout *layout,
    struct template_differences *out, struct err *err)
{
    struct gomplate_output output = {0};
    struct buf maker = BUF_INIT;
    struct patch_file file = {0};
    bool ok = template_render(tree, layout, &output, err) &&
              template_read(&tree->source, layout->maker, &maker, err) &&
              tree->source.read(tree->source.data, layout->template, &file, err);
    unsigned row = 1;
    if (ok && !assembly_same(buf_str(&output.text), buf_str(&file.bytes), &row)) {
        struct template_difference difference = {.row = file.found == PATCH_FILE ? row : 0};
        difference.source = place_of(&output, buf_str(&maker), layout->maker,
            start_of_row(buf_str(&output.text), row), &difference.source_row);
        VEC_PUSH(out, difference);
    }
    buf_free(&file.bytes);
    buf_free(&maker);
    gomplate_output_free(&output);
    return ok;
}

static bool check_beside(const struct template_tree *tree, const struct template_layout *layout,
    struct template_differences *out, struct err *err)
{
    struct buf text = BUF_INIT;
    struct assembly_blocks blocks = {0};
    bool ok = template_read(&tree->source, layout->template, &text, err);
    if (ok) {
        assembly_read(buf_str(&text), &blocks);
    }
    for (size_t i = 0; ok && i < layout->links.len; i++) {
        const struct template_link *link = &layout->links.items[i];
        struct buf own = BUF_INIT;
        unsigned row = 1;
        ok = template_read(&tree->source, link->path, &own, err);
        const struct assembly_block *block =
            link->block < blocks.len ? &blocks.items[link->block] : NULL;
        if (ok && block != NULL && !assembly_same(buf_str(&block->text), buf_str(&own), &row)) {
            unsigned place = block->fixed != NULL ? block->row : block->row + row - 1;
            VEC_PUSH(out, (struct template_difference){mem_strdup(link->path), row, place});
        }
        buf_free(&own);
    }
    assembly_blocks_free(&blocks);
    buf_free(&text);
    return ok;
}

bool template_check(const struct template_tree *tree, const struct template_layout *layout,
    struct template_differences *out, struct err *err)
{
    return layout->maker != NULL ? check_made(tree, layout, out, err)
                                 : check_beside(tree, layout, out, err);
}

/* ---- what a row is made from ---- */

static char *origin_made(const struct template_tree *tree, const struct template_layout *layout,
    unsigned row, unsigned *source_row)
{
    struct gomplate_output output = {0};
    struct buf text = BUF_INIT;
    char *path = NULL;
    if (template_render(tree, layout, &output, NULL) &&
        template_read(&tree->source, layout->template, &text, NULL) &&
        assembly_same(buf_str(&output.text), buf_str(&text), NULL)) {
        size_t at = start_of_row(buf_str(&output.text), row);
        path = place_of(&output, (struct str){0}, "", at, source_row);
        if (path[0] == '\0') {
            free(path);
            path = NULL;
        }
    }
    buf_free(&text);
    gomplate_output_free(&output);
    return path;
}

static char *origin_beside(const struct template_tree *tree, const struct template_layout *layout,
    unsigned row, unsigned *source_row)
{
    struct buf text = BUF_INIT;
    struct assembly_blocks blocks = {0};
    char *path = NULL;
    if (template_read(&tree->source, layout->template, &text, NULL)) {
        assembly_read(buf_str(&text), &blocks);
    }
    VEC_FOREACH (const struct template_link, link, &layout->links) {
        const struct assembly_block *block =
            link->block < blocks.len ? &blocks.items[link->block] : NULL;
        struct buf own = BUF_INIT;
        if (path == NULL && block != NULL && block->fixed == NULL && row >= block->row &&
            row < block->row + template_row_of(buf_str(&block->text), block->text.len) &&
            template_read(&tree->source, link->path, &own, NULL) &&
            assembly_same(buf_str(&block->text), buf_str(&own), NULL)) {
            path = mem_strdup(link->path);
            *source_row = row - block->row + 1;
        }
        buf_free(&own);
    }
    assembly_blocks_free(&blocks);
    buf_free(&text);
    return path;
}

char *template_origin(const struct template_tree *tree, const struct template_layout *layout,
    unsigned row, unsigned *source_row)
{
    return layout->maker != NULL ? origin_made(tree, layout, row, source_row)
                                 : origin_beside(tree, layout, row, source_row);
}
