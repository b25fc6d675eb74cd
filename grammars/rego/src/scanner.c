/* The tokens of Rego that depend on what comes after them. The scanner has no state.
 *
 * NEWLINE is empty and separates two literals of a body where a line ends.
 * OPA reads on over a line break when the next token can continue the literal (an infix operator,
 * `in`, `with`, `and`, `or`, a comma), so this looks that far ahead.
 *
 * END is empty and comes after each rule, PATH_END after each import and package. They let the
 * parser take over every rule that an edit did not touch as it is (the first token of the next rule
 * is always read in the same state), and give it a place to find its feet after an error.
 *
 * RULE_NAME is the word a rule starts with. KEYWORD_IDENTIFIER is a keyword used as a name. */
#include "tree_sitter/parser.h"

enum token {
    END,
    PATH_END,
    NEWLINE,
    RULE_NAME,
    KEYWORD_IDENTIFIER,
    NEVER,          /* is not yielded: see reserved_word in grammar.js */
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

static bool is_space(int32_t c)
{
    return is_blank(c) || c == '\n';
}

static bool is_letter(int32_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_word(int32_t c)
{
    return is_letter(c) || (c >= '0' && c <= '9');
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

/* Reads a word of lower case letters into `word` (cut off at the buffer's end, where it is no
 * keyword). */
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

static const char *const hard_keywords[] = {"as", "default", "else", "false", "import", "not",
    "null", "package", "some", "true", "with", NULL};

static bool is_touched(const TSLexer *lexer)
{
    return lexer->lookahead == '.' || lexer->lookahead == '[';
}

/* A keyword that is a name here: `.` or `[` touches it, or it is assigned to and v0 does not know
 * it as a keyword. */
static bool scan_keyword_identifier(TSLexer *lexer)
{
    static const char *const soft[] = {"and", "every", "in", "or", NULL};
    char word[WORD_SIZE];
    read_word(lexer, word);
    bool is_soft = is_one_of(word, soft);
    if (!is_soft && !is_one_of(word, hard_keywords)) {
        return false;
    }
    lexer->mark_end(lexer);
    return is_touched(lexer) || (is_soft && assign_follows(lexer));
}

static bool scan_rule_name(TSLexer *lexer)
{
    char word[WORD_SIZE];
    read_word(lexer, word);
    lexer->mark_end(lexer);
    return is_touched(lexer) || !is_one_of(word, hard_keywords);
}

/* Skips white space and comments; true when it gave up on too many comments. */
static bool skip_to_token(TSLexer *lexer, bool *line_break)
{
    for (unsigned comments = 0; is_space(lexer->lookahead) || lexer->lookahead == '#';) {
        if (lexer->lookahead == '#') {
            if (++comments > COMMENT_LINES_MAX) {
                return true;
            }
            skip_comment(lexer);
        } else {
            *line_break = *line_break || lexer->lookahead == '\n';
            lexer->advance(lexer, false);
        }
    }
    return false;
}

/* The end of a package or import: what comes next cannot continue it. Takes no characters. */
static bool scan_path_end(TSLexer *lexer)
{
    char word[WORD_SIZE];
    bool line_break = false;
    lexer->mark_end(lexer);
    if (is_touched(lexer)) {
        return false;
    }
    if (skip_to_token(lexer, &line_break)) {
        return true;
    }
    read_word(lexer, word);
    return is_touched(lexer) || word[0] != 'a' || word[1] != 's' || word[2] != 0;
}

/* The same for a rule. */
static bool scan_end(TSLexer *lexer)
{
    static const char *const hard[] = {"as", "else", "with", NULL};
    static const char *const soft[] = {"and", "contains", "if", "in", "or", NULL};
    char word[WORD_SIZE];
    bool line_break = false;
    lexer->mark_end(lexer);
    if (skip_to_token(lexer, &line_break)) {
        return true;
    }
    switch (lexer->lookahead) {
    case '{':
    case '[':
    case '(':
    case '.':
    case ',':
    case ':':
    case '=':
    case '!':
    case '<':
    case '>':
    case '+':
    case '-':
    case '*':
    case '/':
    case '%':
    case '&':
    case '|':
        return false;
    default:
        break;
    }
    read_word(lexer, word);
    if (is_one_of(word, hard)) {
        return is_touched(lexer);
    }
    if (!is_one_of(word, soft) || is_touched(lexer)) {
        return true;
    }
    /* Names to v0: `contains(a, b) { … }` on a line of its own, `in := 1`. */
    return (line_break && lexer->lookahead == '(') || assign_follows(lexer);
}

static bool scan_newline(TSLexer *lexer)
{
    bool found = false;
    unsigned comments = 0;
    lexer->mark_end(lexer);
    for (; is_space(lexer->lookahead) || lexer->lookahead == '#';) {
        if (lexer->lookahead == '#') {
            if (!found) {
                return false; /* the comment is a token; the line break after it is asked for next
                               */
            }
            if (++comments > COMMENT_LINES_MAX) {
                return true;
            }
            skip_comment(lexer);
        } else {
            found = found || lexer->lookahead == '\n';
            lexer->advance(lexer, false);
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

/* After an error a word at the start of a line is what to go on with. (The lexer's column would
 * tell, but it counts from the start of the line each time.) */
static bool scan_in_error(TSLexer *lexer)
{
    bool at_line_start = false;
    while (is_space(lexer->lookahead)) {
        at_line_start = lexer->lookahead == '\n';
        lexer->advance(lexer, true);
    }
    lexer->result_symbol = RULE_NAME;
    return at_line_start && is_letter(lexer->lookahead) && scan_rule_name(lexer);
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

void tree_sitter_rego_external_scanner_deserialize(
    void *payload, const char *buffer, unsigned length)
{
    (void)payload;
    (void)buffer;
    (void)length;
}

bool tree_sitter_rego_external_scanner_scan(void *payload, TSLexer *lexer, const bool *valid)
{
    (void)payload;
    if (valid[ERROR_SENTINEL]) {
        return scan_in_error(lexer);
    }
    if (valid[END]) {
        lexer->result_symbol = END;
        return scan_end(lexer);
    }
    if (valid[PATH_END]) {
        lexer->result_symbol = PATH_END;
        return scan_path_end(lexer);
    }
    if (valid[NEWLINE]) {
        lexer->result_symbol = NEWLINE;
        return scan_newline(lexer);
    }
    if (!valid[RULE_NAME] && !valid[KEYWORD_IDENTIFIER]) {
        return false;
    }
    while (is_space(lexer->lookahead)) {
        lexer->advance(lexer, true);
    }
    if (!is_letter(lexer->lookahead)) {
        return false;
    }
    lexer->result_symbol = valid[RULE_NAME] ? RULE_NAME : KEYWORD_IDENTIFIER;
    return valid[RULE_NAME] ? scan_rule_name(lexer) : scan_keyword_identifier(lexer);
}
