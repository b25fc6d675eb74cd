#include "patch/edits.h"
#include "policy/guard/guard_private.h"

#include <ctype.h>
#include <stdlib.h>

/* ---- the fix: `if` before bodies, `contains` for what is a set ---- */

/* `deny[msg]`, with nothing after it: the index that is a member in v1; else the null node. */
static TSNode member_of(TSNode head)
{
    TSNode name = rego_node_field(head, "name");
    bool is_set = rego_node_is(name, "ref") && ts_node_named_child_count(name) == 2 &&
                  ts_node_named_child_count(head) == 1;
    return is_set ? rego_node_field(name, "index") : (TSNode){0};
}

static void edit(struct text_edits *edits, size_t from, size_t to, const char *with)
{
    struct text_edit edit = {from, to, BUF_INIT};
    buf_append_c(&edit.with, with);
    VEC_PUSH(edits, edit);
}

/* False: the rule is of a form that is not rewritten here. */
static bool rewrite_rule(const struct guard_file *file, TSNode rule, struct text_edits *edits)
{
    TSNode head = rego_node_field(rule, "head");
    TSNode body = rego_node_field(rule, "body");
    TSNode member = member_of(head);
    uint32_t bodies = 0;
    for (uint32_t i = 0; i < ts_node_named_child_count(rule); i++) {
        bodies += rego_node_is(ts_node_named_child(rule, i), "body");
    }
    if (bodies > 1 || !ts_node_is_null(rego_node_field(rule, "else"))) {
        return false;
    }
    if (!ts_node_is_null(member)) {
        TSNode name = rego_node_field(rego_node_field(head, "name"), "head");
        char *with = mem_printf(" contains %.*s", STR_FMT(rego_node_text(file->text, member)));
        edit(edits, ts_node_end_byte(name), ts_node_end_byte(head), with);
        free(with);
    } else if (rego_node_is(rego_node_field(head, "name"), "ref")) {
        return false;
    }
    if (rego_node_is(body, "body") && !rego_node_has_token(rule, "if")) {
        size_t at = ts_node_start_byte(body);
        bool apart = at > 0 && isspace((unsigned char)file->text.ptr[at - 1]);
        edit(edits, at, at, apart ? "if " : " if ");
    }
    return true;
}

struct gone_names {
    struct str text;
    bool found;
};

/* `contains(…)` is a function in both. */
static bool is_builtin(const struct gone_names *names, TSNode node, size_t which)
{
    size_t end = ts_node_end_byte(node);
    return which == 0 && end < names->text.len && names->text.ptr[end] == '(';
}

/* Names that v1 has as keywords, or has no more. */
static bool find_gone(void *data, TSNode node)
{
    static const char *const gone[] = {"contains", "if", "every", "any", "all", "re_match",
        "set_diff", "cast_array", "cast_set", "cast_string", "cast_boolean", "cast_null",
        "cast_object"};
    struct gone_names *names = data;
    struct str text = rego_node_text(names->text, node);
    bool is_name = rego_node_is(node, "identifier");
    for (size_t i = 0; is_name && i < ARRAY_LEN(gone); i++) {
        names->found = names->found || (str_equal_c(text, gone[i]) && !is_builtin(names, node, i));
    }
    return true;
}

/* Every rule is one of v1, and there are as many as before. */
static bool is_v1(struct str text, uint32_t rules)
{
    TSTree *tree = rego_tree_parse(text);
    TSNode root = tree == NULL ? (TSNode){0} : ts_tree_root_node(tree);
    bool is = tree != NULL && !ts_node_has_error(root) && ts_node_named_child_count(root) == rules;
    for (uint32_t i = 0; is && i < rules; i++) {
        TSNode rule = ts_node_named_child(root, i);
        is = !rego_node_is(rule, "rule") || ts_node_is_null(rego_node_field(rule, "body")) ||
             rego_node_has_token(rule, "if");
    }
    ts_tree_delete(tree);
    return is;
}

static void mend(const struct guard_file *file, struct finding *finding)
{
    struct text_edits edits = {0};
    struct gone_names names = {.text = file->text};
    bool ok = !ts_node_has_error(file->root);
    uint32_t count = ts_node_named_child_count(file->root);
    for (uint32_t i = 0; i < count && ok; i++) {
        TSNode rule = ts_node_named_child(file->root, i);
        ok = !rego_node_is(rule, "rule") || rewrite_rule(file, rule, &edits);
    }
    guard_walk(file->root, find_gone, &names);
    struct buf after = BUF_INIT;
    if (ok && !names.found && text_edits_sort(&edits, file->text.len)) {
        text_edits_apply(&edits, file->text, &after);
        ok = is_v1(buf_str(&after), count);
    }
    if (ok && after.len > 0) {
        guard_mend_all(file, finding, &edits, "write it as v1");
    } else {
        text_edits_free(&edits);
    }
    buf_free(&after);
}

static void check(struct guard_file *file)
{
    if (!file->habits.mostly_v1 || file->facts->dialect != DIALECT_V0) {
        return;
    }
    TSNode rule;
    struct rego_head head;
    bool found = false;
    for (uint32_t at = 0; !found && guard_next_rule(file, &at, &rule, &head);) {
        TSNode body = rego_node_field(rule, "body");
        found = !head.is_default && !head.has_if && !ts_node_is_null(body);
        if (found) {
            struct finding *finding = guard_find(file, rego_node_field(rule, "head"),
                "v0 Rego in a workspace of v1: %s has a body without `if`. `opa fmt --v0-v1` "
                "rewrites the file",
                head.path);
            mend(file, finding);
        }
        free(head.path);
    }
}

const struct guard guard_v0_syntax = {
    .id = "v0-syntax",
    .fix = "writes `if` and `contains`, where all rules of the file are plain ones; the rest is "
           "for `opa fmt --v0-v1`.",
    .languages = GUARD_REGO,
    .severity = SEVERITY_WARNING,
    .summary = "v0 Rego in a v1 workspace",
    .explanation = "Old Rego is what models have seen most of. OPA 1.0 does not load a rule body "
                   "without `if`; one run of opa cannot read v0 and v1 files together. Told where "
                   "most files are v1.",
    .check = check,
};
