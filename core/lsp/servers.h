/* Which language servers there are: one row each. Two come with the program; the user's own
 * config.toml adds to them or replaces one by name:
 *
 *     [language_servers.rego-ls]
 *     command = ["rego-ls", "--stdio"]     # an empty list switches a row off
 *     languages = ["rego"]                 # as the editor's border names them
 *     root_markers = [".regal"]            # started only where the workspace has one of these
 *     settings = { rego = { lint = true } } # answers to workspace/configuration
 *     network = true                       # it may reach other machines
 *     repository_rules = true              # it may run what the repository brings along
 *
 * The last two are off unless the user sets them. A YAML file can name a schema's address and a
 * repository can bring lint rules that call http.send, both of which a server would follow as soon
 * as the file is opened. Without `network` the server gets proxies that lead nowhere (this machine
 * itself may still be reached); without `repository_rules` Regal is not started where there is a
 * .regal/rules.
 *
 * A repository's configuration may not name programs, so its table is ignored (config.h says so).
 */
#ifndef BYLAW_LSP_SERVERS_H
#define BYLAW_LSP_SERVERS_H

#include "base/json.h"
#include "config/config.h"

struct lsp_words {
    char **items; /* NULL-terminated once loaded */
    size_t len, cap;
};

struct lsp_server {
    char *name;
    struct lsp_words command; /* command.items[0] is the program; empty: off */
    struct lsp_words languages;
    struct lsp_words markers;
    cJSON *settings; /* an object, or NULL */
    bool is_own;     /* its command is the user's: that it is not there is a mistake */
    bool network;
    bool repository_rules;
    const char
        *rules; /* static: where a repository's own rules stand, which are programs; or NULL */
};

struct lsp_servers {
    struct lsp_server *items;
    size_t len, cap;
    struct lsp_words problems; /* mistakes in the table, one line each, for the user */
};

/* The rows in force; none when the setting `lsp` is false. */
void lsp_servers_load(const struct config *config, struct lsp_servers *servers);
void lsp_servers_free(struct lsp_servers *servers);
bool lsp_server_speaks(const struct lsp_server *server, const char *language);
/* True when it has no markers, or `root` has one of them. */
bool lsp_server_fits(const struct lsp_server *server, const char *root);
/* NULL-terminated, static: what its environment gets. */
const char *const *lsp_server_environment(const struct lsp_server *server);
/* False: the repository at `root` brings rules that the user did not allow (err says so). */
bool lsp_server_allowed(
    const struct lsp_server *server, const char *root, struct err *err) MUST_USE;
/* The program: on PATH, else where scripts/setup puts programs. NULL: not there (err says what to
 * do). The caller frees. */
char *lsp_server_program(const struct lsp_server *server, struct err *err) MUST_USE;

#endif
