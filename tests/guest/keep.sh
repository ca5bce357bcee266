#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# usage: keep.sh start NAME [OPTION-OF-boot.sh]... [QEMU-ARGUMENT]...
#        keep.sh run NAME COMMAND
#        keep.sh suite NAME SUITE
#        keep.sh stop NAME
#
# A guest that stays, for whoever writes a suite: "keep.sh suite x usb-flash". It has the packages in
# build/packages, or the image that --image names; what is installed meanwhile lies in
# /run/source/build/packages. NAME is a folder below build-guest/kept, which the guest has as /run/share.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
top=${here%/tests/guest}
action=${1:?start, run, suite or stop} name=${2:?which guest}
share=$top/build-guest/kept/$name
DISCFW_BUILDDIR=${DISCFW_BUILDDIR:-$top/build}
export DISCFW_BUILDDIR
# shellcheck source=tests/guest/suite.sh
. "$here/suite.sh"
shift 2

waiting() { [ -e "$share/qemu.pid" ] && kill -0 "$(cat "$share/qemu.pid")" 2>/dev/null; }

case $action in
start)
	! waiting || { echo "keep.sh: $name runs already" >&2 && exit 1; }
	rm -rf "$share"
	mkdir -p "$share"
	case " $* " in *" --image "*) ;; *) set -- --image "$(sh "$here/image.sh")" "$@" ;; esac
	# Options of boot.sh come before the share, arguments of QEMU after it.
	n=0
	for argument; do
		case $argument in --*) n=$((n + 2)) ;; esac
	done
	options='' i=0
	for argument; do
		i=$((i + 1))
		[ $i -gt $n ] || options="$options $argument"
	done
	shift $n
	cat >"$share/run" <<'END'
cd /run/share
until [ -e stop ]; do
	for command in *.command; do
		[ -e "$command" ] || continue
		name=${command%.command}
		mv "$command" "$name.now"
		sh "$name.now" >"$name.said" 2>&1 </dev/null
		echo $? >"$name.new"
		mv "$name.new" "$name.status"
	done
	sleep 0.2
done
END
	# shellcheck disable=SC2086 # options without blanks
	setsid sh "$here/boot.sh" --limit 0 $options "$share" "$@" >"$share/boot.log" 2>&1 </dev/null &
	;;
run)
	waiting || { echo "keep.sh: $name does not run; see $share/boot.log" >&2 && exit 1; }
	number=$(date +%s%N)
	echo "$1" >"$share/$number.new"
	mv "$share/$number.new" "$share/$number.command"
	until [ -e "$share/$number.status" ]; do
		waiting || { echo "keep.sh: $name ended" >&2 && exit 1; }
		sleep 0.1
	done
	cat "$share/$number.said"
	exit "$(cat "$share/$number.status")"
	;;
suite)
	rm -rf "$share/catalog"
	make_suite_catalog "$here/suites/$1.sh" "$share"
	exec sh "$0" run "$name" "sh /run/source/tests/guest/suites/$1.sh"
	;;
stop)
	: >"$share/stop"
	patience=60
	while waiting && [ $patience -gt 0 ]; do
		sleep 0.5
		patience=$((patience - 1))
	done
	! waiting || kill -9 "$(cat "$share/qemu.pid")"
	;;
*) echo "keep.sh: start, run, suite or stop" >&2 && exit 2 ;;
esac
