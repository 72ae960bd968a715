"""Hidden tests of lab 5: mixtures of threads, replayed by the models of the classes. In the kernel: hidden_classes.c."""

from grade.api import boots, exercise, no_leak, seeds
from grade.models.classes import follows


def mixes(boot, seeds, ktest, normal, options=""):
    for seed in seeds:
        run = boot(ktest, f"sched={normal} {options} seed={seed}", limit_ms=2000)
        follows(run, normal)
        no_leak(run)


@exercise("5.1", points=1)
@boots(2)
@seeds(2)
def test_any_mixture_of_normal_threads_follows_cfs(boot, seeds):
    """Threads of all nice values that compute, sleep, yield and are reniced: each decision and each number is the model's."""
    mixes(boot, seeds, "hidden_mix_fair", "cfs")


@exercise("5.3", points=1)
@boots(2)
@seeds(2)
def test_any_mixture_of_normal_threads_follows_eevdf(boot, seeds):
    """The same with slices of all lengths: each decision and each number is the model's."""
    mixes(boot, seeds, "hidden_mix_fair", "eevdf")


@exercise("5.5a", points=1)
@boots(2)
@seeds(2)
def test_any_mixture_of_all_classes_follows_the_models(boot, seeds):
    """Deadline, real-time, normal and SCHED_IDLE threads that become each other: each decision and each number is the model's."""
    mixes(boot, seeds, "hidden_mix_classes", "cfs", "dl_bandwidth=0 rt_period=40 rt_runtime=25")
