#include "workspace/ignore.h"

#include "base/vec.h"

#include <ctype.h>
#include <strings.h>

/* A pattern longer than this is no path. */
enum { PATTERN_MAX = 4096, PATTERNS_MAX = 20000 };

struct pattern {
    char *text;
    bool negated;
    bool folder_only;
    bool anchored; /* has a slash: matched against the path, else against the last part */
};

struct level {
    char *folder;
    struct pattern *items;
    size_t len, cap;
};

struct ignore {
    bool fold_case;
    struct level *items;
    size_t len, cap;
};

static int folded(char c, bool fold)
{
    return fold ? tolower((unsigned char)c) : (unsigned char)c;
}

static bool in_named_class(struct str name, int c)
{
    static const struct {
        const char *name;
        int (*test)(int);
    } classes[] = {{"alnum", isalnum}, {"alpha", isalpha}, {"blank", isblank}, {"cntrl", iscntrl},
        {"digit", isdigit}, {"graph", isgraph}, {"lower", islower}, {"print", isprint},
        {"punct", ispunct}, {"space", isspace}, {"upper", isupper}, {"xdigit", isxdigit}};
    for (size_t i = 0; i < ARRAY_LEN(classes); i++) {
        if (str_equal_c(name, classes[i].name)) {
            return classes[i].test(c) != 0;
        }
    }
    return false;
}

/* pattern starts after '['. Sets *used to what the bracket takes, or 0 when it never closes. */
static bool match_bracket(struct str pattern, char c, bool fold, size_t *used)
{
    size_t i = 0;
    bool negated = pattern.len > 0 && (pattern.ptr[0] == '!' || pattern.ptr[0] == '^');
    i += negated;
    bool hit = false;
    bool first = true;
    int want = folded(c, fold);
    *used = 0;
    while (i < pattern.len && (first || pattern.ptr[i] != ']')) {
        first = false;
        if (pattern.ptr[i] == '[' && i + 1 < pattern.len && pattern.ptr[i + 1] == ':') {
            size_t end = str_find(pattern, STR_LIT(":]"), i + 2);
            if (end != (size_t)-1) {
                hit = hit || in_named_class(str_slice(pattern, i + 2, end), (unsigned char)c);
                i = end + 2;
                continue;
            }
        }
        if (pattern.ptr[i] == '\\' && i + 1 < pattern.len) {
            i++;
        }
        int low = folded(pattern.ptr[i], fold);
        int high = low;
        if (i + 2 < pattern.len && pattern.ptr[i + 1] == '-' && pattern.ptr[i + 2] != ']') {
            i += 2;
            if (pattern.ptr[i] == '\\' && i + 1 < pattern.len) {
                i++;
            }
            high = folded(pattern.ptr[i], fold);
        }
        hit = hit || (want >= low && want <= high);
        i++;
    }
    if (i >= pattern.len) {
        return false;
    }
    *used = i + 1;
    return c != '/' && hit != negated;
}

/* One match. `failed` remembers which (star, place in the text) pairs led nowhere: without it a
 * pattern of many stars takes exponential time. */
struct globber {
    struct str pattern;
    struct str text;
    bool fold;
    unsigned char *failed; /* a bit for each pair; NULL until the first star */
};

static bool glob_from(struct globber *g, size_t p, size_t t);

static bool match_star(struct globber *g, size_t p, size_t t)
{
    size_t end = p;
    while (end < g->pattern.len && g->pattern.ptr[end] == '*') {
        end++;
    }
    bool starts_part = p == 0 || g->pattern.ptr[p - 1] == '/';
    bool ends_part = end == g->pattern.len || g->pattern.ptr[end] == '/';
    bool crosses = end - p >= 2 && starts_part && ends_part;
    if (crosses && end < g->pattern.len && glob_from(g, end + 1, t)) {
        return true; /* the double star stands for no folder at all */
    }
    for (size_t i = t; i <= g->text.len; i++) {
        if (glob_from(g, end, i)) {
            return true;
        }
        if (i < g->text.len && g->text.ptr[i] == '/' && !crosses) {
            return false;
        }
    }
    return false;
}

static bool try_star(struct globber *g, size_t p, size_t t)
{
    size_t bit = p * (g->text.len + 1) + t;
    if (g->failed == NULL) {
        g->failed = mem_zalloc((g->pattern.len + 1) * (g->text.len + 1) / 8 + 1);
    }
    if ((g->failed[bit / 8] >> (bit % 8) & 1) != 0) {
        return false;
    }
    bool hit = match_star(g, p, t);
    if (!hit) {
        g->failed[bit / 8] |= (unsigned char)(1u << (bit % 8));
    }
    return hit;
}

static bool glob_from(struct globber *g, size_t p, size_t t)
{
    while (p < g->pattern.len) {
        char c = g->pattern.ptr[p];
        if (c == '*') {
            return try_star(g, p, t);
        }
        if (t >= g->text.len) {
            return false;
        }
        size_t used = 1;
        if (c == '[') {
            bool hit = match_bracket(str_from(g->pattern, p + 1), g->text.ptr[t], g->fold, &used);
            if (used == 0 || !hit) {
                return false;
            }
            used++;
        } else if (c == '?') {
            if (g->text.ptr[t] == '/') {
                return false;
            }
        } else {
            if (c == '\\' && p + 1 < g->pattern.len) {
                c = g->pattern.ptr[p + 1];
                used = 2;
            }
            if (folded(c, g->fold) != folded(g->text.ptr[t], g->fold)) {
                return false;
            }
        }
        p += used;
        t++;
    }
    return t == g->text.len;
}

bool ignore_glob(struct str pattern, struct str text, bool fold_case)
{
    struct globber g = {.pattern = pattern, .text = text, .fold = fold_case};
    bool hit = glob_from(&g, 0, 0);
    free(g.failed);
    return hit;
}

struct ignore *ignore_new(bool fold_case)
{
    struct ignore *ignore = MEM_NEW(struct ignore);
    ignore->fold_case = fold_case;
    return ignore;
}

/* Blanks at the end do not count unless the last one kept is escaped. */
static struct str without_trailing_blanks(struct str line)
{
    while (line.len > 0 && line.ptr[line.len - 1] == ' ') {
        size_t slashes = 0;
        while (slashes + 1 < line.len && line.ptr[line.len - 2 - slashes] == '\\') {
            slashes++;
        }
        if (slashes % 2 == 1) {
            break;
        }
        line.len--;
    }
    return line;
}

static bool parse_pattern(struct str line, struct pattern *out)
{
    if (line.len > 0 && line.ptr[line.len - 1] == '\r') {
        line.len--;
    }
    line = without_trailing_blanks(line);
    if (line.len == 0 || line.ptr[0] == '#' || line.len > PATTERN_MAX) {
        return false;
    }
    *out = (struct pattern){0};
    if (line.ptr[0] == '!') {
        out->negated = true;
        line = str_from(line, 1);
    }
    if (line.len > 0 && line.ptr[line.len - 1] == '/') {
        out->folder_only = true;
        line.len--;
    }
    out->anchored = str_find_char(line, '/', 0) != (size_t)-1;
    if (line.len > 0 && line.ptr[0] == '/') {
        line = str_from(line, 1);
    }
    if (line.len == 0) {
        return false;
    }
    out->text = str_dup(line);
    return true;
}

void ignore_push(struct ignore *ignore, const char *folder, struct str text)
{
    struct level level = {.folder = mem_strdup(folder)};
    if (str_starts(text, "\xEF\xBB\xBF")) {
        text = str_from(text, 3);
    }
    struct str line;
    struct pattern pattern;
    while (level.len < PATTERNS_MAX && str_next_line(&text, &line)) {
        if (parse_pattern(line, &pattern)) {
            VEC_PUSH(&level, pattern);
        }
    }
    VEC_PUSH(ignore, level);
}

void ignore_pop(struct ignore *ignore)
{
    struct level *level = &ignore->items[--ignore->len];
    VEC_FOREACH (struct pattern, p, level) {
        free(p->text);
    }
    VEC_FREE(level);
    free(level->folder);
}

void ignore_free(struct ignore *ignore)
{
    if (ignore == NULL) {
        return;
    }
    while (ignore->len > 0) {
        ignore_pop(ignore);
    }
    VEC_FREE(ignore);
    free(ignore);
}

/* The path below folder, or NULL when it is not below it. */
static const char *below(const char *path, const char *folder)
{
    size_t len = strlen(folder);
    if (len == 0) {
        return path;
    }
    return strncmp(path, folder, len) == 0 && path[len] == '/' ? path + len + 1 : NULL;
}

/* Git compares the literal beginning of an anchored pattern apart from the rest, so that "a**" is a
 * whole-part double star behind the "a". It shows, so we do the same. */
static bool match_path(const struct pattern *p, struct str path, bool fold)
{
    struct str pattern = str_of(p->text);
    size_t literal = strcspn(p->text, "*?[\\");
    if (literal > path.len) {
        return false;
    }
    for (size_t i = 0; i < literal; i++) {
        if (folded(pattern.ptr[i], fold) != folded(path.ptr[i], fold)) {
            return false;
        }
    }
    return ignore_glob(str_from(pattern, literal), str_from(path, literal), fold);
}

bool ignore_match(const struct ignore *ignore, const char *path, bool is_folder)
{
    const char *slash = strrchr(path, '/');
    struct str name = str_of(slash == NULL ? path : slash + 1);
    for (size_t l = ignore->len; l-- > 0;) {
        const struct level *level = &ignore->items[l];
        const char *relative = below(path, level->folder);
        for (size_t i = level->len; relative != NULL && i-- > 0;) {
            const struct pattern *p = &level->items[i];
            if ((!p->folder_only || is_folder) &&
                (p->anchored ? match_path(p, str_of(relative), ignore->fold_case)
                             : ignore_glob(str_of(p->text), name, ignore->fold_case))) {
                return !p->negated;
            }
        }
    }
    return false;
}
