#include "model/prices.h"

#include "base/file.h"
#include "base/path.h"
#include "base/vec.h"
#include "config/config.h"
#include "config/toml.h"
#include "embedded.h"

#include <math.h>
#include <stdlib.h>

enum { MAX_FILE = 1 << 20 };

struct prices {
    struct {
        struct price *items;
        size_t len, cap;
    } rows;
    struct toml *builtin;
    struct toml *own;
};

/* ---- reading ---- */

static bool read_number(
    const struct toml *row, const char *key, const char *name, struct buf *problems, double *out)
{
    const struct toml *value = toml_get(row, key);
    if (value == NULL) {
        return false;
    }
    bool is_number = value->kind == TOML_FLOAT || value->kind == TOML_INTEGER;
    if (!is_number || !isfinite(value->number) || value->number < 0) {
        buf_printf(problems, "%s:%u: %s takes a number from 0\n", name, value->row, key);
        return false;
    }
    *out = value->number;
    return true;
}

static void check_keys(const struct toml *row, const char *name, struct buf *problems)
{
    static const char *const known[] = {"input", "cached", "written", "output", "long_from",
        "long_input", "long_cached", "long_written", "long_output", "context"};
    for (size_t i = 0; i < row->len; i++) {
        size_t k = 0;
        while (k < ARRAY_LEN(known) && strcmp(known[k], row->items[i]->key) != 0) {
            k++;
        }
        if (k == ARRAY_LEN(known)) {
            buf_printf(problems,
                "%s:%u: \"%s\" is not known; accepted: input, cached, written, output, long_from, "
                "long_input, long_cached, long_written, long_output, context\n",
                name, row->items[i]->row, row->items[i]->key);
        }
    }
}

static struct price read_row(const struct toml *row, const char *name, struct buf *problems)
{
    struct price price = {.model = mem_strdup(row->key)};
    double count = 0;
    bool input = read_number(row, "input", name, problems, &price.input);
    bool output = read_number(row, "output", name, problems, &price.output);
    price.known = input && output;
    price.cached = price.written = price.input;
    read_number(row, "cached", name, problems, &price.cached);
    read_number(row, "written", name, problems, &price.written);
    price.long_input = price.input;
    price.long_output = price.output;
    read_number(row, "long_input", name, problems, &price.long_input);
    read_number(row, "long_output", name, problems, &price.long_output);
    price.long_cached = price.cached;
    price.long_written = price.written > price.long_input ? price.written : price.long_input;
    read_number(row, "long_cached", name, problems, &price.long_cached);
    read_number(row, "long_written", name, problems, &price.long_written);
    if (read_number(row, "long_from", name, problems, &count) && count < 1e12) {
        price.long_from = (long long)count;
    }
    if (read_number(row, "context", name, problems, &count) && count < 1e12) {
        price.context = (long long)count;
    }
    if (input != output) {
        buf_printf(problems, "%s:%u: a price is an input and an output\n", name, row->row);
    }
    check_keys(row, name, problems);
    return price;
}

static struct price *find_exact(const struct prices *prices, struct str model)
{
    VEC_FOREACH (struct price, price, &prices->rows) {
        if (str_equal_c(model, price->model)) {
            return price;
        }
    }
    return NULL;
}

static void read_table(struct prices *prices, const struct toml *root, const char *name, bool own,
    struct buf *problems)
{
    const struct toml *models = toml_get(root, "models");
    for (size_t i = 0; models != NULL && i < models->len; i++) {
        if (models->items[i]->kind != TOML_TABLE) {
            buf_printf(problems, "%s:%u: a model is a table: [models.\"%s\"]\n", name,
                models->items[i]->row, models->items[i]->key);
            continue;
        }
        struct price price = read_row(models->items[i], name, problems);
        price.as_of = toml_string_or(root, "as_of", NULL);
        price.is_own = own;
        struct price *before = find_exact(prices, str_of(price.model));
        if (before != NULL) {
            free(before->model);
            *before = price;
        } else {
            VEC_PUSH(&prices->rows, price);
        }
    }
}

struct prices *prices_parse(struct str own, const char *name, struct buf *problems)
{
    struct err err;
    struct prices *prices = MEM_NEW(struct prices);
    const struct embedded *file = &builtin_prices[0];
    prices->builtin = toml_parse(str_make(file->bytes, file->len), file->name, &err);
    if (prices->builtin == NULL) {
        buf_printf(problems, "%s\n", err.text); /* a test holds that this is never so */
    } else {
        read_table(prices, prices->builtin, file->name, false, problems);
    }
    if (own.len > 0) {
        prices->own = toml_parse(own, name, &err);
        if (prices->own == NULL) {
            buf_printf(problems, "%s\n", err.text);
        } else {
            read_table(prices, prices->own, name, true, problems);
        }
    }
    return prices;
}

struct prices *prices_load(const char *folder, struct buf *problems)
{
    struct err err;
    struct buf text = BUF_INIT;
    char *path = folder == NULL ? NULL : path_join(folder, "prices.toml");
    if (path != NULL && !file_read(path, MAX_FILE, &text, &err)) {
        buf_clear(&text);
        if (err.kind != ERR_NOT_FOUND) {
            buf_printf(problems, "%s\n", err.text);
        }
    }
    struct prices *prices = prices_parse(buf_str(&text), path, problems);
    buf_free(&text);
    free(path);
    return prices;
}

struct prices *prices_of(const struct config *config, struct buf *problems)
{
    const char *file = config_user_path(config);
    char *folder = file == NULL ? NULL : path_dir(file);
    struct prices *prices = prices_load(folder, problems);
    free(folder);
    return prices;
}

void prices_free(struct prices *prices)
{
    if (prices == NULL) {
        return;
    }
    VEC_FOREACH (struct price, price, &prices->rows) {
        free(price->model);
    }
    VEC_FREE(&prices->rows);
    toml_free(prices->builtin);
    toml_free(prices->own);
    free(prices);
}

/* ---- asking ---- */

/* "-2026-04-23" at the end is a version of the same model. */
static struct str without_date(struct str model)
{
    static const char shape[] = "-dddd-dd-dd";
    size_t len = sizeof shape - 1;
    if (model.len <= len) {
        return model;
    }
    const char *tail = model.ptr + model.len - len;
    for (size_t i = 0; i < len; i++) {
        bool fits = shape[i] == 'd' ? tail[i] >= '0' && tail[i] <= '9' : tail[i] == shape[i];
        if (!fits) {
            return model;
        }
    }
    return str_slice(model, 0, model.len - len);
}

const struct price *prices_find(const struct prices *prices, const char *model)
{
    if (model == NULL) {
        return NULL;
    }
    const struct price *price = find_exact(prices, str_of(model));
    return price != NULL ? price : find_exact(prices, without_date(str_of(model)));
}

size_t prices_count(const struct prices *prices)
{
    return prices->rows.len;
}

const struct price *prices_at(const struct prices *prices, size_t index)
{
    return &prices->rows.items[index];
}

static long long at_most(long long value, long long most)
{
    return value < most ? value : most;
}

bool price_cost(const struct price *price, const struct usage *usage, double *dollars)
{
    if (usage->has_cost) {
        *dollars = usage->dollars;
        return true;
    }
    if (price == NULL || !price->known) {
        return false;
    }
    bool is_long = price->long_from > 0 && usage->input_tokens > price->long_from;
    long long cached = at_most(usage->cached_tokens, usage->input_tokens);
    long long written = at_most(usage->written_tokens, usage->input_tokens - cached);
    *dollars = ((double)(usage->input_tokens - cached - written) *
                       (is_long ? price->long_input : price->input) +
                   (double)cached * (is_long ? price->long_cached : price->cached) +
                   (double)written * (is_long ? price->long_written : price->written) +
                   (double)usage->output_tokens * (is_long ? price->long_output : price->output)) /
               1e6;
    return true;
}

static void append_rate(struct buf *out, double dollars)
{
    buf_printf(out,
        dollars == floor(dollars) ? "$%.0f"
        : dollars < 0.1           ? "$%.3f"
                                  : "$%.2f",
        dollars);
}

void price_describe(const struct price *price, struct buf *out)
{
    if (price == NULL || !price->known) {
        buf_append_c(out, "price unknown");
        return;
    }
    append_rate(out, price->input);
    buf_append_c(out, " in, ");
    append_rate(out, price->output);
    buf_append_c(out, " out");
}

void price_describe_short(const struct price *price, struct buf *out)
{
    if (price == NULL || !price->known) {
        buf_append_c(out, "price unknown");
        return;
    }
    append_rate(out, price->input);
    buf_append_char(out, '/');
    append_rate(out, price->output);
}

/* ---- what was spent ---- */

void spend_add(struct spend *spend, const struct usage *usage, const struct price *price)
{
    double dollars = 0;
    spend->usage.input_tokens += usage->input_tokens;
    spend->usage.cached_tokens += usage->cached_tokens;
    spend->usage.output_tokens += usage->output_tokens;
    spend->usage.reasoning_tokens += usage->reasoning_tokens;
    spend->usage.written_tokens += usage->written_tokens;
    spend->requests += !usage->again;
    spend->partial += usage->partial;
    if (price_cost(price, usage, &dollars)) {
        spend->dollars += dollars;
    } else {
        spend->unpriced += !usage->again;
    }
}

long long spend_tokens(const struct spend *spend)
{
    return spend->usage.input_tokens + spend->usage.output_tokens;
}

void money_append(struct buf *out, double dollars)
{
    buf_printf(out,
        dollars == 0 || dollars >= 0.1 ? "$%.2f"
        : dollars >= 0.001             ? "$%.3f"
                                       : "$%.5f",
        dollars);
}

void tokens_append(struct buf *out, long long tokens)
{
    if (tokens < 1000) {
        buf_printf(out, "%lld", tokens);
    } else if (tokens < 999950) {
        buf_printf(out, "%.*fk", tokens < 99950 ? 1 : 0, (double)tokens / 1e3);
    } else {
        buf_printf(out, "%.1fM", (double)tokens / 1e6);
    }
}

static void append_dollars(const struct spend *spend, struct buf *out)
{
    if (spend->unpriced == spend->requests && spend->requests > 0) {
        buf_append_c(out, "price unknown");
        return;
    }
    money_append(out, spend->dollars);
    if (spend->unpriced > 0) {
        buf_printf(out, " and %u request%s of unknown price", spend->unpriced,
            spend->unpriced == 1 ? "" : "s");
    }
}

void spend_describe(const struct spend *spend, struct buf *out)
{
    if (spend->uncounted == 0 || spend->requests > 0) {
        buf_append_c(out, spend->partial > 0 ? "at least " : "");
        tokens_append(out, spend_tokens(spend));
        buf_append_c(out, " tokens, ");
        append_dollars(spend, out);
        buf_append_c(out, spend->uncounted > 0 ? ", " : "");
    }
    if (spend->uncounted > 0) {
        buf_printf(out, "tokens of %u answer%s unknown", spend->uncounted,
            spend->uncounted == 1 ? "" : "s");
    }
}
