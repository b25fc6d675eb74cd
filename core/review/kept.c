#include "review/kept.h"

#include "agent/journal.h"
#include "agent/proposals.h"
#include "base/vec.h"

#include <stdlib.h>

struct kept {
    struct journal *journal;
    struct proposals *proposals;
    struct patch_source nothing;
    enum kept_state state;
    char *said;
};

static void record(void *data, const char *kind, cJSON *json, bool sync)
{
    struct kept *kept = data;
    struct err err;
    /* What the disk does not take is kept and goes before the next one: kept_is_saved tells. */
    (void)!journal_append(kept->journal, kind, json, sync, &err);
}

static void on_record(void *data, const char *kind, const cJSON *json)
{
    struct kept *kept = data;
    (void)proposals_replay(kept->proposals, kind, json);
}

/* The proposals are never read against files here. */
static bool read_nothing(void *data, const char *path, struct patch_file *file, struct err *err)
{
    (void)data;
    (void)path;
    (void)err;
    file->found = PATCH_ABSENT;
    return true;
}

static bool same_change(const struct change *a, const struct change *b)
{
    const char *from_a = a->moved_from == NULL ? "" : a->moved_from;
    const char *from_b = b->moved_from == NULL ? "" : b->moved_from;
    return a->kind == b->kind && a->base_exists == b->base_exists && a->git_from == b->git_from &&
           a->git_to == b->git_to && strcmp(a->path, b->path) == 0 && strcmp(from_a, from_b) == 0 &&
           str_equal(buf_str(&a->base), buf_str(&b->base)) &&
           str_equal(buf_str(&a->content), buf_str(&b->content));
}

static bool same_changes(const struct changes *a, const struct changes *b)
{
    if (a->len != b->len) {
        return false;
    }
    for (size_t i = 0; i < a->len; i++) {
        if (!same_change(&a->items[i], &b->items[i])) {
            return false;
        }
    }
    return true;
}

static size_t decided_in(const struct review *review, size_t *comments)
{
    struct review_counts counts = review_count_all(review);
    *comments = 0;
    for (size_t i = 0; i < review_file_count(review); i++) {
        *comments += review_file(review, i)->comments.len;
    }
    return counts.accepted + counts.declined;
}

static void resume(struct kept *kept, const struct subject *subject)
{
    size_t comments;
    bool same = same_changes(&proposals_open(kept->proposals)->changes, &subject->changes);
    size_t dropped = proposals_settle(kept->proposals);
    size_t had = decided_in(proposals_review(kept->proposals), &comments);
    if (same) {
        kept->state = KEPT_RESUMED;
        if (had + comments + dropped > 0) {
            kept->said = dropped > 0
                             ? mem_printf("decisions of the last time are there again, but %zu did "
                                          "not fit and were dropped",
                                   dropped)
                             : mem_printf("decisions of the last time are there again: %zu line%s, "
                                          "%zu comment%s",
                                   had, had == 1 ? "" : "s", comments, comments == 1 ? "" : "s");
        }
        return;
    }
    size_t carried = proposals_replace(kept->proposals, &subject->changes);
    kept->state = KEPT_MOVED;
    kept->said = mem_printf("%s has changed since you looked last: %zu of %zu decisions are about "
                            "lines that are still the same, the rest is open",
        subject->title, carried, had);
}

static char *folder_key(const struct subject *subject)
{
    return mem_printf("%s review %016llx", subject->root, str_hash(str_of(subject->key)));
}

/* The newest session file of this review, else a new one. */
static bool open_journal(struct kept *kept, const struct subject *subject, struct err *err)
{
    struct session_infos infos = {0};
    char *key = folder_key(subject);
    bool ok = journal_list(key, &infos, err);
    if (ok && infos.len > 0) {
        kept->journal = journal_open(key, infos.items[0].id, on_record, kept, err);
    } else if (ok) {
        kept->journal = journal_create(key, err);
        if (kept->journal != NULL) {
            cJSON *about = mem_require(cJSON_CreateObject());
            json_set_string(about, "root", subject->root);
            json_set_string(about, "of", subject->key);
            record(kept, "review-of", about, false);
        }
    }
    session_infos_free(&infos);
    free(key);
    return kept->journal != NULL;
}

struct kept *kept_open(const struct subject *subject, struct err *err)
{
    struct kept *kept = MEM_NEW(struct kept);
    kept->nothing = (struct patch_source){read_nothing, NULL};
    struct proposals_setup setup = {&kept->nothing, record, kept};
    kept->proposals = proposals_new(&setup);
    if (!open_journal(kept, subject, err)) {
        if (err->kind == ERR_CONFLICT) {
            err_set(err, ERR_CONFLICT, "another bylaw has the review of %s open", subject->title);
        }
        kept_free(kept);
        return NULL;
    }
    if (proposals_open(kept->proposals) != NULL) {
        resume(kept, subject);
    } else if (!proposals_add(kept->proposals, &subject->changes, subject->key, err)) {
        kept_free(kept);
        return NULL;
    }
    return kept;
}

void kept_free(struct kept *kept)
{
    if (kept != NULL) {
        proposals_free(kept->proposals);
        journal_free(kept->journal);
        free(kept->said);
        free(kept);
    }
}

struct review *kept_review(struct kept *kept)
{
    return proposals_review(kept->proposals);
}

enum kept_state kept_state(const struct kept *kept)
{
    return kept->state;
}

const char *kept_said(const struct kept *kept)
{
    return kept->said;
}

bool kept_is_saved(const struct kept *kept)
{
    return journal_is_saved(kept->journal);
}

void kept_finish(struct kept *kept)
{
    proposals_close(kept->proposals);
}
