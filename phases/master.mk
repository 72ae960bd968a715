# The targets of the master tree. Nothing is built here: a target that needs a kernel makes the tree of a phase in build/tree/PHASE-SOLVED
# (phases/tree.py rewrites only files that change, so what is built there stays current) and calls the same target there.
#
# PHASE= is the last finished phase unless given, SOLVED= all of it: the master tree is the finished kernel.

stand-ins := $(shell grep -l '^standin *= *true' phases/[1-9]-*/exercises.toml)
finished := $(filter-out $(stand-ins),$(sort $(wildcard phases/[1-9]-*/exercises.toml)))
phase-of = $(firstword $(subst -, ,$(notdir $(patsubst %/,%,$(dir $1)))))
phase := $(or $(strip $(PHASE)),$(call phase-of,$(lastword $(finished))))
solved := $(or $(strip $(SOLVED)),$(phase)99)
tree := build/tree/$(phase)-$(solved)
drops := $(foreach exercise,$(subst $(comma), ,$(DROP)),--drop $(exercise))
python = $(call shell-word,$(PYTHON))
make-tree = $(python) phases/tree.py --quiet --phase $(phase)

# Two targets of one make would build in one tree at once; each of them is parallel in itself.
.NOTPARALLEL:

.PHONY: tree trees student branches lint test test-all handin

# What the tree itself can do. $(call out,FOLDER) says where results go: OUT= as it is seen from here, else a folder as seen from the tree.
out = OUT=$(call shell-word,$(if $(strip $(OUT)),$(if $(filter /%,$(firstword $(OUT))),,$(subst $$,$$$$,$(CURDIR))/)$(OUT),$1))
delegated := kernel run iso run-iso qemu-gdb gdb rewind
.PHONY: $(delegated) grade trace bench soak race-rates test-qemu

kernel: ## builds the kernel of a phase: PHASE=n SOLVED=m CHECKED=0|1
run: ## boots the kernel on this terminal: PHASE=n CPUS=n MEMORY=n SCHED=policy INIT=program|busybox FILES=".." APPEND=".." ACCEL=tcg|kvm
iso: ## makes the bootable GRUB image
run-iso: ## boots that image
qemu-gdb: ## QEMU with the checked kernel, waiting for a debugger
gdb: ## GDB at the start of a test: TEST=name
rewind: ## GDB at the failure of a test, and backwards from there: TEST=name

# FILES, of one's own, are FILE or FILE:PLACE; they and a path in BUSYBOX are seen from here, and the tree has to see them as well.
own-files = $(foreach file,$(FILES),$(call from-here,$(file)))
own-programs = $(if $(strip $(FILES)),FILES=$(call shell-word,$(own-files))) \
    $(if $(findstring /,$(BUSYBOX)),BUSYBOX=$(call shell-word,$(call from-here,$(BUSYBOX))))
$(delegated): tree
	@$(MAKE) -C $(tree) $@ $(own-programs)

# The course's key, from which the inputs of the hidden tests are made, and a path as the tree sees it.
key = $(or $(strip $(COURSE)),course.key)
from-here = $(if $(filter /%,$(firstword $1)),,$(subst $$,$$$$,$(CURDIR))/)$1

.PHONY: course
course: ## makes the key of your course, without which the hidden tests are left out: course.key (COURSE=file)
	@$(python) grade/course.py make $(call shell-word,$(key))

grade: tree ## grades the reference, or a step of it: PHASE=n SOLVED=m TEST=text V=1 OUT=dir; results in build/grade/
	@$(MAKE) -C $(tree) grade $(call out,../../grade) HIDDEN=$(call shell-word,$(call from-here,grade/hidden)) \
	    COURSE=$(call shell-word,$(call from-here,$(key)))

trace: tree ## the schedule of a test's run, for Perfetto and as a picture: TEST=name [APPEND="options"]; files in build/trace/
	@$(MAKE) -C $(tree) trace $(call out,../../trace)

bench: tree ## the figures of docs/performance.md, in guest instructions, beside their limits and Linux: V=1; build/bench.json
	@$(MAKE) -C $(tree) bench $(call out,../..) $(own-programs)

soak: tree ## the long tests: MINUTES=n (else until all is done) ONLY=text; goes on where it stopped, build/soak.json
	@$(MAKE) -s -C $(tree) kernel CHECKED=1 >&2
	@$(MAKE) -s -C $(tree) kernel $$([ -f $(tree)/user/user.mk ] && echo user) CHECKED=0 >&2
	@[ ! -f $(tree)/kernel/arch/smp.h ] || $(MAKE) -s -C $(tree) kernel RACE=1 >&2
	@$(python) grade/soak.py --tree $(tree) --state build/soak.json $(if $(strip $(MINUTES)),--minutes $(MINUTES)) \
	    $(if $(strip $(ONLY)),--only $(call shell-word,$(ONLY)))

# The submissions, and the start tree over which they are graded; the reference's files stand in for exercises that fail.
graded-with = --tree build/tree/$(phase)-0 --reference build/tree/$(phase)-$(phase)99/grade/given.tar --course $(call shell-word,$(key))

.PHONY: bulk bench-bulk autograder.zip mutants
bulk: bulk-options trees-$(phase) ## grades a folder of submissions: SUBMISSIONS=dir OUT=dir PHASE=n JOBS=n [TEST=text: these again, of all]
	@$(bulk)

# What is wrong with the options is told before a tree is made.
bulk = $(python) grade/bulk.py $(graded-with) --submissions $(call shell-word,$(SUBMISSIONS)) --out $(call shell-word,$(OUT)) \
    $(if $(strip $(JOBS)),--jobs=$(call shell-word,$(JOBS))) $(if $(strip $(TEST)),--test=$(call shell-word,$(TEST)))
.PHONY: bulk-options
bulk-options:
	$(if $(strip $(SUBMISSIONS)),,$(error SUBMISSIONS= is missing: make bulk SUBMISSIONS=dir OUT=dir, with a folder or an archive for each))
	$(if $(strip $(OUT)),,$(error OUT= is missing: make bulk SUBMISSIONS=dir OUT=dir, where the grades will be in OUT))
	@$(bulk) --look

bench-bulk: trees-$(phase) ## how fast 60 mixed submissions are graded: PHASE=n
	@$(python) grade/selftest/bench_bulk.py --phase $(phase)

autograder.zip: trees-$(phase) ## what Gradescope asks for: PHASE=n; build/autograder-PHASE.zip
	@$(python) grade/gradescope/pack.py $(graded-with) --out build/autograder-$(phase).zip

# The table is printed also when one survives, and then make fails.
mutants: trees ## tries every wrong solution on the test that is to catch it: a table, build/mutants.json; JOBS=n
	@status=0; CRESCENT_TESTS=all $(pytest)/test_mutants.py || status=1; $(python) grade/selftest/test_mutants.py; exit $$status

race-rates: trees ## how often seeds find the mutants that are races, as a table: PHASE=n SEEDS=n (20) DENSITY=16 JOBS=n (2)
	@$(python) grade/selftest/race_rates.py $(if $(strip $(PHASE)),--phase $(phase)) $(if $(strip $(SEEDS)),--seeds $(SEEDS)) \
	    $(if $(strip $(DENSITY)),--densities $(call shell-word,$(DENSITY))) $(if $(strip $(JOBS)),--jobs $(JOBS))

test-qemu: trees ## grades under this QEMU and under QEMU 10 from bookworm-backports (fetched into build/qemu10) and compares
	@$(python) grade/second_qemu.py --folder build/qemu10 build/tree/$(phase)-0 build/tree/$(phase)-$(phase)99

# The last phase's user programs, finished or not: a phase's tests begin with what Linux says.
last-phase := $(call phase-of,$(lastword $(sort $(wildcard phases/[1-9]-*/exercises.toml))))
last-tree := build/tree/$(last-phase)-$(last-phase)99
.PHONY: oracle
oracle: ## writes down what the programs of user/tests, and others, print on this Linux (as root, x86-64)
	@$(python) phases/tree.py --quiet --phase $(last-phase) --solved $(last-phase)99 --out $(last-tree)
	@$(MAKE) -s -C $(last-tree) user
	@$(python) grade/oracle.py --programs $(last-tree)/build/user/tests --out user/tests/expected
	@$(python) grade/selftest/busybox_sessions.py $(last-tree)
	@$(python) grade/selftest/libcs.py

.PHONY: pictures
pictures: ## draws docs/policies.md's pictures and computes its tables anew: one workload under every policy
	@$(python) phases/tree.py --quiet --phase $(last-phase) --solved $(last-phase)99 --out $(last-tree)
	@$(MAKE) -s -C $(last-tree) kernel CHECKED=1
	@$(python) grade/pictures.py --tree $(last-tree)

tree: ## makes the tree of a phase and no more: build/tree/PHASE-SOLVED
	@$(make-tree) --solved $(solved) --out $(tree)

trees-wanted = $(if $(strip $(PHASE)),$(phase),$(sort $(foreach f,$(finished) $(stand-ins),$(call phase-of,$f))))
# As many compilers at once as there are processors, unless make was told how many; and one make at a time: two in one folder would write
# the same files.
cores = $(if $(findstring jobserver,$(MAKEFLAGS)),,-j$(shell getconf _NPROCESSORS_ONLN))
lock-trees = mkdir -p build; exec 9> build/trees.lock; $(python) phases/lock.py 9 'another make in this folder builds the trees'

trees: ## makes and builds start trees and references, as the tests use them: PHASE=n
	@$(lock-trees) && $(MAKE) $(cores) -f phases/trees.mk PHASES='$(trees-wanted)'
trees-%:
	@$(lock-trees) && $(MAKE) $(cores) -f phases/trees.mk PHASES='$*'

student: ## makes the tree that a student gets: PHASE=n OUT=dir [SOLVED=m] [DROP=2.6c] [FORCE=1]
	$(if $(strip $(OUT)),,$(error OUT= is missing: make student PHASE=$(phase) OUT=dir, where dir is a new or empty folder))
	@$(python) phases/tree.py --phase $(phase) --solved $(or $(strip $(SOLVED)),0) --out $(call shell-word,$(OUT)) $(drops) \
	    $(if $(FORCE),--force)

branches: ## makes or updates the student repository with a branch for each phase: REPO=dir (build/student.git) [DROP=2.6c]
	@mkdir -p build
	@$(python) phases/branches.py --repo $(call shell-word,$(or $(REPO),build/student.git)) $(drops) $(if $(STANDIN),--standin)

handin: ## (in a student's tree) the file to hand in
	$(error there is nothing to hand in from the master tree; in a student's tree, made by make student, this packs the student's files)

lint: tree ## layers, include cycles, conditionals, segments, upward calls, form
	@$(MAKE) -s -C $(tree) kernel CHECKED=1
	@$(python) phases/lint.py --elf $(tree)/build/checked/kernel.elf --objects $(tree)/build/checked

# Neither tool is needed for anything else, so the set-up does not install them.
wants = @command -v $(1) >/dev/null || { echo "make $@: $(1) is missing; on Debian: apt-get install $(2)"; exit 1; }

.PHONY: format docs
format: ## lays out the kernel's C as .clang-format says
	$(call wants,clang-format,clang-format)
	@git ls-files -z 'kernel/*.c' 'kernel/*.h' | xargs -0 clang-format -i

docs: ## the documents as web pages, with mkdocs: build/docs/
	$(call wants,mkdocs,mkdocs)
	@mkdocs build --quiet --config-file phases/mkdocs.yml

# One pytest run whose last line is pytest's. The trees are built before it, so that its workers find them ready. One worker more than there
# are processors: a test waits for files and for QEMU to begin and end for a quarter of its time.
pytest = $(python) -m pytest -q -p no:cacheprovider -n $(or $(strip $(JOBS)),$(shell expr $$(nproc) + 1)) --dist loadgroup grade/selftest

test: trees ## tests everything, small: JOBS=n processes
	@$(pytest)

test-all: trees ## tests everything, the long way
	@CRESCENT_TESTS=all $(pytest)
