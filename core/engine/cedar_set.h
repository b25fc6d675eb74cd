/* Which files of a folder belong together for Cedar: policies with their schema, entities, template
 * links, tests and requests. The cedar program takes one file of each and knows no folders, so
 * names say it, as in Cedar's own examples; where they do not, settings do.
 *
 * - `*.cedar` (and `*.cedar.json`): each file is a set of its own, but for a folder called
 * `policies` or `policy` with several files none of which is `policies.cedar` or `policy.cedar`:
 * there all together are one.
 * - schema: `NAME.cedarschema` beside `NAME.cedar`, else the only `*.cedarschema`,
 *   `*.cedarschema.json` or `schema.json` beside it, else the only one in the nearest folder above.
 * - entities: `NAME.cedarentities.json`, `NAME.entities.json`, `entities.json` or `entity.json`, or
 *   the only file whose name ends in `entities.json`; beside it or above.
 * - links of templates: `NAME.linked`, `linked`, `linked.json` or `links.json` beside it.
 * - tests (of `cedar run-tests`): JSON files with `test` in their name, or in a folder `test` or
 *   `tests`, that hold an array of objects with a request and a decision, or an empty one; beside
 *   policies, or in `test` or `tests` there, also those that are empty or no JSON.
 * - requests with an expected decision: the JSON files in folders named ALLOW and DENY, in capitals
 *   or not.
 *
 * Tests and requests belong to the set in the nearest folder above them (or in its `policies`,
 * `policy` or `cedar`); where that has several, to the one whose name theirs begins with, else to
 * `policies.cedar` or `policy.cedar`.
 *
 *     [engines.cedar.sets.photos]                   # in the workspace's .bylaw/config.toml
 *     policies = ["photos/rules"]           # folders, files or git globs: one set
 *     schema = "schemas/photos.cedarschema"
 *     entities = "photos/people.json"
 *     links = "photos/links.json"
 *     tests = ["checks/photos"]
 *     allow = ["requests/ok"]                      # a decision each file is expected to get
 *     deny = ["requests/no"]
 *     level = 1                                     # of cedar validate
 *
 * All input is untrusted bytes. */
#ifndef BYLAW_ENGINE_CEDAR_SET_H
#define BYLAW_ENGINE_CEDAR_SET_H

#include "engine/plan.h"

/* Paths are relative to the root. */
struct cedar_set {
    char *label; /* "photos/photos.cedar", "photos/policies/", or the settings' name */
    struct plan_words policies; /* at least one, by path */
    char *schema;               /* or NULL, as the next two */
    char *entities;
    char *links;
    char *no_schema; /* why none was taken, where there are several; or NULL */
    long long level; /* of validation; below 0: none is said */
    struct plan_words tests;
    struct plan_words allow, deny;
    struct plan_words requests; /* all request files, those of allow and deny too */
};

struct cedar_sets {
    struct cedar_set *items;
    size_t len, cap;
    /* Tests and requests whose policies are not certain, tests whose are not there: path, and what
     * to do. */
    struct cedar_stray {
        char *path, *why;
    } * strays;
    size_t stray_count;
};

/* `paths` are all files of the folder, by path. Reads the settings, and the files that may be
 * tests. Worker thread. */
void cedar_sets_find(const char *root, const struct plan_words *paths, struct cedar_sets *out);
void cedar_sets_free(struct cedar_sets *sets);

#endif
