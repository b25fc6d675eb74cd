/* The trace as one page: styles and script are in it, and its policy for content allows nothing
 * from elsewhere. Without scripts it is the whole table. */
#include "control/lineage.h"

#include "base/safe.h"
#include "base/sha256.h"
#include "base/vec.h"
#include "embedded.h"

#include <stdlib.h>
#include <time.h>

/* trace.css and trace.js (core/control/page). */
extern const struct embedded builtin_trace_page[];

static struct str part(const char *name)
{
    for (const struct embedded *file = builtin_trace_page; file->name != NULL; file++) {
        if (strcmp(file->name, name) == 0) {
            return str_make(file->bytes, file->len);
        }
    }
    return str_make("", 0);
}

/* "uncovered" and "not checkable" as a class. */
static void append_class(struct buf *out, enum lineage_state state)
{
    for (const char *c = lineage_state_name(state); *c != '\0'; c++) {
        buf_append_char(out, *c == ' ' ? '-' : *c);
    }
}

static void write_places(struct buf *out, const struct lineage_places *places, const char *none)
{
    if (places->len == 0) {
        buf_printf(out, "<td class=none>%s</td>", none);
        return;
    }
    buf_append_c(out, "<td><ul>");
    VEC_FOREACH (const struct lineage_place, place, places) {
        buf_append_c(out, "<li>");
        safe_append_markup(out, place->name, SAFE_KEEP_LINES);
        buf_append_c(out, " <code>");
        safe_append_markup(out, place->path, SAFE_KEEP_LINES);
        buf_printf(out, ":%u</code></li>", place->row + 1);
    }
    buf_append_c(out, "</ul></td>");
}

static void write_commit(struct buf *out, const struct last_commit *commit)
{
    buf_append_c(out, "<td>");
    if (commit != NULL && commit->id[0] != '\0') {
        struct tm day;
        time_t at = (time_t)commit->time;
        buf_printf(out, "<code>%.8s</code> ", commit->id);
        if (gmtime_r(&at, &day) != NULL) {
            buf_printf(out, "%04d-%02d-%02d ", day.tm_year + 1900, day.tm_mon + 1, day.tm_mday);
        }
        safe_append_markup(out, commit->author, SAFE_KEEP_LINES);
        buf_append_c(out, ": ");
        safe_append_markup(out, commit->subject, SAFE_KEEP_LINES);
    }
    if (commit != NULL && commit->is_changed) {
        buf_append_c(out, commit->id[0] == '\0' ? "not committed" : " <em>changed since</em>");
    }
    buf_append_c(out, "</td>");
}

static void write_row(const struct lineage *lineage, const struct lineage_row *row, struct buf *out)
{
    char *words = lineage_control_words(lineage, row);
    buf_append_c(out, "<tr data-state=");
    append_class(out, row->state);
    buf_append_c(out, "><td><span class=\"state ");
    append_class(out, row->state);
    buf_printf(out, "\">%s</span></td><td>", lineage_state_name(row->state));
    safe_append_markup(out, lineage_control_id(lineage, row), SAFE_KEEP_LINES);
    buf_append_c(out, "</td><td>");
    safe_append_markup(out, words, SAFE_KEEP_LINES);
    if (*row->note != '\0') {
        buf_append_c(out, "<p class=note>");
        safe_append_markup(out, row->note, SAFE_KEEP_LINES);
        buf_append_c(out, "</p>");
    }
    buf_append_c(out, "</td><td>");
    safe_append_markup(out, row->policy, SAFE_KEEP_LINES);
    if (*row->rule.path != '\0') {
        buf_append_c(out, "<br>");
        safe_append_markup(out, row->rule.name, SAFE_KEEP_LINES);
        buf_append_c(out, " <code>");
        safe_append_markup(out, row->rule.path, SAFE_KEEP_LINES);
        buf_printf(out, ":%u</code>", row->rule.row + 1);
    }
    buf_append_c(out, "</td>");
    bool any = *row->rule.path != '\0';
    write_places(out, &row->tests, any ? "no test" : "");
    write_places(out, &row->fixtures, any ? "no fixture" : "");
    write_commit(out, row->commit);
    buf_append_c(out, "</tr>\n");
    free(words);
}

static void write_filters(const struct lineage *lineage, struct buf *out)
{
    buf_append_c(out, "<form id=filters role=search><label>Filter <input type=search id=words "
                      "autocomplete=off placeholder=\"control, policy, file …\"></label>"
                      "<fieldset><legend>States</legend>");
    for (size_t i = 0; i < LINEAGE_STATES; i++) {
        enum lineage_state state = (enum lineage_state)i;
        size_t count = state == LINEAGE_ORPHANED ? lineage->counts[i] : lineage->controls[i];
        buf_append_c(out, "<label><input type=checkbox name=state checked value=");
        append_class(out, state);
        buf_printf(out, "> %s <b>%zu</b></label>", lineage_state_name(state), count);
    }
    buf_append_c(out, "</fieldset><output id=shown></output></form>\n");
}

/* The filters count all rows there are; what of it is not known to be checkable is said. */
static void write_unknown(const struct lineage *lineage, struct buf *out)
{
    if (lineage->unknown_count > 0) {
        buf_printf(
            out, "<p class=note>Of the controls %zu are of unknown kind: ", lineage->unknown_count);
        lineage_append_figure(lineage, true, out);
        buf_printf(out, "; %s.</p>\n", gap_unknown_says());
    }
}

/* The policy names what is in the page by its digest. */
static void append_digest(struct buf *out, struct str text)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char hex[SHA256_HEX_SIZE];
    unsigned char bytes[33] = {0};
    sha256_hex(text, hex);
    for (size_t i = 0; i < 32; i++) {
        char pair[3] = {hex[2 * i], hex[2 * i + 1], '\0'};
        bytes[i] = (unsigned char)strtoul(pair, NULL, 16);
    }
    for (size_t i = 0; i < 33; i += 3) {
        unsigned three = (unsigned)bytes[i] << 16 | (unsigned)bytes[i + 1] << 8 | bytes[i + 2];
        buf_append_char(out, digits[three >> 18]);
        buf_append_char(out, digits[three >> 12 & 63]);
        buf_append_char(out, digits[three >> 6 & 63]);
        buf_append_char(out, i == 30 ? '=' : digits[three & 63]);
    }
}

void lineage_write_html(const struct lineage *lineage, const char *title, struct buf *out)
{
    struct str style = part("trace.css");
    struct str script = part("trace.js");
    buf_append_c(out, "<!doctype html>\n<html lang=en><head><meta charset=utf-8>\n"
                      "<meta http-equiv=Content-Security-Policy content=\"default-src 'none'; "
                      "style-src 'sha256-");
    append_digest(out, style);
    buf_append_c(out, "'; script-src 'sha256-");
    append_digest(out, script);
    buf_append_c(out, "'\">\n<meta name=viewport content=\"width=device-width, initial-scale=1\">\n"
                      "<title>");
    safe_append_markup(out, title, SAFE_KEEP_LINES);
    buf_append_c(out, "</title>\n<style>");
    buf_append_str(out, style);
    buf_append_c(out, "</style></head>\n<body><h1>");
    safe_append_markup(out, title, SAFE_KEEP_LINES);
    buf_append_c(out, "</h1>\n");
    write_filters(lineage, out);
    write_unknown(lineage, out);
    buf_append_c(out, "<main tabindex=0 aria-label=\"Controls and what implements them\"><table>"
                      "<thead><tr>");
    static const char *const heads[] = {
        "State", "Control", "Asked for", "Policy and rule", "Tests", "Fixtures", "Last commit"};
    for (size_t i = 0; i < ARRAY_LEN(heads); i++) {
        buf_printf(
            out, "<th scope=col aria-sort=none><button type=button>%s</button></th>", heads[i]);
    }
    buf_append_c(out, "</tr></thead><tbody>\n");
    VEC_FOREACH (const struct lineage_row, row, &lineage->rows) {
        write_row(lineage, row, out);
    }
    buf_append_c(out,
        "</tbody></table></main>\n<p><button type=button id=more hidden></button></p>\n<script>");
    buf_append_str(out, script);
    buf_append_c(out, "</script></body></html>\n");
}
