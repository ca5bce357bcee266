# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh
# usage: power-cut.sh PORT LAST-POINT
# The part of tests/guest/outside/power-cut.sh that runs in the guest: what became of what was under way
# when the power went, and then the same once more. The state is on a disk that outlives the boots.
port=$1 last=$2
share=/run/share
# shellcheck source=tests/guest/inside/lib.sh
. "$(dirname "$0")/lib.sh"

network() {
	set -- /sys/class/net/e*
	ip link set "${1##*/}" up && ip address add 10.0.2.15/24 dev "${1##*/}"
}
plug() {
	modprobe vhci-hcd
	start attach discfw-emulator-attach "10.0.2.2:$port" 1
	within 90 test -e /dev/sr0 && udevadm settle && within 120 at_rest
}
at_rest() { # listed, and what was left of a flash has been handed over
	case $(state) in "" | null | flashing) return 1 ;; esac
}
state() { discfw list --json | jq -r '.drives[0].state'; }
runs() { discfw list --json | jq -e --arg revision "$1" '.drives[0] | ., .revision == $revision'; }
each_intent_has_one_outcome() {
	discfw history --json
	[ "$(intents)" -le "$(outcomes)" ]
}

# Of a flash that was under way nobody can tell: a person has to look, and nothing happens before.
as_expected() {
	echo "$(state), $(newest_outcome)"
	case $last in
	refresh) [ "$(newest_outcome)" = null ] && [ "$(state)" = update ] ;;
	intent) [ "$(newest_outcome)" = failed-unharmed ] && [ "$(state)" = update ] ;;
	*)
		[ "$(newest_outcome)" = unknown ] && [ "$(state)" = attention ] || return
		discfw update sr0 --yes && return 1
		within 60 discfw resolve sr0
		;;
	esac
}
is_fine() {
	case $last in
	burn) runs 0045 ;;
	*) runs 0043 ;;
	esac
}

network
if [ "$last" = none ]; then
	plug
	serve_catalog
	cp -a /etc/discfwd $share/etc
else
	cp -a $share/etc/. /etc/discfwd/
	serve_mirror
	plug
	check "the log is whole after the cut at $last" discfw audit verify
	check "each intent has its outcome" within 30 each_intent_has_one_outcome
	case $last in
	refresh | intent) check "nothing is in doubt" as_expected ;;
	*) check "its end is unknown, and the drive is left alone until somebody has resolved it" as_expected ;;
	esac
	check "the drive runs what it should" is_fine
fi
: >$share/ready
until [ -e $share/go ]; do sleep 0.1; done
case $(cat $share/go) in
end)
	check "a new flash works" says "verified by reading the drive" discfw update sr0 --to 0050 --yes
	check "the log is whole" discfw audit verify
	exit
	;;
refresh)
	: >$share/refresh
	while :; do discfw refresh; done
	;;
*)
	discfw update sr0 --to 0045 --yes &
	until ls /var/lib/discfw-flash/*.flash >/dev/null 2>&1; do sleep 0.1; done
	: >$share/intent
	sleep 1000 # until the power goes
	;;
esac
