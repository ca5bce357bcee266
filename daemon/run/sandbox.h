/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What discfwd gives up: the network, devices, running programs, and writing outside its folder. */
#pragma once

#include "base/fault.h"

/* STATE is the one folder that stays writable; LISTENER stays open. */
int daemon_sandbox_enter(const char *state, int listener, Fault *fault);
