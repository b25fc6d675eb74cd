/* What is known of a Gatekeeper suite before it runs: which template, constraint and object each
 * case is about, what it asserts, and where no answer of gator could mean anything. Shared by the
 * two units of a suite that is run with CEL and with Rego. */
#ifndef BYLAW_ENGINE_GATOR_SUITE_H
#define BYLAW_ENGINE_GATOR_SUITE_H

#include "engine/result.h"

struct gator_case {
    struct position at; /* in the suite: what finds it */
    size_t template;    /* into templates; SIZE_MAX: cannot be read */
    char *object;       /* the fixture's path, or NULL */
    struct position object_at;
    char *expected;                     /* a line an assertion; NULL: it has none */
    char *vacuous;                      /* why a pass of it says nothing, or NULL */
    enum result_status by_cel, by_rego; /* of a dual template, once they have run */
};

struct gator_suite {
    unsigned references;
    struct {
        struct gator_case *items;
        size_t len, cap;
    } cases;
    struct {
        struct gator_suite_template {
            char *path;
            struct buf text;
            char *name, *makes;
            bool cel, rego;
            struct position at, rego_at;
        } * items;
        size_t len, cap;
    } templates;
};

struct gator_suite *gator_suite_new(void) MUST_USE;
struct gator_suite *gator_suite_share(struct gator_suite *suite) MUST_USE;
void gator_suite_release(void *data);
/* The case (or the test without cases) that stands there, or NULL. */
struct gator_case *gator_suite_find(const struct gator_suite *suite, struct position at);
/* The template of this file below root, read once; SIZE_MAX: it cannot be read or is none. */
size_t gator_suite_template(struct gator_suite *suite, const char *root, const char *path);

/* Why a constraint cannot match an object (gator_match.c), as far as that is certain from these
 * alone; NULL: it may. Texts of YAML files; an AdmissionReview counts as the object in it, and only
 * its kind is looked at. `inventory` is what the case puts beside the object, one file behind the
 * other with `---` between them: a Namespace in it has the labels that namespaceSelector is about.
 * The caller frees. */
char *gator_never_matches(struct str constraint, struct str object, struct str inventory) MUST_USE;

#endif
