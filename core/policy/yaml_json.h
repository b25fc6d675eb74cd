/* Whether a value of a YAML document is one of JSON: for a tool that reads YAML and answers in
 * JSON, which of some documents it speaks of. No reading of YAML into values: where tools read the
 * same scalar differently (yes, 010, a tag, an alias) it is said that it cannot be told. Any
 * thread. */
#ifndef BYLAW_POLICY_YAML_JSON_H
#define BYLAW_POLICY_YAML_JSON_H

#include "base/json.h"
#include "policy/yaml_tree.h"

enum yaml_likeness {
    YAML_JSON_OTHER, /* certainly another value */
    YAML_JSON_MAYBE, /* by how it is written it can be */
    YAML_JSON_SAME
};

/* `node` as yaml_tree.h hands it out, of this text. */
enum yaml_likeness yaml_json_compare(struct str text, TSNode node, const cJSON *value);

#endif
