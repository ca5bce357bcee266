#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# usage: boot.sh [OPTION]... SHARE [QEMU-ARGUMENT]...
#
# Boots a guest in which SHARE is /run/share and this tree is /run/source, read only. The guest runs
# SHARE/run as root once it is up, and goes off. In SHARE are then
#
#   output   what "run" said                    console   what came on the serial line
#   status   its exit status                    journal   the guest's, as far as it came
#   qemu.pid the process, while it runs
#
# The exit status is that of "run", or 99 if the guest did not come to its end.
#
#   --image FOLDER   from image.sh; needed
#   --disk FILE      what is in the guest's /var/lib/discfwd and /var/lib/discfw-flash outlives the boot
#                    on this disk; made if it is not there
#   --limit SECONDS  then it is killed; 300 if not said, 0: never
#   --net OPTIONS    a network: "restrict=on" and what else QEMU's -netdev user takes. None without it
#   --memory MIB     1024 if not said
#
# One processor: a second one makes the emulation of both slower by a quarter. "-smp 2" as an argument of
# QEMU brings it back.
#
# no_timer_check: on a busy machine the kernel could find too few ticks of its timer, and panic.
#
# Always by software (TCG): where /dev/kvm can be opened, it need not be able to run a guest.
set -eu
PATH=$PATH:/usr/sbin:/sbin
top=$(cd "$(dirname "$0")/../.." && pwd)
image='' disk='' limit=300 net='' memory=1024
while [ $# -gt 0 ]; do
	case $1 in
	--image) image=$2 ;;
	--disk) disk=$2 ;;
	--limit) limit=$2 ;;
	--net) net=$2 ;;
	--memory) memory=$2 ;;
	*) break ;;
	esac
	shift 2
done
: "${image:?--image is needed}"
share=$(cd "$1" && pwd)
shift

rm -f "$share/status" "$share/output" "$share/journal" "$share/console"
if [ -n "$disk" ]; then
	[ -e "$disk" ] || { truncate -s 256M "$disk" && mkfs.ext4 -q -F "$disk"; }
	set -- -drive "file=$disk,if=virtio,format=raw" "$@"
fi
[ -z "$net" ] || set -- -netdev "user,id=net,$net" -device virtio-net-pci,netdev=net,romfile= "$@"

nice qemu-system-x86_64 -accel tcg,thread=multi -cpu qemu64 -machine q35 -smp 1 -m "$memory" \
	-nodefaults -no-user-config -display none -no-reboot -serial "file:$share/console" \
	-kernel "$image/vmlinuz" -initrd "$image/initrd.img" \
	-append "console=ttyS0 panic=-1 quiet mitigations=off no_timer_check" \
	-drive "file=$image/root.squashfs,if=virtio,format=raw,readonly=on" -device virtio-rng-pci \
	-virtfs "local,path=$share,mount_tag=share,security_model=none" \
	-virtfs "local,path=$top,mount_tag=source,security_model=none,readonly=on" "$@" \
	</dev/null >"$share/qemu.log" 2>&1 &
qemu=$!
echo $qemu >"$share/qemu.pid"
trap 'kill -9 $qemu' EXIT
trap 'exit 99' HUP INT TERM
begun=$(date +%s)
while kill -0 $qemu 2>/dev/null; do
	if [ "$limit" -ne 0 ] && [ $(($(date +%s) - begun)) -ge "$limit" ]; then
		echo "boot.sh: the guest did not end within $limit s" >&2
		exit 99
	fi
	sleep 0.2
done
trap - EXIT
wait $qemu || { echo "boot.sh: qemu failed or was killed" && cat "$share/qemu.log"; } >&2
rm -f "$share/qemu.pid"
[ -s "$share/status" ] || exit 99
exit "$(cat "$share/status")"
