/* Takes the Rego modules out of OPA's own test cases, which are YAML: cases[].modules[]. */
#include "bench.h"

#include "base/file.h"
#include "base/path.h"

#include <libfyaml.h>
#include <stdio.h>
#include <sys/stat.h>

static bool write_module(const char *dir, const char *text, size_t len)
{
    struct buf path = BUF_INIT;
    struct err err = {0};
    buf_printf(&path, "%s/%016llx.rego", dir, str_hash(str_make(text, len)));
    bool ok = file_write(path.ptr, str_make(text, len), 0600, &err);
    if (!ok) {
        fprintf(stderr, "bench: %s\n", err.text);
    }
    buf_free(&path);
    return ok;
}

static size_t write_case(const char *dir, struct fy_node *item)
{
    struct fy_node *modules = fy_node_mapping_lookup_by_string(item, "modules", FY_NT);
    struct fy_node *module;
    void *at = NULL;
    size_t written = 0;
    while (modules != NULL && (module = fy_node_sequence_iterate(modules, &at)) != NULL) {
        size_t len = 0;
        const char *text = fy_node_get_scalar(module, &len);
        written += text != NULL && write_module(dir, text, len);
    }
    return written;
}

int bench_modules(const char *dir, const struct files *files)
{
    size_t written = 0;
    if (mkdir(dir, 0700) != 0) {
        perror(dir);
        return 1;
    }
    for (size_t i = 0; i < files->len; i++) {
        struct fy_parse_cfg config = {.flags = FYPCF_QUIET};
        struct fy_document *document = fy_document_build_from_file(&config, files->items[i]);
        struct fy_node *cases = document == NULL ? NULL
                                                 : fy_node_mapping_lookup_by_string(
                                                       fy_document_root(document), "cases", FY_NT);
        struct fy_node *item;
        void *at = NULL;
        if (document == NULL) {
            fprintf(stderr, "bench: %s is no YAML that libfyaml reads\n", files->items[i]);
        }
        while (cases != NULL && (item = fy_node_sequence_iterate(cases, &at)) != NULL) {
            written += write_case(dir, item);
        }
        fy_document_destroy(document);
    }
    fprintf(stderr, "bench: %zu modules from %zu test case files\n", written, files->len);
    return 0;
}
