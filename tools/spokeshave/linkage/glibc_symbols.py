"""The functions and variables of glibc's libraries, of every version and of every architecture of wheels.

Linkers write a version with each symbol that they find in glibc. These names are for symbols without a version, in a
file that was not linked with glibc but finds it in the process. Taken from zig's lists for libc, libm, libpthread,
libdl, librt, libutil and the loader, without RPC.
"""

from __future__ import annotations

NAMES = frozenset(
    """
    _Exit _Fork _IO_2_1_stderr_ _IO_2_1_stdin_ _IO_2_1_stdout_ _IO_adjust_column _IO_adjust_wcolumn
    _IO_default_doallocate _IO_default_finish _IO_default_pbackfail _IO_default_uflow _IO_default_xsgetn
    _IO_default_xsputn _IO_do_write _IO_doallocbuf _IO_fclose _IO_fdopen _IO_feof _IO_ferror _IO_fflush _IO_fgetpos
    _IO_fgetpos64 _IO_fgets _IO_file_attach _IO_file_close _IO_file_close_it _IO_file_doallocate _IO_file_finish
    _IO_file_fopen _IO_file_init _IO_file_jumps _IO_file_open _IO_file_overflow _IO_file_read _IO_file_seek
    _IO_file_seekoff _IO_file_setbuf _IO_file_stat _IO_file_sync _IO_file_underflow _IO_file_write _IO_file_xsputn
    _IO_flockfile _IO_flush_all _IO_flush_all_linebuffered _IO_fopen _IO_fprintf _IO_fputs _IO_fread
    _IO_free_backup_area _IO_free_wbackup_area _IO_fsetpos _IO_fsetpos64 _IO_ftell _IO_ftrylockfile _IO_funlockfile
    _IO_fwrite _IO_getc _IO_getline _IO_getline_info _IO_gets _IO_init _IO_init_marker _IO_init_wmarker
    _IO_iter_begin _IO_iter_end _IO_iter_file _IO_iter_next _IO_least_wmarker _IO_link_in _IO_list_all _IO_list_lock
    _IO_list_resetlock _IO_list_unlock _IO_marker_delta _IO_marker_difference _IO_padn _IO_peekc_locked _IO_popen
    _IO_printf _IO_proc_close _IO_proc_open _IO_putc _IO_puts _IO_remove_marker _IO_seekmark _IO_seekoff _IO_seekpos
    _IO_seekwmark _IO_setb _IO_setbuffer _IO_setvbuf _IO_sgetn _IO_sprintf _IO_sputbackc _IO_sputbackwc _IO_sscanf
    _IO_stderr_ _IO_stdin_ _IO_stdout_ _IO_str_init_readonly _IO_str_init_static _IO_str_overflow _IO_str_pbackfail
    _IO_str_seekoff _IO_str_underflow _IO_sungetc _IO_sungetwc _IO_switch_to_get_mode _IO_switch_to_main_wget_area
    _IO_switch_to_wbackup_area _IO_switch_to_wget_mode _IO_un_link _IO_ungetc _IO_unsave_markers _IO_unsave_wmarkers
    _IO_vfprintf _IO_vfscanf _IO_vsprintf _IO_wdefault_doallocate _IO_wdefault_finish _IO_wdefault_pbackfail
    _IO_wdefault_uflow _IO_wdefault_xsgetn _IO_wdefault_xsputn _IO_wdo_write _IO_wdoallocbuf _IO_wfile_jumps
    _IO_wfile_overflow _IO_wfile_seekoff _IO_wfile_sync _IO_wfile_underflow _IO_wfile_xsputn _IO_wmarker_delta
    _IO_wsetb _LIB_VERSION ___adjtimex64 ___brk_addr ___tls_get_addr __acos_finite __acosf128_finite __acosf_finite
    __acosh_finite __acoshf128_finite __acoshf_finite __acoshieee128 __acoshl_finite __acosieee128 __acosl_finite
    __acospiieee128 __adjtime64 __adjtimex __aeabi_MB_CUR_MAX __aeabi_assert __aeabi_atexit __aeabi_errno_addr
    __aeabi_localeconv __aeabi_memclr __aeabi_memclr4 __aeabi_memclr8 __aeabi_memcpy __aeabi_memcpy4 __aeabi_memcpy8
    __aeabi_memmove __aeabi_memmove4 __aeabi_memmove8 __aeabi_memset __aeabi_memset4 __aeabi_memset8
    __after_morecore_hook __aio_suspend_time64 __arch_prctl __argp_errorieee128 __argp_failureieee128 __argz_count
    __argz_next __argz_stringify __asin_finite __asinf128_finite __asinf_finite __asinhieee128 __asinieee128
    __asinl_finite __asinpiieee128 __asprintf __asprintf_chk __asprintf_chkieee128 __asprintfieee128 __assert
    __assert_fail __assert_perror_fail __atan2_finite __atan2f128_finite __atan2f_finite __atan2ieee128
    __atan2l_finite __atan2piieee128 __atanh_finite __atanhf128_finite __atanhf_finite __atanhieee128
    __atanhl_finite __atanieee128 __atanpiieee128 __backtrace __backtrace_symbols __backtrace_symbols_fd
    __bsd_getpgrp __bzero __cabsieee128 __cacoshieee128 __cacosieee128 __canonicalizeieee128 __cargieee128
    __casinhieee128 __casinieee128 __catanhieee128 __catanieee128 __cbrtieee128 __ccoshieee128 __ccosieee128
    __ceilieee128 __cexpieee128 __check_rhosts_file __chk_fail __cimagieee128 __clock_adjtime64 __clock_getres64
    __clock_gettime64 __clock_nanosleep_time64 __clock_settime64 __clog10 __clog10f __clog10ieee128 __clog10l
    __clogieee128 __clone __close __cmsg_nxthdr __cnd_timedwait64 __compoundnieee128 __confstr_chk __conjieee128
    __connect __copysignieee128 __cosh_finite __coshf128_finite __coshf_finite __coshieee128 __coshl_finite
    __cosieee128 __cospiieee128 __cpowieee128 __cprojieee128 __crealieee128 __csinhieee128 __csinieee128
    __csqrtieee128 __ctanhieee128 __ctanieee128 __ctime64 __ctime64_r __ctype32_b __ctype32_tolower
    __ctype32_toupper __ctype_b __ctype_b_loc __ctype_get_mb_cur_max __ctype_tolower __ctype_tolower_loc
    __ctype_toupper __ctype_toupper_loc __curbrk __cxa_at_quick_exit __cxa_atexit __cxa_finalize
    __cxa_thread_atexit_impl __cyg_profile_func_enter __cyg_profile_func_exit __daylight __dcgettext
    __default_morecore __deregister_frame __deregister_frame_info __dgettext __difftime64 __divdi3 __dprintf_chk
    __dprintf_chkieee128 __dprintfieee128 __dup2 __duplocale __endmntent __environ __epoll_pwait2_time64
    __erfcieee128 __erfieee128 __errieee128 __errno_location __error_at_lineieee128 __errorieee128 __errxieee128
    __exp10_finite __exp10f128_finite __exp10f_finite __exp10ieee128 __exp10l_finite __exp10m1ieee128 __exp2_finite
    __exp2f128_finite __exp2f_finite __exp2ieee128 __exp2l_finite __exp2m1ieee128 __exp_finite __expf128_finite
    __expf_finite __expieee128 __expl __expl_finite __explicit_bzero_chk __expm1ieee128 __expm1l __f32addieee128
    __f32divieee128 __f32fmaieee128 __f32mulieee128 __f32sqrtieee128 __f32subieee128 __f64addieee128 __f64divieee128
    __f64fmaieee128 __f64mulieee128 __f64sqrtieee128 __f64subieee128 __fabsieee128 __fbufsize __fcntl __fcntl_time64
    __fdelt_chk __fdelt_warn __fdimieee128 __fe_dfl_env __fe_dfl_mode __fe_enabled_env __fe_nomask_env
    __fe_nonieee_env __fentry__ __ffs __fgets_chk __fgets_unlocked_chk __fgetws_chk __fgetws_unlocked_chk __finite
    __finitef __finitef128 __finitel __flbf __floorieee128 __fmaieee128 __fmaxieee128 __fmaximum_mag_numieee128
    __fmaximum_magieee128 __fmaximum_numieee128 __fmaximumieee128 __fmaxmagieee128 __fminieee128
    __fminimum_mag_numieee128 __fminimum_magieee128 __fminimum_numieee128 __fminimumieee128 __fminmagieee128
    __fmod_finite __fmodf128_finite __fmodf_finite __fmodieee128 __fmodl_finite __fork __fpclassify __fpclassifyf
    __fpclassifyf128 __fpclassifyl __fpending __fprintf_chk __fprintf_chkieee128 __fprintfieee128 __fpu_control
    __fpurge __frame_state_for __fread_chk __fread_unlocked_chk __freadable __freading __free_hook __freelocale
    __frexpieee128 __fromfpieee128 __fromfpxieee128 __fscanfieee128 __fsetlocking __fstat64_time64
    __fstatat64_time64 __fts64_children_time64 __fts64_close_time64 __fts64_open_time64 __fts64_read_time64
    __fts64_set_time64 __ftw64_time64 __futimens64 __futimes64 __futimesat64 __fwprintf_chk __fwprintf_chkieee128
    __fwprintfieee128 __fwritable __fwriting __fwscanfieee128 __fxstat __fxstat64 __fxstatat __fxstatat64
    __gai_suspend_time64 __gamma_r_finite __gammaf128_r_finite __gammaf_r_finite __gammal_r_finite __getauxval
    __getcwd_chk __getdelim __getdomainname_chk __getgroups_chk __gethostname_chk __getitimer64 __getlogin_r_chk
    __getmntent_r __getpagesize __getpayloadieee128 __getpgid __getpid __getrusage64 __gets_chk __getsockopt64
    __gettimeofday __gettimeofday64 __getwd_chk __glob64_time64 __globfree64_time64 __gmtime64 __gmtime64_r
    __gmtime_r __gnu_Unwind_Find_exidx __gnu_mcount_nc __h_errno_location __hypot_finite __hypotf128_finite
    __hypotf_finite __hypotieee128 __hypotl_finite __ilogbieee128 __inet_ntop_chk __inet_pton_chk __ioctl_time64
    __isalnum_l __isalpha_l __isascii_l __isblank_l __iscanonicall __iscntrl_l __isctype __isdigit_l __iseqsig
    __iseqsigf __iseqsigf128 __iseqsigl __isgraph_l __isinf __isinff __isinff128 __isinfl __islower_l __isnan
    __isnanf __isnanf128 __isnanl __isoc23_fscanf __isoc23_fscanfieee128 __isoc23_fwscanf __isoc23_fwscanfieee128
    __isoc23_scanf __isoc23_scanfieee128 __isoc23_sscanf __isoc23_sscanfieee128 __isoc23_strtoimax __isoc23_strtol
    __isoc23_strtol_l __isoc23_strtoll __isoc23_strtoll_l __isoc23_strtoul __isoc23_strtoul_l __isoc23_strtoull
    __isoc23_strtoull_l __isoc23_strtoumax __isoc23_swscanf __isoc23_swscanfieee128 __isoc23_vfscanf
    __isoc23_vfscanfieee128 __isoc23_vfwscanf __isoc23_vfwscanfieee128 __isoc23_vscanf __isoc23_vscanfieee128
    __isoc23_vsscanf __isoc23_vsscanfieee128 __isoc23_vswscanf __isoc23_vswscanfieee128 __isoc23_vwscanf
    __isoc23_vwscanfieee128 __isoc23_wcstoimax __isoc23_wcstol __isoc23_wcstol_l __isoc23_wcstoll __isoc23_wcstoll_l
    __isoc23_wcstoul __isoc23_wcstoul_l __isoc23_wcstoull __isoc23_wcstoull_l __isoc23_wcstoumax __isoc23_wscanf
    __isoc23_wscanfieee128 __isoc99_fscanf __isoc99_fscanfieee128 __isoc99_fwscanf __isoc99_fwscanfieee128
    __isoc99_scanf __isoc99_scanfieee128 __isoc99_sscanf __isoc99_sscanfieee128 __isoc99_swscanf
    __isoc99_swscanfieee128 __isoc99_vfscanf __isoc99_vfscanfieee128 __isoc99_vfwscanf __isoc99_vfwscanfieee128
    __isoc99_vscanf __isoc99_vscanfieee128 __isoc99_vsscanf __isoc99_vsscanfieee128 __isoc99_vswscanf
    __isoc99_vswscanfieee128 __isoc99_vwscanf __isoc99_vwscanfieee128 __isoc99_wscanf __isoc99_wscanfieee128
    __isprint_l __ispunct_l __issignaling __issignalingf __issignalingf128 __issignalingl __isspace_l __isupper_l
    __iswalnum_l __iswalpha_l __iswblank_l __iswcntrl_l __iswctype __iswctype_l __iswdigit_l __iswgraph_l
    __iswlower_l __iswprint_l __iswpunct_l __iswspace_l __iswupper_l __iswxdigit_l __isxdigit_l __ivaliduser
    __j0_finite __j0f128_finite __j0f_finite __j0ieee128 __j0l_finite __j1_finite __j1f128_finite __j1f_finite
    __j1ieee128 __j1l_finite __jn_finite __jnf128_finite __jnf_finite __jnieee128 __jnl_finite
    __key_decryptsession_pk_LOCAL __key_encryptsession_pk_LOCAL __key_gendes_LOCAL __ldexpieee128 __lgamma_r_finite
    __lgammaf128_r_finite __lgammaf_r_finite __lgammaieee128 __lgammaieee128_r __lgammal_r_finite
    __libc_allocate_rtsig __libc_calloc __libc_current_sigrtmax __libc_current_sigrtmin __libc_free __libc_freeres
    __libc_init_first __libc_mallinfo __libc_malloc __libc_mallopt __libc_memalign __libc_pvalloc __libc_realloc
    __libc_sa_len __libc_single_threaded __libc_stack_end __libc_start_main __libc_valloc __llogbieee128
    __llrintieee128 __llroundieee128 __localtime64 __localtime64_r __log10_finite __log10f128_finite __log10f_finite
    __log10ieee128 __log10l_finite __log10p1ieee128 __log1pieee128 __log2_finite __log2f128_finite __log2f_finite
    __log2ieee128 __log2l_finite __log2p1ieee128 __log_finite __logbieee128 __logf128_finite __logf_finite
    __logieee128 __logl_finite __logp1ieee128 __longjmp_chk __lrintieee128 __lroundieee128 __lseek __lstat64_time64
    __lutimes64 __lxstat __lxstat64 __malloc_hook __malloc_initialize_hook __mbrlen __mbrtowc __mbsnrtowcs_chk
    __mbsrtowcs_chk __mbstowcs_chk __memalign_hook __memcmpeq __memcpy_by2 __memcpy_by4 __memcpy_c __memcpy_chk
    __memcpy_g __memmove_chk __mempcpy __mempcpy_by2 __mempcpy_by4 __mempcpy_byn __mempcpy_chk __mempcpy_small
    __memset_cc __memset_ccn_by2 __memset_ccn_by4 __memset_cg __memset_chk __memset_explicit_chk __memset_gcn_by2
    __memset_gcn_by4 __memset_gg __mktime64 __moddi3 __modfieee128 __monstartup __morecore __mq_open_2
    __mq_timedreceive_time64 __mq_timedsend_time64 __msgctl64 __mtx_timedlock64 __nanieee128 __nanosleep
    __nanosleep64 __nearbyintieee128 __newlocale __nextafterieee128 __nextdownieee128 __nexttoward_to_ieee128
    __nexttowardf_to_ieee128 __nexttowardieee128 __nextupieee128 __nftw64_time64 __nl_langinfo_l
    __nss_configure_lookup __nss_database_lookup __nss_group_lookup __nss_hostname_digits_dots __nss_hosts_lookup
    __nss_next __nss_passwd_lookup __ntp_gettime64 __ntp_gettimex64 __obstack_printf_chk __obstack_printf_chkieee128
    __obstack_printfieee128 __obstack_vprintf_chk __obstack_vprintf_chkieee128 __obstack_vprintfieee128 __open
    __open64 __open64_2 __open_2 __openat64_2 __openat_2 __overflow __parse_hwcap_3_4_and_convert_at_platform
    __parse_hwcap_and_convert_at_platform __pipe __poll __poll_chk __posix_getopt __pow_finite __powf128_finite
    __powf_finite __powieee128 __powl_finite __pownieee128 __powrieee128 __ppc_get_timebase_freq __ppoll64
    __ppoll64_chk __ppoll_chk __prctl_time64 __pread64 __pread64_chk __pread_chk __printf_chk __printf_chkieee128
    __printf_fp __printf_sizeieee128 __printfieee128 __profile_frequency __progname __progname_full __pselect64
    __pthread_cleanup_routine __pthread_clockjoin_np64 __pthread_cond_clockwait64 __pthread_cond_timedwait64
    __pthread_getspecific __pthread_key_create __pthread_mutex_clocklock64 __pthread_mutex_destroy
    __pthread_mutex_init __pthread_mutex_lock __pthread_mutex_timedlock64 __pthread_mutex_trylock
    __pthread_mutex_unlock __pthread_mutexattr_destroy __pthread_mutexattr_init __pthread_mutexattr_settype
    __pthread_once __pthread_register_cancel __pthread_register_cancel_defer __pthread_rwlock_clockrdlock64
    __pthread_rwlock_clockwrlock64 __pthread_rwlock_destroy __pthread_rwlock_init __pthread_rwlock_rdlock
    __pthread_rwlock_timedrdlock64 __pthread_rwlock_timedwrlock64 __pthread_rwlock_tryrdlock
    __pthread_rwlock_trywrlock __pthread_rwlock_unlock __pthread_rwlock_wrlock __pthread_setspecific
    __pthread_timedjoin_np64 __pthread_unregister_cancel __pthread_unregister_cancel_restore __pthread_unwind_next
    __ptsname_r_chk __pwrite64 __qecvtieee128 __qecvtieee128_r __qfcvtieee128 __qfcvtieee128_r __qgcvtieee128
    __rawmemchr __rcmd_errstr __read __read_chk __readlink_chk __readlinkat_chk __realloc_hook __realpath_chk
    __recv_chk __recvfrom_chk __recvmmsg64 __recvmsg64 __register_atfork __register_frame __register_frame_info
    __register_frame_info_table __register_frame_table __remainder_finite __remainderf128_finite __remainderf_finite
    __remainderieee128 __remainderl_finite __remquoieee128 __res_init __res_nclose __res_ninit __res_randomid
    __res_state __rintieee128 __riscv_flush_icache __riscv_hwprobe __rootnieee128 __roundevenieee128 __roundieee128
    __rpc_thread_createerr __rpc_thread_svc_fdset __rpc_thread_svc_max_pollfd __rpc_thread_svc_pollfd __rseq_flags
    __rseq_offset __rseq_size __rsqrtieee128 __sbrk __scalb_finite __scalbf_finite __scalbieee128 __scalbl_finite
    __scalblnieee128 __scalbnieee128 __scanfieee128 __sched_cpualloc __sched_cpucount __sched_cpufree
    __sched_get_priority_max __sched_get_priority_min __sched_getparam __sched_getscheduler
    __sched_rr_get_interval64 __sched_setscheduler __sched_yield __secure_getenv __select __select64
    __sem_clockwait64 __sem_timedwait64 __semctl64 __semtimedop64 __send __sendmmsg64 __sendmsg64 __setitimer64
    __setmntent __setpayloadieee128 __setpayloadsigieee128 __setpgid __setsockopt64 __settimeofday64 __shmctl64
    __sigaction __sigaddset __sigdelset __sigismember __signbit __signbitf __signbitf128 __signbitl __signgam
    __significandieee128 __sigpause __sigsetjmp __sigsuspend __sigtimedwait64 __sincosieee128 __sinh_finite
    __sinhf128_finite __sinhf_finite __sinhieee128 __sinhl_finite __sinieee128 __sinpiieee128 __snprintf_chk
    __snprintf_chkieee128 __snprintfieee128 __sprintf_chk __sprintf_chkieee128 __sprintfieee128 __sqrt_finite
    __sqrtf128_finite __sqrtf_finite __sqrtieee128 __sqrtl_finite __sscanfieee128 __stack_chk_fail __stack_chk_guard
    __stat64_time64 __statfs __stpcpy __stpcpy_chk __stpcpy_g __stpcpy_small __stpncpy __stpncpy_chk __strcasecmp
    __strcasecmp_l __strcasestr __strcat_c __strcat_chk __strcat_g __strchr_c __strchr_g __strchrnul_c __strchrnul_g
    __strcmp_gg __strcoll_l __strcpy_chk __strcpy_g __strcpy_small __strcspn_c1 __strcspn_c2 __strcspn_c3
    __strcspn_cg __strcspn_g __strdup __strerror_r __strfmon_l __strfmon_lieee128 __strfmonieee128 __strfromieee128
    __strftime_l __strlcat_chk __strlcpy_chk __strlen_g __strncasecmp_l __strncat_chk __strncat_g __strncmp_g
    __strncpy_by2 __strncpy_by4 __strncpy_byn __strncpy_chk __strncpy_gg __strndup __strpbrk_c2 __strpbrk_c3
    __strpbrk_cg __strpbrk_g __strrchr_c __strrchr_g __strsep_1c __strsep_2c __strsep_3c __strsep_g __strspn_c1
    __strspn_c2 __strspn_c3 __strspn_cg __strspn_g __strstr_cg __strstr_g __strtod_internal __strtod_l
    __strtof128_internal __strtof_internal __strtof_l __strtoieee128 __strtoieee128_l __strtok_r __strtok_r_1c
    __strtol_internal __strtol_l __strtold_internal __strtold_l __strtoll_internal __strtoll_l __strtoq_internal
    __strtoul_internal __strtoul_l __strtoull_internal __strtoull_l __strtouq_internal __strverscmp __strxfrm_l
    __swprintf_chk __swprintf_chkieee128 __swprintfieee128 __swscanfieee128 __sysconf __sysctl __syslog_chk
    __syslog_chkieee128 __syslogieee128 __sysv_signal __tanhieee128 __tanieee128 __tanpiieee128 __tgammaieee128
    __thrd_sleep64 __time64 __timegm64 __timer_gettime64 __timer_settime64 __timerfd_gettime64 __timerfd_settime64
    __timespec_get64 __timespec_getres64 __timezone __tls_get_addr __tls_get_addr_opt __tls_get_offset __toascii_l
    __tolower_l __totalorderieee128 __totalordermagieee128 __toupper_l __towctrans __towctrans_l __towlower_l
    __towupper_l __truncieee128 __ttyname_r_chk __tzname __udivdi3 __uflow __ufromfpieee128 __ufromfpxieee128
    __umoddi3 __underflow __uselocale __utime64 __utimensat64 __utimes64 __vasprintf_chk __vasprintf_chkieee128
    __vasprintfieee128 __vdprintf_chk __vdprintf_chkieee128 __vdprintfieee128 __verrieee128 __verrxieee128 __vfork
    __vfprintf_chk __vfprintf_chkieee128 __vfprintfieee128 __vfscanf __vfscanfieee128 __vfwprintf_chk
    __vfwprintf_chkieee128 __vfwprintfieee128 __vfwscanfieee128 __vprintf_chk __vprintf_chkieee128 __vprintfieee128
    __vscanfieee128 __vsnprintf __vsnprintf_chk __vsnprintf_chkieee128 __vsnprintfieee128 __vsprintf_chk
    __vsprintf_chkieee128 __vsprintfieee128 __vsscanf __vsscanfieee128 __vswprintf_chk __vswprintf_chkieee128
    __vswprintfieee128 __vswscanfieee128 __vsyslog_chk __vsyslog_chkieee128 __vsyslogieee128 __vwarnieee128
    __vwarnxieee128 __vwprintf_chk __vwprintf_chkieee128 __vwprintfieee128 __vwscanfieee128 __wait __wait3_time64
    __wait4_time64 __waitpid __warnieee128 __warnxieee128 __wcpcpy_chk __wcpncpy_chk __wcrtomb_chk __wcscasecmp_l
    __wcscat_chk __wcscoll_l __wcscpy_chk __wcsftime_l __wcslcat_chk __wcslcpy_chk __wcsncasecmp_l __wcsncat_chk
    __wcsncpy_chk __wcsnrtombs_chk __wcsrtombs_chk __wcstod_internal __wcstod_l __wcstof128_internal
    __wcstof_internal __wcstof_l __wcstoieee128 __wcstoieee128_l __wcstol_internal __wcstol_l __wcstold_internal
    __wcstold_l __wcstoll_internal __wcstoll_l __wcstombs_chk __wcstoul_internal __wcstoul_l __wcstoull_internal
    __wcstoull_l __wcsxfrm_l __wctomb_chk __wctrans_l __wctype_l __wmemcpy_chk __wmemmove_chk __wmempcpy_chk
    __wmemset_chk __woverflow __wprintf_chk __wprintf_chkieee128 __wprintfieee128 __write __wscanfieee128 __wuflow
    __wunderflow __x86_get_cpuid_feature_leaf __xmknod __xmknodat __xpg_basename __xpg_sigpause __xpg_strerror_r
    __xstat __xstat64 __y0_finite __y0f128_finite __y0f_finite __y0ieee128 __y0l_finite __y1_finite __y1f128_finite
    __y1f_finite __y1ieee128 __y1l_finite __yn_finite __ynf128_finite __ynf_finite __ynieee128 __ynl_finite
    _authenticate _dl_find_object _dl_mcount _dl_mcount_wrapper _dl_mcount_wrapper_check _environ _exit _flushlbf
    _libc_intl_domainname _longjmp _mcleanup _mcount _nl_default_dirname _nl_domain_bindings _nl_msg_cat_cntr
    _null_auth _obstack _obstack_allocated_p _obstack_begin _obstack_begin_1 _obstack_free _obstack_memory_used
    _obstack_newchunk _pthread_cleanup_pop _pthread_cleanup_pop_restore _pthread_cleanup_push
    _pthread_cleanup_push_defer _r_debug _res _res_hconf _rpc_dtablesize _seterr_reply _setjmp _sys_errlist
    _sys_nerr _sys_siglist _tolower _toupper a64l abort abs accept accept4 access acct acos acosf acosf128 acosf32
    acosf32x acosf64 acosf64x acosh acoshf acoshf128 acoshf32 acoshf32x acoshf64 acoshf64x acoshl acosl acospi
    acospif acospif128 acospif32 acospif32x acospif64 acospif64x acospil addmntent addseverity adjtime adjtimex
    advance aio_cancel aio_cancel64 aio_error aio_error64 aio_fsync aio_fsync64 aio_init aio_read aio_read64
    aio_return aio_return64 aio_suspend aio_suspend64 aio_write aio_write64 alarm aligned_alloc alphasort
    alphasort64 arc4random arc4random_buf arc4random_uniform arch_prctl argp_err_exit_status argp_error argp_failure
    argp_help argp_parse argp_program_bug_address argp_program_version argp_program_version_hook argp_state_help
    argp_usage argz_add argz_add_sep argz_append argz_count argz_create argz_create_sep argz_delete argz_extract
    argz_insert argz_next argz_replace argz_stringify asctime asctime_r asin asinf asinf128 asinf32 asinf32x asinf64
    asinf64x asinh asinhf asinhf128 asinhf32 asinhf32x asinhf64 asinhf64x asinhl asinl asinpi asinpif asinpif128
    asinpif32 asinpif32x asinpif64 asinpif64x asinpil asprintf atan atan2 atan2f atan2f128 atan2f32 atan2f32x
    atan2f64 atan2f64x atan2l atan2pi atan2pif atan2pif128 atan2pif32 atan2pif32x atan2pif64 atan2pif64x atan2pil
    atanf atanf128 atanf32 atanf32x atanf64 atanf64x atanh atanhf atanhf128 atanhf32 atanhf32x atanhf64 atanhf64x
    atanhl atanl atanpi atanpif atanpif128 atanpif32 atanpif32x atanpif64 atanpif64x atanpil atexit atof atoi atol
    atoll authdes_create authdes_getucred authdes_pk_create authnone_create authunix_create authunix_create_default
    backtrace backtrace_symbols backtrace_symbols_fd basename bcmp bcopy bdflush bind bind_textdomain_codeset
    bindresvport bindtextdomain brk bsd_signal bsearch btowc bzero c16rtomb c32rtomb c8rtomb cabs cabsf cabsf128
    cabsf32 cabsf32x cabsf64 cabsf64x cabsl cacos cacosf cacosf128 cacosf32 cacosf32x cacosf64 cacosf64x cacosh
    cacoshf cacoshf128 cacoshf32 cacoshf32x cacoshf64 cacoshf64x cacoshl cacosl call_once calloc callrpc
    canonicalize canonicalize_file_name canonicalizef canonicalizef128 canonicalizef32 canonicalizef32x
    canonicalizef64 canonicalizef64x canonicalizel capget capset carg cargf cargf128 cargf32 cargf32x cargf64
    cargf64x cargl casin casinf casinf128 casinf32 casinf32x casinf64 casinf64x casinh casinhf casinhf128 casinhf32
    casinhf32x casinhf64 casinhf64x casinhl casinl catan catanf catanf128 catanf32 catanf32x catanf64 catanf64x
    catanh catanhf catanhf128 catanhf32 catanhf32x catanhf64 catanhf64x catanhl catanl catclose catgets catopen
    cbc_crypt cbrt cbrtf cbrtf128 cbrtf32 cbrtf32x cbrtf64 cbrtf64x cbrtl ccos ccosf ccosf128 ccosf32 ccosf32x
    ccosf64 ccosf64x ccosh ccoshf ccoshf128 ccoshf32 ccoshf32x ccoshf64 ccoshf64x ccoshl ccosl ceil ceilf ceilf128
    ceilf32 ceilf32x ceilf64 ceilf64x ceill cexp cexpf cexpf128 cexpf32 cexpf32x cexpf64 cexpf64x cexpl cfgetibaud
    cfgetispeed cfgetobaud cfgetospeed cfmakeraw cfree cfsetbaud cfsetibaud cfsetispeed cfsetobaud cfsetospeed
    cfsetspeed chdir chflags chmod chown chroot cimag cimagf cimagf128 cimagf32 cimagf32x cimagf64 cimagf64x cimagl
    clearenv clearerr clearerr_unlocked clock clock_adjtime clock_getcpuclockid clock_getres clock_gettime
    clock_nanosleep clock_settime clog clog10 clog10f clog10f128 clog10f32 clog10f32x clog10f64 clog10f64x clog10l
    clogf clogf128 clogf32 clogf32x clogf64 clogf64x clogl clone close close_range closedir closefrom closelog
    cnd_broadcast cnd_destroy cnd_init cnd_signal cnd_timedwait cnd_wait compoundn compoundnf compoundnf128
    compoundnf32 compoundnf32x compoundnf64 compoundnf64x compoundnl confstr conj conjf conjf128 conjf32 conjf32x
    conjf64 conjf64x conjl connect copy_file_range copysign copysignf copysignf128 copysignf32 copysignf32x
    copysignf64 copysignf64x copysignl cos cosf cosf128 cosf32 cosf32x cosf64 cosf64x cosh coshf coshf128 coshf32
    coshf32x coshf64 coshf64x coshl cosl cospi cospif cospif128 cospif32 cospif32x cospif64 cospif64x cospil cpow
    cpowf cpowf128 cpowf32 cpowf32x cpowf64 cpowf64x cpowl cproj cprojf cprojf128 cprojf32 cprojf32x cprojf64
    cprojf64x cprojl creal crealf crealf128 crealf32 crealf32x crealf64 crealf64x creall creat creat64 create_module
    csin csinf csinf128 csinf32 csinf32x csinf64 csinf64x csinh csinhf csinhf128 csinhf32 csinhf32x csinhf64
    csinhf64x csinhl csinl csqrt csqrtf csqrtf128 csqrtf32 csqrtf32x csqrtf64 csqrtf64x csqrtl ctan ctanf ctanf128
    ctanf32 ctanf32x ctanf64 ctanf64x ctanh ctanhf ctanhf128 ctanhf32 ctanhf32x ctanhf64 ctanhf64x ctanhl ctanl
    ctermid ctime ctime_r cuserid daddl daemon daylight dcgettext dcngettext ddivl delete_module des_setparity dfmal
    dgettext difftime dirfd dirname div dl_iterate_phdr dladdr dladdr1 dlclose dlerror dlinfo dlmopen dlopen dlsym
    dlvsym dmull dn_comp dn_expand dn_skipname dngettext dprintf drand48 drand48_r drem dremf dreml dsqrtl dsubl dup
    dup2 dup3 duplocale dysize eaccess ecb_crypt ecvt ecvt_r endaliasent endfsent endgrent endhostent endmntent
    endnetent endnetgrent endprotoent endpwent endrpcent endservent endsgent endspent endttyent endusershell
    endutent endutxent environ envz_add envz_entry envz_get envz_merge envz_remove envz_strip epoll_create
    epoll_create1 epoll_ctl epoll_pwait epoll_pwait2 epoll_wait erand48 erand48_r erf erfc erfcf erfcf128 erfcf32
    erfcf32x erfcf64 erfcf64x erfcl erff erff128 erff32 erff32x erff64 erff64x erfl err error error_at_line
    error_message_count error_one_per_line error_print_progname errx ether_aton ether_aton_r ether_hostton
    ether_line ether_ntoa ether_ntoa_r ether_ntohost euidaccess eventfd eventfd_read eventfd_write execl execle
    execlp execv execve execveat execvp execvpe exit exp exp10 exp10f exp10f128 exp10f32 exp10f32x exp10f64
    exp10f64x exp10l exp10m1 exp10m1f exp10m1f128 exp10m1f32 exp10m1f32x exp10m1f64 exp10m1f64x exp10m1l exp2 exp2f
    exp2f128 exp2f32 exp2f32x exp2f64 exp2f64x exp2l exp2m1 exp2m1f exp2m1f128 exp2m1f32 exp2m1f32x exp2m1f64
    exp2m1f64x exp2m1l expf expf128 expf32 expf32x expf64 expf64x expl explicit_bzero expm1 expm1f expm1f128
    expm1f32 expm1f32x expm1f64 expm1f64x expm1l f32addf128 f32addf32x f32addf64 f32addf64x f32divf128 f32divf32x
    f32divf64 f32divf64x f32fmaf128 f32fmaf32x f32fmaf64 f32fmaf64x f32mulf128 f32mulf32x f32mulf64 f32mulf64x
    f32sqrtf128 f32sqrtf32x f32sqrtf64 f32sqrtf64x f32subf128 f32subf32x f32subf64 f32subf64x f32xaddf128 f32xaddf64
    f32xaddf64x f32xdivf128 f32xdivf64 f32xdivf64x f32xfmaf128 f32xfmaf64 f32xfmaf64x f32xmulf128 f32xmulf64
    f32xmulf64x f32xsqrtf128 f32xsqrtf64 f32xsqrtf64x f32xsubf128 f32xsubf64 f32xsubf64x f64addf128 f64addf64x
    f64divf128 f64divf64x f64fmaf128 f64fmaf64x f64mulf128 f64mulf64x f64sqrtf128 f64sqrtf64x f64subf128 f64subf64x
    f64xaddf128 f64xdivf128 f64xfmaf128 f64xmulf128 f64xsqrtf128 f64xsubf128 fabs fabsf fabsf128 fabsf32 fabsf32x
    fabsf64 fabsf64x fabsl faccessat fadd faddl fallocate fallocate64 fanotify_init fanotify_mark fattach fchdir
    fchflags fchmod fchmodat fchown fchownat fclose fcloseall fcntl fcntl64 fcvt fcvt_r fdatasync fdetach fdim fdimf
    fdimf128 fdimf32 fdimf32x fdimf64 fdimf64x fdiml fdiv fdivl fdopen fdopendir feclearexcept fedisableexcept
    feenableexcept fegetenv fegetexcept fegetexceptflag fegetmode fegetround feholdexcept feof feof_unlocked
    feraiseexcept ferror ferror_unlocked fesetenv fesetexcept fesetexceptflag fesetmode fesetround fetestexcept
    fetestexceptflag feupdateenv fexecve fflush fflush_unlocked ffma ffmal ffs ffsl ffsll fgetc fgetc_unlocked
    fgetgrent fgetgrent_r fgetpos fgetpos64 fgetpwent fgetpwent_r fgets fgets_unlocked fgetsgent fgetsgent_r
    fgetspent fgetspent_r fgetwc fgetwc_unlocked fgetws fgetws_unlocked fgetxattr fileno fileno_unlocked finite
    finitef finitel flistxattr flock flockfile floor floorf floorf128 floorf32 floorf32x floorf64 floorf64x floorl
    fma fmaf fmaf128 fmaf32 fmaf32x fmaf64 fmaf64x fmal fmax fmaxf fmaxf128 fmaxf32 fmaxf32x fmaxf64 fmaxf64x
    fmaximum fmaximum_mag fmaximum_mag_num fmaximum_mag_numf fmaximum_mag_numf128 fmaximum_mag_numf32
    fmaximum_mag_numf32x fmaximum_mag_numf64 fmaximum_mag_numf64x fmaximum_mag_numl fmaximum_magf fmaximum_magf128
    fmaximum_magf32 fmaximum_magf32x fmaximum_magf64 fmaximum_magf64x fmaximum_magl fmaximum_num fmaximum_numf
    fmaximum_numf128 fmaximum_numf32 fmaximum_numf32x fmaximum_numf64 fmaximum_numf64x fmaximum_numl fmaximumf
    fmaximumf128 fmaximumf32 fmaximumf32x fmaximumf64 fmaximumf64x fmaximuml fmaxl fmaxmag fmaxmagf fmaxmagf128
    fmaxmagf32 fmaxmagf32x fmaxmagf64 fmaxmagf64x fmaxmagl fmemopen fmin fminf fminf128 fminf32 fminf32x fminf64
    fminf64x fminimum fminimum_mag fminimum_mag_num fminimum_mag_numf fminimum_mag_numf128 fminimum_mag_numf32
    fminimum_mag_numf32x fminimum_mag_numf64 fminimum_mag_numf64x fminimum_mag_numl fminimum_magf fminimum_magf128
    fminimum_magf32 fminimum_magf32x fminimum_magf64 fminimum_magf64x fminimum_magl fminimum_num fminimum_numf
    fminimum_numf128 fminimum_numf32 fminimum_numf32x fminimum_numf64 fminimum_numf64x fminimum_numl fminimumf
    fminimumf128 fminimumf32 fminimumf32x fminimumf64 fminimumf64x fminimuml fminl fminmag fminmagf fminmagf128
    fminmagf32 fminmagf32x fminmagf64 fminmagf64x fminmagl fmod fmodf fmodf128 fmodf32 fmodf32x fmodf64 fmodf64x
    fmodl fmtmsg fmul fmull fnmatch fopen fopen64 fopencookie fork forkpty fpathconf fprintf fputc fputc_unlocked
    fputs fputs_unlocked fputwc fputwc_unlocked fputws fputws_unlocked fread fread_unlocked free free_aligned_sized
    free_sized freeaddrinfo freeifaddrs freelocale fremovexattr freopen freopen64 frexp frexpf frexpf128 frexpf32
    frexpf32x frexpf64 frexpf64x frexpl fromfp fromfpf fromfpf128 fromfpf32 fromfpf32x fromfpf64 fromfpf64x fromfpl
    fromfpx fromfpxf fromfpxf128 fromfpxf32 fromfpxf32x fromfpxf64 fromfpxf64x fromfpxl fscanf fsconfig fseek fseeko
    fseeko64 fsetpos fsetpos64 fsetxattr fsmount fsopen fspick fsqrt fsqrtl fstat fstat64 fstatat fstatat64 fstatfs
    fstatfs64 fstatvfs fstatvfs64 fsub fsubl fsync ftell ftello ftello64 ftime ftok ftruncate ftruncate64
    ftrylockfile fts64_children fts64_close fts64_open fts64_read fts64_set fts_children fts_close fts_open fts_read
    fts_set ftw ftw64 funlockfile futimens futimes futimesat fwide fwprintf fwrite fwrite_unlocked fwscanf
    gai_cancel gai_error gai_strerror gai_suspend gamma gammaf gammal gcvt get_avphys_pages get_current_dir_name
    get_kernel_syms get_myaddress get_nprocs get_nprocs_conf get_phys_pages getaddrinfo getaddrinfo_a getaliasbyname
    getaliasbyname_r getaliasent getaliasent_r getauxval getc getc_unlocked getchar getchar_unlocked getcontext
    getcpu getcwd getdate getdate_err getdate_r getdelim getdents64 getdirentries getdirentries64 getdomainname
    getdtablesize getegid getentropy getenv geteuid getfsent getfsfile getfsspec getgid getgrent getgrent_r getgrgid
    getgrgid_r getgrnam getgrnam_r getgrouplist getgroups gethostbyaddr gethostbyaddr_r gethostbyname gethostbyname2
    gethostbyname2_r gethostbyname_r gethostent gethostent_r gethostid gethostname getifaddrs getipv4sourcefilter
    getitimer getline getloadavg getlogin getlogin_r getmntent getmntent_r getmsg getnameinfo getnetbyaddr
    getnetbyaddr_r getnetbyname getnetbyname_r getnetent getnetent_r getnetgrent getnetgrent_r getnetname getopt
    getopt_long getopt_long_only getpagesize getpass getpayload getpayloadf getpayloadf128 getpayloadf32
    getpayloadf32x getpayloadf64 getpayloadf64x getpayloadl getpeername getpgid getpgrp getpid getpmsg getppid
    getpriority getprotobyname getprotobyname_r getprotobynumber getprotobynumber_r getprotoent getprotoent_r getpt
    getpublickey getpw getpwent getpwent_r getpwnam getpwnam_r getpwuid getpwuid_r getrandom getresgid getresuid
    getrlimit getrlimit64 getrpcbyname getrpcbyname_r getrpcbynumber getrpcbynumber_r getrpcent getrpcent_r
    getrpcport getrusage gets getsecretkey getservbyname getservbyname_r getservbyport getservbyport_r getservent
    getservent_r getsgent getsgent_r getsgnam getsgnam_r getsid getsockname getsockopt getsourcefilter getspent
    getspent_r getspnam getspnam_r getsubopt gettext gettid gettimeofday getttyent getttynam getuid getusershell
    getutent getutent_r getutid getutid_r getutline getutline_r getutmp getutmpx getutxent getutxid getutxline getw
    getwc getwc_unlocked getwchar getwchar_unlocked getwd getxattr glob glob64 glob_pattern_p globfree globfree64
    gmtime gmtime_r gnu_dev_major gnu_dev_makedev gnu_dev_minor gnu_get_libc_release gnu_get_libc_version grantpt
    group_member gsignal gtty h_errlist h_nerr hasmntopt hcreate hcreate_r hdestroy hdestroy_r herror host2netname
    hsearch hsearch_r hstrerror htonl htons hypot hypotf hypotf128 hypotf32 hypotf32x hypotf64 hypotf64x hypotl
    iconv iconv_close iconv_open if_freenameindex if_indextoname if_nameindex if_nametoindex ilogb ilogbf ilogbf128
    ilogbf32 ilogbf32x ilogbf64 ilogbf64x ilogbl imaxabs imaxdiv in6addr_any in6addr_loopback inb index
    inet6_opt_append inet6_opt_find inet6_opt_finish inet6_opt_get_val inet6_opt_init inet6_opt_next
    inet6_opt_set_val inet6_option_alloc inet6_option_append inet6_option_find inet6_option_init inet6_option_next
    inet6_option_space inet6_rth_add inet6_rth_getaddr inet6_rth_init inet6_rth_reverse inet6_rth_segments
    inet6_rth_space inet_addr inet_aton inet_lnaof inet_makeaddr inet_netof inet_network inet_nsap_addr
    inet_nsap_ntoa inet_ntoa inet_ntop inet_pton init_module initgroups initstate initstate_r inl innetgr
    inotify_add_watch inotify_init inotify_init1 inotify_rm_watch insque inw ioctl ioperm iopl iruserok iruserok_af
    isalnum isalnum_l isalpha isalpha_l isascii isastream isatty isblank isblank_l iscntrl iscntrl_l isctype isdigit
    isdigit_l isfdtype isgraph isgraph_l isinf isinff isinfl islower islower_l isnan isnanf isnanl isprint isprint_l
    ispunct ispunct_l isspace isspace_l isupper isupper_l iswalnum iswalnum_l iswalpha iswalpha_l iswblank
    iswblank_l iswcntrl iswcntrl_l iswctype iswctype_l iswdigit iswdigit_l iswgraph iswgraph_l iswlower iswlower_l
    iswprint iswprint_l iswpunct iswpunct_l iswspace iswspace_l iswupper iswupper_l iswxdigit iswxdigit_l isxdigit
    isxdigit_l j0 j0f j0f128 j0f32 j0f32x j0f64 j0f64x j0l j1 j1f j1f128 j1f32 j1f32x j1f64 j1f64x j1l jn jnf jnf128
    jnf32 jnf32x jnf64 jnf64x jnl jrand48 jrand48_r key_decryptsession key_decryptsession_pk key_encryptsession
    key_encryptsession_pk key_gendes key_get_conv key_secretkey_is_set key_setnet key_setsecret kill killpg klogctl
    l64a labs lchmod lchown lckpwdf lcong48 lcong48_r ldexp ldexpf ldexpf128 ldexpf32 ldexpf32x ldexpf64 ldexpf64x
    ldexpl ldiv lfind lgamma lgamma_r lgammaf lgammaf128 lgammaf128_r lgammaf32 lgammaf32_r lgammaf32x lgammaf32x_r
    lgammaf64 lgammaf64_r lgammaf64x lgammaf64x_r lgammaf_r lgammal lgammal_r lgetxattr link linkat lio_listio
    lio_listio64 listen listxattr llabs lldiv llistxattr llogb llogbf llogbf128 llogbf32 llogbf32x llogbf64
    llogbf64x llogbl llrint llrintf llrintf128 llrintf32 llrintf32x llrintf64 llrintf64x llrintl llround llroundf
    llroundf128 llroundf32 llroundf32x llroundf64 llroundf64x llroundl llseek loc1 loc2 localeconv localtime
    localtime_r lockf lockf64 locs log log10 log10f log10f128 log10f32 log10f32x log10f64 log10f64x log10l log10p1
    log10p1f log10p1f128 log10p1f32 log10p1f32x log10p1f64 log10p1f64x log10p1l log1p log1pf log1pf128 log1pf32
    log1pf32x log1pf64 log1pf64x log1pl log2 log2f log2f128 log2f32 log2f32x log2f64 log2f64x log2l log2p1 log2p1f
    log2p1f128 log2p1f32 log2p1f32x log2p1f64 log2p1f64x log2p1l logb logbf logbf128 logbf32 logbf32x logbf64
    logbf64x logbl logf logf128 logf32 logf32x logf64 logf64x login login_tty logl logout logp1 logp1f logp1f128
    logp1f32 logp1f32x logp1f64 logp1f64x logp1l logwtmp longjmp lrand48 lrand48_r lremovexattr lrint lrintf
    lrintf128 lrintf32 lrintf32x lrintf64 lrintf64x lrintl lround lroundf lroundf128 lroundf32 lroundf32x lroundf64
    lroundf64x lroundl lsearch lseek lseek64 lsetxattr lstat lstat64 lutimes madvise makecontext mallinfo mallinfo2
    malloc malloc_get_state malloc_info malloc_set_state malloc_stats malloc_trim malloc_usable_size mallopt
    mallwatch matherr mblen mbrlen mbrtoc16 mbrtoc32 mbrtoc8 mbrtowc mbsinit mbsnrtowcs mbsrtowcs mbstowcs mbtowc
    mcheck mcheck_check_all mcheck_pedantic mcount memalign memalignment memccpy memchr memcmp memcpy memfd_create
    memfrob memmem memmove mempcpy memrchr memset memset_explicit mincore mkdir mkdirat mkdtemp mkfifo mkfifoat
    mknod mknodat mkostemp mkostemp64 mkostemps mkostemps64 mkstemp mkstemp64 mkstemps mkstemps64 mktemp mktime
    mlock mlock2 mlockall mmap mmap64 modf modff modff128 modff32 modff32x modff64 modff64x modfl modify_ldt
    moncontrol monstartup mount mount_setattr move_mount mprobe mprotect mq_close mq_getattr mq_notify mq_open
    mq_receive mq_send mq_setattr mq_timedreceive mq_timedsend mq_unlink mrand48 mrand48_r mremap mseal msgctl
    msgget msgrcv msgsnd msync mtrace mtx_destroy mtx_init mtx_lock mtx_timedlock mtx_trylock mtx_unlock munlock
    munlockall munmap muntrace name_to_handle_at nan nanf nanf128 nanf32 nanf32x nanf64 nanf64x nanl nanosleep
    nearbyint nearbyintf nearbyintf128 nearbyintf32 nearbyintf32x nearbyintf64 nearbyintf64x nearbyintl netname2host
    netname2user newlocale nextafter nextafterf nextafterf128 nextafterf32 nextafterf32x nextafterf64 nextafterf64x
    nextafterl nextdown nextdownf nextdownf128 nextdownf32 nextdownf32x nextdownf64 nextdownf64x nextdownl
    nexttoward nexttowardf nexttowardl nextup nextupf nextupf128 nextupf32 nextupf32x nextupf64 nextupf64x nextupl
    nfsservctl nftw nftw64 ngettext nice nl_langinfo nl_langinfo_l nrand48 nrand48_r ns_name_compress ns_name_ntop
    ns_name_pack ns_name_pton ns_name_skip ns_name_uncompress ns_name_unpack ntohl ntohs ntp_adjtime ntp_gettime
    ntp_gettimex obstack_alloc_failed_handler obstack_exit_failure obstack_free obstack_printf obstack_vprintf
    on_exit open open64 open_by_handle_at open_memstream open_tree open_wmemstream openat openat2 openat64 opendir
    openlog openpty optarg opterr optind optopt outb outl outw parse_printf_format passwd2des pathconf pause pclose
    perror personality pidfd_getfd pidfd_getpid pidfd_open pidfd_send_signal pidfd_spawn pidfd_spawnp pipe pipe2
    pivot_root pkey_alloc pkey_free pkey_get pkey_mprotect pkey_set pmap_getmaps pmap_getport pmap_rmtcall pmap_set
    pmap_unset poll popen posix_fadvise posix_fadvise64 posix_fallocate posix_fallocate64 posix_madvise
    posix_memalign posix_openpt posix_spawn posix_spawn_file_actions_addchdir_np posix_spawn_file_actions_addclose
    posix_spawn_file_actions_addclosefrom_np posix_spawn_file_actions_adddup2 posix_spawn_file_actions_addfchdir_np
    posix_spawn_file_actions_addopen posix_spawn_file_actions_addtcsetpgrp_np posix_spawn_file_actions_destroy
    posix_spawn_file_actions_init posix_spawnattr_destroy posix_spawnattr_getcgroup_np posix_spawnattr_getflags
    posix_spawnattr_getpgroup posix_spawnattr_getschedparam posix_spawnattr_getschedpolicy
    posix_spawnattr_getsigdefault posix_spawnattr_getsigmask posix_spawnattr_init posix_spawnattr_setcgroup_np
    posix_spawnattr_setflags posix_spawnattr_setpgroup posix_spawnattr_setschedparam posix_spawnattr_setschedpolicy
    posix_spawnattr_setsigdefault posix_spawnattr_setsigmask posix_spawnp pow pow10 pow10f pow10l powf powf128
    powf32 powf32x powf64 powf64x powl pown pownf pownf128 pownf32 pownf32x pownf64 pownf64x pownl powr powrf
    powrf128 powrf32 powrf32x powrf64 powrf64x powrl ppoll prctl pread pread64 preadv preadv2 preadv64 preadv64v2
    printf printf_size printf_size_info prlimit prlimit64 process_madvise process_mrelease process_vm_readv
    process_vm_writev profil profil_counter program_invocation_name program_invocation_short_name pselect psiginfo
    psignal pthread_atfork pthread_attr_destroy pthread_attr_getaffinity_np pthread_attr_getdetachstate
    pthread_attr_getguardsize pthread_attr_getinheritsched pthread_attr_getschedparam pthread_attr_getschedpolicy
    pthread_attr_getscope pthread_attr_getsigmask_np pthread_attr_getstack pthread_attr_getstackaddr
    pthread_attr_getstacksize pthread_attr_init pthread_attr_setaffinity_np pthread_attr_setdetachstate
    pthread_attr_setguardsize pthread_attr_setinheritsched pthread_attr_setschedparam pthread_attr_setschedpolicy
    pthread_attr_setscope pthread_attr_setsigmask_np pthread_attr_setstack pthread_attr_setstackaddr
    pthread_attr_setstacksize pthread_barrier_destroy pthread_barrier_init pthread_barrier_wait
    pthread_barrierattr_destroy pthread_barrierattr_getpshared pthread_barrierattr_init
    pthread_barrierattr_setpshared pthread_cancel pthread_clockjoin_np pthread_cond_broadcast pthread_cond_clockwait
    pthread_cond_destroy pthread_cond_init pthread_cond_signal pthread_cond_timedwait pthread_cond_wait
    pthread_condattr_destroy pthread_condattr_getclock pthread_condattr_getpshared pthread_condattr_init
    pthread_condattr_setclock pthread_condattr_setpshared pthread_create pthread_detach pthread_equal pthread_exit
    pthread_getaffinity_np pthread_getattr_default_np pthread_getattr_np pthread_getconcurrency
    pthread_getcpuclockid pthread_getname_np pthread_getschedparam pthread_getspecific pthread_gettid_np
    pthread_join pthread_key_create pthread_key_delete pthread_kill pthread_kill_other_threads_np
    pthread_mutex_clocklock pthread_mutex_consistent pthread_mutex_consistent_np pthread_mutex_destroy
    pthread_mutex_getprioceiling pthread_mutex_init pthread_mutex_lock pthread_mutex_setprioceiling
    pthread_mutex_timedlock pthread_mutex_trylock pthread_mutex_unlock pthread_mutexattr_destroy
    pthread_mutexattr_getkind_np pthread_mutexattr_getprioceiling pthread_mutexattr_getprotocol
    pthread_mutexattr_getpshared pthread_mutexattr_getrobust pthread_mutexattr_getrobust_np
    pthread_mutexattr_gettype pthread_mutexattr_init pthread_mutexattr_setkind_np pthread_mutexattr_setprioceiling
    pthread_mutexattr_setprotocol pthread_mutexattr_setpshared pthread_mutexattr_setrobust
    pthread_mutexattr_setrobust_np pthread_mutexattr_settype pthread_once pthread_rwlock_clockrdlock
    pthread_rwlock_clockwrlock pthread_rwlock_destroy pthread_rwlock_init pthread_rwlock_rdlock
    pthread_rwlock_timedrdlock pthread_rwlock_timedwrlock pthread_rwlock_tryrdlock pthread_rwlock_trywrlock
    pthread_rwlock_unlock pthread_rwlock_wrlock pthread_rwlockattr_destroy pthread_rwlockattr_getkind_np
    pthread_rwlockattr_getpshared pthread_rwlockattr_init pthread_rwlockattr_setkind_np
    pthread_rwlockattr_setpshared pthread_self pthread_setaffinity_np pthread_setattr_default_np
    pthread_setcancelstate pthread_setcanceltype pthread_setconcurrency pthread_setname_np pthread_setschedparam
    pthread_setschedprio pthread_setspecific pthread_sigmask pthread_sigqueue pthread_spin_destroy pthread_spin_init
    pthread_spin_lock pthread_spin_trylock pthread_spin_unlock pthread_testcancel pthread_timedjoin_np
    pthread_tryjoin_np pthread_yield ptrace ptsname ptsname_r putc putc_unlocked putchar putchar_unlocked putenv
    putgrent putmsg putpmsg putpwent puts putsgent putspent pututline pututxline putw putwc putwc_unlocked putwchar
    putwchar_unlocked pvalloc pwrite pwrite64 pwritev pwritev2 pwritev64 pwritev64v2 qecvt qecvt_r qfcvt qfcvt_r
    qgcvt qsort qsort_r query_module quick_exit quotactl raise rand rand_r random random_r rawmemchr rcmd rcmd_af
    re_comp re_compile_fastmap re_compile_pattern re_exec re_match re_match_2 re_max_failures re_search re_search_2
    re_set_registers re_set_syntax re_syntax_options read readahead readdir readdir64 readdir64_r readdir_r readlink
    readlinkat readv realloc reallocarray realpath reboot recv recvfrom recvmmsg recvmsg regcomp regerror regexec
    regfree register_printf_function register_printf_modifier register_printf_specifier register_printf_type
    registerrpc remainder remainderf remainderf128 remainderf32 remainderf32x remainderf64 remainderf64x remainderl
    remap_file_pages remove removexattr remque remquo remquof remquof128 remquof32 remquof32x remquof64 remquof64x
    remquol rename renameat renameat2 res_dnok res_hnok res_init res_mailok res_mkquery res_nmkquery res_nquery
    res_nquerydomain res_nsearch res_nsend res_ownok res_query res_querydomain res_search res_send revoke rewind
    rewinddir rexec rexec_af rexecoptions rindex rint rintf rintf128 rintf32 rintf32x rintf64 rintf64x rintl rmdir
    rootn rootnf rootnf128 rootnf32 rootnf32x rootnf64 rootnf64x rootnl round roundeven roundevenf roundevenf128
    roundevenf32 roundevenf32x roundevenf64 roundevenf64x roundevenl roundf roundf128 roundf32 roundf32x roundf64
    roundf64x roundl rpc_createerr rpmatch rresvport rresvport_af rsqrt rsqrtf rsqrtf128 rsqrtf32 rsqrtf32x rsqrtf64
    rsqrtf64x rsqrtl rtime ruserok ruserok_af ruserpass sbrk scalb scalbf scalbl scalbln scalblnf scalblnf128
    scalblnf32 scalblnf32x scalblnf64 scalblnf64x scalblnl scalbn scalbnf scalbnf128 scalbnf32 scalbnf32x scalbnf64
    scalbnf64x scalbnl scandir scandir64 scandirat scandirat64 scanf sched_get_priority_max sched_get_priority_min
    sched_getaffinity sched_getattr sched_getcpu sched_getparam sched_getscheduler sched_rr_get_interval
    sched_setaffinity sched_setattr sched_setparam sched_setscheduler sched_yield secure_getenv seed48 seed48_r
    seekdir select sem_clockwait sem_close sem_destroy sem_getvalue sem_init sem_open sem_post sem_timedwait
    sem_trywait sem_unlink sem_wait semctl semget semop semtimedop send sendfile sendfile64 sendmmsg sendmsg sendto
    setaliasent setbuf setbuffer setcontext setdomainname setegid setenv seteuid setfsent setfsgid setfsuid setgid
    setgrent setgroups sethostent sethostid sethostname setipv4sourcefilter setitimer setjmp setlinebuf setlocale
    setlogin setlogmask setmntent setnetent setnetgrent setns setpayload setpayloadf setpayloadf128 setpayloadf32
    setpayloadf32x setpayloadf64 setpayloadf64x setpayloadl setpayloadsig setpayloadsigf setpayloadsigf128
    setpayloadsigf32 setpayloadsigf32x setpayloadsigf64 setpayloadsigf64x setpayloadsigl setpgid setpgrp setpriority
    setprotoent setpwent setregid setresgid setresuid setreuid setrlimit setrlimit64 setrpcent setservent setsgent
    setsid setsockopt setsourcefilter setspent setstate setstate_r settimeofday setttyent setuid setusershell
    setutent setutxent setvbuf setxattr sgetsgent sgetsgent_r sgetspent sgetspent_r shm_open shm_unlink shmat shmctl
    shmdt shmget shutdown sigabbrev_np sigaction sigaddset sigaltstack sigandset sigblock sigdelset sigdescr_np
    sigemptyset sigfillset siggetmask sighold sigignore siginterrupt sigisemptyset sigismember siglongjmp signal
    signalfd signgam significand significandf significandl sigorset sigpause sigpending sigprocmask sigqueue
    sigrelse sigreturn sigset sigsetmask sigstack sigsuspend sigtimedwait sigvec sigwait sigwaitinfo sin sincos
    sincosf sincosf128 sincosf32 sincosf32x sincosf64 sincosf64x sincosl sinf sinf128 sinf32 sinf32x sinf64 sinf64x
    sinh sinhf sinhf128 sinhf32 sinhf32x sinhf64 sinhf64x sinhl sinl sinpi sinpif sinpif128 sinpif32 sinpif32x
    sinpif64 sinpif64x sinpil sleep snprintf sockatmark socket socketpair splice sprintf sprofil sqrt sqrtf sqrtf128
    sqrtf32 sqrtf32x sqrtf64 sqrtf64x sqrtl srand srand48 srand48_r srandom srandom_r sscanf ssignal sstk stat
    stat64 statfs statfs64 statvfs statvfs64 statx stdc_bit_ceil_uc stdc_bit_ceil_ui stdc_bit_ceil_ul
    stdc_bit_ceil_ull stdc_bit_ceil_us stdc_bit_floor_uc stdc_bit_floor_ui stdc_bit_floor_ul stdc_bit_floor_ull
    stdc_bit_floor_us stdc_bit_width_uc stdc_bit_width_ui stdc_bit_width_ul stdc_bit_width_ull stdc_bit_width_us
    stdc_count_ones_uc stdc_count_ones_ui stdc_count_ones_ul stdc_count_ones_ull stdc_count_ones_us
    stdc_count_zeros_uc stdc_count_zeros_ui stdc_count_zeros_ul stdc_count_zeros_ull stdc_count_zeros_us
    stdc_first_leading_one_uc stdc_first_leading_one_ui stdc_first_leading_one_ul stdc_first_leading_one_ull
    stdc_first_leading_one_us stdc_first_leading_zero_uc stdc_first_leading_zero_ui stdc_first_leading_zero_ul
    stdc_first_leading_zero_ull stdc_first_leading_zero_us stdc_first_trailing_one_uc stdc_first_trailing_one_ui
    stdc_first_trailing_one_ul stdc_first_trailing_one_ull stdc_first_trailing_one_us stdc_first_trailing_zero_uc
    stdc_first_trailing_zero_ui stdc_first_trailing_zero_ul stdc_first_trailing_zero_ull stdc_first_trailing_zero_us
    stdc_has_single_bit_uc stdc_has_single_bit_ui stdc_has_single_bit_ul stdc_has_single_bit_ull
    stdc_has_single_bit_us stdc_leading_ones_uc stdc_leading_ones_ui stdc_leading_ones_ul stdc_leading_ones_ull
    stdc_leading_ones_us stdc_leading_zeros_uc stdc_leading_zeros_ui stdc_leading_zeros_ul stdc_leading_zeros_ull
    stdc_leading_zeros_us stdc_trailing_ones_uc stdc_trailing_ones_ui stdc_trailing_ones_ul stdc_trailing_ones_ull
    stdc_trailing_ones_us stdc_trailing_zeros_uc stdc_trailing_zeros_ui stdc_trailing_zeros_ul
    stdc_trailing_zeros_ull stdc_trailing_zeros_us stderr stdin stdout step stime stpcpy stpncpy strcasecmp
    strcasecmp_l strcasestr strcat strchr strchrnul strcmp strcoll strcoll_l strcpy strcspn strdup strerror
    strerror_l strerror_r strerrordesc_np strerrorname_np strfmon strfmon_l strfromd strfromf strfromf128 strfromf32
    strfromf32x strfromf64 strfromf64x strfroml strfry strftime strftime_l strlcat strlcpy strlen strncasecmp
    strncasecmp_l strncat strncmp strncpy strndup strnlen strpbrk strptime strptime_l strrchr strsep strsignal
    strspn strstr strtod strtod_l strtof strtof128 strtof128_l strtof32 strtof32_l strtof32x strtof32x_l strtof64
    strtof64_l strtof64x strtof64x_l strtof_l strtoimax strtok strtok_r strtol strtol_l strtold strtold_l strtoll
    strtoll_l strtoq strtoul strtoul_l strtoull strtoull_l strtoumax strtouq strverscmp strxfrm strxfrm_l stty swab
    swapcontext swapoff swapon swprintf swscanf symlink symlinkat sync sync_file_range syncfs sys_errlist sys_nerr
    sys_sigabbrev sys_siglist syscall sysconf sysctl sysinfo syslog system sysv_signal tan tanf tanf128 tanf32
    tanf32x tanf64 tanf64x tanh tanhf tanhf128 tanhf32 tanhf32x tanhf64 tanhf64x tanhl tanl tanpi tanpif tanpif128
    tanpif32 tanpif32x tanpif64 tanpif64x tanpil tcdrain tcflow tcflush tcgetattr tcgetpgrp tcgetsid tcsendbreak
    tcsetattr tcsetpgrp tdelete tdestroy tee telldir tempnam textdomain tfind tgamma tgammaf tgammaf128 tgammaf32
    tgammaf32x tgammaf64 tgammaf64x tgammal tgkill thrd_create thrd_current thrd_detach thrd_equal thrd_exit
    thrd_join thrd_sleep thrd_yield time timegm timelocal timer_create timer_delete timer_getoverrun timer_gettime
    timer_settime timerfd_create timerfd_gettime timerfd_settime times timespec_get timespec_getres timezone tmpfile
    tmpfile64 tmpnam tmpnam_r toascii tolower tolower_l totalorder totalorderf totalorderf128 totalorderf32
    totalorderf32x totalorderf64 totalorderf64x totalorderl totalordermag totalordermagf totalordermagf128
    totalordermagf32 totalordermagf32x totalordermagf64 totalordermagf64x totalordermagl toupper toupper_l towctrans
    towctrans_l towlower towlower_l towupper towupper_l tr_break trunc truncate truncate64 truncf truncf128 truncf32
    truncf32x truncf64 truncf64x truncl tsearch tss_create tss_delete tss_get tss_set ttyname ttyname_r ttyslot
    twalk twalk_r tzname tzset uabs ualarm ufromfp ufromfpf ufromfpf128 ufromfpf32 ufromfpf32x ufromfpf64
    ufromfpf64x ufromfpl ufromfpx ufromfpxf ufromfpxf128 ufromfpxf32 ufromfpxf32x ufromfpxf64 ufromfpxf64x ufromfpxl
    uimaxabs ulabs ulckpwdf ulimit ullabs umask umaxabs umount umount2 uname ungetc ungetwc unlink unlinkat unlockpt
    unsetenv unshare updwtmp updwtmpx uselib uselocale user2netname usleep ustat utime utimensat utimes utmpname
    utmpxname valloc vasprintf vdprintf verr verrx versionsort versionsort64 vfork vfprintf vfscanf vfwprintf
    vfwscanf vhangup vlimit vm86 vmsplice vprintf vscanf vsnprintf vsprintf vsscanf vswprintf vswscanf vsyslog
    vtimes vwarn vwarnx vwprintf vwscanf wait wait3 wait4 waitid waitpid warn warnx wcpcpy wcpncpy wcrtomb
    wcscasecmp wcscasecmp_l wcscat wcschr wcschrnul wcscmp wcscoll wcscoll_l wcscpy wcscspn wcsdup wcsftime
    wcsftime_l wcslcat wcslcpy wcslen wcsncasecmp wcsncasecmp_l wcsncat wcsncmp wcsncpy wcsnlen wcsnrtombs wcspbrk
    wcsrchr wcsrtombs wcsspn wcsstr wcstod wcstod_l wcstof wcstof128 wcstof128_l wcstof32 wcstof32_l wcstof32x
    wcstof32x_l wcstof64 wcstof64_l wcstof64x wcstof64x_l wcstof_l wcstoimax wcstok wcstol wcstol_l wcstold
    wcstold_l wcstoll wcstoll_l wcstombs wcstoq wcstoul wcstoul_l wcstoull wcstoull_l wcstoumax wcstouq wcswcs
    wcswidth wcsxfrm wcsxfrm_l wctob wctomb wctrans wctrans_l wctype wctype_l wcwidth wmemchr wmemcmp wmemcpy
    wmemmove wmempcpy wmemset wordexp wordfree wprintf write writev wscanf xdecrypt xdrmem_create xdrrec_create
    xdrrec_endofrecord xdrrec_eof xdrrec_skiprecord xdrstdio_create xencrypt xprt_register xprt_unregister y0 y0f
    y0f128 y0f32 y0f32x y0f64 y0f64x y0l y1 y1f y1f128 y1f32 y1f32x y1f64 y1f64x y1l yn ynf ynf128 ynf32 ynf32x
    ynf64 ynf64x ynl
    """.split()
)
