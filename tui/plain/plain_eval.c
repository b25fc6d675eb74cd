/* Evaluating a rule with the real opa. */
#include "plain/plain_private.h"

#include <stdlib.h>

static void on_result(void *data, unsigned generation, struct eval_result *result)
{
    struct plain *plain = data;
    (void)generation;
    plain->doing = NULL;
    plain_say(plain, "%s with %s%s%s:", result->label == NULL ? "The rule" : result->label,
        result->input == NULL ? "no input" : result->input, result->note == NULL ? "" : ", ",
        result->note == NULL ? "" : result->note);
    if (result->trouble != NULL) {
        plain_say(plain, "It could not be evaluated: %s", result->trouble);
    }
    VEC_FOREACH (const struct finding, finding, &result->errors) {
        plain_say_finding(plain, 0, finding);
    }
    if (result->bench != NULL) {
        plain_lines(plain, "opa bench: ", str_trim(str_of(result->bench)));
    }
    if (result->status == EVAL_VALUE) {
        plain_lines(plain, "value: ", buf_str(&result->value));
    } else if (result->status == EVAL_UNDEFINED) {
        plain_say(plain, "It is undefined: neither true nor false, and no error.");
    }
}

/* "pods.yaml", "pods.yaml#2", JSON text, "none"; empty: the last one of the file. */
static bool input_of(struct plain *plain, const char *root, const char *file, struct str text,
    struct eval_input *out, struct err *err)
{
    *out = (struct eval_input){0};
    if (text.len == 0) {
        (void)eval_memory_get(root, file, out);
        return true;
    }
    if (str_equal_c(text, "none")) {
        return true;
    }
    if (text.ptr[0] == '{' || text.ptr[0] == '[' || text.ptr[0] == '"') {
        out->kind = EVAL_INPUT_TEXT;
        out->text = str_dup(text);
        return true;
    }
    size_t hash = str_find_char(text, '#', 0);
    size_t document = hash == SIZE_MAX ? 0 : plain_number(str_from(text, hash + 1));
    char *path =
        plain_file_named(plain, str_slice(text, 0, hash == SIZE_MAX ? text.len : hash), err);
    if (path == NULL) {
        return false;
    }
    *out =
        (struct eval_input){.kind = EVAL_INPUT_FILE, .path = path, .document = (unsigned)document};
    eval_memory_set(root, file, out);
    return true;
}

static bool begin(struct plain *plain, struct str args, bool bench, struct err *err)
{
    const char *root = workspace_root(workbench_workspace(plain->wb));
    struct str rest = args;
    struct str name = plain_word(&rest);
    struct catalog_place place;
    struct eval_input input;
    if (!plain_symbol_find(plain, name, &place, err)) {
        return false;
    }
    if (!input_of(plain, root, place.path, rest, &input, err)) {
        plain_place_free(&place);
        return false;
    }
    if (plain->evaluator == NULL) {
        const struct eval_events events = {.data = plain, .result = on_result};
        plain->evaluator = evaluator_new(plain->loop, &events);
    }
    struct eval_request request = {.root = root,
        .file = place.path,
        .row = place.at.row,
        .selection = STR_LIT(""),
        .input = input,
        .bench = bench};
    plain->doing = bench ? "the rule is measured" : "the rule is evaluated";
    (void)evaluator_start(plain->evaluator, &request);
    eval_input_free(&input);
    plain_place_free(&place);
    return true;
}

bool plain_eval(struct plain *plain, struct str args, struct err *err)
{
    return begin(plain, args, false, err);
}

bool plain_bench(struct plain *plain, struct str args, struct err *err)
{
    return begin(plain, args, true, err);
}
