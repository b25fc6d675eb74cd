/* bylaw parse and bylaw highlight: what core/syntax sees in a file. */
#include "command/command.h"

#include "base/file.h"
#include "base/json.h"
#include "base/safe.h"
#include "base/utf8.h"
#include "base/vec.h"
#include "syntax/syntax.h"

#include <stdlib.h>
#include <unistd.h>

#define FILE_MAX ((size_t)256 << 20)

struct parsed_file {
    const char *path;
    struct buf bytes;
    struct str text;
    const struct language *language;
    struct syntax *syntax;
};

static void close_file(struct parsed_file *file)
{
    syntax_free(file->syntax);
    buf_free(&file->bytes);
}

static bool read_input(const char *path, struct buf *out, struct err *err)
{
    return strcmp(path, "-") == 0 ? file_read_input(FILE_MAX, out, err)
                                  : file_read(path, FILE_MAX, out, err);
}

static bool open_file(
    const struct args *args, const char *path, struct parsed_file *file, struct err *err)
{
    const char *name = args_get(args, "language");
    *file = (struct parsed_file){.path = path};
    if (!read_input(path, &file->bytes, err)) {
        return false;
    }
    file->text = buf_str(&file->bytes);
    struct str rest = file->text;
    struct str first = str_make("", 0);
    str_next_line(&rest, &first);
    file->language = name != NULL ? language_by_name(str_of(name)) : language_of(path, first);
    if (file->language == NULL && name != NULL) {
        return err_set(err, ERR_UNSUPPORTED,
            "there is no language %s here: use rego, yaml, cel, jmespath, json, toml or markdown",
            name);
    }
    if (file->language == NULL) {
        return err_set(err, ERR_UNSUPPORTED,
            "%s: no grammar for this kind of file; name one with --language", path);
    }
    file->syntax = syntax_new(file->language, syntax_source_str(&file->text));
    return true;
}

/* ---- parse ---- */

static void print_errors(const struct parsed_file *file, const struct syntax_errors *errors)
{
    char *path = safe_dup(str_of(file->path), SAFE_ONE_LINE, 4096);
    VEC_FOREACH (const struct syntax_error, e, errors) {
        printf("%s:%zu:%zu: %s\n", path, e->row + 1, e->column + 1, e->text);
    }
    free(path);
}

static void print_outline(const struct outline *outline)
{
    VEC_FOREACH (const struct outline_entry, e, outline) {
        printf("%zu-%zu\t%s\t%s\n", e->start_row + 1, e->end_row + 1, e->kind, e->name);
    }
}

/* file:line:column-line:column, the language, and its first line. */
static void print_injections(const struct parsed_file *file)
{
    struct syntax_injections injections = {0};
    char *path = safe_dup(str_of(file->path), SAFE_ONE_LINE, 4096);
    syntax_injections(file->syntax, 0, file->text.len, &injections);
    VEC_FOREACH (const struct syntax_injection, i, &injections) {
        const TSRange *first = &i->ranges[0];
        const TSRange *last = &i->ranges[i->range_count - 1];
        char *line =
            safe_dup(str_trim_right(str_slice(file->text, first->start_byte, first->end_byte)),
                SAFE_ONE_LINE, 200);
        printf("%s:%u:%u-%u:%u\t%s%s\t%s\n", path, first->start_point.row + 1,
            first->start_point.column + 1, last->end_point.row + 1, last->end_point.column + 1,
            i->language->name, i->exact ? "" : " (not as written)", line);
        free(line);
    }
    free(path);
    syntax_injections_free(&injections);
}

/* The tree is printed as text of its own: cJSON's numbers and depth limit do not matter then. */
static void print_json(const struct parsed_file *file, const struct syntax_errors *errors,
    const struct outline *outline)
{
    cJSON *errors_json = mem_require(cJSON_CreateArray());
    cJSON *outline_json = mem_require(cJSON_CreateArray());
    VEC_FOREACH (const struct syntax_error, e, errors) {
        cJSON *item = mem_require(cJSON_CreateObject());
        json_set_int(item, "row", (long long)e->row + 1);
        json_set_int(item, "column", (long long)e->column + 1);
        json_set_int(item, "end_row", (long long)e->end_row + 1);
        json_set_int(item, "end_column", (long long)e->end_column + 1);
        json_set_string(item, "message", e->text);
        cJSON_AddItemToArray(errors_json, item);
    }
    VEC_FOREACH (const struct outline_entry, e, outline) {
        cJSON *item = mem_require(cJSON_CreateObject());
        json_set_string(item, "kind", e->kind);
        json_set_string(item, "name", e->name);
        json_set_int(item, "row", (long long)e->start_row + 1);
        json_set_int(item, "end_row", (long long)e->end_row + 1);
        cJSON_AddItemToArray(outline_json, item);
    }
    struct buf out = BUF_INIT;
    char *errors_text = json_print(errors_json);
    char *outline_text = json_print(outline_json);
    buf_append_c(&out, "{\"file\":");
    json_append_quoted(&out, str_of(file->path));
    buf_append_c(&out, ",\"language\":");
    json_append_quoted(&out, str_of(file->language->name));
    buf_printf(&out, ",\"errors\":%s,\"outline\":%s,\"trees\":", errors_text, outline_text);
    syntax_print(file->syntax, SYNTAX_TREE_JSON, &out);
    buf_append_c(&out, "}");
    puts(out.ptr);
    buf_free(&out);
    free(errors_text);
    free(outline_text);
    cJSON_Delete(errors_json);
    cJSON_Delete(outline_json);
}

/* True when the file has no syntax error. */
static bool parse_one(const struct args *args, struct parsed_file *file)
{
    struct syntax_errors errors = {0};
    struct outline outline = {0};
    syntax_index(file->syntax, 0);
    syntax_errors(file->syntax, &errors);
    syntax_outline(file->syntax, &outline);
    if (args_has(args, "json")) {
        print_json(file, &errors, &outline);
    } else if (args_has(args, "errors")) {
        print_errors(file, &errors);
    } else if (args_has(args, "injections")) {
        print_injections(file);
    } else if (args_has(args, "outline")) {
        print_outline(&outline);
    } else {
        struct buf out = BUF_INIT;
        syntax_print(file->syntax, SYNTAX_TREE_TEXT, &out);
        fputs(out.ptr == NULL ? "" : out.ptr, stdout);
        buf_free(&out);
    }
    bool clean = errors.len == 0;
    VEC_FREE(&errors);
    outline_free(&outline);
    return clean;
}

static int run_parse(const struct args *args)
{
    int code = EXIT_YES;
    if (args->count == 0) {
        return command_fail(args, "names no file");
    }
    if (args_has(args, "json") + args_has(args, "errors") + args_has(args, "outline") +
            args_has(args, "injections") >
        1) {
        return command_fail(args, "takes one of --errors, --outline, --injections and --json");
    }
    for (int i = 0; i < args->count; i++) {
        struct parsed_file file;
        struct err err = {0};
        if (!open_file(args, args->rest[i], &file, &err)) {
            code = command_fail(args, "%s", err.text);
        } else if (!parse_one(args, &file) && code == EXIT_YES) {
            code = EXIT_NO;
        }
        close_file(&file);
    }
    return code;
}

const struct command command_parse = {
    .name = "parse",
    .summary = "show the syntax tree of a file, its outline or its syntax errors",
    .usage = "[--errors|--outline|--injections|--json] [--language NAME] FILE…",
    .options =
        {
            {"errors", 'e', NULL, "only the syntax errors: file:line:column: what"},
            {"outline", 'o', NULL, "packages, rules, documents, headings: lines, kind, name"},
            {"injections", 'i', NULL, "other languages inside: place, language, first line"},
            {"json", 'j', NULL, "one JSON object a file with errors, outline and trees"},
            {"language", 'l', "NAME", "instead of the one the file's name tells"},
        },
    .description =
        "Parses Rego, YAML, CEL, JMESPath, JSON, TOML and Markdown with the grammars the editor "
        "uses and prints "
        "the named nodes of the tree, one a line, with their field names and their positions as "
        "[row, column] from 0. Rows and columns of --errors, --outline and --json count from 1; "
        "columns are bytes. In YAML, Rego, CEL and JMESPath inside policies are checked "
        "too. FILE may be - for the standard input, which needs --language.\n\n"
        "This is about syntax alone: whether a policy compiles, only its engine can say.\n\n"
        "Exits 0 when no file has a syntax error, 1 when one has, 2 when a file cannot be read or "
        "is of no known language.",
    .run = run_parse,
};

/* ---- highlight ---- */

static void print_span(
    const struct parsed_file *file, const struct syntax_span *span, size_t row, size_t line_start)
{
    struct str text = str_slice(file->text, span->start, span->end);
    size_t from = span->start;
    while (text.len > 0) {
        size_t lf = str_find_char(text, '\n', 0);
        struct str part = lf == SIZE_MAX ? text : str_slice(text, 0, lf);
        if (part.len > 0) {
            struct buf shown = BUF_INIT;
            safe_append(&shown, part, SAFE_ONE_LINE);
            printf("%zu:%zu\t%s\t%s\n", row + 1, from - line_start + 1,
                syntax_capture_name(span->capture), shown.ptr);
            buf_free(&shown);
        }
        size_t used = lf == SIZE_MAX ? text.len : lf + 1;
        from += used;
        text = str_from(text, used);
        row++;
        line_start = from;
    }
}

static int run_highlight(const struct args *args)
{
    struct parsed_file file;
    struct err err = {0};
    int code = EXIT_YES;
    if (args->count != 1) {
        return command_fail(args, "takes one file");
    }
    if (!open_file(args, args->rest[0], &file, &err)) {
        code = command_fail(args, "%s", err.text);
        goto out;
    }
    struct syntax_spans spans = {0};
    syntax_parse(file.syntax, 0, file.text.len, 0);
    syntax_highlight(file.syntax, 0, file.text.len, &spans);
    const char *bytes = file.text.len == 0 ? "" : file.text.ptr;
    size_t row = 0;
    size_t line_start = 0;
    size_t at = 0;
    VEC_FOREACH (const struct syntax_span, span, &spans) {
        for (; at < span->start; at++) {
            if (bytes[at] == '\n') {
                row++;
                line_start = at + 1;
            }
        }
        print_span(&file, span, row, line_start);
    }
    VEC_FREE(&spans);
out:
    close_file(&file);
    return code;
}

const struct command command_highlight = {
    .name = "highlight",
    .summary = "print the tokens of a file with the style each is shown in",
    .usage = "[--language NAME] FILE",
    .options =
        {
            {"language", 'l', "NAME", "instead of the one the file's name tells"},
        },
    .description =
        "Prints line:column, the capture (as in highlight queries: keyword, string, …) and the "
        "text of each token, parted by tabs; lines and columns count from 1, columns are bytes. "
        "Text without a style is left out; a token over several lines is one line for each. "
        "Languages inside (Rego in a ConstraintTemplate, CEL, a fence in Markdown) are shown as "
        "such."
        "\n\nExits 0 when it was printed, 2 when the file cannot be read or is of no known "
        "language.",
    .run = run_highlight,
};
