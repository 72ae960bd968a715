# From NASM's preprocessed output, in which a %line now and then says where the lines that follow come from, the same text with a %line
# before each line. Versions of NASM disagree about how %line counts on; when nothing is to be counted (+0) they agree.
/^%line / {
    split($2, at, "+")
    file = substr($0, index($0, $2) + length($2) + 1)
    line = at[1]
    step = at[2]
    next
}

{
    print "%line " line "+0 " file
    print
    line += step
}
