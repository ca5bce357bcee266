#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# usage: demo-catalog.sh OUTDIR [--settle-ms N] [--set KEY=VALUE]... [--also FILE]...
# Makes a whole catalog of synthetic firmware, for the demo and for tests, in a few seconds:
#
#     OUTDIR/published    to be served: timestamp.json, ..., targets/drive/HEX24/SHA256.NAME
#     OUTDIR/root.json    what a machine that is to trust it pins
#     OUTDIR/images       the images, by the names in tests/data/catalog/*.ini
#     OUTDIR/work         the work folder of discfw-catalog; its passphrase is OUTDIR/passphrase
#
# Entries are as in tests/data/catalog, but that drives need to be left alone for --settle-ms (200)
# after the image is burned, that --set replaces a KEY of all of them, and that --also adds one. The
# drives, revisions and dangers are real ones; notes and most dates are made up like the firmware
# itself, which is why the evidence is "simulated". Programs come from $DISCFW_BUILDDIR, or are those
# installed.
set -eu

die() { echo "demo-catalog.sh: $*" >&2; exit 1; }

set_key() { # KEY VALUE: what stands last counts
        edits="$edits
s/^$1 = .*/$1 = $2/"
}

edits="s/^settle-ms = .*/settle-ms = 200/"
out='' also=''
while [ $# -gt 0 ]; do
        case $1 in
        --settle-ms) [ $# -ge 2 ] || die "--settle-ms needs a number"; set_key settle-ms "$2"; shift ;;
        --set) [ $# -ge 2 ] || die "--set needs KEY=VALUE"; set_key "${2%%=*}" "${2#*=}"; shift ;;
        --also) [ $# -ge 2 ] || die "--also needs a description"; also="$also $2"; shift ;;
        -*) die "no such option: $1" ;;
        *) out=$1 ;;
        esac
        shift
done
[ -n "$out" ] || die "usage: demo-catalog.sh OUTDIR [--settle-ms N] [--set KEY=VALUE]... [--also FILE]..."
[ ! -e "$out" ] || [ -z "$(ls -A "$out")" ] || die "$out is not empty"

data=$(cd "$(dirname "$0")/data/catalog" && pwd)
PATH=${DISCFW_BUILDDIR:+$DISCFW_BUILDDIR:}$PATH
for program in discfw-catalog discfw-make-firmware; do
        command -v $program >/dev/null || die "there is no $program: where is it? set DISCFW_BUILDDIR"
done
catalog() { discfw-catalog -C "$out/work" --passphrase-file "$out/passphrase" "$@"; }

# The value of KEY in a description's [drive], without quotes.
value() { # DESCRIPTION KEY
        sed -n "s/^$2 = \"\{0,1\}\([^\"]*\)\"\{0,1\}\$/\1/p" "$1" | head -n 1
}

# Firmware that is for one of several hardwares under one name carries a mark; emulated drives of
# another hardware take it, and never answer again.
hardware() { # DESCRIPTION
        case ${1##*/} in
        emprex-1016-a.ini) echo "IDE 16X A" ;;
        emprex-1016-b.ini) echo "IDE 16X B" ;;
        esac
}

make_images() { # DESCRIPTION
        mark=$(hardware "$1")
        sed -n 's/^\[image \(.*\)\]$/\1/p; s/^file = //p' "$1" | while read -r version && read -r file; do
                discfw-make-firmware --family "$(value "$1" family)" \
                        --vendor "$(value "$1" vendor)" --product "$(value "$1" product)" \
                        --revision "$version" ${mark:+--variant "$mark"} -o "$out/images/$file"
        done
}

mkdir -p "$out/images" "$out/descriptions"
umask 077
echo "no secret: made by demo-catalog.sh" >"$out/passphrase"
umask 022
catalog init "$out/work" --name demo --root-keys 3 --threshold 2 >"$out/log"
catalog add-maker plextor --paths "drive/504c4558544f5220*/*" >>"$out/log"

for description in "$data"/*.ini $also; do
        make_images "$description"
        name=${description##*/}
        sed "$edits" "$description" >"$out/descriptions/$name"
        case $name in
        plextor-*) set -- --maker plextor ;;
        *) set -- ;;
        esac
        catalog add "$out/descriptions/$name" --images "$out/images" "$@" >>"$out/log"
done

catalog sign >>"$out/log"
catalog publish "$out/published" >>"$out/log"
catalog export-root -o "$out/root.json" >>"$out/log"
