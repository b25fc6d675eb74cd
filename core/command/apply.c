/* bylaw apply: the apply view without a screen. */
#include "command/apply_compare.h"
#include "command/command.h"
#include "command/progress_line.h"

#include "apply/matrix.h"
#include "base/json.h"
#include "base/safe.h"
#include "base/vec.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>

struct apply_command_run {
    struct matrix *matrix;
    struct apply_run *runs[MATRIX_SIDES];
    bool json, done[MATRIX_SIDES];
    struct progress_line line;
    size_t answered[MATRIX_SIDES], asked[MATRIX_SIDES];
    char *trouble;
};

/* What a run's events carry. */
struct side {
    struct apply_command_run *run;
    enum matrix_side side;
};

void apply_print_note(const struct finding *note, bool json)
{
    if (json) {
        cJSON *object = mem_require(cJSON_CreateObject());
        json_set_string(object, "type", "note");
        json_set_string(object, "severity", severity_name(note->severity));
        json_set_string(object, "file", note->file == NULL ? "" : note->file);
        json_set_string(object, "message", note->message);
        char *line = json_print(object);
        puts(line);
        free(line);
        cJSON_Delete(object);
        return;
    }
    char *message = safe_dup(str_of(note->message), SAFE_ONE_LINE, 1000);
    fprintf(stderr, "%s: %s%s%s\n", note->file == NULL ? "note" : note->file, message,
        note->fix == NULL ? "" : ": ", note->fix == NULL ? "" : note->fix);
    free(message);
}

static void planned(void *data, unsigned generation, const struct apply_set *set)
{
    const struct side *side = data;
    (void)generation;
    matrix_plan(side->run->matrix, side->side, set);
    progress_line_clear(&side->run->line);
    VEC_FOREACH (const struct finding, note, &set->notes) {
        if (side->side == MATRIX_PROPOSED || side->run->runs[MATRIX_PROPOSED] == NULL) {
            apply_print_note(note, side->run->json);
        }
    }
}

static void cell(
    void *data, unsigned generation, size_t policy, size_t fixture, struct apply_cell *what)
{
    const struct side *side = data;
    (void)generation;
    matrix_set(side->run->matrix, side->side, policy, fixture, what);
}

static void progress(void *data, size_t answered, size_t total)
{
    const struct side *side = data;
    struct apply_command_run *run = side->run;
    run->answered[side->side] = answered;
    run->asked[side->side] = total;
    size_t answered_all = 0;
    size_t asked_all = 0;
    for (size_t i = 0; i < MATRIX_SIDES; i++) {
        answered_all += run->answered[i];
        asked_all += run->asked[i];
    }
    progress_line_show(&run->line, answered_all, asked_all, APPLY_QUESTIONS);
}

static void done(void *data, unsigned generation, const char *trouble)
{
    const struct side *side = data;
    (void)generation;
    side->run->done[side->side] = true;
    if (trouble != NULL && side->run->trouble == NULL) {
        side->run->trouble = mem_strdup(trouble);
    }
}

/* ---- telling ---- */

static void set_verdict(cJSON *object, const char *key, const struct apply_cell *what)
{
    json_set_string(object, key, what == NULL ? "absent" : apply_verdict_name(what->verdict));
}

void apply_set_messages(cJSON *object, const struct apply_cell *what)
{
    cJSON *messages = json_set_array(object, "messages");
    struct str rest = str_of(what == NULL ? NULL : what->message);
    struct str line;
    while (str_next_line(&rest, &line)) {
        char *text = str_dup(line);
        json_push_string(messages, text);
        free(text);
    }
}

/* Its detail is what comes of the document. */
static bool makes_something(const struct apply_cell *what)
{
    return what != NULL && (what->verdict == APPLY_MUTATE || what->verdict == APPLY_GENERATE);
}

static void print_cell_json(const struct apply_command_run *run, size_t policy, size_t fixture)
{
    const struct matrix_head *p = matrix_policy(run->matrix, policy);
    const struct matrix_head *f = matrix_fixture(run->matrix, fixture);
    const struct apply_cell *what = matrix_shown(run->matrix, policy, fixture);
    cJSON *object = mem_require(cJSON_CreateObject());
    json_set_string(object, "type", "decision");
    json_set_string(object, "engine", p->engine);
    json_set_string(object, "policy", p->name);
    json_set_string(object, "fixture", f->id);
    json_set_string(object, "name", f->name);
    bool both = matrix_has(run->matrix, MATRIX_PROPOSED);
    set_verdict(object, "verdict",
        both ? matrix_cell(run->matrix, MATRIX_PROPOSED, policy, fixture) : what);
    if (both) {
        set_verdict(object, "before", matrix_cell(run->matrix, MATRIX_NOW, policy, fixture));
        json_set_bool(object, "changed", matrix_changed(run->matrix, policy, fixture));
    }
    apply_set_messages(object, what);
    if (makes_something(what)) {
        json_set_optional(object, "makes", what->detail);
    }
    char *text = json_print(object);
    puts(text);
    free(text);
    cJSON_Delete(object);
}

void apply_print_lines(const char *text)
{
    char *shown = safe_dup(str_of(text), SAFE_KEEP_LINES, (size_t)1 << 16);
    struct str rest = str_of(shown);
    struct str line;
    while (str_next_line(&rest, &line)) {
        printf("               %.*s\n", STR_FMT(line));
    }
    free(shown);
}

static void print_cell_text(const struct apply_command_run *run, size_t policy, size_t fixture)
{
    const struct matrix_head *p = matrix_policy(run->matrix, policy);
    const struct matrix_head *f = matrix_fixture(run->matrix, fixture);
    const struct apply_cell *what = matrix_shown(run->matrix, policy, fixture);
    const struct apply_cell *before = matrix_cell(run->matrix, MATRIX_NOW, policy, fixture);
    char *place = safe_dup(str_of(f->id), SAFE_ONE_LINE, 400);
    if (matrix_changed(run->matrix, policy, fixture)) {
        const struct apply_cell *after = matrix_cell(run->matrix, MATRIX_PROPOSED, policy, fixture);
        printf("CHANGED        %s %s  %s  %s -> %s\n", p->engine, p->name, place,
            before == NULL ? "absent" : apply_verdict_name(before->verdict),
            after == NULL ? "absent" : apply_verdict_name(after->verdict));
    } else {
        printf("%-13s  %s %s  %s  %s\n", apply_verdict_name(what->verdict), p->engine, p->name,
            place, f->name);
    }
    apply_print_lines(what->message);
    apply_print_lines(makes_something(what) ? what->detail : NULL);
    free(place);
}

/* Without --all: what somebody has to look at. */
static bool is_told(const struct apply_command_run *run, size_t policy, size_t fixture, bool all)
{
    const struct apply_cell *what = matrix_shown(run->matrix, policy, fixture);
    if (what == NULL) {
        return false;
    }
    if (all || run->json || matrix_changed(run->matrix, policy, fixture)) {
        return true;
    }
    return !matrix_has(run->matrix, MATRIX_PROPOSED) && what->verdict != APPLY_ALLOW &&
           what->verdict != APPLY_NO_MATCH;
}

static void print_all(const struct apply_command_run *run, bool all)
{
    for (size_t f = 0; f < matrix_fixtures(run->matrix); f++) {
        for (size_t p = 0; p < matrix_policies(run->matrix); p++) {
            if (!is_told(run, p, f, all)) {
                continue;
            }
            if (run->json) {
                print_cell_json(run, p, f);
            } else {
                print_cell_text(run, p, f);
            }
        }
    }
}

static void print_summary(const struct apply_command_run *run)
{
    struct matrix_counts counts = matrix_count(run->matrix);
    if (run->json) {
        cJSON *object = mem_require(cJSON_CreateObject());
        json_set_string(object, "type", "summary");
        json_set_int(object, "policies", (long long)matrix_policies(run->matrix));
        json_set_int(object, "fixtures", (long long)matrix_fixtures(run->matrix));
        for (size_t i = APPLY_NO_MATCH; i < APPLY_VERDICTS; i++) {
            json_set_int(
                object, apply_verdict_name((enum apply_verdict)i), (long long)counts.of[i]);
        }
        json_set_int(object, "changed", (long long)counts.changed);
        char *text = json_print(object);
        puts(text);
        free(text);
        cJSON_Delete(object);
        return;
    }
    printf("\n%zu policies, %zu documents:", matrix_policies(run->matrix),
        matrix_fixtures(run->matrix));
    for (size_t i = APPLY_VERDICTS; i > APPLY_NO_MATCH; i--) {
        enum apply_verdict verdict = (enum apply_verdict)(i - 1);
        if (counts.of[verdict] > 0) {
            printf(" %zu %s,", counts.of[verdict], apply_verdict_name(verdict));
        }
    }
    printf(" %zu changed\n", counts.changed);
}

/* ---- running ---- */

static int verdict_of(const struct apply_command_run *run)
{
    struct matrix_counts counts = matrix_count(run->matrix);
    size_t decided = 0;
    for (size_t i = APPLY_ALLOW; i < APPLY_VERDICTS; i++) {
        decided += counts.of[i];
    }
    if (decided == 0 || counts.of[APPLY_ERROR] > 0 || counts.of[APPLY_NOT_EVALUATED] > 0) {
        return EXIT_NO;
    }
    if (matrix_has(run->matrix, MATRIX_PROPOSED)) {
        return counts.changed > 0 ? EXIT_NO : EXIT_YES;
    }
    return counts.of[APPLY_DENY] > 0 ? EXIT_NO : EXIT_YES;
}

static bool resolve(const struct args *args, const char *given, char *root)
{
    if (realpath(given, root) == NULL) {
        command_fail(args, "%s: %s", given, strerror(errno));
        return false;
    }
    return true;
}

/* Both sides to their end. */
static int apply_all(const struct args *args, struct apply_command_run *run, struct loop *loop,
    char (*roots)[PATH_MAX], size_t sides)
{
    struct side data[MATRIX_SIDES];
    int code;
    run->matrix = matrix_new();
    progress_line_begin(&run->line, run->json, APPLY_READING);
    for (size_t i = 0; i < sides; i++) {
        data[i] = (struct side){run, (enum matrix_side)i};
        struct apply_events events = {
            .data = &data[i], .planned = planned, .cell = cell, .progress = progress, .done = done};
        struct apply_options options = {.root = roots[i]};
        run->runs[i] = apply_run_new(loop, &events);
        (void)apply_run_start(run->runs[i], &options);
    }
    while (!run->done[MATRIX_NOW] || (sides == 2 && !run->done[MATRIX_PROPOSED])) {
        loop_run_once(loop, 1000);
    }
    progress_line_clear(&run->line);
    if (run->trouble != NULL) {
        code = command_fail(args, "%s", run->trouble);
    } else {
        print_all(run, args_has(args, "all"));
        print_summary(run);
        code = verdict_of(run);
    }
    for (size_t i = 0; i < sides; i++) {
        apply_run_free(run->runs[i]);
    }
    matrix_free(run->matrix);
    free(run->trouble);
    return code;
}

static int run_apply(const struct args *args)
{
    struct err err;
    char roots[MATRIX_SIDES][PATH_MAX];
    const char *against = args_get(args, "against");
    const char *folder = args->count > 0 ? args->rest[0] : ".";
    struct apply_command_run run = {.json = args_has(args, "json")};
    if (args_has(args, "compare")) {
        return apply_compare(args);
    }
    if (args->count > 1) {
        return command_fail(args, "takes one FOLDER");
    }
    if (!resolve(args, against == NULL ? folder : against, roots[MATRIX_NOW]) ||
        !resolve(args, folder, roots[MATRIX_PROPOSED])) {
        return EXIT_COULD_NOT;
    }
    struct loop *loop = loop_new(&err);
    if (loop == NULL) {
        return command_fail(args, "%s", err.text);
    }
    int code = apply_all(args, &run, loop, roots, against == NULL ? 1 : 2);
    loop_free(loop);
    return code;
}

const struct command command_apply = {
    .name = "apply",
    .summary = "apply every policy to every fixture and say what is decided",
    .usage = "[--json] [--all] [--against DIR | --compare OLD [NEW]] [FOLDER]",
    .options =
        {
            {"json", 'j', NULL, "one JSON object a line: all decisions, then a summary"},
            {"all", 'a', NULL, "also what is allowed and what no policy is for"},
            {"against", 'A', "DIR",
                "compare with another folder (the repository before a change): what is decided "
                "otherwise"},
            {"compare", 'c', "OLD",
                "compare the policies of a file with those that replace them (in the file NEW, or "
                "of the same name)"},
        },
    .description =
        "Applies the policies of the FOLDER (default: here) to its documents, each by its real "
        "engine: Rego packages with rules called deny, violation, warn or allow, Conftest's "
        "namespaces, Gatekeeper's constraints, Kyverno's policies, Cedar's sets. Documents are "
        "those of YAML and "
        "JSON files in "
        "folders of test data (testdata, fixtures, examples, manifests, …, and those that "
        "`[apply] fixtures` in .bylaw/config.toml names), Kubernetes objects and Terraform plans "
        "wherever they stand, and what Helm charts, Kustomize folders and Terraform plan files "
        "say when the real tools render them, confined and without the network.\n\n"
        "A decision is allow, deny, warn, mutate, generate, exception, error, not evaluated (the "
        "engine is missing, or nothing was evaluated) or no match (the policy is not for such a "
        "document).\n\n"
        "With --compare, only the policies of the file OLD and those that are to replace them are "
        "applied, such as a ClusterPolicy of Kyverno's and the ValidatingPolicy and "
        "MutatingPolicy that it is migrated to: the policies of the file NEW, paired by "
        "metadata.name (all of them where OLD has one policy only), or without NEW those of the "
        "same name elsewhere in the FOLDER. Told is each document about which they decide "
        "differently (another verdict, or the same with another resource after it), which only "
        "one of them evaluates, or which one cannot evaluate; --all tells the others as well.\n\n"
        "Exits 0 when something was decided and nothing is denied; 1 when something is denied, an "
        "error or not evaluated, or when there was nothing to decide; with --against 0 when "
        "nothing is decided otherwise, 1 when something is (or is an error or not evaluated); "
        "with --compare 0 when both decide the same about everything and something was decided, "
        "else 1; 2 when it could not run.",
    .run = run_apply,
};
