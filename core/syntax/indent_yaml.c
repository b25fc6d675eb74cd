#include "syntax/indent_yaml.h"

#define LINES_ABOVE 200
#define LINE_MAX    4096

/* The last line before `at` that is not blank: its text up to `at`. False: none near. */
static bool line_above(const struct source_window *text, size_t at, size_t *start, size_t *end)
{
    *start = source_line_start(text, at);
    *end = at;
    for (int i = 0; i < LINES_ABOVE; i++) {
        if (source_skip_blanks(text, *start, *end) < *end) {
            int c = source_byte(text, source_skip_blanks(text, *start, *end));
            if (c != '\n' && c != '\r') {
                return true;
            }
        }
        if (*start == 0) {
            return false;
        }
        *end = *start - 1;
        *start = source_line_start(text, *end);
    }
    return false;
}

/* A line cut into its dashes and what follows them, without a comment at its end. */
struct yaml_line {
    size_t dash;    /* column of the first dash, or of the content */
    size_t content; /* column of what follows the dashes */
    bool in_item;
    struct str body;
};

static struct yaml_line read_line(struct str line)
{
    struct yaml_line read = {0};
    size_t at = 0;
    while (at < line.len && line.ptr[at] == ' ') {
        at++;
    }
    read.dash = at;
    while (
        at < line.len && line.ptr[at] == '-' && (at + 1 == line.len || line.ptr[at + 1] == ' ')) {
        read.in_item = true;
        at++;
        while (at < line.len && line.ptr[at] == ' ') {
            at++;
        }
    }
    read.content = at;
    size_t end = str_find(line, STR_LIT(" #"), at);
    read.body = str_trim_right(str_slice(line, at, end == SIZE_MAX ? line.len : end));
    return read;
}

/* The last blank-separated word. */
static struct str last_word(struct str s)
{
    size_t at = s.len;
    while (at > 0 && s.ptr[at - 1] != ' ') {
        at--;
    }
    return str_from(s, at);
}

/* "|", ">-", "|2+": a block scalar follows. */
static bool is_block_header(struct str word)
{
    bool header = word.len > 0 && word.len <= 3 && (word.ptr[0] == '|' || word.ptr[0] == '>');
    for (size_t i = 1; header && i < word.len; i++) {
        header = strchr("+-123456789", word.ptr[i]) != NULL;
    }
    return header;
}

/* True when what comes next belongs below this line. */
static bool opens(struct str body)
{
    struct str word = last_word(body);
    size_t before = body.len - word.len;
    if (before > 0 && word.len > 0 && (word.ptr[0] == '&' || word.ptr[0] == '!')) {
        /* An anchor or a tag of a value that is to come. */
        body = str_trim_right(str_slice(body, 0, before));
        word = last_word(body);
    }
    bool key = word.len > 0 && word.ptr[word.len - 1] == ':';
    return key || is_block_header(word);
}

static bool is_mapping(struct str body)
{
    return (body.len > 0 && body.ptr[body.len - 1] == ':') ||
           str_find(body, STR_LIT(": "), 0) != SIZE_MAX;
}

/* In the text of a scalar of several lines. */
static bool in_scalar(const struct layer *layer, size_t line, size_t at)
{
    struct node_path path;
    layer_path(layer, line, at, &path);
    for (size_t i = path.len; i > 0; i--) {
        TSNode node = path.nodes[i - 1];
        if (strstr(ts_node_type(node), "scalar") != NULL && ts_node_start_byte(node) < line) {
            return true;
        }
    }
    return false;
}

void indent_yaml(
    const struct layer *layer, size_t at, const struct indent_style *style, struct buf *out)
{
    size_t start = 0;
    size_t end = 0;
    if (!line_above(&layer->text, at, &start, &end)) {
        return;
    }
    struct buf bytes = BUF_INIT;
    source_append(&layer->text, start, end - start > LINE_MAX ? start + LINE_MAX : end, &bytes);
    struct yaml_line line = read_line(buf_str(&bytes));
    bool marker = line.dash == 0 &&
                  (str_starts(buf_str(&bytes), "---") || str_starts(buf_str(&bytes), "..."));
    if (in_scalar(layer, source_skip_blanks(&layer->text, start, end), end)) {
        buf_append_repeat(out, ' ', line.dash);
    } else if (line.in_item && line.body.len == 0) {
        buf_append_repeat(out, ' ', line.content);
        buf_append_repeat(out, ' ', bytes.len > 0 && bytes.ptr[bytes.len - 1] == '-' ? 1 : 0);
    } else if (opens(line.body)) {
        bool item = line.in_item && !is_mapping(line.body);
        buf_append_repeat(out, ' ', item ? line.dash : line.content);
        indent_add_level(style, true, out);
    } else if (!marker) {
        buf_append_repeat(
            out, ' ', line.in_item && is_mapping(line.body) ? line.content : line.dash);
    }
    buf_free(&bytes);
}
