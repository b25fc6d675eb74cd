/* A benchmark: the controls a framework has in one version, and what an admission policy can see of
 * each. The CIS Kubernetes Benchmark 1.9 is compiled in as ids and words of our own (its text is
 * licensed); a copy of the user's, of it or of any other, is read from CSV, OSCAL or the YAML of
 * kube-bench (https://github.com/aquasecurity/kube-bench/tree/main/cfg).
 *
 * It judges numbers: of a requirement, or of what a policy says it implements. One thread at a
 * time. */
#ifndef BYLAW_CONTROL_BENCHMARK_H
#define BYLAW_CONTROL_BENCHMARK_H

#include "control/requirements.h"

enum admission {
    ADMISSION_UNKNOWN, /* nothing says */
    ADMISSION_YES,     /* a policy sees all of it */
    ADMISSION_PARTIAL, /* it sees a part */
    ADMISSION_NO,      /* an organisation's decision, or a fact about the cluster */
    ADMISSION_HOST     /* a file or a flag of a node, which no admission request shows */
};
enum admission admission_of(const char *word);
const char *admission_name(enum admission admission); /* "yes", …; "" */
bool admission_is_checkable(enum admission admission);

struct benchmark;

/* The one compiled in. Never NULL; the caller frees. */
struct benchmark *benchmark_builtin(void) MUST_USE;
/* Its controls as a matrix, without a benchmark about them. */
void benchmark_requirements(struct requirements *out);
/* A user's copy: a CSV or OSCAL file (`map` may be NULL), a YAML of kube-bench, or a folder of
 * them. What it does not say of admission is taken from the built-in one: by id where it is the
 * same version, by words where it is another of the same framework. */
struct benchmark *benchmark_read(
    const char *path, const struct requirements_map *map, struct err *err) MUST_USE;
void benchmark_free(struct benchmark *benchmark);

const char *benchmark_framework(const struct benchmark *benchmark); /* "cis-k8s" */
const char *benchmark_version(const struct benchmark *benchmark);   /* "1.9" */
/* In its order; text and title are its words, terms more of them. Borrowed. */
const struct requirements *benchmark_controls(const struct benchmark *benchmark);
/* By id, or NULL. */
const struct requirement *benchmark_find(const struct benchmark *benchmark, struct str id);

enum benchmark_judgement {
    BENCHMARK_FOREIGN, /* not of this framework: nothing to say */
    BENCHMARK_KNOWN,   /* it has this number, and the words do not speak against it */
    BENCHMARK_UNKNOWN, /* it has no such number */
    BENCHMARK_VERSION, /* said to be of another version, in which a number may mean something else
                        */
    BENCHMARK_OTHER    /* the words are those of another of its controls */
};

/* *is: the control that is meant by the number, or (BENCHMARK_OTHER, BENCHMARK_VERSION) the one
 * whose words these are; NULL when there is none. */
enum benchmark_judgement benchmark_judge(struct benchmark *benchmark,
    const struct requirement *requirement, const struct requirement **is);
/* The same of a number a policy names, with the framework as it is written there; `words` are the
 * policy's (title, name) or empty. */
enum benchmark_judgement benchmark_judge_id(struct benchmark *benchmark, struct str framework,
    struct str id, struct str words, const struct requirement **is);
/* The control that these words read most like, or NULL when none is much like them. */
const struct requirement *benchmark_guess(struct benchmark *benchmark, struct str words);
/* Appends a sentence on a judgement: "1.2.9 is another control in cis-k8s 1.9 …"; nothing for
 * KNOWN and FOREIGN. */
void benchmark_explain(const struct benchmark *benchmark, enum benchmark_judgement judgement,
    const char *id, const char *framework, const struct requirement *is, struct buf *out);

#endif
