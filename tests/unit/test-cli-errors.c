/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* discfw-errors(7), the journal's catalog and the interface have every fault, and no other. */
#include <ctype.h>
#include <fcntl.h>
#include <string.h>

#include "base/fault.h"
#include "base/file.h"
#include "tests/unit/test.h"

static char *read_source(const char *name) {
        const char *top = getenv("DISCFW_SRCDIR");
        uint8_t *bytes = NULL;
        char path[4096];
        size_t n;

        (void)snprintf(path, sizeof(path), "%s/%s", top ? top : ".", name);
        assert_int_equal(file_read(AT_FDCWD, path, 1 << 20, &bytes, &n), 0);
        return (char *)bytes;
}

static unsigned count(const char *text, const char *what) {
        unsigned n = 0;

        for (; (text = strstr(text, what)); text++)
                n++;
        return n;
}

static unsigned n_faults(void) {
        unsigned n = 0;

        while (fault_nth(n) != FAULT_NONE)
                n++;
        return n;
}

static void test_the_manual_has_every_fault_with_its_exit_status(void **state) {
        _cleanup_free_ char *manual = read_source("cli/discfw-errors.7");
        char item[128];

        (void)state;
        for (unsigned i = 0; fault_nth(i) != FAULT_NONE; i++) {
                (void)snprintf(item, sizeof(item), "\n.It Cm %s Pq %d\n", fault_name(fault_nth(i)),
                               fault_exit_status(fault_nth(i)));
                if (!strstr(manual, item))
                        fail_msg("discfw-errors.7 lacks%s", item);
        }
        assert_int_equal(count(manual, "\n.It Cm "), n_faults());
}

/* As the manual writes it: words apart by one blank, quotes as mdoc has them. */
static void flatten(const char *text, char *ret_text, size_t size) {
        size_t n = 0;

        for (; *text && n + 2 < size; text++)
                if (strncmp(text, "\\(dq", 4) == 0) {
                        ret_text[n++] = '"';
                        text += 3;
                } else
                        ret_text[n++] = *text == '\n' ? ' ' : (char)tolower((unsigned char)*text);
        ret_text[n] = '\0';
}

static void test_the_manual_has_the_next_step_of_every_fault(void **state) {
        _cleanup_free_ char *manual = read_source("cli/discfw-errors.7");

        (void)state;
        for (unsigned i = 0; fault_nth(i) != FAULT_NONE; i++) {
                char item[128], entry[2048], mend[512];
                const char *start;

                if (!fault_mend(fault_nth(i)))
                        continue;
                (void)snprintf(item, sizeof(item), "\n.It Cm %s Pq ", fault_name(fault_nth(i)));
                start = strstr(manual, item);
                assert_non_null(start);
                flatten(start, entry, sizeof(entry));
                flatten(fault_mend(fault_nth(i)), mend, sizeof(mend));
                if (!strstr(entry, mend))
                        fail_msg("discfw-errors.7: %s lacks \"%s\"", fault_name(fault_nth(i)),
                                 mend);
        }
}

/* Up to the next entry of the journal's catalog. */
static void journal_entry(const char *catalog, FaultCode code, char *ret_entry, size_t size) {
        char item[64];
        const char *start, *end;

        (void)snprintf(item, sizeof(item), "\n-- %s\nSubject: ", fault_message_id(code));
        start = strstr(catalog, item);
        if (!start) {
                fail_msg("discfwd.catalog lacks %s for %s", item, fault_name(code));
                return;
        }
        end = strstr(start + 1, "\n-- ");
        (void)snprintf(ret_entry, size, "%.*s", end ? (int)(end - start) : (int)strlen(start),
                       start);
}

static void test_the_journal_explains_every_fault_and_no_other(void **state) {
        _cleanup_free_ char *catalog = read_source("packaging/journal/discfwd.catalog");

        (void)state;
        for (unsigned i = 0; fault_nth(i) != FAULT_NONE; i++) {
                char entry[2048], flat[2048], mend[512];

                journal_entry(catalog, fault_nth(i), entry, sizeof(entry));
                assert_non_null(strstr(entry, "\nDefined-By: discfwd\n"));
                assert_non_null(strstr(entry, "\nDocumentation: man:discfw-errors(7)"));
                assert_non_null(strstr(entry, "@DISCFW_FAULT@"));
                if (!fault_mend(fault_nth(i)))
                        continue;
                flatten(entry, flat, sizeof(flat));
                flatten(fault_mend(fault_nth(i)), mend, sizeof(mend));
                if (!strstr(flat, mend))
                        fail_msg("discfwd.catalog: %s lacks \"%s\"", fault_name(fault_nth(i)),
                                 mend);
        }
        assert_int_equal(count(catalog, "\n-- "), n_faults());
}

static void test_the_interface_has_every_fault_and_no_other(void **state) {
        _cleanup_free_ char *interface = read_source("schema/varlink/org.discfw.varlink");
        char item[128];

        (void)state;
        for (unsigned i = 0; fault_nth(i) != FAULT_NONE; i++) {
                (void)snprintf(item, sizeof(item), "\nerror %s (text: string, mend: ?string",
                               fault_name(fault_nth(i)));
                if (!strstr(interface, item))
                        fail_msg("org.discfw.varlink lacks%s", item);
        }
        assert_int_equal(count(interface, "\nerror "), n_faults());
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_the_manual_has_every_fault_with_its_exit_status),
                cmocka_unit_test(test_the_manual_has_the_next_step_of_every_fault),
                cmocka_unit_test(test_the_journal_explains_every_fault_and_no_other),
                cmocka_unit_test(test_the_interface_has_every_fault_and_no_other),
        };

        return RUN_TESTS(tests);
}
