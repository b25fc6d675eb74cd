/* The languages we can parse: one row each of the table in language.c, so that a new language is a
 * grammar in grammars/, its queries, and a line there. */
#ifndef BYLAW_SYNTAX_LANGUAGE_H
#define BYLAW_SYNTAX_LANGUAGE_H

#include "base/str.h"

#include <tree_sitter/api.h>

struct language {
    const char *name;       /* "rego"; what fences, injections and the editor's border call it */
    const char *title;      /* "Rego"; what messages call it */
    const char *names;      /* other names in fences, separated by blanks */
    const char *extensions; /* ".yaml .yml", separated by blanks; NULL: never chosen by a path */
    const char *files;      /* whole file names, or NULL */
    const char *comment;    /* what begins a comment to the line's end, or NULL */
    const char *queries;    /* folder in grammar_queries[] */
    const TSLanguage *(*grammar)(void);
    /* The text is a stream of documents (YAML): one tree for each. See syntax.h. */
    bool documents;
    /* Its scanner looks further ahead than tree-sitter can tell, so that a tree made from an older
     * one can differ from a fresh one: always parsed afresh. */
    bool afresh;
    /* The text is one expression (CEL), not statements. */
    bool expression;
};

/* All rows, ended by a NULL name. Static. */
extern const struct language languages[];

/* By the path's file name or extension; for a path without an extension by the first line ("---",
 * "package x", "{"). NULL: plain text. */
const struct language *language_of(const char *path, struct str first_line);
/* What begins a comment to the line's end, also of files that we have no grammar for (`language`
 * NULL: HCL, Go, …), by their path; or NULL. */
const char *language_comment(const struct language *language, const char *path);
/* By the name a fence or an injection uses, in any case; NULL when we do not have it. */
const struct language *language_by_name(struct str name);
/* The text of one query file ("highlights.scm"), empty when the language has none. Static. */
struct str language_query(const struct language *language, const char *file);

#endif
