# SPDX-License-Identifier: LGPL-2.1-or-later
"""Programs that a test starts and ends, by their ids; and how a test in Python tells what it found."""
import json
import os
import signal
import subprocess
import sys
import time
import traceback

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.environ.get("DISCFW_SRCDIR", os.path.dirname(os.path.dirname(HERE)))
BUILD = os.environ.get("DISCFW_BUILDDIR", ".")
WAIT = 20  # seconds, for what takes less than one


def wait_until(what, condition, seconds=WAIT):
    """The first true answer of CONDITION."""
    end = time.monotonic() + seconds
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds} s in vain until {what}")
        time.sleep(0.01)


def children(pid):
    """(id, name) of each."""
    found = []
    try:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as f:
            ids = f.read().split()
    except OSError:
        return found
    for child in ids:
        try:
            with open(f"/proc/{child}/comm", encoding="utf-8") as f:
                found.append((int(child), f.read().strip()))
        except OSError:
            pass
    return found


def kill(pid, number=signal.SIGKILL):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


def gone(pid):
    """Ended, reaped by its parent or not yet."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as f:
            return f.read().rsplit(")", 1)[1].split()[0] in "ZX"
    except OSError:
        return True


def environment():
    kept = {k: v for k, v in os.environ.items()
            if k not in ("NO_COLOR", "PAGER", "DISCFW_PAGER", "DISCFW_DIR", "COLUMNS", "SUDO_UID")}
    return dict(kept, TZ="UTC", LC_ALL="C.UTF-8", TERM="dumb")


class Result:
    def __init__(self, status, out, err):
        self.status, self.out, self.err = status, out, err

    def json(self):
        return [json.loads(line) for line in self.out.splitlines()]

    def __repr__(self):
        return f"status {self.status}\n--- out\n{self.out}\n--- err\n{self.err}"


class Command:
    """A program that runs while the test goes on."""

    def __init__(self, *argv, **options):
        self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, env=environment(), **options)

    def signal(self, number):
        self.process.send_signal(number)

    def end(self, seconds=WAIT):
        try:
            out, err = self.process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            out, err = self.process.communicate()
            raise AssertionError(f"{self.process.args} did not end in {seconds} s: {err!r}") from None
        return Result(self.process.returncode, out.decode(), err.decode())


class Skip(Exception):
    """Cannot be tested here, and why."""


def run_tests(tests, limit_seconds):
    """Functions whose names are sentences, as TAP; all of them in so many seconds. Names given on the
    command line choose some."""
    tests = [t for t in tests if not sys.argv[1:] or any(w in t.__name__ for w in sys.argv[1:])]

    def too_late(*_):
        raise TimeoutError(f"not done after {limit_seconds} s")

    def asked_to_end(*_):
        sys.exit(143)

    signal.signal(signal.SIGALRM, too_late)
    signal.signal(signal.SIGTERM, asked_to_end)
    signal.alarm(limit_seconds)
    print(f"1..{len(tests)}")
    for i, test in enumerate(tests, 1):
        name = test.__name__.removeprefix("test_").replace("_", " ")
        began = time.monotonic()
        try:
            test()
            print(f"ok {i} - {name}")
        except Skip as why:
            print(f"ok {i} # SKIP {name}: {why}")
        except TimeoutError as why:
            print(f"Bail out! {name}: {why}")
            sys.exit(99)
        except Exception:
            for line in traceback.format_exc().splitlines():
                print("# " + line)
            print(f"not ok {i} - {name}")
        print(f"# {time.monotonic() - began:.1f} s", flush=True)
