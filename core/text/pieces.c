#include "text/pieces.h"

#include "base/bytes.h"
#include "base/vec.h"

struct piece {
    struct piece *left, *right;
    const char *ptr;
    uint32_t len, newlines;
    size_t all_bytes, all_newlines, all_pieces; /* of this subtree */
};

void spans_add(struct spans *spans, struct str run)
{
    if (run.len == 0) {
        return;
    }
    if (spans->len > 0) {
        struct str *last = &spans->items[spans->len - 1];
        if (last->ptr + last->len == run.ptr) {
            last->len += run.len;
            return;
        }
    }
    VEC_PUSH(spans, run);
}

size_t pieces_bytes(const struct piece *root)
{
    return root == NULL ? 0 : root->all_bytes;
}

size_t pieces_newlines(const struct piece *root)
{
    return root == NULL ? 0 : root->all_newlines;
}

static size_t pieces_count(const struct piece *root)
{
    return root == NULL ? 0 : root->all_pieces;
}

size_t pieces_depth(const struct piece *root)
{
    if (root == NULL) {
        return 0;
    }
    size_t left = pieces_depth(root->left), right = pieces_depth(root->right);
    return 1 + (left > right ? left : right);
}

static void refresh(struct piece *piece)
{
    piece->all_bytes = pieces_bytes(piece->left) + piece->len + pieces_bytes(piece->right);
    piece->all_newlines =
        pieces_newlines(piece->left) + piece->newlines + pieces_newlines(piece->right);
    piece->all_pieces = pieces_count(piece->left) + 1 + pieces_count(piece->right);
}

static uint64_t next_random(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed >> 16;
}

static struct piece *piece_new(const char *ptr, size_t len, size_t newlines)
{
    struct piece *piece = mem_alloc(sizeof *piece);
    *piece = (struct piece){.ptr = ptr,
        .len = (uint32_t)len,
        .newlines = (uint32_t)newlines,
        .all_bytes = len,
        .all_newlines = newlines,
        .all_pieces = 1};
    return piece;
}

struct piece *pieces_build(const struct str *runs, size_t count, size_t max, uint64_t *seed)
{
    struct piece *root = NULL;
    for (size_t i = 0; i < count; i++) {
        for (size_t done = 0; done < runs[i].len;) {
            size_t left = runs[i].len - done;
            size_t len = left < max ? left : max;
            const char *ptr = runs[i].ptr + done;
            root = pieces_join(root, piece_new(ptr, len, bytes_count_newlines(ptr, len)), seed);
            done += len;
        }
    }
    return root;
}

void pieces_free(struct piece *root)
{
    if (root != NULL) {
        pieces_free(root->left);
        pieces_free(root->right);
        free(root);
    }
}

/* Either root becomes the new one with a chance in proportion to its tree's size: that keeps the
 * shape as good as random insertion order would, whatever is cut out and put together. */
struct piece *pieces_join(struct piece *left, struct piece *right, uint64_t *seed)
{
    if (left == NULL || right == NULL) {
        return left == NULL ? right : left;
    }
    if (next_random(seed) % (left->all_pieces + right->all_pieces) < left->all_pieces) {
        left->right = pieces_join(left->right, right, seed);
        refresh(left);
        return left;
    }
    right->left = pieces_join(left, right->left, seed);
    refresh(right);
    return right;
}

void pieces_split(
    struct piece *root, size_t at, uint64_t *seed, struct piece **left, struct piece **right)
{
    if (root == NULL) {
        *left = *right = NULL;
        return;
    }
    size_t before = pieces_bytes(root->left);
    if (at <= before) {
        struct piece *rest;
        pieces_split(root->left, at, seed, left, &rest);
        root->left = rest;
        refresh(root);
        *right = root;
    } else if (at >= before + root->len) {
        struct piece *rest;
        pieces_split(root->right, at - before - root->len, seed, &rest, right);
        root->right = rest;
        refresh(root);
        *left = root;
    } else {
        size_t keep = at - before;
        size_t newlines = bytes_count_newlines(root->ptr, keep);
        struct piece *tail =
            piece_new(root->ptr + keep, root->len - keep, root->newlines - newlines);
        struct piece *after = root->right;
        root->right = NULL;
        root->len = (uint32_t)keep;
        root->newlines = (uint32_t)newlines;
        refresh(root);
        *left = root;
        *right = pieces_join(tail, after, seed);
    }
}

bool pieces_extend_last(struct piece *root, struct str run, size_t max)
{
    struct piece *last = root;
    while (last != NULL && last->right != NULL) {
        last = last->right;
    }
    if (last == NULL || last->ptr + last->len != run.ptr || run.len > max ||
        last->len > max - run.len) {
        return false;
    }
    size_t newlines = bytes_count_newlines(run.ptr, run.len);
    last->len += (uint32_t)run.len;
    last->newlines += (uint32_t)newlines;
    for (struct piece *piece = root; piece != NULL; piece = piece->right) {
        piece->all_bytes += run.len;
        piece->all_newlines += newlines;
    }
    return true;
}

void pieces_collect(const struct piece *root, struct spans *out)
{
    if (root != NULL) {
        pieces_collect(root->left, out);
        spans_add(out, str_make(root->ptr, root->len));
        pieces_collect(root->right, out);
    }
}

struct str pieces_at(const struct piece *root, size_t offset, size_t *start)
{
    *start = 0;
    while (root != NULL) {
        size_t before = *start + pieces_bytes(root->left);
        if (offset < before) {
            root = root->left;
        } else if (offset < before + root->len) {
            *start = before;
            return str_make(root->ptr, root->len);
        } else {
            *start = before + root->len;
            root = root->right;
        }
    }
    return str_make("", 0);
}

struct str pieces_before(const struct piece *root, size_t offset)
{
    while (root != NULL) {
        size_t before = pieces_bytes(root->left);
        if (offset <= before) {
            root = root->left;
        } else if (offset <= before + root->len) {
            return str_make(root->ptr, offset - before);
        } else {
            offset -= before + root->len;
            root = root->right;
        }
    }
    return str_make("", 0);
}

size_t pieces_newlines_before(const struct piece *root, size_t offset)
{
    size_t count = 0;
    while (root != NULL) {
        size_t before = pieces_bytes(root->left);
        if (offset <= before) {
            root = root->left;
            continue;
        }
        count += pieces_newlines(root->left);
        if (offset < before + root->len) {
            return count + bytes_count_newlines(root->ptr, offset - before);
        }
        count += root->newlines;
        offset -= before + root->len;
        root = root->right;
    }
    return count;
}

size_t pieces_after_newline(const struct piece *root, size_t count)
{
    size_t offset = 0;
    while (root != NULL) {
        size_t before = pieces_newlines(root->left);
        if (count <= before) {
            root = root->left;
            continue;
        }
        offset += pieces_bytes(root->left);
        count -= before;
        if (count <= root->newlines) {
            const char *at = root->ptr;
            while (count-- > 0) {
                at = (const char *)memchr(at, '\n', root->len - (size_t)(at - root->ptr)) + 1;
            }
            return offset + (size_t)(at - root->ptr);
        }
        count -= root->newlines;
        offset += root->len;
        root = root->right;
    }
    return SIZE_MAX;
}
