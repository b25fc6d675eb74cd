#include "vi_random.h"

#include "vi/vi_private.h"

#include <stdio.h>
#include <stdlib.h>

struct random {
    uint64_t state;
};

static uint64_t next(struct random *random)
{
    random->state += 0x9E3779B97F4A7C15u;
    uint64_t z = random->state;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

static size_t below(struct random *random, size_t n)
{
    return (size_t)(next(random) % n);
}

/* One of several, apart by blanks; "<SP>" is a blank, ^ before a letter stays two characters. */
static void pick(struct random *random, const char *of, struct buf *out)
{
    size_t count = 1;
    for (const char *p = of; *p != '\0'; p++) {
        count += *p == ' ' ? 1 : 0;
    }
    size_t skip = below(random, count);
    for (; skip > 0; of++) {
        skip -= *of == ' ' ? 1 : 0;
    }
    size_t len = strcspn(of, " ");
    for (size_t i = 0; i < len; i++) {
        bool blank = len - i >= 4 && memcmp(of + i, "<SP>", 4) == 0;
        buf_append_char(out, blank ? ' ' : of[i]);
        i += blank ? 3 : 0;
    }
}

static void make_text(struct random *random, struct buf *out)
{
    size_t lines = 1 + below(random, 8);
    for (size_t i = 0; i < lines; i++) {
        size_t kind = below(random, 10);
        if (kind > 0) {
            buf_append_repeat(out, ' ', kind < 4 ? 0 : below(random, 3) * 4);
            size_t words = 1 + below(random, 6);
            for (size_t w = 0; w < words; w++) {
                pick(random,
                    "foo bar baz foo.bar allow := if (a,b) {x} [1] x==y 42 -7 0x1f \"s<SP> 'q' "
                    "deny "
                    "input.user end. Yes! <SP> <SP> \t caf\xc3\xa9 \xe4\xb8\x96\xe7\x95\x8c ( ) { "
                    "} [ ] "
                    "\"quoted\" a_b c-d ,",
                    out);
                buf_append_c(out, below(random, 4) == 0 ? "" : " ");
            }
            if (below(random, 3) > 0) {
                while (out->len > 0 && out->ptr[out->len - 1] == ' ') {
                    out->len--;
                }
            }
        }
        buf_append_char(out, '\n');
    }
}

static void count(struct random *random, struct buf *out)
{
    if (below(random, 4) == 0) {
        buf_printf(out, "%zu", 1 + below(random, 4));
    }
}

static void motion(struct random *random, struct buf *out, bool with_search)
{
    size_t kind = below(random, with_search ? 14 : 12);
    count(random, out);
    switch (kind) {
    case 0:
    case 1:
    case 2:
        pick(random, "h j k l h j k l w b e ge", out);
        break;
    case 3:
    case 4:
    case 5:
        pick(random, "w b e ge W B E gE", out);
        break;
    case 6:
        pick(random, "0 ^ $ g_ | + - _ gM H L M go gj gk g0 g$ g^ gm", out);
        break;
    case 7:
        pick(random, "f F t T", out);
        pick(random, "a b o . ( x <SP> =", out);
        break;
    case 8:
        pick(random, "; , % G gg", out);
        break;
    case 9:
        pick(random, "{ } ( )", out);
        break;
    case 10:
        pick(random, "[( ]) [{ ]} { } [[ ]] [] ][", out);
        break;
    case 11:
        pick(random, "<SP> \010 \r G gg", out);
        break;
    case 12:
        pick(random, "/ ?", out);
        pick(random, "foo b[a]r \\<a ba. x*= o\\+ \\(a\\|b\\) ^f r$ zz", out);
        buf_append_c(out, "\r");
        break;
    default:
        pick(random, "n N * # g* g#", out);
        break;
    }
}

static void object(struct random *random, struct buf *out)
{
    if (below(random, 12) == 0) {
        pick(random, "gn gN", out);
        return;
    }
    if (below(random, 6) == 0) {
        buf_append_c(out, "2");
    }
    pick(random, "iw aw iW aW iw aw is as ip ap i( a( ib i{ a{ iB i[ a[ i\" a\" i' a' i< a>", out);
}

/* Keys of insert mode: text, and what erases, indents and copies there. */
static void typed(struct random *random, struct buf *out, bool special)
{
    size_t pieces = below(random, 4);
    for (size_t i = 0; i < pieces; i++) {
        if (!special || below(random, 5) > 0) {
            pick(random, "x foo <SP> bar \r \t \022\" \xc3\xa9 (a) baz", out);
        } else {
            pick(random,
                "\027 \025 \024 \004 \005 \031 \001 \022a \022b \022/ \022- \010 \010\010 "
                "\010\010\010\010 \005\005 \031\031\031 \026u00e9 \026\t \017l \0170 \017b "
                "\017dw \017x \017p",
                out);
        }
    }
    buf_append_c(out, "\033");
}

static void reg(struct random *random, struct buf *out)
{
    if (below(random, 5) == 0) {
        buf_append_c(out, "\"");
        pick(random, "a b A 1 2 - _ 0", out);
    }
}

static void change(struct random *random, struct buf *out)
{
    reg(random, out);
    count(random, out);
    size_t kind = below(random, 6);
    const char *op = kind < 2 ? "d" : kind == 2 ? "c" : kind == 3 ? "y" : NULL;
    char chosen[8] = "";
    struct buf name = BUF_INIT;
    if (op == NULL) {
        pick(random, "d > < gu gU g~ g?", &name);
        op = name.ptr;
    }
    snprintf(chosen, sizeof chosen, "%s", op);
    buf_free(&name);
    buf_append_c(out, chosen);
    size_t what = below(random, 8);
    if (what == 0) {
        buf_append_c(out, strlen(chosen) == 1 ? chosen : chosen + 1);
    } else if (what < 4) {
        object(random, out);
    } else {
        if (what == 4 && below(random, 3) == 0) {
            pick(random, "v V", out);
        }
        motion(random, out, true);
    }
    if (chosen[0] == 'c') {
        typed(random, out, false); /* when the motion fails, these are commands */
    }
}

static void visual(struct random *random, struct buf *out)
{
    pick(random, "v V \026 v \026", out);
    size_t moves = below(random, 4);
    for (size_t i = 0; i < moves; i++) {
        if (below(random, 4) == 0) {
            object(random, out);
        } else if (below(random, 6) == 0) {
            pick(random, "o O v V \026 $ gv", out);
        } else {
            motion(random, out, below(random, 6) == 0);
        }
    }
    if (below(random, 8) == 0) {
        pick(random, ":s/o/0/g\r :d\r :normal<SP>Ax\r :>\r :m0\r :t.\r :j\r :norm<SP>.\r", out);
        return;
    }
    reg(random, out);
    size_t kind = below(random, 8);
    if (kind < 5) {
        bool block = out->ptr[0] == '\026';
        pick(random,
            "d y x d y J gJ u U ~ > < D X Y gu gU g~ g? p P gp gP rz r. r\r \033 \001 \030 2> 3< "
            "g\001 2J ma\033 mb\033 ~ U",
            out);
        if (!block && out->ptr[out->len - 1] == '\r') {
            out->ptr[out->len - 1] = 'x'; /* Vim puts in carriage returns, a wanted difference */
        }
    } else if (kind == 5) {
        pick(random, "c s C S R", out);
        typed(random, out, true);
    } else if (kind == 6) {
        pick(random, "I A", out);
        pick(random, "x foo <SP> a\010 bar\027 \022\" \022- a\tb", out);
        buf_append_c(out, "\033");
    } else {
        pick(random, "y d \033", out);
    }
}

static void ex(struct random *random, struct buf *out)
{
    buf_append_c(out, ":");
    pick(random,
        "<SP> % 1,$ .,+1 2 $ 1 .,$ 'a,. /a/ ?o? 2;+1 .-1 '<,'> 2,1 /foo/,$ '[,'] 0 $-1,$ +", out);
    size_t kind = below(random, 4);
    if (kind < 2) {
        pick(random,
            "s/o/O/ s/o/0/g s/\\(a\\)\\(.\\)/\\2\\1/ s/foo/[&]/g s/x*/-/g s/\\<b/\\u&/ "
            "s/a\\|b/X/gI s/$/;/ s/^\\s*// s/\\s\\+$// s/./\\U&/g s/\\n/,/ s/\\n// s/o\\n/_/g "
            "s/<SP>/\\r/ s/a/x\\ry/g s/,/\\n/ s//z/ s/o/~/ s/a/b/e s#a#/# s/b.*/<&>/ "
            "s/\\w\\+/\\L&/2 "
            "s/a/b/n s/\\(foo\\)\\@<=./-/ s/\\v(a|o)+/=/g s/\\s/\\t/ && & s s<SP>g &&<SP>2 "
            "s/o/e/<SP>2 s/\\d\\+/9/g s/a\\{-1,}/A/ s/o/u/i|s/a/e/",
            out);
    } else if (kind == 2) {
        pick(random,
            "d y m0 m$ t. t$ j j! > < d<SP>a y<SP>b d<SP>2 d<SP>b<SP>2 j<SP>3 > >> <<SP>2 m-2 m+1 "
            "t0 "
            "m'a t.-1 pu pu! pu<SP>b pu!<SP>2 k<SP>a ma<SP>b normal<SP>xA! normal<SP>dw "
            "normal<SP>2x "
            "normal<SP>Jx normal<SP>@a normal<SP>.  sort sort! sort<SP>u sort<SP>n sort<SP>i "
            "y<SP>A "
            "co1 co. retab u red normal!<SP>ix d_ = d|pu",
            out);
    } else {
        pick(random,
            "g/a/d g/o/s/o/q/ v/a/d g/foo/normal<SP>ix g/b/m0 g/a/t. g/o/j g/a/normal<SP>Ax g!/o/d "
            "g/^$/d g/./m0 v/o/normal<SP>>> g/a/s//e/g g/foo/pu g/b/y<SP>A g//d g/a/.,+1j g/o/-1d "
            "g/a/d|s/o/x/ g/x/normal<SP>dd g/\\s/s/// v/x/j g/a/+1d g/o/normal<SP>.",
            out);
    }
    buf_append_c(out, "\r");
}

/* Options; each case begins with the same. */
static void set(struct random *random, struct buf *out)
{
    buf_append_c(out, ":set ");
    pick(random, "sw=2 noet noai noic nows ts=4 sts=0 gd nosol noscs sr sw=3 sts=2 ic! sw=8 et",
        out);
    buf_append_c(out, "\r");
}

static void simple(struct random *random, struct buf *out)
{
    reg(random, out);
    count(random, out);
    size_t kind = below(random, 5);
    if (kind == 0) {
        pick(random, "i a I A o O s S C R gI gi i a o A", out);
        typed(random, out, true);
    } else if (kind == 1) {
        pick(random, "p P gp gP ]p [p p P", out);
    } else if (kind == 2) {
        pick(random, "x X D Y J gJ ~ \001 \030 x ~", out);
    } else if (kind == 3) {
        pick(random, "rz r. r\r rx r\t r\xc3\xa9", out);
    } else {
        pick(random, "x dd yy p J x", out);
    }
}

static void mark_or_more(struct random *random, struct buf *out)
{
    pick(random,
        "ma mb 'a `a 'b `b d'a y`b '' `` '[ `] `[ '. `. '< `> gv\033 gvd gvy g; \017 d`a '^ `^ '] "
        "`< "
        "'> m< m> mA 'A `A \t g, d'' y`` c`ax\033 `( `} y'] d`[ m' m` gvr- z. z- z\r gvc#\033",
        out);
}

static void one_unit(struct random *random, struct buf *out)
{
    size_t kind = below(random, 20);
    if (kind < 5) {
        motion(random, out, true);
    } else if (kind < 9) {
        change(random, out);
    } else if (kind < 12) {
        simple(random, out);
    } else if (kind < 15) {
        visual(random, out);
    } else if (kind == 15) {
        ex(random, out);
    } else if (kind == 16) {
        mark_or_more(random, out);
    } else if (kind == 17) {
        count(random, out);
        pick(random, ". . u \022", out);
    } else if (kind == 18) {
        pick(random, "u u \022 . & g& U g- g+ @: n. u .", out);
    } else if (below(random, 4) == 0) {
        set(random, out);
    } else {
        pick(random,
            "qaxwq|@a qbA!\033jq|@b qadwq|@a qaxq|2@a qbI-\033jq|3@b qa~lq|2@a|@@ qAxq|@a "
            "qaciwfoo\033wq|2@a|. qbyyPq|2@b qa/o\rxq|2@a qa:s/o/0/\rjq|3@a qaf.r,q|@a|@a "
            "qbddq|@bp @a @b 2@a @@ qaJq|2@a q1xq|@1",
            out);
    }
}

/* A recording and what plays it are units of their own, as each command is elsewhere: Vim's undo
 * steps of nothing are looked for behind each. */
static void add_units(struct vi_case *c, struct str unit)
{
    bool records = unit.len > 0 && unit.ptr[0] == 'q';
    size_t end;
    while (records && (end = str_find_char(unit, '|', 0)) != SIZE_MAX) {
        VEC_PUSH(&c->units, str_dup(str_slice(unit, 0, end)));
        unit = str_from(unit, end + 1);
    }
    VEC_PUSH(&c->units, str_dup(unit));
}

void vi_case_make(struct vi_case *c, uint64_t seed)
{
    struct random random = {seed * 0x2545F4914F6CDD1Du + 1};
    *c = (struct vi_case){0};
    make_text(&random, &c->text);
    size_t units = 1 + below(&random, 10);
    for (size_t i = 0; i < units; i++) {
        struct buf unit = BUF_INIT;
        one_unit(&random, &unit);
        add_units(c, buf_str(&unit));
        buf_free(&unit);
    }
}

/* Lines of words, some without a blank for longer than a row. Columns are those of the line in one
 * piece here and those of the screen in Vim: tabs, j, k and | are left out. */
static void make_long_text(struct random *random, struct buf *out)
{
    size_t lines = 1 + below(random, 5);
    for (size_t i = 0; i < lines; i++) {
        buf_append_repeat(out, ' ', below(random, 3) * 4);
        size_t words = below(random, 4) == 0 ? below(random, 4) : 4 + below(random, 40);
        bool apart = below(random, 4) > 0;
        for (size_t w = 0; w < words; w++) {
            pick(random,
                "foo barbaz foo.bar allow := if (a,b) {x} x==y 42 input.user end. caf\xc3\xa9 "
                "\xe4\xb8\x96\xe7\x95\x8c a_b_c_d_e_f_g",
                out);
            buf_append_c(out, apart && w + 1 < words ? " " : "");
        }
        buf_append_char(out, '\n');
    }
}

static void row_motion(struct random *random, struct buf *out)
{
    count(random, out);
    pick(random,
        "gj gk gj gk gj gk g0 g^ g$ gm g$ gj gk 2gj 3gk 0 $ w e b l 9l 30l 70l G gg fo ; ^ g_ 3g$ "
        "2g$",
        out);
}

void vi_case_make_wrapped(struct vi_case *c, uint64_t seed)
{
    struct random random = {seed * 0x2545F4914F6CDD1Du + 7};
    *c = (struct vi_case){.wrapped = true};
    make_long_text(&random, &c->text);
    size_t units = 1 + below(&random, 10);
    for (size_t i = 0; i < units; i++) {
        struct buf unit = BUF_INIT;
        size_t kind = below(&random, 8);
        if (kind == 0) {
            pick(&random, "v V v", &unit);
            row_motion(&random, &unit);
            row_motion(&random, &unit);
            pick(&random, "y d \033 y", &unit);
        } else if (kind == 1) {
            pick(&random, "d y y c", &unit);
            bool types = unit.ptr[0] == 'c';
            row_motion(&random, &unit);
            buf_append_c(&unit, types ? "x\033" : "");
        } else {
            row_motion(&random, &unit);
        }
        VEC_PUSH(&c->units, buf_take(&unit));
    }
}

void vi_case_free(struct vi_case *c)
{
    buf_free(&c->text);
    VEC_FOREACH (char *, unit, &c->units) {
        free(*unit);
    }
    VEC_FREE(&c->units);
}

void vi_case_copy(struct vi_case *to, const struct vi_case *from)
{
    struct vi_case copy = {.wrapped = from->wrapped};
    buf_append_str(&copy.text, buf_str(&from->text));
    for (size_t i = 0; i < from->units.len; i++) {
        VEC_PUSH(&copy.units, mem_strdup(from->units.items[i]));
    }
    vi_case_free(to);
    *to = copy;
}

void vi_test_clear(struct vi *vi)
{
    for (size_t i = 0; i < ARRAY_LEN(vi->registers); i++) {
        vi_register_free(&vi->registers[i]);
        vi->registers[i] = (struct vi_register){0};
    }
    for (const char *name = "abcdefgh0123456789-"; *name != '\0'; name++) {
        vi_register_write(vi, *name, str_make(name, 1), VI_CHARS, 0);
    }
    vi_register_write(vi, 'b', STR_LIT("line b\n"), VI_LINES, 0);
    vi_register_write(vi, '2', STR_LIT("one\ntwo"), VI_CHARS, 0);
    vi_register_write(vi, '0', STR_LIT("zero"), VI_CHARS, 0);
    vi->search.forward = true;
    buf_clear(&vi->search.offset);
    for (size_t i = 0; i < vi->jumps.len; i++) {
        free(vi->jumps.items[i].path);
    }
    vi->jumps.len = 0;
    vi->jump_at = 0;
}

void vi_test_register(struct vi *vi, struct buf *out)
{
    struct vi_register reg;
    if (vi_register_read(vi, '"', &reg)) {
        buf_append_str(out, buf_str(&reg.text));
    }
}
