#include "agent/proposals.h"

#include "base/vec.h"
#include "patch/review_carry.h"

#include <stdlib.h>

struct proposals {
    struct proposals_setup setup;
    struct proposal open; /* number 0: none */
    unsigned last_number;
    struct review *review;
    unsigned generation;
    cJSON *ops; /* while replaying: the review ops of the open proposal */
};

static bool log_op(void *data, const cJSON *op, struct err *err)
{
    (void)err; /* a journal that cannot be written is said in the transcript */
    struct proposals *proposals = data;
    cJSON *record = cJSON_CreateObject();
    json_set_int(record, "number", proposals->open.number);
    cJSON_AddItemToObject(record, "op", mem_require(cJSON_Duplicate(op, true)));
    proposals->setup.record(proposals->setup.data, "review", record, true);
    return true;
}

struct proposals *proposals_new(const struct proposals_setup *setup)
{
    struct proposals *proposals = MEM_NEW(struct proposals);
    proposals->setup = *setup;
    return proposals;
}

static void drop_review(struct proposals *proposals)
{
    review_free(proposals->review);
    proposals->review = NULL;
    proposals->generation++;
}

void proposals_free(struct proposals *proposals)
{
    if (proposals == NULL) {
        return;
    }
    review_free(proposals->review);
    proposal_free(&proposals->open);
    cJSON_Delete(proposals->ops);
    free(proposals);
}

const struct proposal *proposals_open(const struct proposals *proposals)
{
    return proposals->open.number != 0 && proposals->open.state == PROPOSAL_OPEN ? &proposals->open
                                                                                 : NULL;
}

unsigned proposals_generation(const struct proposals *proposals)
{
    return proposals->generation;
}

struct review *proposals_review(struct proposals *proposals)
{
    if (proposals_open(proposals) == NULL) {
        return NULL;
    }
    if (proposals->review == NULL) {
        proposals->review = review_new(&proposals->open.changes);
        review_set_log(proposals->review, log_op, proposals);
        proposals->generation++;
    }
    return proposals->review;
}

static void record_proposal(struct proposals *proposals)
{
    proposals->setup.record(
        proposals->setup.data, "proposal", proposal_to_json(&proposals->open), true);
}

static void print_answer(struct buf *answer, const struct proposals *proposals, struct str touched)
{
    struct str path;
    buf_append_c(
        answer, "Applied to the proposal (nothing is written yet; the engineer will review it):\n");
    while (str_next_line(&touched, &path)) {
        char *name = str_dup(path);
        const struct change *change = changes_find(&proposals->open.changes, name);
        unsigned added = 0;
        unsigned removed = 0;
        if (change != NULL) {
            change_count_lines(change, &added, &removed);
        }
        buf_printf(answer, "%s  %s\n",
            change == NULL                  ? "as in the workspace again"
            : change->kind == CHANGE_ADD    ? "added"
            : change->kind == CHANGE_DELETE ? "deleted"
                                            : "changed",
            name);
        free(name);
    }
}

bool proposals_patch(struct proposals *proposals, struct str patch, struct buf *answer)
{
    struct err err;
    struct buf touched = BUF_INIT;
    bool fresh = proposals_open(proposals) == NULL;
    struct proposal next = {.number = proposals->last_number + 1};
    struct proposal *target = fresh ? &next : &proposals->open;
    bool ok = proposal_patch(target, patch, proposals->setup.workspace, &touched, answer, &err);
    if (!ok) {
        if (answer->len == 0) {
            buf_append_c(answer, err.text);
        }
        proposal_free(&next);
    } else if (fresh && next.changes.len == 0) {
        buf_append_c(answer, "The patch changes nothing: the files are like that already.\n");
        proposal_free(&next);
    } else {
        if (fresh) {
            proposal_free(&proposals->open);
            proposals->open = next;
            proposals->last_number = next.number;
        }
        record_proposal(proposals);
        struct review *old = proposals->review;
        proposals->review = NULL;
        proposals->generation++;
        if (old != NULL && proposals_review(proposals) != NULL) {
            (void)review_carry(proposals->review, old);
        }
        review_free(old);
        print_answer(answer, proposals, buf_str(&touched));
    }
    buf_free(&touched);
    return ok;
}

bool proposals_add(
    struct proposals *proposals, const struct changes *changes, const char *origin, struct err *err)
{
    const struct proposal *open = proposals_open(proposals);
    if (open != NULL) {
        return err_set(err, ERR_CONFLICT,
            "proposal %u is open: finish its review first, then this can be one", open->number);
    }
    struct proposal next = {.number = proposals->last_number + 1, .origin = mem_strdup(origin)};
    proposal_add(&next, changes);
    if (next.changes.len == 0) {
        proposal_free(&next);
        return err_set(err, ERR_INVALID, "nothing would change");
    }
    proposal_free(&proposals->open);
    proposals->open = next;
    proposals->last_number = next.number;
    record_proposal(proposals);
    drop_review(proposals);
    return true;
}

size_t proposals_replace(struct proposals *proposals, const struct changes *changes)
{
    size_t carried = 0;
    struct review *old = proposals_review(proposals);
    if (old == NULL) {
        return 0;
    }
    changes_free(&proposals->open.changes);
    proposals->open.changes = changes_copy(changes);
    proposals->open.revision++;
    record_proposal(proposals);
    proposals->review = NULL;
    proposals->generation++;
    struct review *now = proposals_review(proposals);
    if (now != NULL) {
        carried = review_carry(now, old);
    }
    review_free(old);
    return carried;
}

/* The proposal follows its review: the model goes on from what is merged. */
static void follow_review(struct proposals *proposals)
{
    for (size_t i = 0; i < review_file_count(proposals->review); i++) {
        const struct review_file *file = review_file(proposals->review, i);
        struct change *change = changes_find(&proposals->open.changes, file->change->path);
        if (change == NULL || str_equal(buf_str(&change->base), buf_str(&file->base->bytes))) {
            continue;
        }
        change->base_exists = file->base_exists;
        buf_clear(&change->base);
        buf_append_str(&change->base, buf_str(&file->base->bytes));
        buf_clear(&change->content);
        buf_append_str(&change->content, buf_str(&file->proposed->bytes));
    }
}

size_t proposals_rebase(struct proposals *proposals, struct buf *problem)
{
    struct review *review = proposals_review(proposals);
    size_t count = 0;
    for (size_t i = 0; review != NULL && i < review_file_count(review); i++) {
        const struct review_file *file = review_file(review, i);
        const char *path =
            file->change->moved_from != NULL ? file->change->moved_from : file->change->path;
        struct patch_file now = {0};
        struct err err;
        const struct patch_source *source = proposals->setup.workspace;
        if (!source->read(source->data, path, &now, &err)) {
            now.found = PATCH_ABSENT;
            if (problem != NULL) {
                buf_printf(problem, "%s%s", problem->len > 0 ? "; " : "", err.text);
            }
        }
        bool exists = now.found == PATCH_FILE;
        if (exists != file->base_exists ||
            !str_equal(buf_str(&now.bytes), buf_str(&file->base->bytes))) {
            if (review_rebase(review, i, exists, buf_str(&now.bytes), &err)) {
                count++;
            } else if (problem != NULL) {
                buf_printf(problem, "%s%s: %s", problem->len > 0 ? "; " : "", path, err.text);
            }
        }
        buf_free(&now.bytes);
    }
    if (count > 0) {
        follow_review(proposals);
    }
    return count;
}

static void end_open(struct proposals *proposals, enum proposal_state state)
{
    if (proposals_open(proposals) == NULL) {
        return;
    }
    proposals->open.state = state;
    record_proposal(proposals);
    drop_review(proposals);
}

void proposals_close(struct proposals *proposals)
{
    end_open(proposals, PROPOSAL_DECIDED);
}

void proposals_withdraw(struct proposals *proposals)
{
    end_open(proposals, PROPOSAL_WITHDRAWN);
}

bool proposals_replay(struct proposals *proposals, const char *kind, const cJSON *record)
{
    if (strcmp(kind, "proposal") == 0) {
        struct proposal read;
        if (proposal_from_json(record, &read)) {
            proposal_free(&proposals->open);
            proposals->open = read;
            proposals->last_number = read.number;
            cJSON_Delete(proposals->ops);
            proposals->ops = NULL;
        }
        return true;
    }
    if (strcmp(kind, "review") != 0) {
        return false;
    }
    if (json_int_or(record, "number", 0) == (long long)proposals->open.number) {
        if (proposals->ops == NULL) {
            proposals->ops = mem_require(cJSON_CreateArray());
        }
        cJSON_AddItemToArray(
            proposals->ops, mem_require(cJSON_Duplicate(json_get(record, "op"), true)));
    }
    return true;
}

size_t proposals_settle(struct proposals *proposals)
{
    size_t dropped = 0;
    if (proposals->ops != NULL && proposals_review(proposals) != NULL) {
        dropped = review_replay(proposals->review, proposals->ops);
        follow_review(proposals);
    }
    cJSON_Delete(proposals->ops);
    proposals->ops = NULL;
    return dropped;
}
