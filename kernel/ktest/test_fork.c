/* Lab 3: fork. */
