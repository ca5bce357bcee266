#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Each of our programs is replaced by one that tries what must not be (tests/guest/evil), in the cage
# of its unit as it is installed, and without the filters that ours put on themselves. What is a
# program's right has to succeed. Last the same as root without a unit: there all of it succeeds, else
# it would prove nothing that it failed before.
#
# Drives: a BTC on USB.
# make: tests/guest/evil/evil
. "$(dirname "$0")/../inside/lib.sh"
plan 786

programs="discfw-fetch discfw-verify discfw-probe discfw-flash discfwd"
place_of_program() { [ "$1" = discfwd ] && echo /usr/sbin/discfwd || echo "/usr/libexec/discfwd/$1"; }
socket_of() { echo "/run/discfwd/${1#discfw-}.sock"; }

# What others have that may be looked at or written by anybody: only the unit stands before it.
set_out() {
	modprobe -a fuse loop
	ip address add $address/24 dev lo
	ip address add 169.254.169.254/32 dev lo
	ip route add 224.0.0.0/4 dev lo
	mkdir -p /home/discfw-evil /srv/discfw-evil /usr/lib/discfw-evil $tmp/root
	chmod 1777 /srv/discfw-evil
	cp "$evil" /usr/lib/discfw-evil/program
	for folder in /home/discfw-evil /tmp /var/tmp /dev/shm; do
		echo open >$folder/discfw-evil-open
	done
	mv /home/discfw-evil/discfw-evil-open /home/discfw-evil/open
	start_nginx "listen 80; listen [::]:80; root $tmp/root;"
	systemd-run --quiet --unit=discfw-evil --socket-property=ListenStream=@discfw-evil \
		sleep infinity
}

clear_away() {
	for program in $programs; do
		[ ! -e "$tmp/real/$program" ] ||
			cp --remove-destination "$tmp/real/$program" "$(place_of_program "$program")"
	done
	systemctl stop discfw-evil.socket discfw-evil.service
	ip route del 224.0.0.0/4 dev lo
	ip address del 169.254.169.254/32 dev lo
	rm -rf /home/discfw-evil /srv/discfw-evil /usr/lib/discfw-evil /tmp/discfw-evil-open \
		/var/tmp/discfw-evil-open /dev/shm/discfw-evil-open
}

# Nobody is to be met by chance: neither our daemon, nor whom it asked.
replace() {
	systemctl stop discfwd.service
	mkdir $tmp/real
	for program in $programs; do
		place=$(place_of_program "$program")
		cp "$place" "$tmp/real/" && cp --remove-destination "$evil" "$place" || return
	done
	for program in $programs; do
		cmp "$evil" "$(place_of_program "$program")" || return
	done
}

# judge WHO: a test for each line that is said in the file WHO.
judge() {
	while read -r verdict said; do
		[ "$verdict" = good: ]
		result $? "$1 $said"
	done <"$tmp/$1"
}
whole() { [ "$(wc -l <"$tmp/$1")" -eq "$n_actions" ]; }
left() { find /tmp /var/tmp /dev/shm /run/lock /srv /etc /usr/lib /var/lib -xdev -name 'discfw-evil-*' ! -name '*-open'; }
nothing_left() { left && [ -z "$(left)" ]; }
wrote() { [ "$(writes btc-ide1004)" -eq "$1" ]; }

for evil in "$DISCFW_SRCDIR"/build/tests/guest/evil/evil \
	"$DISCFW_SRCDIR"/build-guest/build/tests/guest/evil/evil; do
	[ ! -x "$evil" ] || break
done
[ -x "$evil" ] || skip_all "tests/guest/evil/evil is not built"
n_actions=$("$evil" --count)
: >$tmp/output

check "a drive, and what others have, is there" set_out
systemctl start discfwd.socket
start_drives usb btc-ide1004 || echo "# there is no drive"
check "discfwd works under its unit" within 10 says IDE1004 discfw list
check "our programs are replaced" replace
for program in $programs; do
	timeout 100 "$evil" --knock "$(socket_of "$program")" >"$tmp/$program"
	check "$program tried everything" whole "$program"
	judge "$program"
	[ "$program" != discfw-probe ] || check "what the probe wrote did not reach the drive" wrote 0
	[ "$program" != discfw-flash ] || check "what the flash helper wrote did, once" wrote 1
done
check "nothing is left where others would find it" nothing_left
"$evil" >$tmp/root-without-unit
check "root tried everything" whole root-without-unit
judge root-without-unit
clear_away
