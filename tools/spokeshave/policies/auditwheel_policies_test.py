from __future__ import annotations

import pytest
from auditwheel.architecture import Architecture
from auditwheel.libc import Libc
from auditwheel.policy import WheelPolicies

from spokeshave.pinned_library import ChangedLibraryError
from spokeshave.policies.auditwheel_policies import GlibcPolicies, UnknownPolicyError, policies_of

TAG = "manylinux_2_30_x86_64"


def test_a_floor_between_two_policies_is_added_in_its_place() -> None:
    """Fails if a new auditwheel has no list `_policies`: then `auditwheel_policies.py` must change."""
    names = [policy.name for policy in GlibcPolicies(TAG, Architecture.x86_64)]
    assert names[names.index(TAG) - 1] == "manylinux_2_31_x86_64"
    assert names[names.index(TAG) + 1] == "manylinux_2_28_x86_64"


def test_a_changed_auditwheel_is_reported_with_a_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    known = list(WheelPolicies(libc=Libc.GLIBC, arch=Architecture.x86_64))
    monkeypatch.setattr(WheelPolicies, "__init__", lambda _self, **_options: None)
    monkeypatch.setattr(WheelPolicies, "__iter__", lambda _self: iter(known))
    with pytest.raises(
        ChangedLibraryError, match=r"^auditwheel \d.*\n.* adapter tools/spokeshave/policies/auditwheel_policies.py"
    ):
        GlibcPolicies(TAG, Architecture.x86_64)


def test_an_unknown_musl_has_no_policy() -> None:
    with pytest.raises(UnknownPolicyError, match="auditwheel has no policy musllinux_9_9"):
        policies_of("musllinux_9_9_x86_64", Libc.MUSL, Architecture.x86_64)
