#include "command/command.h"

#include "base/safe.h"

#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

const struct command *const commands[] = {
    &command_apply,
    &command_check,
    &command_config,
    &command_doctor,
    &command_exec,
    &command_gap,
    &command_generate,
    &command_guards,
    &command_help,
    &command_highlight,
    &command_index,
    &command_init,
    &command_mcp,
    &command_parse,
    &command_patch,
    &command_record,
    &command_render,
    &command_report,
    &command_review,
    &command_rollout,
    &command_sandbox,
    &command_template,
    &command_test,
    &command_trace,
    &command_trust,
    &command_version,
    NULL,
};

const struct command *command_find(const char *name)
{
    for (size_t i = 0; commands[i] != NULL; i++) {
        if (strcmp(commands[i]->name, name) == 0) {
            return commands[i];
        }
    }
    return NULL;
}

static int option_index(const struct command *command, const char *name, size_t len)
{
    for (int i = 0; i < COMMAND_OPTIONS_MAX && command->options[i].name != NULL; i++) {
        const char *own = command->options[i].name;
        if (strlen(own) == len && memcmp(own, name, len) == 0) {
            return i;
        }
    }
    return -1;
}

static int letter_index(const struct command *command, char letter)
{
    for (int i = 0; i < COMMAND_OPTIONS_MAX && command->options[i].name != NULL; i++) {
        if (command->options[i].letter == letter) {
            return i;
        }
    }
    return -1;
}

const char *args_get(const struct args *args, const char *name)
{
    int index = option_index(args->command, name, strlen(name));
    return index < 0 ? NULL : args->values[index];
}

const char *args_get_at(const struct args *args, const char *name, int index)
{
    int option = option_index(args->command, name, strlen(name));
    for (int i = 0; i < args->given_count; i++) {
        if (args->given[i].option == option && index-- == 0) {
            return args->given[i].value;
        }
    }
    return NULL;
}

bool args_has(const struct args *args, const char *name)
{
    return args_get(args, name) != NULL;
}

int command_fail(const struct args *args, const char *fmt, ...)
{
    struct buf text = BUF_INIT;
    va_list list;
    va_start(list, fmt);
    buf_vprintf(&text, fmt, list);
    va_end(list);
    char *shown = safe_dup(buf_str(&text), SAFE_KEEP_LINES, 8192);
    const char *name = args->command->name;
    fprintf(stderr, "bylaw%s%s: %s\n", name[0] == '\0' ? "" : " ", name, shown);
    free(shown);
    buf_free(&text);
    return EXIT_COULD_NOT;
}

/* Takes one option at argv[*at] (and its value). */
static bool take_option(struct args *args, int argc, char **argv, int *at, struct err *err)
{
    const char *word = argv[*at];
    const struct command *command = args->command;
    const char *value = NULL;
    int index;
    if (word[1] == '-') {
        const char *name = word + 2;
        size_t len = strcspn(name, "=");
        index = option_index(command, name, len);
        value = name[len] == '=' ? name + len + 1 : NULL;
    } else {
        index = letter_index(command, word[1]);
        value = word[2] != '\0' ? word + 2 : NULL;
    }
    if (index < 0) {
        return err_set(err, ERR_INVALID, "unknown option %s (see bylaw%s%s --help)", word,
            command->name[0] == '\0' ? "" : " ", command->name);
    }
    const struct command_option *option = &command->options[index];
    if (option->arg == NULL) {
        if (value != NULL) {
            return err_set(err, ERR_INVALID, "option --%s takes no value", option->name);
        }
        args->values[index] = "";
        return true;
    }
    if (value == NULL) {
        if (*at + 1 >= argc) {
            return err_set(
                err, ERR_INVALID, "option --%s needs a value: %s", option->name, option->arg);
        }
        value = argv[++*at];
    }
    if (args->given_count >= COMMAND_GIVEN_MAX) {
        return err_set(err, ERR_INVALID, "too many options: at most %d", COMMAND_GIVEN_MAX);
    }
    args->values[index] = value;
    args->given[args->given_count].option = index;
    args->given[args->given_count++].value = value;
    return true;
}

bool args_parse(const struct command *command, int argc, char **argv, struct args *args, bool *help,
    struct err *err)
{
    *args = (struct args){.command = command};
    *help = false;
    int kept = 0;
    bool options = true;
    for (int i = 1; i < argc; i++) {
        if (options && strcmp(argv[i], "--") == 0) {
            options = false;
        } else if (options && strcmp(argv[i], "--help") == 0) {
            *help = true;
        } else if (options && argv[i][0] == '-' && argv[i][1] != '\0') {
            if (!take_option(args, argc, argv, &i, err)) {
                return false;
            }
        } else {
            argv[1 + kept++] = argv[i];
        }
    }
    args->rest = argv + 1;
    args->count = kept;
    return true;
}

/* Whether what reads our output has ended, as head does: it has what it wanted, so there is nothing
   to tell. errno may be of an earlier write or none; the pipe itself says it. */
static bool reader_has_gone(void)
{
    struct pollfd output = {.fd = STDOUT_FILENO, .events = POLLOUT};
    return poll(&output, 1, 0) == 1 && (output.revents & (POLLERR | POLLHUP)) != 0;
}

int command_run(const struct command *command, int argc, char **argv)
{
    struct args args;
    struct err err;
    bool help;
    if (!args_parse(command, argc, argv, &args, &help, &err)) {
        return command_fail(&args, "%s", err.text);
    }
    if (help) {
        command_print_help(command, stdout);
        return EXIT_YES;
    }
    int code = command->run(&args);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        return reader_has_gone() ? EXIT_COULD_NOT : command_fail(&args, "cannot write the output");
    }
    return code;
}
