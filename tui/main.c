/* bylaw: with a subcommand it runs that, else it opens the workbench. */
#include "base/log.h"
#include "command/command.h"
#include "desk.h"
#include "feature_table.h"
#include "plain/plain.h"

#include <locale.h>
#include <string.h>

static int open_plain(const struct args *args)
{
    struct err err;
    struct plain_options options = {
        .folder = args->count > 0 ? args->rest[0] : ".",
        .session = args_get(args, "session"),
        .fresh = args_has(args, "new"),
        .provider = args_get(args, "provider"),
        .recording = args_get(args, "recording"),
        .record_to = args_get(args, "record"),
        .open = args_get(args, "open"),
    };
    int code = EXIT_YES;
    return plain_run(&options, &code, &err) ? code : command_fail(args, "%s", err.text);
}

static int open_desk(const struct args *args)
{
    struct err err;
    struct desk_options options = {
        .folder = args->count > 0 ? args->rest[0] : ".",
        .session = args_get(args, "session"),
        .fresh = args_has(args, "new"),
        .provider = args_get(args, "provider"),
        .recording = args_get(args, "recording"),
        .record_to = args_get(args, "record"),
        .open = args_get(args, "open"),
        .theme = args_get(args, "theme"),
        .colour = args_get(args, "colour"),
        .ascii = args_has(args, "ascii"),
        .no_mouse = args_has(args, "no-mouse"),
    };
    const char *log = args_get(args, "log");
    if (args->count > 1) {
        return command_fail(args, "takes one folder, not %d (bylaw --help)", args->count);
    }
    if (log != NULL && !log_open(log, &err)) {
        return command_fail(args, "%s", err.text);
    }
    if (args_has(args, "resume")) {
        return desk_list_sessions(options.folder, &err) ? EXIT_YES
                                                        : command_fail(args, "%s", err.text);
    }
    int code = EXIT_YES;
    if (args_has(args, "plain")) {
        code = open_plain(args);
        log_close();
        return code;
    }
    if (!desk_run(&options, &code, &err)) {
        code = command_fail(args, "%s", err.text);
    }
    log_close();
    return code;
}

int main(int argc, char **argv)
{
    setlocale(LC_ALL, "");
    setlocale(LC_NUMERIC, "C");
    const struct command *command = argc > 1 ? command_find(argv[1]) : NULL;
    if (command != NULL) {
        return command_run(command, argc - 1, argv + 1);
    }
    struct args args;
    struct err err;
    bool help;
    if (!args_parse(&command_program, argc, argv, &args, &help, &err)) {
        return command_fail(&args, "%s", err.text);
    }
    if (help) {
        command_print_help(NULL, stdout);
        return EXIT_YES;
    }
    if (args_has(&args, "version")) {
        return command_run(command_find("version"), 1, argv);
    }
    if (args_has(&args, "help-keys")) {
        desk_print_keys(stdout);
        return EXIT_YES;
    }
    if (args_has(&args, "help-features")) {
        feature_table_print(stdout);
        return EXIT_YES;
    }
    if (args_has(&args, "help-themes")) {
        feature_table_print_themes(stdout);
        return EXIT_YES;
    }
    if (args_has(&args, "plain-help")) {
        plain_print_table(stdout);
        return EXIT_YES;
    }
    return open_desk(&args);
}
