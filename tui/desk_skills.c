/* Skills on the desk: the list, and /skill. */
#include "base/vec.h"
#include "desk_private.h"
#include "desk_slash.h"
#include "widget/picker.h"

#include <stdlib.h>

struct row {
    char *name;
    char *detail;
    bool trusted;
};

struct choosing {
    struct desk *desk;
    struct {
        struct row *items;
        size_t len, cap;
    } rows; /* of the moment: what changes meanwhile does not change what a row means */
};

static void item(void *data, size_t index, struct picker_item *out)
{
    const struct choosing *choosing = data;
    const struct row *row = &choosing->rows.items[index];
    out->text = str_of(row->name);
    out->detail = str_of(row->detail);
    out->disabled = !row->trusted;
}

static void chosen(void *data, size_t index, struct str query)
{
    struct choosing *choosing = data;
    struct desk *desk = choosing->desk;
    if (index == PICKER_NONE) {
        app_message(desk->app, MESSAGE_WARNING, "no skill is called \"%.*s\"", STR_FMT(query));
    } else if (!choosing->rows.items[index].trusted) {
        desk_open_trust(desk);
    } else {
        char *text = mem_printf("/skill %s ", choosing->rows.items[index].name);
        app_focus(desk->app, SLOT_CHAT);
        chat_insert(desk->chat, str_of(text));
        free(text);
    }
}

static void destroy(void *data)
{
    struct choosing *choosing = data;
    VEC_FOREACH (struct row, row, &choosing->rows) {
        free(row->name);
        free(row->detail);
    }
    VEC_FREE(&choosing->rows);
    free(choosing);
}

void desk_open_skills(struct desk *desk)
{
    const struct skills *skills = workbench_skills(desk->workbench);
    if (skills->len == 0) {
        app_message(desk->app, MESSAGE_INFO,
            "There are no skills: `bylaw init` writes some, .codex/skills/NAME.md is one.");
        return;
    }
    struct choosing *choosing = MEM_NEW(struct choosing);
    choosing->desk = desk;
    VEC_FOREACH (const struct skill, skill, skills) {
        bool trusted = skill->answer == TRUST_YES;
        VEC_PUSH(&choosing->rows,
            (struct row){mem_strdup(skill->name),
                mem_printf("%s%s", trusted ? "" : "not trusted: ", skill->description), trusted});
    }
    struct picker_options options = {.title = "Skills",
        .hint = "one to use; the agent picks by itself from the descriptions, too",
        .count = choosing->rows.len,
        .item = item,
        .chosen = chosen,
        .destroy = destroy,
        .data = choosing};
    picker_open(desk->app, &options);
}

bool desk_slash_skill(struct desk *desk, struct str args, struct err *err)
{
    size_t end = 0;
    while (end < args.len && args.ptr[end] != ' ' && args.ptr[end] != '\n') {
        end++;
    }
    struct str task = str_trim(str_from(args, end));
    if (end == 0) {
        desk_open_skills(desk);
        return true;
    }
    return workbench_use_skill(desk->workbench, str_slice(args, 0, end), task, err);
}
