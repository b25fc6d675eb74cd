#include "policy/template.h"

#include "base/vec.h"
#include "policy/yaml_tree.h"

#include <stdlib.h>

struct reader {
    struct str text;
    struct syntax_injections injections;
    struct template_policies *out;
};

/* The injection that lies in a node, with its text; a quoted or folded scalar gives its value
 * without a place. */
static bool read_source(struct reader *r, TSNode node, struct template_source *source)
{
    *source = (struct template_source){0};
    if (!yaml_is_scalar(node)) {
        return false;
    }
    size_t from = ts_node_start_byte(node);
    size_t to = ts_node_end_byte(node);
    VEC_FOREACH (struct syntax_injection, i, &r->injections) {
        if (i->start >= from && i->start < to && i->exact && i->range_count > 0) {
            struct syntax_source whole = syntax_source_str(&r->text);
            source->injection = *i;
            source->injection.ranges = mem_dup(i->ranges, i->range_count * sizeof *i->ranges);
            syntax_injection_text(i, &whole, &source->text);
            return true;
        }
    }
    return yaml_scalar(r->text, node, &source->text);
}

static void add_source(struct reader *r, TSNode node, struct template_policy *policy)
{
    struct template_source source;
    if (read_source(r, node, &source)) {
        VEC_PUSH(&policy->sources, source);
    }
}

/* `holder` has the keys rego and libs. */
static void add_policy(struct reader *r, TSNode holder, bool v1)
{
    struct template_policy policy = {.v1 = v1};
    add_source(r, yaml_get(r->text, holder, "rego", NULL), &policy);
    if (policy.sources.len == 0) {
        return;
    }
    TSNode libs = yaml_get(r->text, holder, "libs", NULL);
    TSNode lib;
    for (uint32_t at = 0; yaml_next_item(libs, &at, &lib);) {
        add_source(r, lib, &policy);
    }
    VEC_PUSH(r->out, policy);
}

static void read_target(struct reader *r, TSNode target)
{
    add_policy(r, target, false);
    TSNode code = yaml_get(r->text, target, "code", NULL);
    TSNode entry;
    for (uint32_t at = 0; yaml_next_item(code, &at, &entry);) {
        if (yaml_equals(r->text, yaml_get(r->text, entry, "engine", NULL), "Rego")) {
            TSNode source = yaml_get(r->text, entry, "source", NULL);
            TSNode version = yaml_get(r->text, source, "version", NULL);
            add_policy(r, source, yaml_equals(r->text, version, "v1"));
        }
    }
}

void template_policies_read(struct str text, struct template_policies *out)
{
    if (str_find(text, STR_LIT("ConstraintTemplate"), 0) == SIZE_MAX) {
        return;
    }
    TSTree *tree = yaml_tree_parse(text);
    if (tree == NULL) {
        return;
    }
    struct reader r = {.text = text, .out = out};
    struct syntax *syntax =
        syntax_new(language_by_name(STR_LIT("yaml")), syntax_source_str(&r.text));
    syntax_injections(syntax, 0, text.len, &r.injections);
    TSNode content;
    for (uint32_t at = 0; yaml_next_document(ts_tree_root_node(tree), &at, &content);) {
        if (yaml_equals(text, yaml_get(text, content, "kind", NULL), "ConstraintTemplate")) {
            TSNode targets = yaml_get_path(text, content, "spec/targets");
            TSNode target;
            for (uint32_t i = 0; yaml_next_item(targets, &i, &target);) {
                read_target(&r, target);
            }
        }
    }
    syntax_injections_free(&r.injections);
    syntax_free(syntax);
    ts_tree_delete(tree);
}

void template_policies_free(struct template_policies *policies)
{
    VEC_FOREACH (struct template_policy, policy, policies) {
        VEC_FOREACH (struct template_source, source, &policy->sources) {
            buf_free(&source->text);
            free(source->injection.ranges);
        }
        VEC_FREE(&policy->sources);
    }
    VEC_FREE(policies);
}
