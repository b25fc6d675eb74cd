/* A review as comments for a forge: what is declined, edited, asked and remarked, each at its line
 * of the change as it was proposed. Pure functions.
 *
 * GitHub: the body of "Create a review for a pull request" (REST API, 2022-11-28): commit_id,
 * event, body, comments[{path, body, line, side, start_line, start_side}]. It takes comments only
 * on lines that the diff shows: others go into the body. An edit is a suggestion.
 * GitLab: {"body", "discussions": [{"body", "position"}]}, each discussion the body of "Create a
 * new thread in the merge request diff" (position_type text, base_sha, start_sha, head_sha,
 * old_path, new_path, old_line, new_line). */
#ifndef BYLAW_REVIEW_FORGE_H
#define BYLAW_REVIEW_FORGE_H

#include "base/json.h"
#include "patch/review.h"

enum forge { FORGE_GITHUB, FORGE_GITLAB };

struct forge_options {
    enum forge forge;
    const char *base_id, *head_id; /* commits; "" or NULL: not known */
    const char *evidence;          /* one line for the body, or NULL */
};

/* False: there is no forge of this name. */
bool forge_find(const char *name, enum forge *forge) MUST_USE;
/* The caller frees it with cJSON_Delete. */
cJSON *forge_review(const struct review *review, const struct forge_options *options) MUST_USE;

#endif
