#!/usr/bin/env bash
# The Python package from a fresh environment, against the command line of the same sources. Needs
# Python 3.10 or newer and PyPI.
set -euo pipefail
cd "$(dirname "$0")/../.."
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/v"
"$dir/v/bin/pip" -q install ".[ray]" pyarrow numpy pandas polars duckdb matplotlib
# With the features of the tests nothing is built again.
cargo build --locked --features lab,parquet --bin papermaker
program=$(realpath "${CARGO_TARGET_DIR:-target}/debug/papermaker")
check=$PWD/tests/python
cd "$dir"
"$dir/v/bin/python" -c 'import papermaker._papermaker as m; assert m.__file__.endswith(".abi3.so"), m.__file__'
"$dir/v/bin/papermaker" --version
"$program" venue --tape t.frames.gz --for 5m > log || { cat log; exit 1; }
"$dir/v/bin/python" "$check/check.py" "$program" t.frames.gz
mkdir pictures
MPLBACKEND=agg "$dir/v/bin/python" "$check/example.py" t.frames.gz pictures
[ "$(stat -c %s pictures/fills.png)" -gt 10000 ] && [ "$(stat -c %s pictures/sweep.png)" -gt 10000 ]
"$program" venue --tape u.frames.gz --for 2m --world simple > log
"$dir/v/bin/python" "$check/on_ray.py" t.frames.gz u.frames.gz
