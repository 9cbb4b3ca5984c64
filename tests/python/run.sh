#!/usr/bin/env bash
# The Python package from a fresh environment, against the command line of the same sources. Needs
# Python 3.10 or newer and PyPI.
set -euo pipefail
cd "$(dirname "$0")/../.."
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/v"
"$dir/v/bin/pip" -q install . pyarrow numpy pandas polars duckdb
# With the features of the tests nothing is built again.
cargo build --locked --features lab,parquet --bin papermaker
program=$(realpath "${CARGO_TARGET_DIR:-target}/debug/papermaker")
check=$PWD/tests/python
cd "$dir"
"$dir/v/bin/python" -c 'import papermaker._papermaker as m; assert m.__file__.endswith(".abi3.so"), m.__file__'
"$dir/v/bin/papermaker" --version
"$program" venue --tape t.frames.gz --for 5m > log || { cat log; exit 1; }
"$dir/v/bin/python" "$check/check.py" "$program" t.frames.gz
