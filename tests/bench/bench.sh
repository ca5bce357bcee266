#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# "./dev bench": measured beside Debian's fwupd, and beside curl, in one run on one machine, so that
# what counts is the ratio. We serve twelve emulated drives; fwupd sees what this machine has, which in
# a container or guest is next to nothing. Root: fwupd needs a system bus, and is given one of its own,
# in a mount namespace where /run/dbus, /var/lib/fwupd and /var/cache/fwupd are empty.
system_limit=600
if [ "${1:-}" != in-namespace ]; then
	[ "$(id -u)" -eq 0 ] || { echo "bench: needs root, for a system bus that is not this machine's" >&2 && exit 1; }
	exec unshare --mount --propagation private sh "$0" in-namespace
fi
. "$(dirname "$0")/../system/lib.sh"
. "$DISCFW_SRCDIR/tests/bench/rows.sh"
cd "$DISCFW_SRCDIR" || exit 99
runs=15
measure=$tmp/measure
fwupd=/usr/libexec/fwupd/fwupd

cc -std=gnu11 -O2 -o "$measure" tests/bench/measure.c || exit 1

field() { echo "$1" | cut -d ' ' -f "$2"; }

# pss PID...: proportional set size in KiB
pss() {
	for process; do cat "/proc/$process/smaps_rollup"; done | awk '/^Pss:/ { n += $2 } END { print n }'
}

# Ours: the supervisor, the daemon, and what still runs for them. Not the emulator, whose folder has a
# name that begins alike.
our_processes() {
	for entry in /proc/[0-9]*; do
		case $(tr '\0' ' ' <"$entry/cmdline") in
		discfw*"$DISCFW_DIR"[/\ ]*) echo "${entry#/proc/}" ;;
		esac
	done 2>/dev/null
}

libraries() { ldd "$1" | wc -l; }

# Without activation, so that what is measured is what was started here.
private_bus() {
	for folder in /run/dbus /var/lib/fwupd /var/cache/fwupd; do
		mkdir -p $folder && mount -t tmpfs tmpfs $folder || return
	done
	cat >"$tmp/bus.conf" <<-END
		<busconfig>
		  <type>system</type>
		  <listen>unix:path=/run/dbus/system_bus_socket</listen>
		  <auth>EXTERNAL</auth>
		  <policy context="default">
		    <allow send_destination="*"/> <allow receive_sender="*"/> <allow own="*"/>
		  </policy>
		</busconfig>
	END
	start bus dbus-daemon --config-file="$tmp/bus.conf" --nofork --nopidfile --nosyslog
	within 10 [ -S /run/dbus/system_bus_socket ]
}

ask_fwupd='dbus-send --system --print-reply --dest=org.freedesktop.fwupd / org.freedesktop.fwupd.GetDevices'

their_start='' their_list='' their_idle=''
measure_fwupd() {
	if ! private_bus; then
		echo "fwupd is not measured, there is no bus for it:" && cat "$tmp/bus.log"
		return
	fi
	# One run first: it makes its caches, and a machine that uses it has them.
	their_start=$("$measure" 1 --until "$ask_fwupd" $fwupd && "$measure" $runs --until "$ask_fwupd" $fwupd) ||
		return
	their_start=${their_start##*
}
	start fwupd $fwupd
	within 20 sh -c "$ask_fwupd" >/dev/null 2>&1 || return
	their_list=$("$measure" $runs fwupdmgr get-devices --json)
	sleep 2
	their_idle=$(pss "$(pid_of fwupd)")
	stop fwupd
}

our_start='' our_handed='' our_list='' our_idle='' our_daemon=''
measure_ours() {
	start_emulator --time-scale 0.01 || return
	"$measure" 1 --until 'discfw list' discfwd --standalone "$DISCFW_DIR" --emulated "$drives" >/dev/null
	our_start=$("$measure" $runs --until 'discfw list' discfwd --standalone "$DISCFW_DIR" \
		--emulated "$drives") || return
	# As systemd starts it: with its socket, and no supervisor. There are no helpers, and so no scan
	# meanwhile; the answer is from the store, as always.
	our_handed=$("$measure" $runs --until "discfw --socket '$DISCFW_DIR/run/handed' list" \
		--listen "$DISCFW_DIR/run/handed" discfwd --run "$DISCFW_DIR/run" \
		--state "$DISCFW_DIR/state" --config "$DISCFW_DIR/etc") || return
	start_daemon || return
	sleep 2
	our_list=$("$measure" $runs discfw --json list)
	# shellcheck disable=SC2046 # process ids
	our_idle=$(pss $(our_processes))
	# shellcheck disable=SC2046
	our_daemon=$(pss $(our_processes | grep -vx "$(pid_of discfwd)"))
}

# Images of 4 MiB that no drive would take; what is measured ends before one is asked.
n_images=7
make_images() {
	mkdir "$tmp/images"
	{
		cat <<-END
			[drive]
			family = plextor
			vendor = "LITE-ON"
			product = "LTR-52327S"
			piece = 4096
			command-ms = 10000
			commit-ms = 10000
			settle-ms = 10
			ready-ms = 1000
			transports = emulated
			evidence = simulated
		END
		for i in $(seq $n_images); do
			head -c 4194304 /dev/urandom >"$tmp/images/$i"
			printf '\n[image T%03d]\nfile = %d\nupgrade = QS0C\n' "$i" "$i"
		done
	} >"$tmp/big.ini"
	echo "no secret" >"$tmp/pass"
	set -- discfw-catalog -C "$tmp/work" --passphrase-file "$tmp/pass"
	discfw-catalog --passphrase-file "$tmp/pass" init "$tmp/work" --name bench &&
		"$@" add "$tmp/big.ini" --images "$tmp/images" && "$@" sign &&
		"$@" publish "$tmp/mirrors/bench" && "$@" export-root -o "$tmp/root.json"
}

our_fetch='' their_fetch=''
measure_fetch() {
	start_mirrors && make_images >"$tmp/images.log" 2>&1 || { cat "$tmp/images.log"; return; }
	discfw catalog add bench "$tmp/root.json" "http://127.0.0.1:$port/bench" >/dev/null &&
		discfw --quiet refresh >/dev/null || return
	# One after the other, so that both see the same disk.
	for i in $(seq $n_images); do
		python3 tests/bench/fetched.py update liteon-52327s --yes --to "$(printf 'T%03d' "$i")" \
			>>"$tmp/ours" || return
		curl_one "$i" >>"$tmp/theirs" || return
	done
	our_fetch=$(middle <"$tmp/ours")
	their_fetch=$(middle <"$tmp/theirs")
}

# What a person would do by hand. Only this file is waited for, not all that the machine has to write.
curl_one() {
	hash=$(sha256sum <"$tmp/images/$1" | cut -d ' ' -f 1)
	image=$(find "$tmp/mirrors/bench/targets" -name "$hash.*")
	echo "$hash  $tmp/got" >"$tmp/sum"
	rm -f "$tmp/got"
	"$measure" 1 sh -c "curl -sSf -o '$tmp/got' 'http://127.0.0.1:$port${image#"$tmp/mirrors"}' &&
		sha256sum -c '$tmp/sum' && sync '$tmp/got'"
}

measure_fwupd
measure_ours
measure_fetch

echo "discfwd $(discfw --version | sed -n '1s/.* //p') beside fwupd $(dpkg-query -W -f '${Version}' fwupd)," \
	"medians of $runs runs, load $(cut -d ' ' -f 1 /proc/loadavg) on $(nproc) processors"
head_row "" ours theirs
row "start to first answer, as systemd starts it" "$(field "$our_handed" 1)" "$(field "$their_start" 1)" \
	ms "5 times faster"
row "  processor time, until ended" "$(field "$our_handed" 2)" "$(field "$their_start" 2)" ms ""
row "  peak memory" "$(field "$our_handed" 3)" "$(field "$their_start" 3)" KiB ""
row "the same standalone, with a scan" "$(field "$our_start" 1)" "$(field "$their_start" 1)" ms ""
row "  processor time, until ended" "$(field "$our_start" 2)" "$(field "$their_start" 2)" ms ""
row "discfw list, fwupdmgr get-devices" "$(field "$our_list" 1)" "$(field "$their_list" 1)" ms \
	"5 times faster"
row "  processor time" "$(field "$our_list" 2)" "$(field "$their_list" 2)" ms ""
row "  peak memory" "$(field "$our_list" 3)" "$(field "$their_list" 3)" KiB ""
row "idle, proportional set size" "$our_daemon" "$their_idle" KiB "5 times smaller"
row "  and with the standalone supervisor" "$our_idle" "$their_idle" KiB ""
row "libraries of the daemon (ldd)" "$(libraries "$(command -v discfwd)")" \
	"$([ ! -x $fwupd ] || libraries $fwupd)" "" ""
row "libraries of the client (ldd)" "$(libraries "$(command -v discfw)")" \
	"$([ ! -x /usr/bin/fwupdmgr ] || libraries /usr/bin/fwupdmgr)" "" ""
row "4 MiB fetched, verified, durable / curl" "$our_fetch" "$their_fetch" ms "at most 2 times"

echo
sh tests/bench/exposure.sh
