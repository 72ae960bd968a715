# The targets of a phase's tree: kernel (from kernel/kernel.mk), grade, and what grade/make/*.mk adds. The root Makefile includes this where
# it is not the master tree, has found the tools and checked the values of V, SEEDS and PHASE.

include kernel/kernel.mk
-include $(wildcard user/user.mk)
-include $(sort $(wildcard grade/make/*.mk))

$(call number,JOBS,a number of tests at once)

.PHONY: grade

grade-options = $(if $(PHASE),--phase $(PHASE)) $(if $(TEST),--test $(call shell-word,$(TEST))) \
	$(if $(SEEDS),--seeds $(call shell-word,$(SEEDS))) $(if $(JOBS),--jobs $(JOBS)) \
	$(if $(HIDDEN),--hidden $(call shell-word,$(HIDDEN)) --course $(call shell-word,$(COURSE))) \
	$(if $(OUT),--out $(call shell-word,$(OUT))) $(if $(filter 1,$(V)),--verbose)

grade: ## grades this tree: TEST=text (some tests) SEEDS=n JOBS=n V=1 (all evidence) OUT=dir; results in build/grade/
	@$(call shell-word,$(PYTHON)) grade/run.py --tree . $(grade-options)
