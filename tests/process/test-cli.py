#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""discfw as a program, against a daemon that the test plays."""
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from varlink import (CLOSE, DISCFW, SOURCE, Daemon, Terminal, environment, error, reply, run,
                     run_tests)

DRIVE = {"id": "d1f0", "node": "/dev/sg0", "block": "/dev/sr0", "model": "DVDRW IDE1004",
         "revision": "0043", "newest": "0051", "steps": ["0050", "0051"], "state": "update",
         "state_text": "update available (2 steps: 0050, 0051)", "class": "dvd-rw",
         "attachment": "usb", "serial": "S123", "attached": True, "held": False}
CURRENT = dict(DRIVE, id="d2", node="/dev/sg1", block="/dev/sr1", model="PLEXTOR DVDR PX-716A",
               revision="1.11", newest="1.11", steps=[], state="current", state_text="current")
UNKNOWN = dict(CURRENT, id="d3", node="/dev/sg2", block="", model="PIONEER BD-RW", newest=None,
               state="unknown", state_text="no catalog knows this drive", serial=None)
MIRRORS = [{"url": "https://a.example/tuf", "state": "ok", "text": "", "version": 14},
           {"url": "https://b.example/tuf", "state": "behind",
            "text": "37 days behind, was skipped", "version": 9}]
CATALOG = {"name": "main", "state": "fresh", "text": "signed 3 h ago, valid 6 more days",
           "signed": "2026-11-22T15:00:00Z", "expires": "2026-11-29T15:00:00Z", "version": 14,
           "root_version": 1, "root_sha256": "ab" * 32, "entries": 4, "ignored": 0,
           "mirrors": MIRRORS}
STEP = {"from": "0043", "to": "0050", "kind": "step", "catalog": "main", "target": "t", "length": 9,
        "in_store": False, "evidence": "reported", "release_date": "2004-05-06", "sha256": "00",
        "urgency": "normal", "notes": "Better writing\nof DVD-R.", "irreversible": None,
        "loses": None, "hazards": ["three hardwares share this name"], "expected_seconds": 60,
        "power_cycle": False}
PLAN = {"drive": DRIVE, "kind": "update", "from": "0043", "to": "0051",
        "steps": [STEP, dict(STEP, **{"from": "0050", "to": "0051", "kind": "upgrade"})],
        "way_back": ["0043"], "way_back_text": "0043 as a downgrade from 0050; none from 0051",
        "catalog": "main", "catalog_text": "signed 3 h ago", "needs_reason": False,
        "digest": "d" * 64}
EVENT = {"seq": 42, "time": "2026-11-22T18:46:00Z", "kind": "flash.outcome", "uid": 1000,
         "user": "anna", "via": "cli", "drive": "d1f0", "node": "/dev/sr0",
         "model": "DVDRW IDE1004", "from": "0043", "to": "0050", "catalog": "main", "target": "t",
         "sha256": "00", "reason": "asked", "outcome": "verified", "fault": "", "text": "",
         "sense": "", "job": 1}


def progress(phase, done=0, total=0, at_most=0, step=1):
    return {"job": 1, "drive": "d1f0", "node": "/dev/sr0", "step": step, "steps": 2, "from": "0043",
            "to": "0050", "phase": phase, "done": done, "total": total, "at_most_seconds": at_most}


def flash_with(*last):
    """A flash that begins well and ends as told."""
    return {"PlanFlash": [reply(plan=PLAN)],
            "Flash": [reply(True, job=1, progress=progress("fetching", 0, 1000)),
                      reply(True, job=1, progress=progress("writing", 500, 1000)),
                      reply(True, job=1, progress=progress("committing", 0, 0, 50)), *last]}


VERIFIED = reply(False, job=1, outcome="verified", revision="0051", audit_seq=42)


def expect(result, status, out=None, err=None):
    assert result.status == status, result
    if out is not None:
        assert result.out == out, result
    if err is not None:
        assert result.err == err, result


# ---------------------------------------------------------------------------- what verbs show

def test_status_shows_drives_catalogs_and_what_needs_a_person():
    with Daemon(GetStatus=[reply(drives=[DRIVE, CURRENT, UNKNOWN], catalogs=[CATALOG],
                                 attention=["sr3 was lost"], age_seconds=4)]) as daemon:
        expect(run(daemon), 0,
               "DRIVE MODEL                FIRMWARE NEWEST STATE\n"
               "sr0   DVDRW IDE1004        0043     0051   update available (2 steps: 0050, 0051)\n"
               "sr1   PLEXTOR DVDR PX-716A 1.11     1.11   current\n"
               "sg2   PIONEER BD-RW        1.11     -      no catalog knows this drive\n"
               "catalog \"main\": signed 3 h ago, valid 6 more days; "
               "mirror b.example: 37 days behind, was skipped\n"
               "attention: sr3 was lost\n", "")


def test_list_takes_columns_by_name():
    with Daemon(ListDrives=[reply(drives=[DRIVE, UNKNOWN], age_seconds=0)]) as daemon:
        expect(run(daemon, "list", "--all", "-o", "drive,SERIAL"), 0,
               "DRIVE SERIAL\nsr0   S123\nsg2   -\n", "")
        assert daemon.parameters("ListDrives") == {"all": True}
        result = run(daemon, "list", "-o", "+STEPS")
        assert result.out.splitlines()[0].split()[-1] == "STEPS", result
        assert "0050,0051" in result.out
        result = run(daemon, "list", "-o", "COLOUR")
        expect(result, 2, "")
        assert "no column \"COLOUR\"; there are DRIVE,MODEL," in result.err, result


def test_old_answers_say_their_age():
    with Daemon(ListDrives=[reply(drives=[CURRENT], age_seconds=7200)]) as daemon:
        assert run(daemon, "list").out.endswith("as of 2 h ago\n")


def test_show_tells_one_drive_whole():
    answer = reply(drive=DRIVE, vendor="", product="DVDRW IDE1004", model_hex="20" * 24,
                   devpath="/devices/x", firmware_date="2004-01-01", buffer_kib=2048,
                   max_read_kbs=22160, max_write_kbs=11080, upgradable_feature=True,
                   region={"scheme": "RPC2", "state": "set", "regions": "2", "user_changes": 4,
                           "vendor_resets": 5},
                   counters={"done": 10, "errors": 1, "timeouts": 0},
                   first_seen="2026-11-01T00:00:00Z", last_seen="2026-11-22T00:00:00Z",
                   versions=[{"version": "0051", "relation": "newer", "catalog": "main",
                              "release_date": "2004-06-01", "evidence": "reported",
                              "in_store": False}],
                   forward=PLAN["steps"], back=[], history=[EVENT])
    with Daemon(ShowDrive=[answer]) as daemon:
        result = run(daemon, "show", "sr0")
        expect(result, 0, err="")
        for line in ("sr0: DVDRW IDE1004", "forward        0043 -> 0050 -> 0051",
                     "back           no way back is known",
                     "region         RPC2, set, regions 2, 4 changes and 5 resets left",
                     "kernel         10 commands, 1 errors, 0 timeouts",
                     "seen           first 2026-11-01 00:00:00, last 2026-11-22 00:00:00",
                     "Firmware that catalogs know for it:", "History:"):
            assert line in result.out.splitlines(), (line, result)
        assert daemon.parameters("ShowDrive") == {"drive": "sr0"}


def test_why_gives_each_check_and_the_nearest():
    answer = reply(drive=DRIVE, version="0450", offered=False, nearest=["0043 -> 0050 -> 0051"],
                   checks=[{"verdict": "ok", "name": "model", "text": "\"DVDRW IDE1004\""},
                           {"verdict": "no", "name": "edge", "text": "0450 is for line 03xx"}])
    with Daemon(Why=[answer]) as daemon:
        expect(run(daemon, "why", "sr0", "0450"), 0,
               "0450 for DVDRW IDE1004 is not offered for sr0:\n"
               "  ok   model          \"DVDRW IDE1004\"\n"
               "  NO   edge           0450 is for line 03xx\n"
               "       nearest        0043 -> 0050 -> 0051\n", "")
        assert daemon.parameters("Why") == {"drive": "sr0", "version": "0450"}


def test_check_refreshes_and_says_by_its_status_whether_there_are_updates():
    refresh = [reply(True, text="main: root"), reply(False, catalogs=[CATALOG])]
    with Daemon(Refresh=refresh, ListDrives=[reply(drives=[DRIVE, CURRENT])]) as daemon:
        result = run(daemon, "check")
        expect(result, 10, err="")
        assert "sr0" in result.out and "sr1" not in result.out, result
    with Daemon(Refresh=refresh, ListDrives=[reply(drives=[CURRENT])]) as daemon:
        expect(run(daemon, "check"), 0, "nothing newer is known\n", "")
        result = run(daemon, "check", "--json")
        expect(result, 0)
        assert json.loads(result.out) == {"drives": [CURRENT]}, result


def test_refresh_ends_with_6_when_a_catalog_is_not_fresh():
    stale = dict(CATALOG, name="lab", state="expired", text="expired 2 days ago", mirrors=[])
    with Daemon(Refresh=[reply(True, text="main: timestamp 14"),
                         reply(False, catalogs=[CATALOG, stale])]) as daemon:
        result = run(daemon, "refresh")
        expect(result, 6, err="")
        assert result.out.startswith("main: timestamp 14\n")
        assert result.out.endswith("expired: catalog \"lab\": expired 2 days ago\n"), result
        expect(run(daemon, "refresh", "main"), 0)
        assert daemon.parameters("Refresh") == {"catalog": "main"}


def test_history_pages_until_it_has_enough():
    pages = [[dict(EVENT, seq=3)], [dict(EVENT, seq=2)], [dict(EVENT, seq=1)]]
    with Daemon() as daemon:
        daemon.answer = history_answer(daemon, pages)
        result = run(daemon, "history", "sr0", "--limit", "3", "-o", "SEQ,TIME,OUTCOME")
        expect(result, 0, "SEQ TIME                OUTCOME\n"
                          "  3 2026-11-22 18:46:00 verified\n"
                          "  2 2026-11-22 18:46:00 verified\n"
                          "  1 2026-11-22 18:46:00 verified\n", "")
        assert daemon.requests[1]["parameters"] == {"drive": "sr0", "limit": 2, "before": 3}


def test_history_says_what_the_kernel_counted():
    before, after = ({"done": 20, "errors": 2, "timeouts": 0}, {"done": 99, "errors": 3, "timeouts": 1})
    cases = (("99 commands, 3 errors, 1 timeouts until then", None, after, False),
             ("3 commands, 0 errors, 0 timeouts since it came back", before,
              {"done": 3, "errors": 0, "timeouts": 0}, True),
             ("20 commands, 2 errors, 0 timeouts before", before, None, False),
             ("79 commands, 1 errors, 1 timeouts meanwhile", before, after, False))
    with Daemon(History=[reply(events=[
            dict(EVENT, seq=4 - i, counters_before=b, counters_after=a, counters_anew=anew)
            for i, (_, b, a, anew) in enumerate(cases)])]) as daemon:
        expect(run(daemon, "history", "-o", "KERNEL"), 0,
               "\n".join(["KERNEL", *(case[0] for case in cases), ""]), "")


def history_answer(daemon, pages):
    def answer(connection, request):
        daemon.requests.append(request)
        connection.sendall(json.dumps(reply(events=pages.pop(0))).encode() + b"\0")
    return answer


def test_a_history_that_turns_in_circles_is_left():
    with Daemon(History=[reply(events=[EVENT])]) as daemon:
        result = run(daemon, "history")
        expect(result, 1, "", "discfw: the daemon's answer to History is out of order\n")


def test_resolve_says_whether_the_drive_is_settled():
    for outcome, status in (("no-change", 0), ("verified", 0), ("lost", 7), ("novel", 7)):
        with Daemon(Resolve=[reply(outcome=outcome, text="read again", drive=DRIVE)]) as daemon:
            expect(run(daemon, "resolve", "sr0", "--reason", "it is back"), status,
                   f"sr0: {outcome}, runs 0043: read again\n", "")
            assert daemon.parameters("Resolve") == {"drive": "sr0", "reason": "it is back"}


def test_hold_and_unhold_say_one_line_and_none_with_quiet():
    with Daemon(Hold=[reply(drive=DRIVE)], Unhold=[reply(drive=DRIVE)]) as daemon:
        expect(run(daemon, "hold", "sr0"), 0, "sr0: held; no update until \"discfw unhold\"\n", "")
        expect(run(daemon, "unhold", "sr0"), 0, "sr0: released\n", "")
        expect(run(daemon, "hold", "sr0", "-q"), 0, "", "")


def test_catalogs_are_listed_and_shown():
    show = reply(catalog=CATALOG, roles=[{"name": "targets", "version": 14}],
                 entries=[{"model": "411b5b" + "20" * 21, "target": "t", "version": "1"},
                          {"model": "2020202020202020" + b"DVDRW IDE1004   ".hex(), "target": "drive/20/x.bin",
                           "version": "0051"},
                          {"model": b"HL-DT-STDVDRAM GH24NSC0 ".hex(), "target": "u", "version": "LK01"}])
    with Daemon(ListCatalogs=[reply(catalogs=[CATALOG])], ShowCatalog=[show]) as daemon:
        lines = run(daemon, "catalog", "list").out.splitlines()
        assert lines[0].split() == ["CATALOG", "STATE", "SIGNED", "EXPIRES", "VERSION", "ENTRIES",
                                    "MIRRORS", "ROOT"], lines
        assert lines[1].startswith("main"), lines
        assert "1 of 2" in lines[1] and "ab" * 32 in lines[1], lines
        out = run(daemon, "catalog", "show", "main").out
        for text in ("Mirrors:", "https://b.example/tuf", "Roles:", "drive/20/x.bin", "ab" * 32,
                     "\nDVDRW IDE1004 ", "\nHL-DT-ST DVDRAM GH24NSC0 ", "\nA\\x1b[ "):
            assert text in out, out


def test_monitor_prints_a_line_an_event_until_the_daemon_ends():
    with Daemon(Monitor=[
            reply(True, event="progress", time="", text="", progress=progress("writing", 1, 2)),
            reply(True, event="outcome", time="2026-11-22T18:46:00Z", text="sr0: verified"),
            CLOSE]) as daemon:
        result = run(daemon, "monitor")
        expect(result, 5, "sr0: step 1 of 2: writing 0050; do not switch off\n"
                          "2026-11-22 18:46:00  outcome           sr0: verified\n")


def test_doctor_ends_with_1_when_there_is_a_problem():
    findings = [{"level": "ok", "name": "store", "text": "whole"},
                {"level": "problem", "name": "battery", "text": "at 12 %", "mend": "connect it"}]
    with Daemon(Doctor=[reply(findings=findings)]) as daemon:
        result = run(daemon, "doctor")
        expect(result, 1, err="")
        assert re.search(r"^PROBLEM +battery +at 12 %\n +mend +connect it$", result.out, re.M), result
    with Daemon(Doctor=[reply(findings=findings[:1])]) as daemon:
        expect(run(daemon, "doctor"), 0)


# ---------------------------------------------------------------------------- the audit log

def test_an_audit_log_that_is_not_whole_ends_with_7():
    answer = {"whole": True, "rows": 42, "heads": 3, "text": "", "head": "ab"}
    with Daemon(VerifyAudit=[reply(**answer)]) as daemon:
        expect(run(daemon, "audit", "verify"), 0,
               "whole: 42 entries, 3 signed heads\nhead   ab\n", "")
    answer.update(whole=False, text="entry 7 was altered", broken_seq=7)
    with Daemon(VerifyAudit=[reply(**answer)]) as daemon:
        expect(run(daemon, "audit", "verify"), 7,
               "NOT WHOLE: 42 entries, 3 signed heads\nentry 7 was altered\n"
               "the first wrong entry is 7\nhead   ab\n", "")
        expect(run(daemon, "audit", "verify", "--json"), 7)


def test_an_export_is_byte_for_byte_what_was_signed():
    lines = ["{\"seq\":1,\"text\":\"\u00fc \\\\ \\t\"}", "{\"seq\":2}"]
    with Daemon(ExportAudit=[reply(True, lines=lines[:1]), reply(False, lines=lines[1:])]) as daemon:
        expect(run(daemon, "audit", "export"), 0, "\n".join(lines) + "\n", "")
        file = daemon.dir + "/log"
        expect(run(daemon, "audit", "export", "-o", file), 0, "", "")
        with open(file, encoding="utf-8") as f:
            assert f.read() == "\n".join(lines) + "\n"


def test_an_export_that_was_cut_off_leaves_no_file():
    for end in (CLOSE, error("org.discfw.Store", text="damaged"), reply(False, lines=["a\nb"]),
                reply(False, lines=[1])):
        with Daemon(ExportAudit=[reply(True, lines=["{}"]), end]) as daemon:
            result = run(daemon, "audit", "export", "-o", daemon.dir + "/log")
            assert result.status in (1, 5), result
            assert sorted(os.listdir(daemon.dir)) == ["run"], os.listdir(daemon.dir)


def test_an_exported_log_is_checked_without_a_daemon():
    folder = SOURCE + "/tests/process/data/audit/"
    with open(folder + "key", encoding="utf-8") as f:
        key = f.read()
    whole = run(None, "audit", "verify", "--file", folder + "log", "--key", key,
                "--head", folder + "head")
    expect(whole, 0, err="")
    assert whole.out.startswith("whole: 12 entries"), whole
    assert key in whole.out
    result = run(None, "audit", "verify", "--json", "--file", folder + "log")
    expect(result, 0, err="")
    answer = json.loads(result.out)
    assert (answer["whole"], answer["rows"], answer["key"]) == (True, 12, key), answer
    with open(folder + "head", encoding="utf-8") as f:
        assert answer["head"] == f.read()


def test_an_exported_log_that_was_altered_ends_with_7():
    folder = SOURCE + "/tests/process/data/audit/"
    with open(folder + "log", encoding="utf-8") as f:
        log = f.read()
    with tempfile.TemporaryDirectory() as there:
        for text in (log.replace("reason 7", "reason 8"), log[:-300], "", "\0\0", "{}\n" * 9, HOSTILE):
            assert text != log
            with open(there + "/log", "w", encoding="utf-8") as f:
                f.write(text)
            result = run(None, "audit", "verify", "--file", there + "/log")
            expect(result, 7, err="")
            assert result.out.startswith("NOT WHOLE"), result
            assert_harmless(result.out)
        with open(there + "/other-key", "w", encoding="utf-8") as f:
            f.write("x" * 5000)
        expect(run(None, "audit", "verify", "--file", folder + "log", "--key", "x+00000000+AAAA"), 7)
        expect(run(None, "audit", "verify", "--file", folder + "log", "--head", there + "/log"), 7)
        for wrong in (["--head", there + "/other-key"], ["--head", there]):
            expect(run(None, "audit", "verify", "--file", folder + "log", *wrong), 2)
        expect(run(None, "audit", "verify", "--file", there + "/none"), 2)
        expect(run(None, "audit", "verify", "--key", "k"), 2)


# ---------------------------------------------------------------------------- update, rollback

def test_update_shows_the_plan_flashes_what_was_agreed_to_and_tells_the_end():
    with Daemon(**flash_with(VERIFIED)) as daemon:
        result = run(daemon, "update", "sr0", "--yes", "--to", "0051", "--reason", "lab standard")
        expect(result, 0, err="")
        lines = result.out.splitlines()
        assert lines[0] == ("sr0: DVDRW IDE1004, update 0043 -> 0050 -> 0051, catalog main "
                            "(reported by users, not proven on hardware)"), result
        for line in ("  notes        Better writing of DVD-R.",
                     "beware         three hardwares share this name",
                     "way back       0043 as a downgrade from 0050; none from 0051",
                     "takes          each step about 60 s; do not switch the computer off meanwhile",
                     "sr0: step 1 of 2: fetching 0050",
                     "sr0: step 1 of 2: writing 0050; do not switch off",
                     "sr0: step 1 of 2: the drive stores 0050; do not switch off, at most 0:50"):
            assert line in lines, (line, result)
        assert result.out.count("three hardwares") == 1, result
        assert lines[-1] == "sr0: now 0051, verified by reading the drive (audit entry 42)", result
        assert daemon.parameters("PlanFlash") == {"drive": "sr0", "kind": "update", "to": "0051"}
        assert daemon.parameters("Flash") == {
            "drive": "sr0", "kind": "update", "to": "0051", "reason": "lab standard",
            "digest": "d" * 64, "via": "cli"}


def test_each_outcome_has_its_exit_status():
    statuses = {"verified": 0, "refused": 3, "failed-unharmed": 1, "no-change": 1, "unverified": 7,
                "needs-power-cycle": 7, "recovery-mode": 7, "lost": 7, "unknown": 7,
                "never-heard-of": 7, "": 7}
    for outcome, status in statuses.items():
        with Daemon(**flash_with(reply(False, job=1, outcome=outcome))) as daemon:
            result = run(daemon, "rollback", "sr0", "--yes", "-q")
            expect(result, status)
            assert result.err.startswith("discfw: sr0: ") == (status != 0), result
            assert daemon.parameters("PlanFlash") == {"drive": "sr0", "kind": "rollback"}


def test_a_dry_run_orders_nothing():
    with Daemon(**flash_with(VERIFIED)) as daemon:
        expect(run(daemon, "update", "--dry-run", "sr0", "sr1"), 0, err="")
        expect(run(daemon, "rollback", "sr0", "-n", "--json"), 0,
               json.dumps({"plan": PLAN}, separators=(",", ":")) + "\n", "")
        assert daemon.parameters("Flash") is None


def test_without_a_terminal_yes_must_be_said():
    with Daemon(**flash_with(VERIFIED)) as daemon:
        for json_too in ([], ["--json"]):
            result = run(daemon, "update", "sr0", *json_too, stdin=b"y\n")
            expect(result, 2)
            assert "say --yes" in result.out + result.err
        assert daemon.parameters("Flash") is None


def test_only_a_yes_on_the_terminal_starts_the_flash():
    for answer, status in (("y\n", 0), ("yes\n", 0), ("n\n", 3), ("\n", 3), ("yep\n", 3),
                           ("y" * 40 + "\n", 3), ("\x04", 3)):
        with Daemon(**flash_with(VERIFIED)) as daemon:
            terminal = Terminal(daemon, "update", "sr0")
            terminal.read_until("continue? [y/N] ").type(answer)
            assert terminal.end() == status, (answer, terminal.shown)
            assert (daemon.parameters("Flash") is not None) == (status == 0), answer


def test_a_terminal_sees_one_line_redrawn():
    with Daemon(**flash_with(VERIFIED)) as daemon:
        terminal = Terminal(daemon, "update", "sr0", "-y", "--ascii")
        assert terminal.end() == 0
        assert "\r sr0" not in terminal.shown
        assert re.search(r"\rsr0: step 1 of 2  writing 0050  #+-+   50 %\x1b\[K\r", terminal.shown), \
            terminal.shown
        assert "\rsr0: step 1 of 2  the drive stores 0050  do not switch off, at most 0:50\x1b[K" \
            in terminal.shown, terminal.shown


def test_ctrl_c_leaves_the_view_and_not_the_flash():
    gone = threading.Event()
    with Daemon(**flash_with(gone.wait)) as daemon:
        terminal = Terminal(daemon, "update", "sr0", "-y").read_until("at most")
        terminal.type("\x03")
        assert terminal.end() == 128 + signal.SIGINT
        assert "the flash of sr0 goes on; do not switch it off" in terminal.shown
        assert "discfw monitor" in terminal.shown
        gone.set()
        assert [r["method"] for r in daemon.requests] == ["org.discfw.PlanFlash",
                                                         "org.discfw.Flash"]


def test_ctrl_c_at_the_next_question_is_heard_too():
    with Daemon(**flash_with(VERIFIED)) as daemon:
        terminal = Terminal(daemon, "update", "sr0", "sr1").read_until("continue? [y/N] ")
        terminal.type("y\n").read_until("audit entry 42").read_until_again("continue? [y/N] ")
        terminal.type("\x03")
        assert terminal.end() == 128 + signal.SIGINT
        assert "goes on" not in terminal.shown, terminal.shown
        assert len([r for r in daemon.requests if r["method"].endswith(".Flash")]) == 1


def test_a_daemon_that_dies_in_the_middle_is_no_end_of_the_flash():
    with Daemon(**flash_with(CLOSE)) as daemon:
        result = run(daemon, "update", "sr0", "-y")
        expect(result, 5)
        assert "the flash goes on; do not switch the drive off" in result.err, result
    hostile = error("org.discfw.DaemonUnreachable", text="gone" + HOSTILE)
    with Daemon(**flash_with(hostile)) as daemon:
        result = run(daemon, "update", "sr0", "-y", "-q")
        expect(result, 5)
        assert_harmless(result.err)


def lost_after(*progresses, quiet=False):
    """What is said when the daemon dies after it told these."""
    told = [reply(True, job=1, progress=p) for p in progresses]
    with Daemon(PlanFlash=[reply(plan=PLAN)], Flash=[*told, CLOSE]) as daemon:
        result = run(daemon, "update", "sr0", "-y", *(["-q"] if quiet else []))
    assert result.status == 5, result
    return result.err.splitlines()[-1].strip()


def test_a_daemon_that_dies_before_it_gave_the_order_leaves_nothing_to_wait_for():
    for phase in ("planning", "fetching", "checking"):
        for quiet in (False, True):
            assert lost_after(progress(phase), quiet=quiet) == "nothing was written; ask again"
    for phase in ("writing", "committing", "settling", "verifying", "a phase of tomorrow"):
        assert lost_after(progress("fetching"), progress(phase)).startswith("the flash goes on;")
    assert lost_after(progress("done")) == "nothing of step 2 of 2 was written; ask again"
    assert (lost_after(progress("verifying"), progress("checking", step=2))
            == "nothing of step 2 of 2 was written; ask again")


def test_a_daemon_that_refuses_the_flash_is_believed():
    with Daemon(PlanFlash=[reply(plan=PLAN)],
                Flash=[error("org.discfw.PlanChanged", text="a newer catalog came",
                             mend="look again")]) as daemon:
        expect(run(daemon, "update", "sr0", "-y", "-q"), 3, "",
               "discfw: a newer catalog came\n  look again\n")


def test_a_drive_that_somebody_else_has_is_not_looked_for_where_the_daemon_likes():
    """Who has it, root is told (in the guest's tests); by names of drives, and by no others."""
    for block, node in (("sr77", "sg77"), ("../null", "null"), ("", None), (7, [])):
        claimed = error("org.discfw.Claimed", text="another program has it", mend="close it",
                        block=block, node=node)
        with Daemon(PlanFlash=[reply(plan=PLAN)], Flash=[claimed]) as daemon:
            expect(run(daemon, "update", "sr0", "-y", "-q"), 3, "",
                   "discfw: another program has it\n  close it\n")


def test_several_drives_end_at_the_first_that_needs_attention():
    with Daemon(**flash_with(reply(False, job=1, outcome="lost"))) as daemon:
        result = run(daemon, "update", "sr0", "sr1", "sr2", "-y", "-q")
        expect(result, 7)
        assert "the drives from sr1 on were not begun" in result.err, result
        assert len([r for r in daemon.requests if r["method"].endswith("Flash")]) == 2


def test_a_refusal_does_not_keep_the_other_drives_from_their_update():
    with Daemon(**flash_with(VERIFIED)) as daemon:
        daemon.answers["PlanFlash"] = [error("org.discfw.Mounted", text="sr0 is mounted")]
        expect(run(daemon, "update", "sr0", "sr1", "-y", "-q"), 3)
        assert daemon.parameters("PlanFlash")["drive"] == "sr1"


def test_all_means_those_with_an_update_and_must_be_said():
    with Daemon(ListDrives=[reply(drives=[CURRENT, DRIVE, UNKNOWN])],
                **flash_with(VERIFIED)) as daemon:
        expect(run(daemon, "update", "-y"), 2)
        expect(run(daemon, "update", "--all", "sr0", "-y"), 2)
        expect(run(daemon, "update", "--all", "--to", "1", "-y"), 2)
        assert not daemon.requests
        expect(run(daemon, "update", "--all", "-y"), 0)
        assert [r["parameters"]["drive"] for r in daemon.requests
                if r["method"].endswith("PlanFlash")] == ["d1f0"]
    with Daemon(ListDrives=[reply(drives=[CURRENT])]) as daemon:
        expect(run(daemon, "update", "--all", "-y"), 0, "no drive has an update\n", "")


def test_a_plan_without_a_digest_is_not_flashed():
    for plan in ({k: v for k, v in PLAN.items() if k != "digest"}, dict(PLAN, digest=7), [], None):
        with Daemon(PlanFlash=[reply(plan=plan)]) as daemon:
            expect(run(daemon, "update", "sr0", "-y"), 1, "",
                   "discfw: the daemon's answer to PlanFlash lacks \"digest\"\n")
            assert daemon.parameters("Flash") is None


# ---------------------------------------------------------------------------- scripts

def test_json_is_the_reply_as_it_came():
    odd = dict(DRIVE, model="\u00fc\u202e\x1b[2J", new_member=[1, {"a": None}])
    with Daemon(GetStatus=[reply(drives=[odd], n=1.5)]) as daemon:
        result = run(daemon, "--json", "status")
        expect(result, 0, err="")
        assert json.loads(result.out) == {"drives": [odd], "n": 1.5}
        assert result.out.isascii() and result.out.count("\n") == 1
    with Daemon(**flash_with(VERIFIED)) as daemon:
        result = run(daemon, "update", "sr0", "-y", "--json")
        expect(result, 0, err="")
        assert [json.loads(line) for line in result.out.splitlines()] == [
            m["parameters"] for m in flash_with(VERIFIED)["Flash"]]


def test_json_errors_are_objects_too():
    with Daemon(ShowDrive=[error("org.discfw.NoSuchDrive", text="no drive \"x\"")]) as daemon:
        result = run(daemon, "show", "x", "--json")
        expect(result, 1, err="")
        assert json.loads(result.out) == error("org.discfw.NoSuchDrive", text="no drive \"x\"")
    result = run(None, "--json", "--socket", "/nonexistent/s")
    expect(result, 5, err="")
    answer = json.loads(result.out)
    assert answer["error"] == "org.discfw.DaemonUnreachable", answer
    assert set(answer["parameters"]) == {"text", "mend"}, answer


def test_every_error_of_the_interface_is_said_with_its_status():
    with open(SOURCE + "/schema/varlink/org.discfw.varlink", encoding="utf-8") as f:
        names = re.findall(r"^error (\w+)", f.read(), re.M)
    assert len(names) > 50
    seen = {}
    for name in names:
        with Daemon(Doctor=[error("org.discfw." + name, text="so it is", mend="do this")]) as daemon:
            result = run(daemon, "doctor")
            assert result.err == "discfw: so it is\n  do this\n", (name, result)
            assert result.status in (1, 2, 3, 4, 5, 6, 7), (name, result)
            seen[name] = result.status
    expected = {"NotPermitted": 4, "BadRequest": 2, "Mounted": 3, "CatalogExpired": 6,
                "DriveLost": 7, "Store": 1, "NoEdge": 3}
    assert {k: seen[k] for k in expected} == expected


def test_a_daemon_of_another_version_is_called_so():
    with Daemon() as daemon:
        result = run(daemon, "list")
        expect(result, 1, "")
        assert "is of another version than this discfw: MethodNotFound" in result.err, result
    with Daemon(Doctor=[error("org.discfw.FromTheFuture", text="x")]) as daemon:
        result = run(daemon, "doctor")
        expect(result, 1)
        assert "unknown error org.discfw.FromTheFuture" in result.err, result
    with Daemon(History=[error("org.varlink.service.InvalidParameter",
                               parameter="limit")]) as daemon:
        result = run(daemon, "history")
        expect(result, 2)
        assert "does not accept this \"limit\"" in result.err, result


# ---------------------------------------------------------------------------- hostile daemons

HOSTILE = "\x1b]0;owned\x07\x1b[2J\u009b31m\u202eexe\r\x08\x7f"


def poison(value):
    """The same reply, with each string made hostile."""
    if isinstance(value, str):
        return value + HOSTILE
    if isinstance(value, list):
        return [poison(v) for v in value]
    if isinstance(value, dict):
        return {k: poison(v) for k, v in value.items()}
    return value


def assert_harmless(text, allowed=""):
    bad = [c for c in text if (ord(c) < 0x20 or 0x7f <= ord(c) < 0xa0 or c == "\u202e")
           and c not in "\n" + allowed]
    assert not bad, (bad, text)


def test_nothing_that_a_drive_or_mirror_said_reaches_the_terminal_unescaped():
    answers = {
        "GetStatus": reply(drives=[DRIVE], catalogs=[CATALOG], attention=["x"], age_seconds=0,
                           job={"progress": progress("writing"), "user": "u"}),
        "ShowDrive": reply(drive=DRIVE, vendor="v", product="p", versions=[{"version": "1"}],
                           history=[EVENT], forward=[STEP], back=[STEP], attention="a"),
        "Why": reply(drive=DRIVE, version="1", checks=[{"verdict": "ok", "name": "n", "text": "t"}],
                     nearest=["x"]),
        "History": reply(events=[dict(EVENT, seq=1)]),
        "ShowCatalog": reply(catalog=CATALOG, roles=[{"name": "r"}], entries=[{"model": "m"}]),
        "Doctor": reply(findings=[{"level": "ok", "name": "n", "text": "t", "mend": "m"}]),
        "PlanFlash": reply(plan=PLAN),
        "VerifyAudit": reply(whole=False, text="t", head="h"),
        "Hold": error("org.discfw.Internal", text="x", mend="y"),
        "Unhold": error("org.discfw.NoSuchThing", text="x"),
        "ListDrives": error("org.varlink.service.InvalidParameter", parameter="p"),
        "ExportAudit": reply(lines=["l"]),
    }
    poisoned = {}
    for method, message in answers.items():
        message = json.loads(json.dumps(message))
        message["parameters"] = poison(message["parameters"])
        if message.get("error", "").endswith("Thing"):
            message["error"] += HOSTILE
        poisoned[method] = [message]
    with Daemon(**poisoned) as daemon:
        for verb in ("status", "show x", "why x", "history", "catalog show x", "doctor",
                     "update x --dry-run", "audit verify", "hold x", "unhold x", "list"):
            for more in ([], ["--ascii"]):
                result = run(daemon, *verb.split(), *more)
                assert "owned" in result.out + result.err or verb == "list", (verb, result)
                assert_harmless(result.out + result.err)
        terminal = Terminal(daemon, "audit", "export", "--color", "never")
        terminal.end()
        assert_harmless(terminal.shown, allowed="\r")


def test_replies_of_wrong_types_are_shown_as_far_as_they_go():
    wrongs = ({}, {"drives": 7}, {"drives": [None, 1, "x", [], {}]},
              {"drives": [{"id": 1, "model": [], "steps": {}, "attached": "yes"}]},
              {"catalogs": [{"mirrors": [[]], "signed": 4}], "job": {"progress": "x"},
               "attention": [{}], "age_seconds": -5, "drives": None})
    for wrong in wrongs:
        with Daemon(GetStatus=[{"parameters": wrong}], ShowDrive=[{"parameters": wrong}],
                    Why=[{"parameters": wrong}], ListCatalogs=[{"parameters": wrong}],
                    Doctor=[{"parameters": wrong}]) as daemon:
            for verb in ("status", "show x", "why x", "catalog list", "doctor"):
                expect(run(daemon, *verb.split()), 0, err="")


def test_what_is_no_varlink_is_refused():
    for answer, text in (
            (b"hello\0", "not JSON at line 1, column"),
            (b"[]\0", "not an object"),
            (b"{\"parameters\":[]}\0", "parameters are no object"),
            (b"{\"error\":5}\0", "the name of an error is no string"),
            (b"{\"parameters\":{},\"parameters\":{}}\0", "not JSON"),
            (b"{\"a\":\"\xff\"}\0", "not JSON"),
            (b"[" * 40 + b"]" * 40 + b"\0", "nested deeper than"),
            (b"{\"a\":\"\\u0000\"}\0", "not JSON"),
            (b"x" * 70000, "has more than 65536 bytes")):
        with Daemon(Doctor=[answer]) as daemon:
            result = run(daemon, "doctor", "-q")
            expect(result, 1)
            assert text in result.err, (text, result)


def test_a_reply_may_come_in_pieces_and_two_at_once():
    pieces = [bytes([b]) for b in json.dumps(reply(findings=[])).encode() + b"\0"]
    with Daemon(Doctor=pieces) as daemon:
        expect(run(daemon, "doctor"), 0, err="")
    both = b"".join(json.dumps(m).encode() + b"\0" for m in flash_with(VERIFIED)["Flash"])
    with Daemon(PlanFlash=[reply(plan=PLAN)], Flash=[both]) as daemon:
        expect(run(daemon, "update", "sr0", "-y", "-q"), 0, err="")


def test_a_reply_of_just_the_limit_is_taken():
    empty = len(json.dumps(reply(findings=[], pad="")).encode() + b"\0")
    with Daemon(Doctor=[reply(findings=[], pad="x" * (65536 - empty))]) as daemon:
        expect(run(daemon, "doctor"), 0, err="")
    with Daemon(Doctor=[reply(findings=[], pad="x" * (65537 - empty))]) as daemon:
        expect(run(daemon, "doctor"), 1)


# ---------------------------------------------------------------------------- the way to it

def test_without_a_daemon_the_status_is_5_and_the_mend_is_said():
    with tempfile.TemporaryDirectory() as folder:
        result = run(None, "--dir", folder, "list")
        expect(result, 5, "", f"discfw: cannot reach discfwd at {folder}/run/discfwd.sock: "
                              "No such file or directory\n  start it: \"discfwd --standalone DIR\"\n")
    with Daemon(GetStatus=[CLOSE]) as daemon:
        result = run(daemon)
        expect(result, 5)
        assert "ended the connection before it answered" in result.err, result


def test_a_socket_in_a_folder_of_somebody_else_is_not_trusted():
    with Daemon(GetStatus=[reply(drives=[])]) as daemon:
        os.chmod(daemon.dir + "/run", 0o777)
        result = run(daemon)
        expect(result, 5)
        assert "others may write in the folder (mode 0777)" in result.err, result
        if os.geteuid() == 0:
            os.chmod(daemon.dir + "/run", 0o755)
            os.chown(daemon.dir + "/run", 12345, 12345)
            result = run(daemon)
            expect(result, 5)
            assert "belongs to uid 12345" in result.err, result
        assert not daemon.requests


def test_the_folder_comes_from_the_environment_too():
    with Daemon(ListDrives=[reply(drives=[])]) as daemon:
        expect(run(None, "list", DISCFW_DIR=daemon.dir), 0, "no optical drives\n", "")
        expect(run(None, "list", "--socket", daemon.dir + "/run/discfwd.sock"), 0)


def test_a_long_path_is_no_obstacle():
    with Daemon(ListDrives=[reply(drives=[])]) as daemon:
        deep = daemon.dir + "/" + "x" * 120
        os.mkdir(deep)
        os.rename(daemon.dir + "/run", deep + "/run")
        expect(run(None, "--dir", deep, "list"), 0, "no optical drives\n", "")
        expect(run(None, "--dir", "/" + "y" * 400, "list"), 2)


def test_the_bridge_carries_a_whole_conversation():
    with Daemon(Doctor=[reply(findings=[]), CLOSE]) as daemon:
        result = run(daemon, "bridge", stdin=b"{\"method\":\"org.discfw.Doctor\"}\0")
        expect(result, 0, json.dumps(reply(findings=[])) + "\0", "")


def test_another_machine_is_asked_through_ssh():
    with Daemon(ListDrives=[reply(drives=[CURRENT])]) as daemon, \
            tempfile.TemporaryDirectory() as folder:
        with open(folder + "/ssh", "w", encoding="utf-8") as f:
            f.write("#!/bin/sh\necho \"$@\" >\"$LOG\"\n"
                    f"exec {DISCFW} --dir {daemon.dir} bridge\n")
        os.chmod(folder + "/ssh", 0o755)
        env = {"PATH": folder + ":" + os.environ["PATH"], "LOG": folder + "/log"}
        result = run(None, "-H", "lab7", "list", **env)
        expect(result, 0, err="")
        assert "sr1" in result.out, result
        with open(folder + "/log", encoding="utf-8") as f:
            assert f.read() == "-xT -- lab7 discfw bridge\n"
        expect(run(None, "-H", "-oProxyCommand=touch /tmp/x", "list", **env), 2)
        expect(run(None, "-H", "lab7", "--dir", "/x", "list", **env), 2)
        with open(folder + "/ssh", "w", encoding="utf-8") as f:
            f.write("#!/bin/sh\nexit 255\n")
        result = run(None, "-H", "lab7", "list", **env)
        expect(result, 5)
        assert "discfwd on lab7" in result.err and "ssh" in result.err, result


# ---------------------------------------------------------------------------- catalogs

def root_file(folder, text=None):
    path = folder + "/root-from-maintainer.json"
    content = {"signed": {"_type": "root", "version": 3, "expires": "2027-01-01T00:00:00Z",
                          "roles": {"root": {"threshold": 2, "keyids": ["a", "b", "c"]}}},
               "signatures": []}
    with open(path, "w", encoding="utf-8") as f:
        f.write(json.dumps(content) if text is None else text)
    return path


def test_a_catalog_is_added_whole_and_the_daemon_told():
    with Daemon(Reload=[reply(catalogs=[])]) as daemon:
        root = root_file(daemon.dir)
        before = os.umask(0o077)
        result = run(daemon, "catalog", "add", "lab", root, "https://a.example/tuf", "/" + "x" * 189)
        os.umask(before)
        expect(result, 0, err="")
        assert "root version 3, 2 of 3 keys, expires 2027-01-01T00:00:00Z" in result.out, result
        folder = daemon.dir + "/etc/catalogs.d/lab"
        with open(folder + "/root.json", encoding="utf-8") as f, open(root, encoding="utf-8") as g:
            assert f.read() == g.read()
        with open(folder + "/catalog.conf", encoding="utf-8") as f:
            assert [x for x in f.read().splitlines() if x[0] != "#"] == [
                "[catalog]", "mirror=https://a.example/tuf", "mirror=/" + "x" * 189]
        assert os.listdir(daemon.dir + "/etc/catalogs.d") == ["lab"]
        for path in (daemon.dir + "/etc", folder):
            assert os.stat(path).st_mode & 0o777 == 0o755, "the daemon cannot read it"
        assert daemon.parameters("Reload") == {}

        result = run(daemon, "catalog", "add", "lab", root, "https://evil.example/")
        expect(result, 2)
        assert "exists; remove it first" in result.err
        assert os.listdir(daemon.dir + "/etc/catalogs.d") == ["lab"]
        expect(run(daemon, "catalog", "remove", "lab"), 0,
               "catalog \"lab\" is trusted no more\n", "")
        assert os.listdir(daemon.dir + "/etc/catalogs.d") == []
        expect(run(daemon, "catalog", "remove", "lab"), 1)


def test_what_is_no_catalog_is_not_added():
    with Daemon() as daemon:
        good = root_file(daemon.dir)
        for name, url in (("../lab", "http://a/"), (".lab", "http://a/"), ("", "http://a/"),
                          ("x" * 33, "http://a/"), ("lab", "ftp://a/"), ("lab", "relative"),
                          ("lab", "http://"), ("lab", "http:///x"), ("lab", "http://a/ b"),
                          ("lab", "http://a/\nmirror=http://evil/"),
                          ("lab", "http://a/" + "x" * 182)):
            expect(run(daemon, "catalog", "add", "--", name, good, url), 2)
        for text in ("", "{}", "[]", "{\"signed\":{\"_type\":\"targets\"}}", "x" * 600000):
            result = run(daemon, "catalog", "add", "lab", root_file(daemon.dir, text), "http://a/")
            assert result.status in (2, 6), result
        expect(run(daemon, "catalog", "add", "lab", "/nonexistent", "http://a/"), 2)
        assert not os.path.exists(daemon.dir + "/etc"), "something was written"
        assert not daemon.requests


def test_a_catalog_may_be_added_before_the_daemon_runs():
    with tempfile.TemporaryDirectory() as folder:
        result = run(None, "--dir", folder, "catalog", "add", "lab", root_file(folder), "http://a/")
        expect(result, 0, err="")
        assert "it will read this when it starts" in result.out, result


# ---------------------------------------------------------------------------- manner

def test_mistakes_in_the_command_line_teach():
    for arguments, text in (
            (["updat", "sr0"], "unknown verb \"updat\"; did you mean \"update\"?"),
            (["frobnicate"], "unknown verb \"frobnicate\""),
            (["audit"], "\"discfw audit\" needs to know what to do"),
            (["show"], "\"discfw show\" needs DRIVE"),
            (["status", "sr0"], "too many operands for \"discfw status\""),
            (["list", "--dry-run"], "\"discfw list\" has no --dry-run"),
            (["--frob"], "unknown or ambiguous option --frob"),
            (["-X"], "unknown option -X"),
            (["update", "--to"], "--to needs an argument"),
            (["--json=yes"], "--json=yes takes no argument"),
            (["update", "--to", "1", "--to", "2"], "--to is said twice"),
            (["history", "--limit", "0"], "--limit is \"0\", wanted a number from 1 to 100000"),
            (["history", "--limit", "9x"], "--limit is \"9x\""),
            (["--color", "mauve"], "wanted auto, always or never")):
        result = run(None, *arguments)
        expect(result, 2, "")
        assert text in result.err, result
        assert "see \"discfw help" in result.err, result


def test_every_verb_explains_itself():
    listing = run(None, "help").out
    verbs = json.loads(run(None, "help", "--json").out)["verbs"]
    assert len(verbs) > 15
    for verb in verbs:
        assert "  " + verb["name"] in listing
        result = run(None, "help", *verb["name"].split())
        expect(result, 0, err="")
        assert result.out.startswith("Usage: discfw " + verb["name"]), result
        expect(run(None, *verb["name"].split(), "--help"), 0, result.out)
    expect(run(None, "--help"), 0, listing)
    assert run(None, "help", "catalog").out.count("Usage:") == 4
    expect(run(None, "help", "frob"), 2)


def test_colours_are_for_terminals_that_want_them():
    answers = {"ListDrives": [reply(drives=[DRIVE])]}

    def shown(*arguments, **env):
        with Daemon(**answers) as daemon:
            terminal = Terminal(daemon, "list", *arguments, **env)
            assert terminal.end() == 0
            return "\x1b[" in terminal.shown
    assert shown()
    assert not shown(NO_COLOR="1")
    assert shown("--color", "always", NO_COLOR="1")
    assert not shown("--color", "never")
    assert not shown(TERM="dumb")
    with Daemon(**answers) as daemon:
        assert "\x1b[" not in run(daemon, "list").out
        assert "\x1b[" in run(daemon, "list", "--color", "always").out


def test_tables_fit_the_terminal_and_are_whole_elsewhere():
    wide = dict(DRIVE, state_text="word " * 60)
    with Daemon(ListDrives=[reply(drives=[wide])]) as daemon:
        terminal = Terminal(daemon, "list", "--color", "never", columns=60)
        assert terminal.end() == 0
        assert max(len(line) for line in terminal.shown.splitlines()) <= 60, terminal.shown
        assert "word " * 59 + "word" in run(daemon, "list").out


def test_ascii_is_kept_where_the_locale_has_no_more():
    with Daemon(ListDrives=[reply(drives=[dict(DRIVE, model="Gr\u00fcn")])]) as daemon:
        assert "Gr\u00fcn" in run(daemon, "list").out
        assert "Gr\\xc3\\xbcn" in run(daemon, "list", LC_ALL="C").out
        assert "Gr\\xc3\\xbcn" in run(daemon, "list", "--ascii").out


def test_long_texts_go_through_the_pager_on_a_terminal_only():
    paged = {"DISCFW_PAGER": "sed s/jansson/PAGED/"}
    with Daemon(Doctor=[reply(findings=[])]) as daemon:
        def shown(*arguments, **env):
            terminal = Terminal(daemon, "doctor", *arguments, **env)
            assert terminal.end() == 0
            return terminal.shown
        assert "PAGED" in shown(**paged)
        assert "PAGED" not in shown("--no-pager", **paged)
        assert "PAGED" not in shown(DISCFW_PAGER="")
        assert "PAGED" not in run(daemon, "doctor", **paged).out
        if os.geteuid() == 0:
            # What a person set for less than root must not run as root.
            assert "PAGED" not in shown(SUDO_UID="1000", **paged)


def test_a_full_disk_under_the_output_is_a_failure():
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = subprocess.run([DISCFW, "help"], stdout=full, stderr=subprocess.PIPE,
                              env=environment(), timeout=30)
    assert done.returncode == 1 and b"cannot write" in done.stderr, done


def test_arguments_that_are_not_utf8_are_refused():
    with Daemon() as daemon:
        done = subprocess.run([DISCFW, "--dir", daemon.dir, "show", b"\xff"], env=environment(),
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=30)
        assert done.returncode == 2 and b"not valid UTF-8" in done.stderr, done


if __name__ == "__main__":
    run_tests([f for name, f in sorted(globals().items()) if name.startswith("test_")])
