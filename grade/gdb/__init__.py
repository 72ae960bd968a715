"""The debugger's side: commands for people (commands.py) and scripts for graded tests (driver.py), which run in GDB's own
Python, and what they show and check (views.py, check.py), which reads any kernel that state.py can read and does not need GDB."""
