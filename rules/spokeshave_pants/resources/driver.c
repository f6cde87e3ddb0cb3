/* The tools of a build by others: `cc`, `c++`, `ar`, `ld.lld`... are this one program, which runs zig for a platform.

   A build system calls the program by a tool's name. `tools.conf`, in the folder above the program's, says what to add
   for the platform: a key and a value on each line, and a key may have several. In a value, `{foreign}` stands for that
   folder and `{zig}` for zig's, which is beside it.

     format      ELF, Mach-O or PE
     machine     what `-dumpmachine` answers
     c, c++      arguments of each compile, before the user's; a link of ELF has them too
     c.after...  arguments of each compile, after the user's
     link        arguments of each link; `link.program` and `link.shared` of some
     start.*     start files, likewise; `start.unicode` of programs with `wmain`
     end         the libraries of each link
     libraries   folders in which `-l` finds libraries, for PE
     zig.program zig's library folder for links of programs, for Mach-O; other links have zig's own
     definitions the folder with a list of functions (.def) for each other library of Windows
     dlltool     what `dlltool -m` calls the processor
     resources   the program that compiles resources of Windows; `resources.target` is its name of the processor

   The tools with names such as `build-cc` are those of the machine that builds: their settings are in the folder
   `__native`, beside this one, which a build has if its target asks for it.

   The sandbox is `$SPOKESHAVE_SANDBOX`, or else where this folder is. Its path is kept out of all that is written.
   Folders of the machine outside of it are not searched. Each call is a line in the file `$SPOKESHAVE_CALLS`, if that is
   set: a word for its kind, and the arguments. */

#include "system.h"

#define ARENA (16 << 20)
#define MAX_ENTRIES 512
#define MAX_INCLUDED 16

typedef char **list; /* ends with NULL */

static char arena[ARENA];
static size used;

__attribute__((noreturn)) static void fail(const char *what, const char *name) {
    say("spokeshave: ");
    say(what);
    say(name);
    say("\n");
    _exit(1);
}

static void *reserve(size n) {
    char *place = arena + used;
    n = (n + 15) & ~(size)15;
    if (used + n > ARENA) fail("too many arguments", "");
    used += n;
    return place;
}

static int same(const char *a, const char *b) {
    while (*a && *a == *b) a++, b++;
    return *a == *b;
}

static int ends(const char *text, const char *ending) {
    size n = length(text), m = length(ending);
    return n >= m && same(text + n - m, ending);
}

static char *part_of(const char *text, size n) {
    char *copy = reserve(n + 1);
    for (size i = 0; i < n; i++) copy[i] = text[i];
    copy[n] = 0;
    return copy;
}

static char *joined(const char *a, const char *b, const char *c) {
    size n = length(a), m = length(b), k = length(c);
    char *text = reserve(n + m + k + 1);
    for (size i = 0; i < n; i++) text[i] = a[i];
    for (size i = 0; i < m; i++) text[n + i] = b[i];
    for (size i = 0; i < k; i++) text[n + m + i] = c[i];
    text[n + m + k] = 0;
    return text;
}

static const char *last_part(const char *path) {
    const char *part = path;
    for (; *path; path++)
        if (*path == '/') part = path + 1;
    return part;
}

static int is_one_of(const char *text, const char *const *names) {
    for (; *names; names++)
        if (same(text, *names)) return 1;
    return 0;
}

/* A list of arguments that grows. */
struct arguments {
    list items;
    size count, room;
};

static void add(struct arguments *to, const char *item) {
    if (to->count + 1 >= to->room) {
        size room = to->room ? 2 * to->room : 64;
        list items = reserve(room * sizeof *items);
        for (size i = 0; i < to->count; i++) items[i] = to->items[i];
        to->items = items;
        to->room = room;
    }
    to->items[to->count++] = (char *)item;
    to->items[to->count] = NULL;
}

static void add_all(struct arguments *to, const struct arguments *from) {
    for (size i = 0; i < from->count; i++) add(to, from->items[i]);
}

static const char *variable(const char *name) {
    size n = length(name);
    for (list entry = environment; *entry; entry++)
        if (starts(*entry, name) && (*entry)[n] == '=') return *entry + n + 1;
    return NULL;
}

static void set_variable(const char *name, const char *value) {
    struct arguments changed = {NULL, 0, 0};
    size n = length(name);
    for (list entry = environment; *entry; entry++)
        if (!starts(*entry, name) || (*entry)[n] != '=') add(&changed, *entry);
    add(&changed, joined(name, "=", value));
    environment = changed.items;
}

/* The content of a file, or NULL without one. */
static char *content_of(const char *path) {
    size n = 0, room = 1 << 16;
    int fd = open(path, O_RDONLY);
    if (fd < 0) return NULL;
    char *text = reserve(room);
    for (;;) {
        long got = read(fd, text + n, room - n - 1);
        if (got <= 0) break;
        n += (size)got;
        if (n + 1 == room) {
            char *more = reserve(2 * room);
            for (size i = 0; i < n; i++) more[i] = text[i];
            text = more;
            room *= 2;
        }
    }
    close(fd);
    text[n] = 0;
    return text;
}

/* Where things are. `sandbox` is the path as it is written and `real_sandbox` without links. Large inputs of a sandbox
   are links to folders elsewhere: `inputs` has their names and `real_inputs` what they lead to. */
static char here[PATH_SIZE], sandbox[PATH_SIZE], real_sandbox[PATH_SIZE];
static struct arguments inputs, real_inputs;
static char *foreign, *toolchain, *zig;

/* Cuts the last part off. */
static void to_parent(char *path) {
    size n = length(path);
    while (n && path[n - 1] == '/') path[--n] = 0;
    while (n && path[n - 1] != '/') path[--n] = 0;
    while (n > 1 && path[n - 1] == '/') path[--n] = 0;
}

static int exists(const char *path) {
    int fd = open(path, O_RDONLY);
    if (fd >= 0) close(fd);
    return fd >= 0;
}

static char *absolute(const char *path) { return *path == '/' ? joined(path, "", "") : joined(here, "/", path); }

/* The path by which the program was called, links not followed. */
static char *own_path(const char *called) {
    for (const char *c = called; *c; c++)
        if (*c == '/') return absolute(called);
    for (const char *path = variable("PATH"); path && *path;) {
        size n = 0;
        while (path[n] && path[n] != ':') n++;
        char *found = joined(part_of(path, n), "/", called);
        if (n && exists(found)) return absolute(found);
        path += path[n] ? n + 1 : n;
    }
    fail("cannot find itself by the name ", called);
}

static void add_input(const char *name) {
    char real[PATH_SIZE];
    if (!starts(name, "__") || !real_path(joined(sandbox, "/", name), real) || is_below(real, real_sandbox)) return;
    add(&inputs, joined(name, "", ""));
    add(&real_inputs, joined(real, "", ""));
}

static void find_folders(const char *called, int is_native) {
    const char *given = variable("SPOKESHAVE_SANDBOX");
    if (!real_path(".", here)) fail("no working directory", "");
    char *own = own_path(called);
    to_parent(own);
    to_parent(own);
    foreign = given ? joined(given, "/", "__foreign") : own;
    join(sandbox, foreign, "");
    to_parent(sandbox);
    if (!real_path(sandbox, real_sandbox)) fail("no such folder: ", sandbox);
    list_folder(sandbox, add_input);
    toolchain = joined(sandbox, "/", "__toolchain");
    zig = joined(toolchain, "/", "zig");
    if (is_native) foreign = joined(sandbox, "/", "__native");
}

static struct { char *key, *value; } entries[MAX_ENTRIES];
static int n_entries;

static char *expanded(const char *value) {
    char *text = "";
    for (const char *from = value;;) {
        size n = 0;
        while (from[n] && !starts(from + n, "{foreign}") && !starts(from + n, "{zig}")) n++;
        text = joined(text, part_of(from, n), "");
        if (!from[n]) return text;
        int is_foreign = starts(from + n, "{foreign}");
        text = joined(text, is_foreign ? foreign : toolchain, "");
        from += n + (is_foreign ? 9 : 5);
    }
}

static void read_settings(void) {
    char *path = joined(foreign, "/", "tools.conf"), *text = content_of(path);
    if (!text) fail("there is no ", path);
    while (*text) {
        char *line = text;
        while (*text && *text != '\n') text++;
        if (*text) *text++ = 0;
        char *value = line;
        while (*value && *value != ' ') value++;
        if (!*value) continue;
        *value++ = 0;
        if (n_entries == MAX_ENTRIES) fail("too many lines in ", path);
        entries[n_entries].key = line;
        entries[n_entries++].value = expanded(value);
    }
}

static int is_set(const char *key, const char *value) {
    for (int i = 0; i < n_entries; i++)
        if (same(entries[i].key, key) && (!value || same(entries[i].value, value))) return 1;
    return 0;
}

static void add_settings(struct arguments *to, const char *key) {
    for (int i = 0; i < n_entries; i++)
        if (same(entries[i].key, key)) add(to, entries[i].value);
}

/* A line for this call, in one write, so that lines of processes side by side are not mixed. */
static void record(const char *kind, list arguments) {
    const char *path = variable("SPOKESHAVE_CALLS");
    if (!path) return;
    int fd = open_to_append(path);
    if (fd < 0) return;
    size n = length(kind) + 2;
    for (list item = arguments; *item; item++) n += length(*item) + 1;
    char *line = reserve(n), *to = line;
    for (const char *c = kind; *c; c++) *to++ = *c;
    for (list item = arguments; *item; item++) {
        *to++ = ' ';
        for (const char *c = *item; *c; c++) *to++ = *c == '\n' ? ' ' : *c;
    }
    *to++ = '\n';
    (void)!write(fd, line, (size)(to - line));
    close(fd);
}

__attribute__((noreturn)) static void become(list arguments) {
    execv(arguments[0], arguments);
    fail("cannot run ", arguments[0]);
}

static int run(list arguments) {
    int status = 0, pid = fork();
    if (pid < 0) fail("cannot fork for ", arguments[0]);
    if (!pid) become(arguments);
    while (waitpid(pid, &status, 0) != pid) {}
    return status & 0x7f ? 128 + (status & 0x7f) : status >> 8 & 0xff;
}

/* Response files: arguments in a file, separated by white space, with quotes and backslashes as GCC's. */
static void add_user_arguments(struct arguments *to, const char *argument, int depth) {
    char *text = *argument == '@' && depth < MAX_INCLUDED ? content_of(argument + 1) : NULL;
    if (!text) {
        add(to, argument);
        return;
    }
    while (*text) {
        while (*text == ' ' || *text == '\n' || *text == '\t' || *text == '\r') text++;
        if (!*text) return;
        char *word = text, *end = text, quote = 0;
        for (; *text && (quote || (*text != ' ' && *text != '\n' && *text != '\t' && *text != '\r')); text++) {
            if (!quote && (*text == '"' || *text == '\'')) quote = *text;
            else if (quote && *text == quote) quote = 0;
            else if (*text == '\\' && text[1] && quote != '\'') *end++ = *++text;
            else *end++ = *text;
        }
        int is_last = !*text;
        *end = 0;
        add_user_arguments(to, part_of(word, (size)(end - word)), depth + 1);
        if (!is_last) text++;
    }
}

/* What a command line asks for. */
enum mode { ASK, PREPROCESS, COMPILE, LINK };
struct command {
    struct arguments user; /* without what is refused */
    enum mode mode;
    const char *output;
    int is_cxx, is_shared, is_relocatable, is_static, is_unicode, no_start, no_libraries, n_inputs, n_sources, has_language, asks_linker;
};

static const char *const SOURCES[] = {".c", ".cc", ".cpp", ".cxx", ".c++", ".C", ".CPP", ".s", ".S", ".sx", ".i", ".ii", NULL};
static const char *const WITH_VALUE[] = {
    "-o", "-x", "-I", "-isystem", "-iquote", "-idirafter", "-include", "-imacros", "-L", "-l", "-D", "-U", "-MF", "-MT",
    "-MQ", "-T", "-u", "-z", "-e", "-target", "-arch", "-framework", "-install_name", "-current_version",
    "-compatibility_version", "-undefined", "-Xlinker", "-Xclang", "-Xpreprocessor", "-Xassembler", "-mllvm", "-rpath",
    "-isysroot", "-exported_symbols_list", "-unexported_symbols_list", "-bundle_loader", "-aux-info", "--param", NULL};
static const char *const FOLDERS[] = {"-I", "-isystem", "-iquote", "-idirafter", "-L", NULL};
static const char *const ASKS[] = {"--version", "-v", "-V", "-qversion", "-dumpversion", "-dumpmachine", "-dumpfullversion", "--help", "-###", NULL};
static const char *const OF_THIS_MACHINE[] = {"-march=native", "-mtune=native", "-mcpu=native", NULL};

static int is_source(const char *path) {
    for (const char *const *ending = SOURCES; *ending; ending++)
        if (ends(path, *ending)) return 1;
    return 0;
}

/* Whether a folder is the machine's own. One in the sandbox may be a link to elsewhere; one that does not exist is not. */
static int is_of_machine(const char *folder) {
    char real[PATH_SIZE];
    if (!real_path(folder, real) || is_below(real, real_sandbox)) return 0;
    for (size i = 0; i < real_inputs.count; i++)
        if (is_below(real, real_inputs.items[i])) return 0;
    return 1;
}

/* Reads a command line of `cc` or `c++`. */
static struct command parsed(int is_cxx, int count, list arguments) {
    struct command command = {{NULL, 0, 0}, LINK, NULL, is_cxx, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    struct arguments all = {NULL, 0, 0};
    for (int i = 1; i < count; i++) add_user_arguments(&all, arguments[i], 0);
    for (size i = 0; i < all.count; i++) {
        char *item = all.items[i], *next = i + 1 < all.count ? all.items[i + 1] : NULL;
        if (is_one_of(item, OF_THIS_MACHINE)) {
            char *refused[] = {item, NULL};
            record("refuse", refused);
            fail("the result may not depend on the machine that builds it; name a processor in place of ", item);
        }
        for (const char *const *flag = FOLDERS; *flag; flag++) {
            const char *folder = same(item, *flag) ? next : starts(item, *flag) ? item + length(*flag) : NULL;
            if (!folder || !is_of_machine(folder)) continue;
            char *dropped[] = {(char *)*flag, (char *)folder, NULL};
            record("drop", dropped);
            i += same(item, *flag);
            goto next_argument;
        }
        add(&command.user, item);
        if (same(item, "-c") || same(item, "-S") || same(item, "-fsyntax-only") || same(item, "--precompile")) command.mode = COMPILE;
        else if (same(item, "-E") || same(item, "-M") || same(item, "-MM")) command.mode = PREPROCESS;
        else if (same(item, "-shared") || same(item, "--shared") || same(item, "-dynamiclib") || same(item, "-bundle")) command.is_shared = 1;
        else if (same(item, "-r")) command.is_relocatable = 1;
        else if (same(item, "-static") || same(item, "-static-pie")) command.is_static = 1;
        else if (same(item, "-municode")) command.is_unicode = 1;
        else if (same(item, "-nostartfiles")) command.no_start = 1;
        else if (same(item, "-nostdlib")) command.no_start = command.no_libraries = 1;
        else if (same(item, "-nodefaultlibs")) command.no_libraries = 1;
        else if (same(item, "-Wl,--version") || same(item, "-Wl,-v") || same(item, "-Wl,-version")) command.asks_linker = 1;
        else if (is_one_of(item, ASKS) || starts(item, "-print-") || starts(item, "--print-")) command.n_inputs += 0, command.mode = command.mode == LINK ? ASK : command.mode;
        else if (same(item, "-")) command.n_inputs++, command.n_sources++;
        else if (starts(item, "-l") && item[2]) command.n_inputs++;
        else if (*item != '-') {
            command.n_inputs++;
            command.n_sources += is_source(item);
        }
        if (is_one_of(item, WITH_VALUE) && next) {
            if (same(item, "-o")) command.output = next;
            if (same(item, "-x")) command.has_language = !same(next, "none");
            if (same(item, "-l")) command.n_inputs++;
            add(&command.user, next);
            i++;
        }
    next_argument:;
    }
    /* With inputs, `-v` only adds words; without, there is nothing to link. */
    if (command.mode == ASK && command.n_inputs) command.mode = LINK;
    if (command.mode == LINK && !command.n_inputs && !command.asks_linker) command.mode = ASK;
    return command;
}

static void begin_clang(struct arguments *to, const struct command *command) {
    add(to, zig);
    add(to, "clang");
    if (command->is_cxx) add(to, "--driver-mode=g++");
    add_settings(to, command->is_cxx ? "c++" : "c");
    add(to, joined("-ffile-prefix-map=", sandbox, "=."));
    if (!same(sandbox, real_sandbox)) add(to, joined("-ffile-prefix-map=", real_sandbox, "=."));
    for (size i = 0; i < inputs.count; i++)
        add(to, joined(joined("-ffile-prefix-map=", real_inputs.items[i], "=./"), inputs.items[i], ""));
}

static void end_clang(struct arguments *to, const struct command *command) {
    add_settings(to, command->is_cxx ? "c++.after" : "c.after");
}

__attribute__((noreturn)) static void compile(const struct command *command) {
    struct arguments line = {NULL, 0, 0};
    begin_clang(&line, command);
    add_all(&line, &command->user);
    end_clang(&line, command);
    become(line.items);
}

static const char *kind_of_link(const struct command *command) {
    return command->is_shared ? ".shared" : command->is_static ? ".static" : ".program";
}

static void add_ending(struct arguments *line, const struct command *command) {
    const char *kind = kind_of_link(command);
    if (command->is_relocatable) return;
    if (!command->no_start) add_settings(line, joined("start", command->is_unicode && !command->is_shared && is_set("start.unicode", NULL) ? ".unicode" : kind, ""));
    if (!command->no_libraries) add_settings(line, "end");
}

/* clang's driver calls our `ld.lld`. */
__attribute__((noreturn)) static void link_elf(const struct command *command) {
    struct arguments line = {NULL, 0, 0};
    begin_clang(&line, command);
    if (!command->is_relocatable) add_settings(&line, "link");
    if (!command->is_relocatable) add_settings(&line, joined("link", kind_of_link(command), ""));
    add_all(&line, &command->user);
    if (command->has_language) add(&line, "-x"), add(&line, "none");
    end_clang(&line, command);
    add_ending(&line, command);
    become(line.items);
}

/* The name of a library's file for `-lNAME`, in the folders of `-L` and then in the pack, or NULL. */
static char *library(const char *name, const struct arguments *folders) {
    static const char *const forms[][2] = {{"lib", ".dll.a"}, {"", ".dll.a"}, {"lib", ".a"}, {"lib", ".lib"}, {"", ".lib"}, {NULL, NULL}};
    for (size i = 0; i < folders->count; i++)
        for (int form = 0; forms[form][0]; form++) {
            char *path = joined(joined(folders->items[i], "/", forms[form][0]), name, forms[form][1]);
            if (exists(path)) return path;
        }
    return NULL;
}

/* Files beside the output that are removed after the link. */
static struct arguments temporary;

/* The import library of a DLL of Windows that the pack lacks, made from the list of its functions, or NULL. */
static char *made_library(const char *name, const char *output) {
    struct arguments folders = {NULL, 0, 0}, line = {NULL, 0, 0};
    char *lower = part_of(name, length(name));
    for (char *c = lower; *c; c++)
        if (*c >= 'A' && *c <= 'Z') *c += 'a' - 'A';
    add_settings(&folders, "definitions");
    if (!folders.count) return NULL;
    char *definition = joined(joined(folders.items[0], "/", lower), ".def", "");
    if (!exists(definition)) return NULL;
    char *made = joined(joined(output, ".", lower), ".lib", "");
    add(&line, zig);
    add(&line, "dlltool");
    add(&line, "-m");
    add_settings(&line, "dlltool");
    add(&line, "-d");
    add(&line, definition);
    add(&line, "-l");
    add(&line, made);
    add(&temporary, made);
    return run(line.items) ? NULL : made;
}

/* Compiles the sources of a link and returns its arguments with the objects in their place: the linkers below know no
   sources. */

static struct arguments with_objects(const struct command *command) {
    struct arguments linked = {NULL, 0, 0}, flags = {NULL, 0, 0};
    const struct arguments *user = &command->user;
    char *language = NULL;
    if (!command->n_sources) return *user;
    for (size i = 0; i < user->count; i++) {
        char *item = user->items[i];
        int has_value = is_one_of(item, WITH_VALUE) && i + 1 < user->count;
        int is_linkers = starts(item, "-L") || starts(item, "-l") || starts(item, "-Wl,") || same(item, "-Xlinker") ||
                         same(item, "-o") || same(item, "-framework") || same(item, "-x") || same(item, "-shared") ||
                         same(item, "-bundle") || same(item, "-dynamiclib") || same(item, "-s") || starts(item, "-rpath") ||
                         same(item, "-install_name") || same(item, "-undefined") || starts(item, "-static") || same(item, "-u");
        if (*item == '-' && item[1] && !is_linkers) {
            add(&flags, item);
            if (has_value) add(&flags, user->items[i + 1]);
        }
        i += has_value;
    }
    for (size i = 0; i < user->count; i++) {
        char *item = user->items[i], *next = i + 1 < user->count ? user->items[i + 1] : NULL;
        if (same(item, "-x") && next) {
            language = same(next, "none") ? NULL : next;
            i++;
        } else if (is_one_of(item, WITH_VALUE) && next) {
            add(&linked, item);
            add(&linked, next);
            i++;
        } else if (same(item, "-") || (*item != '-' && (language || is_source(item)))) {
            char digits[] = {'0' + (char)(temporary.count / 100 % 10), '0' + (char)(temporary.count / 10 % 10), '0' + (char)(temporary.count % 10), 0};
            char *object = joined(command->output ? command->output : "a.out", joined(".", digits, ""), ".o");
            struct arguments line = {NULL, 0, 0};
            begin_clang(&line, command);
            add_all(&line, &flags);
            add(&line, "-c");
            if (language) add(&line, "-x"), add(&line, language);
            add(&line, item);
            if (language) add(&line, "-x"), add(&line, "none");
            add(&line, "-o");
            add(&line, object);
            end_clang(&line, command);
            add(&temporary, object);
            int code = run(line.items);
            if (code) _exit(code);
            add(&linked, object);
        } else add(&linked, item);
    }
    return linked;
}

__attribute__((noreturn)) static void finish(list line) {
    int code = run(line);
    for (size i = 0; i < temporary.count; i++) unlink(temporary.items[i]);
    _exit(code);
}

/* The arguments of a link with those of `-Wl,` and `-Xlinker` apart: each of the linker's has a mark before it. */
static char FOR_LINKER[] = "-Xlinker";

static void add_for_linker(struct arguments *to, const char *argument) {
    struct arguments read = {NULL, 0, 0};
    add_user_arguments(&read, argument, 0);
    for (size i = 0; i < read.count; i++) {
        add(to, FOR_LINKER);
        add(to, read.items[i]);
    }
}

static struct arguments separated(const struct arguments *user) {
    struct arguments apart = {NULL, 0, 0};
    for (size i = 0; i < user->count; i++) {
        char *item = user->items[i];
        if (same(item, "-Xlinker") && i + 1 < user->count) add_for_linker(&apart, user->items[++i]);
        else if (starts(item, "-Wl,")) {
            for (const char *part = item + 4; *part;) {
                size n = 0;
                while (part[n] && part[n] != ',') n++;
                add_for_linker(&apart, part_of(part, n));
                part += part[n] ? n + 1 : n;
            }
        } else add(&apart, item);
    }
    return apart;
}

/* Options of GNU's linker for Windows, and what they are for `lld-link`. An option with a value takes it after `=` or
   as its next argument. */
static const struct { const char *gnu, *coff; } PE_VALUES[] = {
    {"out-implib", "-IMPLIB:"}, {"entry", "-ENTRY:"}, {"e", "-ENTRY:"}, {"subsystem", "-SUBSYSTEM:"}, {"stack", "-STACK:"},
    {"heap", "-HEAP:"}, {"image-base", "-BASE:"}, {"Map", "-LLDMAP:"}, {"delayload", "-DELAYLOAD:"}, {"u", "-INCLUDE:"},
    {"undefined", "-INCLUDE:"}, {"require-defined", "-INCLUDE:"}, {"output-def", NULL}, {"major-image-version", NULL},
    {"minor-image-version", NULL}, {"major-os-version", NULL}, {"minor-os-version", NULL}, {"major-subsystem-version", NULL},
    {"minor-subsystem-version", NULL}, {"exclude-libs", NULL}, {"soname", NULL}, {"h", NULL}, {"rpath", NULL},
    {"rpath-link", NULL}, {"z", NULL}, {"base-file", NULL}, {"version-script", NULL}, {"dynamic-linker", NULL}, {NULL, NULL}};
static const struct { const char *gnu, *coff; } PE_FLAGS[] = {
    {"export-all-symbols", "-EXPORT-ALL-SYMBOLS"}, {"large-address-aware", "-LARGEADDRESSAWARE"}, {"dll", "-DLL"}, {NULL, NULL}};

static void add_pe_option(struct arguments *line, const struct arguments *from, size *place, int *is_whole) {
    const char *option = from->items[++*place], *name = option + 1;
    if (*option != '-') { /* a file */
        add(line, *is_whole ? joined("-WHOLEARCHIVE:", option, "") : option);
        return;
    }
    if (*name == '-') name++;
    if (same(name, "whole-archive") || same(name, "no-whole-archive")) {
        *is_whole = *name == 'w';
        return;
    }
    for (int i = 0; PE_VALUES[i].gnu; i++) {
        size n = length(PE_VALUES[i].gnu);
        if (!starts(name, PE_VALUES[i].gnu) || (name[n] && name[n] != '=')) continue;
        const char *value = name[n] ? name + n + 1 : NULL;
        if (!value && *place + 2 < from->count && from->items[*place + 1] == FOR_LINKER) value = from->items[*place += 2];
        if (value && PE_VALUES[i].coff) add(line, joined(PE_VALUES[i].coff, value, ""));
        return;
    }
    for (int i = 0; PE_FLAGS[i].gnu; i++)
        if (same(name, PE_FLAGS[i].gnu)) {
            add(line, PE_FLAGS[i].coff);
            return;
        }
    char *dropped[] = {(char *)option, NULL};
    record("drop", dropped);
}

__attribute__((noreturn)) static void link_pe(const struct command *command) {
    struct arguments line = {NULL, 0, 0}, folders = {NULL, 0, 0}, user = with_objects(command);
    const char *output = command->output ? command->output : "a.exe";
    const char *entry = "-ENTRY:mainCRTStartup";
    int is_whole = 0, has_entry = 0;
    user = separated(&user);
    for (size i = 0; i + 1 < user.count; i++) {
        if (same(user.items[i], "-L")) add(&folders, user.items[i + 1]);
        has_entry |= user.items[i] == FOR_LINKER && (starts(user.items[i + 1], "--entry") || starts(user.items[i + 1], "-e"));
    }
    for (size i = 0; i < user.count; i++)
        if (starts(user.items[i], "-L") && user.items[i][2]) add(&folders, user.items[i] + 2);
    add_settings(&folders, "libraries");
    add(&line, zig);
    add(&line, "lld-link");
    add_settings(&line, "link");
    add_settings(&line, joined("link", kind_of_link(command), ""));
    add(&line, joined("-OUT:", output, ""));
    for (size i = 0; i < user.count; i++) {
        char *item = user.items[i], *next = i + 1 < user.count ? user.items[i + 1] : NULL;
        if (item == FOR_LINKER) add_pe_option(&line, &user, &i, &is_whole);
        else if (starts(item, "-l") && (item[2] || next)) {
            char *name = item[2] ? item + 2 : user.items[++i];
            char *path = *name == ':' ? NULL : library(name, &folders);
            for (size k = 0; *name == ':' && !path && k < folders.count; k++) {
                path = joined(folders.items[k], "/", name + 1);
                if (!exists(path)) path = NULL;
            }
            if (!path) path = made_library(name, output);
            if (!path) fail("unable to find library -l", name);
            add(&line, is_whole ? joined("-WHOLEARCHIVE:", path, "") : path);
        } else if (same(item, "-mwindows")) add(&line, "-SUBSYSTEM:windows"), entry = "-ENTRY:WinMainCRTStartup";
        else if (is_one_of(item, WITH_VALUE)) i++;
        else if (ends(item, ".def")) add(&line, joined("-DEF:", item, ""));
        else if (*item != '-') add(&line, is_whole ? joined("-WHOLEARCHIVE:", item, "") : item);
    }
    if (!command->is_shared && !has_entry && !command->no_start) add(&line, entry);
    add_ending(&line, command);
    finish(line.items);
}

/* What zig's linker for Mach-O understands; it refuses other options as a whole. `-U`, which lets a symbol be undefined,
   becomes `-undefined`, which lets all be. */
static const char *const MACHO_VALUES[] = {
    "-install_name", "-undefined", "-rpath", "-force_load", "-framework", "-needed_framework", "-weak_framework", "-F",
    "-needed_library", "-weak_library", "-pagezero_size", "-compatibility_version", "-current_version", "-e", "-entitlements",
    "-exported_symbols_list", NULL};
static const char *const MACHO_FLAGS[] = {
    "-dead_strip", "-dead_strip_dylibs", "-headerpad_max_install_names", "-search_paths_first", "-search_dylibs_first", "-ObjC", NULL};

/* Options of GNU's linker that take a value, which is not a file. */
static const char *const MACHO_DROPPED[] = {
    "-soname", "--soname", "-h", "-z", "--version-script", "-version-script", "-rpath-link", "--rpath-link", NULL};

/* The value as zig's linker takes it. Libraries are found by their names, wherever they are: autotools would name the
   folder that they are installed to. A version has three numbers. */
static const char *macho_value(const char *option, const char *value) {
    if (same(option, "-install_name") && *value == '/') return joined("@rpath/", last_part(value), "");
    if (!same(option, "-compatibility_version") && !same(option, "-current_version")) return value;
    int dots = 0;
    for (const char *c = value; *c; c++) dots += *c == '.';
    return dots > 1 ? value : joined(value, dots ? ".0" : ".0.0", "");
}

__attribute__((noreturn)) static void link_macho(const struct command *command) {
    struct arguments line = {NULL, 0, 0}, user = with_objects(command);
    const char *output = command->output ? command->output : "a.out";
    int has_name = 0, has_lookup = 0;
    user = separated(&user);
    add(&line, zig);
    add(&line, command->is_cxx ? "c++" : "cc");
    add_settings(&line, "link");
    if (command->is_shared) add(&line, "-shared");
    if (command->is_relocatable) add(&line, "-r");
    for (size i = 0; i < user.count; i++) {
        char *item = user.items[i], *next = i + 1 < user.count ? user.items[i + 1] : NULL;
        int is_linkers = item == FOR_LINKER;
        if (is_linkers) item = user.items[++i], next = i + 2 < user.count && user.items[i + 1] == FOR_LINKER ? user.items[i + 2] : NULL;
        if (*item != '-' || !item[1]) add(&line, item);
        else if (is_linkers && same(item, "-U") && next) {
            if (!has_lookup++) add(&line, "-Wl,-undefined,dynamic_lookup");
            i += 2;
        } else if (is_one_of(item, MACHO_VALUES) && next) {
            has_name |= same(item, "-install_name");
            add(&line, joined("-Wl,", joined(item, ",", macho_value(item, next)), ""));
            i += is_linkers ? 2 : 1;
        } else if (is_linkers && is_one_of(item, MACHO_DROPPED) && next) i += 2;
        else if (is_one_of(item, MACHO_FLAGS)) add(&line, joined("-Wl,", item, ""));
        else if (starts(item, "-L") || starts(item, "-l") || same(item, "-o") || same(item, "-u")) {
            add(&line, item);
            if (!item[2] && next) add(&line, next), i++;
        } else {
            if (!is_linkers && is_one_of(item, WITH_VALUE)) i++;
            if (is_linkers) {
                char *dropped[] = {item, NULL};
                record("drop", dropped);
            }
        }
    }
    if (command->is_shared) add(&line, "-Wl,-headerpad_max_install_names");
    if (command->is_shared && !has_name) add(&line, joined("-Wl,-install_name,@rpath/", last_part(output), ""));
    add_ending(&line, command);
    struct arguments library = {NULL, 0, 0};
    if (!command->is_shared) add_settings(&library, "zig.program");
    if (library.count) set_variable("ZIG_LIB_DIR", library.items[0]);
    finish(line.items);
}

static const char LD64[] = "@(#)PROGRAM:ld PROJECT:ld64-951.9\n";

/* Build systems ask the linker who it is by way of the compiler; the linkers for these formats are part of zig. */
__attribute__((noreturn)) static void answer_for_linker(int is_pe, int count, list arguments) {
    static const char lld[] = "LLD 22.1.8 (compatible with GNU linkers)\n";
    if (is_pe) {
        (void)!write(1, lld, length(lld));
        _exit(0);
    }
    for (int i = 1; i < count; i++)
        if (same(arguments[i], "-Wl,-v")) {
            say(LD64);
            _exit(0);
        }
    say("ld: unknown option: --version\n");
    _exit(1);
}

static const char *const C_NAMES[] = {"cc", "gcc", "clang", NULL};
static const char *const CXX_NAMES[] = {"c++", "g++", "clang++", NULL};
/* What the names of tools for the machine that builds begin with. */
static const char OF_BUILD[] = "build-";
/* Links are stripped, and names of libraries final, when they are made. */
static const char *const IDLE[] = {"strip", "install_name_tool", NULL};

__attribute__((noreturn)) static void emulate(int count, list arguments) {
    if (count > 1 && starts(last_part(arguments[1]), "python")) {
        record("python", arguments + 1);
        become(arguments + 1);
    }
    record("emulate", arguments + 1);
    say("spokeshave: ");
    say(count > 1 ? arguments[1] : "a program");
    say(" is a program of the target, and nothing of the target runs here\n");
    _exit(126);
}

/* Folders of the machine are left out here as well, for builds that call a linker themselves. */
__attribute__((noreturn)) static void run_tool(const char *name, int count, list arguments) {
    struct arguments line = {NULL, 0, 0};
    add(&line, zig);
    int is_linker = same(name, "ld") || same(name, "ld.lld");
    /* libtool takes what says GNU for a linker of ELF. */
    if (is_linker && is_set("format", "Mach-O") && count == 2 && is_one_of(arguments[1], ASKS)) {
        say(LD64);
        _exit(0);
    }
    add(&line, is_linker ? "ld.lld" : same(name, "lib.exe") ? "lib" : name);
    for (int i = 1; i < count; i++)
        if (!starts(arguments[i], "-L") || !is_of_machine(arguments[i] + 2)) add(&line, arguments[i]);
    record(name, arguments + 1);
    become(line.items);
}

/* The options of GNU's windres that take a value, by their letter and their long name. A letter that is upper case in
   `what` is for the preprocessor. */
static const struct { char letter; const char *name, *what; } RC_OPTIONS[] = {
    {'i', "input", "input"}, {'o', "output", "output"}, {'J', "input-format", "from"}, {'O', "output-format", "to"},
    {'F', "target", NULL}, {'I', "include-dir", "-I"}, {'D', "define", "-D"}, {'U', "undefine", "-U"},
    {'c', "codepage", "code page"}, {'l', "language", "language"}, {0, "preprocessor-arg", ""}, {0, "preprocessor", NULL},
    {0, NULL, NULL}};

/* The value of the option at `place`, which moves on with a value of its own; NULL for other options. */
static char *rc_value(int option, int count, list arguments, int *place) {
    char *item = arguments[*place], *next = *place + 1 < count ? arguments[*place + 1] : NULL;
    const char *name = RC_OPTIONS[option].name;
    if (starts(item, "--") && starts(item + 2, name)) {
        char *rest = item + 2 + length(name);
        if (*rest == '=') return rest + 1;
        return *rest || !next ? NULL : arguments[++*place];
    }
    if (*item != '-' || item[1] != RC_OPTIONS[option].letter || item[1] == 0) return NULL;
    if (item[2]) return item + 2;
    return next ? arguments[++*place] : NULL;
}

static void add_pair(struct arguments *to, const char *option, const char *value) {
    add(to, option);
    add(to, value);
}

/* The folder of a file, as it is written. */
static char *folder_of(const char *path) {
    const char *name = last_part(path);
    return name == path ? "." : part_of(path, (size)(name - path - (name - path > 1)));
}

/* What a call of windres asks for. */
struct resources {
    struct arguments preprocessor, compiler;
    char *source, *output, *from, *to;
};

static void use_rc_option(struct resources *asked, const char *what, char *value) {
    if (!what) return;
    if (same(what, "input")) asked->source = value;
    else if (same(what, "output")) asked->output = value;
    else if (same(what, "from")) asked->from = value;
    else if (same(what, "to")) asked->to = value;
    else if (same(what, "code page")) add_pair(&asked->compiler, "/c", value);
    else if (same(what, "language")) add_pair(&asked->compiler, "/l", starts(value, "0x") ? value + 2 : value);
    else if (same(what, "-I") && is_of_machine(value)) {
        char *dropped[] = {"-I", value, NULL};
        record("drop", dropped);
    } else {
        add(&asked->preprocessor, joined(what, value, ""));
        if (same(what, "-I")) add_pair(&asked->compiler, "/i", value);
    }
}

static struct resources asked_resources(int count, list arguments) {
    struct resources asked = {{NULL, 0, 0}, {NULL, 0, 0}, NULL, NULL, NULL, NULL};
    for (int i = 1; i < count; i++) {
        char *item = arguments[i], *value = NULL;
        for (int option = 0; RC_OPTIONS[option].name && !value; option++)
            if ((value = rc_value(option, count, arguments, &i))) use_rc_option(&asked, RC_OPTIONS[option].what, value);
        if (value || *item == '-') continue;
        if (!asked.source) asked.source = item;
        else asked.output = item;
    }
    if (!asked.source || !asked.output)
        fail("a call for resources of Windows (.rc) without a source or an output: ", asked.source ? asked.source : "");
    if (!asked.from) asked.from = ends(asked.source, ".res") ? "res" : "rc";
    if (!asked.to) asked.to = ends(asked.output, ".res") && !same(asked.from, "res") ? "res" : "coff";
    return asked;
}

/* Returns the source as clang preprocesses it, which finds the headers of a compile. */
static char *preprocessed(const struct resources *asked) {
    struct command command = {{NULL, 0, 0}, COMPILE, NULL, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    struct arguments line = {NULL, 0, 0};
    char *made = joined(asked->output, ".rcpp", "");
    begin_clang(&line, &command);
    add_pair(&line, "-E", "-w");
    add_pair(&line, "-fuse-line-directives", "-DRC_INVOKED=1");
    add_all(&line, &asked->preprocessor);
    add_pair(&line, "-x", "c");
    add_pair(&line, asked->source, "-o");
    add(&line, made);
    end_clang(&line, &command);
    add(&temporary, made);
    int code = run(line.items);
    if (code) _exit(code);
    return made;
}

/* As GNU's windres does: by the preprocessor of the C compiler. */
__attribute__((noreturn)) static void compile_resources(int count, list arguments) {
    static const char version[] = "GNU windres 2.40 (compatible; zig's compiler of resources)\n";
    struct arguments line = {NULL, 0, 0};
    if (count == 2 && (same(arguments[1], "--version") || same(arguments[1], "-V"))) {
        (void)!write(1, version, length(version));
        _exit(0);
    }
    if (!is_set("resources", NULL)) fail("resources (.rc) are for Windows only: ", arguments[count - 1]);
    record("compile", arguments + 1);
    struct resources asked = asked_resources(count, arguments);
    int is_res = same(asked.from, "res");
    char *input = is_res ? asked.source : preprocessed(&asked);
    add_settings(&line, "resources");
    add(&line, joined("--zig-lib=", toolchain, "/lib"));
    add_pair(&line, "/:auto-includes", "none");
    add(&line, "/x");
    add_pair(&line, "/:input-format", is_res ? "res" : "rcpp");
    add_pair(&line, "/:output-format", same(asked.to, "res") ? "res" : "coff");
    add(&line, "/:target");
    add_settings(&line, "resources.target");
    if (!is_res) {
        add_all(&line, &asked.compiler);
        add_pair(&line, "/i", folder_of(asked.source));
    }
    add(&line, "--");
    add_pair(&line, input, asked.output);
    finish(line.items);
}

int main(int count, char **arguments) {
    const char *name = last_part(arguments[0]);
    int is_native = starts(name, OF_BUILD);
    if (is_native) name += length(OF_BUILD);
    int is_cxx = is_one_of(name, CXX_NAMES);
    find_folders(arguments[0], is_native);
    if (is_native && !exists(joined(foreign, "/", "tools.conf")))
        fail("this build compiles programs that run on the machine that builds; set native_compiler=True on its target: ", arguments[0]);
    if (is_one_of(name, IDLE)) return 0;
    if (same(name, "emulate")) emulate(count, arguments);
    set_variable("ZIG_LIB_DIR", joined(toolchain, "/", "lib"));
    set_variable("ZIG_LOCAL_CACHE_DIR", joined(sandbox, "/", "zig-cache"));
    set_variable("ZIG_GLOBAL_CACHE_DIR", joined(sandbox, "/", "zig-cache"));
    read_settings();
    if (same(name, "rc") || same(name, "windres")) compile_resources(count, arguments);
    if (!is_cxx && !is_one_of(name, C_NAMES)) run_tool(name, count, arguments);
    if (count == 2 && same(arguments[1], "-dumpmachine") && is_set("machine", NULL)) {
        struct arguments machine = {NULL, 0, 0};
        add_settings(&machine, "machine");
        char *line = joined(machine.items[0], "\n", "");
        (void)!write(1, line, length(line));
        return 0;
    }
    struct command command = parsed(is_cxx, count, arguments);
    int is_elf = is_set("format", "ELF"), is_pe = is_set("format", "PE");
    record(command.mode == COMPILE ? "compile" : command.mode == LINK ? "link" : command.mode == PREPROCESS ? "preprocess" : "ask", arguments + 1);
    if (command.asks_linker && !is_elf && !command.n_inputs) answer_for_linker(is_pe, count, arguments);
    if (command.mode != LINK) compile(&command);
    if (is_elf) link_elf(&command);
    if (is_pe && !command.is_relocatable) link_pe(&command);
    link_macho(&command);
}
