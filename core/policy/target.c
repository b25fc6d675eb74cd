#include "policy/target.h"

#include "base/safe.h"
#include "base/vec.h"
#include "syntax/parsing.h"

#include <ctype.h>
#include <stdlib.h>
#include <tree_sitter/api.h>

const TSLanguage *tree_sitter_rego(void);

enum { SHOWN_MAX = 120, IMPORTS_MAX = 100 };

/* ---- Rego inside YAML ---- */

/* The value of the first line `key: value` that is indented by at least `least`. */
static char *value_after(struct str text, const char *above, const char *key)
{
    struct str line;
    bool below = false;
    while (str_next_line(&text, &line)) {
        line = str_trim(line);
        below = below || str_starts(line, above);
        if (below && str_starts(line, key)) {
            struct str value = str_trim(str_from(line, strlen(key)));
            if (value.len >= 2 && (value.ptr[0] == '"' || value.ptr[0] == '\'')) {
                value = str_slice(value, 1, value.len - 1);
            }
            return value.len == 0 ? NULL : str_dup(value);
        }
    }
    return NULL;
}

void target_pieces_find(const char *path, struct str text, struct target_pieces *pieces)
{
    const struct language *language = language_of(path, str_make(NULL, 0));
    struct syntax_injections found = {0};
    *pieces = (struct target_pieces){0};
    if (language == NULL || !language->documents) {
        return;
    }
    struct syntax_source source = syntax_source_str(&text);
    struct syntax *syntax = syntax_new(language, source);
    syntax_injections(syntax, 0, text.len, &found);
    for (size_t i = 0; i < found.len; i++) {
        struct syntax_injection *injection = &found.items[i];
        if (!injection->exact || strcmp(injection->language->name, "rego") != 0) {
            continue;
        }
        struct target_piece piece = {.injection = *injection};
        syntax_injection_text(injection, &source, &piece.text);
        injection->ranges = NULL;
        injection->range_count = 0;
        VEC_PUSH(pieces, piece);
    }
    syntax_injections_free(&found);
    syntax_free(syntax);
    if (pieces->len > 0) {
        pieces->kind = value_after(text, "names:", "kind:");
    }
}

void target_pieces_free(struct target_pieces *pieces)
{
    VEC_FOREACH (struct target_piece, piece, pieces) {
        buf_free(&piece->text);
        free(piece->injection.ranges);
    }
    VEC_FREE(pieces);
    free(pieces->kind);
    pieces->kind = NULL;
}

const struct target_piece *target_piece_at(
    const struct target_pieces *pieces, size_t row, size_t *inner_row)
{
    VEC_FOREACH (const struct target_piece, piece, pieces) {
        for (size_t i = 0; i < piece->injection.range_count; i++) {
            const TSRange *range = &piece->injection.ranges[i];
            size_t column;
            if (row >= range->start_point.row && row <= range->end_point.row &&
                syntax_injection_from_host(
                    &piece->injection, row, range->start_point.column, inner_row, &column)) {
                return piece;
            }
        }
    }
    return NULL;
}

/* ---- the rule at a row ---- */

static bool fill_rule(
    const struct policy_facts *facts, size_t row, struct target *target, struct err *err)
{
    VEC_FOREACH (const struct policy_rule, rule, &facts->rules) {
        if (row + 1 < rule->row || row + 1 > rule->end_row) {
            continue;
        }
        char *shown = policy_path_show(rule->name);
        if (rule->kind == RULE_FUNCTION) {
            err_set(err, ERR_UNSUPPORTED,
                "%s is a function: it has a value only where it is called. Select a call, or "
                "evaluate a rule that calls it",
                shown);
            free(shown);
            return false;
        }
        target->rule = shown;
        target->row = rule->row;
        target->end_row = rule->end_row;
        break;
    }
    VEC_FOREACH (const struct policy_test, test, &facts->tests) {
        bool here = target->rule != NULL && test->row == target->row;
        target->is_test = target->is_test || here;
        if (here) { /* of a test with cases the ground part is asked for */
            free(target->rule);
            target->rule = mem_strdup(test->name);
        }
    }
    return true;
}

static void find_imports(struct str text, struct target *target)
{
    struct str line;
    while (str_next_line(&text, &line) && target->imports.len < IMPORTS_MAX) {
        line = str_trim(line);
        size_t comment = str_find_char(line, '#', 0);
        line = str_trim(str_slice(line, 0, comment));
        if (str_starts(line, "import ")) {
            VEC_PUSH(&target->imports, str_dup(str_trim(str_from(line, strlen("import ")))));
        }
    }
}

static char *data_reference(const char *package, const char *rule)
{
    char *path = policy_path_show(package);
    char *reference = mem_printf("data%s%s%s%s", path[0] == '[' ? "" : ".", path,
        rule == NULL || rule[0] == '[' ? "" : ".", rule == NULL ? "" : rule);
    free(path);
    return reference;
}

bool target_at(
    struct str text, size_t row, struct str selection, struct target *target, struct err *err)
{
    struct policy_facts *facts = policy_facts_parse(text);
    *target = (struct target){0};
    selection = str_trim(selection);
    bool ok = facts->package != NULL;
    if (!ok) {
        err_set(err, ERR_INVALID, "There is no package line here, so no rule can be asked for");
    } else if (selection.len > 0) {
        target->is_selection = true;
        target->query = str_dup(selection);
        target->label = mem_strdup("the selection");
        target->package = mem_strdup(facts->package);
        find_imports(text, target);
    } else if ((ok = fill_rule(facts, row, target, err))) {
        target->package = mem_strdup(facts->package);
        target->query = data_reference(facts->package, target->rule);
        target->label = target->rule != NULL ? mem_strdup(target->rule)
                                             : mem_printf("package %s", target->query + 5);
    }
    policy_facts_release(facts);
    if (!ok) {
        target_free(target);
    }
    return ok;
}

void target_free(struct target *target)
{
    free(target->query);
    free(target->label);
    free(target->package);
    free(target->rule);
    VEC_FOREACH (char *, import, &target->imports) {
        free(*import);
    }
    VEC_FREE(&target->imports);
    *target = (struct target){0};
}

/* ---- inputs of tests ---- */

static bool node_is(TSNode node, const char *type)
{
    return !ts_node_is_null(node) && strcmp(ts_node_type(node), type) == 0;
}

static TSNode field(TSNode node, const char *name)
{
    return ts_node_child_by_field_name(node, name, (uint32_t)strlen(name));
}

static struct str text_of(struct str text, TSNode node)
{
    return str_slice(text, ts_node_start_byte(node), ts_node_end_byte(node));
}

struct finder {
    struct str text;
    const struct policy_facts *facts;
    void (*found)(void *data, TSNode rule, const char *test, TSNode value);
    void *data;
};

static const struct policy_test *test_of(const struct finder *finder, TSNode rule)
{
    unsigned row = ts_node_start_point(rule).row + 1;
    unsigned col = ts_node_start_point(rule).column + 1;
    VEC_FOREACH (const struct policy_test, test, &finder->facts->tests) {
        if (test->row == row && test->col == col) {
            return test;
        }
    }
    return NULL;
}

static void search_rule(
    const struct finder *finder, TSNode rule, TSNode node, const char *test, unsigned depth)
{
    if (node_is(node, "with_modifier") &&
        str_equal_c(text_of(finder->text, field(node, "target")), "input")) {
        finder->found(finder->data, rule, test, field(node, "value"));
        return;
    }
    for (uint32_t i = 0; depth < 200 && i < ts_node_named_child_count(node); i++) {
        search_rule(finder, rule, ts_node_named_child(node, i), test, depth + 1);
    }
}

static void search(const struct finder *finder)
{
    TSTree *tree = parsing_parse(tree_sitter_rego(), finder->text);
    if (tree != NULL) {
        TSNode root = ts_tree_root_node(tree);
        for (uint32_t i = 0; i < ts_node_named_child_count(root); i++) {
            TSNode rule = ts_node_named_child(root, i);
            const struct policy_test *test = node_is(rule, "rule") ? test_of(finder, rule) : NULL;
            if (test != NULL) {
                search_rule(finder, rule, rule, test->name, 0);
            }
        }
        ts_tree_delete(tree);
    }
}

struct listing {
    struct str text;
    struct target_inputs *inputs;
};

static void list_input(void *data, TSNode rule, const char *test, TSNode value)
{
    const struct listing *listing = data;
    struct buf line = BUF_INIT;
    struct str source = text_of(listing->text, value);
    (void)rule;
    for (size_t i = 0; i < source.len && line.len < SHOWN_MAX + 8; i++) {
        bool blank = isspace((unsigned char)source.ptr[i]);
        if (!blank) {
            buf_append_char(&line, source.ptr[i]);
        } else if (line.len > 0 && line.ptr[line.len - 1] != ' ') {
            buf_append_char(&line, ' ');
        }
    }
    struct target_input input = {.test = mem_strdup(test),
        .row = ts_node_start_point(value).row + 1,
        .shown = safe_dup(buf_str(&line), SAFE_ONE_LINE, SHOWN_MAX)};
    VEC_PUSH(listing->inputs, input);
    buf_free(&line);
}

void target_inputs_find(struct str text, struct target_inputs *inputs)
{
    struct policy_facts *facts = policy_facts_parse(text);
    struct listing listing = {text, inputs};
    struct finder finder = {text, facts, list_input, &listing};
    search(&finder);
    policy_facts_release(facts);
}

void target_inputs_free(struct target_inputs *inputs)
{
    VEC_FOREACH (struct target_input, input, inputs) {
        free(input->test);
        free(input->shown);
    }
    VEC_FREE(inputs);
}

struct picking {
    struct str text;
    const char *test;
    unsigned row;
    struct buf body; /* the literals before it, then `row` */
    struct buf value;
};

/* What binds variables: assignments and `some`. Checks are left out: they may not hold. */
static bool binds(TSNode literal)
{
    TSNode first = ts_node_named_child(literal, 0);
    return node_is(first, "assignment") || node_is(first, "some_declaration") ||
           node_is(first, "some_in") || node_is(first, "unification");
}

static void pick_input(void *data, TSNode rule, const char *test, TSNode value)
{
    struct picking *picking = data;
    bool wanted = picking->value.len == 0 && strcmp(test, picking->test) == 0 &&
                  ts_node_start_point(value).row + 1 == picking->row;
    if (!wanted) {
        return;
    }
    buf_append_str(&picking->value, text_of(picking->text, value));
    /* Up from the expression: in each body on the way, what stands before. */
    for (TSNode at = value; !ts_node_is_null(at) && !ts_node_eq(at, rule);
         at = ts_node_parent(at)) {
        TSNode body = ts_node_parent(at);
        struct buf before = BUF_INIT;
        for (uint32_t i = 0; node_is(body, "body") && i < ts_node_named_child_count(body); i++) {
            TSNode literal = ts_node_named_child(body, i);
            if (ts_node_start_byte(literal) >= ts_node_start_byte(at)) {
                break;
            }
            if (node_is(literal, "literal") && binds(literal)) {
                buf_append_str(&before, text_of(picking->text, literal));
                buf_append_char(&before, '\n');
            }
        }
        buf_insert(&picking->body, 0, before.ptr, before.len);
        buf_free(&before);
    }
}

bool target_input_module(struct str text, const char *test, unsigned row, bool v0,
    struct buf *module, char **query, struct err *err)
{
    struct policy_facts *facts = policy_facts_parse(text);
    struct picking picking = {.text = text, .test = test, .row = row};
    struct finder finder = {text, facts, pick_input, &picking};
    search(&finder);
    bool ok = picking.value.len > 0 && facts->package != NULL;
    if (ok) {
        bool old = v0 && str_find(text, STR_LIT("import rego.v1"), 0) == (size_t)-1;
        buf_append_str(module, text);
        buf_printf(module, "\n\nbylaw_inputs%s {\n%sbylaw_input := %s\n}\n",
            old ? "[bylaw_input]" : " contains bylaw_input if",
            picking.body.len == 0 ? "" : picking.body.ptr, picking.value.ptr);
        *query = data_reference(facts->package, "bylaw_inputs");
    } else {
        err_set(
            err, ERR_NOT_FOUND, "%s gives no input in line %u any more: choose another", test, row);
    }
    buf_free(&picking.body);
    buf_free(&picking.value);
    policy_facts_release(facts);
    return ok;
}
