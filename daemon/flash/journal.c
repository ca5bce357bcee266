/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "flash/journal.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/text.h"
#include "flash/machine.h"

#define MAGIC          "DFJ1"
#define RECORD_LENGTH  512
#define HEAD_LENGTH    24
#define PAYLOAD_MAX    (RECORD_LENGTH - HEAD_LENGTH - SHA256_LENGTH)
#define END_PARTS      2
#define JOURNAL_LENGTH 4096

#define NAME_LENGTH   26 /* 20 digits and ".flash" */
#define NAME_NEW      ".flash.new"
#define NAME_LOCK     "flash.lock"
#define SUFFIX        ".flash"
#define N_DIGITS      20
#define LOCK_PAUSE_MS 50
#define LOCK_TRIES    60

#define FIRST_UNUSED ((JOURNAL_END + END_PARTS) * RECORD_LENGTH)

_Static_assert(FIRST_UNUSED <= JOURNAL_LENGTH, "all records have a place");
/* On the wire strings are shorter than here, and have two bytes in front. */
_Static_assert(END_PARTS *PAYLOAD_MAX >= sizeof(FlashEnd) + 16, "every end fits");

struct Journal {
        int folder; /* borrowed */
        int fd;
        uint64_t job;
        char name[NAME_LENGTH + 1];
};

static void job_name(uint64_t job, char ret_name[NAME_LENGTH + 1]) {
        (void)snprintf(ret_name, NAME_LENGTH + 1, "%020" PRIu64 SUFFIX, job);
}

static bool job_from_name(const char *name, uint64_t *ret_job) {
        char again[NAME_LENGTH + 1];
        uint64_t job;

        if (strlen(name) != NAME_LENGTH || strspn(name, "0123456789") != N_DIGITS)
                return false;
        errno = 0;
        job = strtoull(name, NULL, 10);
        job_name(job, again);
        if (errno != 0 || job == 0 || strcmp(name, again) != 0)
                return false;
        *ret_job = job;
        return true;
}

static int store_fault(int error, const char *what, const char *name, Fault *fault) {
        return fault_set(fault,
                         error == -ENOSPC || error == -EDQUOT ? FAULT_STORE_FULL : FAULT_STORE,
                         "cannot %s the helper's journal %s: %s", what, name, strerror(-error));
}

int journal_lock_machine(int folder, int *ret_lock, Fault *fault) {
        _cleanup_close_ int fd =
                openat(folder, NAME_LOCK, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

        const struct timespec pause = { .tv_nsec = LOCK_PAUSE_MS * 1000000L };

        if (fd < 0)
                return store_fault(-errno, "open", NAME_LOCK, fault);
        for (unsigned i = 0; flock(fd, LOCK_EX | LOCK_NB) < 0; i++) {
                if (errno != EWOULDBLOCK)
                        return store_fault(-errno, "lock", NAME_LOCK, fault);
                if (i == LOCK_TRIES)
                        return fault_set(fault, FAULT_BUSY,
                                         "another flash is under way on this machine");
                (void)nanosleep(&pause, NULL);
        }
        *ret_lock = TAKE_FD(fd);
        return 0;
}

static int write_record(int fd, uint64_t job, unsigned place, const void *payload,
                        size_t n_payload) {
        uint8_t record[RECORD_LENGTH] = MAGIC;
        int r;

        assert(n_payload <= PAYLOAD_MAX);
        put_be32(record + 4, place);
        put_be64(record + 8, job);
        put_be32(record + 16, (uint32_t)n_payload);
        if (n_payload > 0)
                memcpy(record + HEAD_LENGTH, payload, n_payload);
        r = sha256(record, RECORD_LENGTH - SHA256_LENGTH, record + RECORD_LENGTH - SHA256_LENGTH);
        if (r < 0)
                return r;
        return pwrite_all(fd, record, sizeof(record), (off_t)place * RECORD_LENGTH);
}

/* The payload of a whole record, or NULL. */
static const uint8_t *find_record(const uint8_t *bytes, uint64_t job, unsigned place,
                                  size_t *ret_n_payload) {
        const uint8_t *record = bytes + (size_t)place * RECORD_LENGTH;
        uint8_t digest[SHA256_LENGTH];

        if (memcmp(record, MAGIC, 4) != 0 || get_be32(record + 4) != place ||
            get_be64(record + 8) != job || get_be32(record + 16) > PAYLOAD_MAX)
                return NULL;
        if (sha256(record, RECORD_LENGTH - SHA256_LENGTH, digest) < 0 ||
            memcmp(digest, record + RECORD_LENGTH - SHA256_LENGTH, SHA256_LENGTH) != 0)
                return NULL;
        *ret_n_payload = get_be32(record + 16);
        return record + HEAD_LENGTH;
}

/* Allocated whole and with its intent, before it gets its name. */
static int fill_new(int fd, const FlashPlan *plan, const char *node) {
        uint8_t payload[PAYLOAD_MAX];
        Writer writer = writer_of(payload, sizeof(payload));
        int r;

        r = posix_fallocate(fd, 0, JOURNAL_LENGTH);
        if (r != 0)
                return -r;
        write_string(&writer, node);
        write_string(&writer, plan->revision);
        write_string(&writer, plan->to);
        assert(!writer.failed);
        r = write_record(fd, plan->job, JOURNAL_INTENT, payload, writer.n_used);
        if (r < 0)
                return r;
        return fsync(fd) < 0 ? -errno : 0;
}

int journal_new(int folder, const FlashPlan *plan, const char *node, Journal **ret_journal,
                Fault *fault) {
        _cleanup_(journal_freep) Journal *journal = calloc(1, sizeof(*journal));
        int r;

        if (!journal)
                return store_fault(-ENOMEM, "make", NAME_NEW, fault);
        journal->fd = -1;
        journal->folder = folder;
        journal->job = plan->job;
        job_name(plan->job, journal->name);

        /* What is there was left by a helper that died before it had an intent: the lock of the
         * machine is ours. */
        (void)unlinkat(folder, NAME_NEW, 0);
        journal->fd =
                openat(folder, NAME_NEW, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (journal->fd < 0)
                return store_fault(-errno, "make", journal->name, fault);
        r = flock(journal->fd, LOCK_EX | LOCK_NB) < 0 ? -errno : 0;
        if (r == 0)
                r = fill_new(journal->fd, plan, node);
        if (r == 0 && renameat2(folder, NAME_NEW, folder, journal->name, RENAME_NOREPLACE) < 0)
                r = -errno;
        if (r < 0) {
                (void)unlinkat(folder, NAME_NEW, 0);
                if (r == -EEXIST)
                        return fault_set(fault, FAULT_BUSY,
                                         "job %" PRIu64 " was begun before and is not finished",
                                         plan->job);
                return store_fault(r, "make", journal->name, fault);
        }
        if (fsync(folder) < 0) {
                r = -errno;
                (void)unlinkat(folder, journal->name, 0);
                return store_fault(r, "make", journal->name, fault);
        }
        *ret_journal = TAKE(journal);
        return 0;
}

int journal_save(Journal *journal, JournalRecord record, Fault *fault) {
        int r;

        assert(record == JOURNAL_FIRST_WRITE || record == JOURNAL_COMMIT_SENT);
        r = write_record(journal->fd, journal->job, record, NULL, 0);
        if (r == 0 && fdatasync(journal->fd) < 0)
                r = -errno;
        return r < 0 ? store_fault(r, "write", journal->name, fault) : 0;
}

int journal_end(Journal *journal, const FlashEnd *end, Fault *fault) {
        uint8_t payload[END_PARTS * PAYLOAD_MAX];
        size_t n = flash_end_encode(end, payload, sizeof(payload));
        size_t n_first = n < PAYLOAD_MAX ? n : PAYLOAD_MAX;
        int r;

        assert(n > 0);
        r = write_record(journal->fd, journal->job, JOURNAL_END, payload, n_first);
        if (r == 0)
                r = write_record(journal->fd, journal->job, JOURNAL_END + 1, payload + n_first,
                                 n - n_first);
        if (r == 0 && fdatasync(journal->fd) < 0)
                r = -errno;
        return r < 0 ? store_fault(r, "write", journal->name, fault) : 0;
}

int journal_remove(Journal *journal) {
        if (unlinkat(journal->folder, journal->name, 0) < 0)
                return -errno;
        return fsync(journal->folder) < 0 ? -errno : 0;
}

Journal *journal_free(Journal *journal) {
        if (!journal)
                return NULL;
        closep(&journal->fd);
        free(journal);
        return NULL;
}

static int compare_jobs(const void *a, const void *b) {
        uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

        return x < y ? -1 : x > y;
}

int journal_list(int folder, uint64_t ret_jobs[JOURNALS_MAX], size_t *ret_n_jobs) {
        const struct dirent *entry;
        size_t n = 0;
        int fd, r = 0;
        DIR *dir;

        fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        dir = fdopendir(fd);
        if (!dir) {
                r = -errno;
                (void)close(fd);
                return r;
        }
        while (errno = 0, (entry = readdir(dir))) {
                uint64_t job;

                if (!job_from_name(entry->d_name, &job))
                        continue;
                if (n == JOURNALS_MAX) {
                        r = -E2BIG;
                        break;
                }
                ret_jobs[n++] = job;
        }
        if (!entry && errno != 0)
                r = -errno;
        (void)closedir(dir);
        if (r < 0)
                return r;
        qsort(ret_jobs, n, sizeof(ret_jobs[0]), compare_jobs);
        *ret_n_jobs = n;
        return 0;
}

int journal_open(int folder, uint64_t job, Journal **ret_journal) {
        _cleanup_(journal_freep) Journal *journal = calloc(1, sizeof(*journal));
        struct stat st;

        if (!journal)
                return -ENOMEM;
        journal->fd = -1;
        journal->folder = folder;
        journal->job = job;
        job_name(job, journal->name);
        journal->fd = openat(folder, journal->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        if (journal->fd < 0)
                return -errno;
        if (flock(journal->fd, LOCK_EX | LOCK_NB) < 0)
                return -errno;
        /* Somebody else may have handed it over between open and lock. */
        if (fstat(journal->fd, &st) < 0)
                return -errno;
        if (st.st_nlink == 0)
                return -ENOENT;
        *ret_journal = TAKE(journal);
        return 0;
}

static bool is_zero(const uint8_t *bytes, size_t n_bytes) {
        for (size_t i = 0; i < n_bytes; i++)
                if (bytes[i] != 0)
                        return false;
        return true;
}

static bool read_end(const uint8_t *bytes, uint64_t job, FlashEnd *ret_end) {
        uint8_t payload[END_PARTS * PAYLOAD_MAX];
        size_t n = 0;
        FlashEnd end;

        for (unsigned i = 0; i < END_PARTS; i++) {
                size_t n_part;
                const uint8_t *part = find_record(bytes, job, JOURNAL_END + i, &n_part);

                if (!part)
                        return false;
                memcpy(payload + n, part, n_part);
                n += n_part;
        }
        if (!flash_end_decode(payload, n, &end) || end.job != job)
                return false;
        *ret_end = end;
        return true;
}

/* What the intent says of the drive, for the words of an end that nobody wrote. */
static bool read_intent(const uint8_t *bytes, uint64_t job, FlashPlan *ret_plan) {
        size_t n;
        const uint8_t *payload = find_record(bytes, job, JOURNAL_INTENT, &n);
        Reader reader;

        if (!payload)
                return false;
        reader = reader_of(payload, n);
        *ret_plan = (FlashPlan){};
        read_string(&reader, ret_plan->node, sizeof(ret_plan->node));
        read_string(&reader, ret_plan->revision, sizeof(ret_plan->revision));
        read_string(&reader, ret_plan->to, sizeof(ret_plan->to));
        return reader_done(&reader);
}

/* Words for a flash whose helper did not come to its end. */
static void end_of_the_dead(const uint8_t *bytes, uint64_t job, FlashEnd *end) {
        bool intended, empty;
        size_t unused;
        FlashPlan plan = {};

        intended = read_intent(bytes, job, &plan);
        empty = is_zero(bytes + RECORD_LENGTH, JOURNAL_LENGTH - RECORD_LENGTH);
        text_format(end->node, sizeof(end->node), "%s", intended ? plan.node : "");
        if (intended && empty) {
                end->outcome = flash_state_outcome(flash_next(FLASH_READY, EVENT_DIED));
                (void)fault_set(&end->fault, outcome_fault(end->outcome),
                                "the flash helper ended before it sent anything to the drive");
                return;
        }
        end->outcome = flash_state_outcome(flash_next(FLASH_WRITING, EVENT_DIED));
        if (find_record(bytes, job, JOURNAL_COMMIT_SENT, &unused))
                (void)fault_set(&end->fault, outcome_fault(end->outcome),
                                "the flash helper ended while the drive was writing its firmware");
        else if (find_record(bytes, job, JOURNAL_FIRST_WRITE, &unused))
                (void)fault_set(&end->fault, outcome_fault(end->outcome),
                                "the flash helper ended while it sent pieces of the image");
        else
                (void)fault_set(&end->fault, outcome_fault(end->outcome),
                                "the flash helper ended, and its journal is damaged");
}

void journal_read(const Journal *journal, FlashEnd *ret_end) {
        uint8_t bytes[JOURNAL_LENGTH];
        FlashEnd end = { .job = journal->job,
                         .before = COUNTERS_UNKNOWN,
                         .after = COUNTERS_UNKNOWN };
        ssize_t n;

        /* Zeros for what is missing would look like records that were never written. */
        memset(bytes, 0xff, sizeof(bytes));
        n = pread(journal->fd, bytes, sizeof(bytes), 0);
        if (n < (ssize_t)sizeof(bytes) || !read_end(bytes, journal->job, &end))
                end_of_the_dead(bytes, journal->job, &end);
        *ret_end = end;
}
