#include "fault_server.h"

#include "base/vec.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

struct worker {
    struct fault_server *server;
    pthread_t thread;
    int fd; /* -1: over */
};

struct fault_server {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    pthread_t acceptor;
    int listen_tcp, listen_unix;
    int hold;     /* keeps the port ours while it is dead */
    bool dead;    /* nobody listens on it */
    int wake[2];  /* readable: everybody stops */
    int nudge[2]; /* readable: it listens again */
    char url[64];
    char socket_dir[64];
    char socket_path[96];
    const struct fault_step *steps;
    size_t step_count, next_step;
    size_t gone;
    struct {
        struct buf *items;
        size_t len, cap;
    } requests;
    struct {
        struct worker **items;
        size_t len, cap;
    } workers;
};

static void require(bool ok, const char *what)
{
    if (!ok) {
        perror(what);
        abort();
    }
}

/* False: the other side went, or the server stops. */
static bool wait_for(const struct fault_server *server, int fd, short events)
{
    struct pollfd fds[2] = {
        {.fd = fd, .events = events}, {.fd = server->wake[0], .events = POLLIN}};
    while (poll(fds, 2, -1) < 0) {
        require(errno == EINTR, "poll");
    }
    return fds[1].revents == 0 && (fds[0].revents & (short)(events | POLLHUP | POLLERR)) != 0;
}

static size_t content_length(struct str head)
{
    char *copy = str_dup(head);
    const char *at = strcasestr(copy, "\r\ncontent-length:");
    size_t length = at == NULL ? 0 : (size_t)strtoul(at + 17, NULL, 10);
    free(copy);
    return length;
}

/* One whole request, or false at the end of the connection. */
static bool read_request(struct fault_server *server, int fd, struct buf *in)
{
    buf_clear(in);
    for (;;) {
        size_t head = str_find(buf_str(in), STR_LIT("\r\n\r\n"), 0);
        if (head != SIZE_MAX &&
            in->len >= head + 4 + content_length(str_slice(buf_str(in), 0, head))) {
            return true;
        }
        char bytes[4096];
        if (!wait_for(server, fd, POLLIN)) {
            return false;
        }
        ssize_t got = recv(fd, bytes, sizeof bytes, 0);
        if (got <= 0) {
            return false;
        }
        buf_append(in, bytes, (size_t)got);
    }
}

static bool write_bytes(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t sent = send(fd, bytes, len, MSG_NOSIGNAL);
        if (sent <= 0) {
            return false;
        }
        bytes += sent;
        len -= (size_t)sent;
    }
    return true;
}

static bool write_chunk(int fd, const char *bytes, size_t len)
{
    struct buf out = BUF_INIT;
    buf_printf(&out, "%zx\r\n", len);
    buf_append(&out, bytes, len);
    buf_append_c(&out, "\r\n");
    bool ok = write_bytes(fd, out.ptr, out.len);
    buf_free(&out);
    return ok;
}

/* Until the client goes; counts it. */
static void stall(struct fault_server *server, int fd)
{
    char byte;
    while (wait_for(server, fd, POLLIN)) {
        if (recv(fd, &byte, 1, 0) <= 0) {
            pthread_mutex_lock(&server->lock);
            server->gone++;
            pthread_cond_broadcast(&server->changed);
            pthread_mutex_unlock(&server->lock);
            return;
        }
    }
}

static void die(struct fault_server *server, int but)
{
    pthread_mutex_lock(&server->lock);
    server->dead = true;
    shutdown(server->listen_tcp, SHUT_RDWR);
    VEC_FOREACH (struct worker *, worker, &server->workers) {
        if ((*worker)->fd >= 0 && (*worker)->fd != but) {
            shutdown((*worker)->fd, SHUT_RDWR);
        }
    }
    pthread_mutex_unlock(&server->lock);
}

/* True: the connection may be used again. */
static bool answer(struct fault_server *server, int fd, const struct fault_step *step)
{
    if (step->close || step->raw != NULL) {
        (void)!write_bytes(fd, step->raw, step->raw == NULL ? 0 : strlen(step->raw));
        return false;
    }
    if (step->dies) {
        die(server, fd);
    }
    const char *body = step->body == NULL ? "" : step->body;
    size_t len = strlen(body);
    size_t end = step->cut && step->cut_after < len ? step->cut_after : len;
    end = step->stall && step->stall_after < end ? step->stall_after : end;
    struct buf head = BUF_INIT;
    buf_printf(&head, "HTTP/1.1 %d Status\r\nTransfer-Encoding: chunked\r\n%s%s\r\n",
        step->status == 0 ? 200 : step->status, step->dies ? "Connection: close\r\n" : "",
        step->headers == NULL ? "Content-Type: text/event-stream\r\n" : step->headers);
    bool ok = write_bytes(fd, head.ptr, head.len);
    buf_free(&head);
    for (size_t at = 0; ok && at < end;) {
        size_t piece = step->split == 0 || step->split > end - at ? end - at : step->split;
        ok = write_chunk(fd, body + at, piece);
        at += piece;
    }
    if (step->stall) {
        stall(server, fd);
        return false;
    }
    if (step->cut) {
        /* RST instead of FIN: what a dying proxy does. */
        struct linger linger = {.l_onoff = 1, .l_linger = 0};
        if (step->split == 0) {
            setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
        }
        return false;
    }
    return ok && write_bytes(fd, "0\r\n\r\n", 5) && !step->dies;
}

static void *serve(void *data)
{
    struct worker *worker = data;
    struct fault_server *server = worker->server;
    struct buf in = BUF_INIT;
    bool open = true;
    while (open && read_request(server, worker->fd, &in)) {
        pthread_mutex_lock(&server->lock);
        struct buf copy = BUF_INIT;
        buf_append_str(&copy, buf_str(&in));
        VEC_PUSH(&server->requests, copy);
        struct fault_step step = {.close = true};
        if (server->step_count > 0) {
            size_t last = server->step_count - 1;
            step = server->steps[server->next_step < last ? server->next_step : last];
            server->next_step++;
        }
        pthread_mutex_unlock(&server->lock);
        open = answer(server, worker->fd, &step);
    }
    buf_free(&in);
    pthread_mutex_lock(&server->lock);
    close(worker->fd);
    worker->fd = -1;
    pthread_mutex_unlock(&server->lock);
    return NULL;
}

static void begin_worker(struct fault_server *server, int fd)
{
    struct worker *worker = MEM_NEW(struct worker);
    worker->server = server;
    worker->fd = fd;
    pthread_mutex_lock(&server->lock);
    VEC_PUSH(&server->workers, worker);
    pthread_mutex_unlock(&server->lock);
    require(pthread_create(&worker->thread, NULL, serve, worker) == 0, "thread");
}

static void *accept_all(void *data)
{
    struct fault_server *server = data;
    char byte;
    for (;;) {
        pthread_mutex_lock(&server->lock);
        int tcp = server->dead ? -1 : server->listen_tcp;
        pthread_mutex_unlock(&server->lock);
        struct pollfd fds[] = {{.fd = tcp, .events = POLLIN},
            {.fd = server->listen_unix, .events = POLLIN},
            {.fd = server->wake[0], .events = POLLIN}, {.fd = server->nudge[0], .events = POLLIN}};
        while (poll(fds, ARRAY_LEN(fds), -1) < 0) {
            require(errno == EINTR, "poll");
        }
        if (fds[2].revents != 0) {
            return NULL;
        }
        if (fds[3].revents != 0) {
            require(read(server->nudge[0], &byte, 1) == 1, "read");
        }
        for (int i = 0; i < 2; i++) {
            int fd = fds[i].revents == 0 ? -1 : accept(fds[i].fd, NULL, NULL);
            if (fd >= 0) {
                begin_worker(server, fd);
            }
        }
    }
}

/* On a port of the loopback; 0: any. */
static int bind_port(in_port_t port)
{
    struct sockaddr_in tcp = {
        .sin_family = AF_INET, .sin_port = port, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    require(bind(fd, (struct sockaddr *)&tcp, sizeof tcp) == 0, "bind");
    return fd;
}

static in_port_t port_of(int fd)
{
    struct sockaddr_in tcp = {0};
    socklen_t size = sizeof tcp;
    require(getsockname(fd, (struct sockaddr *)&tcp, &size) == 0, "getsockname");
    return tcp.sin_port;
}

struct fault_server *fault_server_start(void)
{
    struct fault_server *server = MEM_NEW(struct fault_server);
    pthread_mutex_init(&server->lock, NULL);
    pthread_cond_init(&server->changed, NULL);
    require(pipe(server->wake) == 0 && pipe(server->nudge) == 0, "pipe");
    server->hold = bind_port(0);
    server->listen_tcp = bind_port(port_of(server->hold));
    snprintf(server->url, sizeof server->url, "http://127.0.0.1:%d", ntohs(port_of(server->hold)));
    snprintf(server->socket_dir, sizeof server->socket_dir, "/tmp/bylaw-fault-XXXXXX");
    require(mkdtemp(server->socket_dir) != NULL, "mkdtemp");
    snprintf(server->socket_path, sizeof server->socket_path, "%s/s", server->socket_dir);
    struct sockaddr_un local = {.sun_family = AF_UNIX};
    snprintf(local.sun_path, sizeof local.sun_path, "%s", server->socket_path);
    server->listen_unix = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    require(bind(server->listen_unix, (struct sockaddr *)&local, sizeof local) == 0, "bind");
    require(listen(server->listen_tcp, 64) == 0 && listen(server->listen_unix, 64) == 0, "listen");
    require(pthread_create(&server->acceptor, NULL, accept_all, server) == 0, "thread");
    return server;
}

void fault_server_die(struct fault_server *server)
{
    die(server, -1);
}

void fault_server_revive(struct fault_server *server)
{
    int fd = bind_port(port_of(server->hold));
    pthread_mutex_lock(&server->lock);
    require(listen(fd, 64) == 0, "listen");
    require(dup3(fd, server->listen_tcp, O_CLOEXEC) >= 0, "dup3");
    server->dead = false;
    pthread_mutex_unlock(&server->lock);
    close(fd);
    require(write(server->nudge[1], "x", 1) == 1, "write");
}

/* "Tcp: name …" and "Tcp: value …" (proc_net(5), RFC 1213's tcpAttemptFails). */
bool fault_server_refused(unsigned long long *count)
{
    char names[1024] = "";
    char values[1024] = "";
    FILE *file = fopen("/proc/net/snmp", "re");
    bool found = false;
    while (file != NULL && !found && fgets(names, sizeof names, file) != NULL &&
           fgets(values, sizeof values, file) != NULL) {
        char *name_rest;
        char *value_rest;
        const char *name = strtok_r(names, " \n", &name_rest);
        const char *value = strtok_r(values, " \n", &value_rest);
        bool tcp = name != NULL && strcmp(name, "Tcp:") == 0;
        while (tcp && !found && name != NULL && value != NULL) {
            found = strcmp(name, "AttemptFails") == 0;
            *count = found ? strtoull(value, NULL, 10) : 0;
            name = strtok_r(NULL, " \n", &name_rest);
            value = strtok_r(NULL, " \n", &value_rest);
        }
    }
    if (file != NULL) {
        fclose(file);
    }
    return found;
}

void fault_server_stop(struct fault_server *server)
{
    require(write(server->wake[1], "x", 1) == 1, "write");
    pthread_join(server->acceptor, NULL);
    VEC_FOREACH (struct worker *, worker, &server->workers) {
        pthread_join((*worker)->thread, NULL);
        free(*worker);
    }
    VEC_FREE(&server->workers);
    VEC_FOREACH (struct buf, request, &server->requests) {
        buf_free(request);
    }
    VEC_FREE(&server->requests);
    close(server->listen_tcp);
    close(server->listen_unix);
    close(server->wake[0]);
    close(server->wake[1]);
    close(server->nudge[0]);
    close(server->nudge[1]);
    close(server->hold);
    unlink(server->socket_path);
    rmdir(server->socket_dir);
    pthread_mutex_destroy(&server->lock);
    pthread_cond_destroy(&server->changed);
    free(server);
}

void fault_server_script(struct fault_server *server, const struct fault_step *steps, size_t count)
{
    pthread_mutex_lock(&server->lock);
    server->steps = steps;
    server->step_count = count;
    server->next_step = 0;
    server->gone = 0;
    VEC_FOREACH (struct buf, request, &server->requests) {
        buf_free(request);
    }
    server->requests.len = 0;
    pthread_mutex_unlock(&server->lock);
}

const char *fault_server_url(const struct fault_server *server)
{
    return server->url;
}

const char *fault_server_socket(const struct fault_server *server)
{
    return server->socket_path;
}

size_t fault_server_count(struct fault_server *server)
{
    pthread_mutex_lock(&server->lock);
    size_t count = server->requests.len;
    pthread_mutex_unlock(&server->lock);
    return count;
}

char *fault_server_request(struct fault_server *server, size_t at)
{
    pthread_mutex_lock(&server->lock);
    char *copy = at < server->requests.len ? str_dup(buf_str(&server->requests.items[at])) : NULL;
    pthread_mutex_unlock(&server->lock);
    return copy;
}

bool fault_server_wait_gone(struct fault_server *server, size_t want)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 20;
    pthread_mutex_lock(&server->lock);
    int rc = 0;
    while (server->gone < want && rc == 0) {
        rc = pthread_cond_timedwait(&server->changed, &server->lock, &until);
    }
    bool reached = server->gone >= want;
    pthread_mutex_unlock(&server->lock);
    return reached;
}
