#include "repo/repo.h"

#include "base/vec.h"
#include "repo/git.h"

#include <stdio.h>
#include <stdlib.h>

static const char *operation_name(int state)
{
    switch (state) {
    case GIT_REPOSITORY_STATE_NONE:
        return NULL;
    case GIT_REPOSITORY_STATE_MERGE:
        return "merge";
    case GIT_REPOSITORY_STATE_REVERT:
    case GIT_REPOSITORY_STATE_REVERT_SEQUENCE:
        return "revert";
    case GIT_REPOSITORY_STATE_CHERRYPICK:
    case GIT_REPOSITORY_STATE_CHERRYPICK_SEQUENCE:
        return "cherry-pick";
    case GIT_REPOSITORY_STATE_BISECT:
        return "bisect";
    case GIT_REPOSITORY_STATE_REBASE:
    case GIT_REPOSITORY_STATE_REBASE_INTERACTIVE:
    case GIT_REPOSITORY_STATE_REBASE_MERGE:
        return "rebase";
    default:
        return "mailbox";
    }
}

static void read_head(git_repository *repository, struct repo_status *out)
{
    git_reference *head = NULL;
    git_reference *target = NULL;
    if (git_reference_lookup(&head, repository, "HEAD") != 0) {
        return;
    }
    out->is_detached = git_reference_type(head) == GIT_REFERENCE_DIRECT;
    const char *name = out->is_detached ? NULL : git_reference_symbolic_target(head);
    if (git_reference_resolve(&target, head) == 0) {
        git_oid_tostr(out->head, sizeof out->head, git_reference_target(target));
    } else {
        out->is_unborn = true;
    }
    if (name != NULL) {
        out->branch = mem_strdup(strncmp(name, "refs/heads/", 11) == 0 ? name + 11 : name);
    } else {
        out->branch = mem_strndup(out->head, 8);
    }
    git_reference_free(target);
    git_reference_free(head);
}

static void count_changes(git_repository *repository, struct repo_status *out)
{
    git_status_options options;
    git_status_options_init(&options, GIT_STATUS_OPTIONS_VERSION);
    options.show = GIT_STATUS_SHOW_INDEX_AND_WORKDIR;
    options.flags = GIT_STATUS_OPT_INCLUDE_UNTRACKED | GIT_STATUS_OPT_RECURSE_UNTRACKED_DIRS |
                    GIT_STATUS_OPT_EXCLUDE_SUBMODULES;
    git_status_list *list = NULL;
    if (git_status_list_new(&list, repository, &options) != 0) {
        return;
    }
    out->changed = git_status_list_entrycount(list);
    for (size_t i = 0; i < out->changed; i++) {
        unsigned status = (unsigned)git_status_byindex(list, i)->status;
        out->staged +=
            (status & (GIT_STATUS_INDEX_NEW | GIT_STATUS_INDEX_MODIFIED | GIT_STATUS_INDEX_DELETED |
                          GIT_STATUS_INDEX_RENAMED | GIT_STATUS_INDEX_TYPECHANGE)) != 0;
    }
    git_status_list_free(list);
}

void repo_status_read(const char *root, struct repo_status *out)
{
    *out = (struct repo_status){0};
    struct git git;
    struct err err = {0};
    if (!git_open(root, &git, &err)) {
        out->kind = err.kind == ERR_NOT_FOUND     ? REPO_NONE
                    : err.kind == ERR_DENIED      ? REPO_FOREIGN
                    : err.kind == ERR_UNSUPPORTED ? REPO_BARE
                                                  : REPO_BROKEN;
        out->problem = mem_strdup(err.text);
        return;
    }
    out->operation = operation_name(git_repository_state(git.repository));
    read_head(git.repository, out);
    if (out->branch == NULL) {
        out->kind = REPO_BROKEN;
        out->problem = mem_printf("HEAD of the repository of %s cannot be read", root);
    } else {
        count_changes(git.repository, out);
    }
    git_close(&git);
}

void repo_status_free(struct repo_status *status)
{
    free(status->problem);
    free(status->branch);
    *status = (struct repo_status){0};
}

struct status_job {
    char *root;
    struct repo_status status;
    void (*done)(void *data, const struct repo_status *status);
    void *data;
};

static void run_status(void *data)
{
    struct status_job *job = data;
    repo_status_read(job->root, &job->status);
}

static void finish_status(void *data, bool cancelled)
{
    (void)cancelled; /* never asked for */
    struct status_job *job = data;
    job->done(job->data, &job->status);
    repo_status_free(&job->status);
    free(job->root);
    free(job);
}

void repo_status_start(struct loop *loop, const char *root,
    void (*done)(void *data, const struct repo_status *status), void *data)
{
    struct status_job *job = MEM_NEW(struct status_job);
    *job = (struct status_job){.root = mem_strdup(root), .done = done, .data = data};
    loop_work_start(loop, run_status, finish_status, job);
}

bool repo_file_at_head(
    const char *root, const char *path, size_t max_bytes, struct buf *out, struct err *err)
{
    struct git git;
    if (!git_open(root, &git, err)) {
        return false;
    }
    git_commit *commit = NULL;
    git_tree *tree = NULL;
    git_tree_entry *entry = NULL;
    git_blob *blob = NULL;
    char *repo_path = git_repo_path(&git, path);
    bool ok = git_head_commit(&git, &commit, err);
    if (ok && commit == NULL) {
        ok = err_set(err, ERR_NOT_FOUND, "there is no commit yet");
    }
    int rc = ok ? git_commit_tree(&tree, commit) : 0;
    rc = ok && rc == 0 ? git_tree_entry_bypath(&entry, tree, repo_path) : rc;
    if (ok && rc == GIT_ENOTFOUND) {
        ok = err_set(err, ERR_NOT_FOUND, "HEAD has no %s", path);
    } else if (ok && rc == 0 && git_tree_entry_type(entry) != GIT_OBJECT_BLOB) {
        ok = err_set(err, ERR_INVALID, "%s is no file in HEAD", path);
    } else if (ok) {
        rc = rc == 0 ? git_blob_lookup(&blob, git.repository, git_tree_entry_id(entry)) : rc;
        ok = rc == 0 || git_fail(err, rc, "cannot read %s from HEAD", path);
    }
    if (ok && (uint64_t)git_blob_rawsize(blob) > max_bytes) {
        ok = err_set(err, ERR_LIMIT, "%s in HEAD is larger than %zu bytes", path, max_bytes);
    }
    ok = ok && git_to_worktree(&git, repo_path, blob, out, err);
    git_blob_free(blob);
    git_tree_entry_free(entry);
    git_tree_free(tree);
    git_commit_free(commit);
    free(repo_path);
    git_close(&git);
    return ok;
}

static char *from_environment(bool committer, const char *what)
{
    char name[64];
    snprintf(name, sizeof name, "GIT_%s_%s", committer ? "COMMITTER" : "AUTHOR", what);
    const char *value = getenv(name);
    return value == NULL || value[0] == '\0' ? NULL : mem_strdup(value);
}

static char *from_config(git_config *config, const char *section, const char *key)
{
    char name[64];
    const char *value = NULL;
    snprintf(name, sizeof name, "%s.%s", section, key);
    if (git_config_get_string(&value, config, name) != 0 || value[0] == '\0') {
        return NULL;
    }
    return mem_strdup(value);
}

static char *author_part(git_config *config, bool committer, const char *upper, const char *lower)
{
    char *value = from_environment(committer, upper);
    if (value == NULL) {
        value = from_config(config, committer ? "committer" : "author", lower);
    }
    if (value == NULL) {
        value = from_config(config, "user", lower);
    }
    if (value == NULL && strcmp(lower, "email") == 0 && getenv("EMAIL") != NULL) {
        value = mem_strdup(getenv("EMAIL"));
    }
    return value;
}

bool repo_author_read(const char *root, bool committer, struct repo_author *out, struct err *err)
{
    struct git git;
    *out = (struct repo_author){0};
    if (!git_open(root, &git, err)) {
        return false;
    }
    git_config *config = NULL;
    int rc = git_repository_config_snapshot(&config, git.repository);
    if (rc != 0) {
        git_close(&git);
        return git_fail(err, rc, "cannot read git's configuration");
    }
    out->name = author_part(config, committer, "NAME", "name");
    out->email = author_part(config, committer, "EMAIL", "email");
    git_config_free(config);
    git_close(&git);
    if (out->name != NULL && out->email != NULL) {
        return true;
    }
    const char *missing = out->name == NULL && out->email == NULL ? "user.name and user.email are"
                          : out->name == NULL                     ? "user.name is"
                                                                  : "user.email is";
    const char *how = out->name == NULL && out->email == NULL
                          ? "git config --global user.name \"Your Name\" and git config --global "
                            "user.email you@example.com"
                      : out->name == NULL ? "git config --global user.name \"Your Name\""
                                          : "git config --global user.email you@example.com";
    repo_author_free(out);
    return err_set(
        err, ERR_NOT_FOUND, "git does not know who commits: %s not set; run %s", missing, how);
}

void repo_author_free(struct repo_author *author)
{
    free(author->name);
    free(author->email);
    *author = (struct repo_author){0};
}

static void add_entry(struct repo_log *out, git_commit *commit)
{
    struct repo_log_entry entry = {.time = git_commit_time(commit)};
    const git_signature *author = git_commit_author(commit);
    const char *summary = git_commit_summary(commit);
    const char *message = git_commit_message(commit);
    git_oid_tostr(entry.id, sizeof entry.id, git_commit_id(commit));
    entry.subject = mem_strdup(summary == NULL ? "" : summary);
    entry.body = mem_strdup(message == NULL ? "" : message);
    entry.author = mem_strdup(author == NULL ? "" : author->name);
    VEC_PUSH(out, entry);
}

bool repo_log_read(const char *root, size_t limit, struct repo_log *out, struct err *err)
{
    struct git git;
    *out = (struct repo_log){0};
    if (!git_open(root, &git, err)) {
        return false;
    }
    git_commit *commit = NULL;
    bool ok = git_head_commit(&git, &commit, err);
    while (ok && commit != NULL && out->len < limit) {
        add_entry(out, commit);
        git_commit *parent = NULL;
        int rc = git_commit_parentcount(commit) == 0 ? GIT_ENOTFOUND
                                                     : git_commit_parent(&parent, commit, 0);
        git_commit_free(commit);
        commit = rc == 0 ? parent : NULL; /* a shallow clone ends where its history does */
    }
    git_commit_free(commit);
    git_close(&git);
    return ok;
}

void repo_log_free(struct repo_log *log)
{
    VEC_FOREACH (struct repo_log_entry, entry, log) {
        free(entry->subject);
        free(entry->body);
        free(entry->author);
    }
    VEC_FREE(log);
}
