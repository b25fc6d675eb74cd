#include "agent/proposal.h"

#include "agent/journal.h"
#include "base/vec.h"
#include "patch/apply_patch.h"
#include "patch/unified.h"
#include "repo/git.h"

#include <git2.h>
#include <stdlib.h>

void proposal_free(struct proposal *proposal)
{
    changes_free(&proposal->changes);
    free(proposal->origin);
    *proposal = (struct proposal){0};
}

/* What the proposal says of a path: its change, or that it moved away, or nothing. */
enum said { SAID_NOTHING, SAID_CONTENT, SAID_GONE };

static enum said look_up(
    const struct changes *changes, const char *path, const struct change **found)
{
    const struct change *change = changes_find(changes, path);
    if (change != NULL) {
        *found = change;
        return change->kind == CHANGE_DELETE ? SAID_GONE : SAID_CONTENT;
    }
    VEC_FOREACH (struct change, c, changes) {
        if (c->moved_from != NULL && strcmp(c->moved_from, path) == 0) {
            return SAID_GONE;
        }
    }
    return SAID_NOTHING;
}

static bool has_folder(const struct changes *changes, const char *path)
{
    size_t len = strlen(path);
    VEC_FOREACH (struct change, c, changes) {
        if (c->kind != CHANGE_DELETE && strncmp(c->path, path, len) == 0 && c->path[len] == '/') {
            return true;
        }
    }
    return false;
}

bool proposal_view_read(void *data, const char *path, struct patch_file *file, struct err *err)
{
    const struct proposal_view *view = data;
    const struct change *change = NULL;
    enum said said =
        view->proposal == NULL ? SAID_NOTHING : look_up(&view->proposal->changes, path, &change);
    switch (said) {
    case SAID_CONTENT:
        file->found = PATCH_FILE;
        file->mode = change->mode;
        buf_append_str(&file->bytes, buf_str(&change->content));
        return true;
    case SAID_GONE:
        file->found = PATCH_ABSENT;
        return true;
    default:
        break;
    }
    if (view->proposal != NULL && has_folder(&view->proposal->changes, path)) {
        file->found = PATCH_FOLDER;
        return true;
    }
    return view->workspace->read(view->workspace->data, path, file, err);
}

static void remove_at(struct changes *changes, struct change *change)
{
    size_t index = (size_t)(change - changes->items);
    change_free(change);
    VEC_REMOVE(changes, index);
}

static void set_content(struct change *change, const struct buf *content)
{
    buf_clear(&change->content);
    buf_append_str(&change->content, buf_str(content));
}

/* A deletion of what the proposal itself holds. */
static void fold_delete(struct changes *all, struct change *there)
{
    if (there->moved_from != NULL) {
        /* The file that was moved here is deleted where it stands in the workspace. */
        free(there->path);
        there->path = there->moved_from;
        there->moved_from = NULL;
    } else if (!there->base_exists) {
        remove_at(all, there);
        return;
    }
    there->kind = CHANGE_DELETE;
    buf_clear(&there->content);
}

/* A move whose source the proposal had changed already. */
static void fold_move(struct changes *all, const struct change *delta)
{
    struct change *target = changes_find(all, delta->path);
    if (target != NULL) {
        remove_at(all, target);
    }
    struct change *source = changes_find(all, delta->moved_from);
    if (source == NULL) {
        VEC_PUSH(all, change_copy(delta));
        return;
    }
    if (source->base_exists && source->moved_from == NULL) {
        source->moved_from = source->path;
    } else {
        free(source->path);
    }
    source->path = mem_strdup(delta->path);
    source->kind = source->moved_from != NULL ? CHANGE_UPDATE : CHANGE_ADD;
    set_content(source, &delta->content);
}

static bool is_nothing(const struct change *change)
{
    return change->moved_from == NULL && change->base_exists && change->kind != CHANGE_DELETE &&
           str_equal(buf_str(&change->base), buf_str(&change->content));
}

static void fold(struct changes *all, const struct change *delta)
{
    if (delta->moved_from != NULL) {
        fold_move(all, delta);
        return;
    }
    struct change *there = changes_find(all, delta->path);
    if (there == NULL) {
        VEC_PUSH(all, change_copy(delta));
        return;
    }
    if (delta->kind == CHANGE_DELETE) {
        fold_delete(all, there);
        return;
    }
    set_content(there, &delta->content);
    there->kind = there->base_exists || there->moved_from != NULL ? CHANGE_UPDATE : CHANGE_ADD;
    if (is_nothing(there)) {
        remove_at(all, there);
    }
}

static void count_revision(struct proposal *proposal)
{
    proposal->revision++;
    proposal->state = proposal->changes.len == 0 ? PROPOSAL_WITHDRAWN : PROPOSAL_OPEN;
}

bool proposal_patch(struct proposal *proposal, struct str patch,
    const struct patch_source *workspace, struct buf *touched, struct buf *report, struct err *err)
{
    struct proposal_view view = {proposal, workspace};
    struct patch_source source = {proposal_view_read, &view};
    struct changes delta = {0};
    bool ok = apply_patch_detect(patch) || !unified_detect(patch)
                  ? apply_patch_apply(patch, &source, &delta, report, err)
                  : unified_apply(patch, &source, &delta, report, err);
    if (ok) {
        VEC_FOREACH (struct change, change, &delta) {
            if (touched != NULL) {
                buf_printf(touched, "%s\n", change->path);
            }
            fold(&proposal->changes, change);
        }
        /* From here on it is (also) the model's. */
        free(proposal->origin);
        proposal->origin = NULL;
        count_revision(proposal);
    }
    changes_free(&delta);
    return ok;
}

void proposal_add(struct proposal *proposal, const struct changes *changes)
{
    VEC_FOREACH (struct change, change, changes) {
        fold(&proposal->changes, change);
    }
    count_revision(proposal);
}

void change_count_lines(const struct change *change, unsigned *added, unsigned *removed)
{
    *added = *removed = 0;
    if (change_is_binary(change)) {
        return;
    }
    git_start(); /* no repository may have been opened yet */
    git_diff_options options;
    git_diff_options_init(&options, GIT_DIFF_OPTIONS_VERSION);
    git_patch *patch = NULL;
    size_t context;
    size_t plus = 0;
    size_t minus = 0;
    if (git_patch_from_buffers(&patch, change->base.ptr, change->base.len, "a", change->content.ptr,
            change->content.len, "b", &options) == 0) {
        git_patch_line_stats(&context, &plus, &minus, patch);
    }
    git_patch_free(patch);
    *added = (unsigned)plus;
    *removed = (unsigned)minus;
}

cJSON *proposal_to_json(const struct proposal *proposal)
{
    cJSON *json = cJSON_CreateObject();
    json_set_int(json, "number", proposal->number);
    json_set_int(json, "state", proposal->state);
    json_set_int(json, "revision", proposal->revision);
    if (proposal->origin != NULL) {
        json_set_string(json, "origin", proposal->origin);
    }
    cJSON *list = json_set_array(json, "changes");
    VEC_FOREACH (struct change, change, &proposal->changes) {
        cJSON *item = cJSON_CreateObject();
        json_set_int(item, "kind", change->kind);
        json_set_string(item, "path", change->path);
        if (change->moved_from != NULL) {
            json_set_string(item, "from", change->moved_from);
        }
        json_set_bool(item, "existed", change->base_exists);
        json_set_int(item, "mode", change->mode);
        if (change->git_from != 0 || change->git_to != 0) {
            json_set_int(item, "git_from", change->git_from);
            json_set_int(item, "git_to", change->git_to);
        }
        json_set_bytes(item, "base", buf_str(&change->base));
        json_set_bytes(item, "content", buf_str(&change->content));
        cJSON_AddItemToArray(list, item);
    }
    return json;
}

static bool change_from_json(const cJSON *item, struct change *change)
{
    long long kind = json_int_or(item, "kind", -1);
    const char *path = json_string(item, "path");
    if (kind < CHANGE_ADD || kind > CHANGE_DELETE || path == NULL) {
        return false;
    }
    *change = (struct change){
        .kind = (enum change_kind)kind,
        .path = mem_strdup(path),
        .moved_from = mem_strdup(json_string(item, "from")),
        .base_exists = json_bool_or(item, "existed", false),
        .mode = (unsigned)json_int_or(item, "mode", 0644),
        .git_from = (unsigned)json_int_or(item, "git_from", 0),
        .git_to = (unsigned)json_int_or(item, "git_to", 0),
    };
    return json_get_bytes(item, "base", &change->base) &&
           json_get_bytes(item, "content", &change->content);
}

bool proposal_from_json(const cJSON *json, struct proposal *out)
{
    long long state = json_int_or(json, "state", -1);
    *out = (struct proposal){
        .number = (unsigned)json_int_or(json, "number", 0),
        .revision = (unsigned)json_int_or(json, "revision", 0),
        .origin = mem_strdup(json_string(json, "origin")),
    };
    bool ok = out->number > 0 && state >= PROPOSAL_OPEN && state <= PROPOSAL_WITHDRAWN;
    out->state = ok ? (enum proposal_state)state : PROPOSAL_OPEN;
    const cJSON *item;
    cJSON_ArrayForEach(item, json_get(json, "changes"))
    {
        struct change change = {0};
        ok = change_from_json(item, &change) && ok;
        VEC_PUSH(&out->changes, change);
    }
    if (!ok) {
        proposal_free(out);
    }
    return ok;
}
