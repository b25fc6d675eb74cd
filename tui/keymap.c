#include "keymap.h"

#include "base/nearest.h"
#include "base/utf8.h"
#include "base/vec.h"

#include <stdio.h>

struct binding {
    const struct action_set *set;
    const struct action *action;
    struct key keys[KEYMAP_SEQUENCE_MAX];
    size_t count;
};

struct remap {
    char *id;
    char *keys;
};

struct keymap {
    bool vi;
    struct {
        const struct action_set **items;
        size_t len, cap;
    } sets;
    struct {
        struct binding *items;
        size_t len, cap;
    } bindings;
    struct {
        struct remap *items;
        size_t len, cap;
    } remaps;
};

struct keymap *keymap_new(bool vi)
{
    struct keymap *keymap = MEM_NEW(struct keymap);
    keymap->vi = vi;
    return keymap;
}

void keymap_free(struct keymap *keymap)
{
    if (keymap == NULL) {
        return;
    }
    VEC_FOREACH (struct remap, remap, &keymap->remaps) {
        free(remap->id);
        free(remap->keys);
    }
    VEC_FREE(&keymap->remaps);
    VEC_FREE(&keymap->bindings);
    VEC_FREE(&keymap->sets);
    free(keymap);
}

/* One alternative: "ctrl-p", "]t", "ctrl-x,ctrl-s". */
static bool parse_sequence(struct str spec, struct binding *binding)
{
    binding->count = 0;
    if (key_parse(spec, &binding->keys[0])) {
        binding->count = 1;
        return true;
    }
    bool commas = str_find_char(spec, ',', 0) != SIZE_MAX;
    while (spec.len > 0) {
        size_t end = commas ? str_find_char(spec, ',', 0) : utf8_cluster(spec);
        struct str part = str_slice(spec, 0, end == SIZE_MAX ? spec.len : end);
        if (binding->count == KEYMAP_SEQUENCE_MAX ||
            !key_parse(part, &binding->keys[binding->count])) {
            return false;
        }
        binding->count++;
        spec = str_from(spec, part.len + (commas ? 1 : 0));
    }
    return binding->count > 0;
}

/* Cuts the next alternative off *rest. */
static bool next_spec(struct str *rest, struct str *spec)
{
    *rest = str_trim(*rest);
    size_t end = str_find_char(*rest, ' ', 0);
    *spec = str_slice(*rest, 0, end == SIZE_MAX ? rest->len : end);
    *rest = str_from(*rest, spec->len);
    return spec->len > 0;
}

static void unbind(struct keymap *keymap, const struct action *action)
{
    size_t i = 0;
    while (i < keymap->bindings.len) {
        if (keymap->bindings.items[i].action == action) {
            VEC_REMOVE(&keymap->bindings, i);
        } else {
            i++;
        }
    }
}

static bool bind(struct keymap *keymap, const struct action_set *set, const struct action *action,
    const char *keys)
{
    struct str rest = str_of(keys);
    struct str spec;
    while (next_spec(&rest, &spec)) {
        struct binding binding = {.set = set, .action = action};
        if (!parse_sequence(spec, &binding)) {
            return false;
        }
        VEC_PUSH(&keymap->bindings, binding);
    }
    return true;
}

static const char *remapped(const struct keymap *keymap, const char *id)
{
    const char *keys = NULL;
    VEC_FOREACH (struct remap, remap, &keymap->remaps) {
        if (strcmp(remap->id, id) == 0) {
            keys = remap->keys;
        }
    }
    return keys;
}

void keymap_add(struct keymap *keymap, const struct action_set *set)
{
    if (set == NULL) {
        return;
    }
    for (size_t i = 0; i < keymap->sets.len; i++) {
        if (keymap->sets.items[i] == set) {
            return;
        }
    }
    VEC_PUSH(&keymap->sets, set);
    for (size_t i = 0; i < set->count; i++) {
        const struct action *action = &set->actions[i];
        const char *keys = remapped(keymap, action->id);
        if (keys == NULL) {
            keys = keymap->vi && action->keys_vi != NULL ? action->keys_vi : action->keys;
        }
        if (keys != NULL && !bind(keymap, set, action, keys)) {
            fprintf(stderr, "bylaw: bad keys \"%s\" of action %s\n", keys, action->id);
            abort();
        }
    }
}

bool keymap_remap(struct keymap *keymap, const char *action_id, const char *keys, struct err *err)
{
    struct str rest = str_of(keys);
    struct str spec;
    while (next_spec(&rest, &spec)) {
        struct binding binding;
        if (!parse_sequence(spec, &binding)) {
            return err_set(err, ERR_INVALID,
                "\"%.*s\" is no key: write a, ctrl-p, alt-1, f5, shift-tab, space, ]t or "
                "ctrl-x,ctrl-s",
                STR_FMT(spec));
        }
    }
    VEC_PUSH(&keymap->remaps, (struct remap){mem_strdup(action_id), mem_strdup(keys)});
    for (size_t i = 0; i < keymap->sets.len; i++) {
        const struct action_set *set = keymap->sets.items[i];
        for (size_t k = 0; k < set->count; k++) {
            if (strcmp(set->actions[k].id, action_id) == 0) {
                unbind(keymap, &set->actions[k]);
                if (!bind(keymap, set, &set->actions[k], keys)) {
                    return err_set(err, ERR_INVALID, "\"%s\" are no keys", keys);
                }
            }
        }
    }
    return true;
}

static bool begins_with(const struct binding *binding, const struct key *keys, size_t count)
{
    if (binding->count < count) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (!key_equal(&binding->keys[i], &keys[i])) {
            return false;
        }
    }
    return true;
}

enum keymap_found keymap_find(const struct keymap *keymap, const struct action_set *const *sets,
    size_t set_count, const struct key *keys, size_t count, const struct action **action,
    size_t *set_index)
{
    for (size_t s = 0; s < set_count; s++) {
        bool pending = false;
        VEC_FOREACH (struct binding, binding, &keymap->bindings) {
            if (binding->set != sets[s] || !begins_with(binding, keys, count)) {
                continue;
            }
            if (binding->count == count) {
                *action = binding->action;
                if (set_index != NULL) {
                    *set_index = s;
                }
                return KEYMAP_FOUND;
            }
            pending = true;
        }
        if (pending) {
            return KEYMAP_PENDING;
        }
    }
    return KEYMAP_NONE;
}

static void append_sequence(struct buf *out, const struct binding *binding)
{
    for (size_t i = 0; i < binding->count; i++) {
        if (i > 0 && (binding->keys[i].code != K_TEXT || binding->keys[i].mods != 0)) {
            buf_append_char(out, ' ');
        }
        key_append_name(out, &binding->keys[i]);
    }
}

void keymap_append_keys(
    const struct keymap *keymap, const struct action *action, bool first, struct buf *out)
{
    bool any = false;
    VEC_FOREACH (struct binding, binding, &keymap->bindings) {
        if (binding->action != action) {
            continue;
        }
        if (any) {
            buf_append_char(out, ' ');
        }
        append_sequence(out, binding);
        any = true;
        if (first) {
            return;
        }
    }
}

void keymap_append_free_key(const struct keymap *keymap, const struct action *action,
    bool (*taken)(const void *data, const struct key *key), const void *data, struct buf *out)
{
    VEC_FOREACH (struct binding, binding, &keymap->bindings) {
        if (binding->action == action && !taken(data, &binding->keys[0])) {
            append_sequence(out, binding);
            return;
        }
    }
}

static bool is_typed(const void *data, const struct key *key)
{
    (void)data;
    return key_is_plain_text(key);
}

void keymap_append_text_key(
    const struct keymap *keymap, const struct action *action, struct buf *out)
{
    keymap_append_free_key(keymap, action, is_typed, NULL, out);
}

size_t keymap_sets(const struct keymap *keymap, const struct action_set *const **sets)
{
    *sets = keymap->sets.items;
    return keymap->sets.len;
}

const struct action *keymap_action(const struct keymap *keymap, const char *id)
{
    for (size_t i = 0; i < keymap->sets.len; i++) {
        const struct action_set *set = keymap->sets.items[i];
        for (size_t k = 0; k < set->count; k++) {
            if (strcmp(set->actions[k].id, id) == 0) {
                return &set->actions[k];
            }
        }
    }
    return NULL;
}

static bool overlap(const struct binding *a, const struct binding *b)
{
    return a->set == b->set && a->action != b->action &&
           (begins_with(b, a->keys, a->count) || begins_with(a, b->keys, b->count));
}

bool keymap_conflict(const struct keymap *keymap, const char *action_id, struct buf *out)
{
    for (size_t i = 0; i < keymap->bindings.len; i++) {
        const struct binding *a = &keymap->bindings.items[i];
        bool asked = action_id == NULL || strcmp(a->action->id, action_id) == 0;
        for (size_t k = 0; asked && k < keymap->bindings.len; k++) {
            const struct binding *b = &keymap->bindings.items[k];
            if (overlap(a, b)) {
                buf_printf(out, "%s and %s: ", a->action->id, b->action->id);
                append_sequence(out, a->count < b->count ? a : b);
                return true;
            }
        }
    }
    return false;
}

size_t keymap_continuations(const struct keymap *keymap, const struct action_set *const *sets,
    size_t set_count, const struct key *keys, size_t count, struct keymap_next *out, size_t max)
{
    size_t found = 0;
    for (size_t s = 0; s < set_count && found == 0; s++) {
        VEC_FOREACH (struct binding, binding, &keymap->bindings) {
            bool goes_on = binding->set == sets[s] && binding->count > count &&
                           begins_with(binding, keys, count);
            if (goes_on && found < max) {
                struct binding rest = *binding;
                struct buf name = BUF_INIT;
                rest.count = binding->count - count;
                memcpy(rest.keys, binding->keys + count, rest.count * sizeof *rest.keys);
                append_sequence(&name, &rest);
                out[found].action = binding->action;
                out[found].set = s;
                snprintf(out[found++].rest, sizeof out->rest, "%s", name.ptr);
                buf_free(&name);
            }
        }
    }
    return found;
}

const char *keymap_suggest(const struct keymap *keymap, const char *id)
{
    const char *best = NULL;
    size_t least = strlen(id) / 3 + 2; /* further away it is a guess */
    for (size_t i = 0; i < keymap->sets.len; i++) {
        const struct action_set *set = keymap->sets.items[i];
        for (size_t k = 0; k < set->count; k++) {
            const char *dot = strchr(set->actions[k].id, '.');
            size_t whole = nearest_distance(str_of(id), str_of(set->actions[k].id));
            /* "accept" stands for "review.accept". */
            size_t last = dot == NULL ? whole : nearest_distance(str_of(id), str_of(dot + 1));
            size_t apart = last < whole ? last : whole;
            if (apart < least) {
                least = apart;
                best = set->actions[k].id;
            }
        }
    }
    return best;
}
