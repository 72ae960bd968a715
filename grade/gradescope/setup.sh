#!/bin/sh
# Gradescope runs this once, as root, when the autograder's image is built; the zip's content lies in /autograder/source. Installs what
# `make setup` installs on any Debian or Ubuntu, and builds the handed-out kernel, so that grading compiles the student's files only.
set -e
cd /autograder/source/crescent
apt-get update -q
apt-get install -qy make
make setup SETUP=yes
for kind in $(cat ../kinds); do
    make -s kernel $(echo "$kind" | tr , ' ')
done
