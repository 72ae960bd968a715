# Programs that are not of this project, in the file system that the kernel starts with: busybox as process 1 (INIT=busybox), and files of
# one's own (FILES="FILE[:PLACE] ..."). Included by grade/tree.mk; grade/make/run.mk boots what is made here.

BUSYBOX ?= busybox
own-image := $(if $(filter busybox,$(INIT))$(strip $(FILES)),own-image)
own-archive := $(if $(own-image),$(USER_DIR)/own.cpio)

.PHONY: own-image

# Made anew each time: what it is made from lies outside, and it takes a tenth of a second.
own-image: user
	@$(call shell-word,$(PYTHON)) grade/cpio.py --list user/initramfs.list --programs $(USER_DIR) --out $(own-archive) $(USER_PROGRAMS) \
	    $(if $(filter busybox,$(INIT)),--busybox $(call shell-word,$(BUSYBOX)) --list user/busybox.list) \
	    $(foreach file,$(FILES),--own $(call shell-word,$(file)))
