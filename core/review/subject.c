#include "review/subject.h"

#include "base/file.h"
#include "base/path.h"
#include "base/vec.h"
#include "repo/index_write.h"
#include "workspace/beneath.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CONTEXT = 3, FOLDER_FILE_MAX = 64 * 1024 * 1024 };

static bool is_patch_name(const char *what)
{
    static const char *const endings[] = {".patch", ".diff", ".mbox", ".eml"};
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        if (str_ends(str_of(what), endings[i])) {
            return true;
        }
    }
    return false;
}

static bool is_file(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && !S_ISDIR(st.st_mode);
}

/* A name that is both a revision and a file is the revision, as for git diff; ./NAME is the file.
 */
static bool names_patch(const struct subject_request *request)
{
    const char *what = request->what;
    if (what == NULL || request->staged) {
        return false;
    }
    if (strcmp(what, "-") == 0) {
        return true;
    }
    return is_file(what) && (is_patch_name(what) || strchr(what, '/') != NULL ||
                                !compare_knows(request->folder, what));
}

/* ---- a patch ---- */

static void keep_modes(struct subject *out, const struct index_source *index)
{
    VEC_FOREACH (struct change, change, &out->changes) {
        const char *was = change->moved_from != NULL ? change->moved_from : change->path;
        change->git_from = change->base_exists && index != NULL ? index_source_mode(index, was) : 0;
        if (change->kind == CHANGE_DELETE) {
            change->git_to = 0;
        } else if (change->git_to == 0) {
            change->git_to = change->git_from;
        } else if (change->git_from == 0 && change->base_exists) {
            change->git_from = change->mode & 0111 ? 0100755 : 0100644;
        }
    }
}

static bool read_text(const struct subject_request *request, struct buf *text, struct err *err)
{
    if (strcmp(request->what, "-") == 0) {
        buf_append_str(text, request->patch);
        return true;
    }
    return file_read(request->what, UNIFIED_MAX_BYTES, text, err);
}

static bool apply_text(
    struct subject *out, struct str text, const struct subject_request *request, struct err *err)
{
    struct err none;
    struct index_source *index = index_source_new(request->folder, &none);
    if (index != NULL) {
        struct patch_source source = {index_source_read, index};
        out->has_git = true;
        out->root = mem_strdup(index_source_root(index));
        out->explain = mem_strdup("the patch over what the index has");
        bool ok = unified_apply_most(text, &source, &out->changes, &out->problems, err);
        keep_modes(out, index);
        index_source_free(index);
        return ok;
    }
    if (none.kind != ERR_NOT_FOUND && none.kind != ERR_UNSUPPORTED) {
        *err = none;
        return false;
    }
    char root[PATH_MAX];
    if (realpath(request->folder, root) == NULL) {
        return err_set_errno(err, errno, "%s", request->folder);
    }
    struct patch_folder folder = {beneath_open_root(root, err), FOLDER_FILE_MAX};
    if (folder.fd < 0) {
        return false;
    }
    struct patch_source source = {patch_folder_read, &folder};
    out->root = mem_strdup(root);
    out->explain = mem_strdup("the patch over the files of this folder (no git repository)");
    bool ok = unified_apply_most(text, &source, &out->changes, &out->problems, err);
    keep_modes(out, NULL);
    close(folder.fd);
    return ok;
}

static bool read_patch(const struct subject_request *request, struct subject *out, struct err *err)
{
    struct buf text = BUF_INIT;
    bool from_input = strcmp(request->what, "-") == 0;
    out->is_patch = true;
    out->title = mem_strdup(from_input ? "a patch" : request->what);
    bool ok = read_text(request, &text, err);
    if (ok && !unified_detect(buf_str(&text))) {
        /* git diff prints nothing when nothing differs. */
        ok = str_trim(buf_str(&text)).len == 0 ||
             err_set(err, ERR_INVALID,
                 "%s is no patch: it has no \"--- \" and \"+++ \" lines and no \"diff --git\" line",
                 out->title);
        char root[PATH_MAX];
        out->root = mem_strdup(realpath(request->folder, root) != NULL ? root : request->folder);
        out->explain = mem_strdup("an empty patch");
    } else if (ok) {
        ok = apply_text(out, buf_str(&text), request, err);
    }
    if (ok && from_input) {
        out->key = mem_printf("patch %016llx", str_hash(buf_str(&text)));
    } else if (ok) {
        char *whole = realpath(request->what, NULL);
        out->key = mem_printf("patch file %s", whole == NULL ? request->what : whole);
        free(whole);
    }
    buf_free(&text);
    return ok;
}

/* ---- git ---- */

static bool read_compare(
    const struct subject_request *request, struct subject *out, struct err *err)
{
    struct compare compare;
    struct compare_request wanted = {
        request->staged, request->what, request->paths, request->path_count};
    bool ok = compare_read(request->folder, &wanted, &compare, err);
    if (ok) {
        struct buf key = BUF_INIT;
        buf_printf(&key, "%s %s",
            compare.what == COMPARE_FILES    ? "files"
            : compare.what == COMPARE_STAGED ? "staged"
                                             : "revision",
            request->what == NULL ? "" : request->what);
        for (size_t i = 0; i < request->path_count; i++) {
            buf_printf(&key, "\n%s", request->paths[i]);
        }
        out->has_git = true;
        out->what = compare.what;
        out->key = buf_take(&key);
        out->root = compare.root;
        out->title = compare.title;
        out->explain = compare.explain;
        memcpy(out->base_id, compare.base_id, sizeof out->base_id);
        memcpy(out->new_id, compare.new_id, sizeof out->new_id);
        out->changes = compare.changes;
        out->notes = compare.notes;
        compare = (struct compare){0};
    }
    compare_free(&compare);
    return ok;
}

bool subject_read(const struct subject_request *request, struct subject *out, struct err *err)
{
    *out = (struct subject){0};
    return names_patch(request) ? read_patch(request, out, err) : read_compare(request, out, err);
}

void subject_free(struct subject *subject)
{
    free(subject->root);
    free(subject->title);
    free(subject->explain);
    free(subject->key);
    changes_free(&subject->changes);
    unified_problems_free(&subject->problems);
    buf_free(&subject->notes);
    *subject = (struct subject){0};
}

bool subject_lay_out(const struct subject *subject, const char *folder, struct err *err)
{
    return compare_lay_out(subject->root, subject->base_id, folder, err);
}

/* ---- decisions ---- */

const char *subject_why_no_index(const struct subject *subject)
{
    return subject->has_git ? NULL : "this is no git repository, so there is no index";
}

static struct index_side side_of(const struct change *change, const char *path, bool after)
{
    const char *name = !after && change->moved_from != NULL ? change->moved_from : change->path;
    bool there = after ? change->kind != CHANGE_DELETE : change->base_exists;
    if (!there || strcmp(name, path) != 0) {
        return (struct index_side){0};
    }
    return (struct index_side){
        true, change_git_mode(change, after), buf_str(after ? &change->content : &change->base)};
}

static void add_step(
    struct index_steps *steps, const char *path, struct index_side from, struct index_side to)
{
    if (from.exists || to.exists) {
        VEC_PUSH(steps, (struct index_step){path, from, to});
    }
}

/* What is accepted: from the base to what was chosen. */
static void steps_of_accepted(const struct changes *chosen, struct index_steps *steps)
{
    VEC_FOREACH (struct change, change, chosen) {
        add_step(steps, change->path, side_of(change, change->path, false),
            side_of(change, change->path, true));
        if (change->moved_from != NULL) {
            add_step(steps, change->moved_from, side_of(change, change->moved_from, false),
                (struct index_side){0});
        }
    }
}

/* The change that is left of `change`, by either of its names; NULL: nothing is. */
static const struct change *left_of(const struct changes *kept, const struct change *change)
{
    const struct change *found = changes_find(kept, change->path);
    return found == NULL && change->moved_from != NULL ? changes_find(kept, change->moved_from)
                                                       : found;
}

/* What is staged: from how it is staged to what is left when the declined leaves. */
static void steps_of_staged(
    const struct changes *all, const struct changes *kept, struct index_steps *steps)
{
    VEC_FOREACH (struct change, change, all) {
        const struct change *left = left_of(kept, change);
        const char *paths[] = {change->path, change->moved_from};
        for (size_t i = 0; i < 2 && paths[i] != NULL; i++) {
            struct index_side to =
                left != NULL ? side_of(left, paths[i], true) : side_of(change, paths[i], false);
            add_step(steps, paths[i], side_of(change, paths[i], true), to);
        }
    }
}

static void say_written(
    const struct subject *subject, const struct index_written *written, struct buf *said)
{
    bool staged = !subject->is_patch && subject->what == COMPARE_STAGED;
    if (written->changed == 0) {
        buf_append_c(said, staged ? "the index stays as it is: nothing staged was declined"
                                  : "the index has all of it already: nothing was to be done");
        return;
    }
    buf_printf(said, "%s the index: %zu file%s%s", staged ? "taken out of" : "put into",
        written->changed, written->changed == 1 ? "" : "s",
        staged ? "" : " (the files on disk are as they were; git diff --cached shows it)");
    if (written->already > 0 && !staged) {
        buf_printf(said, "; %zu had it already", written->already);
    }
}

bool subject_apply(
    const struct subject *subject, const struct review *review, struct buf *said, struct err *err)
{
    struct changes chosen = {0};
    struct index_steps steps = {0};
    struct index_written written;
    bool staged = !subject->is_patch && subject->what == COMPARE_STAGED;
    const char *why = subject_why_no_index(subject);
    if (why != NULL) {
        return err_set(err, ERR_UNSUPPORTED, "%s", why);
    }
    if (staged) {
        review_kept(review, &chosen);
        steps_of_staged(&subject->changes, &chosen, &steps);
    } else {
        review_selected(review, SIZE_MAX, SIZE_MAX, &chosen);
        steps_of_accepted(&chosen, &steps);
    }
    bool nothing = !staged && steps.len == 0;
    bool ok = nothing || index_write_steps(subject->root, &steps, &written, err);
    if (nothing) {
        buf_append_c(said, "nothing is accepted: the index stays as it is");
    } else if (ok) {
        say_written(subject, &written, said);
    }
    VEC_FREE(&steps);
    changes_free(&chosen);
    return ok;
}

void subject_patch(const struct review *review, struct buf *out)
{
    struct changes chosen = {0};
    review_selected(review, SIZE_MAX, SIZE_MAX, &chosen);
    unified_write_all(&chosen, CONTEXT, out);
    changes_free(&chosen);
}
