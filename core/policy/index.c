#include "policy/index_internal.h"

#include "base/file.h"
#include "base/path.h"
#include "base/vec.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DEPTH_MAX = 64, FILES_MAX = 200000 };

struct scan {
    struct policy_index *index;
    struct policy_files old;
    struct data_roots roots;
    bool same_root;
    const atomic_bool *cancel;
    struct policy_files found;
    struct policy_names others;
};

struct policy_index *policy_index_new(void)
{
    return MEM_NEW(struct policy_index);
}

void policy_file_free(struct policy_file *file)
{
    free(file->path);
    free(file->scope);
    free(file->mount);
    policy_facts_release(file->facts);
    VEC_FOREACH (char *, key, &file->keys) {
        free(*key);
    }
    VEC_FREE(&file->keys);
}

static void files_free(struct policy_files *files)
{
    VEC_FOREACH (struct policy_file, file, files) {
        policy_file_free(file);
    }
    VEC_FREE(files);
}

static void names_free(struct policy_names *names)
{
    VEC_FOREACH (char *, name, names) {
        free(*name);
    }
    VEC_FREE(names);
}

void policy_index_forget_texts(struct policy_index *index)
{
    VEC_FOREACH (struct policy_laid, laid, &index->laid) {
        free(laid->path);
        buf_free(&laid->text);
    }
    VEC_FREE(&index->laid);
}

static void free_laid(struct policy_index *index)
{
    policy_index_forget_texts(index);
    names_free(&index->edited);
}

void policy_file_lay(struct policy_index *index, struct policy_file *file)
{
    file->mtime_ns = INT64_MIN; /* the next scan reads it whatever its stamp */
    if (!file->laid) {
        file->laid = true;
        VEC_PUSH(&index->edited, mem_strdup(file->path));
    }
}

void policy_index_free(struct policy_index *index)
{
    if (index == NULL) {
        return;
    }
    files_free(&index->files);
    names_free(&index->others);
    free_laid(index);
    VEC_FREE(&index->by_package);
    VEC_FREE(&index->referrers);
    data_roots_free(&index->roots);
    free(index->root);
    free(index);
}

static size_t find_file(const struct policy_files *files, const char *path)
{
    size_t low = 0;
    size_t high = files->len;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int order = strcmp(files->items[mid].path, path);
        if (order == 0) {
            return mid;
        }
        if (order < 0) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return (size_t)-1;
}

size_t policy_index_find(const struct policy_index *index, const char *path)
{
    return find_file(&index->files, path);
}

bool policy_is_skipped_dir(const char *name)
{
    return strcmp(name, ".git") == 0 || strcmp(name, "node_modules") == 0 ||
           strcmp(name, ".bylaw") == 0;
}

bool policy_kind_of(const char *name, enum policy_file_kind *kind)
{
    const char *ext = path_ext(name);
    *kind = strcmp(ext, ".rego") == 0 ? POLICY_REGO : POLICY_DATA;
    return *kind == POLICY_REGO || strcmp(ext, ".json") == 0 || strcmp(ext, ".yaml") == 0 ||
           strcmp(ext, ".yml") == 0;
}

void policy_file_mount(struct policy_file *file, const struct data_roots *roots)
{
    file->mount = data_roots_mount(roots, file->path);
    file->is_declared = data_roots_of(roots, file->path) != NULL;
}

static void read_rego(struct scan *scan, int dir, const char *name, struct policy_file *file)
{
    size_t at = find_file(&scan->old, file->path);
    struct policy_file *old = at == (size_t)-1 ? NULL : &scan->old.items[at];
    bool untouched = old != NULL && scan->same_root && old->mtime_ns == file->mtime_ns &&
                     old->size == file->size && old->inode == file->inode;
    if (untouched && old->facts != NULL) {
        file->facts = policy_facts_share(old->facts);
        return;
    }
    int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        return;
    }
    struct buf text = BUF_INIT;
    if (file_read_fd(fd, file->path, POLICY_REGO_MAX, &text, NULL)) {
        if (old != NULL && old->facts != NULL && old->facts->hash == str_hash(buf_str(&text))) {
            file->facts = policy_facts_share(old->facts);
        } else {
            file->facts = policy_facts_parse(buf_str(&text));
        }
    }
    buf_free(&text);
    close(fd);
}

static int64_t nanoseconds(struct timespec at)
{
    return (int64_t)at.tv_sec * 1000000000 + at.tv_nsec;
}

void policy_file_stamp(struct policy_file *file, const struct stat *st)
{
    file->mtime_ns = nanoseconds(st->st_mtim);
    file->ctime_ns = nanoseconds(st->st_ctim);
    file->size = (uint64_t)st->st_size;
    file->inode = st->st_ino;
}

static void take_file(
    struct scan *scan, int dir, const char *name, char *path, const struct stat *st)
{
    struct policy_file file = {.path = path};
    policy_file_stamp(&file, st);
    if (!policy_kind_of(name, &file.kind) && scan->others.len < FILES_MAX) {
        VEC_PUSH(&scan->others, path);
        return;
    }
    if (!policy_kind_of(name, &file.kind) || scan->found.len >= FILES_MAX) {
        free(path);
        return;
    }
    if (file.kind == POLICY_REGO) {
        read_rego(scan, dir, name, &file);
    } else {
        policy_file_mount(&file, &scan->roots);
    }
    VEC_PUSH(&scan->found, file);
}

/* Takes dir over and closes it. */
static bool scan_dir(struct scan *scan, int fd, const char *prefix, unsigned depth, struct err *err)
{
    DIR *dir = fdopendir(fd);
    if (dir == NULL) {
        close(fd);
        return true;
    }
    bool ok = true;
    for (struct dirent *entry; ok && (entry = readdir(dir)) != NULL;) {
        const char *name = entry->d_name;
        struct stat st;
        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
            fstatat(dirfd(dir), name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
            continue;
        }
        if (scan->cancel != NULL && atomic_load(scan->cancel)) {
            ok = err_set(err, ERR_CANCELLED, "the scan was cancelled");
            break;
        }
        char *path = prefix[0] == '\0' ? mem_strdup(name) : path_join(prefix, name);
        if (S_ISDIR(st.st_mode)) {
            int sub =
                policy_is_skipped_dir(name) || depth >= DEPTH_MAX
                    ? -1
                    : openat(dirfd(dir), name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
            if (sub >= 0) {
                ok = scan_dir(scan, sub, path, depth + 1, err);
            }
            free(path);
        } else if (S_ISREG(st.st_mode) ||
                   (S_ISLNK(st.st_mode) && fstatat(dirfd(dir), name, &st, 0) == 0 &&
                       S_ISREG(st.st_mode))) {
            take_file(scan, dirfd(dir), name, path, &st);
        } else {
            free(path);
        }
    }
    closedir(dir);
    return ok;
}

static int by_path(const void *a, const void *b)
{
    const struct policy_file *x = a;
    const struct policy_file *y = b;
    return strcmp(x->path, y->path);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int by_package(const void *a, const void *b, void *data)
{
    const struct policy_files *files = data;
    const struct policy_file *x = &files->items[*(const size_t *)a];
    const struct policy_file *y = &files->items[*(const size_t *)b];
    int order = strcmp(x->facts->package, y->facts->package);
    return order != 0 ? order : strcmp(x->path, y->path);
}

static bool same_dir(const char *a, const char *b)
{
    const char *x = strrchr(a, '/');
    const char *y = strrchr(b, '/');
    size_t m = x == NULL ? 0 : (size_t)(x - a);
    size_t n = y == NULL ? 0 : (size_t)(y - b);
    return m == n && strncmp(a, b, m) == 0;
}

/* Two files of one package in different folders contradict each other when both define the same
 * function, the same complete rule or the same test: then they were not meant to be loaded
 * together. Functions and rules with several definitions live in one folder in practice. */
static bool contradict(const struct policy_facts *a, const struct policy_facts *b)
{
    VEC_FOREACH (struct policy_rule, x, &a->rules) {
        VEC_FOREACH (struct policy_rule, y, &b->rules) {
            bool test = strncmp(x->name, "test_", 5) == 0;
            if (strcmp(x->name, y->name) == 0 && x->kind != RULE_PARTIAL &&
                (test || x->kind == y->kind)) {
                return true;
            }
        }
    }
    return false;
}

/* Sets the scope of the files [from, to) of by_package, which share a package. */
static void set_scopes(struct policy_index *index, size_t from, size_t to)
{
    bool split = false;
    for (size_t i = from; i < to && !split; i++) {
        for (size_t k = i + 1; k < to && !split && k - i < 64; k++) {
            const struct policy_file *a = &index->files.items[index->by_package.items[i]];
            const struct policy_file *b = &index->files.items[index->by_package.items[k]];
            split = !same_dir(a->path, b->path) && contradict(a->facts, b->facts);
        }
    }
    for (size_t i = from; i < to; i++) {
        struct policy_file *file = &index->files.items[index->by_package.items[i]];
        free(file->scope);
        file->scope = split ? path_dir(file->path) : mem_strdup("");
    }
}

void policy_index_forget_referrers(struct policy_index *index)
{
    VEC_FREE(&index->referrers);
    index->has_referrers = false;
}

static const char *package_at(const struct policy_index *index, size_t i)
{
    return index->files.items[index->by_package.items[i]].facts->package;
}

size_t policy_package_bound(const struct policy_index *index, const char *package)
{
    size_t low = 0;
    size_t high = index->by_package.len;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (strcmp(package_at(index, mid), package) < 0) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return low;
}

size_t policy_package_end(const struct policy_index *index, size_t from)
{
    size_t end = from + 1;
    while (end < index->by_package.len &&
           strcmp(package_at(index, end), package_at(index, from)) == 0) {
        end++;
    }
    return end;
}

static int by_number(const void *a, const void *b)
{
    const size_t *x = a;
    const size_t *y = b;
    return *x < *y ? -1 : *x > *y;
}

void policy_set_sort(struct policy_set *set, size_t from)
{
    if (set->len > from) {
        qsort(set->items + from, set->len - from, sizeof *set->items, by_number);
    }
}

void policy_index_order(struct policy_index *index)
{
    index->by_package.len = 0;
    index->tests = 0;
    for (size_t i = 0; i < index->files.len; i++) {
        free(index->files.items[i].scope);
        index->files.items[i].scope = NULL;
        const struct policy_facts *facts = index->files.items[i].facts;
        if (facts != NULL) {
            index->tests += facts->tests.len;
            if (facts->package != NULL) {
                VEC_PUSH(&index->by_package, i);
            }
        }
    }
    if (index->by_package.len > 0) {
        qsort_r(index->by_package.items, index->by_package.len, sizeof(size_t), by_package,
            &index->files);
    }
    for (size_t i = 0; i < index->by_package.len;) {
        size_t end = policy_package_end(index, i);
        set_scopes(index, i, end);
        i = end;
    }
}

/* Where the file at `place` stands in by_package, or would. */
static size_t order_bound(const struct policy_index *index, size_t place)
{
    const char *package = index->files.items[place].facts->package;
    size_t at = policy_package_bound(index, package);
    while (at < index->by_package.len && index->by_package.items[at] < place &&
           strcmp(package_at(index, at), package) == 0) {
        at++;
    }
    return at;
}

void policy_order_drop(struct policy_index *index, size_t place)
{
    struct policy_file *file = &index->files.items[place];
    free(file->scope);
    file->scope = NULL;
    if (file->facts != NULL && file->facts->package != NULL) {
        VEC_REMOVE(&index->by_package, order_bound(index, place));
    }
}

void policy_order_add(struct policy_index *index, size_t place)
{
    const struct policy_file *file = &index->files.items[place];
    if (file->facts != NULL && file->facts->package != NULL) {
        size_t at = order_bound(index, place);
        VEC_INSERT(&index->by_package, at, place);
    }
}

void policy_order_rescope(struct policy_index *index, const char *package)
{
    size_t from = package == NULL ? index->by_package.len : policy_package_bound(index, package);
    if (from < index->by_package.len && strcmp(package_at(index, from), package) == 0) {
        set_scopes(index, from, policy_package_end(index, from));
    }
}

bool policy_index_scan(
    struct policy_index *index, const char *root, const atomic_bool *cancel, struct err *err)
{
    int fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return err_set_errno(err, errno, "cannot open the folder %s", root);
    }
    struct scan scan = {.index = index,
        .old = index->files,
        .same_root = index->root != NULL && strcmp(index->root, root) == 0,
        .cancel = cancel};
    data_roots_read(&scan.roots, root);
    if (!scan_dir(&scan, fd, "", 0, err)) {
        files_free(&scan.found);
        names_free(&scan.others);
        data_roots_free(&scan.roots);
        return false;
    }
    if (scan.found.len > 0) {
        qsort(scan.found.items, scan.found.len, sizeof *scan.found.items, by_path);
    }
    if (scan.others.len > 0) {
        qsort(scan.others.items, scan.others.len, sizeof *scan.others.items, by_name);
    }
    policy_index_forget_referrers(index);
    files_free(&scan.old);
    names_free(&index->others);
    free_laid(index);
    data_roots_free(&index->roots);
    index->files = scan.found;
    index->roots = scan.roots;
    index->others = scan.others;
    if (!scan.same_root) {
        free(index->root);
        index->root = mem_strdup(root);
    }
    policy_index_order(index);
    return true;
}

static void keep_text(struct policy_index *index, const struct policy_text *text)
{
    struct buf copy = BUF_INIT;
    buf_append_str(&copy, text->text);
    VEC_FOREACH (struct policy_laid, laid, &index->laid) {
        if (strcmp(laid->path, text->path) == 0) {
            buf_free(&laid->text);
            laid->text = copy;
            return;
        }
    }
    VEC_PUSH(&index->laid, (struct policy_laid){mem_strdup(text->path), copy});
}

const struct buf *policy_index_text(const struct policy_index *index, const char *path)
{
    VEC_FOREACH (const struct policy_laid, laid, &index->laid) {
        if (strcmp(laid->path, path) == 0) {
            return &laid->text;
        }
    }
    return NULL;
}

/* True when the file's facts are others than before. */
static bool lay_text(struct policy_index *index, const struct policy_text *text)
{
    if (strcmp(path_ext(text->path), ".rego") != 0) {
        return false;
    }
    size_t at = policy_index_find(index, text->path);
    if (at == (size_t)-1) {
        at = policy_index_insert(index, text->path, POLICY_REGO);
    }
    struct policy_file *file = &index->files.items[at];
    policy_file_lay(index, file);
    if (file->facts != NULL && file->facts->hash == str_hash(text->text)) {
        return false;
    }
    policy_facts_release(file->facts);
    file->facts = policy_facts_parse(text->text);
    return true;
}

size_t policy_index_insert(struct policy_index *index, const char *path, enum policy_file_kind kind)
{
    size_t at = 0;
    while (at < index->files.len && strcmp(index->files.items[at].path, path) < 0) {
        at++;
    }
    struct policy_file added = {.path = mem_strdup(path), .kind = kind};
    if (kind == POLICY_DATA) {
        policy_file_mount(&added, &index->roots);
    }
    VEC_INSERT(&index->files, at, added);
    VEC_FOREACH (size_t, place, &index->by_package) {
        *place += *place >= at;
    }
    return at;
}

void policy_index_lay(struct policy_index *index, const struct policy_text *texts, size_t count)
{
    bool changed = false;
    for (size_t i = 0; i < count; i++) {
        keep_text(index, &texts[i]);
        changed = lay_text(index, &texts[i]) || changed;
    }
    if (changed) {
        policy_index_forget_referrers(index);
        policy_index_order(index);
    }
}
