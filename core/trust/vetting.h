/* What came with the repository and would act on the engineer's behalf: its hooks, skills and
 * commands, and what agents of their own take for their settings (workspace/agent_settings.h).
 * None of it is used before the engineer has seen it whole and trusted it; an answer belongs to the
 * content, to the workspace, and to this user (workspace/trust.h). Whoever uses one looks at
 * `answer` in what hooks/handlers.h or agent/skills.h have read, and uses that very text.
 *
 * Settings need no answer: those that name programs, servers or keys are not taken from a
 * workspace's file, and limits can only be tightened there (config/config.h). Loop thread only. */
#ifndef BYLAW_TRUST_VETTING_H
#define BYLAW_TRUST_VETTING_H

#include "base/err.h"
#include "base/str.h"
#include "workspace/files.h"
#include "workspace/trust.h"

enum vetted_kind { VETTED_HOOK, VETTED_SKILL, VETTED_COMMAND, VETTED_SETTINGS };

struct vetted {
    enum vetted_kind kind;
    char *file;  /* where it stands: ".codex/config.toml" */
    char *title; /* one line: "hook PostToolUse of apply_patch", "skill policy-gen" */
    char *name;  /* what the store calls it */
    char *shown; /* the whole content, for people; as it is: make it visible before a terminal sees
                  * it */
    char *content; /* what the answer belongs to */
    enum trust_answer answer;
    bool changed; /* it was trusted with another content */
};

struct vetting {
    char *root; /* the workspace's: the scope of answers */
    struct vetted *items;
    size_t len, cap;
    struct buf own; /* the engineer's own hooks, which run without an answer: "hook PostToolUse of
                     * apply_patch, in /home/me/.config/bylaw/config.toml", one a line */
    struct buf problems; /* what is there and cannot be used, the engineer's own too; one a line */
};

/* All there is, whatever was answered, but for settings of agents. `git_root` may be NULL. */
void vetting_read(const char *git_root, const char *root, struct vetting *out);
/* And those among the files of the same folder, which is open as `fd`. */
void vetting_add_settings(struct vetting *vetting, int fd, const struct files *files);
void vetting_free(struct vetting *vetting);

/* Those nothing was answered about. */
size_t vetting_waiting(const struct vetting *vetting);
/* "2 hooks and 1 skill of this repository wait for your trust", NULL when none does. The caller
 * frees. */
char *vetting_line(const struct vetting *vetting) MUST_USE;
/* Remembers the answer about exactly this content; TRUST_UNKNOWN: as if never asked. */
bool vetting_answer(
    struct vetting *vetting, size_t index, enum trust_answer answer, struct err *err) MUST_USE;
/* "trusted", "refused", "waiting", "changed since you trusted it". Static. */
const char *vetted_state(const struct vetted *item);

#endif
