/* From what opa says of what it was given to where that stands in the workspace. */
#include "check/check_private.h"

#include "base/file.h"
#include "base/path.h"
#include "policy/rego_tree.h"
#include "policy/template_files.h"

#include <stdlib.h>

#define TEXT_MAX_BYTES ((size_t)16 << 20)

/* The text of one file and its tree, kept while findings of one file follow each other. */
struct place_file {
    char *load;
    struct buf text;
    TSTree *tree;
};

static void place_file_close(struct place_file *file)
{
    if (file->tree != NULL) {
        ts_tree_delete(file->tree);
    }
    free(file->load);
    buf_free(&file->text);
    *file = (struct place_file){0};
}

static const struct stand_in *find_stand_in(const struct check_job *job, const char *load)
{
    VEC_FOREACH (const struct stand_in, s, &job->stand_ins) {
        if (strcmp(s->load, load) == 0) {
            return s;
        }
    }
    return NULL;
}

static void place_file_open(struct place_file *file, const struct check_job *job, const char *load)
{
    if (file->load != NULL && strcmp(file->load, load) == 0) {
        return;
    }
    place_file_close(file);
    file->load = mem_strdup(load);
    const struct stand_in *stand_in = find_stand_in(job, load);
    if (stand_in != NULL) {
        buf_append_str(&file->text, buf_str(&stand_in->text));
    } else {
        char *path = path_join(job->checker->root, load);
        if (!file_read(path, TEXT_MAX_BYTES, &file->text, NULL)) {
            buf_clear(&file->text); /* gone since: the place stays a point */
        }
        free(path);
    }
    file->tree = rego_tree_parse(buf_str(&file->text));
}

/* The line of a row from 1, without its end; false: there is none. */
static bool line_at(struct str text, unsigned row, struct str *line)
{
    while (row > 0 && str_next_line(&text, line)) {
        row--;
    }
    return row == 0;
}

static bool is_term(TSNode node)
{
    static const char *const types[] = {"identifier", "ref", "call", "string", "raw_string",
        "number", "property", "array", "object", "set"};
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        if (rego_node_is(node, types[i])) {
            return true;
        }
    }
    return false;
}

/* The largest term that begins at the place and ends in its line; else the node there; else one
 * byte. */
static struct position end_of(const struct place_file *file, struct position at, struct str line)
{
    struct position end = {at.row, at.col + (at.col <= line.len ? 1 : 0)};
    if (file->tree == NULL) {
        return end;
    }
    TSPoint point = {at.row - 1, at.col - 1};
    TSNode node = ts_node_descendant_for_point_range(ts_tree_root_node(file->tree), point, point);
    bool found = false;
    for (; !ts_node_is_null(node); node = ts_node_parent(node)) {
        TSPoint from = ts_node_start_point(node);
        TSPoint to = ts_node_end_point(node);
        if (from.row != point.row || from.column != point.column || to.row != point.row ||
            (found && !is_term(node))) {
            break;
        }
        if (to.column > from.column) {
            end.col = to.column + 1;
            found = true;
        }
    }
    return end;
}

static void replace_all(char **message, const char *what, const char *with)
{
    struct buf out = BUF_INIT;
    struct str rest = str_of(*message);
    size_t at = 0;
    bool any = false;
    while ((at = str_find(rest, str_of(what), 0)) != SIZE_MAX) {
        buf_append_str(&out, str_slice(rest, 0, at));
        buf_append_c(&out, with);
        rest = str_from(rest, at + strlen(what));
        any = true;
    }
    buf_append_str(&out, rest);
    if (any) {
        free(*message);
        *message = buf_take(&out);
    }
    buf_free(&out);
}

/* A place in a piece of a file becomes one of the file; one that has none (a folded scalar) is
 * where the piece begins. */
static void to_host(const struct syntax_injection *injection, struct position *at)
{
    size_t row = injection->ranges[0].start_point.row;
    size_t column = injection->ranges[0].start_point.column;
    if (at->row > 0) {
        syntax_injection_to_host(
            injection, at->row - 1, at->col > 0 ? at->col - 1 : 0, &row, &column);
    }
    *at = (struct position){(unsigned)row + 1, (unsigned)column + 1};
}

/* The Rego of a template that is kept in a file too: the file's row, after the message's first
 * line. */
static void name_source(
    const struct check_job *job, const struct stand_in *stand_in, struct finding *finding)
{
    char *source =
        template_source_on_disk(job->checker->root, stand_in->path, buf_str(&stand_in->text));
    if (source != NULL && finding->at.row > 0) {
        size_t first = strcspn(finding->message, "\n");
        char *longer = mem_printf("%.*s (%s:%u)%s", (int)first, finding->message, source,
            finding->at.row, finding->message + first);
        free(finding->message);
        finding->message = longer;
    }
    free(source);
}

static void place(const struct check_job *job, struct place_file *file, struct finding *finding)
{
    struct str line = {0};
    VEC_FOREACH (const struct stand_in, s, &job->stand_ins) {
        replace_all(&finding->message, s->load, s->path);
    }
    if (finding->file == NULL) {
        return;
    }
    place_file_open(file, job, finding->file);
    if (finding->at.row > 0 && line_at(buf_str(&file->text), finding->at.row, &line)) {
        finding->at.col = finding->at.col > 0 ? finding->at.col : 1;
        finding->end = end_of(file, finding->at, line);
    }
    const struct stand_in *stand_in = find_stand_in(job, finding->file);
    if (stand_in != NULL && stand_in->injection.range_count > 0) {
        bool ranged = finding->end.row > 0;
        name_source(job, stand_in, finding);
        to_host(&stand_in->injection, &finding->at);
        if (ranged) {
            to_host(&stand_in->injection, &finding->end);
        }
    }
    if (stand_in != NULL) {
        free(finding->file);
        finding->file = mem_strdup(stand_in->path);
    }
}

void check_place(struct check_job *job)
{
    struct place_file file = {0};
    VEC_FOREACH (struct finding, finding, &job->answers) {
        if (finding->source == NULL) { /* not placed before */
            place(job, &file, finding);
            finding->source = mem_strdup("opa");
        }
    }
    place_file_close(&file);
}
