# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh
# The words in which scripts ask and answer, in TAP; the comment of tests/system/lib.sh explains them.
# Who includes this has made $tmp, a folder of its own, and $tmp/processes; drives are served in $drives.
: "${tmp:?}" "${drives:?}"
n_checks=0
nap=0.1 # seconds between two tries

plan() { echo "1..$1"; }

skip_all() {
	echo "1..0 # SKIP $1"
	exit 0
}

need() {
	for tool; do
		command -v "$tool" >/dev/null || skip_all "there is no $tool"
	done
}

# Says how the last command went, and shows what it printed if it did not go well.
result() {
	n_checks=$((n_checks + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $n_checks - $2"
		return 0
	fi
	sed 's/^/# /' "$tmp/output"
	echo "not ok $n_checks - $2"
	return 1
}

check() {
	name=$1
	shift
	"$@" >"$tmp/output" 2>&1
	result $? "$name"
}

refuse() {
	name=$1 wanted=$2
	shift 2
	"$@" >"$tmp/output" 2>&1
	status=$?
	[ "$status" -eq "$wanted" ] || echo "status is $status, wanted $wanted" >>"$tmp/output"
	[ "$status" -eq "$wanted" ]
	result $? "$name"
}

skip() {
	n_checks=$((n_checks + 1))
	echo "ok $n_checks # SKIP $1: $2"
}

says() {
	text=$1
	shift
	"$@" >"$tmp/said" 2>&1
	cat "$tmp/said"
	grep -qe "$text" "$tmp/said"
}

within() {
	until=$(($(date +%s) + $1))
	shift
	while ! "$@"; do
		[ "$(date +%s)" -lt "$until" ] || return 1
		sleep $nap
	done
}

start() {
	entry=$1
	shift
	"$@" >"$tmp/$entry.log" 2>&1 </dev/null &
	echo $! >"$tmp/processes/$entry"
}

pid_of() { cat "$tmp/processes/$1"; }
running() { [ -f "$tmp/processes/$1" ] && kill -0 "$(pid_of "$1")" 2>/dev/null; }

# A process that ends by TERM has ended its children; one that does not in 10 s is killed.
stop() {
	pid=$(pid_of "$1")
	rm -f "$tmp/processes/$1"
	kill "$pid" 2>/dev/null
	patience=100
	while [ $patience -gt 0 ] && kill -0 "$pid" 2>/dev/null; do
		patience=$((patience - 1))
		sleep 0.1
	done
	kill -9 "$pid" 2>/dev/null && echo "# $1 had to be killed"
	wait "$pid" 2>/dev/null
	return 0
}

# start_nginx SERVER: with these directives for its server. It writes its id once it has its port.
start_nginx() {
	mkdir -p "$tmp/nginx"
	cat >"$tmp/nginx/conf" <<-END
		daemon off;
		master_process off; # one process, so that nothing is left when it ends
		pid $tmp/nginx/pid;
		error_log $tmp/nginx/error.log;
		events { worker_connections 64; }
		http {
		        access_log $tmp/nginx/access.log;
		        client_body_temp_path $tmp/nginx;
		        proxy_temp_path $tmp/nginx;
		        fastcgi_temp_path $tmp/nginx;
		        uwsgi_temp_path $tmp/nginx;
		        scgi_temp_path $tmp/nginx;
		        server { $1 }
		}
	END
	start nginx nginx -p "$tmp/nginx" -e "$tmp/nginx/error.log" -c "$tmp/nginx/conf"
	within 10 nginx_decided
	[ -s "$tmp/nginx/pid" ]
}
nginx_decided() { [ -s "$tmp/nginx/pid" ] || ! running nginx; }

emulator() { discfw-emulator-ctl "$drives" "$@"; }

# Opcodes that no read-only client sends: WRITE BUFFER and what is like it.
writes() { grep -cE '^[0-9]+ (3b|04|a1|15|55|aa|2a)' "$tmp/transcripts/$1.log"; }
write_buffers() { grep -c '^[0-9]* 3b' "$tmp/transcripts/$1.log"; }
