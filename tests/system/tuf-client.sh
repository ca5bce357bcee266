#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The conformance client as the suite drives it: a real process, a real web server, a faked clock.
set -u

client=$DISCFW_BUILDDIR/tuf-client
tmp=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server"; rm -rf "$tmp"' EXIT
n=0

# A sanitizer's runtime under libfaketime may wait for itself before main() begins.
[ -z "${DISCFW_SANITIZERS:-}" ] || { echo "1..0 # SKIP sanitizers and faketime do not go together"; exit 0; }
for tool in faketime python3; do
        command -v $tool >/dev/null || { echo "1..0 # SKIP no $tool"; exit 0; }
done

ok() { # NAME: as the last command went
        if [ $? -eq 0 ]; then r=ok; else r="not ok"; fi
        n=$((n + 1))
        echo "$r $n - $1"
        [ "$r" = ok ] || sed 's/^/# /' "$tmp/err"
}

at() { # DATE ARGUMENT...
        date=$1
        shift
        : >"$tmp/log"
        TZ=UTC faketime "$date" "$client" --metadata-dir "$tmp/meta" "$@" 2>"$tmp/err"
}
run() { at "2027-01-15 08:00:00" "$@"; }
refresh() { run --metadata-url "$url/metadata" refresh; }
download() { # NAME...
        names=
        for name; do names="$names --target-name $name"; done
        # shellcheck disable=SC2086
        run --metadata-url "$url/metadata/" $names --target-dir "$tmp/out" \
                --target-base-url "$url/targets" download
}
fails() { "$@"; [ $? -eq 1 ]; } # with 1 and nothing else
version() { python3 -c 'import json,sys; print(json.load(open(sys.argv[1]))["signed"]["version"])' "$tmp/meta/$1.json"; }
asked() { [ "$(sed -n 's/.*"GET [^ ]*\/\([^ /]*\) HTTP.*/\1/p' "$tmp/log" | tr '\n' ' ')" = "$1 " ]; }
says() { grep -q "$1" "$tmp/err"; }
serve() { rm -f "$tmp/now/it"; ln -s "$tmp/repo/$1" "$tmp/now/it"; }

mkdir "$tmp/repo" "$tmp/now" "$tmp/out"
: >"$tmp/err"
"$DISCFW_BUILDDIR/tests/tuf-client/make-repository" "$tmp/repo" || { echo "Bail out! no repository"; exit 1; }
: >"$tmp/log"
python3 -u -m http.server 0 --bind 127.0.0.1 --directory "$tmp/now" >"$tmp/port" 2>>"$tmp/log" &
server=$!
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
        port=$(sed -n 's/.* port \([0-9]*\) .*/\1/p' "$tmp/port")
        [ -n "$port" ] && break
        sleep 0.5
done
url=http://127.0.0.1:$port/it

echo 1..20
serve first
fails refresh && says NoCatalog
ok "nothing is trusted before init"
run init "$tmp/repo/first/metadata/1.root.json" && cmp -s "$tmp/meta/root.json" "$tmp/repo/first/metadata/1.root.json"
ok "init copies the root"
refresh && asked "2.root.json timestamp.json 2.snapshot.json 2.targets.json"
ok "refresh asks for the files in their order"
[ "$(ls -A "$tmp/meta" | tr '\n' ' ')" = "root.json snapshot.json targets.json timestamp.json " ] &&
        cmp -s "$tmp/meta/timestamp.json" "$tmp/repo/first/metadata/timestamp.json"
ok "the folder holds trusted metadata as received, and nothing else"
refresh && asked "2.root.json timestamp.json"
ok "what did not change is not fetched again"
download sub/file.txt sub/other.txt && [ "$(cat "$tmp/out/sub%2Ffile.txt" "$tmp/out/sub%2Fother.txt")" = firstother ]
ok "targets are downloaded, also of delegated roles"
touch -d 2001-01-01 "$tmp/out/sub%2Ffile.txt"
download sub/file.txt && [ "$(stat -c %Y "$tmp/out/sub%2Ffile.txt")" = "$(date -d 2001-01-01 +%s)" ]
ok "a target that is there keeps its date"
fails download no/such/thing && says "no role lists it"
ok "a target that is not listed is a failure"
fails download ../../etc/passwd
ok "a name that leads elsewhere is a failure"

serve second
download sub/file.txt && [ "$(cat "$tmp/out/sub%2Ffile.txt")" = second ] && [ "$(version root)" = 2 ]
ok "a new version replaces the old one under the same name"
fails download sub/bad.txt && says Mismatch && [ ! -e "$tmp/out/sub%2Fbad.txt" ]
ok "a target that is not what was signed for is not kept"
[ "$(find "$tmp/out" -type f | wc -l)" = 2 ]
ok "nothing else lies in the folder of targets"

serve rolled-back
fails refresh && says RolledBack && [ "$(version timestamp)" = 3 ]
ok "an older timestamp is refused"
serve incomplete
fails refresh && says Incomplete && [ "$(version timestamp) $(version snapshot)" = "4 3" ]
ok "a mirror that lacks a file is refused"
serve forged
fails refresh && says Signature && [ "$(version root)" = 2 ]
ok "a root that nobody signed is refused"
serve second
fails refresh && says RolledBack
ok "versions do not go back to make a mirror happy"
rm -rf "$tmp/meta"
run init "$tmp/repo/first/metadata/1.root.json" && refresh
ok "who starts anew may start with what there is"
fails at "2027-03-01 00:00:00" --metadata-url "$url/metadata/" refresh && says Expired
ok "the clock is libc's: under a faked one metadata expires"
url=http://127.0.0.1:$port/nowhere
fails refresh && says Incomplete
ok "a mirror without a timestamp is refused"
kill "$server"
wait "$server" 2>/dev/null
server=
fails refresh && says Unreachable
ok "a mirror that does not answer is not one without a newer root"
