"""Who waits in a run queue (kernel/sched/rq.h): every list and tree in which a policy or a class keeps its threads, in the order that they
are kept in (under EEVDF by deadline, eligible or not). Nothing is trusted: what is wrong with a link is said, and the rest is still read.

    for place in waiting(kernel, rq, most, label): place.title, place.threads, place.counted, place.complaints"""

from collections import namedtuple

from ..memory import BadAddress
from .lists import walk

# link: the member of struct thread by which they hang there. counted: whether nr_ready counts them. complaints: lines
Place = namedtuple("Place", "title link threads counted complaints")

# Title, where in struct rq, by which member of struct thread. A phase has what its struct rq has. Of several lists, the last one is picked
# from first where a higher number is a better priority.
REAL_TIME = "real-time"
PLACES = (("deadline", "classes.dl.ready", "se.dl.node"),
          (REAL_TIME, "classes.rt.level", "run_link"),
          ("", "ready", "run_link"),
          ("", "prio.level", "run_link"),
          ("", "mlfq.level", "run_link"),
          ("", "sjf.tree", "sjf.node"),
          ("", "classes.fair.tree", "se.fair.node"),
          ("idle", "classes.background.ready", "run_link"),
          ("without budget", "classes.dl.throttled", "se.dl.node"))
BEST_LAST = ("classes.rt.level", "prio.level")


def waiting(kernel, rq, most, name):
    """[Place] of a struct rq, those in which somebody waits or something is wrong. most: threads. name(thread): how to call one."""
    found = []
    for title, where, link in PLACES:
        at, member = inside(kernel, "rq", where), inside(kernel, "thread", link)
        if at and member:
            links, complaints = read(kernel, rq._address + at[0], at[1], most, lambda it: name(kernel.at("thread", it - member[0])))
            if where in BEST_LAST:
                links.reverse()
            threads = [kernel.at("thread", it - member[0]) for part in links for it in part]
            if threads or complaints:
                found.append(Place(title, link, threads, is_counted(rq, where), complaints))
    return found


def is_counted(rq, where):
    """Nobody of a class that may not run now waits for this CPU, nor does a thread without budget."""
    return not (where == "classes.dl.throttled" or where == "classes.rt.level" and rq.classes.rt.throttled)


def inside(kernel, struct, path):
    """(offset, type) of a member of a member of ..., or None where this kernel has none."""
    offset, kind = 0, ("struct", struct)
    for member in path.split("."):
        members = kernel.image.structs.get(kind[1], {}).get("members", {}) if kind[0] == "struct" else {}
        if member not in members:
            return None
        step, kind = members[member]
        offset += step
    return offset, kind


def read(kernel, address, kind, most, name):
    """([addresses of links] of each list, or of the tree, complaints) of what lies there."""
    if kind[0] == "array":
        size = kernel.size(kind[1])
        parts = [walk(kernel, address + i * size, most, name) for i in range(kind[2])]
    elif kind[1] == "rb_tree":
        parts = [in_order(kernel, int(kernel.at("rb_tree", address).root), most, name)]
    else:
        parts = [walk(kernel, address, most, name)]
    return [links for links, _ in parts], [text for _, texts in parts for text in texts]


def in_order(kernel, root, most, name):
    """(nodes, complaints) of a red-black tree (lib/rbtree.h), the first one first."""
    found, wrong, seen, way, at, above = [], [], set(), [], root, 0
    while way or at:
        while at:
            try:
                node = kernel.at("rb_node", at)
                left, parent = int(node.left), int(node.parent)
            except BadAddress:
                return found, [*wrong, f"a link of the tree leads to {at:#x}, where there is no memory"]
            if at in seen or len(seen) >= most:
                return found, [*wrong, f"the tree comes to {name(at)} a second time" if at in seen else f"it has more than {most} elements"]
            if parent != above:
                wrong.append(f"{name(at)} stands below {name(above) if above else 'nobody'} in the tree, but its parent is "
                             + (name(parent) if parent in seen else hex(parent)))
            seen.add(at)
            way.append(at)
            at, above = left, at
        above = way.pop()
        found.append(above)
        at = int(kernel.at("rb_node", above).right)
    return found, wrong
