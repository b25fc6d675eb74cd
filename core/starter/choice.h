/* Which framework a policy repository begins with: a few questions of yes and no, asked in the
 * order in which they matter, and the frameworks they lead to. Any thread. */
#ifndef BYLAW_STARTER_CHOICE_H
#define BYLAW_STARTER_CHOICE_H

#include "base/err.h"
#include "base/str.h"

enum framework {
    FRAMEWORK_OPA,
    FRAMEWORK_GATEKEEPER,
    FRAMEWORK_KYVERNO,
    FRAMEWORK_CONFTEST,
    FRAMEWORK_CEDAR,
    FRAMEWORK_COUNT
};

struct framework_info {
    const char *name;    /* "gatekeeper": as an option, and the folder of starter/ */
    const char *title;   /* "OPA Gatekeeper" */
    const char *what;    /* one line: what it is for */
    const char *engines; /* programs its policies are tested with: "opa gator" */
};

extern const struct framework_info frameworks[FRAMEWORK_COUNT];

/* "gatekeeper,conftest" as a set, bit 1 << enum framework each; ERR_INVALID names what there is. */
bool framework_set_add(struct str names, unsigned *set, struct err *err) MUST_USE;

enum choice_question {
    CHOICE_KUBERNETES,
    CHOICE_REGO,
    CHOICE_AUTHORISATION,
    CHOICE_INFRASTRUCTURE,
    CHOICE_COUNT
};

struct choice_info {
    const char *name;  /* "kubernetes": an option of `bylaw init` */
    const char *asked; /* "Is it for Kubernetes only?" */
    const char *help;  /* one line: what the answer decides */
};

extern const struct choice_info choice_infos[CHOICE_COUNT];

enum choice_answer { CHOICE_OPEN, CHOICE_YES, CHOICE_NO };

struct choice {
    enum choice_answer answers[CHOICE_COUNT];
};

/* The next question that matters: true with *question. False: all that matters is answered, and
 * *framework is what it comes to. */
bool choice_next(
    const struct choice *choice, enum choice_question *question, enum framework *framework);
/* "kubernetes,no-rego": yes to the first, no to the second. ERR_INVALID says what can be said. */
bool choice_add(struct choice *choice, struct str answers, struct err *err) MUST_USE;

#endif
