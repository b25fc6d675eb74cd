/* How a folder of policies becomes units that opa can run: the tests of a package with all they
 * need, read as v0 or v1. */
#include "engine/opa_plan.h"

#include "base/json.h"
#include "base/path.h"
#include "base/safe.h"
#include "base/vec.h"
#include "engine/opa_builtins.h"
#include "engine/settings.h"

#include <stdlib.h>
#include <unistd.h>

#define UNIT_MAX_BYTES ((uint64_t)16 << 20)

bool opa_planner_is_cancelled(const struct opa_planner *p)
{
    return p->cancel != NULL && atomic_load(p->cancel);
}

/* What opa is given for a file. A colon in a path, or a dot in a folder that holds data, would be
 * read as a prefix: such a file cannot be named to opa. */
static char *load_argument(const struct policy_file *file)
{
    if (strchr(file->path, ':') != NULL) {
        return NULL;
    }
    if (file->kind == POLICY_REGO || file->mount[0] == '\0') {
        return mem_strdup(file->path);
    }
    if (strchr(file->mount, '.') != NULL) {
        return NULL;
    }
    char *argument = mem_printf("%s:%s", file->mount, file->path);
    for (char *c = argument; *c != ':'; c++) {
        *c = *c == '/' ? '.' : *c;
    }
    return argument;
}

static void digest_of(const struct policy_file *file, char digest[SHA256_HEX_SIZE])
{
    if (file->facts != NULL) {
        memcpy(digest, file->facts->digest, SHA256_HEX_SIZE);
        return;
    }
    /* A document is not read for it: its stamp stands for what it holds. */
    char *stamp = mem_printf("%s %lld %lld %llu %llu %llx", file->laid ? "laid" : "file",
        (long long)file->mtime_ns, (long long)file->ctime_ns, (unsigned long long)file->size,
        (unsigned long long)file->inode, (unsigned long long)file->laid_hash);
    sha256_hex(str_of(stamp), digest);
    free(stamp);
}

/* A whole bundle's version only decides where no file says otherwise (choose_dialect). */
static enum policy_dialect certain_dialect(
    const struct opa_planner *p, const struct policy_file *file)
{
    struct rego_version version = rego_version_of(p->versions, file->path, file->facts->dialect);
    return version.says == REGO_MANIFEST ? DIALECT_EITHER : version.dialect;
}

void opa_planner_file(struct opa_planner *p, size_t place)
{
    const struct policy_file *file = &p->index->files.items[place];
    struct plan_file *entry = &p->plan->files.items[place];
    if (entry->path != NULL) {
        return;
    }
    VEC_PUSH(&p->filled, place);
    *entry = (struct plan_file){.path = mem_strdup(file->path),
        .load = load_argument(file),
        .is_data = file->kind == POLICY_DATA,
        .is_volatile = file->facts != NULL && file->facts->is_volatile,
        .hash =
            file->facts != NULL ? file->facts->hash : (uint64_t)file->mtime_ns ^ (file->size << 20),
        .dialect = file->facts == NULL ? DIALECT_EITHER : certain_dialect(p, file)};
    digest_of(file, entry->digest);
}

static bool holds_document(const struct policy_index *index, const struct data_root *root)
{
    VEC_FOREACH (const struct policy_file, file, &index->files) {
        if (file->kind == POLICY_DATA && plan_path_wanted(file->path, root->path)) {
            return true;
        }
    }
    return false;
}

static void note_roots(const struct policy_index *index, struct run_plan *plan)
{
    VEC_FOREACH (const struct data_root, root, &index->roots) {
        if (!root->is_outside && holds_document(index, root)) {
            continue;
        }
        char *said = safe_dup(str_of(root->said), SAFE_ONE_LINE, 300);
        VEC_PUSH(&plan->notes,
            (struct finding){.rule = mem_strdup("settings"),
                .severity = SEVERITY_WARNING,
                .file = mem_strdup(".bylaw/config.toml"),
                .at = {root->row, root->col},
                .message = mem_printf(root->is_outside
                                          ? "data: %s is not below the folder, so it is not loaded"
                                          : "data: there is no .json, .yaml or .yml at %s",
                    said),
                .fix = mem_strdup("name files and folders below the workspace, as opa test is "
                                  "given them")});
        free(said);
    }
}

/* What is wrong with the settings, and with those of opa. */
static void note_settings(const struct policy_index *index, struct run_plan *plan)
{
    settings_note(plan->root, ".bylaw/config.toml", &plan->notes);
    note_roots(index, plan);
    struct opa_builtins declared = {0};
    opa_builtins_read(plan->root, &declared, &plan->notes);
    plan->declared = opa_builtins_hash(&declared);
    opa_builtins_free(&declared);
}

void opa_planner_begin(struct opa_planner *p)
{
    size_t count = p->index->files.len;
    p->plan = MEM_NEW(struct run_plan);
    p->plan->root = mem_strdup(p->index->root);
    note_settings(p->index, p->plan);
    p->plan->files.items = mem_zalloc((count + 1) * sizeof *p->plan->files.items);
    p->plan->files.len = count;
    p->plan->files.cap = count + 1;
    p->checked = mem_zalloc(count + 1);
    p->versions = rego_versions_new(p->index->root);
}

void opa_planner_end(struct opa_planner *p)
{
    free(p->checked);
    VEC_FREE(&p->filled);
    rego_versions_free(p->versions);
}

static void add_files(struct opa_planner *p)
{
    for (size_t i = 0; i < p->index->files.len; i++) {
        opa_planner_file(p, i);
    }
}

static void note(
    struct opa_planner *p, const char *rule, const char *file, char *message, char *fix)
{
    VEC_PUSH(&p->plan->notes, (struct finding){.rule = mem_strdup(rule),
                                  .severity = SEVERITY_WARNING,
                                  .file = mem_strdup(file),
                                  .message = message,
                                  .fix = fix});
}

/* One run of opa reads all its files in one version (but for `import rego.v1`). */
static void choose_dialect(struct opa_planner *p, struct plan_unit *unit)
{
    const struct plan_file *v0 = NULL;
    const struct plan_file *v1 = NULL;
    VEC_FOREACH (size_t, place, &unit->files) {
        const struct plan_file *file = &p->plan->files.items[*place];
        v0 = v0 == NULL && file->dialect == DIALECT_V0 ? file : v0;
        v1 = v1 == NULL && file->dialect == DIALECT_V1 ? file : v1;
    }
    unit->dialect = v0 != NULL ? DIALECT_V0 : DIALECT_V1;
    if (v0 != NULL && v1 != NULL) {
        unit->dialect = DIALECT_V1;
        unit->trouble = mem_printf("needs v0 Rego (%s) and v1 Rego (%s) at once, which one run of "
                                   "opa cannot read: add `import rego.v1` to the v1 file",
            v0->path, v1->path);
    } else if (v0 == NULL && v1 == NULL && unit->files.len > 0) {
        const char *first = p->plan->files.items[unit->files.items[0]].path;
        struct rego_version version = rego_version_of(p->versions, first, DIALECT_EITHER);
        unit->dialect = version.dialect == DIALECT_V0 ? DIALECT_V0 : DIALECT_V1;
    }
    unit->may_be_other = v0 == NULL && v1 == NULL;
}

static void find_unloadable(struct opa_planner *p, struct plan_unit *unit)
{
    size_t kept = 0;
    for (size_t i = 0; i < unit->files.len; i++) {
        const struct plan_file *file = &p->plan->files.items[unit->files.items[i]];
        if (file->load != NULL) {
            unit->files.items[kept++] = unit->files.items[i];
        } else if (unit->trouble == NULL) {
            unit->trouble =
                mem_printf("opa cannot be given %s: it takes what stands before a colon "
                           "(or the dots of a data folder) for a path below data",
                    file->path);
        }
    }
    unit->files.len = kept;
}

/* opa takes about a hundred bytes of memory for each byte of Rego: with 64 MB it took 6 GB. */
static void bound(const struct opa_planner *p, struct plan_unit *unit)
{
    uint64_t bytes = 0;
    VEC_FOREACH (size_t, place, &unit->files) {
        const struct policy_file *file = &p->index->files.items[*place];
        bytes += file->kind == POLICY_REGO ? file->size : 0;
    }
    if (bytes > UNIT_MAX_BYTES && unit->trouble == NULL) {
        unit->trouble = mem_printf("needs %.0f MB of Rego: opa is not given more than %.0f MB",
            (double)bytes / (1 << 20), (double)UNIT_MAX_BYTES / (1 << 20));
    }
}

size_t opa_planner_unit(struct opa_planner *p, const struct policy_set *seeds)
{
    const struct policy_file *first = &p->index->files.items[seeds->items[0]];
    bool split = first->scope != NULL && first->scope[0] != '\0';
    struct plan_unit unit = {.alone = split};
    char *package = first->facts == NULL || first->facts->package == NULL
                        ? mem_strdup(first->path)
                        : policy_path_show(first->facts->package);
    unit.label = split ? mem_printf("%s (%s)", package, first->scope) : mem_strdup(package);
    free(package);
    policy_closure(p->index, seeds, &unit.files);
    VEC_FOREACH (size_t, place, &unit.files) {
        p->checked[*place] = true;
        opa_planner_file(p, *place);
        const struct policy_file *file = &p->index->files.items[*place];
        unit.alone = unit.alone || (file->scope != NULL && file->scope[0] != '\0');
    }
    choose_dialect(p, &unit);
    find_unloadable(p, &unit);
    bound(p, &unit);
    VEC_PUSH(&p->plan->units, unit);
    return p->plan->units.len - 1;
}

static void add_tests(struct opa_planner *p, size_t unit, const struct policy_set *seeds)
{
    VEC_FOREACH (size_t, place, seeds) {
        const struct policy_facts *facts = p->index->files.items[*place].facts;
        VEC_FOREACH (struct policy_test, test, &facts->tests) {
            struct plan_test entry = {.suite = policy_path_show(facts->package),
                .name = mem_strdup(test->name),
                .file = *place,
                .at = {test->row, test->col},
                .unit = unit,
                .todo = test->todo};
            VEC_PUSH(&p->plan->tests, entry);
        }
    }
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* They are rules of one name: opa test runs each, but to a query they are one. */
static bool has_twins(const struct opa_planner *p, const struct policy_set *seeds)
{
    struct {
        char **items;
        size_t len, cap;
    } names = {0};
    VEC_FOREACH (size_t, place, seeds) {
        VEC_FOREACH (struct policy_test, test, &p->index->files.items[*place].facts->tests) {
            VEC_PUSH(&names, test->name);
        }
    }
    if (names.len > 1) {
        qsort(names.items, names.len, sizeof *names.items, by_name);
    }
    bool twins = false;
    for (size_t i = 1; i < names.len && !twins; i++) {
        twins = strcmp(names.items[i - 1], names.items[i]) == 0;
    }
    VEC_FREE(&names);
    return twins;
}

static void add_unit(struct opa_planner *p, const struct policy_set *seeds)
{
    size_t unit = opa_planner_unit(p, seeds);
    add_tests(p, unit, seeds);
    if (has_twins(p, seeds)) {
        p->plan->units.items[unit].twins = p->plan->units.items[unit].alone = true;
    }
}

static const struct policy_file *ordered(const struct opa_planner *p, size_t i)
{
    return &p->index->files.items[p->index->by_package.items[i]];
}

void opa_planner_package(struct opa_planner *p, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        bool first_of_scope = true;
        for (size_t k = from; k < i && first_of_scope; k++) {
            first_of_scope = strcmp(ordered(p, k)->scope, ordered(p, i)->scope) != 0;
        }
        struct policy_set seeds = {0};
        size_t tests = 0;
        for (size_t k = i; first_of_scope && k < to; k++) {
            if (strcmp(ordered(p, k)->scope, ordered(p, i)->scope) == 0) {
                VEC_PUSH(&seeds, p->index->by_package.items[k]);
                tests += ordered(p, k)->facts->tests.len;
            }
        }
        if (tests > 0) {
            add_unit(p, &seeds);
        }
        VEC_FREE(&seeds);
        if (ordered(p, i)->scope[0] == '\0') {
            return;
        }
    }
}

/* Files that no test needs are loaded all the same, so that what does not compile is seen. */
static void add_untested(struct opa_planner *p)
{
    for (size_t i = 0; i < p->index->files.len && !opa_planner_is_cancelled(p); i++) {
        if (p->index->files.items[i].kind == POLICY_REGO && !p->checked[i]) {
            struct policy_set seeds = {0};
            VEC_PUSH(&seeds, i);
            opa_planner_unit(p, &seeds);
            VEC_FREE(&seeds);
        }
    }
}

static void note_split(struct opa_planner *p, size_t from, size_t to)
{
    const struct policy_file *first = ordered(p, from);
    if (first->scope[0] == '\0') {
        return;
    }
    size_t folders = 1;
    for (size_t i = from + 1; i < to; i++) {
        folders += strcmp(ordered(p, i)->scope, ordered(p, i - 1)->scope) != 0;
    }
    char *package = policy_path_show(first->facts->package);
    note(p, "package-in-folders", first->path,
        mem_printf(
            "package %s is defined in %zu folders that contradict each other: each folder is "
            "tested on its own",
            package, folders),
        NULL);
    free(package);
}

static bool unit_affected(const struct opa_planner *p, const struct plan_unit *unit)
{
    for (size_t i = 0; i < p->wanted_count; i++) {
        size_t place = policy_index_find(p->index, p->wanted[i]);
        if (place == (size_t)-1) {
            return true; /* gone, or nothing we index: what depended on it is not known */
        }
        VEC_FOREACH (size_t, file, &unit->files) {
            if (*file == place) {
                return true;
            }
        }
    }
    return false;
}

static void choose_included(struct opa_planner *p)
{
    struct run_plan *plan = p->plan;
    VEC_FOREACH (struct plan_unit, unit, &plan->units) {
        unit->included =
            p->scope == RUN_ALL || (p->scope == RUN_AFFECTED && unit_affected(p, unit));
    }
    for (size_t i = 0; i < plan->units.len && p->scope == RUN_PATHS; i++) {
        struct plan_unit *unit = &plan->units.items[i];
        for (size_t k = 0; k < unit->files.len && unit->tests.len == 0; k++) {
            for (size_t w = 0; w < p->wanted_count; w++) {
                const char *path = plan->files.items[unit->files.items[k]].path;
                unit->included = unit->included || plan_path_wanted(path, p->wanted[w]);
            }
        }
    }
    VEC_FOREACH (struct plan_test, test, &plan->tests) {
        struct plan_unit *unit = &plan->units.items[test->unit];
        bool by_unit = p->scope == RUN_ALL || p->scope == RUN_AFFECTED;
        test->included = by_unit
                             ? unit->included
                             : plan_test_wanted(plan, test, p->scope, p->wanted, p->wanted_count);
    }
    for (size_t i = 0; i < plan->tests.len; i++) {
        struct plan_test *test = &plan->tests.items[i];
        struct plan_unit *unit = &plan->units.items[test->unit];
        VEC_PUSH(&unit->tests, i);
        unit->included = unit->included || test->included;
        plan->included += test->included;
    }
}

struct run_plan *opa_plan_closure(struct policy_index *index, const struct policy_set *seeds)
{
    struct opa_planner p = {.index = index};
    opa_planner_begin(&p);
    add_files(&p);
    if (seeds->len > 0) {
        opa_planner_unit(&p, seeds);
    }
    opa_planner_end(&p);
    return p.plan;
}

struct run_plan *opa_plan(struct policy_index *index, enum run_scope scope,
    const char *const *wanted, size_t count, const atomic_bool *cancel)
{
    struct opa_planner p = {
        .index = index, .scope = scope, .wanted = wanted, .wanted_count = count, .cancel = cancel};
    opa_planner_begin(&p);
    add_files(&p);
    for (size_t i = 0; i < index->by_package.len && !opa_planner_is_cancelled(&p);) {
        size_t end = i + 1;
        while (end < index->by_package.len &&
               strcmp(ordered(&p, end)->facts->package, ordered(&p, i)->facts->package) == 0) {
            end++;
        }
        opa_planner_package(&p, i, end);
        note_split(&p, i, end);
        i = end;
    }
    add_untested(&p);
    opa_planner_end(&p);
    if (opa_planner_is_cancelled(&p)) {
        run_plan_free(p.plan);
        return NULL;
    }
    plan_sort_tests(p.plan);
    choose_included(&p);
    return p.plan;
}

/* ---- one file ---- */

enum { DEPENDENTS_MAX = 64 };

static bool refers_to(const struct policy_facts *facts, const char *package)
{
    VEC_FOREACH (struct policy_ref, ref, &facts->refs) {
        bool broad =
            ref->path[0] == '\0'; /* `data[x]`: everything, which is nothing in particular */
        if (!broad &&
            (policy_path_below(ref->path, package) || policy_path_below(package, ref->path))) {
            return true;
        }
    }
    return false;
}

/* Files can be loaded together when they are read as the same Rego and neither belongs to a package
 * that is split by folder. */
static bool may_join(const struct policy_file *a, const struct policy_file *b)
{
    bool v0 = a->facts->dialect == DIALECT_V0;
    return v0 == (b->facts->dialect == DIALECT_V0) && a->scope != NULL && b->scope != NULL &&
           strcmp(a->scope, b->scope) == 0;
}

/* One unit of those of `dependents` that may be loaded with the first; they are taken out. */
static void add_dependents_unit(struct opa_planner *p, struct policy_set *dependents)
{
    const struct policy_file *first = &p->index->files.items[dependents->items[0]];
    struct policy_set seeds = {0};
    size_t kept = 0;
    for (size_t i = 0; i < dependents->len; i++) {
        size_t place = dependents->items[i];
        if (i == 0 || may_join(first, &p->index->files.items[place])) {
            VEC_PUSH(&seeds, place);
        } else {
            dependents->items[kept++] = place;
        }
    }
    dependents->len = kept;
    opa_planner_unit(p, &seeds);
    VEC_FREE(&seeds);
}

static void add_dependents(struct opa_planner *p, size_t place, size_t *unchecked)
{
    const struct policy_file *file = &p->index->files.items[place];
    struct policy_set dependents = {0};
    size_t count = file->facts == NULL || file->facts->package == NULL ? 0 : p->index->files.len;
    for (size_t i = 0; i < count && !opa_planner_is_cancelled(p); i++) {
        const struct policy_file *other = &p->index->files.items[i];
        if (other->kind != POLICY_REGO || other->facts == NULL || p->checked[i] ||
            !refers_to(other->facts, file->facts->package)) {
            continue;
        }
        if (dependents.len < DEPENDENTS_MAX) {
            VEC_PUSH(&dependents, i);
        } else {
            (*unchecked)++;
        }
    }
    while (dependents.len > 0 && !opa_planner_is_cancelled(p)) {
        add_dependents_unit(p, &dependents);
    }
    VEC_FREE(&dependents);
}

struct run_plan *opa_plan_check(
    struct policy_index *index, const char *path, size_t *unchecked, const atomic_bool *cancel)
{
    size_t place = policy_index_find(index, path);
    *unchecked = 0;
    if (place == (size_t)-1 || index->files.items[place].kind != POLICY_REGO) {
        return NULL;
    }
    struct opa_planner p = {.index = index, .cancel = cancel};
    opa_planner_begin(&p);
    add_files(&p);
    struct policy_set seeds = {0};
    VEC_PUSH(&seeds, place);
    opa_planner_unit(&p, &seeds);
    VEC_FREE(&seeds);
    /* In the middle of a change a file may look like the other version of Rego: opa says best what
     * is wrong with it. */
    if (p.plan->units.items[0].dialect == DIALECT_V1) {
        free(p.plan->units.items[0].trouble);
        p.plan->units.items[0].trouble = NULL;
    }
    add_dependents(&p, place, unchecked);
    opa_planner_end(&p);
    if (opa_planner_is_cancelled(&p)) {
        run_plan_free(p.plan);
        return NULL;
    }
    return p.plan;
}
