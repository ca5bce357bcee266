/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What may be said when. A message out of order, a second one of its kind where one is allowed, or
 * a descriptor where none belongs ends the connection: the other side is broken, or is not what it
 * was.
 */
#pragma once

#include "wire/frame.h"

typedef struct Order {
        uint32_t seen; /* a bit for each row of the table that came */
} Order;

/* Checks a message that came, and remembers it. Returns 0, or a fault. */
int order_check(Order *order, const Message *message, Fault *fault);
