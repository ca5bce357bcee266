/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/holders.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/cleanup.h"
#include "base/text.h"

#define SR_MAJOR       11
#define SG_MAJOR       21
#define NAMESPACES_MAX 64
#define LINE_SIZE      4096

typedef struct Search {
        const char *proc, *own;
        const HeldNode *nodes;
        unsigned n_nodes;
        Holders *holders;
        char namespaces[NAMESPACES_MAX][64]; /* whose mounts were looked at */
        unsigned n_namespaces;
} Search;

/* Its first line, as it is; "" if there is none (any more). */
static void read_program(const Search *search, pid_t pid, char *ret_name, size_t size) {
        _cleanup_close_ int fd = -1;
        char path[PATH_MAX];
        ssize_t n;

        (void)snprintf(path, sizeof(path), "%s/%d/comm", search->proc, pid);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        n = fd >= 0 ? read(fd, ret_name, size - 1) : 0;
        if (n > 0 && ret_name[n - 1] == '\n')
                n--;
        ret_name[n > 0 ? n : 0] = '\0';
}

static void add(Search *search, pid_t pid, const char *format, ...) _printf_(3, 4);

static void add(Search *search, pid_t pid, const char *format, ...) {
        Holders *holders = search->holders;
        char what[sizeof(((Holder *)NULL)->what)];
        Holder *holder;
        va_list ap;

        va_start(ap, format);
        (void)vsnprintf(what, sizeof(what), format, ap);
        va_end(ap);
        for (unsigned i = 0; i < holders->n; i++)
                if (holders->list[i].pid == pid && strcmp(holders->list[i].what, what) == 0)
                        return;
        if (holders->n == HOLDERS_MAX) {
                holders->more = true;
                return;
        }
        holder = &holders->list[holders->n++];
        holder->pid = pid;
        if (pid > 0)
                read_program(search, pid, holder->program, sizeof(holder->program));
        memcpy(holder->what, what, sizeof(what));
}

static bool is_ours(const Search *search, pid_t pid) {
        char path[PATH_MAX], target[PATH_MAX];
        ssize_t n;

        if (pid == getpid())
                return true;
        (void)snprintf(path, sizeof(path), "%s/%d/exe", search->proc, pid);
        n = readlink(path, target, sizeof(target));
        return n >= (ssize_t)strlen(search->own) &&
               memcmp(target, search->own, strlen(search->own)) == 0;
}

static const HeldNode *node_at(const Search *search, int dir, const char *name) {
        struct statx stx;

        /* Not the file's newest state, for which a network's would have to be asked. */
        if (statx(dir, name, AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT, STATX_TYPE, &stx) < 0)
                return NULL;
        for (unsigned i = 0; i < search->n_nodes; i++) {
                const HeldNode *node = &search->nodes[i];

                if ((node->block ? S_ISBLK(stx.stx_mode) : S_ISCHR(stx.stx_mode)) &&
                    makedev(stx.stx_rdev_major, stx.stx_rdev_minor) == node->device)
                        return node;
        }
        return NULL;
}

static void look_at_files(Search *search, pid_t pid) {
        _cleanup_closedir_ DIR *dir = NULL;
        const struct dirent *entry;
        char path[PATH_MAX];

        (void)snprintf(path, sizeof(path), "%s/%d/fd", search->proc, pid);
        dir = opendir(path);
        while (dir && (entry = readdir(dir))) {
                const HeldNode *node = NULL;

                if (entry->d_name[0] != '.')
                        node = node_at(search, dirfd(dir), entry->d_name);
                if (node)
                        add(search, pid, "has %s", node->path);
        }
}

/* Of all processes that see the same mounts, one suffices. */
static bool namespace_is_new(Search *search, const char *process) {
        char path[PATH_MAX], name[64];
        ssize_t n;

        (void)snprintf(path, sizeof(path), "%s/%s/ns/mnt", search->proc, process);
        n = readlink(path, name, sizeof(name) - 1);
        if (n <= 0 || search->n_namespaces == NAMESPACES_MAX)
                return false;
        name[n] = '\0';
        for (unsigned i = 0; i < search->n_namespaces; i++)
                if (strcmp(search->namespaces[i], name) == 0)
                        return false;
        strcpy(search->namespaces[search->n_namespaces++], name);
        return true;
}

/* proc_pid_mountinfo(5): 36 35 11:0 / /mnt rw,noatime ... */
static void look_at_mounts(Search *search, const char *process) {
        _cleanup_fclose_ FILE *f = NULL;
        char path[PATH_MAX], line[LINE_SIZE];
        pid_t pid = atoi(process);

        (void)snprintf(path, sizeof(path), "%s/%s/mountinfo", search->proc, process);
        f = namespace_is_new(search, process) ? fopen(path, "re") : NULL;
        while (f && fgets(line, sizeof(line), f)) {
                unsigned a, b;
                int n = -1;

                if (sscanf(line, "%*u %*u %u:%u %*s %n", &a, &b, &n) < 2 || n < 0)
                        continue;
                for (unsigned i = 0; i < search->n_nodes; i++)
                        if (search->nodes[i].block && search->nodes[i].device == makedev(a, b))
                                add(search, pid, "%s%s %smounted at %.*s", pid > 0 ? "sees " : "",
                                    search->nodes[i].path, pid > 0 ? "" : "is ",
                                    (int)strcspn(line + n, " \n"), line + n);
        }
}

void holders_find(const char *proc, const char *own, const HeldNode nodes[], unsigned n_nodes,
                  bool mounts, Holders *ret_holders) {
        Search search = {
                .proc = proc, .own = own, .nodes = nodes, .n_nodes = n_nodes, .holders = ret_holders
        };
        _cleanup_closedir_ DIR *dir = opendir(proc);
        const struct dirent *entry;

        *ret_holders = (Holders){};
        if (mounts)
                look_at_mounts(&search, "self");
        while (dir && (entry = readdir(dir))) {
                pid_t pid = isdigit((unsigned char)entry->d_name[0]) ? atoi(entry->d_name) : 0;

                if (pid <= 0 || is_ours(&search, pid))
                        continue;
                look_at_files(&search, pid);
                if (mounts)
                        look_at_mounts(&search, entry->d_name);
        }
}

void holders_text(const Holders *holders, char *ret_text, size_t size) {
        ret_text[0] = '\0';
        for (unsigned i = 0; i < holders->n; i++) {
                const Holder *holder = &holders->list[i];
                size_t n = strlen(ret_text);

                if (i > 0)
                        text_format(ret_text + n, size - n, ", ");
                n = strlen(ret_text);
                if (holder->pid > 0)
                        text_format(ret_text + n, size - n, "pid %d \"%s\" ", holder->pid,
                                    holder->program);
                n = strlen(ret_text);
                text_format(ret_text + n, size - n, "%s", holder->what);
        }
        if (holders->more) {
                size_t n = strlen(ret_text);

                text_format(ret_text + n, size - n, ", and others");
        }
}

static bool take_node(const char *name, const char *prefix, bool block, unsigned wanted_major,
                      char ret_path[32], HeldNode *ret_node) {
        struct stat st;

        if (strncmp(name, prefix, strlen(prefix)) != 0 || strlen(name) > 10 ||
            strspn(name + strlen(prefix), "0123456789") != strlen(name) - strlen(prefix))
                return false;
        (void)snprintf(ret_path, 32, "/dev/%s", name);
        if (stat(ret_path, &st) < 0 || major(st.st_rdev) != wanted_major ||
            !(block ? S_ISBLK(st.st_mode) : S_ISCHR(st.st_mode)))
                return false;
        *ret_node = (HeldNode){ ret_path, block, st.st_rdev };
        return true;
}

void holders_of_drive(const char *block, const char *node, bool mounts, char *ret_text,
                      size_t size) {
        char paths[2][32];
        HeldNode nodes[2];
        Holders holders;
        unsigned n = 0;

        n += take_node(block, "sr", true, SR_MAJOR, paths[n], &nodes[n]);
        n += take_node(node, "sg", false, SG_MAJOR, paths[n], &nodes[n]);
        holders_find("/proc", PKGLIBEXECDIR "/", nodes, n, mounts, &holders);
        holders_text(&holders, ret_text, size);
}
