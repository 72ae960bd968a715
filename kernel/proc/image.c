/* What is read of a file before it becomes a program (image.h). */
#include "proc/image.h"
#include "lib/errno.h"
#include "lib/string.h"

int image_read(const struct image *image, void *to, u64 at, size_t n)
{
    if (at > image->size || n > image->size - at)
        return -ENOEXEC;
    for (size_t done = 0, now; done < n; done += now) {
        int error;
        struct frame *page = image->ops->page(image->object, (at + done) >> PAGE_SHIFT, &error);

        if (!page)
            return error;
        now = min(n - done, PAGE_SIZE - ((at + done) & (PAGE_SIZE - 1)));
        memcpy((char *)to + done, (const char *)frame_to_virt(page) + ((at + done) & (PAGE_SIZE - 1)), now);
        frame_put(page);
    }
    return 0;
}
