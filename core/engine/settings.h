/* What a workspace's own files say to an engine, in TOML: .bylaw/config.toml, a conftest.toml.
 * Untrusted; a file that is not there or does not parse says nothing. Worker thread. */
#ifndef BYLAW_ENGINE_SETTINGS_H
#define BYLAW_ENGINE_SETTINGS_H

#include "config/toml.h"
#include "engine/plan.h"

/* The file `path` below root, or NULL; free with toml_free. */
struct toml *settings_read(const char *root, const char *path) MUST_USE;
/* Appends an error where the file is there and cannot be read as TOML: nothing that it says holds,
 * and what is tested without it is not what was asked for. */
void settings_note(const char *root, const char *path, struct findings *findings);
/* A path of the workspace is what a pattern of the settings (a file, a folder, a git glob) names.
 */
bool settings_name(const char *pattern, const char *path);
/* Appends an error of `file` for each pattern at `value` (a string, or a list of them; NULL is
 * fine) that names no file (settings_name, or another way of naming one): what it would add to the
 * tests is missed by nobody else. */
void settings_note_unmatched(const struct policy_index *index, const char *file,
    const struct toml *value, bool (*names)(const char *pattern, const char *path),
    struct findings *findings);
/* Appends a string, or a list of them. `value` may be NULL. */
void settings_words(const struct toml *value, struct plan_words *out);

#endif
