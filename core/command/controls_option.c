#include "command/controls_option.h"

#include "config/config.h"

bool controls_option_open(const struct args *args, const char *root, const char *only,
    struct controls *out, struct err *err)
{
    struct config *config = config_load(root);
    struct controls_wish wish = {.root = root,
        .requirements = args_get(args, "requirements"),
        .benchmark = args_get(args, "benchmark"),
        .map = args_get(args, "map"),
        .only = only,
        .setting = config_string(config, "requirements"),
        .setting_map = config_string(config, "requirements_map")};
    bool ok = controls_open(&wish, out, err);
    config_free(config);
    return ok;
}
