# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh
# For suites: scripts that run as root in a guest in which our packages are installed, and say in TAP
# what they saw. A suite is tests/guest/suites/NAME.sh, and begins with
#
#         # What it is about.
#         # limit: 240            seconds for all of it, boot included; 240 if it does not say. A second
#                                 number is for --long
#         # image: base           without our packages
#         # packages: fwupd      more of Debian's; for optional suites, as their image is made anew
#         # qemu: -device ...     as many of these lines as it takes
#         # catalog: OPTION...    of tests/demo-catalog.sh, made before the guest is booted
#         # disk: yes             for what discfwd and discfw-flash have to keep
#         # make: PROGRAM         of this tree, in /run/source/build when the suite runs
#         # optional              runs only when it is named, and with --long
#         . "$(dirname "$0")/../inside/lib.sh"
#         plan 2
#
# Then it asks in sentences: plan, check, refuse, skip, says, within, start, stop and so on are
# explained in tests/system/lib.sh. Besides there are
#
#   start_drives usb|tcmu MODEL...   drives that this kernel takes for real; waits for their nodes
#   stop_drives; node_of NAME; block_of NAME     "sg0", "sr0": the node that a drive has now
#   emulator COMMAND...              discfw-emulator-ctl; transcripts in $transcripts/NAME.log
#   serve_mirror                     nginx serves $catalog at 192.0.2.1
#   serve_catalog                    the same, and the catalog "demo" is added and refreshed
#   events KIND FILTER; intents; outcomes; newest_outcome; ended OUTCOME...      what history says
#   flash_unit                       the service that writes to a drive now
#   faults [LINE...]                 what goes wrong with the drives from now on
#   as_new                           what discfwd has stored and was told is gone
#
# $models is where models are taken from, $time_scale what all durations of a drive are multiplied by.

LC_ALL=C.UTF-8
DISCFW_SRCDIR=/run/source
export LC_ALL DISCFW_SRCDIR
tmp=/run/suite
drives=/run/suite/drives
transcripts=/run/suite/transcripts
catalog=/run/share/catalog
models=/usr/share/discfw-emulator/models
time_scale=0.02
address=192.0.2.1 # the fetcher may not reach 127.0.0.1
mkdir -p $tmp/processes $tmp/models || exit 99

# shellcheck source=tests/words.sh
. $DISCFW_SRCDIR/tests/words.sh
nap=0.3 # asking is dear where all is emulated

# A guest that is kept runs the next suite too.
suite_end() {
	status=$?
	trap - EXIT HUP INT TERM
	for entry in "$tmp"/processes/*; do
		[ ! -f "$entry" ] || stop "${entry##*/}"
	done
	as_new
	rm -rf $tmp
	exit $status
}
trap suite_end EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

as_new() {
	systemctl stop discfwd.service discfwd.socket 2>/dev/null || return 0
	rm -rf /var/lib/discfwd/* /var/lib/discfw-flash/* /etc/discfwd/catalogs.d/*
	systemctl start discfwd.socket
}

start_drives() {
	front=$1
	shift
	for model; do cp "$models/$model.drive" $tmp/models/ || return; done
	case $front in
	usb) modprobe vhci-hcd ;;
	tcmu) modprobe -a target_core_user tcm_loop ;;
	esac
	start emulator discfw-emulator --front "$front" --models $tmp/models --dir "$drives" \
		--state $tmp/drive-state --transcript "$transcripts" --time-scale "$time_scale"
	within 20 grep -q '^ready' $tmp/emulator.log && within 30 all_have_nodes && udevadm settle
}

stop_drives() {
	stop emulator
	rm -rf $tmp/models $tmp/drive-state
	mkdir $tmp/models
}

all_have_nodes() {
	for model in "$tmp"/models/*.drive; do
		model=${model##*/}
		block_of "${model%.drive}" >/dev/null || return
	done
}

# Fronts plug in the models in the order of their names.
place_of() {
	place=0
	for model in "$tmp"/models/*.drive; do
		[ "$model" != "$tmp/models/$1.drive" ] || return 0
		place=$((place + 1))
	done
	return 1
}

# device_of NAME: the folder of its SCSI device in sysfs.
device_of() {
	place_of "$1" || return
	case $front in
	usb)
		set -- /sys/devices/platform/vhci_hcd.$((place / 15))/usb*/*-$((place % 15 + 1))/*/host*/target*/*:*
		;;
	tcmu)
		place=$(printf %04x "$place")
		place=$(cat "/sys/kernel/config/target/loopback/naa.5001405d15cf$place/tpgt_1/address")
		set -- "/sys/class/scsi_device/$place:0/device"
		;;
	esac
	[ -d "$1" ] && echo "$1"
}

node_of() {
	set -- "$(device_of "$1")"/scsi_generic/sg*
	[ -e "$1" ] && echo "${1##*/}"
}

block_of() {
	set -- "$(device_of "$1")"/block/sr*
	[ -e "$1" ] && echo "${1##*/}"
}

serve_mirror() {
	ip address show dev lo | grep -q $address || ip address add $address/24 dev lo
	start_nginx "listen $address:80; root $catalog/published;"
}

serve_catalog() {
	serve_mirror && discfw catalog add demo $catalog/root.json http://$address/ && discfw refresh
}

# What is on record.

events() { # KIND FILTER: of a list, newest first
	discfw history --limit 200 --json | jq -e -r "[.events[] | select(.kind == \"$1\")] | $2"
}
intents() { events flash.intent length; }
outcomes() { events flash.outcome length; }
newest_outcome() { events flash.outcome '.[0].outcome'; }
ended() { # OUTCOME...: one of these is the newest
	newest=$(newest_outcome)
	echo "outcome: $newest"
	case " $* " in *" $newest "*) ;; *) return 1 ;; esac
}

# The helper that writes, and no other that is asked for old outcomes: who holds the inhibitor.
flash_unit() {
	for service in $(systemctl list-units --plain --no-legend 'discfw-flash@*' | cut -d ' ' -f 1); do
		pid=$(systemctl show -P MainPID "$service")
		[ "$pid" -le 1 ] || ! readlink "/proc/$pid/fd"/* | grep -q /inhibit/ || echo "$service"
	done
}

# What emulated drives do; faults are explained in tests/emulator/faults.h.

faults() { # LINE...: these, instead of those before; none without
	printf '%s\n' "$@" >$tmp/faults
	emulator faults $tmp/faults >$tmp/faults.said || { cat $tmp/faults.said && return 1; }
}
