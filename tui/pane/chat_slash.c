/* Slash commands in the prompt: the completion while their name is typed, and Enter. */
#include "help.h"
#include "pane/chat_private.h"
#include "slash.h"

#include <stdlib.h>

/* "/skill na": what it takes has names, too, which stand in the list as "skill NAME". */
static bool is_naming(struct str text, struct str name, struct str args)
{
    return str_equal_c(name, "skill") && text.len == 1 + name.len + 1 + args.len &&
           str_find_char(args, ' ', 0) == SIZE_MAX && str_find_char(args, '\n', 0) == SIZE_MAX;
}

/* What is typed of a name after the "/"; false: no name is being typed. */
static bool is_typing(const struct chat *chat, struct str *typed)
{
    struct str text = prompt_typed(chat->prompt);
    struct str args;
    bool only = str_equal_c(text, "/");
    *typed = str_from(text, text.len);
    if (prompt_is_searching(chat->prompt) || prompt_cursor(chat->prompt) != text.len) {
        return false;
    }
    if (only) {
        return true;
    }
    if (!slash_parse(text, typed, &args)) {
        return false;
    }
    if (is_naming(text, *typed, args)) {
        *typed = str_from(text, 1);
        return true;
    }
    return typed->len + 1 == text.len;
}

bool chat_slash_close(struct chat *chat)
{
    bool was = chat->commands != NULL;
    popup_free(chat->commands);
    chat->commands = NULL;
    chat->commands_closed = chat->commands_closed || was;
    return was;
}

void chat_slash_update(struct chat *chat)
{
    struct str typed;
    if (!is_typing(chat, &typed)) {
        chat->commands_closed =
            str_starts(prompt_typed(chat->prompt), "/") && chat->commands_closed;
        popup_free(chat->commands);
        chat->commands = NULL;
        return;
    }
    if (chat->commands_closed || chat->options.commands == NULL) {
        return;
    }
    if (chat->commands == NULL) {
        chat->commands = popup_new();
        popup_set_wide(chat->commands);
        chat->options.commands(chat->options.data, chat->commands);
    }
    popup_filter(chat->commands, typed);
}

/* The name takes the place of what is typed of it; a blank where something may follow. */
static void take(struct chat *chat, const char *name, bool more)
{
    char *text = mem_printf("/%s%s", name, more ? " " : "");
    prompt_set(chat->prompt, str_of(text));
    free(text);
    chat_slash_update(chat);
}

unsigned chat_slash_key(struct chat *chat, const struct key *key)
{
    const struct popup_item *item = chat->commands == NULL ? NULL : popup_chosen(chat->commands);
    if (item == NULL) {
        return UI_IGNORED;
    }
    if (popup_key(chat->commands, key)) {
        return UI_DONE;
    }
    bool enter = key->code == K_ENTER && key->mods == 0;
    if (!enter && !(key->code == K_TAB && key->mods == 0)) {
        return UI_IGNORED;
    }
    /* Enter on a name that is whole, or needs nothing more, runs it. */
    bool needs = item->number == CHAT_COMMAND_NEEDS;
    bool takes = item->number != CHAT_COMMAND_ALONE;
    take(chat, item->label, needs || (!enter && takes));
    return enter && !needs ? chat_send(chat) : UI_DONE;
}

void chat_slash_draw(struct chat *chat, struct region region)
{
    if (chat->commands != NULL && popup_count(chat->commands) > 0) {
        (void)popup_draw(chat->commands, region, chat->prompt_row, 3);
    }
}

bool chat_slash_help(const void *chat, size_t index, struct help_row *out)
{
    (void)chat;
    if (index >= slash_command_count) {
        return false;
    }
    const struct slash_command *command = &slash_commands[index];
    out->group = "Commands";
    out->help = command->help;
    buf_printf(
        &out->keys, "/%s%s%s", command->name, command->args[0] == '\0' ? "" : " ", command->args);
    return true;
}

bool chat_slash_send(struct chat *chat, struct str text)
{
    struct str name;
    struct str args;
    struct err err = {0};
    if (chat->options.command == NULL || !slash_parse(text, &name, &args)) {
        return false;
    }
    /* The field is empty before: a command may put something there, or show another session. */
    char *line = str_dup(text);
    prompt_clear(chat->prompt);
    chat_slash_update(chat);
    if (!slash_parse(str_of(line), &name, &args) ||
        !chat->options.command(chat->options.data, name, args, &err)) {
        prompt_set(chat->prompt, str_of(line));
        chat->commands_closed = true;
        app_message(chat->app, MESSAGE_WARNING, "%s", err.text);
    }
    chat_note_change(chat);
    free(line);
    return true;
}
