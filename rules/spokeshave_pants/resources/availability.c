/* `__builtin_available` and `@available` for macOS before 10.15, for which zig's compiler-rt lacks the function. The
   system's own check exists since 10.15, and the name of the version since 10.13.4. */

typedef struct {
    unsigned platform, version;
} wanted_version;

int sysctlbyname(const char *name, void *value, __SIZE_TYPE__ *size, void *changed, __SIZE_TYPE__ changed_size);
void *dlsym(void *library, const char *name);
#define ANY_LIBRARY ((void *)-2)
#define VERSION(major, minor, patch) (((major) & 0xffff) << 16 | ((minor) & 0xff) << 8 | ((patch) & 0xff))

static unsigned version_of_system(void) {
    char text[32] = "";
    unsigned parts[3] = {0, 0, 0}, part = 0;
    __SIZE_TYPE__ size = sizeof text - 1;
    if (sysctlbyname("kern.osproductversion", text, &size, (void *)0, 0)) return VERSION(10, 13, 0);
    for (const char *c = text; *c && part < 3; c++) {
        if (*c == '.') part++;
        else parts[part] = parts[part] * 10 + (unsigned)(*c - '0');
    }
    return VERSION(parts[0], parts[1], parts[2]);
}

int __isPlatformVersionAtLeast(unsigned platform, unsigned major, unsigned minor, unsigned patch) {
    wanted_version wanted = {platform, VERSION(major, minor, patch)};
    _Bool (*check)(unsigned, wanted_version *) = (_Bool(*)(unsigned, wanted_version *))dlsym(ANY_LIBRARY, "_availability_version_check");
    return check ? check(1, &wanted) : version_of_system() >= wanted.version;
}
