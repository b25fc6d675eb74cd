/* Registers: a-z (A-Z appends), 0-9, "-, the clipboards "+ and "*, the black hole "_, and the
 * read-only ". ": "/ "%. */
#include "vi/vi_rows.h"

#define REG_NUMBER 26
#define REG_SMALL  36
#define REG_STAR   37
#define REG_PLUS   38

void vi_register_free(struct vi_register *reg)
{
    buf_free(&reg->text);
}

bool vi_register_ok(int name, bool writing)
{
    if ((name >= 'a' && name <= 'z') || (name >= 'A' && name <= 'Z') ||
        (name >= '0' && name <= '9')) {
        return true;
    }
    return name != 0 && strchr(writing ? "\"-_+*" : "\"-_+*.:/%", name) != NULL;
}

struct vi_register *vi_register(struct vi *vi, int name)
{
    if (name == 0 || name == '"') {
        name = vi->unnamed;
    }
    if (name >= 'A' && name <= 'Z') {
        name += 'a' - 'A';
    }
    if (name >= 'a' && name <= 'z') {
        return &vi->registers[name - 'a'];
    }
    if (name >= '0' && name <= '9') {
        return &vi->registers[REG_NUMBER + name - '0'];
    }
    switch (name) {
    case '-':
        return &vi->registers[REG_SMALL];
    case '*':
        return &vi->registers[REG_STAR];
    case '+':
        return &vi->registers[REG_PLUS];
    default:
        return NULL;
    }
}

/* What the host's clipboard holds: our own register where it is still that, for its shape. */
static bool read_clipboard(struct vi *vi, int name, struct vi_register *out)
{
    struct vi_register *own = vi_register(vi, name);
    if (vi->host->clipboard_get == NULL) {
        *out = *own;
        return own->set;
    }
    struct str text = vi->host->clipboard_get(vi->data, (char)name);
    if (own->set && str_equal(text, buf_str(&own->text))) {
        *out = *own;
        return true;
    }
    vi_register_write(vi, name | 0x100, text, str_ends(text, "\n") ? VI_LINES : VI_CHARS, 0);
    *out = *own;
    return text.len > 0;
}

bool vi_register_read(struct vi *vi, int name, struct vi_register *out)
{
    if (name == 0 || name == '"') {
        name = vi->unnamed;
    }
    const struct buf *read_only = name == '.'   ? &vi->last_inserted
                                  : name == ':' ? &vi->last_command
                                  : name == '/' ? &vi->last_search
                                                : NULL;
    *out = (struct vi_register){.set = true};
    if (read_only != NULL) {
        out->text = *read_only;
        return read_only->len > 0;
    }
    if (name == '%') {
        const char *path = vi->host->path == NULL ? NULL : vi->host->path(vi->data);
        union {
            const char *in;
            char *out;
        } borrowed = {.in = path};
        out->text = (struct buf){borrowed.out, path == NULL ? 0 : strlen(path), 0};
        return path != NULL;
    }
    if (name == '*' || name == '+') {
        return read_clipboard(vi, name, out);
    }
    if (name == '_') {
        return true; /* holds nothing, which can be put: as a line it is an empty one */
    }
    struct vi_register *reg = vi_register(vi, name);
    if (reg == NULL || !reg->set) {
        return false;
    }
    *out = *reg;
    return true;
}

/* A-Z: behind what is there; a line, when either is of lines. */
static void append(struct vi_register *reg, struct str text, enum vi_kind kind)
{
    if (reg->kind == VI_LINES || kind == VI_LINES) {
        if (reg->kind != VI_LINES && reg->text.len > 0) {
            buf_append_char(&reg->text, '\n');
        }
        reg->kind = VI_LINES;
        buf_append_str(&reg->text, text);
        if (kind != VI_LINES || !str_ends(text, "\n")) {
            buf_append_char(&reg->text, '\n');
        }
        return;
    }
    if (reg->kind == VI_BLOCK && reg->text.len > 0) {
        buf_append_char(&reg->text, '\n');
    }
    buf_append_str(&reg->text, text);
}

void vi_register_write(struct vi *vi, int name, struct str text, enum vi_kind kind, size_t width)
{
    bool quiet = (name & 0x100) != 0; /* from the clipboard, not for it */
    name &= 0xff;
    if (name == '_') {
        return;
    }
    name = name == 0 || name == '"' ? '0' : name;
    struct vi_register *reg = vi_register(vi, name);
    if (reg == NULL) {
        return;
    }
    struct buf copy = BUF_INIT;
    buf_append_str(&copy, text);
    if (name >= 'A' && name <= 'Z' && reg->set) {
        append(reg, buf_str(&copy), kind);
    } else {
        buf_clear(&reg->text);
        buf_append_str(&reg->text, buf_str(&copy));
        reg->kind = kind;
        reg->width = width;
    }
    reg->set = true;
    buf_free(&copy);
    if (quiet) {
        return;
    }
    vi->unnamed = name >= 'A' && name <= 'Z' ? name + 'a' - 'A' : name;
    if ((name == '*' || name == '+') && vi->host->clipboard_set != NULL) {
        vi->host->clipboard_set(vi->data, (char)name, buf_str(&reg->text));
    }
}

void vi_register_record(struct vi *vi, int name, struct str keys)
{
    bool upper = name >= 'A' && name <= 'Z';
    struct vi_register *reg = &vi->registers[upper ? name - 'A' : 0];
    if (!upper || !reg->set || reg->kind == VI_CHARS) {
        vi_register_write(vi, name, keys, VI_CHARS, 0);
        return;
    }
    size_t at = reg->text.len - (str_ends(buf_str(&reg->text), "\n") ? 1 : 0);
    buf_insert(&reg->text, at, keys.ptr, keys.len);
}

/* "1 to "2, "2 to "3, ...: before a large deletion. */
void vi_registers_shift(struct vi *vi)
{
    struct vi_register *numbered = &vi->registers[REG_NUMBER];
    vi_register_free(&numbered[9]);
    memmove(&numbered[2], &numbered[1], 8 * sizeof *numbered);
    numbered[1] = (struct vi_register){0};
}
