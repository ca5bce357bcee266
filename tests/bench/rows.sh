# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh
# One table for all that is measured beside something else.

# head OURS THEIRS
head_row() { printf '%-46s %10s %10s %-4s %8s  %s\n' "$1" "$2" "$3" unit ratio aim; }

# row WHAT OURS THEIRS UNIT AIM: the ratio is theirs by ours, or ours by theirs where the aim is to
# stay below ("at most N times ...").
row() {
	awk -v what="$1" -v ours="$2" -v theirs="$3" -v unit="$4" -v aim="$5" 'BEGIN {
		if (ours == "" || theirs == "") {
			printf "%-46s %10s %10s %-4s %8s  %s\n", what, ours == "" ? "-" : sprintf("%.1f", ours),
				theirs == "" ? "-" : sprintf("%.1f", theirs), unit, "-", "could not be measured"
			exit
		}
		within = aim ~ /^at most/
		ratio = within ? ours / theirs : theirs / ours
		split(aim, word, " "); limit = word[within ? 3 : 1]
		verdict = aim == "" ? "" : (within ? ratio <= limit : ratio >= limit) ? "reached" : "MISSED"
		printf "%-46s %10.1f %10.1f %-4s %8.2f  %s %s\n", what, ours, theirs, unit, ratio, aim, verdict
	}'
}

# own_row WHAT OURS UNIT [LIMIT]: there is nobody to compare with, but perhaps a limit.
own_row() {
	awk -v what="$1" -v ours="$2" -v unit="$3" -v limit="${4:-}" 'BEGIN {
		aim = limit == "" ? "" : sprintf("at most %s %s", limit,
			ours == "" ? "could not be measured" : ours <= limit + 0 ? "reached" : "MISSED")
		printf "%-46s %10s %10s %-4s %8s  %s\n", what, ours == "" ? "-" : sprintf("%.1f", ours), "",
			unit, "", aim
	}'
}

# The middle one of the numbers in the input.
middle() { sort -n | awk '{ v[NR] = $1 } END { if (NR) print v[int((NR + 1) / 2)] }'; }
