# Makes and builds the start trees and references of PHASES, for `make trees` in phases/master.mk: in one make, so that what keeps one
# processor busy (a link, an optimiser over the whole kernel) runs beside another tree's compilers.
#
# What was compiled for one tree and has the same sources in another one is copied (phases/take_over.py): from a phase to the next, also
# from one that was built before, and from the reference to the start tree.

MAKEFLAGS += --no-print-directory -r

# What there is of a reference: its folder in build/, and what makes it; PART-..., a file without which a phase has no such thing.
KINDS := checked plain race user
make-checked := kernel CHECKED=1
make-plain := kernel CHECKED=0
make-race := kernel CHECKED=1 RACE=1
make-user := user
part-race := kernel/base/race.c
part-user := user/user.mk

start = build/tree/$1-0
reference = build/tree/$1-$199
take-over = "$$PYTHON" phases/take_over.py

.PHONY: all
all: $(foreach phase,$(PHASES),$(KINDS:%=%-$(phase)) start-$(phase))

# $(call trees-of,PHASE,the one before)
define trees-of
.PHONY: tree-$1 start-$1 $(KINDS:%=%-$1)

tree-$1:
	@"$$$$PYTHON" phases/tree.py --quiet --phase $1 --solved 0 --out $(start)
	@"$$$$PYTHON" phases/tree.py --quiet --phase $1 --solved $199 --out $(reference)
	@"$$$$PYTHON" -m compileall -q $(start)/grade/*.py $(start)/grade/models

$(KINDS:%=%-$1): %-$1: tree-$1 $(if $(filter $2,$(PHASES)),%-$2)
	@[ ! -f $(reference)/$$(or $$(part-$$*),Makefile) ] || \
	    { $$(take-over) $(call reference,$2) $(reference) build/$$* && $$(MAKE) -s WERROR=-Werror -C $(reference) $$(make-$$*); }

start-$1: checked-$1
	@$$(take-over) $(reference) $(start) build/checked && $$(MAKE) -s WERROR=-Werror -C $(start) $(make-checked)
endef
$(foreach phase,$(PHASES),$(eval $(call trees-of,$(phase),$(shell expr $(phase) - 1))))
