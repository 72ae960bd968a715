"""Model of preemptive round-robin: one queue in the order in which threads became ready, turns of a quantum by thread priority.

A quantum is used up by running, in one turn or several; it begins anew when it was used up or given up by a yield, not by a wake. Who
loses the CPU in the middle of a quantum keeps its place, the first. Nobody takes the CPU from a running thread but the timer."""

from .schedule import CHANGED, PREEMPTED, YIELD, Policy


class RoundRobin(Policy):
    rule = "whoever has waited longest runs next"

    def over(self, t):
        return t.ran - t.slice_start >= self.numbers.quantum[t.own]

    def joins(self, t, why):
        over = self.over(t)
        if why == CHANGED or (why == PREEMPTED and not over):
            return
        if over or why == YIELD:
            t.slice_start = t.ran
        t.since = self.clock

    def used_up(self, t):
        return "its quantum is used up" if self.over(t) else None


def replay(events, numbers, running=None):
    """events: one CPU's in order. numbers: schedule.Numbers. running: who runs when they begin. Returns None or a Deviation."""
    return RoundRobin(numbers, running).replay(events)
