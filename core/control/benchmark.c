#include "control/benchmark.h"

#include "base/file.h"
#include "base/path.h"
#include "base/vec.h"
#include "control/framework.h"
#include "control/kube_bench.h"
#include "control/words.h"
#include "embedded.h"

#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <strings.h>

/* Measured with kube-bench's texts of 1.5 to 1.12 against 1.9: below, words that only sound alike
 * are taken for the same control. */
#define ALIKE 0.45
/* A number means something else when another control's words fit this much better. */
#define BETTER 0.2

enum { FILE_MAX = 32 << 20 };

struct benchmark {
    struct requirements controls;
    struct words *words;
    const char *framework, *version; /* of the first control */
    /* Of a user's copy: the one compiled in, and which of its controls each of ours is (SIZE_MAX:
     * none that is known). */
    struct benchmark *known;
    size_t *meant;
    bool is_part; /* one file of many, as kube-bench has them: the rest is not known */
};

extern const struct embedded builtin_benchmarks[];

static const char *const admissions[] = {"", "yes", "partial", "no", "host"};

enum admission admission_of(const char *word)
{
    for (size_t i = 1; i < ARRAY_LEN(admissions); i++) {
        if (strcasecmp(word, admissions[i]) == 0) {
            return (enum admission)i;
        }
    }
    return ADMISSION_UNKNOWN;
}

const char *admission_name(enum admission admission)
{
    return admissions[admission];
}

bool admission_is_checkable(enum admission admission)
{
    return admission != ADMISSION_NO && admission != ADMISSION_HOST;
}

static struct benchmark *make(struct requirements controls)
{
    struct benchmark *benchmark = MEM_NEW(struct benchmark);
    benchmark->controls = controls;
    benchmark->words = words_new();
    VEC_FOREACH (const struct requirement, control, &benchmark->controls) {
        char *words = requirement_known_by(control);
        words_add(benchmark->words, str_of(words));
        free(words);
    }
    benchmark->framework = benchmark->controls.items[0].framework;
    benchmark->version = benchmark->controls.items[0].version;
    return benchmark;
}

void benchmark_requirements(struct requirements *out)
{
    struct err err;
    const struct embedded *file = &builtin_benchmarks[0];
    if (!requirements_parse(
            str_make(file->bytes, file->len), file->name, NULL, WANT_TEXT, out, &err)) {
        /* Compiled in, and read by a test: there is no such error. */
        abort();
    }
}

struct benchmark *benchmark_builtin(void)
{
    struct requirements controls;
    benchmark_requirements(&controls);
    return make(controls);
}

void benchmark_free(struct benchmark *benchmark)
{
    if (benchmark != NULL) {
        benchmark_free(benchmark->known);
        free(benchmark->meant);
        requirements_free(&benchmark->controls);
        words_free(benchmark->words);
        free(benchmark);
    }
}

const char *benchmark_framework(const struct benchmark *benchmark)
{
    return benchmark->framework;
}

const char *benchmark_version(const struct benchmark *benchmark)
{
    return benchmark->version;
}

const struct requirements *benchmark_controls(const struct benchmark *benchmark)
{
    return &benchmark->controls;
}

const struct requirement *benchmark_find(const struct benchmark *benchmark, struct str id)
{
    return requirements_find(&benchmark->controls, id);
}

/* ---- a user's copy ---- */

static bool add_yaml(const char *path, struct requirements_index *index, struct err *err)
{
    struct buf text = BUF_INIT;
    bool ok =
        file_read(path, FILE_MAX, &text, err) && kube_bench_read(buf_str(&text), path, index, err);
    buf_free(&text);
    return ok;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static bool add_folder(const char *path, struct requirements_index *index, struct err *err)
{
    struct dirent **entries = NULL;
    int count = scandir(path, &entries, NULL, by_name);
    bool ok = count >= 0 || err_set_errno(err, errno, "cannot read the folder %s", path);
    for (int i = 0; i < count; i++) {
        char *file = path_join(path, entries[i]->d_name);
        struct err why = {0};
        if (ok && path_is_yaml(file) && !add_yaml(file, index, &why) &&
            why.kind != ERR_UNSUPPORTED) {
            ok = false;
            *err = why;
        }
        free(file);
        free(entries[i]);
    }
    free(entries);
    return ok;
}

static bool read_kube_bench(const char *path, struct requirements *out, struct err *err)
{
    *out = (struct requirements){.name = mem_strdup(path)};
    struct requirements_index *index = requirements_index_new(out);
    bool ok = path_is_yaml(path) ? add_yaml(path, index, err) : add_folder(path, index, err);
    requirements_index_free(index);
    if (ok && out->len == 0) {
        ok = err_set(err, ERR_INVALID, "%s: no YAML of kube-bench in this folder", path);
    }
    if (!ok) {
        requirements_free(out);
    }
    return ok;
}

/* What our own words know of these controls. The caller frees. */
static size_t *fill_in(struct requirements *controls, struct benchmark *known)
{
    size_t *meant = mem_zalloc(controls->len * sizeof *meant);
    for (size_t i = 0; i < controls->len; i++) {
        struct requirement *control = &controls->items[i];
        enum framework_relation relation = framework_relate(str_of(control->framework),
            str_of(control->version), str_of(known->framework), str_of(known->version));
        const struct requirement *same = NULL;
        if (relation == FRAMEWORK_SAME) {
            same = benchmark_find(known, str_of(control->id));
        } else if (relation == FRAMEWORK_VERSION) {
            char *words = requirement_words(control);
            same = benchmark_guess(known, str_of(words));
            free(words);
        }
        meant[i] = same == NULL ? SIZE_MAX : (size_t)(same - known->controls.items);
        if (same != NULL) {
            requirement_fill(&control->admission, same->admission);
            requirement_fill(&control->policy_type, same->policy_type);
            requirement_fill(&control->complexity, same->complexity);
            requirement_fill(&control->terms, same->terms);
        }
    }
    return meant;
}

struct benchmark *benchmark_read(
    const char *path, const struct requirements_map *map, struct err *err)
{
    struct requirements controls;
    DIR *folder = opendir(path);
    bool ok;
    if (folder != NULL) {
        closedir(folder);
    }
    if (folder != NULL || path_is_yaml(path)) {
        ok = read_kube_bench(path, &controls, err);
    } else {
        ok = requirements_read(path, map, 0, &controls, err);
    }
    if (!ok) {
        return NULL;
    }
    struct benchmark *known = benchmark_builtin();
    size_t *meant = fill_in(&controls, known);
    struct benchmark *benchmark = make(controls);
    benchmark->known = known;
    benchmark->meant = meant;
    benchmark->is_part = folder == NULL && path_is_yaml(path);
    return benchmark;
}

/* ---- judging numbers ---- */

const struct requirement *benchmark_guess(struct benchmark *benchmark, struct str words)
{
    struct words_hit hit = words_best(benchmark->words, words, SIZE_MAX, NULL);
    return hit.likeness >= ALIKE ? &benchmark->controls.items[hit.text] : NULL;
}

/* "5.2.1", "1.1": what an id of this benchmark looks like, for numbers whose framework nobody
 * names. */
static bool has_shape(const struct benchmark *benchmark, struct str id)
{
    const char *own = benchmark->controls.items[0].id;
    bool digits = strspn(own, "0123456789.") == strlen(own);
    bool dots = false;
    for (size_t i = 0; i < id.len; i++) {
        if (strchr("0123456789.", id.ptr[i]) == NULL) {
            return !digits;
        }
        dots = dots || id.ptr[i] == '.';
    }
    return digits && dots;
}

/* Of controls that these words fit about as well as `best`, the one in the section of the id: the
 * API server and the kubelet have flags of one name. */
static const struct requirement *nearest(
    struct benchmark *benchmark, struct str id, struct str words, struct words_hit best)
{
    size_t section = id.len;
    while (section > 0 && id.ptr[section - 1] != '.') {
        section--;
    }
    const struct requirement *found = &benchmark->controls.items[best.text];
    double most = best.likeness - BETTER / 2;
    for (size_t i = 0; i < benchmark->controls.len; i++) {
        const struct requirement *control = &benchmark->controls.items[i];
        double like = 0;
        if (section > 0 && strncmp(control->id, id.ptr, section) == 0 &&
            strchr(control->id + section, '.') == NULL) {
            words_best(benchmark->words, words, i, &like);
        }
        if (like > 0 && like >= most) {
            most = like;
            found = control;
        }
    }
    return found;
}

/* How many of the numbers that they begin with are the same: 2 of 5.2.1 and 5.2.10. */
static size_t same_parts(struct str a, struct str b)
{
    size_t parts = 0;
    for (size_t i = 0;; i++) {
        bool end_a = i >= a.len || a.ptr[i] == '.';
        bool end_b = i >= b.len || b.ptr[i] == '.';
        if (end_a != end_b || (!end_a && a.ptr[i] != b.ptr[i])) {
            return parts;
        }
        parts += end_a;
        if (i >= a.len || i >= b.len) {
            return parts;
        }
    }
}

/* The control whose words are ours of the one compiled in: of those that it may be, the one whose
 * number is most like it. False: these are no words of ours. */
static bool find_ours(const struct benchmark *benchmark, struct str id, struct str words,
    const struct requirement **is)
{
    const struct requirement *ours =
        benchmark->known == NULL ? NULL : benchmark_find(benchmark->known, id);
    char *said = ours == NULL ? NULL : requirement_words(ours);
    bool same = said != NULL && str_equal_c(words, said);
    free(said);
    size_t most = 0;
    *is = NULL;
    for (size_t i = 0; same && i < benchmark->controls.len; i++) {
        const struct requirement *control = &benchmark->controls.items[i];
        bool means = benchmark->meant[i] == (size_t)(ours - benchmark->known->controls.items);
        size_t alike = means ? 1 + same_parts(id, str_of(control->id)) : 0;
        if (alike > most) {
            most = alike;
            *is = control;
        }
    }
    return same;
}

/* A file of one section says nothing about the others. */
static bool is_beside(const struct benchmark *benchmark, struct str id)
{
    size_t dot = str_find_char(id, '.', 0);
    struct str section = str_slice(id, 0, dot == SIZE_MAX ? id.len : dot + 1);
    VEC_FOREACH (const struct requirement, control, &benchmark->controls) {
        if (strncmp(control->id, section.ptr, section.len) == 0) {
            return false;
        }
    }
    return benchmark->is_part;
}

static enum benchmark_judgement judge(struct benchmark *benchmark, enum framework_relation relation,
    struct str id, struct str words, const struct requirement **is)
{
    *is = benchmark_find(benchmark, id);
    if (relation == FRAMEWORK_OTHER || is_beside(benchmark, id) ||
        (relation == FRAMEWORK_UNSAID && *is == NULL && !has_shape(benchmark, id))) {
        *is = NULL;
        return BENCHMARK_FOREIGN;
    }
    const struct requirement *ours;
    bool is_ours = find_ours(benchmark, id, words, &ours);
    if (relation == FRAMEWORK_VERSION) {
        *is = is_ours ? ours : benchmark_guess(benchmark, words);
        return BENCHMARK_VERSION;
    }
    if (is_ours && ours != NULL && ours == *is) {
        return BENCHMARK_KNOWN;
    }
    if (*is == NULL) {
        *is = benchmark_guess(benchmark, words);
        return BENCHMARK_UNKNOWN;
    }
    char *meant = requirement_words(*is);
    bool same = str_equal_c(words, meant); /* the benchmark's own list, which is like itself */
    free(meant);
    double own = 0;
    size_t at = (size_t)(*is - benchmark->controls.items);
    struct words_hit best = words_best(benchmark->words, words, at, &own);
    if (!same && best.likeness >= ALIKE && best.likeness > own + BETTER) {
        *is = nearest(benchmark, id, words, best);
        return BENCHMARK_OTHER;
    }
    return BENCHMARK_KNOWN;
}

enum benchmark_judgement benchmark_judge(struct benchmark *benchmark,
    const struct requirement *requirement, const struct requirement **is)
{
    char *words = requirement_words(requirement);
    enum benchmark_judgement judgement = judge(benchmark,
        framework_relate(str_of(requirement->framework), str_of(requirement->version),
            str_of(benchmark->framework), str_of(benchmark->version)),
        str_of(requirement->id), str_of(words), is);
    free(words);
    return judgement;
}

enum benchmark_judgement benchmark_judge_id(struct benchmark *benchmark, struct str framework,
    struct str id, struct str words, const struct requirement **is)
{
    return judge(benchmark,
        framework_relate(
            framework, str_make("", 0), str_of(benchmark->framework), str_of(benchmark->version)),
        id, words, is);
}

void benchmark_explain(const struct benchmark *benchmark, enum benchmark_judgement judgement,
    const char *id, const char *framework, const struct requirement *is, struct buf *out)
{
    char *words = is == NULL ? NULL : requirement_words(is);
    char *ours = mem_printf(
        "%s%s%s", benchmark->framework, *benchmark->version == '\0' ? "" : " ", benchmark->version);
    switch (judgement) {
    case BENCHMARK_FOREIGN:
    case BENCHMARK_KNOWN:
        break;
    case BENCHMARK_UNKNOWN:
        buf_printf(out, "%s has no control %s", ours, id);
        break;
    case BENCHMARK_VERSION:
        buf_printf(out, "%s is numbered as in %s, not %s", id, framework, ours);
        break;
    case BENCHMARK_OTHER:
        buf_printf(out, "%s is another control in %s", id, ours);
        break;
    }
    bool others = is != NULL && out->len > 0 && judgement != BENCHMARK_KNOWN;
    if (others) {
        buf_printf(out, ": these words are those of %s (%.120s)", is->id, words);
    }
    free(ours);
    free(words);
}
