/* A wire protocol: how a request is written and how the events of its answer are read. The parser
 * does not know where the bytes come from, so a recording runs through the very same code as a live
 * server. One implementation a file (responses.c, chat.c).
 *
 * Only the providers use this; the rest of the program sees model/provider.h. */
#ifndef BYLAW_MODEL_WIRE_H
#define BYLAW_MODEL_WIRE_H

#include "model/failure.h"
#include "model/provider.h"
#include "model/sse.h"

/* Differences between servers of one protocol. */
struct wire_quirks {
    bool custom_tools;             /* freeform tools as "custom" tools (Responses API of OpenAI) */
    const char *reasoning_summary; /* "auto", "concise", "detailed"; NULL: not asked for */
};

/* Where a parser's events go. A parser ends with exactly one call of `failed` or one EVENT_DONE;
 * what it says after that is dropped. */
struct wire_out {
    void (*event)(void *data, const struct event *event);
    void (*failed)(void *data, const struct failure *failure);
    void *data;
    struct endpoint_names names;
};

struct wire_parser;

struct wire_ops {
    const char *name; /* as in the configuration's wire_api */
    const char *path; /* appended to base_url */
    /* The request's body as JSON text; the caller frees. NULL: a tool's schema is not JSON. */
    char *(*write)(
        const struct wire_quirks *quirks, const struct request *request, struct err *err);
    /* The request is borrowed for the length of the call. */
    struct wire_parser *(*open)(const struct request *request, const struct wire_out *out);
    void (*read)(struct wire_parser *parser, const struct sse_event *event);
    /* The answer's bytes ended. */
    void (*end)(struct wire_parser *parser);
    void (*close)(struct wire_parser *parser);
};

extern const struct wire_ops wire_responses;
extern const struct wire_ops wire_chat;
/* By name, or NULL. */
const struct wire_ops *wire_find(const char *name);

/* --- shared by the protocols --------------------------------------------------------------------
 */

/* Names of the tools that take plain text. */
struct wire_freeform {
    char **items;
    size_t len, cap;
};
void wire_freeform_init(struct wire_freeform *list, const struct request *request);
void wire_freeform_free(struct wire_freeform *list);
bool wire_is_freeform(const struct wire_freeform *list, const char *name);

/* Parses an event's data. Bad UTF-8, lone surrogates ("\ud83d" of a pair that a server cut in two)
 * and "\u0000" become U+FFFD instead of losing the event. */
cJSON *wire_parse_json(struct str text, struct err *err) MUST_USE;
/* A tool's schema, or an output schema, as a raw value of `obj`. */
bool wire_set_schema(
    cJSON *obj, const char *key, const char *schema, const char *what, struct err *err) MUST_USE;
/* A call's arguments for sending back: JSON servers parse them, so broken ones are wrapped as
 * {"invalid_arguments": text} and none as {}. The caller frees. */
char *wire_sendable_arguments(const char *text) MUST_USE;
/* The schema of a freeform tool on a wire that has functions only. */
#define WIRE_INPUT_SCHEMA                                                                          \
    "{\"type\":\"object\",\"properties\":{\"input\":{\"type\":\"string\"}},"                       \
    "\"required\":[\"input\"],\"additionalProperties\":false}"
/* {"input": text} to text and back. Text of another form passes through. The caller frees. */
char *wire_unwrap_input(const char *arguments) MUST_USE;
char *wire_wrap_input(const char *text) MUST_USE;
/* The result of a call, or NULL (the turn was interrupted); and the call of a result. */
const struct item *wire_result_of(const struct items *items, const char *call_id);
const struct item *wire_call_of(const struct items *items, const char *call_id);
/* What is sent for a call without a result: both protocols refuse a call that has none. */
#define WIRE_NO_RESULT "(no result: the turn was interrupted before this call ran)"

void wire_say(const struct wire_out *out, enum event_kind kind, struct str text);
void wire_done(const struct wire_out *out, enum stop_reason stop);
void wire_fail_code(const struct wire_out *out, const char *code, const char *message);
/* The answer ended before its end was said. */
void wire_fail_cut(const struct wire_out *out);
/* An event that could not be read is told and skipped. */
void wire_warn_skipped(const struct wire_out *out, const struct err *err);

#endif
