#!/bin/bash
# Lets two public packages judge `papermaker fills`: exact truth order by order, and exchanges with
# known answers. No market data is needed; the packages generate their own.
#
#   cargo build --profile max
#   tests/referees/run.sh [SEED…]                 default seeds: 1 2 3
#
#   PAPERMAKER=path     the program                    (target/max/papermaker)
#   REFEREES=folder     the scripts that drive the packages (../shared/referees)
#   VENV=folder         where the packages are, or go   (target/referees/venv)
#   WORK=folder         tapes, schedules, fills         (target/referees/work; kept between runs)
#
# Packages: queuetruth 0.2.0, mbo-queue 0.7.0 (PyPI). Ends with 0 when every line says PASS:
#   known answers   cancels at the back of the queue: conservatism 1 is exact to the nanosecond;
#                   cancels at the front: conservatism 0 is; cancels anywhere: |bias| <= 1 point
#   truth           |bias| <= 1 point at 1, 10 and 60 s for the default model, with every book and
#                   at the feed's cadence (20 levels every 5 s, 5 levels every 0.5 s, best prices);
#                   conservatism 1 fills nothing that the truth does not
#   classes         sixteen classes of faults, pessimistic and optimistic
#   live            the scorecard of simulated against live orders, within 3 points
set -u
here=$(cd "$(dirname "$0")/../.." && pwd)
PAPERMAKER=$(realpath "${PAPERMAKER:-$here/target/max/papermaker}")
REFEREES=$(realpath "${REFEREES:-$here/../shared/referees}")
VENV=${VENV:-$here/target/referees/venv}
WORK=${WORK:-$here/target/referees/work}
SEEDS=${*:-1 2 3}
FEED="--cadence 5000000000 --fast 500000000"
FILES="--tape {tape} --orders {orders} --out {fills}"

[ -x "$PAPERMAKER" ] || { echo "no program at $PAPERMAKER: build it, or set PAPERMAKER"; exit 2; }
[ -d "$REFEREES" ] || { echo "no scripts at $REFEREES: set REFEREES"; exit 2; }
if [ ! -x "$VENV/bin/queuetruth" ]; then
  python3 -m venv "$VENV" && "$VENV/bin/pip" install -q queuetruth==0.2.0 mbo-queue==0.7.0 || exit 2
fi
mkdir -p "$WORK" && WORK=$(realpath "$WORK") && VENV=$(realpath "$VENV")
export QT=$VENV/bin/queuetruth QTPY=$VENV/bin/python
failed=0

# say WHAT VERDICT-CODE TEXT
say() {
  if [ "$2" = 0 ]; then verdict=PASS; else verdict=FAIL; failed=1; fi
  printf '%-4s  %-34s %s\n' "$verdict" "$1" "$3"
}

# known MODE SEED LABEL CONSERVATISM SCORE-OPTIONS
known() {
  dir=$WORK/known_$1_$2
  [ -f "$dir/tape.frames" ] || "$QTPY" "$REFEREES/mboq_tape.py" gen --mode "$1" --seed "$2" --out "$dir" >/dev/null
  "$PAPERMAKER" fills --tape "$dir/tape.frames" --orders "$dir/orders.csv" --out "$dir/fills.csv" --force --conservatism "$4" >/dev/null
  text=$("$QTPY" "$REFEREES/mboq_tape.py" score --dir "$dir" --fills "$dir/fills.csv" $5)
  say "$3, seed $2" $? "$text"
}

# truth LABEL SEED FOLDER BOUND EXTRA-OPTIONS TAPE-OPTIONS…
truth() {
  label=$1 seed=$2 dir=$WORK/$3 bound=$4 extra=$5
  shift 5
  text=$(SEED=$seed bash "$REFEREES/accept.sh" "$dir" "$bound" "$PAPERMAKER fills $FILES $extra" "$@" 2>&1)
  code=$?
  last=$(tail -1 <<<"$text")
  if [ "$bound" = 100 ]; then
    # The pessimistic bracket: only that nothing is filled too much.
    grep -q '"sim_only": 0,' <<<"$last"; code=$?
  fi
  say "$label, seed $seed" $code "$(short <<<"$last")"
}

short() {
  "$QTPY" -c '
import json, sys
t = sys.stdin.read()
try: r = json.loads(t)
except ValueError: print(t.strip()[:200]); raise SystemExit
bias = " ".join("%s %+.2f" % (h, r[h]["bias_pp"]) for h in ("0.1s", "1s", "10s", "60s", "300s"))
print("n %d bias %s; only sim %d, only truth %d, volume %.3f" % (r["n"], bias, r["sim_only"], r["exact_only"], r["qty_ratio"]))'
}

for s in $SEEDS; do
  known tail "$s" "cancels at the back, pessimistic" 1 --exact
  known front "$s" "cancels at the front, optimistic" 0 --exact
  known volume "$s" "cancels by volume, default" 0.5 ""
  known order "$s" "cancels by order, default" 0.5 ""
done
for s in $SEEDS; do
  truth "truth, every book, default" "$s" "full_$s" 1 ""
  truth "truth, every book, pessimistic" "$s" "full_$s" 100 "--conservatism 1"
  truth "truth, the feed's cadence, default" "$s" "feed_$s" 1 "" $FEED
done
for side in pess opt; do
  c=1; [ $side = opt ] && c=0
  text=$(SIDE=$side "$QTPY" "$REFEREES/referee16.py" "$WORK/classes_$side" "$PAPERMAKER" fills --tape '{tape}' --orders '{orders}' --out '{fills}' --conservatism $c 2>&1)
  code=$?
  grep -E '^FAIL required' <<<"$text"
  say "sixteen classes, $side" $code "$(grep -c '^ok' <<<"$text") of $(grep -cE '^(ok|FAIL)' <<<"$text") equal"
done
text=$(bash "$REFEREES/score_live.sh" "$WORK/live" "$PAPERMAKER fills $FILES" --fail-abs-bias 3pp 2>&1)
say "live orders, default" $? "$(tail -4 <<<"$text" | tr '\n' ' ' | cut -c1-160)"
exit $failed
