/* Run a compiler or linker where it sees its inputs and nothing else of the machine.

     confine [--by=WAYS] [--reads=DEPFILE] [INPUT...] -- PROGRAM ARGUMENT...

   The program may use the working directory and each INPUT: a path in the working directory that may be a link to a
   directory elsewhere, as Pants lays out large inputs. WAYS are letters that are tried in turn, `nl` by default:

     n  a mount namespace that holds these directories and /dev/null. Other files do not exist.
     l  Landlock. Other files cannot be opened; whether they exist can still be asked.
     o  offline: a namespace without a network. Files stay visible, for build systems that need the machine's shell.

   Where the kernel allows none of them the program runs as it is. What a compile read is checked in any case: DEPFILE is
   the dependency file that the compiler writes (`-MD -MF`), and a file in it that is not an input fails the compile. */

#include "system.h"

#define MAX_INPUTS 64
#define MAX_REPORTED 10

/* The directories that may be used, as real paths; the first is the working directory. */
static char real_inputs[MAX_INPUTS + 1][PATH_SIZE];
static int n_inputs;

#ifdef __linux__

static int is_hidden; /* nothing but the inputs exists, /proc included */

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

/* Leaves the machine's namespaces of these kinds, as the same user. */
static int leave_namespaces(long kinds) {
    long user = SYS(GETUID, 0, 0, 0, 0, 0), group = SYS(GETGID, 0, 0, 0, 0, 0);
    if (SYS(UNSHARE, CLONE_NEWUSER | kinds, 0, 0, 0, 0)) return 0;
    write_file("/proc/self/setgroups", "deny");
    return map_id("/proc/self/uid_map", user) && map_id("/proc/self/gid_map", group);
}

static int enter_namespace(const char *program) {
    static int trees[MAX_INPUTS + 1];
    const char *here = real_inputs[0];
    if (!leave_namespaces(CLONE_NEWNS)) return 0;
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
        if ((*ways == 'n' && enter_namespace(real_program)) || (*ways == 'l' && restrict_opens()) ||
            (*ways == 'o' && leave_namespaces(CLONE_NEWNET)))
            return;
}

static void end_with_parent(void) { SYS(PRCTL, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0); }

#else /* macOS: what was read is checked, and nothing hidden. */

static const int is_hidden = 0;
static void confine(const char *ways, const char *program) { (void)ways, (void)program; }
static void end_with_parent(void) {}

#endif

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
