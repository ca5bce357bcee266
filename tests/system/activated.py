# SPDX-License-Identifier: LGPL-2.1-or-later
"""A machine whose sockets somebody else holds, as systemd does: discfwd runs only while there is work.

It is told what systemd is told (sd_notify), and a barrier is kept closed until the test lets it go, so
that a test has all the time it wants between STOPPING=1 and the end of the process.
"""
import array
import os
import select
import socket
import subprocess
import threading

from machine import Machine
from processes import BUILD, WAIT, environment, kill, wait_until

HELPERS = ("fetch", "verify", "probe", "flash")


class ActivatedMachine(Machine):
    def __init__(self, *models, idle_exit=1, **recipe):
        super().__init__(*models, **recipe)
        self.idle_exit = idle_exit
        self.daemon = None
        self.statuses = []  # of the daemons that ended
        self.notes = []     # what the present one told
        self.hold = False   # barriers
        self.barriers = []
        self.helpers = []
        self.ending = threading.Event()

    # What systemd does

    def bind(self, name, kind):
        listener = socket.socket(socket.AF_UNIX, kind)
        listener.bind(f"{self.dir}/run/{name}.sock")
        listener.listen(16)
        return listener

    def run(self, program, fd, *arguments):
        if program in ("discfwd", "discfw-probe", "discfw-flash"):
            arguments += ("--emulated", self.drives)
        with open(self.tmp + "/discfwd.log", "ab") as log:
            return subprocess.Popen(
                ["sh", "-c", "LISTEN_PID=$$ LISTEN_FDS=1 exec \"$@\" 3<&0 </dev/null", "sh",
                 BUILD + "/" + program, *arguments], stdin=fd, stdout=log, stderr=log,
                env=dict(environment(), NOTIFY_SOCKET=self.tmp + "/notify"))

    def start_daemon(self, **_):
        for folder in ("run", "etc/catalogs.d", "state", "flash"):
            os.makedirs(f"{self.dir}/{folder}", 0o700, exist_ok=True)
        self.listener = self.bind("discfwd", socket.SOCK_STREAM)
        self.helper_listeners = {self.bind(n, socket.SOCK_SEQPACKET): n for n in HELPERS}
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notify.bind(self.tmp + "/notify")
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        while not self.ending.is_set():
            watched = [self.notify, *self.helper_listeners]
            if not self.daemon:
                watched.append(self.listener)
            for ready in select.select(watched, [], [], 0.02)[0]:
                if ready is self.notify:
                    self.hear()
                elif ready is self.listener:
                    self.notes = []
                    self.daemon = self.run(
                        "discfwd", self.listener.fileno(), "--supervised", "--idle-exit",
                        str(self.idle_exit), "--run", self.dir + "/run", "--state",
                        self.dir + "/state", "--config", self.dir + "/etc")
                else:
                    self.help(ready)
            self.reap()

    def hear(self):
        text, control, _, _ = self.notify.recvmsg(4096, socket.CMSG_SPACE(16))
        self.notes += text.decode().splitlines()
        for _, _, data in control:
            fds = array.array("i", data)
            if self.hold:
                self.barriers += fds
            else:
                for fd in fds:
                    os.close(fd)

    def let_go(self):
        self.hold = False
        while self.barriers:
            os.close(self.barriers.pop())

    def help(self, listener):
        connection, _ = listener.accept()
        name = self.helper_listeners[listener]
        arguments = {"flash": ["--without-inhibitor", "--state", self.dir + "/flash", "--config",
                               self.dir + "/etc"]}.get(name, [])
        self.helpers.append(self.run("discfw-" + name, connection.fileno(), *arguments))
        connection.close()

    def reap(self):
        self.helpers = [h for h in self.helpers if h.poll() is None]
        if self.daemon and self.daemon.poll() is not None:
            self.statuses.append(self.daemon.returncode)
            self.daemon = None

    # For tests

    def wait_end(self):
        """Until nothing of ours runs; the status of the daemon."""
        n = len(self.statuses)
        wait_until("discfwd ended", lambda: len(self.statuses) > n or not self.daemon)
        wait_until("no helper runs", lambda: not self.helpers)
        return self.statuses[-1]

    def stop_daemon(self):
        self.let_go()
        self.ending.set()
        if hasattr(self, "thread"):
            self.thread.join(WAIT)
        for process in self.helpers + ([self.daemon] if self.daemon else []):
            kill(process.pid)
            process.wait()
