#include "apply/matrix.h"

#include "base/vec.h"

#include <ctype.h>
#include <stdlib.h>

struct heads {
    struct matrix_head *items;
    size_t len, cap;
};

struct places {
    size_t *items;
    size_t len, cap;
};

struct side {
    bool there;
    struct apply_cell *cells; /* [policy * fixtures + fixture] */
    /* Of the set: where its policies and documents are here. */
    struct places policies, fixtures;
};

struct matrix {
    struct heads policies, fixtures;
    struct side sides[MATRIX_SIDES];
    enum matrix_only only;
    char *filter;
    struct places rows, columns;
    bool stale;
};

/* ---- life ---- */

static void head_free(struct matrix_head *head)
{
    free(head->id);
    free(head->name);
    free(head->engine);
    free(head->file);
    free(head->origin);
    free(head->trouble);
}

static void free_cells(struct matrix *m, enum matrix_side side)
{
    size_t count = m->policies.len * m->fixtures.len;
    for (size_t i = 0; m->sides[side].cells != NULL && i < count; i++) {
        apply_cell_free(&m->sides[side].cells[i]);
    }
    free(m->sides[side].cells);
    m->sides[side].cells = NULL;
}

struct matrix *matrix_new(void)
{
    struct matrix *m = MEM_NEW(struct matrix);
    m->filter = mem_strdup("");
    return m;
}

void matrix_free(struct matrix *m)
{
    if (m == NULL) {
        return;
    }
    for (int side = 0; side < MATRIX_SIDES; side++) {
        free_cells(m, side);
        VEC_FREE(&m->sides[side].policies);
        VEC_FREE(&m->sides[side].fixtures);
    }
    VEC_FOREACH (struct matrix_head, head, &m->policies) {
        head_free(head);
    }
    VEC_FOREACH (struct matrix_head, head, &m->fixtures) {
        head_free(head);
    }
    VEC_FREE(&m->policies);
    VEC_FREE(&m->fixtures);
    VEC_FREE(&m->rows);
    VEC_FREE(&m->columns);
    free(m->filter);
    free(m);
}

/* ---- planning ---- */

static int compare(const char *a, const char *b)
{
    return strcmp(a == NULL ? "" : a, b == NULL ? "" : b);
}

/* Policies by engine and name, documents by file and place; the id last, so that the order is one.
 */
static int by_head(const void *a, const void *b)
{
    const struct matrix_head *x = a;
    const struct matrix_head *y = b;
    int order = compare(x->engine, y->engine);
    order = order != 0 ? order : x->engine != NULL ? strcmp(x->name, y->name) : 0;
    order = order != 0 ? order : x->engine == NULL ? compare(x->file, y->file) : 0;
    if (order == 0 && x->document != y->document) {
        order = x->document < y->document ? -1 : 1;
    }
    return order != 0 ? order : strcmp(x->id, y->id);
}

static struct matrix_head policy_head(const struct apply_policy *policy)
{
    return (struct matrix_head){.id = mem_strdup(policy->id),
        .name = mem_strdup(policy->name),
        .engine = mem_strdup(policy->engine),
        .file = mem_strdup(policy->file),
        .at = policy->at,
        .trouble = mem_strdup(policy->trouble),
        .unseen = policy->unseen};
}

static struct matrix_head fixture_head(const struct apply_fixture *fixture)
{
    return (struct matrix_head){.id = mem_strdup(fixture->id),
        .name = mem_strdup(fixture->name),
        .file = mem_strdup(fixture->file),
        .at = fixture->at,
        .origin = mem_strdup(fixture->origin),
        .document = fixture->document,
        .says = fixture->says};
}

/* An id's place, for a union without n * m comparisons. */
struct named {
    const char *id;
    size_t place;
};

static int by_id(const void *a, const void *b)
{
    return strcmp(((const struct named *)a)->id, ((const struct named *)b)->id);
}

static struct named *names_of(const struct heads *heads)
{
    struct named *names = mem_zalloc((heads->len + 1) * sizeof *names);
    for (size_t i = 0; i < heads->len; i++) {
        names[i] = (struct named){heads->items[i].id, i};
    }
    if (heads->len > 1) {
        qsort(names, heads->len, sizeof *names, by_id);
    }
    return names;
}

static size_t find_name(const struct named *names, size_t count, const char *id)
{
    struct named key = {id, 0};
    const struct named *found = bsearch(&key, names, count, sizeof *names, by_id);
    return found == NULL ? SIZE_MAX : found->place;
}

/* The heads of this side anew: what neither side has any more goes. `made` is taken over. */
static void merge(struct heads *heads, enum matrix_side side, struct heads *made)
{
    struct named *names = names_of(heads);
    size_t known = heads->len;
    for (size_t i = 0; i < known; i++) {
        heads->items[i].on[side] = false;
    }
    VEC_FOREACH (struct matrix_head, head, made) {
        size_t place = find_name(names, known, head->id);
        head->on[side] = true;
        if (place == SIZE_MAX) {
            VEC_PUSH(heads, *head);
            continue;
        }
        /* The newer says best where it is. The id stays: `names` has it. */
        struct matrix_head *old = &heads->items[place];
        char *id = old->id;
        head->on[1 - side] = old->on[1 - side];
        old->id = NULL;
        free(head->id);
        head_free(old);
        *old = *head;
        old->id = id;
    }
    free(names);
    VEC_FREE(made);
    size_t kept = 0;
    for (size_t i = 0; i < heads->len; i++) {
        if (heads->items[i].on[0] || heads->items[i].on[1]) {
            heads->items[kept++] = heads->items[i];
        } else {
            head_free(&heads->items[i]);
        }
    }
    heads->len = kept;
    if (kept > 1) {
        qsort(heads->items, kept, sizeof *heads->items, by_head);
    }
}

/* The cells of the other side, at their new places. */
struct moved {
    struct apply_cell *cells;
    struct named *policies, *fixtures; /* by id, with the old place */
    size_t policy_count, fixture_count;
};

static void move_cells(struct matrix *m, enum matrix_side side, const struct moved *old)
{
    struct side *to = &m->sides[side];
    size_t fixtures = m->fixtures.len;
    to->cells = mem_zalloc((m->policies.len * fixtures + 1) * sizeof *to->cells);
    size_t *place = mem_zalloc((fixtures + 1) * sizeof *place);
    for (size_t f = 0; f < fixtures; f++) {
        place[f] = find_name(old->fixtures, old->fixture_count, m->fixtures.items[f].id);
    }
    for (size_t p = 0; p < m->policies.len && old->cells != NULL; p++) {
        size_t from = find_name(old->policies, old->policy_count, m->policies.items[p].id);
        for (size_t f = 0; f < fixtures && from != SIZE_MAX; f++) {
            if (place[f] != SIZE_MAX) {
                struct apply_cell *cell = &old->cells[from * old->fixture_count + place[f]];
                to->cells[p * fixtures + f] = *cell;
                *cell = (struct apply_cell){0};
            }
        }
    }
    free(place);
    for (size_t i = 0; old->cells != NULL && i < old->policy_count * old->fixture_count; i++) {
        apply_cell_free(&old->cells[i]);
    }
    free(old->cells);
}

/* ids are borrowed from heads that may go: copies. */
static struct named *copies_of(const struct heads *heads)
{
    struct named *names = names_of(heads);
    for (size_t i = 0; i < heads->len; i++) {
        names[i].id = mem_strdup(names[i].id);
    }
    return names;
}

static void free_copies(struct named *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free((char *)(uintptr_t)names[i].id);
    }
    free(names);
}

/* The set's order is not ours: where each of its policies and documents went. */
static void map_set(struct matrix *m, enum matrix_side side, const struct apply_set *set)
{
    struct side *s = &m->sides[side];
    struct named *policies = names_of(&m->policies);
    struct named *fixtures = names_of(&m->fixtures);
    s->policies.len = s->fixtures.len = 0;
    VEC_FOREACH (const struct apply_policy, policy, &set->policies) {
        VEC_PUSH(&s->policies, find_name(policies, m->policies.len, policy->id));
    }
    VEC_FOREACH (const struct apply_fixture, fixture, &set->fixtures) {
        VEC_PUSH(&s->fixtures, find_name(fixtures, m->fixtures.len, fixture->id));
    }
    free(policies);
    free(fixtures);
}

/* The other side's set has the order it had; what it says of places here is brought up to date. */
static void remap(
    const struct heads *heads, const struct named *old, size_t count, struct places *places)
{
    struct named *names = names_of(heads);
    const char **ids = mem_zalloc((count + 1) * sizeof *ids);
    for (size_t i = 0; i < count; i++) {
        ids[old[i].place] = old[i].id;
    }
    VEC_FOREACH (size_t, place, places) {
        *place = find_name(names, heads->len, ids[*place]);
    }
    free(ids);
    free(names);
}

void matrix_plan(struct matrix *m, enum matrix_side side, const struct apply_set *set)
{
    struct moved old[MATRIX_SIDES] = {0};
    for (int i = 0; i < MATRIX_SIDES; i++) {
        if ((enum matrix_side)i == side) {
            free_cells(m, side);
        }
        old[i] = (struct moved){.cells = m->sides[i].cells,
            .policies = copies_of(&m->policies),
            .fixtures = copies_of(&m->fixtures),
            .policy_count = m->policies.len,
            .fixture_count = m->fixtures.len};
        m->sides[i].cells = NULL;
    }
    struct heads policies = {0};
    struct heads fixtures = {0};
    VEC_FOREACH (const struct apply_policy, policy, &set->policies) {
        VEC_PUSH(&policies, policy_head(policy));
    }
    VEC_FOREACH (const struct apply_fixture, fixture, &set->fixtures) {
        VEC_PUSH(&fixtures, fixture_head(fixture));
    }
    merge(&m->policies, side, &policies);
    merge(&m->fixtures, side, &fixtures);
    m->sides[side].there = true;
    for (int i = 0; i < MATRIX_SIDES; i++) {
        move_cells(m, (enum matrix_side)i, &old[i]);
        if ((enum matrix_side)i != side) {
            remap(&m->policies, old[i].policies, old[i].policy_count, &m->sides[i].policies);
            remap(&m->fixtures, old[i].fixtures, old[i].fixture_count, &m->sides[i].fixtures);
        }
        free_copies(old[i].policies, old[i].policy_count);
        free_copies(old[i].fixtures, old[i].fixture_count);
    }
    map_set(m, side, set);
    m->stale = true;
}

void matrix_drop(struct matrix *m, enum matrix_side side)
{
    struct apply_set empty = {0};
    matrix_plan(m, side, &empty);
    m->sides[side].there = false;
}

bool matrix_has(const struct matrix *m, enum matrix_side side)
{
    return m->sides[side].there;
}

void matrix_set(
    struct matrix *m, enum matrix_side side, size_t policy, size_t fixture, struct apply_cell *cell)
{
    struct side *s = &m->sides[side];
    if (policy >= s->policies.len || fixture >= s->fixtures.len) {
        return;
    }
    struct apply_cell *to =
        &s->cells[s->policies.items[policy] * m->fixtures.len + s->fixtures.items[fixture]];
    apply_cell_free(to);
    *to = *cell;
    *cell = (struct apply_cell){0};
    m->stale = true;
}

/* ---- asking ---- */

size_t matrix_policies(const struct matrix *m)
{
    return m->policies.len;
}

size_t matrix_fixtures(const struct matrix *m)
{
    return m->fixtures.len;
}

const struct matrix_head *matrix_policy(const struct matrix *m, size_t policy)
{
    return &m->policies.items[policy];
}

const struct matrix_head *matrix_fixture(const struct matrix *m, size_t fixture)
{
    return &m->fixtures.items[fixture];
}

const struct apply_cell *matrix_cell(
    const struct matrix *m, enum matrix_side side, size_t policy, size_t fixture)
{
    const struct side *s = &m->sides[side];
    bool there = s->there && s->cells != NULL && m->policies.items[policy].on[side] &&
                 m->fixtures.items[fixture].on[side];
    return there ? &s->cells[policy * m->fixtures.len + fixture] : NULL;
}

const struct apply_cell *matrix_shown(const struct matrix *m, size_t policy, size_t fixture)
{
    const struct apply_cell *proposed = matrix_cell(m, MATRIX_PROPOSED, policy, fixture);
    return proposed != NULL ? proposed : matrix_cell(m, MATRIX_NOW, policy, fixture);
}

/* It does something about the document. */
static bool acts(const struct apply_cell *cell)
{
    return cell->verdict > APPLY_ALLOW;
}

static bool both_known(
    const struct matrix *m, const struct apply_cell *now, const struct apply_cell *proposed)
{
    return m->sides[MATRIX_NOW].there && m->sides[MATRIX_PROPOSED].there &&
           (now == NULL || now->verdict != APPLY_WAITING) &&
           (proposed == NULL || proposed->verdict != APPLY_WAITING);
}

bool matrix_changed(const struct matrix *m, size_t policy, size_t fixture)
{
    const struct apply_cell *now = matrix_cell(m, MATRIX_NOW, policy, fixture);
    const struct apply_cell *proposed = matrix_cell(m, MATRIX_PROPOSED, policy, fixture);
    if (!both_known(m, now, proposed)) {
        return false;
    }
    if (now == NULL || proposed == NULL) {
        return (now != NULL && acts(now)) || (proposed != NULL && acts(proposed));
    }
    return now->verdict != proposed->verdict;
}

bool matrix_reworded(const struct matrix *m, size_t policy, size_t fixture)
{
    const struct apply_cell *now = matrix_cell(m, MATRIX_NOW, policy, fixture);
    const struct apply_cell *proposed = matrix_cell(m, MATRIX_PROPOSED, policy, fixture);
    return now != NULL && proposed != NULL && both_known(m, now, proposed) &&
           now->verdict == proposed->verdict && compare(now->message, proposed->message) != 0;
}

struct matrix_counts matrix_count(const struct matrix *m)
{
    struct matrix_counts counts = {0};
    for (size_t p = 0; p < m->policies.len; p++) {
        for (size_t f = 0; f < m->fixtures.len; f++) {
            const struct apply_cell *cell = matrix_shown(m, p, f);
            counts.of[cell == NULL ? APPLY_NO_MATCH : cell->verdict]++;
            counts.changed += matrix_changed(m, p, f);
        }
    }
    return counts;
}

/* ---- what is shown ---- */

static bool has_word(const char *text, struct str word)
{
    size_t len = text == NULL ? 0 : strlen(text);
    for (size_t at = 0; at + word.len <= len; at++) {
        size_t i = 0;
        while (i < word.len &&
               tolower((unsigned char)text[at + i]) == tolower((unsigned char)word.ptr[i])) {
            i++;
        }
        if (i == word.len) {
            return true;
        }
    }
    return false;
}

static bool head_has(const struct matrix_head *head, struct str word)
{
    return has_word(head->id, word) || has_word(head->name, word) || has_word(head->file, word);
}

static bool next_word(struct str *rest, struct str *word)
{
    *rest = str_trim(*rest);
    size_t end = str_find_char(*rest, ' ', 0);
    *word = str_slice(*rest, 0, end == SIZE_MAX ? rest->len : end);
    *rest = str_from(*rest, word->len);
    return word->len > 0;
}

static bool any_has(const struct heads *heads, struct str word)
{
    VEC_FOREACH (const struct matrix_head, head, heads) {
        if (head_has(head, word)) {
            return true;
        }
    }
    return false;
}

/* A word narrows what has it: a policy's name does not make documents go. One that nothing has
 * leaves nothing. */
static void narrow(
    const struct matrix *m, const struct heads *heads, const struct heads *others, bool *wanted)
{
    struct str rest = str_of(m->filter);
    struct str word;
    for (size_t i = 0; i < heads->len; i++) {
        wanted[i] = true;
    }
    while (next_word(&rest, &word)) {
        bool here = any_has(heads, word);
        bool there = any_has(others, word);
        for (size_t i = 0; i < heads->len && (here || !there); i++) {
            wanted[i] = wanted[i] && head_has(&heads->items[i], word);
        }
    }
}

static bool cell_wanted(const struct matrix *m, size_t policy, size_t fixture)
{
    if (m->only == MATRIX_CHANGED) {
        return matrix_changed(m, policy, fixture);
    }
    const struct apply_cell *cell = matrix_shown(m, policy, fixture);
    return cell != NULL && cell->verdict >= APPLY_DENY;
}

static void select_cells(const struct matrix *m, bool *rows, bool *columns)
{
    bool *has_row = mem_zalloc(m->fixtures.len + 1);
    bool *has_column = mem_zalloc(m->policies.len + 1);
    for (size_t p = 0; p < m->policies.len; p++) {
        for (size_t f = 0; f < m->fixtures.len; f++) {
            if (rows[f] && columns[p] && cell_wanted(m, p, f)) {
                has_row[f] = has_column[p] = true;
            }
        }
    }
    memcpy(rows, has_row, m->fixtures.len);
    memcpy(columns, has_column, m->policies.len);
    free(has_row);
    free(has_column);
}

static void collect(const bool *wanted, size_t count, struct places *out)
{
    out->len = 0;
    for (size_t i = 0; i < count; i++) {
        if (wanted[i]) {
            VEC_PUSH(out, i);
        }
    }
}

void matrix_update(struct matrix *m)
{
    if (!m->stale) {
        return;
    }
    m->stale = false;
    bool *rows = mem_zalloc(m->fixtures.len + 1);
    bool *columns = mem_zalloc(m->policies.len + 1);
    narrow(m, &m->fixtures, &m->policies, rows);
    narrow(m, &m->policies, &m->fixtures, columns);
    if (m->only != MATRIX_ALL) {
        select_cells(m, rows, columns);
    }
    collect(rows, m->fixtures.len, &m->rows);
    collect(columns, m->policies.len, &m->columns);
    free(rows);
    free(columns);
}

void matrix_show(struct matrix *m, enum matrix_only only, struct str filter)
{
    free(m->filter);
    m->filter = str_dup(filter);
    m->only = only;
    m->stale = true;
    matrix_update(m);
}

static void copy_places(struct places *places, const size_t *items, size_t count)
{
    places->len = 0;
    for (size_t i = 0; i < count; i++) {
        VEC_PUSH(places, items[i]);
    }
}

void matrix_show_these(struct matrix *m, const size_t *policies, size_t policy_count,
    const size_t *fixtures, size_t fixture_count)
{
    copy_places(&m->columns, policies, policy_count);
    copy_places(&m->rows, fixtures, fixture_count);
    m->stale = false;
}

size_t matrix_rows(const struct matrix *m)
{
    return m->rows.len;
}

size_t matrix_columns(const struct matrix *m)
{
    return m->columns.len;
}

size_t matrix_row(const struct matrix *m, size_t row)
{
    return m->rows.items[row];
}

size_t matrix_column(const struct matrix *m, size_t column)
{
    return m->columns.items[column];
}
