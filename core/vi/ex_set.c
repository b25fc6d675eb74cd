/* :set and its table. */
#include "vi/vi_rows.h"

#include <ctype.h>

struct option {
    const char *name, *brief, *help;
    size_t at; /* in struct vi_options */
    bool number;
};

#define SWITCH(name, brief, help)                                                                  \
    {                                                                                              \
#name, brief, help, offsetof(struct vi_options, name), false                               \
    }
#define NUMBER(name, brief, help)                                                                  \
    {                                                                                              \
#name, brief, help, offsetof(struct vi_options, name), true                                \
    }

static const struct option options[] = {
    SWITCH(number, "nu", "Line numbers"),
    SWITCH(relativenumber, "rnu", "Line numbers counted from the cursor"),
    SWITCH(wrap, "wrap", "Long lines go on in the next row"),
    SWITCH(list, "list", "Tabs and blanks at line ends are shown"),
    SWITCH(ignorecase, "ic", "Searches ignore case"),
    SWITCH(smartcase, "scs", "A pattern with an upper-case letter does not ignore case"),
    SWITCH(wrapscan, "ws", "Searches go on at the other end of the text"),
    SWITCH(hlsearch, "hls", "Matches of the last search are shown"),
    SWITCH(incsearch, "is", "The match is shown while the pattern is typed"),
    SWITCH(autoindent, "ai", "A new line gets the indent the grammar gives it"),
    SWITCH(expandtab, "et", "Tab puts in blanks"),
    SWITCH(shiftround, "sr", "> and < go to multiples of shiftwidth"),
    SWITCH(gdefault, "gd", ":s replaces all matches of a line unless /g is given"),
    SWITCH(startofline, "sol", "Long jumps go to a line's first character"),
    NUMBER(tabstop, "ts", "Columns of a tab"),
    NUMBER(shiftwidth, "sw", "Columns of a level of indent"),
    NUMBER(softtabstop, "sts", "Columns that Tab and Backspace go by; 0: tabstop"),
    NUMBER(scroll, "scr", "Lines of Ctrl-D and Ctrl-U; 0: half the window"),
    NUMBER(scrolloff, "so", "Lines kept above and below the cursor"),
};

bool vi_set_entry(size_t index, struct vi_entry *out)
{
    static char ids[ARRAY_LEN(options)][32];
    if (index >= ARRAY_LEN(options)) {
        return false;
    }
    const struct option *option = &options[index];
    struct buf id = BUF_INIT;
    buf_printf(&id, "set.%s", option->name);
    memcpy(ids[index], id.ptr, id.len + 1);
    buf_free(&id);
    *out = (struct vi_entry){"Options", ids[index], option->brief, option->help};
    return true;
}

static const struct option *find(struct str name)
{
    for (size_t i = 0; i < ARRAY_LEN(options); i++) {
        if (str_equal_c(name, options[i].name) || str_equal_c(name, options[i].brief)) {
            return &options[i];
        }
    }
    return NULL;
}

static bool *switch_of(struct vi *vi, const struct option *option)
{
    return (bool *)((char *)&vi->options + option->at);
}

static size_t *number_of(struct vi *vi, const struct option *option)
{
    return (size_t *)(void *)((char *)&vi->options + option->at);
}

static bool show(struct vi *vi, const struct option *option)
{
    if (option->number) {
        return vi_say(vi, false, "%s=%zu", option->name, *number_of(vi, option));
    }
    return vi_say(vi, false, "%s%s", *switch_of(vi, option) ? "" : "no", option->name);
}

static bool show_all(struct vi *vi)
{
    struct buf out = BUF_INIT;
    for (size_t i = 0; i < ARRAY_LEN(options); i++) {
        const struct option *option = &options[i];
        if (option->number) {
            buf_printf(&out, "%s=%zu  ", option->name, *number_of(vi, option));
        } else {
            buf_printf(&out, "%s%s  ", *switch_of(vi, option) ? "" : "no", option->name);
        }
    }
    vi_say(vi, false, "%s", out.ptr);
    buf_free(&out);
    return true;
}

static void changed(struct vi *vi, const struct option *option)
{
    if (vi->host->option != NULL) {
        vi->host->option(vi->data, option->name);
    }
}

static bool assign(struct vi *vi, const struct option *option, struct str value)
{
    size_t number = 0;
    if (!option->number || value.len == 0) {
        return vi_say(
            vi, true, option->number ? "%s needs a number" : "%s takes no value", option->name);
    }
    for (size_t i = 0; i < value.len; i++) {
        if (!isdigit((unsigned char)value.ptr[i]) || number > 1000) {
            return vi_say(vi, true, "%s needs a number up to 999", option->name);
        }
        number = number * 10 + (size_t)(value.ptr[i] - '0');
    }
    if (number == 0 && option->at == offsetof(struct vi_options, tabstop)) {
        return vi_say(vi, true, "tabstop must be at least 1");
    }
    *number_of(vi, option) = number;
    changed(vi, option);
    return true;
}

static bool set_one(struct vi *vi, struct str word)
{
    size_t equals = str_find_char(word, '=', 0);
    struct str name = str_slice(word, 0, equals == SIZE_MAX ? word.len : equals);
    bool query = str_ends(name, "?"), turn = str_ends(name, "!"), off = false;
    if (query || turn) {
        name = str_slice(name, 0, name.len - 1);
    }
    const struct option *option = find(name);
    if (option == NULL && str_starts(name, "no")) {
        option = find(str_from(name, 2));
        off = true;
    } else if (option == NULL && str_starts(name, "inv")) {
        option = find(str_from(name, 3));
        turn = true;
    }
    if (option == NULL) {
        return vi_say(vi, true, "no option %.*s", STR_FMT(word));
    }
    if (equals != SIZE_MAX) {
        return assign(vi, option, str_from(word, equals + 1));
    }
    if (query || option->number) {
        return show(vi, option);
    }
    bool *value = switch_of(vi, option);
    *value = turn ? !*value : !off;
    changed(vi, option);
    return true;
}

bool vi_ex_set(struct vi *vi, struct vi_ex *ex)
{
    struct str rest = str_trim(ex->arg);
    if (rest.len == 0 || str_equal_c(rest, "all")) {
        return show_all(vi);
    }
    bool ok = true;
    while (ok && rest.len > 0) {
        size_t len = 0;
        while (len < rest.len && !vi_blank(rest.ptr[len])) {
            len++;
        }
        ok = set_one(vi, str_slice(rest, 0, len));
        rest = str_trim(str_from(rest, len));
    }
    return ok;
}
