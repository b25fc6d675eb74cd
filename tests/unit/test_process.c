#include "test.h"

#include "base/file.h"
#include "base/path.h"
#include "base/vec.h"
#include "loop/process.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

struct seen {
    struct buf lines;
    struct process_result result;
    bool done;
    int exits;
};

static void on_line(void *data, enum process_stream stream, struct str line)
{
    struct seen *seen = data;
    buf_printf(&seen->lines, "%d:%.*s|", stream, STR_FMT(line));
}

static void on_exit_seen(void *data, const struct process_result *result)
{
    struct seen *seen = data;
    seen->result = *result;
    seen->done = true;
    seen->exits++;
}

static struct seen run(const char *script, uint64_t timeout_ms, size_t max_output)
{
    struct err err;
    struct seen seen = {.lines = BUF_INIT};
    struct loop *loop = loop_new(&err);
    const char *argv[] = {"sh", "-c", script, NULL};
    const char *env[] = {"GIVEN=yes", NULL};
    struct process_options options = {.argv = argv,
        .env = env,
        .nice = 7,
        .timeout_ms = timeout_ms,
        .max_output = max_output,
        .input = STR_LIT("fed\n"),
        .on_line = on_line,
        .on_exit = on_exit_seen,
        .data = &seen};
    assert_non_null(process_start(loop, &options, &err));
    assert_true(loop_run_until(loop, &seen.done, 240000));
    loop_free(loop);
    assert_int_equal(seen.exits, 1);
    return seen;
}

static void streams_lines_and_input(void **state)
{
    (void)state;
    setenv("MY_API_KEY", "hush", 1);
    struct seen seen =
        run("cat; echo $GIVEN; echo [$MY_API_KEY]; echo bad >&2; printf tail; exit 3", 0, 0);
    assert_int_equal(seen.result.exit_code, 3);
    assert_non_null(strstr(seen.lines.ptr, "0:fed|0:yes|0:[]|"));
    assert_non_null(strstr(seen.lines.ptr, "1:bad|"));
    assert_non_null(strstr(seen.lines.ptr, "0:tail|"));
    buf_free(&seen.lines);
}

/* As scripts do. */
static void streams_can_be_opened_again(void **state)
{
    (void)state;
    struct seen seen = run("cat /dev/stdin >/dev/stdout && echo said >/dev/stderr", 0, 0);
    assert_int_equal(seen.result.exit_code, 0);
    assert_non_null(strstr(seen.lines.ptr, "0:fed|"));
    assert_non_null(strstr(seen.lines.ptr, "1:said|"));
    buf_free(&seen.lines);
}

static void secrets_stay_here(void **state)
{
    (void)state;
    static const struct {
        const char *name, *value;
    } secret[] = {{"AWS_ACCESS_KEY_ID", "hush"}, {"DEPLOY_KEY", "hush"}, {"DB_PASS", "hush"},
        {"MYSQL_PWD", "hush"}, {"DATABASE_URL", "postgres://me:hush@db/x"},
        {"PLAIN_NAME", "sk-hush"}, {"GIT_PEM", "-----BEGIN hush"}},
      plain[] = {{"GIT_AUTHOR_NAME", "heard"}, {"KEYBOARD", "heard"}, {"OLDPWD", "heard"},
          {"SOME_URL", "https://heard/a:b@c"}};
    for (size_t i = 0; i < ARRAY_LEN(secret); i++) {
        setenv(secret[i].name, secret[i].value, 1);
    }
    for (size_t i = 0; i < ARRAY_LEN(plain); i++) {
        setenv(plain[i].name, plain[i].value, 1);
    }
    struct seen seen = run("env | grep -c hush; env | grep -c heard", 0, 0);
    assert_non_null(strstr(seen.lines.ptr, "0:0|0:4|"));
    buf_free(&seen.lines);
}

static void timeout_kills_the_group(void **state)
{
    (void)state;
    struct seen seen = run("sleep 60 & sleep 60", 100, 0);
    assert_true(seen.result.timed_out);
    assert_int_equal(seen.result.signal, SIGTERM);
    assert_true(seen.result.wall_us < 50000000);
    buf_free(&seen.lines);
}

static void orphan_with_the_pipe_is_cut_off(void **state)
{
    (void)state;
    struct seen seen = run("sleep 60 & echo started", 0, 0);
    assert_int_equal(seen.result.exit_code, 0);
    assert_true(seen.result.wall_us < 50000000);
    buf_free(&seen.lines);
}

/* One that goes on writing too. */
static void orphan_that_floods_is_cut_off(void **state)
{
    (void)state;
    struct seen seen = run("yes no >&2 & echo started", 0, SIZE_MAX);
    assert_int_equal(seen.result.exit_code, 0);
    buf_free(&seen.lines);
}

/* Waits until a child of ours has ended or is stopped, without taking that away from the loop. */
static void wait_for(const struct process *child, int what)
{
    siginfo_t info;
    assert_int_equal(waitid(P_PID, (id_t)process_pid(child), &info, what | WNOWAIT), 0);
}

/* The loop is held up here while the other child says all it has to say, and ends. */
static void on_first_line(void *data, enum process_stream stream, struct str line)
{
    const struct process *other = data;
    (void)stream;
    (void)line;
    assert_int_equal(kill(process_pid(other), SIGCONT), 0);
    wait_for(other, WEXITED);
    usleep(400000); /* longer than an open pipe is waited for */
}

/* The end of a child is told before its last words were read, and the time to wait for them is over
 * when the loop comes back: they are read all the same. */
static void last_words_are_read_however_late(void **state)
{
    (void)state;
    struct err err;
    struct loop *loop = loop_new(&err);
    struct seen seen = {.lines = BUF_INIT};
    const char *waits[] = {
        "sh", "-c", "kill -STOP $$; head -c 20000 /dev/zero | tr '\\0' x; echo end", NULL};
    const char *says[] = {"echo", "first", NULL};
    struct process_options options = {
        .argv = waits, .on_line = on_line, .on_exit = on_exit_seen, .data = &seen};
    struct process *other = process_start(loop, &options, &err);
    wait_for(other, WSTOPPED);
    options = (struct process_options){.argv = says, .on_line = on_first_line, .data = other};
    const struct process *first = process_start(loop, &options, &err);
    wait_for(first, WEXITED); /* so that its line and its end are there at once */
    assert_true(loop_run_until(loop, &seen.done, 240000));
    assert_int_equal(seen.result.exit_code, 0);
    assert_true(seen.lines.len > 20000 && str_ends(buf_str(&seen.lines), "xend|"));
    buf_free(&seen.lines);
    loop_free(loop);
}

/* With what it starts itself. */
static void makes_way(void **state)
{
    (void)state;
    int own = nice(0);
    struct seen seen = run("sleep 0.1; nice; sh -c nice", 0, 0);
    char *expected =
        mem_printf("0:%d|0:%d|", own + 7 < 19 ? own + 7 : 19, own + 7 < 19 ? own + 7 : 19);
    assert_string_equal(seen.lines.ptr, expected);
    free(expected);
    buf_free(&seen.lines);
}

static void flood_is_bounded(void **state)
{
    (void)state;
    struct seen seen = run("yes", 0, 100000);
    assert_true(seen.result.truncated);
    buf_free(&seen.lines);
}

static void missing_program_is_an_error(void **state)
{
    (void)state;
    struct err err;
    struct loop *loop = loop_new(&err);
    const char *argv[] = {"no-such-program", NULL};
    struct process_options options = {.argv = argv};
    assert_null(process_start(loop, &options, &err));
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    assert_string_equal(err.text, "no-such-program is not on PATH");
    loop_free(loop);
}

/* Several that end in the same moment are told by one signal. */
static void many_at_once_end_once_each(void **state)
{
    (void)state;
    enum { MANY = 24 };
    struct err err;
    struct loop *loop = loop_new(&err);
    struct seen seen[MANY] = {0};
    int gate[2];
    assert_int_equal(pipe2(gate, O_CLOEXEC), 0);
    char *wait = mem_printf("read x < /proc/%d/fd/%d; exit 4", (int)getpid(), gate[0]);
    const char *argv[] = {"sh", "-c", wait, NULL};
    for (size_t i = 0; i < MANY; i++) {
        struct process_options options = {
            .argv = argv, .on_line = on_line, .on_exit = on_exit_seen, .data = &seen[i]};
        assert_non_null(process_start(loop, &options, &err));
    }
    close(gate[1]);
    for (size_t i = 0; i < MANY; i++) {
        assert_true(loop_run_until(loop, &seen[i].done, 240000));
        assert_int_equal(seen[i].result.exit_code, 4);
    }
    loop_free(loop);
    for (size_t i = 0; i < MANY; i++) {
        assert_int_equal(seen[i].exits, 1);
        buf_free(&seen[i].lines);
    }
    close(gate[0]);
    free(wait);
}

/* What we ignore (SIGPIPE) and have blocked is none of the child's. */
static void signals_are_as_usual(void **state)
{
    (void)state;
    sigset_t blocked;
    sigset_t before;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGUSR2);
    pthread_sigmask(SIG_BLOCK, &blocked, &before);
    struct seen pipe_seen = run("kill -s PIPE $$; echo still here", 0, 0);
    assert_int_equal(pipe_seen.result.signal, SIGPIPE);
    assert_int_equal(pipe_seen.result.exit_code, -1);
    struct seen blocked_seen = run("kill -s USR2 $$; echo still here", 0, 0);
    assert_int_equal(blocked_seen.result.signal, SIGUSR2);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    buf_free(&pipe_seen.lines);
    buf_free(&blocked_seen.lines);
}

/* A script without a first line that says what reads it is the shell's; one in a folder of its own.
 */
static void scripts_are_the_shells(void **state)
{
    (void)state;
    struct err err;
    struct loop *loop = loop_new(&err);
    char folder[] = "/tmp/bylaw-test-process-XXXXXX";
    assert_non_null(mkdtemp(folder));
    char *script = path_join(folder, "script");
    assert_ok(file_write(script, STR_LIT("pwd; echo \"$0 $1 $2\"\n"), 0755, &err), err);
    struct buf out = BUF_INIT;
    struct process_result result;
    const char *argv[] = {script, "one", "two three", NULL};
    struct process_options options = {.argv = argv, .cwd = folder};
    assert_ok(process_run(loop, &options, &out, NULL, &result, &err), err);
    assert_int_equal(result.exit_code, 0);
    char *want = mem_printf("%s\n%s one two three\n", folder, script);
    assert_string_equal(out.ptr, want);
    free(want);
    buf_free(&out);

    options.cwd = script; /* no folder */
    assert_null(process_start(loop, &options, &err));
    assert_int_equal(err.kind, ERR_EXTERNAL);
    assert_non_null(strstr(err.text, "not a directory"));
    unlink(script);
    rmdir(folder);
    free(script);
    loop_free(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(streams_lines_and_input),
        cmocka_unit_test(streams_can_be_opened_again),
        cmocka_unit_test(secrets_stay_here),
        cmocka_unit_test(timeout_kills_the_group),
        cmocka_unit_test(orphan_with_the_pipe_is_cut_off),
        cmocka_unit_test(orphan_that_floods_is_cut_off),
        cmocka_unit_test(last_words_are_read_however_late),
        cmocka_unit_test(makes_way),
        cmocka_unit_test(flood_is_bounded),
        cmocka_unit_test(missing_program_is_an_error),
        cmocka_unit_test(many_at_once_end_once_each),
        cmocka_unit_test(signals_are_as_usual),
        cmocka_unit_test(scripts_are_the_shells),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
