/* Shared by what reads stages and what writes them. */
#ifndef BYLAW_ROLLOUT_STAGES_PRIVATE_H
#define BYLAW_ROLLOUT_STAGES_PRIVATE_H

#include "rollout/stages.h"

#include "base/vec.h"
#include "policy/yaml_tree.h"

/* A value that says what is done where a policy is violated. */
struct rollout_value {
    TSNode node; /* a scalar; of the newer kinds' lists the list */
    enum rollout_stage stage;
    bool is_list;
    bool everywhere; /* false: only in what the override names */
};

struct rollout_document {
    struct str text;
    TSNode root, spec;
    enum rollout_engine engine;
    char *kind, *name, *space;
    struct {
        struct rollout_value *items;
        size_t len, cap;
    } values;
    /* Mappings (by the key that holds them) in which nothing says it, so that the default holds. */
    struct {
        TSNode *items;
        size_t len, cap;
    } silent;
    enum rollout_stage fallback; /* what holds there */
    bool admits;                 /* it refuses something at all */
    bool newer;                  /* validationActions */
    struct buf word;
};

/* Reads one document; false: no policy. Freed by rollout_document_free in any case. */
bool rollout_document_read(struct str text, TSNode root, struct rollout_document *out) MUST_USE;
void rollout_document_free(struct rollout_document *document);
enum rollout_stage rollout_document_stage(const struct rollout_document *document);

#endif
