"""The marks of graded tests (grade/api.py), which some tests here import."""


def pytest_configure(config):
    for mark in ("exercise(id, points)", "boots(n)", "seeds(n)"):
        config.addinivalue_line("markers", f"{mark}: see grade/api.py")
