# SPDX-License-Identifier: LGPL-2.1-or-later
"""An update that has come to a phase, for tests that kill somebody then."""
from processes import wait_until

DRIVE = "emprex-1016-a"
# Makes each phase last some seconds, so that a kill hits it on a busy machine too: a stall of 100 s
# takes one here.
STALLS = {
    "checking": f"{DRIVE} opcode 4A 1 stall 300",
    "writing": f"{DRIVE} write-buffer 100 stall 300",
    "committing": f"{DRIVE} burn 1 stall 300",
    "settling": "",
    "verifying": f"{DRIVE} opcode 00 3 stall 300",
}


def update_until(machine, phase):
    """An update that has come to this phase."""
    machine.trust()
    machine.faults(STALLS[phase])
    watcher = machine.watch()
    update = machine.command("update", DRIVE, "--to", "A091", "--yes")
    watcher.wait_phase(phase)
    if phase == "writing":
        wait_until("pieces are sent", lambda: machine.transcript(DRIVE).n_changing >= 50)
    if phase == "checking":
        wait_until("the drive is asked", lambda: "4a" in machine.transcript(DRIVE).opcodes)
    if phase == "committing":
        wait_until("the drive burns", lambda: machine.transcript(DRIVE).burns == 1)
    return update


def wait_settled(machine):
    """Until no flash runs; what the drives then are."""
    wait_until("the flash is over", lambda: machine.discfw("status", "--json").json()[0]["job"] is None)
    return machine.drive(DRIVE)


def is_locked_until_resolved(machine):
    drive = wait_settled(machine)
    assert drive["state"] == "attention", drive
    assert machine.flash_rows() == [("flash.intent", 1, ""), ("flash.outcome", 1, "unknown")]
    assert machine.transcript(DRIVE).burns <= 1
    n_changing = machine.transcript_at_rest(DRIVE).n_changing
    refused = machine.done("update", DRIVE, "--yes", status=7)
    assert "discfw resolve" in refused.err, refused
    machine.faults()
    wait_until("the drive answers", lambda: machine.discfw("resolve", DRIVE).status == 0)
    assert machine.drive(DRIVE)["state"] in ("current", "update")
    assert [e["job"] for e in machine.history("resolve")] == [1]
    assert machine.transcript(DRIVE).n_changing == n_changing
    assert machine.audit_is_whole()
