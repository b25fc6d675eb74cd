/* Configurations from anywhere: the same bytes as Codex's file, the user's, the workspace's and the
 * price table. A workspace's never loosens what bounds an agent, and names no server. */
#include "base/mem.h"
#include "config/codex_check.h"
#include "config/config.h"
#include "config/toml.h"
#include "config/toml_write.h"
#include "model/prices.h"
#include "model/routing.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void hold(bool condition)
{
    if (!condition) {
        abort();
    }
}

static bool keep_all(const void *data, const struct toml *item)
{
    (void)data;
    (void)item;
    return false;
}

/* Written again it reads the same, and is written the same. */
static void write_twice(struct str text)
{
    struct err err;
    struct toml *root = toml_parse(text, "t", &err);
    if (root == NULL) {
        return;
    }
    struct buf once = BUF_INIT;
    struct buf twice = BUF_INIT;
    toml_write(root, keep_all, NULL, &once);
    struct toml *again = toml_parse(buf_str(&once), "t", &err);
    hold(again != NULL);
    toml_write(again, keep_all, NULL, &twice);
    hold(str_equal(buf_str(&once), buf_str(&twice)));
    buf_free(&once);
    buf_free(&twice);
    toml_free(root);
    toml_free(again);
}

static void read_prices(struct str text)
{
    struct buf problems = BUF_INIT;
    struct prices *prices = prices_parse(text, "prices", &problems);
    for (size_t i = 0; i < prices_count(prices); i++) {
        double dollars = 0;
        struct usage usage = {
            .input_tokens = 1000, .cached_tokens = 10, .output_tokens = 500, .written_tokens = 100};
        hold(!price_cost(prices_at(prices, i), &usage, &dollars) || dollars >= 0);
    }
    prices_free(prices);
    buf_free(&problems);
}

static void read_anybodys(struct str text)
{
    struct config *config = config_parse((struct str){0}, (struct str){0}, text);
    hold(strcmp(config_string(config, "approval_policy"), "never") != 0);
    hold(strcmp(config_string(config, "sandbox_mode"), "read-only") == 0);
    hold(
        config_integer(config, "max_tokens") <= 5000000 && config_number(config, "max_cost") <= 10);
    hold(config_string(config, "model_provider") == NULL);
    hold(config_string(config, "base_url") == NULL);
    config_free(config);
}

static void read_all(struct str text)
{
    struct buf problems = BUF_INIT;
    struct routing routing;
    struct codex_findings findings;
    struct config *config = config_parse(text, text, text);
    for (size_t i = 0; settings[i].key != NULL; i++) {
        free(config_show(config, settings[i].key));
    }
    for (size_t i = 0; i < config_profile_count(config); i++) {
        struct err err;
        const char *name = config_profile_at(config, i);
        free(config_describe_profile(config, name));
        hold(config_pick_profile(config, name, &err));
    }
    routing_load(config, &routing, &problems);
    routing_clear(&routing);
    codex_check(config, &findings);
    codex_findings_free(&findings);
    buf_free(&problems);
    config_free(config);
}

/* One of them an input: each is as slow as the TOML it reads. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = str_make((const char *)data, size);
    void (*const parts[])(struct str text) = {read_all, read_anybodys, read_prices, write_twice};
    parts[str_hash(text) % ARRAY_LEN(parts)](text);
    return 0;
}
