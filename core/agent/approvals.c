#include "agent/approvals.h"

#include <stdlib.h>
#include <string.h>

#include "agent/command_words.h"
#include "base/file.h"
#include "base/path.h"
#include "base/vec.h"
#include "config/config.h"

enum { LIST_MAX = 256 * 1024 };

/* What the engineer approved, as it stood before him. */
struct allowed {
    char *line;
    char *policy;
    bool network, writes;
};

struct approvals {
    const struct config *config;
    struct {
        struct allowed *items;
        size_t len, cap;
    } session;
};

struct approvals *approvals_new(const struct config *config)
{
    struct approvals *approvals = MEM_NEW(struct approvals);
    approvals->config = config;
    return approvals;
}

void approvals_free(struct approvals *approvals)
{
    if (approvals == NULL) {
        return;
    }
    VEC_FOREACH (struct allowed, allowed, &approvals->session) {
        free(allowed->line);
        free(allowed->policy);
    }
    VEC_FREE(&approvals->session);
    free(approvals);
}

static const char *policy_of(const struct approvals *approvals)
{
    return config_string(approvals->config, "approval_policy");
}

static bool policy_is(const struct approvals *approvals, const char *name)
{
    return strcmp(policy_of(approvals), name) == 0;
}

bool approvals_may_write(const struct approvals *approvals)
{
    return strcmp(config_string(approvals->config, "sandbox_mode"), "workspace-write") == 0;
}

/* ---- the file ---- */

char *approvals_file(void)
{
    char *home = path_home_dir(PATH_CONFIG, NULL);
    char *path = home == NULL ? NULL : path_join(home, "allowed-commands");
    free(home);
    return path;
}

/* A missing file is an empty one. */
static bool read_file(struct buf *out, struct err *err)
{
    char *path = approvals_file();
    if (path == NULL) {
        return err_set(err, ERR_NOT_FOUND, "there is no home folder for the allow-list");
    }
    struct err cause = {0};
    bool ok = file_read(path, LIST_MAX, out, &cause) || cause.kind == ERR_NOT_FOUND;
    free(path);
    return ok || err_set(err, cause.kind, "%s", cause.text);
}

/* The next entry of the list; `bad` (may be NULL) gets the line that is none. */
static bool next_rule(
    struct str *rest, struct command_words *rule, struct str *bad, struct err *err)
{
    struct str line;
    while (str_next_line(rest, &line)) {
        line = str_trim(line);
        if (line.len == 0 || line.ptr[0] == '#') {
            continue;
        }
        if (command_words_read(line, rule, err)) {
            return true;
        }
        if (bad != NULL) {
            *bad = line;
            return false;
        }
    }
    return false;
}

/* The program's own name: "/usr/bin/python3.12" is python. */
static struct str program_of(const char *word)
{
    const char *slash = strrchr(word, '/');
    struct str name = str_of(slash == NULL ? word : slash + 1);
    while (name.len > 1 && strchr("0123456789.-", name.ptr[name.len - 1]) != NULL) {
        name.len--;
    }
    return name;
}

static bool is_one_of(struct str name, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (str_equal_c(name, list[i])) {
            return true;
        }
    }
    return false;
}

/* Programs that run what their arguments say, always; with no words to say what; or by a command of
 * theirs with no words behind it. */
static bool runs_anything(const struct command_words *rule)
{
    static const char *const wrappers[] = {"env", "xargs", "sudo", "doas", "su", "runuser",
        "pkexec", "nohup", "timeout", "time", "nice", "ionice", "chrt", "taskset", "setsid",
        "setpriv", "setarch", "stdbuf", "unbuffer", "watch", "entr", "find", "fd", "parallel",
        "ssh", "exec", "eval", "command", "builtin", "busybox", "toybox", "script", "strace",
        "ltrace", "gdb", "perf", "valgrind", "unshare", "nsenter", "chroot", "flock", "bwrap",
        "proot", "fakeroot", "systemd-run", "dbus-run-session", "tmux", "screen", "direnv",
        "dotenv", "nix-shell"};
    static const char *const interpreters[] = {"sh", "bash", "rbash", "dash", "ash", "zsh", "ksh",
        "mksh", "fish", "pwsh", "nu", "python", "pypy", "perl", "ruby", "node", "nodejs", "deno",
        "bun", "tsx", "ts-node", "php", "lua", "luajit", "awk", "gawk", "mawk", "nawk", "sed",
        "tclsh", "Rscript", "R", "julia", "guile", "git", "make", "gmake", "just", "task", "rake",
        "npx", "bunx", "uvx", "vi", "vim", "nvim", "emacs", "ed", "ex", "source", "."};
    static const char *const runners[][2] = {{"go", "run"}, {"go", "generate"}, {"go", "tool"},
        {"cargo", "run"}, {"npm", "run"}, {"npm", "exec"}, {"npm", "x"}, {"pnpm", "run"},
        {"pnpm", "exec"}, {"pnpm", "dlx"}, {"yarn", "run"}, {"yarn", "exec"}, {"yarn", "dlx"},
        {"uv", "run"}, {"uv", "tool"}, {"pipx", "run"}, {"poetry", "run"}, {"pdm", "run"},
        {"bundle", "exec"}, {"dotnet", "run"}, {"docker", "run"}, {"docker", "exec"},
        {"podman", "run"}, {"podman", "exec"}, {"kubectl", "exec"}, {"kubectl", "run"},
        {"nix", "run"}, {"nix", "develop"}, {"nix", "shell"}, {"op", "run"}, {"mise", "exec"},
        {"asdf", "exec"}, {"bylaw", "sandbox"}};
    struct str name = program_of(rule->items[0]);
    if (is_one_of(name, wrappers, ARRAY_LEN(wrappers))) {
        return true;
    }
    if (is_one_of(name, interpreters, ARRAY_LEN(interpreters))) {
        return rule->len < 2 || rule->items[1][0] == '-';
    }
    for (size_t i = 0; i < ARRAY_LEN(runners); i++) {
        if (str_equal_c(name, runners[i][0])) {
            bool runs = rule->len > 1 && strcmp(rule->items[1], runners[i][1]) == 0;
            if (rule->len < 2 || (runs && (rule->len < 3 || rule->items[2][0] == '-'))) {
                return true;
            }
        }
    }
    return false;
}

static bool is_listed(struct str line)
{
    struct err err;
    struct command_words words;
    struct buf text = BUF_INIT;
    if (!command_words_read(line, &words, &err)) {
        return false;
    }
    bool found = false;
    if (read_file(&text, &err)) {
        struct str rest = buf_str(&text);
        struct command_words rule;
        while (!found && next_rule(&rest, &rule, NULL, &err)) {
            found = command_words_begin(&words, &rule) && !runs_anything(&rule);
            command_words_free(&rule);
        }
    }
    buf_free(&text);
    command_words_free(&words);
    return found;
}

void approvals_check_file(struct buf *problems)
{
    struct err err;
    struct buf text = BUF_INIT;
    if (!read_file(&text, &err)) {
        if (err.kind != ERR_NOT_FOUND) {
            buf_printf(problems, "The allow-list of commands cannot be read: %s\n", err.text);
        }
        buf_free(&text);
        return;
    }
    struct str rest = buf_str(&text);
    struct command_words rule;
    for (;;) {
        struct str bad = {0};
        if (next_rule(&rest, &rule, &bad, &err)) {
            if (runs_anything(&rule)) {
                buf_printf(problems,
                    "The allow-list of commands: \"%s\" would allow anything and allows nothing.\n",
                    rule.items[0]);
            }
            command_words_free(&rule);
        } else if (bad.len > 0) {
            buf_printf(problems, "The allow-list of commands: \"%.*s\" allows nothing: %s.\n",
                STR_FMT(str_slice(bad, 0, 80)), err.text);
        } else {
            break;
        }
    }
    buf_free(&text);
}

bool approvals_allow_always(struct str rule, struct err *err)
{
    struct command_words words;
    struct buf text = BUF_INIT;
    if (!command_words_read(rule, &words, err)) {
        return err_prefix(err, "\"%.*s\" cannot be on the allow-list", STR_FMT(rule));
    }
    bool ok = !runs_anything(&words) ||
              err_set(err, ERR_DENIED,
                  "\"%.*s\" on the allow-list would allow any program: name what it may run",
                  STR_FMT(rule));
    if (ok && !is_listed(rule)) {
        char *path = approvals_file();
        char *home = path_home_dir(PATH_CONFIG, NULL);
        ok = read_file(&text, err) && path_make_dirs(home, err);
        if (ok) {
            if (text.len == 0) {
                buf_append_c(&text,
                    "# Commands of an agent that run without asking (approval_policy "
                    "unless-allow-listed).\n# A line allows what begins with its words.\n");
            } else if (text.ptr[text.len - 1] != '\n') {
                buf_append_char(&text, '\n');
            }
            buf_printf(&text, "%.*s\n", STR_FMT(str_trim(rule)));
            ok = file_write(path, buf_str(&text), 0600, err);
        }
        free(home);
        free(path);
    }
    buf_free(&text);
    command_words_free(&words);
    return ok;
}

/* ---- judging ---- */

/* An approval is for what was shown with it: it outlives neither a stricter policy nor a sandbox
 * that lets the command do more. */
bool approvals_has_session(const struct approvals *approvals, struct str line, bool network)
{
    VEC_FOREACH (const struct allowed, allowed, &approvals->session) {
        if (str_equal_c(line, allowed->line) && (allowed->network || !network) &&
            (allowed->writes || !approvals_may_write(approvals)) &&
            !config_is_stricter("approval_policy", policy_of(approvals), allowed->policy)) {
            return true;
        }
    }
    return false;
}

enum verdict approvals_judge(
    struct approvals *approvals, struct str line, bool network, const char **why)
{
    if (policy_is(approvals, "never")) { /* whatever was approved under another one */
        *why =
            "The engineer's approval_policy is \"never\": nothing leaves the sandbox. Do without "
            "the network.";
        return network ? VERDICT_REFUSE : VERDICT_RUN;
    }
    if (approvals_has_session(approvals, line, network)) {
        return VERDICT_RUN;
    }
    if (policy_is(approvals, "on-request")) {
        return network ? VERDICT_ASK : VERDICT_RUN;
    }
    bool listed = policy_is(approvals, "unless-allow-listed") && !network && is_listed(line);
    return listed ? VERDICT_RUN : VERDICT_ASK;
}

static bool is_verb(const char *word)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
    return word[0] != '-' && word[strspn(word, letters)] == '\0';
}

char *approvals_rule(
    const struct approvals *approvals, struct str line, bool network, const char **why_not)
{
    struct err err;
    struct command_words words;
    if (network) {
        *why_not = "A command that wants the network is asked about each time.";
        return NULL;
    }
    if (!policy_is(approvals, "unless-allow-listed")) {
        *why_not = "Only approval_policy \"unless-allow-listed\" has an allow-list.";
        return NULL;
    }
    if (!command_words_read(line, &words, &err)) {
        *why_not = "This is not plainly one command and its arguments: it cannot be on the list.";
        return NULL;
    }
    struct command_words begin = words;
    begin.len = words.len > 1 && is_verb(words.items[1]) ? 2 : 1;
    bool anything = runs_anything(&begin);
    if (anything && begin.len == 2 && words.len > 2) { /* "npm run lint" */
        begin.len = 3;
        anything = runs_anything(&begin);
    }
    size_t len = begin.len;
    char *rule = anything ? NULL : command_words_line(&words, len);
    command_words_free(&words);
    if (rule == NULL) {
        *why_not = anything ? "On the list it would allow any program: approve it once, or for "
                              "this session."
                            : "Its name cannot be written as a line of the list.";
    }
    return rule;
}

void approvals_allow_session(struct approvals *approvals, struct str line, bool network)
{
    VEC_PUSH(&approvals->session, (struct allowed){.line = str_dup(line),
                                      .policy = mem_strdup(policy_of(approvals)),
                                      .network = network,
                                      .writes = approvals_may_write(approvals)});
}

char *approvals_terms(const struct approvals *approvals, bool network)
{
    return mem_printf("approval_policy %s; confined: reads files but no keys, writes %s, %s",
        policy_of(approvals),
        approvals_may_write(approvals)
            ? "its scratch copy of the workspace (for your review) and a temporary folder"
            : "a temporary folder only",
        network ? "AND REACHES THE NETWORK, servers on this machine too" : "no network");
}
