# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh
# Included by ./dev: every test there is. What each step said is in build-check/STEP.log.
#
# Tests are counted one by one where a step speaks TAP (automake's summary); any other step counts as
# one. The last line is "N passed, N failed, N skipped", and the exit status 1 if any failed.
: "${top:?} ${jobs:?}"
. tests/dev/lint.sh
logs=build-check
rm -rf $logs
mkdir $logs
n_passed=0 n_failed=0 n_skipped=0

# summed NAME STEP: what all summaries of automake in a log say under that name.
summed() { awk -v name="# $1:" 'index($0, name) == 1 { n += $NF } END { print n + 0 }' "$logs/$2.log"; }

# step NAME COMMAND...
step() {
	step=$1
	shift
	say "$step"
	start=$(date +%s)
	failed=0
	"$@" >"$logs/$step.log" 2>&1 || failed=1
	passed=$(summed PASS "$step")
	skipped=$(($(summed SKIP "$step") + $(summed XFAIL "$step")))
	bad=$(($(summed FAIL "$step") + $(summed XPASS "$step") + $(summed ERROR "$step")))
	if [ $((passed + bad + skipped)) -eq 0 ]; then
		passed=$((1 - failed)) bad=$failed
	elif [ $failed -ne 0 ] && [ $bad -eq 0 ]; then
		bad=1
	fi
	n_passed=$((n_passed + passed)) n_failed=$((n_failed + bad)) n_skipped=$((n_skipped + skipped))
	printf '        %s: %d passed, %d failed, %d skipped, %d s\n' "$step" \
		"$passed" "$bad" "$skipped" \
		$(($(date +%s) - start))
	[ $bad -eq 0 ] || complain "$step"
}

# The tests that failed and what they said, or else the end of what a step said.
complain() {
	grep -E '^(FAIL|ERROR|XPASS): ' "$logs/$1.log" | sed 's/^/        /' ||
		tail -n 60 "$logs/$1.log" | sed 's/^/        /'
	sed -n 's/^\(FAIL\|ERROR\): \([^ ]*\).*/\2/p' "$logs/$1.log" | sort -u | while read -r test; do
		log=build/${test%.sh}.log
		case $1 in *-clang) log=build-sanitizers/${test%.sh}.log ;; esac
		[ ! -f "$log" ] || grep -B 25 -E '^not ok|^# not ok|^Bail|ERROR: ' "$log" | tail -n 60 |
			sed 's/^/        | /'
	done
}

make_check() { make -C "$1" -s -j"$jobs" check; }

begin_anew() {
	./bootstrap && rm -rf build build-sanitizers build-analyzer &&
		configured build --enable-werror
}

# Address and undefined behaviour, as clang sees them. Sandboxes are wide here.
sanitizers() {
	configured build-sanitizers CC=clang-14 --enable-werror --enable-sanitizers &&
		make -C build-sanitizers -s -j"$jobs" all
}

# The archive that would be released: it has all that people wrote, builds and passes its tests
# elsewhere, and cleans up.
distcheck() {
	make -C build -s -j"$jobs" distcheck DISTCHECK_CONFIGURE_FLAGS=--enable-werror || return
	tar -tf build/discfwd-*.tar.xz | sed -n 's,^[^/]*/\(.*[^/]\)$,\1,p' | sort >$logs/archived
	git ls-files | grep -v '^\.gitignore$' | sort | comm -13 $logs/archived - >$logs/forgotten
	[ ! -s $logs/forgotten ] || { echo "the archive lacks:" && cat $logs/forgotten && return 1; }
}

demo() { DISCFW_BUILDDIR=$top/build sh tests/demo/demo.sh; }

# Where it cannot be, its tests are counted as skipped.
guests() {
	if [ "$(id -u)" -ne 0 ] || ! command -v qemu-system-x86_64 mmdebstrap >/dev/null; then
		echo "SKIP: tests in guests: only root, and where qemu and mmdebstrap are installed"
		cat tests/guest/suites/*.sh tests/guest/outside/*.sh |
			awk '$1 == "plan" { n += $2 } END { print "# SKIP: " n }'
		return 0
	fi
	sh tests/guest/guest.sh
}

step configure begin_anew
step build make -C build -s -j"$jobs" all
step check make_check build
step demo demo
step build-clang sanitizers
step check-clang make_check build-sanitizers
for tool in format shell cppcheck tidy analyzer; do
	step lint-$tool lint_$tool
done
step distcheck distcheck
step package sh tests/dev/package.sh
step check-package make -C build -s check-package
step guest guests

say "skipped, and why:"
sed -n 's/^SKIP: /        /p' $logs/*.log | sort | uniq -c
say "done"
echo "$n_passed passed, $n_failed failed, $n_skipped skipped"
[ "$n_failed" -eq 0 ]
