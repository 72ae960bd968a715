#!/usr/bin/env python3
"""The kernel's figures in guest instructions, each beside its limit: what `make bench` prints. docs/performance.md says how they are
counted.

    grade/bench.py --kernel build/plain/kernel.elf [--archive build/user/initramfs.cpio] [--tree .] [--out build] [-v]

With an archive, from phase 3 on, what programs see of the kernel is among them (bench_user.py), beside what they see of Debian's Linux,
the peer (linux_peer.py), if that is to be had; it is kept in OUT/linux-peer.

In phase 5 how fairly EEVDF shares a CPU, beside a Linux that has it (bench_fair.py), and what programs of busybox cost in kernel mode,
beside the peer (bench_real.py).

From phase 4 on it says, too, how much more two processes get done on two CPUs that really run at the same time; that is the host's time,
and not judged.

Writes OUT/bench.json: {"compiler", "judged", "qemu", "cpu", "peer": None or {"missing": why} or {"package", "version", "options"},
"figures": [{"name", "ours", "limit", "peer", "ratio", "unit", "note"}]}; a figure's peer and ratio, peer/ours, are null where there is
nothing to compare with. With an archive also "speed-up": speed_up(), "fair": bench_fair.compared(), and "real":
bench_real.compared()[0]. Exit status: 0; 1 if a figure is above its limit, a share less fair than Linux's, or a program dearer than its
part of Linux's; 2 interrupted; 3 something could not be counted; 4 called wrongly. The limits are those of one compiler: of a kernel that
another one made, the figures are reported and not judged."""

import argparse
import contextlib
import json
import os
import re
import signal
import sys
from collections import Counter
from pathlib import Path

if __name__ == "__main__":
    sys.dont_write_bytecode = True
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from grade import bench_fair, bench_real, bench_user, dwarf, linux_peer, machine, parallel
from grade.boot import Boot
from grade.errors import GraderFault, UserError, told
from grade.guest import qemu_version
from grade.steps import Kernel, executed, reached

JUDGED = ("gcc", "12")  # the compiler, and its major version, that the limits are for
SWITCH_LIMIT, PREEMPTIVE_SWITCH_LIMIT, RECORD_LIMIT = 80, 100, 40  # the second from phase 2 on, where quanta are kept
CLASSES_SWITCH_LIMIT = 140  # from phase 5 on: two classes are asked before that of normal threads
SPIN_LIMIT = 25
TURN_LIMIT = 1200  # under EEVDF, with the most threads that the ktest has
BLOCK_LIMIT, TICK_LIMIT = 400, 250
START_LIMIT, PROMPT_LIMIT = 8_000_000, 20_000_000
TIMER_VECTOR = 32       # kernel/arch/timer.h
TURNS_MS = 2000         # of virtual time, for ktest class_cost
CLI, STI = b"\xfa", b"\xfb"
RING = 64               # records of the small ring that wraps

# What the ktest `bench` marks, for information: name of the marks, what stands in the table.
MARKED = [
    ("yield_pair", "thread_yield() and back: two switches"),
    ("thread_create", "thread_create()"),
    ("exit_and_join", "thread_join() of a thread that runs and exits in it"),
    ("frame_alloc", "frame_alloc() of one page"),
    ("frame_put", "frame_put() of one page"),
    ("slab_alloc", "kmalloc(64)"),
    ("slab_free", "kfree()"),
]


def figure(name, ours, limit=None, peer=None, unit="instructions", note=""):
    ratio = None if peer is None else round(peer / ours, 2)
    return {"name": name, "ours": ours, "limit": limit, "peer": peer, "ratio": ratio, "unit": unit, "note": note}


def main(argv):
    """Returns the exit status."""
    parser = argparse.ArgumentParser(prog="grade/bench.py", description="counts instructions")
    parser.add_argument("--kernel", type=Path, required=True, help="a kernel built with CHECKED=0")
    parser.add_argument("--archive", type=Path, help="its boot archive, which lies in the folder of the user programs")
    parser.add_argument("--busybox", default="busybox", help="a static busybox")
    parser.add_argument("--tree", type=Path, default=Path(), help="where its sources are")
    parser.add_argument("--out", type=Path, default=Path("build"), help="folder for bench.json")
    parser.add_argument("-v", "--verbose", action="store_true", help="where a switch's instructions go")
    options = parser.parse_args(argv)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # QEMU ends, and its folder goes, whoever ends this
    return told("bench", lambda: bench(options))


def bench(options):
    """Measures, writes, prints. Returns the exit status. Raises GraderFault, UserError, OSError."""
    result = measure(options.kernel, options.kernel.parent)
    if options.archive:
        rows, result["peer"] = bench_user.compared(options.kernel, options.archive, options.out / "linux-peer")
        result["figures"] += [figure(*row) for row in rows]
        result["speed-up"] = speed_up(options.kernel, options.archive)
        folder = options.out / "linux-peer"
        result["fair"] = bench_fair.compared(options.kernel, options.archive, folder, linux_of(result, options.out))
        result["real"], where = bench_real.compared(options.kernel, options.archive.parent, folder, options.busybox)
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "bench.json").write_text(json.dumps({k: v for k, v in result.items() if k != "switch"}, indent=1) + "\n")
    print(*lines(result), sep="\n")
    if options.verbose:
        print("", *breakdown(result["switch"], options.tree), sep="\n")
        if options.archive:
            print(*bench_real.where_lines(where, result["switch"][0].image), sep="\n")
    return 1 if over(result) or others_over(result) else 0


def linux_of(result, out):
    """The Linux that figures are compared with; None if there is none."""
    peer = result["peer"]
    return linux_peer.Linux(out / "linux-peer/vmlinuz", peer["package"], peer["version"]) if peer and "version" in peer else None


def measure(path, cache=None):
    """Every figure of a kernel without programs: what bench.json holds, and "switch": (Kernel, a switch's instruction addresses). Raises
    GraderFault, UserError."""
    if not path.is_file():
        raise UserError(f"there is no kernel at {path}; make kernel CHECKED=0 builds it")
    kernel = Kernel(path, dwarf.load(path, cache))
    steps = executed(kernel, f"ktest=bench trace=off {simplest(kernel)}")
    begun, back = switches(steps)
    preemptive = "ktest_entry_bench_block" in kernel.image.variables
    limit = PREEMPTIVE_SWITCH_LIMIT if preemptive else SWITCH_LIMIT
    several = "ktest_entry_bench_spin" in kernel.image.variables
    if several:
        limit = CLASSES_SWITCH_LIMIT if simplest(kernel) else limit * bench_user.DEARER // 100
    figures = [
        figure("thread switch", len(begun[-1]), limit, note=f"thread_yield() to the other thread; seen {spread(begun)}"),
        figure("thread switch, to the end of its thread_yield()", len(back[-1]), note=f"seen {spread(back)}"),
        trace_record(kernel),
        start(kernel),
        prompt(kernel),
    ]
    if preemptive:
        figures[2:2] = [block(kernel), tick(kernel), *wakes(kernel)]
    if several:
        figures.append(spin_pair(kernel))
    if has_classes(kernel):
        figures += turns(kernel)
    for name, words in MARKED:
        found = steps.between(f"bench_begin_{name}", f"bench_end_{name}")
        figures.append(figure(words, len(found[-1]), note=f"seen {spread(found)}"))
    return {"compiler": " ".join(kernel.compiler), "judged": is_judged(kernel), "qemu": "{}.{}".format(*qemu_version()),
            "cpu": machine.CPU, "peer": None, "figures": figures, "switch": (kernel, begun[-1])}


def speed_up(path, archive):
    """{"cpus": of the host, "times": [[ns of one process that computes, ns of two at the same time], ...], "ratio": how much more two get
    done on two CPUs}, by the host's clock, of which nothing is judged; {"missing": why} on a host where it cannot
    be measured, None of a kernel for one CPU."""
    if not (archive.parent / "tests/together").exists():
        return None
    if why := parallel.possible():
        return {"missing": why}
    boot = parallel.Parallel(path, dwarf.load(path, path.parent), 1, archive=archive)
    with contextlib.closing(boot):
        said = boot("user", program=["/tests/together"], cpus=2, trace="off", limit_ms=parallel.LIMIT_MS).output
    times = [[int(one), int(two)] for one, two in re.findall(r"^one (\d+)\ntwo (\d+)$", said, re.M)]
    if not times:
        raise GraderFault(f"/tests/together did not tell its times; it printed: {said[:200]!r}")
    one, two = map(min, zip(*times))
    return {"cpus": parallel.host_cpus(), "times": times, "ratio": round(2 * one / two, 2)}


def speed_up_lines(found):
    """What is said of it."""
    if found is None or "missing" in found:
        return [f"no speed-up of two CPUs: {found['missing']}"] if found else []
    one, two = (min(times) / 1e6 for times in zip(*found["times"]))
    return [f"two processes that compute, on 2 CPUs: speed-up {found['ratio']}, {two:.0f} ms instead of {2 * one:.0f}",
            f"  (not judged: the best of {len(found['times'])}, by the wall's clock, with multi-threaded TCG, on {found['cpus']} CPUs)"]


def simplest(kernel):
    """The boot option by which the kernel alone is measured: round robin, which every phase has."""
    return "sched=rr" if has_classes(kernel) else ""


def has_classes(kernel):
    """Whether it is phase 5's."""
    return "class_options" in kernel.image.variables


def is_judged(kernel):
    """Whether the limits are for the compiler that made it."""
    return kernel.compiler[0] == JUDGED[0] and kernel.compiler[1].split(".")[0] == JUDGED[1]


def switches(steps):
    """(begun, back): of every yield that led into another thread's yield, the instructions from thread_yield()'s first one until that
    thread runs, that is, until switch_context() has returned in it; and until its thread_yield() has returned."""
    kernel, begun, back = steps.kernel, [], []
    first, switch = kernel.start("thread_yield"), kernel.extent("switch_context")
    arrival, running = set(), None
    for at, pc in enumerate(steps.pcs):
        if pc == first:
            running = at
        elif switch[0] <= pc < switch[1] and kernel.does(pc) == "ret":
            to = steps.pcs[at + 1]
            if running is not None and (to in arrival or not arrival and kernel.image.function(to)[0] == "thread_yield"):
                arrival.add(to)  # not a new thread's first instruction, nor the end of a thread
                begun.append(steps.pcs[running:at + 1])
                back.append(steps.pcs[running:steps.returns(at + 1) + 1])
            running = None
    if not begun:
        raise GraderFault("no switch from one thread's yield to another's was seen")
    return begun, back


def trace_record(kernel):
    """The cost of a trace record, at the ring's start, in its middle and after it has wrapped, in both modes: all the same, or the note
    says so."""
    costs = {}
    for mode, size in (("last", f"tracesize={RING}"), ("all", "")):
        calls = executed(kernel, f"ktest=yield_churn rounds={RING} trace={mode} {size}").calls("trace_write")
        costs[f"{mode}, first"] = {len(calls[0])}
        costs[f"{mode}, up to {RING}"] = {len(call) for call in calls[1:RING]}
        costs[f"{mode}, {'wrapped' if size else 'later'}"] = {len(call) for call in calls[RING:]}
        if len(calls) < 2 * RING:
            raise GraderFault(f"only {len(calls)} trace records were written, too few to see the ring wrap")
    every = set().union(*costs.values())
    if len(every) == 1:
        note = "constant: the first, in the middle, wrapped; trace=last and trace=all"
    else:
        note = "NOT constant: " + "; ".join(f"{where}: {', '.join(map(str, sorted(seen)))}" for where, seen in costs.items())
    return figure("trace record", max(every), RECORD_LIMIT, note=note)


def block(kernel):
    """From the call with which a thread waits to the return of the other one, which it had woken before, from its own."""
    steps = executed(kernel, f"ktest=bench_block trace=off {simplest(kernel)}")
    begin, end, began, found = kernel.start("bench_begin_block"), kernel.start("bench_end_block"), None, []
    for at, pc in enumerate(steps.pcs):
        if pc == begin:
            began = at
        elif pc == end and began is not None:
            found.append(steps.pcs[began + 2:at - 1])
            began = None
    if not found:
        raise GraderFault("no thread came back from its wait")
    usual = found[len(found) // 2 + 2:-2]  # begun and ended by the same pair of threads
    return figure("block to the woken thread's return", len(usual[-1]), BLOCK_LIMIT, note=f"wait_on(), two threads; seen {spread(usual)}")


def spin_pair(kernel):
    """A spinlock that nobody else wants, taken and given back."""
    found = executed(kernel, "ktest=bench_spin trace=off").between("bench_begin_spin_pair", "bench_end_spin_pair")
    return figure("spin_lock() and spin_unlock(), uncontended", len(found[-1]), SPIN_LIMIT, note=f"seen {spread(found)}")


def turns(kernel):
    """What EEVDF costs with 10 to 10,000 threads that wait; the limit is that of the most."""
    boot = Boot(kernel.path, kernel.image, 1)
    with contextlib.closing(boot):
        facts = boot("class_cost", "sched=eevdf", trace="off", limit_ms=TURNS_MS).facts("COST")
    most, found = max(fact.a for fact in facts), []
    for turn, wake in zip(facts[::2], facts[1::2]):
        found.append(figure(f"EEVDF, {turn.a:,} threads: a turn", turn.b, TURN_LIMIT if turn.a == most else None,
                            note="who ran goes back, the first is found and taken out; the mean of 1,000"))
        found.append(figure(f"EEVDF, {wake.a:,} threads: a wake, and taken out", wake.b, note="the mean of 1,000"))
    return found


def tick(kernel):
    """From the interrupt's first instruction to its iretq, where the thread goes on that was interrupted."""
    steps = executed(kernel, f"ktest=bench_tick trace=off hz=10000 {simplest(kernel)}")
    found, began = [], None
    for at, pc in enumerate(steps.pcs):
        if pc == kernel.start(f"stub_{TIMER_VECTOR}"):
            began = at
        elif began is not None and kernel.is_iretq(pc):
            found.append(steps.pcs[began:at + 1])
            began = None
    if not found:
        raise GraderFault("no timer interrupt was seen")
    return figure("timer interrupt without a switch", len(found[-1]), TICK_LIMIT,
                  note=f"the tick, and the timer set again; seen {spread(found)}")


def wakes(kernel):
    """How late an urgent thread is at the latest, and what it has to wait for at most: the longest section with interrupts off, in the same
    run from the test's begin on."""
    boot = Boot(kernel.path, kernel.image, 1)
    with contextlib.closing(boot):
        facts = boot("bench_wake", "sched=prio", trace="off").facts("RESPONSE")
    late, slow, alone = (next(fact.b for fact in facts if fact.a == which) for which in range(3))
    steps = executed(kernel, "ktest=bench_wake trace=off sched=prio")
    begin, end = longest_off(steps, steps.pcs.index(kernel.start("ktest_bench_wake")))
    where = Counter(kernel.image.function(pc)[0] for pc in steps.pcs[begin:end]).most_common(1)[0][0]
    return [
        figure("woken by a thread: until it runs", slow, note="priority scheduling; from the waker's call on, the latest of 32"),
        figure("woken by the timer: how late at most", late, note=f"ns, 1 ns each; the latest of 32; alone on the machine {alone}"),
        figure("longest section with interrupts off", end - begin, note=f"in that run; most of it in {where}()"),
    ]


def longest_off(steps, first):
    """[begin, end) in steps.pcs of the longest stretch from the index first on with interrupts off: from cli or an interrupt's entry to sti
    or iretq."""
    kernel, since, best = steps.kernel, None, (first, first)
    entries = {address for name, address in kernel.image.symbols.items() if name.startswith("stub_")}
    for at in range(first, len(steps.pcs)):
        pc = steps.pcs[at]
        if since is None:
            since = at if pc in entries or kernel.code(pc, 1) == CLI else None
        elif kernel.code(pc, 1) == STI or kernel.is_iretq(pc):
            best = max(best, (since, at + 1), key=lambda span: span[1] - span[0])
            since = None
    return best


def start(kernel):
    count, _ = reached(kernel, "boot_main")
    return figure("reset to the kernel's first line of C", count, START_LIMIT, note="boot_main(); before it run the BIOS and the loader")


def prompt(kernel):
    """console_read() is entered first when the monitor has printed its prompt and looks for a line; what was printed until then proves
    it."""
    count, printed = reached(kernel, "console_read")
    if not printed.endswith("\n> "):
        raise GraderFault(f"the kernel reads from the console before the monitor's prompt; printed until then: {printed!r}")
    return figure("reset to the monitor's prompt", count, PROMPT_LIMIT, note="3 ms of it calibrate the clock")


def spread(found):
    """The counts of several times the same work, in words."""
    counts = [len(pcs) for pcs in found]
    usual = counts[-1]
    if set(counts) == {usual}:
        return f"{len(counts)} times, always the same"
    return f"{counts.count(usual)} of {len(counts)} times; the first time {counts[0]}, {min(counts)} to {max(counts)}"


def over(result):
    """The figures above their limit, [] if they are not judged."""
    return [f for f in result["figures"] if result["judged"] and f["limit"] is not None and f["ours"] > f["limit"]]


def others_over(result):
    """Lines: what the tables with a judgement of their own have to complain of."""
    return bench_fair.over(result.get("fair")) + bench_real.over(result.get("real"), result["judged"])


def lines(result):
    """The table."""
    found = [f"guest instructions, CHECKED=0, 1 CPU; kernel made by {result['compiler']}",
             f"counted in QEMU {result['qemu']} with -cpu {result['cpu']}",
             *peer_lines(result["peer"]), "",
             f"{'':<52}{'ours':>12}{'limit':>12}{'Linux':>15}{'ratio':>9}"]
    for f in result["figures"]:
        limit, peer, ratio = ("-" if f[key] is None else f"{f[key]:,}" for key in ("limit", "peer", "ratio"))
        found.append(f"{f['name']:<52}{f['ours']:>12,}{limit:>12}{peer:>15}{ratio:>9}  {f['note']}".rstrip())
    found += ["", *speed] if (speed := speed_up_lines(result.get("speed-up"))) else []
    found += bench_fair.lines(result.get("fair")) + bench_real.lines(result.get("real"))
    found.append("")
    if not result["judged"]:
        found.append(f"not judged: the limits are those of {' '.join(JUDGED)}")
    for f in over(result):
        found.append(f"TOO MANY: {f['name']}: {f['ours']:,}, and {f['limit']:,} is the limit")
    found += others_over(result)
    return found + ([] if found[-1] else ["every figure is within its limit"])


def peer_lines(peer):
    """What is said of the system that figures are compared with."""
    if peer is None:
        return []
    if "missing" in peer:
        return [f"no comparison: {peer['missing']}"]
    return [f"Linux: Debian's package {peer['package']} {peer['version']}, booted with \"{peer['options']}\"; ratio: Linux / ours"]


# --- where the instructions go ----------------------------------------------------------------------------------------------------


def breakdown(switch, tree):
    """Lines: a switch's instructions by the function of the source that they come from, in the order of execution."""
    kernel, pcs = switch
    owners = [owner(kernel, pc, tree) for pc in pcs]
    counts = Counter(owners)
    rows = [f"{counts[who]:>5}  {who[0]:<20} {who[1]}" for who in dict.fromkeys(owners)]
    return ["where a thread switch's instructions go (the compiler makes one function of most of them):", *rows, f"{len(pcs):>5}  together"]


def owner(kernel, pc, tree):
    """(function, file) that an instruction was written in; where that cannot be told, the symbol that it belongs to."""
    path, line = kernel.image.line(pc) or ("?", 0)
    path = path[max(path.rfind("kernel/"), 0):]  # an assembler may put the build folder in front
    source = tree / path
    names = [name for at, name in definitions(source.read_text()) if at <= line] if source.is_file() else []
    return names[-1] if names else kernel.image.function(pc)[0], path


def definitions(text):
    """[(line, name)] of the functions, or in assembly the labels, that a source defines."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        plain = re.sub(r"__attribute__\(\(.*?\)\)", "", line).lstrip()
        match = re.match(r"(?:[A-Za-z_][\w *]*[ *])([A-Za-z_]\w*)\([^;]*$", plain) if line[:1].strip() else None
        label = re.match(r"([A-Za-z_]\w*):$", line)
        if label or match:
            found.append((number, (label or match)[1]))
    return found


if __name__ == "__main__":
    os.environ.setdefault("LC_ALL", "C")
    sys.exit(main(sys.argv[1:]))
