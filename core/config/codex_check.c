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
    VEC_PUSH(check->out, (struct codex_finding){buf_take(&text), is_fatal, check->is_main, at});
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

static void check_hook(const struct check *check, const struct toml *hook)
{
    static const char *const old[] = {"timeout_ms", "timeoutSec", "timeout_sec"};
    for (size_t i = 0; i < ARRAY_LEN(old); i++) {
        const struct toml *value = toml_get(hook, old[i]);
        if (value != NULL) {
            add(check, value, false, "%s: write timeout, in seconds; without it a hook has 600",
                old[i]);
        }
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
        const struct toml *event = hooks->items[i];
        for (size_t k = 0; event->kind == TOML_ARRAY && k < event->len; k++) {
            const struct toml *list = toml_get(event->items[k], "hooks");
            for (size_t n = 0; list != NULL && list->kind == TOML_ARRAY && n < list->len; n++) {
                check_hook(check, list->items[n]);
            }
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

void codex_findings_free(struct codex_findings *findings)
{
    VEC_FOREACH (struct codex_finding, finding, findings) {
        free(finding->text);
    }
    VEC_FREE(findings);
}
