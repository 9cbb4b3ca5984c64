"""papermaker: replays, runs and sweeps of a paper-trading engine for market makers.

    import papermaker
    run = papermaker.replay("day.frames.gz", config={"engine.quote.max_lots": 3})
    run.digest, run.summary()["total"]
    import pyarrow as pa
    fills = pa.table(run["fills"])     # polars.DataFrame, pandas and DuckDB likewise; read in place

Prices are in USD, sizes in coins, times in nanoseconds since 1970 (UTC); columns end in their unit:
``px_usd`` and ``sz_coin`` are floats for arithmetic, ``px_e8`` and ``sz_e8`` the exact integers, money
such as ``spread_usd`` of ``accounts`` is decimal with 17 places. A digest is a hash of all records:
equal digests mean equal runs, here and on the command line.
"""

from __future__ import annotations

import inspect
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from . import _papermaker
from ._papermaker import Asked, Estimates, InputError, Market, Run, Table, __version__, sources

__all__ = [
    "Asked", "Estimates", "InputError", "Market", "Run", "Table", "__version__", "load", "main",
    "ray_sweep", "replay", "sources", "sweep",
]

#: Tables that are kept where none is named.
KEPT = ("fills", "accounts")


def _text(value: Any) -> str:
    """A value of Python as TOML."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{json.dumps(str(k))} = {_text(v)}" for k, v in value.items()) + "}"
    if isinstance(value, (list, tuple, range)):
        return "[" + ", ".join(_text(v) for v in value) + "]"
    return json.dumps(str(value))


def _sets(config: Mapping[str, Any] | None) -> list[str]:
    """Assignments of a flat or nested mapping of settings."""
    out: list[str] = []

    def walk(path: str, table: Mapping[str, Any]) -> None:
        for key, value in table.items():
            here = f"{path}.{key}" if path else str(key)
            if isinstance(value, Mapping) and "kind" not in value:
                walk(here, value)
            else:
                out.append(f"{here}={_text(value)}")

    walk("", config or {})
    return out


def _names(names: Iterable[str] | str | None) -> list[str] | None:
    """Names as a list; one name is a list of one."""
    if names is None:
        return None
    return [names] if isinstance(names, str) else list(names)


def _made_of(thing: Any) -> str:
    """What a strategy or a part of it is made of, as text: source or code, and plain values."""
    if thing is None or isinstance(thing, (bool, int, float, str, bytes)):
        return repr(thing)
    if isinstance(thing, Mapping):
        return "{" + ", ".join(f"{_made_of(k)}: {_made_of(v)}" for k, v in thing.items()) + "}"
    if isinstance(thing, (list, tuple)):
        return "[" + ", ".join(map(_made_of, thing)) + "]"
    if isinstance(thing, type) or callable(thing):
        try:
            return inspect.getsource(thing)
        except (OSError, TypeError):
            pass
    if isinstance(thing, type):
        return _made_of({k: v for k, v in vars(thing).items() if callable(v)})
    code = getattr(thing, "__code__", thing)
    if inspect.iscode(code):
        return f"{code.co_code!r} {code.co_names} {_made_of(code.co_consts)}"
    return type(thing).__qualname__


def _described(strategy: Any) -> dict[str, Any] | None:
    """A strategy as the engine takes it."""
    if strategy is None:
        return None
    if isinstance(strategy, type):
        raise TypeError(f"a strategy is an object: {strategy.__name__}(), not {strategy.__name__}")
    ladder = getattr(strategy, "ladder", None)
    if not callable(ladder):
        raise TypeError(
            "a strategy is an object with a method ladder(market, position, estimates)"
        )
    made_of = [_made_of(c) for c in type(strategy).__mro__ if c is not object]
    return {
        "ladder": ladder,
        "name": str(getattr(strategy, "name", type(strategy).__name__)),
        "version": int(getattr(strategy, "version", 1)),
        "source": "\n".join([*made_of, _made_of(getattr(strategy, "__dict__", {}))]),
        "terms": [tuple(map(str, term)) for term in getattr(strategy, "terms", ())],
        "tolerance_bps": float(getattr(strategy, "tolerance_bps", 0.0)),
        "follows": bool(getattr(strategy, "follows", False)),
    }


def replay(
    files: Any,
    *,
    config: Mapping[str, Any] | None = None,
    config_file: Any = None,
    coins: Iterable[str] | str = (),
    tables: Iterable[str] | str | None = KEPT,
    strategy: Any = None,
    accept_unfit: bool = False,
) -> Run:
    """Replays recordings, in order of time, as one run; the same run as ``papermaker replay``.

    files: a path, or several. config: settings by key, flat or nested, as ``papermaker config init``
    lists them; config_file: a file of settings that they are laid over. coins: those to quote; all of
    the recordings where none is named. tables: those to keep; None keeps all, which takes twice the
    time and 100 to 300 bytes a record. accept_unfit: replay what is not fit for it.

    strategy: an object with ``ladder(market, position, estimates)``, asked once a quote decision with a
    `Market`, the position in coins, signed, and `Estimates`. It gives None, and the strategy of the
    configuration decides; or bids and asks, nearest first, each a list of (price in USD, size in
    coins), and a list of its terms behind them where it has any. An empty list quotes nothing on that
    side. Whatever it gives, prices are rounded outward and kept off the other side, sizes are whole
    lots within the position limit, and guards hold. It should depend on what it is given alone, not on
    how often it is asked. Attributes, all optional: ``name``, ``version``; ``tolerance_bps``, how far
    an order may stand off its wanted price before it is changed; ``follows``, true of a ladder that
    moves with the market alone, so that it is asked again only where that changes an order, and not on
    each print, tick and size; ``terms``, (name, unit, sentence) of
    each of at most twelve numbers that records show beside a quote. Name, version, source and
    attributes enter the hash of the configuration. What asking came to is in ``strategy`` of the run.
    Such a run cannot be resumed.

    The interpreter stays free meanwhile, and Ctrl-C ends it. Raises ValueError for what was asked and
    InputError for files, with the sentences of the command line, and whatever the strategy raises.
    """
    job = {
        "files": files,
        "sets": _sets(config),
        "config": config_file,
        "coins": _names(coins),
        "accept_unfit": accept_unfit,
    }
    return _papermaker.replay(job, _names(tables), _described(strategy))


def load(folder: Any, *, tables: Iterable[str] | str | None = KEPT) -> Run:
    """The run of a folder, from its journal. tables: as in `replay`."""
    return _papermaker.load(folder, _names(tables))


def _command(*args: Any) -> dict[str, Any]:
    """Runs a command in a process of its own and gives what it prints as JSON."""
    command = [sys.executable, "-m", "papermaker", *map(str, args), "--json"]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        lines = [x for x in done.stderr.splitlines() if x.startswith("papermaker: ")]
        text = lines[-1].removeprefix("papermaker: ") if lines else done.stderr
        raise {5: InputError, 4: OSError}.get(done.returncode, ValueError)(text)
    return json.loads(done.stdout)


def sweep(
    files: Any,
    grid: Mapping[str, Iterable[Any]],
    *,
    out: Any,
    seeds: Iterable[int] = (0,),
    strategies: Iterable[Any] = (),
    profiles: Iterable[str] = (),
    coins: Iterable[str] | str = (),
    block: str = "30s",
    windows: Mapping[str, str] | None = None,
    config: Mapping[str, Any] | None = None,
    accept_unfit: bool = False,
    jobs: int | None = None,
    run: bool = True,
) -> dict[str, Any]:
    """Plans a sweep in the folder `out`, does it, merges it, and gives its ranking.

    grid: settings, each with its values; all combinations are tried, in one pass over each recording.
    strategies: names of those that ship, and objects as `replay` takes them; each is tried with all of
    the grid, every job on a copy of its own. What asking them came to is in ``python`` of the result.
    block: results are kept by stretches of this length. windows: ``{"train": "1h", "test": "30m"}``,
    to choose on one and count on the next. jobs: passes at a time; one a core where it is None. What is
    done already is not done again. The ranking has the keys of ``papermaker sweep show --json``, and
    ``out`` and ``hash`` of the table. With run=False only the plan is made, for `ray_sweep` or other
    machines. See ``papermaker help sweep``.
    """
    asked, names = _asked(strategies)
    many = [files] if isinstance(files, (str, Path)) else list(files)
    spec: dict[str, Any] = {"files": [str(Path(f).resolve()) for f in many], "block": block}
    spec |= {"seeds": list(seeds), "coins": _names(coins), "accept_unfit": accept_unfit}
    spec |= {"strategies": names, "profiles": list(profiles)}
    spec = {key: value for key, value in spec.items() if value != []}
    lines = [f"{key} = {_text(value)}" for key, value in spec.items()]
    lines += ["[grid]"] + [f"{key} = {_text(list(values))}" for key, values in grid.items()]
    if windows is not None:
        lines += ["[windows]"] + [f"{key} = {_text(value)}" for key, value in windows.items()]
    sets = [part for s in _sets(config) for part in ("--set", s)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sweep.toml"
        path.write_text("\n".join(lines) + "\n")
        plan = _command("sweep", "plan", path, "-o", out, *sets)
    if not run:
        return plan
    _, _, came = _papermaker.sweep_part(out, "0/1", jobs, asked)
    return _merged(out) | {"python": came}


def _asked(strategies: Iterable[Any]) -> tuple[list[dict[str, Any]], list[str]]:
    """Strategies in Python as the engine takes them, and the names of all in a plan."""
    asked, names = [], []
    for s in [strategies] if isinstance(strategies, str) else strategies:
        if isinstance(s, str):
            names.append(s)
        else:
            asked.append(_described(s))
            names.append(_papermaker.label(asked[-1]))
    return asked, names


def _merged(folder: Any) -> dict[str, Any]:
    """Merges a plan whose rows are all there, and gives its ranking."""
    merged = _command("sweep", "merge", folder)
    return _command("sweep", "show", folder) | {"out": merged["out"], "hash": merged["hash"]}


def ray_sweep(
    plan: Any,
    *,
    strategies: Iterable[Any] = (),
    address: str | None = None,
    parts: int | None = None,
    **options: Any,
) -> dict[str, Any]:
    """Does a planned sweep on Ray and gives its ranking, as `sweep` does.

    plan: folder of the plan, on a file system that all workers share, as are the recordings. strategies:
    the objects in Python that it asks, as they were planned. A part is a
    task of one processor; that of a worker that dies runs again, and what was done stays done. options
    go to ``ray.init``, where Ray does not run yet. Needs ``pip install papermaker[ray]``.
    """
    import os

    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    import ray

    if not ray.is_initialized():
        options = {"include_dashboard": False, "log_to_driver": False} | options
        if address is not None:
            options.pop("include_dashboard")
        ray.init(address=address, **options)
    folder, (asked, _) = str(Path(plan).resolve()), _asked(strategies)
    n = parts or 4 * max(1, int(ray.cluster_resources().get("CPU", 1)))

    @ray.remote(num_cpus=1, max_retries=10)
    def part(i: int) -> tuple[int, int]:
        return _papermaker.sweep_part(folder, f"{i}/{n}", 1, asked)[:2]

    ray.get([part.remote(i) for i in range(n)])
    return _merged(folder)


def main() -> None:
    """The command line, as `papermaker` on the shell."""
    sys.exit(_papermaker.main(["papermaker", *sys.argv[1:]]))
