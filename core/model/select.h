/* From the configuration to a provider: which server, with which key, or the recording.
 *
 * In this order: `model_provider` (a name of [model_providers], "codex", "acp:NAME" or
 * "recording"); a recording named on the command line or in the environment; `base_url`, when it is
 * set; OpenAI, when there is a key for it; a server found on this machine; the workspace's
 * recording; else a provider that says how to set one up. Something in the configuration that
 * cannot be used is told as a problem, and the program has a provider all the same.
 *
 * Keys come from an environment variable or from a command's output only. They are registered as
 * secrets, and no child process sees a variable that the configuration names for one, whoever
 * answers. Loop thread only. */
#ifndef BYLAW_MODEL_SELECT_H
#define BYLAW_MODEL_SELECT_H

#include "config/config.h"
#include "loop/http.h"
#include "model/detect.h"
#include "model/provider.h"

struct acp_host;
struct codex_host;

struct select_setup {
    struct loop *loop;
    struct http *http;              /* outlives the provider */
    const struct config *config;    /* outlives the selection, not the provider */
    const char *workspace;          /* its root, or NULL */
    const struct codex_host *codex; /* what Codex needs of a workbench; NULL: it cannot be chosen */
    const struct acp_host *acp;     /* the same for other agents */
    /* For tests; NULL: detect_servers. */
    const struct detect_server *servers;
    unsigned look_ms; /* how long for them, for tests; 0: DETECT_TIMEOUT_MS */
};

enum answers {
    ANSWERS_NOBODY, /* or a recording */
    ANSWERS_OPENAI,
    ANSWERS_SERVER, /* another that is configured */
    ANSWERS_FOUND,  /* one found on this machine, with one of its models */
    ANSWERS_CODEX,
    ANSWERS_AGENT /* another agent, with a model of its own */
};

/* Who answers. The strings are the selection's. */
struct selection {
    enum answers answers;
    struct provider *provider; /* never NULL; the caller's from now on */
    char *model;
    char *effort;  /* NULL: not sent */
    char *label;   /* for the header: "api.openai.com", "Ollama", "recording" */
    char *why;     /* one line: "OPENAI_API_KEY is not set: using Ollama at 127.0.0.1:11434" */
    char *problem; /* one line, or NULL: what in the configuration could not be used */
};

struct select;
/* Takes over the selection; free its strings with selection_clear. */
typedef void (*select_fn)(void *data, struct selection *selection);

/* Calls `done` once, from the loop: in the next turn, after at most DETECT_TIMEOUT_MS when it looks
 * for servers, or when api_key_command has ended (30 s at most). */
struct select *select_start(const struct select_setup *setup, select_fn done, void *data);
/* No callback comes after this. */
void select_cancel(struct select *select);
/* Frees the strings, not the provider. */
void selection_clear(struct selection *selection);

/* The recording a workspace brings: the first .jsonl file of .bylaw/recordings by name, or NULL.
 * The caller frees. */
char *select_workspace_recording(const char *workspace) MUST_USE;

#endif
