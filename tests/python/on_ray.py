"""A sweep in one process, in seven parts of which one is killed, and on Ray with a killed worker: one
table. on_ray.py RECORDING RECORDING."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import papermaker

files = sys.argv[1:]
folder = Path(tempfile.mkdtemp(prefix="pm"))
grid = {
    "engine.strategy.fixed.bps": [1.0, 2.0, 3.0, 5.0],
    "engine.quote.max_lots": [2, 4, 8],
    "engine.quote.requote_ms": [200, 1000],
}
spec = {"grid": grid, "strategies": ["fixed"], "seeds": [1, 2, 3]}
killed = []


def check(name, holds):
    if not holds:
        sys.exit(f"ray: {name}: FAILED")


def rows(plan):
    return len(list((plan / "rows").glob("*")))


def kill_one(plan, begun):
    """Kills the first process of a worker that has a part at work once rows come."""
    while not killed:
        time.sleep(0.02)
        if rows(plan) > begun:
            for parts in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    words = parts.read_bytes().replace(b"\0", b" ")
                except OSError:
                    continue
                if b"ray::part" in words:
                    pid = int(parts.parent.name)
                    os.kill(pid, signal.SIGKILL)
                    killed.append(pid)
                    return


one = papermaker.sweep(files, **spec, out=folder / "one")
check("24 configurations were tried", one["tried"] == 24)

plan = folder / "seven"
papermaker.sweep(files, **spec, out=plan, run=False)
command = [sys.executable, "-m", "papermaker", "sweep", "run", str(plan), "--jobs", "1", "--shard"]
for i in (6, 2, 3, 0, 5, 1, 4):
    part = subprocess.Popen([*command, f"{i}/7"], stdout=subprocess.DEVNULL)
    if i == 3:
        time.sleep(0.3)
        part.kill()
    part.wait()
merge = [sys.executable, "-m", "papermaker", "sweep", "merge", str(plan)]
short = subprocess.run(merge, capture_output=True, text=True)
missing = rows(plan) < rows(folder / "one")
check("rows that are missing are counted", (short.returncode == 1 and "are missing" in short.stderr) == missing)
subprocess.run([*command, "3/7"], stdout=subprocess.DEVNULL, check=True)
seven = papermaker._merged(plan)

plan = folder / "ray"
papermaker.sweep(files, **spec, out=plan, run=False)
threading.Thread(target=kill_one, args=(plan, 0), daemon=True).start()
temporary = tempfile.mkdtemp(dir="/tmp", prefix="r")
began = time.perf_counter()
ray = papermaker.ray_sweep(plan, parts=12, num_cpus=2, _temp_dir=temporary)
took = time.perf_counter() - began
check("a worker was killed", bool(killed))
check("one table", one["hash"] == seven["hash"] == ray["hash"])
check("one ranking", one["ranked"] == seven["ranked"] == ray["ranked"])
print(f"ray: 144 rows, hash {one['hash']} in one part, in seven with one killed, on Ray with a worker killed ({took:.1f} s)")
shutil.rmtree(folder)
shutil.rmtree(temporary, ignore_errors=True)
