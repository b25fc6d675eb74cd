/* The input that a Rego test writes itself, read from its file on a worker when somebody wants to
 * know why the test failed. */
#include "pane/status_private.h"

#include "engine/eval_input.h"
#include "policy/target.h"

#include <stdlib.h>

enum { FILE_MAX_BYTES = 1 << 20 };

struct status_question {
    struct status *status; /* NULL: the pane is gone, or shows another folder */
    struct status_question *next;
    char *root, *file, *test;
    uint64_t id;
    struct buf found;
};

static void find(void *data)
{
    struct status_question *q = data;
    struct buf text = BUF_INIT;
    struct target_inputs inputs = {0};
    if (eval_read(q->root, NULL, 0, q->file, FILE_MAX_BYTES, &text, NULL)) {
        target_inputs_find(buf_str(&text), &inputs);
    }
    for (size_t i = 0; i < inputs.len; i++) {
        if (strcmp(inputs.items[i].test, q->test) == 0) {
            buf_printf(&q->found, "%s%s", q->found.len > 0 ? "\n" : "", inputs.items[i].shown);
        }
    }
    target_inputs_free(&inputs);
    buf_free(&text);
}

static void found(void *data, bool cancelled)
{
    struct status_question *q = data;
    struct status *s = q->status;
    if (s != NULL) {
        struct status_question **link = &s->questions;
        while (*link != q) {
            link = &(*link)->next;
        }
        *link = q->next;
    }
    if (s != NULL && !cancelled && q->found.len > 0) {
        board_set_input(s->board, q->id, q->found.ptr);
        app_redraw(s->app);
    }
    free(q->root);
    free(q->file);
    free(q->test);
    buf_free(&q->found);
    free(q);
}

void status_ask_input(struct status *s, const struct board_test *test)
{
    if (test->file == NULL || strcmp(test->engine, engine_opa.name) != 0) {
        return;
    }
    struct status_question *q = MEM_NEW(struct status_question);
    *q = (struct status_question){.status = s,
        .next = s->questions,
        .root = mem_strdup(s->now != NULL ? s->now : s->root),
        .file = mem_strdup(test->file),
        .test = mem_strdup(test->name),
        .id = test->id};
    s->questions = q;
    loop_work_start(app_loop(s->app), find, found, q);
}

void status_forget_questions(struct status *s)
{
    for (struct status_question *q = s->questions; q != NULL; q = q->next) {
        q->status = NULL;
    }
    s->questions = NULL;
}
