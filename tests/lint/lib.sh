# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh disable=SC2034
# For the scripts beside this one: what they found, as TAP.
LC_ALL=C; export LC_ALL
top=${DISCFW_SRCDIR:-$(cd "$(dirname "$0")/../.." && pwd)}
n=0

# sources TREE: what people wrote there, one file a line, seen from the tree. Recorded data is not.
sources() {
	(cd "$1" && find Makefile.am configure.ac bootstrap dev .ci/run daemon db cli schema tests \
		packaging -type f ! -path '*/data/*' ! -path '*/corpus/*' ! -name '*~' 2>/dev/null | sort)
}

# check NAME FOUND: good if nothing was found.
check() {
	n=$((n + 1))
	[ -z "$2" ] || { echo "$2" | sed 's/^/# /'; printf 'not '; }
	echo "ok $n - $1"
}

# expect NAME WANTED FOUND: for violations that were planted.
expect() {
	if [ "$2" = "$3" ]; then check "$1" ""; else check "$1" "wanted: $2
found:  $3"; fi
}

skip_all() {
	echo "1..0 # SKIP $1"
	exit 0
}
