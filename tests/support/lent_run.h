/* A workspace of a test's and a scratch copy of it that is lent. */
#ifndef BYLAW_TEST_LENT_RUN_H
#define BYLAW_TEST_LENT_RUN_H

#include "workspace/lent.h"

struct lent_run {
    char *dir;  /* the workspace */
    char *home; /* everything of the user's */
    struct loop *loop;
    struct workspace *workspace;
    struct lent *lent;
    struct buf patch, left_out; /* of the last lent_run_collect; never NULL after one */
    bool done;
};

/* `files` are names and contents in turn, ended by NULL. */
struct lent_run *lent_run_new(enum lent_to to, const char *const *files);
void lent_run_free(struct lent_run *run);
void lent_run_lay_out(struct lent_run *run, const struct changes *changes);
void lent_run_collect(struct lent_run *run);

#endif
