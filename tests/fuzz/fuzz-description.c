/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Descriptions come by mail from people whom a maintainer does not know. What is read has the form
 * that describe.c relies on. */
#include <string.h>

#include "cli/catalog/describe-read.h"
#include "tests/fuzz/fuzz.h"

static void check_section(const json_t *section) {
        const json_t *edges = json_object_get(json_object_get(section, "entry"), "edges");
        const json_t *edge;
        size_t i;

        REQUIRE(json_is_string(json_object_get(section, "version")));
        REQUIRE(json_is_object(json_object_get(section, "entry")));
        REQUIRE(json_is_object(json_object_get(section, "extra")));
        REQUIRE(json_is_array(edges));
        json_array_foreach(edges, i, edge) {
                REQUIRE(json_is_string(json_object_get(edge, "kind")));
                REQUIRE(json_is_array(json_object_get(edge, "from")));
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes) {
        _cleanup_free_ char *text = strndup((const char *)bytes, n_bytes);
        _cleanup_json_ json_t *description = NULL;
        const json_t *section;
        Fault fault = {};
        size_t i;
        int r;

        if (!text)
                return 0;
        r = describe_read("fuzz", text, &description, &fault);
        if (r < 0) {
                REQUIRE(!description && fault.code != FAULT_NONE && fault.text[0] != '\0');
                return 0;
        }

        check_section(json_object_get(description, "drive"));
        json_array_foreach(json_object_get(description, "images"), i, section)
                check_section(section);
        return 0;
}
