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

/* Text on its background can be read: WCAG's 3:1 at least, 7:1 in the high-contrast theme. Frames,
 * scrollbars and the like may be fainter. */
static void test_contrast(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint32_t fg, bg;
        double least;
    } themes[] = {{"dark", 0xcdd9e5, 0x1c2128, 3.0}, {"light", 0x24292f, 0xffffff, 3.0},
        {"high-contrast", 0xffffff, 0x000000, 7.0}, {"colour-blind", 0xcdd9e5, 0x1c2128, 3.0}};
    for (size_t t = 0; t < ARRAY_LEN(themes); t++) {
        struct theme *theme = load(themes[t].name);
        for (unsigned id = 0; id < STYLE_COUNT; id++) {
            const char *name = style_name((enum style_id)id);
            bool faint = id == STYLE_BORDER || id == STYLE_SCROLLBAR ||
                         id == STYLE_SCROLLBAR_THUMB || id == STYLE_GUTTER || id == STYLE_HINT ||
                         id == STYLE_COVERED;
            struct look look = theme_look(theme, style_of((enum style_id)id), COLOUR_TRUE);
            if (!faint && (look.attr & ATTR_REVERSE) == 0) {
                double found = contrast(rgb(look.fg, themes[t].fg), rgb(look.bg, themes[t].bg));
                if (found < themes[t].least) {
                    fail_msg("%s: %s has a contrast of %.1f", themes[t].name, name, found);
                }
            }
        }
        /* Syntax colours on the lines of a diff, on the cursor's line, on the selection. */
        static const enum style_id unders[] = {STYLE_ADD, STYLE_DELETE, STYLE_CURSOR_LINE};
        for (unsigned id = STYLE_SYNTAX_ATTRIBUTE; id < STYLE_COUNT; id++) {
            for (size_t u = 0; u < ARRAY_LEN(unders); u++) {
                struct style style = style_on(style_of((enum style_id)id), unders[u]);
                struct look look = theme_look(theme, style, COLOUR_TRUE);
                double found = contrast(rgb(look.fg, themes[t].fg), rgb(look.bg, themes[t].bg));
                if (found < 2.8) {
                    fail_msg("%s: %s on %s has a contrast of %.1f", themes[t].name,
                        style_name((enum style_id)id), style_name(unders[u]), found);
                }
            }
        }
        theme_free(theme);
    }
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
        cmocka_unit_test(test_depths),
        cmocka_unit_test(test_meaning_without_colour),
        cmocka_unit_test(test_overlay),
        cmocka_unit_test(test_mistakes_name_the_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
