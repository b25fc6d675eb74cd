#include "hooks/scripts.h"

#include "base/path.h"
#include "base/sha256.h"
#include "base/utf8.h"
#include "base/vec.h"
#include "workspace/beneath.h"

#include <ctype.h>
#include <stdlib.h>

struct search {
    int root;
    struct scripts *out;
    struct buf *shown;
    struct err *err;
};

void scripts_free(struct scripts *scripts)
{
    VEC_FOREACH (struct script, script, scripts) {
        free(script->path);
    }
    VEC_FREE(scripts);
}

static const struct script *find(const struct scripts *scripts, const char *path)
{
    VEC_FOREACH (const struct script, known, scripts) {
        if (strcmp(known->path, path) == 0) {
            return known;
        }
    }
    return NULL;
}

const char *scripts_differ(const struct scripts *a, const struct scripts *b)
{
    const struct scripts *sides[][2] = {{a, b}, {b, a}};
    for (size_t i = 0; i < ARRAY_LEN(sides); i++) {
        VEC_FOREACH (const struct script, script, sides[i][0]) {
            const struct script *other = find(sides[i][1], script->path);
            if (other == NULL || strcmp(other->hash, script->hash) != 0) {
                return script->path;
            }
        }
    }
    return NULL;
}

/* ---- words ---- */

static bool parts_words(char c)
{
    return c == '\0' || strchr(" \t\r\n'\"`;|&()<>={}$@,:[]", c) != NULL;
}

/* The next word at or after *at; false: there is none. */
static bool next_word(struct str text, size_t *at, struct str *word)
{
    while (*at < text.len && parts_words(text.ptr[*at])) {
        (*at)++;
    }
    size_t begin = *at;
    if (begin > 0 && text.ptr[begin - 1] == '$') { /* "$DIR/lib.sh": what is behind the variable */
        while (begin < text.len &&
               (isalnum((unsigned char)text.ptr[begin]) || text.ptr[begin] == '_')) {
            begin++;
        }
        *at = begin;
        if (begin < text.len && parts_words(text.ptr[begin])) {
            return next_word(text, at, word);
        }
    }
    while (*at < text.len && !parts_words(text.ptr[*at])) {
        (*at)++;
    }
    *word = str_slice(text, begin, *at);
    return word->len > 0;
}

/* The program's own name: "/usr/bin/python3.12" is python. */
static struct str program_of(struct str word)
{
    for (size_t i = word.len; i > 0; i--) {
        if (word.ptr[i - 1] == '/') {
            word = str_from(word, i);
            break;
        }
    }
    while (word.len > 0 && strchr("0123456789.", word.ptr[word.len - 1]) != NULL && word.len > 1) {
        word.len--;
    }
    return word;
}

static bool is_interpreter(struct str word)
{
    static const char *const names[] = {"sh", "bash", "dash", "ash", "zsh", "ksh", "fish", "source",
        ".", "python", "perl", "ruby", "node", "deno", "bun", "php", "lua", "awk", "tclsh",
        "Rscript", "tsx", "ts-node", "exec", "env"};
    struct str name = program_of(word);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (str_equal_c(name, names[i])) {
            return true;
        }
    }
    return false;
}

/* ---- files ---- */

static bool is_script(const char *path, unsigned mode, struct str bytes)
{
    static const char *const extensions[] = {
        ".sh", ".bash", ".py", ".js", ".mjs", ".cjs", ".ts", ".pl", ".rb", ".lua", ".mk"};
    bool found = (mode & 0111u) != 0 || str_starts(bytes, "#!");
    for (size_t i = 0; i < ARRAY_LEN(extensions) && !found; i++) {
        found = strcmp(path_ext(path), extensions[i]) == 0;
    }
    return found;
}

static bool is_text(struct str bytes)
{
    return bytes.len <= SCRIPT_SHOWN_BYTES && utf8_is_valid(bytes) &&
           (bytes.len == 0 || memchr(bytes.ptr, 0, bytes.len) == NULL);
}

static void show(struct buf *shown, const struct script *script, struct str bytes)
{
    if (shown == NULL) {
        return;
    }
    if (!is_text(bytes)) {
        buf_printf(shown, "\n--- %s, which the command runs: %zu bytes, not shown, SHA-256 %s\n",
            script->path, bytes.len, script->hash);
        return;
    }
    buf_printf(shown, "\n--- %s, which the command runs ---\n", script->path);
    buf_append_str(shown, bytes);
    bool ended = bytes.len > 0 && bytes.ptr[bytes.len - 1] == '\n';
    buf_append_c(shown, ended ? "" : "\n");
}

static bool look_into(struct search *search, const char *folder, struct str text);

/* What is no file, or cannot be read, is not run either. */
static bool take(struct search *search, const char *path, bool surely)
{
    struct buf bytes = BUF_INIT;
    struct file_stamp stamp;
    struct err err = {0};
    if (find(search->out, path) != NULL) {
        return true;
    }
    bool ok = beneath_read(search->root, path, SCRIPT_MAX_BYTES, &bytes, &stamp, &err) ||
              err.kind != ERR_LIMIT;
    if (!ok) {
        err_set(search->err, ERR_LIMIT,
            "%s is larger than %d MiB: it cannot be held to what was trusted", path,
            SCRIPT_MAX_BYTES >> 20);
    } else if (err.kind == ERR_NONE && (surely || is_script(path, stamp.mode, buf_str(&bytes)))) {
        struct script script = {.path = mem_strdup(path)};
        sha256_hex(buf_str(&bytes), script.hash);
        VEC_PUSH(search->out, script);
        show(search->shown, &script, buf_str(&bytes));
        ok = search->out->len <= SCRIPTS_MAX ||
             err_set(search->err, ERR_LIMIT, "it runs more than %d files of the repository",
                 SCRIPTS_MAX);
        if (ok && is_text(buf_str(&bytes))) {
            char *folder = path_dir(path);
            ok = look_into(search, folder, buf_str(&bytes));
            free(folder);
        }
    }
    buf_free(&bytes);
    return ok;
}

/* From the folder it runs in, else from the script's own ("$(dirname "$0")/lib.sh"). */
static bool take_word(struct search *search, const char *folder, struct str word, bool surely)
{
    while (word.len > 0 && word.ptr[0] == '/') {
        word = str_from(word, 1);
    }
    bool top = folder[0] == '\0' || strcmp(folder, ".") == 0;
    char *beside = top ? NULL : mem_printf("%s/%.*s", folder, STR_FMT(word));
    struct str places[] = {word, str_of(beside == NULL ? "" : beside)};
    bool ok = true;
    for (size_t i = 0; i < ARRAY_LEN(places) && ok; i++) {
        char *clean;
        if (places[i].len > 0 && path_check_relative(places[i], &clean, NULL)) {
            ok = take(search, clean, surely);
            free(clean);
        }
    }
    free(beside);
    return ok;
}

/* Files that a program reads its orders from without being told so. */
static const struct {
    const char *program, *file;
} implied[] = {{"make", "Makefile"}, {"make", "makefile"}, {"make", "GNUmakefile"},
    {"gmake", "Makefile"}, {"npm", "package.json"}, {"npx", "package.json"},
    {"yarn", "package.json"}, {"pnpm", "package.json"}, {"bun", "package.json"},
    {"just", "justfile"}, {"task", "Taskfile.yml"}, {"rake", "Rakefile"},
    {"pre-commit", ".pre-commit-config.yaml"}};

static bool take_implied(struct search *search, const char *folder, struct str word)
{
    struct str program = program_of(word);
    bool ok = true;
    for (size_t i = 0; i < ARRAY_LEN(implied) && ok; i++) {
        if (str_equal_c(program, implied[i].program)) {
            ok = take_word(search, folder, str_of(implied[i].file), true);
        }
    }
    return ok;
}

bool scripts_may_have(const char *path)
{
    static const char *const looked_at[] = {".rego", ".yaml", ".yml"};
    for (size_t i = 0; i < ARRAY_LEN(implied); i++) {
        if (strcmp(path_base(path), implied[i].file) == 0) {
            return true;
        }
    }
    for (size_t i = 0; i < ARRAY_LEN(looked_at); i++) {
        if (strcmp(path_ext(path), looked_at[i]) == 0) {
            return false;
        }
    }
    return true;
}

/* `folder`: of the script whose text it is; "" for the command. */
static bool look_into(struct search *search, const char *folder, struct str text)
{
    size_t at = 0;
    struct str word;
    bool after_interpreter = false;
    bool ok = true;
    while (ok && next_word(text, &at, &word)) {
        bool option = word.ptr[0] == '-';
        bool is_path =
            memchr(word.ptr, '/', word.len) != NULL || memchr(word.ptr, '.', word.len) != NULL;
        if (!option && word.len < 1024 && (is_path || after_interpreter)) {
            ok = take_word(search, folder, word, after_interpreter);
        }
        ok = ok && take_implied(search, folder, word);
        after_interpreter = is_interpreter(word) || (option && after_interpreter);
    }
    return ok;
}

bool scripts_find(
    int root, const char *command, struct scripts *out, struct buf *shown, struct err *err)
{
    struct search search = {.root = root, .out = out, .shown = shown, .err = err};
    *out = (struct scripts){0};
    return look_into(&search, "", str_of(command));
}
