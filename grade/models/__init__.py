"""Executable models of the scheduling policies: each replays a run's trace and names the first event where the kernel chose otherwise."""
