"""Names of system headers and of the plugin's header. They take precedence over files of other projects."""

from __future__ import annotations

# The header that the plugin has for all sources.
VERSION_HEADER = "spokeshave/version.h"
# Headers at the top of the include directories of glibc, musl and clang, except those that only each other include;
# CPython's; those in directories whose name projects use too; and Windows headers that portable code includes.
SYSTEM_HEADERS = frozenset(
    """
    a.out.h aio.h aliases.h alloca.h ammintrin.h ar.h argp.h argz.h arm_acle.h arm_neon.h assert.h byteswap.h cet.h
    complex.h cpio.h cpuid.h crypt.h ctype.h dirent.h dlfcn.h elf.h emmintrin.h endian.h envz.h err.h errno.h error.h
    execinfo.h fcntl.h features.h fenv.h float.h fmtmsg.h fnmatch.h fpu_control.h fstab.h fts.h ftw.h gconv.h getopt.h
    glob.h grp.h gshadow.h ia32intrin.h iconv.h ieee754.h ifaddrs.h immintrin.h intrin.h intrin0.h inttypes.h iso646.h
    langinfo.h lastlog.h libgen.h libintl.h limits.h link.h locale.h malloc.h math.h mcheck.h memory.h mm_malloc.h
    mmintrin.h mntent.h monetary.h mqueue.h netdb.h nl_types.h nmmintrin.h nss.h obstack.h paths.h pmmintrin.h poll.h
    printf.h pthread.h pty.h pwd.h re_comp.h regex.h regexp.h resolv.h sched.h search.h semaphore.h setjmp.h sgtty.h
    shadow.h signal.h smmintrin.h spawn.h stab.h stdalign.h stdarg.h stdatomic.h stdbit.h stdbool.h stdc-predef.h
    stdckdint.h stdcountof.h stddef.h stddefer.h stdint.h stdio.h stdio_ext.h stdlib.h stdnoreturn.h string.h strings.h
    stropts.h syscall.h sysexits.h syslog.h tar.h termios.h tgmath.h threads.h time.h tmmintrin.h ttyent.h uchar.h
    ucontext.h ulimit.h unistd.h unwind.h utime.h utmp.h utmpx.h values.h varargs.h wait.h wchar.h wctype.h wmmintrin.h
    wordexp.h x86gprintrin.h x86intrin.h xmmintrin.h

    Python.h pyconfig.h pythread.h structmember.h

    net/ethernet.h net/if.h net/if_arp.h net/if_packet.h net/if_slip.h net/ppp-comp.h net/ppp_defs.h net/route.h

    Windows.h conio.h crtdbg.h direct.h intsafe.h io.h process.h sal.h tchar.h windows.h winsock.h winsock2.h ws2tcpip.h
    """.split()
)
# Directories of system headers whose names projects do not use.
_SYSTEM_FOLDERS = tuple(
    f"{name}/" for name in "arpa asm asm-generic bits linux mach mach-o netinet netinet6 sys".split()
)


def is_system_header(spelling: str) -> bool:
    """Return whether an include refers to a header of the platform or the plugin if no visible file matches it."""
    return spelling in SYSTEM_HEADERS or spelling == VERSION_HEADER or spelling.startswith(_SYSTEM_FOLDERS)
