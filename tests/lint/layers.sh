#!/bin/sh
# Who may include whom is data (daemon/LAYERS), so that a reader can trust it and not the habit.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/lib.sh"

layers() (
	cd "$1" && sources . | grep -E '^(daemon|db|cli)/.*\.[ch]$' | xargs awk '
	FNR == 1 { folder = FILENAME; sub(/\/[^\/]*$/, "", folder) }
	FILENAME == "daemon/LAYERS" {
		if ($1 !~ /^#/ && NF) { known[$1]; for (i = 1; i <= NF; i++) may[$1, $i] }
		next
	}
	/^[ \t]*#[ \t]*include[ \t]*"/ {
		split($0, part, "\""); name = to = part[2]
		if (name !~ /\//) { print FILENAME ":" FNR ": \"" name "\" needs its folder"; next }
		sub(/\/[^\/]*$/, "", to)
		if (("daemon/" to) in known) to = "daemon/" to
		if (!((folder, to) in may)) print FILENAME ":" FNR ": " folder " may not include " to
	}' daemon/LAYERS)

check "every include is one that daemon/LAYERS allows" "$(layers "$top")"

t=$(mktemp -d) && trap 'rm -rf "$t"' EXIT
mkdir -p "$t/daemon/core" "$t/daemon/drive" "$t/db"
cp "$top/daemon/LAYERS" "$t/daemon"
printf '#include "core/plan.h"\n#include "plan.h"\n#include "drive/sense.h"\n' > "$t/daemon/core/plan.c"
printf '#include "base/fault.h"\n#include "flash/main.h"\n' > "$t/daemon/drive/sense.c"
printf '# include "../daemon/core/plan.h"\n#include <stdio.h>\n' > "$t/db/store.c"
expect "what is planted is found" 'daemon/core/plan.c:2: "plan.h" needs its folder
daemon/core/plan.c:3: daemon/core may not include daemon/drive
daemon/drive/sense.c:2: daemon/drive may not include daemon/flash
db/store.c:1: db may not include ../daemon/core' "$(layers "$t")"
echo "1..$n"
