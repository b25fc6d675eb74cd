/* Texts that are not saved yet, as opa reads them: files of a scratch folder that stand in for
 * those they will become. What opa says of them is told of those. */
#include "engine/runner_internal.h"

#include "base/file.h"
#include "base/path.h"

#include <stdlib.h>
#include <unistd.h>

/* What opa is given: the file, for a document with its place below data. */
static char *load_of(const struct plan_file *file, const char *stand_in)
{
    const char *colon = file->is_data ? strrchr(file->load, ':') : NULL;
    return colon == NULL ? mem_strdup(stand_in)
                         : mem_printf("%.*s:%s", (int)(colon - file->load), file->load, stand_in);
}

bool run_lay_texts(struct run *run, struct err *err)
{
    struct runner *runner = run->runner;
    VEC_FOREACH (struct run_text, text, &run->texts) {
        size_t place = plan_find_file(run->plan, text->path);
        struct plan_file *file = place == (size_t)-1 ? NULL : &run->plan->files.items[place];
        if (file == NULL || file->load == NULL) {
            continue;
        }
        runner->has_scratch = runner->has_scratch || scratch_make(&runner->scratch, err);
        if (!runner->has_scratch) {
            return false;
        }
        text->load =
            mem_printf("%s/%u%s", runner->scratch.folder, runner->written++, path_ext(text->path));
        if (!file_write(text->load, buf_str(&text->text), 0600, err)) {
            return false;
        }
        char *load = load_of(file, text->load);
        free(file->load);
        file->load = load;
    }
    return true;
}

static void hold(struct plan_unit *unit, const char *path)
{
    free(unit->trouble);
    unit->unasked = true;
    unit->trouble = mem_printf(
        "save %s: it has unsaved edits, and %s reads what is on disk", path, unit->engine->name);
}

void run_hold_unsaved(struct run *run)
{
    VEC_FOREACH (const struct run_text, text, &run->texts) {
        size_t place = plan_find_file(run->plan, text->path);
        VEC_FOREACH (struct plan_unit, unit, &run->plan->units) {
            for (size_t i = 0; unit->engine != NULL && unit->tests.len > 0 && i < unit->files.len;
                 i++) {
                if (unit->files.items[i] == place) {
                    hold(unit, text->path);
                }
            }
        }
    }
}

static void place_back(const struct run *run, char **path)
{
    VEC_FOREACH (const struct run_text, text, &run->texts) {
        if (*path != NULL && text->load != NULL && strcmp(*path, text->load) == 0) {
            free(*path);
            *path = mem_strdup(text->path);
            return;
        }
    }
}

static void replace_all(struct buf *in, const char *from, const char *to)
{
    struct buf out = BUF_INIT;
    struct str rest = buf_str(in);
    for (size_t at; (at = str_find(rest, str_of(from), 0)) != (size_t)-1;) {
        buf_append_str(&out, str_slice(rest, 0, at));
        buf_append_c(&out, to);
        rest = str_from(rest, at + strlen(from));
    }
    if (out.len > 0) {
        buf_append_str(&out, rest);
        buf_clear(in);
        buf_append_str(in, buf_str(&out));
    }
    buf_free(&out);
}

static void replace_in_text(const struct run *run, char **text)
{
    if (*text == NULL) {
        return;
    }
    struct buf buf = BUF_INIT;
    buf_append_c(&buf, *text);
    VEC_FOREACH (const struct run_text, own, &run->texts) {
        if (own->load != NULL) {
            replace_all(&buf, own->load, own->path);
        }
    }
    free(*text);
    *text = buf_take(&buf);
}

void run_place_back(const struct run *run, struct engine_answer *answer)
{
    if (run->texts.len == 0) {
        return;
    }
    VEC_FOREACH (struct result, row, &answer->results) {
        place_back(run, &row->file);
        place_back(run, &row->policy_file);
        replace_in_text(run, &row->message);
        replace_in_text(run, &row->detail);
    }
    VEC_FOREACH (struct finding, finding, &answer->findings) {
        place_back(run, &finding->file);
        replace_in_text(run, &finding->message);
    }
    VEC_FOREACH (struct coverage_file, file, &answer->coverage) {
        place_back(run, &file->path);
    }
    VEC_FOREACH (const struct run_text, text, &run->texts) {
        if (text->load != NULL) {
            replace_all(&answer->text, text->load, text->path);
        }
    }
    replace_in_text(run, &answer->message);
}

void run_forget_texts(struct run *run)
{
    VEC_FOREACH (struct run_text, text, &run->texts) {
        buf_free(&text->text);
    }
}

void run_free_texts(struct run *run)
{
    VEC_FOREACH (struct run_text, text, &run->texts) {
        if (text->load != NULL) {
            (void)unlink(text->load);
        }
        free(text->path);
        free(text->load);
        buf_free(&text->text);
    }
    VEC_FREE(&run->texts);
}
