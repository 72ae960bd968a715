"""What programs that nobody here wrote cost the kernel, beside Debian's Linux: the instructions that are executed in kernel mode while
busybox runs a shell script, and while it compresses 4 MiB (user/busybox/work). Both systems are process 1's hosts in the same machine, from
the same boot archive.

    found, where = compared("build/plain/kernel.elf", Path("build/user"), Path("build/linux-peer"))
    lines(found), over(found)       # what `make bench` prints; what is not as it has to be

kernel_counter.c, a plugin of QEMU's, counts; it is compiled here. The machine's TSC, which the program at the marks reads, says how many
were executed in all; what is left is user mode's."""

import hashlib
import random
import re
import subprocess
import tempfile
from collections import Counter
from pathlib import Path

from . import cpio, machine
from .bench_user import Program, counted_once, crescent, linux
from .debian import NotToBeHad
from .errors import GraderFault
from .guest import qemu_name, qemu_version, run
from .linux_peer import WHAT, peer

HERE = Path(__file__).resolve().parent
PLUGIN, SCRIPT = HERE / "kernel_counter.c", HERE.parent / "user/busybox/work"
WORK = Program("tests/work", (), [], 1)
MARK = "tests/mark"
TEXT = 4 << 20  # bytes to be compressed

# The pieces of work: what stands in the table; the limit, instructions in kernel mode; what it may be of Linux's, in percent.
FIGURES = [
    ("busybox: a shell script, 500 forks, pipes", 65_000_000, 60),
    ("busybox: gzip of 4 MiB", 2_500_000, 100),
]


def text(size=TEXT):
    """Bytes that compress as a text does: words, the frequent ones short. The same each time."""
    chance = random.Random(1)
    words = ["".join(chance.choices("etaoinshrdlu", k=1 + length // 300)) for length in range(3000)]
    part = " ".join(chance.choices(words, [1 / (place + 3) for place in range(3000)], k=size // 32)).encode()
    return (part * (size // len(part) + 1))[:size]


def archive(programs, busybox="busybox"):
    """The boot archive's bytes: busybox, the work, its text and the mark. Raises cpio.Complaint, OSError."""
    entries = {name: (cpio.DIRECTORY | 0o755, b"") for name in ("dev", "proc", "tests", "tmp")}
    entries |= cpio.busybox_entries(busybox)
    entries |= {WORK.path: (cpio.FILE | 0o755, SCRIPT.read_bytes()), "tests/text": (cpio.FILE | 0o644, text()),
                MARK: (cpio.FILE | 0o755, (programs / MARK).read_bytes())}
    return cpio.archive(entries)


def plugin(folder):
    """Compiles the plugin for the QEMU in use; the file's path. Raises NotToBeHad, UserError."""
    version = qemu_version()
    if not re.search(r"^-plugin ", subprocess.run([qemu_name(), "-help"], capture_output=True, text=True, check=False).stdout, re.M):
        raise NotToBeHad(f"{qemu_name()} takes no plugins, which could count instructions by mode")
    api = 1 if version < (9, 0) else 2 if version < (9, 1) else 3
    made = folder.absolute() / "kernel_counter.so"
    command = ["gcc", "-shared", "-fPIC", "-O2", "-Wall", "-Wextra", "-Werror", f"-DAPI={api}", "-o", str(made), str(PLUGIN)]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    except OSError as error:
        raise NotToBeHad(f"{PLUGIN.name} cannot be compiled: gcc: {error.strerror}") from None
    if done.returncode:
        raise NotToBeHad(f"{PLUGIN.name} cannot be compiled: {done.stderr.strip().splitlines()[0]}")
    return made


def counted(guest, options=""):
    """What was counted of each piece of work, in the order of FIGURES: [{"all", "kernel", "user" instructions, "processes" begun, "done":
    words}], of which user is 0 unless the plugin's options ask for it; and {address: times} of the kernel's instructions, if where=on asks.
    Raises NotToBeHad, GraderFault, UserError."""
    with tempfile.TemporaryDirectory(prefix=machine.PREFIX) as folder:
        folder = Path(folder)
        made = str(plugin(folder)).replace(",", ",,")
        printed = run(guest, folder, "-plugin", f"{made},out=counts{options}")
        counts = (folder / "counts").read_text()
    return parsed(printed, counts), {int(at, 16): int(times) for at, times in re.findall(r"^at (\S+) (\d+)$", counts, re.M)}


def parsed(printed, counts):
    """The first part of counted(), of what the work printed and what the plugin wrote. Raises GraderFault."""
    told = [(int(tsc), int(process)) for tsc, process in re.findall(r"^mark (\d+) (\d+)$", printed, re.M)]
    marks = [(int(kernel), int(user)) for kernel, user in re.findall(r"^mark (\d+) (\d+)$", counts, re.M)]
    done = re.findall(r"^(script \d+|gzip \w{32}\b.*)$", printed, re.M)
    if not len(told) == len(marks) == 2 * len(FIGURES) == 2 * len(done):
        last = (printed.strip().splitlines() or ["nothing"])[-1]
        raise GraderFault(f"/{WORK.path} did not do all of its work; the last line that was printed: {last}")
    rows = zip(told[::2], told[1::2], marks[::2], marks[1::2], done)
    return [{"all": end[0] - begin[0], "kernel": to[0] - since[0], "user": to[1] - since[1], "processes": end[1] - begin[1] - 1,
             "done": words} for begin, end, since, to, words in rows]


def compared(kernel, programs, folder, busybox="busybox"):
    """(found, where). found: what bench.json has of it, {"figures": [{"name", "ours", "limit", "all", "peer", "peer_all", "share",
    "share_limit"}], "missing": None or why there is no comparison}, without figures where nothing can be counted; None of a tree without
    the mark. where: {address: times} of our instructions. programs: the folder of the user programs; folder: Linux's. Raises GraderFault,
    UserError, OSError."""
    if not (programs / MARK).exists():
        return None, {}
    with tempfile.TemporaryDirectory(prefix=machine.PREFIX) as scratch:
        path = Path(scratch) / "archive"
        try:
            path.write_bytes(archive(programs, busybox))
            mine, where = counted(crescent(kernel, path, WORK), ",where=on")
        except (cpio.Complaint, NotToBeHad) as why:
            return {"figures": [], "missing": str(why)}, {}
        theirs, missing = linux_counted(path, folder)
    rows = [{"name": name, "ours": ours["kernel"], "limit": limit, "all": ours["all"], "peer": its.get("kernel"),
             "peer_all": its.get("all"), "share": round(ours["kernel"] / its["kernel"], 2) if its else None, "share_limit": percent / 100}
            for (name, limit, percent), ours, its in zip(FIGURES, mine, theirs or [{} for _ in mine])]
    if theirs and [its["done"] for its in theirs] != [ours["done"] for ours in mine]:
        raise GraderFault(f"/{WORK.path} did not do the same on both systems: {mine}, {theirs}")
    return {"figures": rows, "missing": missing}, where


def linux_counted(path, folder):
    """counted() of Linux with the archive at a path, or None; and why not. Raises UserError."""
    given = hashlib.sha256(PLUGIN.read_bytes()).hexdigest()
    try:
        return counted_once(linux(peer(folder).kernel, path, WORK), folder, WORK, lambda guest: counted(guest)[0], given), None
    except NotToBeHad as why:
        return None, str(why)
    except (GraderFault, OSError) as why:
        return None, f"{WHAT} was not counted: {why}"


def lines(found):
    """What is printed of it."""
    if found is None:
        return []
    rows = ["", "instructions in kernel mode while programs run that are not of this project"]
    if found["missing"]:
        rows.append(f"no comparison: {found['missing']}")
    if found["figures"]:
        rows.append(f"{'':<52}{'ours':>12}{'limit':>12}{'Linux':>15}{'share':>9}{'limit':>9}")
    for row in found["figures"]:
        peer, share = ("-" if row[key] is None else f"{row[key]:,}" for key in ("peer", "share"))
        rows.append(f"{row['name']:<52}{row['ours']:>12,}{row['limit']:>12,}{peer:>15}{share:>9}{row['share_limit']:>9}  "
                    f"of {row['all']:,} in all")
    return rows


def over(found, judged=True):
    """Lines: what costs more than its limit, if that is judged, or than the part of Linux's."""
    rows = found["figures"] if found else []
    return [f"TOO MANY: {row['name']}: {row['ours']:,}, and {row['limit']:,} is the limit" for row in rows
            if judged and row["ours"] > row["limit"]] + \
           [f"TOO MANY: {row['name']}: {row['share']} of Linux's, and {row['share_limit']} is the limit" for row in rows
            if row["peer"] and row["ours"] > row["share_limit"] * row["peer"]]


def where_lines(where, image, most=15):
    """Lines: the functions in which most of compared()'s instructions are. image: the kernel's dwarf.Image."""
    counts = Counter()
    for address, times in where.items():
        counts[(image.function(address) or ["elsewhere"])[0]] += times
    return ["", "where the instructions of these programs' kernel mode are (the compiler makes one function of several):",
            *(f"{times:>12,}  {name}" for name, times in counts.most_common(most)),
            f"{sum(counts.values()):>12,}  together"] if where else []
