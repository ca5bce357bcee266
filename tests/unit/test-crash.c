/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What was acknowledged is there: after SIGKILL anywhere, and when the disk is full. */
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#include "audit/audit.h"
#include "base/file.h"
#include "db/database.h"
#include "db/images.h"
#include "db/jobs.h"
#include "tests/unit/store-folder.h"

#define N_KILLS 50
#define LENGTH  (2 * CHUNK_LENGTH)

static const AuditWhen now = { .time = NOW, .boottime_ms = 1, .boot_id = "b" };

static void make_bytes(uint32_t n, uint8_t *ret_bytes, uint8_t ret_sha256[SHA256_LENGTH]) {
        for (size_t i = 0; i < LENGTH; i++)
                ret_bytes[i] = (uint8_t)(i * n + i / 97);
        if (sha256(ret_bytes, LENGTH, ret_sha256) < 0)
                abort();
}

/* One order: a job, its audit entry and a head in one transaction. */
static int write_order(Store *store, Audit *audit, Fault *fault) {
        AuditEvent event = { .kind = AUDIT_FLASH_INTENT, .when = now };
        JobRow job = { .drive_id = "aa", .reason = "r" };
        int r;

        r = store_begin(store, fault);
        if (r == 0)
                r = job_insert(store, &job, &event.job, fault);
        if (r == 0)
                r = audit_append(audit, &event, NULL, fault);
        if (r == 0)
                r = audit_head(audit, NULL, fault);
        if (r == 0)
                r = store_commit(store, fault);
        if (r < 0)
                store_rollback(store);
        return r;
}

static int write_one(Store *store, Audit *audit, uint32_t n, Fault *fault) {
        static uint8_t bytes[LENGTH];
        uint8_t hash[SHA256_LENGTH];
        int r;

        r = write_order(store, audit, fault);
        if (r < 0)
                return r;
        make_bytes(n, bytes, hash);
        return image_put(store, hash, bytes, LENGTH, NOW, fault);
}

/* Writes for ever; acknowledges over the pipe what is done. */
static _Noreturn void writer(int folder, int out, uint32_t first) {
        Store *store = NULL;
        Audit *audit = NULL;
        Fault fault = {};

        if (store_open(folder, NOW, &store, NULL, &fault) < 0 ||
            audit_open(store, &now, &audit, &fault) < 0) {
                (void)fprintf(stderr, "# %s\n", fault.text);
                _exit(1);
        }
        for (uint32_t n = first;; n++)
                if (write_one(store, audit, n, &fault) < 0 || write_all(out, &n, sizeof(n)) < 0)
                        _exit(2);
}

static void assert_acknowledged(TestFolder *folder, uint32_t first, uint32_t last) {
        _cleanup_(store_closep) Store *store = open_store(folder, NULL);
        _cleanup_(audit_freep) Audit *audit = NULL;
        static uint8_t bytes[LENGTH];
        AuditReport report;
        Fault fault = {};

        assert_done(audit_open(store, &now, &audit, &fault), &fault);
        assert_done(store_check(store, &fault), &fault);
        assert_done(audit_verify(audit, &report, &fault), &fault);
        assert_string_equal(report.text, "");
        /* The key's entry is the first; one more order than was acknowledged may be there. */
        assert_in_range(report.n_entries - 1, last, last + N_KILLS);
        for (uint32_t n = first; n <= last; n++) {
                uint8_t hash[SHA256_LENGTH];
                JobRow job;

                assert_int_equal(job_load(store, n, &job, NULL), 1);
                make_bytes(n, bytes, hash);
                assert_true(has_image(store, hash));
        }
}

/* Until so many acknowledgements came, and then some. */
static uint32_t kill_after(pid_t pid, int in, unsigned n_acknowledged, uint32_t last) {
        struct timespec pause = { .tv_nsec = rand() % 8000000 };
        uint32_t n;

        for (unsigned i = 0; i < n_acknowledged; i++) {
                struct pollfd wait = { .fd = in, .events = POLLIN };

                assert_int_equal(poll(&wait, 1, 20000), 1);
                assert_int_equal(read(in, &n, sizeof(n)), sizeof(n));
                last = n;
        }
        (void)nanosleep(&pause, NULL);
        assert_int_equal(kill(pid, SIGKILL), 0);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
        while (read(in, &n, sizeof(n)) == sizeof(n))
                last = n;
        return last;
}

static void test_what_was_acknowledged_is_there_after_any_kill(void **state) {
        TestFolder *folder = *state;
        uint32_t last = 0;

        srand(1);
        for (unsigned i = 0; i < N_KILLS; i++) {
                uint32_t first = last + 1;
                int fds[2];
                pid_t pid;

                assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
                pid = fork();
                assert_true(pid >= 0);
                if (pid == 0)
                        writer(folder->fd, fds[1], first);
                (void)close(fds[1]);
                last = kill_after(pid, fds[0], i % 3, last);
                (void)close(fds[0]);
                assert_acknowledged(folder, i % 10 == 9 ? 1 : first, last);
        }
        assert_true(last >= N_KILLS - 2);
}

/* In a mount namespace of our own, which needs root; without it a limit on the length of files. */
static bool small_disk(const char *path) {
        return geteuid() == 0 && unshare(CLONE_NEWNS) == 0 &&
               mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
               mount("tmpfs", path, "tmpfs", 0, "size=16m,mode=0700") == 0;
}

static void limit_files(void) {
        const struct rlimit limit = { .rlim_cur = 600 * 1024, .rlim_max = RLIM_INFINITY };

        (void)signal(SIGXFSZ, SIG_IGN);
        (void)setrlimit(RLIMIT_FSIZE, &limit);
}

static void unlimit_files(void) {
        const struct rlimit limit = { .rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY };

        (void)setrlimit(RLIMIT_FSIZE, &limit);
}

/* In a child cmocka's assertions would go on with the next test. */
#define CHECK(condition)                                                                           \
        do {                                                                                       \
                if (!(condition)) {                                                                \
                        (void)fprintf(stderr, "# line %d: %s: %s\n", __LINE__, #condition,         \
                                      fault.text);                                                 \
                        _exit(1);                                                                  \
                }                                                                                  \
        } while (0)

static void fill_up(int folder) {
        static const uint8_t page[4096];
        int fd = openat(folder, "filler", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

        while (write(fd, page, sizeof(page)) > 0)
                ;
        (void)close(fd);
}

/* Writes until there is no room; then the store says so, holds what it acknowledged, and goes on when
 * there is room again. */
static void run_full(int folder, bool limited) {
        _cleanup_(store_closep) Store *store = NULL;
        _cleanup_(audit_freep) Audit *audit = NULL;
        AuditReport report;
        Fault fault = {};
        uint32_t n = 1;
        int r;

        CHECK(store_open(folder, NOW, &store, NULL, &fault) == 0);
        CHECK(audit_open(store, &now, &audit, &fault) == 0);
        if (limited)
                limit_files();
        while ((r = write_one(store, audit, n, &fault)) == 0 && n < 1000)
                n++;
        CHECK(r == -ENOSPC);
        CHECK(fault.code == FAULT_STORE_FULL);
        CHECK(n > 2);
        for (uint32_t i = 1; i < n; i++) {
                JobRow job;

                CHECK(job_load(store, i, &job, NULL) == 1);
        }
        fault_clear(&fault);
        fault_clear(&fault);
        if (limited)
                unlimit_files();
        else {
                fill_up(folder);
                /* The journal has some room of its own yet. */
                for (n = 0; (r = write_order(store, audit, &fault)) == 0 && n < 10000; n++)
                        ;
                CHECK(r == -ENOSPC);
                CHECK(fault.code == FAULT_STORE_FULL);
                CHECK(faccessat(folder, "reserve", F_OK, 0) == 0);
                fault_clear(&fault);
        }
        CHECK(write_order(store, audit, &fault) == 0);
        CHECK(limited || faccessat(folder, "reserve", F_OK, 0) < 0);
        CHECK(audit_verify(audit, &report, &fault) == 0);
        CHECK(report.whole);
        CHECK(store_check(store, &fault) == 0);
        if (!limited) {
                fill_up(folder);
                CHECK(store_reserve(store, &fault) < 0);
                CHECK(fault.code == FAULT_STORE_FULL);
        }
}

static void in_a_child(TestFolder *folder, bool limited) {
        int status;
        pid_t pid = fork();

        assert_true(pid >= 0);
        if (pid == 0) {
                if (!limited && !small_disk(folder->path))
                        _exit(77);
                run_full(open(folder->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), limited);
                _exit(0);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
                skip();
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 0);
}

static void test_a_full_disk_is_said_and_survived(void **state) {
        in_a_child(*state, false);
}

static void test_a_limit_on_files_is_a_full_disk(void **state) {
        in_a_child(*state, true);
}

/* What the next owner hears of one that was killed, before or after its first change. */
static bool unclean_after_kill(TestFolder *folder, bool changed) {
        StoreNews news;
        pid_t pid;

        store_close(open_store(folder, NULL));
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
                Store *other = NULL;

                _exit(store_open(folder->fd, NOW, &other, NULL, NULL) < 0 ||
                      (changed && store_mark(other, NULL) < 0));
        }
        assert_int_equal(waitpid(pid, NULL, 0), pid);
        store_close(open_store(folder, &news));
        return news.unclean;
}

static void test_a_killed_owner_leaves_files_that_are_checked(void **state) {
        assert_false(unclean_after_kill(*state, false));
        assert_true(unclean_after_kill(*state, true));
        assert_false(unclean_after_kill(*state, false));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                test_in_folder(test_what_was_acknowledged_is_there_after_any_kill),
                test_in_folder(test_a_full_disk_is_said_and_survived),
                test_in_folder(test_a_limit_on_files_is_a_full_disk),
                test_in_folder(test_a_killed_owner_leaves_files_that_are_checked),
        };

        return RUN_TESTS(tests);
}
