/* bylaw sandbox: what an agent's commands are run in, for the curious and for tests. */
#include "sandbox/sandbox.h"
#include "base/vec.h"
#include "command/command.h"
#include "config/config.h"

#include <limits.h>
#include <stdlib.h>

#define BOUND_MAX_MB (1LL << 40)

struct words {
    char **items;
    size_t len, cap;
};

struct folders {
    const char **items;
    size_t len, cap;
};

/* "NAME=value" of the variables that are handed on whatever they are called. */
static struct words find_variables(const struct args *args)
{
    struct words out = {0};
    const char *name;
    for (int i = 0; (name = args_get_at(args, "env", i)) != NULL; i++) {
        const char *value = getenv(name);
        if (value != NULL) {
            VEC_PUSH(&out, mem_printf("%s=%s", name, value));
        }
    }
    VEC_PUSH(&out, NULL);
    return out;
}

static void free_variables(struct words *variables)
{
    VEC_FOREACH (char *, entry, variables) {
        free(*entry);
    }
    VEC_FREE(variables);
}

static bool read_parent(const struct args *args, pid_t *parent)
{
    const char *given = args_get(args, "parent");
    char *end = NULL;
    long number = given == NULL ? 0 : strtol(given, &end, 10);
    *parent = (pid_t)number;
    return given == NULL || (end != given && *end == '\0' && number > 0 && number <= INT_MAX);
}

/* False: it is given, and is no number of MB. */
static bool read_bound(const struct args *args, const char *option, long long *bound)
{
    const char *given = args_get(args, option);
    char *end = NULL;
    if (given == NULL) {
        return true;
    }
    *bound = strtoll(given, &end, 10);
    return end != given && *end == '\0' && *bound > 0 && *bound < BOUND_MAX_MB;
}

/* As they are given, else as the folder's settings have them. */
static bool read_bounds(const struct args *args, long long *memory, long long *disk)
{
    if (args_get(args, "memory") == NULL || args_get(args, "disk") == NULL) {
        struct config *config = config_load(args_get(args, "dir"));
        *memory = config_integer(config, "sandbox_memory");
        *disk = config_integer(config, "sandbox_disk");
        config_free(config);
    }
    return read_bound(args, "memory", memory) && read_bound(args, "disk", disk);
}

static int run(const struct args *args)
{
    struct err err = {0};
    if (args_has(args, "check")) {
        char *text;
        if (!sandbox_probe(&text, &err)) {
            fprintf(stderr, "bylaw sandbox: %s\n", err.text);
            return EXIT_NO;
        }
        puts(text);
        free(text);
        return EXIT_YES;
    }
    if (args->count == 0) {
        return command_fail(args, "name a command: bylaw sandbox -- COMMAND…");
    }
    pid_t parent;
    if (!read_parent(args, &parent)) {
        return command_fail(args, "--parent is the number of a process");
    }
    long long memory = 0;
    long long disk = 0;
    if (!read_bounds(args, &memory, &disk)) {
        return command_fail(args, "--memory and --disk are whole numbers of MB, at least 1");
    }
    struct words variables = find_variables(args);
    struct folders folders = {0};
    for (int i = 0; args_get_at(args, "write", i) != NULL; i++) {
        VEC_PUSH(&folders, args_get_at(args, "write", i));
    }
    VEC_PUSH(&folders, NULL);
    struct sandbox_policy policy = {.writable = folders.items,
        .env = (const char *const *)variables.items,
        .cwd = args_get(args, "dir"),
        .network = args_has(args, "network"),
        .no_namespaces = args_has(args, "no-namespaces"),
        .memory_mb = memory,
        .disk_mb = disk,
        .parent = parent};
    struct words words = {0};
    for (int i = 0; i < args->count; i++) {
        VEC_PUSH(&words, args->rest[i]);
    }
    VEC_PUSH(&words, NULL);
    int code = sandbox_run(&policy, words.items, &err);
    VEC_FREE(&words);
    VEC_FREE(&folders);
    free_variables(&variables);
    if (err.kind != ERR_NONE) {
        command_fail(args, "%s", err.text);
    }
    return code;
}

const struct command command_sandbox = {
    .name = "sandbox",
    .summary = "run a command confined, as the commands of an agent are",
    .usage = "[--write DIR]… [--env NAME]… [--network] [--memory MB] [--disk MB] [--dir DIR] -- "
             "COMMAND… | --check",
    .options =
        {
            {"write", 'w', "DIR",
                "it may write beneath this folder (and in a temporary one of its own); may be "
                "given again"},
            {"env", 'e', "NAME",
                "it sees this variable although its name looks like a secret's; may be given "
                "again"},
            {"network", '\0', NULL, "it may reach the network"},
            {"memory", '\0', "MB",
                "what it and all it starts may have in memory together (sandbox_memory)"},
            {"disk", '\0', "MB", "what they may write to the disk together (sandbox_disk)"},
            {"dir", 'C', "DIR", "run it in this folder"},
            {"parent", '\0', "PID", "end it when this process, which started it, is gone"},
            {"no-namespaces", '\0', NULL,
                "do without name spaces, as on a kernel that has none for you"},
            {"check", '\0', NULL, "say what confines a command here, and run nothing"},
        },
    .description =
        "The command may read the file system, but not the places where keys and passwords lie "
        "(such as ~/.ssh, "
        "~/.aws, $CODEX_HOME) nor terminals and disks, and write only beneath the folders given "
        "and to $TMPDIR, a folder of its own that is removed afterwards. It has no network and "
        "none of the sockets of this machine, signals and traces no process outside (without name "
        "spaces it sees which there are), gets our environment "
        "without secrets, and cannot gain privileges. All of its processes end with it; told to "
        "end "
        "(SIGTERM), it has a second.\n\n"
        "Where it and all it starts have more in memory than --memory says (else the setting "
        "sandbox_memory), or have written more than --disk (sandbox_disk), all of it is killed, "
        "and "
        "one line says so; a single file that becomes larger than --disk ends its writer "
        "(SIGXFSZ). "
        "This is looked at from outside, up to 20 times a second; memory that is only reserved "
        "does "
        "not count.\n\n"
        "Landlock and seccomp confine it, and name spaces where the kernel allows them. Where "
        "Landlock (Linux 6.2 or "
        "newer) cannot be had, nothing is run.\n\n"
        "The exit code is the command's; 128 and the signal's number when one ended it (137 past a "
        "bound); 125 when "
        "it could not be "
        "confined, 126 when it could not be run, 127 when there is no such command. With --check: "
        "0 it can be "
        "confined, 1 it cannot.",
    .run = run,
};
