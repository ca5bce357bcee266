#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The state folder: full, damaged, wanted by two; and an audit log that somebody touched."""
import os
import sqlite3
import subprocess
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from interrupted import DRIVE, update_until
from machine import Machine
from processes import BUILD, Skip, environment, run_tests, wait_until


# Full


class SmallDisk:
    """The state folder on a file system of its own."""

    def __init__(self, machine, size):
        self.path = machine.dir + "/state"
        os.mkdir(self.path, 0o700)
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=0700", "none", self.path],
                              capture_output=True, check=False)
        if done.returncode != 0:
            raise Skip("nothing can be mounted here")
        machine.finally_do(self.unmount)

    def unmount(self):
        subprocess.run(["umount", "-l", self.path], check=False)

    def fill(self, n_left):
        """Until so many bytes are free."""
        disk = os.statvfs(self.path)
        with open(self.path + "/filler", "wb") as f:
            f.write(bytes(disk.f_bavail * disk.f_bsize - n_left))

    def empty(self):
        os.unlink(self.path + "/filler")


def test_without_room_for_the_image_a_flash_is_refused_and_the_store_stays_whole():
    with Machine(DRIVE, start=False) as machine:
        disk = SmallDisk(machine, "24m")
        machine.start_daemon()
        machine.trust()
        disk.fill(256 * 1024)
        refused = machine.done("update", DRIVE, "--yes", status=3)
        assert "free disk space" in refused.err, refused
        assert machine.transcript(DRIVE).n_changing == 0
        disk.empty()
        assert machine.audit_is_whole()
        machine.done("update", DRIVE, "--yes")
        assert machine.drive(DRIVE)["revision"] == "A091"
        machine.stop_daemon()
        is_sound(machine)


def test_a_disk_that_fills_up_during_a_flash_does_not_cost_its_outcome():
    with Machine(DRIVE, start=False) as machine:
        disk = SmallDisk(machine, "24m")
        machine.start_daemon()
        update = update_until(machine, "writing")
        disk.fill(0)
        result = update.end()
        assert machine.transcript(DRIVE).burns == 1
        disk.empty()
        wait_until("the outcome is there", lambda: len(machine.flash_rows()) == 2)
        assert machine.flash_rows()[1] == ("flash.outcome", 1, "verified"), result
        assert machine.audit_is_whole()


def is_sound(machine):
    for name in ("state.db", "images.db"):
        database = sqlite3.connect(f"{machine.dir}/state/{name}")
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)], name
        database.close()


# Two daemons


def test_a_second_daemon_in_the_same_folder_is_refused_and_disturbs_nothing():
    with Machine(DRIVE) as machine:
        machine.trust()
        began = time.monotonic()
        second = subprocess.run([BUILD + "/discfwd", "--standalone", machine.dir, "--emulated",
                                 machine.drives], env=environment(), capture_output=True, timeout=10,
                                check=False)
        assert second.returncode != 0 and b"another discfwd" in second.stderr, second
        assert time.monotonic() - began < 2
        machine.done("update", DRIVE, "--yes")


def test_a_second_daemon_with_the_same_store_is_refused():
    """Another folder of sockets does not help: the lock lies in the store."""
    with Machine(DRIVE) as machine:
        other = machine.tmp + "/other"
        os.mkdir(other, 0o700)
        os.symlink(machine.dir + "/state", other + "/state")
        second = subprocess.run([BUILD + "/discfwd", "--standalone", other, "--emulated",
                                 machine.drives], env=environment(), capture_output=True, timeout=10,
                                check=False)
        assert second.returncode != 0, second
        machine.done("list")
        assert machine.audit_is_whole()


# The audit log


def touched(statement, then=None):
    """Where "audit verify" says that the log is broken, after somebody changed the log behind the daemon's back."""
    with Machine(DRIVE) as machine:
        machine.trust()
        machine.done("update", DRIVE, "--yes")
        machine.stop_daemon()
        database = sqlite3.connect(machine.dir + "/state/state.db")
        assert database.execute(statement).rowcount >= 1
        database.commit()
        database.close()
        machine.start_daemon()
        told = machine.done("audit", "verify", "--json", status=7).json()[0]
        assert not told["whole"], told
        if then:
            then(machine)
        return told["broken_seq"]


def no_drive_is_written(machine):
    """Nothing can be recorded behind what is missing, so nothing is done."""
    refused = machine.done("rollback", DRIVE, "--yes", status=7)
    assert "audit verify" in refused.err, refused
    assert machine.transcript(DRIVE).burns == 1


def test_an_altered_row_is_found_and_named():
    assert touched("UPDATE audit SET entry = replace(entry, 'A091', 'A089') WHERE seq = 5") == 5


def test_a_deleted_row_is_found_and_named():
    assert touched("DELETE FROM audit WHERE seq = 4") == 4


def test_rows_that_were_cut_off_at_the_end_are_missed():
    assert touched("DELETE FROM audit WHERE seq >= 6", no_drive_is_written) == 6


def test_rows_that_contradict_each_other_are_found_though_the_log_is_whole():
    with Machine(DRIVE) as machine:
        machine.trust()
        machine.stop_daemon()
        database = sqlite3.connect(machine.dir + "/state/state.db")
        database.execute("INSERT INTO drive_key (key, drive, since) VALUES ('k', 'nobody', 0)")
        database.commit()
        database.close()
        machine.start_daemon()
        told = machine.done("audit", "verify", status=1)
        assert "the audit log is whole, the file around it is not: state.db is damaged: a row of drive_key" \
            in told.err, told


def test_an_exported_log_is_checked_without_a_daemon_and_an_altered_one_fails():
    with Machine(DRIVE) as machine:
        machine.trust()
        machine.done("update", DRIVE, "--yes")
        exported = machine.done("audit", "export").out
        machine.stop_daemon()
        for name, text, status in (("whole", exported, 0),
                                   ("altered", exported.replace("A091", "A089", 1), 7),
                                   ("short", "".join(exported.splitlines(True)[1:]), 7)):
            with open(f"{machine.tmp}/{name}.audit", "w", encoding="utf-8") as f:
                f.write(text)
            told = machine.discfw("audit", "verify", "--file", f"{machine.tmp}/{name}.audit")
            assert told.status == status, (name, told)


if __name__ == "__main__":
    run_tests([f for name, f in list(globals().items()) if name.startswith("test_")], 280)
