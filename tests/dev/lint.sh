# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh
# Included by ./dev: what reads the sources without running them. Each function prints what it found,
# and is true if that is nothing. What is let pass stands in .clang-tidy, tests/lint/cppcheck.allow
# and tests/lint/analyzer.allow, with reasons, and is counted.

: "${command:?} ${top:?} ${jobs:?}"

c_sources() { git ls-files 'daemon/*.c' 'db/*.c' 'cli/*.c' 'tests/*.c'; }

allowed() { grep -cvE '^(#|$)' "$1"; }

lint_format() { git ls-files '*.[ch]' | xargs clang-format-14 --dry-run -Werror --style=file; }

lint_shell() {
	echo "but for $(git grep -cE 'shellcheck disable' -- '*.sh' dev bootstrap .ci | wc -l) files with exceptions"
	# shellcheck disable=SC2046 # names of ours have no blanks
	shellcheck -x dev bootstrap .ci/run $(git ls-files '*.sh')
}

lint_cppcheck() {
	echo "but for $(allowed tests/lint/cppcheck.allow) suppressions"
	grep -vE '^(#|$)' tests/lint/cppcheck.allow >build/cppcheck.list
	# shellcheck disable=SC2046
	cppcheck --quiet -j "$jobs" --std=c11 --enable=warning,performance,portability \
		--suppressions-list=build/cppcheck.list --error-exitcode=1 \
		--template='{file}:{line}: {message} [{id}]' \
		'-Djson_array_foreach(a,i,v)=while((v=json_array_get(a,i)))' \
		-D_GNU_SOURCE -Idaemon -I. $(c_sources)
}

# Tests are not for it: cmocka's assertions are too deep for their own macros.
lint_tidy() {
	echo "but for $(sed -n '/^Checks:/,$p' .clang-tidy | grep -oE '[ ,]-[a-z][a-z0-9.-]*' | wc -l) checks"
	# shellcheck disable=SC2046,SC2086 # for the shell that xargs starts; flags
	c_sources | grep -E '^(daemon|db|cli|tests/emulator)/' | grep -v /sg-shim.c |
		xargs -P "$jobs" -n 12 sh -c 'flags=$1; shift
			clang-tidy-14 --quiet "$@" -- -std=gnu11 -include build/config.h -Idaemon -I. \
				"-DPKGLIBEXECDIR=\"\"" "-DSYSCONFDIR=\"\"" "-DLOCALSTATEDIR=\"\"" \
				"-DPKGDATADIR=\"\"" $flags 2>&1 | grep -vE "^[0-9]+ warnings? generated"
			true' sh "$(pkg-config --cflags smartcols libsystemd)" >build/tidy.log
	cat build/tidy.log
	! grep -qE 'error:|warning:' build/tidy.log
}

analyzer_build() (
	LC_ALL=C # plain quotes
	export LC_ALL
	mkdir -p build-analyzer
	{
		configured build-analyzer --disable-hardening \
			CFLAGS='-O0 -fanalyzer -fdiagnostics-plain-output' &&
			make -C build-analyzer -s clean && make -C build-analyzer -s -j"$jobs" all
	} >build-analyzer/log 2>&1
)

# Without optimization, as gcc's manual wants it; hardening needs an optimizer.
lint_analyzer() {
	echo "but for $(allowed tests/lint/analyzer.allow) suppressions"
	analyzer_build || { tail -n 20 build-analyzer/log; return 1; }
	awk -v top="$top/" -v quote="'" '
	FNR == NR {
		if ($0 !~ /^#/ && NF) allow[$1 " " $2 " " $3] = 0
		next
	}
	/: In function |^In function / { split($0, part, quote); fn = part[2] }
	/ warning: .*\[-Wanalyzer-/ {
		split($1, place, ":"); file = place[1]; sub(/.*\/\.\.\//, "", file)
		if (index(file, top) == 1) file = substr(file, length(top) + 1)
		warning = $NF; gsub(/[][]/, "", warning)
		key = file " " fn " " warning
		if (("* * " warning) in allow) allow["* * " warning]++
		else if (key in allow) allow[key]++
		else { print; bad = 1 }
	}
	END {
		for (key in allow) if (!allow[key]) { print "nothing fits any more: " key; bad = 1 }
		exit bad
	}' tests/lint/analyzer.allow build-analyzer/log
}

if [ "$command" = lint ]; then
	build
	mkdir -p build-check
	bad=0
	for tool in format shell cppcheck tidy analyzer; do
		if lint_$tool >build-check/lint-$tool.log 2>&1; then
			say "$tool: clean $(head -n 1 build-check/lint-$tool.log)"
		else
			say "$tool: found something"
			cat build-check/lint-$tool.log
			bad=1
		fi
	done
	exit $bad
fi
