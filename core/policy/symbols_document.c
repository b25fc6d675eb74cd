/* YAML and JSON documents through libfyaml, and control ids in their values. */
#include "policy/symbols_internal.h"

#include "base/safe.h"
#include "base/vec.h"

#include <ctype.h>
#include <stdlib.h>
#include <strings.h>

/* A file with mistakes is an ordinary thing here: what libfyaml would print about it is dropped. */
static void drop_message(struct fy_diag *diag, void *user, const char *text, size_t len)
{
    (void)diag;
    (void)user;
    (void)text;
    (void)len;
}

struct fy_document *symbols_document(struct str text, bool json)
{
    struct fy_diag_cfg diag_cfg;
    fy_diag_cfg_default(&diag_cfg);
    diag_cfg.fp = NULL;
    diag_cfg.output_fn = drop_message;
    struct fy_diag *diag = fy_diag_create(&diag_cfg);
    struct fy_parse_cfg cfg = {.flags = FYPCF_QUIET | FYPCF_ALLOW_DUPLICATE_KEYS |
                                        FYPCF_DISABLE_ACCELERATORS | FYPCF_SLOPPY_FLOW_INDENTATION |
                                        (json ? FYPCF_JSON_FORCE : FYPCF_JSON_NONE),
        .diag = diag};
    struct fy_document *document =
        text.len == 0 ? NULL : fy_document_build_from_string(&cfg, text.ptr, text.len);
    fy_diag_unref(diag);
    return document;
}

static struct fy_node *member(struct fy_node *map, struct str name)
{
    void *at = NULL;
    if (map == NULL || fy_node_get_type(map) != FYNT_MAPPING) {
        return NULL;
    }
    for (struct fy_node_pair *pair; (pair = fy_node_mapping_iterate(map, &at)) != NULL;) {
        if (str_equal(symbols_scalar(fy_node_pair_key(pair)), name)) {
            return fy_node_pair_value(pair);
        }
    }
    return NULL;
}

struct fy_node *symbols_member(struct fy_node *map, const char *dotted)
{
    while (map != NULL && *dotted != '\0') {
        size_t len = strcspn(dotted, ".");
        map = member(map, str_make(dotted, len));
        dotted += len + (dotted[len] == '.');
    }
    return map;
}

struct str symbols_scalar(struct fy_node *node)
{
    size_t len = 0;
    const char *text = node == NULL || fy_node_get_type(node) != FYNT_SCALAR
                           ? NULL
                           : fy_node_get_scalar(node, &len);
    return str_make(text == NULL ? "" : text, text == NULL ? 0 : len);
}

char *symbols_scalar_dup(struct fy_node *node)
{
    struct str text = symbols_scalar(node);
    return text.len == 0 ? NULL : safe_dup(str_trim(text), SAFE_KEEP_LINES, (size_t)8 << 10);
}

/* ---- controls ---- */

static bool names_controls(struct str name)
{
    static const char *const words[] = {"control", "cis", "nist", "pci", "benchmark", "compliance"};
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        size_t len = strlen(words[i]);
        for (size_t at = 0; at + len <= name.len; at++) {
            if (strncasecmp(name.ptr + at, words[i], len) == 0) {
                return true;
            }
        }
    }
    return false;
}

/* Where a control is looked for. */
struct control_place {
    struct policy_symbols *symbols;
    size_t definition;
    uint32_t row; /* of the YAML's first line, in the file */
    enum symbol_control_source source;
};

static void add_control(
    const struct control_place *in, struct fy_node *node, struct str framework, struct str id)
{
    char *shown = safe_dup(id, SAFE_ONE_LINE, 80);
    struct fy_token *token = node == NULL ? NULL : fy_node_get_scalar_token(node);
    const struct fy_mark *mark = token == NULL ? NULL : fy_token_start_mark(token);
    VEC_FOREACH (struct symbol_control, control, &in->symbols->controls) {
        if (control->definition == in->definition && strcmp(control->id, shown) == 0) {
            free(shown);
            return;
        }
    }
    VEC_PUSH(&in->symbols->controls,
        (struct symbol_control){safe_dup(framework, SAFE_ONE_LINE, 80), shown, in->definition,
            in->row + (mark == NULL ? 0 : (uint32_t)mark->line), in->source});
}

static bool looks_like_id(struct str word)
{
    bool digit = false;
    bool joint = false;
    for (size_t i = 0; i < word.len; i++) {
        digit = digit || isdigit((unsigned char)word.ptr[i]);
        joint = joint || word.ptr[i] == '.' || word.ptr[i] == '-' || word.ptr[i] == '(';
    }
    return digit && (joint || isupper((unsigned char)word.ptr[0]));
}

/* "5.2.1", "CIS Kubernetes 1.9 5.2.1", "AC-6, CM-7": the last word of each part that looks like an
 * id; what stands before it is the framework. */
static void read_control_text(
    const struct control_place *in, struct fy_node *node, struct str framework)
{
    struct str text = symbols_scalar(node);
    while (text.len > 0) {
        size_t end = 0;
        while (end < text.len && strchr(",;\n", text.ptr[end]) == NULL) {
            end++;
        }
        struct str part = str_trim(str_slice(text, 0, end));
        size_t last = part.len;
        while (last > 0 && part.ptr[last - 1] != ' ' && part.ptr[last - 1] != ':') {
            last--;
        }
        struct str id = str_from(part, last);
        struct str before = str_trim(str_slice(part, 0, last > 0 ? last - 1 : 0));
        if (looks_like_id(id)) {
            add_control(in, node, before.len > 0 ? before : framework, id);
        }
        text = end < text.len ? str_from(text, end + 1) : str_make("", 0);
    }
}

/* {framework: cis-k8s, version: 1.9, id: 5.2.1}: one control, said in full. */
static bool read_control_object(const struct control_place *in, struct fy_node *value)
{
    static const char *const ids[] = {"control_id", "control", "id"};
    struct str framework = symbols_scalar(symbols_member(value, "framework"));
    struct str version = symbols_scalar(symbols_member(value, "version"));
    for (size_t i = 0; i < ARRAY_LEN(ids) && framework.len > 0; i++) {
        struct fy_node *node = symbols_member(value, ids[i]);
        struct str id = symbols_scalar(node);
        if (id.len > 0) {
            struct buf name = BUF_INIT;
            buf_append_str(&name, framework);
            if (version.len > 0) {
                buf_append_char(&name, ' ');
                buf_append_str(&name, version);
            }
            add_control(in, node, buf_str(&name), id);
            buf_free(&name);
            return true;
        }
    }
    return false;
}

static void read_controls(
    const struct control_place *in, struct str name, struct fy_node *value, unsigned depth)
{
    void *at = NULL;
    bool named = names_controls(name);
    if (value == NULL || depth > 6) {
        return;
    }
    switch (fy_node_get_type(value)) {
    case FYNT_SCALAR:
        if (named) {
            read_control_text(in, value, name);
        }
        break;
    case FYNT_SEQUENCE:
        for (struct fy_node *item; (item = fy_node_sequence_iterate(value, &at)) != NULL;) {
            read_controls(in, name, item, depth + 1);
        }
        break;
    case FYNT_MAPPING:
        if (read_control_object(in, value)) {
            break;
        }
        for (struct fy_node_pair *pair; (pair = fy_node_mapping_iterate(value, &at)) != NULL;) {
            struct str key = symbols_scalar(fy_node_pair_key(pair));
            /* Below `controls:` every key is a framework. */
            if (named && fy_node_get_type(fy_node_pair_value(pair)) == FYNT_SCALAR) {
                read_control_text(in, fy_node_pair_value(pair), key);
            } else {
                read_controls(in, named && !names_controls(key) ? name : key,
                    fy_node_pair_value(pair), depth + 1);
            }
        }
        break;
    }
}

void symbols_read_controls(struct policy_symbols *symbols, size_t definition, uint32_t row,
    enum symbol_control_source source, struct fy_node *value)
{
    const struct control_place in = {symbols, definition, row, source};
    read_controls(&in, str_make("", 0), value, 0);
}

/* "cis-5.2.1-privileged", "k8s.cis_5_2_1": an id in a name. */
void symbols_read_control_name(struct policy_symbols *symbols, size_t definition)
{
    const struct symbol_definition *about = &symbols->definitions.items[definition];
    const char *at = strstr(about->name, "cis");
    if (at == NULL) {
        return;
    }
    struct buf id = BUF_INIT;
    for (at += 3; *at == '-' || *at == '_' || *at == '.'; at++) {
    }
    unsigned parts = 0;
    while (isdigit((unsigned char)*at)) {
        if (parts > 0) {
            buf_append_char(&id, '.');
        }
        for (; isdigit((unsigned char)*at); at++) {
            buf_append_char(&id, *at);
        }
        parts++;
        at += (*at == '-' || *at == '_' || *at == '.') && isdigit((unsigned char)at[1]);
    }
    if (parts >= 2) {
        const struct control_place in = {symbols, definition, about->at.row, CONTROL_NAME};
        add_control(&in, NULL, STR_LIT("cis"), buf_str(&id));
    }
    buf_free(&id);
}
