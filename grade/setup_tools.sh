# Looking for the tools: where they are, whether they are new enough, whether what they need is there as well. Part of setup.sh, which reads
# it in; entry point: find_all, which sets PYTHON, CROSS, QEMU, GDB, NASM, GRUB_MKRESCUE, and MISSING, WRONG and FILES.

LEAST_MAKE=4.3
LEAST_GCC=12.0
LEAST_NASM=2.15
LEAST_QEMU=7.2
LEAST_GDB=12.0
LEAST_PYTHON=3.10

on_x86() {
    case $(uname -m) in x86_64 | amd64) true ;; *) false ;; esac
}

# True if version $1 (numbers with dots) is at least $2; false for something that is no version.
at_least() {
    printf '%s %s\n' "$1" "$2" | awk '{
        split($1, have, "."); split($2, need, ".")
        if ($1 !~ /^[0-9]/ || have[1] + 0 < need[1] + 0) exit 1
        if (have[1] + 0 == need[1] + 0 && have[2] + 0 < need[2] + 0) exit 1
    }'
}

# The first number with a dot that "$@" prints on its first line.
version_of() {
    "$@" 2>/dev/null </dev/null | head -n 1 | grep -oE '[0-9]+\.[0-9]+(\.[0-9]+)?' | head -n 1
}

MISSING= # tools of ALL_TOOLS that were not found
WRONG=   # lines about tools that installing packages does not mend: too old, or a user's choice that is not there
FILES=   # one path a line: the stamp holds while these exist

missing() {
    MISSING="$MISSING $1"
}

found() {
    FILES="$FILES$1
"
}

wrong() {
    WRONG="$WRONG$1
"
}

old() { # tool, its path, its version, the least version
    wrong "$1 at $2 is version ${3:-unknown}, too old: Crescent needs $4 or newer"
}

# What to say of a user's choice $1=$2 that is not there.
bad_choice() {
    wrong "$1=$2: there is no such ${3:-command}; leave $1 away, or name one that is there"
}

# Sets variable $1 to the path of the first command of $4... that is there and, where $3 is a version, is that new. $2 names the tool in
# ALL_TOOLS. If $1 is a choice of the user's (in $1_CHOICE), that is the only candidate.
find_tool() {
    variable=$1 tool=$2 least=$3
    shift 3
    eval "$variable= choice=\${${variable}_CHOICE-}"
    [ -z "$choice" ] || set -- "$choice"
    too_old=
    for name; do
        path=$(command -v "$name" 2>/dev/null) || continue
        if [ -n "$least" ]; then
            version=$(version_of "$path" --version)
            if ! at_least "$version" "$least"; then
                [ -n "$too_old" ] || too_old="$tool|$path|$version|$least"
                continue
            fi
        fi
        eval "$variable=\$path"
        found "$path"
        return
    done
    if [ -n "$too_old" ]; then
        old_ifs=$IFS IFS='|'
        set -- $too_old
        IFS=$old_ifs
        old "$@"
    elif [ -n "$choice" ]; then
        bad_choice "$variable" "$choice"
    else
        missing "$tool"
    fi
}

# The compiler's prefix: the first of three whose gcc makes x86-64 code and is new enough, with its binutils.
find_cross() {
    chosen= too_old= have_gcc=
    for prefix in ${CROSS_CHOICE-x86_64-elf- x86_64-linux-gnu- host}; do
        [ "$prefix" = host ] && prefix=
        gcc=$(command -v "${prefix}gcc" 2>/dev/null) || continue
        case $("$gcc" -dumpmachine 2>/dev/null </dev/null) in
        x86_64-elf | x86_64-*linux* | x86_64-pc-elf) ;;
        *) continue ;;
        esac
        version=$("$gcc" -dumpfullversion 2>/dev/null </dev/null)
        if ! at_least "$version" "$LEAST_GCC"; then
            [ -n "$too_old" ] || too_old="$gcc|$version"
            continue
        fi
        have_gcc=yes
        command -v "${prefix}ld" >/dev/null 2>&1 && command -v "${prefix}objcopy" >/dev/null 2>&1 || continue
        chosen=yes
        CROSS=$prefix
        found "$gcc"
        found "$(command -v "${prefix}ld")"
        break
    done
    [ -n "$chosen" ] && return
    CROSS=
    if [ -n "$have_gcc" ]; then
        missing binutils
    elif [ -n "$too_old" ]; then
        old gcc "${too_old%|*}" "${too_old##*|}" 12
    elif [ -n "${CROSS_CHOICE-}" ]; then
        bad_choice CROSS "$CROSS_CHOICE" 'x86-64 compiler prefix'
    else
        missing gcc
        command -v ld >/dev/null 2>&1 || missing binutils
    fi
}

# The host's own compiler, which the unit tests of kernel/lib are built with; without the C library's headers it is no use.
find_host_cc() {
    case " $MISSING " in *' gcc '*) return ;; esac
    if ! printf '#include <stdlib.h>\n' | cc -fsyntax-only -x c - 2>/dev/null; then
        [ "$(uname -s)" = Darwin ] && say "the host has no C compiler: type xcode-select --install"
        missing gcc
    fi
}

# Every python3 on PATH and in the usual places, one path a line, best first: a .venv of this checkout is someone's deliberate choice.
python_candidates() {
    if [ -n "${PYTHON_CHOICE-}" ]; then
        command -v "$PYTHON_CHOICE" 2>/dev/null
        return
    fi
    {
        echo "$ROOT/.venv/bin/python3"
        printf '%s\n' "$PATH" | tr ':' '\n' | sed 's|$|/python3|'
        for minor in 14 13 12 11 10; do command -v "python3.$minor" 2>/dev/null; done
        [ -n "${SETUP_PATH_ONLY-}" ] || printf '%s\n' /usr/bin/python3 /opt/homebrew/bin/python3 /usr/local/bin/python3
    } | awk '!seen[$0]++'
}

# Prints the modules that python $1 lacks, after "ok" or "old VERSION"; nothing at all if it does not run.
python_verdict() {
    "$1" -c '
import sys
from importlib.util import find_spec
wanted = [("pytest", "pytest"), ("xdist", "xdist"), ("elftools", "elftools")]
if sys.version_info < (3, 11):  # from 3.11 on it is tomllib, in the standard library
    wanted.append(("tomli", "tomli"))
lacks = [tool for tool, module in wanted if find_spec(module) is None]
state = "ok" if sys.version_info >= (3, 10) else "old"
print(state, "%d.%d.%d" % sys.version_info[:3], *lacks)' 2>/dev/null </dev/null
}

# PYTHON is the first candidate that is new enough and can import everything; one that cannot is passed over.
find_python() {
    PYTHON=
    newest= lacks= too_old=
    old_ifs=$IFS
    IFS='
'
    for candidate in $(python_candidates); do
        [ -x "$candidate" ] || continue
        IFS=$old_ifs
        verdict=$(python_verdict "$candidate")
        case $verdict in
        'ok '*' '*) newest=$candidate lacks=${verdict#ok * } ;; # the last one seen is the system's, whose packages can be installed
        'ok '*) PYTHON=$candidate && found "$candidate" && return ;;
        'old '*) too_old="$candidate|$(printf '%s' "$verdict" | cut -d ' ' -f 2)" ;;
        esac
    done
    IFS=$old_ifs
    if [ -n "$newest" ] && [ -n "${PYTHON_CHOICE-}" ]; then
        wrong "PYTHON=$PYTHON_CHOICE cannot import: $lacks; leave PYTHON away, or install these for it"
    elif [ -n "$newest" ]; then
        for tool in $lacks; do missing "$tool"; done
    elif [ -n "$too_old" ]; then
        old python "${too_old%|*}" "${too_old##*|}" "$LEAST_PYTHON"
    elif [ -n "${PYTHON_CHOICE-}" ]; then
        bad_choice PYTHON "$PYTHON_CHOICE"
    else
        for tool in python pytest xdist elftools; do missing "$tool"; done
    fi
}

# GDB must have Python inside: grade/gdb/ is written in it, and a minimal build has none.
find_gdb() {
    if on_x86; then
        find_tool GDB gdb "$LEAST_GDB" gdb x86_64-elf-gdb gdb-multiarch
    else
        find_tool GDB gdb "$LEAST_GDB" x86_64-elf-gdb gdb-multiarch
    fi
    [ -n "$GDB" ] || return
    case $("$GDB" -nx -batch -ex 'python print(6*7)' 2>/dev/null </dev/null) in
    42*) ;;
    *) say "$GDB was built without Python" && missing gdb ;;
    esac
}

# grub-mkrescue under its three names; on Linux also the modules of a PC's BIOS: without them its image does not start.
find_grub() {
    find_tool GRUB_MKRESCUE grub '' grub-mkrescue grub2-mkrescue i686-elf-grub-mkrescue
    [ -n "$GRUB_MKRESCUE" ] && [ "$(uname -s)" = Linux ] || return
    for modules in ${SETUP_GRUB_MODULES:-/usr/lib/grub/i386-pc /usr/share/grub/i386-pc /usr/lib/grub2/i386-pc}; do
        [ -e "$modules/multiboot.mod" ] && return
    done
    missing grub
}

# A second C library, for the tests of the whole project alone: static programs of its threads are run here and on Crescent.
find_musl() {
    [ -d grade/selftest ] && [ "$(uname -s)" = Linux ] && on_x86 || return
    find_tool MUSL_GCC musl '' musl-gcc
}

# A program that nobody here wrote, static, for the same tests. On Debian its package is installed; elsewhere who has none does without, and
# those tests are left out and named.
find_busybox() {
    [ -d grade/selftest ] && [ "$(uname -s)" = Linux ] && on_x86 && [ "$(detect_system)" = debian ] || return
    find_tool BUSYBOX busybox '' busybox
}

find_all() {
    MISSING= WRONG= FILES=
    find_tool MAKE_PATH make "$LEAST_MAKE" gmake make
    find_cross
    find_host_cc
    find_tool NASM nasm "$LEAST_NASM" nasm
    find_tool QEMU qemu "$LEAST_QEMU" qemu-system-x86_64
    find_gdb
    find_python
    find_tool UNIFDEF unifdef '' unifdef
    find_tool GIT git '' git
    find_grub
    find_tool XORRISO xorriso '' xorriso
    find_tool MFORMAT mtools '' mformat
    [ "$(uname -s)" != Linux ] || find_tool BWRAP bubblewrap '' bwrap
    find_musl
    find_busybox
    MISSING=$(printf '%s\n' $MISSING | awk '!seen[$0]++')
}
