# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh
# usage: power-cut.sh PORT LAST-POINT
# The part of tests/guest/outside/power-cut.sh that runs in the guest: what became of the flash during
# which the power went, and the next one. State is on a disk that outlives the boots.
port=$1 last=$2
share=/run/share
. "$(dirname "$0")/lib.sh"

network() {
	set -- /sys/class/net/e*
	ip link set "${1##*/}" up && ip address add 10.0.2.15/24 dev "${1##*/}"
}
plug() {
	modprobe vhci-hcd
	start attach discfw-emulator-attach "10.0.2.2:$port" 1
	within 60 test -e /dev/sr0 && udevadm settle && within 30 listed
}
listed() { [ "$(state)" != "" ]; }
state() { discfw list --json | jq -r '.drives[0].state'; }
firmware() { discfw list --json | jq -r '.drives[0].revision'; }
events() { discfw history --json | jq "[.events[] | select(.kind == \"$1\")] | length"; }
each_has_one_outcome() { events flash.intent && [ "$(events flash.intent)" -eq "$(events flash.outcome)" ]; }
newest_outcome() { discfw history --json | jq -r '[.events[] | select(.kind == "flash.outcome")][0].outcome'; }

# Before the order there is nothing in doubt; from then on a person has to look.
refused_until_resolved() {
	state
	newest_outcome
	if [ "$last" = intent ] && [ "$(state)" != attention ]; then
		return 0
	fi
	[ "$(newest_outcome)" = unknown ] || return
	discfw update sr0 --yes && return 1
	discfw resolve sr0
}
can_go_on() {
	state
	case $(state) in update | current) ;; *) return 1 ;; esac
	case $last in burn) [ "$(firmware)" = 0045 ] ;; *) [ "$(firmware)" = 0043 ] ;; esac
}

network
cp -a $share/catalog $tmp/
if [ "$last" = none ]; then
	plug
	serve_catalog
	cp -a /etc/discfwd $share/etc
else
	cp -a $share/etc/. /etc/discfwd/
	serve_mirror
	plug
	check "the log is whole after the cut at $last" discfw audit verify
	check "each intent has one outcome" within 20 each_has_one_outcome
	check "the drive is left alone until somebody has resolved it" refused_until_resolved
	check "then it says what it is, and can be updated" can_go_on
fi
: >$share/ready
until [ -e $share/go ]; do sleep 0.1; done
case $last in
burn)
	check "a new flash works" says "verified by reading the drive" discfw update sr0 --to 0050 --yes
	check "and the log is whole" discfw audit verify
	;;
*)
	discfw update sr0 --to 0045 --yes
	sleep 300 # until the power goes
	;;
esac
