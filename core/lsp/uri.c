#include "lsp/uri.h"

#include "base/path.h"
#include "base/safe.h"

#include <ctype.h>
#include <stdlib.h>
#include <strings.h>

static void append_encoded(struct buf *out, const char *text)
{
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        if (c < 0x80 && (isalnum(c) || strchr("-._~/", c) != NULL)) {
            buf_append_char(out, (char)c);
        } else {
            buf_printf(out, "%%%02X", c);
        }
    }
}

char *uri_of(const char *root, const char *relative)
{
    struct buf out = BUF_INIT;
    buf_append_c(&out, "file://");
    append_encoded(&out, root);
    if (relative[0] != '\0') {
        buf_append_char(&out, '/');
        append_encoded(&out, relative);
    }
    return buf_take(&out);
}

static int hex(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = (char)tolower((unsigned char)c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* False for a bad escape and for one of NUL. */
static bool decode(const char *text, struct buf *out)
{
    while (*text != '\0') {
        if (*text != '%') {
            buf_append_char(out, *text++);
            continue;
        }
        int high = hex(text[1]);
        int low = high < 0 ? -1 : hex(text[2]);
        if (low < 0 || (high == 0 && low == 0)) {
            return false;
        }
        buf_append_char(out, (char)(high * 16 + low));
        text += 3;
    }
    return true;
}

bool uri_beneath(const char *root, const char *uri, char **relative, struct err *err)
{
    struct buf path = BUF_INIT;
    bool ok = false;
    size_t root_len = strlen(root);
    *relative = NULL;
    if (uri == NULL || strlen(uri) > 16384 || strncasecmp(uri, "file://", 7) != 0) {
        err_set(err, ERR_DENIED, "a language server named something that is no file");
        return false;
    }
    const char *at = uri + 7;
    if (strncasecmp(at, "localhost/", 10) == 0) {
        at += 9;
    }
    if (at[0] != '/' || !decode(at, &path)) {
        err_set(err, ERR_INVALID, "a language server sent a broken file address");
    } else if (root_len > 1 && (path.len <= root_len || memcmp(path.ptr, root, root_len) != 0 ||
                                   path.ptr[root_len] != '/')) {
        char *shown = safe_dup(buf_str(&path), SAFE_ONE_LINE, 200);
        err_set(err, ERR_DENIED, "%s is outside the workspace", shown);
        free(shown);
    } else {
        ok = path_check_relative(
            str_from(buf_str(&path), root_len > 1 ? root_len + 1 : 1), relative, err);
    }
    buf_free(&path);
    return ok;
}
