#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A daemon that has nothing to do ends, and nothing is lost by it."""
import os
import signal
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from activated import ActivatedMachine
from machine import Connection
from interrupted import DRIVE, update_until
from processes import run_tests, wait_until
from uevent import enter_namespaces, tell


def test_an_idle_daemon_ends_well_and_comes_again_for_the_next_who_asks():
    with ActivatedMachine(DRIVE) as machine:
        assert machine.drive(DRIVE)["revision"] == "A087"
        assert machine.wait_end() == 0
        assert machine.notes[-2:] == ["STOPPING=1", "BARRIER=1"], machine.notes
        assert machine.drive(DRIVE)["revision"] == "A087"
        assert machine.wait_end() == 0
        assert machine.statuses == [0, 0]
        assert "closed properly" not in machine.text("discfwd.log")


def test_it_ends_as_soon_as_it_was_told_and_not_sooner():
    with ActivatedMachine(DRIVE, idle_exit=3) as machine:
        machine.done("list")
        began = time.monotonic()
        machine.wait_end()
        assert 2.5 < time.monotonic() - began < 15  # 4, on a machine at rest


def test_one_who_only_listens_keeps_it():
    with ActivatedMachine(DRIVE) as machine:
        watcher = machine.watch()
        time.sleep(3.5)
        assert not machine.statuses and not watcher.ended
        watcher.close()
        assert machine.wait_end() == 0


def test_one_who_came_while_it_ended_is_served_by_the_next():
    with ActivatedMachine(DRIVE) as machine:
        machine.hold = True
        machine.done("list")
        wait_until("it ends", lambda: machine.barriers)
        late = Connection(machine.socket)
        late.say("ListDrives")
        assert not machine.statuses
        machine.let_go()
        assert late.hear()["parameters"]["drives"][0]["revision"] == "A087"
        late.close()
        machine.wait_end()
        assert machine.statuses == [0, 0]


def test_a_flash_that_nobody_watches_keeps_it_until_the_outcome_is_recorded():
    with ActivatedMachine(DRIVE) as machine:
        update = update_until(machine, "writing")
        update.signal(signal.SIGINT)
        update.end()
        for connection in machine.closing:
            connection.close()
        began = time.monotonic()
        assert machine.wait_end() == 0
        assert time.monotonic() - began > 2, "the flash was not long enough to tell"
        assert machine.flash_rows() == [("flash.intent", 1, ""), ("flash.outcome", 1, "verified")]
        assert machine.drive(DRIVE)["revision"] == "A091"
        assert machine.journals() == []
        assert machine.audit_is_whole()


def test_an_idle_daemon_is_not_woken_up_before_its_end():
    with ActivatedMachine(DRIVE, idle_exit=8) as machine:
        machine.done("list")
        wait_until("it is idle", lambda: not machine.helpers)
        time.sleep(0.5)

        def n_switches():
            with open(f"/proc/{machine.daemon.pid}/status", encoding="ascii") as f:
                return [line for line in f if "ctxt_switches" in line]

        before = n_switches()
        time.sleep(2)
        assert n_switches() == before
        assert machine.wait_end() == 0


# Last, since it leaves the world of the others.
def test_a_drive_that_came_while_it_ended_has_it_started_again():
    enter_namespaces()
    with ActivatedMachine(DRIVE) as machine:
        for subsystem, status in (("block", 0), ("scsi_generic", 75)):
            machine.hold = True
            machine.done("list")
            wait_until("it ends", lambda: machine.barriers)
            tell("add", subsystem, f"/devices/nowhere/{subsystem}/x0")
            machine.let_go()
            assert machine.wait_end() == status
        assert "for a drive that came" in machine.text("discfwd.log")


run_tests([f for name, f in list(globals().items()) if name.startswith("test_")], 240)
