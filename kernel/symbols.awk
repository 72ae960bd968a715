# nm -n's list of the first link -> the symbol table that base/symbols.c reads: functions in the higher half, ascending. And a mark without
# a byte: what stands before it in .debug_info, and the local symbols before it, are those of objects that are linked before this one. The
# linker lists an object's local symbols when it comes to the first of its sections, hence the empty .text.
$2 ~ /^[tT]$/ && $1 ~ /^ffffffff8/ { address[n] = $1; name[n] = $3; n++ }
END {
    print "section .text"
    print "section .debug_info progbits noalloc noexec nowrite align=1"
    print "debug_info_mark:"
    print "section .ksyms progbits alloc noexec write align=8"
    print "global symbol_count, symbol_table, symbol_names"
    printf "symbol_count: dq %d\nsymbol_table:\n", n
    for (i = 0; i < n; i++) {
        printf "    dq 0x%s, %d\n", address[i], at
        at += length(name[i]) + 1
    }
    print "symbol_names:"
    for (i = 0; i < n; i++)
        printf "    db '%s', 0\n", name[i]
    print "    db 0"
}
