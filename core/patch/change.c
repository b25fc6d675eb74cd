#include "patch/change.h"

#include "base/vec.h"

void change_free(struct change *change)
{
    free(change->path);
    free(change->moved_from);
    buf_free(&change->base);
    buf_free(&change->content);
    *change = (struct change){0};
}

void changes_free(struct changes *changes)
{
    VEC_FOREACH (struct change, c, changes) {
        change_free(c);
    }
    VEC_FREE(changes);
}

struct change change_copy(const struct change *change)
{
    struct change copy = *change;
    copy.path = mem_strdup(change->path);
    copy.moved_from = mem_strdup(change->moved_from);
    copy.base = BUF_INIT;
    copy.content = BUF_INIT;
    buf_append_str(&copy.base, buf_str(&change->base));
    buf_append_str(&copy.content, buf_str(&change->content));
    return copy;
}

struct changes changes_copy(const struct changes *changes)
{
    struct changes copy = {0};
    VEC_FOREACH (struct change, c, changes) {
        VEC_PUSH(&copy, change_copy(c));
    }
    return copy;
}

struct change *changes_find(const struct changes *changes, const char *path)
{
    VEC_FOREACH (struct change, c, changes) {
        if (strcmp(c->path, path) == 0) {
            return c;
        }
    }
    return NULL;
}

static bool has_nul(const struct buf *buf)
{
    size_t look = buf->len < 8000 ? buf->len : 8000;
    return look > 0 && memchr(buf->ptr, '\0', look) != NULL;
}

bool change_is_binary(const struct change *change)
{
    return has_nul(&change->base) || has_nul(&change->content);
}

const char *change_special(const struct change *change)
{
    const unsigned modes[] = {change->git_from, change->git_to};
    for (size_t i = 0; i < 2; i++) {
        if ((modes[i] & 0170000) == 0120000) {
            return "a symbolic link";
        }
        if ((modes[i] & 0170000) == 0160000) {
            return "a submodule";
        }
    }
    return NULL;
}

bool change_has_mode(const struct change *change)
{
    return change->base_exists && change->kind != CHANGE_DELETE && change->git_from != 0 &&
           change->git_to != 0 && change->git_from != change->git_to;
}

unsigned change_git_mode(const struct change *change, bool after)
{
    bool there = after ? change->kind != CHANGE_DELETE : change->base_exists;
    unsigned known = after ? change->git_to : change->git_from;
    unsigned usual = change->mode & 0111 ? 0100755u : 0100644u;
    return !there ? 0 : known != 0 ? known : change->git_from != 0 ? change->git_from : usual;
}
