/* The vi engine against the real Vim: the same random key sequences on the same random texts, then
 * text, cursor and unnamed register compared. A sequence that differs is made as short as it stays
 * different; what is left is looked up in vi_differences.txt, which lists the wanted differences,
 * and printed when it is not there.
 *
 * BYLAW_VI_CASES: how many sequences (default 1000); BYLAW_VI_SEED: where the random numbers begin;
 * BYLAW_VI_ALL: also print the wanted ones, and why; BYLAW_VI_ONE: JSON of cases, one a line as
 * printed here; only those are run, and shown where they differ. */
#include "test.h"

#include "base/path.h"
#include "base/utf8.h"
#include "editor_bench.h"
#include "loop/loop.h"
#include "pane/editor_vi.h"
#include "term.h"
#include "vi/vi.h"
#include "vi_random.h"

#include <cjson/cJSON.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <utf8proc.h>

#define BATCH 1000
#define CHUNK 100 /* sequences that one Vim runs */
/* Of 10000 sequences so many may differ in a way that is not listed, and so many in a listed one:
 * more and the test fails. Only ever less. */
#define UNLISTED_MAX 20
#define LISTED_MAX   200

struct result {
    char *text, *reg;
    int line, col;
    int empties; /* Vim only: commands that changed nothing and made an undo step */
};

static void free_result(struct result *result)
{
    free(result->text);
    free(result->reg);
}

static const struct vi_host no_host = {0};

/* Rows of the screen are those of a real view, one column wider than Vim's: here one stays for the
 * cursor behind the last character. */
#define WIDTH 80
static struct view *wrapped_view;

static bool wrapped_row(void *data, size_t at, int by, struct vi_screen_row *out)
{
    return editor_vi_row(data, at, by, out);
}

static const struct vi_host wrapped_host = {.screen_row = wrapped_row};

static struct text *text_of(const struct vi_case *c)
{
    if (!c->wrapped) {
        return text_new(buf_str(&c->text));
    }
    struct text *text = wrapped_view->doc->text;
    assert_true(text_replace(text, 0, text_length(text), buf_str(&c->text), NULL));
    return text;
}

static void run_engine(const struct vi_case *c, struct result *out)
{
    struct vi *vi = c->wrapped ? vi_new(&wrapped_host, wrapped_view) : vi_new(&no_host, NULL);
    struct text *scratch = text_new(str_of("\n"));
    vi_attach(vi, scratch, 0);
    vi_keys(vi, str_of("ix\033:s/zzzz//\rfZ"));
    struct text *text = text_of(c);
    vi_options(vi)->wrap = c->wrapped;
    vi_attach(vi, text, 0);
    vi_test_clear(vi);
    for (size_t i = 0; i < c->units.len; i++) {
        vi_keys(vi, str_of(c->units.items[i]));
        vi_reset(vi);
    }
    struct buf bytes = BUF_INIT;
    text_copy(text, 0, text_length(text), &bytes);
    if (bytes.len == 0 || bytes.ptr[bytes.len - 1] != '\n') {
        buf_append_char(&bytes, '\n');
    }
    size_t at = vi_cursor(vi);
    struct text_point point = text_point_of(text, at);
    out->line = (int)point.row + 1;
    out->col = (int)point.column + 1;
    out->text = buf_take(&bytes);
    struct buf reg = BUF_INIT;
    vi_test_register(vi, &reg);
    out->reg = buf_take(&reg);
    vi_forget(vi, text);
    vi_forget(vi, scratch);
    vi_free(vi);
    if (!c->wrapped) {
        text_free(text);
    }
    text_free(scratch);
}

static char *case_json(const struct vi_case *c, bool drop)
{
    cJSON *all = cJSON_CreateArray(), *lines = cJSON_CreateArray(), *units = cJSON_CreateArray();
    struct str rest = buf_str(&c->text), line;
    while (str_next_line(&rest, &line)) {
        char *copy = str_dup(line);
        cJSON_AddItemToArray(lines, cJSON_CreateString(copy));
        free(copy);
    }
    for (size_t i = 0; i < c->units.len; i++) {
        cJSON_AddItemToArray(units, cJSON_CreateString(c->units.items[i]));
    }
    cJSON_AddItemToArray(all, lines);
    cJSON_AddItemToArray(all, units);
    cJSON_AddItemToArray(all, cJSON_CreateBool(drop));
    cJSON_AddItemToArray(all, cJSON_CreateBool(c->wrapped));
    char *text = cJSON_PrintUnformatted(all);
    cJSON_Delete(all);
    return text;
}

static void read_result(const char *json, struct result *out)
{
    cJSON *all = cJSON_Parse(json);
    assert_non_null(all);
    struct buf text = BUF_INIT;
    const cJSON *line;
    cJSON_ArrayForEach(line, cJSON_GetArrayItem(all, 0))
    {
        buf_append_c(&text, line->valuestring);
        buf_append_char(&text, '\n');
    }
    out->text = buf_take(&text);
    out->line = cJSON_GetArrayItem(all, 1)->valueint;
    out->col = cJSON_GetArrayItem(all, 2)->valueint;
    out->reg = mem_strdup(cJSON_GetArrayItem(all, 3)->valuestring);
    out->empties = cJSON_GetArrayItem(all, 4)->valueint;
    cJSON_Delete(all);
}

#define STUCK_MS 60000 /* less than a terminal is waited for */
#define STARTS   4

struct progress {
    char *path;
    size_t wanted;
    uint64_t end;
    bool stuck;
};

static bool has_results(struct term *term, void *data)
{
    struct progress *progress = data;
    char bytes[8192];
    size_t lines = 0, len;
    FILE *file = fopen(progress->path, "r");
    (void)term;
    while (file != NULL && (len = fread(bytes, 1, sizeof bytes, file)) > 0) {
        for (size_t i = 0; i < len; i++) {
            lines += bytes[i] == '\n' ? 1 : 0;
        }
    }
    if (file != NULL) {
        fclose(file);
    }
    progress->stuck = lines < progress->wanted && loop_now_ms() >= progress->end;
    return lines >= progress->wanted || progress->stuck;
}

/* Each few sequences have their time, so that a busy machine is just slow. False: nothing came. */
static bool wait_results(struct term *term, const char *dir, size_t count)
{
    struct progress progress = {.path = path_join(dir, "results")};
    while (progress.wanted < count && !progress.stuck) {
        progress.wanted = count - progress.wanted < 5 ? count : progress.wanted + 5;
        progress.end = loop_now_ms() + STUCK_MS;
        term_wait(term, has_results, &progress, "Vim's next results");
    }
    free(progress.path);
    return !progress.stuck;
}

static bool start_vim(const char *dir, size_t count)
{
    char *in = mem_printf("VI_CASES=%s/cases", dir), *to = mem_printf("VI_RESULTS=%s/results", dir);
    char *script = test_source_path("tests/integration/vi_vim.vim");
    /* A terminal that is asked nothing: an answer could come in between the keys. */
    const char *argv[] = {
        "vim", "-T", "ansi", "-u", "NONE", "-i", "NONE", "-N", "-n", "-S", script, NULL};
    const char *env[] = {in, to, NULL};
    struct term *term =
        term_start(&(struct term_options){.argv = argv, .env = env, .rows = 40, .mute = true});
    bool done = wait_results(term, dir, count);
    if (!done) {
        char *screen = term_text(term);
        fprintf(stderr, "a Vim stood still, showing:\n%s", screen);
        free(screen);
    }
    term_free(term);
    free(script);
    free(in);
    free(to);
    return done;
}

/* Runs the cases in Vim, one process for all. Of some hundred Vims one stands still in its first
 * sequence: then another one does all of them. */
static void run_chunk(const struct vi_case *cases, size_t count, bool drop, struct result *out)
{
    char *dir = test_dir_make();
    struct buf lines = BUF_INIT;
    for (size_t i = 0; i < count; i++) {
        char *json = case_json(&cases[i], drop);
        buf_append_c(&lines, json);
        buf_append_char(&lines, '\n');
        free(json);
    }
    test_write(dir, "cases", lines.ptr);
    buf_free(&lines);
    bool done = false;
    for (int starts = 0; !done && starts < STARTS; starts++) {
        test_write(dir, "results", "");
        done = start_vim(dir, count);
    }
    assert_true(done);
    char *results = test_read(dir, "results");
    struct str rest = str_of(results), line;
    for (size_t i = 0; i < count; i++) {
        assert_true(str_next_line(&rest, &line));
        char *copy = str_dup(line);
        read_result(copy, &out[i]);
        free(copy);
    }
    free(results);
    test_dir_remove(dir);
}

/* Runs the cases in Vim. `drop`: undo steps of commands that changed nothing are not kept. */
static void run_vim(const struct vi_case *cases, size_t count, bool drop, struct result *out)
{
    for (size_t at = 0; at < count; at += CHUNK) {
        run_chunk(cases + at, count - at < CHUNK ? count - at : CHUNK, drop, out + at);
    }
}

static bool same(const struct result *a, const struct result *b)
{
    return strcmp(a->text, b->text) == 0 && a->line == b->line && a->col == b->col &&
           strcmp(a->reg, b->reg) == 0;
}

/* A sequence that differs. */
struct found {
    struct vi_case c;
    bool done;    /* no shorter one differs */
    size_t tries; /* where its shorter ones are among those of all */
};

struct cases {
    struct vi_case *items;
    size_t len, cap;
};

/* Adds all cases that are the given one with one unit or one line of text less. */
static void add_smaller(const struct vi_case *c, struct cases *out)
{
    for (size_t i = 0; i < c->units.len; i++) {
        struct vi_case copy = {0};
        vi_case_copy(&copy, c);
        free(copy.units.items[i]);
        VEC_REMOVE(&copy.units, i);
        VEC_PUSH(out, copy);
    }
    for (size_t at = 0; at < c->text.len;) {
        size_t end = str_find_char(buf_str(&c->text), '\n', at) + 1;
        if (end - at < c->text.len) {
            struct vi_case copy = {0};
            vi_case_copy(&copy, c);
            buf_remove(&copy.text, at, end - at);
            VEC_PUSH(out, copy);
        }
        at = end;
    }
}

static bool differs(const struct vi_case *c, const struct result *theirs)
{
    struct result ours;
    run_engine(c, &ours);
    bool equal = same(&ours, theirs);
    free_result(&ours);
    return !equal;
}

/* Makes all of them one step shorter where that still differs; false: none could be. */
static bool shrink_once(struct found *all, size_t count)
{
    struct cases tries = {0};
    for (size_t i = 0; i < count; i++) {
        all[i].tries = tries.len;
        if (!all[i].done) {
            add_smaller(&all[i].c, &tries);
        }
    }
    if (tries.len == 0) {
        return false;
    }
    struct result *theirs = mem_zalloc(tries.len * sizeof *theirs);
    run_vim(tries.items, tries.len, false, theirs);
    bool any = false;
    for (size_t i = 0; i < count; i++) {
        size_t at = all[i].tries, end = i + 1 < count ? all[i + 1].tries : tries.len;
        while (at < end && !differs(&tries.items[at], &theirs[at])) {
            at++;
        }
        all[i].done = at == end;
        if (at < end) {
            vi_case_copy(&all[i].c, &tries.items[at]);
            any = true;
        }
    }
    for (size_t i = 0; i < tries.len; i++) {
        vi_case_free(&tries.items[i]);
        free_result(&theirs[i]);
    }
    VEC_FREE(&tries);
    free(theirs);
    return any;
}

static void show_quoted(const char *label, const char *text)
{
    fprintf(stderr, "  %-8s", label);
    for (text = text == NULL ? "" : text; *text != '\0'; text++) {
        if ((unsigned char)*text < 0x20) {
            fprintf(stderr, *text == '\n' ? "\\n" : "^%c", *text + '@');
        } else {
            fputc(*text, stderr);
        }
    }
    fputc('\n', stderr);
}

/* `wanted`: why, or NULL. */
static void show(const struct vi_case *c, const char *wanted)
{
    struct result ours, theirs;
    run_engine(c, &ours);
    run_vim(c, 1, false, &theirs);
    if (same(&ours, &theirs)) {
        free_result(&ours);
        free_result(&theirs);
        return;
    }
    fprintf(stderr, wanted != NULL ? "differs from Vim as listed: %s\n" : "differs from Vim:\n",
        wanted);
    char *json = case_json(c, false);
    show_quoted("json", json);
    free(json);
    show_quoted("text", c->text.ptr);
    for (size_t i = 0; i < c->units.len; i++) {
        show_quoted("keys", c->units.items[i]);
    }
    show_quoted("vim", theirs.text);
    show_quoted("here", ours.text);
    fprintf(stderr, "  vim %d:%d  here %d:%d\n", theirs.line, theirs.col, ours.line, ours.col);
    show_quoted("vim \"", theirs.reg);
    show_quoted("here \"", ours.reg);
    free_result(&ours);
    free_result(&theirs);
}

/* The case as the patterns see it: control keys as ^X, blanks as <SP>, units apart by blanks. */
static void append_keys(const struct vi_case *c, struct buf *out)
{
    for (size_t i = 0; i < c->units.len; i++) {
        for (const char *p = c->units.items[i]; *p != '\0'; p++) {
            if (*p == ' ') {
                buf_append_c(out, "<SP>");
                continue;
            }
            bool control = (unsigned char)*p < 0x20;
            buf_append_c(out, control ? "^" : "");
            buf_append_char(out, control ? (char)(*p + '@') : *p);
        }
        buf_append_char(out, ' ');
    }
}

static bool fits(const char *pattern, const char *keys)
{
    regex_t regex;
    assert_int_equal(regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB), 0);
    bool found = regexec(&regex, keys, 0, NULL, 0) == 0;
    regfree(&regex);
    return found;
}

/* What is known of a difference besides the keys. */
struct known {
    bool no_step; /* it is none when Vim, too, keeps no undo step of a command that changed nothing
                   */
    bool no_branch; /* Vim made such a step, and there is a ^R, g+, g- or U that it takes away */
    bool cut;       /* Vim left half a character, which JSON writes as U+FFFD */
    bool turned;    /* the texts are the same but for the case of letters, or for rot13 */
    bool moved;     /* each line has the same characters but for blanks, in another order or not */
    bool column;    /* only the cursor's column differs */
    bool wrapped;   /* lines are wrapped */
    bool wide;      /* there are others than ASCII's characters */
    bool blanks;    /* the texts are the same but for blanks, and there are tabs or others than
                       ASCII's */
    bool behind;    /* only the cursor differs: Vim's is behind the last character of its line */
};

static bool has_redo(const struct vi_case *c)
{
    struct buf keys = BUF_INIT;
    append_keys(c, &keys);
    bool has = keys.len > 0 && fits("(^| )([0-9]*(\\^R|g[-+])|[^ ]*U) ", keys.ptr);
    buf_free(&keys);
    return has;
}

static bool holds(const struct known *known, const char *name)
{
    const struct {
        const char *name;
        bool holds;
    } all[] = {{"@no-step", known->no_step}, {"@no-branch", known->no_branch}, {"@cut", known->cut},
        {"@turned", known->turned}, {"@column", known->column}, {"@blanks", known->blanks},
        {"@wrapped", known->wrapped}, {"@wide", known->wide}, {"@behind", known->behind},
        {"@moved", known->moved}};
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        if (strcmp(name, all[i].name) == 0) {
            return all[i].holds;
        }
    }
    fail_msg("vi_differences.txt: %s says nothing", name);
    return false;
}

/* A letter as one of the two that rot13 and case make of it; takes it away. */
static int32_t plain_letter(struct str *text)
{
    size_t len;
    int32_t c = utf8proc_tolower(utf8_decode(*text, &len));
    *text = str_from(*text, len);
    return c >= 'n' && c <= 'z' ? c - 13 : c;
}

static bool same_turned(const char *a, const char *b)
{
    struct str x = str_of(a), y = str_of(b);
    while (x.len > 0 && y.len > 0) {
        if (plain_letter(&x) != plain_letter(&y)) {
            return false;
        }
    }
    return x.len == y.len;
}

/* The same characters but for blanks, in whatever order. */
static bool has_same(struct str a, struct str b)
{
    size_t count[256] = {0};
    for (size_t i = 0; i < a.len; i++) {
        count[(unsigned char)a.ptr[i]]++;
    }
    for (size_t i = 0; i < b.len; i++) {
        count[(unsigned char)b.ptr[i]]--;
    }
    for (size_t i = 0; i < ARRAY_LEN(count); i++) {
        if (count[i] != 0 && i != ' ') {
            return false;
        }
    }
    return true;
}

static bool same_but_moved(const char *a, const char *b)
{
    struct str x = str_of(a), y = str_of(b), left, right;
    while (str_next_line(&x, &left)) {
        if (!str_next_line(&y, &right) || !has_same(left, right)) {
            return false;
        }
    }
    return y.len == 0;
}

static bool same_but_blanks(const char *a, const char *b)
{
    bool others = false;
    for (;;) {
        while (*a == ' ') {
            a++;
        }
        while (*b == ' ') {
            b++;
        }
        if (*a != *b || *a == '\0') {
            return *a == *b && others;
        }
        others = others || (unsigned char)*a >= 0x80 || *a == '\t';
        a++;
        b++;
    }
}

/* Why a difference is wanted, for the caller to free; NULL: it is not. A line of vi_differences.txt
 * is a pattern over the keys, one of struct known with a @, or both with a blank between, and,
 * behind a tab, why. */
static char *why_wanted(const struct vi_case *c, const struct known *known)
{
    char *path = test_source_path("tests/integration"),
         *list = test_read(path, "vi_differences.txt");
    struct buf keys = BUF_INIT;
    append_keys(c, &keys);
    char *found = NULL;
    struct str rest = str_of(list), line;
    while (found == NULL && str_next_line(&rest, &line)) {
        size_t tab = str_find_char(line, '\t', 0);
        if (line.len == 0 || line.ptr[0] == '#' || tab == SIZE_MAX) {
            continue;
        }
        struct str pattern = str_slice(line, 0, tab);
        size_t at = pattern.ptr[0] == '@' ? str_find_char(pattern, ' ', 0) : 0;
        char *name = str_dup(str_slice(pattern, 0, at < pattern.len ? at : pattern.len));
        char *of_keys = str_dup(str_from(pattern, at < pattern.len ? at : pattern.len));
        const char *regex = of_keys[0] == ' ' ? of_keys + 1 : of_keys;
        bool fit = (name[0] == '\0' || holds(known, name)) &&
                   fits(regex, keys.ptr == NULL ? "" : keys.ptr);
        found = fit ? str_dup(str_from(line, tab + 1)) : NULL;
        free(name);
        free(of_keys);
    }
    buf_free(&keys);
    free(list);
    free(path);
    return found;
}

static size_t number_from(const char *name, size_t otherwise)
{
    const char *value = getenv(name);
    return value == NULL ? otherwise : strtoul(value, NULL, 10);
}

static void show_json(const char *json)
{
    struct vi_case c = {0};
    cJSON *all = cJSON_Parse(json);
    const cJSON *item;
    cJSON_ArrayForEach(item, cJSON_GetArrayItem(all, 0))
    {
        buf_printf(&c.text, "%s\n", item->valuestring);
    }
    cJSON_ArrayForEach(item, cJSON_GetArrayItem(all, 1))
    {
        VEC_PUSH(&c.units, mem_strdup(item->valuestring));
    }
    c.wrapped = cJSON_IsTrue(cJSON_GetArrayItem(all, 3));
    assert_true(!c.wrapped || wrapped_view != NULL);
    cJSON_Delete(all);
    show(&c, NULL);
    vi_case_free(&c);
}

/* The cases that BYLAW_VI_ONE says. */
static bool show_given(void)
{
    struct str rest = str_of(getenv("BYLAW_VI_ONE")), line;
    if (rest.len == 0) {
        return false;
    }
    while (str_next_line(&rest, &line)) {
        char *json = str_dup(line);
        show_json(json);
        free(json);
    }
    return true;
}

/* Makes cases and runs them; the ones that differ. */
static size_t find(uint64_t seed, size_t count, struct found **out)
{
    struct vi_case *cases = mem_zalloc(count * sizeof *cases);
    struct result *theirs = mem_zalloc(count * sizeof *theirs);
    size_t len = 0;
    for (size_t i = 0; i < count; i++) {
        vi_case_make(&cases[i], seed + i);
    }
    run_vim(cases, count, false, theirs);
    *out = mem_zalloc(count * sizeof **out);
    for (size_t i = 0; i < count; i++) {
        if (differs(&cases[i], &theirs[i])) {
            (*out)[len++].c = cases[i];
        } else {
            vi_case_free(&cases[i]);
        }
        free_result(&theirs[i]);
    }
    free(cases);
    free(theirs);
    return len;
}

static bool has_wide(struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        if ((unsigned char)text.ptr[i] >= 0x80) {
            return true;
        }
    }
    return false;
}

/* Whether the cursor is behind the last character of a line that has some. */
static bool is_behind(const struct result *result)
{
    struct str rest = str_of(result->text), line = {NULL, 0};
    for (int i = 0; i < result->line && str_next_line(&rest, &line); i++) {
    }
    return line.len > 0 && (size_t)result->col == line.len + 1;
}

/* What is known of a difference; `kept` and `dropped`: what Vim made of it with its empty undo
 * steps and without. */
static struct known known_of(
    const struct vi_case *c, const struct result *kept, const struct result *dropped)
{
    struct result ours;
    run_engine(c, &ours);
    struct known known = {.no_step = same(&ours, dropped),
        .no_branch = dropped->empties > 0 && has_redo(c),
        .cut = strstr(kept->text, "\xef\xbf\xbd") != NULL,
        .turned = same_turned(ours.text, kept->text),
        .moved = same_but_moved(ours.text, kept->text),
        .wrapped = c->wrapped,
        .wide = has_wide(buf_str(&c->text)),
        .column = strcmp(ours.text, kept->text) == 0 && strcmp(ours.reg, kept->reg) == 0 &&
                  ours.line == kept->line,
        .blanks = same_but_blanks(ours.text, kept->text)};
    known.behind = known.column && is_behind(kept) && kept->col == ours.col + 1;
    free_result(&ours);
    return known;
}

static size_t count_wanted(struct found *found, size_t count)
{
    struct cases cases = {0};
    struct result *kept = mem_zalloc((count + 1) * sizeof *kept);
    struct result *dropped = mem_zalloc((count + 1) * sizeof *dropped);
    size_t wanted = 0;
    for (size_t i = 0; i < count; i++) {
        VEC_PUSH(&cases, found[i].c);
    }
    if (count > 0) {
        run_vim(cases.items, count, false, kept);
        run_vim(cases.items, count, true, dropped);
    }
    for (size_t i = 0; i < count; i++) {
        struct known known = known_of(&found[i].c, &kept[i], &dropped[i]);
        char *why = why_wanted(&found[i].c, &known);
        wanted += why != NULL ? 1 : 0;
        if (why == NULL || getenv("BYLAW_VI_ALL") != NULL) {
            show(&found[i].c, why);
        }
        free(why);
        free_result(&kept[i]);
        free_result(&dropped[i]);
    }
    VEC_FREE(&cases);
    free(kept);
    free(dropped);
    return wanted;
}

static void test_random(void **state)
{
    (void)state;
    if (getenv("BYLAW_VI_ONE") != NULL) {
        return;
    }
    size_t total = number_from("BYLAW_VI_CASES", 1000), wrong = 0, wanted = 0;
    uint64_t seed = number_from("BYLAW_VI_SEED", 1);
    for (size_t at = 0; at < total; at += BATCH) {
        struct found *found = NULL;
        size_t count = find(seed * 1000003 + at, total - at < BATCH ? total - at : BATCH, &found);
        while (shrink_once(found, count)) {
        }
        size_t here = count_wanted(found, count);
        wanted += here;
        wrong += count - here;
        for (size_t i = 0; i < count; i++) {
            vi_case_free(&found[i].c);
        }
        free(found);
    }
    fprintf(stderr, "%zu sequences, %zu differ as listed, %zu otherwise\n", total, wanted, wrong);
    if (wrong * 10000 > total * UNLISTED_MAX || wanted * 10000 > total * LISTED_MAX) {
        fail_msg("%zu of %zu sequences differ from Vim, and %zu as listed", wrong, total, wanted);
    }
}

/* What the random ones do not come upon: completion and . after it, Backspace among blanks that
 * were typed, lines and blocks put over each other, macros that go on a register of lines. */
static void test_chosen(void **state)
{
    static const struct {
        const char *text;
        const char *keys[4];
    } chosen[] = {
        {"foobar baz\nqux\n", {"ofo\016\033", "j."}},
        {"foobar fooz baz\nqux\n", {"ofo\016\016\010\033", "."}},
        {"foobar\nqux foo\n", {"jAfo\016\033", "k."}},
        {"foobar baz\nqux\n", {"ofo\020 x\033", "j."}},
        {"    foo\n", {"cc \010\010\010baz\033"}},
        {"        foo\n", {"I\024\027(a)\033"}},
        {"        foo\n", {":>\r", "R\010\010x\033"}},
        {"aa bb\ncc dd\nee ff\n", {"yyj", "\026k$gp"}},
        {"aa bb\ncc dd\n", {"V\"_p"}},
        {"caf\nx\n", {"\"Ayy", "qAxq", "@a"}},
        {"foo\nbar foo\nbaz\nfoo\n",
            {":2,3s/foo/b/\r", ":'[,']s/b/X/g\r", ":'[,']s/a/Y\\rZ/\r", "d']"}},
        {"one o\ntwo o\nthree\n", {"G", ":?o?j!\r", "n"}},
        {"  a\n\n    foo\nbar\n", {"jVjY", "k]p"}},
        {"foo bar\n", {"2r\r", "2i\001bar\033"}},
        {"        foo.bar\n", {"\026c\r(a)\033", "`."}},
        {"a b\ndeny baz\n", {"vj3ES\xc3\xa9x\033", "u", "\022"}},
        {"    42 foo.bar\n    [1] \"quoted\"\n", {"Vg*i[i<\"acx\033", "2d?\\(a\\|b\\)\r", "`<"}},
        {"([ ( c-d \n", {"\"AO\022\"\017l\031\033", "."}},
        {"    input.user c-d \n}\n", {"\026+)4\010\"_d"}},
        {"a_b\n    (   \n:= } := \n", {"1d%", "Vw2\010iWma\033"}},
        {"    c-d\n        baz \n", {"j", "v:m0\r", "vgvB\"aA\022-\033"}},
        {"\n    {'q' :=\n", {"G", "3d1("}},
        {"\n([1] [ \"s\n\n    ] (\n", {"2G", "Viwe4G:m0\r", "u"}},
        {"    { }\n        baz := \n", {"yas", "''"}},
        {"foo\n        allow\nzz\n", {"j$i\r\010\r\033", "2k", "A\r\010\033"}},
        {"foo\n        allow \nzz\n", {"G3i\010\r\033"}},
        {"ab cd\n", {"A efg\017x\027\033"}},
        {"abcd\nbcde\n", {"\026jlCxyz\033", "gvr-"}},
        {"end\n  if\tinput\n", {":.,$retab\r", "g,"}},
        {"12345678901234\n-7 end.\"s  世界[-7\n", {"12l", ":2;+1g/a/normal Ax\r", "ix\033"}},
    };
    struct vi_case cases[ARRAY_LEN(chosen)];
    struct result theirs[ARRAY_LEN(chosen)];
    (void)state;
    if (getenv("BYLAW_VI_ONE") != NULL) {
        return;
    }
    for (size_t i = 0; i < ARRAY_LEN(chosen); i++) {
        cases[i] = (struct vi_case){0};
        buf_append_c(&cases[i].text, chosen[i].text);
        for (size_t k = 0; k < 4 && chosen[i].keys[k] != NULL; k++) {
            VEC_PUSH(&cases[i].units, mem_strdup(chosen[i].keys[k]));
        }
    }
    run_vim(cases, ARRAY_LEN(chosen), false, theirs);
    size_t wrong = 0;
    for (size_t i = 0; i < ARRAY_LEN(chosen); i++) {
        if (differs(&cases[i], &theirs[i])) {
            show(&cases[i], NULL);
            wrong++;
        }
        vi_case_free(&cases[i]);
        free_result(&theirs[i]);
    }
    assert_int_equal(wrong, 0);
}

/* Whether a blank hangs over the edge of a row, as it may here: Vim begins the next row with it. */
static bool hangs_over(const char *text)
{
    struct vi_case c = {.wrapped = true};
    struct view_row row;
    buf_append_c(&c.text, text);
    struct text *shown = text_of(&c);
    bool hangs = false;
    view_row_at(wrapped_view, 0, &row);
    do {
        size_t end = view_row_column(wrapped_view, &row, row.end);
        hangs = hangs ||
                (row.end < row.line_end && end > WIDTH && text_byte(shown, row.end - 1) == ' ');
    } while (view_row_next(wrapped_view, &row));
    vi_case_free(&c);
    return hangs;
}

/* The same of any text on the way to what Vim made of it. */
static bool hangs_within(const struct vi_case *c)
{
    struct vi_case part = {0};
    struct result theirs;
    bool hangs = false;
    vi_case_copy(&part, c);
    while (!hangs && part.units.len > 0) {
        run_vim(&part, 1, false, &theirs);
        hangs = hangs_over(theirs.text);
        free_result(&theirs);
        free(part.units.items[--part.units.len]);
    }
    vi_case_free(&part);
    return hangs;
}

/* gj, gk and the like, in a view of the editor with lines longer than it is wide. */
static void test_wrapped(void **state)
{
    struct bench *bench = *state;
    test_write(bench->dir, "long.txt", "\n");
    bench_open(bench, "long.txt");
    wrapped_view = bench->editor->view;
    wrapped_view->wrap = true;
    wrapped_view->cols = WIDTH + 1;
    wrapped_view->doc->tab_width = 8;
    if (show_given()) {
        return;
    }
    uint64_t seed = number_from("BYLAW_VI_SEED", 1) * 1000003;
    size_t total = number_from("BYLAW_VI_WRAPPED", 200), count = 0, len = 0;
    struct found *found = mem_zalloc(total * sizeof *found);
    struct vi_case *cases = mem_zalloc(total * sizeof *cases);
    struct result *theirs = mem_zalloc(total * sizeof *theirs);
    while (len < total) {
        vi_case_make_wrapped(&cases[len], seed++);
        if (!hangs_over(cases[len].text.ptr)) {
            len++;
        } else {
            vi_case_free(&cases[len]);
        }
    }
    run_vim(cases, total, false, theirs);
    for (size_t i = 0; i < total; i++) {
        if (differs(&cases[i], &theirs[i])) {
            found[count++].c = cases[i];
        } else {
            vi_case_free(&cases[i]);
        }
        free_result(&theirs[i]);
    }
    while (shrink_once(found, count)) {
    }
    size_t wrong = 0;
    for (size_t i = 0; i < count; i++) {
        const struct known known = {.wrapped = true};
        char *why = why_wanted(&found[i].c, &known);
        if (why == NULL && !hangs_within(&found[i].c)) {
            show(&found[i].c, NULL);
            wrong++;
        }
        free(why);
        vi_case_free(&found[i].c);
    }
    free(found);
    free(cases);
    free(theirs);
    fprintf(stderr, "%zu sequences over wrapped lines, %zu differ, %zu not for a blank\n", total,
        count, wrong);
    assert_int_equal(wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_chosen), cmocka_unit_test(test_random),
        cmocka_unit_test_setup_teardown(test_wrapped, bench_set_up, bench_tear_down)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
