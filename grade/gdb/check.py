"""os-check: every rule that a kernel at rest keeps, each looked at on its own. A broken rule is one line: the rule, a colon,
what was seen. A rule that cannot be looked at (memory that is not there, a member that this kernel does not have) says that,
and the others still are.

    for line in check(kernel): print(line)          # nothing: every rule holds

A kernel that was stopped inside a critical section may break a rule for a moment; notes() says which locks are held."""

from ..memory import BadAddress
from . import check_memory, spaces
from .lists import elements
from .queues import waiting
from .views import MOST_THREADS, UNREADABLE, cpus, held, label, short, threads

KSTACK_BOOT, IDLE = 1 << 4, 1 << 3  # enum thread_flags: BOOT_STACK, IDLE
MOST_PROCESSES = 4200
RESTING = ("NEW", "READY", "BLOCKED", "STOPPED")  # states in which a thread does not run and will go on from its saved frame


class Seen:
    """What several rules look at, read once. table: threads of the thread table; everybody: with the idle ones behind; queues: {cpu number:
    threads in the order of the queue}; counted: {cpu number: how many of them nr_ready has to count}; current: {thread's address: cpu
    number}."""

    def __init__(self, kernel, registers):
        self.kernel = kernel
        self.cpus = cpus(kernel)
        self.table, self.table_faults = elements(kernel, kernel.address("threads"), "thread", "all_link", MOST_THREADS, label)
        self.everybody = threads(kernel)[0]
        self.known = {t._address for t in self.everybody}
        self.current = {int(cpu.current): cpu.id for cpu in self.cpus}
        self.queues, self.counted, self.queue_faults = {}, {}, []
        for cpu in self.cpus:
            if int(cpu.rq):
                self._read_queue(cpu)
        self.queued = [t._address for queue in self.queues.values() for t in queue]
        self.rsp = {cpu.id: known["rsp"] for cpu in self.cpus if (known := registers(cpu.id))}

    def _read_queue(self, cpu):
        try:
            places = waiting(self.kernel, cpu.rq.target, MOST_THREADS, self.name)
            self.queues[cpu.id] = [thread for place in places for thread in place.threads]
            self.counted[cpu.id] = sum(len(place.threads) for place in places if place.counted)
            self.queue_faults += [f"of CPU {cpu.id}: {fault}" for place in places for fault in place.complaints]
        except UNREADABLE as error:
            self.queue_faults.append(f"of CPU {cpu.id}: {error}")

    def stands_on(self, cpu, thread):
        """True if that CPU's rsp is known and lies in the thread's stack."""
        return cpu in self.rsp and thread.stack.base <= self.rsp[cpu] <= thread.stack.base + thread.stack.size

    def switching(self, cpu):
        """True if a switch may be on its way: the next thread is current already, the stack is still the last one's."""
        return int(cpu.rq) and int(cpu.rq.target.lock.owner)

    def stray(self, thread):
        """True if it is in no table. Where the table is broken, that is said once and not of every thread behind the break."""
        return thread._address not in self.known and not self.table_faults

    def name(self, thread):
        """A thread as others call it; what is not in the thread table is not believed to be one."""
        return f"thread {label(thread)}" if thread._address in self.known else f"{thread._address:#x}, which is no thread of the table,"


def check(kernel, registers=lambda cpu: None):
    """Lines, one a broken rule. registers(cpu): {"rsp": ...} of a CPU now, or None if nobody knows them."""
    try:
        if not kernel["cpus"][0].online:
            return ["start: the kernel has not set up its first CPU yet, there is nothing to check"]
        seen = Seen(kernel, registers)
    except UNREADABLE as error:
        return [f"start: the kernel's data cannot be read (it has not started yet, or its page tables are broken): {error}"]
    lines = []
    for title, rule in RULES:
        try:
            lines += [f"{title}: {text}" for text in rule(seen)]
        except UNREADABLE as error:
            lines.append(f"{title}: cannot be looked at: {error}")
    return lines


def notes(kernel):
    """What to know when reading the result: held locks, a panic."""
    lines = []
    try:
        for cpu in cpus(kernel):
            names = [lock.name.target for lock in held(cpu)]
            if names:
                lines.append(f"note: CPU {cpu.id} holds {', '.join(names)}: what these locks guard may be half changed right now")
        if kernel["panic_report"].message:
            lines.append(f"note: the kernel panicked: {kernel['panic_report'].message}")
    except UNREADABLE:
        pass  # check() says so
    return lines


# --- CPUs and locks ---------------------------------------------------------------------------------------------------------------------


def cpu_structures(seen):
    for cpu in seen.cpus:
        if int(cpu.self) != cpu._address:
            yield f"cpus[{cpu.id}].self is {int(cpu.self):#x}, not its own address: this_cpu() leads astray"
        if not 0 <= cpu.id < 64 or seen.kernel["cpus"][cpu.id]._address != cpu._address:
            yield f"the structure at {cpu._address:#x} says that it is CPU {cpu.id}"
        if cpu.preempt_count > 64:
            yield f"CPU {cpu.id} has preempt_count {cpu.preempt_count}: more enables than disables?"
        if int(cpu.rq) and cpu.rq.target.cpu != cpu.id:
            yield f"CPU {cpu.id} uses the run queue of CPU {cpu.rq.target.cpu}"
        if not int(cpu.rq) and seen.table:
            yield f"CPU {cpu.id} has no run queue"


def held_locks(seen):
    for cpu in seen.cpus:
        chain = held(cpu)
        for lock in chain:
            if int(lock.owner) != cpu._address:
                yield f"CPU {cpu.id} has '{lock.name.target}' in its chain of held locks, whose owner is {int(lock.owner):#x}"
        for inner, outer in zip(chain, chain[1:]):
            if inner.rank <= outer.rank:
                yield f"CPU {cpu.id} took '{inner.name.target}' ({inner.rank}) while it held '{outer.name.target}' ({outer.rank})"


# --- threads ----------------------------------------------------------------------------------------------------------------------------


def thread_table(seen):
    yield from seen.table_faults
    count = seen.kernel["nr_threads"] if "nr_threads" in seen.kernel.image.symbols else len(seen.table)
    if count != len(seen.table) and not seen.table_faults:
        yield f"nr_threads is {count}, the table has {len(seen.table)} threads"


def unique_ids(seen):
    first = {}
    for t in seen.table:
        if t.tid <= 0:
            yield f"thread {label(t)} at {t._address:#x}: ids begin with 1"
        elif t.tid in first:
            yield f"{label(first[t.tid])} at {first[t.tid]._address:#x} and {label(t)} at {t._address:#x} have the same id"
        first.setdefault(t.tid, t)


def legal_values(seen):
    for t in seen.everybody:
        for field in ("state", "priority", "class_id"):
            if str(getattr(t, field)).endswith("?"):
                yield f"thread {label(t)} has {field} {int(getattr(t, field))}, which is none"


def current_is_running(seen):
    for cpu in seen.cpus:
        if not int(cpu.current):
            yield f"CPU {cpu.id} runs nobody: current is NULL"
            continue
        t = cpu.current.target
        if seen.stray(t):
            yield f"CPU {cpu.id} runs {seen.name(t)} freed while it ran?"
        elif t._address in seen.known and short(t.state) != "RUNNING":
            yield f"CPU {cpu.id}'s current thread {label(t)} is {short(t.state)}"
        if int(cpu.rq) and int(cpu.rq.target.curr) != t._address:
            yield f"CPU {cpu.id}: current() is {label(t)}, rq->curr is {label(cpu.rq.target.curr.target)}"


def running_is_current(seen):
    for t in seen.everybody:
        if short(t.state) == "RUNNING" and t._address not in seen.current:
            names = ", ".join(f"CPU {cpu.id} runs {label(cpu.current.target)}" for cpu in seen.cpus if int(cpu.current))
            yield f"thread {label(t)} is RUNNING, but {names or 'no CPU runs it'}"


def ready_is_queued(seen):
    for t in seen.everybody:
        if short(t.state) == "READY" and not t.flags & IDLE and t._address not in seen.queued:
            yield f"thread {label(t)} is READY and stands in no run queue: it will never run"


def queued_is_ready(seen):
    for number, queue in seen.queues.items():
        for t in queue:
            if t._address not in seen.known:
                if seen.stray(t):
                    yield f"the queue of CPU {number} holds {seen.name(t)} freed while queued?"
            elif short(t.state) != "READY":
                yield f"thread {label(t)} stands in the queue of CPU {number} and is {short(t.state)}"
            elif t.flags & IDLE:
                yield f"the idle thread {label(t)} stands in the queue of CPU {number}; it is never queued"
            if seen.queued.count(t._address) > 1:
                yield f"thread {label(t)} is queued {seen.queued.count(t._address)} times"


def unqueued_is_unlinked(seen):
    if seen.queue_faults:
        return  # who is queued is not known
    for t in seen.everybody:
        if t._address not in seen.queued and int(t.run_link.next) != t.run_link._address:
            yield (f"thread {label(t)} is in no run queue, but its run_link leads to {int(t.run_link.next):#x}: "
                   "taken off without list_remove()?")


def queue_links(seen):
    yield from seen.queue_faults


def queue_counts(seen):
    for cpu in seen.cpus:
        if cpu.id in seen.queues and cpu.rq.target.nr_ready != seen.counted[cpu.id]:
            yield f"nr_ready of CPU {cpu.id} is {cpu.rq.target.nr_ready}, {seen.counted[cpu.id]} threads stand in its queue"


def saved_stack_pointers(seen):
    size = seen.kernel.size(["struct", "switch_frame"])
    for t in seen.everybody:
        if t._address in seen.current or short(t.state) not in RESTING or (t.flags & IDLE and short(t.state) == "NEW"):
            continue
        if any(seen.stands_on(cpu.id, t) and seen.switching(cpu) for cpu in seen.cpus):
            continue  # it is being switched out
        low, high, rsp = t.stack.base, t.stack.base + t.stack.size, int(t.rsp)
        if not low <= rsp <= high - size or rsp % 8:
            yield f"thread {label(t)} has saved rsp {rsp:#x}; its stack is {low:#x} to {high:#x}, with room for a switch_frame"
            continue
        rip = seen.kernel.at("switch_frame", rsp).rip
        if not seen.kernel.image.function(rip):
            yield (f"thread {label(t)} would go on at {rip:#x}, which is no code: "
                   f"its switch_frame at {rsp:#x} was overwritten, or rsp is off")


def running_stacks(seen):
    for cpu in seen.cpus:
        if cpu.id not in seen.rsp or not int(cpu.current) or cpu.current.target._address not in seen.known:
            continue
        t, rsp = cpu.current.target, seen.rsp[cpu.id]
        if seen.stands_on(cpu.id, t) or any(low <= rsp <= high for low, high in _exception_stacks(seen.kernel)):
            continue
        if seen.switching(cpu) and any(seen.stands_on(cpu.id, other) for other in seen.everybody):
            continue
        yield (f"CPU {cpu.id} runs thread {label(t)} with rsp {rsp:#x}; that thread's stack is {t.stack.base:#x} to "
               f"{t.stack.base + t.stack.size:#x}")


def _exception_stacks(kernel):
    """(low, high) of static objects that are stacks for exceptions."""
    for name, kind in kernel.image.variables.items():
        if "stack" in name and name in kernel.image.symbols and kind[0] == "array":
            yield kernel.address(name), kernel.address(name) + kernel.size(kind)


def guard_pages(seen):
    for t in seen.everybody:
        if t.flags & KSTACK_BOOT or not t.stack.base:
            continue
        try:
            seen.kernel.memory.read(t.stack.base - 8, 8)
        except BadAddress:
            continue
        yield f"the page below the stack of thread {label(t)}, at {t.stack.base - 4096:#x}, is mapped: an overflow would go unseen"


def joiners(seen):
    ids = {t.tid for t in seen.table}
    for t in seen.table:
        if t.joiner and (t.joiner == t.tid or t.joiner not in ids):
            yield f"thread {label(t)} is waited for by thread {t.joiner}, " + ("itself" if t.joiner == t.tid else "which does not exist")


# --- processes and trace ----------------------------------------------------------------------------------------------------------------


def process_table(seen):
    found, wrong = elements(seen.kernel, seen.kernel.address("processes"), "process", "all_link", MOST_PROCESSES,
                            lambda p: f"process {p.pid} ({p.name})")
    yield from wrong
    ids = [p.pid for p in found]
    for p in found:
        if ids.count(p.pid) > 1:
            yield f"process {p.pid} ({p.name}): {ids.count(p.pid)} processes have this id"
        links, faults = elements(seen.kernel, p.threads._address, "thread", "owner_link", MOST_THREADS, seen.name)
        yield from (f"threads of process {p.pid} ({p.name}): {fault}" for fault in faults)
        for t in links:
            if seen.stray(t):
                yield f"process {p.pid} ({p.name}) has {seen.name(t)} in its list of threads"
            elif int(t.owner) != p._address:
                yield f"thread {label(t)} is in the list of process {p.pid} ({p.name}), but its owner is {int(t.owner):#x}"
        if str(p.state) == "PROCESS_ZOMBIE" and links:
            yield f"process {p.pid} ({p.name}) is a ZOMBIE and still has thread {label(links[0])}"
        if str(p.state).endswith("?"):
            yield f"process {p.pid} ({p.name}) has state {int(p.state)}, which is none"


def trace_rings(seen):
    for number, ring in enumerate(seen.kernel["trace_rings"]):
        if not int(ring.record):
            continue
        if not ring.capacity or ring.capacity & (ring.capacity - 1):
            yield f"the ring of CPU {number} claims {ring.capacity} records, which is no power of two"
        elif ring.seq:
            size = seen.kernel.image.structs["trace_record"]["size"]
            last = seen.kernel.at("trace_record", int(ring.record) + (ring.seq - 1) % ring.capacity * size)
            if last.seq != ring.seq:
                yield f"the ring of CPU {number} is at record {ring.seq}, but in its place stands record {last.seq}: overwritten?"


RULES = (
    ("CPU structure", cpu_structures),
    ("held locks", held_locks),
    ("thread table", thread_table),
    ("one thread, one id", unique_ids),
    ("legal values", legal_values),
    ("current means RUNNING", current_is_running),
    ("RUNNING means current", running_is_current),
    ("run queue", queue_links),
    ("READY means queued", ready_is_queued),
    ("queued means READY", queued_is_ready),
    ("not queued means unlinked", unqueued_is_unlinked),
    ("nr_ready counts the queue", queue_counts),
    ("saved stack pointer", saved_stack_pointers),
    ("running on its own stack", running_stacks),
    ("guard page", guard_pages),
    ("joiner", joiners),
    ("process table", process_table),
    ("trace ring", trace_rings),
    ("free frames", check_memory.free_frames),
    ("frame caches", check_memory.frame_caches),
    ("heap caches", check_memory.heap_caches),
    ("address spaces", spaces.space_rules),
)
