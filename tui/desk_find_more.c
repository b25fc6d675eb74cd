/* Tests, past prompts and the text of all files as sources of the finder. */
#include "base/vec.h"
#include "desk_find_private.h"

#include <stdlib.h>

enum { PROMPTS_MAX = 5000 };

/* ---- tests ---- */

static void collect_tests(void *data, struct finder_items *out)
{
    struct desk_find *find = data;
    struct board *board = status_board(find->desk->status);
    preview_forget(find->preview);
    for (size_t i = 0; i < board_count(board); i++) {
        const struct board_test *test = board_at(board, i);
        enum result_status status = board_status(test);
        bool red = status == RESULT_FAIL || status == RESULT_ERROR;
        struct finder_item item = {.text = mem_printf("%s.%s", test->suite, test->name),
            .detail = mem_strdup(test->pending ? "running" : result_status_name(status)),
            .bonus = red ? FIND_BONUS_OPEN : 0, /* what fails is looked for more often */
            .path = mem_strdup(test->file),
            .row = test->at.row > 0 ? test->at.row - 1 : 0};
        VEC_PUSH(out, item);
    }
}

static void test_chosen(void *data, const struct finder_item *item, struct str text)
{
    struct desk_find *find = data;
    if (item == NULL || item->path == NULL) {
        find_place_chosen(data, NULL, text);
        return;
    }
    /* In the review where only the proposal has it. */
    desk_show(find->desk, item->path, (unsigned)item->row + 1, 0);
}

const struct finder_source find_tests = {
    .prefix = '!',
    .name = "tests, with their last result",
    .title = "Tests",
    .hint = "which test?",
    .collect = collect_tests,
    .chosen = test_chosen,
    .preview = find_preview,
};

/* ---- past prompts ---- */

static void collect_prompts(void *data, struct finder_items *out)
{
    struct desk_find *find = data;
    const struct session *session = workbench_session(find->desk->workbench);
    size_t count = session_history_count(session);
    for (size_t i = count; i > 0 && out->len < PROMPTS_MAX; i--) {
        struct str text = str_of(session_history_at(session, i - 1));
        struct str first;
        struct str rest = text;
        bool more = str_next_line(&rest, &first) && rest.len > 0;
        struct finder_item item = {.text = str_dup(str_slice(text, 0, FIND_LINE_MAX)),
            .detail = mem_strdup(more ? "…" : ""),
            .number = i - 1};
        VEC_PUSH(out, item);
    }
}

static void prompt_chosen(void *data, const struct finder_item *item, struct str text)
{
    struct desk_find *find = data;
    struct desk *desk = find->desk;
    const struct session *session = workbench_session(desk->workbench);
    if (item == NULL || item->number >= session_history_count(session)) {
        app_message(desk->app, MESSAGE_WARNING, "no prompt has \"%.*s\"", STR_FMT(text));
        return;
    }
    chat_insert(desk->chat, str_of(session_history_at(session, item->number)));
    app_focus(desk->app, SLOT_CHAT);
}

const struct finder_source find_prompts = {
    .prefix = '"',
    .name = "past prompts, to send again or change",
    .title = "Past prompts",
    .hint = "what was it about?",
    .collect = collect_prompts,
    .chosen = prompt_chosen,
};

/* ---- in all files ---- */

static void collect_nothing(void *data, struct finder_items *out)
{
    (void)data;
    (void)out;
}

static bool direct_search(void *data, struct str text, struct finder_item *out)
{
    (void)data;
    *out = (struct finder_item){.text = mem_printf("search all files for \"%.*s\"", STR_FMT(text))};
    return text.len > 0;
}

static void search_chosen(void *data, const struct finder_item *item, struct str text)
{
    struct desk_find *find = data;
    (void)item;
    char *pattern = str_dup(text);
    grep_pane_show(find->grep, pattern, false);
    free(pattern);
}

const struct finder_source find_text = {
    .prefix = '/',
    .name = "text in all files",
    .title = "Search the workspace",
    .hint = "what to look for in all files",
    .collect = collect_nothing,
    .direct = direct_search,
    .chosen = search_chosen,
};
