# What each system calls the packages that Crescent needs, and the command that installs them there. Part of setup.sh, which reads it in;
# entry points: detect_system, packages_for, install_command. ALL_TOOLS lists our names for the tools.

# Which system this is: debian, fedora, arch, homebrew, or its own name if it is none of these.
detect_system() {
    if [ "$(uname -s)" = Darwin ]; then
        echo homebrew
        return
    fi
    release=${SETUP_OS_RELEASE:-/etc/os-release}
    ids=unknown
    [ -r "$release" ] && ids=$(sed -n 's/^ID=//p; s/^ID_LIKE=//p' "$release" | tr -d '"' | tr '\n' ' ')
    for id in $ids; do
        case $id in
        debian | ubuntu) echo debian && return ;;
        fedora | rhel) echo fedora && return ;;
        arch) echo arch && return ;;
        esac
    done
    echo "${ids%% *}"
}

# The packages of system $1 that bring tool $2 (a name as the checks below use it).
packages_of() {
    case $1:$2 in
    debian:gcc) if on_x86; then echo gcc libc6-dev; else echo gcc libc6-dev gcc-x86-64-linux-gnu; fi ;;
    debian:binutils) if on_x86; then echo binutils; else echo binutils binutils-x86-64-linux-gnu; fi ;;
    debian:qemu) echo qemu-system-x86 ;;
    debian:gdb) if on_x86; then echo gdb; else echo gdb-multiarch; fi ;;
    debian:python) echo python3 ;;
    debian:pytest) echo python3-pytest ;;
    debian:xdist) echo python3-pytest-xdist ;;
    debian:elftools) echo python3-pyelftools ;;
    debian:tomli) echo python3-tomli ;;
    debian:grub) echo grub-common grub-pc-bin ;;
    debian:musl) if on_x86; then echo musl-tools; fi ;;
    debian:busybox) if on_x86; then echo busybox-static; fi ;;
    fedora:gcc) if on_x86; then echo gcc glibc-devel; else echo gcc glibc-devel gcc-x86_64-linux-gnu; fi ;;
    fedora:binutils) if on_x86; then echo binutils; else echo binutils binutils-x86_64-linux-gnu; fi ;;
    fedora:qemu) echo qemu-system-x86 ;;
    fedora:python) echo python3 ;;
    fedora:pytest) echo python3-pytest ;;
    fedora:xdist) echo python3-pytest-xdist ;;
    fedora:elftools) echo python3-pyelftools ;;
    fedora:tomli) echo python3-tomli ;;
    fedora:grub) echo grub2-tools-extra grub2-pc-modules ;;
    fedora:musl) if on_x86; then echo musl-gcc glibc-static; fi ;;
    arch:qemu) echo qemu-system-x86 ;;
    arch:python) echo python ;;
    arch:pytest) echo python-pytest ;;
    arch:xdist) echo python-pytest-xdist ;;
    arch:elftools) echo python-pyelftools ;;
    arch:tomli) echo python-tomli ;;
    arch:xorriso) echo libisoburn ;;
    homebrew:gcc) echo x86_64-elf-gcc ;;
    homebrew:binutils) echo x86_64-elf-binutils ;;
    homebrew:gdb) echo x86_64-elf-gdb ;;
    homebrew:bubblewrap | homebrew:musl | homebrew:busybox) ;; # need Linux
    homebrew:pytest | homebrew:xdist | homebrew:elftools) ;; # not Homebrew's: install_command adds the line for them
    homebrew:grub) echo i686-elf-grub ;;
    *) echo "$2" ;;
    esac
}

ALL_TOOLS='make gcc binutils nasm qemu gdb python pytest xdist elftools unifdef git grub xorriso mtools bubblewrap musl busybox'

# The packages of system $1 for the tools $2..., each once, on one line.
packages_for() {
    system=$1
    shift
    for tool; do packages_of "$system" "$tool"; done | tr ' ' '\n' | awk 'NF && !seen[$0]++' | tr '\n' ' ' | sed 's/ $//'
}

# One line that installs the tools $2... on system $1, to be typed by someone who may.
install_command() {
    packages=$(packages_for "$@")
    case $1 in
    debian) echo "apt-get update && apt-get install -y --no-install-recommends $packages" ;;
    fedora) echo "sudo dnf install -y $packages" ;;
    arch) echo "sudo pacman -S --needed $packages" ;;
    homebrew)
        [ -z "$packages" ] || printf 'brew install %s' "$packages"
        case " $* " in
        *' pytest '* | *' xdist '* | *' elftools '*)
            [ -z "$packages" ] || printf ' && '
            printf 'python3 -m venv .venv && .venv/bin/pip install pytest pytest-xdist pyelftools'
            ;;
        esac
        echo
        ;;
    esac
}
