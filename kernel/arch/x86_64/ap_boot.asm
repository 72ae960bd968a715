; The first code of every CPU but the boot CPU.
;
; cpu_start() (ipi.c) copies ap_boot_start..ap_boot_end to START_PAGE and sends STARTUP with that page's number: the CPU begins there in
; real mode, cs = START_PAGE / 16. It goes through protected mode to long mode with the boot CPU's first page tables, in which low
; addresses and the kernel's own mean the same memory; there it turns to the kernel's tables and its stack, and calls entry(cpu).
; No lock: one CPU comes this way at a time, interrupts off.

START_PAGE  equ 0x8000                ; START_PAGE in ipi.c
KERNEL_BASE equ 0xffffffff80000000
MSR_EFER    equ 0xc0000080
MSR_GS_BASE equ 0xc0000101

%define AT(label) (START_PAGE + label - ap_boot_start)

extern boot_pml4                      ; boot.asm

section .rodata
global ap_boot_start, ap_boot_end, ap_boot_words

bits 16
ap_boot_start:
    cli
    cld
    mov ax, cs
    mov ds, ax
    o32 lgdt [gdt_pointer - ap_boot_start]
    mov eax, cr0
    and eax, ~(3 << 29)               ; after INIT the caches are off: CD, NW
    or eax, 1
    mov cr0, eax
    jmp dword 0x18:AT(protected_mode)

bits 32
protected_mode:
    mov ax, 0x10
    mov ds, ax
    mov es, ax
    mov ss, ax
    mov eax, cr4
    or eax, 1 << 5                    ; PAE
    mov cr4, eax
    mov eax, [AT(low_root)]
    mov cr3, eax
    mov ecx, MSR_EFER                 ; long mode, no-execute
    rdmsr
    or eax, (1 << 8) | (1 << 11)
    wrmsr
    mov eax, cr0
    or eax, (1 << 31) | (1 << 16)     ; paging, write protection for the kernel too
    mov cr0, eax
    jmp 0x08:AT(long_mode)

bits 64
long_mode:
    mov rax, [AT(high)]
    jmp rax

align 8
gdt:                                  ; 0x08 and 0x10 as in the kernel's own, which this CPU will load
    dq 0
    dq 0x00209a0000000000             ; 0x08: 64-bit kernel code
    dq 0x0000920000000000             ; 0x10: kernel data
    dq 0x00cf9a000000ffff             ; 0x18: 32-bit code
gdt_pointer:
    dw $ - gdt - 1
    dd AT(gdt)
align 8
low_root: dq boot_pml4 - KERNEL_BASE
high:     dq ap_high
ap_boot_words:                        ; struct start_words
.root:    dq 0
.stack:   dq 0
.entry:   dq 0
.cpu:     dq 0
ap_boot_end:

section .text
ap_high:
    xor eax, eax
    mov fs, ax
    mov gs, ax
    mov rdi, [AT(ap_boot_words.cpu)]
    mov eax, edi                      ; this_cpu() answers from the first C on; the rest of it is cpu_init()'s
    mov rdx, rdi
    shr rdx, 32
    mov ecx, MSR_GS_BASE
    wrmsr
    mov rax, [AT(ap_boot_words.root)]
    mov rsp, [AT(ap_boot_words.stack)]
    mov rdx, [AT(ap_boot_words.entry)]
    mov cr3, rax                      ; from here on nothing is mapped at low addresses
    xor ebp, ebp                      ; the end of every backtrace
    call rdx                          ; entry(cpu): does not return
    ud2
