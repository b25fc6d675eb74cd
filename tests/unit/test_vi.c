/* The vi engine by example; what Vim does with random keys is integration/vi_vim. */
#include "test.h"

#include "vi/vi.h"

static const struct vi_host no_host = {0};

static void assert_keys(const char *before, const char *keys, const char *after)
{
    struct text *text = text_new(str_of(before));
    struct vi *vi = vi_new(&no_host, NULL);
    vi_attach(vi, text, 0);
    vi_keys(vi, str_of(keys));
    struct buf now = BUF_INIT;
    text_copy(text, 0, SIZE_MAX, &now);
    assert_string_equal(now.ptr == NULL ? "" : now.ptr, after);
    buf_free(&now);
    vi_forget(vi, text);
    vi_free(vi);
    text_free(text);
}

static void test_operators(void **state)
{
    (void)state;
    assert_keys("one two three\n", "dw", "two three\n");
    assert_keys("one two three\n", "2dw.", "\n");
    assert_keys("a(b, c)d\n", "fbci(x\033", "a(x)d\n");
    assert_keys("a\nb\nc", "Gdd", "a\nb");
    assert_keys("a\r\nb\r\n", "yyp", "a\r\na\r\nb\r\n");
    assert_keys("a\nb\n", "Vjd", "\n");
    assert_keys("ab\ncd\n", "\026jAx\033", "axb\ncxd\n");
    assert_keys("ab cd\n", "wviwAx\033", "ab cdx\n");
    /* A selection that grows by what is in brackets, until there are no more. */
    assert_keys("a (b) c\n", "vi(i(i(i(d", "a () c\n");
}

/* A text without a line ending at its end, as a new file is: its lines are what Vim's would be. */
static void test_without_final_newline(void **state)
{
    (void)state;
    assert_keys("", "i# a\rb\rc\033", "# a\nb\nc\n");
    assert_keys("", "ia\r\033ib\033", "a\nb\n");
    assert_keys("", "oa\033", "\na\n");
    assert_keys("", "i\r\r\033ix\033", "\n\nx\n");
    assert_keys("a", "o\033ib\033", "a\nb\n");
    assert_keys("a", "A\rb\033u", "a");
    assert_keys("a\nb", "Gxib\033", "a\nb\n");
    assert_keys("a\nb", "GxGix\033", "a\nx\n");
    assert_keys("a\r\nb", "GA\r\033ic\033", "a\r\nb\r\nc\r\n");
    assert_keys("a", "yyp", "a\na");
    assert_keys("a", "yyP", "a\na");
}

static void test_codes(void **state)
{
    (void)state;
    assert_keys("\n", "i\026u00e9\02665 \026x41\026U0001f600\033", "\u00e9A A\U0001f600\n");
    assert_keys("ab\n", "r\tx", "   b\n");
}

static void test_registers_and_macros(void **state)
{
    (void)state;
    assert_keys("a\nb\n", "\"ayyj\"Ayy\"ap", "a\nb\na\nb\n");
    assert_keys("a\nb\nc\n", "qqA!\033jq2@q", "a!\nb!\nc!\n");
    assert_keys("a\n", "xu\022u", "a\n");
}

/* Keys in a register, put in by Ctrl-R, do what they do when typed; Ctrl-O begins anew for `.`. */
static void test_insert(void **state)
{
    (void)state;
    assert_keys("a\n", "qbA!\033jq2R(a)\022b\033", "a(a)A!(a)A!\n");
    assert_keys("a b\n", "qbA!\033x0qia\022b", "aAa b\n");
    assert_keys("ab\n", "xA\022--\033", "ba-\n");
    assert_keys("ab cd\n", "ix\017wy\033.", "xab yycd\n");
    assert_keys("ab cd\n", "ix\0170\033w.", "xab xcd\n");
    assert_keys("ab\ncd\n", "\026jAx\017hy\033", "yaxb\ncxd\n");
    assert_keys("a\n", "qqix\017ly\033q@q", "xxyya\n");
    assert_keys("abcd\n", "3r\t0.", "                     d\n");
}

/* U gives back the line of the last changes until lines come or go. */
static void test_line_undo(void **state)
{
    (void)state;
    assert_keys("abc\nd\n", "xxU", "abc\nd\n");
    assert_keys("abc\nd\n", "xjddU", "bc\n");
    assert_keys("abc\n", "xi1\r23\033U", "1\n23bc\n");
}

/* What Vim does with marks, the selection and the cursor when lines are joined, moved, or come back
 * by undo; each was once found by integration/vi_vim. */
static void test_places(void **state)
{
    (void)state;
    assert_keys("ab\n", "\026c\rx\033`.iI\033", "\nIxb\n");
    assert_keys("a b\nc d\n", "vj$Sxyz\033u\022iI\033", "Ixyz\n");
    assert_keys("abc\nd efg\n", "jwvly1G0ld2w`<iI\033", "aefIg\n");
    assert_keys("a\nbc\nde\n", "Gla\027\027x\0331Gmajlmb1GJ`biI\033", "a bIcx\n");
    assert_keys("ab\n cd\n", "jlmakJ`aiI\033", "ab Icd\n");
    assert_keys("ab\ncd\n", "jmai\010\033`aiI\033", "abIcd\n");
    assert_keys("ab cd\ne\n", "j\026h4\010d", "cd\n\n");
    assert_keys("a_b\n   \nc\n", "jVw2\010iWd", "a_b\n\n");
    assert_keys("a\nb\n", "jv:m0\r2GgvIx\033", "xb\na\n");
    assert_keys("a\nb\n\n    d\n", "2GV2j:m0\ruiI\033", "a\nb\n\n    Id\n");
    assert_keys("a\nb\nc\n", "ddjddGuiI\033'[iI\033", "b\nIIc\n");
    assert_keys("a\nb\nc\nd\n", "dd2Gmakuu'aiI\033", "a\nb\nIc\nd\n");
    assert_keys("  a b.\n   c d\n", "yas''iI\033", "  Ia b.\n   c d\n");
    assert_keys("a\nb\nc\nd\ne\n", "2G4G\017\017``iI\033", "a\nb\nc\nId\ne\n");
    assert_keys("\n  x\n", "G3d1(", "\n  x\n");
    assert_keys("\n", "Oone\017l\031\033.", "one\none\n\n");
}

/* More that integration/vi_vim found once; what is expected is what Vim does. */
static void test_found(void **state)
{
    (void)state;
    assert_keys("        Yes\n", "3o\t\027\033", "        Yes\n\n\n\n");
    assert_keys("\n", "\026$3{Ax \033", " x \n");
    assert_keys("        \t allow\n", "2s\t\004\tx\033", "    x             allow\n");
    assert_keys("ab\n        ] r\n", "Gr\rg;iI\033", "ab\n       I \n        r\n");
    assert_keys("  a\n", ":2\riI\033", "  Ia\n");
    assert_keys("世界 f\n", "rz4goiI\033", "zI界 f\n");
    assert_keys("    c\n", ":set noet\r1cc\tx\033", "\tx\n");
    assert_keys("    ab\n", "xxV\"1C\022-\025\033", "\n");
    assert_keys("a\n", "\026\"aC$\0170\033qAxq\"ap", "ax\n");
    assert_keys("a b. c d.\nfoo\n", "j\026Basoy$P", "a b. c da b. .\nfoo     foo\n");
    assert_keys("abc\nd\n\n", "GV\001kk4ccx\033gvd", "x\n");
    assert_keys("a\nb\n", "vaply0gP``iI\033", "a\nb\nIa\nb\n");
    assert_keys("\n    [1] ]\n", "vlly2Gl]p", "\n    [1\n    ] ]\n");
    assert_keys("deny\n", "m>gvd", "deny\n");
    assert_keys("ab\nef\n", "2G:s/\\n/,/\r1Gdgn", "abef,\n");
    assert_keys("  a b\n", ":s/a/b/\r4d2g_&iI\033", "  Ib b\n");
    assert_keys("\n", "vhygpP", "\n");
    assert_keys("   42\nx\n", "d/\\n\r", "2\nx\n");
    assert_keys("    allow\n", "o\033U", "    allow\n\n");
    assert_keys("foo.bar\n  baz\n", "Cfoo\033:1,$s/$/;/\rU", "foo.bar\n  baz;\n");
    assert_keys("a\n", "v$y$VOp", "a\n");
    assert_keys("a b\nc\n", "\r:2v/x/j\r``iI\033", "Ia b\nc\n");
    assert_keys("abc\n", "2rz0`.iI\033", "zIzc\n");
    assert_keys("  a b c\n", "wdd`.iI\033", "I\n");
    assert_keys("zero\nab\nYes \n", "yiwj\026lgpU", "zero\nab\nYes \n");
    assert_keys("zero\n    (a,b)\ndeny\n", "yiwjp2<2\rd`[", "zero\n   (a,b)\ndeny\n");
    assert_keys("zero\nif ] ( \n   -7 {x}\n", "yiw}\026$2E2kgp", "zerozero\nif ]zero\n   -zero\n");
    assert_keys("end.bar ,\n", "\026fxgeiBRfoo\024x\033d`[", "x\n");
    assert_keys("    'q' baz\nc\n", "4|r\rkiI\033", "  I \n   'q' baz\nc\n");
    assert_keys("        s c\n", "yyVR\022\"\010é\033", "                s c\n            é\n");
    assert_keys("        'q'{x} ,\n", "ev\010hi'd", "      q'{x} ,\n");
    assert_keys("'a' 'b' c\n", "$v3hi'd", "'a' '\n");
    assert_keys("        a b\n        { x\n", "Gvapbrz", "zzzzzzzzzzz\n        { x\n");
    assert_keys("0x1f\n-7a\n", "3l:$s/\\n//\riI\033", "0x1f\n-7Ia\n");
    assert_keys("    bar \n", "\026Abar\027\033g,iI\033", " I   bar \n");
    assert_keys(" a b c\n b\n", ":set nosol\r3l>jiI\033", "   I  a b c\n     b\n");
    assert_keys("\n    x\n", "i\026\t\010x\033", "    x\n    x\n");
    assert_keys("a if \n", "A\t\010\010\010\010x\033", "ax\n");
    assert_keys("a\nbc\nd\n", "GV\010gv2JugvdiI\033", "Ia\n");
    assert_keys("    (a,b)\n    {x}\n", "Gax\033g-\026kd", "    (,b)\n    {}\n");
    assert_keys("ab\ncd\n", "GOx\033j0i\010\033`.iI\033", "ab\nIxcd\n");
    assert_keys("abc\n", "vlypx`<iI\033", "Iaabc\n");
    assert_keys("abc\nabcdefgh\n", "v$\033jiI\033", "abc\nabIcdefgh\n");
    assert_keys("  ab\n", "$g^iI\033", "  Iab\n");
    assert_keys("a\nb\n", ":m$\rGg,iI\033", "Ib\na\n");
    assert_keys(
        "    )42     Yes\n", "ofoo\031\031\031\010\010\010\010\033", "    )42     Yes\n    f\n");
    assert_keys("0x1fx 3\n", "$\001", "0x1fx 4\n");
    assert_keys("0x1fx 3\n", "3l\001", "0x20x 3\n");
    assert_keys("a\n", "4ox\r\033kiI\033", "a\nx\n\nx\n\nx\n\nIx\n\n");
    assert_keys("ab\n", "Ax\033uAy\033g-iI\033", "abIx\n");
    assert_keys("a b\nc\n", "vej:>\rUiI\033", "    a b\n    Ic\n");
    assert_keys("世界 x\n世界 y\n", "xj0a\033j:$s/\\n//\riI\033", "界 x\nI世界 y\n");
}

/* What stays behind an undo, and where what an insertion or a block put in ends. */
static void test_found_ends(void **state)
{
    (void)state;
    /* '] after an undo: the last line that came back, or below what was put in. */
    assert_keys("a\nb\n", "ddud']", "b\n");
    assert_keys("ab\nc\nd\n", "xpud']", "d\n");
    assert_keys("a\nb\nc\n", "yyPud']", "c\n");
    assert_keys("a\nb\nc\n", "yyPu\022d']", "c\n");
    assert_keys("ab\nc\nd\ne\n", "\026jyPud']", "e\n");
    assert_keys("a\nb\nc\n", "ix\ry\033ud']", "b\nc\n");
    assert_keys("a\nb\nc\n", "Ox\ry\033u\022d']", "a\nb\nc\n");
    assert_keys("a\nb\nc\n", ":%s/a/x\\ry/\rud']", "b\nc\n");
    assert_keys("a\nb\n", "\026jIx\033d`]", "b\n");
    /* Where nothing is, nothing is deleted, after an undo back to it neither. */
    assert_keys("a\n", "ddix\033uddp", "\na\n");
    /* The line that U gives back when characters of several lines were put into it. */
    assert_keys("ab\ncd\n", "vjypU", "ab\ncb\ncd\n");
    assert_keys("a\nb\nc\n", ":2j\rux", "a\n\nc\n");
    assert_keys("a\nb\nc\n", ":2;+1red\rx", "a\n\nc\n");
    assert_keys("a\nbcd\n", "jggVjcxy\033\017iI\033", "xIy\n");
    assert_keys("xxaaa\n", "xx:s/a/b/\r&.", "ba\n");
    /* Ctrl-W in what a count repeats goes past where the insertion began. */
    assert_keys("a b\n", "2A\027\xc3\xa9\033", "a \xc3\xa9\n");
    assert_keys("ab\ncd\n", "vj\"-yA\022-\033", "abab\ncab\nc\n\ncd\n");
    assert_keys("abcd\n", "qazexzsq2@a", "d\n");
}

/* More of that kind, each a difference from Vim that was found and mended. */
static void test_found_moves(void **state)
{
    (void)state;
    assert_keys("a b\n", "ly_iI\033", "aI b\n");
    assert_keys("a\nb\nc\n", "G:1\r''iI\033", "Ia\nb\nc\n");
    assert_keys("a\tb\n", "\026<", "a\tb\n");
    assert_keys("\nb\n  c\n", "\"add@aiI\033", "b\nI  c\n");
    assert_keys("abc\n  d\n", ":set nosol\rdVeiI\033", "I  d\n");
    assert_keys("ab\ncd\n", "\026jIx\033U", "xab\ncd\n");
    assert_keys("a b\n", "3Jg;iI\033", "a Ib\n");
    assert_keys("a\nb\nc\n", "Jo\033k'.iI\033", "a b\nI\nc\n");
    assert_keys("  a\nb\n", "S\027\033.W.", "\n\n");
    assert_keys("\n\n  x\n", ":.,$v/x/j\r", "\n  x\n");
    assert_keys("    42\n", "I\026\t \010\010\010\010\033", "42\n");
    assert_keys("ab\nc\nd\n", "\"_pg;iI\033", "Iab\nc\nd\n");
    assert_keys("a\nb\n", "yyjoc\033u``iI\033", "Ia\nb\n");
    assert_keys("a\n", "xi1\0332iy\033ug-g-iI\033", "Ia\n");
    assert_keys("ab1\n", "2~2a\010\010\010\010xx\033", "xx\n");
    assert_keys(" )a\n", "2A\025\tfoo\033", "        foo\n");
    assert_keys("a\nb\n\n", "\"Add\026j\"Ay\"aP", "a\nb\n\nb\n\n");
    assert_keys("quo\n", "\"ayiwqAxq@a", "quo\nx\n");
    assert_keys("a\nb\n", "majma:delm a\rk'aiI\033", "Ia\nb\n");
    assert_keys("a\nb\n", ":silent! 1d\r", "b\n");
}

static void test_matches(void **state)
{
    (void)state;
    assert_keys("a foo b foo c foo\n", "/foo\r02dgn", "a foo b  c foo\n");
    assert_keys("a foo b foo c foo\n", "/foo\r$gNd", "a foo b foo c \n");
    assert_keys("a foo b foo\n", "/foo\r0cgnx\033.", "a x b x\n");
    assert_keys("a foo\nb\n", "/foo\r0Vgnd", "\nb\n");
}

static void test_ex(void **state)
{
    (void)state;
    assert_keys("foo\nfoo\n", ":%s/o/0/g\r", "f00\nf00\n");
    assert_keys("a\nb\na\n", ":g/a/d\r", "b\n");
    assert_keys("a\nb\nab\nc", ":v/a/d\r", "a\nab");
    assert_keys("a\nb\na\nc\n", ":g/a/m0\r", "a\na\nb\nc\n");
    assert_keys("a\nb\na\nc\n", ":g/a/j\r", "a b\na c\n");
    assert_keys("a\nb\na\nc\n", ":g/^/m0\r", "c\na\nb\na\n");
    assert_keys("a\nb\n", ":g/a/t.\r", "a\na\nb\n");
    assert_keys("a\nb\nc\n", ":%s/\\n//\r", "abc\n");
    assert_keys("a\nb\nc\n", ":%s/\\n/,/\r", "a,b,c,\n");
    assert_keys("a\nb\n", "xjx:undo 0\r", "a\nb\n");
    assert_keys("c\na\nb\n", ":sort\r", "a\nb\nc\n");
    assert_keys("a\nb\n", ":1m$\r", "b\na\n");
    assert_keys("foo bar\n", ":s/\\v(\\w+) (\\w+)/\\2 \\1/\r", "bar foo\n");
}

static void test_asking(void **state)
{
    (void)state;
    assert_keys("a a\na a\na\n", ":%s/a/b/gc\ryna", "b a\nb b\nb\n");
    assert_keys("a a\na a\n", ":%s/a/bb/c\rny", "a a\nbb a\n");
    assert_keys("a a\na a\n", ":%s/a/x&\\r/gc\ryl", "xa\n xa\n\na a\n");
    assert_keys("a a\na\n", ":%s/a/b/gc\ryqx", " a\na\n");
    assert_keys("a a\na\n", ":%s/a/b/gc\ryau", "a a\na\n");
    assert_keys("abc\n", ":s/x*/-/gc\ryyy", "-a-b-c\n");
    assert_keys("a\r\na\r\n", ":%s/a/b\\r/gc\ryy", "b\r\n\r\nb\r\n\r\n");
    assert_keys("a\nb\n", ":s/a/b/c | d\r\033", "a\nb\n");
    assert_keys("a\nb\n", ":g/a/s/a/b/c\r\033", "a\nb\n");
    assert_keys("a a a\na\n", "qq:s/a/b/gc\rlquj@q", "a a a\nb\n");
}

static void test_start_of_line(void **state)
{
    (void)state;
    assert_keys("abc\n  d\nefg\n", "lG:set nosol\r0lggx", "ac\n  d\nefg\n");
    assert_keys("  abc\nd\nefg\n", "Gggx", "  bc\nd\nefg\n");
}

static void test_remap(void **state)
{
    (void)state;
    struct err err = {0};
    struct text *text = text_new(str_of("abc\n"));
    struct vi *vi = vi_new(&no_host, NULL);
    vi_attach(vi, text, 0);
    assert_ok(vi_remap(vi, STR_LIT("vi.delete-char"), STR_LIT("gx"), &err), err);
    vi_keys(vi, str_of("xgx"));
    assert_true(text_equals(text, STR_LIT("bc\n")));
    assert_false(vi_remap(vi, STR_LIT("vi.nothing"), STR_LIT("x"), &err));
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    assert_false(vi_remap(vi, STR_LIT("vi.undo"), STR_LIT("<C-"), &err));
    vi_free(vi);
    text_free(text);
}

static void note_said(void *data, bool error, const char *text)
{
    (void)error;
    buf_clear(data);
    buf_append_c(data, text);
}

static void assert_said(const char *content, const char *keys, const char *wanted)
{
    static const struct vi_host host = {.message = note_said};
    struct buf said = BUF_INIT;
    struct text *text = text_new(str_of(content));
    struct vi *vi = vi_new(&host, &said);
    vi_attach(vi, text, 0);
    vi_keys(vi, str_of(keys));
    assert_string_equal(buf_str(&said).len == 0 ? "" : said.ptr, wanted);
    vi_forget(vi, text);
    vi_free(vi);
    text_free(text);
    buf_free(&said);
}

/* Keys that do nothing say so. */
static void test_no_command(void **state)
{
    (void)state;
    assert_said("a\n", "z=", "\"z=\" is no command here; :help lists them");
    assert_said("a\n", "3dz", "\"3dz\" is no command here; :help lists them");
    assert_said("a\n", "v\030\033gX", "\"gX\" is no command here; :help lists them");
    assert_said("ab\n", "x", "");
    assert_said("ab\n", "@w", "nothing in register w to play");
    assert_said("ab\n", "@@", "no macro was played yet: q and a letter records one");
    assert_said("ab\n", "@:", "no : command was typed yet");
    assert_said("a a\nb\n", ":%s/a//gn\r", "2 matches in 1 line");
    assert_said("ab\n", "\003", ":q closes the file, :qa all of them and the program");
    assert_said("ab\n", "v\003d\003", "");
    assert_keys("abc\n", "vl\003x", "ac\n");
}

static void test_bytes(void **state)
{
    (void)state;
    assert_said("a\n", "g8", "61");
    assert_said("\xe4\xb8\x96\n", "g8", "e4 b8 96");
    assert_said("\xff\n", "g8", "ff");
    assert_said("\n", "g8", "no character here");
    assert_said("a\n", "8g8", "from here on all is UTF-8");
    assert_keys("a\n\xe4\xb8\x96 b\xff c\n", "8g8x", "a\n\xe4\xb8\x96 b c\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_operators),
        cmocka_unit_test(test_without_final_newline),
        cmocka_unit_test(test_codes),
        cmocka_unit_test(test_registers_and_macros),
        cmocka_unit_test(test_insert),
        cmocka_unit_test(test_line_undo),
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_found),
        cmocka_unit_test(test_found_ends),
        cmocka_unit_test(test_found_moves),
        cmocka_unit_test(test_matches),
        cmocka_unit_test(test_ex),
        cmocka_unit_test(test_asking),
        cmocka_unit_test(test_start_of_line),
        cmocka_unit_test(test_remap),
        cmocka_unit_test(test_no_command),
        cmocka_unit_test(test_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
