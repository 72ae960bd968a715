# nm -n's list of the first link -> the symbol table that base/symbols.c reads: functions in the higher half, ascending.
$2 ~ /^[tT]$/ && $1 ~ /^ffffffff8/ { address[n] = $1; name[n] = $3; n++ }
END {
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
