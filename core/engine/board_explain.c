/* What an expanded test shows: why it failed, with which input, what was expected and what came. */
#include "engine/board_internal.h"

#include "base/path.h"

#include <ctype.h>
#include <stdlib.h>

static void add_part(struct buf *text, const char *title, const char *part)
{
    if (part != NULL && part[0] != '\0') {
        buf_printf(text, "%s%s%s", text->len > 0 ? "\n" : "", title, part);
    }
}

static void add_input(struct buf *text, const struct board_test *test)
{
    const struct result *row = test->count > 0 ? &test->rows[0] : NULL;
    add_part(text, "with input ", test->input);
    if (test->input == NULL && row != NULL && row->input_file != NULL) {
        buf_printf(text, "%sinput: %s", text->len > 0 ? "\n" : "", row->input_file);
        if (row->input_at.row > 0) {
            buf_printf(text, ":%u", row->input_at.row);
        }
    }
}

const char *board_text(const struct board *board, struct board_test *test)
{
    if (test->text != NULL) {
        return test->text;
    }
    struct buf text = BUF_INIT;
    if (test->count > 0) {
        const struct result *row = &test->rows[0];
        bool subs_say = test->count > 1 && test->rows[1].message != NULL;
        add_part(&text, "", row->detail != NULL ? row->detail : subs_say ? NULL : row->message);
        for (size_t i = 1; i < test->count; i++) {
            add_part(&text, "", test->rows[i].detail);
        }
        add_part(&text, "print:\n", row->output);
    }
    add_part(&text, "", test->detail);
    add_input(&text, test);
    if (test->explaining && test->detail == NULL) {
        add_part(&text, "", "asking opa why…");
    }
    board_append_past(board, test, &text);
    test->text = buf_take(&text);
    return test->text;
}

void board_set_input(struct board *board, uint64_t id, const char *input)
{
    for (size_t i = 0; i < board_count(board); i++) {
        struct board_test *test = board_at(board, i);
        if (test->id == id) {
            free(test->input);
            test->input = mem_strdup(input);
            board_forget_text(test);
            board_touch(board, i);
        }
    }
}

/* Of the test itself, else of the first of its rows that tells both and is not as it should be. */
static bool find_pair(const struct board_test *test, const char **expected, const char **got)
{
    *expected = test->expected;
    *got = test->got;
    for (size_t i = 0; (*expected == NULL || *got == NULL) && i < test->count; i++) {
        if (test->rows[i].status != RESULT_PASS) {
            *expected = test->rows[i].expected;
            *got = test->rows[i].got;
        }
    }
    return *expected != NULL && *got != NULL;
}

const struct value_diff *board_diff(struct board_test *test)
{
    const char *expected;
    const char *got;
    if (test->diff == NULL && !test->pending && find_pair(test, &expected, &got)) {
        test->diff = MEM_NEW(struct value_diff);
        value_diff_make(str_of(expected), str_of(got), test->diff);
    }
    return test->diff == NULL || test->diff->equal ? NULL : test->diff;
}

/* "policies/p_test.rego:21:5: …" */
bool board_place_in(struct str line, char **path, struct position *at)
{
    *path = NULL;
    size_t ext = str_find(line, STR_LIT(".rego:"), 0);
    if (ext == (size_t)-1) {
        return false;
    }
    size_t end = ext + strlen(".rego");
    size_t from = ext;
    while (from > 0 && line.ptr[from - 1] != ' ' && line.ptr[from - 1] != '(') {
        from--;
    }
    unsigned numbers[2] = {0, 0};
    size_t i = end;
    for (size_t n = 0; n < 2 && i < line.len && line.ptr[i] == ':'; n++) {
        i++;
        while (i < line.len && isdigit((unsigned char)line.ptr[i]) && numbers[n] < 100000000) {
            numbers[n] = numbers[n] * 10 + (unsigned)(line.ptr[i] - '0');
            i++;
        }
    }
    *at = (struct position){numbers[0], numbers[1]};
    *path = str_dup(str_slice(line, from, end));
    return numbers[0] > 0;
}

bool board_culprit(const struct board_test *test, char **path, struct position *at)
{
    struct str rest = str_of(test->detail);
    struct str line;
    while (str_next_line(&rest, &line)) {
        if (board_place_in(line, path, at)) {
            return true;
        }
        free(*path);
        *path = NULL;
    }
    return false;
}
