#include "control/framework.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

enum { WORDS_MAX = 24, WORD_SIZE = 32 };

struct named {
    char words[WORDS_MAX][WORD_SIZE];
    size_t len;
    char version[WORD_SIZE]; /* "" when it says none */
};

static bool is_among(const char *word, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(word, words[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* Words that name no framework. */
static bool says_nothing(const char *word)
{
    static const char *const words[] = {"annotations", "benchmark", "benchmarks", "bylaw",
        "compliance", "control", "controls", "custom", "dev", "for", "foundations", "framework",
        "frameworks", "id", "ids", "io", "kyverno", "metadata", "of", "policies", "policy",
        "standard", "the", "v", "version", "revision", "rev", "r", "default", "com", "org"};
    return is_among(word, words, ARRAY_LEN(words));
}

static bool is_number(const char *word)
{
    return *word != '\0' && strspn(word, "0123456789.") == strlen(word);
}

/* "1.9", "v1.9", "rev5", "r5", and "5" behind "rev" or "v". NULL: none. */
static const char *version_in(const char *word, const char *before)
{
    static const char *const marks[] = {"rev", "v", "r", "version", "revision"};
    if (is_number(word) &&
        (strchr(word, '.') != NULL || is_among(before, marks, ARRAY_LEN(marks)))) {
        return word;
    }
    for (size_t i = 0; i < 3; i++) {
        size_t len = strlen(marks[i]);
        if (strncmp(word, marks[i], len) == 0 && is_number(word + len)) {
            return word + len;
        }
    }
    return NULL;
}

static void take(struct named *named, const char *word, const char *before)
{
    const char *version = version_in(word, before);
    if (version != NULL) {
        snprintf(named->version, sizeof named->version, "%s", version);
    } else if (!says_nothing(word) && named->len < WORDS_MAX) {
        const char *known = strcmp(word, "kubernetes") == 0 ? "k8s" : word;
        for (size_t i = 0; i < named->len; i++) {
            if (strcmp(named->words[i], known) == 0) {
                return;
            }
        }
        snprintf(named->words[named->len++], WORD_SIZE, "%s", known);
    }
}

static void read_words(struct named *named, struct str name)
{
    char before[WORD_SIZE] = "";
    size_t at = 0;
    while (at < name.len) {
        char word[WORD_SIZE] = "";
        size_t len = 0;
        while (at < name.len && (isalnum((unsigned char)name.ptr[at]) ||
                                    (name.ptr[at] == '.' && len > 0 && at + 1 < name.len &&
                                        isdigit((unsigned char)name.ptr[at + 1]) &&
                                        isdigit((unsigned char)name.ptr[at - 1])))) {
            if (len + 1 < sizeof word) {
                word[len++] = (char)tolower((unsigned char)name.ptr[at]);
            }
            at++;
        }
        word[len] = '\0';
        if (len > 0) {
            take(named, word, before);
            memcpy(before, word, sizeof before);
        } else {
            at++;
        }
    }
}

/* Of an annotation's name what is behind the '/', where that names anything. */
static struct named read_name(struct str name, struct str version)
{
    struct named named = {0};
    size_t slash = name.len;
    while (slash > 0 && name.ptr[slash - 1] != '/') {
        slash--;
    }
    read_words(&named, str_from(name, slash));
    if (named.len == 0 && slash > 0) {
        read_words(&named, str_slice(name, 0, slash));
    }
    if (version.len > 0) {
        struct named said = {0};
        char *text = mem_printf("v %.*s", (int)(version.len < 30 ? version.len : 30), version.ptr);
        read_words(&said, str_of(text));
        memcpy(named.version, said.version, sizeof named.version);
        free(text);
    }
    return named;
}

static bool has_all(const struct named *named, const struct named *words)
{
    for (size_t i = 0; i < words->len; i++) {
        bool found = false;
        for (size_t k = 0; k < named->len && !found; k++) {
            found = strcmp(named->words[k], words->words[i]) == 0;
        }
        if (!found) {
            return false;
        }
    }
    return true;
}

/* "1" and "1.9" may be one version; "1.2" and "1.23" are not. */
static bool versions_fit(const char *a, const char *b)
{
    size_t len = strlen(a) < strlen(b) ? strlen(a) : strlen(b);
    return len == 0 || (strncmp(a, b, len) == 0 && (a[len] == '\0' || a[len] == '.') &&
                           (b[len] == '\0' || b[len] == '.'));
}

enum framework_relation framework_relate(
    struct str name, struct str version, struct str other_name, struct str other_version)
{
    struct named a = read_name(name, version);
    struct named b = read_name(other_name, other_version);
    bool a_has = has_all(&a, &b);
    bool b_has = has_all(&b, &a);
    if (!a_has && !b_has) {
        return FRAMEWORK_OTHER;
    }
    if (!versions_fit(a.version, b.version)) {
        return FRAMEWORK_VERSION;
    }
    return a_has && b_has && a.len > 0 ? FRAMEWORK_SAME : FRAMEWORK_UNSAID;
}

bool framework_is_named(struct str name)
{
    return read_name(name, str_make("", 0)).len > 0;
}

char *framework_version(struct str name)
{
    return mem_strdup(read_name(name, str_make("", 0)).version);
}
