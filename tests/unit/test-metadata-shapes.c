/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Metadata of shapes that nobody thought of, and of sizes that cost. */
#include "catalog/metadata.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/limits.h"
#include "tests/unit/metadata-samples.h"
#include "tests/unit/test.h"

/* TUF-CR-22-03, CVE-2020-6173: work before verification stays in proportion to the bytes. */
static void test_long_numbers_and_many_signatures_cost_little(void **state) {
        size_t n = METADATA_TARGETS_MAX, used;
        _cleanup_free_ char *text = malloc(n + 200), *start = NULL;
        uint64_t before = clock_boottime_ms();
        _cleanup_(metadata_freep) Metadata *metadata = NULL;
        Metadata *none = NULL;
        RoleKeys role;
        Fault fault = {};

        (void)state;
        assert_non_null(text);
        used = (size_t)sprintf(text, "{\"signatures\":[],\"signed\":{\"version\":");
        memset(text + used, '9', n - used);
        (void)strcpy(text + n, "}}");
        assert_int_equal(sample_parse(METADATA_ROOT, text, n + 2, &none, NULL), -EBADE);

        start = sample_expand(sample_documents[METADATA_ROOT]);
        used = (size_t)sprintf(text, "{\"signatures\":[");
        for (unsigned i = 0; used < n - 4096; i++)
                used += (size_t)sprintf(text + used, "{\"keyid\":\"%08x\",\"sig\":\"00\"},", i);
        used += (size_t)sprintf(text + used, "%s", strstr(start, "{\"keyid\""));
        assert_int_equal(sample_parse(METADATA_ROOT, text, used, &metadata, &fault), 0);
        root_role(metadata, METADATA_ROOT, &role);
        assert_int_equal(metadata_verify(metadata, &role, "it itself", &fault), -EBADE);
        assert_true(clock_boottime_ms() - before < 5000);
}

static void read_all_of(const Metadata *metadata) {
        const Delegation none = {};
        void *iterator = NULL;
        const json_t *custom;
        const char *name;
        TargetPath path;
        int64_t version;
        FileMeta meta;
        RoleKeys role;

        assert_int_equal(target_path_init("a/b", &path), 0);
        switch (metadata->type) {
        case METADATA_ROOT:
                for (MetadataType t = 0; t < _METADATA_TYPE_MAX; t++) {
                        root_role(metadata, t, &role);
                        assert_int_not_equal(metadata_verify(metadata, &role, "it itself", NULL),
                                             0);
                }
                (void)root_consistent_snapshot(metadata);
                break;
        case METADATA_TIMESTAMP:
                timestamp_snapshot(metadata, &meta);
                assert_true(meta.version >= 1);
                assert_true(timestamp_signed(metadata) >= 0);
                break;
        case METADATA_SNAPSHOT:
                while (snapshot_next(metadata, &iterator, &name, &version))
                        assert_true(version >= 1);
                (void)snapshot_find(metadata, "maker", &meta);
                break;
        case METADATA_TARGETS:
                if (targets_find(metadata, "a/b", &meta, &custom))
                        assert_true(meta.length >= 0 && meta.has_hashes);
                for (size_t i = 0; i < targets_n_delegations(metadata); i++) {
                        Delegation delegation = none;

                        targets_delegation(metadata, i, &delegation);
                        (void)delegation_matches(&delegation, &path);
                        (void)delegation_reaches(&delegation, "a/");
                        assert_int_not_equal(metadata_verify(metadata, &delegation.keys, "x", NULL),
                                             0);
                }
                break;
        default: fail();
        }
}

/* Walks DOCUMENT; at each value, puts each kind of JSON there, and parses the whole. */
static void try_each_kind(MetadataType type, json_t *document, json_t *here, unsigned *n_tried) {
        static const char *const kinds[] = { "null",   "true",       "0",           "-1",      "7",
                                             "1.5",    "''",         "[]",          "'KEYID'", "{}",
                                             "[null]", "{'a':null}", "'\\u00fc/..'" };
        size_t n = json_is_array(here) ? json_array_size(here) : json_object_size(here);
        void *iterator = json_is_object(here) ? json_object_iter(here) : NULL;

        for (size_t i = 0; i < n; i++) {
                _cleanup_json_ json_t *value = json_incref(
                        iterator ? json_object_iter_value(iterator) : json_array_get(here, i));

                for (size_t k = 0; k <= N_ELEMENTS(kinds); k++) {
                        _cleanup_(metadata_freep) Metadata *metadata = NULL;
                        json_t *by =
                                k < N_ELEMENTS(kinds) ? sample_json(kinds[k]) : json_incref(value);

                        if (iterator)
                                (void)json_object_iter_set_new(here, iterator, by);
                        else
                                (void)json_array_set_new(here, i, by);
                        if (sample_parse_json(type, document, &metadata, NULL) == 0)
                                read_all_of(metadata);
                        ++*n_tried;
                }
                try_each_kind(type, document, value, n_tried);
                if (iterator)
                        iterator = json_object_iter_next(here, iterator);
        }
}

/* CVE-2026-23991: valid JSON of a shape that nobody thought of. */
static void test_whatever_shape_a_document_has_it_is_read_or_refused(void **state) {
        unsigned n_tried = 0;

        (void)state;
        for (MetadataType t = 0; t < _METADATA_TYPE_MAX; t++) {
                _cleanup_json_ json_t *document = sample_json(sample_documents[t]);

                try_each_kind(t, document, document, &n_tried);
        }
        assert_true(n_tried > 1000);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_long_numbers_and_many_signatures_cost_little),
                cmocka_unit_test(test_whatever_shape_a_document_has_it_is_read_or_refused),
        };

        return cmocka_run_group_tests(tests, sample_make_keyid, NULL) == 0 ? 0 : 1;
}
