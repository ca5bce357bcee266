/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ipc/varlink.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "tests/unit/test.h"

/* ' for ", so that JSON can be read here. */
static CallVerdict parse(const char *text, Call *ret_call) {
        char json[4096];
        size_t n = strlen(text);

        assert_true(n < sizeof(json));
        for (size_t i = 0; i <= n; i++)
                json[i] = (char)(text[i] == '\'' ? '"' : text[i]);
        return call_parse(json, n, ret_call);
}

/* The error of a call that is answered by itself: "MethodNotFound method=org.discfw.X". */
static const char *error(const char *text) {
        static char shown[512];
        const json_t *value;
        const char *key;
        Call call;

        assert_int_equal(parse(text, &call), CALL_ANSWERED);
        text_format(shown, sizeof(shown), "%s",
                    json_string_value(json_object_get(call.reply, "error")));
        json_object_foreach(json_object_get(call.reply, "parameters"), key, value) {
                size_t n = strlen(shown);

                text_format(shown + n, sizeof(shown) - n, " %s=%s", key, json_string_value(value));
        }
        json_decref(call.reply);
        assert_int_equal(strncmp(shown, "org.varlink.service.", 20), 0);
        return shown + 20;
}

static bool broken(const char *text) {
        Call call;

        return parse(text, &call) == CALL_BROKEN && !call.reply;
}

static void test_every_method_takes_its_parameters(void **state) {
        static const struct {
                Method method;
                const char *parameters;
        } cases[_METHOD_MAX] = {
                { METHOD_GET_STATUS, "" },
                { METHOD_LIST_DRIVES, "'all':true" },
                { METHOD_SCAN, "" },
                { METHOD_SHOW_DRIVE, "'drive':'sr0'" },
                { METHOD_REFRESH, "'catalog':'main'" },
                { METHOD_PLAN_FLASH, "'drive':'sr0','kind':'update','to':'0050'" },
                { METHOD_FLASH, "'drive':'sr0','kind':'rollback','to':'0050','reason':'why',"
                                "'digest':'abc','via':'ssh'" },
                { METHOD_RESOLVE, "'drive':'sr0','reason':'why'" },
                { METHOD_WHY, "'drive':'sr0','version':'0050'" },
                { METHOD_HISTORY, "'drive':'sr0','limit':10,'before':100" },
                { METHOD_VERIFY_AUDIT, "" },
                { METHOD_EXPORT_AUDIT, "" },
                { METHOD_HOLD, "'drive':'sr0','reason':'why'" },
                { METHOD_UNHOLD, "'drive':'sr0'" },
                { METHOD_LIST_CATALOGS, "" },
                { METHOD_SHOW_CATALOG, "'catalog':'main'" },
                { METHOD_RELOAD, "" },
                { METHOD_MONITOR, "" },
                { METHOD_DOCTOR, "" },
        };
        char text[512];
        Call call;

        (void)state;
        for (Method m = 0; m < _METHOD_MAX; m++) {
                const char *given = cases[m].parameters;

                assert_int_equal(cases[m].method, m);
                text_format(text, sizeof(text), "{'method':'org.discfw.%s','parameters':{%s}}",
                            method_name(m), given);
                assert_int_equal(parse(text, &call), CALL_REQUEST);
                assert_int_equal(call.request.method, m);
                assert_false(call.request.more || call.oneway);
                assert_string_equal(call.request.drive, strstr(given, "drive") ? "sr0" : "");
                assert_string_equal(call.request.version, strstr(given, "0050") ? "0050" : "");
                assert_string_equal(call.request.reason, strstr(given, "reason") ? "why" : "");
                assert_string_equal(call.request.catalog, strstr(given, "catalog") ? "main" : "");
                assert_int_equal(call.request.all, strstr(given, "all") != NULL);
                assert_int_equal(call.request.limit, strstr(given, "limit") ? 10 : 0);
                assert_int_equal(call.request.before, strstr(given, "before") ? 100 : 0);
        }
        assert_int_equal(parse("{'method':'org.discfw.Flash','more':true,'parameters':{'drive':'a',"
                               "'kind':'reflash','digest':'d','via':'ssh','to':null}}",
                               &call),
                         CALL_REQUEST);
        assert_true(call.request.more);
        assert_string_equal(call.request.kind, "reflash");
        assert_string_equal(call.request.digest, "d");
        assert_string_equal(call.request.via, "ssh");
        assert_string_equal(call.request.version, "");
}

static void test_what_is_misspelt_is_refused_and_not_left_out(void **state) {
        (void)state;
        assert_string_equal(error("{'method':'org.discfw.Hold','parameters':{'drive':'a',"
                                  "'reson':'why'}}"),
                            "InvalidParameter parameter=reson");
        assert_string_equal(error("{'method':'org.discfw.GetStatus','parameters':{'drive':'a'}}"),
                            "InvalidParameter parameter=drive");
        /* Each method has one name for a version, and two could contradict each other. */
        assert_string_equal(error("{'method':'org.discfw.PlanFlash','parameters':{'drive':'a',"
                                  "'kind':'update','version':'0050'}}"),
                            "InvalidParameter parameter=version");
        assert_string_equal(error("{'method':'org.discfw.Why','parameters':{'drive':'a',"
                                  "'to':'0050'}}"),
                            "InvalidParameter parameter=to");
}

static void test_what_is_missing_is_named(void **state) {
        (void)state;
        assert_string_equal(error("{'method':'org.discfw.Hold'}"),
                            "InvalidParameter parameter=drive");
        assert_string_equal(error("{'method':'org.discfw.Hold','parameters':{'drive':null}}"),
                            "InvalidParameter parameter=drive");
        assert_string_equal(error("{'method':'org.discfw.ShowCatalog','parameters':{}}"),
                            "InvalidParameter parameter=catalog");
        assert_string_equal(error("{'method':'org.discfw.PlanFlash','parameters':{'drive':'a'}}"),
                            "InvalidParameter parameter=kind");
        assert_string_equal(error("{'method':'org.discfw.Flash','parameters':{'drive':'a',"
                                  "'kind':'update'}}"),
                            "InvalidParameter parameter=digest");
}

static void test_values_of_another_type_or_range_are_refused(void **state) {
        (void)state;
        assert_string_equal(error("{'method':'org.discfw.Hold','parameters':{'drive':7}}"),
                            "InvalidParameter parameter=drive");
        assert_string_equal(error("{'method':'org.discfw.Hold','parameters':{'drive':['a']}}"),
                            "InvalidParameter parameter=drive");
        assert_string_equal(error("{'method':'org.discfw.ListDrives','parameters':{'all':1}}"),
                            "InvalidParameter parameter=all");
        assert_string_equal(error("{'method':'org.discfw.History','parameters':{'limit':'9'}}"),
                            "InvalidParameter parameter=limit");
        assert_string_equal(error("{'method':'org.discfw.History','parameters':{'limit':1.5}}"),
                            "InvalidParameter parameter=limit");
        assert_string_equal(error("{'method':'org.discfw.History','parameters':{'before':-1}}"),
                            "InvalidParameter parameter=before");
        assert_string_equal(error("{'method':'org.discfw.PlanFlash','parameters':{'drive':'a',"
                                  "'kind':'upgrade'}}"),
                            "InvalidParameter parameter=kind");
}

static void test_what_is_too_long_is_refused_and_not_cut(void **state) {
        char text[2048];
        Call call;

        (void)state;
        for (unsigned n = REASON_MAX - 1; n <= REASON_MAX + 1; n++) {
                text_format(text, sizeof(text),
                            "{'method':'org.discfw.Hold','parameters':{'drive':'a','reason':'%0*d'"
                            "}}",
                            (int)n, 0);
                if (n <= REASON_MAX) {
                        assert_int_equal(parse(text, &call), CALL_REQUEST);
                        assert_int_equal(strlen(call.request.reason), n);
                } else
                        assert_string_equal(error(text), "InvalidParameter parameter=reason");
        }
        text_format(text, sizeof(text),
                    "{'method':'org.discfw.Hold','parameters':{'drive':'%0*d'}}", DEVPATH_SIZE, 0);
        assert_string_equal(error(text), "InvalidParameter parameter=drive");
}

static void test_methods_that_are_none_are_said_so(void **state) {
        (void)state;
        assert_string_equal(error("{'method':'org.discfw.Brick'}"),
                            "MethodNotFound method=org.discfw.Brick");
        assert_string_equal(error("{'method':'GetStatus'}"), "MethodNotFound method=GetStatus");
        assert_string_equal(error("{'method':''}"), "MethodNotFound method=");
        assert_string_equal(error("{'method':'org.other.GetStatus'}"),
                            "InterfaceNotFound interface=org.other");
        assert_string_equal(error("{'method':'org.discfw.x.GetStatus'}"),
                            "InterfaceNotFound interface=org.discfw.x");
        assert_string_equal(error("{'method':'org.discfw.'}"), "MethodNotFound method=org.discfw.");
        assert_string_equal(error("{'method':'org.varlink.service.X'}"), "MethodNotFound method=X");
        assert_string_equal(error("{'method':'.GetStatus'}"), "InterfaceNotFound interface=");
}

static void test_what_is_no_call_ends_the_connection(void **state) {
        static const char *const texts[] = {
                "",
                "{}",
                "[]",
                "7",
                "null",
                "{'method':7}",
                "{'method':'org.discfw.Scan','parameters':[]}",
                "{'method':'org.discfw.Scan','parameters':'x'}",
                "{'method':'org.discfw.Scan','extra':1}",
                "{'method':'org.discfw.Scan','more':1}",
                "{'method':'org.discfw.Scan','oneway':'yes'}",
                "{'method':'org.discfw.Scan','upgrade':true}",
                "{'method':'org.discfw.Scan','method':'org.discfw.Reload'}",
                "{'method':'org.discfw.Scan'} x",
                "{'method':'org.discfw.Scan'",
                "{'method':'org.discfw.Sc\\u0000an'}",
                "{'method':'org.discfw.Hold','parameters':{'drive':'a\\u0000b'}}",
                "\xef\xbb\xbf{'method':'org.discfw.Scan'}",
                "{'method':'org.discfw.\xff'}",
        };

        (void)state;
        for (size_t i = 0; i < N_ELEMENTS(texts); i++)
                assert_true(broken(texts[i]));
        assert_false(broken("{'method':'org.discfw.Scan','more':null,'parameters':null}"));
}

static void test_nesting_without_end_is_no_call(void **state) {
        _cleanup_free_ char *text = malloc(VARLINK_MESSAGE_MAX);
        Call call;

        (void)state;
        assert_non_null(text);
        memset(text, '[', VARLINK_MESSAGE_MAX);
        assert_int_equal(call_parse(text, VARLINK_MESSAGE_MAX, &call), CALL_BROKEN);
        memset(text, ' ', VARLINK_MESSAGE_MAX);
        assert_int_equal(call_parse(text, VARLINK_MESSAGE_MAX, &call), CALL_BROKEN);
        memset(text, '\0', VARLINK_MESSAGE_MAX);
        assert_int_equal(call_parse(text, VARLINK_MESSAGE_MAX, &call), CALL_BROKEN);
}

static void test_what_is_shown_of_foreign_names_is_escaped(void **state) {
        (void)state;
        assert_string_equal(error("{'method':'org.discfw.\\u001b[2J'}"),
                            "MethodNotFound method=org.discfw.\\x1b[2J");
}

static void test_the_interface_is_told_word_for_word(void **state) {
        const char *folder = getenv("DISCFW_SRCDIR");
        _cleanup_close_ int fd = open(folder ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        _cleanup_free_ uint8_t *bytes = NULL;
        const char *description;
        size_t n = 0;
        Call call;

        (void)state;
        assert_int_equal(file_read(fd, "schema/varlink/org.discfw.varlink", 65536, &bytes, &n), 0);
        assert_int_equal(parse("{'method':'org.varlink.service.GetInterfaceDescription',"
                               "'parameters':{'interface':'org.discfw'}}",
                               &call),
                         CALL_ANSWERED);
        description = json_string_value(
                json_object_get(json_object_get(call.reply, "parameters"), "description"));
        assert_int_equal(strlen(description), n);
        assert_memory_equal(description, bytes, n);
        json_decref(call.reply);
}

static void test_the_service_says_what_it_is(void **state) {
        const json_t *interfaces;
        Call call;

        (void)state;
        assert_int_equal(parse("{'method':'org.varlink.service.GetInfo'}", &call), CALL_ANSWERED);
        interfaces = json_object_get(json_object_get(call.reply, "parameters"), "interfaces");
        assert_int_equal(json_array_size(interfaces), 2);
        json_decref(call.reply);
        /* What is listed can be described. */
        assert_int_equal(parse("{'method':'org.varlink.service.GetInterfaceDescription',"
                               "'parameters':{'interface':'org.varlink.service'}}",
                               &call),
                         CALL_ANSWERED);
        assert_null(json_object_get(call.reply, "error"));
        json_decref(call.reply);
        assert_string_equal(error("{'method':'org.varlink.service.GetInterfaceDescription'}"),
                            "InvalidParameter parameter=interface");
        assert_string_equal(error("{'method':'org.varlink.service.GetInterfaceDescription',"
                                  "'parameters':{'interface':'org.x'}}"),
                            "InterfaceNotFound interface=org.x");
}

static void test_answers_have_the_form_of_varlink(void **state) {
        _cleanup_json_ json_t *parameters = json_pack("{si}", "job", 7),
                              *node = json_pack("{ss}", "node", "sg1");
        _cleanup_free_ char *last = reply_text(parameters, false), *more = NULL, *fails = NULL,
                            *names = NULL;
        Fault fault = {};

        (void)state;
        more = reply_text(parameters, true);
        assert_string_equal(last, "{\"parameters\":{\"job\":7}}");
        assert_string_equal(more, "{\"parameters\":{\"job\":7},\"continues\":true}");
        (void)fault_set(&fault, FAULT_CATALOG_EXPIRED, "it was \xff valid");
        fails = error_text(&fault, NULL);
        assert_int_equal(strncmp(fails, "{\"error\":\"org.discfw.CatalogExpired\",", 37), 0);
        assert_non_null(strstr(fails, "\"text\":\"it was \\\\xff valid\""));
        assert_non_null(strstr(fails, "\"mend\":\""));
        assert_null(strstr(fails, "\"node\""));
        names = error_text(&fault, node);
        assert_non_null(strstr(names, "\"text\":\"it was \\\\xff valid\""));
        assert_non_null(strstr(names, "\"node\":\"sg1\"}}"));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_every_method_takes_its_parameters),
                cmocka_unit_test(test_what_is_misspelt_is_refused_and_not_left_out),
                cmocka_unit_test(test_what_is_missing_is_named),
                cmocka_unit_test(test_values_of_another_type_or_range_are_refused),
                cmocka_unit_test(test_what_is_too_long_is_refused_and_not_cut),
                cmocka_unit_test(test_methods_that_are_none_are_said_so),
                cmocka_unit_test(test_what_is_no_call_ends_the_connection),
                cmocka_unit_test(test_nesting_without_end_is_no_call),
                cmocka_unit_test(test_what_is_shown_of_foreign_names_is_escaped),
                cmocka_unit_test(test_the_interface_is_told_word_for_word),
                cmocka_unit_test(test_the_service_says_what_it_is),
                cmocka_unit_test(test_answers_have_the_form_of_varlink),
        };

        return RUN_TESTS(tests);
}
