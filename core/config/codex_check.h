/* What the Codex CLI of today does with a configuration written for an earlier one: which names it
 * refuses and which it leaves out without a word. Measured on codex-cli 0.171.0. */
#ifndef BYLAW_CONFIG_CODEX_CHECK_H
#define BYLAW_CONFIG_CODEX_CHECK_H

#include "config/config.h"

struct codex_finding {
    char *text;    /* "FILE:LINE: …", one line: what Codex does, and what to write instead */
    bool is_fatal; /* Codex does not start with it */
    bool is_main;  /* it stands in config.toml, which Codex always reads */
    bool is_kept;  /* it is no setting that could be left out of a copy */
    const struct toml *at; /* what it is about; the configuration's */
};

struct codex_findings {
    struct codex_finding *items;
    size_t len, cap;
};

/* Of the files the configuration was read from. Free with codex_findings_free. */
void codex_check(const struct config *config, struct codex_findings *out);
/* It is a setting that Codex refuses or leaves out: a copy for Codex is written without it. */
bool codex_findings_leave_out(const struct codex_findings *findings, const struct toml *item);
void codex_findings_free(struct codex_findings *findings);

#endif
