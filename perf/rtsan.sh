#!/usr/bin/env bash
# The hot turn under RealtimeSanitizer: a call in it that may block, allocate or enter the system ends
# the process. Needs a nightly toolchain; runs the test that puts a million messages through.
set -euo pipefail
cd "$(dirname "$0")/.."
rustup toolchain list | grep -q nightly || { echo "rtsan: no nightly toolchain: not run"; exit 0; }
export RUSTFLAGS="--cfg rtsan -Zsanitizer=realtime"
exec cargo +nightly test --release --target x86_64-unknown-linux-gnu --test it no_alloc "$@"
