#include "base/path.h"
#include "sandbox/sandbox_private.h"

#include <limits.h>
#include <pwd.h>
#include <stdint.h>
#include <unistd.h>

/* Beneath the home folder. Credentials by convention of the programs that keep them there, and what
 * was typed; what else lies in a home is read by compilers, engines and version managers. Where a
 * folder is the program's own, all of it: an agent that is that program is given it as a whole. */
static const char *const home_places[] = {
    ".ssh",
    ".gnupg",
    ".password-store",
    ".age",
    ".putty",
    ".android",
    ".Xauthority",
    ".ICEauthority",
    ".aws",
    ".azure",
    ".oci",
    ".kube",
    ".minikube",
    ".docker",
    ".s3cfg",
    ".boto",
    ".mc",
    ".fly",
    ".pulumi/credentials.json",
    ".vault-token",
    ".terraformrc",
    ".terraform.d",
    ".ngrok2",
    ".databrickscfg",
    ".snowsql",
    ".kaggle",
    ".dbt/profiles.yml",
    ".cache/huggingface/token",
    ".codex",
    ".claude",
    ".claude.json",
    ".gemini",
    ".qwen",
    ".cursor",
    ".continue",
    ".netrc",
    ".authinfo",
    ".authinfo.gpg",
    ".git-credentials",
    ".npmrc",
    ".yarnrc.yml",
    ".bunfig.toml",
    ".pypirc",
    ".pip",
    ".pgpass",
    ".my.cnf",
    ".mylogin.cnf",
    ".cargo/credentials",
    ".cargo/credentials.toml",
    ".gem/credentials",
    ".m2/settings.xml",
    ".gradle/gradle.properties",
    ".nuget/NuGet/NuGet.Config",
    ".composer/auth.json",
    ".sbt/.credentials",
    ".ivy2/.credentials",
    ".mozilla",
    ".thunderbird",
    ".bash_history",
    ".zsh_history",
    ".python_history",
    ".node_repl_history",
    ".psql_history",
    ".mysql_history",
    ".lesshst",
};

/* Beneath $XDG_CONFIG_HOME, or .config. */
static const char *const config_places[] = {
    "gcloud",
    "doctl",
    "hcloud",
    "heroku",
    "argocd",
    "containers/auth.json",
    "helm/registry",
    "helm/registry.json",
    "helm/repositories.yaml",
    "gh",
    "glab-cli",
    "hub",
    "tea",
    "github-copilot",
    "opencode",
    "goose",
    "anthropic",
    "git/credentials",
    "op",
    "1Password",
    "Bitwarden CLI",
    "keepassxc",
    "age",
    "sops",
    "rclone",
    "mc",
    "ngrok",
    "stripe",
    "pip",
    "composer/auth.json",
    "NuGet/NuGet.Config",
    "filezilla",
    "remmina",
    "google-chrome",
    "chromium",
    "BraveSoftware",
    "microsoft-edge",
    "vivaldi",
    "evolution",
    "Slack",
    "Signal",
};

/* Beneath $XDG_DATA_HOME, or .local/share. */
static const char *const data_places[] = {
    "keyrings",
    "kwalletd",
    "fish/fish_history",
    "opencode",
    "goose",
    "remmina",
    "evolution",
    "containers/storage",
};

static const char *const machine_places[] = {
    "/dev", /* terminals and disks; landlock.c lets in what is harmless */
    "/run/user",
    "/run/secrets",
    "/var/run/secrets",
    "/etc/shadow",
    "/etc/shadow-",
    "/etc/gshadow",
    "/etc/gshadow-",
    "/etc/sudoers",
    "/etc/sudoers.d",
    "/etc/ssl/private",
    "/etc/krb5.keytab",
    "/etc/wireguard",
    "/etc/NetworkManager/system-connections",
    "/etc/kubernetes",
    "/etc/rancher",
};

/* Variables by which a user has put such a place elsewhere. */
static const char *const variables[] = {
    "CODEX_HOME",
    "CLAUDE_CONFIG_DIR",
    "GNUPGHOME",
    "PASSWORD_STORE_DIR",
    "SOPS_AGE_KEY_FILE",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_CONFIG_FILE",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AZURE_CONFIG_DIR",
    "CLOUDSDK_CONFIG",
    "GOOGLE_APPLICATION_CREDENTIALS",
    "OCI_CLI_CONFIG_FILE",
    "KUBECONFIG",
    "DOCKER_CONFIG",
    "REGISTRY_AUTH_FILE",
    "HELM_REGISTRY_CONFIG",
    "HELM_REPOSITORY_CONFIG",
    "GH_CONFIG_DIR",
    "GLAB_CONFIG_DIR",
    "NETRC",
    "NPM_CONFIG_USERCONFIG",
    "PIP_CONFIG_FILE",
    "PGPASSFILE",
    "KRB5CCNAME",
    "TF_CLI_CONFIG_FILE",
    "ANSIBLE_VAULT_PASSWORD_FILE",
    "RCLONE_CONFIG",
    "BOTO_CONFIG",
    "XAUTHORITY",
    "ICEAUTHORITY",
    "XDG_RUNTIME_DIR",
    "HISTFILE",
};

static void add(struct paths *out, char *path)
{
    char real[PATH_MAX];
    if (realpath(path, real) != NULL) {
        VEC_PUSH(out, mem_strdup(real));
    }
    free(path);
}

static void add_each(struct paths *out, const char *folder, const char *const *places, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        add(out, path_join(folder, places[i]));
    }
}

/* `variable` says where, else it is `usual` beneath the home. */
static void add_xdg(struct paths *out, const char *home, const char *variable, const char *usual,
    const char *const *places, size_t count)
{
    const char *set = getenv(variable);
    if (set != NULL && set[0] == '/') {
        add_each(out, set, places, count);
    }
    char *folder = path_join(home, usual);
    add_each(out, folder, places, count);
    free(folder);
}

static void add_home(struct paths *out, const char *home)
{
    if (home == NULL || home[0] != '/') {
        return;
    }
    add_each(out, home, home_places, ARRAY_LEN(home_places));
    add_xdg(out, home, "XDG_CONFIG_HOME", ".config", config_places, ARRAY_LEN(config_places));
    add_xdg(out, home, "XDG_DATA_HOME", ".local/share", data_places, ARRAY_LEN(data_places));
}

static bool holds(const char *folder, const char *path)
{
    size_t len = strlen(folder);
    return path != NULL &&
           (strcmp(folder, "/") == 0 ||
               (strncmp(folder, path, len) == 0 && (path[len] == '/' || path[len] == '\0')));
}

/* $XDG_RUNTIME_DIR may be /tmp: a place that holds what the command is to work with is none. */
static bool holds_work(const struct cage *cage, const char *folder)
{
    bool found = holds(folder, cage->cwd);
    VEC_FOREACH (char *, path, &cage->writable) {
        found = found || holds(folder, *path);
    }
    return found;
}

/* One path, several between colons ($KUBECONFIG), or behind its kind ("FILE:/tmp/krb5cc_1000"). */
static void add_variable(struct paths *out, const struct cage *cage, const char *value)
{
    struct str rest = str_of(value);
    while (rest.len > 0) {
        size_t colon = str_find_char(rest, ':', 0);
        struct str part = colon == SIZE_MAX ? rest : str_slice(rest, 0, colon);
        rest = colon == SIZE_MAX ? (struct str){0} : str_from(rest, colon + 1);
        char *path = str_dup(part);
        char real[PATH_MAX];
        if (part.len > 0 && path[0] == '/' && realpath(path, real) != NULL &&
            !holds_work(cage, real)) {
            VEC_PUSH(out, mem_strdup(real));
        }
        free(path);
    }
}

void secrets_find(const struct cage *cage, struct paths *out)
{
    const char *home = getenv("HOME");
    const struct passwd *user = getpwuid(getuid());
    add_home(out, home);
    if (user != NULL && (home == NULL || strcmp(user->pw_dir, home) != 0)) {
        add_home(out, user->pw_dir);
    }
    for (size_t i = 0; i < ARRAY_LEN(machine_places); i++) {
        add(out, mem_strdup(machine_places[i]));
    }
    for (size_t i = 0; i < ARRAY_LEN(variables); i++) {
        const char *value = getenv(variables[i]);
        if (value != NULL) {
            add_variable(out, cage, value);
        }
    }
    /* Ours: the transcripts of every workspace, and the user's config. */
    static const enum path_home own[] = {PATH_STATE, PATH_CONFIG};
    for (size_t i = 0; i < ARRAY_LEN(own); i++) {
        char *path = path_home_dir(own[i], NULL);
        if (path != NULL) {
            add(out, path);
        }
    }
}

const char *secrets_within(const struct paths *secret, const char *folder)
{
    VEC_FOREACH (char *, path, secret) {
        if (strcmp(*path, folder) != 0 && holds(folder, *path)) {
            return *path;
        }
    }
    return NULL;
}
