/* Device nodes and named pipes in the tree, and the devices that only programs need. */
#pragma once

#include "fs/inode.h"

/* For inode_ops.open: a device's node opens the device (-ENXIO: there is none of that number), a named pipe its pipe. */
int node_open(struct inode *inode, struct file *file);
extern const struct file_ops trace_device_ops; /* trace_device.c */

/* Registers full, random, urandom and trace, and makes /dev with a node for every device that has a number. Once, at start. */
void nodes_init(void);
