#include "engine/opa_builtins.h"

#include "base/safe.h"
#include "base/vec.h"
#include "engine/settings.h"

#include <ctype.h>
#include <stdlib.h>

enum { BUILTINS_MAX = 2000, ARGS_MAX = 16, NESTING_MAX = 4, NAME_MAX_BYTES = 200 };
#define SETTINGS ".bylaw/config.toml"

/* From the sources of each program: trivy-checks 8e5382 and Trivy's pkg/iac/rego/custom.go,
 * Conforma cli 0.9 (internal/rego), Conftest 0.71 (builtins), Regal 0.39 (pkg/builtins). A result
 * of many members is `any`: what compiles with its true type compiles with that too. */
static const struct known {
    const char *owner, *name, *args, *result;
} known[] = {
    {"trivy", "result.new", "string,any", "any"},
    {"trivy", "isManaged", "any", "boolean"},
    {"trivy", "sh.parse_commands", "string", "array[array[string]]"},
    {"trivy", "cidr.count_addresses", "string", "number"},
    {"trivy", "cidr.is_public", "string", "boolean"},
    {"trivy", "squealer.scan_string", "string", "any"},
    {"conforma", "ec.oci.blob", "string", "string"},
    {"conforma", "ec.oci.blob_files", "string,any", "any"},
    {"conforma", "ec.oci.descriptor", "string", "any"},
    {"conforma", "ec.oci.image_files", "string,any", "any"},
    {"conforma", "ec.oci.image_index", "string", "any"},
    {"conforma", "ec.oci.image_manifest", "string", "any"},
    {"conforma", "ec.oci.image_manifests", "set[string]", "any"},
    {"conforma", "ec.oci.image_referrers", "string", "any"},
    {"conforma", "ec.oci.image_tag_refs", "string", "any"},
    {"conforma", "ec.oci.parsed_blob", "string", "any"},
    {"conforma", "ec.purl.is_valid", "string", "boolean"},
    {"conforma", "ec.purl.parse", "string", "any"},
    {"conforma", "ec.sigstore.verify_attestation", "string,object", "any"},
    {"conforma", "ec.sigstore.verify_image", "string,object", "any"},
    {"conftest", "parse_config", "string,string", "object"},
    {"conftest", "parse_config_file", "string", "object"},
    {"conftest", "parse_combined_config_files", "array[string]", "object"},
    {"regal", "regal.is_formatted", "string,object", "boolean"},
    {"regal", "regal.last", "array", "any"},
    {"regal", "regal.parse_module", "string,string", "object"},
};

static bool is_owner(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        if (strcmp(known[i].owner, name) == 0) {
            return true;
        }
    }
    return false;
}

const char *opa_builtin_owner(struct str name)
{
    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        if (str_equal_c(name, known[i].name)) {
            return known[i].owner;
        }
    }
    return NULL;
}

const char *opa_builtin_owners(void)
{
    return "trivy, conforma, conftest, regal";
}

/* ---- types ---- */

static cJSON *type_of(const char *word)
{
    cJSON *type = mem_require(cJSON_CreateObject());
    json_set_string(type, "type", word);
    return type;
}

/* NULL: not a type. */
static cJSON *read_type(struct str text, unsigned depth)
{
    static const char *const plain[] = {"any", "string", "number", "boolean", "null"};
    text = str_trim(text);
    for (size_t i = 0; i < ARRAY_LEN(plain); i++) {
        if (str_equal_c(text, plain[i])) {
            return type_of(plain[i]);
        }
    }
    if (str_equal_c(text, "object")) {
        cJSON *type = type_of("object");
        cJSON *dynamic = json_set_object(type, "dynamic");
        cJSON_AddItemToObject(dynamic, "key", type_of("any"));
        cJSON_AddItemToObject(dynamic, "value", type_of("any"));
        return type;
    }
    bool array = str_starts(text, "array");
    if (!array && !str_starts(text, "set")) {
        return NULL;
    }
    struct str rest = str_from(text, strlen(array ? "array" : "set"));
    cJSON *of = rest.len == 0 ? type_of("any") : NULL;
    if (of == NULL && str_starts(rest, "[") && str_ends(rest, "]") && depth < NESTING_MAX) {
        of = read_type(str_slice(rest, 1, rest.len - 1), depth + 1);
    }
    if (of == NULL) {
        return NULL;
    }
    cJSON *type = type_of(array ? "array" : "set");
    cJSON_AddItemToObject(type, array ? "dynamic" : "of", of);
    return type;
}

static bool is_type(const char *text)
{
    cJSON *type = read_type(str_of(text), 0);
    cJSON_Delete(type);
    return type != NULL;
}

/* ---- settings ---- */

static void complain(struct findings *problems, const struct toml *at, char *message)
{
    if (problems != NULL) {
        VEC_PUSH(problems, (struct finding){.rule = mem_strdup("settings"),
                               .severity = SEVERITY_WARNING,
                               .file = mem_strdup(SETTINGS),
                               .at = {at->row, at->col},
                               .message = safe_dup(str_of(message), SAFE_ONE_LINE, 400)});
    }
    free(message);
}

static bool has_builtin(const struct opa_builtins *builtins, const char *name)
{
    VEC_FOREACH (struct opa_builtin, builtin, builtins) {
        if (strcmp(builtin->name, name) == 0) {
            return true;
        }
    }
    return false;
}

static void add(struct opa_builtins *out, const char *name, char *args, const char *result)
{
    if (has_builtin(out, name) || out->len >= BUILTINS_MAX) {
        free(args);
        return;
    }
    VEC_PUSH(out, (struct opa_builtin){mem_strdup(name), args, mem_strdup(result)});
}

static void add_owner(const struct toml *value, struct opa_builtins *out, struct findings *problems)
{
    if (value->kind != TOML_STRING || !is_owner(value->text)) {
        complain(problems, value,
            mem_printf("builtins_of knows the functions of %s; not of %s", opa_builtin_owners(),
                value->kind == TOML_STRING ? value->text : "what is no string"));
        return;
    }
    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        if (strcmp(known[i].owner, value->text) == 0) {
            add(out, known[i].name, mem_strdup(known[i].args), known[i].result);
        }
    }
}

/* Letters, digits, `_` and dots between them. */
static bool is_name(const char *name)
{
    size_t len = strlen(name);
    bool part = false;
    for (size_t i = 0; i < len; i++) {
        if (name[i] == '.' ? !part : !isalnum((unsigned char)name[i]) && name[i] != '_') {
            return false;
        }
        part = name[i] != '.';
    }
    return part && len < NAME_MAX_BYTES;
}

/* NULL: one of them is no type. */
static char *read_args(const struct toml *args)
{
    struct buf out = BUF_INIT;
    bool ok = args == NULL || (args->kind == TOML_ARRAY && args->len <= ARGS_MAX);
    for (size_t i = 0; ok && args != NULL && i < args->len; i++) {
        const struct toml *arg = args->items[i];
        ok = arg->kind == TOML_STRING && is_type(arg->text);
        buf_printf(&out, "%s%s", i == 0 ? "" : ",", ok ? arg->text : "");
    }
    char *text = ok ? buf_take(&out) : NULL;
    buf_free(&out);
    return text;
}

static void add_own(const struct toml *value, struct opa_builtins *out, struct findings *problems)
{
    char *args = read_args(toml_get(value, "args"));
    const char *result = toml_string_or(value, "result", "any");
    if (!is_name(value->key) || args == NULL || !is_type(result)) {
        complain(problems, value,
            mem_printf("%s is declared as { args = [TYPE, …], result = TYPE }, a type being any, "
                       "string, number, boolean, null, object, array, set, array[TYPE] or "
                       "set[TYPE]",
                value->key));
        free(args);
        return;
    }
    add(out, value->key, args, result);
}

static void read_settings(
    const struct toml *opa, struct opa_builtins *out, struct findings *problems)
{
    const struct toml *own = toml_get(opa, "builtins");
    const struct toml *of = toml_get(opa, "builtins_of");
    /* One's own declaration goes before a known one. */
    for (size_t i = 0; own != NULL && own->kind == TOML_TABLE && i < own->len; i++) {
        add_own(own->items[i], out, problems);
    }
    if (of != NULL && of->kind != TOML_ARRAY) {
        add_owner(of, out, problems);
    }
    for (size_t i = 0; of != NULL && of->kind == TOML_ARRAY && i < of->len; i++) {
        add_owner(of->items[i], out, problems);
    }
}

void opa_builtins_read(const char *root, struct opa_builtins *out, struct findings *problems)
{
    struct toml *toml = settings_read(root, SETTINGS);
    read_settings(toml_get_path(toml, "engines.opa"), out, problems);
    toml_free(toml);
}

void opa_builtins_free(struct opa_builtins *builtins)
{
    VEC_FOREACH (struct opa_builtin, builtin, builtins) {
        free(builtin->name);
        free(builtin->args);
        free(builtin->result);
    }
    VEC_FREE(builtins);
}

unsigned long long opa_builtins_hash(const struct opa_builtins *builtins)
{
    unsigned long long hash = builtins->len == 0 ? 0 : STR_HASH_EMPTY;
    VEC_FOREACH (struct opa_builtin, builtin, builtins) {
        char *line = mem_printf("%s(%s)%s;", builtin->name, builtin->args, builtin->result);
        hash = str_hash_more(hash, str_of(line));
        free(line);
    }
    return hash;
}

/* ---- capabilities ---- */

/* Types separated by commas, none of which has one in it. */
static void add_types(cJSON *array, const char *text)
{
    struct str rest = str_of(text);
    while (rest.len > 0) {
        size_t comma = str_find_char(rest, ',', 0);
        size_t end = comma == SIZE_MAX ? rest.len : comma;
        cJSON *type = read_type(str_slice(rest, 0, end), 0);
        if (type != NULL) {
            cJSON_AddItemToArray(array, type);
        }
        rest = str_from(rest, end < rest.len ? end + 1 : end);
    }
}

bool opa_builtins_add(cJSON *capabilities, const struct opa_builtins *builtins, struct err *err)
{
    cJSON *list = json_get(capabilities, "builtins");
    if (builtins->len == 0) {
        return true;
    }
    if (!cJSON_IsArray(list)) {
        return err_set(err, ERR_EXTERNAL, "opa capabilities names no built-in functions");
    }
    struct opa_builtins there = {0};
    const cJSON *entry;
    cJSON_ArrayForEach(entry, list)
    {
        VEC_PUSH(
            &there, (struct opa_builtin){.name = mem_strdup(json_string_or(entry, "name", ""))});
    }
    VEC_FOREACH (struct opa_builtin, builtin, builtins) {
        if (has_builtin(&there, builtin->name)) {
            continue;
        }
        cJSON *function = mem_require(cJSON_CreateObject());
        json_set_string(function, "name", builtin->name);
        cJSON *decl = json_set_object(function, "decl");
        json_set_string(decl, "type", "function");
        add_types(json_set_array(decl, "args"), builtin->args);
        cJSON_AddItemToObject(decl, "result", read_type(str_of(builtin->result), 0));
        cJSON_AddItemToArray(list, function);
    }
    opa_builtins_free(&there);
    return true;
}

/* ---- what opa says of them ---- */

/* The name at the end of "…HEAD NAME"; empty: another message. */
static struct str named(const char *message, const char *head)
{
    const char *at = message == NULL ? NULL : strstr(message, head);
    struct str name = at == NULL ? str_make("", 0) : str_of(at + strlen(head));
    size_t end = 0;
    while (end < name.len && (isalnum((unsigned char)name.ptr[end]) || name.ptr[end] == '_' ||
                                 name.ptr[end] == '.')) {
        end++;
    }
    return str_slice(name, 0, end);
}

/* opa 1.22 refuses the call also where a value stands for the function; a function for it is fine.
 */
char *opa_builtin_explain(const char *message)
{
    struct str name = named(message, "unsupported built-in: ");
    const char *owner = opa_builtin_owner(name);
    return name.len == 0 ? NULL
                         : mem_printf("it calls %.*s, which %s%s has and opa has not: let a "
                                      "function stand for it (with %.*s as f), or run it there",
                               STR_FMT(name), owner == NULL ? "" : "only ",
                               owner == NULL ? "another program" : owner, STR_FMT(name));
}

/* The longest known name in the line, so that `ec.oci.image_manifests` is not its beginning. */
static struct str known_in(const char *line)
{
    struct str found = str_make("", 0);
    for (size_t i = 0; line != NULL && i < ARRAY_LEN(known); i++) {
        struct str name = str_of(known[i].name);
        if (name.len > found.len && strstr(line, known[i].name) != NULL) {
            found = name;
        }
    }
    return found;
}

char *opa_builtin_advise(const char *message, const char *line)
{
    struct str name = named(message, "undefined function ");
    if (message != NULL && strncmp(message, "with keyword target must", 24) == 0) {
        name = known_in(line);
    }
    const char *owner = opa_builtin_owner(name);
    return owner == NULL ? NULL
                         : mem_printf("%.*s is %s's: builtins_of = [\"%s\"] below [engines.opa] in "
                                      "%s declares it",
                               STR_FMT(name), owner, owner, SETTINGS);
}
