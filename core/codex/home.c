#include "codex/home.h"

#include "base/file.h"
#include "base/path.h"
#include "codex/answers.h"
#include "config/codex_check.h"
#include "config/toml.h"
#include "config/toml_write.h"

#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char rules_folder[] = "rules";
static const char rules_suffix[] = ".rules";
static const char hooks_file[] = "hooks.json";
enum { FILE_MAX = 1 << 20 };

/* What Codex leaves out is left out too: it would warn of each. */
static bool is_left_out(const void *data, const struct toml *item)
{
    return (item->key != NULL && strcmp(item->key, CODEX_ANSWERING_HOOK) == 0) ||
           codex_findings_leave_out(data, item);
}

/* What Codex made of its own in our folder stays; a link that leads nowhere is made anew. */
static bool link_one(const char *from, const char *to, const char *name, struct err *err)
{
    char *target = path_join(from, name);
    char *path = path_join(to, name);
    char now[4096];
    ssize_t len = readlink(path, now, sizeof now - 1);
    bool ok = true;
    if (len > 0) {
        now[len] = '\0';
        if (strcmp(now, target) != 0) {
            unlink(path);
            len = -1;
        }
    }
    if (len <= 0 && symlink(target, path) != 0 && errno != EEXIST) {
        ok = err_set_errno(err, errno, "%s cannot be made", path);
    }
    free(target);
    free(path);
    return ok;
}

/* Written by us, or left out. */
static bool is_ours(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || strcmp(name, rules_folder) == 0 ||
           strcmp(name, hooks_file) == 0 || str_ends(str_of(name), "config.toml");
}

static bool read_hooks(const char *from, struct buf *text)
{
    char *path = path_join(from, hooks_file);
    bool ok = file_read(path, FILE_MAX, text, NULL);
    free(path);
    return ok;
}

static bool hooks_file_answers(const char *from)
{
    struct buf text = BUF_INIT;
    bool answers = read_hooks(from, &text) &&
                   str_find(buf_str(&text), str_of(CODEX_ANSWERING_HOOK), 0) != SIZE_MAX;
    buf_free(&text);
    return answers;
}

static void unlink_below(const char *folder, const char *name)
{
    char *path = path_join(folder, name);
    unlink(path);
    free(path);
}

static bool write_below(const char *folder, const char *name, struct str text, struct err *err)
{
    char *path = path_join(folder, name);
    bool ok = file_write(path, text, 0600, err);
    free(path);
    return ok;
}

static bool link_all(const char *from, const char *to, struct err *err)
{
    DIR *dir = opendir(from);
    struct dirent *item;
    bool ok = dir != NULL || err_set_errno(err, errno, "%s cannot be read", from);
    while (ok && dir != NULL && (item = readdir(dir)) != NULL) {
        ok = is_ours(item->d_name) || link_one(from, to, item->d_name, err);
    }
    if (dir != NULL) {
        closedir(dir);
    }
    return ok;
}

static bool write_hooks(const char *from, const char *to, struct err *err)
{
    struct buf text = BUF_INIT;
    struct buf kept = BUF_INIT;
    bool ok = true;
    unlink_below(to, hooks_file); /* it may be a link of an earlier time */
    if (read_hooks(from, &text) && codex_answers_cut_hooks(buf_str(&text), &kept)) {
        ok = write_below(to, hooks_file, buf_str(&kept), err);
    }
    buf_free(&text);
    buf_free(&kept);
    return ok;
}

/* ---- rules ---- */

typedef bool (*file_fn)(const char *folder, const char *name, void *data, struct err *err);

static bool each_rules_file(const char *folder, file_fn take, void *data, struct err *err)
{
    DIR *dir = opendir(folder);
    struct dirent *item;
    bool ok = true;
    while (ok && dir != NULL && (item = readdir(dir)) != NULL) {
        ok = !str_ends(str_of(item->d_name), rules_suffix) || take(folder, item->d_name, data, err);
    }
    if (dir != NULL) {
        closedir(dir);
    }
    return ok;
}

/* `data`: the user's folder, which has it no more. */
static bool remove_stale(const char *folder, const char *name, void *data, struct err *err)
{
    (void)err;
    char *theirs = path_join(data, name);
    if (access(theirs, F_OK) != 0) {
        unlink_below(folder, name);
    }
    free(theirs);
    return true;
}

static bool write_rules_file(const char *folder, const char *name, void *data, struct err *err)
{
    struct buf text = BUF_INIT;
    struct buf kept = BUF_INIT;
    char *path = path_join(folder, name);
    bool ok = file_read(path, FILE_MAX, &text, err);
    if (ok) {
        codex_answers_cut_rules(buf_str(&text), &kept);
        ok = write_below(data, name, buf_str(&kept), err);
    }
    free(path);
    buf_free(&text);
    buf_free(&kept);
    return ok;
}

/* What forbids or asks holds here too; without it nothing is begun. It is there at each moment:
 * another of us may be starting its Codex. */
static bool write_rules(const char *from, const char *to, struct err *err)
{
    char *theirs = path_join(from, rules_folder);
    char *ours = path_join(to, rules_folder);
    unlink(ours); /* a link of an earlier time; a folder stays */
    bool ok = path_make_dirs(ours, err) && each_rules_file(theirs, write_rules_file, ours, err) &&
              each_rules_file(ours, remove_stale, theirs, err);
    free(theirs);
    free(ours);
    return ok;
}

/* Codex knows the hooks that its user trusts by the file they stand in: it is another one now. */
static void move_trust(struct buf *text, const char *from, const char *to)
{
    char *old = mem_printf("\"%s/", from);
    char *new = mem_printf("\"%s/", to);
    for (size_t at = str_find(buf_str(text), str_of(old), 0); at != SIZE_MAX;
         at = str_find(buf_str(text), str_of(old), at + 1)) {
        struct str rest = str_from(buf_str(text), at + strlen(old));
        if (str_starts(rest, "config.toml:") || str_starts(rest, "hooks.json:")) {
            buf_remove(text, at, strlen(old));
            buf_insert(text, at, new, strlen(new));
        }
    }
    free(old);
    free(new);
}

/* config.toml is the weakest of the files, and read first. */
static bool write_config(const struct config *config, const struct codex_findings *findings,
    const char *home, struct err *err)
{
    struct buf text = BUF_INIT;
    if (config_source_count(config) > 0) {
        struct config_source source = config_source_at(config, 0);
        if (source.whose == CONFIG_CODEX && source.profile == NULL) {
            toml_write(source.root, is_left_out, findings, &text);
            move_trust(&text, config_codex_home(config), home);
        }
    }
    bool ok = write_below(home, "config.toml", buf_str(&text), err);
    buf_free(&text);
    return ok;
}

static bool has_answering_hook(const struct config *config)
{
    if (config_codex_home(config) != NULL && hooks_file_answers(config_codex_home(config))) {
        return true;
    }
    if (config_source_count(config) == 0 || config_source_at(config, 0).whose != CONFIG_CODEX) {
        return false;
    }
    const struct toml *hooks = toml_get(config_source_at(config, 0).root, "hooks");
    return hooks != NULL && hooks->kind == TOML_TABLE &&
           toml_get(hooks, CODEX_ANSWERING_HOOK) != NULL;
}

static bool stop_at(const char *folder, const char *name, void *data, struct err *err)
{
    (void)folder;
    (void)name;
    (void)data;
    (void)err;
    return false;
}

/* What its user has allowed it outside of its sandbox, once and for all. */
static bool has_rules(const struct config *config)
{
    const char *home = config_codex_home(config);
    char *path = home == NULL ? NULL : path_join(home, rules_folder);
    bool has = path != NULL && !each_rules_file(path, stop_at, NULL, NULL);
    free(path);
    return has;
}

static bool make(const struct config *config, const struct codex_findings *findings, char **home,
    struct err *err)
{
    char *state = path_home_dir(PATH_STATE, err);
    if (state == NULL) {
        return false;
    }
    *home = path_join(state, "codex-home");
    free(state);
    const char *from = config_codex_home(config);
    return path_make_dirs(*home, err) && link_all(from, *home, err) &&
           write_hooks(from, *home, err) && write_rules(from, *home, err) &&
           write_config(config, findings, *home, err);
}

static char *tell(const struct codex_findings *findings, bool rules)
{
    struct buf out = BUF_INIT;
    bool first = true;
    for (size_t i = 0; i < findings->len; i++) {
        const struct codex_finding *finding = &findings->items[i];
        if (finding->is_fatal && finding->is_main) {
            buf_printf(&out, "%s%s (line %u)",
                first ? "Codex is given a copy of its config.toml without " : ", ",
                finding->at->key, finding->at->row);
            first = false;
        }
    }
    if (!first) {
        buf_append_c(&out, ", with which it does not start: `bylaw doctor` says more");
    }
    if (rules) {
        buf_printf(&out,
            "%swhat Codex's own rules and PermissionRequest hooks allow waits for you here; what "
            "its rules forbid stays forbidden",
            first ? "" : "; ");
    }
    return buf_take(&out);
}

bool codex_home(const struct config *config, char **home, char **told, struct err *err)
{
    struct codex_findings findings;
    bool ok = true;
    bool rules = has_rules(config) || has_answering_hook(config);
    bool needed = rules;
    *home = NULL;
    *told = NULL;
    codex_check(config, &findings);
    for (size_t i = 0; i < findings.len; i++) {
        needed = needed || (findings.items[i].is_fatal && findings.items[i].is_main);
    }
    if (needed) {
        ok = make(config, &findings, home, err);
        *told = ok ? tell(&findings, rules) : NULL;
    }
    if (!ok) {
        free(*home);
        *home = NULL;
    }
    codex_findings_free(&findings);
    return ok;
}
