/* A policy repository is begun: the same questions and files as in the app, as a proposal. */
#include "plain/plain_private.h"

#include "starter/starter.h"

static bool propose(struct plain *plain, unsigned set, struct err *err)
{
    struct starter_wish wish = {.set = set};
    struct starter_plan plan = {0};
    struct changes changes = {0};
    /* Some dozen small files. */
    starter_read(workbench_workspace(plain->wb), &wish, &plan);
    VEC_FOREACH (const struct starter_file, file, &plan) {
        if (file->state == STARTER_NEW || file->state == STARTER_DIFFERS) {
            VEC_PUSH(&changes, change_copy(&file->change));
        } else if (file->state == STARTER_IN_THE_WAY) {
            plain_say(plain, "%s is left as it is: %s", file->change.path, file->trouble);
        }
    }
    size_t differing = starter_count(&plan, STARTER_DIFFERS);
    bool ok = true;
    if (changes.len == 0) {
        plain_say(plain, "All its files are there already.");
    } else {
        ok = workbench_propose(plain->wb, &changes, "Begin a policy repository", err);
    }
    if (ok && changes.len > 0) {
        plain_say(plain,
            "%zu new files are proposed, and %zu that differ from what is there. Nothing is "
            "written "
            "yet: review goes through them.",
            changes.len - differing, differing);
    }
    changes_free(&changes);
    starter_plan_free(&plan);
    return ok;
}

static void ask(struct plain *plain);

static void answered(struct plain *plain, struct str line)
{
    bool yes = str_equal_c(line, "y") || str_equal_c(line, "yes");
    if (line.len == 0) {
        plain_say(plain, "No repository is begun.");
        return;
    }
    if (yes || str_equal_c(line, "n") || str_equal_c(line, "no")) {
        plain->init.choice.answers[plain->init.question] = yes ? CHOICE_YES : CHOICE_NO;
    } else {
        plain_say(plain, "Say y for yes or n for no; an empty line leaves.");
    }
    ask(plain);
}

/* The next question, or what the answers come to. */
static void ask(struct plain *plain)
{
    enum framework framework;
    struct err err;
    if (choice_next(&plain->init.choice, &plain->init.question, &framework)) {
        const struct choice_info *info = &choice_infos[plain->init.question];
        plain_say(plain, "%s (%s)", info->asked, info->help);
        plain_ask(plain, "y or n", answered);
        return;
    }
    plain_say(plain, "%s: %s.", frameworks[framework].title, frameworks[framework].what);
    if (!propose(plain, 1U << framework, &err)) {
        plain_say(plain, "%s", err.text);
    }
}

bool plain_init(struct plain *plain, struct str args, struct err *err)
{
    unsigned set = 0;
    if (session_state(workbench_session(plain->wb)) != SESSION_IDLE) {
        return err_set(err, ERR_CONFLICT, "The agent is at work: wait for it, or stop it.");
    }
    plain->init.choice = (struct choice){0};
    if (args.len > 0) {
        return framework_set_add(args, &set, err) && propose(plain, set, err);
    }
    ask(plain);
    return true;
}
