#include "agent/journal.h"

#include "base/file.h"
#include "base/log.h"
#include "base/path.h"
#include "base/safe.h"
#include "base/utf8.h"
#include "base/vec.h"
#include "loop/loop.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { TITLE_MAX = 240, ID_TRIES = 16, KIND_TAIL = 80 };
static const size_t max_journal = (size_t)1 << 30;

struct journal {
    int fd;
    char *id;
    char *path;
    off_t end;          /* of the last whole line */
    struct buf unsaved; /* whole lines that did not fit on the disk so far */
    bool torn;          /* something stands behind `end` that is no whole line */
};

static char *folder_of(const char *workspace, struct err *err)
{
    char *state = path_home_dir(PATH_STATE, err);
    if (state == NULL) {
        return NULL;
    }
    char *dir = mem_printf("%s/sessions/%s-%08llx", state, path_base(workspace),
        str_hash(str_of(workspace)) & 0xffffffffu);
    free(state);
    return dir;
}

static char *make_id(void)
{
    time_t now = (time_t)(loop_wall_ms() / 1000);
    struct tm tm;
    char stamp[32] = "session";
    if (gmtime_r(&now, &tm) != NULL) {
        strftime(stamp, sizeof stamp, "%Y%m%d-%H%M%S", &tm);
    }
    uint16_t salt = 0;
    if (getrandom(&salt, sizeof salt, GRND_NONBLOCK) != sizeof salt) {
        salt = (uint16_t)getpid();
    }
    return mem_printf("%s-%04x", stamp, salt);
}

static bool lock(int fd, const char *id, struct err *err)
{
    if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
        return true;
    }
    if (errno == EWOULDBLOCK) {
        return err_set(err, ERR_CONFLICT, "session %s is open in another bylaw", id);
    }
    return err_set_errno(err, errno, "cannot lock session %s", id);
}

struct journal *journal_create(const char *workspace, struct err *err)
{
    char *dir = folder_of(workspace, err);
    if (dir == NULL || !path_make_dirs(dir, err)) {
        free(dir);
        return NULL;
    }
    struct journal *journal = MEM_NEW(struct journal);
    journal->fd = -1;
    /* Two may begin in the same second. */
    for (unsigned i = 0; i < ID_TRIES && journal->fd < 0 && (i == 0 || errno == EEXIST); i++) {
        free(journal->id);
        free(journal->path);
        journal->id = make_id();
        journal->path = mem_printf("%s/%s.jsonl", dir, journal->id);
        journal->fd = open(journal->path, O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600);
    }
    free(dir);
    if (journal->fd < 0) {
        err_set_errno(err, errno, "cannot create the session file %s", journal->path);
        journal_free(journal);
        return NULL;
    }
    cJSON *head = cJSON_CreateObject();
    json_set_int(head, "version", 1);
    json_set_string(head, "id", journal->id);
    json_set_string(head, "workspace", workspace);
    if (!lock(journal->fd, journal->id, err)) {
        cJSON_Delete(head);
    } else if (journal_append(
                   journal, "session", head, false, err)) { /* synced with what follows */
        return journal;
    }
    journal_free(journal);
    return NULL;
}

static bool is_id(const char *id)
{
    for (const char *p = id; *p != '\0'; p++) {
        bool ok = (*p >= '0' && *p <= '9') || (*p >= 'a' && *p <= 'z') || *p == '-';
        if (!ok) {
            return false;
        }
    }
    return *id != '\0';
}

/* Feeds whole lines to on_record. *good is the length of the part that holds only good lines. */
static bool replay(struct str text, const char *path, size_t *good,
    void (*on_record)(void *data, const char *kind, const cJSON *record), void *data,
    struct err *err)
{
    struct str rest = text;
    struct str line;
    size_t number = 0;
    *good = 0;
    while (str_next_line(&rest, &line)) {
        number++;
        bool last = rest.len == 0;
        bool whole = line.ptr + line.len < text.ptr + text.len;
        if (line.len == 0) {
            *good = (size_t)(line.ptr - text.ptr) + 1;
            continue;
        }
        cJSON *record = whole ? json_parse(line, NULL) : NULL;
        const char *kind = json_string(record, "k");
        if (kind == NULL) {
            cJSON_Delete(record);
            if (last) {
                return true;
            }
            return err_set(err, ERR_INVALID, "%s: line %zu is damaged", path, number);
        }
        on_record(data, kind, record);
        cJSON_Delete(record);
        *good = (size_t)(line.ptr - text.ptr) + line.len + 1;
    }
    return true;
}

struct journal *journal_open(const char *workspace, const char *id,
    void (*on_record)(void *data, const char *kind, const cJSON *record), void *data,
    struct err *err)
{
    if (!is_id(id)) {
        err_set(err, ERR_INVALID, "\"%s\" is no session id: bylaw --resume lists them", id);
        return NULL;
    }
    char *dir = folder_of(workspace, err);
    if (dir == NULL) {
        return NULL;
    }
    struct journal *journal = MEM_NEW(struct journal);
    struct buf text = BUF_INIT;
    size_t good = 0;
    bool ok = false;
    journal->id = mem_strdup(id);
    journal->path = mem_printf("%s/%s.jsonl", dir, id);
    journal->fd = open(journal->path, O_RDWR | O_APPEND | O_CLOEXEC | O_NOFOLLOW);
    if (journal->fd < 0 && errno == ENOENT) {
        err_set(
            err, ERR_NOT_FOUND, "no session %s in this workspace: bylaw --resume lists them", id);
    } else if (journal->fd < 0) {
        err_set_errno(err, errno, "cannot open session %s", id);
    } else if (lock(journal->fd, id, err) &&
               file_read_fd(journal->fd, journal->path, max_journal, &text, err)) {
        ok = replay(buf_str(&text), journal->path, &good, on_record, data, err);
    }
    if (ok && good < text.len && ftruncate(journal->fd, (off_t)good) != 0) {
        ok = err_set_errno(err, errno, "cannot mend the end of session %s", id);
    }
    journal->end = (off_t)good;
    buf_free(&text);
    free(dir);
    if (!ok) {
        journal_free(journal);
        return NULL;
    }
    journal_unwant(workspace, id);
    return journal;
}

/* Writes what is waiting, or leaves the file as it was: a full disk never tears a line. */
static bool flush(struct journal *journal, struct err *err)
{
    if (journal->unsaved.len == 0) {
        return true;
    }
    if (journal->torn && ftruncate(journal->fd, journal->end) != 0) {
        return err_set_errno(err, errno, "session file %s", journal->path);
    }
    journal->torn = false;
    if (!file_write_all(journal->fd, buf_str(&journal->unsaved), err)) {
        journal->torn = ftruncate(journal->fd, journal->end) != 0;
        err_prefix(err, "session file %s", journal->path);
        return false;
    }
    journal->end += (off_t)journal->unsaved.len;
    buf_clear(&journal->unsaved);
    return true;
}

void journal_discard(struct journal *journal)
{
    buf_clear(&journal->unsaved);
    if (unlink(journal->path) != 0) {
        log_write("journal", "cannot remove %s", journal->path);
    }
}

bool journal_is_saved(const struct journal *journal)
{
    return journal->unsaved.len == 0;
}

void journal_free(struct journal *journal)
{
    if (journal == NULL) {
        return;
    }
    if (journal->fd >= 0) {
        struct err err;
        if (!flush(journal, &err)) {
            log_write("journal", "%s", err.text);
        }
        close(journal->fd);
    }
    buf_free(&journal->unsaved);
    free(journal->id);
    free(journal->path);
    free(journal);
}

const char *journal_id(const struct journal *journal)
{
    return journal->id;
}

bool journal_append(
    struct journal *journal, const char *kind, cJSON *record, bool sync, struct err *err)
{
    if (record == NULL) {
        record = mem_require(cJSON_CreateObject());
    }
    json_set_string(record, "k", kind);
    json_set_int(record, "t", loop_wall_ms());
    char *text = json_print(record);
    cJSON_Delete(record);
    secret_redact(&journal->unsaved, str_of(text));
    buf_append_char(&journal->unsaved, '\n');
    free(text);
    bool ok = flush(journal, err);
    if (ok && sync && fdatasync(journal->fd) != 0) {
        return err_set_errno(err, errno, "session file %s", journal->path);
    }
    if (ok && sync) { /* journal_stamp looks at the folder alone */
        char *dir = path_dir(journal->path);
        (void)utimensat(AT_FDCWD, dir, NULL, 0); /* else it is seen with the next session */
        free(dir);
    }
    return ok;
}

char *journal_title(struct str prompt, unsigned fork)
{
    struct str rest = str_trim(prompt);
    struct str first = {0};
    (void)str_next_line(&rest, &first);
    char *line = safe_dup(first, SAFE_ONE_LINE, TITLE_MAX);
    char *title = fork == 0   ? mem_strdup(line)
                  : fork == 1 ? mem_printf("Fork: %s", line)
                              : mem_printf("Fork %u: %s", fork, line);
    free(line);
    return title;
}

/* What the title is without the number of the fork. */
static const char *plain_title(const struct session_info *info)
{
    const char *mark = info->fork == 0 ? NULL : strstr(info->title, ": ");
    return mark == NULL ? info->title : mark + 2;
}

/* The next one of that session's first prompt, whichever fork of it the session is itself. */
static unsigned next_fork(const char *workspace, const char *id)
{
    struct err err;
    struct session_infos infos = {0};
    const char *title = "";
    unsigned last = 0;
    if (!journal_list(workspace, &infos, &err)) {
        log_write("journal", "%s", err.text);
    }
    VEC_FOREACH (const struct session_info, info, &infos) {
        title = strcmp(info->id, id) == 0 ? plain_title(info) : title;
    }
    VEC_FOREACH (const struct session_info, info, &infos) {
        if (info->fork > last && strcmp(plain_title(info), title) == 0) {
            last = info->fork;
        }
    }
    session_infos_free(&infos);
    return last + 1;
}

struct copying {
    enum journal_choice (*choose)(void *data, const char *kind, const cJSON *record);
    void *data;
    struct buf out;
    size_t sure; /* what is there of `out` whatever follows */
    bool stopped;
};

static void copy_record(void *data, const char *kind, const cJSON *record)
{
    struct copying *copying = data;
    if (copying->stopped || strcmp(kind, "session") == 0) {
        return;
    }
    enum journal_choice choice = copying->choose(copying->data, kind, record);
    copying->stopped = choice == JOURNAL_STOP;
    if (choice != JOURNAL_KEEP && choice != JOURNAL_WITH_NEXT) {
        copying->out.len = copying->sure;
        return;
    }
    char *text = json_print(record);
    buf_append_c(&copying->out, text);
    buf_append_char(&copying->out, '\n');
    free(text);
    copying->sure = choice == JOURNAL_KEEP ? copying->out.len : copying->sure;
}

char *journal_fork(const char *workspace, const struct journal *from,
    enum journal_choice (*choose)(void *data, const char *kind, const cJSON *record), void *data,
    struct err *err)
{
    struct copying copying = {.choose = choose, .data = data, .out = BUF_INIT};
    struct buf text = BUF_INIT;
    struct journal *made = NULL;
    char *id = NULL;
    size_t good;
    unsigned number = next_fork(workspace, from->id);
    if (!journal_is_saved(from)) {
        err_set(err, ERR_IO, "this session could not be saved: is the disk full?");
    } else if (lseek(from->fd, 0, SEEK_SET) != 0) {
        err_set_errno(err, errno, "cannot read session %s", from->id);
    } else if (file_read_fd(from->fd, from->path, max_journal, &text, err) &&
               replay(buf_str(&text), from->path, &good, copy_record, &copying, err)) {
        made = journal_create(workspace, err);
    }
    if (made != NULL) {
        cJSON *record = mem_require(cJSON_CreateObject());
        json_set_int(record, "number", number);
        copying.out.len = copying.sure;
        bool begun = journal_append(made, "fork", record, false, err);
        buf_append_str(&made->unsaved, buf_str(&copying.out));
        if (begun && flush(made, err)) {
            id = mem_strdup(made->id);
        } else {
            journal_discard(made);
        }
    }
    journal_free(made);
    buf_free(&copying.out);
    buf_free(&text);
    return id;
}

/* The lines of a session's file that look like records of a kind, oldest first, whoever has it
 * open. */
static void each_line(const char *workspace, const char *id, const char *kind,
    void (*on_line)(void *data, struct str line), void *data)
{
    struct err err;
    struct buf text = BUF_INIT;
    char *dir = is_id(id) ? folder_of(workspace, &err) : NULL;
    char *path = dir == NULL ? NULL : mem_printf("%s/%s.jsonl", dir, id);
    /* As journal_append ends a line; no text within a record can look so, for its quotes are
     * escaped. */
    char *mark = mem_printf("\"k\":\"%s\",\"t\":", kind);
    struct str line;
    if (path != NULL && file_read(path, max_journal, &text, &err)) {
        struct str rest = buf_str(&text);
        while (str_next_line(&rest, &line)) {
            size_t tail = line.len < KIND_TAIL ? 0 : line.len - KIND_TAIL;
            bool whole = line.ptr + line.len < text.ptr + text.len;
            if (whole && str_find(str_from(line, tail), str_of(mark), 0) != SIZE_MAX) {
                on_line(data, line);
            }
        }
    }
    buf_free(&text);
    free(mark);
    free(path);
    free(dir);
}

/* NULL: it is none of this kind. */
static cJSON *parse_record(struct str line, const char *kind)
{
    cJSON *record = json_parse(line, NULL);
    if (record != NULL && strcmp(json_string_or(record, "k", ""), kind) != 0) {
        cJSON_Delete(record);
        record = NULL;
    }
    return record;
}

static void take_last(void *data, struct str line)
{
    struct buf *last = data; /* only one of them is parsed */
    buf_clear(last);
    buf_append_str(last, line);
}

/* Is there while somebody wants the session. The caller frees; NULL: there is no state folder. */
static char *wanted_path(const char *workspace, const char *id, struct err *err)
{
    char *dir = folder_of(workspace, err);
    char *path = dir == NULL ? NULL : mem_printf("%s/%s.wanted", dir, id);
    free(dir);
    return path;
}

bool journal_want(const char *workspace, const char *id, struct err *err)
{
    char *path = wanted_path(workspace, id, err);
    bool ok = path != NULL && file_write(path, (struct str){0}, 0600, err);
    free(path);
    return ok;
}

void journal_unwant(const char *workspace, const char *id)
{
    struct err err;
    char *path = wanted_path(workspace, id, &err);
    if (path != NULL) {
        (void)unlink(path); /* most often there is none */
    }
    free(path);
}

bool journal_is_wanted(const struct journal *journal)
{
    char *path =
        mem_printf("%.*s.wanted", (int)(strlen(journal->path) - strlen(".jsonl")), journal->path);
    bool wanted = access(path, F_OK) == 0;
    free(path);
    return wanted;
}

cJSON *journal_last(const char *workspace, const char *id, const char *kind)
{
    struct buf last = BUF_INIT;
    each_line(workspace, id, kind, take_last, &last);
    cJSON *record = last.len == 0 ? NULL : parse_record(buf_str(&last), kind);
    buf_free(&last);
    return record;
}

struct each_record {
    const char *kind;
    void (*on_record)(void *data, const cJSON *record);
    void *data;
};

static void parse_line(void *data, struct str line)
{
    const struct each_record *each = data;
    cJSON *record = parse_record(line, each->kind);
    if (record != NULL) {
        each->on_record(each->data, record);
    }
    cJSON_Delete(record);
}

void journal_each(const char *workspace, const char *id, const char *kind,
    void (*on_record)(void *data, const cJSON *record), void *data)
{
    struct each_record each = {kind, on_record, data};
    each_line(workspace, id, kind, parse_line, &each);
}

struct head {
    char *title;
    char *other; /* of a session without a prompt */
    int64_t started;
    unsigned fork;
};

static void read_head(struct head *head, struct str text)
{
    struct str line;
    while (head->title == NULL && str_next_line(&text, &line)) {
        cJSON *record = json_parse(line, NULL);
        const char *kind = json_string_or(record, "k", "");
        if (strcmp(kind, "session") == 0) {
            head->started = json_int_or(record, "t", 0);
        } else if (strcmp(kind, "prompt") == 0) {
            head->title = journal_title(str_of(json_string_or(record, "text", "")), head->fork);
        } else if (strcmp(kind, "fork") == 0) {
            head->fork = (unsigned)json_int_or(record, "number", 0);
        } else if (strcmp(kind, "title") == 0) {
            free(head->other);
            head->other =
                safe_dup(str_of(json_string_or(record, "text", "")), SAFE_ONE_LINE, TITLE_MAX);
        }
        cJSON_Delete(record);
    }
}

static bool read_info(const char *dir, const char *name, struct session_info *info)
{
    char *path = path_join(dir, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    free(path);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) != 0) {
        if (fd >= 0) {
            close(fd);
        }
        return false;
    }
    /* The title stands near the beginning: no need to read megabytes of deltas. */
    struct buf text = BUF_INIT;
    buf_reserve(&text, 65536);
    ssize_t got = pread(fd, text.ptr, 65536, 0);
    text.len = got > 0 ? (size_t)got : 0;
    struct head head = {0};
    read_head(&head, buf_str(&text));
    buf_free(&text);
    info->id = mem_strndup(name, strlen(name) - strlen(".jsonl"));
    info->title = head.title != NULL   ? head.title
                  : head.other != NULL ? mem_strdup(head.other)
                                       : mem_strdup("");
    free(head.other);
    info->started = head.started;
    info->fork = head.fork;
    info->changed = (int64_t)st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1000000;
    info->open = flock(fd, LOCK_SH | LOCK_NB) != 0;
    close(fd);
    return true;
}

int64_t journal_stamp(const char *workspace)
{
    struct err err;
    struct stat st;
    char *dir = folder_of(workspace, &err);
    bool there = dir != NULL && stat(dir, &st) == 0;
    free(dir);
    return there ? (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec : 0;
}

static int newest_first(const void *a, const void *b)
{
    const struct session_info *x = a;
    const struct session_info *y = b;
    return x->changed < y->changed ? 1 : x->changed > y->changed ? -1 : strcmp(y->id, x->id);
}

bool journal_list(const char *workspace, struct session_infos *out, struct err *err)
{
    char *dir = folder_of(workspace, err);
    if (dir == NULL) {
        return false;
    }
    DIR *handle = opendir(dir);
    if (handle == NULL) {
        bool none = errno == ENOENT;
        if (!none) {
            err_set_errno(err, errno, "cannot list sessions in %s", dir);
        }
        free(dir);
        return none;
    }
    struct dirent *file;
    while ((file = readdir(handle)) != NULL) {
        struct session_info info;
        if (str_ends(str_of(file->d_name), ".jsonl") && read_info(dir, file->d_name, &info)) {
            VEC_PUSH(out, info);
        }
    }
    closedir(handle);
    free(dir);
    if (out->len > 0) {
        qsort(out->items, out->len, sizeof *out->items, newest_first);
    }
    return true;
}

void session_infos_free(struct session_infos *infos)
{
    VEC_FOREACH (struct session_info, info, infos) {
        free(info->id);
        free(info->title);
    }
    VEC_FREE(infos);
}

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static void encode64(struct buf *out, struct str bytes)
{
    for (size_t i = 0; i < bytes.len; i += 3) {
        uint32_t group = 0;
        for (size_t j = 0; j < 3; j++) {
            group = group << 8 | (i + j < bytes.len ? (unsigned char)bytes.ptr[i + j] : 0u);
        }
        for (size_t j = 0; j < 4; j++) {
            char c = alphabet[group >> (18 - 6 * j) & 63u];
            buf_append_char(out, i + j > bytes.len ? '=' : c);
        }
    }
}

static bool decode64(struct buf *out, struct str text)
{
    if (text.len % 4 != 0) {
        return false;
    }
    for (size_t i = 0; i < text.len; i += 4) {
        uint32_t group = 0;
        size_t pad = 0;
        for (size_t j = 0; j < 4; j++) {
            char c = text.ptr[i + j];
            const char *at = c == '\0' ? NULL : strchr(alphabet, c);
            if (c == '=' && i + 4 == text.len && j >= 2) {
                pad++;
                at = alphabet;
            } else if (at == NULL || pad > 0) {
                return false;
            }
            group = group << 6 | (uint32_t)(at - alphabet);
        }
        for (size_t j = 0; j + pad < 3; j++) {
            buf_append_char(out, (char)(group >> (16 - 8 * j) & 255u));
        }
    }
    return true;
}

void json_set_bytes(cJSON *obj, const char *key, struct str bytes)
{
    bool plain =
        utf8_is_valid(bytes) && (bytes.len == 0 || memchr(bytes.ptr, 0, bytes.len) == NULL);
    if (plain) {
        json_set_str(obj, key, bytes);
        return;
    }
    char *key64 = mem_printf("%s64", key);
    struct buf text = BUF_INIT;
    encode64(&text, bytes);
    json_set_str(obj, key64, buf_str(&text));
    buf_free(&text);
    free(key64);
}

bool json_get_bytes(const cJSON *obj, const char *key, struct buf *out)
{
    const char *plain = json_string(obj, key);
    if (plain != NULL) {
        buf_append_c(out, plain);
        return true;
    }
    char *key64 = mem_printf("%s64", key);
    const char *coded = json_string(obj, key64);
    free(key64);
    return coded != NULL && decode64(out, str_of(coded));
}
