"""Lab 4.1: spin_acquire(), spin_try_acquire(), spin_release(): who has a lock keeps the other CPUs out, and they get it in turn. The CPUs
of these tests run no threads: they were started for this alone, so lab 4.2 is not needed."""

from grade.api import exercise, require, seeds

ALONE = "cpus=1"  # the kernel starts no other CPU: the test does


@exercise("4.1", points=7)
@seeds(20)
def test_cpus_that_count_under_one_lock_lose_nothing(boot, seeds):
    """A CPU that comes in while another one is between reading a number and writing it back undoes what that one did."""
    for part in boot("spin_counts", ALONE, build="race", seeds=seeds, cpus=4).each_seed():
        (cpus, count), (rounds, inside) = [(fact.a, fact.b) for fact in part.facts("COUNT")]
        require(cpus == 4, "four CPUs take part", f"{cpus}")
        require(inside == 1, "one CPU at a time is between spin_acquire() and spin_release()", f"{inside} were there at once")
        require(count == cpus * rounds, "what is counted under a lock is counted",
                f"{cpus} CPUs counted to {rounds} each, and the sum is {count}")


@exercise("4.1", points=4)
def test_cpus_get_a_lock_in_the_order_in_which_they_came(boot):
    """With a lock that anybody may snatch, one CPU can wait for ever while two others pass it to each other."""
    order = [fact.b for fact in boot("spin_order", ALONE, cpus=4).facts("NOTE")]
    require(order == [3, 2, 1], "CPUs that wait for a lock get it in the order in which they came", "they came in the order 3, 2, 1",
            f"they got it in the order {', '.join(map(str, order))}")


@exercise("4.1", points=4)
def test_who_only_tries_never_waits(boot):
    """Somebody who holds another lock already may only try: if it waited, two CPUs could wait for each other."""
    held, free, own = [bool(fact.b) for fact in boot("spin_try", ALONE, cpus=4).facts("FOUND")]
    require(not held, "spin_try_acquire() does not get a lock that another CPU has", "it said that it did")
    require(free and own, "spin_try_acquire() gets a lock that nobody has", f"another CPU: {free}; this one: {own}")
