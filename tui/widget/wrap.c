#include "widget/wrap.h"

#include "base/utf8.h"

size_t wrap_row(struct str text, int cols)
{
    size_t at = 0;
    size_t after_blank = 0;
    int width = 0;
    while (at < text.len) {
        size_t len = utf8_cluster(str_from(text, at));
        struct str cluster = str_slice(text, at, at + len);
        int wide = utf8_width_cluster(cluster);
        if (width + wide > cols) {
            if (cluster.ptr[0] == ' ') {
                return at + len; /* the blank the row is broken at is not shown */
            }
            return after_blank > 0 ? after_blank : at > 0 ? at : len;
        }
        at += len;
        width += wide;
        if (cluster.ptr[0] == ' ') {
            after_blank = at;
        }
    }
    return at;
}
