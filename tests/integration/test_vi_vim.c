/* The vi engine against the real Vim: the same random key sequences on the same random texts, then
 * text, cursor and unnamed register compared. A sequence that differs is made as short as it stays
 * different; what is left is looked up in vi_differences.txt, which lists the wanted differences,
 * and printed when it is not there.
 *
 * BYLAW_VI_CASES: how many sequences (default 1000); BYLAW_VI_SEED: where the random numbers begin;
 * BYLAW_VI_ALL: also print the wanted ones, and why; BYLAW_VI_ONE: JSON of cases, one a line as
 * printed here; only those are run, and shown where they differ. */
#include "test.h"

#include "base/utf8.h"
#include "editor_bench.h"
#include "pane/editor_vi.h"
#include "vi/vi.h"
#include "vi_outcome.h"
#include "vi_random.h"

#include <cjson/cJSON.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <utf8proc.h>

#define BATCH 1000
/* Of 10000 sequences so many may differ in a way that is not listed, and so many in a listed one:
 * more and the test fails. Only ever less. */
#define UNLISTED_MAX 20
#define LISTED_MAX   200

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

static bool differs(const struct vi_case *c, const struct vi_outcome *theirs)
{
    struct vi_outcome ours;
    vi_outcome_of_engine(c, &ours);
    bool equal = vi_outcome_same(&ours, theirs);
    vi_outcome_free(&ours);
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
    struct vi_outcome *theirs = mem_zalloc(tries.len * sizeof *theirs);
    vi_outcome_of_vim(tries.items, tries.len, false, theirs);
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
        vi_outcome_free(&theirs[i]);
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
    struct vi_outcome ours, theirs;
    vi_outcome_of_engine(c, &ours);
    vi_outcome_of_vim(c, 1, false, &theirs);
    if (vi_outcome_same(&ours, &theirs)) {
        vi_outcome_free(&ours);
        vi_outcome_free(&theirs);
        return;
    }
    fprintf(stderr, wanted != NULL ? "differs from Vim as listed: %s\n" : "differs from Vim:\n",
        wanted);
    char *json = vi_outcome_case_json(c, false);
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
    vi_outcome_free(&ours);
    vi_outcome_free(&theirs);
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
    assert_true(!c.wrapped || vi_outcome_view != NULL);
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
    struct vi_outcome *theirs = mem_zalloc(count * sizeof *theirs);
    size_t len = 0;
    for (size_t i = 0; i < count; i++) {
        vi_case_make(&cases[i], seed + i);
    }
    vi_outcome_of_vim(cases, count, false, theirs);
    *out = mem_zalloc(count * sizeof **out);
    for (size_t i = 0; i < count; i++) {
        if (differs(&cases[i], &theirs[i])) {
            (*out)[len++].c = cases[i];
        } else {
            vi_case_free(&cases[i]);
        }
        vi_outcome_free(&theirs[i]);
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
static bool is_behind(const struct vi_outcome *result)
{
    struct str rest = str_of(result->text), line = {NULL, 0};
    for (int i = 0; i < result->line && str_next_line(&rest, &line); i++) {
    }
    return line.len > 0 && (size_t)result->col == line.len + 1;
}

/* What is known of a difference; `kept` and `dropped`: what Vim made of it with its empty undo
 * steps and without. */
static struct known known_of(
    const struct vi_case *c, const struct vi_outcome *kept, const struct vi_outcome *dropped)
{
    struct vi_outcome ours;
    vi_outcome_of_engine(c, &ours);
    struct known known = {.no_step = vi_outcome_same(&ours, dropped),
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
    vi_outcome_free(&ours);
    return known;
}

static size_t count_wanted(struct found *found, size_t count)
{
    struct cases cases = {0};
    struct vi_outcome *kept = mem_zalloc((count + 1) * sizeof *kept);
    struct vi_outcome *dropped = mem_zalloc((count + 1) * sizeof *dropped);
    size_t wanted = 0;
    for (size_t i = 0; i < count; i++) {
        VEC_PUSH(&cases, found[i].c);
    }
    if (count > 0) {
        vi_outcome_of_vim(cases.items, count, false, kept);
        vi_outcome_of_vim(cases.items, count, true, dropped);
    }
    for (size_t i = 0; i < count; i++) {
        struct known known = known_of(&found[i].c, &kept[i], &dropped[i]);
        char *why = why_wanted(&found[i].c, &known);
        wanted += why != NULL ? 1 : 0;
        if (why == NULL || getenv("BYLAW_VI_ALL") != NULL) {
            show(&found[i].c, why);
        }
        free(why);
        vi_outcome_free(&kept[i]);
        vi_outcome_free(&dropped[i]);
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
    struct vi_outcome theirs[ARRAY_LEN(chosen)];
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
    vi_outcome_of_vim(cases, ARRAY_LEN(chosen), false, theirs);
    size_t wrong = 0;
    for (size_t i = 0; i < ARRAY_LEN(chosen); i++) {
        if (differs(&cases[i], &theirs[i])) {
            show(&cases[i], NULL);
            wrong++;
        }
        vi_case_free(&cases[i]);
        vi_outcome_free(&theirs[i]);
    }
    assert_int_equal(wrong, 0);
}

/* Whether a blank hangs over the edge of a row, as it may here: Vim begins the next row with it. */
static bool hangs_over(const char *text)
{
    struct vi_case c = {.wrapped = true};
    struct view_row row;
    buf_append_c(&c.text, text);
    struct text *shown = vi_outcome_text(&c);
    bool hangs = false;
    view_row_at(vi_outcome_view, 0, &row);
    do {
        size_t end = view_row_column(vi_outcome_view, &row, row.end);
        hangs = hangs || (row.end < row.line_end && end > VI_OUTCOME_WIDTH &&
                             text_byte(shown, row.end - 1) == ' ');
    } while (view_row_next(vi_outcome_view, &row));
    vi_case_free(&c);
    return hangs;
}

/* The same of any text on the way to what Vim made of it. */
static bool hangs_within(const struct vi_case *c)
{
    struct vi_case part = {0};
    struct vi_outcome theirs;
    bool hangs = false;
    vi_case_copy(&part, c);
    while (!hangs && part.units.len > 0) {
        vi_outcome_of_vim(&part, 1, false, &theirs);
        hangs = hangs_over(theirs.text);
        vi_outcome_free(&theirs);
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
    vi_outcome_view = bench->editor->view;
    vi_outcome_view->wrap = true;
    vi_outcome_view->cols = VI_OUTCOME_WIDTH + 1;
    vi_outcome_view->doc->tab_width = 8;
    if (show_given()) {
        return;
    }
    uint64_t seed = number_from("BYLAW_VI_SEED", 1) * 1000003;
    size_t total = number_from("BYLAW_VI_WRAPPED", 200), count = 0, len = 0;
    struct found *found = mem_zalloc(total * sizeof *found);
    struct vi_case *cases = mem_zalloc(total * sizeof *cases);
    struct vi_outcome *theirs = mem_zalloc(total * sizeof *theirs);
    while (len < total) {
        vi_case_make_wrapped(&cases[len], seed++);
        if (!hangs_over(cases[len].text.ptr)) {
            len++;
        } else {
            vi_case_free(&cases[len]);
        }
    }
    vi_outcome_of_vim(cases, total, false, theirs);
    for (size_t i = 0; i < total; i++) {
        if (differs(&cases[i], &theirs[i])) {
            found[count++].c = cases[i];
        } else {
            vi_case_free(&cases[i]);
        }
        vi_outcome_free(&theirs[i]);
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
