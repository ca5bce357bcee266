/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* audit verify, audit export: is the record whole, and a copy of it for keeping elsewhere. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "audit/export.h"
#include "base/file.h"
#include "base/json.h"
#include "cli/cli.h"
#include "cli/reply.h"

/* At most a note; one that is longer is none. */
static int read_head(const char *file, char **ret_head, Fault *fault) {
        uint8_t *bytes;
        size_t n_bytes;
        int r;

        if (!file)
                return 0;
        r = file_read(AT_FDCWD, file, AUDIT_NOTE_MAX, &bytes, &n_bytes);
        if (r < 0)
                return fault_set(fault, FAULT_BAD_REQUEST, "cannot read the head in %s: %s", file,
                                 strerror(-r));
        *ret_head = (char *)bytes;
        return 0;
}

/* The report as the daemon would give it, so that both are shown and printed alike. */
static json_t *report_json(const AuditReport *report) {
        json_t *reply =
                json_pack("{s:b, s:I, s:i, s:o, s:o, s:o}", "whole", report->whole, "rows",
                          (json_int_t)report->n_entries, "heads", (int)report->n_heads, "text",
                          json_string_safe(report->text), "head", json_string_safe(report->head),
                          "key", json_string_safe(report->key));

        if (reply && report->broken_at > 0)
                (void)json_object_set_new(reply, "broken_seq", json_integer(report->broken_at));
        return reply;
}

/* Without a daemon: an exported log, as it lies there. */
static int verify_file(Cli *cli, const char *file, json_t **ret_reply, Fault *fault) {
        _cleanup_free_ AuditReport *report = calloc(1, sizeof(*report));
        _cleanup_free_ uint8_t *bytes = NULL;
        _cleanup_free_ char *head = NULL;
        size_t n_bytes;
        int r;

        r = read_head(cli->options.value[OPTION_HEAD], &head, fault);
        if (r < 0)
                return r;
        r = file_read(AT_FDCWD, file, AUDIT_FILE_MAX, &bytes, &n_bytes);
        if (r < 0)
                return fault_set(fault, FAULT_BAD_REQUEST, "cannot read %s: %s", file,
                                 strerror(-r));
        if (!report ||
            audit_verify_export(bytes, n_bytes, cli->options.value[OPTION_KEY], head, report) < 0)
                return cli_no_memory(fault);
        *ret_reply = report_json(report);
        if (!*ret_reply || (!cli_json(cli) && reply_clean(*ret_reply, !cli->screen.utf8) < 0))
                return cli_no_memory(fault);
        return 0;
}

static void say_report(const Screen *screen, const json_t *reply) {
        bool whole = reply_bool(reply, "whole");

        screen_put(screen, whole ? TONE_GOOD : TONE_BAD, whole ? "whole" : "NOT WHOLE");
        (void)fprintf(screen->out, ": %" PRId64 " entries, %" PRId64 " signed heads\n",
                      reply_int(reply, "rows"), reply_int(reply, "heads"));
        if (reply_text(reply, "text")[0])
                screen_fill(screen, "", 0, reply_text(reply, "text"));
        if (reply_int(reply, "broken_seq") > 0)
                (void)fprintf(screen->out, "the first wrong entry is %" PRId64 "\n",
                              reply_int(reply, "broken_seq"));
        if (reply_text(reply, "head")[0])
                screen_fill(screen, "head", 5, reply_text(reply, "head"));
        if (reply_text(reply, "key")[0])
                screen_fill(screen, "key", 5, reply_text(reply, "key"));
}

int verb_audit_verify(Cli *cli, char *operands[], int n_operands) {
        _cleanup_json_ json_t *reply = NULL;
        const char *file = cli->options.value[OPTION_FILE];
        Fault fault = {};
        int r;

        (void)operands;
        (void)n_operands;
        if (!file && (cli->options.value[OPTION_KEY] || cli->options.value[OPTION_HEAD]))
                return cli_usage(cli, "--key and --head go with --file");
        r = file ? verify_file(cli, file, &reply, &fault)
                 : cli_call(cli, "VerifyAudit", json_object(), &reply, &fault);
        if (r < 0)
                return cli_fail(cli, &fault);
        if (cli_json(cli))
                cli_print_json(cli, reply);
        else
                say_report(&cli->screen, reply);
        return reply_bool(reply, "whole") ? EXIT_DONE : fault_exit_status(FAULT_AUDIT_BROKEN);
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
