/* Facts from OPA's AST as JSON with locations. */
#include "facts.h"

#include "base/json.h"

struct at {
    unsigned row, col;
    const char *text; /* Base64, borrowed; NULL where there is no location */
};

struct walk {
    struct facts *facts;
    const struct at *forced; /* see facts_tree.c */
};

static void visit_term(struct walk *walk, const cJSON *term);
static void visit_body(struct walk *walk, const cJSON *body, bool explicit_body);

static struct at location(const cJSON *node)
{
    const cJSON *where = json_get(node, "location");
    if (where == NULL) {
        where = json_get(node, "Location");
    }
    struct at at = {(unsigned)json_int_or(where, "row", 0), (unsigned)json_int_or(where, "col", 0),
        json_string(where, "text")};
    return at;
}

static int sextet(char c)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *found = c == 0 ? NULL : strchr(alphabet, c);
    return found == NULL ? -1 : (int)(found - alphabet);
}

/* The caller frees. */
static char *base64_decode(const char *text)
{
    struct buf out = BUF_INIT;
    unsigned bits = 0, have = 0;
    for (; text != NULL && sextet(*text) >= 0; text++) {
        bits = bits << 6 | (unsigned)sextet(*text);
        have += 6;
        if (have >= 8) {
            have -= 8;
            buf_append_char(&out, (char)(bits >> have & 0xff));
        }
    }
    return buf_take(&out);
}

static bool text_is(struct at at, const char *expected)
{
    char *text = base64_decode(at.text);
    bool same = strcmp(text, expected) == 0;
    free(text);
    return same;
}

static void add(struct walk *walk, struct at at, const char *kind, struct str text)
{
    facts_add(walk->facts, at.row, at.col, kind, walk->forced == NULL ? text : (struct str){0});
}

static void add_plain(struct walk *walk, struct at at, const char *kind)
{
    add(walk, at, kind, (struct str){0});
}

/* Adds the source text at `at`, unless it is one of those that do not start where the term does. */
static void add_with_text(struct walk *walk, struct at at, const char *kind, bool plain)
{
    char *text = base64_decode(at.text);
    add(walk, at, kind, plain && text[0] != '(' && text[0] != ')' ? str_of(text) : (struct str){0});
    free(text);
}

static bool type_is(const cJSON *term, const char *type)
{
    const char *have = json_string(term, "type");
    return have != NULL && strcmp(have, type) == 0;
}

static const cJSON *value_of(const cJSON *term)
{
    return json_get(term, "value");
}

static void visit_terms(struct walk *walk, const cJSON *terms)
{
    const cJSON *term;
    cJSON_ArrayForEach(term, terms)
    {
        visit_term(walk, term);
    }
}

static bool head_is_plain(const cJSON *ref)
{
    const cJSON *head = cJSON_GetArrayItem(value_of(ref), 0);
    while (type_is(head, "call") || type_is(head, "ref")) {
        head = cJSON_GetArrayItem(value_of(head), 0);
    }
    return type_is(head, "var");
}

static void visit_ref(struct walk *walk, const cJSON *term)
{
    /* A single variable, `input` or a function's name, is a reference of one part to OPA. */
    if (cJSON_GetArraySize(value_of(term)) > 1) {
        add_with_text(walk, location(term), "ref", head_is_plain(term));
    }
    visit_terms(walk, value_of(term));
}

static bool is_infix(struct at operator)
{
    static const char *const operators[] = {
        ":=", "=", "==", "!=", "<", "<=", ">", ">=", "+", "-", "*", "/", "%", "&", "|", "in"};
    for (size_t i = 0; i < sizeof operators / sizeof *operators; i++) {
        if (text_is(operator, operators[i])) {
            return true;
        }
    }
    return false;
}

/* terms: the operator and the operands; `start` is where the whole call is. */
static void visit_call(struct walk *walk, const cJSON *terms, struct at start)
{
    const cJSON *operator= cJSON_GetArrayItem(terms, 0);
    struct at at = location(operator);
    if (at.row == 0) { /* -x is minus(0, x), with no operator in the source */
        add_plain(walk, start, "minus");
        visit_term(walk, cJSON_GetArrayItem(terms, 2));
        return;
    }
    if (walk->forced != NULL) {
        add_plain(walk, at, "call");
    } else if (is_infix(at)) {
        add_with_text(walk, at, "operator", true);
    } else {
        add_plain(walk, at, "call");
        visit_ref(walk, operator);
    }
    for (int i = 1; i < cJSON_GetArraySize(terms); i++) {
        visit_term(walk, cJSON_GetArrayItem(terms, i));
    }
}

static void visit_template(struct walk *walk, const cJSON *term)
{
    const cJSON *part;
    cJSON_ArrayForEach(part, json_get(value_of(term), "parts"))
    {
        if (json_get(part, "terms") != NULL) {
            visit_body(walk, part, true);
        }
    }
}

static void visit_term(struct walk *walk, const cJSON *term)
{
    const char *type = json_string(term, "type");
    const cJSON *value = value_of(term);
    struct at at = location(term);
    if (type == NULL) {
        return;
    }
    if (strcmp(type, "ref") == 0) {
        visit_ref(walk, term);
        return;
    }
    if (strcmp(type, "call") == 0) {
        visit_call(walk, value, at);
        return;
    }
    static const char *const kinds[] = {"var", "string", "number", "boolean", "null", "array",
        "set", "object", "arraycomprehension", "setcomprehension", "objectcomprehension"};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (strcmp(type, kinds[i]) == 0) {
            add_plain(walk, at, kinds[i]);
        }
    }
    if (strcmp(type, "templatestring") == 0) {
        add_plain(walk, at, "template");
        visit_template(walk, term);
    } else if (strcmp(type, "object") == 0) {
        const cJSON *pair;
        cJSON_ArrayForEach(pair, value)
        {
            visit_terms(walk, pair);
        }
    } else if (cJSON_IsArray(value)) {
        visit_terms(walk, value);
    } else if (cJSON_IsObject(value)) { /* comprehensions */
        visit_term(walk, json_get(value, "term"));
        visit_term(walk, json_get(value, "key"));
        visit_term(walk, json_get(value, "value"));
        visit_body(walk, json_get(value, "body"), true);
    }
}

static void visit_with(struct walk *walk, const cJSON *list)
{
    const cJSON *with;
    cJSON_ArrayForEach(with, list)
    {
        add_plain(walk, location(with), "with");
        visit_term(walk, json_get(with, "target"));
        visit_term(walk, json_get(with, "value"));
    }
}

static void visit_statement(struct walk *walk, const cJSON *terms)
{
    struct at at = location(terms);
    if (json_get(terms, "symbols") != NULL) {
        add_plain(walk, at, "some");
        visit_terms(walk, json_get(terms, "symbols"));
    } else if (json_get(terms, "domain") != NULL) {
        add_plain(walk, at, "every");
        visit_term(walk, json_get(terms, "key"));
        visit_term(walk, json_get(terms, "value"));
        visit_term(walk, json_get(terms, "domain"));
        visit_body(walk, json_get(terms, "body"), true);
    } else if (type_is(terms, "not")) {
        visit_body(walk, json_get(terms, "body"), json_bool_or(terms, "explicit_body", false));
    } else if (type_is(terms, "and") || type_is(terms, "or")) {
        visit_body(walk, json_get(terms, "lhs"), json_bool_or(terms, "explicit_lhs", false));
        visit_body(walk, json_get(terms, "rhs"), json_bool_or(terms, "explicit_rhs", false));
    } else {
        visit_term(walk, terms);
    }
}

static void visit_expression(struct walk *walk, const cJSON *expression, bool count)
{
    const cJSON *terms = json_get(expression, "terms");
    struct at at = location(expression);
    if (json_bool_or(expression, "generated", false)) {
        return;
    }
    if (count) {
        bool negated = json_bool_or(expression, "negated", false) || type_is(terms, "not");
        add(walk, at, "expression", str_of(negated ? "not" : ""));
    }
    if (cJSON_IsArray(terms)) {
        visit_call(walk, terms, at);
    } else {
        visit_statement(walk, terms);
    }
    visit_with(walk, json_get(expression, "with"));
}

/* body: an array of expressions, or one. explicit_body: it was written as a body, so its
 * expressions count as such; the lone operand of `not`, `and`, `or` does not. */
static void visit_body(struct walk *walk, const cJSON *body, bool explicit_body)
{
    if (cJSON_IsObject(body)) {
        visit_expression(walk, body, explicit_body);
        return;
    }
    const cJSON *expression;
    cJSON_ArrayForEach(expression, body)
    {
        visit_expression(walk, expression, explicit_body);
    }
}

static bool same_place(struct at a, struct at b)
{
    return a.row == b.row && a.col == b.col;
}

/* `true` that OPA put in where the rule has no value. */
static bool is_generated(const cJSON *value)
{
    struct at at = location(value);
    return at.row == 0 ||
           (type_is(value, "boolean") && !text_is(at, "true") && !text_is(at, "false") &&
               !text_is(at, "(true)") && !text_is(at, "(false)"));
}

static void visit_head(struct walk *walk, const cJSON *head)
{
    const cJSON *ref = json_get(head, "ref"), *key = json_get(head, "key");
    const cJSON *value = json_get(head, "value");
    const cJSON *last = cJSON_GetArrayItem(ref, cJSON_GetArraySize(ref) - 1);
    visit_terms(walk, ref);
    visit_terms(walk, json_get(head, "args"));
    if (key != NULL && !same_place(location(key), location(last))) {
        visit_term(walk, key);
    }
    if (value != NULL && !is_generated(value)) {
        visit_term(walk, value);
    }
}

static void visit_else(struct walk *walk, const cJSON *rule)
{
    struct at at = location(rule);
    add_plain(walk, at, "else");
    const cJSON *value = json_get_path(rule, "head.value");
    const cJSON *body = json_get(rule, "body");
    if (value != NULL && !is_generated(value)) {
        visit_term(walk, value);
    }
    if (same_place(at, location(cJSON_GetArrayItem(body, 0)))) {
        walk->forced = &at;
    }
    visit_body(walk, body, true);
    walk->forced = NULL;
    if (json_get(rule, "else") != NULL) {
        visit_else(walk, json_get(rule, "else"));
    }
}

static void visit_rule(struct walk *walk, const cJSON *rule)
{
    const cJSON *head = json_get(rule, "head");
    struct at at = location(rule);
    const char *kind = json_get(head, "args") != NULL ? "function"
                       : json_get(head, "key") != NULL && json_get(head, "value") == NULL ? "set"
                                                                                          : "value";
    const char *name = json_string(cJSON_GetArrayItem(json_get(head, "ref"), 0), "value");
    add(walk, at, kind, str_of(name == NULL ? "" : name));
    if (json_bool_or(rule, "default", false)) {
        add_plain(walk, at, "default");
    }
    char *text = base64_decode(at.text);
    if (text[0] != '{') { /* a further body repeats the head at its own place */
        visit_head(walk, head);
    }
    free(text);
    visit_body(walk, json_get(rule, "body"), true);
    if (json_get(rule, "else") != NULL) {
        visit_else(walk, json_get(rule, "else"));
    }
}

void facts_from_opa(struct facts *facts, const cJSON *module)
{
    struct walk walk = {facts, NULL};
    const cJSON *package = json_get(module, "package"), *item;
    const cJSON *path = json_get(package, "path");
    add_plain(&walk, location(package), "package");
    for (int i = 1; i < cJSON_GetArraySize(path); i++) {
        add_plain(&walk, location(cJSON_GetArrayItem(path, i)), "string");
    }
    cJSON_ArrayForEach(item, json_get(module, "imports"))
    {
        add(&walk, location(item), "import", str_of(json_string_or(item, "alias", "")));
        visit_term(&walk, json_get(item, "path"));
    }
    cJSON_ArrayForEach(item, json_get(module, "rules"))
    {
        visit_rule(&walk, item);
    }
    cJSON_ArrayForEach(item, json_get(module, "comments"))
    {
        char *text = base64_decode(json_string(item, "Text"));
        add(&walk, location(item), "comment", str_of(text));
        free(text);
    }
}
