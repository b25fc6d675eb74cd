/* The apply pane: one policy beside those that replace it. */
#include "pane/apply_private.h"

#include "base/vec.h"
#include "widget/picker.h"

#include <stdlib.h>

/* ---- what is compared ---- */

struct policies {
    size_t *items;
    size_t len, cap;
};

static bool is_newer(const struct apply_view *view, const struct matrix_head *policy)
{
    const char *is = view->newer_is_file ? policy->file : policy->id;
    return is != NULL && strcmp(is, view->newer) == 0 && strcmp(policy->id, view->older) != 0;
}

/* The older policy first. False: one side is not there (any more, or yet). */
static bool find_sides(const struct apply_pane *p, struct policies *out)
{
    const struct apply_view *view = p->options.view;
    for (size_t i = 0; view->older != NULL && i < matrix_policies(p->matrix); i++) {
        if (strcmp(matrix_policy(p->matrix, i)->id, view->older) == 0) {
            VEC_PUSH(out, i);
        }
    }
    for (size_t i = 0; out->len > 0 && i < matrix_policies(p->matrix); i++) {
        if (is_newer(view, matrix_policy(p->matrix, i))) {
            VEC_PUSH(out, i);
        }
    }
    return out->len > 1;
}

static const struct apply_cell *cell_of(const void *data, size_t policy, size_t fixture)
{
    return matrix_shown(data, policy, fixture);
}

static bool is_wanted(const struct apply_view *view, const struct comparison_row *row)
{
    bool denied = row->older.verdict >= APPLY_DENY || row->newer.verdict >= APPLY_DENY;
    return (!view->differing || comparison_row_differs(row)) &&
           (view->only != MATRIX_DENIED || denied);
}

void apply_compare_forget(struct apply_pane *p)
{
    comparison_free(&p->compared);
    VEC_FREE(&p->compared_rows);
    p->compared = (struct comparison){0};
    p->comparing = false;
}

/* Documents that the filter leaves; that it names a policy is nothing here. */
static void compare(struct apply_pane *p, const struct policies *sides)
{
    const struct apply_view *view = p->options.view;
    struct comparison_cells cells = {cell_of, p->matrix};
    struct policies fixtures = {0};
    matrix_show(p->matrix, MATRIX_ALL, str_of(view->filter == NULL ? "" : view->filter));
    for (size_t i = 0; i < matrix_rows(p->matrix); i++) {
        VEC_PUSH(&fixtures, matrix_row(p->matrix, i));
    }
    comparison_make(&cells, sides->items[0], sides->items + 1, sides->len - 1, fixtures.items,
        fixtures.len, &p->compared);
    fixtures.len = 0;
    for (size_t i = 0; i < p->compared.rows.len; i++) {
        if (is_wanted(view, &p->compared.rows.items[i])) {
            VEC_PUSH(&p->compared_rows, i);
            VEC_PUSH(&fixtures, p->compared.rows.items[i].fixture);
        }
    }
    matrix_show_these(p->matrix, sides->items, sides->len, fixtures.items, fixtures.len);
    VEC_FREE(&fixtures);
}

void apply_compare_refresh(struct apply_pane *p)
{
    struct policies sides = {0};
    apply_compare_forget(p);
    p->comparing = find_sides(p, &sides);
    if (p->comparing) {
        compare(p, &sides);
    }
    VEC_FREE(&sides);
}

const struct comparison_row *apply_compare_row(const struct apply_pane *p, size_t row)
{
    return p->comparing && row < p->compared_rows.len
               ? &p->compared.rows.items[p->compared_rows.items[row]]
               : NULL;
}

void apply_compare_names(const struct apply_pane *p, char **older, char **newer)
{
    const struct apply_view *view = p->options.view;
    *older = mem_strdup(matrix_policy(p->matrix, matrix_column(p->matrix, 0))->name);
    *newer = mem_strdup(view->newer_is_file
                            ? view->newer
                            : matrix_policy(p->matrix, matrix_column(p->matrix, 1))->name);
}

/* ---- choosing the second ---- */

struct choice {
    char *text, *detail;
    char *newer;
    bool is_file;
    unsigned rank; /* what most probably replaces it comes first */
};

struct choosing {
    struct apply_pane *pane;
    char *older;
    struct {
        struct choice *items;
        size_t len, cap;
    } choices;
};

static void show_choice(void *data, size_t index, struct picker_item *out)
{
    const struct choosing *c = data;
    out->text = str_of(c->choices.items[index].text);
    out->detail = str_of(c->choices.items[index].detail);
}

static void chosen(void *data, size_t index, struct str query)
{
    struct choosing *c = data;
    (void)query;
    if (index < c->choices.len) {
        struct apply_view *view = c->pane->options.view;
        free(view->older);
        free(view->newer);
        view->older = mem_strdup(c->older);
        view->newer = mem_strdup(c->choices.items[index].newer);
        view->newer_is_file = c->choices.items[index].is_file;
        view->differing = false;
        c->pane->row = c->pane->column = 0;
        free(view->policy);
        free(view->fixture);
        view->policy = view->fixture = NULL;
        apply_pane_planned(c->pane);
    }
}

static void destroy(void *data)
{
    struct choosing *c = data;
    VEC_FOREACH (struct choice, choice, &c->choices) {
        free(choice->text);
        free(choice->detail);
        free(choice->newer);
    }
    VEC_FREE(&c->choices);
    free(c->older);
    free(c);
}

static int by_rank(const void *a, const void *b)
{
    const struct choice *x = a;
    const struct choice *y = b;
    return x->rank != y->rank ? (x->rank < y->rank ? -1 : 1) : strcmp(x->text, y->text);
}

/* How many policies its file has, and whether it is the first of them. */
static size_t count_file(const struct matrix *m, size_t policy, bool *first)
{
    const struct matrix_head *head = matrix_policy(m, policy);
    size_t count = 0;
    *first = true;
    for (size_t i = 0; head->file != NULL && i < matrix_policies(m); i++) {
        const struct matrix_head *other = matrix_policy(m, i);
        if (other->file != NULL && strcmp(other->file, head->file) == 0) {
            *first = *first && i >= policy;
            count++;
        }
    }
    return count;
}

static bool file_has_name(const struct matrix *m, const char *file, const char *name)
{
    for (size_t i = 0; i < matrix_policies(m); i++) {
        const struct matrix_head *head = matrix_policy(m, i);
        if (head->file != NULL && strcmp(head->file, file) == 0 && strcmp(head->name, name) == 0) {
            return true;
        }
    }
    return false;
}

static void add_choices(struct choosing *c, const struct matrix_head *older, size_t policy)
{
    const struct matrix *m = c->pane->matrix;
    const struct matrix_head *head = matrix_policy(m, policy);
    bool kin = strcmp(head->engine, older->engine) == 0;
    bool beside = head->file != NULL && older->file != NULL && strcmp(head->file, older->file) == 0;
    bool first;
    size_t count = count_file(m, policy, &first);
    if (head->file != NULL && count > 1 && first && !beside) {
        struct choice file = {.text = mem_printf("all %zu of %s", count, head->file),
            .detail = mem_strdup(head->engine),
            .newer = mem_strdup(head->file),
            .is_file = true,
            .rank = file_has_name(m, head->file, older->name) ? 0
                    : kin                                     ? 2
                                                              : 4};
        VEC_PUSH(&c->choices, file);
    }
    struct choice one = {.text = mem_strdup(head->name),
        .detail = mem_printf("%s %s", head->engine, head->file == NULL ? "" : head->file),
        .newer = mem_strdup(head->id),
        .rank = strcmp(head->name, older->name) == 0 ? 1
                : kin                                ? 3
                                                     : 5};
    VEC_PUSH(&c->choices, one);
}

static unsigned choose(struct apply_pane *p, size_t policy)
{
    const struct matrix_head *older = matrix_policy(p->matrix, policy);
    struct choosing *c = MEM_NEW(struct choosing);
    c->pane = p;
    c->older = mem_strdup(older->id);
    for (size_t i = 0; i < matrix_policies(p->matrix); i++) {
        if (i != policy) {
            add_choices(c, older, i);
        }
    }
    qsort(c->choices.items, c->choices.len, sizeof *c->choices.items, by_rank);
    char *title = mem_printf("Compare %s with", older->name);
    struct picker_options options = {.title = title,
        .hint = "the policy that replaces it, or a file with all that do",
        .count = c->choices.len,
        .item = show_choice,
        .chosen = chosen,
        .destroy = destroy,
        .data = c};
    picker_open(p->app, &options);
    free(title);
    return UI_DONE;
}

/* The cursor stays on its document and policy. */
void apply_compare_leave(struct apply_pane *p)
{
    struct apply_view *view = p->options.view;
    size_t policy;
    size_t fixture;
    if (apply_at(p, &policy, &fixture)) {
        free(view->policy);
        free(view->fixture);
        view->policy = mem_strdup(matrix_policy(p->matrix, policy)->id);
        view->fixture = mem_strdup(matrix_fixture(p->matrix, fixture)->id);
    }
    free(view->older);
    free(view->newer);
    view->older = view->newer = NULL;
    apply_pane_planned(p);
}

unsigned apply_compare_toggle(void *data)
{
    struct apply_pane *p = data;
    size_t policy;
    size_t fixture;
    if (p->comparing) {
        apply_compare_leave(p);
        return UI_DONE;
    }
    return apply_at(p, &policy, &fixture) ? choose(p, policy) : UI_IGNORED;
}
