#include "control/oscal.h"

#include "base/json.h"

#include <stdint.h>
#include <stdlib.h>
#include <strings.h>

enum { DEPTH_MAX = 16 };

struct catalogue {
    struct requirements *out;
    struct requirements_index *index;
    const char *framework, *version;
    struct err *err;
};

static const char *prop_of(const cJSON *object, const char *name)
{
    const cJSON *prop;
    cJSON_ArrayForEach(prop, json_get(object, "props"))
    {
        if (strcmp(json_string_or(prop, "name", ""), name) == 0) {
            return json_string(prop, "value");
        }
    }
    return NULL;
}

/* "[organization-defined frequency]": what a parameter of this control is called. */
static void append_param(const cJSON *control, struct str id, struct buf *out)
{
    const cJSON *param;
    const char *label = NULL;
    cJSON_ArrayForEach(param, json_get(control, "params"))
    {
        if (str_equal_c(id, json_string_or(param, "id", ""))) {
            label = json_string(param, "label");
        }
    }
    buf_append_char(out, '[');
    label == NULL ? buf_append_str(out, id) : buf_append_c(out, label);
    buf_append_char(out, ']');
}

/* "{{ insert: param, ac-1_prm_1 }}" is how prose names a parameter. */
static void append_prose(const cJSON *control, struct str prose, struct buf *out)
{
    while (prose.len > 0) {
        size_t open = str_find(prose, STR_LIT("{{"), 0);
        size_t close = open == SIZE_MAX ? SIZE_MAX : str_find(prose, STR_LIT("}}"), open);
        if (close == SIZE_MAX) {
            buf_append_str(out, prose);
            return;
        }
        struct str inside = str_slice(prose, open + 2, close);
        size_t comma = str_find_char(inside, ',', 0);
        buf_append_str(out, str_slice(prose, 0, open));
        append_param(
            control, str_trim(comma == SIZE_MAX ? inside : str_from(inside, comma + 1)), out);
        prose = str_from(prose, close + 2);
    }
}

static void append_part(const cJSON *control, const cJSON *part, unsigned depth, struct buf *out)
{
    const char *prose = json_string(part, "prose");
    const char *label = prop_of(part, "label");
    if (prose != NULL && *prose != '\0') {
        buf_append_c(out, out->len > 0 ? "\n" : "");
        if (label != NULL) {
            buf_printf(out, "%.40s ", label);
        }
        append_prose(control, str_of(prose), out);
    }
    const cJSON *inner;
    cJSON_ArrayForEach(inner, json_get(part, "parts"))
    {
        if (depth < DEPTH_MAX) {
            append_part(control, inner, depth + 1, out);
        }
    }
}

static char *text_of(const cJSON *control)
{
    struct buf out = BUF_INIT;
    const cJSON *part;
    cJSON_ArrayForEach(part, json_get(control, "parts"))
    {
        if (strcmp(json_string_or(part, "name", ""), "statement") == 0) {
            append_part(control, part, 0, &out);
        }
    }
    if (out.len == 0) {
        cJSON_ArrayForEach(part, json_get(control, "parts"))
        {
            append_part(control, part, 0, &out);
        }
    }
    return buf_take(&out);
}

/* NIST's own catalogues have several labels: the first is the one people use ("AC-2(1)"). */
static bool add_control(struct catalogue *catalogue, const cJSON *control, const char *section)
{
    const char *id = json_string(control, "id");
    const char *title = json_string(control, "title");
    const char *status = prop_of(control, "status");
    if (id == NULL || *id == '\0') {
        return err_set(catalogue->err, ERR_INVALID,
            "%s: a control of the group \"%.100s\" has no id", catalogue->out->name, section);
    }
    if (status != NULL && strcasecmp(status, "withdrawn") == 0) {
        return true;
    }
    return requirements_add(catalogue->index,
        (struct requirement){.id = mem_strdup(id),
            .label = mem_strdup(prop_of(control, "label")),
            .title = mem_strdup(title),
            .text = text_of(control),
            .framework = mem_strdup(catalogue->framework),
            .version = mem_strdup(catalogue->version),
            .section = mem_strdup(section)},
        catalogue->err);
}

/* Of a catalogue, a group or a control. */
static bool add_all(
    struct catalogue *catalogue, const cJSON *from, const char *section, unsigned depth)
{
    const cJSON *item;
    if (depth > DEPTH_MAX) {
        return err_set(catalogue->err, ERR_LIMIT, "%s: groups nested deeper than %d",
            catalogue->out->name, DEPTH_MAX);
    }
    cJSON_ArrayForEach(item, json_get(from, "controls"))
    {
        if (!add_control(catalogue, item, section) ||
            !add_all(catalogue, item, section, depth + 1)) {
            return false;
        }
    }
    cJSON_ArrayForEach(item, json_get(from, "groups"))
    {
        if (!add_all(catalogue, item, json_string_or(item, "title", section), depth + 1)) {
            return false;
        }
    }
    return true;
}

bool oscal_read(struct str text, struct requirements *out, struct err *err)
{
    text = str_starts(text, "\xef\xbb\xbf") ? str_from(text, 3) : text;
    cJSON *json = json_parse(text, err);
    if (json == NULL) {
        return err_prefix(err, "%s", out->name);
    }
    const cJSON *root = json_get(json, "catalog");
    const cJSON *metadata = json_get(root, "metadata");
    struct catalogue catalogue = {.out = out,
        .index = requirements_index_new(out),
        .framework = json_string_or(metadata, "title", ""),
        .version = json_string_or(metadata, "version", ""),
        .err = err};
    bool ok = cJSON_IsObject(root)
                  ? add_all(&catalogue, root, "", 0)
                  : err_set(err, ERR_INVALID,
                        "%s: JSON without a \"catalog\": of OSCAL, catalogues are read (a profile "
                        "is resolved into one first)",
                        out->name);
    if (ok && out->len == 0) {
        ok = err_set(err, ERR_INVALID, "%s: the catalogue has no controls", out->name);
    }
    requirements_index_free(catalogue.index);
    cJSON_Delete(json);
    return ok;
}
