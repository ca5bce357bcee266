/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Just enough of D-Bus to ask systemd for something. */
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/guest/evil/evil.h"

#define ANSWER_MS 10000

typedef struct Bytes {
        unsigned char at[1024];
        size_t n;
} Bytes;

static void align(Bytes *bytes, size_t to) {
        while (bytes->n % to != 0)
                bytes->at[bytes->n++] = 0;
}

static void put_u32(Bytes *bytes, uint32_t value) {
        align(bytes, 4);
        memcpy(bytes->at + bytes->n, &value, 4);
        bytes->n += 4;
}

static void put_text(Bytes *bytes, const char *text) {
        put_u32(bytes, (uint32_t)strlen(text));
        memcpy(bytes->at + bytes->n, text, strlen(text) + 1);
        bytes->n += strlen(text) + 1;
}

/* A field of the header: a variant of an object path (o), string (s) or signature (g). */
static void put_field(Bytes *bytes, unsigned char code, char type, const char *text) {
        align(bytes, 8);
        bytes->at[bytes->n++] = code;
        bytes->at[bytes->n++] = 1;
        bytes->at[bytes->n++] = (unsigned char)type;
        bytes->at[bytes->n++] = 0;
        if (type != 'g') {
                put_text(bytes, text);
                return;
        }
        bytes->at[bytes->n++] = (unsigned char)strlen(text);
        memcpy(bytes->at + bytes->n, text, strlen(text) + 1);
        bytes->n += strlen(text) + 1;
}

/* A call of METHOD with N strings. */
static void put_call(Bytes *bytes, uint32_t serial, const char *const to[3], const char *method,
                     const char *const *strings, size_t n) {
        Bytes body = {};
        uint32_t length;

        for (size_t i = 0; i < n; i++)
                put_text(&body, strings[i]);
        *bytes = (Bytes){ .at = { 'l', 1, 0, 1 }, .n = 4 };
        put_u32(bytes, (uint32_t)body.n);
        put_u32(bytes, serial);
        put_u32(bytes, 0);
        put_field(bytes, 1, 'o', to[1]);
        put_field(bytes, 6, 's', to[0]);
        put_field(bytes, 2, 's', to[2]);
        put_field(bytes, 3, 's', method);
        if (n > 0)
                put_field(bytes, 8, 'g', &"ssssssss"[8 - n]);
        length = (uint32_t)(bytes->n - 16);
        memcpy(bytes->at + 12, &length, 4);
        align(bytes, 8);
        memcpy(bytes->at + bytes->n, body.at, body.n);
        bytes->n += body.n;
}

static int log_in(int fd) {
        static const char *const bus[] = { "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                           "org.freedesktop.DBus" };
        char hello[64], answer[256];
        Bytes call;
        ssize_t n;

        /* EXTERNAL with nothing said: whoever the kernel says we are. */
        n = snprintf(hello, sizeof(hello), "%cAUTH EXTERNAL\r\nDATA\r\nBEGIN\r\n", 0);
        if (write(fd, hello, (size_t)n) != n)
                return -errno;
        for (int lines = 0; lines < 2; lines++) {
                n = read(fd, answer, sizeof(answer) - 1);
                if (n <= 0)
                        return -ECONNRESET;
                answer[n] = 0;
                if (strstr(answer, "REJECTED"))
                        return -EACCES;
                if (strstr(answer, "OK "))
                        break;
        }
        put_call(&call, 1, bus, "Hello", NULL, 0);
        return write(fd, call.at, call.n) == (ssize_t)call.n ? 0 : -errno;
}

/* Whether TEXT comes in what is answered. */
static int await(int fd, const char *good, const char *bad) {
        struct pollfd waiting = { .fd = fd, .events = POLLIN };
        unsigned char answer[8192];
        size_t n = 0;

        while (n < sizeof(answer) && poll(&waiting, 1, ANSWER_MS) > 0) {
                ssize_t more = read(fd, answer + n, sizeof(answer) - n);

                if (more <= 0)
                        return -ECONNRESET;
                n += (size_t)more;
                if (memmem(answer, n, good, strlen(good)))
                        return 0;
                if (memmem(answer, n, bad, strlen(bad)))
                        return -EACCES;
        }
        return -ETIMEDOUT;
}

int bus_start_unit(const char *unit) {
        static const char *const systemd[] = { "org.freedesktop.systemd1",
                                               "/org/freedesktop/systemd1",
                                               "org.freedesktop.systemd1.Manager" };
        struct sockaddr_un address = { .sun_family = AF_UNIX,
                                       .sun_path = "/run/dbus/system_bus_socket" };
        const char *strings[] = { unit, "replace" };
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), r;
        Bytes call;

        if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
                return -errno;
        r = log_in(fd);
        if (r < 0)
                return r;
        put_call(&call, 2, systemd, "StartUnit", strings, 2);
        if (write(fd, call.at, call.n) != (ssize_t)call.n)
                return -errno;
        /* The unit does not exist, which only those are told who might start it. */
        return await(fd, "NoSuchUnit", "org.freedesktop.DBus.Error.");
}
