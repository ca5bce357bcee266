#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The daemon is killed in each phase of an update; then the whole machine is.

Whatever dies: every drive that got a modifying command has one older intent and one outcome in the
audit log, nothing is written a second time, and discfw gets answers within 5 seconds.
"""
import os
import re
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from interrupted import DRIVE, is_locked_until_resolved, update_until, wait_settled
from machine import Machine
from processes import WAIT, kill, run_tests, wait_until

ANSWER_SECONDS = 5


def lost_sight(result):
    """The one who looked on is told that it goes on, and how to come back."""
    return (result.status == 5 and "the flash goes on" in result.err
            and "discfw monitor" in result.err)


def nothing_was_begun(result):
    """The one who looked on is told that, and that no flash goes on."""
    return (result.status == 5 and "nothing was written; ask again" in result.err
            and "goes on" not in result.err)


def flash_survives(phase):
    with Machine(DRIVE, settle_ms=1500) as machine:
        update = update_until(machine, phase)
        seconds = machine.kill_daemon()
        assert seconds < ANSWER_SECONDS, seconds
        result = update.end()
        assert lost_sight(result), result
        drive = wait_settled(machine)
        assert (drive["revision"], drive["state"]) == ("A091", "current"), drive
        assert machine.flash_rows() == [("flash.intent", 1, ""), ("flash.outcome", 1, "verified")]
        assert machine.transcript(DRIVE).burns == 1
        assert machine.audit_is_whole()
        wait_until("the helper's journal is gone", lambda: not machine.journals())


def test_a_daemon_killed_while_fetching_has_sent_nothing_and_keeps_what_it_had():
    with Machine(DRIVE) as machine:
        mirror = machine.mirror()
        machine.trust(mirror)
        mirror.slow["A091.bin"] = 500000
        watcher = machine.watch()
        update = machine.command("update", DRIVE, "--to", "A091", "--yes")
        watcher.wait_for("a part of the image", lambda: watcher.done("fetching") >= 4 * 65536)
        assert machine.kill_daemon() < ANSWER_SECONDS
        result = update.end()
        assert nothing_was_begun(result), result
        wait_settled(machine)
        assert machine.flash_rows() == [("flash.outcome", 1, "refused")]
        assert machine.transcript(DRIVE).n_changing == 0

        mirror.slow.clear()
        machine.done("update", DRIVE, "--to", "A091", "--yes")
        first, second = [r for path, r in mirror.requests if "A091.bin" in path]
        assert first is None
        assert int(re.fullmatch("bytes=([0-9]+)-", second)[1]) >= 4 * 65536
        assert machine.drive(DRIVE)["revision"] == "A091"
        assert machine.audit_is_whole()


def test_a_daemon_killed_while_checking_has_sent_nothing():
    with Machine(DRIVE) as machine:
        update = update_until(machine, "checking")
        assert machine.kill_daemon() < ANSWER_SECONDS
        result = update.end()
        assert nothing_was_begun(result), result
        wait_settled(machine)
        assert machine.flash_rows() == [("flash.outcome", 1, "refused")]
        assert machine.transcript(DRIVE).n_changing == 0
        # The helper has the drive until it answers, and the new daemon saw that.
        wait_until("the helper gave up", lambda: machine.pid_of("discfw-flash") == 0)
        machine.faults()
        machine.done("update", DRIVE, "--to", "A091", "--yes")
        assert machine.flash_rows()[1:] == [("flash.intent", 2, ""), ("flash.outcome", 2, "verified")]
        assert machine.audit_is_whole()


def test_a_daemon_killed_when_it_gives_the_order_leaves_one_outcome():
    """The helper has the order, or has it not: either is told as it was."""
    for _ in range(3):
        with Machine(DRIVE) as machine:
            machine.trust()
            watcher = machine.watch()
            update = machine.command("update", DRIVE, "--to", "A091", "--yes")
            watcher.wait_phase("writing")
            machine.kill_daemon()
            update.end()
            drive = wait_settled(machine)
            rows = machine.flash_rows()
            assert rows[:1] == [("flash.intent", 1, "")] and len(rows) == 2, rows
            outcome = rows[1][2]
            revision, burns = {"verified": ("A091", 1), "refused": ("A087", 0)}[outcome]
            assert drive["revision"] == revision, drive
            assert machine.transcript(DRIVE).burns == burns


def test_a_daemon_killed_while_writing_finds_the_flash_done():
    flash_survives("writing")


def test_a_daemon_killed_while_committing_finds_the_flash_done():
    flash_survives("committing")


def test_a_daemon_killed_while_settling_finds_the_flash_done():
    flash_survives("settling")


def test_a_daemon_killed_while_verifying_finds_the_flash_done():
    flash_survives("verifying")


def test_daemon_and_helper_killed_leave_an_unknown_outcome():
    with Machine(DRIVE) as machine:
        update = update_until(machine, "committing")
        machine.kill_flash()
        machine.kill_daemon()
        update.end()
        is_locked_until_resolved(machine)


def machine_dies(phase, revision):
    with Machine(DRIVE, settle_ms=1500) as machine:
        update = update_until(machine, phase)
        machine.die()
        update.end()
        time.sleep(1)  # the drive, which has its own supply, burns on meanwhile
        assert machine.start_daemon() < ANSWER_SECONDS
        is_locked_until_resolved(machine)
        assert machine.drive(DRIVE)["revision"] == revision


def test_a_machine_that_dies_while_writing_wakes_with_a_drive_to_resolve():
    machine_dies("writing", "A087")


def test_a_machine_that_dies_while_committing_wakes_with_a_drive_to_resolve():
    machine_dies("committing", "A091")


def test_a_machine_that_dies_while_settling_wakes_with_a_drive_to_resolve():
    machine_dies("settling", "A091")


def test_a_daemon_that_dies_again_and_again_is_not_started_for_ever():
    with Machine(DRIVE) as machine:
        for _ in range(5):
            machine.kill_daemon()
        kill(machine.pid_of("discfwd"))
        assert machine.supervisor.wait(WAIT) != 0


if __name__ == "__main__":
    run_tests([f for name, f in list(globals().items()) if name.startswith("test_")], 280)
