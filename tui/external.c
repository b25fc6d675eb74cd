#include "external.h"

#include "base/path.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

extern char **environ;

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

bool external_run(const char *const *argv, const char *cwd, int *exit_code, struct err *err)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attr;
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attr);
    if (cwd != NULL) {
        posix_spawn_file_actions_addchdir_np(&actions, cwd);
    }
    sigset_t defaults;
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    sigaddset(&defaults, SIGINT);
    sigaddset(&defaults, SIGQUIT);
    posix_spawnattr_setsigdefault(&attr, &defaults);
    posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGDEF);
    /* ^C in the other program is not for us. */
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    struct sigaction old_int;
    sigaction(SIGINT, &ignore, &old_int);
    pid_t pid;
    int rc = posix_spawnp(&pid, argv[0], &actions, &attr, (char *const *)argv, environ);
    int status = 0;
    if (rc == 0) {
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
        }
        *exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    } else {
        err_set_errno(err, rc, "cannot start %s", argv[0]);
    }
    sigaction(SIGINT, &old_int, NULL);
    posix_spawnattr_destroy(&attr);
    posix_spawn_file_actions_destroy(&actions);
    return rc == 0;
}

void external_call_make(struct external_call *call, const char *path, size_t row, size_t col)
{
    char **owned = call->owned;
    external_arguments(external_program(), path, row, col, owned);
    /* The variable is a piece of shell, as it is for git. */
    owned[2] = mem_printf("%s \"$@\"", external_program());
    const char *argv[] = {"sh", "-c", owned[2], "sh", owned[0], owned[1], NULL};
    memcpy(call->argv, argv, sizeof argv);
}

void external_call_free(struct external_call *call)
{
    for (size_t i = 0; i < ARRAY_LEN(call->owned); i++) {
        free(call->owned[i]);
    }
}

bool external_ended_well(int code, struct err *err)
{
    return code == 0 || err_set(err, ERR_INVALID, "%s ended with %d%s", external_program(), code,
                            code == 127 ? ": there is no such program; set $EDITOR" : "");
}

bool external_edit(
    struct app *app, const char *path, size_t row, size_t col, const char *cwd, struct err *err)
{
    struct external_call call;
    int code = 0;
    external_call_make(&call, path, row, col);
    bool ok =
        app_run_in_terminal(app, call.argv, cwd, &code, err) && external_ended_well(code, err);
    external_call_free(&call);
    return ok;
}
