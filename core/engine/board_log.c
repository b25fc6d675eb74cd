#include "engine/board_internal.h"

#include <stdlib.h>

void board_log(struct board *board, const char *line)
{
    size_t at = (board->log_from + board->log_len) % BOARD_LOG_MAX;
    if (board->log_len == BOARD_LOG_MAX) {
        board->log_from = (board->log_from + 1) % BOARD_LOG_MAX;
    } else {
        board->log_len++;
    }
    free(board->log[at]);
    board->log[at] = mem_strdup(line);
    if (board->on_change != NULL) {
        board->on_change(board->data);
    }
}

size_t board_log_count(const struct board *board)
{
    return board->log_len;
}

const char *board_log_at(const struct board *board, size_t index)
{
    return index < board->log_len ? board->log[(board->log_from + index) % BOARD_LOG_MAX] : "";
}
