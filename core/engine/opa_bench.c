#include "engine/opa_bench.h"

#include "base/json.h"

#define TIMER "histogram_timer_rego_query_eval_ns_"

static void append_time(struct buf *out, double ns)
{
    if (ns < 1e3) {
        buf_printf(out, "%.0f ns", ns);
    } else if (ns < 1e6) {
        buf_printf(out, "%.1f µs", ns / 1e3);
    } else if (ns < 1e9) {
        buf_printf(out, "%.1f ms", ns / 1e6);
    } else {
        buf_printf(out, "%.2f s", ns / 1e9);
    }
}

static void append_bytes(struct buf *out, double bytes)
{
    if (bytes < 10 * 1024) {
        buf_printf(out, "%.0f bytes", bytes);
    } else if (bytes < 10 * 1024 * 1024) {
        buf_printf(out, "%.0f KiB", bytes / 1024);
    } else {
        buf_printf(out, "%.0f MiB", bytes / 1024 / 1024);
    }
}

/* "min 7.3 µs, median 12.3 µs, …": those that are there. */
static void append_spread(struct buf *out, const cJSON *extra)
{
    static const struct {
        const char *key, *shown;
    } parts[] = {{TIMER "min", "min"}, {TIMER "median", "median"}, {TIMER "90%", "90 %"},
        {TIMER "99%", "99 %"}, {TIMER "max", "max"}};
    bool any = false;
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        double ns = json_number_or(extra, parts[i].key, -1);
        if (ns >= 0 && ns < 1e18) {
            buf_printf(out, "%s%s ", any ? ", " : "query alone: ", parts[i].shown);
            append_time(out, ns);
            any = true;
        }
    }
    buf_append_c(out, any ? "\n" : "");
}

char *opa_bench_show(struct str json)
{
    cJSON *bench = json_parse(json, NULL);
    double count = json_number_or(bench, "N", 0);
    double ns = json_number_or(bench, "T", -1);
    struct buf out = BUF_INIT;
    if (count >= 1 && count < 1e15 && ns >= 0 && ns < 1e18) {
        append_time(&out, ns / count);
        buf_printf(&out, " for each of %.0f evaluations\n", count);
        append_spread(&out, json_get(bench, "Extra"));
        append_bytes(&out, json_number_or(bench, "MemBytes", 0) / count);
        buf_printf(
            &out, " in %.0f allocations each\n", json_number_or(bench, "MemAllocs", 0) / count);
    }
    cJSON_Delete(bench);
    char *text = out.len == 0 ? NULL : buf_take(&out);
    buf_free(&out);
    return text;
}
