/* Commands that may take long on a large text: run in slices (base/slow.h), with how far they are
 * in the message line, while the screen answers. Keys typed meanwhile wait for the end; Esc and
 * Ctrl-C stop it. Loop thread only. */
#ifndef BYLAW_PANE_EDITOR_SLOW_H
#define BYLAW_PANE_EDITOR_SLOW_H

#include "pane/editor_private.h"

/* What a command does: `work` edits the text of the view that has the keys, `done` shows what came
 * of it. On a small text both are run at once. `name` is what the person called it. */
struct slow_command {
    const char *name;
    void (*work)(struct editor *editor);
    void (*done)(struct editor *editor);
};
void editor_slow_run(struct editor *editor, const struct slow_command *command);
/* The same of one that has nothing to show behind it. */
unsigned editor_slow_act(
    struct editor *editor, const char *name, unsigned (*act)(struct editor *editor));
/* One is under way. */
bool editor_slow_is_on(const struct editor *editor);
/* While one is, in the file shown: false, the key is none that waits. */
bool editor_slow_takes(const struct editor *editor, const struct key *key);
unsigned editor_slow_key(struct editor *editor, const struct key *key);
/* Stops the one that is under way and lets it end, because something else comes first. */
void editor_slow_end(struct editor *editor);
void editor_slow_free(struct editor *editor);

#endif
