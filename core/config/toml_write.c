#include "config/toml_write.h"

#include <stdio.h>

struct writer {
    bool (*omit)(const void *data, const struct toml *item);
    const void *data;
    struct buf *out;
};

static void put_string(struct buf *out, const char *text)
{
    buf_append_char(out, '"');
    for (const char *c = text; *c != '\0'; c++) {
        unsigned char byte = (unsigned char)*c;
        if (byte == '"' || byte == '\\') {
            buf_append_char(out, '\\');
            buf_append_char(out, *c);
        } else if (byte < 0x20 || byte == 0x7f) {
            buf_printf(out, "\\u%04x", byte);
        } else {
            buf_append_char(out, *c);
        }
    }
    buf_append_char(out, '"');
}

static void put_value(const struct writer *writer, const struct toml *value);

/* Children apart by commas; each with its key in a table. */
static void put_items(const struct writer *writer, const struct toml *value)
{
    bool first = true;
    for (size_t i = 0; i < value->len; i++) {
        const struct toml *item = value->items[i];
        if (writer->omit(writer->data, item)) {
            continue;
        }
        buf_append_c(writer->out, first ? "" : ", ");
        first = false;
        if (value->kind == TOML_TABLE) {
            put_string(writer->out, item->key);
            buf_append_c(writer->out, " = ");
        }
        put_value(writer, item);
    }
}

static void put_float(struct buf *out, double number)
{
    char text[40];
    snprintf(text, sizeof text, "%.17g", number);
    bool whole = strspn(text, "-0123456789") == strlen(text);
    buf_printf(out, "%s%s", text, whole ? ".0" : "");
}

static void put_value(const struct writer *writer, const struct toml *value)
{
    switch (value->kind) {
    case TOML_STRING:
        put_string(writer->out, value->text);
        break;
    case TOML_INTEGER:
        buf_printf(writer->out, "%lld", value->integer);
        break;
    case TOML_FLOAT:
        put_float(writer->out, value->number);
        break;
    case TOML_BOOL:
        buf_append_c(writer->out, value->boolean ? "true" : "false");
        break;
    case TOML_DATE:
        buf_append_c(writer->out, value->text);
        break;
    case TOML_ARRAY:
        buf_append_char(writer->out, '[');
        put_items(writer, value);
        buf_append_char(writer->out, ']');
        break;
    case TOML_TABLE:
        buf_append_char(writer->out, '{');
        put_items(writer, value);
        buf_append_char(writer->out, '}');
        break;
    }
}

void toml_write(const struct toml *root, bool (*omit)(const void *data, const struct toml *item),
    const void *data, struct buf *out)
{
    struct writer writer = {omit, data, out};
    for (size_t i = 0; i < root->len; i++) {
        if (!omit(data, root->items[i])) {
            put_string(out, root->items[i]->key);
            buf_append_c(out, " = ");
            put_value(&writer, root->items[i]);
            buf_append_char(out, '\n');
        }
    }
}
