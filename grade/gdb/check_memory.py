"""os-check's rules of the frame allocator and the heap: as far as they are cheap to read through a debugger. The kernel's own
frames_check() and slab_check() see more."""

from .lists import elements, walk

MOST_BLOCKS = 2000  # free blocks of one order that are walked
MOST_SLABS = 500


def free_frames(seen):
    kernel, buddy = seen.kernel, seen.kernel["buddy"]
    if not buddy.total:
        return
    listed, complete = 0, True
    for order, head in enumerate(buddy.free):
        blocks, wrong = elements(kernel, head._address, "frame", "link", MOST_BLOCKS, lambda f: f"the frame structure at {f._address:#x}")
        yield from (f"free list of order {order}: {text}" for text in wrong)
        complete = complete and not wrong
        listed += len(blocks) << order
        if not wrong and bool(blocks) != bool(buddy.nonempty >> order & 1):
            yield f"free list of order {order} has {len(blocks)} blocks, its bit in buddy.nonempty says otherwise"
        for f in blocks:
            if f.state != kernel_enum(kernel, "frame_state", "FRAME_FREE") or f.order != order or f.refs:
                yield (f"the frame structure at {f._address:#x} is in the free list of order {order} and has state {f.state}, "
                       f"order {f.order}, {f.refs} users")
                break  # one is enough to say it
    if complete and listed != buddy.free_count:
        yield f"buddy.free_count is {buddy.free_count}, the free lists hold {listed} frames"
    if buddy.free_count > buddy.total:
        yield f"buddy.free_count is {buddy.free_count}, of {buddy.total} frames in all"


def frame_caches(seen):
    for cpu in seen.cpus:
        cache = seen.kernel["frame_caches"][cpu.id]
        if cache.count > len(cache.frame):
            yield f"the cache of CPU {cpu.id} counts {cache.count} frames and has room for {len(cache.frame)}"
            continue
        for pointer in cache.frame[:cache.count]:
            if pointer.target.state != kernel_enum(seen.kernel, "frame_state", "FRAME_CACHED"):
                yield f"the cache of CPU {cpu.id} holds the frame structure at {int(pointer):#x}, whose state is {pointer.target.state}"
                break


def heap_caches(seen):
    kernel = seen.kernel
    caches, wrong = elements(kernel, kernel.address("slab_caches"), "slab_cache", "caches", 100)
    yield from wrong
    for cache in caches:
        name, used, complete = cache.name.target, 0, True
        for which in ("partial", "full"):
            links, faults = walk(kernel, getattr(cache, which)._address, MOST_SLABS)
            yield from (f"cache '{name}', {which} slabs: {fault}" for fault in faults)
            complete = complete and not faults
            for slab in (kernel.at("slab", link) for link in links):
                used += slab.in_use
                if int(slab.cache) != cache._address:
                    yield f"a slab at {slab._address:#x} is in the lists of cache '{name}' and names another cache"
                if not 0 < slab.in_use <= cache.capacity or (slab.in_use == cache.capacity) != (which == "full"):
                    yield (f"a slab at {slab._address:#x} of cache '{name}' is among the {which} ones with {slab.in_use} of "
                           f"{cache.capacity} objects in use")
        if complete and used != cache.in_use:
            yield f"cache '{name}' counts {cache.in_use} objects in use, its slabs {used}"


def kernel_enum(kernel, enum, label):
    """The value of an enumerator. Raises KeyError."""
    return int(next(value for value, name in kernel.image.enums[enum].items() if name == label))
