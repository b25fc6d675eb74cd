/* Marks in the gutter for what differs from HEAD: the file shown is compared on a worker a moment
 * after each change. Loop thread. */
#ifndef BYLAW_DESK_CHANGES_H
#define BYLAW_DESK_CHANGES_H

struct desk;
struct desk_changes;

struct desk_changes *desk_changes_new(struct desk *desk);
/* What HEAD is may have changed. */
void desk_changes_ask(struct desk_changes *changes);
/* Before the editor goes; the loop may turn for a while until desk_changes_free. */
void desk_changes_stop(struct desk_changes *changes);
void desk_changes_free(struct desk_changes *changes);

#endif
