/* Run a compiler or linker where it sees its inputs and nothing else of the machine.

     confine [--by=WAYS] [--reads=DEPFILE] [INPUT...] -- PROGRAM ARGUMENT...

   The program may use the working directory and each INPUT: a path in the working directory that may be a link to a
   directory elsewhere, as Pants lays out large inputs. WAYS are letters that are tried in turn, `nl` by default:

     n  a mount namespace that holds these directories and /dev/null. Other files do not exist.
     l  Landlock. Other files cannot be opened; whether they exist can still be asked.

   Where the kernel allows none of them the program runs as it is. What a compile read is checked in any case: DEPFILE is
   the dependency file that the compiler writes (`-MD -MF`), and a file in it that is not an input fails the compile.

   The program is freestanding, so that zig links it in no time: it has no headers and, on Linux, no C library. */

typedef unsigned long size;
typedef unsigned long long u64;
#define NULL ((void *)0)
#define PATH_SIZE 4096
#define MAX_INPUTS 64
#define MAX_REPORTED 10

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

/* The directories that may be used, as real paths; the first is the working directory. */
static char real_inputs[MAX_INPUTS + 1][PATH_SIZE];
static int n_inputs;

static int is_below(const char *path, const char *directory) {
    size n = length(directory);
    return starts(path, directory) && (!path[n] || path[n] == '/' || directory[n - 1] == '/');
}

#ifdef __linux__

/* Only what is used, from the kernel's own headers. */
#if defined(__x86_64__)
enum { READ = 0, WRITE = 1, CLOSE = 3, CLONE = 56, EXECVE = 59, WAIT4 = 61, CHDIR = 80, GETUID = 102,
       GETGID = 104, PIVOT_ROOT = 155, PRCTL = 157, MOUNT = 165, UMOUNT2 = 166, EXIT_GROUP = 231, OPENAT = 257,
       MKDIRAT = 258, SYMLINKAT = 266, READLINKAT = 267, UNSHARE = 272 };
#elif defined(__aarch64__)
enum { READ = 63, WRITE = 64, CLOSE = 57, CLONE = 220, EXECVE = 221, WAIT4 = 260, CHDIR = 49, GETUID = 174,
       GETGID = 176, PIVOT_ROOT = 41, PRCTL = 167, MOUNT = 40, UMOUNT2 = 39, EXIT_GROUP = 94, OPENAT = 56,
       MKDIRAT = 34, SYMLINKAT = 36, READLINKAT = 78, UNSHARE = 97 };
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
#define O_PATH 010000000
#define O_CLOEXEC 02000000
#define CLONE_NEWNS 0x00020000
#define CLONE_NEWUSER 0x10000000
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
static int is_hidden; /* nothing but the inputs exists, /proc included */

static long read(int fd, void *data, size n) { return SYS(READ, fd, data, n, 0, 0); }
static long write(int fd, const void *data, size n) { return SYS(WRITE, fd, data, n, 0, 0); }
static int open(const char *path, int flags) { return (int)SYS(OPENAT, AT_FDCWD, path, flags | O_CLOEXEC, 0666, 0); }
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

static int write_file(const char *path, const char *text) {
    int fd = open(path, O_WRONLY);
    if (fd < 0) return 0;
    long n = write(fd, text, length(text));
    close(fd);
    return n == (long)length(text);
}

/* "ID ID 1": one user stays who it is. */
static int map_id(const char *path, long id) {
    char digits[24], text[64];
    int n = 0, at = sizeof digits - 1;
    digits[at] = 0;
    do digits[--at] = '0' + id % 10;
    while (id /= 10);
    for (int twice = 0; twice < 2; twice++) {
        for (const char *digit = digits + at; *digit;) text[n++] = *digit++;
        text[n++] = ' ';
    }
    text[n++] = '1';
    text[n] = 0;
    return write_file(path, text);
}

/* Makes the directories of an absolute path below the working directory; with `whole`, its last part too. */
static void make_directories(const char *path, int whole) {
    char part[PATH_SIZE];
    for (size n = 1; ; n++) {
        if (path[n] == '/' || (!path[n] && whole)) {
            for (size i = 1; i < n; i++) part[i - 1] = path[i];
            part[n - 1] = 0;
            SYS(MKDIRAT, AT_FDCWD, part, 0755, 0, 0);
        }
        if (!path[n]) return;
    }
}

static int tree_of(const char *path) {
    return (int)SYS(OPEN_TREE, AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC, 0, 0);
}

static int attach(int tree, const char *path) {
    return SYS(MOVE_MOUNT, tree, "", AT_FDCWD, path + 1, MOVE_MOUNT_F_EMPTY_PATH) == 0;
}

/* In the new root, which is the working directory and still empty: the inputs, each where it was. */
static int fill_root(const int *trees, int null, const char *program) {
    for (int i = 0; i < n_inputs; i++) {
        make_directories(real_inputs[i], 1);
        if (!attach(trees[i], real_inputs[i])) return 0;
    }
    make_directories("/dev/null", 0);
    close(open("dev/null", O_WRONLY | O_CREAT));
    /* Not the true one: /proc shows much of the machine. zig and clang find themselves by it, and all are one file. */
    make_directories("/proc/self/exe", 0);
    return attach(null, "/dev/null") && SYS(SYMLINKAT, program, AT_FDCWD, "proc/self/exe", 0, 0) == 0;
}

static int enter_namespace(const char *program) {
    static int trees[MAX_INPUTS + 1];
    const char *here = real_inputs[0];
    long user = SYS(GETUID, 0, 0, 0, 0, 0), group = SYS(GETGID, 0, 0, 0, 0, 0);
    if (SYS(UNSHARE, CLONE_NEWUSER | CLONE_NEWNS, 0, 0, 0, 0)) return 0;
    write_file("/proc/self/setgroups", "deny");
    if (!map_id("/proc/self/uid_map", user) || !map_id("/proc/self/gid_map", group)) return 0;
    if (SYS(MOUNT, NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL)) return 0;
    for (int i = 0; i < n_inputs; i++)
        if ((trees[i] = tree_of(real_inputs[i])) < 0) return 0;
    int null = tree_of("/dev/null");
    if (null < 0 || SYS(MOUNT, "none", here, "tmpfs", 0, "mode=755")) return 0;
    if (SYS(CHDIR, here, 0, 0, 0, 0) || !fill_root(trees, null, program) || SYS(PIVOT_ROOT, ".", ".", 0, 0, 0)) {
        SYS(UMOUNT2, here, MNT_DETACH, 0, 0, 0);
        SYS(CHDIR, here, 0, 0, 0, 0);
        return 0;
    }
    SYS(UMOUNT2, ".", MNT_DETACH, 0, 0, 0);
    if (SYS(CHDIR, here, 0, 0, 0, 0)) _exit(126);
    is_hidden = 1;
    return 1;
}

/* Landlock's rights of its second version, the first that lets files be renamed into another directory. */
enum { EXECUTE = 1, READ_FILE = 4, READ_DIR = 8, FILE_RIGHTS = 1 | 2 | 4, ALL_RIGHTS = (1 << 14) - 1 };

static int allow(int rules, const char *path, u64 rights) {
    struct {
        u64 allowed;
        int fd;
    } __attribute__((packed)) beneath = {rights, open(path, O_PATH)};
    if (beneath.fd < 0) return 0;
    int failed = SYS(LANDLOCK_ADD_RULE, rules, 1, &beneath, 0, 0) != 0;
    close(beneath.fd);
    return !failed;
}

static int restrict_opens(void) {
    u64 handled = ALL_RIGHTS;
    if (SYS(LANDLOCK_CREATE_RULESET, NULL, 0, 1, 0, 0) < 2) return 0;
    int rules = (int)SYS(LANDLOCK_CREATE_RULESET, &handled, sizeof handled, 0, 0, 0);
    if (rules < 0 || !allow(rules, real_inputs[0], ALL_RIGHTS) || !allow(rules, "/dev/null", FILE_RIGHTS)) return 0;
    for (int i = 1; i < n_inputs; i++)
        if (!allow(rules, real_inputs[i], EXECUTE | READ_FILE | READ_DIR)) return 0;
    if (SYS(PRCTL, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) return 0;
    int failed = SYS(LANDLOCK_RESTRICT_SELF, rules, 0, 0, 0, 0) != 0;
    close(rules);
    return !failed;
}

/* A working directory that is the root is a worker's own sandbox: there is nothing else to see. */
static void confine(const char *ways, const char *program) {
    char real_program[PATH_SIZE];
    if (!real_path(program, real_program) || !real_inputs[0][1]) return;
    for (; *ways; ways++)
        if ((*ways == 'n' && enter_namespace(real_program)) || (*ways == 'l' && restrict_opens())) return;
}

static void end_with_parent(void) { SYS(PRCTL, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0); }

#else /* macOS: what was read is checked, and nothing hidden. */

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

static const int is_hidden = 0;
static int real_path(const char *path, char *to) { return realpath(path, to) != NULL; }
static void confine(const char *ways, const char *program) { (void)ways, (void)program; }
static void end_with_parent(void) {}

#endif

static void say(const char *text) { (void)!write(2, text, length(text)); }

__attribute__((noreturn)) static void fail(const char *what, const char *name) {
    say("confine: ");
    say(what);
    say(name);
    say("\n");
    _exit(126);
}

/* An input may be a directory in the working directory itself, as on remote workers: then there is nothing to add. */
static void add_input(const char *path) {
    if (n_inputs > MAX_INPUTS) fail("too many inputs: ", path);
    if (!real_path(path, real_inputs[n_inputs])) fail("no such input: ", path);
    if (!n_inputs || !is_below(real_inputs[n_inputs], real_inputs[0])) n_inputs++;
}

/* Whether a path as it is written leads out of the working directory. */
static int leaves(const char *path) {
    int depth = 0;
    if (*path == '/') return 1;
    while (*path) {
        size n = 0;
        while (path[n] && path[n] != '/') n++;
        if (n == 2 && path[0] == '.' && path[1] == '.') depth--;
        else if (n && !(n == 1 && path[0] == '.')) depth++;
        if (depth < 0) return 1;
        path += path[n] ? n + 1 : n;
    }
    return 0;
}

/* A path from the working directory; clang lists what `#embed` finds by its absolute path. */
static const char *from_here(const char *path) {
    if (*path != '/' || !is_below(path, real_inputs[0])) return path;
    path += length(real_inputs[0]);
    while (*path == '/') path++;
    return path;
}

/* Whether a file that was read is an input. A link may lead elsewhere; where nothing else exists it cannot. */
static int is_input(const char *path) {
    char real[PATH_SIZE];
    if (leaves(from_here(path))) return 0;
    if (is_hidden || !real_path(path, real)) return 1;
    for (int i = 0; i < n_inputs; i++)
        if (is_below(real, real_inputs[i])) return 1;
    return 0;
}

static int foreign; /* files that were read and are not inputs */

static void check_name(const char *name) {
    static char source[PATH_SIZE]; /* the first that a dependency file names */
    if (!*source) join(source, name, "");
    if (is_input(name) || ++foreign > MAX_REPORTED) return;
    say(source);
    say(": error: reads ");
    say(name);
    say(", which is not an input of this compile but a file of the machine\n");
}

/* A dependency file is a rule of make: targets, a colon, and names with `\ `, `\#` and `$$` in them. */
static void check_names(const char *depfile) {
    static char data[1 << 16], name[PATH_SIZE];
    size n = 0;
    long got;
    char before = 0;
    int fd = open(depfile, O_RDONLY);
    /* clang says nothing of a file that `#embed` does not find where it lists what it reads, and then lists nothing. */
    if (fd < 0)
        fail("a file that `#embed` names is not an input of this compile, or a flag keeps the compiler from listing what "
             "it reads: there is no ", depfile);
    while ((got = read(fd, data, sizeof data)) > 0)
        for (char *c = data; c < data + got; before = *c++) {
            int is_escape = before == '\\' && (*c == ' ' || *c == '#');
            if (is_escape) name[n - 1] = *c;
            else if (*c == '\n' && before == '\\' && n == 1) n = 0;
            else if (*c == ' ' || *c == '\n') {
                name[n] = 0;
                if (n && name[n - 1] != ':') check_name(name);
                n = 0;
            } else if (*c == '$' && before == '$') before = 0;
            else if (n < PATH_SIZE - 1) name[n++] = *c;
            else fail("a name is too long in ", depfile);
        }
    close(fd);
    if (foreign) say("Add the file to the repository and its target to `dependencies`.\n");
}

static int run(char **arguments) {
    int status = 0, pid = fork();
    if (pid < 0) fail("cannot fork for ", arguments[0]);
    if (!pid) {
        end_with_parent();
        execv(arguments[0], arguments);
        fail("cannot run ", arguments[0]);
    }
    while (waitpid(pid, &status, 0) != pid) {}
    return status & 0x7f ? 128 + (status & 0x7f) : status >> 8 & 0xff;
}

int main(int count, char **arguments) {
    const char *ways = "nl", *depfile = NULL;
    int i = 1, code;
    add_input(".");
    for (; i < count && !(starts(arguments[i], "--") && !arguments[i][2]); i++) {
        if (starts(arguments[i], "--by=")) ways = arguments[i] + 5;
        else if (starts(arguments[i], "--reads=")) depfile = arguments[i] + 8;
        else add_input(arguments[i]);
    }
    char **program = arguments + i + 1;
    if (i + 1 >= count) fail("no program to run", "");
    confine(ways, program[0]);
    if (!depfile) {
        execv(program[0], program);
        fail("cannot run ", program[0]);
    }
    if ((code = run(program))) return code;
    check_names(depfile);
    return foreign ? 1 : 0;
}

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
