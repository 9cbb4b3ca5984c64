"""The installed Python package against the command line: check.py PROGRAM RECORDING."""

import inspect
import json
import signal
import subprocess
import sys
import tempfile
import threading
import time
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa

import papermaker

program, recording = sys.argv[1], sys.argv[2]
passed = 0
GLFT = {"engine": {"strategy": {"name": "glft"}}}
FIXED = {"engine.strategy.name": "fixed", "engine.strategy.fixed.bps": 3.0}


def check(name, holds):
    global passed
    if not holds:
        sys.exit(f"python: {name}: FAILED")
    passed += 1


def raises(kind, words, act):
    try:
        act()
    except kind as e:
        return words in str(e)
    return False


def replay(**kw):
    return papermaker.replay(recording, **({"tables": [], "config": GLFT} | kw))


def command(*args):
    return json.loads(subprocess.run([program, *args, "--json"], check=True, stdout=subprocess.PIPE).stdout)


folder = Path(tempfile.mkdtemp())

# A run, its summary and its tables.
alone = command("replay", recording, "--once", "--out", folder / "run", "--set", "engine.strategy.name=glft")
run = replay(tables=None)
check("digest equal to the command's", (run.digest, run.decisions) == (alone["digest"], alone["decisions"]))
summary, keys = run.summary(), command("report", folder / "run").keys()
check("summary has the report's keys and figures", summary.keys() == keys and summary["total"] == alone["total"])
loaded = papermaker.load(folder / "run", tables=["fills", "accounts"])
check("a loaded run is the run", loaded.digest == run.digest and loaded.tables == ["accounts", "fills"])
fills = pa.table(run["fills"])
subprocess.run([program, "export", folder / "run", "--format", "parquet", "--out", folder / "t"], check=True, stdout=subprocess.DEVNULL)
import pyarrow.parquet as pq

for name in run.tables:
    exported, table = pq.read_table(folder / "t" / f"{name}.parquet"), pa.table(run[name])
    check(f"{name}: columns, types and rows of the Parquet export", exported.schema.types == table.schema.types and exported.cast(table.schema) == table)
check("fills are the summary's", fills.num_rows == sum(x["fills"] for x in alone["total"]) > 10)
check("a table that was loaded is the table", pa.table(loaded["fills"]) == fills)
last = {(a["coin"], a["lane"]): a for a in pa.table(run["accounts"]).to_pylist()}
parts = ["spread_usd", "adverse_usd", "inventory_usd", "fees_usd", "funding_usd"]
sums = sum((a[p] for (_, lane), a in last.items() if lane == "configured" for p in parts), Decimal(0))
check("money is exact", sums == Decimal(alone["total"][0]["exact_usd"]["profit"]) != 0)

# Read in place.
column = [pa.table(run["market"])["bid_e8"].chunk(0) for _ in range(2)]
array = column[0].to_numpy(zero_copy_only=True)
check("numpy reads in place", column[0].buffers()[1].address == column[1].buffers()[1].address == array.ctypes.data)
check("numpy has the figures", isinstance(array, np.ndarray) and array.min() > 0)
import duckdb
import pandas
import polars

e8 = sum(fills["sz_e8"].to_pylist())
frame = polars.DataFrame(run["fills"])
check("polars reads in place", frame["sz_e8"].to_numpy().ctypes.data == fills["sz_e8"].chunk(0).buffers()[1].address)
check("polars has the sum of sizes", frame["sz_e8"].sum() == e8)
check("pandas has it", int(pandas.DataFrame.from_arrow(run["fills"])["sz_e8"].sum() if hasattr(pandas.DataFrame, "from_arrow") else fills.to_pandas()["sz_e8"].sum()) == e8)
in_duckdb = run["fills"]
check("duckdb has it", duckdb.sql("select sum(sz_e8) from in_duckdb").fetchall()[0][0] == e8)

# What is wrong is named as on the command line.
check("an unknown setting", raises(ValueError, "did you mean", lambda: replay(config={"engine.quote.max_lts": 3})))
check("a file that is not there", raises(papermaker.InputError, "there is no such file", lambda: papermaker.replay("no")))
check("an unknown table", raises(ValueError, "there are", lambda: replay(tables=["x"])))
check("an unknown coin", raises(ValueError, "no coin `X` in", lambda: replay(coins="X")))
check("a table that was not kept", raises(KeyError, "name it in tables", lambda: replay()["fills"]))
check("a folder that is no run", raises(papermaker.InputError, "no journal", lambda: papermaker.load(folder)))
check("words for every public name", all(inspect.getdoc(getattr(papermaker, n)) for n in papermaker.__all__))


# Strategies.
class Keeps:
    def ladder(self, market, position, estimates):
        return None


class Fixed:
    """The engine's `fixed` at three bps."""

    name, version, follows = "fixed", 1, True
    terms = [("half", "bps", "Distance of both quotes without a position."), ("skew", "bps", ""), ("lots", "", "")]

    def __init__(self, bps=3.0):
        self.bps = bps

    def ladder(self, market, position, estimates):
        bid, ask = market.mid * (1.0 - self.bps * 1e-4), market.mid * (1.0 + self.bps * 1e-4)
        lot = market.lot_usd
        return [(bid, lot / bid)], [(ask, lot / ask)], [self.bps, 0.0, market.lots]


class Sees(Fixed):
    """Looks at everything there is."""

    seen = []

    def ladder(self, market, position, estimates):
        e, m = estimates, market
        n = {len(x) for x in (e.distance_bps, e.fill_rate_per_s, e.edge_bps, e.edge_lo_bps, e.edge_hi_bps)}
        sane = m.bid < m.mid < m.ask and m.bid_size > 0 < m.ask_size and m.time_ns > 1.5e18 and m.max_lots > 1
        sane &= abs(m.lots - position * m.mid / m.lot_usd) < 1e-6 and e.kappa_lo <= e.kappa <= e.kappa_hi
        sane &= e.sigma_bps >= 0 and abs(sum(e.regimes) - 1) < 1e-6 and len(n) == 1
        self.seen.append((m.coin, sane, m.fee_bps, e.verdict))
        return super().ladder(market, position, estimates)


class Wild(Fixed):
    follows = False

    def ladder(self, market, position, estimates):
        bad = [(float("nan"), 1.0), (-1.0, 1.0), (market.bid, float("inf")), (market.ask * 2, 1e9)]
        return bad, [(market.bid * (1.0 + i * 1e-4), 0.1) for i in range(1000)]


class Breaks(Fixed):
    calls = 0

    def ladder(self, market, position, estimates):
        self.calls += 1
        if self.calls > 50:
            raise LookupError("my bug")
        return super().ladder(market, position, estimates)


class Wrong(Fixed):
    def ladder(self, market, position, estimates):
        return 7


for base in (GLFT, FIXED, {}):
    own, kept = replay(config=base), replay(config=base, strategy=Keeps())
    check("None keeps the engine's ladder", kept.decisions == own.decisions and kept.strategy.kept == kept.strategy.calls > 20)
check("a strategy's identity is in the digest", kept.digest != own.digest)
fixed, twin = replay(config=FIXED), replay(strategy=Fixed())
check("a twin decides as the engine's own", twin.decisions == fixed.decisions and fixed.summary()["total"][0]["fills"] > 0)
check("whatever the settings name", replay(config={}, strategy=Fixed()).decisions == fixed.decisions)
check("another one decides otherwise", replay(strategy=Fixed(4.0)).decisions != fixed.decisions)
hashes = {replay(strategy=s).summary()["config"] for s in (Fixed(), Fixed(), Fixed(4.0), Keeps())}
check("source and attributes are in the hash", len(hashes) == 3)
check("the summary says who decided", twin.summary()["strategy"]["name"] == "python:fixed" and twin.summary()["python_strategy"]["resumable"] is False)
sees = replay(strategy=Sees())
check("it sees the market", sees.strategy.calls == len(Sees.seen) and all(s[1] for s in Sees.seen))
check("and decides alike", sees.decisions == fixed.decisions)
wild = replay(strategy=Wild(), tables=["orders", "accounts"])
check("what is no level is counted", wild.strategy.refused > 0 and wild.strategy.beyond >= 980)
check("and the rest is held to the limits", max(abs(x) for x in pa.table(wild["accounts"])["position_coin"].to_pylist()) < 1e4)
check("an exception comes through", raises(LookupError, "my bug", lambda: replay(strategy=Breaks())))
check("a wrong answer is named", raises(TypeError, "ladder must give None", lambda: replay(strategy=Wrong())))
check("a strategy has a ladder", raises(TypeError, "a method ladder", lambda: replay(strategy=3)))
check("and is an object", raises(TypeError, "Fixed(), not Fixed", lambda: replay(strategy=Fixed)))

# Strategies in Python in a sweep, beside one that ships.
grid, tried = {"engine.quote.max_lots": [2, 5]}, ["fixed", Fixed(3.0), Fixed(6.0)]


def sweep(name, **kw):
    return papermaker.sweep(recording, grid, out=folder / name, seeds=[1, 2], config=FIXED, **({"strategies": tried} | kw))


swept = sweep("sweep")
by = {tuple(str(v) for _, v in r["settings"]): (r["profit_usd"], r["fills"]) for r in swept["ranked"]}
names = sorted({key[0] for key in by})
check("all are tried", swept["tried"] == len(by) == 6 and len(names) == 3)
came = {x.name: x.calls for x in swept["python"]}
check("what asking came to is told", came.keys() == {"python:fixed"} and len(swept["python"]) == 2 and all(came.values()))
same, wider = (next(n for n in names if papermaker._asked([s])[1][0] in n) for s in tried[1:])
ours = next(n for n in names if "python" not in n)
check("a twin earns what the engine's own earns", all(by[(ours, m)] == by[(same, m)] for m in "25"))
check("another one earns otherwise", any(by[(ours, m)] != by[(wider, m)] for m in "25"))
again = sweep("sweep")
check("what is done stays done", again["hash"] == swept["hash"] and again["python"] == [])
sweep("parts", run=False)
asked = papermaker._asked(tried)[0]
for i in (2, 0, 1):
    papermaker._papermaker.sweep_part(folder / "parts", f"{i}/3", 1, asked)
check("in three parts it is the same table", papermaker._merged(folder / "parts")["hash"] == swept["hash"])
sweep("alone", run=False)
refused = subprocess.run([program, "sweep", "run", folder / "alone"], capture_output=True, text=True)
check("the command line names what it cannot ask", refused.returncode in (2, 5) and ("in Python" in refused.stderr or "another program" in refused.stderr))
check("an exception comes through a sweep", raises(LookupError, "my bug", lambda: sweep("breaks", strategies=[Breaks()])))
check("and leaves no row", not list((folder / "breaks" / "rows").glob("*")))

# The interpreter stays free, and Ctrl-C ends a replay.
began = time.perf_counter()
for _ in range(2):
    replay()
one = time.perf_counter() - began
began = time.perf_counter()
threads = [threading.Thread(target=replay) for _ in range(2)]
[t.start() for t in threads]
[t.join() for t in threads]
two = time.perf_counter() - began


class Slow(Fixed):
    follows = False

    def ladder(self, market, position, estimates):
        time.sleep(0.05)


main = threading.main_thread().ident
threading.Timer(0.5, lambda: signal.pthread_kill(main, signal.SIGINT)).start()
began = time.perf_counter()
check("Ctrl-C ends a replay", raises(KeyboardInterrupt, "", lambda: replay(strategy=Slow())))
check("soon", time.perf_counter() - began < 2)
check("and the interpreter goes on", replay().decisions == run.decisions)
print(f"python: {passed} passed, 0 failed; two replays {one:.2f} s, on threads {two:.2f} s; "
      f"{twin.strategy.calls} calls of a strategy, {twin.strategy.mean_ns} ns each")
