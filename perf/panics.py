#!/usr/bin/env python3
"""Panic sites that the hot turn can reach, counted in the disassembly of the binary of profile max.

    perf/panics.py BINARY            print the count and where they are; compare with perf/panics.txt
    perf/panics.py BINARY --record   write perf/panics.txt

The hot turn is what the live loop calls of engine, feed, publisher and WebSocket, and everything
reachable from there by direct calls within the crates of DESCEND (what the loop does to connect is not
part of a turn). A panic site is a call or jump to a function of the panic machinery. Calls through
pointers are not followed; there are none on the path. Arithmetic that is checked on purpose
(`overflow-checks = true`) is counted apart. Fails when there are more of the others than recorded.
"""
import collections
import pathlib
import re
import subprocess
import sys

LOOP = re.compile(r"^papermaker::app::live::(run|Hot::.*)$")
ROOTS = re.compile(r"papermaker::(app::(turn|staged|publish|rehearsal)|engine|feed|ws|sim|learn|quote|book)::")
DESCEND = re.compile(
    r"^<?(papermaker::(app::(turn|staged|publish|rehearsal)|engine|feed|ws|sim|learn|quote|book|math|mem|units|record|journal::digest)"
    r"|simd_json|libm|xxhash_rust|rtrb|arrayvec|core|compiler_builtins|crossbeam)")
PANIC = re.compile(
    r"^(core::panicking::|core::option::(unwrap_failed|expect_failed)|core::result::unwrap_failed"
    r"|core::slice::index::slice_|core::slice::.*_fail|core::str::slice_error|alloc::raw_vec::(handle_error|capacity_overflow)"
    r"|alloc::alloc::handle_alloc_error|std::panicking|core::slice::copy_from_slice_impl::len_mismatch_fail)")
HEAD = re.compile(r"^([0-9a-f]+) <(.+)>:$")
CALL = re.compile(r"\b(?:call|jmp|j[a-z]+)\s+[0-9a-f]+ <(.+?)(\+0x[0-9a-f]+)?>$")
SLOT = re.compile(r"\b(?:call|jmp)\s+\*0x[0-9a-f]+\(%rip\)\s+# ([0-9a-f]+) ")
RELATIVE = re.compile(r"^([0-9a-f]+) R_X86_64_RELATIVE\s+\*ABS\*\+0x([0-9a-f]+)$")


def objdump(binary, *how):
    return subprocess.run(["objdump", *how, binary], capture_output=True, text=True,
                          check=True).stdout.splitlines()


def graph(binary):
    """Calls by mangled name, which tells instances of one generic function apart; and plain names."""
    slots = {int(m[1], 16): int(m[2], 16) for m in map(RELATIVE.match, objdump(binary, "-R")) if m}
    calls, at, here = collections.defaultdict(collections.Counter), {}, None
    far = []  # calls through a slot of the global offset table: how the precompiled library is called
    for line in objdump(binary, "-d", "--no-show-raw-insn"):
        head = HEAD.match(line)
        if head:
            here = head[2]
            at[int(head[1], 16)] = here
            calls[here]
            continue
        call, slot = here and CALL.search(line), here and SLOT.search(line)
        if call and call[1] != here:
            calls[here][call[1]] += 1
        elif slot:
            far.append((here, slots.get(int(slot[1], 16))))
    for here, to in far:
        if to in at:
            calls[here][at[to]] += 1
    names = sorted(set(calls) | {to for c in calls.values() for to in c})
    plain = subprocess.run(["c++filt"], input="\n".join(names), capture_output=True, text=True,
                           check=True).stdout.splitlines()
    return calls, {n: re.sub(r"::h[0-9a-f]{16}$|\[[0-9a-f]{8,16}\]", "", p) for n, p in zip(names, plain)}


def main():
    binary, record = sys.argv[1], "--record" in sys.argv
    calls, plain = graph(binary)
    loop = [f for f in calls if LOOP.match(plain[f])]
    todo = list({to for f in loop for to in calls[f] if ROOTS.search(plain[to])})
    if not todo:
        sys.exit("panics: no live loop in the binary; is it of profile max, with symbols?")
    seen, sites = set(todo), collections.Counter()
    kinds = collections.Counter()
    while todo:
        f = todo.pop()
        for to, n in calls.get(f, {}).items():
            if PANIC.match(plain[to]):
                sites[plain[f]] += n
                kinds[plain[to]] += n
            elif to not in seen and DESCEND.match(plain[to]):
                seen.add(to)
                todo.append(to)
    total = sum(sites.values())
    checked = sum(n for name, n in kinds.items() if "_overflow" in name)
    print(f"{total} panic sites in {len(sites)} of {len(seen)} functions reachable from the hot turn: "
          f"{checked} checks of arithmetic, {total - checked} others")
    for name, n in kinds.most_common():
        print(f"  {n:5} {name}")
    print("most of them in")
    for name, n in sites.most_common(12):
        print(f"  {n:5} {name}")
    path, others = pathlib.Path(__file__).with_name("panics.txt"), total - checked
    if record:
        path.write_text(f"{others} others\n{checked} checks of arithmetic\n")
    elif path.exists() and others > int(path.read_text().split()[0]):
        sys.exit(f"panics: {others} others than checks of arithmetic; {path.name} has fewer")


main()
