/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The interface that is published, against what is understood: every method, parameter and error there
 * is in one is in the other. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "ipc/varlink.h"
#include "tests/unit/test.h"

/* Every name that some method gives to a parameter, and one that none does. */
static const char *const names[] = { "drive",  "version", "to",  "kind",  "catalog", "reason",
                                     "digest", "via",     "all", "limit", "before",  "bogus" };

typedef struct Declared {
        char name[32];
        unsigned takes, needs; /* bits by the place in NAMES */
        char types[N_ELEMENTS(names)][16];
} Declared;

static unsigned place_of(const char *name, size_t n) {
        for (unsigned i = 0; i < N_ELEMENTS(names); i++)
                if (strlen(names[i]) == n && strncmp(names[i], name, n) == 0)
                        return i;
        print_error("no method of ours has a parameter \"%.*s\"\n", (int)n, name);
        fail();
        return 0;
}

/* "drive: string, to: ?string" */
static void declare_parameters(Declared *declared, const char *text, const char *end) {
        while (text < end) {
                const char *colon = memchr(text, ':', (size_t)(end - text)), *type;
                unsigned place;
                size_t n;

                text += strspn(text, " \n\t,");
                if (text >= end || !colon)
                        return;
                place = place_of(text, (size_t)(colon - text));
                declared->takes |= 1u << place;
                type = colon + 1 + strspn(colon + 1, " ");
                if (*type == '?')
                        type++;
                else
                        declared->needs |= 1u << place;
                n = strspn(type, "abcdefghijklmnopqrstuvwxyz[]");
                text_format(declared->types[place], sizeof(declared->types[place]), "%.*s", (int)n,
                            type);
                text = type + n;
        }
}

/* The next method in the text, which is moved on; false if there is none. */
static bool next_method(const char **text, Declared *ret_declared) {
        const char *start = strstr(*text, "\nmethod "), *open, *close;

        if (!start)
                return false;
        start += strlen("\nmethod ");
        open = strchr(start, '(');
        close = open ? strchr(open, ')') : NULL;
        assert_non_null(close);
        *ret_declared = (Declared){};
        text_format(ret_declared->name, sizeof(ret_declared->name), "%.*s", (int)(open - start),
                    start);
        declare_parameters(ret_declared, open + 1, close);
        *text = close;
        return true;
}

static const char *value_of(const Declared *declared, unsigned place) {
        const char *type = declared->types[place];

        if (strcmp(type, "bool") == 0)
                return "true";
        if (strcmp(type, "int") == 0)
                return "1";
        assert_true(type[0] == '\0' || strcmp(type, "string") == 0);
        return strcmp(names[place], "kind") == 0 ? "\"update\"" : "\"x\"";
}

/* A call with the parameters of GIVEN; NULL if it is taken, or the parameter that is refused. */
static const char *refused(const Declared *declared, unsigned given) {
        static char parameter[64];
        char text[1024];
        size_t n;
        Call call;

        text_format(text, sizeof(text), "{\"method\":\"org.discfw.%s\",\"parameters\":{",
                    declared->name);
        for (unsigned i = 0; i < N_ELEMENTS(names); i++) {
                n = strlen(text);
                if (given & 1u << i)
                        text_format(text + n, sizeof(text) - n, "%s\"%s\":%s",
                                    text[n - 1] == '{' ? "" : ",", names[i], value_of(declared, i));
        }
        n = strlen(text);
        text_format(text + n, sizeof(text) - n, "}}");
        if (call_parse(text, strlen(text), &call) == CALL_REQUEST) {
                assert_string_equal(method_name(call.request.method), declared->name);
                return NULL;
        }
        assert_string_equal(json_string_value(json_object_get(call.reply, "error")),
                            "org.varlink.service.InvalidParameter");
        text_format(parameter, sizeof(parameter), "%s",
                    json_string_value(json_object_get(json_object_get(call.reply, "parameters"),
                                                      "parameter")));
        json_decref(call.reply);
        return parameter;
}

static void test_methods_and_their_parameters_are_those_declared(void **state) {
        const char *text = interface_description;
        Declared declared;
        unsigned n = 0;

        (void)state;
        for (; next_method(&text, &declared); n++) {
                assert_null(refused(&declared, declared.takes));
                assert_null(refused(&declared, declared.needs));
                for (unsigned i = 0; i < N_ELEMENTS(names); i++) {
                        if (declared.needs & 1u << i)
                                assert_string_equal(refused(&declared, declared.needs & ~(1u << i)),
                                                    names[i]);
                        if (!(declared.takes & 1u << i))
                                assert_string_equal(refused(&declared, declared.needs | 1u << i),
                                                    names[i]);
                }
        }
        assert_int_equal(n, _METHOD_MAX);
}

static void test_every_fault_is_declared_as_an_error(void **state) {
        char line[128];
        FaultCode code;

        (void)state;
        for (unsigned i = 0; (code = fault_nth(i)) != FAULT_NONE; i++) {
                /* Somebody else has the drive: where to look for whom. */
                bool nodes = code == FAULT_MOUNTED || code == FAULT_CLAIMED;

                text_format(line, sizeof(line), "\nerror %s (text: string, mend: ?string%s)\n",
                            fault_name(code), nodes ? ", node: ?string, block: ?string" : "");
                if (!strstr(interface_description, line)) {
                        print_error("%s is not declared\n", fault_name(code));
                        fail();
                }
        }
}

static void test_every_error_that_is_declared_is_a_fault(void **state) {
        const char *text = interface_description;
        unsigned n = 0, n_faults = 0;

        (void)state;
        while ((text = strstr(text, "\nerror "))) {
                char name[64];

                text += strlen("\nerror ");
                text_format(name, sizeof(name), "%.*s", (int)strcspn(text, " ("), text);
                if (fault_from_name(name) == FAULT_NONE) {
                        print_error("%s is no fault\n", name);
                        fail();
                }
                n++;
        }
        while (fault_nth(n_faults) != FAULT_NONE)
                n_faults++;
        assert_int_equal(n, n_faults);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_methods_and_their_parameters_are_those_declared),
                cmocka_unit_test(test_every_fault_is_declared_as_an_error),
                cmocka_unit_test(test_every_error_that_is_declared_is_a_fault),
        };

        return RUN_TESTS(tests);
}
