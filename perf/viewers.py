#!/usr/bin/env python3
"""What watching costs the hot thread: latencies of one run, with and without viewers, in turns.

    pip install hdrhistogram
    perf/viewers.py [PROGRAM] [SECONDS]        default: target/max/papermaker 120

A run on the embedded exchange serves metrics. Every second span of ten seconds two `top` viewers
redraw and a scraper reads /metrics ten times a second; in the others nobody looks. The run's own
latency.hlog is then summed by kind of span: whole path, from readable to record.
"""

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

from hdrh.histogram import HdrHistogram

SPAN = 10
SPEED = 10
ADDR = "127.0.0.1:19464"


def scrape(until):
    n = 0
    while time.time() < until:
        urllib.request.urlopen(f"http://{ADDR}/metrics").read()
        n += 1
        time.sleep(0.1)
    return n


def watch(program, begun, seconds, watched):
    """Opens viewers in every second span; notes when they were there."""
    end = begun + seconds
    while time.time() < end - SPAN:
        time.sleep(SPAN)
        at, until = time.time(), min(time.time() + SPAN, end)
        env = dict(os.environ, TERM="xterm-256color")
        top = f"stty rows 40 cols 140; exec {program} top {ADDR}"
        viewers = [
            subprocess.Popen(["script", "-qc", top, "/dev/null"], env=env,
                             stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
            for _ in range(2)
        ]
        scrape(until)
        for v in viewers:
            v.kill()
            v.wait()
        subprocess.run(["pkill", "-f", f"top {ADDR}"], check=False)
        watched.append((at, time.time()))


def main():
    program = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "target/max/papermaker")
    seconds = int(sys.argv[2]) if len(sys.argv) > 2 else 120
    folder = tempfile.mkdtemp()
    out = os.path.join(folder, "run")
    run = subprocess.Popen(
        [program, "run", "--for", f"{seconds * SPEED}s", "--speed", str(SPEED), "--metrics", ADDR,
         "--out", out, "--json"], stdout=subprocess.PIPE, text=True)
    watched = []
    thread = threading.Thread(target=watch, args=(program, time.time(), seconds, watched))
    begun = time.time()
    thread.start()
    summary = json.loads(run.communicate()[0].splitlines()[-1])
    thread.join()
    sums = {False: HdrHistogram(1, 60_000_000_000, 3), True: HdrHistogram(1, 60_000_000_000, 3)}
    spans = {False: 0, True: 0}
    first = None
    for line in open(os.path.join(out, "latency.hlog"), encoding="ascii"):
        if not line.startswith("Tag=whole,"):
            continue
        _, start, length, _, text = line.strip().split(",")
        first = float(start) if first is None else first
        # The log counts market seconds. Intervals that lie wholly in a span of one kind.
        a = begun + (float(start) - first) / SPEED
        b = a + float(length) / SPEED
        inside = any(s <= a and b <= e for s, e in watched)
        outside = all(b <= s or e <= a for s, e in watched)
        if inside or outside:
            sums[inside].decode_and_add(text)
            spans[inside] += 1
    print(f"{summary['messages']} messages, {summary['dropped']} records dropped; "
          f"{len(watched)} spans of {SPAN} s watched")
    print("whole path, us                   frames     p50     p90     p99   p99.9")
    for kind, name in ((False, "nobody looks"), (True, "two tops, 10 scrapes a second")):
        h = sums[kind]
        ps = "".join(f"{h.get_value_at_percentile(p) / 1000:8.1f}" for p in (50, 90, 99, 99.9))
        print(f"{name:<29} {h.get_total_count():>9}{ps}   ({spans[kind]} intervals)")


main()
