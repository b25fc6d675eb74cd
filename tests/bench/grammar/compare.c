/* Errors, and our tree against OPA's. */
#include "bench.h"
#include "facts.h"

#include "base/json.h"
#include "base/vec.h"

#include <stdio.h>
#include <sys/wait.h>

/* Finds the first ERROR or MISSING node, depth first. */
static bool first_error(TSNode node, TSNode *found)
{
    if (ts_node_is_missing(node) || strcmp(ts_node_type(node), "ERROR") == 0) {
        *found = node;
        return true;
    }
    uint32_t count = ts_node_has_error(node) ? ts_node_child_count(node) : 0;
    for (uint32_t i = 0; i < count; i++) {
        if (first_error(ts_node_child(node, i), found)) {
            return true;
        }
    }
    return false;
}

static bool report_error(const char *name, const TSTree *tree)
{
    TSNode root = ts_tree_root_node(tree), node = root;
    if (!ts_node_has_error(root)) {
        return false;
    }
    first_error(root, &node);
    TSPoint at = ts_node_start_point(node);
    printf("%s:%u:%u: %s\n", name, at.row + 1, at.column + 1,
        ts_node_is_missing(node) ? "MISSING" : "ERROR");
    return true;
}

int bench_errors(const struct files *files)
{
    TSParser *parser = bench_parser();
    struct buf source = BUF_INIT;
    VEC_FOREACH (char *, name, files) {
        if (bench_read(*name, &source)) {
            TSTree *tree = bench_parse(parser, NULL, buf_str(&source));
            report_error(*name, tree);
            ts_tree_delete(tree);
        }
    }
    buf_free(&source);
    ts_parser_delete(parser);
    return 0;
}

static void append_quoted(struct buf *out, const char *word)
{
    buf_append_char(out, '\'');
    for (; *word != 0; word++) {
        if (*word == '\'') {
            buf_append_c(out, "'\\''");
        } else {
            buf_append_char(out, *word);
        }
    }
    buf_append_char(out, '\'');
}

bool bench_opa(const char *name, const char *version, struct buf *output)
{
    struct buf command = BUF_INIT;
    const char *opa = getenv("OPA");
    buf_printf(&command, "%s parse %s --format json --json-include locations ",
        opa == NULL ? "opa" : opa, version);
    append_quoted(&command, name);
    buf_append_c(&command, " 2>/dev/null");
    FILE *pipe = popen(command.ptr, "r");
    if (pipe == NULL) {
        perror("bench: popen");
        exit(1);
    }
    char chunk[65536];
    size_t got;
    while ((got = fread(chunk, 1, sizeof chunk, pipe)) > 0) {
        if (output != NULL) {
            buf_append(output, chunk, got);
        }
    }
    int status = pclose(pipe);
    if (!WIFEXITED(status) || WEXITSTATUS(status) == 127) {
        fprintf(stderr, "bench: cannot run opa\n");
        exit(1);
    }
    buf_free(&command);
    return WEXITSTATUS(status) == 0;
}

/* The module as `opa parse` prints it, or NULL when it rejects the file. */
static cJSON *opa_parse(const char *name, const char *version)
{
    struct buf output = BUF_INIT;
    cJSON *module = bench_opa(name, version, &output) ? json_parse(buf_str(&output), NULL) : NULL;
    buf_free(&output);
    return module;
}

static size_t compare_file(
    const char *name, const cJSON *module, const TSTree *tree, struct str source, size_t *facts)
{
    struct facts opa = {0}, ours = {0};
    facts_from_opa(&opa, module);
    facts_from_tree(&ours, tree, source);
    size_t different = facts_compare(&opa, &ours, name, 20);
    *facts += opa.len;
    facts_free(&opa);
    facts_free(&ours);
    return different;
}

int bench_compare(const struct files *files)
{
    size_t accepted = 0, errors = 0, only_ours = 0, facts = 0, different = 0, files_different = 0;
    TSParser *parser = bench_parser();
    struct buf source = BUF_INIT;
    VEC_FOREACH (char *, name, files) {
        if (!bench_read(*name, &source)) {
            continue;
        }
        TSTree *tree = bench_parse(parser, NULL, buf_str(&source));
        cJSON *module = opa_parse(*name, "");
        if (module == NULL) {
            module = opa_parse(*name, "--v0-compatible");
        }
        if (module == NULL) {
            only_ours += !ts_node_has_error(ts_tree_root_node(tree));
        } else {
            accepted++;
            errors += report_error(*name, tree);
            size_t differences = compare_file(*name, module, tree, buf_str(&source), &facts);
            different += differences;
            files_different += differences > 0;
        }
        cJSON_Delete(module);
        ts_tree_delete(tree);
    }
    printf(
        "= files %zu accepted %zu errors %zu only-ours %zu facts %zu different %zu in-files %zu\n",
        files->len, accepted, errors, only_ours, facts, different, files_different);
    buf_free(&source);
    ts_parser_delete(parser);
    return 0;
}
