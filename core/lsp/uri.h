/* file: addresses of the workspace's files, as language servers name them. Any thread. */
#ifndef BYLAW_LSP_URI_H
#define BYLAW_LSP_URI_H

#include "base/err.h"
#include "base/str.h"

/* "file:///root/relative" with what needs it percent-encoded; relative may be "" (the root). The
 * caller frees. */
char *uri_of(const char *root, const char *relative) MUST_USE;
/* The path below `root` (which is absolute and without links) that a server's address names, clean
 * as path_check_relative makes it. False: no file: address, elsewhere, or a name we refuse. */
bool uri_beneath(const char *root, const char *uri, char **relative, struct err *err) MUST_USE;

#endif
