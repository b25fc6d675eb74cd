#include "desk_decided.h"

#include "desk_private.h"
#include "evidence/evidence.h"
#include "policy/guard.h"

#include <stdlib.h>

struct reading {
    struct desk_decided *owner; /* NULL: not wanted any more */
    char *root;
    struct findings findings;
};

struct desk_decided {
    struct desk *desk;
    struct reading *reading; /* the last one begun, or NULL */
};

static void work(void *data)
{
    struct reading *reading = data;
    guards_drop_silenced(reading->root, &reading->findings);
}

static void worked(void *data, bool cancelled)
{
    struct reading *reading = data;
    struct desk_decided *decided = reading->owner;
    if (decided != NULL && !cancelled) {
        decided->reading = NULL;
        problems_set(
            diagnose_problems(decided->desk->diagnose), "decided", NULL, 0, &reading->findings);
        diagnose_show(decided->desk->diagnose);
    }
    findings_free(&reading->findings);
    free(reading->root);
    free(reading);
}

static void forget(struct desk_decided *decided)
{
    if (decided->reading != NULL) {
        decided->reading->owner = NULL;
        decided->reading = NULL;
    }
}

void desk_decided_tell(struct desk_decided *decided, const struct matrix *matrix)
{
    forget(decided);
    if (matrix_policies(matrix) * matrix_fixtures(matrix) > DECIDED_CELLS_MAX) {
        return;
    }
    struct reading *reading = MEM_NEW(struct reading);
    reading->owner = decided;
    reading->root = mem_strdup(workspace_root(workbench_workspace(decided->desk->workbench)));
    evidence_of_matrix(matrix, MATRIX_NOW, &reading->findings);
    decided->reading = reading;
    loop_work_start(decided->desk->loop, work, worked, reading);
}

struct desk_decided *desk_decided_new(struct desk *desk)
{
    struct desk_decided *decided = MEM_NEW(struct desk_decided);
    decided->desk = desk;
    return decided;
}

void desk_decided_free(struct desk_decided *decided)
{
    if (decided != NULL) {
        forget(decided);
        free(decided);
    }
}
