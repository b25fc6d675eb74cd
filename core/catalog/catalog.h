/* The catalog: the symbols of all files of a workspace, and what an editor asks of them. This
 * header is all that a caller needs: it keeps the catalog up to date (below), then asks:
 * definition, references, callers, hover, outline, the tests of a rule and the rules of a test,
 * completion, rename.
 *
 * What it is made of: policy/symbols.h reads one file (any thread, never changed afterwards);
 * catalog.c holds the tables of all files, in which replacing a file costs what that file has;
 * indexer.h feeds it from the workspace and from unsaved buffers on workers.
 *
 *     struct indexer *indexer = indexer_new(loop, workspace, on_change, data);
 *     indexer_take_event(indexer, event);              in the workspace's on_event
 *     indexer_set_buffer(indexer, "a.rego", text);     an editor's text changed (debounce it)
 *     indexer_drop_buffer(indexer, "a.rego");          saved and closed, or thrown away
 *     struct catalog *catalog = indexer_catalog(indexer);
 *
 * Loop thread only, unless a function says otherwise. No function here reads a file or waits. With
 * two thousand files each takes about a millisecond, a reference with a thousand answers nine, so
 * they may run on a key press. Nothing is
 * evaluated: what a reference means is decided by names and scopes as OPA's compiler does, and a
 * value that is put together while a policy runs (`data[x]`) is not followed.
 *
 * Rows and columns count from 0, columns are bytes. Paths are relative to the workspace. Strings in
 * answers are safe to show (base/safe.h) but for paths. */
#ifndef BYLAW_CATALOG_CATALOG_H
#define BYLAW_CATALOG_CATALOG_H

#include "patch/change.h"
#include "patch/source.h"
#include "policy/symbols.h"

struct catalog;
struct builtins; /* builtins.h */

struct catalog *catalog_new(void) MUST_USE;
void catalog_free(struct catalog *catalog);
/* Replaces what is known of a file; takes the reference over. indexer.h calls it. */
void catalog_put(struct catalog *catalog, const char *path, struct policy_symbols *symbols);
void catalog_remove(struct catalog *catalog, const char *path);
/* The functions of the engine; borrowed until replaced. NULL: none known (yet). */
void catalog_set_builtins(struct catalog *catalog, const struct builtins *builtins);
/* Counts changes: an answer of an older generation may be stale. */
unsigned catalog_generation(const struct catalog *catalog);
/* What is known of a file; NULL: nothing. Borrowed until the file changes. */
const struct policy_symbols *catalog_symbols_of(const struct catalog *catalog, const char *path);

/* ---- places ---- */

/* A place and what stands there. */
struct catalog_place {
    char *path;
    enum symbol_kind kind;
    char *name;                /* "deny", "k8s.privileged", "memory-limit" */
    char *container;           /* the package or policy it is part of, or "" */
    char *detail;              /* head of a rule, apiVersion of an object, …; or "" */
    struct symbol_range at;    /* the name: where the cursor goes */
    struct symbol_range whole; /* all of the definition; for a reference the name again */
    bool defines;              /* a definition among references */
    unsigned distance; /* tests: 0 it refers to the rule itself, 1 through another rule, … */
};

struct catalog_places {
    struct catalog_place *items;
    size_t len, cap;
};
void catalog_places_free(struct catalog_places *places);

/* Where somebody points. `text` is the file as the editor has it: when the catalog knows another
 * one, it is read first (up to 64 KiB; a larger one is asked for as it is known). A NULL ptr: as
 * it is known. A text that differs from the file is an editor's: call indexer_set_buffer for it
 * too, so that indexer_drop_buffer can bring the file back. */
struct catalog_cursor {
    const char *path;
    struct str text;
    size_t row, col;
};

/* The next question about the cursor would read its text first, on the thread that asks. Whoever
 * does not want that puts what policy_symbols_parse makes of it (catalog_put). */
bool catalog_would_read(const struct catalog *catalog, const struct catalog_cursor *cursor);

/* What the name under the cursor is. */
struct catalog_symbol {
    enum symbol_kind kind;
    char *key;  /* policy/symbols.h; of a built-in "builtin/NAME"; NULL for a variable */
    char *name; /* its own name: the last part of the key, the variable's name */
    struct symbol_range at; /* the name under the cursor */
    uint32_t local;         /* SYMBOL_VARIABLE: into the file's locals */
    uint32_t use;           /* into the file's uses */
};
/* False: no name, or `input`, or a field of a value. */
bool catalog_symbol_at(struct catalog *catalog, const struct catalog_cursor *cursor,
    struct catalog_symbol *out) MUST_USE;
void catalog_symbol_free(struct catalog_symbol *symbol);

/* Appends where it is defined, the nearest first (this file, then by folders in common). A rule
 * with several bodies, and a package of several files, have as many. A constraint's kind leads to
 * its template, a suite's names to the policy and its rule, `data.x` to the data file where no rule
 * has that name. Nothing for a built-in. */
void catalog_definition(
    struct catalog *catalog, const struct catalog_cursor *cursor, struct catalog_places *out);
/* Appends every place that names it, definitions among them, by path and place. */
void catalog_references(
    struct catalog *catalog, const struct catalog_cursor *cursor, struct catalog_places *out);
/* Appends the rules (tests too) that refer to it: their definitions, each once. */
void catalog_callers(
    struct catalog *catalog, const struct catalog_cursor *cursor, struct catalog_places *out);
/* The other way: the rules and functions that the definition under or around the cursor uses. */
void catalog_callees(
    struct catalog *catalog, const struct catalog_cursor *cursor, struct catalog_places *out);

/* Appends the tests that reach the rule under or around the cursor, by reference: directly, through
 * other rules, or as part of its whole package; nearest first. The Kyverno and gator suites of a
 * policy or template count as its tests. */
void catalog_tests(
    struct catalog *catalog, const struct catalog_cursor *cursor, struct catalog_places *out);
/* Appends the rules that the test under or around the cursor reaches, rules of other packages
 * first, nearest first. */
void catalog_tested(
    struct catalog *catalog, const struct catalog_cursor *cursor, struct catalog_places *out);
/* Appends the files that tests of this file's folder use: those that a suite names, and what lies
 * in folders named testdata, fixtures, … beside or below it. name is the path's last part. */
void catalog_fixtures(const struct catalog *catalog, const char *path, struct catalog_places *out);

/* Appends the definitions of one file in order. */
void catalog_outline(const struct catalog *catalog, const char *path, struct catalog_places *out);

/* Calls `each` for every definition of the workspace, files by path; strings are borrowed from the
 * catalog. False from `each` stops. For a finder. */
struct catalog_entry {
    const char *path;
    const struct symbol_definition *definition;
    const char *container; /* as in a place */
};
void catalog_each(const struct catalog *catalog,
    bool (*each)(void *data, const struct catalog_entry *entry), void *data);
/* Calls `each` for every file by path. */
void catalog_each_file(const struct catalog *catalog,
    bool (*each)(void *data, const char *path, const struct policy_symbols *symbols), void *data);
/* The same one at a time: NULL behind the last. Places stay while the generation does. */
const struct policy_symbols *catalog_file_at(
    const struct catalog *catalog, size_t place, const char **path);

struct catalog_counts {
    size_t files, packages, rules, tests, policies, templates, constraints, objects, controls;
};
struct catalog_counts catalog_count(const struct catalog *catalog);

/* Appends Markdown about what is under the cursor: signature, METADATA, comments, where it is
 * defined, its tests. `status` gives a test's last result as a word ("pass", "fail"; NULL: not
 * known); it may be NULL. False: nothing to say. */
typedef const char *(*catalog_status)(void *data, const struct catalog_place *test);
bool catalog_hover(struct catalog *catalog, const struct catalog_cursor *cursor,
    catalog_status status, void *data, struct buf *markdown) MUST_USE;

/* ---- rename (rename.c) ---- */

/* The places a rename changes. Taken over by catalog_rename_free. */
struct catalog_rename {
    char *from, *to; /* as shown */
    struct rename_edits {
        struct rename_edit {
            char *path;
            uint32_t start, len; /* bytes to replace */
            char *text;
        } * items;
        size_t len, cap;
    } edits;
    struct rename_files {
        struct rename_file {
            char *path;
            uint64_t hash; /* str_hash of the text the edits are for */
        } * items;
        size_t len, cap;
    } files;
    char *mention;    /* how texts that are no references name it ("lib.k8s.pods"); NULL: not */
    struct buf notes; /* for the engineer, a line each: "conftest asks for rules named deny" */
};
void catalog_rename_free(struct catalog_rename *rename);

/* Plans to rename the variable, rule, function, package, Kyverno policy or rule, or template kind
 * under the cursor. A package's new name may have dots. False with a reason when it cannot be done
 * so that everything means the same: no such name, an invalid or a taken name, a name that would
 * mean something else somewhere, a reference put together at run time that may reach it. */
bool catalog_rename_plan(struct catalog *catalog, const struct catalog_cursor *cursor,
    struct str new_name, struct catalog_rename *out, struct err *err) MUST_USE;
/* Any thread (it reads files: use a worker). Makes the changes against the files as `workspace` has
 * them. ERR_CONFLICT: a file is not as the plan knew it (also: it has unsaved edits). The result is
 * what proposals_propose (agent/proposals.h) takes. */
bool catalog_rename_changes(const struct catalog_rename *rename,
    const struct patch_source *workspace, struct changes *out, struct err *err) MUST_USE;

/* Any thread (it reads these files: use a worker). Adds a note about places that name it without
 * being a reference (comments, strings, documentation), which stay as they are. */
void catalog_rename_mentions(struct catalog_rename *rename, const struct patch_source *workspace,
    char *const *paths, size_t count);

/* ---- completion (complete.c) ---- */

enum completion_kind {
    COMPLETION_PACKAGE,
    COMPLETION_RULE,
    COMPLETION_FUNCTION,
    COMPLETION_VARIABLE,
    COMPLETION_IMPORT,
    COMPLETION_BUILTIN,
    COMPLETION_KEYWORD,
    COMPLETION_SNIPPET,
    COMPLETION_FIELD,
    COMPLETION_NAME /* a policy, a rule or a kind in YAML */
};
const char *completion_kind_name(enum completion_kind kind);

struct completion {
    enum completion_kind kind;
    char *label;  /* shown */
    char *insert; /* goes into the text; in a snippet one "$0" says where the cursor stays */
    char *detail; /* one line: a signature, "string · nginx:1.25" */
    char *docs;   /* Markdown, or NULL */
    int score;    /* higher is better */
};

struct completions {
    struct completion *items; /* best first, at most COMPLETIONS_MAX */
    size_t len, cap;
    size_t replace_from, replace_to; /* columns of the cursor's row that `insert` replaces */
};
enum { COMPLETIONS_MAX = 200 };
void completions_free(struct completions *completions);
/* What can stand at the cursor; cursor.text must be the text. */
void catalog_complete(
    struct catalog *catalog, const struct catalog_cursor *cursor, struct completions *out);

#endif
