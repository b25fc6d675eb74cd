#include "trust/vetting.h"

#include "agent/prompts.h"
#include "base/vec.h"
#include "hooks/handlers.h"
#include "workspace/agent_settings.h"

#include <stdlib.h>

static const char *const kinds[] = {[VETTED_HOOK] = "hook",
    [VETTED_SKILL] = "skill",
    [VETTED_COMMAND] = "command",
    [VETTED_SETTINGS] = AGENT_SETTINGS_KIND};

static void add_hooks(const char *git_root, struct vetting *out)
{
    struct handlers handlers;
    handlers_read(git_root, out->root, &handlers, &out->problems);
    VEC_FOREACH (struct handler, handler, &handlers) {
        const char *of = handler->matcher == NULL ? "" : " of ";
        if (handler->is_users) {
            buf_printf(&out->own, "hook %s%s%s, in %s%s%s\n", moment_name(handler->moment), of,
                handler->matcher == NULL ? "" : handler->matcher, handler->file,
                handler->profile == NULL ? "" : ", with the profile ",
                handler->profile == NULL ? "" : handler->profile);
            continue;
        }
        VEC_PUSH(out, (struct vetted){.kind = VETTED_HOOK,
                          .file = mem_strdup(handler->file),
                          .title = mem_printf("hook %s%s%s", moment_name(handler->moment), of,
                              handler->matcher == NULL ? "" : handler->matcher),
                          .name = handler_name(handler),
                          .shown = str_dup(buf_str(&handler->shown)),
                          .content = mem_strdup(handler->identity),
                          .answer = handler->answer,
                          .changed = handler->changed});
    }
    handlers_free(&handlers);
}

/* Takes the list's content over. */
static void add_texts(struct skills *texts, enum vetted_kind kind, struct vetting *out)
{
    const char *slash = kind == VETTED_COMMAND ? "/" : "";
    VEC_FOREACH (struct skill, skill, texts) {
        if (skill->is_users) {
            continue;
        }
        char *text = str_dup(buf_str(&skill->text));
        VEC_PUSH(out, (struct vetted){.kind = kind,
                          .file = mem_strdup(skill->file),
                          .title = mem_printf("%s %s%s", kinds[kind], slash, skill->name),
                          .name = mem_strdup(skill->file),
                          .shown = mem_strdup(text),
                          .content = text,
                          .answer = skill->answer,
                          .changed = skill->changed});
    }
    skills_free(texts);
}

void vetting_read(const char *git_root, const char *root, struct vetting *out)
{
    *out = (struct vetting){.root = mem_strdup(root)};
    add_hooks(git_root, out);
    struct skills texts;
    skills_read(git_root, root, &texts, &out->problems);
    add_texts(&texts, VETTED_SKILL, out);
    prompts_read(root, &texts, &out->problems);
    add_texts(&texts, VETTED_COMMAND, out);
}

void vetting_add_settings(struct vetting *vetting, int fd, const struct files *files)
{
    struct agent_settings settings;
    struct trust_store *store = trust_load();
    agent_settings_read(fd, files, &settings);
    VEC_FOREACH (struct agent_setting, setting, &settings) {
        if (setting->problem != NULL) {
            buf_printf(&vetting->problems,
                "%s: settings for agents are kept from them, and this %s, so that nobody can say "
                "what is in it\n",
                setting->root, setting->problem);
            continue;
        }
        struct vetted item = {.kind = VETTED_SETTINGS,
            .file = mem_strdup(setting->root),
            .title = mem_printf(
                "settings for agents, %zu file%s", setting->files, setting->files == 1 ? "" : "s"),
            .name = mem_strdup(setting->root),
            .shown = mem_strdup(setting->shown),
            .content = mem_strdup(setting->digest)};
        item.answer = trust_store_get(
            store, AGENT_SETTINGS_KIND, vetting->root, item.name, str_of(item.content));
        item.changed = item.answer == TRUST_UNKNOWN &&
                       trust_store_knows(store, AGENT_SETTINGS_KIND, vetting->root, item.name);
        VEC_PUSH(vetting, item);
    }
    agent_settings_free(&settings);
    trust_store_free(store);
}

void vetting_free(struct vetting *vetting)
{
    VEC_FOREACH (struct vetted, item, vetting) {
        free(item->file);
        free(item->title);
        free(item->name);
        free(item->shown);
        free(item->content);
    }
    VEC_FREE(vetting);
    buf_free(&vetting->own);
    buf_free(&vetting->problems);
    free(vetting->root);
    vetting->root = NULL;
}

static size_t count(const struct vetting *vetting, enum vetted_kind kind)
{
    size_t found = 0;
    VEC_FOREACH (const struct vetted, item, vetting) {
        found += item->kind == kind && item->answer == TRUST_UNKNOWN;
    }
    return found;
}

size_t vetting_waiting(const struct vetting *vetting)
{
    size_t all = 0;
    for (size_t kind = 0; kind < ARRAY_LEN(kinds); kind++) {
        all += count(vetting, (enum vetted_kind)kind);
    }
    return all;
}

char *vetting_line(const struct vetting *vetting)
{
    size_t all = vetting_waiting(vetting);
    size_t left = all;
    struct buf line = BUF_INIT;
    if (all == 0) {
        return NULL;
    }
    for (size_t kind = 0; kind < ARRAY_LEN(kinds); kind++) {
        size_t found = count(vetting, (enum vetted_kind)kind);
        if (found > 0) {
            left -= found;
            buf_printf(&line, "%s%zu %s%s",
                line.len == 0 ? ""
                : left == 0   ? " and "
                              : ", ",
                found, kinds[kind], found == 1 ? "" : "s");
        }
    }
    buf_printf(&line, " of this repository wait%s for your trust", all == 1 ? "s" : "");
    return buf_take(&line);
}

bool vetting_answer(
    struct vetting *vetting, size_t index, enum trust_answer answer, struct err *err)
{
    struct vetted *item = &vetting->items[index];
    struct str content = str_of(item->content);
    if (!trust_set(kinds[item->kind], vetting->root, item->name, content, answer, err)) {
        return false;
    }
    item->answer = answer;
    item->changed = item->changed && answer != TRUST_YES;
    return true;
}

const char *vetted_state(const struct vetted *item)
{
    return item->answer == TRUST_YES  ? "trusted"
           : item->answer == TRUST_NO ? "refused"
           : item->changed            ? "changed since you trusted it"
                                      : "waiting";
}
