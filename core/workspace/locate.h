/* What is named on the command line: a folder to work in, or a file to edit, as one gives it to an
 * editor. Reads the file system, changes nothing. Any thread. */
#ifndef BYLAW_WORKSPACE_LOCATE_H
#define BYLAW_WORKSPACE_LOCATE_H

#include "base/err.h"

struct location {
    char
        *folder; /* the workspace: for a file the work tree of git that holds it, else its folder */
    char *file;  /* relative to folder; NULL: a folder was named. It need not exist */
    size_t row, col; /* from 1; 0: not given */
};

/* `named` is FOLDER, FILE, FILE:LINE or FILE:LINE:COLUMN (a colon may follow, as in what compilers
 * print); a file whose name ends like that is taken as it is. A link to a file is followed: who
 * names it wants to see it. A file that does not exist may be begun in a folder that does. A home
 * folder under git is not taken as the workspace of a file deep in it. */
bool location_find(const char *named, struct location *location, struct err *err) MUST_USE;
void location_free(struct location *location);

#endif
