#include "screen/style.h"

static const char *const names[STYLE_COUNT] = {
#define X(name, key) [STYLE_##name] = key,
    STYLE_LIST(X)
#undef X
#define X(name, key) [STYLE_SYNTAX_##name] = "syntax." key,
        CAPTURE_LIST(X)
#undef X
};

static const struct {
    const char *name;
    enum style_id id;
} captures[] = {
#define X(name, key) {key, STYLE_SYNTAX_##name},
    CAPTURE_LIST(X)
#undef X
};

const char *style_name(enum style_id id)
{
    return (unsigned)id < STYLE_COUNT ? names[id] : "none";
}

enum style_id theme_style_of_capture(struct str capture)
{
    while (capture.len > 0) {
        for (size_t i = 0; i < ARRAY_LEN(captures); i++) {
            if (str_equal_c(capture, captures[i].name)) {
                return captures[i].id;
            }
        }
        size_t dot = capture.len;
        while (dot > 0 && capture.ptr[dot - 1] != '.') {
            dot--;
        }
        capture.len = dot == 0 ? 0 : dot - 1;
    }
    return STYLE_TEXT;
}
