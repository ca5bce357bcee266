# SPDX-License-Identifier: LGPL-2.1-or-later
"""A daemon for tests of discfw: says what the test tells it to, well-formed or not.

Answers are given by method. An answer is a list of what is sent one after the other: a dict becomes a
message, bytes go out as they are, CLOSE ends the connection, and a function is called first.
"""
import json
import os
import pty
import select
import shutil
import socket
import subprocess
import tempfile
import threading
import time

CLOSE = object()
BUILD = os.environ.get("DISCFW_BUILDDIR", ".")
SOURCE = os.environ.get("DISCFW_SRCDIR", ".")
DISCFW = os.path.join(BUILD, "discfw")
LIMIT_SECONDS = 30


def reply(continues=None, **parameters):
    message = {"parameters": parameters}
    if continues is not None:
        message["continues"] = continues
    return message


def error(name, **parameters):
    return {"error": name, "parameters": parameters}


class Daemon:
    """Listens in a folder of its own, as "discfwd --standalone DIR" does."""

    def __init__(self, **answers):
        self.answers = answers
        self.requests = []
        self.connections = []

    def __enter__(self):
        self.dir = tempfile.mkdtemp(prefix="discfw-test-")
        os.mkdir(self.dir + "/run", 0o700)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.dir + "/run/discfwd.sock")
        self.listener.listen(4)
        threading.Thread(target=self.accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        for s in [self.listener] + self.connections:
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            s.close()
        shutil.rmtree(self.dir)

    def accept(self):
        while True:
            try:
                connection = self.listener.accept()[0]
            except OSError:
                return
            self.connections.append(connection)
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        heard = b""
        try:
            while True:
                while b"\0" not in heard:
                    some = connection.recv(65536)
                    if not some:
                        return
                    heard += some
                message, heard = heard.split(b"\0", 1)
                if self.answer(connection, json.loads(message)) is CLOSE:
                    connection.shutdown(socket.SHUT_RDWR)
                    return
        except OSError:
            return

    def answer(self, connection, request):
        self.requests.append(request)
        method = request["method"].removeprefix("org.discfw.")
        for item in self.answers.get(method, [error("org.varlink.service.MethodNotFound",
                                                    method=request["method"])]):
            if item is CLOSE:
                return CLOSE
            if callable(item):
                item()
                continue
            if isinstance(item, dict):
                item = json.dumps(item).encode() + b"\0"
            connection.sendall(item)
        return None

    def parameters(self, method):
        """What METHOD was asked with, of the last time."""
        for request in reversed(self.requests):
            if request["method"] == "org.discfw." + method:
                return request.get("parameters")
        return None


class Result:
    def __init__(self, status, out, err):
        self.status, self.out, self.err = status, out, err

    def __repr__(self):
        return f"status {self.status}\n--- out\n{self.out}\n--- err\n{self.err}"


def environment(**more):
    env = {k: v for k, v in os.environ.items()
           if k not in ("NO_COLOR", "PAGER", "DISCFW_PAGER", "DISCFW_DIR", "COLUMNS", "LC_ALL",
                        "SUDO_UID")}
    env.update({"TZ": "UTC", "LC_ALL": "C.UTF-8", "TERM": "xterm"}, **more)
    return env


def run(daemon, *arguments, stdin=b"", **env):
    """Runs discfw with pipes: what a script sees."""
    where = ["--dir", daemon.dir] if daemon else []
    done = subprocess.run([DISCFW] + where + list(arguments), input=stdin, env=environment(**env),
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=LIMIT_SECONDS)
    return Result(done.returncode, done.stdout.decode(), done.stderr.decode())


class Terminal:
    """Runs discfw on a terminal: what a person sees."""

    def __init__(self, daemon, *arguments, columns=100, **env):
        pid, self.fd = pty.fork()
        if pid == 0:
            os.execve(DISCFW, [DISCFW, "--dir", daemon.dir] + list(arguments),
                      environment(COLUMNS=str(columns), **env))
        self.pid = pid
        self.shown = ""

    def read_until(self, text):
        """Reads until TEXT was shown, or with None until the end."""
        end = time.monotonic() + LIMIT_SECONDS
        while text is None or text not in self.shown:
            if not select.select([self.fd], [], [], max(0, end - time.monotonic()))[0]:
                raise AssertionError(f"waited in vain for {text!r} in {self.shown!r}")
            try:
                some = os.read(self.fd, 65536)
            except OSError:
                some = b""
            if not some:
                if text is None:
                    break
                raise AssertionError(f"ended without {text!r}: {self.shown!r}")
            self.shown += some.decode()
        return self

    def read_until_again(self, text):
        """The same, behind where it was shown before."""
        self.shown = self.shown.replace(text, "", 1)
        return self.read_until(text)

    def type(self, text):
        os.write(self.fd, text.encode())
        return self

    def end(self):
        """Waits for the end; the status as a shell has it."""
        self.read_until(None)
        status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        os.close(self.fd)
        return status if status >= 0 else 128 - status


def run_tests(tests):
    """Functions whose names are sentences, as TAP."""
    import traceback
    print(f"1..{len(tests)}")
    for i, test in enumerate(tests, 1):
        name = test.__name__.removeprefix("test_").replace("_", " ")
        try:
            test()
            print(f"ok {i} - {name}")
        except Exception:
            for line in traceback.format_exc().splitlines():
                print("# " + line)
            print(f"not ok {i} - {name}", flush=True)
