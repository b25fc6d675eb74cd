/* TOML 1.0 read through tree-sitter-toml into a tree whose every value knows its line, so that an
 * error can say where. Dates stay text. A document with a syntax error is refused with line and
 * column. */
#ifndef BYLAW_CONFIG_TOML_H
#define BYLAW_CONFIG_TOML_H

#include "base/err.h"
#include "base/str.h"

enum toml_kind {
    TOML_STRING,
    TOML_INTEGER,
    TOML_FLOAT,
    TOML_BOOL,
    TOML_DATE,
    TOML_ARRAY,
    TOML_TABLE
};

struct toml {
    enum toml_kind kind;
    char *key;           /* its name in the table that holds it; NULL in arrays and for the root */
    unsigned row, col;   /* from 1: of the key, or of the value in an array */
    char *text;          /* TOML_STRING (unescaped), TOML_DATE */
    long long integer;   /* TOML_INTEGER */
    double number;       /* TOML_INTEGER and TOML_FLOAT */
    bool boolean;        /* TOML_BOOL */
    struct toml **items; /* TOML_TABLE, TOML_ARRAY: children in the order of the file */
    size_t len, cap;
    bool closed; /* an inline table or a value array: nothing may be added later */
    bool header; /* made by a [header]: a second one of the same name is an error */
};

/* `name` is for messages. Returns the root table; the caller frees it with toml_free. At most 1
 * MiB. */
struct toml *toml_parse(struct str text, const char *name, struct err *err) MUST_USE;
void toml_free(struct toml *toml);

/* Member of a table, or NULL (also when `table` is NULL or no table). */
const struct toml *toml_get(const struct toml *table, const char *key);
/* Walks "a.b.c". */
const struct toml *toml_get_path(const struct toml *table, const char *dotted);
/* An array of strings, none of them empty. */
bool toml_is_words(const struct toml *toml);
const char *toml_kind_name(enum toml_kind kind);
/* Typed members with a fallback for a missing or mistyped one; strings are borrowed. */
const char *toml_string_or(const struct toml *table, const char *key, const char *fallback);
long long toml_integer_or(const struct toml *table, const char *key, long long fallback);
bool toml_bool_or(const struct toml *table, const char *key, bool fallback);

#endif
