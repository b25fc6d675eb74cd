#include "workspace/trust.h"

#include "base/file.h"
#include "base/json.h"
#include "base/path.h"
#include "base/sha256.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

enum { STORE_MAX = 4 << 20 };

static void add_part(struct sha256 *sha, struct str part)
{
    char length[32];
    struct buf text = BUF_INIT;
    buf_printf(&text, "%zu:", part.len);
    memcpy(length, text.ptr, text.len);
    sha256_add(sha, str_make(length, text.len));
    sha256_add(sha, part);
    buf_free(&text);
}

static void key_of(const char *kind, const char *scope, const char *name, struct str content,
    char hex[SHA256_HEX_SIZE])
{
    struct sha256 sha;
    sha256_init(&sha);
    add_part(&sha, str_of(kind));
    add_part(&sha, str_of(scope));
    add_part(&sha, str_of(name));
    add_part(&sha, content);
    sha256_finish(&sha, hex);
}

static char *store_path(struct err *err)
{
    char *state = path_home_dir(PATH_STATE, err);
    char *path = state == NULL ? NULL : path_join(state, "trust.json");
    free(state);
    return path;
}

struct trust_store {
    cJSON *answers; /* by hash; NULL: none */
};

struct trust_store *trust_load(void)
{
    struct trust_store *store = MEM_NEW(struct trust_store);
    char *path = store_path(NULL);
    store->answers = path == NULL ? NULL : json_parse_file(path, STORE_MAX, NULL);
    free(path);
    return store;
}

void trust_store_free(struct trust_store *store)
{
    cJSON_Delete(store->answers);
    free(store);
}

enum trust_answer trust_store_get(const struct trust_store *store, const char *kind,
    const char *scope, const char *name, struct str content)
{
    char hex[SHA256_HEX_SIZE];
    key_of(kind, scope, name, content, hex);
    const char *answer = json_string(json_get(store->answers, hex), "answer");
    return answer == NULL               ? TRUST_UNKNOWN
           : strcmp(answer, "yes") == 0 ? TRUST_YES
           : strcmp(answer, "no") == 0  ? TRUST_NO
                                        : TRUST_UNKNOWN;
}

bool trust_store_knows(
    const struct trust_store *store, const char *kind, const char *scope, const char *name)
{
    const cJSON *entry;
    cJSON_ArrayForEach(entry, store->answers)
    {
        if (strcmp(json_string_or(entry, "kind", ""), kind) == 0 &&
            strcmp(json_string_or(entry, "scope", ""), scope) == 0 &&
            strcmp(json_string_or(entry, "name", ""), name) == 0 &&
            strcmp(json_string_or(entry, "answer", ""), "yes") == 0) {
            return true;
        }
    }
    return false;
}

enum trust_answer trust_get(
    const char *kind, const char *scope, const char *name, struct str content)
{
    struct trust_store *store = trust_load();
    enum trust_answer answer = trust_store_get(store, kind, scope, name, content);
    trust_store_free(store);
    return answer;
}

static bool write_answer(const char *path, const char *hex, const char *kind, const char *scope,
    const char *name, enum trust_answer answer, struct err *err)
{
    struct err cause = {0};
    cJSON *store = json_parse_file(path, STORE_MAX, &cause);
    if (store == NULL && cause.kind != ERR_NOT_FOUND) {
        return err_set(err, cause.kind, "%s: repair or remove it", cause.text);
    }
    if (!cJSON_IsObject(store)) {
        cJSON_Delete(store);
        store = mem_require(cJSON_CreateObject());
    }
    cJSON_DeleteItemFromObjectCaseSensitive(store, hex);
    if (answer != TRUST_UNKNOWN) {
        cJSON *entry = json_set_object(store, hex);
        json_set_string(entry, "kind", kind);
        json_set_string(entry, "scope", scope);
        json_set_string(entry, "name", name);
        json_set_string(entry, "answer", answer == TRUST_YES ? "yes" : "no");
    }
    char *text = json_print(store);
    cJSON_Delete(store);
    bool ok = file_write(path, str_of(text), 0600, err);
    free(text);
    return ok;
}

bool trust_set(const char *kind, const char *scope, const char *name, struct str content,
    enum trust_answer answer, struct err *err)
{
    char *path = store_path(err);
    if (path == NULL) {
        return false;
    }
    char *folder = path_dir(path);
    char *lock = mem_printf("%s.lock", path);
    char hex[SHA256_HEX_SIZE];
    key_of(kind, scope, name, content, hex);
    bool ok = path_make_dirs(folder, err);
    int fd = ok ? open(lock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600) : -1;
    if (ok && (fd < 0 || flock(fd, LOCK_EX) != 0)) {
        ok = err_set_errno(err, errno, "cannot lock %s", lock);
    }
    ok = ok && write_answer(path, hex, kind, scope, name, answer, err);
    if (fd >= 0) {
        close(fd);
    }
    free(lock);
    free(folder);
    free(path);
    return ok;
}
