/* Differential fuzzing: mutates files a token at a time and asks opa (v1, then v0) and our parser
 * about each. What OPA accepts and we do not is printed; so is, as a count, the other direction. */
#include "bench.h"

#include "base/file.h"
#include "base/vec.h"

#include <ctype.h>
#include <stdio.h>
#include <unistd.h>

enum { SOURCE_MAX = 4000, MUTATIONS = 3 };

static unsigned long long state = 1;

static size_t below(size_t bound)
{
    state = state * 6364136223846793005ull + 1442695040888963407ull;
    return bound == 0 ? 0 : (size_t)(state >> 33) % bound;
}

struct tokens {
    struct str *items;
    size_t len, cap;
};

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

/* Words, strings, runs of blanks and single characters; enough to cut a text where it matters. */
static size_t token_length(struct str rest)
{
    size_t len = 1;
    char first = rest.ptr[0];
    if (first == '"') {
        while (len < rest.len && rest.ptr[len] != '\n' && rest.ptr[len] != '"') {
            len += rest.ptr[len] == '\\' && len + 1 < rest.len ? 2 : 1;
        }
        return len < rest.len ? len + 1 : len;
    }
    while (len < rest.len &&
           ((is_word(first) && is_word(rest.ptr[len])) || (first == ' ' && rest.ptr[len] == ' '))) {
        len++;
    }
    return len;
}

static void tokenise(struct str text, struct tokens *tokens)
{
    while (text.len > 0) {
        size_t len = token_length(text);
        VEC_PUSH(tokens, str_make(text.ptr, len));
        text = str_from(text, len);
    }
}

static void mutate(struct tokens *tokens)
{
    static const char *const pool[] = {"if", "contains", "not", "some", "every", "in", "with", "as",
        "else", "default", "import", "package", "{", "}", "[", "]", "(", ")", "|", ",", ";", ":",
        ":=", "=", "==", "+", "-", ".", "\n", " ", "x", "input.x", "1", "\"s\"", "`r`",
        "$\"a {x} b\"", "# c\n", "set()", "{}", "null", "&", "f(x)", "[x | x]",
        "every x in xs { x }", "some x in xs", "not x", "with input as 1", ".5", "p.q[x]"};
    size_t at = below(tokens->len), other = below(tokens->len);
    struct str picked = str_of(pool[below(sizeof pool / sizeof *pool)]);
    switch (below(5)) {
    case 0:
        VEC_REMOVE(tokens, at);
        break;
    case 1:
        VEC_INSERT(tokens, at, picked);
        break;
    case 2:
        tokens->items[at] = picked;
        break;
    case 3: {
        struct str moved = tokens->items[at];
        tokens->items[at] = tokens->items[other];
        tokens->items[other] = moved;
        break;
    }
    default: {
        struct str copy = tokens->items[at];
        VEC_INSERT(tokens, other, copy);
    }
    }
}

static void mutant_of(struct str source, struct buf *mutant)
{
    struct tokens tokens = {0};
    tokenise(source, &tokens);
    for (size_t i = 1 + below(MUTATIONS); i > 0 && tokens.len > 0; i--) {
        mutate(&tokens);
    }
    buf_clear(mutant);
    VEC_FOREACH (struct str, token, &tokens) {
        buf_append_str(mutant, *token);
    }
    VEC_FREE(&tokens);
}

static bool opa_accepts(const char *path)
{
    return bench_opa(path, "", NULL) || bench_opa(path, "--v0-compatible", NULL);
}

struct verdicts {
    size_t both, neither, only_opa, only_ours;
};

static void judge(
    TSParser *parser, const struct buf *mutant, const char *path, struct verdicts *all)
{
    struct err err = {0};
    if (!file_write(path, buf_str(mutant), 0600, &err)) {
        fprintf(stderr, "bench: %s\n", err.text);
        exit(1);
    }
    TSTree *tree = bench_parse(parser, NULL, buf_str(mutant));
    bool ours = !ts_node_has_error(ts_tree_root_node(tree));
    bool opa = opa_accepts(path);
    ts_tree_delete(tree);
    all->both += ours && opa;
    all->neither += !ours && !opa;
    all->only_ours += ours && !opa;
    all->only_opa += !ours && opa;
    if (!ours && opa) {
        printf("--- accepted by opa, an error to us:\n%.*s\n", STR_FMT(buf_str(mutant)));
    } else if (ours && !opa && getenv("BENCH_VERBOSE") != NULL) {
        printf("--- rejected by opa, no error to us:\n%.*s\n", STR_FMT(buf_str(mutant)));
    }
}

int bench_differ(const char *runs, const struct files *files)
{
    char path[] = "/tmp/bylaw-differ-XXXXXX.rego";
    int fd = mkstemps(path, 5);
    const char *seed = getenv("FUZZ_SEED");
    struct buf source = BUF_INIT, mutant = BUF_INIT;
    struct verdicts all = {0};
    TSParser *parser = bench_parser();
    if (fd < 0) {
        perror(path);
        return 1;
    }
    close(fd);
    state = seed == NULL ? 1 : strtoull(seed, NULL, 10);
    for (long left = strtol(runs, NULL, 10); left > 0 && files->len > 0; left--) {
        if (bench_read(files->items[below(files->len)], &source) && source.len <= SOURCE_MAX) {
            mutant_of(buf_str(&source), &mutant);
            judge(parser, &mutant, path, &all);
        }
    }
    printf("= both-accept %zu both-reject %zu only-opa-accepts %zu only-we-accept %zu\n", all.both,
        all.neither, all.only_opa, all.only_ours);
    unlink(path);
    buf_free(&source);
    buf_free(&mutant);
    ts_parser_delete(parser);
    return 0;
}
