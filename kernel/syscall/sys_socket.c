/* System calls on sockets (fs/socket.h). There are pairs alone: no socket has a name, and so none can be found by one. */
#include "fs/context.h"
#include "fs/socket.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "mm/uaccess.h"
#include "proc/process.h"
#include "syscall/calls.h"
#include "syscall/sys_path.h"

#define PIECES_MAX 1024
#define NAME_MOST 128   /* bytes of any family's name */
#define UNIX_NAME 110   /* of this one's */
#define CONTROL_LEAST 16 /* bytes that say something beside the message */

#define SOL_SOCKET 1
#define SO_TYPE 3
#define SO_ERROR 4
#define SO_SNDBUF 7
#define SO_PEERCRED 17
#define SO_ACCEPTCONN 30
#define SO_PROTOCOL 38
#define SO_DOMAIN 39

struct message_header {
    uptr name;
    int name_size;
    u32 pad;
    uptr pieces;
    u64 count;
    uptr control;
    u64 control_size;
    u32 flags;
    u32 pad2;
};

_Static_assert(sizeof(struct message_header) == 56, "as Linux has it");

/* --- making --- */

/* Whether there may be a pair of these: 0 or an error. */
static int check_pair(int family, int type, int protocol)
{
    if ((u32)family >= AF_MAX)
        return -EAFNOSUPPORT;
    if (type >= SOCK_MAX)
        return -EINVAL;
    if (family != AF_UNIX)
        return -EAFNOSUPPORT;
    if (protocol && protocol != AF_UNIX)
        return -EPROTONOSUPPORT;
    return type == SOCK_STREAM || type == SOCK_DGRAM || type == SOCK_RAW || type == SOCK_SEQPACKET ? 0 : -ESOCKTNOSUPPORT;
}

static bool odd_flags(int type)
{
    return type & ~(SOCK_TYPE_MASK | SOCK_CLOEXEC | SOCK_NONBLOCK);
}

/* A socket alone would need a name, or one of somebody's, to be of use: there is no family of such. */
s64 sys_socket(int family, int type, int protocol)
{
    (void)protocol;
    if (odd_flags(type))
        return -EINVAL;
    return (u32)family < AF_MAX && (type & SOCK_TYPE_MASK) >= SOCK_MAX ? -EINVAL : -EAFNOSUPPORT;
}

/* That there is room for the numbers, and memory, is looked at before the rest. */
s64 sys_socketpair(int family, int type, int protocol, uptr fds)
{
    struct process *me = current_process();
    struct socket_maker maker = { me->pid, current_fs()->euid, current_fs()->egid };
    int kind = type & SOCK_TYPE_MASK, numbers[2], error;
    struct file *file[2];

    if (odd_flags(type))
        return -EINVAL;
    error = fd_room(current_fs()->fds);
    if (error)
        return error;
    if (copyin(numbers, fds, sizeof(numbers)) || copyout(fds, numbers, sizeof(numbers)))
        return -EFAULT;
    error = check_pair(family, kind, protocol);
    if (!error)
        error = socket_pair_new(file, kind == SOCK_RAW ? SOCK_DGRAM : kind, (u32)type & O_NONBLOCK, maker);
    return error ? error : sys_give_pair(file, fds, type & SOCK_CLOEXEC);
}

/* --- what all others share --- */

/* The caller's socket with a reference, or NULL with *error. */
static struct file *socket_of(int fd, s64 *error)
{
    struct file *file = sys_file(fd);

    *error = !file ? -EBADF : !is_socket_file(file) ? -ENOTSOCK : 0;
    if (!*error)
        return file;
    if (file)
        file_put(file);
    return NULL;
}

/* Tells n bytes of a name: as many as there is room for, and how many there are. */
static s64 tell_name(uptr to, uptr size, const void *name, int n)
{
    int room;

    if (copyin(&room, size, sizeof(room)))
        return -EFAULT;
    if (room < 0)
        return -EINVAL;
    if (copyout(size, &n, sizeof(n)) || (min(room, n) && copyout(to, name, (size_t)min(room, n))))
        return -EFAULT;
    return 0;
}

/* A message is sent to somebody by name. Who is joined to one alone cannot; all others find nobody. */
static s64 check_name(const struct file *file, u32 flags, const void *name, int size)
{
    u16 family;

    if (flags & MSG_OOB)
        return -EOPNOTSUPP;
    if (!size || socket_type(file) == SOCK_SEQPACKET)
        return 0;
    if (socket_type(file) == SOCK_STREAM)
        return -EISCONN;
    memcpy(&family, name, sizeof(family));
    return size <= (int)sizeof(family) || size > UNIX_NAME || family != AF_UNIX ? -EINVAL : -ECONNREFUSED;
}

static s64 send_named(struct file *file, struct pieces *from, u32 flags, uptr name, int size)
{
    char text[NAME_MOST];
    s64 error;

    if (name && (size < 0 || size > NAME_MOST))
        return -EINVAL;
    if (name && size && copyin(text, name, (size_t)size))
        return -EFAULT;
    error = check_name(file, flags, text, name ? size : 0);
    return error ? error : socket_send(file, from, flags);
}

/* --- sending and receiving --- */

static struct pieces one_piece(uptr at, size_t n)
{
    struct io io = sys_io(at, n, NULL);

    return (struct pieces){ .io = io, .left = io.left };
}

s64 sys_sendto(int fd, uptr from, size_t n, u32 flags, uptr name, int name_size)
{
    struct pieces piece = one_piece(from, n);
    struct file *file;
    s64 result;

    if (!user_range(from, piece.left))
        return -EFAULT;
    file = socket_of(fd, &result);
    if (!file)
        return result;
    result = send_named(file, &piece, flags, name, name_size);
    file_put(file);
    return result;
}

s64 sys_recvfrom(int fd, uptr to, size_t n, u32 flags, uptr name, uptr name_size)
{
    struct pieces piece = one_piece(to, n);
    struct file *file;
    u32 told = 0;
    s64 result, error;

    if (!user_range(to, piece.left))
        return -EFAULT;
    file = socket_of(fd, &result);
    if (!file)
        return result;
    result = socket_receive(file, &piece, flags, &told);
    file_put(file);
    error = result >= 0 && name ? tell_name(name, name_size, NULL, 0) : 0;
    return error ? error : result;
}

/* The header at `from`, and its pieces, from kmalloc(); or NULL with *error. */
static struct iovec *take_header(uptr from, struct message_header *header, struct pieces *pieces, s64 *error)
{
    struct iovec *list;
    s64 total;

    *error = copyin(header, from, sizeof(*header)) ? -EFAULT : header->name && header->name_size < 0 ? -EINVAL : 0;
    if (!*error && header->count > PIECES_MAX)
        *error = -EMSGSIZE;
    if (*error)
        return NULL;
    list = sys_pieces(header->pieces, header->count, &total);
    *error = total;
    *pieces = (struct pieces){ .io = { .user = true }, .next = list, .count = header->count, .left = sys_io(0, (size_t)total, NULL).left };
    return list;
}

s64 sys_sendmsg(int fd, uptr message, u32 flags)
{
    struct message_header header;
    struct pieces pieces;
    struct iovec *list;
    struct file *file;
    s64 result;

    file = socket_of(fd, &result);
    if (!file)
        return result;
    list = take_header(message, &header, &pieces, &result);
    if (list && header.control_size >= CONTROL_LEAST)
        result = -EINVAL;
    else if (list)
        result = send_named(file, &pieces, flags, header.name, min(header.name_size, NAME_MOST));
    kfree(list);
    file_put(file);
    return result;
}

/* What of the header the kernel writes: no name, nothing beside the message. */
static s64 give_header(uptr to, const struct message_header *header, u32 flags)
{
    const u64 nothing = 0;
    s64 error = header->name ? tell_name(0, to + offsetof(struct message_header, name_size), NULL, 0) : 0;

    if (error)
        return error;
    if (copyout(to + offsetof(struct message_header, flags), &flags, sizeof(flags)))
        return -EFAULT;
    return copyout(to + offsetof(struct message_header, control_size), &nothing, sizeof(nothing)) ? -EFAULT : 0;
}

s64 sys_recvmsg(int fd, uptr message, u32 flags)
{
    u32 told = flags & MSG_CMSG_CLOEXEC;
    struct message_header header;
    struct pieces pieces;
    struct iovec *list;
    struct file *file;
    s64 result, error;

    file = socket_of(fd, &result);
    if (!file)
        return result;
    list = take_header(message, &header, &pieces, &result);
    if (list)
        result = socket_receive(file, &pieces, flags, &told);
    kfree(list);
    file_put(file);
    error = list && result >= 0 ? give_header(message, &header, told) : 0;
    return error ? error : result;
}

/* --- what else there is --- */

s64 sys_shutdown(int fd, int how)
{
    struct file *file;
    s64 result;

    file = socket_of(fd, &result);
    if (!file)
        return result;
    result = how < SHUT_RD || how > SHUT_RDWR ? -EINVAL : 0;
    if (!result)
        socket_shutdown(file, how);
    file_put(file);
    return result;
}

/* A name of no bytes. */
static s64 name_of(int fd, uptr to, uptr size, bool other)
{
    const u16 family = AF_UNIX;
    struct file *file;
    s64 result;

    file = socket_of(fd, &result);
    if (!file)
        return result;
    result = other && !socket_is_joined(file) ? -ENOTCONN : tell_name(to, size, &family, sizeof(family));
    file_put(file);
    return result;
}

s64 sys_getsockname(int fd, uptr name, uptr size)
{
    return name_of(fd, name, size, false);
}

s64 sys_getpeername(int fd, uptr name, uptr size)
{
    return name_of(fd, name, size, true);
}

/* Up to `room` bytes of what is told, and how many those are. */
static s64 tell_option(uptr to, uptr size, int room, const void *value, int n)
{
    n = min(n, room);
    return copyout(to, value, (size_t)n) || copyout(size, &n, sizeof(n)) ? -EFAULT : 0;
}

static s64 option(struct file *file, int level, int option, uptr to, uptr size)
{
    struct socket_maker maker = socket_maker(file);
    int room, value;

    if (level != SOL_SOCKET)
        return -EOPNOTSUPP;
    if (copyin(&room, size, sizeof(room)))
        return -EFAULT;
    if (room < 0)
        return -EINVAL;
    if (option == SO_PEERCRED)
        return tell_option(to, size, room, &maker, sizeof(maker));
    if (option == SO_TYPE)
        value = socket_type(file);
    else if (option == SO_ERROR)
        value = -socket_error(file);
    else if (option == SO_SNDBUF)
        value = SOCKET_ROOM;
    else if (option == SO_DOMAIN)
        value = AF_UNIX;
    else if (option == SO_ACCEPTCONN || option == SO_PROTOCOL)
        value = 0;
    else
        return -ENOPROTOOPT;
    return tell_option(to, size, room, &value, sizeof(value));
}

s64 sys_getsockopt(int fd, int level, int name, uptr to, uptr size)
{
    struct file *file;
    s64 result;

    file = socket_of(fd, &result);
    if (!file)
        return result;
    result = option(file, level, name, to, size);
    file_put(file);
    return result;
}
