/* bylaw: with a subcommand it runs that, else it opens the workbench. */
#include "base/heap.h"
#include "base/log.h"
#include "command/command.h"
#include "desk.h"
#include "feature_table.h"
#include "plain/plain.h"
#include "review_screen.h"
#include "slash.h"
#include "workspace/locate.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>

static int open_plain(const struct args *args, const struct location *location)
{
    struct err err;
    char *place = location->row == 0 || location->file == NULL
                      ? NULL
                      : mem_printf("%s:%zu", location->file, location->row);
    struct plain_options options = {
        .folder = location->folder,
        .session = args_get(args, "session"),
        .fresh = args_has(args, "new"),
        .last = args_has(args, "continue"),
        .provider = args_get(args, "provider"),
        .profile = args_get(args, "profile"),
        .recording = args_get(args, "recording"),
        .record_to = args_get(args, "record"),
        .open = place != NULL            ? place
                : location->file != NULL ? location->file
                                         : args_get(args, "open"),
    };
    int code = EXIT_YES;
    if (!plain_run(&options, &code, &err)) {
        code = command_fail(args, "%s", err.text);
    }
    free(place);
    return code;
}

static int open_desk(const struct args *args, const struct location *location)
{
    struct err err;
    struct desk_options options = {
        .folder = location->folder,
        .session = args_get(args, "session"),
        .fresh = args_has(args, "new"),
        .last = args_has(args, "continue"),
        .provider = args_get(args, "provider"),
        .profile = args_get(args, "profile"),
        .recording = args_get(args, "recording"),
        .record_to = args_get(args, "record"),
        .open = location->file != NULL ? location->file : args_get(args, "open"),
        .edit = location->file != NULL,
        .open_row = location->row,
        .open_col = location->col,
        .theme = args_get(args, "theme"),
        .colour = args_get(args, "colour"),
        .ascii = args_has(args, "ascii"),
        .no_mouse = args_has(args, "no-mouse"),
    };
    int code = EXIT_YES;
    if (!desk_run(&options, &code, &err)) {
        code = command_fail(args, "%s", err.text);
    }
    return code;
}

static int open_workbench(const struct args *args)
{
    struct err err;
    struct location location;
    const char *log = args_get(args, "log");
    if (args->count > 1) {
        return command_fail(args, "takes one folder or file, not %d (bylaw --help)", args->count);
    }
    if (!location_find(args->count > 0 ? args->rest[0] : ".", &location, &err)) {
        return command_fail(args, "%s", err.text);
    }
    int code = EXIT_YES;
    if (location.file != NULL && args_has(args, "open")) {
        code = command_fail(args, "%s is a file already: --open names another", args->rest[0]);
    } else if (log != NULL && !log_open(log, &err)) {
        code = command_fail(args, "%s", err.text);
    } else if (args_has(args, "resume")) {
        if (!desk_list_sessions(location.folder, &err)) {
            code = command_fail(args, "%s", err.text);
        }
    } else {
        code = args_has(args, "plain") ? open_plain(args, &location) : open_desk(args, &location);
    }
    log_close();
    location_free(&location);
    return code;
}

int main(int argc, char **argv)
{
    heap_begin();
    setlocale(
        LC_CTYPE, ""); /* the other categories are a dozen files, and none of them is asked for */
    command_review_use_screen(review_screen_run);
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
    if (args_has(&args, "help-slash")) {
        slash_print_table(stdout);
        return EXIT_YES;
    }
    if (args_has(&args, "plain-help")) {
        plain_print_table(stdout);
        return EXIT_YES;
    }
    return open_workbench(&args);
}
