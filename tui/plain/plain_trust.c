/* What the repository brings for the agent: said whole, trusted or refused by its number; skills.
 */
#include "plain/plain_private.h"

#include <stdlib.h>

void plain_say_waiting(struct plain *plain)
{
    const char *waiting = workbench_waiting(plain->wb);
    if (waiting != NULL) {
        plain_say(plain, "%s; type trust.", waiting);
    }
}

static void say_item(struct plain *plain, const struct vetting *vetting, size_t index, bool whole)
{
    const struct vetted *item = &vetting->items[index];
    plain_say(plain, "%zu: %s, in %s: %s%s", index + 1, item->title, item->file, vetted_state(item),
        whole ? ". It says:" : ".");
    if (whole) {
        plain_lines(plain, "  ", str_of(item->shown));
    }
}

static bool list(struct plain *plain, const struct vetting *vetting)
{
    for (size_t i = 0; i < vetting->len; i++) {
        say_item(plain, vetting, i, vetting->items[i].answer == TRUST_UNKNOWN);
    }
    struct str rest = buf_str(&vetting->own);
    struct str line;
    while (str_next_line(&rest, &line)) {
        plain_say(plain, "Yours: %.*s.", STR_FMT(line));
    }
    if (vetting->len == 0) {
        plain_say(plain, "The repository brings no hooks and no skills.");
    } else if (vetting_waiting(vetting) > 0) {
        plain_say(plain, "Type trust and a number, or trust no and a number; or all for those that "
                         "wait.");
    }
    return true;
}

static bool answer_all(
    struct plain *plain, struct vetting *vetting, enum trust_answer answer, struct err *err)
{
    bool any = false;
    for (size_t i = 0; i < vetting->len; i++) {
        if (vetting->items[i].answer != TRUST_UNKNOWN) {
            continue;
        }
        if (!vetting_answer(vetting, i, answer, err)) {
            return false;
        }
        say_item(plain, vetting, i, false);
        any = true;
    }
    return any || err_set(err, ERR_NOT_FOUND, "Nothing waits for your trust.");
}

bool plain_trust(struct plain *plain, struct str args, struct err *err)
{
    struct vetting vetting;
    workbench_vetting(plain->wb, &vetting);
    struct str word = plain_word(&args);
    enum trust_answer answer = TRUST_YES;
    if (str_equal_c(word, "no")) {
        answer = TRUST_NO;
        word = plain_word(&args);
    }
    size_t number = plain_number(word);
    bool ok;
    if (word.len == 0 && answer == TRUST_YES) {
        ok = list(plain, &vetting);
    } else if (str_equal_c(word, "all")) {
        ok = answer_all(plain, &vetting, answer, err);
    } else if (number == 0 || number > vetting.len) {
        ok = err_set(
            err, ERR_INVALID, "Nothing was done: type trust for the list with its numbers.");
    } else {
        ok = vetting_answer(&vetting, number - 1, answer, err);
        if (ok) {
            say_item(plain, &vetting, number - 1, false);
        }
    }
    vetting_free(&vetting);
    workbench_look_at_trust(plain->wb);
    return ok;
}

bool plain_skills(struct plain *plain, struct str args, struct err *err)
{
    (void)args;
    (void)err;
    const struct skills *skills = workbench_skills(plain->wb);
    VEC_FOREACH (const struct skill, skill, skills) {
        plain_say(plain, "%s, in %s%s%s%s", skill->name, skill->file,
            skill->answer == TRUST_YES ? "" : ", not trusted",
            skill->description[0] == '\0' ? "" : ": ", skill->description);
    }
    if (skills->len == 0) {
        plain_say(plain, "There are no skills.");
    }
    return true;
}

bool plain_skill(struct plain *plain, struct str args, struct err *err)
{
    struct str name = plain_word(&args);
    if (name.len == 0) {
        return plain_skills(plain, args, err);
    }
    return workbench_use_skill(plain->wb, name, args, err);
}
