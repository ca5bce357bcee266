#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Wrong firmware, and mirrors that are behind, frozen, altered, cut off or gone: one good mirror among
bad ones suffices, and no drive gets a byte of what was not signed for it."""
import os
import shutil
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from interrupted import DRIVE
from machine import Machine
from processes import run_tests

OTHER_HARDWARE = "A187"  # of the same name as A091, for the hardware that the drive is not


def mirror_states(machine):
    return [(m["state"], m["text"])
            for m in machine.done("catalog", "show", "main", "--json").json()[0]["catalog"]["mirrors"]]


def copy_of(machine, name):
    """A mirror of its own, as the catalog is now."""
    folder = f"{machine.tmp}/{name}"
    shutil.copytree(machine.catalog.published, folder)
    return machine.mirror(folder)


def alter(path):
    with open(path, "r+b") as f:
        f.seek(4000)
        byte = f.read(1)[0]
        f.seek(4000)
        f.write(bytes([byte ^ 1]))


def publish_newer(machine):
    machine.catalog.maker("renew")
    machine.catalog.maker("publish", machine.catalog.published)


def nothing_was_sent(machine):
    assert machine.transcript(DRIVE).n_changing == 0
    assert machine.drive(DRIVE)["revision"] == "A087"
    assert machine.audit_is_whole()


# Wrong firmware


def test_firmware_for_another_hardware_of_the_same_name_is_refused_and_explained():
    with Machine(DRIVE) as machine:
        machine.trust()
        why = machine.done("why", DRIVE, OTHER_HARDWARE)
        assert "not offered" in why.out and "two hardwares share this name" in why.out, why
        refused = machine.done("update", DRIVE, "--to", OTHER_HARDWARE, "--yes", status=3)
        assert "A189" in refused.err or "discfw why" in refused.err, refused
        nothing_was_sent(machine)


def test_a_version_that_does_not_exist_is_refused():
    with Machine(DRIVE) as machine:
        machine.trust()
        machine.done("update", DRIVE, "--to", "ZZZZ", "--yes", status=1)
        nothing_was_sent(machine)


# Images


def test_an_altered_image_is_refused():
    with Machine(DRIVE) as machine:
        bad = copy_of(machine, "bad")
        alter(machine.catalog.image(bad.folder, "A091"))
        machine.trust(bad)
        refused = machine.done("update", DRIVE, "--yes", status=6)
        assert "altered" in refused.err, refused
        nothing_was_sent(machine)
        assert [e["fault"] for e in machine.history("flash.outcome")] == ["ImageMismatch"]


def test_an_altered_image_on_one_mirror_is_taken_from_the_next():
    with Machine(DRIVE) as machine:
        bad, good = copy_of(machine, "bad"), machine.mirror()
        alter(machine.catalog.image(bad.folder, "A091"))
        machine.trust(bad, good)
        machine.done("update", DRIVE, "--yes")
        assert machine.drive(DRIVE)["revision"] == "A091"
        assert any("A091.bin" in path for path, _ in bad.requests)
        assert machine.flash_rows() == [("flash.intent", 1, ""), ("flash.outcome", 1, "verified")]


def test_an_image_that_is_too_long_is_cut_off_at_the_signed_length():
    with Machine(DRIVE) as machine:
        bad = copy_of(machine, "bad")
        with open(machine.catalog.image(bad.folder, "A091"), "ab") as f:
            f.write(bytes(4 * 1024 * 1024))
        machine.trust(bad)
        machine.done("update", DRIVE, "--yes", status=6)
        nothing_was_sent(machine)


def test_a_download_that_broke_off_goes_on_at_the_next_mirror_where_it_stopped():
    with Machine(DRIVE) as machine:
        cut, good = machine.mirror(), machine.mirror()
        cut.cut["A091.bin"] = 500000
        machine.trust(cut, good)
        machine.done("update", DRIVE, "--yes")
        asked = [wanted for path, wanted in good.requests if "A091.bin" in path]
        assert asked[0] and int(asked[0][6:-1]) >= 4 * 65536, asked
        assert machine.drive(DRIVE)["revision"] == "A091"


def test_an_image_that_nobody_has_is_said_to_be_missing():
    with Machine(DRIVE) as machine:
        mirror = machine.mirror()
        machine.trust(mirror)
        mirror.status["A091.bin"] = 404
        refused = machine.discfw("update", DRIVE, "--yes")
        assert refused.status in (1, 6), refused
        nothing_was_sent(machine)


# Metadata


def test_of_bad_mirrors_each_is_named_and_one_good_one_suffices():
    with Machine(DRIVE) as machine:
        behind, broken, gone, good = (copy_of(machine, "behind"), copy_of(machine, "broken"),
                                      copy_of(machine, "gone"), machine.mirror())
        publish_newer(machine)
        for name in os.listdir(broken.folder):
            if name.endswith(".targets.json") or name == "timestamp.json":
                alter_text(f"{broken.folder}/{name}")
        gone.close()
        machine.closing.remove(gone)
        machine.trust(good, behind, broken, gone)
        states = mirror_states(machine)
        assert [s for s, _ in states] == ["ok", "behind", "failed", "failed"], states
        said = machine.done("refresh").out + machine.done("catalog", "show", "main").out
        assert "behind" in said, said
        machine.done("update", DRIVE, "--yes")
        assert machine.drive(DRIVE)["revision"] == "A091"


def alter_text(path):
    with open(path, encoding="ascii") as f:
        text = f.read()
    with open(path, "w", encoding="ascii") as f:
        f.write(text.replace('"_type"', '"_tYpe"', 1))


def test_an_older_timestamp_is_refused_as_a_rollback_attack():
    with Machine(DRIVE) as machine:
        old = copy_of(machine, "old")
        publish_newer(machine)
        mirror = machine.mirror()
        machine.trust(mirror)
        version = machine.done("catalog", "list", "--json").json()[0]["catalogs"][0]["version"]
        mirror.folder = old.folder
        machine.done("refresh", status=6)
        after = machine.done("catalog", "list", "--json").json()[0]["catalogs"][0]
        assert after["version"] == version, after
        assert mirror_states(machine)[0][0] in ("behind", "frozen", "failed"), after
        machine.kill_daemon()
        machine.done("refresh", status=6)


def test_metadata_of_different_days_is_not_mixed():
    with Machine(DRIVE) as machine:
        old = copy_of(machine, "old")
        publish_newer(machine)
        mixed = copy_of(machine, "mixed")
        newest = max((n for n in os.listdir(mixed.folder) if n.endswith(".snapshot.json")),
                     key=lambda n: int(n.split(".")[0]))
        oldest = next(n for n in os.listdir(old.folder) if n.endswith(".snapshot.json"))
        shutil.copy(f"{old.folder}/{oldest}", f"{mixed.folder}/{newest}")
        machine.done("catalog", "add", "main", machine.catalog.root, mixed.url)
        machine.done("refresh", status=6)
        assert machine.drive(DRIVE)["newest"] is None


def test_a_portal_that_answers_everything_with_a_page_changes_nothing():
    with Machine(DRIVE) as machine:
        mirror = machine.mirror()
        machine.trust(mirror)
        before = machine.drive(DRIVE)
        portal = f"{machine.tmp}/portal"
        shutil.copytree(machine.catalog.published, portal)
        for folder, _, names in os.walk(portal):
            for name in names:
                with open(f"{folder}/{name}", "w", encoding="ascii") as f:
                    f.write("<html>Please log in</html>")
        mirror.folder = portal
        machine.done("refresh", status=6)
        assert machine.drive(DRIVE) == before


def test_when_all_mirrors_are_bad_the_status_says_so():
    with Machine(DRIVE) as machine:
        mirrors = machine.mirror(), machine.mirror()
        for mirror in mirrors:
            mirror.status["json"] = 503
        machine.done("catalog", "add", "main", machine.catalog.root, *(m.url for m in mirrors))
        machine.done("refresh", status=6)
        machine.done("update", DRIVE, "--yes", status=3)
        nothing_was_sent(machine)


def test_a_catalog_of_other_keys_is_not_believed():
    with Machine(DRIVE) as machine:
        stranger = copy_of(machine, "stranger")
        ours = f"{machine.tmp}/ours"
        machine.catalog.make(ours, machine.recipe)
        machine.done("catalog", "add", "main", ours + "/root.json", stranger.url)
        machine.done("refresh", status=6)
        assert machine.drive(DRIVE)["newest"] is None




if __name__ == "__main__":
    run_tests([f for name, f in list(globals().items()) if name.startswith("test_")], 280)
