#include "base/path.h"
#include "sandbox/sandbox_private.h"

#include <limits.h>

/* Beneath the home folder. Credentials by convention of the programs that keep them there; what
 * else lies in a home is read by compilers, engines and version managers. */
static const char *const home_places[] = {
    ".ssh",
    ".gnupg",
    ".aws",
    ".azure",
    ".oci",
    ".kube",
    ".docker",
    ".codex",
    ".claude",
    ".claude.json",
    ".gemini",
    ".netrc",
    ".npmrc",
    ".pypirc",
    ".pgpass",
    ".git-credentials",
    ".vault-token",
    ".terraformrc",
    ".terraform.d",
    ".password-store",
    ".mozilla",
    ".thunderbird",
    ".bash_history",
    ".zsh_history",
    ".python_history",
    ".cargo/credentials",
    ".cargo/credentials.toml",
    ".gem/credentials",
    ".m2/settings.xml",
    ".config/gcloud",
    ".config/gh",
    ".config/glab-cli",
    ".config/hub",
    ".config/git/credentials",
    ".config/op",
    ".config/rclone",
    ".config/sops",
    ".config/google-chrome",
    ".config/chromium",
    ".config/BraveSoftware",
    ".local/share/keyrings",
    ".local/share/kwalletd",
    ".local/share/fish/fish_history",
};

static const char *const machine_places[] = {
    "/etc/shadow",
    "/etc/shadow-",
    "/etc/gshadow",
    "/etc/gshadow-",
    "/etc/sudoers",
    "/etc/ssl/private",
    "/etc/kubernetes",
    "/etc/rancher",
    "/run/secrets",
    "/var/run/secrets",
};

static void add(struct paths *out, char *path)
{
    char real[PATH_MAX];
    if (realpath(path, real) != NULL) {
        VEC_PUSH(out, mem_strdup(real));
    }
    free(path);
}

void secrets_find(struct paths *out)
{
    const char *home = getenv("HOME");
    for (size_t i = 0; home != NULL && home[0] == '/' && i < ARRAY_LEN(home_places); i++) {
        add(out, path_join(home, home_places[i]));
    }
    for (size_t i = 0; i < ARRAY_LEN(machine_places); i++) {
        add(out, mem_strdup(machine_places[i]));
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
