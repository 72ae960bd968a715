# Crescent's front door, the same file in the master tree and in every student's tree. It checks make itself and the values of the
# variables, has grade/setup.sh find the tools (and install what is missing), and includes the targets:
# phases/master.mk where all phases are made from, grade/tree.mk in the tree of one phase.

# This check stands first and in words that make 3.81, the make of macOS, can parse.
ifneq ($(filter 3.% 4.0 4.0.% 4.1 4.1.% 4.2 4.2.%,$(MAKE_VERSION)),)
$(error GNU make 4.3 or newer is needed and this is $(MAKE_VERSION); on macOS: brew install make, then type gmake instead of make)
endif

.DEFAULT_GOAL := kernel
.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-print-directory -r

# One shell word whose value is exactly $1.
comma := ,
shell-word = '$(subst ','\'',$1)'

# A goal that nothing makes; one with a dot or a slash may be a file.
tree-makefiles := grade/tree.mk kernel/kernel.mk user/user.mk grade/make/*.mk
makefiles := $(wildcard Makefile $(if $(wildcard phases/tree.py),phases/master.mk,$(tree-makefiles)))
words-of-goals := $(foreach goal,$(MAKECMDGOALS),$(if $(findstring /,$(goal))$(findstring .,$(goal)),,$(goal)))
targets := $(if $(words-of-goals),$(shell sed -n 's/^\([a-z][a-z0-9%. -]*\):.*/\1/p' $(makefiles)))
ifneq ($(filter-out $(targets),$(words-of-goals)),)
$(error there is nothing called $(firstword $(filter-out $(targets),$(words-of-goals))) to make; make help lists what there is)
endif

# --- values of variables -------------------------------------------------------------------------------------------------------

refuse = $(error $1=$($1) is not known; choices: $2)
# $(call one-of,VARIABLE,choices[,how to say them]) stops make if the variable has a value that is not one of the choices.
one-of = $(if $(strip $($1)),$(if $(filter-out 1,$(words $($1)))$(filter-out $2,$($1)),$(call refuse,$1,$(or $3,$2))))
# What is left of $1 without its digits.
ten-digits := 0 1 2 3 4 5 6 7 8 9
undigit-step = $(if $2,$(call undigit-step,$(subst $(firstword $2),,$1),$(wordlist 2,10,$2)),$1)
undigit = $(call undigit-step,$1,$(ten-digits))
# $(call number,VARIABLE,what it is) stops make if the variable has a value that is not a number.
number = $(if $(strip $($1)),$(if $(call undigit,$($1))$(filter-out 1,$(words $($1))),$(call refuse,$1,$2)))

ifneq ($(wildcard phases/tree.py),)
phase-choices := $(if $(strip $(PHASE)),$(shell grep -L '^standin *= *true' phases/*/exercises.toml | sed 's:phases/\(.\).*:\1:'))
else ifneq ($(strip $(PHASE)),)
phase-choices := $(shell sed -n 's/^phase *= *\([0-9]\).*/\1/p' exercises.toml 2>/dev/null)
endif
policy-choices := $(foreach name,rr fcfs prio mlfq sjf cfs eevdf,$(if $(wildcard kernel/sched/$(name).c),$(name)))
cpu-choices := $(filter-out 0 65 66 67 68 69,$(foreach tens,0 1 2 3 4 5 6,$(foreach units,$(ten-digits),$(patsubst 0%,%,$(tens)$(units)))))

ifneq ($(strip $(phase-choices)),)
other-phases := $(if $(wildcard phases/tree.py),, (this tree's phase; another phase is another branch))
$(call one-of,PHASE,$(phase-choices),$(phase-choices)$(other-phases))
endif
ifneq ($(strip $(policy-choices)),)
$(call one-of,SCHED,$(policy-choices))
endif
$(call one-of,CPUS,$(cpu-choices),1 to 64)
$(call one-of,CHECKED,0 1)
$(call one-of,ACCEL,tcg kvm)
$(call one-of,V,0 1)
$(call one-of,SETUP,yes no)
$(call one-of,SYSTEM,debian fedora arch homebrew)
$(call number,SOLVED,0 (nothing)$(comma) or lab and exercise as in 103$(comma) or a whole lab as in 199)
$(call number,MINUTES,a number of minutes)

# SEEDS is one number or two with .. between them.
seed-ends := $(subst .., ,$(SEEDS))
seed-forms := $(word 1,$(seed-ends)) $(if $(word 2,$(seed-ends)),$(word 1,$(seed-ends))..$(word 2,$(seed-ends)),0)
$(call one-of,SEEDS,$(if $(strip $(call undigit,$(seed-ends))),,$(seed-forms)),a number of seeds or a range as in 3..9)

# --- tools ---------------------------------------------------------------------------------------------------------------------

# Before any target that needs tools, grade/setup.sh finds them; after the first time that is a look at a stamp. A make that was started
# by ours, with the same PATH, takes over what the first one found.
tool-variables := PYTHON CROSS QEMU GDB NASM GRUB_MKRESCUE
tool-choices = $(foreach v,PYTHON CROSS QEMU GDB NASM,$(if $(filter-out undefined,$(firstword $(origin $v))),$v=$(call shell-word,$($v))))
dry-run := $(findstring n,$(filter-out --%,$(firstword -$(MAKEFLAGS))))

ifneq ($(filter-out help setup clean,$(or $(MAKECMDGOALS),kernel)),)
ifneq ($(SETUP_DONE),$(PATH))
$(shell $(tool-choices) sh grade/setup.sh $(if $(dry-run)$(filter no,$(SETUP)),check,ensure) >&2)
ifneq ($(.SHELLSTATUS),0)
$(error the set-up is not complete, see above)
endif
include build/setup.mk
endif
export SETUP_DONE := $(PATH)
export $(tool-variables)
endif

# --- targets -------------------------------------------------------------------------------------------------------------------

.PHONY: help setup clean

help: ## lists the targets
	@awk -F ':.*## ' '/^[a-z][a-z.-]*:.*## / { printf "make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## finds the tools and installs what is missing; SETUP=no [SYSTEM=debian|fedora|arch|homebrew] only prints the list
	@$(if $(SYSTEM)$(filter no,$(SETUP)),sh grade/setup.sh list $(SYSTEM),rm -f build/setup.stamp && $(tool-choices) sh grade/setup.sh ensure)
	@$(if $(SYSTEM)$(filter no,$(SETUP)),,echo 'setup: everything is there')

clean: ## removes build/, where everything that is made lies
	rm -rf build

ifneq ($(wildcard phases/tree.py),)
include phases/master.mk
else
include grade/tree.mk
endif
