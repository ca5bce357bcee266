#!/bin/sh
# Whoever takes one file out of the tree must still see on what terms.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/lib.sh"

unlicensed() (
	cd "$1" && sources . | grep -E '(^(bootstrap|dev|\.ci/run)|\.([chly1-8]|ac|am|awk|mk|py|sh|sql|varlink|service|socket|rules|in))$' |
		while read -r f; do
			head -n 3 "$f" | grep -q 'SPDX-License-Identifier: [A-Z]' || echo "$f: no SPDX line among the first three"
		done)

check "every file names its licence" "$(unlicensed "$top")"

t=$(mktemp -d) && trap 'rm -rf "$t"' EXIT
mkdir "$t/db"
echo '/* none */' > "$t/db/a.c"
echo '-- SPDX-License-Identifier: LGPL-2.1-or-later' > "$t/db/b.sql"
expect "what is planted is found" 'db/a.c: no SPDX line among the first three' "$(unlicensed "$t")"
echo "1..$n"
