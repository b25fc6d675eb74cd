#include "screen/theme.h"

#include "config/toml.h"
#include "embedded.h"

#include <stdlib.h>

struct theme {
    char *name;
    bool light;
    struct look looks[STYLE_COUNT];
    bool given[STYLE_COUNT];
};

/* What still tells meanings apart where there is no colour. */
static uint8_t plain_attr(unsigned id)
{
    switch (id) {
    case STYLE_SELECTION:
    case STYLE_SEARCH:
    case STYLE_HEADER:
    case STYLE_HEADER_DIM:
    case STYLE_RECORDING:
    case STYLE_TAB_ACTIVE:
    case STYLE_SCROLLBAR_THUMB:
        return ATTR_REVERSE;
    case STYLE_SEARCH_CURRENT:
        return ATTR_REVERSE | ATTR_BOLD;
    case STYLE_CURSOR_LINE:
    case STYLE_TITLE_FOCUS:
        return ATTR_REVERSE;
    case STYLE_ADD_WORD:
    case STYLE_DELETE_WORD:
    case STYLE_MATCH:
    case STYLE_BRACKET_MATCH:
    case STYLE_LINK:
    case STYLE_FIELD:
        return ATTR_UNDERLINE;
    case STYLE_STRONG:
    case STYLE_TITLE:
    case STYLE_BORDER_FOCUS:
    case STYLE_KEY:
    case STYLE_FAIL:
    case STYLE_ERROR:
    case STYLE_WARNING:
    case STYLE_HEADING:
    case STYLE_USER:
    case STYLE_HUNK:
    case STYLE_SYNTAX_KEYWORD:
        return ATTR_BOLD;
    case STYLE_DIM:
    case STYLE_GUTTER:
    case STYLE_HINT:
    case STYLE_REASONING:
    case STYLE_SYNTAX_COMMENT:
        return ATTR_DIM;
    default:
        return 0;
    }
}

static const struct {
    const char *name;
    uint8_t attr;
} attributes[] = {{"bold", ATTR_BOLD}, {"dim", ATTR_DIM}, {"italic", ATTR_ITALIC},
    {"underline", ATTR_UNDERLINE}, {"reverse", ATTR_REVERSE}, {"strike", ATTR_STRIKE}};

static const char *const colours[16] = {"black", "red", "green", "yellow", "blue", "magenta",
    "cyan", "white", "bright-black", "bright-red", "bright-green", "bright-yellow", "bright-blue",
    "bright-magenta", "bright-cyan", "bright-white"};

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool parse_colour(struct str word, int32_t *colour)
{
    if (str_equal_c(word, "default")) {
        *colour = COLOUR_DEFAULT;
        return true;
    }
    if (word.len == 7 && word.ptr[0] == '#') {
        int32_t rgb = 0;
        for (size_t i = 1; i < 7; i++) {
            int digit = hex_digit(word.ptr[i]);
            if (digit < 0) {
                return false;
            }
            rgb = rgb * 16 + digit;
        }
        *colour = rgb;
        return true;
    }
    for (int i = 0; i < 16; i++) {
        if (str_equal_c(word, colours[i])) {
            *colour = COLOUR_PALETTE | i;
            return true;
        }
    }
    int number = 0;
    for (size_t i = 0; i < word.len; i++) {
        if (word.ptr[i] < '0' || word.ptr[i] > '9' || word.len > 3) {
            return false;
        }
        number = number * 10 + (word.ptr[i] - '0');
    }
    *colour = COLOUR_PALETTE | (number & 0xFF);
    return word.len > 0 && number < 256;
}

static bool parse_word(struct str word, struct look *look, bool *on)
{
    if (str_equal_c(word, "on")) {
        *on = true;
        return true;
    }
    for (size_t i = 0; i < ARRAY_LEN(attributes); i++) {
        if (str_equal_c(word, attributes[i].name)) {
            look->attr |= attributes[i].attr;
            return true;
        }
    }
    return parse_colour(word, *on ? &look->bg : &look->fg);
}

static bool parse_look(struct str text, struct look *look, struct err *err)
{
    *look = (struct look){COLOUR_DEFAULT, COLOUR_DEFAULT, 0};
    bool on = false;
    text = str_trim(text);
    while (text.len > 0) {
        size_t end = str_find_char(text, ' ', 0);
        struct str word = str_slice(text, 0, end == SIZE_MAX ? text.len : end);
        if (!parse_word(word, look, &on)) {
            return err_set(err, ERR_INVALID,
                "\"%.*s\" is no colour or attribute: use #rrggbb, 0-255, a name such as "
                "bright-red, default, bold, dim, italic, underline, reverse, strike, on",
                STR_FMT(word));
        }
        text = str_trim(str_from(text, word.len));
    }
    return true;
}

static bool find_style(struct str name, unsigned *id)
{
    for (unsigned i = 0; i < STYLE_COUNT; i++) {
        if (str_equal_c(name, style_name((enum style_id)i))) {
            *id = i;
            return true;
        }
    }
    return false;
}

static bool set_style(struct theme *theme, bool syntax, const struct toml *entry, struct err *err)
{
    char *name = mem_printf("%s%s", syntax ? "syntax." : "", entry->key);
    unsigned id;
    bool known = find_style(str_of(name), &id);
    free(name);
    if (!known) {
        return err_set(
            err, ERR_INVALID, "[%s] has no key \"%s\"", syntax ? "syntax" : "ui", entry->key);
    }
    if (entry->kind != TOML_STRING) {
        return err_set(
            err, ERR_INVALID, "\"%s\" is written as a text: \"bold red on #102030\"", entry->key);
    }
    struct look look;
    if (!parse_look(str_of(entry->text), &look, err)) {
        return false;
    }
    theme->given[id] = true;
    theme->looks[id] = look;
    return true;
}

/* What is wrong, with its line; the rest of the theme goes on. */
static void add_problem(
    struct buf *problems, const char *name, const struct toml *entry, const struct err *err)
{
    buf_printf(problems, "%s:%u: %s\n", name, entry->row, err->text);
}

static bool set_background(struct theme *theme, const struct toml *entry, struct err *err)
{
    bool light = entry->kind == TOML_STRING && strcmp(entry->text, "light") == 0;
    if (!light && (entry->kind != TOML_STRING || strcmp(entry->text, "dark") != 0)) {
        return err_set(err, ERR_INVALID, "background is \"dark\" or \"light\"");
    }
    theme->light = light;
    return true;
}

static bool set_name(struct theme *theme, const struct toml *entry, struct err *err)
{
    if (entry->kind != TOML_STRING) {
        return err_set(err, ERR_INVALID, "name is a text");
    }
    free(theme->name);
    theme->name = mem_strdup(entry->text);
    return true;
}

static void set_table(
    struct theme *theme, const struct toml *table, const char *name, struct buf *problems)
{
    bool syntax = strcmp(table->key, "syntax") == 0;
    for (size_t i = 0; i < table->len; i++) {
        struct err err;
        if (!set_style(theme, syntax, table->items[i], &err)) {
            add_problem(problems, name, table->items[i], &err);
        }
    }
}

static void set_entry(
    struct theme *theme, const struct toml *entry, const char *name, struct buf *problems)
{
    struct err err;
    bool ok;
    if (strcmp(entry->key, "name") == 0) {
        ok = set_name(theme, entry, &err);
    } else if (strcmp(entry->key, "background") == 0) {
        ok = set_background(theme, entry, &err);
    } else if (strcmp(entry->key, "based-on") == 0) {
        ok = true; /* taken before the rest */
    } else if (entry->kind == TOML_TABLE &&
               (strcmp(entry->key, "syntax") == 0 || strcmp(entry->key, "ui") == 0)) {
        set_table(theme, entry, name, problems);
        ok = true;
    } else {
        ok = err_set(&err, ERR_INVALID,
            "\"%s\" is no part of a theme: name, background, based-on, [ui], [syntax]", entry->key);
    }
    if (!ok) {
        add_problem(problems, name, entry, &err);
    }
}

/* A capture without its own entry looks like the part before its last dot. */
static void fill_captures(struct theme *theme)
{
    for (unsigned id = 0; id < STYLE_COUNT; id++) {
        struct str name = str_of(style_name((enum style_id)id));
        if (theme->given[id] || !str_starts(name, "syntax.")) {
            continue;
        }
        struct look look = theme->looks[STYLE_TEXT];
        while (name.len > 0) {
            unsigned parent;
            name.len--;
            if (name.ptr[name.len] == '.' && find_style(name, &parent) && theme->given[parent]) {
                look = theme->looks[parent];
                break;
            }
        }
        theme->looks[id] = look;
    }
}

static struct theme *theme_empty(const char *name)
{
    struct theme *theme = MEM_NEW(struct theme);
    theme->name = mem_strdup(name);
    for (unsigned id = 0; id < STYLE_COUNT; id++) {
        theme->looks[id] = (struct look){COLOUR_DEFAULT, COLOUR_DEFAULT, plain_attr(id)};
    }
    return theme;
}

/* With everything that the theme it is based on has, to be changed. */
static struct theme *theme_begin(const struct toml *root, const char *name, struct buf *problems)
{
    const struct toml *base = toml_get(root, "based-on");
    struct err err;
    struct theme *theme = NULL;
    if (base != NULL && base->kind == TOML_STRING) {
        theme = theme_builtin(base->text, &err);
    } else if (base != NULL) {
        err_set(&err, ERR_INVALID, "based-on is the name of a built-in theme");
    }
    if (base != NULL && theme == NULL) {
        add_problem(problems, name, base, &err);
    }
    if (theme == NULL) {
        return theme_empty(name);
    }
    theme_rename(theme, name);
    return theme;
}

struct theme *theme_read(struct str toml, const char *name, struct buf *problems)
{
    struct err err;
    struct toml *root = toml_parse(toml, name, &err);
    if (root == NULL) {
        buf_printf(problems, "%s\n", err.text);
        return NULL;
    }
    struct theme *theme = theme_begin(root, name, problems);
    for (size_t i = 0; i < root->len; i++) {
        set_entry(theme, root->items[i], name, problems);
    }
    toml_free(root);
    fill_captures(theme);
    return theme;
}

struct theme *theme_parse(struct str toml, const char *name, struct err *err)
{
    struct buf problems = BUF_INIT;
    struct theme *theme = theme_read(toml, name, &problems);
    if (problems.len > 0) {
        struct str rest = buf_str(&problems);
        struct str first;
        str_next_line(&rest, &first);
        err_set(err, ERR_INVALID, "%.*s", STR_FMT(first));
        theme_free(theme);
        theme = NULL;
    }
    buf_free(&problems);
    return theme;
}

void theme_rename(struct theme *theme, const char *name)
{
    char *copy = mem_strdup(name);
    free(theme->name);
    theme->name = copy;
}

struct theme *theme_builtin(const char *name, struct err *err)
{
    char *file = mem_printf("%s.toml", name);
    struct theme *theme = NULL;
    const struct embedded *entry = builtin_themes;
    while (entry->name != NULL && strcmp(entry->name, file) != 0) {
        entry++;
    }
    if (entry->name != NULL) {
        theme = theme_parse(str_make(entry->bytes, entry->len), file, err);
    } else {
        struct buf known = BUF_INIT;
        for (entry = builtin_themes; entry->name != NULL; entry++) {
            buf_printf(&known, "%s%.*s", known.len > 0 ? ", " : "",
                (int)(strlen(entry->name) - strlen(".toml")), entry->name);
        }
        err_set(err, ERR_NOT_FOUND, "there is no theme \"%s\"; built in: %s", name, known.ptr);
        buf_free(&known);
    }
    free(file);
    return theme;
}

void theme_free(struct theme *theme)
{
    if (theme != NULL) {
        free(theme->name);
        free(theme);
    }
}

const char *theme_name(const struct theme *theme)
{
    return theme->name;
}

bool theme_is_light(const struct theme *theme)
{
    return theme->light;
}

/* What is selected or found has its own colours where the theme gives both: the text's own would be
 * lost on such a background. */
static bool covers(unsigned under)
{
    return under == STYLE_SEARCH || under == STYLE_SEARCH_CURRENT || under == STYLE_SELECTION;
}

struct look theme_look(const struct theme *theme, struct style style, enum colour_depth depth)
{
    unsigned fg = style.fg < STYLE_COUNT ? style.fg : STYLE_TEXT;
    struct look look = theme->looks[fg];
    struct look text = theme->looks[STYLE_TEXT];
    if (depth == COLOUR_NONE) {
        look.attr |= plain_attr(fg);
    }
    if (style.bg < STYLE_COUNT) {
        struct look under = theme->looks[style.bg];
        if (under.bg != COLOUR_DEFAULT) {
            look.bg = under.bg;
            look.fg = covers(style.bg) && under.fg != COLOUR_DEFAULT ? under.fg : look.fg;
        }
        if ((under.attr & ATTR_REVERSE) != 0) { /* each colour would be a box in the row */
            look.fg = under.fg;
            look.bg = under.bg;
        }
        look.attr |= depth == COLOUR_NONE ? plain_attr(style.bg) : under.attr & ATTR_REVERSE;
    }
    if (look.fg == COLOUR_DEFAULT) {
        look.fg = text.fg;
    }
    if (look.bg == COLOUR_DEFAULT) {
        look.bg = text.bg;
    }
    look.attr = (uint8_t)(look.attr | style.attr);
    look.fg = colour_reduce(look.fg, depth);
    look.bg = colour_reduce(look.bg, depth);
    /* A tint that is lost in the 16 colours must not take the text with it. */
    if (depth == COLOUR_16 && look.fg == look.bg && look.fg != COLOUR_DEFAULT) {
        look.bg = COLOUR_DEFAULT;
    }
    return look;
}
