/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/fake-drive.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/file.h"
#include "base/hex.h"
#include "drive/transport-socket.h"
#include "tests/unit/test.h"

#define LINES_MAX      32
#define EXIT_SURPRISED 3

typedef struct Script {
        const Line *lines;
        size_t n_lines;
        unsigned used[LINES_MAX];
        unsigned n_commands;
} Script;

size_t from_hex(const char *hex, void *ret_bytes, size_t size) {
        char text[8192];
        size_t n = 0;

        for (; *hex; hex++)
                if (*hex != ' ') {
                        assert_true(n + 1 < sizeof(text));
                        text[n++] = *hex;
                }
        text[n] = '\0';
        assert_true(n / 2 <= size);
        assert_true(hex_decode_some(text, ret_bytes, size, &n));
        return n;
}

static const Line *find_line(Script *script, const uint8_t *cdb, size_t n_cdb) {
        script->n_commands++;
        for (size_t i = 0; i < script->n_lines; i++) {
                const Line *line = &script->lines[i];
                uint8_t wanted[CDB_LENGTH_MAX];
                size_t n = from_hex(line->cdb, wanted, sizeof(wanted));

                if (n <= n_cdb && memcmp(wanted, cdb, n) == 0 &&
                    (line->times == 0 || script->used[i] < line->times)) {
                        script->used[i]++;
                        return line;
                }
        }
        return NULL;
}

static void complete(const Line *line, uint32_t n_wanted, size_t n_moved, Completion *completion) {
        *completion = (Completion){
                .status = line->status,
                .host_status = line->host_status,
                .driver_status = line->driver_status,
                .residual = n_wanted - (uint32_t)n_moved + line->lost,
        };
        if (line->sense) {
                completion->n_sense = (uint8_t)from_hex(line->sense, completion->sense,
                                                        sizeof(completion->sense));
                if (line->status == 0 && !line->beside_good)
                        completion->status = 0x02;
        }
}

typedef struct FakeDrive {
        Transport transport;
        Script script;
} FakeDrive;

static int fake_execute(Transport *transport, const Command *command, Completion *ret_completion) {
        FakeDrive *fake = (FakeDrive *)transport;
        const Line *line = find_line(&fake->script, command->cdb, command->n_cdb);
        uint8_t bytes[4096];
        size_t n = 0;

        if (!line) {
                char hex[2 * CDB_LENGTH_MAX + 1];

                hex_encode(command->cdb, command->n_cdb, hex);
                fail_msg("the script does not expect command %s", hex);
                return -EIO;
        }
        if (line->error < 0)
                return line->error;
        if (line->data)
                n = from_hex(line->data, bytes, sizeof(bytes));
        if (command->direction == DIRECTION_IN) {
                if (n > command->n_data)
                        n = command->n_data;
                memcpy(command->data, bytes, n);
        } else {
                if (line->data) {
                        assert_int_equal(n, command->n_data);
                        assert_memory_equal(command->data, bytes, n);
                }
                n = command->n_data;
        }
        complete(line, command->n_data, n, ret_completion);
        return 0;
}

static uint32_t fake_transfer_max(const Transport *transport) {
        (void)transport;
        return 122880;
}

static void fake_free(Transport *transport) {
        free(transport);
}

Transport *fake_drive_new(const Line *script, size_t n_lines) {
        static const TransportOps ops = {
                .execute = fake_execute,
                .transfer_max = fake_transfer_max,
                .free = fake_free,
        };
        FakeDrive *fake = calloc(1, sizeof(*fake));

        assert_non_null(fake);
        assert_true(n_lines <= LINES_MAX);
        fake->transport.ops = &ops;
        fake->script = (Script){ .lines = script, .n_lines = n_lines };
        return &fake->transport;
}

unsigned fake_drive_count(const Transport *transport) {
        return ((const FakeDrive *)transport)->script.n_commands;
}

static bool send_answer(int fd, const Line *line, uint32_t n_wanted, bool in) {
        uint8_t bytes[8192], answer[EMULATED_ANSWER_HEAD + SENSE_LENGTH_MAX + sizeof(bytes)];
        Writer w = writer_of(answer, sizeof(answer));
        Completion completion;
        size_t n = 0;

        if (line->data && in)
                n = from_hex(line->data, bytes, sizeof(bytes));
        if (n > n_wanted)
                n = n_wanted;
        complete(line, n_wanted, in ? n : n_wanted, &completion);
        write_be32(&w, line->manner == BABBLES ? 0x48545450 : EMULATED_ANSWER_MAGIC);
        write_u8(&w, completion.status);
        write_be16(&w, completion.host_status);
        write_be16(&w, completion.driver_status);
        write_be32(&w, completion.residual);
        write_u8(&w, completion.n_sense);
        write_be32(&w, line->manner == OVERFLOWS ? n_wanted + 1 : (uint32_t)n);
        write_bytes(&w, completion.sense, completion.n_sense);
        write_bytes(&w, bytes, n);
        /* In two halves: an answer need not arrive in one piece. */
        return write_all(fd, answer, w.n_used / 2) == 0 && usleep(1000) == 0 &&
               write_all(fd, answer + w.n_used / 2, w.n_used - w.n_used / 2) == 0;
}

/* False at the end of the connection. */
static bool serve_one(int fd, Script *script) {
        static uint8_t data[EMULATED_DATA_MAX];
        uint8_t head[EMULATED_REQUEST_HEAD], cdb[CDB_LENGTH_MAX];
        const Line *line;
        uint32_t n_data;

        if (read_all(fd, head, sizeof(head)) < 0)
                return false;
        if (get_be32(head) != EMULATED_REQUEST_MAGIC || head[4] > CDB_LENGTH_MAX)
                _exit(EXIT_SURPRISED);
        n_data = get_be32(head + 12);
        if (read_all(fd, cdb, head[4]) < 0 ||
            (head[5] == DIRECTION_OUT && read_all(fd, data, n_data) < 0))
                return false;
        line = find_line(script, cdb, head[4]);
        if (!line)
                _exit(EXIT_SURPRISED);
        if (line->manner == LEAVES)
                return false;
        if (line->manner == HANGS)
                return true;
        return send_answer(fd, line, n_data, head[5] == DIRECTION_IN);
}

int fake_drive_serve(const char *path, const Line *script, size_t n_lines) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        Script state = { .lines = script, .n_lines = n_lines };
        int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        pid_t pid;

        assert_true(strlen(path) < sizeof(address.sun_path));
        strcpy(address.sun_path, path);
        assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
        assert_int_equal(listen(listener, 4), 0);
        pid = fork();
        assert_true(pid >= 0);
        if (pid > 0) {
                (void)close(listener);
                return pid;
        }
        /* Not even a test that is killed leaves it behind. */
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (;;) {
                int fd = accept(listener, NULL, NULL);

                while (fd >= 0 && serve_one(fd, &state))
                        ;
                (void)close(fd);
        }
}

bool fake_drive_end(int pid) {
        int status;

        (void)kill(pid, SIGTERM);
        return waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) &&
               WTERMSIG(status) == SIGTERM;
}
