/* The chain: we (outside; we clean up) -> the keeper (first process of the name spaces; it reaps,
 * and its end ends all of them) -> the program. */
#include "sandbox/sandbox.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/env.h"
#include "base/file.h"
#include "base/path.h"
#include "sandbox/bounds.h"
#include "sandbox/sandbox_private.h"
#include "workspace/scratch.h"

#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC (1U << 2)
#endif

enum { TERM_GRACE_S = 1, PROCESSES_MAX = 4096 };

struct launch {
    const struct sandbox_policy *policy;
    struct cage cage;
    char *program;
    char *const *argv;
    struct scratch temporary;
    struct env env;
    struct bounds_watch watch;
    char *tmpdir_entry; /* "TMPDIR=…" */
    int report;         /* where the child says why it could not start */
    uid_t uid;
    gid_t gid;
};

/* What a child that fails before its program runs writes to the pipe. */
struct report {
    int code;
    struct err err;
};

void paths_free(struct paths *paths)
{
    VEC_FOREACH (char *, path, paths) {
        free(*path);
    }
    VEC_FREE(paths);
}

static bool add_writable(struct cage *cage, const char *folder, struct err *err)
{
    char real[PATH_MAX];
    struct stat st;
    if (realpath(folder, real) == NULL || stat(real, &st) != 0) {
        return err_set_errno(err, errno, "cannot let the sandbox write to %s", folder);
    }
    if (!S_ISDIR(st.st_mode)) {
        return err_set(
            err, ERR_INVALID, "%s is no folder: the sandbox writes to folders only", folder);
    }
    if (strcmp(real, "/") == 0) {
        return err_set(err, ERR_DENIED, "a sandbox that may write to / is none: name a folder");
    }
    VEC_PUSH(&cage->writable, mem_strdup(real));
    return true;
}

/* Sockets and cookies of programs that act for the user. */
static bool leads_out(const char *entry)
{
    static const char *const names[] = {
        "SSH_AUTH_SOCK=", "SSH_AGENT_PID=", "GPG_AGENT_INFO=", "DBUS_SESSION_BUS_ADDRESS=",
        "DBUS_SYSTEM_BUS_ADDRESS=", "DOCKER_HOST=", "KUBECONFIG=", "XAUTHORITY=", "DISPLAY=",
        "WAYLAND_DISPLAY=", "TMUX=", "STY=", "XDG_RUNTIME_DIR=", "CONTAINER_HOST=", "TMPDIR="};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (strncmp(entry, names[i], strlen(names[i])) == 0) {
            return true;
        }
    }
    return false;
}

static void make_environment(struct launch *launch)
{
    struct env all = env_scrubbed(launch->policy->env);
    launch->tmpdir_entry = mem_printf("TMPDIR=%s", launch->temporary.folder);
    VEC_PUSH(&launch->env, launch->tmpdir_entry);
    for (size_t i = 0; all.items[i] != NULL; i++) {
        if (!leads_out(all.items[i])) {
            VEC_PUSH(&launch->env, all.items[i]);
        }
    }
    VEC_PUSH(&launch->env, NULL);
    VEC_FREE(&all);
}

static bool check_kernel(struct cage *cage, struct err *err)
{
    cage->abi = landlock_version();
    return cage->abi >= LANDLOCK_ABI_LEAST ||
           err_set(err, ERR_UNSUPPORTED,
               cage->abi == 0 ? "this kernel has no Landlock, or it is switched off (Linux 6.2 or "
                                "newer with \"landlock\" "
                                "among its security modules is needed): nothing is run unconfined"
                              : "this kernel's Landlock is version %d, 3 (Linux 6.2) is needed: "
                                "nothing is run "
                                "unconfined",
               cage->abi);
}

static bool prepare(struct launch *launch, struct err *err)
{
    const struct sandbox_policy *policy = launch->policy;
    struct cage *cage = &launch->cage;
    cage->network = policy->network;
    if (!check_kernel(cage, err)) {
        return false;
    }
    for (const char *const *folder = policy->writable; folder != NULL && *folder != NULL;
         folder++) {
        if (!add_writable(cage, *folder, err)) {
            return false;
        }
    }
    const char *cwd = policy->cwd == NULL ? "." : policy->cwd;
    cage->cwd = realpath(cwd, NULL);
    if (cage->cwd == NULL) {
        return err_set_errno(err, errno, "cannot run anything in %s", cwd);
    }
    secrets_find(cage, &cage->secret);
    VEC_FOREACH (char *, folder, &cage->writable) {
        const char *secret = secrets_within(&cage->secret, *folder);
        if (secret != NULL) {
            return err_set(err, ERR_DENIED,
                "to write to %s is to have %s, where keys or passwords lie: name a folder that "
                "holds no such place",
                *folder, secret);
        }
    }
    if (!scratch_make(&launch->temporary, err) ||
        !add_writable(cage, launch->temporary.folder, err)) {
        return false;
    }
    make_environment(launch);
    bounds_begin(&launch->watch, &cage->writable, (uint64_t)policy->memory_mb << 20,
        (uint64_t)policy->disk_mb << 20);
    return true;
}

static void launch_free(struct launch *launch)
{
    scratch_remove(&launch->temporary);
    paths_free(&launch->cage.writable);
    paths_free(&launch->cage.secret);
    free(launch->cage.cwd);
    free(launch->program);
    free(launch->tmpdir_entry);
    VEC_FREE(&launch->env);
}

/* In a child. */
static _Noreturn void give_up(const struct launch *launch, int code, const struct err *err)
{
    struct report report = {.code = code, .err = *err};
    bool told =
        file_write_all(launch->report, str_make((const char *)&report, sizeof report), NULL);
    _exit(told ? code : SANDBOX_FAILED);
}

static bool confine(const struct launch *launch, struct err *err)
{
    static const struct rlimit no_core = {0, 0};
    rlim_t disk = (rlim_t)launch->watch.disk_max;
    const struct rlimit file = {disk, disk};
    static const struct rlimit processes = {PROCESSES_MAX, PROCESSES_MAX};
    setrlimit(RLIMIT_CORE, &no_core);
    setrlimit(RLIMIT_FSIZE, &file);
    if (launch->cage.spaces) { /* counted per name space: elsewhere all of the user's would be */
        setrlimit(RLIMIT_NPROC, &processes);
    }
    return (chdir(launch->cage.cwd) == 0 ||
               err_set_errno(err, errno, "cannot enter %s", launch->cage.cwd)) &&
           (syscall(SYS_close_range, 3U, UINT_MAX, CLOSE_RANGE_CLOEXEC) == 0 ||
               err_set_errno(err, errno, "cannot close what is open")) &&
           spaces_drop_capabilities(err) &&
           (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 ||
               err_set_errno(err, errno, "cannot forbid new privileges")) &&
           landlock_confine(&launch->cage, err) && syscalls_confine(&launch->cage, err);
}

static _Noreturn void become_program(const struct launch *launch)
{
    struct err err;
    static const int ours[] = {SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGALRM, SIGXFSZ};
    for (size_t i = 0; i < ARRAY_LEN(ours); i++) {
        signal(ours[i], SIG_DFL);
    }
    if (!confine(launch, &err)) {
        give_up(launch, SANDBOX_FAILED, &err);
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    execve(launch->program, launch->argv, launch->env.items);
    err_set_errno(&err, errno, "cannot run %s", launch->program);
    give_up(launch, SANDBOX_NOT_EXECUTABLE, &err);
}

static volatile sig_atomic_t forward_to;

/* What does not end when asked to is made to: whoever sent SIGTERM to us follows with SIGKILL, and
 * then nobody would be left to end the rest. */
static void forward(int signum)
{
    if (forward_to > 0) {
        kill((pid_t)forward_to, signum == SIGALRM ? SIGKILL : signum);
    }
    if (signum == SIGTERM) {
        alarm(TERM_GRACE_S);
    }
}

/* From the terminal they reach the whole group, the program too; what is sent to us alone is handed
 * on. */
static void handle_signals(void)
{
    signal(SIGINT, SIG_IGN);
    signal(SIGQUIT, SIG_IGN);
    struct sigaction action = {.sa_handler = forward, .sa_flags = SA_RESTART};
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
    sigaction(SIGALRM, &action, NULL);
}

/* Who would stop it when its time is over may be killed himself. */
static void end_with(pid_t parent)
{
    if (parent > 0) {
        prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0);
        if (getppid() != parent) {
            raise(SIGTERM);
        }
    }
}

static int exit_code_of(int status)
{
    return WIFSIGNALED(status) ? SANDBOX_SIGNAL + WTERMSIG(status) : WEXITSTATUS(status);
}

/* A child has ended, a signal has come, or so much time is over. */
static void wait_a_while(const sigset_t *child_ended, uint64_t us)
{
    struct timespec pause = {(time_t)(us / 1000000), (long)(us % 1000000) * 1000};
    (void)sigtimedwait(child_ended, NULL, &pause);
}

/* Waits for `child`, and for whatever else has become ours until then. With a watch: as long as
 * what runs keeps within its bounds; else it is ended, and err says why. */
static int wait_for(pid_t child, struct bounds_watch *watch, struct err *err)
{
    sigset_t child_ended;
    sigemptyset(&child_ended);
    sigaddset(&child_ended, SIGCHLD);
    if (watch != NULL) { /* none is lost between a look and a wait */
        sigprocmask(SIG_BLOCK, &child_ended, NULL);
    }
    for (;;) {
        int status;
        pid_t pid = waitpid(-1, &status, watch == NULL ? 0 : WNOHANG);
        if (pid == child) {
            return exit_code_of(status);
        }
        if (pid < 0 && errno != EINTR) {
            return SANDBOX_FAILED;
        }
        if (pid == 0) {
            wait_a_while(&child_ended, bounds_pause_us(watch));
            if (bounds_pause_us(watch) == 0 && !bounds_hold(watch, err)) {
                kill(child, SIGKILL);
                watch = NULL;
            }
        }
    }
}

/* Where memory runs out, it is what the kernel ends, and not the editor beside it. */
static void give_way_to_others(void)
{
    int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (fd >= 0) {
        (void)!file_write_all(fd, STR_LIT("1000"), NULL);
        close(fd);
    }
}

static _Noreturn void keep(const struct launch *launch)
{
    struct err err;
    give_way_to_others();
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (launch->cage.spaces && !spaces_arrange(&launch->cage, launch->uid, launch->gid, &err)) {
        give_up(launch, SANDBOX_FAILED, &err);
    }
    pid_t pid = fork();
    if (pid < 0) {
        err_set_errno(&err, errno, "cannot start a process in the sandbox");
        give_up(launch, SANDBOX_FAILED, &err);
    }
    if (pid == 0) {
        become_program(launch);
    }
    forward_to = pid;
    close(launch->report);
    _exit(wait_for(pid, NULL, NULL));
}

/* Without a PID space: what the program left behind has become ours (we are the reaper), and ends
 * now. */
static void end_leftovers(void)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
    for (;;) {
        struct buf children = BUF_INIT;
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        bool read_all = fd >= 0 && file_read_fd(fd, path, 1 << 20, &children, NULL);
        if (fd >= 0) {
            close(fd);
        }
        bool any = read_all && children.len > 0;
        char *at = any ? children.ptr : NULL;
        for (long pid = any ? strtol(at, &at, 10) : 0; pid > 0; pid = strtol(at, &at, 10)) {
            kill((pid_t)pid, SIGKILL);
            waitpid((pid_t)pid, NULL, 0);
        }
        buf_free(&children);
        if (!any) {
            return;
        }
    }
}

static pid_t start_keeper(struct launch *launch)
{
    pid_t pid = -1;
    launch->cage.spaces = !launch->policy->no_namespaces;
    if (launch->cage.spaces) {
        pid = spaces_fork(launch->cage.network);
    }
    if (pid < 0) {
        launch->cage.spaces = false;
        pid = fork();
    }
    if (pid == 0) {
        keep(launch);
    }
    return pid;
}

static int run(struct launch *launch, struct err *err)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) {
        err_set_errno(err, errno, "cannot make a pipe");
        return SANDBOX_FAILED;
    }
    launch->report = ends[1];
    launch->uid = getuid();
    launch->gid = getgid();
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    handle_signals();
    end_with(launch->policy->parent);
    fflush(NULL);
    pid_t keeper = start_keeper(launch);
    close(ends[1]);
    if (keeper < 0) {
        err_set_errno(err, errno, "cannot start a process");
        close(ends[0]);
        return SANDBOX_FAILED;
    }
    forward_to = keeper;
    struct report report;
    bool failed = read(ends[0], &report, sizeof report) == (ssize_t)sizeof report;
    close(ends[0]);
    int code = wait_for(keeper, failed ? NULL : &launch->watch, err);
    forward_to = 0;
    end_leftovers();
    if (failed) {
        *err = report.err;
        return report.code;
    }
    if (code == SANDBOX_SIGNAL + SIGXFSZ) {
        err_set(err, ERR_LIMIT,
            "ended: a file that it wrote became larger than the %llu MB that sandbox_disk allows",
            (unsigned long long)(launch->watch.disk_max >> 20));
    }
    return code;
}

int sandbox_run(const struct sandbox_policy *policy, char *const *argv, struct err *err)
{
    struct launch launch = {.policy = policy, .argv = argv, .temporary = {.lock = -1}};
    int code = SANDBOX_FAILED;
    launch.program = path_find_program(argv[0]);
    if (launch.program == NULL) {
        err_set(err, ERR_NOT_FOUND, "%s is not on PATH", argv[0]);
        return SANDBOX_NOT_FOUND;
    }
    if (prepare(&launch, err)) {
        code = run(&launch, err);
    }
    launch_free(&launch);
    return code;
}

bool sandbox_probe(char **text, struct err *err)
{
    struct cage cage = {0};
    if (!check_kernel(&cage, err)) {
        return false;
    }
    pid_t pid = spaces_fork(false);
    if (pid == 0) {
        _exit(0);
    }
    if (pid > 0) {
        waitpid(pid, NULL, 0);
    }
    *text = mem_printf("Landlock %d, seccomp, %s", cage.abi,
        pid > 0 ? "name spaces"
                : "no name spaces for this user: changing modes, owners and times is refused "
                  "altogether");
    return true;
}
