#include "loop/process.h"

#include "base/env.h"
#include "base/path.h"
#include "base/vec.h"
#include "loop/spawn.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    LINE_MAX_BYTES = 1 << 20,
    KILL_AFTER_MS = 2000,
    EOF_GRACE_MS = 200,
    GRACES_MAX = 10,
    MEMORY_EVERY_MS = 50
};

struct stream {
    uv_pipe_t pipe;
    struct buf partial;
    struct process *process;
    enum process_stream which;
    bool ended; /* its end was read */
};

struct process {
    pid_t pid;
    uv_signal_t ended; /* a child of ours has: this one perhaps */
    struct loop *loop;
    uv_pipe_t in;
    uv_shutdown_t shutdown;
    struct stream out;
    struct stream err;
    uv_timer_t timeout;
    uv_timer_t kill;
    uv_timer_t grace;
    uv_timer_t memory;
    size_t unwritten;
    struct process_options options;
    struct process_result result;
    uint64_t started_us;
    size_t output;
    int open_streams;
    int open_handles;
    int graces; /* since it exited, for what was not read yet */
    bool exited;
    bool closing;
    bool paused;
    bool input_ended;
};

/* Bytes on their way to the child. */
struct writing {
    uv_write_t uv;
    struct buf bytes;
};

static void kill_group(struct process *p, int signum)
{
    if (!p->closing && (!p->exited || p->open_streams > 0)) {
        /* The child is the leader of its own group (spawn.h). */
        kill(-p->pid, signum);
    }
}

static void tell_end(void *data)
{
    struct process *p = data;
    p->result.wall_us = loop_now_us() - p->started_us;
    if (p->options.on_exit != NULL) {
        p->options.on_exit(p->options.data, &p->result);
    }
    buf_free(&p->out.partial);
    buf_free(&p->err.partial);
    free(p);
}

static void on_closed(uv_handle_t *handle)
{
    struct process *p = handle->data;
    if (--p->open_handles == 0) {
        loop_call_soon(p->loop, tell_end, p);
    }
}

static void close_handle(uv_handle_t *handle)
{
    if (!uv_is_closing(handle)) {
        uv_close(handle, on_closed);
    }
}

static void flush_partial(struct stream *s)
{
    if (s->partial.len > 0 && s->process->options.on_line != NULL) {
        s->process->options.on_line(s->process->options.data, s->which, buf_str(&s->partial));
    }
    buf_clear(&s->partial);
}

static void close_all(struct process *p)
{
    if (p->closing) {
        return;
    }
    p->closing = true;
    flush_partial(&p->out);
    flush_partial(&p->err);
    close_handle((uv_handle_t *)&p->ended);
    close_handle((uv_handle_t *)&p->in);
    close_handle((uv_handle_t *)&p->out.pipe);
    close_handle((uv_handle_t *)&p->err.pipe);
    close_handle((uv_handle_t *)&p->timeout);
    close_handle((uv_handle_t *)&p->kill);
    close_handle((uv_handle_t *)&p->grace);
    close_handle((uv_handle_t *)&p->memory);
}

static void maybe_end(struct process *p)
{
    if (p->exited && p->open_streams == 0) {
        close_all(p);
    }
}

/* Its bytes or its end are there and were not read yet. */
static bool is_unread(const struct stream *s)
{
    struct pollfd waiting = {.events = POLLIN};
    return !s->ended && uv_fileno((const uv_handle_t *)&s->pipe, &waiting.fd) == 0 &&
           poll(&waiting, 1, 0) > 0;
}

static void on_grace_over(uv_timer_t *timer)
{
    struct process *p = timer->data;
    /* A loop that was held up comes here before it has read what the child said last. What goes on
     * and on is not the child's. */
    bool unread = p->graces < GRACES_MAX && (is_unread(&p->out) || is_unread(&p->err));
    if (p->paused || unread) {
        p->graces += unread;
        uv_timer_start(timer, on_grace_over, EOF_GRACE_MS, 0);
        return;
    }
    kill(-p->pid, SIGKILL); /* what is left of the group holds a pipe that nobody will close */
    close_all(p);
}

/* Some child has ended; several may be told as one. */
static void on_child_ended(uv_signal_t *handle, int signum)
{
    (void)signum;
    struct process *p = handle->data;
    int status = 0;
    pid_t ended;
    do {
        ended = waitpid(p->pid, &status, WNOHANG);
    } while (ended < 0 && errno == EINTR);
    if (ended == 0) {
        return;
    }
    uv_signal_stop(handle);
    p->exited = true;
    /* No child (somebody else waited for it): how it ended cannot be known. */
    bool known = ended > 0;
    p->result.exit_code = known && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    p->result.signal = known && WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    if (p->options.leaves_child) {
        close_all(p); /* its pipes are never at their end while what it left has them */
        return;
    }
    if (p->open_streams > 0) {
        uv_timer_start(&p->grace, on_grace_over, EOF_GRACE_MS, 0);
    }
    maybe_end(p);
}

static void on_kill(uv_timer_t *timer)
{
    kill_group(timer->data, SIGKILL);
}

static void stop_group(struct process *p)
{
    kill_group(p, SIGTERM);
    uv_timer_start(&p->kill, on_kill, KILL_AFTER_MS, 0);
}

static void on_timeout(uv_timer_t *timer)
{
    struct process *p = timer->data;
    p->result.timed_out = true;
    stop_group(p);
}

void process_cancel(struct process *process)
{
    process->result.cancelled = true;
    stop_group(process);
}

void process_kill(struct process *process)
{
    kill_group(process, SIGKILL);
}

int process_pid(const struct process *process)
{
    return process->pid;
}

uint64_t process_resident_bytes(const struct process *process)
{
    char name[64];
    char line[128] = {0};
    unsigned long long total = 0;
    unsigned long long resident = 0;
    snprintf(name, sizeof name, "/proc/%d/statm", process_pid(process));
    FILE *file = fopen(name, "re");
    if (file == NULL) {
        return 0;
    }
    if (fgets(line, sizeof line, file) != NULL) {
        char *end;
        total = strtoull(line, &end, 10);
        resident = strtoull(end, NULL, 10);
    }
    fclose(file);
    return total == 0 ? 0 : resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

static void on_memory(uv_timer_t *timer)
{
    struct process *p = timer->data;
    if (!p->exited && process_resident_bytes(p) > p->options.memory_max) {
        p->result.too_large = true;
        kill_group(p, SIGKILL); /* before it has more */
    }
}

static void feed_lines(struct stream *s, struct str bytes)
{
    struct process *p = s->process;
    while (bytes.len > 0) {
        size_t end = str_find_char(bytes, '\n', 0);
        if (end == (size_t)-1) {
            buf_append_str(&s->partial, bytes);
            if (s->partial.len >= LINE_MAX_BYTES) {
                flush_partial(s);
            }
            return;
        }
        struct str line = str_slice(bytes, 0, end);
        if (s->partial.len > 0) {
            buf_append_str(&s->partial, line);
            p->options.on_line(p->options.data, s->which, buf_str(&s->partial));
            buf_clear(&s->partial);
        } else {
            p->options.on_line(p->options.data, s->which, line);
        }
        bytes = str_from(bytes, end + 1);
    }
}

static void on_read(uv_stream_t *uv, ssize_t got, const uv_buf_t *buffer)
{
    struct stream *s = (struct stream *)(void *)uv;
    struct process *p = s->process;
    if (got > 0 && !p->closing) {
        p->output += (size_t)got;
        struct str bytes = str_make(buffer->base, (size_t)got);
        if (p->output > p->options.max_output) {
            if (!p->result.truncated) {
                p->result.truncated = true;
                stop_group(p);
            }
        } else {
            if (p->options.on_data != NULL) {
                p->options.on_data(p->options.data, s->which, bytes);
            }
            if (p->options.on_line != NULL) {
                feed_lines(s, bytes);
            }
        }
    } else if (got < 0 && !p->closing) {
        flush_partial(s);
        uv_read_stop(uv);
        s->ended = true;
        p->open_streams--;
        maybe_end(p);
    }
    free(buffer->base);
}

static void give_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    (void)handle;
    *buffer = uv_buf_init(mem_alloc(suggested), (unsigned)suggested);
}

static void close_input(struct process *p)
{
    if (!uv_is_closing((uv_handle_t *)&p->in)) {
        close_handle((uv_handle_t *)&p->in);
    }
}

static void on_written(uv_write_t *write, int status)
{
    struct writing *writing = (struct writing *)(void *)write;
    struct process *p = write->data;
    p->unwritten -= writing->bytes.len;
    if (status != 0) { /* a child that closes its input early is its own business */
        close_input(p);
    }
    buf_free(&writing->bytes);
    free(writing);
}

static void on_input_over(uv_shutdown_t *shutdown, int status)
{
    (void)status;
    close_input(shutdown->data);
}

void process_write(struct process *p, struct buf *bytes)
{
    if (p->input_ended || uv_is_closing((uv_handle_t *)&p->in) || bytes->len == 0) {
        buf_free(bytes);
        return;
    }
    struct writing *writing = MEM_NEW(struct writing);
    writing->uv.data = p;
    writing->bytes = *bytes;
    *bytes = BUF_INIT;
    p->unwritten += writing->bytes.len;
    uv_buf_t uv = uv_buf_init(writing->bytes.ptr, (unsigned)writing->bytes.len);
    int rc = uv_write(&writing->uv, (uv_stream_t *)&p->in, &uv, 1, on_written);
    if (rc != 0) {
        on_written(&writing->uv, rc);
    }
}

size_t process_unwritten(const struct process *process)
{
    return process->unwritten;
}

void process_close_input(struct process *p)
{
    if (p->input_ended || uv_is_closing((uv_handle_t *)&p->in)) {
        return;
    }
    p->input_ended = true;
    if (uv_shutdown(&p->shutdown, (uv_stream_t *)&p->in, on_input_over) != 0) {
        close_input(p);
    }
}

void process_pause(struct process *p, bool paused)
{
    if (p->paused == paused || p->closing) {
        return;
    }
    p->paused = paused;
    if (paused) {
        uv_read_stop((uv_stream_t *)&p->out.pipe);
    } else {
        uv_read_start((uv_stream_t *)&p->out.pipe, give_buffer, on_read);
    }
}

static void init_stream(struct process *p, struct stream *s, enum process_stream which)
{
    uv_pipe_init(loop_uv(p->loop), &s->pipe, 0);
    s->pipe.data = p;
    s->process = p;
    s->which = which;
}

static int spawn(struct process *p, const char *program)
{
    struct env env = env_scrubbed(p->options.env);
    struct spawn_options options = {.program = program,
        .argv = p->options.argv,
        .env = (const char *const *)env.items,
        .cwd = p->options.cwd};
    int fds[3];
    uv_signal_start(&p->ended, on_child_ended, SIGCHLD); /* before there is one that could end */
    int rc = spawn_start(&options, &p->pid, fds);
    VEC_FREE(&env);
    if (rc != 0) {
        return uv_translate_sys_error(rc);
    }
    uv_pipe_t *pipes[] = {&p->in, &p->out.pipe, &p->err.pipe};
    for (size_t i = 0; i < ARRAY_LEN(pipes); i++) {
        uv_pipe_open(pipes[i], fds[i]);
    }
    return 0;
}

static void init_handles(struct process *p)
{
    uv_loop_t *uv = loop_uv(p->loop);
    uv_signal_init(uv, &p->ended);
    uv_pipe_init(uv, &p->in, 0);
    init_stream(p, &p->out, PROCESS_STDOUT);
    init_stream(p, &p->err, PROCESS_STDERR);
    uv_timer_init(uv, &p->timeout);
    uv_timer_init(uv, &p->kill);
    uv_timer_init(uv, &p->grace);
    uv_timer_init(uv, &p->memory);
    p->in.data = p->timeout.data = p->kill.data = p->grace.data = p->memory.data = p->ended.data =
        p->shutdown.data = p;
    p->open_handles = 8;
}

struct process *process_start(
    struct loop *loop, const struct process_options *options, struct err *err)
{
    char *program = path_find_program(options->argv[0]);
    if (program == NULL) {
        err_set(err, ERR_NOT_FOUND, "%s is not on PATH", options->argv[0]);
        return NULL;
    }
    struct process *p = MEM_NEW(struct process);
    p->loop = loop;
    p->options = *options;
    if (p->options.max_output == 0) {
        p->options.max_output = (size_t)64 << 20;
    }
    init_handles(p);
    p->started_us = loop_now_us();
    int rc = spawn(p, program);
    if (rc != 0) {
        err_set(err, ERR_EXTERNAL, "cannot start %s: %s", program, uv_strerror(rc));
        free(program);
        p->options.on_exit = NULL;
        close_all(p);
        return NULL;
    }
    free(program);
    if (options->nice > 0) {
        /* A courtesy, no more: a failure is none. */
        (void)setpriority(PRIO_PGRP, (id_t)p->pid, getpriority(PRIO_PROCESS, 0) + options->nice);
    }
    p->options.argv = NULL; /* the caller's arrays need not outlive this call */
    p->options.env = NULL;
    p->options.cwd = NULL;
    p->open_streams = 2;
    uv_read_start((uv_stream_t *)&p->out.pipe, give_buffer, on_read);
    uv_read_start((uv_stream_t *)&p->err.pipe, give_buffer, on_read);
    struct buf input = BUF_INIT;
    buf_append_str(&input, options->input);
    process_write(p, &input);
    if (!options->keep_input) {
        process_close_input(p);
    }
    if (options->timeout_ms > 0) {
        uv_update_time(loop_uv(loop));
        uv_timer_start(&p->timeout, on_timeout, options->timeout_ms, 0);
    }
    if (options->memory_max > 0) {
        uv_timer_start(&p->memory, on_memory, MEMORY_EVERY_MS, MEMORY_EVERY_MS);
    }
    return p;
}

struct run {
    struct buf *out;
    struct buf *errout;
    struct process_result result;
    bool done;
};

static void gather(void *data, enum process_stream stream, struct str bytes)
{
    struct run *run = data;
    struct buf *into = stream == PROCESS_STDOUT ? run->out : run->errout;
    if (into != NULL) {
        buf_append_str(into, bytes);
    }
}

static void run_over(void *data, const struct process_result *result)
{
    struct run *run = data;
    run->result = *result;
    run->done = true;
}

bool process_run(struct loop *loop, const struct process_options *options, struct buf *out,
    struct buf *errout, struct process_result *result, struct err *err)
{
    struct run run = {.out = out, .errout = errout};
    struct process_options own = *options;
    own.on_data = gather;
    own.on_line = NULL;
    own.on_exit = run_over;
    own.data = &run;
    const char *name = options->argv[0];
    if (process_start(loop, &own, err) == NULL) {
        return false;
    }
    while (!run.done) {
        loop_run_once(loop, 1000);
    }
    if (result != NULL) {
        *result = run.result;
    }
    if (run.result.timed_out) {
        return err_set(err, ERR_TIMEOUT, "%s did not end within %llu ms", name,
            (unsigned long long)options->timeout_ms);
    }
    if (run.result.truncated) {
        return err_set(err, ERR_LIMIT, "%s printed more than %zu bytes", name,
            options->max_output == 0 ? (size_t)64 << 20 : options->max_output);
    }
    if (run.result.signal != 0) {
        return err_set(err, ERR_EXTERNAL, "%s was ended by signal %d", name, run.result.signal);
    }
    return true;
}
