/* Path names as text, and the folders the program may write to. Nothing here follows a link;
 * opening beneath the workspace is workspace/beneath.h. */
#ifndef BYLAW_BASE_PATH_H
#define BYLAW_BASE_PATH_H

#include "base/err.h"
#include "base/str.h"

/* "a" + "b" = "a/b"; an absolute b wins. The caller frees. */
char *path_join(const char *a, const char *b) MUST_USE;
/* Where `relative` leads from the folder `dir` ("" or "." the top), both below the top: "." and
 * ".." are worked out as text. NULL: absolute, or out of the top. The caller frees. */
char *path_resolve(const char *dir, struct str relative) MUST_USE;
/* The part after the last '/', borrowed. */
const char *path_base(const char *path);
/* The part before it ("." when there is none, "/" for the root). The caller frees. */
char *path_dir(const char *path) MUST_USE;
/* Extension with its dot of the last part (".rego"), or "". Borrowed. */
const char *path_ext(const char *path);
/* ".yaml" or ".yml". */
bool path_is_yaml(const char *path);

/* Checks a relative path that came from outside (a patch, a model): valid UTF-8 without control
 * characters, not empty, not absolute, at most 4,096 bytes, no empty, "." or ".." part, no part
 * that git would take for its own folder (".git" in any case, also "git~1" and HFS look-alikes).
 * Cleans
 * "./" at the front and double slashes away. On success *clean is the caller's. */
bool path_check_relative(struct str path, char **clean, struct err *err) MUST_USE;

/* "name:12": true, where the name ends, and the number; else the whole length and 0 or what digits
 * end it. */
bool path_cut_line(struct str text, size_t *cut, size_t *line);

enum path_home {
    PATH_CONFIG, /* $XDG_CONFIG_HOME/bylaw, else ~/.config/bylaw */
    PATH_STATE,  /* $XDG_STATE_HOME/bylaw, else ~/.local/state/bylaw */
    PATH_CACHE   /* $XDG_CACHE_HOME/bylaw, else ~/.cache/bylaw */
};
/* The folder's name (not created); NULL when neither the variable nor HOME is an absolute path. */
char *path_home_dir(enum path_home home, struct err *err) MUST_USE;
/* Codex CLI's folder, as an absolute path: $CODEX_HOME, which may be relative to where we were
 * started, else ~/.codex; NULL when HOME is no absolute path either. The caller frees. */
char *path_codex_home(void) MUST_USE;
/* Creates the folder and its parents, mode 0700 for those made. */
bool path_make_dirs(const char *path, struct err *err) MUST_USE;
/* Removes a file, or a folder and all in it, however deep and whatever rights its folders have been
 * left with, without following links or leaving its file system. What is not there is fine. */
bool path_remove_tree(const char *path, struct err *err) MUST_USE;
/* The folder at or above `folder` that holds a .git, or NULL. The caller frees. */
char *path_git_root(const char *folder) MUST_USE;
/* For a walk from the repository's root down to `folder`: the length of the first folder's name,
 * `git_root`'s where folder is in it, else folder's own (also without a git_root). */
size_t path_walk_start(const char *git_root, const char *folder);
/* The file that this process runs, absolute, or NULL. The caller frees. */
char *path_own_program(void) MUST_USE;
/* The executable `name` on PATH (or itself when it has a '/'), absolute, or NULL. The caller frees.
 */
char *path_find_program(const char *name) MUST_USE;

#endif
