"""What kernel.elf says about itself: types, static objects and symbols, from its DWARF, as plain values that fit in JSON. Reading them
takes seconds, so they are kept beside the kernel in a file named by the kernel's content; and since types are the same in every kernel
that the same handed-out objects are in (build.py leaves their fingerprint beside the kernel), they are read once for all of those. Symbols
are read each time. Lines are read when one is asked for, those of the one source that the address lies in: of a test that passes nobody
asks.

In a kernel that is graded, the student's objects are linked behind a mark (kernel/symbols.awk), and no debug information behind it is read
here: it may say anything. What a symbol's name means is said by what stands before the mark, too. Only the lines of the student's own code
are asked for elsewhere: of a program of its own, when somebody wants one.

A type is a list: ["int", bytes, signed] ["bool", bytes] ["char"] ["enum", name, bytes] ["ptr", type] ["struct", name]
["array", type, count] ["void"] ["func"]. Structures and unions share one table: {name: {"size": bytes, "members": {name: [offset, type]}}};
the members of an anonymous one stand in the table of the structure around it; what has no name at all is called by its place in the
DWARF."""

import bisect
import hashlib
import json
import os
import re
import tempfile
from pathlib import Path

from .build import call
from .errors import GraderFault, UserError
from .memory import KERNEL_BASE

FORMAT = 5  # of the cache
MARK = "debug_info_mark"
ASKED_SECONDS = 10  # for a line; what is malformed may take a reader any time
DW_OP_ADDR = 3
DW_LANG_ASSEMBLER = 0x8001  # DW_LANG_Mips_Assembler
NAMED_TYPES = ("DW_TAG_structure_type", "DW_TAG_union_type", "DW_TAG_enumeration_type")


class Image:
    """A kernel's types and symbols. types: {"structs", "enums": {name: {value as text: label}}, "variables": {name: type}};
    symbols: {name: address}; sorted tables for addresses. elf: the kernel's file, or None, for lines."""

    def __init__(self, content, elf=None):
        self.elf, self._asked = elf, {}
        self.structs, self.enums, self.variables = content["structs"], content["enums"], content["variables"]
        self.symbols = {name: address for address, name, _ in content["symbols"]}
        low, high = self.text = tuple(content["text"])
        self._code = sorted((address, size, name) for address, name, size in content["symbols"] if low <= address < high)
        self._starts = [entry[0] for entry in self._code]
        self._units, self._lines = content["units"], {}

    def function(self, address):
        """(name, offset) of the symbol that an address in the kernel's text belongs to, or None."""
        if not self.text[0] <= address < self.text[1]:
            return None
        at = bisect.bisect_right(self._starts, address) - 1
        return (self._code[at][2], address - self._code[at][0]) if at >= 0 else None

    def line(self, address):
        """(file, line) of an instruction, or None."""
        if not self.text[0] <= address < self.text[1] or not self.elf:
            return None
        at = bisect.bisect_right(self._units, [address, float("inf")]) - 1
        if at >= 0 and address < self._units[at][1]:
            return self._line_in(self._units[at][2], address)
        if address not in self._asked:
            self._asked[address] = ask_line(self.elf, address)
        return self._asked[address]

    def _line_in(self, unit, address):
        if unit not in self._lines:
            self._lines[unit] = unit_lines(self.elf, unit)
        found = bisect.bisect_right(self._lines[unit], address, key=lambda entry: entry[0]) - 1
        return self._lines[unit][found][1] if found >= 0 else None

    def symbolise(self, address):
        """"rq_push+0x12 (kernel/sched/rq.c:40)", or the number and that it is no address in the kernel's code. A physical address counts
        as one: before paging the kernel runs there."""
        found = self.function(address)
        if not found and address < 1 << 30 and self.function(address + KERNEL_BASE):
            return self.symbolise(address + KERNEL_BASE)
        if not found:
            return f"{address:#x} (not in the kernel's code)"
        line = self.line(address)
        where = f" ({line[0]}:{line[1]})" if line else ""
        return f"{found[0]}+{found[1]:#x}{where}"


def ask_line(elf, address):
    """(file, line) as binutils finds it in all of the kernel's debug information, or None: also if that is malformed."""
    command = [os.environ.get("CROSS", "") + "addr2line", "-e", str(elf), f"{address:#x}"]
    try:
        _, said = call(command, Path(elf).parent, ASKED_SECONDS)  # what it reads is the student's
    except UserError:
        return None
    found = re.match(r"(?:/dev//?|\./)?([\w./-]+):([0-9]+)( |$)", said, re.M | re.A)
    return (found[1], int(found[2])) if found and int(found[2]) else None


def load(elf, cache=None):
    """The Image of a kernel. cache: a folder for what was parsed, or None. Raises GraderFault if the file is no kernel with DWARF."""
    return Image(content(elf, Path(cache)) if cache else parse(elf), elf)


def content(elf, cache):
    """What parse() says of a kernel, kept in the folder `cache`."""
    stored = cache / f"dwarf-{hashlib.sha256(Path(elf).read_bytes()).hexdigest()[:24]}-{FORMAT}.json"
    try:
        return json.loads(stored.read_text())
    except FileNotFoundError:
        pass
    except ValueError:
        stored.unlink(missing_ok=True)
    parsed = parse_again(elf, cache)
    store(stored, parsed)
    return parsed


def store(path, parsed):
    path.parent.mkdir(parents=True, exist_ok=True)
    fd, name = tempfile.mkstemp(dir=path.parent, prefix=".dwarf-")
    with open(fd, "w") as file:
        json.dump(parsed, file)
    os.replace(name, path)


def parse_again(elf, cache):
    """parse(), of which all that handed-out objects say is taken from the cache if another kernel with the same ones was read before."""
    try:
        given = cache / f"given-{Path(elf).with_suffix('.given').read_text()}-{FORMAT}.json"
    except OSError:
        return parse(elf)
    try:
        known = json.loads(given.read_text())
        symbols, text = symbols_of(elf, known["placed"])
        if code_of(symbols, known) == code_of(known["symbols"], known):
            return {**known, "symbols": symbols, "text": text}
    except (OSError, ValueError, KeyError):
        pass
    parsed = parse(elf)
    store(given, parsed)
    return parsed


def symbols_of(elf, placed):
    """(symbols, text) as _Parser.content() has them, without the debug information: of the symbols called like an object of the
    handed-out code's, that object is meant."""
    from elftools.elf.elffile import ELFFile
    with open(elf, "rb") as file:
        parser, objects, placed = _Parser(ELFFile(file)), {}, set(placed)
        symbols = parser.symbols()[0]
        for at, name, _, kind in symbols:
            if name in placed and kind == "STT_OBJECT":
                objects.setdefault(name, at)
        return [[at, name, size] for at, name, size, _ in symbols if objects.get(name, at) == at], parser.text()


def code_of(symbols, known):
    """What of the symbols lies in the handed-out code."""
    last = max((high for _, high, _ in known["units"]), default=0)
    return sorted(entry for entry in symbols if known["text"][0] <= entry[0] < last)


def unit_lines(elf, offset):
    """[(address, (file, line) or None)], ascending, of the unit of .debug_info at an offset. Names of files are relative to the build
    folder, as the build gives them to the compiler and the assembler; an absolute one below it is cut."""
    from elftools.elf.elffile import ELFFile
    with open(elf, "rb") as file:
        dwarf = ELFFile(file).get_dwarf_info()
        unit = dwarf.get_CU_at(offset)
        program = dwarf.line_program_for_CU(unit)
        if program is None:
            return []
        names, lines, own = file_names(program, unit), {}, source_of(unit)
        for state in (entry.state for entry in program.get_entries() if entry.state):
            place = None if state.end_sequence or state.file not in names else (names[state.file], state.line)
            known = lines.get(state.address)
            if known is None or place and (known[0] != own or place[0] == own):  # of several at one address one in the source itself,
                lines[state.address] = place                                     # and not in what is inlined there; of those the last
        return sorted(lines.items())


def source_of(unit):
    """The name of the file that a unit was made from, or None."""
    name = unit.get_top_DIE().attributes.get("DW_AT_name")
    return relative(name.value.decode(), unit) if name else None


def relative(path, unit):
    """A file's path from the build folder."""
    top = unit.get_top_DIE().attributes
    base = top["DW_AT_comp_dir"].value.decode().rstrip("/") if "DW_AT_comp_dir" in top else ""
    return os.path.normpath(path).removeprefix(base + "/" if base else "")


def file_names(program, unit):
    """{number in this line program: the file's name}."""
    header = program.header
    first = 0 if header["version"] >= 5 else 1
    names = {}
    for number, entry in enumerate(header["file_entry"], first):
        folders, at = header["include_directory"], entry["dir_index"] - first
        folder = folders[at].decode() if 0 <= at < len(folders) else ""
        names[number] = relative(os.path.join(folder, entry["name"].decode()), unit)
    return names


def parse(elf):
    """The content of an Image, from the file. Raises GraderFault."""
    from elftools.elf.elffile import ELFFile
    parser = None
    try:
        with open(elf, "rb") as file:
            image = ELFFile(file)
            if not image.has_dwarf_info():
                raise GraderFault(f"{elf} has no debug information; it is built with -g")
            parser = _Parser(image)
            return parser.content()
    except (GraderFault, OSError):
        raise
    except Exception as error:  # pyelftools has no kind of its own for what is malformed
        where = f"the debug information behind that of {parser.unit}" if parser and parser.unit else "it"
        raise GraderFault(f"{elf} cannot be read: {where} is malformed ({type(error).__name__}); a source that writes into sections of "
                          "debug information itself would do that") from error


class _Parser:
    """Where two sources give something one name, the one that is linked first has it. unit: the last source that was read."""

    def __init__(self, image):
        self.unit = ""
        self.image, self.dwarf = image, image.get_dwarf_info()
        self.structs, self.enums, self.variables = {}, {}, {}
        self.resolved, self.placed, self.units = {}, {}, []

    def content(self):
        symbols, mark = self.symbols()
        for unit in self.dwarf.iter_CUs():
            if mark is not None and unit.cu_offset >= mark:
                break
            top = unit.get_top_DIE()
            self.unit = top.attributes["DW_AT_name"].value.decode() if "DW_AT_name" in top.attributes else self.unit
            for die in top.iter_children():
                if die.tag == "DW_TAG_variable":
                    self._variable(die)
                elif die.tag in NAMED_TYPES and "DW_AT_name" in die.attributes:
                    self.type(die)
            self.units += [[low, high, unit.cu_offset] for low, high in self._ranges(unit)]
        symbols = [[at, name, size] for at, name, size, _ in symbols if self.placed.get(name, at) == at]
        return {"structs": self.structs, "enums": self.enums, "variables": self.variables, "symbols": symbols, "text": self.text(),
                "units": sorted(self.units), "placed": sorted(self.placed)}

    def symbols(self):
        """([[address, name, size, kind]] in the order of the objects, where in .debug_info the mark is or None). A local symbol behind the
        mark whose name somebody else has, too, is called "FILE:NAME"."""
        table = self.image.get_section_by_name(".symtab")
        if table is None:
            raise GraderFault("the kernel has no symbols")
        known, theirs, mark, file = [], [], None, ""
        for symbol in table.iter_symbols():
            kind = symbol["st_info"]["type"]
            entry = [symbol["st_value"], symbol.name, symbol["st_size"], kind]
            if kind == "STT_FILE":
                file = symbol.name
            elif mark is None and symbol.name == MARK:
                mark = symbol["st_value"]
            elif symbol.name and kind in ("STT_FUNC", "STT_OBJECT", "STT_NOTYPE") and symbol["st_shndx"] != "SHN_UNDEF":
                if mark is None or symbol["st_info"]["bind"] != "STB_LOCAL":
                    known.append(entry)
                elif symbol["st_shndx"] != "SHN_ABS":
                    theirs.append((file, entry))
        names = {entry[1] for entry in known}
        return known + [[at, f"{file}:{name}" if name in names else name, *more] for file, (at, name, *more) in theirs], mark

    def text(self):
        """[first, behind the last] address of code, where the kernel runs."""
        code = [s for s in self.image.iter_sections() if s["sh_flags"] & 4]  # SHF_EXECINSTR
        high = [s for s in code if s["sh_addr"] >> 63] or code
        return [min(s["sh_addr"] for s in high), max(s["sh_addr"] + s["sh_size"] for s in high)]

    def _variable(self, die):
        name, owner = die.attributes.get("DW_AT_name"), die
        if "DW_AT_specification" in die.attributes:
            owner = die.get_DIE_from_attribute("DW_AT_specification")
            name = owner.attributes.get("DW_AT_name")
        if name and "DW_AT_type" in owner.attributes:
            word, place = name.value.decode(), die.attributes.get("DW_AT_location")
            address = int.from_bytes(bytes(place.value[1:9]), "little") if place and list(place.value[:1]) == [DW_OP_ADDR] else None
            if word in self.placed or (word in self.variables and address is None):
                return
            self.variables[word] = self.type(owner.get_DIE_from_attribute("DW_AT_type"))
            if address is not None:
                self.placed[word] = address

    def type(self, die):
        if die.offset not in self.resolved:
            self.resolved[die.offset] = self._type(die)
        return self.resolved[die.offset]

    def _target(self, die):
        return self.type(die.get_DIE_from_attribute("DW_AT_type")) if "DW_AT_type" in die.attributes else ["void"]

    def _type(self, die):
        tag = die.tag
        size = die.attributes["DW_AT_byte_size"].value if "DW_AT_byte_size" in die.attributes else 0
        name = die.attributes["DW_AT_name"].value.decode() if "DW_AT_name" in die.attributes else f"<{die.offset:x}>"
        if tag == "DW_TAG_base_type":
            encoding = die.attributes["DW_AT_encoding"].value
            if encoding == 2:  # DW_ATE_boolean
                return ["bool", size]
            return ["char"] if name == "char" else ["int", size, encoding in (5, 6)]  # DW_ATE_signed, DW_ATE_signed_char
        if tag == "DW_TAG_pointer_type":
            target = die.get_DIE_from_attribute("DW_AT_type") if "DW_AT_type" in die.attributes else None
            return ["ptr", self._pointed(target)]
        if tag in ("DW_TAG_structure_type", "DW_TAG_union_type"):
            self._struct(die, name, size)
            return ["struct", name]
        if tag == "DW_TAG_enumeration_type":
            values = {str(c.attributes["DW_AT_const_value"].value): c.attributes["DW_AT_name"].value.decode() for c in die.iter_children()}
            self.enums.setdefault(name, values)
            return ["enum", name, size]
        if tag == "DW_TAG_array_type":
            return self._array(die)
        if tag == "DW_TAG_subroutine_type":
            return ["func"]
        return self._target(die)  # typedef, const, volatile

    def _pointed(self, die):
        """What a pointer leads to; a structure by its name alone, so that lists end."""
        while die is not None and die.tag in ("DW_TAG_const_type", "DW_TAG_volatile_type", "DW_TAG_typedef"):
            die = die.get_DIE_from_attribute("DW_AT_type") if "DW_AT_type" in die.attributes else None
        if die is None:
            return ["void"]
        if die.tag in ("DW_TAG_structure_type", "DW_TAG_union_type"):
            return ["struct", die.attributes["DW_AT_name"].value.decode() if "DW_AT_name" in die.attributes else f"<{die.offset:x}>"]
        return self.type(die)

    def _array(self, die):
        counts = []
        for child in die.iter_children():
            if child.tag == "DW_TAG_subrange_type":
                a = child.attributes
                counts.append(a["DW_AT_count"].value if "DW_AT_count" in a else a["DW_AT_upper_bound"].value + 1 if "DW_AT_upper_bound" in a
                              and isinstance(a["DW_AT_upper_bound"].value, int) else 0)
        kind = self._target(die)
        for count in reversed(counts or [0]):
            kind = ["array", kind, count]
        return kind

    def _struct(self, die, name, size):
        if name in self.structs or "DW_AT_declaration" in die.attributes:
            return
        members = {}
        self.structs[name] = {"size": size, "members": members}
        for child in die.iter_children():
            if child.tag != "DW_TAG_member" or "DW_AT_bit_size" in child.attributes:
                continue
            offset = child.attributes["DW_AT_data_member_location"].value if "DW_AT_data_member_location" in child.attributes else 0
            kind = self._target(child)
            if "DW_AT_name" in child.attributes:
                members[child.attributes["DW_AT_name"].value.decode()] = [offset, kind]
            elif kind[0] == "struct":
                for inner, (inside, inner_kind) in self.structs[kind[1]]["members"].items():
                    members[inner] = [offset + inside, inner_kind]

    def _ranges(self, unit):
        """[low, high] addresses of a unit's code. Of the assembler's units the lines say it: it names one section, whatever there are."""
        top = unit.get_top_DIE().attributes
        if "DW_AT_language" in top and top["DW_AT_language"].value == DW_LANG_ASSEMBLER:
            low = None
            for entry in self.dwarf.line_program_for_CU(unit).get_entries():
                if entry.state:
                    low = entry.state.address if low is None else low
                    if entry.state.end_sequence:
                        yield [low, entry.state.address]
                        low = None
            return
        base = top["DW_AT_low_pc"].value if "DW_AT_low_pc" in top else 0
        if "DW_AT_ranges" in top:
            for entry in self.dwarf.range_lists().get_range_list_at_offset(top["DW_AT_ranges"].value, unit):
                if hasattr(entry, "base_address"):
                    base = entry.base_address
                elif entry.begin_offset < entry.end_offset:
                    yield [base + entry.begin_offset, base + entry.end_offset]
        elif "DW_AT_high_pc" in top:
            high = top["DW_AT_high_pc"]
            yield [base, high.value if high.form == "DW_FORM_addr" else base + high.value]
