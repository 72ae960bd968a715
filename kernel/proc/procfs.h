/* /proc: what the kernel knows, as files. */
#pragma once

/* Makes /proc. Once, after fs_init(). */
void procfs_init(void);
