#include "config/codex_check.h"

#include "base/vec.h"
#include "config/toml.h"

#include <stdlib.h>

struct check {
    struct codex_findings *out;
    const char *path;
    bool is_main;
};

static void add(const struct check *check, const struct toml *at, bool is_fatal, const char *fmt,
    ...) PRINTF_LIKE(4, 5);

static void add(
    const struct check *check, const struct toml *at, bool is_fatal, const char *fmt, ...)
{
    struct buf text = BUF_INIT;
    va_list args;
    buf_printf(&text, "%s:%u: Codex %s ", check->path, at->row,
        is_fatal ? "does not start with" : "leaves out");
    va_start(args, fmt);
    buf_vprintf(&text, fmt, args);
    va_end(args);
    VEC_PUSH(check->out,
        (struct codex_finding){
            .text = buf_take(&text), .is_fatal = is_fatal, .is_main = check->is_main, .at = at});
}

/* A string that is none of these ("a|b"). */
static bool is_other(const struct toml *value, const char *known)
{
    if (value == NULL || value->kind != TOML_STRING) {
        return false;
    }
    char *all = mem_printf("|%s|", known);
    char *one = mem_printf("|%s|", value->text);
    bool other = strstr(all, one) == NULL;
    free(all);
    free(one);
    return other;
}

static void check_approval(const struct check *check, const struct toml *root, bool in_profile)
{
    const struct toml *value = toml_get(root, "approval_policy");
    if (!in_profile && value != NULL && value->kind == TOML_STRING &&
        strcmp(value->text, "untrusted") == 0) {
        add(check, value, true,
            "approval_policy = \"untrusted\" any more: delete the line; bylaw still takes it");
    } else if (is_other(value, "untrusted|on-failure|on-request|never")) {
        add(check, value, true,
            "approval_policy = \"%s\": write \"on-request\" or \"never\"; bylaw takes it, also "
            "from "
            "its own config.toml",
            value->text);
    }
}

static void check_sandbox(const struct check *check, const struct toml *root, bool in_profile)
{
    const struct toml *mode = toml_get(root, "sandbox_mode");
    const struct toml *old = toml_get(root, "sandbox_permissions");
    if (is_other(mode, "read-only|workspace-write|danger-full-access")) {
        add(check, mode, true,
            "sandbox_mode = \"%s\": it takes read-only, workspace-write, "
            "danger-full-access",
            mode->text);
    }
    if (old != NULL && !in_profile) {
        add(check, old, false,
            "sandbox_permissions: it is called sandbox_mode now; bylaw reads both");
    }
}

/* What stays where it is, though Codex makes nothing of it. */
static void keep(const struct check *check)
{
    check->out->items[check->out->len - 1].is_kept = true;
}

/* "PostToolUse" is "post_tool_use" where Codex keeps what its user trusts. */
static void append_snake(struct buf *out, const char *name)
{
    for (const char *c = name; *c != '\0'; c++) {
        bool upper = *c >= 'A' && *c <= 'Z';
        if (upper && c > name) {
            buf_append_char(out, '_');
        }
        buf_append_char(out, (char)(upper ? *c - 'A' + 'a' : *c));
    }
}

/* The hook's place, as [[hooks.EVENT]] and [[hooks.EVENT.hooks]] are counted. */
struct place {
    const struct toml *hooks, *event;
    size_t group, at;
};

static bool is_trusted(const struct check *check, const struct place *place)
{
    struct buf key = BUF_INIT;
    buf_printf(&key, "%s:", check->path);
    append_snake(&key, place->event->key);
    buf_printf(&key, ":%zu:%zu", place->group, place->at);
    const struct toml *state = toml_get(place->hooks, "state");
    bool trusted =
        toml_get(state == NULL ? NULL : toml_get(state, key.ptr), "trusted_hash") != NULL;
    buf_free(&key);
    return trusted;
}

static void check_hook(
    const struct check *check, const struct toml *hook, const struct place *place)
{
    static const char *const old[] = {"timeout_ms", "timeoutSec", "timeout_sec"};
    for (size_t i = 0; i < ARRAY_LEN(old); i++) {
        const struct toml *value = toml_get(hook, old[i]);
        if (value != NULL) {
            add(check, value, false, "%s: write timeout, in seconds; without it a hook has 600",
                old[i]);
        }
    }
    const struct toml *command = toml_get(hook, "command");
    if (command != NULL && command->kind == TOML_STRING &&
        strstr(command->text, "CODEX_FILE_PATH") != NULL) {
        add(check, command, false,
            "CODEX_FILE_PATH: it sets no such variable, the paths are in the JSON on standard "
            "input; bylaw sets it for a [[hooks]] with event, tool and command");
        keep(check);
    }
    if (!is_trusted(check, place)) {
        add(check, hook, false,
            "this hook of %s, and says nothing, until you have trusted it: start codex and type "
            "/hooks",
            place->event->key);
        keep(check);
    }
}

static void check_group(const struct check *check, struct place place)
{
    const struct toml *group = place.event->items[place.group];
    const struct toml *list = toml_get(group, "hooks");
    if (list == NULL || list->kind != TOML_ARRAY) {
        add(check, group, false,
            "[[hooks.%s]] without [[hooks.%s.hooks]] below: type, command and timeout stand there",
            place.event->key, place.event->key);
        keep(check);
        return;
    }
    for (place.at = 0; place.at < list->len; place.at++) {
        check_hook(check, list->items[place.at], &place);
    }
}

/* [[hooks.EVENT]] with [[hooks.EVENT.hooks]] below. */
static void check_hooks(const struct check *check, const struct toml *root)
{
    const struct toml *hooks = toml_get(root, "hooks");
    if (hooks == NULL) {
        return;
    }
    if (hooks->kind == TOML_ARRAY) {
        add(check, hooks, true,
            "[[hooks]]: its form is [[hooks.PostToolUse]] with [[hooks.PostToolUse.hooks]] below; "
            "in bylaw's own config.toml [[hooks]] may stand as it is");
        return;
    }
    for (size_t i = 0; i < hooks->len; i++) {
        struct place place = {.hooks = hooks, .event = hooks->items[i]};
        for (; place.event->kind == TOML_ARRAY && place.group < place.event->len; place.group++) {
            check_group(check, place);
        }
    }
}

static void check_effort(const struct check *check, const struct toml *root)
{
    const struct toml *effort = toml_get(root, "model_reasoning_effort");
    if (effort != NULL && effort->kind == TOML_STRING && effort->text[0] == '\0') {
        add(check, effort, true, "an empty model_reasoning_effort: delete the line");
    }
}

static void check_profiles(const struct check *check, const struct toml *root)
{
    const struct toml *profile = toml_get(root, "profile");
    const struct toml *profiles = toml_get(root, "profiles");
    if (profile != NULL) {
        add(check, profile, true,
            "profile = …: delete the line and start it with --profile NAME, which reads "
            "NAME.config.toml beside this file; bylaw reads both");
    }
    for (size_t i = 0; profiles != NULL && i < profiles->len; i++) {
        const struct toml *table = profiles->items[i];
        check_approval(check, table, true); /* not read, and refused all the same */
        check_sandbox(check, table, true);
        check_effort(check, table);
        add(check, table, false,
            "[profiles.%s]: it reads %s.config.toml beside this file for --profile %s; bylaw reads "
            "both",
            table->key, table->key, table->key);
    }
}

static void check_providers(const struct check *check, const struct toml *root)
{
    const struct toml *providers = toml_get(root, "model_providers");
    for (size_t i = 0; providers != NULL && i < providers->len; i++) {
        const struct toml *wire = toml_get(providers->items[i], "wire_api");
        if (wire != NULL && wire->kind == TOML_STRING && strcmp(wire->text, "chat") == 0) {
            add(check, wire, true,
                "wire_api = \"chat\": it speaks \"responses\" only; bylaw speaks both");
        }
    }
}

void codex_check(const struct config *config, struct codex_findings *out)
{
    *out = (struct codex_findings){0};
    for (size_t i = 0; i < config_source_count(config); i++) {
        struct config_source source = config_source_at(config, i);
        struct check check = {out, source.path, source.profile == NULL};
        if (source.whose != CONFIG_CODEX) {
            continue;
        }
        check_approval(&check, source.root, false);
        check_sandbox(&check, source.root, false);
        check_hooks(&check, source.root);
        check_profiles(&check, source.root);
        check_providers(&check, source.root);
        check_effort(&check, source.root);
    }
}

bool codex_findings_leave_out(const struct codex_findings *findings, const struct toml *item)
{
    VEC_FOREACH (const struct codex_finding, finding, findings) {
        if (finding->at == item && !finding->is_kept) {
            return true;
        }
    }
    return false;
}

void codex_findings_free(struct codex_findings *findings)
{
    VEC_FOREACH (struct codex_finding, finding, findings) {
        free(finding->text);
    }
    VEC_FREE(findings);
}
