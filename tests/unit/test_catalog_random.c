/* Random edits, renames and deletions: after each the catalog answers as one that is made afresh
 * from the same files. */
#include "test.h"

#include "base/vec.h"
#include "catalog/catalog.h"

#include <stdio.h>
#include <stdlib.h>

enum { FILES = 12, STEPS = 400 };

static uint64_t seed = 7;

static unsigned pick(unsigned below)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(seed >> 33) % below;
}

/* A file of lines that refer to each other's packages and rules, some of them broken. */
static void write_file(struct buf *out, bool rego)
{
    static const char *const rego_lines[] = {
        "import data.p%u\n",
        "import data.p%u.r0 as x%u\n",
        "r%u := p%u.r1\n",
        "r%u contains v if some v in data.p%u.r2\n",
        "r%u(a) := b if b := a + data.p%u.r3\n",
        "test_%u if r%u\n",
        "r%u if { some x%u in input.a.b; x1.c }\n",
        "r%u.s%u := 1\n",
        "# METADATA\n# title: t%u\nr%u := 2\n",
        "broken%u := {%u\n",
    };
    static const char *const yaml_lines[] = {
        "---\napiVersion: v1\nkind: Pod\nmetadata: {name: n%u}\nspec: {f%u: 1}\n",
        "---\napiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {name: n%u}\nspec: {rules: "
        "[{name: r%u}]}\n",
        "---\napiVersion: constraints.gatekeeper.sh/v1\nkind: K%u\nmetadata: {name: n}\nspec: "
        "{parameters: {a%u: x}}\n",
        "---\napiVersion: templates.gatekeeper.sh/v1\nkind: ConstraintTemplate\nmetadata: {name: "
        "k}\nspec:\n  crd: {spec: {names: {kind: K%u}}}\n  targets:\n    - rego: |\n        "
        "package p%u\n        r0 { input.x }\n",
        "---\n{{ broken %u %u\n",
    };
    if (rego) {
        buf_printf(out, "package p%u\n", pick(6));
    }
    for (unsigned lines = pick(8); lines > 0; lines--) {
        const char *line = rego ? rego_lines[pick(ARRAY_LEN(rego_lines))]
                                : yaml_lines[pick(ARRAY_LEN(yaml_lines))];
        char number[2][8];
        for (int i = 0; i < 2; i++) {
            snprintf(number[i], sizeof number[i], "%u", pick(5));
        }
        int used = 0;
        for (const char *c = line; *c != '\0'; c++) {
            if (c[0] == '%' && c[1] == 'u') {
                buf_append_c(out, number[used++ % 2]);
                c++;
            } else {
                buf_append_char(out, *c);
            }
        }
    }
}

struct model {
    struct buf text[FILES]; /* ptr NULL: there is no such file */
};

static void name_of(unsigned file, char path[32])
{
    snprintf(path, 32, "d%u/f%u.%s", file % 3, file, file % 3 == 2 ? "yaml" : "rego");
}

static void push_place(struct buf *out, const struct catalog_place *place)
{
    buf_printf(out, " %s:%u:%u=%s", place->path, place->at.row, place->at.col, place->name);
}

typedef void (*question)(
    struct catalog *catalog, const struct catalog_cursor *cursor, struct catalog_places *out);

static void append_answers(struct catalog *catalog, const char *path, struct buf *out)
{
    static const question questions[] = {
        catalog_definition, catalog_references, catalog_tests, catalog_tested, catalog_callers};
    const struct policy_symbols *symbols = catalog_symbols_of(catalog, path);
    for (size_t i = 0; i < symbols->uses.len; i++) {
        struct catalog_cursor cursor = {
            .path = path, .row = symbols->uses.items[i].row, .col = symbols->uses.items[i].col};
        for (size_t q = 0; q < ARRAY_LEN(questions); q++) {
            struct catalog_places places = {0};
            questions[q](catalog, &cursor, &places);
            buf_printf(out, "\n%s %zu %zu:", path, i, q);
            VEC_FOREACH (const struct catalog_place, place, &places) {
                push_place(out, place);
            }
            catalog_places_free(&places);
        }
    }
}

static void append_completions(struct catalog *catalog, const char *text, struct buf *out)
{
    struct completions found;
    struct catalog_cursor cursor = {
        .path = "d0/f0.rego", .text = str_of(text), .row = 1, .col = strlen(text) - 10};
    catalog_complete(catalog, &cursor, &found);
    buf_printf(out, "\n%s", text);
    VEC_FOREACH (const struct completion, completion, &found) {
        buf_printf(out, " %s", completion->label);
    }
    completions_free(&found);
}

/* Everything the catalog can be asked, as text. */
static char *answers(struct catalog *catalog, const struct model *model)
{
    struct buf out = BUF_INIT;
    struct catalog_counts counts = catalog_count(catalog);
    buf_printf(&out, "%zu %zu %zu %zu %zu %zu %zu", counts.files, counts.packages, counts.rules,
        counts.tests, counts.policies, counts.templates, counts.objects);
    for (unsigned i = 0; i < FILES; i++) {
        char path[32];
        name_of(i, path);
        assert_true((catalog_symbols_of(catalog, path) != NULL) == (model->text[i].ptr != NULL));
        if (model->text[i].ptr != NULL) {
            append_answers(catalog, path, &out);
        }
    }
    append_completions(catalog, "package p\nx := data.", &out);
    append_completions(catalog, "package p\nx := input.spec.", &out);
    append_completions(catalog, "package p\nx := input.parameters.", &out);
    return buf_take(&out);
}

static struct catalog *afresh(const struct model *model)
{
    struct catalog *catalog = catalog_new();
    for (unsigned i = 0; i < FILES; i++) {
        char path[32];
        name_of(i, path);
        if (model->text[i].ptr != NULL) {
            catalog_put(catalog, path, policy_symbols_parse(path, buf_str(&model->text[i])));
        }
    }
    return catalog;
}

static void change(struct catalog *catalog, struct model *model)
{
    unsigned file = pick(FILES);
    char path[32];
    name_of(file, path);
    struct buf *text = &model->text[file];
    if (text->ptr != NULL && pick(4) == 0) {
        buf_free(text);
        catalog_remove(catalog, path);
        return;
    }
    if (text->ptr != NULL && text->len > 0 && pick(3) == 0) {
        size_t at = pick((unsigned)text->len);
        buf_remove(text, at, 1); /* a key typed */
    } else {
        buf_clear(text);
        write_file(text, file % 3 != 2);
        buf_append_c(text, "");
    }
    catalog_put(catalog, path, policy_symbols_parse(path, buf_str(text)));
}

static void incremental_equals_fresh(void **state)
{
    (void)state;
    struct model model = {0};
    struct catalog *catalog = catalog_new();
    for (int step = 0; step < STEPS; step++) {
        change(catalog, &model);
        if (step % 8 != 7) {
            continue;
        }
        struct catalog *fresh = afresh(&model);
        /* Completion reads a text of its own into f0: both have it then. */
        char *ours = answers(catalog, &model);
        char *theirs = answers(fresh, &model);
        if (strcmp(ours, theirs) != 0) {
            size_t at = 0;
            while (ours[at] == theirs[at]) {
                at++;
            }
            size_t from = at > 200 ? at - 200 : 0;
            fail_msg("step %d: %.300s\nand afresh %.300s", step, ours + from, theirs + from);
        }
        free(ours);
        free(theirs);
        catalog_free(fresh);
        if (model.text[0].ptr == NULL) {
            catalog_remove(catalog, "d0/f0.rego");
        } else {
            catalog_put(
                catalog, "d0/f0.rego", policy_symbols_parse("d0/f0.rego", buf_str(&model.text[0])));
        }
    }
    catalog_free(catalog);
    for (unsigned i = 0; i < FILES; i++) {
        buf_free(&model.text[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(incremental_equals_fresh),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
