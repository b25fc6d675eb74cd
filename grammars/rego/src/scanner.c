/* The one token of Rego that depends on what comes after it: the line break that separates two
 * literals of a body. OPA reads on over a line break when the next token can continue the literal
 * (an infix operator, `in`, `with`, `and`, `or`, a comma), so this looks that far ahead.
 *
 * The token is the white space up to and with the first line break; comments stay tokens of their
 * own. The scanner has no state. */
#include "tree_sitter/parser.h"

enum token {
    NEWLINE,
    KEYWORD_IDENTIFIER,
    ERROR_SENTINEL, /* never in the grammar: valid only while the parser recovers from an error */
};

/* How many comment lines may stand between an operand and the operator that continues it. Each is
 * looked at once for each line break before it, so the bound keeps long comments linear. */
enum { COMMENT_LINES_MAX = 64 };

enum { WORD_SIZE = 12 };

static bool is_blank(int32_t c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static bool is_word(int32_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static bool is_end(TSLexer *lexer)
{
    return lexer->lookahead == 0 && lexer->eof(lexer);
}

static void skip_comment(TSLexer *lexer)
{
    while (lexer->lookahead != '\n' && !is_end(lexer)) {
        lexer->advance(lexer, false);
    }
}

/* Reads a word of lower case letters into `word` (cut off at the buffer's end, where it is no keyword). */
static void read_word(TSLexer *lexer, char word[WORD_SIZE])
{
    unsigned len = 0;
    for (; is_word(lexer->lookahead); lexer->advance(lexer, false)) {
        if (len + 1 < WORD_SIZE) {
            word[len++] = (char)lexer->lookahead;
        }
    }
    word[len] = 0;
}

static bool is_one_of(const char *word, const char *const *words)
{
    for (; *words != NULL; words++) {
        unsigned i = 0;
        while ((*words)[i] != 0 && (*words)[i] == word[i]) {
            i++;
        }
        if ((*words)[i] == 0 && word[i] == 0) {
            return true;
        }
    }
    return false;
}

/* `:=` or `=`, not `==`, comes next on this line. */
static bool assign_follows(TSLexer *lexer)
{
    while (is_blank(lexer->lookahead)) {
        lexer->advance(lexer, false);
    }
    if (lexer->lookahead == ':') {
        return true;
    }
    if (lexer->lookahead != '=') {
        return false;
    }
    lexer->advance(lexer, false);
    return lexer->lookahead != '=';
}

/* Reads a word; true when it is a keyword that continues a literal. */
static bool word_continues(TSLexer *lexer)
{
    static const char *const infix[] = {"in", "with", NULL};
    static const char *const logical[] = {"and", "or", NULL};
    char word[WORD_SIZE];
    read_word(lexer, word);
    bool is_logical = is_one_of(word, logical);
    if (!is_logical && !is_one_of(word, infix)) {
        return false;
    }
    /* `in.x` and `with[0]` are references; `and(a, b)` and `or(a, b)` are calls. */
    if (lexer->lookahead == '.' || lexer->lookahead == '[' ||
        (is_logical && lexer->lookahead == '(')) {
        return false;
    }
    /* `or == 1`: a variable where the word is no keyword, as no operand starts like this. */
    while (is_blank(lexer->lookahead)) {
        lexer->advance(lexer, false);
    }
    switch (lexer->lookahead) {
    case '=':
    case ':':
    case '!':
    case '<':
    case '>':
    case '+':
    case '*':
    case '/':
    case '%':
    case '&':
    case '|':
    case ',':
    case ';':
    case ')':
    case ']':
    case '}':
        return false;
    default:
        return true;
    }
}

/* A keyword that is a name here: one that `.` or `[` touches, or one that v0 does not know and that
 * is assigned to. */
static bool scan_keyword_identifier(TSLexer *lexer)
{
    static const char *const hard[] = {"as", "default", "else", "false", "import", "not", "null",
        "package", "some", "true", "with", NULL};
    static const char *const soft[] = {"and", "contains", "every", "if", "in", "or", NULL};
    char word[WORD_SIZE];
    read_word(lexer, word);
    bool is_soft = is_one_of(word, soft);
    if (!is_soft && !is_one_of(word, hard)) {
        return false;
    }
    lexer->mark_end(lexer);
    return lexer->lookahead == '.' || lexer->lookahead == '[' || (is_soft && assign_follows(lexer));
}

static bool scan_newline(TSLexer *lexer)
{
    bool found = false;
    unsigned comments = 0;
    for (;;) {
        int32_t c = lexer->lookahead;
        if (is_blank(c)) {
            lexer->advance(lexer, !found);
        } else if (c == '\n') {
            lexer->advance(lexer, !found);
            if (!found) {
                found = true;
                lexer->mark_end(lexer);
            }
        } else if (c == '#') {
            if (!found) {
                return false; /* the comment is a token; the line break after it is asked for next */
            }
            if (++comments > COMMENT_LINES_MAX) {
                return true;
            }
            skip_comment(lexer);
        } else {
            break;
        }
    }
    if (!found) {
        return false;
    }
    switch (lexer->lookahead) {
    case '}':
    case ']':
    case ')':
        /* Comments before the end may belong to a later look: separate at once instead. */
        return comments > 0;
    case ';':
    case ',':
    case ':':
    case '+':
    case '-':
    case '*':
    case '/':
    case '%':
    case '&':
    case '|':
    case '=':
    case '!':
    case '<':
    case '>':
        return false;
    case 'i':
    case 'w':
    case 'a':
    case 'o':
        return !word_continues(lexer);
    default:
        return !is_end(lexer);
    }
}

void *tree_sitter_rego_external_scanner_create(void)
{
    return NULL;
}

void tree_sitter_rego_external_scanner_destroy(void *payload)
{
    (void)payload;
}

unsigned tree_sitter_rego_external_scanner_serialize(void *payload, char *buffer)
{
    (void)payload;
    (void)buffer;
    return 0;
}

void tree_sitter_rego_external_scanner_deserialize(void *payload, const char *buffer,
    unsigned length)
{
    (void)payload;
    (void)buffer;
    (void)length;
}

bool tree_sitter_rego_external_scanner_scan(void *payload, TSLexer *lexer, const bool *valid)
{
    (void)payload;
    if (valid[NEWLINE]) {
        lexer->result_symbol = NEWLINE;
        return scan_newline(lexer);
    }
    if (valid[KEYWORD_IDENTIFIER] && !valid[ERROR_SENTINEL]) {
        while (is_blank(lexer->lookahead) || lexer->lookahead == '\n') {
            lexer->advance(lexer, true);
        }
        if (is_word(lexer->lookahead) && scan_keyword_identifier(lexer)) {
            lexer->result_symbol = KEYWORD_IDENTIFIER;
            return true;
        }
    }
    return false;
}
