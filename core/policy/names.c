#include "policy/names.h"

#include "base/vec.h"

void names_free(struct names *names)
{
    VEC_FOREACH (struct name_entry, entry, names) {
        free(entry->text);
    }
    VEC_FREE(names);
    free(names->buckets);
    *names = (struct names){0};
}

static void grow(struct names *names)
{
    if (names->bucket_count > names->used) {
        return;
    }
    if (names->bucket_count == 0) {
        names->free_head = NAME_NONE;
    }
    size_t count = names->bucket_count == 0 ? 64 : names->bucket_count * 2;
    free(names->buckets);
    names->buckets = mem_realloc_array(NULL, count, sizeof *names->buckets);
    names->bucket_count = count;
    memset(names->buckets, 0xff, count * sizeof *names->buckets);
    for (size_t i = 0; i < names->len; i++) {
        struct name_entry *entry = &names->items[i];
        if (entry->text != NULL) {
            uint32_t *bucket = &names->buckets[entry->hash & (count - 1)];
            entry->next = *bucket;
            *bucket = (uint32_t)i;
        }
    }
}

static uint32_t find(const struct names *names, struct str text, uint64_t hash)
{
    if (names->bucket_count == 0) {
        return NAME_NONE;
    }
    uint32_t at = names->buckets[hash & (names->bucket_count - 1)];
    while (at != NAME_NONE) {
        const struct name_entry *entry = &names->items[at];
        if (entry->hash == hash && str_equal_c(text, entry->text)) {
            break;
        }
        at = entry->next;
    }
    return at;
}

uint32_t names_find(const struct names *names, struct str text)
{
    return find(names, text, str_hash(text));
}

uint32_t names_hold(struct names *names, struct str text)
{
    uint64_t hash = str_hash(text);
    uint32_t at = find(names, text, hash);
    if (at != NAME_NONE) {
        names->items[at].references++;
        return at;
    }
    grow(names);
    struct name_entry entry = {.text = str_dup(text), .references = 1, .hash = hash};
    uint32_t *bucket = &names->buckets[hash & (names->bucket_count - 1)];
    entry.next = *bucket;
    if (names->free_head != NAME_NONE) {
        at = names->free_head;
        names->free_head = names->items[at].next;
        names->items[at] = entry;
    } else {
        at = (uint32_t)names->len;
        VEC_PUSH(names, entry);
    }
    *bucket = at;
    names->used++;
    return at;
}

void names_release(struct names *names, uint32_t name)
{
    struct name_entry *entry = &names->items[name];
    if (--entry->references > 0) {
        return;
    }
    uint32_t *link = &names->buckets[entry->hash & (names->bucket_count - 1)];
    while (*link != name) {
        link = &names->items[*link].next;
    }
    *link = entry->next;
    free(entry->text);
    entry->text = NULL;
    entry->next = names->free_head;
    names->free_head = name;
    names->used--;
}
