/* Run-time dispatch on AArch64: what `__builtin_cpu_supports` refers to. clang expects it in the compiler's runtime, and
 * the toolchain's has none of it.
 *
 * It is an archive of its own, so that only a library that asks the processor contains it. What a processor has, its
 * system says. A constructor asks before all constructors that have no priority of their own; the resolver of an ifunc
 * runs earlier still, while its library is being relocated, and has to call `__init_cpu_features_resolver` first.
 *
 * The numbers are clang's own (the ACLE's, "Function Multi Versioning"), which a test asks it for. clang tests a feature
 * with those that it needs, so each is set by what the system says of it alone. Sources: Linux' documentation of
 * AArch64's ELF hwcaps; Apple's "Determining instruction set characteristics"; Microsoft's IsProcessorFeaturePresent.
 */

/* A feature's number for clang, and the name that clang has for it. */
enum {
    RNG = 0,           /* rng */
    FLAGM = 1,         /* flagm */
    FLAGM2 = 2,        /* flagm2 */
    FP16FML = 3,       /* fp16fml */
    DOTPROD = 4,       /* dotprod */
    SM4 = 5,           /* sm4 */
    RDM = 6,           /* rdm */
    LSE = 7,           /* lse */
    FP = 8,            /* fp */
    SIMD = 9,          /* simd */
    CRC = 10,          /* crc */
    CSSC = 11,         /* cssc */
    SHA2 = 12,         /* sha2 */
    SHA3 = 13,         /* sha3 */
    PMULL = 15,        /* aes */
    FP16 = 16,         /* fp16 */
    DIT = 17,          /* dit */
    DPB = 18,          /* dpb */
    DPB2 = 19,         /* dpb2 */
    JSCVT = 20,        /* jscvt */
    FCMA = 21,         /* fcma */
    RCPC = 22,         /* rcpc */
    RCPC2 = 23,        /* rcpc2 */
    FRINTTS = 24,      /* frintts */
    I8MM = 26,         /* i8mm */
    BF16 = 27,         /* bf16 */
    SVE = 30,          /* sve */
    SVE_F32MM = 34,    /* f32mm */
    SVE_F64MM = 35,    /* f64mm */
    SVE2 = 36,         /* sve2 */
    SVE_PMULL128 = 38, /* sve2-aes */
    SVE_BITPERM = 39,  /* sve2-bitperm */
    SVE_SHA3 = 40,     /* sve2-sha3 */
    SVE_SM4 = 41,      /* sve2-sm4 */
    SME = 42,          /* sme */
    MEMTAG2 = 44,      /* memtag */
    SB = 46,           /* sb */
    SSBS2 = 49,        /* ssbs */
    BTI = 50,          /* bti */
    WFXT = 54,         /* wfxt */
    SME_F64 = 55,      /* sme-f64f64 */
    SME_I64 = 56,      /* sme-i16i64 */
    SME2 = 57,         /* sme2 */
    RCPC3 = 58,        /* rcpc3 */
    MOPS = 59,         /* mops */
    ASKED = 63,        /* set when the system has been asked */
};

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))
#define OWN __attribute__((visibility("hidden")))
#define EARLY __attribute__((constructor(90)))
#define BIT(number) (1ull << (number))

/* Known before anything is asked. On macOS an object's constructors run before those of an archive. */
#if defined(__APPLE__)
#define ALWAYS                                                                                                         \
    (BIT(FLAGM) | BIT(FLAGM2) | BIT(FP16FML) | BIT(DOTPROD) | BIT(RDM) | BIT(LSE) | BIT(FP) | BIT(SIMD) | BIT(CRC) |   \
     BIT(SHA2) | BIT(SHA3) | BIT(PMULL) | BIT(FP16) | BIT(DIT) | BIT(DPB) | BIT(DPB2) | BIT(JSCVT) | BIT(FCMA) |       \
     BIT(RCPC) | BIT(RCPC2) | BIT(FRINTTS) | BIT(SB))
#else
#define ALWAYS (BIT(FP) | BIT(SIMD))
#endif

OWN struct {
    unsigned long long features;
} __aarch64_cpu_features = {ALWAYS};

/* Threads that do so at the same time write the same value. */
static void publish(unsigned long long features) {
    __atomic_store_n(&__aarch64_cpu_features.features, features | BIT(ASKED), __ATOMIC_RELAXED);
}

#if defined(__linux__)
#include <asm/hwcap.h>

enum { AT_HWCAP = 16, AT_HWCAP2 = 26 };
/* Set in a resolver's first argument where there is a second one, which glibc has had since 2.30. */
#define HAS_SECOND_ARGUMENT (1ul << 62)

extern unsigned long getauxval(unsigned long type);

typedef struct {
    unsigned long size, hwcap, hwcap2;
} ResolverArgument;

/* No table here may hold an address: a resolver runs before those are relocated. */
static const struct {
    unsigned char feature, word;
    unsigned long bit;
} FEATURES[] = {
    {RNG, 1, HWCAP2_RNG},
    {FLAGM, 0, HWCAP_FLAGM},
    {FLAGM2, 1, HWCAP2_FLAGM2},
    {FP16FML, 0, HWCAP_ASIMDFHM},
    {DOTPROD, 0, HWCAP_ASIMDDP},
    {SM4, 0, HWCAP_SM4},
    {RDM, 0, HWCAP_ASIMDRDM},
    {LSE, 0, HWCAP_ATOMICS},
    {CRC, 0, HWCAP_CRC32},
    {CSSC, 1, HWCAP2_CSSC},
    {SHA2, 0, HWCAP_SHA2},
    {SHA3, 0, HWCAP_SHA3},
    {PMULL, 0, HWCAP_PMULL},
    {FP16, 0, HWCAP_FPHP},
    {DIT, 0, HWCAP_DIT},
    {DPB, 0, HWCAP_DCPOP},
    {DPB2, 1, HWCAP2_DCPODP},
    {JSCVT, 0, HWCAP_JSCVT},
    {FCMA, 0, HWCAP_FCMA},
    {RCPC, 0, HWCAP_LRCPC},
    {RCPC2, 0, HWCAP_ILRCPC},
    {FRINTTS, 1, HWCAP2_FRINT},
    {I8MM, 1, HWCAP2_I8MM},
    {BF16, 1, HWCAP2_BF16},
    {SVE, 0, HWCAP_SVE},
    {SVE_F32MM, 1, HWCAP2_SVEF32MM},
    {SVE_F64MM, 1, HWCAP2_SVEF64MM},
    {SVE2, 1, HWCAP2_SVE2},
    {SVE_PMULL128, 1, HWCAP2_SVEPMULL},
    {SVE_BITPERM, 1, HWCAP2_SVEBITPERM},
    {SVE_SHA3, 1, HWCAP2_SVESHA3},
    {SVE_SM4, 1, HWCAP2_SVESM4},
    {SME, 1, HWCAP2_SME},
    {MEMTAG2, 1, HWCAP2_MTE},
    {SB, 0, HWCAP_SB},
    {SSBS2, 0, HWCAP_SSBS},
    {BTI, 1, HWCAP2_BTI},
    {WFXT, 1, HWCAP2_WFXT},
    {SME_F64, 1, HWCAP2_SME_F64F64},
    {SME_I64, 1, HWCAP2_SME_I16I64},
    {SME2, 1, HWCAP2_SME2},
    {RCPC3, 1, HWCAP2_LRCPC3},
    {MOPS, 1, HWCAP2_MOPS},
};

static unsigned long long find_features(unsigned long hwcap, unsigned long hwcap2) {
    unsigned long long features = ALWAYS;
    for (unsigned place = 0; place < LENGTH(FEATURES); place++)
        if ((FEATURES[place].word ? hwcap2 : hwcap) & FEATURES[place].bit) features |= BIT(FEATURES[place].feature);
    return features;
}

/* By what a resolver is given, which may be half of it: the constructor asks again. */
OWN void __init_cpu_features_resolver(unsigned long hwcap, const ResolverArgument *argument) {
    publish(find_features(hwcap, hwcap & HAS_SECOND_ARGUMENT ? argument->hwcap2 : 0));
}

EARLY static void ask(void) { publish(find_features(getauxval(AT_HWCAP), getauxval(AT_HWCAP2))); }

#elif defined(__APPLE__)
#include <sys/sysctl.h>

/* What the first such Mac had and clang takes for granted is in `ALWAYS`. */
static const struct {
    unsigned char feature;
    const char *name;
} FEATURES[] = {
    {CSSC, "hw.optional.arm.FEAT_CSSC"},
    {I8MM, "hw.optional.arm.FEAT_I8MM"},
    {BF16, "hw.optional.arm.FEAT_BF16"},
    {SME, "hw.optional.arm.FEAT_SME"},
    {SSBS2, "hw.optional.arm.FEAT_SSBS"},
    {BTI, "hw.optional.arm.FEAT_BTI"},
    {WFXT, "hw.optional.arm.FEAT_WFxT"},
    {SME_F64, "hw.optional.arm.FEAT_SME_F64F64"},
    {SME_I64, "hw.optional.arm.FEAT_SME_I16I64"},
    {SME2, "hw.optional.arm.FEAT_SME2"},
};

EARLY OWN void __init_cpu_features_resolver(void) {
    unsigned long long features = ALWAYS;
    for (unsigned place = 0; place < LENGTH(FEATURES); place++) {
        int has = 0;
        size_t size = sizeof(has);
        if (!sysctlbyname(FEATURES[place].name, &has, &size, 0, 0) && has) features |= BIT(FEATURES[place].feature);
    }
    publish(features);
}

#elif defined(_WIN32)
#define WIN32_LEAN_AND_MEAN
#include <windows.h>

/* Windows does not report the others. */
static const struct {
    unsigned char feature, number;
} FEATURES[] = {
    {LSE, PF_ARM_V81_ATOMIC_INSTRUCTIONS_AVAILABLE},
    {CRC, PF_ARM_V8_CRC32_INSTRUCTIONS_AVAILABLE},
    {SHA2, PF_ARM_V8_CRYPTO_INSTRUCTIONS_AVAILABLE},
    {PMULL, PF_ARM_V8_CRYPTO_INSTRUCTIONS_AVAILABLE},
    {SHA3, PF_ARM_SHA3_INSTRUCTIONS_AVAILABLE},
    {DOTPROD, PF_ARM_V82_DP_INSTRUCTIONS_AVAILABLE},
    {FP16, PF_ARM_V82_FP16_INSTRUCTIONS_AVAILABLE},
    {FP16, PF_ARM_SVE_INSTRUCTIONS_AVAILABLE}, /* which needs it, and which older versions of Windows report */
    {JSCVT, PF_ARM_V83_JSCVT_INSTRUCTIONS_AVAILABLE},
    {RCPC, PF_ARM_V83_LRCPC_INSTRUCTIONS_AVAILABLE},
    {I8MM, PF_ARM_V82_I8MM_INSTRUCTIONS_AVAILABLE},
    {BF16, PF_ARM_V86_BF16_INSTRUCTIONS_AVAILABLE},
    {SVE, PF_ARM_SVE_INSTRUCTIONS_AVAILABLE},
    {SVE_F32MM, PF_ARM_SVE_F32MM_INSTRUCTIONS_AVAILABLE},
    {SVE_F64MM, PF_ARM_SVE_F64MM_INSTRUCTIONS_AVAILABLE},
    {SVE2, PF_ARM_SVE2_INSTRUCTIONS_AVAILABLE},
    {SVE_PMULL128, PF_ARM_SVE_PMULL128_INSTRUCTIONS_AVAILABLE},
    {SVE_BITPERM, PF_ARM_SVE_BITPERM_INSTRUCTIONS_AVAILABLE},
    {SVE_SHA3, PF_ARM_SVE_SHA3_INSTRUCTIONS_AVAILABLE},
    {SVE_SM4, PF_ARM_SVE_SM4_INSTRUCTIONS_AVAILABLE},
    {SME, PF_ARM_SME_INSTRUCTIONS_AVAILABLE},
    {SME_F64, PF_ARM_SME_F64F64_INSTRUCTIONS_AVAILABLE},
    {SME_I64, PF_ARM_SME_I16I64_INSTRUCTIONS_AVAILABLE},
    {SME2, PF_ARM_SME2_INSTRUCTIONS_AVAILABLE},
};

EARLY OWN void __init_cpu_features_resolver(void) {
    unsigned long long features = ALWAYS;
    for (unsigned place = 0; place < LENGTH(FEATURES); place++)
        if (IsProcessorFeaturePresent(FEATURES[place].number)) features |= BIT(FEATURES[place].feature);
    publish(features);
}
#endif
