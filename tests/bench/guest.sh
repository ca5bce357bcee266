#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# usage: guest.sh [packages | build]
#
# The part of "./dev bench" that needs a kernel with drives: boots a guest for the suite "bench", with
# a disk for what discfwd and discfw-flash have to keep, since waiting for it is part of a flash. What is
# installed there is build/packages, or this tree ("build", see tests/guest/image.sh).
set -eu
here=$(cd "$(dirname "$0")/../guest" && pwd)
share=$here/../../build-guest/bench
image=$(sh "$here/image.sh" "${1:-packages}")
rm -rf "$share"
mkdir -p "$share"
echo 'exec sh /run/source/tests/guest/suites/bench.sh' >"$share/run"
sh "$here/boot.sh" --image "$image" --disk "$share/disk" --limit 1500 "$share" ||
	tail -n 40 "$share/output" "$share/journal" >&2
rm -f "$share/disk"
[ ! -e "$share/table" ] || cat "$share/table"
