; The program of ktest/child.c's processes: it obeys words in a page that it shares with its parent, so that the parent knows at each moment
; what the child has done.
;   rbx: that page. At rbx stands the order: 0 none yet, 1 exit(7), an address: write r13 there, an address + 2: read there, into the word
;   at rbx + 8. When an order is carried out, 0 stands there again.

YIELD equ 24
EXIT equ 60

section .rodata
global child_code, child_code_end
child_code:
    mov rax, [rbx]
    test rax, rax
    jz .yield
    cmp rax, 1
    je .exit
    btr rax, 1
    jc .read
    mov [rax], r13
    jmp .done
.read:
    mov rax, [rax]
    mov [rbx + 8], rax
.done:
    mov qword [rbx], 0
.yield:
    mov eax, YIELD
    syscall
    jmp child_code
.exit:
    mov eax, EXIT
    mov edi, 7
    syscall
child_code_end:
