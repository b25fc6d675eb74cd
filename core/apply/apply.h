/* Every policy of a folder applied to every fixture of it: what is decided about which document,
 * and with which words. The engines decide; here is only what they are asked, in batches, and what
 * their answers mean as one verdict.
 *
 * A fixture is a document: of a YAML or JSON file in a folder of test data, a Kubernetes manifest
 * wherever it stands, what a chart or an overlay renders to (render.h), a Terraform plan. A policy
 * is what an engine can be asked about alone: a Rego package with rules called deny, violation,
 * warn or allow, a namespace of Conftest's, a constraint, a Kyverno policy, a set of Cedar
 * policies.
 *
 * An engine is one row of apply_engines: it finds its policies, says which documents they are for,
 * makes the command line of a job (some of its policies, some documents) and reads the answer.
 * Those functions run on worker threads, never two at a time for one run's job; the rest is for the
 * loop thread. All answers are untrusted bytes. */
#ifndef BYLAW_APPLY_APPLY_H
#define BYLAW_APPLY_APPLY_H

#include "engine/engine.h"
#include "loop/loop.h"
#include "policy/chainsaw.h"
#include "workspace/scratch.h"

/* From the least to what counts most where several rules speak. */
enum apply_verdict {
    APPLY_WAITING,       /* not known yet */
    APPLY_NO_MATCH,      /* the policy is not for such a document */
    APPLY_NOT_EVALUATED, /* nothing was evaluated: the message says why */
    APPLY_ALLOW,
    APPLY_EXCEPTED, /* an exception of the policy's lets it pass */
    APPLY_GENERATE,
    APPLY_MUTATE,
    APPLY_WARN,
    APPLY_DENY,
    APPLY_ERROR, /* could not be evaluated: it does not compile, a conflict, a timeout, a crash */
    APPLY_VERDICTS
};
/* "waiting", "no match", "not evaluated", "allow", "exception", "generate", "mutate", "warn",
 * "deny", "error". */
const char *apply_verdict_name(enum apply_verdict verdict);
/* The same in at most six letters, for a cell: "…", "-", "none", "allow", "except", "gener", … */
const char *apply_verdict_short(enum apply_verdict verdict);

/* What is decided about one document by one policy. */
struct apply_cell {
    enum apply_verdict verdict;
    char *message;        /* a line for each message, or NULL; as the engine wrote it */
    char *detail;         /* many lines: a trace, a diff, a generated resource; or NULL */
    uint64_t duration_us; /* of the process, divided by the cells it decided; 0: not known */
    bool unasked;         /* not evaluated, for its engine is not there */
};
void apply_cell_free(struct apply_cell *cell);
/* The worse verdict wins, messages are joined. Takes `message` over (may be NULL). */
void apply_cell_add(struct apply_cell *cell, enum apply_verdict verdict, char *message);

struct apply_policy {
    const char *engine; /* static: "opa" */
    char *id;           /* the same from run to run, and in a proposal: "opa k8s.latest_tag" */
    char *name;         /* "k8s.latest_tag" */
    char *file;         /* where it is, or NULL */
    char *beside;       /* another file that it is made of (a constraint's template), or NULL */
    struct position at;
    char *trouble; /* why it cannot be asked about: its cells are not evaluated; or NULL */
    bool unseen;   /* it decides by more than documents: a cluster's other objects, who asks, the
                      object as it was; there it may decide otherwise than here */
    void *own;     /* the engine's */
    void (*own_free)(void *own);
};

enum apply_kind {
    APPLY_OBJECT,  /* a Kubernetes object */
    APPLY_REVIEW,  /* an AdmissionReview */
    APPLY_PLAN,    /* a Terraform plan as JSON */
    APPLY_INPUT,   /* any other YAML or JSON document */
    APPLY_FILE,    /* a file in another language: HCL, a Dockerfile, TOML, … */
    APPLY_REQUEST, /* a request of an engine's own, made by it (Cedar's) */
};

struct apply_fixture {
    char *id;          /* the same from run to run: "testdata/pods.yaml#2" */
    char *name;        /* "Deployment web", "pods.yaml #2" */
    char *file;        /* below the root; of what was rendered the chart's or overlay's */
    unsigned document; /* from 1, of a YAML stream; 0: the file is one */
    struct position at;
    enum apply_kind kind;
    bool json;        /* `text` is JSON, else YAML or the file's own language */
    struct buf text;  /* the document as it is written */
    const char *only; /* static: the one engine that it is for; NULL: any */
    char *origin; /* how it came about, for what was rendered: "helm template charts/web"; NULL */
    /* As it says of itself; "" where it says nothing. */
    char *api_version, *object_kind, *object_name, *space;
    unsigned says; /* what tests say of its file (enum chainsaw_says, or-ed); 0: none names it */
    void *own;     /* of the engine that made it */
    void (*own_free)(void *own);
};

/* What a run looks at: made on a worker, not changed once cells are computed. */
struct apply_set {
    char *root;                 /* absolute */
    struct policy_index *index; /* with unsaved texts laid over; only while policies are found */
    const struct policy_text *texts; /* unsaved; borrowed from the run */
    size_t text_count;
    struct apply_policies {
        struct apply_policy *items;
        size_t len, cap;
    } policies; /* by engine, then name */
    struct apply_fixtures {
        struct apply_fixture *items;
        size_t len, cap;
    } fixtures;               /* by file, then document */
    struct chainsaw chainsaw; /* the workspace's tests, read before policies are found */
    struct findings notes;    /* what was left out and why: a tool that is not there, bounds */
    const struct apply_needs *needs; /* the run's, or NULL: all is needed */
};
/* Somebody needs the engine's policies in the file (NULL: any of the engine's). */
bool apply_set_wants(const struct apply_set *set, const struct engine *engine, const char *file);
void apply_set_free(struct apply_set *set);
void apply_policy_free(struct apply_policy *policy);
void apply_fixture_free(struct apply_fixture *fixture);
/* The content of a file below the root: unsaved, else on disk. */
bool apply_read(const struct apply_set *set, const char *path, size_t max_bytes, struct buf *out,
    struct err *err) MUST_USE;

struct apply_command {
    struct apply_words {
        char **items; /* ended by NULL when run; items[0] is the program */
        size_t len, cap;
    } argv;
    char *dir;              /* absolute, or NULL: the root */
    const char *const *env; /* static, may be NULL */
    struct buf input;       /* its standard input */
    uint64_t timeout_ms;    /* 0: a good one */
};

void apply_words_free(struct apply_words *words);

/* Some policies of one engine, some documents. */
struct apply_job {
    const struct apply_set *set;
    const struct apply_engine *engine;
    const char *program;             /* absolute */
    size_t *policies, policy_count;  /* into set->policies */
    size_t *fixtures, fixture_count; /* into set->fixtures */
    size_t suspect;           /* with APPLY_READ_APART: which of its policies spoils it, if that is
                                 known; else SIZE_MAX */
    struct apply_cell *cells; /* [policy * fixture_count + fixture]: what `read` fills; those it
                                 leaves waiting count as not evaluated */
    bool probe; /* of a policy that looks around: only which documents it is for is taken, for that
                   is the same whatever is beside them */
    unsigned attempt;       /* how often `read` said APPLY_READ_AGAIN */
    struct scratch scratch; /* the job's own folder, if it has one; gone with the job */
    void *own;              /* the engine's */
    void (*own_free)(void *own);
};
/* The cell of the job's policy and document (places in the job, not in the set). */
struct apply_cell *apply_job_cell(const struct apply_job *job, size_t policy, size_t fixture);
/* Writes a file into the job's own folder (made when first asked for); its absolute path, the
 * caller's, or NULL. */
char *apply_scratch(
    struct apply_job *job, const char *name, struct str text, struct err *err) MUST_USE;

/* The same for engines that are given files: the text of the job's document as "rN.yaml" or
 * "rN.json", N its place in the job. */
char *apply_scratch_fixture(struct apply_job *job, size_t fixture, struct err *err) MUST_USE;
char *apply_scratch_fixture_name(const struct apply_job *job, size_t fixture) MUST_USE;
/* N of a name that begins with `letter`; SIZE_MAX: it is none below `count`. */
size_t apply_scratch_number(const char *name, char letter, size_t count);

enum apply_read {
    APPLY_READ_DONE,   /* the cells are filled */
    APPLY_READ_APART,  /* something in it spoils the whole: smaller jobs will tell what (err says
                          why,  for when there is only one document and one policy left) */
    APPLY_READ_BROKEN, /* no document will do better: all cells are errors (err says why) */
    APPLY_READ_AGAIN   /* ask once more: `command` looks at job->attempt */
};

struct apply_answer {
    struct str out, errout;
    int exit_code;
};

struct apply_engine {
    const struct engine *engine;       /* how the program is called and found */
    size_t policies_max, fixtures_max; /* of one job */
    bool names_once; /* two documents of one kind, namespace and name take it a call each */
    /* Appends its policies (and documents of its own). set->index is there. */
    void (*find)(struct apply_set *set, const atomic_bool *cancel);
    /* Whether the policy is asked about the document at all; false: "no match", without asking.
     * NULL: it always is. */
    bool (*takes)(const struct apply_policy *policy, const struct apply_fixture *fixture);
    /* Whether two policies may share a job; NULL: any may. */
    bool (*together)(const struct apply_policy *a, const struct apply_policy *b);
    /* Whether what it decides depends on the other documents of the job: then those are the ones of
     * the document's file, whatever else is asked about, and no other. NULL: it never does. */
    bool (*looks_around)(const struct apply_policy *policy);
    /* How many times dearer than the cheapest it is to ask the policy about a document that is in
     * the job for another policy. NULL: once. */
    size_t (*weight)(const struct apply_policy *policy);
    /* Worker thread: the command line, and files it needs in the job's scratch folder. */
    bool (*command)(struct apply_job *job, struct apply_command *command, struct err *err);
    enum apply_read (*read)(
        struct apply_job *job, const struct apply_answer *answer, struct err *err);
    /* An engine whose processes are run by a module of its own has these in place of `read`; its
     * `command` only makes the files (the command stays empty). Loop thread; `done` is called once,
     * later, after the cells were filled, unless `stop` came first. What `start` returns is the
     * engine's until then. */
    void *(*start)(struct apply_job *job, struct loop *loop, bool offline,
        void (*done)(void *data, enum apply_read read, const struct err *err), void *data);
    void (*stop)(void *started);
};

/* All, ended by NULL. */
extern const struct apply_engine *const apply_engines[];
extern const struct apply_engine apply_engine_opa, apply_engine_conftest, apply_engine_gator,
    apply_engine_kyverno, apply_engine_cedar;

/* ---- a run ---- */

/* Of a note in apply_set: documents were left out, for there are too many. */
#define APPLY_BOUND_RULE "apply-bound"

struct apply_events {
    void *data;
    /* What there is, once. Borrowed; lives until the next start. */
    void (*planned)(void *data, unsigned generation, const struct apply_set *set);
    /* One cell; the receiver may take what it holds by zeroing it. */
    void (*cell)(
        void *data, unsigned generation, size_t policy, size_t fixture, struct apply_cell *cell);
    /* Questions that engines have answered, of how many; may be NULL. */
    void (*progress)(void *data, size_t done, size_t total);
    /* Nothing more comes of this generation. `trouble`: why nothing could be done, or NULL. */
    void (*done)(void *data, unsigned generation, const char *trouble);
    /* Which command ran, how long it took, how it ended; may be NULL. */
    void (*log)(void *data, const char *line);
};

/* Who wants to know only some cells: whether one is needed, and with what others it is asked for.
 */
enum apply_need {
    APPLY_NOT_NEEDED,
    APPLY_NEEDED_LATER, /* once all that are needed first are known */
    APPLY_NEEDED_FIRST
};

struct apply_needs {
    /* Asked on a worker, before `planned` and once all that was needed first is known, and again on
     * the loop thread before a job begins, for then less may be needed. Never by two at a time.
     * What comes of an engine unasked for is told as well. */
    enum apply_need (*cell)(void *data, const struct apply_set *set, size_t policy, size_t fixture);
    /* On the worker, while policies are found: none of this engine's in this file is. `file` NULL:
     * none of the engine's at all. */
    bool (*policy)(
        void *data, const struct apply_set *set, const struct engine *engine, const char *file);
    void *data;
    void (*free)(void *data); /* when neither thread asks any more */
};

struct apply_options {
    const char *root; /* absolute */
    bool offline;     /* no host may be reached (engine/offline.h): nobody has accepted what runs */
    const struct policy_text *texts; /* unsaved files, laid over; copied */
    size_t text_count;
    /* Which of the policies found are applied; NULL: all. Called on a worker thread, which may
     * still be at it when the run is cancelled or gone: `wanted_data` is taken over, is not
     * changed, and is freed with `wanted_free` on the loop thread when nothing uses it any more. */
    bool (*wanted)(const void *wanted_data, const struct apply_policies *found, size_t policy);
    void *wanted_data;
    void (*wanted_free)(void *wanted_data); /* NULL: it is static */
    /* Only the cells that are needed; NULL: all. Copied. */
    const struct apply_needs *needs;
};

struct apply_run;

/* Copies the events. */
struct apply_run *apply_run_new(struct loop *loop, const struct apply_events *events) MUST_USE;
/* Cancels; nothing is told any more. What still ends in the background ends with the loop. */
void apply_run_free(struct apply_run *run);
/* Cancels what runs and starts; returns the generation. What is wrong is said by `done`. */
unsigned apply_run_start(struct apply_run *run, const struct apply_options *options);
/* Stops it; `done` comes no more. */
void apply_run_cancel(struct apply_run *run);
bool apply_run_is_running(const struct apply_run *run);
/* Cells that are known, of how many. */
void apply_run_progress(const struct apply_run *run, size_t *known, size_t *total);

#endif
