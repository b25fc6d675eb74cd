#include "model/provider.h"

#include "base/vec.h"

#include <stdlib.h>

void item_free(struct item *item)
{
    free(item->text);
    free(item->call_id);
    free(item->name);
    free(item->opaque);
    *item = (struct item){0};
}

void items_free(struct items *items)
{
    VEC_FOREACH (struct item, item, items) {
        item_free(item);
    }
    VEC_FREE(items);
}

struct stream *provider_start(struct provider *provider, const struct request *request,
    event_fn on_event, void *data, struct err *err)
{
    return provider->ops->start(provider, request, on_event, data, err);
}

void provider_cancel(struct provider *provider, struct stream *stream)
{
    if (stream != NULL) {
        provider->ops->cancel(stream);
    }
}

void provider_free(struct provider *provider)
{
    if (provider != NULL) {
        provider->ops->free(provider);
    }
}

void provider_decide(struct provider *provider, struct stream *stream, const char *call_id,
    enum approval approval, struct str reason)
{
    if (stream != NULL && provider->ops->decide != NULL) {
        provider->ops->decide(stream, call_id, approval, reason);
    }
}

void provider_fork(struct provider *provider, const char *from, const char *to)
{
    if (provider->ops->fork != NULL) {
        provider->ops->fork(provider, from, to);
    }
}

void provider_show(struct provider *provider, const char *session)
{
    if (provider->ops->show != NULL) {
        provider->ops->show(provider, session);
    }
}

bool provider_offered(
    const struct provider *provider, enum offer_kind kind, size_t index, struct offer *out)
{
    *out = (struct offer){0};
    return provider->ops->offered != NULL && provider->ops->offered(provider, kind, index, out);
}

bool provider_use_mode(struct provider *provider, const char *mode, struct err *err)
{
    if (provider->ops->use_mode == NULL) {
        return err_set(err, ERR_UNSUPPORTED,
            "There are no modes to choose: an agent of [agents] may have some (acp:NAME).");
    }
    return provider->ops->use_mode(provider, mode, err);
}

const char *provider_mode(const struct provider *provider)
{
    return provider->ops->mode == NULL ? NULL : provider->ops->mode(provider);
}

char *provider_limits(const struct provider *provider)
{
    return provider->ops->limits == NULL ? NULL : provider->ops->limits(provider);
}

bool provider_is_ending(const struct provider *provider)
{
    return provider->ops->is_ending != NULL && provider->ops->is_ending(provider);
}
