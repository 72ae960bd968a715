/* Lab 3: uaccess. */
