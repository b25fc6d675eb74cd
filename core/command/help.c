/* Help and man pages, both from the command table. */
#include "command/command.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>

static const char program_summary[] = "review policy-as-code that a machine wrote: see the "
                                      "proposal, its tests and its coverage line by "
                                      "line, and commit what you accept";

static const char exit_text[] = "0 yes, 1 no, 2 could not (bad usage, a missing file or program).";

static const char files_text[] =
    "$XDG_CONFIG_HOME/bylaw/config.toml and the folder's .bylaw/config.toml: the settings (bylaw "
    "config lists them). $XDG_STATE_HOME/bylaw: sessions and unsaved edits. $XDG_CACHE_HOME/bylaw: "
    "scratch copies of workspaces.";

static void print_option(const struct command_option *option, FILE *out)
{
    char left[64];
    snprintf(left, sizeof left, "%s%c%s--%s%s%s", option->letter != '\0' ? "-" : " ",
        option->letter != '\0' ? option->letter : ' ', option->letter != '\0' ? ", " : "  ",
        option->name, option->arg != NULL ? " " : "", option->arg != NULL ? option->arg : "");
    fprintf(out, "  %-26s %s\n", left, option->help);
}

const struct command command_program = {
    .name = "",
    .summary = program_summary,
    .usage = "[FOLDER|FILE[:LINE[:COLUMN]]]",
    .options =
        {
            {"resume", 0, NULL, "list the folder's sessions"},
            {"session", 's', "ID", "go on with this session"},
            {"continue", 'c', NULL, "go on with the folder's last session"},
            {"new", 'n', NULL, "begin a new session, whatever is pending in the last"},
            {"provider", 0, "NAME", "a [model_providers] name, or \"recording\""},
            {"profile", 'p', "NAME",
                "a [profiles.NAME]: which model, how careful, with which bounds"},
            {"recording", 0, "FILE", "replay this recording"},
            {"record", 0, "FILE", "record what the model answers into this new file"},
            {"open", 0, "FILE", "show this file of the folder in the editor"},
            {"plain", 0, NULL,
                "line by line without the full screen: for a screen reader or a script"},
            {"theme", 0, "NAME", "dark, light, high-contrast, colour-blind, sixteen"},
            {"colour", 0, "MODE", "auto, true, 256, 16 or none"},
            {"ascii", 0, NULL, "draw with ASCII only"},
            {"no-mouse", 0, NULL, "leave the mouse to the terminal"},
            {"log", 0, "FILE", "append the program's own log to FILE"},
            {"help-keys", 0, NULL, "print the table of all keys, as it stands in the README"},
            {"help-features", 0, NULL, "print the table of features, as it stands in the README"},
            {"help-themes", 0, NULL, "print the table of the built-in themes"},
            {"help-slash", 0, NULL, "print the table of what can be typed after a / in the prompt"},
            {"plain-help", 0, NULL, "print the table of what can be typed with --plain"},
            {"version", 0, NULL, "print the version"},
        },
    .description = "Opens the workbench on FOLDER (default: the current folder): a chat with a "
                   "model beside an "
                   "editor, what the model proposes as a diff with its tests, and a commit of what "
                   "was accepted. "
                   "Where the last session left a proposal open or was killed, it goes on.\n\n"
                   "FILE is opened in the editor, at LINE, as a new one if there is none yet; the "
                   "workbench is then that of the git work tree around it, else of its folder.",
};

static void print_program_help(FILE *out)
{
    fprintf(out, "bylaw %s: %s.\n\n", BYLAW_VERSION, program_summary);
    fputs("  bylaw [OPTION…] [FOLDER]    open the workbench on FOLDER (default: here)\n", out);
    fputs(
        "  bylaw [OPTION…] FILE[:LINE] open a file in it, in the work tree around the file\n", out);
    fputs("  bylaw COMMAND …             run a command; bylaw COMMAND --help explains it\n\n", out);
    for (int i = 0; i < COMMAND_OPTIONS_MAX && command_program.options[i].name != NULL; i++) {
        print_option(&command_program.options[i], out);
    }
    fputs("\nCommands:\n\n", out);
    for (size_t i = 0; commands[i] != NULL; i++) {
        fprintf(out, "  %-12s %s\n", commands[i]->name, commands[i]->summary);
    }
    fprintf(out, "\nExit codes: %s\n", exit_text);
}

void command_print_help(const struct command *command, FILE *out)
{
    if (command == NULL) {
        print_program_help(out);
        return;
    }
    fprintf(out, "bylaw %s: %s\n\nUsage: bylaw %s %s\n\n%s\n\n", command->name, command->summary,
        command->name, command->usage, command->description);
    for (int i = 0; i < COMMAND_OPTIONS_MAX && command->options[i].name != NULL; i++) {
        print_option(&command->options[i], out);
    }
    print_option(&(struct command_option){"help", 0, NULL, "this text"}, out);
    fprintf(out, "\nExit codes: %s\n", exit_text);
}

/* roff: a backslash and a dash need escaping, and a line must not begin with '.' or '\''. */
static void print_roff(const char *text, FILE *out)
{
    bool line_start = true;
    for (const char *p = text; *p != '\0'; p++) {
        if (line_start && (*p == '.' || *p == '\'')) {
            fputs("\\&", out);
        }
        if (*p == '\\') {
            fputs("\\e", out);
        } else if (*p == '-') {
            fputs("\\-", out);
        } else if (*p == '\n' && p[1] == '\n') {
            fputs("\n.PP", out);
        } else {
            fputc(*p, out);
        }
        line_start = *p == '\n';
    }
    fputc('\n', out);
}

static void print_title(const char *name, FILE *out)
{
    fputs(".TH \"", out);
    for (const char *p = name; *p != '\0'; p++) {
        fputc(toupper((unsigned char)*p), out);
    }
    fprintf(out, "\" 1 \"\" \"bylaw %s\"\n.SH NAME\n", BYLAW_VERSION);
}

static void print_options_man(const struct command *command, FILE *out)
{
    if (command->options[0].name != NULL) {
        fputs(".SH OPTIONS\n", out);
    }
    for (int i = 0; i < COMMAND_OPTIONS_MAX && command->options[i].name != NULL; i++) {
        const struct command_option *option = &command->options[i];
        fputs(".TP\n.B ", out);
        if (option->letter != '\0') {
            fprintf(out, "\\-%c, ", option->letter);
        }
        fprintf(out, "\\-\\-%s", option->name);
        if (option->arg != NULL) {
            fprintf(out, " \\fI%s\\fR", option->arg);
        }
        fputc('\n', out);
        print_roff(option->help, out);
    }
}

static void print_program_man(FILE *out)
{
    print_title("bylaw", out);
    fputs("bylaw \\- ", out);
    print_roff(program_summary, out);
    fputs(".SH SYNOPSIS\n.B bylaw\n[\\fIOPTION\\fR...] "
          "[\\fIFOLDER\\fR|\\fIFILE\\fR[:\\fILINE\\fR]]\n.br\n"
          ".B bylaw\n\\fICOMMAND\\fR [\\fIARGUMENT\\fR...]\n.SH DESCRIPTION\n",
        out);
    print_roff(command_program.description, out);
    print_options_man(&command_program, out);
    fputs(".SH COMMANDS\n", out);
    for (size_t i = 0; commands[i] != NULL; i++) {
        fprintf(out, ".TP\n.B %s\n", commands[i]->name);
        print_roff(commands[i]->summary, out);
    }
    fputs(".SH FILES\n", out);
    print_roff(files_text, out);
    fputs(".SH EXIT STATUS\n", out);
    print_roff(exit_text, out);
}

/* What the command has more: a section of its own, a term and its text each paragraph. */
static void print_more_man(const struct command *command, FILE *out)
{
    struct buf more = BUF_INIT;
    command->man(&more);
    fputs(".SH ", out);
    for (const char *p = command->name; *p != '\0'; p++) {
        fputc(toupper((unsigned char)*p), out);
    }
    fputc('\n', out);
    struct str rest = buf_str(&more);
    struct str line;
    while (str_next_line(&rest, &line)) {
        size_t colon = str_find(line, STR_LIT(": "), 0);
        if (colon == SIZE_MAX) {
            continue;
        }
        char *term = str_dup(str_slice(line, 0, colon));
        char *text = str_dup(str_from(line, colon + 2));
        fputs(".TP\n.B ", out);
        print_roff(term, out);
        print_roff(text, out);
        free(term);
        free(text);
    }
    buf_free(&more);
}

void command_print_man(const struct command *command, FILE *out)
{
    if (command == NULL) {
        print_program_man(out);
        return;
    }
    char *name = mem_printf("bylaw-%s", command->name);
    print_title(name, out);
    free(name);
    fprintf(out, "bylaw\\-%s \\- ", command->name);
    print_roff(command->summary, out);
    fprintf(out, ".SH SYNOPSIS\n.B bylaw %s\n", command->name);
    print_roff(command->usage, out);
    fputs(".SH DESCRIPTION\n", out);
    print_roff(command->description, out);
    print_options_man(command, out);
    if (command->man != NULL) {
        print_more_man(command, out);
    }
    fputs(".SH EXIT STATUS\n", out);
    print_roff(exit_text, out);
}

static void print_markdown(void)
{
    puts("| Command | What it does |\n| --- | --- |");
    for (size_t i = 0; commands[i] != NULL; i++) {
        printf("| `bylaw %s", commands[i]->name);
        for (const char *c = commands[i]->usage; *c != '\0'; c++) {
            if (c == commands[i]->usage) {
                putchar(' ');
            }
            fputs(*c == '|' ? "\\|" : (char[]){*c, '\0'}, stdout);
        }
        printf("` | %s |\n", commands[i]->summary);
    }
}

static int run_help(const struct args *args)
{
    if (args_has(args, "markdown")) {
        print_markdown();
        return EXIT_YES;
    }
    const struct command *topic = NULL;
    if (args->count > 0) {
        topic = command_find(args->rest[0]);
        if (topic == NULL) {
            return command_fail(args, "no command named %s", args->rest[0]);
        }
    }
    if (args_has(args, "man")) {
        command_print_man(topic, stdout);
    } else {
        command_print_help(topic, stdout);
    }
    return EXIT_YES;
}

const struct command command_help = {
    .name = "help",
    .summary = "show this help, or that of a command",
    .usage = "[--man | --markdown] [COMMAND]",
    .options = {{"man", 0, NULL, "as a man page, in roff"},
        {"markdown", 0, NULL, "the table of all commands, as it stands in the README"}},
    .description =
        "Shows what the program or one of its commands does. The same text, as roff, is the "
        "man page.",
    .run = run_help,
};

static int run_version(const struct args *args)
{
    (void)args;
    puts("bylaw " BYLAW_VERSION);
    return EXIT_YES;
}

const struct command command_version = {
    .name = "version",
    .summary = "print the version",
    .usage = "",
    .description = "Prints the program's version on one line.",
    .run = run_version,
};
