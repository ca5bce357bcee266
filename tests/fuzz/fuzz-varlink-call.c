/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A call at the socket: it is a request with texts that end where they must, or answered at once, or
 * the end of the connection; never two of them. */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "ipc/varlink.h"

static void check_request(const Request *request) {
        REQUIRE(request->method < _METHOD_MAX && method_name(request->method));
        REQUIRE(request->client == 0 && !request->caller.admin && !request->caller.root);
        REQUIRE(memchr(request->drive, '\0', sizeof(request->drive)));
        REQUIRE(memchr(request->version, '\0', sizeof(request->version)));
        REQUIRE(memchr(request->catalog, '\0', sizeof(request->catalog)));
        REQUIRE(memchr(request->reason, '\0', sizeof(request->reason)));
        REQUIRE(memchr(request->digest, '\0', sizeof(request->digest)));
        REQUIRE(memchr(request->via, '\0', sizeof(request->via)));
        REQUIRE(request->limit >= 0 && request->before >= 0);
        REQUIRE(request->kind[0] == '\0' || strcmp(request->kind, "update") == 0 ||
                strcmp(request->kind, "rollback") == 0 || strcmp(request->kind, "reflash") == 0);
        if (request->method == METHOD_FLASH)
                REQUIRE(request->kind[0] != '\0');
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes) {
        Call call;
        char *text;

        switch (call_parse(bytes, n_bytes, &call)) {
        case CALL_REQUEST:
                REQUIRE(!call.reply);
                check_request(&call.request);
                break;
        case CALL_ANSWERED:
                REQUIRE(json_is_object(json_object_get(call.reply, "parameters")));
                text = json_text(call.reply);
                REQUIRE(text && strlen(text) < VARLINK_MESSAGE_MAX);
                free(text);
                json_decref(call.reply);
                break;
        default: REQUIRE(!call.reply);
        }
        return 0;
}
