/* bylaw: without a subcommand it opens the workbench, with one it runs that. */
#include "app.h"
#include "command/command.h"

#include <locale.h>
#include <stdio.h>
#include <string.h>

static int run_workbench(const struct app_options *options)
{
    struct err err;
    struct loop *loop = loop_new(&err);
    if (loop == NULL) {
        fprintf(stderr, "bylaw: %s\n", err.text);
        return EXIT_COULD_NOT;
    }
    int code = EXIT_COULD_NOT;
    struct app *app = app_new(loop, options, &err);
    if (app != NULL && app_run(app, &err)) {
        code = app_exit_code(app);
    } else {
        fprintf(stderr, "bylaw: %s\n", err.text);
    }
    app_free(app);
    loop_free(loop);
    return code;
}

static const char *option_value(const char *arg, const char *name)
{
    size_t len = strlen(name);
    return strncmp(arg, name, len) == 0 && arg[len] == '=' ? arg + len + 1 : NULL;
}

int main(int argc, char **argv)
{
    setlocale(LC_ALL, "");
    setlocale(LC_NUMERIC, "C");
    struct app_options options = {.mouse = true};
    for (int i = 1; i < argc; i++) {
        const char *value;
        if (strcmp(argv[i], "--no-mouse") == 0) {
            options.mouse = false;
        } else if (strcmp(argv[i], "--ascii") == 0) {
            options.ascii = true;
        } else if ((value = option_value(argv[i], "--theme")) != NULL) {
            options.theme = value;
        } else if ((value = option_value(argv[i], "--colour")) != NULL) {
            options.colour = value;
        } else if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            command_print_help(NULL, stdout);
            return EXIT_YES;
        } else if (strcmp(argv[i], "--version") == 0) {
            puts("bylaw " BYLAW_VERSION);
            return EXIT_YES;
        } else if (command_find(argv[i]) != NULL) {
            return command_run(command_find(argv[i]), argc - i, argv + i);
        } else {
            fprintf(
                stderr, "bylaw: there is no option or subcommand \"%s\" (bylaw --help)\n", argv[i]);
            return EXIT_COULD_NOT;
        }
    }
    return run_workbench(&options);
}
