/* Walking a trace: from stop to stop, as somebody with a debugger does. */
#include "engine/opa_trace.h"

static const struct trace_step *at(const struct trace *trace, size_t step)
{
    return &trace->steps.items[step];
}

static unsigned depth_of(const struct trace *trace, size_t step)
{
    return trace->frames.items[at(trace, step)->frame].depth;
}

static bool fails(enum trace_outcome outcome)
{
    return outcome == TRACE_FALSE || outcome == TRACE_UNDEFINED || outcome == TRACE_NOT_TRUE;
}

bool trace_is_stop(const struct trace *trace, size_t step)
{
    const struct trace_step *s = at(trace, step);
    if (s->file[0] == '\0') {
        return false; /* of the query itself: it stands in no file */
    }
    switch (s->op) {
    case TRACE_ENTER:
    case TRACE_EXIT:
        return s->text[0] != '\0'; /* of rules; a comprehension's body has its expressions */
    case TRACE_EVAL:
        return !s->generated || fails(s->outcome);
    case TRACE_FAIL:
        /* Right behind its expression it says nothing new. */
        return step == 0 || at(trace, step - 1)->next_same != step ||
               at(trace, step - 1)->op != TRACE_EVAL;
    case TRACE_REDO:
        return !s->generated && s->text[0] == '\0' && s->outcome == TRACE_TRUE;
    case TRACE_NOTE:
        return true;
    default:
        return false;
    }
}

size_t trace_first(const struct trace *trace)
{
    for (size_t i = 0; i < trace->steps.len; i++) {
        if (trace_is_stop(trace, i)) {
            return i;
        }
    }
    return TRACE_NONE;
}

size_t trace_last(const struct trace *trace)
{
    for (size_t i = trace->steps.len; i > 0; i--) {
        if (trace_is_stop(trace, i - 1)) {
            return i - 1;
        }
    }
    return TRACE_NONE;
}

/* The next stop that `wanted` likes. */
static size_t find(const struct trace *trace, size_t step,
    bool (*wanted)(const struct trace *trace, size_t step, const void *data), const void *data)
{
    for (size_t i = step + 1; i < trace->steps.len; i++) {
        if (trace_is_stop(trace, i) && wanted(trace, i, data)) {
            return i;
        }
    }
    return step;
}

static bool any(const struct trace *trace, size_t step, const void *data)
{
    (void)trace;
    (void)step;
    (void)data;
    return true;
}

static bool not_deeper(const struct trace *trace, size_t step, const void *depth)
{
    return depth_of(trace, step) <= *(const unsigned *)depth;
}

static bool higher(const struct trace *trace, size_t step, const void *depth)
{
    return depth_of(trace, step) < *(const unsigned *)depth;
}

/* Below a `not` that held: what does not hold there is what was wanted. */
static bool is_wanted(const struct trace *trace, size_t step)
{
    size_t frame = at(trace, step)->frame;
    for (; frame != TRACE_NONE; frame = trace->frames.items[frame].parent) {
        const struct trace_frame *f = &trace->frames.items[frame];
        const struct trace_step *asker = f->enter == 0 ? NULL : at(trace, f->enter - 1);
        if (asker != NULL && asker->frame == f->parent && asker->op == TRACE_EVAL &&
            asker->negated && asker->outcome == TRACE_TRUE) {
            return true;
        }
    }
    return false;
}

static bool is_failure(const struct trace *trace, size_t step, const void *data)
{
    const struct trace_step *s = at(trace, step);
    (void)data;
    return (s->op == TRACE_FAIL || fails(s->outcome)) && !is_wanted(trace, step);
}

struct place {
    const char *file;
    unsigned row;
};

static bool is_there(const struct trace *trace, size_t step, const void *data)
{
    const struct place *place = data;
    return at(trace, step)->at.row == place->row && strcmp(at(trace, step)->file, place->file) == 0;
}

size_t trace_forward(const struct trace *trace, size_t step)
{
    return find(trace, step, any, NULL);
}

size_t trace_backward(const struct trace *trace, size_t step)
{
    for (size_t i = step; i > 0; i--) {
        if (trace_is_stop(trace, i - 1)) {
            return i - 1;
        }
    }
    return step;
}

size_t trace_over(const struct trace *trace, size_t step)
{
    unsigned depth = depth_of(trace, step);
    return find(trace, step, not_deeper, &depth);
}

size_t trace_out(const struct trace *trace, size_t step)
{
    unsigned depth = depth_of(trace, step);
    return find(trace, step, higher, &depth);
}

size_t trace_next_failure(const struct trace *trace, size_t step)
{
    return find(trace, step, is_failure, NULL);
}

size_t trace_run_to(const struct trace *trace, size_t step, const char *file, unsigned row)
{
    struct place place = {file, row};
    return find(trace, step, is_there, &place);
}

/* The failure of [from, to) at a depth that got furthest in its body, the last of equals. */
static size_t furthest(const struct trace *trace, size_t from, size_t to, unsigned depth)
{
    size_t best = TRACE_NONE;
    for (size_t i = from; i < to; i++) {
        const struct trace_step *s = at(trace, i);
        if (s->op == TRACE_FAIL && s->file[0] != '\0' && depth_of(trace, i) == depth &&
            (best == TRACE_NONE || s->index >= at(trace, best)->index)) {
            best = i;
        }
    }
    return best;
}

/* The step that began the expression which failed at `fail`. */
static size_t begin_of(const struct trace *trace, size_t fail)
{
    for (size_t i = fail; i > 0; i--) {
        const struct trace_step *s = at(trace, i - 1);
        if (s->frame == at(trace, fail)->frame && s->op == TRACE_EVAL &&
            s->index == at(trace, fail)->index) {
            return i - 1;
        }
    }
    return fail;
}

size_t trace_culprit(const struct trace *trace)
{
    size_t found = TRACE_NONE;
    size_t from = 0;
    size_t to = trace->steps.len;
    for (unsigned depth = 1; from < to; depth++) {
        size_t fail = furthest(trace, from, to, depth);
        if (fail == TRACE_NONE) {
            break;
        }
        size_t begin = begin_of(trace, fail);
        found = trace_is_stop(trace, begin) ? begin : fail;
        if (at(trace, fail)->negated) {
            break; /* it fails because what it asks holds */
        }
        from = begin;
        to = fail;
    }
    return found;
}

size_t trace_stack(const struct trace *trace, size_t step, size_t *frames, size_t max)
{
    size_t count = 0;
    size_t frame = at(trace, step)->frame;
    while (frame != TRACE_NONE && count < max) {
        if (trace->frames.items[frame].rule[0] != '\0') {
            frames[count++] = frame;
        }
        frame = trace->frames.items[frame].parent;
    }
    return count;
}

const struct trace_binding *trace_variables(const struct trace *trace, size_t step, size_t *count)
{
    const struct trace_step *s = at(trace, step);
    if ((s->op == TRACE_EVAL || s->op == TRACE_REDO) && s->outcome == TRACE_TRUE &&
        s->next_same != TRACE_NONE) {
        s = at(trace, s->next_same);
    }
    *count = s->binding_count;
    return s->binding_count == 0 ? NULL : &trace->bindings.items[s->first_binding];
}
