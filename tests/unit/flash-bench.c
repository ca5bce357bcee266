/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/flash-bench.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/hex.h"
#include "catalog/bundle.h"
#include "catalog/entry.h"
#include "tests/emulator/image-make.h"
#include "tests/unit/test.h"

#define CATALOG "lab"

static const char *path_in(const Bench *bench, const char *name) {
        static char path[256];

        (void)snprintf(path, sizeof(path), "%s/%s", bench->folder, name);
        return path;
}

static const char *variable(const char *name) {
        return getenv(name) ? getenv(name) : ".";
}

/* The emulator; SOCKETS is what the helper is told of. */
static void exec_emulator(const Bench *bench, int ready) {
        char program[512], models[512], number[16], log[512];

        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        (void)snprintf(program, sizeof(program), "%s/discfw-emulator", variable("DISCFW_BUILDDIR"));
        (void)snprintf(models, sizeof(models), "%s/tests/emulator/models",
                       variable("DISCFW_SRCDIR"));
        (void)snprintf(number, sizeof(number), "%d", ready);
        (void)snprintf(log, sizeof(log), "%s/log", bench->folder);
        if (!freopen("/dev/null", "w", stdout))
                _exit(126);
        execl(program, program, "--models", models, "--dir", path_in(bench, "drives"),
              "--transcript", log, "--time-scale", "0.01", "--ready-fd", number, NULL);
        _exit(127);
}

static void start_emulator(Bench *bench) {
        char line[6];
        int ends[2];

        assert_int_equal(mkdir(path_in(bench, "drives"), 0700), 0);
        assert_int_equal(mkdir(path_in(bench, "log"), 0700), 0);
        assert_int_equal(pipe(ends), 0);
        bench->emulator = fork();
        assert_true(bench->emulator >= 0);
        if (bench->emulator == 0)
                exec_emulator(bench, ends[1]);
        (void)close(ends[1]);
        assert_int_equal(read_all(ends[0], line, sizeof(line)), 0);
        (void)close(ends[0]);
}

static void write_file(const Bench *bench, const char *name, const char *text) {
        assert_int_equal(
                file_write_atomic(AT_FDCWD, path_in(bench, name), text, strlen(text), 0644), 0);
}

static void make_image(Bench *bench, FamilyName family, const char *revision) {
        ImageRecipe recipe = { .family = family };
        Fault fault = {};

        memcpy(recipe.firmware.identity, bench->plan.identity, 24);
        memcpy(recipe.firmware.revision, revision, 4);
        if (image_make(&recipe, &bench->image, &bench->n_image, &fault) < 0)
                fail_msg("%s", fault.text);
}

static void make_plan(Bench *bench, const char *model, const char *from, const char *to) {
        FlashPlan *plan = &bench->plan;
        char prefix[ENTRY_PREFIX_SIZE];

        *plan = (FlashPlan){ .job = 7, .kind = FLASH_UPGRADE, .catalog = CATALOG };
        (void)snprintf(plan->node, sizeof(plan->node), "emulated:%s", bench->drive);
        (void)snprintf(plan->devpath, sizeof(plan->devpath), "emulated/%s", bench->drive);
        memcpy(plan->identity, model, IDENTITY_LENGTH);
        strcpy(plan->revision, from);
        strcpy(plan->to, to);
        entry_prefix(plan->identity, prefix);
        (void)snprintf(plan->target, sizeof(plan->target), "%simage.bin", prefix);
        strcpy(bench->target, plan->target);
}

/* As a maker would write it, but for the waits. */
static void make_entry(Bench *bench, const char *family) {
        char hex[2 * IDENTITY_LENGTH + 1];

        hex_encode(bench->plan.identity, IDENTITY_LENGTH, hex);
        bench->entry = json_pack("{s:i, s:s, s:s, s:s, s:s, s:{s:i, s:i, s:i, s:i, s:i, s:[s], "
                                 "s:b}, s:[{s:s, s:[s]}]}",
                                 "schema", 1, "family", family, "model", hex, "version",
                                 bench->plan.to, "evidence", "simulated", "recipe", "piece",
                                 strcmp(family, "btc") == 0 ? 4096 : 65536, "command_ms", 10000,
                                 "commit_ms", 10000, "settle_ms", 200, "ready_ms", 2000,
                                 "transports", "emulated", "disc_out", 1, "edges", "kind",
                                 "upgrade", "from", bench->plan.revision);
        assert_non_null(bench->entry);
}

static void pin_root(Bench *bench) {
        assert_int_equal(mkdir(path_in(bench, "config"), 0755), 0);
        assert_int_equal(mkdir(path_in(bench, "config/catalogs.d"), 0755), 0);
        assert_int_equal(mkdir(path_in(bench, "config/catalogs.d/" CATALOG), 0755), 0);
        write_file(bench, "config/catalogs.d/" CATALOG "/root.json",
                   repository_served(bench->repository, "1.root.json"));
        /* What was made with the simulator may have expired by now. */
        repository_set_expiry(bench->repository, "root", clock_realtime() + 90 * DAY);
        repository_publish(bench->repository, "root");
}

static int make(void **state, const char *drive, const char *family, const char *model,
                const char *from, const char *to) {
        Bench *bench = calloc(1, sizeof(*bench));

        assert_non_null(bench);
        *state = bench;
        bench->drive = drive;
        strcpy(bench->folder, "/tmp/discfw-flash-XXXXXX");
        assert_non_null(mkdtemp(bench->folder));
        start_emulator(bench);
        make_plan(bench, model, from, to);
        make_image(bench, strcmp(family, "btc") == 0 ? FAMILY_BTC : FAMILY_PLEXTOR, to);
        make_entry(bench, family);
        bench->repository = repository_new();
        pin_root(bench);
        bench_publish(bench);
        return 0;
}

int bench_make(void **state) {
        return make(state, "btc-ide1004", "btc", "        DVDRW IDE1004   ", "0043", "0051");
}

int bench_make_plextor(void **state) {
        int r = make(state, "plextor-px716a", "plextor", "PLEXTOR DVDR   PX-716A  ", "1.04",
                     "1.07");

        strcpy(((Bench *)*state)->plan.serial, "306412");
        return r;
}

int bench_remove(void **state) {
        Bench *bench = *state;
        char command[128];
        int status;

        assert_int_equal(kill(bench->emulator, SIGTERM), 0);
        assert_int_equal(waitpid(bench->emulator, &status, 0), bench->emulator);
        (void)snprintf(command, sizeof(command), "rm -r '%s'", bench->folder);
        assert_int_equal(system(command), 0);
        json_decref(bench->entry);
        (void)repository_free(bench->repository);
        free(bench->image);
        free(bench);
        return 0;
}

void bench_publish(Bench *bench) {
        static const char *const roles[] = { "targets", "snapshot", "timestamp" };
        json_t *targets = json_object_get(repository_body(bench->repository, "targets"), "targets");
        uint8_t digest[SHA256_LENGTH];
        char hex[2 * SHA256_LENGTH + 1], now[CLOCK_TEXT_SIZE];

        assert_int_equal(sha256(bench->image, bench->n_image, digest), 0);
        hex_encode(digest, sizeof(digest), hex);
        clock_format(clock_realtime(), now);
        assert_int_equal(json_object_clear(targets), 0);
        assert_int_equal(json_object_set_new(targets, bench->target,
                                             json_pack("{s:i, s:{s:s}, s:{s:O}}", "length",
                                                       (int)bench->n_image, "hashes", "sha256", hex,
                                                       "custom", "discfw", bench->entry)),
                         0);
        assert_int_equal(json_object_set_new(repository_body(bench->repository, "timestamp"),
                                             "x-discfw-signed", json_string(now)),
                         0);
        for (size_t i = 0; i < N_ELEMENTS(roles); i++) {
                repository_set_expiry(bench->repository, roles[i], clock_realtime() + 30 * DAY);
                repository_publish(bench->repository, roles[i]);
        }
}

static int version_of(Bench *bench, const char *role) {
        return (int)json_integer_value(
                json_object_get(repository_body(bench->repository, role), "version"));
}

int bench_bundle(Bench *bench) {
        char names[4][32];
        BundleFile files[4];
        uint8_t *bytes;
        size_t n_bytes;
        int fd;

        (void)snprintf(names[0], sizeof(names[0]), "%d.root.json", version_of(bench, "root"));
        (void)snprintf(names[1], sizeof(names[1]), "timestamp.json");
        (void)snprintf(names[2], sizeof(names[2]), "%d.snapshot.json",
                       version_of(bench, "snapshot"));
        (void)snprintf(names[3], sizeof(names[3]), "%d.targets.json", version_of(bench, "targets"));
        for (size_t i = 0; i < N_ELEMENTS(files); i++) {
                const char *text = repository_served(bench->repository, names[i]);

                files[i] = (BundleFile){ names[i], (const uint8_t *)text, strlen(text) };
        }
        assert_int_equal(bundle_pack(files, N_ELEMENTS(files), &bytes, &n_bytes), 0);
        assert_int_equal(memfd_from_bytes("bundle", bytes, n_bytes, &fd), 0);
        free(bytes);
        return fd;
}

int bench_image(const Bench *bench) {
        int fd;

        assert_int_equal(memfd_from_bytes("image", bench->image, bench->n_image, &fd), 0);
        return fd;
}

void bench_control(Bench *bench, const char *line) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        char text[512], answer[4096] = "";
        size_t n = 0;
        ssize_t r;

        (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s/drives/control",
                       bench->folder);
        assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
        (void)snprintf(text, sizeof(text), "%s\n", line);
        assert_int_equal(write_all(fd, text, strlen(text)), 0);
        while (n < sizeof(answer) - 1 && (r = read(fd, answer + n, sizeof(answer) - 1 - n)) > 0) {
                n += (size_t)r;
                answer[n] = '\0';
                if (n >= 3 && strcmp(answer + n - 3, "ok\n") == 0)
                        return;
        }
        fail_msg("%s: %s", line, answer);
}

void bench_faults(Bench *bench, const char *lines) {
        char line[300];

        write_file(bench, "faults", lines);
        (void)snprintf(line, sizeof(line), "faults %s", path_in(bench, "faults"));
        bench_control(bench, line);
}

unsigned bench_count(const Bench *bench, const char *hex) {
        _cleanup_fclose_ FILE *f = NULL;
        char name[96], line[512];
        unsigned n = 0;

        (void)snprintf(name, sizeof(name), "log/%s.log", bench->drive);
        f = fopen(path_in(bench, name), "re");
        assert_non_null(f);
        while (fgets(line, sizeof(line), f))
                n += strlen(line) > 8 && strncmp(line + 7, hex, strlen(hex)) == 0;
        return n;
}

unsigned bench_journals(const Bench *bench) {
        DIR *dir = opendir(path_in(bench, "state"));
        const struct dirent *entry;
        unsigned n = 0;

        while (dir && (entry = readdir(dir)))
                n += strlen(entry->d_name) > 6 &&
                     strcmp(entry->d_name + strlen(entry->d_name) - 6, ".flash") == 0;
        if (dir)
                (void)closedir(dir);
        return n;
}
