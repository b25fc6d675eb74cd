#include "syntax/language.h"

#include "base/path.h"
#include "embedded.h"

#include <stdio.h>
#include <strings.h>

const TSLanguage *tree_sitter_cedar(void);
const TSLanguage *tree_sitter_cel(void);
const TSLanguage *tree_sitter_jmespath(void);
const TSLanguage *tree_sitter_json(void);
const TSLanguage *tree_sitter_markdown(void);
const TSLanguage *tree_sitter_markdown_inline(void);
const TSLanguage *tree_sitter_rego(void);
const TSLanguage *tree_sitter_toml(void);
const TSLanguage *tree_sitter_yaml(void);

const struct language languages[] = {
    {"rego", "Rego", "opa", ".rego", NULL, "#", "rego", tree_sitter_rego, .documents = false},
    {"yaml", "YAML", "yml helm", ".yaml .yml", ".clang-format .clang-tidy", "#", "yaml",
        tree_sitter_yaml, .documents = true},
    {"cel", "CEL", "", ".cel", NULL, "//", "cel", tree_sitter_cel, .expression = true},
    {"jmespath", "JMESPath", "jmes", ".jmespath .jmes", NULL, NULL, "jmespath",
        tree_sitter_jmespath, .expression = true},
    {"cedar", "Cedar", "cedarschema", ".cedar .cedarschema", NULL, "//", "cedar", tree_sitter_cedar,
        .documents = false},
    {"json", "JSON", "jsonc", ".json .tfplan .tfstate", NULL, NULL, "json", tree_sitter_json,
        .documents = false},
    {"toml", "TOML", "", ".toml", "Pipfile Cargo.lock", "#", "toml", tree_sitter_toml,
        .documents = false},
    {"markdown", "Markdown", "md", ".md .markdown", NULL, NULL, "markdown", tree_sitter_markdown,
        .documents = false},
    {"markdown_inline", "Markdown", "", NULL, NULL, NULL, "markdown-inline",
        tree_sitter_markdown_inline, .afresh = true},
    {.name = NULL},
};

/* True when `word` is one of the blank-separated words of list. */
static bool has_word(const char *list, struct str word)
{
    while (list != NULL && *list != '\0' && word.len > 0) {
        size_t len = strcspn(list, " ");
        if (len == word.len && strncasecmp(list, word.ptr, len) == 0) {
            return true;
        }
        list += len + (list[len] == ' ');
    }
    return false;
}

const struct language *language_of(const char *path, struct str first_line)
{
    const char *base = path == NULL ? "" : path_base(path);
    const char *ext = path_ext(base);
    for (const struct language *l = languages; l->name != NULL; l++) {
        if (has_word(l->files, str_of(base)) ||
            (*ext != '\0' && has_word(l->extensions, str_of(ext)))) {
            return l;
        }
    }
    if (*ext != '\0') {
        return NULL;
    }
    struct str line = str_trim(first_line);
    if (str_starts(line, "---") || str_starts(line, "apiVersion:") || str_starts(line, "%YAML")) {
        return language_by_name(STR_LIT("yaml"));
    }
    if (str_starts(line, "package ")) {
        return language_by_name(STR_LIT("rego"));
    }
    if (str_starts(line, "{") || str_starts(line, "[")) {
        return language_by_name(STR_LIT("json"));
    }
    return NULL;
}

const char *language_comment(const struct language *language, const char *path)
{
    static const struct {
        const char *extensions, *files, *comment;
    } others[] = {
        {".go .js .ts .proto", NULL, "//"}, {".tf .tfvars .hcl .sh .bash .py .conf .properties",
                                                "Dockerfile Makefile .gitignore", "#"}};
    const char *base = path == NULL ? "" : path_base(path);
    for (size_t i = 0; language == NULL && i < ARRAY_LEN(others); i++) {
        if (has_word(others[i].files, str_of(base)) ||
            has_word(others[i].extensions, str_of(path_ext(base)))) {
            return others[i].comment;
        }
    }
    return language == NULL ? NULL : language->comment;
}

const struct language *language_by_name(struct str name)
{
    for (const struct language *l = languages; l->name != NULL; l++) {
        if (has_word(l->name, name) || has_word(l->names, name)) {
            return l;
        }
    }
    return NULL;
}

struct str language_query(const struct language *language, const char *file)
{
    char name[128];
    snprintf(name, sizeof name, "%s/%s", language->queries, file);
    for (const struct embedded *e = grammar_queries; e->name != NULL; e++) {
        if (strcmp(e->name, name) == 0) {
            return str_make(e->bytes, e->len);
        }
    }
    return str_make("", 0);
}
