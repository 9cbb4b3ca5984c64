#!/usr/bin/env bash
# Runs the fuzz targets for a time each and prints what that came to.
#
#   fuzz/run.sh [SECONDS [TARGET...]]      10 seconds and all targets unless told
#
# Starts from fuzz/seeds and what earlier runs found worth keeping (fuzz/corpus, not in git). A finding
# is a file in fuzz/artifacts/TARGET: fix it, and move the file to fuzz/crashers/TARGET, where `cargo
# test` replays it. Ends 1 on a finding; says so and ends 0 where nightly or cargo-fuzz is missing.
# SANITIZER=address checks the parser's unsafe code too (`decode`); the rest is safe Rust.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-10}
[[ $seconds =~ ^[0-9]+$ ]] || { echo "fuzz/run.sh [SECONDS [TARGET...]]"; exit 2; }
shift || true
if ! rustup toolchain list 2>/dev/null | grep -q nightly; then
  echo "fuzz: no nightly toolchain, nothing run (rustup toolchain install nightly)"; exit 0
fi
if ! cargo +nightly fuzz --version >/dev/null 2>&1; then
  echo "fuzz: no cargo-fuzz, nothing run (cargo install cargo-fuzz)"; exit 0
fi
declare -A longest=([decimal]=40 [decode]=2000 [ws_frame]=64)
targets=("$@")
[ $# -gt 0 ] || for file in fuzz/fuzz_targets/*.rs; do targets+=("$(basename "$file" .rs)"); done
sanitizer=${SANITIZER:-none}
cargo +nightly fuzz build --sanitizer "$sanitizer" ${1:+"$1"}
# Keep what is freed: the kernel clearing pages anew for every input takes most of the time else.
export MALLOC_MMAP_THRESHOLD_=1000000000 MALLOC_TRIM_THRESHOLD_=2000000000 MALLOC_TOP_PAD_=16777216
logs=$(mktemp -d); trap 'rm -rf "$logs"' EXIT
found=0
printf '%-11s %12s %9s %8s %9s %8s\n' target executions per_s edges features findings
for t in "${targets[@]}"; do
  mkdir -p "fuzz/corpus/$t"
  cargo +nightly fuzz run --sanitizer "$sanitizer" "$t" "fuzz/corpus/$t" "fuzz/seeds/$t" -- \
    -max_total_time="$seconds" -max_len="${longest[$t]:-400}" -timeout=10 -rss_limit_mb=1024 \
    -print_final_stats=1 >"$logs/$t" 2>&1 || true
  stat() { sed -n "s/^stat::$1: *//p" "$logs/$t" | tail -1; }
  last() { grep -o " $1: [0-9]*" "$logs/$t" | tail -1 | grep -o '[0-9]*$' || echo 0; }
  n=$(grep -c 'Test unit written to' "$logs/$t" || true)
  [ -n "$(stat number_of_executed_units)" ] || { cat "$logs/$t"; echo "fuzz: $t did not run"; exit 2; }
  printf '%-11s %12s %9s %8s %9s %8s\n' "$t" "$(stat number_of_executed_units)" \
    "$(stat average_exec_per_sec)" "$(last cov)" "$(last ft)" "$n"
  if [ "$n" -gt 0 ]; then
    found=1
    grep -m3 -A2 -E 'panicked at|ERROR: libFuzzer|Test unit written to' "$logs/$t" || true
  fi
done
exit $found
