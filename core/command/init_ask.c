#include "command/init_ask.h"

#include <stdio.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 256, TRIES = 20 };

/* One line without its end and the blanks around it; false at the end of the input. What is too
 * long for an answer is read and cut. */
static bool read_line(char line[LINE_MAX_BYTES], struct str *said)
{
    if (fgets(line, LINE_MAX_BYTES, stdin) == NULL) {
        return false;
    }
    struct str text = str_of(line);
    for (int c = text.len > 0 ? text.ptr[text.len - 1] : '\n'; c != '\n' && c != EOF;) {
        c = getchar();
    }
    *said = str_trim(text);
    return true;
}

/* The answer in *yes; false: the input ended, or nobody says y or n. */
static bool ask_yes(FILE *out, const char *asked, const char *help, bool *yes)
{
    char line[LINE_MAX_BYTES];
    struct str said;
    for (int i = 0; i < TRIES; i++) {
        fprintf(out, "%s (%s)\n%s ", asked, help, "y or n:");
        fflush(out);
        if (!read_line(line, &said)) {
            fputc('\n', out);
            return false;
        }
        if (!isatty(STDIN_FILENO)) {
            fputc('\n', out); /* nobody's Enter ended the line */
        }
        *yes = str_equal_c(said, "y") || str_equal_c(said, "yes");
        if (*yes || str_equal_c(said, "n") || str_equal_c(said, "no")) {
            return true;
        }
        fputs("Say y for yes or n for no.\n", out);
    }
    return false;
}

bool init_ask_framework(struct choice *choice, bool on_stderr, unsigned *set, struct err *err)
{
    FILE *out = on_stderr ? stderr : stdout;
    enum choice_question question;
    enum framework framework;
    while (choice_next(choice, &question, &framework)) {
        bool yes;
        if (!ask_yes(out, choice_infos[question].asked, choice_infos[question].help, &yes)) {
            return err_set(err, ERR_INVALID,
                "no framework is chosen: answer the questions, or say --framework opa, gatekeeper, "
                "kyverno, conftest or cedar");
        }
        choice->answers[question] = yes ? CHOICE_YES : CHOICE_NO;
    }
    *set |= 1U << framework;
    fprintf(out, "%s: %s.\n", frameworks[framework].title, frameworks[framework].what);
    return true;
}

bool init_can_ask(void)
{
    return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
}

enum init_answer init_ask_replace(const char *path, struct str diff)
{
    char line[LINE_MAX_BYTES];
    struct str said;
    printf("%.*s", STR_FMT(diff));
    for (int i = 0; i < TRIES; i++) {
        printf("%s is there already and differs. Replace it?\n"
               "y yes, n no, a all that differ, q none of them: ",
            path);
        fflush(stdout);
        if (!read_line(line, &said) || str_equal_c(said, "q")) {
            return INIT_NONE;
        }
        if (str_equal_c(said, "y") || str_equal_c(said, "a")) {
            return str_equal_c(said, "y") ? INIT_YES : INIT_ALL;
        }
        if (str_equal_c(said, "n")) {
            return INIT_NO;
        }
    }
    return INIT_NONE;
}
