"""Address spaces: what os-vm prints, and os-check's rules about them. From phase 3 on; nothing here trusts the kernel.

A space is its regions, which say what a program may do, and its page tables, read entry by entry from memory: which page is behind which
address, what may be done with it now, and how many entries name it (the reference count of its frame)."""

import struct
from collections import Counter, namedtuple

from ..memory import DIRECT_BASE
from .lists import elements

PRESENT, WRITE, USER, LARGE, NX, ADDRESS = 1, 2, 4, 0x80, 1 << 63, 0x000FFFFFFFFFF000
READABLE, WRITABLE, EXECUTABLE = 1, 2, 4  # enum page_access
SHARED, STACK, HEAP = 1, 2, 4             # enum vm_flags
PAGE, FRAME_SIZE, MOST_REGIONS, MOST_PROCESSES = 4096, 32, 70_000, 4200
LAST_LEVEL = 0

Page = namedtuple("Page", "va entry frame refs")  # frame: its physical address


def has_spaces(kernel):
    """Whether this kernel's processes have address spaces at all."""
    return "address_space" in kernel.image.structs


def processes(kernel):
    """(structs of struct process that have an address space, complaints)."""
    found, wrong = elements(kernel, kernel.address("processes"), "process", "all_link", MOST_PROCESSES, lambda p: f"process {p.pid}")
    return [p for p in found if int(p.space)], wrong


def regions(kernel, space):
    """(structs of struct vm_region in the order of the list, complaints)."""
    return elements(kernel, space.regions._address, "vm_region", "link", MOST_REGIONS, lambda r: f"the region at {r.start:#x}")


def pages(kernel, root):
    """Page for each entry of the program's half that is not 0, in the order of addresses."""
    yield from _below(kernel, root, 0, 3)


def _below(kernel, table, va, level):
    entries = struct.unpack("<512Q", kernel.memory.read(DIRECT_BASE + table, PAGE))
    for index, entry in enumerate(entries[:256] if level == 3 else entries):
        if not entry:
            continue
        at = va | index << (12 + 9 * level)
        if level > LAST_LEVEL:
            yield from _below(kernel, entry & ADDRESS, at, level - 1)
        else:
            yield Page(at, entry, entry & ADDRESS, references(kernel, entry & ADDRESS))


def references(kernel, frame):
    """The reference count of the frame at a physical address."""
    return kernel.at("frame", int(kernel["frame_table"]) + (frame >> 12) * FRAME_SIZE).refs


def bits(entry):
    """What an entry lets a program do: "rw-"; "---" while it is closed."""
    if not entry & PRESENT:
        return "---"
    return f"r{'w' if entry & WRITE else '-'}{'-' if entry & NX else 'x'}"


def allowed(region):
    return "".join(letter if region.access & bit else "-" for letter, bit in zip("rwx", (READABLE, WRITABLE, EXECUTABLE)))


def what(region):
    """A word for people: where a region's pages come from."""
    if int(region.ops):
        return "shared memory" if region.flags & SHARED else "file"
    return "stack" if region.flags & STACK else "heap" if region.flags & HEAP else "anonymous"


def vm_lines(kernel, pid=None):
    """os-vm: the regions of one process, or of each, with what the page tables say of them."""
    if not has_spaces(kernel):
        return ["os-vm: programs, and their address spaces, come with phase 3"]
    found, wrong = processes(kernel)
    chosen = [p for p in found if pid in (None, p.pid)]
    if not chosen:
        return [f"os-vm: no process {'has an address space' if pid is None else f'{pid} has one'}", *wrong]
    return [line for p in chosen for line in _lines(kernel, p)] + wrong


def _lines(kernel, process):
    space = process.space.target
    known, wrong = regions(kernel, space)
    yield f"process {process.pid} ({process.name}): {space.pages} pages, page tables at {space.root:#x}"
    there = list(pages(kernel, space.root))
    for region in known:
        kind = "shared " if region.flags & SHARED else "private"
        yield f"  {region.start:012x}-{region.end:012x} {allowed(region)} {kind} {what(region)}"
        inside = [page for page in there if region.start <= page.va < region.end]
        for run in runs(inside):
            first, last = run[0], run[-1]
            where = f"{first.va:012x}" if len(run) == 1 else f"{first.va:012x}..{last.va:012x}"
            many = f"{len(run)} pages" if len(run) > 1 else "page"
            yield f"      {where} {bits(first.entry)} {many} at {first.frame:#x}, users: {first.refs}"
    yield from (f"  {text}" for text in wrong)


def runs(inside):
    """Neighbours in both memories that may be used alike and have as many users, together."""
    found = []
    for page in inside:
        last = found[-1][-1] if found else page
        steps, uses = (page.va - last.va, page.frame - last.frame), (bits(page.entry), page.refs)
        if steps == (PAGE, PAGE) and uses == (bits(last.entry), last.refs):
            found[-1].append(page)
        else:
            found.append([page])
    return found


# --- os-check ---------------------------------------------------------------------------------------------------------------------------


def space_rules(seen):
    """Regions in order, entries inside regions and no wider than they, counts that can be."""
    kernel = seen.kernel
    if not has_spaces(kernel):
        return
    named, where = Counter(), {}
    found, wrong = processes(kernel)
    yield from wrong
    spaces = {int(p.space): p for p in found}  # a vfork() child uses its parent's
    for p in spaces.values():
        space, who = p.space.target, f"process {p.pid} ({p.name})"
        known, faults = regions(kernel, space)
        yield from (f"regions of {who}: {fault}" for fault in faults)
        yield from (f"{who}: the region at {low.start:#x} ends at {low.end:#x}, behind the beginning of the next one, {high.start:#x}"
                    for low, high in zip(known, known[1:]) if low.end > high.start)
        there = list(pages(kernel, space.root))
        if len(there) != space.pages:
            yield f"{who}: the tables name {len(there)} pages, and the space counts {space.pages}"
        for page in there:
            named[page.frame] += 1
            where[page.frame] = (who, page)
            yield from entry_faults(who, page, next((r for r in known if r.start <= page.va < r.end), None))
    for frame, count in named.items():
        who, page = where[frame]
        if page.refs < count:
            yield f"{count} entries name the page at {frame:#x}, one of them {who} at {page.va:#x}, and its frame counts {page.refs}"


def entry_faults(who, page, region):
    """What is wrong with an entry, given the region that it lies in."""
    if region is None:
        yield f"{who}: {page.va:#x} has a page at {page.frame:#x}, and lies in no region"
        return
    if not page.entry & PRESENT:
        return
    if not page.entry & USER:
        yield f"{who}: the page at {page.va:#x} is present and not the program's to use"
    if page.entry & WRITE and not region.access & WRITABLE:
        yield f"{who}: the page at {page.va:#x} may be written, its region ({allowed(region)}) may not"
    if not page.entry & NX and not region.access & EXECUTABLE:
        yield f"{who}: the page at {page.va:#x} may be executed, its region ({allowed(region)}) may not"
    if page.entry & WRITE and not region.flags & SHARED and page.refs > 1:
        yield f"{who}: the page at {page.va:#x} may be written though {page.refs} share it and each is to have its own"
