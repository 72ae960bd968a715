# Lab 5.6, reading a trace: questions. Included by grade/tree.mk.

.PHONY: questions

questions: ## writes the runs that lab 5.6 asks about, for the name in answers5.toml: build/questions.txt
	@$(call shell-word,$(PYTHON)) grade/reading/questions.py
