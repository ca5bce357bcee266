/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The emulated drive's socket: SOCK_STREAM, one request, one answer, all integers big-endian.
 *
 *   request    u32  magic "ODD1"            answer   u32  magic "ODA1"
 *              u8   length of CDB                    u8   SCSI status
 *              u8   direction (0, 1, 2)              u16  host status
 *              u16  flags: bit 0 opened to look,     u16  driver status
 *                   bit 1 opened exclusively         u32  residual
 *              u32  timeout in ms                    u8   length of sense
 *              u32  length of data                   u32  length of data in
 *              ...  CDB                              ...  sense
 *              ...  data out                         ...  data in
 *
 * Data lengths are at most 16 MiB. The emulator answers a WRITE BUFFER, BLANK, MODE SELECT or
 * vendor opcode on a connection that was opened to look with host status FFFFh ("EPERM"), as the
 * kernel does for a read-only sg; this becomes -EPERM here. A connection that asks for exclusive use
 * while another has it gets host status FFFEh ("EBUSY"). A drive that vanished closes the
 * connection (-ENODEV) or refuses new ones; one that hangs does not answer within the timeout,
 * which reads as host status 3 (DID_TIME_OUT). An answer that makes no sense reads as host status 7
 * (DID_ERROR). After either, the connection cannot be trusted to be in step: every further command
 * answers -ENODEV, until it is opened again.
 */
#pragma once

#include "drive/transport.h"

#define EMULATED_REQUEST_MAGIC  0x4f444431u
#define EMULATED_ANSWER_MAGIC   0x4f444131u
#define EMULATED_REQUEST_HEAD   16
#define EMULATED_ANSWER_HEAD    18
#define EMULATED_DATA_MAX       (16u * 1024 * 1024)
#define EMULATED_FLAG_LOOK      0x0001
#define EMULATED_FLAG_EXCLUSIVE 0x0002
#define EMULATED_EPERM          0xffff
#define EMULATED_EBUSY          0xfffe

int transport_socket_open(const char *path, TransportMode mode, Transport **ret_transport);
