#include "repo/index_write.h"

#include "base/vec.h"
#include "repo/git.h"

#include <stdio.h>
#include <time.h>

enum { TRIES = 20, WAIT_MS = 25, MODE_MODULE = 0160000 };

/* The entry as it is. */
struct entry_now {
    struct index_side side;
    git_blob *blob;
    char module[64];
};

static bool read_now(const struct git *git, git_index *index, const char *path,
    struct entry_now *out, struct err *err)
{
    const git_index_entry *entry = git_index_get_bypath(index, path, 0);
    *out = (struct entry_now){.side.exists = entry != NULL};
    if (entry == NULL) {
        return true;
    }
    out->side.mode = entry->mode;
    if ((entry->mode & 0170000) == MODE_MODULE) {
        char id[GIT_OID_HEXSZ + 1];
        git_oid_tostr(id, sizeof id, &entry->id);
        snprintf(out->module, sizeof out->module, "Subproject commit %s\n", id);
        out->side.bytes = str_of(out->module);
        return true;
    }
    int rc = git_blob_lookup(&out->blob, git->repository, &entry->id);
    if (rc != 0) {
        return git_fail(err, rc, "cannot read %s from the index", path);
    }
    out->side.bytes = str_make(git_blob_rawcontent(out->blob), (size_t)git_blob_rawsize(out->blob));
    return true;
}

static bool same(const struct index_side *a, const struct index_side *b)
{
    return a->exists == b->exists &&
           (!a->exists || (a->mode == b->mode && str_equal(a->bytes, b->bytes)));
}

static bool is_text(const struct index_side *side)
{
    size_t look = side->bytes.len < 8000 ? side->bytes.len : 8000;
    return side->exists && (side->mode & 0170000) == 0100000 &&
           (look == 0 || memchr(side->bytes.ptr, '\0', look) == NULL);
}

static bool put(const struct git *git, git_index *index, const char *path,
    const struct index_side *side, struct err *err)
{
    if (!side->exists) {
        int rc = git_index_remove(index, path, 0);
        return rc == 0 || git_fail(err, rc, "cannot take %s out of the index", path);
    }
    git_index_entry entry = {
        .mode = side->mode, .path = path, .file_size = (uint32_t)side->bytes.len};
    int rc;
    if ((side->mode & 0170000) == MODE_MODULE) {
        static const char begin[] = "Subproject commit ";
        char id[GIT_OID_HEXSZ + 1] = {0};
        if (!str_starts(side->bytes, begin) || side->bytes.len < sizeof begin - 1 + GIT_OID_HEXSZ) {
            return err_set(err, ERR_INVALID, "%s: not a submodule's commit", path);
        }
        memcpy(id, side->bytes.ptr + sizeof begin - 1, GIT_OID_HEXSZ);
        rc = git_oid_fromstr(&entry.id, id);
    } else {
        rc = git_blob_create_from_buffer(&entry.id, git->repository,
            side->bytes.len == 0 ? "" : side->bytes.ptr, side->bytes.len);
    }
    rc = rc == 0 ? git_index_add(index, &entry) : rc;
    return rc == 0 || git_fail(err, rc, "cannot stage %s", path);
}

static bool moved_on(struct err *err, const char *path, const struct entry_now *now)
{
    return err_set(err, ERR_CONFLICT,
        "%s: the index has something else there by now%s: nothing was changed; git diff --cached "
        "shows what, git reset -- puts it back",
        path, now->side.exists ? "" : " (the file is gone)");
}

static bool take_step(const struct git *git, git_index *index, const struct index_step *step,
    struct index_written *out, struct err *err)
{
    struct entry_now now;
    bool ok = read_now(git, index, step->path, &now, err);
    if (ok && same(&now.side, &step->to)) {
        out->already++;
    } else if (ok && same(&now.side, &step->from)) {
        ok = put(git, index, step->path, &step->to, err);
        out->changed++;
    } else if (ok && is_text(&now.side) && is_text(&step->from) && is_text(&step->to)) {
        struct buf merged = BUF_INIT;
        bool clean;
        ok = git_merge_text(step->from.bytes, now.side.bytes, step->to.bytes, &merged, &clean, err);
        bool mode_ok = now.side.mode == step->from.mode || step->to.mode == step->from.mode ||
                       now.side.mode == step->to.mode;
        struct index_side side = {true,
            step->to.mode == step->from.mode ? now.side.mode : step->to.mode, buf_str(&merged)};
        ok = ok && (clean && mode_ok ? true : moved_on(err, step->path, &now));
        if (ok && same(&side, &now.side)) {
            out->already++;
        } else if (ok) {
            ok = put(git, index, step->path, &side, err);
            out->changed++;
        }
        buf_free(&merged);
    } else if (ok) {
        ok = moved_on(err, step->path, &now);
    }
    git_blob_free(now.blob);
    return ok;
}

/* Another git process holds index.lock for an instant at most (a prompt that runs git status). */
static bool write_out(git_index *index, struct err *err)
{
    int rc = git_index_write(index);
    for (int tries = 0; rc == GIT_ELOCKED && tries < TRIES; tries++) {
        struct timespec wait = {.tv_nsec = WAIT_MS * 1000000L};
        nanosleep(&wait, NULL);
        rc = git_index_write(index);
    }
    if (rc == GIT_ELOCKED) {
        return err_set(err, ERR_CONFLICT,
            "another git works on the index (.git/index.lock is there): nothing was changed; try "
            "again when it has ended, or remove the file when none runs");
    }
    return rc == 0 || git_fail(err, rc, "cannot write the index");
}

bool index_write_steps(
    const char *root, const struct index_steps *steps, struct index_written *out, struct err *err)
{
    struct git git;
    git_index *index = NULL;
    *out = (struct index_written){0};
    if (!git_open(root, &git, err)) {
        return false;
    }
    int rc = git_repository_index(&index, git.repository);
    rc = rc == 0 ? git_index_read(index, 1) : rc;
    bool ok = rc == 0 || git_fail(err, rc, "cannot read the index");
    /* What goes first, so that a folder may take a file's place and the reverse. */
    for (int adding = 0; adding < 2; adding++) {
        VEC_FOREACH (const struct index_step, step, steps) {
            if (ok && step->to.exists == (adding == 1)) {
                ok = take_step(&git, index, step, out, err);
            }
        }
    }
    if (ok && out->changed > 0) {
        ok = write_out(index, err);
    }
    git_index_free(index);
    git_close(&git);
    return ok;
}
