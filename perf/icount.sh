#!/usr/bin/env bash
# Instructions a frame, by callgrind, against perf/icount.txt.
#
#   perf/icount.sh            compare; fails where a figure is more than 2 % off
#   perf/icount.sh --record   measure and write the file; its head says of which build
#
# Times on a shared machine say little; instructions repeat. Each figure is the difference between two
# passes and one, so that starting up is left out. The frames are those of the embedded exchange.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=${PAPERMAKER:-target/max/papermaker}
list=perf/icount.txt
command -v valgrind >/dev/null || { echo "icount: valgrind is not installed: not measured"; exit 0; }
[ -x "$bin" ] || { echo "icount: no $bin; cargo build --profile max first (or set PAPERMAKER)"; exit 2; }
tmp=$(mktemp -d); trap 'rm -rf "$tmp"' EXIT
frames=10000
"$bin" bench frames --count $frames --out "$tmp/x.frames" >/dev/null
"$bin" convert "$tmp/x.frames" --out "$tmp/x.events" >/dev/null
count() { # instructions of a command
  valgrind --tool=callgrind --callgrind-out-file=/dev/null "$@" 2>&1 >/dev/null |
    sed -n 's/.*Collected : //p'
}
stage() { # name, arguments of bench replay
  local name=$1 one two; shift
  one=$(count "$bin" bench replay "$@" --passes 1)
  two=$(count "$bin" bench replay "$@" --passes 2)
  echo "$name $(((two - one) / $(wc -l <"$tmp/x.frames")))"
}
{
  stage frames-scanner "$tmp/x.frames" --set run.parser=scanner
  stage frames-simd-json "$tmp/x.frames" --set run.parser=simd-json
  stage events "$tmp/x.events"
} >"$tmp/now"
if [ "${1:-}" = --record ]; then
  { echo "# instructions a frame: stage, figure; made by perf/icount.sh --record of $("$bin" --version), $(basename "$(dirname "$bin")")"
    cat "$tmp/now"; } >$list
  cat $list
  exit
fi
bad=0
while read -r name now; do
  was=$(awk -v n="$name" '$1 == n { print $2 }' $list)
  [ -n "$was" ] || { echo "$name: $now, not in $list"; bad=1; continue; }
  off=$(awk -v a="$now" -v b="$was" 'BEGIN { printf "%+.2f", 100 * (a / b - 1) }')
  echo "$name: $now instructions a frame, was $was ($off %)"
  awk -v o="$off" 'BEGIN { exit !(o > 2 || o < -2) }' && bad=1
done <"$tmp/now"
[ $bad = 0 ] || { echo "icount: more than 2 % off; if that is meant, perf/icount.sh --record"; exit 1; }
