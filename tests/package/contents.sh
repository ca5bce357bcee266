#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What is in the Debian packages of build/packages, as "./dev package" made them.
system_limit=290
. "$(dirname "$0")/../system/lib.sh"
packages=$DISCFW_BUILDDIR/packages
root=$tmp/root
need lintian dpkg-deb objdump readelf
[ -n "$(find "$packages" -name '*.changes' 2>/dev/null)" ] || skip_all "there are no packages in $packages"
mkdir "$root"
for deb in "$packages"/*.deb; do
	dpkg-deb -x "$deb" "$root"
done

# Nothing is let pass by a profile or by a word on the command line, only by overrides with reasons.
lintian_is_silent() {
	lintian --no-cfg --pedantic -EvI --fail-on error,warning,info,pedantic,experimental \
		--allow-root "$packages"/*.changes
}

unexplained_overrides() {
	awk 'FNR == 1 { reason = 0 } /^#/ { reason = 1; next } /^$/ { reason = 0; next }
		!reason { print FILENAME ": no reason for " $0 }' \
		"$DISCFW_SRCDIR"/packaging/debian/*lintian-overrides \
		"$DISCFW_SRCDIR"/packaging/debian/source/lintian-overrides
}

nothing() { [ -z "$("$@" | tee "$tmp/found")" ] || { cat "$tmp/found"; false; }; }

programs() {
	find "$root" -type f -exec sh -c '
		for file; do [ "$(head -c 4 "$file" | tail -c 3)" = ELF ] && echo "$file"; done' sh {} + | sort
}

# unhardened PROGRAM: which of the protections that Debian knows it lacks. The note of control flow
# protection is in none of Debian 12's programs, as its crt1.o has not got it; the instructions are.
unhardened() {
	readelf -hW "$1" | grep -q 'Type:.*DYN' || echo "no position independent executable"
	readelf -lW "$1" | grep -q 'GNU_RELRO' || echo "no read-only relocations"
	readelf -dW "$1" | grep -q 'FLAGS_1.* NOW.*PIE' || echo "symbols are not all bound at start"
	readelf -lW "$1" | grep -qE 'GNU_STACK.* RW ' || echo "the stack is not said to be unexecutable"
	readelf --dyn-syms -W "$1" >"$tmp/symbols"
	grep -q '__stack_chk_fail' "$tmp/symbols" || echo "no stack protector"
	grep -qE ' __[a-z]+_chk(@|$)' "$tmp/symbols" || echo "no fortified function"
	readelf -dW "$1" | grep -E 'R(UN)?PATH|TEXTREL'
	case $(uname -m) in
	x86_64)
		[ "$(objdump -d "$1" | grep -c 'endbr64')" -gt 5 ] || echo "no control flow protection" ;;
	esac
}

unhardened_programs() {
	programs | while read -r program; do
		unhardened "$program" | sed "s,^,${program#"$root"}: ,"
	done
}

# Hardening is only as good as the parts that every object was built with: gcc notes its options.
compiled_without() {
	grep -E '^gcc .* -c ' "$DISCFW_BUILDDIR/packaging/log" | grep -vE -- "$1"
}

special_modes() {
	for deb in "$packages"/*.deb; do
		dpkg-deb -c "$deb" | awk '$1 ~ /[sStT]/ || $2 != "root/root" ||
			($1 !~ /^l/ && substr($1, 9, 1) == "w")'
	done
}

# What makes somebody trusted, or could be taken for it: keys, roots, catalogs.
keys() {
	grep -rlE 'PRIVATE KEY|BEGIN OPENSSH|scrypt|"_type": *"root"' "$root/etc" "$root/usr/share" "$root/usr/lib"
	find "$root/etc" -path '*catalogs.d/*'
	find "$root" -name '*.key' -o -name 'root.json' -o -name 'passphrase*'
}

# Where it was built is nobody's business, and would differ from one builder to the next.
built_at() {
	grep -rlF "$DISCFW_BUILDDIR" "$root"
}

# Instances of helpers are ended by nobody but themselves; see packaging/debian/discfwd.prerm.
instances_in_scripts() {
	for deb in "$packages"/*.deb; do
		mkdir -p "$tmp/scripts" && dpkg-deb -e "$deb" "$tmp/scripts"
		grep -H '@' "$tmp"/scripts/p* 2>/dev/null | grep -vE "#|list-units 'discfw-flash@|echo"
		rm -r "$tmp/scripts"
	done
}

plan 10
check "lintian has nothing to say, at its strictest" lintian_is_silent
check "every exception for lintian has its reason beside it" nothing unexplained_overrides
check "there are eleven programs or so, and they are looked at" [ "$(programs | wc -l)" -ge 10 ]
check "every program has every hardening" nothing unhardened_programs
check "every object was compiled with the compiler's own part of it" nothing compiled_without \
	'-fstack-clash-protection.*-fcf-protection.*-D_FORTIFY_SOURCE=3'
check "nothing is setuid, setgid, sticky, writable for others or not root's" nothing special_modes
check "no key, no root of trust and no catalog comes with it" nothing keys
check "no file knows where it was built" nothing built_at
check "no maintainer script stops an instance of a helper" nothing instances_in_scripts
check "the version is that of configure.ac" \
	says "^discfwd_$(sed -n 's/^AC_INIT(\[discfwd\], \[\([^]]*\)\].*/\1/p' "$DISCFW_SRCDIR/configure.ac")-1_" \
	ls "$packages"
