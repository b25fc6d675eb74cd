/* bylaw index: what the catalog knows of a folder, and its answers about a place. */
#include "command/command.h"
#include "command/folder_index.h"
#include "command/index_rego.h"

#include "base/json.h"
#include "base/safe.h"
#include "base/vec.h"
#include "patch/unified.h"

#include <stdlib.h>

struct index_run {
    const struct args *args;
    struct folder_index index;
    struct catalog *catalog;
    cJSON *json; /* NULL: text */
};

/* ---- all symbols ---- */

static void set_text(cJSON *object, const char *key, const char *text)
{
    if (text != NULL && *text != '\0') {
        json_set_string(object, key, text);
    }
}

static void set_range(cJSON *object, const struct symbol_range *at)
{
    json_set_int(object, "row", (long long)at->row + 1);
    json_set_int(object, "col", (long long)at->col + 1);
    json_set_int(object, "end_row", (long long)at->end_row + 1);
    json_set_int(object, "end_col", (long long)at->end_col + 1);
}

static cJSON *push_object(cJSON *array)
{
    cJSON *object = mem_require(cJSON_CreateObject());
    cJSON_AddItemToArray(array, object);
    return object;
}

static void definitions_json(const struct policy_symbols *symbols, cJSON *file)
{
    cJSON *array = json_set_array(file, "definitions");
    VEC_FOREACH (const struct symbol_definition, definition, &symbols->definitions) {
        cJSON *item = push_object(array);
        json_set_string(item, "kind", symbol_kind_name(definition->kind));
        json_set_string(item, "name", definition->name);
        set_text(item, "key", policy_symbols_key(symbols, definition->key));
        set_text(item, "detail", definition->detail);
        set_text(item, "type", definition->type);
        set_text(item, "namespace", definition->space);
        set_text(item, "doc", definition->doc);
        set_range(item, &definition->at);
    }
}

static void rest_json(const struct policy_symbols *symbols, cJSON *file)
{
    cJSON *imports = json_set_array(file, "imports");
    VEC_FOREACH (const struct symbol_import, import, &symbols->imports) {
        cJSON *item = push_object(imports);
        json_set_string(item, "path", import->path);
        json_set_string(item, "name", import->name);
        json_set_int(item, "row", (long long)import->row + 1);
    }
    cJSON *notes = json_set_array(file, "annotations");
    VEC_FOREACH (const struct symbol_note, note, &symbols->notes) {
        cJSON *item = push_object(notes);
        json_set_string(item, "scope", note->scope);
        set_text(item, "key", policy_symbols_key(symbols, note->key));
        set_text(item, "title", note->title);
        set_text(item, "description", note->description);
        set_text(item, "custom", note->custom);
        json_set_int(item, "row", (long long)note->row + 1);
    }
    cJSON *controls = json_set_array(file, "controls");
    VEC_FOREACH (const struct symbol_control, control, &symbols->controls) {
        cJSON *item = push_object(controls);
        json_set_string(item, "framework", control->framework);
        json_set_string(item, "id", control->id);
        json_set_string(item, "of", symbols->definitions.items[control->definition].name);
    }
    cJSON *links = json_set_array(file, "uses_files");
    VEC_FOREACH (const struct symbol_link, link, &symbols->links) {
        json_push_string(links, link->path);
    }
}

static bool print_file(void *data, const char *path, const struct policy_symbols *symbols)
{
    struct index_run *run = data;
    char *shown = safe_dup(str_of(path), SAFE_ONE_LINE, 4096);
    if (run->json != NULL) {
        cJSON *file = push_object(json_get(run->json, "files"));
        json_set_string(file, "path", path);
        json_set_string(file, "language", file_kind_name(symbols->kind));
        json_set_bool(file, "errors", symbols->has_errors);
        definitions_json(symbols, file);
        rest_json(symbols, file);
    } else {
        VEC_FOREACH (const struct symbol_definition, definition, &symbols->definitions) {
            const char *type = definition->type == NULL ? "" : definition->type;
            printf("%s:%u:%u\t%s\t%s\t%s%s%s\n", shown, definition->at.row + 1,
                definition->at.col + 1, symbol_kind_name(definition->kind), definition->name, type,
                *type == '\0' ? "" : " ", definition->detail == NULL ? "" : definition->detail);
        }
    }
    free(shown);
    return true;
}

static void counts_json(const struct catalog_counts *counts, cJSON *json)
{
    cJSON *object = json_set_object(json, "counts");
    json_set_int(object, "files", (long long)counts->files);
    json_set_int(object, "packages", (long long)counts->packages);
    json_set_int(object, "rules", (long long)counts->rules);
    json_set_int(object, "tests", (long long)counts->tests);
    json_set_int(object, "policies", (long long)counts->policies);
    json_set_int(object, "templates", (long long)counts->templates);
    json_set_int(object, "objects", (long long)counts->objects);
    json_set_int(object, "controls", (long long)counts->controls);
}

static int print_all(struct index_run *run)
{
    struct catalog_counts counts = catalog_count(run->catalog);
    if (run->json != NULL) {
        json_set_array(run->json, "files");
        counts_json(&counts, run->json);
    }
    catalog_each_file(run->catalog, print_file, run);
    if (run->json == NULL) {
        printf("%zu files: %zu packages, %zu rules, %zu tests, %zu Kyverno policies, %zu "
               "templates, %zu objects, %zu controls\n",
            counts.files, counts.packages, counts.rules, counts.tests, counts.policies,
            counts.templates, counts.objects, counts.controls);
    }
    return EXIT_YES;
}

/* ---- questions ---- */

static void print_place(const struct index_run *run, const struct catalog_place *place)
{
    if (run->json != NULL) {
        cJSON *item = push_object(json_get(run->json, "places"));
        json_set_string(item, "path", place->path);
        json_set_string(item, "kind", symbol_kind_name(place->kind));
        json_set_string(item, "name", place->name);
        set_text(item, "container", place->container);
        set_text(item, "detail", place->detail);
        json_set_bool(item, "defines", place->defines);
        json_set_int(item, "distance", place->distance);
        set_range(item, &place->at);
        return;
    }
    char *path = safe_dup(str_of(place->path), SAFE_ONE_LINE, 4096);
    printf("%s:%u:%u\t%s\t%s%s%s\t%s\n", path, place->at.row + 1, place->at.col + 1,
        symbol_kind_name(place->kind), place->container, *place->container == '\0' ? "" : ".",
        place->name, place->detail);
    free(path);
}

typedef void (*place_question)(
    struct catalog *catalog, const struct catalog_cursor *cursor, struct catalog_places *out);

static int ask_places(
    struct index_run *run, place_question question, const struct catalog_cursor *cursor)
{
    struct catalog_places places = {0};
    question(run->catalog, cursor, &places);
    if (run->json != NULL) {
        json_set_array(run->json, "places");
    }
    VEC_FOREACH (const struct catalog_place, place, &places) {
        print_place(run, place);
    }
    bool found = places.len > 0;
    catalog_places_free(&places);
    return found ? EXIT_YES : EXIT_NO;
}

static int ask_hover(struct index_run *run, const struct catalog_cursor *cursor)
{
    struct buf text = BUF_INIT;
    bool found = catalog_hover(run->catalog, cursor, NULL, NULL, &text);
    if (run->json != NULL) {
        json_set_str(run->json, "markdown", buf_str(&text));
    } else if (found) {
        fputs(text.ptr, stdout);
    }
    buf_free(&text);
    return found ? EXIT_YES : EXIT_NO;
}

static int ask_complete(struct index_run *run, struct catalog_cursor *cursor)
{
    struct buf text = BUF_INIT;
    struct completions found = {0};
    struct err err;
    if (!workspace_read(run->index.workspace, cursor->path, &text, NULL, &err)) {
        return command_fail(run->args, "%s", err.text);
    }
    cursor->text = buf_str(&text);
    catalog_complete(run->catalog, cursor, &found);
    cJSON *array = run->json == NULL ? NULL : json_set_array(run->json, "completions");
    VEC_FOREACH (const struct completion, completion, &found) {
        if (array != NULL) {
            cJSON *item = push_object(array);
            json_set_string(item, "kind", completion_kind_name(completion->kind));
            json_set_string(item, "label", completion->label);
            json_set_string(item, "insert", completion->insert);
            json_set_string(item, "detail", completion->detail);
            set_text(item, "docs", completion->docs);
        } else {
            printf("%s\t%s\t%s\n", completion->label, completion_kind_name(completion->kind),
                completion->detail);
        }
    }
    bool any = found.len > 0;
    completions_free(&found);
    buf_free(&text);
    return any ? EXIT_YES : EXIT_NO;
}

/* A rename as a patch: to be read, and applied with bylaw patch apply or git apply. */
static int ask_rename(struct index_run *run, const struct catalog_cursor *cursor)
{
    const char *to = args_get(run->args, "to");
    struct catalog_rename rename;
    struct changes changes = {0};
    struct patch_folder folder = {workspace_fd(run->index.workspace), (size_t)64 << 20};
    struct patch_source source = {patch_folder_read, &folder};
    struct err err;
    if (to == NULL) {
        return command_fail(run->args, "a rename needs --to NAME");
    }
    if (!catalog_rename_plan(run->catalog, cursor, str_of(to), &rename, &err)) {
        command_fail(run->args, "%s", err.text);
        return EXIT_NO;
    }
    int code = EXIT_YES;
    if (catalog_rename_changes(&rename, &source, &changes, &err)) {
        struct buf patch = BUF_INIT;
        unified_write(&changes, 3, &patch);
        if (run->json != NULL) {
            json_set_str(run->json, "patch", buf_str(&patch));
            json_set_str(run->json, "notes", buf_str(&rename.notes));
        } else {
            fwrite(patch.ptr, 1, patch.len, stdout);
            fputs(rename.notes.ptr == NULL ? "" : rename.notes.ptr, stderr);
        }
        buf_free(&patch);
    } else {
        code = command_fail(run->args, "%s", err.text);
    }
    changes_free(&changes);
    catalog_rename_free(&rename);
    return code;
}

static void fixtures(
    struct catalog *catalog, const struct catalog_cursor *cursor, struct catalog_places *out)
{
    catalog_fixtures(catalog, cursor->path, out);
}

static const struct {
    const char *name;
    place_question ask;
} questions[] = {
    {"definition", catalog_definition},
    {"references", catalog_references},
    {"callers", catalog_callers},
    {"callees", catalog_callees},
    {"tests", catalog_tests},
    {"tested", catalog_tested},
    {"fixtures", fixtures},
};

/* "PATH:ROW:COL", rows and columns from 1. The path is cut out in place. */
static bool read_place(char *place, struct catalog_cursor *cursor)
{
    long numbers[2];
    for (int i = 1; i >= 0; i--) {
        char *colon = strrchr(place, ':');
        char *end;
        numbers[i] = colon == NULL ? 0 : strtol(colon + 1, &end, 10);
        if (colon == NULL || *end != '\0' || numbers[i] < 1) {
            return false;
        }
        *colon = '\0';
    }
    *cursor = (struct catalog_cursor){
        .path = place, .row = (size_t)numbers[0] - 1, .col = (size_t)numbers[1] - 1};
    return true;
}

static int answer(struct index_run *run, const char *question)
{
    char *place = mem_strdup(args_get(run->args, "at"));
    struct catalog_cursor cursor;
    int code = EXIT_COULD_NOT;
    if (!read_place(place, &cursor)) {
        command_fail(run->args, "--at takes FILE:LINE:COLUMN, counted from 1");
    } else if (catalog_symbols_of(run->catalog, cursor.path) == NULL) {
        command_fail(run->args, "%s is not indexed: give its path below the folder", cursor.path);
    } else if (strcmp(question, "hover") == 0) {
        code = ask_hover(run, &cursor);
    } else if (strcmp(question, "complete") == 0) {
        code = ask_complete(run, &cursor);
    } else if (strcmp(question, "rename") == 0) {
        code = ask_rename(run, &cursor);
    } else {
        for (size_t i = 0; i < ARRAY_LEN(questions); i++) {
            if (strcmp(questions[i].name, question) == 0) {
                code = ask_places(run, questions[i].ask, &cursor);
                free(place);
                return code;
            }
        }
        command_fail(run->args, "there is no question %s: see bylaw index --help", question);
    }
    free(place);
    return code;
}

static int run_index(const struct args *args)
{
    struct index_run run = {.args = args};
    const char *question = args_get(args, "ask");
    int code = EXIT_COULD_NOT;
    if (args->count > 1) {
        return command_fail(args, "takes one folder");
    }
    if (args_has(args, "rego")) {
        return index_rego(args, args->count == 1 ? args->rest[0] : ".");
    }
    if (args_has(args, "inspect")) {
        return index_inspect(args, args->count == 1 ? args->rest[0] : ".");
    }
    if ((question == NULL) != (args_get(args, "at") == NULL)) {
        return command_fail(args, "--ask and --at go together");
    }
    struct err err;
    if (!folder_index_open(&run.index, args->count == 1 ? args->rest[0] : ".", &err)) {
        command_fail(args, "%s", err.text);
        folder_index_close(&run.index);
        return code;
    }
    run.catalog = run.index.catalog;
    run.json = args_has(args, "json") ? mem_require(cJSON_CreateObject()) : NULL;
    code = question == NULL ? print_all(&run) : answer(&run, question);
    if (run.json != NULL && code != EXIT_COULD_NOT) {
        char *text = json_print(run.json);
        puts(text);
        free(text);
    }
    cJSON_Delete(run.json);
    folder_index_close(&run.index);
    return code;
}

const struct command command_index = {
    .name = "index",
    .summary = "list the packages, rules, tests, policies and objects of a folder",
    .usage = "[--json] [--rego | --inspect | --ask QUESTION --at FILE:LINE:COLUMN] [FOLDER]",
    .options =
        {
            {"json", 'j', NULL, "one JSON object with everything that is known"},
            {"ask", 'a', "QUESTION",
                "definition, references, callers, callees, tests, tested, fixtures, hover or "
                "rename"},
            {"to", '\0', "NAME", "the new name, for --ask rename"},
            {"rego", '\0', NULL, "which version of Rego each file is read as, and who says so"},
            {"inspect", 'i', NULL,
                "what opa inspect says of a Rego file, or of the folder as a bundle"},
            {"at", '\0', "PLACE",
                "FILE:LINE:COLUMN the question is about, from 1, columns in bytes"},
        },
    .description =
        "Reads every Rego, YAML and JSON file below FOLDER (the one you are in when none is "
        "named) as the workbench does and prints what they define, one a line: place, kind, name, "
        "and a rule's head or an object's kind and version. Rego inside a ConstraintTemplate is "
        "read too. --json also has imports, METADATA annotations, control ids and the files that "
        "suites name.\n\n"
        "With --ask the answer to one question of the editor is printed instead: where the name at "
        "PLACE is defined, who refers to it, which rules call it or are called by it, which tests "
        "reach it, what a test reaches, which fixtures are near, what hovering shows, what "
        "completion offers, or the patch "
        "that renames it everywhere.\n\n"
        "With --rego each Rego file is printed with the version it is read as, and who says so: "
        "v0 and v1 of [engines.opa] in .bylaw/config.toml (paths or globs), file_rego_versions of "
        "a bundle's .manifest, what it is written in, rego_version of that manifest.\n\n"
        "With --inspect opa itself is asked (opa inspect) about a Rego file, or about FOLDER as a "
        "bundle: packages, manifest, METADATA annotations, and which built-in functions and "
        "features of Rego it needs; with --json as opa prints it.\n\n"
        "This is about names: whether a policy compiles, only its engine can say.\n\n"
        "Exits 0 when there was something to print, 1 when a question has no answer, 2 when the "
        "folder cannot be read or the question makes no sense.",
    .run = run_index,
};
