# SPDX-License-Identifier: LGPL-2.1-or-later
"""A udev of our own, in namespaces of our own: what it tells is heard by the processes of one test."""
import ctypes
import os
import socket
import struct

from processes import Skip

CLONE_NEWNS, CLONE_NEWNET = 0x00020000, 0x40000000
MS_REC_PRIVATE = 16384 | (1 << 18)
NETLINK_KOBJECT_UEVENT = 15
UDEV_GROUP = 2
MAGIC = 0xfeedcafe


def enter_namespaces():
    """From here on this thread, and what it starts, has a network and a /run of its own; the latter looks
    as if udev ran."""
    libc = ctypes.CDLL(None, use_errno=True)

    def call(name, *arguments):
        if getattr(libc, name)(*arguments) != 0:
            raise Skip(f"{name}: {os.strerror(ctypes.get_errno())}; root can")

    call("unshare", CLONE_NEWNS | CLONE_NEWNET)
    call("mount", None, b"/", None, MS_REC_PRIVATE, None)
    call("mount", b"tmpfs", b"/run", b"tmpfs", 0, None)
    os.mkdir("/run/udev")
    with open("/run/udev/control", "w", encoding="ascii"):
        pass


def murmur2(text):
    """The hash that the kernel's filter of a listener compares (32 bits, seed 0)."""
    data, m = text.encode(), 0x5bd1e995
    h = len(data)
    while len(data) >= 4:
        k = struct.unpack("<I", data[:4])[0] * m & 0xffffffff
        k = (k ^ k >> 24) * m & 0xffffffff
        h = h * m & 0xffffffff ^ k
        data = data[4:]
    if data:
        h = (h ^ int.from_bytes(data, "little")) * m & 0xffffffff
    h = (h ^ h >> 13) * m & 0xffffffff
    return h ^ h >> 15


def tell(action, subsystem, path):
    """As systemd-udevd tells it once its rules have run."""
    properties = "".join(f"{k}={v}\0" for k, v in {
        "ACTION": action, "DEVPATH": path, "SUBSYSTEM": subsystem, "SEQNUM": 4711}.items()).encode()
    header = struct.pack("8sI", b"libudev\0", socket.htonl(MAGIC)) + struct.pack(
        "IIIIIII", 40, 40, len(properties), socket.htonl(murmur2(subsystem)), 0, 0, 0)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_KOBJECT_UEVENT) as udev:
        udev.sendto(header + properties, (0, UDEV_GROUP))
