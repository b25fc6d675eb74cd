#include "control/lineage.h"

#include "base/path.h"
#include "base/vec.h"
#include "loop/loop.h"

#include <stdint.h>
#include <stdlib.h>

/* More tests of one rule are not told apart by a reader. */
enum { PLACES_MAX = 200, COMMITS_MAX = 50000 };

const char *lineage_state_name(enum lineage_state state)
{
    static const char *const names[] = {
        "uncovered", "untested", "orphaned", "partly", "traced", "not checkable"};
    return names[state];
}

/* A policy of the workspace, seen once for the orphans. */
struct policy_seen {
    char *path;
    uint32_t definition;
};

/* Fixtures of a folder, asked for once. */
struct folder {
    char *name;
    struct lineage_places fixtures;
};

struct lineage_maker {
    struct catalog *catalog;
    const struct requirements *requirements;
    const struct cover_map *map;
    struct benchmark *benchmark;
    struct lineage lineage;
    size_t next_control, next_stray, next_policy;
    struct {
        struct policy_seen *items;
        size_t len, cap;
    } policies; /* by path */
    struct names folder_names;
    struct {
        struct folder *items;
        size_t len, cap;
    } folders;
    struct names named;     /* "PATH\nPOLICY" of the policies that name a control */
    struct names templates; /* kinds, in the order of template_places */
    struct lineage_places template_places;
};

/* ---- places ---- */

static void places_free(struct lineage_places *places)
{
    VEC_FOREACH (struct lineage_place, place, places) {
        free(place->name);
        free(place->path);
    }
    VEC_FREE(places);
}

static void push_place(struct lineage_places *places, const struct catalog_place *from)
{
    if (places->len < PLACES_MAX) {
        VEC_PUSH(places, (struct lineage_place){mem_strdup(from->name), mem_strdup(from->path),
                             from->at.row, from->at.col});
    }
}

static void add_fixture(struct lineage_places *to, const struct lineage_place *fixture)
{
    VEC_FOREACH (const struct lineage_place, known, to) {
        if (strcmp(known->path, fixture->path) == 0) {
            return;
        }
    }
    if (to->len < PLACES_MAX) {
        VEC_PUSH(to, (struct lineage_place){mem_strdup(fixture->name), mem_strdup(fixture->path),
                         fixture->row, fixture->col});
    }
}

/* The fixtures beside a file: what its folder's suites name and its fixture folders hold. */
static void add_fixtures(struct lineage_maker *maker, const char *path, struct lineage_places *to)
{
    char *name = path_dir(path);
    uint32_t number = names_find(&maker->folder_names, str_of(name));
    if (number == NAME_NONE) {
        struct catalog_places found = {0};
        struct folder folder = {.name = mem_strdup(name)};
        catalog_fixtures(maker->catalog, path, &found);
        VEC_FOREACH (const struct catalog_place, place, &found) {
            push_place(&folder.fixtures, place);
        }
        catalog_places_free(&found);
        number = names_hold(&maker->folder_names, str_of(name));
        VEC_PUSH(&maker->folders, folder);
    }
    free(name);
    const struct lineage_places *fixtures = &maker->folders.items[number].fixtures;
    VEC_FOREACH (const struct lineage_place, fixture, fixtures) {
        add_fixture(to, fixture);
    }
}

/* ---- rules ---- */

static void add_row(struct lineage_maker *maker, const struct lineage_row *like, const char *rule,
    const char *path, struct symbol_range at)
{
    struct lineage_row row = *like;
    struct catalog_places tests = {0};
    struct catalog_cursor cursor = {.path = path, .row = at.row, .col = at.col};
    row.policy = mem_strdup(like->policy);
    row.note = mem_strdup(like->note);
    row.rule = (struct lineage_place){mem_strdup(rule), mem_strdup(path), at.row, at.col};
    catalog_tests(maker->catalog, &cursor, &tests);
    VEC_FOREACH (const struct catalog_place, test, &tests) {
        push_place(&row.tests, test);
    }
    catalog_places_free(&tests);
    add_fixtures(maker, path, &row.fixtures);
    for (size_t i = 0; i < row.tests.len; i++) {
        add_fixtures(maker, row.tests.items[i].path, &row.fixtures);
    }
    if (row.tests.len == 0 && row.state != LINEAGE_ORPHANED) {
        row.state = LINEAGE_UNTESTED;
    }
    VEC_PUSH(&maker->lineage.rows, row);
}

static bool is_rule_of(const struct symbol_definition *definition, size_t policy)
{
    return definition->parent == policy &&
           (definition->kind == SYMBOL_RULE || definition->kind == SYMBOL_POLICY_RULE);
}

static bool is_entry(const char *name)
{
    static const char *const names[] = {"deny", "violation", "warn", "allow"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        size_t len = strlen(names[i]);
        if (strncmp(name, names[i], len) == 0 && (name[len] == '\0' || name[len] == '_')) {
            return true;
        }
    }
    return false;
}

/* A rule of several bodies stands once. */
static bool stands_before(const struct policy_symbols *symbols, size_t at)
{
    const struct symbol_definition *definition = &symbols->definitions.items[at];
    for (size_t i = 0; i < at; i++) {
        const struct symbol_definition *before = &symbols->definitions.items[i];
        if (before->parent == definition->parent && before->kind == definition->kind &&
            strcmp(before->name, definition->name) == 0) {
            return true;
        }
    }
    return false;
}

/* The rules of a package or policy: those that decide, or all where none has such a name. */
static size_t add_rules(struct lineage_maker *maker, const struct lineage_row *like,
    const char *path, const struct policy_symbols *symbols, size_t policy, bool entries)
{
    size_t added = 0;
    for (size_t i = 0; i < symbols->definitions.len; i++) {
        const struct symbol_definition *definition = &symbols->definitions.items[i];
        bool wanted =
            is_rule_of(definition, policy) &&
            (!entries || definition->kind == SYMBOL_POLICY_RULE || is_entry(definition->name));
        if (wanted && !stands_before(symbols, i)) {
            add_row(maker, like, definition->name, path, definition->at);
            added++;
        }
    }
    return added;
}

static void add_policy(struct lineage_maker *maker, const struct lineage_row *like,
    const char *path, const struct policy_symbols *symbols, size_t at)
{
    const struct symbol_definition *definition = &symbols->definitions.items[at];
    switch (definition->kind) {
    case SYMBOL_PACKAGE:
    case SYMBOL_POLICY:
        if (add_rules(maker, like, path, symbols, at, true) == 0 &&
            add_rules(maker, like, path, symbols, at, false) == 0) {
            add_row(maker, like, definition->name, path, definition->at);
        }
        break;
    case SYMBOL_CONSTRAINT: {
        /* What it constrains with is tested as its template. */
        const char *kind = definition->type == NULL ? "" : definition->type;
        uint32_t template = names_find(&maker->templates, str_of(kind));
        if (template != NAME_NONE) {
            const struct lineage_place *place = &maker->template_places.items[template];
            struct symbol_range where = {.row = place->row, .col = place->col};
            add_row(maker, like, place->name, place->path, where);
        } else {
            add_row(maker, like, kind, path, definition->at);
        }
        break;
    }
    default:
        add_row(maker, like, definition->name, path, definition->at);
        break;
    }
}

/* The definition a cover was written at. */
static size_t definition_of(const struct policy_symbols *symbols, const struct cover *cover)
{
    for (size_t i = 0; i < symbols->definitions.len; i++) {
        const struct symbol_definition *definition = &symbols->definitions.items[i];
        if (definition->kind == cover->kind && definition->at.start == cover->at.start) {
            return i;
        }
    }
    return SYMBOL_NONE;
}

static void hold(struct lineage_maker *maker, const char *path, const char *policy)
{
    char *key = mem_printf("%s\n%s", path, policy);
    (void)names_hold(&maker->named, str_of(key));
    free(key);
}

/* The template that the Rego of a definition stands in: the last that begins above it. */
static const char *template_around(const struct policy_symbols *symbols, size_t at)
{
    const struct symbol_definition *rego = &symbols->definitions.items[at];
    const char *name = NULL;
    VEC_FOREACH (const struct symbol_definition, definition, &symbols->definitions) {
        if (definition->kind == SYMBOL_TEMPLATE && definition->at.row < rego->at.row) {
            name = definition->name;
        }
    }
    return rego->kind == SYMBOL_PACKAGE || rego->kind == SYMBOL_RULE ? name : NULL;
}

/* What a constraint names is its template's, too, and so is what the template's Rego names. */
static void hold_named(struct lineage_maker *maker, const struct cover *cover)
{
    const struct policy_symbols *symbols = catalog_symbols_of(maker->catalog, cover->path);
    size_t at = symbols == NULL ? SYMBOL_NONE : definition_of(symbols, cover);
    if (cover->sure == COVER_WORDS || at == SYMBOL_NONE) {
        return;
    }
    const char *kind = symbols->definitions.items[at].type;
    uint32_t template = cover->kind != SYMBOL_CONSTRAINT || kind == NULL
                            ? NAME_NONE
                            : names_find(&maker->templates, str_of(kind));
    const char *around = template_around(symbols, at);
    hold(maker, cover->path, cover->policy);
    if (around != NULL) {
        hold(maker, cover->path, around);
    }
    if (template != NAME_NONE) {
        const struct lineage_place *place = &maker->template_places.items[template];
        hold(maker, place->path, place->name);
    }
}

static void add_cover(
    struct lineage_maker *maker, const struct lineage_row *like, const struct cover *cover)
{
    const struct policy_symbols *symbols = catalog_symbols_of(maker->catalog, cover->path);
    size_t at = symbols == NULL ? SYMBOL_NONE : definition_of(symbols, cover);
    if (at != SYMBOL_NONE) {
        struct lineage_row row = *like;
        row.policy = cover->policy;
        add_policy(maker, &row, cover->path, symbols, at);
    }
}

/* ---- the three sources of rows ---- */

static enum lineage_state state_of(const struct gap *gap)
{
    switch (gap->status) {
    case GAP_OPEN:
        return LINEAGE_UNCOVERED;
    case GAP_NOT_CHECKABLE:
        return LINEAGE_NOT_CHECKABLE;
    case GAP_PARTLY:
        return LINEAGE_PARTLY;
    case GAP_COVERED:
        break;
    }
    return LINEAGE_TRACED;
}

static char *note_of(const struct gap *gap)
{
    struct buf out = BUF_INIT;
    buf_append_c(&out, gap->reason == NULL ? "" : gap->reason);
    if (gap->requirement->note != NULL) {
        buf_printf(&out, "%s%s", out.len > 0 ? "; " : "", gap->requirement->note);
    }
    return buf_take(&out);
}

static void add_gap(struct lineage_maker *maker, const struct gap *gap)
{
    struct lineage_row like = {.state = state_of(gap),
        .control = gap->control,
        .status = gap->status,
        .policy = (char *)"",
        .note = note_of(gap)};
    for (size_t i = 0; i < gap->cover_count; i++) {
        add_cover(maker, &like, &gap->covers[i]);
    }
    if (gap->cover_count == 0) {
        struct lineage_row row = like;
        row.policy = mem_strdup("");
        row.note = mem_strdup(like.note);
        row.rule = (struct lineage_place){.name = mem_strdup(""), .path = mem_strdup("")};
        VEC_PUSH(&maker->lineage.rows, row);
    }
    free(like.note);
}

static void add_stray(struct lineage_maker *maker, const struct cover *stray)
{
    struct buf note = BUF_INIT;
    buf_printf(&note, "names %s, which nobody asks for", stray->said);
    size_t before = note.len;
    buf_append_c(&note, "; ");
    cover_explain_stray(stray, maker->benchmark, &note);
    note.len = note.len == before + 2 ? before : note.len;
    char *text = mem_strndup(note.ptr, note.len);
    struct lineage_row like = {
        .state = LINEAGE_ORPHANED, .control = SIZE_MAX, .policy = (char *)"", .note = text};
    add_cover(maker, &like, stray);
    free(text);
    buf_free(&note);
}

/* A policy that names no control at all. */
static void add_orphan(struct lineage_maker *maker, const struct policy_seen *seen)
{
    const struct policy_symbols *symbols = catalog_symbols_of(maker->catalog, seen->path);
    if (symbols == NULL || seen->definition >= symbols->definitions.len) {
        return;
    }
    const struct symbol_definition *definition = &symbols->definitions.items[seen->definition];
    char *key = mem_printf("%s\n%s", seen->path, definition->name);
    if (names_find(&maker->named, str_of(key)) == NAME_NONE) {
        struct lineage_row like = {.state = LINEAGE_ORPHANED,
            .control = SIZE_MAX,
            .policy = definition->name,
            .note = (char *)"names no control"};
        add_policy(maker, &like, seen->path, symbols, seen->definition);
    }
    free(key);
}

/* ---- the work ---- */

static bool has_entry(const struct policy_symbols *symbols, size_t package)
{
    VEC_FOREACH (const struct symbol_definition, definition, &symbols->definitions) {
        if (definition->parent == package && definition->kind == SYMBOL_RULE &&
            is_entry(definition->name)) {
            return true;
        }
    }
    return false;
}

static bool see_file(void *data, const char *path, const struct policy_symbols *symbols)
{
    struct lineage_maker *maker = data;
    for (uint32_t i = 0; i < symbols->definitions.len; i++) {
        const struct symbol_definition *definition = &symbols->definitions.items[i];
        bool rego = definition->kind == SYMBOL_PACKAGE && symbols->kind == FILE_REGO &&
                    has_entry(symbols, i);
        if (definition->kind == SYMBOL_TEMPLATE &&
            names_find(&maker->templates, str_of(definition->name)) == NAME_NONE) {
            (void)names_hold(&maker->templates, str_of(definition->name));
            VEC_PUSH(&maker->template_places,
                (struct lineage_place){mem_strdup(definition->name), mem_strdup(path),
                    definition->at.row, definition->at.col});
        }
        if (rego || definition->kind == SYMBOL_TEMPLATE || definition->kind == SYMBOL_POLICY) {
            VEC_PUSH(&maker->policies, (struct policy_seen){mem_strdup(path), i});
        }
    }
    return true;
}

struct lineage_maker *lineage_begin(struct catalog *catalog,
    const struct requirements *requirements, const struct cover_map *map,
    struct benchmark *benchmark)
{
    struct lineage_maker *maker = MEM_NEW(struct lineage_maker);
    maker->catalog = catalog;
    maker->requirements = requirements;
    maker->map = map;
    maker->benchmark = benchmark;
    maker->lineage.requirements = requirements;
    catalog_each_file(catalog, see_file, maker);
    VEC_FOREACH (const struct cover, cover, &map->covers) {
        hold_named(maker, cover);
    }
    VEC_FOREACH (const struct cover, stray, &map->strays) {
        hold_named(maker, stray);
    }
    return maker;
}

bool lineage_step(struct lineage_maker *maker, uint64_t ms)
{
    uint64_t start = loop_now_ms();
    for (unsigned i = 0; i == 0 || i % 16 != 0 || loop_now_ms() - start < ms; i++) {
        if (maker->next_control < maker->requirements->len) {
            struct gap gap = gap_of(maker->requirements, maker->map, maker->next_control++);
            add_gap(maker, &gap);
        } else if (maker->next_stray < maker->map->strays.len) {
            add_stray(maker, &maker->map->strays.items[maker->next_stray++]);
        } else if (maker->next_policy < maker->policies.len) {
            add_orphan(maker, &maker->policies.items[maker->next_policy++]);
        } else {
            return true;
        }
    }
    return false;
}

static int by_state(const void *left, const void *right)
{
    const struct lineage_row *a = left;
    const struct lineage_row *b = right;
    if (a->state != b->state) {
        return (int)a->state - (int)b->state;
    }
    if (a->control != b->control) {
        return a->control < b->control ? -1 : 1;
    }
    int order = strcmp(a->rule.path, b->rule.path);
    return order != 0 ? order : (a->rule.row > b->rule.row) - (a->rule.row < b->rule.row);
}

/* A control counts as the best of its rows says: traced, partly, untested, uncovered. */
static void count_controls(struct lineage *lineage)
{
    enum lineage_state *best = mem_alloc((lineage->requirements->len + 1) * sizeof *best);
    for (size_t i = 0; i < lineage->requirements->len; i++) {
        best[i] = LINEAGE_UNCOVERED;
    }
    VEC_FOREACH (const struct lineage_row, row, &lineage->rows) {
        lineage->counts[row->state]++;
        if (row->control != SIZE_MAX && row->state > best[row->control]) {
            best[row->control] = row->state;
        }
    }
    for (size_t i = 0; i < lineage->requirements->len; i++) {
        bool unknown = admission_of(lineage->requirements->items[i].admission) == ADMISSION_UNKNOWN;
        lineage->controls[best[i]]++;
        lineage->unknown[best[i]] += unknown;
        lineage->unknown_count += unknown;
    }
    free(best);
}

void lineage_finish(struct lineage_maker *maker, struct lineage *out)
{
    *out = maker->lineage;
    maker->lineage = (struct lineage){0};
    if (out->rows.len > 0) {
        qsort(out->rows.items, out->rows.len, sizeof *out->rows.items, by_state);
    }
    count_controls(out);
    lineage_cancel(maker);
}

void lineage_cancel(struct lineage_maker *maker)
{
    if (maker == NULL) {
        return;
    }
    lineage_free(&maker->lineage);
    VEC_FOREACH (struct policy_seen, seen, &maker->policies) {
        free(seen->path);
    }
    VEC_FREE(&maker->policies);
    VEC_FOREACH (struct folder, folder, &maker->folders) {
        free(folder->name);
        places_free(&folder->fixtures);
    }
    VEC_FREE(&maker->folders);
    places_free(&maker->template_places);
    names_free(&maker->folder_names);
    names_free(&maker->named);
    names_free(&maker->templates);
    free(maker);
}

void lineage_free(struct lineage *lineage)
{
    VEC_FOREACH (struct lineage_row, row, &lineage->rows) {
        free(row->policy);
        free(row->note);
        free(row->rule.name);
        free(row->rule.path);
        places_free(&row->tests);
        places_free(&row->fixtures);
    }
    VEC_FREE(&lineage->rows);
    last_commits_free(lineage->commits, lineage->commit_count);
    lineage->commits = NULL;
    lineage->commit_count = 0;
}

/* ---- commits ---- */

static int by_path(const void *left, const void *right)
{
    return strcmp(
        ((const struct last_commit *)left)->path, ((const struct last_commit *)right)->path);
}

static void collect_paths(struct lineage *lineage)
{
    size_t count = 0;
    lineage->commits = mem_zalloc((lineage->rows.len + 1) * sizeof *lineage->commits);
    VEC_FOREACH (const struct lineage_row, row, &lineage->rows) {
        if (*row->rule.path != '\0') {
            lineage->commits[count++].path = row->rule.path; /* borrowed until they are unique */
        }
    }
    qsort(lineage->commits, count, sizeof *lineage->commits, by_path);
    for (size_t i = 0; i < count; i++) {
        size_t kept = lineage->commit_count;
        const char *path = lineage->commits[i].path;
        if (kept == 0 || strcmp(lineage->commits[kept - 1].path, path) != 0) {
            lineage->commits[lineage->commit_count++].path = mem_strdup(path);
        }
    }
}

bool lineage_read_commits(
    struct lineage *lineage, const char *root, const atomic_bool *cancel, struct err *err)
{
    if (lineage->commits == NULL) {
        collect_paths(lineage);
    }
    bool ok = last_commits_read(root, lineage->commits, lineage->commit_count, COMMITS_MAX, cancel,
        &lineage->commits_complete, err);
    VEC_FOREACH (struct lineage_row, row, &lineage->rows) {
        struct last_commit key = {.path = row->rule.path};
        row->commit = *row->rule.path == '\0'
                          ? NULL
                          : bsearch(&key, lineage->commits, lineage->commit_count,
                                sizeof *lineage->commits, by_path);
    }
    return ok;
}

const char *lineage_control_id(const struct lineage *lineage, const struct lineage_row *row)
{
    return row->control == SIZE_MAX ? "" : lineage->requirements->items[row->control].id;
}

char *lineage_control_words(const struct lineage *lineage, const struct lineage_row *row)
{
    return row->control == SIZE_MAX
               ? mem_strdup("")
               : requirement_words(&lineage->requirements->items[row->control]);
}
