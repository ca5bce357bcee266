#!/bin/sh
# A library in the wrong process is a parser or a network where ARCHITECTURE says that there is none.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/lib.sh"
build=${DISCFW_BUILDDIR:-.}

table() { cat << 'END'
discfwd         c crypto inih jansson seccomp sqlite3 systemd
discfw-fetch    c curl seccomp systemd
discfw-verify   c crypto jansson seccomp systemd
discfw-probe    c seccomp systemd
discfw-flash    c crypto jansson seccomp systemd
discfw          c crypto jansson smartcols
discfw-catalog  c crypto inih jansson
END
}

needed() {
	objdump -p "$1" | awk '$1 == "NEEDED" { sub(/^lib/, "", $2); sub(/\.so.*/, "", $2); print $2 }' |
		sort | tr '\n' ' ' | sed 's/ $//'
}

command -v objdump >/dev/null || skip_all "there is no objdump"
while read -r program wanted; do
	if [ -x "$build/$program" ]; then
		expect "$program is linked with what it may be" "$wanted" "$(needed "$build/$program")"
	else
		n=$((n + 1)); echo "ok $n - $program # SKIP it is not built"
	fi
done << END
$(table)
END
echo "1..$n"
