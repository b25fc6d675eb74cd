/* What the board records of each result: how the test ended, how long it took, and a hash of all it
 * was run with. */
#include "engine/board_internal.h"

#include "base/vec.h"

#include <stdlib.h>
#include <sys/stat.h>

void board_keep_history(struct board *board, struct history_store *history)
{
    board->history = history;
}

static struct test_name name_of(const struct board_test *test)
{
    return (struct test_name){test->engine, test->file, test->suite, test->name};
}

const struct test_past *board_past(const struct board *board, const struct board_test *test)
{
    struct test_name name = name_of(test);
    return board->history == NULL ? NULL : history_store_find(board->history, &name);
}

void board_history_look_up(const struct board *board, struct board_test *test)
{
    const struct test_past *past = board_past(board, test);
    test->flaky = past != NULL && test_past_is_flaky(past);
}

void board_history_ready(struct board *board)
{
    VEC_FOREACH (struct board_test, test, &board->tests) {
        bool was = test->flaky;
        board_history_look_up(board, test);
        if (was != test->flaky) {
            struct board_sum one = {.flaky = 1};
            board_tree_count(&board->tree, test->group, &one, test->flaky);
        }
    }
    board->version++;
}

void board_append_past(const struct board *board, const struct board_test *test, struct buf *out)
{
    const struct test_past *past = board_past(board, test);
    if (past == NULL || past->count < 2) {
        return;
    }
    buf_printf(out, "%slast %u runs: ", out->len > 0 ? "\n" : "", past->count);
    test_past_say(past, out);
    double trend = test_past_trend(past);
    if (trend >= 1.5 || (trend > 0 && trend <= 0.67)) {
        buf_printf(out, "; the last took %.1f times as long as before", trend);
    }
    if (test->flaky) {
        buf_append_c(out, "\nflaky: its result changed and none of its inputs did");
    }
}

void board_history_plan(struct board *board, const struct run_plan *plan)
{
    board->plan = plan;
    board->inputs.len = 0;
    board->programs.len = 0;
    for (size_t i = 0; board->history != NULL && i < plan->units.len; i++) {
        VEC_PUSH(&board->inputs, 0);
    }
}

static uint64_t add_number(uint64_t hash, uint64_t number)
{
    return str_hash_more(hash, str_make((const char *)&number, sizeof number));
}

/* The program itself is an input: another version may judge otherwise. */
static uint64_t add_program(uint64_t hash, const struct engine *engine)
{
    char *program = engine_find(engine, NULL);
    struct stat st;
    hash = str_hash_more(hash, str_of(engine->name));
    if (program != NULL && stat(program, &st) == 0) {
        hash = add_number(hash, (uint64_t)st.st_size);
        hash = add_number(hash, (uint64_t)st.st_mtim.tv_sec);
        hash = add_number(hash, (uint64_t)st.st_mtim.tv_nsec);
    }
    free(program);
    return hash;
}

/* Looked for once a plan. */
static uint64_t program_of(struct board *board, const struct engine *engine)
{
    VEC_FOREACH (struct board_program, known, &board->programs) {
        if (known->engine == engine) {
            return known->hash;
        }
    }
    uint64_t hash = add_program(STR_HASH_EMPTY, engine);
    VEC_PUSH(&board->programs, (struct board_program){engine, hash});
    return hash;
}

/* 0: one of the files is not known by its content. */
static uint64_t inputs_of(
    const struct run_plan *plan, const struct plan_unit *unit, uint64_t program)
{
    uint64_t hash = add_number(STR_HASH_EMPTY, program);
    hash = add_number(hash, unit->dialect);
    VEC_FOREACH (char *, arg, &unit->args) {
        hash = str_hash_more(hash, str_make(*arg, strlen(*arg) + 1));
    }
    VEC_FOREACH (size_t, place, &unit->files) {
        const struct plan_file *file = &plan->files.items[*place];
        if (file->hash == 0) {
            return 0;
        }
        hash = str_hash_more(hash, str_make(file->path, strlen(file->path) + 1));
        hash = add_number(hash, file->hash);
    }
    return hash == 0 ? 1 : hash;
}

static uint64_t known_inputs(struct board *board, size_t unit)
{
    if (board->plan == NULL || unit >= board->inputs.len) {
        return 0;
    }
    uint64_t *known = &board->inputs.items[unit];
    if (*known == 0) {
        const struct plan_unit *asked = &board->plan->units.items[unit];
        const struct engine *engine = asked->engine == NULL ? &engine_opa : asked->engine;
        *known = inputs_of(board->plan, asked, program_of(board, engine));
    }
    return *known;
}

void board_history_record(struct board *board, struct board_test *test, size_t plan)
{
    const struct result *row = &test->rows[0];
    if (board->history == NULL || row->status == RESULT_NOT_EVALUATED || row->cached) {
        return;
    }
    bool foreseen = board->plan != NULL && plan < board->plan->tests.len;
    struct test_run run = {
        .inputs = foreseen ? known_inputs(board, board->plan->tests.items[plan].unit) : 0,
        .when = (uint32_t)(loop_wall_ms() / 1000),
        .duration_us = row->duration_us > UINT32_MAX ? UINT32_MAX : (uint32_t)row->duration_us,
        .status = (unsigned char)row->status};
    struct test_name name = name_of(test);
    history_store_add(board->history, &name, &run);
    board_history_look_up(board, test);
}
