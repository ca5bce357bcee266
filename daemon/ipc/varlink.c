/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ipc/varlink.h"

#include <string.h>

#include "base/text.h"

#define INTERFACE "org.discfw"

/* Parameters by bits, so that the table below says who takes what. */
enum {
        P_DRIVE = 1 << 0,
        P_VERSION = 1 << 1,
        P_KIND = 1 << 2,
        P_CATALOG = 1 << 3,
        P_REASON = 1 << 4,
        P_DIGEST = 1 << 5,
        P_VIA = 1 << 6,
        P_ALL = 1 << 7,
        P_LIMIT = 1 << 8,
        P_BEFORE = 1 << 9,
        P_TO = 1 << 10, /* as "version" in the request */
};

static const struct {
        const char *name;
        unsigned takes;
        unsigned needs;
} methods[_METHOD_MAX] = {
        [METHOD_GET_STATUS] = { "GetStatus", 0, 0 },
        [METHOD_LIST_DRIVES] = { "ListDrives", P_ALL, 0 },
        [METHOD_SCAN] = { "Scan", 0, 0 },
        [METHOD_SHOW_DRIVE] = { "ShowDrive", P_DRIVE, P_DRIVE },
        [METHOD_REFRESH] = { "Refresh", P_CATALOG, 0 },
        [METHOD_PLAN_FLASH] = { "PlanFlash", P_DRIVE | P_KIND | P_TO, P_DRIVE | P_KIND },
        [METHOD_FLASH] = { "Flash", P_DRIVE | P_KIND | P_TO | P_REASON | P_DIGEST | P_VIA,
                           P_DRIVE | P_KIND | P_DIGEST },
        [METHOD_RESOLVE] = { "Resolve", P_DRIVE | P_REASON, P_DRIVE },
        [METHOD_WHY] = { "Why", P_DRIVE | P_VERSION, P_DRIVE },
        [METHOD_HISTORY] = { "History", P_DRIVE | P_LIMIT | P_BEFORE, 0 },
        [METHOD_VERIFY_AUDIT] = { "VerifyAudit", 0, 0 },
        [METHOD_EXPORT_AUDIT] = { "ExportAudit", 0, 0 },
        [METHOD_HOLD] = { "Hold", P_DRIVE | P_REASON, P_DRIVE },
        [METHOD_UNHOLD] = { "Unhold", P_DRIVE, P_DRIVE },
        [METHOD_LIST_CATALOGS] = { "ListCatalogs", 0, 0 },
        [METHOD_SHOW_CATALOG] = { "ShowCatalog", P_CATALOG, P_CATALOG },
        [METHOD_RELOAD] = { "Reload", 0, 0 },
        [METHOD_MONITOR] = { "Monitor", 0, 0 },
        [METHOD_DOCTOR] = { "Doctor", 0, 0 },
};

const char *method_name(Method method) {
        return methods[method].name;
}

static json_t *varlink_error(const char *name, const char *key, const char *value) {
        char escaped[256];

        text_escape_utf8(value, escaped, sizeof(escaped));
        return json_pack("{ss s{ss}}", "error", name, "parameters", key, escaped);
}

static CallVerdict refuse(Call *call, json_t *error) {
        call->reply = error;
        return error ? CALL_ANSWERED : CALL_BROKEN;
}

/* Copies what fits; false if the value is of another type or too long. Null is as if absent. */
static bool take(Request *request, unsigned bit, json_t *value) {
        struct {
                char *to;
                size_t size;
        } place = {};
        const char *text = json_string_value(value);

        switch (bit) {
        case P_ALL: request->all = json_is_true(value); return json_is_boolean(value);
        case P_LIMIT:
        case P_BEFORE:
                if (!json_is_integer(value) || json_integer_value(value) < 0)
                        return false;
                *(bit == P_LIMIT ? &request->limit : &request->before) = json_integer_value(value);
                return true;
        case P_DRIVE: place.to = request->drive, place.size = sizeof(request->drive); break;
        case P_TO:
        case P_VERSION: place.to = request->version, place.size = sizeof(request->version); break;
        case P_KIND: place.to = request->kind, place.size = sizeof(request->kind); break;
        case P_CATALOG: place.to = request->catalog, place.size = sizeof(request->catalog); break;
        case P_REASON: place.to = request->reason, place.size = sizeof(request->reason); break;
        case P_DIGEST: place.to = request->digest, place.size = sizeof(request->digest); break;
        default: place.to = request->via, place.size = sizeof(request->via); break;
        }
        if (!text || strlen(text) >= place.size)
                return false;
        memcpy(place.to, text, strlen(text) + 1);
        return true;
}

static const struct {
        const char *name;
        unsigned bit;
} parameter_names[] = {
        { "drive", P_DRIVE }, { "version", P_VERSION }, { "to", P_TO },
        { "kind", P_KIND },   { "catalog", P_CATALOG }, { "reason", P_REASON },
        { "via", P_VIA },     { "digest", P_DIGEST },   { "all", P_ALL },
        { "limit", P_LIMIT }, { "before", P_BEFORE },
};

static unsigned parameter_bit(Method method, const char *name) {
        for (size_t i = 0; i < N_ELEMENTS(parameter_names); i++)
                if (strcmp(parameter_names[i].name, name) == 0)
                        return parameter_names[i].bit & methods[method].takes;
        return 0;
}

static const char *first_parameter(unsigned bits) {
        for (size_t i = 0; i < N_ELEMENTS(parameter_names); i++)
                if (parameter_names[i].bit & bits)
                        return parameter_names[i].name;
        return "";
}

static CallVerdict take_parameters(json_t *parameters, Call *call) {
        Request *request = &call->request;
        unsigned given = 0, missing;
        const char *key;
        json_t *value;

        json_object_foreach(parameters, key, value) {
                unsigned bit = parameter_bit(request->method, key);

                if (bit && json_is_null(value))
                        continue;
                if (!bit || !take(request, bit, value))
                        return refuse(call, varlink_error("org.varlink.service.InvalidParameter",
                                                          "parameter", key));
                given |= bit;
        }
        missing = methods[request->method].needs & ~given;
        if (missing)
                return refuse(call, varlink_error("org.varlink.service.InvalidParameter",
                                                  "parameter", first_parameter(missing)));
        if ((given & P_KIND) && strcmp(request->kind, "update") != 0 &&
            strcmp(request->kind, "rollback") != 0 && strcmp(request->kind, "reflash") != 0)
                return refuse(call, varlink_error("org.varlink.service.InvalidParameter",
                                                  "parameter", "kind"));
        return CALL_REQUEST;
}

/* As the Varlink specification has it. */
static const char service_description[] =
        "interface org.varlink.service\n"
        "method GetInfo() -> (\n"
        "  vendor: string,\n"
        "  product: string,\n"
        "  version: string,\n"
        "  url: string,\n"
        "  interfaces: []string\n"
        ")\n"
        "method GetInterfaceDescription(interface: string) -> (description: string)\n"
        "error InterfaceNotFound (interface: string)\n"
        "error MethodNotFound (method: string)\n"
        "error MethodNotImplemented (method: string)\n"
        "error InvalidParameter (parameter: string)\n"
        "error PermissionDenied ()\n"
        "error ExpectedMore ()\n";

static CallVerdict service(const char *method, const json_t *parameters, Call *call) {
        const char *name;

        if (strcmp(method, "GetInfo") == 0)
                return refuse(call,
                              json_pack("{s{ss ss ss ss s[ss]}}", "parameters", "vendor", "discfwd",
                                        "product", "discfwd", "version", PACKAGE_VERSION, "url", "",
                                        "interfaces", "org.varlink.service", INTERFACE));
        if (strcmp(method, "GetInterfaceDescription") != 0)
                return refuse(call, varlink_error("org.varlink.service.MethodNotFound", "method",
                                                  method));
        if (!json_get_string(parameters, "interface", &name))
                return refuse(call, varlink_error("org.varlink.service.InvalidParameter",
                                                  "parameter", "interface"));
        if (strcmp(name, INTERFACE) == 0)
                name = interface_description;
        else if (strcmp(name, "org.varlink.service") == 0)
                name = service_description;
        else
                return refuse(call, varlink_error("org.varlink.service.InterfaceNotFound",
                                                  "interface", name));
        return refuse(call, json_pack("{s{ss}}", "parameters", "description", name));
}

static CallVerdict dispatch(const char *method, json_t *parameters, Call *call) {
        const char *dot = strrchr(method, '.');
        size_t n_interface = dot ? (size_t)(dot - method) : 0;
        char interface[256];

        if (!dot)
                return refuse(call, varlink_error("org.varlink.service.MethodNotFound", "method",
                                                  method));
        if (n_interface == strlen("org.varlink.service") &&
            strncmp(method, "org.varlink.service", n_interface) == 0)
                return service(dot + 1, parameters, call);
        if (n_interface != strlen(INTERFACE) || strncmp(method, INTERFACE, n_interface) != 0) {
                text_format(interface, sizeof(interface), "%.*s",
                            (int)(n_interface < sizeof(interface) ? n_interface : 255), method);
                return refuse(call, varlink_error("org.varlink.service.InterfaceNotFound",
                                                  "interface", interface));
        }
        for (Method m = 0; m < _METHOD_MAX; m++)
                if (strcmp(methods[m].name, dot + 1) == 0) {
                        call->request.method = m;
                        return take_parameters(parameters, call);
                }
        return refuse(call, varlink_error("org.varlink.service.MethodNotFound", "method", method));
}

/* A flag of the call; false if it is there and is none. */
static bool take_flag(const json_t *call, const char *name, bool *ret_flag) {
        const json_t *value = json_object_get(call, name);

        *ret_flag = json_is_true(value);
        return !value || json_is_boolean(value) || json_is_null(value);
}

CallVerdict call_parse(const void *bytes, size_t n_bytes, Call *ret_call) {
        static const char *const known[] = { "method", "parameters", "more",
                                             "oneway", "upgrade",    NULL };
        _cleanup_json_ json_t *json = NULL, *empty = NULL;
        json_t *parameters;
        const char *method;
        bool upgrade;

        *ret_call = (Call){};
        if (json_parse(bytes, n_bytes, &json, NULL, 0) < 0 || !json_is_object(json) ||
            !json_get_string(json, "method", &method) || json_unknown_member(json, known) ||
            !take_flag(json, "more", &ret_call->request.more) ||
            !take_flag(json, "oneway", &ret_call->oneway) ||
            !take_flag(json, "upgrade", &upgrade) || upgrade)
                return CALL_BROKEN;
        parameters = json_object_get(json, "parameters");
        if (!parameters || json_is_null(parameters))
                parameters = empty = json_object();
        if (!json_is_object(parameters))
                return CALL_BROKEN;
        return dispatch(method, parameters, ret_call);
}

char *reply_text(json_t *parameters, bool continues) {
        _cleanup_json_ json_t *json = NULL;

        json = continues ? json_pack("{sO sb}", "parameters", parameters, "continues", 1)
                         : json_pack("{sO}", "parameters", parameters);
        return json ? json_text(json) : NULL;
}

char *error_text(const Fault *fault, json_t *more) {
        _cleanup_json_ json_t *json = NULL;

        json = json_pack("{ss s{so ss*}}", "error", fault_varlink_name(fault->code), "parameters",
                         "text", json_string_safe(fault->text), "mend", fault_mend(fault->code));
        if (json && more && json_object_update(json_object_get(json, "parameters"), more) < 0)
                return NULL;
        return json ? json_text(json) : NULL;
}
