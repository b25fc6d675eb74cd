/* What opa is asked: the target, the files it needs, the input. All on a worker. */
#include "engine/opa_eval_internal.h"

#include "base/file.h"
#include "base/path.h"
#include "engine/opa.h"

#include <stdio.h>
#include <unistd.h>

#define SOURCE_MAX_BYTES ((size_t)16 << 20)
#define INPUT_MAX_BYTES  ((size_t)64 << 20)
#define LOOK_MAX_BYTES   ((size_t)1 << 20)

enum { SOURCES_MAX = 400 };

/* An object as Gatekeeper hands it to a template. What is asked for already (an AdmissionReview, an
 * input with `review`) stays. */
static const char wrap_query[] =
    "array.concat(array.concat("
    "[{\"how\": \"request\", \"input\": {\"review\": input.request, \"parameters\": p}} | "
    "p := object.get(data, [\"constraint\", \"spec\", \"parameters\"], {}); "
    "input.kind == \"AdmissionReview\"], "
    "[{\"how\": \"object\", \"input\": {\"parameters\": p, \"review\": {"
    "\"object\": input, \"operation\": \"CREATE\", "
    "\"name\": object.get(input, [\"metadata\", \"name\"], \"\"), "
    "\"namespace\": object.get(input, [\"metadata\", \"namespace\"], \"\"), "
    "\"kind\": {\"kind\": input.kind, \"version\": parts[count(parts) - 1], "
    "\"group\": concat(\"\", array.slice(parts, 0, count(parts) - 1))}}}} | "
    "p := object.get(data, [\"constraint\", \"spec\", \"parameters\"], {}); "
    "input.kind != \"AdmissionReview\"; parts := split(input.apiVersion, \"/\")]), "
    "[{\"how\": \"\", \"input\": input}])[0]";

void eval_push(struct eval_args *args, char *arg)
{
    VEC_PUSH(args, arg);
}

void eval_args_free(struct eval_args *args)
{
    VEC_FOREACH (char *, arg, args) {
        free(*arg);
    }
    VEC_FREE(args);
}

void eval_sources_free(struct eval_sources *sources)
{
    VEC_FOREACH (struct eval_source, source, sources) {
        free(source->path);
        buf_free(&source->text);
    }
    VEC_FREE(sources);
}

struct policy_text *eval_sources_view(const struct eval_sources *sources)
{
    struct policy_text *view = mem_zalloc((sources->len + 1) * sizeof *view);
    for (size_t i = 0; i < sources->len; i++) {
        view[i] = (struct policy_text){sources->items[i].path, buf_str(&sources->items[i].text)};
    }
    return view;
}

/* ---- scratch files ---- */

static bool make_scratch(struct evaluation *e)
{
    static atomic_uint count;
    if (e->scratch != NULL) {
        return true;
    }
    char *cache = path_home_dir(PATH_CACHE, &e->err);
    if (cache == NULL) {
        return false;
    }
    char *folder =
        mem_printf("%s/evaluate/%d-%u", cache, (int)getpid(), atomic_fetch_add(&count, 1));
    bool ok = strchr(folder, ':') == NULL ||
              err_set(&e->err, ERR_UNSUPPORTED,
                  "%s has a colon in its name, which opa takes for a path below data", folder);
    ok = ok && path_make_dirs(folder, &e->err);
    free(cache);
    if (ok) {
        e->scratch = folder;
    } else {
        free(folder);
    }
    return ok;
}

char *eval_scratch(struct evaluation *e, const char *name, struct str text)
{
    if (!make_scratch(e)) {
        return NULL;
    }
    char *path = mem_printf("%s/%u-%s", e->scratch, e->scratch_files++, name);
    if (!file_write(path, text, 0600, &e->err)) {
        free(path);
        return NULL;
    }
    return path;
}

static bool lay(struct evaluation *e, const char *path, struct str text,
    const struct target_piece *piece, const char **scratch)
{
    char *made = eval_scratch(e, piece == NULL ? "laid.rego" : "piece.rego", text);
    if (made == NULL) {
        return false;
    }
    struct eval_laid laid = {.scratch = made, .path = mem_strdup(path), .piece = piece};
    VEC_PUSH(&e->laid, laid);
    *scratch = made;
    return true;
}

const char *eval_place(void *data, const char *file, struct position *at)
{
    const struct evaluation *e = data;
    VEC_FOREACH (const struct eval_laid, laid, &e->laid) {
        if (strcmp(laid->scratch, file) != 0) {
            continue;
        }
        size_t row;
        size_t column;
        if (laid->piece != NULL && at->row > 0 &&
            syntax_injection_to_host(&laid->piece->injection, at->row - 1,
                at->col > 0 ? at->col - 1 : 0, &row, &column)) {
            *at = (struct position){(unsigned)row + 1, (unsigned)column + 1};
        }
        return laid->path;
    }
    return file;
}

/* ---- texts ---- */

static const struct eval_source *text_laid(const struct evaluation *e, const char *path)
{
    VEC_FOREACH (const struct eval_source, source, &e->texts) {
        if (strcmp(source->path, path) == 0) {
            return source;
        }
    }
    return NULL;
}

static bool read_text(
    struct evaluation *e, const char *path, size_t max_bytes, struct buf *out, struct err *err)
{
    const struct eval_source *source = text_laid(e, path);
    struct policy_text text = {path, source == NULL ? str_make(NULL, 0) : buf_str(&source->text)};
    return eval_read(e->root, &text, source != NULL, path, max_bytes, out, err);
}

static void keep_source(struct evaluation *e, const char *path)
{
    struct eval_source source = {.path = mem_strdup(path)};
    if (e->sources.len < SOURCES_MAX && read_text(e, path, SOURCE_MAX_BYTES, &source.text, NULL)) {
        VEC_PUSH(&e->sources, source);
    } else {
        free(source.path);
        buf_free(&source.text);
    }
}

/* ---- the target and its files ---- */

static bool find_target(struct evaluation *e, struct str text)
{
    size_t row = e->row;
    struct str inner = text;
    target_pieces_find(e->file, text, &e->pieces);
    if (strcmp(path_ext(e->file), ".rego") != 0) {
        const struct target_piece *piece = target_piece_at(&e->pieces, e->row, &row);
        if (piece == NULL) {
            return err_set(&e->err, ERR_UNSUPPORTED,
                e->pieces.len == 0 ? "There is no Rego in %s to evaluate"
                                   : "Put the cursor into the Rego of %s to evaluate a rule",
                e->file);
        }
        inner = buf_str(&piece->text);
    }
    return target_at(inner, row, str_of(e->selection), &e->target, &e->err);
}

/* The files whose package the query names, or which stand above or below what it names. The query
 * is read as a rule's value, so that its references are those of the syntax tree. */
static void seeds_of_query(
    const struct policy_index *index, const char *query, struct policy_set *seeds)
{
    char *module = mem_printf("package query\n\nanswer := %s\n", query);
    struct policy_facts *asked = policy_facts_parse(str_of(module));
    free(module);
    for (size_t i = 0; i < index->files.len; i++) {
        const struct policy_file *file = &index->files.items[i];
        if (file->kind != POLICY_REGO || file->facts == NULL || file->facts->package == NULL) {
            continue;
        }
        const char *package = file->facts->package;
        bool wanted = false;
        VEC_FOREACH (struct policy_ref, ref, &asked->refs) {
            wanted = wanted || policy_path_below(package, ref->path) ||
                     policy_path_below(ref->path, package);
        }
        if (wanted) {
            VEC_PUSH(seeds, i);
        }
    }
    policy_facts_release(asked);
}

static bool push_plan_file(struct evaluation *e, const struct plan_file *file)
{
    const struct eval_source *text = text_laid(e, file->path);
    const char *load = file->load;
    if (text != NULL && !lay(e, file->path, buf_str(&text->text), NULL, &load)) {
        return false;
    }
    eval_push(&e->files, mem_strdup("-d"));
    char *mount = text != NULL && file->is_data ? mem_strdup(file->load) : NULL;
    char *colon = mount == NULL ? NULL : strchr(mount, ':');
    if (colon != NULL) {
        *colon = '\0';
    }
    eval_push(&e->files, colon != NULL ? mem_printf("%s:%s", mount, load) : mem_strdup(load));
    free(mount);
    if (!file->is_data) {
        keep_source(e, file->path);
    }
    return true;
}

static bool add_closure(struct evaluation *e, const struct policy_set *seeds)
{
    struct run_plan *plan = opa_plan_closure(e->index, seeds);
    bool ok = true;
    if (plan->units.len > 0) {
        const struct plan_unit *unit = &plan->units.items[0];
        e->v0 = unit->dialect == DIALECT_V0;
        e->may_be_other = unit->may_be_other;
        ok = unit->trouble == NULL || err_set(&e->err, ERR_UNSUPPORTED, "%s", unit->trouble);
        for (size_t i = 0; ok && i < unit->files.len; i++) {
            ok = push_plan_file(e, &plan->files.items[unit->files.items[i]]);
        }
    }
    run_plan_free(plan);
    return ok;
}

/* A template's Rego stands alone: it and its libraries. */
static bool add_pieces(struct evaluation *e)
{
    e->v0 = true; /* Gatekeeper's default */
    e->may_be_other = true;
    for (size_t i = 0; i < e->pieces.len; i++) {
        const struct target_piece *piece = &e->pieces.items[i];
        const char *scratch;
        struct policy_facts *facts = policy_facts_parse(buf_str(&piece->text));
        e->v0 = e->v0 && facts->dialect != DIALECT_V1;
        policy_facts_release(facts);
        if (!lay(e, e->file, buf_str(&piece->text), piece, &scratch)) {
            return false;
        }
        eval_push(&e->files, mem_strdup("-d"));
        eval_push(&e->files, mem_strdup(scratch));
    }
    keep_source(e, e->file);
    return true;
}

static bool add_files(struct evaluation *e)
{
    struct policy_set seeds = {0};
    if (e->pieces.len > 0) {
        return add_pieces(e);
    }
    size_t place = e->file == NULL ? (size_t)-1 : policy_index_find(e->index, e->file);
    if (place != (size_t)-1) {
        VEC_PUSH(&seeds, place);
    } else {
        seeds_of_query(e->index, e->query, &seeds);
    }
    bool ok = add_closure(e, &seeds);
    VEC_FREE(&seeds);
    return ok;
}

/* ---- the input ---- */

/* The constraint of the template's kind that stands nearest, as a scratch file. */
static char *find_constraint(struct evaluation *e, char **name)
{
    char *kind = mem_printf("\nkind: %s\n", e->pieces.kind == NULL ? "" : e->pieces.kind);
    char *found = NULL;
    for (size_t i = 0; e->pieces.kind != NULL && found == NULL && i < e->index->files.len; i++) {
        const struct policy_file *file = &e->index->files.items[i];
        struct buf text = BUF_INIT;
        bool yaml = file->kind == POLICY_DATA && strcmp(path_ext(file->path), ".json") != 0;
        if (yaml && read_text(e, file->path, LOOK_MAX_BYTES, &text, NULL) &&
            str_find(buf_str(&text), STR_LIT("constraints.gatekeeper.sh"), 0) != (size_t)-1) {
            struct str document = buf_str(&text);
            for (unsigned n = 1; found == NULL && document.len > 0; n++) {
                document = eval_document(buf_str(&text), n);
                if (str_find(document, str_of(kind), 0) != (size_t)-1) {
                    found = eval_scratch(e, "constraint.yaml", document);
                    *name = mem_strdup(file->path);
                }
            }
        }
        buf_free(&text);
    }
    free(kind);
    return found;
}

/* opa reads the input first, to put it as Gatekeeper would. `path` is taken over. */
static bool wrap_input(struct evaluation *e, char *path)
{
    char *name = NULL;
    char *constraint = find_constraint(e, &name);
    eval_push(&e->find_args, mem_strdup("--input"));
    eval_push(&e->find_args, path);
    if (constraint != NULL) {
        eval_push(&e->find_args, mem_strdup("-d"));
        eval_push(&e->find_args, mem_printf("constraint:%s", constraint));
    }
    eval_push(&e->find_args, mem_strdup("--"));
    eval_push(&e->find_args, mem_strdup(wrap_query));
    e->find_wrapped = true;
    e->result.note = name == NULL ? mem_strdup("no constraint of this kind is here: no parameters")
                                  : mem_printf("parameters of %s", name);
    free(name);
    free(constraint);
    return true;
}

static bool input_of_file(struct evaluation *e, bool wrap)
{
    struct buf text = BUF_INIT;
    const char *path = e->input.path;
    bool ok = read_text(e, path, INPUT_MAX_BYTES, &text, &e->err);
    struct str document = buf_str(&text);
    char *scratch = NULL;
    if (ok && e->input.document > 0) {
        document = eval_document(document, e->input.document);
        ok = document.len > 0 ||
             err_set(&e->err, ERR_NOT_FOUND, "%s has no document %u any more: choose another input",
                 path, e->input.document);
    }
    if (ok && (e->input.document > 0 || text_laid(e, path) != NULL)) {
        scratch = eval_scratch(
            e, strcmp(path_ext(path), ".json") == 0 ? "input.json" : "input.yaml", document);
        ok = scratch != NULL;
    } else if (ok) {
        scratch = mem_strdup(path);
    }
    buf_free(&text);
    if (ok && wrap) {
        return wrap_input(e, scratch);
    }
    if (ok) {
        eval_push(&e->input_args, mem_strdup("--input"));
        eval_push(&e->input_args, scratch);
    }
    return ok;
}

static bool input_of_test(struct evaluation *e)
{
    struct buf text = BUF_INIT;
    struct buf module = BUF_INIT;
    char *query = NULL;
    bool ok = read_text(e, e->input.path, SOURCE_MAX_BYTES, &text, &e->err);
    /* The test file is loaded in the changed form; what it needs comes with it. */
    struct policy_set seeds = {0};
    size_t place = policy_index_find(e->index, e->input.path);
    if (ok && place == (size_t)-1) {
        ok = err_set(&e->err, ERR_NOT_FOUND, "%s is gone: choose another input", e->input.path);
    }
    struct run_plan *plan = NULL;
    if (ok) {
        VEC_PUSH(&seeds, place);
        plan = opa_plan_closure(e->index, &seeds);
        bool v0 = plan->units.items[0].dialect == DIALECT_V0;
        ok = target_input_module(
            buf_str(&text), e->input.test, e->input.row, v0, &module, &query, &e->err);
        if (v0) {
            eval_push(&e->find_args, mem_strdup("--v0-compatible"));
        }
    }
    for (size_t i = 0; ok && i < plan->units.items[0].files.len; i++) {
        const struct plan_file *file = &plan->files.items[plan->units.items[0].files.items[i]];
        const struct eval_source *laid = text_laid(e, file->path);
        bool own = strcmp(file->path, e->input.path) == 0;
        char *load = own ? eval_scratch(e, "test.rego", buf_str(&module))
                     : laid != NULL && !file->is_data
                         ? eval_scratch(e, "laid.rego", buf_str(&laid->text))
                         : mem_strdup(file->load);
        ok = load != NULL;
        if (ok) {
            eval_push(&e->find_args, mem_strdup("-d"));
            eval_push(&e->find_args, load);
        }
    }
    if (ok) {
        eval_push(&e->find_args, mem_strdup("--"));
        eval_push(&e->find_args, query);
        e->find_set = true;
    } else {
        free(query);
    }
    run_plan_free(plan);
    VEC_FREE(&seeds);
    buf_free(&text);
    buf_free(&module);
    return ok;
}

static bool choose_input(struct evaluation *e, struct str text)
{
    if (e->target.is_test && !e->target.is_selection) {
        eval_input_free(&e->input); /* a test gives its own */
    }
    bool wrap = e->file != NULL &&
                (e->pieces.len > 0 || str_find(text, STR_LIT("input.review"), 0) != (size_t)-1);
    switch (e->input.kind) {
    case EVAL_INPUT_NONE:
        return true;
    case EVAL_INPUT_FILE:
        return input_of_file(e, wrap);
    case EVAL_INPUT_TEST:
        return input_of_test(e);
    case EVAL_INPUT_TEXT:
        buf_append_c(&e->stdin_text, e->input.text);
        eval_push(&e->input_args, mem_strdup("--stdin-input"));
        return true;
    }
    return false;
}

void eval_prepare(struct evaluation *e)
{
    struct buf text = BUF_INIT;
    e->program = engine_find(&engine_opa, &e->err);
    bool ok = e->program != NULL && policy_index_scan(e->index, e->root, &e->cancel, &e->err);
    if (ok) {
        struct policy_text *texts = eval_sources_view(&e->texts);
        policy_index_lay(e->index, texts, e->texts.len);
        free(texts);
    }
    if (ok && e->file != NULL) {
        ok = read_text(e, e->file, SOURCE_MAX_BYTES, &text, &e->err) &&
             find_target(e, buf_str(&text));
    }
    ok = ok && add_files(e) && choose_input(e, buf_str(&text));
    if (ok && e->file != NULL) {
        e->query = mem_strdup(e->target.query);
    }
    e->prepared = ok;
    buf_free(&text);
}
