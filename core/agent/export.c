#include "agent/export.h"

#include "agent/fence.h"
#include "base/file.h"
#include "base/log.h"
#include "base/path.h"
#include "base/safe.h"
#include "base/utf8.h"
#include "base/vec.h"
#include "workspace/beneath.h"
#include "workspace/door.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { OUTPUT_MAX = 16000, TITLE_MAX = 200 };

/* ---- the text ---- */

static void append_time(struct buf *out, int64_t wall_ms)
{
    time_t seconds = (time_t)(wall_ms / 1000);
    struct tm tm;
    char when[32] = "";
    if (localtime_r(&seconds, &tm) != NULL) {
        strftime(when, sizeof when, "%Y-%m-%d %H:%M", &tm);
    }
    buf_append_c(out, when);
}

static void append_quoted(struct buf *out, struct str text)
{
    struct str line;
    text = str_trim_right(text);
    while (str_next_line(&text, &line)) {
        buf_append_c(out, line.len == 0 ? ">" : "> ");
        safe_append(out, line, SAFE_KEEP_LINES);
        buf_append_char(out, '\n');
    }
}

static void append_fenced(struct buf *out, struct str text)
{
    struct str head = utf8_head(text, OUTPUT_MAX);
    struct buf shown = BUF_INIT;
    safe_append(&shown, str_trim_right(head), SAFE_KEEP_LINES);
    buf_append_c(&shown, head.len < text.len ? "\n… (cut)" : "");
    fence_append(out, buf_str(&shown));
    buf_free(&shown);
}

static const char *outcome(const struct entry *entry)
{
    return entry->status == ENTRY_FAILED    ? " (failed)"
           : entry->status == ENTRY_STOPPED ? " (interrupted)"
                                            : "";
}

static void append_tool(struct buf *out, const struct entry *entry)
{
    buf_append_c(out, "**");
    safe_append(out, str_of(entry->name == NULL ? "tool" : entry->name), SAFE_ONE_LINE);
    buf_append_c(out, "** ");
    safe_append(out, str_of(entry->detail == NULL ? "" : entry->detail), SAFE_ONE_LINE);
    buf_printf(out, "%s\n", outcome(entry));
    if (entry->text.len > 0) {
        buf_append_char(out, '\n');
        append_fenced(out, buf_str(&entry->text));
    }
}

static void append_proposal(struct buf *out, const struct entry *entry)
{
    struct str rest = buf_str(&entry->text);
    struct str line;
    buf_printf(out, "**Proposal %u**, %u files, +%u −%u\n\n", entry->proposal, entry->files,
        entry->added, entry->removed);
    while (str_next_line(&rest, &line)) {
        buf_append_c(out, "- ");
        safe_append(out, line, SAFE_ONE_LINE);
        buf_append_char(out, '\n');
    }
}

static void append_entry(struct buf *out, const struct entry *entry)
{
    struct str text = buf_str(&entry->text);
    switch (entry->kind) {
    case ENTRY_USER:
        buf_append_c(out, "## You, ");
        append_time(out, entry->wall_ms);
        buf_append_c(out, "\n\n");
        append_quoted(out, text);
        break;
    case ENTRY_ASSISTANT:
        safe_append(out, str_trim_right(text), SAFE_KEEP_LINES);
        buf_printf(out, "\n%s", entry->status == ENTRY_DONE ? "" : "\n*(interrupted)*\n");
        break;
    case ENTRY_REASONING:
        buf_append_c(out, "*Thought*\n\n");
        append_quoted(out, text);
        break;
    case ENTRY_TOOL:
        append_tool(out, entry);
        break;
    case ENTRY_PROPOSAL:
        append_proposal(out, entry);
        break;
    case ENTRY_NOTICE:
    case ENTRY_ERROR:
        buf_append_c(out, entry->kind == ENTRY_ERROR ? "*Error:* " : "*");
        safe_append(out, str_trim(text), SAFE_ONE_LINE);
        buf_append_c(out, entry->kind == ENTRY_ERROR ? "\n" : "*\n");
        break;
    case ENTRY_FEEDBACK:
        buf_append_c(out, "**Sent back after the review**\n\n");
        append_fenced(out, text);
        break;
    case ENTRY_COMMIT:
        buf_printf(out, "*%s* ", entry_commit_word(entry));
        if (entry->detail != NULL) {
            safe_append(out, str_of(entry->detail), SAFE_ONE_LINE);
            buf_append_char(out, ' ');
        }
        safe_append(out, text, SAFE_ONE_LINE);
        buf_append_char(out, '\n');
        break;
    }
}

void export_markdown(const struct session *session, const char *workspace, struct buf *out)
{
    struct buf text = BUF_INIT;
    const struct transcript *transcript = session_transcript(session);
    const char *title = session_title(session);
    char *shown = safe_dup(str_of(title[0] == '\0' ? "Session" : title), SAFE_ONE_LINE, TITLE_MAX);
    buf_printf(&text, "# %s\n\n", shown);
    free(shown);
    buf_printf(&text, "Session %s in ", session_id(session));
    safe_append(&text, str_of(workspace), SAFE_ONE_LINE);
    if (session_model(session)[0] != '\0') {
        buf_append_c(&text, ", with ");
        safe_append(&text, str_of(session_model(session)), SAFE_ONE_LINE);
    }
    buf_append_c(&text, ".\n");
    VEC_FOREACH (const struct entry, entry, transcript) {
        buf_append_char(&text, '\n');
        append_entry(&text, entry);
    }
    secret_redact(out, buf_str(&text));
    buf_free(&text);
}

char *export_default_name(const struct session *session)
{
    return mem_printf("bylaw-%s.md", session_id(session));
}

/* ---- the file ---- */

static char *absolute(const char *root, const char *target)
{
    const char *home = getenv("HOME");
    if (strncmp(target, "~/", 2) == 0 && home != NULL && home[0] == '/') {
        return path_join(home, target + 2);
    }
    return path_join(root, target); /* an absolute one wins */
}

static bool write_inside(const struct workspace *workspace, const char *path, struct str text,
    bool over, struct err *err)
{
    struct stat st;
    struct file_stamp now;
    struct err none = {0};
    bool there = beneath_stat(workspace_fd(workspace), path, &st, &none);
    if (there && !over) {
        return err_set(err, ERR_EXISTS, "%s is there already", path);
    }
    return door_save(workspace, path, text, NULL, &now, err);
}

static bool write_outside(const char *path, struct str text, bool over, struct err *err)
{
    if (over) {
        return file_write(path, text, 0600, err);
    }
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0 && errno == EEXIST) {
        return err_set(err, ERR_EXISTS, "%s is there already", path);
    }
    if (fd < 0) {
        return err_set_errno(err, errno, "cannot write %s", path);
    }
    bool ok = file_write_all(fd, text, err);
    return close(fd) == 0 ? ok : err_set_errno(err, errno, "cannot write %s", path);
}

bool export_write(const struct workspace *workspace, const char *target, struct str text, bool over,
    char **written, struct err *err)
{
    const char *root = workspace_root(workspace);
    char *wanted = absolute(root, target);
    char *folder = path_dir(wanted);
    char *real = realpath(folder, NULL);
    char *full = NULL;
    bool ok = false;
    *written = NULL;
    if (real == NULL) {
        err_set_errno(err, errno, "%s", folder);
    } else if (path_base(wanted)[0] == '\0') {
        err_set(err, ERR_INVALID, "%s is a folder: name a file", target);
    } else {
        size_t len = strlen(root);
        full = path_join(real, path_base(wanted));
        bool inside = strncmp(full, root, len) == 0 && full[len] == '/';
        ok = inside ? write_inside(workspace, full + len + 1, text, over, err)
                    : write_outside(full, text, over, err);
        *written = ok ? mem_strdup(inside ? full + len + 1 : full) : NULL;
    }
    free(full);
    free(real);
    free(folder);
    free(wanted);
    return ok;
}
