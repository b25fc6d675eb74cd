/* Patterns and formats, by PCRE2. */
#include "schema/schema_private.h"

#include <arpa/inet.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

enum { STEPS_MAX = 1000000 };

static pcre2_code *compile(const char *pattern, struct err *err)
{
    int code;
    PCRE2_SIZE at;
    pcre2_code *compiled = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED,
        PCRE2_UTF | PCRE2_DOLLAR_ENDONLY | PCRE2_NEVER_BACKSLASH_C, &code, &at, NULL);
    if (compiled == NULL && err != NULL) {
        PCRE2_UCHAR message[200];
        pcre2_get_error_message(code, message, sizeof message);
        err_set(err, ERR_INVALID, "the pattern is wrong at %zu: %s", (size_t)at, (char *)message);
    }
    return compiled;
}

bool schema_pattern_is_good(const char *pattern, struct err *err)
{
    pcre2_code *compiled = compile(pattern, err);
    pcre2_code_free(compiled);
    return compiled != NULL;
}

bool schema_matches(const char *pattern, const char *text)
{
    pcre2_code *compiled = compile(pattern, NULL);
    if (compiled == NULL) {
        return false;
    }
    pcre2_match_context *bounds = mem_require(pcre2_match_context_create(NULL));
    pcre2_match_data *match = mem_require(pcre2_match_data_create_from_pattern(compiled, NULL));
    pcre2_set_match_limit(bounds, STEPS_MAX);
    bool found = pcre2_match(compiled, (PCRE2_SPTR)text, strlen(text), 0, 0, match, bounds) >= 0;
    pcre2_match_data_free(match);
    pcre2_match_context_free(bounds);
    pcre2_code_free(compiled);
    return found;
}

#define DATE                                                                                       \
    "(?:\\d{4}-(?:0[13578]|1[02])-(?:0[1-9]|[12]\\d|3[01])|\\d{4}-(?:0[469]|11)-"                  \
    "(?:0[1-9]|[12]\\d|30)|\\d{4}-02-(?:0[1-9]|1\\d|2[0-8])|"                                      \
    "(?:\\d\\d(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)-02-29)"
#define TIME                                                                                       \
    "(?:(?:[01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d|23:59:60)(?:\\.\\d+)?(?:[Zz]|[+-](?:[01]\\d|2[0-3]):" \
    "[0-5]\\d)"
#define LABEL    "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
#define HOSTNAME "(?=.{1,253}$)" LABEL "(?:\\." LABEL ")*"

/* RFC 3339 (dates and times; a leap second at the end of a UTC day), RFC 1123, RFC 5321, RFC 4122.
 */
static const struct format {
    const char *name;
    const char *pattern; /* NULL: an address, asked of the system */
    int family;
} formats[] = {
    {"date-time", "^" DATE "[Tt]" TIME "$", 0},
    {"date", "^" DATE "$", 0},
    {"time", "^" TIME "$", 0},
    {"duration",
        "^P(?!$)(?:\\d+W|(?:\\d+Y(?:\\d+M(?:\\d+D)?)?|\\d+M(?:\\d+D)?|\\d+D)?"
        "(?:T(?:\\d+H(?:\\d+M(?:\\d+S)?)?|\\d+M(?:\\d+S)?|\\d+S))?)$",
        0},
    {"email",
        "^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@" LABEL
        "(?:\\." LABEL ")*$",
        0},
    {"hostname", "^" HOSTNAME "$", 0},
    {"uuid", "^[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$", 0},
    {"ipv4", NULL, AF_INET},
    {"ipv6", NULL, AF_INET6},
};

static const struct format *find(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
        if (strcmp(formats[i].name, name) == 0) {
            return &formats[i];
        }
    }
    return NULL;
}

bool schema_knows_format(const char *name)
{
    return find(name) != NULL;
}

bool schema_has_format(const char *name, const char *text)
{
    const struct format *format = find(name);
    unsigned char address[sizeof(struct in6_addr)];
    return format->pattern == NULL ? inet_pton(format->family, text, address) == 1
                                   : schema_matches(format->pattern, text);
}
