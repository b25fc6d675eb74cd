/* What guards know beside the file they look at. */
#include "policy/guard/guard_private.h"

#include "base/file.h"
#include "base/path.h"
#include "config/toml.h"
#include "control/controls.h"
#include "policy/fixture_claim.h"
#include "policy/guard/demand.h"
#include "policy/guard/fixtures_few.h"
#include "policy/guard/kinds.h"
#include "policy/guard/package_folder.h"

#include <stdlib.h>

#define CONFIG      ".bylaw/config.toml"
#define CONFIG_MAX  ((size_t)1 << 20)
#define TEXT_MAX    ((size_t)4 << 20)
#define VERSION_MAX 999u

/* ---- habits ---- */

bool guard_is_aside(const char *path)
{
    return path[0] == '.' || strstr(path, "/.") != NULL ||
           fixture_claim(path) != FIXTURE_CLAIMS_NOTHING;
}

static bool titles(const struct manifests *manifests)
{
    size_t policies = 0;
    size_t titled = 0;
    for (size_t i = 0; manifests != NULL && i < manifests->files.len; i++) {
        const struct manifest_file *file = &manifests->files.items[i];
        for (size_t k = 0; !guard_is_aside(file->path) && k < file->list.len; k++) {
            policies += manifest_is_kyverno_policy(&file->list.items[k]);
            titled +=
                manifest_is_kyverno_policy(&file->list.items[k]) && file->list.items[k].titled;
        }
    }
    return titled >= 2 && titled * 4 >= policies * 3;
}

static bool denies(const struct policy_facts *facts)
{
    VEC_FOREACH (const struct policy_rule, rule, &facts->rules) {
        if (rule->kind != RULE_FUNCTION && guard_name_denies(rule->name)) {
            return true;
        }
    }
    return false;
}

static struct guard_habits habits_of(
    const struct policy_index *index, const struct manifests *manifests)
{
    size_t v0 = 0;
    size_t v1 = 0;
    size_t importing = 0;
    size_t packages = 0;
    size_t fitting = 0;
    size_t policies = 0;
    size_t annotated = 0;
    for (size_t i = 0; index != NULL && i < index->files.len; i++) {
        const struct policy_file *file = &index->files.items[i];
        const struct policy_facts *facts = file->facts;
        if (facts == NULL || facts->package == NULL) {
            continue;
        }
        v0 += facts->dialect == DIALECT_V0;
        v1 += facts->dialect == DIALECT_V1;
        importing += facts->imports_v1;
        policies += facts->tests.len == 0 && (facts->has_metadata || denies(facts));
        annotated += facts->tests.len == 0 && facts->has_metadata;
        if (!guard_package_is_free(file->path, facts->package)) {
            packages++;
            fitting += guard_package_fits(file->path, facts->package);
        }
    }
    return (struct guard_habits){.titles = titles(manifests),
        .v1 = v1 > 0 && v0 == 0 && v1 * 10 >= importing,
        .mostly_v1 = v1 > v0,
        .folders = packages >= 3 && fitting * 4 >= packages * 3,
        .metadata = annotated > 0 && annotated * 2 >= policies};
}

bool guard_is_kyverno_policy(const struct guard_file *file, TSNode document)
{
    struct manifest manifest = {.api_version = yaml_string(file->text, document, "apiVersion"),
        .kind = yaml_string(file->text, document, "kind")};
    bool is = manifest_is_kyverno_policy(&manifest);
    free(manifest.api_version);
    free(manifest.kind);
    return is;
}

/* ---- what is asked for ---- */

/* "1.20", "v1.20.3": 1020. 0: it is none. */
static unsigned read_version(const char *text)
{
    unsigned parts[2] = {0, 0};
    const char *at = text[0] == 'v' ? text + 1 : text;
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        char *end;
        unsigned long part = strtoul(at, &end, 10);
        if (end == at || part > VERSION_MAX || (i == 0 && *end != '.')) {
            return 0;
        }
        parts[i] = (unsigned)part;
        at = end + 1;
    }
    return parts[0] * 1000 + parts[1];
}

static struct guard_asks read_asks(const struct guard_world *world)
{
    struct guard_asks asks = {0};
    struct buf text = BUF_INIT;
    struct toml *toml =
        guard_read(world, CONFIG, &text) ? toml_parse(buf_str(&text), CONFIG, NULL) : NULL;
    const struct toml *table = toml_get(toml, "guards");
    long long fixtures = toml_integer_or(table, "fixtures", 0);
    asks.kyverno_shown = mem_strdup(toml_string_or(table, "kyverno", ""));
    asks.kyverno = read_version(asks.kyverno_shown);
    asks.fixtures = fixtures > 0 && fixtures <= 1000 ? (size_t)fixtures : 0;
    toml_free(toml);
    buf_free(&text);
    return asks;
}

bool guard_read(const struct guard_world *world, const char *path, struct buf *out)
{
    const struct buf *laid = policy_index_text(world->index, path);
    if (laid != NULL) {
        buf_append_str(out, buf_str(laid));
        return true;
    }
    char *full = path_join(world->index->root, path);
    bool ok = file_read(full, TEXT_MAX, out, NULL);
    free(full);
    return ok;
}

/* ---- names ---- */

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void guard_names_sort(struct guard_names *names)
{
    size_t kept = 0;
    if (names->len > 1) {
        qsort(names->items, names->len, sizeof *names->items, by_name);
    }
    for (size_t i = 0; i < names->len; i++) {
        if (kept > 0 && strcmp(names->items[kept - 1], names->items[i]) == 0) {
            free(names->items[i]);
        } else {
            names->items[kept++] = names->items[i];
        }
    }
    names->len = kept;
}

bool guard_names_have(const struct guard_names *names, const char *name)
{
    return names->len > 0 &&
           bsearch(&name, names->items, names->len, sizeof *names->items, by_name) != NULL;
}

void guard_names_free(struct guard_names *names)
{
    VEC_FOREACH (char *, name, names) {
        free(*name);
    }
    VEC_FREE(names);
}

/* ---- suites ---- */

static void take_use(struct guard_suites *suites, const char *dir, const struct manifest_use *use)
{
    if (!use->is_file) {
        const char *slash = strrchr(use->name, '/');
        VEC_PUSH(&suites->policies, mem_strdup(slash == NULL ? use->name : slash + 1));
        return;
    }
    char *path = path_resolve(dir, str_of(use->name));
    if (path == NULL) {
        return;
    }
    if (use->says == CHAINSAW_EXPECTS) {
        VEC_PUSH(&suites->expected, mem_strdup(path));
    } else if (use->says != 0) {
        VEC_PUSH(&suites->applied, mem_strdup(path));
    }
    if (path_ext(path)[0] == '\0') {
        VEC_PUSH(&suites->folders, path);
    } else {
        VEC_PUSH(&suites->files, path);
    }
}

static void take_suites(struct guard_suites *suites, const struct manifest_file *file)
{
    char *dir = path_dir(file->path);
    VEC_FOREACH (const struct manifest, manifest, &file->list) {
        suites->count += manifest_is_suite(manifest);
        suites->kyverno += manifest_is_suite(manifest) &&
                           !manifest_in_group(manifest->api_version, "test.gatekeeper.sh");
        VEC_FOREACH (const struct manifest_use, use, &manifest->uses) {
            take_use(suites, dir, use);
        }
    }
    free(dir);
}

const struct guard_suites *guard_suites(struct guard_world *world)
{
    struct guard_suites *suites = &world->suites;
    if (!suites->made) {
        suites->made = true;
        VEC_FOREACH (const struct manifest_file, file, &world->manifests->files) {
            take_suites(suites, file);
        }
        guard_names_sort(&suites->files);
        guard_names_sort(&suites->folders);
        guard_names_sort(&suites->policies);
        guard_names_sort(&suites->expected);
        guard_names_sort(&suites->applied);
    }
    return suites;
}

bool guard_is_expected(struct guard_world *world, const char *path)
{
    const struct guard_suites *suites = world == NULL ? NULL : guard_suites(world);
    return suites != NULL && guard_names_have(&suites->expected, path) &&
           !guard_names_have(&suites->applied, path);
}

bool guard_suites_name(const struct guard_suites *suites, const char *path)
{
    if (guard_names_have(&suites->files, path)) {
        return true;
    }
    VEC_FOREACH (char *, folder, &suites->folders) {
        if (policy_path_below(path, *folder)) {
            return true;
        }
    }
    return false;
}

/* ---- life ---- */

struct guard_world *guard_world_new(struct policy_index *index, const struct manifests *manifests)
{
    struct guard_world *world = MEM_NEW(struct guard_world);
    world->index = index;
    world->manifests = manifests;
    world->habits = habits_of(index, manifests);
    world->asks = read_asks(world);
    return world;
}

void guard_world_free(struct guard_world *world)
{
    if (world == NULL) {
        return;
    }
    guard_names_free(&world->suites.files);
    guard_names_free(&world->suites.folders);
    guard_names_free(&world->suites.policies);
    guard_names_free(&world->suites.expected);
    guard_names_free(&world->suites.applied);
    guard_demands_free(world->demands);
    guard_demands_free(world->gathered);
    guard_fixtures_free(world->fixtures);
    VEC_FREE(&world->tested.packages);
    VEC_FREE(&world->tested.refs);
    guard_kinds_free(world->kinds);
    if (world->controls != NULL) {
        controls_free(world->controls);
        free(world->controls);
    }
    free(world->asks.kyverno_shown);
    free(world);
}
