#include "control/cover.h"

#include "base/safe.h"
#include "base/vec.h"
#include "control/framework.h"
#include "control/words.h"
#include "loop/loop.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>

/* Measured on gatekeeper-library and kyverno/policies: below, most are no such policy. */
#define READS_LIKE 0.6

enum { WORDS_KEPT = 20, SLICE_MS = 1000 };

/* Numbers without regard to case, each with the requirements that have it. */
struct numbers {
    struct names names;
    struct number_lists {
        struct number_list {
            size_t *items;
            size_t len, cap;
        } * items;
        size_t len, cap;
    } lists;
};

struct cover_maker {
    const struct catalog *catalog;
    const struct requirements *requirements;
    size_t next_requirement, next_file;
    struct numbers numbers;
    struct words *words;
    struct cover_map map;
    const char *path;
    const struct policy_symbols *symbols;
};

/* ---- numbers ---- */

static struct buf low(const char *text)
{
    struct buf out = BUF_INIT;
    for (; *text != '\0'; text++) {
        buf_append_char(&out, (char)tolower((unsigned char)*text));
    }
    return out;
}

static void add_number(struct numbers *numbers, const char *text, size_t control)
{
    if (text == NULL || *text == '\0') {
        return;
    }
    struct buf key = low(text);
    uint32_t name = names_hold(&numbers->names, buf_str(&key));
    buf_free(&key);
    while (numbers->lists.len <= name) {
        VEC_PUSH(&numbers->lists, (struct number_list){0});
    }
    struct number_list *list = &numbers->lists.items[name];
    if (list->len == 0 || list->items[list->len - 1] != control) {
        VEC_PUSH(list, control);
    }
}

static const struct number_list *find_number(const struct numbers *numbers, const char *text)
{
    static const struct number_list none = {0};
    struct buf key = low(text);
    uint32_t name = names_find(&numbers->names, buf_str(&key));
    buf_free(&key);
    return name == NAME_NONE ? &none : &numbers->lists.items[name];
}

static void numbers_free(struct numbers *numbers)
{
    VEC_FOREACH (struct number_list, list, &numbers->lists) {
        VEC_FREE(list);
    }
    VEC_FREE(&numbers->lists);
    names_free(&numbers->names);
}

/* ---- one file ---- */

static bool is_policy(const struct symbol_definition *definition)
{
    switch (definition->kind) {
    case SYMBOL_PACKAGE:
    case SYMBOL_RULE:
    case SYMBOL_FUNCTION:
    case SYMBOL_TEMPLATE:
    case SYMBOL_CONSTRAINT:
    case SYMBOL_POLICY:
    case SYMBOL_POLICY_RULE:
        return true;
    case SYMBOL_OBJECT:
        return definition->type != NULL && strstr(definition->type, "AdmissionPolicy") != NULL;
    default:
        return false;
    }
}

static const char *policy_name(
    const struct policy_symbols *symbols, const struct symbol_definition *definition)
{
    return definition->parent == SYMBOL_NONE ? definition->name
                                             : symbols->definitions.items[definition->parent].name;
}

static struct cover make_cover(
    const struct cover_maker *maker, const struct symbol_definition *definition, uint32_t row)
{
    return (struct cover){.control = SIZE_MAX,
        .path = mem_strdup(maker->path),
        .policy = mem_strdup(policy_name(maker->symbols, definition)),
        .kind = definition->kind,
        .at = definition->at,
        .row = row};
}

static enum cover_sure sureness(
    const struct symbol_control *control, enum framework_relation relation)
{
    if (relation == FRAMEWORK_VERSION) {
        return COVER_VERSION;
    }
    return control->source == CONTROL_NAME ? COVER_IN_NAME
           : relation == FRAMEWORK_SAME    ? COVER_NAMED
                                           : COVER_NUMBER;
}

/* "5.2.2", "k8s-cis-1.23 5.2.2". */
static char *as_said(const struct symbol_control *control)
{
    return framework_is_named(str_of(control->framework))
               ? mem_printf("%s of %s", control->id, control->framework)
               : mem_strdup(control->id);
}

static void take_control(struct cover_maker *maker, const struct symbol_control *control)
{
    const struct symbol_definition *definition =
        &maker->symbols->definitions.items[control->definition];
    const struct number_list *list = find_number(&maker->numbers, control->id);
    bool found = false;
    if (!is_policy(definition)) {
        return;
    }
    for (size_t i = 0; i < list->len; i++) {
        const struct requirement *asked = &maker->requirements->items[list->items[i]];
        enum framework_relation relation = framework_relate(str_of(control->framework),
            str_make("", 0), str_of(asked->framework), str_of(asked->version));
        if (relation == FRAMEWORK_OTHER) {
            continue;
        }
        struct cover cover = make_cover(maker, definition, control->row);
        cover.control = list->items[i];
        cover.sure = sureness(control, relation);
        cover.source = control->source;
        cover.said = as_said(control);
        VEC_PUSH(&maker->map.covers, cover);
        found = true;
    }
    if (!found) {
        struct cover cover = make_cover(maker, definition, control->row);
        cover.sure = COVER_NUMBER;
        cover.source = control->source;
        cover.said = as_said(control);
        VEC_PUSH(&maker->map.strays, cover);
    }
}

/* A package that has a rule which denies. */
static bool denies(const struct policy_symbols *symbols, size_t package)
{
    static const char *const names[] = {"deny", "violation", "warn"};
    VEC_FOREACH (const struct symbol_definition, definition, &symbols->definitions) {
        for (size_t i = 0; definition->parent == package && definition->kind == SYMBOL_RULE &&
                           i < ARRAY_LEN(names);
             i++) {
            size_t len = strlen(names[i]);
            if (strncmp(definition->name, names[i], len) == 0 &&
                (definition->name[len] == '\0' || definition->name[len] == '_')) {
                return true;
            }
        }
    }
    return false;
}

/* Its name and its title. */
static char *words_of(const struct policy_symbols *symbols, size_t at)
{
    const struct symbol_definition *definition = &symbols->definitions.items[at];
    struct buf out = BUF_INIT;
    buf_append_c(&out, definition->name);
    VEC_FOREACH (const struct symbol_note, note, &symbols->notes) {
        if (definition->kind == SYMBOL_PACKAGE && note->title != NULL) {
            buf_printf(&out, " %s", note->title);
        }
    }
    if (definition->kind != SYMBOL_PACKAGE && definition->doc != NULL) {
        struct str rest = str_of(definition->doc);
        struct str line = rest;
        str_next_line(&rest, &line);
        buf_append_char(&out, ' ');
        buf_append_str(&out, line);
    }
    return buf_take(&out);
}

/* One policy may well be what one control asks for, without saying so. */
static void take_words(struct cover_maker *maker, size_t at)
{
    const struct symbol_definition *definition = &maker->symbols->definitions.items[at];
    char *words = words_of(maker->symbols, at);
    struct words_hit hit = words_best(maker->words, str_of(words), SIZE_MAX, NULL);
    free(words);
    if (hit.likeness >= READS_LIKE) {
        struct cover cover = make_cover(maker, definition, definition->at.row);
        cover.control = hit.text;
        cover.sure = COVER_WORDS;
        cover.said = mem_strdup("");
        VEC_PUSH(&maker->map.covers, cover);
    }
}

static bool names_control(const struct policy_symbols *symbols, size_t definition)
{
    VEC_FOREACH (const struct symbol_control, control, &symbols->controls) {
        const struct symbol_definition *at = &symbols->definitions.items[control->definition];
        if (control->definition == definition || at->parent == definition) {
            return true;
        }
    }
    return false;
}

static void take_file(
    struct cover_maker *maker, const char *path, const struct policy_symbols *symbols)
{
    maker->path = path;
    maker->symbols = symbols;
    VEC_FOREACH (const struct symbol_control, control, &symbols->controls) {
        take_control(maker, control);
    }
    for (size_t i = 0; i < symbols->definitions.len; i++) {
        enum symbol_kind kind = symbols->definitions.items[i].kind;
        bool rego = kind == SYMBOL_PACKAGE && symbols->kind == FILE_REGO && denies(symbols, i);
        maker->map.gatekeeper += kind == SYMBOL_TEMPLATE;
        maker->map.kyverno += kind == SYMBOL_POLICY;
        maker->map.rego += rego;
        if ((rego || kind == SYMBOL_TEMPLATE || kind == SYMBOL_POLICY) &&
            !names_control(symbols, i)) {
            take_words(maker, i);
        }
    }
}

/* ---- the map ---- */

static void free_cover(struct cover *cover)
{
    free(cover->said);
    free(cover->path);
    free(cover->policy);
}

static int by_place(const struct cover *a, const struct cover *b)
{
    int order = strcmp(a->path, b->path);
    return order != 0 ? order : (a->row > b->row) - (a->row < b->row);
}

static int by_control(const void *left, const void *right)
{
    const struct cover *a = left;
    const struct cover *b = right;
    if (a->control != b->control) {
        return a->control < b->control ? -1 : 1;
    }
    return a->sure != b->sure ? (int)a->sure - (int)b->sure : by_place(a, b);
}

/* What only reads like a control is cut to what can be looked at. */
static void cut_words(struct covers *covers)
{
    size_t kept = 0;
    size_t run = 0;
    for (size_t i = 0; i < covers->len; i++) {
        struct cover *cover = &covers->items[i];
        bool same = kept > 0 && covers->items[kept - 1].control == cover->control;
        run = cover->sure == COVER_WORDS && same ? run + 1 : 0;
        if (run < WORDS_KEPT) {
            covers->items[kept++] = *cover;
        } else {
            free_cover(cover);
        }
    }
    covers->len = kept;
}

struct cover_maker *cover_map_begin(
    const struct catalog *catalog, const struct requirements *requirements)
{
    struct cover_maker *maker = MEM_NEW(struct cover_maker);
    maker->catalog = catalog;
    maker->requirements = requirements;
    maker->words = words_new();
    return maker;
}

static void take_requirement(struct cover_maker *maker, size_t at)
{
    const struct requirement *requirement = &maker->requirements->items[at];
    char *words = requirement_known_by(requirement);
    add_number(&maker->numbers, requirement->id, at);
    add_number(&maker->numbers, requirement->label, at);
    words_add(maker->words, str_of(words));
    free(words);
}

/* False: there is nothing left. */
static bool take_next(struct cover_maker *maker)
{
    if (maker->next_requirement < maker->requirements->len) {
        take_requirement(maker, maker->next_requirement++);
        return true;
    }
    const char *path;
    const struct policy_symbols *symbols =
        catalog_file_at(maker->catalog, maker->next_file++, &path);
    if (symbols != NULL) {
        take_file(maker, path, symbols);
    }
    return symbols != NULL;
}

bool cover_map_step(struct cover_maker *maker, uint64_t ms)
{
    uint64_t start = loop_now_ms();
    for (unsigned i = 0; i == 0 || i % 16 != 0 || loop_now_ms() - start < ms; i++) {
        if (!take_next(maker)) {
            return true;
        }
    }
    return false;
}

void cover_map_finish(struct cover_maker *maker, struct cover_map *out)
{
    *out = maker->map;
    maker->map = (struct cover_map){0};
    if (out->covers.len > 0) {
        qsort(out->covers.items, out->covers.len, sizeof *out->covers.items, by_control);
        cut_words(&out->covers);
    }
    if (out->strays.len > 0) {
        qsort(out->strays.items, out->strays.len, sizeof *out->strays.items, by_control);
    }
    cover_map_cancel(maker);
}

void cover_map_cancel(struct cover_maker *maker)
{
    if (maker != NULL) {
        cover_map_free(&maker->map);
        numbers_free(&maker->numbers);
        words_free(maker->words);
        free(maker);
    }
}

void cover_map_build(
    const struct catalog *catalog, const struct requirements *requirements, struct cover_map *out)
{
    struct cover_maker *maker = cover_map_begin(catalog, requirements);
    while (!cover_map_step(maker, SLICE_MS)) {
    }
    cover_map_finish(maker, out);
}

void cover_map_free(struct cover_map *map)
{
    VEC_FOREACH (struct cover, cover, &map->covers) {
        free_cover(cover);
    }
    VEC_FOREACH (struct cover, cover, &map->strays) {
        free_cover(cover);
    }
    VEC_FREE(&map->covers);
    VEC_FREE(&map->strays);
}

const struct cover *cover_map_of(const struct cover_map *map, size_t control, size_t *count)
{
    size_t from = 0;
    size_t to = map->covers.len;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (map->covers.items[middle].control < control) {
            from = middle + 1;
        } else {
            to = middle;
        }
    }
    *count = 0;
    while (from + *count < map->covers.len && map->covers.items[from + *count].control == control) {
        (*count)++;
    }
    return map->covers.items == NULL ? NULL : map->covers.items + from;
}

void cover_append(const struct cover *cover, struct buf *out)
{
    static const char *const sources[] = {[CONTROL_METADATA] = "metadata",
        [CONTROL_ANNOTATION] = "annotation",
        [CONTROL_NAME] = "name"};
    safe_append(out, str_of(cover->path), SAFE_ONE_LINE);
    buf_printf(out, ":%u ", cover->row + 1);
    if (cover->sure == COVER_WORDS) {
        buf_append_c(out, "reads like it, and names no control");
    } else if (cover->sure == COVER_IN_NAME) {
        buf_printf(out, "has %s in its name", cover->said);
    } else {
        buf_printf(out, "%s names %s%s", sources[cover->source], cover->said,
            cover->sure == COVER_VERSION ? ", another version" : "");
    }
    buf_printf(out, " (%s)", cover->policy);
}

/* ---- the benchmark ---- */

void cover_take_benchmark(struct requirements *requirements, struct benchmark *benchmark)
{
    VEC_FOREACH (struct requirement, requirement, requirements) {
        const struct requirement *is = NULL;
        struct buf note = BUF_INIT;
        enum benchmark_judgement judgement = benchmark_judge(benchmark, requirement, &is);
        char *framework = mem_printf("%s %s", requirement->framework, requirement->version);
        benchmark_explain(benchmark, judgement, requirement->id, framework, is, &note);
        free(framework);
        if (note.len > 0) {
            free(requirement->note);
            requirement->note = buf_take(&note);
        }
        buf_free(&note);
        if (is != NULL && judgement != BENCHMARK_FOREIGN) {
            requirement_fill(&requirement->admission, is->admission);
            requirement_fill(&requirement->policy_type, is->policy_type);
            requirement_fill(&requirement->complexity, is->complexity);
            requirement_fill(&requirement->terms, is->terms);
            requirement_fill(&requirement->text, is->text);
        }
    }
}

void cover_explain_stray(const struct cover *stray, struct benchmark *benchmark, struct buf *out)
{
    const struct requirement *is = NULL;
    struct str said = str_of(stray->said);
    size_t of = str_find(said, STR_LIT(" of "), 0);
    struct str framework = of == SIZE_MAX ? str_make("", 0) : str_from(said, of + 4);
    char *id = str_dup(of == SIZE_MAX ? said : str_slice(said, 0, of));
    char *name = str_dup(framework);
    enum benchmark_judgement judgement =
        benchmark_judge_id(benchmark, framework, str_of(id), str_of(stray->policy), &is);
    benchmark_explain(benchmark, judgement, id, name, is, out);
    free(id);
    free(name);
}
