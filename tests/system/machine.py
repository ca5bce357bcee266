# SPDX-License-Identifier: LGPL-2.1-or-later
"""A machine for tests: emulated drives, a catalog, mirrors, and discfwd, all of it real processes.

    with Machine("emprex-1016-a") as machine:
        machine.refresh()
        assert machine.discfw("update", DRIVE, "--yes").status == 0
        assert machine.transcript(DRIVE).burns == 1

Every wait is bounded, and nothing is left running: what the test started is ended by its id, also
processes that lost their parent, which come to us.
"""
import ctypes
import glob
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

from processes import (BUILD, SOURCE, WAIT, Command, children, environment, gone, kill, wait_until)
from repository import Catalog, Mirror

MODELS = SOURCE + "/tests/emulator/models"
TIME_SCALE = 0.01  # of the drives: a burn of 50 s takes half a second
PR_SET_CHILD_SUBREAPER = 36
# Commands that change a drive: WRITE BUFFER, and what is like it in other families.
CHANGING = {"3b", "04", "a1", "15", "55", "aa", "2a"}


# The daemon's socket


class Connection:
    """Varlink, as little as is needed."""

    def __init__(self, path, timeout=WAIT):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.socket.settimeout(timeout)
        self.heard = b""

    def close(self):
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.socket.close()

    def say(self, method, more=False, **parameters):
        message = {"method": "org.discfw." + method, "parameters": parameters}
        if more:
            message["more"] = True
        self.socket.sendall(json.dumps(message).encode() + b"\0")

    def hear(self):
        """The next message, or None at the end."""
        while b"\0" not in self.heard:
            some = self.socket.recv(65536)
            if not some:
                return None
            self.heard += some
        message, self.heard = self.heard.split(b"\0", 1)
        return json.loads(message)

    def call(self, method, **parameters):
        self.say(method, **parameters)
        return self.hear()


class Watcher:
    """Collects the events of Monitor, until the daemon ends."""

    def __init__(self, path):
        self.connection = Connection(path)
        self.events = []
        self.ended = False
        self.changed = threading.Condition()
        self.connection.say("Monitor", more=True)
        self.connection.socket.settimeout(None)
        self.thread = threading.Thread(target=self.listen, daemon=True)
        self.thread.start()

    def listen(self):
        try:
            while True:
                message = self.connection.hear()
                with self.changed:
                    self.ended = message is None
                    if message:
                        self.events.append(message.get("parameters", {}))
                    self.changed.notify_all()
                if message is None:
                    return
        except OSError:
            with self.changed:
                self.ended = True
                self.changed.notify_all()

    def phases(self):
        seen = []
        for event in self.events:
            phase = (event.get("progress") or {}).get("phase")
            if event["event"] == "progress" and phase and seen[-1:] != [phase]:
                seen.append(phase)
        return seen

    def done(self, phase):
        """How much of it was done when last heard of."""
        return max((e["progress"]["done"] for e in self.events
                    if e["event"] == "progress" and e["progress"]["phase"] == phase), default=0)

    def outcomes(self):
        return [e["outcome"] for e in self.events if e["event"] == "outcome"]

    def wait_for(self, what, condition, seconds=WAIT):
        with self.changed:
            if not self.changed.wait_for(lambda: self.ended or condition(), seconds):
                raise AssertionError(f"waited in vain for {what}; saw {self.events}")
            if not condition():
                raise AssertionError(f"the daemon ended before {what}; saw {self.events}")

    def wait_phase(self, phase):
        self.wait_for(f"phase {phase}", lambda: phase in self.phases())

    def wait_outcome(self):
        self.wait_for("the outcome", self.outcomes)
        return self.outcomes()[0]

    def close(self):
        self.connection.close()
        self.thread.join(WAIT)


# The whole


class Transcript:
    """What went to a drive."""

    def __init__(self, path):
        with open(path, encoding="ascii") as f:
            lines = [line.split() for line in f]
        cdbs = [line[1] for line in lines if line[0].isdigit()]
        self.opcodes = [cdb[:2] for cdb in cdbs]
        self.n_changing = sum(opcode in CHANGING for opcode in self.opcodes)
        # BTC: WRITE BUFFER with mode 7 burns what came before with mode 6.
        self.burns = sum(cdb.startswith("3b07") for cdb in cdbs)


class Machine:
    """One or more of tests/emulator/models, a catalog of the demo, and discfwd --standalone."""

    def __init__(self, *models, start=True, **recipe):
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        # Names of sockets are short, so TMPDIR may not be used.
        self.tmp = tempfile.mkdtemp(prefix="discfw-", dir="/tmp")
        os.chmod(self.tmp, 0o755)
        self.dir = self.tmp + "/d"
        os.mkdir(self.dir, 0o755)
        os.chmod(self.dir, 0o755)
        self.drives = self.tmp + "/drives"
        self.models = models
        # The waits of all entries, as short as they may be.
        self.recipe = {"settle_ms": 200, "commit_ms": 10000, "command_ms": 10000, **recipe}
        self.start = start
        self.emulator = self.supervisor = None
        self.closing = []
        self.undoing = []

    def finally_do(self, function):
        """When all processes have ended."""
        self.undoing.append(function)

    def __enter__(self):
        try:
            os.mkdir(self.tmp + "/models")
            for model in self.models:
                shutil.copy(f"{MODELS}/{model}.drive", self.tmp + "/models")
            self.catalog = Catalog(self.tmp + "/catalog", self.recipe)
            self.start_emulator()
            if self.start:
                self.start_daemon()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for thing in self.closing:
            thing.close()
        self.stop_daemon()
        if self.emulator:
            self.emulator.kill()
            self.emulator.wait()
        # Helpers that outlived their supervisor were given to us.
        for pid, _ in children(os.getpid()):
            kill(pid)
            try:
                os.waitpid(pid, 0)
            except ChildProcessError:
                pass
        for function in self.undoing:
            function()
        shutil.rmtree(self.tmp)

    # Drives

    def start_emulator(self):
        with open(self.tmp + "/emulator.log", "ab") as log:
            self.emulator = subprocess.Popen(
                [BUILD + "/discfw-emulator", "--models", self.tmp + "/models", "--dir", self.drives,
                 "--state", self.tmp + "/drive-state", "--transcript", self.tmp + "/transcripts",
                 "--time-scale", str(TIME_SCALE)], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env=environment())
        wait_until("the emulator is ready", lambda: "ready" in self.text("emulator.log"))

    def emulate(self, *arguments):
        done = subprocess.run([BUILD + "/discfw-emulator-ctl", self.drives, *arguments],
                              capture_output=True, timeout=WAIT, check=False)
        assert done.returncode == 0, done

    def faults(self, *lines):
        """A plan of what goes wrong (tests/emulator/faults.h); none without lines."""
        with open(self.tmp + "/faults", "w", encoding="ascii") as f:
            f.write("".join(line + "\n" for line in lines))
        self.emulate("faults", self.tmp + "/faults" if lines else "-")

    def transcript(self, drive):
        return Transcript(f"{self.tmp}/transcripts/{drive}.log")

    def exchange_firmware(self, drive, before, after):
        """As somebody does with another tool, on another machine."""
        self.emulator.kill()
        self.emulator.wait()
        with open(f"{self.tmp}/models/{drive}.drive", encoding="utf-8") as f:
            model = f.read()
        with open(f"{self.tmp}/models/{drive}.drive", "w", encoding="utf-8") as f:
            f.write(model.replace(f'revision = "{before}"', f'revision = "{after}"'))
        self.start_emulator()

    def transcript_at_rest(self, drive):
        """When commands that a dead helper left in the queue were carried out, too."""
        seen = [-1]

        def at_rest():
            time.sleep(0.3)
            seen.append(len(self.transcript(drive).opcodes))
            return seen[-1] == seen[-2]

        wait_until("the drive is at rest", at_rest)
        return self.transcript(drive)

    # The daemon

    def start_daemon(self, **options):
        """Waits until it answers. Returns after how many seconds."""
        began = time.monotonic()
        with open(self.tmp + "/discfwd.log", "ab") as log:
            self.supervisor = subprocess.Popen(
                [BUILD + "/discfwd", "--standalone", self.dir, "--emulated", self.drives],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment(), **options)
        self.wait_answer()
        return time.monotonic() - began

    def wait_answer(self):
        wait_until("discfwd answers", lambda: self.discfw("list").status == 0)

    def stop_daemon(self):
        """By TERM, as somebody does who wants to stop it; killed if that does not help."""
        if not self.supervisor:
            return
        self.supervisor.terminate()
        try:
            self.supervisor.wait(WAIT)
        except subprocess.TimeoutExpired:
            self.die()
        self.supervisor = None

    def die(self):
        """Supervisor, daemon and helpers, in one moment: as if the machine had lost its power."""
        pids = [self.supervisor.pid] + [pid for pid, _ in children(self.supervisor.pid)]
        for number in (signal.SIGSTOP, signal.SIGKILL):
            for pid in pids:
                kill(pid, number)
        self.supervisor.wait(WAIT)
        wait_until("all are dead", lambda: all(gone(pid) for pid in pids))

    def pid_of(self, name):
        """Of a child of the supervisor, 0 if there is none: the daemon ("discfwd"), or the youngest helper
        of this name. A helper that was begun just now is called "discfwd" for a moment, too."""
        pids = [pid for pid, comm in children(self.supervisor.pid)
                if comm == name[:15] and not gone(pid)]
        return pids[0 if name == "discfwd" else -1] if pids else 0

    def kill_daemon(self):
        """The daemon, not its supervisor. Returns after how many seconds it answers again."""
        pid = self.pid_of("discfwd")
        assert pid
        began = time.monotonic()
        kill(pid)
        wait_until("another daemon runs", lambda: self.pid_of("discfwd") not in (0, pid))
        self.wait_answer()
        return time.monotonic() - began

    def kill_flash(self):
        pid = wait_until("a flash helper runs", lambda: self.pid_of("discfw-flash"))
        kill(pid)

    # Talking to it

    @property
    def socket(self):
        return self.dir + "/run/discfwd.sock"

    def command(self, *arguments, **options):
        program = BUILD + "/discfw"
        if "user" in options:  # who may not be able to reach the folder that we were built in
            program = shutil.copy(program, self.tmp + "/discfw")
            os.chmod(program, 0o755)
        return Command(program, "--dir", self.dir, *arguments, **options)

    def discfw(self, *arguments, seconds=WAIT, **options):
        return self.command(*arguments, **options).end(seconds)

    def done(self, *arguments, status=0, **options):
        """Runs discfw, which must end with STATUS."""
        result = self.discfw(*arguments, **options)
        assert result.status == status, f"{arguments}: {result}\n{self.text('discfwd.log')}"
        return result

    def connect(self, **options):
        connection = Connection(self.socket, **options)
        self.closing.append(connection)
        return connection

    def watch(self):
        watcher = Watcher(self.socket)
        self.closing.append(watcher)
        return watcher

    def mirror(self, folder=None):
        mirror = Mirror(folder or self.catalog.published)
        self.closing.append(mirror)
        return mirror

    def trust(self, *mirrors):
        """Adds the catalog, with its own folder as the only mirror if none is given, and fetches it."""
        self.done("catalog", "add", "main", self.catalog.root,
                  *([m.url if isinstance(m, Mirror) else m for m in mirrors]
                    or [self.catalog.published]))
        self.done("refresh")

    # What it says

    def text(self, name):
        try:
            with open(f"{self.tmp}/{name}", encoding="utf-8", errors="replace") as f:
                return f.read()
        except FileNotFoundError:
            return ""

    def drive(self, name):
        return next(d for d in self.done("list", "--json").json()[0]["drives"]
                    if d["node"].endswith(name))

    def history(self, *kinds):
        """The audit log, oldest first; rows of these kinds only."""
        events = self.done("history", "--json").json()
        events = [row for reply in events for row in reply.get("events", [reply])]
        return sorted((e for e in events if not kinds or e["kind"] in kinds), key=lambda e: e["seq"])

    def flash_rows(self):
        """(kind, job, outcome) of every row about flashes."""
        return [(e["kind"], e["job"], e["outcome"])
                for e in self.history("flash.intent", "flash.outcome")]

    def audit_is_whole(self):
        return self.done("audit", "verify").out.startswith("whole")

    def journals(self):
        return glob.glob(self.dir + "/flash/*.flash")
