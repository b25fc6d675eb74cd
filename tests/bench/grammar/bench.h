/* The parts of `scripts/bench grammar`. Each takes the names of Rego files. */
#ifndef BYLAW_BENCH_H
#define BYLAW_BENCH_H

#include "base/err.h"
#include "base/str.h"

#include <tree_sitter/api.h>

struct files {
    char **items; /* owned */
    size_t len, cap;
};

const TSLanguage *tree_sitter_rego(void);

/* A parser for Rego; ends the program when the language does not fit the library. */
TSParser *bench_parser(void);
TSTree *bench_parse(TSParser *parser, const TSTree *old, struct str source);
/* Reads a file; prints why and returns false when that fails. Clears `source` first. */
bool bench_read(const char *path, struct buf *source);
/* `opa parse` of the file, version being "" or "--v0-compatible": true when it accepts it. Appends
 * what it prints to `output` when that is not NULL. Ends the program when opa cannot be run. */
bool bench_opa(const char *path, const char *version, struct buf *output);
/* Processor time of this process in seconds. */
double bench_seconds(void);

/* Each returns the process's exit code. */
int bench_errors(const struct files *files);
int bench_compare(const struct files *files);
int bench_speed(const struct files *files);
int bench_keystroke(const struct files *files);
int bench_damage(const struct files *files);
/* The files are OPA's YAML test cases; makes `dir` and puts each module into a file there. */
int bench_modules(const char *dir, const struct files *files);
/* Judges `runs` mutants of the files; FUZZ_SEED chooses others. */
int bench_differ(const char *runs, const struct files *files);

#endif
