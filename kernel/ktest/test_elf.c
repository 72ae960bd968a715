/* Lab 3: elf. */
