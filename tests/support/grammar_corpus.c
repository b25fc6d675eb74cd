#include "grammar_corpus.h"

#include "base/file.h"
#include "base/path.h"
#include "base/vec.h"

#include <dirent.h>

/* One blank between words and none beside parentheses, so that layouts compare equal. */
static char *normalised(struct str sexp)
{
    struct buf out = BUF_INIT;
    bool blank = false;
    for (size_t i = 0; i < sexp.len; i++) {
        char c = sexp.ptr[i];
        if (c == ' ' || c == '\n' || c == '\r') {
            blank = out.len > 0;
            continue;
        }
        if (blank && c != ')' && out.ptr[out.len - 1] != '(') {
            buf_append_char(&out, ' ');
        }
        blank = false;
        buf_append_char(&out, c);
    }
    return buf_take(&out);
}

static bool is_rule(struct str line, char c)
{
    line = str_trim_right(line);
    for (size_t i = 0; i < line.len; i++) {
        if (line.ptr[i] != c) {
            return false;
        }
    }
    return line.len >= 3;
}

/* Reads up to the line of `c`s; false at the end of the text. */
static bool until_rule(struct str *rest, char c, struct str *part)
{
    const char *start = rest->ptr;
    struct str line;
    while (str_next_line(rest, &line)) {
        if (is_rule(line, c)) {
            *part = str_make(start, (size_t)(line.ptr - start));
            return true;
        }
    }
    *part = str_make(start, (size_t)(rest->ptr - start));
    return false;
}

/* Cuts the next example off *rest, which begins behind its first line of `=`. */
static bool next_example(struct str *rest, struct grammar_example *example)
{
    struct str header;
    if (rest->len == 0 || !until_rule(rest, '=', &header)) {
        return false;
    }
    assert_true(str_next_line(&header, &example->name));
    example->error = str_equal_c(str_trim(header), ":error");
    assert_true(until_rule(rest, '-', &example->code));
    until_rule(rest, '=', &example->tree);
    /* tree-sitter drops the empty lines around the code. */
    if (str_starts(example->code, "\n")) {
        example->code = str_from(example->code, 1);
    }
    return true;
}

void grammar_check_example(TSParser *parser, const struct grammar_example *example)
{
    TSTree *tree =
        ts_parser_parse_string(parser, NULL, example->code.ptr, (uint32_t)example->code.len);
    assert_non_null(tree);
    TSNode root = ts_tree_root_node(tree);
    if (example->error != ts_node_has_error(root)) {
        fail_msg("%.*s: %s", STR_FMT(example->name), example->error ? "no error" : "an error");
    }
    if (!example->error) {
        char *sexp = ts_node_string(root);
        char *got = normalised(str_of(sexp)), *expected = normalised(example->tree);
        if (strcmp(got, expected) != 0) {
            fail_msg("%.*s:\nexpected %s\ngot      %s", STR_FMT(example->name), expected, got);
        }
        free(sexp);
        free(got);
        free(expected);
    }
    ts_tree_delete(tree);
}

struct corpus {
    struct buf *items; /* whole files */
    size_t len, cap;
};

static struct corpus load_corpus(const char *folder)
{
    struct corpus corpus = {0};
    struct err err = {0};
    char *dir = test_source_path(folder);
    DIR *handle = opendir(dir);
    struct dirent *entry;
    assert_non_null(handle);
    while ((entry = readdir(handle)) != NULL) {
        if (entry->d_name[0] != '.') {
            char *path = path_join(dir, entry->d_name);
            struct buf text = BUF_INIT;
            assert_ok(file_read(path, 1 << 20, &text, &err), err);
            VEC_PUSH(&corpus, text);
            free(path);
        }
    }
    closedir(handle);
    free(dir);
    return corpus;
}

size_t grammar_each_example(
    const char *folder, void (*check)(const struct grammar_example *example))
{
    struct corpus corpus = load_corpus(folder);
    size_t count = 0;
    VEC_FOREACH (struct buf, file, &corpus) {
        struct str rest = buf_str(file), first;
        struct grammar_example example = {0};
        assert_true(str_next_line(&rest, &first) && is_rule(first, '='));
        while (next_example(&rest, &example)) {
            check(&example);
            count++;
        }
        buf_free(file);
    }
    VEC_FREE(&corpus);
    return count;
}
