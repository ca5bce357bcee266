#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# usage: image-more.sh IMAGE PACKAGE...
#
# Makes an image for an optional suite, from one of image.sh, with more packages of Debian in it, and
# prints the name of its folder. The usual image stays as small as it is. Root.
set -eu
PATH=$PATH:/usr/sbin:/sbin
LC_ALL=C.UTF-8
export PATH LC_ALL
image=${1:?which image}
shift
more=$image-$(echo "$*" | tr ' ' -)
if [ -e "$more" ]; then
	echo "$more"
	exit
fi

[ -n "${TMPDIR:-}" ] || [ ! -d /dev/shm ] || TMPDIR=/dev/shm
export TMPDIR="${TMPDIR:-/tmp}"
work=$(mktemp -d -t discfw-more.XXXXXX)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
chmod 755 "$work"
root=$work/root
unsquashfs -quiet -no-progress -dest "$root" "$image/root.squashfs" >/dev/null
# The mirrors of this machine, as apt reaches them here; nothing starts in there.
cp /etc/resolv.conf "$root/etc/resolv.conf"
cp -a /etc/apt/apt.conf.d/. "$root/etc/apt/apt.conf.d/"
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
chmod 755 "$root/usr/sbin/policy-rc.d"
chroot "$root" sh -c 'apt-get -qq -o APT::Sandbox::User=root update &&
	DEBIAN_FRONTEND=noninteractive apt-get -qq -o APT::Sandbox::User=root \
		-o Dpkg::Options::=--force-unsafe-io install --no-install-recommends "$@"' - "$@" >&2
rm -rf "$root/usr/sbin/policy-rc.d" "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/*
rm -rf "$more.new"
mkdir "$more.new"
mksquashfs "$root" "$more.new/root.squashfs" -comp lz4 -noappend -no-progress -quiet -no-xattrs \
	>/dev/null
cp "$image/vmlinuz" "$image/initrd.img" "$more.new/"
mv "$more.new" "$more"
echo "$more"
