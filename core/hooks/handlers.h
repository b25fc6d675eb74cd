/* The hooks of the agent as they are written down: which program at which moment of a turn.
 *
 * Two forms are read. Codex CLI's present one, in TOML or in a hooks.json of the same shape:
 *     [[hooks.PostToolUse]]
 *     matcher = "apply_patch"
 *     [[hooks.PostToolUse.hooks]]
 *     type = "command"
 *     command = "…"
 *     timeout = 30                     (seconds; also timeout_ms)
 * and a short one that Codex itself does not take, whose program runs once for each file that a
 * tool changed, with its name in CODEX_FILE_PATH:
 *     [[hooks]]
 *     event = "PostToolUse"
 *     tool = "apply_patch"
 *     command = "…"
 *     timeout_ms = 10000
 *
 * Both also below [profiles.NAME], for while that profile is in force.
 *
 * Read are, of the user, bylaw's config.toml and hooks.json and those of $CODEX_HOME (else
 * ~/.codex); of the workspace and of the repository it lies in, .codex/ and .bylaw/ with the same
 * two files. What comes with the workspace is marked with what the engineer has answered about
 * exactly this content (trust/vetting.h); what runs is what was read here, so nothing can be
 * changed between the look and the run. A hook that Codex would run beside the turn (async) is
 * waited for like the others. Loop thread only. */
#ifndef BYLAW_HOOKS_HANDLERS_H
#define BYLAW_HOOKS_HANDLERS_H

#include "base/err.h"
#include "base/str.h"
#include "hooks/scripts.h"
#include "workspace/trust.h"

#include <stdint.h>

/* In a turn, by their names in the files: SessionStart, UserPromptSubmit, PreToolUse, PostToolUse,
 * Stop. */
enum moment {
    MOMENT_SESSION_START,
    MOMENT_PROMPT,
    MOMENT_BEFORE_TOOL,
    MOMENT_AFTER_TOOL,
    MOMENT_STOP,
    MOMENT_COUNT
};

struct handler {
    enum moment moment;
    bool short_form; /* once a file, CODEX_FILE_PATH */
    char *matcher;   /* NULL: every tool */
    char *command;   /* for /bin/sh -c */
    uint64_t timeout_ms;
    char *profile;          /* only while this profile is in force; NULL: always */
    char *file;             /* where it is written: ".codex/config.toml", absolute for the user's */
    bool is_users;          /* the engineer's own: trusted */
    bool of_codex;          /* in a file that Codex reads too */
    char *identity;         /* all that is used of it, as JSON: what an answer belongs to */
    struct buf shown;       /* the same for people, the scripts' text too */
    struct scripts scripts; /* what of the workspace it runs: part of what is trusted */
    enum trust_answer answer; /* TRUST_YES for the user's own */
    bool changed;             /* another content of the same name was allowed before */
};

enum { HANDLERS_MAX = 64, HANDLER_COMMAND_MAX = 16 * 1024 };

struct handlers {
    struct handler *items;
    size_t len, cap;
};

const char *moment_name(enum moment moment);

/* `git_root` may be NULL. Never fails: what cannot be used is said in *problems, one a line (may be
 * NULL). */
void handlers_read(
    const char *git_root, const char *root, struct handlers *out, struct buf *problems);
/* The hooks of one text, TOML or JSON, as if it were the engineer's: for tests. Adds to *out. */
void handlers_parse(struct str text, bool json, struct handlers *out, struct buf *problems);
void handlers_free(struct handlers *handlers);

/* It may run, and is for this moment and tool (NULL: no tool). Matchers are Codex's: letters,
 * digits, "_" and "|" name tools exactly, anything else is a regular expression found anywhere;
 * apply_patch is also Edit and Write, a command is Bash. */
bool handler_applies(const struct handler *handler, enum moment moment, const char *tool);
/* What of it the store calls it: where it is written and when it runs. The caller frees. */
char *handler_name(const struct handler *handler) MUST_USE;

#endif
