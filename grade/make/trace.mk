# The schedule of a run as a file for a trace viewer and as a picture: trace. Included by grade/tree.mk.

.PHONY: trace

trace: ## the schedule of a test's run, for Perfetto and as a picture: TEST=name (graded, or a ktest [APPEND="options"]); build/trace/
	$(if $(strip $(TEST)),,$(error TEST= is missing: make trace TEST=name, a part of a graded test's name, an exercise's number or a ktest))
	@$(call shell-word,$(PYTHON)) grade/trace_export.py --tree . --test $(call shell-word,$(TEST)) --append=$(call shell-word,$(APPEND)) \
	    $(if $(OUT),--out $(call shell-word,$(OUT)))
