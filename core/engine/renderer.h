/* The tools that make documents of what is none yet: Helm of a chart (a folder with a Chart.yaml),
 * Kustomize of an overlay (a folder with a kustomization.yaml), Terraform of a plan file (it ends
 * in .tfplan or is called tfplan). How each is found and called; who runs it confines it (it needs
 * neither network nor a place to write to). Any thread. */
#ifndef BYLAW_ENGINE_RENDERER_H
#define BYLAW_ENGINE_RENDERER_H

#include "base/err.h"
#include "policy/index.h"

enum renderer { RENDERER_CHART, RENDERER_OVERLAY, RENDERER_PLAN, RENDERERS };

/* What the file of this path makes its folder (or itself); RENDERERS: nothing that is rendered. */
enum renderer renderer_of(const char *path);
/* What is rendered for the file: its folder, or the plan file itself. The caller frees. */
char *renderer_target(const char *path) MUST_USE;
/* The file that makes the folder below `root` a chart or an overlay, or the plan file itself; NULL:
 * it is neither. The caller frees. */
char *renderer_file_of(const char *root, const char *target) MUST_USE;
/* A chart in the charts folder of another is rendered with it. */
bool renderer_is_carried(const struct policy_index *index, const char *path);
/* What only Helm reads of a chart of the index: its templates (no documents before they are
 * rendered), .helmignore, Chart.lock. */
bool renderer_is_source(const struct policy_index *index, const char *path);
/* "Helm charts", for people. */
const char *renderer_what(enum renderer renderer);
/* The program that is looked for first ("helm"), and how it is had. */
const char *renderer_program(enum renderer renderer);
const char *renderer_get(enum renderer renderer);

enum { RENDERER_WORDS = 6 };
/* "helm template charts/web", as it is shown. The caller frees. */
char *renderer_label(enum renderer renderer, const char *target) MUST_USE;
struct renderer_call {
    char *program;                    /* absolute */
    const char *argv[RENDERER_WORDS]; /* ended by NULL; borrows the others */
    char *dir;
    char *origin; /* renderer_label, of the program that is there */
};
/* The call that renders the target (below the folder it is run in). False: its tool is not there
 * (err says how it is had). Free with renderer_call_free. */
bool renderer_find(enum renderer renderer, const char *target, struct renderer_call *call,
    struct err *err) MUST_USE;
void renderer_call_free(struct renderer_call *call);
/* What it printed holds a document: more than blanks, comments and marks between documents. */
bool renderer_has_document(struct str printed);
/* Exit code of `bylaw render` when it holds none. */
enum { RENDERED_NOTHING = 1 };
/* Static, ended by NULL: "NAME=value" that all of them are run with. */
extern const char *const renderer_environment[];

#endif
