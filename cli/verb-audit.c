/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* audit verify, audit export: is the record whole, and a copy of it for keeping elsewhere. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "base/json.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/reply.h"

int verb_audit_verify(Cli *cli, char *operands[], int n_operands) {
        _cleanup_json_ json_t *reply = NULL;
        Fault fault = {};
        bool whole;

        (void)operands;
        (void)n_operands;
        if (cli_call(cli, "VerifyAudit", json_object(), &reply, &fault) < 0)
                return cli_fail(cli, &fault);
        whole = reply_bool(reply, "whole");
        if (cli_json(cli)) {
                cli_print_json(cli, reply);
                return whole ? EXIT_DONE : fault_exit_status(FAULT_AUDIT_BROKEN);
        }
        screen_put(&cli->screen, whole ? TONE_GOOD : TONE_BAD, whole ? "whole" : "NOT WHOLE");
        (void)fprintf(cli->screen.out, ": %" PRId64 " entries, %" PRId64 " signed heads\n",
                      reply_int(reply, "rows"), reply_int(reply, "heads"));
        if (reply_text(reply, "text")[0])
                screen_fill(&cli->screen, "", 0, reply_text(reply, "text"));
        if (reply_int(reply, "broken_seq") > 0)
                (void)fprintf(cli->screen.out, "the first wrong entry is %" PRId64 "\n",
                              reply_int(reply, "broken_seq"));
        if (reply_text(reply, "head")[0])
                screen_fill(&cli->screen, "head", 5, reply_text(reply, "head"));
        return whole ? EXIT_DONE : fault_exit_status(FAULT_AUDIT_BROKEN);
}

typedef struct ExportView {
        Cli *cli;
        FILE *out;
} ExportView;

/* The bytes of an entry are what its hash is of: they go into the file as they are. */
static int on_lines(json_t *reply, bool continues, void *userdata, Fault *fault) {
        const ExportView *view = userdata;
        const json_t *line;
        size_t i;

        (void)continues;
        if (cli_json(view->cli)) {
                cli_print_json(view->cli, reply);
                return 0;
        }
        if (isatty(fileno(view->out)) && reply_clean(reply, false) < 0)
                return cli_no_memory(fault);
        json_array_foreach(reply_array(reply, "lines"), i, line) {
                const char *text = json_string_value(line);

                if (!text || strchr(text, '\n'))
                        return fault_set(fault, FAULT_PROTOCOL,
                                         "the daemon's answer to ExportAudit is not made of lines");
                if (fprintf(view->out, "%s\n", text) < 0)
                        return fault_set(fault, FAULT_INTERNAL, "cannot write the log: %s",
                                         strerror(errno));
        }
        return 0;
}

static int export_to(Cli *cli, FILE *out, Fault *fault) {
        ExportView userdata = { cli, out };
        const ClientView view = {
                .on_reply = on_lines,
                .interrupt_fd = -1,
                .userdata = &userdata,
        };
        int r;

        r = cli_connect(cli, fault);
        if (r < 0)
                return r;
        return client_watch(cli->client, "ExportAudit", json_object(), &view, fault);
}

/* Into a new file beside FILE, which takes its name when all is on the disk. */
static int export_to_file(Cli *cli, const char *file, Fault *fault) {
        _cleanup_free_ char *temporary = NULL;
        _cleanup_fclose_ FILE *out = NULL;
        int fd, r;

        if (asprintf(&temporary, "%s.XXXXXX", file) < 0) {
                temporary = NULL;
                return cli_no_memory(fault);
        }
        fd = mkostemp(temporary, O_CLOEXEC);
        out = fd >= 0 ? fdopen(fd, "w") : NULL;
        if (!out)
                return fault_set(fault, errno == EACCES ? FAULT_NOT_PERMITTED : FAULT_BAD_REQUEST,
                                 "cannot make %s: %s", file, strerror(errno));
        r = export_to(cli, out, fault);
        if (r >= 0 && (fflush(out) != 0 || fsync(fd) < 0 || rename(temporary, file) < 0))
                r = fault_set(fault, FAULT_BAD_REQUEST, "cannot write %s: %s", file,
                              strerror(errno));
        if (r < 0)
                (void)unlink(temporary);
        return r;
}

int verb_audit_export(Cli *cli, char *operands[], int n_operands) {
        const char *file = cli->options.value[OPTION_OUTPUT];
        Fault fault = {};
        int r;

        (void)operands;
        (void)n_operands;
        if (file && cli_json(cli))
                return cli_usage(cli, "--json and --output do not go together");
        r = file ? export_to_file(cli, file, &fault) : export_to(cli, cli->screen.out, &fault);
        return r < 0 ? cli_fail(cli, &fault) : EXIT_DONE;
}
