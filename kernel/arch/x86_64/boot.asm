; From the boot loader to kmain: the first code of the kernel.
;
; A Multiboot 1 loader (QEMU's -kernel, GRUB) jumps to boot_entry in 32-bit protected mode, paging off, eax = magic, ebx =
; address of its information. boot_entry checks that this machine can run the kernel, maps the first GiB three times (at 0 while
; we still stand there, at DIRECT_BASE, at KERNEL_BASE), turns on long mode and goes up to boot_high. What cannot work is said
; in one line on COM1, and the machine halts. Entry: boot_entry. No lock: one CPU, interrupts off.

MULTIBOOT_MAGIC  equ 0x1badb002       ; in our header
MULTIBOOT_LOADED equ 0x2badb002       ; in eax, from the loader
MULTIBOOT_FLAGS  equ 0x00010003       ; modules page-aligned, memory map wanted, address fields valid
KERNEL_BASE      equ 0xffffffff80000000
BOOT_STACK_SIZE  equ 32768

%define PHYS(symbol) (symbol - KERNEL_BASE)

extern load_end, kernel_end, boot_start
extern boot_main                      ; arch/x86_64/boot_info.c

section .multiboot progbits alloc noexec nowrite align=4
header:
    dd MULTIBOOT_MAGIC
    dd MULTIBOOT_FLAGS
    dd -(MULTIBOOT_MAGIC + MULTIBOOT_FLAGS)
    dd header                         ; where this header lies in memory
    dd boot_start                     ; load the file from here ...
    dd load_end                       ; ... to here
    dd PHYS(kernel_end)               ; and clear up to here
    dd boot_entry

section .boot progbits alloc exec nowrite align=16
bits 32
global boot_entry
boot_entry:
    cli
    cld
    mov esp, PHYS(boot_stack_top)
    mov ebp, eax                      ; the loader's magic
    mov edi, ebx                      ; the loader's information

    mov esi, text_no_multiboot
    cmp ebp, MULTIBOOT_LOADED
    jne boot_fail

    ; A processor without CPUID cannot toggle EFLAGS.ID.
    mov esi, text_no_long_mode
    pushfd
    pop eax
    mov ecx, eax
    xor eax, 1 << 21
    push eax
    popfd
    pushfd
    pop eax
    xor eax, ecx
    test eax, 1 << 21
    jz boot_fail

    mov eax, 0x80000000
    cpuid
    cmp eax, 0x80000001
    jb boot_fail
    mov eax, 0x80000001
    cpuid
    bt edx, 29
    jnc boot_fail
    mov esi, text_no_nx
    bt edx, 20
    jnc boot_fail

    ; One page directory of 2 MiB pages covers the first GiB; the three mappings share it. Final, finer tables come from mmu_init().
    mov dword [PHYS(boot_pml4)], PHYS(boot_pdpt) + 3
    mov dword [PHYS(boot_pml4) + 256 * 8], PHYS(boot_pdpt) + 3
    mov dword [PHYS(boot_pml4) + 511 * 8], PHYS(boot_pdpt) + 3
    mov dword [PHYS(boot_pdpt)], PHYS(boot_pd) + 3
    mov dword [PHYS(boot_pdpt) + 510 * 8], PHYS(boot_pd) + 3
    mov ecx, 0
    mov eax, 0x83                     ; present, writable, 2 MiB
.map:
    mov [PHYS(boot_pd) + ecx * 8], eax
    add eax, 2 << 20
    inc ecx
    cmp ecx, 512
    jb .map

    mov eax, cr4
    or eax, 1 << 5                    ; PAE
    mov cr4, eax
    mov eax, PHYS(boot_pml4)
    mov cr3, eax
    mov ecx, 0xc0000080               ; EFER: long mode, no-execute
    rdmsr
    or eax, (1 << 8) | (1 << 11)
    wrmsr
    mov eax, cr0
    or eax, (1 << 31) | (1 << 16) | 1 ; paging, write protection for the kernel too
    mov cr0, eax
    lgdt [boot_gdt_pointer]
    jmp 0x08:boot_long

; esi = the line to say. COM1 needs no setting up under QEMU or after GRUB; the line status register says when a byte may go.
boot_fail:
    mov dx, 0x3fd
.wait:
    in al, dx
    test al, 0x20
    jz .wait
    mov al, [esi]
    test al, al
    jz .halt
    mov dx, 0x3f8
    out dx, al
    inc esi
    jmp boot_fail
.halt:
    cli
    hlt
    jmp .halt

text_no_multiboot: db "crescent: not started by a Multiboot loader (wrong magic in eax): "
                   db "use qemu -kernel or GRUB's multiboot command", 10, 0
text_no_long_mode: db "crescent: this processor has no 64-bit mode: start QEMU with -cpu qemu64 or another x86-64 model", 10, 0
text_no_nx: db "crescent: this processor has no NX (no-execute pages): start QEMU with -cpu qemu64,+nx", 10, 0

align 8
boot_gdt:
    dq 0
    dq 0x00209a0000000000             ; 0x08: 64-bit kernel code
    dq 0x0000920000000000             ; 0x10: kernel data
boot_gdt_pointer:
    dw $ - boot_gdt - 1
    dd boot_gdt

bits 64
boot_long:
    mov rax, boot_high
    jmp rax

section .text
boot_high:
    mov ax, 0x10
    mov ds, ax
    mov es, ax
    mov ss, ax
    xor eax, eax
    mov fs, ax
    mov gs, ax
    mov rsp, boot_stack_top
    xor ebp, ebp                      ; the end of every backtrace
    mov edi, edi                      ; boot_main(physical address of the Multiboot information)
    call boot_main
    ud2                               ; boot_main does not return

section .bss nobits alloc noexec write align=4096
alignb 4096
global boot_stack_guard, boot_stack, boot_stack_top
boot_stack_guard: resb 4096           ; mmu_init() takes this page away
boot_stack:       resb BOOT_STACK_SIZE
boot_stack_top:
global boot_pml4                      ; other CPUs start with these tables, too
boot_pml4: resb 4096
boot_pdpt: resb 4096
boot_pd:   resb 4096
