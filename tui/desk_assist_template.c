/* A ConstraintTemplate and the files its Rego is kept in: one written from the other, as a
 * proposal. */
#include "desk_assist_private.h"

#include "base/path.h"
#include "policy/template_files.h"

#include <stdlib.h>

struct templating {
    struct assist *assist;
    const struct workspace *workspace;
    char *path; /* of the file that is shown */
    bool split;
    struct changes changes;
    size_t found; /* templates it has to do with */
    struct err err;
    bool ok;
};

/* Where the workspace has makers, a template below `library` gets one too. */
static bool wants_maker(const struct template_tree *tree, const char *path)
{
    bool has_makers = false;
    for (size_t i = 0; i < tree->index->others.len; i++) {
        has_makers =
            has_makers || strcmp(path_base(tree->index->others.items[i]), "constraint.tmpl") == 0;
    }
    return has_makers && (strncmp(path, "library/", 8) == 0 || strstr(path, "/library/") != NULL);
}

static void change(struct templating *t, const struct template_tree *tree)
{
    struct template_layouts layouts = {0};
    struct template_layout alone;
    if (path_is_yaml(t->path) && template_layout_of(tree, t->path, &alone)) {
        VEC_PUSH(&layouts, alone);
    } else {
        template_layouts_find(tree, t->path, &layouts);
    }
    t->found = layouts.len;
    for (size_t i = 0; t->ok && i < layouts.len; i++) {
        const struct template_layout *layout = &layouts.items[i];
        t->ok = t->split ? template_split(tree, layout, wants_maker(tree, layout->template),
                               &t->changes, &t->err)
                         : template_assemble(tree, layout, &t->changes, &t->err);
        if (!t->ok) {
            (void)err_prefix(&t->err, "%s", layout->template);
        }
    }
    template_layouts_free(&layouts);
}

static void make(void *data)
{
    struct templating *t = data;
    struct policy_index *index = policy_index_new();
    struct manifests manifests = {0};
    struct patch_folder folder = {.fd = workspace_fd(t->workspace), .max_bytes = TEXT_FILE_MAX};
    t->ok = policy_index_scan(index, workspace_root(t->workspace), NULL, &t->err);
    if (t->ok) {
        manifests_update(&manifests, index, NULL);
        struct template_tree tree = {index, &manifests, {patch_folder_read, &folder}, NULL};
        change(t, &tree);
    }
    manifests_free(&manifests);
    policy_index_free(index);
}

/* Files are changed as they are on disk. */
static const char *unsaved(const struct assist *assist, const char *path)
{
    struct buf content = BUF_INIT;
    bool is_unsaved = editor_unsaved_content(assist->desk->editor, path, &content);
    buf_free(&content);
    return is_unsaved ? path : NULL;
}

static void propose(struct templating *t)
{
    struct app *app = t->assist->desk->app;
    const char *waits = NULL;
    VEC_FOREACH (const struct change, c, &t->changes) {
        waits = waits == NULL ? unsaved(t->assist, c->path) : waits;
    }
    if (!t->ok) {
        app_message(app, MESSAGE_ERROR, "%s", t->err.text);
    } else if (t->found == 0) {
        app_message(
            app, MESSAGE_WARNING, "%s is no ConstraintTemplate, nor what one is made of.", t->path);
    } else if (t->changes.len == 0) {
        app_message(app, MESSAGE_INFO, "Nothing to change: the template and its files %s.",
            t->found == 1 ? "say the same" : "all say the same");
    } else if (waits != NULL) {
        app_message(app, MESSAGE_WARNING,
            "%s has unsaved edits: Alt-s saves all, then this can be proposed.", waits);
    } else {
        char *origin =
            mem_printf("%s %s", t->split ? "Split the template of" : "Assemble from", t->path);
        assist_propose(t->assist, &t->changes, origin);
        free(origin);
    }
}

static void made(void *data, bool cancelled)
{
    struct templating *t = data;
    t->assist->working--;
    if (!cancelled && !t->assist->stopped) {
        propose(t);
    }
    changes_free(&t->changes);
    free(t->path);
    free(t);
}

static unsigned start(struct assist *assist, bool split)
{
    const char *path = editor_path(assist->desk->editor);
    if (path == NULL) {
        return UI_DONE;
    }
    if (unsaved(assist, path) != NULL) {
        app_message(assist->desk->app, MESSAGE_WARNING,
            "%s has unsaved edits: save it, then this can be proposed.", path);
        return UI_DONE;
    }
    struct templating *t = MEM_NEW(struct templating);
    t->assist = assist;
    t->workspace = workbench_workspace(assist->desk->workbench);
    t->path = mem_strdup(path);
    t->split = split;
    assist->working++;
    app_message(assist->desk->app, MESSAGE_INFO, "Looking for the template and its files …");
    loop_work_start(assist->desk->loop, make, made, t);
    return UI_DONE;
}

unsigned assist_assemble_template(void *data)
{
    return start(data, false);
}

unsigned assist_split_template(void *data)
{
    return start(data, true);
}
