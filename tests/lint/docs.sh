#!/bin/sh
# A document that names what is not there costs its reader an hour; a program without a page, more.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/lib.sh"
build=${DISCFW_BUILDDIR:-.}

# words FILE...: what stands in backticks or in a block of code, a word a line, with its file.
words() {
	awk 'FNR == 1 { code = 0 }
	/^```/ { code = !code; next }
	code { n = split($0, word, /[ \t=;]+/); for (i = 1; i <= n; i++) print FILENAME " " word[i]; next }
	{ n = split($0, part, "`"); for (i = 2; i <= n; i += 2) {
		m = split(part[i], word, /[ \t=;]+/); for (k = 1; k <= m; k++) print FILENAME " " word[k] } }' "$@"
}

# A path may hold NAME or the like for any, and may be that of a program, whose source is there.
there() {
	[ -e "$1" ] || [ -e "$1.c" ] && return
	for found in $(echo "$1" | sed 's/-WHAT\|NNNN\|NAME/*/g'); do
		[ -e "$found" ] && return
	done
	return 1
}

absent_paths() (
	cd "$1" || exit
	words ./*.md | sort -u | while read -r file word; do
		word=${word#../}
		word=${word#./}
		case $word in
		daemon/* | cli/* | db/* | schema/* | tests/* | packaging/*)
			there "$word" || echo "$file: there is no $word" ;;
		*.md | *.sh | *.mk | *.am | *.ac)
			case $word in */* | *:*) continue ;; esac
			[ -n "$(find . -name "$word" -type f | head -n 1)" ] || echo "$file: there is no $word" ;;
		esac
	done
	grep -oH '](\([^)]*\))' ./*.md | sed 's/:](/ /; s/)$//' | while read -r file link; do
		[ -e "$link" ] || echo "$file: there is no $link to link to"
	done
)

# Functions and constants that a document names are in the sources.
absent_names() (
	cd "$1" || exit
	words ./*.md | sort -u | sed -n 's/^\([^ ]*\) \([a-z_]*_[a-z_]*\)()$/\1 \2/p
		s/^\([^ ]*\) \([A-Z]*_[A-Z_]*\)$/\1 \2/p' | while read -r file name; do
		grep -rqs "$name" daemon cli db tests configure.ac --include='*.[ch]' --include='*.mk' \
			--include=configure.ac || echo "$file: nothing is called $name"
	done
)

absent_pages() (
	cd "$1" || exit
	words ./*.md | sort -u | sed -n 's/^\([^ ]*\) \(discfw[a-z.-]*\)(\([1-8]\)),\{0,1\}$/\1 \2.\3/p' |
		while read -r file page; do
			[ -n "$(find daemon cli -name "$page")" ] || echo "$file: there is no $page"
		done
)

# Verbs that documents use, as the programs know them.
absent_verbs() (
	cd "$1" || exit
	grep -ohE '(^|[`/#] ?)discfw(-catalog)? [a-z][a-z-]*' ./*.md | sed 's/^[^d]*//' | sort -u |
		while read -r program verb; do
			case $program in
			discfw) "$build/discfw" help "$verb" ;;
			*) "$build/discfw-catalog" "$verb" --help ;;
			esac >/dev/null 2>&1 || "$build/discfw" help "$verb list" >/dev/null 2>&1 ||
				echo "$program has no verb $verb"
		done
)

absent_commands() (
	cd "$1" || exit
	grep -ohE '\./dev [a-z]+' ./*.md | sort -u | while read -r dev command; do
		grep -qE "^[[:space:]]+$command " "$top/dev" || echo "$dev has no command $command"
	done
)

programs() {
	cat "$top"/daemon/local.mk "$top"/daemon/*/local.mk "$top"/cli/local.mk "$top"/cli/*/local.mk |
		sed -n 's/^\(bin\|sbin\|pkglibexec\)_PROGRAMS += //p' | tr ' ' '\n'
}

# speechless PROGRAM PAGE: what --help names has to be in the manual.
speechless() {
	[ -n "$2" ] || { echo "$1 has no manual page"; return; }
	for option in --help --version; do
		"$build/$1" $option >"$out" 2>&1 </dev/null || echo "$1 $option ends with $?"
		grep -q . "$out" || echo "$1 $option says nothing"
	done
	"$build/$1" --help 2>&1 </dev/null | grep -oE -- '--[a-z][a-z-]+' | sort -u | sed 's/^--//' |
		while read -r option; do
			grep -qE "Fl (Fl |-)$option( |$)" "$2" || echo "${2##*/} lacks --$option"
		done
}

speechless_programs() {
	for program in $(programs); do
		speechless "$program" "$(find "$top/daemon" "$top/cli" -name "$program.[18]")"
	done
}

# Keys of the configuration: what the daemon reads, the manual says and the default file shows.
keys() {
	sed -n 's/.*strcmp(name, "\([a-z-]*\)").*/\1/p' "$top/daemon/run/config.c" | sort -u
}
unknown_keys() {
	for key in $(keys); do
		grep -q "^\.It Li $key =" "$1" || echo "${1##*/} lacks $key"
		[ "$key" = mirror ] || grep -q "^#$key =" "$top/packaging/discfwd.conf" ||
			echo "packaging/discfwd.conf lacks $key"
	done
}

out=$(mktemp) && t=$(mktemp -d) && trap 'rm -rf "$out" "$t"' EXIT

check "paths in the documents are there" "$(absent_paths "$top")"
check "functions in the documents are there" "$(absent_names "$top")"
check "manual pages in the documents are there" "$(absent_pages "$top")"
check "verbs in the documents are there" "$(absent_verbs "$top")"
check "commands of ./dev in the documents are there" "$(absent_commands "$top")"
check "every program says what it is, and its manual too" "$(speechless_programs)"
check "every key is in the manual and in the default file" \
	"$(unknown_keys "$top/daemon/discfwd.conf.5")"

mkdir "$t/daemon" "$t/cli"
cat >"$t/A.md" <<'END'
Read `daemon/x.c`, `db/NNNN-x.sql`, [B](B.md), `no_such()`, `discfw(1)`, `discfw hald`, `./dev chock`.
END
expect "what is planted is found" "./A.md: there is no daemon/x.c
./A.md: there is no db/NNNN-x.sql
./A.md: there is no B.md to link to
./A.md: nothing is called no_such
./A.md: there is no discfw.1
discfw has no verb hald
./dev has no command chock
y has no manual page
x.5 lacks mirror
x.5 lacks proxy
x.5 lacks reason" "$(absent_paths "$t"; absent_names "$t"; absent_pages "$t"; absent_verbs "$t"
absent_commands "$t"; speechless y ""; : >"$t/x.5"; unknown_keys "$t/x.5")"
echo "1..$n"
