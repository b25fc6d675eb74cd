#include "syntax/capture.h"

static const char *const names[CAPTURE_COUNT] = {
    [CAPTURE_NONE] = "none",
    [CAPTURE_ATTRIBUTE] = "attribute",
    [CAPTURE_BOOLEAN] = "boolean",
    [CAPTURE_COMMENT] = "comment",
    [CAPTURE_COMMENT_DOCUMENTATION] = "comment.documentation",
    [CAPTURE_CONSTANT] = "constant",
    [CAPTURE_CONSTANT_BUILTIN] = "constant.builtin",
    [CAPTURE_ERROR] = "error",
    [CAPTURE_FUNCTION] = "function",
    [CAPTURE_FUNCTION_BUILTIN] = "function.builtin",
    [CAPTURE_KEYWORD] = "keyword",
    [CAPTURE_KEYWORD_IMPORT] = "keyword.import",
    [CAPTURE_KEYWORD_OPERATOR] = "keyword.operator",
    [CAPTURE_LABEL] = "label",
    [CAPTURE_MARKUP_HEADING] = "markup.heading",
    [CAPTURE_MARKUP_ITALIC] = "markup.italic",
    [CAPTURE_MARKUP_LINK] = "markup.link",
    [CAPTURE_MARKUP_LINK_URL] = "markup.link.url",
    [CAPTURE_MARKUP_LIST] = "markup.list",
    [CAPTURE_MARKUP_QUOTE] = "markup.quote",
    [CAPTURE_MARKUP_RAW] = "markup.raw",
    [CAPTURE_MARKUP_RULE] = "markup.rule",
    [CAPTURE_MARKUP_STRIKETHROUGH] = "markup.strikethrough",
    [CAPTURE_MARKUP_BOLD] = "markup.bold",
    [CAPTURE_MODULE] = "module",
    [CAPTURE_NUMBER] = "number",
    [CAPTURE_OPERATOR] = "operator",
    [CAPTURE_PROPERTY] = "property",
    [CAPTURE_PUNCTUATION] = "punctuation",
    [CAPTURE_PUNCTUATION_BRACKET] = "punctuation.bracket",
    [CAPTURE_PUNCTUATION_DELIMITER] = "punctuation.delimiter",
    [CAPTURE_PUNCTUATION_SPECIAL] = "punctuation.special",
    [CAPTURE_STRING] = "string",
    [CAPTURE_STRING_ESCAPE] = "string.escape",
    [CAPTURE_STRING_REGEXP] = "string.regexp",
    [CAPTURE_STRING_SPECIAL] = "string.special",
    [CAPTURE_TAG] = "tag",
    [CAPTURE_TYPE] = "type",
    [CAPTURE_VARIABLE] = "variable",
    [CAPTURE_VARIABLE_BUILTIN] = "variable.builtin",
    [CAPTURE_VARIABLE_PARAMETER] = "variable.parameter",
};

/* Older and other spellings. */
static const struct {
    const char *name;
    enum capture id;
} aliases[] = {
    {"character", CAPTURE_STRING},
    {"conditional", CAPTURE_KEYWORD},
    {"constructor", CAPTURE_TYPE},
    {"escape", CAPTURE_STRING_ESCAPE},
    {"field", CAPTURE_PROPERTY},
    {"float", CAPTURE_NUMBER},
    {"include", CAPTURE_KEYWORD_IMPORT},
    {"method", CAPTURE_FUNCTION},
    {"markup.strong", CAPTURE_MARKUP_BOLD},
    {"namespace", CAPTURE_MODULE},
    {"parameter", CAPTURE_VARIABLE_PARAMETER},
    {"string.special.key", CAPTURE_PROPERTY},
    {"text.emphasis", CAPTURE_MARKUP_ITALIC},
    {"text.literal", CAPTURE_MARKUP_RAW},
    {"text.reference", CAPTURE_MARKUP_LINK},
    {"text.strong", CAPTURE_MARKUP_BOLD},
    {"text.title", CAPTURE_MARKUP_HEADING},
    {"text.uri", CAPTURE_MARKUP_LINK_URL},
    {"variable.member", CAPTURE_PROPERTY},
};

const char *syntax_capture_name(unsigned id)
{
    return names[id < CAPTURE_COUNT ? id : CAPTURE_NONE];
}

static bool find(struct str name, enum capture *id)
{
    for (size_t i = 0; i < ARRAY_LEN(aliases); i++) {
        if (str_equal_c(name, aliases[i].name)) {
            *id = aliases[i].id;
            return true;
        }
    }
    for (unsigned i = 0; i < CAPTURE_COUNT; i++) {
        if (str_equal_c(name, names[i])) {
            *id = (enum capture)i;
            return true;
        }
    }
    return false;
}

static bool resolve(struct str name, enum capture *id)
{
    while (name.len > 0) {
        if (find(name, id)) {
            return true;
        }
        while (name.len > 0 && name.ptr[name.len - 1] != '.') {
            name.len--;
        }
        name.len -= name.len > 0;
    }
    return false;
}

enum capture syntax_capture_id(struct str name)
{
    enum capture id = CAPTURE_NONE;
    return resolve(name, &id) ? id : CAPTURE_NONE;
}

bool syntax_capture_is_known(struct str name)
{
    enum capture id;
    return resolve(name, &id);
}
