/* What the slash commands do on the desk: the functions that the table in slash.c names, and what
 * the chat asks of them. Loop thread only. */
#ifndef BYLAW_DESK_SLASH_H
#define BYLAW_DESK_SLASH_H

#include "base/err.h"
#include "base/str.h"

struct desk;
struct popup;

/* For chat_options: runs one; false with a sentence, nothing was done. */
bool desk_slash_run(void *data, struct str name, struct str args, struct err *err);
/* Adds a row for each to the completion. */
void desk_slash_list(void *data, struct popup *popup);

bool desk_slash_new(struct desk *desk, struct str args, struct err *err);
bool desk_slash_reviews(struct desk *desk, struct str args, struct err *err);
bool desk_slash_resume(struct desk *desk, struct str args, struct err *err);
bool desk_slash_fork(struct desk *desk, struct str args, struct err *err);
bool desk_slash_compact(struct desk *desk, struct str args, struct err *err);
bool desk_slash_cost(struct desk *desk, struct str args, struct err *err);
bool desk_slash_export(struct desk *desk, struct str args, struct err *err);
bool desk_slash_report(struct desk *desk, struct str args, struct err *err);
bool desk_slash_diff(struct desk *desk, struct str args, struct err *err);
bool desk_slash_commit(struct desk *desk, struct str args, struct err *err);
bool desk_slash_profile(struct desk *desk, struct str args, struct err *err);
bool desk_slash_mode(struct desk *desk, struct str args, struct err *err);
bool desk_slash_model(struct desk *desk, struct str args, struct err *err);
bool desk_slash_status(struct desk *desk, struct str args, struct err *err);
bool desk_slash_skill(struct desk *desk, struct str args, struct err *err); /* desk_skills.c */

#endif
