#!/bin/sh
# Large functions and files are where faults hide: the same four of them in every project.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/lib.sh"

# The form is clang-format's: a function begins at the margin, and its brace closes there.
sizes() (
	cd "$1" && sources . | grep '\.[ch]$' | xargs awk -v functions=100 -v sources=600 -v headers=160 '
	function file_ends() {
		max = file ~ /\.h$/ ? headers : sources
		if (file && lines > max) print file ": " lines " lines, at most " max
	}
	FNR == 1 { file_ends(); file = FILENAME }
	{ lines = FNR }
	/^[A-Za-z_].*\(/ { name = $0; sub(/\(.*/, "", name); sub(/.*[ *]/, "", name); head = FNR }
	head && /;$/ { head = 0 } # a declaration
	head && /\{$/ { start = head; head = 0 }
	/^\}/ {
		if (start && FNR - start >= functions)
			print FILENAME ":" start ": " name "() has " FNR - start + 1 " lines, at most " functions
		start = 0
	}
	END { file_ends() }')

check "functions have 100 lines at most, sources 600, headers 160" "$(sizes "$top")"

t=$(mktemp -d) && trap 'rm -rf "$t"' EXIT
mkdir "$t/db"
lines() { awk -v n="$1" 'BEGIN { for (i = 0; i < n; i++) print "        ;" }'; }
{ echo 'static int *good(void) {'; lines 98; echo '}'; 
	printf 'int declared(int a,\n             int b);\nint bad(int a,\n        int b) {\n'; lines 99
	echo '}'; } > "$t/db/a.c"
lines 161 > "$t/db/b.h"
lines 601 > "$t/db/c.c"
expect "what is planted is found" 'db/a.c:103: bad() has 102 lines, at most 100
db/b.h: 161 lines, at most 160
db/c.c: 601 lines, at most 600' "$(sizes "$t")"
echo "1..$n"
