# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh
# Included by ./dev: what the tests reach. Sandboxes are wide in this build, or their processes could
# not write down what they ran; tests of sandboxes run on the plain build only.
: "${top:?} ${jobs:?}"
say "building and testing in ./build-coverage"
configured build-coverage --enable-coverage CFLAGS='-O0 -g' >/dev/null
find build-coverage -name '*.gcda' -delete
make -C build-coverage -s -j"$jobs" check >build-coverage/log 2>&1 ||
	say "some tests fail in this build, see build-coverage/log"

# gcov says "File 'X'" and then "Lines executed:P% of N". Headers come up once for each user.
find build-coverage -name '*.gcda' ! -path '*/tests/*' -exec gcov -n {} + 2>/dev/null | awk -v top="$top/" -F"'" '
	/^File/ { file = $2; sub(top, "", file); next }
	/^Lines executed:/ && file ~ /^(daemon|db|cli)\/.*\.c$/ {
		split($0, part, /[:% ]+/)
		if (part[5] && !(file in lines)) { lines[file] = part[5]; hit[file] = part[3] * part[5] / 100 }
		file = ""
	}
	END {
		for (file in lines) {
			printf "%6.1f %%  %5d  %s\n", 100 * hit[file] / lines[file], lines[file], file
			n += lines[file]; h += hit[file]
		}
		if (n) printf "%6.1f %%  %5d  of all lines\n", 100 * h / n, n
	}' | sort -n
say "the least reached files come first"
