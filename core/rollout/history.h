/* Since when a policy has stood at its present stage, as the commits say. Blocks: from a worker. */
#ifndef BYLAW_ROLLOUT_HISTORY_H
#define BYLAW_ROLLOUT_HISTORY_H

#include "repo/repo.h"
#include "rollout/stages.h"

struct rollout_since {
    bool known;
    int64_t time;          /* of the first commit where that stage stood, seconds since 1970 */
    char id[REPO_ID_SIZE]; /* that commit; "" when it is not known */
    bool at_least;         /* the history goes no further back (a shallow clone): since then or
                            * longer */
    char *why;             /* why it is not known; or what is to be known of it; or NULL */
};

/* Of so many policies of one folder, out[i] of policies[i], in one walk. Follows first parents from
 * HEAD, and each file through its renames. A stage that the commits do not have yet is not known:
 * it has not stood for any time. */
void rollout_since_read(const char *root, const struct rollout_policy *policies, size_t count,
    struct rollout_since *out);
void rollout_since_free(struct rollout_since *since);

#endif
