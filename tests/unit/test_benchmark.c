/* Control numbers: what a framework is called, what kube-bench's files hold, and numbers that mean
 * something else. */
#include "test.h"

#include "base/vec.h"
#include "control/benchmark.h"
#include "control/framework.h"
#include "control/words.h"

#include <stdlib.h>

static enum framework_relation relate(const char *a, const char *version, const char *b)
{
    return framework_relate(str_of(a), str_of(version), str_of(b), str_make("", 0));
}

static void frameworks(void **state)
{
    (void)state;
    assert_int_equal(relate("cis-k8s", "1.9", "k8s-cis-1.9"), FRAMEWORK_SAME);
    assert_int_equal(relate("cis-k8s", "1.9", "CIS Kubernetes Benchmark v1.9"), FRAMEWORK_SAME);
    assert_int_equal(relate("cis-k8s", "", "k8s-cis-1.23"), FRAMEWORK_SAME);
    assert_int_equal(relate("cis-k8s", "1.9", "k8s-cis-1.23"), FRAMEWORK_VERSION);
    assert_int_equal(relate("cis-k8s", "1.2", "k8s-cis-1.23"), FRAMEWORK_VERSION);
    assert_int_equal(relate("cis-k8s", "1.9", "cis-aws-1.4"), FRAMEWORK_OTHER);
    assert_int_equal(relate("cis-k8s", "1.9", "rke2-cis-1.24"), FRAMEWORK_OTHER);
    assert_int_equal(relate("cis-k8s", "1.9", "cis"), FRAMEWORK_UNSAID);
    assert_int_equal(relate("cis-k8s", "1.9", "control"), FRAMEWORK_UNSAID);
    assert_int_equal(relate("internal", "", "policies.kyverno.io/control"), FRAMEWORK_UNSAID);
    assert_int_equal(relate("nist-800-53", "5", "NIST 800-53 rev 5.1"), FRAMEWORK_SAME);
    assert_int_equal(relate("nist-800-53", "r4", "NIST 800-53 Rev 5"), FRAMEWORK_VERSION);
    assert_int_equal(relate("nist-800-53", "5", "pci-dss"), FRAMEWORK_OTHER);
    assert_int_equal(relate("", "", ""), FRAMEWORK_UNSAID);
    char *version = framework_version(STR_LIT("cis-1.9"));
    assert_string_equal(version, "1.9");
    free(version);
}

static void likeness(void **state)
{
    (void)state;
    struct words *words = words_new();
    words_add(words, STR_LIT("privileged containers"));
    words_add(words, STR_LIT("host process id namespace hostPID"));
    words_add(words, STR_LIT("API server --audit-log-path"));
    assert_int_equal(words_best(words, STR_LIT("K8sPSPPrivilegedContainer"), 0, NULL).text, 0);
    assert_int_equal(words_best(words, STR_LIT("disallow-host-pid"), 0, NULL).text, 1);
    double like = 1;
    assert_int_equal(words_best(words, STR_LIT("audit-log-path"), 1, &like).text, 2);
    assert_true(like < 0.01);
    assert_true(words_best(words, STR_LIT("Buckets are not public"), 0, NULL).text == SIZE_MAX);
    assert_true(words_best(words, STR_LIT(""), SIZE_MAX, NULL).text == SIZE_MAX);
    words_free(words);
}

/* 130 controls: a policy sees 25, and a part of 7. */
static void the_one_compiled_in(void **state)
{
    (void)state;
    struct benchmark *benchmark = benchmark_builtin();
    const struct requirements *controls = benchmark_controls(benchmark);
    size_t counts[ADMISSION_HOST + 1] = {0};
    VEC_FOREACH (const struct requirement, control, controls) {
        enum admission admission = admission_of(control->admission);
        counts[admission]++;
        assert_true(control->text[0] != '\0');
        assert_int_equal(admission_is_checkable(admission), control->policy_type[0] != '\0');
        const struct requirement *is; /* its own words mean no other one */
        assert_int_equal(benchmark_judge(benchmark, control, &is), BENCHMARK_KNOWN);
        assert_ptr_equal(is, control);
    }
    assert_int_equal(controls->len, 130);
    assert_int_equal(counts[ADMISSION_YES], 25);
    assert_int_equal(counts[ADMISSION_PARTIAL], 7);
    assert_int_equal(counts[ADMISSION_UNKNOWN], 0);
    assert_string_equal(benchmark_framework(benchmark), "cis-k8s");
    assert_string_equal(benchmark_version(benchmark), "1.9");
    assert_null(benchmark_find(benchmark, STR_LIT("5.2.14")));
    benchmark_free(benchmark);
}

static const char *const judgements[] = {"foreign", "known", "unknown", "version", "other"};

static void judge(struct benchmark *benchmark, const char *framework, const char *version,
    const char *id, const char *text, const char *want)
{
    struct requirement requirement = {.id = (char *)id,
        .text = (char *)text,
        .framework = (char *)framework,
        .version = (char *)version};
    const struct requirement *is = NULL;
    enum benchmark_judgement judgement = benchmark_judge(benchmark, &requirement, &is);
    char *have = mem_printf("%s %s", judgements[judgement], is == NULL ? "-" : is->id);
    assert_string_equal(have, want);
    free(have);
}

static void numbers(void **state)
{
    (void)state;
    struct benchmark *b = benchmark_builtin();
    judge(b, "cis-k8s", "1.9", "5.2.2", "No privileged containers", "known 5.2.2");
    judge(b, "", "", "5.2.2", "", "known 5.2.2");
    /* Of 1.6 and 1.8. */
    judge(
        b, "", "", "5.2.2", "Containers do not share the host process ID namespace", "other 5.2.3");
    judge(b, "cis", "", "1.2.17", "The --audit-log-path argument is set", "other 1.2.16");
    judge(b, "cis-k8s", "1.8", "1.2.17", "The --audit-log-path argument is set", "version 1.2.16");
    judge(b, "cis-k8s", "1.9", "5.2.99", "Pods set runAsNonRoot or runAsUser", "unknown 5.2.7");
    judge(b, "", "", "9.9.9", "", "unknown -");
    judge(b, "internal", "", "K8S-01", "No privileged containers", "foreign -");
    judge(b, "", "", "K8S-01", "No privileged containers", "foreign -");
    judge(b, "cis-aws", "1.4", "5.3", "Default group", "foreign -");
    const struct requirement *is;
    assert_int_equal(benchmark_judge_id(b, STR_LIT("k8s-cis-1.23"), STR_LIT("5.2.2"),
                         STR_LIT("Access to host PID"), &is),
        BENCHMARK_VERSION);
    assert_string_equal(is->id, "5.2.3");
    struct buf text = BUF_INIT;
    benchmark_explain(b, BENCHMARK_VERSION, "5.2.2", "k8s-cis-1.23", is, &text);
    assert_string_equal(text.ptr, "5.2.2 is numbered as in k8s-cis-1.23, not cis-k8s 1.9: these "
                                  "words are those of 5.2.3 (Pod hostPID)");
    buf_free(&text);
    benchmark_free(b);
}

static const char policies_yaml[] = "---\n"
                                    "controls:\n"
                                    "version: \"cis-1.8\"\n"
                                    "id: 5\n"
                                    "groups:\n"
                                    "  - id: 5.2\n"
                                    "    text: Pod security\n"
                                    "    checks:\n"
                                    "      - id: 5.2.10\n"
                                    "        text: \"Windows HostProcess containers (Manual)\"\n"
                                    "      - id: 5.2.2\n"
                                    "        text: 'privileged containers'\n";

static void kube_bench(void **state)
{
    (void)state;
    struct err err;
    char *dir = test_dir_make();
    test_write(dir, "cis-1.8/policies.yaml", policies_yaml);
    test_write(dir, "cis-1.8/config.yaml", "---\n## version-specific\n");
    char *path = mem_printf("%s/cis-1.8", dir);
    struct benchmark *benchmark = benchmark_read(path, NULL, &err);
    assert_non_null(benchmark);
    const struct requirements *controls = benchmark_controls(benchmark);
    assert_int_equal(controls->len, 2);
    assert_string_equal(controls->items[0].id, "5.2.10");
    assert_int_equal(controls->items[0].line, 9);
    assert_string_equal(controls->items[0].framework, "cis-k8s");
    assert_string_equal(controls->items[0].version, "1.8");
    /* By its words: 5.2.11 of ours. */
    assert_string_equal(controls->items[0].admission, "yes");
    /* Our own words of 1.9, held against the user's copy of 1.8. */
    judge(
        benchmark, "cis-k8s", "1.9", "5.2.11", "Pod windowsOptions.hostProcess", "version 5.2.10");
    judge(benchmark, "cis-k8s", "1.8", "1.1.1", "", "unknown -");
    benchmark_free(benchmark);
    free(path);

    /* Of the same version a number of ours is what it is; a file of one section says nothing of
     * the others. */
    test_write(dir, "one.yaml",
        "version: cis-1.9\ngroups: [{id: 5.1, checks: [{id: 5.1.5, text: x}, {id: 5.1.6, text: "
        "y}]}]\n");
    path = mem_printf("%s/one.yaml", dir);
    benchmark = benchmark_read(path, NULL, &err);
    assert_non_null(benchmark);
    judge(benchmark, "cis-k8s", "1.9", "5.1.5",
        "Pod serviceAccountName default / ServiceAccount default automountServiceAccountToken",
        "known 5.1.5");
    judge(benchmark, "cis-k8s", "1.9", "1.1.1", "", "foreign -");
    judge(benchmark, "cis-k8s", "1.9", "5.9.1", "", "unknown -");
    benchmark_free(benchmark);
    free(path);

    test_write(dir, "twice.yaml", "version: x-1\ngroups: [{checks: [{id: 1.1}, {id: 1.1}]}]\n");
    test_write(dir, "none.yaml", "version: x-1\ngroups: [{checks: [{text: a}]}]\n");
    test_write(dir, "empty.yaml", "a: 1\n");
    path = mem_printf("%s/twice.yaml", dir);
    assert_null(benchmark_read(path, NULL, &err));
    assert_non_null(strstr(err.text, "1.1 stands in line 2 already"));
    free(path);
    path = mem_printf("%s/none.yaml", dir);
    assert_null(benchmark_read(path, NULL, &err));
    assert_non_null(strstr(err.text, "none.yaml:2: this check has no id"));
    free(path);
    path = mem_printf("%s/empty.yaml", dir);
    assert_null(benchmark_read(path, NULL, &err));
    assert_non_null(strstr(err.text, "no groups of checks"));
    free(path);
    test_dir_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frameworks),
        cmocka_unit_test(likeness),
        cmocka_unit_test(the_one_compiled_in),
        cmocka_unit_test(numbers),
        cmocka_unit_test(kube_bench),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
