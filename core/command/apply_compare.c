#include "command/apply_compare.h"

#include "apply/comparison_run.h"
#include "base/safe.h"
#include "base/vec.h"
#include "command/progress_line.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct comparing {
    const struct args *args;
    bool json, all, done;
    char root[PATH_MAX], old_path[PATH_MAX], new_path[PATH_MAX];
    const char *old_file, *new_file; /* into the paths; new_file may be NULL */
    struct progress_line line;
    char *trouble;
};

/* ---- the run ---- */

static void note(void *data, const struct finding *what)
{
    struct comparing *c = data;
    progress_line_clear(&c->line);
    apply_print_note(what, c->json);
}

static void progress(void *data, size_t answered, size_t total)
{
    struct comparing *c = data;
    progress_line_show(&c->line, answered, total, APPLY_QUESTIONS);
}

static void done(void *data, const char *trouble)
{
    struct comparing *c = data;
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
    const struct comparison_row *row)
{
    cJSON *object = mem_require(cJSON_CreateObject());
    json_set_string(object, "type", "comparison");
    json_set_string(object, "engine", policy->engine);
    json_set_string(object, "policy", policy->name);
    json_set_string(object, "fixture", fixture->id);
    json_set_string(object, "name", fixture->name);
    json_set_string(object, "result", apply_difference_name(row->difference));
    set_side(object, "old", &row->older);
    set_side(object, "new", &row->newer);
    print_line(object);
}

static void print_text(const struct apply_policy *policy, const struct apply_fixture *fixture,
    const struct comparison_row *row)
{
    const struct apply_cell *sides[] = {&row->older, &row->newer};
    char *name = safe_dup(str_of(policy->name), SAFE_ONE_LINE, 200);
    char *place = safe_dup(str_of(fixture->id), SAFE_ONE_LINE, 400);
    char *shown = safe_dup(str_of(fixture->name), SAFE_ONE_LINE, 200);
    bool makes = row->difference == APPLY_DIFFERS && sides[0]->verdict == sides[1]->verdict;
    printf("%-9s  %s  %s  %s  %s -> %s\n", apply_difference_name(row->difference), name, place,
        shown, apply_verdict_name(sides[0]->verdict), apply_verdict_name(sides[1]->verdict));
    for (size_t i = 0; i < 2; i++) {
        if (sides[i]->message != NULL || makes) {
            printf("           %s:\n", i == 0 ? "old" : "new");
            apply_print_lines(sides[i]->message);
            apply_print_lines(makes ? sides[i]->detail : NULL);
        }
    }
    free(shown);
    free(place);
    free(name);
}

static void row(void *data, const struct apply_policy *policy, const struct apply_fixture *fixture,
    const struct comparison_row *what)
{
    const struct comparing *c = data;
    if (c->json) {
        print_json(policy, fixture, what);
    } else if (c->all || comparison_row_differs(what)) {
        print_text(policy, fixture, what);
    }
}

static void alone(void *data, const struct apply_policy *policy, bool old)
{
    const struct comparing *c = data;
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

static void print_summary(const struct comparison_totals *totals, bool json)
{
    if (json) {
        cJSON *object = mem_require(cJSON_CreateObject());
        json_set_string(object, "type", "summary");
        json_set_int(object, "policies", (long long)totals->compared);
        json_set_int(object, "alone", (long long)totals->alone);
        json_set_int(object, "fixtures", (long long)totals->fixtures);
        for (size_t i = 0; i < APPLY_PENDING; i++) {
            json_set_int(object, apply_difference_name((enum apply_difference)i),
                (long long)totals->counts[i]);
        }
        print_line(object);
        return;
    }
    struct buf text = BUF_INIT;
    comparison_append_totals(totals, &text);
    printf("\n%s\n", text.ptr);
    buf_free(&text);
}

/* ---- what is asked for ---- */

/* The file's path below the root; NULL: it could not, which is told. */
static const char *below_root(const struct comparing *c, const char *given, char *path)
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

static bool read_words(struct comparing *c)
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
    c->old_file = below_root(c, args_get(args, "compare"), c->old_path);
    c->new_file = newer == NULL ? NULL : below_root(c, newer, c->new_path);
    if (c->old_file == NULL || (newer != NULL && c->new_file == NULL)) {
        return false;
    }
    return true;
}

static int compare_in(struct comparing *c, struct loop *loop)
{
    struct err err;
    struct comparison_events events = {.data = c, .note = note, .progress = progress, .done = done};
    struct comparison_teller teller = {.data = c, .row = row, .alone = alone};
    struct comparison_totals totals;
    struct comparison_run *run = comparison_run_new(loop, &events);
    struct comparison_request request = {
        .root = c->root, .old_file = c->old_file, .new_file = c->new_file};
    int code;
    if (!comparison_run_start(run, &request, &err)) {
        code = command_fail(c->args, "%s", err.text);
        goto out;
    }
    progress_line_begin(&c->line, c->json, APPLY_READING);
    while (!c->done) {
        loop_run_once(loop, 1000);
    }
    progress_line_clear(&c->line);
    if (c->trouble != NULL) {
        code = command_fail(c->args, "%s", c->trouble);
        goto out;
    }
    comparison_run_tell(run, &teller, &totals);
    print_summary(&totals, c->json);
    code = comparison_totals_agree(&totals) ? EXIT_YES : EXIT_NO;
out:
    free(c->trouble);
    comparison_run_free(run);
    return code;
}

int apply_compare(const struct args *args)
{
    struct err err;
    struct comparing *c = MEM_NEW(struct comparing);
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
