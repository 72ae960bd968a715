"""A record of the trace in words: what its numbers are, by the names that verdicts, models and handouts have for them. Numbers are those of
kernel/base/trace.h; what a thread has run is in cycles, all else in ns.

    line = lines_of(kernel)      # of os-trace and of a verdict's last events
    print(line(event))"""

from .class_events import POLICIES, WHY
from .events import DECISIONS, event_head
from .rules import signed

# Names of the numbers in an ENTITY record; "" is nothing that a thread of this class goes by.
ENTITY = {"eevdf": ("v", "d", "lag", "budget"), "cfs": ("v", "min_vruntime", "", "ns run since it was picked"),
          "rt": ("priority", "", "", "ns left of its turn"), "deadline": ("", "d", "", "budget")}
CLASSES = ("deadline", "rt", None, None)  # by enum sched_class_id; None: the policy of normal threads, or none
NORMAL = 2


def fair_policy(kernel):
    """By which policy normal threads ran, of the two whose records have numbers."""
    symbols = kernel.image.symbols
    return "cfs" if "cfs_class" in symbols and int(kernel["normal_class"]) == symbols["cfs_class"] else "eevdf"


def numbers(event, names=()):
    """What a record's numbers say. names: of ENTITY, those of the thread's class."""
    first, ran = event.arg[:2]
    if event.event == "ENTITY":
        return ", ".join(f"{name} {signed(number)}" for name, number in zip(names, event.arg) if name)
    if event.event == "ENQUEUE":
        return f"why {WHY[first] if first < len(WHY) else first}, has run {ran}"
    words = {"THROTTLE": f"until {first}", "REPLENISH": f"d {first}" if event.tid else "", "MISS": f"d {first}"}
    return words.get(event.event, f"has run {ran}" if event.tid and event.event in DECISIONS else "")


def policy(packed):
    """arg[0] of a POLICY record."""
    number, priority, nice = packed & 0xff, packed >> 8 & 0xff, (packed >> 16 & 0xff) - 20
    return (f"{POLICIES.get(number, number)}, " + (f"priority {priority}" if priority else f"nice {nice}")
            + (", children begin with the defaults" if packed >> 24 & 1 else "") + (", lent" if packed >> 25 & 1 else ""))


def others(event, states):
    """The numbers of the records that are no decision. states: {number as text: name}, enum thread_state."""
    a, b, c, _ = event.arg
    words = {
        "CREATE": lambda: f"stack at {a:#x}, {b} bytes",
        "SWITCH": lambda: f"left {states.get(str(a), f'in state {a}').removeprefix('THREAD_')}",
        "EXIT": lambda: f"code {signed(a)}", "JOIN": lambda: f"code {signed(a)}",
        "WAKE": lambda: "was not BLOCKED, its next block returns at once" if a else "",
        "PRIORITY": lambda: f"from {a} to {b}",
        "MARK": lambda: f"{a} {b}",
        "MIGRATE": lambda: f"from CPU {a} to {b}",
        "AFFINITY": lambda: f"mask {a:#x}",
        "PARAMS": lambda: f"runtime or slice {a}, deadline {b}, period {c}",
        "POLICY": lambda: policy(a),
    }
    return words[event.event]() if event.event in words else None


def lines_of(kernel):
    """A function that gives an Event's line: numbers in words, and behind a decision about another CPU's queue whose it is."""
    states = kernel.image.enums.get("thread_state", {})
    normal = fair_policy(kernel) if "normal_class" in kernel.image.symbols else None
    timed = "policy" in kernel.image.symbols

    def line(event):
        said = others(event, states)
        if said is None:
            of_class = normal if event.cls == NORMAL else CLASSES[event.cls] if event.cls < len(CLASSES) else None
            said = numbers(event, ENTITY.get(of_class, ()))
            said = said if timed else said.partition("has run")[0].rstrip(", ")
        where = f", CPU {event.queue}'s queue" if event.queue != event.cpu else ""
        return f"{event_head(event)}  {said}{where}".rstrip()
    return line
