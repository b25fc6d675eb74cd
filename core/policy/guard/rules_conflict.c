#include "policy/guard/demand.h"

#include <ctype.h>
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

static void demands_clear(struct guard_demands *demands)
{
    VEC_FOREACH (struct demand, demand, demands) {
        demand_free(demand);
    }
    VEC_FREE(demands);
}

void guard_demands_free(struct guard_demands *demands)
{
    if (demands != NULL) {
        demands_clear(demands);
        free(demands);
    }
}

/* ---- Kyverno ---- */

struct reading {
    struct guard_file *file;
    const char *subject, *name;
    struct buf field;
    bool conditional; /* an anchor makes it hold for some objects only */
    bool weak;        /* below `=(…)`: where it is there */
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

/* "1-5", "10Mi-20Mi": a name with a dash is none. */
static bool is_range(struct str value)
{
    size_t dash = str_find_char(value, '-', 0);
    return dash != SIZE_MAX && dash > 0 && dash + 1 < value.len &&
           isdigit((unsigned char)value.ptr[0]) && isdigit((unsigned char)value.ptr[dash + 1]);
}

/* A value without wildcards and operators. */
static bool is_exact(struct str value)
{
    return value.len > 0 && strpbrk(value.ptr, "*?|&<>!{$") == NULL && value.ptr[0] != '-' &&
           str_find(value, STR_LIT(" - "), 0) == SIZE_MAX && !is_range(value);
}

static void read_leaf(struct reading *r, TSNode key, TSNode value)
{
    struct buf text = BUF_INIT;
    yaml_scalar(r->file->text, value, &text);
    bool differs = text.len > 1 && text.ptr[0] == '!';
    if (str_equal_c(buf_str(&text), "?*")) {
        if (!r->weak) {
            found(r, key, DEMAND_PRESENT, NULL);
        }
    } else if (differs && is_exact(str_from(buf_str(&text), 1))) {
        found(r, key, DEMAND_DIFFERS, mem_strdup(text.ptr + 1));
    } else if (is_exact(buf_str(&text))) {
        found(r, key, r->weak ? DEMAND_IF_THERE : DEMAND_EQUALS, mem_strdup(text.ptr));
    }
    buf_free(&text);
}

enum { PATTERN_DEPTH = 16 };

static void read_pattern(struct reading *r, TSNode mapping, unsigned depth);

static bool only_item(TSNode list, TSNode *item)
{
    uint32_t at = 0;
    TSNode more;
    return yaml_is_sequence(list) && yaml_next_item(list, &at, item) && yaml_is_mapping(*item) &&
           !yaml_next_item(list, &at, &more);
}

static void read_pair(struct reading *r, TSNode key, TSNode value, unsigned depth)
{
    struct buf name = BUF_INIT;
    size_t before = r->field.len;
    yaml_scalar(r->file->text, key, &name);
    struct str bare = buf_str(&name);
    bool absent = str_starts(bare, "X(") && str_ends(bare, ")");
    bool maybe = str_starts(bare, "=(") && str_ends(bare, ")");
    bool anchored = !maybe && str_find_char(bare, '(', 0) != SIZE_MAX;
    bool weak = r->weak;
    TSNode item;
    /* A key with dots or blanks is one all the same: paths are only compared. */
    buf_printf(&r->field, "%s%.*s", before == 0 ? "" : "/",
        STR_FMT(absent || maybe ? str_slice(bare, 2, bare.len - 1) : bare));
    r->weak = weak || maybe;
    if (absent) {
        found(r, key, DEMAND_ABSENT, NULL);
    } else if (anchored) {
        r->conditional = true;
    } else if (yaml_is_mapping(value) && depth < PATTERN_DEPTH) {
        read_pattern(r, value, depth + 1);
    } else if (only_item(value, &item) && depth < PATTERN_DEPTH) {
        buf_append_c(&r->field, "[]"); /* each of the list */
        read_pattern(r, item, depth + 1);
    } else if (yaml_is_scalar(value)) {
        read_leaf(r, key, value);
    }
    r->weak = weak;
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

/* What is for each object when it is made is for all of them. */
static bool creates(const struct guard_file *file, TSNode operations)
{
    TSNode item;
    for (uint32_t at = 0; yaml_next_item(operations, &at, &item);) {
        if (yaml_equals(file->text, item, "CREATE")) {
            return true;
        }
    }
    return false;
}

/* Adds the kinds of what a match lists, if nothing else narrows it. */
static void add_kinds(const struct guard_file *file, TSNode resources, struct guard_names *kinds)
{
    TSNode list = yaml_get(file->text, resources, "kinds", NULL);
    TSNode kind;
    bool narrowed = !yaml_is_mapping(resources);
    TSNode key;
    TSNode value;
    for (uint32_t at = 0; yaml_next_pair(resources, &at, &key, &value);) {
        bool operations = yaml_equals(file->text, key, "operations") && creates(file, value);
        narrowed = narrowed || !(operations || yaml_equals(file->text, key, "kinds"));
    }
    for (uint32_t at = 0; !narrowed && yaml_next_item(list, &at, &kind);) {
        struct buf name = BUF_INIT;
        if (yaml_scalar(file->text, kind, &name) && name.len > 0) {
            const char *slash = strrchr(name.ptr, '/'); /* "apps/v1/Deployment" */
            VEC_PUSH(kinds, mem_strdup(slash == NULL ? name.ptr : slash + 1));
        }
        buf_free(&name);
    }
}

/* The kinds that a rule is for, each as a whole: of alternatives (`any`) those that are. */
static void kinds_of(const struct guard_file *file, TSNode rule, struct guard_names *kinds)
{
    TSNode match = yaml_get(file->text, rule, "match", NULL);
    TSNode any = yaml_get(file->text, match, "any", NULL);
    TSNode all = yaml_get(file->text, match, "all", NULL);
    TSNode item;
    add_kinds(file, yaml_get(file->text, match, "resources", NULL), kinds);
    for (uint32_t at = 0; yaml_next_item(any, &at, &item);) {
        if (yaml_is_mapping(item) && ts_node_named_child_count(item) == 1) {
            add_kinds(file, yaml_get(file->text, item, "resources", NULL), kinds);
        }
    }
    if (only_item(all, &item) && ts_node_named_child_count(item) == 1) {
        add_kinds(file, yaml_get(file->text, item, "resources", NULL), kinds);
    }
    guard_names_sort(kinds);
}

static void take_pattern(struct guard_file *file, TSNode pattern, const char *kind,
    const char *name, struct guard_demands *out)
{
    struct reading r = {.file = file, .subject = kind, .name = name};
    read_pattern(&r, pattern, 0);
    VEC_FOREACH (struct demand, demand, &r.found) {
        if (r.conditional) {
            demand_free(demand);
        } else {
            VEC_PUSH(out, *demand);
        }
    }
    VEC_FREE(&r.found);
    buf_free(&r.field);
}

static void take_rule(
    struct guard_file *file, TSNode rule, const char *policy, struct guard_demands *out)
{
    static const char *const narrows[] = {
        "exclude", "preconditions", "celPreconditions", "context"};
    TSNode pattern = yaml_get_path(file->text, rule, "validate/pattern");
    bool narrowed = !yaml_is_mapping(pattern);
    for (size_t i = 0; i < ARRAY_LEN(narrows); i++) {
        narrowed = narrowed || !ts_node_is_null(yaml_get(file->text, rule, narrows[i], NULL));
    }
    struct guard_names kinds = {0};
    if (!narrowed) {
        kinds_of(file, rule, &kinds);
    }
    char *own = yaml_string(file->text, rule, "name");
    char *name = mem_printf("%s/%s", policy, own);
    VEC_FOREACH (char *, kind, &kinds) {
        take_pattern(file, pattern, *kind, name, out);
    }
    guard_names_free(&kinds);
    free(name);
    free(own);
}

static void take_policies(struct guard_file *file, struct guard_demands *out)
{
    TSNode document;
    for (uint32_t at = 0; yaml_next_document(file->root, &at, &document);) {
        char *version = yaml_string(file->text, document, "apiVersion");
        char *name = yaml_string(file->text, document, "metadata/name");
        TSNode rules = yaml_get_path(file->text, document, "spec/rules");
        TSNode rule;
        for (uint32_t i = 0;
             manifest_in_group(version, "kyverno.io") && yaml_next_item(rules, &i, &rule);) {
            take_rule(file, rule, name, out);
        }
        free(version);
        free(name);
    }
}

static void take(struct guard_file *file, struct guard_demands *out)
{
    if (file->is_rego) {
        guard_demands_of_rego(file, out);
    } else {
        take_policies(file, out);
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

static bool is_beside(const struct demand *a, const struct demand *b)
{
    return strcmp(a->field, b->field) == 0 && strcmp(a->subject, b->subject) == 0;
}

/* Where those of the demand's field and subject begin. */
static size_t first_of(const struct guard_demands *all, const struct demand *demand)
{
    size_t low = 0;
    size_t high = all->len;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct demand *at = &all->items[middle];
        int order = strcmp(at->field, demand->field);
        if ((order != 0 ? order : strcmp(at->subject, demand->subject)) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static bool has_value(const struct demand *demand)
{
    return demand->kind == DEMAND_EQUALS || demand->kind == DEMAND_IF_THERE;
}

static bool contradict(const struct demand *a, const struct demand *b)
{
    if (has_value(a) && has_value(b)) {
        return strcmp(a->value, b->value) != 0;
    }
    if (a->kind == DEMAND_DIFFERS || b->kind == DEMAND_DIFFERS) {
        const struct demand *other = a->kind == DEMAND_DIFFERS ? b : a;
        return has_value(other) && strcmp(a->value, b->value) == 0;
    }
    const struct demand *other = a->kind == DEMAND_ABSENT ? b : a;
    return (a->kind == DEMAND_ABSENT) != (b->kind == DEMAND_ABSENT) &&
           (other->kind == DEMAND_PRESENT || other->kind == DEMAND_EQUALS);
}

/* An object without the field passes both. */
static bool is_passed_without(const struct demand *a, const struct demand *b)
{
    return (a->kind == DEMAND_IF_THERE || a->kind == DEMAND_DIFFERS) &&
           (b->kind == DEMAND_IF_THERE || b->kind == DEMAND_DIFFERS);
}

static void put_wish(const struct demand *demand, struct buf *out)
{
    buf_printf(out, "%s%s%s",
        demand->kind == DEMAND_DIFFERS    ? "other than "
        : demand->kind == DEMAND_IF_THERE ? "nothing but "
                                          : "",
        demand->kind == DEMAND_PRESENT  ? "there"
        : demand->kind == DEMAND_ABSENT ? "absent"
                                        : demand->value,
        "");
}

static char *say(const struct demand *a, const struct demand *b)
{
    struct buf out = BUF_INIT;
    buf_printf(&out, "%s wants %s to be ", a->name, a->field);
    put_wish(a, &out);
    buf_printf(&out, ", %s (%s:%u) wants it to be ", b->name, b->path, b->at.row);
    put_wish(b, &out);
    buf_append_c(&out, is_passed_without(a, b) ? ": no value of it passes"
                                               : ": no object that both are about passes");
    return buf_take(&out);
}

static void tell(const struct demand *a, const struct demand *b, struct findings *findings)
{
    struct finding finding = {.rule = mem_strdup("rules-conflict"),
        .severity = SEVERITY_ERROR,
        .file = mem_strdup(a->path),
        .at = a->at,
        .end = a->at,
        .message = say(a, b),
        .source = mem_strdup("guard")};
    VEC_FOREACH (const struct finding, told, findings) {
        if (strcmp(told->message, finding.message) == 0 && strcmp(told->file, a->path) == 0 &&
            told->at.row == a->at.row) {
            finding_free(&finding); /* of another kind that both are for */
            return;
        }
    }
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
        if (!is_beside(first, b)) {
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

/* ---- as one types ---- */

/* Files whose rules may want something, up to so many: more are left to the run over all. */
enum { GATHERED_MAX = 200 };

static bool may_want(const struct policy_file *file)
{
    bool any = false;
    for (size_t i = 0; file->facts != NULL && i < file->facts->rules.len && !any; i++) {
        const struct policy_rule *rule = &file->facts->rules.items[i];
        any = rule->kind == RULE_PARTIAL && guard_name_denies(rule->name);
    }
    return any;
}

static void gather_file(struct guard_world *world, const char *path, bool is_rego)
{
    struct buf text = BUF_INIT;
    struct guard_file file = {.path = path, .world = world, .is_rego = is_rego};
    TSTree *tree = NULL;
    if (guard_read(world, path, &text)) {
        file.text = buf_str(&text);
        tree = is_rego ? rego_tree_parse(file.text) : yaml_tree_parse(file.text);
    }
    if (tree != NULL) {
        file.root = ts_tree_root_node(tree);
        take(&file, world->gathered);
        ts_tree_delete(tree);
    }
    buf_free(&text);
}

static void gather(struct guard_world *world)
{
    size_t files = 0;
    world->gathered = MEM_NEW(struct guard_demands);
    for (size_t i = 0; i < world->index->files.len && files < GATHERED_MAX; i++) {
        if (may_want(&world->index->files.items[i])) {
            gather_file(world, world->index->files.items[i].path, true);
            files++;
        }
    }
    VEC_FOREACH (const struct manifest_file, file, &world->manifests->files) {
        bool policy = file->list.len > 0 && files < GATHERED_MAX &&
                      manifest_is_kyverno_policy(&file->list.items[0]);
        if (policy) {
            gather_file(world, file->path, false);
            files++;
        }
    }
    if (world->gathered->len > 1) {
        qsort(
            world->gathered->items, world->gathered->len, sizeof *world->gathered->items, by_field);
    }
}

/* The first of the others that one of this file contradicts. */
static void check_typed(struct guard_file *file)
{
    struct guard_demands own = {0};
    struct findings told = {0};
    take(file, &own);
    if (own.len > 0 && file->world->gathered == NULL) {
        gather(file->world);
    }
    VEC_FOREACH (const struct demand, demand, &own) {
        const struct guard_demands *all = file->world->gathered;
        size_t at = first_of(all, demand);
        for (; at < all->len && is_beside(&all->items[at], demand); at++) {
            const struct demand *other = &all->items[at];
            bool itself = strcmp(other->path, file->path) == 0 && other->at.row == demand->at.row;
            if (!itself && contradict(other, demand)) {
                tell(demand, other, &told);
                break;
            }
        }
    }
    VEC_FOREACH (struct finding, finding, &told) {
        VEC_PUSH(file->findings, *finding);
    }
    VEC_FREE(&told);
    demands_clear(&own);
}

static void check(struct guard_file *file)
{
    if (file->world != NULL && file->world->demands != NULL) {
        take(file, file->world->demands);
    } else if (file->world != NULL && file->world->index != NULL &&
               file->world->manifests != NULL) {
        check_typed(file);
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
        "Kyverno patterns for a kind that both have (`?*` or a value, and `X(…)`, `!value` or "
        "another value, also in lists and below `=(…)`), and of two rules of Rego whose "
        "conditions on the input are the same but for one and its contrary (`input.x` and `not "
        "input.x`, `== \"a\"` and `!= \"a\"`, `!= \"a\"` and `!= \"b\"`). Rules with other "
        "anchors, "
        "preconditions or helpers are left to `fixture-denied`, which evaluates them. As you type "
        "among up to 200 files with such rules; `bylaw guards` and `bylaw check` take all.",
    .check = check,
    .finish = finish,
};
