/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "catalog/entry.h"

#include <errno.h>
#include <string.h>

#include "base/json.h"
#include "catalog/entry-members.h"
#include "tests/unit/test.h"

/* "        DVDRW IDE1004   " */
#define HEX                                                                                        \
        "2020202020202020445644525720494445313030342020"                                           \
        "20"
#define PATH "drive/" HEX "/0050.bin"

static const uint8_t sha[32] = { 0xaa };

/* As a maker writes it, with every member there is. */
static const char full[] =
        "{'schema':1,'family':'btc','model':'" HEX "','version':'0050',"
        "'recipe':{'piece':4096,'command_ms':60000,'commit_ms':120000,'settle_ms':50000,"
        "'ready_ms':180000,'transports':['ata','usb','emulated'],'disc_out':true,'x-seen':7},"
        "'image':{'checks':[{'offset':16572,'bytes':'2020'},{'offset':16596,'bytes':'30303530'}]},"
        "'masks':[{'offset':37,'mask':'ff0f','value':'4101'}],"
        "'edges':[{'kind':'upgrade','from':['0045','0044'],'irreversible':'why','loses':'what'},"
        "{'kind':'downgrade','from':['0051']},{'kind':'reflash','from':['0050']}],"
        "'after':{'model':'" HEX "','power_cycle':true},"
        "'release_date':'2004-02-29','channel':'testing','evidence':'reported',"
        "'urgency':'high','notes':'two\\nlines','withdrawn':'bricks','hazards':['one','two'],"
        "'sources':['http://a.example/b'],'x-anything':{'a':[]}}";

/* ' for ", so that JSON can be read here. */
static char *quote(char *text) {
        for (char *p = text; *p; p++)
                if (*p == '\'')
                        *p = '"';
        return text;
}

static int parse_at(const char *path, uint64_t length, const char *json, Entry **ret_entry,
                    Fault *fault) {
        char text[ENTRY_JSON_MAX + 2];

        assert_true(strlen(json) < sizeof(text));
        memcpy(text, json, strlen(json) + 1);
        return entry_parse(path, length, sha, quote(text), strlen(text), ret_entry, fault);
}

/* FULL with the first WHAT replaced. */
static const char *with(const char *what, const char *by) {
        static char text[ENTRY_JSON_MAX + 2];
        const char *at = strstr(full, what);
        size_t before;

        assert_non_null(at);
        before = (size_t)(at - full);
        assert_true(strlen(full) + strlen(by) < sizeof(text));
        memcpy(text, full, before);
        memcpy(text + before, by, strlen(by));
        memcpy(text + before + strlen(by), at + strlen(what), strlen(at + strlen(what)) + 1);
        return text;
}

static void refused(const char *json, const char *text) {
        const char prefix[] = "entry " PATH ": ";
        Entry *entry = (Entry *)1;
        Fault fault = {};

        assert_int_equal(parse_at(PATH, 0x100000, json, &entry, &fault), -EBADE);
        assert_ptr_equal(entry, (Entry *)1);
        assert_int_equal(fault.code, FAULT_CATALOG_MALFORMED);
        assert_memory_equal(fault.text, prefix, strlen(prefix));
        assert_string_equal(fault.text + strlen(prefix), text);
}

static void test_a_whole_entry_is_read(void **state) {
        _cleanup_(entry_freep) Entry *entry = NULL;

        (void)state;
        assert_int_equal(parse_at(PATH, 0x100000, full, &entry, NULL), 0);
        assert_string_equal(entry->path, PATH);
        assert_int_equal(entry->length, 0x100000);
        assert_memory_equal(entry->sha256, sha, 32);
        assert_memory_equal(entry->model, "        DVDRW IDE1004   ", ENTRY_MODEL_LENGTH);
        assert_string_equal(entry->version, "0050");
        assert_string_equal(entry->family, "btc");
        assert_int_equal(entry->recipe.piece, 4096);
        assert_int_equal(entry->recipe.command_ms, 60000);
        assert_int_equal(entry->recipe.commit_ms, 120000);
        assert_int_equal(entry->recipe.settle_ms, 50000);
        assert_int_equal(entry->recipe.ready_ms, 180000);
        assert_int_equal(entry->recipe.transports, 1u << 1 | 1u << 2 | 1u << 6);
        assert_true(entry->recipe.disc_out);
        assert_int_equal(entry->n_checks, 2);
        assert_int_equal(entry->checks[1].offset, 16596);
        assert_int_equal(entry->checks[1].n_bytes, 4);
        assert_memory_equal(entry->checks[1].bytes, "0050", 4);
        assert_int_equal(entry->n_masks, 1);
        assert_int_equal(entry->masks[0].offset, 37);
        assert_int_equal(entry->masks[0].n_bytes, 2);
        assert_int_equal(entry->masks[0].mask[1], 0x0f);
        assert_int_equal(entry->n_edges, 3);
        assert_int_equal(entry->edges[0].n_from, 2);
        assert_string_equal(entry->edges[0].from[1], "0044");
        assert_string_equal(entry->edges[0].irreversible, "why");
        assert_string_equal(entry->edges[0].loses, "what");
        assert_int_equal(entry->edges[1].kind, EDGE_DOWNGRADE);
        assert_null(entry->edges[1].irreversible);
        assert_true(entry->power_cycle);
        assert_string_equal(entry->release_date, "2004-02-29");
        assert_string_equal(entry->channel, "testing");
        assert_int_equal(entry->evidence, EVIDENCE_REPORTED);
        assert_int_equal(entry->urgency, URGENCY_HIGH);
        assert_string_equal(entry->notes, "two\nlines");
        assert_string_equal(entry->withdrawn, "bricks");
        assert_int_equal(entry->n_hazards, 2);
        assert_string_equal(entry->sources[0], "http://a.example/b");
}

static void test_what_may_be_absent_has_its_default(void **state) {
        _cleanup_(entry_freep) Entry *entry = NULL;

        (void)state;
        assert_int_equal(parse_at(PATH, 1,
                                  "{'schema':1,'family':'btc','model':'" HEX "','version':'50',"
                                  "'recipe':{'piece':4096,'command_ms':60000,'commit_ms':120000,"
                                  "'settle_ms':0,'ready_ms':1000,'transports':['ata']},"
                                  "'edges':[],'evidence':'simulated'}",
                                  &entry, NULL),
                         0);
        assert_string_equal(entry->version, "50  ");
        assert_false(entry->recipe.disc_out);
        assert_int_equal(entry->n_checks + entry->n_masks + entry->n_edges, 0);
        assert_memory_equal(entry->model_after, entry->model, ENTRY_MODEL_LENGTH);
        assert_false(entry->power_cycle);
        assert_string_equal(entry->release_date, "");
        assert_string_equal(entry->channel, "stable");
        assert_int_equal(entry->urgency, URGENCY_LOW);
        assert_null(entry->notes);
        assert_null(entry->withdrawn);
}

static void test_every_required_member_is_missed(void **state) {
        (void)state;
        refused(with("'schema':1,", ""), "schema is not 1");
        refused(with("'family':'btc',", ""),
                "family is not a name of 1 to 15 lower-case letters, digits and hyphens");
        refused(with("'model':'" HEX "','version'", "'version'"),
                "model is not 48 lower-case hexadecimal digits");
        refused(with("'version':'0050',", ""),
                "version is not a revision of 1 to 4 printable ASCII characters");
        refused(with("'recipe':", "'x-recipe':"), "recipe is not an object");
        refused(with("'piece':4096,", ""), "recipe.piece is not an integer from 16 to 65536");
        refused(with("'command_ms':60000,", ""),
                "recipe.command_ms is not an integer from 10000 to 600000");
        refused(with("'commit_ms':120000,", ""),
                "recipe.commit_ms is not an integer from 10000 to 1800000");
        refused(with("'settle_ms':50000,", ""),
                "recipe.settle_ms is not an integer from 0 to 600000");
        refused(with("'ready_ms':180000,", ""),
                "recipe.ready_ms is not an integer from 1000 to 1800000");
        refused(with("'transports':['ata','usb','emulated'],", ""),
                "recipe.transports is not a list of at least one transport");
        refused(with("'edges':", "'x-edges':"), "edges is not a list of at most 64");
        refused(with("'kind':'upgrade',", ""), "edges[0].kind is missing");
        refused(with("'from':['0045','0044'],", ""), "edges[0].from is not a list of at most 64");
        refused(with("'evidence':'reported',", ""), "evidence is missing");
        refused(with("'checks':", "'x-checks':"), "image.checks is not a list of at most 4");
        refused(with("'bytes':'2020'", "'x-a':1"),
                "image.checks[0].bytes is not 1 to 64 bytes in hexadecimal");
        refused(with("'value':'4101'", "'x-a':1"),
                "masks[0].value is not 1 to 32 bytes in hexadecimal");
}

static void test_bounds_of_numbers_are_kept(void **state) {
        (void)state;
        refused(with("4096", "15"), "recipe.piece is not an integer from 16 to 65536");
        refused(with("4096", "65537"), "recipe.piece is not an integer from 16 to 65536");
        refused(with("4096", "4096.0"), "recipe.piece is not an integer from 16 to 65536");
        refused(with("4096", "'4096'"), "recipe.piece is not an integer from 16 to 65536");
        refused(with("60000", "9999"), "recipe.command_ms is not an integer from 10000 to 600000");
        refused(with("50000", "-1"), "recipe.settle_ms is not an integer from 0 to 600000");
        refused(with("50000", "4294967296"), "recipe.settle_ms is not an integer from 0 to 600000");
        refused(with("16572", "16777216"),
                "image.checks[0].offset is not an integer from 0 to 16777215");
        refused(with("'offset':37", "'offset':35"),
                "masks[0].offset is not an integer from 36 to 95");
        refused(with("'schema':1", "'schema':true"), "schema is not 1");
        refused(with("'schema':1", "'schema':2"), "schema is 2, this version of discfwd reads 1");
}

static void test_bytes_must_lie_where_bytes_are(void **state) {
        (void)state;
        refused(with("'offset':16572", "'offset':1048575"),
                "image.checks[0].bytes lies beyond the end of the image");
        refused(with("'offset':37", "'offset':95"),
                "masks[0].mask lies beyond byte 95 of the INQUIRY data");
        refused(with("'4101'", "'41'"), "masks[0].value is not as long as the mask");
        refused(with("'4101'", "'4111'"), "masks[0].value has bits that the mask takes away");
        refused(with("'ff0f'", "'f'"), "masks[0].mask is not 1 to 32 bytes in hexadecimal");
        refused(with("'2020'", "''"), "image.checks[0].bytes is not 1 to 64 bytes in hexadecimal");
        refused(with("'2020'", "'20g0'"),
                "image.checks[0].bytes is not 1 to 64 bytes in hexadecimal");
}

static void test_the_model_is_the_one_of_the_path(void **state) {
        const char other[] = "drive/20202020202020204456445257204944453130303420202f/a";
        Entry *entry = NULL;
        Fault fault = {};

        (void)state;
        assert_int_equal(parse_at(other, 0x100000, full, &entry, &fault), -EBADE);
        assert_string_equal(fault.text + strlen("entry ") + strlen(other),
                            ": model is not the one that the path names");
        refused(with("4456445257", "445644525A"), "model is not 48 lower-case hexadecimal digits");
        refused(with("4456445257", "44564452"), "model is not 48 lower-case hexadecimal digits");
        refused(with("'after':{'model':'20", "'after':{'model':'2"),
                "after.model is not 48 lower-case hexadecimal digits");
}

static void test_a_path_is_a_drive_and_a_plain_name(void **state) {
        static const char *const bad[] = {
                "",
                "drive/",
                "drive/" HEX,
                "drive/" HEX "/",
                "drive/" HEX "/.bin",
                "drive/" HEX "/..",
                "drive/" HEX "/a/b",
                "drive/" HEX "/a b",
                "drive/" HEX "/a%2fb",
                "drive/" HEX "0/a",
                "drivE/" HEX "/a",
                "drive/2020202020202020445644525720494445313030342020"
                "2A/a",
                "/drive/" HEX "/a",
        };

        (void)state;
        for (size_t i = 0; i < N_ELEMENTS(bad); i++) {
                Entry *entry = NULL;
                Fault fault = {};

                assert_int_equal(parse_at(bad[i], 0x100000, full, &entry, &fault), -EBADE);
                assert_int_equal(fault.code, FAULT_CATALOG_MALFORMED);
                assert_memory_equal(fault.text, "the path \"", 10);
        }
}

static void test_lists_say_one_thing_once(void **state) {
        (void)state;
        refused(with("'ata','usb'", "'ata','ata'"),
                "recipe.transports has the same transport twice");
        refused(with("'usb'", "'unknown'"), "recipe.transports has a transport that is not known");
        refused(with("'usb'", "2"), "recipe.transports has a transport that is not known");
        refused(with("'0045','0044'", "'0045','0045'"),
                "edges[0].from has the same revision twice");
        refused(with("'0045','0044'", ""), "edges[0].from is empty");
        refused(with("'0045','0044'", "'0045',44"),
                "edges[0].from[1] is not a revision of 1 to 4 printable ASCII characters");
        refused(with("'0045','0044'", "'00450'"),
                "edges[0].from[0] is not a revision of 1 to 4 printable ASCII characters");
        refused(with("'from':['0051']", "'from':['0051','0044']"),
                "edges[1].from has a revision that another edge of this entry has, too");
}

static void test_edges_lead_somewhere(void **state) {
        (void)state;
        refused(with("'kind':'upgrade'", "'kind':'sidegrade'"),
                "edges[0].kind is none of \"upgrade\", \"step\", \"downgrade\", \"recovery\", "
                "\"reflash\"");
        refused(with("'0045','0044'", "'0050'"), "edges[0].from has the entry's own version");
        refused(with("'reflash','from':['0050']", "'reflash','from':['0049']"),
                "edges[2].from is not the entry's own version, as for a reflash it must be");
}

static void test_texts_are_fit_for_people(void **state) {
        (void)state;
        refused(with("two\\nlines", "two\\u001b[2J"),
                "notes is not a text of 1 to 4096 bytes without control characters");
        refused(with("'bricks'", "''"),
                "withdrawn is not a text of 1 to 512 bytes without control characters");
        refused(with("'bricks'", "'a\\nb'"),
                "withdrawn is not a text of 1 to 512 bytes without control characters");
        refused(with("'bricks'", "true"),
                "withdrawn is not a text of 1 to 512 bytes without control characters");
        refused(with("['one','two']", "'one'"),
                "hazards is not a list of at most 8 texts of 1 to 512 bytes without control "
                "characters");
        refused(with("['one','two']", "['1','2','3','4','5','6','7','8','9']"),
                "hazards is not a list of at most 8 texts of 1 to 512 bytes without control "
                "characters");
        refused(with("'http://a.example/b'", "1"),
                "sources is not a list of at most 8 texts of 1 to 1024 bytes without control "
                "characters");
        refused(with("'channel':'testing'", "'channel':'Beta'"),
                "channel is not a name of 1 to 15 lower-case letters, digits and hyphens");
        refused(with("'urgency':'high'", "'urgency':'High'"),
                "urgency is none of \"low\", \"medium\", \"high\", \"critical\"");
        refused(with("'evidence':'reported'", "'evidence':1"),
                "evidence is none of \"simulated\", \"reported\", \"proven\"");
        refused(with("true,'x-seen'", "1,'x-seen'"), "recipe.disc_out is neither true nor false");
}

static void test_a_release_date_is_a_day_that_exists(void **state) {
        static const char *const bad[] = { "'2003-02-29'", "'2004-2-29'",  "'2004-13-01'",
                                           "'2004-00-01'", "'2004-04-31'", "'2004-02-29 '",
                                           "'04-02-29'",   "''",           "20040229" };

        (void)state;
        for (size_t i = 0; i < N_ELEMENTS(bad); i++)
                refused(with("'2004-02-29'", bad[i]), "release_date is not a day like 2004-05-01");
}

static void test_unknown_members_are_named_and_extensions_are_not(void **state) {
        (void)state;
        refused(with("'family'", "'famly':1,'family'"), "famly is not a member that an entry has");
        refused(with("'piece'", "'pieces':1,'piece'"),
                "recipe.pieces is not a member that an entry has");
        refused(with("'kind'", "'X-a':1,'kind'"), "edges[0].X-a is not a member that an entry has");
        refused(with("'power_cycle'", "'\\u001b':1,'power_cycle'"),
                "after.\\x1b is not a member that an entry has");
        refused(with("'checks'", "'':1,'checks'"), "image. is not a member that an entry has");
}

static void test_what_is_no_entry_at_all_is_refused(void **state) {
        char long_json[ENTRY_JSON_MAX + 2];

        (void)state;
        refused("[]", "it is not an object");
        refused("{", "custom.discfw: not JSON at line 1, column 1");
        refused("{'schema':1,'schema':1}", "custom.discfw: not JSON at line 1, column 20");
        memset(long_json, ' ', sizeof(long_json));
        long_json[sizeof(long_json) - 1] = '\0';
        refused(long_json, "custom.discfw has 32769 bytes, at most 32768 are read");
}

static void test_an_image_has_a_length(void **state) {
        Entry *entry = NULL;

        (void)state;
        assert_int_equal(parse_at(PATH, 0, full, &entry, NULL), -EBADE);
        assert_int_equal(parse_at(PATH, IMAGE_LENGTH_MAX + 1, full, &entry, NULL), -EBADE);
        assert_int_equal(parse_at(PATH, UINT64_MAX, full, &entry, NULL), -EBADE);
}

static void test_an_edge_is_found_by_revision_and_kind(void **state) {
        _cleanup_(entry_freep) Entry *entry = NULL;

        (void)state;
        assert_int_equal(parse_at(PATH, 0x100000, full, &entry, NULL), 0);
        assert_ptr_equal(entry_edge(entry, "0044", 1u << EDGE_UPGRADE), &entry->edges[0]);
        assert_ptr_equal(entry_edge(entry, "0051", ~0u), &entry->edges[1]);
        assert_null(entry_edge(entry, "0044", 1u << EDGE_DOWNGRADE));
        assert_null(entry_edge(entry, "0043", ~0u));
}

static void test_masks_tell_hardware_apart(void **state) {
        _cleanup_(entry_freep) Entry *entry = NULL;
        uint8_t inquiry[96] = {};

        (void)state;
        assert_int_equal(parse_at(PATH, 0x100000, full, &entry, NULL), 0);
        inquiry[37] = 0x41;
        inquiry[38] = 0xf1; /* the upper half is masked out */
        assert_true(entry_masks_match(entry, inquiry, 96));
        assert_true(entry_masks_match(entry, inquiry, 39));
        assert_false(entry_masks_match(entry, inquiry, 38));
        inquiry[38] = 0xf2;
        assert_false(entry_masks_match(entry, inquiry, 96));
}

static void test_an_image_must_say_what_is_declared(void **state) {
        _cleanup_(entry_freep) Entry *entry = NULL;
        uint8_t *image = calloc(1, 0x100000);
        Fault fault = {};

        (void)state;
        assert_non_null(image);
        assert_int_equal(parse_at(PATH, 0x100000, full, &entry, NULL), 0);
        memcpy(image + 16572, "  ", 2);
        memcpy(image + 16596, "0051", 4);
        assert_int_equal(entry_check_image(entry, image, 0x100000, &fault), -EBADE);
        assert_int_equal(fault.code, FAULT_IMAGE_IDENTITY);
        assert_string_equal(fault.text, "image says \"0051\" at 40D4h, wanted \"0050\"");

        memcpy(image + 16596, "0050", 4);
        assert_int_equal(entry_check_image(entry, image, 0x100000, NULL), 0);
        assert_int_equal(entry_check_image(entry, image, 16600, NULL), 0);
        fault_clear(&fault);
        assert_int_equal(entry_check_image(entry, image, 16599, &fault), -EBADE);
        assert_int_equal(entry_check_image(entry, image, 0, NULL), -EBADE);
        free(image);
}

static void test_revisions_are_four_characters(void **state) {
        char revision[ENTRY_REVISION_SIZE] = "same";

        (void)state;
        assert_false(revision_from_text("", revision));
        assert_false(revision_from_text("00430", revision));
        assert_false(revision_from_text("0\t43", revision));
        assert_false(revision_from_text("\xc3\xbc", revision));
        assert_string_equal(revision, "same");
        assert_true(revision_from_text("1.1", revision));
        assert_string_equal(revision, "1.1 ");
        assert_true(revision_from_text("    ", revision));
}

static void test_prefixes_are_lower_case_hex(void **state) {
        char prefix[ENTRY_PREFIX_SIZE];

        (void)state;
        entry_prefix((const uint8_t *)"PLEXTOR DVDR   PX-716A  ", prefix);
        assert_string_equal(prefix, "drive/504c4558544f52204456445220202050582d373136412020/");
}

/* Are the properties of an object of the schema, by names, those that the parser knows? */
static void compare_members(const json_t *object, EntryObject kind) {
        const char *const *known = entry_members(kind);
        const json_t *properties = json_object_get(object, "properties");
        const char *member;
        json_t *value;
        size_t n = 0;

        assert_true(json_is_object(properties));
        for (; known[n]; n++)
                if (!json_object_get(properties, known[n]))
                        fail_msg("the schema lacks \"%s\"", known[n]);
        json_object_foreach((json_t *)properties, member, value) {
                if (json_string_length(json_object_get(value, "description")) == 0)
                        fail_msg("\"%s\" is not described", member);
        }
        assert_int_equal(json_object_size(properties), n);
        assert_true(json_is_false(json_object_get(object, "additionalProperties")));
        assert_non_null(json_object_get(json_object_get(object, "patternProperties"), "^x-"));
}

static json_t *at(json_t *json, const char *a, const char *b, const char *c) {
        json = json_object_get(json_object_get(json, a), b);
        return c ? json_object_get(json, c) : json;
}

static void test_the_schema_has_the_members_that_the_parser_knows(void **state) {
        _cleanup_json_ json_t *schema = NULL;
        char path[4096];

        (void)state;
        (void)snprintf(path, sizeof(path), "%s/schema/catalog/entry.schema.json",
                       getenv("DISCFW_SRCDIR") ?: ".");
        schema = json_load_file(path, JSON_REJECT_DUPLICATES, NULL);
        assert_non_null(schema);
        compare_members(schema, ENTRY_OBJECT_TOP);
        compare_members(at(schema, "properties", "recipe", NULL), ENTRY_OBJECT_RECIPE);
        compare_members(at(schema, "properties", "image", NULL), ENTRY_OBJECT_IMAGE);
        compare_members(
                at(at(schema, "properties", "image", "properties"), "checks", "items", NULL),
                ENTRY_OBJECT_CHECK);
        compare_members(at(schema, "properties", "masks", "items"), ENTRY_OBJECT_MASK);
        compare_members(at(schema, "properties", "edges", "items"), ENTRY_OBJECT_EDGE);
        compare_members(at(schema, "properties", "after", NULL), ENTRY_OBJECT_AFTER);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_whole_entry_is_read),
                cmocka_unit_test(test_what_may_be_absent_has_its_default),
                cmocka_unit_test(test_every_required_member_is_missed),
                cmocka_unit_test(test_bounds_of_numbers_are_kept),
                cmocka_unit_test(test_bytes_must_lie_where_bytes_are),
                cmocka_unit_test(test_the_model_is_the_one_of_the_path),
                cmocka_unit_test(test_a_path_is_a_drive_and_a_plain_name),
                cmocka_unit_test(test_lists_say_one_thing_once),
                cmocka_unit_test(test_edges_lead_somewhere),
                cmocka_unit_test(test_texts_are_fit_for_people),
                cmocka_unit_test(test_a_release_date_is_a_day_that_exists),
                cmocka_unit_test(test_unknown_members_are_named_and_extensions_are_not),
                cmocka_unit_test(test_what_is_no_entry_at_all_is_refused),
                cmocka_unit_test(test_an_image_has_a_length),
                cmocka_unit_test(test_an_edge_is_found_by_revision_and_kind),
                cmocka_unit_test(test_masks_tell_hardware_apart),
                cmocka_unit_test(test_an_image_must_say_what_is_declared),
                cmocka_unit_test(test_revisions_are_four_characters),
                cmocka_unit_test(test_prefixes_are_lower_case_hex),
                cmocka_unit_test(test_the_schema_has_the_members_that_the_parser_knows),
        };

        return RUN_TESTS(tests);
}
