#include "base/utf8.h"
#include "screen/input.h"

#include <stdio.h>

static const struct {
    const char *spec;  /* in configuration */
    const char *shown; /* in the key line */
    enum key_code code;
} named[] = {{"enter", "Enter", K_ENTER}, {"return", "Enter", K_ENTER}, {"tab", "Tab", K_TAB},
    {"backspace", "Backspace", K_BACKSPACE}, {"esc", "Esc", K_ESC}, {"escape", "Esc", K_ESC},
    {"up", "↑", K_UP}, {"down", "↓", K_DOWN}, {"left", "←", K_LEFT}, {"right", "→", K_RIGHT},
    {"home", "Home", K_HOME}, {"end", "End", K_END}, {"pageup", "PgUp", K_PAGE_UP},
    {"pagedown", "PgDn", K_PAGE_DOWN}, {"insert", "Ins", K_INSERT}, {"delete", "Del", K_DELETE}};

static bool take_prefix(struct str *spec, const char *prefix)
{
    size_t len = strlen(prefix);
    if (spec->len <= len || strncasecmp(spec->ptr, prefix, len) != 0) {
        return false;
    }
    *spec = str_from(*spec, len);
    return true;
}

static bool parse_named(struct str spec, unsigned mods, struct key *key)
{
    for (size_t i = 0; i < ARRAY_LEN(named); i++) {
        if (spec.len == strlen(named[i].spec) &&
            strncasecmp(spec.ptr, named[i].spec, spec.len) == 0) {
            *key = key_of_code(named[i].code, mods);
            return true;
        }
    }
    if (spec.len >= 2 && spec.len <= 3 && (spec.ptr[0] == 'f' || spec.ptr[0] == 'F')) {
        int number = 0;
        for (size_t i = 1; i < spec.len; i++) {
            if (spec.ptr[i] < '0' || spec.ptr[i] > '9') {
                return false;
            }
            number = number * 10 + (spec.ptr[i] - '0');
        }
        if (number >= 1 && number <= 12) {
            *key = key_of_code((enum key_code)(K_F1 + number - 1), mods);
            return true;
        }
    }
    return false;
}

bool key_parse(struct str spec, struct key *key)
{
    unsigned mods = 0;
    for (;;) {
        if (take_prefix(&spec, "ctrl-")) {
            mods |= MOD_CTRL;
        } else if (take_prefix(&spec, "alt-")) {
            mods |= MOD_ALT;
        } else if (take_prefix(&spec, "shift-")) {
            mods |= MOD_SHIFT;
        } else {
            break;
        }
    }
    if (spec.len == 0) {
        return false;
    }
    if (parse_named(spec, mods, key)) {
        return true;
    }
    if (str_equal_c(spec, "space")) {
        spec = STR_LIT(" ");
    } else if (str_equal_c(spec, "comma")) {
        spec = STR_LIT(",");
    }
    if (utf8_cluster(spec) != spec.len || spec.len >= KEY_TEXT_MAX || !utf8_is_valid(spec) ||
        (unsigned char)spec.ptr[0] < 0x20 || spec.ptr[0] == 0x7F) {
        return false;
    }
    if ((mods & MOD_SHIFT) != 0 && (mods & MOD_CTRL) == 0) {
        /* Shift is in the text itself: shift-a is A. */
        if (spec.len != 1 || spec.ptr[0] < 'a' || spec.ptr[0] > 'z') {
            return false;
        }
        char upper = (char)(spec.ptr[0] - 'a' + 'A');
        *key = key_of_text(str_make(&upper, 1), mods & ~(unsigned)MOD_SHIFT);
        return true;
    }
    if ((mods & MOD_CTRL) != 0 && spec.len == 1 && spec.ptr[0] >= 'A' && spec.ptr[0] <= 'Z') {
        char lower = (char)(spec.ptr[0] - 'A' + 'a');
        *key = key_of_text(str_make(&lower, 1), mods);
        return true;
    }
    *key = key_of_text(spec, mods);
    return true;
}

void key_append_name(struct buf *out, const struct key *key)
{
    if ((key->mods & MOD_ALT) != 0) {
        buf_append_c(out, "Alt-");
    }
    if (key->code == K_TEXT) {
        bool space = key->len == 1 && key->text[0] == ' ';
        if ((key->mods & MOD_SHIFT) != 0) {
            buf_append_c(out, "S-");
        }
        if ((key->mods & MOD_CTRL) != 0) {
            buf_append_char(out, '^');
            if (key->len == 1 && key->text[0] >= 'a' && key->text[0] <= 'z') {
                buf_append_char(out, (char)(key->text[0] - 'a' + 'A'));
                return;
            }
        }
        buf_append_str(out, space ? STR_LIT("Space") : str_make(key->text, key->len));
        return;
    }
    if ((key->mods & MOD_CTRL) != 0) {
        buf_append_c(out, "C-");
    }
    if ((key->mods & MOD_SHIFT) != 0) {
        buf_append_c(out, "S-");
    }
    if (key->code >= K_F1 && key->code <= K_F12) {
        buf_printf(out, "F%d", (int)(key->code - K_F1) + 1);
        return;
    }
    for (size_t i = 0; i < ARRAY_LEN(named); i++) {
        if (named[i].code == key->code) {
            buf_append_c(out, named[i].shown);
            return;
        }
    }
}
