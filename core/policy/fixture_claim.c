#include "policy/fixture_claim.h"

#include "base/mem.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

static enum fixture_claim claim_of_word(const char *word, size_t len)
{
    static const struct {
        const char *word;
        enum fixture_claim claim;
    } words[] = {{"valid", FIXTURE_CLAIMS_VALID}, {"invalid", FIXTURE_CLAIMS_INVALID},
        {"good", FIXTURE_CLAIMS_VALID}, {"bad", FIXTURE_CLAIMS_INVALID},
        {"allowed", FIXTURE_CLAIMS_VALID}, {"denied", FIXTURE_CLAIMS_INVALID},
        {"compliant", FIXTURE_CLAIMS_VALID}, {"noncompliant", FIXTURE_CLAIMS_INVALID},
        {"disallowed", FIXTURE_CLAIMS_INVALID}};
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (strlen(words[i].word) == len && strncasecmp(words[i].word, word, len) == 0) {
            return words[i].claim;
        }
    }
    return FIXTURE_CLAIMS_NOTHING;
}

static size_t word_length(const char *at)
{
    size_t len = 0;
    while (isalpha((unsigned char)at[len])) {
        len++;
    }
    return len;
}

enum fixture_claim fixture_claim(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash == NULL ? path : slash + 1;
    enum fixture_claim claim = claim_of_word(name, word_length(name));
    if (claim == FIXTURE_CLAIMS_NOTHING && slash != NULL) {
        const char *folder = slash;
        while (folder > path && folder[-1] != '/') {
            folder--;
        }
        size_t len = word_length(folder);
        claim = folder[len] == '/' ? claim_of_word(folder, len) : claim;
    }
    return claim;
}
