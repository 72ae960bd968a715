"""How fairly programs share a CPU under EEVDF, and how late one is that wakes, beside Debian's Linux of 6.6 or later, whose policy has
the same name: what user/tests/fair prints on either, in the same machine.

    found = compared("build/plain/kernel.elf", archive, Path("build/linux-peer"), peer)
    lines(found), over(found)       # what `make bench` prints; what is not as it has to be

A share's error is how far what a process has run is from its weight's part of what all have run, the worst of all processes and marks.
Its unit is the larger one of the longest slice asked for and the kernel's own tick, because no kernel that looks at each tick can be
closer than some part of that: an error of 1 in a time T is max(r, tick) / T of the CPU."""

import re
import statistics
import tempfile
from pathlib import Path

from . import machine
from .bench_user import Program, crescent, entry, linux_counted
from .debian import NotToBeHad
from .errors import GraderFault
from .guest import run
from .linux_peer import EEVDF_SINCE, eevdf_peer

FAIR = Program("tests/fair", (), [], 1)
MS = 1_000_000
WEIGHTS = {-10: 9548, -5: 3121, 0: 1024, 5: 335, 10: 110}  # by nice value, of either kernel

# Experiments of user/tests/fair.c: the nice values of their processes, and their longest slice, ns.
SHARES = {"two": ((0, 5), 3 * MS), "five": ((-10, -5, 0, 5, 10), 3 * MS), "slices": ((0, 0, 0), 20 * MS)}
WORDS = {
    "two": "share error, nice 0 and 5, slices of 3 ms",
    "five": "share error, nice -10, -5, 0, 5, 10, slices of 3 ms",
    "slices": "share error, slices of 0.5, 3 and 20 ms",
}
LATE = {"wakes_500": "woken among 3 that compute, slice 0.5 ms", "wakes_10000": "woken among 3 that compute, slice 10 ms"}


def told(guest, _, program=FAIR):
    """What the program tells, {"tick": ns, "shares": {name: [[ran, ...] at each mark]}, "late": {name: [ns, ...]}}. Raises GraderFault,
    UserError."""
    with tempfile.TemporaryDirectory(prefix=machine.PREFIX) as folder:
        return parsed(run(guest, Path(folder)), program)


def parsed(printed, program=FAIR):
    numbers = [(words[0], words[1], [int(word) for word in words[2:]])
               for words in map(str.split, re.findall(r"^(?:tick|late \w+|\w+ \d+)(?: \d+)+$", printed, re.M)) if len(words) > 2]
    tick = re.search(r"^tick (\d+)$", printed, re.M)
    shares = {name: [ran for what, _, ran in numbers if what == name] for name in SHARES}
    late = {name: next((ns for what, who, ns in numbers if (what, who) == ("late", name)), []) for name in LATE}
    if not tick or not all(shares.values()) or not all(late.values()):
        last = (printed.strip().splitlines() or ["nothing"])[-1]
        raise GraderFault(f"/{program.path} did not tell all; the last line that was printed: {last}")
    return {"tick": int(tick[1]), "shares": shares, "late": late}


def error(marks, nices):
    """The worst error of a share in what was run up to any mark, ns."""
    weights = [WEIGHTS[nice] for nice in nices]
    return max(abs(ran - sum(every) * weight / sum(weights)) for every in marks for ran, weight in zip(every, weights))


def figures(found):
    """{what stands in the table: (ns, units or None)} of what the program told."""
    rows = {}
    for name, (nices, slice_ns) in SHARES.items():
        ns = error(found["shares"][name], nices)
        rows[WORDS[name]] = round(ns), round(ns / max(slice_ns, found["tick"]), 2)
    for name, words in LATE.items():
        rows[f"{words}: middle"] = round(statistics.median(found["late"][name])), None
        rows[f"{words}: latest"] = max(found["late"][name]), None
    return rows


def limits(tick):
    """{what stands in the table: units}: EEVDF's own bound, a slice and a tick."""
    return {WORDS[name]: round((slice_ns + tick) / max(slice_ns, tick), 2) for name, (_, slice_ns) in SHARES.items()}


def compared(kernel, archive, folder, older):
    """What bench.json has of it: {"tick", "figures": [{"name", "ours", "limit", "peer", "ours_ns", "peer_ns"}], "peer": {"missing": why} or
    {"package", "version", "tick"}}; None of a tree without the program. folder: for that Linux; older: the linux_peer.Linux that other
    figures are compared with, or None. Raises GraderFault, UserError, OSError."""
    programs = archive.parent
    if not (programs / FAIR.path).exists():
        return None
    mine = told(crescent(kernel, archive, FAIR), None)
    try:
        found = eevdf_peer(folder, older)
        theirs = linux_counted(found, programs, found.kernel.parent, FAIR, told)
        peer = {"package": found.package, "version": found.version, "tick": theirs["tick"]}
    except NotToBeHad as why:
        theirs, peer = None, {"missing": str(why)}
    except (GraderFault, OSError) as why:
        theirs, peer = None, {"missing": f"Linux {EEVDF_SINCE} or later was not measured: {why}"}
    other, most = figures(theirs) if theirs else {}, limits(mine["tick"])
    rows = [{"name": words, "ours": units, "limit": most.get(words), "peer": other.get(words, (None, None))[1], "ours_ns": ns,
             "peer_ns": other.get(words, (None, None))[0]} for words, (ns, units) in figures(mine).items()]
    return {"tick": mine["tick"], "figures": rows, "peer": peer}


def lines(found):
    """What is printed of it."""
    if found is None:
        return []
    peer = found["peer"]
    if "missing" in peer:
        beside = f"no comparison: {peer['missing']}"
    else:
        beside = f"Linux: Debian's package {peer['package']} {peer['version']}; a tick there is {peer['tick'] / MS:.2f} ms"
    rows = ["", f"how fairly EEVDF shares a CPU: the worst of 16 marks in 400 ms; a tick of ours is {found['tick'] / MS:.2f} ms",
            "  (an error of 1 unit in a time T is max(longest slice, tick) / T of the CPU; judged: ours by its limit, and by Linux's)",
            beside,
            f"{'':<52}{'ours ms':>9}{'units':>8}{'limit':>8}{'Linux ms':>11}{'units':>8}"]
    for row in found["figures"]:
        ours_ms, peer_ms = ("-" if row[key] is None else f"{row[key] / MS:.2f}" for key in ("ours_ns", "peer_ns"))
        ours, limit, other = ("-" if row[key] is None else f"{row[key]:.2f}" for key in ("ours", "limit", "peer"))
        rows.append(f"{row['name']:<52}{ours_ms:>9}{ours:>8}{limit:>8}{peer_ms:>11}{other:>8}")
    return rows


def over(found):
    """Lines: shares that are less fair than EEVDF's bound allows, or than Linux's."""
    rows = [row for row in found["figures"] if row["ours"] is not None] if found else []
    return [f"NOT FAIR: {row['name']}: {row['ours']:.2f}, and {words} {row[key]:.2f}" for row in rows
            for key, words in (("limit", "its limit is"), ("peer", "Linux's is")) if row[key] is not None and row["ours"] > row[key]]
