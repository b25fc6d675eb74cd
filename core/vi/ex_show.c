/* Ex commands that show something and leave the text as it is, and what is said of those that are
 * not here. */
#include "vi/vi_rows.h"

#define SHOWN_MAX 500 /* lines */

static void show_register(struct vi *vi, int name, struct buf *out)
{
    struct vi_register reg;
    if (vi_register_read(vi, name, &reg) && reg.text.len > 0) {
        struct str text = buf_str(&reg.text);
        buf_printf(out, "\"%c %.*s%s  ", name, (int)(text.len < 30 ? text.len : 30), text.ptr,
            text.len < 30 ? "" : "…");
    }
}

bool vi_ex_registers(struct vi *vi, struct vi_ex *ex)
{
    struct buf out = BUF_INIT;
    (void)ex;
    for (const char *name = "\"0123456789-abcdefghijklmnopqrstuvwxyz:./%"; *name != '\0'; name++) {
        show_register(vi, *name, &out);
    }
    vi_say(vi, false, "%s", out.len > 0 ? out.ptr : "all registers are empty");
    buf_free(&out);
    return true;
}

bool vi_ex_marks(struct vi *vi, struct vi_ex *ex)
{
    struct buf out = BUF_INIT;
    (void)ex;
    for (const char *name = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'[]^.<>";
         *name != '\0'; name++) {
        struct vi_pos pos;
        const char *path;
        if (vi_mark_get(vi, *name, &pos, &path)) {
            buf_printf(&out, "%c %s%s%zu:%zu  ", *name, path == NULL ? "" : path,
                path == NULL ? "" : ":", pos.line + 1, pos.col + 1);
        }
    }
    vi_say(vi, false, "%s", out.len > 0 ? out.ptr : "no marks");
    buf_free(&out);
    return true;
}

bool vi_ex_jumps(struct vi *vi, struct vi_ex *ex)
{
    struct buf out = BUF_INIT;
    (void)ex;
    VEC_FOREACH (struct vi_mark, jump, &vi->jumps) {
        buf_printf(&out, "%s%s%zu  ", jump->path == NULL ? "" : jump->path,
            jump->path == NULL ? "" : ":", jump->pos.line + 1);
    }
    vi_say(vi, false, "%s", out.len > 0 ? out.ptr : "no jumps");
    buf_free(&out);
    return true;
}

bool vi_ex_changes(struct vi *vi, struct vi_ex *ex)
{
    struct buf out = BUF_INIT;
    (void)ex;
    VEC_FOREACH (const struct vi_pos, pos, &vi->file->changes) {
        buf_printf(&out, "%zu:%zu  ", pos->line + 1, pos->col + 1);
    }
    vi_say(vi, false, "%s", out.len > 0 ? out.ptr : "no changes yet");
    buf_free(&out);
    return true;
}

/* :delmarks ab c-e; with ! all small letters. */
bool vi_ex_delmarks(struct vi *vi, struct vi_ex *ex)
{
    struct str names = str_trim(ex->arg);
    if (ex->bang == (names.len > 0)) {
        return vi_say(vi, true, ":delmarks takes the marks' letters, or ! for a to z");
    }
    for (size_t i = 0; i < names.len; i++) {
        unsigned char first = (unsigned char)names.ptr[i], last = first;
        if (i + 2 < names.len && names.ptr[i + 1] == '-') {
            last = (unsigned char)names.ptr[i += 2];
        }
        for (int c = first; c <= last && first != ' '; c++) {
            if (!vi_mark_forget(vi, c)) {
                return vi_say(vi, true, "mark %c cannot be taken away", c);
            }
        }
    }
    for (int c = 'a'; ex->bang && c <= 'z'; c++) {
        vi_mark_forget(vi, c);
    }
    return true;
}

/* :print and :number. */
bool vi_ex_print(struct vi *vi, struct vi_ex *ex)
{
    struct buf out = BUF_INIT;
    bool numbers = ex->row->name[0] == 'n';
    vi_ex_count(vi, ex, str_trim(ex->arg));
    size_t end = ex->last - ex->first < SHOWN_MAX ? ex->last + 1 : ex->first + SHOWN_MAX;
    for (size_t line = ex->first; line < end; line++) {
        struct str bytes = vi_line(vi, line);
        buf_append_c(&out, line > ex->first ? "\n" : "");
        if (numbers) {
            buf_printf(&out, "%3zu ", line + 1);
        }
        buf_append_str(&out, bytes);
    }
    vi_say(vi, false, "%s", out.ptr == NULL ? "" : out.ptr);
    buf_free(&out);
    vi->cursor.line = ex->last;
    vi_first_nonblank(vi);
    vi_set_want(vi);
    return true;
}

bool vi_ex_line(struct vi *vi, struct vi_ex *ex)
{
    return vi_say(vi, false, "%zu", ex->given > 0 ? ex->last + 1 : vi_line_count(vi));
}

bool vi_ex_file(struct vi *vi, struct vi_ex *ex)
{
    const char *path = vi->host->path == NULL ? NULL : vi->host->path(vi->data);
    if (str_trim(ex->arg).len > 0) {
        return vi_say(vi, true, ":file gives no other name: :saveas does");
    }
    return vi_say(vi, false, "%s  line %zu of %zu", path == NULL ? "no file" : path,
        vi->cursor.line + 1, vi_line_count(vi));
}

const char *vi_ex_absent(struct str name)
{
    static const struct {
        const char *names; /* each between blanks */
        const char *instead;
    } all[] = {{" ! ", "other programs are not run from here; use another terminal"},
        {" map nmap vmap xmap imap omap cmap noremap nnoremap vnoremap inoremap unmap ",
            "keys are set in config.toml, under [keys]"},
        {" syntax syn highlight hi colorscheme colo ",
            "colours are the theme's: Ctrl-P, then theme"},
        {" let echo echom call function if execute exe source so lua python au autocmd command "
         "runtime ",
            "there are no scripts here"},
        {" tabnew tabe tabedit tabnext tabn new vnew enew ",
            "there are no tabs: :e, :sp and :vs open files"},
        {" make copen cope cwindow cw clist cl lopen vimgrep vim ",
            "problems and tests have panes of their own; :cn and :cp walk the problems, :grep "
            "searches"},
        {" tag ta tags stag ", "gd goes to a definition, gr to references"},
        {" terminal term shell sh ", "no terminal runs in here"},
        {" fold ", "folds are those of the grammar: zc closes one, zo opens it"},
        {" cd pwd lcd ", "paths are those of the workspace's folder"},
        {" append a insert i change c ", "text is typed in insert mode: o, O or cc"}};
    struct buf key = BUF_INIT;
    const char *found = NULL;
    buf_printf(&key, " %.*s ", STR_FMT(name));
    for (size_t i = 0; i < ARRAY_LEN(all) && found == NULL; i++) {
        found = strstr(all[i].names, key.ptr) != NULL ? all[i].instead : NULL;
    }
    buf_free(&key);
    return found;
}
