/* A rule that no test reaches gets the beginning of one, where its tests stand. */
#include "desk_assist_private.h"

#include "policy/test_begin.h"
#include "widget/dialog.h"

#include <stdlib.h>

/* Texts longer than this are not looked at between two keys. */
enum { BEGIN_TEXT_MAX = 64 * 1024 };

static bool small(const struct assist_here *here)
{
    return here->exact && here->text.len <= BEGIN_TEXT_MAX;
}

static void append_test(struct assist *assist, struct str policy, unsigned row)
{
    struct editor *editor = assist->desk->editor;
    struct assist_here tests;
    struct buf text = BUF_INIT;
    size_t cursor = 0;
    if (assist_look(assist, &tests) && small(&tests) &&
        policy_test_begin(policy, row, buf_str(&tests.text), &text, &cursor)) {
        size_t last = 0, col = 0;
        for (size_t i = 0; i < tests.text.len; i++) {
            last += tests.text.ptr[i] == '\n';
            col = tests.text.ptr[i] == '\n' ? 0 : col + 1;
        }
        size_t to_row = last, to_col = col;
        for (size_t i = 0; i < cursor; i++) {
            to_row += text.ptr[i] == '\n';
            to_col = text.ptr[i] == '\n' ? 0 : to_col + 1;
        }
        if (editor_replace_range(editor, tests.path, last, col, last, col, buf_str(&text))) {
            (void)editor_jump(editor, tests.path, to_row, to_col);
            app_message(assist->desk->app, MESSAGE_INFO,
                "the input goes between the braces; saving runs the test");
        }
    }
    buf_free(&text);
    assist_here_free(&tests);
}

static void begin(void *data, bool yes)
{
    struct assist *assist = data;
    struct assist_here policy;
    if (yes && assist_look(assist, &policy)) {
        char *path = policy_test_path(policy.path);
        if (path != NULL && editor_jump(assist->desk->editor, path, 0, 0)) {
            append_test(assist, buf_str(&policy.text), (unsigned)policy.cursor.row + 1);
        }
        free(path);
    }
    if (yes) {
        assist_here_free(&policy);
    }
}

bool assist_offer_test(struct assist *assist, const struct assist_here *here)
{
    char *path = small(here) ? policy_test_path(here->path) : NULL;
    char *rule = path == NULL
                     ? NULL
                     : policy_test_subject(buf_str(&here->text), (unsigned)here->cursor.row + 1);
    if (rule != NULL) {
        char *title = mem_printf("No test reaches %s", rule);
        char *text = mem_printf("Begin one in %s? It is an edit: saving it is yours.", path);
        dialog_confirm(
            assist->desk->app, title, str_of(text), "begin it", "not now", begin, assist);
        free(title);
        free(text);
    }
    bool offered = rule != NULL;
    free(path);
    free(rule);
    return offered;
}
