#include "policy/facts_pool.h"

#include "base/mem.h"

#include <pthread.h>
#include <stdlib.h>

enum { BUCKETS_FIRST = 256 };

/* Chained by policy_facts.next; references are counted under its lock. */
static struct {
    pthread_mutex_t lock;
    struct policy_facts **buckets;
    size_t count, len; /* buckets: a power of two, or none; facts */
} pool = {.lock = PTHREAD_MUTEX_INITIALIZER};

static struct policy_facts **bucket_of(const char *digest)
{
    uint64_t hash = str_hash(str_make(digest, SHA256_HEX_SIZE - 1));
    return &pool.buckets[hash & (pool.count - 1)];
}

static void put(struct policy_facts *facts)
{
    struct policy_facts **bucket = bucket_of(facts->digest);
    facts->next = *bucket;
    *bucket = facts;
}

static void grow(void)
{
    struct policy_facts **old = pool.buckets;
    size_t count = pool.count;
    if (pool.len < count) {
        return;
    }
    pool.count = count == 0 ? BUCKETS_FIRST : count * 2;
    pool.buckets = mem_zalloc(pool.count * sizeof(struct policy_facts *));
    for (size_t i = 0; i < count; i++) {
        for (struct policy_facts *facts = old[i], *next; facts != NULL; facts = next) {
            next = facts->next;
            put(facts);
        }
    }
    free(old);
}

static struct policy_facts *find(const char *digest)
{
    struct policy_facts *facts = pool.count == 0 ? NULL : *bucket_of(digest);
    while (facts != NULL && memcmp(facts->digest, digest, SHA256_HEX_SIZE) != 0) {
        facts = facts->next;
    }
    if (facts != NULL) {
        facts->references++;
    }
    return facts;
}

struct policy_facts *facts_pool_find(const char digest[SHA256_HEX_SIZE])
{
    pthread_mutex_lock(&pool.lock);
    struct policy_facts *facts = find(digest);
    pthread_mutex_unlock(&pool.lock);
    return facts;
}

struct policy_facts *facts_pool_add(struct policy_facts *facts)
{
    pthread_mutex_lock(&pool.lock);
    struct policy_facts *known = find(facts->digest);
    if (known == NULL) {
        grow();
        facts->references = 1;
        put(facts);
        pool.len++;
        known = facts;
    }
    pthread_mutex_unlock(&pool.lock);
    return known;
}

void facts_pool_share(struct policy_facts *facts)
{
    pthread_mutex_lock(&pool.lock);
    facts->references++;
    pthread_mutex_unlock(&pool.lock);
}

bool facts_pool_release(struct policy_facts *facts)
{
    pthread_mutex_lock(&pool.lock);
    bool last = --facts->references == 0;
    if (last) {
        struct policy_facts **at = bucket_of(facts->digest);
        while (*at != facts) {
            at = &(*at)->next;
        }
        *at = facts->next;
        if (--pool.len == 0) {
            free(pool.buckets);
            pool.buckets = NULL;
            pool.count = 0;
        }
    }
    pthread_mutex_unlock(&pool.lock);
    return last;
}
