/* The editor pane in the real frame, painted to a grid without a terminal: for unit tests of
 * whatever the editor does. Failures fail the test. */
#ifndef TEST_EDITOR_BENCH_H
#define TEST_EDITOR_BENCH_H

#include "pane/editor.h"
#include "workspace/workspace.h"

struct bench {
    char *dir, *state; /* the workspace, and where swap files go */
    struct loop *loop;
    struct app *app;
    struct workspace *workspace;
    struct editor *editor;
    struct buf screen;
    int rows, cols;
};

/* As cmocka's set-up and tear-down: *state is the bench, 24 rows by 80 columns. */
int bench_set_up(void **state);
int bench_tear_down(void **state);
/* As after a kill: a new program on what the old one left. */
void bench_restart(struct bench *bench);
void bench_open(struct bench *bench, const char *path);
/* Paints; text and styles of the screen (grid_dump_text, grid_dump_styles), until the next call. */
const char *bench_screen(struct bench *bench);
const char *bench_styles(struct bench *bench);
void bench_see(struct bench *bench, const char *text);
void bench_see_not(struct bench *bench, const char *text);
/* Runs the loop until it is on the screen. */
void bench_wait_for(struct bench *bench, const char *text);
/* Keys as in action tables, apart by blanks. */
void bench_press(struct bench *bench, const char *keys);
/* Plain text, LF for Enter. */
void bench_type(struct bench *bench, const char *text);
/* The left button, or the wheel one notch down; rows and columns of the screen. */
void bench_mouse(struct bench *bench, enum mouse_action action, int row, int col);
/* Saves the file shown and waits until it is on disk. */
void bench_save(struct bench *bench);
void bench_assert_file(struct bench *bench, const char *name, const char *expected);
/* What the editor holds of the file shown, which is not saved. */
void bench_assert_content(struct bench *bench, const char *expected);

#endif
