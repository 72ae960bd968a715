"""What holds on several CPUs whatever the policy, judged by a run's trace (events.Event, of all CPUs, by time).

    sound(events, Cpus(4))          each thread at one place at a time, running only where it may, balanced only towards a shorter queue
    work_is_conserved(events, 4)    no CPU is idle for long while somebody waits elsewhere who may run on it
    hardly_idle_in_all(events, 4)   nor does that take a thousandth of the time in all
    loads(events, 4)                [(event, [threads that run or wait on each CPU])] at each tick
    migrations(events, "steal")     the MIGRATE events of a kind

An idle CPU has no ticks, and on a machine whose CPUs take turns it may not have had its turn yet: how long somebody waits in vain is
counted in the ticks of the CPU that makes him wait."""

from .events import event_line
from .rules import require
from .timeline import IDLE, MIGRATIONS

MAIN = 1         # the boot thread's id: it has no CREATE, runs when the trace begins, and is the kernel's own
READY = 1        # enum thread_state
EVERYWHERE = 2**64 - 1
DEADLINE, RT, _, BACKGROUND = range(4)  # enum sched_class_id; the two in front, and the last, come with phase 5
TICKS_IDLE = 2   # of the CPU where somebody waits: so long another one may be idle
IN_ALL = 1000    # of so many ticks not one may find that


class Cpus:
    """Who runs and who waits on each of n CPUs, as a trace goes on. running: {cpu: tid}; waiting: {cpu: {tid: its ENQUEUE}}; mask: {tid:
    bits}; cls: {tid: scheduling class}; throttled: the deadline threads that have no budget, and (CPU,) for each whose real-time class has
    used up its share. now(event) takes the next event in."""

    def __init__(self, n):
        self.running = {cpu: IDLE for cpu in range(n)}
        self.running[0] = MAIN
        self.waiting = {cpu: {} for cpu in range(n)}
        self.mask, self.cls, self.throttled = {}, {}, set()

    def may_run(self, tid, cpu):
        return self.mask.get(tid, EVERYWHERE) >> cpu & 1

    def where(self, tid):
        """The CPUs on which a thread runs, and those in whose queues it waits."""
        return [cpu for cpu, who in self.running.items() if who == tid], [cpu for cpu, who in self.waiting.items() if tid in who]

    def load(self):
        """Threads on each CPU, but for those of SCHED_IDLE, and those who wait for budget. Who leaves a CPU stands in its queue already,
        until the next one runs there: it counts once."""
        return [sum(self.cls.get(tid) != BACKGROUND for tid in {*self.ready(cpu), who} - {IDLE})
                for cpu, who in sorted(self.running.items())]

    def ready(self, cpu):
        """Who waits on a CPU for nothing else than the CPU."""
        return [tid for tid in self.waiting[cpu] if tid not in self.throttled and not (self.cls[tid] == RT and (cpu,) in self.throttled)]

    def now(self, event):
        if event.event == "CREATE":
            self.mask[event.tid] = event.arg[3] or EVERYWHERE
        elif event.event == "AFFINITY":
            self.mask[event.tid] = event.arg[0]
        elif event.event == "ENQUEUE":
            self.waiting[event.queue][event.tid] = event
        elif event.event in ("DEQUEUE", "PICK"):
            self.waiting[event.queue].pop(event.tid, None)
        elif event.event == "SWITCH":
            self.running[event.cpu] = event.other
        elif event.event in ("THROTTLE", "REPLENISH"):
            who = event.tid if event.cls == DEADLINE else (event.queue,)
            (self.throttled.add if event.event == "THROTTLE" else self.throttled.discard)(who)
        elif event.event == "POLICY" and event.cls != DEADLINE:
            self.throttled.discard(event.tid)
        if event.event in ("ENQUEUE", "PICK", "POLICY"):
            self.cls[event.tid] = event.cls


def sound(events, cpus):
    """Judges that each thread is at one place at a time, runs only where it may, and is balanced only towards a shorter queue. cpus: Cpus
    as they are before the first event; they are then as after the last one. Raises RuleBroken."""
    for event in events:
        check = CHECKS.get(event.event)
        if check and (event.tid != IDLE or event.event == "SWITCH"):
            check(cpus, event)
        cpus.now(event)


def check_enqueue(cpus, event):
    _, queues = cpus.where(event.tid)
    require(not queues, "a thread stands in one run queue at a time",
            f"thread {event.tid} joins that of CPU {event.queue}, and stands in that of CPU {queues and queues[0]}", event_line(event))


def check_leave(cpus, event):
    require(event.tid in cpus.waiting[event.queue], "a thread is taken out of the run queue in which it stands",
            f"thread {event.tid} is not in that of CPU {event.queue}: {places(cpus, event.tid)}", event_line(event))


def check_switch(cpus, event):
    if event.tid != IDLE and event.arg[0] == READY:
        require(cpus.where(event.tid)[1], "a thread that is ready stands in a run queue, or nobody chooses it again",
                f"thread {event.tid} leaves CPU {event.cpu} and is in none", event_line(event))
    if event.other == IDLE:
        return
    elsewhere = [cpu for cpu in cpus.where(event.other)[0] if cpu != event.cpu]
    require(not elsewhere, "a thread runs on one CPU at a time",
            f"thread {event.other} begins on CPU {event.cpu}, and runs on CPU {elsewhere and elsewhere[0]}", event_line(event))
    require(cpus.may_run(event.other, event.cpu), "a thread runs only on CPUs that its mask names",
            f"thread {event.other} may run on {cpus_of(cpus.mask.get(event.other, EVERYWHERE))}, and begins on CPU {event.cpu}",
            event_line(event))


def check_migrate(cpus, event):
    if MIGRATIONS[event.arg[2]] != "balance":
        return
    load, (longer, shorter) = cpus.load(), event.arg[:2]
    load[longer] += 1  # it was taken out just before
    require(load[longer] - load[shorter] >= 2, "as long as threads are balanced, the queue that they leave is longer by 2 than the other",
            f"thread {event.tid} left CPU {longer}, which had {load[longer]}, for CPU {shorter}, which had {load[shorter]}",
            event_line(event))


CHECKS = {"ENQUEUE": check_enqueue, "DEQUEUE": check_leave, "PICK": check_leave, "SWITCH": check_switch, "MIGRATE": check_migrate}


def places(cpus, tid):
    running, queues = cpus.where(tid)
    found = [f"it runs on CPU {cpu}" for cpu in running] + [f"it waits on CPU {cpu}" for cpu in queues]
    return ", ".join(found) or "it is in none"


def cpus_of(mask):
    return "CPU " + ", ".join(str(cpu) for cpu in range(64) if mask >> cpu & 1) if mask != EVERYWHERE else "all"


def work_is_conserved(events, n):
    """Judges that none of n CPUs stays idle while a thread waits on another one that may run there and is not the kernel's own: not for
    more than TICKS_IDLE ticks of that other one."""
    cpus, lasts = Cpus(n), {}
    rule = "no CPU is idle while a thread waits elsewhere that may run on it"
    for event in events:
        lasts = {miss: lasts.get(miss, 0) for miss in missed(cpus)}
        if event.event == "TICK":
            mine = [miss for miss in lasts if miss[2] == event.cpu]
            lasts.update({miss: lasts[miss] + 1 for miss in mine})
            for idle, tid, cpu in mine:
                require(lasts[idle, tid, cpu] <= TICKS_IDLE, rule,
                        f"thread {tid} waits on CPU {cpu} for {lasts[idle, tid, cpu]} of its ticks, and CPU {idle} has nobody to run",
                        event_line(event))
        cpus.now(event)


def hardly_idle_in_all(events, n):
    """Judges that of IN_ALL ticks not one finds somebody who waits there, while one of n CPUs is idle on which he may run. That holds where
    threads compute for many ticks, without sleep: a CPU that runs out of work is just running, and takes somebody. A CPU that sleeps and is
    told has to wait for its turn, which is a good part of the time of threads that compute for less than a tick."""
    cpus, ticks, found = Cpus(n), 0, []
    for event in events:
        if event.event == "TICK":
            ticks += 1
            found += [(event, miss) for miss in missed(cpus) if miss[2] == event.cpu][:1]
        cpus.now(event)
    require(len(found) * IN_ALL < max(ticks, 1), f"in all, CPUs are idle while threads wait elsewhere for less than one tick in {IN_ALL}",
            lambda: f"at {len(found)} of {ticks} ticks somebody waited so; first thread {found[0][1][1]} on CPU {found[0][1][2]}, with CPU "
            f"{found[0][1][0]} idle", lambda: event_line(found[0][0]))


def missed(cpus):
    """[(idle CPU, thread that could run there, CPU where it waits)] of the present moment."""
    idle = [cpu for cpu, tid in cpus.running.items() if tid == IDLE and not cpus.ready(cpu)]
    return [(here, tid, cpu) for here in idle for cpu in cpus.waiting for tid in cpus.ready(cpu)
            if tid != MAIN and cpus.may_run(tid, here)]


def loads(events, n):
    """[(TICK event, [threads that run or wait on each CPU])]."""
    cpus, found = Cpus(n), []
    for event in events:
        if event.event == "TICK":
            found.append((event, cpus.load()))
        cpus.now(event)
    return found


def migrations(events, *why):
    """The MIGRATE events for one of these reasons (timeline.MIGRATIONS), or for any."""
    return [event for event in events if event.event == "MIGRATE" and (not why or MIGRATIONS[event.arg[2]] in why)]
