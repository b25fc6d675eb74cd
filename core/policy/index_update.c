/* Some files of the index brought up to date, whatever the size of the folder. */
#include "policy/index_internal.h"

#include "base/file.h"
#include "base/path.h"
#include "base/vec.h"

#include <errno.h>
#include <stdlib.h>

void policy_moves_free(struct policy_moves *moves)
{
    VEC_FOREACH (struct policy_move, move, moves) {
        free(move->path);
        free(move->package);
        free(move->mount);
    }
    VEC_FREE(moves);
}

struct update {
    struct policy_index *index;
    const struct policy_text *texts;
    size_t text_count;
    struct policy_moves *moves;
};

static const struct policy_text *find_text(const struct update *u, const char *path)
{
    for (size_t i = 0; i < u->text_count; i++) {
        if (strcmp(u->texts[i].path, path) == 0) {
            return &u->texts[i];
        }
    }
    return NULL;
}

static bool same_rules(const struct policy_facts *a, const struct policy_facts *b)
{
    bool same = a->rules.len == b->rules.len;
    for (size_t i = 0; i < a->rules.len && same; i++) {
        same = a->rules.items[i].kind == b->rules.items[i].kind &&
               strcmp(a->rules.items[i].name, b->rules.items[i].name) == 0;
    }
    return same;
}

static bool same_refs(const struct policy_facts *a, const struct policy_facts *b)
{
    bool same = a->refs.len == b->refs.len;
    for (size_t i = 0; i < a->refs.len && same; i++) {
        same = strcmp(a->refs.items[i].path, b->refs.items[i].path) == 0;
    }
    return same;
}

static bool same_package(const struct policy_facts *a, const struct policy_facts *b)
{
    return a->package == NULL || b->package == NULL ? a->package == b->package
                                                    : strcmp(a->package, b->package) == 0;
}

static struct policy_move *add_move(struct update *u, const char *path)
{
    VEC_PUSH(u->moves, (struct policy_move){.path = mem_strdup(path)});
    return &u->moves->items[u->moves->len - 1];
}

/* Takes `facts` over (NULL: the file could not be read). */
static void put_facts(struct update *u, struct policy_file *file, struct policy_facts *facts)
{
    struct policy_index *index = u->index;
    struct policy_facts *old = file->facts;
    if (old == NULL && facts == NULL) {
        return;
    }
    size_t place = (size_t)(file - index->files.items);
    struct policy_move *move = add_move(u, file->path);
    bool both = old != NULL && facts != NULL;
    bool package = both && same_package(old, facts);
    bool rules = both && same_rules(old, facts);
    bool refs = both && same_refs(old, facts);
    move->package = old == NULL ? NULL : mem_strdup(old->package);
    move->reshaped = !package || !rules || !refs || old->dialect != facts->dialect;
    if (index->has_referrers) {
        policy_referrers_drop(index, file); /* their paths are those of the old facts */
    }
    index->tests += (facts == NULL ? 0 : facts->tests.len);
    index->tests -= (old == NULL ? 0 : old->tests.len);
    if (!package) {
        policy_order_drop(index, place);
    }
    file->facts = facts;
    if (!package) {
        policy_order_add(index, place);
        policy_order_rescope(index, move->package);
    }
    if (!package || !rules) {
        policy_order_rescope(index, facts == NULL ? NULL : facts->package);
    }
    policy_facts_release(old);
    policy_referrers_add(index, file);
}

static void put_text(struct update *u, struct policy_file *file, struct str text)
{
    if (file->kind == POLICY_REGO) {
        if (file->facts == NULL || file->facts->hash != str_hash(text)) {
            put_facts(u, file, policy_facts_parse(text));
        }
        return;
    }
    struct policy_keys before = file->keys;
    bool known = file->keys_read && !file->no_document;
    file->keys = (struct policy_keys){0};
    policy_document_keys(file, text);
    bool same = known && !file->no_document && before.len == file->keys.len;
    for (size_t i = 0; i < before.len; i++) {
        same = same && strcmp(before.items[i], file->keys.items[i]) == 0;
        free(before.items[i]);
    }
    VEC_FREE(&before);
    struct policy_move *move = add_move(u, file->path);
    move->mount = mem_strdup(file->mount);
    move->reshaped = !same;
}

static void remove_file(struct update *u, size_t at)
{
    struct policy_index *index = u->index;
    struct policy_file *file = &index->files.items[at];
    struct policy_move *move = add_move(u, file->path);
    move->reshaped = true;
    move->mount = file->kind == POLICY_DATA ? mem_strdup(file->mount) : NULL;
    move->package = file->facts == NULL ? NULL : mem_strdup(file->facts->package);
    index->tests -= file->facts == NULL ? 0 : file->facts->tests.len;
    policy_referrers_drop(index, file);
    policy_order_drop(index, at);
    policy_file_free(file);
    VEC_REMOVE(&index->files, at);
    VEC_FOREACH (size_t, place, &index->by_package) {
        *place -= *place > at;
    }
    policy_order_rescope(index, move->package);
}

/* A path that the scan would have come to: below folders, not links to them. */
static bool is_below_folders(const struct policy_index *index, const char *path)
{
    bool ok = true;
    for (const char *slash = strchr(path, '/'); slash != NULL && ok;
         slash = strchr(slash + 1, '/')) {
        char *dir = mem_strndup(path, (size_t)(slash - path));
        char *full = path_join(index->root, dir);
        struct stat st;
        ok = lstat(full, &st) == 0 && S_ISDIR(st.st_mode) && !policy_is_skipped_dir(path_base(dir));
        free(full);
        free(dir);
    }
    return ok;
}

/* What the disk holds at a path; false: not a file that we can tell about. */
static bool read_path(
    struct update *u, const char *path, struct stat *st, struct buf *text, bool *gone)
{
    char *full = path_join(u->index->root, path);
    bool there = stat(full, st) == 0;
    *gone = !there && (errno == ENOENT || errno == ENOTDIR);
    bool ok = *gone || (there && S_ISREG(st->st_mode));
    if (!*gone && ok) {
        ok = file_read(full, POLICY_REGO_MAX, text, NULL);
    }
    free(full);
    return ok;
}

static void lay(struct update *u, size_t at, const struct policy_text *text)
{
    struct policy_file *file = &u->index->files.items[at];
    uint64_t hash = str_hash(text->text);
    bool same_document = file->kind == POLICY_DATA && file->laid && file->laid_hash == hash;
    policy_file_lay(u->index, file);
    file->laid_hash = hash;
    if (!same_document) {
        put_text(u, file, text->text);
    }
}

static bool update_path(struct update *u, const char *path)
{
    enum policy_file_kind kind;
    const char *base = path_base(path);
    const struct policy_text *text = find_text(u, path);
    if (strcmp(path, ".bylaw/config.toml") == 0) {
        return false; /* it says which documents are data, and where */
    }
    if (!policy_kind_of(base, &kind)) {
        return strcmp(base, ".manifest") != 0 && strchr(base, '.') != NULL; /* else a folder? */
    }
    size_t at = policy_index_find(u->index, path);
    if (at == (size_t)-1 && !is_below_folders(u->index, path)) {
        return false;
    }
    struct stat st = {0};
    struct buf content = BUF_INIT;
    bool gone = false;
    if (text == NULL && !read_path(u, path, &st, &content, &gone)) {
        buf_free(&content);
        return false;
    }
    if (gone) {
        bool known = at != (size_t)-1;
        if (known) {
            remove_file(u, at);
        }
        return known; /* else it may have been a folder of that name */
    }
    if (at == (size_t)-1) {
        at = policy_index_insert(u->index, path, kind);
    }
    struct policy_file *file = &u->index->files.items[at];
    if (text != NULL) {
        lay(u, at, text);
    } else {
        struct policy_file before = *file;
        policy_file_stamp(file, &st);
        file->laid = false;
        bool touched = before.laid || before.mtime_ns != file->mtime_ns ||
                       before.size != file->size || before.ctime_ns != file->ctime_ns;
        if (touched) {
            put_text(u, file, buf_str(&content));
        }
    }
    buf_free(&content);
    return true;
}

/* Takes those out that have no text any more. */
static void take_stale(struct update *u, struct policy_names *stale)
{
    struct policy_names *edited = &u->index->edited;
    size_t kept = 0;
    for (size_t i = 0; i < edited->len; i++) {
        if (find_text(u, edited->items[i]) != NULL) {
            edited->items[kept++] = edited->items[i];
        } else {
            VEC_PUSH(stale, edited->items[i]);
        }
    }
    edited->len = kept;
}

bool policy_index_update(struct policy_index *index, const char *const *paths, size_t count,
    const struct policy_text *texts, size_t text_count, struct policy_moves *moves)
{
    struct update u = {.index = index, .texts = texts, .text_count = text_count, .moves = moves};
    struct policy_names stale = {0};
    bool ok = index->root != NULL;
    take_stale(&u, &stale);
    for (size_t i = 0; i < text_count && ok; i++) {
        ok = update_path(&u, texts[i].path);
    }
    for (size_t i = 0; i < count && ok; i++) {
        ok = find_text(&u, paths[i]) != NULL || update_path(&u, paths[i]);
    }
    VEC_FOREACH (char *, path, &stale) {
        ok = ok && update_path(&u, *path);
        if (ok) {
            free(*path);
        } else { /* until it is read from the disk */
            VEC_PUSH(&index->edited, *path);
        }
    }
    VEC_FREE(&stale);
    return ok;
}
