/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/clock.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"

int64_t clock_realtime(void) {
        return (int64_t)time(NULL);
}

static uint64_t now_ms(clockid_t clock) {
        struct timespec t = {};

        (void)clock_gettime(clock, &t);
        return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

uint64_t clock_boottime_ms(void) {
        return now_ms(CLOCK_BOOTTIME);
}

uint64_t clock_coarse_ms(void) {
        return now_ms(CLOCK_MONOTONIC_COARSE);
}

void clock_boot_id(char ret_id[33]) {
        _cleanup_close_ int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
        char text[36] = {};
        size_t n = 0;

        if (fd >= 0 && read(fd, text, sizeof(text)) == (ssize_t)sizeof(text))
                for (size_t i = 0; i < sizeof(text) && n < 32; i++)
                        if (text[i] != '-')
                                ret_id[n++] = text[i];
        memset(ret_id + n, '0', 32 - n);
        ret_id[32] = '\0';
}

void clock_format(int64_t time, char ret_text[CLOCK_TEXT_SIZE]) {
        static const char never[] = "0000-00-00T00:00:00Z";
        time_t t = (time_t)time;
        struct tm tm;

        if (!gmtime_r(&t, &tm) || tm.tm_year < -1900 || tm.tm_year > 8099 ||
            strftime(ret_text, CLOCK_TEXT_SIZE, "%Y-%m-%dT%H:%M:%SZ", &tm) != CLOCK_TEXT_SIZE - 1)
                memcpy(ret_text, never, sizeof(never));
}

/* Two or four digits at TEXT. */
static bool number(const char *text, unsigned n_digits, int *ret_number) {
        int v = 0;

        for (unsigned i = 0; i < n_digits; i++) {
                if (text[i] < '0' || text[i] > '9')
                        return false;
                v = v * 10 + (text[i] - '0');
        }
        *ret_number = v;
        return true;
}

bool clock_parse(const char *text, int64_t *ret_time) {
        char again[CLOCK_TEXT_SIZE];
        struct tm tm = {};
        time_t t;

        if (strlen(text) != CLOCK_TEXT_SIZE - 1 || text[4] != '-' || text[7] != '-' ||
            text[10] != 'T' || text[13] != ':' || text[16] != ':' || text[19] != 'Z')
                return false;
        if (!number(text, 4, &tm.tm_year) || !number(text + 5, 2, &tm.tm_mon) ||
            !number(text + 8, 2, &tm.tm_mday) || !number(text + 11, 2, &tm.tm_hour) ||
            !number(text + 14, 2, &tm.tm_min) || !number(text + 17, 2, &tm.tm_sec))
                return false;
        tm.tm_year -= 1900;
        tm.tm_mon -= 1;
        t = timegm(&tm);
        /* timegm() takes the 30th of February for the 2nd of March: such dates do not come back
         * the same, nor do leap seconds, which TUF metadata has no use for. */
        clock_format((int64_t)t, again);
        if (strcmp(text, again) != 0)
                return false;
        *ret_time = (int64_t)t;
        return true;
}

void clock_format_span(int64_t seconds, char *ret_text, size_t size) {
        if (seconds < 0)
                seconds = 0;
        if (seconds < 120)
                (void)snprintf(ret_text, size, "%" PRId64 " s", seconds);
        else if (seconds < 120 * 60)
                (void)snprintf(ret_text, size, "%" PRId64 " min", seconds / 60);
        else if (seconds < 48 * 3600)
                (void)snprintf(ret_text, size, "%" PRId64 " h", seconds / 3600);
        else
                (void)snprintf(ret_text, size, "%" PRId64 " days", seconds / 86400);
}
