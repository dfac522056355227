# hypervisor: basalt.elf, what boot loaders take, and beside it
#   basalt.sym  the same as a 64-bit ELF with symbols and lines, for gdb
#   basalt.map  the linker's map          basalt.asm  disassembly
# A file added to one of the folders below is built and linked by itself.
# DEBUG=0 leaves assertions and junk-filling out: another constant is linked.
DEBUG ?= 1
HV := $(B)/hypervisor

HV_SRC := $(filter-out hypervisor/x86/asm_offsets.c, $(wildcard \
	hypervisor/core/*.c hypervisor/mm/*.c hypervisor/lib/*.c \
	hypervisor/x86/*.c hypervisor/x86/*.S \
	hypervisor/x86/boot/*.c hypervisor/x86/boot/*.S \
	hypervisor/x86/svm/*.c hypervisor/x86/svm/*.S \
	hypervisor/x86/vmx/*.c hypervisor/x86/vmx/*.S \
	hypervisor/x86/hvm/*.c hypervisor/x86/dom0/*.c \
	hypervisor/x86/iommu/*.c)) \
	hypervisor/lib/debug/$(if $(filter 0,$(DEBUG)),off,on).c
HV_OBJ := $(patsubst hypervisor/%,$(HV)/%.o,$(HV_SRC))

HV_CPPFLAGS := -Ihypervisor/include -I$(HV)/gen -isystem $(HV)/abi \
	-D__XEN_TOOLS__
HV_CFLAGS := $(WARN) -O2 -g -ffreestanding -nostdlib -fno-pic -fno-pie \
	-mcmodel=kernel -mno-red-zone -mgeneral-regs-only \
	-fno-stack-protector -fno-strict-aliasing -fno-omit-frame-pointer \
	-fno-optimize-sibling-calls -fcf-protection=none \
	-fno-asynchronous-unwind-tables
# RETPOLINE=1: no indirect branch that a processor could guess wrongly on another's
# behalf. For those whose branch prediction is not kept apart between modes.
ifdef RETPOLINE
HV_CFLAGS += -mindirect-branch=thunk-inline -mindirect-branch-register -fno-jump-tables
endif
HV_LD := ld -nostdlib -static -z max-page-size=4096 --build-id=none \
	-T hypervisor/basalt.lds

.PHONY: hypervisor
hypervisor: $(HV)/basalt.elf $(HV)/basalt.asm

# The public ABI headers and nothing else of /usr/include.
$(HV)/abi/xen:
	@mkdir -p $(@D)
	$(Q)ln -sfn /usr/include/xen $@

# Structure offsets for assembly, told by the compiler.
$(HV)/gen/asm_offsets.h: hypervisor/x86/asm_offsets.c | $(HV)/abi/xen
	@mkdir -p $(@D)
	$(Q)gcc $(HV_CPPFLAGS) $(HV_CFLAGS) -MMD -MT $@ -MF $@.d -S -o $@.s $<
	$(Q)sed -n 's/.*@@\([A-Z0-9_]*\) \$$*\(-*[0-9]*\)@@.*/#define \1 \2/p' \
		$@.s >$@

$(HV)/%.c.o: hypervisor/%.c | $(HV)/abi/xen
	@mkdir -p $(@D)
	@echo "  CC   $<"
	$(Q)gcc $(HV_CPPFLAGS) $(HV_CFLAGS) -flto -MMD -c -o $@ $<

# The first 256 glyphs of a console font (PSF 1: a header of four bytes), of the
# fonts that X11 calls misc-fixed, which are in the public domain.
$(HV)/gen/font.bin: $(B)/packages/console-setup-linux.done
	@mkdir -p $(@D)
	$(Q)gzip -dc $(<:.done=)/usr/share/consolefonts/Lat15-Fixed16.psf.gz | \
		tail -c +5 | head -c 4096 >$@.tmp
	$(Q)mv $@.tmp $@

$(HV)/x86/font.S.o: $(HV)/gen/font.bin
$(HV)/%.S.o: hypervisor/%.S $(HV)/gen/asm_offsets.h
	@mkdir -p $(@D)
	@echo "  AS   $<"
	$(Q)gcc $(HV_CPPFLAGS) $(HV_CFLAGS) -D__ASSEMBLY__ -MMD -c -o $@ $<

# Changes when a file comes or goes, or DEBUG does.
$(HV)/objects.list: FORCE
	@mkdir -p $(@D)
	@echo '$(HV_OBJ)' | cmp -s - $@ || echo '$(HV_OBJ)' >$@
.PHONY: FORCE
FORCE:

# Two passes: the first tells where the functions lie, the second links the
# table of their names in. The table follows all code, so no function moves.
$(HV)/basalt.sym: $(HV_OBJ) $(HV)/objects.list hypervisor/basalt.lds \
		hypervisor/symbols.awk
	@echo "  LD   $@"
	$(Q)awk -f hypervisor/symbols.awk </dev/null >$(HV)/symbols0.S
	$(Q)gcc -c -o $(HV)/symbols0.o $(HV)/symbols0.S
	$(Q)gcc $(HV_CFLAGS) -flto=2 -r -flinker-output=nolto-rel -o $(HV)/whole.o $(HV_OBJ)
	$(Q)$(HV_LD) -o $(HV)/pass1 $(HV)/whole.o $(HV)/symbols0.o
	$(Q)nm -n $(HV)/pass1 | awk -f hypervisor/symbols.awk >$(HV)/symbols1.S
	$(Q)gcc -c -o $(HV)/symbols1.o $(HV)/symbols1.S
	$(Q)$(HV_LD) -Map $(HV)/basalt.map -o $@ $(HV)/whole.o $(HV)/symbols1.o

# Boot loaders want a 32-bit ELF: the image as one segment at its load address.
$(HV)/basalt.elf: $(HV)/basalt.sym hypervisor/image32.lds
	$(Q)objcopy -O binary $< $(HV)/basalt.bin
	$(Q)ld -m elf_i386 --no-warn-rwx-segments --build-id=none -T hypervisor/image32.lds \
		--defsym image_end=0x$$(nm $< | sed -n \
			's/^ffffffff\(.*\) . hv_end$$/\1/p')-0x80000000 \
		-o $@ -b binary $(HV)/basalt.bin

$(HV)/basalt.asm: $(HV)/basalt.sym
	$(Q)objdump -d $< >$@

-include $(HV_OBJ:.o=.d) $(HV)/gen/asm_offsets.h.d
