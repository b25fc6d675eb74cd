/* Vim's patterns as PCRE2 patterns. Magic (the default), \v, \m, \M and \V; what has no counterpart
 * is refused with its name. The differences that remain: PCRE2's leftmost alternative wins as in
 * Vim; \s and \w are ASCII as in Vim. */
#include "vi/vi_private.h"

#include <ctype.h>

/* Between letters of two scripts, one of them without blanks between words: a word ends there and
 * another begins, as for w. */
#define OF_TWO(script)                                                                             \
    "(?<=\\p{" script "})(?!\\p{" script "})|(?<!\\p{" script "})(?=\\p{" script "})"
#define OTHER_SCRIPT                                                                               \
    "(?<=\\w)(?=\\w)(?:" OF_TWO("Han") "|" OF_TWO("Hiragana") "|" OF_TWO("Katakana") "|" OF_TWO(   \
        "Hangul") ")"

enum magic { VERY_NOMAGIC, NOMAGIC, MAGIC, VERY_MAGIC };

struct turn {
    struct str in;
    size_t at;
    enum magic magic;
    struct buf *out;
    struct err *err;
    int case_of;
    size_t atom; /* where the last atom begins in out */
    bool has_atom, start;
    int ze; /* groups opened for \ze */
    size_t open[32];
    size_t depth;
};

static bool refuse(struct turn *turn, const char *what)
{
    return err_set(turn->err, ERR_UNSUPPORTED, "%s is not known in patterns here", what);
}

static void atom(struct turn *turn, const char *pcre)
{
    turn->atom = turn->out->len;
    turn->has_atom = true;
    turn->start = false;
    buf_append_c(turn->out, pcre);
}

static void literal(struct turn *turn, struct str bytes)
{
    atom(turn, "");
    if (bytes.len == 1 && (unsigned char)bytes.ptr[0] < 0x80 && bytes.ptr[0] != '\0' &&
        strchr("\\^$.|?*+()[]{}#", bytes.ptr[0]) != NULL) {
        buf_append_char(turn->out, '\\');
    }
    buf_append_str(turn->out, bytes);
}

/* {n,m} {-n,m}: from behind the brace. */
static bool braces(struct turn *turn)
{
    struct str rest = str_from(turn->in, turn->at);
    size_t end = str_find_char(rest, '}', 0);
    if (end == SIZE_MAX || !turn->has_atom) {
        return err_set(turn->err, ERR_INVALID, "{ needs something to repeat and a }");
    }
    struct str body = str_slice(rest, 0, end);
    turn->at += end + 1;
    bool lazy = str_starts(body, "-");
    body = lazy ? str_from(body, 1) : body;
    body = str_ends(body, "\\") ? str_slice(body, 0, body.len - 1) : body;
    for (size_t i = 0; i < body.len; i++) {
        if (body.ptr[i] != ',' && !isdigit((unsigned char)body.ptr[i])) {
            return err_set(turn->err, ERR_INVALID, "{ } holds numbers");
        }
    }
    if (body.len == 0 || str_equal_c(body, ",")) {
        buf_append_c(turn->out, lazy ? "*?" : "*");
    } else {
        buf_printf(
            turn->out, "{%s%.*s}%s", body.ptr[0] == ',' ? "0" : "", STR_FMT(body), lazy ? "?" : "");
    }
    turn->has_atom = false;
    return true;
}

static bool repeat(struct turn *turn, const char *pcre)
{
    if (!turn->has_atom) {
        return err_set(turn->err, ERR_INVALID, "%s has nothing before it to repeat", pcre);
    }
    buf_append_c(turn->out, pcre);
    return true;
}

static bool group(struct turn *turn, const char *pcre)
{
    if (turn->depth == ARRAY_LEN(turn->open)) {
        return err_set(turn->err, ERR_LIMIT, "too many groups in one another");
    }
    turn->open[turn->depth++] = turn->out->len;
    buf_append_c(turn->out, pcre);
    turn->has_atom = false;
    turn->start = true;
    return true;
}

static bool close_group(struct turn *turn)
{
    if (turn->depth == 0) {
        return err_set(turn->err, ERR_INVALID, "a ) without its (");
    }
    turn->atom = turn->open[--turn->depth];
    turn->has_atom = true;
    buf_append_char(turn->out, ')');
    return true;
}

/* [...]: false when it is no set, then [ stands for itself. */
static bool set(struct turn *turn)
{
    struct str in = turn->in;
    size_t at = turn->at;
    if (at < in.len && in.ptr[at] == '^') {
        at++;
    }
    if (at < in.len && in.ptr[at] == ']') {
        at++;
    }
    while (at < in.len && in.ptr[at] != ']') {
        at += in.ptr[at] == '\\' && at + 1 < in.len ? 2 : 1;
    }
    if (at >= in.len) {
        return false;
    }
    atom(turn, "[");
    size_t from = turn->at;
    if (in.ptr[from] == '^') {
        buf_append_c(turn->out, "^\\n");
        from++;
    }
    for (size_t i = from; i < at; i++) {
        char c = in.ptr[i];
        if (c == '\\' && i + 1 < at && strchr("ntre", in.ptr[i + 1]) == NULL &&
            strchr("\\]^-", in.ptr[i + 1]) == NULL) {
            buf_append_c(turn->out, "\\\\");
        } else if (c == '\\' && i + 1 < at) {
            buf_append(turn->out, in.ptr + i, 2);
            i++;
        } else if (c == '[' && !(i + 1 < at && in.ptr[i + 1] == ':')) {
            buf_append_c(turn->out, "\\[");
        } else if (c == ']') {
            buf_append_c(turn->out, "\\]");
        } else {
            buf_append_char(turn->out, c);
        }
    }
    buf_append_char(turn->out, ']');
    turn->at = at + 1;
    return true;
}

/* \_x: also a line's end. */
static bool with_newline(struct turn *turn)
{
    static const char *const sets[][2] = {{"s", "[ \\t\\n]"}, {".", "(?:.|\\n)"}, {"d", "[0-9\\n]"},
        {"w", "[0-9A-Za-z_\\n]"}, {"a", "[A-Za-z\\n]"}, {"S", "(?:[^ \\t])"}};
    struct str rest = str_from(turn->in, turn->at);
    for (size_t i = 0; i < ARRAY_LEN(sets); i++) {
        if (str_starts(rest, sets[i][0])) {
            turn->at++;
            atom(turn, sets[i][1]);
            return true;
        }
    }
    if (str_starts(rest, "^") || str_starts(rest, "$")) {
        turn->at++;
        buf_append_c(turn->out, rest.ptr[0] == '^' ? "^" : "(?=\\r?$)");
        return true;
    }
    return refuse(turn, "\\_");
}

static bool class_escape(struct turn *turn, char c)
{
    static const char *const classes[][2] = {{"s", "[ \\t]"}, {"S", "[^ \\t\\n]"}, {"d", "[0-9]"},
        {"D", "[^0-9\\n]"}, {"w", "[0-9A-Za-z_]"}, {"W", "[^0-9A-Za-z_\\n]"}, {"a", "[A-Za-z]"},
        {"A", "[^A-Za-z\\n]"}, {"l", "(?-i:[a-z])"}, {"L", "(?-i:[^a-z\\n])"}, {"u", "(?-i:[A-Z])"},
        {"U", "(?-i:[^A-Z\\n])"}, {"x", "[0-9A-Fa-f]"}, {"X", "[^0-9A-Fa-f\\n]"}, {"o", "[0-7]"},
        {"O", "[^0-7\\n]"}, {"h", "[A-Za-z_]"}, {"H", "[^A-Za-z_\\n]"},
        {"i", "[0-9A-Za-z_\\xc0-\\xff]"}, {"k", "[0-9A-Za-z_\\x{b5}\\x{c0}-\\x{10ffff}]"},
        {"p", "[^\\x00-\\x1f\\x7f]"}, {"n", "\\r?\\n"}, {"t", "\\t"}, {"r", "\\r"}, {"e", "\\x1b"}};
    for (size_t i = 0; i < ARRAY_LEN(classes); i++) {
        if (classes[i][0][0] == c) {
            atom(turn, classes[i][1]);
            return true;
        }
    }
    return false;
}

/* \z., \@., \%.: the long ones. */
static bool long_escape(struct turn *turn, char c)
{
    struct str rest = str_from(turn->in, turn->at);
    if (c == 'z' && rest.len > 0) {
        turn->at++;
        if (rest.ptr[0] == 's') {
            buf_append_c(turn->out, "\\K");
            turn->has_atom = false;
            return true;
        }
        if (rest.ptr[0] == 'e') {
            buf_append_c(turn->out, "(?=");
            turn->ze++;
            turn->has_atom = false;
            return true;
        }
    }
    static const char *const looks[][2] = {
        {"=", "(?="}, {"!", "(?!"}, {"<=", "(?<="}, {"<!", "(?<!"}, {">", "(?>"}};
    for (size_t i = 0; c == '@' && i < ARRAY_LEN(looks); i++) {
        if (str_starts(rest, looks[i][0]) && turn->has_atom) {
            turn->at += strlen(looks[i][0]);
            buf_insert(turn->out, turn->atom, looks[i][1], strlen(looks[i][1]));
            buf_append_char(turn->out, ')');
            return true;
        }
    }
    if (c == '%' && str_starts(rest, "(")) {
        turn->at++;
        return group(turn, "(?:");
    }
    if (c == '%' && (str_starts(rest, "^") || str_starts(rest, "$"))) {
        turn->at++;
        buf_append_c(turn->out, rest.ptr[0] == '^' ? "\\A" : "\\z");
        return true;
    }
    return refuse(turn, c == '%' ? "\\%" : c == '@' ? "\\@" : "\\z");
}

/* What c means when it is special, by a backslash or by itself. */
static bool special(struct turn *turn, char c)
{
    switch (c) {
    case '*':
        return repeat(turn, "*");
    case '+':
        return repeat(turn, "+");
    case '=':
    case '?':
        return repeat(turn, "?");
    case '{':
        return braces(turn);
    case '(':
        return group(turn, "(");
    case ')':
        return close_group(turn);
    case '|':
        buf_append_char(turn->out, '|');
        turn->has_atom = false;
        turn->start = true;
        return true;
    case '<':
        buf_append_c(turn->out, "(?:\\b(?=\\w)|" OTHER_SCRIPT ")");
        return true;
    case '>':
        buf_append_c(turn->out, "(?:\\b(?<=\\w)|" OTHER_SCRIPT ")");
        return true;
    case '.':
        atom(turn, "[^\\r\\n]");
        return true;
    case '^':
        buf_append_c(turn->out, "^");
        turn->has_atom = false;
        return true;
    case '$':
        buf_append_c(turn->out, "(?=\\r?$)");
        turn->has_atom = false;
        return true;
    case '[':
        if (!set(turn)) {
            literal(turn, STR_LIT("["));
        }
        return true;
    case '~':
        return refuse(turn, "~");
    case '&':
        return refuse(turn, "\\&");
    case '_':
        return with_newline(turn);
    default:
        return long_escape(turn, c);
    }
}

static bool escape(struct turn *turn)
{
    if (turn->at >= turn->in.len) {
        literal(turn, STR_LIT("\\"));
        return true;
    }
    char c = turn->in.ptr[turn->at++];
    const char *modes = "VMmv";
    const char *mode = strchr(modes, c);
    if (mode != NULL && c != '\0') {
        turn->magic = (enum magic)(mode - modes);
        return true;
    }
    if (c == 'c' || c == 'C') {
        turn->case_of = (unsigned char)c;
        return true;
    }
    if (c >= '1' && c <= '9') {
        atom(turn, "");
        buf_printf(turn->out, "\\g{%c}", c);
        return true;
    }
    if (class_escape(turn, c)) {
        return true;
    }
    /* In very magic an escaped special is itself; in magic the same holds for those that are
     * special unescaped. */
    const char *plain = turn->magic == VERY_MAGIC ? "*+=?{}()|<>.^$[~&@%"
                        : turn->magic == MAGIC    ? "*.^$[~]"
                                                  : "^$";
    if (c == '\0' || (strchr("*+=?{()|<>.^$[~&_z@%", c) == NULL) || strchr(plain, c) != NULL) {
        literal(turn, str_make(&turn->in.ptr[turn->at - 1], 1));
        return true;
    }
    return special(turn, c);
}

/* ^ is special where an alternative begins, $ where one ends. */
static bool is_anchor(const struct turn *turn, char c)
{
    if (turn->magic == VERY_MAGIC) {
        return true;
    }
    struct str rest = str_from(turn->in, turn->at);
    return c == '^' ? turn->start
                    : rest.len == 0 || str_starts(rest, "\\|") || str_starts(rest, "\\)") ||
                          str_starts(rest, "\\n");
}

static bool one(struct turn *turn)
{
    char c = turn->in.ptr[turn->at];
    if (c == '\\') {
        turn->at++;
        return escape(turn);
    }
    size_t len = utf8_cluster(str_from(turn->in, turn->at));
    len = len > 0 ? len : 1;
    turn->at += len;
    const char *specials = turn->magic == VERY_MAGIC ? "*+=?{()|<>.[~&@%"
                           : turn->magic == MAGIC    ? "*.[~"
                                                     : "";
    bool is_special = len == 1 && c != '\0' && strchr(specials, c) != NULL;
    bool anchor = (c == '^' || c == '$') && turn->magic != VERY_NOMAGIC && is_anchor(turn, c);
    if (c == '*' && turn->magic == MAGIC && !turn->has_atom) {
        is_special = false; /* a star with nothing before it is a star */
    }
    if (anchor || is_special) {
        return special(turn, c);
    }
    literal(turn, str_slice(turn->in, turn->at - len, turn->at));
    return true;
}

bool vi_pattern(struct str vim, bool magic, struct buf *out, int *case_of, struct err *err)
{
    struct turn turn = {
        .in = vim, .magic = magic ? MAGIC : NOMAGIC, .out = out, .err = err, .start = true};
    bool ok = true;
    while (ok && turn.at < vim.len) {
        ok = one(&turn);
    }
    if (ok && turn.depth > 0) {
        ok = err_set(err, ERR_INVALID, "a ( without its )");
    }
    for (int i = 0; ok && i < turn.ze; i++) {
        buf_append_char(out, ')');
    }
    *case_of = turn.case_of;
    return ok;
}
