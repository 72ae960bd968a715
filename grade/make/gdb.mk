# GDB on a test: gdb, rewind. qemu-gdb, for a GDB elsewhere, is in run.mk. grade/debug.py does the work; it names the files that GDB
# reads on GDB's command line, so that GDB declines nothing and nobody's ~/.gdbinit has to be changed.

# $(call debug,MODE) replaces the shell, so that debug.py is make's own child.
debug = exec $(call shell-word,$(PYTHON)) grade/debug.py $1 --tree . --kernel $(call run-folder,$(gdb-checked))/kernel.elf \
    $(if $(INITRAMFS),--archive $(INITRAMFS)) \
    $(if $(TEST),--test $(call shell-word,$(TEST))) $(if $(SEEDS),--seeds $(call shell-word,$(SEEDS))) \
    $(if $(CPUS),--cpus $(CPUS)) $(if $(EVENT),--event $(call shell-word,$(EVENT)))

.PHONY: gdb rewind

gdb: kernel-to-debug ## GDB at the start of a test, as live as it gets: TEST=name SEEDS=7..7
	@$(call debug,gdb)

rewind: kernel-to-debug ## GDB at the failure of a test, forwards and backwards from there: TEST=name SEEDS=7..7 EVENT=cpu:number
	@$(call debug,rewind)
