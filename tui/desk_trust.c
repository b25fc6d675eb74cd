/* What the repository brings for the agent, on the desk: the line that says so, and its box. */
#include "desk_private.h"
#include "keymap.h"
#include "trust_box.h"

#include <stdlib.h>

void desk_say_trust(struct desk *desk)
{
    const char *waiting = workbench_waiting(desk->workbench);
    const struct action *action = keymap_action(app_keymap(desk->app), "desk.trust");
    if (waiting == NULL || action == NULL || app_has_overlay(desk->app, "trust")) {
        return; /* the box shows it */
    }
    struct buf line = BUF_INIT;
    buf_printf(&line, "%s: ", waiting);
    keymap_append_text_key(app_keymap(desk->app), action, &line);
    buf_append_c(&line, " shows them");
    desk_say(desk, MESSAGE_STANDING, line.ptr);
    buf_free(&line);
}

static void answered(void *data)
{
    struct desk *desk = data;
    workbench_look_at_trust(desk->workbench);
}

void desk_open_trust(struct desk *desk)
{
    struct vetting vetting;
    workbench_vetting(desk->workbench, &vetting);
    trust_box_open(desk->app, &vetting, answered, desk);
}
