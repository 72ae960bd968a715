# Booting the kernel for a person: run, iso, run-iso, qemu-gdb. Included by grade/tree.mk; kernel/kernel.mk builds what is booted.

$(call one-of,SCREEN,none curses gtk sdl)
$(call number,GDBPORT,a TCP port)
$(call number,MEMORY,a number of MiB)
$(if $(wildcard grade/make/own.mk),,$(if $(strip $(FILES))$(filter busybox,$(INIT)),\
    $(error FILES= and INIT=busybox need the kernel of phase 5, whose tree has docs/programs.md)))

# Who runs the kernel gets the fast build, who debugs it the checked one, unless CHECKED= says otherwise.
chosen = $(filter command environment,$(firstword $(origin $1)))
run-checked := $(if $(call chosen,CHECKED),$(CHECKED),0)
gdb-checked := $(if $(call chosen,CHECKED),$(CHECKED),1)
run-folder = $(or $(O),build)/$(if $(filter 1,$1),checked,plain)

# A program of /bin, unless a path; of busybox it is init that begins (grade/make/own.mk).
first-program = $(if $(filter /%,$(INIT)),$(INIT),$(if $(and $(own-image),$(filter busybox,$(INIT))),/sbin/init,/bin/$(INIT)))
boot-options = $(strip $(if $(SCHED),sched=$(SCHED)) $(if $(INIT),init=$(first-program)) \
    $(if $(KTEST),ktest=$(KTEST) nonce=0x1) $(APPEND))
qemu-options = $(if $(CPUS),--cpus $(CPUS)) $(if $(MEMORY),--memory $(MEMORY)) $(if $(ACCEL),--accel $(ACCEL)) \
    $(if $(SCREEN),--screen $(SCREEN)) $(if $(GDBPORT),--port $(GDBPORT))
# $(call boot,MODE,CHECKED) is the command for a mode of qemu_run.py; it replaces the shell, so that QEMU is make's own child.
boot = exec $(call shell-word,$(PYTHON)) grade/qemu_run.py $1 --kernel $(call run-folder,$2)/kernel.elf \
    $(if $(INITRAMFS),--archive $(or $(own-archive),$(INITRAMFS))) --append $(call shell-word,$(boot-options)) $(qemu-options)

.PHONY: run iso run-iso qemu-gdb kernel-to-run kernel-to-debug

# The kernel is made current without a word if it is; the compiler's words go to stderr, because stdout is the guest's.
kernel-to-run:
	@$(MAKE) -s kernel $(if $(INITRAMFS),$(or $(own-image),user)) CHECKED=$(run-checked) >&2

kernel-to-debug:
	@$(MAKE) -s kernel $(if $(INITRAMFS),$(or $(own-image),user)) CHECKED=$(gdb-checked) >&2

run: kernel-to-run ## boots the kernel on this terminal; CPUS=n SCHED=policy INIT=program|busybox FILES="file ..." APPEND=".." ACCEL=..
	@$(call boot,run,$(run-checked))

iso: kernel-to-run ## makes a GRUB image that boots on a PC: build/plain/crescent.iso
	@$(call boot,iso,$(run-checked))

run-iso: kernel-to-run ## boots that image; SCREEN=curses|gtk|sdl shows its VGA text
	@$(call boot,run-iso,$(run-checked))

qemu-gdb: kernel-to-debug ## QEMU with the checked kernel, waiting for a debugger at localhost:1234 (GDBPORT=)
	@$(call boot,qemu-gdb,$(gdb-checked))
