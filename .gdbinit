# GDB's settings for Crescent. make gdb and make rewind name this file on GDB's command line. Who starts GDB by hand, in this folder:
#
#     gdb -iex 'set auto-load no' -x .gdbinit build/checked/kernel.elf
#
# and then, for the QEMU of make qemu-gdb: target remote localhost:1234
# It gives os-ps, os-cpus, os-runq, os-bt [TID], os-vm [PID], os-user [PID], os-trace [N], os-check; help os-ps and so on say
# more. Before paging is on, break with hbreak.

set pagination off
set confirm off
set print pretty on
set disassembly-flavor intel
set python print-stack message
source grade/gdb/crescent.py
