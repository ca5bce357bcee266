#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The main job, from nothing and without hardware: "./dev demo". The programs are the real ones; drives
# are emulated, and answer as theirs do; mirrors are nginx on loopback. Only the catalog's waits are
# short, and times of the drives a hundredth.
system_limit=300
. "$(dirname "$0")/../system/lib.sh"
. "$(dirname "$0")/narrate.sh"
cd "$DISCFW_SRCDIR" || exit 99
begun=$(date +%s)

# A catalog as its maker signed it 37 days ago, which one mirror still serves, and as it is today.
make_catalog() {
	faketime '37 days ago' sh tests/demo-catalog.sh "$tmp/catalog" &&
		cp -a "$tmp/catalog/published" "$tmp/mirrors/old" &&
		discfw-catalog -C "$tmp/catalog/work" --passphrase-file "$tmp/catalog/passphrase" renew --all &&
		discfw-catalog -C "$tmp/catalog/work" --passphrase-file "$tmp/catalog/passphrase" \
			publish "$tmp/mirrors/good" &&
		cp -a "$tmp/mirrors/good" "$tmp/mirrors/altered"
}

# Processes that were started here carry the name of the folder in what they were started with.
nothing_runs() { ! grep -lF "$tmp/" /proc/[0-9]*/cmdline 2>/dev/null; }

all_writes() {
	for log in "$tmp"/transcripts/*.log; do
		name=${log##*/}
		writes "${name%.log}"
	done | awk '{ n += $1 } END { print n + 0 }'
}

by_hand() {
	cat <<-END

		The same by hand, in $DISCFW_SRCDIR:

		    export PATH=\$PWD/build:\$PATH DISCFW_BUILDDIR=\$PWD/build DISCFW_DIR=/tmp/try/d
		    mkdir /tmp/try
		    sh tests/demo-catalog.sh /tmp/try/catalog
		    discfw-emulator --models tests/emulator/models --dir /tmp/try/drives \\
		            --state /tmp/try/state --transcript /tmp/try/log --time-scale 0.01 &
		    discfwd --standalone /tmp/try/d --emulated /tmp/try/drives &
		    discfw catalog add demo /tmp/try/catalog/root.json /tmp/try/catalog/published
		    discfw refresh
		    discfw
		    discfw update btc-ide1004

		A mirror is a folder there; any web server that serves it does as well. "discfw help" says what
		else there is. The end of it: kill %1 %2; rm -r /tmp/try
	END
}

make_catalog >"$tmp/catalog.log" 2>&1 || give_up "no catalog could be made: $(tail -n 1 "$tmp/catalog.log")"
start_emulator --time-scale 0.01 || give_up "the emulator does not start"
start_mirrors || give_up "nginx does not start: $(tail -n 1 "$tmp/nginx.log")"
start_daemon || give_up "the daemon does not answer: $(tail -n 1 "$tmp/discfwd.log")"
old=http://127.0.0.2:$port/old
altered=http://127.0.0.3:$port/altered
good=http://127.0.0.1:$port/good

heading "Twelve drives are attached. Every one is listed, known or not." \
	"No catalog is trusted yet, so nothing is offered."
within 10 json '.drives | length == 12' list >/dev/null
show 0 discfw list
claim "there are as many as there are models" \
	json ".drives | length == $(find tests/emulator/models -name '*.drive' | wc -l)" list
claim "the drive without a vendor is there, with its revision" \
	json '.drives[] | select(.node == "emulated:btc-ide1004") | .revision == "0043"' list
claim "taking stock sent no drive a command that could change it" [ "$(all_writes)" -eq 0 ]

heading "A catalog is trusted by its root; three mirrors carry it." \
	"One still serves what was signed 37 days ago, and one alters images."
show 0 discfw catalog add demo "$tmp/catalog/root.json" "$old" "$altered" "$good"
show 0 discfw refresh
claim "the mirror that is behind is named" said 'mirror 127.0.0.2:.*37 days behind, skipped'
claim "it is the first one, and it was asked" grep -q 'GET /old/timestamp.json' "$tmp/nginx/access.log"
claim "what is trusted is fresh all the same" \
	json '.catalogs[0].state == "fresh" and .catalogs[0].mirrors[0].state == "behind"' catalog list
show 0 discfw

heading "The drive of the forum threads, at 0043, goes to 0051 as the catalog declares: over 0045 and" \
	"0050, and each step is verified by reading the drive before the next."
show 0 discfw why btc-ide1004 0450
claim "0450, which is for another hardware, is refused with the reason" said 'NO   edge .*0043'
show 0 discfw update btc-ide1004 --yes
claim "it says that it runs 0051" runs btc-ide1004 0051
claim "it was flashed three times, in this order, and each was verified" json \
	'[.events[] | select(.kind == "flash.outcome") | .from + ">" + .to + " " + .outcome] | reverse ==
	["0043>0045 verified", "0045>0050 verified", "0050>0051 verified"]' history btc-ide1004
claim "the drive received WRITE BUFFER commands" [ "$(writes btc-ide1004)" -gt 700 ]

heading "Two hardwares are called DVDRW IDE 16X. The firmware of the other would ruin this one, for" \
	"good; all that tells them apart is the revision."
show 0 discfw why emprex-1016-b A091
claim "the reason is what the drive runs" said 'A091 is for drives that run .*emprex-1016-b runs A187'
show 3 discfw update emprex-1016-b --to A091 --yes
claim "the drive was not touched: its transcript has no write" [ "$(writes emprex-1016-b)" -eq 0 ]
claim "it runs what it ran" runs emprex-1016-b A187

heading "An image is altered on its way: first on every mirror, then on all but one." \
	"What the catalog signed is the hash, so it does not matter who alters it, or where."
model=targets/drive/504c4558544f52204456445220202050582d373136412020
cp "$tmp/mirrors/good/$model"/*.1.11.bin "$tmp/whole.bin"
for mirror in old altered good; do alter "$tmp/mirrors/$mirror/$model"/*.1.11.bin; done
show 6 discfw update plextor-px716a --yes
claim "the altered image is refused" said 'the image was altered on its way'
claim "the drive was not touched: its transcript has no write" [ "$(writes plextor-px716a)" -eq 0 ]
cp "$tmp/whole.bin" "$tmp/mirrors/good/$model"/*.1.11.bin
show 0 discfw --quiet update plextor-px716a --yes
claim "one good mirror among bad ones is enough" runs plextor-px716a 1.11

heading "A drive answers 5/20/00, which a flasher once showed as \"Execute command errorA!! 5/20/ 0\"."
echo 'plextor-w5224a write-buffer 1 sense 5/20/00' >"$tmp/faults"
emulator faults "$tmp/faults" >/dev/null || give_up "the emulator does not take its faults"
show 1 discfw --quiet update plextor-w5224a --yes
claim "it is said what 5/20/00 means, and what became of the drive" \
	said 'invalid opcode.*nothing was written'
claim "the drive runs what it ran" runs plextor-w5224a 1.01
claim "the record says that it is unharmed" json \
	'[.events[] | select(.kind == "flash.outcome")][0].outcome == "failed-unharmed"' \
	history plextor-w5224a
emulator faults - >/dev/null

heading "0051 is not liked after all: back to 0050, with the reason kept."
show 0 discfw rollback btc-ide1004 --yes --reason "0051 writes at 2x only"
claim "it says that it runs 0050" runs btc-ide1004 0050

heading "All of it is on record."
show 0 discfw history -o SEQ,TIME,DRIVE,WHAT,FROM,TO,OUTCOME,USER,REASON --limit 14
claim "every flash that was begun has one outcome" json \
	'[.events[] | select(.job > 0)] | group_by(.job) | length > 5 and
	all([.[] | select(.kind == "flash.outcome")] | length == 1)' history
claim "the reason is in it" said '0051 writes at 2x only'
show 0 discfw audit verify
claim "the log is whole" said '^whole: '

heading "Somebody with the database in hand makes the failure look like a success."
failure=$(discfw --json history plextor-w5224a |
	jq '[.events[] | select(.outcome == "failed-unharmed")][0].seq')
stop discfwd
show 0 sqlite3 "$DISCFW_DIR/state/state.db" \
	"UPDATE audit SET entry = replace(entry, 'failed-unharmed', 'verified') WHERE seq = $failure"
start_daemon || give_up "the daemon does not answer"
show 7 discfw audit verify
claim "the altered entry is found, and it is that one" said "entry $failure"

stop discfwd
stop nginx
stop emulator
claim "nothing is left running" nothing_runs
printf '\n%d claims, all of them so, in %d s.\n' $n_claims $(($(date +%s) - begun))
by_hand
