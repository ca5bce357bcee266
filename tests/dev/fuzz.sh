# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh
# Included by ./dev: libFuzzer over the kept corpora. What it finds new goes to build-fuzz/corpus, what
# it breaks to build-fuzz/found.
: "${top:?} ${jobs:?}"
wanted=${1:-}
seconds=${2:-60}
say "building in ./build-fuzz"
configured build-fuzz CC=clang-14 --enable-fuzzer --enable-sanitizers >/dev/null
mkdir -p build-fuzz/found
targets=$(find tests/fuzz -name 'fuzz-*.c' | sed 's,.*/fuzz-\(.*\)\.c,\1,' | sort)
if [ -n "$wanted" ]; then
	echo "$targets" | grep -qx -- "$wanted" ||
		die "there is no target \"$wanted\", but: $(echo "$targets" | tr '\n' ' ')"
	targets=$wanted
fi
for target in $targets; do
	make -C build-fuzz -s -j"$jobs" "tests/fuzz/fuzz-$target" >build-fuzz/log 2>&1 ||
		{ cat build-fuzz/log; die "$target does not build"; }
	mkdir -p "build-fuzz/corpus/$target"
	say "$target, $seconds s"
	"build-fuzz/tests/fuzz/fuzz-$target" -max_total_time="$seconds" -print_final_stats=1 \
		-artifact_prefix="build-fuzz/found/$target-" "build-fuzz/corpus/$target" \
		"tests/fuzz/corpus/$target" >"build-fuzz/$target.log" 2>&1 ||
		{ tail -n 40 "build-fuzz/$target.log" && die "$target found something: see build-fuzz/found"; }
	sed -n 's/^stat::number_of_executed_units: */        inputs tried: /p' "build-fuzz/$target.log"
done
say "nothing found"
