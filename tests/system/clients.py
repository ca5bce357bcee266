#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Several who talk to one daemon: at the same time, of other users, impatient, hostile."""
import json
import os
import pwd
import signal
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from interrupted import DRIVE, update_until, wait_settled
from machine import Machine
from processes import Skip, run_tests, wait_until

OTHER = "plextor-w5224a"
WITH_SERIAL = "lg-gh24"
# Sanitizers keep what is freed: there memory says nothing.
RSS_MAX_KIB = 64 * 1024 * (100 if os.environ.get("DISCFW_SANITIZERS") else 1)
MESSAGE_MAX = 64 * 1024


# At the same time


def test_a_second_flash_is_refused_while_one_is_under_way():
    with Machine(DRIVE, OTHER) as machine:
        update = update_until(machine, "writing")
        busy = machine.done("update", OTHER, "--yes", status=3)
        assert "another flash" in busy.err, busy
        assert machine.transcript(OTHER).n_changing == 0
        assert update.end().status == 0
        machine.done("update", OTHER, "--yes")
        assert machine.drive(OTHER)["revision"] == "1.04"


def test_drives_named_together_are_updated_one_after_the_other():
    with Machine(DRIVE, OTHER) as machine:
        machine.trust()
        machine.done("update", DRIVE, OTHER, "--yes")
        assert [machine.drive(d)["revision"] for d in (DRIVE, OTHER)] == ["A091", "1.04"]
        assert [row[0] for row in machine.flash_rows()] == ["flash.intent", "flash.outcome"] * 2


def test_one_who_watches_sees_every_phase_and_the_outcome():
    with Machine(DRIVE) as machine:
        machine.trust()
        monitor = machine.command("monitor", "--json")
        early = machine.watch()
        machine.done("update", DRIVE, "--yes")
        assert early.wait_outcome() == "verified"
        monitor.signal(signal.SIGINT)
        said = monitor.end().json()
        outcomes = [e["outcome"] for e in said if e["event"] == "outcome"]
        assert outcomes == ["verified"], said
        phases = [e["progress"]["phase"] for e in said if e["event"] == "progress"]
        assert list(dict.fromkeys(phases))[-5:] == ["checking", "writing", "committing", "settling",
                                                    "verifying"], phases


def test_one_who_comes_late_is_told_of_the_flash_that_runs():
    with Machine(DRIVE) as machine:
        update = update_until(machine, "writing")
        late = machine.watch()
        late.wait_phase("writing")
        assert update.end().status == 0
        assert late.wait_outcome() == "verified"


def leaves_by(number, status):
    with Machine(DRIVE) as machine:
        update = update_until(machine, "writing")
        update.signal(number)
        left = update.end()
        assert left.status == status, left
        assert wait_settled(machine)["revision"] == "A091"
        assert machine.flash_rows() == [("flash.intent", 1, ""), ("flash.outcome", 1, "verified")]
        return left


def test_ctrl_c_ends_the_view_and_not_the_flash():
    left = leaves_by(signal.SIGINT, -signal.SIGINT)
    assert "goes on" in left.err and "do not switch" in left.err, left


def test_a_client_that_is_killed_does_not_take_the_flash_with_it():
    leaves_by(signal.SIGKILL, -signal.SIGKILL)


# Of other users


def nobody():
    if os.geteuid() != 0:
        raise Skip("only root can become somebody else")
    return pwd.getpwnam("nobody")


def test_anybody_may_look_but_is_not_told_serial_numbers():
    user = nobody().pw_uid
    with Machine(WITH_SERIAL) as machine:
        assert machine.drive(WITH_SERIAL)["serial"]
        for arguments in (["list"], ["status"], ["show", WITH_SERIAL], ["history"]):
            told = machine.discfw(*arguments, "--json", user=user, extra_groups=[])
            assert told.status in (0, 6), told
            assert machine.drive(WITH_SERIAL)["serial"] not in told.out, told


def test_nobody_changes_anything_without_the_right_to():
    user = nobody().pw_uid
    with Machine(DRIVE) as machine:
        machine.trust()
        for arguments in (["update", DRIVE, "--yes"], ["hold", DRIVE], ["refresh"],
                          ["resolve", DRIVE], ["audit", "export"]):
            denied = machine.discfw(*arguments, user=user, extra_groups=[])
            assert denied.status == 4, denied
        assert machine.transcript(DRIVE).n_changing == 0
        assert machine.flash_rows() == []


def test_denied_requests_of_many_users_do_not_fill_the_log():
    first = nobody().pw_uid
    with Machine(DRIVE) as machine:
        n_before = len(machine.history("refused"))
        for i in range(200):
            connection = connect_as(machine, first - i % 20)
            answer = connection.call("Hold", drive=DRIVE)
            assert answer["error"] == "org.discfw.NotPermitted", answer
            connection.close()
        assert len(machine.history("refused")) - n_before <= 20  # the clock may reach a new minute


# Hostile


def connect_as(machine, uid):
    """The kernel attests who connects, and that is the effective user."""
    os.seteuid(uid)
    try:
        return machine.connect()
    finally:
        os.seteuid(0)


def answers_soon(machine):
    began = time.monotonic()
    assert machine.discfw("list").status == 0
    assert time.monotonic() - began < 1
    with open(f"/proc/{machine.pid_of('discfwd')}/status", encoding="ascii") as f:
        rss = next(int(line.split()[1]) for line in f if line.startswith("VmRSS:"))
    assert rss < RSS_MAX_KIB, rss


def is_dropped(connection):
    try:
        return connection.socket.recv(1) == b""
    except ConnectionError:
        return True


def test_a_hundred_connections_of_one_user_do_not_keep_others_out():
    uid = nobody().pw_uid
    with Machine(DRIVE) as machine:
        for _ in range(100):
            connect_as(machine, uid)
        answers_soon(machine)


def test_connections_of_many_users_are_bounded_and_root_still_gets_in():
    uid = nobody().pw_uid
    with Machine(DRIVE) as machine:
        for i in range(100):
            connect_as(machine, uid - i % 20)
        n = len(os.listdir(f"/proc/{machine.pid_of('discfwd')}/fd"))
        assert n < 128, n
        answers_soon(machine)


def test_a_message_without_an_end_is_not_kept():
    with Machine(DRIVE) as machine:
        connection = machine.connect()
        try:
            connection.socket.sendall(b"{" * 1024 * 1024)
        except ConnectionError:
            pass
        assert is_dropped(connection)
        answers_soon(machine)


def test_half_a_message_and_silence_is_dropped_after_ten_seconds():
    with Machine(DRIVE) as machine:
        connection = machine.connect()
        connection.socket.sendall(b'{"method": "org.discfw.Li')
        began = time.monotonic()
        answers_soon(machine)
        assert is_dropped(connection)
        assert 8 < time.monotonic() - began < 13


def test_one_who_listens_and_says_nothing_is_not_dropped():
    with Machine(DRIVE) as machine:
        connection = machine.connect()
        assert "parameters" in connection.call("ListDrives")
        time.sleep(11)
        assert "parameters" in connection.call("ListDrives")


GARBAGE = [b"\0", b"\0" * 1000, b"null\0", b"[]\0", b"{}\0", b'{"method": 1}\0', b'{"method": ""}\0',
           b'{"method": "org.discfw.ListDrives", "parameters": []}\0',
           b'{"method": "org.discfw.ListDrives", "parameters": {"all": "yes"}}\0',
           b'{"method": "org.discfw.ShowDrive", "parameters": {"drive": "\xff\xfe"}}\0',
           b'{"method": "org.discfw.ShowDrive", "parameters": {"drive": "a\\u0000b"}}\0',
           b"[" * 40000 + b"\0", b'{"a":' * 5000 + b"\0", os.urandom(4096).replace(b"\0", b"x") + b"\0",
           b'{"method": "org.discfw.History", "parameters": {"limit": -1}}\0',
           b'{"method": "org.discfw.History", "parameters": {"limit": 99999999999999999999}}\0',
           b'{"method": "org.discfw.ShowDrive", "parameters": {"drive": "' + b"x" * 60000 + b'"}}\0',
           b"GET / HTTP/1.1\r\n\r\n\0"]


def test_garbage_is_answered_with_an_error_or_the_end():
    with Machine(DRIVE) as machine:
        for garbage in GARBAGE:
            connection = machine.connect()
            try:
                connection.socket.sendall(garbage)
                answer = connection.hear()
            except ConnectionError:
                answer = None
            # Limits that are out of range may be read as the nearest one.
            assert answer is None or "error" in answer or b"History" in garbage, (garbage, answer)
            connection.close()
        answers_soon(machine)
        assert machine.pid_of("discfwd")


def test_one_who_does_not_read_does_not_hold_up_the_others():
    with Machine(DRIVE) as machine:
        deaf = machine.connect()
        call = json.dumps({"method": "org.discfw.GetStatus", "parameters": {}}).encode() + b"\0"
        deaf.socket.settimeout(0.2)
        try:
            while True:
                deaf.socket.sendall(call * 100)
        except (TimeoutError, ConnectionError):
            pass
        answers_soon(machine)


def test_nothing_is_left_of_connections_that_went():
    with Machine(DRIVE) as machine:
        def descriptors():
            return len(os.listdir(f"/proc/{machine.pid_of('discfwd')}/fd"))

        answers_soon(machine)
        before = descriptors()
        for i in range(500):
            connection = machine.connect()
            if i % 3 == 0:
                connection.say("ListDrives")
            elif i % 3 == 1:
                connection.say("Monitor", more=True)
            connection.close()
        wait_until("they are forgotten", lambda: descriptors() <= before)
        answers_soon(machine)


if __name__ == "__main__":
    run_tests([f for name, f in list(globals().items()) if name.startswith("test_")], 280)
