#!/bin/sh
# The set-up: finds the tools that Crescent is built, run and graded with, and installs what is missing. It needs no more than a POSIX shell
# and its usual companions (grep, sed, awk), because it runs where nothing is installed yet. The root Makefile calls it before every target
# that needs tools; what it found is left in build/setup.mk, and build/setup.stamp makes the next call a matter of milliseconds.
#
# setup_packages.sh knows the names of packages, setup_tools.sh looks for the tools.
#
#     setup.sh ensure          find the tools; install what is missing; write build/setup.mk
#     setup.sh check           the same, but nothing is installed
#     setup.sh list [SYSTEM]   print what SYSTEM (debian, fedora, arch, homebrew) needs and the command that installs it; do nothing
#
# PYTHON, CROSS, QEMU, GDB and NASM, when set, are the user's choice and the only candidate for that tool. The tests put other things in
# the place of the machine's: SETUP_MOUNTS (the mount table), SETUP_OS_RELEASE, SETUP_GRUB_MODULES (folders), and with SETUP_PATH_ONLY
# set a Python is looked for on PATH alone.
# Exit status: 0 all there; 1 something is missing or too old, or this folder cannot be worked in; 2 wrong call.
#
# Everything is said on stderr, so that the output of the target that wanted the tools stays its own.
set -u

ROOT=$(cd "$(dirname "$0")/.." && pwd -P) || exit 1
cd "$ROOT" || exit 1
. ./grade/setup_packages.sh
. ./grade/setup_tools.sh

say() {
    printf 'setup: %s\n' "$*" >&2
}

# --- the folder -------------------------------------------------------------------------------------------------------------------

# True if this checkout lies on a Windows drive that WSL shows under /mnt: by file system, or by its usual place under a Microsoft kernel.
on_windows_drive() {
    mounts=${SETUP_MOUNTS:-/proc/mounts}
    [ -r "$mounts" ] || return 1
    HERE=$ROOT RELEASE=$(uname -r) awk '
        function decoded(path) { gsub(/\\040/, " ", path); return path }
        {
            mount = decoded($2)
            prefix = mount == "/" ? "/" : mount "/"
            if (index(ENVIRON["HERE"] "/", prefix) == 1 && length(prefix) >= longest) {
                longest = length(prefix); type = $3; options = $4; place = mount
            }
        }
        END {
            windows = type ~ /^(drvfs|drvfsa)$/ || (type == "9p" && options ~ /aname=drvfs/)
            windows = windows || (tolower(ENVIRON["RELEASE"]) ~ /microsoft/ && place ~ /^\/mnt\/[a-z]$/)
            exit !windows
        }' "$mounts"
}

# Says why this folder cannot be worked in and returns 1, or returns 0.
check_folder() {
    if on_windows_drive; then
        say "$ROOT lies on a Windows drive, where files have neither Unix modes nor shared mappings, both of which the grader needs;" \
            "clone into your Linux home instead: cd ~ && git clone ..."
        return 1
    fi
    if [ -e build ] && [ ! -d build ]; then
        say "$ROOT/build is a file, and all that is made lies in a folder of that name: remove it (rm build), and try again"
        return 1
    fi
    if ! mkdir -p build 2>/dev/null || [ ! -w build ]; then
        say "cannot write to $ROOT/build: this folder is read-only for $(id -un); copy the checkout to a folder of your own"
        return 1
    fi
}

# --- the stamp ----------------------------------------------------------------------------------------------------------------------

# What the answers depend on besides the files themselves.
stamp_key() {
    printf '%s|' "$PATH" "$ROOT" "${PYTHON_CHOICE-}" "${CROSS_CHOICE-none}" "${QEMU_CHOICE-}" "${GDB_CHOICE-}" "${NASM_CHOICE-}"
    echo
}

# True if the last full check still stands: same key, every tool still there, the set-up itself not newer. No process is started.
stamp_holds() {
    [ -r build/setup.stamp ] && [ -r build/setup.mk ] && [ -w build ] || return 1
    for part in grade/setup*.sh; do
        [ build/setup.stamp -nt "$part" ] || return 1
    done
    {
        IFS= read -r key || return 1
        [ "$key" = "$KEY" ] || return 1
        while IFS= read -r file; do
            [ -x "$file" ] || return 1
        done
    } <build/setup.stamp
}

# Both files appear whole or not at all: another make may be reading them.
write_stamp() {
    {
        echo '# Written by grade/setup.sh: the tools that it found.'
        for name in PYTHON CROSS QEMU GDB NASM GRUB_MKRESCUE; do
            eval "value=\$$name"
            printf '%s := %s\n' "$name" "$value"
        done
    } >"build/setup.mk.$$" && mv "build/setup.mk.$$" build/setup.mk || return 1
    printf '%s\n%s' "$KEY" "$FILES" >"build/setup.stamp.$$" && mv "build/setup.stamp.$$" build/setup.stamp
}

# --- installing -----------------------------------------------------------------------------------------------------------------------

# Prints what goes before apt-get so that it may install: nothing for root, sudo for someone at a terminal; returns 1 if there is no way.
privilege() {
    if [ "$(id -u)" = 0 ]; then
        echo env
    elif command -v sudo >/dev/null 2>&1 && (: </dev/tty) 2>/dev/null; then
        echo sudo env
    else
        return 1
    fi
}

# Installs the packages $@ with apt. Its words go to stderr and it never reads our input: what is piped in belongs to the guest.
apt_install() {
    become=$(privilege) || return 1
    $become DEBIAN_FRONTEND=noninteractive apt-get -qq update </dev/null >&2 ||
        say "apt-get update failed; going on with the package lists that are there"
    $become DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends -o DPkg::Lock::Timeout=300 install "$@" </dev/null >&2
}

print_missing() {
    say "$1:" $MISSING
}

print_wrong() {
    printf '%s' "$WRONG" | sed 's/^/setup: /' >&2
}

# Brings what is missing, or says who can and how. Returns 0 if a new look is worth it.
bring_missing() {
    system=$(detect_system)
    print_missing missing
    case $system in
    debian) ;;
    fedora | arch | homebrew)
        say "to install it on this system ($system) type: $(install_command "$system" $MISSING)"
        return 1
        ;;
    *)
        say "the system '$system' is not one this script knows; install what is missing, or see: make setup SETUP=no SYSTEM=debian"
        return 1
        ;;
    esac
    if [ "$MODE" = check ] || ! privilege >/dev/null; then
        say "to install it an administrator types: $(install_command debian $MISSING)"
        return 1
    fi
    packages=$(packages_for debian $MISSING)
    say "installing: $packages"
    apt_install $packages || say "apt-get could not install all of it"
}

# The whole job: MODE is ensure or check. Returns 0 with build/setup.mk written, or 1 with every reason said.
ensure() {
    KEY=$(stamp_key)
    stamp_holds && return 0
    check_folder || return 1
    find_all
    if [ -n "$MISSING" ] && [ -z "$WRONG" ]; then
        bring_missing || return 1
        find_all
        [ -z "$MISSING" ] || print_missing 'still missing after the installation'
    elif [ -n "$MISSING" ]; then
        print_missing missing
    fi
    print_wrong
    [ -z "$MISSING$WRONG" ] || return 1
    write_stamp || {
        say "cannot write to $ROOT/build"
        return 1
    }
}

list() {
    case $1 in
    debian | fedora | arch | homebrew) ;;
    *) say "SYSTEM=$1 is not known; choices: debian fedora arch homebrew" && return 2 ;;
    esac
    printf 'needed on %s: %s\n' "$1" "$(packages_for "$1" $ALL_TOOLS)"
    printf 'command: %s\n' "$(install_command "$1" $ALL_TOOLS)"
}

# A name that is set but empty is no choice, except CROSS: there it means the host's own gcc.
PYTHON_CHOICE=${PYTHON-}
QEMU_CHOICE=${QEMU-}
GDB_CHOICE=${GDB-}
NASM_CHOICE=${NASM-}
[ -z "${CROSS+set}" ] || CROSS_CHOICE=${CROSS:-host}
LC_ALL=C
export LC_ALL

MODE=${1-}
case $MODE in
ensure | check) ensure ;;
list) list "${2:-$(detect_system)}" ;;
*) say "usage: setup.sh ensure | check | list [SYSTEM]" && exit 2 ;;
esac
