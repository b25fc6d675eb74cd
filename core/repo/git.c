#include "repo/git.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void start(void)
{
    git_libgit2_init();
}

void git_start(void)
{
    pthread_once(&once, start);
}

static enum err_kind kind_of(int rc)
{
    switch (rc) {
    case GIT_ENOTFOUND:
        return ERR_NOT_FOUND;
    case GIT_EEXISTS:
        return ERR_EXISTS;
    case GIT_ELOCKED:
    case GIT_EMODIFIED:
    case GIT_EMERGECONFLICT:
    case GIT_ECONFLICT:
        return ERR_CONFLICT;
    case GIT_EINVALIDSPEC:
    case GIT_EINVALID:
        return ERR_INVALID;
    default:
        return ERR_IO;
    }
}

bool git_fail(struct err *err, int rc, const char *fmt, ...)
{
    char what[512];
    va_list args;
    va_start(args, fmt);
    vsnprintf(what, sizeof what, fmt, args);
    va_end(args);
    const git_error *last = git_error_last(); /* may be NULL even after an error */
    return err_set(err, kind_of(rc), "%s: %s", what,
        last != NULL && last->message != NULL ? last->message : "git gave no reason");
}
