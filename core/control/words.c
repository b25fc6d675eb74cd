#include "control/words.h"

#include "base/vec.h"
#include "policy/names.h"

#include <ctype.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

enum { TEXT_MAX = 4096, WORD_MAX = 80 };

struct words {
    struct names names;
    struct word_lists {
        struct word_list {
            uint32_t *items; /* texts that have the word, growing */
            size_t len, cap;
        } * items;
        size_t len, cap;
    } lists; /* by the word's number */
    struct {
        double *items; /* length of each text's vector; squared until `ready` */
        size_t len, cap;
    } sizes;
    struct {
        double *items; /* of the question, by text; all 0 between questions */
        size_t len, cap;
    } sums;
    bool ready;
};

static const char *const empty_words[] = {"a", "access", "allow", "an", "and", "appropriate", "are",
    "argument", "as", "at", "automated", "be", "block", "by", "check", "cluster", "clusterpolicy",
    "configured", "constraint", "container", "control", "deny", "disallow", "do", "each", "enforce",
    "ensure", "every", "file", "for", "from", "have", "if", "in", "is", "it", "k8", "k8s",
    "kubernete", "limit", "made", "make", "manual", "minimize", "more", "must", "no", "not", "of",
    "on", "only", "or", "parameter", "pod", "policy", "prevent", "psp", "require", "required",
    "requires", "restrict", "restrictive", "rule", "set", "should", "template", "than", "that",
    "the", "their", "to", "true", "false", "use", "used", "using", "validate", "verify", "when",
    "where", "which", "with", "without", "deny", "violation", "warn", "main", "kube", "600", "700",
    "30", "10", "100", "0"};

static bool is_empty_word(const char *word)
{
    for (size_t i = 0; i < ARRAY_LEN(empty_words); i++) {
        if (strcmp(word, empty_words[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* ---- cutting a text into words ---- */

typedef void (*take_word)(void *data, struct str word);

struct cutter {
    take_word take;
    void *data;
};

/* A whole of several parts, which are words too: it makes two texts that both have it more alike,
 * and none longer. */
#define WHOLE '+'

static void give(const struct cutter *cutter, struct str word, bool whole)
{
    char low[WORD_MAX + 2] = {WHOLE};
    char *start = low + whole;
    size_t len = word.len < WORD_MAX ? word.len : WORD_MAX;
    for (size_t i = 0; i < len; i++) {
        start[i] = (char)tolower((unsigned char)word.ptr[i]);
    }
    if (len > 3 && start[len - 1] == 's' && start[len - 2] != 's') {
        len--;
    }
    start[len] = '\0';
    if (len > 0 && !is_empty_word(start)) {
        cutter->take(cutter->data, str_make(low, len + whole));
    }
}

/* "PSPPrivileged" ends a part before the P of "Pr", "hostPID" before the P. */
static bool begins_part(struct str run, size_t at)
{
    bool upper = isupper((unsigned char)run.ptr[at]) != 0;
    bool after_lower = !isupper((unsigned char)run.ptr[at - 1]);
    bool before_lower = at + 1 < run.len && islower((unsigned char)run.ptr[at + 1]);
    return upper && (after_lower || before_lower);
}

static void give_run(const struct cutter *cutter, struct str run)
{
    size_t from = 0;
    for (size_t at = 1; at < run.len; at++) {
        if (begins_part(run, at)) {
            give(cutter, str_slice(run, from, at), false);
            from = at;
        }
    }
    give(cutter, str_from(run, from), false);
    if (from > 0) {
        give(cutter, run, true);
    }
}

static bool is_letter(char c)
{
    return isalnum((unsigned char)c) || (unsigned char)c >= 0x80;
}

static bool is_joint(char c)
{
    return c == '-' || c == '_' || c == '/' || c == '.';
}

static void cut(struct str text, take_word take, void *data)
{
    const struct cutter cutter = {take, data};
    text = str_slice(text, 0, text.len < TEXT_MAX ? text.len : TEXT_MAX);
    size_t at = 0;
    while (at < text.len) {
        size_t whole = at;
        size_t parts = 0;
        while (at < text.len && is_letter(text.ptr[at])) {
            size_t from = at;
            while (at < text.len && is_letter(text.ptr[at])) {
                at++;
            }
            give_run(&cutter, str_slice(text, from, at));
            parts++;
            bool joined =
                at + 1 < text.len && is_joint(text.ptr[at]) && is_letter(text.ptr[at + 1]);
            if (!joined) {
                break;
            }
            at++;
        }
        if (parts > 1) {
            give(&cutter, str_slice(text, whole, at), true);
        }
        at += parts == 0;
    }
}

/* ---- the collection ---- */

struct words *words_new(void)
{
    return MEM_NEW(struct words);
}

void words_free(struct words *words)
{
    if (words == NULL) {
        return;
    }
    VEC_FOREACH (struct word_list, list, &words->lists) {
        VEC_FREE(list);
    }
    VEC_FREE(&words->lists);
    VEC_FREE(&words->sizes);
    VEC_FREE(&words->sums);
    names_free(&words->names);
    free(words);
}

static void add_word(void *data, struct str word)
{
    struct words *words = data;
    uint32_t name = names_hold(&words->names, word);
    while (words->lists.len <= name) {
        VEC_PUSH(&words->lists, (struct word_list){0});
    }
    struct word_list *list = &words->lists.items[name];
    uint32_t text = (uint32_t)words->sizes.len;
    if (list->len == 0 || list->items[list->len - 1] != text) {
        VEC_PUSH(list, text);
    }
}

void words_add(struct words *words, struct str text)
{
    cut(text, add_word, words);
    VEC_PUSH(&words->sizes, 0);
    VEC_PUSH(&words->sums, 0);
}

static double rarity(const struct words *words, const struct word_list *list)
{
    return log(1 + (double)words->sizes.len / (double)list->len);
}

static void make_ready(struct words *words)
{
    if (words->ready) {
        return;
    }
    words->ready = true;
    VEC_FOREACH (const struct word_list, list, &words->lists) {
        uint32_t name = (uint32_t)(list - words->lists.items);
        bool counts = list->len > 0 && names_text(&words->names, name)[0] != WHOLE;
        double weight = counts ? rarity(words, list) : 0;
        VEC_FOREACH (const uint32_t, text, list) {
            words->sizes.items[*text] += weight * weight;
        }
    }
    VEC_FOREACH (double, size, &words->sizes) {
        *size = sqrt(*size);
    }
}

/* ---- questions ---- */

struct question {
    struct words *words;
    struct {
        uint32_t *items;
        size_t len, cap;
    } known; /* words of the text, each once */
    size_t unknown;
};

/* "hostpid" is how some write "hostPID". */
static uint32_t find_word(const struct words *words, struct str word)
{
    uint32_t name = names_find(&words->names, word);
    if (name != NAME_NONE) {
        return name;
    }
    if (word.ptr[0] == WHOLE) {
        return names_find(&words->names, str_from(word, 1));
    }
    char *whole = mem_printf("%c%.*s", WHOLE, STR_FMT(word));
    name = names_find(&words->names, str_of(whole));
    free(whole);
    return name;
}

static void take_question(void *data, struct str word)
{
    struct question *question = data;
    uint32_t name = find_word(question->words, word);
    bool is_part = word.ptr[0] != WHOLE;
    question->unknown += is_part && name == NAME_NONE;
    VEC_FOREACH (const uint32_t, known, &question->known) {
        if (*known == name) {
            return;
        }
    }
    if (name != NAME_NONE) {
        VEC_PUSH(&question->known, name);
    }
}

/* Unknown words make the text longer, so that one known word among many is no likeness. */
static double question_size(const struct question *question)
{
    const struct words *words = question->words;
    double size = 0;
    VEC_FOREACH (const uint32_t, name, &question->known) {
        bool counts = names_text(&words->names, *name)[0] != WHOLE;
        double weight = counts ? rarity(words, &words->lists.items[*name]) : 0;
        size += weight * weight;
    }
    double unknown = log(1 + (double)words->sizes.len) / 2;
    return sqrt(size + unknown * unknown * (double)question->unknown);
}

static double likeness_to(const struct words *words, size_t text, double size)
{
    double both = size * words->sizes.items[text];
    double alike = both > 0 ? words->sums.items[text] / both : 0;
    return alike > 1 ? 1 : alike;
}

struct words_hit words_best(struct words *words, struct str text, size_t other, double *likeness)
{
    struct words_hit best = {SIZE_MAX, 0};
    struct question question = {.words = words};
    make_ready(words);
    cut(text, take_question, &question);
    double size = question_size(&question);
    VEC_FOREACH (const uint32_t, name, &question.known) {
        double weight = rarity(words, &words->lists.items[*name]);
        VEC_FOREACH (const uint32_t, at, &words->lists.items[*name]) {
            words->sums.items[*at] += weight * weight;
        }
    }
    if (likeness != NULL) {
        *likeness = other < words->sizes.len ? likeness_to(words, other, size) : 0;
    }
    VEC_FOREACH (const uint32_t, name, &question.known) {
        VEC_FOREACH (const uint32_t, at, &words->lists.items[*name]) {
            double alike = likeness_to(words, *at, size);
            bool better = alike > best.likeness || (alike == best.likeness && *at < best.text);
            best = better ? (struct words_hit){*at, alike} : best;
        }
    }
    VEC_FOREACH (const uint32_t, name, &question.known) {
        VEC_FOREACH (const uint32_t, at, &words->lists.items[*name]) {
            words->sums.items[*at] = 0;
        }
    }
    VEC_FREE(&question.known);
    return best;
}
