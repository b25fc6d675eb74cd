#include "desk_init.h"

#include "base/vec.h"
#include "desk_private.h"
#include "starter/starter.h"
#include "widget/dialog.h"
#include "workspace/door.h"

#include <stdlib.h>

enum { NAMES_SHOWN = 40 };

#define TITLE "A new policy repository"

struct desk_init {
    struct desk *desk;
    struct choice choice;
    enum choice_question question;
    enum framework framework; /* that the questions came to */
    unsigned set;             /* of frameworks, with those added to it */
    enum framework offered[FRAMEWORK_COUNT];
    struct starter_plan plan;
    struct changes fresh, differing;
    bool busy; /* a worker has it, or the door */
};

struct desk_init *desk_init_new(struct desk *desk)
{
    struct desk_init *init = MEM_NEW(struct desk_init);
    init->desk = desk;
    return init;
}

static void forget(struct desk_init *init)
{
    starter_plan_free(&init->plan);
    changes_free(&init->fresh);
    changes_free(&init->differing);
    init->plan = (struct starter_plan){0};
    init->fresh = init->differing = (struct changes){0};
}

void desk_init_free(struct desk_init *init)
{
    if (init != NULL) {
        forget(init);
        free(init);
    }
}

bool desk_init_is_empty(const struct desk *desk)
{
    const struct files *files = workspace_files(workbench_workspace(desk->workbench));
    return files != NULL && files->len == 0;
}

/* ---- what comes of it ---- */

static void propose(struct desk_init *init, const struct changes *changes)
{
    struct desk *desk = init->desk;
    struct err err;
    if (changes->len == 0) {
        return;
    }
    if (workbench_propose(desk->workbench, changes, "Begin a policy repository", &err)) {
        desk_open_review(desk);
    } else {
        app_message(desk->app, MESSAGE_ERROR, "%s", err.text);
    }
}

static void on_written(void *data, const struct err *err)
{
    struct desk_init *init = data;
    struct desk *desk = init->desk;
    struct err trust;
    desk->exporting--;
    init->busy = false;
    if (desk->closing) {
        return;
    }
    if (err != NULL) {
        app_message(desk->app, MESSAGE_ERROR, "Nothing was written: %s", err->text);
    } else {
        bool trusted =
            starter_trust(workbench_workspace(desk->workbench), &init->plan, &init->fresh, &trust);
        workbench_look_at_trust(desk->workbench);
        app_message(desk->app, trusted ? MESSAGE_GOOD : MESSAGE_WARNING, "%zu files written%s%s",
            init->fresh.len,
            trusted ? "" : "; their skills are not trusted: ", trusted ? "" : trust.text);
        propose(init, &init->differing);
    }
    forget(init);
}

static void ask_another(struct desk_init *init);

static void chosen(void *data, int choice)
{
    struct desk_init *init = data;
    if (choice == 0) {
        init->busy = true;
        init->desk->exporting++;
        door_start(workbench_workspace(init->desk->workbench), init->desk->loop, &init->fresh,
            on_written, init);
        return;
    }
    if (choice == 1) {
        VEC_FOREACH (const struct change, change, &init->differing) {
            VEC_PUSH(&init->fresh, change_copy(change));
        }
        propose(init, &init->fresh);
    }
    bool more = choice == 2;
    forget(init);
    if (more) {
        ask_another(init);
    }
}

/* ---- what there is to write ---- */

static void describe(const struct desk_init *init, struct buf *text)
{
    size_t shown = 0;
    for (unsigned i = 0; i < FRAMEWORK_COUNT; i++) {
        if ((init->set >> i & 1U) != 0) {
            buf_printf(text, "%s: %s.\n", frameworks[i].title, frameworks[i].what);
        }
    }
    buf_append_char(text, '\n');
    if (init->differing.len > 0) {
        buf_printf(text,
            "%zu of its files %s there already and differ%s: proposed, to be reviewed.\n\n",
            init->differing.len, init->differing.len == 1 ? "is" : "are",
            init->differing.len == 1 ? "s" : "");
    }
    buf_printf(text, "%zu new files:\n", init->fresh.len);
    VEC_FOREACH (const struct change, change, &init->fresh) {
        if (shown++ < NAMES_SHOWN) {
            buf_printf(text, "  %s\n", change->path);
        }
    }
    VEC_FOREACH (const struct starter_file, file, &init->plan) {
        if (file->state == STARTER_IN_THE_WAY) {
            buf_printf(text, "%s is left as it is: %s\n", file->change.path, file->trouble);
        }
    }
}

static void offer(struct desk_init *init)
{
    static const struct dialog_choice choices[] = {
        {'w', "Write the new files"}, {'r', "Review them first"}, {'a', "Add a framework"}};
    bool all = init->set == (1U << FRAMEWORK_COUNT) - 1;
    struct app *app = init->desk->app;
    if (init->fresh.len + init->differing.len == 0) {
        app_message(app, MESSAGE_INFO, "All its files are there already.");
        forget(init);
    } else if (init->fresh.len == 0) {
        propose(init, &init->differing);
        forget(init);
    } else {
        struct buf text = BUF_INIT;
        describe(init, &text);
        dialog_choose(app, TITLE, buf_str(&text), choices, ARRAY_LEN(choices) - all, chosen, init);
        buf_free(&text);
    }
}

static void read_plan(void *data)
{
    struct desk_init *init = data;
    struct starter_wish wish = {.set = init->set};
    starter_read(workbench_workspace(init->desk->workbench), &wish, &init->plan);
}

static void plan_read(void *data, bool cancelled)
{
    struct desk_init *init = data;
    init->desk->exporting--;
    init->busy = false;
    if (cancelled || init->desk->closing) {
        return;
    }
    VEC_FOREACH (const struct starter_file, file, &init->plan) {
        if (file->state == STARTER_NEW) {
            VEC_PUSH(&init->fresh, change_copy(&file->change));
        } else if (file->state == STARTER_DIFFERS) {
            VEC_PUSH(&init->differing, change_copy(&file->change));
        }
    }
    offer(init);
    app_redraw(init->desk->app);
}

static void read_all(struct desk_init *init)
{
    init->busy = true;
    init->desk->exporting++;
    loop_work_start(init->desk->loop, read_plan, plan_read, init);
}

/* ---- the questions ---- */

static void added(void *data, int choice)
{
    struct desk_init *init = data;
    if (choice >= 0) {
        init->set |= 1U << init->offered[choice];
    }
    read_all(init);
}

/* One more beside those that are chosen; Esc leaves it at them. */
static void ask_another(struct desk_init *init)
{
    static const char keys[FRAMEWORK_COUNT] = {[FRAMEWORK_OPA] = 'o',
        [FRAMEWORK_GATEKEEPER] = 'g',
        [FRAMEWORK_KYVERNO] = 'k',
        [FRAMEWORK_CONFTEST] = 'c',
        [FRAMEWORK_CEDAR] = 'e'};
    struct dialog_choice choices[FRAMEWORK_COUNT];
    struct buf text = BUF_INIT;
    size_t count = 0;
    for (unsigned i = 0; i < FRAMEWORK_COUNT; i++) {
        if ((init->set >> i & 1U) == 0) {
            buf_printf(&text, "%s: %s.\n", frameworks[i].title, frameworks[i].what);
            choices[count] = (struct dialog_choice){keys[i], frameworks[i].name};
            init->offered[count++] = (enum framework)i;
        }
    }
    dialog_choose(init->desk->app, "Which one, too?", buf_str(&text), choices, count, added, init);
    buf_free(&text);
}

static void ask(struct desk_init *init);

static void answered(void *data, int choice)
{
    struct desk_init *init = data;
    if (choice >= 0) {
        init->choice.answers[init->question] = choice == 0 ? CHOICE_YES : CHOICE_NO;
        ask(init);
    }
}

static void ask(struct desk_init *init)
{
    static const struct dialog_choice choices[] = {{'y', "Yes"}, {'n', "No"}};
    if (choice_next(&init->choice, &init->question, &init->framework)) {
        const struct choice_info *info = &choice_infos[init->question];
        char *text = mem_printf("%s\n\n%s", info->asked, info->help);
        dialog_choose(
            init->desk->app, TITLE, str_of(text), choices, ARRAY_LEN(choices), answered, init);
        free(text);
        return;
    }
    init->set |= 1U << init->framework;
    read_all(init);
}

void desk_init_begin(struct desk_init *init)
{
    if (!init->busy) {
        forget(init);
        init->choice = (struct choice){0};
        init->set = 0;
        ask(init);
    }
}

static unsigned begin(void *data)
{
    const struct desk *desk = data;
    desk_init_begin(desk->init);
    return UI_DONE;
}

static const char *why_not(void *data)
{
    const struct desk *desk = data;
    return session_state(workbench_session(desk->workbench)) != SESSION_IDLE
               ? "The agent is at work: wait for it, or Esc interrupts it."
           : desk->init->busy ? "Files are being written."
                              : NULL;
}

static const struct action actions[] = {
    {"init.begin", "begin a repository",
        "Begin a policy repository: a framework by a few questions, its files written or reviewed",
        "", NULL, 0, begin, why_not},
};

const struct action_set init_actions = ACTION_SET("init", "A new repository", actions);
