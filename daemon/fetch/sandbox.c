/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fetch/sandbox.h"

#include <sys/ioctl.h>
#include <sys/socket.h>

#include "base/sandbox.h"

static const char *const calls[] = {
        "connect",     /* to mirrors, name servers, nscd and systemd-resolved */
        "bind",        /* getaddrinfo(3) binds its netlink socket */
        "setsockopt",  /* TCP_NODELAY, keep-alive */
        "getpeername", /* libcurl tells which address it reached */
        "socketpair",  /* libcurl: the resolver's thread wakes the loop */
        "sendmmsg",    /* the resolver asks for A and AAAA at once */
        "uname",       /* res_init(3): the domain in the host's name */
        "openat",      /* the files below, and only reading */
        NULL,
};

static const unsigned long ioctls[] = {
        FIONREAD, /* the resolver: how long is the answer */
        0,
};

static const int families[] = {
        AF_INET,    /* mirrors */
        AF_INET6,   /* mirrors */
        AF_UNIX,    /* nscd, systemd-resolved, libcurl's socketpair */
        AF_NETLINK, /* getaddrinfo(3): has this machine IPv6? */
        -1,
};

static const SandboxPath paths[] = {
        /* Names: how to resolve, and the modules that do (libnss_*). */
        { .path = "/etc/resolv.conf" },
        { .path = "/run/systemd/resolve" },
        { .path = "/run/NetworkManager" },
        { .path = "/run/resolvconf" },
        { .path = "/etc/hosts" },
        { .path = "/etc/host.conf" },
        { .path = "/etc/nsswitch.conf" },
        { .path = "/etc/gai.conf" },
        { .path = "/etc/ld.so.cache" },
        { .path = "/lib" },
        { .path = "/lib64" },
        { .path = "/usr/lib" },
        { .path = "/usr/lib64" },
        /* Certificates, and OpenSSL's configuration: Debian, Fedora, Arch and SUSE keep them in
         * different places. Not all of /etc/ssl and /etc/pki: private keys lie there. */
        { .path = "/etc/ssl/certs" },
        { .path = "/etc/ssl/openssl.cnf" },
        { .path = "/etc/pki/tls/certs" },
        { .path = "/etc/pki/tls/openssl.cnf" },
        { .path = "/etc/pki/tls/openssl.d" },
        { .path = "/etc/pki/ca-trust" },
        { .path = "/etc/ca-certificates" },
        { .path = "/etc/crypto-policies" },
        { .path = "/usr/share/ca-certificates" },
        { .path = "/usr/local/share/ca-certificates" },
        { .path = "/usr/share/pki" },
        { .path = "/usr/share/crypto-policies" },
        { .path = "/var/lib/ca-certificates" },
        {},
};

int fetch_sandbox_enter(int connection, Fault *fault) {
        const Sandbox sandbox = {
                .calls = calls,
                .ioctls = ioctls,
                .families = families,
                .paths = paths,
                .threads = true, /* libcurl resolves names in one, since getaddrinfo(3) blocks */
        };

        return sandbox_enter(&sandbox, &connection, 1, fault);
}
