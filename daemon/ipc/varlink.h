/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One Varlink call as bytes, and what is asked in it. JSON objects end in a NUL; nothing here is
 * longer than VARLINK_MESSAGE_MAX.
 *
 * A call that makes no sense is answered with org.varlink.service.InvalidParameter or MethodNotFound,
 * and one that is no call at all ends the connection. Unknown parameters are refused: a misspelt
 * "reason" must not be taken for none.
 */
#pragma once

#include "base/json.h"
#include "core/core.h"

typedef enum CallVerdict {
        CALL_REQUEST,  /* for the core */
        CALL_ANSWERED, /* org.varlink.service, or an error: RET_REPLY is the whole answer */
        CALL_BROKEN,   /* hang up */
} CallVerdict;

typedef struct Call {
        Request request; /* without client and caller */
        bool oneway;
        json_t *reply; /* CALL_ANSWERED: owned */
} Call;

CallVerdict call_parse(const void *bytes, size_t n_bytes, Call *ret_call);

/* A reply as text, to be freed; its NUL belongs to the message. NULL on lack of memory. */
char *reply_text(json_t *parameters, bool continues);
/* MORE: further parameters, or NULL. */
char *error_text(const Fault *fault, json_t *more);

const char *method_name(Method method); /* "GetStatus" */

/* schema/varlink/org.discfw.varlink, word for word. */
extern const char interface_description[];
