#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""usage: fetched.py DISCFW-ARGUMENT...

Runs "discfw --json update ..." and prints the milliseconds from the program's start until the image
is downloaded, verified and durable in the store, which is when the next phase begins. What becomes
of the flash after that is not looked at.
"""
import json
import subprocess
import sys
import time

begun = time.monotonic()
with subprocess.Popen(["discfw", "--json", *sys.argv[1:]], stdout=subprocess.PIPE,
                      stderr=subprocess.DEVNULL) as discfw:
    seen, took = False, None
    for line in discfw.stdout:
        progress = json.loads(line).get("progress") or {}
        seen = seen or progress.get("phase") == "fetching"
        if seen and took is None and progress.get("phase") in ("checking", "writing"):
            took = (time.monotonic() - begun) * 1000
if took is None:
    sys.exit("fetched.py: nothing was fetched")
print(f"{took:.2f}")
