/* What the files gator_apply*.c share; not for others. */
#ifndef BYLAW_ENGINE_GATOR_APPLY_PRIVATE_H
#define BYLAW_ENGINE_GATOR_APPLY_PRIVATE_H

#include "engine/gator_apply.h"

#include "base/vec.h"
#include "loop/process.h"
#include "workspace/scratch.h"

#include <stdatomic.h>

enum gator_doc_kind {
    DOC_TEMPLATE,
    DOC_CONSTRAINT,
    DOC_OTHER, /* expansion templates, Gatekeeper's settings: given to gator, decided on nothing */
    DOC_RESOURCE
};

/* A document of a file that was given, written to the scratch folder as NUMBER.yaml. */
struct gator_doc {
    enum gator_doc_kind kind;
    char *file;
    struct position at;
    struct buf text; /* the whole file's, of templates: where errors are placed */
    char *api, *type, *space, *name;
    char *makes; /* a template's */
    bool cel, rego;
    size_t template;    /* a constraint's, into docs; SIZE_MAX: none */
    char *action;       /* a constraint's, at gator's enforcement point; NULL: none there */
    size_t round;       /* a resource's: how many of its name come before it */
    char *refused;      /* why gator does not take it, or NULL */
    char *rego_refused; /* a template with both: why it does not take its Rego */
    struct position refused_at;
};

struct gator_violation {
    size_t constraint, resource; /* into docs */
    bool by_rego;                /* in the second run of a template with both */
    char *action, *message;
};

/* One call of gator: all policies and these resources, no two of one name. */
struct gator_call {
    struct {
        size_t *items;
        size_t len, cap;
    } resources;
    bool rego; /* CEL switched off, only templates with both */
    size_t round;
};

struct gator_apply {
    struct loop *loop;
    void (*done)(void *data, const struct gator_application *application);
    void *data;
    char *program, *dir;
    struct gator_paths {
        char **items;
        size_t len, cap;
    } policies, resources;
    struct scratch scratch;
    struct err err;
    atomic_bool cancelled;
    struct process *process;
    struct loop_work *work;
    struct {
        struct gator_doc *items;
        size_t len, cap;
    } docs;
    struct {
        struct gator_call *items;
        size_t len, cap;
    } calls; /* still to be made; the last one is under way */
    struct buf out, errout;
    int exit_code;
    struct {
        struct gator_violation *items;
        size_t len, cap;
    } violations;
    bool *matched; /* by constraint doc * docs + resource doc */
    struct gator_application application;
};

/* gator_apply.c */
struct gator_apply *gator_apply_new(
    struct loop *loop, const struct gator_apply_options *options) MUST_USE;
void gator_apply_release(struct gator_apply *apply);
/* gator_apply_read.c, on a worker: fills docs and the scratch folder. False: apply->err. */
bool gator_apply_read(struct gator_apply *apply);
/* The same kind, namespace and name. */
bool gator_doc_same(const struct gator_doc *a, const struct gator_doc *b);
/* gator_apply_answer.c, on a worker: takes what a call printed. True: nothing more is to be asked
 * about it; false: it is to be made again (something is refused now), or in parts. */
bool gator_apply_take(struct gator_apply *apply, struct gator_call *call);
/* What gator said went wrong, without its warnings about names that are there twice. */
void gator_apply_reason(struct str errout, struct buf *reason);
/* Makes the decisions and findings. */
void gator_apply_decide(struct gator_apply *apply);

#define GATOR_DOC_NAME   "bylaw-%zu"
#define GATOR_PROBE_NAME "bylaw-probe-%zu"
#define GATOR_PROBE_KIND "BylawMatchProbe"

#endif
