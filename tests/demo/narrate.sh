# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh
# How the demo speaks. Nothing is claimed that is not looked at: what is not so ends the demo.
: "${tmp:?} ${DISCFW_BUILDDIR:?}"
n_headings=0 n_claims=0

heading() {
	n_headings=$((n_headings + 1))
	printf '\n%d. %s\n' $n_headings "$1"
	shift
	for line; do printf '   %s\n' "$line"; done
}

# As a person would type it.
typed() {
	printf '\n    $'
	for word; do
		case $word in
		*[!A-Za-z0-9_./:=,-]*) printf ' "%s"' "$word" ;;
		*) printf ' %s' "$word" ;;
		esac
	done
	echo
}

# show STATUS COMMAND...: runs it before the eyes of the reader; see $tmp/said.
show() {
	wanted=$1
	shift
	typed "$@"
	{
		"$@" 2>&1
		echo $? >"$tmp/status"
	} | tee "$tmp/said" | sed -u 's/^/    /'
	status=$(cat "$tmp/status")
	[ "$status" -eq "$wanted" ] || give_up "\"$*\" ended with status $status, not $wanted"
}

# claim SENTENCE COMMAND...
claim() {
	sentence=$1
	shift
	"$@" >"$tmp/claim" 2>&1 || {
		sed 's/^/    /' "$tmp/claim"
		give_up "it is not so that $sentence"
	}
	n_claims=$((n_claims + 1))
	printf '    > %s\n' "$sentence"
}

said() { grep -qe "$1" "$tmp/said"; }

# json FILTER VERB...: true if jq says so of what "discfw --json VERB" prints.
json() {
	filter=$1
	shift
	discfw --json "$@" | jq -e "$filter"
}

runs() { json ".drive.revision == \"$2\"" show "$1"; }

# A file that a mirror serves, with one byte in the middle changed.
alter() { printf '\252' | dd of="$1" bs=1 seek=5000 conv=notrunc status=none; }

give_up() {
	kept=$DISCFW_BUILDDIR/demo-failed
	rm -rf "$kept"
	mkdir -p "$kept"
	cp -r "$tmp"/*.log "$tmp/transcripts" "$tmp/nginx" "$tmp/said" "$kept" 2>/dev/null
	printf '\nTHE DEMO FAILED: %s\nsee %s: discfwd.log, emulator.log, nginx, transcripts\n' \
		"$1" "$kept" >&2
	exit 1
}
