#include "engine/offline.h"

#include "base/file.h"
#include "base/path.h"
#include "base/vec.h"
#include "engine/opa_builtins.h"
#include "loop/process.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* More than any engine has to say of itself. */
#define ANSWER_MAX ((size_t)16 << 20)

struct job {
    const struct engine *engine;
    struct loop *loop;
    char *program, *root;
    bool network;
    struct opa_builtins declared;
    bool is_there;           /* the file, or there need be none */
    struct process *process; /* NULL: not running */
    char *path;
    struct buf out;
    struct loop_timer *later;
    struct err err;
    bool ok;
    void (*done)(void *data, const char *path, const struct err *err);
    void *data;
};

static struct {
    struct job **items;
    size_t len, cap;
} jobs;

static void finish(void *data)
{
    struct job *job = data;
    for (size_t i = 0; i < jobs.len; i++) {
        if (jobs.items[i] == job) {
            VEC_REMOVE(&jobs, i);
            break;
        }
    }
    if (jobs.len == 0) {
        VEC_FREE(&jobs);
    }
    job->done(job->data, job->ok ? job->path : NULL, job->ok ? NULL : &job->err);
    loop_timer_free(job->later);
    opa_builtins_free(&job->declared);
    free(job->program);
    free(job->root);
    free(job->path);
    buf_free(&job->out);
    free(job);
}

static void on_output(void *data, enum process_stream stream, struct str bytes)
{
    struct job *job = data;
    if (stream != PROCESS_STDOUT || job->out.len > ANSWER_MAX) {
        return;
    }
    buf_append_str(&job->out, bytes);
    if (job->out.len > ANSWER_MAX) {
        process_kill(job->process);
    }
}

static void on_end(void *data, const struct process_result *result)
{
    struct job *job = data;
    struct buf file = BUF_INIT;
    job->process = NULL;
    if (result->exit_code != 0 || job->out.len > ANSWER_MAX) {
        err_set(&job->err, ERR_EXTERNAL, "%s did not say what it is capable of (exit code %d)",
            job->engine->program, result->exit_code);
    } else if (job->engine->offline(
                   buf_str(&job->out), &job->declared, job->network, &file, &job->err)) {
        job->ok = file_write(job->path, buf_str(&file), 0600, &job->err);
    }
    buf_free(&file);
    loop_timer_start(job->later, 0, 0);
}

char *offline_path(const struct engine *engine, const char *program, unsigned long long declared,
    bool network, struct err *err)
{
    struct stat st;
    char *cache = path_home_dir(PATH_CACHE, err);
    if (cache == NULL) {
        return NULL;
    }
    if (stat(program, &st) != 0) {
        free(cache);
        err_set(err, ERR_NOT_FOUND, "%s is gone", program);
        return NULL;
    }
    char *folder = path_join(cache, "engines");
    char *identity = mem_printf("%s %lld %lld.%09ld %llx", program, (long long)st.st_size,
        (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec, declared);
    char *path = path_make_dirs(folder, err)
                     ? mem_printf("%s/%s-%s-%016llx.json", folder, engine->name,
                           network ? "declared" : "offline", str_hash(str_of(identity)))
                     : NULL;
    free(identity);
    free(folder);
    free(cache);
    return path;
}

static void look(void *data)
{
    struct job *job = data;
    opa_builtins_read(job->root, &job->declared, NULL);
    if (job->network && job->declared.len == 0) {
        job->path = mem_strdup("");
        job->is_there = true;
    } else {
        job->path = offline_path(
            job->engine, job->program, opa_builtins_hash(&job->declared), job->network, &job->err);
        job->is_there = job->path != NULL && access(job->path, R_OK) == 0;
    }
}

static void looked(void *data, bool cancelled)
{
    (void)cancelled;
    struct job *job = data;
    job->ok = job->is_there;
    if (job->path != NULL && !job->ok) {
        const char *argv[8] = {job->program};
        for (size_t i = 0; job->engine->offline_args[i] != NULL && i + 2 < ARRAY_LEN(argv); i++) {
            argv[i + 1] = job->engine->offline_args[i];
        }
        struct process_options options = {.argv = argv,
            .timeout_ms = 20000,
            .on_data = on_output,
            .on_exit = on_end,
            .data = job};
        job->process = process_start(job->loop, &options, &job->err);
        if (job->process != NULL) {
            return;
        }
    }
    loop_timer_start(job->later, 0, 0);
}

void offline_start(struct loop *loop, const struct engine *engine, const char *program,
    const char *root, bool network,
    void (*done)(void *data, const char *path, const struct err *err), void *data)
{
    struct job *job = MEM_NEW(struct job);
    job->engine = engine;
    job->loop = loop;
    job->program = mem_strdup(program);
    job->root = mem_strdup(root);
    job->network = network;
    job->done = done;
    job->data = data;
    job->later = loop_timer_new(loop, finish, job);
    VEC_PUSH(&jobs, job);
    loop_work_start(loop, look, looked, job);
}

void offline_cancel_all(void)
{
    VEC_FOREACH (struct job *, job, &jobs) {
        if ((*job)->process != NULL) {
            process_kill((*job)->process);
        }
    }
}

struct entries {
    char **items;
    size_t len, cap;
};

char **offline_environment(const struct engine *engine, const char *path, const char *const *base)
{
    struct entries entries = {0};
    for (; base != NULL && *base != NULL; base++) {
        VEC_PUSH(&entries, mem_strdup(*base));
    }
    bool told = path != NULL && path[0] != '\0';
    for (size_t i = 0; told && engine->offline_env[i] != NULL; i++) {
        VEC_PUSH(&entries, mem_printf("%s=%s", engine->offline_env[i], path));
    }
    VEC_PUSH(&entries, NULL);
    return entries.items;
}

void offline_environment_free(char **environment)
{
    for (size_t i = 0; environment != NULL && environment[i] != NULL; i++) {
        free(environment[i]);
    }
    free(environment);
}
