#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The flash helper is killed in each phase of a flash.

Before the first write the drive is as it was. After it nobody can tell: the outcome is unknown, once,
and the drive is locked until it was read again. Nothing is ever written again by itself.
"""
import os
import signal
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from interrupted import DRIVE, is_locked_until_resolved, update_until, wait_settled
from machine import Machine
from processes import children, kill, run_tests, wait_until


def test_a_helper_killed_before_the_order_has_sent_nothing():
    with Machine(DRIVE) as machine:
        update = update_until(machine, "checking")
        machine.kill_flash()
        result = update.end()
        assert result.status in (1, 3), result
        assert machine.flash_rows() == [("flash.outcome", 1, "refused")]
        assert machine.transcript(DRIVE).n_changing == 0
        machine.faults()
        machine.done("update", DRIVE, "--to", "A091", "--yes")
        assert machine.flash_rows()[1:] == [("flash.intent", 2, ""), ("flash.outcome", 2, "verified")]


def helper_dies(phase, revision):
    with Machine(DRIVE, settle_ms=1500) as machine:
        update = update_until(machine, phase)
        machine.kill_flash()
        result = update.end()
        n_changing = machine.transcript_at_rest(DRIVE).n_changing
        assert result.status == 7 and "discfw resolve" in result.err, result
        wait_until("its journal is handed over", lambda: not machine.journals())
        machine.kill_daemon()  # which does not tell it again, nor go on with it
        is_locked_until_resolved(machine)
        assert machine.drive(DRIVE)["revision"] == revision
        assert machine.transcript(DRIVE).n_changing == n_changing


def test_a_helper_killed_while_committing_leaves_the_drive_locked():
    helper_dies("committing", "A091")


def test_a_helper_killed_while_settling_leaves_the_drive_locked():
    helper_dies("settling", "A091")


def test_a_helper_killed_while_verifying_leaves_the_drive_locked():
    helper_dies("verifying", "A091")


def test_a_helper_killed_while_writing_leaves_a_drive_whose_old_name_proves_nothing_yet():
    with Machine(DRIVE) as machine:
        update = update_until(machine, "writing")
        machine.kill_flash()
        update.end()
        n_changing = machine.transcript_at_rest(DRIVE).n_changing
        refused = machine.done("resolve", DRIVE, status=1)
        assert "may still be storing" in refused.err, refused
        is_locked_until_resolved(machine)
        assert [e["outcome"] for e in machine.history("resolve")] == ["no-change"]
        assert machine.transcript(DRIVE).n_changing == n_changing


def test_a_helper_is_not_ended_by_signals_that_ask_it_to():
    with Machine(DRIVE) as machine:
        update = update_until(machine, "writing")
        helper = machine.pid_of("discfw-flash")
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGPIPE,
                       signal.SIGALRM, signal.SIGUSR1):
            kill(helper, number)
        result = update.end()
        assert result.status == 0, result
        assert machine.transcript(DRIVE).burns == 1


def test_a_supervisor_that_is_stopped_ends_after_the_flash():
    with Machine(DRIVE) as machine:
        update = update_until(machine, "writing")
        machine.supervisor.terminate()
        assert update.end().status == 5
        wait_until("the supervisor ended", lambda: machine.supervisor.poll() is not None)
        assert machine.transcript(DRIVE).burns == 1
        machine.start_daemon()
        wait_settled(machine)
        assert machine.flash_rows() == [("flash.intent", 1, ""), ("flash.outcome", 1, "verified")]


def test_a_killed_reporter_does_not_end_the_flash_nor_free_the_drive():
    """After a restart another helper waits for the journal of the one that flashes."""
    with Machine(DRIVE) as machine:
        update = update_until(machine, "writing")
        flasher = machine.pid_of("discfw-flash")
        machine.kill_daemon()
        update.end()
        reporter = wait_until("a reporter waits", lambda: next(
            (pid for pid, name in children(machine.supervisor.pid)
             if name == "discfw-flash" and pid != flasher), 0))
        kill(reporter)
        wait_until("the flash is over", lambda: machine.pid_of("discfw-flash") == 0)
        assert machine.transcript(DRIVE).burns == 1
        rows = machine.flash_rows()
        assert len(rows) == 2 and rows[1][2] in ("unknown", "verified"), rows


if __name__ == "__main__":
    run_tests([f for name, f in list(globals().items()) if name.startswith("test_")], 280)
