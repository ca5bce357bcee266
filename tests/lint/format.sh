#!/bin/sh
# One hand all over: .clang-format decides, so that no review has to.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/lib.sh"

# Other versions break lines elsewhere.
tool=$(command -v clang-format-14 || command -v clang-format) || skip_all "there is no clang-format"
"$tool" --version | grep -q 'version 14\.' || skip_all "clang-format is not of version 14"

cd "$top" || exit 1
check "sources are as clang-format writes them" "$(sources . | grep '\.[ch]$' |
	xargs "$tool" --dry-run -Werror --style=file 2>&1 | grep 'error:')"
expect "what is planted is found" 1 "$(echo 'int  x;' | "$tool" --dry-run -Werror --style=file \
	--assume-filename="$top/db/x.c" 2>&1 | grep -c 'error:')"
echo "1..$n"
