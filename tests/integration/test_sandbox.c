/* Programs that try to get out of `bylaw sandbox` (tools/escape.c), with name spaces and without.
 * Each way is first tried unconfined, where it must be open: what is closed anyway proves nothing.
 */
#include "recording_script.h"
#include "test.h"

#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/workbench.h"
#include "base/path.h"
#include "base/vec.h"
#include "sandbox/confined.h"
#include "workspace/scratch.h"

static const char *const modes[] = {"", "--no-namespaces"};

struct outside {
    char *dir; /* holds out/, in/ and home/ */
    int sockets[5];
    int terminal; /* of somebody else: another session's */
    int memory;
};

static char secret_of_the_parent = 'x';

static pid_t start_victim(void)
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        setpgid(0, 0);
        prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
        setenv("PARENT_HAS_IT", "1", 1);
        execlp("sleep", "sleep", "1000", (char *)NULL);
        _exit(127);
    }
    setpgid(pid, pid);
    char *path = mem_printf("/proc/%d/environ", (int)pid);
    for (;;) { /* until it has become sleep */
        char text[65536];
        FILE *file = fopen(path, "r");
        assert_non_null(file);
        size_t got = fread(text, 1, sizeof text, file);
        fclose(file);
        if (memmem(text, got, "PARENT_HAS_IT", 13) != NULL) {
            break;
        }
    }
    free(path);
    return pid;
}

static void end_victim(pid_t pid)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

static void export_number(const char *name, unsigned long long number, bool hex)
{
    char text[32];
    snprintf(text, sizeof text, hex ? "%llx" : "%llu", number);
    setenv(name, text, 1);
}

static int listen_unix(int type, const char *path, bool abstract)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    snprintf(at.sun_path, sizeof at.sun_path, "%s", path);
    socklen_t len =
        (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path) + (abstract ? 0 : 1));
    if (abstract) {
        at.sun_path[0] = '\0';
    }
    int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, len), 0);
    assert_true(type != SOCK_STREAM || listen(fd, 64) == 0);
    return fd;
}

static int open_port(int type, const char *variable)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, len), 0);
    assert_true(type != SOCK_STREAM || listen(fd, 64) == 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
    export_number(variable, ntohs(at.sin_port), false);
    return fd;
}

static void open_terminal(struct outside *o)
{
    o->terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    assert_true(o->terminal >= 0);
    assert_int_equal(unlockpt(o->terminal), 0);
    setenv("TERMINAL", ptsname(o->terminal), 1);
}

static void share_memory(struct outside *o)
{
    key_t key = (key_t)getpid();
    o->memory = shmget(key, 4096, 0600 | IPC_CREAT | IPC_EXCL);
    assert_true(o->memory >= 0);
    export_number("MEMORY", (unsigned long long)key, false);
}

static int set_up(void **state)
{
    struct outside *o = MEM_NEW(struct outside);
    o->dir = test_dir_make();
    test_write(o->dir, "home/.ssh/id", "key\n");
    test_write(o->dir, "codex/auth.json", "key\n");
    test_write(o->dir, "in/file", "mine\n");
    const char *binary = getenv("BYLAW_BINARY_DIR");
    char *values[] = {mem_printf("%s/out", o->dir), mem_printf("%s/in", o->dir),
        mem_printf("%s/home", o->dir), mem_printf("%s/bylaw", binary),
        mem_printf("%s/tests/escape", binary), mem_printf("%s/tests/fill", binary),
        mem_printf("%s/socket", o->dir), mem_printf("%s/datagrams", o->dir),
        mem_printf("%s/codex", o->dir), mem_printf("@bylaw-test-%d", (int)getpid())};
    static const char *const names[] = {"OUT", "IN", "HOME", "BYLAW", "ESCAPE", "FILL", "SOCKET",
        "DATAGRAMS", "CODEX_HOME", "ABSTRACT"};
    static const char *const homes[] = {"XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"};
    for (size_t i = 0; i < ARRAY_LEN(homes); i++) {
        unsetenv(homes[i]);
    }
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        setenv(names[i], values[i], 1);
    }
    setenv("SOME_API_KEY", "1", 1);
    setenv("SSH_AUTH_SOCK", "/nowhere", 1);
    export_number("PARENT", (unsigned long long)getpid(), false);
    export_number("ADDRESS", (unsigned long long)(uintptr_t)&secret_of_the_parent, true);
    prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);
    o->sockets[0] = listen_unix(SOCK_STREAM, getenv("SOCKET"), false);
    o->sockets[1] = listen_unix(SOCK_STREAM, getenv("ABSTRACT"), true);
    o->sockets[4] = listen_unix(SOCK_DGRAM, getenv("DATAGRAMS"), false);
    open_terminal(o);
    share_memory(o);
    o->sockets[2] = open_port(SOCK_STREAM, "TCP");
    o->sockets[3] = open_port(SOCK_DGRAM, "UDP");
    for (size_t i = 0; i < ARRAY_LEN(values); i++) {
        free(values[i]);
    }
    *state = o;
    return 0;
}

static int tear_down(void **state)
{
    struct outside *o = *state;
    for (size_t i = 0; i < ARRAY_LEN(o->sockets); i++) {
        close(o->sockets[i]);
    }
    close(o->terminal);
    shmctl(o->memory, IPC_RMID, NULL);
    test_dir_remove(o->dir);
    free(o);
    return 0;
}

/* The exit code of a line of shell. */
static int shell(const char *line)
{
    int status = system(line);
    assert_true(status != -1 && WIFEXITED(status));
    return WEXITSTATUS(status);
}

struct way {
    const char *line; /* of the shell: arguments of escape */
    bool root;        /* unconfined it is open to root only */
};

static const struct way ways[] = {
    {"write $OUT/file", false},
    {"create $OUT/new", false},
    {"truncate $OUT/file", false},
    {"open-truncate $OUT/file", false},
    {"unlink $OUT/file", false},
    {"mkdir $OUT/folder", false},
    {"rename $OUT/file $IN/taken", false},
    {"rename $IN/file $OUT/put", false},
    {"rename $OUT/file $OUT/other", false},
    {"link $OUT/file $IN/hard", false},
    {"symlink $OUT $IN", false},
    {"write $IN/../out/file", false},
    {"write /proc/$PARENT/root$OUT/file", false},
    {"chmod $OUT/file", false},
    {"fchmod $OUT/file", false},
    {"times $OUT/file", false},
    {"read $HOME/.ssh/id", false},
    {"read /proc/$PARENT/root$HOME/.ssh/id", false},
    {"variable SOME_API_KEY", false},
    {"variable SSH_AUTH_SOCK", false},
    {"environment /proc/$VICTIM/environ", false},
    {"descriptor 9", false},
    {"ptrace $VICTIM", false},
    {"peek $PARENT $ADDRESS", false},
    {"signal $VICTIM", false},
    {"signal-group $VICTIM", false},
    {"unix $SOCKET", false},
    {"unix $ABSTRACT", false},
    {"pair datagram $DATAGRAMS", false},
    {"pair raw $DATAGRAMS", false},
    {"terminal $TERMINAL", false},
    {"limit $VICTIM", false},
    {"priority $VICTIM", false},
    {"processor $VICTIM", false},
    {"owner $VICTIM", false},
    {"flags $OUT/file", false},
    {"memory $MEMORY", false},
    {"read $CODEX_HOME/auth.json", false},
    {"tcp $TCP", false},
    {"udp $UDP", false},
    {"listen 0", false},
    {"ring", false},
    {"unshare", false},
    {"clone", false},
    {"mount $OUT", true},
    {"chroot $OUT", true},
    {"device $IN/device", true},
};

/* The same start for each: the files as they were, somebody to harm. */
static int attempt(const char *confined, const char *line)
{
    pid_t victim = start_victim();
    export_number("VICTIM", (unsigned long long)victim, false);
    char *whole =
        mem_printf("rm -rf \"$OUT\" \"$IN\"; mkdir \"$OUT\" \"$IN\"; echo theirs >\"$OUT/file\"; "
                   "echo mine >\"$IN/file\"; exec 9>>\"$OUT/inherited\" 2>\"$OUT/../said\"; "
                   "%s \"$ESCAPE\" %s",
            confined, line);
    int code = shell(whole);
    free(whole);
    end_victim(victim);
    return code;
}

static void test_ways_out(void **state)
{
    const struct outside *o = *state;
    int open_ways = 0;
    for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
        const char *line = ways[i].line;
        if (!ways[i].root || geteuid() == 0) {
            int code = attempt("", line);
            if (code != 0) {
                char *said = test_read(o->dir, "said");
                fail_msg("unconfined, this way is closed too (%d), so the test of it tests "
                         "nothing: %s: %s",
                    code, line, said);
            }
        }
        for (size_t m = 0; m < ARRAY_LEN(modes); m++) {
            char *confined = mem_printf("\"$BYLAW\" sandbox %s --write \"$IN\" --", modes[m]);
            int code = attempt(confined, line);
            free(confined);
            if (code != 1) {
                char *said = test_read(o->dir, "said");
                fprintf(stderr, "open (%d)%s%s: %s: %s\n", code, m == 0 ? "" : " ", modes[m], line,
                    said);
                free(said);
                open_ways++;
            }
        }
    }
    assert_int_equal(open_ways, 0);
}

/* ---- the same ways, tried by an agent through its run_command ---- */

static void record_ways(const char *workspace)
{
    struct buf out = BUF_INIT;
    script_head(&out);
    script_begin(&out, "try", 0);
    for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
        char *id = mem_printf("c%zu", i);
        char *args = mem_printf("{\"command\":\"IN=$PWD; \\\"$ESCAPE\\\" %s\",\"network\":null,"
                                "\"reason\":null,\"timeout_s\":null}",
            ways[i].line);
        script_call(&out, id, "run_command", args, false);
        free(args);
        free(id);
    }
    script_done(&out);
    script_begin(&out, "try", 1);
    script_say(&out, "None.");
    script_done(&out);
    test_write(workspace, ".bylaw/recordings/ways.jsonl", out.ptr);
    buf_free(&out);
}

static size_t count_open_ways(struct session *session)
{
    size_t open_ways = 0;
    size_t tried = 0;
    VEC_FOREACH (const struct entry, entry, session_transcript(session)) {
        if (entry->kind != ENTRY_TOOL || strcmp(entry->name, "run_command") != 0) {
            continue;
        }
        tried++;
        if (entry->text.len == 0 || strncmp(entry->text.ptr, "Exit code 1.", 12) != 0) {
            fprintf(stderr, "open: %s: %s\n", entry->detail, entry->text.ptr);
            open_ways++;
        }
    }
    assert_int_equal(tried, ARRAY_LEN(ways));
    return open_ways;
}

static void try_as_agent(const struct outside *o, const char *mode)
{
    struct err err;
    char *workspace = path_join(o->dir, "in");
    char *config = mem_printf("sandbox_mode = \"%s\"\n", mode);
    test_write(o->dir, "home/.config/bylaw/config.toml", config);
    test_write(o->dir, "out/file", "theirs\n");
    test_write(o->dir, "in/file", "mine\n");
    record_ways(workspace);
    struct loop *loop = loop_new(&err);
    struct workbench_options options = {
        .loop = loop, .folder = workspace, .provider = "recording", .fresh = true};
    struct workbench *wb = workbench_new(&options, &err);
    assert_ok(wb != NULL, err);
    struct session *session = workbench_session(wb);
    assert_ok(session_prompt(session, STR_LIT("try"), &err), err);
    for (uint64_t end = loop_now_ms() + 240000;
         session_transcript(session)->len == 0 || session_state(session) != SESSION_IDLE;) {
        assert_true(loop_now_ms() < end);
        loop_run_once(loop, 100);
    }
    assert_int_equal(count_open_ways(session), 0);
    workbench_free(wb);
    loop_free(loop);
    char *left = test_read(o->dir, "out/file");
    assert_string_equal(left, "theirs\n");
    free(left);
    free(config);
    free(workspace);
}

static void test_ways_out_for_an_agent(void **state)
{
    const struct outside *o = *state;
    pid_t victim = start_victim();
    export_number("VICTIM", (unsigned long long)victim, false);
    char *inherited = path_join(o->dir, "inherited");
    int fd = open(inherited, O_WRONLY | O_CREAT, 0600);
    assert_int_equal(dup2(fd, 9), 9); /* handed on to children, unless somebody closes it */
    confined_use_program(getenv("BYLAW"));
    setenv("BYLAW_RECORDING_SPEED", "0", 1);
    try_as_agent(o, "read-only");
    try_as_agent(o, "workspace-write");
    confined_use_program(NULL);
    close(9);
    close(fd);
    char *nothing = test_read(o->dir, "inherited");
    assert_string_equal(nothing, "");
    free(nothing);
    free(inherited);
    end_victim(victim);
}

/* Processes whose environment has the mark of this test's leftovers; they are ended. */
static int end_marked(void)
{
    int found = 0;
    DIR *proc = opendir("/proc");
    assert_non_null(proc);
    for (struct dirent *entry; (entry = readdir(proc)) != NULL;) {
        char text[65536];
        char *path = mem_printf("/proc/%s/environ", entry->d_name);
        int fd = atoi(entry->d_name) > 0 ? open(path, O_RDONLY | O_CLOEXEC) : -1;
        ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof text);
        if (fd >= 0) {
            close(fd);
        }
        free(path);
        if (got > 0 && memmem(text, (size_t)got, "LEFT_BEHIND=yes", 15) != NULL) {
            kill((pid_t)atoi(entry->d_name), SIGKILL);
            found++;
        }
    }
    closedir(proc);
    return found;
}

static void test_nothing_outlives_it(void **state)
{
    (void)state;
    assert_int_equal(shell("LEFT_BEHIND=yes \"$ESCAPE\" outlive"), 0);
    assert_int_equal(end_marked(), 1);
    for (size_t m = 0; m < ARRAY_LEN(modes); m++) {
        char *line =
            mem_printf("LEFT_BEHIND=yes \"$BYLAW\" sandbox %s -- \"$ESCAPE\" outlive", modes[m]);
        assert_int_equal(shell(line), 0);
        free(line);
        assert_int_equal(end_marked(), 0);
    }
}

static void expect(const char *line, int code)
{
    for (size_t m = 0; m < ARRAY_LEN(modes); m++) {
        setenv("MODE", modes[m], 1);
        int got = shell(line);
        if (got != code) {
            fail_msg("%s %s: %d, not %d", modes[m], line, got, code);
        }
    }
}

static void test_work_goes_on(void **state)
{
    const struct outside *o = *state;
    expect("cd \"$IN\" && \"$BYLAW\" sandbox $MODE -w . -- sh -ec 'mkdir -p a/b; echo x >a/b/c; mv "
           "a/b/c a/d; ln -sf d a/e;"
           " cat a/e >/dev/null; rm a/e; cat \"$HOME\"/../in/a/d; ls / >/dev/null; (exit 3) || "
           "true; sleep 100 & kill $!; wait; true' >/dev/null",
        0);
    free(test_read(o->dir, "in/a/d"));
    /* A temporary folder of its own, gone afterwards. */
    expect("t=$(\"$BYLAW\" sandbox $MODE -- sh -ec 'echo x >\"$TMPDIR/x\"; test -d \"$TMPDIR\"; "
           "echo \"$TMPDIR\"')"
           " && test -n \"$t\" && ! test -e \"$t\"",
        0);
    expect("\"$BYLAW\" sandbox $MODE -C \"$IN\" -- sh -c 'test \"$(pwd -P)\" = \"$(cd \"$IN\"; pwd "
           "-P)\"'",
        0);
    /* One in another, as a hook has it that calls us. */
    expect("export ASAN_OPTIONS=detect_leaks=0; " /* it traces: refused there */
           "test \"$(\"$BYLAW\" sandbox $MODE -- \"$BYLAW\" sandbox $MODE -- sh -c 'echo x "
           ">\"$TMPDIR/x\" && cat \"$TMPDIR/x\"')\" = x",
        0);
    /* Neither the disk nor the list of processes is filled by one command. */
    expect("test \"$(\"$BYLAW\" sandbox $MODE -- sh -c 'ulimit -f')\" = 8388608", 0);
    expect("test \"$MODE\" != '' || \"$BYLAW\" sandbox -- grep -q 'Max processes *4096' "
           "/proc/self/limits",
        0);
    /* What shells and compilers do with devices. */
    expect(
        "echo x | \"$BYLAW\" sandbox $MODE -- sh -c 'cat /dev/stdin >/dev/stdout' | grep -q x", 0);
    /* The network when it is wanted, and no other socket with it. */
    expect("\"$BYLAW\" sandbox $MODE --network -- \"$ESCAPE\" tcp $TCP", 0);
    expect("\"$BYLAW\" sandbox $MODE --network -- \"$ESCAPE\" udp $UDP", 0);
    expect("\"$BYLAW\" sandbox $MODE --network -- \"$ESCAPE\" unix $SOCKET 2>/dev/null", 1);
    expect("\"$BYLAW\" sandbox $MODE --network -- \"$ESCAPE\" unix $ABSTRACT 2>/dev/null", 1);
    expect("\"$BYLAW\" sandbox $MODE --network -- \"$ESCAPE\" pair datagram $DATAGRAMS 2>/dev/null",
        1);
    expect("\"$BYLAW\" sandbox $MODE -- \"$ESCAPE\" variable HOME", 0);
}

static void test_exit_codes(void **state)
{
    (void)state;
    expect("\"$BYLAW\" sandbox $MODE -- sh -c 'exit 7'", 7);
    expect("\"$BYLAW\" sandbox $MODE -- sh -c 'kill -9 $$'", 137);
    expect("\"$BYLAW\" sandbox $MODE -- no-such-command 2>/dev/null", 127);
    expect("echo no program >\"$IN/text\"; chmod +x \"$IN/text\"; \"$BYLAW\" sandbox $MODE -- "
           "\"$IN/text\" 2>/dev/null",
        126);
    expect("\"$BYLAW\" sandbox $MODE -w /no/such/folder -- true 2>/dev/null", 125);
    expect("\"$BYLAW\" sandbox $MODE -w / -- true 2>/dev/null", 125);
    /* It would hold the keys. */
    expect("\"$BYLAW\" sandbox $MODE -w \"$HOME\" -- true 2>/dev/null", 125);
    expect("\"$BYLAW\" sandbox $MODE 2>/dev/null", 2);
    expect("\"$BYLAW\" sandbox --check >/dev/null", 0);
}

/* Names of temporary folders, and of their locks. */
static int count_temporary(const struct outside *o)
{
    int found = 0;
    char *path = path_join(o->dir, "home/.cache/bylaw/overlays");
    DIR *stream = opendir(path);
    assert_non_null(stream);
    while (readdir(stream) != NULL) {
        found++;
    }
    closedir(stream);
    free(path);
    return found - 2;
}

/* Ended from outside, it takes the program with it, and its temporary folder; killed, it leaves
 * that to the next workbench. */
static void test_is_ended(void **state)
{
    const struct outside *o = *state;
    expect(
        "timeout 1 \"$BYLAW\" sandbox $MODE -- sh -c 'mkdir \"$TMPDIR/x\"; chmod 0 \"$TMPDIR/x\"; "
        "LEFT_BEHIND=yes sleep 1000'",
        124);
    assert_int_equal(end_marked(), 0);
    assert_int_equal(count_temporary(o), 0);
    expect("timeout -s KILL 1 \"$BYLAW\" sandbox $MODE -- env LEFT_BEHIND=yes sleep 1000; test $? "
           "= 137",
        0);
    for (int tries = 0; end_marked() > 0; tries++) { /* the kernel ends them soon, not at once */
        assert_true(tries < 1000);
    }
    assert_int_not_equal(count_temporary(o), 0);
    for (int tries = 0; count_temporary(o) > 0; tries++) { /* the lock goes with the last process */
        assert_true(tries < 1000);
        scratch_sweep();
    }
}

/* Who started it is killed and can end nothing any more. */
static void test_ends_with_its_parent(void **state)
{
    const struct outside *o = *state;
    test_write(o->dir, "starts",
        "\"$BYLAW\" sandbox $MODE --parent=$$ -w \"$IN\" -- "
        "sh -c 'echo >\"$IN/runs\"; LEFT_BEHIND=yes sleep 1000' &\n"
        "until test -e \"$IN/runs\"; do sleep 0.05; done\n"
        "kill -9 $$\n");
    for (size_t m = 0; m < ARRAY_LEN(modes); m++) {
        setenv("MODE", modes[m], 1);
        assert_int_equal(shell("sh \"$IN/../starts\"; test $? = 137"), 0);
        char *path = path_join(o->dir, "in/runs");
        assert_int_equal(unlink(path), 0);
        free(path);
        for (int tries = 0; count_temporary(o) > 0; tries++) { /* removed as at any end */
            assert_true(tries < 100000);
            sched_yield();
        }
        assert_int_equal(end_marked(), 0);
    }
    expect("\"$BYLAW\" sandbox $MODE --parent=x -- true 2>/dev/null", 2);
}

/* ---- its bounds ---- */

static const char too_much_memory[] =
    "had [0-9]* MB in memory together, and sandbox_memory allows ";
static const char too_much_disk[] =
    "had written [0-9]* MB to the disk together, and sandbox_disk allows ";

/* All it starts together, and whatever it hides; and nobody for what is only reserved. */
static void test_bounds(void **state)
{
    (void)state;
    static const struct {
        const char *how;
        const char *sentence; /* NULL: within its bounds */
    } rows[] = {{"memory 512", too_much_memory}, {"together 512", too_much_memory},
        {"memfd 512", too_much_memory}, {"nothing 100000", NULL}, {"disk 128", too_much_disk},
        {"nameless 128", too_much_disk}, {"hidden 128", too_much_disk},
        {"unseen 128", too_much_disk}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char *line = mem_printf("rm -rf \"$IN/x\"; mkdir \"$IN/x\"; \"$BYLAW\" sandbox $MODE "
                                "--memory 256 --disk 48 -w \"$IN/x\" -- \"$FILL\" %s \"$IN/x\" "
                                "2>\"$IN/said\"; code=$?; ! test -e \"$IN/x/hidden\" || chmod 700 "
                                "\"$IN/x/hidden\"; cat \"$IN/said\"; exit $code",
            rows[i].how);
        expect(line, rows[i].sentence != NULL ? 137 : 0);
        char *said =
            rows[i].sentence == NULL
                ? mem_strdup("! test -s \"$IN/said\"")
                : mem_printf("grep -qx 'bylaw sandbox: ended: it and all it started %s[0-9]*' "
                             "\"$IN/said\"",
                      rows[i].sentence);
        expect(said, 0);
        free(said);
        free(line);
    }
    /* One file: the kernel says so, or the watch is before it. */
    expect(
        "\"$BYLAW\" sandbox $MODE --disk 8 -- sh -c 'exec head -c 20000000 /dev/zero "
        ">\"$TMPDIR/x\"' 2>\"$IN/said\"; code=$?; grep -q '^bylaw sandbox: ended: .*sandbox_disk "
        "allows' \"$IN/said\" && { test $code = 153 || test $code = 137; }",
        0);
    expect("\"$BYLAW\" sandbox $MODE --memory 0 -- true 2>/dev/null", 2);
    expect("\"$BYLAW\" sandbox $MODE --disk 1x -- true 2>/dev/null", 2);
}

static void run_command(struct buf *out, const char *id, const char *line)
{
    char *args = mem_printf("{\"command\":\"%s\",\"network\":null,\"reason\":null,"
                            "\"timeout_s\":null}",
        line);
    script_call(out, id, "run_command", args, false);
    free(args);
}

/* The settings are those of the profile in force; the agent and the engineer read one sentence. */
static void test_bounds_of_an_agent(void **state)
{
    const struct outside *o = *state;
    struct err err;
    struct buf out = BUF_INIT;
    char *workspace = path_join(o->dir, "in");
    test_write(o->dir, "home/.config/bylaw/config.toml",
        "sandbox_memory = 256\n[profiles.small]\nsandbox_disk = 48\n");
    script_head(&out);
    script_begin(&out, "try", 0);
    run_command(&out, "a", "echo begun; exec \\\"$FILL\\\" memory 512 .");
    run_command(&out, "b", "echo begun; exec \\\"$FILL\\\" disk 128 \\\"$TMPDIR\\\"");
    script_done(&out);
    script_begin(&out, "try", 1);
    script_say(&out, "Both.");
    script_done(&out);
    test_write(workspace, ".bylaw/recordings/ways.jsonl", out.ptr);
    buf_free(&out);
    confined_use_program(getenv("BYLAW"));
    setenv("BYLAW_RECORDING_SPEED", "0", 1);
    struct loop *loop = loop_new(&err);
    struct workbench_options options = {.loop = loop,
        .folder = workspace,
        .provider = "recording",
        .profile = "small",
        .fresh = true};
    struct workbench *wb = workbench_new(&options, &err);
    assert_ok(wb != NULL, err);
    struct session *session = workbench_session(wb);
    assert_ok(session_prompt(session, STR_LIT("try"), &err), err);
    while (session_transcript(session)->len == 0 || session_state(session) != SESSION_IDLE) {
        loop_run_once(loop, 100);
    }
    size_t told = 0;
    VEC_FOREACH (const struct entry, entry, session_transcript(session)) {
        if (entry->kind == ENTRY_TOOL && strcmp(entry->name, "run_command") == 0) {
            const char *sentence =
                told++ == 0 ? "in memory together, and sandbox_memory allows 256.\nbegun\n"
                            : "to the disk together, and sandbox_disk allows 48.\nbegun\n";
            assert_int_equal(entry->status, ENTRY_FAILED);
            assert_true(
                str_starts(buf_str(&entry->text), "It was ended: it and all it started had "));
            assert_true(str_ends(buf_str(&entry->text), sentence)); /* and no second time */
        }
    }
    assert_int_equal(told, 2);
    workbench_free(wb);
    loop_free(loop);
    confined_use_program(NULL);
    confined_use_bounds(0, 0);
    free(workspace);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ways_out),
        cmocka_unit_test(test_ways_out_for_an_agent),
        cmocka_unit_test(test_nothing_outlives_it),
        cmocka_unit_test(test_work_goes_on),
        cmocka_unit_test(test_exit_codes),
        cmocka_unit_test(test_is_ended),
        cmocka_unit_test(test_ends_with_its_parent),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_bounds_of_an_agent),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
