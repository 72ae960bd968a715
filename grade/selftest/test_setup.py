"""The set-up, tried on machines that do not exist (fake_machine.py): something is taken away or made too old, and what is said, what is
called and how it ends is compared with what was promised. Nothing here touches the real package system."""

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
from fake_machine import TOOLS, FakeMachine


@pytest.fixture
def machine(tmp_path):
    return FakeMachine(tmp_path)


def said(process):
    """The lines of a finished make that set-up or make itself wrote, without apt's."""
    return [line for line in process.stderr.splitlines() if line != "chatter"]


# --- lists -----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("system, command, some_packages", [
    ("debian", "apt-get update && apt-get install -y", "qemu-system-x86 python3-pytest python3-pytest-xdist python3-pyelftools"),
    ("fedora", "sudo dnf install -y", "qemu-system-x86 python3-pytest python3-pyelftools grub2-tools-extra"),
    ("arch", "sudo pacman -S --needed", "qemu-system-x86 python-pytest python-pyelftools libisoburn"),
    ("homebrew", "brew install", "x86_64-elf-gcc x86_64-elf-binutils x86_64-elf-gdb qemu pytest-xdist"),
])
def test_the_list_of_each_system_is_printed_and_nothing_is_done(machine, system, command, some_packages):
    """Who does not trust a script with the package system wants the exact line to type instead."""
    machine.remove("nasm")
    done = machine.make("setup", "SETUP=no", f"SYSTEM={system}")
    assert done.returncode == 0
    needed, line = done.stdout.splitlines()
    assert needed.startswith(f"needed on {system}: make ")
    assert line.startswith(f"command: {command} ")
    assert set(some_packages.split()) <= set(line.split())
    assert not machine.calls("apt-get") and not (machine.checkout / "build").exists()


def test_setup_no_without_a_system_prints_the_list_of_this_one(machine):
    """The system is known: asking for it by name would be a question too many."""
    machine.write("os-release", 'ID=fedora\n')
    done = machine.make("setup", "SETUP=no")
    assert done.returncode == 0 and done.stdout.startswith("needed on fedora: ")


@pytest.mark.parametrize("release, system", [
    ("ID=ubuntu\nID_LIKE=debian\n", "debian"),
    ("ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n", "debian"),
    ("ID=rocky\nID_LIKE=\"rhel centos fedora\"\n", "fedora"),
    ("ID=manjaro\nID_LIKE=arch\n", "arch"),
])
def test_a_relative_of_a_known_system_counts_as_that_system(machine, release, system):
    """Distributions name their family in ID_LIKE; their packages have the family's names."""
    machine.write("os-release", release)
    assert machine.make("setup", "SETUP=no").stdout.startswith(f"needed on {system}: ")


def test_a_second_c_library_is_wanted_where_the_projects_own_tests_are(machine):
    """A student's tree has no test that builds programs with it."""
    machine.remove("musl")
    assert machine.make("show").returncode == 0
    (machine.checkout / "grade/selftest").mkdir()
    done = machine.make("show", "SETUP=no")
    (machine.checkout / "build/setup.stamp").unlink()
    done = machine.make("show")
    assert done.returncode and any("musl" in line for line in said(done)), done


def test_busybox_is_wanted_on_debian_and_nowhere_else(machine):
    """The tests of real programs run it; on other systems they are left out without it."""
    machine.remove("busybox")
    (machine.checkout / "grade/selftest").mkdir()
    done = machine.make("show", "SETUP=no")
    assert done.returncode and any("busybox-static" in line for line in said(done)), done
    machine.write("os-release", "ID=fedora\n")
    assert machine.make("show", "SETUP=no").returncode == 0


# --- nothing missing ---------------------------------------------------------------------------------------------------------------


def test_nothing_missing_means_no_apt_call(machine):
    """After the first set-up everything works offline, so a complete machine must not be asked for its package lists."""
    done = machine.make("show")
    assert done.returncode == 0 and done.stderr == ""
    assert "CROSS=x86_64-linux-gnu-" in done.stdout
    assert not machine.calls("apt-get")


def test_the_second_make_asks_no_tool_anything(machine):
    """The stamp makes the no-change path fast: not one tool is started to see whether it is still there."""
    machine.make("kernel")
    machine.calls_log.unlink()
    done = machine.make("kernel")
    assert done.returncode == 0 and "Nothing to be done" in done.stdout
    assert machine.calls() == []


def test_a_tool_that_went_away_is_noticed_in_spite_of_the_stamp(machine):
    """A stamp that outlives the tools would turn a missing program into a riddle."""
    machine.make("kernel")
    machine.remove("unifdef")
    machine.make("kernel")
    assert any("install unifdef" in call for call in machine.calls("apt-get"))


def test_help_needs_no_tool_at_all(machine):
    """Help is what someone types first, on a machine with nothing on it."""
    for tool in TOOLS:
        machine.remove(tool)
    done = machine.make("help")
    assert done.returncode == 0 and re.search(r"^make kernel +builds the kernel$", done.stdout, re.MULTILINE)
    assert not machine.calls("apt-get")


# --- something missing -------------------------------------------------------------------------------------------------------------


def test_root_gets_what_is_missing_and_only_that(machine):
    """One missing package is no reason to touch the others; and the target that was asked for then runs, its output unspoilt by apt."""
    machine.remove("nasm")
    done = machine.make("show")
    assert done.returncode == 0
    assert done.stdout == f"PYTHON={machine.bin}/python3 CROSS=x86_64-linux-gnu- QEMU={machine.bin}/qemu-system-x86_64\n"
    assert said(done) == ["setup: missing: nasm", "setup: installing: nasm"] + 2 * ["Reading package lists... Done"]
    update, install = machine.calls("apt-get")
    assert update.endswith(" update") and install.endswith(" install nasm")


def test_several_missing_tools_come_in_one_installation(machine):
    """Two calls of apt would unpack, ask and fail twice."""
    for tool in ("nasm", "qemu", "gdb"):
        machine.remove(tool)
    assert machine.make("kernel").returncode == 0
    assert machine.calls("apt-get")[1].endswith(" install nasm qemu-system-x86 gdb")


@pytest.mark.parametrize("user", ["nobody", "sudo"])
def test_who_may_not_install_gets_the_line_for_an_administrator(tmp_path, user):
    """Without root, and without sudo or a terminal to ask for its password, nothing can be installed: say who can, and stop."""
    machine = FakeMachine(tmp_path, user)
    machine.remove("nasm")
    done = machine.make("show")
    assert done.returncode != 0 and done.stdout == ""
    assert said(done)[:2] == [
        "setup: missing: nasm",
        "setup: to install it an administrator types: apt-get update && apt-get install -y --no-install-recommends nasm",
    ]
    assert not machine.calls("apt-get")


def test_someone_at_a_terminal_gets_it_through_sudo(tmp_path):
    """On a terminal sudo can ask for a password; what it runs is apt-get, twice, and not interactive."""
    machine = FakeMachine(tmp_path, "sudo")
    machine.remove("nasm")
    done = machine.make("show", terminal=True)
    assert done.returncode == 0
    assert [call.split()[:4] for call in machine.calls("sudo")] == [["sudo", "env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]] * 2


def test_what_apt_did_not_bring_is_named(machine):
    """An installation that seems to work and brings nothing must end in words, not in a compiler's error later."""
    machine.remove("xorriso")
    done = machine.make("kernel")
    assert done.returncode != 0
    assert "setup: still missing after the installation: xorriso" in said(done)


@pytest.mark.parametrize("flag", ["-n", "SETUP=no"])
def test_a_dry_run_installs_nothing(machine, flag):
    """`make -n` promises to do nothing; SETUP=no says so in so many words."""
    machine.remove("nasm")
    assert machine.make("kernel", flag).returncode != 0
    assert not machine.calls("apt-get")


@pytest.mark.parametrize("release, words", [
    ("ID=fedora\n", "setup: to install it on this system (fedora) type: sudo dnf install -y nasm"),
    ("ID=arch\n", "setup: to install it on this system (arch) type: sudo pacman -S --needed nasm"),
    ("ID=gentoo\n", "setup: the system 'gentoo' is not one this script knows"),
])
def test_other_systems_get_the_command_to_type(machine, release, words):
    """Only apt is called for you; elsewhere the line is yours to type."""
    machine.write("os-release", release)
    machine.remove("nasm")
    done = machine.make("kernel")
    assert done.returncode != 0 and said(done)[1].startswith(words)


def test_homebrew_is_told_about_pytest_too(machine):
    """Homebrew's Python has no pytest and takes none system-wide: the line makes a .venv, which set-up then prefers."""
    machine.stub("uname", 'case $1 in -s) echo Darwin ;; -m) echo arm64 ;; -r) echo 23.0 ;; esac')
    machine.stub("python3", "echo ok 3.12.1 pytest xdist elftools")
    done = machine.make("kernel")
    assert "type: " in done.stderr and ".venv/bin/pip install pytest pytest-xdist pyelftools" in done.stderr


def test_images_are_not_made_without_the_modules_of_a_pc(machine):
    """grub-mkrescue without grub-pc-bin silently makes an image that no PC's BIOS boots."""
    (machine.folder / "i386-pc/multiboot.mod").unlink()
    machine.make("kernel")
    assert machine.calls("apt-get")[1].endswith(" install grub-common grub-pc-bin")


def test_a_gdb_without_python_is_not_enough(machine):
    """gdb-minimal is called gdb as well; the debugger's commands are written in Python."""
    machine.stub("gdb", 'case $1 in --version) echo "GNU gdb (Debian 13.1-3) 13.1" ;; *) exit 1 ;; esac')
    assert machine.make("kernel").returncode == 0
    assert machine.calls("apt-get")[1].endswith(" install gdb")


# --- the wrong tools ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command, body, words", [
    ("make", 'echo "GNU Make 4.2.1"', "make at {bin}/make is version 4.2.1, too old: Crescent needs 4.3 or newer"),
    ("x86_64-linux-gnu-gcc", 'case $1 in -dumpmachine) echo x86_64-linux-gnu ;; *) echo 11.4.0 ;; esac',
     "gcc at {bin}/x86_64-linux-gnu-gcc is version 11.4.0, too old: Crescent needs 12 or newer"),
    ("nasm", 'echo "NASM version 2.14.02"', "nasm at {bin}/nasm is version 2.14.02, too old: Crescent needs 2.15 or newer"),
    ("qemu-system-x86_64", 'echo "QEMU emulator version 6.2.0"',
     "qemu at {bin}/qemu-system-x86_64 is version 6.2.0, too old: Crescent needs 7.2 or newer"),
    ("gdb", 'case $1 in --version) echo "GNU gdb (GDB) 11.2" ;; *) echo 42 ;; esac',
     "gdb at {bin}/gdb is version 11.2, too old: Crescent needs 12.0 or newer"),
    ("python3", "echo old 3.9.2", "python at {bin}/python3 is version 3.9.2, too old: Crescent needs 3.10 or newer"),
])
def test_a_tool_that_is_too_old_gets_one_clear_line(machine, command, body, words):
    """An old tool fails later in ways that name anything but its age. apt is not asked: it would bring the same version again."""
    machine.stub(command, body)
    if command.endswith("gcc"):
        machine.stub("gcc", body)
    done = machine.make("kernel")
    assert done.returncode != 0
    assert said(done)[0] == "setup: " + words.format(bin=machine.bin)
    assert "installing" not in done.stderr and not machine.calls("apt-get")


def test_an_old_compiler_is_passed_over_for_a_newer_one(machine):
    """Of three prefixes the first that will do is taken; one old compiler on the machine is no reason to refuse."""
    machine.stub("x86_64-elf-gcc", 'case $1 in -dumpmachine) echo x86_64-elf ;; *) echo 9.3.0 ;; esac')
    assert "CROSS=x86_64-linux-gnu-" in machine.make("show").stdout


def test_a_cross_compiler_is_preferred_and_the_hosts_own_is_the_last_choice(machine):
    """On an ARM or macOS machine only the prefixed one makes x86-64 code; on a PC the plain gcc does as well."""
    for command in ("x86_64-elf-gcc", "x86_64-elf-ld", "x86_64-elf-objcopy"):
        machine.stub(command, 'case $1 in -dumpmachine) echo x86_64-elf ;; *) echo 13.2.0 ;; esac')
    assert "CROSS=x86_64-elf- " in machine.make("show").stdout
    for command in ("x86_64-elf-gcc", "x86_64-linux-gnu-gcc"):
        (machine.bin / command).unlink()
    assert "CROSS= " in machine.make("show").stdout
    machine.stub("gcc", 'case $1 in -dumpmachine) echo aarch64-linux-gnu ;; *) echo 12.2.0 ;; esac')
    (machine.checkout / "build/setup.stamp").unlink()
    done = machine.make("show")
    assert "setup: missing: gcc" in said(done)[0]


def test_a_python_without_pytest_is_passed_over_for_one_that_has_it(machine):
    """The first python3 on PATH is often a version manager's, with nothing installed in it."""
    other = machine.folder / "managed"
    other.mkdir()
    (other / "python3").write_text("#!/bin/sh\necho ok 3.12.1 pytest xdist elftools\n")
    (other / "python3").chmod(0o755)
    environment = machine.environment()
    machine.environment = lambda: {**environment, "PATH": f"{other}:{machine.bin}"}
    done = machine.make("show")
    assert f"PYTHON={machine.bin}/python3 " in done.stdout and not machine.calls("apt-get")


@pytest.mark.parametrize("choice, words", [
    ("QEMU=/no/qemu", "QEMU=/no/qemu: there is no such command"),
    ("CROSS=riscv-", "CROSS=riscv-: there is no such x86-64 compiler prefix"),
    ("PYTHON=/no/python", "PYTHON=/no/python: there is no such command"),
])
def test_a_choice_that_is_not_there_is_named_and_not_installed(machine, choice, words):
    """Whoever names a tool wants that one; apt cannot bring it."""
    done = machine.make("kernel", choice)
    assert done.returncode != 0 and said(done)[0].startswith("setup: " + words)
    assert not machine.calls("apt-get")


# --- the folder --------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mount", [
    "C:\\134 {place} 9p rw,noatime,aname=drvfs;path=C:\\;uid=1000 0 0",
    "C: {place} drvfs rw,noatime 0 0",
])
def test_a_checkout_on_a_windows_drive_is_refused_with_the_reason(machine, mount):
    """Under /mnt/c files have no Unix modes and no shared mappings: everything would half work."""
    place = str(machine.folder).replace(" ", "\\040")
    machine.write("mounts", "/dev/sdc / ext4 rw 0 0\n" + mount.format(place=place) + "\n")
    done = machine.make("kernel")
    assert done.returncode != 0
    assert said(done)[0].startswith(f"setup: {machine.checkout} lies on a Windows drive, where files have neither Unix modes")
    assert "cd ~ && git clone" in said(done)[0]


def test_a_linux_folder_under_wsl_is_a_debian_like_any_other(machine):
    """WSL2 counts as Debian: that drives of Windows are mounted beside it changes nothing for a checkout at home."""
    machine.stub("uname", 'case $1 in -s) echo Linux ;; -m) echo x86_64 ;; -r) echo 5.15.90.1-microsoft-standard-WSL2 ;; esac')
    machine.write("mounts", "/dev/sdc / ext4 rw 0 0\nC:\\134 /mnt/c 9p rw,aname=drvfs;path=C:\\ 0 0\n")
    machine.write("os-release", "ID=ubuntu\nID_LIKE=debian\n")
    machine.remove("nasm")
    assert machine.make("kernel").returncode == 0
    assert machine.calls("apt-get")[1].endswith(" install nasm")


def test_a_read_only_folder_is_refused_with_the_way_out():
    """All that is made lies in build/; where that cannot be made the first error would come from deep inside. Nothing is read-only for
    root, so root plays this as the user nobody, in a folder that everyone can enter."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        machine = FakeMachine(Path(folder) / "machine", user="nobody")
        machine.calls_log.touch()
        machine.calls_log.chmod(0o666)
        machine.checkout.chmod(0o555)
        nobody = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}
        done = subprocess.run([shutil.which("make"), "kernel"], cwd=machine.checkout, env=machine.environment(), stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, check=False, **nobody)
        machine.checkout.chmod(0o755)
        assert done.returncode != 0
        assert said(done)[0].startswith(f"setup: cannot write to {machine.checkout}/build: this folder is read-only for ")


def test_a_file_where_the_folder_for_all_that_is_made_would_be_is_named():
    with tempfile.TemporaryDirectory() as folder:
        machine = FakeMachine(Path(folder) / "machine")
        (machine.checkout / "build").write_text("mine")
        done = machine.make("kernel")
        assert done.returncode != 0 and said(done)[0].startswith(f"setup: {machine.checkout}/build is a file")
        assert (machine.checkout / "build").read_text() == "mine"


# --- make itself and its variables --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["3.81", "4.0", "4.2.1"])
def test_an_old_make_is_told_in_one_line_to_be_gmake(machine, version):
    """macOS has make 3.81. The version is given on the command line here; the lines before the check are in words that 3.81 knows."""
    done = machine.make("kernel", f"MAKE_VERSION={version}")
    assert done.returncode != 0 and len(done.stderr.splitlines()) == 1
    assert f"GNU make 4.3 or newer is needed and this is {version}" in done.stderr and "gmake" in done.stderr


def test_what_nobody_makes_is_named(machine):
    """make's own words say neither what there is nor how to learn it."""
    done = machine.make("kernel", "frobnicate")
    assert done.returncode != 0 and len(done.stderr.splitlines()) == 1
    assert "there is nothing called frobnicate to make; make help lists what there is" in done.stderr


@pytest.mark.parametrize("value, choices", [
    ("CPUS=0", "1 to 64"), ("CPUS=65", "1 to 64"), ("CPUS=two", "1 to 64"), ("CPUS=1 2", "1 to 64"), ("CHECKED=yes", "0 1"),
    ("ACCEL=hvf", "tcg kvm"), ("V=2", "0 1"), ("SOLVED=1.3", "0 (nothing)"), ("SOLVED=1 2", "0 (nothing)"),
    ("SEEDS=many", "a number of seeds"), ("SEEDS=1..", "a number of seeds"), ("SYSTEM=bsd", "debian fedora arch homebrew"),
    ("SETUP=maybe", "yes no"), ("SCHED=lottery", "rr fcfs"), ("PHASE=2", "1 (this tree's phase"),
])
def test_an_unknown_value_is_named_with_the_choices(machine, value, choices):
    """A mistyped value that is taken for a default costs an evening."""
    (machine.checkout / "kernel/sched").mkdir(parents=True)
    for policy in ("rr", "fcfs"):
        (machine.checkout / f"kernel/sched/{policy}.c").touch()
    (machine.checkout / "exercises.toml").write_text("phase = 1\n")
    done = machine.make("kernel", value)
    assert done.returncode != 0 and len(done.stderr.splitlines()) == 1
    assert f"{value} is not known; choices: {choices}" in done.stderr


@pytest.mark.parametrize("value", ["CPUS=1", "CPUS=64", "CHECKED=0", "SEEDS=20", "SEEDS=3..9", "SOLVED=103", "SOLVED=0", "ACCEL=tcg"])
def test_a_known_value_passes(machine, value):
    """The check itself must not be what stands in the way."""
    assert machine.make("kernel", value).returncode == 0
