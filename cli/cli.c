/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/cli.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "base/json.h"
#include "base/text.h"
#include "cli/connect.h"
#include "cli/reply.h"

static int choose_colour(const char *when, ColourWhen *ret_when, Fault *fault) {
        static const char *const names[] = {
                [COLOUR_AUTO] = "auto",
                [COLOUR_ALWAYS] = "always",
                [COLOUR_NEVER] = "never",
        };

        for (size_t i = 0; i < N_ELEMENTS(names); i++)
                if (!when || strcmp(when, names[i]) == 0) {
                        *ret_when = (ColourWhen)i;
                        return 0;
                }
        return fault_set(fault, FAULT_BAD_REQUEST,
                         "--color is \"%s\", wanted auto, always or never", when);
}

/* Where the socket and the configuration are: of the system, or of a standalone daemon. */
static int choose_paths(Cli *cli, Fault *fault) {
        const char *dir = cli->options.value[OPTION_DIR],
                   *socket = cli->options.value[OPTION_SOCKET],
                   *host = cli->options.value[OPTION_HOST];

        if (host && (dir || socket))
                return fault_set(fault, FAULT_BAD_REQUEST,
                                 "--host goes with neither --dir nor --socket");
        if (!dir && !host)
                dir = getenv("DISCFW_DIR");
        if (dir && dir[0]) {
                text_format(cli->socket, sizeof(cli->socket), "%s/run/discfwd.sock", dir);
                text_format(cli->config, sizeof(cli->config), "%s/etc", dir);
        } else {
                text_format(cli->socket, sizeof(cli->socket), "%s", DISCFWD_SOCKET);
                text_format(cli->config, sizeof(cli->config), "%s", SYSCONFDIR "/discfwd");
        }
        if (socket)
                text_format(cli->socket, sizeof(cli->socket), "%s", socket);
        /* A name that was cut would be another folder. */
        if (strlen(cli->socket) == sizeof(cli->socket) - 1)
                return fault_set(fault, FAULT_BAD_REQUEST, "the name of the folder is too long");
        return 0;
}

int cli_open(Cli *cli, Fault *fault) {
        ColourWhen when = COLOUR_AUTO;
        int r;

        /* First, so that what is said about the rest is said well. */
        r = choose_colour(cli->options.value[OPTION_COLOR], &when, fault);
        screen_open(&cli->screen, stdout, when, option_given(&cli->options, OPTION_ASCII));
        if (r < 0)
                return r;
        return choose_paths(cli, fault);
}

void cli_close(Cli *cli) {
        pager_close(&cli->pager);
        cli->client = client_free(cli->client);
        if (cli->ssh > 0) {
                /* All was heard; a network that hangs must not keep us. */
                (void)kill(cli->ssh, SIGTERM);
                while (waitpid(cli->ssh, NULL, 0) < 0 && errno == EINTR)
                        ;
        }
        cli->ssh = 0;
}

int cli_connect(Cli *cli, Fault *fault) {
        const char *host = cli->options.value[OPTION_HOST];
        char peer[300];
        int fd, r;

        if (cli->client)
                return 0;
        if (host) {
                text_format(peer, sizeof(peer), "discfwd on %s", host);
                r = connect_host(host, &fd, &cli->ssh, fault);
        } else {
                text_format(peer, sizeof(peer), "discfwd at %s", cli->socket);
                r = connect_socket(cli->socket, &fd, fault);
        }
        if (r < 0)
                return r;
        r = client_new(fd, peer, &cli->client);
        return r < 0 ? cli_no_memory(fault) : 0;
}

int cli_no_memory(Fault *fault) {
        return fault_set(fault, FAULT_INTERNAL, "out of memory");
}

static int clean(Cli *cli, json_t *reply, Fault *fault) {
        if (!cli_json(cli) && reply_clean(reply, !cli->screen.utf8) < 0)
                return cli_no_memory(fault);
        return 0;
}

int cli_call(Cli *cli, const char *method, json_t *parameters, json_t **ret_reply, Fault *fault) {
        _cleanup_json_ json_t *mine = parameters, *reply = NULL;
        int r;

        r = cli_connect(cli, fault);
        if (r < 0)
                return r;
        r = client_call(cli->client, method, TAKE(mine), &reply, fault);
        if (r < 0)
                return r;
        r = clean(cli, reply, fault);
        if (r < 0)
                return r;

        *ret_reply = TAKE(reply);
        return 0;
}

typedef struct CleanView {
        Cli *cli;
        const ClientView *view;
} CleanView;

static int on_reply(json_t *reply, bool continues, void *userdata, Fault *fault) {
        const CleanView *clean_view = userdata;
        int r;

        r = clean(clean_view->cli, reply, fault);
        if (r < 0)
                return r;
        return clean_view->view->on_reply(reply, continues, clean_view->view->userdata, fault);
}

static void on_tick(void *userdata) {
        const CleanView *clean_view = userdata;

        if (clean_view->view->on_tick)
                clean_view->view->on_tick(clean_view->view->userdata);
}

int cli_watch(Cli *cli, const char *method, json_t *parameters, const ClientView *view,
              Fault *fault) {
        _cleanup_json_ json_t *mine = parameters;
        CleanView userdata = { cli, view };
        const ClientView clean_view = {
                .on_reply = on_reply,
                .on_tick = on_tick,
                .interrupt_fd = view->interrupt_fd,
                .userdata = &userdata,
        };
        int r;

        r = cli_connect(cli, fault);
        if (r < 0)
                return r;
        return client_watch(cli->client, method, TAKE(mine), &clean_view, fault);
}

void cli_print_json(Cli *cli, const json_t *json) {
        /* All beyond ASCII as \u: then nothing in it can steer a terminal. */
        _cleanup_free_ char *text = json_dumps(json, JSON_COMPACT | JSON_ENSURE_ASCII);

        (void)fprintf(cli->screen.out, "%s\n", text ? text : "{}");
        (void)fflush(cli->screen.out);
}

/* What the daemon said that the person should do; else what the table says. */
static void find_mend(const Cli *cli, const Fault *fault, char *ret_mend, size_t size) {
        const json_t *error = cli->client ? client_error(cli->client) : NULL;
        const char *mend = reply_text(reply_object(error, "parameters"), "mend");

        if (error) {
                mend = mend[0] ? mend : fault_mend(fault->code);
        } else if (fault->code == FAULT_DAEMON_UNREACHABLE && cli->options.value[OPTION_HOST]) {
                mend = "check that \"ssh HOST discfw status\" works";
        } else if (fault->code == FAULT_DAEMON_UNREACHABLE &&
                   strcmp(cli->socket, DISCFWD_SOCKET) != 0) {
                mend = "start it: \"discfwd --standalone DIR\"";
        } else {
                mend = fault_mend(fault->code);
        }
        if (fault->code == FAULT_BAD_REQUEST && !mend) {
                text_format(ret_mend, size, "see \"discfw help%s%s\"", cli->verb ? " " : "",
                            cli->verb ? cli->verb->name : "");
                return;
        }
        text_format(ret_mend, size, "%s", mend ? mend : "");
}

static void fail_json(Cli *cli, const Fault *fault, const char *mend) {
        const json_t *said = cli->client ? client_error(cli->client) : NULL;
        _cleanup_json_ json_t *error = NULL;

        if (said) {
                cli_print_json(cli, said);
                return;
        }
        error = json_pack("{s:s, s:{s:o, s:s*}}", "error", fault_varlink_name(fault->code),
                          "parameters", "text", json_string_safe(fault->text), "mend",
                          mend[0] ? mend : NULL);
        cli_print_json(cli, error);
}

void cli_complain(const char *mend, const char *format, ...) {
        char text[2 * FAULT_TEXT_MAX], shown[4 * sizeof(text) + 1];
        va_list ap;

        va_start(ap, format);
        (void)vsnprintf(text, sizeof(text), format, ap);
        va_end(ap);
        (void)fflush(stdout); /* in the order in which it was said */
        text_escape_utf8(text, shown, sizeof(shown));
        (void)fprintf(stderr, "discfw: %s\n", shown);
        if (!mend || !mend[0])
                return;
        text_escape_utf8(mend, shown, sizeof(shown));
        (void)fprintf(stderr, "  %s\n", shown);
}

int cli_fail(Cli *cli, const Fault *fault) {
        char mend[FAULT_TEXT_MAX];

        find_mend(cli, fault, mend, sizeof(mend));
        if (cli_json(cli))
                fail_json(cli, fault, mend);
        else
                cli_complain(mend, "%s", fault->text);
        return fault_exit_status(fault->code);
}

int cli_usage(Cli *cli, const char *format, ...) {
        Fault fault = {};
        va_list ap;

        va_start(ap, format);
        (void)fault_set_v(&fault, FAULT_BAD_REQUEST, format, ap);
        va_end(ap);
        return cli_fail(cli, &fault);
}
