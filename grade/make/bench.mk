# The figures of docs/performance.md: bench. Included by grade/tree.mk; kernel/kernel.mk and user/user.mk build what is measured.

.PHONY: bench

bench: ## counts the guest instructions of a switch, a system call, a boot, ... and checks the limits; V=1: where they go; build/bench.json
	@$(MAKE) -s kernel $(if $(INITRAMFS),user) CHECKED=0 >&2
	@$(call shell-word,$(PYTHON)) grade/bench.py --kernel $(O)/plain/kernel.elf $(if $(INITRAMFS),--archive $(INITRAMFS)) \
	    $(if $(BUSYBOX),--busybox $(call shell-word,$(BUSYBOX))) \
	    --out $(call shell-word,$(or $(OUT),$(O))) $(if $(filter 1,$(V)),-v)
