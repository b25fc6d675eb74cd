/* The files of a workspace: what an engineer, a model and an engine are shown. Git's ignore rules
 * hold (also where there is no repository; a file that git tracks is never ignored), .git, other
 * version control, package folders and our own temporary files are left out, links are listed but
 * never entered, and both count and depth are bounded. */
#ifndef BYLAW_WORKSPACE_FILES_H
#define BYLAW_WORKSPACE_FILES_H

#include "workspace/beneath.h"

#include <stdatomic.h>

enum file_kind {
    FILE_OTHER,
    FILE_REGO,
    FILE_YAML,
    FILE_JSON,
    FILE_CEDAR,
    FILE_TERRAFORM,
    FILE_TOML,
    FILE_CSV,
    FILE_MARKDOWN,
    FILE_DOCKERFILE,
    FILE_SHELL
};

struct file_entry {
    char *path; /* relative to the workspace, "/" between parts; any bytes but NUL */
    enum file_kind kind;
    bool is_link;  /* a symbolic link: target is where it points, and it is not opened by us */
    char *target;  /* NULL unless is_link */
    bool odd_name; /* path_check_relative refuses it: shown, never opened */
    struct file_stamp stamp;
};

struct file_folder {
    char *path; /* "" is the workspace itself */
    uint64_t inode;
};

struct files {
    struct file_entry *items; /* by path, bytewise */
    size_t len, cap;
    bool truncated; /* there are more: a bound was reached */
    struct {
        struct file_folder *items; /* those that were entered, as found */
        size_t len, cap;
    } folders;
    char *git_folder; /* absolute: where HEAD and the index are; NULL without a repository */
};

struct files_options {
    size_t max_files;          /* 0: 100,000 */
    unsigned max_depth;        /* 0: 64 folders */
    const atomic_bool *cancel; /* looked at between folders; NULL: none */
};

/* Lists below root (an absolute path without links; `fd` is open on it). Folders that cannot be
 * read are skipped. ERR_CANCELLED when the flag was raised. Any thread. */
bool files_list(int fd, const char *root, const struct files_options *options, struct files *out,
    struct err *err) MUST_USE;
void files_free(struct files *files);
/* NULL when it is not listed. */
const struct file_entry *files_find(const struct files *files, const char *path);

enum file_kind file_kind_of(const char *path);
/* One word for people: "Rego", "YAML", … */
const char *file_kind_name(enum file_kind kind);
/* Names that the door gives its temporary files. */
bool file_is_temporary(const char *name);

#endif
