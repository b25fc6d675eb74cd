#include "policy/guard/demand.h"

#include <stdlib.h>

/* ---- demands ---- */

static void demand_free(struct demand *demand)
{
    free(demand->subject);
    free(demand->field);
    free(demand->value);
    free(demand->path);
    free(demand->name);
}

void guard_demands_free(struct guard_demands *demands)
{
    if (demands == NULL) {
        return;
    }
    VEC_FOREACH (struct demand, demand, demands) {
        demand_free(demand);
    }
    VEC_FREE(demands);
    free(demands);
}

void guard_demand_add(struct guard_world *world, struct demand demand)
{
    VEC_PUSH(world->demands, demand);
}

/* ---- Kyverno ---- */

struct reading {
    struct guard_file *file;
    const char *subject, *name;
    struct buf field;
    bool conditional; /* an anchor makes it hold for some objects only */
    struct guard_demands found;
};

static void found(struct reading *r, TSNode at, enum demand_kind kind, char *value)
{
    TSPoint point = ts_node_start_point(at);
    VEC_PUSH(&r->found, (struct demand){.subject = mem_strdup(r->subject),
                            .field = mem_strdup(r->field.ptr),
                            .kind = kind,
                            .value = value,
                            .path = mem_strdup(r->file->path),
                            .name = mem_strdup(r->name),
                            .at = {point.row + 1, point.column + 1}});
}

/* A value without wildcards and operators. */
static bool is_exact(const struct buf *value)
{
    return value->len > 0 && strpbrk(value->ptr, "*?|&<>!-{$") == NULL;
}

static void read_leaf(struct reading *r, TSNode key, TSNode value)
{
    struct buf text = BUF_INIT;
    yaml_scalar(r->file->text, value, &text);
    if (str_equal_c(buf_str(&text), "?*")) {
        found(r, key, DEMAND_PRESENT, NULL);
    } else if (is_exact(&text)) {
        found(r, key, DEMAND_EQUALS, mem_strdup(text.ptr));
    }
    buf_free(&text);
}

enum { PATTERN_DEPTH = 16 };

static void read_pattern(struct reading *r, TSNode mapping, unsigned depth);

static void read_pair(struct reading *r, TSNode key, TSNode value, unsigned depth)
{
    struct buf name = BUF_INIT;
    size_t before = r->field.len;
    yaml_scalar(r->file->text, key, &name);
    struct str bare = buf_str(&name);
    bool absent = str_starts(bare, "X(") && str_ends(bare, ")");
    bool anchored = str_find_char(bare, '(', 0) != SIZE_MAX;
    /* A key with dots or blanks is one all the same: paths are only compared. */
    buf_printf(&r->field, "%s%.*s", before == 0 ? "" : "/",
        STR_FMT(absent ? str_slice(bare, 2, bare.len - 1) : bare));
    if (absent) {
        found(r, key, DEMAND_ABSENT, NULL);
    } else if (anchored) {
        r->conditional = true;
    } else if (yaml_is_mapping(value) && depth < PATTERN_DEPTH) {
        read_pattern(r, value, depth + 1);
    } else if (yaml_is_scalar(value)) {
        read_leaf(r, key, value);
    }
    r->field.len = before;
    if (r->field.ptr != NULL) {
        r->field.ptr[before] = '\0';
    }
    buf_free(&name);
}

static void read_pattern(struct reading *r, TSNode mapping, unsigned depth)
{
    TSNode key;
    TSNode value;
    for (uint32_t at = 0; yaml_next_pair(mapping, &at, &key, &value);) {
        read_pair(r, key, value, depth);
    }
}

/* The kinds of a rule that is for all objects of them, one a line in order; NULL: it is not. */
static char *kinds_of(const struct guard_file *file, TSNode rule)
{
    static const char *const paths[] = {"match/resources", "match/any", "match/all"};
    struct guard_names kinds = {0};
    struct buf out = BUF_INIT;
    TSNode resources = {0};
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        TSNode node = yaml_get_path(file->text, rule, paths[i]);
        TSNode item = node;
        uint32_t at = 0;
        uint32_t second;
        if (yaml_is_sequence(node) && yaml_next_item(node, &at, &item)) {
            second = at;
            TSNode more;
            item = yaml_next_item(node, &second, &more)
                       ? (TSNode){0}
                       : yaml_get(file->text, item, "resources", NULL);
        }
        resources = ts_node_is_null(item) ? resources : item;
    }
    TSNode list = yaml_get(file->text, resources, "kinds", NULL);
    TSNode kind;
    bool narrowed = yaml_is_mapping(resources) && ts_node_named_child_count(resources) != 1;
    for (uint32_t at = 0; !narrowed && yaml_next_item(list, &at, &kind);) {
        struct buf name = BUF_INIT;
        yaml_scalar(file->text, kind, &name);
        VEC_PUSH(&kinds, name.ptr == NULL ? mem_strdup("") : buf_take(&name));
    }
    guard_names_sort(&kinds);
    VEC_FOREACH (char *, name, &kinds) {
        buf_printf(&out, "%s\n", *name);
    }
    guard_names_free(&kinds);
    return buf_take(&out);
}

static void take_rule(struct guard_file *file, TSNode rule, const char *policy)
{
    static const char *const narrows[] = {
        "exclude", "preconditions", "celPreconditions", "context"};
    TSNode pattern = yaml_get_path(file->text, rule, "validate/pattern");
    bool narrowed = !yaml_is_mapping(pattern);
    for (size_t i = 0; i < ARRAY_LEN(narrows); i++) {
        narrowed = narrowed || !ts_node_is_null(yaml_get(file->text, rule, narrows[i], NULL));
    }
    char *kinds = narrowed ? NULL : kinds_of(file, rule);
    if (kinds != NULL && kinds[0] != '\0') {
        char *own = yaml_string(file->text, rule, "name");
        char *name = mem_printf("%s/%s", policy, own);
        struct reading r = {.file = file, .subject = kinds, .name = name};
        read_pattern(&r, pattern, 0);
        VEC_FOREACH (struct demand, demand, &r.found) {
            if (r.conditional) {
                demand_free(demand);
            } else {
                guard_demand_add(file->world, *demand);
            }
        }
        VEC_FREE(&r.found);
        buf_free(&r.field);
        free(name);
        free(own);
    }
    free(kinds);
}

static void take_policies(struct guard_file *file)
{
    TSNode document;
    for (uint32_t at = 0; yaml_next_document(file->root, &at, &document);) {
        char *version = yaml_string(file->text, document, "apiVersion");
        char *name = yaml_string(file->text, document, "metadata/name");
        TSNode rules = yaml_get_path(file->text, document, "spec/rules");
        TSNode rule;
        for (uint32_t i = 0;
             manifest_in_group(version, "kyverno.io") && yaml_next_item(rules, &i, &rule);) {
            take_rule(file, rule, name);
        }
        free(version);
        free(name);
    }
}

static void check(struct guard_file *file)
{
    if (file->world == NULL || file->world->demands == NULL) {
        return;
    }
    if (file->is_rego) {
        guard_demands_of_rego(file);
    } else {
        take_policies(file);
    }
}

/* ---- two that no object can satisfy ---- */

static int by_field(const void *a, const void *b)
{
    const struct demand *x = a;
    const struct demand *y = b;
    int order = strcmp(x->field, y->field);
    order = order != 0 ? order : strcmp(x->subject, y->subject);
    order = order != 0 ? order : strcmp(x->path, y->path);
    return order != 0 ? order : (x->at.row > y->at.row) - (x->at.row < y->at.row);
}

static bool contradict(const struct demand *a, const struct demand *b)
{
    if (a->kind == DEMAND_EQUALS && b->kind == DEMAND_EQUALS) {
        return strcmp(a->value, b->value) != 0;
    }
    return a->kind != b->kind && (a->kind == DEMAND_ABSENT || b->kind == DEMAND_ABSENT);
}

static const char *wants(const struct demand *demand)
{
    return demand->kind == DEMAND_PRESENT  ? "there"
           : demand->kind == DEMAND_ABSENT ? "absent"
                                           : demand->value;
}

static void tell(const struct demand *a, const struct demand *b, struct findings *findings)
{
    struct finding finding = {.rule = mem_strdup("rules-conflict"),
        .severity = SEVERITY_ERROR,
        .file = mem_strdup(a->path),
        .at = a->at,
        .end = a->at,
        .message = mem_printf("%s wants %s to be %s, %s (%s:%u) wants it to be %s: no object that "
                              "both are about passes",
            a->name, a->field, wants(a), b->name, b->path, b->at.row, wants(b)),
        .source = mem_strdup("guard")};
    VEC_PUSH(findings, finding);
}

/* Those of one field and subject lie beside each other; each is told against the first that it
 * contradicts. */
static void finish(struct guard_world *world, struct findings *findings)
{
    struct guard_demands *all = world->demands;
    if (all == NULL || all->len < 2) {
        return;
    }
    qsort(all->items, all->len, sizeof *all->items, by_field);
    size_t begin = 0;
    for (size_t i = 1; i < all->len; i++) {
        const struct demand *b = &all->items[i];
        const struct demand *first = &all->items[begin];
        if (strcmp(first->field, b->field) != 0 || strcmp(first->subject, b->subject) != 0) {
            begin = i;
            continue;
        }
        for (size_t k = begin; k < i; k++) {
            if (contradict(&all->items[k], b)) {
                tell(b, &all->items[k], findings);
                break;
            }
        }
    }
}

const struct guard guard_rules_conflict = {
    .id = "rules-conflict",
    .no_fix = "which of the two rules is right is a decision.",
    .languages = GUARD_REGO | GUARD_YAML,
    .severity = SEVERITY_ERROR,
    .summary = "two rules deny and require the same field",
    .explanation =
        "One rule denies what the other asks for, of the same objects: none can pass. Told of two "
        "Kyverno patterns for the same kinds (`?*` or a value, and `X(…)` or another value), and "
        "of "
        "two rules of Rego whose conditions on the input are the same but for one and its "
        "contrary (`input.x` and `not input.x`, `!= \"a\"` and `!= \"b\"`). Rules with anchors, "
        "preconditions or helpers are left to `fixture-denied`, which evaluates them.",
    .check = check,
    .finish = finish,
};
