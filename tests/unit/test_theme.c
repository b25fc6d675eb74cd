#include "test.h"

#include "embedded.h"
#include "screen/theme.h"

#include <math.h>
#include <stdlib.h>

static const enum colour_depth depths[] = {COLOUR_NONE, COLOUR_16, COLOUR_256, COLOUR_TRUE};

static uint32_t rgb(int32_t colour, uint32_t fallback)
{
    if (colour == COLOUR_DEFAULT) {
        return fallback;
    }
    return (colour & COLOUR_PALETTE) != 0 ? colour_palette_rgb(colour & 0xFF) : (uint32_t)colour;
}

static double luminance(uint32_t colour)
{
    double sum = 0;
    static const double weights[] = {0.2126, 0.7152, 0.0722};
    for (int i = 0; i < 3; i++) {
        double c = (colour >> (16 - 8 * i) & 0xFF) / 255.0;
        sum += weights[i] * (c <= 0.03928 ? c / 12.92 : pow((c + 0.055) / 1.055, 2.4));
    }
    return sum;
}

static double contrast(uint32_t a, uint32_t b)
{
    double la = luminance(a);
    double lb = luminance(b);
    return (fmax(la, lb) + 0.05) / (fmin(la, lb) + 0.05);
}

static struct theme *load(const char *name)
{
    struct err err;
    struct theme *theme = theme_builtin(name, &err);
    if (theme == NULL) {
        fail_msg("%s", err.text);
    }
    return theme;
}

/* What is only drawn beside a text: WCAG asks 3:1 of it, 4.5:1 of text. */
static bool is_mark(unsigned id)
{
    static const enum style_id marks[] = {STYLE_SCROLLBAR_THUMB, STYLE_GUTTER, STYLE_COVERED,
        STYLE_UNCOVERED, STYLE_BORDER_FOCUS, STYLE_MODIFIED, STYLE_COMMENT_MARK, STYLE_OPEN,
        STYLE_PARTLY, STYLE_ACCEPTED, STYLE_DECLINED, STYLE_HIDDEN_CHARACTER};
    for (size_t i = 0; i < ARRAY_LEN(marks); i++) {
        if (id == marks[i]) {
            return true;
        }
    }
    return false;
}

struct ground {
    const char *name;
    uint32_t fg, bg; /* what "default" is taken for */
    double text, mark;
    double share; /* of these with 256 colours */
};

static const struct ground grounds[] = {{"dark", 0xcdd9e5, 0x1c2128, 4.5, 3, 0.67},
    {"light", 0x24292f, 0xffffff, 4.5, 3, 0.67}, {"high-contrast", 0xffffff, 0x000000, 7, 7, 0.6},
    {"colour-blind", 0xcdd9e5, 0x1c2128, 4.5, 3, 0.67}};

static void check_contrast(const struct theme *theme, const struct ground *ground,
    struct style style, enum colour_depth depth, double least)
{
    struct look look = theme_look(theme, style, depth);
    double found = contrast(rgb(look.fg, ground->fg), rgb(look.bg, ground->bg));
    if (found < least) {
        fail_msg("%s, depth %d: %s on %s has a contrast of %.2f, not %.1f", ground->name,
            (int)depth, style_name((enum style_id)style.fg),
            style.bg == STYLE_NONE ? "its own background" : style_name((enum style_id)style.bg),
            found, least);
    }
}

/* Syntax colours on the lines of a diff, on the cursor's line, where a name occurs; and what is
 * painted on the key line and in fields. */
static void check_unders(
    const struct theme *theme, const struct ground *ground, enum colour_depth depth, double share)
{
    static const enum style_id unders[] = {
        STYLE_ADD, STYLE_DELETE, STYLE_CURSOR_LINE, STYLE_CURSOR_LINE_UNFOCUSED, STYLE_OCCURRENCE};
    static const enum style_id covers[] = {STYLE_SEARCH, STYLE_SEARCH_CURRENT};
    static const enum style_id said[] = {
        STYLE_INFO, STYLE_PASS, STYLE_WARNING, STYLE_ERROR, STYLE_HINT, STYLE_KEY};
    for (unsigned id = STYLE_SYNTAX_ATTRIBUTE; id < STYLE_COUNT; id++) {
        struct style style = style_of((enum style_id)id);
        for (size_t u = 0; u < ARRAY_LEN(unders); u++) {
            check_contrast(theme, ground, style_on(style, unders[u]), depth, share * ground->text);
        }
        for (size_t u = 0; u < ARRAY_LEN(covers); u++) {
            check_contrast(theme, ground, style_on(style, covers[u]), depth, share * ground->text);
        }
        /* For the moment that something is selected. */
        check_contrast(
            theme, ground, style_on(style, STYLE_SELECTION), depth, share * ground->mark);
    }
    for (size_t i = 0; i < ARRAY_LEN(said); i++) {
        check_contrast(theme, ground, style_on(style_of(said[i]), STYLE_KEY_LINE), depth,
            share * ground->text);
        check_contrast(
            theme, ground, style_on(style_of(said[i]), STYLE_FIELD), depth, share * ground->text);
    }
}

/* WCAG: 4.5:1 for text and 3:1 for marks, 7:1 for all in the high-contrast theme. Only the frame of
 * a pane without the focus and the track of a scrollbar, which tell nothing, may be fainter. With
 * 256 colours, which have no dark tints between black and #005f00, 3:1 of text. */
static void test_contrast(void **state)
{
    (void)state;
    static const enum colour_depth checked[] = {COLOUR_TRUE, COLOUR_256};
    for (size_t t = 0; t < ARRAY_LEN(grounds); t++) {
        struct theme *theme = load(grounds[t].name);
        for (size_t d = 0; d < ARRAY_LEN(checked); d++) {
            double share = checked[d] == COLOUR_TRUE ? 1 : grounds[t].share;
            for (unsigned id = 0; id < STYLE_COUNT; id++) {
                if (id != STYLE_BORDER && id != STYLE_SCROLLBAR) {
                    check_contrast(theme, &grounds[t], style_of((enum style_id)id), checked[d],
                        share * (is_mark(id) ? grounds[t].mark : grounds[t].text));
                }
            }
            check_unders(theme, &grounds[t], checked[d], share);
        }
        theme_free(theme);
    }
}

/* ---- colour blindness ---- */

/* How a colour looks to who lacks a kind of cones, in linear light: Machado, Oliveira and
 * Fernandes, A Physiologically-based Model for Simulation of Color Vision Deficiency (2009),
 * severity 1. */
static const double deuteranopia[9] = {
    0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.011820, 0.042940, 0.968881};
static const double protanopia[9] = {
    0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116, 1.051998};

static double linear(uint32_t colour, int channel)
{
    double c = (colour >> (16 - 8 * channel) & 0xFF) / 255.0;
    return c <= 0.04045 ? c / 12.92 : pow((c + 0.055) / 1.055, 2.4);
}

static double lab_part(double t)
{
    return t > 0.008856 ? cbrt(t) : 7.787 * t + 16.0 / 116;
}

/* CIE L*a*b* (D65) of a colour as it looks through `eyes` (NULL: all cones). */
static void lab_of(uint32_t colour, const double *eyes, double lab[3])
{
    double in[3] = {linear(colour, 0), linear(colour, 1), linear(colour, 2)};
    double out[3];
    for (int i = 0; i < 3; i++) {
        out[i] = eyes == NULL ? in[i]
                              : fmin(1, fmax(0, eyes[3 * i] * in[0] + eyes[3 * i + 1] * in[1] +
                                                    eyes[3 * i + 2] * in[2]));
    }
    double x = (0.4124 * out[0] + 0.3576 * out[1] + 0.1805 * out[2]) / 0.95047;
    double y = 0.2126 * out[0] + 0.7152 * out[1] + 0.0722 * out[2];
    double z = (0.0193 * out[0] + 0.1192 * out[1] + 0.9505 * out[2]) / 1.08883;
    lab[0] = 116 * lab_part(y) - 16;
    lab[1] = 500 * (lab_part(x) - lab_part(y));
    lab[2] = 200 * (lab_part(y) - lab_part(z));
}

static double difference(uint32_t a, uint32_t b, const double *eyes)
{
    double left[3];
    double right[3];
    lab_of(a, eyes, left);
    lab_of(b, eyes, right);
    return sqrt(
        pow(left[0] - right[0], 2) + pow(left[1] - right[1], 2) + pow(left[2] - right[2], 2));
}

/* What means the opposite of each other looks different (2.3 is just noticeable, 20 is another
 * colour) to who does not tell red from green, by its text or by its background. */
static void test_colour_blind(void **state)
{
    (void)state;
    static const enum style_id pairs[][2] = {{STYLE_PASS, STYLE_FAIL}, {STYLE_PASS, STYLE_ERROR},
        {STYLE_ADD, STYLE_DELETE}, {STYLE_ADD_WORD, STYLE_DELETE_WORD},
        {STYLE_ACCEPTED, STYLE_DECLINED}, {STYLE_COVERED, STYLE_UNCOVERED},
        {STYLE_PASS, STYLE_WARNING}, {STYLE_PASS, STYLE_NOT_EVALUATED}};
    static const double *const eyes[] = {deuteranopia, protanopia, NULL};
    static const enum colour_depth both[] = {COLOUR_TRUE, COLOUR_256};
    struct theme *theme = load("colour-blind");
    for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
        for (size_t e = 0; e < ARRAY_LEN(eyes) * ARRAY_LEN(both); e++) {
            const double *with = eyes[e / ARRAY_LEN(both)];
            enum colour_depth depth = both[e % ARRAY_LEN(both)];
            struct look a = theme_look(theme, style_of(pairs[i][0]), depth);
            struct look b = theme_look(theme, style_of(pairs[i][1]), depth);
            double text = difference(rgb(a.fg, 0xcdd9e5), rgb(b.fg, 0xcdd9e5), with);
            double ground = difference(rgb(a.bg, 0x1c2128), rgb(b.bg, 0x1c2128), with);
            if (fmax(text, ground) < 20) {
                fail_msg("%s and %s differ by %.1f only (eyes %zu, depth %d)",
                    style_name(pairs[i][0]), style_name(pairs[i][1]), fmax(text, ground),
                    e / ARRAY_LEN(both), (int)depth);
            }
        }
    }
    theme_free(theme);
}

static void test_builtin_themes(void **state)
{
    (void)state;
    size_t count = 0;
    for (const struct embedded *file = builtin_themes; file->name != NULL; file++) {
        char *name = mem_strndup(file->name, strlen(file->name) - strlen(".toml"));
        struct theme *theme = load(name);
        assert_string_equal(theme_name(theme), name);
        assert_int_equal(theme_is_light(theme), strcmp(name, "light") == 0);
        theme_free(theme);
        free(name);
        count++;
    }
    assert_int_equal(count, 5);
    struct err err;
    assert_null(theme_builtin("pink", &err));
    assert_non_null(strstr(err.text, "high-contrast"));
}

static void test_depths(void **state)
{
    (void)state;
    struct theme *theme = load("dark");
    for (size_t d = 0; d < ARRAY_LEN(depths); d++) {
        for (unsigned id = 0; id < STYLE_COUNT; id++) {
            struct style style = style_on(style_of((enum style_id)id), STYLE_ADD);
            struct look look = theme_look(theme, style, depths[d]);
            int32_t both[] = {look.fg, look.bg};
            for (size_t i = 0; i < 2; i++) {
                bool palette = both[i] != COLOUR_DEFAULT && (both[i] & COLOUR_PALETTE) != 0;
                if (depths[d] == COLOUR_NONE) {
                    assert_int_equal(both[i], COLOUR_DEFAULT);
                } else if (depths[d] == COLOUR_16) {
                    assert_true(both[i] == COLOUR_DEFAULT || (palette && (both[i] & 0xFF) < 16));
                } else if (depths[d] == COLOUR_256) {
                    assert_true(both[i] == COLOUR_DEFAULT || palette);
                }
            }
        }
    }
    assert_int_equal(colour_reduce(0xff0000, COLOUR_256), COLOUR_PALETTE | 196);
    assert_int_equal(colour_reduce(0x57ab5a, COLOUR_16), COLOUR_PALETTE | 2);
    assert_int_equal(colour_reduce(0xf47067, COLOUR_16), COLOUR_PALETTE | 9);
    theme_free(theme);
}

/* Without colours what is selected, searched, focused and failed still differs. */
static void test_meaning_without_colour(void **state)
{
    (void)state;
    struct theme *theme = load("dark");
    static const enum style_id marked[] = {STYLE_SELECTION, STYLE_CURSOR_LINE, STYLE_SEARCH,
        STYLE_TITLE_FOCUS, STYLE_BORDER_FOCUS, STYLE_TAB_ACTIVE, STYLE_ADD_WORD, STYLE_DELETE_WORD,
        STYLE_RECORDING, STYLE_FAIL};
    for (size_t i = 0; i < ARRAY_LEN(marked); i++) {
        assert_true(theme_look(theme, style_of(marked[i]), COLOUR_NONE).attr != 0);
    }
    struct style selected = style_on(STYLE(TEXT), STYLE_SELECTION);
    assert_true((theme_look(theme, selected, COLOUR_NONE).attr & ATTR_REVERSE) != 0);
    theme_free(theme);
}

static void test_overlay(void **state)
{
    (void)state;
    struct err err;
    struct str toml = STR_LIT("background = 'dark'\n");
    struct theme *theme = theme_parse(toml, "t", &err);
    assert_non_null(theme);
    theme_free(theme);
    toml = STR_LIT("name = \"t\" # comment\n[ui]\nadd = \"green on #102030\"\n[syntax]\n"
                   "keyword = \"bold #ff0000\"\nfunction = \"#00ff00\"\n");
    theme = theme_parse(toml, "t", &err);
    assert_non_null(theme);
    struct look look = theme_look(theme, STYLE_ON(SYNTAX_KEYWORD, ADD), COLOUR_TRUE);
    assert_int_equal(look.fg, 0xff0000);
    assert_int_equal(look.bg, 0x102030);
    assert_int_equal(look.attr, ATTR_BOLD);
    /* A capture without its own entry looks like the part before its dot. */
    look = theme_look(theme, STYLE(SYNTAX_FUNCTION_BUILTIN), COLOUR_TRUE);
    assert_int_equal(look.fg, 0x00ff00);
    theme_free(theme);
    /* A row in reverse is one bar, not a box for each colour in it. */
    toml = STR_LIT("name = \"t\"\n[ui]\ncursor-line = \"reverse\"\npass = \"green on #102030\"\n");
    theme = theme_parse(toml, "t", &err);
    assert_non_null(theme);
    struct look bar = theme_look(theme, STYLE_ON(TEXT, CURSOR_LINE), COLOUR_TRUE);
    look = theme_look(theme, STYLE_ON(PASS, CURSOR_LINE), COLOUR_TRUE);
    assert_int_equal(look.fg, bar.fg);
    assert_int_equal(look.bg, bar.bg);
    assert_int_equal(look.attr, ATTR_REVERSE);
    theme_free(theme);
}

static void test_mistakes_name_the_line(void **state)
{
    (void)state;
    static const struct {
        const char *toml, *message;
    } table[] = {{"name = \"x\"\n[ui]\nadd = \"greenish\"\n", "my.toml:3: "},
        {"[ui]\nadd = \"#12345\"\n", "#12345"}, {"[ui]\nnothing = \"red\"\n", "nothing"},
        {"[colours]\nx = \"red\"\n", "colours"}, {"[ui]\nadd = 5\n", "my.toml:2: "},
        {"[ui\n", "my.toml:1"}, {"background = \"grey\"\n", "background"},
        {"[ui]\nadd = \"300\"\n", "300"}};
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        struct err err = {0};
        assert_null(theme_parse(str_of(table[i].toml), "my.toml", &err));
        if (strstr(err.text, table[i].message) == NULL) {
            fail_msg("\"%s\" does not say \"%s\"", err.text, table[i].message);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_builtin_themes),
        cmocka_unit_test(test_contrast),
        cmocka_unit_test(test_colour_blind),
        cmocka_unit_test(test_depths),
        cmocka_unit_test(test_meaning_without_colour),
        cmocka_unit_test(test_overlay),
        cmocka_unit_test(test_mistakes_name_the_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
