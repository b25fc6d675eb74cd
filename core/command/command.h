/* The non-interactive subcommands: one file each, one row each in the table of command.c. `--help`
 * and the man pages are made from the rows, so they cannot differ.
 *
 * Exit codes of every subcommand: 0 yes, 1 no, 2 could not (bad usage, missing file or program). */
#ifndef BYLAW_COMMAND_COMMAND_H
#define BYLAW_COMMAND_COMMAND_H

#include "base/err.h"
#include "base/str.h"

#include <stdio.h>

enum exit_code { EXIT_YES = 0, EXIT_NO = 1, EXIT_COULD_NOT = 2 };

enum { COMMAND_OPTIONS_MAX = 24, COMMAND_GIVEN_MAX = 64 };

struct command_option {
    const char *name; /* without "--"; NULL ends the list */
    char letter;      /* '\0': none */
    const char *arg;  /* what its value is called in the help ("DIR"); NULL: a flag */
    const char *help; /* one line */
};

struct args;

struct command {
    const char *name;    /* "patch" */
    const char *summary; /* one line, no full stop */
    const char *usage;   /* "apply|check|show [--dir DIR] [FILE|-]" */
    struct command_option options[COMMAND_OPTIONS_MAX];
    /* Paragraphs of the man page, parted by empty lines: what it does, what 0, 1 and 2 mean here.
     */
    const char *description;
    /* Appends what the man page has more, as paragraphs parted by empty lines, each "TERM: text"
     * (a section of the command's name in capitals); or NULL. */
    void (*man)(struct buf *out);
    int (*run)(const struct args *args);
};

/* The command line of one subcommand, parsed by its option list. */
struct args {
    const struct command *command;
    const char
        *values[COMMAND_OPTIONS_MAX]; /* by the option's place: NULL not given, "" a flag given */
    struct {
        int option;
        const char *value;
    } given[COMMAND_GIVEN_MAX]; /* each option with a value, in order, also those given again */
    int given_count;
    char *const *rest; /* the other arguments in order; borrowed */
    int count;
};

/* The value of an option by its name: NULL when not given, "" for a flag that was. */
const char *args_get(const struct args *args, const char *name);
/* All values of an option that may be given more than once: NULL past the last. */
const char *args_get_at(const struct args *args, const char *name, int index);
bool args_has(const struct args *args, const char *name);

/* The table, ended by NULL. */
extern const struct command *const commands[];
const struct command *command_find(const char *name);

/* The program itself as a row: its options are parsed and shown by the same code. Has no run. */
extern const struct command command_program;

/* Parses argv[1…] by the command's options; *help: --help was among them. Permutes argv. */
bool args_parse(const struct command *command, int argc, char **argv, struct args *args, bool *help,
    struct err *err) MUST_USE;

/* Parses argv (argv[0] is the subcommand's name) and runs it. Handles --help and usage errors.
 * Permutes argv: options may stand anywhere; "--" ends them. */
int command_run(const struct command *command, int argc, char **argv);

/* "bylaw patch: TEXT" on stderr, made visible; returns EXIT_COULD_NOT. */
int command_fail(const struct args *args, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Help for one command, or of the program when command is NULL; as text and as a man page (roff).
 */
void command_print_help(const struct command *command, FILE *out);
void command_print_man(const struct command *command, FILE *out);

/* The rows, one a file. */
extern const struct command command_apply;
extern const struct command command_check;
extern const struct command command_config;
extern const struct command command_doctor;
extern const struct command command_exec;
extern const struct command command_gap;
extern const struct command command_generate;
extern const struct command command_guards;
extern const struct command command_help;
extern const struct command command_highlight;
extern const struct command command_index;
extern const struct command command_init;
extern const struct command command_mcp;
extern const struct command command_parse;
extern const struct command command_patch;
extern const struct command command_record;
extern const struct command command_render;
extern const struct command command_report;
extern const struct command command_review;
extern const struct command command_rollout;
extern const struct command command_sandbox;
extern const struct command command_template;
extern const struct command command_test;
extern const struct command command_trace;
extern const struct command command_trust;
extern const struct command command_version;

#endif
