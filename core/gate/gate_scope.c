#include "gate/gate_scope.h"

#include "base/file.h"
#include "base/path.h"
#include "base/sha256.h"
#include "base/vec.h"
#include "engine/engine.h"

#include <stdio.h>
#include <stdlib.h>

#define FILE_MAX_BYTES ((size_t)64 << 20)

void gate_scope_free(struct gate_scope *scope)
{
    past_tree_free(&scope->past);
    free(scope->base_folder);
    VEC_FREE(&scope->known);
    VEC_FOREACH (char *, path, &scope->partial) {
        free(*path);
    }
    VEC_FREE(&scope->partial);
    VEC_FOREACH (char *, name, &scope->names) {
        free(*name);
    }
    VEC_FREE(&scope->names);
    free(scope->why);
    *scope = (struct gate_scope){0};
}

/* ---- what a unit depends on ---- */

/* NULL is another word than "". */
static void add_word(struct sha256 *sha, const char *word)
{
    if (word == NULL) {
        sha256_add(sha, str_make("\0", 2));
        return;
    }
    sha256_add(sha, str_make(word, strlen(word) + 1));
}

/* The content, not when it was written: the two folders are other files. */
static void add_content(struct sha256 *sha, const char *root, const struct plan_file *file)
{
    struct buf text = BUF_INIT;
    struct err err;
    if (!file->is_data) {
        add_word(sha, file->digest);
        return;
    }
    char *full = path_join(root, file->path);
    char digest[SHA256_HEX_SIZE];
    struct sha256 own;
    sha256_init(&own);
    bool ok = file_read(full, FILE_MAX_BYTES, &text, &err);
    sha256_add(&own, buf_str(&text));
    sha256_finish(&own, digest);
    add_word(sha, ok ? digest : "unread");
    buf_free(&text);
    free(full);
}

static void sign(const struct run_plan *plan, size_t place, char (*contents)[SHA256_HEX_SIZE],
    char out[SHA256_HEX_SIZE])
{
    const struct plan_unit *unit = &plan->units.items[place];
    struct sha256 sha;
    sha256_init(&sha);
    add_word(&sha, unit->label);
    add_word(&sha, unit->engine == NULL ? "" : unit->engine->name);
    add_word(&sha, policy_dialect_name(unit->dialect));
    add_word(&sha, unit->dir == NULL ? "" : unit->dir);
    add_word(&sha, unit->trouble == NULL ? "" : unit->trouble);
    sha256_add(&sha, str_make((const char *)&plan->declared, sizeof plan->declared));
    VEC_FOREACH (char *, arg, &unit->args) {
        add_word(&sha, *arg);
    }
    VEC_FOREACH (size_t, file, &unit->files) {
        add_word(&sha, plan->files.items[*file].path);
        add_word(&sha, plan->files.items[*file].load);
        add_word(&sha, contents[*file]);
    }
    sha256_finish(&sha, out);
}

/* By file of the plan: what it holds. Only those that a unit loads are read. */
static char (*read_contents(const struct run_plan *plan))[SHA256_HEX_SIZE]
{
    char(*contents)[SHA256_HEX_SIZE] = mem_zalloc((plan->files.len + 1) * sizeof *contents);
    VEC_FOREACH (struct plan_unit, unit, &plan->units) {
        VEC_FOREACH (size_t, file, &unit->files) {
            if (contents[*file][0] == '\0') {
                struct sha256 sha;
                sha256_init(&sha);
                add_content(&sha, plan->root, &plan->files.items[*file]);
                sha256_finish(&sha, contents[*file]);
            }
        }
    }
    return contents;
}

static int by_hex(const void *a, const void *b)
{
    return memcmp(a, b, SHA256_HEX_SIZE);
}

static struct run_plan *make_plan(
    struct policy_index *index, const char *folder, const atomic_bool *cancel, struct err *err)
{
    struct run_plan *plan = NULL;
    atomic_bool never = false;
    cancel = cancel == NULL ? &never : cancel;
    if (policy_index_scan(index, folder, cancel, err)) {
        plan = engine_opa.plan(index, RUN_ALL, NULL, 0, cancel);
        plan = engine_extend_plan(&engine_opa, plan, index, RUN_ALL, NULL, 0, cancel);
        (void)(plan != NULL || err_set(err, ERR_CANCELLED, "cancelled"));
    }
    return plan;
}

bool gate_scope_read_base(
    struct gate_scope *scope, const char *folder, const atomic_bool *cancel, struct err *err)
{
    struct policy_index *index = policy_index_new();
    struct run_plan *plan = make_plan(index, folder, cancel, err);
    if (plan == NULL) {
        policy_index_free(index);
        return false;
    }
    char(*contents)[SHA256_HEX_SIZE] = read_contents(plan);
    VEC_RESERVE(&scope->known, plan->units.len + 1);
    for (size_t i = 0; i < plan->units.len; i++) {
        sign(plan, i, contents, scope->known.items[scope->known.len++]);
    }
    qsort(scope->known.items, scope->known.len, sizeof *scope->known.items, by_hex);
    scope->declared = plan->declared;
    if (scope->base_folder == NULL) {
        scope->base_folder = mem_strdup(folder);
    }
    free(contents);
    run_plan_free(plan);
    policy_index_free(index);
    return true;
}

/* ---- which are affected ---- */

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Files that units beyond the affected load: their tests do not run, so what they reach is not
 * seen. */
static void find_partial(struct gate_scope *scope, const struct run_plan *plan)
{
    bool *loaded = mem_zalloc(plan->files.len + 1);
    VEC_FOREACH (const struct plan_unit, unit, &plan->units) {
        for (size_t i = 0; !unit->included && !unit->inputs && i < unit->files.len; i++) {
            loaded[unit->files.items[i]] = true;
        }
    }
    for (size_t i = 0; i < plan->files.len; i++) {
        if (loaded[i]) {
            VEC_PUSH(&scope->partial, mem_strdup(plan->files.items[i].path));
        }
    }
    if (scope->partial.len > 0) {
        qsort(scope->partial.items, scope->partial.len, sizeof *scope->partial.items, by_text);
    }
    free(loaded);
}

/* A changed file that every affected unit loads, so that one reads why it is all of them. */
static const char *find_shared(const struct gate_scope *scope, const struct run_plan *plan)
{
    VEC_FOREACH (const struct past_change, change, &scope->past.changes) {
        size_t file = plan_find_file(plan, change->path);
        size_t with = 0;
        VEC_FOREACH (const struct plan_unit, unit, &plan->units) {
            for (size_t i = 0; unit->included && i < unit->files.len; i++) {
                with += unit->files.items[i] == file;
            }
        }
        if (file != (size_t)-1 && with == scope->affected) {
            return change->path;
        }
    }
    return NULL;
}

static void say_why(struct gate_scope *scope, const struct run_plan *plan)
{
    struct buf why = BUF_INIT;
    size_t files = scope->past.changes.len;
    bool everything = scope->affected == scope->all && scope->all > 1;
    if (everything) {
        buf_printf(&why, "everything (%zu units) is affected by", scope->all);
    } else {
        buf_printf(&why, "%zu of %zu units depend on", scope->affected, scope->all);
    }
    buf_printf(&why, " what changed%s%.10s (%zu file%s%s)",
        scope->past.id[0] == '\0' ? "" : " since ", scope->past.id, files, files == 1 ? "" : "s",
        scope->past.forked ? "; where HEAD left it" : "");
    const char *shared = scope->affected > 1 ? find_shared(scope, plan) : NULL;
    if (scope->declared != plan->declared) {
        buf_append_c(&why, ": the settings declare other built-in functions than then");
    } else if (shared != NULL) {
        buf_printf(&why, ": all of them load %s", shared);
    } else if (everything) {
        buf_append_c(&why, ": each loads some of them");
    }
    scope->why = buf_take(&why);
}

static void choose_affected(struct gate_scope *scope, struct run_plan *plan)
{
    char(*contents)[SHA256_HEX_SIZE] = read_contents(plan);
    for (size_t i = 0; i < plan->units.len; i++) {
        char key[SHA256_HEX_SIZE];
        sign(plan, i, contents, key);
        if (scope->known.len > 0 && bsearch(key, scope->known.items, scope->known.len,
                                        sizeof *scope->known.items, by_hex) != NULL) {
            plan_exclude(plan, i);
        }
    }
    free(contents);
}

/* ---- shards ---- */

struct weighed {
    size_t unit, weight;
    const char *name;
    const char *engine;
};

static int heaviest_first(const void *a, const void *b)
{
    const struct weighed *x = a;
    const struct weighed *y = b;
    if (x->weight != y->weight) {
        return x->weight > y->weight ? -1 : 1;
    }
    int order = strcmp(x->name, y->name);
    return order != 0 ? order : strcmp(x->engine, y->engine);
}

/* Each unit, the heaviest first, goes to the shard that has least so far: decided by nothing but
 * the plan, so that each shard comes to the same without asking the others. */
static void choose_shard(struct gate_scope *scope, struct run_plan *plan)
{
    struct weighed *order = mem_alloc((plan->units.len + 1) * sizeof *order);
    size_t *load = mem_zalloc((scope->shards + 1) * sizeof *load);
    unsigned long long hash = STR_HASH_EMPTY;
    size_t count = 0;
    for (size_t i = 0; i < plan->units.len; i++) {
        const struct plan_unit *unit = &plan->units.items[i];
        if (unit->included) {
            order[count++] = (struct weighed){i, 4 + unit->tests.len + unit->files.len / 4,
                unit->label, unit->engine == NULL ? "opa" : unit->engine->name};
        }
    }
    qsort(order, count, sizeof *order, heaviest_first);
    for (size_t i = 0; i < count; i++) {
        size_t least = 0;
        for (size_t s = 1; s < scope->shards; s++) {
            least = load[s] < load[least] ? s : least;
        }
        load[least] += order[i].weight;
        hash = str_hash_more(hash, str_make(order[i].name, strlen(order[i].name) + 1));
        if (least + 1 == scope->shard) {
            VEC_PUSH(&scope->names, mem_printf("%s: %s", order[i].engine, order[i].name));
            scope->own++;
        } else {
            plan_exclude(plan, order[i].unit);
        }
    }
    snprintf(scope->plan, sizeof scope->plan, "%016llx", hash);
    free(load);
    free(order);
}

void gate_scope_choose(struct gate_scope *scope, struct run_plan *plan)
{
    scope->all = plan->units.len;
    if (scope->base_folder != NULL) {
        choose_affected(scope, plan);
    }
    VEC_FOREACH (const struct plan_unit, unit, &plan->units) {
        scope->affected += unit->included;
    }
    if (scope->base_folder != NULL) {
        find_partial(scope, plan);
        say_why(scope, plan);
    }
    if (scope->shards > 0) {
        choose_shard(scope, plan);
    } else {
        scope->own = scope->affected;
    }
}

bool gate_scope_has_file(const struct gate_scope *scope, const char *path)
{
    unsigned long long shard =
        scope->shards == 0 || path == NULL ? 0 : str_hash(str_of(path)) % scope->shards;
    return scope->shards == 0 || shard + 1 == scope->shard;
}

bool gate_scope_changed(const struct gate_scope *scope, const char *path)
{
    VEC_FOREACH (const struct past_change, change, &scope->past.changes) {
        if (path != NULL && strcmp(change->path, path) == 0) {
            return true;
        }
    }
    return scope->base_folder == NULL;
}

bool gate_scope_knows_coverage(const struct gate_scope *scope, const char *path)
{
    return scope->partial.len == 0 || bsearch(&path, scope->partial.items, scope->partial.len,
                                          sizeof *scope->partial.items, by_text) == NULL;
}
