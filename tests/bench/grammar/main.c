/* Measures the Rego grammar; the names of the files come on standard input, one a line.
 * scripts/bench.d/grammar calls it. */
#include "bench.h"

#include "base/file.h"
#include "base/vec.h"

#include <stdio.h>
#include <time.h>

TSParser *bench_parser(void)
{
    TSParser *parser = ts_parser_new();
    if (!ts_parser_set_language(parser, tree_sitter_rego())) {
        fprintf(stderr, "bench: this libtree-sitter does not take the grammar's ABI\n");
        exit(1);
    }
    return parser;
}

TSTree *bench_parse(TSParser *parser, const TSTree *old, struct str source)
{
    return ts_parser_parse_string(parser, old, source.ptr, (uint32_t)source.len);
}

bool bench_read(const char *path, struct buf *source)
{
    struct err err = {0};
    buf_clear(source);
    if (!file_read(path, 64 << 20, source, &err)) {
        fprintf(stderr, "bench: %s\n", err.text);
        return false;
    }
    return true;
}

double bench_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void read_names(struct files *files)
{
    char *line = NULL;
    size_t cap = 0;
    ssize_t len;
    while ((len = getline(&line, &cap, stdin)) > 0) {
        line[strcspn(line, "\n")] = 0;
        VEC_PUSH(files, str_dup(str_of(line)));
    }
    free(line);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*run)(const struct files *files);
    } parts[] = {
        {"errors", bench_errors},
        {"compare", bench_compare},
        {"speed", bench_speed},
        {"keystroke", bench_keystroke},
        {"damage", bench_damage},
    };
    struct files files = {0};
    int code = 2;
    bool modules = argc == 3 && strcmp(argv[1], "modules") == 0;
    bool known = modules || (argc == 3 && strcmp(argv[1], "differ") == 0);
    if (known) {
        read_names(&files);
        code = modules ? bench_modules(argv[2], &files) : bench_differ(argv[2], &files);
    }
    for (size_t i = 0; argc == 2 && i < sizeof parts / sizeof *parts; i++) {
        if (strcmp(argv[1], parts[i].name) == 0) {
            known = true;
            read_names(&files);
            code = parts[i].run(&files);
        }
    }
    if (!known) {
        fprintf(stderr, "usage: bench-grammar errors|compare|speed|keystroke|damage|modules "
                        "DIR|differ RUNS <FILE-NAMES\n");
    }
    VEC_FOREACH (char *, name, &files) {
        free(*name);
    }
    VEC_FREE(&files);
    return code;
}
