#!/usr/bin/env python3
"""FastMM's backtest beside `papermaker bench replay` on the same recording, in turns.

    pip install fastmm-engine==0.9.0
    papermaker convert RECORDING events
    perf/peers/backtest_fastmm.py RECORDING EVENTS [PROGRAM] [TURNS]   default: target/max/papermaker 9

FastMM: its C++ strategy `basic_mm`, five levels a side half a spread of 1 bp off, the queue model for depth data,
orders and acknowledgements that take 100 ms and up to 50 more, native replacements, from its own journal
format, one coin after the other. papermaker: strategy `grid` with five levels a side as well, no budget of
requests; learning with the shadow ladder, three fill models, every record encoded and hashed, all coins at
once, from its file of events. A turn is a pass of FastMM's, warm in its process, and the median of five of ours
in a new one. Medians of the turns, and their ratio.
"""

import gzip
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

import fastmm
import numpy as np

UNIT = 100_000_000
SNAPSHOT, TRADE, BEST = 0, 2, 3
LEVELS = 5
ORDER_USD = 100
OURS = {"strategy.name": "grid", "strategy.grid.levels": LEVELS, "requests.spread_min": 0}


def raw(text):
    whole, _, rest = text.partition(".")
    return int(whole) * UNIT + int((rest + "00000000")[:8])


def rows(path):
    """Rows of each coin: time, kind, side, price, size, message."""
    coins = {}
    with gzip.open(path, "rt") as lines:
        for n, line in enumerate(lines):
            at, _, text = line.partition(" ")
            message = json.loads(text) if text.startswith("{") else {}
            data, channel = message.get("data"), message.get("channel")
            if channel == "l2Book":
                sides = enumerate(data["levels"])
                new = [(SNAPSHOT, side, l) for side, levels in sides for l in levels]
            elif channel == "bbo":
                new = [(BEST, side, l) for side, l in enumerate(data["bbo"]) if l]
            elif channel == "trades":
                for t in data:
                    row = (int(at), TRADE, int(t["side"] == "A"), raw(t["px"]), raw(t["sz"]), n)
                    coins.setdefault(t["coin"], []).append(row)
                continue
            else:
                continue
            coins.setdefault(data["coin"], []).extend(
                (int(at), kind, side, raw(l["px"]), raw(l["sz"]), n) for kind, side, l in new
            )
    return coins


def columns(rows):
    at, kind, side, px, sz, seq = (np.array(column) for column in zip(*sorted(rows, key=lambda r: r[0])))
    types = dict(ts=np.int64, type=np.uint8, side=np.int8, price=np.int64, qty=np.int64, seq=np.uint64)
    data = dict(ts=at, type=kind, side=side, price=px, qty=sz, seq=seq)
    return {k: data[k].astype(t) for k, t in types.items()} | {"inst": np.zeros(len(at), np.uint32)}


def decimal(units):
    return f"{units // UNIT}.{units % UNIT:08}"


def setup(coin, data):
    # The finest steps that the recording shows.
    tick = int(np.gcd.reduce(data["price"]))
    lot = int(np.gcd.reduce(data["qty"]))
    config = fastmm.BacktestConfig.single_instrument(coin, decimal(tick), decimal(lot))
    config.strategy, config.fill_model, config.supports_replace = "basic_mm", "l2_queue", True
    config.latency_fixed_us, config.latency_jitter_us = 100_000, 50_000
    lots = max(1, ORDER_USD * UNIT * UNIT // int(data["price"][-1]) // lot)
    for key, value in [
        ("levels", LEVELS),
        ("half_spread_bps", "1"),
        ("quote_qty", decimal(lots * lot)),
        ("max_inventory", "1000000"),
    ]:
        config.set_param(key, value)
    return config


def main():
    recording, events = sys.argv[1:3]
    program = sys.argv[3] if len(sys.argv) > 3 else "target/max/papermaker"
    turns = int(sys.argv[4]) if len(sys.argv) > 4 else 9
    data = {coin: columns(r) for coin, r in rows(recording).items()}
    with tempfile.TemporaryDirectory() as folder:
        runs, sent, fills = [], 0, 0
        for coin, columns_ in data.items():
            config, journal = setup(coin, columns_), os.path.join(folder, coin + ".fmj")
            recorded = config.copy()
            recorded.journal_out = journal
            result = fastmm.run_backtest(recorded, data=columns_)
            sent += result.engine_stats()["orders_sent"]
            fills += result.engine_stats()["fills"]
            runs.append((config, journal))
        theirs, ours = [], []
        command = [program, "bench", "replay", events, "--passes", "5", "--json"]
        for key, value in OURS.items():
            command += ["--set", f"engine.{key}={value}"]
        for _ in range(turns):
            begun = time.perf_counter()
            for config, journal in runs:
                fastmm.run_backtest(config, data=journal)
            theirs.append((time.perf_counter() - begun) * 1e3)
            replay = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
            ours.append(replay["median_ns_per_frame"] * replay["frames"] / 1e6)
    theirs, ours = statistics.median(theirs), statistics.median(ours)
    print(f"FastMM {fastmm.__version__}: {theirs:.1f} ms, {sent} orders, {fills} fills, nothing learned")
    print(f"papermaker: {ours:.1f} ms, {ours / theirs:.2f} of it")


if __name__ == "__main__":
    main()
