#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The units as systemd runs them: who starts whom, what runs when there is nothing to do, and that a
# flash comes to its end whatever happens to the daemon.
#
# Drives: a BTC on USB.
# limit: 480
# catalog: --settle-ms 2000 --set commit-ms=10000 --set ready-ms=30000
# qemu: -smp 2
. "$(dirname "$0")/../inside/lib.sh"
plan 42

btc="btc-ide1004"
unit=discfwd.service

property() { systemctl show -P "$1" "$2"; } # PROPERTY UNIT
active() { systemctl is-active -q "$1"; }
inactive() { [ "$(property ActiveState "$1")" = inactive ]; }
main_pid() { property MainPID $unit; }
signal_daemon() { # SIGNAL; which is in $pid then
	pid=$(main_pid)
	[ "$pid" -gt 1 ] && kill "-$1" "$pid"
}
another_pid() { [ "$(main_pid)" -gt 1 ] && [ "$(main_pid)" != "$1" ]; } # than this
# The daemon, and all that it has others do; not the emulator, nor a person's discfw.
nothing_runs() {
	for program in discfwd discfw-fetch discfw-verify discfw-probe discfw-flash; do
		! pgrep -l -x $program || return
	done
}
rest() { within 60 nothing_runs >/dev/null; }
lists() { discfw list --json | jq -e ".drives[] | select(.attached) | $1"; } # CONDITION, as jq has it
sees_drive() { lists ".node == \"$(node_of $btc)\""; }
n_refreshed() { events catalog.refreshed length; }
# Those of a job, all of them: "verified".
outcomes_of() { events flash.outcome "map(select(.job == $1).outcome) | join(\" \")"; }
outcome_is() { outcome=$(outcomes_of "$1") && echo "$outcome" && [ "$outcome" = "$2" ]; }
last_job() { events flash.intent 'map(.job) | max'; }
burns() { grep -c '^[0-9]* 3b07' "$transcripts/$btc.log"; }

flashes() { flash=$(flash_unit) && [ -n "$flash" ]; }
does_not_flash() { ! flashes; }
inhibits() { says 'discfwd.*shutdown:sleep' systemd-inhibit --list --no-pager; }

# An order whose writing lasts until the drive is let go: each piece takes a second.
slow_update() { # VERSION
	faults "$btc write-buffer every stall 50"
	start update discfw update "$(block_of $btc)" --to "$1" --yes
	within 60 flashes
	pid=$(property MainPID "$flash")
}
let_go() { faults; }

# Each of them comes to a process that waits for the drive, and ends its waiting.
stop_and_go() {
	for _ in 1 2 3; do
		kill -STOP "$helper" && sleep 0.4 && kill -CONT "$helper" && sleep 0.4 || return
	done
}
freeze_and_thaw() {
	for _ in 1 2; do
		systemctl freeze "$flash" && sleep 0.4 && systemctl thaw "$flash" && sleep 0.4 || return
	done
}

# The units as they are delivered, but that nobody here has a minute.
impatient() {
	mkdir -p /run/systemd/system/$unit.d /run/systemd/system/discfw-refresh.timer.d
	cat >/run/systemd/system/$unit.d/impatient.conf <<-END
		[Unit]
		StartLimitBurst=100
		[Service]
		ExecStart=
		$(sed -n '/^ExecStart=/s/--idle-exit 60/--idle-exit 2/p' /lib/systemd/system/$unit)
		WatchdogSec=8
	END
	cat >/run/systemd/system/discfw-refresh.timer.d/impatient.conf <<-END
		[Timer]
		OnCalendar=
		OnActiveSec=1
		RandomizedDelaySec=0
		AccuracySec=100ms
	END
	systemctl daemon-reload
	systemctl stop $unit 2>/dev/null # it says that the socket is still there
}

# Who starts it

impatient
check "nothing of ours runs on a machine without drives" nothing_runs
check "the first who asks is answered" discfw list
check "it was started for that" says Started journalctl -b -o cat -u $unit
check "and ends when there is nothing to do" within 60 nothing_runs
check "well" [ "$(property Result $unit)" = success ]

start_drives usb $btc
check "a drive that is plugged in starts it" within 20 active $unit
rest
check "the drive is listed" within 20 sees_drive
serve_catalog >$tmp/refresh.log
check "a catalog is fetched" [ "$(n_refreshed)" -eq 1 ]
rest
systemctl restart discfw-refresh.timer
check "the timer starts it" within 60 active $unit
within 60 inactive discfw-refresh.service
check "and it refreshes" [ "$(n_refreshed)" -eq 2 ]
check "as nobody who could do more" [ "$(property Result discfw-refresh.service)" = success ]
emulator unplug $btc
rest
emulator plug $btc
check "a drive that comes back starts it again" within 30 active $unit
check "and is listed, whatever its node is now" within 30 sees_drive

# Who looks after it

start monitor discfw monitor # keeps it busy
within 30 active $unit
signal_daemon STOP
check "one that hangs is killed, and another one runs" within 60 another_pid "$pid"
sed -i /WatchdogSec/d /run/systemd/system/$unit.d/impatient.conf
systemctl daemon-reload
check "it was the watchdog" says 'Watchdog timeout' journalctl -b -o cat -u $unit
signal_daemon KILL
check "one that was killed is started again" within 60 another_pid "$pid"
check "and answers" within 30 sees_drive
stop monitor

# A flash, and what happens to the daemon meanwhile

slow_update 0045
check "a flash is a service of its own" active "$flash"
check "in a cgroup of its own" grep 'discfw-flash@' "/proc/$pid/cgroup"
check "which the kernel spares when memory ends" grep -qx -e -1000 "/proc/$pid/oom_score_adj"
check "the machine may not sleep nor shut down" inhibits
refuse "to stop it is refused" 4 systemctl stop "$flash"
helper=$pid daemon=$(main_pid)
systemctl restart $unit
check "another daemon runs" another_pid "$daemon"
check "and the flash goes on" active "$flash"
signal_daemon KILL
check "it goes on when the daemon is killed" active "$flash"
package=$(find $DISCFW_SRCDIR/build/packages -name 'discfwd_*.deb' 2>/dev/null)
if [ -n "$package" ]; then
	check "the package is upgraded" dpkg -i "$package"
	check "and the flash goes on" active "$flash"
else
	skip "the package is upgraded" "there is none in build/packages"
	skip "and the flash goes on" "there is no package"
fi
systemctl stop discfwd.socket $unit
check "it goes on when there is no daemon" active "$flash"
check "and keeps the machine awake by itself" inhibits
check "its process can be stopped" stop_and_go
check "and frozen" freeze_and_thaw
check "all that time it was the same process" [ "$(property MainPID "$flash")" = "$helper" ]
systemctl start discfwd.socket
stop update
let_go
check "it ends when the drive is done" within 90 inactive "$flash"
check "the outcome is recorded once" within 60 outcome_is 1 verified
check "the drive runs it" lists '.revision == "0045"'
check "and was burned once" [ "$(burns)" -eq 1 ]
# 256 pieces, the header, and the order to burn.
check "no command was sent again" [ "$(write_buffers $btc)" -eq 258 ]

# A flash whose helper dies

slow_update 0051
kill -KILL "$pid"
let_go
check "if the helper is killed, how it ended is unknown" within 60 outcome_is "$(last_job)" unknown
check "nobody writes again" does_not_flash
refuse "the drive is locked" 7 discfw update "$(block_of $btc)" --yes
# It may still be storing what it was sent: for as long as the entry says.
check "until somebody has looked at it" within 120 discfw resolve "$(block_of $btc)"
check "then nothing runs" within 60 nothing_runs
