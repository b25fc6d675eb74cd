/* How a cell looks, by what it means. Nothing outside theme.c knows a colour: a style names a
 * meaning, the theme says how that meaning is shown at the terminal's colour depth.
 *
 * A style is three parts: the meaning whose foreground and attributes are used, a second meaning
 * laid under it whose background is used (so that syntax colours stay readable on an added line),
 * and attributes on top. Plain data; compare with style_equal. */
#ifndef BYLAW_SCREEN_STYLE_H
#define BYLAW_SCREEN_STYLE_H

#include "base/str.h"

#include <stdint.h>

/* X(ENUM, theme key) */
#define STYLE_LIST(X)                                                                              \
    X(TEXT, "text")                                                                                \
    X(DIM, "dim")                                                                                  \
    X(STRONG, "strong")                                                                            \
    X(EMPHASIS, "emphasis")                                                                        \
    X(TITLE, "title")                                                                              \
    X(TITLE_FOCUS, "title-focus")                                                                  \
    X(BORDER, "border")                                                                            \
    X(BORDER_FOCUS, "border-focus")                                                                \
    X(HEADER, "header")                                                                            \
    X(HEADER_DIM, "header-dim")                                                                    \
    X(KEY_LINE, "key-line")                                                                        \
    X(KEY, "key")                                                                                  \
    X(TAB, "tab")                                                                                  \
    X(TAB_ACTIVE, "tab-active")                                                                    \
    X(CURSOR_LINE, "cursor-line")                                                                  \
    X(CURSOR_LINE_UNFOCUSED, "cursor-line-unfocused")                                              \
    X(SELECTION, "selection")                                                                      \
    X(SEARCH, "search")                                                                            \
    X(SEARCH_CURRENT, "search-current")                                                            \
    X(MATCH, "match")                                                                              \
    X(BRACKET_MATCH, "bracket-match")                                                              \
    X(OCCURRENCE, "occurrence")                                                                    \
    X(GUTTER, "gutter")                                                                            \
    X(GUTTER_CURRENT, "gutter-current")                                                            \
    X(SCROLLBAR, "scrollbar")                                                                      \
    X(SCROLLBAR_THUMB, "scrollbar-thumb")                                                          \
    X(LINK, "link")                                                                                \
    X(CODE, "code")                                                                                \
    X(QUOTE, "quote")                                                                              \
    X(HEADING, "heading")                                                                          \
    X(REASONING, "reasoning")                                                                      \
    X(USER, "user")                                                                                \
    X(AGENT, "agent")                                                                              \
    X(TOOL, "tool")                                                                                \
    X(PROMPT, "prompt")                                                                            \
    X(HINT, "hint")                                                                                \
    X(RECORDING, "recording")                                                                      \
    X(PASS, "pass")                                                                                \
    X(FAIL, "fail")                                                                                \
    X(ERROR, "error")                                                                              \
    X(SKIP, "skip")                                                                                \
    X(NOT_EVALUATED, "not-evaluated")                                                              \
    X(RUNNING, "running")                                                                          \
    X(WARNING, "warning")                                                                          \
    X(INFO, "info")                                                                                \
    X(COVERED, "covered")                                                                          \
    X(UNCOVERED, "uncovered")                                                                      \
    X(ADD, "add")                                                                                  \
    X(ADD_WORD, "add-word")                                                                        \
    X(DELETE, "delete")                                                                            \
    X(DELETE_WORD, "delete-word")                                                                  \
    X(HUNK, "hunk")                                                                                \
    X(MODIFIED, "modified")                                                                        \
    X(ACCEPTED, "accepted")                                                                        \
    X(DECLINED, "declined")                                                                        \
    X(PARTLY, "partly")                                                                            \
    X(OPEN, "open")                                                                                \
    X(COMMENT_MARK, "comment-mark")                                                                \
    X(HIDDEN_CHARACTER, "hidden-character")                                                        \
    X(DIALOG, "dialog")                                                                            \
    X(FIELD, "field")

/* Captures of the highlight queries, by their names in the .scm files. */
#define CAPTURE_LIST(X)                                                                            \
    X(ATTRIBUTE, "attribute")                                                                      \
    X(BOOLEAN, "boolean")                                                                          \
    X(COMMENT, "comment")                                                                          \
    X(COMMENT_DOCUMENTATION, "comment.documentation")                                              \
    X(CONSTANT, "constant")                                                                        \
    X(CONSTANT_BUILTIN, "constant.builtin")                                                        \
    X(CONSTRUCTOR, "constructor")                                                                  \
    X(EMBEDDED, "embedded")                                                                        \
    X(ERROR_NODE, "error")                                                                         \
    X(ESCAPE, "escape")                                                                            \
    X(FUNCTION, "function")                                                                        \
    X(FUNCTION_BUILTIN, "function.builtin")                                                        \
    X(FUNCTION_CALL, "function.call")                                                              \
    X(KEYWORD, "keyword")                                                                          \
    X(KEYWORD_IMPORT, "keyword.import")                                                            \
    X(LABEL, "label")                                                                              \
    X(MARKUP_BOLD, "markup.bold")                                                                  \
    X(MARKUP_HEADING, "markup.heading")                                                            \
    X(MARKUP_ITALIC, "markup.italic")                                                              \
    X(MARKUP_LINK, "markup.link")                                                                  \
    X(MARKUP_LIST, "markup.list")                                                                  \
    X(MARKUP_QUOTE, "markup.quote")                                                                \
    X(MARKUP_RAW, "markup.raw")                                                                    \
    X(MODULE, "module")                                                                            \
    X(NAMESPACE, "namespace")                                                                      \
    X(NUMBER, "number")                                                                            \
    X(OPERATOR, "operator")                                                                        \
    X(PROPERTY, "property")                                                                        \
    X(PUNCTUATION, "punctuation")                                                                  \
    X(PUNCTUATION_BRACKET, "punctuation.bracket")                                                  \
    X(PUNCTUATION_DELIMITER, "punctuation.delimiter")                                              \
    X(PUNCTUATION_SPECIAL, "punctuation.special")                                                  \
    X(STRING, "string")                                                                            \
    X(STRING_ESCAPE, "string.escape")                                                              \
    X(STRING_SPECIAL, "string.special")                                                            \
    X(TAG, "tag")                                                                                  \
    X(TEXT_TITLE, "text.title")                                                                    \
    X(TEXT_LITERAL, "text.literal")                                                                \
    X(TEXT_URI, "text.uri")                                                                        \
    X(TEXT_REFERENCE, "text.reference")                                                            \
    X(TEXT_STRONG, "text.strong")                                                                  \
    X(TEXT_EMPHASIS, "text.emphasis")                                                              \
    X(TYPE, "type")                                                                                \
    X(TYPE_BUILTIN, "type.builtin")                                                                \
    X(VARIABLE, "variable")                                                                        \
    X(VARIABLE_BUILTIN, "variable.builtin")                                                        \
    X(VARIABLE_MEMBER, "variable.member")                                                          \
    X(VARIABLE_PARAMETER, "variable.parameter")

enum style_id {
#define X(name, key) STYLE_##name,
    STYLE_LIST(X)
#undef X
#define X(name, key) STYLE_SYNTAX_##name,
        CAPTURE_LIST(X)
#undef X
            STYLE_COUNT,
    STYLE_NONE = 0xFFFF
};

enum style_attr {
    ATTR_BOLD = 1,
    ATTR_UNDERLINE = 2,
    ATTR_REVERSE = 4,
    ATTR_ITALIC = 8,
    ATTR_DIM = 16,
    ATTR_STRIKE = 32
};

struct style {
    uint16_t fg;   /* enum style_id: foreground and attributes (and background, when bg is none) */
    uint16_t bg;   /* enum style_id whose background is used when it has one, or STYLE_NONE */
    uint16_t attr; /* enum style_attr, added; so wide that a style has no bytes of no meaning */
};

#define STYLE(name) ((struct style){STYLE_##name, STYLE_NONE, 0})
/* The first's foreground on the second's background: STYLE_ON(TEXT, ADD). */
#define STYLE_ON(name, under) ((struct style){STYLE_##name, STYLE_##under, 0})

static inline struct style style_of(enum style_id id)
{
    return (struct style){(uint16_t)id, STYLE_NONE, 0};
}

static inline struct style style_on(struct style style, enum style_id under)
{
    style.bg = (uint16_t)under;
    return style;
}

static inline struct style style_with(struct style style, unsigned attr)
{
    style.attr = (uint16_t)(style.attr | attr);
    return style;
}

static inline bool style_equal(struct style a, struct style b)
{
    return a.fg == b.fg && a.bg == b.bg && a.attr == b.attr;
}

/* The style of a highlight capture ("function.builtin"): the longest known beginning in whole
 * dotted parts; STYLE_TEXT when none is known. */
enum style_id theme_style_of_capture(struct str capture);
/* The theme key of a meaning ("add-word"), or of a capture with "syntax." before it. Static. */
const char *style_name(enum style_id id);

#endif
