/* What guards say of decisions, in the Problems tab: told when the apply view has computed what is
 * decided now. Loop thread only; files are read on a worker. */
#ifndef BYLAW_DESK_DECIDED_H
#define BYLAW_DESK_DECIDED_H

#include "apply/matrix.h"

struct desk;
struct desk_decided;

struct desk_decided *desk_decided_new(struct desk *desk) MUST_USE;
/* NULL is fine. What a worker still reads ends with the loop. */
void desk_decided_free(struct desk_decided *decided);
/* All cells of the side that is there now are known. Of more than DECIDED_CELLS_MAX nothing is
 * told here: `bylaw guards --decide` and `bylaw check` do. */
enum { DECIDED_CELLS_MAX = 20000 };
void desk_decided_tell(struct desk_decided *decided, const struct matrix *matrix);

#endif
