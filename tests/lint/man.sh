#!/bin/sh
# A manual page that is wrong in form is shown wrong on somebody's terminal.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/lib.sh"

command -v mandoc >/dev/null || skip_all "there is no mandoc"

# Our pages refer to each other and are not installed where this runs; nor is the index of others ours.
lint() (cd "$1" && sources . | grep '\.[1-8]$' | xargs -r mandoc -T lint 2>&1 |
	grep -v -e 'referenced manual not found' -e 'outdated mandoc.db')

check "mandoc has nothing to say" "$(lint "$top")"

t=$(mktemp -d) && trap 'rm -rf "$t"' EXIT
mkdir "$t/db"
printf '.Dd November 22, 2026\n.Dt X 8\n.Os\n.Sh NAME\n.Nm x\n.Nd y\n.Sh DESCRIPTION\n.Nonsense\n' > "$t/db/x.8"
expect "what is planted is found" 1 "$(lint "$t" | grep -c 'unknown macro')"
echo "1..$n"
