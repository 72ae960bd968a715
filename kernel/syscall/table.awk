# Makes the kernel's table of system calls from syscall.tbl: for each call its declaration, a function that takes the arguments out of the frame,
# and the entry.
# With -v header=1: the declarations alone, for whoever implements them.
BEGIN {
    split("rdi rsi rdx r10 r8 r9", register)
    if (header)
        print "/* The system calls, made from syscall.tbl. */\n#pragma once\n\n#include \"lib/types.h\"\n"
    else
        print "#include \"syscall/syscall.h\"\n#include \"arch/trap_frame.h\"\n"
}
/^#/ || NF == 0 { next }
{
    declared = ""; passed = ""
    for (i = 4; i <= NF; i++) {
        split($i, part, ":")
        declared = declared (i > 4 ? ", " : "") part[1] " " part[2]
        passed = passed (i > 4 ? ", " : "") "(" part[1] ")frame->" register[i - 3]
    }
    if (header) {
        printf "s64 sys_%s(%s);\n", $2, declared == "" ? "void" : declared
        next
    }
    printf "s64 sys_%s(%s);\nstatic s64 call_%s(const struct trap_frame *frame)\n{\n%s    return sys_%s(%s);\n}\n\n",
        $2, declared == "" ? "void" : declared, $2, NF < 4 ? "    (void)frame;\n" : "", $2, passed
    entries = entries "    [" $1 "] = { \"" $2 "\", call_" $2 " },\n"
    if ($1 > most)
        most = $1
}
END {
    if (header)
        exit
    printf "const struct system_call system_calls[] = {\n%s};\n\nconst u64 nr_system_calls = %d;\n", entries, most + 1
}
