"""A kernel's state as Python values: static objects by name, structures by address, pointers followed. Works on anything that has
read(va, n): a guest's memory after its run (memory.py), or a debugger.

    kernel = Kernel(dwarf.load("kernel.elf"), memory)
    kernel["cpus"][0].current.target.name     # struct members are attributes; a pointer's .target is what it points to
    kernel.at("thread", address).state        # an Enum: a number with a name, prints as THREAD_READY

Nothing here trusts the guest: a bad pointer raises BadAddress, a list that does not end raises Corrupt."""

import struct as packing

from .memory import BadAddress

LONGEST_LIST = 100_000


class Corrupt(Exception):
    """Kernel data that cannot be what it should be; the text says which."""


class Enum(int):
    """A number with its enumerator's name."""

    def __new__(cls, value, name):
        self = super().__new__(cls, value)
        self.name = name
        return self

    def __str__(self):
        return self.name

    __repr__ = __str__


class Pointer(int):
    """An address with the type behind it."""

    def __new__(cls, value, kernel, kind):
        self = super().__new__(cls, value)
        self.kernel, self.kind = kernel, kind
        return self

    @property
    def target(self):
        """What it points to; text for a char pointer. Raises BadAddress."""
        if self == 0:
            raise BadAddress("NULL followed")
        return self.kernel.text(self) if self.kind == ["char"] else self.kernel.value(self.kind, int(self))

    def __repr__(self):
        return hex(self)


class Struct:
    """A structure at an address, read once when it is first looked into. Members are attributes."""

    def __init__(self, kernel, name, address):
        if name not in kernel.image.structs:
            raise KeyError(f"the kernel's debug information knows no struct {name}")
        self.__dict__.update(_kernel=kernel, _name=name, _address=address, _layout=kernel.image.structs[name], _bytes=None)

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        if name not in self._layout["members"]:
            raise AttributeError(f"struct {self._name} has no member {name}")
        offset, kind = self._layout["members"][name]
        return self._kernel.value(kind, self._address + offset, self, offset)

    def bytes(self, offset, n):
        if self._layout["size"] > 65536:
            return self._kernel.memory.read(self._address + offset, n)
        if self._bytes is None:
            self.__dict__["_bytes"] = self._kernel.memory.read(self._address, self._layout["size"])
        return self._bytes[offset:offset + n]

    def __repr__(self):
        return f"<struct {self._name} at {self._address:#x}>"


class Array:
    """count values of one type, read one by one."""

    def __init__(self, kernel, kind, count, address):
        self.kernel, self.kind, self.count, self.address = kernel, kind, count, address
        self.step = kernel.size(kind)

    def __len__(self):
        return self.count

    def __getitem__(self, index):
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(self.count))]
        if not -self.count <= index < self.count:
            raise IndexError(f"index {index} of an array of {self.count}")
        return self.kernel.value(self.kind, self.address + index % self.count * self.step)

    def __iter__(self):
        return (self[i] for i in range(self.count))


class Kernel:
    """image: dwarf.Image; memory: has read(va, n)."""

    def __init__(self, image, memory):
        self.image, self.memory = image, memory

    def __getitem__(self, name):
        """The static object of that name, decoded. Raises KeyError."""
        if name not in self.image.variables:
            raise KeyError(f"the kernel has no object {name}")
        return self.value(self.image.variables[name], self.address(name))

    def address(self, name):
        """A symbol's address. Raises KeyError."""
        if name not in self.image.symbols:
            raise KeyError(f"the kernel has no symbol {name}")
        return self.image.symbols[name]

    def at(self, struct, address):
        """The struct of that name at an address."""
        return Struct(self, struct, int(address))

    def size(self, kind):
        """sizeof a type."""
        if kind[0] == "struct":
            return self.image.structs[kind[1]]["size"]
        if kind[0] == "array":
            return kind[2] * self.size(kind[1])
        return {"char": 1, "ptr": 8, "void": 1, "func": 1}.get(kind[0]) or kind[2 if kind[0] == "enum" else 1]

    def member(self, struct, offset):
        """The name of the member of a struct in which an offset lies; of one between two, the one before it."""
        members = self.image.structs[struct]["members"]
        return max((place, name) for name, (place, _) in members.items() if place <= offset)[1]

    def value(self, kind, address, within=None, offset=0):
        """A value of that type; scalars are read now (out of the Struct `within` if given), structures and arrays when looked into."""
        what = kind[0]
        if what == "struct":
            return Struct(self, kind[1], address)
        if what == "array":
            if kind[1] == ["char"]:
                raw = within.bytes(offset, kind[2]) if within else self.memory.read(address, kind[2])
                return raw.split(b"\0")[0].decode("utf-8", "backslashreplace")
            return Array(self, kind[1], kind[2], address)
        raw = within.bytes(offset, self.size(kind)) if within else self.memory.read(address, self.size(kind))
        number = int.from_bytes(raw, "little", signed=what == "int" and kind[2])
        if what == "ptr":
            return Pointer(number, self, kind[1])
        if what == "enum":
            return self.enum(kind[1], number)
        return bool(number) if what == "bool" else number

    def enum(self, name, number):
        """An Enum; a value without a name is called "thread_state 9?"."""
        return Enum(number, self.image.enums[name].get(str(number), f"{name} {number}?"))

    def text(self, address, limit=256):
        """A C string, at most limit bytes of it."""
        raw = b""
        while len(raw) < limit and b"\0" not in raw:
            step = min(64 - (address + len(raw)) % 64, limit - len(raw))
            raw += self.memory.read(address + len(raw), step)
        return raw.split(b"\0")[0].decode("utf-8", "backslashreplace")

    def list(self, head, struct, member):
        """The structures of a linked list: head is the Struct of its head, member the link's name in them. Raises Corrupt, BadAddress."""
        offset = self.image.structs[struct]["members"][member][0]
        link, seen = head.next, set()
        while link != head._address:
            if link in seen or len(seen) >= LONGEST_LIST:
                raise Corrupt(f"the list of {struct}s (by {member}) runs in a circle past its head")
            seen.add(int(link))
            yield self.at(struct, link - offset)
            link = link.target.next

    def rows(self, struct, address, count):
        """count structures in a row, decoded at once: tuples of their scalar members in order, arrays of scalars as tuples inside."""
        form, names, shape = self._flat(struct)
        data = self.memory.read(int(address), form.size * count)
        for row in form.iter_unpack(data):
            values = iter(row)
            yield dict(zip(names, (next(values) if n is None else tuple(next(values) for _ in range(n)) for n in shape)))

    def _flat(self, struct):
        layout, form, at, names, shape = self.image.structs[struct], "<", 0, [], []
        for name, (offset, kind) in sorted(layout["members"].items(), key=lambda item: item[1][0]):
            base, count = (kind[1], kind[2]) if kind[0] == "array" else (kind, None)
            letter = {1: "b", 2: "h", 4: "i", 8: "q"}[self.size(base)]
            form += "x" * (offset - at) + str(count or 1) + (letter if base[0] == "int" and base[2] else letter.upper())
            at = offset + self.size(kind)
            names.append(name)
            shape.append(count)
        return packing.Struct(form + "x" * (layout["size"] - at)), names, shape
