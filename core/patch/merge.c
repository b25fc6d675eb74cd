#include "patch/merge.h"

#include <git2.h>

bool merge_texts(struct str base, struct str mine, struct str theirs, enum merge_favor favor,
    struct buf *out, bool *clean, struct err *err)
{
    git_libgit2_init();
    const struct str sides[3] = {base, mine, theirs};
    git_merge_file_input inputs[3];
    for (size_t i = 0; i < 3; i++) {
        git_merge_file_input_init(&inputs[i], GIT_MERGE_FILE_INPUT_VERSION);
        inputs[i].ptr = sides[i].len > 0 ? sides[i].ptr : "";
        inputs[i].size = sides[i].len;
    }
    git_merge_file_options options;
    git_merge_file_options_init(&options, GIT_MERGE_FILE_OPTIONS_VERSION);
    /* Plain first: with a favour git does not say whether anything collided. */
    git_merge_file_result result = {0};
    bool ok = git_merge_file(&result, &inputs[0], &inputs[1], &inputs[2], &options) == 0;
    *clean = ok && result.automergeable;
    if (ok && !*clean) {
        git_merge_file_result_free(&result);
        result = (git_merge_file_result){0};
        options.favor =
            favor == MERGE_MINE ? GIT_MERGE_FILE_FAVOR_OURS : GIT_MERGE_FILE_FAVOR_THEIRS;
        ok = git_merge_file(&result, &inputs[0], &inputs[1], &inputs[2], &options) == 0;
    }
    if (ok) {
        buf_append(out, result.ptr, result.len);
        git_merge_file_result_free(&result);
    } else {
        const git_error *why = git_error_last();
        err_set(err, ERR_EXTERNAL, "the texts cannot be merged: %s",
            why != NULL ? why->message : "libgit2 gives no reason");
    }
    git_libgit2_shutdown();
    return ok;
}
