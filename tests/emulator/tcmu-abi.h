/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* linux/target_core_user.h wants struct iovec from linux/uio.h, which clashes with that of libc. */
#pragma once

#include <sys/uio.h>

#define __LINUX_UIO_H
#include <linux/target_core_user.h>
