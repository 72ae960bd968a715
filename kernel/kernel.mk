# Building the kernel, in any generated tree. `make kernel [CHECKED=0]` makes $(O)/checked/kernel.elf or $(O)/plain/kernel.elf; the grader,
# which builds one for every submission, takes $(O)/unchecked/kernel.elf (CHECKED=0 LTO=0) for the second.
# The symbol table for backtraces is made from a first link and put into a second one; it stands behind all functions, so their
# addresses do not move.

O ?= build
CHECKED ?= 1
CROSS ?=
Q := $(if $(filter 1,$(V)),,@)
CC = $(CROSS)gcc
LD = $(CROSS)ld
NM = $(CROSS)nm
NASM ?= nasm

KERNEL_DIR := $(O)/$(if $(filter 0,$(CHECKED)),$(if $(filter 0,$(LTO)),unchecked,plain),$(if $(filter 1,$(RACE)),race,checked))
KERNEL := $(KERNEL_DIR)/kernel.elf

KERNEL_C := $(sort $(wildcard kernel/*/*.c kernel/arch/x86_64/*.c))
KERNEL_ASM := $(sort $(wildcard kernel/*/*.asm kernel/arch/x86_64/*.asm))
# LAST: sources that are linked behind all others and behind the symbol table with its mark, so that nothing that they say of themselves is
# taken for what the others say (grade/dwarf.py).
KERNEL_SRC := $(filter-out $(LAST),$(KERNEL_C) $(KERNEL_ASM)) $(filter $(LAST),$(KERNEL_C) $(KERNEL_ASM))
KERNEL_OBJ := $(KERNEL_SRC:%=$(KERNEL_DIR)/%.o) $(if $(wildcard kernel/syscall/syscall.tbl),$(KERNEL_DIR)/system_calls.c.o)

KERNEL_CFLAGS := -std=gnu11 -O2 -g -gdwarf-4 -ffreestanding -fno-pic -fno-pie -mcmodel=kernel -mno-red-zone -mgeneral-regs-only \
	-fno-strict-aliasing -fno-common -fno-asynchronous-unwind-tables -fcf-protection=none -fno-jump-tables \
	-Wall -Wextra -Werror=return-type -Werror=uninitialized -Wstrict-prototypes -Wmissing-prototypes -Wvla -Ikernel \
	"-ffile-prefix-map=$$PWD=." # the folder's name is nowhere in the kernel, and may look like anything
ifeq ($(CHECKED),0)
KERNEL_CFLAGS += -fomit-frame-pointer -fno-stack-protector $(if $(filter plain,$(notdir $(KERNEL_DIR))),-flto -flto-partition=one)
else
KERNEL_CFLAGS += -DCHECKED -fno-omit-frame-pointer -fno-optimize-sibling-calls \
	-fstack-protector-strong -mstack-protector-guard=global \
	-fsanitize=undefined,bounds-strict -fno-sanitize=alignment
endif
# The race build: every access to memory calls base/race.c. Left out are boot and what runs below threads, the trace and the hook itself;
# not the spinlocks' exercise. -Wno-tsan: the compiler warns of fences, which its own library does not know, and base/race.c does.
ifeq ($(RACE),1)
KERNEL_CFLAGS += -DRACE
RACE_CFLAGS := -fsanitize=thread --param tsan-distinguish-volatile=1 --param tsan-instrument-func-entry-exit=0 \
    -Wno-tsan
$(filter-out $(addprefix $(KERNEL_DIR)/kernel/,arch/% base/% lib/%),$(KERNEL_OBJ)) \
$(KERNEL_DIR)/kernel/base/spin.c.o: KERNEL_CFLAGS += $(RACE_CFLAGS)
endif
KERNEL_CFLAGS += $(WERROR)
KERNEL_LDFLAGS := -nostdlib -static -z max-page-size=4096 -z noexecstack --no-warn-rwx-segments --build-id=none -T kernel/kernel.ld

.PHONY: kernel
kernel: $(KERNEL)

# Loops that are memcpy() must not be turned into calls of memcpy().
$(KERNEL_DIR)/kernel/lib/string.c.o: KERNEL_CFLAGS += -fno-tree-loop-distribute-patterns -fno-lto

$(KERNEL_DIR)/%.c.o: %.c kernel/kernel.mk
	@mkdir -p $(@D)
	@echo "  CC   $<"
	$(Q)$(CC) $(KERNEL_CFLAGS) -MMD -MP -c $< -o $@

# NASM puts the whole path of its input's folder into the debug information. So its input is /dev/null, and the source, preprocessed,
# is an include file (-p).
$(KERNEL_DIR)/%.asm.o: %.asm kernel/kernel.mk kernel/lines.awk $(wildcard kernel/mine/* kernel/arch/x86_64/*.inc)
	@mkdir -p $(@D)
	@echo "  NASM $<"
	$(Q)$(NASM) -E -I kernel/ -o $(@:.o=.e) $<
	$(Q)awk -f kernel/lines.awk $(@:.o=.e) > $(@:.o=.i)
	$(Q)$(NASM) -f elf64 -g -F dwarf -p $(@:.o=.i) -o $@ /dev/null
	@rm -f $(@:.o=.e) $(@:.o=.i)

$(KERNEL_DIR)/system_calls.c: kernel/syscall/syscall.tbl kernel/syscall/table.awk
	@mkdir -p $(@D)
	@awk -f kernel/syscall/table.awk $< > $@

$(KERNEL_DIR)/include/syscall/calls.h: kernel/syscall/syscall.tbl kernel/syscall/table.awk
	@mkdir -p $(@D)
	@awk -v header=1 -f kernel/syscall/table.awk $< > $@

$(filter $(KERNEL_DIR)/kernel/syscall/%,$(KERNEL_OBJ)): KERNEL_CFLAGS += -I$(KERNEL_DIR)/include
$(filter $(KERNEL_DIR)/kernel/syscall/%.o,$(KERNEL_OBJ)): $(KERNEL_DIR)/include/syscall/calls.h

$(KERNEL_DIR)/system_calls.c.o: $(KERNEL_DIR)/system_calls.c
	$(Q)$(CC) $(KERNEL_CFLAGS) -c $< -o $@

ifeq ($(notdir $(KERNEL_DIR)),plain)
# Optimised as one program: most of what a thread switch costs would otherwise be calls between files.
KERNEL_PARTS := $(KERNEL_DIR)/whole.o
$(KERNEL_PARTS): $(KERNEL_OBJ)
	@echo "  LTO  $@"
	$(Q)$(CC) $(KERNEL_CFLAGS) -flinker-output=nolto-rel -r -nostdlib -Wl,-z,noexecstack -o $@.new $(KERNEL_OBJ) && mv $@.new $@
else
KERNEL_PARTS := $(KERNEL_OBJ)
endif
# $(call in-order,symbol table's object) are all objects as they are linked.
in-order = $(filter-out $(LAST:%=$(KERNEL_DIR)/%.o),$(KERNEL_PARTS)) $1 $(filter $(LAST:%=$(KERNEL_DIR)/%.o),$(KERNEL_PARTS))

# Without symbols first, and without debug information; then with both.
$(KERNEL_DIR)/no_symbols.asm: kernel/symbols.awk
	@mkdir -p $(@D)
	@awk -f kernel/symbols.awk < /dev/null > $@

$(KERNEL_DIR)/first.elf: $(KERNEL_PARTS) $(KERNEL_DIR)/no_symbols.asm.o kernel/kernel.ld
	$(Q)$(LD) $(KERNEL_LDFLAGS) -S -o $@.new $(call in-order,$(KERNEL_DIR)/no_symbols.asm.o) && mv $@.new $@

$(KERNEL_DIR)/symbols.asm: $(KERNEL_DIR)/first.elf kernel/symbols.awk
	$(Q)$(NM) -n $< | awk -f kernel/symbols.awk > $@

$(KERNEL_DIR)/no_symbols.asm.o $(KERNEL_DIR)/symbols.asm.o: %.o: %
	$(Q)$(NASM) -f elf64 -o $@ $<

$(KERNEL): $(KERNEL_DIR)/first.elf $(KERNEL_DIR)/symbols.asm.o
	$(Q)$(LD) $(KERNEL_LDFLAGS) -o $@.new $(call in-order,$(KERNEL_DIR)/symbols.asm.o) && mv $@.new $@
	@echo "  $@"

# A file that was taken away must not stay linked.
$(KERNEL_DIR)/first.elf $(filter %/whole.o,$(KERNEL_PARTS)): $(KERNEL_DIR)/objects.list
.PHONY: FORCE
$(KERNEL_DIR)/objects.list: FORCE
	@mkdir -p $(@D)
	@echo '$(KERNEL_OBJ)' | cmp -s - $@ || echo '$(KERNEL_OBJ)' > $@

# Written by the compiler alone: NASM would write into such a file whatever a source asks for.
-include $(KERNEL_C:%=$(KERNEL_DIR)/%.d)
