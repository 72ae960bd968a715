"""A scheduler on one CPU, on paper: a model takes every decision, and this writes them down as a kernel does. A wrong model (faults.py)
that takes over in the middle makes a kernel with a mistake of it: its decisions are consistent, and wrong."""

from ..events import Event
from ..models.class_queue import IDLE_THREAD
from ..models.sched_class import DEADLINE
from ..models.sched_class import IDLE as IDLE_CLASS
from ..models.schedule import NORMAL_EFFECTIVE, NORMAL_PRIORITY, PREEMPTED, WAKE
from .judge import SLEEPS, TICK_NS, AtOnce, begin

BITS = (1 << 64) - 1
PRIORITIES = NORMAL_PRIORITY | NORMAL_EFFECTIVE << 8
REPLENISHES, WAKES, ENDS, BLOCKS, TICKS = range(5)  # of what comes at the same time, in this order


class Unplayable(Exception):
    """The model contradicts itself in this run."""


class Player:
    """first: the number of the first event. lines: how many there are to be. wrong: a class derived from a model, which takes its place as
    soon as there are so many lines as `after` says; or None."""

    def __init__(self, plan, first, lines, wrong=None, after=0):
        self.replay, self.events, self.wrong, self.after = begin(plan), [], wrong, after
        self.queue, self.threads = self.replay.queues[0], self.replay.threads
        self.first, self.lines, self.now, self.next_tick = first, lines, 0, TICK_NS
        self.goal = {start.tid: start.goal for start in plan.threads if start.place != SLEEPS}
        self.then = {start.tid: list(start.then) for start in plan.threads}
        self.wakes = {start.tid: self.then[start.tid].pop(0) for start in plan.threads if start.place == SLEEPS and start.then}

    def play(self):
        """The events."""
        while len(self.events) < self.lines:
            if self.wrong and len(self.events) >= self.after:
                self.turn_wrong()
            coming = self.coming()
            if not coming:
                break
            self.now, what, tid = min(coming)
            self.next_tick = self.now // TICK_NS * TICK_NS + TICK_NS
            [self.replenish, self.wake, self.end, self.block, self.tick][what](tid)
            self.settle()
        return self.events[:self.lines]

    def turn_wrong(self):
        whose = self.queue if issubclass(self.wrong, AtOnce) else self.queue.classes[self.wrong.id]
        whose.__class__, self.wrong = self.wrong, None

    def coming(self):
        """[(ns, what, tid)]."""
        running, deadline, rt = self.queue.now_running(), *self.queue.classes[:2]
        found = [(at, WAKES, tid) for tid, at in self.wakes.items()]
        found += [(max(self.now, t.throttled), REPLENISHES, t.tid) for t in deadline.without_budget.values()]
        if rt.throttled is not None:
            found.append((rt.throttled, REPLENISHES, IDLE_THREAD))
        if running:
            ran = self.ran(running)
            found.append((self.next_tick, TICKS, running.tid))
            if self.goal[running.tid] is not None:
                found.append((self.now + self.goal[running.tid] - ran, BLOCKS, running.tid))
            if running.cls == DEADLINE and running.throttled is None and running.budget > ran - running.charged:
                found.append((self.now + running.budget - ran + running.charged, ENDS, running.tid))
        return found

    def ran(self, t):
        return t.ran + (self.now - t.at if t.tid == self.queue.running else 0)

    def wake(self, tid):
        del self.wakes[tid]
        length = self.then[tid].pop(0) if self.then[tid] else None
        self.goal[tid] = None if length is None else self.threads[tid].ran + length
        self.write("ENQUEUE", tid, WAKE)

    def block(self, tid):
        if self.then[tid]:
            self.wakes[tid] = self.now + self.then[tid].pop(0)
        self.write("BLOCK", tid, self.ran(self.threads[tid]))
        self.pick()

    def tick(self, tid):
        self.write("TICK", tid, self.ran(self.threads[tid]))

    def end(self, tid):
        """The timer that was set to the end of a budget."""
        deadline, self.queue.clock = self.queue.classes[DEADLINE], self.now
        deadline.looks_for_misses = False
        self.queue.charge_running()
        deadline.looks_for_misses = True

    def replenish(self, tid):
        self.queue.clock = self.now
        self.write("REPLENISH", tid, self.queue.classes[DEADLINE].replenished(self.threads[tid])[1] if tid != IDLE_THREAD else 0)

    def settle(self):
        """Writes what follows from the last event, and makes room if that is due."""
        self.write_owed()
        if self.queue.due:
            if self.queue.running != IDLE_THREAD:
                self.write("ENQUEUE", self.queue.running, PREEMPTED)
                self.write_numbers()
            self.pick()

    def write_owed(self):
        self.write_numbers()
        while self.queue.owed:
            owed = self.queue.owed[0]
            self.write(owed.name, owed.tid, owed.number)
            self.write_numbers()

    def pick(self):
        self.queue.clock = self.now
        self.queue.put_down()  # or V, and who has budget, would be those of its last record
        self.write_owed()
        best = self.queue.best()
        self.write("PICK", best.tid if best else IDLE_THREAD)
        self.settle()

    def write_numbers(self):
        for tid in self.replay.entities.get(0, [])[:]:
            t = self.threads[tid]
            self.write("ENTITY", tid, *(number & BITS for number in self.queue.class_of(t).entity(t)))

    def write(self, name, tid, *numbers):
        """Adds an event and has the model take it in. Raises Unplayable."""
        t = self.threads.get(tid)
        queued = len(self.queue.waiting)
        if name == "ENQUEUE":
            queued += self.queue.class_of(t).may_run(t)
        elif name == "PICK":
            queued -= tid != IDLE_THREAD
        if name != "ENTITY":
            numbers = (numbers[0] if numbers else 0, self.ran(t) if t else 0, PRIORITIES, self.now)
        event = Event(self.now, 0, self.first + len(self.events), name, t.cls if t else IDLE_CLASS, tid, 0, queued, numbers)
        self.events.append(event)
        if self.replay.step(event):
            raise Unplayable
