#include "syntax/parsing.h"

#include <stdatomic.h>

/* tree-sitter reads it with an atomic load. */
static atomic_size_t stopped;

const size_t *parsing_flag(void)
{
    return (const size_t *)(const void *)&stopped;
}

void parsing_stop(bool stop)
{
    atomic_store(&stopped, stop ? 1 : 0);
}

bool parsing_is_stopped(void)
{
    return atomic_load(&stopped) != 0;
}

TSTree *parsing_parse(const TSLanguage *grammar, struct str text)
{
    TSTree *tree = NULL;
    TSParser *parser = mem_require(ts_parser_new());
    ts_parser_set_cancellation_flag(parser, parsing_flag());
    ts_parser_set_timeout_micros(parser, PARSING_WORKER_US);
    if (text.len < (size_t)1 << 30 && ts_parser_set_language(parser, grammar)) {
        tree = ts_parser_parse_string(
            parser, NULL, text.ptr == NULL ? "" : text.ptr, (uint32_t)text.len);
    }
    ts_parser_delete(parser);
    return tree;
}
