#!/usr/bin/env python3
"""Reads a .hlog of `papermaker bench wire --hlog` or of a run with another implementation of
HdrHistogram and prints its percentiles, one line a stage: they are those of the table.

    pip install hdrhistogram
    perf/hlog.py wire-1000.hlog
"""

import sys

from hdrh.histogram import HdrHistogram
from hdrh.log import HistogramLogReader

log = HistogramLogReader(sys.argv[1], HdrHistogram(1, 1 << 32, 2))
print(f"{'stage':<10} {'count':>9} {'p50':>9} {'p90':>9} {'p99':>9} {'p99.9':>9} {'max':>9}")
while (h := log.get_next_interval_histogram()) is not None:
    shares = [h.get_value_at_percentile(p) for p in (50, 90, 99, 99.9)]
    row = [h.get_total_count(), *shares, h.get_max_value()]
    print(f"{h.get_tag():<10} " + " ".join(f"{n:>9}" for n in row))
