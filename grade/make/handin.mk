# Handing in: one file with what the grader takes. Included by grade/tree.mk.

.PHONY: handin

handin: ## packs the file to hand in and says what it took: build/handin-PHASE.tar
	@$(call shell-word,$(PYTHON)) grade/handin.py
