# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh
# For system tests and the demo: the real programs over emulated drives and nginx, as TAP.
#
# A test is a script that begins with
#
#         system_limit=60 # seconds, for all of it; 120 if it does not say
#         . "$(dirname "$0")/lib.sh"
#         plan 2
#
# and then asks in sentences:
#
#         check "the drive is listed" says "DVDRW IDE1004" discfw list
#
# It is given a folder of its own, $tmp, which goes at the end with all that was started: processes
# are ended by their id and never by name. Nothing here needs root, and all of it works as root.
#
#   plan N; check NAME COMMAND...; refuse NAME STATUS COMMAND...; skip NAME REASON; skip_all REASON
#   need TOOL...             skips the whole test where a tool is not installed
#   says TEXT COMMAND...     true if the command prints TEXT, whatever its status; see $tmp/said
#   within SECONDS COMMAND...    tries again until it is true
#   start NAME COMMAND...; stop NAME; running NAME; pid_of NAME      output goes to $tmp/NAME.log
#   start_emulator [OPTION...]   drives in $drives, transcripts in $tmp/transcripts/NAME.log
#   emulator COMMAND...          discfw-emulator-ctl
#   start_mirrors            nginx; each folder in $tmp/mirrors is one, at http://127.0.0.1:$port/NAME,
#                            and at 127.0.0.2 and 127.0.0.3, for mirrors that are told apart by host
#   start_daemon             discfwd --standalone, which discfw(1) then talks to (DISCFW_DIR)
#   writes NAME              how many commands went to a drive that could have changed it

LC_ALL=C.UTF-8
DISCFW_SRCDIR=${DISCFW_SRCDIR:-$(cd "$(dirname "$0")/../.." && pwd)}
DISCFW_BUILDDIR=${DISCFW_BUILDDIR:-$DISCFW_SRCDIR/build}
export LC_ALL DISCFW_SRCDIR DISCFW_BUILDDIR

# The whole test is bounded, whatever hangs in it: in a process group of its own, all of which gets
# TERM, so that the trap below cleans up. Ctrl-C would not reach it there, and so is handed on.
if [ "${DISCFW_LIMITED:-}" != $PPID ]; then
	env --default-signal=INT,QUIT timeout -k 20 "${system_limit:-120}" \
		sh -c 'DISCFW_LIMITED=$$; export DISCFW_LIMITED; sh "$@"' sh "$0" "$@" &
	limited=$!
	trap 'kill "$limited"' HUP INT TERM
	wait $limited || status=$?
	trap - HUP INT TERM
	wait $limited 2>/dev/null # where a signal ended the first
	exit "${status:-0}"
fi

PATH=$DISCFW_BUILDDIR:$PATH:/usr/sbin:/sbin
TMPDIR=/tmp # the name of a socket has at most 107 bytes
export PATH TMPDIR
tmp=$(mktemp -d -t discfw.XXXXXX) || exit 99
drives=$tmp/drives
DISCFW_DIR=$tmp/d
export DISCFW_DIR
mkdir "$tmp/processes" "$tmp/mirrors"

system_end() {
	status=$?
	trap - EXIT HUP INT TERM
	for entry in "$tmp"/processes/*; do
		[ ! -f "$entry" ] || stop "${entry##*/}"
	done
	rm -rf "$tmp"
	exit $status
}
trap system_end EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# shellcheck source=tests/words.sh
. "$DISCFW_SRCDIR/tests/words.sh"

# Options of the test come later and so replace these.
start_emulator() {
	start emulator discfw-emulator --models "$DISCFW_SRCDIR/tests/emulator/models" --dir "$drives" \
		--state "$tmp/drive-state" --transcript "$tmp/transcripts" --time-scale 0.01 "$@"
	within 10 grep -q '^ready' "$tmp/emulator.log"
}

# nginx cannot be asked for "any port": guess until one is free.
start_mirrors() {
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		port=$((20000 + $(od -An -N2 -tu2 /dev/urandom) % 12000))
		start_nginx "listen 127.0.0.1:$port; listen 127.0.0.2:$port; listen 127.0.0.3:$port;
		        root $tmp/mirrors;" && return
		stop nginx
	done
	return 1
}

start_daemon() {
	start discfwd discfwd --standalone "$DISCFW_DIR" --emulated "$drives"
	within 10 daemon_answers
}

daemon_answers() { discfw list >/dev/null 2>&1; }
