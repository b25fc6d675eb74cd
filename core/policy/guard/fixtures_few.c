#include "policy/guard/fixtures_few.h"

#include "base/path.h"
#include "policy/fixture_claim.h"
#include "policy/guard/guard_private.h"

#include <stdlib.h>

enum { HABIT = 2 };

/* A folder with a policy, and what lies below it and below no nearer one. */
struct fixture_folder {
    char *dir;             /* "" the top */
    bool rego;             /* Rego that denies lies in it: it is told there */
    size_t valid, invalid; /* files */
};

struct guard_fixtures {
    struct fixture_folder *items; /* by dir */
    size_t len, cap;
    size_t needed; /* 0: nothing is asked for */
};

void guard_fixtures_free(struct guard_fixtures *fixtures)
{
    if (fixtures == NULL) {
        return;
    }
    VEC_FOREACH (struct fixture_folder, folder, fixtures) {
        free(folder->dir);
    }
    VEC_FREE(fixtures);
    free(fixtures);
}

static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return mem_strndup(path, slash == NULL ? 0 : (size_t)(slash - path));
}

static int by_dir(const void *a, const void *b)
{
    return strcmp(((const struct fixture_folder *)a)->dir, ((const struct fixture_folder *)b)->dir);
}

static struct fixture_folder *find(const struct guard_fixtures *fixtures, const char *dir)
{
    struct fixture_folder key = {.dir = (char *)(uintptr_t)dir};
    return fixtures->len == 0
               ? NULL
               : bsearch(&key, fixtures->items, fixtures->len, sizeof *fixtures->items, by_dir);
}

/* Rego that denies and is no test. */
static bool denies(const struct policy_file *file)
{
    if (file->facts == NULL || file->facts->tests.len > 0) {
        return false;
    }
    VEC_FOREACH (const struct policy_rule, rule, &file->facts->rules) {
        const struct rego_head head = {.path = rule->name, .kind = rule->kind};
        if (rule->kind == RULE_PARTIAL && guard_is_deny(&head)) {
            return true;
        }
    }
    return false;
}

static void add_folder(struct guard_fixtures *fixtures, const char *path, bool rego)
{
    VEC_PUSH(fixtures, (struct fixture_folder){.dir = folder_of(path), .rego = rego});
}

/* Each folder once, in order. */
static void settle(struct guard_fixtures *fixtures)
{
    size_t kept = 0;
    if (fixtures->len > 1) {
        qsort(fixtures->items, fixtures->len, sizeof *fixtures->items, by_dir);
    }
    for (size_t i = 0; i < fixtures->len; i++) {
        struct fixture_folder *folder = &fixtures->items[i];
        if (kept > 0 && strcmp(fixtures->items[kept - 1].dir, folder->dir) == 0) {
            fixtures->items[kept - 1].rego |= folder->rego;
            free(folder->dir);
        } else {
            fixtures->items[kept++] = *folder;
        }
    }
    fixtures->len = kept;
}

/* Kyverno's, or a template of Gatekeeper's. */
static bool is_policy(const struct manifest *manifest)
{
    return manifest_is_kyverno_policy(manifest) ||
           strcmp(manifest->kind, "ConstraintTemplate") == 0;
}

/* A fixture's folder, or the nearest above, that has a policy; NULL: none, or it is no fixture. */
static struct fixture_folder *folder_for(const struct guard_fixtures *fixtures, const char *path)
{
    enum fixture_claim claim = fixture_claim(path);
    char *dir = claim == FIXTURE_CLAIMS_NOTHING ? NULL : folder_of(path);
    struct fixture_folder *folder = NULL;
    while (dir != NULL && (folder = find(fixtures, dir)) == NULL && dir[0] != '\0') {
        char *up = folder_of(dir);
        free(dir);
        dir = up;
    }
    free(dir);
    return folder;
}

static void count_fixture(const struct guard_fixtures *fixtures, const char *path)
{
    struct fixture_folder *folder = folder_for(fixtures, path);
    if (folder != NULL) {
        folder->valid += fixture_claim(path) == FIXTURE_CLAIMS_VALID;
        folder->invalid += fixture_claim(path) == FIXTURE_CLAIMS_INVALID;
    }
}

/* Documents in a file: of YAML there may be several. */
static size_t documents_in(const struct guard_world *world, const char *path)
{
    struct buf text = BUF_INIT;
    bool yaml = strcmp(path_ext(path), ".yaml") == 0 || strcmp(path_ext(path), ".yml") == 0;
    TSTree *tree = yaml && guard_read(world, path, &text) ? yaml_tree_parse(buf_str(&text)) : NULL;
    TSNode document;
    size_t count = 0;
    uint32_t at = 0;
    while (tree != NULL && yaml_next_document(ts_tree_root_node(tree), &at, &document)) {
        count += !ts_node_is_null(document);
    }
    ts_tree_delete(tree);
    buf_free(&text);
    return count > 0 ? count : 1;
}

/* The same by documents, for a folder whose files are too few: these are read. */
static struct fixture_folder count_documents(
    const struct guard_world *world, const struct fixture_folder *folder)
{
    struct fixture_folder counted = {.dir = folder->dir};
    for (size_t i = 0; i < world->index->files.len; i++) {
        const struct policy_file *file = &world->index->files.items[i];
        if (file->kind != POLICY_DATA || folder_for(world->fixtures, file->path) != folder) {
            continue;
        }
        size_t documents = documents_in(world, file->path);
        bool valid = fixture_claim(file->path) == FIXTURE_CLAIMS_VALID;
        counted.valid += valid ? documents : 0;
        counted.invalid += valid ? 0 : documents;
    }
    return counted;
}

/* What most folders with such fixtures keep to is what is asked for, where nobody says. */
static size_t needed_by_habit(const struct guard_fixtures *fixtures)
{
    size_t some = 0;
    size_t enough = 0;
    VEC_FOREACH (const struct fixture_folder, folder, fixtures) {
        some += folder->valid + folder->invalid > 0;
        enough += folder->valid >= HABIT && folder->invalid >= HABIT;
    }
    return enough >= 2 && enough * 3 >= some * 2 ? HABIT : 0;
}

static const struct guard_fixtures *fixtures_of(struct guard_world *world)
{
    if (world->fixtures != NULL) {
        return world->fixtures;
    }
    struct guard_fixtures *fixtures = MEM_NEW(struct guard_fixtures);
    world->fixtures = fixtures;
    for (size_t i = 0; i < world->index->files.len; i++) {
        if (denies(&world->index->files.items[i])) {
            add_folder(fixtures, world->index->files.items[i].path, true);
        }
    }
    VEC_FOREACH (const struct manifest_file, file, &world->manifests->files) {
        bool policy = file->list.len > 0 && is_policy(&file->list.items[0]);
        if (policy && fixture_claim(file->path) == FIXTURE_CLAIMS_NOTHING) {
            add_folder(fixtures, file->path, false);
        }
    }
    settle(fixtures);
    for (size_t i = 0; i < world->index->files.len; i++) {
        if (world->index->files.items[i].kind == POLICY_DATA) {
            count_fixture(fixtures, world->index->files.items[i].path);
        }
    }
    fixtures->needed = world->asks.fixtures > 0 ? world->asks.fixtures : needed_by_habit(fixtures);
    return fixtures;
}

static bool is_few(const struct fixture_folder *folder, size_t needed)
{
    return folder->valid < needed || folder->invalid < needed;
}

/* `asked`: the workspace says so itself; else folders without any are left alone. */
static void look(struct guard_file *file, TSNode node, bool asked)
{
    const struct guard_fixtures *fixtures = fixtures_of(file->world);
    char *dir = folder_of(file->path);
    const struct fixture_folder *folder = find(fixtures, dir);
    bool few = folder != NULL && fixtures->needed > 0 && folder->rego == file->is_rego &&
               is_few(folder, fixtures->needed) && (asked || folder->valid + folder->invalid > 0);
    struct fixture_folder counted =
        few ? count_documents(file->world, folder) : (struct fixture_folder){0};
    if (few && is_few(&counted, fixtures->needed)) {
        guard_find(file, node, "%zu valid and %zu invalid fixtures, %zu of each are %s",
            counted.valid, counted.invalid, fixtures->needed,
            asked ? "asked for" : "usual in this workspace");
    }
    free(dir);
}

static void look_at_rego(struct guard_file *file, bool asked)
{
    TSNode rule;
    struct rego_head head;
    bool found = false;
    for (uint32_t at = 0; !found && guard_next_rule(file, &at, &rule, &head);) {
        found = guard_is_deny(&head) && head.kind == RULE_PARTIAL && !guard_is_test_file(file);
        if (found) {
            look(file, rego_node_field(rego_node_field(rule, "head"), "name"), asked);
        }
        free(head.path);
    }
}

static void check(struct guard_file *file)
{
    if (file->world == NULL) {
        return;
    }
    bool asked = file->world->asks.fixtures > 0;
    if (file->is_rego) {
        look_at_rego(file, asked);
        return;
    }
    TSNode document;
    uint32_t at = 0;
    if (!yaml_next_document(file->root, &at, &document) ||
        fixture_claim(file->path) != FIXTURE_CLAIMS_NOTHING) {
        return;
    }
    TSNode kind = yaml_get(file->text, document, "kind", NULL);
    if (guard_is_kyverno_policy(file, document) ||
        yaml_equals(file->text, kind, "ConstraintTemplate")) {
        look(file, yaml_get_path(file->text, document, "metadata/name"), asked);
    }
}

const struct guard guard_fixtures_few = {
    .id = "fixtures-few",
    .no_fix = "a fixture that is made up to be there shows nothing.",
    .languages = GUARD_REGO | GUARD_YAML,
    .severity = SEVERITY_WARNING,
    .summary = "a policy has fewer fixtures than the rule asks",
    .explanation =
        "A policy is shown by documents that pass and documents that do not: files called valid… "
        "and invalid… (good…, bad…) below its folder, or documents in them. How many of each is "
        "said in "
        ".bylaw/config.toml (`[guards]`, `fixtures = 2`); where it is not, two, if most folders "
        "with such fixtures have two of each, and folders without any are left alone.",
    .check = check,
};
