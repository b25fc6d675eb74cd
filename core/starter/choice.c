#include "starter/choice.h"

const struct framework_info frameworks[FRAMEWORK_COUNT] = {
    [FRAMEWORK_OPA] = {"opa", "OPA as a server", "Rego that a service asks before it acts", "opa"},
    [FRAMEWORK_GATEKEEPER] = {"gatekeeper", "OPA Gatekeeper",
        "admission to Kubernetes, in Rego: templates and constraints", "opa gator"},
    [FRAMEWORK_KYVERNO] = {"kyverno", "Kyverno", "admission to Kubernetes, in YAML and CEL",
        "kyverno"},
    [FRAMEWORK_CONFTEST] = {"conftest", "Conftest with OPA",
        "Terraform plans and other configuration before it is deployed, in Rego", "opa conftest"},
    [FRAMEWORK_CEDAR] = {"cedar", "Cedar", "who may do what in an application", "cedar"},
};

const struct choice_info choice_infos[CHOICE_COUNT] = {
    [CHOICE_KUBERNETES] = {"kubernetes", "Is it for Kubernetes only?",
        "what is admitted to a cluster, and nothing else"},
    [CHOICE_REGO] = {"rego", "Does the team know Rego?",
        "OPA's language; without it YAML, CEL or Cedar are easier to review"},
    [CHOICE_AUTHORISATION] = {"authorisation", "Is it for authorisation in an application?",
        "who may do what: decisions that a service asks for"},
    [CHOICE_INFRASTRUCTURE] = {"infrastructure", "Is it for infrastructure as code?",
        "Terraform plans, Dockerfiles and the like, before they are deployed"},
};

/* The tree: below each question the node for yes and for no; one that is no question is a leaf. */
struct node {
    enum choice_question question;
    int yes, no; /* a node, or ~framework */
};

static const struct node tree[] = {
    {CHOICE_KUBERNETES, 1, 2},
    {CHOICE_REGO, ~FRAMEWORK_GATEKEEPER, ~FRAMEWORK_KYVERNO},
    {CHOICE_AUTHORISATION, 3, 4},
    {CHOICE_REGO, ~FRAMEWORK_OPA, ~FRAMEWORK_CEDAR},
    {CHOICE_INFRASTRUCTURE, ~FRAMEWORK_CONFTEST, ~FRAMEWORK_OPA},
};

bool choice_next(
    const struct choice *choice, enum choice_question *question, enum framework *framework)
{
    int at = 0;
    while (at >= 0) {
        *question = tree[at].question;
        switch (choice->answers[*question]) {
        case CHOICE_OPEN:
            return true;
        case CHOICE_YES:
            at = tree[at].yes;
            break;
        case CHOICE_NO:
            at = tree[at].no;
            break;
        }
    }
    *framework = (enum framework) ~at;
    return false;
}

/* The next of words apart by commas, without the blanks around it; false after the last. */
static bool next_word(struct str *rest, struct str *word)
{
    while (rest->len > 0) {
        size_t end = 0;
        while (end < rest->len && rest->ptr[end] != ',') {
            end++;
        }
        *word = str_trim(str_slice(*rest, 0, end));
        *rest = str_slice(*rest, end < rest->len ? end + 1 : end, rest->len);
        if (word->len > 0) {
            return true;
        }
    }
    return false;
}

bool framework_set_add(struct str names, unsigned *set, struct err *err)
{
    struct str word;
    while (next_word(&names, &word)) {
        unsigned found = FRAMEWORK_COUNT;
        for (unsigned i = 0; i < FRAMEWORK_COUNT; i++) {
            found = str_equal_c(word, frameworks[i].name) ? i : found;
        }
        if (found == FRAMEWORK_COUNT) {
            return err_set(err, ERR_INVALID,
                "no framework is named %.*s: say opa, gatekeeper, kyverno, conftest or cedar",
                STR_FMT(word));
        }
        *set |= 1U << found;
    }
    return true;
}

bool choice_add(struct choice *choice, struct str answers, struct err *err)
{
    struct str word;
    while (next_word(&answers, &word)) {
        bool no = str_starts(word, "no-");
        struct str name = no ? str_slice(word, 3, word.len) : word;
        unsigned found = CHOICE_COUNT;
        for (unsigned i = 0; i < CHOICE_COUNT; i++) {
            found = str_equal_c(name, choice_infos[i].name) ? i : found;
        }
        if (found == CHOICE_COUNT) {
            return err_set(err, ERR_INVALID,
                "%.*s is no answer: say kubernetes, rego, authorisation or infrastructure, each "
                "with no- before it for no",
                STR_FMT(word));
        }
        choice->answers[found] = no ? CHOICE_NO : CHOICE_YES;
    }
    return true;
}
