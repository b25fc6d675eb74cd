/* What the files gator_apply*.c share; not for others. */
#ifndef BYLAW_ENGINE_GATOR_APPLY_PRIVATE_H
#define BYLAW_ENGINE_GATOR_APPLY_PRIVATE_H

#include "engine/gator_apply.h"

#include "base/json.h"
#include "base/vec.h"
#include "loop/process.h"
#include "policy/yaml_tree.h"
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
    struct buf text; /* of templates the whole file's: where errors are placed; of resources its own
                      */
    TSTree *tree;    /* of a resource's, once it has to be told from others of its name */
    char *api, *type, *space, *name;
    char *makes; /* a template's */
    bool cel, rego;
    size_t template; /* a constraint's, into docs; SIZE_MAX: none */
    char *action;    /* a constraint's, at gator's enforcement point; NULL: none there */
    size_t twin;   /* a resource's: the first that is written alike; decided is on that one only */
    size_t round;  /* a resource's: in which of the calls it is looked at */
    bool apart;    /* a resource's: its content does not tell it from others of its name */
    char *refused; /* why gator does not take it, or NULL */
    char *rego_refused; /* a template with both: why it does not take its Rego */
    struct position refused_at;
};

struct gator_violation {
    size_t constraint, resource; /* into docs */
    size_t number;               /* as they were reported */
    bool by_rego;                /* in the second run of a template with both */
    char *action, *message;
};

/* One call of gator: all policies and these resources. Of two of one name gator's answer tells by
 * its content which it is about. In several rounds they are looked at where that does not do: where
 * it cannot be told, where a policy looks at what else there is (the later one of a name takes the
 * earlier one's place), and of namespaces, for a resource is in one of that name. */
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
/* gator_apply_same.c: which resource of the call an object of gator's answer is; SIZE_MAX: none.
 * False: it can be several. */
bool gator_apply_tell(struct gator_apply *apply, const struct gator_call *call, const cJSON *object,
    size_t *resource);
/* Parts the call, which is the last one, so that it has no two of one name which gator_apply_tell
 * could not tell apart; false: it had none. */
bool gator_apply_part(struct gator_apply *apply);
/* The same kind, namespace and name. */
bool gator_doc_same(const struct gator_doc *a, const struct gator_doc *b);
/* A template reads what else there is in the cluster. */
bool gator_apply_looks_around(const struct gator_apply *apply);
/* Sets each resource's twin and round. */
void gator_apply_arrange(struct gator_apply *apply);
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
