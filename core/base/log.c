#include "base/log.h"

#include "base/file.h"
#include "base/safe.h"
#include "base/vec.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int log_fd = -1;
static struct {
    struct buf *items;
    size_t len, cap;
} secrets;

bool log_open(const char *path, struct err *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        return err_set_errno(err, errno, "cannot open the log %s", path);
    }
    log_close();
    log_fd = fd;
    return true;
}

void log_close(void)
{
    if (log_fd >= 0) {
        close(log_fd);
        log_fd = -1;
    }
}

void log_write(const char *module, const char *fmt, ...)
{
    if (log_fd < 0) {
        return;
    }
    struct buf text = BUF_INIT;
    va_list args;
    va_start(args, fmt);
    buf_vprintf(&text, fmt, args);
    va_end(args);
    struct buf redacted = BUF_INIT;
    secret_redact(&redacted, buf_str(&text));
    struct timespec now;
    struct tm tm;
    char stamp[32] = "";
    clock_gettime(CLOCK_REALTIME, &now);
    if (gmtime_r(&now.tv_sec, &tm) != NULL) {
        strftime(stamp, sizeof stamp, "%H:%M:%S", &tm);
    }
    struct buf line = BUF_INIT;
    buf_printf(&line, "%s.%03ld %s: ", stamp, now.tv_nsec / 1000000, module);
    safe_append(&line, buf_str(&redacted), SAFE_ONE_LINE);
    buf_append_char(&line, '\n');
    pthread_mutex_lock(&lock);
    struct err ignored; /* a log that cannot be written has nowhere to say so */
    (void)!file_write_all(log_fd, buf_str(&line), &ignored);
    pthread_mutex_unlock(&lock);
    buf_free(&line);
    buf_free(&redacted);
    buf_free(&text);
}

void secret_register(struct str secret)
{
    if (secret.len < 6) {
        return;
    }
    pthread_mutex_lock(&lock);
    bool known = false;
    VEC_FOREACH (struct buf, s, &secrets) {
        known = known || str_equal(buf_str(s), secret);
    }
    if (!known) {
        struct buf copy = BUF_INIT;
        buf_append_str(&copy, secret);
        VEC_PUSH(&secrets, copy);
    }
    pthread_mutex_unlock(&lock);
}

void secret_redact(struct buf *out, struct str text)
{
    pthread_mutex_lock(&lock);
    size_t at = 0;
    while (at < text.len) {
        size_t hit = SIZE_MAX;
        size_t hit_len = 0;
        VEC_FOREACH (struct buf, s, &secrets) {
            size_t pos = str_find(text, buf_str(s), at);
            if (pos < hit || (pos == hit && pos != SIZE_MAX && s->len > hit_len)) {
                hit = pos;
                hit_len = s->len;
            }
        }
        if (hit == SIZE_MAX) {
            break;
        }
        buf_append_str(out, str_slice(text, at, hit));
        buf_append_c(out, "[secret]");
        at = hit + hit_len;
    }
    buf_append_str(out, str_from(text, at));
    pthread_mutex_unlock(&lock);
}

void secret_clear(void)
{
    pthread_mutex_lock(&lock);
    VEC_FOREACH (struct buf, s, &secrets) {
        explicit_bzero(s->ptr, s->cap);
        buf_free(s);
    }
    VEC_FREE(&secrets);
    pthread_mutex_unlock(&lock);
}
