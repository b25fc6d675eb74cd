#include "engine/rego_version.h"

#include "base/file.h"
#include "base/json.h"
#include "base/path.h"
#include "base/vec.h"
#include "config/toml.h"
#include "engine/plan.h"
#include "workspace/ignore.h"

#include <stdlib.h>
#include <unistd.h>

enum { PATTERNS_MAX = 1000 };
#define MANIFEST_MAX_BYTES ((size_t)4 << 20)
#define TOML_MAX_BYTES     ((size_t)1 << 20)

struct pattern {
    char *text;
    enum policy_dialect dialect;
};

/* A folder that was looked into. */
struct place {
    char *dir;  /* "" the root */
    char *path; /* of its manifest, or NULL */
    cJSON *manifest;
};

struct rego_versions {
    char *root;
    struct {
        struct pattern *items;
        size_t len, cap;
    } patterns;
    struct {
        struct place *items;
        size_t len, cap;
    } places; /* by dir */
};

/* ---- settings ---- */

static void add_pattern(
    struct rego_versions *versions, const struct toml *value, enum policy_dialect dialect)
{
    if (value->kind == TOML_STRING && value->text[0] != '\0' &&
        versions->patterns.len < PATTERNS_MAX) {
        VEC_PUSH(&versions->patterns, (struct pattern){mem_strdup(value->text), dialect});
    }
}

static void add_patterns(
    struct rego_versions *versions, const struct toml *value, enum policy_dialect dialect)
{
    if (value != NULL && value->kind == TOML_ARRAY) {
        for (size_t i = 0; i < value->len; i++) {
            add_pattern(versions, value->items[i], dialect);
        }
    } else if (value != NULL) {
        add_pattern(versions, value, dialect);
    }
}

struct rego_versions *rego_versions_new(const char *root)
{
    struct rego_versions *versions = MEM_NEW(struct rego_versions);
    struct buf text = BUF_INIT;
    char *full = path_join(root, ".bylaw/config.toml");
    struct toml *toml = file_read(full, TOML_MAX_BYTES, &text, NULL)
                            ? toml_parse(buf_str(&text), full, NULL)
                            : NULL;
    versions->root = mem_strdup(root);
    add_patterns(versions, toml_get_path(toml, "engines.opa.v0"), DIALECT_V0);
    add_patterns(versions, toml_get_path(toml, "engines.opa.v1"), DIALECT_V1);
    toml_free(toml);
    buf_free(&text);
    free(full);
    return versions;
}

void rego_versions_free(struct rego_versions *versions)
{
    if (versions == NULL) {
        return;
    }
    VEC_FOREACH (struct pattern, pattern, &versions->patterns) {
        free(pattern->text);
    }
    VEC_FREE(&versions->patterns);
    VEC_FOREACH (struct place, place, &versions->places) {
        free(place->dir);
        free(place->path);
        cJSON_Delete(place->manifest);
    }
    VEC_FREE(&versions->places);
    free(versions->root);
    free(versions);
}

static const struct pattern *match(const struct rego_versions *versions, const char *path)
{
    const struct pattern *best = NULL;
    VEC_FOREACH (const struct pattern, pattern, &versions->patterns) {
        bool matches = plan_path_wanted(path, pattern->text) ||
                       ignore_glob(str_of(pattern->text), str_of(path), false);
        if (matches && (best == NULL || strlen(pattern->text) > strlen(best->text))) {
            best = pattern;
        }
    }
    return best;
}

/* ---- manifests ---- */

static struct place look_into(const struct rego_versions *versions, struct str dir)
{
    struct place place = {.dir = str_dup(dir)};
    char *path = mem_printf("%s%s.manifest", place.dir, dir.len == 0 ? "" : "/");
    char *full = path_join(versions->root, path);
    if (access(full, R_OK) == 0) {
        place.manifest = json_parse_file(full, MANIFEST_MAX_BYTES, NULL);
        place.path = path;
        path = NULL;
    }
    free(full);
    free(path);
    return place;
}

/* Looked into once. */
static const struct place *place_of(struct rego_versions *versions, struct str dir)
{
    size_t low = 0;
    size_t high = versions->places.len;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int order = str_compare(str_of(versions->places.items[mid].dir), dir);
        if (order == 0) {
            return &versions->places.items[mid];
        }
        if (order < 0) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    struct place place = look_into(versions, dir);
    VEC_INSERT(&versions->places, low, place);
    return &versions->places.items[low];
}

/* The nearest folder at or above the file that has a manifest, or NULL. */
static const struct place *manifest_of(struct rego_versions *versions, const char *path)
{
    const char *slash = strrchr(path, '/');
    struct str dir = str_make(path, slash == NULL ? 0 : (size_t)(slash - path));
    for (;;) {
        const struct place *place = place_of(versions, dir);
        if (place->manifest != NULL || dir.len == 0) {
            return place->manifest == NULL ? NULL : place;
        }
        while (dir.len > 0 && dir.ptr[dir.len - 1] != '/') {
            dir.len--;
        }
        dir.len -= dir.len > 0;
    }
}

static enum policy_dialect dialect_of(long long version)
{
    return version == 0 ? DIALECT_V0 : version == 1 ? DIALECT_V1 : DIALECT_EITHER;
}

/* Patterns of a bundle begin at its root: "/foo/bar.rego", "/legacy/" followed by a star. */
static enum policy_dialect stated_of_file(const struct place *place, const char *path)
{
    const char *inside = place->dir[0] == '\0' ? path : path + strlen(place->dir) + 1;
    const cJSON *entry;
    cJSON_ArrayForEach(entry, json_get(place->manifest, "file_rego_versions"))
    {
        const char *pattern = entry->string == NULL ? "" : entry->string;
        pattern += pattern[0] == '/';
        if (cJSON_IsNumber(entry) &&
            (strcmp(pattern, inside) == 0 || ignore_glob(str_of(pattern), str_of(inside), false))) {
            return dialect_of((long long)entry->valuedouble);
        }
    }
    return DIALECT_EITHER;
}

/* ---- the answer ---- */

struct rego_version rego_version_of(
    struct rego_versions *versions, const char *path, enum policy_dialect syntax)
{
    const struct pattern *pattern = match(versions, path);
    if (pattern != NULL) {
        return (struct rego_version){pattern->dialect, REGO_SETTINGS, pattern->text};
    }
    const struct place *place = manifest_of(versions, path);
    enum policy_dialect stated = place == NULL ? DIALECT_EITHER : stated_of_file(place, path);
    if (stated != DIALECT_EITHER) {
        return (struct rego_version){stated, REGO_MANIFEST_FILE, place->path};
    }
    if (syntax != DIALECT_EITHER) {
        return (struct rego_version){syntax, REGO_SYNTAX, ""};
    }
    stated = place == NULL ? DIALECT_EITHER
                           : dialect_of(json_int_or(place->manifest, "rego_version", -1));
    if (stated != DIALECT_EITHER) {
        return (struct rego_version){stated, REGO_MANIFEST, place->path};
    }
    return (struct rego_version){DIALECT_EITHER, REGO_NOBODY, ""};
}

char *rego_version_show(const struct rego_version *version)
{
    const char *name = policy_dialect_name(version->dialect);
    switch (version->says) {
    case REGO_SETTINGS:
        return mem_printf("%s: %s in .bylaw/config.toml", name, version->where);
    case REGO_MANIFEST_FILE:
        return mem_printf("%s: file_rego_versions in %s", name, version->where);
    case REGO_MANIFEST:
        return mem_printf("%s: rego_version in %s", name, version->where);
    case REGO_SYNTAX:
        return mem_printf("%s: what it is written in", name);
    case REGO_NOBODY:
        break;
    }
    return mem_printf("%s: v1, and v0 where that does not load", name);
}
