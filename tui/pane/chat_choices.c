/* The answers that a question of the agent's takes, to choose from. */
#include "base/safe.h"
#include "pane/chat_private.h"
#include "widget/picker.h"

#include <stdlib.h>

enum { LIST_COLS = 112, TITLE_SHOWN = 100 };

struct choosing {
    struct chat *chat;
    struct question question; /* as it was shown */
};

static void item(void *data, size_t index, struct picker_item *out)
{
    struct choosing *choosing = data;
    if (question_choice(&choosing->question, index, &out->text, &out->detail)) {
        out->detail_first = true;
    }
}

static void chosen(void *data, size_t index, struct str query)
{
    struct choosing *choosing = data;
    struct str words;
    struct str about;
    (void)query;
    if (index != PICKER_NONE && question_choice(&choosing->question, index, &words, &about)) {
        chat_decide(choosing->chat, choosing->chat->asked, APPROVAL_DECLINED, words);
    }
}

static void destroy(void *data)
{
    struct choosing *choosing = data;
    free(choosing->question.choices);
    free(choosing);
}

void chat_choose(struct chat *chat)
{
    const struct question *question = session_question(chat->session);
    struct choosing *choosing = MEM_NEW(struct choosing);
    struct str words;
    struct str about;
    size_t count = 0;
    choosing->chat = chat;
    choosing->question.choices = mem_strdup(question->choices);
    while (question_choice(question, count, &words, &about)) {
        count++;
    }
    char *title = safe_dup(str_of(question->what), SAFE_ONE_LINE, TITLE_SHOWN);
    struct picker_options options = {.title = title,
        .hint = "Esc goes back, nothing answered",
        .count = count,
        .cols = LIST_COLS,
        .item = item,
        .chosen = chosen,
        .destroy = destroy,
        .data = choosing};
    picker_open(chat->app, &options);
    free(title);
}
