/* Terminal input: bytes in, keys out. Our own decoder on the raw descriptor, not get_wch: curses
 * holds a lone Esc back and blocks the loop meanwhile, knows one of the two forms of the arrow
 * keys, and no SGR mouse under tmux.
 *
 * Understood: UTF-8 text, C0 controls, ESC O and ESC [ forms with xterm modifiers, the CSI u and
 * modifyOtherKeys forms (Shift-Enter and others), Alt as an Esc before, SGR mouse (1006), focus
 * (1004), bracketed paste (2004), and answers of the terminal (OSC, DCS, DA, DECRPM), which come
 * out as K_REPLY and never as text. Whatever else begins like a sequence is dropped as a whole.
 *
 * Sources: ECMA-48; XTerm Control Sequences (ctlseqs). Pure: no terminal, no clock. */
#ifndef BYLAW_SCREEN_INPUT_H
#define BYLAW_SCREEN_INPUT_H

#include "base/str.h"

#include <stdint.h>

enum key_code {
    K_NONE = 0,
    K_TEXT, /* one grapheme cluster in `text`, or one letter with MOD_CTRL / MOD_ALT */
    K_ENTER,
    K_TAB,
    K_BACKSPACE,
    K_ESC,
    K_UP,
    K_DOWN,
    K_LEFT,
    K_RIGHT,
    K_HOME,
    K_END,
    K_PAGE_UP,
    K_PAGE_DOWN,
    K_INSERT,
    K_DELETE,
    K_F1,
    K_F2,
    K_F3,
    K_F4,
    K_F5,
    K_F6,
    K_F7,
    K_F8,
    K_F9,
    K_F10,
    K_F11,
    K_F12,
    K_PASTE,     /* `data`: the pasted bytes, CR and CR LF made LF, otherwise as they came */
    K_MOUSE,     /* `mouse` */
    K_FOCUS_IN,  /* the terminal window got the focus */
    K_FOCUS_OUT, /* and lost it */
    K_REPLY      /* `data`: the terminal's answer without its ESC and terminator ("]11;rgb:…") */
};

enum key_mod { MOD_SHIFT = 1, MOD_ALT = 2, MOD_CTRL = 4 };

enum mouse_action { MOUSE_PRESS, MOUSE_RELEASE, MOUSE_DRAG, MOUSE_MOVE, MOUSE_WHEEL };

struct mouse {
    enum mouse_action action;
    int button;   /* 1 left, 2 middle, 3 right; 0 none. Wheel: -1 up, 1 down */
    int row, col; /* from 0; relative to the region once a pane gets it */
    int clicks;   /* 1, 2 or 3 on a press (double and triple click); filled in by the app */
    uint8_t mods;
};

#define KEY_TEXT_MAX    32
#define INPUT_PASTE_MAX ((size_t)10 << 20)

struct key {
    enum key_code code;
    uint8_t mods;            /* enum key_mod; Shift is not set for K_TEXT: it is in the text */
    uint8_t len;             /* of text */
    char text[KEY_TEXT_MAX]; /* K_TEXT: valid UTF-8, no control characters, NUL-terminated */
    struct mouse mouse;
    struct str data; /* borrowed from the decoder until the next input_ call */
    bool truncated;  /* K_PASTE: longer than INPUT_PASTE_MAX, the rest was dropped */
    bool after_esc;  /* MOD_ALT was an ESC in front: Alt and the key, or Esc and then the key */
};

struct input;

struct input *input_new(void) MUST_USE;
void input_free(struct input *input);
void input_feed(struct input *input, const void *bytes, size_t len);
/* The next whole key; false when the bytes so far hold none. */
bool input_next(struct input *input, struct key *key);
/* After how long without another byte input_flush is to be called; 0: nothing waits. INPUT_ESC_MS
 * while an unfinished sequence waits (a lone ESC most of all): keys are made of it, or it is
 * dropped. INPUT_PASTE_MS in a paste: what came of it is given out, so that one whose end never
 * comes swallows no keys; what comes next is more of the paste when it is long or ends it, else a
 * key. */
unsigned input_wait_ms(const struct input *input);
#define INPUT_ESC_MS   25
#define INPUT_PASTE_MS 1000
void input_flush(struct input *input);

/* Bytes that have come so far of a paste whose end has not; 0: none is under way. */
size_t input_pasting(const struct input *input);

/* While the terminal was asked something: an unfinished answer is then waited for, however slow the
 * line is, and never becomes keys. */
void input_expect_replies(struct input *input, bool expecting);

/* Key of one plain character, for tests and synthetic keys. */
struct key key_of_text(struct str cluster, unsigned mods);
struct key key_of_code(enum key_code code, unsigned mods);
bool key_equal(const struct key *a, const struct key *b);
/* True for text without Ctrl or Alt: what a text field takes. */
static inline bool key_is_plain_text(const struct key *key)
{
    return key->code == K_TEXT && (key->mods & (MOD_CTRL | MOD_ALT)) == 0;
}
static inline bool key_is_char(const struct key *key, char c)
{
    return key->code == K_TEXT && key->mods == 0 && key->len == 1 && key->text[0] == c;
}
static inline bool key_is_ctrl(const struct key *key, char c)
{
    return key->code == K_TEXT && key->mods == MOD_CTRL && key->len == 1 && key->text[0] == c;
}
/* Parses "ctrl-p", "alt-1", "f1", "shift-tab", "space", "a", "é". */
bool key_parse(struct str spec, struct key *key);
/* The short form people know from key lines: "^P", "Alt-1", "F1", "S-Tab", "Space", "a". Appends.
 */
void key_append_name(struct buf *out, const struct key *key);

#endif
