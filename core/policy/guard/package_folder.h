/* The habit behind the guard package-folder: guard.c asks whether the workspace has it. */
#ifndef BYLAW_POLICY_GUARD_PACKAGE_FOLDER_H
#define BYLAW_POLICY_GUARD_PACKAGE_FOLDER_H

#include <stdbool.h>

/* The package is named for where the file lies: the folder, or folder and file, end with its parts
 * ("-" and "_" alike, "_test" aside). */
bool guard_package_fits(const char *path, const char *package);
/* It may have any name there, and its name shows no habit: `main`, and what lies at the top. */
bool guard_package_is_free(const char *path, const char *package);

#endif
