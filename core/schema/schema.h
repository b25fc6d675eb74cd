/* JSON Schema: is a value what the engineer's schema says? For answers of a model, which are small;
 * libraries for C that know more than draft 4 are not in Debian.
 *
 * Known is what OpenAI's structured outputs take and what is common beside, of draft 2020-12 and of
 * draft 7: boolean schemas, type, enum, const, properties, patternProperties, additionalProperties,
 * propertyNames, required, dependentRequired, dependentSchemas, minProperties, maxProperties, items
 * (one schema), prefixItems, contains, minContains, maxContains, minItems, maxItems, uniqueItems,
 * minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf, minLength, maxLength, pattern
 * (PCRE2), format (date-time, date, time, duration, email, hostname, ipv4, ipv6, uuid), allOf,
 * anyOf, oneOf, not, if/then/else, $ref within the document ("#", "#/…"), $defs, definitions and
 * the annotations. Any other keyword or format is refused, not ignored: a schema that is half
 * understood would call an answer good that is not. What stands beside a $ref counts, as 2020-12
 * has it.
 *
 * Numbers are doubles. Any thread; a schema is not changed once it is read. */
#ifndef BYLAW_SCHEMA_SCHEMA_H
#define BYLAW_SCHEMA_SCHEMA_H

#include "base/err.h"
#include "base/str.h"

#include <cjson/cJSON.h>

struct schema;

enum { SCHEMA_MAX = 1 << 20 };

/* Reads a schema from its text (JSON, at most SCHEMA_MAX bytes). NULL: it is no JSON, or says
 * something that is not known; the message names the place as a JSON pointer. */
struct schema *schema_parse(struct str text, struct err *err) MUST_USE;
/* The same from a file. */
struct schema *schema_read(const char *path, struct err *err) MUST_USE;
void schema_free(struct schema *schema);

/* Its text in one line. Borrowed. */
const char *schema_text(const struct schema *schema);
/* OpenAI's strict mode takes it: the root is an object, each object names all its properties as
 * required and allows no others. Else a server is told of it in words alone. */
bool schema_is_strict(const struct schema *schema);

/* Appends a line for each mismatch ("/items/0/id: is a number, must be a string"), at most 20.
 * True: there is none. */
bool schema_check(const struct schema *schema, const cJSON *value, struct buf *problems) MUST_USE;
/* The same from a model's text: one JSON value, which may stand in a fence of Markdown. *value is
 * the caller's to free (cJSON_Delete), also where it does not match; NULL: the text is no JSON. */
bool schema_check_text(
    const struct schema *schema, struct str text, cJSON **value, struct buf *problems) MUST_USE;

#endif
