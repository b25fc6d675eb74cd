#include "external.h"

#include "base/path.h"

#include <stdlib.h>

const char *external_program(void)
{
    static const char *const names[] = {"VISUAL", "EDITOR"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        const char *value = getenv(names[i]);
        if (value != NULL && str_trim(str_of(value)).len > 0) {
            return value;
        }
    }
    return "vi";
}

enum form { FORM_NONE, FORM_PLUS, FORM_PLUS_COMMA, FORM_PLUS_COLON, FORM_BEHIND, FORM_GOTO };

static enum form form_of(struct str name)
{
    static const struct {
        const char *names; /* between blanks */
        enum form form;
    } table[] = {
        {" vi vim nvim gvim view vis nvi elvis ex joe jmacs jstar jpico ne mg zile dte ",
            FORM_PLUS},
        {" nano pico rnano ", FORM_PLUS_COMMA},
        {" micro kak emacs emacsclient ", FORM_PLUS_COLON},
        {" hx helix subl zed ", FORM_BEHIND},
        {" code codium cursor code-insiders windsurf ", FORM_GOTO},
    };
    char *word = mem_printf(" %.*s ", STR_FMT(name));
    enum form form = FORM_NONE;
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        if (strstr(table[i].names, word) != NULL) {
            form = table[i].form;
        }
    }
    free(word);
    return form;
}

void external_arguments(
    const char *program, const char *path, size_t row, size_t col, char *arguments[2])
{
    /* The first word's last part: "/usr/bin/nvim -u NONE" is nvim. */
    struct str command = str_trim(str_of(program));
    size_t blank = str_find_char(command, ' ', 0);
    char *first = str_dup(str_slice(command, 0, blank == SIZE_MAX ? command.len : blank));
    enum form form = row == 0 ? FORM_NONE : form_of(str_of(path_base(first)));
    free(first);
    arguments[0] = NULL;
    arguments[1] = NULL;
    switch (form) {
    case FORM_PLUS:
        arguments[0] = mem_printf("+%zu", row);
        break;
    case FORM_PLUS_COMMA:
        arguments[0] = mem_printf("+%zu,%zu", row, col);
        break;
    case FORM_PLUS_COLON:
        arguments[0] = mem_printf("+%zu:%zu", row, col);
        break;
    case FORM_BEHIND:
        arguments[0] = mem_printf("%s:%zu:%zu", path, row, col);
        return;
    case FORM_GOTO:
        arguments[0] = mem_strdup("--goto");
        arguments[1] = mem_printf("%s:%zu:%zu", path, row, col);
        return;
    case FORM_NONE:
        arguments[0] = mem_strdup(path);
        return;
    }
    arguments[1] = mem_strdup(path);
}

bool external_edit(
    struct app *app, const char *path, size_t row, size_t col, const char *cwd, struct err *err)
{
    const char *program = external_program();
    char *arguments[2];
    external_arguments(program, path, row, col, arguments);
    /* The variable is a piece of shell, as it is for git. */
    char *script = mem_printf("%s \"$@\"", program);
    const char *argv[] = {"sh", "-c", script, "sh", arguments[0], arguments[1], NULL};
    int code = 0;
    bool ok = app_run_in_terminal(app, argv, cwd, &code, err);
    if (ok && code != 0) {
        ok = err_set(err, ERR_INVALID, "%s ended with %d%s", program, code,
            code == 127 ? ": there is no such program; set $EDITOR" : "");
    }
    free(script);
    free(arguments[0]);
    free(arguments[1]);
    return ok;
}
