#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# While firmware is written the machine neither sleeps nor shuts down for users: logind's inhibitor,
# which the rule for polkit lets discfwd take, and which goes on to the flash helper. What signals and
# "systemctl stop" do to that helper. No flash where nothing inhibits. (That root's shutdown waits is
# in tests/guest/outside/root-shutdown.sh.)
#
# Drives: a BTC on TCMU.
# catalog: --settle-ms 1000
. "$(dirname "$0")/../inside/lib.sh"
plan 31

btc="btc-ide1004"
login1=org.freedesktop.login1

# The test's own rule: a user who may do all this when nothing is in the way, as one at the seat may.
make_user() {
	useradd --create-home discfw-tester
	cat >/etc/polkit-1/rules.d/10-discfw-test.rules <<-'END'
		polkit.addRule(function(action, subject) {
		        if (subject.user == "discfw-tester" &&
		            ["org.freedesktop.login1.power-off", "org.freedesktop.login1.reboot",
		             "org.freedesktop.login1.suspend"].indexOf(action.id) >= 0)
		                return polkit.Result.YES;
		});
	END
	systemctl restart polkit.service
}
as_user() { runuser -u discfw-tester -- "$@"; }
logind() { # WHO METHOD [ARGUMENT...]
	who=$1 method=$2
	shift 2
	$who busctl call $login1 /org/freedesktop/login1 $login1.Manager "$method" "$@"
}
user_can() { says 's "yes"' logind as_user "$1"; }
user_cannot() { ! user_can "$1"; }

inhibitors() { busctl --json=short call $login1 /org/freedesktop/login1 $login1.Manager ListInhibitors; }
ours() {
	inhibitors | jq -e '.data[0] | map(select(.[1] == "discfwd" and .[3] == "block")) |
		length == 1 and (.[0][0] / ":" | contains(["sleep", "shutdown", "idle"])) and
		.[0][4] == '"$(id -u discfwd)"
}
none() { inhibitors | jq -e '.data[0] | map(select(.[1] == "discfwd")) == []'; }
helper_pid() { systemctl show -P MainPID "$(flash_unit)"; }
holds_it() { find "/proc/$(helper_pid)/fd" -lname '/run/systemd/inhibit/*.ref' | grep .; }
lives() { [ "$(helper_pid)" = "$flashing" ]; }
all_ended() { # N OUTCOME: so many are on record, and the newest is this one
	[ "$(outcomes)" -eq "$1" ] && ended "$2"
}
# Each piece takes a second, until the drive is let go.
begin() { # VERSION
	before=$(writes $btc)
	faults "$btc write-buffer every stall 50"
	start update discfw update "$(block_of $btc)" --to "$1" --yes
	within 30 begun
}
begun() { [ "$(writes $btc)" -gt "$before" ]; }
refused() { # TEXT COMMAND...: it fails, and says so
	text=$1
	shift
	"$@" >$tmp/said 2>&1 && return 1
	cat $tmp/said
	grep -q "$text" $tmp/said
}

make_user
start_drives tcmu $btc || echo "# there is no drive"
serve_catalog >$tmp/refresh.log

check "nothing inhibits" none
check "a user may switch the machine off" user_can CanPowerOff
check "a user may send it to sleep" user_can CanSuspend

check "a flash begins" begin 0045
flashing=$(helper_pid)
check "logind lists an inhibitor of discfwd's against sleep, shutdown and idleness" ours
check "systemd-inhibit tells people why" says 'firmware of an optical drive' \
	systemd-inhibit --list --no-pager --no-legend
check "the flash helper holds it" holds_it
check "the user may not switch the machine off any more" user_cannot CanPowerOff
check "nor restart it" user_cannot CanReboot
check "nor send it to sleep" user_cannot CanSuspend
check "PowerOff is refused to the user" refused . logind as_user PowerOff b false
check "Reboot is refused to the user" refused . logind as_user Reboot b false
check "Suspend is refused to the user" refused . logind as_user Suspend b false
check "systemctl poweroff names who is in the way" \
	refused 'discfwd' as_user systemctl --check-inhibitors=yes poweroff
check "systemctl suspend does, too" refused 'discfwd' as_user systemctl --check-inhibitors=yes suspend
check "and to ignore it is refused" \
	refused . as_user systemctl --no-ask-password --check-inhibitors=no poweroff
check "systemctl stop of the helper is refused" refused 'refused' systemctl stop "$(flash_unit)"
check "SIGTERM does not end it" kill -TERM "$flashing"
check "discfwd is killed" systemctl kill --signal=KILL --kill-whom=main discfwd.service
sleep 1
check "the helper lives" lives
check "the inhibitor holds without discfwd" ours
check "still the user cannot switch the machine off" user_cannot CanPowerOff
faults # none: the drive is let go
check "the flash ends" within 60 none
check "with one outcome: verified" within 30 all_ended 1 verified
check "the user may switch the machine off again" user_can CanPowerOff

# Without polkit logind gives nobody but root an inhibitor.
stop update
systemctl mask --now polkit.service >/dev/null 2>&1
before=$(writes $btc)
check "without polkit a flash is refused, and why is said" \
	refused 'nothing keeps the machine from sleep' discfw rollback "$(block_of $btc)" --to 0043 --yes
check "how to mend it is said" grep -i 'polkit\|logind' $tmp/said
nothing_written() { [ "$(writes $btc)" -eq "$before" ]; }
check "nothing was written" nothing_written
systemctl unmask polkit.service >/dev/null 2>&1
check "with polkit again the flash is done" \
	says 'verified' discfw rollback "$(block_of $btc)" --to 0043 --yes
check "refused and verified are on record, too" within 10 all_ended 3 verified
check "nothing inhibits any more" within 10 none
userdel --remove discfw-tester 2>/dev/null
rm -f /etc/polkit-1/rules.d/10-discfw-test.rules
