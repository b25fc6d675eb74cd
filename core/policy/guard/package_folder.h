/* The habit behind the guard package-folder: guard.c asks whether the workspace has it. */
#ifndef BYLAW_POLICY_GUARD_PACKAGE_FOLDER_H
#define BYLAW_POLICY_GUARD_PACKAGE_FOLDER_H

#include <stdbool.h>

/* True when a file of this package may lie there: the folder, or folder and file, end with the
 * package's parts ("-" and "_" alike, "_test" aside). */
bool guard_package_fits(const char *path, const char *package);

#endif
