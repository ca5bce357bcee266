/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The form of metadata: what is refused before anybody looks at a signature. */
#include "catalog/metadata.h"

#include <errno.h>
#include <string.h>

#include "base/json.h"
#include "tests/unit/metadata-samples.h"
#include "tests/unit/test.h"

/* The member at PATH ("signed.roles.root.threshold", "signed.delegations.roles.0.name"). */
static json_t *at(json_t *json, const char *path, size_t n_path) {
        while (n_path > 0) {
                size_t n = strcspn(path, "|");
                char name[128];

                if (n > n_path)
                        n = n_path;
                (void)snprintf(name, sizeof(name), "%.*s", (int)n, path);
                if (strcmp(name, "KEYID") == 0)
                        strcpy(name, sample_keyid);
                json = json_is_array(json) ? json_array_get(json, (size_t)atoi(name))
                                           : json_object_get(json, name);
                assert_non_null(json);
                path += n + (n < n_path);
                n_path -= n + (n < n_path);
        }
        return json;
}

/* The document of TYPE with the member at PATH replaced, or gone if BY is NULL. */
static json_t *with(MetadataType type, const char *path, const char *by) {
        json_t *document = sample_json(sample_documents[type]), *parent;
        const char *last = strrchr(path, '|');
        size_t n_parent = last ? (size_t)(last - path) : 0;
        const char *name = last ? last + 1 : path;

        parent = at(document, path, n_parent);
        if (json_is_array(parent))
                assert_int_equal(
                        by ? json_array_set_new(parent, (size_t)atoi(name), sample_json(by))
                           : json_array_remove(parent, (size_t)atoi(name)),
                        0);
        else if (by)
                assert_int_equal(json_object_set_new(parent, name, sample_json(by)), 0);
        else
                assert_int_equal(json_object_del(parent, name), 0);
        return document;
}

static void assert_refused(MetadataType type, const char *path, const char *by) {
        _cleanup_json_ json_t *document = with(type, path, by);
        Metadata *metadata = NULL;
        Fault fault = {};

        if (sample_parse_json(type, document, &metadata, &fault) != -EBADE)
                fail_msg("%s of %s may be %s", path, metadata_type_name(type), by ? by : "missing");
        assert_int_equal(fault.code, FAULT_CATALOG_MALFORMED);
        assert_null(metadata);
}

static void assert_taken(MetadataType type, const char *path, const char *by) {
        _cleanup_json_ json_t *document = with(type, path, by);
        _cleanup_(metadata_freep) Metadata *metadata = NULL;
        Fault fault = {};

        if (sample_parse_json(type, document, &metadata, &fault) != 0)
                fail_msg("%s of %s as %s: %s", path, metadata_type_name(type), by ? by : "missing",
                         fault.text);
}

static void test_each_type_is_read(void **state) {
        (void)state;
        for (MetadataType t = 0; t < _METADATA_TYPE_MAX; t++) {
                _cleanup_json_ json_t *document = sample_json(sample_documents[t]);

                for (MetadataType other = 0; other < _METADATA_TYPE_MAX; other++) {
                        _cleanup_(metadata_freep) Metadata *metadata = NULL;
                        Fault fault = {};
                        int r = sample_parse_json(other, document, &metadata, &fault);

                        if (t != other) {
                                assert_int_equal(r, -EBADE);
                                continue;
                        }
                        if (r != 0)
                                fail_msg("%s", fault.text);
                        assert_int_equal(metadata->version, 7);
                        assert_int_equal(metadata->expires, 1800000000);
                }
        }
}

static void test_a_fault_names_role_version_and_what_is_wrong(void **state) {
        static const struct {
                const char *path;
                const char *by;
                const char *text;
        } cases[] = {
                { "signed|_type", "'root'",
                  "cannot read targets: it is of another type than targets" },
                { "signed|version", "0",
                  "cannot read targets: its version is not a number from 1" },
                { "signed|delegations|roles|0|threshold", "0",
                  "cannot read targets 7: the threshold of maker is not a number from 1" },
                { "signed|delegations|roles|0|name", "'root'",
                  "cannot read targets 7: a delegated role may not be called \"root\"" },
                { "signed|delegations|roles|0|name", "'\\u001b[31m'",
                  "cannot read targets 7: the paths of \\x1b[31m are no list" },
                { "signed|delegations|succinct_roles", "{}",
                  "cannot read targets 7: it uses succinct_roles, which are not supported" },
        };

        (void)state;
        for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
                _cleanup_json_ json_t *document =
                        with(METADATA_TARGETS, cases[i].path, cases[i].by);
                Metadata *metadata = NULL;
                Fault fault = {};

                if (strchr(cases[i].by, '\\'))
                        (void)json_object_set_new(at(document, "signed|delegations|roles|0", 26),
                                                  "paths", json_true());
                assert_int_equal(sample_parse_json(METADATA_TARGETS, document, &metadata, &fault),
                                 -EBADE);
                assert_string_equal(fault.text, cases[i].text);
        }
}

static void test_what_is_needed_must_be_there_and_of_its_kind(void **state) {
        static const struct {
                MetadataType type;
                const char *path;
                const char *kind; /* that it may be: others are tried */
        } members[] = {
                { METADATA_ROOT, "signed", "" },
                { METADATA_ROOT, "signatures", "[]" },
                { METADATA_ROOT, "signatures|0|keyid", "'x'" },
                { METADATA_ROOT, "signatures|0|sig", "'x'" },
                { METADATA_ROOT, "signed|_type", "" },
                { METADATA_ROOT, "signed|spec_version", "" },
                { METADATA_ROOT, "signed|version", "1" },
                { METADATA_ROOT, "signed|expires", "" },
                { METADATA_ROOT, "signed|keys", "{}" },
                { METADATA_ROOT, "signed|roles", "" },
                { METADATA_ROOT, "signed|roles|root", "" },
                { METADATA_ROOT, "signed|roles|timestamp", "" },
                { METADATA_ROOT, "signed|roles|snapshot", "" },
                { METADATA_ROOT, "signed|roles|targets", "" },
                { METADATA_ROOT, "signed|roles|root|keyids", "[]" },
                { METADATA_ROOT, "signed|roles|root|threshold", "1" },
                { METADATA_TIMESTAMP, "signed|meta", "" },
                { METADATA_TIMESTAMP, "signed|meta|snapshot.json", "" },
                { METADATA_TIMESTAMP, "signed|meta|snapshot.json|version", "1" },
                { METADATA_SNAPSHOT, "signed|meta", "{}" },
                { METADATA_SNAPSHOT, "signed|meta|maker.json|version", "1" },
                { METADATA_TARGETS, "signed|targets", "{}" },
                { METADATA_TARGETS, "signed|targets|a/b|length", "1" },
                { METADATA_TARGETS, "signed|targets|a/b|hashes", "" },
                { METADATA_TARGETS, "signed|delegations|keys", "{}" },
                { METADATA_TARGETS, "signed|delegations|roles", "[]" },
                { METADATA_TARGETS, "signed|delegations|roles|0|name", "'x'" },
                { METADATA_TARGETS, "signed|delegations|roles|0|keyids", "[]" },
                { METADATA_TARGETS, "signed|delegations|roles|0|threshold", "1" },
                { METADATA_TARGETS, "signed|delegations|roles|0|terminating", "true" },
                { METADATA_TARGETS, "signed|delegations|roles|0|paths", "[]" },
        };
        static const char *const kinds[] = { "null", "true", "1", "1.0", "'x'", "[]", "{}" };

        (void)state;
        for (size_t m = 0; m < N_ELEMENTS(members); m++) {
                assert_refused(members[m].type, members[m].path, NULL);
                for (size_t k = 0; k < N_ELEMENTS(kinds); k++)
                        if (strcmp(kinds[k], members[m].kind) == 0)
                                assert_taken(members[m].type, members[m].path, kinds[k]);
                        else
                                assert_refused(members[m].type, members[m].path, kinds[k]);
        }
}

static void test_what_may_be_missing_must_be_of_its_kind_where_it_is(void **state) {
        static const struct {
                MetadataType type;
                const char *path;
                const char *good;
        } members[] = {
                { METADATA_ROOT, "signed|consistent_snapshot", "false" },
                { METADATA_TIMESTAMP, "signed|x-discfw-signed", "'2000-02-29T00:00:00Z'" },
                { METADATA_TIMESTAMP, "signed|meta|snapshot.json|length", "0" },
                { METADATA_TIMESTAMP, "signed|meta|snapshot.json|hashes", "{'md99':''}" },
                { METADATA_TARGETS, "signed|targets|a/b|custom", "{}" },
        };
        static const char *const kinds[] = { "null", "1.5", "'x'", "[]", "-1" };

        (void)state;
        for (size_t m = 0; m < N_ELEMENTS(members); m++) {
                assert_taken(members[m].type, members[m].path, NULL);
                assert_taken(members[m].type, members[m].path, members[m].good);
                for (size_t k = 0; k < N_ELEMENTS(kinds); k++)
                        assert_refused(members[m].type, members[m].path, kinds[k]);
        }
        assert_taken(METADATA_TARGETS, "signed|delegations", NULL);
}

/* CVE-2026-23992, and what other languages take for a number. */
static void test_thresholds_are_integers_from_one(void **state) {
        static const char *const bad[] = { "0",    "-1",  "true",  "'1'", "1.0",
                                           "null", "[1]", "false", "0.5" };
        static const char *const good[] = { "1", "2147483647", "2147483648",
                                            "9223372036854775807" };

        (void)state;
        for (size_t i = 0; i < N_ELEMENTS(bad); i++) {
                assert_refused(METADATA_ROOT, "signed|roles|snapshot|threshold", bad[i]);
                assert_refused(METADATA_TARGETS, "signed|delegations|roles|0|threshold", bad[i]);
        }
        for (size_t i = 0; i < N_ELEMENTS(good); i++) {
                assert_taken(METADATA_ROOT, "signed|roles|snapshot|threshold", good[i]);
                assert_taken(METADATA_TARGETS, "signed|delegations|roles|0|threshold", good[i]);
        }
}

static void test_versions_are_integers_from_one(void **state) {
        static const char *const bad[] = { "0", "-1", "1.0", "'7'", "-9223372036854775808" };

        (void)state;
        for (MetadataType t = 0; t < _METADATA_TYPE_MAX; t++) {
                for (size_t i = 0; i < N_ELEMENTS(bad); i++)
                        assert_refused(t, "signed|version", bad[i]);
                assert_taken(t, "signed|version", "9223372036854775807");
                assert_taken(t, "signed|version", "2147483648");
        }
}

static void test_dates_are_of_one_form(void **state) {
        static const char *const bad[] = { "'2027-01-15'",
                                           "'2027-01-15T08:00:00'",
                                           "'2027-01-15T08:00:00.5Z'",
                                           "'2027-01-15T08:00:00+00:00'",
                                           "'2027-01-15 08:00:00Z'",
                                           "'2025-02-30T00:00:00Z'",
                                           "'2027-13-01T00:00:00Z'",
                                           "'2027-01-15T08:00:60Z'",
                                           "'2027-01-15T08:00:00Z '",
                                           "'12027-01-15T08:00:00Z'",
                                           "''" };

        (void)state;
        for (size_t i = 0; i < N_ELEMENTS(bad); i++) {
                assert_refused(METADATA_ROOT, "signed|expires", bad[i]);
                assert_refused(METADATA_TIMESTAMP, "signed|x-discfw-signed", bad[i]);
        }
        assert_taken(METADATA_ROOT, "signed|expires", "'9999-12-31T23:59:59Z'");
}

static void test_specifications_of_version_one_are_read(void **state) {
        static const char *const good[] = { "'1.0'", "'1.0.0'", "'1.0.34'", "'1.1'", "'1.99.0'" };
        static const char *const bad[] = { "'1'",   "'2.0.0'",     "'10.0'", "''",    "'1.'",
                                           "'1.x'", "'1.0.0-rc1'", "'0.9'",  "' 1.0'" };

        (void)state;
        for (size_t i = 0; i < N_ELEMENTS(good); i++)
                assert_taken(METADATA_ROOT, "signed|spec_version", good[i]);
        for (size_t i = 0; i < N_ELEMENTS(bad); i++)
                assert_refused(METADATA_ROOT, "signed|spec_version", bad[i]);
}

static void test_members_that_we_do_not_know_are_left_alone(void **state) {
        (void)state;
        assert_taken(METADATA_ROOT, "unknown", "[1.5]"); /* nobody signs it */
        assert_taken(METADATA_ROOT, "signed|unknown", "{'a':null}");
        assert_taken(METADATA_ROOT, "signed|roles|root|unknown", "'x'");
        assert_taken(METADATA_SNAPSHOT, "signed|meta|maker.json|unknown", "'x'");
        assert_taken(METADATA_TARGETS, "signed|delegations|roles|0|unknown", "'x'");
        /* But a real has no canonical form, wherever it is signed. */
        assert_refused(METADATA_ROOT, "signed|unknown", "[[{'a':1.5}]]");
        assert_refused(METADATA_TARGETS, "signed|targets|a/b|custom", "{'a':1.0}");
}

static void test_a_keyid_must_be_the_hash_of_its_key(void **state) {
        (void)state;
        assert_refused(METADATA_ROOT, "signed|keys|other", SAMPLE_KEY);
        assert_refused(METADATA_ROOT, "signed|keys|other", "{}");
        assert_refused(METADATA_ROOT, "signed|keys|other", "null");
        assert_refused(METADATA_TARGETS, "signed|delegations|keys|other", SAMPLE_KEY);
        assert_refused(METADATA_ROOT, "signed|keys|KEYID|x-owner", "'somebody'");
        assert_refused(METADATA_ROOT, "signed|keys|KEYID|keyval|public", "'00'");
}

static void test_a_role_names_no_keyid_twice(void **state) {
        (void)state;
        assert_refused(METADATA_ROOT, "signed|roles|root|keyids", "['KEYID','KEYID']");
        assert_refused(METADATA_TARGETS, "signed|delegations|roles|0|keyids", "['a','b','a']");
        assert_refused(METADATA_ROOT, "signed|roles|root|keyids", "['KEYID',1]");
        /* A key that is not there verifies nothing, and that is all. */
        assert_taken(METADATA_ROOT, "signed|roles|root|keyids", "['KEYID','not-there']");
}

static void test_hashes_are_hex_of_their_length(void **state) {
        static const char *const bad[] = { "{}",
                                           "{'sha256':''}",
                                           "{'sha256':'ba78'}",
                                           "{'sha256':null}",
                                           "{'sha256':'" SAMPLE_HASH "00'}",
                                           "{'sha512':'" SAMPLE_HASH "'}",
                                           "{'md99':1}",
                                           "{'sha256':'zz" SAMPLE_HASH "'}" };

        (void)state;
        for (size_t i = 0; i < N_ELEMENTS(bad); i++) {
                assert_refused(METADATA_TARGETS, "signed|targets|a/b|hashes", bad[i]);
                assert_refused(METADATA_TIMESTAMP, "signed|meta|snapshot.json|hashes", bad[i]);
        }
        assert_taken(METADATA_TARGETS, "signed|targets|a/b|hashes",
                     "{'sha512':'" SAMPLE_HASH SAMPLE_HASH "','sha256':'" SAMPLE_HASH "'}");
}

static void test_delegated_roles_have_names_of_their_own(void **state) {
        static const char *const bad[] = { "''",         "'root'",    "'timestamp'",
                                           "'snapshot'", "'targets'", "'hashed'" };
        char longest[ROLE_NAME_MAX + 4];

        (void)state;
        for (size_t i = 0; i < N_ELEMENTS(bad); i++)
                assert_refused(METADATA_TARGETS, "signed|delegations|roles|0|name", bad[i]);
        memset(longest, 'a', sizeof(longest));
        longest[0] = longest[ROLE_NAME_MAX + 1] = '\'';
        longest[ROLE_NAME_MAX + 2] = '\0';
        assert_taken(METADATA_TARGETS, "signed|delegations|roles|0|name", longest);
        longest[ROLE_NAME_MAX + 1] = 'a';
        longest[ROLE_NAME_MAX + 2] = '\'';
        longest[ROLE_NAME_MAX + 3] = '\0';
        assert_refused(METADATA_TARGETS, "signed|delegations|roles|0|name", longest);
        /* It must fit into a file name in its encoded form. */
        memset(longest + 1, '/', ROLE_NAME_MAX / 2);
        longest[ROLE_NAME_MAX / 2 + 1] = '\'';
        longest[ROLE_NAME_MAX / 2 + 2] = '\0';
        assert_refused(METADATA_TARGETS, "signed|delegations|roles|0|name", longest);
        assert_taken(METADATA_TARGETS, "signed|delegations|roles|0|name", "'../Targets'");
}

static void test_a_delegation_is_by_paths_or_by_hash_prefixes(void **state) {
        (void)state;
        assert_refused(METADATA_TARGETS, "signed|delegations|roles|0|path_hash_prefixes", "['a']");
        assert_refused(METADATA_TARGETS, "signed|delegations|roles|1|paths", "['ab']");
        assert_refused(METADATA_TARGETS, "signed|delegations|roles|0|paths", "[1]");
        assert_refused(METADATA_TARGETS, "signed|delegations|roles|1|path_hash_prefixes",
                       "['xyz']");
        assert_refused(METADATA_TARGETS, "signed|delegations|roles|1|path_hash_prefixes",
                       "['" SAMPLE_HASH "0']");
        assert_refused(METADATA_TARGETS, "signed|delegations|roles|1|path_hash_prefixes", "[null]");
}

/* jansson and we refuse these; each was taken by somebody's parser. */
static void test_json_that_reads_in_two_ways_is_refused(void **state) {
        static const char *const bad[] = {
                "",
                " ",
                "null",
                "[]",
                "{",
                "{}x",
                "\xef\xbb\xbf{}",
                "{\"signed\":{},\"signed\":{},\"signatures\":[]}",
                "{\"signed\":{\"_type\":\"root\\u0000\"},\"signatures\":[]}",
                "{\"signed\":{\"a\":\"\xff\"},\"signatures\":[]}",
                "{\"signed\":{\"a\":\"\\ud800\"},\"signatures\":[]}",
                "{\"signed\":{\"version\":9223372036854775808},\"signatures\":[]}",
                "{\"signed\":{\"version\":01},\"signatures\":[]}",
        };
        Metadata *metadata = NULL;

        (void)state;
        for (size_t i = 0; i < N_ELEMENTS(bad); i++) {
                Fault fault = {};

                assert_int_equal(
                        sample_parse(METADATA_ROOT, bad[i], strlen(bad[i]), &metadata, &fault),
                        -EBADE);
                assert_int_equal(fault.code, FAULT_CATALOG_MALFORMED);
        }
        assert_int_equal(sample_parse(METADATA_ROOT, "{}\0", 3, &metadata, NULL), -EBADE);
        assert_null(metadata);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_each_type_is_read),
                cmocka_unit_test(test_a_fault_names_role_version_and_what_is_wrong),
                cmocka_unit_test(test_what_is_needed_must_be_there_and_of_its_kind),
                cmocka_unit_test(test_what_may_be_missing_must_be_of_its_kind_where_it_is),
                cmocka_unit_test(test_thresholds_are_integers_from_one),
                cmocka_unit_test(test_versions_are_integers_from_one),
                cmocka_unit_test(test_dates_are_of_one_form),
                cmocka_unit_test(test_specifications_of_version_one_are_read),
                cmocka_unit_test(test_members_that_we_do_not_know_are_left_alone),
                cmocka_unit_test(test_a_keyid_must_be_the_hash_of_its_key),
                cmocka_unit_test(test_a_role_names_no_keyid_twice),
                cmocka_unit_test(test_hashes_are_hex_of_their_length),
                cmocka_unit_test(test_delegated_roles_have_names_of_their_own),
                cmocka_unit_test(test_a_delegation_is_by_paths_or_by_hash_prefixes),
                cmocka_unit_test(test_json_that_reads_in_two_ways_is_refused),
        };

        return cmocka_run_group_tests(tests, sample_make_keyid, NULL) == 0 ? 0 : 1;
}
