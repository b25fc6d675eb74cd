/* What engines beside the first add to its plan. */
#include "engine/plan.h"

#include "base/file.h"
#include "base/path.h"
#include "base/vec.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

enum { HEAD_BYTES = 2048, PART_BYTES = 32 << 10 };

static ssize_t read_head(const char *root, const char *path, char head[HEAD_BYTES])
{
    char *full = path_join(root, path);
    int fd = open(full, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t got = fd < 0 ? -1 : read(fd, head, HEAD_BYTES);
    if (fd >= 0) {
        close(fd);
    }
    free(full);
    return got;
}

/* A part at a time, the end of the one before in front of it: most files are one. */
static bool has_word(int fd, struct str word, char *part, size_t size)
{
    size_t kept = 0;
    for (size_t seen = 0; seen < PLAN_SUITE_MAX;) {
        ssize_t got = read(fd, part + kept, size - kept);
        if (got <= 0) {
            return false;
        }
        struct str text = str_make(part, kept + (size_t)got);
        if (str_find(text, word, 0) != SIZE_MAX) {
            return true;
        }
        seen += (size_t)got;
        kept = text.len < word.len ? text.len : word.len - 1;
        memmove(part, text.ptr + text.len - kept, kept);
    }
    return false;
}

bool plan_file_has(const char *root, const char *path, const char *word)
{
    char *full = path_join(root, path);
    int fd = open(full, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    free(full);
    if (fd < 0) {
        return false;
    }
    char *part = mem_alloc(PART_BYTES);
    bool has = has_word(fd, str_of(word), part, PART_BYTES);
    free(part);
    close(fd);
    return has;
}

bool plan_is_hollow(const char *root, const char *path)
{
    static const char *const nothing[] = {"---", "...", "null", "~", ""};
    char head[HEAD_BYTES];
    ssize_t got = read_head(root, path, head);
    bool hollow = got >= 0 && got < HEAD_BYTES;
    struct str text = str_make(head, hollow ? (size_t)got : 0);
    struct str line;
    while (hollow && str_next_line(&text, &line)) {
        line = str_trim(line);
        hollow = str_starts(line, "#") || str_starts(line, "//") || str_starts(line, ";");
        for (size_t i = 0; i < ARRAY_LEN(nothing) && !hollow; i++) {
            hollow = str_equal_c(line, nothing[i]);
        }
    }
    return hollow;
}

size_t plan_find_file(const struct run_plan *plan, const char *path)
{
    size_t low = 0;
    size_t high = plan->files.len;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int order = strcmp(plan->files.items[mid].path, path);
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

/* A file and where it was before sorting. */
struct moved {
    struct plan_file file;
    size_t from;
};

static int by_path(const void *a, const void *b)
{
    return strcmp(((const struct moved *)a)->file.path, ((const struct moved *)b)->file.path);
}

static int by_number(const void *a, const void *b)
{
    const size_t *x = a;
    const size_t *y = b;
    return *x < *y ? -1 : *x > *y;
}

static void move_places(struct run_plan *plan, const size_t *to)
{
    VEC_FOREACH (struct plan_test, test, &plan->tests) {
        test->file = to[test->file];
    }
    VEC_FOREACH (struct plan_unit, unit, &plan->units) {
        VEC_FOREACH (size_t, place, &unit->files) {
            *place = to[*place];
        }
        policy_set_sort(&unit->files, 0);
    }
}

enum { INPUT_MAX_BYTES = 16 << 20 };

/* What it holds, for who asks whether a test's inputs are the same; 0: not known. */
static uint64_t hash_of(const char *root, const char *path)
{
    struct buf text = BUF_INIT;
    char *full = path_join(root, path);
    uint64_t hash = 0;
    if (file_read(full, INPUT_MAX_BYTES, &text, NULL)) {
        hash = str_hash(buf_str(&text));
    }
    free(full);
    buf_free(&text);
    return hash;
}

void plan_add_files(struct run_plan *plan, const struct plan_words *paths)
{
    size_t known = plan->files.len;
    VEC_FOREACH (char *, path, paths) {
        struct run_plan old = {.files = {plan->files.items, known, known}};
        if (plan_find_file(&old, *path) == (size_t)-1) {
            struct plan_file file = {.path = mem_strdup(*path),
                .is_data = true,
                .hash = plan->root == NULL ? 0 : hash_of(plan->root, *path)};
            VEC_PUSH(&plan->files, file);
        }
    }
    size_t count = plan->files.len;
    if (count == known) {
        return;
    }
    struct moved *moved = mem_alloc(count * sizeof *moved);
    size_t *to = mem_alloc(count * sizeof *to);
    for (size_t i = 0; i < count; i++) {
        moved[i] = (struct moved){plan->files.items[i], i};
    }
    qsort(moved, count, sizeof *moved, by_path);
    for (size_t i = 0; i < count; i++) {
        plan->files.items[i] = moved[i].file;
        to[moved[i].from] = i;
    }
    move_places(plan, to);
    free(moved);
    free(to);
}

void plan_mark_files(const struct run_plan *plan, const bool *marked, struct policy_set *files)
{
    for (size_t i = 0; i < plan->files.len; i++) {
        if (marked[i]) {
            VEC_PUSH(files, i);
        }
    }
}

bool plan_path_wanted(const char *path, const char *name)
{
    size_t len = strlen(name);
    while (len > 0 && name[len - 1] == '/') {
        len--;
    }
    return len == 0 || (len == 1 && name[0] == '.') ||
           (strncmp(path, name, len) == 0 && (path[len] == '\0' || path[len] == '/'));
}

bool plan_test_wanted(const struct run_plan *plan, const struct plan_test *test,
    enum run_scope scope, const char *const *wanted, size_t count)
{
    const char *path = plan->files.items[test->file].path;
    char *place = mem_printf("%s:%u", path, test->at.row);
    char *full = mem_printf("%s.%s", test->suite, test->name);
    bool is_wanted = false;
    for (size_t i = 0; i < count && !is_wanted; i++) {
        is_wanted = scope == RUN_PATHS
                        ? plan_path_wanted(path, wanted[i])
                        : strcmp(wanted[i], place) == 0 || strcmp(wanted[i], full) == 0;
    }
    free(place);
    free(full);
    return is_wanted;
}

/* A changed file that the plan does not hold may be anybody's. */
static bool is_affected(const struct run_plan *plan, const struct plan_unit *unit,
    const char *const *wanted, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t place = plan_find_file(plan, wanted[i]);
        if (place == (size_t)-1 ||
            (unit->files.len > 0 && bsearch(&place, unit->files.items, unit->files.len,
                                        sizeof place, by_number) != NULL)) {
            return true;
        }
    }
    return false;
}

static int by_place_in_file(const void *a, const void *b)
{
    const struct plan_test *x = a;
    const struct plan_test *y = b;
    if (x->file != y->file) {
        return x->file < y->file ? -1 : 1;
    }
    if (x->at.row != y->at.row) {
        return x->at.row < y->at.row ? -1 : 1;
    }
    return x->at.col < y->at.col ? -1 : x->at.col > y->at.col;
}

void plan_sort_tests(struct run_plan *plan)
{
    if (plan->tests.len > 0) {
        qsort(plan->tests.items, plan->tests.len, sizeof *plan->tests.items, by_place_in_file);
    }
}

static void drop_units(struct run_plan *plan)
{
    size_t *to = mem_alloc((plan->units.len + 1) * sizeof *to);
    size_t kept = 0;
    for (size_t i = 0; i < plan->units.len; i++) {
        to[i] = plan->units.items[i].dropped ? (size_t)-1 : kept;
        if (plan->units.items[i].dropped) {
            plan_unit_free(&plan->units.items[i]);
        } else {
            plan->units.items[kept++] = plan->units.items[i];
        }
    }
    plan->units.len = kept;
    VEC_FOREACH (struct plan_test, test, &plan->tests) {
        test->unit = to[test->unit];
    }
    free(to);
}

void plan_settle(
    struct run_plan *plan, enum run_scope scope, const char *const *wanted, size_t count)
{
    drop_units(plan);
    VEC_FOREACH (struct plan_unit, unit, &plan->units) {
        unit->included = unit->engine == NULL
                             ? unit->included
                             : scope == RUN_ALL || (scope == RUN_AFFECTED &&
                                                       is_affected(plan, unit, wanted, count));
        unit->tests.len = 0;
    }
    plan_sort_tests(plan);
    plan->included = 0;
    for (size_t i = 0; i < plan->tests.len; i++) {
        struct plan_test *test = &plan->tests.items[i];
        struct plan_unit *unit = &plan->units.items[test->unit];
        bool by_unit = scope == RUN_ALL || scope == RUN_AFFECTED;
        test->included =
            by_unit ? unit->included : plan_test_wanted(plan, test, scope, wanted, count);
        VEC_PUSH(&unit->tests, i);
        unit->included = unit->included || test->included;
        plan->included += test->included;
    }
}
