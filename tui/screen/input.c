#include "screen/input.h"

#include "base/utf8.h"

#include <stdlib.h>

/* A sequence longer than this is not one: it is dropped. */
#define CSI_MAX    64
#define STRING_MAX 8192
/* The clipboard, when it was asked for: 16 MiB as base64. */
#define CLIPBOARD_STRING_MAX ((size_t)24 << 20)
/* An unfinished CSI is waited for this many flushes: a slow line may split it. */
#define CSI_PATIENCE 4
/* The same for an answer that comes although nobody waits for it any more (two seconds): nobody
 * types ESC ] and a digit, or ESC [ and one of ? > <, so fast. */
#define REPLY_PATIENCE 80
/* What comes at once after a paste that has stalled: no longer, it is a key; longer, the paste goes
 * on. */
#define STALLED_KEY_MAX 32

#define PLACE_MAX 16 /* bytes of an answer that tells a place */

static const struct str paste_end = {"\033[201~", 6};

struct input {
    struct buf bytes; /* not decoded yet */
    size_t at;        /* decoded up to here */
    struct buf data;  /* what the last K_PASTE or K_REPLY borrows */
    struct buf paste;
    bool in_paste;
    bool paste_stalled; /* nothing came for INPUT_PASTE_MS: what there was has been given out */
    bool skip_string;   /* in a string longer than STRING_MAX: it is dropped up to its end */
    bool paste_cut;
    bool last_cr;   /* the paste's last byte was a CR, made LF: an LF now is its second half */
    size_t scanned; /* of an unfinished string: looked through up to here */
    bool expecting;
    char lone[2]; /* the last key was made of these, for which nothing more came: Esc, Alt-[ … */
    size_t lone_len;
    bool flush;
    int flushes; /* in a row, without new bytes */
};

enum step { STEP_KEY, STEP_SKIP, STEP_MORE };

struct input *input_new(void)
{
    return MEM_NEW(struct input);
}

void input_free(struct input *input)
{
    if (input != NULL) {
        buf_free(&input->bytes);
        buf_free(&input->data);
        buf_free(&input->paste);
        free(input);
    }
}

void input_expect_replies(struct input *input, bool expecting)
{
    input->expecting = expecting;
}

/* "[24;80R", whole: where the cursor is. */
static bool is_place(struct str bytes)
{
    size_t at = 1, semicolons = 0;
    while (at < bytes.len &&
           ((bytes.ptr[at] >= '0' && bytes.ptr[at] <= '9') || (bytes.ptr[at] == ';' && at > 1))) {
        semicolons += bytes.ptr[at++] == ';';
    }
    return at < bytes.len && semicolons == 1 && bytes.ptr[at - 1] != ';' && bytes.ptr[at] == 'R';
}

/* "]11;", "[?6" or a place: what follows the ESC of an answer. */
static bool goes_on_as_reply(struct str bytes)
{
    if (bytes.len < 3) {
        return false;
    }
    const char *at = bytes.ptr;
    bool digit = at[1] >= '0' && at[1] <= '9';
    bool second = at[2] >= '0' && at[2] <= '9';
    return at[0] == ']' ? digit && (second || at[2] == ';')
                        : at[0] == '[' && ((at[1] == '?' && second) || is_place(bytes));
}

/* The line broke right behind the first bytes of an answer: what was made of them was no key. They
 * are put back, so that the rest of it does not become text. */
static void put_lone_back(struct input *input, struct str bytes)
{
    struct buf whole = BUF_INIT;
    buf_append(&whole, input->lone, input->lone_len);
    buf_append_str(&whole, str_slice(bytes, 0, PLACE_MAX));
    if (input->lone_len > 0 && bytes.len >= 2 && goes_on_as_reply(str_from(buf_str(&whole), 1))) {
        buf_append(&input->bytes, input->lone, input->lone_len);
    }
    input->lone_len = 0;
    buf_free(&whole);
}

/* A paste whose end never came (the terminal was cut off, or never sends it) must not swallow every
 * key from then on. */
static void leave_stalled_paste(struct input *input, size_t fed)
{
    input->paste_stalled = false;
    if (fed <= STALLED_KEY_MAX && str_find(buf_str(&input->bytes), paste_end, 0) == SIZE_MAX) {
        input->in_paste = false;
        buf_remove(&input->bytes, 0, input->bytes.len - fed);
    }
}

void input_feed(struct input *input, const void *bytes, size_t len)
{
    if (input->at > 0) {
        buf_remove(&input->bytes, 0, input->at);
        input->at = 0;
    }
    put_lone_back(input, str_make(bytes, len));
    buf_append(&input->bytes, bytes, len);
    if (input->paste_stalled && len > 0) {
        leave_stalled_paste(input, len);
    }
    input->flush = false;
    input->flushes = 0;
}

static struct str rest_of(const struct input *input)
{
    return str_from(buf_str(&input->bytes), input->at);
}

unsigned input_wait_ms(const struct input *input)
{
    if (input->in_paste) {
        return input->paste_stalled ? 0 : INPUT_PASTE_MS;
    }
    return input->skip_string || input->at < input->bytes.len ? INPUT_ESC_MS : 0;
}

size_t input_pasting(const struct input *input)
{
    return input->in_paste ? input->paste.len : 0;
}

void input_flush(struct input *input)
{
    input->flush = true;
    input->flushes++;
}

struct key key_of_text(struct str cluster, unsigned mods)
{
    struct key key = {.code = K_TEXT, .mods = (uint8_t)mods};
    if (cluster.len >= KEY_TEXT_MAX) {
        cluster.len = KEY_TEXT_MAX - 1;
        while (cluster.len > 0 && ((unsigned char)cluster.ptr[cluster.len] & 0xC0u) == 0x80u) {
            cluster.len--;
        }
    }
    memcpy(key.text, cluster.ptr, cluster.len);
    key.len = (uint8_t)cluster.len;
    return key;
}

struct key key_of_code(enum key_code code, unsigned mods)
{
    return (struct key){.code = code, .mods = (uint8_t)mods};
}

bool key_equal(const struct key *a, const struct key *b)
{
    return a->code == b->code && a->mods == b->mods &&
           (a->code != K_TEXT || (a->len == b->len && memcmp(a->text, b->text, a->len) == 0));
}

static struct key control_key(unsigned char byte, unsigned mods)
{
    char c;
    switch (byte) {
    case '\r':
        return key_of_code(K_ENTER, mods);
    case '\t':
        return key_of_code(K_TAB, mods);
    case 0x08:
    case 0x7F:
        return key_of_code(K_BACKSPACE, mods);
    case 0x1B:
        return key_of_code(K_ESC, mods);
    case 0x00:
        return key_of_text(STR_LIT(" "), mods | MOD_CTRL);
    default:
        c = (char)(byte < 0x1B ? 'a' + byte - 1 : '@' + byte);
        return key_of_text(str_make(&c, 1), mods | MOD_CTRL);
    }
}

/* A code point from CSI u or modifyOtherKeys. */
static enum step code_key(struct key *key, long code, unsigned mods)
{
    switch (code) {
    case 13:
    case 57414:
        *key = key_of_code(K_ENTER, mods);
        return STEP_KEY;
    case 9:
        *key = key_of_code(K_TAB, mods);
        return STEP_KEY;
    case 27:
        *key = key_of_code(K_ESC, mods);
        return STEP_KEY;
    case 8:
    case 127:
        *key = key_of_code(K_BACKSPACE, mods);
        return STEP_KEY;
    default:
        break;
    }
    /* 57344 and up are keys of the kitty protocol without a text, such as Caps Lock. */
    if (code < 0x20 || (code >= 0x80 && code < 0xA0) || (code >= 57344 && code <= 63743) ||
        code > 0x10FFFF || utf8_width_cp((int32_t)code) < 0) {
        return STEP_SKIP;
    }
    if ((mods & MOD_CTRL) != 0 && code >= 'A' && code <= 'Z') {
        code += 'a' - 'A';
    } else if ((mods & MOD_CTRL) == 0) {
        mods &= ~(unsigned)MOD_SHIFT;
    }
    char text[4];
    size_t len = utf8_encode((int32_t)code, text);
    *key = key_of_text(str_make(text, len), mods);
    return STEP_KEY;
}

#define PARAMS_MAX 8

struct csi {
    char prefix; /* '<' '=' '>' '?' or 0 */
    char intermediate;
    char final;
    long params[PARAMS_MAX]; /* -1: not given */
    size_t count;
};

static void parse_params(struct csi *csi, struct str text)
{
    long value = -1;
    bool sub = false; /* after ':': sub-parameters are not used */
    for (size_t i = 0; i <= text.len; i++) {
        char c = i < text.len ? text.ptr[i] : ';';
        if (c == ';') {
            if (csi->count < PARAMS_MAX) {
                csi->params[csi->count++] = value;
            }
            value = -1;
            sub = false;
        } else if (c == ':') {
            sub = true;
        } else if (c >= '0' && c <= '9' && !sub && value < 10000000) {
            value = (value < 0 ? 0 : value) * 10 + (c - '0');
        }
    }
}

static long csi_param(const struct csi *csi, size_t index, long fallback)
{
    return index < csi->count && csi->params[index] >= 0 ? csi->params[index] : fallback;
}

static unsigned csi_mods(const struct csi *csi, size_t index)
{
    long value = csi_param(csi, index, 1) - 1;
    return value > 0 ? (unsigned)value & 7u : 0;
}

static enum step sgr_mouse(const struct csi *csi, struct key *key)
{
    long code = csi_param(csi, 0, 0);
    *key = key_of_code(K_MOUSE, 0);
    struct mouse *mouse = &key->mouse;
    mouse->col = (int)csi_param(csi, 1, 1) - 1;
    mouse->row = (int)csi_param(csi, 2, 1) - 1;
    if (mouse->col < 0 || mouse->row < 0) {
        return STEP_SKIP;
    }
    mouse->mods = (uint8_t)(((code & 4) != 0 ? MOD_SHIFT : 0) | ((code & 8) != 0 ? MOD_ALT : 0) |
                            ((code & 16) != 0 ? MOD_CTRL : 0));
    long button = code & 3;
    if ((code & 128) != 0) {
        return STEP_SKIP; /* side buttons */
    }
    if ((code & 64) != 0) {
        if (button > 1) {
            return STEP_SKIP; /* sideways */
        }
        mouse->action = MOUSE_WHEEL;
        mouse->button = button == 0 ? -1 : 1;
        return STEP_KEY;
    }
    mouse->button = button == 3 ? 0 : (int)button + 1;
    if ((code & 32) != 0) {
        mouse->action = mouse->button == 0 ? MOUSE_MOVE : MOUSE_DRAG;
    } else if (csi->final == 'm') {
        mouse->action = MOUSE_RELEASE;
    } else {
        mouse->action = mouse->button == 0 ? MOUSE_RELEASE : MOUSE_PRESS;
    }
    return STEP_KEY;
}

static enum key_code tilde_code(long number)
{
    static const struct {
        short number, code;
    } table[] = {{1, K_HOME}, {2, K_INSERT}, {3, K_DELETE}, {4, K_END}, {5, K_PAGE_UP},
        {6, K_PAGE_DOWN}, {7, K_HOME}, {8, K_END}, {11, K_F1}, {12, K_F2}, {13, K_F3}, {14, K_F4},
        {15, K_F5}, {17, K_F6}, {18, K_F7}, {19, K_F8}, {20, K_F9}, {21, K_F10}, {23, K_F11},
        {24, K_F12}};
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        if (table[i].number == number) {
            return (enum key_code)table[i].code;
        }
    }
    return K_NONE;
}

static enum key_code letter_code(char letter)
{
    switch (letter) {
    case 'A':
        return K_UP;
    case 'B':
        return K_DOWN;
    case 'C':
        return K_RIGHT;
    case 'D':
        return K_LEFT;
    case 'F':
        return K_END;
    case 'H':
        return K_HOME;
    case 'P':
        return K_F1;
    case 'Q':
        return K_F2;
    case 'R':
        return K_F3;
    case 'S':
        return K_F4;
    default:
        return K_NONE;
    }
}

static enum step reply(struct input *input, struct str text, struct key *key)
{
    buf_clear(&input->data);
    buf_append_str(&input->data, text);
    *key = key_of_code(K_REPLY, 0);
    key->data = buf_str(&input->data);
    return STEP_KEY;
}

static enum step tilde_key(struct input *input, const struct csi *csi, struct key *key)
{
    long number = csi_param(csi, 0, 0);
    if (number == 200) {
        input->in_paste = true;
        input->paste_cut = false;
        input->last_cr = false;
        buf_clear(&input->paste);
        return STEP_SKIP;
    }
    if (number == 27) {
        return code_key(key, csi_param(csi, 2, 0), csi_mods(csi, 1));
    }
    *key = key_of_code(tilde_code(number), csi_mods(csi, 1));
    return key->code == K_NONE ? STEP_SKIP : STEP_KEY;
}

static enum step csi_key(
    struct input *input, const struct csi *csi, struct str whole, struct key *key)
{
    if (csi->prefix == '<' && (csi->final == 'M' || csi->final == 'm')) {
        return sgr_mouse(csi, key);
    }
    if (csi->prefix != 0 || csi->intermediate != 0 || csi->final == 'n' || csi->final == 't' ||
        csi->final == 'c') {
        return reply(input, str_from(whole, 1), key);
    }
    switch (csi->final) {
    case '~':
        return tilde_key(input, csi, key);
    case 'u':
        return code_key(key, csi_param(csi, 0, 0), csi_mods(csi, 1));
    case 'Z':
        *key = key_of_code(K_TAB, MOD_SHIFT | csi_mods(csi, 1));
        return STEP_KEY;
    case 'I':
        *key = key_of_code(K_FOCUS_IN, 0);
        return STEP_KEY;
    case 'O':
        *key = key_of_code(K_FOCUS_OUT, 0);
        return STEP_KEY;
    default:
        *key = key_of_code(letter_code(csi->final), csi_mods(csi, 1));
        /* "row;columnR" with a row other than 1 tells where the cursor is. */
        if (key->code == K_F3 && csi_param(csi, 0, 1) != 1) {
            return reply(input, str_from(whole, 1), key);
        }
        return key->code == K_NONE ? STEP_SKIP : STEP_KEY;
    }
}

/* The old mouse report: ESC [ M and three bytes. */
static enum step old_mouse(struct str s, size_t *used, struct key *key)
{
    if (s.len < 6) {
        return STEP_MORE;
    }
    *used = 6;
    struct csi csi = {.final = 'M', .count = 3};
    for (size_t i = 0; i < 3; i++) {
        csi.params[i] = (long)(unsigned char)s.ptr[3 + i] - 32;
        if (csi.params[i] < 0) {
            return STEP_SKIP;
        }
    }
    return sgr_mouse(&csi, key);
}

static enum step parse_csi(struct input *input, struct str s, size_t *used, struct key *key)
{
    if (s.len >= 3 && s.ptr[2] == '[') { /* the Linux console's F1 to F5 */
        if (s.len < 4) {
            return STEP_MORE;
        }
        *used = 4;
        if (s.ptr[3] < 'A' || s.ptr[3] > 'E') {
            return STEP_SKIP;
        }
        *key = key_of_code((enum key_code)(K_F1 + (s.ptr[3] - 'A')), 0);
        return STEP_KEY;
    }
    if (s.len >= 3 && s.ptr[2] == 'M') {
        return old_mouse(s, used, key);
    }
    struct csi csi = {0};
    size_t i = 2;
    if (i < s.len && s.ptr[i] >= '<' && s.ptr[i] <= '?') {
        csi.prefix = s.ptr[i++];
    }
    size_t params = i;
    while (i < s.len && s.ptr[i] >= 0x30 && s.ptr[i] <= 0x3F) {
        i++;
    }
    parse_params(&csi, str_slice(s, params, i));
    while (i < s.len && s.ptr[i] >= 0x20 && s.ptr[i] <= 0x2F) {
        csi.intermediate = s.ptr[i++];
    }
    if (i >= s.len) {
        *used = s.len;
        return s.len > CSI_MAX ? STEP_SKIP : STEP_MORE;
    }
    *used = i;
    if (s.ptr[i] < 0x40 || s.ptr[i] > 0x7E) {
        return STEP_SKIP; /* broken off: what follows is read by itself */
    }
    *used = i + 1;
    csi.final = s.ptr[i];
    return csi_key(input, &csi, str_slice(s, 0, i + 1), key);
}

static enum step parse_ss3(struct str s, size_t *used, struct key *key)
{
    size_t i = 2;
    long mod = 0;
    while (i < s.len && i < 4 && s.ptr[i] >= '0' && s.ptr[i] <= '9') {
        mod = mod * 10 + (s.ptr[i] - '0');
        i++;
    }
    if (i >= s.len) {
        return STEP_MORE;
    }
    enum key_code code = s.ptr[i] == 'M' ? K_ENTER : letter_code(s.ptr[i]);
    if (code == K_NONE) {
        /* Alt-O and then something else. */
        *used = 2;
        *key = key_of_text(STR_LIT("O"), MOD_ALT);
        key->after_esc = true;
        return STEP_KEY;
    }
    *used = i + 1;
    *key = key_of_code(code, mod > 1 ? (unsigned)(mod - 1) & 7u : 0);
    return STEP_KEY;
}

/* OSC, DCS, APC, PM, SOS: up to ST (or BEL); any other control character breaks it off. */
static enum step parse_string(struct input *input, struct str s, size_t *used, struct key *key)
{
    bool clipboard = input->expecting && str_starts(s, "\033]52;");
    size_t most = clipboard ? CLIPBOARD_STRING_MAX : STRING_MAX;
    for (size_t i = input->scanned > 2 ? input->scanned : 2; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        input->scanned = i;
        if (c == 0x07) {
            *used = i + 1;
            return reply(input, str_slice(s, 1, i), key);
        }
        if (c == 0x1B) {
            if (i + 1 >= s.len) {
                return STEP_MORE;
            }
            *used = s.ptr[i + 1] == '\\' ? i + 2 : i;
            return s.ptr[i + 1] == '\\' ? reply(input, str_slice(s, 1, i), key) : STEP_SKIP;
        }
        if (c < 0x20 || i >= most) {
            *used = i;
            input->skip_string = c >= 0x20;
            return STEP_SKIP;
        }
    }
    return STEP_MORE;
}

/* Drops what there is of a string that is too long to be an answer. False: its end is still to
 * come.
 */
static bool skip_string(struct input *input)
{
    struct str rest = rest_of(input);
    size_t i = 0;
    while (i < rest.len && (unsigned char)rest.ptr[i] >= 0x20) {
        i++;
    }
    bool may_end = i + 1 == rest.len && rest.ptr[i] == 0x1B; /* its ST may be cut in two */
    input->at += i;
    if (i == rest.len || may_end) {
        input->skip_string = input->flushes < REPLY_PATIENCE;
        return !input->skip_string;
    }
    input->skip_string = false;
    if (rest.ptr[i] == 0x07) {
        input->at++;
    } else if (rest.ptr[i] == 0x1B && rest.ptr[i + 1] == '\\') {
        input->at += 2;
    }
    return true;
}

/* Plain text: one cluster, as far as its bytes are here. */
static enum step parse_text(struct str s, bool flush, size_t *used, struct key *key)
{
    size_t len;
    int32_t cp = utf8_decode(s, &len);
    if (cp == UTF8_INVALID) {
        /* The beginning of a sequence whose end has not come yet? */
        unsigned char first = (unsigned char)s.ptr[0];
        size_t need = first >= 0xF0 && first < 0xF5   ? 4
                      : first >= 0xE0 && first < 0xF0 ? 3
                      : first >= 0xC2 && first < 0xE0 ? 2
                                                      : 0;
        bool cut = need > s.len;
        for (size_t i = 1; cut && i < s.len; i++) {
            cut = ((unsigned char)s.ptr[i] & 0xC0u) == 0x80u;
        }
        if (cut && !flush) {
            return STEP_MORE;
        }
        *used = 1;
        *key = key_of_text(STR_LIT("\xEF\xBF\xBD"), 0);
        return STEP_KEY;
    }
    *used = len;
    if (cp >= 0x80 && cp < 0xA0) {
        return STEP_SKIP; /* a C1 control in UTF-8 */
    }
    size_t cluster = utf8_cluster(s);
    while (cluster >= KEY_TEXT_MAX) {
        cluster = utf8_cluster_before(s, cluster) == 0 ? len : utf8_cluster_before(s, cluster);
    }
    *used = cluster;
    *key = key_of_text(str_slice(s, 0, cluster), 0);
    return STEP_KEY;
}

static enum step parse_plain(struct str s, bool flush, size_t *used, struct key *key)
{
    unsigned char first = (unsigned char)s.ptr[0];
    if (first < 0x20 || first == 0x7F) {
        *used = 1;
        *key = control_key(first, 0);
        return STEP_KEY;
    }
    return parse_text(s, flush, used, key);
}

static bool is_string_start(char c)
{
    return c == ']' || c == 'P' || c == '_' || c == '^' || c == 'X';
}

/* A key made of the beginning of what may be an answer after all. */
static enum step lone_key(struct input *input, struct str s, size_t *used)
{
    memcpy(input->lone, s.ptr, s.len);
    input->lone_len = s.len;
    *used = s.len;
    return STEP_KEY;
}

/* An unfinished sequence for which nothing more came. */
static enum step flush_escape(struct input *input, struct str s, size_t *used, struct key *key)
{
    if (s.len == 1) {
        *key = key_of_code(K_ESC, 0);
        return lone_key(input, s, used);
    }
    if (input->expecting && (is_string_start(s.ptr[1]) || s.ptr[1] == '[')) {
        return STEP_MORE;
    }
    if (s.len == 2) {
        *key = key_of_text(str_slice(s, 1, 2), MOD_ALT);
        key->after_esc = true;
        return lone_key(input, s, used);
    }
    bool late = (s.ptr[1] == ']' && s.ptr[2] >= '0' && s.ptr[2] <= '9') ||
                (s.ptr[1] == '[' && s.ptr[2] >= '<' && s.ptr[2] <= '?');
    if (input->flushes < (late ? REPLY_PATIENCE : CSI_PATIENCE)) {
        return STEP_MORE;
    }
    *used = s.len;
    return STEP_SKIP;
}

static enum step parse_escape(struct input *input, struct str s, size_t *used, struct key *key)
{
    enum step step;
    if (s.len == 1) {
        step = STEP_MORE;
    } else if (s.ptr[1] == '[') {
        step = parse_csi(input, s, used, key);
    } else if (s.ptr[1] == 'O') {
        step = parse_ss3(s, used, key);
    } else if (is_string_start(s.ptr[1])) {
        step = parse_string(input, s, used, key);
    } else if (s.ptr[1] == 0x1B) {
        *used = 1;
        *key = key_of_code(K_ESC, 0);
        return STEP_KEY;
    } else {
        size_t len = 0;
        step = parse_plain(str_from(s, 1), input->flush, &len, key);
        key->mods = (uint8_t)(key->mods | MOD_ALT);
        key->after_esc = true;
        *used = len + 1;
    }
    if (step == STEP_MORE && input->flush) {
        return flush_escape(input, s, used, key);
    }
    return step;
}

static void paste_take(struct input *input, struct str part)
{
    size_t room = INPUT_PASTE_MAX - input->paste.len;
    input->paste_cut = input->paste_cut || part.len > room;
    buf_append_str(&input->paste, str_slice(part, 0, part.len < room ? part.len : room));
}

static void paste_append(struct input *input, struct str part)
{
    while (part.len > 0) {
        if (input->last_cr && part.ptr[0] == '\n') {
            part = str_from(part, 1);
        }
        size_t cr = str_find_char(part, '\r', 0);
        input->last_cr = cr != SIZE_MAX;
        paste_take(input, str_slice(part, 0, input->last_cr ? cr : part.len));
        if (input->last_cr) {
            paste_take(input, STR_LIT("\n"));
        }
        part = str_from(part, input->last_cr ? cr + 1 : part.len);
    }
}

static bool give_paste(struct input *input, struct key *key)
{
    buf_free(&input->data);
    input->data = input->paste;
    input->paste = BUF_INIT;
    *key = key_of_code(K_PASTE, 0);
    key->data = buf_str(&input->data);
    key->truncated = input->paste_cut;
    return true;
}

/* How many bytes at the end of `bytes` may be the beginning of the paste's end mark. */
static size_t cut_end_mark(struct str bytes)
{
    size_t keep = bytes.len < paste_end.len - 1 ? bytes.len : paste_end.len - 1;
    while (
        keep > 0 && !str_equal(str_slice(paste_end, 0, keep), str_from(bytes, bytes.len - keep))) {
        keep--;
    }
    return keep;
}

/* True when the paste is complete, or has stalled and this is what came so far. */
static bool take_paste(struct input *input, struct key *key)
{
    struct str rest = rest_of(input);
    size_t found = str_find(rest, paste_end, 0);
    if (found != SIZE_MAX) {
        paste_append(input, str_slice(rest, 0, found));
        input->at += found + paste_end.len;
        input->in_paste = input->paste_stalled = false;
        return give_paste(input, key);
    }
    size_t keep = cut_end_mark(rest);
    paste_append(input, str_slice(rest, 0, rest.len - keep));
    input->at += rest.len - keep;
    if (!input->flush || input->paste_stalled) {
        return false;
    }
    input->paste_stalled = true;
    return input->paste.len > 0 && give_paste(input, key);
}

bool input_next(struct input *input, struct key *key)
{
    for (;;) {
        if (input->in_paste) {
            return take_paste(input, key);
        }
        if (input->skip_string && !skip_string(input)) {
            return false;
        }
        struct str rest = rest_of(input);
        if (rest.len == 0) {
            return false;
        }
        size_t used = 0;
        memset(key, 0, sizeof *key);
        enum step step = rest.ptr[0] == 0x1B ? parse_escape(input, rest, &used, key)
                                             : parse_plain(rest, input->flush, &used, key);
        if (step == STEP_MORE) {
            return false;
        }
        input->at += used;
        input->scanned = 0;
        if (step == STEP_KEY) {
            return true;
        }
    }
}
