/* What the Codex CLI's own files say, as a layer below the user's: $CODEX_HOME/config.toml with the
 * [profiles.NAME] that Codex used to read, and $CODEX_HOME/NAME.config.toml, its profiles of today
 * (codex-cli 0.171.0). Settings that are not ours are Codex's own business. A repository's
 * .codex/config.toml is read in the same way, within what a workspace's file may say. */
#include "config/config_private.h"

#include "base/path.h"
#include "base/vec.h"

#include <dirent.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { PROFILE_FILES_MAX = 64 };

static const char suffix[] = ".config.toml";

void config_read_codex_main(struct config *config, const struct config_file *file)
{
    config_read_settings(config, file, file->root, NULL, false);
    const struct toml *profile = toml_get(file->root, "profile");
    if (profile != NULL && profile->kind == TOML_STRING) {
        char *origin = mem_printf("%s:%u", file->path, profile->row);
        struct entry_value like = {
            .setting = config_index_of("profile"), .layer = file->layer, .origin = origin};
        (void)config_add(config, &like, profile->text);
        free(origin);
    }
    config_read_profiles(config, file, false);
}

static bool is_user_s(const struct config *config, const char *path)
{
    struct stat own;
    struct stat here;
    char *main = config->codex_home == NULL ? NULL : path_join(config->codex_home, "config.toml");
    bool same = main != NULL && stat(main, &own) == 0 && stat(path, &here) == 0 &&
                own.st_dev == here.st_dev && own.st_ino == here.st_ino;
    free(main);
    return same;
}

void config_read_codex_workspace(struct config *config, const char *workspace)
{
    char *path = path_join(workspace, ".codex/config.toml");
    const struct config_file *file =
        is_user_s(config, path) /* the workspace is the home */
            ? NULL
            : config_open(config, path, ".codex/config.toml", LAYER_WORKSPACE, NULL);
    if (file != NULL) {
        config_read_codex_main(config, file);
    }
    free(path);
}

static void read_main(struct config *config)
{
    char *path = path_join(config->codex_home, "config.toml");
    const struct config_file *file = config_open(config, path, path, LAYER_CODEX, NULL);
    if (file != NULL) {
        config_read_codex_main(config, file);
    }
    free(path);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void list_profile_files(const char *home, struct lines *names)
{
    DIR *dir = opendir(home);
    struct dirent *item;
    while (dir != NULL && names->len < PROFILE_FILES_MAX && (item = readdir(dir)) != NULL) {
        size_t len = strlen(item->d_name);
        if (len >= sizeof suffix && strcmp(item->d_name + len - (sizeof suffix - 1), suffix) == 0) {
            VEC_PUSH(names, mem_strndup(item->d_name, len - (sizeof suffix - 1)));
        }
    }
    if (dir != NULL) {
        closedir(dir);
    }
    if (names->len > 1) {
        qsort(names->items, names->len, sizeof *names->items, by_name);
    }
}

static void read_profile_file(struct config *config, const char *name)
{
    char *path = mem_printf("%s/%s%s", config->codex_home, name, suffix);
    const struct config_file *file = config_open(config, path, path, LAYER_CODEX_PROFILE, name);
    if (file != NULL) {
        config_know_profile(config, name, path);
        config_read_settings(config, file, file->root, name, false);
    }
    free(path);
}

void config_read_codex(struct config *config)
{
    config->codex_home = path_codex_home();
    if (config->codex_home == NULL) {
        return;
    }
    read_main(config);
    struct lines names = {0};
    list_profile_files(config->codex_home, &names);
    VEC_FOREACH (char *, name, &names) {
        read_profile_file(config, *name);
        free(*name);
    }
    VEC_FREE(&names);
}
