/* libcurl, loaded when the first request is made: with the thirty libraries behind it, it takes
 * longer to load and to set up than the rest of the program takes to show its first screen, and
 * many sessions never make a request.
 *
 * Include this in place of curl/curl.h and call curl's functions by their own names, after
 * curl_lazy_load has said yes. Any thread. */
#ifndef BYLAW_LOOP_CURL_LAZY_H
#define BYLAW_LOOP_CURL_LAZY_H

/* The type checks are macros with the names that are macros below. */
#define CURL_DISABLE_TYPECHECK

#include "base/err.h"

#include <curl/curl.h>

#undef curl_easy_setopt
#undef curl_easy_getinfo
#undef curl_multi_setopt

/* Every function of libcurl that this program calls. */
#define CURL_LAZY_FUNCTIONS(X)                                                                     \
    X(curl_easy_cleanup)                                                                           \
    X(curl_easy_getinfo)                                                                           \
    X(curl_easy_init)                                                                              \
    X(curl_easy_setopt)                                                                            \
    X(curl_easy_strerror)                                                                          \
    X(curl_free)                                                                                   \
    X(curl_getdate)                                                                                \
    X(curl_global_init)                                                                            \
    X(curl_multi_add_handle)                                                                       \
    X(curl_multi_assign)                                                                           \
    X(curl_multi_cleanup)                                                                          \
    X(curl_multi_info_read)                                                                        \
    X(curl_multi_init)                                                                             \
    X(curl_multi_remove_handle)                                                                    \
    X(curl_multi_setopt)                                                                           \
    X(curl_multi_socket_action)                                                                    \
    X(curl_slist_append)                                                                           \
    X(curl_slist_free_all)                                                                         \
    X(curl_url)                                                                                    \
    X(curl_url_cleanup)                                                                            \
    X(curl_url_get)                                                                                \
    X(curl_url_set)                                                                                \
    X(curl_url_strerror)

struct curl_lazy {
#define X(name) __typeof__(&name) name##_;
    CURL_LAZY_FUNCTIONS(X)
#undef X
};

extern struct curl_lazy curl_lazy;

/* Loads and sets up libcurl at its first call. False, also at each later call: it could not be
 * loaded (err names the file and what the system says). */
bool curl_lazy_load(struct err *err) MUST_USE;

#ifndef CURL_LAZY_OWN
#define curl_easy_cleanup        curl_lazy.curl_easy_cleanup_
#define curl_easy_getinfo        curl_lazy.curl_easy_getinfo_
#define curl_easy_init           curl_lazy.curl_easy_init_
#define curl_easy_setopt         curl_lazy.curl_easy_setopt_
#define curl_easy_strerror       curl_lazy.curl_easy_strerror_
#define curl_free                curl_lazy.curl_free_
#define curl_getdate             curl_lazy.curl_getdate_
#define curl_multi_add_handle    curl_lazy.curl_multi_add_handle_
#define curl_multi_assign        curl_lazy.curl_multi_assign_
#define curl_multi_cleanup       curl_lazy.curl_multi_cleanup_
#define curl_multi_info_read     curl_lazy.curl_multi_info_read_
#define curl_multi_init          curl_lazy.curl_multi_init_
#define curl_multi_remove_handle curl_lazy.curl_multi_remove_handle_
#define curl_multi_setopt        curl_lazy.curl_multi_setopt_
#define curl_multi_socket_action curl_lazy.curl_multi_socket_action_
#define curl_slist_append        curl_lazy.curl_slist_append_
#define curl_slist_free_all      curl_lazy.curl_slist_free_all_
#define curl_url                 curl_lazy.curl_url_
#define curl_url_cleanup         curl_lazy.curl_url_cleanup_
#define curl_url_get             curl_lazy.curl_url_get_
#define curl_url_set             curl_lazy.curl_url_set_
#define curl_url_strerror        curl_lazy.curl_url_strerror_
#endif

#endif
