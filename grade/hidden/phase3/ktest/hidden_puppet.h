/* Processes that do as they are told: a program in user mode that takes its orders from a page that it shares with the ktest, which is
   another process and looks on. Each obeys words of its own, so that any of them can be given an order while others wait. */
#pragma once

#include "ktest/space.h"
#include "proc/process.h"

#define PUPPETS     32
#define NOBODY      0xfffful /* what puppet_number() says of a process that is none */
#define PUPPETEER   0xfffeul /* the ktest's own process */
#define PROCESS_1   0xfffdul

enum order { DONE, CALL, WRITE, READ, ADD, FORK };

/* A puppet's words in the shared page. */
struct puppet_words {
    u64 order;      /* enum order; when it has been carried out: DONE */
    u64 a;          /* CALL, FORK: a system call's number, and its result; WRITE, READ: an address, and what was read;
                       ADD: to its register, and what is there now */
    u64 args[4];    /* of a system call; the first: what to WRITE */
    uptr child;     /* FORK: where the child's words are */
    u64 room;       /* for whatever a system call writes */
};

/* Maps what puppets need into the running process's space, and begins with none. Returns 0 or -ENOMEM. */
int puppets_begin(struct address_space *space);
/* Makes number 0, a child of the running process. Returns 0 or an error. */
int puppet_first(void);
/* How many there have been, their words, and where a program sees these. */
unsigned puppets_made(void);
volatile struct puppet_words *puppet_words(u64 n);
uptr puppet_words_at(u64 n);
/* The process of a number, which may be gone: NULL; and the number of a process's id: NOBODY, or as above. */
struct process *puppet(u64 n);
pid_t puppet_pid(u64 n);
u64 puppet_number(pid_t pid);
/* Gives an order, and lets all run until each has carried out its own, waits, stands still or has ended. False: they never come to that. */
bool puppet_obeys(u64 n, enum order order, u64 a, const u64 args[4]);
/* Orders a fork, by system call `call`; the child takes its orders where the next number does. False as above. */
bool puppet_forks(u64 n, u64 call, const u64 args[4]);
/* Its youngest child has the next number from now on. NULL: it has none, or an older one is the youngest. */
struct process *puppet_born(const struct process *parent);
/* Lets all run until nothing happens any more by itself. False: that does not come. */
bool puppets_rest(void);
/* n has ended and nobody asks for it: what lab 3.6 does not give back yet goes back, and n leaves the table. */
void puppet_bury(u64 n);
