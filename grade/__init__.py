"""The grader: boots what a student wrote under QEMU and judges it by what it finds in guest memory. Start reading at run.py."""
