#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The package's life on a machine that has never seen it: installed and used by nothing but what
# README.md says, upgraded while a drive is being written to, removed, taken up again, purged. What a
# purge leaves is compared with what was there before.
# limit: 420
# image: base
. "$(dirname "$0")/../inside/lib.sh"
packages=/run/source/build/packages
catalog=$tmp/catalog
home=$tmp/home # of the person who follows README.md
host=firmware.example.org

# The first block of code under the heading "Install", a command a line.
readme() {
	awk '/^## / { inside = /^## Install/ } inside && /^```/ { if (code++) exit; next }
		inside && code' /run/source/README.md | sed 's/  *#.*//; /^$/d'
}

# As on a terminal, where a person says yes to what is asked.
as_person() { (cd "$home" && echo y | TERM=xterm PAGER=cat script -qec "$1" /dev/null); }

# walk COMMAND: it succeeds, and shows what README.md promises.
walk() {
	case $1 in
	discfw) promised='DVDRW IDE1004' ;;
	*"catalog add"*) promised='root version' ;;
	*update*) promised='0051' ;;
	*history*) promised='verified' ;;
	*rollback*) promised='0050' ;;
	*) promised=. ;;
	esac
	as_person "$1" >"$tmp/walked" 2>&1
	walked=$?
	cat "$tmp/walked"
	[ $walked -eq 0 ] && grep -q "$promised" "$tmp/walked"
}

# A mirror as they are: with a name, a certificate, and files that somebody else made.
serve_mirror() {
	sh /usr/share/discfw-emulator/demo-catalog.sh $catalog --set ready-ms=600000 || return
	mkdir -p "$home"
	ip address add $address/24 dev lo
	echo "$address $host" >>/etc/hosts
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=$host" \
		-addext "subjectAltName=DNS:$host" -keyout $tmp/key -out $tmp/certificate &&
		cat $tmp/certificate >>/etc/ssl/certs/ca-certificates.crt || return
	start_nginx "listen $address:443 ssl; root $catalog/published;
	        ssl_certificate $tmp/certificate; ssl_certificate_key $tmp/key;" || return
	cp "$packages"/discfwd_*.deb $catalog/root.json "$home"
}

# What could be left behind. The accounts stay on purpose, and dpkg and apt keep books of their own.
tree() {
	find /etc /usr /var /opt /srv /home /root /boot -xdev \
		\( -path /var/lib/dpkg -o -path /var/lib/apt -o -path /var/cache -o -path /var/log \
		-o -path /var/tmp -o -path /usr/share/man \) -prune -o \
		! -name '*.pyc' -printf '%p %y %m %u:%g\n' |
		grep -vE '^/etc/(passwd|group|shadow|gshadow|subuid|subgid)-? |^/etc/\.pwd\.lock |^/var/lib/systemd/(catalog|random|timers )' |
		sort
}

# The next version: the same programs and scripts under another number, and its own default
# configuration.
make_upgrade() {
	dpkg-deb -R "$packages"/discfwd_*.deb $tmp/next &&
		sed -i 's/^Version: \(.*\)-1$/Version: \1-2/' $tmp/next/DEBIAN/control &&
		echo '# of the next version' >>$tmp/next/etc/discfwd/discfwd.conf &&
		dpkg-deb -Znone --root-owner-group -b $tmp/next $tmp/next.deb
}

flasher() { systemctl show -P MainPID "$(flash_unit)" | grep -v '^0$'; }

# A drive that takes itself off the bus once it has its firmware is waited for: so the flash is under
# way for as long as an upgrade takes on a busy machine, until somebody plugs the drive in.
flash_under_way() {
	faults 'btc-ide1004 burn 1 after vanish 20000' && start update discfw update sr0 --yes &&
		within 60 flasher && before=$(flasher) && within 60 waiting
}

waiting() { journalctl -b -o cat "_PID=$before" | grep 'settling to reading'; }

same_flasher() { [ "$(flasher)" = "$before" ]; }

# last_flashes N: from, to and how it went, oldest first.
last_flashes() {
	events flash.outcome "map(.from + \">\" + .to + \" \" + .outcome) | .[:$1] | reverse | join(\", \")"
}

socket_listens() {
	systemctl is-active discfwd.socket discfw-refresh.timer &&
		systemctl is-enabled discfwd.socket discfw-refresh.timer &&
		[ "$(stat -c %a /run/discfwd/discfwd.sock)" = 666 ]
}

nothing_failed() { [ -z "$(systemctl --failed --no-legend --plain | tee /dev/stderr)" ]; }

# The link of a file that was replaced ends in "(deleted)".
runs_new_file() {
	pid=$(systemctl show -p MainPID --value discfwd.service)
	[ "$(readlink "/proc/$pid/exe")" = /usr/sbin/discfwd ]
}

admins_line_is_there() {
	grep -q '^# mine' /etc/discfwd/discfwd.conf &&
		! grep -q 'next version' /etc/discfwd/discfwd.conf
}

all_is_quiet() {
	[ -z "$(systemctl list-units --no-legend --plain 'discfw*' | tee /dev/stderr)" ] &&
		! pgrep -x 'discfwd|discfw-(fetch|verify|probe|flash)' && ! ls /run/discfwd/*.sock
}

state_is_there() {
	ls -l /etc/discfwd/discfwd.conf /etc/discfwd/catalogs.d/*/root.json /var/lib/discfwd/state.db &&
		[ -d /var/lib/discfw-flash ]
}

installed_again() { dpkg -i $tmp/next.deb && within 60 says '0050>0051 verified' last_flashes 1; }

readme >$tmp/readme
plan $(($(wc -l <$tmp/readme) + 23))

check "emulator and maker of catalogs install without the rest" \
	dpkg -i "$packages"/discfw-emulator_*.deb "$packages"/discfw-catalog_*.deb
check "there is a drive, and a mirror with a name" serve_mirror
check "the drive is this kernel's" start_drives usb btc-ide1004
tree >$tmp/tree

while read -r line <&3; do
	check "README: $line" walk "$line"
done 3<$tmp/readme
check "that was an update over what the catalog declares, and one step back" [ "$(last_flashes 4)" = \
	"0043>0045 verified, 0045>0050 verified, 0050>0051 verified, 0051>0050 verified" ]
check "the drive says so itself" says ' 0050 *$' sg_inq --len=36 "/dev/$(node_of btc-ide1004)"
check "systemd listens for it, and will after the next boot" socket_listens
check "no unit failed" nothing_failed

echo '# mine' >>/etc/discfwd/discfwd.conf
check "there is a next version" make_upgrade
check "a drive is being written to" flash_under_way
refuse "removal is refused meanwhile" 1 dpkg --remove discfwd
cp $tmp/output $tmp/refusal
check "which says why, and what to do" says 'is writing firmware to a drive' cat $tmp/refusal
check "an upgrade is not" dpkg --force-confold -i $tmp/next.deb
check "the program that writes was neither stopped nor replaced" same_flasher
emulator plug btc-ide1004
check "the daemon is that of the new package" within 60 runs_new_file
check "it comes to know how the flash ended" within 120 says '0050>0051 verified' last_flashes 1
check "a file of configuration that somebody changed is as it was" admins_line_is_there
check "no unit failed by it" nothing_failed

check "it can be removed now" dpkg --remove discfwd
check "nothing of it runs or listens any more" all_is_quiet
check "configuration, store and log are still there" state_is_there
check "installed again, it knows what was" \
	installed_again
check "a purge goes through" dpkg --purge discfwd
tree >$tmp/tree.after
check "and leaves what was there before, and nothing else" diff $tmp/tree $tmp/tree.after
