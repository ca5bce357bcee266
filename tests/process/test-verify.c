/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A real discfw-verify, in its sandbox, with this test as its daemon. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/file.h"
#include "base/hex.h"
#include "base/text.h"
#include "catalog/entry.h"
#include "tests/unit/test.h"
#include "tests/unit/tuf-repository.h"
#include "wire/order.h"
#include "wire/verify.h"

#define MODEL   "MAKER   DRIVE OF A KIND "
#define OTHER   "MAKER   ANOTHER DRIVE   "
#define WAIT_MS 20000

typedef struct Daemon {
        pid_t pid;
        int connection;
        Repository *repository;
        TufIo io; /* mirror and store are the simulator's */
        Order order;
        char told[8192];   /* entries: "PATH" or "PATH!FAULT", blank-separated */
        char trusted[512]; /* "root 2 " */
        VerifyEnd end;
} Daemon;

static void become_verifier(int connection) {
        char pid[24], path[512];
        const char *builddir = getenv("DISCFW_BUILDDIR");

        text_format(pid, sizeof(pid), "%d", (int)getpid());
        text_format(path, sizeof(path), "%s/discfw-verify", builddir ? builddir : ".");
        (void)setenv("LISTEN_PID", pid, 1);
        (void)setenv("LISTEN_FDS", "1", 1);
        (void)setenv("OPENSSL_CONF", "/nonexistent", 1);
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (dup2(connection, 3) == 3)
                (void)execl(path, "discfw-verify", NULL);
        _exit(92);
}

static void start(Daemon *daemon) {
        int pair[2];

        assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
        assert_int_equal(fcntl(pair[0], F_SETFD, FD_CLOEXEC), 0);
        *daemon = (Daemon){ .repository = repository_new(), .connection = pair[0] };
        repository_io(daemon->repository, &daemon->io);
        daemon->pid = fork();
        assert_true(daemon->pid >= 0);
        if (daemon->pid == 0)
                become_verifier(pair[1]);
        (void)close(pair[1]);
}

/* Hangs up, and gives the exit status. */
static int stop(Daemon *daemon) {
        int status;

        (void)close(daemon->connection);
        assert_int_equal(waitpid(daemon->pid, &status, 0), daemon->pid);
        daemon->repository = repository_free(daemon->repository);
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void say(Daemon *daemon, uint16_t kind, const void *payload, size_t n_payload, int fd) {
        assert_int_equal(message_send(daemon->connection, kind, payload, n_payload,
                                      fd >= 0 ? &fd : NULL, fd >= 0 ? 1 : 0),
                         0);
        closep(&fd);
}

static void say_begin(Daemon *daemon, const char *model, const char *model2) {
        VerifyBegin begin = { .catalog = "test", .start_time = REPOSITORY_NOW, .n_models = 1 };
        uint8_t payload[4096];

        memcpy(begin.models[0], model, IDENTITY_LENGTH);
        if (model2)
                memcpy(begin.models[begin.n_models++], model2, IDENTITY_LENGTH);
        say(daemon, MESSAGE_VERIFY_BEGIN, payload,
            verify_begin_encode(&begin, payload, sizeof(payload)), -1);
}

static void say_stored(Daemon *daemon, const char *role, const char *encoded) {
        VerifyStored stored = {};
        uint8_t *bytes, payload[512];
        size_t n_bytes;
        int fd;

        if (daemon->io.load(daemon->repository, role, &bytes, &n_bytes) < 0)
                return;
        assert_int_equal(memfd_from_bytes("stored", bytes, n_bytes, &fd), 0);
        free(bytes);
        strcpy(stored.role, encoded);
        say(daemon, MESSAGE_VERIFY_STORED, payload,
            verify_stored_encode(&stored, payload, sizeof(payload)), fd);
}

static void say_order(Daemon *daemon, const char *model, const char *model2) {
        static const char *const roles[] = { "root", "timestamp", "snapshot", "targets" };

        say_begin(daemon, model, model2);
        for (size_t i = 0; i < N_ELEMENTS(roles); i++)
                say_stored(daemon, roles[i], roles[i]);
        say_stored(daemon, "maker/x", "maker%2Fx");
        say(daemon, MESSAGE_VERIFY_GO, NULL, 0, -1);
}

static void handle_need(Daemon *daemon, const Message *message) {
        VerifyFile file = { .status = FILE_MISSING };
        Fault fault = {};
        uint8_t *bytes, payload[1024];
        VerifyNeed need;
        size_t n_bytes;
        int fd = -1, r;

        assert_true(verify_need_decode(message->payload, message->n_payload, &need));
        r = daemon->io.fetch(daemon->repository, need.name, need.length_max, &bytes, &n_bytes,
                             &fault);
        if (r == -EBADE)
                file = (VerifyFile){ .status = FILE_FAILED, .fault = fault };
        if (r == 0) {
                file.status = FILE_FOUND;
                assert_int_equal(memfd_from_bytes("file", bytes, n_bytes, &fd), 0);
                free(bytes);
        }
        say(daemon, MESSAGE_VERIFY_FILE, payload,
            verify_file_encode(&file, payload, sizeof(payload)), fd);
}

static void handle_trust(Daemon *daemon, Message *message) {
        _cleanup_mapping_ Mapping mapping = {};
        _cleanup_close_ int fd = message_take_fd(message, 0);
        VerifyTrust trust;
        size_t n = strlen(daemon->trusted);

        assert_true(verify_trust_decode(message->payload, message->n_payload, &trust));
        assert_int_equal(mapping_open(fd, METADATA_TARGETS_MAX, &mapping), 0);
        (void)snprintf(daemon->trusted + n, sizeof(daemon->trusted) - n, "%s %u ", trust.role,
                       (unsigned)trust.version);
        assert_int_equal(
                daemon->io.store(daemon->repository,
                                 strcmp(trust.role, "maker%2Fx") == 0 ? "maker/x" : trust.role,
                                 (int64_t)trust.version,
                                 mapping.bytes ? mapping.bytes : (const uint8_t *)"",
                                 mapping.n_bytes),
                0);
}

static void handle_entry(Daemon *daemon, const Message *message) {
        static VerifyEntry entry;
        size_t n = strlen(daemon->told);

        assert_true(verify_entry_decode(message->payload, message->n_payload, &entry));
        (void)snprintf(daemon->told + n, sizeof(daemon->told) - n, "%s%s%s%s", n > 0 ? " " : "",
                       strrchr(entry.path, '/') + 1, entry.ignored.code != FAULT_NONE ? "!" : "",
                       entry.ignored.code != FAULT_NONE ? fault_name(entry.ignored.code) : "");
}

/* Plays the daemon to the end. False if the verifier hung up before END. */
static bool hear(Daemon *daemon) {
        for (;;) {
                struct pollfd p = { .fd = daemon->connection, .events = POLLIN };
                static Message message;
                Fault fault = {};

                message = (Message)MESSAGE_NULL;
                assert_int_equal(poll(&p, 1, WAIT_MS), 1);
                if (message_receive(daemon->connection, &message) <= 0)
                        return false;
                assert_int_equal(order_check(&daemon->order, &message, &fault), 0);
                switch (message.kind) {
                case MESSAGE_VERIFY_NEED: handle_need(daemon, &message); break;
                case MESSAGE_VERIFY_TRUST: handle_trust(daemon, &message); break;
                case MESSAGE_VERIFY_ENTRY: handle_entry(daemon, &message); break;
                case MESSAGE_VERIFY_END:
                        assert_true(verify_end_decode(message.payload, message.n_payload,
                                                      &daemon->end));
                        return true;
                default: fail_msg("message %03x", message.kind);
                }
                message_done(&message);
        }
}

static void path_of(const char *model, const char *name, char ret_path[TARGET_PATH_MAX]) {
        entry_prefix((const uint8_t *)model, ret_path);
        strcat(ret_path, name);
}

/* A target that is an entry, as little as it may say. */
static void add_entry(Repository *repository, const char *role, const char *model,
                      const char *name) {
        char path[TARGET_PATH_MAX], hex[2 * IDENTITY_LENGTH + 1];
        json_t *discfw;

        path_of(model, name, path);
        hex_encode(model, IDENTITY_LENGTH, hex);
        repository_add_target(repository, role, path, "an image");
        discfw = json_pack("{s:i, s:s, s:s, s:s, s:{s:i,s:i,s:i,s:i,s:i,s:[s],s:b},"
                           " s:[{s:s,s:[s]}], s:s, s:s, s:s}",
                           "schema", 1, "family", "btc", "model", hex, "version", "1.00", "recipe",
                           "piece", 4096, "command_ms", 10000, "commit_ms", 10000, "settle_ms", 0,
                           "ready_ms", 1000, "transports", "emulated", "disc_out", 1, "edges",
                           "kind", "upgrade", "from", "0.99", "channel", "stable", "evidence",
                           "simulated", "urgency", "low");
        assert_non_null(discfw);
        (void)json_object_set_new(
                json_object_get(json_object_get(json_object_get(repository_body(repository, role),
                                                                "targets"),
                                                path),
                                "custom"),
                "discfw", discfw);
}

static void publish(Repository *repository) {
        repository_publish_all(repository, "maker/x", "targets", "snapshot", "timestamp", NULL);
}

static void delegate(Repository *repository, const char *model) {
        char pattern[TARGET_PATH_MAX];

        path_of(model, "*", pattern);
        (void)repository_delegate(repository, "targets", "maker/x", pattern, NULL, false);
}

static void test_a_catalog_is_verified_and_its_entries_are_told(void **state) {
        Daemon daemon;
        char path[TARGET_PATH_MAX];

        (void)state;
        start(&daemon);
        delegate(daemon.repository, MODEL);
        add_entry(daemon.repository, "maker/x", MODEL, "good");
        path_of(MODEL, "broken", path);
        repository_add_target(daemon.repository, "maker/x", path, "x");
        add_entry(daemon.repository, "targets", OTHER, "other");
        repository_publish(daemon.repository, "root");
        publish(daemon.repository);

        say_order(&daemon, MODEL, NULL);
        assert_true(hear(&daemon));
        if (daemon.end.fault.code != FAULT_NONE)
                fail_msg("%s", daemon.end.fault.text);
        assert_string_equal(daemon.told, "good broken!CatalogMalformed");
        assert_string_equal(daemon.trusted, "root 2 timestamp 2 snapshot 2 targets 2 maker%2Fx 1 ");
        assert_string_equal(daemon.end.roles, "root timestamp snapshot targets maker%2Fx");
        assert_string_equal(repository_requests(daemon.repository),
                            "2.root.json 3.root.json timestamp.json 2.snapshot.json "
                            "2.targets.json 1.maker%2Fx.json");
        assert_int_equal(daemon.end.root_version, 2);
        assert_int_equal(daemon.end.snapshot_version, 2);
        assert_int_equal(daemon.end.targets_version, 2);
        assert_int_equal(daemon.end.timestamp_version, 2);
        assert_int_equal(daemon.end.seen_version, 2);
        assert_int_equal(daemon.end.expires, REPOSITORY_NOW + 30 * DAY);
        assert_int_equal(stop(&daemon), 0);
}

static void test_what_is_stored_is_not_asked_for_again(void **state) {
        Daemon daemon, again;

        (void)state;
        start(&daemon);
        delegate(daemon.repository, MODEL);
        add_entry(daemon.repository, "maker/x", MODEL, "good");
        publish(daemon.repository);
        say_order(&daemon, MODEL, NULL);
        assert_true(hear(&daemon));

        start(&again);
        (void)repository_free(again.repository);
        again.repository = daemon.repository;
        daemon.repository = NULL;
        again.io = daemon.io;
        repository_forget_requests(again.repository);
        say_order(&again, MODEL, OTHER);
        assert_true(hear(&again));
        assert_string_equal(repository_requests(again.repository), "2.root.json timestamp.json");
        assert_string_equal(again.trusted, "");
        assert_string_equal(again.told, "good");
        assert_int_equal(stop(&again), 0);
        assert_int_equal(stop(&daemon), 0);
}

static void test_a_catalog_that_is_refused_is_a_result(void **state) {
        Daemon daemon;

        (void)state;
        start(&daemon);
        repository_set_expiry(daemon.repository, "timestamp", REPOSITORY_NOW - DAY);
        repository_publish(daemon.repository, "timestamp");
        say_order(&daemon, MODEL, NULL);
        assert_true(hear(&daemon));
        assert_int_equal(daemon.end.fault.code, FAULT_CATALOG_EXPIRED);
        assert_string_equal(daemon.trusted, "");
        assert_int_equal(daemon.end.seen_version, 2);
        assert_int_equal(daemon.end.timestamp_version, 0);
        assert_int_equal(stop(&daemon), 0);
}

static void test_a_bad_maker_keeps_no_entries_of_others_from_being_told(void **state) {
        Daemon daemon;

        (void)state;
        start(&daemon);
        delegate(daemon.repository, MODEL);
        add_entry(daemon.repository, "maker/x", MODEL, "hidden");
        add_entry(daemon.repository, "targets", OTHER, "other");
        repository_clear_signers(daemon.repository, "maker/x");
        publish(daemon.repository);
        say_order(&daemon, MODEL, OTHER);
        assert_true(hear(&daemon));
        assert_int_equal(daemon.end.fault.code, FAULT_CATALOG_SIGNATURE);
        assert_string_equal(daemon.told, "other");
        assert_int_equal(stop(&daemon), 0);
}

static void test_entries_beyond_the_limit_are_named_and_left_out(void **state) {
        static const char last[] = " e512!Limit";
        Daemon daemon;
        char name[16];

        (void)state;
        start(&daemon);
        for (unsigned i = 0; i < ENTRIES_MAX + 2; i++) {
                (void)snprintf(name, sizeof(name), "e%u", i);
                add_entry(daemon.repository, "targets", MODEL, name);
        }
        repository_publish_all(daemon.repository, "targets", "snapshot", "timestamp", NULL);
        say_order(&daemon, MODEL, NULL);
        assert_true(hear(&daemon));
        assert_int_equal(daemon.end.fault.code, FAULT_NONE);
        assert_string_equal(daemon.told + strlen(daemon.told) - strlen(last), last);
        assert_int_equal(stop(&daemon), 0);
}

static void test_keys_that_were_replaced_make_the_daemon_forget(void **state) {
        Daemon daemon;

        (void)state;
        start(&daemon);
        repository_rotate(daemon.repository, "snapshot");
        repository_publish(daemon.repository, "root");
        repository_publish_all(daemon.repository, "snapshot", "timestamp", NULL);
        say_order(&daemon, MODEL, NULL);
        assert_true(hear(&daemon));
        assert_int_equal(daemon.end.fault.code, FAULT_NONE);
        assert_string_equal(daemon.trusted,
                            "timestamp 0 snapshot 0 root 2 timestamp 2 snapshot 2 targets 1 ");
        assert_int_equal(stop(&daemon), 0);
}

static void test_a_daemon_that_goes_away_is_no_failure(void **state) {
        Daemon daemon;

        (void)state;
        start(&daemon);
        say_begin(&daemon, MODEL, NULL);
        assert_int_equal(stop(&daemon), 0);
        start(&daemon);
        say_order(&daemon, MODEL, NULL);
        assert_int_equal(stop(&daemon), 0);
}

static void test_a_message_out_of_turn_ends_it(void **state) {
        static const uint16_t kinds[] = { MESSAGE_VERIFY_GO, MESSAGE_VERIFY_FILE,
                                          MESSAGE_VERIFY_END, MESSAGE_FLASH_GO, 0x999 };

        (void)state;
        for (size_t i = 0; i < N_ELEMENTS(kinds); i++) {
                Daemon daemon;

                start(&daemon);
                say(&daemon, kinds[i], NULL, 0, -1);
                assert_false(hear(&daemon));
                assert_int_equal(stop(&daemon), 1);
        }
}

static void test_memory_that_is_not_sealed_ends_it(void **state) {
        VerifyFile file = { .status = FILE_FOUND };
        VerifyStored stored = { .role = "root" };
        uint8_t payload[1024];

        (void)state;
        for (unsigned as_file = 0; as_file < 2; as_file++) {
                struct pollfd p = { .events = POLLIN };
                Message message = MESSAGE_NULL;
                Daemon daemon;
                int fd;

                start(&daemon);
                assert_int_equal(memfd_new("open", 100, &fd), 0);
                if (as_file) {
                        say_order(&daemon, MODEL, NULL);
                        p.fd = daemon.connection;
                        assert_int_equal(poll(&p, 1, WAIT_MS), 1);
                        assert_int_equal(message_receive(daemon.connection, &message), 1);
                        say(&daemon, MESSAGE_VERIFY_FILE, payload,
                            verify_file_encode(&file, payload, sizeof(payload)), fd);
                } else {
                        say_begin(&daemon, MODEL, NULL);
                        say(&daemon, MESSAGE_VERIFY_STORED, payload,
                            verify_stored_encode(&stored, payload, sizeof(payload)), fd);
                }
                assert_false(hear(&daemon));
                assert_int_equal(stop(&daemon), 1);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_catalog_is_verified_and_its_entries_are_told),
                cmocka_unit_test(test_what_is_stored_is_not_asked_for_again),
                cmocka_unit_test(test_a_catalog_that_is_refused_is_a_result),
                cmocka_unit_test(test_a_bad_maker_keeps_no_entries_of_others_from_being_told),
                cmocka_unit_test(test_entries_beyond_the_limit_are_named_and_left_out),
                cmocka_unit_test(test_keys_that_were_replaced_make_the_daemon_forget),
                cmocka_unit_test(test_a_daemon_that_goes_away_is_no_failure),
                cmocka_unit_test(test_a_message_out_of_turn_ends_it),
                cmocka_unit_test(test_memory_that_is_not_sealed_ends_it),
        };

        (void)signal(SIGPIPE, SIG_IGN);
        return RUN_TESTS(tests);
}
