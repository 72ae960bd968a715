"""A run's schedule as a picture (SVG): a lane for each CPU, a lane for each thread, one scale of time. Nothing is said by colour alone: who
has a CPU stands in the box as a number and shows in its pattern; what a thread does shows in height and pattern; events have shapes.
Standard library only.

    gantt.draw(timeline, "test name", "what happened")      # the text of an SVG file"""

import math
from xml.sax.saxutils import escape

from .timeline import migration

LEFT, RIGHT, TOP = 150, 24, 82           # pixels beside the lanes; above the first row
CPU_LANE, THREAD_LANE, GAP = 30, 26, 12  # heights; between the CPUs and the threads
AXIS = 26                                # height of the numbers above and below the lanes
WIDTH, LEAST_WIDTH, MOST_ROWS = 1400, 860, 12  # of a row of lanes; a longer time is folded into several rows
MOST_THREADS = 64                        # lanes of a row
TURN_WIDTH = 18                          # a usual turn's, so that its number can be read
LETTER = 6.3                             # a digit's width
FONT = "font-family='DejaVu Sans, Verdana, Arial, sans-serif'"

# Patterns for threads on a CPU's lane: colours that differ in brightness too, and lines that differ in direction and distance.
FILLS = ["#dbe9f6", "#fde0c5", "#d5efd5", "#f6d3dc", "#e6dcf2", "#f3efc0", "#cfeeee", "#e4e4e4"]
LINES = ["", "M0 8L8 0", "M0 4H8", "M4 0V8", "M0 0L8 8", "M0 4H8M4 0V8", "M0 8L8 0M0 0L8 8", "M2 2h1M6 6h1"]
STATES = {  # name: (share of the lane's height, pattern's id, what it says in the legend)
    "RUNNING": (0.78, "run", "runs"),
    "READY": (0.34, "ready", "ready, waits for a CPU"),
    "NEW": (0.16, "new", "new"),
    "THROTTLED": (0.34, "throttled", "throttled: has used up its share"),
    "ZOMBIE": (0.34, "zombie", "has exited, waits for its join"),
}
OTHER = (0.34, "other", "other state (named)")
SHAPES = {  # of events, around (0, 0)
    "create": ("M-4 -6L6 0L-4 6Z", "#ffffff", "created"),
    "arrive": ("M-4 -6L6 0L-4 6Z", "#ffffff", "arrives"),
    "exit": ("M-5 -5L5 5M-5 5L5 -5", "none", "exits"),
    "join": ("M0 -6L6 0L0 6L-6 0Z", "#ffffff", "has joined another"),
    "reclaim": ("M-5 0a5 5 0 1 0 10 0a5 5 0 1 0 -10 0Z", "#ffffff", "given back"),
    "migrate": ("M-3 -7H3V1H7L0 8L-7 1H-3Z", "#ffffff", "comes to another CPU"),
    "mark": ("M0 8V-8L8 -4L0 -1", "#ffffff", "a mark"),
    "throttle": ("M-5 -4H5V4H-5Z", "#ffffff", "has used up its share"),
    "replenish": ("M-6 5L0 -6L6 5Z", "#ffffff", "has more"),
    "deadline": ("M0 12V-13M-4 7L0 12L4 7", "none", "its deadline"),
    "miss": ("M-6 -6L6 6M-6 6L6 -6M-8 0H8", "none", "has missed its deadline"),
}
BUDGET = ("throttle", "replenish", "deadline", "miss")  # those that are about a thread's budget and deadlines


def draw(line, title, subtitle, per_ns=None):
    """The picture of a timeline.Timeline, in one row if it says how many pixels a ns has."""
    scales, cut = rows(line) if per_ns is None else ([Scale(line.start, per_ns * (line.end - line.start) * 1.02, per_ns, line.start)], "")
    top, parts = TOP, []
    for scale in scales:
        drawn, top = row(line, scale, top)
        parts += drawn
        top += 22
    width = LEFT + scales[0].width + RIGHT
    meanings, height = legend(line, top + 14, width)
    size = f"width='{width:.0f}' height='{height:.0f}' viewBox='0 0 {width:.0f} {height:.0f}'"
    head = [f"<svg xmlns='http://www.w3.org/2000/svg' {size} {FONT}>",
            "<rect width='100%' height='100%' fill='#ffffff'/>", definitions(),
            text(16, 28, title, 17, weight="bold"), text(16, 50, subtitle, 12, fill="#333333"), text(16, 68, cut, 12, fill="#333333")]
    return "\n".join([*head, *parts, *meanings, "</svg>", ""])


def row(line, scale, top):
    """(parts, bottom): the lanes for the part of the time that a scale covers."""
    lanes, at = {}, top + AXIS
    for cpu in line.cpus:
        lanes["cpu", cpu] = at
        at += CPU_LANE
    at += GAP
    for tid in [tid for tid in line.tids if any(scale.box(span.start, span.end) for span in line.spans[tid])][:MOST_THREADS]:
        lanes["thread", tid] = at
        at += THREAD_LANE
    parts = axis(scale, top + AXIS, at)
    for (kind, number), y in lanes.items():
        tall, draw_lane = (CPU_LANE, cpu_lane) if kind == "cpu" else (THREAD_LANE, thread_lane)
        label, weight = (f"CPU {number}", "bold") if kind == "cpu" else (line.name(number), "normal")
        parts.append(text(LEFT - 10, y + tall / 2 + 4, shortened(label, 20), 12, anchor="end", weight=weight))
        parts.append(f"<path d='M{LEFT} {y + tall}h{scale.width:.1f}' stroke='#c8c8c8' stroke-width='0.6'/>")
        parts += draw_lane(line, scale, number, y)
    return parts, at + AXIS


class Scale:
    """Time to pixels, for a row. start, end: its time in ns; width: of its lanes; zero: the trace's start, from which the axis counts."""

    def __init__(self, start, width, per_ns, zero):
        self.start, self.width, self.per_ns, self.zero = start, width, per_ns, zero
        self.end = start + width / per_ns

    def x(self, time):
        return LEFT + min(max((time - self.start) * self.per_ns, 0), self.width)

    def box(self, start, end):
        """(x, width) of a time from start to end, None if it lies outside."""
        if start >= self.end or end <= self.start or start == end:
            return None
        return self.x(start), max(self.x(end) - self.x(start), 0.6)


def rows(line):
    """(scales, line that says what is not shown, or ""): as many rows as let a usual turn's number be read. Three quarters of all turns are
    at least as long as a usual one; or half of them, or a quarter, if only then all of the time can be shown."""
    last = max([event.time for event in line.events] or [line.start])
    whole = max(last - line.start, 1) * 1.03
    lengths = sorted(turn.end - turn.start for turn in line.turns if turn.end <= last) or [whole]
    usual = next((length for length in (lengths[len(lengths) * part // 4] for part in (1, 2, 3)) if fits(length, whole)), 0)
    per_ns = max(TURN_WIDTH / usual, LEAST_WIDTH / whole) if usual else TURN_WIDTH / 2 / max(lengths[len(lengths) // 4], 1)
    if per_ns * whole <= WIDTH * 1.25:
        return [Scale(line.start, per_ns * whole, per_ns, line.start)], ""
    count = min(math.ceil(per_ns * whole / WIDTH), MOST_ROWS)
    per_ns = max(per_ns, count * WIDTH / whole)  # the last row is as full as the others
    scales = [Scale(line.start + n * WIDTH / per_ns, WIDTH, per_ns, line.start) for n in range(count)]
    shown = sum(event.time <= scales[-1].end for event in line.events)
    if shown == len(line.events):
        return scales, ""
    return scales, f"Shown: the first {shown} of {len(line.events)} events; the JSON file has all of them."


def fits(length, whole):
    """Whether all of the time can be shown so that the number in a turn of that length can be read."""
    return length > 0 and TURN_WIDTH / length * whole < WIDTH * MOST_ROWS


def axis(scale, top, bottom):
    """Lines and numbers at round times, counted from the trace's start."""
    step = next(step for n in range(15) for step in (10**n, 2 * 10**n, 5 * 10**n) if step * scale.per_ns >= 90)
    unit, name = next(unit for unit in ((1_000_000, "ms"), (1000, "µs"), (1, "ns")) if step >= unit[0])
    parts, time = [], math.ceil((scale.start - scale.zero) / step) * step
    while time <= scale.end - scale.zero:
        x = scale.x(scale.zero + time)
        label = f"{time / unit:,.10g} {name}"
        parts.append(f"<path d='M{x:.1f} {top - 6}V{bottom + 6}' stroke='#9a9a9a' stroke-width='0.6' stroke-dasharray='2 3'/>")
        parts += [text(x, y, label, 11, anchor="middle", fill="#333333") for y in (top - 10, bottom + 19)]
        time += step
    return parts


def cpu_lane(line, scale, cpu, top):
    parts = []
    for turn in line.turns:
        box = scale.box(turn.start, turn.end) if turn.cpu == cpu else None
        if not box:
            continue
        fill = "url(#idle)" if turn.tid == 0 else f"url(#t{fill_number(turn.tid)})"
        tip = f"{line.name(turn.tid)}: {turn.start} to {turn.end} ns, {turn.end - turn.start} ns"
        parts.append(f"<rect x='{box[0]:.1f}' y='{top + 4}' width='{box[1]:.1f}' height='{CPU_LANE - 8}' fill='{fill}' stroke='#222222' "
                     f"stroke-width='{0.8 if box[1] > 3 else 0.2}'><title>{escape(tip)}</title></rect>")
        parts += inside(box, top + CPU_LANE / 2, line.name(turn.tid), "idle" if turn.tid == 0 else str(turn.tid))
    return parts


def thread_lane(line, scale, tid, top):
    parts, middle = [], top + THREAD_LANE / 2
    for span in line.spans[tid]:
        box = scale.box(span.start, span.end)
        if not box:
            continue
        share, pattern, _ = STATES.get(span.state, OTHER)
        tall = THREAD_LANE * share
        tip = f"{line.name(tid)} {span.state}: {span.start} to {span.end} ns, {span.end - span.start} ns"
        parts.append(f"<rect x='{box[0]:.1f}' y='{middle - tall / 2:.1f}' width='{box[1]:.1f}' height='{tall:.1f}' fill='url(#{pattern})' "
                     f"stroke='#222222' stroke-width='{0.7 if box[1] > 3 else 0.2}'><title>{escape(tip)}</title></rect>")
        if span.state == "RUNNING" and len(line.cpus) > 1:
            parts += inside(box, middle, f"CPU {span.cpu}", str(span.cpu))
        elif span.state not in STATES:
            parts += inside(box, middle, span.state.lower(), "")
    for mark in line.marks:
        if mark.tid == tid and scale.start <= mark.time <= scale.end:
            more = f", {migration(mark.event)}" if mark.kind == "migrate" else ""
            parts.append(shape(mark.kind, scale.x(mark.time), middle, f"{mark.kind} at {mark.time} ns{more}"))
    return parts


def inside(box, middle, long, short):
    """A label in a box (x, width): the long one if it fits, else the short one, else none."""
    for label in (long, short):
        if label and len(label) * LETTER + 6 <= box[1]:
            x, wide = box[0] + box[1] / 2, len(label) * LETTER + 4
            return [f"<rect x='{x - wide / 2:.1f}' y='{middle - 7:.1f}' width='{wide:.1f}' height='14' rx='3' fill='#ffffff'/>",
                    text(x, middle + 4, label, 11, anchor="middle")]
    return []


def shape(kind, x, y, tip=""):
    path, fill, _ = SHAPES[kind]
    place = f"<path d='{path}' transform='translate({x:.1f} {y:.1f})' fill='{fill}'"
    return f"{place} stroke='#ffffff' stroke-width='4'/>{place} stroke='#000000' stroke-width='1.6'><title>{escape(tip)}</title></path>"


def legend(line, top, width):
    """(parts, height of the picture): what the patterns and shapes mean, as far as they occur."""
    seen, kinds = {span.state for found in line.spans.values() for span in found}, {mark.kind for mark in line.marks}
    states = [STATES[name] for name in STATES if name in seen] + ([OTHER] if seen - set(STATES) else [])
    several = " (with its CPU's number)" if len(line.cpus) > 1 else ""
    boxes = [(words + (several if name == "run" else ""), 33, sample(share, name)) for share, name, words in states]
    shapes = [(SHAPES[kind][2], 24, lambda x, y, kind=kind: shape(kind, x + 8, y)) for kind in SHAPES if kind in kinds]
    parts, at = explained(boxes, top, width)
    more, at = explained(shapes, at, width)
    return parts + more, at


def explained(entries, y, width):
    """(parts, where the next line is): samples and what they mean, in lines of that width. entries: [(words, their distance, what draws the
    sample at (x, y))]."""
    parts, x = [], 16
    for words, distance, draw_sample in entries:
        wide = distance + len(words) * 6.8
        if x > 16 and x + wide > width:
            x, y = 16, y + 28
        parts += [draw_sample(x, y), text(x + distance, y + 4, words, 12)]
        x += wide + 20
    return parts, y + 28


def sample(share, name):
    """What draws a state's box in the legend."""
    tall = THREAD_LANE * share
    return lambda x, y: (f"<rect x='{x}' y='{y - tall / 2:.1f}' width='26' height='{tall:.1f}' fill='url(#{name})' stroke='#222222' "
                         f"stroke-width='0.7'/>")


def definitions():
    """The patterns."""
    found = [pattern(f"t{n}", FILLS[n], LINES[n]) for n in range(len(FILLS))]
    found += [pattern("idle", "#ffffff", ""), pattern("run", "#3f6fa3", ""), pattern("ready", "#ffffff", "M0 8L8 0M-2 2L2 -2M6 10L10 6"),
              pattern("new", "#ffffff", ""), pattern("zombie", "#ffffff", "M1 2h2M5 6h2"),
              pattern("throttled", "#d8d8d8", "M0 0L8 8M0 8L8 0"), pattern("other", "#f0f0f0", "M0 4H8M4 0V8")]
    return f"<defs>{''.join(found)}</defs>"


def pattern(name, fill, path):
    return (f"<pattern id='{name}' width='8' height='8' patternUnits='userSpaceOnUse'><rect width='8' height='8' fill='{fill}'/>"
            f"<path d='{path or 'M0 0'}' stroke='#444444' stroke-width='1'/></pattern>")


def fill_number(tid):
    return (tid - 1) % len(FILLS)


def text(x, y, words, size, anchor="start", weight="normal", fill="#000000"):
    look = f"font-size='{size}' text-anchor='{anchor}' font-weight='{weight}' fill='{fill}'"
    return f"<text x='{x:.1f}' y='{y:.1f}' {look}>{escape(words)}</text>"


def shortened(words, most):
    return words if len(words) <= most else words[:most - 1] + "…"
