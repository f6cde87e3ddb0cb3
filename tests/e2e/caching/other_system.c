/* Preloaded into Pants, makes it take the machine for a Mac: its processes then have the keys that a Mac's have. */
#define _GNU_SOURCE
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

int uname(struct utsname *told) {
    long failed = syscall(SYS_uname, told);
    strcpy(told->sysname, "Darwin");
    strcpy(told->machine, "arm64");
    return failed ? -1 : 0;
}
