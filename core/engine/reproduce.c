#include "engine/reproduce.h"

#include "base/path.h"
#include "base/shell.h"
#include "base/vec.h"
#include "engine/offline.h"

#include <stdlib.h>

/* "--format json" is for us. How many of the words from here on are left out. */
static size_t words_left_out(const char *const *argv)
{
    static const char *const flags[] = {"--format", "--output", "-o", "--output-format"};
    for (size_t i = 0; argv[1] != NULL && i < ARRAY_LEN(flags); i++) {
        if (strcmp(argv[0], flags[i]) == 0 && strcmp(argv[1], "json") == 0) {
            return 2;
        }
    }
    static const char *const words[] = {"--output=json", "--error-format=json", "--remove-color"};
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (strcmp(argv[0], words[i]) == 0) {
            return 1;
        }
    }
    return 0;
}

/* The file that the run was told with what the settings declare, or NULL. */
static char *capabilities_of(const struct run_plan *plan, const struct engine *engine)
{
    struct err ignored;
    char *program =
        plan->declared == 0 || engine->offline_env == NULL ? NULL : engine_find(engine, &ignored);
    char *path =
        program == NULL ? NULL : offline_path(engine, program, plan->declared, true, &ignored);
    free(program);
    return path;
}

static void append_command(const struct engine *engine, const char *const *argv, struct buf *line)
{
    buf_append_c(line, engine->program);
    for (size_t i = 1; argv != NULL && argv[i] != NULL;) {
        bool options = strcmp(argv[i], "--") != 0;
        size_t out = options ? words_left_out(argv + i) : 0;
        i += out;
        if (out == 0) {
            buf_append_char(line, ' ');
            shell_append_word(line, argv[i++]);
        }
        for (; !options && argv[i] != NULL; i++) {
            buf_append_char(line, ' ');
            shell_append_word(line, argv[i]);
        }
    }
}

/* `test` SIZE_MAX: all of the unit. */
static bool append_unit(const struct run_plan *plan, size_t place, size_t test,
    const struct engine *first, const char *root, struct buf *line, struct err *err)
{
    const struct plan_unit *unit = &plan->units.items[place];
    const struct engine *engine = unit->engine == NULL ? first : unit->engine;
    struct batch batch = batch_of(plan, place);
    struct policy_set only = {0};
    if (test != (size_t)-1) {
        VEC_PUSH(&only, test);
    }
    char *capabilities = capabilities_of(plan, engine);
    struct engine_question question = {.ask = ENGINE_TEST,
        .plan = plan,
        .batch = &batch,
        .only = only.len == 0 ? NULL : &only,
        .typed = true,
        .capabilities = capabilities};
    struct engine_command command = {0};
    bool ok = engine->command != NULL
                  ? engine->command(&question, engine->program, &command, err)
                  : err_set(err, ERR_UNSUPPORTED, "%s is not called for this", engine->name);
    if (ok && command.argv.len > 0) {
        root = root == NULL ? plan->root : root;
        char *dir = command.dir == NULL ? mem_strdup(root) : path_join(root, command.dir);
        buf_append_c(line, "cd ");
        shell_append_word(line, dir);
        buf_append_c(line, " && ");
        if (command.before != NULL) {
            buf_printf(line, "%s | ", command.before);
        }
        append_command(engine, (const char *const *)command.argv.items, line);
        free(dir);
    }
    engine_command_free(&command);
    free(capabilities);
    VEC_FREE(&only);
    batch_free(&batch);
    return ok;
}

bool reproduce_append(const struct run_plan *plan, size_t test, const struct engine *first,
    const char *root, struct buf *line, struct err *err)
{
    if (plan == NULL || test >= plan->tests.len) {
        return err_set(err, ERR_NOT_FOUND, "the test is not in the last run: run it first");
    }
    return append_unit(plan, plan->tests.items[test].unit, test, first, root, line, err);
}

/* The plan's test that a row of the board is; SIZE_MAX: none. */
static size_t find_row(const struct run_plan *plan, const struct board_test *test)
{
    for (size_t i = 0; plan != NULL && i < plan->tests.len; i++) {
        const struct plan_test *known = &plan->tests.items[i];
        if (strcmp(known->name, test->name) == 0 && strcmp(known->suite, test->suite) == 0 &&
            strcmp(plan->files.items[known->file].path, test->file) == 0) {
            return i;
        }
    }
    return (size_t)-1;
}

/* The unit whose tests are in the file; SIZE_MAX: none. */
static size_t find_unit(const struct run_plan *plan, const char *file)
{
    for (size_t i = 0; plan != NULL && i < plan->tests.len; i++) {
        const struct plan_test *known = &plan->tests.items[i];
        if (strcmp(plan->files.items[known->file].path, file) == 0) {
            return known->unit;
        }
    }
    return (size_t)-1;
}

bool reproduce_row(
    const struct runner *runner, const struct board_test *test, struct buf *line, struct err *err)
{
    const struct run_plan *plans[] = {runner_plan(runner), runner_whole_plan(runner)};
    for (size_t i = 0; test->file != NULL && i < ARRAY_LEN(plans); i++) {
        size_t place = find_row(plans[i], test);
        if (place != (size_t)-1) {
            return reproduce_append(plans[i], place, &engine_opa, NULL, line, err);
        }
    }
    for (size_t i = 0; test->file != NULL && i < ARRAY_LEN(plans); i++) {
        size_t unit = find_unit(plans[i], test->file);
        if (unit != (size_t)-1) { /* no plan foresaw it: what it came with */
            return append_unit(plans[i], unit, (size_t)-1, &engine_opa, NULL, line, err);
        }
    }
    return err_set(err, ERR_NOT_FOUND, "the test is not in the last run: run it first");
}
