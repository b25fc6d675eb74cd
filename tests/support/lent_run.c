#include "lent_run.h"

#include "test.h"

#include <stdlib.h>

struct lent_run *lent_run_new(enum lent_to to, const char *const *files)
{
    struct err err;
    struct lent_run *run = MEM_NEW(struct lent_run);
    run->home = test_dir_make();
    run->dir = test_dir_make();
    setenv("XDG_CACHE_HOME", run->home, 1);
    setenv("XDG_STATE_HOME", run->home, 1);
    for (size_t i = 0; files[i] != NULL; i += 2) {
        test_write(run->dir, files[i], files[i + 1]);
    }
    run->loop = loop_new(&err);
    run->workspace = workspace_open(run->dir, &err);
    run->lent = lent_new(run->workspace, run->loop, to, &err);
    assert_non_null(run->lent);
    return run;
}

void lent_run_free(struct lent_run *run)
{
    lent_free(run->lent);
    workspace_free(run->workspace);
    loop_free(run->loop);
    buf_free(&run->patch);
    buf_free(&run->left_out);
    test_dir_remove(run->dir);
    test_dir_remove(run->home);
    free(run);
}

static void on_laid(void *data, const struct err *err)
{
    struct lent_run *run = data;
    if (err != NULL) {
        fail_msg("%s", err->text);
    }
    run->done = true;
}

void lent_run_lay_out(struct lent_run *run, const struct changes *changes)
{
    run->done = false;
    lent_lay_out(run->lent, changes, on_laid, run);
    assert_true(loop_run_until(run->loop, &run->done, 240000));
}

static void on_found(void *data, const struct lent_found *found)
{
    struct lent_run *run = data;
    assert_null(found->err);
    buf_clear(&run->patch);
    buf_clear(&run->left_out);
    buf_append_str(&run->patch, found->patch);
    buf_append_str(&run->left_out, found->left_out);
    run->done = true;
}

void lent_run_collect(struct lent_run *run)
{
    run->done = false;
    lent_collect(run->lent, on_found, run);
    assert_true(loop_run_until(run->loop, &run->done, 240000));
}
