"""How often the race build finds the mutants that are races: the table in docs/performance.md, printed as Markdown.

For each mutant whose test takes seeds: how many of the first seeds, each alone in its boot, make that test fail, for some densities of
race points, and with the timer alone. `make race-rates SEEDS=n JOBS=n`."""

import argparse
import concurrent.futures
import functools
import tempfile

import kernels
import test_mutants

DENSITIES = (8, 16, 32, 64, 0)  # one access in so many is a race point; 0 = none


def races():
    """The mutants whose test takes seeds."""
    return [mutant for mutant in test_mutants.MUTANTS if getattr(kernels.phase_tests(mutant["phase"]).get(mutant["test"]), "seeds", 0)]


def found(mutant, seeds):
    """How many of the seeds 1..seeds find the mutant, for each density."""
    with tempfile.TemporaryDirectory(dir=kernels.ROOT / "build", prefix=".mutant-") as folder:
        variants = test_mutants.made(mutant, folder)
        return [sum(kernels.judge(variants, mutant["test"], None, [seed], race)["status"] != "pass" for seed in range(1, seeds + 1))
                for race in DENSITIES]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    print("| mutant | " + " | ".join(f"one in {density}" if density else "the timer alone" for density in DENSITIES) + " |")
    print("|---" * (len(DENSITIES) + 1) + "|", flush=True)
    with concurrent.futures.ProcessPoolExecutor(options.jobs) as pool:
        for mutant, counts in zip(races(), pool.map(functools.partial(found, seeds=options.seeds), races())):
            print(f"| {mutant['id']} | " + " | ".join(map(str, counts)) + " |", flush=True)


if __name__ == "__main__":
    main()
