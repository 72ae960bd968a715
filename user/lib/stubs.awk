# Makes the system call stubs (NASM) from kernel/syscall/syscall.tbl, or with -v header=1 the numbers as C macros, with -v list=1 a line
# CALL(number, "TYPE:argument ...") for each.
#
# A stub is weak: a function of the C library with the same name takes its place (exit(), brk(), getpriority() are more than their calls).
# The kernel takes a call's number in rax and its arguments as C has them, but for the fourth, which is in r10 because SYSCALL overwrites rcx.

BEGIN {
    if (header)
        print "/* The numbers of the system calls, made from kernel/syscall/syscall.tbl. */\n#pragma once\n"
    else if (list)
        print "/* The system calls and their arguments, made from kernel/syscall/syscall.tbl. */"
    else
        print "extern syscall_result"
}

{ sub(/#.*/, "") }
NF == 0 { next }
NF < 3 || $1 !~ /^[0-9]+$/ || $3 !~ /^[0-9]+$/ {
    print FILENAME ":" FNR ": expected NUMBER NAME SINCE TYPE:argument ..." > "/dev/stderr"
    exit 1
}
list {
    number = $1
    $1 = $2 = $3 = ""
    print "CALL(" number ", \"" substr($0, 4) "\")"
    next
}
header { print "#define SYS_" $2, $1; next }
{
    print "section .text." $2 " progbits alloc exec nowrite align=1"
    print "global $" $2 ":function weak"        # $: also where NASM has a word of that name
    print "$" $2 ":"
    print "    mov eax, " $1
    if (NF >= 7)
        print "    mov r10, rcx"
    print "    syscall"
    print "    jmp syscall_result"
}
