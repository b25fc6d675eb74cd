/* What comes with a repository or is printed by a hook: hooks in TOML and JSON, skills, answers.
 * The first byte says which. */
#include "agent/skills.h"
#include "base/utf8.h"
#include "hooks/hook_answer.h"
#include "hooks/matcher.h"

#include <assert.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_hooks(struct str text, bool json)
{
    struct handlers handlers = {0};
    struct buf problems = BUF_INIT;
    handlers_parse(text, json, &handlers, &problems);
    for (size_t i = 0; i < handlers.len; i++) {
        const struct handler *handler = &handlers.items[i];
        assert(handler->timeout_ms > 0 && handler->command[0] != '\0');
        (void)handler_applies(handler, MOMENT_AFTER_TOOL, "apply_patch");
    }
    handlers_free(&handlers);
    buf_free(&problems);
}

static void read_skill(struct str text)
{
    struct skills skills = {0};
    struct buf problems = BUF_INIT;
    skills_parse(text, &skills, &problems);
    for (size_t i = 0; i < skills.len; i++) {
        /* One visible line, and a name that leads nowhere. */
        for (const char *c = skills.items[i].description; *c != '\0'; c++) {
            assert((unsigned char)*c >= 0x20 && *c != 0x7f);
        }
        assert(strpbrk(skills.items[i].name, "/\n ") == NULL);
    }
    skills_free(&skills);
    buf_free(&problems);
}

/* What a command and its scripts name is looked for in a folder, and nowhere else. */
static void read_command(struct str text)
{
    static int folder = -1;
    struct scripts scripts;
    struct scripts again;
    struct err err;
    if (folder < 0) {
        folder = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    }
    char *command = str_dup(text);
    bool whole = scripts_find(folder, command, &scripts, NULL, &err);
    for (size_t i = 0; i < scripts.len; i++) {
        assert(scripts.items[i].path[0] != '/' && strstr(scripts.items[i].path, "..") == NULL);
    }
    assert(scripts_find(folder, command, &again, NULL, &err) == whole);
    assert(scripts_differ(&scripts, &again) == NULL);
    scripts_free(&again);
    scripts_free(&scripts);
    free(command);
}

static void read_answer(struct str text, unsigned which)
{
    struct hook_outcome outcome = {0};
    struct handler handler = {.moment = (enum moment)(which % MOMENT_COUNT),
        .short_form = (which & 8u) != 0,
        .file = (char[]){"file"}};
    size_t half = str_find_char(text, '\0', 0);
    half = half == SIZE_MAX ? text.len : half;
    struct hook_end end = {.exit_code = (int)(which >> 4) % 3,
        .out = str_slice(text, 0, half),
        .err = str_from(text, half)};
    hook_answer_add(&handler, &end, &outcome);
    hook_answer_add(&handler, &end, &outcome);
    assert(!outcome.blocked || outcome.reason.len > 0);
    hook_outcome_free(&outcome);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    struct str text = str_make((const char *)data + 1, size - 1);
    switch (data[0]) {
    case 't':
    case 'j':
        read_hooks(text, data[0] == 'j');
        break;
    case 's':
        read_skill(text);
        break;
    case 'c':
        read_command(text);
        break;
    default:
        read_answer(text, data[0]);
        break;
    }
    return 0;
}
