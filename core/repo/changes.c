#include "repo/changes.h"

#include "repo/git.h"

struct printing {
    struct buf *out;
    size_t max_bytes;
    bool cut;
};

static int print_line(
    const git_diff_delta *delta, const git_diff_hunk *hunk, const git_diff_line *line, void *data)
{
    struct printing *printing = data;
    char origin = line->origin;
    bool is_code = origin == GIT_DIFF_LINE_CONTEXT || origin == GIT_DIFF_LINE_ADDITION ||
                   origin == GIT_DIFF_LINE_DELETION;
    (void)delta;
    (void)hunk;
    if (printing->out->len + line->content_len + 1 > printing->max_bytes) {
        printing->cut = true;
        return GIT_EUSER;
    }
    if (is_code) {
        buf_append_char(printing->out, origin);
    }
    buf_append(printing->out, line->content, line->content_len);
    return 0;
}

bool repo_changes_read(
    const char *root, size_t max_bytes, struct buf *out, size_t *files, struct err *err)
{
    struct git git;
    git_commit *head = NULL;
    git_tree *tree = NULL;
    git_diff *diff = NULL;
    *files = 0;
    if (!git_open(root, &git, err)) {
        return false;
    }
    bool ok = git_head_commit(&git, &head, err);
    int rc = ok && head != NULL ? git_commit_tree(&tree, head) : 0;
    git_diff_options options;
    git_diff_options_init(&options, GIT_DIFF_OPTIONS_VERSION);
    options.flags = GIT_DIFF_INCLUDE_UNTRACKED | GIT_DIFF_RECURSE_UNTRACKED_DIRS |
                    GIT_DIFF_SHOW_UNTRACKED_CONTENT | GIT_DIFF_DISABLE_PATHSPEC_MATCH;
    char *only = git.prefix;
    if (only[0] != '\0') {
        options.pathspec = (git_strarray){&only, 1};
    }
    if (ok && rc == 0) {
        rc = git_diff_tree_to_workdir_with_index(&diff, git.repository, tree, &options);
    }
    struct printing printing = {.out = out, .max_bytes = max_bytes};
    if (ok && rc == 0) {
        *files = git_diff_num_deltas(diff);
        rc = git_diff_print(diff, GIT_DIFF_FORMAT_PATCH, print_line, &printing);
        rc = printing.cut ? 0 : rc;
    }
    if (printing.cut) {
        buf_printf(out, "… (cut after %zu bytes)\n", max_bytes);
    }
    if (ok && rc != 0) {
        ok = git_fail(err, rc, "cannot compare with the last commit");
    }
    git_diff_free(diff);
    git_tree_free(tree);
    git_commit_free(head);
    git_close(&git);
    return ok;
}
