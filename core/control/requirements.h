/* A requirements matrix: which controls are asked for, as a compliance team hands it over. Read
 * from CSV (csv.h says which) with its columns found by name, or from an OSCAL catalogue in JSON
 * (oscal.h). All that a file says is anybody's text: valid UTF-8, bounded, not made visible yet.
 *
 * A control is the same when framework, version and id are; one that stands twice is an error with
 * both lines, as is a row with a text and no id. Any thread. */
#ifndef BYLAW_CONTROL_REQUIREMENTS_H
#define BYLAW_CONTROL_REQUIREMENTS_H

#include "base/err.h"
#include "base/str.h"

struct requirement {
    char *id;          /* "5.2.2", "K8S-01"; never empty. All are owned by the list */
    char *label;       /* what people call it where that differs ("AC-2(1)" of ac-2.1), or NULL */
    char *title;       /* a short one, or NULL */
    char *text;        /* what is asked for, may have line ends; "" when the file has no words */
    char *framework;   /* "cis-k8s", or "" */
    char *version;     /* "1.9", or "" */
    char *section;     /* "5.2", a group's title, or "" */
    char *admission;   /* yes, partial, no, host (benchmark.h), or "" when the file does not say */
    char *policy_type; /* gatekeeper, kyverno, conftest … when the file says (`bylaw gap` does) */
    char *complexity;  /* low, medium, high, likewise; "" else */
    char *status;      /* what `bylaw gap` said of it; "" else */
    char *terms;       /* words it is also known by; "" else */
    char *note;        /* what is wrong with the number (cover.h), or NULL */
    size_t line;       /* of the file, from 1; 0: of an OSCAL catalogue */
};

struct requirements {
    struct requirement *items; /* in the file's order */
    size_t len, cap;
    char *name; /* of the file, for messages */
};

/* What a column can be told to be: `--map id=Control,description=Text`. */
enum requirement_field {
    REQUIREMENT_ID,
    REQUIREMENT_TEXT, /* "description" */
    REQUIREMENT_TITLE,
    REQUIREMENT_FRAMEWORK,
    REQUIREMENT_VERSION,
    REQUIREMENT_SECTION,
    REQUIREMENT_ADMISSION,
    REQUIREMENT_TYPE,
    REQUIREMENT_COMPLEXITY,
    REQUIREMENT_STATUS,
    REQUIREMENT_TERMS,
    REQUIREMENT_FIELDS
};

struct requirements_map {
    char *columns[REQUIREMENT_FIELDS]; /* a column's name, owned; NULL: found by the usual names */
};

/* Adds "id=Control,description=Text" to the map (later wins); the names of fields are id,
 * description, title, framework, version, section, admission, type, complexity, status, terms. */
bool requirements_map_add(struct requirements_map *map, struct str text, struct err *err) MUST_USE;
void requirements_map_free(struct requirements_map *map);

enum requirements_want {
    WANT_TEXT = 1 /* a CSV without a column of descriptions or titles is an error */
};

/* At most 200,000 controls and 256 MiB of what is kept of them. */
bool requirements_read(const char *path, const struct requirements_map *map, unsigned want,
    struct requirements *out, struct err *err) MUST_USE;
/* The same of a text: a JSON object is an OSCAL catalogue, anything else CSV. `map` may be NULL. */
bool requirements_parse(struct str text, const char *name, const struct requirements_map *map,
    unsigned want, struct requirements *out, struct err *err) MUST_USE;
void requirements_free(struct requirements *requirements);
/* Keeps the first `count`. */
void requirements_cut(struct requirements *requirements, size_t count);

/* For readers of other forms: takes what `requirement` owns over (missing strings become ""). False
 * on a double, or when there are too many. */
struct requirements_index;
struct requirements_index *requirements_index_new(struct requirements *out) MUST_USE;
void requirements_index_free(struct requirements_index *index);
bool requirements_add(
    struct requirements_index *index, struct requirement requirement, struct err *err) MUST_USE;

/* The first with this id or label, without regard to case, or NULL. Walks the list. */
const struct requirement *requirements_find(const struct requirements *requirements, struct str id);
/* Takes a copy of `from` where a requirement says nothing yet. */
void requirement_fill(char **field, const char *from);
/* Title and text as one: "TITLE: TEXT", or the one there is. The caller frees. */
char *requirement_words(const struct requirement *requirement) MUST_USE;
/* What it is recognised by: its terms, where it has some, else its words. The caller frees. */
char *requirement_known_by(const struct requirement *requirement) MUST_USE;
/* One of "5.2.1,5.2.*,K8S-01" names it (by id or label; '*' stands for any end). */
bool requirement_is_among(const struct requirement *requirement, struct str only);

#endif
