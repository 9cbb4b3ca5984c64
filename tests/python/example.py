# %% [markdown]
# A day with papermaker: what a recording shows, what a strategy of one's own makes of it, and which
# settings do better. Opens as a notebook in Jupyter (jupytext) and VS Code; as a script it takes a
# recording and a folder for the pictures: `python example.py day.frames.gz pictures`.

# %%
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import polars as pl

import papermaker

recording = sys.argv[1] if len(sys.argv) > 1 else "day.frames.gz"
pictures = Path(sys.argv[2] if len(sys.argv) > 2 else ".")

# %% [markdown]
# The engine's own strategy first: the digest is that of `papermaker replay`.

# %%
run = papermaker.replay(recording, tables=["market", "fills", "accounts", "curve"])
print(run, [(x["lane"], x["fills"], x["profit_usd"]) for x in run.summary()["total"]])
coin = run.summary()["coins"][0]["coin"]


# %% [markdown]
# A strategy of one's own: as far out as the shadow ladder says that a fill earns most, leaning against
# the position. It is asked once a quote decision and held to every limit of the engine.


# %%
class Best:
    name, version = "best", 1
    terms = [("half", "bps", "Distance of both quotes."), ("lean", "bps", "Shift against the position.")]

    def ladder(self, market, position, estimates):
        earns = [rate * edge for rate, edge in zip(estimates.fill_rate_per_s, estimates.edge_bps)]
        half = estimates.distance_bps[max(range(len(earns)), key=earns.__getitem__)]
        lean = 0.2 * half * market.lots
        bid = market.mid * (1 - (half + lean) * 1e-4)
        ask = market.mid * (1 + (half - lean) * 1e-4)
        lot = market.lot_usd / market.mid
        return [(bid, lot)], [(ask, lot)], [half, lean]


own = papermaker.replay(recording, strategy=Best(), tables=["market", "fills", "accounts", "terms"])
print(own.strategy)

# %% [markdown]
# Fills on the mid, and the result as it grew.

# %%
market = pl.DataFrame(own["market"]).filter(pl.col("coin") == coin)
fills = pl.DataFrame(own["fills"]).filter(pl.col("coin") == coin, pl.col("lane") == "configured")
figure, (above, below) = plt.subplots(2, sharex=True, figsize=(10, 7))
mid = (market["bid_usd"] + market["ask_usd"]) / 2
above.plot(market["at_utc"], mid, lw=0.6, color="grey", label=f"{coin} mid")
for side, mark in (("buy", "^"), ("sell", "v")):
    some = fills.filter(pl.col("side") == side)
    above.plot(some["at_utc"], some["px_usd"], mark, ms=4, label=side)
above.legend()
above.set_ylabel("USD")
parts = [f"{p}_usd" for p in ("spread", "adverse", "inventory", "fees", "funding")]
for name, of in (("the engine's", run), ("best", own)):
    accounts = pl.DataFrame(of["accounts"]).filter(pl.col("lane") == "configured", pl.col("coin") == coin)
    result = accounts.select("at_utc", pl.sum_horizontal(pl.col(parts).cast(pl.Float64)).alias("usd"))
    below.plot(result["at_utc"], result["usd"], label=name)
below.legend()
below.set_ylabel("result, USD")
figure.autofmt_xdate()
figure.savefig(pictures / "fills.png")

# %% [markdown]
# Which settings do better: all combinations in one pass, ranked by the lower end of the paired interval
# over the first, with how many were tried.

# %%
grid = {"engine.strategy.fixed.bps": [1.0, 2.0, 4.0, 8.0]}
best = papermaker.sweep(recording, grid, strategies=["fixed"], seeds=[1, 2], out=pictures / "sweep")
figure, axes = plt.subplots(figsize=(8, 4))
for ranked in best["ranked"]:
    bps = float(dict(ranked["settings"])["engine.strategy.fixed.bps"])
    axes.plot(bps, ranked["profit_usd"], "o", color="black")
axes.set_xlabel("distance, bps")
axes.set_ylabel("result, USD")
axes.set_title(f"{best['tried']} tried, {best['seeds']} seeds each")
figure.savefig(pictures / "sweep.png")
