"""The functions of libSystem that came with a macOS after the oldest one that a wheel can be built for.

A library that imports such a function does not load on an older macOS, unless the import is weak, as clang makes it for
code that is compiled with Apple's headers and an older deployment target: then the function is null there. Taken from
the availability attributes of Apple's headers for macOS 27, as zig contains them, by clang. Names that only Apple's own
headers declare are not known.
"""

from __future__ import annotations

from collections.abc import Mapping

MacosVersion = tuple[int, ...]

_ADDED: Mapping[MacosVersion, str] = {
    (10, 13, 4): """
        pthread_mutexattr_getpolicy_np ptsname_r
    """,
    (10, 14): """
        backtrace_from_fp backtrace_image_offsets dispatch_async_and_wait dispatch_async_and_wait_f
        dispatch_barrier_async_and_wait dispatch_barrier_async_and_wait_f dispatch_set_qos_class_floor
        dispatch_workloop_create dispatch_workloop_create_inactive dispatch_workloop_set_autorelease_frequency
        thread_get_register_pointer_values
    """,
    (10, 15): """
        aligned_alloc posix_spawn_file_actions_addchdir_np posix_spawn_file_actions_addfchdir_np rpmatch
        timespec_get xpc_type_get_name
    """,
    (11, 0): """
        __darwin_check_fd_set_overflow _dyld_shared_cache_contains_path dispatch_workloop_set_os_workgroup
        os_workgroup_cancel os_workgroup_copy_port os_workgroup_create_with_port
        os_workgroup_create_with_workgroup os_workgroup_get_working_arena os_workgroup_interval_finish
        os_workgroup_interval_start os_workgroup_interval_update os_workgroup_join os_workgroup_leave
        os_workgroup_max_parallel_threads os_workgroup_parallel_create os_workgroup_set_working_arena
        os_workgroup_testcancel posix_spawnattr_getarchpref_np posix_spawnattr_set_csm_np
        posix_spawnattr_setarchpref_np posix_spawnattr_setnosmt_np preadv proc_pidpath_audittoken proc_set_csm
        proc_set_no_smt proc_setthread_csm proc_setthread_no_smt pthread_cpu_number_np
        pthread_jit_write_protect_np pthread_jit_write_protect_supported_np pwritev strsignal_r strtonum
        xpc_array_create_empty xpc_dictionary_create_empty
    """,
    (11, 3): """
        mach_task_is_self
    """,
    (11, 4): """
        pthread_jit_write_with_callback_np
    """,
    (12, 0): """
        XPC_ACTIVITY_PREVENT_DEVICE_SLEEP _xpc_error_peer_code_signing_requirement backtrace_async
        xpc_connection_copy_invalidation_reason xpc_connection_set_peer_code_signing_requirement
    """,
    (12, 1): """
        pthread_jit_write_freeze_callbacks_np
    """,
    (13, 0): """
        _dyld_get_dlopen_image_header freadlink macho_arch_name_for_cpu_type macho_arch_name_for_mach_header
        macho_best_slice macho_best_slice_in_fd macho_cpu_type_for_arch_name macho_for_each_slice
        macho_for_each_slice_in_fd mkfifoat mknodat xpc_session_activate xpc_session_cancel
        xpc_session_copy_description xpc_session_create_mach_service xpc_session_create_xpc_service
        xpc_session_send_message xpc_session_send_message_with_reply_async
        xpc_session_send_message_with_reply_sync xpc_session_set_cancel_handler
        xpc_session_set_incoming_message_handler
    """,
    (14, 0): """
        malloc_type_aligned_alloc malloc_type_calloc malloc_type_free malloc_type_malloc
        malloc_type_posix_memalign malloc_type_realloc malloc_type_valloc malloc_type_zone_calloc
        malloc_type_zone_free malloc_type_zone_malloc malloc_type_zone_memalign malloc_type_zone_realloc
        malloc_type_zone_valloc xpc_listener_activate xpc_listener_cancel xpc_listener_copy_description
        xpc_listener_create xpc_listener_reject_peer xpc_session_set_target_queue
    """,
    (14, 4): """
        dispatch_allow_send_signals xpc_connection_set_peer_entitlement_exists_requirement
        xpc_connection_set_peer_entitlement_matches_value_requirement
        xpc_connection_set_peer_lightweight_code_requirement
        xpc_connection_set_peer_platform_identity_requirement xpc_connection_set_peer_team_identity_requirement
        xpc_listener_set_peer_code_signing_requirement xpc_session_set_peer_code_signing_requirement
    """,
    (15, 0): """
        __ceilf16 __copysignf16 __fabsf16 __floorf16 __fmaf16 __fmaxf16 __fminf16 __hypotf16 __nextafterf16
        __rintf16 __roundf16 __sqrtf16 __truncf16 matrix_identity_half2x2 matrix_identity_half3x3
        matrix_identity_half4x4 os_unfair_lock_lock_with_flags
    """,
    (15, 4): """
        strchrnul
    """,
    (26, 0): """
        funmount malloc_type_zone_malloc_with_options malloc_zone_malloc_with_options
        posix_spawn_file_actions_addchdir posix_spawn_file_actions_addfchdir posix_spawnattr_set_4k_page_size_np
        xpc_connection_set_peer_requirement xpc_listener_set_peer_requirement
        xpc_peer_requirement_create_entitlement_exists xpc_peer_requirement_create_entitlement_matches_value
        xpc_peer_requirement_create_lwcr xpc_peer_requirement_create_platform_identity
        xpc_peer_requirement_create_team_identity xpc_peer_requirement_match_received_message
        xpc_session_set_peer_requirement
    """,
    (26, 4): """
        fdclosedir fdscandir fdscandir_b scandirat scandirat_b thread_resume2 thread_suspend2
    """,
    (27, 0): """
        dup3 fchflagsat getumask pipe2
    """,
}

ADDED: Mapping[str, MacosVersion] = {name: version for version, names in _ADDED.items() for name in names.split()}
"""The release that added each function, for those that came after macOS 10.13."""

# What follows the name in variants of a function, such as `_fdscandir$INODE64`.
_VARIANT = "$"


def added_in(symbol: str) -> MacosVersion | None:
    """Return the release that added a function, or None if it is older or not known.

    Args:
        symbol: The name in C, or that of one of its variants.
    """
    return ADDED.get(symbol.partition(_VARIANT)[0])


def newer_functions(floor: tuple[int, int]) -> frozenset[str]:
    """Return the functions that a macOS lacks."""
    return frozenset(name for name, version in ADDED.items() if version > floor)


def release_text(version: MacosVersion) -> str:
    """Return a release as Apple writes it: `10.13.4`, `26.4`, `13`."""
    return ".".join(map(str, version if version[0] == 10 or version[1] else version[:1]))
