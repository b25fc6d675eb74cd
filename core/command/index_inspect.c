/* bylaw index --inspect: what opa inspect says of a file or a bundle. */
#include "command/command.h"
#include "command/index_rego.h"

#include "engine/opa_inspect.h"

#include <stdlib.h>

enum { WAIT_MS = 90000 };

struct inspection {
    const struct args *args;
    const char *path;
    int code;
    bool ended;
};

static void done(void *data, struct str json, const struct err *err)
{
    struct inspection *inspection = data;
    inspection->ended = true;
    if (err->kind != ERR_NONE) {
        inspection->code = command_fail(inspection->args, "%s", err->text);
        return;
    }
    char *text = opa_inspect_show(json, inspection->path);
    if (text == NULL) {
        inspection->code = command_fail(inspection->args, "opa inspect printed something else");
    } else if (args_has(inspection->args, "json")) {
        fwrite(json.ptr, 1, json.len, stdout);
    } else {
        fputs(text, stdout);
    }
    free(text);
}

int index_inspect(const struct args *args, const char *path)
{
    struct err err;
    struct inspection inspection = {.args = args, .path = path};
    struct loop *loop = loop_new(&err);
    if (loop == NULL) {
        return command_fail(args, "%s", err.text);
    }
    struct opa_inspect_request request = {.root = ".", .path = path};
    struct opa_inspect *inspect = opa_inspect_start(loop, &request, done, &inspection);
    if (!loop_run_until(loop, &inspection.ended, WAIT_MS)) {
        inspection.code = command_fail(args, "opa inspect does not end");
    }
    opa_inspect_free(inspect);
    loop_free(loop);
    return inspection.code;
}
