#include "repo/sign.h"

#include "base/file.h"
#include "base/path.h"
#include "base/safe.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

enum { SIGN_TIMEOUT_MS = 120000, SIGNATURE_MAX = 1 << 20 };

struct sign {
    struct process *process;
    bool is_gpg;
    char *program;
    char *key_file; /* of our making; NULL: none */
    struct buf out;
    struct buf errout;
    void (*done)(void *data, const char *signature, const struct err *err);
    void *data;
};

static void sign_free(struct sign *sign)
{
    if (sign->key_file != NULL) {
        (void)unlink(sign->key_file);
    }
    free(sign->key_file);
    free(sign->program);
    buf_free(&sign->out);
    buf_free(&sign->errout);
    free(sign);
}

/* The last lines for people: gpg's status lines are for programs. */
static char *reason(const struct buf *errout)
{
    struct buf text = BUF_INIT;
    struct str rest = buf_str(errout);
    struct str line;
    while (str_next_line(&rest, &line)) {
        line = str_trim(line);
        if (line.len > 0 && !str_starts(line, "[GNUPG:]")) {
            buf_append_c(&text, text.len > 0 ? "; " : "");
            buf_append_str(&text, line);
        }
    }
    char *shown = safe_dup(buf_str(&text), SAFE_ONE_LINE, 400);
    buf_free(&text);
    return shown;
}

static void on_data(void *data, enum process_stream stream, struct str bytes)
{
    struct sign *sign = data;
    buf_append_str(stream == PROCESS_STDOUT ? &sign->out : &sign->errout, bytes);
}

static void on_program_exit(void *data, const struct process_result *result)
{
    struct sign *sign = data;
    struct err err = {0};
    bool created = !sign->is_gpg || str_find(buf_str(&sign->errout),
                                        STR_LIT("[GNUPG:] SIG_CREATED "), 0) != (size_t)-1;
    bool ok = result->exit_code == 0 && created && sign->out.len > 0;
    if (result->cancelled) {
        err_set(&err, ERR_CANCELLED, "signing was cancelled: nothing was committed");
    } else if (result->timed_out) {
        err_set(&err, ERR_TIMEOUT,
            "%s did not sign within two minutes: unlock the key (gpg-agent, ssh-add) and try again",
            sign->program);
    } else if (!ok) {
        char *why = reason(&sign->errout);
        err_set(&err, ERR_EXTERNAL,
            "%s could not sign the commit, so nothing was committed: %s (the key may need to be "
            "unlocked in another terminal first; commit.gpgsign asks for signatures)",
            sign->program, why[0] == '\0' ? "it gave no reason" : why);
        free(why);
    }
    sign->done(sign->data, ok ? sign->out.ptr : NULL, ok ? NULL : &err);
    sign_free(sign);
}

static bool is_literal_key(const char *key)
{
    return strncmp(key, "key::", 5) == 0 || strncmp(key, "ssh-", 4) == 0;
}

static bool write_key(struct sign *sign, const char *key, struct err *err)
{
    const char *temp = getenv("TMPDIR");
    char *path = mem_printf("%s/bylaw-key-XXXXXX", temp == NULL || temp[0] != '/' ? "/tmp" : temp);
    int fd = mkostemp(path, O_CLOEXEC);
    if (fd < 0) {
        err_set_errno(err, errno, "cannot write the signing key's public half");
        free(path);
        return false;
    }
    sign->key_file = path;
    struct buf line = BUF_INIT;
    buf_printf(&line, "%s\n", strncmp(key, "key::", 5) == 0 ? key + 5 : key);
    bool ok = file_write_all(fd, buf_str(&line), err);
    buf_free(&line);
    close(fd);
    return ok;
}

static char *expand_home(const char *path)
{
    const char *home = getenv("HOME");
    return strncmp(path, "~/", 2) == 0 && home != NULL ? path_join(home, path + 2)
                                                       : mem_strdup(path);
}

static struct process *start_gpg(
    struct sign *sign, struct loop *loop, const struct sign_request *request, struct err *err)
{
    const char *key =
        request->key != NULL && request->key[0] != '\0' ? request->key : request->committer;
    const char *argv[] = {sign->program, "--status-fd=2", "-bsau", key, NULL};
    /* A pinentry on our terminal would fight with the screen. */
    const char *env[] = {"GPG_TTY=", NULL};
    struct process_options options = {.argv = argv,
        .env = env,
        .input = request->payload,
        .timeout_ms = SIGN_TIMEOUT_MS,
        .max_output = SIGNATURE_MAX,
        .on_data = on_data,
        .on_exit = on_program_exit,
        .data = sign};
    return process_start(loop, &options, err);
}

static struct process *start_ssh(
    struct sign *sign, struct loop *loop, const struct sign_request *request, struct err *err)
{
    if (request->key == NULL || request->key[0] == '\0') {
        err_set(err, ERR_NOT_FOUND,
            "commits are to be signed with ssh (gpg.format), but user.signingkey is not set: set "
            "it "
            "to your key's file, or turn commit.gpgsign off");
        return NULL;
    }
    bool literal = is_literal_key(request->key);
    if (literal && !write_key(sign, request->key, err)) {
        return NULL;
    }
    char *file = literal ? mem_strdup(sign->key_file) : expand_home(request->key);
    const char *argv[] = {
        sign->program, "-Y", "sign", "-n", "git", "-f", file, literal ? "-U" : NULL, NULL};
    struct process_options options = {.argv = argv,
        .input = request->payload,
        .timeout_ms = SIGN_TIMEOUT_MS,
        .max_output = SIGNATURE_MAX,
        .on_data = on_data,
        .on_exit = on_program_exit,
        .data = sign};
    struct process *process = process_start(loop, &options, err);
    free(file);
    return process;
}

struct sign *sign_start(struct loop *loop, const struct sign_request *request,
    void (*done)(void *data, const char *signature, const struct err *err), void *data,
    struct err *err)
{
    bool ssh = strcmp(request->format, "ssh") == 0;
    bool x509 = strcmp(request->format, "x509") == 0;
    if (!ssh && !x509 && strcmp(request->format, "openpgp") != 0) {
        err_set(
            err, ERR_INVALID, "gpg.format is %s: git knows openpgp, x509 and ssh", request->format);
        return NULL;
    }
    struct sign *sign = MEM_NEW(struct sign);
    sign->is_gpg = !ssh;
    sign->program = mem_strdup(request->program != NULL ? request->program
                               : ssh                    ? "ssh-keygen"
                               : x509                   ? "gpgsm"
                                                        : "gpg");
    sign->done = done;
    sign->data = data;
    sign->process = ssh ? start_ssh(sign, loop, request, err) : start_gpg(sign, loop, request, err);
    if (sign->process == NULL) {
        err_prefix(err, "the commit cannot be signed");
        sign_free(sign);
        return NULL;
    }
    return sign;
}

void sign_cancel(struct sign *sign)
{
    process_cancel(sign->process);
}
