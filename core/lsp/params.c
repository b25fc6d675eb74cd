/* What a question is sent as. */
#include "lsp/lsp_private.h"

#include <ctype.h>

size_t lsp_word_start(const struct lsp_document *document, size_t at)
{
    size_t from = at;
    while (from > 0 && at - from < 200) {
        int c = text_byte(document->text, from - 1);
        if (!isalnum(c) && c != '_' && c < 0x80) {
            break;
        }
        from--;
    }
    return from;
}

static void add_format_options(const struct lsp_document *document, cJSON *params)
{
    bool rego = strcmp(document->language, "rego") == 0; /* tabs, as opa fmt */
    cJSON *options = json_set_object(params, "options");
    json_set_int(options, "tabSize", rego ? 4 : 2);
    json_set_bool(options, "insertSpaces", !rego);
}

static void add_context(const struct lsp_document *document, const struct lsp_client *client,
    const struct lsp_question *question, struct lsp_mapper *mapper, cJSON *params)
{
    cJSON *context = json_set_object(params, "context");
    if (question->what == LSP_REFERENCES) {
        json_set_bool(context, "includeDeclaration", true);
    } else if (question->what == LSP_COMPLETION) {
        json_set_int(context, "triggerKind", question->name == NULL ? 1 : 2);
        if (question->name != NULL) {
            json_set_string(context, "triggerCharacter", question->name);
        }
    } else if (question->what == LSP_ACTIONS) {
        const struct text *text = document->text;
        struct lsp_sync *sync = lsp_sync_of(document, client);
        cJSON *list = json_set_array(context, "diagnostics");
        unsigned first = (unsigned)text_line_of(text, question->at) + 1;
        unsigned last = (unsigned)text_line_of(text, question->end) + 1;
        lsp_diagnostics_within(&sync->pushed, mapper, first, last, list);
        lsp_diagnostics_within(&sync->pulled, mapper, first, last, list);
    }
}

cJSON *lsp_params(const struct lsp_document *document, const struct lsp_client *client,
    const struct lsp_question *question)
{
    struct lsp_mapper mapper;
    cJSON *params = cJSON_CreateObject();
    json_set_string(json_set_object(params, "textDocument"), "uri", document->uri);
    lsp_mapper_text(&mapper, document->text, client->encoding);
    switch (question->what) {
    case LSP_SYMBOLS:
        break;
    case LSP_FORMAT:
        add_format_options(document, params);
        break;
    case LSP_ACTIONS:
        cJSON_AddItemToObject(params, "range", lsp_range_at(&mapper, question->at, question->end));
        add_context(document, client, question, &mapper, params);
        break;
    case LSP_RENAME:
        json_set_string(params, "newName", question->name);
        cJSON_AddItemToObject(params, "position", lsp_position_at(&mapper, question->at));
        break;
    default:
        cJSON_AddItemToObject(params, "position", lsp_position_at(&mapper, question->at));
        if (question->what == LSP_COMPLETION || question->what == LSP_REFERENCES) {
            add_context(document, client, question, &mapper, params);
        }
        break;
    }
    lsp_mapper_free(&mapper);
    return params;
}
