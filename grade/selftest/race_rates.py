"""How often the race build finds the mutants that are races: the table in docs/performance.md, printed as Markdown.

For each mutant whose test takes seeds: how many of the first seeds, each alone in its boot, make that test fail, for some densities of
race points, and with the timer alone; with how many seeds the test is graded, and how likely they all are to miss it at the density that
grades have. `make race-rates PHASE=n SEEDS=n DENSITY=16 JOBS=n`; that is one, or several with commas between; 0 is the timer alone."""

import argparse
import concurrent.futures
import functools
import tempfile

import kernels
import test_mutants

from grade.boot import RACE

DENSITIES = (8, 16, 32, 64, 0)  # one access in so many is a race point; 0 = none


def races(phases=test_mutants.PHASES):
    """The mutants of these phases whose test takes seeds."""
    return [mutant for mutant in test_mutants.MUTANTS if mutant["phase"] in phases and seeds_of(mutant)]


def seeds_of(mutant):
    """With how many seeds the test that is to catch it is graded; 0 for a test without."""
    return getattr(kernels.phase_tests(mutant["phase"]).get(mutant["test"]), "seeds", 0)


def found(mutant, seeds, densities=DENSITIES):
    """How many of the seeds 1..seeds find the mutant, for each density."""
    with tempfile.TemporaryDirectory(dir=kernels.ROOT / "build", prefix=".mutant-") as folder:
        variants = test_mutants.made(mutant, folder)
        return [sum(kernels.judge(variants, mutant["test"], None, [seed], race)["status"] != "pass" for seed in range(1, seeds + 1))
                for race in densities]


def missed(count, seeds, graded):
    """The chance, in words, that so many graded seeds all miss what `count` of `seeds` found. Where all did, one more seed is taken to have
    missed it: the chance is at most what is said."""
    rate = (count if count < seeds else seeds) / (seeds if count < seeds else seeds + 1)
    return f"{'< ' * (count == seeds)}{(1 - rate) ** graded:.0e}"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--phase", type=int, help="of this phase alone")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--densities", type=lambda text: [int(word) for word in text.split(",")], default=list(DENSITIES))
    parser.add_argument("names", nargs="*", help="mutants; all unless some are named")
    options = parser.parse_args()
    chosen = races([options.phase] if options.phase else test_mutants.PHASES)
    chosen = [mutant for mutant in chosen if not options.names or mutant["id"] in options.names]
    heads = [f"one in {density}" if density else "the timer alone" for density in options.densities]
    print("| mutant | " + " | ".join([*heads, "seeds in a grade", "all miss it"]) + " |")
    print("|---" * (len(heads) + 3) + "|", flush=True)
    find = functools.partial(found, seeds=options.seeds, densities=options.densities)
    with concurrent.futures.ProcessPoolExecutor(options.jobs) as pool:
        for mutant, counts in zip(chosen, pool.map(find, chosen)):
            last = missed(counts[options.densities.index(RACE)], options.seeds, seeds_of(mutant)) if RACE in options.densities else "?"
            print(f"| {mutant['id']} | " + " | ".join(map(str, [*counts, seeds_of(mutant), last])) + " |", flush=True)


if __name__ == "__main__":
    main()
