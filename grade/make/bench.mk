# The figures of docs/performance.md: bench. Included by grade/tree.mk; kernel/kernel.mk builds what is measured.

.PHONY: bench

bench: ## counts the guest instructions of a switch, a trace record, a boot, ... and checks the limits; V=1: where they go; build/bench.json
	@$(MAKE) -s kernel CHECKED=0 >&2
	@$(call shell-word,$(PYTHON)) grade/bench.py --kernel $(O)/plain/kernel.elf --out $(call shell-word,$(or $(OUT),$(O))) \
	    $(if $(filter 1,$(V)),-v)
