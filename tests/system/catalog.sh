#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The life of a catalog, with the real programs: begun, filled, signed, published, looked at by clients,
# damaged, rotated, withdrawn, renewed, published again after an interruption.
set -u

srcdir=${DISCFW_SRCDIR:-.}
build=${DISCFW_BUILDDIR:-.}
tmp=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server"; rm -rf "$tmp"' EXIT
n=0

[ -x "$build/discfw-make-firmware" ] || { echo "1..0 # SKIP discfw-make-firmware is not built"; exit 0; }

ok() { # NAME: as the last command went
        if [ $? -eq 0 ]; then r=ok; else r="not ok"; fi
        n=$((n + 1))
        echo "$r $n - $1"
        [ "$r" = ok ] || sed 's/^/# /' "$tmp/out" "$tmp/err"
}

tool() { "$build/discfw-catalog" "$@" >"$tmp/out" 2>"$tmp/err"; }
maker() { tool -C "$tmp/work" --passphrase-file "$tmp/pass" "$@"; }
check() { tool check "$@"; }
ends() { # STATUS COMMAND...: with this very exit status
        wanted=$1
        shift
        "$@"
        status=$?
        [ $status -eq "$wanted" ] || { echo "status $status, wanted $wanted" >>"$tmp/err"; false; }
}
said() { grep -qF -- "$1" "$tmp/out"; }
complained() { grep -qF -- "$1" "$tmp/err"; }
version() { # FILE
        sed -n 's/.*"version": *\([0-9]*\)}*.*/\1/p' "$1" | head -n 1
}
published_version() { # ROLE: of its newest file
        find "$tmp/pub" -maxdepth 1 -name "*.$1.json" | sed 's/.*\/\([0-9]*\)\..*/\1/' | sort -n | tail -n 1
}
firmware() { # FILE REVISION ARGUMENT...
        file=$1 revision=$2
        shift 2
        "$build/discfw-make-firmware" --family btc --vendor "" --product "DVDRW IDE1004" \
                --revision "$revision" -o "$tmp/$file" "$@"
}
description() { # KEY=VALUE...: of an image 0051
        cat <<END
[drive]
family = btc
vendor = ""
product = "DVDRW IDE1004"
piece = 4096
command-ms = 60000
commit-ms = 120000
settle-ms = 0
ready-ms = 1000
transports = ata emulated
evidence = simulated
[image 0051]
END
        for line; do echo "$line"; done
}
described() { description "$@" >"$tmp/d.ini"; }

echo "seven times seven" >"$tmp/pass"
chmod 600 "$tmp/pass"
: >"$tmp/out"
: >"$tmp/err"
unset DISCFW_CATALOG_PASSPHRASE_FILE

# Beginning
ends 2 tool init "$tmp/work" && complained "--name"
ok "a catalog needs a name"
ends 2 tool init "$tmp/work" --name x --threshold 3 --root-keys 2 && complained "can never be met"
ok "a threshold that cannot be met is refused"
ends 2 setsid "$build/discfw-catalog" init "$tmp/nopass" --name x </dev/null >"$tmp/out" 2>"$tmp/err" &&
        complained "--passphrase-file" && [ ! -e "$tmp/nopass" ]
ok "without a terminal and a passphrase file it is said what to do"
tool --passphrase-file "$tmp/pass" init "$tmp/work" --name lab --threshold 2 --root-keys 3 \
        --expires-days timestamp=2
ok "a catalog begins"
[ -z "$(find "$tmp/work/keys" -name '*.pem' -perm /077)" ] &&
        [ "$(grep -l 'BEGIN ENCRYPTED PRIVATE KEY' "$tmp"/work/keys/*.pem | wc -l)" -eq 6 ]
ok "its keys are encrypted and for the owner only"
ends 2 tool --passphrase-file "$tmp/pass" init "$tmp/work" --name lab && complained "not empty"
ok "a folder that is in use is not taken"
maker publish "$tmp/pub" && check "$tmp/pub" && said "0 entries"
ok "it can be published at once"

# Taking in
firmware 51.bin 0051
firmware 50.bin 0050
firmware other.bin 0051 --corrupt identity
firmware short.bin 0051 --corrupt size
described "file = 51.bin" "upgrade = 0050"
ends 3 maker add "$tmp/d.ini" --image "$tmp/other.bin" && complained "wanted \"        DVDRW IDE1004\""
ok "an image for another drive is refused"
ends 6 maker add "$tmp/d.ini" --image "$tmp/short.bin" && complained "bytes long"
ok "an image of another length is refused"
ends 3 maker add "$tmp/d.ini" --image "$tmp/50.bin" && complained 'revision "0050", wanted "0051"'
ok "an image of another revision is refused"
described "file = 51.bin" "upgrad = 0050"
ends 2 maker add "$tmp/d.ini" && complained 'd.ini:14: "upgrad" is no key'
ok "a key that is misspelt is named with its line"
described "file = 51.bin" "upgrade = 0051"
ends 6 maker add "$tmp/d.ini" && complained "edges[0].from has the entry's own version"
ok "an entry that clients would refuse is not taken in"
described "file = 51.bin" "upgrade = 0050" "sha256 = $(printf %064d 0)"
ends 6 maker add "$tmp/d.ini" && complained "the description says"
ok "a hash that is stated must be the image's"
described "file = 51.bin" "upgrade = 0050"
maker add "$tmp/d.ini" && said "added" && said "/0051.bin"
ok "an image that fits is taken in"
hex=$(sed -n 's/^added *drive\/\([0-9a-f]*\)\/.*/\1/p' "$tmp/out")
[ "$hex" = "202020202020202044564452572049444531303034202020" ]
ok "its path has the 24 bytes of vendor and product in hexadecimal"
maker publish "$tmp/pub" && complained "the draft of targets is not signed" && check "$tmp/pub" &&
        said "0 entries"
ok "a draft is not published, and that is said"
maker sign && maker publish "$tmp/pub" && check "$tmp/pub" && said "1 entries, 1 images"
ok "what is signed is published, and a client finds it"
maker sign && said "nothing to sign"
ok "what is signed is not signed again"
cp "$tmp/pub/1.root.json" "$tmp/first-root.json"

# Makers
maker add-maker plextor --model "PLEXTOR CD-R   PX-W5224A" && maker sign
ok "a maker is let in"
ends 2 maker add "$tmp/d.ini" --maker plextor && complained "may not sign"
ok "a maker cannot sign for drives that it was not given"
maker add "$srcdir/tests/data/catalog/plextor-w5224a.ini" --maker plextor --images "$tmp" 2>/dev/null
for v in 1.01 1.04; do
        "$build/discfw-make-firmware" --family plextor --vendor PLEXTOR --product "CD-R   PX-W5224A" \
                --revision $v -o "$tmp/plextor-w5224a-$v.bin"
done
maker add "$srcdir/tests/data/catalog/plextor-w5224a.ini" --maker plextor --images "$tmp" &&
        maker sign && maker publish "$tmp/pub" && check "$tmp/pub" && said "3 entries, 3 images"
ok "a maker's entries are found by clients"

# Damage
cp -r "$tmp/pub" "$tmp/bad"
image=$(find "$tmp/bad/targets" -name '*.0051.bin')
printf X | dd of="$image" bs=1 seek=77 conv=notrunc 2>/dev/null
ends 6 check "$tmp/bad" && complained "0051.bin"
ok "an altered image is found"
rm -rf "$tmp/bad" && cp -r "$tmp/pub" "$tmp/bad"
sed -i 's/0051.bin/0052.bin/' "$tmp/bad/$(published_version targets).targets.json"
ends 6 check "$tmp/bad" && complained "targets"
ok "altered metadata is found"
rm -rf "$tmp/bad" && cp -r "$tmp/pub" "$tmp/bad"
rm "$tmp/bad/$(published_version plextor).plextor.json"
ends 6 check "$tmp/bad" && complained "plextor"
ok "a role that is missing is found"

# Interruption: whatever is there already stays, the rest follows.
rm -rf "$tmp/bad" && mkdir "$tmp/bad" && cp "$tmp"/pub/*.root.json "$tmp/bad"
maker publish "$tmp/bad" && check "$tmp/bad" && maker publish "$tmp/bad" && said "0 new files"
ok "an interrupted publication is finished by repeating it"
echo '{}' >"$tmp/bad/$(published_version snapshot).snapshot.json"
ends 6 maker publish "$tmp/bad" && complained "another work folder"
ok "a published file is never replaced by another"

# Files first, the timestamp last: as the kernel saw it.
if strace -o "$tmp/trace" true 2>/dev/null; then
        # Leaks are not to be found in a process that is traced.
        ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0 \
                strace -o "$tmp/trace" -e trace=rename,renameat,renameat2 "$build/discfw-catalog" -C "$tmp/work" \
                publish "$tmp/traced" >"$tmp/out" 2>"$tmp/err" &&
                [ "$(grep -c '= 0$' "$tmp/trace")" -gt 5 ] &&
                [ "$(grep -n '"timestamp.json"' "$tmp/trace" | cut -d: -f1)" = \
                        "$(grep -n '= 0$' "$tmp/trace" | tail -n 1 | cut -d: -f1)" ]
        ok "the timestamp is written last"
else
        n=$((n + 1)) && echo "ok $n - the timestamp is written last # SKIP strace does not work here"
fi

# Rotation
maker rotate-key root && maker publish "$tmp/pub" && check "$tmp/pub" --root "$tmp/first-root.json"
ok "a client with the old root follows a rotation of the root keys"
[ "$(published_version root)" = 2 ] && maker export-root -o "$tmp/root.json" &&
        check "$tmp/pub" --root "$tmp/root.json"
ok "the exported root is the new one, and leads there too"
for role in timestamp snapshot targets plextor; do
        maker rotate-key $role && maker publish "$tmp/pub" &&
                check "$tmp/pub" --root "$tmp/first-root.json" && said "3 entries, 3 images"
        ok "the key of $role is rotated"
done

# Cut off after the new root: the newest timestamp has a signature that is worth nothing.
cp -r "$tmp/work" "$tmp/cut"
half() { tool -C "$tmp/cut" --passphrase-file "$tmp/pass" "$@"; }
half rotate-key timestamp
newest=$(find "$tmp/cut/metadata" -name '*.timestamp.json' | sed 's/.*\/\([0-9]*\)\..*/\1/' | sort -n | tail -n 1)
rm "$tmp/cut/metadata/$newest.timestamp.json"
ends 6 half publish "$tmp/cutpub" && complained "discfw-catalog sign"
ok "a rotation that was cut off is not published"
half sign && half publish "$tmp/cutpub" && check "$tmp/cutpub" --root "$tmp/first-root.json"
ok "and \"sign\" goes on from there"
ends 3 flock "$tmp/work/lock" "$build/discfw-catalog" -C "$tmp/work" --passphrase-file "$tmp/pass" sign \
        2>"$tmp/err" && complained "another discfw-catalog"
ok "two at a time do not change one folder"

mkdir "$tmp/away" && mv "$tmp"/work/keys/root-* "$tmp/away"
ends 4 maker rotate-key timestamp && complained "name their folder with --keys"
ok "without the root keys no key is rotated, and it is said how"
maker renew
ok "but snapshot and timestamp can be renewed"
mv "$tmp"/away/* "$tmp/work/keys"
echo "another phrase" >"$tmp/wrong"
ends 4 tool -C "$tmp/work" --passphrase-file "$tmp/wrong" renew && complained "passphrase is another"
ok "a wrong passphrase is said to be one"

# Withdrawal
ends 3 maker withdraw 0051.bin && complained "--reason"
ok "a withdrawal needs a reason"
ends 2 maker withdraw 9999.bin --reason x && complained "0 targets end in"
ok "what is not there cannot be withdrawn"
maker withdraw 0051.bin --reason "ruins drives of 2003" && maker sign && maker publish "$tmp/pub" &&
        check "$tmp/pub" && maker show && said "WITHDRAWN: ruins drives of 2003"
ok "an entry is withdrawn, and stays with its reason"

# Bring your own
firmware own.bin 0051 --base 7
described "length = 1048576" "sha256 = $(sha256sum <"$tmp/own.bin" | cut -d' ' -f1)" "upgrade = 0050" \
        "source = http://web.archive.example/btc.zip" "name = 0051-own.bin"
maker add "$tmp/d.ini" && said "its bytes are not published" && maker sign &&
        maker publish "$tmp/pub" && check "$tmp/pub" && said "1 to be had elsewhere"
ok "an image may be described without its bytes"
described "file = own.bin" "upgrade = 0050" "name = 0051-own.bin" "source = a CD-ROM"
maker add "$tmp/d.ini" && maker sign && maker publish "$tmp/pub" && check "$tmp/pub" &&
        said "4 entries, 4 images"
ok "its bytes may come later"
described "file = own.bin" "upgrade = 0050" "name = 0051-own.bin" "source = a CD-ROM" "publish = no"
maker add "$tmp/d.ini" && maker sign && maker publish "$tmp/without" && check "$tmp/without" &&
        said "4 entries, 3 images, 1 to be had elsewhere"
ok "and may be withheld from then on"

# Time
# A sanitizer's runtime under libfaketime may wait for itself before main() begins.
if command -v faketime >/dev/null && [ -z "${DISCFW_SANITIZERS:-}" ]; then
        before=$(version "$tmp/pub/timestamp.json")
        ends 6 faketime -f +3d "$build/discfw-catalog" check "$tmp/pub" >"$tmp/out" 2>"$tmp/err" &&
                complained "timestamp"
        ok "an expired timestamp is found"
        ends 6 faketime -f +3d "$build/discfw-catalog" -C "$tmp/work" publish "$tmp/pub" \
                >"$tmp/out" 2>"$tmp/err" && complained "discfw-catalog renew"
        ok "an expired timestamp is not published"
        faketime -f +3d "$build/discfw-catalog" -C "$tmp/work" --passphrase-file "$tmp/pass" renew --all \
                >"$tmp/out" 2>"$tmp/err" &&
                faketime -f +3d "$build/discfw-catalog" -C "$tmp/work" publish "$tmp/pub" \
                        >"$tmp/out" 2>"$tmp/err" &&
                faketime -f +3d "$build/discfw-catalog" check "$tmp/pub" --root "$tmp/first-root.json" \
                        >"$tmp/out" 2>"$tmp/err" &&
                [ "$(version "$tmp/pub/timestamp.json")" -gt "$before" ]
        ok "a renewed catalog is good again, under a greater version"
else
        for name in "an expired timestamp is found" "an expired timestamp is not published" \
                "a renewed catalog is good again, under a greater version"; do
                n=$((n + 1)) && echo "ok $n - $name # SKIP no faketime, or sanitizers, which do not go with it"
        done
fi
cp -r "$tmp/work" "$tmp/backup"
maker renew && maker publish "$tmp/pub"
rm -rf "$tmp/work" && mv "$tmp/backup" "$tmp/work"
ends 6 maker publish "$tmp/pub" && complained "restored from a backup"
ok "a work folder that is older than what is published is refused"

# Another implementation's view of our files: the client of the conformance suite, over HTTP.
if [ -x "$build/tuf-client" ] && command -v python3 >/dev/null; then
        python3 -u -m http.server 0 --bind 127.0.0.1 --directory "$tmp/pub" >"$tmp/port" 2>/dev/null &
        server=$!
        for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
                port=$(sed -n 's/.* port \([0-9]*\) .*/\1/p' "$tmp/port")
                [ -n "$port" ] && break
                sleep 0.25
        done
        url=http://127.0.0.1:$port
        target=drive/504c4558544f522043442d5220202050582d573532323441/1.04.bin
        client() { "$build/tuf-client" --metadata-dir "$tmp/meta" "$@" >"$tmp/out" 2>"$tmp/err"; }
        mkdir "$tmp/dl"
        client init "$tmp/first-root.json" && client --metadata-url "$url" refresh &&
                client --metadata-url "$url" --target-name "$target" --target-dir "$tmp/dl" \
                        --target-base-url "$url/targets" download &&
                [ -n "$(find "$tmp/dl" -type f -exec cmp -s {} "$tmp/plextor-w5224a-1.04.bin" \; -print)" ]
        ok "a client fetches an image over HTTP, from the first root on"
else
        n=$((n + 1)) && echo "ok $n - a client over HTTP # SKIP tuf-client or python3 is not there"
fi

# The whole one, for the demo
DISCFW_BUILDDIR=$build "$srcdir/tests/demo-catalog.sh" "$tmp/demo" >"$tmp/out" 2>"$tmp/err" &&
        check "$tmp/demo/published" --root "$tmp/demo/root.json" && said "16 entries, 16 images" &&
        [ ! -s "$tmp/err" ]
ok "the demo's catalog is made, and has no contradictions"

# The manual says what there is.
manual=$srcdir/cli/catalog/discfw-catalog.1
missing=$(tool --help && sed -n 's/^  \([a-z][a-z-]*\) .*/\1/p' "$tmp/out" | while read -r verb; do
        grep -q "^\.It Cm $verb" "$manual" || echo "$verb"
        tool "$verb" --help
        sed -n 's/.*--\([a-z][a-z-]*\).*/\1/p' "$tmp/out" | grep -vx help | sort -u | while read -r o; do
                grep -q "Fl -$o" "$manual" || echo "--$o"
        done
done)
[ -z "$missing" ] || { echo "the manual lacks $missing" >"$tmp/err"; false; }
ok "the manual has every verb and option"
tool --version && said "jansson"
ok "--version names the libraries"

echo "1..$n"
