#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Drives that refuse, lie, hang, leave or want to be switched off: each ends in the outcome that says
so, in words, and nothing is tried a second time."""
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from interrupted import DRIVE
from machine import Machine
from processes import run_tests, wait_until

BURN = f"{DRIVE} burn 1"


def ends(machine, outcome, status):
    """An update that must end so. What the person was told."""
    told = machine.done("update", DRIVE, "--to", "A091", "--yes", status=status)
    assert machine.flash_rows() == [("flash.intent", 1, ""), ("flash.outcome", 1, outcome)]
    assert machine.audit_is_whole()
    return told


def test_a_drive_that_refuses_the_command_is_said_to_be_unharmed():
    with Machine(DRIVE) as machine:
        machine.trust()
        machine.faults(f"{DRIVE} write-buffer every sense 5/20/00")
        told = ends(machine, "failed-unharmed", 1)
        assert "5/20/00 invalid opcode" in told.err and "nothing was written" in told.err, told
        assert machine.history("flash.outcome")[0]["sense"] == "5/20/00 invalid opcode"
        assert machine.drive(DRIVE)["revision"] == "A087"
        machine.faults()
        machine.done("update", DRIVE, "--yes")
        assert machine.drive(DRIVE)["revision"] == "A091"


def test_a_drive_that_takes_all_and_changes_nothing_is_not_believed():
    with Machine(DRIVE, ready_ms=1000) as machine:
        machine.trust()
        machine.faults(f"{BURN} no-change")
        ends(machine, "no-change", 1)
        assert machine.drive(DRIVE)["revision"] == "A087"
        assert machine.transcript(DRIVE).burns == 1


def is_attended_to(machine):
    assert machine.drive(DRIVE)["state"] == "attention"
    assert "discfw resolve" in machine.done("update", DRIVE, "--yes", status=7).err


def settle(machine, outcome, revision):
    assert outcome in machine.done("resolve", DRIVE, "--json").json()[0]["outcome"]
    drive = machine.drive(DRIVE)
    assert drive["revision"] == revision and drive["state"] != "attention", drive
    assert machine.transcript(DRIVE).burns == 1


def test_a_drive_that_leaves_the_bus_during_the_burn_is_waited_for():
    with Machine(DRIVE) as machine:
        machine.trust()
        machine.faults(f"{BURN} after vanish 100")
        told = machine.done("update", DRIVE, "--to", "A091", "--yes")
        assert "A091" in told.out
        assert machine.flash_rows() == [("flash.intent", 1, ""), ("flash.outcome", 1, "verified")]


def test_a_drive_that_left_during_the_burn_is_lost_until_its_power_was_cycled():
    with Machine(DRIVE, ready_ms=1000) as machine:
        machine.trust()
        machine.faults(f"{BURN} after vanish 100000")
        assert "switch the drive off" in ends(machine, "lost", 7).err
        machine.faults()
        machine.done("resolve", DRIVE, status=7)
        machine.emulate("power-cycle", DRIVE)
        machine.emulate("plug", DRIVE)
        settle(machine, "verified", "A091")


def test_a_drive_that_wants_to_be_switched_off_is_settled_by_the_next_look_at_it():
    with Machine(DRIVE) as machine:
        machine.trust()
        machine.faults(f"{BURN} needs-power-cycle")
        told = ends(machine, "needs-power-cycle", 7)
        assert "switch the drive off" in told.err, told
        is_attended_to(machine)
        machine.faults()
        machine.emulate("power-cycle", DRIVE)
        settle(machine, "verified", "A091")


def test_a_drive_that_hangs_is_not_asked_again():
    with Machine(DRIVE) as machine:
        machine.trust()
        machine.faults(f"{DRIVE} write-buffer 100 hang")
        result = machine.discfw("update", DRIVE, "--to", "A091", "--yes", seconds=40)
        assert result.status in (1, 7), result
        assert [row[0] for row in machine.flash_rows()] == ["flash.intent", "flash.outcome"]
        assert machine.transcript(DRIVE).burns == 0
        assert machine.transcript(DRIVE).n_changing == 100


def test_a_drive_that_lost_its_firmware_waits_in_recovery_mode():
    with Machine(DRIVE) as machine:
        machine.trust()
        machine.faults(f"{BURN} recovery")
        ends(machine, "recovery-mode", 7)
        assert machine.drive(DRIVE)["state"] == "attention"


def test_a_reset_in_the_middle_stops_before_the_burn():
    with Machine(DRIVE) as machine:
        machine.trust()
        machine.faults(f"{DRIVE} write-buffer 100 reset")
        ends(machine, "failed-unharmed", 1)
        assert machine.transcript(DRIVE).burns == 0
        assert machine.drive(DRIVE)["revision"] == "A087"


def test_a_disc_in_the_drive_or_an_open_tray_is_a_reason_to_refuse():
    with Machine(DRIVE) as machine:
        machine.trust()
        machine.emulate("disc", DRIVE, "in")
        assert "disc" in machine.done("update", DRIVE, "--yes", status=3).err
        machine.emulate("disc", DRIVE, "out")
        machine.emulate("tray", DRIVE, "open")
        assert "tray" in machine.done("update", DRIVE, "--yes", status=3).err
        machine.emulate("tray", DRIVE, "closed")
        assert machine.transcript(DRIVE).n_changing == 0
        machine.done("update", DRIVE, "--yes")


def test_a_drive_that_is_held_is_left_alone():
    with Machine(DRIVE) as machine:
        machine.trust()
        machine.done("hold", DRIVE)
        machine.done("update", DRIVE, "--yes", status=3)
        assert machine.transcript(DRIVE).n_changing == 0
        machine.kill_daemon()
        assert machine.drive(DRIVE)["held"]
        machine.done("unhold", DRIVE)
        machine.done("update", DRIVE, "--yes")


def test_firmware_that_somebody_else_wrote_stands_in_the_log():
    with Machine(DRIVE) as machine:
        machine.stop_daemon()
        machine.exchange_firmware(DRIVE, "A087", "A089")
        machine.start_daemon()
        changed = wait_until("it is noticed", lambda: machine.history("drive.changed-outside"))
        assert [(e["from"], e["to"]) for e in changed] == [("A087", "A089")]


def test_the_way_forward_and_back_over_steps_is_one_flash_a_step():
    with Machine("btc-ide1004") as machine:
        machine.trust()
        machine.done("update", "btc-ide1004", "--yes")
        assert machine.drive("btc-ide1004")["revision"] == "0051"
        machine.done("rollback", "btc-ide1004", "--yes", "--reason", "DVD-R of 2003")
        rows = [(e["kind"], e["from"], e["to"]) for e in machine.history("flash.outcome")]
        assert rows == [("flash.outcome", "0043", "0045"), ("flash.outcome", "0045", "0050"),
                        ("flash.outcome", "0050", "0051"), ("flash.outcome", "0051", "0050")], rows
        assert machine.transcript("btc-ide1004").burns == 4
        assert machine.history("flash.intent")[-1]["reason"] == "DVD-R of 2003"


if __name__ == "__main__":
    run_tests([f for name, f in list(globals().items()) if name.startswith("test_")], 280)
