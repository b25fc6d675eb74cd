#include "agent/skills.h"

#include "base/file.h"
#include "base/path.h"
#include "base/safe.h"
#include "base/vec.h"
#include "policy/yaml_tree.h"
#include "workspace/beneath.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

enum { NAME_MAX_BYTES = 64, ENTRIES_MAX = 1000 };

/* Where skills are read from. */
struct place {
    struct skills *out;
    struct buf *problems;
    const struct trust_store *store;
    const char *root;
    const char *what; /* "skill", "command": for the store and for people */
    bool is_users;
};

static void problem(const struct place *place, const char *file, const char *text)
{
    if (place->problems != NULL) {
        buf_printf(place->problems, "%s: the %s is not used: %s\n", file, place->what, text);
    }
}

static bool is_name(struct str name)
{
    if (name.len == 0 || name.len > NAME_MAX_BYTES || name.ptr[0] == '.') {
        return false;
    }
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        bool ok = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '-' || c == '_' || c == '.';
        if (!ok) {
            return false;
        }
    }
    return true;
}

/* ---- what a file says of itself ---- */

/* The YAML between "---" lines at the beginning; false: it has none. */
static bool cut_front(struct str text, struct str *yaml, struct str *rest)
{
    struct str line;
    struct str at = text;
    if (!str_next_line(&at, &line) || !str_equal_c(str_trim_right(line), "---")) {
        return false;
    }
    const char *begin = at.ptr;
    while (str_next_line(&at, &line)) {
        if (str_equal_c(str_trim_right(line), "---")) {
            *yaml = str_make(begin, (size_t)(line.ptr - begin));
            *rest = at;
            return true;
        }
    }
    return false;
}

static void read_front(struct str yaml, struct buf *name, struct buf *description)
{
    uint32_t at = 0;
    TSNode map;
    TSTree *tree = yaml_tree_parse(yaml);
    if (tree != NULL && yaml_next_document(ts_tree_root_node(tree), &at, &map)) {
        (void)yaml_scalar(yaml, yaml_get(yaml, map, "name", NULL), name);
        (void)yaml_scalar(yaml, yaml_get(yaml, map, "description", NULL), description);
    }
    ts_tree_delete(tree);
    /* A block scalar comes as written, with the line of its ">" or "|". */
    if (description->len > 0 && (description->ptr[0] == '>' || description->ptr[0] == '|')) {
        size_t end = str_find_char(buf_str(description), '\n', 0);
        buf_remove(description, 0, end == SIZE_MAX ? description->len : end + 1);
    }
}

/* The first heading and the first line of text below it. */
static void read_head(struct str text, struct buf *description)
{
    struct str line;
    bool heading = false;
    while (str_next_line(&text, &line)) {
        line = str_trim(line);
        if (line.len == 0) {
            continue;
        }
        bool is_heading = line.ptr[0] == '#';
        if (is_heading && heading) {
            return;
        }
        while (line.len > 0 && (line.ptr[0] == '#' || line.ptr[0] == ' ')) {
            line = str_from(line, 1);
        }
        buf_append_c(description, description->len > 0 ? ". " : "");
        buf_append_str(description, line);
        if (!is_heading) {
            return;
        }
        heading = true;
    }
}

/* Folds blanks and line ends, so that it is one line in a list. */
static char *one_line(struct str text)
{
    struct buf line = BUF_INIT;
    for (size_t i = 0; i < text.len; i++) {
        char c =
            text.ptr[i] == '\n' || text.ptr[i] == '\r' || text.ptr[i] == '\t' ? ' ' : text.ptr[i];
        if (c != ' ' || (line.len > 0 && line.ptr[line.len - 1] != ' ')) {
            buf_append_char(&line, c);
        }
    }
    char *shown = safe_dup(str_trim_right(buf_str(&line)), SAFE_ONE_LINE, SKILL_DESCRIPTION_MAX);
    buf_free(&line);
    return shown;
}

/* ---- one skill ---- */

static void skill_clear(struct skill *skill)
{
    free(skill->name);
    free(skill->description);
    free(skill->file);
    buf_free(&skill->text);
}

static void judge(const struct place *place, struct skill *skill)
{
    skill->is_users = place->is_users;
    if (place->is_users) {
        skill->answer = TRUST_YES;
        return;
    }
    skill->answer =
        trust_store_get(place->store, place->what, place->root, skill->file, buf_str(&skill->text));
    skill->changed = skill->answer == TRUST_UNKNOWN &&
                     trust_store_knows(place->store, place->what, place->root, skill->file);
}

/* Places are read from the least to the most important: a later one of a name takes its place. */
static void put(const struct place *place, struct skill skill)
{
    size_t at = 0;
    while (at < place->out->len && strcmp(place->out->items[at].name, skill.name) < 0) {
        at++;
    }
    bool known = at < place->out->len && strcmp(place->out->items[at].name, skill.name) == 0;
    /* One that nobody has trusted does not push aside one that is. */
    bool yields = known && skill.answer != TRUST_YES && place->out->items[at].answer == TRUST_YES;
    if (known && !yields) {
        skill_clear(&place->out->items[at]);
        place->out->items[at] = skill;
    } else if (place->out->len < SKILLS_MAX) {
        VEC_INSERT(place->out, known ? at + 1 : at, skill);
    } else {
        problem(place, skill.file, "there are too many");
        skill_clear(&skill);
    }
}

static bool is_command(const struct place *place)
{
    return strcmp(place->what, "command") == 0;
}

/* Takes `text` over. */
static void add(const struct place *place, const char *file, struct str stem, struct buf text)
{
    struct buf name = BUF_INIT;
    struct buf description = BUF_INIT;
    struct str rest = buf_str(&text);
    struct str yaml;
    if (cut_front(buf_str(&text), &yaml, &rest)) {
        read_front(yaml, &name, &description);
    }
    if (name.len == 0 || is_command(place)) {
        buf_clear(&name);
        buf_append_str(&name, stem);
    }
    if (description.len == 0) {
        read_head(rest, &description);
    }
    if (!is_name(buf_str(&name))) {
        problem(place, file,
            "its name takes letters, digits, \"-\", \"_\" and \".\", at most 64 of them");
        buf_free(&text);
    } else {
        struct skill skill = {.name = str_dup(buf_str(&name)),
            .description = one_line(buf_str(&description)),
            .file = mem_strdup(file),
            .text = text};
        judge(place, &skill);
        put(place, skill);
    }
    buf_free(&name);
    buf_free(&description);
}

/* ---- folders ---- */

/* A user's own may be a link. */
static bool read_file(
    const struct place *place, int fd, const char *name, struct buf *text, struct err *err)
{
    if (!place->is_users) {
        return beneath_read(fd, name, SKILL_MAX_BYTES, text, NULL, err);
    }
    int file = openat(fd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0) {
        return err_set_errno(err, errno, "cannot open it");
    }
    bool ok = file_read_fd(file, name, SKILL_MAX_BYTES, text, err);
    close(file);
    return ok;
}

/* `shown` is what its folder is called. */
static void read_entry(const struct place *place, int fd, const char *shown, const char *entry)
{
    struct err err;
    struct buf text = BUF_INIT;
    bool is_file = strcmp(path_ext(entry), ".md") == 0;
    if (!is_file && is_command(place)) {
        return;
    }
    char *name = is_file ? mem_strdup(entry) : path_join(entry, "SKILL.md");
    char *file = path_join(shown, name);
    bool found = read_file(place, fd, name, &text, &err);
    if (found && text.len > 0 && memchr(text.ptr, 0, text.len) != NULL) {
        err_set(&err, ERR_INVALID, "it is no text");
        found = false;
    }
    if (found) {
        size_t stem = strlen(entry) - (is_file ? strlen(".md") : 0);
        add(place, file, str_make(entry, stem), text);
    } else {
        /* A file of another kind lies beside them, or a folder without one. */
        if (is_file || (err.kind != ERR_NOT_FOUND && err.kind != ERR_IO)) {
            problem(place, file, err.text);
        }
        buf_free(&text);
    }
    free(name);
    free(file);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Takes the folder's descriptor over; -1: there is none. */
static void read_folder(const struct place *place, int fd, const char *shown)
{
    struct {
        char **items;
        size_t len, cap;
    } names = {0};
    DIR *stream = fd < 0 ? NULL : fdopendir(fd);
    const struct dirent *entry;
    while (stream != NULL && names.len < ENTRIES_MAX && (entry = readdir(stream)) != NULL) {
        if (entry->d_name[0] != '.') {
            VEC_PUSH(&names, mem_strdup(entry->d_name));
        }
    }
    if (names.len > 0) {
        qsort(names.items, names.len, sizeof *names.items, by_text);
    }
    VEC_FOREACH (char *, name, &names) {
        read_entry(place, fd, shown, *name);
        free(*name);
    }
    VEC_FREE(&names);
    if (stream != NULL) {
        closedir(stream);
    } else if (fd >= 0) {
        close(fd);
    }
}

static void read_users(struct place *place)
{
    bool commands = is_command(place);
    place->is_users = true;
    const char *home = getenv("HOME");
    char *own = path_home_dir(PATH_CONFIG, NULL);
    char *codex = path_codex_home();
    const char *parts[][2] = {
        {home != NULL && home[0] == '/' && !commands ? home : NULL, ".agents/skills"},
        {codex, commands ? "prompts" : "skills"},
        {own, commands ? "commands" : "skills"},
    };
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        char *folder = parts[i][0] == NULL ? NULL : path_join(parts[i][0], parts[i][1]);
        if (folder != NULL) {
            read_folder(place, beneath_open_root(folder, NULL), folder);
        }
        free(folder);
    }
    free(own);
    free(codex);
    place->is_users = false;
}

/* No link in the repository leads elsewhere: its folders are opened beneath `base`. */
static void read_base(const struct place *place, const char *base)
{
    static const char *const names[] = {".agents/skills", ".codex/skills", ".bylaw/skills"};
    int root = beneath_open_root(base, NULL);
    for (size_t i = 0; i < ARRAY_LEN(names) && root >= 0; i++) {
        char *folder = path_join(base, names[i]);
        bool here = strcmp(base, place->root) == 0;
        struct err err = {0};
        int fd = beneath_open_dir(root, names[i], &err);
        if (fd < 0 && err.kind != ERR_NOT_FOUND) {
            problem(place, here ? names[i] : folder, err.text);
        }
        read_folder(place, fd, here ? names[i] : folder);
        free(folder);
    }
    if (root >= 0) {
        close(root);
    }
}

void skills_read(const char *git_root, const char *root, struct skills *out, struct buf *problems)
{
    *out = (struct skills){0};
    struct trust_store *store = trust_load();
    struct place place = {
        .out = out, .problems = problems, .store = store, .root = root, .what = "skill"};
    read_users(&place);
    for (size_t end = path_walk_start(git_root, root);; end++) {
        if (root[end] == '/' || root[end] == '\0') {
            char *base = mem_strndup(root, end);
            read_base(&place, base);
            free(base);
        }
        if (root[end] == '\0') {
            break;
        }
    }
    trust_store_free(store);
}

void skills_read_commands(const char *root, struct skills *out, struct buf *problems)
{
    static const char folder[] = ".bylaw/commands";
    *out = (struct skills){0};
    struct trust_store *store = trust_load();
    struct place place = {
        .out = out, .problems = problems, .store = store, .root = root, .what = "command"};
    read_users(&place);
    int fd = beneath_open_root(root, NULL);
    if (fd >= 0) {
        struct err err = {0};
        int commands = beneath_open_dir(fd, folder, &err);
        if (commands < 0 && err.kind != ERR_NOT_FOUND) {
            problem(&place, folder, err.text);
        }
        read_folder(&place, commands, folder);
        close(fd);
    }
    trust_store_free(store);
}

struct str skill_body(const struct skill *skill)
{
    struct str yaml;
    struct str rest = buf_str(&skill->text);
    return cut_front(buf_str(&skill->text), &yaml, &rest) ? rest : buf_str(&skill->text);
}

void skills_parse(struct str text, struct skills *out, struct buf *problems)
{
    struct place place = {
        .what = "skill", .out = out, .problems = problems, .root = "", .is_users = true};
    struct buf copy = BUF_INIT;
    buf_append_str(&copy, text);
    add(&place, "text.md", STR_LIT("text"), copy);
}

void skills_free(struct skills *skills)
{
    VEC_FOREACH (struct skill, skill, skills) {
        skill_clear(skill);
    }
    VEC_FREE(skills);
}

/* ---- use ---- */

const struct skill *skills_named(const struct skills *skills, struct str name)
{
    const struct skill *found = NULL;
    VEC_FOREACH (const struct skill, skill, skills) {
        if (str_equal_c(name, skill->name) && (found == NULL || skill->answer == TRUST_YES)) {
            found = skill;
        }
    }
    return found;
}

const struct skill *skills_find(const struct skills *skills, struct str name, struct err *err)
{
    const struct skill *found = skills_named(skills, name);
    if (found == NULL) {
        err_set(err, ERR_NOT_FOUND, "There is no skill %.*s: /skill lists those there are",
            STR_FMT(name));
    } else if (found->answer != TRUST_YES) {
        err_set(err, ERR_DENIED,
            "The skill %s comes with the repository and is not trusted: that is the engineer's, "
            "who reads it first (Alt-T, or bylaw trust)",
            found->name);
        found = NULL;
    }
    return found;
}

void skills_tell(const struct skills *skills, bool by_tool, struct buf *out)
{
    bool first = true;
    VEC_FOREACH (const struct skill, skill, skills) {
        if (skill->answer != TRUST_YES) {
            continue;
        }
        if (first) {
            buf_printf(out,
                "\n# Skills\n\nHow some tasks are done here. When a task fits a description, read "
                "%s before you begin, and follow it.\n",
                by_tool ? "that skill with read_skill" : "that skill's file");
            first = false;
        }
        buf_printf(out, "- %s%s%s%s%s%s\n", skill->name, by_tool ? "" : " (",
            by_tool ? "" : skill->file, by_tool ? "" : ")",
            skill->description[0] == '\0' ? "" : ": ", skill->description);
    }
}

char *skill_prompt(const struct skill *skill, struct str task)
{
    struct buf out = BUF_INIT;
    task = str_trim(task);
    if (task.len > 0) {
        buf_printf(&out, "%.*s\n\n", STR_FMT(task));
    }
    buf_printf(&out, "Use the skill %s for this:\n\n<skill>\n<name>%s</name>\n<path>%s</path>\n",
        skill->name, skill->name, skill->file);
    buf_append_str(&out, str_trim_right(buf_str(&skill->text)));
    buf_append_c(&out, "\n</skill>\n");
    return buf_take(&out);
}
