/* A policy's text with another stage. */
#include "rollout/stages_private.h"

#include <stdlib.h>

struct edit {
    size_t from, to;
    char *with;
};

struct edits {
    struct edit *items;
    size_t len, cap;
};

static const char *word_for(const struct rollout_document *d, enum rollout_stage stage)
{
    static const char *const gatekeeper[STAGE_COUNT] = {
        [STAGE_AUDIT] = "dryrun", [STAGE_WARN] = "warn", [STAGE_ENFORCE] = "deny"};
    static const char *const older[STAGE_COUNT] = {
        [STAGE_AUDIT] = "Audit", [STAGE_ENFORCE] = "Enforce"};
    static const char *const newer[STAGE_COUNT] = {
        [STAGE_AUDIT] = "Audit", [STAGE_WARN] = "Warn", [STAGE_ENFORCE] = "Deny"};
    return d->engine == ROLLOUT_GATEKEEPER ? gatekeeper[stage]
           : d->newer                      ? newer[stage]
                                           : older[stage];
}

static void replace(struct edits *edits, TSNode node, char *with)
{
    VEC_PUSH(edits, (struct edit){ts_node_start_byte(node), ts_node_end_byte(node), with});
}

/* A key more, before the first of the mapping. */
static bool insert(struct edits *edits, const struct rollout_document *d, TSNode mapping,
    const char *key, const char *value, struct err *err)
{
    TSNode first;
    TSNode content;
    uint32_t at = 0;
    if (!yaml_next_pair(mapping, &at, &first, &content) ||
        ts_node_start_point(first).row == ts_node_start_point(d->root).row) {
        return err_set(err, ERR_INVALID, "%s has no block to write %s into", d->name, key);
    }
    size_t start = ts_node_start_byte(first);
    size_t line = start;
    while (line > 0 && d->text.ptr[line - 1] != '\n') {
        line--;
    }
    struct str before = str_slice(d->text, line, start);
    if (str_find_char(before, '{', 0) != SIZE_MAX) {
        return err_set(err, ERR_INVALID, "%s is written in braces: write %s: %s into it by hand",
            d->name, key, value);
    }
    VEC_PUSH(edits, (struct edit){start, start,
                        mem_printf("%s: %s\n%*s", key, value, (int)(start - line), "")});
    return true;
}

static int by_place(const void *a, const void *b)
{
    const struct edit *x = a;
    const struct edit *y = b;
    return x->from < y->from ? -1 : x->from > y->from;
}

static void carry_out(struct str text, struct edits *edits, struct buf *out)
{
    size_t at = 0;
    if (edits->len > 0) {
        qsort(edits->items, edits->len, sizeof *edits->items, by_place);
    }
    VEC_FOREACH (const struct edit, edit, edits) {
        buf_append_str(out, str_slice(text, at, edit->from));
        buf_append_c(out, edit->with);
        at = edit->to;
    }
    buf_append_str(out, str_from(text, at));
}

static bool gather(const struct rollout_document *d, enum rollout_stage stage, struct edits *edits,
    struct err *err)
{
    const char *word = word_for(d, stage);
    bool ok = true;
    if (word == NULL || !d->admits) {
        return err_set(err, ERR_INVALID,
            d->admits ? "%s cannot be at %s: a %s knows audit and enforce"
                      : "%s has no stage (%s): a %s that refuses nothing",
            d->name, rollout_stage_name(stage), d->kind);
    }
    VEC_FOREACH (const struct rollout_value, value, &d->values) {
        bool flow = d->text.ptr[ts_node_start_byte(value->node)] == '[';
        if (value->stage != stage) {
            replace(edits, value->node,
                !value->is_list ? mem_strdup(word)
                : flow          ? mem_printf("[%s]", word)
                                : mem_printf("- %s", word));
        }
    }
    const char *key = d->newer                          ? "validationActions"
                      : d->engine == ROLLOUT_GATEKEEPER ? "enforcementAction"
                                                        : "failureAction";
    char *written = d->newer ? mem_printf("[%s]", word) : mem_strdup(word);
    for (size_t i = 0; ok && d->fallback != stage && i < d->silent.len; i++) {
        ok = insert(edits, d, d->silent.items[i], key, written, err);
    }
    free(written);
    return ok;
}

/* What was written says what was meant: the text is read again. */
static bool is_done(struct str text, const struct rollout_policy *policy, enum rollout_stage stage)
{
    struct rollout again = {0};
    bool done = false;
    rollout_read(policy->file, text, false, &again);
    VEC_FOREACH (const struct rollout_policy, other, &again) {
        done = done ||
               (strcmp(other->kind, policy->kind) == 0 && strcmp(other->name, policy->name) == 0 &&
                   strcmp(other->space, policy->space) == 0 && other->stage == stage);
    }
    rollout_free(&again);
    return done;
}

bool rollout_set(struct str text, const struct rollout_policy *policy, enum rollout_stage stage,
    struct buf *out, struct err *err)
{
    TSTree *tree = yaml_tree_parse(text);
    struct edits edits = {0};
    bool ok = false;
    bool found = false;
    TSNode document;
    for (uint32_t at = 0;
         tree != NULL && !found && yaml_next_document(ts_tree_root_node(tree), &at, &document);) {
        struct rollout_document read;
        found = rollout_document_read(text, document, &read) &&
                strcmp(read.kind, policy->kind) == 0 && strcmp(read.name, policy->name) == 0 &&
                strcmp(read.space, policy->space) == 0;
        ok = found && gather(&read, stage, &edits, err);
        rollout_document_free(&read);
    }
    if (!found) {
        err_set(err, ERR_NOT_FOUND, "%s is not in %s any more", policy->name, policy->file);
    }
    if (ok) {
        carry_out(text, &edits, out);
        ok = is_done(buf_str(out), policy, stage) ||
             err_set(err, ERR_INVALID,
                 "%s is written in a way that %s cannot be put into it: write it by hand",
                 policy->file, rollout_stage_name(stage));
    }
    VEC_FOREACH (struct edit, edit, &edits) {
        free(edit->with);
    }
    VEC_FREE(&edits);
    if (tree != NULL) {
        ts_tree_delete(tree);
    }
    return ok;
}
