# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh
# Run by guest.service when the guest is up: runs the script "run" of the share. What it says goes to
# "output" there, its status to "status", the journal to "journal". Then the power goes off.
share=/run/share
uptime() { cut -d ' ' -f 1 /proc/uptime; }

mountpoint -q $share || exit 1
echo "guest: up after $(uptime) s"
# Followed, so that it is there even if the guest is killed.
journalctl -b -f -n all -o short-monotonic >$share/journal 2>&1 &
HOME=/root
export HOME
cd /root || exit 1
sh $share/run >$share/output 2>&1 </dev/null
status=$?
echo "guest: ended with $status after $(uptime) s"
sleep 0.3 # for the last lines of the journal
echo $status >$share/status
sync
