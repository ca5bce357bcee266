#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A verb has several faces: help, manual, completion. The program's own table is the truth."""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
SOURCE = os.environ.get("DISCFW_SRCDIR", ".")
DISCFW = os.path.join(os.environ.get("DISCFW_BUILDDIR", "."), "discfw")
BASH = SOURCE + "/packaging/completions/bash/discfw"


def table():
    text = subprocess.run([DISCFW, "help", "--json"], stdout=subprocess.PIPE, check=True).stdout
    return json.loads(text)


def operand_of_mdoc(line):
    """".Op Ar version" is [VERSION], ".Ar drive ..." is DRIVE..."""
    optional = line.startswith(".Op")
    words = line.split()[2 if optional else 1:]
    text = words[0] + ("..." if words[1:] == ["..."] else "")
    text = text.replace("root.json", "ROOT.json")
    text = text if "ROOT" in text else text.upper()
    return f"[{text}]" if optional else text


def synopses_of_manual(text):
    section = text.split(".Sh SYNOPSIS\n")[1].split(".Sh ")[0]
    for part in section.split(".Nm\n")[1:]:
        lines = part.splitlines()
        verb = lines[1].removeprefix(".Cm ")
        yield (verb, " ".join(operand_of_mdoc(line) for line in lines[2:]))


def compare(wanted, found, where):
    for item in wanted:
        if item not in found:
            yield f"{where} lacks {item}"
    for item in found:
        if item not in wanted:
            yield f"{where} has {item}, which the program has not"


def check_synopsis(faces, manual):
    return compare([(v["name"], v["operands"]) for v in faces["verbs"]],
                   list(synopses_of_manual(manual)), "SYNOPSIS of discfw.1")


def check_options_of_manual(faces, manual):
    """Each verb's own options are in its heading, and each option has its paragraph."""
    for verb in faces["verbs"]:
        heading = re.search(r"^\.It Cm " + verb["name"] + r"( .*)?$", manual, re.M)
        if not heading:
            yield f"discfw.1 does not describe {verb['name']}"
            continue
        yield from compare([o["name"] for o in verb["options"]],
                           re.findall(r"Fl Fl ([a-z-]+)", heading[0]),
                           f"\"{verb['name']}\" in discfw.1")
    section = manual.split(".Sh OPTIONS\n")[1].split(".Sh ")[0]
    described = re.findall(r"^\.It (?:Fl ([a-zA-Z]) , )?Fl Fl ([a-z-]+)( Ar)?", section, re.M)
    everything = {o["name"]: o for part in [faces] + faces["verbs"] for o in part["options"]}
    yield from compare([(o.get("letter", ""), n, bool(o.get("argument")))
                        for n, o in everything.items()],
                       [(letter, name, bool(ar)) for letter, name, ar in described],
                       "OPTIONS of discfw.1")


def complete(*words, path=None):
    """What bash offers for these words, the last of which is being typed."""
    script = ("source \"$1\"; shift; COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); _discfw; "
              "printf '%s\\n' \"${COMPREPLY[@]}\"")
    env = dict(os.environ, PATH=(path or os.path.dirname(DISCFW)) + ":" + os.environ["PATH"])
    out = subprocess.run(["bash", "--norc", "-c", script, "bash", BASH, "discfw", *words],
                         stdout=subprocess.PIPE, check=True, env=env).stdout.decode()
    return [word for word in out.splitlines() if word]


def check_completion(faces):
    names = [v["name"].split() for v in faces["verbs"]]
    firsts = list(dict.fromkeys(n[0] for n in names))
    yield from compare(firsts, complete(""), "completion")
    for first in firsts:
        seconds = [n[1] for n in names if n[0] == first and len(n) > 1]
        if seconds:
            yield from compare(seconds, complete(first, ""), f"completion of {first}")
    common = ["--" + o["name"] for o in faces["options"]]
    for verb in faces["verbs"]:
        yield from compare(common + ["--" + o["name"] for o in verb["options"]],
                           complete(*verb["name"].split(), "--"),
                           f"completion of {verb['name']}")


def check_columns(faces, manual):
    """The columns that a wrong one is told of are those of help, manual and completion."""
    for verb in ("list", "history"):
        said = subprocess.run([DISCFW, verb, "-o", "NONE"], stderr=subprocess.PIPE).stderr.decode()
        columns = re.search(r"there are ([A-Z0-9,]+)", said)[1].split(",")
        help_text = subprocess.run([DISCFW, "help", verb], stdout=subprocess.PIPE).stdout.decode()
        heading = manual.split(f".It Cm {verb}")[1].split(".It ")[0]
        help_text = help_text.split("Columns")[1].split("\nOptions")[0]
        for where, text in (("help", help_text), ("discfw.1", heading)):
            yield from compare(columns, re.findall(r"\b[A-Z][A-Z0-9]+\b", text), f"{where} of {verb}")
        if shutil.which("bash"):
            yield from compare(columns, complete(verb, "-o", ""), f"completion of {verb} -o")


def fake_discfw(folder, output):
    with open(folder + "/discfw", "w", encoding="utf-8") as f:
        f.write("#!/bin/sh\necho \"$@\" >>" + folder + "/asked\ncat <<'END'\n" + output + "\nEND\n")
    os.chmod(folder + "/discfw", 0o755)


def check_what_completion_asks():
    with tempfile.TemporaryDirectory() as folder:
        fake_discfw(folder, "DRIVE\nsr0\nsr1\nsg$(touch " + folder + "/run)")
        offered = complete("--dir", "/x", "update", "sr0", "s", path=folder)
        if offered[:2] != ["sr0", "sr1"] or len(offered) != 3:
            yield f"drives are not completed: {offered}"
        if os.path.exists(folder + "/run"):
            yield "completion runs what a drive says"
        with open(folder + "/asked", encoding="utf-8") as f:
            if f.read() != "--dir /x list --all -o DRIVE\n":
                yield "completion asks the wrong daemon"
        fake_discfw(folder, '{"versions":[{"version":"0050"},{"version":"0051"},{"version":"1"}]}')
        offered = complete("why", "sr0", "005", path=folder)
        if offered != ["0050", "0051"]:
            yield f"versions are not completed: {offered}"


def main():
    faces = table()
    with open(SOURCE + "/cli/discfw.1", encoding="utf-8") as f:
        manual = f.read()
    results = [
        ("SYNOPSIS of the manual has the verbs", check_synopsis(faces, manual)),
        ("options are in the manual, with their verbs", check_options_of_manual(faces, manual)),
        ("columns are the same everywhere", check_columns(faces, manual)),
        ("what is planted in the manual is found", [] if list(check_synopsis(
            faces, manual.replace(".Cm hold\n", ".Cm hald\n"))) and list(check_options_of_manual(
                faces, manual.replace("Fl Fl dry-run", "Fl Fl dry-sun")))
            else ["planted mistakes were not found"]),
    ]
    if shutil.which("bash"):
        results += [
            ("bash completes verbs and options", check_completion(faces)),
            ("bash completes drives and versions, and runs nothing of them",
             check_what_completion_asks()),
        ]
    print(f"1..{len(results)}")
    for i, (name, found) in enumerate(results, 1):
        found = list(found)
        for line in found:
            print("# " + line)
        print(f"{'not ' if found else ''}ok {i} - {name}", flush=True)


main()
