#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# usage: image.sh [base | build | packages]
#
# Makes what boot.sh boots, and prints the name of the folder it is in: vmlinuz, initrd.img and
# root.squashfs. Only packages of Debian go into it, from the mirrors that this machine uses; nothing
# of the kernel's is installed here.
#
#   base      Debian with the packages of tests/guest/packages; ours are not in it
#   build     the same with "make install" of this tree on top; quicker, for developing
#   packages  the same with build/packages/*.deb installed; the default
#
# A base that was made from the same lists is used again. They are kept in build-guest, or in the
# folder that DISCFW_GUEST_CACHE names. Root.
set -eu
PATH=$PATH:/usr/sbin:/sbin
LC_ALL=C.UTF-8
export PATH LC_ALL
cd "$(dirname "$0")/../.."
top=$PWD
here=tests/guest
cache=${DISCFW_GUEST_CACHE:-$top/build-guest}
kind=${1:-packages}

die() {
	echo "image.sh: $*" >&2
	exit 1
}

listed() { sed 's/#.*//' "$here/$1" | xargs; }

# Memory if there is enough of it: three times as fast.
free=$(df --output=avail -m /dev/shm 2>/dev/null | tail -n 1)
[ -n "${TMPDIR:-}" ] || { [ "${free:-0}" -lt 2000 ] || TMPDIR=/dev/shm; }
export TMPDIR="${TMPDIR:-/tmp}"
work=$(mktemp -d -t discfw-image.XXXXXX)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
chmod 755 "$work"

[ "$(id -u)" -eq 0 ] || die "only root can make an image"
# What is built on this machine runs on the same release of Debian only.
suite=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
kernel=$(apt-cache depends linux-image-amd64 | sed -n 's/.*Depends: \(linux-image-[0-9].*\)/\1/p')
[ -n "$kernel" ] || die "no mirror of this machine has a linux-image-amd64"
mkdir -p "$cache"
exec 9>"$cache/lock"
flock 9

# The lines of sources.list, for the suite, its updates and its security updates.
sources() {
	# shellcheck disable=SC2016 # apt-get's own variables
	apt-get indextargets --format 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)' \
		"Created-By: Packages" "Origin: Debian" | grep -E " $suite(-updates|-security)? " | sort -u
}

# modules FOLDER NAME...: copies them, and what they need, from the unpacked kernel.
modules() {
	to=$1
	shift
	for module; do
		modprobe -d "$work/kernel" -S "$version" --show-depends "$module" ||
			die "$kernel has no module $module"
	done | sed -n 's/^insmod \([^ ]*\).*/\1/p' | sort -u | while read -r file; do
		file=${file#"$work/kernel/"}
		mkdir -p "$to/${file%/*}"
		cp "$work/kernel/$file" "$to/$file"
	done
	for file in order builtin builtin.modinfo; do
		cp "$work/kernel/lib/modules/$version/modules.$file" "$to/lib/modules/$version/"
	done
	depmod -b "$to" "$version"
}

unpack_kernel() {
	mkdir "$work/kernel"
	(cd "$work" && apt-get -qq -o APT::Sandbox::User=root download "$kernel" >&2)
	dpkg-deb --fsys-tarfile "$work"/linux-image-*.deb |
		tar -x -C "$work/kernel" --exclude='*/drivers/gpu' --exclude='*/drivers/net/wireless' \
			--exclude='*/drivers/media' --exclude='*/sound' --exclude='./usr'
	version=$(basename "$work"/kernel/lib/modules/*)
	depmod -b "$work/kernel" "$version"
	cp "$work/kernel/boot/vmlinuz-$version" "$base.new/vmlinuz"
}

# Root is the squashfs under a tmpfs: each boot finds it clean. A second disk, if there is one, holds
# what must outlive a boot.
make_initrd() {
	ramdisk=$work/initrd
	mkdir -p "$ramdisk/bin" "$ramdisk/proc" "$ramdisk/sys" "$ramdisk/dev" "$ramdisk/ro" \
		"$ramdisk/rw" "$ramdisk/new"
	cp /bin/busybox "$ramdisk/bin/"
	ln -s busybox "$ramdisk/bin/sh"
	cp $here/inside/init "$ramdisk/init"
	chmod 755 "$ramdisk/init"
	modules "$ramdisk" virtio_pci virtio_blk virtio_rng squashfs overlay \
		crc32c_generic ext4
	(cd "$ramdisk" && find . | cpio -o -H newc --quiet | zstd -q -3) >"$base.new/initrd.img"
}

# Settings of the guest: nobody logs in on its console, nothing runs by the clock, and nothing is left
# to be done at first boot.
settle() {
	root=$1
	echo guest >"$root/etc/hostname"
	echo "127.0.0.1 localhost guest" >"$root/etc/hosts"
	echo "$hash" | cut -c 1-32 >"$root/etc/machine-id"
	echo 9pnet_virtio >"$root/etc/modules-load.d/guest.conf"
	for tag in share source; do
		echo "$tag /run/$tag 9p trans=virtio,version=9p2000.L,msize=262144,nofail 0 0"
	done >"$root/etc/fstab"
	passwd --root "$root" -d root >/dev/null
	for unit in apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer \
		e2scrub_reap.service fstrim.timer getty@tty1.service logrotate.timer nginx.service \
		serial-getty@ttyS0.service systemd-firstboot.service systemd-pstore.service; do
		ln -sf /dev/null "$root/etc/systemd/system/$unit"
	done
	cp $here/inside/guest.service "$root/etc/systemd/system/"
	ln -s ../guest.service "$root/etc/systemd/system/multi-user.target.wants/"
}

squash() {
	touch "$1/etc/.updated" "$1/var/.updated"
	mksquashfs "$1" "$2" -comp lz4 -noappend -no-progress -quiet -no-xattrs >/dev/null
}

make_base() {
	hash=$({ echo "$suite $kernel" && cat $here/packages $here/modules $here/image.sh \
		$here/inside/init $here/inside/guest.service; } | sha256sum | cut -c 1-32)
	base=$cache/base-$hash
	[ ! -e "$base" ] || return 0
	rm -rf "$base.new"
	mkdir "$base.new"
	unpack_kernel
	sources >"$work/sources"
	[ -s "$work/sources" ] || die "this machine has no mirror of $suite"
	mmdebstrap --quiet --variant=apt --include="$(listed packages | tr ' ' ,)" \
		--dpkgopt=force-unsafe-io --dpkgopt='path-exclude=/usr/share/doc/*' \
		--dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
		"$suite" "$work/root" - <"$work/sources" >&2
	# shellcheck disable=SC2046 # names of modules
	modules "$work/root" $(listed modules)
	make_initrd
	settle "$work/root"
	tar -C "$work/root" -cf "$base.new/root.tar" .
	squash "$work/root" "$base.new/root.squashfs"
	rm -rf "$work/root"
	mv "$base.new" "$base"
}

# layer HASH COMMAND...: the base with what the command, which is told the folder, puts on top.
layer() {
	image=$cache/$kind-$(echo "$hash $1" | sha256sum | cut -c 1-32)
	shift
	[ ! -e "$image" ] || return 0
	rm -rf "$image.new" "$work/root"
	mkdir "$image.new" "$work/root"
	tar -C "$work/root" -xf "$base/root.tar"
	"$@" "$work/root" >&2 || die "cannot install ours: $*"
	squash "$work/root" "$image.new/root.squashfs"
	ln "$base/vmlinuz" "$base/initrd.img" "$image.new/"
	mv "$image.new" "$image"
}

install_packages() {
	mkdir "$1/packages" &&
		cp build/packages/*.deb "$1/packages/" &&
		chroot "$1" sh -c 'DEBIAN_FRONTEND=noninteractive dpkg -i /packages/*.deb' &&
		rm -rf "$1/packages"
}

make_install() {
	# /lib is a link.
	tar -C "$work/installed" -cf - . | tar -C "$1" --keep-directory-symlink -xf - &&
		chroot "$1" systemd-sysusers || return
	chroot "$1" systemctl preset-all --preset-mode=enable-only >/dev/null 2>&1 || :
}

built_from_tree() {
	build=$top/build-guest/build
	mkdir -p "$build"
	[ -x configure ] || ./bootstrap >&2
	[ -f "$build/Makefile" ] || (cd "$build" && "$top/configure" --quiet --prefix=/usr \
		--sysconfdir=/etc --localstatedir=/var --libexecdir=/usr/libexec --enable-emulator >&2)
	make -C "$build" -s -j"$(nproc)" all >&2
	make -C "$build" -s install DESTDIR="$work/installed" >&2
}

make_base
case $kind in
base) image=$base ;;
packages)
	ls build/packages/*.deb >/dev/null 2>&1 || die "there are no packages: ./dev package"
	layer "$(sha256sum build/packages/*.deb)" install_packages
	;;
build)
	built_from_tree
	layer "$(cd "$work/installed" && find . -type f -exec sha256sum {} + | sort)" make_install
	;;
*) die "there is no image \"$kind\", but: base build packages" ;;
esac
# Older ones of the same kind are of no use any more.
[ "$cache" != "$top/build-guest" ] || for old in "$cache/${image##*/}" "$cache/$kind"-*; do
	case $old in "$image" | "$base") ;; *) rm -rf "$old" ;; esac
done
echo "$image"
