#!/bin/sh
# Gradescope runs this once, as root, when the autograder's image is built; the zip's content lies in /autograder/source. Installs what
# `make setup` installs on any Debian or Ubuntu, and builds what was handed out, so that grading compiles the student's files only.
set -e
cd /autograder/source/crescent
apt-get update -q
apt-get install -qy make
make setup SETUP=yes
python3 grade/bulk.py --tree . --reference ../reference.tar --base ../base --course ../phase.key
