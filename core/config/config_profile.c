/* Profiles: settings under a name, from any of the files. */
#include "config/config_private.h"

#include "base/vec.h"

#include <stdlib.h>

static const struct profile *find(const struct config *config, const char *name)
{
    VEC_FOREACH (struct profile, profile, &config->profiles) {
        if (strcmp(profile->name, name) == 0) {
            return profile;
        }
    }
    return NULL;
}

void config_know_profile(struct config *config, const char *name, const char *origin)
{
    if (find(config, name) == NULL) {
        VEC_PUSH(&config->profiles, (struct profile){mem_strdup(name), mem_strdup(origin)});
    }
}

size_t config_profile_count(const struct config *config)
{
    return config->profiles.len;
}

const char *config_profile_at(const struct config *config, size_t index)
{
    return config->profiles.items[index].name;
}

const char *config_profile_origin(const struct config *config, const char *name)
{
    const struct profile *profile = find(config, name);
    return profile == NULL ? NULL : profile->origin;
}

/* A name that is none of a profile counts as none. */
const char *config_profile(const struct config *config)
{
    const struct entry_value *entry = config->values[config_index_of("profile")];
    const struct profile *profile =
        entry == NULL || entry->text == NULL ? NULL : find(config, entry->text);
    return profile == NULL ? NULL : profile->name;
}

static char *known_profiles(const struct config *config)
{
    struct buf out = BUF_INIT;
    VEC_FOREACH (struct profile, profile, &config->profiles) {
        buf_printf(&out, "%s%s", out.len == 0 ? "known: " : ", ", profile->name);
    }
    if (out.len == 0) {
        buf_append_c(&out, "no config.toml has a [profiles.NAME]");
    }
    return buf_take(&out);
}

static bool exists(const struct config *config, const char *name, struct err *err)
{
    if (find(config, name) != NULL) {
        return true;
    }
    char *known = known_profiles(config);
    err_set(err, ERR_NOT_FOUND, "there is no profile \"%s\"; %s", name, known);
    free(known);
    return false;
}

void config_check_profile(struct config *config)
{
    struct err err;
    const struct entry_value *entry = config->values[config_index_of("profile")];
    if (entry->text != NULL && !exists(config, entry->text, &err)) {
        config_add_problem(config, "%s: %s", entry->origin, err.text);
    }
}

bool config_set_profile(
    struct config *config, const char *name, const char *origin, struct err *err)
{
    if (!exists(config, name, err)) {
        return false;
    }
    config_set(config, "profile", name, origin);
    return true;
}

/* ---- while the program runs ---- */

/* What was borrowed of it stays. */
static void drop_picked(struct config *config, const char *key)
{
    VEC_FOREACH (struct entry_value *, at, &config->entries) {
        struct entry_value *entry = *at;
        if (entry->layer == LAYER_PICKED &&
            (key == NULL || strcmp(settings[entry->setting].key, key) == 0)) {
            entry->dropped = true;
        }
    }
}

static void pick(struct config *config, const char *key, const char *text)
{
    struct entry_value *entry = MEM_NEW(struct entry_value);
    *entry = (struct entry_value){.setting = config_index_of(key),
        .layer = LAYER_PICKED,
        .text = mem_strdup(text),
        .origin = mem_strdup(CONFIG_PICKED)};
    VEC_PUSH(&config->entries, entry);
}

bool config_pick_profile(struct config *config, const char *name, struct err *err)
{
    if (name != NULL && !exists(config, name, err)) {
        return false;
    }
    drop_picked(config, NULL);
    pick(config, "profile", name);
    config_resolve(config);
    return true;
}

void config_tighten(struct config *config, const char *profile)
{
    char *name = profile == NULL ? NULL : mem_strdup(profile);
    free(config->tightened);
    config->tightened = name;
    config_resolve(config);
}

void config_pick(struct config *config, const char *key, const char *text)
{
    drop_picked(config, key);
    if (text != NULL) {
        pick(config, key, text);
    }
    config_resolve(config);
}

/* ---- told to people ---- */

char *config_describe_profile(const struct config *config, const char *name)
{
    static const struct {
        const char *key, *label;
    } shown[] = {{"model_provider", ""}, {"model", ""}, {"model_reasoning_effort", ""},
        {"approval_policy", "approval "}, {"sandbox_mode", "sandbox "}, {"max_cost", "max_cost $"},
        {"max_turns", "max_turns "}, {"max_tokens", "max_tokens "},
        {"sandbox_memory", "sandbox_memory "}, {"sandbox_disk", "sandbox_disk "},
        {"mend_attempts", "mend_attempts "}, {"auto_routing", "auto_routing "}};
    struct buf out = BUF_INIT;
    for (size_t i = 0; i < ARRAY_LEN(shown); i++) {
        const struct entry_value *entry =
            config_choose(config, config_index_of(shown[i].key), name, name);
        bool said = i == 1 || (entry != NULL && entry->text != NULL && entry->profile != NULL);
        if (said && entry->text != NULL) {
            buf_printf(&out, "%s%s%s", out.len == 0 ? "" : ", ", shown[i].label, entry->text);
        }
    }
    return buf_take(&out);
}

const char *config_profile_value(const struct config *config, const char *name, const char *key)
{
    const struct entry_value *entry = config_choose(config, config_index_of(key), name, name);
    return entry == NULL ? NULL : entry->text;
}

void config_check_workspace(struct config *config)
{
    for (size_t i = 0; i < config->entries.len; i++) {
        const struct entry_value *entry = config->entries.items[i];
        const struct setting *setting = &settings[entry->setting];
        if (entry->layer != LAYER_WORKSPACE || (setting->flags & SETTING_GUARD) == 0) {
            continue;
        }
        const struct entry_value *own = config_winner(config, entry->setting, entry->profile, true);
        if (config_is_looser(setting, entry->text, own->text)) {
            config_add_problem(config,
                "%s: %s = %s is looser than your own %s; ignored here: set it in your own "
                "config.toml if you want it",
                entry->origin, setting->key, entry->text, own->text);
        }
    }
}
