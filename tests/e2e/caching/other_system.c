/* Preloaded into Pants, makes it take the machine for a Mac: its processes then have the keys that a Mac's have. */
#define _GNU_SOURCE
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

int uname(struct utsname *name) {
    long failed = syscall(SYS_uname, name);
    strcpy(name->sysname, "Darwin");
    strcpy(name->machine, "arm64");
    return failed ? -1 : 0;
}
