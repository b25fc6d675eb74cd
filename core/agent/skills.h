/* Skills: texts that tell the model how a kind of task is done here. It is told the name and the
 * description of each and reads one when it needs it (the tool read_skill); the engineer names one
 * with /skill.
 *
 * Two forms are read: a folder NAME/SKILL.md that begins with YAML between "---" lines (name,
 * description), as Codex CLI has them, and a single file NAME.md, where the description is its
 * first heading and paragraph unless it has such YAML too. From, the user's: bylaw's own
 * skills/ folder, $CODEX_HOME/skills and ~/.agents/skills; the workspace's: .codex/skills,
 * .agents/skills and .bylaw/skills in each folder from the repository's root down to the
 * workspace. Of two with one name the workspace's deeper one wins, then the user's.
 *
 * What comes with the workspace is used only once the engineer has trusted exactly this text
 * (trust/vetting.h). Links are not followed in the workspace. Loop thread only. */
#ifndef BYLAW_AGENT_SKILLS_H
#define BYLAW_AGENT_SKILLS_H

#include "base/err.h"
#include "base/str.h"
#include "workspace/trust.h"

enum { SKILLS_MAX = 100, SKILL_MAX_BYTES = 64 * 1024, SKILL_DESCRIPTION_MAX = 500 };

struct skill {
    char *name;        /* letters, digits, "-", "_" and "."; at most 64 */
    char *description; /* one line, made visible; "" when it says nothing */
    char *file;        /* ".codex/skills/policy-gen.md"; absolute for the user's */
    struct buf text;   /* the whole file */
    bool is_users;     /* the engineer's own: trusted */
    enum trust_answer answer;
    bool changed; /* another text of this file was allowed before */
};

struct skills {
    struct skill *items; /* by name */
    size_t len, cap;
};

/* `git_root` may be NULL. Never fails: what cannot be used is said in *problems, one a line (may be
 * NULL). */
void skills_read(const char *git_root, const char *root, struct skills *out, struct buf *problems);
/* Prompt files (agent/prompts.h) in the same way: single files, called by their file's name; the
 * answer about one is an answer about a "command". */
void skills_read_commands(const char *root, struct skills *out, struct buf *problems);
/* One file's text as if it were the engineer's: for tests. Adds to *out. */
void skills_parse(struct str text, struct skills *out, struct buf *problems);
void skills_free(struct skills *skills);
/* Its text without the YAML it may begin with. Borrowed. */
struct str skill_body(const struct skill *skill);

/* The one of this name, a trusted one first; NULL: there is none. Borrowed. */
const struct skill *skills_named(const struct skills *skills, struct str name);
/* The trusted one of this name, or NULL with what stands in the way. Borrowed. */
const struct skill *skills_find(const struct skills *skills, struct str name, struct err *err);
/* What the model is told of those that are trusted: to read one with the tool, or (an agent with
 * tools of its own) its file. Appends nothing when there is none. */
void skills_tell(const struct skills *skills, bool by_tool, struct buf *out);
/* The prompt that has the model use one: its text and what it is for. The caller frees. */
char *skill_prompt(const struct skill *skill, struct str task) MUST_USE;

#endif
