/* A proposal of several kinds of files for tests of the review screen. */
#ifndef BYLAW_TEST_REVIEW_SAMPLE_H
#define BYLAW_TEST_REVIEW_SAMPLE_H

#include "patch/change.h"

/* policies/latest_tag.rego (two hunks, the last line without a newline), latest_tag_test.rego
 * (new), deploy.yaml (CR LF, moved from old/deploy.yaml), old.rego (deleted), logo.png (binary). */
struct changes review_sample(void) MUST_USE;

#endif
