/* What models cost and how much they hold: a table in TOML that comes with the program
 * (core/model/prices.toml), and the user's own prices.toml beside the config.toml, whose rows
 * replace those of the same model. What is not in it is not known, which is never zero. Loop
 * thread. */
#ifndef BYLAW_MODEL_PRICES_H
#define BYLAW_MODEL_PRICES_H

#include "model/provider.h"

struct config;
struct prices;

/* US dollars for a million tokens. */
struct price {
    char *model;
    bool known; /* input and output are */
    double input, cached, written, output;
    long long long_from; /* above so many tokens of input the long prices hold; 0: never */
    double long_input, long_cached, long_written, long_output;
    long long context; /* tokens that fit in a request; 0: not known */
    const char *as_of; /* "2026-06-12", or NULL */
    bool is_own;       /* from the user's file */
};

/* `folder` is that of the user's config.toml, or NULL. A mistake in the file is told in `problems`,
 * a line each; the rest of it holds. */
struct prices *prices_load(const char *folder, struct buf *problems) MUST_USE;
/* The same beside the user's config.toml. */
struct prices *prices_of(const struct config *config, struct buf *problems) MUST_USE;
/* The same from text; for tests. */
struct prices *prices_parse(struct str own, const char *name, struct buf *problems) MUST_USE;
void prices_free(struct prices *prices);

/* By name, also with a date behind it ("gpt-5.5-2026-04-23"). NULL: not in the table. */
const struct price *prices_find(const struct prices *prices, const char *model);
size_t prices_count(const struct prices *prices);
const struct price *prices_at(const struct prices *prices, size_t index);

/* False: not known. `price` may be NULL. */
bool price_cost(const struct price *price, const struct usage *usage, double *dollars);
/* "$5 in, $30 out", "price unknown": for a million tokens. */
void price_describe(const struct price *price, struct buf *out);
/* "$5/$30", for a list. */
void price_describe_short(const struct price *price, struct buf *out);

/* What has been spent. */
struct spend {
    struct usage usage;
    double dollars;    /* of the requests whose price is known */
    unsigned unpriced; /* requests whose price is not */
    unsigned requests;
    unsigned uncounted; /* answers of which nobody said what they took: in none of the above */
    unsigned partial;   /* answers of which only the last request's tokens are known */
};

void spend_add(struct spend *spend, const struct usage *usage, const struct price *price);
long long spend_tokens(const struct spend *spend);
/* "$0.04", "$1.20"; small amounts keep two digits that count. */
void money_append(struct buf *out, double dollars);
/* "950", "12.3k", "4.1M" */
void tokens_append(struct buf *out, long long tokens);
/* "12.3k tokens, $0.04", "at least 12.3k tokens, $0.04", "950 tokens, price unknown", "… $0.04 and
 * 2 requests of unknown price", "… $0.04, tokens of 1 answer unknown". */
void spend_describe(const struct spend *spend, struct buf *out);

#endif
