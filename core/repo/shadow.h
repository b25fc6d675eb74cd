/* A repository to look at, for scratch copies of the workspace: what git shows of history, branches
 * and differences is that of the real one, and nothing that is done to it reaches that.
 *
 * It holds HEAD, the branches and tags, and the index as they are at the moment, and reads the
 * objects of the real one (objects/info/alternates, gitrepository-layout(5)). Its configuration is
 * ours: of the real one only how texts are stored (core.autocrlf and the like). So no hook, filter,
 * alias or file monitor that the repository's configuration names runs for it. */
#ifndef BYLAW_REPO_SHADOW_H
#define BYLAW_REPO_SHADOW_H

#include "base/err.h"

/* Makes it anew in `folder`, whose parent is there, for the repository that `root` (absolute,
 * without links) lies in. What it takes for its files is `copy`, a copy of root; where root is not
 * all of the repository, the real files. Blocks. False and why: there is none (ERR_NOT_FOUND), or
 * it cannot be used. */
bool shadow_make(const char *root, const char *folder, const char *copy, struct err *err) MUST_USE;

#endif
