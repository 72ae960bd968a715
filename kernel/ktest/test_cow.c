/* Lab 3: cow. */
