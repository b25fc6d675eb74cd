/* Whatever JSON a language server answers, reading it stays inside the text it is about: offsets
 * lie in it, edits apply, texts are safe to show. */
#include "base/json.h"
#include "base/safe.h"
#include "base/utf8.h"
#include "base/vec.h"
#include "lsp/diagnostics.h"
#include "lsp/gather.h"
#include "lsp/uri.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char sample[] = "package a\r\n\n\xf0\x9f\x98\x80 deny \xff\xc3\xbc\n\tx := 1";

static void require(bool ok, const char *what)
{
    if (!ok) {
        fprintf(stderr, "%s\n", what);
        abort();
    }
}

static void require_safe(const char *text)
{
    struct str rest = str_of(text);
    while (rest.len > 0) {
        size_t len;
        int32_t cp = utf8_decode(rest, &len);
        require(cp == '\n' || cp == '\t' || !safe_is_hidden(cp), "a text that is not safe to show");
        rest = str_from(rest, len);
    }
}

static void read_items(struct lsp_mapper *mapper, const cJSON *value, struct str text)
{
    cJSON *copy = cJSON_Duplicate(value, true);
    struct lsp_items items = {0};
    lsp_read_completion(mapper, copy, 3, 5, &items);
    VEC_FOREACH (struct lsp_item, item, &items) {
        require(item->from <= item->to && item->to <= text.len, "a completion outside the text");
        require(item->cursor <= strlen(item->text), "a cursor outside the completion");
        require_safe(item->label);
    }
    lsp_items_free(&items);
    lsp_read_actions(copy, &items);
    lsp_items_free(&items);
    cJSON_Delete(copy);
}

static void read_edits(const cJSON *value, struct str text)
{
    struct text_edits edits = {0};
    struct buf after = BUF_INIT;
    if (lsp_gather_edits(text, LSP_UTF16, value, &edits, NULL)) {
        text_edits_apply(&edits, text, &after);
    }
    text_edits_free(&edits);
    buf_free(&after);
}

static void read_shown(struct lsp_mapper *mapper, const cJSON *value)
{
    size_t from;
    size_t to;
    char *hover = lsp_read_hover(value);
    char *signature = lsp_read_signature(value, &from, &to);
    struct lsp_symbols symbols = {0};
    if (hover != NULL) {
        require_safe(hover);
    }
    require(signature == NULL || (from <= to && to <= strlen(signature)), "a parameter outside");
    lsp_read_symbols(mapper, value, &symbols);
    lsp_symbols_free(&symbols);
    free(hover);
    free(signature);
}

static void read_diagnostics(struct lsp_mapper *mapper, const cJSON *value)
{
    cJSON *copy = cJSON_Duplicate(value, true);
    struct lsp_diagnostics diagnostics = {0};
    lsp_diagnostics_read(&diagnostics, mapper, copy, "a.rego", "fuzz");
    VEC_FOREACH (struct finding, finding, &diagnostics.findings) {
        require(finding->at.row >= 1 && finding->at.row <= 4 && finding->end.row <= 4,
            "a finding outside the text");
        require_safe(finding->message);
        require_safe(finding->rule);
    }
    lsp_diagnostics_clear(&diagnostics);
    cJSON_Delete(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = {sample, sizeof sample - 1};
    cJSON *value = json_parse(str_make((const char *)data, size), NULL);
    char *uri = mem_strndup((const char *)data, size);
    char *path;
    size_t cursor;
    if (uri_beneath("/w", uri, &path, NULL)) {
        require(path[0] != '/' && strstr(path, "..") != path, "a path that leaves the workspace");
        free(path);
    }
    char *plain = lsp_plain_snippet(uri, &cursor);
    require(cursor <= strlen(plain), "a cursor outside the snippet");
    free(plain);
    free(uri);
    if (value == NULL) {
        return 0;
    }
    struct lsp_mapper mapper;
    lsp_mapper_flat(&mapper, text, LSP_UTF16);
    read_items(&mapper, value, text);
    read_edits(value, text);
    read_shown(&mapper, value);
    read_diagnostics(&mapper, value);
    lsp_mapper_free(&mapper);
    cJSON_Delete(value);
    return 0;
}
