#include "codex/home.h"

#include "base/file.h"
#include "base/path.h"
#include "config/codex_check.h"
#include "config/toml.h"
#include "config/toml_write.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What Codex leaves out is left out too: it would warn of each. */
static bool is_left_out(const void *data, const struct toml *item)
{
    const struct codex_findings *findings = data;
    for (size_t i = 0; i < findings->len; i++) {
        if (findings->items[i].at == item) {
            return true;
        }
    }
    return false;
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

static bool is_ours(const char *name)
{
    static const char suffix[] = "config.toml";
    size_t len = strlen(name);
    size_t tail = sizeof suffix - 1;
    return name[0] == '.' || (len >= tail && strcmp(name + len - tail, suffix) == 0);
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

/* config.toml is the weakest of the files, and read first. */
static bool write_config(const struct config *config, const struct codex_findings *findings,
    const char *home, struct err *err)
{
    struct buf text = BUF_INIT;
    struct config_source source = config_source_at(config, 0);
    toml_write(source.root, is_left_out, findings, &text);
    char *path = path_join(home, "config.toml");
    bool ok = file_write(path, buf_str(&text), 0600, err);
    free(path);
    buf_free(&text);
    return ok;
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
    return path_make_dirs(*home, err) && link_all(config_codex_home(config), *home, err) &&
           write_config(config, findings, *home, err);
}

static char *tell(const struct codex_findings *findings)
{
    struct buf out = BUF_INIT;
    buf_append_c(&out, "Codex is given a copy of its config.toml without ");
    bool first = true;
    for (size_t i = 0; i < findings->len; i++) {
        const struct codex_finding *finding = &findings->items[i];
        if (finding->is_fatal) {
            buf_printf(
                &out, "%s%s (line %u)", first ? "" : ", ", finding->at->key, finding->at->row);
            first = false;
        }
    }
    buf_append_c(&out, ", with which it does not start: `bylaw doctor` says more");
    return buf_take(&out);
}

bool codex_home(const struct config *config, char **home, char **told, struct err *err)
{
    struct codex_findings findings;
    bool ok = true;
    bool needed = false;
    *home = NULL;
    *told = NULL;
    codex_check(config, &findings);
    for (size_t i = 0; i < findings.len; i++) {
        needed = needed || (findings.items[i].is_fatal && findings.items[i].is_main);
    }
    if (needed) {
        ok = make(config, &findings, home, err);
        *told = ok ? tell(&findings) : NULL;
    }
    if (!ok) {
        free(*home);
        *home = NULL;
    }
    codex_findings_free(&findings);
    return ok;
}
