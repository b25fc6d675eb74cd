#include "workspace/agent_settings.h"

#include "base/sha256.h"
#include "base/vec.h"

#include <stdlib.h>

/* Names that begin so are of tools that no agent takes orders from. */
static const char *const others[] = {".bylaw", ".chainsaw", ".checkov", ".circleci", ".codecov",
    ".conftest", ".dockerignore", ".editorconfig", ".flake8", ".gatekeeper", ".gator", ".git",
    ".go-version", ".golangci", ".goreleaser", ".hadolint", ".helmignore", ".jenkins", ".keep",
    ".ko.yaml", ".krew", ".kube-linter", ".kyverno", ".lycheeignore", ".mailmap", ".manifest",
    ".markdownlint", ".nvmrc", ".opa", ".pre-commit", ".prettier", ".pylintrc", ".python-version",
    ".regal", ".rego", ".shellcheckrc", ".spectral", ".terraform", ".tflint", ".tfsec",
    ".tool-versions", ".travis", ".trivy", ".woodpecker", ".yamllint"};
/* Names without a dot that are agents'. */
static const char *const agents[] = {
    "bunfig.toml", "crush.json", "mcp.json", "opencode.json", "opencode.jsonc"};
/* And below .github, which is else the forge's. */
static const char *const forge[] = {
    "agents", "chatmodes", "copilot", "hooks", "instructions", "mcp", "prompts", "skills"};

static bool begins_with_one(struct str name, const char *const *list, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (str_starts(name, list[i])) {
            return true;
        }
    }
    return false;
}

static bool is_one(struct str name, struct str above)
{
    if (str_equal_c(above, ".github") && begins_with_one(name, forge, ARRAY_LEN(forge))) {
        return true;
    }
    for (size_t i = 0; i < ARRAY_LEN(agents); i++) {
        if (str_equal_c(name, agents[i])) {
            return true;
        }
    }
    return str_starts(name, ".") && !begins_with_one(name, others, ARRAY_LEN(others));
}

size_t agent_setting_root(const char *path)
{
    struct str above = {0};
    for (const char *at = path; *at != '\0';) {
        struct str name = str_make(at, strcspn(at, "/"));
        if (is_one(name, above)) {
            return (size_t)(at - path) + name.len;
        }
        above = name;
        at += name.len + (at[name.len] == '/');
    }
    return 0;
}

/* One file more of it: into what is shown and what is hashed. */
static void add_file(
    struct agent_setting *setting, int fd, const struct file_entry *entry, struct buf *both)
{
    struct buf bytes = BUF_INIT;
    char hash[SHA256_HEX_SIZE];
    setting->files++;
    if (setting->problem != NULL) {
        return;
    }
    if (entry->is_link || entry->odd_name) {
        setting->problem = entry->is_link ? "holds a link" : "holds a name that cannot be shown";
    } else if (setting->files > AGENT_SETTINGS_FILES_MAX ||
               !beneath_read(fd, entry->path, AGENT_SETTINGS_BYTES_MAX, &bytes, NULL, NULL) ||
               both[0].len + bytes.len > AGENT_SETTINGS_BYTES_MAX) {
        setting->problem = "is too large to be read by a person, or cannot be read";
    } else if (memchr(bytes.ptr == NULL ? "" : bytes.ptr, '\0', bytes.len) != NULL) {
        setting->problem = "holds a file that is no text";
    }
    if (setting->problem == NULL) {
        sha256_hex(buf_str(&bytes), hash);
        buf_printf(&both[0], "%s%s:\n", both[0].len == 0 ? "" : "\n", entry->path);
        buf_append_str(&both[0], buf_str(&bytes));
        buf_printf(&both[1], "%s %s\n", hash, entry->path);
    }
    buf_free(&bytes);
}

static void end_setting(struct agent_settings *out, struct buf *both)
{
    if (out->len > 0 && out->items[out->len - 1].shown == NULL) {
        out->items[out->len - 1].shown = buf_take(&both[0]);
        out->items[out->len - 1].digest = buf_take(&both[1]);
    }
}

void agent_settings_read(int fd, const struct files *files, struct agent_settings *out)
{
    struct buf both[2] = {BUF_INIT, BUF_INIT}; /* shown, digest */
    *out = (struct agent_settings){0};
    VEC_FOREACH (const struct file_entry, entry, files) {
        size_t len = agent_setting_root(entry->path);
        const char *last = out->len == 0 ? "" : out->items[out->len - 1].root;
        if (len == 0) {
            continue;
        }
        if (strncmp(last, entry->path, len) != 0 || strlen(last) != len) {
            end_setting(out, both);
            VEC_PUSH(out, (struct agent_setting){.root = str_dup(str_make(entry->path, len))});
        }
        add_file(&out->items[out->len - 1], fd, entry, both);
    }
    end_setting(out, both);
    buf_free(&both[0]);
    buf_free(&both[1]);
}

void agent_settings_free(struct agent_settings *settings)
{
    VEC_FOREACH (struct agent_setting, setting, settings) {
        free(setting->root);
        free(setting->shown);
        free(setting->digest);
    }
    VEC_FREE(settings);
}
