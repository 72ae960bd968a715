"""Who waits for what when a run of programs does not end: what each process does, what is there at the pipe or among the children that it
waits for, and which rule is broken by its waiting still. Kernels without programs are not looked into. Nothing of the kernel is trusted."""

import struct as packing
from collections import namedtuple

from . import events
from .gdb import views
from .memory import DIRECT_BASE, GuestMemory
from .state import Kernel

Rule = namedtuple("Rule", "text stop")  # stop: the function to stop in, backwards from the end

BYTES = Rule("a reader still waits at a pipe that has bytes: a read takes what there is, and who puts some in wakes all who wait",
             "pipe_write")
END = Rule("a reader still waits at a pipe to which nobody can write any more: all who wait for bytes hear of the end", "pipe_leave")
ROOM = Rule("a writer still waits at a pipe that has room for it: a write uses it, and who makes room wakes all who wait",
            "pipe_read")
BROKEN = Rule("a writer still waits at a pipe from which nobody can read any more: all who wait for room hear of that", "pipe_leave")
BUSY = Rule("a pipe is kept by somebody who is gone: who has copied, or could not, takes `reading` or `writing` back", "pipe_take")
ENDED = Rule("a parent still waits for a child that has ended: it looks before it waits, and who ends wakes its parent",
             "process_thread_leaves")
CHILDLESS = Rule("a parent waits for a child that it has not: there is nobody to wait for, ECHILD", "process_wait_for")
LENT = Rule("a parent still waits for its address space, and nobody uses that any more: who borrowed it returns it",
            "process_thread_leaves")
LAUNCH = Rule("a parent waits for its address space, and the child that has it was not launched: it runs before its parent waits",
              "process_fork")
GONE = Rule("a pipe counts a reader or a writer that there is not: an end that is closed is taken off where it was counted", "pipe_leave")
SIGNAL = Rule("a signal has come for a process, and its wait goes on: a signal ends every wait that wait_interruptible() began",
              "thread_interrupt")
OPEN = Rule("a process has ended and has descriptors still: release() closes them, or who waits at the other end waits for ever",
            "process_thread_leaves")
ORPHAN = Rule("a process has a parent that is gone: the children of one that ends become process 1's", "process_thread_leaves")
POLL = Rule("poll() still waits, and what it waits for is there: whoever changes what a pipe has calls pipe_changed()", "pipe_changed")

NONBLOCK = Rule("a process waits at a pipe that it opened with O_NONBLOCK: it is told EAGAIN, and waits for nothing but another one's copy",
                "pipe_read")

O_NONBLOCK = 0o4000
PIPE_BUF, PIPE_SIZE = 4096, 65536
POLLIN, POLLOUT = 1, 4
SYSCALL = 256  # trap_frame.vector
STEPS = {"wait_on", "wait_on_until", "wait_interruptible", "wait_interruptible_until", "block_current", "thread_block"}  # of every wait
ANY = {"ktest_exit_orphans"}  # they wait for any child; of others in the kernel nobody knows for which
MOST_FDS, MOST_POLLED = 1024, 64


def told(kernel, died):
    """(the Rules that are broken, lines of what was seen); both empty for a kernel without programs. died: events.Panic of the watchdog's
    interrupt, or None."""
    if "children" not in kernel.image.structs.get("process", {"members": {}})["members"]:
        return [], []
    try:
        return System(kernel, died).told()
    except views.UNREADABLE as error:
        return [], [f"(the processes cannot be read: {error})"]


def last_written(kernel):
    """The last line that the program of the ktest `user` wrote, for people, or nothing."""
    try:
        kept = kernel["ktest_output"]
        lines = kernel.memory.read(kept.text.address, min(kept.size, len(kept.text))).decode("utf-8", "backslashreplace").splitlines()
        return [f"the program wrote {len(lines)} lines, the last one {lines[-1]!r}"] if lines else []
    except views.UNREADABLE:
        return []


def is_zombie(process):
    return str(process.state) == "PROCESS_ZOMBIE"


class System:
    """All processes and threads of a kernel after its run."""

    def __init__(self, kernel, died):
        root = int(kernel["kernel_pml4"]) - DIRECT_BASE  # the kernel's own tables: a run that was cut off says no CR3
        self.kernel = kernel = Kernel(kernel.image, GuestMemory(kernel.memory.ram, root))
        self.processes = list(kernel.list(kernel["processes"], "process", "all_link"))
        self.threads = events.threads(kernel)
        self.calls = {t._address: self.functions(died.frames if died and died.tid == t.tid else views.backtrace(kernel, t))
                      for t in self.threads if views.short(t.state) in ("BLOCKED", "READY", "RUNNING")}
        self.rules, self.lines = [], []

    def told(self):
        """What the module's told() returns; who breaks a rule by waiting comes first."""
        right, wrong = [], []
        for thread in self.threads:
            before, self.lines = len(self.rules), []
            try:
                self.look_at(thread)
            except views.UNREADABLE as error:
                self.lines.append(f"(what thread {views.label(thread)} waits for cannot be read: {error})")
            (wrong if len(self.rules) > before else right).extend(self.lines)
        self.lines = []
        pids = {p.pid for p in self.processes}
        for p in self.processes:
            if is_zombie(p):
                still = sum(1 for _ in self.files(p))
                self.lines.append(f"process {p.pid} ({p.name}), child of {p.ppid}: has ended, status {p.exit_status:#x}"
                                  + (f"; {still} descriptors are still open" if still else ""))
                self.breaks(OPEN, still)
            self.breaks(ORPHAN, p.ppid > 0 and p.ppid not in pids)
        return self.rules, wrong + right + self.lines

    def breaks(self, rule, condition):
        if condition and rule not in self.rules:
            self.rules.append(rule)

    def functions(self, addresses):
        """The functions that a thread is in, innermost first."""
        return [function[0] for function in map(self.kernel.image.function, addresses) if function]

    def files(self, process):
        """(number, struct file) of each open descriptor."""
        table = process.fds
        for n in range(min(table.size, MOST_FDS) if int(table.fd) else 0):
            file = self.kernel.at("fd", int(table.fd) + n * self.kernel.size(["struct", "fd"])).file
            if int(file):
                yield n, file.target

    def look_at(self, thread):
        """A line or more of one thread; the rules that its waiting breaks."""
        owner, state = self.kernel.at("process", int(thread.owner)) if int(thread.owner) else None, views.short(thread.state)
        own = owner if owner and owner.pid != 1 else None
        who = f"process {own.pid} ({own.name}), child of {own.ppid}" if own else f"thread {views.label(thread)}"
        if state in ("READY", "RUNNING", "STOPPED"):
            frame = self.frame(thread)
            self.lines.append(f"{who}: {state}" + (f", its last system call is {self.call_of(frame)}()" if frame else ""))
            self.interrupted(thread, "wait_interruptible" in self.calls.get(thread._address, ()))
        if state != "BLOCKED":
            return
        calls, what = self.calls[thread._address], thread.waits_for.target if int(thread.waits_for) else ""
        way = calls[max((n + 1 for n, name in enumerate(calls) if name in STEPS), default=0):][:4]
        joined = [f" (thread {t.tid} to be joined)" for t in self.threads if t.joiner == thread.tid]
        self.lines.append(f"{who}: waits for '{what}'{''.join(joined)} since {thread.blocked_since / 1e6:.3f} ms"
                          + (f", in {' < '.join(way)}" if way else "") + self.last_wake(thread))
        look = {"bytes in a pipe": self.at_pipe, "room in a pipe": self.at_pipe, "a child": self.for_child}.get(what)
        if look:
            look(thread, owner, calls)
        elif "fs_poll" in calls and owner:
            self.in_poll(thread, owner)

    def call_of(self, frame):
        """The name of the system call that a frame belongs to."""
        calls = self.kernel.address("system_calls") + frame.error * self.kernel.size(["struct", "system_call"])
        return self.kernel.at("system_call", calls).name.target

    def last_wake(self, thread):
        """Who woke a thread last, as far as the trace is whole."""
        try:
            found, dropped = events.trace(self.kernel)
        except views.UNREADABLE:
            return ""
        wakes = [event for event in found if event.event == "WAKE" and event.tid == thread.tid]
        if dropped or not found or found[0].seq != 1:
            return ""
        return f"; woken last at {wakes[-1].time / 1e6:.3f} ms, by thread {wakes[-1].other}" if wakes else "; nobody has ever woken it"

    # --- pipes ---

    def queue_of(self, thread):
        """Where the wait queue lies in which a thread stands."""
        size, link = self.kernel.size(["struct", "thread"]), thread.wait_link.next
        for _ in self.threads:
            if not any(t._address <= int(link) < t._address + size for t in self.threads):
                break
            link = link.target.next
        return int(link) - self.kernel.image.structs["wait_queue"]["members"]["waiters"][0]

    def at_pipe(self, thread, owner, calls):
        reads = thread.waits_for.target == "bytes in a pipe"
        pipe = self.kernel.at("pipe", self.queue_of(thread) - self.kernel.image.structs["pipe"]["members"][
            "can_read" if reads else "can_write"][0])
        there = pipe.put - pipe.taken
        copies = any(name in ("pipe_take", "pipe_put") for names in self.calls.values() for name in names)
        self.lines.append(f"  its pipe: {pipe.put} bytes written, {pipe.taken} read, so there are {there} and room for "
                          f"{PIPE_SIZE - there}; {self.ends(pipe, True)}; {self.ends(pipe, False)}; "
                          f"`reading` {str(pipe.reading).lower()}, `writing` {str(pipe.writing).lower()}")
        if ("pipe_read" if reads else "pipe_write") not in calls:
            return
        busy = pipe.reading if reads else pipe.writing
        others = self.who_has(pipe, (1, 2) if reads else (0, 2))
        self.breaks(GONE, self.frame(thread) and not others and (pipe.writers if reads else pipe.readers))
        frame = self.frame(thread)
        file = dict(self.files(owner)).get(frame.rdi) if frame else None
        self.breaks(NONBLOCK, file and int(file.data) == pipe._address and file.flags & O_NONBLOCK and not busy)
        self.breaks(BUSY, busy and not copies)
        if reads:
            self.breaks(BYTES, there and not busy)
            self.breaks(END, not there and not pipe.writers and not busy)
        else:
            self.breaks(BROKEN, not pipe.readers)
            self.breaks(ROOM, pipe.readers and not busy and PIPE_SIZE - there >= self.needed(thread))
        self.interrupted(thread)

    def ends(self, pipe, reads):
        """Who has an end of a pipe, for people."""
        found = self.who_has(pipe, (0, 2) if reads else (1, 2))
        n = pipe.readers if reads else pipe.writers
        return f"{n} can {'read' if reads else 'write'}" + (f": {', '.join(found[:4])}" if found else "")

    def who_has(self, pipe, modes):
        """The descriptors with an open file of a pipe that was opened so, for people."""
        return [f"process {p.pid} as {n}" for p in self.processes for n, file in self.files(p)
                if int(file.data) == pipe._address and file.flags & 3 in modes and int(file.name) and file.name.target == "pipe"]

    def needed(self, thread):
        """The room that lets a writer go on, whatever it writes; from its system call, if it is in one."""
        frame = self.frame(thread)
        if frame is None or "sys_write" not in self.calls[thread._address]:
            return PIPE_BUF
        return frame.rdx if frame.rdx <= PIPE_BUF else 1

    # --- children ---

    def for_child(self, thread, owner, calls):
        if not owner:
            return
        children = list(self.kernel.list(owner.children, "process", "sibling_link"))
        self.lines.append("  its children: " + (", ".join(f"{p.pid} {self.state_of(p)}" for p in children) or "none"))
        if owner.lending:
            self.breaks(LAUNCH, any(p.lent and self.state_of(p) == "NEW" for p in children))
            self.breaks(LENT, not any(p.lent and not is_zombie(p) for p in children))
            return
        frame = self.frame(thread)
        wanted = packing.unpack("<i", packing.pack("<I", frame.rdi & 0xFFFFFFFF))[0] if frame and "sys_wait4" in calls else -1
        meant = [p for p in children if wanted <= 0 or p.pid == wanted]
        self.breaks(CHILDLESS, not meant)
        self.breaks(ENDED, meant and (any if frame or ANY & set(calls) else all)(is_zombie(p) for p in meant))
        self.interrupted(thread)

    def state_of(self, process):
        """Of its thread, while it has one."""
        states = [views.short(t.state) for t in self.threads if int(t.owner) == process._address]
        return "ZOMBIE" if is_zombie(process) else states[0] if states else "without a thread"

    # --- the rest ---

    def interrupted(self, thread, waits=True):
        self.breaks(SIGNAL, thread.interrupted and waits)

    def in_poll(self, thread, owner):
        """What poll() waits for, if that is pipes and can be read."""
        frame = self.frame(thread)
        if frame is None or not int(owner.space):
            return
        memory = GuestMemory(self.kernel.memory.ram, int(owner.space.target.root))
        files = dict(self.files(owner))
        for fd, wanted, _ in packing.iter_unpack("<ihh", memory.read(frame.rdi, 8 * min(frame.rsi, MOST_POLLED))):
            file = files.get(fd)
            if not file or not file.name or file.name.target != "pipe":
                continue
            pipe = self.kernel.at("pipe", int(file.data))
            there = pipe.put - pipe.taken
            self.lines.append(f"  {fd} is a pipe: {there} bytes, room for {PIPE_SIZE - there}; {self.ends(pipe, True)}; "
                              f"{self.ends(pipe, False)}")
            self.breaks(POLL, (wanted & POLLIN and (there or not pipe.writers))
                        or (wanted & POLLOUT and (PIPE_SIZE - there >= PIPE_BUF or not pipe.readers)))

    def frame(self, thread):
        """The struct trap_frame of the system call that a thread is in, or None."""
        if not int(thread.user):
            return None
        at = thread.user.target.stack_top - self.kernel.size(["struct", "trap_frame"])
        frame = self.kernel.at("trap_frame", at)
        return frame if frame.vector == SYSCALL else None
