/* Names of highlight captures as small numbers. Query files of different ages name the same thing
 * differently ("text.title", "markup.heading"); all are mapped to one fixed list in the spelling
 * that nvim and helix share, so that themes, spans and rendered Markdown speak of styles by one
 * number. An unknown name counts as its longest known beginning ("keyword.import.alias" as
 * "keyword.import"). */
#ifndef BYLAW_SYNTAX_CAPTURE_H
#define BYLAW_SYNTAX_CAPTURE_H

#include "base/str.h"

#include <stdint.h>

enum capture {
    CAPTURE_NONE = 0,
    CAPTURE_ATTRIBUTE,
    CAPTURE_BOOLEAN,
    CAPTURE_COMMENT,
    CAPTURE_COMMENT_DOCUMENTATION,
    CAPTURE_CONSTANT,
    CAPTURE_CONSTANT_BUILTIN,
    CAPTURE_ERROR,
    CAPTURE_FUNCTION,
    CAPTURE_FUNCTION_BUILTIN,
    CAPTURE_KEYWORD,
    CAPTURE_KEYWORD_IMPORT,
    CAPTURE_KEYWORD_OPERATOR,
    CAPTURE_LABEL,
    CAPTURE_MARKUP_BOLD,
    CAPTURE_MARKUP_HEADING,
    CAPTURE_MARKUP_ITALIC,
    CAPTURE_MARKUP_LINK,
    CAPTURE_MARKUP_LINK_URL,
    CAPTURE_MARKUP_LIST,
    CAPTURE_MARKUP_QUOTE,
    CAPTURE_MARKUP_RAW,
    CAPTURE_MARKUP_RULE,
    CAPTURE_MARKUP_STRIKETHROUGH,
    CAPTURE_MODULE,
    CAPTURE_NUMBER,
    CAPTURE_OPERATOR,
    CAPTURE_PROPERTY,
    CAPTURE_PUNCTUATION,
    CAPTURE_PUNCTUATION_BRACKET,
    CAPTURE_PUNCTUATION_DELIMITER,
    CAPTURE_PUNCTUATION_SPECIAL,
    CAPTURE_STRING,
    CAPTURE_STRING_ESCAPE,
    CAPTURE_STRING_REGEXP,
    CAPTURE_STRING_SPECIAL,
    CAPTURE_TAG,
    CAPTURE_TYPE,
    CAPTURE_VARIABLE,
    CAPTURE_VARIABLE_BUILTIN,
    CAPTURE_VARIABLE_PARAMETER,
    CAPTURE_COUNT
};

/* "keyword.import"; "none" for CAPTURE_NONE and for a number outside the list. Static. */
const char *syntax_capture_name(unsigned id);
/* CAPTURE_NONE when no beginning of the name is known. */
enum capture syntax_capture_id(struct str name);
/* True when the name itself or a beginning of it is known (also "none"). */
bool syntax_capture_is_known(struct str name);

#endif
