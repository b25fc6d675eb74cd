/* Shared between the parts of the review model; not for anyone else. */
#ifndef BYLAW_PATCH_REVIEW_INTERNAL_H
#define BYLAW_PATCH_REVIEW_INTERNAL_H

#include "patch/review.h"

/* An op as the review keeps it: with its own copy of the text and the check of what it was for. */
struct review_step {
    struct review_op op; /* op.text points into `text` */
    struct buf text;
    unsigned long long check;
    size_t place; /* among the done steps, while it is undone */
};

/* A new text of these bytes, with one reference. */
struct review_text *review_text_new(struct str bytes) MUST_USE;
struct review_text *review_text_ref(struct review_text *text);
void review_text_unref(struct review_text *text);

/* Items and hunks from base and proposed; all open. */
void review_file_build(struct review_file *file);
struct review_file review_file_new(const struct change *change) MUST_USE;
struct review_file review_file_copy(const struct review_file *file) MUST_USE;
void review_file_free(struct review_file *file);
/* A fingerprint of what ops on this file address. */
unsigned long long review_file_check(const struct review_file *file);
/* Groups items into hunks by the distance of their lines. */
void review_file_group(struct review_file *file);

/* The ops; each leaves the file alone when it fails. */
bool review_file_decide(struct review_file *file, const struct review_op *op, struct err *err);
bool review_file_split(struct review_file *file, const struct review_op *op, struct err *err);
bool review_file_edit(struct review_file *file, const struct review_op *op, struct err *err);
bool review_file_comment(
    struct review_file *file, const struct review_op *op, int id, struct err *err);
bool review_file_uncomment(struct review_file *file, const struct review_op *op, struct err *err);
bool review_file_rebase(struct review_file *file, const struct review_op *op, struct err *err);

/* The file's content with the items accepted that are, and those of hunk `also` (SIZE_MAX: none).
 */
void review_file_compose(const struct review_file *file, size_t also, struct buf *out);

/* JSON of an op and back; text_out gets the op's text, which op->text then points into. */
cJSON *review_op_to_json(
    const struct review_op *op, unsigned long long check, const struct review_file *file) MUST_USE;
bool review_op_from_json(const cJSON *json, struct review_step *step);

#endif
