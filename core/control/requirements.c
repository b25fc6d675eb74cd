#include "control/requirements.h"

#include "base/file.h"
#include "base/utf8.h"
#include "base/vec.h"
#include "control/csv.h"
#include "control/oscal.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

enum { CONTROLS_MAX = 200000, KEPT_MAX = 256 << 20 };

/* ---- which column is what ---- */

/* As columns are called in the matrices we have seen, less all but letters and digits. */
static const struct {
    const char *name; /* in --map */
    size_t offset;
    const char *known[12];
} fields[REQUIREMENT_FIELDS] = {
    [REQUIREMENT_ID] = {"id", offsetof(struct requirement, id),
        {"controlid", "id", "control", "requirementid", "controlnumber", "number", "identifier",
            "ruleid", "checkid", "ref"}},
    [REQUIREMENT_TEXT] = {"description", offsetof(struct requirement, text),
        {"controldescription", "description", "text", "requirement", "controltext", "statement",
            "subject", "summary", "prose"}},
    [REQUIREMENT_TITLE] = {"title", offsetof(struct requirement, title),
        {"title", "name", "controltitle", "controlname", "recommendation"}},
    [REQUIREMENT_FRAMEWORK] = {"framework", offsetof(struct requirement, framework),
        {"framework", "standard", "benchmark", "source"}},
    [REQUIREMENT_VERSION] = {"version", offsetof(struct requirement, version),
        {"version", "frameworkversion", "benchmarkversion", "release"}},
    [REQUIREMENT_SECTION] = {"section", offsetof(struct requirement, section),
        {"section", "sectionid", "group", "family", "category", "domain"}},
    [REQUIREMENT_ADMISSION] = {"admission", offsetof(struct requirement, admission),
        {"admission", "checkable"}},
    [REQUIREMENT_TYPE] = {"type", offsetof(struct requirement, policy_type),
        {"suggestedpolicytype", "policytype", "engine"}},
    [REQUIREMENT_COMPLEXITY] = {"complexity", offsetof(struct requirement, complexity),
        {"complexity"}},
    [REQUIREMENT_STATUS] = {"status", offsetof(struct requirement, status), {"status", "coverage"}},
    [REQUIREMENT_TERMS] = {"terms", offsetof(struct requirement, terms), {"terms", "keywords"}},
};

static char **field_of(struct requirement *requirement, size_t field)
{
    return (char **)(void *)((char *)requirement + fields[field].offset);
}

bool requirements_map_add(struct requirements_map *map, struct str text, struct err *err)
{
    while (text.len > 0) {
        size_t end = str_find_char(text, ',', 0);
        struct str part = str_slice(text, 0, end == SIZE_MAX ? text.len : end);
        size_t equal = str_find_char(part, '=', 0);
        struct str name = str_trim(str_slice(part, 0, equal == SIZE_MAX ? part.len : equal));
        struct str column =
            equal == SIZE_MAX ? str_make("", 0) : str_trim(str_from(part, equal + 1));
        size_t field = 0;
        while (field < REQUIREMENT_FIELDS && !str_equal_c(name, fields[field].name)) {
            field++;
        }
        if (field == REQUIREMENT_FIELDS || column.len == 0) {
            return err_set(err, ERR_INVALID,
                "%.*s: a mapping is written id=COLUMN,description=COLUMN; what can be mapped: id, "
                "description, title, framework, version, section, admission, type, complexity, "
                "status, terms",
                (int)(part.len > 100 ? 100 : part.len), part.ptr);
        }
        free(map->columns[field]);
        map->columns[field] = str_dup(column);
        text = str_from(text, end == SIZE_MAX ? text.len : end + 1);
    }
    return true;
}

void requirements_map_free(struct requirements_map *map)
{
    for (size_t i = 0; i < REQUIREMENT_FIELDS; i++) {
        free(map->columns[i]);
        map->columns[i] = NULL;
    }
}

/* "Control ID (CIS)" is not "control_id", but "Control-ID" is. */
static bool is_called(struct str column, const char *known)
{
    for (size_t i = 0; i < column.len; i++) {
        unsigned char c = (unsigned char)column.ptr[i];
        if (c >= 0x80 || isalnum(c)) {
            if (tolower(c) != (unsigned char)*known) {
                return false;
            }
            known++;
        }
    }
    return *known == '\0';
}

/* ---- the list ---- */

struct requirements_index {
    struct requirements *out;
    size_t *slots; /* places in out, plus 1; 0: free */
    size_t size;
    size_t kept; /* bytes */
};

static uint64_t key_of(const struct requirement *requirement)
{
    const char *parts[] = {requirement->framework, requirement->version, requirement->id};
    unsigned long long hash = STR_HASH_EMPTY;
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        hash = str_hash_more(hash, str_make(parts[i], strlen(parts[i]) + 1));
    }
    return hash;
}

static bool is_same(const struct requirement *a, const struct requirement *b)
{
    return strcmp(a->id, b->id) == 0 && strcmp(a->framework, b->framework) == 0 &&
           strcmp(a->version, b->version) == 0;
}

struct requirements_index *requirements_index_new(struct requirements *out)
{
    struct requirements_index *index = MEM_NEW(struct requirements_index);
    index->out = out;
    index->size = 256;
    index->slots = mem_zalloc(index->size * sizeof *index->slots);
    return index;
}

void requirements_index_free(struct requirements_index *index)
{
    free(index->slots);
    free(index);
}

/* The slot of the same control, or the free one where it goes. */
static size_t *find_slot(struct requirements_index *index, const struct requirement *requirement)
{
    size_t at = key_of(requirement) & (index->size - 1);
    while (
        index->slots[at] != 0 && !is_same(&index->out->items[index->slots[at] - 1], requirement)) {
        at = (at + 1) & (index->size - 1);
    }
    return &index->slots[at];
}

static void grow(struct requirements_index *index)
{
    free(index->slots);
    index->size *= 2;
    index->slots = mem_zalloc(index->size * sizeof *index->slots);
    for (size_t i = 0; i < index->out->len; i++) {
        *find_slot(index, &index->out->items[i]) = i + 1;
    }
}

static void free_one(struct requirement *requirement)
{
    free(requirement->label);
    free(requirement->note);
    for (size_t i = 0; i < REQUIREMENT_FIELDS; i++) {
        free(*field_of(requirement, i));
    }
}

static bool refuse_double(const struct requirements *out, const struct requirement *first,
    const struct requirement *second, struct err *err)
{
    if (second->line == 0) {
        return err_set(err, ERR_INVALID, "%s: the control %s stands twice", out->name, second->id);
    }
    return err_set(err, ERR_INVALID, "%s:%zu: the control %s stands in line %zu already", out->name,
        second->line, second->id, first->line);
}

static bool check_room(
    struct requirements_index *index, const struct requirement *requirement, struct err *err)
{
    const char *texts[] = {requirement->id, requirement->text, requirement->title};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        index->kept += texts[i] == NULL ? 0 : strlen(texts[i]);
    }
    index->kept += sizeof *requirement;
    if (index->out->len >= CONTROLS_MAX || index->kept > KEPT_MAX) {
        return err_set(err, ERR_LIMIT,
            "%s:%zu: more than 200,000 controls, or 256 MiB of them: split the file",
            index->out->name, requirement->line);
    }
    return true;
}

bool requirements_add(
    struct requirements_index *index, struct requirement requirement, struct err *err)
{
    for (size_t i = 0; i < REQUIREMENT_FIELDS; i++) {
        char **text = field_of(&requirement, i);
        if (*text == NULL && i != REQUIREMENT_TITLE) {
            *text = mem_strdup("");
        }
    }
    if (!check_room(index, &requirement, err)) {
        free_one(&requirement);
        return false;
    }
    if (index->out->len * 2 >= index->size) {
        grow(index);
    }
    size_t *slot = find_slot(index, &requirement);
    if (*slot != 0) {
        refuse_double(index->out, &index->out->items[*slot - 1], &requirement, err);
        free_one(&requirement);
        return false;
    }
    VEC_PUSH(index->out, requirement);
    *slot = index->out->len;
    return true;
}

void requirements_cut(struct requirements *requirements, size_t count)
{
    while (requirements->len > count) {
        free_one(&requirements->items[--requirements->len]);
    }
}

void requirements_free(struct requirements *requirements)
{
    requirements_cut(requirements, 0);
    VEC_FREE(requirements);
    free(requirements->name);
    requirements->name = NULL;
}

/* ---- CSV ---- */

struct table {
    const struct requirements_map *map;
    unsigned want;
    struct requirements *out;
    struct requirements_index *index;
    bool begun;
    size_t width; /* columns the header names */
    size_t columns[REQUIREMENT_FIELDS];
};

/* "control_id, control_description, framework", for messages. */
static char *list_columns(const struct csv_row *header)
{
    struct buf out = BUF_INIT;
    for (size_t i = 0; i < header->len && out.len < 400; i++) {
        buf_append_c(&out, i > 0 ? ", " : "");
        buf_append_str(&out, utf8_head(header->items[i], 60));
    }
    return buf_take(&out);
}

/* SIZE_MAX: there is none. The usual names are tried in their order, so that "control_id" wins over
 * "ref". */
static size_t find_column(const struct table *table, const struct csv_row *header, size_t field)
{
    const char *told = table->map == NULL ? NULL : table->map->columns[field];
    if (told != NULL) {
        for (size_t i = 0; i < header->len; i++) {
            if (str_equal_c(header->items[i], told)) {
                return i;
            }
        }
        for (size_t i = 0; i < header->len; i++) {
            if (header->items[i].len == strlen(told) &&
                strncasecmp(header->items[i].ptr, told, header->items[i].len) == 0) {
                return i;
            }
        }
        return SIZE_MAX;
    }
    for (size_t k = 0; k < ARRAY_LEN(fields[field].known) && fields[field].known[k] != NULL; k++) {
        for (size_t i = 0; i < header->len; i++) {
            if (is_called(header->items[i], fields[field].known[k])) {
                return i;
            }
        }
    }
    return SIZE_MAX;
}

static bool refuse_column(
    const struct table *table, const struct csv_row *header, size_t field, struct err *err)
{
    char *columns = list_columns(header);
    const char *told = table->map == NULL ? NULL : table->map->columns[field];
    err_set(err, ERR_INVALID,
        told != NULL ? "%s:%zu: no column is called %s, as the mapping of %s says; there are: %s"
                     : "%s:%zu: no column%s holds the %s of a control; there are: %s. Say which "
                       "with --map",
        table->out->name, header->line, told != NULL ? told : "", fields[field].name, columns);
    free(columns);
    return false;
}

static bool take_header(struct table *table, const struct csv_row *header, struct err *err)
{
    table->begun = true;
    table->width = header->len;
    for (size_t i = 0; i < REQUIREMENT_FIELDS; i++) {
        table->columns[i] = find_column(table, header, i);
        bool told = table->map != NULL && table->map->columns[i] != NULL;
        if (table->columns[i] == SIZE_MAX && (told || i == REQUIREMENT_ID)) {
            return refuse_column(table, header, i, err);
        }
    }
    if (table->columns[REQUIREMENT_TEXT] == SIZE_MAX &&
        table->columns[REQUIREMENT_TITLE] == SIZE_MAX && (table->want & WANT_TEXT) != 0) {
        return refuse_column(table, header, REQUIREMENT_TEXT, err);
    }
    return true;
}

static struct str cell(const struct table *table, const struct csv_row *row, size_t field)
{
    size_t at = table->columns[field];
    return at < row->len ? str_trim(row->items[at]) : str_make("", 0);
}

static bool take_row(void *data, const struct csv_row *row, struct err *err)
{
    struct table *table = data;
    if (!table->begun) {
        return take_header(table, row, err);
    }
    if (row->len > table->width) {
        return err_set(err, ERR_INVALID,
            "%s:%zu: %zu fields, and the header names %zu columns: a field with the delimiter in "
            "it needs quotes",
            table->out->name, row->line, row->len, table->width);
    }
    if (cell(table, row, REQUIREMENT_ID).len == 0) {
        return err_set(err, ERR_INVALID, "%s:%zu: this row has no id", table->out->name, row->line);
    }
    struct requirement requirement = {.line = row->line};
    for (size_t i = 0; i < REQUIREMENT_FIELDS; i++) {
        struct str text = cell(table, row, i);
        if (text.len > 0) {
            *field_of(&requirement, i) = str_dup(text);
        }
    }
    return requirements_add(table->index, requirement, err);
}

static struct table open_table(
    const struct requirements_map *map, unsigned want, struct requirements *out)
{
    return (struct table){
        .map = map, .want = want, .out = out, .index = requirements_index_new(out)};
}

static bool close_table(struct table *table, bool ok, struct err *err)
{
    requirements_index_free(table->index);
    if (ok && table->out->len == 0) {
        ok = err_set(err, ERR_INVALID, "%s: %s", table->out->name,
            table->begun ? "there is a header and no control below it" : "the file is empty");
    }
    if (!ok) {
        requirements_free(table->out);
    }
    return ok;
}

/* ---- files ---- */

static bool is_json(struct str text)
{
    text = str_starts(text, "\xef\xbb\xbf") ? str_from(text, 3) : text;
    text = str_trim(text);
    return text.len > 0 && text.ptr[0] == '{';
}

bool requirements_parse(struct str text, const char *name, const struct requirements_map *map,
    unsigned want, struct requirements *out, struct err *err)
{
    *out = (struct requirements){.name = mem_strdup(name)};
    if (is_json(text)) {
        if (oscal_read(text, out, err)) {
            return true;
        }
        requirements_free(out);
        return false;
    }
    struct table table = open_table(map, want, out);
    return close_table(&table, csv_read_text(text, name, take_row, &table, err), err);
}

/* A catalogue is a tree and read whole; CSV is not. False: it begins otherwise, or cannot be read
 * (which reading it tells). */
static bool begins_json(const char *path)
{
    char start[64];
    int fd = strcmp(path, "-") == 0 ? -1 : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t len = fd < 0 ? 0 : read(fd, start, sizeof start);
    if (fd >= 0) {
        close(fd);
    }
    return len > 0 && is_json(str_make(start, (size_t)len));
}

bool requirements_read(const char *path, const struct requirements_map *map, unsigned want,
    struct requirements *out, struct err *err)
{
    if (begins_json(path)) {
        struct buf text = BUF_INIT;
        *out = (struct requirements){0};
        bool ok = file_read(path, OSCAL_MAX_BYTES, &text, err) &&
                  requirements_parse(buf_str(&text), path, map, want, out, err);
        buf_free(&text);
        return ok;
    }
    *out = (struct requirements){.name = mem_strdup(path)};
    struct table table = open_table(map, want, out);
    return close_table(&table, csv_read_file(path, take_row, &table, err), err);
}

/* ---- questions ---- */

static bool equal_id(const char *id, struct str wanted)
{
    return id != NULL && strlen(id) == wanted.len && strncasecmp(id, wanted.ptr, wanted.len) == 0;
}

const struct requirement *requirements_find(const struct requirements *requirements, struct str id)
{
    VEC_FOREACH (const struct requirement, requirement, requirements) {
        if (equal_id(requirement->id, id) || equal_id(requirement->label, id)) {
            return requirement;
        }
    }
    return NULL;
}

void requirement_fill(char **field, const char *from)
{
    if (**field == '\0') {
        free(*field);
        *field = mem_strdup(from);
    }
}

char *requirement_words(const struct requirement *requirement)
{
    if (requirement->title == NULL || *requirement->title == '\0') {
        return mem_strdup(requirement->text);
    }
    return *requirement->text == '\0' ? mem_strdup(requirement->title)
                                      : mem_printf("%s: %s", requirement->title, requirement->text);
}

char *requirement_known_by(const struct requirement *requirement)
{
    return *requirement->terms != '\0' ? mem_strdup(requirement->terms)
                                       : requirement_words(requirement);
}

static bool matches(const char *id, struct str wanted)
{
    bool open = wanted.len > 0 && wanted.ptr[wanted.len - 1] == '*';
    return open ? id != NULL && strncasecmp(id, wanted.ptr, wanted.len - 1) == 0
                : equal_id(id, wanted);
}

bool requirement_is_among(const struct requirement *requirement, struct str only)
{
    while (only.len > 0) {
        size_t end = str_find_char(only, ',', 0);
        struct str wanted = str_trim(str_slice(only, 0, end == SIZE_MAX ? only.len : end));
        if (matches(requirement->id, wanted) || matches(requirement->label, wanted)) {
            return true;
        }
        only = str_from(only, end == SIZE_MAX ? only.len : end + 1);
    }
    return false;
}
