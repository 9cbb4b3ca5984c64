#!/usr/bin/env bash
# The system calls of the hot thread in steady state, on the embedded exchange over loopback.
#
#   perf/syscalls.sh [SECONDS]
#
# Prints strace's table. What may be there: recvfrom (the socket), epoll_wait (the poll), setsockopt (the
# acknowledgement, when the work is done), and sendto where a ping is due. Anything else fails.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=${PAPERMAKER:-target/max/papermaker}
seconds=${1:-10}
command -v strace >/dev/null || { echo "syscalls: strace is not installed: not measured"; exit 0; }
tmp=$(mktemp -d); trap 'rm -rf "$tmp"' EXIT
# Ten seconds of the market a second: more than a real feed brings.
"$bin" run --for $(((seconds + 10) * 10))s --speed 10 --busy-poll --out "$tmp/run" >"$tmp/out" 2>&1 & run=$!
sleep 5
tid=
for t in /proc/$run/task/*; do
  [ "$(cat "$t/comm")" = hot ] && tid=${t##*/}
done
[ -n "$tid" ] || { echo "syscalls: no thread named hot in the run"; cat "$tmp/out"; kill $run || true; exit 2; }
timeout -s INT "$seconds" strace -c -p "$tid" 2>"$tmp/table" || true
wait $run || true
grep -v -i attached "$tmp/table"
other=$(awk '$1 ~ /^[0-9.]+$/ && $NF !~ /^(recvfrom|epoll_wait|sendto|setsockopt|total)$/ { print $NF }' "$tmp/table")
[ -z "$other" ] || { echo "syscalls: not expected on the hot thread: $other"; exit 1; }
