/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The one include of a unit test: cmocka with what it wants before it. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define RUN_TESTS(tests) (cmocka_run_group_tests((tests), NULL, NULL) == 0 ? 0 : 1)
