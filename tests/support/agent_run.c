#include "agent_run.h"

#include "test.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/path.h"
#include "base/vec.h"
#include "workspace/door.h"

const char agent_policy[] =
    "package p\n\ndeny contains msg if {\n\tinput.bad\n\tmsg := \"bad\"\n}\n";

/* The workspace is a repository, as most are. */
static void make_repository(const struct agent_run *run)
{
    char *line = mem_printf("cd '%s' && git init -q -b main && git add -A && git -c user.name=N "
                            "-c user.email=n@x commit -qm First-of-all",
        run->dir);
    // NOLINTNEXTLINE(cert-env33-c,concurrency-mt-unsafe): a test's own words, one thread
    assert_int_equal(system(line), 0);
    free(line);
}

struct agent_run *agent_run_new(void)
{
    struct err err;
    struct agent_run *run = MEM_NEW(struct agent_run);
    run->home = test_dir_make();
    run->dir = test_dir_make();
    run->server = fault_server_start();
    /* Whatever shells and agents keep, they keep it here. */
    static const char *const places[] = {"HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME"};
    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        setenv(places[i], run->home, 1);
    }
    setenv("LAB_ACCESS", "x", 1);
    test_write(run->dir, "p/p.rego", agent_policy);
    make_repository(run);
    run->loop = loop_new(&err);
    return run;
}

void agent_run_free(struct agent_run *run)
{
    workbench_free(run->wb);
    loop_free(run->loop);
    fault_server_stop(run->server);
    test_dir_remove(run->dir);
    test_dir_remove(run->home);
    free(run);
}

void agent_run_open(struct agent_run *run, const char *provider, const char *session)
{
    struct err err;
    struct workbench_options options = {
        .loop = run->loop, .folder = run->dir, .provider = provider, .session = session};
    workbench_free(run->wb);
    run->wb = workbench_new(&options, &err);
    if (run->wb == NULL) {
        fail_msg("%s", err.text);
    }
}

void agent_run_dump(struct agent_run *run)
{
    VEC_FOREACH (struct entry, e, session_transcript(workbench_session(run->wb))) {
        print_message("%d/%d %s %s: %s\n", e->kind, e->status, e->name == NULL ? "" : e->name,
            e->detail == NULL ? "" : e->detail, e->text.len > 0 ? e->text.ptr : "");
    }
    for (size_t i = 0; workbench_notice(run->wb, i) != NULL; i++) {
        print_message("notice: %s\n", workbench_notice(run->wb, i));
    }
    for (size_t i = 0; i < fault_server_count(run->server); i++) {
        char *request = fault_server_request(run->server, i);
        char *tools = strstr(request, ",\"tools\":"); /* long, and the same each time */
        if (tools != NULL) {
            *tools = '\0';
        }
        size_t len = strlen(request);
        /* The end is what is new, and cmocka prints no more than 1 KiB. */
        print_message("request %zu ends: %s\n", i, request + (len > 900 ? len - 900 : 0));
        free(request);
    }
}

/* ---- the conversation ---- */

const struct entry *agent_find(struct agent_run *run, enum entry_kind kind, const char *text)
{
    VEC_FOREACH (struct entry, e, session_transcript(workbench_session(run->wb))) {
        bool in_text = e->text.len > 0 && strstr(e->text.ptr, text) != NULL;
        bool in_detail = e->detail != NULL && strstr(e->detail, text) != NULL;
        if (e->kind == kind && (text[0] == '\0' || in_text || in_detail)) {
            return e;
        }
    }
    return NULL;
}

const struct entry *agent_must_find(struct agent_run *run, enum entry_kind kind, const char *text)
{
    const struct entry *entry = agent_find(run, kind, text);
    if (entry == NULL) {
        agent_run_dump(run);
        fail_msg("the transcript has no entry with \"%s\"", text);
    }
    return entry;
}

size_t agent_count(struct agent_run *run, enum entry_kind kind)
{
    size_t count = 0;
    VEC_FOREACH (struct entry, e, session_transcript(workbench_session(run->wb))) {
        count += e->kind == kind;
    }
    return count;
}

void agent_say(struct agent_run *run, const char *prompt)
{
    struct err err;
    assert_ok(session_prompt(workbench_session(run->wb), str_of(prompt), &err), err);
}

bool agent_is_idle(struct agent_run *run)
{
    return session_state(workbench_session(run->wb)) == SESSION_IDLE &&
           session_queue_count(workbench_session(run->wb)) == 0;
}

void agent_ask(struct agent_run *run, const char *prompt)
{
    size_t before = session_transcript(workbench_session(run->wb))->len;
    agent_say(run, prompt);
    WAIT_UNTIL(run,
        session_transcript(workbench_session(run->wb))->len > before + 1 && agent_is_idle(run));
}

bool agent_asks(struct agent_run *run, const char *text)
{
    const char *what = session_approval(workbench_session(run->wb));
    return what != NULL && strstr(what, text) != NULL;
}

/* ---- what it saw, what stands ---- */

static bool request_has(struct agent_run *run, size_t at, const char *text)
{
    char *request = fault_server_request(run->server, at);
    bool has = strstr(request, text) != NULL;
    free(request);
    return has;
}

void agent_expect_request(struct agent_run *run, size_t at, const char *text)
{
    if (!request_has(run, at, text)) {
        agent_run_dump(run);
        fail_msg("request %zu has no \"%s\"", at, text);
    }
}

void agent_expect_a_request(struct agent_run *run, const char *text)
{
    size_t count = fault_server_count(run->server);
    for (size_t i = 0; i < count; i++) {
        if (request_has(run, i, text)) {
            return;
        }
    }
    agent_run_dump(run);
    fail_msg("no request has \"%s\"", text);
}

void agent_expect_no_request(struct agent_run *run, size_t at, const char *text)
{
    if (request_has(run, at, text)) {
        agent_run_dump(run);
        fail_msg("request %zu has \"%s\"", at, text);
    }
}

void agent_expect_file(struct agent_run *run, const char *path, const char *text)
{
    if (text == NULL) {
        char *full = path_join(run->dir, path);
        assert_int_not_equal(access(full, F_OK), 0);
        free(full);
        return;
    }
    char *now = test_read(run->dir, path);
    assert_string_equal(now, text);
    free(now);
}

static void written(void *data, const struct err *err)
{
    if (err != NULL) {
        fail_msg("%s", err->text);
    }
    *(bool *)data = true;
}

void agent_finish_review(struct agent_run *run)
{
    struct err err;
    struct outcome outcome;
    assert_ok(workbench_outcome(run->wb, &outcome, &err), err);
    bool ready = outcome.accepted.len == 0;
    if (!ready) {
        door_start(workbench_workspace(run->wb), run->loop, &outcome.accepted, written, &ready);
    }
    WAIT_UNTIL(run, ready);
    workbench_decided(run->wb, &outcome, "Mend it", "abc1234", false);
    outcome_free(&outcome);
}

/* Processes that have it in their environment are sent the signal (0: none); how many there are. */
static size_t signal_marked(const char *mark, int signal)
{
    size_t count = 0;
    DIR *proc = opendir("/proc");
    assert_non_null(proc);
    for (struct dirent *entry; (entry = readdir(proc)) != NULL;) {
        char text[65536];
        char *path = mem_printf("/proc/%s/environ", entry->d_name);
        long pid = strtol(entry->d_name, NULL, 10);
        int fd = pid > 0 && pid != getpid() ? open(path, O_RDONLY | O_CLOEXEC) : -1;
        ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof text);
        if (fd >= 0) {
            close(fd);
        }
        free(path);
        if (got > 0 && memmem(text, (size_t)got, mark, strlen(mark)) != NULL) {
            count++;
            kill((pid_t)pid, signal);
        }
    }
    closedir(proc);
    return count;
}

void agent_kill(const char *mark)
{
    signal_marked(mark, SIGKILL);
}

bool agent_is_running(const char *mark)
{
    return signal_marked(mark, 0) > 0;
}

int agent_run_command(struct agent_run *run, const char *command, const char *arguments)
{
    char *line = mem_printf("\"$BYLAW_BINARY_DIR/bylaw\" %s %s >'%s/out' 2>'%s/err' </dev/null; "
                            "printf %%s $?",
        command, arguments, run->home, run->home);
    const char *argv[] = {"sh", "-c", line, NULL};
    char *code = test_run(run->dir, argv);
    int number = (int)strtol(code, NULL, 10);
    free(code);
    free(line);
    return number;
}

void agent_expect_output(struct agent_run *run, const char *file, const char *text)
{
    char *now = test_read(run->home, file);
    if (strstr(now, text) == NULL) {
        char *said = test_read(run->home, "err");
        fail_msg("\"%s\" is not in %s:\n%s\n%s", text, file, now, said);
    }
    free(now);
}
