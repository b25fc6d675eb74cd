#include "command/apply_compare.h"

#include "apply/apply_pairs.h"
#include "base/safe.h"
#include "base/vec.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct comparison {
    const struct args *args;
    bool json, all, done;
    char root[PATH_MAX], old_path[PATH_MAX], new_path[PATH_MAX];
    struct apply_pairing pairing; /* into the paths */
    const struct apply_set *set;  /* the run's */
    struct apply_cell *cells;     /* [policy * fixtures + fixture] */
    size_t cell_count;
    char *trouble;
    size_t counts[APPLY_DIFFERENCES], replaced, alone;
};

/* ---- the run ---- */

static void planned(void *data, unsigned generation, const struct apply_set *set)
{
    struct comparison *c = data;
    (void)generation;
    c->set = set;
    c->cell_count = set->policies.len * set->fixtures.len;
    c->cells = mem_zalloc((c->cell_count + 1) * sizeof *c->cells);
    VEC_FOREACH (const struct finding, note, &set->notes) {
        apply_print_note(note, c->json);
    }
}

static void cell(
    void *data, unsigned generation, size_t policy, size_t fixture, struct apply_cell *what)
{
    struct comparison *c = data;
    (void)generation;
    c->cells[policy * c->set->fixtures.len + fixture] = *what;
    *what = (struct apply_cell){0};
}

static void done(void *data, unsigned generation, const char *trouble)
{
    struct comparison *c = data;
    (void)generation;
    c->done = true;
    c->trouble = mem_strdup(trouble);
}

/* ---- telling ---- */

static void print_line(cJSON *object)
{
    char *line = json_print(object);
    puts(line);
    free(line);
    cJSON_Delete(object);
}

static void set_side(cJSON *object, const char *key, const struct apply_cell *cell)
{
    cJSON *side = json_set_object(object, key);
    json_set_string(side, "verdict", apply_verdict_name(cell->verdict));
    apply_set_messages(side, cell);
    if (cell->detail != NULL) {
        json_set_string(side, "detail", cell->detail);
    }
}

static void print_json(const struct apply_policy *policy, const struct apply_fixture *fixture,
    enum apply_difference difference, const struct apply_cell *sides)
{
    cJSON *object = mem_require(cJSON_CreateObject());
    json_set_string(object, "type", "comparison");
    json_set_string(object, "engine", policy->engine);
    json_set_string(object, "policy", policy->name);
    json_set_string(object, "fixture", fixture->id);
    json_set_string(object, "name", fixture->name);
    json_set_string(object, "result", apply_difference_name(difference));
    set_side(object, "old", &sides[0]);
    set_side(object, "new", &sides[1]);
    print_line(object);
}

static void print_text(const struct apply_policy *policy, const struct apply_fixture *fixture,
    enum apply_difference difference, const struct apply_cell *sides)
{
    char *name = safe_dup(str_of(policy->name), SAFE_ONE_LINE, 200);
    char *place = safe_dup(str_of(fixture->id), SAFE_ONE_LINE, 400);
    char *shown = safe_dup(str_of(fixture->name), SAFE_ONE_LINE, 200);
    bool makes = difference == APPLY_DIFFERS && sides[0].verdict == sides[1].verdict;
    printf("%-9s  %s  %s  %s  %s -> %s\n", apply_difference_name(difference), name, place, shown,
        apply_verdict_name(sides[0].verdict), apply_verdict_name(sides[1].verdict));
    for (size_t i = 0; i < 2; i++) {
        if (sides[i].message != NULL || makes) {
            printf("           %s:\n", i == 0 ? "old" : "new");
            apply_print_lines(sides[i].message);
            apply_print_lines(makes ? sides[i].detail : NULL);
        }
    }
    free(shown);
    free(place);
    free(name);
}

/* What the policies that replace it decide together. */
static struct apply_cell newer_of(const struct comparison *c, size_t older, size_t fixture)
{
    struct apply_cell joined = {0};
    for (size_t p = 0; p < c->set->policies.len; p++) {
        if (apply_pairing_replaces(&c->pairing, &c->set->policies, p, older)) {
            apply_cell_join(&joined, &c->cells[p * c->set->fixtures.len + fixture]);
        }
    }
    return joined;
}

static void compare_policy(struct comparison *c, size_t older)
{
    const struct apply_policy *policy = &c->set->policies.items[older];
    for (size_t f = 0; f < c->set->fixtures.len; f++) {
        struct apply_cell sides[2] = {
            c->cells[older * c->set->fixtures.len + f], newer_of(c, older, f)};
        enum apply_difference difference = apply_difference_of(&sides[0], &sides[1]);
        bool told = c->all || (difference != APPLY_NEITHER && difference != APPLY_SAME);
        c->counts[difference]++;
        if (c->json) {
            print_json(policy, &c->set->fixtures.items[f], difference, sides);
        } else if (told) {
            print_text(policy, &c->set->fixtures.items[f], difference, sides);
        }
        apply_cell_free(&sides[1]);
    }
}

/* Nothing replaces it, or it replaces nothing. */
static void print_alone(const struct comparison *c, const struct apply_policy *policy, bool old)
{
    if (c->json) {
        cJSON *object = mem_require(cJSON_CreateObject());
        json_set_string(object, "type", "alone");
        json_set_string(object, "policy", policy->name);
        json_set_string(object, "side", old ? "old" : "new");
        print_line(object);
        return;
    }
    char *name = safe_dup(str_of(policy->name), SAFE_ONE_LINE, 200);
    printf("alone      %s  %s\n", name, old ? "nothing replaces it" : "it replaces nothing");
    free(name);
}

static void compare_all(struct comparison *c)
{
    for (size_t p = 0; p < c->set->policies.len; p++) {
        const struct apply_policy *policy = &c->set->policies.items[p];
        bool old = apply_pairing_is_old(&c->pairing, policy);
        bool paired = false;
        for (size_t q = 0; q < c->set->policies.len; q++) {
            paired = paired || apply_pairing_replaces(
                                   &c->pairing, &c->set->policies, old ? q : p, old ? p : q);
        }
        if (!paired) {
            print_alone(c, policy, old);
            c->alone++;
        } else if (old) {
            compare_policy(c, p);
            c->replaced++;
        }
    }
}

static void print_summary(const struct comparison *c)
{
    if (c->json) {
        cJSON *object = mem_require(cJSON_CreateObject());
        json_set_string(object, "type", "summary");
        json_set_int(object, "policies", (long long)c->replaced);
        json_set_int(object, "alone", (long long)c->alone);
        json_set_int(object, "fixtures", (long long)c->set->fixtures.len);
        for (size_t i = 0; i < APPLY_DIFFERENCES; i++) {
            json_set_int(
                object, apply_difference_name((enum apply_difference)i), (long long)c->counts[i]);
        }
        print_line(object);
        return;
    }
    printf("\n%zu policies compared, %zu alone, %zu documents: %zu the same, %zu different, %zu "
           "evaluated by one only, %zu undecided, %zu for neither\n",
        c->replaced, c->alone, c->set->fixtures.len, c->counts[APPLY_SAME],
        c->counts[APPLY_DIFFERS], c->counts[APPLY_ONE_SIDED], c->counts[APPLY_UNDECIDED],
        c->counts[APPLY_NEITHER]);
}

/* ---- what is asked for ---- */

/* The file's path below the root; NULL: it could not, which is told. */
static const char *below_root(const struct comparison *c, const char *given, char *path)
{
    size_t root = strcmp(c->root, "/") == 0 ? 0 : strlen(c->root);
    if (realpath(given, path) == NULL) {
        command_fail(c->args, "%s: %s", given, strerror(errno));
        return NULL;
    }
    if (strncmp(path, c->root, root) != 0 || path[root] != '/') {
        command_fail(c->args, "%s is not in %s: give the folder that holds it as FOLDER, last",
            given, c->root);
        return NULL;
    }
    return path + root + 1;
}

static bool is_folder(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

static bool read_words(struct comparison *c)
{
    const struct args *args = c->args;
    const char *newer = args->count > 0 && !is_folder(args->rest[0]) ? args->rest[0] : NULL;
    int named = newer == NULL ? 0 : 1;
    const char *folder = args->count > named ? args->rest[named] : ".";
    if (args->count > named + 1 || args_has(args, "against")) {
        command_fail(args, "--compare OLD takes one NEW and one FOLDER, and no --against");
        return false;
    }
    if (realpath(folder, c->root) == NULL) {
        command_fail(args, "%s: %s", folder, strerror(errno));
        return false;
    }
    c->pairing.old_file = below_root(c, args_get(args, "compare"), c->old_path);
    c->pairing.new_file = newer == NULL ? NULL : below_root(c, newer, c->new_path);
    if (c->pairing.old_file == NULL || (newer != NULL && c->pairing.new_file == NULL)) {
        return false;
    }
    if (newer != NULL && strcmp(c->pairing.old_file, c->pairing.new_file) == 0) {
        command_fail(args, "OLD and NEW are one file: %s", newer);
        return false;
    }
    return true;
}

static bool has_policy(const struct comparison *c, bool old)
{
    for (size_t i = 0; c->set != NULL && i < c->set->policies.len; i++) {
        if (apply_pairing_is_old(&c->pairing, &c->set->policies.items[i]) == old) {
            return true;
        }
    }
    return false;
}

/* EXIT_YES: both sides are there. */
static int check(const struct comparison *c)
{
    if (!has_policy(c, true)) {
        return command_fail(c->args, "%s: there is no policy in it", c->pairing.old_file);
    }
    if (!has_policy(c, false)) {
        return c->pairing.new_file != NULL
                   ? command_fail(c->args, "%s: there is no policy in it", c->pairing.new_file)
                   : command_fail(c->args,
                         "no other file in %s has a policy of the same name: name the file that "
                         "replaces it, after %s",
                         c->root, c->pairing.old_file);
    }
    return c->trouble == NULL ? EXIT_YES : command_fail(c->args, "%s", c->trouble);
}

static int tell(struct comparison *c)
{
    int code = check(c);
    if (code != EXIT_YES) {
        return code;
    }
    compare_all(c);
    print_summary(c);
    bool same = c->counts[APPLY_DIFFERS] + c->counts[APPLY_ONE_SIDED] + c->counts[APPLY_UNDECIDED] +
                    c->alone ==
                0;
    return same && c->counts[APPLY_SAME] > 0 ? EXIT_YES : EXIT_NO;
}

static int compare_in(struct comparison *c, struct loop *loop)
{
    struct apply_events events = {.data = c, .planned = planned, .cell = cell, .done = done};
    struct apply_options options = {
        .root = c->root, .wanted = apply_pairing_wants, .wanted_data = &c->pairing};
    struct apply_run *run = apply_run_new(loop, &events);
    (void)apply_run_start(run, &options);
    while (!c->done) {
        loop_run_once(loop, 1000);
    }
    int code = tell(c);
    for (size_t i = 0; i < c->cell_count; i++) {
        apply_cell_free(&c->cells[i]);
    }
    free(c->cells);
    free(c->trouble);
    apply_run_free(run);
    return code;
}

int apply_compare(const struct args *args)
{
    struct err err;
    struct comparison *c = MEM_NEW(struct comparison);
    c->args = args;
    c->json = args_has(args, "json");
    c->all = args_has(args, "all");
    int code = EXIT_COULD_NOT;
    if (read_words(c)) {
        struct loop *loop = loop_new(&err);
        code = loop == NULL ? command_fail(args, "%s", err.text) : compare_in(c, loop);
        loop_free(loop);
    }
    free(c);
    return code;
}
