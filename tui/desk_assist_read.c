/* Reads what is being typed for the index on a worker, before anything is asked about it of itself:
 * the answers come a moment later, and no key waits for a parse (7 KB of Rego take a millisecond
 * and a half). What somebody asks for with a key is read at once. */
#include "desk_assist_private.h"

#include "policy/symbols.h"

#include <stdlib.h>

struct reading {
    struct assist *assist;
    char *path;
    struct buf text;
    uint64_t version;
    struct policy_symbols *symbols; /* the worker's until `done` */
};

static void read_text(void *data)
{
    struct reading *reading = data;
    reading->symbols = policy_symbols_parse(reading->path, buf_str(&reading->text));
}

static void done(void *data, bool cancelled)
{
    struct reading *reading = data;
    struct assist *assist = reading->assist;
    bool is_current = !cancelled && !assist->stopped &&
                      editor_version(assist->desk->editor, reading->path) == reading->version;
    assist->working--;
    assist->reading = false;
    void (*then)(void *assist) = assist->read_then;
    void (*also)(void *assist) = assist->read_also;
    assist->read_then = assist->read_also = NULL;
    if (is_current) {
        catalog_put(assist_catalog(assist), reading->path, reading->symbols);
        reading->symbols = NULL;
    }
    policy_symbols_release(reading->symbols);
    buf_free(&reading->text);
    free(reading->path);
    free(reading);
    /* A newer text has started its own timers. */
    if (is_current && then != NULL) {
        then(assist);
    }
    if (is_current && also != NULL) {
        also(assist);
    }
}

bool assist_has_read(struct assist *assist, void (*then)(void *assist))
{
    struct assist_here here;
    bool known =
        !assist_look(assist, &here) || !catalog_would_read(assist_catalog(assist), &here.cursor);
    if (!known && !assist->reading) {
        struct reading *reading = MEM_NEW(struct reading);
        *reading = (struct reading){.assist = assist,
            .path = mem_strdup(here.path),
            .text = here.text,
            .version = editor_version(assist->desk->editor, here.path)};
        here.text = BUF_INIT;
        assist->reading = true;
        assist->working++;
        loop_work_start(assist->desk->loop, read_text, done, reading);
    }
    if (!known && assist->read_then != then) {
        assist->read_also = assist->read_then;
        assist->read_then = then;
    }
    assist_here_free(&here);
    return known;
}
