#include "pane/editor_pairs.h"

#include "pane/editor_commands.h"

#include "syntax/brackets.h"
#include "syntax/context.h"

#define LINE_LOOK 4096 /* bytes of a line in which quotes are counted */

/* The characters that pair as quotes in a language; in text without one none does. */
static const char *quotes_of(const struct language *language)
{
    static const struct {
        const char *name, *quotes;
    } table[] = {{"rego", "\"`"}, {"yaml", "\"'"}, {"json", "\""}, {"cel", "\"'"},
        {"jmespath", "\"'`"}, {"toml", "\"'"}, {"markdown", "`"}};
    for (size_t i = 0; language != NULL && i < ARRAY_LEN(table); i++) {
        if (strcmp(table[i].name, language->name) == 0) {
            return table[i].quotes;
        }
    }
    return "";
}

static char closer_of(char opener)
{
    switch (opener) {
    case '(':
        return ')';
    case '[':
        return ']';
    case '{':
        return '}';
    default:
        return opener;
    }
}

static bool is_word(int byte)
{
    return byte == '_' || (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
           (byte >= 'A' && byte <= 'Z') || byte >= 0x80;
}

/* A pair may come before what ends or parts things, not before a word. */
static bool room_for_closer(const struct view *view, size_t at)
{
    int byte = text_byte(view->doc->text, at);
    return byte < 0 || (byte > 0 && strchr(" \t\r\n)]},;:.=", byte) != NULL);
}

/* In a string or a comment, by the colours there are: nothing is parsed for a key. */
static bool in_string_or_comment(const struct view *view, size_t at)
{
    struct syntax_spans spans = {0};
    bool in = false;
    syntax_highlight(view->doc->syntax, at > 0 ? at - 1 : 0, at + 1, &spans);
    VEC_FOREACH (struct syntax_span, span, &spans) {
        bool comment =
            span->capture == CAPTURE_COMMENT || span->capture == CAPTURE_COMMENT_DOCUMENTATION;
        bool string = span->capture >= CAPTURE_STRING && span->capture <= CAPTURE_STRING_SPECIAL;
        in |= (comment && span->start < at && span->end >= at) ||
              (string && span->start < at && span->end > at);
    }
    VEC_FREE(&spans);
    return in;
}

/* An odd number of the quote stands before the place in its line: this one closes a string. */
static bool closes_string(const struct view *view, size_t at, char quote)
{
    const struct text *text = view->doc->text;
    size_t start = text_line_start(text, text_line_of(text, at));
    struct buf line = BUF_INIT;
    bool odd = false;
    start = at - start > LINE_LOOK ? at - LINE_LOOK : start;
    text_copy(text, start, at, &line);
    for (size_t i = 0; i < line.len; i++) {
        if (line.ptr[i] == '\\') {
            i++;
        } else {
            odd ^= line.ptr[i] == quote;
        }
    }
    buf_free(&line);
    return odd;
}

static bool is_escaped(const struct view *view, size_t at)
{
    size_t count = 0;
    while (at > count && text_byte(view->doc->text, at - 1 - count) == '\\') {
        count++;
    }
    return count % 2 == 1;
}

static const char *quotes_at(const struct view *view, size_t at)
{
    return quotes_of(syntax_language_at(view->doc->syntax, at));
}

/* The closing character that is typed stands there already, and closes something. */
static bool goes_over(const struct view *view, size_t at, char c, bool quote)
{
    struct bracket_pair pair;
    if (text_byte(view->doc->text, at) != (unsigned char)c) {
        return false;
    }
    if (quote) {
        return closes_string(view, at, c) && !is_escaped(view, at);
    }
    return strchr(")]}", c) != NULL && syntax_bracket_at(view->doc->syntax, at, &pair);
}

/* The caret is in a blank line, and the next begins with the closing bracket: typing it takes that
 * one, so that who types all brackets gets them once. */
static bool plan_next_line(const struct view *view, size_t at, char c, struct plan *plan)
{
    const struct doc *doc = view->doc;
    struct bracket_pair pair;
    size_t line = text_line_of(doc->text, at);
    size_t start = text_line_start(doc->text, line), next = text_line_start(doc->text, line + 1);
    if (strchr(")]}", c) == NULL || line + 1 >= text_line_count(doc->text) ||
        doc_line_text(doc, line) != text_line_end(doc->text, line)) {
        return false;
    }
    size_t closer = doc_line_text(doc, line + 1);
    if (text_byte(doc->text, closer) != c || !syntax_bracket_at(doc->syntax, closer, &pair) ||
        pair.close != closer) {
        return false;
    }
    size_t head = closer - next + 1;
    plan_goal(plan, plan_put(plan, start, next, STR_LIT("")), head, head);
    return true;
}

static bool may_open(const struct view *view, size_t at, char c, bool quote)
{
    const struct text *text = view->doc->text;
    int before = at > 0 ? text_byte(text, at - 1) : -1;
    if (!room_for_closer(view, at) || in_string_or_comment(view, at)) {
        return false;
    }
    return !quote ||
           (!is_word(before) && before != (unsigned char)c && !closes_string(view, at, c));
}

static void plan_wrapped(const struct view *view, const struct caret *caret, struct str opener,
    char closer, struct plan *plan)
{
    struct search_range range = caret_range(caret);
    size_t len = range.end - range.start;
    bool backward = caret->at.head < caret->at.anchor;
    struct buf bytes = BUF_INIT;
    buf_append_str(&bytes, opener);
    text_copy(view->doc->text, range.start, range.end, &bytes);
    buf_append_char(&bytes, closer);
    plan_goal(plan, plan_put(plan, range.start, range.end, buf_str(&bytes)), backward ? len + 1 : 1,
        backward ? 1 : len + 1);
    buf_free(&bytes);
}

bool pairs_plan_typed(
    const struct view *view, const struct caret *caret, struct str text, struct plan *plan)
{
    if (text.len != 1 || strchr("()[]{}\"'`", text.ptr[0]) == NULL) {
        return false;
    }
    char c = text.ptr[0];
    size_t at = caret_range(caret).start;
    bool opener = strchr("([{", c) != NULL;
    bool quote = !opener && strchr(quotes_at(view, at), c) != NULL;
    if (caret_has_selection(caret)) {
        if (opener || quote) {
            plan_wrapped(view, caret, text, closer_of(c), plan);
        }
        return opener || quote;
    }
    if (goes_over(view, at, c, quote)) {
        plan_goal(plan, plan_put(plan, at, at, STR_LIT("")), 1, 1);
        return true;
    }
    if (plan_next_line(view, at, c, plan)) {
        return true;
    }
    if ((!opener && !quote) || !may_open(view, at, c, quote)) {
        return false;
    }
    const char both[2] = {c, closer_of(c)};
    plan_goal(plan, plan_put(plan, at, at, str_make(both, 2)), 1, 1);
    return true;
}

bool pairs_between(const struct view *view, size_t at, bool brackets)
{
    int before = at > 0 ? text_byte(view->doc->text, at - 1) : -1;
    int after = text_byte(view->doc->text, at);
    if (before <= 0 || after != (unsigned char)closer_of((char)before)) {
        return false;
    }
    return strchr("([{", before) != NULL ||
           (!brackets && strchr(quotes_at(view, at), before) != NULL && !is_escaped(view, at - 1));
}
