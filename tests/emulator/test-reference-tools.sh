#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Other people's flashers, written for real drives, against emulated ones: btcflash (dvd+rw-tools)
# and pxfw, as Debian has them. They prove the order of bytes on the wire, no checks: neither has any
# that would stop a wrong image.
set -eu

build=${DISCFW_BUILDDIR:?} source=${DISCFW_SRCDIR:?}
dir=$(mktemp -d) n=0

cleanup() {
        [ -z "${emulator:-}" ] || { kill "$emulator" && wait "$emulator" || :; }
        rm -rf "$dir"
}
trap cleanup EXIT

ok() {
        n=$((n + 1))
        echo "ok $n - $1"
}
not_ok() {
        n=$((n + 1))
        echo "not ok $n - $1"
        sed 's/^/# /' "$dir/out"
}

echo 1..4
for tool in btcflash pxfw; do
        PATH=$PATH:/usr/sbin command -v $tool >"$dir/$tool" || :
done

mkfifo "$dir/ready"
"$build/discfw-emulator" --models "$source/tests/emulator/models" --dir "$dir" \
        --time-scale 0.01 >"$dir/ready" &
emulator=$!
read -r _ <"$dir/ready"

# The kernel that finds a drive hears that it was switched on. Here btcflash would be the first to
# ask, and give up: hence "settle".
through() { # DRIVE COMMAND...
        drive=$1
        shift
        "$build/discfw-emulator-ctl" "$dir" settle "$drive"
        EMULATED_DRIVE=$dir/$drive.sock LD_PRELOAD=$build/tests/emulator/sg-shim.so \
                timeout 20 "$@" >"$dir/out" 2>&1 </dev/stdin
}

shows() { # DRIVE CONDITION REVISION
        "$build/discfw-emulator-ctl" "$dir" list | grep -q "^$1 $2 .* \"$3\" "
}

flashed() { # TOOL DRIVE CONDITION REVISION SENTENCE COMMAND...
        tool=$1 drive=$2 condition=$3 revision=$4 sentence=$5
        shift 5
        if [ ! -s "$dir/$tool" ]; then
                n=$((n + 1))
                echo "ok $n - $sentence # SKIP $tool is not installed"
                return
        fi
        echo YES | through "$drive" "$(cat "$dir/$tool")" "$@" || :
        if shows "$drive" "$condition" "$revision"; then ok "$sentence"; else not_ok "$sentence"; fi
}

"$build/discfw-make-firmware" --family btc --product "DVDRW IDE1004" --revision 0045 -o "$dir/0045"
"$build/discfw-make-firmware" --family btc --product "DVDRW IDE 16X" --revision A187 -o "$dir/A187"
"$build/discfw-make-firmware" --family plextor --vendor PLEXTOR --product "DVDR   PX-716A" \
        --revision 1.09 -o "$dir/1.09"
"$build/discfw-make-firmware" --family plextor --vendor PLEXTOR --product "CD-R   PX-W5224A" \
        --revision 1.04 -o "$dir/1.04"

flashed btcflash btc-ide1004 normal 0045 "btcflash updates an IDE1004" \
        /dev/emulated "$dir/0045"
flashed btcflash emprex-1016-a bricked A087 "btcflash ruins an Emprex 1016 of the other variant" \
        /dev/emulated "$dir/A187"
flashed pxfw plextor-px716a normal 1.09 "pxfw updates a PX-716A in blocks of 4 KiB" \
        -d /dev/emulated -u -if "$dir/1.09"
flashed pxfw plextor-w5224a normal 1.04 "pxfw updates a PX-W5224A in blocks of 16 KiB" \
        -d /dev/emulated -u -if "$dir/1.04"
