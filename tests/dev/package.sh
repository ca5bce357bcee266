#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# usage: package.sh [--check] [FOLDER]
# Debian packages, unsigned, of the archive that would be released: "./dev package". They are built in
# $DISCFW_BUILDDIR/packaging and put into FOLDER (build/packages), if what goes into them is not what
# is there already. The tests are not run, as "./dev check" runs them, but with --check.
set -eu
cd "$(dirname "$0")/../.."
top=$PWD
build=${DISCFW_BUILDDIR:-$top/build}
limit=1200 # seconds; it takes about one minute
options="nocheck noautodbgsym parallel=${DISCFW_JOBS:-$(nproc)}"
[ "${1:-}" != --check ] || { options=${options#nocheck }; shift; }
packages=${1:-$build/packages}

die() {
	echo "package: $*" >&2
	exit 1
}

# Archives differ in their times; what counts is what is in them.
contents() { (cd "$1" && find . -type f | LC_ALL=C sort | xargs -d '\n' sha256sum); }

version=$(sed -n 's/^AC_INIT(\[discfwd\], \[\([^]]*\)\].*/\1/p' configure.ac)
[ "$(dpkg-parsechangelog -l packaging/debian/changelog -S Version | sed 's/-[^-]*$//')" = "$version" ] ||
	die "packaging/debian/changelog is not of version $version, which configure.ac names"

rm -rf "$build/packaging"
mkdir -p "$build/packaging" "$packages"
make -C "$build" -s dist >"$build/packaging/log" 2>&1 || { cat "$build/packaging/log" >&2 && die "no archive"; }
mv "$build/discfwd-$version.tar.xz" "$build/packaging/discfwd_$version.orig.tar.xz"
cd "$build/packaging"
tar -xf "discfwd_$version.orig.tar.xz"
contents "discfwd-$version" >inputs
if cmp -s inputs "$packages/inputs" && [ -n "$(find "$packages" -name '*.deb')" ]; then
	echo "package: as they were"
	exit 0
fi
rm -f "$packages"/*
cd "discfwd-$version"
cp -a packaging/debian debian
DEB_BUILD_OPTIONS=$options timeout -k 20 $limit dpkg-buildpackage -us -uc >>../log 2>&1 || {
	tail -n 40 ../log >&2
	die "no packages, see $build/packaging/log"
}
cd ..
for file in *.deb *.dsc *.tar.xz *.changes *.buildinfo; do
	mv "$file" "$packages"
done
mv inputs "$packages/inputs"
rm -rf "discfwd-$version"
