/* What guards say of decisions, in the Problems tab: of fixtures when the apply view has computed
 * what is decided now, of tests when they have run; and which guards have not been evaluated, why,
 * and which key does it. Loop thread only; files are read on a worker. */
#ifndef BYLAW_DESK_DECIDED_H
#define BYLAW_DESK_DECIDED_H

#include "apply/matrix.h"

#include <stdbool.h>

struct desk;
struct desk_decided;

struct desk_decided *desk_decided_new(struct desk *desk) MUST_USE;
/* NULL is fine. What a worker still reads ends with the loop. */
void desk_decided_free(struct desk_decided *decided);
/* The workspace's policies are being applied; it could not be done. */
void desk_decided_applying(struct desk_decided *decided);
void desk_decided_troubled(struct desk_decided *decided);
/* All cells of the side that is there now are known. Of more than DECIDED_CELLS_MAX nothing is
 * told here: `bylaw guards --decide` and `bylaw check` do. */
enum { DECIDED_CELLS_MAX = 20000 };
void desk_decided_tell(struct desk_decided *decided, const struct matrix *matrix);
/* Files, or texts that are not saved, are other than they were. */
void desk_decided_moved(struct desk_decided *decided);
/* They are as they were when policies were applied. */
void desk_decided_unmoved(struct desk_decided *decided);
/* The board of the tests, or what the checker knows, is another. Cheap when it is not. */
void desk_decided_refresh(struct desk_decided *decided);

#endif
