/* Themes: how each meaning is shown. TOML:
 *
 *     name = "dark"
 *     background = "dark"            # or "light": which one `auto` picks for the terminal
 *     based-on = "dark"              # a built-in theme for all that is not given; may be left out
 *     [ui]
 *     add = "green on #12261e"       # colours and attributes, `on` before the background
 *     fail = "bold #ff7b72"
 *     [syntax]
 *     "function.builtin" = "cyan"
 *
 * A colour is #rrggbb, a palette number 0-255, one of the 16 names (black red green yellow blue
 * magenta cyan white, bright-red …) or `default`. Attributes: bold dim italic underline reverse
 * strike. A key that is not given falls back: a capture to the part before its last dot, then to
 * "text"; a ui key to the built-in dark theme's attributes without its colours.
 *
 * Colours are reduced to what the terminal has; without colour only the attributes remain, and
 * what would be told apart by background alone is given reverse or underline. */
#ifndef BYLAW_SCREEN_THEME_H
#define BYLAW_SCREEN_THEME_H

#include "base/err.h"
#include "screen/style.h"

enum colour_depth { COLOUR_NONE, COLOUR_16, COLOUR_256, COLOUR_TRUE };

#define COLOUR_DEFAULT ((int32_t)-1)
#define COLOUR_PALETTE 0x1000000

/* What the terminal is told. A colour is COLOUR_DEFAULT, 0xRRGGBB, or COLOUR_PALETTE | number. */
struct look {
    int32_t fg, bg;
    uint8_t attr; /* enum style_attr */
};

struct theme;

/* One of the embedded themes ("dark", "light", …); NULL when there is none of that name. */
struct theme *theme_builtin(const char *name, struct err *err) MUST_USE;
/* As far as it makes sense: each mistake is a line "NAME:ROW: what" appended to problems, and what
 * it is about stays as it was. NULL only when it is no TOML. */
struct theme *theme_read(struct str toml, const char *name, struct buf *problems) MUST_USE;
/* The same, where one mistake is an error. */
struct theme *theme_parse(struct str toml, const char *name, struct err *err) MUST_USE;
void theme_free(struct theme *theme);
void theme_rename(struct theme *theme, const char *name);
const char *theme_name(const struct theme *theme);
bool theme_is_light(const struct theme *theme);
struct look theme_look(const struct theme *theme, struct style style, enum colour_depth depth);
/* 0xRRGGBB of a palette number (the xterm defaults), for pictures and reduction. */
uint32_t colour_palette_rgb(int number);
int32_t colour_reduce(int32_t colour, enum colour_depth depth);

#endif
