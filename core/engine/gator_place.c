#include "engine/gator_place.h"

#include "base/safe.h"
#include "base/vec.h"
#include "policy/assembly.h"
#include "policy/yaml_tree.h"

#include <ctype.h>
#include <stdlib.h>

enum { MESSAGE_MAX = 600 };

void gator_templates_free(struct gator_templates *templates)
{
    VEC_FOREACH (struct gator_template, template, templates) {
        free(template->name);
        free(template->makes);
    }
    VEC_FREE(templates);
}

static void read_engines(struct str text, TSNode target, struct gator_template *template)
{
    TSNode code = yaml_get(text, target, "code", NULL);
    TSNode entry;
    template->rego = template->rego || yaml_is_scalar(yaml_get(text, target, "rego", NULL));
    for (uint32_t at = 0; yaml_next_item(code, &at, &entry);) {
        TSNode engine = yaml_get(text, entry, "engine", NULL);
        template->rego = template->rego || yaml_equals(text, engine, "Rego");
        template->cel = template->cel || yaml_equals(text, engine, "K8sNativeValidation");
    }
}

/* The first line of a block that is one policy's own. */
static const struct assembly_block *policy_block(
    const struct assembly_blocks *blocks, const char *name, enum assembly_kind kind, size_t library)
{
    VEC_FOREACH (const struct assembly_block, block, blocks) {
        if (block->kind == kind && block->library == library &&
            (name == NULL || strcmp(block->name, name) == 0)) {
            return block;
        }
    }
    return NULL;
}

void gator_templates_read(struct str yaml, struct gator_templates *out)
{
    struct assembly_blocks blocks = {0};
    TSTree *tree =
        str_find(yaml, STR_LIT("ConstraintTemplate"), 0) == SIZE_MAX ? NULL : yaml_tree_parse(yaml);
    if (tree == NULL) {
        return;
    }
    assembly_read(yaml, &blocks);
    TSNode content;
    for (uint32_t at = 0; yaml_next_document(ts_tree_root_node(tree), &at, &content);) {
        if (!yaml_equals(yaml, yaml_get(yaml, content, "kind", NULL), "ConstraintTemplate")) {
            continue;
        }
        TSPoint point = ts_node_start_point(content);
        struct gator_template template = {.name = yaml_string(yaml, content, "metadata/name"),
            .makes = yaml_string(yaml, content, "spec/crd/spec/names/kind"),
            .at = {point.row + 1, point.column + 1}};
        TSNode targets = yaml_get_path(yaml, content, "spec/targets");
        TSNode target;
        for (uint32_t i = 0; yaml_next_item(targets, &i, &target);) {
            read_engines(yaml, target, &template);
        }
        const struct assembly_block *block = policy_block(&blocks, template.name, ASSEMBLY_REGO, 0);
        if (block != NULL) {
            template.rego_at = (struct position){block->row, block->indent + 1};
        }
        VEC_PUSH(out, template);
    }
    assembly_blocks_free(&blocks);
    ts_tree_delete(tree);
}

/* ---- errors ---- */

/* A place as gator writes it: which source, which row of it, where it ends in the text. */
struct mention {
    size_t start, end;
    enum assembly_kind kind;
    size_t library;
    unsigned row;
};

static bool read_number(struct str text, size_t *at, size_t *number)
{
    size_t from = *at;
    *number = 0;
    while (*at < text.len && isdigit((unsigned char)text.ptr[*at]) && *at - from < 7) {
        *number = *number * 10 + (size_t)(text.ptr[(*at)++] - '0');
    }
    return *at > from;
}

static bool mention_at(struct str text, size_t at, struct mention *mention)
{
    struct str rest = str_from(text, at);
    size_t number = 0;
    *mention = (struct mention){.start = at, .kind = ASSEMBLY_REGO};
    bool word_before = at > 0 && (isalnum((unsigned char)text.ptr[at - 1]) ||
                                     strchr("_-./", text.ptr[at - 1]) != NULL);
    if (!word_before && str_starts(rest, "template:")) {
        at += strlen("template:");
    } else if (str_starts(rest, "libs[\"lib_")) {
        at += strlen("libs[\"lib_");
        mention->kind = ASSEMBLY_LIB;
        if (!read_number(text, &at, &mention->library) || !str_starts(str_from(text, at), "\"]:")) {
            return false;
        }
        at += strlen("\"]:");
    } else {
        return false;
    }
    bool ok = read_number(text, &at, &number) && number > 0;
    mention->row = (unsigned)number;
    mention->end = at;
    return ok;
}

static bool next_mention(struct str text, size_t from, struct mention *mention)
{
    for (size_t at = from; at < text.len; at++) {
        if ((text.ptr[at] == 't' || text.ptr[at] == 'l') && mention_at(text, at, mention)) {
            return true;
        }
    }
    return false;
}

static struct position place_of(
    const struct assembly_blocks *blocks, const char *name, const struct mention *mention)
{
    const struct assembly_block *block =
        policy_block(blocks, name, mention->kind, mention->library);
    if (block == NULL || block->fixed != NULL || block->indent == 0) {
        return (struct position){0, 0};
    }
    return (struct position){block->row + mention->row - 1, block->indent + 1};
}

struct position gator_error_place(struct str yaml, const char *name, const char *message)
{
    struct mention mention;
    struct position at = {0, 0};
    if (next_mention(str_of(message), 0, &mention)) {
        struct assembly_blocks blocks = {0};
        assembly_read(yaml, &blocks);
        at = place_of(&blocks, name, &mention);
        assembly_blocks_free(&blocks);
    }
    return at;
}

/* Its lines in one; those that only point into the one above are left out. */
static char *one_line(struct str text)
{
    struct buf out = BUF_INIT;
    struct str line;
    while (str_next_line(&text, &line)) {
        line = str_trim(line);
        if (line.len > 0 && !str_equal_c(line, "^")) {
            bool goes_on = out.len > 0 && out.ptr[out.len - 1] == ':';
            buf_append_c(&out, out.len == 0 ? "" : goes_on ? " " : "; ");
            buf_append_str(&out, line);
        }
    }
    char *shown = safe_dup(buf_str(&out), SAFE_ONE_LINE, MESSAGE_MAX);
    buf_free(&out);
    return shown;
}

char *gator_error_say(struct str yaml, const char *file, const char *name, const char *message)
{
    struct assembly_blocks blocks = {0};
    struct buf out = BUF_INIT;
    struct str text = str_of(message);
    struct mention mention;
    size_t from = 0;
    assembly_read(yaml, &blocks);
    while (next_mention(text, from, &mention)) {
        struct position at = place_of(&blocks, name, &mention);
        buf_append_str(&out, str_slice(text, from, at.row > 0 ? mention.start : mention.end));
        if (at.row > 0) {
            buf_printf(&out, "%s:%u", file, at.row);
        }
        from = mention.end;
    }
    buf_append_str(&out, str_from(text, from));
    char *shown = one_line(buf_str(&out));
    buf_free(&out);
    assembly_blocks_free(&blocks);
    return shown;
}
