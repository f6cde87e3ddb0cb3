/* What the plugin's own programs need of the system, without headers and, on Linux, without a C library: so zig links
   them in no time. A program defines `main` and includes this file first. */

typedef unsigned long size;
typedef unsigned long long u64;
#define NULL ((void *)0)
#define PATH_SIZE 4096
static size length(const char *text) {
    size n = 0;
    while (text[n]) n++;
    return n;
}

static int starts(const char *text, const char *prefix) {
    while (*prefix)
        if (*text++ != *prefix++) return 0;
    return 1;
}

/* `to` holds PATH_SIZE bytes. Returns whether the text fits. */
static int join(char *to, const char *a, const char *b) {
    size n = 0;
    for (; *a && n < PATH_SIZE; a++) to[n++] = *a;
    for (; *b && n < PATH_SIZE; b++) to[n++] = *b;
    if (n == PATH_SIZE) return 0;
    to[n] = 0;
    return 1;
}

static int is_below(const char *path, const char *directory) {
    size n = length(directory);
    return starts(path, directory) && (!path[n] || path[n] == '/' || directory[n - 1] == '/');
}

#ifdef __linux__

/* Only what is used, from the kernel's own headers. */
#if defined(__x86_64__)
enum { READ = 0, WRITE = 1, CLOSE = 3, CLONE = 56, EXECVE = 59, WAIT4 = 61, CHDIR = 80, GETUID = 102,
       GETGID = 104, PIVOT_ROOT = 155, PRCTL = 157, MOUNT = 165, UMOUNT2 = 166, EXIT_GROUP = 231, OPENAT = 257,
       MKDIRAT = 258, GETDENTS64 = 217, SYMLINKAT = 266, UNLINKAT = 263, READLINKAT = 267, UNSHARE = 272 };
#elif defined(__aarch64__)
enum { READ = 63, WRITE = 64, CLOSE = 57, CLONE = 220, EXECVE = 221, WAIT4 = 260, CHDIR = 49, GETUID = 174,
       GETGID = 176, PIVOT_ROOT = 41, PRCTL = 167, MOUNT = 40, UMOUNT2 = 39, EXIT_GROUP = 94, OPENAT = 56,
       MKDIRAT = 34, GETDENTS64 = 61, SYMLINKAT = 36, UNLINKAT = 35, READLINKAT = 78, UNSHARE = 97 };
#else
#error "no system calls for this processor"
#endif
enum { OPEN_TREE = 428, MOVE_MOUNT = 429, LANDLOCK_CREATE_RULESET = 444, LANDLOCK_ADD_RULE = 445,
       LANDLOCK_RESTRICT_SELF = 446 };

#define AT_FDCWD (-100)
#define AT_EMPTY_PATH 0x1000
#define O_RDONLY 0
#define O_WRONLY 1
#define O_CREAT 0100
#define O_APPEND 02000
#define O_PATH 010000000
#define O_CLOEXEC 02000000
#define CLONE_NEWNS 0x00020000
#define CLONE_NEWUSER 0x10000000
#define CLONE_NEWNET 0x40000000
#define SIGCHLD 17
#define SIGKILL 9
#define MS_REC 16384
#define MS_PRIVATE (1 << 18)
#define MNT_DETACH 2
#define OPEN_TREE_CLONE 1
#define OPEN_TREE_CLOEXEC O_CLOEXEC
#define MOVE_MOUNT_F_EMPTY_PATH 4
#define PR_SET_PDEATHSIG 1
#define PR_SET_NO_NEW_PRIVS 38

static long sys(long number, long a, long b, long c, long d, long e) {
#if defined(__x86_64__)
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
                     : "rcx", "r11", "memory");
    return result;
#else
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    register long x4 __asm__("x4") = e;
    __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4) : "memory");
    return x0;
#endif
}
#define SYS(n, a, b, c, d, e) sys(n, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e))

static char **environment;

static long read(int fd, void *data, size n) { return SYS(READ, fd, data, n, 0, 0); }
static long write(int fd, const void *data, size n) { return SYS(WRITE, fd, data, n, 0, 0); }
static int open(const char *path, int flags) { return (int)SYS(OPENAT, AT_FDCWD, path, flags | O_CLOEXEC, 0666, 0); }
__attribute__((unused)) static int open_to_append(const char *path) { return open(path, O_WRONLY | O_CREAT | O_APPEND); }
__attribute__((unused)) static int unlink(const char *path) { return (int)SYS(UNLINKAT, AT_FDCWD, path, 0, 0, 0); }
static int close(int fd) { return (int)SYS(CLOSE, fd, 0, 0, 0, 0); }
static int execv(const char *path, char **arguments) { return (int)SYS(EXECVE, path, arguments, environment, 0, 0); }
static int fork(void) { return (int)SYS(CLONE, SIGCHLD, 0, 0, 0, 0); }
static int waitpid(int pid, int *status, int options) { return (int)SYS(WAIT4, pid, status, options, 0, 0); }
__attribute__((noreturn)) static void _exit(int code) {
    for (;;) SYS(EXIT_GROUP, code, 0, 0, 0, 0);
}

static int real_path(const char *path, char *to) {
    char link[32] = "/proc/self/fd/", *digit = link + 14;
    int fd = open(path, O_PATH), divisor = 1;
    if (fd < 0) return 0;
    while (fd / divisor >= 10) divisor *= 10;
    for (; divisor; divisor /= 10) *digit++ = '0' + fd / divisor % 10;
    *digit = 0;
    long n = SYS(READLINKAT, AT_FDCWD, link, to, PATH_SIZE - 1, 0);
    close(fd);
    if (n <= 0) return 0;
    to[n] = 0;
    return 1;
}

__attribute__((unused)) static void list_folder(const char *path, void (*each)(const char *name)) {
    static char data[1 << 15] __attribute__((aligned(8)));
    int fd = open(path, O_RDONLY);
    long got;
    while (fd >= 0 && (got = SYS(GETDENTS64, fd, data, sizeof data, 0, 0)) > 0)
        /* struct linux_dirent64: its length is at 16 and its name at 19. */
        for (long at = 0; at < got; at += *(unsigned short *)(data + at + 16)) each(data + at + 19);
    if (fd >= 0) close(fd);
}

#else /* macOS */

#define O_RDONLY 0
long read(int, void *, size);
long write(int, const void *, size);
int open(const char *, int, ...);
int close(int);
int execv(const char *, char **);
int fork(void);
int waitpid(int, int *, int);
__attribute__((noreturn)) void _exit(int);
char *realpath(const char *, char *);
extern char **environ;
#define environment environ
int unlink(const char *);
static int real_path(const char *path, char *to) { return realpath(path, to) != NULL; }
/* A sandbox has its own folders there. */
__attribute__((unused)) static void list_folder(const char *path, void (*each)(const char *name)) { (void)path, (void)each; }
/* O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC */
__attribute__((unused)) static int open_to_append(const char *path) { return open(path, 0x1000209, 0666); }

#endif

static void say(const char *text) { (void)!write(2, text, length(text)); }

int main(int count, char **arguments);

#ifdef __linux__
/* The kernel leaves the arguments' count and the arguments on the stack, and behind them the environment. */
__attribute__((used, noreturn)) static void start(long *stack) {
    char **arguments = (char **)(stack + 1);
    environment = arguments + *stack + 1;
    _exit(main((int)*stack, arguments));
}
#if defined(__x86_64__)
__asm__(".globl _start\n_start:\n xor %ebp, %ebp\n mov %rsp, %rdi\n and $-16, %rsp\n call start\n");
#else
__asm__(".globl _start\n_start:\n mov x29, #0\n mov x30, #0\n mov x0, sp\n bl start\n");
#endif
/* The compiler may call these for what it copies and clears. */
void *memset(void *to, int value, size n) {
    for (char *byte = to; n--;) *byte++ = (char)value;
    return to;
}
void *memcpy(void *to, const void *from, size n) {
    for (char *byte = to, *other = (char *)from; n--;) *byte++ = *other++;
    return to;
}
size strlen(const char *text) { return length(text); }
#endif
