#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Drives that the kernel believes in are listed as everybody else lists them, come and go without being
# polled, and keep who they are. Ours are on USB; QEMU's own on SATA, USB and virtio are neighbours that
# can be looked at and not be flashed: not even the one for which there is a catalog.
#
# qemu: -device ide-cd,bus=ide.0,model=NEIGHBOUR,ver=1.01
# qemu: -device qemu-xhci -device usb-bot,id=bot -device scsi-cd,bus=bot.0,vendor=ACME,product=WRITER,ver=A087
# qemu: -device virtio-scsi-pci,id=virtio -device scsi-cd,bus=virtio.0,vendor=ACME,product=READER,ver=2.50
# catalog: --also tests/guest/acme-writer.ini
# limit: 420
. "$(dirname "$0")/../inside/lib.sh"
plan 25

# What is listed, a line a fact: "sg3 revision 0043". Tools are dear where all is emulated: asked once.
list() {
	discfw list --json | jq -r '.drives[] | .node as $node | to_entries[] |
		"\($node) \(.key) \(.value // "")"' >"$tmp/list"
}
field() { sed -n "s/^$1 $2 //p" "$tmp/list"; }
node_by() { sed -n "s/^\(sg[0-9]*\) $1 $2\$/\1/p" "$tmp/list"; }
how_many() { grep -c ' model ' "$tmp/list"; }
bare() { tr -d ' _'; }

# What each tool takes for the drive's name, without blanks: they fold them each in its own way.
by_lsscsi() { sed -n "s|.* cd/dvd \(.*\)  */dev/sr.*/dev/$1 *\$|\1|p" "$tmp/lsscsi" | bare; }
by_sg_inq() { sg_inq "/dev/$1" | sed -n 's/^ [VP].* \(identification\|level\): //p' | tr -d '\n' | bare; }
by_mediainfo() {
	dvd+rw-mediainfo "/dev/$1" 2>/dev/null | sed -n 's/^INQUIRY: *//p' | tr -d '[]' | bare
}

same() { [ "$2" = "$3" ] || { echo "$1: \"$2\", wanted \"$3\"" && false; }; }

named_alike() { # NODE
	[ -n "$1" ] || return
	ours=$(printf '%s%s' "$(field "$1" model)" "$(field "$1" revision)" | bare)
	same lsscsi "$(by_lsscsi "$1")" "$ours" && same sg_inq "$(by_sg_inq "$1")" "$ours" &&
		same dvd+rw-mediainfo "$(by_mediainfo "$(field "$1" block)")" "$ours"
}

# From all profiles that a drive lists, or udev's properties, the best one.
class_of() {
	case $1 in
	*BD-R* | *BD_R*) echo "BD writer" ;;
	*DVD-R\ * | *DVD+R\ * | *DVD_R=* | *DVD_PLUS_R=*) echo "DVD writer" ;;
	*CD-R\ * | *CD_R=*) echo "CD writer" ;;
	*DVD-ROM* | *_DVD=*) echo "DVD-ROM" ;;
	*) echo "CD-ROM" ;;
	esac
}

of_its_kind() { # NODE
	[ -n "$1" ] || return
	class=$(field "$1" class)
	properties=$(udevadm info -q property "/dev/$(field "$1" block)")
	profiles=$(sg_get_config "/dev/$1" | sed -n 's/ *profile: //p')
	bus=$(echo "$properties" | sed -n 's/^ID_BUS=//p')
	[ "$bus" != scsi ] || bus=virtual # what is not USB or ATA here is virtio's
	same sg_get_config "$(class_of "$profiles")" "$class" &&
		same udev "$(class_of "$properties")" "$class" &&
		same "udev's bus" "$bus" "$(field "$1" attachment)" &&
		same "udev's revision" "$(echo "$properties" | sed -n 's/^ID_REVISION=//p')" \
			"$(field "$1" revision)"
}

# What is in feature 0108h is also the case's serial number. QEMU's case numbers itself by its port.
of_its_kind_and_serial() {
	of_its_kind "$1" && same "udev's serial" "$(udevadm info -q property "/dev/$(field "$1" block)" |
		sed -n 's/^ID_USB_SERIAL_SHORT=//p')" "$(field "$1" serial)"
}

start_drives usb btc-ide1004 liteon-52327s nameless-1 nameless-2 pioneer-bdr209m plextor-px716a
serve_catalog >"$tmp/refresh.log"

all_seen() { list && [ "$(how_many)" = 9 ]; }
within 20 all_seen
lsscsi -g >"$tmp/lsscsi"
check "nine drives are listed" same number "$(how_many)" 9
for drive in btc-ide1004 liteon-52327s pioneer-bdr209m plextor-px716a; do
	node=$(node_of $drive)
	check "$drive has the name that lsscsi, sg_inq and dvd+rw-mediainfo give it" named_alike "$node"
	check "$drive is of the class, bus and serial number that sg_get_config and udev say" \
		of_its_kind_and_serial "$node"
done
sata=$(node_by attachment ata)
virtio=$(node_by attachment virtual)
writer=$(node_by model "ACME WRITER")
for neighbour in "$sata" "$virtio" "$writer"; do
	check "QEMU's $(field "$neighbour" attachment) drive has the name that everybody gives it" \
		named_alike "$neighbour"
done
all_of_their_kinds() { of_its_kind "$sata" && of_its_kind "$virtio" && of_its_kind "$writer"; }
check "they are of their classes and buses" all_of_their_kinds

refuses() { # NODE REASON
	discfw update --yes "$1" >"$tmp/said" 2>&1 && return 1
	cat "$tmp/said"
	grep -q "$2" "$tmp/said"
}
check "a drive that no catalog has is not flashed" refuses "$sata" "no catalog knows the drive"
check "one that a catalog has is asked, refuses, and it is said by whom and why" \
	refuses "$writer" "drive still runs \"A087\".* to WRITE BUFFER"
check "it runs what it ran" same revision \
	"$(list && field "$writer" revision)" A087


# Two alike: no serial number, nothing but the place.
one=$(node_of nameless-1) two=$(node_of nameless-2)
first=$(field "$one" id) second=$(field "$two" id)
check "two alike are two" test "$first" != "$second"
check "one of them is held" discfw hold "$one" --reason "the one on the left"

# By the clock of the kernel, in ms: udev's event, which is when anybody hears of it; when the daemon
# looked, as starting a process takes half a second where every instruction is emulated; and what
# "discfw monitor" said. Best of six: the machine may be busy.
start monitor discfw monitor
start udev udevadm monitor --udev --subsystem-match=scsi_generic
sleep 1 # until both listen
now_ms() { awk '{ print int($1 * 1000) }' /proc/uptime; }
event() { # ACTION
	sed -n "s/^UDEV *\[\([0-9]*\)\.\([0-9]\{3\}\).* $1 .*/\1\2/p" "$tmp/udev.log" | tail -n 1
}
another_event() { [ "$(event "$1")" != "$before" ]; }
told() { [ "$(grep -c "$1" "$tmp/monitor.log")" -ge "$try" ]; }
looked() {
	journalctl -q -o short-monotonic -u 'discfw-probe@*' --grep Started |
		sed -n 's/^\[ *\([0-9]*\)\.\([0-9]\{3\}\).*/\1\2/p' | tail -n 1
}
looked_since() { [ "$(looked)" -ge "$(event add)" ]; }
gone() { [ ! -e "/sys/class/scsi_generic/$1" ]; }
here() { [ -e "/dev/$1" ]; }

unplug() {
	before=$(event remove)
	emulator unplug pioneer-bdr209m
	within 20 another_event remove && within 20 told drive-removed
	unplugged=$(($(now_ms) - $(event remove)))
}
plug() {
	before=$(event add)
	emulator plug pioneer-bdr209m
	within 30 another_event add && within 30 told drive-added
	plugged=$(($(now_ms) - $(event add)))
	within 10 looked_since
	looked=$(($(looked) - $(event add)))
}
best_unplugged=99999 best_looked=99999
nap=0.1
for try in 1 2 3 4 5 6; do
	unplug
	plug
	echo "# unplugged: told after $unplugged ms; plugged in: looked at after $looked ms, told after $plugged ms"
	[ $unplugged -ge $best_unplugged ] || best_unplugged=$unplugged
	[ $looked -ge $best_looked ] || best_looked=$looked
	[ $best_unplugged -gt 1000 ] || [ $best_looked -gt 1000 ] || break
done
check "a drive that is unplugged is told of within a second" test $best_unplugged -le 1000
check "a drive that is plugged in is looked at within a second" test $best_looked -le 1000
check "and is told of" grep drive-added "$tmp/monitor.log"

daemon=$(systemctl show -P MainPID discfwd.service)
switches() { sed -n 's/^voluntary_ctxt_switches:\t//p' "/proc/$daemon/status"; }
# Of three times five seconds one is without a wake-up: systemd's watchdog is answered twice a minute.
asleep() {
	for _ in 1 2 3; do
		n=$(switches)
		sleep 5
		[ "$(switches)" != "$n" ] || return 0
	done
	return 1
}
quiet() { n=$(switches) && sleep 1 && [ "$(switches)" = "$n" ]; }
within 30 quiet
check "nobody is polled: the daemon sleeps for five seconds in one" asleep

emulator unplug nameless-1
emulator unplug nameless-2
within 10 gone "$one"
within 10 gone "$two"
emulator plug nameless-2
within 20 here "$one"
emulator plug nameless-1
within 20 here "$two"
both_back() {
	list && [ -n "$(node_by id "$first")" ] && [ -n "$(node_by id "$second")" ] &&
		[ "$(how_many)" = 9 ]
}
within 30 both_back
check "numbers are swapped after both were plugged in again" \
	test "$(node_of nameless-1)$(node_of nameless-2)" = "$two$one"
who_they_were() {
	same one "$(field "$two" id)" "$first" && same two "$(field "$one" id)" "$second"
}
check "who they are is not" who_they_were
held() { same one "$(field "$two" held)" true && same two "$(field "$one" held)" ""; }
check "and what is known of them stays with them" held
