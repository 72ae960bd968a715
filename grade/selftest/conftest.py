"""The marks of graded tests (grade/api.py), which some tests here import."""

import signal


def pytest_configure(config):
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it, and so would what tests interrupt
    for mark in ("exercise(id, points)", "boots(n)", "seeds(n)"):
        config.addinivalue_line("markers", f"{mark}: see grade/api.py")
