# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh
# What a suite says about itself in its first lines (tests/guest/inside/lib.sh tells which), and what is
# made for it on this side. Who includes this has said where the tree is: $top.
: "${top:?}"

field() { sed -n "s/^# $1: *//p" "$2"; } # NAME SUITE-FILE

# Here, since signing one catalog takes 16 s where every instruction is emulated. Drives are on USB or
# on the target core there, whatever an entry says.
make_suite_catalog() { # SUITE-FILE SHARE
	options=$(field catalog "$1")
	[ -n "$options" ] || return 0
	folder=$2/catalog
	eval "set -- $options"
	(cd "$top" && sh tests/demo-catalog.sh "$folder" --set "transports=ata usb virtual" "$@") \
		>"$folder.log" 2>&1 || { cat "$folder.log" >&2 && return 1; }
}
