/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "audit/export.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "audit/check.h"
#include "base/json.h"
#include "base/text.h"

static const char format_line[] = "{\"format\":\"discfw-audit-1\"}";
static const char head_start[] = "{\"head\":\"";

typedef struct Lines {
        const char *p;
        size_t n_left;
        uint64_t number;
        bool cut; /* the last one had no end */
} Lines;

static bool next_line(Lines *lines, const char **ret_line, size_t *ret_n) {
        const char *end = lines->n_left > 0 ? memchr(lines->p, '\n', lines->n_left) : NULL;

        if (lines->n_left > 0 && !end)
                lines->cut = true;
        if (!end)
                return false;
        *ret_line = lines->p;
        *ret_n = (size_t)(end - lines->p);
        lines->n_left -= *ret_n + 1;
        lines->p = end + 1;
        lines->number++;
        return true;
}

static bool starts(const char *line, size_t n, const char *with) {
        return n >= strlen(with) && memcmp(line, with, strlen(with)) == 0;
}

/* Takes a head line; whatever is wrong with it the checker says. */
static int take_head(Checker *checker, const char *line, size_t n) {
        _cleanup_json_ json_t *object = NULL;
        const char *note = "";

        if (n <= 8 * AUDIT_NOTE_MAX && json_parse(line, n, &object, NULL, 0) == 0)
                (void)json_get_string(object, "head", &note);
        return checker_head(checker, note, NULL);
}

static int take_lines(Checker *checker, Lines *lines) {
        const char *line;
        bool entries = false;
        size_t n;

        if (!next_line(lines, &line, &n) || n != strlen(format_line) ||
            memcmp(line, format_line, n) != 0) {
                checker_wrong(checker, 1, "this is no exported trail: its first line is not %s",
                              format_line);
                return 0;
        }
        while (next_line(lines, &line, &n)) {
                bool head = starts(line, n, head_start);
                int r;

                if (head && entries) {
                        checker_wrong(checker, checker_n_entries(checker) + 1,
                                      "line %" PRIu64 " is a head among the entries",
                                      lines->number);
                        continue;
                }
                entries = !head;
                r = head ? take_head(checker, line, n)
                         : checker_entry(checker, NULL, line, n, NULL, NULL);
                if (r < 0)
                        return r;
        }
        if (lines->cut)
                checker_wrong(checker, checker_n_entries(checker) + 1,
                              "the file is cut off within line %" PRIu64, lines->number + 1);
        return 0;
}

int audit_verify_export(const void *bytes, size_t n_bytes, const char *key, const char *head,
                        AuditReport *ret_report) {
        _cleanup_(checker_freep) Checker *checker = NULL;
        Lines lines = { .p = bytes, .n_left = n_bytes };
        int r;

        r = checker_new(key, &checker);
        if (r == -EINVAL) {
                *ret_report = (AuditReport){ .broken_at = 1 };
                text_format(ret_report->text, sizeof(ret_report->text),
                            "the key given is none: wanted NAME+ID+BASE64");
                return 0;
        }
        if (r == 0 && head)
                r = checker_kept_head(checker, head);
        if (r == 0)
                r = take_lines(checker, &lines);
        return r < 0 ? r : checker_end(checker, true, ret_report);
}
