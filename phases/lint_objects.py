"""The part of lint that needs a built kernel: its ELF segments, and which layer calls which.

check_segments(elf) and check_calls(objects, upcalls) return findings as lint.py's: (file, line, rule, text)."""

import fnmatch
from pathlib import Path

from elftools.common.exceptions import ELFError
from elftools.elf.constants import P_FLAGS
from elftools.elf.elffile import ELFFile

from table import LAYERS, Complaint, layer_of


def opened(path):
    """(file, ELFFile) of an ELF file. Raises Complaint."""
    try:
        handle = open(path, "rb")
    except OSError as error:
        raise Complaint(f"{path}: {error.strerror}; `make kernel` builds it") from None
    try:
        return handle, ELFFile(handle)
    except ELFError as error:
        handle.close()
        raise Complaint(f"{path}: not an ELF file: {error}") from None


def check_segments(path):
    """File offset minus physical address is the same for all segments that have bytes in the file (else QEMU loads garbage without a
    word), and none is writable and executable."""
    handle, elf = opened(path)
    with handle:
        loads = [s.header for s in elf.iter_segments() if s.header.p_type == "PT_LOAD"]
    findings = []
    if not loads:
        findings.append((str(path), 0, "segments", "no LOAD segment; look at kernel.ld"))
    for number, seg in enumerate(loads):
        if seg.p_filesz and seg.p_offset - seg.p_paddr != loads[0].p_offset - loads[0].p_paddr:
            findings.append((str(path), 0, "segments", f"LOAD segment {number}: file offset {seg.p_offset:#x} minus physical address "
                             f"{seg.p_paddr:#x} is not that of segment 0; link with pages in the file, without -n"))
        if seg.p_flags & P_FLAGS.PF_W and seg.p_flags & P_FLAGS.PF_X:
            findings.append((str(path), 0, "segments", f"LOAD segment {number} is writable and executable; take them apart in kernel.ld"))
    return findings


def symbols(path):
    """(defined, undefined) global symbols of an object, two sets of names."""
    handle, elf = opened(path)
    with handle:
        table = elf.get_section_by_name(".symtab")
        found = [s for s in table.iter_symbols() if s.name and s["st_info"]["bind"] != "STB_LOCAL"] if table else []
        undefined = {s.name for s in found if s["st_shndx"] == "SHN_UNDEF"}
        return {s.name for s in found} - undefined, undefined


def check_calls(folder, upcalls):
    """An object refers to a symbol of a higher layer only where files.tbl allows it. folder holds kernel/<path>.o."""
    folder = Path(folder)
    objects = {p.relative_to(folder).as_posix(): symbols(p) for p in sorted(folder.glob("kernel/**/*.o"))}
    if not objects:
        raise Complaint(f"{folder}: holds no kernel/*.o; `make kernel` builds them")
    home = {name: path for path, (defined, _) in objects.items() if layer_of(path) for name in defined}
    findings = []
    for path, (_, undefined) in objects.items():
        for name in sorted(undefined):
            if layer_of(path) and name in home and not allowed(path, name, home[name], upcalls):
                findings.append((path, 0, "upcalls", f"{layer_of(path)} uses {name} of {home[name]}, a higher layer; register a table of "
                                 f"functions, or add 'call {name} {layer_of(path)} FILE' to files.tbl if design.md allows it"))
    return findings


def allowed(path, name, target, upcalls):
    mine = LAYERS.index(layer_of(path))
    if LAYERS.index(layer_of(target)) <= mine:
        return True
    return any(fnmatch.fnmatch(name, up.symbol) and LAYERS.index(up.layer) <= mine and stem(up.path) == stem(target)
               for up in upcalls if up.kind == "call")


def stem(path):
    """A source's or object's path without its endings: kernel/mm/frames.c and kernel/mm/frames.o (or .c.o) are the same."""
    return path.split(".", 1)[0]
