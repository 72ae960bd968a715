"""Hidden tests of lab 3, 3.8a: signals sent, kept and taken in any order. In the kernel: hidden_signal.c."""

from grade.api import boots, exercise, no_leak, seeds
from grade.models.twin import BITS, Draws, agree

SIGNALS = 64
KILL, CONT, STOP = 9, 18, 19
STOPS = (19, 20, 21, 22)
DEFAULT, IGNORED, HANDLED = range(3)
SIGNAL_RULES = {
    "FOUND": "a signal is ignored by wish, or by default if it is CHLD, CONT, URG or WINCH; KILL and STOP never are",
    "RESULT": "of what is pending and not blocked KILL is taken first, then the lowest number; 0 if there is nothing",
    "NOTE": "what is known of a signal, of the first 31, is taken with it",
    "COUNT": "what was taken is pending no more, unless it is one from 32 on that came more than once; what is ignored is not kept"}


class Signals:
    def __init__(self, seed):
        self.draws, self.facts = Draws(seed), []
        self.action, self.blocked = [DEFAULT] * (SIGNALS + 1), 0
        self.pending = {}  # {signal: [its sender, how often it came]}

    def some(self):
        draws = self.draws
        high = draws(1 << 31)
        picked = (high << 33 | high >> 15 | draws(1 << 31) << 8) & BITS
        return picked if draws(3) else picked & draws(1 << 31) << 20

    def ignored(self, signal):
        action = self.action[signal]
        return action == IGNORED and signal not in (KILL, STOP) or action == DEFAULT and signal in (17, 18, 23, 28)

    def drop(self, signals):
        for signal in signals:
            self.pending.pop(signal, None)

    def send(self, signal, sender):
        if signal in (KILL, CONT):
            self.drop(STOPS)
        if signal in STOPS:
            self.drop([CONT])
        if self.ignored(signal) and not self.blocked >> signal - 1 & 1:
            return
        if signal not in self.pending:
            self.pending[signal] = [sender, 1]
        elif signal >= 32:
            self.pending[signal][1] += 1

    def take(self, step, blocked):
        ready = [signal for signal in sorted(self.pending) if not blocked >> signal - 1 & 1]
        signal = KILL if KILL in ready else ready[0] if ready else 0
        self.facts.append(("RESULT", step, signal))
        if signal:
            sender = self.pending[signal][0]
            known = (sender, 0 if sender & 1 else -6 & BITS) if signal <= 31 else (0, 0)
            self.facts.append(("NOTE", *known))
            self.pending[signal][1] -= 1
            if not self.pending[signal][1]:
                del self.pending[signal]

    def told(self, step):
        self.facts.append(("COUNT", step, sum(1 << signal - 1 for signal in self.pending)))

    def step(self, step):
        draws = self.draws
        what, how = draws(16), draws(3)
        number = 1 + draws(SIGNALS) if draws(4) else 15 + draws(9)
        sender, picked = draws(1 << 31), self.some()
        if what < 6:
            self.send(number, sender)
        elif what < 8:
            self.action[number] = how
            self.facts.append(("FOUND", number, int(self.ignored(number))))
        elif what < 9:
            self.blocked = picked & ~(1 << KILL - 1 | 1 << STOP - 1)
        else:
            self.take(step, self.blocked if what < 12 else picked)
        self.told(step)

    def play(self):
        for step in range(700):
            self.step(step)
        for n in range(300):
            if self.pending:
                self.take(700 + n, 0)
        self.told(700)
        return self.facts


@exercise("3.8a", points=1)
@boots(2)
@seeds(2)
def test_signals_are_kept_and_taken_as_the_model_says_in_any_order(boot, seeds):
    """All 64 numbers, sent once and again, blocked, ignored, handled, and taken with any mask."""
    for seed in seeds:
        run = boot("hidden_signal", f"seed={seed}", trace="off")
        agree(run, Signals(seed).play(), SIGNAL_RULES)
        no_leak(run)
