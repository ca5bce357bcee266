/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Entries name transports, records of drives name attachments; catalog may not include wire, so
 * nothing but this holds the two together. */
#include "catalog/entry.h"
#include "tests/unit/test.h"
#include "wire/probe.h"

static void test_transports_are_called_as_attachments_are(void **state) {
        (void)state;
        for (unsigned bit = 1; bit < _ATTACHED_MAX; bit++)
                assert_string_equal(transport_name(bit), attachment_name((Attachment)bit));
        assert_null(transport_name(_ATTACHED_MAX));
        assert_null(transport_name(ATTACHED_UNKNOWN));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_transports_are_called_as_attachments_are),
        };

        return RUN_TESTS(tests);
}
