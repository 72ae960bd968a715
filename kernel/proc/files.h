/* What processes and files know of each other. */
#pragma once

#include "fs/file.h"
#include "mm/aspace.h"

extern const struct vm_object_ops file_vm_ops; /* of regions; the object is a struct file with pages */

/* Hands fs its view of the running process. Once, after fs_init(). */
void process_files_init(void);
