/* Run-time dispatch on x86-64: what `__builtin_cpu_init`, `__builtin_cpu_supports`, `__builtin_cpu_is`, `target_clones`
 * and `target("...")` overloads refer to. clang expects it in the compiler's runtime, and the toolchain's has none of it.
 *
 * It is an archive of its own, so that only a library that asks the processor contains it. The resolver of an ifunc
 * calls `__cpu_indicator_init` while its library is still being relocated: no function or pointer outside of this file
 * may be used, and no table may hold an address.
 *
 * The layout and the numbers are clang's own, which a test asks it for. Sources: Intel's Software Developer's Manual,
 * volume 2, CPUID; AMD's Architecture Programmer's Manual, volume 3, appendix E.
 */
#include <cpuid.h>

enum { VENDOR_INTEL = 1, VENDOR_AMD = 2, VENDOR_OTHER = 3 };

/* Registers of CPUID: leaf and subleaf, then the register. */
enum {
    L1_ECX, L1_EDX, L7_EBX, L7_ECX, L7_EDX, L7_1_EAX, L7_1_EDX, LD_1_EAX, L14_EBX, L19_EBX, L1E_1_EAX, L24_EBX,
    X1_ECX, X1_EDX, X8_EBX, REGISTERS
};

/* State that the operating system has to save when it switches threads, or the instructions must not be used. */
enum { ANY, YMM, ZMM, TILE, APX };

/* A feature's number for clang, and where CPUID reports it. */
static const struct {
    unsigned char feature, reg, bit, state;
} FEATURES[] = {
    {0, L1_EDX, 15, ANY},      /* cmov */
    {1, L1_EDX, 23, ANY},      /* mmx */
    {2, L1_ECX, 23, ANY},      /* popcnt */
    {3, L1_EDX, 25, ANY},      /* sse */
    {4, L1_EDX, 26, ANY},      /* sse2 */
    {5, L1_ECX, 0, ANY},       /* sse3 */
    {6, L1_ECX, 9, ANY},       /* ssse3 */
    {7, L1_ECX, 19, ANY},      /* sse4.1 */
    {8, L1_ECX, 20, ANY},      /* sse4.2 */
    {9, L1_ECX, 28, YMM},      /* avx */
    {10, L7_EBX, 5, YMM},      /* avx2 */
    {11, X1_ECX, 6, ANY},      /* sse4a */
    {12, X1_ECX, 16, YMM},     /* fma4 */
    {13, X1_ECX, 11, YMM},     /* xop */
    {14, L1_ECX, 12, YMM},     /* fma */
    {15, L7_EBX, 16, ZMM},     /* avx512f */
    {16, L7_EBX, 3, ANY},      /* bmi */
    {17, L7_EBX, 8, ANY},      /* bmi2 */
    {18, L1_ECX, 25, ANY},     /* aes */
    {19, L1_ECX, 1, ANY},      /* pclmul */
    {20, L7_EBX, 31, ZMM},     /* avx512vl */
    {21, L7_EBX, 30, ZMM},     /* avx512bw */
    {22, L7_EBX, 17, ZMM},     /* avx512dq */
    {23, L7_EBX, 28, ZMM},     /* avx512cd */
    {24, L7_EBX, 27, ZMM},     /* avx512er */
    {25, L7_EBX, 26, ZMM},     /* avx512pf */
    {26, L7_ECX, 1, ZMM},      /* avx512vbmi */
    {27, L7_EBX, 21, ZMM},     /* avx512ifma */
    {28, L7_EDX, 2, ZMM},      /* avx5124vnniw */
    {29, L7_EDX, 3, ZMM},      /* avx5124fmaps */
    {30, L7_ECX, 14, ZMM},     /* avx512vpopcntdq */
    {31, L7_ECX, 6, ZMM},      /* avx512vbmi2 */
    {32, L7_ECX, 8, ANY},      /* gfni */
    {33, L7_ECX, 10, YMM},     /* vpclmulqdq */
    {34, L7_ECX, 11, ZMM},     /* avx512vnni */
    {35, L7_ECX, 12, ZMM},     /* avx512bitalg */
    {36, L7_1_EAX, 5, ZMM},    /* avx512bf16 */
    {37, L7_EDX, 8, ZMM},      /* avx512vp2intersect */
    {40, L7_EBX, 19, ANY},     /* adx */
    {42, L7_ECX, 25, ANY},     /* cldemote */
    {43, L7_EBX, 23, ANY},     /* clflushopt */
    {44, L7_EBX, 24, ANY},     /* clwb */
    {45, X8_EBX, 0, ANY},      /* clzero */
    {46, L1_ECX, 13, ANY},     /* cx16 */
    {48, L7_ECX, 29, ANY},     /* enqcmd */
    {49, L1_ECX, 29, YMM},     /* f16c */
    {50, L7_EBX, 0, ANY},      /* fsgsbase */
    {54, X1_ECX, 0, ANY},      /* sahf */
    {55, X1_EDX, 29, ANY},     /* 64-bit mode */
    {56, X1_ECX, 15, ANY},     /* lwp */
    {57, X1_ECX, 5, ANY},      /* lzcnt */
    {58, L1_ECX, 22, ANY},     /* movbe */
    {59, L7_ECX, 28, ANY},     /* movdir64b */
    {60, L7_ECX, 27, ANY},     /* movdiri */
    {61, X1_ECX, 29, ANY},     /* mwaitx */
    {63, L7_EDX, 18, ANY},     /* pconfig */
    {64, L7_ECX, 4, ANY},      /* pku: enabled by the system */
    {65, L7_ECX, 0, ANY},      /* prefetchwt1 */
    {66, X1_ECX, 8, ANY},      /* prfchw */
    {67, L14_EBX, 4, ANY},     /* ptwrite */
    {68, L7_ECX, 22, ANY},     /* rdpid */
    {69, L1_ECX, 30, ANY},     /* rdrnd */
    {70, L7_EBX, 18, ANY},     /* rdseed */
    {71, L7_EBX, 11, ANY},     /* rtm */
    {72, L7_EDX, 14, ANY},     /* serialize */
    {73, L7_EBX, 2, ANY},      /* sgx */
    {74, L7_EBX, 29, ANY},     /* sha */
    {75, L7_ECX, 7, ANY},      /* shstk */
    {76, X1_ECX, 21, ANY},     /* tbm */
    {77, L7_EDX, 16, ANY},     /* tsxldtrk */
    {78, L7_ECX, 9, YMM},      /* vaes */
    {79, L7_ECX, 5, ANY},      /* waitpkg */
    {80, X8_EBX, 9, ANY},      /* wbnoinvd */
    {81, L1_ECX, 26, YMM},     /* xsave */
    {82, LD_1_EAX, 1, YMM},    /* xsavec */
    {83, LD_1_EAX, 0, YMM},    /* xsaveopt */
    {84, LD_1_EAX, 3, YMM},    /* xsaves */
    {85, L7_EDX, 24, TILE},    /* amx-tile */
    {86, L7_EDX, 25, TILE},    /* amx-int8 */
    {87, L7_EDX, 22, TILE},    /* amx-bf16 */
    {88, L7_EDX, 5, ANY},      /* uintr */
    {89, L7_1_EAX, 22, ANY},   /* hreset */
    {90, L7_ECX, 23, ANY},     /* kl */
    {92, L19_EBX, 2, ANY},     /* widekl */
    {93, L7_1_EAX, 4, YMM},    /* avxvnni */
    {94, L7_EDX, 23, ZMM},     /* avx512fp16 */
    {99, L7_1_EAX, 23, YMM},   /* avxifma */
    {100, L7_1_EDX, 4, YMM},   /* avxvnniint8 */
    {101, L7_1_EDX, 5, YMM},   /* avxneconvert */
    {102, L7_1_EAX, 7, ANY},   /* cmpccxadd */
    {103, L7_1_EAX, 21, TILE}, /* amx-fp16 */
    {104, L7_1_EDX, 14, ANY},  /* prefetchi */
    {105, L7_1_EAX, 3, ANY},   /* raoint */
    {106, L7_1_EDX, 8, TILE},  /* amx-complex */
    {107, L7_1_EDX, 10, YMM},  /* avxvnniint16 */
    {108, L7_1_EAX, 1, YMM},   /* sm3 */
    {109, L7_1_EAX, 0, YMM},   /* sha512 */
    {110, L7_1_EAX, 2, YMM},   /* sm4 */
    {111, L7_1_EDX, 21, APX},  /* apxf */
    {112, L7_1_EDX, 15, ANY},  /* usermsr */
    {117, L1E_1_EAX, 7, TILE}, /* amx-avx512 */
    {118, L1E_1_EAX, 6, TILE}, /* amx-tf32 */
    {120, L1E_1_EAX, 4, TILE}, /* amx-fp8 */
    {121, L7_1_EAX, 31, ANY},  /* movrs */
    {122, L1E_1_EAX, 8, TILE}, /* amx-movrs */
};
enum { AVX10_BIT = 19, AVX10_1 = 114, AVX10_2 = 116 };

/* The levels of the x86-64 psABI: number and features, each with all of those before it. */
enum { LEVEL_FEATURES = 8, NONE = 255 };
static const struct {
    unsigned char feature, needs[LEVEL_FEATURES];
} LEVELS[] = {
    {95, {0, 1, 3, 4, 55, NONE}},             /* x86-64 */
    {96, {2, 5, 6, 7, 8, 46, 54, NONE}},      /* x86-64-v2 */
    {97, {9, 10, 14, 16, 17, 49, 57, 58}},    /* x86-64-v3 */
    {98, {15, 20, 21, 22, 23, NONE}},         /* x86-64-v4 */
};

/* Families and models as clang names them: type and subtype, 0 where a family or a model has none. */
enum { INTEL_CORE = 3, COOPER_LAKE = 23, CASCADE_LAKE = 21 };
static const struct {
    unsigned char vendor, family, first, last, type, subtype;
} MODELS[] = {
    {VENDOR_INTEL, 6, 0x0f, 0x0f, 2, 0},
    {VENDOR_INTEL, 6, 0x16, 0x17, 2, 0},
    {VENDOR_INTEL, 6, 0x1d, 0x1d, 2, 0},
    {VENDOR_INTEL, 6, 0x1a, 0x1a, INTEL_CORE, 1}, /* Nehalem */
    {VENDOR_INTEL, 6, 0x1e, 0x1f, INTEL_CORE, 1},
    {VENDOR_INTEL, 6, 0x2e, 0x2e, INTEL_CORE, 1},
    {VENDOR_INTEL, 6, 0x25, 0x25, INTEL_CORE, 2}, /* Westmere */
    {VENDOR_INTEL, 6, 0x2c, 0x2c, INTEL_CORE, 2},
    {VENDOR_INTEL, 6, 0x2f, 0x2f, INTEL_CORE, 2},
    {VENDOR_INTEL, 6, 0x2a, 0x2a, INTEL_CORE, 3}, /* Sandy Bridge */
    {VENDOR_INTEL, 6, 0x2d, 0x2d, INTEL_CORE, 3},
    {VENDOR_INTEL, 6, 0x3a, 0x3a, INTEL_CORE, 12}, /* Ivy Bridge */
    {VENDOR_INTEL, 6, 0x3e, 0x3e, INTEL_CORE, 12},
    {VENDOR_INTEL, 6, 0x3c, 0x3c, INTEL_CORE, 13}, /* Haswell */
    {VENDOR_INTEL, 6, 0x3f, 0x3f, INTEL_CORE, 13},
    {VENDOR_INTEL, 6, 0x45, 0x46, INTEL_CORE, 13},
    {VENDOR_INTEL, 6, 0x3d, 0x3d, INTEL_CORE, 14}, /* Broadwell */
    {VENDOR_INTEL, 6, 0x47, 0x47, INTEL_CORE, 14},
    {VENDOR_INTEL, 6, 0x4f, 0x4f, INTEL_CORE, 14},
    {VENDOR_INTEL, 6, 0x56, 0x56, INTEL_CORE, 14},
    {VENDOR_INTEL, 6, 0x4e, 0x4e, INTEL_CORE, 15}, /* Skylake, Kaby Lake, Comet Lake */
    {VENDOR_INTEL, 6, 0x5e, 0x5e, INTEL_CORE, 15},
    {VENDOR_INTEL, 6, 0x8e, 0x8e, INTEL_CORE, 15},
    {VENDOR_INTEL, 6, 0x9e, 0x9e, INTEL_CORE, 15},
    {VENDOR_INTEL, 6, 0xa5, 0xa6, INTEL_CORE, 15},
    {VENDOR_INTEL, 6, 0x55, 0x55, INTEL_CORE, 16}, /* Skylake's, Cascade Lake's or Cooper Lake's Xeon */
    {VENDOR_INTEL, 6, 0x66, 0x66, INTEL_CORE, 17}, /* Cannon Lake */
    {VENDOR_INTEL, 6, 0x7d, 0x7e, INTEL_CORE, 18}, /* Ice Lake */
    {VENDOR_INTEL, 6, 0x6a, 0x6a, INTEL_CORE, 19}, /* Ice Lake's Xeon */
    {VENDOR_INTEL, 6, 0x6c, 0x6c, INTEL_CORE, 19},
    {VENDOR_INTEL, 6, 0x8c, 0x8d, INTEL_CORE, 22}, /* Tiger Lake */
    {VENDOR_INTEL, 6, 0x8f, 0x8f, INTEL_CORE, 24}, /* Sapphire Rapids, Emerald Rapids */
    {VENDOR_INTEL, 6, 0xcf, 0xcf, INTEL_CORE, 24},
    {VENDOR_INTEL, 6, 0x97, 0x97, INTEL_CORE, 25}, /* Alder Lake, Raptor Lake, Meteor Lake, Gracemont */
    {VENDOR_INTEL, 6, 0x9a, 0x9a, INTEL_CORE, 25},
    {VENDOR_INTEL, 6, 0xaa, 0xaa, INTEL_CORE, 25},
    {VENDOR_INTEL, 6, 0xac, 0xac, INTEL_CORE, 25},
    {VENDOR_INTEL, 6, 0xb7, 0xb7, INTEL_CORE, 25},
    {VENDOR_INTEL, 6, 0xba, 0xba, INTEL_CORE, 25},
    {VENDOR_INTEL, 6, 0xbe, 0xbf, INTEL_CORE, 25},
    {VENDOR_INTEL, 6, 0xa7, 0xa7, INTEL_CORE, 27}, /* Rocket Lake */
    {VENDOR_INTEL, 6, 0xad, 0xad, INTEL_CORE, 30}, /* Granite Rapids */
    {VENDOR_INTEL, 6, 0xae, 0xae, INTEL_CORE, 31},
    {VENDOR_INTEL, 6, 0xc5, 0xc5, INTEL_CORE, 32}, /* Arrow Lake */
    {VENDOR_INTEL, 6, 0xbd, 0xbd, INTEL_CORE, 33}, /* Lunar Lake, Arrow Lake S */
    {VENDOR_INTEL, 6, 0xc6, 0xc6, INTEL_CORE, 33},
    {VENDOR_INTEL, 6, 0xcc, 0xcc, INTEL_CORE, 34}, /* Panther Lake, Wildcat Lake */
    {VENDOR_INTEL, 6, 0xd5, 0xd5, INTEL_CORE, 34},
    {VENDOR_INTEL, 6, 0x1c, 0x1c, 1, 0}, /* Bonnell */
    {VENDOR_INTEL, 6, 0x26, 0x27, 1, 0},
    {VENDOR_INTEL, 6, 0x35, 0x36, 1, 0},
    {VENDOR_INTEL, 6, 0x37, 0x37, 6, 0}, /* Silvermont */
    {VENDOR_INTEL, 6, 0x4a, 0x4a, 6, 0},
    {VENDOR_INTEL, 6, 0x4c, 0x4d, 6, 0},
    {VENDOR_INTEL, 6, 0x5a, 0x5a, 6, 0},
    {VENDOR_INTEL, 6, 0x5d, 0x5d, 6, 0},
    {VENDOR_INTEL, 6, 0x57, 0x57, 7, 0},  /* Knights Landing */
    {VENDOR_INTEL, 6, 0x85, 0x85, 11, 0}, /* Knights Mill */
    {VENDOR_INTEL, 6, 0x5c, 0x5c, 12, 0}, /* Goldmont */
    {VENDOR_INTEL, 6, 0x5f, 0x5f, 12, 0},
    {VENDOR_INTEL, 6, 0x7a, 0x7a, 13, 0}, /* Goldmont Plus */
    {VENDOR_INTEL, 6, 0x86, 0x86, 14, 0}, /* Tremont */
    {VENDOR_INTEL, 6, 0x8a, 0x8a, 14, 0},
    {VENDOR_INTEL, 6, 0x96, 0x96, 14, 0},
    {VENDOR_INTEL, 6, 0x9c, 0x9c, 14, 0},
    {VENDOR_INTEL, 6, 0xaf, 0xaf, 17, 0}, /* Sierra Forest */
    {VENDOR_INTEL, 6, 0xb6, 0xb6, 18, 0}, /* Grand Ridge */
    {VENDOR_INTEL, 6, 0xdd, 0xdd, 19, 0}, /* Clearwater Forest */
    {VENDOR_INTEL, 19, 0x01, 0x01, INTEL_CORE, 36}, /* Diamond Rapids */
    {VENDOR_INTEL, 18, 0x01, 0x01, INTEL_CORE, 37}, /* Nova Lake */
    {VENDOR_INTEL, 18, 0x03, 0x03, INTEL_CORE, 37},
    {VENDOR_AMD, 0x10, 0x02, 0x02, 4, 4}, /* Barcelona, Shanghai, Istanbul */
    {VENDOR_AMD, 0x10, 0x04, 0x04, 4, 5},
    {VENDOR_AMD, 0x10, 0x08, 0x08, 4, 6},
    {VENDOR_AMD, 0x10, 0x00, 0xff, 4, 0},
    {VENDOR_AMD, 0x14, 0x00, 0xff, 8, 0}, /* Bobcat */
    {VENDOR_AMD, 0x15, 0x60, 0x7f, 5, 10}, /* Excavator, Steamroller, Piledriver, Bulldozer */
    {VENDOR_AMD, 0x15, 0x30, 0x3f, 5, 9},
    {VENDOR_AMD, 0x15, 0x10, 0x1f, 5, 8},
    {VENDOR_AMD, 0x15, 0x02, 0x02, 5, 8},
    {VENDOR_AMD, 0x15, 0x00, 0x0f, 5, 7},
    {VENDOR_AMD, 0x15, 0x00, 0xff, 5, 0},
    {VENDOR_AMD, 0x16, 0x00, 0xff, 9, 0},   /* Jaguar */
    {VENDOR_AMD, 0x17, 0x00, 0x2f, 10, 11}, /* Zen */
    {VENDOR_AMD, 0x17, 0x30, 0x3f, 10, 20}, /* Zen 2 */
    {VENDOR_AMD, 0x17, 0x47, 0x47, 10, 20},
    {VENDOR_AMD, 0x17, 0x60, 0x7f, 10, 20},
    {VENDOR_AMD, 0x17, 0x84, 0x87, 10, 20},
    {VENDOR_AMD, 0x17, 0x90, 0xaf, 10, 20},
    {VENDOR_AMD, 0x17, 0x00, 0xff, 10, 0},
    {VENDOR_AMD, 0x19, 0x00, 0x0f, 15, 26}, /* Zen 3 */
    {VENDOR_AMD, 0x19, 0x20, 0x5f, 15, 26},
    {VENDOR_AMD, 0x19, 0x10, 0x1f, 15, 29}, /* Zen 4 */
    {VENDOR_AMD, 0x19, 0x60, 0x7f, 15, 29},
    {VENDOR_AMD, 0x19, 0xa0, 0xaf, 15, 29},
    {VENDOR_AMD, 0x19, 0x00, 0xff, 15, 0},
    {VENDOR_AMD, 0x1a, 0x00, 0x4f, 20, 35}, /* Zen 5 */
    {VENDOR_AMD, 0x1a, 0x60, 0x77, 20, 35},
    {VENDOR_AMD, 0x1a, 0xd0, 0xd7, 20, 35},
    {VENDOR_AMD, 0x1a, 0x00, 0xff, 20, 0},
};

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))
#define OWN __attribute__((visibility("hidden")))

OWN struct {
    unsigned vendor, type, subtype, features[1];
} __cpu_model = {0, 0, 0, {0}};
OWN unsigned __cpu_features2[3] = {0};
OWN int __cpu_indicator_init(void) __attribute__((constructor(90)));

static int has(const unsigned *features, unsigned feature) { return features[feature / 32] >> feature % 32 & 1; }
static void set(unsigned *features, unsigned feature) { features[feature / 32] |= 1u << feature % 32; }

/* Which of the states above the system saves, as a set of bits, by the extended control register that says so. */
static unsigned saved_states(unsigned control) {
    unsigned states = 1u << ANY;
    if ((control & 0x6) == 0x6) {
        states |= 1u << YMM;
#ifdef __APPLE__
        /* macOS turns the state on with the first instruction that uses it. */
        states |= 1u << ZMM;
#else
        if ((control & 0xe0) == 0xe0) states |= 1u << ZMM;
#endif
    }
    if ((control & 0x60000) == 0x60000) states |= 1u << TILE;
    if (control & 0x80000) states |= 1u << APX;
    return states;
}

/* The register's value; 0 where the system has not enabled the instruction that reads it. */
static unsigned read_control(unsigned leaf_1_ecx) {
    unsigned low, high;
    if (!(leaf_1_ecx >> 27 & 1)) return 0;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return low;
}

/* Registers of leaves that the processor does not have stay 0. */
static void read_registers(unsigned *values, unsigned leaves) {
    unsigned a, b, c, d, extended;
    for (unsigned place = 0; place < REGISTERS; place++) ((volatile unsigned *)values)[place] = 0;
    __cpuid(1, a, b, values[L1_ECX], values[L1_EDX]);
    if (leaves >= 7) {
        __cpuid_count(7, 0, a, values[L7_EBX], values[L7_ECX], values[L7_EDX]);
        if (a >= 1) __cpuid_count(7, 1, values[L7_1_EAX], b, c, values[L7_1_EDX]);
    }
    if (leaves >= 0xd) __cpuid_count(0xd, 1, values[LD_1_EAX], b, c, d);
    if (leaves >= 0x14) __cpuid_count(0x14, 0, a, values[L14_EBX], c, d);
    if (leaves >= 0x19 && values[L7_ECX] >> 23 & 1) __cpuid(0x19, a, values[L19_EBX], c, d);
    if (leaves >= 0x1e) __cpuid_count(0x1e, 1, values[L1E_1_EAX], b, c, d);
    if (leaves >= 0x24) __cpuid_count(0x24, 0, a, values[L24_EBX], c, d);
    __cpuid(0x80000000, extended, b, c, d);
    if (extended >= 0x80000001) __cpuid(0x80000001, a, b, values[X1_ECX], values[X1_EDX]);
    if (extended >= 0x80000008) __cpuid(0x80000008, a, values[X8_EBX], c, d);
}

static void find_features(unsigned *features, const unsigned *values, unsigned states) {
    for (unsigned place = 0; place < LENGTH(FEATURES); place++)
        if (values[FEATURES[place].reg] >> FEATURES[place].bit & states >> FEATURES[place].state & 1)
            set(features, FEATURES[place].feature);
    if (values[L7_1_EDX] >> AVX10_BIT & states >> ZMM & 1) {
        unsigned version = values[L24_EBX] & 0xff;
        if (version >= 1) set(features, AVX10_1);
        if (version >= 2) set(features, AVX10_2);
    }
    for (unsigned level = 0; level < LENGTH(LEVELS); level++) {
        for (unsigned place = 0; place < LEVEL_FEATURES && LEVELS[level].needs[place] != NONE; place++)
            if (!has(features, LEVELS[level].needs[place])) return;
        set(features, LEVELS[level].feature);
    }
}

static void find_model(unsigned vendor, unsigned signature, const unsigned *features) {
    unsigned family = signature >> 8 & 0xf, model = signature >> 4 & 0xf;
    if (family == 6 || family == 0xf) model |= signature >> 12 & 0xf0;
    if (family == 0xf) family += signature >> 20 & 0xff;
    for (unsigned place = 0; place < LENGTH(MODELS); place++) {
        if (MODELS[place].vendor != vendor || MODELS[place].family != family) continue;
        if (model < MODELS[place].first || model > MODELS[place].last) continue;
        __cpu_model.type = MODELS[place].type;
        __cpu_model.subtype = MODELS[place].subtype;
        if (vendor == VENDOR_INTEL && family == 6 && model == 0x55 && has(features, 34))
            __cpu_model.subtype = has(features, 36) ? COOPER_LAKE : CASCADE_LAKE;
        return;
    }
}

/* Ask the processor, once. Threads that do so at the same time write the same values; the vendor is written last. */
int __cpu_indicator_init(void) {
    unsigned leaves, name, signature, b, c, d, vendor = VENDOR_OTHER;
    unsigned values[REGISTERS], features[4];
    if (__atomic_load_n(&__cpu_model.vendor, __ATOMIC_ACQUIRE)) return 0;
    for (unsigned word = 0; word < LENGTH(features); word++) ((volatile unsigned *)features)[word] = 0;
    __cpuid(0, leaves, name, c, d);
    if (name == signature_INTEL_ebx && c == signature_INTEL_ecx) vendor = VENDOR_INTEL;
    if (name == signature_AMD_ebx && c == signature_AMD_ecx) vendor = VENDOR_AMD;
    if (leaves >= 1) {
        read_registers(values, leaves);
        find_features(features, values, saved_states(read_control(values[L1_ECX])));
        __cpuid(1, signature, b, c, d);
        find_model(vendor, signature, features);
    }
    __cpu_model.features[0] = features[0];
    for (unsigned word = 1; word < LENGTH(features); word++) __cpu_features2[word - 1] = features[word];
    __atomic_store_n(&__cpu_model.vendor, vendor, __ATOMIC_RELEASE);
    return 0;
}
