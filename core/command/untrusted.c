#include "command/untrusted.h"

#include "acp/agents.h"
#include "base/path.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static bool add_settings(const char *folder, struct vetting *vetting, struct err *err)
{
    struct files_options options = {0};
    struct files files;
    int fd = beneath_open_root(folder, err);
    bool ok = fd >= 0 && files_list(fd, folder, &options, &files, err);
    if (ok) {
        vetting_add_settings(vetting, fd, &files);
        files_free(&files);
    }
    if (fd >= 0) {
        close(fd);
    }
    return ok;
}

bool untrusted_read(
    const char *folder, const struct config *config, struct vetting *out, struct err *err)
{
    bool all = config == NULL || acp_agent_of(config_string(config, "model_provider")) != NULL;
    char *git_root = path_git_root(folder);
    vetting_read(git_root, folder, out);
    free(git_root);
    return !all || add_settings(folder, out, err);
}

void untrusted_say(const char *folder, const struct config *config)
{
    struct vetting vetting;
    struct err err;
    char *root = realpath(folder, NULL);
    if (root == NULL) {
        return; /* whoever opens it says so */
    }
    bool ok = untrusted_read(root, config, &vetting, &err);
    char *line = vetting_line(&vetting);
    if (!ok) {
        fprintf(stderr, "what the repository brings for agents cannot be listed: %s\n", err.text);
    }
    if (line != NULL) {
        fprintf(stderr, "%s and are not used until then: bylaw trust lists them\n", line);
    }
    free(line);
    vetting_free(&vetting);
    free(root);
}
