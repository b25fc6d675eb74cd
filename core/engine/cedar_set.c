/* Sets of policies by the names of files, and by the settings. */
#include "engine/cedar_set.h"

#include "base/file.h"
#include "base/json_scan.h"
#include "base/path.h"
#include "base/vec.h"
#include "engine/settings.h"

#include <ctype.h>
#include <stdlib.h>
#include <strings.h>

enum { SETS_MAX = 2000, LEVEL_MAX = 100 };
#define TESTS_MAX_BYTES ((size_t)4 << 20)

struct finder {
    const char *root;
    const struct plan_words *paths;
    struct cedar_sets *sets;
    size_t stated; /* the first so many are the settings' */
    /* Of the paths, borrowed. */
    struct some_paths {
        const char **items;
        size_t len, cap;
    } policies, parts;
};

static bool ends(const char *text, const char *end)
{
    return str_ends(str_make(text, strlen(text)), end);
}

static bool is_policies(const char *path)
{
    return ends(path, ".cedar") || ends(path, ".cedar.json");
}

/* "a/b.cedar" lies in "a"; what lies at the top in "". Borrowed view. */
static struct str folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? str_make("", 0) : str_make(path, (size_t)(slash - path));
}

static struct str parent_of(struct str folder)
{
    size_t len = folder.len;
    while (len > 0 && folder.ptr[len - 1] != '/') {
        len--;
    }
    return str_slice(folder, 0, len > 0 ? len - 1 : 0);
}

static struct str last_part(struct str path)
{
    size_t from = path.len;
    while (from > 0 && path.ptr[from - 1] != '/') {
        from--;
    }
    return str_from(path, from);
}

/* The file's name up to its first dot. */
static struct str stem_of(const char *path)
{
    const char *base = path_base(path);
    return str_make(base, strcspn(base, "."));
}

static bool equal_fold(struct str a, const char *b)
{
    return a.len == strlen(b) && strncasecmp(a.ptr, b, a.len) == 0;
}

/* ---- what stands beside ---- */

enum part { PART_SCHEMA, PART_ENTITIES, PART_LINKS };

static bool is_part(const char *base, enum part part)
{
    switch (part) {
    case PART_SCHEMA:
        return ends(base, ".cedarschema") || ends(base, ".cedarschema.json") ||
               strcmp(base, "schema.json") == 0;
    case PART_ENTITIES:
        return ends(base, "entities.json") || strcmp(base, "entity.json") == 0;
    case PART_LINKS:
        return ends(base, ".linked") || strcmp(base, "linked") == 0 ||
               strcmp(base, "linked.json") == 0 || strcmp(base, "links.json") == 0;
    }
    return false;
}

static bool lies_in(const char *path, struct str folder)
{
    return str_equal(folder_of(path), folder);
}

struct choice {
    const char *path;  /* or NULL */
    unsigned count;    /* of different ones */
    const char *other; /* one that was not taken */
};

/* The same schema in both formats is one: Cedar's own is taken. */
static void consider(struct choice *choice, const char *path)
{
    if (choice->path != NULL && str_equal(stem_of(choice->path), stem_of(path)) &&
        strcmp(path_ext(choice->path), path_ext(path)) != 0) {
        choice->path = ends(path, ".json") ? choice->path : path;
        return;
    }
    choice->count++;
    choice->other = choice->path == NULL ? choice->other : path;
    choice->path = choice->path == NULL ? path : choice->path;
}

static struct choice choose_in(
    const struct finder *f, struct str folder, struct str stem, enum part part)
{
    struct choice named = {0};
    struct choice any = {0};
    VEC_FOREACH (const char *, path, &f->parts) {
        if (!is_part(path_base(*path), part) || !lies_in(*path, folder)) {
            continue;
        }
        consider(&any, *path);
        if (str_equal(stem_of(*path), stem)) {
            consider(&named, *path);
        } else if (part == PART_ENTITIES &&
                   str_equal_c(str_of(path_base(*path)), "entities.json")) {
            any.count = 0; /* the plain name goes before others' */
            any.path = NULL;
            consider(&any, *path);
            break;
        }
    }
    return named.count == 1 ? named : any;
}

/* In the folder, then in those above. */
static struct choice choose(const struct finder *f, const struct cedar_set *set, enum part part)
{
    struct str folder = folder_of(set->policies.items[0]);
    struct str stem = stem_of(set->policies.items[0]);
    for (;;) {
        struct choice choice = choose_in(f, folder, stem, part);
        if (choice.count > 0 || folder.len == 0 || part == PART_LINKS) {
            return choice;
        }
        folder = parent_of(folder);
    }
}

static char *take_choice(struct choice choice)
{
    return choice.count == 1 ? mem_strdup(choice.path) : NULL;
}

static void find_parts(const struct finder *f, struct cedar_set *set)
{
    if (set->schema == NULL) {
        struct choice schema = choose(f, set, PART_SCHEMA);
        set->schema = take_choice(schema);
        if (schema.count > 1) {
            set->no_schema = mem_printf("it may be %s or %s: say which in .bylaw/config.toml, "
                                        "[engines.cedar.sets.NAME] schema",
                schema.path, schema.other);
        }
    }
    if (set->entities == NULL) {
        set->entities = take_choice(choose(f, set, PART_ENTITIES));
    }
    if (set->links == NULL) {
        set->links = take_choice(choose(f, set, PART_LINKS));
    }
}

/* ---- sets ---- */

static struct cedar_set *add_set(struct finder *f, char *label)
{
    VEC_PUSH(f->sets, (struct cedar_set){.label = label, .level = -1});
    return &f->sets->items[f->sets->len - 1];
}

static bool is_stated(const struct finder *f, const char *path)
{
    for (size_t i = 0; f->sets->items != NULL && i < f->stated; i++) {
        if (plan_words_have(&f->sets->items[i].policies, path)) {
            return true;
        }
    }
    return false;
}

static bool is_main(const char *path)
{
    struct str stem = stem_of(path);
    return str_equal_c(stem, "policies") || str_equal_c(stem, "policy");
}

static void add_folder(struct finder *f, struct str folder)
{
    struct plan_words policies = {0};
    bool together =
        equal_fold(last_part(folder), "policies") || equal_fold(last_part(folder), "policy");
    VEC_FOREACH (const char *, path, &f->policies) {
        if (lies_in(*path, folder) && !is_stated(f, *path)) {
            together = together && !is_main(*path) && ends(*path, ".cedar");
            plan_words_push(&policies, *path);
        }
    }
    if (together && policies.len > 1) {
        struct cedar_set *set = add_set(f, mem_printf("%.*s/", STR_FMT(folder)));
        set->policies = policies;
        return;
    }
    VEC_FOREACH (char *, path, &policies) {
        struct cedar_set *set = add_set(f, mem_strdup(*path));
        VEC_PUSH(&set->policies, *path);
    }
    VEC_FREE(&policies);
}

static void add_folders(struct finder *f)
{
    for (size_t i = 0; i < f->policies.len && f->sets->len < SETS_MAX; i++) {
        const char *path = f->policies.items[i];
        bool first = !is_stated(f, path);
        for (size_t k = f->stated; first && k < f->sets->len; k++) {
            VEC_FOREACH (char *, known, &f->sets->items[k].policies) {
                first = first && !lies_in(*known, folder_of(path));
            }
        }
        if (first) {
            add_folder(f, folder_of(path));
        }
    }
}

/* ---- whose a file is ---- */

/* How well a set of a folder goes with a file: the better one has it. */
static unsigned kinship(const struct cedar_set *set, const char *path, size_t sets)
{
    struct str stem = stem_of(set->policies.items[0]);
    struct str base = str_of(path_base(path));
    bool begins = base.len > stem.len && memcmp(base.ptr, stem.ptr, stem.len) == 0 &&
                  strchr("._-", base.ptr[stem.len]) != NULL;
    return begins ? 3 : is_main(set->policies.items[0]) ? 2 : sets == 1 ? 1 : 0;
}

static bool is_of_folder(const struct cedar_set *set, struct str folder)
{
    static const char *const below[] = {"policies", "policy", "cedar"};
    struct str own = folder_of(set->policies.items[0]);
    if (str_equal(own, folder)) {
        return true;
    }
    for (size_t i = 0; i < ARRAY_LEN(below); i++) {
        if (str_equal_c(last_part(own), below[i]) && str_equal(parent_of(own), folder)) {
            return true;
        }
    }
    return false;
}

static struct cedar_set *choose_of_folder(
    struct finder *f, struct str folder, const char *path, size_t *count)
{
    struct cedar_set *best = NULL;
    unsigned best_kinship = 0;
    *count = 0;
    for (size_t i = f->stated; i < f->sets->len; i++) {
        *count += is_of_folder(&f->sets->items[i], folder);
    }
    for (size_t i = f->stated; i < f->sets->len; i++) {
        struct cedar_set *set = &f->sets->items[i];
        unsigned own = is_of_folder(set, folder) ? kinship(set, path, *count) : 0;
        if (own > best_kinship) {
            best = set;
            best_kinship = own;
        }
    }
    return best;
}

/* `count` policy files may be its own. */
static void add_stray(struct finder *f, const char *path, size_t count)
{
    struct cedar_sets *sets = f->sets;
    sets->strays = mem_realloc_array(sets->strays, sets->stray_count + 1, sizeof *sets->strays);
    sets->strays[sets->stray_count++] = (struct cedar_stray){mem_strdup(path),
        count == 0 ? mem_strdup("there are no Cedar policies for it, in its folder or above")
                   : mem_printf("it may be for any of %zu policy files: say which in "
                                ".bylaw/config.toml, [engines.cedar.sets.NAME]",
                         count)};
}

/* NULL: nobody's; *count are those that it may be for. */
static struct cedar_set *owner_of(struct finder *f, const char *path, size_t *count)
{
    struct str folder = folder_of(path);
    for (;;) {
        struct cedar_set *set = choose_of_folder(f, folder, path, count);
        if (*count > 0 || folder.len == 0) {
            return set;
        }
        folder = parent_of(folder);
    }
}

/* ---- tests and requests ---- */

static bool has_part(const char *path, const char *name)
{
    struct str folder = folder_of(path);
    while (folder.len > 0) {
        if (equal_fold(last_part(folder), name)) {
            return true;
        }
        folder = parent_of(folder);
    }
    return false;
}

static bool may_be_tests(const char *path)
{
    bool named = has_part(path, "test") || has_part(path, "tests");
    for (const char *at = path_base(path); *at != '\0' && !named; at++) {
        named = strncasecmp(at, "test", 4) == 0;
    }
    return named && ends(path, ".json") && !is_part(path_base(path), PART_ENTITIES) &&
           !is_part(path_base(path), PART_SCHEMA);
}

/* An array without members, or whose first one has a request and a decision. */
static bool holds_tests(struct str text)
{
    struct json_scan scan;
    json_scan_init(&scan, text);
    if (json_scan_next(&scan) != JSON_ARRAY) {
        return false;
    }
    enum json_token token = json_scan_next(&scan);
    struct str key;
    struct str value;
    unsigned seen = 0;
    while (token == JSON_OBJECT && json_scan_key(&scan, &key) && json_scan_value(&scan, &value)) {
        seen |= str_equal_c(key, "request") ? 1u : 0;
        seen |= str_equal_c(key, "decision") ? 2u : 0;
    }
    return token == JSON_ARRAY_END || seen == 3;
}

enum holds { HOLDS_OTHER, HOLDS_NOTHING, HOLDS_TESTS };

/* What no parser takes is a file of tests all the same when its text names them: it fails then. */
static enum holds look_into(const char *root, const char *path)
{
    struct buf text = BUF_INIT;
    char *full = path_join(root, path);
    enum holds holds = HOLDS_NOTHING;
    if (file_read(full, TESTS_MAX_BYTES, &text, NULL)) {
        struct str all = buf_str(&text);
        struct json_scan scan;
        json_scan_init(&scan, all);
        struct str value;
        bool named = str_find(all, STR_LIT("\"request\""), 0) != SIZE_MAX &&
                     str_find(all, STR_LIT("\"decision\""), 0) != SIZE_MAX;
        bool valid = json_scan_value(&scan, &value);
        holds = valid   ? holds_tests(all) ? HOLDS_TESTS : HOLDS_OTHER
                : named ? HOLDS_TESTS
                        : HOLDS_NOTHING;
    }
    buf_free(&text);
    free(full);
    return holds;
}

/* Tests that cannot be read, or are empty, are tests where a set is beside them, or above their
 * folder `tests`. */
static bool is_beside(struct finder *f, const char *path)
{
    struct str folder = folder_of(path);
    bool below = equal_fold(last_part(folder), "tests") || equal_fold(last_part(folder), "test");
    size_t count;
    (void)choose_of_folder(f, folder, path, &count);
    if (count == 0 && below) {
        (void)choose_of_folder(f, parent_of(folder), path, &count);
    }
    return count > 0;
}

/* Without a policy anywhere it takes more than these words to be Cedar's. */
static bool is_of_cedar(const char *root, const char *path)
{
    struct buf text = BUF_INIT;
    char *full = path_join(root, path);
    bool is = file_read(full, TESTS_MAX_BYTES, &text, NULL) &&
              str_find(buf_str(&text), STR_LIT("\"principal\""), 0) != SIZE_MAX &&
              str_find(buf_str(&text), STR_LIT("::"), 0) != SIZE_MAX;
    buf_free(&text);
    free(full);
    return is;
}

static bool is_request(const char *path)
{
    const char *base = path_base(path);
    return ends(base, ".json") && (has_part(path, "requests") || strcmp(base, "request.json") == 0);
}

static void assign(struct finder *f, const char *path)
{
    bool json = ends(path, ".json");
    bool allow = json && has_part(path, "allow");
    bool deny = json && has_part(path, "deny") && !allow;
    enum holds holds =
        !allow && !deny && may_be_tests(path) ? look_into(f->root, path) : HOLDS_OTHER;
    bool tests = holds == HOLDS_TESTS || (holds == HOLDS_NOTHING && is_beside(f, path));
    bool request = allow || deny || (!tests && is_request(path));
    size_t count = 0;
    struct cedar_set *set = tests || request ? owner_of(f, path, &count) : NULL;
    if (set == NULL && (tests || request) && (count > 0 || (tests && is_of_cedar(f->root, path)))) {
        add_stray(f, path, count);
    } else if (set != NULL && tests) {
        plan_words_push(&set->tests, path);
    } else if (set != NULL) {
        plan_words_push(&set->requests, path);
        if (allow || deny) {
            plan_words_push(allow ? &set->allow : &set->deny, path);
        }
    }
}

/* ---- settings ---- */

static void match_one(
    const struct finder *f, const struct toml *pattern, bool policies, struct plan_words *out)
{
    const char *text = pattern->kind == TOML_STRING ? pattern->text : NULL;
    VEC_FOREACH (char *, path, f->paths) {
        bool fits = policies ? is_policies(*path) : ends(*path, ".json");
        if (text != NULL && fits && !plan_words_have(out, *path) && settings_name(text, *path)) {
            plan_words_push(out, *path);
        }
    }
}

/* A string, or a list of them. */
static void match(
    const struct finder *f, const struct toml *value, bool policies, struct plan_words *out)
{
    if (value != NULL && value->kind == TOML_ARRAY) {
        for (size_t i = 0; i < value->len; i++) {
            match_one(f, value->items[i], policies, out);
        }
    } else if (value != NULL) {
        match_one(f, value, policies, out);
    }
}

static char *one_path(const struct toml *table, const char *key)
{
    const char *text = toml_string_or(table, key, NULL);
    return text == NULL || text[0] == '\0' || text[0] == '/' ? NULL : mem_strdup(text);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void state_set(struct finder *f, const struct toml *table)
{
    struct cedar_set set = {.level = toml_integer_or(table, "level", -1)};
    match(f, toml_get(table, "policies"), true, &set.policies);
    if (set.policies.len == 0) {
        plan_words_free(&set.policies);
        return;
    }
    qsort(set.policies.items, set.policies.len, sizeof *set.policies.items, by_text);
    set.level = set.level > LEVEL_MAX ? LEVEL_MAX : set.level;
    set.label = mem_strdup(table->key);
    set.schema = one_path(table, "schema");
    set.entities = one_path(table, "entities");
    set.links = one_path(table, "links");
    match(f, toml_get(table, "tests"), false, &set.tests);
    match(f, toml_get(table, "allow"), false, &set.allow);
    match(f, toml_get(table, "deny"), false, &set.deny);
    match(f, toml_get(table, "allow"), false, &set.requests);
    match(f, toml_get(table, "deny"), false, &set.requests);
    VEC_PUSH(f->sets, set);
}

static void state_sets(struct finder *f)
{
    struct toml *toml = settings_read(f->root, ".bylaw/config.toml");
    const struct toml *sets = toml_get_path(toml, "engines.cedar.sets");
    for (size_t i = 0; sets != NULL && sets->kind == TOML_TABLE && i < sets->len; i++) {
        state_set(f, sets->items[i]);
    }
    f->stated = f->sets->len;
    toml_free(toml);
}

static bool is_placed(const struct finder *f, const char *path)
{
    for (size_t i = 0; f->sets->items != NULL && i < f->stated; i++) {
        const struct cedar_set *set = &f->sets->items[i];
        if (plan_words_have(&set->tests, path) || plan_words_have(&set->requests, path)) {
            return true;
        }
    }
    return false;
}

static void sort_paths(struct finder *f)
{
    VEC_FOREACH (char *, path, f->paths) {
        const char *base = path_base(*path);
        if (is_policies(base)) {
            VEC_PUSH(&f->policies, *path);
        } else if (is_part(base, PART_SCHEMA) || is_part(base, PART_ENTITIES) ||
                   is_part(base, PART_LINKS)) {
            VEC_PUSH(&f->parts, *path);
        }
    }
}

void cedar_sets_find(const char *root, const struct plan_words *paths, struct cedar_sets *out)
{
    struct finder f = {.root = root, .paths = paths, .sets = out};
    sort_paths(&f);
    state_sets(&f);
    add_folders(&f);
    VEC_FOREACH (struct cedar_set, set, out) {
        find_parts(&f, set);
    }
    bool any = f.policies.len > 0; /* else few files are looked into, for tests that lost theirs */
    VEC_FOREACH (char *, path, paths) {
        if ((any || ends(*path, "tests.json")) && !is_placed(&f, *path)) {
            assign(&f, *path);
        }
    }
    VEC_FREE(&f.policies);
    VEC_FREE(&f.parts);
}

void cedar_sets_free(struct cedar_sets *sets)
{
    VEC_FOREACH (struct cedar_set, set, sets) {
        free(set->label);
        plan_words_free(&set->policies);
        free(set->schema);
        free(set->entities);
        free(set->links);
        free(set->no_schema);
        plan_words_free(&set->tests);
        plan_words_free(&set->allow);
        plan_words_free(&set->deny);
        plan_words_free(&set->requests);
    }
    VEC_FREE(sets);
    for (size_t i = 0; i < sets->stray_count; i++) {
        free(sets->strays[i].path);
        free(sets->strays[i].why);
    }
    free(sets->strays);
    sets->strays = NULL;
    sets->stray_count = 0;
}
