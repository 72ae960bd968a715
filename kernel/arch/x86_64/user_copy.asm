; Copying between the kernel and user memory: the only instructions of the kernel that touch a user address.
;
; A page fault in between is dealt with as one of the program's own would be, and the copy goes on; where that cannot be, user_copy_failed()
; is where it continues (process_fault() sees to that). Fault-free copies pay nothing for this. SMAP, where the
; processor has it, lets the kernel touch user memory between stac and clac alone.

extern smap_on                        ; bool: features.c

section .text

; int user_copy(void *to, const void *from, u64 bytes)
;   rdi, rsi, rdx; one of the two lies in user memory, all of it below USER_END. Returns 0, or 1 if a page was not to be had: some bytes may
;   have been copied then. Interrupts on. Clobbers rcx.
global user_copy, user_copy_end
user_copy:
    cmp byte [smap_on], 0
    je .copy
    stac
.copy:
    mov rcx, rdx
    shr rcx, 3
    rep movsq
    mov ecx, edx
    and ecx, 7
    rep movsb
    xor eax, eax
.done:
    cmp byte [smap_on], 0
    je .out
    clac
.out:
    ret
%if PHASE >= 4
; int user_word(u32 *to, const u32 *from)
;   rdi, rsi; from lies in user memory, aligned. As user_copy(), of a word that others may write: it is read whole. Clobbers rdx.
global user_word
user_word:
    cmp byte [smap_on], 0
    je .read
    stac
.read:
    mov edx, [rsi]
    mov [rdi], edx
    xor eax, eax
    jmp user_copy.done
; int user_word_change(u32 *at, u32 *expected, u32 new)
;   rdi, rsi, edx; at lies in user memory, aligned. Writes new if the word is *expected, in one step; *expected is then what it was. As
;   user_copy() otherwise.
global user_word_change
user_word_change:
    cmp byte [smap_on], 0
    je .change
    stac
.change:
    mov eax, [rsi]
    lock cmpxchg [rdi], edx
    mov [rsi], eax
    xor eax, eax
    jmp user_copy.done
%endif
global user_copy_failed
user_copy_failed:
    mov eax, 1
    jmp user_copy.done
user_copy_end:
