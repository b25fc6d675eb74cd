/* A matrix is anybody's file: CSV with a mapping, OSCAL catalogues and the YAML of kube-bench go
 * through these readers. What was read is whole; what is written of it is read again as it was. */
#include "control/csv.h"
#include "control/kube_bench.h"
#include "control/requirements.h"

#include "base/utf8.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool is)
{
    if (!is) {
        abort();
    }
}

static void check_list(const struct requirements *list)
{
    for (size_t i = 0; i < list->len; i++) {
        const struct requirement *one = &list->items[i];
        check(*one->id != '\0' && one->text != NULL && utf8_is_valid(str_of(one->text)));
        check(one->framework != NULL && one->version != NULL && one->terms != NULL);
        if (i > 0) {
            check(one->line == 0 || one->line > list->items[i - 1].line);
        }
    }
}

static bool write_row(void *data, const struct csv_row *row, struct err *err)
{
    (void)err;
    csv_append_row(data, row->items, row->len);
    return true;
}

/* Fields that begin or end in blanks are quoted, so that a second reading changes nothing. */
static void check_written(struct str text)
{
    struct buf once = BUF_INIT;
    struct buf twice = BUF_INIT;
    struct err err;
    if (csv_read_text(text, "x", write_row, &once, &err) && once.len > 0 &&
        !str_starts(buf_str(&once), "sep=") && !str_starts(buf_str(&once), "\xef\xbb\xbf")) {
        check(csv_read_text(buf_str(&once), "x", write_row, &twice, &err));
        check(str_equal(buf_str(&once), buf_str(&twice)));
    }
    buf_free(&once);
    buf_free(&twice);
}

/* The first line is a mapping. */
static void read_mapped(struct str text)
{
    struct requirements_map map = {0};
    struct requirements list;
    struct err err;
    struct str line = {0};
    struct str rest = text;
    if (str_next_line(&rest, &line) && requirements_map_add(&map, line, &err) &&
        requirements_parse(rest, "x", &map, WANT_TEXT, &list, &err)) {
        check_list(&list);
        requirements_free(&list);
    }
    requirements_map_free(&map);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = str_make((const char *)data, size);
    struct requirements list;
    struct err err = {0};
    if (requirements_parse(text, "x", NULL, 0, &list, &err)) {
        check_list(&list);
        check(list.len > 0);
        requirements_free(&list);
    } else {
        check(err.text[0] != '\0');
    }
    read_mapped(text);
    check_written(text);
    list = (struct requirements){.name = mem_strdup("x")};
    struct requirements_index *index = requirements_index_new(&list);
    if (kube_bench_read(text, "x", index, &err)) {
        check(list.len > 0);
    }
    requirements_index_free(index);
    requirements_free(&list);
    return 0;
}
