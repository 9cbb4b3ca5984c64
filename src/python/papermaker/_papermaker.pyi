"""The compiled module."""

import os
from collections.abc import Sequence
from typing import Any

__version__: str
#: Hash of the sources: equal on the command line and here where both are built of the same.
sources: str

class InputError(ValueError):
    """A file cannot be read, or is not what it should be."""

class Table:
    """A table in memory; pyarrow, polars, pandas, DuckDB and nanoarrow read it in place."""

    @property
    def name(self) -> str: ...
    @property
    def columns(self) -> list[str]:
        """Names of the columns, with their units."""
    def __len__(self) -> int: ...
    def __arrow_c_schema__(self) -> object: ...
    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object: ...

class Asked:
    """What asking a Python strategy came to."""

    @property
    def name(self) -> str:
        """Name, as records have it."""
    @property
    def version(self) -> int: ...
    @property
    def hash(self) -> int:
        """Hash of name, version, source and attributes, as the hash of the configuration has it."""
    @property
    def calls(self) -> int:
        """Times it was asked."""
    @property
    def kept(self) -> int:
        """Times it answered None: the strategy of the configuration decided."""
    @property
    def took_ns(self) -> int:
        """Time that all calls took, ns."""
    @property
    def mean_ns(self) -> int:
        """Mean time of a call, ns."""
    @property
    def refused(self) -> int:
        """Levels left out: no number, or not positive."""
    @property
    def beyond(self) -> int:
        """Levels left out: beyond the twentieth of a side."""

class Market:
    """The market at a quote decision. Prices in USD, sizes in coins."""

    @property
    def coin(self) -> str: ...
    @property
    def time_ns(self) -> int:
        """Session time, ns since 1970."""
    @property
    def bid(self) -> float: ...
    @property
    def bid_size(self) -> float: ...
    @property
    def ask(self) -> float: ...
    @property
    def ask_size(self) -> float: ...
    @property
    def mid(self) -> float:
        """Mean of the best prices."""
    @property
    def fee_bps(self) -> float:
        """What a maker pays."""
    @property
    def lot_usd(self) -> float:
        """Value of one lot of the quoting unit."""
    @property
    def max_lots(self) -> float:
        """Largest position either way, lots."""
    @property
    def lots(self) -> float:
        """Position in lots at the mid, signed."""

class Estimates:
    """What is known of a coin, as of the last second."""

    @property
    def kappa(self) -> float:
        """Decay of takers' reach, per unit of relative price (8000 is 0.8 a bps)."""
    @property
    def kappa_lo(self) -> float:
        """Lower end of its 95 % interval."""
    @property
    def kappa_hi(self) -> float:
        """Upper end."""
    @property
    def sigma_bps(self) -> float:
        """Volatility, bps per square root of a second."""
    @property
    def regimes(self) -> list[float]:
        """Probabilities: quiet, normal, volatile, cascade."""
    @property
    def verdict(self) -> str:
        """Whether quoting would earn: PAYS, LIKELY PAYS, LIKELY LOSES, LOSES, UNKNOWN."""
    @property
    def distance_bps(self) -> list[float]:
        """Distances of the shadow ladder from the mid; the lists below are of these."""
    @property
    def fill_rate_per_s(self) -> list[float]:
        """Fills a second and side of a quote there; 0 before the first window of evidence."""
    @property
    def edge_bps(self) -> list[float]:
        """What a fill there earns after fee and adverse move."""
    @property
    def edge_lo_bps(self) -> list[float]:
        """Lower end of its 95 % interval."""
    @property
    def edge_hi_bps(self) -> list[float]:
        """Upper end."""

class Run:
    """A run: its digests, its summary and its tables."""

    @property
    def digest(self) -> str:
        """Hash of all records, 32 hexadecimal digits: equal digests mean equal runs."""
    @property
    def decisions(self) -> str:
        """Hash of what was seen, decided and learned, whatever the settings are called."""
    @property
    def records(self) -> int:
        """How many records there are."""
    @property
    def frames(self) -> int:
        """Frames read; 0 of a run that was loaded."""
    @property
    def strategy(self) -> Asked | None:
        """What asking the Python strategy came to; None without one."""
    @property
    def tables(self) -> list[str]:
        """Names of the tables that were kept."""
    def summary(self) -> dict[str, Any]:
        """The keys of ``papermaker report --json``."""
    def __getitem__(self, name: str) -> Table: ...

def replay(
    job: dict[str, Any], tables: list[str] | None, strategy: dict[str, Any] | None
) -> Run: ...
def load(folder: str | os.PathLike[str], tables: list[str] | None) -> Run: ...
def sweep_part(
    folder: str | os.PathLike[str], shard: str, jobs: int | None, strategies: list[dict[str, Any]]
) -> tuple[int, int, list[Asked]]: ...
def label(strategy: dict[str, Any]) -> str: ...
def main(args: Sequence[str]) -> int: ...
