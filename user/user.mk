# Building the user programs, in any tree that has them. `make user` makes $(O)/user/: bin/ and tests/ with the programs (NAME.elf with
# symbols, for a debugger, and NAME without, as it goes into the archive) and initramfs.cpio, the file system the kernel starts with.
#
# A program is user/bin/NAME.c, or all of the folder user/bin/NAME/, linked with the C library (user/lib); or a NAME.asm, linked alone. The
# library is an archive: a program carries what it uses. The stubs stand behind it, because they are weak.

O ?= build
CROSS ?=
NASM ?= nasm
PYTHON ?= python3
Q := $(if $(filter 1,$(V)),,@)
USER_CC = $(CROSS)gcc
USER_DIR := $(O)/user
INITRAMFS := $(USER_DIR)/initramfs.cpio

USER_LIB_OBJ := $(patsubst %,$(USER_DIR)/%.o,$(sort $(wildcard user/lib/*.c user/lib/*.asm)))
USER_PROGRAMS := $(sort $(patsubst user/%.c,%,$(wildcard user/bin/*.c user/tests/*.c)) \
	$(patsubst user/%/,%,$(sort $(dir $(wildcard user/bin/*/*.c)))) $(patsubst user/%.asm,%,$(wildcard user/bin/*.asm user/tests/*.asm)))
USER_FILES := $(USER_PROGRAMS:%=$(USER_DIR)/%)

# The compiler's own headers and ours, nothing of the host's.
USER_CFLAGS := -std=gnu11 -O2 -g -gdwarf-4 -ffreestanding -nostdinc -Iuser/include -I$(USER_DIR)/include \
	-isystem "$$($(USER_CC) -print-file-name=include)" -fno-pic -fno-pie -fno-stack-protector -fno-asynchronous-unwind-tables \
	-fcf-protection=none -fno-common -ffunction-sections -fdata-sections -fno-tree-loop-distribute-patterns \
	-Wall -Wextra -Wstrict-prototypes -Wmissing-prototypes "-ffile-prefix-map=$$PWD=." $(WERROR)
USER_LDFLAGS := -nostdlib -static -no-pie -Wl,-z,max-page-size=4096,-z,noexecstack,--build-id=none

.PHONY: user
user: $(INITRAMFS) ## builds the user programs and the file system that the kernel starts with: build/user/

$(USER_DIR)/stubs.asm: kernel/syscall/syscall.tbl user/lib/stubs.awk
	@mkdir -p $(@D)
	$(Q)awk -f user/lib/stubs.awk kernel/syscall/syscall.tbl > $@.new && mv $@.new $@

$(USER_DIR)/include/sys/syscall.h: kernel/syscall/syscall.tbl user/lib/stubs.awk
	@mkdir -p $(@D)
	$(Q)awk -v header=1 -f user/lib/stubs.awk kernel/syscall/syscall.tbl > $@.new && mv $@.new $@

$(USER_DIR)/include/sys/syscall_list.h: kernel/syscall/syscall.tbl user/lib/stubs.awk
	@mkdir -p $(@D)
	$(Q)awk -v list=1 -f user/lib/stubs.awk kernel/syscall/syscall.tbl > $@.new && mv $@.new $@

$(USER_DIR)/stubs.o: $(USER_DIR)/stubs.asm
	$(Q)$(NASM) -f elf64 -o $@ $<

# The headers that are made have to be there; who reads one says its .d.
$(USER_DIR)/user/%.c.o: user/%.c user/user.mk | $(USER_DIR)/include/sys/syscall.h $(USER_DIR)/include/sys/syscall_list.h
	@mkdir -p $(@D)
	@echo "  CC   $<"
	$(Q)$(USER_CC) $(USER_CFLAGS) -MMD -MP -c $< -o $@

$(USER_DIR)/user/%.asm.o: user/%.asm user/user.mk
	@mkdir -p $(@D)
	@echo "  NASM $<"
	$(Q)$(NASM) -f elf64 -o $@ $<

$(USER_DIR)/libc.a: $(USER_LIB_OBJ)
	@rm -f $@
	$(Q)$(CROSS)ar -rcD $@ $^

# $(call objects,PROGRAM) are the objects a program is linked from.
objects = $(patsubst %,$(USER_DIR)/%.o,$(or $(wildcard user/$1.asm),$(sort $(wildcard user/$1/*.c)),user/$1.c))
library = $(if $(wildcard user/$1.asm),,$(USER_DIR)/libc.a $(USER_DIR)/stubs.o)
layout = $(if $(wildcard user/$1.asm),-Wl$(comma)-z$(comma)noseparate-code,-Wl$(comma)-T$(comma)user/user.ld$(comma)--gc-sections)
comma := ,

.SECONDEXPANSION:
$(USER_FILES:%=%.elf): $(USER_DIR)/%.elf: $$(call objects,$$*) $$(call library,$$*) user/user.ld
	@mkdir -p $(@D)
	@echo "  LD   $@"
	$(Q)$(USER_CC) $(USER_LDFLAGS) $(call layout,$*) -o $@ $(call objects,$*) $(call library,$*)

$(USER_FILES): %: %.elf
	$(Q)$(CROSS)objcopy -S $< $@

$(USER_DIR)/programs.list: FORCE-user
	@mkdir -p $(@D)
	@echo '$(USER_PROGRAMS)' | cmp -s - $@ || echo '$(USER_PROGRAMS)' > $@
.PHONY: FORCE-user

$(INITRAMFS): $(USER_FILES) $(USER_DIR)/programs.list user/initramfs.list grade/cpio.py $(sort $(wildcard user/etc/*))
	@echo "  CPIO $@"
	$(Q)"$(PYTHON)" grade/cpio.py --list user/initramfs.list --programs $(USER_DIR) --out $@ $(USER_PROGRAMS)

-include $(patsubst %.c,$(USER_DIR)/%.c.d,$(wildcard user/*/*.c user/bin/*/*.c))
