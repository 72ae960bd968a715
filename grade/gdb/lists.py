"""Walking the kernel's lists (lib/list.h) without trusting them: a NULL, a wild or a looping link ends the walk and is said."""

from ..memory import BadAddress


def walk(kernel, head, most, name=hex):
    """(links, complaints): the addresses of a list's elements' links in order, and what is wrong between them, a line each.
    head: address of the head. most: elements; more are a list without an end. name(link): how to call an element."""
    found, wrong, seen, at = [], [], {head}, head

    def call(link):
        return "the head" if link == head else name(link)

    while True:
        try:
            follower = int(kernel.at("list", at).next)
        except BadAddress:
            wrong.append(f"{call(at)} cannot be read")
            return found, wrong
        if follower == 0:
            wrong.append(f"the link behind {call(at)} is NULL")
            return found, wrong
        try:
            back = int(kernel.at("list", follower).prev)
        except BadAddress:
            wrong.append(f"the link behind {call(at)} leads to {follower:#x}, where there is no memory")
            return found, wrong
        if back != at:
            wrong.append(f"{call(follower)} follows {call(at)}, but its prev is "
                         + ("NULL" if not back else call(back) if back in seen else hex(back)))
        if follower == head:
            return found, wrong
        if follower in seen or len(found) >= most:
            wrong.append(f"behind {call(at)} comes {call(follower)} again: the list runs in a circle past its head" if follower in seen else
                         f"it has more than {most} elements")
            return found, wrong
        seen.add(follower)
        found.append(follower)
        at = follower


def elements(kernel, head, struct, member, most, name=None):
    """(structures, complaints): as walk(), each link turned into the structure around it. name(structure): how to call one."""
    offset = kernel.image.structs[struct]["members"][member][0]

    def call(link):
        return name(kernel.at(struct, link - offset)) if name else hex(link - offset)

    links, wrong = walk(kernel, head, most, call)
    return [kernel.at(struct, link - offset) for link in links], wrong
